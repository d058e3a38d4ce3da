//! Content as it unpacks: gzip, deflate, br and zstd, chains of them, and the messages of
//! WebSocket's permessage-deflate.
//!
//! An [`Unpacker`] is for the content of one HTTP message, a [`MessageUnpacker`] for the WebSocket
//! messages of one side. Both take bytes as they come, whatever the cuts, and give what these unpack
//! to. Where the bytes are damaged, or end too early, what was unpacked until then has been given,
//! and a [`Fault`] says what is wrong.
//!
//! # What a bomb costs
//!
//! A few bytes can unpack to gigabytes. So there are limits, all of them on what is unpacked, none
//! on what is sent:
//!
//! - A content or message gives at most [`BURST`] bytes, and [`RATIO`] more for each byte of it. Then
//!   it is [cut](Fault::Cut). In a chain this holds for each coding.
//! - All that share a [`Budget`] give together at most [`POOL`] bytes, and [`RATIO`] more for each
//!   byte that is put in. So many small bombs come to no more than a large one, and the time to
//!   unpack a capture grows with its size alone. Work that gives few bytes or none counts too: the
//!   code of a block, the sequences of zstd, the memory that br asks for.
//! - They take together at most [`MEMORY_LIMIT`], beside the output, which is the caller's. A stream
//!   asks for a window of its last bytes: 32 KiB at most in deflate, and no more than
//!   [`WINDOW_LIMIT`] is granted in br and zstd.

mod brotli;
mod budget;
mod content;
mod deflate;
mod fault;
mod limits;
mod messages;
mod zstd;

pub use budget::Budget;
pub use content::Unpacker;
pub use fault::{Coding, Fault};
pub use limits::{BURST, MEMORY_LIMIT, POOL, RATIO, WINDOW_LIMIT};
pub use messages::{Agreement, MessageUnpacker, Parameters};
