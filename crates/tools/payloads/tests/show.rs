//! What `payloads show` prints, as a person sees it.

mod writer;

use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use writer::{CLIENT, Connection, SERVER, messages, run, shown};

/// How long a test waits for what must come at once, before it fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// The upgrade and the frames of the original document.
fn document() -> Connection {
    let mut ws = Connection::v4();
    ws.open();
    ws.data(
        CLIENT,
        b"GET /time HTTP/1.1\r\nHost: 172.105.253.239:8000\r\n\
          Sec-WebSocket-Key: W+pQUnxtfyImglCepUIxdw==\r\nConnection: keep-alive, Upgrade\r\n\
          Upgrade: websocket\r\n\r\n",
    );
    ws.data(
        SERVER,
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
          Sec-WebSocket-Accept: jvz8rJ0yJN/A4J0kiZQLiifpQO8=\r\n\r\n",
    );
    ws.ack(CLIENT);
    let frames: [(&[u8], &[u8]); 3] = [
        (
            b"\x81\x88\x36\x0d\x29\x16\x51\x68\x5d\x3b\x42\x64\x44\x73",
            b"\x81\x14{\"time\": \"09:43:38\"}",
        ),
        (
            b"\x81\x88\xa2\xf4\xf0\xd0\xc5\x91\x84\xfd\xd6\x9d\x9d\xb5",
            b"\x81\x14{\"time\": \"09:43:48\"}",
        ),
        (
            b"\x81\x88\xa6\x91\x34\xfd\xc1\xf4\x40\xd0\xd2\xf8\x59\x98",
            b"\x81\x14{\"time\": \"09:43:58\"}",
        ),
    ];
    for (command, answer) in frames {
        ws.wait(10_000).data(CLIENT, command).data(SERVER, answer).ack(CLIENT);
    }
    ws.wait(10_000).data(CLIENT, b"\x88\x82\x19\xdb\x13\x62\x1a\x32").data(SERVER, b"\x88\x00");
    ws.close(CLIENT);
    ws
}

fn assert_has_lines(text: &str, lines: &str) {
    let text = text.trim_end();
    assert!(text.contains(lines.trim_matches('\n')), "{lines}\nis not in\n{text}");
}

#[test]
fn the_frames_of_the_original_document() {
    let text = shown(&document().pcap());
    assert_has_lines(
        &text,
        r#"
─────  0.000000 s  client 192.0.2.1:50000 asks server 192.0.2.2:8000 for a connection

Q1  →  0.000300 s  request, 148 bytes
    │ GET /time HTTP/1.1
    │ Host: 172.105.253.239:8000
    │ Sec-WebSocket-Key: W+pQUnxtfyImglCepUIxdw==
    │ Connection: keep-alive, Upgrade
    │ Upgrade: websocket
    │

A1  ←  0.000400 s  response, 129 bytes
    │ HTTP/1.1 101 Switching Protocols
    │ Upgrade: websocket
    │ Connection: Upgrade
    │ Sec-WebSocket-Accept: jvz8rJ0yJN/A4J0kiZQLiifpQO8=
    │

─────  0.000400 s  from here on, both sides send WebSocket frames

C1  →  10.000600 s  text frame, 14 bytes
    │ 81 88 36 0d 29 16 51 68 5d 3b 42 64 44 73                          ..6.).Qh];BdDs
    │ FIN, text, masked with 36 0d 29 16, 8 bytes: get-time

S1  ←  10.000700 s  text frame, 22 bytes
    │ 81 14 7b 22 74 69 6d 65 22 3a 20 22 30 39 3a 34 33 3a 33 38 22 7d  ..{"time": "09:43:38"}
    │ FIN, text, 20 bytes: {"time": "09:43:38"}

C2  →  20.000900 s  text frame, 14 bytes
    │ 81 88 a2 f4 f0 d0 c5 91 84 fd d6 9d 9d b5                          ..............
    │ FIN, text, masked with a2 f4 f0 d0, 8 bytes: get-time
