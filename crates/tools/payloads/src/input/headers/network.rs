//! What takes a packet from host to host: IPv4 and IPv6, and what helps them.

use std::{
    borrow::Cow,
    net::{Ipv4Addr, Ipv6Addr},
};

use super::{
    checksum::{Covered, Sum},
    ip::{Addresses, Ip},
    names::{Names, Naming},
    other::{self, Other},
    terms,
    types::{Contents, Fragment, Group},
    walk::{Header, Walk},
    words::{bytes, digits, hardware, hex, named},
};

/// The IP protocol of TCP.
const TCP: u8 = 6;

/// What routers are asked for ([IANA's list](https://www.iana.org/assignments/dscp-registry)).
fn dscp_in_words(number: u8) -> Cow<'static, str> {
    let name = match number {
        0 => return "0 (default)".into(),
        1 => "LE: less than best effort".to_owned(),
        44 => "VA: voice".to_owned(),
        46 => "EF: at once".to_owned(),
        _ if number & 7 == 0 => format!("CS{}", number >> 3),
        10..=38 if number & 1 == 0 => format!("AF{}{}", number >> 3, number >> 1 & 3),
        _ => return number.to_string().into(),
    };
    named(number, Some(&name)).into()
}

fn ecn_in_words(number: u8) -> &'static str {
    match number & 3 {
        0 => "0 (not used)",
        1 => "1 (ECT(1): may be marked)",
        2 => "2 (ECT(0): may be marked)",
        _ => "3 (CE: marked, a router was nearly full)",
    }
}

fn protocol_in_words(number: u8) -> Cow<'static, str> {
    match number {
        TCP => "6 (TCP)".into(),
        _ => named(number, other::protocol(number)).into(),
    }
}

fn next_in_words(number: u8) -> String {
    Other::Protocol(number).to_string()
}

/// 16 bytes as an address.
fn v6(bytes: &[u8]) -> Ipv6Addr {
    bytes.first_chunk::<16>().map_or(Ipv6Addr::UNSPECIFIED, |bytes| Ipv6Addr::from(*bytes))
}

/// 4 bytes as an address.
fn v4(bytes: &[u8]) -> Ipv4Addr {
    bytes.first_chunk::<4>().map_or(Ipv4Addr::UNSPECIFIED, |bytes| Ipv4Addr::from(*bytes))
}

