//! The headers of packets: what is found in them, and a name for each bit.

#[path = "../checks/mod.rs"]
#[allow(dead_code, reason = "each test file uses a part of it")]
mod checks;
mod samples;
#[path = "../writer/mod.rs"]
mod writer;

use std::{fs, path::Path};

use payloads::input::{
    Contents, Found, Headers, LinkType, Packet, Reader,
    headers::{self, Named, TERMS, TcpContext, TcpOption, TcpOptions},
};
use samples::{
    ACK, CLIENT, PSH_ACK, SERVER, SYN, checksum, ethernet, hello, hello6, ipv4, ipv4_with, ipv6,
    pseudo_header, samples, tcp, udp,
};
use writer::Random;

fn packet(link: u32, data: &[u8]) -> Packet<'_> {
    let frame_len = u32::try_from(data.len()).unwrap();
    Packet { time: 0, frame_len, link: LinkType::new(link).unwrap(), interface: None, data }
}

/// The names of the layers, with the separator that `like` has.
fn layers(named: &Named, like: &str) -> String {
    let names: Vec<_> = named.layers.iter().map(|layer| layer.name).collect();
    names.join(if like.contains('|') { "|" } else { " " })
}

/// Each layer and field, a line each.
fn lines(named: &Named) -> String {
    let mut text = String::new();
    let mut fields = named.fields.iter();
    for layer in &named.layers {
        text.push_str(&format!("{} ({}): {}\n", layer.name, layer.group.name(), layer.text));
        let mut bits = 0;
        while bits < layer.bits {
            let field = fields.next().unwrap();
            bits += field.bits;
            text.push_str(&format!("  {} {}: {}\n", field.bits, field.term.name, field.value));
        }
    }
    text
}

/// The values of the fields with this key.
fn values<'a>(named: &'a Named, key: &str) -> Vec<&'a str> {
    assert!(TERMS.iter().any(|term| term.key == key), "{key}");
    let fields = named.fields.iter().filter(|field| field.term.key == key);
    fields.map(|field| field.value.as_ref()).collect()
}

fn value<'a>(named: &'a Named, key: &str) -> &'a str {
    match values(named, key)[..] {
        [value] => value,
        ref other => panic!("{key} is there {} times: {}", other.len(), lines(named)),
    }
}

fn name(link: u32, data: &[u8]) -> Named {
    headers::name(&packet(link, data), &TcpContext::default())
}

fn name_tcp(segment: &[u8]) -> Named {
    name(1, &ethernet(0x0800, &ipv4(6, segment)))
}

#[test]
fn a_segment_whole() {
    let options = [1, 1, 8, 10, 0, 0, 0, 9, 0, 0, 0, 7];
    let frame = ethernet(0x0800, &ipv4(6, &tcp(PSH_ACK, &options, b"get-time")));
    let context = TcpContext {
        sequence_base: Some(999),
        acknowledgment_base: Some(2_000),
        window_shift: Some(7),
    };
    let named = headers::name(&packet(1, &frame), &context);
    assert_eq!(
        lines(&named),
        "\
Ethernet (link): 02:00:00:00:00:01 → 02:00:00:00:00:02, IPv4
  48 destination: 02:00:00:00:00:02 (assigned locally)
  48 source: 02:00:00:00:00:01 (assigned locally)
  16 type: 0x0800 (IPv4)
IPv4 (network): 192.0.2.1 → 192.0.2.2, TTL 64, 60 bytes
  4 version: 4
  4 header length: 5 × 4 = 20 bytes
  6 DSCP: 0 (default)
  2 ECN: 0 (not used)
  16 total length: 60 bytes
  16 identification: 0x1234
  1 reserved flag: not set
  1 don't fragment: set
  1 more fragments: not set
  13 fragment offset: 0
  8 time to live: 64
  8 protocol: 6 (TCP)
  16 header checksum: 0xa484 (right)
  32 source: 192.0.2.1
  32 destination: 192.0.2.2
TCP (transport): 50000 → 8000, bytes 1–8, acknowledges 1
  16 source port: 50000
  16 destination port: 8000
  32 sequence number: 1 (on the wire 1000)
  32 acknowledgment number: 1 (on the wire 2001)
  4 data offset: 8 × 4 = 32 bytes
  3 reserved: 0
  1 AE: not set
  1 CWR: not set
  1 ECE: not set
  1 URG: not set
  1 ACK: set
  1 PSH: set
  1 RST: not set
  1 SYN: not set
  1 FIN: not set
  16 window: 502 × 128 = 64256 bytes
  16 checksum: 0x44f8 (right)
  16 urgent pointer: 0 (does not count without URG)
  8 option kind: 1 (no operation)
  8 option kind: 1 (no operation)
  8 option kind: 8 (timestamps)
  8 option length: 10 bytes
  32 timestamp: 9
  32 timestamp echo: 7
payload (payload): 8 bytes
  64 payload: 8 bytes
"
    );
    assert_eq!(named.what, "PSH, ACK, 8 bytes");
}

#[test]
fn what_each_kind_of_packet_holds() {
    let samples = samples();
    assert!(samples.len() > 50);
    for sample in &samples {
        let packet = packet(sample.link, &sample.data);
        let named = headers::name(&packet, &TcpContext::default());
        assert_eq!(layers(&named, sample.layers), sample.layers, "{}", sample.name);
        match headers::read(&packet).contents {
            Contents::Tcp(segment) => {
                assert_eq!(sample.contents, "TCP", "{}", sample.name);
                let expected: &[u8] = if sample.name == "padding" { b"" } else { b"hello" };
                assert_eq!(segment.payload, expected, "{}", sample.name);
                assert_eq!(segment.payload_len as usize, expected.len(), "{}", sample.name);
                assert_eq!((segment.source.port, segment.destination.port), (50_000, 8_000));
                assert_eq!((segment.sequence, segment.acknowledgment), (1_000, 2_001));
                assert_eq!((segment.header_len, segment.window), (20, 502));
                // Every checksum that there is was made right.
                for field in &named.fields {
                    if field.term.key.ends_with(".checksum") {
                        assert!(field.value.ends_with("(right)"), "{}: {field:?}", sample.name);
                    }
                }
            }
            Contents::Other(other) => assert_eq!(other.to_string(), sample.contents),
            other => panic!("{}: {other:?}", sample.name),
        }
    }
}