"#,
    );
    assert_has_lines(
        &text,
        r#"
C4  →  40.001500 s  close frame, 8 bytes
    │ 88 82 19 db 13 62 1a 32                                            .....b.2
    │ FIN, close, masked with 19 db 13 62, 2 bytes: 1001 (going away)

S4  ←  40.001600 s  close frame, 2 bytes
    │ 88 00                                                              ..
    │ FIN, close, no payload

C   →  40.001700 s  the client has nothing more to send (FIN)
S   ←  40.001800 s  the server has nothing more to send (FIN)

1 connection, 20 packets, 395 bytes of application data:
395 shown, 0 sent again, 0 cut off by the snap length
"#,
    );
}

#[test]
fn the_dump_of_the_original_document() {
    let capture = document().pcap();
    let transcripts = payloads::report::transcript::read(capture.as_slice(), None).unwrap();
    assert_eq!(
        transcripts[0].hex_dump(),
        r#"C1: 81 88 36 0d 29 16 51 68 5d 3b 42 64 44 73                          ..6.).Qh];BdDs
S1: 81 14 7b 22 74 69 6d 65 22 3a 20 22 30 39 3a 34 33 3a 33 38 22 7d  ..{"time": "09:43:38"}
C2: 81 88 a2 f4 f0 d0 c5 91 84 fd d6 9d 9d b5                          ..............
S2: 81 14 7b 22 74 69 6d 65 22 3a 20 22 30 39 3a 34 33 3a 34 38 22 7d  ..{"time": "09:43:48"}
C3: 81 88 a6 91 34 fd c1 f4 40 d0 d2 f8 59 98                          ....4...@...Y.
S3: 81 14 7b 22 74 69 6d 65 22 3a 20 22 30 39 3a 34 33 3a 35 38 22 7d  ..{"time": "09:43:58"}
C4: 88 82 19 db 13 62 1a 32                                            .....b.2
S4: 88 00                                                              ..
"#
    );
}

