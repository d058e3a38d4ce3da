//! Packets out of order, repeated, overlapping or missing, and connections that come and go.

mod writer;

use payloads::{
    decode::{Unit, UnitKind},
    input::Reader,
    report::{
        show::{Show, Style},
        stats::Stats,
        transcript::{self, Transcript},
    },
    tcp::{CONNECTION_LIMIT, Ending, Side},
};
use writer::{ACK, CLIENT, Connection, FIN, Packet, RST, Random, SERVER, SYN, messages, shown, v4};

fn transcripts(packets: &[Packet]) -> Vec<Transcript> {
    transcript::read(writer::pcap(packets).as_slice(), None).unwrap()
}

fn transcript(packets: &[Packet]) -> Transcript {
    let mut all = transcripts(packets);
    assert_eq!(all.len(), 1);
    all.remove(0)
}

/// The bytes of a side that are shown, in the order in which they are shown.
fn said(transcript: &Transcript, side: Side) -> Vec<u8> {
    let units = transcript.units.iter().filter(|unit| unit.side == side);
    units.flat_map(|unit| unit.bytes.clone()).collect()
}

fn shown_bytes(transcript: &Transcript) -> u64 {
    transcript.units.iter().map(|unit| unit.bytes.len() as u64).sum()
}

/// Bytes shown, sent again and cut off are all bytes.
fn assert_adds_up(packets: &[Packet], transcripts: &[Transcript]) {
    let sent: u64 = packets.iter().map(|packet| packet.payload.len() as u64).sum();
    let found: u64 = transcripts
        .iter()
        .map(|transcript| {
            let hidden = transcript.sent_again + transcript.cut_off + transcript.no_data;
            shown_bytes(transcript) + hidden
        })
        .sum();
    assert_eq!(found, sent);
}

/// A unit without what depends on the packets' times.
fn outline(unit: &Unit) -> (Side, UnitKind, u64, Vec<u8>) {
    (unit.side, unit.kind, unit.number, unit.bytes.clone())
}

