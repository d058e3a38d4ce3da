//! What there is besides TCP, by its numbers.

use std::fmt;

use super::words::named;

/// What a packet holds that is not TCP, or is not read.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Other {
    /// By its EtherType ([IEEE 802 numbers](https://www.iana.org/assignments/ieee-802-numbers)).
    EtherType(u16),
    /// By the LLC address of the service that is to take it.
    Llc(u8),
    /// By the organization that gave it its number, and that number.
    Snap(u32, u16),
    /// By its [PPP protocol number](https://www.iana.org/assignments/ppp-numbers).
    Ppp(u16),
    /// By its address family on BSD.
    Family(u32),
    /// By its [IP protocol number](https://www.iana.org/assignments/protocol-numbers).
    Protocol(u8),
    /// ICMPv6 that finds neighbours and routers (RFC 4861).
    NeighbourDiscovery,
    /// ICMPv6 that tells who listens to which group (RFC 3810).
    ListenerDiscovery,
    /// What a GRE tunnel carries, by its EtherType.
    Gre(u16),
    /// GRE with source routes (RFC 1701), which nobody uses.
    GreWithRoutes,
    /// A GRE tunnel's message without content, which keeps it alive.
    GreKeepAlive,
    /// What MPLS labels carry, where it is neither IP nor Ethernet.
    Mpls,
    /// More headers than are read.
    TooManyHeaders,
}

impl fmt::Display for Other {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::EtherType(0x8847 | 0x8848) | Self::Mpls => {
                f.write_str("MPLS with something that is not IP")
            }
            Self::EtherType(number) => match ether_type(number) {
                Some(name) => f.write_str(name),
                None => write!(f, "EtherType 0x{number:04x}"),
            },
            Self::Llc(number) => match service(number) {
                Some(name) => f.write_str(name),
                None => write!(f, "LLC service 0x{number:02x}"),
            },
            Self::Snap(0x00_000c, 0x2000) => f.write_str("CDP"),
            Self::Snap(0x00_000c, 0x2003) => f.write_str("VTP"),
            Self::Snap(0x00_000c, 0x2004) => f.write_str("DTP"),
            Self::Snap(0x00_000c, 0x010b) => f.write_str("spanning tree (PVST+)"),
            Self::Snap(0x08_0007, 0x809b) => f.write_str("AppleTalk"),
            Self::Snap(organization, number) => {
                write!(f, "SNAP protocol 0x{number:04x} of organization 0x{organization:06x}")
            }
            Self::Ppp(number) => match ppp(number) {
                Some(name) => f.write_str(name),
                None => write!(f, "PPP protocol 0x{number:04x}"),
            },
            Self::Family(number) => write!(f, "address family {number}"),
            Self::Protocol(number) => match protocol(number) {
                Some(name) => f.write_str(name),
                None => write!(f, "IP protocol {number}"),
            },
            Self::NeighbourDiscovery => f.write_str("IPv6 neighbour discovery (ICMPv6)"),
            Self::ListenerDiscovery => f.write_str("multicast listener discovery (ICMPv6)"),
            Self::Gre(number) => {
                write!(f, "GRE with {}", named(format_args!("0x{number:04x}"), ether_type(number)))
            }
            Self::GreWithRoutes => f.write_str("GRE with source routes"),
            Self::GreKeepAlive => f.write_str("GRE keep-alive"),
            Self::TooManyHeaders => f.write_str("more headers than are read"),
        }
    }
}

/// The name of an EtherType.
pub(super) fn ether_type(number: u16) -> Option<&'static str> {
    Some(match number {
        0x0800 => "IPv4",
        0x0806 => "ARP",
        0x0842 => "Wake-on-LAN",
        0x22ea => "stream reservation (SRP)",
        0x22eb => "ERSPAN type III",
        0x22f0 => "audio and video (AVTP)",
        0x22f3 => "TRILL",
        0x6002..=0x6006 => "DECnet",
        0x6558 => "Ethernet",
        0x8035 => "RARP",
        0x809b => "AppleTalk",
        0x80f3 => "AARP",
        0x8100 => "802.1Q tag",
        0x8137 => "IPX",
        0x86dd => "IPv6",
        0x8808 => "Ethernet flow control",
        0x8809 => "slow protocols (LACP)",
        0x880b => "PPP",
        0x8847 => "MPLS",
        0x8848 => "MPLS multicast",
        0x8863 => "PPPoE discovery",
        0x8864 => "PPPoE",
        0x887b => "HomePlug",
        0x888e => "network login (802.1X)",
        0x8892 => "PROFINET",
        0x8899 => "Realtek loop detection",
        0x88a2 => "ATA over Ethernet",
        0x88a4 => "EtherCAT",
        0x88a8 => "802.1ad tag",
        0x88b5 | 0x88b6 => "local experiment",
        0x88b8 => "GOOSE",
        0x88ba => "sampled values",
        0x88be => "ERSPAN",
        0x88cc => "LLDP",
        0x88dc => "WSMP",
        0x88e1 => "HomePlug AV",
        0x88e5 => "MACsec",
        0x88e7 => "802.1ah tag",
        0x88f5 => "MVRP",
        0x88f7 => "precision time (PTP)",
        0x8902 => "fault management (CFM)",
        0x8906 => "Fibre Channel over Ethernet",
        0x890d => "802.11 tunnel (TDLS)",
        0x8915 => "RoCE",
        0x893a => "IEEE 1905",
        0x894f => "network service header (NSH)",
        0x9000 => "Ethernet loopback test",
        0x9100 => "802.1Q tag within a tag",
        0x99fe => "B.A.T.M.A.N.",
        _ => return None,
    })
}

