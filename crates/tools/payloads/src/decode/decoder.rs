//! Names the bytes of a connection: each side in the protocol that it speaks at the moment.

use std::mem;

use super::{
    http::{Http, Requests},
    out::{Next, Out, Progress},
    sink::{Kind, Note, Sink},
    start::{self, Context, Found, Protocol},
    text::Text,
    websocket::Frames,
};
use crate::tcp::{ConnectionInfo, Ending, Follower, Notice, Origin, Output, Side};

/// What one side speaks at the moment.
#[derive(Clone, Copy, Debug)]
enum State {
    /// Nothing yet, or part of a first line that may become a request's.
    Start,
    Text(Text),
    Http(Http),
    Frames(Frames),
    /// Something is missing or wrong: the rest cannot be read until a message begins.
    Lost,
}

struct Half {
    state: State,
    progress: Progress,
}

impl Default for Half {
    fn default() -> Self {
        Self { state: State::Start, progress: Progress::default() }
    }
}

/// Names the bytes of one connection.
pub struct Decoder {
    midway: bool,
    protocol: Protocol,
    halves: [Half; 2],
    requests: Requests,
}

impl Decoder {
    /// A decoder for a connection whose beginning was not captured if it is `midway`.
    pub fn new(midway: bool) -> Self {
        Self {
            midway,
            protocol: Protocol::Unknown,
            halves: Default::default(),
            requests: Requests::default(),
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
                self.data(&origin, bytes, sink);
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
            let (state, mut out) = self.side(&Origin { connection, side, time }, sink);
            state.give_up(&mut out);
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
        self.requests = Requests::default();
    }

    /// What the side at `origin` speaks, and through what its bytes are named.
    fn side<'a, S: Sink>(
        &'a mut self,
        origin: &Origin<'a>,
        sink: &'a mut S,
    ) -> (&'a mut State, Out<'a, S>) {
        let Half { state, progress } = &mut self.halves[origin.side.index()];
        (state, Out::new(progress, *origin, sink))
    }

    /// Gives what is kept, because nothing more will come that completes it.
    fn stop<S: Sink>(&mut self, origin: &Origin<'_>, sink: &mut S) {
        let (state, mut out) = self.side(origin, sink);
        state.give_up(&mut out);
        if out.in_unit() {
            out.end_unit(false);
            *state = State::Lost;
        }
        sink.over(origin);
    }

    fn missing<S: Sink>(&mut self, origin: &Origin<'_>, len: u64, note: Note<'_>, sink: &mut S) {
        let Half { state, progress } = &mut self.halves[origin.side.index()];
        if matches!(state, State::Start)
            && origin.side == Side::Server
            && !progress.kept().is_empty()
        {
            // What was captured of the first line is as a status line begins: an answer is likelier
            // than text.
            self.protocol = Protocol::Http;
            *state = State::Http(Http::new());
        }
        let mut out = Out::new(progress, *origin, sink);
        if !state.pass(len) {
            state.give_up(&mut out);
            *state = State::Lost;
        }
        out.break_time();
        if matches!(state, State::Lost | State::Text(_)) {
            out.end();
        }
        sink.note(origin, note);
        let (state, mut out) = self.side(origin, sink);
        state.end_passed(&mut out);
    }

    fn data<S: Sink>(&mut self, origin: &Origin<'_>, mut data: &[u8], sink: &mut S) {
        self.find_start(origin, data, sink);
        let mut begins_segment = true;
        while !data.is_empty() {
            // Where the segment begins, it was looked at already.
            let is_next = !mem::replace(&mut begins_segment, false);
            let Half { state, progress } = &mut self.halves[origin.side.index()];
            let mut out = Out::new(progress, *origin, sink);
            let (rest, next) = match state {
                State::Start => {
                    let protocol = match self.protocol {
                        Protocol::Unknown => start::first(&mut out, data),
                        known => Some(known),
                    };
                    let Some(protocol) = protocol else {
                        return;
                    };
                    *state = match protocol {
                        Protocol::Http => State::Http(Http::new()),
                        Protocol::Unknown | Protocol::Text => State::Text(Text),
                        // The other side sends frames. If this segment were whole frames, it would
                        // be known.
                        Protocol::WebSocket => State::Lost,
                    };
                    // A server that speaks first, and not HTTP, makes it text for both.
                    self.protocol = protocol;
                    let time = out.kept_since();
                    let kept = out.take_back();
                    if !kept.is_empty() {
                        self.data(&Origin { time, ..*origin }, &kept, sink);
                    }
                    continue;
                }
                State::Text(text) => text.feed(&mut out, data),
                State::Http(http) if is_next && http.cannot_begin(&out, data) => (data, Next::Lost),
                State::Http(http) => http.feed(&mut self.requests, &mut out, data),
                State::Frames(frames) => frames.feed(&mut out, data),
                State::Lost => {
                    out.unknown(data);
                    return;
                }
            };
            match next {
                Next::Same => {}
                Next::Lost => {
                    out.end();
                    *state = State::Lost;
                }
                Next::WebSocket => {
                    self.switch(Protocol::WebSocket, State::Frames(Frames::new()), origin, sink);
                    self.begin_websocket(origin, sink);
                }
                Next::Tunnel => self.switch(Protocol::Text, State::Text(Text), origin, sink),
            }
            data = rest;
        }
    }

