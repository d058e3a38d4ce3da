//! DEFLATE (RFC 1951), alone and in the formats around it: zlib (RFC 1950) and gzip (RFC 1952).

use std::mem;

use crc32fast::Hasher;
use miniz_oxide::inflate::{
    TINFLStatus,
    core::{
        DecompressorOxide, decompress_with_limit,
        inflate_flags::{
            TINFL_FLAG_HAS_MORE_INPUT, TINFL_FLAG_PARSE_ZLIB_HEADER,
            TINFL_FLAG_STOP_ON_BLOCK_BOUNDARY, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
        },
    },
};

use super::{
    fault::{Coding, Fault},
    limits::{BLOCK_COST, Room},
};

/// The window of DEFLATE, in bits: a distance is at most 32 KiB (RFC 1951 section 2).
pub(super) const WINDOW_BITS: u8 = 15;

/// Where decoding paused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Pause {
    /// More input is needed.
    Input,
    /// More input is needed, and a block ended that is not the last one.
    Block,
    /// The last block ended.
    End,
}

/// A stream of DEFLATE with its window.
pub(super) struct Inflate {
    state: DecompressorOxide,
    /// The last bytes that were given, for later reference.
    window: Vec<u8>,
    window_bits: u8,
    /// Where in the window the next byte goes.
    position: usize,
    /// Whether the window was full before, so that what is after `position` was given too.
    wrapped: bool,
    flags: u32,
}

impl Inflate {
    /// A stream with a window of 2 to the power of `window_bits` bytes.
    pub(super) fn raw(window_bits: u8) -> Self {
        Self {
            state: DecompressorOxide::new(),
            window: Vec::new(),
            window_bits,
            position: 0,
            wrapped: false,
            flags: TINFL_FLAG_HAS_MORE_INPUT | TINFL_FLAG_STOP_ON_BLOCK_BOUNDARY,
        }
    }

    fn zlib() -> Self {
        let mut inflate = Self::raw(WINDOW_BITS);
        inflate.flags |= TINFL_FLAG_PARSE_ZLIB_HEADER;
        inflate
    }

    /// Begins a new stream that may refer to bytes of the last one.
    pub(super) fn begin_again(&mut self) {
        self.state.init();
    }

    /// Takes from the front of `input` what is used of it.
    pub(super) fn push(
        &mut self,
        coding: Coding,
        input: &mut &[u8],
        room: &mut Room<'_>,
    ) -> Result<Pause, Fault> {
        if self.window.is_empty() {
            self.window = vec![0; 1 << self.window_bits];
        }
        loop {
            if self.position == self.window.len() {
                self.position = 0;
                self.wrapped = true;
            }
            // Until the window is full, a reference to before its beginning is one to before the
            // stream's.
            let flags = match self.wrapped {
                true => self.flags,
                false => self.flags | TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
            };
            let (status, read, written) = decompress_with_limit(
                &mut self.state,
                input,
                &mut self.window,
                self.position,
                room.left,
                flags,
            );
            *input = &input[read..];
            let end = self.position + written;
            room.take(&self.window[self.position..end])?;
            self.position = end;
            match status {
                TINFLStatus::NeedsMoreInput => return Ok(Pause::Input),
                TINFLStatus::BlockBoundary => {
                    room.charge(BLOCK_COST);
                    if input.is_empty() {
                        return Ok(Pause::Block);
                    }
                    if room.left == 0 {
                        return Err(Fault::Cut);
                    }
                }
                TINFLStatus::Done => {
                    room.charge(BLOCK_COST);
                    return Ok(Pause::End);
                }
                TINFLStatus::HasMoreOutput if room.left == 0 => return Err(Fault::Cut),
                TINFLStatus::HasMoreOutput => {}
                TINFLStatus::Adler32Mismatch => return Err(Fault::Checksum(coding)),
                _ => return Err(Fault::Damaged(coding)),
            }
        }
    }

    /// The memory that its window takes, in bytes.
    pub(super) fn window_size(&self) -> usize {
        self.window.capacity()
    }
}

/// The content coding "deflate": zlib, or DEFLATE alone.
#[derive(Default)]
pub(super) struct Deflate {
    /// The first byte, until the second one tells which it is.
    first: Option<u8>,
    inflate: Option<Inflate>,
    raw: bool,
    complete: bool,
}