/// What a file of this folder has, or after a change that is meant, what it is to have: where the
/// environment variable `WRITE_SAMPLES` is set, it is written anew.
fn file(name: &str, found: &[u8]) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name);
    if std::env::var_os("WRITE_SAMPLES").is_some() {
        fs::write(&path, found).unwrap();
    }
    fs::read(path).unwrap()
}

/// The names of all bits of each sample. What is said of Ethernet, IP and TCP in each packet is told
/// above; check-headers.py compares these values with tshark's.
#[test]
fn names_of_each_kind_of_packet() {
    let mut text = String::new();
    for sample in samples() {
        let named = name(sample.link, &sample.data);
        text.push_str(&format!("== {}: {}\n", sample.name, named.what));
        let mut is_shown = true;
        for line in lines(&named).lines() {
            if !line.starts_with(' ') {
                let layer = line.split(" (").next().unwrap();
                let is_rare = sample.name.contains("options") || sample.name.contains("extensions");
                is_shown = match layer {
                    "Ethernet" | "TCP" | "payload" => false,
                    "IPv4" | "IPv6" => is_rare,
                    _ => true,
                };
            }
            if is_shown || !line.starts_with(' ') {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    let expected = String::from_utf8(file("headers/names.txt", text.as_bytes())).unwrap();
    for (found, expected) in text.lines().zip(expected.lines()) {
        assert_eq!(found, expected);
    }
    assert_eq!(text.len(), expected.len());
}

/// They are what fuzzing begins with, and what check-headers.py takes them from.
#[test]
fn samples_are_inputs() {
    let mut inputs = [("links", Vec::new()), ("tunnels", Vec::new()), ("others", Vec::new())];
    for sample in samples() {
        let index = match sample.contents {
            "TCP" if sample.data.len() <= 100 => 0,
            "TCP" => 1,
            _ => 2,
        };
        // As checks::headers::packets has them.
        let how = match sample.link {
            1 => 0,
            101 => 1,
            276 => 2,
            113 => 3,
            _ => 4,
        };
        let (_, input) = &mut inputs[index];
        input.push(how);
        input.extend(u16::try_from(sample.data.len()).unwrap().to_be_bytes());
        input.extend(sample.data);
    }
    for (name, input) in inputs {
        assert!(input == file(&format!("inputs/headers/{name}"), &input), "{name} is another");
    }
}

#[test]
fn terms_have_each_a_key_of_their_own() {
    let mut keys: Vec<_> = TERMS.iter().map(|term| term.key).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), TERMS.len());
    for term in TERMS {
        assert!(!term.name.is_empty());
        assert!(
            term.key.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-'))
        );
        let is_about_no_standard = ["malformed", "not-read"].contains(&term.key);
        assert_eq!(term.source.is_empty(), is_about_no_standard || term.key == "trailer");
    }
}

#[test]
fn options_of_tcp() {
    let words = |options: &[u8]| {
        let named = name_tcp(&tcp(SYN, options, b""));
        let fields = named.fields.iter().filter(|field| field.term.key.starts_with("tcp.option"));
        fields.map(|field| format!("{} {}", field.bits, field.value)).collect::<Vec<_>>().join("; ")
    };
    for (options, expected) in [
        (&[2, 4, 5, 0xb4][..], "8 2 (maximum segment size); 8 4 bytes; 16 1460 bytes"),
        (&[3, 3, 7, 1], "8 3 (window scale); 8 3 bytes; 8 7: windows × 128; 8 1 (no operation)"),
        (
            &[3, 3, 200, 1],
            "8 3 (window scale); 8 3 bytes; 8 200, more than the 14 that there may be: \
             windows × 16384; 8 1 (no operation)",
        ),
        (&[4, 2, 1, 1], "8 4 (SACK permitted); 8 2 bytes; 8 1 (no operation); 8 1 (no operation)"),
        (
            &[1, 1, 5, 10, 0, 0, 0, 1, 0, 0, 0, 9],
            "8 1 (no operation); 8 1 (no operation); 8 5 (SACK); 8 10 bytes; 32 1; 32 9",
        ),
        (
            &[1, 1, 8, 10, 0, 0, 1, 0, 0, 0, 0, 9],
            "8 1 (no operation); 8 1 (no operation); 8 8 (timestamps); 8 10 bytes; 32 256; 32 9",
        ),
        (&[34, 2, 0, 0], "8 34 (fast open cookie); 8 2 bytes; 8 0 (end of options); 8 00"),
        (
            &[34, 6, 1, 2, 3, 4, 1, 1],
            "8 34 (fast open cookie); 8 6 bytes; 32 01 02 03 04; 8 1 (no operation); \
             8 1 (no operation)",
        ),
        (
            &[254, 8, 0xf9, 0x89, 1, 2, 3, 4],
            "8 254 (experiment); 8 8 bytes; 16 0xf989 (fast open); 32 01 02 03 04",
        ),
        (&[28, 4, 0x80, 5], "8 28 (user timeout); 8 4 bytes; 1 set; 15 5 minutes"),
        (&[200, 4, 1, 2], "8 200; 8 4 bytes; 16 01 02"),
        // A known kind of an unknown length.
        (&[2, 3, 9, 1], "8 2 (maximum segment size); 8 3 bytes; 8 09; 8 1 (no operation)"),
        (&[0, 7, 7, 7], "8 0 (end of options); 24 07 07 07"),
    ] {
        assert_eq!(words(options), expected);
    }
    // Lengths that are not possible: what follows has one name.
    for options in [&[2, 0, 1, 1][..], &[2, 1, 1, 1], &[1, 1, 2, 4], &[1, 1, 1, 8]] {
        let named = name_tcp(&tcp(SYN, options, b"hello"));
        let rest = options.iter().position(|kind| *kind != 1).unwrap() + 1;
        let field = named.fields.iter().find(|field| field.term.key == "malformed");
        assert_eq!(field.map_or(0, |field| field.bits), (options.len() - rest) * 8);
        assert_eq!(named.layers.last().unwrap().name, "payload");
    }
    assert_eq!(TcpOptions::new(&[1, 3, 3, 9]).window_shift(), Some(9));
    assert_eq!(TcpOptions::new(&[3, 3, 15, 0]).window_shift(), Some(14));
    assert_eq!(TcpOptions::new(&[1, 1, 4, 2]).window_shift(), None);
    assert_eq!(TcpOptions::new(&[0, 3, 3, 9]).window_shift(), None);
    let all: Vec<_> = TcpOptions::new(&[4, 2, 1, 9, 2, 2, 4]).collect();
    assert_eq!(
        all,
        [
            TcpOption::SackPermitted,
            TcpOption::NoOperation,
            TcpOption::Other(9, &[]),
            TcpOption::Malformed(&[2, 4]),
        ]
    );
}

#[test]
fn windows_and_numbers_by_what_is_known_of_the_connection() {
    let frame = |flags| ethernet(0x0800, &ipv4(6, &tcp(flags, &[], b"hello")));
    let named = |flags, context| headers::name(&packet(1, &frame(flags)), &context);
    let mut context = TcpContext::default();
    let unknown = named(ACK, context);
    assert!(value(&unknown, "tcp.window").starts_with("502, in units that the SYNs said"));
    assert_eq!(value(&unknown, "tcp.sequence"), "1000");
    assert_eq!(unknown.layers[2].text, "50000 → 8000, bytes 1000–1004, acknowledges 2001");
    context.window_shift = Some(0);
    assert_eq!(value(&named(ACK, context), "tcp.window"), "502 bytes");
    context.window_shift = Some(14);
    assert_eq!(value(&named(ACK, context), "tcp.window"), "502 × 16384 = 8224768 bytes");
    // RFC 7323 section 2.3: a larger shift counts as 14.
    context.window_shift = Some(200);
    assert_eq!(value(&named(ACK, context), "tcp.window"), "502 × 16384 = 8224768 bytes");
    // The window of a SYN is never scaled, and data with it comes after it.
    let syn = named(SYN, context);
    assert_eq!(value(&syn, "tcp.window"), "502 bytes");
    assert_eq!(value(&syn, "tcp.acknowledgment"), "0 (does not count without ACK)");
    assert_eq!(syn.layers[2].text, "50000 → 8000, SYN, bytes 1001–1005");
    // Numbers go round at 2^32, and may be before the first.
    context.sequence_base = Some(u32::MAX - 9);
    context.acknowledgment_base = Some(2_010);
    let named = named(ACK, context);
    assert_eq!(value(&named, "tcp.sequence"), "1010 (on the wire 1000)");
    assert_eq!(value(&named, "tcp.acknowledgment"), "-9 (on the wire 2001)");
}

#[test]
fn flags() {
    for (flags, key, what) in [
        (0x01, "tcp.fin", "FIN"),
        (0x02, "tcp.syn", "SYN"),
        (0x04, "tcp.rst", "RST"),
        (0x08, "tcp.psh", "PSH"),
        (0x10, "tcp.ack", "ACK"),
        (0x20, "tcp.urg", "URG"),
        (0x40, "tcp.ece", "ECE"),
        (0x80, "tcp.cwr", "CWR"),
    ] {
        let segment = tcp(flags, &[], b"");
        let named = name_tcp(&segment);
        let set: Vec<_> =
            named.fields.iter().filter(|field| field.bits == 1 && field.value == "set").collect();
        assert_eq!(set.len(), 2, "{}", lines(&named));
        assert_eq!((set[0].term.key, set[1].term.key), ("ipv4.dont-fragment", key));
        assert_eq!(named.what, what);
    }
    let mut segment = tcp(0, &[], b"");
    segment[12] |= 0x0f;
    let named = name_tcp(&segment);
    assert_eq!((value(&named, "tcp.reserved"), value(&named, "tcp.ae")), ("7", "set"));
    assert_eq!(named.what, "no flags");
}

#[test]
fn checksums() {
    let right = hello();
    let of = |segment: &[u8]| value(&name_tcp(segment), "tcp.checksum").to_owned();
    assert!(of(&right).ends_with(" (right)"), "{}", of(&right));
    let mut wrong = right.clone();
    wrong[20] ^= 1;
    assert_eq!(
        of(&wrong),
        format!(
            "0x{:02x}{:02x} (wrong: 0x{:04x} would be right)",
            right[16],
            right[17],
            u16::from_be_bytes([right[16], right[17]]) - 0x0100
        )
    );
    // The sum of the pseudo-header alone, with and without the length.
    let (client, server) = (CLIENT.into(), SERVER.into());
    for len in [right.len(), 0] {
        let mut left = right.clone();
        let sum = !checksum(&[&pseudo_header(client, server, 6, len)]);
        left[16..18].copy_from_slice(&sum.to_be_bytes());
        let words = "(left to the network card: the sum of the pseudo-header alone)";
        assert_eq!(of(&left), format!("0x{sum:04x} {words}"));
    }
    // Cut by the capture.
    let frame = ethernet(0x0800, &ipv4(6, &right));
    let mut cut = packet(1, &frame);
    cut.data = &frame[..frame.len() - 2];
    let named = headers::name(&cut, &TcpContext::default());
    assert!(value(&named, "tcp.checksum").ends_with("(cannot be checked: 2 bytes are missing)"));
    assert_eq!(value(&named, "payload"), "3 of 5 bytes captured");
    // IPv4's own.
    let mut ip = ipv4(6, &right);
    ip[10] ^= 0x10;
    let named = name(101, &ip);
    assert!(value(&named, "ipv4.checksum").contains(" (wrong: 0x"));
    ip[10..12].fill(0);
    assert_eq!(value(&name(101, &ip), "ipv4.checksum"), "0x0000 (left to the network card)");
    // UDP may do without.
    let mut datagram = udp(1, 2, b"odd");
    assert!(value(&name(101, &ipv4(17, &datagram)), "udp.checksum").ends_with("(right)"));
    datagram[6..8].fill(0);
    assert_eq!(value(&name(101, &ipv4(17, &datagram)), "udp.checksum"), "0x0000 (none)");
    // A sum of 0 is sent as 0xffff, because 0 says that there is none (RFC 768).
    let mut datagram = udp(1, 2, &[0, 0]);
    datagram.copy_within(6..8, 8);
    datagram[6..8].fill(0xff);
    assert_eq!(value(&name(101, &ipv4(17, &datagram)), "udp.checksum"), "0xffff (right)");
    datagram[6] = 0;
    let wrong = "0x00ff (wrong: 0x0000 would be right)";
    assert_eq!(value(&name(101, &ipv4(17, &datagram)), "udp.checksum"), wrong);
    // Over IPv6.
    let named = name(101, &ipv6(6, &hello6()));
    assert!(value(&named, "tcp.checksum").ends_with("(right)"));
}

#[test]
fn what_the_network_is_asked_for() {
    for (service, dscp, ecn) in [
        (0x00, "0 (default)", "0 (not used)"),
        (0x04, "1 (LE: less than best effort)", "0 (not used)"),
        (0xb9, "46 (EF: at once)", "1 (ECT(1): may be marked)"),
        (0x2a, "10 (AF11)", "2 (ECT(0): may be marked)"),
        (0x9b, "38 (AF43)", "3 (CE: marked, a router was nearly full)"),
        (0xc0, "48 (CS6)", "0 (not used)"),
        (0x0c, "3", "0 (not used)"),
    ] {
        let mut ip = ipv4(6, &hello());
        ip[1] = service;
        let named = name(101, &ip);
        assert_eq!((value(&named, "ipv4.dscp"), value(&named, "ipv4.ecn")), (dscp, ecn));
        let mut ip = ipv6(6, &hello6());
        ip[0] |= service >> 4;
        ip[1] |= service << 4;
        let named = name(101, &ip);
        assert_eq!((value(&named, "ipv6.dscp"), value(&named, "ipv6.ecn")), (dscp, ecn));
        assert_eq!(value(&named, "ipv6.flow-label"), "0x12345");
    }
}

#[test]
fn values_of_the_other_headers() {
    let samples = samples();
    let of = |sample: &str, key: &str| {
        let sample = samples.iter().find(|other| other.name == sample).unwrap();
        values(&name(sample.link, &sample.data), key).join("; ")
    };
    for (sample, key, expected) in [
        ("ethernet", "ethernet.destination", "02:00:00:00:00:02 (assigned locally)"),
        ("snap", "ethernet.length", "53 bytes"),
        ("vlan", "vlan.priority", "3"),
        ("vlan", "vlan.id", "5"),
        ("vlan", "vlan.drop-eligible", "not set"),
        ("double-vlan", "vlan.drop-eligible", "not set; set"),
        ("double-vlan", "vlan.type", "0x8100 (802.1Q tag); 0x86dd (IPv6)"),
        ("snap", "llc.destination", "0xaa (SNAP)"),
        ("snap", "llc.control", "0x03 (unnumbered information)"),
        ("llc-numbered", "llc.response", "set"),
        ("cdp", "snap.organization", "0x00000c"),
        ("pppoe", "pppoe.session", "0x0001"),
        ("pppoe-discovery", "pppoe.code", "0x09 (PADI: who offers access?)"),
        ("pppoe-ipv6-short", "ppp.protocol", "0x0057 (IPv6)"),
        ("pptp", "ppp.address", "0xff03 (everybody, unnumbered)"),
        ("mpls", "mpls.label", "100; 200"),
        ("mpls", "mpls.class", "5; 5"),
        ("mpls", "mpls.bottom", "not set; set"),
        ("mpls", "mpls.ttl", "63; 63"),
        ("mpls-frame", "pseudowire.sequence", "7"),
        ("null", "loopback.family", "2 (IPv4), little-endian"),
        ("loop", "loopback.family", "30 (IPv6), big-endian"),
        ("cooked", "cooked.packet-type", "4 (went out)"),
        ("cooked", "cooked.hardware", "772 (loopback)"),
        ("cooked2", "cooked.interface", "2"),
        ("cooked2", "cooked.address", "02:00:00:00:00:01 (assigned locally)"),
        ("cooked2", "cooked.unused", "00 00"),
        ("gre-with-all", "gre.key", "7 (0x00000007)"),
        ("gre-with-all", "gre.sequence", "9"),
        ("pptp", "gre.call", "7"),
        ("pptp", "gre.length", "49 bytes"),
        ("pptp", "gre.acknowledgment", "2"),
        ("erspan", "erspan.session", "3"),
        ("vxlan", "vxlan.network", "42"),
        ("geneve", "geneve.network", "42"),
        ("geneve", "geneve.options", "01 02 03 00"),
        ("ipv4-options", "ipv4.header-length", "9 × 4 = 36 bytes"),
        (
            "ipv4-options",
            "ipv4.option.number",
            "1 (no operation); 7 (record route); 20 (router alert); 8; 0 (end of options)",
        ),
        ("ipv4-options", "ipv4.option.address", "192.0.2.9"),
        ("ipv4-options", "ipv4.option.copied", "not set; not set; set; set; not set"),
        ("ipv6-extensions", "ipv6.option.type", "5 (router alert); 1 (PadN); 30; 1 (PadN)"),
        ("ipv6-extensions", "ipv6.routing.address", "2001:db8::2; 2001:db8::9"),
        ("ipv6-extensions", "ipv6.fragment.identification", "0x00000009"),
        ("ipv6-extensions", "authentication.spi", "0x00000007"),
        ("arp", "arp.operation", "1 (request)"),
        ("arp", "arp.target-protocol", "192.0.2.2"),
        ("icmp", "icmp.type", "8 (echo request (ping))"),
        ("udp", "udp.destination-port", "53 (DNS)"),
    ] {
        assert_eq!(of(sample, key), expected, "{sample} {key}");
    }
    let what = |sample: &str| {
        let sample = samples.iter().find(|other| other.name == sample).unwrap();
        name(sample.link, &sample.data).what
    };
    assert_eq!(what("arp"), "ARP: who has 192.0.2.2? asks 192.0.2.1");
    assert_eq!(what("icmp"), "ICMP: echo request (ping)");
    assert_eq!(what("udp"), "UDP 40000 → 53, 1 byte (DNS)");
    assert_eq!(what("vxlan"), "PSH, ACK, 5 bytes");
    assert_eq!(what("stp"), "spanning tree (STP)");
}

/// What the program prints of a capture, and what it warns of.
fn said(arguments: &[&str], capture: &[u8]) -> (String, String) {
    let output = writer::run(arguments, capture);
    assert!(output.status.success());
    let [out, err] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    (out, err)
}

#[test]
fn whatever_carries_tcp_is_read_through() {
    for sample in samples() {
        let frames = [(1_000_000, sample.data)];
        let capture = writer::pcap_of(&frames, sample.link, false, false, u32::MAX);
        let (shown, warned) = said(&["show", "-"], &capture);
        if sample.contents == "TCP" {
            assert_eq!(warned, "", "{}", sample.name);
            let has_data = sample.name != "padding";
            assert_eq!(shown.contains("│ hello"), has_data, "{}: {shown}", sample.name);
        } else {
            let name = sample.contents;
            let expected = format!("payloads: standard input: left out: 1 packet of {name}\n");
            assert_eq!(warned, expected, "{}", sample.name);
        }
    }
}

#[test]
fn what_is_left_out_is_counted_by_name() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/headers/captures");
    let capture = fs::read(folder.join("ping.pcap")).unwrap();
    let names = "left out: 3 packets of ICMP, 3 of ICMPv6, 2 of ARP, 2 of UDP";
    for command in ["stats", "show"] {
        let (_, warned) = said(&[command, "-"], &capture);
        assert_eq!(warned, format!("payloads: standard input: {names}\n"), "{command}");
    }
    let (json, _) = said(&["stats", "--json", "-"], &capture);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json[0]["left_out"]["by_name"]["ARP"], 2);
}

