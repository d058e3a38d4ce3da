//! Frames as tungstenite writes them, and explanations that name every byte once.

mod writer;

use payloads::{
    decode::{Part, Unit, UnitKind},
    report::{explain::explain, transcript},
    tcp::Side,
};
use tungstenite::{
    Message,
    protocol::{
        CloseFrame, Role, WebSocket,
        frame::{
            Frame,
            coding::{CloseCode, Data, OpCode},
        },
    },
};
use writer::{CLIENT, Connection, Random, SERVER};

/// A frame that was sent, as tungstenite has it.
struct Sent {
    side: usize,
    message: Message,
}

fn written(sent: &Sent) -> Vec<u8> {
    let role = if sent.side == CLIENT { Role::Client } else { Role::Server };
    let mut socket = WebSocket::from_raw_socket(std::io::Cursor::new(Vec::new()), role, None);
    socket.write(sent.message.clone()).unwrap();
    socket.flush().unwrap();
    socket.get_ref().get_ref().clone()
}

fn random_message(random: &mut Random) -> Message {
    let len = match random.below(8) {
        0 => 0,
        1 => 125 + random.below(3),
        2 => 65_534 + random.below(4),
        _ => random.below(200),
    };
    let mut bytes: Vec<u8> =
        (0..len).map(|_| b' ' + u8::try_from(random.below(95)).unwrap()).collect();
    match random.below(6) {
        0 => Message::binary(bytes),
        1 => {
            bytes.truncate(125);
            Message::Ping(bytes.into())
        }
        2 => {
            bytes.truncate(125);
            Message::Pong(bytes.into())
        }
        3 => Message::Frame(Frame::message(bytes, OpCode::Data(Data::Text), false)),
        _ => Message::text(String::from_utf8(bytes).unwrap()),
    }
}

fn opcode_and_payload(message: &Message) -> (u8, Vec<u8>) {
    match message {
        Message::Text(text) => (1, text.as_bytes().to_vec()),
        Message::Binary(bytes) => (2, bytes.to_vec()),
        Message::Ping(bytes) => (9, bytes.to_vec()),
        Message::Pong(bytes) => (10, bytes.to_vec()),
        Message::Close(Some(frame)) => {
            (8, [&u16::from(frame.code).to_be_bytes(), frame.reason.as_bytes()].concat())
        }
        Message::Close(None) => (8, Vec::new()),
        Message::Frame(frame) => (1, frame.payload().to_vec()),
    }
}

fn upgraded() -> Connection {
    let mut connection = Connection::v4();
    connection.open();
    connection.data(
        CLIENT,
        b"GET /time HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
          Sec-WebSocket-Key: W+pQUnxtfyImglCepUIxdw==\r\n\r\n",
    );
    connection.data(
        SERVER,
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
          Sec-WebSocket-Accept: jvz8rJ0yJN/A4J0kiZQLiifpQO8=\r\n\r\n",
    );
    connection
}

#[test]
fn frames_are_those_that_tungstenite_wrote() {
    for seed in 1..=60 {
        let mut random = Random(seed);
        let mut sent: Vec<Sent> = (0..20)
            .map(|_| Sent { side: random.below(2), message: random_message(&mut random) })
            .collect();
        let close = CloseFrame { code: CloseCode::Away, reason: "gone".into() };
        sent.push(Sent { side: CLIENT, message: Message::Close(Some(close)) });
        sent.push(Sent { side: SERVER, message: Message::Close(None) });
        let mut connection = upgraded();
        for sent in &sent {
            let bytes = written(sent);
            let segment_len = 1 + random.below(1_400).max(bytes.len() / 50);
            for segment in bytes.chunks(segment_len) {
                connection.data(sent.side, segment);
            }
            connection.ack(1 - sent.side);
        }
        let transcripts = transcript::read(connection.pcap().as_slice(), None).unwrap();
        let frames: Vec<&Unit> =
            transcripts[0].units.iter().filter(|unit| unit.kind == UnitKind::Frame).collect();
        let mut found = frames.iter().peekable();
        for sent in &sent {
            let (opcode, payload) = opcode_and_payload(&sent.message);
            let first = found.next().unwrap();
            let mut unmasked = first.payload();
            // A long frame comes in several units.
            while let Some(next) = found.next_if(|unit| unit.continued) {
                unmasked.extend(next.payload());
            }
            let header = first.frame.unwrap();
            assert_eq!(first.side.index(), sent.side, "seed {seed}");
            assert_eq!(header.opcode.0, opcode, "seed {seed}");
            assert_eq!(header.key.is_some(), sent.side == CLIENT, "seed {seed}");
            assert_eq!(header.fin, !matches!(sent.message, Message::Frame(_)), "seed {seed}");
            assert_eq!(unmasked, payload, "seed {seed}");
        }
        assert!(found.next().is_none());
        for unit in &transcripts[0].units {
            assert_every_byte_is_named_once(unit);
        }
    }
}