/// As in the section "Payloads" of the original document.
#[test]
fn the_payloads_of_the_original_document() {
    let mut tcp = Connection::v4();
    tcp.open().data(SERVER, b"Hello!\nServer time: 09:31:35\n\n").ack(CLIENT);
    for time in ["09:31:45", "09:31:55", "09:32:05"] {
        tcp.data(CLIENT, b"time\n").data(SERVER, format!("{time}\n\n").as_bytes());
    }
    let text = |connection: &Connection| {
        payloads::report::transcript::read(connection.pcap().as_slice(), None).unwrap()[0].text()
    };
    assert_eq!(
        text(&tcp),
        "Hello!\nServer time: 09:31:35\n\n\
         time\n09:31:45\n\ntime\n09:31:55\n\ntime\n09:32:05\n\n"
    );
    let mut sse = Connection::v4();
    sse.open().data(CLIENT, b"GET /time HTTP/1.1\r\nHost: a\r\n\r\n").data(
        SERVER,
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    sse.data(SERVER, b"1c\r\ndata: {\"time\": \"11:42:14\"}\n\n\r\n");
    assert_eq!(
        text(&sse),
        "GET /time HTTP/1.1\nHost: a\n\n\
         HTTP/1.1 200 OK\nContent-Type: text/event-stream\nTransfer-Encoding: chunked\n\n\
         1c\ndata: {\"time\": \"11:42:14\"}\n\n\n"
    );
}

#[test]
fn every_byte_and_bit_is_explained() {
    let output = run(&["show", "--explain", "-"], &document().pcap());
    let text = String::from_utf8(output.stdout).unwrap();
    assert_has_lines(
        &text,
        r#"
A1  ←  0.000400 s  response, 129 bytes
    │ status line   HTTP/1.1 101 Switching Protocols\r\n                    version, status code, reason
    │ field         Upgrade: websocket\r\n                                  the protocol to change to
    │               Connection: Upgrade\r\n
    │               Sec-WebSocket-Accept: jvz8rJ0yJN/A4J0kiZQLiifpQO8=\r\n  what the server made of the key
    │ empty line    \r\n                                                    ends the head (RFC 9112 section 2.1)
    │ accept        W+pQUnxtfyImglCepUIxdw==258EAFA5-E914-47DA-95CA-C5AB0DC85B11
    │   in SHA-1    8e fc fc ac 9d 32 24 df c0 e0 9d 24 89 94 0b 8a 27 e9 40 ef  RFC 6455 section 4.2.2
    │   in base64   jvz8rJ0yJN/A4J0kiZQLiifpQO8=                            as the response says
"#,
    );
    assert_has_lines(
        &text,
        r#"
    │ FIN           81 1.......  the message ends with this frame (RFC 6455 section 5.2)
    │ RSV1 to RSV3     .000....  no extension in use (RFC 6455 section 5.2)
    │ opcode           ....0001  1: text (RFC 6455 section 5.2)
    │ MASK          88 1.......  masked, as a client must (RFC 6455 section 5.1)
    │ length           .0001000  8 bytes of payload (RFC 6455 section 5.2)
    │ masking key   36 0d 29 16  picked anew for each frame (RFC 6455 section 5.3)
    │ payload       51 ^ 36 = 67 'g'  XOR with the key (RFC 6455 section 5.3)
    │               68 ^ 0d = 65 'e'
    │               5d ^ 29 = 74 't'
    │               3b ^ 16 = 2d '-'
    │               42 ^ 36 = 74 't'
    │               64 ^ 0d = 69 'i'
    │               44 ^ 29 = 6d 'm'
    │               73 ^ 16 = 65 'e'
    │ together      get-time
"#,
    );
    assert_has_lines(
        &text,
        r#"
    │ payload       1a ^ 19 = 03  XOR with the key (RFC 6455 section 5.3)
    │               32 ^ db = e9
    │ close code    03 e9         1001: going away (RFC 6455 section 7.4.1)
"#,
    );
    assert_has_lines(
        &text,
        r#"
    │ length           .0010100  20 bytes of payload (RFC 6455 section 5.2)
    │ payload       7b 22 74 69 6d 65 22 3a 20 22  {"time": "
    │               30 39 3a 34 33 3a 33 38        09:43:38  the time itself
"#,
    );
}

#[test]
fn plain_text_as_it_was_sent() {
    let mut tcp = Connection::v4();
    tcp.open().data(SERVER, b"Hello!\nServer time: 09:31:35\n\n").ack(CLIENT);
    tcp.wait(10_000).data(CLIENT, b"time\n").data(SERVER, b"09:31:45\n\n").ack(CLIENT);
    assert_has_lines(
        &shown(&tcp.pcap()),
        "
T1  ←  0.000300 s  text, 30 bytes
    │ Hello!
    │ Server time: 09:31:35
    │

T2  →  10.000500 s  text, 5 bytes
    │ time

T3  ←  10.000600 s  text, 10 bytes
    │ 09:31:45
    │
",
    );
}

#[test]
fn events_with_what_ends_them() {
    let mut sse = Connection::v4();
    sse.open().data(CLIENT, b"GET /time HTTP/1.1\r\n\r\n").data(
        SERVER,
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    sse.data(SERVER, b"1c\r\ndata: {\"time\": \"11:42:14\"}\n\n\r\n").ack(CLIENT);
    sse.data(SERVER, b"0\r\n\r\n").ack(CLIENT);
    assert_has_lines(
        &shown(&sse.pcap()),
        r#"
K1  ←  0.000500 s  chunk, 34 bytes
    │ 1c                                28 bytes of data follow
    │ data: {"time": "11:42:14"}
    │                                   empty line: ends the event
    │                                   ends the chunk

K2  ←  0.000700 s  last chunk, 5 bytes
    │ 0                                 the last chunk
    │                                   empty line: ends the response
"#,
    );
    let output = run(&["show", "--explain", "-"], &sse.pcap());
    assert_has_lines(
        &String::from_utf8(output.stdout).unwrap(),
        r#"
    │ chunk size    1c\r\n    28 bytes of data follow
    │ event field   data: {"time": "
    │ time          11:42:14  the time itself
    │ event field   "}\n
    │ empty line    \n        ends the event (HTML standard section 9.2.6)
    │ chunk end     \r\n      ends the chunk (RFC 9112 section 7.1)
"#,
    );
}

#[test]
fn the_last_chunk_ends_what_its_side_sends() {
    let mut http = Connection::v4();
    http.open();
    let chunks = "Transfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n\r\n";
    http.data(CLIENT, format!("POST / HTTP/1.1\r\nHost: a\r\n{chunks}").as_bytes()).ack(SERVER);
    http.data(SERVER, format!("HTTP/1.1 200 OK\r\n{chunks}").as_bytes()).ack(CLIENT);
    let text = shown(&http.pcap());
    for (label, message) in [("K1  →", "request"), ("K2  ←", "response")] {
        let chunk = text.split(label).nth(1).unwrap().split("\n\n").next().unwrap();
        assert!(chunk.ends_with(&format!("  empty line: ends the {message}")), "{chunk}");
    }
}

/// CR ends a line with LF alone.
#[test]
fn a_carriage_return_that_ends_no_line_is_shown() {
    let mut text = Connection::v4();
    text.open().data(CLIENT, b"a\rb\r\nc\r\r\nd\r").data(SERVER, b"e\xff\r\n\xff\r").close(CLIENT);
    let text = shown(&text.pcap());
    for line in ["a\\rb", "c\\r", "d\\r", "e\\xff", "\\xff\\r"] {
        assert!(text.contains(&format!("    │ {line}\n")), "{line}\n{text}");
    }
}

/// What follows each head is decided by RFC 9112 section 6.3.
#[test]
fn answers_without_content_and_with_every_kind_of_length() {
    let mut http = Connection::v4();
    http.open();
    let exchanges: [(&str, &str); 8] = [
        ("HEAD / HTTP/1.1", "HTTP/1.1 200 OK\r\nContent-Length: 435\r\n\r\n"),
        ("GET / HTTP/1.1", "HTTP/1.1 304 Not Modified\r\nContent-Length: 435\r\n\r\n"),
        ("GET / HTTP/1.1", "HTTP/1.1 204 No Content\r\n\r\n"),
        (
            "GET / HTTP/1.1",
            "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab",
        ),
        ("GET / HTTP/1.1", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        (
            "GET / HTTP/1.1",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\ncd\r\n0\r\nT: u\r\n\r\n",
        ),
        ("POST / HTTP/1.1\r\nContent-Length: 3", "HTTP/1.1 200 OK\nContent-Length: 1\n\ne"),
        ("GET / HTTP/1.1", "HTTP/1.0 200 OK\r\n\r\nuntil the end"),
    ];
    for (index, (request, answer)) in exchanges.iter().enumerate() {
        let content = if index == 6 { "xyz" } else { "" };
        http.data(CLIENT, format!("{request}\r\n\r\n{content}").as_bytes());
        http.data(SERVER, answer.as_bytes());
    }
    http.data(SERVER, b", really").close(SERVER);
    let text = messages(&shown(&http.pcap()));
    let headings: Vec<&str> = text.lines().filter(|line| line.contains(" s  ")).collect();
    assert_eq!(
        headings,
        [
            "───── s  ",
            "Q1 s  request, 19 bytes",
            "A1 s  response, 40 bytes",
            "Q2 s  request, 18 bytes",
            "A2 s  response, 50 bytes",
            "Q3 s  request, 18 bytes",
            "A3 s  response, 27 bytes",
            "Q4 s  request, 18 bytes",
            "A4 s  response, 28 bytes",
            "A5 s  response, 38 bytes",
            "B1 s  content, 2 bytes",
            "Q5 s  request, 18 bytes",
            "A6 s  response, 38 bytes",
            "Q6 s  request, 18 bytes",
            "A7 s  response, 47 bytes",
            "K1 s  chunk, 11 bytes",
            "K2 s  last chunk, 11 bytes",
            "Q7 s  request, 38 bytes",
            "B2 s  content, 3 bytes",
            "A8 s  response, 35 bytes",
            "B3 s  content, 1 byte",
            "Q8 s  request, 18 bytes",
            "A9 s  response, 19 bytes",
            "B4 s  content, 13 bytes",
            "B5 s  content, 8 bytes",
            "S s  the server has nothing more to send (FIN)",
            "C s  the client has nothing more to send (FIN)",
        ]
    );
}

/// The units of the answer to a request, with their sizes.
fn answer(head: &str, content: &str) -> Vec<(payloads::decode::UnitKind, usize)> {
    let mut http = Connection::v4();
    http.open().data(CLIENT, b"GET / HTTP/1.1\r\n\r\n");
    http.data(SERVER, format!("HTTP/1.1 200 OK\r\n{head}\r\n{content}").as_bytes());
    http.close(SERVER);
    let transcripts = payloads::report::transcript::read(http.pcap().as_slice(), None).unwrap();
    transcripts[0].units[2..].iter().map(|unit| (unit.kind, unit.bytes.len())).collect()
}

/// RFC 9112 section 6.3.
#[test]
fn lengths_that_are_repeated_or_overridden() {
    use payloads::decode::UnitKind::{Body, Chunk, Misfit, Response};
    let next = "HTTP/1.1 204 No Content\r\n\r\n";
    for lengths in ["Content-Length: 5, 5\r\n", "Content-Length: 5\r\nContent-Length: 5\r\n"] {
        assert_eq!(answer(lengths, &format!("hello{next}")), [(Body, 5), (Response, next.len())]);
    }
    for lengths in ["Content-Length: 5, 6\r\n", "Content-Length: +5\r\n"] {
        assert_eq!(answer(lengths, "hello, world"), [(Body, 12)], "{lengths}");
    }
    // What follows in the same segment is no head, whatever it ends with.
    let garbage = "get\r\n\r\nmore";
    assert_eq!(
        answer("Content-Length: 5\r\n", &format!("hello{garbage}")),
        [(Body, 5), (Misfit, garbage.len())]
    );
    for (head, content, expected) in [
        ("Transfer-Encoding: gzip\r\nContent-Length: 5\r\n", "hello, world", (Body, 12)),
        ("Content-Length: 5\r\nTransfer-Encoding: gzip\r\n", "hello, world", (Body, 12)),
        ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "5\r\nhello\r\n", (Chunk, 10)),
    ] {
        assert_eq!(answer(head, content), [expected], "{head}");
    }
    // Content that is compressed is no line of events.
    let events = "Content-Type: text/event-stream\r\nContent-Encoding:";
    assert_eq!(answer(&format!("{events} gzip\r\n"), "data: 1\n\n"), [(Body, 9)]);
    let event = payloads::decode::UnitKind::Event;
    assert_eq!(answer(&format!("{events} identity\r\n"), "data: 1\n\n"), [(event, 9)]);
    // More fields than most heads have.
    let fields = "A: b\r\n".repeat(400);
    let fields = format!("{fields}Content-Length: 5\r\n");
    assert_eq!(answer(&fields, "hello"), [(Body, 5)]);
    assert_eq!(answer("A b\r\n", "hello"), [(Body, 5)]);
}

/// Where a request or an answer is not in the capture, the next ones still belong together.
#[test]
fn answers_belong_to_their_requests_though_some_are_missing() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
    let answer = [&head[..], b"hello"].concat();
    let mut midway = Connection::v4();
    midway.data(SERVER, &answer).ack(CLIENT);
    midway.data(CLIENT, b"HEAD / HTTP/1.1\r\n\r\n").data(SERVER, head);
    midway.data(CLIENT, b"GET / HTTP/1.1\r\n\r\n").data(SERVER, &answer).ack(CLIENT);
    let mut gap = Connection::v4();
    gap.open().data(CLIENT, b"GET / HTTP/1.1\r\n\r\n").data(SERVER, &answer);
    gap.data(CLIENT, b"GET / HTTP/1.1\r\n\r\n").lose(SERVER, 60).ack(CLIENT);
    gap.data(CLIENT, b"HEAD / HTTP/1.1\r\n\r\n").data(SERVER, head);
    gap.data(CLIENT, b"GET / HTTP/1.1\r\n\r\n").data(SERVER, &answer).ack(CLIENT);
    for connection in [midway, gap] {
        let text = messages(&shown(&connection.pcap()));
        let server: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with(['A', 'B']))
            .filter_map(|line| Some(line.split_once(" s  ")?.1))
            .collect();
        let (head, content) = ("response, 38 bytes", "content, 5 bytes");
        assert_eq!(server, [head, content, head, head, content], "{text}");
    }
}

#[test]
fn times_count_from_the_first_packet_of_the_capture() {
    let mut frames = writer::frames(&document().packets, writer::Link::Ethernet);
    let arp = [&[2; 12][..], &[8, 6], &[0; 28]].concat();
    frames.insert(0, (frames[0].0 - 2_000_000, arp));
    let output = run(&["show", "-"], &writer::pcap_of(&frames, 1, false, false, u32::MAX));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("─────  2.000000 s  client "), "{text}");
    assert!(text.contains("Q1  →  2.000300 s  request"), "{text}");
}

#[test]
fn a_capture_cannot_write_to_the_terminal() {
    let mut tcp = Connection::v4();
    let evil = "\x1b[2J\x07\r\x08\x7f\u{9b}31m\u{202e}\u{2066}\u{200b}\u{feff}é日本\n";
    tcp.open().data(CLIENT, evil.as_bytes()).data(SERVER, b"\xff\xfe\xc3(\x00\t\n");
    for arguments in [&["show", "-"][..], &["show", "--explain", "-"]] {
        let output = run(arguments, &tcp.pcap());
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(
            text.contains(r"\x1b[2J\x07\r\x08\x7f\u{9b}31m\u{202e}\u{2066}\u{200b}\u{feff}é日本")
        );
        assert!(text.contains(r"\xff\xfe\xc3(\x00\t"), "{text}");
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text}");
    }
}

