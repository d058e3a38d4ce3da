//! WebSocket frames (RFC 6455 section 5.2).

use super::{
    out::{Next, Out},
    sink::{Kind, Part, Sink, UnitKind},
};
use crate::tcp::usize_of;

/// The longest frame header: 2 bytes, 8 of length, 4 of masking key.
const HEADER_LIMIT: usize = 14;

/// The opcodes (RFC 6455 section 11.8).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Opcode(pub u8);

impl Opcode {
    /// The message goes on.
    pub const CONTINUATION: Self = Self(0);
    /// A message of text.
    pub const TEXT: Self = Self(1);
    /// A message of bytes.
    pub const BINARY: Self = Self(2);
    /// The sender is done.
    pub const CLOSE: Self = Self(8);
    /// The peer is to answer with a pong.
    pub const PING: Self = Self(9);
    /// The answer to a ping.
    pub const PONG: Self = Self(10);

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::CONTINUATION => "continuation",
            Self::TEXT => "text",
            Self::BINARY => "binary",
            Self::CLOSE => "close",
            Self::PING => "ping",
            Self::PONG => "pong",
            Self(3..=7) => "reserved for data",
            Self(_) => "reserved for control",
        }
    }

    /// Whether it is one that RFC 6455 defines.
    pub fn is_known(self) -> bool {
        matches!(self.0, 0..=2 | 8..=10)
    }

    /// Whether frames with it are the first of a message.
    pub fn begins_message(self) -> bool {
        self != Self::CONTINUATION && !self.is_control()
    }

    /// Whether frames with it control the connection, rather than carry a message.
    pub fn is_control(self) -> bool {
        self.0 & 8 != 0
    }
}

/// The header of a frame.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Header {
    /// Whether the frame is the last of its message.
    pub fin: bool,
    /// The bits RSV1 to RSV3, the first in bit 2.
    pub reserved: u8,
    /// What the frame is.
    pub opcode: Opcode,
    /// The masking key, if the payload is masked.
    pub key: Option<[u8; 4]>,
    /// How many bytes the length takes after the first two: 0, 2 or 8.
    pub extended: usize,
    /// The length of the payload in bytes.
    pub payload_len: u64,
}

impl Header {
    /// How long the header is that `bytes` begins with, or at least is, in bytes.
    pub fn len_of(bytes: &[u8]) -> usize {
        let Some(second) = bytes.get(1) else {
            return 2;
        };
        let extended = match second & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        2 + extended + if second & 0x80 == 0 { 0 } else { 4 }
    }

    /// The header that `bytes` begins with, if it is all there.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let len = Self::len_of(bytes);
        let header = bytes.get(..len)?;
        let masked = header[1] & 0x80 != 0;
        let extended = len - 2 - if masked { 4 } else { 0 };
        let payload_len = match extended {
            0 => u64::from(header[1] & 0x7f),
            _ => header[2..2 + extended].iter().fold(0, |len, byte| len << 8 | u64::from(*byte)),
        };
        Some(Self {
            fin: header[0] & 0x80 != 0,
            reserved: header[0] >> 4 & 7,
            opcode: Opcode(header[0] & 0x0f),
            key: if masked { header[len - 4..].try_into().ok() } else { None },
            extended,
            payload_len,
        })
    }

    /// Whether it is of a close frame with half a close code, which is invalid (RFC 6455 section
    /// 5.5.1).
    pub(crate) fn is_short_close(&self) -> bool {
        self.opcode == Opcode::CLOSE && self.payload_len == 1
    }

    /// Whether it keeps to what a control frame may be: whole, and with at most 125 bytes of payload
    /// (RFC 6455 section 5.5).
    fn is_allowed(&self) -> bool {
        !self.opcode.is_control() || self.fin && self.extended == 0
    }

    /// The length of the header itself in bytes.
    #[expect(clippy::len_without_is_empty, reason = "no header is empty")]
    pub fn len(&self) -> usize {
        2 + self.extended + if self.key.is_some() { 4 } else { 0 }
    }
}

/// The frames that one side sends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frames {
    at: At,
}

/// Where it is in a frame.
#[derive(Clone, Copy, Debug)]
enum At {
    /// In a header, which is kept until it is complete.
    Header,
    /// In a payload, of which so many bytes came before.
    Payload { header: Header, done: u64 },
}

impl Frames {
    /// Before a frame.
    pub(super) fn new() -> Self {
        Self { at: At::Header }
    }

