//! An app's process, and a client's connection to it.

use std::{
    io::{BufRead, BufReader, ErrorKind, Read, Write, pipe},
    net::{Ipv4Addr, Shutdown, SocketAddrV4, TcpStream},
    process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant},
};

use socket2::{Domain, SockRef, Socket, Type};

use crate::http::Response;

/// How long a test waits for a fact before it fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running app; dropping it stops it.
pub struct Server {
    process: Child,
    port: u16,
    lines: Receiver<String>,
}

impl Server {
    /// Starts the binary `app` on a free port and waits for its start-up line.
    pub fn start(app: &str) -> Self {
        Self::start_with(app, &[], &[])
    }

    /// Starts the binary `app` with the command line `args` and the environment variables `vars`.
    pub fn start_with(app: &str, args: &[&str], vars: &[(&str, &str)]) -> Self {
        Self::start_command(command(app, args, vars))
    }

    /// Starts `command`, whose input and errors are whatever it says, and waits for the start-up line.
    pub fn start_command(mut command: Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let output = process.stdout.take().unwrap();
        let (sender, lines) = channel();
        // Goes on reading when the test no longer listens, so that the app's pipe never fills.
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        let mut server = Self { process, port: 0, lines };
        server.port = port_of(&server.line());
        server
    }

    /// Starts the binary `app`, reads its start-up line, and hands the rest of its output over.
    pub fn start_unread(app: &str, rest: impl FnOnce(BufReader<ChildStdout>)) -> Self {
        let mut process = command(app, &[], &[]).stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::with_capacity(64, process.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        rest(output);
        Self { process, port: port_of(&line), lines: channel().1 }
    }

    /// Starts the binary `app` with a pipe for its output that is already closed at the other end.
    pub fn start_closed(app: &str) -> Self {
        // It cannot say which port it took, so it is told one that this socket keeps from all that
        // take any free port. An app may still bind it, since neither of the two listens yet and
        // both allow the address to be used again (socket(7), SO_REUSEADDR).
        let kept = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        kept.set_reuse_address(true).unwrap();
        kept.bind(&SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0).into()).unwrap();
        let port = kept.local_addr().unwrap().as_socket().unwrap().port();
        // Other systems let no two sockets have one address.
        #[cfg(not(target_os = "linux"))]
        drop(kept);
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let port_variable = port.to_string();
        let mut command = command(app, &[], &[("PORT", &port_variable)]);
        let process = command.stdout(writer).spawn().unwrap();
        let mut server = Self { process, port, lines: channel().1 };
        let start = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(server.process.try_wait().unwrap().is_none(), "the app has ended");
            assert!(start.elapsed() < PATIENCE, "nobody listens on port {port}");
            thread::yield_now();
        }
        server
    }

    /// The port that the app says it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The next line of the app's console.
    pub fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("the app prints a line")
    }

    /// A new connection to the app.
    pub fn connect(&self) -> Client {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        // What a test writes in two parts is to arrive in two parts.
        stream.set_nodelay(true).unwrap();
        Client { stream }
    }

    /// The answer to `request` on a connection of its own.
    pub fn exchange(&self, request: &str) -> Response {
        let mut client = self.connect();
        client.send(request);
        client.response()
    }

    /// The app's standard input, where it is a pipe.
    pub fn input(&mut self) -> ChildStdin {
        self.process.stdin.take().expect("a pipe to the app")
    }

    /// Waits until the app has ended by itself: its exit status, and what it said on standard error
    /// where that is a pipe.
    pub fn ending(mut self) -> (Option<i32>, String) {
        let status = wait_for_the_end(&mut self.process, "the app");
        let mut error = String::new();
        if let Some(mut stderr) = self.process.stderr.take() {
            stderr.read_to_string(&mut error).unwrap();
        }
        (status.code(), error)
    }

    /// Sends the app the signal `name`, such as `STOP`.
    #[cfg(unix)]
    pub fn signal(&self, name: &str) {
        signal(&self.process, name);
    }

    /// The app's resident memory in KiB, as Linux counts it.
    #[cfg(target_os = "linux")]
    pub fn resident_kib(&self) -> u64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// Waits until the app's resident memory is at most 1 MiB above `kib`, and fails if it stays
    /// above.
    #[cfg(target_os = "linux")]
    pub fn has_let_go_of_memory(&self, kib: u64, after: &str) {
        let start = Instant::now();
        while self.resident_kib() > kib + 1024 {
            assert!(
                start.elapsed() < PATIENCE,
                "after {after}: {} KiB, before it {kib} KiB",
                self.resident_kib()
            );
            thread::yield_now();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Sends `process` the signal `name`, such as `STOP`.
#[cfg(unix)]
pub fn signal(process: &Child, name: &str) {
    // Every shell has a `kill`; a program of that name is not everywhere.
    let command = format!("kill -s {name} {}", process.id());
    assert!(Command::new("sh").args(["-c", &command]).status().unwrap().success());
}

/// Runs the binary `app`, which must end by itself with exit status 1, nothing on standard output
/// and one line on standard error: that line.
pub fn fails_to_start(app: &str, args: &[&str], vars: &[(&str, &str)]) -> String {
    let mut process =
        command(app, args, vars).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_for_the_end(&mut process, &format!("{app} {args:?} with {vars:?}"));
    let output = process.wait_with_output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "");
    assert!(error.ends_with('\n') && error.lines().count() == 1, "not one line: {error:?}");
    assert!(!error.contains("panicked"), "{error}");
    error
}

fn wait_for_the_end(process: &mut Child, what: &str) -> ExitStatus {
    let start = Instant::now();
    loop {
        if let Some(status) = process.try_wait().unwrap() {
            return status;
        }
        if start.elapsed() > PATIENCE {
            let _ = process.kill();
            panic!("{what} runs");
        }
        thread::yield_now();
    }
}

fn command(app: &str, args: &[&str], vars: &[(&str, &str)]) -> Command {
    let mut command = Command::new(app);
    command.args(args).env("PORT", "0").envs(vars.iter().copied()).stdin(Stdio::null());
    command
}

/// The port in a start-up line, which is the whole of its text between two blanks, or that of an
/// address there.
fn port_of(line: &str) -> u16 {
    let last = line.trim_end().strip_suffix(" ...").and_then(|line| line.rsplit(' ').next());
    let port = last.map(|last| {
        last.strip_prefix("http://127.0.0.1:")
            .and_then(|rest| rest.strip_suffix('/'))
            .unwrap_or(last)
    });
    port.and_then(|port| port.parse().ok()).unwrap_or_else(|| panic!("no port: {line:?}"))
}

/// A client's connection. What it waits for must come within 20 seconds.
pub struct Client {
    stream: TcpStream,
}

impl Client {
    /// Sends `bytes` at once.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).unwrap();
    }

    /// Sends `bytes` unless the server has gone, which a test of a fault may have made it.
    pub fn try_send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.stream.write_all(bytes.as_ref());
    }

    /// The next `count` bytes.
    pub fn receive(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.stream.read_exact(&mut bytes).unwrap();
        bytes
    }

    /// The next bytes, up to and including `end`.
    pub fn receive_until(&mut self, end: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        while !bytes.ends_with(end) {
            bytes.extend(self.receive(1));
        }
        bytes
    }

    /// An HTTP response: the head, and the body that `Content-Length` tells.
    pub fn response(&mut self) -> Response {
        let head = self.receive_until(b"\r\n\r\n");
        let mut response = Response::parse(&head);
        if let Some(length) = response.field("content-length") {
            response.body = self.receive(length.parse().unwrap());
        }
        response
    }

    /// All that still comes until the server closes the connection in the ordinary way.
    pub fn rest(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.stream.read_to_end(&mut bytes).unwrap();
        bytes
    }

    /// All that still comes until the connection ends, be it closed or reset.
    pub fn rest_until_gone(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        if let Err(error) = self.stream.read_to_end(&mut bytes) {
            let kind = error.kind();
            assert!(kind == ErrorKind::ConnectionReset || kind == ErrorKind::BrokenPipe, "{error}");
        }
        bytes
    }

    /// Ends this side's sending, and goes on receiving.
    pub fn finish(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Ends the connection with a reset instead of in the ordinary way.
    pub fn reset(self) {
        SockRef::from(&self.stream).set_linger(Some(Duration::ZERO)).unwrap();
    }

    /// Whether nothing comes for `time`.
    pub fn is_silent_for(&mut self, time: Duration) -> bool {
        let end = Instant::now() + time;
        let result = loop {
            let left = end.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
            self.stream.set_read_timeout(Some(left)).unwrap();
            match self.stream.peek(&mut [0]) {
                // The process was stopped, and goes on.
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => break result,
            }
        };
        self.stream.set_read_timeout(Some(PATIENCE)).unwrap();
        match result {
            Ok(_) => false,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                true
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// The socket, for what only one test needs.
    pub fn socket(&self) -> &TcpStream {
        &self.stream
    }
}
