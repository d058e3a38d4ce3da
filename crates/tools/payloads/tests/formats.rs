//! One conversation in all formats, and formats that are broken.

mod writer;

use std::{fs, path::Path};

use payloads::input::{Endpoint, ReadError, Reader};
use writer::{CLIENT, Connection, Link, SERVER, frames, messages, pcap_of, pcapng_of, run, shown};

/// A page, then a WebSocket with the frames of the original document.
fn conversation(client: Endpoint, server: Endpoint) -> Connection {
    let mut connection = Connection::new(client, server);
    connection.open();
    connection.data(CLIENT, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").ack(SERVER);
    connection.data(SERVER, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n09:43:28\n").ack(CLIENT);
    connection.data(
        CLIENT,
        b"GET /time HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n",
    );
    connection.data(SERVER, b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n");
    connection.data(CLIENT, b"\x81\x88\x36\x0d\x29\x16\x51\x68\x5d\x3b\x42\x64\x44\x73");
    connection.data(SERVER, b"\x81\x14{\"time\": \"09:43:38\"}").ack(CLIENT);
    connection.data(CLIENT, b"\x88\x82\x19\xdb\x13\x62\x1a\x32").data(SERVER, b"\x88\x00");
    connection.close(CLIENT);
    connection
}

fn v4() -> Connection {
    conversation(writer::v4(1, 50_000), writer::v4(2, 8000))
}

fn v6() -> Connection {
    let end = |last: u16, port| Endpoint {
        address: std::net::Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last).into(),
        port,
    };
    conversation(end(1, 50_000), end(2, 8000))
}

fn expected() -> String {
    messages(&shown(&v4().pcap()))
}

#[test]
fn the_conversation_itself_is_right() {
    let shown = expected();
    for line in [
        "    │ FIN, text, masked with 36 0d 29 16, 8 bytes: get-time",
        "    │ FIN, text, 20 bytes: {\"time\": \"09:43:38\"}",
        "    │ FIN, close, masked with 19 db 13 62, 2 bytes: 1001 (going away)",
        "    │ FIN, close, no payload",
    ] {
        assert!(shown.contains(line), "{line}\nis not in\n{shown}");
    }
}

#[test]
fn pcap_in_both_byte_orders_and_resolutions() {
    let frames = frames(&v4().packets, Link::Ethernet);
    for big_endian in [false, true] {
        for nanoseconds in [false, true] {
            let capture = pcap_of(&frames, 1, big_endian, nanoseconds, u32::MAX);
            // The times are the same too.
            assert_eq!(shown(&capture), shown(&v4().pcap()), "{big_endian} {nanoseconds}");
        }
    }
}

#[test]
fn pcapng_in_both_byte_orders_and_any_resolution() {
    let frames = frames(&v4().packets, Link::Ethernet);
    for big_endian in [false, true] {
        for resolution in [6, 7, 9, 0x80 | 20, 0x80 | 30] {
            let capture = pcapng_of(&frames, 1, big_endian, resolution);
            let found = shown(&capture);
            assert_eq!(messages(&found), expected(), "{big_endian} {resolution}");
            if resolution & 0x80 == 0 {
                assert_eq!(found, shown(&v4().pcap()), "{big_endian} {resolution}");
            }
        }
    }
}

#[test]
fn every_link_type_and_both_versions_of_ip() {
    for connection in [v4(), v6()] {
        for link in [
            Link::Ethernet,
            Link::Vlan,
            Link::DoubleVlan,
            Link::Null,
            Link::NullBigEndian,
            Link::Loop,
            Link::Raw(101),
            Link::Raw(12),
            Link::Raw(14),
            Link::Raw(228),
            Link::Raw(229),
            Link::Cooked,
            Link::Cooked2,
        ] {
            let frames = frames(&connection.packets, link);
            let capture = pcap_of(&frames, link.number(), false, false, u32::MAX);
            assert_eq!(messages(&shown(&capture)), expected(), "{link:?}");
            let capture = pcapng_of(&frames, link.number(), true, 9);
            assert_eq!(messages(&shown(&capture)), expected(), "{link:?}");
        }
    }
}

#[test]
fn ethernet_padding_is_no_data() {
    let mut frames = frames(&v4().packets, Link::Ethernet);
    for (_, frame) in &mut frames {
        frame.resize(frame.len().max(60) + 4, b'!');
    }
    let capture = pcap_of(&frames, 1, false, false, u32::MAX);
    assert_eq!(messages(&shown(&capture)), expected());
}

#[test]
fn segmentation_offload_leaves_the_ip_length_zero() {
    for (connection, at) in [(v4(), 14 + 2), (v6(), 14 + 4)] {
        let mut frames = frames(&connection.packets, Link::Ethernet);
        for (_, frame) in &mut frames {
            frame[at..at + 2].fill(0);
        }
        let capture = pcap_of(&frames, 1, false, false, u32::MAX);
        assert_eq!(messages(&shown(&capture)), expected());
    }
}

#[test]
fn ip_options_and_extension_headers_are_passed_over() {
    let mut frames4 = frames(&v4().packets, Link::Raw(101));
    for (_, packet) in &mut frames4 {
        packet[0] = 0x46;
        let len = u16::from_be_bytes([packet[2], packet[3]]) + 4;
        packet[2..4].copy_from_slice(&len.to_be_bytes());
        packet.splice(20..20, [1, 1, 1, 1]);
    }
    let capture = pcap_of(&frames4, 101, false, false, u32::MAX);
    assert_eq!(messages(&shown(&capture)), expected());

    let mut frames6 = frames(&v6().packets, Link::Raw(101));
    for (_, packet) in &mut frames6 {
        // Hop-by-hop options, destination options, and a fragment header of a whole packet.
        let headers = [
            &[60, 0, 1, 4, 0, 0, 0, 0][..],
            &[44, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            &[6, 0, 0, 0, 0, 0, 0, 9],
        ]
        .concat();
        let len =
            u16::from_be_bytes([packet[4], packet[5]]) + u16::try_from(headers.len()).unwrap();
        packet[4..6].copy_from_slice(&len.to_be_bytes());
        packet[6] = 0;
        packet.splice(40..40, headers);
    }
    let capture = pcap_of(&frames6, 101, false, false, u32::MAX);
    assert_eq!(messages(&shown(&capture)), expected());
}

/// A pcapng file with its Enhanced Packet Blocks as blocks of type `kind`, whose bodies `body` makes
/// of theirs.
fn with_packets_as(
    kind: u32,
    big_endian: bool,
    body: impl Fn(&[u8]) -> Vec<u8>,
) -> (Vec<writer::Frame>, Vec<u8>) {
    let frames = frames(&v4().packets, Link::Ethernet);
    let capture = pcapng_of(&frames, 1, big_endian, 6);
    let word = |bytes: &[u8]| {
        let bytes = bytes[..4].try_into().unwrap();
        if big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
    };
    let bytes = |word: u32| if big_endian { word.to_be_bytes() } else { word.to_le_bytes() };
    let mut changed = Vec::new();
    let mut rest = capture.as_slice();
    while !rest.is_empty() {
        let (block, after) = rest.split_at(word(&rest[4..]) as usize);
        rest = after;
        if word(block) == 6 {
            let body = body(&block[8..block.len() - 4]);
            let len = bytes(u32::try_from(body.len() + 12).unwrap());
            changed.extend([&bytes(kind)[..], &len, &body, &len].concat());
        } else {
            changed.extend(block);
        }
    }
    (frames, changed)
}

fn packets_in(capture: &[u8]) -> Vec<writer::Frame> {
    let mut reader = Reader::new(capture);
    let mut found = Vec::new();
    while let Some(packet) = reader.next_packet().unwrap() {
        found.push((packet.time as u64 / 1_000, packet.data.to_vec()));
    }
    found
}

/// The Packet Block is obsolete, but valid.
#[test]
fn old_packets_of_pcapng() {
    for big_endian in [false, true] {
        let (frames, capture) = with_packets_as(2, big_endian, |body| {
            // The interface's number is shorter, and beside it stands how many packets were lost.
            [&[0, 0, 0xff, 0xff], &body[4..]].concat()
        });
        assert_eq!(packets_in(&capture), frames);
        assert_eq!(messages(&shown(&capture)), expected());
        // Another interface, and a packet longer than its block.
        for (at, value) in [(1, 7), (13, 0x7f)] {
            let (_, capture) = with_packets_as(2, big_endian, |body| {
                let mut body = body.to_vec();
                body[at] = value;
                body
            });
            let mut reader = Reader::new(capture.as_slice());
            assert!(matches!(reader.next_packet(), Err(payloads::input::ReadError::Damaged(_))));
        }
    }
}

/// They have no time, and no length but the one on the wire.
#[test]
fn simple_packets_of_pcapng() {
    for big_endian in [false, true] {
        let (frames, capture) =
            with_packets_as(3, big_endian, |body| [&body[16..20], &body[20..]].concat());
        let expected: Vec<_> = frames.into_iter().map(|(_, frame)| (0, frame)).collect();
        assert_eq!(packets_in(&capture), expected);
    }
}

#[test]
fn several_interfaces_of_different_link_types_in_one_pcapng() {
    let packets = v4().packets;
    let ethernet = pcapng_of(&frames(&packets[..7], Link::Ethernet), 1, false, 6);
    let cooked = pcapng_of(&frames(&packets[7..], Link::Cooked2), 276, true, 9);
    // A second section has its own byte order and interfaces.
    assert_eq!(messages(&shown(&[ethernet, cooked].concat())), expected());
}

#[test]
fn real_captures_in_other_formats_say_the_same() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures");
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    let expected = messages(&shown(&read("wsapp.pcap")));
    assert!(expected.contains("get-time"));
    for name in [
        "wsapp.pcapng",
        "wsapp-nanoseconds.pcap",
        "wsapp-raw.pcap",
        "wsapp-cooked.pcap",
        "wsapp-cooked2.pcap",
    ] {
        assert_eq!(messages(&shown(&read(name))), expected, "{name}");
    }
}

/// However the bytes come, and however few at a time, the packets are the same.
#[test]
fn a_reader_takes_what_comes() {
    struct Trickle<'a>(&'a [u8], usize);
    impl std::io::Read for Trickle<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            assert!(!buffer.is_empty(), "a read without room looks like the end");
            let len = self.1.min(self.0.len()).min(buffer.len());
            let (now, later) = self.0.split_at(len);
            buffer[..len].copy_from_slice(now);
            self.0 = later;
            Ok(len)
        }
    }
    let frames = frames(&v4().packets, Link::Ethernet);
    for capture in [pcap_of(&frames, 1, false, false, u32::MAX), pcapng_of(&frames, 1, true, 6)] {
        for len in [1, 3, 4_096, 1_000_000] {
            let mut reader = Reader::new(Trickle(&capture, len));
            let mut found = Vec::new();
            while let Some(packet) = reader.next_packet().unwrap() {
                found.push((packet.time as u64 / 1_000, packet.data.to_vec()));
            }
            assert_eq!(found, frames, "{len} bytes at a time");
            assert_eq!(reader.cut_at(), None);
        }
    }
}