#[test]
fn colours_change_nothing_else() {
    use payloads::{
        input::Reader,
        report::show::{Show, Style},
    };
    for explain in [false, true] {
        let capture = document().pcap();
        let [plain, colored] = [false, true].map(|color| {
            let mut text = Vec::new();
            let mut show = Show::new(&mut text, Style { explain, color, width: None }, None);
            let mut reader = Reader::new(capture.as_slice());
            while let Some(packet) = reader.next_packet().unwrap() {
                show.packet(&packet).unwrap();
            }
            show.finish().unwrap();
            drop(show);
            String::from_utf8(text).unwrap()
        });
        assert!(!plain.contains('\x1b'));
        assert!(colored.contains("\x1b[1;32m09:43:38\x1b[0m"), "{colored}");
        let stripped: String = colored
            .split('\x1b')
            .enumerate()
            .map(|(index, piece)| match index {
                0 => piece,
                _ => &piece[piece.find('m').unwrap() + 1..],
            })
            .collect();
        assert_eq!(stripped, plain);
    }
}

#[test]
fn several_connections_are_told_apart() {
    let mut one = Connection::new(writer::v4(1, 50_001), writer::v4(2, 8000));
    let mut two = Connection::new(writer::v4(3, 50_002), writer::v4(2, 8000));
    one.open().data(CLIENT, b"one\n");
    two.time = one.time;
    two.open().data(CLIENT, b"two\n");
    one.time = two.time;
    let opened = one.packets.len();
    one.data(CLIENT, b"three\n");
    let mut packets = one.packets.clone();
    packets.splice(opened..opened, two.packets);
    let text = shown(&writer::pcap(&packets));
    let headings: Vec<&str> = text.lines().filter(|line| line.contains(" s  ")).collect();
    assert_eq!(
        headings,
        [
            "─────  0.000000 s  client 192.0.2.1:50001 asks server 192.0.2.2:8000 for a connection",
            "T1  →  0.000300 s  text, 4 bytes",
            "─────  0.000400 s  connection 2: client 192.0.2.3:50002 asks server 192.0.2.2:8000 for a connection",
            "T2  →  0.000700 s  connection 2: text, 4 bytes",
            "T3  →  0.000800 s  connection 1: text, 6 bytes",
        ]
    );
}

