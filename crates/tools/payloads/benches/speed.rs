//! Measures how fast `payloads` reads a large capture, beside tshark and beside reading the file.
//!
//! ```sh
//! cargo bench -p payloads --bench speed
//! ```
//!
//! The capture is made of the small ones in `tests/captures`, over and over: each time later and
//! from other client ports, so that every connection is a new one, and with the conversations of
//! the five apps side by side. It is removed at the end. The environment variable `BENCH_MIB`
//! changes its size.

use std::{
    env,
    error::Error,
    fs::{self, File},
    io::{self, BufWriter, Read, Write},
    path::{Path, PathBuf},
    process::{Child, Command, ExitCode, Stdio},
    thread,
    time::{Duration, Instant},
};

use payloads::input::Reader;

const MIB: u64 = 1024 * 1024;

/// The size of the capture in MiB, unless `BENCH_MIB` says otherwise.
const DEFAULT_MIB: u64 = 1024;

/// The size of the capture that tshark reads in MiB. Its memory grows with it.
const TSHARK_MIB: u64 = 64;

/// How often everything is run; the fastest run counts, as the one least disturbed.
const RUNS: usize = 3;

/// How often the memory of a running program is looked up.
const LOOK: Duration = Duration::from_millis(2);

/// Where the IPv4 header begins in the frames of the small captures, which are Ethernet frames.
const IP_AT: usize = 14;

/// The port of the five apps.
const SERVER_PORT: u16 = 8000;

/// The client ports that are used, each once for each client address.
const CLIENT_PORTS: std::ops::Range<u32> = 10_000..60_000;

fn main() -> ExitCode {
    // `cargo test --all-targets` runs this too, and wants no measurement.
    if !env::args().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    match measure() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("speed: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure() -> Result<(), Box<dyn Error>> {
    let mib = match env::var("BENCH_MIB") {
        Ok(value) => value.parse().map_err(|_| "BENCH_MIB must be a number of MiB")?,
        Err(_) => DEFAULT_MIB,
    };
    let pattern = Pattern::of_the_apps()?;
    let large = pattern.repeat("large.pcap", mib * MIB)?;
    println!("payloads reads {large}. The fastest of {RUNS} runs counts.\n");

    let payloads = env!("CARGO_BIN_EXE_payloads");
    let mut rows = vec![
        Row { name: "read the file", on: &large, measured: fastest(|| read(&large.path))? },
        row("payloads stats", &large, &[payloads, "stats"])?,
        row("payloads show", &large, &[payloads, "show"])?,
        row("payloads show --explain", &large, &[payloads, "show", "--explain"])?,
    ];
    let small;
    if run(&["tshark", "--version"]).is_ok() {
        small = pattern.repeat("small.pcap", mib.min(TSHARK_MIB) * MIB)?;
        println!("tshark reads {small}; its seconds are scaled.\n");
        let fields = "tshark -n -T fields -e frame.len -e tcp.hdr_len -e tcp.len -r";
        let fields: Vec<&str> = fields.split(' ').collect();
        rows.push(row("tshark -T fields", &small, &fields)?);
        let dissect = "tshark -n -d tcp.port==8000,http -O http,websocket,data -r";
        let dissect: Vec<&str> = dissect.split(' ').collect();
        rows.push(row("tshark -O http,websocket,data", &small, &dissect)?);
    } else {
        println!("Without tshark's rows: to have them, sudo apt-get install tshark\n");
    }
    print_table(&rows, &large);
    Ok(())
}

/// A frame of the small captures.
struct Frame {
    /// In microseconds, from the start of the capture.
    time: u64,
    data: Vec<u8>,
    /// Which of the connections it belongs to.
    connection: u32,
    /// Where its client's address and port are in `data`.
    address_at: usize,
    port_at: usize,
}

/// All frames of the small captures, as if they had been made at the same time.
struct Pattern {
    frames: Vec<Frame>,
    connections: u32,
    /// In microseconds.
    length: u64,
}

impl Pattern {
    fn of_the_apps() -> Result<Self, Box<dyn Error>> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures");
        let mut frames = Vec::new();
        let mut ports = Vec::new();
        for app in ["tcpapp", "webapp", "ajaxapp", "sseapp", "wsapp"] {
            let mut reader = Reader::new(File::open(folder.join(app).with_extension("pcap"))?);
            let mut first = None;
            while let Some(packet) = reader.next_packet()? {
                let data = packet.data.to_vec();
                let tcp_at = IP_AT + usize::from(data[IP_AT] & 0x0f) * 4;
                let port = |at: usize| u16::from_be_bytes([data[at], data[at + 1]]);
                // Source and destination stand one after the other.
                let (address_at, port_at) = if port(tcp_at) == SERVER_PORT {
                    (IP_AT + 16, tcp_at + 2)
                } else {
                    (IP_AT + 12, tcp_at)
                };
                let name = (app, port(port_at));
                let connection = ports.iter().position(|known| *known == name);
                let connection = connection.unwrap_or_else(|| {
                    ports.push(name);
                    ports.len() - 1
                });
                let time = packet.time - *first.get_or_insert(packet.time);
                frames.push(Frame {
                    time: u64::try_from(time)? / 1_000,
                    data,
                    connection: u32::try_from(connection)?,
                    address_at,
                    port_at,
                });
            }
        }
        frames.sort_by_key(|frame| frame.time);
        let length = frames.last().map_or(0, |frame| frame.time) + 1_000_000;
        Ok(Self { frames, connections: u32::try_from(ports.len())?, length })
    }

    /// Writes a capture of at least `size` bytes.
    fn repeat(&self, name: &str, size: u64) -> Result<Capture, Box<dyn Error>> {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let mut out = BufWriter::with_capacity(1024 * 1024, File::create(&path)?);
        let mut capture = Capture { path, size: 24, packets: 0, connections: 0 };
        out.write_all(&0xa1b2_c3d4_u32.to_le_bytes())?;
        out.write_all(&[2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0])?;
        out.write_all(&262_144_u32.to_le_bytes())?;
        out.write_all(&1_u32.to_le_bytes())?;
        let mut start = 1_622_971_895_000_000;
        let mut data = Vec::new();
        while capture.size < size {
            for frame in &self.frames {
                let connection = capture.connections + frame.connection;
                let port = CLIENT_PORTS.start + connection % CLIENT_PORTS.len() as u32;
                let address = 0x7f00_0001 + connection / CLIENT_PORTS.len() as u32;
                data.clear();
                data.extend_from_slice(&frame.data);
                data[frame.address_at..][..4].copy_from_slice(&address.to_be_bytes());
                data[frame.port_at..][..2].copy_from_slice(&u16::try_from(port)?.to_be_bytes());
                let time = start + frame.time;
                let len = u32::try_from(data.len())?.to_le_bytes();
                out.write_all(&u32::try_from(time / 1_000_000)?.to_le_bytes())?;
                out.write_all(&u32::try_from(time % 1_000_000)?.to_le_bytes())?;
                out.write_all(&len)?;
                out.write_all(&len)?;
                out.write_all(&data)?;
                capture.size += 16 + data.len() as u64;
                capture.packets += 1;
            }
            capture.connections += self.connections;
            start += self.length;
        }
        out.flush()?;
        Ok(capture)
    }
}

