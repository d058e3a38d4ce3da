//! The programs that a visit uses, besides Rust's.

use std::process::Command;

/// The first line that `command` prints, on standard output or else on standard error; nothing if
/// it cannot be run or prints nothing.
pub fn first_line(command: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(command).args(args).output().ok()?;
    let text = [output.stdout, output.stderr].concat();
    let line = String::from_utf8_lossy(&text).lines().next()?.trim().to_owned();
    (!line.is_empty()).then_some(line)
}