#[test]
fn labels_stand_apart_from_arrows_however_long_they_are() {
    let mut tcp = Connection::v4();
    tcp.open();
    for _ in 0..100 {
        tcp.data(CLIENT, b"what time is it?\n");
    }
    let text = shown(&tcp.pcap());
    for heading in ["T9  →  ", "T10 →  ", "T100 →  "] {
        assert!(text.lines().any(|line| line.starts_with(heading)), "{text}");
    }
}

#[test]
fn mistakes_are_one_line_and_status_1() {
    for (arguments, words) in [
        (&["show", "no-such.pcap"][..], "no-such.pcap cannot be opened"),
        (&["stats", "no-such.pcap"], "no-such.pcap cannot be opened"),
        (&["stats", "."], ". cannot be read"),
        (&[], "say what to do with a capture: show, page or stats, as in payloads show my.pcap"),
        (&["stats"], "no capture is named: name one or more, as in payloads stats my.pcap"),
        (&["show", "--port", "0", "x"], "a port is a whole number from 1 to 65535"),
        (&["show", "--port", "http", "x"], "a port is a whole number from 1 to 65535"),
        (&["show", "--port", "65536", "x"], "a port is a whole number from 1 to 65535"),
        (&["show", "--foo"], "see payloads --help"),
        (&["show", "--explian", "x"], "did you mean --explain?"),
        (&["show", "--color", "often", "x"], "see payloads --help"),
        (&["shwo", "x"], "did you mean show?"),
        (&["my.pcap"], "to show a capture, type payloads show my.pcap"),
        (
            &["a\x1b[2Jb"],
            r#"no command "a\x1b[2Jb": to show a capture, type payloads show a\x1b[2Jb"#,
        ),
    ] {
        let output = run(arguments, b"");
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert_eq!(said.lines().count(), 1, "{arguments:?}: {said}");
        assert!(said.contains(words), "{arguments:?}: {said}");
        assert!(output.stdout.is_empty());
    }
    for arguments in [&["--help"][..], &["show", "--help"]] {
        let output = run(arguments, b"");
        assert!(output.status.success());
        assert!(output.stderr.is_empty() && !output.stdout.is_empty());
    }
}