/// A packet is given as soon as its last byte has come, before the reader asks for more.
#[test]
fn a_reader_does_not_read_ahead() {
    struct Panics<'a>(&'a [u8]);
    impl std::io::Read for Panics<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            assert!(!self.0.is_empty(), "read though a packet is there");
            let len = self.0.len().min(buffer.len());
            buffer[..len].copy_from_slice(&self.0[..len]);
            self.0 = &self.0[len..];
            Ok(len)
        }
    }
    let capture = v4().pcap();
    let mut reader = Reader::new(Panics(&capture));
    for _ in &v4().packets {
        assert!(reader.next_packet().unwrap().is_some());
    }
    assert!(reader.next_buffered().unwrap().is_none());
}

#[test]
fn a_capture_cut_anywhere_is_shown_up_to_there() {
    let frames = frames(&v4().packets, Link::Ethernet);
    let pcap = pcap_of(&frames, 1, false, false, u32::MAX);
    let ends: Vec<usize> = frames
        .iter()
        .scan(24, |end, (_, frame)| {
            *end += 16 + frame.len();
            Some(*end)
        })
        .collect();
    for len in 0..pcap.len() {
        let mut reader = Reader::new(&pcap[..len]);
        let mut count = 0;
        let result = loop {
            match reader.next_packet() {
                Ok(Some(_)) => count += 1,
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        if len < 24 {
            assert!(matches!(result, Err(ReadError::Empty)), "{len}: {result:?}");
            continue;
        }
        result.unwrap();
        assert_eq!(count, ends.iter().filter(|end| **end <= len).count());
        let whole = len == 24 || ends.contains(&len);
        assert_eq!(reader.cut_at(), (!whole).then_some(len as u64));
    }
    let output = run(&["show", "-"], &pcap[..pcap.len() - 1]);
    assert!(output.status.success());
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        format!(
            "payloads: standard input: ends in the middle of a packet, at byte {}\n",
            pcap.len() - 1
        )
    );
    assert!(String::from_utf8(output.stdout).unwrap().contains("get-time"));
}

#[test]
fn what_is_no_capture_is_one_line_and_status_1() {
    let usb = pcap_of(&[], 220, false, false, u32::MAX);
    let usb_ng = pcapng_of(&[(1_000_000, vec![0; 64])], 220, false, 6);
    for (input, words) in [
        (&b""[..], "is not a packet capture"),
        (b"\xd4\xc3", "is not a packet capture"),
        (b"hello, this is some text and no capture at all\n", "is not a packet capture"),
        (b"\x0a\x0d\x0d\x0a, but this is some text and no capture\n", "is not a packet capture"),
        (b"\x1f\x8b\x08\x00\x00\x00\x00\x00", "is compressed"),
        (&usb, "has packets of link type 220"),
        (&usb_ng, "has packets of link type 220"),
    ] {
        for command in ["show", "stats"] {
            let output = run(&[command, "-"], input);
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(1), "{said}");
            assert_eq!(said.lines().count(), 1, "{said}");
            assert!(
                said.starts_with("payloads: standard input ") && said.contains(words),
                "{said}"
            );
            assert!(output.stdout.is_empty());
        }
    }
}