    /// Takes what `data` begins with, and returns what follows it.
    pub(super) fn feed<'d, S: Sink>(
        &mut self,
        out: &mut Out<'_, S>,
        data: &'d [u8],
    ) -> (&'d [u8], Next) {
        let rest = match self.at {
            At::Header => self.header(out, data),
            At::Payload { header, done } => self.payload(header, done, out, data),
        };
        (rest, Next::Same)
    }

    /// Passes over `len` missing bytes, if they can be told to be payload.
    pub(super) fn pass(&mut self, len: u64) -> bool {
        if let At::Payload { header, done } = &mut self.at
            && let Some(after) = done.checked_add(len).filter(|done| *done <= header.payload_len)
        {
            *done = after;
            return true;
        }
        false
    }

    /// What was passed over may have been the last of a frame.
    pub(super) fn end_passed<S: Sink>(&mut self, out: &mut Out<'_, S>) {
        if let At::Payload { header, done } = self.at
            && done == header.payload_len
        {
            self.end(header, out);
        }
    }

    fn header<'d, S: Sink>(&mut self, out: &mut Out<'_, S>, data: &'d [u8]) -> &'d [u8] {
        let before = out.kept().len();
        let mut header = [0; HEADER_LIMIT];
        header[..before].copy_from_slice(out.kept());
        let len = (before + data.len()).min(HEADER_LIMIT);
        header[before..len].copy_from_slice(&data[..len - before]);
        let Some(parsed) = Header::parse(&header[..len]) else {
            out.keep(Kind::Framing, data);
            return &[];
        };
        out.sink.unasked(&out.origin);
        let (new, rest) = data.split_at(parsed.len() - before);
        out.count(Kind::Framing, new.len());
        let since = out.kept_since();
        out.clear_kept();
        out.at(since, |out| {
            out.begin(UnitKind::Frame);
            let (start, after) = header[..parsed.len()].split_at(2);
            let (length, key) = after.split_at(parsed.extended);
            out.piece(Part::FrameStart, start);
            out.piece(Part::FrameLength, length);
            out.piece(Part::MaskingKey, key);
        });
        self.at = At::Payload { header: parsed, done: 0 };
        if parsed.payload_len == 0 {
            self.end(parsed, out);
        }
        rest
    }

    fn payload<'d, S: Sink>(
        &mut self,
        header: Header,
        done: u64,
        out: &mut Out<'_, S>,
        data: &'d [u8],
    ) -> &'d [u8] {
        out.sink.unasked(&out.origin);
        let left = usize_of(header.payload_len - done);
        let (piece, rest) = data.split_at(data.len().min(left));
        if !out.in_unit() {
            out.resume(UnitKind::Frame);
        }
        if header.opcode.is_control() {
            out.counted(Part::Payload, Kind::Framing, piece);
        } else {
            out.content(Part::Payload, piece);
        }
        let done = done + piece.len() as u64;
        self.at = At::Payload { header, done };
        if done == header.payload_len {
            self.end(header, out);
        }
        rest
    }

    fn end<S: Sink>(&mut self, header: Header, out: &mut Out<'_, S>) {
        if header.fin && !header.opcode.is_control() {
            out.end_group(header.opcode != Opcode::BINARY);
        }
        out.end();
        self.at = At::Header;
    }
}

/// `payload`, from its byte `offset` on, with the masking undone (RFC 6455 section 5.3).
pub fn unmask(payload: &mut [u8], key: [u8; 4], offset: u64) {
    for (byte, index) in payload.iter_mut().zip((offset % 4)..) {
        *byte ^= key[(index % 4) as usize];
    }
}

/// Whether `bytes`, a whole segment, is one frame or more and nothing else, all of them as a
/// client or a server sends them.
pub(super) fn looks_like_frames(mut bytes: &[u8], masked: bool) -> bool {
    if bytes.is_empty() {
        return false;
    }
    while !bytes.is_empty() {
        let Some(header) = Header::parse(bytes) else {
            return false;
        };
        let payload_len = usize::try_from(header.payload_len).unwrap_or(usize::MAX);
        let rest = bytes.get(header.len()..).and_then(|rest| rest.get(payload_len..));
        match rest {
            Some(rest)
                if header.key.is_some() == masked
                    && header.opcode.is_known()
                    && header.reserved & 3 == 0
                    && header.is_allowed() =>
            {
                bytes = rest;
            }
            _ => return false,
        }
    }
    true
}

/// The name of a close code (RFC 6455 section 7.4.1 and the IANA registry it set up).
pub fn close_code_name(code: u16) -> &'static str {
    match code {
        1000 => "normal closure",
        1001 => "going away",
        1002 => "protocol error",
        1003 => "unsupported data",
        1005 => "no status received: may not be sent",
        1006 => "abnormal closure: may not be sent",
        1007 => "invalid frame payload data",
        1008 => "policy violation",
        1009 => "message too big",
        1010 => "mandatory extension",
        1011 => "internal error",
        1012 => "service restart",
        1013 => "try again later",
        1014 => "bad gateway",
        1015 => "TLS handshake failed: may not be sent",
        3000..=3999 => "registered for a library or application",
        4000..=4999 => "private use",
        _ => "not assigned",
    }
}
