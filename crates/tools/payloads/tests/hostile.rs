//! Input that no capturing program wrote: nothing panics, hangs, or takes much memory.

mod writer;

use std::fs;

use payloads::{
    input::Reader,
    report::{
        explain::explain,
        show::{Show, Style},
        stats::Stats,
        transcript,
    },
};
use writer::{ACK, CLIENT, Connection, Packet, RST, Random, SERVER, SYN, v4};

/// Runs everything over a capture.
fn run_all(capture: &[u8]) {
    let stats = Stats::read(capture, None);
    for explain in [false, true] {
        let mut text = Vec::new();
        let mut show = Show::new(&mut text, Style { explain, ..Style::default() }, Some(8000));
        let mut reader = Reader::new(capture);
        while let Ok(Some(packet)) = reader.next_packet() {
            show.packet(&packet).unwrap();
        }
        show.finish().unwrap();
        drop(show);
        let text = String::from_utf8(text).unwrap();
        if let Ok(stats) = &stats {
            let sums = text.lines().rev().find(|line| line.contains(" shown, ")).unwrap();
            let numbers = sums.split(' ').filter_map(|word| word.parse::<u64>().ok());
            assert_eq!(numbers.sum::<u64>(), stats.overall.app_bytes, "{sums}");
        }
    }
    if let Ok(transcripts) = transcript::read(capture, None) {
        for unit in transcripts.iter().flat_map(|transcript| &transcript.units) {
            assert_eq!(unit.parts.iter().map(|(_, len)| len).sum::<usize>(), unit.bytes.len());
            let named: usize = explain(unit)
                .iter()
                .filter(|line| line.bits & 1 != 0)
                .map(|line| line.range.len())
                .sum();
            assert_eq!(named, unit.bytes.len());
        }
    }
    if let Ok(stats) = &stats
        && let Some(usual) = &stats.usual
    {
        let total: u64 = usual.update.divisions.iter().map(|division| division.total).sum();
        assert_eq!(total, usual.update.figures.app_bytes);
    }
}

/// The seeds to try: 400, or as many as the environment variable `HOSTILE_ROUNDS` says.
fn seeds() -> std::ops::RangeInclusive<u64> {
    let rounds = std::env::var("HOSTILE_ROUNDS").map_or(400, |value| value.parse().unwrap());
    1..=rounds
}

#[test]
fn captures_with_bytes_changed() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/captures");
    let mut captures: Vec<Vec<u8>> = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension != "sh") {
            captures.push(fs::read(path).unwrap());
        }
    }
    assert!(captures.len() >= 11);
    for seed in seeds() {
        let mut random = Random(seed);
        random.next();
        let mut capture = captures[random.below(captures.len())].clone();
        for _ in 0..1 + random.below(30) {
            let at = random.below(capture.len());
            match random.below(5) {
                0 => capture[at] = 0,
                1 => capture[at] = 0xff,
                2 => capture[at] ^= 1 << random.below(8),
                3 => drop(capture.drain(at..(at + random.below(40)).min(capture.len()))),
                _ => {
                    let end = (at + random.below(200)).min(capture.len());
                    let piece = capture[at..end].to_vec();
                    let to = random.below(capture.len());
                    capture.splice(to..to, piece);
                }
            }
        }
        run_all(&capture);
    }
}

/// Packets that are all of a valid form, with numbers and payloads that make no sense together.
#[test]
fn packets_that_make_no_sense() {
    let words: [&[u8]; 20] = [
        b"",
        b"GET / HTTP/1.1\r\n",
        b"\r\n",
        b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n",
        b"Content-Length: 5\r\n\r\n",
        b"ffffffffffffffff\r\n",
        b"1c\r\ndata: {\"time\": \"11:42:14\"}\n\n\r\n",
        b"0\r\n\r\n",
        b"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x81\x7f\x00\x00\x00\x00\x00\x00\x00\x05hello",
        b"\x88\x82\x19\xdb\x13\x62\x1a\x32",
        b"\x81\x14{\"time\": \"09:43:38\"}",
        b"time\n",
        b"09:31:45\n\n",
        b"\xff\x00\x1b[2J",
        b"GET /time HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: \xff\xff\xff\r\n\r\n",
    ];
    for seed in seeds() {
        let mut random = Random(seed);
        random.next();
        let mut packets = Vec::new();
        let mut next = [0_u32.wrapping_sub(500), 3];
        for _ in 0..60 {
            let side = random.below(2);
            let ends = [v4(1, 50_000), v4(2, 8000)];
            let mut payload = Vec::new();
            for _ in 0..random.below(3) {
                payload.extend(words[random.below(words.len())]);
            }
            let jump = match random.below(12) {
                0 => u32::try_from(random.below(2_000)).unwrap(),
                1 => u32::MAX - u32::try_from(random.below(300)).unwrap(),
                2 => u32::try_from(random.below(1 << 31)).unwrap(),
                _ => 0,
            };
            let sequence = next[side].wrapping_add(jump);
            next[side] = sequence.wrapping_add(u32::try_from(payload.len()).unwrap());
            let acknowledgment = match random.below(4) {
                0 => u32::try_from(random.below(1 << 31)).unwrap() << random.below(2),
                _ => next[1 - side],
            };
            let flags = match random.below(20) {
                0 => u8::try_from(random.below(64)).unwrap(),
                1 => SYN,
                2 => RST,
                _ => ACK,
            };
            packets.push(Packet {
                time: 1_000_000 + random.next() % 10_000_000,
                source: ends[side],
                destination: ends[1 - side],
                sequence,
                acknowledgment,
                flags,
                options: 4 * random.below(11),
                payload,
            });
        }
        run_all(&writer::pcap(&packets));
    }
}