    /// In a stream whose beginning is missing, or that lost its way, looks whether a message begins
    /// with this segment.
    fn find_start<S: Sink>(&mut self, origin: &Origin<'_>, data: &[u8], sink: &mut S) {
        let side = origin.side;
        let Half { state, progress } = &mut self.halves[side.index()];
        let mut context = Context {
            protocol: self.protocol,
            // What was taken for text may have been the end of a message whose beginning is missing.
            perhaps_text: self.midway && self.protocol == Protocol::Text,
            lost_in_text: false,
        };
        match state {
            State::Lost => {
                context.lost_in_text = matches!(self.protocol, Protocol::Unknown | Protocol::Text);
            }
            State::Start if self.midway && progress.kept().is_empty() => {}
            State::Text(_) if context.perhaps_text => {}
            // The other side's messages show that it was.
            State::Text(_) if self.protocol != Protocol::Text => *state = State::Lost,
            State::Http(http) if http.cannot_begin(&Out::new(progress, *origin, sink), data) => {}
            _ => return,
        }
        let Some(found) = start::midway(context, side, data) else {
            return;
        };
        *state = match found {
            Found::Head => State::Http(Http::new()),
            Found::Chunk(content) => State::Http(Http::in_chunks(content)),
            Found::Frame => State::Frames(Frames::new()),
            Found::Text => State::Text(Text),
        };
        if side == Side::Server {
            // Answers may be missing; this one is most likely that of the latest request.
            self.requests.keep_latest();
        }
        let before = mem::replace(&mut self.protocol, found.protocol());
        if found == Found::Frame && before != Protocol::WebSocket {
            self.begin_websocket(origin, sink);
        }
    }

    /// Both sides leave HTTP.
    fn switch<S: Sink>(
        &mut self,
        protocol: Protocol,
        to: State,
        origin: &Origin<'_>,
        sink: &mut S,
    ) {
        self.protocol = protocol;
        for side in [Side::Client, Side::Server] {
            let (state, mut out) = self.side(&Origin { side, ..*origin }, sink);
            // A client that did not wait for the answer is in the middle of something else.
            state.give_up(&mut out);
            out.end_unit(false);
            *state = to;
        }
    }

    /// From here on both sides send frames.
    fn begin_websocket<S: Sink>(&mut self, origin: &Origin<'_>, sink: &mut S) {
        sink.note(origin, Note::WebSocket);
    }
}

impl State {
    /// Passes over `len` missing bytes, if it can be told where it goes on after them.
    fn pass(&mut self, len: u64) -> bool {
        match self {
            Self::Text(_) => true,
            Self::Http(http) => http.pass(len),
            Self::Frames(frames) => frames.pass(len),
            Self::Start | Self::Lost => false,
        }
    }

    /// Ends the unit whose last bytes were passed over.
    fn end_passed<S: Sink>(&mut self, out: &mut Out<'_, S>) {
        match self {
            Self::Http(http) => http.end_passed(out),
            Self::Frames(frames) => frames.end_passed(out),
            Self::Start | Self::Text(_) | Self::Lost => {}
        }
    }

    /// Names what is kept, because nothing will complete it.
    fn give_up<S: Sink>(&mut self, out: &mut Out<'_, S>) {
        let had_kept = match self {
            Self::Start => out.give_up(Text::begin_kept),
            Self::Http(_) => out.give_up(Http::begin_kept),
            Self::Text(_) | Self::Frames(_) | Self::Lost => {
                out.give_up(|out, kept| out.begin_unknown(Kind::Framing, kept))
            }
        };
        if had_kept {
            *self = Self::Lost;
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
