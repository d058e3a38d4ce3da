//! What the fields of headers are called, what they are for, and where that is written.

use super::types::Term;

/// Makes a static [`Term`] of each line, and the list of all of them.
macro_rules! terms {
    ($($constant:ident: $key:literal, $name:literal, $meaning:literal, $source:expr;)*) => {
        $(pub(super) static $constant: Term =
            Term { key: $key, name: $name, meaning: $meaning, source: $source };)*

        /// All terms of headers, in the order in which packets have them.
        pub static TERMS: &[&Term] = &[$(&$constant),*];
    };
}

const ETHERNET: &str = "IEEE 802.3 section 3.2";
const TAG: &str = "IEEE 802.1Q section 9.6";
const LLC: &str = "IEEE 802.2 section 3.2";
const PPPOE: &str = "RFC 2516 section 4";
const MPLS: &str = "RFC 3032 section 2.1";
const CONTROL_WORD: &str = "RFC 4385 section 3";
const LOOPBACK: &str = "tcpdump.org/linktypes, LINKTYPE_NULL";
const COOKED: &str = "tcpdump.org/linktypes, LINKTYPE_LINUX_SLL";
const COOKED_2: &str = "tcpdump.org/linktypes, LINKTYPE_LINUX_SLL2";
const IPV4: &str = "RFC 791 section 3.1";
const IPV6: &str = "RFC 8200 section 3";
const AUTHENTICATION: &str = "RFC 4302 section 2";
const GRE: &str = "RFC 2784 section 2.1";
const GRE_2: &str = "RFC 2890 section 2";
const GRE_1: &str = "RFC 2637 section 4.1";
const VXLAN: &str = "RFC 7348 section 5";
const GENEVE: &str = "RFC 8926 section 3.4";
const UDP: &str = "RFC 768";
const TCP: &str = "RFC 9293 section 3.1";
const TCP_OPTIONS: &str = "RFC 9293 section 3.2";
const ECN: &str = "RFC 3168 section 6.1";

