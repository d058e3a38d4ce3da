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
    Size {
        size: u64,
        digits: u8,
        in_extension: bool,
    },
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
    const SIZE: Self = Self::Size { size: 0, digits: 0, in_extension: false };
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
            At::Size { .. } => self.size(out, data),
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
        let At::Size { mut size, mut digits, mut in_extension } = self.at else {
            return (data, Step::More);
        };
        for (index, byte) in data.iter().enumerate() {
            let digit = char::from(*byte).to_digit(16).filter(|_| !in_extension);
            match (digit, *byte) {
                (Some(digit), _) if digits < 16 => {
                    size = size << 4 | u64::from(digit);
                    digits += 1;
                }
                (None, b'\n') if digits > 0 => {
                    self.begin(out);
                    let (line, rest) = data.split_at(index + 1);
                    out.counted(Part::ChunkSize, Kind::Framing, line);
                    self.at = match size {
                        0 => At::TrailerStart { after_cr: false },
                        left => At::Data { left },
                    };
                    return (rest, Step::More);
                }
                // Space, CR, or the semicolon before an extension.
                (None, b'\r' | b' ' | b'\t' | b';') if digits > 0 => in_extension = true,
                (None, _) if in_extension => {}
                // No chunk begins so.
                _ => return (data, Step::Lost),
            }
        }
        self.begin(out);
        out.counted(Part::ChunkSize, Kind::Framing, data);
        self.at = At::Size { size, digits, in_extension };
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
