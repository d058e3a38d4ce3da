//! From bytes in order to names for them: plain text, HTTP, events, WebSocket frames.
//!
//! A [`Decoder`] names each byte of a connection exactly once, as it comes, and tells a [`Sink`]; an
//! [`Assembler`] puts the named bytes together to [`Unit`]s. All that is printed about bytes, in
//! figures and in words, comes from here.
//!
//! # A file a protocol
//!
//! | file | what it names |
//! |---|---|
//! | `text.rs` | lines of text outside HTTP |
//! | `http.rs` | HTTP/1.1 messages; their heads are read in `first_line.rs` and `head.rs`, and answers told by `requests.rs` |
//! | `chunks.rs` | content in chunks |
//! | `body.rs`, `events.rs` | content of any length; events in it |
//! | `websocket.rs` | WebSocket frames |
//! | `tls.rs`, `http2.rs` | TLS records and HTTP/2 frames, of which only the headers are read |
//!
//! What units make together is found from the units alone: `contents.rs` has the content of HTTP
//! messages, unpacked by [`unpack`], and with `event_stream.rs` the events in it; `frames.rs` the
//! messages of WebSocket, and with `violations.rs` what is against its rules.
//!
//! Each is a struct that says where one side is, and knows nothing of what else may be spoken. Its
//! `feed` takes bytes and names those that it can, and its `pass` takes bytes that are missing; what
//! is named, counted, or kept until it is complete goes through `out.rs`. `decoder.rs` owns the two
//! sides and lets each speak one protocol at a time, which `state.rs` lists; which it is, `start.rs`
//! tells by the first bytes. Another protocol is another file like these, a way to recognise it in
//! `start.rs`, a state, and an arm in `decoder.rs`.
//!
//! # What a connection speaks
//!
//! Both sides decide that. A side that has sent nothing but text may begin a message at any line, and
//! a line that may or may not be one, such as `GET key`, waits for what the other side answers: a status
//! line makes it a request, and anything else text. Once both sides have sent text, only a request line
//! with a known method changes that. What waits is named before its answer is, and whatever is named
//! does not depend on how the bytes come in segments.
//!
//! This room knows what [`tcp`](crate::tcp) hands on, and nothing of how it is printed.

mod assembler;
mod body;
mod chunks;
mod contents;
mod decoder;
mod event_stream;
mod events;
pub(crate) mod fields;
mod first_line;
mod frames;
mod head;
mod http;
pub mod http2;
mod kinds;
mod messages;
mod out;
mod requests;
mod sink;
mod spans;
mod start;
mod state;
mod text;
pub mod time_of_day;
pub mod tls;
mod unit;
pub mod unpack;
pub(crate) mod violations;
pub mod websocket;
mod wholes;

pub use assembler::Assembler;
pub(crate) use chunks::chunk_size;
pub use decoder::Decoder;
pub use event_stream::{Block, EVENT_LIMIT};
pub use fields::Announced;
pub(crate) use first_line::{RequestLine, StatusLine, is_control, is_token};
pub(crate) use head::{Fields, content_length};
pub use kinds::Kinds;
pub use messages::{Carrier, EmptyLine, MESSAGE_LIMIT, Message, Short, Source, StreamEvent};
pub use sink::{Both, Content, KEY_LEN, Kind, Note, Part, Sink, UnitKind};
pub use spans::Span;
pub use unit::{Event, Listener, Unit};
pub use violations::Violation;
