//! The headers of a packet: what they carry, and what each of their bits is.
//!
//! One walk over them serves both. [`read`] finds the TCP segment, or says by name what else a
//! packet holds, and takes no memory; [`name`] names each captured bit exactly once, for any packet.
//!
//! | module | headers |
//! |---|---|
//! | `link` | Ethernet, 802.1Q tags, LLC and SNAP, PPPoE, PPP, MPLS, BSD loopback, Linux cooked |
//! | `network` | IPv4, IPv6 with its extension headers, ARP, ICMP |
//! | `tunnels` | GRE, EtherIP, UDP, and in it VXLAN and Geneve |
//! | `tcp` | TCP and its options |
//!
//! `fragments` puts IP fragments together, `other` knows what else there is by its number, and
//! `terms` has the words.

mod checksum;
mod fragments;
mod ip;
mod link;
mod names;
mod network;
mod other;
mod tcp;
mod terms;
mod tunnels;
mod types;
mod walk;
mod words;

pub use fragments::Headers;
pub use other::Other;
pub use tcp::{TcpOption, TcpOptions};
pub use terms::TERMS;
pub use types::{
    Carrier, Contents, Field, Found, Fragment, Group, Layer, Named, Piece, TcpContext, Term,
};
pub use walk::{name, read};