impl<'a, N: Naming> Walk<'a, '_, N> {
    /// An IP packet, of the version that its first bits say.
    #[inline(always)]
    pub(super) fn ip(&mut self) {
        match self.data.get(self.at).map(|first| first >> 4) {
            Some(4) => self.ipv4(),
            Some(6) => self.ipv6(),
            Some(version) => {
                if let Some(names) = self.naming.names() {
                    names.layer("IP", Group::Network);
                    names.field(4, &terms::IPV4_VERSION, version.to_string());
                }
                self.broken("IP", || format!("IP version {version}, which is neither 4 nor 6"))
            }
            None => self.missing("IP", 1),
        }
    }

    /// The same for what is rare, which keeps the common way short.
    #[inline(never)]
    pub(super) fn inner_ip(&mut self) {
        self.ip()
    }

    #[inline(always)]
    fn ipv4(&mut self) {
        let header: Header<20> = self.header();
        let header_len = usize::from(header.bytes[0] & 0x0f) * 4;
        let total_len = match usize::from(header.u16(2)) {
            // Where the network card cuts the data into packets (TCP segmentation offload), the
            // capture may hold one before that, larger than the field can say.
            0 => self.left(),
            len => len,
        };
        let fragment = header.u16(6);
        let protocol = header.bytes[9];
        let (at, identification) = (self.at, header.u16(4));
        let (offset, more) = (u32::from(fragment & 0x1fff) * 8, fragment & 0x2000 != 0);
        if self.naming.names().is_some() {
            self.name_ipv4(&header, header_len, total_len);
        }
        if !header.is_whole() {
            return self.missing("IPv4", 20);
        }
        if header.bytes[0] >> 4 != 4 {
            return self.broken("IPv4", || "the version is not 4".to_owned());
        }
        if header_len < 20 {
            return self.broken("IPv4", || "the header length is less than 20 bytes".to_owned());
        }
        if total_len < header_len {
            return self
                .broken("IPv4", || "the total length is less than the header length".to_owned());
        }
        if self.data.len() - at < header_len {
            return self.missing("IPv4", header_len);
        }
        // A packet has no 4 GiB.
        self.found.carrier.ip_at = Some(at as u32);
        self.found.carrier.identification = Some(identification.into());
        let addresses = match self.data[at + 12..].first_chunk() {
            Some(addresses) => Addresses::V4(addresses),
            // The header is whole.
            None => return self.missing("IPv4", 20),
        };
        let ip = Ip { addresses };
        self.at += header_len;
        self.narrow(total_len - header_len);
        if more || offset > 0 {
            let identification = identification.into();
            return self.fragment(ip, protocol, identification, offset, more);
        }
        if protocol == TCP { self.tcp(ip) } else { self.protocol(ip, protocol) }
    }

    fn name_ipv4(&mut self, header: &Header<20>, header_len: usize, total_len: usize) {
        let all = self.bytes(header_len);
        let left = self.left();
        let Some(names) = self.naming.names() else {
            return;
        };
        let [version, service, ..] = header.bytes;
        let (source, destination) = (v4(&header.bytes[12..]), v4(&header.bytes[16..]));
        (names.source, names.destination) = (None, None);
        names.layer("IPv4", Group::Network);
        names.field(4, &terms::IPV4_VERSION, digits((version >> 4).into()));
        let units = version & 0x0f;
        let value: Cow<'_, _> = match units {
            5 => "5 × 4 = 20 bytes".into(),
            _ => format!("{units} × 4 = {header_len} bytes").into(),
        };
        names.field(4, &terms::IPV4_HEADER_LENGTH, value);
        names.field(6, &terms::IPV4_DSCP, dscp_in_words(service >> 2));
        names.field(2, &terms::IPV4_ECN, ecn_in_words(service));
        let total = match header.u16(2) {
            0 => format!("0, left to the network card, which cuts the {} here", bytes(left)),
            _ if total_len > left => {
                format!("{}, of which {left} are in the frame", bytes(total_len))
            }
            _ => bytes(total_len),
        };
        names.field(16, &terms::IPV4_TOTAL_LENGTH, total);
        names.field(16, &terms::IPV4_IDENTIFICATION, format!("0x{:04x}", header.u16(4)));
        let fragment = header.u16(6);
        names.flag(fragment & 0x8000 != 0, &terms::IPV4_RESERVED);
        names.flag(fragment & 0x4000 != 0, &terms::IPV4_DONT_FRAGMENT);
        names.flag(fragment & 0x2000 != 0, &terms::IPV4_MORE_FRAGMENTS);
        let units = u32::from(fragment & 0x1fff);
        names.field(
            13,
            &terms::IPV4_FRAGMENT_OFFSET,
            match units {
                0 => digits(0),
                _ => format!("{units} × 8 = byte {}", units * 8).into(),
            },
        );
        names.field(8, &terms::IPV4_TTL, header.bytes[8].to_string());
        names.field(8, &terms::IPV4_PROTOCOL, protocol_in_words(header.bytes[9]));
        let checksum = Covered {
            field: header.u16(10),
            at: 10,
            data: all,
            len: header_len,
            fragment: false,
            pseudo: None,
        };
        names.field(
            16,
            &terms::IPV4_CHECKSUM,
            match header.u16(10) {
                0 if Sum::default().bytes(all).folded() != 0xffff => {
                    "0x0000 (left to the network card)".to_owned()
                }
                _ => checksum.in_words(),
            },
        );
        names.field(32, &terms::IPV4_SOURCE, source.to_string());
        names.field(32, &terms::IPV4_DESTINATION, destination.to_string());
        if header.is_whole() {
            let mut text = format!("{source} → {destination}, TTL {}", header.bytes[8]);
            text.push_str(&format!(", {}", bytes(total_len)));
            names.text(text);
            name_ipv4_options(names, all.get(20..).unwrap_or_default(), header_len);
        }
    }

    /// What an IP packet carries.
    #[inline(never)]
    pub(super) fn protocol(&mut self, ip: Ip<'a>, mut number: u8) {
        loop {
            if !self.descend() {
                return self.other(Other::TooManyHeaders);
            }
            let is_v6 = ip.is_v6();
            let next = match number {
                TCP => return self.tcp(ip),
                1 => return self.icmp(),
                4 | 41 => return self.inner_ip(),
                17 => return self.udp(ip),
                47 => return self.gre(),
                58 => return self.icmpv6(&ip),
                97 => return self.ether_ip(),
                137 => return self.mpls(),
                143 => return self.inner_frame(),
                51 => self.authentication(),
                0 | 43 | 60 | 135 | 139 | 140 if is_v6 => self.extension(number),
                44 if is_v6 => self.fragment_header(&ip),
                _ => return self.other(Other::Protocol(number)),
            };
            number = match next {
                Some(next) => next,
                None => return,
            };
        }
    }

    /// A fragment is named as far as it can be read alone.
    fn fragment(&mut self, ip: Ip<'a>, protocol: u8, identification: u32, offset: u32, more: bool) {
        let (source, destination) = ip.ends();
        let fragment = Fragment {
            source,
            destination,
            identification,
            protocol,
            offset,
            more,
            len: u32::try_from(self.left()).unwrap_or(u32::MAX),
            at: u32::try_from(self.at).unwrap_or(u32::MAX),
            data: self.data.get(self.at..).unwrap_or_default(),
        };
        let payload_at = self.found.carrier.payload_at;
        if self.naming.names().is_some() {
            let next = next_in_words(protocol);
            let last = u64::from(offset) + u64::from(fragment.len).saturating_sub(1);
            let text = format!(
                "bytes {offset}–{last} of packet 0x{identification:04x}{}, {next}",
                if more { "" } else { ", the last ones" },
            );
            if let Some(names) = self.naming.names() {
                names.add_text("a fragment");
            }
            if offset == 0 {
                self.in_fragment = true;
                self.protocol(ip, protocol);
            }
            if let Some(names) = self.naming.names() {
                names.what(format!("fragment of an IP packet: {text}"));
                names.rest("fragment", Group::Payload, &terms::FRAGMENT, text);
            }
        }
        self.found.carrier.payload_at = payload_at;
        self.found.contents = Contents::Fragment(fragment);
    }

    #[inline(never)]
    fn ipv6(&mut self) {
        let header: Header<40> = self.header();
        let (source, destination) = (v6(&header.bytes[8..24]), v6(&header.bytes[24..]));
        let next = header.bytes[6];
        let len = match usize::from(header.u16(4)) {
            // As in IPv4, and for jumbograms (RFC 2675).
            0 => self.left().saturating_sub(40),
            len => len,
        };
        let left = self.left();
        if let Some(names) = self.naming.names() {
            let first = header.u32(0);
            let limit = header.bytes[7];
            (names.source, names.destination) = (None, None);
            names.layer("IPv6", Group::Network);
            names.field(4, &terms::IPV6_VERSION, digits(first >> 28));
            let service = header.u16(0) >> 4;
            names.field(6, &terms::IPV6_DSCP, dscp_in_words((service as u8) >> 2));
            names.field(2, &terms::IPV6_ECN, ecn_in_words(service as u8));
            names.field(20, &terms::IPV6_FLOW_LABEL, format!("0x{:05x}", first & 0x000f_ffff));
            names.field(
                16,
                &terms::IPV6_PAYLOAD_LENGTH,
                match header.u16(4) {
                    0 if len > 0 => format!("0: longer than it can say, {} here", bytes(len)),
                    _ if len + 40 > left => {
                        let there = left.saturating_sub(40);
                        format!("{}, of which {there} are in the frame", bytes(len))
                    }
                    _ => bytes(len),
                },
            );
            names.field(8, &terms::IPV6_NEXT_HEADER, protocol_in_words(next));
            names.field(8, &terms::IPV6_HOP_LIMIT, limit.to_string());
            names.field(128, &terms::IPV6_SOURCE, source.to_string());
            names.field(128, &terms::IPV6_DESTINATION, destination.to_string());
            if header.is_whole() {
                names.text(format!(
                    "{source} → {destination}, hop limit {limit}, {}",
                    bytes(40 + len)
                ));
            }
        }
        if !header.is_whole() {
            return self.missing("IPv6", 40);
        }
        if header.bytes[0] >> 4 != 6 {
            return self.broken("IPv6", || "the version is not 6".to_owned());
        }
        let addresses = match self.data[self.at + 8..].first_chunk() {
            Some(addresses) => Addresses::V6(addresses),
            // The header is whole.
            None => return self.missing("IPv6", 40),
        };
        let ip = Ip { addresses };
        self.found.carrier.ip_at = Some(self.at as u32);
        self.found.carrier.identification = None;
        self.at += 40;
        self.narrow(len);
        self.protocol(ip, next)
    }

    /// An IPv6 extension header that says how long it is, and what comes next.
    fn extension(&mut self, number: u8) -> Option<u8> {
        let layer = match number {
            0 => "IPv6 hop-by-hop options",
            43 => "IPv6 routing header",
            60 => "IPv6 destination options",
            135 => "IPv6 mobility header",
            139 => "host identity header",
            _ => "shim6 header",
        };
        let header: Header<2> = self.header();
        let [next, units] = header.bytes;
        let len = 8 + usize::from(units) * 8;
        let all = self.bytes(len);
        if let Some(names) = self.naming.names() {
            names.layer(layer, Group::Network);
            names.field(8, &terms::EXTENSION_NEXT, protocol_in_words(next));
            names.field(8, &terms::EXTENSION_LENGTH, format!("{units} × 8 + 8 = {}", bytes(len)));
            names.text(bytes(len));
            let rest = all.get(2..).unwrap_or_default();
            match number {
                0 | 60 => name_ipv6_options(names, rest, len - 2),
                43 => name_routing(names, rest, len - 2),
                _ => names.bytes(len - 2, &terms::EXTENSION_DATA, hex(rest)),
            }
        }
        if all.len() < len.max(2) {
            self.missing(layer, len);
            return None;
        }
        self.at += len;
        Some(next)
    }

    /// The authentication header (RFC 4302), which leaves readable what it protects.
    fn authentication(&mut self) -> Option<u8> {
        let header: Header<12> = self.header();
        let [next, units, ..] = header.bytes;
        let len = 8 + usize::from(units) * 4;
        let all = self.bytes(len);
        if let Some(names) = self.naming.names() {
            names.layer("authentication header", Group::Network);
            names.field(8, &terms::AUTHENTICATION_NEXT, protocol_in_words(next));
            let value = format!("{units} × 4 + 8 = {len} bytes");
            names.field(8, &terms::AUTHENTICATION_LENGTH, value);
            names.field(16, &terms::AUTHENTICATION_RESERVED, header.u16(2).to_string());
            names.field(32, &terms::AUTHENTICATION_SPI, format!("0x{:08x}", header.u32(4)));
            names.field(32, &terms::AUTHENTICATION_SEQUENCE, header.u32(8).to_string());
            let value = hex(all.get(12..).unwrap_or_default());
            names.bytes(len.saturating_sub(12), &terms::AUTHENTICATION_VALUE, value);
            names.text(next_in_words(next));
        }
        if header.is_whole() && len < 12 {
            let why = || "its length is less than that of its fixed part".to_owned();
            self.broken("authentication", why);
            return None;
        }
        if all.len() < len || !header.is_whole() {
            self.missing("authentication", len.max(12));
            return None;
        }
        self.at += len;
        Some(next)
    }

    /// The fragment header of IPv6, which a whole packet may have too (RFC 6946).
    fn fragment_header(&mut self, ip: &Ip<'a>) -> Option<u8> {
        let header: Header<8> = self.header();
        let next = header.bytes[0];
        let field = header.u16(2);
        let (units, more, identification) = (field >> 3, field & 1 != 0, header.u32(4));
        let offset = u32::from(units) * 8;
        if let Some(names) = self.naming.names() {
            names.layer("IPv6 fragment header", Group::Network);
            names.field(8, &terms::EXTENSION_NEXT, protocol_in_words(next));
            names.field(8, &terms::FRAGMENT_RESERVED, header.bytes[1].to_string());
            names.field(
                13,
                &terms::FRAGMENT_OFFSET,
                match units {
                    0 => "0".to_owned(),
                    _ => format!("{units} × 8 = byte {offset}"),
                },
            );
            names.field(2, &terms::FRAGMENT_RESERVED, (field >> 1 & 3).to_string());
            names.flag(more, &terms::FRAGMENT_MORE);
            names.field(32, &terms::FRAGMENT_IDENTIFICATION, format!("0x{identification:08x}"));
            names.text(next_in_words(next));
        }
        if !header.is_whole() {
            self.missing("IPv6 fragment header", 8);
            return None;
        }
        self.at += 8;
        if !more && offset == 0 {
            return Some(next);
        }
        self.found.carrier.identification = Some(identification);
        self.fragment(*ip, next, identification, offset, more);
        None
    }

    /// ARP, which asks who has an address.
    pub(super) fn arp(&mut self) {
        let header: Header<8> = self.header();
        let (hardware_len, protocol_len) =
            (usize::from(header.bytes[4]), usize::from(header.bytes[5]));
        let operation = header.u16(6);
        let all = self.bytes(8 + 2 * (hardware_len + protocol_len));
        if let Some(names) = self.naming.names() {
            names.layer("ARP", Group::Network);
            let kind = match header.u16(0) {
                1 => Some("Ethernet"),
                6 => Some("IEEE 802"),
                _ => None,
            };
            names.field(16, &terms::ARP_HARDWARE, named(header.u16(0), kind));
            let protocol = header.u16(2);
            let value = named(format_args!("0x{protocol:04x}"), other::ether_type(protocol));
            names.field(16, &terms::ARP_PROTOCOL, value);
            names.field(8, &terms::ARP_HARDWARE_LENGTH, bytes(hardware_len));
            names.field(8, &terms::ARP_PROTOCOL_LENGTH, bytes(protocol_len));
            let kind = match operation {
                1 => Some("request"),
                2 => Some("reply"),
                _ => None,
            };
            names.field(16, &terms::ARP_OPERATION, named(operation, kind));
            let mut rest = all.get(8..).unwrap_or_default();
            let mut addresses = Vec::new();
            for (len, is_hardware, term) in [
                (hardware_len, true, &terms::ARP_SENDER_HARDWARE),
                (protocol_len, false, &terms::ARP_SENDER_PROTOCOL),
                (hardware_len, true, &terms::ARP_TARGET_HARDWARE),
                (protocol_len, false, &terms::ARP_TARGET_PROTOCOL),
            ] {
                let (address, after) = rest.split_at(len.min(rest.len()));
                rest = after;
                let value = match address {
                    _ if is_hardware => hardware(address),
                    [_, _, _, _] if protocol == 0x0800 => v4(address).to_string(),
                    _ => hex(address),
                };
                names.bytes(len, term, value.clone());
                addresses.push(value);
            }
            if let [sender, from, _, to] = &addresses[..]
                && header.is_whole()
            {
                let what = match operation {
                    1 if from == to => format!("ARP: {from} is at {sender} (to everybody)"),
                    1 => format!("ARP: who has {to}? asks {from}"),
                    2 => format!("ARP: {from} is at {sender}"),
                    _ => format!("ARP operation {operation}"),
                };
                names.text(what.strip_prefix("ARP: ").unwrap_or(&what).to_owned());
                names.what(what);
            }
        }
        if !header.is_whole() || all.len() < 8 + 2 * (hardware_len + protocol_len) {
            return self.missing("ARP", 8 + 2 * (hardware_len + protocol_len));
        }
        self.at += all.len();
        self.narrow(0);
        self.found.contents = Contents::Other(Other::EtherType(0x0806));
    }

    /// ICMP: what hosts and routers tell each other about packets.
    fn icmp(&mut self) {
        let header: Header<4> = self.header();
        let [kind, code, ..] = header.bytes;
        let (data, len) = (self.bytes(usize::MAX), self.left());
        let in_fragment = self.in_fragment;
        if let Some(names) = self.naming.names() {
            let meaning = icmp_in_words(kind, code);
            names.layer("ICMP", Group::Network);
            names.field(8, &terms::ICMP_TYPE, named(kind, meaning));
            names.field(8, &terms::ICMP_CODE, code.to_string());
            let checksum = Covered {
                field: header.u16(2),
                at: 2,
                data,
                len,
                fragment: in_fragment,
                pseudo: None,
            };
            names.field(16, &terms::ICMP_CHECKSUM, checksum.in_words());
            if header.is_whole() {
                let text = meaning.map_or_else(|| format!("type {kind}"), str::to_owned);
                names.what(format!("ICMP: {text}"));
                names.text(text);
            }
        }
        if !header.is_whole() {
            return self.missing("ICMP", 4);
        }
        self.at += 4;
        self.other(Other::Protocol(1))
    }

    /// ICMPv6, which finds neighbours too.
    fn icmpv6(&mut self, ip: &Ip<'a>) {
        let header: Header<4> = self.header();
        let [kind, code, ..] = header.bytes;
        let (data, len) = (self.bytes(usize::MAX), self.left());
        let in_fragment = self.in_fragment;
        if let Some(names) = self.naming.names() {
            let meaning = icmpv6_in_words(kind);
            names.layer("ICMPv6", Group::Network);
            names.field(8, &terms::ICMPV6_TYPE, named(kind, meaning));
            names.field(8, &terms::ICMPV6_CODE, code.to_string());
            let checksum = Covered {
                field: header.u16(2),
                at: 2,
                data,
                len,
                fragment: in_fragment,
                pseudo: names.pseudo_header(ip, 58),
            };
            names.field(16, &terms::ICMPV6_CHECKSUM, checksum.in_words());
            if header.is_whole() {
                let text = meaning.map_or_else(|| format!("type {kind}"), str::to_owned);
                names.what(format!("ICMPv6: {text}"));
                names.text(text);
            }
        }
        if !header.is_whole() {
            return self.missing("ICMPv6", 4);
        }
        self.at += 4;
        self.other(match kind {
            133..=137 => Other::NeighbourDiscovery,
            130..=132 | 143 => Other::ListenerDiscovery,
            _ => Other::Protocol(58),
        })
    }
}

