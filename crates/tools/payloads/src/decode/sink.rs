//! The words for what bytes are, and whoever takes them.

use super::fields::Announced;
use crate::tcp::{ConnectionInfo, Ending, Notice, Origin, Side};

/// The length of a `Sec-WebSocket-Key`: 16 bytes in base64 (RFC 6455 section 4.1).
pub const KEY_LEN: usize = 24;

/// What a message's content is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Content {
    /// JSON (RFC 8259).
    Json,
    /// A stream of events (HTML standard, section 9.2).
    Events,
    /// Anything else, such as a page.
    Other,
}

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
    /// An empty line where an HTTP message should begin.
    EmptyLine,
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
    /// The 24 bytes that a client begins HTTP/2 with.
    Preface,
    /// The header of a TLS record or an HTTP/2 frame.
    RecordHeader,
    /// What a TLS record or an HTTP/2 frame carries.
    RecordData,
    /// Bytes that belong before ones that were given earlier.
    Late,
    /// Bytes whose place in a message is not known, because others are missing.
    Unknown,
    /// Bytes that are no message, nor part of one, of what the connection speaks.
    Misfit,
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
    /// Content that is a stream of events and does not come in chunks: what one packet brought, up to
    /// the end of a line.
    Event,
    /// Empty lines between HTTP messages.
    EmptyLine,
    /// A WebSocket frame.
    Frame,
    /// A TLS record.
    Tls,
    /// An HTTP/2 frame, or the preface before the first one.
    Http2,
    /// Bytes whose place is not known.
    #[default]
    Unknown,
    /// Bytes that do not fit what the connection speaks.
    Misfit,
}

impl Part {
    /// What its bytes count as, unless they are an exception.
    pub(super) fn kind(self) -> Kind {
        match self {
            Self::StartLine | Self::Field | Self::HeadEnd => Kind::HttpHead,
            Self::LineEnd
            | Self::ChunkSize
            | Self::ChunkEnd
            | Self::Trailer
            | Self::ChunksEnd
            | Self::EventEnd
            | Self::EmptyLine
            | Self::FrameStart
            | Self::FrameLength
            | Self::MaskingKey
            | Self::Preface
            | Self::RecordHeader => Kind::Framing,
            Self::Text
            | Self::Body(_)
            | Self::EventField
            | Self::Payload
            | Self::RecordData
            | Self::Late
            | Self::Unknown
            | Self::Misfit => Kind::Content,
        }
    }
}

impl UnitKind {
    /// The letter that labels of such units begin with, if `side` sent them.
    pub(super) fn letter(self, side: Side) -> char {
        match self {
            Self::Text => 'T',
            // A question and its answer.
            Self::Request => 'Q',
            Self::Response => 'A',
            Self::Body | Self::Event => 'B',
            Self::Chunk | Self::EventChunk => 'K',
            Self::EmptyLine => 'L',
            // As the document of the original labels them.
            Self::Frame => side.letter(),
            Self::Tls => 'R',
            Self::Http2 => 'F',
            Self::Unknown | Self::Misfit => 'X',
        }
    }
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
    /// From here on both sides send what is no WebSocket of RFC 6455, for nobody asked for that.
    OtherWebSocket,
    /// How the connection goes, or bytes that are no part of what is said.
    Tcp(Notice<'a>),
}

impl Note<'_> {
    /// Its word, which stays the same.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Cut(_) => "cut-off",
            Self::Gap(_) => "gap",
            Self::Repeated(_) => "sent-again",
            Self::GapOrFin => "gap-or-fin",
            Self::Late { .. } => "captured-late",
            Self::End => "fin",
            Self::WebSocket => "websocket",
            Self::OtherWebSocket => "other-websocket",
            Self::Tcp(notice) => notice.word(),
        }
    }
}

/// Two that take what a [`Decoder`](super::Decoder) finds.
pub struct Both<A, B>(pub A, pub B);

impl<A: Sink, B: Sink> Sink for Both<A, B> {
    const COUNTS: bool = A::COUNTS || B::COUNTS;
    const PIECES: bool = A::PIECES || B::PIECES;

    fn opened(&mut self, connection: &ConnectionInfo, time: i64) {
        self.0.opened(connection, time);
        self.1.opened(connection, time);
    }

    fn changed(&mut self, connection: &ConnectionInfo, time: i64, turned: bool) {
        self.0.changed(connection, time, turned);
        self.1.changed(connection, time, turned);
    }

    fn ended(&mut self, connection: &ConnectionInfo, time: i64, ending: Ending) {
        self.0.ended(connection, time, ending);
        self.1.ended(connection, time, ending);
    }

    fn moved(&mut self, from: usize, to: usize) {
        self.0.moved(from, to);
        self.1.moved(from, to);
    }

    fn delivered(&mut self, origin: &Origin<'_>, sequence: u32, bytes: usize) {
        self.0.delivered(origin, sequence, bytes);
        self.1.delivered(origin, sequence, bytes);
    }

    fn begin(&mut self, origin: &Origin<'_>, unit: UnitKind, is_rest: bool) {
        self.0.begin(origin, unit, is_rest);
        self.1.begin(origin, unit, is_rest);
    }

    fn piece(&mut self, origin: &Origin<'_>, part: Part, kind: Kind, bytes: &[u8]) {
        self.0.piece(origin, part, kind, bytes);
        self.1.piece(origin, part, kind, bytes);
    }

