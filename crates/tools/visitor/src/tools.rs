//! The programs that a visit uses.

use std::{env, path::PathBuf, process::Command};

use crate::{Failure, Result};

/// Where cargo puts the program `name` of this workspace: beside this one.
///
/// # Errors
///
/// If it is not there.
pub fn built(name: &str) -> Result<PathBuf> {
    let this = env::current_exe().map_err(Failure::to("find this program's directory"))?;
    let mut dir = this.parent().map(PathBuf::from).unwrap_or_default();
    // Cargo puts tests one directory deeper than programs.
    if dir.ends_with("deps") {
        dir.pop();
    }
    let program = dir.join(name);
    if program.is_file() {
        Ok(program)
    } else {
        Err(Failure::new(format!("{name} is not built yet: cargo build -p {name}")))
    }
}

/// The first line that `command` prints, on standard output or else on standard error; nothing if
/// it cannot be run or prints nothing.
pub fn first_line(command: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(command).args(args).output().ok()?;
    let text = [output.stdout, output.stderr].concat();
    let line = String::from_utf8_lossy(&text).lines().next()?.trim().to_owned();
    (!line.is_empty()).then_some(line)
}