/// The options of an IPv4 header (RFC 791 section 3.1), of which `rest` holds what was captured, up
/// to `header_len`.
fn name_ipv4_options(names: &mut Names, mut rest: &[u8], header_len: usize) {
    let mut left = header_len.saturating_sub(20);
    while left > 0 {
        let Some((&kind, after)) = rest.split_first() else {
            names.bytes(left, &terms::IPV4_OPTION_DATA, "");
            return;
        };
        let name = match kind {
            0 => Some("end of options"),
            1 => Some("no operation"),
            7 => Some("record route"),
            68 => Some("timestamps"),
            82 => Some("traceroute"),
            130 => Some("security"),
            131 => Some("loose source route"),
            134 => Some("commercial security"),
            136 => Some("stream identifier"),
            137 => Some("strict source route"),
            148 => Some("router alert"),
            _ => None,
        };
        names.flag(kind & 0x80 != 0, &terms::IPV4_OPTION_COPIED);
        names.field(2, &terms::IPV4_OPTION_CLASS, (kind >> 5 & 3).to_string());
        names.field(5, &terms::IPV4_OPTION_NUMBER, named(kind & 0x1f, name));
        if kind == 0 {
            names.bytes(left - 1, &terms::IPV4_OPTION_PADDING, hex(after));
            return;
        }
        if kind == 1 {
            (rest, left) = (after, left - 1);
            continue;
        }
        let len = after.first().map_or(0, |len| usize::from(*len));
        if len < 2 || len > left {
            let value = "the option's length is not possible here";
            names.bytes(left - 1, &terms::MALFORMED, value);
            return;
        }
        names.bytes(1, &terms::IPV4_OPTION_LENGTH, bytes(len));
        let data = &rest[2.min(rest.len())..len.min(rest.len())];
        match (kind, len - 2) {
            (7 | 131 | 137, data_len @ 1..) => {
                let pointer = data.first().copied().unwrap_or_default();
                names.bytes(1, &terms::IPV4_OPTION_POINTER, format!("byte {pointer}"));
                let mut addresses = data.get(1..).unwrap_or_default();
                for _ in 0..(data_len - 1) / 4 {
                    names.bytes(4, &terms::IPV4_OPTION_ADDRESS, v4(addresses).to_string());
                    addresses = addresses.get(4..).unwrap_or_default();
                }
                names.bytes((data_len - 1) % 4, &terms::IPV4_OPTION_DATA, hex(addresses));
            }
            (_, data_len) => names.bytes(data_len, &terms::IPV4_OPTION_DATA, hex(data)),
        }
        (rest, left) = (&rest[len.min(rest.len())..], left - len);
    }
}

