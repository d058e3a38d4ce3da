//! What the parts of units are called, what they are for, and where that is written.

use crate::{
    decode::{Content, Part, UnitKind},
    input::headers::Term,
};

macro_rules! terms {
    ($($constant:ident: $key:literal, $name:literal, $meaning:literal, $source:literal;)*) => {
        $(pub static $constant: Term =
            Term { key: $key, name: $name, meaning: $meaning, source: $source };)*

        /// All terms of units.
        pub static TERMS: &[&Term] = &[$(&$constant),*];
    };
}

terms! {
    TIME: "time", "time", "the time itself", "";
    TEXT: "text", "text", "as it was sent", "";
    LINE_END: "text.line-end", "line end", "ends the line", "";
    REQUEST_LINE: "http.request-line", "request line", "method, target, version",
        "RFC 9112 section 3";
    STATUS_LINE: "http.status-line", "status line", "version, status code, reason",
        "RFC 9112 section 4";
    FIELD: "http.field", "field", "a name and a value", "RFC 9112 section 5";
    HEAD_END: "http.head-end", "empty line", "ends the head", "RFC 9112 section 2.1";
    EMPTY_LINE: "http.empty-line", "empty line", "between messages, and passed over",
        "RFC 9112 section 2.2";
    CONTENT: "http.content", "content", "what the head announces", "RFC 9110 section 6.4";
    JSON: "http.json", "JSON", "a value as text", "RFC 8259";
    CHUNK_SIZE: "chunk.size", "chunk size", "how many bytes of data follow, in hexadecimal digits",
        "RFC 9112 section 7.1";
    CHUNK_END: "chunk.end", "chunk end", "ends the chunk", "RFC 9112 section 7.1";
    TRAILER: "chunk.trailer", "trailer field", "a field that comes after the content",
        "RFC 9112 section 7.1.2";
    CHUNKS_END: "chunk.last", "empty line", "ends the chunks", "RFC 9112 section 7.1";
    EVENT_FIELD: "event.field", "event field", "a name and a value", "HTML standard section 9.2.5";
    EVENT_END: "event.end", "empty line", "dispatches the event", "HTML standard section 9.2.6";
    FIN: "websocket.fin", "FIN", "whether the message ends with this frame", "RFC 6455 section 5.2";
    RESERVED: "websocket.rsv", "RSV1 to RSV3", "for extensions; RSV1 says that a message is packed",
        "RFC 6455 section 5.2";
    OPCODE: "websocket.opcode", "opcode", "what the frame is", "RFC 6455 section 5.2";
    MASK: "websocket.mask", "MASK", "whether the payload is masked, as a client's must be",
        "RFC 6455 section 5.1";
    LENGTH: "websocket.length", "length",
        "of the payload; 126 and 127 say that it stands in the next 2 or 8 bytes",
        "RFC 6455 section 5.2";
    EXTENDED_LENGTH: "websocket.extended-length", "length", "of the payload, big-endian",
        "RFC 6455 section 5.2";
    MASKING_KEY: "websocket.masking-key", "masking key", "picked anew for each frame",
        "RFC 6455 section 5.3";
    PAYLOAD: "websocket.payload", "payload", "as it was sent: masked, if there is a key",
        "RFC 6455 section 5.3";
    TLS_HEADER: "tls.header", "record header", "what the record carries, a version, a length",
        "RFC 8446 section 5.1";
    TLS_DATA: "tls.data", "record", "what the record carries: not read, and mostly encrypted",
        "RFC 8446 section 5.1";
    HTTP2_PREFACE: "http2.preface", "preface", "what a client begins HTTP/2 with",
        "RFC 9113 section 3.4";
    HTTP2_HEADER: "http2.header", "frame header", "a length, a type, flags, a stream",
        "RFC 9113 section 4.1";
    HTTP2_DATA: "http2.data", "frame", "what the frame carries: not read", "RFC 9113 section 4.1";
    LATE: "late", "late", "belongs before others that were captured earlier", "";
    UNKNOWN: "unknown", "bytes without their context", "what they belong to is not known", "";
    MISFIT: "misfit", "bytes that do not fit", "no message of what the connection speaks", "";
}

/// What `part` of such a unit is called. The first bytes of a frame have a term for each field.
pub fn term(unit: UnitKind, part: Part) -> &'static Term {
    match part {
        Part::Text => &TEXT,
        Part::LineEnd => &LINE_END,
        Part::StartLine if unit == UnitKind::Request => &REQUEST_LINE,
        Part::StartLine => &STATUS_LINE,
        Part::Field => &FIELD,
        Part::HeadEnd => &HEAD_END,
        Part::EmptyLine => &EMPTY_LINE,
        Part::Body(Content::Json) => &JSON,
        Part::Body(_) => &CONTENT,
        Part::ChunkSize => &CHUNK_SIZE,
        Part::ChunkEnd => &CHUNK_END,
        Part::Trailer => &TRAILER,
        Part::ChunksEnd => &CHUNKS_END,
        Part::EventField => &EVENT_FIELD,
        Part::EventEnd => &EVENT_END,
        Part::FrameStart | Part::FrameLength => &EXTENDED_LENGTH,
        Part::MaskingKey => &MASKING_KEY,
        Part::Payload => &PAYLOAD,
        Part::Preface => &HTTP2_PREFACE,
        Part::RecordHeader if unit == UnitKind::Http2 => &HTTP2_HEADER,
        Part::RecordHeader => &TLS_HEADER,
        Part::RecordData if unit == UnitKind::Http2 => &HTTP2_DATA,
        Part::RecordData => &TLS_DATA,
        Part::Late => &LATE,
        Part::Unknown => &UNKNOWN,
        Part::Misfit => &MISFIT,
    }
}
