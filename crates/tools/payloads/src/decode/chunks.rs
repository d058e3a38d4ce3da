//! Content that comes in chunks (RFC 9112 section 7.1).

use super::{
    body::Body,
    out::Out,
    sink::{Content, Kind, Part, Sink, UnitKind},
};
use crate::tcp::usize_of;

/// Some chunked content.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chunks {
    body: Body,
    at: At,
}

/// Where it is.
#[derive(Clone, Copy, Debug)]
enum At {
    /// In the line that says how long a chunk is.
    Size(Size),
    Data {
        left: u64,
    },
    /// After a chunk's data, or after the CR of the line end that follows it.
    End {
        after_cr: bool,
    },
    /// Where a line begins after the last chunk, or after the CR that it begins with.
    TrailerStart {
        after_cr: bool,
    },
    /// In a field line after the last chunk.
    Trailer,
}

impl At {
    const SIZE: Self = Self::Size(Size::NEW);
}

/// The line that says how long a chunk is, as far as it was read: a hexadecimal number of any number of
/// digits, and what follows it.
///
/// As many servers do, this takes spaces and `0x` before the number, and anything after it.
#[derive(Clone, Copy, Debug)]
struct Size {
    /// The number so far.
    value: Option<u64>,
    /// Whether that is a single zero, which may turn out to begin `0x`.
    is_zero: bool,
    in_extension: bool,
}

impl Size {
    const NEW: Self = Self { value: None, is_zero: false, in_extension: false };

    /// Takes the next byte of the line; returns `None` if no such line has it, or if the number is
    /// too large for any file.
    fn take(&mut self, byte: u8) -> Option<()> {
        if self.in_extension {
            return Some(());
        }
        let digit = char::from(byte).to_digit(16);
        let is_zero = self.value.is_none() && byte == b'0';
        match (digit, self.value) {
            (Some(digit), value) => {
                self.value = Some(value.unwrap_or(0).checked_mul(16)? + u64::from(digit));
            }
            (None, None) => return matches!(byte, b' ' | b'\t').then_some(()),
            (None, Some(_)) if self.is_zero && matches!(byte, b'x' | b'X') => {}
            (None, Some(_)) => self.in_extension = true,
        }
        self.is_zero = is_zero;
        Some(())
    }
}

/// How long the chunk is that follows `line`.
pub(crate) fn chunk_size(line: &[u8]) -> Option<u64> {
    let mut size = Size::NEW;
    line.iter().try_for_each(|byte| size.take(*byte))?;
    size.value
}

/// How chunked content goes on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Step {
    More,
    /// The message is complete.
    Done,
    /// What comes now cannot be what should come.
    Lost,
}

impl Chunks {
    /// The beginning of the first chunk.
    pub(super) fn new(content: Content) -> Self {
        Self { body: Body::new(content), at: At::SIZE }
    }

