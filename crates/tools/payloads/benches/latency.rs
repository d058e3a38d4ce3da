//! Measures how long a message takes to appear, live: from the program that sends it, through the
//! loopback interface, tcpdump, a pipe and `payloads show -`, to whoever reads the output.
//!
//! ```sh
//! cargo bench -p payloads --bench latency
//! ```
//!
//! tcpdump must be allowed to capture, which takes root or a network namespace of one's own:
//! `just bench-latency` makes one.

use std::{
    env,
    error::Error,
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    process::{Child, Command, ExitCode, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant},
};

/// How many messages are sent.
const MESSAGES: u32 = 500;

/// The time between them. It is longer than a message takes, so that none waits for another.
const PAUSE: Duration = Duration::from_millis(4);

/// How long a message may take until something is wrong.
const LIMIT: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    // `cargo test --all-targets` runs this too, and wants no measurement.
    if !env::args().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    match measure() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("latency: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure() -> Result<(), Box<dyn Error>> {
    let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = server.local_addr()?.port();
    let mut tcpdump = Running(
        Command::new("tcpdump")
            .args(["-i", "lo", "--immediate-mode", "-U", "-w", "-", "port", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("tcpdump: {error}: sudo apt-get install tcpdump"))?,
    );
    wait_until_listening(&mut tcpdump.0)?;
    let capture = tcpdump.0.stdout.take().ok_or("tcpdump has no output")?;
    let mut payloads = Running(
        Command::new(env!("CARGO_BIN_EXE_payloads"))
            .args(["show", "-"])
            .stdin(capture)
            .stdout(Stdio::piped())
            .spawn()?,
    );
    let lines = lines(payloads.0.stdout.take().ok_or("payloads has no output")?);

    let mut client = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    client.set_nodelay(true)?;
    let (mut peer, _) = server.accept()?;
    let mut times = Vec::new();
    for number in 0..MESSAGES {
        let message = format!("message {number}\n");
        let sent = Instant::now();
        client.write_all(message.as_bytes())?;
        peer.read_exact(&mut vec![0; message.len()])?;
        loop {
            let (line, seen) = lines.recv_timeout(LIMIT)?;
            if line.ends_with(message.trim_end()) {
                times.push(seen - sent);
                break;
            }
        }
        thread::sleep(PAUSE);
    }
    times.sort_unstable();
    let milliseconds = |time: Duration| time.as_secs_f64() * 1_000.0;
    println!("From sending a message to reading its line, of {MESSAGES} messages:\n");
    println!("| median ms | 99 % ms | longest ms |");
    println!("|---:|---:|---:|");
    println!(
        "| {:.2} | {:.2} | {:.2} |",
        milliseconds(times[times.len() / 2]),
        milliseconds(times[times.len() * 99 / 100]),
        milliseconds(times[times.len() - 1]),
    );
    Ok(())
}

/// A program that is ended with this one.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn wait_until_listening(tcpdump: &mut Child) -> Result<(), Box<dyn Error>> {
    let stderr = BufReader::new(tcpdump.stderr.take().ok_or("tcpdump has no standard error")?);
    let mut said = Vec::new();
    let mut stderr = stderr.lines();
    for line in &mut stderr {
        let line = line?;
        if line.contains("listening on") {
            // What it says later must not fill the pipe.
            thread::spawn(move || stderr.count());
            return Ok(());
        }
        said.push(line);
    }
    Err(format!("{}: try just bench-latency", said.join(" ")).into())
}

/// The lines of an output, each with when it was read.
fn lines(output: impl Read + Send + 'static) -> Receiver<(String, Instant)> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if sender.send((line, Instant::now())).is_err() {
                break;
            }
        }
    });
    receiver
}
