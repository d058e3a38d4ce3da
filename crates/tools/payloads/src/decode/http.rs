//! HTTP/1.1 messages, one after the other: a head, then the content it announces (RFC 9112).

use std::collections::VecDeque;

use super::{
    body::Body,
    chunks::{Chunks, Step},
    fields::{self, Announced},
    head::{self, Length, Method, Request, Response},
    out::{Next, Out},
    sink::{Content, KEY_LEN, Kind, Note, Part, Sink, UnitKind},
    violations::accept_of,
};
use crate::tcp::{Side, usize_of};

/// The longest head that is read as one, in bytes.
const HEAD_LIMIT: usize = 64 * 1024;

/// The most requests that may wait for their answers.
const REQUEST_LIMIT: usize = 64;

/// The messages that one side sends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Http {
    at: At,
}

/// Where it is in a message.
#[derive(Clone, Copy, Debug)]
enum At {
    /// In a head, all of which is kept until it ends; this much of it is known to be free of an end.
    Head {
        searched: usize,
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
        Self { at: At::Head { searched: 0 } }
    }

    /// Before a chunk of a message whose head is missing.
    pub(super) fn in_chunks(content: Content) -> Self {
        Self { at: At::Chunks(Chunks::new(content)) }
    }

    /// Whether a head should come now, and `data` cannot be the beginning of one.
    pub(super) fn cannot_begin<S: Sink>(&self, out: &Out<'_, S>, data: &[u8]) -> bool {
        matches!(self.at, At::Head { .. })
            && out.kept().is_empty()
            && head::begins_no_head(out.origin.side, data)
    }