#[test]
fn a_damaged_capture_is_shown_up_to_there() {
    let capture = v4().pcap();
    let mut damaged = capture.clone();
    damaged.extend([0xff; 64]);
    for command in ["show", "stats"] {
        let output = run(&[command, "-"], &damaged);
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8(output.stderr).unwrap();
        let at = capture.len();
        assert_eq!(
            said,
            format!("payloads: standard input is damaged at byte {at}: the rest is left out\n")
        );
        assert_eq!(output.stdout, run(&[command, "-"], &capture).stdout);
    }
}

#[test]
fn packets_cut_by_the_snap_length_count_by_their_length() {
    let frames = frames(&v4().packets, Link::Ethernet);
    let whole = run(&["stats", "-"], &pcap_of(&frames, 1, false, false, u32::MAX));
    let stderr = whole.stderr;
    let whole = String::from_utf8(whole.stdout).unwrap();
    let overall = whole.lines().nth(4).unwrap();
    // 66 bytes are the headers, 48 those without the end of the fixed TCP header.
    for snap_len in [48, 54, 66, 70, 100] {
        let capture = pcap_of(&frames, 1, false, false, snap_len);
        let cut = run(&["stats", "-"], &capture);
        assert_eq!(cut.stderr, stderr);
        let cut = String::from_utf8(cut.stdout).unwrap();
        assert_eq!(cut.lines().nth(4).unwrap(), overall, "{snap_len}");
        let shown = shown(&capture);
        let sums = shown.lines().last().unwrap();
        let numbers: Vec<u64> = sums.split(' ').filter_map(|word| word.parse().ok()).collect();
        let total: usize = v4().packets.iter().map(|packet| packet.payload.len()).sum();
        assert_eq!(numbers.iter().sum::<u64>(), total as u64, "{sums}");
    }
}