/// Segments in frames of a virtual network, which the network below cut into fragments.
#[test]
fn fragments_are_put_together() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/headers/captures");
    let capture = fs::read(folder.join("vxlan-fragments.pcap")).unwrap();
    let (shown, warned) = said(&["show", "-"], &capture);
    assert_eq!(warned, "");
    assert!(shown.contains("09:31:45"), "{shown}");
    let (json, _) = said(&["stats", "--json", "-"], &capture);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    // Both fragments of each segment count, and they carry data.
    let sizes: u64 = captured("tests/headers/captures")
        .iter()
        .filter(|(name, ..)| name.ends_with("vxlan-fragments.pcap"))
        .map(|(_, _, frame_len, _)| u64::from(*frame_len))
        .sum();
    let overall = &json[0]["overall"];
    assert_eq!(overall["total_packets"], 17);
    assert_eq!(overall["app_packets"], 2 * 3 + 1);
    assert_eq!(overall["frame_bytes"], sizes);
    assert_eq!(overall["app_bytes"], 4_005 + 9);
    assert_eq!(json[0]["left_out"]["fragments"], 0);
    // Without the last one.
    let mut reader = Reader::new(capture.as_slice());
    let mut frames = Vec::new();
    while let Some(packet) = reader.next_packet().unwrap() {
        frames.push((u64::try_from(packet.time).unwrap() / 1_000, packet.data.to_vec()));
    }
    frames.remove(8);
    let capture = writer::pcap_of(&frames, 1, false, false, u32::MAX);
    let (_, warned) = said(&["stats", "-"], &capture);
    let words = "1 packet left out: a fragment of an IP packet of which others are missing";
    assert!(warned.contains(words), "{warned}");
}

