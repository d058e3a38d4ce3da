//! Records a visit: `APP.pcap`, and a note in `README.md` beside it of how it was made.

use std::{
    env, fs, io,
    net::{Ipv4Addr, TcpListener},
    path::Path,
    process::{ExitCode, Stdio},
    thread,
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines},
    process::{Child, ChildStderr, ChildStdout, Command},
    sync::oneshot,
};

use crate::{
    Failure, Result,
    app::{App, Server},
    closing::is_closed,
    failure::in_time,
    record::{Record, insert},
    stop::Stop,
    timeline::{self, PATIENCE},
    tools,
};

/// The port of the captures, that of the examples.
pub const PORT: u16 = 8000;

/// The interface of packets from this machine to itself.
const LOOPBACK: &str = if cfg!(target_os = "linux") { "lo" } else { "lo0" };

/// A visit takes some kilobytes; more bytes than this are somebody else's traffic.
const LIMIT: usize = 16 * 1024 * 1024;

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

/// Who visits the app.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Visitor {
    /// The timeline's script.
    Script,
    /// The person at the terminal, in their own time.
    Person,
}

/// Makes sure that all programs that a capture needs are installed.
///
/// # Errors
///
/// If one is not: a line that names each that is missing, and the command that installs them.
pub fn need_tools(app: App, network: Network, visitor: Visitor) -> Result<()> {
    let mut needed = vec![tools::TCPDUMP];
    match network {
        Network::Private if cfg!(target_os = "linux") => needed.extend([tools::UNSHARE, tools::IP]),
        Network::Private | Network::Here => {}
        Network::HereWithSudo => needed.push(tools::SUDO),
    }
    if visitor == Visitor::Script {
        needed.push(tools::client_of(app));
    }
    tools::need(&needed)
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
/// If no such namespace can be made here: a line that says what to type instead.
pub async fn in_private_network(app: App, gap: u64, args: &[&str]) -> Result<ExitCode> {
    let instead = format!("just capture {app} {gap} --sudo");
    if !cfg!(target_os = "linux") {
        return Err(Failure::new(format!(
            "only Linux has network namespaces; to record on {LOOPBACK} with sudo: {instead}"
        )));
    }
    let flags: &[&str] = if is_root() {
        // For root tcpdump gives its rights up and becomes the user tcpdump, who does not exist
        // in a namespace with a single user.
        &["-n"]
    } else {
        // The user keeps their own name, and gets the rights of root over the new network alone.
        &["-cn", "--keep-caps"]
    };
    let up = "ip link set lo up";
    let tried = Command::new("unshare").args(flags).args(["sh", "-c", up]).output().await;
    let tried = tried.map_err(Failure::to("run unshare"))?;
    if !tried.status.success() {
        let why = String::from_utf8_lossy(&tried.stderr);
        return Err(Failure::new(format!(
            "no private network can be made here ({}); to record on {LOOPBACK} with sudo: {instead}",
            why.lines().next().unwrap_or("unshare failed").trim(),
        )));
    }
    let this = env::current_exe().map_err(Failure::to("find this program"))?;
    let mut stop = Stop::listen()?;
    let mut inner = Command::new("unshare")
        .args(flags)
        .args(["sh", "-c", &format!("{up} && exec \"$@\""), "sh"])
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

/// Records a visit to `app` into `dir`, on this network.
///
/// The files are touched when all has gone well, not before.
///
/// # Errors
///
/// If a program is missing or fails, the port is taken, or packets were lost.
pub async fn capture(
    app: App,
    gap: u64,
    dir: &Path,
    network: Network,
    visitor: Visitor,
) -> Result<()> {
    // The app's own advice is to choose another port, which a capture cannot.
    let taken = TcpListener::bind((Ipv4Addr::UNSPECIFIED, PORT));
    if taken.is_err_and(|error| error.kind() == io::ErrorKind::AddrInUse) {
        return Err(Failure::new(format!("port {PORT} is taken: stop what listens on it")));
    }
    let server = Server::start(app, gap, PORT).await?;
    let mut recorder = Recorder::start(network).await?;
    let visit = async {
        match visitor {
            Visitor::Script => timeline::play(app, PORT, Duration::from_secs(gap)).await,
            Visitor::Person => by_hand(app).await,
        }
    };
    tokio::pin!(visit);
    let client = loop {
        tokio::select! {
            client = &mut visit => break client?,
            more = recorder.read() => more?,
        }
    };
    if visitor == Visitor::Script {
        let closed = async {
            while !is_closed(&recorder.bytes, PORT)? {
                recorder.read().await?;
            }
            Ok(())
        };
        in_time(PATIENCE, "the connections did not close", closed).await?;
    }
    let bytes = recorder.stop().await?;
    server.stop().await?;
    save(dir, &format!("{app}.pcap"), &bytes)?;
    note(dir, &Record::new(app, gap, network, visitor, client))
}

/// Lets the person at the terminal visit `app`, until they press Enter.
async fn by_hand(app: App) -> Result<String> {
    match app {
        App::Tcpapp => println!("In another terminal: nc 127.0.0.1 {PORT}"),
        _ => println!("In a browser: http://127.0.0.1:{PORT}/"),
    }
    println!("When you have closed it, press Enter here.");
    // A thread of its own, which the end of this program does not wait for: Ctrl-C ends the visit
    // without an Enter.
    let (pressed, press) = oneshot::channel();
    thread::spawn(move || pressed.send(io::stdin().read_line(&mut String::new())));
    let read = press.await.map_err(Failure::to("wait for Enter"))?;
    read.map_err(Failure::to("read from the terminal"))?;
    Ok("by hand".to_owned())
}

/// Writes `record` into the directory's `README.md`.
fn note(dir: &Path, record: &Record) -> Result<()> {
    let path = dir.join("README.md");
    let text = if path.exists() {
        fs::read_to_string(&path).map_err(Failure::to(format_args!("read {}", path.display())))?
    } else {
        String::new()
    };
    save(dir, "README.md", insert(&text, record).as_bytes())
}

/// Writes a file so that it is whole at any time, the old one or the new one.
fn save(dir: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    let path = dir.join(name);
    let unfinished = dir.join(format!("{name}.unfinished"));
    fs::create_dir_all(dir)
        .and_then(|()| fs::write(&unfinished, bytes))
        .and_then(|()| fs::rename(&unfinished, &path))
        .map_err(Failure::to(format_args!("write {}", path.display())))?;
    println!("wrote {}", path.display());
    Ok(())
}

/// The command that records, as it is shown to the reader.
pub fn command(network: Network) -> String {
    let sudo = if network == Network::HereWithSudo { "sudo " } else { "" };
    format!("{sudo}tcpdump -i {LOOPBACK} --immediate-mode -U -w - 'port {PORT}'")
}

/// A tcpdump that records.
struct Recorder {
    shell: Child,
    packets: ChildStdout,
    messages: Lines<BufReader<ChildStderr>>,
    /// The capture so far.
    bytes: Vec<u8>,
}

impl Recorder {
    /// Starts it, and returns when it records.
    async fn start(network: Network) -> Result<Self> {
        // The shell stops tcpdump, as root where tcpdump runs as root, when its own standard
        // input ends: that is when it is told to, and also when this program ends however it may.
        // What is started in the background has no standard input, hence number 3; and it keeps
        // no pipe open, so that the end of tcpdump is seen as the end of its output.
        let script = format!(
            "exec 3<&0; tcpdump -i {LOOPBACK} --immediate-mode -U -w - 'port {PORT}' & tcpdump=$!; \
             (read -r line <&3; kill $tcpdump) >/dev/null 2>&1 & wait $tcpdump"
        );
        let mut command = if network == Network::HereWithSudo {
            let mut command = Command::new("sudo");
            command.arg("sh");
            command
        } else {
            Command::new("sh")
        };
        let mut shell = command
            .args(["-c", &script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(Failure::to("start tcpdump"))?;
        let (Some(packets), Some(messages)) = (shell.stdout.take(), shell.stderr.take()) else {
            return Err(Failure::new("tcpdump has no output"));
        };
        let messages = BufReader::new(messages).lines();
        let mut recorder = Self { shell, packets, messages, bytes: Vec::new() };
        let mut messages = Vec::new();
        while let Some(message) = recorder.message().await? {
            if message.contains("listening on") {
                return Ok(recorder);
            }
            messages.push(message);
        }
        Err(Failure::new(format!("tcpdump did not start: {}", messages.join(" "))))
    }

    async fn message(&mut self) -> Result<Option<String>> {
        self.messages.next_line().await.map_err(Failure::to("read from tcpdump"))
    }

    /// Takes the packets that come next.
    async fn read(&mut self) -> Result<()> {
        if self.read_some().await? > 0 {
            return Ok(());
        }
        let message = self.message().await?.unwrap_or_default();
        Err(Failure::new(format!("tcpdump ended too early: {message}")))
    }

    /// Takes the packets that come next, and returns how many bytes they have: 0 at the end.
    async fn read_some(&mut self) -> Result<usize> {
        let count = self.packets.read_buf(&mut self.bytes).await;
        let count = count.map_err(Failure::to("read from tcpdump"))?;
        if self.bytes.len() > LIMIT {
            return Err(Failure::new(format!(
                "something else uses port {PORT}: stop it and try again"
            )));
        }
        Ok(count)
    }

    /// Stops it, takes the packets that it still has, and returns the bytes of the capture.
    async fn stop(mut self) -> Result<Vec<u8>> {
        drop(self.shell.stdin.take());
        let stopped = async {
            while self.read_some().await? > 0 {}
            while let Some(message) = self.message().await? {
                if message.contains("dropped by") && !message.starts_with("0 ") {
                    return Err(Failure::new(format!("packets were lost ({message}): try again")));
                }
            }
            Ok(())
        };
        in_time(PATIENCE, "tcpdump did not stop", stopped).await?;
        Ok(self.bytes)
    }
}
