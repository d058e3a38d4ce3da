//! HTTP/1.1 messages, one after the other: a head, then the content it announces (RFC 9112).

use super::{
    body::Body,
    chunks::{Chunks, Step},
    fields::Announced,
    first_line::{self, Likeness, RequestLine},
    head::{self, HeadEnd, Length, split_first_line},
    out::{Next, Out},
    requests::{After, Requests},
    sink::{Content, Kind, Note, Part, Sink, UnitKind},
};
use crate::tcp::{Side, usize_of};

/// The longest head that is read as one, in bytes.
const HEAD_LIMIT: usize = 64 * 1024;

/// The messages that one side sends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Http {
    at: At,
}

/// Where it is in a message.
#[derive(Clone, Copy, Debug)]
enum At {
    /// In a head, all of which is kept until it ends.
    Head {
        end: HeadEnd,
    },
    /// In content of which so much is left, or all until the connection is closed.
    Body {
        left: Option<u64>,
        body: Body,
    },
    Chunks(Chunks),
}

impl Http {
    /// Before a head.
    pub(super) fn new() -> Self {
        Self { at: At::Head { end: HeadEnd::default() } }
    }

    /// Before a chunk of a message whose head is missing.
    pub(super) fn in_chunks(content: Content) -> Self {
        Self { at: At::Chunks(Chunks::new(content)) }
    }

    /// In content without a head, as HTTP/0.9 answers (RFC 1945 section 6).
    pub(super) fn in_content() -> Self {
        Self { at: At::Body { left: None, body: Body::new(Content::Other) } }
    }

    /// Whether it is before a head or in one.
    pub(super) fn is_in_head(&self) -> bool {
        matches!(self.at, At::Head { .. })
    }

    /// Whether a head should come now, and `data` cannot be the beginning of one.
    pub(super) fn cannot_begin<S: Sink>(&self, out: &Out<'_, S>, data: &[u8]) -> bool {
        self.is_in_head() && out.kept().is_empty() && begins_no_head(out.origin.side, data)
    }