#[test]
fn an_empty_capture_is_called_so() {
    let empty = Connection::v4().pcap();
    for arguments in [&["show", "-"][..], &["stats", "-"]] {
        let output = run(arguments, &empty);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success());
        assert!(said.contains("standard input: is empty: no packet was captured"), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

#[test]
fn a_capture_that_cannot_be_read_takes_no_figures_from_the_others() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/captures");
    let [first, last] = ["tcpapp", "wsapp"].map(|app| format!("{folder}/{app}.pcap"));
    let make = format!("{folder}/make.sh");
    let output = run(&["stats", &first, &make, "no-such.pcap", &last], b"");
    let both = run(&["stats", &first, &last], b"");
    assert_eq!(output.status.code(), Some(1));
    assert!(both.status.success());
    assert_eq!(output.stdout, both.stdout);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.lines().count(), 2, "{said}");
    assert!(said.contains("make.sh is not a packet capture"), "{said}");
    assert!(said.contains("no-such.pcap cannot be opened"), "{said}");
}

#[test]
fn colours_are_as_the_command_line_says() {
    let capture = document().pcap();
    for (color, has_color) in [("always", true), ("never", false), ("auto", false)] {
        let output = run(&["show", "--color", color, "-"], &capture);
        assert_eq!(output.stdout.contains(&b'\x1b'), has_color, "{color}");
    }
}