/// All packets of the captures in a folder, with their link types.
fn captured(folder: &str) -> Vec<(String, LinkType, u32, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut packets = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let extension = path.extension().unwrap_or_default();
        if extension != "pcap" && extension != "pcapng" {
            continue;
        }
        let mut reader = Reader::new(fs::File::open(&path).unwrap());
        while let Some(packet) = reader.next_packet().unwrap() {
            let name = path.display().to_string();
            packets.push((name, packet.link, packet.frame_len, packet.data.to_vec()));
        }
    }
    packets
}

/// One packet of each kind: those of [`samples`], and the first ones of each capture of real
/// programs.
fn all_kinds() -> Vec<(LinkType, Vec<u8>)> {
    let mut kinds: Vec<_> = samples()
        .into_iter()
        .map(|sample| (LinkType::new(sample.link).unwrap(), sample.data))
        .collect();
    let options = [2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 9, 0, 0, 0, 7, 1, 3, 3, 7];
    kinds.push((LinkType::Raw, ipv4(6, &tcp(SYN, &options, b""))));
    let sack = [1, 1, 5, 18, 0, 0, 0, 9, 0, 0, 0, 17, 0, 0, 0, 27, 0, 0, 0, 37];
    kinds.push((LinkType::Raw, ipv4(6, &tcp(ACK, &sack, b"data"))));
    kinds.push((LinkType::Raw, ipv4_with(6, &[], 0x2000, &hello())));
    kinds.push((LinkType::Raw, ipv4_with(6, &[], 0x2003, &hello())));
    kinds.push((LinkType::Raw, ipv6(44, &[&[6, 0, 0, 1, 0, 0, 0, 9][..], &hello6()].concat())));
    for folder in ["tests/captures", "tests/headers/captures"] {
        let mut last = String::new();
        for (name, link, _, data) in captured(folder) {
            if name != last {
                kinds.push((link, data));
                last = name;
            }
        }
    }
    kinds
}