terms! {
    // Ethernet and what follows it.
    ETHERNET_DESTINATION: "ethernet.destination", "destination",
        "the interface that is to take the frame: the next one on the way, not the far end", ETHERNET;
    ETHERNET_SOURCE: "ethernet.source", "source",
        "the interface that sent the frame", ETHERNET;
    ETHERNET_TYPE: "ethernet.type", "type",
        "which protocol comes next", ETHERNET;
    ETHERNET_LENGTH: "ethernet.length", "length",
        "up to 1500 it is no type, but how many bytes come next", ETHERNET;
    TAG_PRIORITY: "vlan.priority", "priority",
        "which frames a switch sends first when it cannot send all", TAG;
    TAG_DROP: "vlan.drop-eligible", "drop eligible",
        "whether a switch should rather drop this frame than others", TAG;
    TAG_ID: "vlan.id", "VLAN",
        "which of the virtual networks on this wire the frame belongs to", TAG;
    TAG_TYPE: "vlan.type", "type", "which protocol comes next", TAG;
    LLC_DESTINATION: "llc.destination", "destination service",
        "which protocol the receiver is to give this to", LLC;
    LLC_GROUP: "llc.group", "group", "whether several services are meant", LLC;
    LLC_SOURCE: "llc.source", "source service", "which protocol it comes from", LLC;
    LLC_RESPONSE: "llc.response", "response", "whether it answers a command", LLC;
    LLC_CONTROL: "llc.control", "control",
        "the kind of frame; 3 is one without a number and without an answer", LLC;
    SNAP_ORGANIZATION: "snap.organization", "organization",
        "who gave the protocol its number; 0 says that it is an EtherType", "IEEE 802 section 9.5";
    SNAP_PROTOCOL: "snap.protocol", "protocol", "which protocol comes next", "IEEE 802 section 9.5";
    PPPOE_VERSION: "pppoe.version", "version", "", PPPOE;
    PPPOE_TYPE: "pppoe.type", "type", "", PPPOE;
    PPPOE_CODE: "pppoe.code", "code", "0 once the session is open", PPPOE;
    PPPOE_SESSION: "pppoe.session", "session",
        "which of the callers of the same access concentrator this is", PPPOE;
    PPPOE_LENGTH: "pppoe.length", "length", "how many bytes come next", PPPOE;
    PPP_ADDRESS: "ppp.address", "address and control",
        "always the same; left out as a rule", "RFC 1662 section 3.1";
    PPP_PROTOCOL: "ppp.protocol", "protocol", "which protocol comes next", "RFC 1661 section 2";
    MPLS_LABEL: "mpls.label", "label",
        "what routers look up instead of an address, each replacing it by the next one's", MPLS;
    MPLS_CLASS: "mpls.class", "traffic class",
        "which packets a router sends first", "RFC 5462 section 2";
    MPLS_BOTTOM: "mpls.bottom", "bottom of stack",
        "whether this is the last label before the packet", MPLS;
    MPLS_TTL: "mpls.ttl", "time to live",
        "each router takes 1 off, and drops the packet at 0", MPLS;
    CONTROL_ZERO: "pseudowire.zero", "zero",
        "tells it from IP, whose first four bits are 4 or 6", CONTROL_WORD;
    CONTROL_FLAGS: "pseudowire.flags", "flags", "", CONTROL_WORD;
    CONTROL_FRAGMENT: "pseudowire.fragment", "fragmentation", "", CONTROL_WORD;
    CONTROL_LENGTH: "pseudowire.length", "length",
        "where the frame was padded, how long it is without", CONTROL_WORD;
    CONTROL_SEQUENCE: "pseudowire.sequence", "sequence number", "0 where they are not counted",
        CONTROL_WORD;
    LOOPBACK_FAMILY: "loopback.family", "address family",
        "which protocol comes next, by the number that the system has for it", LOOPBACK;
    COOKED_KIND: "cooked.packet-type", "packet type",
        "whether the packet came in or went out, and for whom it was", COOKED;
    COOKED_HARDWARE: "cooked.hardware", "kind of interface",
        "by its ARPHRD_ number, as Linux has it", COOKED;
    COOKED_ADDRESS_LENGTH: "cooked.address-length", "address length",
        "how many bytes of the sender's link-layer address are used", COOKED;
    COOKED_ADDRESS: "cooked.address", "address", "the sender's link-layer address", COOKED;
    COOKED_UNUSED: "cooked.unused", "unused", "room for a longer address", COOKED;
    COOKED_PROTOCOL: "cooked.protocol", "protocol", "which protocol comes next", COOKED;
    COOKED_RESERVED: "cooked.reserved", "reserved", "", COOKED_2;
    COOKED_INTERFACE: "cooked.interface", "interface",
        "the number of the interface that it was captured on, as ip link lists them", COOKED_2;

    // ARP and ICMP.
    ARP_HARDWARE: "arp.hardware", "hardware type", "1 is Ethernet", "RFC 826";
    ARP_PROTOCOL: "arp.protocol", "protocol type",
        "whose addresses are asked for, as an EtherType", "RFC 826";
    ARP_HARDWARE_LENGTH: "arp.hardware-length", "hardware address length", "", "RFC 826";
    ARP_PROTOCOL_LENGTH: "arp.protocol-length", "protocol address length", "", "RFC 826";
    ARP_OPERATION: "arp.operation", "operation", "", "RFC 826";
    ARP_SENDER_HARDWARE: "arp.sender-hardware", "sender's hardware address", "", "RFC 826";
    ARP_SENDER_PROTOCOL: "arp.sender-protocol", "sender's protocol address", "", "RFC 826";
    ARP_TARGET_HARDWARE: "arp.target-hardware", "target's hardware address",
        "what a request asks for", "RFC 826";
    ARP_TARGET_PROTOCOL: "arp.target-protocol", "target's protocol address", "", "RFC 826";
    ICMP_TYPE: "icmp.type", "type", "what the message says", "RFC 792";
    ICMP_CODE: "icmp.code", "code", "what kind of it", "RFC 792";
    ICMP_CHECKSUM: "icmp.checksum", "checksum", "tells whether the message was damaged", "RFC 792";
    ICMPV6_TYPE: "icmpv6.type", "type", "what the message says", "RFC 4443 section 2.1";
    ICMPV6_CODE: "icmpv6.code", "code", "what kind of it", "RFC 4443 section 2.1";
    ICMPV6_CHECKSUM: "icmpv6.checksum", "checksum",
        "tells whether the message was damaged", "RFC 4443 section 2.3";

    // IPv4.
    IPV4_VERSION: "ipv4.version", "version", "tells IPv4 from IPv6", IPV4;
    IPV4_HEADER_LENGTH: "ipv4.header-length", "header length",
        "in units of 4 bytes: 5 without options", IPV4;
    IPV4_DSCP: "ipv4.dscp", "DSCP",
        "differentiated services: how routers should treat the packet", "RFC 2474 section 3";
    IPV4_ECN: "ipv4.ecn", "ECN",
        "a router that is nearly full sets both bits instead of dropping the packet",
        "RFC 3168 section 5";
    IPV4_TOTAL_LENGTH: "ipv4.total-length", "total length",
        "of the packet with this header; what comes after is padding", IPV4;
    IPV4_IDENTIFICATION: "ipv4.identification", "identification",
        "tells which fragments belong to the same packet", "RFC 6864 section 4";
    IPV4_RESERVED: "ipv4.reserved", "reserved flag", "always 0", IPV4;
    IPV4_DONT_FRAGMENT: "ipv4.dont-fragment", "don't fragment",
        "where set, routers must not cut the packet, but say that it is too long", IPV4;
    IPV4_MORE_FRAGMENTS: "ipv4.more-fragments", "more fragments",
        "where set, this is not the packet's last fragment", IPV4;
    IPV4_FRAGMENT_OFFSET: "ipv4.fragment-offset", "fragment offset",
        "where in the packet this fragment belongs, in units of 8 bytes", IPV4;
    IPV4_TTL: "ipv4.ttl", "time to live",
        "each router takes 1 off, and drops the packet at 0, so that none goes round for ever", IPV4;
    IPV4_PROTOCOL: "ipv4.protocol", "protocol", "which protocol comes next", IPV4;
    IPV4_CHECKSUM: "ipv4.checksum", "header checksum",
        "tells whether this header was damaged", IPV4;
    IPV4_SOURCE: "ipv4.source", "source", "the host that sent the packet", IPV4;
    IPV4_DESTINATION: "ipv4.destination", "destination", "the host that it is for", IPV4;
    IPV4_OPTION_COPIED: "ipv4.option.copied", "copied",
        "whether each fragment has the option", IPV4;
    IPV4_OPTION_CLASS: "ipv4.option.class", "option class", "0 is control, 2 measurement", IPV4;
    IPV4_OPTION_NUMBER: "ipv4.option.number", "option number", "which option it is", IPV4;
    IPV4_OPTION_LENGTH: "ipv4.option.length", "option length",
        "of the option with its type and this length", IPV4;
    IPV4_OPTION_POINTER: "ipv4.option.pointer", "pointer",
        "where in the option the next address belongs", IPV4;
    IPV4_OPTION_ADDRESS: "ipv4.option.address", "address", "a router on the way", IPV4;
    IPV4_OPTION_DATA: "ipv4.option.data", "option data", "", IPV4;
    IPV4_OPTION_PADDING: "ipv4.option.padding", "padding",
        "fills the header to a multiple of 4 bytes", IPV4;

    // IPv6.
    IPV6_VERSION: "ipv6.version", "version", "tells IPv6 from IPv4", IPV6;
    IPV6_DSCP: "ipv6.dscp", "DSCP",
        "differentiated services: how routers should treat the packet", "RFC 2474 section 3";
    IPV6_ECN: "ipv6.ecn", "ECN",
        "a router that is nearly full sets both bits instead of dropping the packet",
        "RFC 3168 section 5";
    IPV6_FLOW_LABEL: "ipv6.flow-label", "flow label",
        "the same for all packets of a connection one way, so that routers can keep them together",
        "RFC 6437 section 2";
    IPV6_PAYLOAD_LENGTH: "ipv6.payload-length", "payload length",
        "of what comes after this header", IPV6;
    IPV6_NEXT_HEADER: "ipv6.next-header", "next header", "which header comes next", IPV6;
    IPV6_HOP_LIMIT: "ipv6.hop-limit", "hop limit",
        "each router takes 1 off, and drops the packet at 0, so that none goes round for ever", IPV6;
    IPV6_SOURCE: "ipv6.source", "source", "the host that sent the packet", IPV6;
    IPV6_DESTINATION: "ipv6.destination", "destination", "the host that it is for", IPV6;
    EXTENSION_NEXT: "ipv6.extension.next-header", "next header", "which header comes next",
        "RFC 8200 section 4";
    EXTENSION_LENGTH: "ipv6.extension.length", "header length",
        "in units of 8 bytes, the first 8 not counted", "RFC 8200 section 4";
    EXTENSION_DATA: "ipv6.extension.data", "data", "", "RFC 8200 section 4";
    OPTION_ACTION: "ipv6.option.action", "action",
        "what a host does that does not know the option", "RFC 8200 section 4.2";
    OPTION_CHANGE: "ipv6.option.change", "may change",
        "whether routers may change the option", "RFC 8200 section 4.2";
    OPTION_TYPE: "ipv6.option.type", "option type", "which option it is", "RFC 8200 section 4.2";
    OPTION_LENGTH: "ipv6.option.length", "option length", "of the option's data",
        "RFC 8200 section 4.2";
    OPTION_DATA: "ipv6.option.data", "option data", "", "RFC 8200 section 4.2";
    ROUTING_TYPE: "ipv6.routing.type", "routing type", "", "RFC 8200 section 4.4";
    ROUTING_LEFT: "ipv6.routing.segments-left", "segments left",
        "how many of the addresses are still to be visited", "RFC 8200 section 4.4";
    ROUTING_RESERVED: "ipv6.routing.reserved", "reserved", "", "RFC 8200 section 4.4";
    ROUTING_LAST: "ipv6.routing.last-entry", "last entry",
        "the number of the last segment in the list", "RFC 8754 section 2";
    ROUTING_FLAGS: "ipv6.routing.flags", "flags", "", "RFC 8754 section 2";
    ROUTING_TAG: "ipv6.routing.tag", "tag", "", "RFC 8754 section 2";
    ROUTING_ADDRESS: "ipv6.routing.address", "address", "a router on the way",
        "RFC 8200 section 4.4";
    FRAGMENT_RESERVED: "ipv6.fragment.reserved", "reserved", "", "RFC 8200 section 4.5";
    FRAGMENT_OFFSET: "ipv6.fragment.offset", "fragment offset",
        "where in the packet this fragment belongs, in units of 8 bytes", "RFC 8200 section 4.5";
    FRAGMENT_MORE: "ipv6.fragment.more", "more fragments",
        "where set, this is not the packet's last fragment", "RFC 8200 section 4.5";
    FRAGMENT_IDENTIFICATION: "ipv6.fragment.identification", "identification",
        "tells which fragments belong to the same packet", "RFC 8200 section 4.5";
    AUTHENTICATION_NEXT: "authentication.next-header", "next header",
        "which header comes next", AUTHENTICATION;
    AUTHENTICATION_LENGTH: "authentication.length", "header length",
        "in units of 4 bytes, the first 8 not counted", AUTHENTICATION;
    AUTHENTICATION_RESERVED: "authentication.reserved", "reserved", "", AUTHENTICATION;
    AUTHENTICATION_SPI: "authentication.spi", "security parameters index",
        "which keys the two ends agreed on", AUTHENTICATION;
    AUTHENTICATION_SEQUENCE: "authentication.sequence", "sequence number",
        "so that a packet that is sent again by somebody else is known", AUTHENTICATION;
    AUTHENTICATION_VALUE: "authentication.value", "integrity check value",
        "tells whether the packet was changed on the way", AUTHENTICATION;

    // What carries packets in packets.
    GRE_CHECKSUM_PRESENT: "gre.checksum-present", "checksum present", "", GRE;
    GRE_ROUTING_PRESENT: "gre.routing-present", "routing present", "", "RFC 1701";
    GRE_KEY_PRESENT: "gre.key-present", "key present", "", GRE_2;
    GRE_SEQUENCE_PRESENT: "gre.sequence-present", "sequence number present", "", GRE_2;
    GRE_STRICT: "gre.strict-source-route", "strict source route", "", "RFC 1701";
    GRE_RECURSION: "gre.recursion", "recursion control", "", "RFC 1701";
    GRE_ACKNOWLEDGMENT_PRESENT: "gre.acknowledgment-present", "acknowledgment present", "", GRE_1;
    GRE_RESERVED: "gre.reserved", "reserved", "", GRE;
    GRE_VERSION: "gre.version", "version", "1 is that of PPTP", GRE;
    GRE_PROTOCOL: "gre.protocol", "protocol", "which protocol comes next, as an EtherType", GRE;
    GRE_CHECKSUM: "gre.checksum", "checksum",
        "tells whether the header or what it carries was damaged", GRE;
    GRE_OFFSET: "gre.offset", "offset", "reserved, or where in the routes one is", "RFC 1701";
    GRE_KEY: "gre.key", "key", "tells one tunnel between two hosts from another", GRE_2;
    GRE_LENGTH: "gre.length", "payload length", "how many bytes come next", GRE_1;
    GRE_CALL: "gre.call", "call", "which session of the receiver this belongs to", GRE_1;
    GRE_SEQUENCE: "gre.sequence", "sequence number", "in which order the packets were sent", GRE_2;
    GRE_ACKNOWLEDGMENT: "gre.acknowledgment", "acknowledgment number",
        "the last packet that was received", GRE_1;
    ERSPAN_VERSION: "erspan.version", "version", "1 is type II", "draft-foschiano-erspan section 4.2";
    ERSPAN_VLAN: "erspan.vlan", "VLAN", "that of the frame that is copied",
        "draft-foschiano-erspan section 4.2";
    ERSPAN_CLASS: "erspan.class", "class of service", "", "draft-foschiano-erspan section 4.2";
    ERSPAN_TAGGED: "erspan.tagged", "encapsulation", "how the frame was tagged",
        "draft-foschiano-erspan section 4.2";
    ERSPAN_CUT: "erspan.truncated", "truncated", "whether the copy was cut",
        "draft-foschiano-erspan section 4.2";
    ERSPAN_SESSION: "erspan.session", "session", "", "draft-foschiano-erspan section 4.2";
    ERSPAN_RESERVED: "erspan.reserved", "reserved", "", "draft-foschiano-erspan section 4.2";
    ERSPAN_INDEX: "erspan.index", "index", "the port that the frame was copied from",
        "draft-foschiano-erspan section 4.2";
    ETHERIP_VERSION: "etherip.version", "version", "always 3", "RFC 3378 section 3";
    ETHERIP_RESERVED: "etherip.reserved", "reserved", "", "RFC 3378 section 3";
    UDP_SOURCE: "udp.source-port", "source port", "the program that sent it, by its number", UDP;
    UDP_DESTINATION: "udp.destination-port", "destination port",
        "the program that it is for, by its number", UDP;
    UDP_LENGTH: "udp.length", "length", "of this header and what it carries", UDP;
    UDP_CHECKSUM: "udp.checksum", "checksum",
        "tells whether the datagram or the addresses were damaged; 0 says that there is none", UDP;
    VXLAN_RESERVED: "vxlan.reserved", "reserved", "", VXLAN;
    VXLAN_VALID: "vxlan.valid", "network identifier valid", "always set", VXLAN;
    VXLAN_NETWORK: "vxlan.network", "network identifier",
        "which of the virtual networks the frame belongs to", VXLAN;
    GENEVE_VERSION: "geneve.version", "version", "", GENEVE;
    GENEVE_OPTIONS_LENGTH: "geneve.options-length", "options length", "in units of 4 bytes", GENEVE;
    GENEVE_CONTROL: "geneve.control", "control packet", "", GENEVE;
    GENEVE_CRITICAL: "geneve.critical", "critical options present", "", GENEVE;
    GENEVE_RESERVED: "geneve.reserved", "reserved", "", GENEVE;
    GENEVE_PROTOCOL: "geneve.protocol", "protocol", "which protocol comes next, as an EtherType",
        GENEVE;
    GENEVE_NETWORK: "geneve.network", "network identifier",
        "which of the virtual networks the frame belongs to", GENEVE;
    GENEVE_OPTIONS: "geneve.options", "options", "", "RFC 8926 section 3.5";

    // TCP.
    TCP_SOURCE: "tcp.source-port", "source port",
        "the program that sent it, by its number on its host", TCP;
    TCP_DESTINATION: "tcp.destination-port", "destination port",
        "the program that it is for, by its number on its host", TCP;
    TCP_SEQUENCE: "tcp.sequence", "sequence number",
        "the number of the first byte of data; the SYN is counted like a byte", TCP;
    TCP_ACKNOWLEDGMENT: "tcp.acknowledgment", "acknowledgment number",
        "the byte that is expected next: all before it have arrived", TCP;
    TCP_DATA_OFFSET: "tcp.data-offset", "data offset",
        "the length of this header, in units of 4 bytes: 5 without options", TCP;
    TCP_RESERVED: "tcp.reserved", "reserved", "always 0", TCP;
    TCP_AE: "tcp.ae", "AE", "accurate ECN: tells with the next two how many packets were marked",
        "RFC 9768 section 3.1";
    TCP_CWR: "tcp.cwr", "CWR",
        "congestion window reduced: the sender has slowed down, as it was asked to", ECN;
    TCP_ECE: "tcp.ece", "ECE",
        "ECN echo: a router marked a packet because it was nearly full; slow down", ECN;
    TCP_URG: "tcp.urg", "URG", "the urgent pointer counts; hardly used today", TCP;
    TCP_ACK: "tcp.ack", "ACK",
        "the acknowledgment number counts: in every segment but the first", TCP;
    TCP_PSH: "tcp.psh", "PSH",
        "give the data to the program at once, rather than wait for more", TCP;
    TCP_RST: "tcp.rst", "RST", "breaks the connection off at once", TCP;
    TCP_SYN: "tcp.syn", "SYN", "opens the connection: the numbers begin here", TCP;
    TCP_FIN: "tcp.fin", "FIN", "the sender has no more data to send", TCP;
    TCP_WINDOW: "tcp.window", "window",
        "how many bytes more the sender of this segment has room for", TCP;
    TCP_CHECKSUM: "tcp.checksum", "checksum",
        "tells whether the segment or the addresses were damaged", TCP;
    TCP_URGENT: "tcp.urgent-pointer", "urgent pointer",
        "where the urgent data ends, if URG is set", TCP;
    TCP_OPTION_KIND: "tcp.option.kind", "option kind", "which option it is", TCP_OPTIONS;
    TCP_OPTION_LENGTH: "tcp.option.length", "option length",
        "of the option with its kind and this length", TCP_OPTIONS;
    TCP_OPTION_DATA: "tcp.option.data", "option data", "", TCP_OPTIONS;
    TCP_MSS: "tcp.option.mss", "maximum segment size",
        "the most data that the other side may put into one segment", "RFC 9293 section 3.7.1";
    TCP_WINDOW_SCALE: "tcp.option.window-scale", "window scale",
        "by which power of 2 the sender's windows are to be multiplied from now on",
        "RFC 7323 section 2.2";
    TCP_SACK_BEGIN: "tcp.option.sack-begin", "from byte",
        "the first byte of a piece that arrived before others that are missing",
        "RFC 2018 section 3";
    TCP_SACK_END: "tcp.option.sack-end", "up to before byte",
        "the byte after the piece", "RFC 2018 section 3";
    TCP_TIMESTAMP: "tcp.option.timestamp", "timestamp",
        "the sender's clock, in ticks of its own, from a start of its own", "RFC 7323 section 3.2";
    TCP_TIMESTAMP_ECHO: "tcp.option.timestamp-echo", "timestamp echo",
        "the other side's timestamp, sent back, so that it knows how long the way takes",
        "RFC 7323 section 3.2";
    TCP_FAST_OPEN: "tcp.option.fast-open", "fast open cookie",
        "lets a known client send data with its SYN; empty where it asks for a cookie",
        "RFC 7413 section 4.1.1";
    TCP_EXPERIMENT: "tcp.option.experiment", "experiment",
        "which experiment the option belongs to", "RFC 6994 section 3";
    TCP_USER_TIMEOUT_UNIT: "tcp.option.user-timeout-unit", "in minutes",
        "where set, the timeout counts minutes", "RFC 5482 section 2";
    TCP_USER_TIMEOUT: "tcp.option.user-timeout", "user timeout",
        "how long data may stay unacknowledged before the sender gives up", "RFC 5482 section 2";
    TCP_OPTION_PADDING: "tcp.option.padding", "padding",
        "fills the header to a multiple of 4 bytes", TCP_OPTIONS;

    // What every kind of packet may have.
    PAYLOAD: "payload", "payload", "what the program sent", TCP;
    FRAGMENT: "fragment", "fragment", "a piece of a packet that was too long for a network on the way",
        "RFC 791 section 3.2";
    MALFORMED: "malformed", "malformed", "what the standard does not allow here", "";
    NOT_READ: "not-read", "not read", "what is not taken apart here", "";
    PADDING: "padding", "padding",
        "fills the frame to the shortest that there may be, 60 bytes before its checksum", ETHERNET;
    TRAILER: "trailer", "trailer",
        "comes after the packet: added by a network card, a switch or whoever captured", "";
}
