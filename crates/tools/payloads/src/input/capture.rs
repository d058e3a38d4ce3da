//! Capture files: pcap and pcapng, read a packet at a time from any [`Read`].
//!
//! The blocks are taken apart by pcap-parser. The buffer is this module's own, because pcap-parser's
//! readers want the whole first block to arrive with the first read, which a pipe does not promise,
//! and keep all of a block in memory, even one that is only skipped.

use std::{
    fmt,
    io::{self, ErrorKind, Read},
};

use pcap_parser::{
    Block, parse_block_be, parse_block_le, parse_pcap_frame, parse_pcap_frame_be,
    parse_pcap_frame_modified, parse_pcap_header,
};

use super::link::LinkType;

/// How many bytes are asked for at a time, and so what the buffer holds at first.
const BUFFER_SIZE: usize = 256 * 1024;

/// The longest block taken into memory, in bytes. tcpdump captures at most 256 KiB of a packet.
const BLOCK_LIMIT: usize = 1024 * 1024;

/// The most interfaces that a section of a pcapng file may describe.
const INTERFACE_LIMIT: usize = 4096;

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
/// The obsolete Packet Block, which old programs still write. pcap-parser does not read it.
const PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const ENHANCED_PACKET: u32 = 6;

/// A packet as the capture has it.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// When it was captured, in nanoseconds since 1970-01-01 00:00 UTC.
    pub time: i64,
    /// Its length on the wire in bytes, which is more than `data` holds where the capture cut it.
    pub frame_len: u32,
    /// The number of the interface that it was captured on, where the file has several: pcapng
    /// tells them apart, pcap does not.
    pub interface: Option<u32>,
    /// What kind of header `data` begins with.
    pub link: LinkType,
    /// The captured bytes.
    pub data: &'a [u8],
}

/// Why a capture cannot be read, or not to its end.
#[derive(Debug)]
pub enum ReadError {
    /// The input cannot be read.
    Io(io::Error),
    /// The input ended before the capture's header did.
    Empty,
    /// The input is neither pcap nor pcapng.
    NotACapture,
    /// The input is compressed with gzip.
    Compressed,
    /// The packets have a link-layer header that is not supported; its number is that of the
    /// [list of link types](https://www.tcpdump.org/linktypes.html).
    UnsupportedLinkType(u32),
    /// The capture is broken at this many bytes from its start.
    Damaged(u64),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "cannot be read: {error}"),
            Self::Empty => f.write_str(
                "is not a packet capture: it ends before its header does; \
                 make one with tcpdump -i lo -w FILE port 8000",
            ),
            Self::NotACapture => f.write_str(
                "is not a packet capture: it begins neither as pcap nor as pcapng; \
                 make one with tcpdump -i lo -w FILE port 8000",
            ),
            Self::Compressed => f.write_str("is compressed: unpack it with gunzip first"),
            Self::UnsupportedLinkType(number) => write!(
                f,
                "has packets of link type {number}, which is not supported: capture on an \
                 Ethernet or loopback interface, or with tcpdump -i any",
            ),
            Self::Damaged(offset) => write!(f, "is damaged at byte {offset}: the rest is left out"),
        }
    }
}

impl std::error::Error for ReadError {}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Reads the packets of a capture, one after the other, in memory that does not grow with it.
///
/// A read takes what the input has at the moment and never waits for more than the packet at hand
/// needs, so that packets from a pipe come out as they are written into it.
pub struct Reader<R> {
    input: R,
    buffer: Vec<u8>,
    /// The unread bytes are `buffer[start..end]`.
    start: usize,
    end: usize,
    /// How many bytes of the capture came before `buffer[start]`.
    offset: u64,
    /// How many bytes of a block of no interest are still to be passed over.
    skip: u64,
    /// How many bytes from `start` the next packet needs, or the next part of its header.
    needed: usize,
    at_end: bool,
    cut_at: Option<u64>,
    unsupported: u64,
    format: Format,
}

enum Format {
    Unknown,
    Pcap { layout: PcapLayout, nanoseconds: bool, link: LinkType },
    Pcapng { big_endian: bool, interfaces: Vec<Interface> },
}

#[derive(Clone, Copy)]
enum PcapLayout {
    LittleEndian,
    BigEndian,
    /// Kuznetzov's variant, with a longer header before each packet.
    Modified,
}

struct Interface {
    link: Option<LinkType>,
    number: u32,
    /// The longest packet it captures, 0 for no limit.
    snap_len: u32,
    /// The `if_tsresol` option: units of 10^-n or, with the high bit set, of 2^-n seconds.
    resolution: u8,
    /// Added to each time, in seconds.
    offset: i64,
}