#[test]
fn every_bit_of_every_capture_has_one_name() {
    let mut count = 0;
    for folder in ["tests/captures", "tests/headers/captures", "../../../pcap"] {
        let mut fragments = Headers::default();
        let packets = captured(folder);
        assert!(packets.len() > 100, "{folder}");
        for (_, link, frame_len, data) in &packets {
            let packet =
                Packet { time: 0, frame_len: *frame_len, link: *link, interface: None, data };
            checks::headers::packet(&mut fragments, &packet);
            count += 1;
        }
    }
    assert!(count > 600, "{count}");
}

#[test]
fn packets_cut_anywhere() {
    for (link, data) in all_kinds() {
        let frame_len = u32::try_from(data.len()).unwrap();
        let whole = Packet { time: 0, frame_len, link, interface: None, data: &data };
        let names = headers::name(&whole, &TcpContext::default());
        let segment = headers::read(&whole).contents;
        // Payloads are as long as they like, and each length of one is as the next.
        for len in (0..data.len()).filter(|len| *len < 200 || len % 101 == 0) {
            // Cut by the capture: what is there is named as in the whole packet, but for the last
            // layer.
            let cut = Packet { data: &data[..len], ..whole };
            checks::headers::packet(&mut Headers::default(), &cut);
            let found = headers::read(&cut).contents;
            if let (Contents::Tcp(cut), Contents::Tcp(whole)) = (found, segment) {
                assert_eq!(
                    (cut.source, cut.destination, cut.sequence, cut.payload_len, cut.header_len),
                    (
                        whole.source,
                        whole.destination,
                        whole.sequence,
                        whole.payload_len,
                        whole.header_len
                    )
                );
                assert!(whole.payload.starts_with(cut.payload));
            }
            assert!(!matches!(found, Contents::Unreadable { cut: false, .. }), "{cut:?}");
            let named = headers::name(&cut, &TcpContext::default());
            let mut bits = 0;
            for (field, same) in named.fields.iter().zip(&names.fields) {
                bits += same.bits;
                // What MPLS labels carry is known by what comes later.
                if field.term.key == "not-read" {
                    break;
                }
                if bits <= len * 8 {
                    assert_eq!((field.bits, field.term), (same.bits, same.term));
                }
            }
            // Cut on the wire: there is less than the headers say.
            let short = Packet { frame_len: u32::try_from(len).unwrap(), ..cut };
            checks::headers::packet(&mut Headers::default(), &short);
        }
    }
}