#[test]
fn output_that_nobody_reads_ends_it_quietly() {
    let mut tcp = Connection::v4();
    tcp.open();
    for _ in 0..20_000 {
        tcp.data(CLIENT, b"a line of text\n");
    }
    let mut child = Command::new(env!("CARGO_BIN_EXE_payloads"))
        .args(["show", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let capture = tcp.pcap();
    let writer = thread::spawn(move || {
        let _ = stdin.write_all(&capture);
    });
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("for a connection"));
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(said, "");
    assert!(child.wait().unwrap().success());
    writer.join().unwrap();
}

/// A running `payloads show -`, with the lines it prints as they come.
struct Live {
    child: std::process::Child,
    lines: mpsc::Receiver<String>,
}

impl Live {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_payloads"))
            .args(["show", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in stdout.lines() {
                if sender.send(line.unwrap()).is_err() {
                    break;
                }
            }
        });
        Self { child, lines }
    }

    fn write(&mut self, bytes: &[u8]) {
        let stdin = self.child.stdin.as_mut().unwrap();
        stdin.write_all(bytes).unwrap();
        stdin.flush().unwrap();
    }

    /// Waits for a line with these words.
    fn wait_for(&self, words: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) if line.contains(words) => return line,
                Ok(_) => {}
                Err(_) => panic!("{words} did not come"),
            }
        }
    }
}

