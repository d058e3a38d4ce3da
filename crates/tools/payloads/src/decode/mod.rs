//! From bytes in order to names for them: plain text, HTTP, events, WebSocket frames.
//!
//! A [`Decoder`] names each byte of a connection exactly once, as it comes, and tells a [`Sink`]; an
//! [`Assembler`] puts the named bytes together to [`Unit`]s. All that is printed about bytes, in
//! figures and in words, comes from here.
//!
//! This room knows what [`tcp`](crate::tcp) hands on, and nothing of how it is printed.

mod decoder;
mod head;
mod sink;
pub mod time_of_day;
mod unit;
pub mod websocket;

pub use decoder::Decoder;
pub use sink::{Content, KEY_LEN, Kind, Note, Part, Sink, UnitKind};
pub use unit::{Assembler, Event, Listener, Unit};
