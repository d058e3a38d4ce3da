//! Names the bytes of a connection: each side in the protocol that it speaks at the moment.

use std::mem;

use super::{
    first_line::{self, Likeness},
    http::{Http, Requests},
    http2,
    out::{Next, Out, Progress},
    sink::{Kind, Note, Sink},
    start::{self, Context, First, Found, Protocol},
    text::text,
    tls::Records,
    websocket::Frames,
};
use crate::tcp::{ConnectionInfo, Ending, Follower, Notice, Origin, Output, Side};

/// What one side speaks at the moment.
#[derive(Clone, Copy, Debug)]
enum State {
    /// Before a line that may be the first one of a message; what has come of it is kept until that
    /// is known. What came before it, if anything, was text.
    Start {
        after_text: bool,
    },
    /// In a line of text.
    Text,
    Http(Http),
    Frames(Frames),
    Tls(Records),
    Http2(http2::Frames),
    /// The rest cannot be read until a message begins: something is missing, or, if nothing is, what
    /// came does not fit.
    Lost {
        is_missing: bool,
    },
}

struct Half {
    state: State,
    progress: Progress,
    /// Whether it has begun a message of HTTP.
    has_http: bool,
}

impl Default for Half {
    fn default() -> Self {
        Self {
            state: State::Start { after_text: false },
            progress: Progress::default(),
            has_http: false,
        }
    }
}

/// Names the bytes of one connection.
pub struct Decoder {
    midway: bool,
    protocol: Protocol,
    halves: [Half; 2],
    requests: Requests,
    /// The side that spoke last.
    last: Option<Side>,
}

impl Decoder {
    /// A decoder for a connection whose beginning was not captured if it is `midway`.
    pub fn new(midway: bool) -> Self {
        Self {
            midway,
            protocol: Protocol::Unknown,
            halves: Default::default(),
            requests: Requests::default(),
            last: None,
        }
    }

    /// Takes what comes out of the stream of `side`.
    pub fn take<S: Sink>(
        &mut self,
        connection: &ConnectionInfo,
        side: Side,
        time: i64,
        output: Output<'_>,
        sink: &mut S,
    ) {
        let origin = Origin { connection, side, time };
        match output {
            Output::Data { sequence, bytes } => {
                sink.delivered(&origin, sequence, bytes.len());
                self.segment(&origin, bytes, sink);
            }
            Output::Cut(len) => self.missing(&origin, len, Note::Cut(len), sink),
            Output::Gap(len) => self.missing(&origin, len, Note::Gap(len), sink),
            Output::Repeated(len) => sink.note(&origin, Note::Repeated(len)),
            Output::GapOrFin => {
                self.stop(&origin, sink);
                sink.note(&origin, Note::GapOrFin);
            }
            Output::Late { data, len, missed } => {
                if S::COUNTS {
                    sink.count(&origin, Kind::Content, data.len() as u64);
                }
                let cut = len - data.len() as u64;
                sink.note(&origin, Note::Late { bytes: data, cut, missed });
            }
            Output::End => {
                if side == Side::Server && self.requests.is_empty() {
                    // No answer will come to what the client has begun.
                    self.settle(&Origin { side: Side::Client, ..origin }, false, sink);
                }
                self.stop(&origin, sink);
                sink.note(&origin, Note::End);
            }
            Output::Notice(notice) => {
                if S::COUNTS
                    && let Notice::Outside { bytes, .. } = notice
                {
                    sink.count(&origin, Kind::Content, bytes.len() as u64);
                }
                sink.note(&origin, Note::Tcp(notice));
            }
        }
    }

    /// How much memory the bytes take that are kept until what they begin is complete.
    pub fn kept_size(&self) -> usize {
        self.halves.iter().map(|half| half.progress.kept().len()).sum()
    }

