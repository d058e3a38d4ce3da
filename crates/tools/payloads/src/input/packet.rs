//! From the bytes of a packet to its TCP segment.

use std::net::IpAddr;

use etherparse::{
    EtherType, Ethernet2HeaderSlice, IpAuthHeaderSlice, Ipv4HeaderSlice, Ipv6FragmentHeaderSlice,
    Ipv6HeaderSlice, Ipv6RawExtHeaderSlice, SingleVlanHeaderSlice, TcpHeaderSlice, ether_type,
    ip_number,
};

use super::{capture::Packet, link::LinkType};

/// One end of a connection.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Endpoint {
    /// Its IP address.
    pub address: IpAddr,
    /// Its TCP port.
    pub port: u16,
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::net::SocketAddr::new(self.address, self.port).fmt(f)
    }
}

/// The control bits of a TCP header that matter here (RFC 9293 section 3.1).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Flags {
    /// SYN: a connection begins.
    pub syn: bool,
    /// ACK: the acknowledgment number counts.
    pub ack: bool,
    /// FIN: the sender has nothing more to send.
    pub fin: bool,
    /// RST: the connection is broken off.
    pub rst: bool,
}

/// A TCP segment.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    /// Who sent it.
    pub source: Endpoint,
    /// Whom it was sent to.
    pub destination: Endpoint,
    /// The sequence number of its first byte, or of its SYN.
    pub sequence: u32,
    /// The sequence number that its sender expects next, where the ACK bit is set.
    pub acknowledgment: u32,
    /// The control bits.
    pub flags: Flags,
    /// The length of its TCP header with options, in bytes.
    pub header_len: u32,
    /// The length of its payload on the wire, in bytes.
    pub payload_len: u32,
    /// The captured bytes of its payload: fewer than `payload_len` where the capture cut it.
    pub payload: &'a [u8],
}

/// What a packet holds.
#[derive(Clone, Copy, Debug)]
pub enum Contents<'a> {
    /// A TCP segment.
    Tcp(Segment<'a>),
    /// A fragment of an IP packet with a TCP segment. Only the first fragment has the TCP header,
    /// so none is read.
    Fragment,
    /// Something else.
    NotTcp,
    /// Something whose headers are broken, or cut off by the capture.
    Unreadable,
}

impl<'a> Contents<'a> {
    /// What `packet` holds.
    pub fn of(packet: &Packet<'a>) -> Self {
        // `None` stands for a header that is broken or cut off.
        let read = match packet.link {
            LinkType::Ethernet => ethernet(packet),
            LinkType::Loopback => match packet.data {
                // The address family is in the byte order of the machine that captured.
                [0, 0, 0, family, ..] | [family, 0, 0, 0, ..]
                    if matches!(family, 2 | 10 | 23 | 24 | 28 | 30) =>
                {
                    ip(packet, 4)
                }
                data if data.len() < 4 => None,
                _ => Some(Self::NotTcp),
            },
            LinkType::Raw => ip(packet, 0),
            LinkType::LinuxCooked => cooked(packet, 14, 16),
            LinkType::LinuxCooked2 => cooked(packet, 0, 20),
        };
        read.unwrap_or(Self::Unreadable)
    }
}

fn ethernet<'a>(packet: &Packet<'a>) -> Option<Contents<'a>> {
    let header = Ethernet2HeaderSlice::from_slice(packet.data).ok()?;
    tagged(packet, header.ether_type(), 14)
}

/// The cooked headers begin or end with an EtherType. etherparse's own reader of them refuses the
/// interfaces whose hardware it does not know, such as tunnels.
fn cooked<'a>(packet: &Packet<'a>, type_at: usize, header_len: usize) -> Option<Contents<'a>> {
    let bytes = packet.data.get(type_at..)?.first_chunk()?;
    tagged(packet, EtherType(u16::from_be_bytes(*bytes)), header_len)
}

/// Passes over the 802.1Q and 802.1ad tags.
fn tagged<'a>(
    packet: &Packet<'a>,
    mut ether_type: EtherType,
    mut at: usize,
) -> Option<Contents<'a>> {
    loop {
        match ether_type {
            ether_type::IPV4 | ether_type::IPV6 => return ip(packet, at),
            ether_type::VLAN_TAGGED_FRAME
            | ether_type::PROVIDER_BRIDGING
            | ether_type::VLAN_DOUBLE_TAGGED_FRAME => {
                let tag = SingleVlanHeaderSlice::from_slice(packet.data.get(at..)?).ok()?;
                ether_type = tag.ether_type();
                at += 4;
            }
            _ => return Some(Contents::NotTcp),
        }
    }
}