/// The options of a hop-by-hop or destination options header (RFC 8200 section 4.2), `left` bytes
/// of which `rest` was captured.
fn name_ipv6_options(names: &mut Names, mut rest: &[u8], mut left: usize) {
    while left > 0 {
        let Some((&kind, after)) = rest.split_first() else {
            names.bytes(left, &terms::OPTION_DATA, "");
            return;
        };
        let name = match kind {
            0x00 => Some("Pad1"),
            0x01 => Some("PadN"),
            0x04 => Some("tunnel encapsulation limit"),
            0x05 => Some("router alert"),
            0x07 => Some("CALIPSO"),
            0x26 => Some("quick start"),
            0x63 => Some("RPL"),
            0x8a => Some("endpoint identification"),
            0xc2 => Some("jumbo payload"),
            0xc9 => Some("home address"),
            _ => None,
        };
        names.field(
            2,
            &terms::OPTION_ACTION,
            match kind >> 6 {
                0 => "0 (passes over it)",
                1 => "1 (drops the packet)",
                2 => "2 (drops the packet and says so)",
                _ => "3 (drops the packet and says so, unless it is for a group)",
            },
        );
        names.flag(kind & 0x20 != 0, &terms::OPTION_CHANGE);
        names.field(5, &terms::OPTION_TYPE, named(kind & 0x1f, name));
        if kind == 0 {
            (rest, left) = (after, left - 1);
            continue;
        }
        let Some(&len) = after.first() else {
            names.bytes(left - 1, &terms::OPTION_LENGTH, "");
            return;
        };
        let len = usize::from(len);
        if len + 2 > left {
            let value = "the option's length is not possible here";
            names.bytes(left - 1, &terms::MALFORMED, value);
            return;
        }
        names.bytes(1, &terms::OPTION_LENGTH, bytes(len));
        let data = &rest[2..(2 + len).min(rest.len())];
        let value = match (kind, data) {
            (0xc2, [a, b, c, d]) => bytes(u32::from_be_bytes([*a, *b, *c, *d]) as usize),
            (0xc9, data) if data.len() == 16 => {
                // Checksums are those of the home address (RFC 6275 section 11.3.1).
                names.source = Some(v6(data));
                v6(data).to_string()
            }
            _ => hex(data),
        };
        names.bytes(len, &terms::OPTION_DATA, value);
        (rest, left) = (&rest[(2 + len).min(rest.len())..], left - len - 2);
    }
}