/// The most memory that the program has used so far, in KiB.
#[cfg(target_os = "linux")]
fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Many connections at once, each with as much unfinished as it may have.
#[cfg(target_os = "linux")]
#[test]
fn memory_is_bounded() {
    /// Makes packets as they are read, so that they take no memory here.
    struct Many {
        buffer: Vec<u8>,
        at: usize,
        round: u32,
        rounds: u32,
    }
    impl std::io::Read for Many {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            if self.at == self.buffer.len() && self.round < self.rounds {
                let port = 1_024 + u16::try_from(self.round % 4_000).unwrap();
                let mut tcp = Connection::new(v4(1, port), v4(2, 8000));
                let step = self.round / 4_000;
                if step == 0 {
                    tcp.send(CLIENT, SYN, b"").send(SERVER, SYN | ACK, b"");
                } else {
                    tcp.lose(CLIENT, 1 + step * 4_000).lose(SERVER, 1 + (step - 1) * 1_400);
                    // The client's first bytes never come and are not acknowledged. The server's
                    // head never ends, or its content does not.
                    tcp.data(CLIENT, &[b'x'; 1_400]);
                    let start = match (step, port % 2) {
                        (1, 0) => &b"HTTP/1.1 200 OK\r\nX: "[..],
                        (1, _) => b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n",
                        _ => b"",
                    };
                    tcp.data(SERVER, &[start, &vec![b'y'; 1_400 - start.len()]].concat());
                    tcp.packets[0].acknowledgment = 2_001;
                    tcp.packets[1].acknowledgment = 1_001;
                }
                let first = if self.round == 0 { 0 } else { 24 };
                self.buffer = tcp.pcap()[first..].to_vec();
                self.at = 0;
                self.round += 1;
            }
            let len = buffer.len().min(self.buffer.len() - self.at);
            buffer[..len].copy_from_slice(&self.buffer[self.at..self.at + len]);
            self.at += len;
            Ok(len)
        }
    }
    // The program in its own process, so that only its memory is measured.
    if let Ok(what) = std::env::var("MEMORY_OF") {
        if what == "pings" {
            return show_pings();
        }
        let input = Many { buffer: Vec::new(), at: 0, round: 0, rounds: 4_000 * 10 };
        if what == "stats" {
            assert_eq!(Stats::read(input, None).unwrap().overall.total_packets, 4_000 * 20);
        } else {
            let mut show =
                Show::new(std::io::sink(), Style { explain: true, ..Style::default() }, None);
            let mut reader = Reader::new(input);
            while let Some(packet) = reader.next_packet().unwrap() {
                show.packet(&packet).unwrap();
            }
            show.finish().unwrap();
        }
        let peak = peak_memory();
        assert!(peak < 40 * 1024, "{what} took {peak} KiB");
        return;
    }
    let processes = ["stats", "show", "pings"].map(|what| {
        std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "memory_is_bounded"])
            .env("MEMORY_OF", what)
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap()
    });
    for process in processes {
        let output = process.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
    }
}

/// Shows connections that each deliver a quarter of a megabyte of empty pings at once, all of which
/// have waited for two bytes that never come.
#[cfg(target_os = "linux")]
fn show_pings() {
    let mut packets = Vec::new();
    for port in 50_000..50_002 {
        let mut ws = Connection::new(v4(1, port), v4(2, 8000));
        ws.open();
        ws.data(
            CLIENT,
            b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n",
        );
        ws.data(SERVER, b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\n\r\n");
        ws.ack(CLIENT).lose(SERVER, 2);
        for _ in 0..4 {
            ws.data(SERVER, &b"\x89\x00".repeat(31_000));
        }
        packets.append(&mut ws.packets);
    }
    let capture = writer::pcap(&packets);
    drop(packets);
    let before = peak_memory();
    for explain in [false, true] {
        let mut show = Show::new(std::io::sink(), Style { explain, ..Style::default() }, None);
        let mut reader = Reader::new(capture.as_slice());
        while let Some(packet) = reader.next_packet().unwrap() {
            show.packet(&packet).unwrap();
        }
        show.finish().unwrap();
    }
    let grown = peak_memory() - before;
    assert!(grown < 16 * 1024, "show took {grown} KiB");
}
