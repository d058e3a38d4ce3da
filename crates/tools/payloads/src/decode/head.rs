//! What the heads of HTTP/1.1 messages say about the bytes that follow (RFC 9112).
//!
//! An observer is not a server: it refuses no head. What cannot be read in a line is passed over, and
//! the content is found by the fields that can.

use super::{
    first_line::{RequestLine, StatusLine},
    sink::{Content, KEY_LEN},
};

/// How the end of a message's content is found (RFC 9112 section 6.3).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Length {
    /// There is no content.
    None,
    /// `Content-Length` says how many bytes there are.
    Known(u64),
    /// It comes in chunks.
    Chunked,
    /// It goes on until the connection is closed.
    UntilClose,
}

/// A request method, as far as it matters for the answer's length.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Method {
    /// HEAD: its answer has no content.
    Head,
    /// CONNECT: an answer that agrees makes the connection a tunnel.
    Connect,
    /// GET without a version: its answer has no head, unless the server is newer than HTTP/0.9.
    Simple,
    /// Any other.
    Other,
}

/// What a request's head says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request {
    /// Its method.
    pub(super) method: Method,
    /// Its `Sec-WebSocket-Key`, if it has one of the right length.
    pub(super) key: Option<[u8; KEY_LEN]>,
    /// Whether its `Sec-WebSocket-Version` is 13, as RFC 6455 section 4.1 asks for, if it has one.
    pub(super) version_13: Option<bool>,
    /// How long its content is.
    pub(super) length: Length,
    /// What its content is.
    pub(super) content: Content,
}

/// What a response's head says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Response {
    /// Its status code, if that can be read.
    pub(super) status: Option<u16>,
    /// Whether it says `Upgrade: websocket`.
    pub(super) websocket: bool,
    /// How long its content would be, were it the answer to a GET.
    pub(super) length: Length,
    /// What its content is.
    pub(super) content: Content,
}

/// Where a head ends: after its first empty line.
///
/// A line ends with CRLF, and LF alone is taken too, as is CR before CRLF (RFC 9112 section 2.2).
/// What is searched begins with the head's first line, which is not empty.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct HeadEnd {
    /// Where the line at hand begins.
    line: usize,
    /// How much is known to be free of an end.
    searched: usize,
}

impl HeadEnd {
    /// The end in `head`, all that has come of it.
    pub(super) fn find(&mut self, head: &[u8]) -> Option<usize> {
        for newline in memchr::memchr_iter(b'\n', &head[self.searched..]) {
            let newline = self.searched + newline;
            if self.line > 0 && head[self.line..newline].iter().all(|byte| *byte == b'\r') {
                return Some(newline + 1);
            }
            self.line = newline + 1;
        }
        self.searched = head.len();
        None
    }
}

/// The first line of a head, and the lines after it.
pub(super) fn split_first_line(head: &[u8]) -> (&[u8], &[u8]) {
    head.split_at(memchr::memchr(b'\n', head).map_or(head.len(), |newline| newline + 1))
}

/// The fields of a head that matter to a reader, each with its name and its value: those whose names
/// begin with a letter that one of these begins with. A line that is no field is passed over.
pub(crate) struct Fields<'h> {
    lines: &'h [u8],
}

impl<'h> Fields<'h> {
    /// Those of a whole head.
    pub(crate) fn of(head: &'h [u8]) -> Self {
        Self { lines: split_first_line(head).1 }
    }
}

impl<'h> Iterator for Fields<'h> {
    type Item = (&'h [u8], &'h [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let first = *self.lines.first()?;
            let (mut line, mut rest) = split_first_line(self.lines);
            if !matches!(first.to_ascii_uppercase(), b'C' | b'H' | b'S' | b'T' | b'U') {
                self.lines = rest;
                continue;
            }
            // A line that begins with a space goes on from the one before (RFC 9112 section 5.2).
            while let Some(b' ' | b'\t') = rest.first() {
                let (folded, after) = split_first_line(rest);
                line = &self.lines[..line.len() + folded.len()];
                rest = after;
            }
            self.lines = rest;
            if let Some(colon) = memchr::memchr(b':', line) {
                return Some((line[..colon].trim_ascii(), line[colon + 1..].trim_ascii()));
            }
        }
    }
}