    /// The memory is needed: gives what was kept.
    pub fn release<S: Sink>(&mut self, connection: &ConnectionInfo, time: i64, sink: &mut S) {
        for side in [Side::Client, Side::Server] {
            self.give_up(&Origin { connection, side, time }, sink);
        }
    }

    /// The connection is over: gives what was kept.
    pub fn finish<S: Sink>(&mut self, connection: &ConnectionInfo, time: i64, sink: &mut S) {
        for side in [Side::Client, Side::Server] {
            self.stop(&Origin { connection, side, time }, sink);
        }
    }

    /// What was taken for the client is the server: gives what was kept.
    fn turn<S: Sink>(&mut self, connection: &ConnectionInfo, time: i64, sink: &mut S) {
        for side in [Side::Client, Side::Server] {
            // The sides are still as they were.
            self.stop(&Origin { connection, side, time }, sink);
        }
        self.halves.swap(0, 1);
        self.last = self.last.map(Side::peer);
        self.requests = Requests::default();
    }

    /// What the side at `origin` speaks, and through what its bytes are named.
    fn side<'a, S: Sink>(
        &'a mut self,
        origin: &Origin<'a>,
        sink: &'a mut S,
    ) -> (&'a mut State, Out<'a, S>) {
        let Half { state, progress, .. } = &mut self.halves[origin.side.index()];
        (state, Out::new(progress, *origin, sink))
    }

    /// Gives what is kept, because nothing more will come that completes it.
    fn stop<S: Sink>(&mut self, origin: &Origin<'_>, sink: &mut S) {
        self.give_up(origin, sink);
        let (state, mut out) = self.side(origin, sink);
        if out.in_unit() {
            out.end_unit(false);
            *state = State::Lost { is_missing: true };
        }
    }

    /// Names what is kept, because nothing will complete it.
    fn give_up<S: Sink>(&mut self, origin: &Origin<'_>, sink: &mut S) {
        self.settle(origin, false, sink);
        let Half { state, progress, .. } = &mut self.halves[origin.side.index()];
        let mut out = Out::new(progress, *origin, sink);
        let is_missing = match state {
            State::Http(http) => http.give_up(&mut self.requests, &mut out),
            State::Tls(_) => out.give_up(Records::begin_kept),
            State::Http2(_) => out.give_up(http2::Frames::begin_kept),
            _ => out.give_up(|out, kept| out.begin_unknown(Kind::Framing, kept)),
        };
        if is_missing {
            *state = State::Lost { is_missing };
        }
    }

    fn missing<S: Sink>(&mut self, origin: &Origin<'_>, len: u64, note: Note<'_>, sink: &mut S) {
        let Half { state, progress, .. } = &self.halves[origin.side.index()];
        if matches!(state, State::Start { .. }) && progress.keeps_unnamed() {
            let found = start::likeliest(self.protocol, origin.side, progress.kept());
            self.begin(found, origin, sink);
        }
        let state = &mut self.halves[origin.side.index()].state;
        let in_body = matches!(state, State::Http(http) if !http.is_in_head());
        if !in_body && origin.side == Side::Server && self.requests.is_empty() {
            // What is missing may be the answer.
            self.settle(&Origin { side: Side::Client, ..*origin }, false, sink);
        }
        let (state, _) = self.side(origin, sink);
        if !state.pass(len) {
            self.give_up(origin, sink);
            let (state, _) = self.side(origin, sink);
            *state = State::Lost { is_missing: true };
        }
        let (state, mut out) = self.side(origin, sink);
        out.break_time();
        if matches!(state, State::Lost { .. } | State::Text) {
            out.end();
        }
        sink.note(origin, note);
        let (state, mut out) = self.side(origin, sink);
        state.end_passed(&mut out);
    }

    /// Takes the bytes that a segment brings.
    fn segment<S: Sink>(&mut self, origin: &Origin<'_>, data: &[u8], sink: &mut S) {
        let side = origin.side;
        let is_turn = self.last.replace(side) != Some(side);
        let [client, server] = &mut self.halves;
        match (side, &server.state) {
            // Nothing is named after its own answer. Where that may be HTTP, it is seen to later.
            (Side::Server, State::Start { .. } | State::Http(_)) => {}
            (Side::Server, _) if client.progress.keeps_unnamed() && self.requests.is_empty() => {
                self.settle(&Origin { side: Side::Client, ..*origin }, false, sink);
            }
            (Side::Client, State::Start { .. })
                if matches!(self.protocol, Protocol::Unknown | Protocol::Text) =>
            {
                self.settle(&Origin { side: Side::Server, ..*origin }, false, sink);
            }
            _ => {}
        }
        let may_begin = self.may_begin(side);
        let state = &mut self.halves[side.index()].state;
        if is_turn && may_begin && matches!(state, State::Text) {
            // The other side took the line for one.
            *state = State::Start { after_text: true };
        }
        let begins_head = self.find_start(origin, data, sink);
        self.data(origin, data, begins_head, sink);
    }

    /// Whether a line of text that `side` sends may turn out to begin a message: unless both sides
    /// have sent text alone.
    fn may_begin(&self, side: Side) -> bool {
        self.protocol != Protocol::Text || side == Side::Client
    }

    /// Takes bytes, which are known to begin a head if it `begins_head`.
    fn data<S: Sink>(
        &mut self,
        origin: &Origin<'_>,
        mut data: &[u8],
        mut begins_head: bool,
        sink: &mut S,
    ) {
        let side = origin.side;
        while !data.is_empty() {
            let begins_head = mem::take(&mut begins_head);
            if side == Side::Server && self.answers_kept() {
                self.settle(&Origin { side: Side::Client, ..*origin }, true, sink);
            }
            let line_len = match self.halves[side.index()].state {
                State::Text => self.text_len(side, data),
                _ => 0,
            };
            let Half { state, progress, .. } = &mut self.halves[side.index()];
            let mut out = Out::new(progress, *origin, sink);
            let (rest, next) = match state {
                State::Start { .. } => {
                    let found = if out.kept().is_empty() {
                        start::first(self.protocol, side, data)
                    } else {
                        start::first(self.protocol, side, &[out.kept(), data].concat())
                    };
                    if found == First::Perhaps {
                        out.keep(Kind::HttpHead, data);
                        return;
                    }
                    self.begin(found, origin, sink);
                    continue;
                }
                State::Text => {
                    let (lines, rest) = data.split_at(line_len);
                    text(&mut out, lines);
                    if lines.ends_with(b"\n") && self.may_begin(side) {
                        self.halves[side.index()].state = State::Start { after_text: true };
                    }
                    (rest, Next::Same)
                }
                State::Http(http) if !begins_head && http.cannot_begin(&out, data) => {
                    (data, Next::Lost)
                }
                State::Http(http) => http.feed(&mut self.requests, &mut out, data),
                State::Frames(frames) => frames.feed(&mut out, data),
                State::Tls(records) => records.feed(&mut out, data),
                State::Http2(frames) => frames.feed(&mut out, data),
                State::Lost { is_missing } => {
                    out.unread(*is_missing, data);
                    return;
                }
            };
            match next {
                Next::Same => {}
                Next::Lost => self.lose(origin, rest.first().copied(), sink),
                Next::WebSocket => self.begin_websocket(origin, sink),
                Next::Tunnel => self.begin_tunnel(origin, sink),
            }
            data = rest;
        }
    }

    /// How much of `data`, in which `side` goes on with a line of text, is text: all of it up to a line
    /// that may begin a message.
    fn text_len(&self, side: Side, data: &[u8]) -> usize {
        if !self.may_begin(side) {
            return data.len();
        }
        let is_text = |line: usize| start::first(self.protocol, side, &data[line..]) == First::Text;
        let mut lines = memchr::memchr_iter(b'\n', data).map(|newline| newline + 1);
        lines.find(|line| *line == data.len() || !is_text(*line)).unwrap_or(data.len())
    }

    /// Whether the server is before a head that answers what has come of a request.
    fn answers_kept(&self) -> bool {
        let [client, server] = &self.halves;
        client.progress.keeps_unnamed()
            && self.requests.is_empty()
            && server.progress.kept().is_empty()
            && matches!(&server.state, State::Http(http) if http.is_in_head())
    }

    /// The side at `origin` begins with what was `found`, of which some may be kept.
    fn begin<S: Sink>(&mut self, found: First, origin: &Origin<'_>, sink: &mut S) {
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
        if side == Side::Server && self.requests.is_empty() {
            self.settle(&Origin { side: Side::Client, ..*origin }, is_http, sink);
        }
        let is_open = matches!(self.protocol, Protocol::Unknown | Protocol::Text);
        let to = match found {
            First::Http => State::Http(Http::new()),
            First::Tls => State::Tls(Records::new()),
            First::Http2 if side == Side::Client => State::Http2(http2::Frames::of_client()),
            First::Http2 => State::Http2(http2::Frames::of_server()),
            First::Text | First::Perhaps => match side {
                Side::Server if self.requests.answered_without_head() => {
                    State::Http(Http::in_content())
                }
                // It may be the end of a message whose beginning is missing.
                _ if self.midway && !is_open => State::Lost { is_missing: true },
                _ => State::Text,
            },
        };
        self.go_on_as(to, origin, sink);
    }

    /// The side at `origin` goes on in another state, with what is kept of what it said.
    fn go_on_as<S: Sink>(&mut self, to: State, origin: &Origin<'_>, sink: &mut S) {
        let half = &mut self.halves[origin.side.index()];
        half.has_http |= matches!(to, State::Http(_));
        half.state = to;
        let mut out = Out::new(&mut half.progress, *origin, sink);
        let time = out.kept_since();
        let kept = out.take_back(Kind::HttpHead);
        if !kept.is_empty() {
            self.data(&Origin { time, ..*origin }, &kept, false, sink);
        }
    }

    /// Names what the side at `origin` has begun with, if that is kept until the other side answers: a
    /// request, or text, which may depend on whether the answer `is_http`.
    fn settle<S: Sink>(&mut self, origin: &Origin<'_>, is_http: bool, sink: &mut S) {
        loop {
            let Half { state, progress, .. } = &mut self.halves[origin.side.index()];
            if !progress.keeps_unnamed() {
                return;
            }
            let is_request = origin.side == Side::Client
                && match first_line::request(progress.kept(), true) {
                    Likeness::Yes => true,
                    Likeness::IfAnswered => is_http || self.protocol == Protocol::Http,
                    Likeness::Perhaps | Likeness::No => false,
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

    /// What the side at `origin` says does not fit. Where the other side does not speak HTTP, it is text
    /// if its first byte, which is kept or `first`, may be that.
    fn lose<S: Sink>(&mut self, origin: &Origin<'_>, first: Option<u8>, sink: &mut S) {
        let is_http = self.midway || self.halves[origin.side.peer().index()].has_http;
        let (state, mut out) = self.side(origin, sink);
        out.end();
        let first = out.kept().first().copied().or(first);
        let to = match state {
            State::Http(http) if http.is_in_head() && !is_http && first.is_some_and(is_text) => {
                State::Start { after_text: false }
            }
            _ => State::Lost { is_missing: false },
        };
        self.go_on_as(to, origin, sink);
    }

    /// In a stream whose beginning is missing, or that lost its way, looks whether a message begins
    /// with this segment. Returns whether a head does that was to come.
    fn find_start<S: Sink>(&mut self, origin: &Origin<'_>, data: &[u8], sink: &mut S) -> bool {
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

    /// From here on both sides send frames.
    fn begin_websocket<S: Sink>(&mut self, origin: &Origin<'_>, sink: &mut S) {
        self.protocol = Protocol::WebSocket;
        for side in [Side::Client, Side::Server] {
            let origin = Origin { side, ..*origin };
            // A client that did not wait for the answer is in the middle of something else.
            self.give_up(&origin, sink);
            let (state, mut out) = self.side(&origin, sink);
            out.end_unit(false);
            *state = State::Frames(Frames::new());
        }
        sink.note(origin, Note::WebSocket);
    }

    /// From here on both sides send what they like to each other (RFC 9110 section 9.3.6): it is as if
    /// another connection began.
    fn begin_tunnel<S: Sink>(&mut self, origin: &Origin<'_>, sink: &mut S) {
        self.protocol = Protocol::Unknown;
        self.midway = false;
        for side in [Side::Client, Side::Server] {
            let origin = Origin { side, ..*origin };
            let (_, mut out) = self.side(&origin, sink);
            out.end_unit(false);
            self.halves[side.index()].has_http = false;
            // A client may not have waited for the answer.
            self.go_on_as(State::Start { after_text: false }, &origin, sink);
        }
    }
}

/// Whether text may begin with this byte. One that begins a frame without any agreement mostly may not.
fn is_text(first: u8) -> bool {
    matches!(first, b'\t' | b'\n' | b'\r' | b' '..=b'~' | 0xc3..=0xf4)
}

impl State {
    /// Passes over `len` missing bytes, if it can be told where it goes on after them.
    fn pass(&mut self, len: u64) -> bool {
        match self {
            Self::Start { after_text: true } => {
                *self = Self::Text;
                true
            }
            Self::Text => true,
            Self::Http(http) => http.pass(len),
            Self::Frames(frames) => frames.pass(len),
            Self::Tls(records) => records.pass(len),
            Self::Http2(frames) => frames.pass(len),
            Self::Start { .. } | Self::Lost { .. } => false,
        }
    }

    /// Ends the unit whose last bytes were passed over.
    fn end_passed<S: Sink>(&mut self, out: &mut Out<'_, S>) {
        match self {
            Self::Http(http) => http.end_passed(out),
            Self::Frames(frames) => frames.end_passed(out),
            Self::Tls(records) => records.end_passed(out),
            Self::Http2(frames) => frames.end_passed(out),
            Self::Start { .. } | Self::Text | Self::Lost { .. } => {}
        }
    }
}

/// Whoever takes what decoders find can follow connections, with a decoder for each.
impl<S: Sink> Follower for S {
    type Kept = Decoder;

    fn sender(&self, _decoder: Option<&Decoder>, bytes: &[u8]) -> Option<Side> {
        start::sender(bytes)
    }

    fn opened(&mut self, connection: &ConnectionInfo, time: i64) -> Decoder {
        Sink::opened(self, connection, time);
        Decoder::new(connection.midway)
    }

    fn changed(
        &mut self,
        decoder: &mut Decoder,
        connection: &ConnectionInfo,
        time: i64,
        turned: bool,
    ) {
        if turned {
            decoder.turn(connection, time, self);
        }
        Sink::changed(self, connection, time, turned);
    }

    fn take(&mut self, decoder: &mut Decoder, origin: &Origin<'_>, output: Output<'_>) {
        decoder.take(origin.connection, origin.side, origin.time, output, self);
    }

    fn kept_size(&self, decoder: &Decoder) -> usize {
        decoder.kept_size()
    }

    fn release(&mut self, decoder: &mut Decoder, connection: &ConnectionInfo, time: i64) {
        decoder.release(connection, time, self);
    }

    fn finish(&mut self, decoder: &mut Decoder, connection: &ConnectionInfo, time: i64) {
        decoder.finish(connection, time, self);
    }

    fn ended(&mut self, connection: &ConnectionInfo, time: i64, ending: Ending) {
        Sink::ended(self, connection, time, ending);
    }

    fn moved(&mut self, from: usize, to: usize) {
        Sink::moved(self, from, to);
    }
}