/// Where in the buffer a packet is.
struct Located {
    time: i64,
    frame_len: u32,
    interface: Option<u32>,
    link: LinkType,
    data: std::ops::Range<usize>,
}

enum Step {
    Packet(Located),
    /// A block without a packet was passed over.
    Passed,
    /// This many bytes from `start` must be in the buffer before anything more can be done.
    Need(usize),
}

impl<R: Read> Reader<R> {
    /// A reader of the capture that `input` gives. Nothing is read yet.
    pub fn new(input: R) -> Self {
        Self {
            input,
            buffer: vec![0; BUFFER_SIZE],
            start: 0,
            end: 0,
            offset: 0,
            skip: 0,
            needed: 4,
            at_end: false,
            cut_at: None,
            unsupported: 0,
            format: Format::Unknown,
        }
    }

    /// The next packet, or `None` at the end.
    ///
    /// # Errors
    ///
    /// If the input cannot be read, is no capture, has packets of a link type that is not
    /// supported, or is damaged.
    pub fn next_packet(&mut self) -> Result<Option<Packet<'_>>, ReadError> {
        loop {
            if let Some(found) = self.buffered()? {
                return Ok(Some(self.packet(found)));
            }
            if !self.fill(self.needed)? {
                return Ok(None);
            }
        }
    }

    /// The next packet, if it has arrived already; `None` where [`fill_buffer`](Self::fill_buffer)
    /// would have to read more first.
    ///
    /// # Errors
    ///
    /// As [`next_packet`](Self::next_packet).
    pub fn next_buffered(&mut self) -> Result<Option<Packet<'_>>, ReadError> {
        Ok(self.buffered()?.map(|found| self.packet(found)))
    }

    /// Where the next packet is, if it has arrived already.
    fn buffered(&mut self) -> Result<Option<Located>, ReadError> {
        loop {
            match self.step()? {
                Step::Packet(found) => return Ok(Some(found)),
                Step::Passed => {}
                Step::Need(len) => {
                    self.needed = len;
                    return Ok(None);
                }
            }
        }
    }

    fn packet(&self, found: Located) -> Packet<'_> {
        Packet {
            time: found.time,
            frame_len: found.frame_len,
            interface: found.interface,
            link: found.link,
            data: &self.buffer[found.data],
        }
    }

    /// Reads what the input has, waiting until it has something; `false` at its end.
    ///
    /// # Errors
    ///
    /// If the input cannot be read, or ends before the capture's header.
    pub fn fill_buffer(&mut self) -> Result<bool, ReadError> {
        self.fill(self.needed)
    }

    /// The byte at which the capture ends in the middle of a packet, if it does.
    pub fn cut_at(&self) -> Option<u64> {
        self.cut_at
    }

    /// How many packets were left out because their interface has a link type that is not
    /// supported.
    pub fn unsupported(&self) -> u64 {
        self.unsupported
    }

    /// Reads once, so that up to `len` bytes from `start` can be there; `false` at the end.
    fn fill(&mut self, len: usize) -> Result<bool, ReadError> {
        if self.at_end {
            return Ok(false);
        }
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if self.start + len.max(BUFFER_SIZE / 4) > self.buffer.len() {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        if len > self.buffer.len() {
            self.buffer.resize(len.min(BLOCK_LIMIT + BUFFER_SIZE), 0);
        }
        loop {
            match self.input.read(&mut self.buffer[self.end..]) {
                Ok(0) => break,
                Ok(count) => {
                    self.end += count;
                    return Ok(true);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.at_end = true;
        if matches!(self.format, Format::Unknown) {
            return Err(ReadError::Empty);
        }
        if self.end > self.start || self.skip > 0 {
            self.cut_at = Some(self.offset + (self.end - self.start) as u64);
        }
        Ok(false)
    }

    fn consume(&mut self, len: usize) {
        self.start += len;
        self.offset += len as u64;
    }

    /// Takes one block from the buffer.
    fn step(&mut self) -> Result<Step, ReadError> {
        if self.skip > 0 {
            let here =
                (self.end - self.start).min(usize::try_from(self.skip).unwrap_or(usize::MAX));
            self.consume(here);
            self.skip -= here as u64;
            if self.skip > 0 {
                return Ok(Step::Need(1));
            }
        }
        match self.format {
            Format::Unknown => self.header(),
            Format::Pcap { layout, nanoseconds, link } => self.record(layout, nanoseconds, link),
            Format::Pcapng { .. } => self.block(),
        }
    }

    fn header(&mut self) -> Result<Step, ReadError> {
        let data = &self.buffer[self.start..self.end];
        let Some(magic) = data.first_chunk::<4>() else {
            // What is there must at least be the start of a magic number.
            return Ok(Step::Need(4));
        };
        if u32::from_be_bytes(*magic) == SECTION_HEADER {
            self.format = Format::Pcapng { big_endian: false, interfaces: Vec::new() };
            return Ok(Step::Passed);
        }
        if magic.starts_with(&[0x1f, 0x8b]) {
            return Err(ReadError::Compressed);
        }
        let header = match parse_pcap_header(data) {
            Ok((_, header)) => header,
            Err(error) if error.is_incomplete() => return Ok(Step::Need(24)),
            Err(_) => return Err(ReadError::NotACapture),
        };
        // The upper half holds the length of the frame check sequence, not the type.
        let number = header.network.0.cast_unsigned() & 0xffff;
        let link = LinkType::new(number).ok_or(ReadError::UnsupportedLinkType(number))?;
        let layout = if header.is_modified_format() {
            PcapLayout::Modified
        } else if header.is_bigendian() {
            PcapLayout::BigEndian
        } else {
            PcapLayout::LittleEndian
        };
        let nanoseconds = header.is_nanosecond_precision();
        self.format = Format::Pcap { layout, nanoseconds, link };
        self.consume(header.size());
        Ok(Step::Passed)
    }

    fn record(
        &mut self,
        layout: PcapLayout,
        nanoseconds: bool,
        link: LinkType,
    ) -> Result<Step, ReadError> {
        let data = &self.buffer[self.start..self.end];
        let (header_len, parsed) = match layout {
            PcapLayout::LittleEndian => (16, parse_pcap_frame(data)),
            PcapLayout::BigEndian => (16, parse_pcap_frame_be(data)),
            PcapLayout::Modified => (24, parse_pcap_frame_modified(data)),
        };
        let record = match parsed {
            Ok((_, record)) => record,
            Err(pcap_parser::nom::Err::Incomplete(needed)) => {
                let more = match needed {
                    pcap_parser::nom::Needed::Size(more) => more.get(),
                    pcap_parser::nom::Needed::Unknown => 1,
                };
                return self.need(data.len().saturating_add(more));
            }
            Err(_) => return Err(ReadError::Damaged(self.offset)),
        };
        let len = record.data.len();
        if len > BLOCK_LIMIT {
            return Err(ReadError::Damaged(self.offset));
        }
        let unit = if nanoseconds { 1 } else { 1_000 };
        let time = i64::from(record.ts_sec) * 1_000_000_000 + i64::from(record.ts_usec) * unit;
        let at = self.start + header_len;
        let found =
            Located { time, frame_len: record.origlen, interface: None, link, data: at..at + len };
        self.consume(header_len + len);
        Ok(Step::Packet(found))
    }

    fn need(&self, len: usize) -> Result<Step, ReadError> {
        if len > BLOCK_LIMIT { Err(ReadError::Damaged(self.offset)) } else { Ok(Step::Need(len)) }
    }

    fn block(&mut self) -> Result<Step, ReadError> {
        let Format::Pcapng { big_endian, interfaces } = &mut self.format else {
            return Err(ReadError::NotACapture);
        };
        let damaged = ReadError::Damaged(self.offset);
        let data = &self.buffer[self.start..self.end];
        let Some(head) = data.first_chunk::<12>() else {
            return Ok(Step::Need(12));
        };
        let word = |at: usize, big_endian: bool| {
            let bytes = [head[at], head[at + 1], head[at + 2], head[at + 3]];
            if big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
        };
        if word(0, true) == SECTION_HEADER {
            // Each section says anew in which order its bytes are, and which interfaces it has.
            *big_endian = match head[8..12] {
                [0x1a, 0x2b, 0x3c, 0x4d] => true,
                [0x4d, 0x3c, 0x2b, 0x1a] => false,
                _ if self.offset == 0 => return Err(ReadError::NotACapture),
                _ => return Err(damaged),
            };
            interfaces.clear();
        }
        let kind = word(0, *big_endian);
        let len = word(4, *big_endian);
        if len < 12 || len % 4 != 0 {
            return Err(damaged);
        }
        if !matches!(kind, INTERFACE_DESCRIPTION | PACKET | SIMPLE_PACKET | ENHANCED_PACKET) {
            self.skip = u64::from(len);
            return Ok(Step::Passed);
        }
        let len = len as usize;
        if len > BLOCK_LIMIT {
            return Err(damaged);
        }
        let Some(bytes) = data.get(..len) else {
            return Ok(Step::Need(len));
        };
        if kind == PACKET {
            let step =
                old_packet(bytes, self.start, *big_endian, interfaces, &mut self.unsupported)
                    .unwrap_or(Err(damaged))?;
            self.consume(len);
            return Ok(step);
        }
        let parsed = if *big_endian { parse_block_be(bytes) } else { parse_block_le(bytes) };
        let Ok((_, block)) = parsed else {
            return Err(damaged);
        };
        let step = match block {
            Block::InterfaceDescription(description) => {
                if interfaces.len() == INTERFACE_LIMIT {
                    return Err(damaged);
                }
                let number = description.linktype.0.cast_unsigned();
                interfaces.push(Interface {
                    link: LinkType::new(number),
                    number,
                    snap_len: description.snaplen,
                    resolution: description.if_tsresol,
                    // pcap-parser reads this option as little-endian always.
                    offset: if *big_endian {
                        description.if_tsoffset.swap_bytes()
                    } else {
                        description.if_tsoffset
                    },
                });
                Step::Passed
            }
            Block::EnhancedPacket(packet) => {
                let Some(interface) = interfaces.get(packet.if_id as usize) else {
                    return Err(damaged);
                };
                let at = self.start + 28;
                let ticks = u64::from(packet.ts_high) << 32 | u64::from(packet.ts_low);
                let captured = (packet.caplen as usize).min(packet.data.len());
                match interface.link {
                    Some(link) => Step::Packet(Located {
                        time: interface.time(ticks),
                        frame_len: packet.origlen,
                        interface: (interfaces.len() > 1).then_some(packet.if_id),
                        link,
                        data: at..at + captured,
                    }),
                    None => unsupported(interfaces, interface, &mut self.unsupported)?,
                }
            }
            Block::SimplePacket(packet) => {
                let Some(interface) = interfaces.first() else {
                    return Err(damaged);
                };
                let at = self.start + 12;
                let limit = match interface.snap_len {
                    0 => packet.origlen,
                    snap_len => packet.origlen.min(snap_len),
                };
                let captured = (limit as usize).min(packet.data.len());
                match interface.link {
                    // A simple packet has no time.
                    Some(link) => Step::Packet(Located {
                        time: 0,
                        frame_len: packet.origlen,
                        // It is always of the first one.
                        interface: (interfaces.len() > 1).then_some(0),
                        link,
                        data: at..at + captured,
                    }),
                    None => unsupported(interfaces, interface, &mut self.unsupported)?,
                }
            }
            _ => Step::Passed,
        };
        self.consume(len);
        Ok(step)
    }
}

/// The packet of a Packet Block that begins at `start` of the buffer; `None` if it is damaged.
fn old_packet(
    block: &[u8],
    start: usize,
    big_endian: bool,
    interfaces: &[Interface],
    unsupported_count: &mut u64,
) -> Option<Result<Step, ReadError>> {
    let word = |at: usize| {
        let bytes = *block.get(at..)?.first_chunk()?;
        Some(if big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    };
    // The interface's number takes 16 bits, and the count of dropped packets the other ones.
    let bytes = [*block.get(8)?, *block.get(9)?];
    let number = if big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) };
    let interface = interfaces.get(usize::from(number))?;
    let ticks = u64::from(word(12)?) << 32 | u64::from(word(16)?);
    let (captured, frame_len) = (word(20)? as usize, word(24)?);
    // After the packet come options and the block's length once more.
    let room = block.len().checked_sub(28 + 4)?;
    if captured > room || word(block.len() - 4)? != word(4)? {
        return None;
    }
    let data = start + 28..start + 28 + captured;
    Some(match interface.link {
        Some(link) => Ok(Step::Packet(Located {
            time: interface.time(ticks),
            frame_len,
            interface: (interfaces.len() > 1).then_some(number.into()),
            link,
            data,
        })),
        None => unsupported(interfaces, interface, unsupported_count),
    })
}

/// A packet of `interface`, whose link type is not supported: left out if another interface can be
/// read, an error if none can.
fn unsupported(
    interfaces: &[Interface],
    interface: &Interface,
    count: &mut u64,
) -> Result<Step, ReadError> {
    if interfaces.iter().all(|other| other.link.is_none()) {
        return Err(ReadError::UnsupportedLinkType(interface.number));
    }
    *count += 1;
    Ok(Step::Passed)
}

impl Interface {
    /// The time of `ticks` units of this interface, in nanoseconds since 1970.
    fn time(&self, ticks: u64) -> i64 {
        let ticks = u128::from(ticks);
        let nanoseconds = match (self.resolution & 0x80 != 0, u32::from(self.resolution & 0x7f)) {
            // The two that nearly all captures have, without a division.
            (false, 6) => ticks * 1_000,
            (false, 9) => ticks,
            (false, exponent) => {
                10u128.checked_pow(exponent).map_or(0, |unit| ticks * 1_000_000_000 / unit)
            }
            (true, exponent) => (ticks * 1_000_000_000) >> exponent,
        };
        i64::try_from(nanoseconds)
            .unwrap_or(i64::MAX)
            .saturating_add(self.offset.saturating_mul(1_000_000_000))
    }
}
