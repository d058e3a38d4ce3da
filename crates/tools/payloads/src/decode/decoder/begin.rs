//! How a side begins with a protocol, and what becomes of what it has begun with when the other side
//! speaks.

use std::mem;

use super::Decoder;
use crate::{
    decode::{
        fields::Announced,
        first_line::{self, Likeness},
        http::Http,
        http2,
        out::Out,
        sink::{Note, Sink},
        start::{self, Context, First, Found, Protocol},
        state::{Half, State},
        tls::Records,
        websocket::Frames,
    },
    tcp::{Origin, Side},
};

impl Decoder {
    /// Whether the server is before a head that answers what has come of a request.
    pub(super) fn answers_kept(&self) -> bool {
        let [client, server] = &self.halves;
        client.progress.keeps_unnamed()
            && self.requests.is_empty()
            && server.progress.kept().is_empty()
            && matches!(&server.state, State::Http(http) if http.is_in_head())
    }

    /// The side at `origin` begins with what was `found`, of which some may be kept.
    pub(super) fn begin<S: Sink>(&mut self, found: First, origin: &Origin<'_>, sink: &mut S) {
        let side = origin.side;
        let is_http = found == First::Http;
        self.protocol = match (found, self.protocol) {
            (First::Http, Protocol::Unknown | Protocol::Text) => Protocol::Http,
            (First::Tls, _) => Protocol::Tls,
            (First::Http2, _) => Protocol::Http2,
            // A server that speaks, and not HTTP, makes it text for both.
            (First::Text, Protocol::Unknown) if side == Side::Server => Protocol::Text,
            (_, protocol) => protocol,
        };
        // Text answers all that came before it.
        let is_text_answer = side == Side::Server && found == First::Text;
        let mut is_content = is_text_answer && self.requests.answered_without_head();
        if side == Side::Server && self.requests.is_empty() {
            self.settle(&Origin { side: Side::Client, ..*origin }, is_http, sink);
            is_content |= is_text_answer && self.requests.answered_without_head();
        }
        let is_open = matches!(self.protocol, Protocol::Unknown | Protocol::Text);
        let to = match found {
            First::Http => State::Http(Http::new()),
            First::Tls => State::Tls(Records::new()),
            First::Http2 if side == Side::Client => State::Http2(http2::Frames::of_client()),
            First::Http2 => State::Http2(http2::Frames::of_server()),
            First::Text | First::Perhaps if is_content => {
                if S::PIECES {
                    sink.content(origin, &Announced { until_close: true, ..Announced::default() });
                }
                State::Http(Http::in_content())
            }
            // It may be the end of a message whose beginning is missing.
            First::Text | First::Perhaps if self.midway && !is_open => {
                State::Lost { is_missing: true }
            }
            First::Text | First::Perhaps => State::Text,
        };
        self.go_on_as(to, origin, sink);
    }

    /// The side at `origin` goes on in another state, with what is kept of what it said.
    pub(super) fn go_on_as<S: Sink>(&mut self, to: State, origin: &Origin<'_>, sink: &mut S) {
        let half = &mut self.halves[origin.side.index()];
        half.has_http |= matches!(to, State::Http(_));
        let kind = mem::replace(&mut half.state, to).kind_of_kept();
        let mut out = Out::new(&mut half.progress, *origin, sink);
        let time = out.kept_since();
        let kept = out.take_back(kind);
        if !kept.is_empty() {
            self.data(&Origin { time, ..*origin }, &kept, false, sink);
        }
    }

