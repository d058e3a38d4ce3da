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
mod link;
mod names;
mod network;
mod other;
mod tcp;
mod terms;
mod tunnels;

use std::{borrow::Cow, net::IpAddr};

use super::{Packet, Segment, link::LinkType};

pub use fragments::{Headers, Piece};
pub use other::Other;
pub use tcp::{TcpContext, TcpOption, TcpOptions};
pub use terms::TERMS;

use names::{Names, Naming};

/// The most headers that are read of one packet. What carries what is not limited by any standard,
/// but real packets have fewer than ten.
const DEPTH: u8 = 32;

/// What a packet holds.
#[derive(Clone, Copy, Debug)]
pub enum Contents<'a> {
    /// A TCP segment.
    Tcp(Segment<'a>),
    /// A fragment of an IP packet, which can be read when all are there: see [`Headers`].
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

impl<'a> Contents<'a> {
    /// What `packet` holds, looked at alone.
    pub fn of(packet: &Packet<'a>) -> Self {
        read(packet).contents
    }
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
    /// The bytes on the wire of the frames of all these packets.
    pub frame_bytes: u64,
}

impl Found<'_> {
    /// Nothing is known yet.
    #[inline(always)]
    fn new(packet: &Packet<'_>) -> Self {
        Self {
            contents: Contents::Unreadable { header: "first", cut: true },
            carrier: Carrier::default(),
            packets: 1,
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

/// What `packet` holds, looked at alone: a fragment is only named.
///
/// A segment of which the TCP header's first 14 bytes are captured can be read.
#[inline]
pub fn read<'a>(packet: &Packet<'a>) -> Found<'a> {
    let mut found = Found::new(packet);
    Walk::new(packet, &mut found, ()).packet(packet.link);
    found
}

/// Names each captured bit of `packet`; `tcp` is what is known of its connection.
pub fn name(packet: &Packet<'_>, tcp: &TcpContext) -> Named {
    let mut found = Found::new(packet);
    let mut walk = Walk::new(packet, &mut found, Names::new(packet.data.len(), *tcp));
    walk.packet(packet.link);
    if let Contents::Unreadable { header, cut: true } = walk.found.contents {
        walk.naming.add_text("cut off by the capture");
        walk.naming.what(format!("cut off by the capture before the end of its {header} header"));
    }
    walk.naming.finish(packet.frame_len as usize)
}

/// What TCP and UDP need to know of the IP packet that they are in.
#[derive(Clone, Copy)]
struct Ip<'a> {
    addresses: Addresses<'a>,
}

/// Source and destination, where they are in the packet: a copy is made once, of a segment's.
#[derive(Clone, Copy)]
enum Addresses<'a> {
    V4(&'a [u8; 8]),
    V6(&'a [u8; 32]),
    /// Of a packet that was put together.
    Kept(IpAddr, IpAddr),
}

impl Ip<'_> {
    #[inline(always)]
    fn ends(&self) -> (IpAddr, IpAddr) {
        match self.addresses {
            Addresses::V4(&[a, b, c, d, e, f, g, h]) => {
                (IpAddr::from([a, b, c, d]), IpAddr::from([e, f, g, h]))
            }
            Addresses::V6(addresses) => match addresses.as_chunks::<16>().0 {
                [source, destination] => (IpAddr::from(*source), IpAddr::from(*destination)),
                // 32 bytes are two times 16.
                _ => (IpAddr::from([0; 16]), IpAddr::from([0; 16])),
            },
            Addresses::Kept(source, destination) => (source, destination),
        }
    }

    fn is_v6(&self) -> bool {
        match self.addresses {
            Addresses::V4(_) => false,
            Addresses::V6(_) => true,
            Addresses::Kept(source, _) => source.is_ipv6(),
        }
    }
}

/// A walk over the headers of a packet, from the outside in.
struct Walk<'a, 'f, N> {
    /// The captured bytes, up to the end of what encloses the next header.
    data: &'a [u8],
    /// Where the next header begins.
    at: usize,
    /// Where what encloses the next header ends on the wire.
    end: usize,
    /// How many headers there were.
    depth: u8,
    /// Whether what is read is the first fragment of a packet, which holds not all of what it carries.
    in_fragment: bool,
    /// Where what is found goes: at once to where it is wanted, for it is large.
    found: &'f mut Found<'a>,
    naming: N,
}