/// The ranges follow each other without gap, and the bits of a byte are all eight of them.
fn assert_every_byte_is_named_once(unit: &Unit) {
    let named: usize = unit.parts.iter().map(|(_, len)| len).sum();
    assert_eq!(named, unit.bytes.len());
    let mut at = 0;
    let mut bits = 0_u8;
    for line in explain(unit) {
        assert!(!line.name.is_empty());
        if line.range.is_empty() {
            assert_eq!((line.range.start, bits), (at, 0), "{line:?}");
            continue;
        }
        assert_eq!(line.range.start, at, "{line:?}");
        assert_eq!(bits & line.bits, 0, "{line:?}");
        bits |= line.bits;
        if bits == 0xff {
            at = line.range.end;
            bits = 0;
        } else {
            assert_eq!(line.range.len(), 1, "{line:?}");
        }
    }
    assert_eq!((at, bits), (unit.bytes.len(), 0), "{unit:?}");
}

#[test]
fn every_byte_of_everything_is_named_once() {
    let mut connections = Vec::new();
    let mut text = Connection::v4();
    text.open().data(SERVER, b"Hello!\r\nServer time: 09:31:35\n\n").data(CLIENT, b"time");
    text.data(SERVER, b"1:09:31:35 09:31:36 x\n09:31:37");
    connections.push(text);
    let mut http = Connection::v4();
    http.open().data(CLIENT, b"\r\nGET / HTTP/1.1\nHost: a\r\n\r\n");
    http.data(SERVER, b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n");
    http.data(SERVER, b"Transfer-Encoding: chunked\r\n\r\n");
    http.data(SERVER, b"d\r\ndata: a\r\rdata\r\n3;x\r\n: b\r\n3\r\n\n\n\n\r\n0\r\nT: u\r\n\r\n");
    http.data(CLIENT, b"GET / HTTP/1.1\r\n\r\n");
    http.data(SERVER, b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1");
    http.data(SERVER, b"1:11:11\n\ndata: 11:11:12\r").data(SERVER, b"\n\r\n");
    connections.push(http);
    let mut broken = upgraded();
    broken.data(CLIENT, b"\xff\x80\x01\x02\x03\x04").data(CLIENT, b"\x88\x81\x01\x02\x03\x04\x05");
    broken
        .data(CLIENT, b"\x88")
        .data(SERVER, b"\x88\x04\x03\xe8ok")
        .data(SERVER, b"\x88\x85abcdefghi");
    broken.data(SERVER, b"\x01\x7e");
    connections.push(broken);
    let mut kinds = Vec::new();
    for connection in connections {
        let transcripts = transcript::read(connection.pcap().as_slice(), None).unwrap();
        let sent: usize = connection.packets.iter().map(|packet| packet.payload.len()).sum();
        let units = &transcripts[0].units;
        assert_eq!(units.iter().map(|unit| unit.bytes.len()).sum::<usize>(), sent);
        for unit in units {
            assert_every_byte_is_named_once(unit);
            kinds.extend(unit.parts.iter().map(|(part, _)| *part));
        }
    }
    for part in [
        Part::Text,
        Part::LineEnd,
        Part::StartLine,
        Part::Field,
        Part::HeadEnd,
        Part::ChunkSize,
        Part::ChunkEnd,
        Part::Trailer,
        Part::ChunksEnd,
        Part::EventField,
        Part::EventEnd,
        Part::FrameStart,
        Part::MaskingKey,
        Part::Payload,
        Part::Unknown,
    ] {
        assert!(kinds.contains(&part), "{part:?}");
    }
}

/// The document's account of C1 and C4, in the form that a document can quote.
#[test]
fn a_chosen_frame_can_be_explained() {
    let mut connection = upgraded();
    connection.data(CLIENT, b"\x81\x88\x36\x0d\x29\x16\x51\x68\x5d\x3b\x42\x64\x44\x73");
    let transcripts = transcript::read(connection.pcap().as_slice(), None).unwrap();
    let unit = transcripts[0].unit(UnitKind::Frame, "C1").unwrap();
    assert_eq!(unit.side, Side::Client);
    assert_eq!(unit.payload(), b"get-time");
    let values: Vec<String> = explain(unit).into_iter().map(|line| line.value).collect();
    assert_eq!(values[6], "51 ^ 36 = 67 'g'");
    assert_eq!(values.last().unwrap(), "get-time");
    let text = payloads::report::show::explanation(unit);
    assert_eq!(text.lines().count(), values.len());
    assert!(text.starts_with("FIN           81 1.......  the message ends with"), "{text}");
}

/// The length of a frame tells which bytes after a gap are its own.
#[test]
fn what_is_missing_of_a_payload_hides_no_other_frame() {
    for (rest, parts) in [(&b"ld"[..], 2), (b"", 1)] {
        let len = u8::try_from(8 + rest.len()).unwrap();
        let mut connection = upgraded();
        connection.data(SERVER, &[&[0x81, len], &b"hello"[..]].concat()).lose(SERVER, 3);
        connection.data(SERVER, &[rest, b"\x81\x03yes"].concat()).ack(CLIENT);
        let transcript = &transcript::read(connection.pcap().as_slice(), None).unwrap()[0];
        let found: Vec<_> = transcript.units[2..]
            .iter()
            .map(|unit| (unit.kind, unit.label(), unit.continued, unit.payload()))
            .collect();
        let frame = |label: &str, continued, payload: &[u8]| {
            (UnitKind::Frame, label.to_owned(), continued, payload.to_vec())
        };
        let expected = [frame("S1", false, b"hello"), frame("S1", true, rest)];
        assert_eq!(found[..parts], expected[..parts]);
        assert_eq!(found[parts..], [frame("S2", false, b"yes")]);
        assert_eq!(transcript.missing, 3);
    }
}

/// What `--explain` says of frames, after an upgrade that agrees to these extensions.
fn explained(extensions: &str, frames: &[&[u8]]) -> String {
    let mut connection = Connection::v4();
    connection.open();
    connection
        .data(CLIENT, b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n");
    let head = format!("HTTP/1.1 101 X\r\nUpgrade: websocket\r\n{extensions}\r\n");
    connection.data(SERVER, head.as_bytes());
    for frame in frames {
        connection.data(SERVER, frame).ack(CLIENT);
    }
    let output = writer::run(&["show", "--explain", "-"], &connection.pcap());
    String::from_utf8(output.stdout).unwrap()
}

/// The meanings of the lines with this name, or of a frame's one line.
fn meanings<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("    │ ")?.strip_prefix(name));
    lines.map(str::trim_start).collect()
}

#[test]
fn close_codes_and_their_sources() {
    for (code, meaning) in [
        (1000, "1000: normal closure (RFC 6455 section 7.4.1)"),
        (1001, "1001: going away (RFC 6455 section 7.4.1)"),
        (1002, "1002: protocol error (RFC 6455 section 7.4.1)"),
        (1003, "1003: unsupported data (RFC 6455 section 7.4.1)"),
        (1004, "1004: not assigned (RFC 6455 section 7.4.1)"),
        (1005, "1005: no status received: may not be sent (RFC 6455 section 7.4.1)"),
        (1006, "1006: abnormal closure: may not be sent (RFC 6455 section 7.4.1)"),
        (1007, "1007: invalid frame payload data (RFC 6455 section 7.4.1)"),
        (1008, "1008: policy violation (RFC 6455 section 7.4.1)"),
        (1009, "1009: message too big (RFC 6455 section 7.4.1)"),
        (1010, "1010: mandatory extension (RFC 6455 section 7.4.1)"),
        (1011, "1011: internal error (RFC 6455 section 7.4.1)"),
        (1012, "1012: service restart (IANA registry of WebSocket close codes)"),
        (1013, "1013: try again later (IANA registry of WebSocket close codes)"),
        (1014, "1014: bad gateway (IANA registry of WebSocket close codes)"),
        (1015, "1015: TLS handshake failed: may not be sent (RFC 6455 section 7.4.1)"),
        (3000, "3000: registered for a library or application (RFC 6455 section 7.4.2)"),
        (3999, "3999: registered for a library or application (RFC 6455 section 7.4.2)"),
        (4000, "4000: private use (RFC 6455 section 7.4.2)"),
        (4999, "4999: private use (RFC 6455 section 7.4.2)"),
        (999, "999: not assigned (RFC 6455 section 7.4.2)"),
    ] {
        let [high, low] = u16::to_be_bytes(code);
        let text = explained("", &[&[0x88, 2, high, low]]);
        let [found] = meanings(&text, "close code")[..] else { panic!("{text}") };
        assert!(found.ends_with(meaning), "{found}");
    }
    let text = explained("", &[b"\x88\x01\x03"]);
    assert!(text.contains("FIN, close, 1 byte: 03, which is invalid: a close code takes 2 bytes"));
    let invalid = "invalid: a close code takes 2 bytes (RFC 6455 section 5.5.1)";
    assert!(text.lines().any(|line| line.contains("│ payload") && line.ends_with(invalid)));
    let masked = explained("", &[b"\x88\x81\x00\x00\x00\x00\x03"]);
    assert!(masked.lines().any(|line| line.contains("│ close code") && line.ends_with(invalid)));
}

/// RSV1 is the compression's where that was agreed, and in the first frame of a message only.
#[test]
fn messages_that_go_on_and_compressed_ones() {
    let deflate = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
    let compressed: [&[u8]; 4] = [b"\x41\x02ab", b"\x09\x02hi", b"\x80\x02cd", b"\x81\x02ef"];
    let text = explained(deflate, &compressed);
    let bits = |text: &str| -> Vec<String> {
        let lines = meanings(text, "RSV1 to RSV3");
        lines.iter().map(|line| line.split_once("  ").unwrap().1.trim().to_owned()).collect()
    };
    assert_eq!(
        bits(&text),
        [
            "the message is compressed (RFC 7692 section 6)",
            "no extension in use (RFC 6455 section 5.2)",
            "set in the first frame of the message alone (RFC 7692 section 6)",
            "the message is not compressed (RFC 7692 section 6)",
        ]
    );
    for line in [
        "RSV1, text, 2 bytes: compressed (RFC 7692)",
        "ping, 2 bytes: hi",
        "FIN, continuation, 2 bytes: compressed (RFC 7692)",
        "FIN, text, 2 bytes: ef",
    ] {
        assert!(text.contains(line), "{line} is not in {text}");
    }

    let text = explained("", &[b"\xc1\x02ab"]);
    assert_eq!(bits(&text), ["not allowed without an extension (RFC 6455 section 5.2)"]);
    assert!(text.contains("FIN, RSV1, text, 2 bytes: ab"), "{text}");
    let text = explained(deflate, &[b"\xc9\x02ab"]);
    assert_eq!(bits(&text), ["allowed in a message's first frame only (RFC 7692 section 6)"]);
    assert!(text.contains("FIN, RSV1, ping, 2 bytes: ab"), "{text}");

    let text = explained("", &[b"\x02\x02ab", b"\x80\x02cd", b"\x80\x02ef"]);
    assert!(text.contains("FIN, continuation, 2 bytes: 63 64"), "{text}");
    // What goes on without a beginning is of no message, and is shown as it is.
    assert!(text.contains("FIN, continuation, 2 bytes: ef"), "{text}");

    // A control frame between does not end the message (RFC 6455 section 5.4).
    let text = explained(deflate, &[b"\x42\x02ab", b"\x89\x02hi", b"\x80\x02cd"]);
    assert!(text.contains("FIN, continuation, 2 bytes: compressed (RFC 7692)"), "{text}");
    let text = explained("", &[b"\x02\x02ab", b"\x89\x02hi", b"\x80\x02cd"]);
    assert!(text.contains("FIN, continuation, 2 bytes: 63 64"), "{text}");

    // Without the upgrade it is not known what was agreed.
    let mut midway = Connection::v4();
    midway.data(SERVER, b"\xc1\x02ab").ack(CLIENT);
    let output = writer::run(&["show", "--explain", "-"], &midway.pcap());
    let text = String::from_utf8(output.stdout).unwrap();
    let expected = "the message is compressed, if that was agreed (RFC 7692 section 6)";
    assert_eq!(bits(&text), [expected]);
}