    /// Names what the side at `origin` has begun with, if that is kept until the other side answers: a
    /// request, or text, which may depend on whether the answer `is_http`.
    pub(super) fn settle<S: Sink>(&mut self, origin: &Origin<'_>, is_http: bool, sink: &mut S) {
        loop {
            let Half { state, progress, .. } = &mut self.halves[origin.side.index()];
            if !progress.keeps_unnamed() {
                return;
            }
            let kept = progress.kept();
            let is_request = origin.side == Side::Client
                && match first_line::request(kept, true) {
                    Likeness::Yes => true,
                    Likeness::IfAnswered => is_http || self.protocol == Protocol::Http,
                    Likeness::Perhaps | Likeness::No => {
                        matches!(state, State::Http(_)) && first_line::has_known_method(kept)
                    }
                };
            match state {
                State::Start { .. } => {
                    self.protocol = match self.protocol {
                        Protocol::Unknown | Protocol::Text if is_request => Protocol::Http,
                        Protocol::Unknown if origin.side == Side::Server => Protocol::Text,
                        protocol => protocol,
                    };
                    let to = if is_request { State::Http(Http::new()) } else { State::Text };
                    self.go_on_as(to, origin, sink);
                }
                State::Http(http) if is_request => {
                    let mut out = Out::new(progress, *origin, sink);
                    http.name_kept(&mut self.requests, &mut out);
                    return;
                }
                State::Http(_) if origin.side == Side::Client => self.lose(origin, None, sink),
                _ => return,
            }
        }
    }

    /// What the side at `origin` says does not fit. Where the server has not spoken HTTP, it is text if
    /// its first byte, which is kept or `first`, may be that.
    pub(super) fn lose<S: Sink>(&mut self, origin: &Origin<'_>, first: Option<u8>, sink: &mut S) {
        let may_be_text = origin.side == Side::Client
            && !self.midway
            && !self.halves[Side::Server.index()].has_http;
        let (state, mut out) = self.side(origin, sink);
        out.end();
        let first = out.kept().first().copied().or(first);
        let to = match state {
            State::Http(http) if http.is_in_head() && may_be_text && first.is_some_and(is_text) => {
                State::Start { after_text: false }
            }
            _ => State::Lost { is_missing: false },
        };
        self.go_on_as(to, origin, sink);
    }

    /// In a stream whose beginning is missing, or that lost its way, looks whether a message begins
    /// with this segment. Returns whether a head does that was to come.
    pub(super) fn find_start<S: Sink>(
        &mut self,
        origin: &Origin<'_>,
        data: &[u8],
        sink: &mut S,
    ) -> bool {
        let side = origin.side;
        let Half { state, progress, .. } = &mut self.halves[side.index()];
        let mut context = Context {
            protocol: self.protocol,
            // What was taken for text may have been the end of a message whose beginning is missing.
            perhaps_text: self.midway && self.protocol == Protocol::Text,
            lost_in_text: false,
        };
        match state {
            State::Lost { .. } => {
                context.lost_in_text = matches!(self.protocol, Protocol::Unknown | Protocol::Text);
            }
            // The other side's frames show that it was.
            State::Start { .. } | State::Text if self.protocol == Protocol::WebSocket => {
                *state = State::Lost { is_missing: true };
            }
            State::Start { .. } if self.midway && progress.kept().is_empty() => {}
            State::Text if context.perhaps_text => {}
            State::Http(http) if http.is_in_head() && progress.kept().is_empty() => {
                if !http.cannot_begin(&Out::new(progress, *origin, sink), data) {
                    return true;
                }
            }
            _ => return false,
        }
        let Some(found) = start::midway(context, side, data) else {
            return false;
        };
        if side == Side::Server && self.requests.is_empty() {
            let is_http = matches!(found, Found::Head | Found::Chunk(_));
            self.settle(&Origin { side: Side::Client, ..*origin }, is_http, sink);
        }
        self.halves[side.index()].state = match found {
            Found::Head => State::Http(Http::new()),
            Found::Chunk(content) => State::Http(Http::in_chunks(content)),
            Found::Frame => State::Frames(Frames::new()),
            Found::Record => State::Tls(Records::new()),
            Found::Preface => State::Http2(http2::Frames::of_client()),
            Found::Text => State::Text,
        };
        self.halves[side.index()].has_http |= matches!(found, Found::Head | Found::Chunk(_));
        if side == Side::Server {
            // Answers may be missing; this one is most likely that of the latest request.
            self.requests.keep_latest();
        }
        let before = mem::replace(&mut self.protocol, found.protocol());
        if found == Found::Frame && before != Protocol::WebSocket {
            sink.note(origin, Note::WebSocket);
        }
        false
    }
}

/// Whether text may begin with this byte. One that begins a frame without any agreement mostly may not.
fn is_text(first: u8) -> bool {
    matches!(first, b'\t' | b'\n' | b'\r' | b' '..=b'~' | 0xc3..=0xf4)
}