/// The beginning of a header, with zeros in place of what is not there.
struct Header<const LEN: usize> {
    bytes: [u8; LEN],
    /// How many bytes are there.
    there: usize,
}

impl<const LEN: usize> Header<LEN> {
    fn is_whole(&self) -> bool {
        self.there == LEN
    }

    fn u16(&self, at: usize) -> u16 {
        u16::from_be_bytes([self.bytes[at], self.bytes[at + 1]])
    }

    fn u32(&self, at: usize) -> u32 {
        u32::from(self.u16(at)) << 16 | u32::from(self.u16(at + 2))
    }
}

impl<'a, 'f, N: Naming> Walk<'a, 'f, N> {
    #[inline(always)]
    fn new(packet: &Packet<'a>, found: &'f mut Found<'a>, naming: N) -> Self {
        Self {
            data: packet.data,
            at: 0,
            end: (packet.frame_len as usize).max(packet.data.len()),
            depth: 0,
            in_fragment: false,
            found,
            naming,
        }
    }

    #[inline(always)]
    fn packet(&mut self, link: LinkType) {
        match link {
            LinkType::Ethernet => self.ethernet(),
            LinkType::Loopback => self.loopback(),
            LinkType::Raw => self.inner_ip(),
            LinkType::LinuxCooked => self.cooked(),
            LinkType::LinuxCooked2 => self.cooked2(),
        }
    }

    /// The next `LEN` bytes, as far as they are there.
    #[inline(always)]
    fn header<const LEN: usize>(&self) -> Header<LEN> {
        let rest = self.data.get(self.at..).unwrap_or_default();
        match rest.first_chunk() {
            Some(bytes) => Header { bytes: *bytes, there: LEN },
            None => {
                let mut bytes = [0; LEN];
                bytes[..rest.len()].copy_from_slice(rest);
                Header { bytes, there: rest.len() }
            }
        }
    }

    /// The next `len` bytes, or as many as are there.
    fn bytes(&self, len: usize) -> &'a [u8] {
        let rest = self.data.get(self.at..).unwrap_or_default();
        &rest[..len.min(rest.len())]
    }

    /// How many bytes are left on the wire.
    #[inline(always)]
    fn left(&self) -> usize {
        self.end.saturating_sub(self.at)
    }

    /// What encloses the next header is `len` bytes long from here on.
    #[inline(always)]
    fn narrow(&mut self, len: usize) {
        if let Some(names) = self.naming.names() {
            names.narrow(len);
        }
        self.end = self.at.saturating_add(len);
        self.data = &self.data[..self.data.len().min(self.end)];
    }

    /// One header more; whether there may be so many.
    #[inline(always)]
    fn descend(&mut self) -> bool {
        self.depth += 1;
        self.depth <= DEPTH
    }

    /// The next `len` bytes belong to `header` and are not all there.
    #[cold]
    fn missing(&mut self, header: &'static str, len: usize) {
        let cut = self.left() >= len;
        if !cut && let Some(names) = self.naming.names() {
            if self.in_fragment {
                names.add_text("the rest is in another fragment");
            } else {
                names.malformed(format!("the {header} header does not fit into what is around it"));
            }
        }
        self.found.contents = Contents::Unreadable { header, cut };
    }

    /// `header` is not as its standard has it.
    #[cold]
    fn broken(&mut self, header: &'static str, why: impl FnOnce() -> String) {
        if let Some(names) = self.naming.names() {
            names.malformed(why());
        }
        self.found.contents = Contents::Unreadable { header, cut: false };
    }

    /// What follows is not read.
    #[cold]
    fn other(&mut self, other: Other) {
        if let Some(names) = self.naming.names() {
            let left = names.left();
            if left > 0 {
                let text = format!("{other}, {}", names::bytes(left));
                names.rest("not read", Group::Payload, &terms::NOT_READ, text);
            }
            if names.has_no_what() {
                names.what(other.to_string());
            }
        }
        self.found.contents = Contents::Other(other);
    }
}
