//! The networks that a visit may be recorded on.

use std::{
    env,
    ffi::{OsStr, OsString},
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener},
    os::fd::{AsFd, OwnedFd},
    process::{ExitCode, Stdio},
};

use tokio::{
    io::{AsyncWrite, AsyncWriteExt, copy},
    net::unix::{OwnedReadHalf, OwnedWriteHalf},
    process::{Child, Command},
    time::timeout,
};

use crate::{
    Failure, Result,
    failure::{MOMENT, PATIENCE},
    leash::leash,
};

/// The port of the captures, that of the examples.
pub const PORT: u16 = 8000;

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

    /// Makes sure that the server can listen on `port`.
    ///
    /// # Errors
    ///
    /// If something else does already.
    pub fn need_port(self, port: u16) -> Result<()> {
        // On a host made for the visit every port is free.
        if self == Network::Private {
            return Ok(());
        }
        listen((Ipv4Addr::UNSPECIFIED, port).into()).map(drop)
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

/// Listens on `address`.
///
/// # Errors
///
/// If something else does already, or the system refuses for another reason.
pub fn listen(address: SocketAddr) -> Result<TcpListener> {
    let port = address.port();
    TcpListener::bind(address).map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => {
            Failure::new(format!("port {port} is taken: stop what listens on it"))
        }
        _ => Failure::to(format_args!("listen on port {port}"))(error),
    })
}

/// This program, running once more on the client of two new hosts.
pub struct Entered {
    process: Child,
    printed: OwnedReadHalf,
    hold: OwnedWriteHalf,
}

/// Starts this program again with `args` on the client of two new hosts, with `listener`, which goes
/// on listening on this machine's own network, for its standard input.
///
/// The inner program is to listen to its leash.
///
/// # Errors
///
/// If the system refuses.
pub fn enter(args: &[OsString], listener: Option<TcpListener>) -> Result<Entered> {
    let this = env::current_exe().map_err(Failure::to("find this program"))?;
    let (printed, hold, output) = leash()?;
    let input = listener.map_or(Stdio::null(), |listener| OwnedFd::from(listener).into());
    let process = Command::new("sh")
        .args(["-c", TWO_HOSTS, "two-hosts.sh"])
        .arg(this)
        .args(args)
        .stdin(input)
        .stdout(output)
        .spawn()
        .map_err(Failure::to("make two hosts"))?;
    Ok(Entered { process, printed, hold })
}

impl Entered {
    /// Writes to `output` what the inner program prints until it ends, and returns how it ended. It
    /// is told to finish when `finish` is done, and to stop when `stop` is, whose exit status then
    /// counts.
    ///
    /// # Errors
    ///
    /// If `finish` fails.
    pub async fn run(
        self,
        mut output: impl AsyncWrite + Unpin,
        finish: impl Future<Output = Result<()>>,
        stop: impl Future<Output = ExitCode>,
    ) -> Result<ExitCode> {
        let Self { mut process, mut printed, mut hold } = self;
        let asked = {
            let copied = copy(&mut printed, &mut output);
            tokio::pin!(copied, finish, stop);
            let mut finishing = false;
            loop {
                tokio::select! {
                    ended = &mut copied => break match ended {
                        Ok(_) => None,
                        // Nobody takes what it prints, and the word of why may be a moment late.
                        Err(_) => timeout(MOMENT, stop).await.ok().map(Ok),
                    },
                    status = &mut stop => {
                        // An error means that it has ended; what it still prints is worth a moment.
                        let _ = hold.shutdown().await;
                        let _ = timeout(PATIENCE, copied).await;
                        break Some(Ok(status));
                    }
                    done = &mut finish, if !finishing => {
                        finishing = true;
                        if let Err(failure) = done {
                            break Some(Err(failure));
                        }
                        // An error means that it has ended, which the next round sees.
                        let _ = hold.write_all(b"\n").await;
                    }
                }
            }
        };
        // If it has not ended, it does, now that nothing can come from here any more.
        drop((printed, hold));
        let ended = process.wait().await.map_err(Failure::to("wait for the visit"))?;
        // It has said why, if it failed.
        let code = ended.code().and_then(|code| u8::try_from(code).ok());
        asked.unwrap_or(Ok(code.map_or(ExitCode::FAILURE, ExitCode::from)))
    }
}

/// The listener that this program was started with, in the network that it has left.
///
/// # Errors
///
/// If there is none.
pub fn inherited_listener() -> Result<tokio::net::TcpListener> {
    let listener = || {
        let listener = TcpListener::from(io::stdin().as_fd().try_clone_to_owned()?);
        listener.set_nonblocking(true)?;
        tokio::net::TcpListener::from_std(listener)
    };
    listener().map_err(Failure::to("use the listener"))
}