impl Deflate {
    pub(super) fn push(&mut self, mut bytes: &[u8], room: &mut Room<'_>) -> Result<(), Fault> {
        if self.inflate.is_none() && !self.complete {
            let [next, rest @ ..] = bytes else {
                return Ok(());
            };
            let Some(first) = self.first else {
                self.first = Some(*next);
                return self.push(rest, room);
            };
            self.raw = !begins_zlib(first, *next);
            if !self.raw && next & ZLIB_DICTIONARY != 0 {
                return Err(Fault::Dictionary(Coding::Deflate));
            }
            self.inflate = Some(if self.raw { Inflate::raw(WINDOW_BITS) } else { Inflate::zlib() });
            // Neither ends with its first byte.
            self.inflate(&mut &[first][..], room)?;
        }
        self.inflate(&mut bytes, room)?;
        if bytes.is_empty() { Ok(()) } else { Err(Fault::Trailing(Coding::Deflate)) }
    }

    fn inflate(&mut self, bytes: &mut &[u8], room: &mut Room<'_>) -> Result<(), Fault> {
        if let Some(inflate) = &mut self.inflate
            && inflate.push(Coding::Deflate, bytes, room)? == Pause::End
        {
            self.inflate = None;
            self.complete = true;
        }
        Ok(())
    }

    pub(super) fn is_raw(&self) -> bool {
        self.raw
    }

    pub(super) fn is_complete(&self) -> bool {
        self.complete
    }

    /// The memory that it takes, in bytes.
    pub(super) fn size(&self) -> usize {
        size_of::<Self>() + self.inflate.as_ref().map_or(0, Inflate::window_size)
    }
}

/// The bit in the second byte of zlib that says that a dictionary is needed.
const ZLIB_DICTIONARY: u8 = 1 << 5;

/// Whether these are the first two bytes of zlib (RFC 1950 section 2.2). As the first two of DEFLATE
/// alone they would begin a stored block with a length that few choose.
fn begins_zlib(first: u8, second: u8) -> bool {
    let number = u16::from_be_bytes([first, second]);
    first & 0x0f == 8 && first >> 4 <= 7 && number.is_multiple_of(31)
}

/// Where in a gzip member the next byte is (RFC 1952 section 2.3).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Place {
    #[default]
    Fixed,
    ExtraLength,
    Extra,
    Name,
    Comment,
    HeaderChecksum,
    Data,
    Trailer,
}

/// The optional fields of a member's header, by the bits of FLG (RFC 1952 section 2.3.1).
const FHCRC: u8 = 1 << 1;
const FEXTRA: u8 = 1 << 2;
const FNAME: u8 = 1 << 3;
const FCOMMENT: u8 = 1 << 4;
const FLG_RESERVED: u8 = 7 << 5;

/// The content coding "gzip": members, one after the other.
pub(super) struct Gzip {
    place: Place,
    /// The bytes of a part of fixed length that is not complete.
    kept: Vec<u8>,
    flags: u8,
    /// How many bytes the extra field has left.
    extra: u16,
    /// The checksum of the header.
    header: Hasher,
    /// The checksum and the length of what the member unpacked to.
    content: Hasher,
    len: u32,
    inflate: Inflate,
    /// Whether a member came to its end.
    complete: bool,
}

impl Default for Gzip {
    fn default() -> Self {
        Self {
            place: Place::default(),
            kept: Vec::new(),
            flags: 0,
            extra: 0,
            header: Hasher::new(),
            content: Hasher::new(),
            len: 0,
            inflate: Inflate::raw(WINDOW_BITS),
            complete: false,
        }
    }
}

impl Gzip {
    pub(super) fn push(&mut self, mut bytes: &[u8], room: &mut Room<'_>) -> Result<(), Fault> {
        while !bytes.is_empty() {
            match (self.place, self.complete) {
                (Place::Data, _) => self.data(&mut bytes, room)?,
                // What follows a member and is not another one is no part of gzip.
                (Place::Fixed, true) => {
                    self.around(&mut bytes).map_err(|_| Fault::Trailing(Coding::Gzip))?;
                }
                _ => self.around(&mut bytes)?,
            }
        }
        Ok(())
    }

    fn data(&mut self, bytes: &mut &[u8], room: &mut Room<'_>) -> Result<(), Fault> {
        let before = room.out.len();
        let pause = self.inflate.push(Coding::Gzip, bytes, room);
        let unpacked = &room.out[before..];
        self.content.update(unpacked);
        // ISIZE is the length modulo 2 to the power of 32.
        self.len = self.len.wrapping_add(unpacked.len() as u32);
        if pause? == Pause::End {
            self.place = Place::Trailer;
        }
        Ok(())
    }

