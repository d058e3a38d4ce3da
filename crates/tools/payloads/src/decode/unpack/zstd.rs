//! Zstandard (RFC 8878).

use std::{
    hash::Hasher,
    io::{self, Write},
    mem,
    ops::Range,
};

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use twox_hash::XxHash64;

use super::{
    fault::{Coding, Fault, WINDOW_LIMIT},
    limits::{BLOCK_COST, Room},
};

/// The first bytes of a frame, as a number (RFC 8878 section 3.1.1).
const MAGIC: u32 = 0xfd2f_b528;

/// The first bytes of a frame that is skipped, as a number, but for its last 4 bits (section 3.1.2).
const SKIPPABLE_MAGIC: u32 = 0x184d_2a50;

/// The longest block, in bytes, packed or not (section 3.1.1.2.4).
const BLOCK_LIMIT: usize = 128 * 1024;

/// What the decoder is told of each frame: its magic number, no checksum, no dictionary, no size, and
/// the smallest window that allows blocks of any length. What its own header says is seen to here.
const HEADER: [u8; 6] = [0x28, 0xb5, 0x2f, 0xfd, 0, 7 << 3];

/// Where in a frame the next byte is.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Place {
    #[default]
    Magic,
    /// In a header of so many bytes, the magic number and the descriptor included.
    Header(usize),
    SkippedLength,
    Skipped(u32),
    BlockHeader,
    /// In a block of so many bytes, its header included.
    Block(usize),
    Checksum,
}

/// The content coding "zstd": frames, one after the other.
///
/// The decoder gives bytes only once they have left the window, or the frame is complete. A reader
/// who waits for what was sent cannot wait for that. So each block is put in as if it were its
/// frame's last one, which does not keep the decoder from going on with the next, and what the
/// decoder holds is read without being taken out of it.
pub(super) struct Zstd {
    place: Place,
    /// The bytes of a header or a block that is not complete.
    kept: Vec<u8>,
    decoder: FrameDecoder,
    /// How many bytes the decoder holds, all of them given already.
    held: usize,
    window: usize,
    content_size: Option<u64>,
    has_checksum: bool,
    /// What the frame unpacked to so far.
    len: u64,
    hash: XxHash64,
    complete: bool,
}

const DAMAGED: Fault = Fault::Damaged(Coding::Zstd);

impl Default for Zstd {
    fn default() -> Self {
        Self {
            place: Place::default(),
            kept: Vec::new(),
            decoder: FrameDecoder::new(),
            held: 0,
            window: 0,
            content_size: None,
            has_checksum: false,
            len: 0,
            hash: XxHash64::with_seed(0),
            complete: false,
        }
    }
}

impl Zstd {
    pub(super) fn push(&mut self, mut bytes: &[u8], room: &mut Room<'_>) -> Result<(), Fault> {
        while !bytes.is_empty() {
            self.step(&mut bytes, room)?;
        }
        Ok(())
    }

    fn step(&mut self, bytes: &mut &[u8], room: &mut Room<'_>) -> Result<(), Fault> {
        match self.place {
            Place::Magic => {
                if !self.keep(4, bytes) {
                    return Ok(());
                }
                let magic = self.number(0..4);
                let after_frame = mem::take(&mut self.complete);
                if magic as u32 & !0xf == SKIPPABLE_MAGIC {
                    self.kept.clear();
                    self.place = Place::SkippedLength;
                } else if magic == u64::from(MAGIC) {
                    self.place = Place::Header(5);
                } else if after_frame {
                    return Err(Fault::Trailing(Coding::Zstd));
                } else {
                    return Err(DAMAGED);
                }
            }
            Place::Header(len) => {
                if self.keep(len, bytes) {
                    let whole = header_len(self.kept[4]);
                    if len < whole {
                        self.place = Place::Header(whole);
                    } else {
                        self.begin_frame()?;
                    }
                }
            }
            Place::SkippedLength => {
                if self.keep(4, bytes) {
                    self.place = Place::Skipped(self.number(0..4) as u32);
                    self.kept.clear();
                    self.end_skipped();
                }
            }
            Place::Skipped(left) => {
                let len = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                *bytes = &bytes[len..];
                self.place = Place::Skipped(left - len as u32);
                self.end_skipped();
            }
            Place::BlockHeader => {
                if self.keep(3, bytes) {
                    let header = self.number(0..3);
                    let size = (header >> 3) as usize;
                    if size > BLOCK_LIMIT {
                        return Err(DAMAGED);
                    }
                    // A block of type 1 is one byte, and says how many times.
                    self.place = Place::Block(3 + if header >> 1 & 3 == 1 { 1 } else { size });
                    if self.place == Place::Block(3) {
                        self.block(room)?;
                    }
                }
            }
            Place::Block(len) => {
                if self.keep(len, bytes) {
                    self.block(room)?;
                }
            }
            Place::Checksum => {
                if self.keep(4, bytes) {
                    let checksum = self.number(0..4);
                    self.kept.clear();
                    self.end_frame();
                    if checksum != self.hash.finish() & 0xffff_ffff {
                        return Err(Fault::Checksum(Coding::Zstd));
                    }
                }
            }
        }
        Ok(())
    }

