//! What takes a packet over one wire: Ethernet and its kin, and what stands in for it in captures.

use std::borrow::Cow;

use super::{
    names::{Names, Naming},
    other::{self, Other},
    terms,
    types::Group,
    walk::{Header, Walk},
    words::{bytes, hardware, hex, named},
};

/// The largest number in the place of an EtherType that is a length (IEEE 802.3 section 3.2.6).
const LONGEST: u16 = 1500;

/// The smallest number that is an EtherType.
const FIRST_TYPE: u16 = 0x0600;

/// What an EtherType stands for, in words.
fn type_in_words(number: u16) -> Cow<'static, str> {
    match number {
        // The two that nearly all packets have, which are worth a shortcut.
        0x0800 => "0x0800 (IPv4)".into(),
        0x86dd => "0x86dd (IPv6)".into(),
        _ => named(format_args!("0x{number:04x}"), other::ether_type(number)).into(),
    }
}

/// The field after two addresses or a tag: a type, or a length.
fn name_type(names: &mut Names, number: u16, term: &'static super::Term) {
    if number <= LONGEST {
        names.field(16, &terms::ETHERNET_LENGTH, bytes(number.into()));
    } else {
        names.field(16, term, type_in_words(number));
    }
}

/// A link-layer address and what its first bits say of it.
fn address_in_words(address: &[u8]) -> String {
    let text = hardware(address);
    match address {
        [0xff, 0xff, 0xff, 0xff, 0xff, 0xff] => format!("{text} (everybody)"),
        [first, ..] if first & 1 != 0 => format!("{text} (a group)"),
        [first, ..] if first & 2 != 0 => format!("{text} (assigned locally)"),
        _ => text,
    }
}

/// What a line says comes next.
fn next_in_words(number: u16) -> String {
    match other::ether_type(number) {
        Some(name) => name.to_owned(),
        None if number <= LONGEST => format!("{number} bytes"),
        None => format!("type 0x{number:04x}"),
    }
}

