//! From a capture file to TCP segments: what a program like tcpdump wrote, and the [`headers`] of the
//! link, IP and TCP in it, each bit of which can be named.
//!
//! This is the lowest floor: it knows no other room, keeps no packet but fragments of one, and puts
//! nothing else in order. It tells whether a packet was recorded before, on another interface.

mod capture;
pub mod headers;
mod link;
mod packet;
mod twice;

pub use capture::{Packet, ReadError, Reader};
pub use headers::{Contents, Found, Headers};
pub use link::LinkType;
pub use packet::{Endpoint, Flags, Segment};
pub use twice::Twice;