/// A routing header from its type on, `len` bytes of which `rest` was captured. Where it leads to is
/// the address that checksums have (RFC 8200 section 8.1).
fn name_routing(names: &mut Names, rest: &[u8], len: usize) {
    let kind = rest.first().copied().unwrap_or_default();
    let segments_left = rest.get(1).copied().unwrap_or_default();
    let name = match kind {
        0 => Some("source route, no longer allowed by RFC 5095"),
        2 => Some("mobility"),
        3 => Some("RPL"),
        4 => Some("segment routing"),
        _ => None,
    };
    names.bytes(1, &terms::ROUTING_TYPE, named(kind, name));
    names.bytes(1, &terms::ROUTING_LEFT, segments_left.to_string());
    let data = rest.get(2..).unwrap_or_default();
    let left = len - 2;
    let list = match kind {
        0 | 2 => {
            names.bytes(4, &terms::ROUTING_RESERVED, hex(&data[..data.len().min(4)]));
            (left - 4) / 16
        }
        4 => {
            let number = |at: usize| data.get(at).copied().unwrap_or_default();
            names.bytes(1, &terms::ROUTING_LAST, number(0).to_string());
            names.bytes(1, &terms::ROUTING_FLAGS, format!("0x{:02x}", number(1)));
            let tag = u16::from_be_bytes([number(2), number(3)]);
            names.bytes(2, &terms::ROUTING_TAG, format!("0x{tag:04x}"));
            (usize::from(number(0)) + 1).min((left - 4) / 16)
        }
        _ => {
            names.bytes(left, &terms::EXTENSION_DATA, hex(data));
            return;
        }
    };
    let (addresses, _) = data.get(4..).unwrap_or_default().as_chunks::<16>();
    for index in 0..list {
        let value = addresses.get(index).map(|address| Ipv6Addr::from(*address).to_string());
        names.bytes(16, &terms::ROUTING_ADDRESS, value.unwrap_or_default());
    }
    let after = left - 4 - list * 16;
    names.bytes(after, &terms::EXTENSION_DATA, hex(data.get(4 + list * 16..).unwrap_or_default()));
    // Segment routing has the list from its end.
    let last = if kind == 4 { addresses.first() } else { addresses.get(list.wrapping_sub(1)) };
    if let (Some(last), 1..) = (last, segments_left) {
        names.destination = Some(Ipv6Addr::from(*last));
    }
}