impl<'a, N: Naming> Walk<'a, '_, N> {
    /// Ethernet II or IEEE 802.3.
    #[inline(always)]
    pub(super) fn ethernet(&mut self) {
        let header: Header<14> = self.header();
        let ether_type = header.u16(12);
        if let Some(names) = self.naming.names() {
            names.layer("Ethernet", Group::Link);
            let (destination, source) = (&header.bytes[..6], &header.bytes[6..12]);
            names.bytes(6, &terms::ETHERNET_DESTINATION, address_in_words(destination));
            names.bytes(6, &terms::ETHERNET_SOURCE, address_in_words(source));
            name_type(names, ether_type, &terms::ETHERNET_TYPE);
            if header.is_whole() {
                let next = next_in_words(ether_type);
                names.text(format!("{} → {}, {next}", hardware(source), hardware(destination)));
            }
        }
        if !header.is_whole() {
            return self.missing("Ethernet", 14);
        }
        self.at += 14;
        self.ether_type(ether_type)
    }

    /// What comes after an EtherType, or after a length in its place.
    #[inline(always)]
    pub(super) fn ether_type(&mut self, number: u16) {
        match number {
            0x0800 | 0x86dd => self.ip(),
            _ => self.unusual_type(number),
        }
    }

    /// A frame within something else, which is rare, and is to keep the common way short.
    #[inline(never)]
    pub(super) fn inner_frame(&mut self) {
        self.ethernet()
    }

    /// The same of what has an EtherType.
    #[inline(never)]
    pub(super) fn inner_type(&mut self, number: u16) {
        self.ether_type(number)
    }

    #[inline(never)]
    fn unusual_type(&mut self, number: u16) {
        if !self.descend() {
            return self.other(Other::TooManyHeaders);
        }
        match number {
            0..=LONGEST => {
                self.narrow(number.into());
                self.llc()
            }
            0x0806 => self.arp(),
            0x6558 => self.inner_frame(),
            0x8100 | 0x9100 | 0x9200 => self.tag("802.1Q tag"),
            0x88a8 => self.tag("802.1ad tag"),
            0x8847 | 0x8848 => self.mpls(),
            0x880b => self.ppp(),
            0x8863 => self.pppoe(false),
            0x8864 => self.pppoe(true),
            _ => self.other(Other::EtherType(number)),
        }
    }

    /// A tag of a virtual network.
    fn tag(&mut self, layer: &'static str) {
        let header: Header<4> = self.header();
        let (tag, ether_type) = (header.u16(0), header.u16(2));
        if let Some(names) = self.naming.names() {
            let (priority, id) = (tag >> 13, tag & 0x0fff);
            names.layer(layer, Group::Link);
            names.field(3, &terms::TAG_PRIORITY, priority.to_string());
            names.flag(tag & 0x1000 != 0, &terms::TAG_DROP);
            names.field(12, &terms::TAG_ID, named(id, (id == 0).then_some("none: priority alone")));
            name_type(names, ether_type, &terms::TAG_TYPE);
            if header.is_whole() {
                names.text(format!("VLAN {id}, {}", next_in_words(ether_type)));
            }
        }
        if !header.is_whole() {
            return self.missing(layer, 4);
        }
        self.at += 4;
        self.inner_type(ether_type)
    }

    /// Logical link control, which IEEE 802.3 has where Ethernet II has a type.
    fn llc(&mut self) {
        let header: Header<3> = self.header();
        let [destination, source, control] = header.bytes;
        // Novell put IPX there without any header.
        if destination == 0xff && source == 0xff {
            return self.other(Other::Llc(0xff));
        }
        // Numbered frames have a control field of 16 bits.
        let len = if control & 3 == 3 { 3 } else { 4 };
        if let Some(names) = self.naming.names() {
            names.layer("LLC", Group::Link);
            let service =
                |number: u8| named(format_args!("0x{number:02x}"), other::service(number & 0xfe));
            names.field(7, &terms::LLC_DESTINATION, service(destination));
            names.flag(destination & 1 != 0, &terms::LLC_GROUP);
            names.field(7, &terms::LLC_SOURCE, service(source));
            names.flag(source & 1 != 0, &terms::LLC_RESPONSE);
            let kind = match control & 3 {
                3 if control & 0xef == 3 => "unnumbered information",
                3 => "unnumbered",
                1 => "supervisory",
                _ => "information",
            };
            let value = named(format_args!("0x{control:02x}"), Some(kind));
            names.bytes(len - 2, &terms::LLC_CONTROL, value);
            if header.is_whole() {
                let next = other::service(destination & 0xfe).unwrap_or("a service of its own");
                names.text(next.to_owned());
            }
        }
        if !header.is_whole() || self.bytes(len).len() < len {
            return self.missing("LLC", len);
        }
        self.at += len;
        match (destination, source, control) {
            (0xaa, 0xaa, 3) => self.snap(),
            (0x06, 0x06, 3) => self.inner_ip(),
            _ => self.other(Other::Llc(destination & 0xfe)),
        }
    }

    /// The subnetwork access protocol, by which LLC carries what has an EtherType.
    fn snap(&mut self) {
        let header: Header<5> = self.header();
        let organization = header.u32(0) >> 8;
        let protocol = header.u16(3);
        // 0x0000f8 is that of IEEE 802.1H, for what bridges would translate wrongly.
        let is_type = matches!(organization, 0 | 0x00_00f8);
        if let Some(names) = self.naming.names() {
            names.layer("SNAP", Group::Link);
            names.field(24, &terms::SNAP_ORGANIZATION, format!("0x{organization:06x}"));
            let value = match is_type {
                true => type_in_words(protocol),
                false => format!("0x{protocol:04x}").into(),
            };
            names.field(16, &terms::SNAP_PROTOCOL, value);
            if header.is_whole() {
                names.text(match is_type {
                    true => next_in_words(protocol),
                    false => Other::Snap(organization, protocol).to_string(),
                });
            }
        }
        if !header.is_whole() {
            return self.missing("SNAP", 5);
        }
        self.at += 5;
        // Cisco's and the IEEE's bridges carry whole frames so.
        if is_type && protocol >= FIRST_TYPE {
            self.inner_type(protocol)
        } else {
            self.other(Other::Snap(organization, protocol))
        }
    }

    /// PPP over Ethernet: a session that is open, or the search for one.
    fn pppoe(&mut self, session: bool) {
        let header: Header<6> = self.header();
        let (code, number, len) = (header.bytes[1], header.u16(2), header.u16(4));
        if let Some(names) = self.naming.names() {
            names.layer(if session { "PPPoE" } else { "PPPoE discovery" }, Group::Link);
            names.field(4, &terms::PPPOE_VERSION, (header.bytes[0] >> 4).to_string());
            names.field(4, &terms::PPPOE_TYPE, (header.bytes[0] & 0x0f).to_string());
            let kind = match code {
                0x00 => Some("session"),
                0x07 => Some("PADO: an offer"),
                0x09 => Some("PADI: who offers access?"),
                0x19 => Some("PADR: the request"),
                0x65 => Some("PADS: the session is open"),
                0xa7 => Some("PADT: the session is over"),
                _ => None,
            };
            names.field(8, &terms::PPPOE_CODE, named(format_args!("0x{code:02x}"), kind));
            names.field(16, &terms::PPPOE_SESSION, format!("0x{number:04x}"));
            names.field(16, &terms::PPPOE_LENGTH, bytes(len.into()));
            if header.is_whole() {
                names.text(match (session, kind) {
                    (false, Some(kind)) => kind.to_owned(),
                    _ => format!("session 0x{number:04x}"),
                });
            }
        }
        if !header.is_whole() {
            return self.missing("PPPoE", 6);
        }
        self.at += 6;
        self.narrow(len.into());
        if session { self.ppp() } else { self.other(Other::EtherType(0x8863)) }
    }

    /// PPP without its frame: the protocol's number, in one byte where its last bit says so.
    pub(super) fn ppp(&mut self) {
        if let Some(names) = self.naming.names() {
            names.layer("PPP", Group::Link);
        }
        if self.bytes(2) == [0xff, 0x03] {
            if let Some(names) = self.naming.names() {
                names.bytes(2, &terms::PPP_ADDRESS, "0xff03 (everybody, unnumbered)");
            }
            self.at += 2;
        }
        let header: Header<2> = self.header();
        let short = header.there > 0 && header.bytes[0] & 1 != 0;
        let (number, len) = if short { (header.bytes[0].into(), 1) } else { (header.u16(0), 2) };
        if let Some(names) = self.naming.names() {
            let value = named(format_args!("0x{number:04x}"), other::ppp(number));
            names.bytes(len, &terms::PPP_PROTOCOL, value);
            if header.there >= len {
                names.text(Other::Ppp(number).to_string());
            }
        }
        if header.there < len {
            return self.missing("PPP", len);
        }
        self.at += len;
        if !self.descend() {
            return self.other(Other::TooManyHeaders);
        }
        match number {
            0x0021 | 0x0057 => self.inner_ip(),
            0x0281 | 0x0283 => self.mpls(),
            _ => self.other(Other::Ppp(number)),
        }
    }

    /// A stack of MPLS labels. Nothing says what it carries but its first bits.
    pub(super) fn mpls(&mut self) {
        loop {
            let header: Header<4> = self.header();
            let entry = header.u32(0);
            let bottom = entry & 0x100 != 0;
            if let Some(names) = self.naming.names() {
                let (label, ttl) = (entry >> 12, entry & 0xff);
                let meaning = match label {
                    0 => Some("IPv4 explicit null"),
                    1 => Some("router alert"),
                    2 => Some("IPv6 explicit null"),
                    3 => Some("implicit null"),
                    7 => Some("an entropy label follows"),
                    _ => None,
                };
                names.layer("MPLS", Group::Link);
                names.field(20, &terms::MPLS_LABEL, named(label, meaning));
                names.field(3, &terms::MPLS_CLASS, (entry >> 9 & 7).to_string());
                names.flag(bottom, &terms::MPLS_BOTTOM);
                names.field(8, &terms::MPLS_TTL, ttl.to_string());
                if header.is_whole() {
                    names.text(format!("label {label}, TTL {ttl}"));
                }
            }
            if !header.is_whole() {
                return self.missing("MPLS", 4);
            }
            self.at += 4;
            if bottom {
                break;
            }
            if !self.descend() {
                return self.other(Other::TooManyHeaders);
            }
        }
        match self.bytes(1) {
            [first] if matches!(first >> 4, 4 | 6) => self.inner_ip(),
            [] => self.missing("IP", 1),
            _ if self.bytes(18).len() < 18 && self.left() >= 18 => self.missing("pseudowire", 18),
            // Ethernet over MPLS (RFC 4448), with or without a control word, known by a type that
            // frames often have.
            [first] if first >> 4 == 0 && self.is_frame(4) => self.control_word(),
            _ if self.is_frame(0) => self.inner_frame(),
            _ => self.other(Other::Mpls),
        }
    }

    /// Whether what begins `offset` bytes further on looks like an Ethernet frame.
    fn is_frame(&self, offset: usize) -> bool {
        let at = self.at + offset + 12;
        matches!(
            self.data.get(at..at + 2),
            Some([0x08, 0x00 | 0x06] | [0x86, 0xdd] | [0x81, 0x00] | [0x88, 0xa8])
        )
    }

    /// The control word before a frame (RFC 4385 section 3).
    fn control_word(&mut self) {
        let header: Header<4> = self.header();
        if let Some(names) = self.naming.names() {
            names.layer("pseudowire control word", Group::Link);
            names.field(4, &terms::CONTROL_ZERO, "0");
            names.field(4, &terms::CONTROL_FLAGS, (header.bytes[0] & 0x0f).to_string());
            names.field(2, &terms::CONTROL_FRAGMENT, (header.bytes[1] >> 6).to_string());
            names.field(6, &terms::CONTROL_LENGTH, (header.bytes[1] & 0x3f).to_string());
            names.field(16, &terms::CONTROL_SEQUENCE, header.u16(2).to_string());
            names.text("Ethernet".to_owned());
        }
        self.at += 4;
        self.inner_frame()
    }

    /// BSD's loopback interface: an address family of 4 bytes, in the byte order of the machine that
    /// captured, or in network byte order (OpenBSD).
    pub(super) fn loopback(&mut self) {
        let header: Header<4> = self.header();
        let (family, order) = match header.bytes {
            [low, high, 0, 0] => (u16::from_le_bytes([low, high]).into(), "little-endian"),
            bytes => (u32::from_be_bytes(bytes), "big-endian"),
        };
        let is_ip = matches!(family, 2 | 10 | 23 | 24 | 28 | 30);
        if let Some(names) = self.naming.names() {
            let name = match family {
                2 => Some("IPv4"),
                _ if is_ip => Some("IPv6"),
                _ => None,
            };
            names.layer("BSD loopback", Group::Link);
            names.field(32, &terms::LOOPBACK_FAMILY, format!("{}, {order}", named(family, name)));
            if header.is_whole() {
                names.text(name.map_or_else(|| format!("family {family}"), str::to_owned));
            }
        }
        if !header.is_whole() {
            return self.missing("loopback", 4);
        }
        self.at += 4;
        if is_ip { self.inner_ip() } else { self.other(Other::Family(family)) }
    }

    /// Linux cooked capture, version 1.
    pub(super) fn cooked(&mut self) {
        let header: Header<16> = self.header();
        let (kind, kind_of_interface, protocol) = (header.u16(0), header.u16(2), header.u16(14));
        let address = header.bytes[6..14].first_chunk().copied().unwrap_or_default();
        let address_len = header.u16(4);
        if let Some(names) = self.naming.names() {
            names.layer("Linux cooked v1", Group::Link);
            names.field(16, &terms::COOKED_KIND, packet_type(kind));
            names.field(16, &terms::COOKED_HARDWARE, interface_kind(kind_of_interface));
            names.field(16, &terms::COOKED_ADDRESS_LENGTH, bytes(address_len.into()));
            name_address(names, address_len, address);
            names.field(16, &terms::COOKED_PROTOCOL, cooked_protocol(protocol));
            if header.is_whole() {
                names.text(cooked_text(kind, None, protocol));
            }
        }
        if !header.is_whole() {
            return self.missing("Linux cooked", 16);
        }
        self.found.carrier.direction = Some(kind);
        self.at += 16;
        self.cooked_type(protocol)
    }

    /// Linux cooked capture, version 2.
    pub(super) fn cooked2(&mut self) {
        let header: Header<20> = self.header();
        let (protocol, interface) = (header.u16(0), header.u32(4));
        let kind = header.bytes[10].into();
        let address = header.bytes[12..20].first_chunk().copied().unwrap_or_default();
        let address_len = header.bytes[11];
        if let Some(names) = self.naming.names() {
            names.layer("Linux cooked v2", Group::Link);
            names.field(16, &terms::COOKED_PROTOCOL, cooked_protocol(protocol));
            names.field(16, &terms::COOKED_RESERVED, header.u16(2).to_string());
            names.field(32, &terms::COOKED_INTERFACE, interface.to_string());
            names.field(16, &terms::COOKED_HARDWARE, interface_kind(header.u16(8)));
            names.field(8, &terms::COOKED_KIND, packet_type(kind));
            names.field(8, &terms::COOKED_ADDRESS_LENGTH, bytes(address_len.into()));
            name_address(names, address_len.into(), address);
            if header.is_whole() {
                names.text(cooked_text(kind, Some(interface), protocol));
            }
        }
        if !header.is_whole() {
            return self.missing("Linux cooked", 20);
        }
        self.found.carrier.direction = Some(kind);
        self.found.carrier.interface = Some(interface);
        self.at += 20;
        self.cooked_type(protocol)
    }

    /// What comes after a cooked header. Instead of a length it has a number of Linux's own.
    fn cooked_type(&mut self, number: u16) {
        match number {
            // 802.2 frames (ETH_P_802_2).
            0x0004 => self.llc(),
            0..FIRST_TYPE => self.other(Other::EtherType(number)),
            _ => self.inner_type(number),
        }
    }
}