/// The options if_tsresol and if_tsoffset of an interface, in both byte orders.
#[test]
fn times_are_in_the_units_of_their_interface() {
    let frames = [(1_622_971_895_250_000, vec![0; 60])];
    for big_endian in [false, true] {
        for resolution in [3, 6, 9, 0x80 | 2, 0x80 | 30] {
            let mut capture = pcapng_of(&frames, 1, big_endian, resolution);
            let mut reader = Reader::new(capture.as_slice());
            let time = reader.next_packet().unwrap().unwrap().time;
            assert_eq!(time, 1_622_971_895_250_000_000, "{big_endian} {resolution}");

            // An offset of -3600 seconds, in place of the end of the interface's options.
            let option = [9_u16, 1].map(|value| match big_endian {
                true => value.to_be_bytes(),
                false => value.to_le_bytes(),
            });
            let resolution_at = capture[3_000_000..]
                .windows(5)
                .position(|bytes| bytes[..4] == option.concat() && bytes[4] == resolution)
                .unwrap();
            let resolution_at = 3_000_000 + resolution_at;
            let block_at = resolution_at - 16;
            let u16_bytes = |value: u16| match big_endian {
                true => value.to_be_bytes(),
                false => value.to_le_bytes(),
            };
            let offset = match big_endian {
                true => (-3600_i64).to_be_bytes(),
                false => (-3600_i64).to_le_bytes(),
            };
            let added = [&u16_bytes(14)[..], &u16_bytes(8), &offset].concat();
            capture.splice(resolution_at + 8..resolution_at + 8, added);
            for at in [block_at + 4, block_at + 40] {
                let len = match big_endian {
                    true => 44_u32.to_be_bytes(),
                    false => 44_u32.to_le_bytes(),
                };
                capture[at..at + 4].copy_from_slice(&len);
            }
            let mut reader = Reader::new(capture.as_slice());
            let time = reader.next_packet().unwrap().unwrap().time;
            assert_eq!(time, (1_622_971_895_250 - 3_600_000) * 1_000_000, "{big_endian}");
        }
    }
}
