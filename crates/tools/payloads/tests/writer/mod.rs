//! Writes captures: packets of one conversation or several, in any of the formats.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::{
    io::Write,
    net::{IpAddr, Ipv4Addr},
    process::{Command, Output, Stdio},
};

use payloads::input::Endpoint;

/// A TCP packet to be written.
#[derive(Clone, Debug)]
pub struct Packet {
    /// In microseconds.
    pub time: u64,
    pub source: Endpoint,
    pub destination: Endpoint,
    pub sequence: u32,
    pub acknowledgment: u32,
    pub flags: u8,
    /// The bytes of options after the TCP header, a multiple of 4.
    pub options: usize,
    pub payload: Vec<u8>,
}

pub const FIN: u8 = 1;
pub const SYN: u8 = 2;
pub const RST: u8 = 4;
pub const ACK: u8 = 16;

/// Makes the packets of one connection, with the sequence numbers as the sides would send them.
#[derive(Clone, Debug)]
pub struct Connection {
    pub packets: Vec<Packet>,
    pub time: u64,
    ends: [Endpoint; 2],
    next: [u32; 2],
    pub options: usize,
}

pub const CLIENT: usize = 0;
pub const SERVER: usize = 1;

pub fn v4(last: u8, port: u16) -> Endpoint {
    Endpoint { address: IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)), port }
}

impl Connection {
    pub fn new(client: Endpoint, server: Endpoint) -> Self {
        Self {
            packets: Vec::new(),
            time: 1_622_971_895_000_000,
            ends: [client, server],
            next: [1_000, 2_000],
            options: 12,
        }
    }

    /// One between two IPv4 addresses, to port 8000.
    pub fn v4() -> Self {
        Self::new(v4(1, 50_000), v4(2, 8000))
    }

    /// With these first sequence numbers.
    pub fn sequences(mut self, client: u32, server: u32) -> Self {
        self.next = [client, server];
        self
    }

    pub fn wait(&mut self, milliseconds: u64) -> &mut Self {
        self.time += milliseconds * 1_000;
        self
    }

    pub fn send(&mut self, side: usize, flags: u8, payload: &[u8]) -> &mut Self {
        self.time += 100;
        self.packets.push(Packet {
            time: self.time,
            source: self.ends[side],
            destination: self.ends[1 - side],
            sequence: self.next[side],
            acknowledgment: if flags & ACK == 0 { 0 } else { self.next[1 - side] },
            flags,
            // As macOS and Linux had it in the captures of the original document.
            options: match flags & (SYN | ACK) {
                SYN => 24,
                ACK => self.options,
                _ => 20,
            },
            payload: payload.to_vec(),
        });
        let control = u32::from(flags & SYN != 0) + u32::from(flags & FIN != 0);
        self.next[side] =
            self.next[side].wrapping_add(u32::try_from(payload.len()).unwrap() + control);
        self
    }

    pub fn open(&mut self) -> &mut Self {
        self.send(CLIENT, SYN, b"").send(SERVER, SYN | ACK, b"").ack(CLIENT)
    }

    pub fn data(&mut self, side: usize, payload: &[u8]) -> &mut Self {
        self.send(side, ACK, payload)
    }

    pub fn ack(&mut self, side: usize) -> &mut Self {
        self.send(side, ACK, b"")
    }

    pub fn close(&mut self, side: usize) -> &mut Self {
        self.send(side, FIN | ACK, b"").send(1 - side, FIN | ACK, b"").ack(side)
    }

    /// Sends `lost` bytes that are not in the capture.
    pub fn lose(&mut self, side: usize, lost: u32) -> &mut Self {
        self.next[side] = self.next[side].wrapping_add(lost);
        self
    }

    pub fn pcap(&self) -> Vec<u8> {
        pcap(&self.packets)
    }
}

/// The header before the IP packet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Link {
    Ethernet,
    Vlan,
    DoubleVlan,
    Null,
    NullBigEndian,
    Loop,
    Raw(u32),
    Cooked,
    Cooked2,
}