#[test]
fn packets_with_bytes_changed() {
    let kinds = all_kinds();
    let rounds = std::env::var("HOSTILE_ROUNDS").map_or(400, |value| value.parse().unwrap());
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut fragments = Headers::default();
    let mut found = [0; 4];
    for _ in 0..rounds * 20 {
        let (link, data) = &kinds[random.below(kinds.len())];
        let mut data = data.clone();
        for _ in 0..1 + random.below(8) {
            let at = random.below(data.len());
            match random.below(5) {
                0 => data[at] ^= 1 << random.below(8),
                1 => data[at] = random.next().to_le_bytes()[0],
                2 => data.truncate(at + 1),
                3 => drop(data.splice(at..at, [0, 0xff, 1, 2][random.below(4)..].iter().copied())),
                // Something else within it.
                _ => {
                    let (_, other) = &kinds[random.below(kinds.len())];
                    data.truncate(at);
                    data.extend(&other[random.below(other.len())..]);
                    data.push(0);
                }
            }
        }
        let frame_len = u32::try_from(data.len() + random.below(2) * random.below(60)).unwrap();
        let time = i64::from(frame_len) * 1_000_000;
        let packet = Packet { time, frame_len, link: *link, interface: None, data: &data };
        checks::headers::packet(&mut fragments, &packet);
        found[match headers::read(&packet).contents {
            Contents::Tcp(_) => 0,
            Contents::Fragment(_) => 1,
            Contents::Other(_) => 2,
            Contents::Unreadable { .. } => 3,
        }] += 1;
    }
    // All kinds came up.
    assert!(found.iter().all(|count| *count > rounds / 20), "{found:?}");
}

#[test]
fn packets_that_no_standard_allows() {
    let mut short_header = ipv4(6, &hello());
    short_header[0] = 0x44;
    let mut long_header = ipv4(6, &hello());
    long_header[0] = 0x4f;
    let mut short_total = ipv4(6, &hello());
    short_total[3] = 19;
    let mut other_version = ipv4(6, &hello());
    other_version[0] = 0x55;
    let mut short_offset = hello();
    short_offset[12] = 0x40;
    let mut long_offset = hello();
    long_offset[12] = 0xf0;
    let mut short_udp = udp(1, 2, b"x");
    short_udp[5] = 7;
    for (data, header, why) in [
        (short_header, "IPv4", "the header length is less than 20 bytes"),
        (long_header, "IPv4", "the total length is less than the header length"),
        (short_total, "IPv4", "the total length is less than the header length"),
        (other_version, "IP", "IP version 5, which is neither 4 nor 6"),
        (ipv4(6, &short_offset), "TCP", "the data offset is less than 20 bytes"),
        (ipv4(6, &long_offset), "TCP", "the TCP header does not fit into what is around it"),
        (ipv4(6, &hello()[..12]), "TCP", "the TCP header does not fit into what is around it"),
        (ipv4(17, &short_udp), "UDP", "the length is less than that of the header"),
        (ipv4(47, &[0, 7, 8, 0, 1, 1]), "GRE", "version 7 of GRE"),
        (
            ipv4(51, &[6, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1]),
            "authentication",
            "its length is less than that of its fixed part",
        ),
        (
            ipv6(0, &[6, 9, 1, 4, 0, 0, 0, 0]),
            "IPv6 hop-by-hop options",
            "the IPv6 hop-by-hop options header does not fit into what is around it",
        ),
    ] {
        let named = name(101, &data);
        assert_eq!(named.what, why, "{}", lines(&named));
        match headers::read(&packet(101, &data)).contents {
            Contents::Unreadable { header: found, cut: false } => assert_eq!(found, header),
            other => panic!("{other:?}"),
        }
        checks::headers::packet(&mut Headers::default(), &packet(101, &data));
    }
    // As many tags as fit are not read without end.
    let tags = ethernet(0x8100, &[0, 5, 0x81, 0].repeat(60_000));
    let named = name(1, &tags);
    assert_eq!(named.what, "more headers than are read");
    assert!(named.layers.len() < 40);
    let tunnels = (0..60).fold(ipv4(6, &hello()), |inner, _| ipv4(4, &inner));
    assert_eq!(name(101, &tunnels).what, "more headers than are read");
    let labels = ethernet(0x8847, &[0, 0, 0, 1].repeat(60_000));
    assert_eq!(name(1, &labels).what, "more headers than are read");
}

#[test]
fn lengths_that_say_less_or_more_than_there_is() {
    // Where the network card is to cut the data, the IP length says 0 (and in IPv6 too).
    let mut ip = ipv4(6, &tcp(ACK, &[], &[b'x'; 3_000]));
    ip[2..4].fill(0);
    let named = name(101, &ip);
    let words = "0, left to the network card, which cuts the 3040 bytes here";
    assert_eq!(value(&named, "ipv4.total-length"), words);
    assert_eq!(value(&named, "payload"), "3000 bytes");
    let mut ip = ipv6(6, &hello6());
    ip[4..6].fill(0);
    assert_eq!(value(&name(101, &ip), "payload"), "5 bytes");
    // A length that says more than the frame has: the length counts, as where the capture cut it.
    let mut ip = ipv4(6, &hello());
    ip[3] += 10;
    let named = name(101, &ip);
    assert_eq!(value(&named, "ipv4.total-length"), "55 bytes, of which 45 are in the frame");
    assert_eq!(value(&named, "payload"), "5 of 15 bytes captured");
    let Contents::Tcp(segment) = headers::read(&packet(101, &ip)).contents else { panic!() };
    assert_eq!((segment.payload, segment.payload_len), (&b"hello"[..], 15));
}