/// A conversation with a page, an answer in chunks, and frames.
fn speech() -> Vec<(usize, Vec<u8>)> {
    let mut speech: Vec<(usize, Vec<u8>)> = Vec::new();
    let page = format!("HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n{}", "page ".repeat(600));
    let chunk = format!("5dc\r\n{}\r\n", "chunks".repeat(250));
    speech.push((CLIENT, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec()));
    speech.push((SERVER, page.into_bytes()));
    speech.push((CLIENT, b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n".to_vec()));
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    speech.push((SERVER, format!("{head}{chunk}{chunk}0\r\n\r\n").into_bytes()));
    speech.push((
        CLIENT,
        b"GET /time HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n".to_vec(),
    ));
    let head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";
    speech.push((SERVER, head.as_bytes().to_vec()));
    speech.push((CLIENT, b"\x81\x88\x36\x0d\x29\x16\x51\x68\x5d\x3b\x42\x64\x44\x73".to_vec()));
    let long = [&b"\x81\x7e\x0b\xb8"[..], &[b'w'; 3000]].concat();
    speech.push((SERVER, long));
    speech.push((CLIENT, b"\x88\x82\x19\xdb\x13\x62\x1a\x32".to_vec()));
    speech.push((SERVER, b"\x88\x00".to_vec()));
    speech
}

/// The packets of a conversation in which each side waits for the other's acknowledgment, cut into
/// segments of a few hundred bytes.
fn segments(first: [u32; 2], segment_len: usize) -> Vec<Vec<Packet>> {
    let mut connection = Connection::v4().sequences(first[0], first[1]);
    let mut flights = Vec::new();
    let mut flight = |connection: &mut Connection| {
        flights.push(std::mem::take(&mut connection.packets));
    };
    connection.send(CLIENT, SYN, b"");
    flight(&mut connection);
    connection.send(SERVER, SYN | ACK, b"");
    flight(&mut connection);
    for (side, bytes) in speech() {
        for segment in bytes.chunks(segment_len) {
            connection.data(side, segment);
        }
        flight(&mut connection);
        connection.ack(1 - side);
        flight(&mut connection);
    }
    connection.send(CLIENT, FIN | ACK, b"");
    flight(&mut connection);
    connection.send(SERVER, FIN | ACK, b"").ack(CLIENT);
    flight(&mut connection);
    flights
}

/// The packets of `flight` in another order, some of them twice, some overlapping.
fn disturbed(flight: &[Packet], random: &mut Random) -> Vec<Packet> {
    let mut packets = flight.to_vec();
    for packet in flight {
        match random.below(6) {
            0 => packets.push(packet.clone()),
            1 if packet.payload.len() > 2 && packet.flags & (SYN | FIN) == 0 => {
                // A part of it again, from anywhere in it.
                let start = random.below(packet.payload.len());
                let end = start + 1 + random.below(packet.payload.len() - start);
                let mut part = packet.clone();
                part.sequence = part.sequence.wrapping_add(u32::try_from(start).unwrap());
                part.payload = packet.payload[start..end].to_vec();
                packets.push(part);
            }
            _ => {}
        }
    }
    for index in (1..packets.len()).rev() {
        packets.swap(index, random.below(index + 1));
    }
    packets
}

#[test]
fn the_same_messages_shuffled_repeated_overlapping_and_wrapped() {
    let expected: Vec<_> =
        transcript(&segments([1_000, 2_000], 300).concat()).units.iter().map(outline).collect();
    let sent: Vec<u8> = speech().into_iter().flat_map(|(_, bytes)| bytes).collect();
    let found: Vec<u8> = expected.iter().flat_map(|(.., bytes)| bytes.clone()).collect();
    assert_eq!(found, sent);
    for seed in 1..=300 {
        let mut random = Random(seed);
        // In every other round the sequence numbers wrap on the way.
        let first = match seed % 2 {
            0 => [u32::MAX - u32::try_from(random.below(200)).unwrap(), u32::MAX - 4_000],
            _ => [7, u32::MAX - u32::try_from(random.below(9_000)).unwrap()],
        };
        let segment_len = 1 + random.below(700);
        let packets: Vec<Packet> = segments(first, segment_len)
            .iter()
            .flat_map(|flight| disturbed(flight, &mut random))
            .collect();
        let transcript = transcript(&packets);
        let units: Vec<_> = transcript.units.iter().map(outline).collect();
        assert_eq!(units, expected, "seed {seed}");
        assert_eq!((transcript.missing, transcript.cut_off), (0, 0), "seed {seed}");
        assert_adds_up(&packets, &[transcript]);
    }
}

#[test]
fn nothing_is_hidden_whatever_is_lost_or_cut() {
    for seed in 1..=300 {
        let mut random = Random(seed);
        let mut packets: Vec<Packet> = segments([1, 2], 1 + random.below(900))
            .iter()
            .flat_map(|flight| disturbed(flight, &mut random))
            .collect();
        // A tenth is lost, and with it perhaps the SYN; some are far out of order.
        packets.retain(|_| random.below(10) > 0);
        for _ in 0..random.below(5) {
            let (a, b) = (random.below(packets.len()), random.below(packets.len()));
            packets.swap(a, b);
        }
        let snap_len =
            if seed % 3 == 0 { 66 + u32::try_from(random.below(300)).unwrap() } else { u32::MAX };
        let frames = writer::frames(&packets, writer::Link::Ethernet);
        let capture = writer::pcap_of(&frames, 1, false, false, snap_len);
        let transcripts = transcript::read(capture.as_slice(), None).unwrap();
        assert_adds_up(&packets, &transcripts);
        let stats = Stats::read(capture.as_slice(), None).unwrap();
        let sent: u64 = packets.iter().map(|packet| packet.payload.len() as u64).sum();
        assert_eq!(stats.overall.app_bytes, sent);
        // The program says the same sums.
        let text = shown(&capture);
        let sums = text.lines().rev().find(|line| line.contains(" shown, ")).unwrap();
        let numbers: Vec<u64> = sums.split(' ').filter_map(|word| word.parse().ok()).collect();
        assert_eq!(numbers.iter().sum::<u64>(), sent, "seed {seed}: {sums}");
    }
}

/// As a capture may have them that comes from several queues of a network card.
#[test]
fn neighbours_the_wrong_way_round_are_put_right() {
    let packets = segments([1_000, 2_000], 10_000).concat();
    let expected: Vec<_> = transcript(&packets).units.iter().map(outline).collect();
    for first in 0..packets.len() - 1 {
        let mut swapped = packets.clone();
        swapped.swap(first, first + 1);
        let transcript = transcript(&swapped);
        let units: Vec<_> = transcript.units.iter().map(outline).collect();
        assert_eq!(units, expected, "{first}");
        assert_eq!((transcript.missing, transcript.sent_again), (0, 0), "{first}");
    }
}

#[test]
fn a_gap_is_named_when_the_peer_acknowledges_past_it() {
    let mut tcp = Connection::v4();
    tcp.open().data(CLIENT, b"one\n").lose(CLIENT, 5).data(CLIENT, b"three\n");
    tcp.data(SERVER, b"answer\n");
    let shown = messages(&shown(&tcp.pcap()));
    let lines: Vec<&str> = shown.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(
        lines,
        [
            "───── s  ",
            "T1 s  text, 4 bytes",
            "    │ one",
            "C s  gap: 5 bytes not in the capture",
            "T2 s  text, 6 bytes",
            "    │ three",
            "T3 s  text, 7 bytes",
            "    │ answer",
            "1 connection, 6 packets, 17 bytes of application data:",
            "17 shown, 0 sent again, 0 cut off by the snap length",
            "and 5 bytes missing in gaps",
        ]
    );
}

#[test]
fn a_gap_is_named_when_the_capture_or_the_connection_ends() {
    let mut tcp = Connection::v4();
    tcp.open().data(CLIENT, b"one\n").lose(CLIENT, 5).data(CLIENT, b"three\n");
    let at_end = transcript(&tcp.packets);
    assert_eq!((said(&at_end, Side::Client), at_end.missing), (b"one\nthree\n".to_vec(), 5));
    tcp.send(SERVER, RST, b"");
    let reset = transcript(&tcp.packets);
    assert_eq!((said(&reset, Side::Client), reset.missing), (b"one\nthree\n".to_vec(), 5));
    assert_eq!(reset.ending, Some(Ending::Reset(Side::Server)));
}

#[test]
fn a_gap_is_named_when_too_much_waits_for_it() {
    let mut tcp = Connection::v4();
    tcp.open().data(CLIENT, b"one\n").lose(CLIENT, 5);
    for _ in 0..300 {
        tcp.data(CLIENT, &[b'x'; 1_000]);
    }
    // Nothing acknowledges it, and the last packet is not the first that comes out.
    let transcript = transcript(&tcp.packets);
    assert_eq!((transcript.missing, shown_bytes(&transcript)), (5, 300_004));
    let text = shown(&tcp.pcap());
    let gap = text.lines().find(|line| line.contains("gap: 5 bytes")).unwrap();
    let milliseconds: f64 = gap.split_whitespace().nth(2).unwrap().parse().unwrap();
    assert!(milliseconds < 0.030, "named before the last packet: {gap}");
    // What waits for bytes that will hardly ever come waits no longer either.
    let mut forged = tcp.packets[5].clone();
    forged.sequence += 1_000_000_000;
    tcp.packets.insert(5, forged);
    let stats = Stats::read(tcp.pcap().as_slice(), None).unwrap();
    assert_eq!((stats.overall.app_bytes, stats.connections), (301_004, 1));
    assert!(shown(&tcp.pcap()).contains("  1000 bytes outside the window, "));
}

/// What has waited and waits no longer takes no room from what waits later.
#[test]
fn what_waited_long_ago_takes_no_room() {
    let mut tcp = Connection::v4();
    tcp.open();
    for _ in 0..8 {
        // They acknowledge bytes that never come, and wait for them.
        tcp.lose(CLIENT, 10);
        for _ in 0..3 {
            tcp.data(SERVER, &[b'x'; 60_000]);
        }
        tcp.wait(200);
    }
    tcp.data(SERVER, b"one\n").data(SERVER, b"two\n").data(SERVER, b"three\n");
    let last = tcp.packets.len() - 1;
    tcp.packets.swap(last - 2, last);
    let transcript = transcript(&tcp.packets);
    assert!(transcript.text().ends_with("xone\ntwo\nthree\n"));
    assert_eq!(transcript.missing, 80);
}

/// What the other side is in the middle of goes on.
#[test]
fn what_waits_for_one_side_costs_nothing_of_the_other() {
    let mut http = Connection::v4();
    http.open().data(CLIENT, b"GET / HTTP/1.1\r\n\r\n");
    http.data(SERVER, b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello").lose(CLIENT, 5);
    for _ in 0..300 {
        http.data(CLIENT, &[b'x'; 1_000]);
    }
    http.data(SERVER, b"world").ack(CLIENT);
    let units = transcript(&http.packets).units;
    let body = units.iter().find(|unit| unit.kind == UnitKind::Body).unwrap();
    assert_eq!((&body.bytes[..], body.unfinished), (&b"helloworld"[..], false));
}

#[test]
fn bytes_that_fill_a_gap_too_late_are_shown() {
    let mut tcp = Connection::v4();
    tcp.open().data(CLIENT, b"one\n").data(CLIENT, b"two\n").data(CLIENT, b"three\n");
    tcp.data(SERVER, b"answer\n");
    tcp.ack(CLIENT);
    let mut late = tcp.packets.remove(4);
    late.time += 200_000;
    tcp.packets.push(late.clone());
    tcp.packets.push(late);
    let transcript = transcript(&tcp.packets);
    assert_eq!(said(&transcript, Side::Client), b"one\nthree\ntwo\n");
    assert_eq!((transcript.missing, transcript.sent_again), (0, 4));
    let text = shown(&tcp.pcap());
    assert!(text.contains("gap: 4 bytes"), "{text}");
    assert!(text.ends_with("21 shown, 4 sent again, 0 cut off by the snap length\n"), "{text}");
    let output = writer::run(&["show", "--explain", "-"], &tcp.pcap());
    let text = String::from_utf8(output.stdout).unwrap();
    let line = "    │ late          two\\n  belongs before others that were captured earlier";
    assert!(text.lines().any(|found| found == line), "{text}");
}

#[test]
fn a_gap_may_be_filled_in_pieces() {
    let mut tcp = Connection::v4();
    tcp.open().data(CLIENT, b"one\n").data(CLIENT, b"0123456789").data(CLIENT, b"three\n");
    tcp.data(SERVER, b"answer\n").ack(CLIENT);
    let late = tcp.packets.remove(4);
    for (start, end) in [(3, 7), (0, 3), (7, 10), (2, 8)] {
        tcp.packets.push(Packet {
            time: tcp.time + 200_000,
            sequence: late.sequence + u32::try_from(start).unwrap(),
            payload: late.payload[start..end].to_vec(),
            ..late.clone()
        });
    }
    let transcript = transcript(&tcp.packets);
    assert_eq!(said(&transcript, Side::Client), b"one\nthree\n3456012789");
    assert_eq!((transcript.missing, transcript.sent_again), (0, 6));
}

#[test]
fn what_fills_a_gap_may_be_cut() {
    let mut tcp = Connection::v4();
    tcp.open().data(CLIENT, b"1").data(CLIENT, &[b'2'; 100]).data(CLIENT, b"3").ack(SERVER);
    tcp.ack(CLIENT);
    let mut late = tcp.packets.remove(4);
    late.time += 200_000;
    tcp.packets.push(late);
    let frames = writer::frames(&tcp.packets, writer::Link::Ethernet);
    let capture = writer::pcap_of(&frames, 1, false, false, 70);
    let transcript = &transcript::read(capture.as_slice(), None).unwrap()[0];
    assert_eq!((transcript.missing, transcript.cut_off), (0, 96));
    assert_eq!(said(transcript, Side::Client), b"132222");
    let text = shown(&capture);
    assert!(text.ends_with("6 shown, 0 sent again, 96 cut off by the snap length\n"), "{text}");
}

/// What the peer acknowledges beyond the last byte may be either.
#[test]
fn a_lost_fin_is_no_lost_data() {
    let mut tcp = Connection::v4();
    tcp.open().data(CLIENT, b"one\n").lose(CLIENT, 1).ack(SERVER);
    assert_eq!(transcript(&tcp.packets).missing, 0);
    let text = shown(&tcp.pcap());
    assert!(text.contains("  gap: 1 byte or the FIN is not in the capture\n"), "{text}");
    assert!(!text.contains("missing"), "{text}");
}

#[test]
fn a_capture_that_begins_in_mid_connection() {
    let mut tcp = Connection::new(v4(1, 50_000), v4(2, 8000));
    tcp.open().data(SERVER, b"Hello!\n").data(CLIENT, b"time\n").data(SERVER, b"09:31:45\n\n");
    tcp.ack(CLIENT);
    for skipped in 1..tcp.packets.len() {
        let transcript = transcript(&tcp.packets[skipped..]);
        assert_eq!(transcript.connection.server.port, 8000, "{skipped}");
        assert_eq!(transcript.connection.midway, skipped >= 2, "{skipped}");
        assert_adds_up(&tcp.packets[skipped..], &[transcript]);
    }
    let from_command = transcript(&tcp.packets[4..]);
    assert_eq!(from_command.text(), "time\n09:31:45\n\n");
}

#[test]
fn frames_and_events_are_known_in_mid_connection() {
    let mut ws = Connection::v4();
    ws.data(CLIENT, b"\x81\x88\x36\x0d\x29\x16\x51\x68\x5d\x3b\x42\x64\x44\x73");
    ws.data(SERVER, b"\x81\x14{\"time\": \"09:43:38\"}").ack(CLIENT);
    let shown = messages(&shown(&ws.pcap()));
    assert!(shown.contains("C1 s  text frame, 14 bytes"), "{shown}");
    assert!(shown.contains("S1 s  text frame, 22 bytes"), "{shown}");

    let mut sse = Connection::v4();
    sse.data(SERVER, b"1c\r\ndata: {\"time\": \"11:42:14\"}\n\n\r\n").ack(CLIENT);
    let kinds: Vec<_> = transcript(&sse.packets).units.iter().map(|unit| unit.kind).collect();
    assert_eq!(kinds, [UnitKind::EventChunk]);
}

/// What ends a message whose beginning is missing is no text for ever.
#[test]
fn messages_are_found_after_the_end_of_another() {
    let mut web = Connection::v4();
    web.data(SERVER, b"rest of page</html>\n").ack(CLIENT);
    for _ in 0..2 {
        web.wait(1_000).data(CLIENT, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        web.data(SERVER, b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nnow").ack(CLIENT);
    }
    let mut probe = web.clone();
    probe.packets[0].payload = vec![0];
    probe.packets[0].sequence = web.packets[1].acknowledgment - 1;
    for capture in [web, probe] {
        let kinds: Vec<_> =
            transcript(&capture.packets).units.iter().map(|unit| unit.kind).collect();
        let answered = [UnitKind::Request, UnitKind::Response, UnitKind::Body];
        assert_eq!(kinds[1..], [answered, answered].concat());
        let update = Stats::read(capture.pcap().as_slice(), None).unwrap().usual.unwrap().update;
        assert!(!update.can_push);
    }

    let frames = [
        (SERVER, &b"\x81\x14{\"time\": \"09:43:38\"}"[..]),
        (CLIENT, b"\x81\x88\x36\x0d\x29\x16\x51\x68\x5d\x3b\x42\x64\x44\x73"),
    ];
    for (first, rest) in [(SERVER, &b"\"09:43:28\"}"[..]), (CLIENT, b"\x42\x64\x44\x73")] {
        let mut ws = Connection::v4();
        ws.data(first, rest).ack(1 - first);
        for (side, frame) in [frames[0], frames[1], frames[0], frames[1]] {
            ws.data(side, frame).ack(1 - side);
        }
        let kinds: Vec<_> = transcript(&ws.packets).units.iter().map(|unit| unit.kind).collect();
        assert_eq!(kinds[1..], [UnitKind::Frame; 4], "{first}");
    }
    // The other side's frames were found first.
    let mut ws = Connection::v4();
    ws.data(SERVER, frames[0].1).data(CLIENT, b"\x64\x44\x73").ack(SERVER);
    ws.data(CLIENT, frames[1].1).ack(SERVER);
    let kinds: Vec<_> = transcript(&ws.packets).units.iter().map(|unit| unit.kind).collect();
    assert_eq!(kinds, [UnitKind::Frame, UnitKind::Unknown, UnitKind::Frame]);

    let mut sse = Connection::v4();
    sse.data(SERVER, b"\"11:42:04\"}\n\n\r\n").ack(CLIENT);
    sse.data(SERVER, b"1c\r\ndata: {\"time\": \"11:42:14\"}\n\n\r\n").ack(CLIENT);
    let kinds: Vec<_> = transcript(&sse.packets).units.iter().map(|unit| unit.kind).collect();
    assert_eq!(kinds, [UnitKind::Text, UnitKind::EventChunk]);

    // Text that might be a frame: a pong without FIN, of 10 bytes, or a fragment of text.
    for line in [&b"\n\n1234567890"[..], b"A0the length of this is 48, as the zero's code is\n"] {
        let mut tcp = Connection::v4();
        tcp.data(CLIENT, b"time\n").data(SERVER, b"09:31:45\n\n").data(SERVER, line).ack(CLIENT);
        let kinds: Vec<_> = transcript(&tcp.packets).units.iter().map(|unit| unit.kind).collect();
        assert_eq!(kinds, [UnitKind::Text; 3]);
    }
}

/// Where a head should come and something else does, what follows is found.
#[test]
fn what_is_no_head_is_shown_at_once_and_hides_nothing() {
    let mut ws = Connection::v4();
    ws.open()
        .data(CLIENT, b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n")
        .ack(SERVER);
    ws.data(CLIENT, b"\x81\x88\x36\x0d\x29\x16\x51\x68\x5d\x3b\x42\x64\x44\x73");
    let units = transcript(&ws.packets).units;
    assert_eq!((units[1].kind, units[1].unfinished), (UnitKind::Frame, false));

    for junk in
        [&[&b"junk that is no request\n"[..]][..], &[b"JUNK"], &[b"JUNK", b" of any kind\n"]]
    {
        let mut http = Connection::v4();
        http.open();
        let exchange = |http: &mut Connection| {
            http.wait(1_000).data(CLIENT, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            http.data(SERVER, b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nnow").ack(CLIENT);
        };
        exchange(&mut http);
        for piece in junk {
            http.data(CLIENT, piece);
        }
        http.data(SERVER, b"more junk\n");
        exchange(&mut http);
        let units = transcript(&http.packets).units;
        let answered = [UnitKind::Request, UnitKind::Response, UnitKind::Body];
        let kinds: Vec<_> = units.iter().map(|unit| unit.kind).collect();
        let between = kinds.len() - 3;
        assert_eq!(kinds[..3], answered);
        if junk != [b"JUNK"] {
            assert_eq!(kinds[3..between], [UnitKind::Misfit; 2]);
            assert_eq!(kinds[between..], answered, "{junk:?}");
        }
        assert_adds_up(&http.packets, &[transcript(&http.packets)]);
    }
}

#[test]
fn the_port_decides_who_is_the_server_where_no_syn_was_captured() {
    let mut tcp = Connection::new(v4(1, 6000), v4(2, 9000));
    tcp.data(CLIENT, b"time\n").data(SERVER, b"09:31:45\n\n").ack(CLIENT);
    let capture = tcp.pcap();
    let server =
        |port| transcript::read(capture.as_slice(), port).unwrap()[0].connection.server.port;
    assert_eq!(server(None), 6000, "the lower port is guessed");
    assert_eq!(server(Some(9000)), 9000);
    let output = writer::run(&["show", "--port", "9000", "-"], &capture);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(messages(&text).contains("T1 s  text, 5 bytes"), "{text}");
    // The apps' port comes first, and then the well-known ones.
    for (one, other) in [(80, 50_000), (1_023, 1_024), (8_000, 80), (8_000, 5_000)] {
        for (client, server) in [(one, other), (other, one)] {
            let mut tcp = Connection::new(v4(1, client), v4(2, server));
            tcp.data(CLIENT, b"time\n").data(SERVER, b"09:31:45\n\n").ack(CLIENT);
            assert_eq!(transcript(&tcp.packets).connection.server.port, one);
        }
    }
}

/// Between equal ports, the side that is seen first asks.
#[test]
fn the_first_to_send_is_the_client_where_both_ports_are_the_same() {
    let mut tcp = Connection::new(v4(9, 9_000), v4(2, 9_000));
    tcp.data(CLIENT, b"time\n").data(SERVER, b"09:31:45\n\n").ack(CLIENT);
    assert_eq!(transcript(&tcp.packets).connection.client, v4(9, 9_000));
}

/// What is shown of packets before anything else comes.
fn shown_live(packets: &[Packet]) -> String {
    let capture = writer::pcap(packets);
    let mut text = Vec::new();
    let mut show = Show::new(&mut text, Style::default(), None);
    let mut reader = Reader::new(capture.as_slice());
    while let Some(packet) = reader.next_packet().unwrap() {
        show.packet(&packet).unwrap();
    }
    show.flush().unwrap();
    drop(show);
    String::from_utf8(text).unwrap()
}

/// Nothing says where it begins, but after a few segments it is clear enough.
#[test]
fn one_direction_alone_is_shown_live() {
    let mut tcp = Connection::v4();
    tcp.data(CLIENT, b"one\n").data(CLIENT, b"two\n").data(CLIENT, b"three\n");
    assert!(!shown_live(&tcp.packets).contains("one"));
    tcp.data(CLIENT, b"four\n").data(CLIENT, b"five\n");
    let text = shown_live(&tcp.packets);
    assert!(text.contains("│ one") && text.contains("│ five"), "{text}");
    // So it is after 100 ms, as any other packet shows that they have passed.
    for (microseconds, is_shown) in [(99_999, false), (100_000, true)] {
        let mut tcp = Connection::v4();
        tcp.data(CLIENT, b"one\n");
        let mut other = Connection::new(v4(3, 50_000), v4(4, 8000));
        other.time = tcp.time + microseconds - 100;
        tcp.data(CLIENT, b"two\n").packets.append(&mut other.open().packets);
        let text = shown_live(&tcp.packets[..3]);
        assert_eq!(text.contains("│ one") && text.contains("│ two"), is_shown, "{text}");
    }
}

/// An answer that acknowledges a FIN which was not captured does not wait for bytes.
#[test]
fn an_answer_after_a_lost_fin_is_shown_live() {
    let mut tcp = Connection::v4();
    tcp.open().data(CLIENT, b"time\n").lose(CLIENT, 1).data(SERVER, b"09:31:45\n\n");
    let text = shown_live(&tcp.packets);
    assert!(text.contains("│ 09:31:45"), "{text}");
}

/// What an answer with a status line would make a request waits for none where the server has spoken HTTP
/// already.
#[test]
fn an_odd_request_to_a_server_of_http_is_shown_live() {
    let mut http = Connection::v4();
    http.open().data(SERVER, b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n");
    http.data(CLIENT, b"fetch /time\r\n\r\n").ack(SERVER);
    assert!(shown_live(&http.packets).contains("  request, 15 bytes"));
    let mut text = Connection::v4();
    text.open().data(CLIENT, b"fetch /time\r\n\r\n").ack(SERVER);
    assert!(!shown_live(&text.packets).contains("fetch"));
}

/// An acknowledgment of no more than came in order is of nothing that is missing.
#[test]
fn an_answer_before_a_hole_is_filled_is_shown_live() {
    let mut tcp = Connection::v4();
    tcp.open().data(CLIENT, b"one\n").lose(CLIENT, 4).data(CLIENT, b"three\n");
    tcp.data(SERVER, b"answer\n").send(SERVER, FIN | ACK, b"bye\n");
    for answer in &mut tcp.packets[5..] {
        answer.acknowledgment = 1_005;
    }
    let text = shown_live(&tcp.packets);
    assert!(text.contains("│ answer") && text.contains("│ bye"), "{text}");
    assert!(text.contains("(FIN)") && !text.contains("│ three"), "{text}");
}

/// Whoever shows a capture live learns that something waits, and after which packet.
#[test]
fn it_is_known_when_packets_wait() {
    let mut tcp = Connection::v4();
    tcp.open().lose(CLIENT, 5).data(SERVER, b"answer\n");
    let waits_after = |count: usize| {
        let capture = writer::pcap(&tcp.packets[..count]);
        let mut show = Show::new(Vec::new(), Style::default(), None);
        let mut reader = Reader::new(capture.as_slice());
        while let Some(packet) = reader.next_packet().unwrap() {
            show.packet(&packet).unwrap();
        }
        show.has_early()
    };
    assert_eq!((waits_after(3), waits_after(4)), (None, Some(4)));
}

/// A head that is too long is shown before it ends.
#[test]
fn only_so_much_of_a_head_is_kept() {
    let mut http = Connection::v4();
    http.open().data(CLIENT, b"GET / HTTP/1.1\r\nX: ");
    for _ in 0..60 {
        http.data(CLIENT, &[b'x'; 1_000]);
    }
    assert!(!shown_live(&http.packets).contains("request"));
    for _ in 0..6 {
        http.data(CLIENT, &[b'x'; 1_000]);
    }
    let text = shown_live(&http.packets);
    assert!(text.contains("request (first part)"), "{text}");
}

#[test]
fn a_syn_captured_late_or_twice_opens_no_other_connection() {
    let mut tcp = Connection::v4();
    tcp.open().data(CLIENT, b"one\n").data(CLIENT, b"two\n").ack(SERVER).close(CLIENT);
    for (from, to) in [(0, 3), (0, 1), (0, 2), (1, 2), (0, 4)] {
        let mut packets = tcp.packets.clone();
        let syn = packets.remove(from);
        packets.insert(to, syn.clone());
        packets.push(syn);
        let transcript = transcript(&packets);
        assert_eq!(transcript.text(), "one\ntwo\n", "{from} to {to}");
        assert_eq!(transcript.connection.client.port, 50_000, "{from} to {to}");
        assert_eq!(transcript.missing, 0, "{from} to {to}");
    }
}

#[test]
fn both_sides_may_open_at_the_same_time() {
    let mut tcp = Connection::v4();
    tcp.send(CLIENT, SYN, b"").send(SERVER, SYN, b"");
    tcp.data(CLIENT, b"one\n").data(SERVER, b"two\n").close(CLIENT);
    let transcript = transcript(&tcp.packets);
    assert_eq!(transcript.text(), "one\ntwo\n");
    assert_eq!(transcript.ending, Some(Ending::Closed));
}

#[test]
fn a_port_used_again_is_another_connection() {
    let mut first = Connection::v4();
    first.open().data(CLIENT, b"one\n").ack(SERVER).close(CLIENT);
    let mut second = Connection::v4().sequences(500_000_000, 900_000_000);
    second.open().data(CLIENT, b"two\n").ack(SERVER).close(CLIENT);
    // The first one's end need not be in the capture.
    for end in [first.packets.len(), first.packets.len() - 3] {
        let packets = [&first.packets[..end], &second.packets].concat();
        let texts: Vec<String> = transcripts(&packets).iter().map(Transcript::text).collect();
        assert_eq!(texts, ["one\n", "two\n"], "{end}");
    }
}

/// Nothing of it is taken for bytes of the first one that were sent again, nor for a gap in them.
#[test]
fn a_port_used_again_is_another_connection_though_its_syn_is_missing() {
    let mut first = Connection::v4().sequences(2_000_000_000, 2_000_000_000);
    first.open().data(CLIENT, b"first\n").data(SERVER, b"answer1\n").ack(CLIENT).close(CLIENT);
    for sequence in [1_000_000_000, 3_000_000_000] {
        let mut second = Connection::v4().sequences(sequence, sequence);
        second.open().data(CLIENT, b"SECOND\n").data(SERVER, b"answer2\n").ack(CLIENT);
        for missing in 1..4 {
            let packets = [&first.packets, &second.packets[missing..]].concat();
            let found = transcripts(&packets);
            let texts: Vec<String> = found.iter().map(Transcript::text).collect();
            assert_eq!(texts, ["first\nanswer1\n", "SECOND\nanswer2\n"], "{missing}");
            assert_eq!(found[1].connection.client.port, 50_000);
            assert_eq!((found[0].missing, found[1].missing), (0, 0), "{missing}");
            assert_adds_up(&packets, &found);
        }
    }
    // What belongs to the first one, repeated, opens none.
    let again = [&first.packets[..], &first.packets[1..], &first.packets[3..]].concat();
    assert_eq!(transcripts(&again).len(), 1);
}

#[test]
fn only_so_many_connections_are_followed() {
    let mut packets = Vec::new();
    let mut last = Connection::v4();
    let extra = 3;
    for index in 0..CONNECTION_LIMIT + extra {
        let port = 10_000 + u16::try_from(index).unwrap();
        let mut tcp = Connection::new(v4(1, port), v4(2, 8000));
        tcp.time = last.time;
        tcp.open().data(CLIENT, b"GET / HTTP/1.1\r\n");
        packets.append(&mut tcp.packets.clone());
        last = tcp;
    }
    let found = transcripts(&packets);
    assert_eq!(found.len(), CONNECTION_LIMIT + extra);
    // The longest idle ones went.
    for (index, transcript) in found.iter().enumerate() {
        let dropped = index < extra;
        assert_eq!(transcript.ending, dropped.then_some(Ending::Dropped), "{index}");
    }
    assert_adds_up(&packets, &found);
    let output = writer::run(&["stats", "-"], &writer::pcap(&packets));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("3 connections left while still open"), "{said}");
}

/// As long as the side that closed it first knows it, and no longer (RFC 9293 section 3.6.1).
#[test]
fn a_closed_connection_is_known_for_four_minutes() {
    // In microseconds.
    const FOUR_MINUTES: u64 = 240_000_000;
    // How many connections there seem to be when another begins so long after `of` ended, or was last
    // heard of, and its last bytes then come again.
    let count = |of: &Connection, after: u64| {
        let mut other = Connection::new(v4(3, 50_001), v4(2, 8000));
        other.time = of.time + after - 100;
        other.open();
        let last = of.packets.iter().rfind(|packet| !packet.payload.is_empty()).unwrap();
        let again = Packet { time: other.time + 100, ..last.clone() };
        transcripts(&[&of.packets[..], &other.packets, &[again]].concat()).len()
    };
    let mut closed = Connection::v4();
    closed.open().data(CLIENT, b"one\n").data(SERVER, b"1\n").close(CLIENT);
    assert_eq!((count(&closed, FOUR_MINUTES - 1), count(&closed, FOUR_MINUTES)), (2, 3));
    // So is one of several.
    let mut silent = Connection::new(v4(4, 50_000), v4(2, 8000));
    silent.time = closed.time;
    silent.open().close(CLIENT);
    let mut both = closed.clone();
    both.packets.append(&mut silent.packets);
    assert_eq!((count(&both, FOUR_MINUTES - 1), count(&both, FOUR_MINUTES)), (3, 4));
    let mut open = Connection::v4();
    open.open().data(CLIENT, b"one\n").data(SERVER, b"1\n").ack(CLIENT);
    assert_eq!(count(&open, 100 * FOUR_MINUTES), 2);
    // One that was refused, and is open after all.
    let mut again = Connection::v4();
    again.send(CLIENT, SYN, b"").send(SERVER, RST | ACK, b"");
    let mut again = again.sequences(1_000, 2_000);
    again.open().data(CLIENT, b"one\n").data(SERVER, b"1\n").ack(CLIENT);
    assert_eq!(count(&again, 100 * FOUR_MINUTES), 2);
    // The same ports, used again, are known as long as the latest needs.
    let mut second = Connection::v4().sequences(1_000_000, 2_000_000);
    second.time = closed.time + FOUR_MINUTES / 2;
    second.open().data(CLIENT, b"two\n").data(SERVER, b"2\n").close(CLIENT);
    second.packets = [&closed.packets[..], &second.packets].concat();
    assert_eq!(count(&second, FOUR_MINUTES / 2 + 1), 3);
}

#[test]
fn the_four_minutes_begin_again_with_each_segment() {
    let begins = |time: u64, port: u16| {
        let mut other = Connection::new(v4(3, port), v4(2, 8000));
        other.time = time;
        other.open().packets.clone()
    };
    let mut closed = Connection::v4();
    closed.open().data(CLIENT, b"one\n").close(CLIENT);
    let start = closed.time;
    let late = |seconds: u64, packet: &Packet| {
        vec![Packet { time: start + seconds * 1_000_000, ..packet.clone() }]
    };
    let fin = closed.packets.iter().rfind(|packet| packet.flags & FIN != 0).unwrap();
    let packets = [
        closed.packets.clone(),
        late(200, fin),
        begins(start + 300_000_000, 50_001),
        late(310, fin),
        begins(start + 540_000_000, 50_002),
        late(541, fin),
        begins(start + 782_000_000, 50_003),
    ];
    assert_eq!(transcripts(&packets.concat()).len(), 4);
    // Now it is forgotten.
    let packets = [&packets[..], &[late(783, fin)]].concat();
    assert_eq!(transcripts(&packets.concat()).len(), 5);
    // One that is refused again and again is asked for again each time.
    let mut refused = Connection::v4();
    refused.send(CLIENT, SYN, b"").send(SERVER, RST | ACK, b"");
    let [syn, rst] = [0, 1].map(|index| refused.packets[index].clone());
    let packets = [
        refused.packets,
        late(200, &syn),
        late(200, &rst),
        begins(start + 245_000_000, 50_001),
        late(246, &syn),
    ];
    assert_eq!(transcripts(&packets.concat()).len(), 2);
    // One that was refused is forgotten, too.
    let packets =
        [vec![syn.clone(), rst.clone()], begins(start + 245_000_000, 50_001), late(246, &rst)];
    assert_eq!(transcripts(&packets.concat()).len(), 3);
    // Its ports are in use where an old connection of theirs speaks.
    let mut old = Connection::v4().sequences(500, 2_000);
    old.time = start + 300_000_000;
    old.data(CLIENT, b"old\n").data(CLIENT, b"data\n");
    let found = transcripts(&[vec![syn, rst], old.packets].concat());
    let texts: Vec<String> = found.iter().map(Transcript::text).collect();
    assert_eq!(texts, ["", "old\ndata\n"]);
}

#[test]
fn a_connection_to_itself_is_one_direction() {
    let mut tcp = Connection::new(v4(1, 8000), v4(1, 8000));
    tcp.send(CLIENT, SYN, b"").data(CLIENT, b"one\n");
    assert_eq!(transcript(&tcp.packets).text(), "one\n");
}