    /// Takes what `data` begins with, and returns what follows it.
    pub(super) fn feed<'d, S: Sink>(
        &mut self,
        requests: &mut Requests,
        out: &mut Out<'_, S>,
        data: &'d [u8],
    ) -> (&'d [u8], Next) {
        match &mut self.at {
            At::Head { end } => {
                let end = *end;
                self.head(end, requests, out, data)
            }
            At::Body { .. } => (self.body(out, data), Next::Same),
            At::Chunks(chunks) => {
                let (rest, step) = chunks.feed(out, data);
                match step {
                    Step::More => (rest, Next::Same),
                    Step::Done => {
                        *self = Self::new();
                        (rest, Next::Same)
                    }
                    Step::Lost => (rest, Next::Lost),
                }
            }
        }
    }

    /// Passes over `len` missing bytes, if they can be told to be content.
    pub(super) fn pass(&mut self, len: u64) -> bool {
        match &mut self.at {
            At::Head { .. } => false,
            At::Body { left, body } => {
                body.pass();
                match left {
                    None => true,
                    Some(left) => match left.checked_sub(len) {
                        Some(rest) => {
                            *left = rest;
                            true
                        }
                        None => false,
                    },
                }
            }
            At::Chunks(chunks) => chunks.pass(len),
        }
    }

    /// What was passed over may have been the last of a message.
    pub(super) fn end_passed<S: Sink>(&mut self, out: &mut Out<'_, S>) {
        match &mut self.at {
            At::Body { left: Some(0), body } => {
                body.end(out);
                *self = Self::new();
            }
            At::Chunks(chunks) => chunks.end_passed(),
            _ => {}
        }
    }

    /// The other side answers what has come of a request's head, so that it is named before that.
    pub(super) fn name_kept<S: Sink>(&mut self, requests: &mut Requests, out: &mut Out<'_, S>) {
        if !self.is_in_head() || !out.keeps_unnamed() {
            return;
        }
        let (since, named) = (out.kept_since(), out.named());
        let kept = out.take_kept();
        let is_complete = out.at(since, |out| name_head(requests, out, &kept, named));
        // Nobody answers half a line: there is no more of it.
        if is_complete || memchr::memchr(b'\n', &kept).is_none() {
            *self = Self::new();
        } else {
            out.keep_named(kept);
        }
    }

    /// Nothing will complete what is kept of a head: names it, and returns whether its rest is
    /// missing.
    pub(super) fn give_up<S: Sink>(
        &mut self,
        requests: &mut Requests,
        out: &mut Out<'_, S>,
    ) -> bool {
        let named = out.named();
        let mut is_complete = named == 0;
        out.give_up(|out, kept| is_complete = name_head(requests, out, kept, named));
        if is_complete && self.is_in_head() {
            *self = Self::new();
        }
        !is_complete
    }

    fn head<'d, S: Sink>(
        &mut self,
        mut end: HeadEnd,
        requests: &mut Requests,
        out: &mut Out<'_, S>,
        data: &'d [u8],
    ) -> (&'d [u8], Next) {
        let side = out.origin.side;
        if out.kept().is_empty() {
            let empty = empty_lines(data);
            if empty > 0 {
                let (lines, rest) = data.split_at(empty);
                name_empty_lines(out, lines);
                return (rest, Next::Same);
            }
            if let Some(end) = end.find(data) {
                out.count(Kind::HttpHead, end);
                let (head, rest) = data.split_at(end);
                return (rest, self.complete_head(requests, out, head, 0));
            }
        } else if let (b"\r", Some(rest)) = (out.kept(), data.strip_prefix(b"\n")) {
            let since = out.kept_since();
            out.take_back(Kind::HttpHead);
            out.at(since, |out| name_empty_lines(out, b"\r\n"));
            return (rest, Next::Same);
        }
        let before = out.kept().len();
        out.keep(Kind::HttpHead, data);
        if memchr::memchr(b'\n', &out.kept()[..before]).is_none()
            && begins_no_head(side, out.kept())
        {
            // What might have become a first line did not.
            return (&[], Next::Lost);
        }
        if let Some(end) = end.find(out.kept()) {
            let (since, named) = (out.kept_since(), out.named());
            let mut head = out.take_kept();
            head.truncate(end);
            let rest = &data[end - before..];
            // What follows is counted when it is read.
            out.uncount(Kind::HttpHead, rest.len());
            return (rest, out.at(since, |out| self.complete_head(requests, out, &head, named)));
        }
        self.at = At::Head { end };
        if out.kept().len() > HEAD_LIMIT {
            self.give_up(requests, out);
            return (&[], Next::Lost);
        }
        (&[], Next::Same)
    }

    /// A head is complete, so much of which was named before: finds out what follows it.
    fn complete_head<S: Sink>(
        &mut self,
        requests: &mut Requests,
        out: &mut Out<'_, S>,
        head: &[u8],
        named: usize,
    ) -> Next {
        let after = match out.origin.side {
            Side::Client => {
                let request = head::request(head);
                if named == 0 {
                    requests.asked(&request);
                }
                After::of_request(&request)
            }
            Side::Server => requests.answered(&head::response(head), head),
        };
        begin_head(out, named);
        head_pieces(out, head, named);
        if after.next == Next::WebSocket {
            out.sink.agreed(&out.origin, after.key, head);
        }
        out.end();
        if after.is_other_websocket {
            out.sink.note(&out.origin, Note::OtherWebSocket);
        }
        if S::PIECES && !matches!(after.length, Length::None | Length::Known(0)) {
            let announced = Announced {
                until_close: after.length == Length::UntilClose,
                whole: matches!(after.length, Length::Known(_)),
                ..Announced::by(head)
            };
            out.sink.content(&out.origin, &announced);
        }
        let body = |left| At::Body { left, body: Body::new(after.content) };
        *self = match after.length {
            Length::None | Length::Known(0) => Self::new(),
            Length::Known(len) => Self { at: body(Some(len)) },
            Length::Chunked => Self { at: At::Chunks(Chunks::new(after.content)) },
            Length::UntilClose => Self { at: body(None) },
        };
        after.next
    }

    fn body<'d, S: Sink>(&mut self, out: &mut Out<'_, S>, data: &'d [u8]) -> &'d [u8] {
        let At::Body { left, body } = &mut self.at else {
            return data;
        };
        let len = left.map_or(data.len(), |left| data.len().min(usize_of(left)));
        let (piece, rest) = data.split_at(len);
        body.begin(out, UnitKind::Event, UnitKind::Body);
        body.feed(out, piece);
        if body.at_line_start() {
            out.end();
        }
        match left {
            Some(left) => {
                *left -= len as u64;
                if *left == 0 {
                    body.end(out);
                    *self = Self::new();
                }
            }
            // Nothing but the connection's end would say that it is complete, so that what has come
            // is a unit.
            None if !body.is_events() => out.end(),
            None => {}
        }
        rest
    }
}