/// The shortest frame has 60 bytes, or 64 with its checksum, which some cards hand on.
#[test]
fn padding_is_told_from_what_others_add() {
    for (len, expected) in [(60, "padding"), (64, "padding"), (65, "trailer")] {
        let mut frame = ethernet(0x0800, &ipv4(6, &tcp(ACK, &[], b"")));
        frame.resize(len, 0);
        assert_eq!(name(1, &frame).layers.last().unwrap().name, expected, "{len}");
    }
}

#[test]
fn what_tells_a_packet_that_was_recorded_twice() {
    let samples = samples();
    let carrier = |name: &str| {
        let sample = samples.iter().find(|other| other.name == name).unwrap();
        headers::read(&packet(sample.link, &sample.data)).carrier
    };
    let cooked = carrier("cooked2");
    assert_eq!((cooked.interface, cooked.direction), (Some(2), Some(4)));
    assert_eq!((cooked.ip_at, cooked.identification), (Some(20), None));
    assert_eq!((carrier("cooked").interface, carrier("cooked").direction), (None, Some(4)));
    let plain = carrier("ethernet");
    assert_eq!((plain.ip_at, plain.identification), (Some(14), Some(0x1234)));
    assert_eq!((plain.interface, plain.direction), (None, None));
    // The innermost packet is what is seen on both ends of a tunnel.
    assert_eq!(carrier("vxlan").ip_at, Some(14 + 20 + 8 + 8 + 14));
}

mod fragments {
    use super::*;

    /// A packet with a segment of `len` bytes in fragments of up to 800, and the payload.
    fn cut(len: usize) -> (Vec<Vec<u8>>, Vec<u8>) {
        let payload: Vec<u8> = (0..len).map(|at| b'a' + u8::try_from(at % 26).unwrap()).collect();
        let segment = tcp(ACK, &[], &payload);
        let mut packets = Vec::new();
        for (index, piece) in segment.chunks(800).enumerate() {
            let more = if (index + 1) * 800 < segment.len() { 0x2000 } else { 0 };
            let offset = u16::try_from(index * 100).unwrap();
            packets.push(ethernet(0x0800, &ipv4_with(6, &[], more | offset, piece)));
        }
        (packets, payload)
    }