/// The name of an LLC service (its address without the group bit).
pub(super) fn service(number: u8) -> Option<&'static str> {
    Some(match number {
        0x00 => "LLC test",
        0x04 => "SNA",
        0x06 => "IPv4",
        0x42 => "spanning tree (STP)",
        0xaa => "SNAP",
        0xe0 => "IPX",
        0xf0 => "NetBIOS",
        0xfe => "OSI routing (IS-IS)",
        0xff => "IPX",
        _ => return None,
    })
}

/// The name of a PPP protocol.
pub(super) fn ppp(number: u16) -> Option<&'static str> {
    Some(match number {
        0x0021 => "IPv4",
        0x002d => "IP and TCP with compressed headers (PPP)",
        0x002f => "TCP with headers not compressed (PPP)",
        0x003d => "multilink PPP",
        0x0057 => "IPv6",
        0x00fd => "compressed PPP",
        0x0281 => "MPLS",
        0x8021 => "IP settings (PPP IPCP)",
        0x8057 => "IPv6 settings (PPP IPV6CP)",
        0x80fd => "compression settings (PPP CCP)",
        0xc021 => "link settings (PPP LCP)",
        0xc023 => "login (PPP PAP)",
        0xc025 => "link quality (PPP LQR)",
        0xc223 => "login (PPP CHAP)",
        0xc227 => "login (PPP EAP)",
        _ => return None,
    })
}

/// The name of an IP protocol.
pub(super) fn protocol(number: u8) -> Option<&'static str> {
    Some(match number {
        0 => "IPv6 hop-by-hop options",
        1 => "ICMP",
        2 => "IGMP",
        4 => "IPv4",
        6 => "TCP",
        8 => "EGP",
        17 => "UDP",
        33 => "DCCP",
        41 => "IPv6",
        43 => "IPv6 routing header",
        44 => "IPv6 fragment header",
        46 => "RSVP",
        47 => "GRE",
        50 => "encrypted IP (ESP)",
        51 => "authentication header",
        55 => "IP in IP with minimal headers",
        58 => "ICMPv6",
        59 => "no next header",
        60 => "IPv6 destination options",
        88 => "EIGRP",
        89 => "OSPF",
        94 => "KA9Q IP in IP",
        97 => "Ethernet in IP",
        98 => "IP in IP with a header between",
        103 => "PIM",
        108 => "compressed IP",
        112 => "VRRP",
        115 => "L2TP",
        124 => "IS-IS over IPv4",
        132 => "SCTP",
        133 => "Fibre Channel",
        135 => "IPv6 mobility header",
        136 => "UDP-Lite",
        137 => "MPLS",
        139 => "host identity (HIP)",
        140 => "shim6",
        143 => "Ethernet in IPv6 segments",
        _ => return None,
    })
}

/// What commonly uses a UDP port.
pub(super) fn udp_port(number: u16) -> Option<&'static str> {
    Some(match number {
        53 => "DNS",
        67 | 68 => "DHCP",
        69 => "TFTP",
        123 => "network time (NTP)",
        137 | 138 => "NetBIOS",
        161 | 162 => "SNMP",
        443 => "QUIC",
        500 | 4500 => "IPsec",
        514 => "syslog",
        546 | 547 => "DHCPv6",
        1194 => "OpenVPN",
        1701 => "L2TP",
        1900 => "SSDP",
        2152 => "GTP",
        3544 => "Teredo",
        4789 | 8472 => "VXLAN",
        5353 => "mDNS",
        5355 => "LLMNR",
        6081 => "Geneve",
        51820 => "WireGuard",
        _ => return None,
    })
}
