//! Measures how long a packet takes from the pipe to its line at a viewer, and what a long capture
//! costs.
//!
//! ```sh
//! cargo bench -p watch --bench live
//! ```

use std::{
    env,
    error::Error,
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    process::{Child, ChildStdin, Command, ExitCode, Stdio},
    thread,
    time::{Duration, Instant},
};

use testing::TRAFFIC;

/// How many packets are sent one by one.
const PACKETS: usize = 500;

/// The time between them. It is longer than a packet takes, so that none waits for another.
const PAUSE: Duration = Duration::from_millis(4);

/// How many packets are sent as fast as they are taken.
const FLOOD: usize = 200_000;

fn main() -> ExitCode {
    // `cargo test --all-targets` runs this too, and wants no measurement.
    if !env::args().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    match latency().and_then(|()| flood()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("live: {error}");
            ExitCode::FAILURE
        }
    }
}

fn latency() -> Result<(), Box<dyn Error>> {
    let (watch, mut input) = Watch::start()?;
    let mut viewer = watch.viewer()?;
    input.write_all(&TRAFFIC.header)?;
    let mut times = Vec::new();
    for record in (1..).flat_map(|round| TRAFFIC.round(round)).take(PACKETS) {
        let sent = Instant::now();
        input.write_all(&record)?;
        viewer.wait_for(&format!("{{\"kind\":\"packet\",\"packet\":{},", times.len() + 1))?;
        times.push(sent.elapsed());
        thread::sleep(PAUSE);
    }
    times.sort_unstable();
    let milliseconds = |time: Duration| time.as_secs_f64() * 1_000.0;
    println!("From writing a packet to reading its line, of {PACKETS} packets:\n");
    println!("| median ms | 99 % ms | longest ms |");
    println!("|---:|---:|---:|");
    println!(
        "| {:.2} | {:.2} | {:.2} |\n",
        milliseconds(times[times.len() / 2]),
        milliseconds(times[times.len() * 99 / 100]),
        milliseconds(times[times.len() - 1]),
    );
    Ok(())
}

fn flood() -> Result<(), Box<dyn Error>> {
    let (watch, mut input) = Watch::start()?;
    input.write_all(&TRAFFIC.header)?;
    println!("Packets as fast as they are taken:\n");
    println!("| packets | seconds | resident KiB |");
    println!("|---:|---:|---:|");
    let start = Instant::now();
    let mut packets = 0;
    for round in 1.. {
        if packets >= FLOOD {
            break;
        }
        input.write_all(&TRAFFIC.round(round).concat())?;
        let before = packets;
        packets += TRAFFIC.packets();
        if before / (FLOOD / 10) < packets / (FLOOD / 10) {
            println!("| {packets} | {:.1} | {} |", start.elapsed().as_secs_f64(), watch.resident());
        }
    }
    drop(input);
    watch.viewer()?.wait_for("{\"kind\":\"end\",")?;
    println!(
        "| all, and read by a viewer | {:.1} | {} |",
        start.elapsed().as_secs_f64(),
        watch.resident()
    );
    Ok(())
}

/// A running watch; dropping it ends it.
struct Watch {
    process: Child,
    address: String,
}

impl Watch {
    fn start() -> Result<(Self, ChildStdin), Box<dyn Error>> {
        let mut process = Command::new(env!("CARGO_BIN_EXE_watch"))
            .arg("-")
            .env("WATCH_PORT", "0")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = process.stdin.take().ok_or("watch has no input")?;
        let output = process.stdout.take().ok_or("watch has no output")?;
        let mut watch = Self { process, address: String::new() };
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next());
        watch.address = address.ok_or("watch names no address")?.to_owned();
        Ok((watch, input))
    }

    /// Its resident memory as Linux counts it, elsewhere a dash.
    fn resident(&self) -> String {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()));
        let line =
            status.iter().flat_map(|status| status.lines()).find(|line| line.starts_with("VmRSS:"));
        let value = line.and_then(|line| line.split_whitespace().nth(1));
        value.unwrap_or("–").to_owned()
    }

    fn viewer(&self) -> Result<Viewer, Box<dyn Error>> {
        let mut stream = TcpStream::connect(&self.address)?;
        write!(stream, "GET /events HTTP/1.0\r\nHost: {}\r\n\r\n", self.address)?;
        Ok(Viewer(BufReader::new(stream)))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

struct Viewer(BufReader<TcpStream>);

impl Viewer {
    /// Reads until an event whose data begins with `start`.
    fn wait_for(&mut self, start: &str) -> Result<(), Box<dyn Error>> {
        let mut line = String::new();
        loop {
            line.clear();
            if self.0.read_line(&mut line)? == 0 {
                return Err("the events ended".into());
            }
            if line.strip_prefix("data: ").is_some_and(|data| data.starts_with(start)) {
                return Ok(());
            }
        }
    }
}