    fn at(time: i64, data: &[u8]) -> Packet<'_> {
        Packet { time: time * 1_000_000_000, ..packet(1, data) }
    }

    fn look<'a>(fragments: &'a mut Headers, packet: &Packet<'a>) -> Found<'a> {
        let mut found = Found::new(packet);
        fragments.read(packet, &mut found);
        found
    }

    /// Reads the packets, and returns what each held.
    fn read(packets: &[Vec<u8>]) -> Vec<Option<Vec<u8>>> {
        let mut fragments = Headers::default();
        packets
            .iter()
            .map(|data| match look(&mut fragments, &at(0, data)).contents {
                Contents::Tcp(segment) => Some(segment.payload.to_vec()),
                Contents::Fragment(_) => None,
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn in_any_order_and_twice() {
        let (packets, payload) = cut(2_000);
        assert_eq!(packets.len(), 3);
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [2, 0, 1]] {
            let ordered: Vec<_> = order.iter().map(|index| packets[*index].clone()).collect();
            assert_eq!(read(&ordered), [None, None, Some(payload.clone())], "{order:?}");
            let twice: Vec<_> =
                ordered.iter().flat_map(|data| [data.clone(), data.clone()]).collect();
            let found = read(&twice);
            assert_eq!(found.iter().flatten().collect::<Vec<_>>(), [&payload], "{order:?}");
        }
    }

    #[test]
    fn with_their_places_and_sizes() {
        let (packets, payload) = cut(2_000);
        let mut fragments = Headers::default();
        look(&mut fragments, &at(0, &ethernet(0x0806, &[0; 28])));
        for data in [&packets[2], &packets[0]] {
            assert!(matches!(look(&mut fragments, &at(0, data)).contents, Contents::Fragment(_)));
        }
        assert_eq!(fragments.waiting(), 2);
        let found = look(&mut fragments, &at(1, &packets[1]));
        assert_eq!((found.packets, found.frame_bytes), (3, 2_020 + 3 * 34));
        assert_eq!(found.carrier.payload_at, None);
        assert_eq!(found.carrier.identification, Some(0x1234));
        let Contents::Tcp(segment) = found.contents else { panic!() };
        assert_eq!((segment.payload, segment.payload_len), (&payload[..], 2_000));
        // Those of the payload, which the TCP header comes before.
        let pieces: Vec<_> = found
            .pieces
            .iter()
            .map(|piece| (piece.packet, piece.at, piece.offset, piece.len, piece.captured))
            .collect();
        assert_eq!(pieces, [(3, 54, 0, 780, 780), (4, 34, 780, 800, 800), (2, 34, 1580, 420, 420)]);
        assert_eq!(fragments.waiting(), 0);
    }

    #[test]
    fn of_two_packets_at_once() {
        let (first, payload) = cut(1_500);
        let (mut second, _) = cut(1_500);
        for data in &mut second {
            data[14 + 5] = 0x99;
        }
        let all = [&first[0], &second[1], &second[0], &first[1]].map(Clone::clone);
        let found = read(&all);
        assert_eq!(found, [None, None, Some(payload.clone()), Some(payload)]);
    }

    #[test]
    fn over_ipv6_and_of_udp() {
        let whole = hello6();
        let fragment = |offset: u8, more: bool, piece: &[u8]| {
            let header = [6, 0, 0, offset | u8::from(more), 0, 0, 0, 9];
            ethernet(0x86dd, &ipv6(44, &[&header[..], piece].concat()))
        };
        let (a, b) = (fragment(0, true, &whole[..16]), fragment(16, false, &whole[16..]));
        assert_eq!(read(&[a, b]), [None, Some(b"hello".to_vec())]);
        // What is in it is read as in any packet: here VXLAN in UDP.
        let frame = ethernet(0x0800, &ipv4(6, &hello()));
        let datagram = udp(40_000, 4789, &[&[8, 0, 0, 0, 0, 0, 42, 0][..], &frame].concat());
        let pieces = [
            ethernet(0x0800, &ipv4_with(17, &[], 0x2000, &datagram[..32])),
            ethernet(0x0800, &ipv4_with(17, &[], 4, &datagram[32..])),
        ];
        assert_eq!(read(&pieces), [None, Some(b"hello".to_vec())]);
        // And what is no TCP is known by its name.
        let mut fragments = Headers::default();
        let datagram = udp(1, 2, b"0123456789");
        for (index, fragment) in [0x2000, 1].iter().zip(datagram.chunks(8)).enumerate() {
            let data = ethernet(0x0800, &ipv4_with(17, &[], *fragment.0, fragment.1));
            match (index, look(&mut fragments, &at(0, &data)).contents) {
                (0, Contents::Fragment(fragment)) => assert_eq!(fragment.protocol, 17),
                (1, Contents::Other(other)) => assert_eq!(other.to_string(), "UDP"),
                other => panic!("{other:?}"),
            }
        }
    }

    /// Hosts drop such packets (RFC 5722 section 4), and so none is made of them.
    #[test]
    fn that_overlap() {
        let (packets, _) = cut(1_500);
        let overlapping =
            |offset: u16| ethernet(0x0800, &ipv4_with(6, &[], 0x2000 | offset, &[b'!'; 800]));
        for offset in [99, 1, 101] {
            let all = [packets[0].clone(), overlapping(offset), packets[1].clone()];
            assert_eq!(read(&all), [None, None, None], "{offset}");
        }
        // Two ends.
        let end = ethernet(0x0800, &ipv4_with(6, &[], 50, b"end"));
        let mut fragments = Headers::default();
        for (data, waiting) in [(&packets[1], 1), (&end, 0)] {
            look(&mut fragments, &at(0, data));
            assert_eq!(fragments.waiting(), waiting);
        }
        for more in [0, 0x2000] {
            let end = ethernet(0x0800, &ipv4_with(6, &[], more | 300, b"end"));
            let all = [packets[1].clone(), end, packets[0].clone()];
            assert_eq!(read(&all), [None, None, None], "{more}");
        }
    }

    #[test]
    fn cut_by_the_capture() {
        let (packets, payload) = cut(2_000);
        let mut fragments = Headers::default();
        for (index, data) in packets.iter().enumerate() {
            let mut packet = at(0, data);
            if index == 1 {
                packet.data = &data[..134];
            }
            let found = look(&mut fragments, &packet);
            if index == 2 {
                let Contents::Tcp(segment) = found.contents else { panic!() };
                // 780 bytes of the first, 100 of the second, and then some are missing.
                assert_eq!((segment.payload, segment.payload_len), (&payload[..880], 2_000));
            }
        }
    }

    #[test]
    fn that_come_too_late_or_are_too_many() {
        let (packets, payload) = cut(1_500);
        for (seconds, whole) in [(30, true), (31, false)] {
            let mut fragments = Headers::default();
            look(&mut fragments, &at(0, &packets[0]));
            let found = look(&mut fragments, &at(seconds, &packets[1])).contents;
            assert_eq!(matches!(found, Contents::Tcp(_)), whole, "{seconds}");
        }
        // Of 65 packets that wait, the oldest is forgotten.
        let mut fragments = Headers::default();
        for number in 0..65 {
            let mut data = packets[0].clone();
            data[14 + 5] = number;
            look(&mut fragments, &at(0, &data));
        }
        assert_eq!(fragments.waiting(), 64);
        for (number, whole) in [(0, false), (64, true), (1, false), (2, true)] {
            let mut data = packets[1].clone();
            data[14 + 5] = number;
            match look(&mut fragments, &at(0, &data)).contents {
                Contents::Tcp(segment) if whole => assert_eq!(segment.payload, payload),
                Contents::Fragment(_) if !whole => {}
                other => panic!("{number} {other:?}"),
            }
        }
        // However long they are.
        let mut fragments = Headers::default();
        for number in 0..200 {
            let piece = [b'x'; 60_000];
            let mut data = ethernet(0x0800, &ipv4_with(6, &[], 0x2000, &piece));
            data[14 + 5] = number;
            look(&mut fragments, &at(0, &data));
            assert!(fragments.memory() <= 1024 * 1024 + 128 * 1024, "{}", fragments.memory());
        }
        // And longer than any packet: the last byte that there may be is the 65,535th.
        for (len, waiting) in [(7, 1), (8, 0)] {
            let mut fragments = Headers::default();
            let data = ethernet(0x0800, &ipv4_with(6, &[], 0x1fff, &vec![b'x'; len]));
            assert!(matches!(look(&mut fragments, &at(0, &data)).contents, Contents::Fragment(_)));
            assert_eq!(fragments.waiting(), waiting, "{len}");
        }
    }

    #[test]
    fn and_their_names() {
        let (packets, _) = cut(1_500);
        let first = name(1, &packets[0]);
        assert_eq!(layers(&first, " "), "Ethernet IPv4 TCP fragment");
        assert_eq!(first.what, "fragment of an IP packet: bytes 0–799 of packet 0x1234, TCP");
        assert_eq!(first.layers[3].text, "bytes 0–799 of packet 0x1234, TCP");
        assert!(value(&first, "tcp.checksum").contains("not checked: the other fragments"));
        let last = name(1, &packets[1]);
        assert_eq!(layers(&last, " "), "Ethernet IPv4 fragment");
        assert_eq!(last.layers[2].text, "bytes 800–1519 of packet 0x1234, the last ones, TCP");
        assert_eq!(value(&last, "ipv4.fragment-offset"), "100 × 8 = byte 800");
        assert!(last.layers[1].text.ends_with(", a fragment"));
        // One that is too short for the header.
        let short = name(101, &ipv4_with(6, &[], 0x2000, &hello()[..8]));
        assert_eq!(layers(&short, " "), "IPv4 TCP");
        assert!(short.layers[1].text.ends_with("the rest is in another fragment"));
    }
}
