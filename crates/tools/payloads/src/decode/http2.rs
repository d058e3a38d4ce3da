//! HTTP/2: the preface and the headers of frames (RFC 9113 sections 3.4 and 4.1). What the frames carry is
//! not read.

use super::{
    first_line::Likeness,
    out::{Next, Out},
    sink::{Kind, Part, Sink, UnitKind},
};

/// What a client begins with (RFC 9113 section 3.4).
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The length of a frame's header.
pub const HEADER_LEN: usize = 9;

/// The type of the frame that each side begins with, after the client's preface.
const SETTINGS: u8 = 4;

/// The frames that one side sends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frames {
    at: At,
}

/// Where it is.
#[derive(Clone, Copy, Debug)]
enum At {
    /// In the preface, of which so many bytes came before.
    Preface { done: usize },
    /// In a header, which is kept until it is complete.
    Header,
    /// In what a frame carries, of which so many bytes are still to come.
    Data { left: u32 },
}

impl Frames {
    /// Before the preface.
    pub(super) fn of_client() -> Self {
        Self { at: At::Preface { done: 0 } }
    }

    /// Before a frame.
    pub(super) fn of_server() -> Self {
        Self { at: At::Header }
    }

    /// Takes what `data` begins with, and returns what follows it.
    pub(super) fn feed<'d, S: Sink>(
        &mut self,
        out: &mut Out<'_, S>,
        data: &'d [u8],
    ) -> (&'d [u8], Next) {
        let rest = match self.at {
            At::Preface { done } => self.preface(done, out, data),
            At::Header => self.header(out, data),
            At::Data { left } => {
                let (piece, rest) = data.split_at(data.len().min(left as usize));
                if !out.in_unit() {
                    out.resume(UnitKind::Http2);
                }
                out.counted(Part::RecordData, Kind::Content, piece);
                self.go_on(left - len_u32(piece), out);
                rest
            }
        };
        (rest, Next::Same)
    }

    /// Passes over `len` missing bytes, if they can be told to be of one frame.
    pub(super) fn pass(&mut self, len: u64) -> bool {
        if let At::Data { left } = &mut self.at
            && let Some(rest) = u32::try_from(len).ok().and_then(|len| left.checked_sub(len))
        {
            *left = rest;
            return true;
        }
        false
    }

    /// What was passed over may have been the last of a frame.
    pub(super) fn end_passed<S: Sink>(&mut self, out: &mut Out<'_, S>) {
        if let At::Data { left } = self.at {
            self.go_on(left, out);
        }
    }

    /// Begins a unit of what is kept of a header.
    pub(super) fn begin_kept<S: Sink>(out: &mut Out<'_, S>, kept: &[u8]) {
        out.begin(UnitKind::Http2);
        out.piece(Part::RecordHeader, kept);
    }

    /// The preface, which is known to come as far as it was captured.
    fn preface<'d, S: Sink>(
        &mut self,
        done: usize,
        out: &mut Out<'_, S>,
        data: &'d [u8],
    ) -> &'d [u8] {
        let (piece, rest) = data.split_at(data.len().min(PREFACE.len() - done));
        if !out.in_unit() {
            out.begin(UnitKind::Http2);
        }
        out.counted(Part::Preface, Kind::Framing, piece);
        let done = done + piece.len();
        self.at = At::Preface { done };
        if done == PREFACE.len() {
            self.go_on(0, out);
        }
        rest
    }

    fn header<'d, S: Sink>(&mut self, out: &mut Out<'_, S>, data: &'d [u8]) -> &'d [u8] {
        let (header, rest) = data.split_at(data.len().min(HEADER_LEN - out.kept().len()));
        out.keep(Kind::Framing, header);
        if let &[first, second, third, ..] = out.kept()
            && out.kept().len() == HEADER_LEN
        {
            let since = out.kept_since();
            let header = out.take_kept();
            out.at(since, |out| Self::begin_kept(out, &header));
            self.go_on(u32::from_be_bytes([0, first, second, third]), out);
        }
        rest
    }

    fn go_on<S: Sink>(&mut self, left: u32, out: &mut Out<'_, S>) {
        self.at = match left {
            0 => At::Header,
            left => At::Data { left },
        };
        if left == 0 {
            out.end();
        }
    }
}

/// The length of a piece of a frame, which a frame's length can say.
fn len_u32(piece: &[u8]) -> u32 {
    u32::try_from(piece.len()).unwrap_or(u32::MAX)
}

/// Whether `bytes` begins with the preface.
pub(super) fn begins(bytes: &[u8]) -> Likeness {
    if bytes.starts_with(PREFACE) {
        Likeness::Yes
    } else if PREFACE.starts_with(bytes) {
        Likeness::Perhaps
    } else {
        Likeness::No
    }
}

/// Whether `bytes` begins with a frame of settings, as what a server sends does.
pub(super) fn begins_with_settings(bytes: &[u8]) -> Likeness {
    match bytes.get(3) {
        Some(kind) if *kind == SETTINGS => Likeness::Yes,
        Some(_) => Likeness::No,
        None => Likeness::Perhaps,
    }
}

/// The name of a frame's type (RFC 9113 section 6).
pub fn frame_name(kind: u8) -> &'static str {
    match kind {
        0 => "DATA",
        1 => "HEADERS",
        2 => "PRIORITY",
        3 => "RST_STREAM",
        4 => "SETTINGS",
        5 => "PUSH_PROMISE",
        6 => "PING",
        7 => "GOAWAY",
        8 => "WINDOW_UPDATE",
        9 => "CONTINUATION",
        _ => "unknown",
    }
}