/// Reads the IP packet that begins at `at`.
fn ip<'a>(packet: &Packet<'a>, at: usize) -> Option<Contents<'a>> {
    let data = packet.data.get(at..)?;
    let on_wire = (packet.frame_len as usize).saturating_sub(at);
    match data.first()? >> 4 {
        4 => ipv4(data, on_wire),
        6 => ipv6(data, on_wire),
        _ => None,
    }
}

fn ipv4(data: &[u8], on_wire: usize) -> Option<Contents<'_>> {
    let header = Ipv4HeaderSlice::from_slice(data).ok()?;
    if header.protocol() != ip_number::TCP {
        return Some(Contents::NotTcp);
    }
    if header.is_fragmenting_payload() {
        return Some(Contents::Fragment);
    }
    let header_len = header.slice().len();
    let total_len = match usize::from(header.total_len()) {
        // Where the network card cuts the data into packets (TCP segmentation offload), the
        // capture may hold one before that, larger than the field can say.
        0 => on_wire,
        len => len,
    };
    let addresses = (header.source_addr().into(), header.destination_addr().into());
    tcp(data.get(header_len..)?, total_len.checked_sub(header_len)?, addresses)
}

fn ipv6(data: &[u8], on_wire: usize) -> Option<Contents<'_>> {
    let header = Ipv6HeaderSlice::from_slice(data).ok()?;
    let addresses = (header.source_addr().into(), header.destination_addr().into());
    let mut len = match usize::from(header.payload_length()) {
        // As in IPv4, and for jumbograms (RFC 2675).
        0 => on_wire.saturating_sub(40),
        len => len,
    };
    let mut rest = &data[40..];
    let mut next = header.next_header();
    loop {
        let (header_len, after) = match next {
            ip_number::TCP => return tcp(rest, len, addresses),
            ip_number::IPV6_HEADER_HOP_BY_HOP
            | ip_number::IPV6_ROUTE_HEADER
            | ip_number::IPV6_DESTINATION_OPTIONS
            | ip_number::MOBILITY
            | ip_number::HIP
            | ip_number::SHIM6 => {
                let header = Ipv6RawExtHeaderSlice::from_slice(rest).ok()?;
                (header.slice().len(), header.next_header())
            }
            ip_number::AUTH => {
                let header = IpAuthHeaderSlice::from_slice(rest).ok()?;
                (header.slice().len(), header.next_header())
            }
            ip_number::IPV6_FRAGMENTATION_HEADER => {
                let header = Ipv6FragmentHeaderSlice::from_slice(rest).ok()?;
                if header.is_fragmenting_payload() {
                    return Some(match header.next_header() {
                        ip_number::TCP => Contents::Fragment,
                        _ => Contents::NotTcp,
                    });
                }
                (header.slice().len(), header.next_header())
            }
            _ => return Some(Contents::NotTcp),
        };
        rest = rest.get(header_len..)?;
        len = len.checked_sub(header_len)?;
        next = after;
    }
}

/// Reads a TCP segment of `len` bytes on the wire, of which `data` holds the captured ones and
/// perhaps padding.
fn tcp(data: &[u8], len: usize, addresses: (IpAddr, IpAddr)) -> Option<Contents<'_>> {
    let data = &data[..data.len().min(len)];
    // The options are not read, and a short snap length may have cut them off, so etherparse is
    // given the fixed part alone, with the data offset that this has. The last six bytes (window,
    // checksum, urgent pointer) are not used either, and are 0 where they were cut off.
    let mut fixed = [0; 20];
    let captured = data.len().min(20);
    fixed[..captured].copy_from_slice(&data[..captured]);
    if captured < 14 {
        return None;
    }
    let header_len = usize::from(fixed[12] >> 4) * 4;
    if header_len < 20 {
        return None;
    }
    fixed[12] = 5 << 4;
    let header = TcpHeaderSlice::from_slice(&fixed).ok()?;
    Some(Contents::Tcp(Segment {
        source: Endpoint { address: addresses.0, port: header.source_port() },
        destination: Endpoint { address: addresses.1, port: header.destination_port() },
        sequence: header.sequence_number(),
        acknowledgment: header.acknowledgment_number(),
        flags: Flags { syn: header.syn(), ack: header.ack(), fin: header.fin(), rst: header.rst() },
        // At most 60, and the payload's length came from a field of 16 or 32 bits.
        header_len: u32::try_from(header_len).ok()?,
        payload_len: u32::try_from(len.checked_sub(header_len)?).ok()?,
        payload: data.get(header_len..).unwrap_or_default(),
    }))
}
