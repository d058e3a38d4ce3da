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
//! see them in a browser, as a page that needs nothing else:
//!
//! ```sh
//! cargo run -p payloads -- page my.pcap other.pcap > my.html
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
//! A packet goes through these rooms, one after the other, and none of them keeps it. Each may use
//! those above it in this table, and knows none below it.
//!
//! | room | what it makes of it |
//! |---|---|
//! | [`input`] | a TCP segment, from a capture file and the headers of link, IP and TCP |
//! | [`tcp`] | a connection with a client and a server, and the bytes of each side in order |
//! | [`decode`] | a name for each byte, and heads, chunks and frames as a whole: one file a protocol |
//! | [`report`] | figures and tables, conversations as text, a line for each byte or bit field |
//! | [`live`] | a report of a capture that is still being made |
//!
//! What is odd about packets and connections is said in notes, whose words [`tcp`] lists.
//!
//! Memory is bounded, however large the capture: [`tcp::CONNECTION_LIMIT`] connections at
//! a time, and for each a limit on what waits for other bytes.
//!
//! # What this is not
//!
//! It reads the five apps and what is like them. The records of TLS and the frames of HTTP/2 are named,
//! and what they carry is not read.

pub mod decode;
pub mod input;
pub mod live;
pub mod report;
pub mod tcp;