/// Reads the head of a request.
pub(super) fn request(head: &[u8]) -> Request {
    let (line, lines) = split_first_line(head);
    let (method, is_simple) = RequestLine::method(line);
    let mut key = None;
    let mut version_13 = None;
    let mut framing = Framing::default();
    for (name, value) in (Fields { lines }) {
        framing.field(name, value);
        if name.len() == 17 && name.eq_ignore_ascii_case(b"Sec-WebSocket-Key") {
            key = value.try_into().ok();
        } else if name.len() == 21 && name.eq_ignore_ascii_case(b"Sec-WebSocket-Version") {
            version_13 = Some(value == b"13");
        }
    }
    Request {
        method: match method {
            b"HEAD" => Method::Head,
            b"CONNECT" => Method::Connect,
            _ if is_simple => Method::Simple,
            _ => Method::Other,
        },
        key,
        version_13,
        // A request without a length has no content.
        length: match framing.length() {
            Length::UntilClose => Length::None,
            length => length,
        },
        content: framing.content(),
    }
}

/// Reads the head of a response.
pub(super) fn response(head: &[u8]) -> Response {
    let (line, lines) = split_first_line(head);
    let mut websocket = false;
    let mut framing = Framing::default();
    for (name, value) in (Fields { lines }) {
        framing.field(name, value);
        if name.len() == 7 && name.eq_ignore_ascii_case(b"Upgrade") {
            websocket |= value.eq_ignore_ascii_case(b"websocket");
        }
    }
    Response {
        status: StatusLine::code_of(line),
        websocket,
        length: framing.length(),
        content: framing.content(),
    }
}

/// What the fields of a head say about the content, read one after the other.
#[derive(Default)]
struct Framing {
    /// The value of `Content-Length`; `None` in it if it is no number, or several.
    length: Option<Option<u64>>,
    /// Whether the last transfer coding is `chunked`, if there is one.
    chunked: Option<bool>,
    content: Option<Content>,
    coded: bool,
}

impl Framing {
    fn field(&mut self, name: &[u8], value: &[u8]) {
        // Comparing the lengths first keeps this short for the many fields that do not matter.
        match name.len() {
            12 if name.eq_ignore_ascii_case(b"Content-Type") => {
                let media_type = value.split(|byte| *byte == b';').next();
                let media_type = media_type.unwrap_or_default().trim_ascii();
                if media_type.eq_ignore_ascii_case(b"text/event-stream") {
                    self.content = Some(Content::Events);
                } else if media_type.eq_ignore_ascii_case(b"application/json") {
                    self.content = Some(Content::Json);
                }
            }
            14 if name.eq_ignore_ascii_case(b"Content-Length") => {
                let length = content_length(value);
                let is_same = self.length.is_none_or(|before| before == length);
                self.length = Some(length.filter(|_| is_same));
            }
            16 if name.eq_ignore_ascii_case(b"Content-Encoding") => {
                self.coded = !value.eq_ignore_ascii_case(b"identity");
            }
            17 if name.eq_ignore_ascii_case(b"Transfer-Encoding") => {
                let last = value.rsplit(|byte| *byte == b',').next().unwrap_or_default();
                self.chunked = Some(last.trim_ascii().eq_ignore_ascii_case(b"chunked"));
            }
            _ => {}
        }
    }

    /// A transfer coding overrides the length, also where it does not end with chunks.
    fn length(&self) -> Length {
        match (self.chunked, self.length) {
            (Some(true), _) => Length::Chunked,
            (None, Some(Some(length))) => Length::Known(length),
            _ => Length::UntilClose,
        }
    }

    /// Compressed content is neither JSON nor events to the eye.
    fn content(&self) -> Content {
        self.content.filter(|_| !self.coded).unwrap_or(Content::Other)
    }
}

/// The number in a `Content-Length`, which may be repeated: `5, 5` is 5.
pub(crate) fn content_length(value: &[u8]) -> Option<u64> {
    let mut lengths = value.split(|byte| *byte == b',').map(|length| {
        let add = |sum: u64, byte: &u8| {
            let digit = char::from(*byte).to_digit(10)?;
            sum.checked_mul(10)?.checked_add(digit.into())
        };
        let length = length.trim_ascii();
        if length.is_empty() { None } else { length.iter().try_fold(0, add) }
    });
    let first = lengths.next()??;
    lengths.all(|length| length == Some(first)).then_some(first)
}