impl Link {
    pub fn number(self) -> u32 {
        match self {
            Self::Ethernet | Self::Vlan | Self::DoubleVlan => 1,
            Self::Null | Self::NullBigEndian => 0,
            Self::Loop => 108,
            Self::Raw(number) => number,
            Self::Cooked => 113,
            Self::Cooked2 => 276,
        }
    }

    fn header(self, v6: bool) -> Vec<u8> {
        let ether_type: [u8; 2] = if v6 { [0x86, 0xdd] } else { [8, 0] };
        let family: u32 = if v6 { 30 } else { 2 };
        let mut header = Vec::new();
        match self {
            Self::Ethernet => header.extend([2; 12]),
            Self::Vlan => header.extend([&[2; 12][..], &[0x81, 0, 0, 5]].concat()),
            Self::DoubleVlan => {
                header.extend([&[2; 12][..], &[0x88, 0xa8, 0, 5, 0x81, 0, 0, 6]].concat());
            }
            Self::Null => return family.to_le_bytes().to_vec(),
            Self::NullBigEndian | Self::Loop => return family.to_be_bytes().to_vec(),
            Self::Raw(_) => return header,
            Self::Cooked => header.extend([0, 0, 0x03, 0x04, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0]),
            Self::Cooked2 => {
                header.extend(ether_type);
                header.extend([0; 18]);
                return header;
            }
        }
        header.extend(ether_type);
        header
    }
}

/// A packet with its IP and TCP headers, from the IP header on.
pub fn ip_packet(packet: &Packet) -> Vec<u8> {
    let mut tcp = Vec::new();
    tcp.extend(packet.source.port.to_be_bytes());
    tcp.extend(packet.destination.port.to_be_bytes());
    tcp.extend(packet.sequence.to_be_bytes());
    tcp.extend(packet.acknowledgment.to_be_bytes());
    tcp.push(u8::try_from((20 + packet.options) / 4).unwrap() << 4);
    tcp.push(packet.flags);
    tcp.extend([0xff, 0xff, 0, 0, 0, 0]);
    tcp.extend(vec![1; packet.options]);
    tcp.extend(&packet.payload);
    match (packet.source.address, packet.destination.address) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            let len = u16::try_from(20 + tcp.len()).unwrap().to_be_bytes();
            let mut ip = vec![0x45, 0, len[0], len[1], 0, 0, 0x40, 0, 64, 6, 0, 0];
            ip.extend(source.octets());
            ip.extend(destination.octets());
            [ip, tcp].concat()
        }
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            let len = u16::try_from(tcp.len()).unwrap().to_be_bytes();
            let mut ip = vec![0x60, 0, 0, 0, len[0], len[1], 6, 64];
            ip.extend(source.octets());
            ip.extend(destination.octets());
            [ip, tcp].concat()
        }
        _ => panic!("two versions of IP"),
    }
}

/// A frame: when it was captured in microseconds, and its bytes.
pub type Frame = (u64, Vec<u8>);

pub fn frames(packets: &[Packet], link: Link) -> Vec<Frame> {
    packets
        .iter()
        .map(|packet| {
            let header = link.header(packet.source.address.is_ipv6());
            (packet.time, [header, ip_packet(packet)].concat())
        })
        .collect()
}

/// A pcap file of Ethernet frames.
pub fn pcap(packets: &[Packet]) -> Vec<u8> {
    pcap_of(&frames(packets, Link::Ethernet), 1, false, false, u32::MAX)
}

