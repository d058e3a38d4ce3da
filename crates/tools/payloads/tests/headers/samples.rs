//! Packets of every kind, made byte by byte.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub const CLIENT: [u8; 4] = [192, 0, 2, 1];
pub const SERVER: [u8; 4] = [192, 0, 2, 2];

pub const SYN: u8 = 2;
pub const ACK: u8 = 16;
pub const PSH_ACK: u8 = 24;

/// The Internet checksum (RFC 1071) of these bytes together, each piece but the last of an even
/// number of them.
pub fn checksum(pieces: &[&[u8]]) -> u16 {
    let bytes = pieces.concat();
    let mut sum: u32 = bytes
        .chunks(2)
        .map(|pair| u32::from(pair[0]) << 8 | u32::from(pair.get(1).copied().unwrap_or_default()))
        .sum();
    while sum > 0xffff {
        sum = (sum >> 16) + (sum & 0xffff);
    }
    !u16::try_from(sum).unwrap()
}

pub fn v6(last: u16) -> Ipv6Addr {
    Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last)
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

/// The sum over the addresses, the protocol and the length.
pub fn pseudo_header(source: IpAddr, destination: IpAddr, protocol: u8, len: usize) -> Vec<u8> {
    let len = u32::try_from(len).unwrap().to_be_bytes();
    [octets(source), octets(destination), len.to_vec(), vec![0, 0, 0, protocol]].concat()
}

/// A TCP segment from port 50000 to port 8000 with a right checksum.
pub fn tcp_between(
    source: IpAddr,
    destination: IpAddr,
    flags: u8,
    options: &[u8],
    payload: &[u8],
) -> Vec<u8> {
    let mut segment = vec![0xc3, 0x50, 0x1f, 0x40];
    segment.extend(1_000_u32.to_be_bytes());
    segment.extend(if flags & ACK == 0 { 0 } else { 2_001_u32 }.to_be_bytes());
    segment.push(u8::try_from((20 + options.len()) / 4).unwrap() << 4);
    segment.extend([flags, 0x01, 0xf6, 0, 0, 0, 0]);
    segment.extend(options);
    segment.extend(payload);
    let pseudo = pseudo_header(source, destination, 6, segment.len());
    let sum = checksum(&[&pseudo, &segment]);
    segment[16..18].copy_from_slice(&sum.to_be_bytes());
    segment
}

/// The same from the client to the server.
pub fn tcp(flags: u8, options: &[u8], payload: &[u8]) -> Vec<u8> {
    tcp_between(
        Ipv4Addr::from(CLIENT).into(),
        Ipv4Addr::from(SERVER).into(),
        flags,
        options,
        payload,
    )
}

/// A segment with 5 bytes of data.
pub fn hello() -> Vec<u8> {
    tcp(PSH_ACK, &[], b"hello")
}

/// An IPv4 packet from the client to the server.
pub fn ipv4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    ipv4_with(protocol, &[], 0x4000, payload)
}

/// The same with options and with another field of flags and fragment offset.
pub fn ipv4_with(protocol: u8, options: &[u8], fragment: u16, payload: &[u8]) -> Vec<u8> {
    let header_len = 20 + options.len();
    let mut packet = vec![0x40 | u8::try_from(header_len / 4).unwrap(), 0];
    packet.extend(u16::try_from(header_len + payload.len()).unwrap().to_be_bytes());
    packet.extend([0x12, 0x34]);
    packet.extend(fragment.to_be_bytes());
    packet.extend([64, protocol, 0, 0]);
    packet.extend(CLIENT);
    packet.extend(SERVER);
    packet.extend(options);
    let sum = checksum(&[&packet]);
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
    packet.extend(payload);
    packet
}

/// An IPv6 packet.
pub fn ipv6(next: u8, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x60, 0x01, 0x23, 0x45];
    packet.extend(u16::try_from(payload.len()).unwrap().to_be_bytes());
    packet.extend([next, 64]);
    packet.extend(v6(1).octets());
    packet.extend(v6(2).octets());
    packet.extend(payload);
    packet
}

pub fn hello6() -> Vec<u8> {
    tcp_between(v6(1).into(), v6(2).into(), PSH_ACK, &[], b"hello")
}

