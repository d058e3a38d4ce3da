//! The words for what bytes are, and whoever takes them.

use crate::tcp::{ConnectionInfo, Ending, Origin, Side};

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
    /// A piece of a stream of events that does not come in chunks.
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
            Self::EmptyLine => 'E',
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
}

/// Takes what a [`Decoder`](super::Decoder) finds.
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
    /// A unit begins, or, if it `is_rest`, the one before it goes on after bytes that are missing.
    fn begin(&mut self, _origin: &Origin<'_>, _unit: UnitKind, _is_rest: bool) {}
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
