//! What the bytes of a connection are: plain text, HTTP, events, WebSocket frames.
//!
//! A [`Decoder`] names each byte of a connection exactly once, as it comes, and tells a [`Sink`].
//! All that the program prints about bytes, in figures and in words, comes from here.

pub mod unpack;

use std::{collections::VecDeque, mem};

use crate::{
    conversation::{ConnectionInfo, Ending, Side},
    http::{self, Content, KEY_LEN, Length, Likeness, Method},
    stream::{Output, usize_of},
    time_of_day::{self, Scanner},
    websocket::{self, HEADER_LIMIT, Header, Opcode},
};

/// The longest HTTP head that is read as one, in bytes.
const HEAD_LIMIT: usize = 64 * 1024;

/// The longest first line that may still turn out to be a request's, in bytes.
const REQUEST_LINE_LIMIT: usize = 8 * 1024;

/// The most requests that may wait for their answers.
const REQUEST_LIMIT: usize = 64;

/// What a byte is part of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Part {
    /// Text outside HTTP, as it was sent.
    Text,
    /// The newline that ends a line of such text.
    LineEnd,
    /// The first line of an HTTP head, with its line end.
    StartLine,
    /// A field line of an HTTP head, with its line end.
    Field,
    /// The empty line that ends an HTTP head.
    HeadEnd,
    /// Content of an HTTP message.
    Body(Content),
    /// The line that says how long a chunk is.
    ChunkSize,
    /// The line end after a chunk's data.
    ChunkEnd,
    /// A field line after the last chunk.
    Trailer,
    /// The empty line after the last chunk.
    ChunksEnd,
    /// A line of an event.
    EventField,
    /// The empty line that ends an event.
    EventEnd,
    /// The first two bytes of a frame: FIN, RSV, opcode, MASK, payload length.
    FrameStart,
    /// The payload length of a longer frame.
    FrameLength,
    /// The masking key of a frame.
    MaskingKey,
    /// The payload of a frame.
    Payload,
    /// Bytes that belong before ones that were given earlier.
    Late,
    /// Bytes whose place in a message is not known, because others before them are missing or
    /// wrong.
    Unknown,
}

/// What a byte counts as, in the table that says how an update's bytes divide.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// The time itself: the bytes `HH:MM:SS` in what a server sends, outside HTTP heads.
    Time,
    /// What says where a message begins and ends and what it is: line ends, chunk sizes, event
    /// fields, frame headers, and the text or JSON around a time.
    Framing,
    /// The head of an HTTP request or response.
    HttpHead,
    /// The content besides the time: a client's command, a page around the time.
    Content,
}

impl Kind {
    /// All of them, in the order of the table's columns.
    pub const ALL: [Self; 4] = [Self::Time, Self::Framing, Self::HttpHead, Self::Content];
}

/// What a run of bytes is that belong together.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum UnitKind {
    /// Text outside HTTP: what one packet brought, for TCP has no messages.
    Text,
    /// The head of a request.
    Request,
    /// The head of a response.
    Response,
    /// The content of an HTTP message.
    Body,
    /// A chunk of the content.
    Chunk,
    /// A chunk of a stream of events.
    EventChunk,
    /// A piece of a stream of events that does not come in chunks.
    Event,
    /// A WebSocket frame.
    Frame,
    /// Bytes whose place is not known.
    #[default]
    Unknown,
}

/// Where bytes come from.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// Their connection.
    pub connection: &'a ConnectionInfo,
    /// The side that sent them.
    pub side: Side,
    /// When their packet was captured, in nanoseconds since 1970.
    pub time: i64,
}

/// Bytes that cannot be shown, or that come too late.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Note<'a> {
    /// The capture cut these bytes off.
    Cut(u64),
    /// The capture does not have these bytes.
    Gap(u64),
    /// These bytes were sent before.
    Repeated(u64),
    /// The capture does not have the last byte, or it does not have the sender's FIN, which takes a
    /// sequence number too.
    GapOrFin,
    /// These bytes belong before ones that were given earlier.
    Late {
        /// Those that were captured.
        bytes: &'a [u8],
        /// How many more of them the capture cut off.
        cut: u64,
        /// Whether they were named as a gap before.
        missed: bool,
    },
    /// The sender has nothing more to send.
    End,
    /// From here on both sides send WebSocket frames.
    WebSocket,
}

/// Takes what a [`Decoder`] finds.
pub trait Sink {
    /// Whether [`count`](Self::count) and [`recount`](Self::recount) are wanted.
    const COUNTS: bool;
    /// Whether [`begin`](Self::begin), [`piece`](Self::piece) and [`end`](Self::end) are wanted.
    const PIECES: bool;