/// The header and each packet on its own, and each of those in two parts.
#[test]
fn a_message_appears_as_soon_as_its_last_packet_was_read() {
    let capture = document().pcap();
    let frames = writer::frames(&document().packets, writer::Link::Ethernet);
    let mut live = Live::start();
    live.write(&capture[..3]);
    live.write(&capture[3..24]);
    let mut at = 24;
    for (index, (_, frame)) in frames.iter().enumerate() {
        let end = at + 16 + frame.len();
        live.write(&capture[at..at + 20]);
        live.write(&capture[at + 20..end]);
        at = end;
        // All that this packet completes, though nothing follows.
        match index {
            0 => live.wait_for("for a connection"),
            3 => live.wait_for("request, "),
            4 => live.wait_for("response, "),
            6 => live.wait_for("8 bytes: get-time"),
            7 => live.wait_for("{\"time\": \"09:43:38\"}"),
            _ => continue,
        };
    }
    drop(live.child.stdin.take());
    live.wait_for("395 shown, 0 sent again");
    assert!(live.child.wait().unwrap().success());
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_with_what_was_seen() {
    let capture = document().pcap();
    let mut live = Live::start();
    // All but the last packet, and the pipe stays open.
    live.write(&capture[..capture.len() - 82]);
    live.wait_for("the server has nothing more");
    testing::signal(&live.child, "INT");
    live.wait_for("395 shown, 0 sent again");
    assert!(live.child.wait().unwrap().success());
}

#[cfg(unix)]
#[test]
fn what_the_pipe_brings_after_ctrl_c_is_shown() {
    let capture = document().pcap();
    let mut live = Live::start();
    live.write(&capture[..500]);
    live.wait_for("for a connection");
    testing::signal(&live.child, "INT");
    // As tcpdump does on Ctrl-C: the rest, then the end.
    live.write(&capture[500..]);
    drop(live.child.stdin.take());
    live.wait_for("395 shown, 0 sent again");
    assert!(live.child.wait().unwrap().success());
}

/// As with `payloads show big.pcap | less`, of which a page was read.
#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_though_nobody_reads_the_output() {
    let mut tcp = Connection::v4();
    tcp.open();
    for _ in 0..2_000 {
        tcp.data(SERVER, &[b'x'; 1_000]);
    }
    let capture = tcp.pcap();
    for once in [true, false] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_payloads"))
            .args(["show", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (mut stdin, capture) = (child.stdin.take().unwrap(), capture.clone());
        let writer = thread::spawn(move || {
            let _ = stdin.write_all(&capture);
        });
        child.stdout.as_mut().unwrap().read_exact(&mut [0; 100]).unwrap();
        let started = Instant::now();
        let mut signals = 0;
        let status = loop {
            if signals == 0 || !once {
                testing::signal(&child, "INT");
                signals += 1;
            }
            match child.try_wait().unwrap() {
                Some(status) => break status,
                None if started.elapsed() > PATIENCE => {
                    child.kill().unwrap();
                    panic!("still there after {signals} signals");
                }
                None => thread::sleep(Duration::from_millis(5)),
            }
        };
        assert_eq!(status.code(), Some(1));
        let mut said = String::new();
        child.stderr.unwrap().read_to_string(&mut said).unwrap();
        let unfinished = "payloads: left unfinished, because nothing reads the output\n";
        assert_eq!(said, if once { unfinished } else { "" });
        writer.join().unwrap();
    }
}

/// A request that acknowledges an answer which was not captured is not held back for it.
#[test]
fn what_acknowledges_lost_bytes_appears_live() {
    let mut http = Connection::v4();
    http.open().data(CLIENT, b"GET /1 HTTP/1.1\r\n\r\n").lose(SERVER, 50);
    http.data(CLIENT, b"GET /2 HTTP/1.1\r\n\r\n");
    let mut live = Live::start();
    live.write(&http.pcap());
    live.wait_for("GET /2");

    // In a file, another connection's packet does it.
    let mut other = Connection::new(writer::v4(3, 50_000), writer::v4(2, 8000));
    other.time = http.time;
    for (wait, comes_before) in [(0, false), (100, true)] {
        let mut other = other.clone();
        other.wait(wait).open();
        let text = shown(&writer::pcap(&[&http.packets[..], &other.packets].concat()));
        let place = |what: &str| text.find(what).unwrap();
        assert_eq!(place("GET /2") < place("client 192.0.2.3"), comes_before, "{text}");
    }
}
