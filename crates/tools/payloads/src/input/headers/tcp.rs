//! TCP, which takes bytes from program to program (RFC 9293).

use std::borrow::Cow;

use super::{
    checksum::Covered,
    ip::Ip,
    names::{Names, Naming},
    terms,
    types::{Contents, Group, TcpContext},
    walk::{Header, Walk},
    words::{bytes, digits, hex, named},
};
use crate::input::{Endpoint, Flags, Segment};

/// The bytes of a TCP header without options.
const FIXED: usize = 20;

/// How much of the header is needed to follow a connection: what comes after the flags (window,
/// checksum, urgent pointer) may be cut off.
const NEEDED: usize = 14;

/// The largest shift that a window scale option may ask for (RFC 7323 section 2.3).
const LARGEST_SHIFT: u8 = 14;

/// An option of a TCP header.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TcpOption<'a> {
    /// The end of the list (0), and the padding after it.
    End(&'a [u8]),
    /// No operation (1), which aligns others.
    NoOperation,
    /// The most data that the sender takes in a segment, in bytes (2).
    MaximumSegmentSize(u16),
    /// By which power of 2 the sender's windows are to be multiplied (3).
    WindowScale(u8),
    /// Selective acknowledgments may be sent (4).
    SackPermitted,
    /// Which pieces arrived before others that are missing (5): sequence numbers, 8 bytes for each.
    Sack(&'a [[u8; 8]]),
    /// The sender's timestamp, and the other side's sent back (8).
    Timestamps(u32, u32),
    /// The fast open cookie (34), empty where it asks for one.
    FastOpen(&'a [u8]),
    /// Any other, with its kind and its data.
    Other(u8, &'a [u8]),
    /// A length that is not possible here, and all that follows.
    Malformed(&'a [u8]),
}

/// The options of a TCP header, one after the other.
#[derive(Clone, Debug)]
pub struct TcpOptions<'a>(&'a [u8]);

impl<'a> TcpOptions<'a> {
    /// Those in `bytes`, all that is between the fixed header and the payload.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// By which power of 2 the sender's windows are to be multiplied, if one of the options says so.
    pub fn window_shift(self) -> Option<u8> {
        let mut shifts = self.filter_map(|option| match option {
            TcpOption::WindowScale(shift) => Some(shift.min(LARGEST_SHIFT)),
            _ => None,
        });
        shifts.next()
    }
}

impl<'a> Iterator for TcpOptions<'a> {
    type Item = TcpOption<'a>;

    fn next(&mut self) -> Option<TcpOption<'a>> {
        let bytes = self.0;
        let (&kind, after) = bytes.split_first()?;
        if kind < 2 {
            self.0 = if kind == 0 { &[] } else { after };
            return Some(if kind == 0 { TcpOption::End(after) } else { TcpOption::NoOperation });
        }
        let len = after.first().map_or(0, |len| usize::from(*len));
        if len < 2 || len > bytes.len() {
            self.0 = &[];
            return Some(TcpOption::Malformed(bytes));
        }
        let data = &bytes[2..len];
        self.0 = &bytes[len..];
        Some(match (kind, data) {
            (2, [a, b]) => TcpOption::MaximumSegmentSize(u16::from_be_bytes([*a, *b])),
            (3, [shift]) => TcpOption::WindowScale(*shift),
            (4, []) => TcpOption::SackPermitted,
            (5, data) if data.len().is_multiple_of(8) => TcpOption::Sack(data.as_chunks().0),
            (8, [a, b, c, d, e, f, g, h]) => TcpOption::Timestamps(
                u32::from_be_bytes([*a, *b, *c, *d]),
                u32::from_be_bytes([*e, *f, *g, *h]),
            ),
            (34, data) => TcpOption::FastOpen(data),
            (kind, data) => TcpOption::Other(kind, data),
        })
    }
}

impl<'a, N: Naming> Walk<'a, '_, N> {
    /// A TCP segment.
    #[inline(always)]
    pub(super) fn tcp(&mut self, ip: Ip<'a>) {
        let header: Header<FIXED> = self.header();
        let header_len = usize::from(header.bytes[12] >> 4) * 4;
        let left = self.left();
        if self.naming.names().is_some() {
            self.name_tcp(&header, header_len, &ip);
        }
        if header.there < NEEDED {
            return self.missing("TCP", NEEDED);
        }
        if header_len < FIXED {
            return self.broken("TCP", || "the data offset is less than 20 bytes".to_owned());
        }
        if header_len > left {
            return self.missing("TCP", header_len);
        }
        let all = &self.data[self.at..];
        let payload = all.get(header_len..).unwrap_or_default();
        let options = all.get(FIXED..header_len.min(all.len())).unwrap_or_default();
        if !payload.is_empty() {
            // A packet has no 4 GiB.
            self.found.carrier.payload_at = Some((self.at + header_len) as u32);
        }
        let (source, destination) = ip.ends();
        self.found.contents = Contents::Tcp(Segment {
            source: Endpoint { address: source, port: header.u16(0) },
            destination: Endpoint { address: destination, port: header.u16(2) },
            sequence: header.u32(4),
            acknowledgment: header.u32(8),
            flags: Flags::new(header.bytes[13]),
            window: header.u16(14),
            options,
            // At most 60, and a packet has no 4 GiB.
            header_len: header_len as u32,
            payload_len: (left - header_len) as u32,
            payload,
        });
    }

    fn name_tcp(&mut self, header: &Header<FIXED>, header_len: usize, ip: &Ip<'_>) {
        let (all, left) = (self.bytes(usize::MAX), self.left());
        let in_fragment = self.in_fragment;
        let options = self.bytes(header_len).get(FIXED..).unwrap_or_default();
        let Some(names) = self.naming.names() else {
            return;
        };
        let tcp = names.tcp;
        let (source, destination) = (header.u16(0), header.u16(2));
        let (sequence, acknowledgment) = (header.u32(4), header.u32(8));
        let (first, bits, window) = (header.bytes[12], header.bytes[13], header.u16(14));
        let flags = Flags::new(bits);
        names.layer("TCP", Group::Transport);
        names.field(16, &terms::TCP_SOURCE, source.to_string());
        names.field(16, &terms::TCP_DESTINATION, destination.to_string());
        let relative = |number: u32, base: Option<u32>| match base {
            Some(base) => format!("{} (on the wire {number})", number.wrapping_sub(base) as i32),
            None => number.to_string(),
        };
        names.field(32, &terms::TCP_SEQUENCE, relative(sequence, tcp.sequence_base));
        names.field(
            32,
            &terms::TCP_ACKNOWLEDGMENT,
            match flags.ack {
                true => relative(acknowledgment, tcp.acknowledgment_base),
                false => format!("{acknowledgment} (does not count without ACK)"),
            },
        );
        let value = format!("{} × 4 = {header_len} bytes", first >> 4);
        names.field(4, &terms::TCP_DATA_OFFSET, value);
        names.field(3, &terms::TCP_RESERVED, digits((first >> 1 & 7).into()));
        names.flag(first & 1 != 0, &terms::TCP_AE);
        for (bit, term) in [
            (0x80, &terms::TCP_CWR),
            (0x40, &terms::TCP_ECE),
            (0x20, &terms::TCP_URG),
            (0x10, &terms::TCP_ACK),
            (0x08, &terms::TCP_PSH),
            (0x04, &terms::TCP_RST),
            (0x02, &terms::TCP_SYN),
            (0x01, &terms::TCP_FIN),
        ] {
            names.flag(bits & bit != 0, term);
        }
        names.field(
            16,
            &terms::TCP_WINDOW,
            match tcp.window_shift {
                // The window of a SYN is never scaled (RFC 7323 section 2.2).
                _ if flags.syn => bytes(window.into()),
                Some(0) => bytes(window.into()),
                Some(shift) => {
                    let factor = 1_u64 << shift.min(LARGEST_SHIFT);
                    format!("{window} × {factor} = {} bytes", u64::from(window) * factor)
                }
                None => {
                    format!("{window}, in units that the SYNs said, which are not in the capture")
                }
            },
        );
        let checksum = Covered {
            field: header.u16(16),
            at: 16,
            data: all,
            len: left,
            fragment: in_fragment,
            pseudo: names.pseudo_header(ip, 6),
        };
        names.field(16, &terms::TCP_CHECKSUM, checksum.in_words());
        let urgent = header.u16(18);
        names.field(
            16,
            &terms::TCP_URGENT,
            match flags.urg {
                true => digits(urgent.into()),
                false if urgent == 0 => "0 (does not count without URG)".into(),
                false => format!("{urgent} (does not count without URG)").into(),
            },
        );
        if header.there < NEEDED {
            return;
        }
        let payload_len = left.saturating_sub(header_len.max(FIXED));
        let mut text = format!("{source} → {destination}");
        for (set, name) in [(flags.syn, "SYN"), (flags.fin, "FIN"), (flags.rst, "RST")] {
            if set {
                text.push_str(", ");
                text.push_str(name);
            }
        }
        let from_base = |number: u32, base: Option<u32>| match base {
            Some(base) => i64::from(number.wrapping_sub(base) as i32),
            None => number.into(),
        };
        if payload_len > 0 {
            // A SYN comes before the data of its segment.
            let first = from_base(sequence, tcp.sequence_base) + i64::from(flags.syn);
            let last = first + payload_len as i64 - 1;
            match payload_len {
                1 => text.push_str(&format!(", byte {first}")),
                _ => text.push_str(&format!(", bytes {first}–{last}")),
            }
        }
        if flags.ack {
            let number = from_base(acknowledgment, tcp.acknowledgment_base);
            text.push_str(&format!(", acknowledges {number}"));
        }
        names.text(text);
        let mut what: Vec<_> = flags.names().map(str::to_owned).collect();
        if what.is_empty() {
            what.push("no flags".to_owned());
        }
        if payload_len > 0 {
            what.push(bytes(payload_len));
        }
        names.what(what.join(", "));
        if header_len > FIXED {
            name_options(names, options, header_len - FIXED, &tcp);
        }
        if header_len >= FIXED && payload_len > 0 && header_len <= left && !in_fragment {
            let captured = names.left();
            names.payload(match captured == payload_len {
                true => bytes(payload_len),
                false => format!("{captured} of {} captured", bytes(payload_len)),
            });
        }
    }
}

/// The options, `len` bytes of which `captured` are there.
fn name_options(names: &mut Names, captured: &[u8], len: usize, tcp: &TcpContext) {
    // An option that was cut off is named by what is there of it.
    let mut whole = [0; 40];
    let len = len.min(whole.len());
    whole[..captured.len().min(len)].copy_from_slice(&captured[..captured.len().min(len)]);
    let mut options = TcpOptions::new(&whole[..len]);
    loop {
        let before = options.0;
        let Some(option) = options.next() else {
            return;
        };
        // After the captured bytes come zeros, which are no options.
        if len - before.len() >= captured.len() {
            return;
        }
        let kind = before.first().copied().unwrap_or_default();
        names.bytes(1, &terms::TCP_OPTION_KIND, kind_in_words(kind));
        let option_len = before.len() - options.0.len();
        match option {
            TcpOption::End(padding) => {
                if !padding.is_empty() {
                    names.bytes(padding.len(), &terms::TCP_OPTION_PADDING, hex(padding));
                }
                continue;
            }
            TcpOption::NoOperation => continue,
            TcpOption::Malformed(rest) => {
                let value = "the option's length is not possible here";
                names.bytes(rest.len() - 1, &terms::MALFORMED, value);
                continue;
            }
            _ => names.bytes(1, &terms::TCP_OPTION_LENGTH, bytes(option_len)),
        }
        match option {
            TcpOption::MaximumSegmentSize(size) => {
                names.bytes(2, &terms::TCP_MSS, bytes(size.into()));
            }
            TcpOption::WindowScale(shift) => {
                let value = match shift {
                    0..=LARGEST_SHIFT => format!("{shift}: windows × {}", 1_u32 << shift),
                    _ => format!("{shift}, more than the 14 that there may be: windows × 16384"),
                };
                names.bytes(1, &terms::TCP_WINDOW_SCALE, value);
            }
            TcpOption::Sack(pieces) => {
                for piece in pieces {
                    let number = |at: usize| {
                        let bytes = [piece[at], piece[at + 1], piece[at + 2], piece[at + 3]];
                        let number = u32::from_be_bytes(bytes);
                        match tcp.acknowledgment_base {
                            Some(base) => {
                                let relative = number.wrapping_sub(base) as i32;
                                format!("{relative} (on the wire {number})")
                            }
                            None => number.to_string(),
                        }
                    };
                    names.bytes(4, &terms::TCP_SACK_BEGIN, number(0));
                    names.bytes(4, &terms::TCP_SACK_END, number(4));
                }
            }
            TcpOption::Timestamps(value, echo) => {
                names.bytes(4, &terms::TCP_TIMESTAMP, value.to_string());
                names.bytes(4, &terms::TCP_TIMESTAMP_ECHO, echo.to_string());
            }
            TcpOption::FastOpen(cookie) if !cookie.is_empty() => {
                names.bytes(cookie.len(), &terms::TCP_FAST_OPEN, hex(cookie));
            }
            TcpOption::Other(28, [a, b]) => {
                let word = u16::from_be_bytes([*a, *b]);
                let (minutes, time) = (word & 0x8000 != 0, word & 0x7fff);
                names.flag(minutes, &terms::TCP_USER_TIMEOUT_UNIT);
                let unit = if minutes { "minutes" } else { "seconds" };
                names.field(15, &terms::TCP_USER_TIMEOUT, format!("{time} {unit}"));
            }
            TcpOption::Other(253 | 254, [a, b, rest @ ..]) => {
                let name = matches!([*a, *b], [0xf9, 0x89]).then_some("fast open");
                let value = named(format_args!("0x{a:02x}{b:02x}"), name);
                names.bytes(2, &terms::TCP_EXPERIMENT, value);
                if !rest.is_empty() {
                    names.bytes(rest.len(), &terms::TCP_OPTION_DATA, hex(rest));
                }
            }
            TcpOption::Other(_, data) if !data.is_empty() => {
                names.bytes(data.len(), &terms::TCP_OPTION_DATA, hex(data));
            }
            _ => {}
        }
    }
}

/// The kinds of options ([IANA's list](https://www.iana.org/assignments/tcp-parameters)).
fn kind_in_words(kind: u8) -> Cow<'static, str> {
    let name = match kind {
        // What nearly all segments have.
        1 => return "1 (no operation)".into(),
        8 => return "8 (timestamps)".into(),
        0 => "end of options",
        2 => "maximum segment size",
        3 => "window scale",
        4 => "SACK permitted",
        5 => "SACK",
        6 => "echo, obsolete",
        7 => "echo reply, obsolete",
        14 => "alternate checksum request",
        19 => "MD5 signature",
        27 => "quick start",
        28 => "user timeout",
        29 => "authentication",
        30 => "multipath TCP",
        34 => "fast open cookie",
        69 => "encryption negotiation",
        172 => "accurate ECN, order 0",
        174 => "accurate ECN, order 1",
        253 | 254 => "experiment",
        _ => return digits(kind.into()),
    };
    named(kind, Some(name)).into()
}