pub fn ethernet(ether_type: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1];
    frame.extend(ether_type.to_be_bytes());
    frame.extend(payload);
    frame
}

/// IEEE 802.3 with its length.
pub fn ieee802_3(payload: &[u8]) -> Vec<u8> {
    ethernet(u16::try_from(payload.len()).unwrap(), payload)
}

pub fn udp(source: u16, destination: u16, payload: &[u8]) -> Vec<u8> {
    let mut datagram = source.to_be_bytes().to_vec();
    datagram.extend(destination.to_be_bytes());
    datagram.extend(u16::try_from(8 + payload.len()).unwrap().to_be_bytes());
    datagram.extend([0, 0]);
    datagram.extend(payload);
    let (source, destination) = (Ipv4Addr::from(CLIENT), Ipv4Addr::from(SERVER));
    let pseudo = pseudo_header(source.into(), destination.into(), 17, datagram.len());
    let sum = checksum(&[&pseudo, &datagram]);
    datagram[6..8].copy_from_slice(&sum.to_be_bytes());
    datagram
}

/// A packet and what it is.
pub struct Sample {
    pub name: &'static str,
    /// The number of its link type.
    pub link: u32,
    pub data: Vec<u8>,
    /// Its layers, from the outside in.
    pub layers: &'static str,
    /// What it holds: `TCP`, or another name.
    pub contents: &'static str,
}

fn sample(
    name: &'static str,
    link: u32,
    data: Vec<u8>,
    layers: &'static str,
    contents: &'static str,
) -> Sample {
    Sample { name, link, data, layers, contents }
}

/// An Ethernet frame whose innermost layers are IPv4, TCP and its payload.
fn carries(name: &'static str, data: Vec<u8>, layers: &'static str) -> Sample {
    sample(name, 1, data, layers, "TCP")
}

