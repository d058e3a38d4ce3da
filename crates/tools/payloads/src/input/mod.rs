//! From a capture file to TCP segments: what a program like tcpdump wrote, and the headers of the
//! link, IP and TCP in it.
//!
//! This is the lowest floor: it knows no other room, keeps no packet, and puts nothing in order. It
//! tells whether a packet was recorded before, on another interface.

mod capture;
mod link;
mod packet;
mod twice;

pub use capture::{Packet, ReadError, Reader};
pub use link::LinkType;
pub use packet::{Contents, Endpoint, Flags, Segment};
pub use twice::Twice;