    fn end(&mut self, origin: &Origin<'_>, complete: bool) {
        self.0.end(origin, complete);
        self.1.end(origin, complete);
    }

    fn agreed(&mut self, origin: &Origin<'_>, key: Option<[u8; KEY_LEN]>, head: &[u8]) {
        self.0.agreed(origin, key, head);
        self.1.agreed(origin, key, head);
    }

    fn content(&mut self, origin: &Origin<'_>, announced: &Announced) {
        self.0.content(origin, announced);
        self.1.content(origin, announced);
    }

    fn content_end(&mut self, origin: &Origin<'_>) {
        self.0.content_end(origin);
        self.1.content_end(origin);
    }

    fn over(&mut self, origin: &Origin<'_>) {
        self.0.over(origin);
        self.1.over(origin);
    }

    fn note(&mut self, origin: &Origin<'_>, note: Note<'_>) {
        self.0.note(origin, note);
        self.1.note(origin, note);
    }

    fn count(&mut self, origin: &Origin<'_>, kind: Kind, bytes: u64) {
        self.0.count(origin, kind, bytes);
        self.1.count(origin, kind, bytes);
    }

    fn uncount(&mut self, origin: &Origin<'_>, kind: Kind, bytes: u64) {
        self.0.uncount(origin, kind, bytes);
        self.1.uncount(origin, kind, bytes);
    }

    fn answer(&mut self, origin: &Origin<'_>) {
        self.0.answer(origin);
        self.1.answer(origin);
    }

    fn unasked(&mut self, origin: &Origin<'_>) {
        self.0.unasked(origin);
        self.1.unasked(origin);
    }

    fn time(&mut self, origin: &Origin<'_>, is_time: bool, back: u64) {
        self.0.time(origin, is_time, back);
        self.1.time(origin, is_time, back);
    }

    fn group(&mut self, origin: &Origin<'_>, is_framing: bool) {
        self.0.group(origin, is_framing);
        self.1.group(origin, is_framing);
    }

    fn recount(&mut self, origin: &Origin<'_>, from: Kind, to: Kind, bytes: u64) {
        self.0.recount(origin, from, to, bytes);
        self.1.recount(origin, from, to, bytes);
    }
}

/// Takes what a [`Decoder`](super::Decoder) finds.
pub trait Sink {
    /// Whether [`count`](Self::count) and [`recount`](Self::recount) are wanted.
    const COUNTS: bool;
    /// Whether [`begin`](Self::begin), [`piece`](Self::piece) and [`end`](Self::end) are wanted.
    const PIECES: bool;

    /// A connection begins.
    fn opened(&mut self, _connection: &ConnectionInfo, _time: i64) {}
    /// What is known of a connection turned out otherwise; see [`Follower::changed`](crate::tcp::Follower::changed).
    fn changed(&mut self, _connection: &ConnectionInfo, _time: i64, _turned: bool) {}
    /// A connection ended.
    fn ended(&mut self, _connection: &ConnectionInfo, _time: i64, _ending: Ending) {}
    /// A connection's place is now `to` instead of `from`; the one that was there is over.
    fn moved(&mut self, _from: usize, _to: usize) {}
    /// So many bytes come next, the first of which has this sequence number. Each of them is going to be
    /// part of a [`piece`](Self::piece), in this order.
    fn delivered(&mut self, _origin: &Origin<'_>, _sequence: u32, _bytes: usize) {}
    /// A unit begins, or, if it `is_rest`, the one before it goes on after bytes that are missing.
    fn begin(&mut self, _origin: &Origin<'_>, _unit: UnitKind, _is_rest: bool) {}
    /// These bytes of the unit are a `part`, or a piece of one, and are or were counted as `kind`.
    fn piece(&mut self, _origin: &Origin<'_>, _part: Part, _kind: Kind, _bytes: &[u8]) {}
    /// The unit is over, because it is complete or because it cannot be completed.
    fn end(&mut self, _origin: &Origin<'_>, _complete: bool) {}
    /// The client asked for a WebSocket with this key, and the response at hand, of which this is the
    /// head, agrees.
    fn agreed(&mut self, _origin: &Origin<'_>, _key: Option<[u8; KEY_LEN]>, _head: &[u8]) {}
    /// Content follows the head that was given last.
    fn content(&mut self, _origin: &Origin<'_>, _announced: &Announced) {}
    /// The content is complete.
    fn content_end(&mut self, _origin: &Origin<'_>) {}
    /// Nothing more comes from this side.
    fn over(&mut self, _origin: &Origin<'_>) {}
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
    /// A time ends `back` bytes before the end of the content that came so far, or what was taken for
    /// one there is none. This goes with a [`recount`](Self::recount), if pieces are wanted too.
    fn time(&mut self, _origin: &Origin<'_>, _is_time: bool, _back: u64) {}
    /// The message at hand ends. If what stands around the times in it is framing, this goes with a
    /// [`recount`](Self::recount) too.
    fn group(&mut self, _origin: &Origin<'_>, _is_framing: bool) {}
    /// So many bytes that were counted as one kind turned out to be of another.
    fn recount(&mut self, _origin: &Origin<'_>, _from: Kind, _to: Kind, _bytes: u64) {}
}
