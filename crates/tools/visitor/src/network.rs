//! The networks that a visit may be recorded on.

use std::{
    env,
    process::{ExitCode, Stdio},
};

use tokio::process::Command;

use crate::{Failure, Result, stop::Stop, tools};

/// The interface of packets from this machine to itself.
pub const LOOPBACK: &str = if cfg!(target_os = "linux") { "lo" } else { "lo0" };

/// Who may record packets, and of which network.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// A network of the visit's own, in a new namespace: on Linux anyone may record there, and
    /// nothing else is to be seen.
    Private,
    /// The network as it is, for one who may record on it.
    Here,
    /// The network as it is, with `sudo` for tcpdump alone.
    HereWithSudo,
}

/// Whether this program runs as root.
pub fn is_root() -> bool {
    tools::first_line("id", &["-u"]).as_deref() == Some("0")
}

/// Runs this program again, with `args`, in a network namespace of its own, and returns how that
/// ended.
///
/// The inner program must stop when its standard input ends: that is when this one is told to stop,
/// and also when this one ends however it may.
///
/// # Errors
///
/// If the system refuses.
pub async fn enter_private(args: &[String]) -> Result<ExitCode> {
    let flags: &[&str] = if is_root() {
        // For root tcpdump gives its rights up and becomes the user tcpdump, who does not exist
        // in a namespace with a single user.
        &["-n"]
    } else {
        // The user keeps their own name, and gets the rights of root over the new network alone.
        &["-cn", "--keep-caps"]
    };
    let this = env::current_exe().map_err(Failure::to("find this program"))?;
    let mut stop = Stop::listen()?;
    let mut inner = Command::new("unshare")
        .args(flags)
        .args(["sh", "-c", "ip link set lo up && exec \"$@\"", "sh"])
        .arg(this)
        .args(args)
        .stdin(Stdio::piped())
        .spawn()
        .map_err(Failure::to("run unshare"))?;
    let input = inner.stdin.take();
    let ended = tokio::select! {
        ended = inner.wait() => ended,
        status = stop.asked() => {
            drop(input);
            inner.wait().await.map_err(Failure::to("wait for the visit"))?;
            return Ok(status);
        }
    };
    let status = ended.map_err(Failure::to("wait for the visit"))?;
    // It has said why, if it failed.
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
