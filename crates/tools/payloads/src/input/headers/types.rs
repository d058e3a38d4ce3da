//! What is told of a packet: what it holds, and a name for each of its bits.

use std::{borrow::Cow, net::IpAddr};

use super::other::Other;
use crate::input::{Packet, Segment};

/// What a packet holds.
#[derive(Clone, Copy, Debug)]
pub enum Contents<'a> {
    /// A TCP segment.
    Tcp(Segment<'a>),
    /// A fragment of an IP packet, which can be read when all are there: see
    /// [`Headers`](super::Headers).
    Fragment(Fragment<'a>),
    /// Something else.
    Other(Other),
    /// Something whose headers are broken, or cut off by the capture.
    Unreadable {
        /// The header.
        header: &'static str,
        /// Whether the capture cut it off; it is broken if not.
        cut: bool,
    },
}

/// What a packet holds, and what around it helps to know the packet again.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// What it holds.
    pub contents: Contents<'a>,
    /// What is around it.
    pub carrier: Carrier,
    /// How many packets it was put together from: 1, but for fragments.
    pub packets: u32,
    /// Where the captured bytes of its TCP payload are, in order, if it was put together.
    pub pieces: &'a [Piece],
    /// The bytes on the wire of the frames of all these packets.
    pub frame_bytes: u64,
}

impl Found<'_> {
    /// Nothing is known of `packet` yet.
    #[inline(always)]
    pub fn new(packet: &Packet<'_>) -> Self {
        Self {
            contents: Contents::Unreadable { header: "first", cut: true },
            carrier: Carrier::default(),
            packets: 1,
            pieces: &[],
            frame_bytes: packet.frame_len.into(),
        }
    }
}

/// What a packet says besides its contents, as far as it helps to tell whether two are the same
/// packet, recorded twice.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Carrier {
    /// The interface that it was captured on, by its index on that host (Linux cooked v2 only).
    pub interface: Option<u32>,
    /// Whether it came in or went out (Linux cooked only): 0 came in for this host, 1 to all, 2 to
    /// a group, 3 for another host, 4 went out.
    pub direction: Option<u16>,
    /// Where in the captured bytes the innermost IP header begins.
    pub ip_at: Option<u32>,
    /// The identification of the innermost IP packet: of IPv4 always, of IPv6 where it is a
    /// fragment.
    pub identification: Option<u32>,
    /// Where in the captured bytes the payload of the TCP segment begins, unless it was put
    /// together from fragments, or was not captured at all.
    pub payload_at: Option<u32>,
}

/// Where bytes that were put together were captured.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Piece {
    /// The number of the captured packet, from 1 in the order in which they were read.
    pub packet: u64,
    /// Where they begin in its captured bytes.
    pub at: u32,
    /// Where they begin in what they are a piece of.
    pub offset: u32,
    /// How many there are on the wire.
    pub len: u32,
    /// How many of them were captured.
    pub captured: u32,
}

/// A fragment of an IP packet (RFC 791 section 3.2, RFC 8200 section 4.5).
#[derive(Clone, Copy, Debug)]
pub struct Fragment<'a> {
    /// Who sent the packet.
    pub source: IpAddr,
    /// Whom it was sent to.
    pub destination: IpAddr,
    /// What tells the packet's fragments from others.
    pub identification: u32,
    /// The IP protocol of what the packet holds.
    pub protocol: u8,
    /// Where in the packet's data it belongs, in bytes.
    pub offset: u32,
    /// Whether others follow it.
    pub more: bool,
    /// Its length on the wire, in bytes.
    pub len: u32,
    /// Where in the captured bytes of the packet it begins.
    pub at: u32,
    /// Its captured bytes.
    pub data: &'a [u8],
}

/// What a field is called, what it is for, and where that is written. It is the same each time.
#[derive(Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Term {
    /// The name by which programs refer to it, such as `"tcp.window"`.
    pub key: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What it is for, in half a sentence; empty where its name says that.
    pub meaning: &'static str,
    /// The standard and its section.
    pub source: &'static str,
}

/// What a layer belongs to: its colour, say.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Group {
    /// What takes it over one wire.
    Link,
    /// What takes it from host to host.
    Network,
    /// What takes it from program to program.
    Transport,
    /// What the programs say, and all that is not read.
    Payload,
}

impl Group {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Network => "network",
            Self::Transport => "transport",
            Self::Payload => "payload",
        }
    }
}

/// A header, or what the headers carry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Layer {
    /// Its name, such as `"IPv4"`; `"payload"`, `"fragment"`, `"padding"`, `"trailer"`,
    /// `"malformed"` and `"not read"` are no headers.
    pub name: &'static str,
    /// How many bits of it were captured; never 0.
    pub bits: usize,
    /// What it belongs to.
    pub group: Group,
    /// What matters in it, in a line.
    pub text: String,
}

/// A field of a header.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Field {
    /// How many bits of it were captured; never 0.
    pub bits: usize,
    /// What it is.
    pub term: &'static Term,
    /// Its value, in words and units.
    pub value: Cow<'static, str>,
}

/// Names for each captured bit of a packet.
///
/// The layers add up to them, and so do the fields; each layer is made of whole fields.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Named {
    /// From the outside in.
    pub layers: Vec<Layer>,
    /// In the order of their bits.
    pub fields: Vec<Field>,
    /// What the packet does, in words, as far as it tells that alone.
    pub what: String,
}

/// What is known of a connection when one of its segments is named, as seen by its sender.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct TcpContext {
    /// The sequence number of the sender's SYN, from which its numbers are counted: the first byte
    /// is 1. Where the capture has no SYN, the number before its first byte that was seen.
    pub sequence_base: Option<u32>,
    /// The same of the other side, from which acknowledgments are counted.
    pub acknowledgment_base: Option<u32>,
    /// By which power of 2 the sender's windows are to be multiplied (RFC 7323 section 2.2): 0
    /// unless both SYNs had the option, and unknown where one of them was not captured.
    pub window_shift: Option<u8>,
}
