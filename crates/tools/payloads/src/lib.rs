//! What a packet capture of the five apps says, byte by byte.
//!
//! Show the conversations of a capture, and explain their bytes:
//!
//! ```sh
//! cargo run -p payloads -- show my.pcap
//! cargo run -p payloads -- show --explain my.pcap
//! ```
//!
//! live, while clicking (without `--immediate-mode` tcpdump delivers up to a second late):
//!
//! ```sh
//! sudo tcpdump -i lo --immediate-mode -U -w - port 8000 | cargo run -p payloads -- show -
//! ```
//!
//! and print the figures of captures as Markdown tables, or as JSON:
//!
//! ```sh
//! cargo run -p payloads -- stats my.pcap other.pcap
//! cargo run -p payloads -- stats --json my.pcap
//! ```
//!
//! # From bytes to words
//!
//! A packet goes through these modules, one after the other, and none of them keeps it:
//!
//! | module | what it makes of it |
//! |---|---|
//! | [`capture`] | packets, from pcap and pcapng |
//! | [`packet`] | a TCP segment, from the link, IP and TCP headers |
//! | [`conversation`] | a connection with a client and a server |
//! | [`stream`] | the bytes of each side in order, with what is missing or sent again |
//! | [`decode`] | a name for each byte: text, HTTP ([`http`]), events, frames ([`websocket`]) |
//! | [`stats`] | the figures |
//! | [`unit`](mod@unit) | heads, chunks and frames as a whole |
//! | [`explain`](mod@explain) | a line for each byte or bit field of a unit |
//! | [`show`] | the conversations as text |
//! | [`transcript`] | the conversations of a small capture, for a document to quote |
//!
//! Memory is bounded, however large the capture: [`conversation::CONNECTION_LIMIT`] connections at
//! a time, and for each a limit on what waits for other bytes.
//!
//! # What this is not
//!
//! It reads the five apps and what is like them. IP fragments are not put together, and neither
//! TLS, compressed content nor HTTP/2 is read: their bytes are shown as they were sent.

pub mod capture;
pub mod conversation;
pub mod decode;
pub mod escape;
pub mod explain;
#[path = "input/headers/mod.rs"]
pub mod headers;
pub mod http;
pub mod packet;
pub mod show;
pub mod stats;
pub mod stream;
mod table;
pub mod time_of_day;
pub mod transcript;
pub mod unit;
pub mod websocket;