/// One of each kind.
pub fn samples() -> Vec<Sample> {
    let ip = || ipv4(6, &hello());
    let ip6 = || ipv6(6, &hello6());
    let frame = || ethernet(0x0800, &ip());
    let gre = |flags: &[u8]| ethernet(0x0800, &ipv4(47, flags));
    let cooked = |protocol: u16, payload: &[u8]| {
        let mut data = vec![0, 4, 0x03, 0x04, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0];
        data.extend(protocol.to_be_bytes());
        data.extend(payload);
        data
    };
    let cooked2 = |protocol: u16, payload: &[u8]| {
        let mut data = protocol.to_be_bytes().to_vec();
        data.extend([0, 0, 0, 0, 0, 2, 0, 1, 4, 6, 2, 0, 0, 0, 0, 1, 0, 0]);
        data.extend(payload);
        data
    };
    let icmpv6 = |kind: u8| {
        let mut message = vec![kind, 0, 0, 0, 0, 0, 0, 0];
        message.extend(v6(2).octets());
        let sum = checksum(&[&pseudo_header(v6(1).into(), v6(2).into(), 58, 24), &message]);
        message[2..4].copy_from_slice(&sum.to_be_bytes());
        ethernet(0x86dd, &ipv6(58, &message))
    };
    let mut echo = vec![8, 0, 0, 0, 0, 1, 0, 1];
    let sum = checksum(&[&echo]);
    echo[2..4].copy_from_slice(&sum.to_be_bytes());
    let mut gre_with_all = vec![0xb0, 0, 0x65, 0x58, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 9];
    gre_with_all.extend(frame());
    let sum = checksum(&[&gre_with_all]);
    gre_with_all[4..6].copy_from_slice(&sum.to_be_bytes());
    let pptp = {
        let ppp = [&[0xff, 0x03, 0x00, 0x21][..], &ip()].concat();
        let len = u16::try_from(ppp.len()).unwrap().to_be_bytes();
        let header = [0x30, 0x81, 0x88, 0x0b, len[0], len[1], 0, 7, 0, 0, 0, 1, 0, 0, 0, 2];
        [&header[..], &ppp].concat()
    };
    let pppoe = |code: u8, payload: &[u8]| {
        let len = u16::try_from(payload.len()).unwrap().to_be_bytes();
        [&[0x11, code, 0, 1, len[0], len[1]][..], payload].concat()
    };
    let label = |label: u32, bottom: bool| {
        (label << 12 | 5 << 9 | u32::from(bottom) << 8 | 63).to_be_bytes()
    };
    let options = [1, 7, 7, 4, 192, 0, 2, 9, 0x94, 4, 0, 0, 200, 2, 0, 9];
    let hop_by_hop = [60, 0, 5, 2, 0, 0, 1, 0];
    let destination = [43, 0, 0x1e, 1, 7, 1, 1, 0];
    let mut routing = vec![51, 4, 4, 0, 1, 0, 0, 0];
    routing.extend(v6(2).octets());
    routing.extend(v6(9).octets());
    let authentication =
        [44, 4, 0, 0, 0, 0, 0, 7, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
    let whole_fragment = [6, 0, 0, 0, 0, 0, 0, 9];
    let extensions =
        [&hop_by_hop[..], &destination, &routing, &authentication, &whole_fragment, &hello6()]
            .concat();
    let vxlan = [&[8, 0, 0, 0, 0, 0, 42, 0][..], &frame()].concat();
    let geneve = [&[1, 0, 0x65, 0x58, 0, 0, 42, 0, 1, 2, 3, 0][..], &frame()].concat();
    vec![
        carries("ethernet", frame(), "Ethernet IPv4 TCP payload"),
        carries("ipv6", ethernet(0x86dd, &ip6()), "Ethernet IPv6 TCP payload"),
        carries(
            "padding",
            ethernet(0x0800, &[ipv4(6, &tcp(ACK, &[], b"")), vec![0; 6]].concat()),
            "Ethernet IPv4 TCP padding",
        ),
        carries(
            "trailer",
            ethernet(0x0800, &[ip(), vec![7; 40]].concat()),
            "Ethernet IPv4 TCP payload trailer",
        ),
        carries(
            "vlan",
            ethernet(0x8100, &[&[0x60, 5, 8, 0][..], &ip()].concat()),
            "Ethernet|802.1Q tag|IPv4|TCP|payload",
        ),
        carries(
            "double-vlan",
            ethernet(0x88a8, &[&[0, 6, 0x81, 0, 0x10, 5, 0x86, 0xdd][..], &ip6()].concat()),
            "Ethernet|802.1ad tag|802.1Q tag|IPv6|TCP|payload",
        ),
        carries(
            "snap",
            ieee802_3(&[&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0][..], &ip()].concat()),
            "Ethernet LLC SNAP IPv4 TCP payload",
        ),
        carries(
            "llc-ip",
            ieee802_3(&[&[6, 6, 3][..], &ip()].concat()),
            "Ethernet LLC IPv4 TCP payload",
        ),
        carries(
            "vlan-snap",
            ethernet(0x8100, &[&[0, 5, 0, 53, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0][..], &ip()].concat()),
            "Ethernet|802.1Q tag|LLC|SNAP|IPv4|TCP|payload",
        ),
        carries(
            "pppoe",
            ethernet(0x8864, &[pppoe(0, &[&[0, 0x21][..], &ip()].concat()), vec![0; 4]].concat()),
            "Ethernet PPPoE PPP IPv4 TCP payload trailer",
        ),
        carries(
            "pppoe-ipv6-short",
            ethernet(0x8864, &pppoe(0, &[&[0x57][..], &ip6()].concat())),
            "Ethernet PPPoE PPP IPv6 TCP payload",
        ),
        carries(
            "mpls",
            ethernet(0x8847, &[&label(100, false)[..], &label(200, true), &ip()].concat()),
            "Ethernet MPLS MPLS IPv4 TCP payload",
        ),
        carries(
            "mpls-frame",
            ethernet(0x8847, &[&label(100, true)[..], &[0, 0, 0, 7], &frame()].concat()),
            "Ethernet|MPLS|pseudowire control word|Ethernet|IPv4|TCP|payload",
        ),
        carries(
            "mpls-frame-without-control-word",
            ethernet(0x8847, &[&label(101, true)[..], &frame()].concat()),
            "Ethernet MPLS Ethernet IPv4 TCP payload",
        ),
        carries("ip-in-ip", ethernet(0x0800, &ipv4(4, &ip())), "Ethernet IPv4 IPv4 TCP payload"),
        carries("6in4", ethernet(0x0800, &ipv4(41, &ip6())), "Ethernet IPv4 IPv6 TCP payload"),
        carries("4in6", ethernet(0x86dd, &ipv6(4, &ip())), "Ethernet IPv6 IPv4 TCP payload"),
        carries(
            "gre",
            // A reserved bit, which receivers pass over.
            gre(&[&[0, 0x08, 8, 0][..], &ip()].concat()),
            "Ethernet IPv4 GRE IPv4 TCP payload",
        ),
        carries("gre-with-all", gre(&gre_with_all), "Ethernet IPv4 GRE Ethernet IPv4 TCP payload"),
        carries("pptp", gre(&pptp), "Ethernet IPv4 GRE PPP IPv4 TCP payload"),
        carries(
            "pptp-without-acknowledgment",
            gre(&[&[0x30, 1], &pptp[2..12], &pptp[16..]].concat()),
            "Ethernet IPv4 GRE PPP IPv4 TCP payload",
        ),
        carries(
            "erspan",
            gre(&[&[0x10, 0, 0x88, 0xbe, 0, 0, 0, 9, 0x10, 5, 0, 3, 0, 0, 0, 1][..], &frame()]
                .concat()),
            "Ethernet IPv4 GRE ERSPAN Ethernet IPv4 TCP payload",
        ),
        carries(
            "ethernet-in-ip",
            ethernet(0x0800, &ipv4(97, &[&[0x30, 0][..], &frame()].concat())),
            "Ethernet|IPv4|Ethernet in IP|Ethernet|IPv4|TCP|payload",
        ),
        carries(
            "vxlan",
            ethernet(0x0800, &ipv4(17, &udp(40_000, 4789, &vxlan))),
            "Ethernet IPv4 UDP VXLAN Ethernet IPv4 TCP payload",
        ),
        carries(
            "geneve",
            ethernet(0x0800, &ipv4(17, &udp(40_000, 6081, &geneve))),
            "Ethernet IPv4 UDP Geneve Ethernet IPv4 TCP payload",
        ),
        carries(
            "ipv4-options",
            ethernet(0x0800, &ipv4_with(6, &options, 0x4000, &hello())),
            "Ethernet IPv4 TCP payload",
        ),
        carries(
            "ipv4-options-that-fit",
            ethernet(0x0800, &ipv4_with(6, &[0x94, 4, 0, 0], 0x4000, &hello())),
            "Ethernet IPv4 TCP payload",
        ),
        carries(
            "ipv4-authentication",
            ethernet(0x0800, &ipv4(51, &[&[6][..], &authentication[1..], &hello()].concat())),
            "Ethernet|IPv4|authentication header|TCP|payload",
        ),
        carries(
            "ipv6-extensions",
            ethernet(0x86dd, &ipv6(0, &extensions)),
            "Ethernet|IPv6|IPv6 hop-by-hop options|IPv6 destination options|IPv6 routing header|\
             authentication header|IPv6 fragment header|TCP|payload",
        ),
        sample(
            "null",
            0,
            [&[2, 0, 0, 0][..], &ip()].concat(),
            "BSD loopback|IPv4|TCP|payload",
            "TCP",
        ),
        sample(
            "loop",
            108,
            [&[0, 0, 0, 30][..], &ip6()].concat(),
            "BSD loopback|IPv6|TCP|payload",
            "TCP",
        ),
        sample("raw", 101, ip(), "IPv4 TCP payload", "TCP"),
        sample("cooked", 113, cooked(0x0800, &ip()), "Linux cooked v1|IPv4|TCP|payload", "TCP"),
        sample("cooked2", 276, cooked2(0x86dd, &ip6()), "Linux cooked v2|IPv6|TCP|payload", "TCP"),
        sample(
            "cooked2-vlan",
            276,
            cooked2(0x8100, &[&[0, 5, 8, 0][..], &ip()].concat()),
            "Linux cooked v2|802.1Q tag|IPv4|TCP|payload",
            "TCP",
        ),
        sample(
            "cooked-llc",
            113,
            cooked(0x0004, &[0x42, 0x42, 3, 0, 0]),
            "Linux cooked v1|LLC|not read",
            "spanning tree (STP)",
        ),
        sample(
            "null-other",
            0,
            vec![7, 0, 0, 0, 1, 2],
            "BSD loopback|not read",
            "address family 7",
        ),
        sample(
            "arp",
            1,
            ethernet(
                0x0806,
                &[&[0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1][..], &CLIENT, &[0; 6], &SERVER]
                    .concat(),
            ),
            "Ethernet ARP",
            "ARP",
        ),
        sample("icmp", 1, ethernet(0x0800, &ipv4(1, &echo)), "Ethernet|IPv4|ICMP|not read", "ICMP"),
        sample(
            "udp",
            1,
            ethernet(0x0800, &ipv4(17, &udp(40_000, 53, b"?"))),
            "Ethernet|IPv4|UDP|not read",
            "UDP",
        ),
        sample(
            "neighbour",
            1,
            icmpv6(135),
            "Ethernet|IPv6|ICMPv6|not read",
            "IPv6 neighbour discovery (ICMPv6)",
        ),
        sample(
            "listener",
            1,
            icmpv6(143),
            "Ethernet|IPv6|ICMPv6|not read",
            "multicast listener discovery (ICMPv6)",
        ),
        sample("echo6", 1, icmpv6(128), "Ethernet|IPv6|ICMPv6|not read", "ICMPv6"),
        sample(
            "esp",
            1,
            ethernet(0x0800, &ipv4(50, &[1; 24])),
            "Ethernet|IPv4|not read",
            "encrypted IP (ESP)",
        ),
        sample("sctp", 1, ethernet(0x0800, &ipv4(132, &[1; 12])), "Ethernet|IPv4|not read", "SCTP"),
        sample(
            "protocol-200",
            1,
            ethernet(0x0800, &ipv4(200, &[1; 12])),
            "Ethernet|IPv4|not read",
            "IP protocol 200",
        ),
        sample("empty", 1, ethernet(0x0800, &ipv4(200, b"")), "Ethernet IPv4", "IP protocol 200"),
        sample(
            "lldp",
            1,
            ethernet(0x88cc, &[2, 7, 4, 2, 0, 0, 0, 0, 1]),
            "Ethernet|not read",
            "LLDP",
        ),
        sample("type-1234", 1, ethernet(0x1234, &[1]), "Ethernet|not read", "EtherType 0x1234"),
        sample(
            "stp",
            1,
            ieee802_3(&[0x42, 0x42, 3, 0, 0, 0, 0]),
            "Ethernet|LLC|not read",
            "spanning tree (STP)",
        ),
        sample(
            "is-is",
            1,
            ieee802_3(&[0xfe, 0xfe, 3, 0x83]),
            "Ethernet|LLC|not read",
            "OSI routing (IS-IS)",
        ),
        sample("llc-numbered", 1, ieee802_3(&[0xf0, 0xf1, 1, 1]), "Ethernet LLC", "NetBIOS"),
        sample("ipx", 1, ieee802_3(&[0xff, 0xff, 0, 30]), "Ethernet|not read", "IPX"),
        sample(
            "cdp",
            1,
            ieee802_3(&[0xaa, 0xaa, 3, 0, 0, 0x0c, 0x20, 0, 2, 180]),
            "Ethernet|LLC|SNAP|not read",
            "CDP",
        ),
        sample(
            "pppoe-discovery",
            1,
            ethernet(0x8863, &pppoe(9, &[1, 1, 0, 0])),
            "Ethernet|PPPoE discovery|not read",
            "PPPoE discovery",
        ),
        sample(
            "lcp",
            1,
            ethernet(0x8864, &pppoe(0, &[0xc0, 0x21, 9, 1, 0, 4])),
            "Ethernet|PPPoE|PPP|not read",
            "link settings (PPP LCP)",
        ),
        sample(
            "mpls-other",
            1,
            ethernet(0x8847, &[&label(102, true)[..], &[0x10; 20]].concat()),
            "Ethernet|MPLS|not read",
            "MPLS with something that is not IP",
        ),
        sample("gre-keep-alive", 1, gre(&[0, 0, 0, 0]), "Ethernet IPv4 GRE", "GRE keep-alive"),
        sample(
            "gre-routes",
            1,
            gre(&[0x40, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
            "Ethernet|IPv4|GRE|not read",
            "GRE with source routes",
        ),
        sample(
            "gre-other",
            1,
            gre(&[0, 0, 0x12, 0x34, 1]),
            "Ethernet|IPv4|GRE|not read",
            "GRE with 0x1234",
        ),
    ]
}
