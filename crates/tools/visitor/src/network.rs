//! The networks that a visit may be recorded on.

use std::{
    env,
    ffi::OsStr,
    net::{IpAddr, Ipv4Addr},
    process::{ExitCode, Stdio},
};

use tokio::process::Command;

use crate::{Failure, Result, stop::Stop, tools::first_line};

/// Makes the two hosts of [`Network::Private`] and starts a command on the client, where
/// [`SERVER_HOST`] is the server's network namespace.
const TWO_HOSTS: &str = include_str!("../two-hosts.sh");

/// The network namespace of the server's host, for who is on the client's.
const SERVER_HOST: &str = "/proc/self/fd/9";

/// Who may record packets, and of which network.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// Two hosts of the visit's own, in network namespaces: on Linux anyone may record there, and
    /// nothing else is to be seen. This program runs on the client's.
    Private,
    /// The network as it is, for one who may record on it.
    Here,
    /// The network as it is, with `sudo` for tcpdump alone.
    HereWithSudo,
}

impl Network {
    /// The address by which the client reaches the server.
    pub fn server(self) -> IpAddr {
        match self {
            Network::Private => Ipv4Addr::new(192, 0, 2, 2).into(),
            Network::Here | Network::HereWithSudo => Ipv4Addr::LOCALHOST.into(),
        }
    }

    /// The server's interface by which the client's packets come.
    pub fn interface(self) -> &'static str {
        match self {
            Network::Private => "eth0",
            Network::Here | Network::HereWithSudo if cfg!(target_os = "linux") => "lo",
            Network::Here | Network::HereWithSudo => "lo0",
        }
    }

    /// A command that runs `program` on the server's host.
    pub fn on_server(self, program: impl AsRef<OsStr>) -> Command {
        match self {
            Network::Private => {
                let mut command = Command::new("nsenter");
                command.arg(format!("--net={SERVER_HOST}")).arg(program);
                command
            }
            Network::Here | Network::HereWithSudo => Command::new(program),
        }
    }
}

/// Whether this program runs as root.
pub fn is_root() -> bool {
    first_line("id", &["-u"]).as_deref() == Some("0")
}

/// Runs this program again, with `args`, on the client of two new hosts, and returns how that
/// ended.
///
/// The inner program must stop when its standard input ends: that is when this one is told to stop,
/// and also when this one ends however it may.
///
/// # Errors
///
/// If the system refuses.
pub async fn enter_private(args: &[String]) -> Result<ExitCode> {
    let this = env::current_exe().map_err(Failure::to("find this program"))?;
    let mut stop = Stop::listen()?;
    let mut inner = Command::new("sh")
        .args(["-c", TWO_HOSTS, "two-hosts.sh"])
        .arg(this)
        .args(args)
        .stdin(Stdio::piped())
        .spawn()
        .map_err(Failure::to("make two hosts"))?;
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