    /// Keeps bytes until there are `len`. Whether there are.
    fn keep(&mut self, len: usize, bytes: &mut &[u8]) -> bool {
        let (new, rest) = bytes.split_at(bytes.len().min(len - self.kept.len()));
        self.kept.extend_from_slice(new);
        *bytes = rest;
        self.kept.len() == len
    }

    /// The number at `range` of what is kept, the lowest byte first.
    fn number(&self, range: Range<usize>) -> u64 {
        self.kept[range].iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    /// Reads the frame's header (section 3.1.1.1), all of which is kept.
    fn begin_frame(&mut self) -> Result<(), Fault> {
        let descriptor = self.kept[4];
        let fields = header_fields(descriptor);
        let dictionary = self.number(fields.dictionary.clone());
        self.content_size = match fields.content_size.len() {
            0 => None,
            2 => Some(self.number(fields.content_size) + 256),
            _ => Some(self.number(fields.content_size)),
        };
        let window = match (descriptor & SINGLE_SEGMENT, self.content_size) {
            (0, _) => {
                let base = 1_u64 << (10 + (self.kept[5] >> 3));
                base + base / 8 * u64::from(self.kept[5] & 7)
            }
            (_, size) => size.unwrap_or(0),
        };
        self.has_checksum = descriptor & HAS_CHECKSUM != 0;
        self.kept.clear();
        if descriptor & RESERVED != 0 {
            return Err(DAMAGED);
        }
        if dictionary != 0 {
            return Err(Fault::Dictionary(Coding::Zstd));
        }
        self.window = match usize::try_from(window) {
            // A block never refers to before its own frame, so a short frame needs no window as
            // large as a block.
            Ok(window) if window <= WINDOW_LIMIT => window.max(BLOCK_LIMIT),
            _ => return Err(Fault::Window(Coding::Zstd)),
        };
        self.len = 0;
        self.hash = XxHash64::with_seed(0);
        self.held = 0;
        self.decoder.reset(&HEADER[..]).map_err(|_| DAMAGED)?;
        self.place = Place::BlockHeader;
        Ok(())
    }

    /// Unpacks the block that is kept.
    fn block(&mut self, room: &mut Room<'_>) -> Result<(), Fault> {
        let is_last = self.kept[0] & 1 != 0;
        if self.kept[0] >> 1 & 3 == 2 {
            let cost = cost_of_block(&self.kept[3..]).ok_or(DAMAGED)?;
            if cost > room.left {
                return Err(Fault::Cut);
            }
            room.charge(cost);
        }
        let decoded = decode_block(&mut self.decoder, &mut self.kept);
        self.kept.clear();
        let before = room.out.len();
        let mut rest = Rest { skip: self.held, room, result: Ok(()) };
        // It fails only where writing to `rest` does.
        let _ = self.decoder.collect_to_writer(&mut rest);
        let given = rest.result;
        let new = &room.out[before..];
        self.held += new.len();
        self.len += new.len() as u64;
        if self.has_checksum {
            self.hash.write(new);
        }
        given?;
        decoded?;
        self.place = Place::BlockHeader;
        if is_last {
            if self.content_size.is_some_and(|size| size != self.len) {
                return Err(Fault::Length(Coding::Zstd));
            }
            if self.has_checksum {
                self.place = Place::Checksum;
            } else {
                self.end_frame();
            }
        } else if self.held >= self.window + (self.window / 4).max(BLOCK_LIMIT) {
            self.shorten()?;
        }
        Ok(())
    }

    /// Takes all that the decoder holds out of it and puts the last bytes, to which blocks to come may
    /// refer, in again: as raw blocks, which leave the rest of its state as it is.
    fn shorten(&mut self) -> Result<(), Fault> {
        let held = self.decoder.collect().unwrap_or_default();
        let window = &held[held.len().saturating_sub(self.window)..];
        for piece in window.chunks(BLOCK_LIMIT) {
            let mut block = Vec::with_capacity(3 + piece.len());
            block.extend_from_slice(&(piece.len() as u32 * 8).to_le_bytes()[..3]);
            block.extend_from_slice(piece);
            decode_block(&mut self.decoder, &mut block)?;
        }
        self.held = window.len();
        Ok(())
    }

    fn end_frame(&mut self) {
        self.place = Place::Magic;
        self.complete = true;
    }

    fn end_skipped(&mut self) {
        if self.place == Place::Skipped(0) {
            self.end_frame();
        }
    }

    /// Whether the last frame that began is complete.
    pub(super) fn is_complete(&self) -> bool {
        self.complete && self.kept.is_empty()
    }

    /// The memory that it takes, in bytes. What the decoder allocates is not known to the byte: its
    /// buffer doubles, and its tables are some 32 KiB.
    pub(super) fn size(&self) -> usize {
        let tables = if self.held == 0 { 0 } else { 32 * 1024 };
        size_of::<Self>() + self.kept.capacity() + self.held.next_power_of_two() + tables
    }
}

/// Bits of a frame's descriptor (section 3.1.1.1.1).
const SINGLE_SEGMENT: u8 = 1 << 5;
const RESERVED: u8 = 1 << 3;
const HAS_CHECKSUM: u8 = 1 << 2;

/// Where a frame's header has its fields.
struct HeaderFields {
    dictionary: Range<usize>,
    content_size: Range<usize>,
}

fn header_fields(descriptor: u8) -> HeaderFields {
    let is_single = descriptor & SINGLE_SEGMENT != 0;
    let dictionary = 5 + usize::from(!is_single);
    let content_size = dictionary + [0, 1, 2, 4][usize::from(descriptor & 3)];
    let len = [usize::from(is_single), 2, 4, 8][usize::from(descriptor >> 6)];
    HeaderFields {
        dictionary: dictionary..content_size,
        content_size: content_size..content_size + len,
    }
}

/// How long the header with this descriptor is, from the frame's first byte on.
fn header_len(descriptor: u8) -> usize {
    header_fields(descriptor).content_size.end
}

/// Puts a block into the decoder as the frame's last.
fn decode_block(decoder: &mut FrameDecoder, block: &mut [u8]) -> Result<(), Fault> {
    block[0] |= 1;
    let mut source = &block[..];
    let decoded = decoder.decode_blocks(&mut source, BlockDecodingStrategy::UptoBlocks(1));
    if decoded.is_ok() && source.is_empty() { Ok(()) } else { Err(DAMAGED) }
}

/// What a compressed block (section 3.1.1.3) counts for beside what it gives, or nothing if it is none.
///
/// A block of 20 bytes can have 98,047 sequences, which cost milliseconds to read, before any of them
/// turns out to give too much.
fn cost_of_block(block: &[u8]) -> Option<usize> {
    let number = |len: usize| {
        let bytes = block.get(..len)?;
        Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte)))
    };
    // The header of the literals: two bits of type, two of format, and their size unpacked and, where
    // they are packed, packed (section 3.1.1.3.1.1).
    let first = *block.first()?;
    let format = first >> 2 & 3;
    let (header, unpacked, packed) = if first & 2 == 0 {
        let (header, shift) = [(1, 3), (2, 4), (1, 3), (3, 4)][usize::from(format)];
        let unpacked = number(header)? >> shift;
        (header, unpacked, if first & 1 == 0 { unpacked } else { 1 })
    } else {
        let (header, bits) = [(3, 10), (3, 10), (4, 14), (5, 18)][usize::from(format)];
        let sizes = number(header)? >> 4;
        (header, sizes & ((1 << bits) - 1), sizes >> bits)
    };
    if unpacked > BLOCK_LIMIT {
        return None;
    }
    // The number of sequences (section 3.1.1.3.2.1).
    let sequences = match block.get(header + packed..)? {
        [few @ 0..=127, ..] => usize::from(*few),
        [255, low, high, ..] => 0x7f00 + usize::from(u16::from_le_bytes([*low, *high])),
        [high, low, ..] => ((usize::from(*high) - 128) << 8) + usize::from(*low),
        _ => return None,
    };
    Some(BLOCK_COST + SEQUENCE_COST * sequences)
}