fn icmp_in_words(kind: u8, code: u8) -> Option<&'static str> {
    Some(match (kind, code) {
        (0, _) => "echo reply (ping)",
        (3, 0) => "network unreachable",
        (3, 1) => "host unreachable",
        (3, 2) => "protocol unreachable",
        (3, 3) => "port unreachable",
        (3, 4) => "the packet is too long for the next network, and must not be cut",
        (3, 9 | 10 | 13) => "forbidden by a router or firewall",
        (3, _) => "destination unreachable",
        (4, _) => "source quench",
        (5, _) => "redirect: there is a shorter way",
        (8, _) => "echo request (ping)",
        (9, _) => "router advertisement",
        (10, _) => "router solicitation",
        (11, 0) => "the time to live was over on the way",
        (11, _) => "fragments were missing for too long",
        (12, _) => "a field of the header is wrong",
        (13, _) => "timestamp request",
        (14, _) => "timestamp reply",
        (17, _) => "address mask request",
        (18, _) => "address mask reply",
        _ => return None,
    })
}

fn icmpv6_in_words(kind: u8) -> Option<&'static str> {
    Some(match kind {
        1 => "destination unreachable",
        2 => "the packet is too long for the next network",
        3 => "the hop limit was reached on the way",
        4 => "a field of a header is wrong",
        128 => "echo request (ping)",
        129 => "echo reply (ping)",
        130 => "who listens to groups?",
        131 | 143 => "listens to groups",
        132 => "listens to a group no longer",
        133 => "which routers are there?",
        134 => "a router says that it is there",
        135 => "who has an address?",
        136 => "has an address",
        137 => "redirect: there is a shorter way",
        _ => return None,
    })
}