fn cooked_protocol(number: u16) -> Cow<'static, str> {
    match number {
        0x0001 => "0x0001 (802.3 without LLC)".into(),
        0x0004 => "0x0004 (LLC)".into(),
        _ => type_in_words(number),
    }
}

/// A link-layer address that takes the first `len` of 8 bytes.
fn name_address(names: &mut Names, len: u16, address: [u8; 8]) {
    let len = usize::from(len.min(8));
    let (used, unused) = address.split_at(len);
    if len > 0 {
        names.bytes(len, &terms::COOKED_ADDRESS, address_in_words(used));
    }
    if len < 8 {
        names.bytes(8 - len, &terms::COOKED_UNUSED, hex(unused));
    }
}

fn packet_type(number: u16) -> String {
    let name = match number {
        0 => Some("came in, for this host"),
        1 => Some("came in, for everybody"),
        2 => Some("came in, for a group"),
        3 => Some("passed by, for another host"),
        4 => Some("went out"),
        _ => None,
    };
    named(number, name)
}

/// The kinds of interface that are met with (ARPHRD_ in Linux's if_arp.h).
fn interface_kind(number: u16) -> String {
    let name = match number {
        1 => Some("Ethernet"),
        512 => Some("PPP"),
        768 => Some("IPv4 tunnel"),
        769 => Some("IPv6 tunnel"),
        772 => Some("loopback"),
        776 => Some("IPv6 in IPv4"),
        778 => Some("GRE"),
        803 => Some("Wi-Fi with radio header"),
        823 => Some("GRE over IPv6"),
        824 => Some("netlink"),
        0xfffe => Some("no link-layer header"),
        _ => None,
    };
    named(number, name)
}

fn cooked_text(kind: u16, interface: Option<u32>, protocol: u16) -> String {
    let way = match kind {
        0..=2 => "in",
        4 => "out",
        _ => "passed by",
    };
    match interface {
        Some(interface) => format!("{way}, interface {interface}, {}", next_in_words(protocol)),
        None => format!("{way}, {}", next_in_words(protocol)),
    }
}