/// Whether `data`, which `side` sends where a head should begin, cannot be the beginning of one, nor
/// of an empty line.
fn begins_no_head(side: Side, data: &[u8]) -> bool {
    let is_empty_line = matches!(data, [b'\n', ..] | [b'\r', b'\n', ..] | b"\r");
    !is_empty_line && first_line::of_side(side, data) == Likeness::No
}

/// The length of the empty lines that `bytes` begins with.
fn empty_lines(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    while let [b'\n', after @ ..] | [b'\r', b'\n', after @ ..] = rest {
        rest = after;
    }
    bytes.len() - rest.len()
}

fn name_empty_lines<S: Sink>(out: &mut Out<'_, S>, lines: &[u8]) {
    out.begin(UnitKind::EmptyLine);
    out.counted(Part::EmptyLine, Kind::Framing, lines);
    out.end();
}

/// Begins a unit of a head, or of the rest of one of which so much was named before.
fn begin_head<S: Sink>(out: &mut Out<'_, S>, named: usize) {
    let unit = match out.origin.side {
        Side::Client => UnitKind::Request,
        Side::Server => UnitKind::Response,
    };
    if named > 0 {
        out.resume(unit);
    } else {
        out.begin(unit);
    }
}

/// Names a head that is not complete, so much of which was named before. Returns whether it is one of
/// HTTP/0.9 and complete, being a line.
fn name_head<S: Sink>(
    requests: &mut Requests,
    out: &mut Out<'_, S>,
    head: &[u8],
    named: usize,
) -> bool {
    let is_request = out.origin.side == Side::Client;
    if named == 0 && is_request {
        requests.asked(&head::request(head));
    }
    begin_head(out, named);
    head_pieces(out, head, named);
    let (line, _) = split_first_line(head);
    let is_complete = is_request && line.ends_with(b"\n") && RequestLine::read(line).is_simple();
    out.end_unit(is_complete);
    is_complete
}

/// The lines of a head, without what was named before.
fn head_pieces<S: Sink>(out: &mut Out<'_, S>, head: &[u8], mut named: usize) {
    if !S::PIECES {
        return;
    }
    let mut rest = head;
    let mut part = Part::StartLine;
    while !rest.is_empty() {
        let (line, after) = split_first_line(rest);
        if after.is_empty() && part == Part::Field && is_empty(line) {
            part = Part::HeadEnd;
        }
        let before = named.min(line.len());
        named -= before;
        out.piece(part, &line[before..]);
        part = Part::Field;
        rest = after;
    }
}

/// Whether a whole line is empty, as one that ends a head.
fn is_empty(line: &[u8]) -> bool {
    line.strip_suffix(b"\n").is_some_and(|line| line.iter().all(|byte| *byte == b'\r'))
}
