//! Names the bytes of a connection: each side in the protocol that it speaks at the moment.

use std::mem;

use super::{
    http2,
    out::{Next, Out},
    requests::Requests,
    sink::{Kind, Note, Sink},
    start::{self, First, Protocol},
    state::{Half, State},
    text::text,
    tls::Records,
    websocket::Frames,
};
use crate::tcp::{ConnectionInfo, Ending, Follower, Origin, Output, Side};

mod begin;

/// Names the bytes of one connection.
pub struct Decoder {
    midway: bool,
    protocol: Protocol,
    halves: [Half; 2],
    requests: Requests,
    /// The side that spoke last, and whether that was text.
    last: Option<Side>,
    after_text: bool,
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
            after_text: false,
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
                    && let Some(bytes) = notice.apart()
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
        sink.over(origin);
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
            _ => {
                let kind = state.kind_of_kept();
                out.give_up(|out, kept| out.begin_unknown(kind, kept))
            }
        };
        if is_missing {
            *state = State::Lost { is_missing };
        }
    }

    fn missing<S: Sink>(&mut self, origin: &Origin<'_>, len: u64, note: Note<'_>, sink: &mut S) {
        // After a line of text, the next one may be kept again.
        while let Half { state: State::Start { .. }, progress, .. } =
            &self.halves[origin.side.index()]
            && progress.keeps_unnamed()
        {
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
            let (state, mut out) = self.side(origin, sink);
            out.end_unit(false);
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
        self.after_text &= !is_turn;
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
                    let (protocol, after_text) = (self.protocol, self.after_text);
                    let found = if out.kept().is_empty() {
                        start::first(protocol, side, after_text, data)
                    } else {
                        start::first(protocol, side, after_text, &[out.kept(), data].concat())
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
                    self.after_text = true;
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
        let is_text =
            |line: usize| start::first(self.protocol, side, true, &data[line..]) == First::Text;
        let mut lines = memchr::memchr_iter(b'\n', data).map(|newline| newline + 1);
        lines.find(|line| *line == data.len() || !is_text(*line)).unwrap_or(data.len())
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
