//! An app that is watched, or recorded by hand, while a person visits it: their client is on this
//! machine's own network, and the app and tcpdump are not. The person is a raw socket here, and what
//! reads the packets is cat.

use std::{
    fs,
    io::{BufRead, BufReader, ErrorKind, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

use socket2::SockRef;
use visitor::browser::{Browser, OPEN};

mod processes;
use processes::{PATIENCE, leaves_nothing, running_with, scratch};

/// A visitor that waits for a person.
struct Visitor {
    process: Child,
    scratch: PathBuf,
    /// Where the person's client is to connect.
    address: SocketAddr,
    keyboard: Option<ChildStdin>,
    /// What came on its standard output.
    output: Arc<Mutex<Vec<u8>>>,
}

impl Visitor {
    /// Starts it by `command`, in a process group of its own and on a free port, and waits until it
    /// says where to connect.
    fn start(name: &str, mut command: Command) -> Self {
        let scratch = scratch(name);
        let mut process = command
            .env("TMPDIR", &scratch)
            .env("PORT", "0")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let keyboard = process.stdin.take();
        let (found, address) = mpsc::channel();
        // It says so where the packets are not.
        let invited = found.clone();
        let stderr = BufReader::new(process.stderr.take().unwrap());
        thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                eprintln!("{line}");
                let _ = invited.send(address_in(&line));
            }
        });
        let output = Arc::<Mutex<Vec<u8>>>::default();
        let collected = Arc::clone(&output);
        let mut stdout = process.stdout.take().unwrap();
        thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(count @ 1..) = stdout.read(&mut piece) {
                let mut collected = collected.lock().unwrap();
                collected.extend(&piece[..count]);
                let _ = found.send(address_in(&String::from_utf8_lossy(&collected)));
            }
        });
        let address = loop {
            if let Some(address) = address.recv_timeout(PATIENCE).expect("it says where") {
                break address;
            }
        };
        Self { process, scratch, address, keyboard, output }
    }

    /// Starts it to watch `app`.
    fn watch(name: &str, app: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_visitor"));
        command.args(["watch", app, "1", "--", "cat"]);
        Self::start(name, command)
    }

    fn connect(&self) -> TcpStream {
        let client = TcpStream::connect(self.address).unwrap();
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        client
    }

    /// The packets so far, as tcpdump lists them.
    fn packets(&self) -> String {
        packets(&self.output.lock().unwrap())
    }

    /// Waits until the list of packets has a line that has all of `words`.
    #[track_caller]
    fn records(&self, words: &[&str]) {
        let start = Instant::now();
        loop {
            let packets = self.packets();
            if packets.lines().any(|line| words.iter().all(|word| line.contains(word))) {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "no packet has {words:?}:\n{packets}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Checks that it ends with `status`, and that nothing of it is left.
    #[track_caller]
    fn leaves_nothing(mut self, status: Option<i32>) {
        self.keyboard = None;
        leaves_nothing(&mut self.process, &self.scratch, status);
        // Nobody listens any more.
        let refused = TcpStream::connect(self.address).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    }
}

impl Drop for Visitor {
    fn drop(&mut self) {
        // What it has started ends with it, in a test that fails too.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Sends the signal `name` to all processes of the group that `leader` leads, as a terminal does.
fn signal_group(leader: &Child, name: &str) {
    let command = format!("kill -s {name} -- -{}", leader.id());
    assert!(Command::new("sh").args(["-c", &command]).status().unwrap().success());
}

/// The address at which `text` invites to visit an app, if it does.
fn address_in(text: &str) -> Option<SocketAddr> {
    if let Some((_, url)) = text.split_once("http://") {
        return url.split_once('/')?.0.parse().ok();
    }
    let mut words = text.split_once(" nc ")?.1.split_whitespace();
    format!("{}:{}", words.next()?, words.next()?).parse().ok()
}

/// What a capture has, as tcpdump lists it: nothing before there is a whole packet.
fn packets(capture: &[u8]) -> String {
    let mut tcpdump = Command::new("tcpdump")
        .args(["-nn", "-e", "-r", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    tcpdump.stdin.take().unwrap().write_all(capture).unwrap();
    String::from_utf8(tcpdump.wait_with_output().unwrap().stdout).unwrap()
}

/// A directory for captures, which is not there yet.
fn new_dir(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&dir);
    dir
}

/// What comes until an empty line.
fn message(client: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\n\n") {
        let mut byte = [0];
        client.read_exact(&mut byte).unwrap();
        bytes.extend(byte);
    }
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_person_visits_tcpapp_and_its_packets_are_those_of_two_hosts() {
    let visitor = Visitor::watch("watch-tcpapp", "tcpapp");
    assert!(visitor.address.ip().is_loopback());
    let mut client = visitor.connect();
    assert!(message(&mut client).starts_with("Hello!\nServer time: "));
    visitor.records(&[
        "02:00:00:00:00:01 > 02:00:00:00:00:02",
        "192.0.2.1.",
        "> 192.0.2.2.8000: Flags [S]",
        "mss 1460",
    ]);
    visitor.records(&["192.0.2.2.8000 > 192.0.2.1.", "[P.]", "length 30"]);
    client.write_all(b"time\n").unwrap();
    message(&mut client);
    visitor.records(&["> 192.0.2.2.8000", "[P.]", "length 5"]);
    visitor.records(&["192.0.2.2.8000 >", "[P.]", "length 10"]);

    // The server ends this connection, and the client the next one.
    client.write_all(b"bye\n").unwrap();
    assert_eq!(message(&mut client), "Good bye!\n\n");
    assert_eq!(client.read(&mut [0]).unwrap(), 0);
    visitor.records(&["192.0.2.2.8000 >", "[F.]"]);
    drop(client);
    let client = visitor.connect();
    message(&mut { client.try_clone().unwrap() });
    assert!(!visitor.packets().contains("[R"));
    SockRef::from(&client).set_linger(Some(Duration::ZERO)).unwrap();
    drop(client);
    visitor.records(&["192.0.2.1.", "> 192.0.2.2.8000: Flags [R"]);

    // The server closes this one with a line unread, which makes the end a reset (RFC 9293 section
    // 3.6.1, RFC 1122 section 4.2.2.13).
    let mut client = visitor.connect();
    message(&mut client);
    client.write_all(&[&b"bye\n"[..], &[b'x'; 100_000]].concat()).unwrap();
    let error = client.read_to_end(&mut Vec::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    visitor.records(&["192.0.2.2.8000 >", "Flags [R"]);
    testing::signal(&visitor.process, "TERM");
    visitor.leaves_nothing(Some(128 + 15));
}

#[test]
fn a_person_visits_wsapp() {
    let visitor = Visitor::watch("watch-wsapp", "wsapp");
    let mut client = visitor.connect();
    let host = visitor.address;
    write!(
        client,
        "GET /time HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    .unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "));
    // The text get-time, masked with zeros.
    client.write_all(b"\x81\x88\0\0\0\0get-time").unwrap();
    let mut frame = [0; 22];
    client.read_exact(&mut frame).unwrap();
    assert!(frame.starts_with(b"\x81\x14{\"time\": \""));
    visitor.records(&["> 192.0.2.2.8000", "[P.]", "length 14"]);
    visitor.records(&["192.0.2.2.8000 >", "[P.]", "length 22"]);
    testing::signal(&visitor.process, "TERM");
    visitor.leaves_nothing(Some(128 + 15));
}

/// A browser on this machine's own network opens the page of `app` through the relay, gets the time
/// in the app's way, and leaves. Checks that this is recorded: what begins the `request`, and an
/// answer of so many bytes.
async fn browse(app: &str, request: &str, answer: usize) {
    let visitor = Visitor::watch(&format!("browse-{app}"), app);
    let browser = Browser::open().await.unwrap();
    browser.visit(visitor.address).await.unwrap();
    browser.wait_for_time(PATIENCE).await.unwrap();
    if app == "wsapp" {
        browser.wait_for_socket(OPEN, PATIENCE).await.unwrap();
    }
    browser.blank().await.unwrap();
    if app != "sseapp" {
        browser.click().await.unwrap();
    }
    browser.wait_for_time(PATIENCE).await.unwrap();
    visitor.records(&["192.0.2.2.8000 > 192.0.2.1.", "Flags [P.]", &format!("length {answer}")]);
    let output = visitor.output.lock().unwrap().clone();
    assert!(output.windows(request.len()).any(|bytes| bytes == request.as_bytes()));
    browser.leave().await.unwrap();
    visitor.records(&["192.0.2.1.", "> 192.0.2.2.8000: Flags [F.]"]);
    testing::signal(&visitor.process, "TERM");
    visitor.leaves_nothing(Some(128 + 15));
}

#[tokio::test]
async fn a_browser_visits_each_app_as_if_there_were_no_relay() {
    browse("webapp", "GET / HTTP/1.1\r\nHost: 127.0.0.1", 552).await;
    browse("ajaxapp", "GET /time HTTP/1.1\r\n", 128).await;
    browse("sseapp", "GET /time HTTP/1.1\r\n", 34).await;
    browse("wsapp", "Sec-WebSocket-Key: ", 22).await;
}

#[test]
fn a_visit_that_is_stopped_leaves_nothing() {
    for (signal, status) in
        [("INT", Some(128 + 2)), ("TERM", Some(128 + 15)), ("HUP", Some(128 + 1)), ("KILL", None)]
    {
        let visitor = Visitor::watch(&format!("watch-stopped-by-{signal}"), "sseapp");
        // A stream that does not end by itself.
        let mut client = visitor.connect();
        client.write_all(b"GET /time HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        client.read_exact(&mut [0]).unwrap();
        assert!(running_with(&visitor.scratch) > 3);
        if signal == "INT" {
            // Ctrl-C in a terminal is for all at once.
            signal_group(&visitor.process, signal);
        } else {
            testing::signal(&visitor.process, signal);
        }
        let mut rest = Vec::new();
        let end = client.read_to_end(&mut rest).err().map(|error| error.kind());
        assert!(matches!(end, None | Some(ErrorKind::ConnectionReset)), "{signal}: {end:?}");
        visitor.leaves_nothing(status);
    }
}

#[test]
fn it_ends_when_the_reader_of_the_packets_does() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_visitor"));
    command.args(["watch", "tcpapp", "--", "sh", "-c", "head -c 30; exit 3"]);
    let visitor = Visitor::start("watch-unwatched", command);
    let _client = visitor.connect();
    visitor.leaves_nothing(Some(3));
}

#[test]
fn it_ends_when_the_app_does() {
    let visitor = Visitor::watch("watch-without-app", "tcpapp");
    let app = fs::read_dir("/proc").unwrap().flatten().find(|entry| {
        let is_of_it = |bytes: Vec<u8>| {
            let scratch = visitor.scratch.to_str().unwrap();
            String::from_utf8_lossy(&bytes).contains(scratch)
        };
        fs::read_to_string(entry.path().join("comm")).is_ok_and(|name| name == "tcpapp\n")
            && fs::read(entry.path().join("environ")).is_ok_and(is_of_it)
    });
    let kill = format!("kill -s KILL {}", app.unwrap().file_name().to_str().unwrap());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    visitor.leaves_nothing(Some(1));
}

#[test]
fn on_this_machine_alone_there_is_no_relay() {
    // On a host of the test's own, where the port is free. The client is there too.
    let client = "while kill -0 $$; do nc -N 127.0.0.1 8000; sleep 0.05; done";
    let mut command = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/two-hosts.sh"));
    command
        .args(["env", "PORT=8000", env!("CARGO_BIN_EXE_visitor"), "watch", "tcpapp", "--here"])
        .args(["--", "sh", "-c", &format!("({client}) </dev/null >/dev/null 2>&1 & exec cat")]);
    let mut visitor = Visitor::start("watch-here", command);
    visitor.records(&["127.0.0.1.", "> 127.0.0.1.8000: Flags [S]"]);
    visitor.records(&["127.0.0.1.8000 >", "[P.]", "length 30"]);
    testing::signal(&visitor.process, "TERM");
    leaves_nothing(&mut visitor.process, &visitor.scratch, Some(128 + 15));
}

#[test]
fn a_person_records_a_visit_by_hand() {
    let dir = new_dir("by-hand");
    let mut command = Command::new(env!("CARGO_BIN_EXE_visitor"));
    command.args(["capture-by-hand", "tcpapp", "--dir"]).arg(&dir);
    let mut visitor = Visitor::start("by-hand", command);
    let mut client = visitor.connect();
    message(&mut client);
    client.write_all(b"time\n").unwrap();
    message(&mut client);
    drop(client);
    visitor.keyboard.as_mut().unwrap().write_all(b"\n").unwrap();
    visitor.leaves_nothing(Some(0));
    let packets = packets(&fs::read(dir.join("tcpapp.pcap")).unwrap());
    assert!(packets.contains("> 192.0.2.2.8000: Flags [S]"), "{packets}");
    let readme = fs::read_to_string(dir.join("README.md")).unwrap();
    assert!(readme.contains("| by | `just capture-by-hand tcpapp 10` |"), "{readme}");
    assert!(readme.contains("| client | by hand, through a relay |"), "{readme}");
}

#[test]
fn a_visit_by_hand_that_is_stopped_writes_nothing() {
    let dir = new_dir("by-hand-stopped");
    let mut command = Command::new(env!("CARGO_BIN_EXE_visitor"));
    command.args(["capture-by-hand", "wsapp", "--dir"]).arg(&dir);
    let visitor = Visitor::start("by-hand-stopped", command);
    signal_group(&visitor.process, "INT");
    visitor.leaves_nothing(Some(128 + 2));
    assert!(!dir.exists());
}

#[test]
fn a_port_that_cannot_be_had_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for recipe in ["watch", "capture-by-hand"] {
        for (option, value, says) in [
            (None, port.as_str(), format!("port {port} is taken: stop what listens on it")),
            (None, "x", "PORT must be a whole number from 0 to 65535, not \"x\"".to_owned()),
            (
                Some("--here"),
                "0",
                "PORT must be a whole number from 1 to 65535, not \"0\"".to_owned(),
            ),
        ] {
            let output = Command::new(env!("CARGO_BIN_EXE_visitor"))
                .args([recipe, "tcpapp"])
                .args(option)
                .args(if recipe == "watch" { &["--", "cat"][..] } else { &[] })
                .env("PORT", value)
                .output()
                .unwrap();
            assert_eq!(output.status.code(), Some(1), "{output:?}");
            assert_eq!(String::from_utf8_lossy(&output.stderr), format!("{says}\n"));
        }
    }
}