/// A capture on the disk, until it is dropped.
struct Capture {
    path: PathBuf,
    /// In bytes.
    size: u64,
    packets: u64,
    connections: u32,
}

impl Drop for Capture {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

impl std::fmt::Display for Capture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { size, packets, connections, .. } = self;
        write!(f, "{} MiB, {packets} packets, {connections} connections", size / MIB)
    }
}

struct Measured {
    time: Duration,
    /// In KiB, where the system tells.
    peak_memory: Option<u64>,
}

struct Row<'a> {
    name: &'static str,
    on: &'a Capture,
    measured: Measured,
}

fn row<'a>(
    name: &'static str,
    on: &'a Capture,
    command: &[&str],
) -> Result<Row<'a>, Box<dyn Error>> {
    let path = on.path.to_str().ok_or("the path of the capture is not UTF-8")?;
    let command = [command, &[path]].concat();
    Ok(Row { name, on, measured: fastest(|| run(&command))? })
}

fn fastest(
    mut run: impl FnMut() -> Result<Measured, Box<dyn Error>>,
) -> Result<Measured, Box<dyn Error>> {
    let mut fastest = run()?;
    for _ in 1..RUNS {
        let other = run()?;
        fastest.time = fastest.time.min(other.time);
        fastest.peak_memory = fastest.peak_memory.max(other.peak_memory);
    }
    Ok(fastest)
}

/// Reads a file and does nothing with it.
fn read(path: &Path) -> Result<Measured, Box<dyn Error>> {
    let start = Instant::now();
    let mut file = File::open(path)?;
    let mut buffer = vec![0; 256 * 1024];
    while file.read(&mut buffer)? > 0 {}
    Ok(Measured { time: start.elapsed(), peak_memory: None })
}

/// Runs a program, which must succeed, with its output thrown away.
fn run(command: &[&str]) -> Result<Measured, Box<dyn Error>> {
    let start = Instant::now();
    let mut child = Command::new(command[0])
        .args(&command[1..])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut peak_memory = None;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        peak_memory = peak_memory_of(&child).max(peak_memory);
        thread::sleep(LOOK);
    };
    let time = start.elapsed();
    if !status.success() {
        let mut said = String::new();
        if let Some(mut stderr) = child.stderr {
            stderr.read_to_string(&mut said)?;
        }
        return Err(io::Error::other(format!("{} failed: {said}", command.join(" "))).into());
    }
    Ok(Measured { time, peak_memory })
}

/// The most memory that a program has used so far (`VmHWM`), in KiB; Linux alone tells.
fn peak_memory_of(child: &Child) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Prints the rows; times are those for all of `large`.
fn print_table(rows: &[Row<'_>], large: &Capture) {
    let seconds =
        |row: &Row<'_>| row.measured.time.as_secs_f64() * large.size as f64 / row.on.size as f64;
    let find = |name: &str| rows.iter().find(|row| row.name == name);
    println!("| what | seconds | MiB/s | peak MiB | times tshark -T fields | times tshark -O |");
    println!("|---|---:|---:|---:|---:|---:|");
    for row in rows {
        let speed = large.size as f64 / MIB as f64 / seconds(row);
        let peak = match row.measured.peak_memory {
            Some(kib) => format!("{:.1}", kib as f64 / 1024.0),
            None => String::new(),
        };
        let times = |name: &str| match find(name) {
            Some(other) => format!("{:.1}", seconds(other) / seconds(row)),
            None => String::new(),
        };
        println!(
            "| {} | {:.2} | {speed:.0} | {peak} | {} | {} |",
            row.name,
            seconds(row),
            times("tshark -T fields"),
            times("tshark -O http,websocket,data"),
        );
    }
}
