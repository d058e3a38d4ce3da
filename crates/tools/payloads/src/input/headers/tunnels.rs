//! What carries packets within packets: GRE, Ethernet in IP, and UDP with VXLAN or Geneve.

use super::{
    checksum::Covered,
    ip::Ip,
    names::Naming,
    other::{self, Other},
    terms,
    types::Group,
    walk::{Header, Walk},
    words::{bytes, hex, named},
};

/// The ports of VXLAN: IANA's, and the one that Linux had before.
const VXLAN_PORT: u16 = 4789;
const VXLAN_OLD_PORT: u16 = 8472;

/// The port of Geneve.
const GENEVE_PORT: u16 = 6081;

/// The bit of VXLAN's first byte that says that there is a network identifier.
const VXLAN_VALID: u8 = 0x08;

const CHECKSUM: u16 = 0x8000;
const ROUTING: u16 = 0x4000;
const KEY: u16 = 0x2000;
const SEQUENCE: u16 = 0x1000;
const STRICT: u16 = 0x0800;
const ACKNOWLEDGMENT: u16 = 0x0080;

impl<'a, N: Naming> Walk<'a, '_, N> {
    /// Generic routing encapsulation, versions 0 (RFC 2784, RFC 2890) and 1 (of PPTP, RFC 2637).
    pub(super) fn gre(&mut self) {
        let header: Header<4> = self.header();
        let (flags, protocol) = (header.u16(0), header.u16(2));
        let has = |bit: u16| usize::from(flags & bit != 0);
        let version = flags & 7;
        let len = 4 + match version {
            0 => 4 * (has(CHECKSUM | ROUTING) + has(KEY) + has(SEQUENCE)),
            _ => 4 * (1 + has(SEQUENCE) + has(ACKNOWLEDGMENT)),
        };
        let all = self.bytes(len);
        let covered = Covered {
            field: all.get(4..6).map_or(0, |field| u16::from_be_bytes([field[0], field[1]])),
            at: 4,
            data: self.bytes(usize::MAX),
            len: self.left(),
            fragment: self.in_fragment,
            pseudo: None,
        };
        if let Some(names) = self.naming.names() {
            names.layer("GRE", Group::Network);
            names.flag(flags & CHECKSUM != 0, &terms::GRE_CHECKSUM_PRESENT);
            names.flag(flags & ROUTING != 0, &terms::GRE_ROUTING_PRESENT);
            names.flag(flags & KEY != 0, &terms::GRE_KEY_PRESENT);
            names.flag(flags & SEQUENCE != 0, &terms::GRE_SEQUENCE_PRESENT);
            names.flag(flags & STRICT != 0, &terms::GRE_STRICT);
            names.field(3, &terms::GRE_RECURSION, (flags >> 8 & 7).to_string());
            if version == 1 {
                names.flag(flags & ACKNOWLEDGMENT != 0, &terms::GRE_ACKNOWLEDGMENT_PRESENT);
                names.field(4, &terms::GRE_RESERVED, (flags >> 3 & 0x0f).to_string());
            } else {
                names.field(5, &terms::GRE_RESERVED, (flags >> 3 & 0x1f).to_string());
            }
            names.field(3, &terms::GRE_VERSION, version.to_string());
            let value = named(format_args!("0x{protocol:04x}"), other::ether_type(protocol));
            names.field(16, &terms::GRE_PROTOCOL, value);
            let mut rest = all.get(4..).unwrap_or_default().chunks(4);
            let mut next = || {
                let word = rest.next().and_then(|word| word.first_chunk::<4>().copied());
                u32::from_be_bytes(word.unwrap_or_default())
            };
            if version == 0 {
                if flags & (CHECKSUM | ROUTING) != 0 {
                    let word = next();
                    names.field(
                        16,
                        &terms::GRE_CHECKSUM,
                        match flags & CHECKSUM {
                            0 => "not used".to_owned(),
                            _ => covered.in_words(),
                        },
                    );
                    names.field(16, &terms::GRE_OFFSET, (word & 0xffff).to_string());
                }
                if flags & KEY != 0 {
                    let key = next();
                    names.field(32, &terms::GRE_KEY, format!("{key} (0x{key:08x})"));
                }
            } else if version == 1 {
                let word = next();
                names.field(16, &terms::GRE_LENGTH, bytes((word >> 16) as usize));
                names.field(16, &terms::GRE_CALL, (word & 0xffff).to_string());
            }
            if version < 2 && flags & SEQUENCE != 0 {
                names.field(32, &terms::GRE_SEQUENCE, next().to_string());
            }
            if version == 1 && flags & ACKNOWLEDGMENT != 0 {
                names.field(32, &terms::GRE_ACKNOWLEDGMENT, next().to_string());
            }
            if header.is_whole() {
                names.text(match other::ether_type(protocol) {
                    Some(name) => name.to_owned(),
                    None => format!("type 0x{protocol:04x}"),
                });
            }
        }
        if !header.is_whole() {
            return self.missing("GRE", 4);
        }
        if version > 1 {
            return self.broken("GRE", || format!("version {version} of GRE"));
        }
        if all.len() < len {
            return self.missing("GRE", len);
        }
        self.at += len;
        if version == 0 && flags & ROUTING != 0 {
            return self.other(Other::GreWithRoutes);
        }
        if version == 1 {
            let payload_len = u16::from_be_bytes([all[4], all[5]]);
            self.narrow(payload_len.into());
        }
        match protocol {
            // Without a sequence number it is type I, which has no header.
            0x88be if flags & SEQUENCE != 0 => self.erspan(),
            0x88be => self.inner_frame(),
            0 if self.left() == 0 => self.other(Other::GreKeepAlive),
            // An acknowledgment alone.
            0x880b if self.left() == 0 => self.other(Other::GreKeepAlive),
            0x0800 | 0x86dd | 0x6558 | 0x880b | 0x8847 | 0x8848 | 0x8100 | 0x88a8 => {
                self.inner_type(protocol)
            }
            _ => self.other(Other::Gre(protocol)),
        }
    }

    /// A switch's copy of a frame, type II.
    fn erspan(&mut self) {
        let header: Header<8> = self.header();
        let (first, second, index) = (header.u16(0), header.u16(2), header.u32(4));
        if let Some(names) = self.naming.names() {
            names.layer("ERSPAN", Group::Link);
            names.field(4, &terms::ERSPAN_VERSION, (first >> 12).to_string());
            names.field(12, &terms::ERSPAN_VLAN, (first & 0x0fff).to_string());
            names.field(3, &terms::ERSPAN_CLASS, (second >> 13).to_string());
            names.field(2, &terms::ERSPAN_TAGGED, (second >> 11 & 3).to_string());
            names.flag(second & 0x0400 != 0, &terms::ERSPAN_CUT);
            names.field(10, &terms::ERSPAN_SESSION, (second & 0x03ff).to_string());
            names.field(12, &terms::ERSPAN_RESERVED, (index >> 20).to_string());
            names.field(20, &terms::ERSPAN_INDEX, (index & 0x000f_ffff).to_string());
            if header.is_whole() {
                names.text(format!("session {}, VLAN {}", second & 0x03ff, first & 0x0fff));
            }
        }
        if !header.is_whole() {
            return self.missing("ERSPAN", 8);
        }
        if first >> 12 != 1 {
            return self.broken("ERSPAN", || "the version is not 1".to_owned());
        }
        self.at += 8;
        self.inner_frame()
    }

    /// Ethernet in IP (RFC 3378).
    pub(super) fn ether_ip(&mut self) {
        let header: Header<2> = self.header();
        let word = header.u16(0);
        if let Some(names) = self.naming.names() {
            names.layer("Ethernet in IP", Group::Network);
            names.field(4, &terms::ETHERIP_VERSION, (word >> 12).to_string());
            names.field(12, &terms::ETHERIP_RESERVED, (word & 0x0fff).to_string());
            names.text("Ethernet".to_owned());
        }
        if !header.is_whole() {
            return self.missing("Ethernet in IP", 2);
        }
        self.at += 2;
        self.inner_frame()
    }

    /// UDP, whose ports say whether it carries frames.
    pub(super) fn udp(&mut self, ip: Ip<'a>) {
        let header: Header<8> = self.header();
        let (source, destination) = (header.u16(0), header.u16(2));
        let left = self.left();
        let len = match usize::from(header.u16(4)) {
            // A jumbogram (RFC 2675), or one that the network card is to cut.
            0 => left,
            len => len,
        };
        let data = self.bytes(len);
        let in_fragment = self.in_fragment;
        if let Some(names) = self.naming.names() {
            names.layer("UDP", Group::Transport);
            let port = |number: u16| named(number, other::udp_port(number));
            names.field(16, &terms::UDP_SOURCE, port(source));
            names.field(16, &terms::UDP_DESTINATION, port(destination));
            let value = match len {
                _ if len > left && !in_fragment => {
                    format!("{}, of which {left} are in the packet", bytes(len))
                }
                _ => bytes(len),
            };
            names.field(16, &terms::UDP_LENGTH, value);
            let checksum = Covered {
                field: header.u16(6),
                at: 6,
                data,
                len,
                fragment: in_fragment,
                pseudo: names.pseudo_header(&ip, 17),
            };
            names.field(
                16,
                &terms::UDP_CHECKSUM,
                match header.u16(6) {
                    0 => "0x0000 (none)".to_owned(),
                    _ => checksum.in_words(),
                },
            );
            if header.is_whole() {
                let payload = bytes(len.saturating_sub(8));
                let text = format!("{source} → {destination}, {payload}");
                let use_of = other::udp_port(destination).or(other::udp_port(source));
                names.what(match use_of {
                    Some(name) => format!("UDP {text} ({name})"),
                    None => format!("UDP {text}"),
                });
                names.text(text);
            }
        }
        if !header.is_whole() {
            return self.missing("UDP", 8);
        }
        if len < 8 {
            return self.broken("UDP", || "the length is less than that of the header".to_owned());
        }
        self.at += 8;
        if len <= left {
            self.narrow(len - 8);
        }
        // A fragment's rest is not here: whoever puts it together reads on.
        match destination {
            VXLAN_PORT | VXLAN_OLD_PORT if self.bytes(1) == [VXLAN_VALID] => self.vxlan(),
            GENEVE_PORT if self.bytes(1).first().is_some_and(|first| first >> 6 == 0) => {
                self.geneve()
            }
            _ => self.other(Other::Protocol(17)),
        }
    }

    /// A virtual network of Ethernet frames over UDP (RFC 7348).
    fn vxlan(&mut self) {
        let header: Header<8> = self.header();
        let [flags, ..] = header.bytes;
        let network = header.u32(4) >> 8;
        if let Some(names) = self.naming.names() {
            names.layer("VXLAN", Group::Link);
            names.field(4, &terms::VXLAN_RESERVED, (flags >> 4).to_string());
            names.flag(flags & VXLAN_VALID != 0, &terms::VXLAN_VALID);
            names.field(3, &terms::VXLAN_RESERVED, (flags & 7).to_string());
            names.field(24, &terms::VXLAN_RESERVED, (header.u32(0) & 0x00ff_ffff).to_string());
            names.field(24, &terms::VXLAN_NETWORK, network.to_string());
            names.field(8, &terms::VXLAN_RESERVED, header.bytes[7].to_string());
            if header.is_whole() {
                names.text(format!("network {network}"));
            }
        }
        if !header.is_whole() {
            return self.missing("VXLAN", 8);
        }
        self.at += 8;
        self.inner_frame()
    }

    /// Its successor, with options (RFC 8926).
    fn geneve(&mut self) {
        let header: Header<8> = self.header();
        let [first, second, ..] = header.bytes;
        let (protocol, network) = (header.u16(2), header.u32(4) >> 8);
        let len = 8 + usize::from(first & 0x3f) * 4;
        let all = self.bytes(len);
        if let Some(names) = self.naming.names() {
            names.layer("Geneve", Group::Link);
            names.field(2, &terms::GENEVE_VERSION, (first >> 6).to_string());
            let units = first & 0x3f;
            let value = format!("{units} × 4 = {}", bytes(len - 8));
            names.field(6, &terms::GENEVE_OPTIONS_LENGTH, value);
            names.flag(second & 0x80 != 0, &terms::GENEVE_CONTROL);
            names.flag(second & 0x40 != 0, &terms::GENEVE_CRITICAL);
            names.field(6, &terms::GENEVE_RESERVED, (second & 0x3f).to_string());
            let value = named(format_args!("0x{protocol:04x}"), other::ether_type(protocol));
            names.field(16, &terms::GENEVE_PROTOCOL, value);
            names.field(24, &terms::GENEVE_NETWORK, network.to_string());
            names.field(8, &terms::GENEVE_RESERVED, header.bytes[7].to_string());
            if len > 8 {
                let options = hex(all.get(8..).unwrap_or_default());
                names.bytes(len - 8, &terms::GENEVE_OPTIONS, options);
            }
            if header.is_whole() {
                names.text(format!("network {network}"));
            }
        }
        if !header.is_whole() || all.len() < len {
            return self.missing("Geneve", len);
        }
        self.at += len;
        self.inner_type(protocol)
    }
}