/// What a sequence counts for beside what it gives, in bytes.
const SEQUENCE_COST: usize = 16;

/// Takes what follows the first `skip` bytes, and leaves it where it is.
struct Rest<'a, 'r> {
    skip: usize,
    room: &'a mut Room<'r>,
    result: Result<(), Fault>,
}

impl Write for Rest<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(rest) = bytes.get(self.skip..) {
            self.result = self.room.take(rest);
        }
        Ok(0)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many sequences a block that begins so is charged for: its literals' header, then so many
    /// bytes of literals, then the number of sequences.
    fn sequences(header: &[u8], literals: usize, number: &[u8]) -> Option<usize> {
        let block = [header, &vec![0; literals], number].concat();
        let cost = cost_of_block(&block)?;
        assert_eq!((cost - BLOCK_COST) % SEQUENCE_COST, 0);
        Some((cost - BLOCK_COST) / SEQUENCE_COST)
    }

    /// RFC 8878 sections 3.1.1.3.1.1 and 3.1.1.3.2.1.
    #[test]
    fn a_block_is_charged_for_its_sequences() {
        // Literals as they are, with each length of their header.
        assert_eq!(sequences(&[3 << 3], 3, &[5]), Some(5));
        assert_eq!(sequences(&[31 << 3 | 2 << 2], 31, &[127]), Some(127));
        let header = |size: u32, format: u32| (size << 4 | format << 2).to_le_bytes();
        assert_eq!(sequences(&header(300, 1)[..2], 300, &[0x81, 2]), Some(0x102));
        assert_eq!(sequences(&header(70_000, 3)[..3], 70_000, &[0x80, 0xff]), Some(0xff));
        // One literal, repeated.
        assert_eq!(sequences(&[20 << 3 | 1], 1, &[7]), Some(7));
        assert_eq!(sequences(&[header(70_000, 3)[0] | 1, 0x17, 0x11], 1, &[9]), Some(9));
        // Packed ones, with a code of their own and with the last one's.
        let packed = |unpacked: u64, packed: u64, format: u64, bits: u64, kind: u64| {
            ((packed << bits | unpacked) << 4 | format << 2 | kind).to_le_bytes()
        };
        for kind in [2, 3] {
            for (format, bits, len, unpacked) in
                [(0, 10, 3, 1_000), (1, 10, 3, 1_000), (2, 14, 4, 16_000), (3, 18, 5, 131_072)]
            {
                let header = packed(unpacked, 700, format, bits, kind);
                let number = [0xff, 0xff, 0xff];
                assert_eq!(sequences(&header[..len], 700, &number), Some(0x7f00 + 0xffff));
            }
        }
        // More literals than a block may have, and blocks that end too early.
        let header = packed(131_073, 700, 3, 18, 2);
        assert_eq!(sequences(&header[..5], 700, &[1]), None);
        assert_eq!(sequences(&[3 << 3], 3, &[]), None);
        assert_eq!(sequences(&[3 << 3], 3, &[0x80]), None);
        assert_eq!(sequences(&header[..4], 0, &[]), None);
        assert_eq!(sequences(&[], 0, &[]), None);
    }
}