    /// Takes what `data` begins with, and returns what follows it.
    pub(super) fn feed<'d, S: Sink>(
        &mut self,
        requests: &mut Requests,
        out: &mut Out<'_, S>,
        data: &'d [u8],
    ) -> (&'d [u8], Next) {
        match &mut self.at {
            At::Head { searched } => {
                let searched = *searched;
                self.head(searched, requests, out, data)
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

    /// Begins a unit of what is kept of a head.
    pub(super) fn begin_kept<S: Sink>(out: &mut Out<'_, S>, kept: &[u8]) {
        begin_head(out);
        head_pieces(out, kept);
    }

    fn head<'d, S: Sink>(
        &mut self,
        searched: usize,
        requests: &mut Requests,
        out: &mut Out<'_, S>,
        data: &'d [u8],
    ) -> (&'d [u8], Next) {
        let side = out.origin.side;
        if out.kept().is_empty()
            && let Some(end) = head::head_end(data, 0)
        {
            out.count(Kind::HttpHead, end);
            let (head, rest) = data.split_at(end);
            return (rest, self.complete_head(requests, out, head));
        }
        let before = out.kept().len();
        out.keep(Kind::HttpHead, data);
        if let Some(end) = head::head_end(out.kept(), searched) {
            let since = out.kept_since();
            let mut head = out.take_kept();
            head.truncate(end);
            let rest = &data[end - before..];
            // What follows is counted when it is read.
            out.uncount(Kind::HttpHead, rest.len());
            return (rest, out.at(since, |out| self.complete_head(requests, out, &head)));
        }
        let kept = out.kept();
        self.at = At::Head { searched: kept.len() };
        let first_line = head::empty_lines(kept).min(before);
        if memchr::memchr(b'\n', &kept[first_line..before]).is_none()
            && head::begins_no_head(side, kept)
        {
            // What might have become a first line did not.
            let since = out.kept_since();
            let kept = out.take_back();
            out.at(since, |out| out.unknown(&kept));
            return (&[], Next::Lost);
        }
        if kept.len() > HEAD_LIMIT {
            out.give_up(Self::begin_kept);
            return (&[], Next::Lost);
        }
        (&[], Next::Same)
    }

    /// A head is complete: finds out what follows it.
    fn complete_head<S: Sink>(
        &mut self,
        requests: &mut Requests,
        out: &mut Out<'_, S>,
        head: &[u8],
    ) -> Next {
        let read = match out.origin.side {
            Side::Client => head::request(head).map(|request| requests.asked(&request)),
            Side::Server => head::response(head).map(|response| requests.answered(&response, head)),
        };
        let Some(after) = read else {
            out.begin_unknown(Kind::HttpHead, head);
            out.end();
            return Next::Lost;
        };
        begin_head(out);
        head_pieces(out, head);
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
        self.at = match after.length {
            Length::None | Length::Known(0) => At::Head { searched: 0 },
            Length::Known(len) => body(Some(len)),
            Length::Chunked => At::Chunks(Chunks::new(after.content)),
            Length::UntilClose => body(None),
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

fn begin_head<S: Sink>(out: &mut Out<'_, S>) {
    let request = out.origin.side == Side::Client;
    out.begin(if request { UnitKind::Request } else { UnitKind::Response });
}

/// The lines of a head.
fn head_pieces<S: Sink>(out: &mut Out<'_, S>, head: &[u8]) {
    if !S::PIECES {
        return;
    }
    let mut rest = head;
    let mut part = Part::StartLine;
    while let Some(newline) = memchr::memchr(b'\n', rest) {
        let (line, after) = rest.split_at(newline + 1);
        let empty = matches!(line, b"\n" | b"\r\n");
        if empty && after.is_empty() {
            part = Part::HeadEnd;
        }
        out.piece(part, line);
        // Empty lines before the first one are skipped (RFC 9112 section 2.2).
        if !empty {
            part = Part::Field;
        }
        rest = after;
    }
    out.piece(part, rest);
}

/// The requests of a connection that have no answer so far, by which answers are read.
#[derive(Debug, Default)]
pub(super) struct Requests(VecDeque<Asked>);

/// What a request asks for.
#[derive(Clone, Copy, Debug)]
struct Asked {
    method: Method,
    /// The key for a WebSocket.
    key: Option<[u8; KEY_LEN]>,
    /// Whether the WebSocket that it asks for is that of RFC 6455, if it says so.
    version_13: Option<bool>,
}

impl Asked {
    /// A request that was not seen.
    const UNSEEN: Self = Self { method: Method::Other, key: None, version_13: Some(true) };

    /// Whether a response that agrees to a WebSocket, with this head, means that of RFC 6455. If the
    /// request does not say which, an answer to its key that no other one has shows it.
    fn is_rfc_6455(&self, head: &[u8]) -> bool {
        self.version_13.unwrap_or_else(|| {
            self.key.is_some_and(|key| {
                let accept = fields::value(head, b"Sec-WebSocket-Accept");
                accept.as_deref() == Some(accept_of(key).as_bytes())
            })
        })
    }
}

/// What follows a head.
struct After {
    length: Length,
    content: Content,
    next: Next,
    /// The key that the client asked for a WebSocket with.
    key: Option<[u8; KEY_LEN]>,
    /// Whether both agreed to a WebSocket that is not that of RFC 6455.
    is_other_websocket: bool,
}

impl Requests {
    /// Answers may be missing: the next one is most likely that of the latest request.
    pub(super) fn keep_latest(&mut self) {
        self.0.drain(..self.0.len().saturating_sub(1));
    }

    fn asked(&mut self, request: &Request) -> After {
        if self.0.len() == REQUEST_LIMIT {
            self.0.pop_front();
        }
        self.0.push_back(Asked {
            method: request.method,
            key: request.key,
            version_13: request.version_13,
        });
        After {
            length: request.length,
            content: request.content,
            next: Next::Same,
            key: None,
            is_other_websocket: false,
        }
    }

    fn answered(&mut self, response: &Response, head: &[u8]) -> After {
        let switching = response.status == 101;
        let asked = if matches!(response.status, 100..=199) && !switching {
            // An interim response: the final one is still to come.
            Asked::UNSEEN
        } else {
            self.0.pop_front().unwrap_or(Asked::UNSEEN)
        };
        let is_other_websocket = switching && response.websocket && !asked.is_rfc_6455(head);
        let (length, next) = match (response.status, asked.method) {
            (101, _) if response.websocket && !is_other_websocket => {
                (Length::None, Next::WebSocket)
            }
            (101, _) | (200..=299, Method::Connect) => (Length::None, Next::Tunnel),
            (100..=199 | 204 | 304, _) | (_, Method::Head) => (Length::None, Next::Same),
            _ => (response.length, Next::Same),
        };
        After { length, content: response.content, next, key: asked.key, is_other_websocket }
    }
}