    /// Takes what `data` begins with, and returns what follows it.
    pub(super) fn feed<'d, S: Sink>(
        &mut self,
        out: &mut Out<'_, S>,
        data: &'d [u8],
    ) -> (&'d [u8], Step) {
        match self.at {
            At::Size(_) => self.size(out, data),
            At::Data { left } => (self.data(left, out, data), Step::More),
            At::End { after_cr } => self.end(after_cr, out, data),
            At::TrailerStart { after_cr } => self.trailer_start(after_cr, out, data),
            At::Trailer => (self.trailer(out, data), Step::More),
        }
    }

    /// Passes over `len` missing bytes, if they can be told to be data.
    pub(super) fn pass(&mut self, len: u64) -> bool {
        self.body.pass();
        if let At::Data { left } = &mut self.at
            && let Some(rest) = left.checked_sub(len)
        {
            *left = rest;
            return true;
        }
        false
    }

    /// What was passed over may have been the last of a chunk's data.
    pub(super) fn end_passed(&mut self) {
        if matches!(self.at, At::Data { left: 0 }) {
            self.at = At::End { after_cr: false };
        }
    }

    fn begin<S: Sink>(&self, out: &mut Out<'_, S>) {
        self.body.begin(out, UnitKind::EventChunk, UnitKind::Chunk);
    }

    fn size<'d, S: Sink>(&mut self, out: &mut Out<'_, S>, data: &'d [u8]) -> (&'d [u8], Step) {
        let At::Size(mut size) = self.at else {
            return (data, Step::More);
        };
        for (index, byte) in data.iter().enumerate() {
            match (*byte, size.value) {
                (b'\n', Some(value)) => {
                    self.begin(out);
                    let (line, rest) = data.split_at(index + 1);
                    out.counted(Part::ChunkSize, Kind::Framing, line);
                    self.at = match value {
                        0 => At::TrailerStart { after_cr: false },
                        left => At::Data { left },
                    };
                    return (rest, Step::More);
                }
                (byte, _) if size.take(byte).is_some() => {}
                // No chunk begins so.
                _ => return (data, Step::Lost),
            }
        }
        self.begin(out);
        out.counted(Part::ChunkSize, Kind::Framing, data);
        self.at = At::Size(size);
        (&[], Step::More)
    }

    fn data<'d, S: Sink>(&mut self, left: u64, out: &mut Out<'_, S>, data: &'d [u8]) -> &'d [u8] {
        let (piece, rest) = data.split_at(data.len().min(usize_of(left)));
        self.begin(out);
        self.body.feed(out, piece);
        let left = left - piece.len() as u64;
        self.at = if left == 0 { At::End { after_cr: false } } else { At::Data { left } };
        rest
    }

    fn end<'d, S: Sink>(
        &mut self,
        after_cr: bool,
        out: &mut Out<'_, S>,
        data: &'d [u8],
    ) -> (&'d [u8], Step) {
        let Some((line_end, rest)) = split_line_end(data, after_cr) else {
            return (data, Step::Lost);
        };
        self.begin(out);
        out.counted(Part::ChunkEnd, Kind::Framing, line_end);
        self.at = if line_end.ends_with(b"\n") {
            out.end();
            At::SIZE
        } else {
            At::End { after_cr: true }
        };
        (rest, Step::More)
    }

    fn trailer_start<'d, S: Sink>(
        &mut self,
        after_cr: bool,
        out: &mut Out<'_, S>,
        data: &'d [u8],
    ) -> (&'d [u8], Step) {
        let Some((line_end, rest)) = split_line_end(data, after_cr) else {
            if after_cr || data.starts_with(b"\r") {
                return (data, Step::Lost);
            }
            self.at = At::Trailer;
            return (data, Step::More);
        };
        self.begin(out);
        out.counted(Part::ChunksEnd, Kind::Framing, line_end);
        if line_end.ends_with(b"\n") {
            self.body.end(out);
            return (rest, Step::Done);
        }
        self.at = At::TrailerStart { after_cr: true };
        (rest, Step::More)
    }

    fn trailer<'d, S: Sink>(&mut self, out: &mut Out<'_, S>, data: &'d [u8]) -> &'d [u8] {
        let newline = memchr::memchr(b'\n', data);
        let (line, rest) = data.split_at(newline.map_or(data.len(), |newline| newline + 1));
        self.begin(out);
        out.counted(Part::Trailer, Kind::Framing, line);
        if newline.is_some() {
            self.at = At::TrailerStart { after_cr: false };
        }
        rest
    }
}

/// The line end that `data` begins with, or the part of it that has come, and what follows it.
/// `after_cr` says that its CR came before.
fn split_line_end(data: &[u8], after_cr: bool) -> Option<(&[u8], &[u8])> {
    match data {
        [b'\n', ..] => Some(data.split_at(1)),
        [b'\r', b'\n', ..] if !after_cr => Some(data.split_at(2)),
        b"\r" if !after_cr => Some((data, &[])),
        _ => None,
    }
}

/// Whether `bytes`, a whole segment, is one chunk or more and nothing else.
pub(super) fn looks_like_chunks(mut bytes: &[u8]) -> bool {
    if bytes.is_empty() {
        return false;
    }
    while !bytes.is_empty() {
        let Some(newline) = memchr::memchr(b'\n', &bytes[..bytes.len().min(20)]) else {
            return false;
        };
        let size = std::str::from_utf8(&bytes[..newline])
            .ok()
            .and_then(|line| line.strip_suffix('\r'))
            .and_then(|digits| usize::from_str_radix(digits, 16).ok());
        let after = size.and_then(|size| bytes.get(newline + 1..)?.get(size..));
        match after.and_then(|after| after.strip_prefix(b"\r\n")) {
            Some(after) => bytes = after,
            None => return false,
        }
    }
    true
}
