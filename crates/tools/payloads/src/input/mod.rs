//! From a capture file to TCP segments: what a program like tcpdump wrote, and the headers of the
//! link, IP and TCP in it.
//!
//! This is the lowest floor: it knows no other room, keeps no packet, and puts nothing in order.

mod capture;
mod link;
mod packet;

pub use capture::{Packet, ReadError, Reader};
pub use link::LinkType;
pub use packet::{Contents, Endpoint, Flags, Segment};