    /// A connection begins.
    fn opened(&mut self, _connection: &ConnectionInfo, _time: i64) {}
    /// A connection ended.
    fn ended(&mut self, _connection: &ConnectionInfo, _time: i64, _ending: Ending) {}
    /// A connection's place is now `to` instead of `from`; the one that was there is over.
    fn moved(&mut self, _from: usize, _to: usize) {}
    /// A unit begins that is labelled with `number`.
    fn begin(&mut self, _origin: &Origin<'_>, _unit: UnitKind, _number: u64) {}
    /// These bytes of the unit are a `part`, or a piece of one.
    fn piece(&mut self, _origin: &Origin<'_>, _part: Part, _bytes: &[u8]) {}
    /// The unit is over, because it is complete or because it cannot be completed.
    fn end(&mut self, _origin: &Origin<'_>, _complete: bool) {}
    /// The client asked for a WebSocket with this key, and the response at hand agrees, to compressed
    /// messages too if `deflate`.
    fn agreed(&mut self, _origin: &Origin<'_>, _key: Option<[u8; KEY_LEN]>, _deflate: bool) {}
    /// Something about bytes that are not there.
    fn note(&mut self, _origin: &Origin<'_>, _note: Note<'_>) {}
    /// So many bytes are of a kind.
    fn count(&mut self, _origin: &Origin<'_>, _kind: Kind, _bytes: u64) {}
    /// So many bytes that were counted as a kind are going to be counted anew.
    fn uncount(&mut self, _origin: &Origin<'_>, _kind: Kind, _bytes: u64) {}
    /// These bytes are the content of an answer to a request: not an event, a frame or text.
    fn answer(&mut self, _origin: &Origin<'_>) {}
    /// These bytes are text, or of an event or a frame: what a side may send unasked.
    fn unasked(&mut self, _origin: &Origin<'_>) {}
    /// So many bytes that were counted as one kind turned out to be of another.
    fn recount(&mut self, _origin: &Origin<'_>, _from: Kind, _to: Kind, _bytes: u64) {}
}

/// What a connection speaks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Protocol {
    Unknown,
    Plain,
    Http,
    WebSocket,
}

/// Where one side is in what it says.
#[derive(Clone, Copy, Debug)]
enum State {
    /// Before the first byte, or in a first line that may become a request's.
    Start,
    Plain,
    /// In an HTTP head, all of which is kept until it ends.
    Head {
        searched: usize,
    },
    Body {
        left: Option<u64>,
        content: Content,
    },
    ChunkSize {
        size: u64,
        digits: u8,
        in_extension: bool,
        content: Content,
    },
    ChunkData {
        left: u64,
        content: Content,
    },
    /// After a chunk's data, or after the CR of the line end that follows it.
    ChunkEnd {
        after_cr: bool,
        content: Content,
    },
    /// Where a line begins after the last chunk, or after the CR that it begins with.
    TrailerStart {
        after_cr: bool,
        content: Content,
    },
    /// In a field line after the last chunk.
    Trailer {
        content: Content,
    },
    FrameHeader,
    Payload {
        header: Header,
        done: u64,
    },
    /// Something is missing or wrong: the rest cannot be read until a message begins.
    Lost,
}

struct Half {
    state: State,
    /// The bytes of a head, a first line or a frame header that is not complete.
    kept: Vec<u8>,
    /// When the first of them came.
    kept_time: i64,
    in_unit: bool,
    number: u64,
    /// In a stream of events, whether a line begins, and what the last one is if it ended with CR,
    /// so that LF may belong to it too.
    line_start: bool,
    after_cr: Option<Part>,
    scanner: Scanner,
    /// The bytes counted as content since the last message began, and how many times it has.
    pending: u64,
    times: i64,
}

impl Default for Half {
    fn default() -> Self {
        Self {
            state: State::Start,
            kept: Vec::new(),
            kept_time: 0,
            in_unit: false,
            number: 0,
            line_start: true,
            after_cr: None,
            scanner: Scanner::default(),
            pending: 0,
            times: 0,
        }
    }
}

/// Names the bytes of one connection.
pub struct Decoder {
    midway: bool,
    protocol: Protocol,
    halves: [Half; 2],
    /// The requests without an answer so far.
    requests: VecDeque<(Method, Option<[u8; KEY_LEN]>)>,
}

/// A side's half of the decoder with where its bytes come from and go to.
struct Feed<'a, S> {
    half: &'a mut Half,
    origin: Origin<'a>,
    sink: &'a mut S,
}

/// What the other side must know of a head.
enum Switch {
    None,
    WebSocket,
    Tunnel,
}

impl Decoder {
    /// A decoder for a connection whose beginning was not captured if it is `midway`.
    pub fn new(midway: bool) -> Self {
        Self {
            midway,
            protocol: Protocol::Unknown,
            halves: Default::default(),
            requests: VecDeque::new(),
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
            Output::Data(data) => self.data(&origin, data, sink),
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
        }
    }

    /// How much memory the bytes take that are kept until what they begin is complete.
    pub fn kept_size(&self) -> usize {
        self.halves.iter().map(|half| half.kept.len()).sum()
    }

    /// The memory is needed: gives what was kept.
    pub fn release<S: Sink>(&mut self, connection: &ConnectionInfo, time: i64, sink: &mut S) {
        for side in [Side::Client, Side::Server] {
            let half = &mut self.halves[side.index()];
            Feed { half, origin: Origin { connection, side, time }, sink }.give_up();
        }
    }

    /// The connection is over: gives what was kept.
    pub fn finish<S: Sink>(&mut self, connection: &ConnectionInfo, time: i64, sink: &mut S) {
        for side in [Side::Client, Side::Server] {
            self.stop(&Origin { connection, side, time }, sink);
        }
    }

    /// Gives what is kept, because nothing more will come that completes it.
    fn stop<S: Sink>(&mut self, origin: &Origin<'_>, sink: &mut S) {
        let half = &mut self.halves[origin.side.index()];
        let mut feed = Feed { half, origin: *origin, sink };
        feed.give_up();
        if feed.half.in_unit {
            feed.end_unit(false);
            feed.half.state = State::Lost;
        }
    }

    fn missing<S: Sink>(&mut self, origin: &Origin<'_>, len: u64, note: Note<'_>, sink: &mut S) {
        let half = &mut self.halves[origin.side.index()];
        let mut feed = Feed { half, origin: *origin, sink };
        if matches!(feed.half.state, State::Start)
            && origin.side == Side::Server
            && !feed.half.kept.is_empty()
        {
            // What was captured of the first line is as a status line begins: an answer is likelier
            // than text.
            self.protocol = Protocol::Http;
            feed.half.state = State::Head { searched: 0 };
        }
        let after = feed.half.state.after_missing(len);
        match after {
            Some(state) => feed.half.state = state,
            None => {
                feed.give_up();
                feed.half.state = State::Lost;
            }
        }
        feed.half.scanner = Scanner::default();
        feed.half.after_cr = None;
        if matches!(feed.half.state, State::Lost | State::Plain) {
            feed.end();
        }
        sink.note(origin, note);
        self.end_if_complete(origin, sink);
    }

    /// Ends the unit whose last bytes were missing.
    fn end_if_complete<S: Sink>(&mut self, origin: &Origin<'_>, sink: &mut S) {
        let half = &mut self.halves[origin.side.index()];
        let mut feed = Feed { half, origin: *origin, sink };
        match feed.half.state {
            State::Body { left: Some(0), content } => {
                feed.end_group(content == Content::Json);
                feed.end();
                feed.half.state = State::Head { searched: 0 };
            }
            State::Payload { header, done } if done == header.payload_len => feed.end_frame(header),
            State::ChunkData { left: 0, content } => {
                feed.half.state = State::ChunkEnd { after_cr: false, content };
            }
            _ => {}
        }
    }

    fn data<S: Sink>(&mut self, origin: &Origin<'_>, mut data: &[u8], sink: &mut S) {
        let side = origin.side;
        self.find_start(origin, data, sink);
        let mut begins_segment = true;
        while !data.is_empty() {
            // There, it was looked at already.
            let is_new = !mem::replace(&mut begins_segment, false);
            let protocol = self.protocol;
            let half = &mut self.halves[side.index()];
            let mut feed = Feed { half, origin: *origin, sink };
            data = match feed.half.state {
                State::Start => match feed.start(protocol, data) {
                    // A server that speaks first, and not HTTP, makes it plain for both.
                    Some((protocol, state)) => {
                        let kept = feed.take_kept();
                        let time = feed.half.kept_time;
                        feed.half.state = state;
                        self.protocol = protocol;
                        if !kept.is_empty() {
                            self.data(&Origin { time, ..*origin }, &kept, sink);
                        }
                        data
                    }
                    None => return,
                },
                State::Plain => feed.plain(data),
                State::Head { .. } if is_new && feed.begins_no_head(data) => feed.lose_way(data),
                State::Head { searched } => match feed.head(searched, data) {
                    Some((head, rest)) => {
                        let switch = self.head(origin, &head, sink);
                        match switch {
                            Switch::None => {}
                            Switch::WebSocket => self.switch(State::FrameHeader, origin, sink),
                            Switch::Tunnel => self.switch(State::Plain, origin, sink),
                        }
                        rest
                    }
                    None => return,
                },
                State::Body { left, content } => feed.body(left, content, data),
                State::ChunkSize { .. } => feed.chunk_size(data),
                State::ChunkData { left, content } => feed.chunk_data(left, content, data),
                State::ChunkEnd { after_cr, content } => feed.chunk_end(after_cr, content, data),
                State::TrailerStart { after_cr, content } => {
                    feed.trailer_start(after_cr, content, data)
                }
                State::Trailer { content } => feed.trailer(content, data),
                State::FrameHeader => feed.frame_header(data),
                State::Payload { header, done } => feed.payload(header, done, data),
                State::Lost => feed.lost(data),
            };
        }
    }

    /// In a stream whose beginning is missing, or that lost its way, looks whether a message begins
    /// with this segment.
    fn find_start<S: Sink>(&mut self, origin: &Origin<'_>, data: &[u8], sink: &mut S) {
        let side = origin.side;
        let half = &mut self.halves[side.index()];
        // What was taken for text may have been the end of a message whose beginning is missing.
        let perhaps_text = self.midway && self.protocol == Protocol::Plain;
        let lost_in_text = match half.state {
            State::Lost => matches!(self.protocol, Protocol::Unknown | Protocol::Plain),
            State::Start if self.midway && half.kept.is_empty() => false,
            State::Plain if perhaps_text => false,
            // The other side's messages show that it was.
            State::Plain if self.protocol != Protocol::Plain => {
                half.state = State::Lost;
                false
            }
            State::Head { .. } if half.kept.is_empty() && begins_no_head(side, data) => false,
            _ => return,
        };
        let likeness = looks_like_message(side, data);
        let open = |protocol| {
            self.protocol == protocol || self.protocol == Protocol::Unknown || perhaps_text
        };
        let found = if likeness == Likeness::Yes && open(Protocol::Http) {
            Some((Protocol::Http, State::Head { searched: 0 }))
        } else if (open(Protocol::WebSocket) || self.protocol == Protocol::Http)
            && websocket::looks_like_frames(data, side == Side::Client)
            // What could be both is text, if the other segments were.
            && !(perhaps_text && std::str::from_utf8(data).is_ok())
        {
            Some((Protocol::WebSocket, State::FrameHeader))
        } else if side == Side::Server && open(Protocol::Http) && http::looks_like_chunks(data) {
            let events = memchr::memmem::find(data, b"data:").is_some();
            let content = if events { Content::Events } else { Content::Other };
            Some((Protocol::Http, State::chunk(content)))
        } else if lost_in_text && (likeness == Likeness::No || self.protocol == Protocol::Plain) {
            Some((Protocol::Plain, State::Plain))
        } else {
            None
        };
        if let Some((protocol, state)) = found {
            half.state = state;
            half.line_start = true;
            if side == Side::Server {
                // Answers may be missing; this one is most likely that of the latest request.
                self.requests.drain(..self.requests.len().saturating_sub(1));
            }
            if protocol == Protocol::WebSocket && self.protocol != protocol {
                self.begin_websocket(origin, sink);
            }
            self.protocol = protocol;
        }
    }

    /// A head is complete: finds out what follows it.
    fn head<S: Sink>(&mut self, origin: &Origin<'_>, head: &[u8], sink: &mut S) -> Switch {
        let side = origin.side;
        let half = &mut self.halves[side.index()];
        let time = mem::take(&mut half.kept_time);
        let mut feed = Feed { half, origin: Origin { time, ..*origin }, sink };
        let (length, content, switch, key, deflate) = match side {
            Side::Client => {
                let Some(request) = http::request(head) else {
                    feed.give_up_head(head);
                    return Switch::None;
                };
                if self.requests.len() == REQUEST_LIMIT {
                    self.requests.pop_front();
                }
                self.requests.push_back((request.method, request.key));
                feed.begin(UnitKind::Request, true);
                (request.length, request.content, Switch::None, None, false)
            }
            Side::Server => {
                let Some(response) = http::response(head) else {
                    feed.give_up_head(head);
                    return Switch::None;
                };
                let switching = response.status == 101;
                let (method, key) = if matches!(response.status, 100..=199) && !switching {
                    // An interim response: the final one is still to come.
                    (Method::Other, None)
                } else {
                    self.requests.pop_front().unwrap_or((Method::Other, None))
                };
                feed.begin(UnitKind::Response, true);
                let (length, switch) = match (response.status, method) {
                    (101, _) if response.websocket => (Length::None, Switch::WebSocket),
                    (101, _) | (200..=299, Method::Connect) => (Length::None, Switch::Tunnel),
                    (100..=199 | 204 | 304, _) | (_, Method::Head) => (Length::None, Switch::None),
                    _ => (response.length, Switch::None),
                };
                (length, response.content, switch, key, response.deflate)
            }
        };
        feed.head_pieces(head);
        if matches!(switch, Switch::WebSocket) {
            feed.sink.agreed(&feed.origin, key, deflate);
        }
        feed.end();
        feed.half.line_start = true;
        feed.half.after_cr = None;
        feed.half.state = match length {
            Length::None | Length::Known(0) => State::Head { searched: 0 },
            Length::Known(len) => State::Body { left: Some(len), content },
            Length::Chunked => State::chunk(content),
            Length::UntilClose => State::Body { left: None, content },
        };
        switch
    }

    /// Both sides leave HTTP.
    fn switch<S: Sink>(&mut self, state: State, origin: &Origin<'_>, sink: &mut S) {
        let websocket = matches!(state, State::FrameHeader);
        self.protocol = if websocket { Protocol::WebSocket } else { Protocol::Plain };
        for side in [Side::Client, Side::Server] {
            let half = &mut self.halves[side.index()];
            let mut feed = Feed { half, origin: Origin { side, ..*origin }, sink };
            // A client that did not wait for the answer is in the middle of something else.
            feed.give_up();
            feed.end_unit(false);
            half.state = state;
        }
        if websocket {
            self.begin_websocket(origin, sink);
        }
    }

    /// From here on the labels count frames.
    fn begin_websocket<S: Sink>(&mut self, origin: &Origin<'_>, sink: &mut S) {
        for half in &mut self.halves {
            half.number = 0;
        }
        sink.note(origin, Note::WebSocket);
    }
}

impl State {
    fn chunk(content: Content) -> Self {
        Self::ChunkSize { size: 0, digits: 0, in_extension: false, content }
    }

    /// The state after `len` bytes that are missing, if they can be told to be content.
    fn after_missing(self, len: u64) -> Option<Self> {
        match self {
            Self::Plain => Some(Self::Plain),
            Self::Body { left: None, content } => Some(Self::Body { left: None, content }),
            Self::Body { left: Some(left), content } => {
                Some(Self::Body { left: Some(left.checked_sub(len)?), content })
            }
            Self::ChunkData { left, content } => {
                Some(Self::ChunkData { left: left.checked_sub(len)?, content })
            }
            Self::Payload { header, done } => {
                let done = done.checked_add(len).filter(|done| *done <= header.payload_len)?;
                Some(Self::Payload { header, done })
            }
            _ => None,
        }
    }
}

impl<S: Sink> Feed<'_, S> {
    fn begin(&mut self, unit: UnitKind, new_number: bool) {
        if new_number {
            self.half.number += 1;
        }
        self.half.in_unit = true;
        if S::PIECES {
            self.sink.begin(&self.origin, unit, self.half.number.max(1));
        }
    }

    fn end(&mut self) {
        self.end_unit(true);
    }

    fn end_unit(&mut self, complete: bool) {
        if mem::take(&mut self.half.in_unit) && S::PIECES {
            self.sink.end(&self.origin, complete);
        }
    }

    fn piece(&mut self, part: Part, bytes: &[u8]) {
        if S::PIECES && !bytes.is_empty() {
            self.sink.piece(&self.origin, part, bytes);
        }
    }

    fn count(&mut self, kind: Kind, bytes: usize) {
        if S::COUNTS && bytes > 0 {
            self.sink.count(&self.origin, kind, bytes as u64);
        }
    }

    /// A piece that is all of one kind.
    fn counted(&mut self, part: Part, kind: Kind, bytes: &[u8]) {
        self.count(kind, bytes.len());
        self.piece(part, bytes);
    }

    /// A piece that may have times in it.
    fn content(&mut self, part: Part, bytes: &[u8]) {
        self.piece(part, bytes);
        if !S::COUNTS {
            return;
        }
        self.count(Kind::Content, bytes.len());
        self.half.pending += bytes.len() as u64;
        if self.origin.side == Side::Server {
            let found = self.half.scanner.feed(bytes);
            let bytes = found.unsigned_abs() * time_of_day::LEN as u64;
            if found > 0 {
                self.sink.recount(&self.origin, Kind::Content, Kind::Time, bytes);
                self.half.pending = self.half.pending.saturating_sub(bytes);
            } else if found < 0 {
                self.sink.recount(&self.origin, Kind::Time, Kind::Content, bytes);
                self.half.pending += bytes;
            }
            self.half.times += found;
        }
    }

    /// A message ends: what stands around a time in it is framing, if it `is_framing`.
    fn end_group(&mut self, is_framing: bool) {
        if !S::COUNTS {
            return;
        }
        let pending = mem::take(&mut self.half.pending);
        if mem::take(&mut self.half.times) > 0 && is_framing {
            self.sink.recount(&self.origin, Kind::Content, Kind::Framing, pending);
        }
        self.half.scanner = Scanner::default();
    }

    /// Keeps bytes until what they begin is complete, and counts them.
    fn keep(&mut self, kind: Kind, bytes: &[u8]) {
        if self.half.kept.is_empty() {
            self.half.kept_time = self.origin.time;
        }
        self.half.kept.extend_from_slice(bytes);
        self.count(kind, bytes.len());
    }

    /// Takes back bytes that were kept because they looked like the start of a request.
    fn take_kept(&mut self) -> Vec<u8> {
        let kept = mem::take(&mut self.half.kept);
        if S::COUNTS && !kept.is_empty() {
            // They are about to be counted anew.
            self.sink.uncount(&self.origin, Kind::HttpHead, kept.len() as u64);
        }
        kept
    }

    /// What is kept will not be completed.
    fn give_up(&mut self) {
        let kept = mem::take(&mut self.half.kept);
        if !kept.is_empty() {
            self.end_unit(false);
            self.origin.time = self.half.kept_time;
            match (self.half.state, self.origin.side) {
                (State::Head { .. }, side) => {
                    let request = side == Side::Client;
                    self.begin(if request { UnitKind::Request } else { UnitKind::Response }, true);
                    self.head_pieces(&kept);
                }
                (State::Start, _) => {
                    self.begin(UnitKind::Text, true);
                    self.piece(Part::Text, &kept);
                }
                _ => {
                    self.begin(UnitKind::Unknown, true);
                    self.piece(Part::Unknown, &kept);
                }
            }
            self.end_unit(false);
            self.half.state = State::Lost;
        }
        self.end_group(false);
    }

    /// A head that cannot be read.
    fn give_up_head(&mut self, head: &[u8]) {
        self.begin(UnitKind::Unknown, true);
        self.piece(Part::Unknown, head);
        self.end();
        self.half.state = State::Lost;
    }

    /// Finds out what the connection speaks; `None` if that takes more bytes.
    fn start(&mut self, protocol: Protocol, data: &[u8]) -> Option<(Protocol, State)> {
        let http = (Protocol::Http, State::Head { searched: 0 });
        let plain = (Protocol::Plain, State::Plain);
        match protocol {
            Protocol::Http => return Some(http),
            Protocol::Plain => return Some(plain),
            // The other side sends frames. If this segment were whole frames, it would be known.
            Protocol::WebSocket => return Some((Protocol::WebSocket, State::Lost)),
            Protocol::Unknown => {}
        }
        let kept = self.half.kept.len();
        if kept + data.len() > REQUEST_LINE_LIMIT && kept > 0 {
            return Some(plain);
        }
        let side = self.origin.side;
        let likeness = if kept == 0 {
            looks_like_message(side, data)
        } else {
            let mut line = self.half.kept.clone();
            line.extend_from_slice(data);
            looks_like_message(side, &line)
        };
        match likeness {
            Likeness::Yes => Some(http),
            Likeness::No => Some(plain),
            Likeness::Perhaps if data.len() > REQUEST_LINE_LIMIT => Some(plain),
            Likeness::Perhaps => {
                self.keep(Kind::HttpHead, data);
                None
            }
        }
    }

    fn plain<'d>(&mut self, data: &'d [u8]) -> &'d [u8] {
        self.sink.unasked(&self.origin);
        self.begin(UnitKind::Text, true);
        let mut rest = data;
        while let Some(newline) = memchr::memchr(b'\n', rest) {
            let text_end = if rest[..newline].ends_with(b"\r") { newline - 1 } else { newline };
            self.content(Part::Text, &rest[..text_end]);
            self.end_group(true);
            self.counted(Part::LineEnd, Kind::Framing, &rest[text_end..=newline]);
            rest = &rest[newline + 1..];
        }
        self.content(Part::Text, rest);
        self.end();
        &data[data.len()..]
    }

    /// Whether a head should come now, and `data` cannot be the beginning of one.
    fn begins_no_head(&self, data: &[u8]) -> bool {
        self.half.kept.is_empty() && begins_no_head(self.origin.side, data)
    }

    /// Collects a head; when it is complete, returns it and what follows.
    fn head<'d>(
        &mut self,
        searched: usize,
        data: &'d [u8],
    ) -> Option<(std::borrow::Cow<'d, [u8]>, &'d [u8])> {
        if self.half.kept.is_empty()
            && let Some(end) = http::head_end(data, 0)
        {
            self.half.kept_time = self.origin.time;
            self.count(Kind::HttpHead, end);
            return Some((data[..end].into(), &data[end..]));
        }
        let before = self.half.kept.len();
        self.keep(Kind::HttpHead, data);
        if let Some(end) = http::head_end(&self.half.kept, searched) {
            let mut head = mem::take(&mut self.half.kept);
            head.truncate(end);
            let rest = &data[end - before..];
            if S::COUNTS {
                // What follows is counted when it is read.
                self.sink.uncount(&self.origin, Kind::HttpHead, rest.len() as u64);
            }
            return Some((head.into(), rest));
        }
        self.half.state = State::Head { searched: self.half.kept.len() };
        let first_line = http::empty_lines(&self.half.kept).min(before);
        if memchr::memchr(b'\n', &self.half.kept[first_line..before]).is_none()
            && begins_no_head(self.origin.side, &self.half.kept)
        {
            // What might have become a first line did not.
            let kept = self.take_kept();
            let arrived = mem::replace(&mut self.origin.time, self.half.kept_time);
            self.half.state = State::Lost;
            self.lost(&kept);
            self.origin.time = arrived;
        } else if self.half.kept.len() > HEAD_LIMIT {
            self.give_up();
            self.half.state = State::Lost;
        }
        None
    }

    /// The lines of a head.
    fn head_pieces(&mut self, head: &[u8]) {
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
            self.piece(part, line);
            // Empty lines before the first one are skipped (RFC 9112 section 2.2).
            if !empty {
                part = Part::Field;
            }
            rest = after;
        }
        self.piece(part, rest);
    }

    fn body<'d>(&mut self, left: Option<u64>, content: Content, data: &'d [u8]) -> &'d [u8] {
        let len = left.map_or(data.len(), |left| data.len().min(usize_of(left)));
        let (piece, rest) = data.split_at(len);
        if !self.half.in_unit {
            let events = content == Content::Events;
            self.begin(if events { UnitKind::Event } else { UnitKind::Body }, events);
        }
        if content == Content::Events {
            self.events(piece);
            if self.half.line_start {
                self.end();
            }
        } else {
            self.content(Part::Body(content), piece);
            self.sink.answer(&self.origin);
        }
        let left = left.map(|left| left - len as u64);
        if left == Some(0) {
            self.end_group(content == Content::Json);
            self.end();
            self.half.state = State::Head { searched: 0 };
        } else {
            // Nothing but the connection's end would say that it is complete, so that what has come
            // is a unit.
            if left.is_none() && content != Content::Events {
                self.end();
            }
            self.half.state = State::Body { left, content };
        }
        rest
    }

