//! What must hold for the headers of any packet at all.

use payloads::input::{
    Contents, Found, Headers, LinkType, Packet,
    headers::{self, Group, Named, TcpContext},
};

const LINKS: [LinkType; 5] = [
    LinkType::Ethernet,
    LinkType::Raw,
    LinkType::LinuxCooked2,
    LinkType::LinuxCooked,
    LinkType::Loopback,
];

/// `input` as packets: for each a byte that says how it was captured, and two with its length.
pub fn packets(mut input: &[u8]) {
    let mut fragments = Headers::default();
    let mut time = 0;
    while let [how, high, low, rest @ ..] = input {
        let len = usize::from(u16::from_be_bytes([*high, *low])).min(rest.len());
        let (data, after) = rest.split_at(len);
        input = after;
        time += i64::from(how >> 6) * 1_000_000_000;
        let cut = if how & 8 != 0 { 37 } else { 0 };
        packet(
            &mut fragments,
            &Packet {
                time,
                frame_len: u32::try_from(data.len()).unwrap() + cut,
                link: LINKS[usize::from(how & 7) % LINKS.len()],
                interface: None,
                data,
            },
        );
    }
}

/// One packet, after those that `fragments` has read.
pub fn packet(fragments: &mut Headers, packet: &Packet<'_>) {
    let known = TcpContext {
        sequence_base: Some(5),
        acknowledgment_base: Some(u32::MAX),
        window_shift: Some(7),
    };
    let found = headers::read(packet);
    for context in [TcpContext::default(), known] {
        let named = headers::name(packet, &context);
        tiles(packet, &named);
        agree(packet, &found.contents, &named);
    }
    let mut found = Found::new(packet);
    fragments.read(packet, &mut found);
    if let Contents::Tcp(segment) = found.contents {
        assert!(segment.payload.len() <= segment.payload_len as usize);
        assert!(segment.options.len() <= 40);
        let mut end = 0;
        for piece in found.pieces {
            assert!(piece.offset >= end && piece.captured <= piece.len, "{piece:?}");
            end = piece.offset + piece.captured;
        }
        assert!(found.packets as usize >= found.pieces.len());
        assert!(found.packets == 1 || end as usize == segment.payload.len());
    }
    // The limits that the documentation names, and a margin for what allocating rounds up.
    assert!(fragments.memory() < 3 * 1024 * 1024, "{}", fragments.memory());
}

/// The layers are made of whole fields, and both add up to the captured bits.
fn tiles(packet: &Packet<'_>, named: &Named) {
    let mut fields = named.fields.iter();
    for layer in &named.layers {
        assert!(layer.bits > 0, "{named:#?}");
        assert!(is_text(&layer.text) && !layer.text.is_empty(), "{layer:?}");
        let mut bits = 0;
        while bits < layer.bits {
            let field = fields.next().unwrap();
            assert!(field.bits > 0, "{named:#?}");
            assert!(is_text(&field.value) && !field.value.is_empty(), "{field:?}");
            bits += field.bits;
        }
        assert_eq!(bits, layer.bits, "{layer:?} is not made of whole fields: {named:#?}");
    }
    assert!(fields.next().is_none());
    let bits: usize = named.layers.iter().map(|layer| layer.bits).sum();
    assert_eq!(bits, packet.data.len() * 8, "{named:#?}");
    assert!(is_text(&named.what) && !named.what.is_empty(), "{named:#?}");
}

fn is_text(text: &str) -> bool {
    !text.contains(char::is_control)
}

/// What is found and what is named are the same packet.
fn agree(packet: &Packet<'_>, contents: &Contents<'_>, named: &Named) {
    let bits = |name: &str| {
        named
            .layers
            .iter()
            .filter(|layer| layer.name == name)
            .map(|layer| layer.bits)
            .sum::<usize>()
    };
    match contents {
        Contents::Tcp(segment) => {
            assert_eq!(bits("payload"), segment.payload.len() * 8, "{named:#?}");
            let captured = 20 + segment.options.len();
            assert!(bits("TCP") <= captured * 8 && bits("TCP") >= 14 * 8, "{named:#?}");
            assert_eq!(bits("not read") + bits("malformed"), 0, "{named:#?}");
            let found = headers::read(packet);
            if let Some(at) = found.carrier.payload_at {
                assert_eq!(&packet.data[at as usize..][..segment.payload.len()], segment.payload);
            }
        }
        Contents::Fragment(fragment) => {
            assert!(fragment.data.len() <= packet.data.len());
        }
        Contents::Other(_) => {
            assert_eq!(bits("payload"), 0, "{named:#?}");
            let is_tcp = |layer: &headers::Layer| layer.group == Group::Transport;
            assert!(!named.layers.iter().any(|layer| is_tcp(layer) && layer.name == "TCP"));
        }
        Contents::Unreadable { .. } => assert_eq!(bits("payload"), 0, "{named:#?}"),
    }
}
