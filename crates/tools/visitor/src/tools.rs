//! The programs that a visit needs, besides Rust's.

use std::{env, path::PathBuf, process::Command};

use crate::{Failure, Result, app::App};

/// A program, by the name it is started by and the Debian package that has it.
#[derive(Clone, Copy)]
pub struct Tool {
    program: &'static str,
    package: &'static str,
}

/// Drives the browser; its package brings the browser, Debian's `chromium`, along.
pub const CHROMEDRIVER: Tool = Tool { program: "chromedriver", package: "chromium-driver" };
/// Brings the loopback interface up in a network namespace.
pub const IP: Tool = Tool { program: "ip", package: "iproute2" };
/// The client of tcpapp.
pub const NETCAT: Tool = Tool { program: "nc", package: "netcat-openbsd" };
/// Lets tcpdump record where only root may.
pub const SUDO: Tool = Tool { program: "sudo", package: "sudo" };
/// Records the packets.
pub const TCPDUMP: Tool = Tool { program: "tcpdump", package: "tcpdump" };
/// Makes a network namespace.
pub const UNSHARE: Tool = Tool { program: "unshare", package: "util-linux" };

/// The tool that visits `app`.
pub fn client_of(app: App) -> Tool {
    if app == App::Tcpapp { NETCAT } else { CHROMEDRIVER }
}

/// Makes sure that all of `tools` are installed.
///
/// # Errors
///
/// If one is not: a line that names each that is missing, and the command that installs them.
pub fn need(tools: &[Tool]) -> Result<()> {
    let missing: Vec<Tool> =
        tools.iter().copied().filter(|tool| find(tool.program).is_none()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    // Ubuntu has no such packages of Chromium's: there it is a snap.
    let is_chromium = |tool: &Tool| tool.package.starts_with("chromium");
    let systems = if missing.iter().any(is_chromium) { "Debian" } else { "Debian and Ubuntu" };
    let names = |name: fn(&Tool) -> &str, between| {
        missing.iter().map(name).collect::<Vec<_>>().join(between)
    };
    Err(Failure::new(format!(
        "not installed: {}; on {systems}: sudo apt-get install {}",
        names(|tool| tool.program, ", "),
        names(|tool| tool.package, " "),
    )))
}

fn find(program: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|dir| dir.join(program)).find(|path| path.is_file())
}

/// The first line that `command` prints, on standard output or else on standard error; nothing if
/// it cannot be run or prints nothing.
pub fn first_line(command: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(command).args(args).output().ok()?;
    let text = [output.stdout, output.stderr].concat();
    let line = String::from_utf8_lossy(&text).lines().next()?.trim().to_owned();
    (!line.is_empty()).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_tools_are_named_with_the_command_that_installs_them() {
        let sh = Tool { program: "sh", package: "dash" };
        let one = Tool { program: "no-such-program", package: "package-one" };
        let two = Tool { program: "nor-such-a-one", package: "package-two" };
        assert!(need(&[sh]).is_ok());
        assert_eq!(
            need(&[one, sh, two]).unwrap_err().to_string(),
            "not installed: no-such-program, nor-such-a-one; \
             on Debian and Ubuntu: sudo apt-get install package-one package-two"
        );
    }
}