    fn chunk_size<'d>(&mut self, data: &'d [u8]) -> &'d [u8] {
        let State::ChunkSize { mut size, mut digits, mut in_extension, content } = self.half.state
        else {
            return data;
        };
        for (index, byte) in data.iter().enumerate() {
            let digit = char::from(*byte).to_digit(16).filter(|_| !in_extension);
            match (digit, *byte) {
                (Some(digit), _) if digits < 16 => {
                    size = size << 4 | u64::from(digit);
                    digits += 1;
                }
                (None, b'\n') if digits > 0 => {
                    self.chunk_begins(content);
                    let (line, rest) = data.split_at(index + 1);
                    self.counted(Part::ChunkSize, Kind::Framing, line);
                    self.half.state = if size == 0 {
                        State::TrailerStart { after_cr: false, content }
                    } else {
                        State::ChunkData { left: size, content }
                    };
                    return rest;
                }
                // Space, CR, or the semicolon before an extension.
                (None, b'\r' | b' ' | b'\t' | b';') if digits > 0 => in_extension = true,
                (None, _) if in_extension => {}
                _ => {
                    // No chunk begins so.
                    return self.lose_way(data);
                }
            }
        }
        self.chunk_begins(content);
        self.counted(Part::ChunkSize, Kind::Framing, data);
        self.half.state = State::ChunkSize { size, digits, in_extension, content };
        &data[data.len()..]
    }

    fn chunk_begins(&mut self, content: Content) {
        if !self.half.in_unit {
            let events = content == Content::Events;
            self.begin(if events { UnitKind::EventChunk } else { UnitKind::Chunk }, events);
        }
    }

    fn chunk_data<'d>(&mut self, left: u64, content: Content, data: &'d [u8]) -> &'d [u8] {
        let (piece, rest) = data.split_at(data.len().min(usize_of(left)));
        self.chunk_begins(content);
        if content == Content::Events {
            self.events(piece);
        } else {
            self.content(Part::Body(content), piece);
            self.sink.answer(&self.origin);
        }
        let left = left - piece.len() as u64;
        self.half.state = if left == 0 {
            State::ChunkEnd { after_cr: false, content }
        } else {
            State::ChunkData { left, content }
        };
        rest
    }

    fn chunk_end<'d>(&mut self, after_cr: bool, content: Content, data: &'d [u8]) -> &'d [u8] {
        let Some((line_end, rest)) = split_line_end(data, after_cr) else {
            return self.lose_way(data);
        };
        self.chunk_begins(content);
        self.counted(Part::ChunkEnd, Kind::Framing, line_end);
        self.half.state = if line_end.ends_with(b"\n") {
            self.end();
            State::chunk(content)
        } else {
            State::ChunkEnd { after_cr: true, content }
        };
        rest
    }

    fn trailer_start<'d>(&mut self, after_cr: bool, content: Content, data: &'d [u8]) -> &'d [u8] {
        let Some((line_end, rest)) = split_line_end(data, after_cr) else {
            if after_cr || data.starts_with(b"\r") {
                return self.lose_way(data);
            }
            self.half.state = State::Trailer { content };
            return data;
        };
        self.chunk_begins(content);
        self.counted(Part::ChunksEnd, Kind::Framing, line_end);
        self.half.state = if line_end.ends_with(b"\n") {
            self.end_group(content == Content::Json);
            self.end();
            State::Head { searched: 0 }
        } else {
            State::TrailerStart { after_cr: true, content }
        };
        rest
    }

    fn trailer<'d>(&mut self, content: Content, data: &'d [u8]) -> &'d [u8] {
        let newline = memchr::memchr(b'\n', data);
        let (line, rest) = data.split_at(newline.map_or(data.len(), |newline| newline + 1));
        self.chunk_begins(content);
        self.counted(Part::Trailer, Kind::Framing, line);
        if newline.is_some() {
            self.half.state = State::TrailerStart { after_cr: false, content };
        }
        rest
    }

    /// What comes now cannot be what should come.
    fn lose_way<'d>(&mut self, data: &'d [u8]) -> &'d [u8] {
        self.end();
        self.half.state = State::Lost;
        data
    }

    /// The lines of events (HTML standard, section 9.2.6).
    fn events(&mut self, mut data: &[u8]) {
        self.sink.unasked(&self.origin);
        if let Some(part) = self.half.after_cr.take()
            && let [b'\n', rest @ ..] = data
        {
            self.event_line(part, b"\n");
            data = rest;
        }
        while !data.is_empty() {
            let Some(end) = memchr::memchr2(b'\n', b'\r', data) else {
                self.half.line_start = false;
                self.half.after_cr = None;
                self.content(Part::EventField, data);
                return;
            };
            let crlf = data[end..].starts_with(b"\r\n");
            let (line, rest) = data.split_at(end + 1 + usize::from(crlf));
            let is_empty = end == 0 && self.half.line_start;
            let part = if is_empty { Part::EventEnd } else { Part::EventField };
            self.event_line(part, line);
            self.half.line_start = true;
            self.half.after_cr = line.ends_with(b"\r").then_some(part);
            data = rest;
        }
    }

    fn event_line(&mut self, part: Part, line: &[u8]) {
        if part == Part::EventEnd {
            self.end_group(true);
            self.counted(part, Kind::Framing, line);
        } else {
            self.content(part, line);
        }
    }

    fn frame_header<'d>(&mut self, data: &'d [u8]) -> &'d [u8] {
        let before = self.half.kept.len();
        let mut header = [0; HEADER_LIMIT];
        header[..before].copy_from_slice(&self.half.kept);
        let len = (before + data.len()).min(HEADER_LIMIT);
        header[before..len].copy_from_slice(&data[..len - before]);
        let Some(parsed) = Header::parse(&header[..len]) else {
            self.keep(Kind::Framing, data);
            return &data[data.len()..];
        };
        let header_len = parsed.len();
        self.sink.unasked(&self.origin);
        if before == 0 {
            self.half.kept_time = self.origin.time;
        }
        self.half.kept.clear();
        let (_, rest) = data.split_at(header_len - before);
        self.count(Kind::Framing, header_len - before);
        let arrived = mem::replace(&mut self.origin.time, self.half.kept_time);
        self.begin(UnitKind::Frame, true);
        self.piece(Part::FrameStart, &header[..2]);
        self.piece(Part::FrameLength, &header[2..2 + parsed.extended]);
        self.piece(Part::MaskingKey, &header[2 + parsed.extended..header_len]);
        self.origin.time = arrived;
        self.half.state = State::Payload { header: parsed, done: 0 };
        if parsed.payload_len == 0 {
            self.end_frame(parsed);
        }
        rest
    }

    fn payload<'d>(&mut self, header: Header, done: u64, data: &'d [u8]) -> &'d [u8] {
        self.sink.unasked(&self.origin);
        let left = usize_of(header.payload_len - done);
        let (piece, rest) = data.split_at(data.len().min(left));
        if !self.half.in_unit {
            self.begin(UnitKind::Frame, false);
        }
        if header.opcode.is_control() {
            self.counted(Part::Payload, Kind::Framing, piece);
        } else {
            self.content(Part::Payload, piece);
        }
        let done = done + piece.len() as u64;
        self.half.state = State::Payload { header, done };
        if done == header.payload_len {
            self.end_frame(header);
        }
        rest
    }

    fn end_frame(&mut self, header: Header) {
        if header.fin && !header.opcode.is_control() {
            self.end_group(header.opcode != Opcode::BINARY);
        }
        self.end();
        self.half.state = State::FrameHeader;
    }

    fn lost<'d>(&mut self, data: &'d [u8]) -> &'d [u8] {
        self.begin(UnitKind::Unknown, true);
        self.counted(Part::Unknown, Kind::Content, data);
        self.end();
        &data[data.len()..]
    }
}

/// Whether what `side` sends begins with the first line of a request or a response.
fn looks_like_message(side: Side, data: &[u8]) -> Likeness {
    match side {
        Side::Client => http::looks_like_request(data),
        Side::Server => http::looks_like_response(data),
    }
}

/// Whether `data`, which `side` sends where a head should begin, cannot be the beginning of one.
fn begins_no_head(side: Side, data: &[u8]) -> bool {
    let first_line = &data[http::empty_lines(data)..];
    !first_line.is_empty() && looks_like_message(side, first_line) == Likeness::No
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