    /// Reads some of the header or the trailer.
    fn around(&mut self, bytes: &mut &[u8]) -> Result<(), Fault> {
        const DAMAGED: Fault = Fault::Damaged(Coding::Gzip);
        match self.place {
            Place::Fixed => {
                let Some(fixed) = self.fixed::<10>(bytes) else {
                    let begin = [0x1f, 0x8b, 8];
                    let len = self.kept.len().min(begin.len());
                    return if self.kept[..len] == begin[..len] { Ok(()) } else { Err(DAMAGED) };
                };
                if fixed[..3] != [0x1f, 0x8b, 8] || fixed[3] & FLG_RESERVED != 0 {
                    return Err(DAMAGED);
                }
                self.flags = fixed[3];
                self.header = Hasher::new();
                self.header.update(&fixed);
                self.complete = false;
                self.next(Place::ExtraLength);
            }
            Place::ExtraLength => {
                if let Some(len) = self.fixed::<2>(bytes) {
                    self.header.update(&len);
                    self.extra = u16::from_le_bytes(len);
                    self.place = Place::Extra;
                    if self.extra == 0 {
                        self.next(Place::Name);
                    }
                }
            }
            Place::Extra => {
                let (extra, rest) = bytes.split_at(bytes.len().min(self.extra.into()));
                self.header.update(extra);
                self.extra -= extra.len() as u16;
                *bytes = rest;
                if self.extra == 0 {
                    self.next(Place::Name);
                }
            }
            Place::Name | Place::Comment => {
                let end = memchr::memchr(0, bytes);
                let (text, rest) = bytes.split_at(end.map_or(bytes.len(), |end| end + 1));
                self.header.update(text);
                *bytes = rest;
                if end.is_some() {
                    let is_name = self.place == Place::Name;
                    self.next(if is_name { Place::Comment } else { Place::HeaderChecksum });
                }
            }
            Place::HeaderChecksum => {
                if let Some(checksum) = self.fixed::<2>(bytes) {
                    let header = mem::take(&mut self.header).finalize();
                    if u16::from_le_bytes(checksum) != header as u16 {
                        return Err(Fault::Checksum(Coding::Gzip));
                    }
                    self.next(Place::Data);
                }
            }
            Place::Data => {}
            Place::Trailer => {
                if let Some(trailer) = self.fixed::<8>(bytes) {
                    let content = mem::take(&mut self.content).finalize();
                    let len = mem::take(&mut self.len);
                    self.complete = true;
                    self.place = Place::Fixed;
                    self.inflate = Inflate::raw(WINDOW_BITS);
                    if trailer[..4] != content.to_le_bytes() {
                        return Err(Fault::Checksum(Coding::Gzip));
                    }
                    if trailer[4..] != len.to_le_bytes() {
                        return Err(Fault::Length(Coding::Gzip));
                    }
                }
            }
        }
        Ok(())
    }

    /// Goes to `place`, or to the first one after it that the member has.
    fn next(&mut self, place: Place) {
        let has = |flag| self.flags & flag != 0;
        self.place = match place {
            Place::ExtraLength if has(FEXTRA) => place,
            Place::ExtraLength | Place::Name if has(FNAME) => Place::Name,
            Place::ExtraLength | Place::Name | Place::Comment if has(FCOMMENT) => Place::Comment,
            Place::Data => Place::Data,
            _ if has(FHCRC) => Place::HeaderChecksum,
            _ => Place::Data,
        };
    }

    /// The next `N` bytes, once all of them are there.
    fn fixed<const N: usize>(&mut self, bytes: &mut &[u8]) -> Option<[u8; N]> {
        let (new, rest) = bytes.split_at(bytes.len().min(N - self.kept.len()));
        self.kept.extend_from_slice(new);
        *bytes = rest;
        let fixed = self.kept.as_slice().try_into().ok()?;
        self.kept.clear();
        Some(fixed)
    }

    /// Whether the last member that began is complete.
    pub(super) fn is_complete(&self) -> bool {
        self.complete && self.kept.is_empty()
    }

    /// The memory that it takes, in bytes.
    pub(super) fn size(&self) -> usize {
        size_of::<Self>() + self.inflate.window_size()
    }
}