/// A pcap file with each packet cut to `snap_len` bytes.
pub fn pcap_of(
    frames: &[Frame],
    link: u32,
    big_endian: bool,
    nanoseconds: bool,
    snap_len: u32,
) -> Vec<u8> {
    let u32_bytes = |value: u32| if big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
    let u16_bytes = |value: u16| if big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
    let mut file = Vec::new();
    file.extend(u32_bytes(if nanoseconds { 0xa1b2_3c4d } else { 0xa1b2_c3d4 }));
    file.extend(u16_bytes(2));
    file.extend(u16_bytes(4));
    file.extend([0; 8]);
    file.extend(u32_bytes(snap_len));
    file.extend(u32_bytes(link));
    for (time, frame) in frames {
        let len = u32::try_from(frame.len()).unwrap();
        let captured = len.min(snap_len);
        file.extend(u32_bytes(u32::try_from(time / 1_000_000).unwrap()));
        let unit = if nanoseconds { 1_000 } else { 1 };
        file.extend(u32_bytes(u32::try_from(time % 1_000_000 * unit).unwrap()));
        file.extend(u32_bytes(captured));
        file.extend(u32_bytes(len));
        file.extend(&frame[..captured as usize]);
    }
    file
}

/// A pcapng file with an interface whose times are in units of 10^-`resolution` seconds, or of
/// 2^-n where the high bit of `resolution` is set.
pub fn pcapng_of(frames: &[Frame], link: u32, big_endian: bool, resolution: u8) -> Vec<u8> {
    let u32_bytes = |value: u32| if big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
    let u16_bytes = |value: u16| if big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
    let block = |kind: u32, body: &[u8]| {
        let len = u32_bytes(u32::try_from(body.len()).unwrap() + 12);
        [&u32_bytes(kind)[..], &len, body, &len].concat()
    };
    let mut section = u32_bytes(0x1a2b_3c4d).to_vec();
    section.extend(u16_bytes(1));
    section.extend(u16_bytes(0));
    section.extend([0xff; 8]);
    let mut file = block(0x0a0d_0d0a, &section);
    // A block that is of no interest, and larger than any buffer.
    file.extend(block(0x0bad, &vec![7; 3_000_000]));
    let mut interface = u16_bytes(u16::try_from(link).unwrap()).to_vec();
    interface.extend([0; 2]);
    interface.extend(u32_bytes(0));
    interface.extend(u16_bytes(9));
    interface.extend(u16_bytes(1));
    interface.extend([resolution, 0, 0, 0]);
    interface.extend([0; 4]);
    file.extend(block(1, &interface));
    for (time, frame) in frames {
        let ticks = if resolution & 0x80 == 0 {
            u128::from(*time) * 10_u128.pow(resolution.into()) / 1_000_000
        } else {
            (u128::from(*time) << (resolution & 0x7f)) / 1_000_000
        };
        let ticks = u64::try_from(ticks).unwrap();
        let mut packet = u32_bytes(0).to_vec();
        packet.extend(u32_bytes(u32::try_from(ticks >> 32).unwrap()));
        packet.extend(u32_bytes(u32::try_from(ticks & 0xffff_ffff).unwrap()));
        packet.extend(u32_bytes(u32::try_from(frame.len()).unwrap()));
        packet.extend(u32_bytes(u32::try_from(frame.len()).unwrap()));
        packet.extend(frame);
        packet.resize(packet.len().next_multiple_of(4), 0);
        file.extend(block(6, &packet));
    }
    file
}

/// Runs the program with `input` on its standard input.
pub fn run(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_payloads"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // The program may end before it has read everything.
    let writer = std::thread::spawn(move || {
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

/// What `payloads show -` prints of a capture; it must succeed and say nothing else.
pub fn shown(input: &[u8]) -> String {
    let output = run(&["show", "-"], input);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

/// The same without what says when and between whom.
pub fn messages(shown: &str) -> String {
    shown
        .lines()
        .map(|line| match line.find(" s  ") {
            Some(at) if !line.starts_with("    ") => {
                let (head, tail) = line.split_at(at);
                let label = head.split("  ").next().unwrap_or_default();
                let tail = match tail.find("client ") {
                    Some(client) if tail.contains(" server ") => &tail[..client],
                    _ => tail,
                };
                format!("{label}{tail}\n")
            }
            _ => format!("{line}\n"),
        })
        .collect()
}

/// A small generator of numbers (xorshift64*), so that a failing case can be repeated.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap() % limit
    }
}
