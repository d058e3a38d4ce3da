//! What WebSocket frames and handshakes do against RFC 6455 is named, with its section.

mod writer;

use payloads::{
    decode::{UnitKind, Violation},
    report::transcript,
};
use writer::{CLIENT, Connection, SERVER, messages, run, shown};

const REQUEST: &str = "GET /time HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

const RESPONSE: &str =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";

const VERSION: &str = "Sec-WebSocket-Version: 13\r\n";

const ACCEPT: &str = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

fn handshake(request: &str, response: &str) -> Connection {
    let mut ws = Connection::v4();
    ws.open().data(CLIENT, format!("{REQUEST}{request}\r\n").as_bytes());
    ws.data(SERVER, format!("{RESPONSE}{response}\r\n").as_bytes()).ack(CLIENT);
    ws
}

/// A frame with this first byte, as `side` sends it.
fn frame(side: usize, first: u8, payload: &[u8]) -> Vec<u8> {
    let len = u8::try_from(payload.len()).unwrap();
    assert!(len < 126);
    match side {
        SERVER => [&[first, len], payload].concat(),
        _ => {
            let key = [0x11, 0x22, 0x33, 0x44];
            let masked = payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key);
            [&[first, 0x80 | len], &key[..], &masked.collect::<Vec<_>>()].concat()
        }
    }
}

/// The violations of each frame that was sent, by their labels.
fn violations(connection: &Connection) -> Vec<(String, Vec<Violation>)> {
    let transcript = transcript::read(connection.pcap().as_slice(), None).unwrap().remove(0);
    let found = transcript.units.iter().filter(|unit| !unit.violations.is_empty());
    found.map(|unit| (unit.label(), unit.violations.clone())).collect()
}

/// Frames of either side after an agreement to nothing.
fn after_handshake(frames: &[(usize, &[u8])]) -> Connection {
    let mut ws = handshake(VERSION, ACCEPT);
    for (side, frame) in frames {
        for segment in frame.chunks(30_000) {
            ws.data(*side, segment).ack(1 - side);
        }
    }
    ws
}

fn assert_found(frames: &[(usize, &[u8])], expected: &[(&str, Violation)]) {
    let ws = after_handshake(frames);
    let expected: Vec<_> =
        expected.iter().map(|(label, violation)| ((*label).to_owned(), vec![*violation])).collect();
    assert_eq!(violations(&ws), expected, "{frames:x?}");
    let text = messages(&shown(&ws.pcap()));
    let output = run(&["show", "--explain", "-"], &ws.pcap());
    let explained = String::from_utf8(output.stdout).unwrap();
    let output = run(&["show", "--json", "-"], &ws.pcap());
    let json = String::from_utf8(output.stdout).unwrap();
    for (_, violations) in expected {
        let violation = violations[0];
        assert!(violation.text().contains("(RFC 6455 section "), "{}", violation.text());
        let is_of_meaning = violation == Violation::HalfCloseCode;
        assert!(is_of_meaning || text.contains(&format!("    │ {}\n", violation.text())), "{text}");
        assert!(is_of_meaning || explained.contains(violation.text()), "{explained}");
        assert!(json.contains(&format!("{{\"kind\":\"note\",\"note\":\"{}\"", violation.word())));
    }
}

#[test]
fn what_is_allowed_is_not_blamed() {
    let empty_close = frame(CLIENT, 0x88, b"");
    let frames: [(usize, &[u8]); 12] = [
        (SERVER, &frame(SERVER, 0x81, "é日本🦀".as_bytes())),
        (SERVER, &frame(SERVER, 0x82, b"\xff\xfe")),
        // A character in two fragments, with a ping between them, and an empty fragment.
        (CLIENT, &frame(CLIENT, 0x01, b"\xf0\x9f")),
        (CLIENT, &frame(CLIENT, 0x89, b"\xff")),
        (SERVER, &frame(SERVER, 0x8a, b"\xff")),
        (CLIENT, &frame(CLIENT, 0x00, b"")),
        (CLIENT, &frame(CLIENT, 0x80, b"\xa6\x80")),
        (SERVER, &[&[0x82, 126, 0, 126][..], &[7; 126]].concat()),
        (SERVER, &[&[0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0][..], &vec![7; 65_536]].concat()),
        // After the client's close the server may still send, and both may ping.
        (CLIENT, &empty_close),
        (SERVER, &frame(SERVER, 0x81, b"late")),
        (SERVER, &frame(SERVER, 0x88, b"\x03\xe8bye")),
    ];
    assert_found(&frames, &[]);
}

#[test]
fn control_frames_are_short_and_whole() {
    use Violation::{ContinuationAlone, ControlFragmented, ControlTooLong};
    let ping = frame(CLIENT, 0x09, b"hi");
    let end = frame(CLIENT, 0x80, b"!");
    assert_found(
        &[(CLIENT, &ping), (CLIENT, &end)],
        &[("C1", ControlFragmented), ("C2", ContinuationAlone)],
    );
    // Its fragments are not those of the message around it.
    let (text, rest) = (frame(CLIENT, 0x01, b"a"), frame(CLIENT, 0x80, b"b"));
    assert_found(
        &[(CLIENT, &text), (CLIENT, &ping), (CLIENT, &rest)],
        &[("C2", ControlFragmented)],
    );
    let long = [&[0x89, 126, 0, 126][..], &[b'x'; 126]].concat();
    assert_found(&[(SERVER, &long)], &[("S1", ControlTooLong)]);
    let ws = after_handshake(&[(CLIENT, &ping)]);
    let output = run(&["show", "--explain", "-"], &ws.pcap());
    let explained = String::from_utf8(output.stdout).unwrap();
    let line =
        "FIN           09 0.......  a control frame must not be fragmented (RFC 6455 section 5.5)";
    assert!(explained.contains(line), "{explained}");
}

#[test]
fn fragments_follow_each_other() {
    use Violation::{ContinuationAlone, MessageInside};
    let alone = frame(SERVER, 0x80, b"b");
    assert_found(&[(SERVER, &alone)], &[("S1", ContinuationAlone)]);
    // The message that the other side has begun is another.
    let begun = frame(CLIENT, 0x01, b"a");
    assert_found(&[(CLIENT, &begun), (SERVER, &alone)], &[("S1", ContinuationAlone)]);
    let (first, whole) = (frame(SERVER, 0x01, b"a"), frame(SERVER, 0x81, b"c"));
    assert_found(&[(SERVER, &first), (SERVER, &whole)], &[("S2", MessageInside)]);
    assert_found(
        &[(SERVER, &first), (SERVER, &whole), (SERVER, &alone)],
        &[("S2", MessageInside), ("S3", ContinuationAlone)],
    );
    // Where the first fragment may be missing, nothing can be said.
    let mut lost = after_handshake(&[]);
    lost.lose(SERVER, 3).data(SERVER, &alone).ack(CLIENT);
    assert_eq!(violations(&lost), []);
    let mut midway = Connection::v4();
    midway.data(SERVER, &whole).data(SERVER, &first).data(SERVER, &alone).ack(CLIENT);
    midway.data(SERVER, &alone).ack(CLIENT);
    let frames = transcript::read(midway.pcap().as_slice(), None).unwrap().remove(0).units;
    assert!(frames.iter().all(|unit| unit.kind == UnitKind::Frame), "{frames:?}");
    assert_eq!(violations(&midway), [("S4".to_owned(), vec![ContinuationAlone])]);
}

#[test]
fn lengths_have_their_shortest_form() {
    use Violation::{LengthNotShortest, LengthTooLong};
    let short = |len: u8| [&[0x82, 126, 0, len][..], &vec![7; len.into()]].concat();
    for len in [0, 8, 125] {
        assert_found(&[(SERVER, &short(len))], &[("S1", LengthNotShortest)]);
    }
    let long = |len: u16| {
        let bytes = len.to_be_bytes();
        [&[0x82, 127, 0, 0, 0, 0, 0, 0, bytes[0], bytes[1]][..], &vec![7; len.into()]].concat()
    };
    for len in [3, 126, 65_535] {
        assert_found(&[(SERVER, &long(len))], &[("S1", LengthNotShortest)]);
    }
    assert_found(&[(SERVER, &[0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0, 7])], &[("S1", LengthTooLong)]);
}

#[test]
fn text_is_utf_8() {
    use Violation::{NotUtf8, ReasonNotUtf8};
    for (fragments, label) in [
        (&[&b"\xff"[..]][..], "C1"),
        (&[b"a\xc3"], "C1"),
        (&[b"a\xed\xa0\x80"], "C1"),
        // The character's rest is not its rest, or does not come.
        (&[b"\xf0\x9f", b"\xa6x"], "C2"),
        (&[b"\xf0\x9f", b"\xa6", b""], "C3"),
        // What is wrong is said once.
        (&[b"\xff", b"\xff", b"ok"], "C1"),
    ] {
        let frames: Vec<_> = fragments
            .iter()
            .enumerate()
            .map(|(index, fragment)| {
                let fin = if index + 1 == fragments.len() { 0x80 } else { 0 };
                frame(CLIENT, fin | u8::from(index == 0), fragment)
            })
            .collect();
        let frames: Vec<_> = frames.iter().map(|frame| (CLIENT, frame.as_slice())).collect();
        assert_found(&frames, &[(label, NotUtf8)]);
    }
    // A long frame comes in parts, and the last of them is the one that shows it.
    let mut payload = vec![b'x'; 20_000];
    payload[18_000] = 0xff;
    let long = [&[0x81, 126][..], &20_000_u16.to_be_bytes(), &payload].concat();
    assert_found(&[(SERVER, &long)], &[("S1", NotUtf8)]);
    let reason = frame(SERVER, 0x88, b"\x03\xe8\xff");
    assert_found(&[(SERVER, &reason)], &[("S1", ReasonNotUtf8)]);
    for (side, reason, meaning) in [
        (SERVER, &b"\xff"[..], "the reason is not UTF-8 (RFC 6455 section 5.5.1)"),
        (CLIENT, b"\xff", "the reason is not UTF-8 (RFC 6455 section 5.5.1)"),
        (SERVER, "é".as_bytes(), "UTF-8 (RFC 6455 section 5.5.1)"),
        (CLIENT, "é".as_bytes(), "UTF-8 (RFC 6455 section 5.5.1)"),
    ] {
        let close = frame(side, 0x88, &[b"\x03\xe8", reason].concat());
        let output = run(&["show", "--explain", "-"], &after_handshake(&[(side, &close)]).pcap());
        let text = String::from_utf8(output.stdout).unwrap();
        let line = text.lines().find(|line| line.contains("│ reason  ")).unwrap();
        let words: Vec<&str> = line.split_whitespace().skip(3).collect();
        assert_eq!(words.join(" "), meaning);
    }
    // Text that is packed is text when it is unpacked: here a stored block of the byte ff.
    let mut ws =
        handshake(VERSION, &format!("{ACCEPT}Sec-WebSocket-Extensions: permessage-deflate\r\n"));
    ws.data(SERVER, &frame(SERVER, 0xc1, b"\x00\x01\x00\xfe\xff\xff\x00")).ack(CLIENT);
    ws.data(SERVER, &frame(SERVER, 0xc1, b"\xf2\x48\xcd\xc9\xc9\x07\x00")).ack(CLIENT);
    assert_eq!(violations(&ws), [("S1".to_owned(), vec![NotUtf8])]);
}

#[test]
fn a_side_sends_no_data_after_its_close() {
    use Violation::{CloseCode, DataAfterClose, HalfCloseCode};
    let close = frame(CLIENT, 0x88, b"\x03\xe8");
    let (text, fragment) = (frame(CLIENT, 0x81, b"get-time"), frame(CLIENT, 0x01, b"a"));
    let ping = frame(CLIENT, 0x89, b"");
    let answer = frame(SERVER, 0x81, b"x");
    assert_found(
        &[
            (CLIENT, &close),
            (CLIENT, &text),
            (SERVER, &answer),
            (CLIENT, &ping),
            (CLIENT, &fragment),
        ],
        &[("C2", DataAfterClose), ("C4", DataAfterClose)],
    );
    assert_found(&[(CLIENT, &frame(CLIENT, 0x88, b"\x03"))], &[("C1", HalfCloseCode)]);
    for (code, is_wrong) in [(999, true), (1000, false), (1005, true), (1006, true), (1015, true)]
        .into_iter()
        .chain([(3000, false), (4999, false), (5000, true)])
    {
        let close = frame(SERVER, 0x88, &u16::to_be_bytes(code));
        let expected = [("S1", CloseCode)];
        assert_found(&[(SERVER, &close)], &expected[..usize::from(is_wrong)]);
    }
}

#[test]
fn clients_mask_and_servers_do_not() {
    use Violation::{Masked, NotMasked};
    let (masked, plain) = (frame(CLIENT, 0x81, b"a"), frame(SERVER, 0x81, b"a"));
    assert_found(&[(SERVER, &masked), (CLIENT, &plain)], &[("S1", Masked), ("C1", NotMasked)]);
}

#[test]
fn reserved_bits_and_opcodes_are_for_extensions() {
    use Violation::{ReservedBits, ReservedOpcode};
    for first in [0xc1, 0xa1, 0x91, 0xc9] {
        assert_found(&[(SERVER, &frame(SERVER, first, b"a"))], &[("S1", ReservedBits)]);
    }
    for first in [0x83, 0x87, 0x8b, 0x8f] {
        assert_found(&[(SERVER, &frame(SERVER, first, b"a"))], &[("S1", ReservedOpcode)]);
    }
    let extension = |extension: &str, frame: &[u8]| {
        let field = format!("{ACCEPT}Sec-WebSocket-Extensions: {extension}\r\n");
        let mut ws = handshake(VERSION, &field);
        ws.data(SERVER, frame).ack(CLIENT);
        violations(&ws)
    };
    let packed = frame(SERVER, 0xc1, b"\xf2\x48\xcd\xc9\xc9\x07\x00");
    assert_eq!(extension("permessage-deflate", &packed), []);
    let found = |violation| [("S1".to_owned(), vec![violation])];
    assert_eq!(extension("permessage-deflate", &frame(SERVER, 0xa1, b"a")), found(ReservedBits));
    assert_eq!(extension("permessage-deflate", &frame(SERVER, 0xc9, b"a")), found(ReservedBits));
    // What an extension that is not known does with them is its own affair.
    assert_eq!(extension("x-foo", &frame(SERVER, 0xa1, b"a")), []);
}

#[test]
fn the_accept_is_that_of_the_key() {
    let right = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
    for (field, is_right) in [
        (format!("Sec-WebSocket-Accept: {right}\r\n"), true),
        (format!("sec-websocket-accept:  {right} \t\r\n"), true),
        // The whole value counts, and nothing but it.
        (format!("Sec-WebSocket-Accept: {right}-wrong\r\n"), false),
        (format!("Sec-WebSocket-Accept: {}\r\n", &right[..20]), false),
        (format!("Sec-WebSocket-Accept: {}\r\n", right.to_lowercase()), false),
        (format!("X-Accept: {right}\r\n"), false),
        (String::new(), false),
    ] {
        let mut ws = handshake(VERSION, &field);
        ws.data(SERVER, &frame(SERVER, 0x81, b"hi")).ack(CLIENT);
        let found = violations(&ws);
        let expected = [("A1".to_owned(), vec![Violation::WrongAccept])];
        assert_eq!(found, expected[usize::from(is_right)..], "{field}");
        let text = messages(&shown(&ws.pcap()));
        let line = "S s  no Sec-WebSocket-Accept that goes with the key: the client must fail the \
                    connection (RFC 6455 section 4.1)\n";
        assert_eq!(text.contains(line), !is_right, "{text}");
        // What is sent is read all the same.
        assert!(text.contains("    │ FIN, text, 2 bytes: hi\n"), "{text}");
        let output = run(&["show", "--explain", "-"], &ws.pcap());
        let explained = String::from_utf8(output.stdout).unwrap();
        let verdict =
            if is_right { "as the response says\n" } else { "not as the response says: " };
        assert!(explained.contains(&format!("in base64   {right}")), "{explained}");
        assert!(explained.contains(verdict), "{explained}");
    }
    let parameters = format!("{ACCEPT}Sec-WebSocket-Extensions: permessage-deflate; foo=1\r\n");
    let found = violations(&handshake(VERSION, &parameters));
    assert_eq!(found, [("A1".to_owned(), vec![Violation::WrongParameters])]);
}

/// Without `Sec-WebSocket-Version: 13`, what follows is not read as frames of RFC 6455, unless the
/// answer to the key shows that it is.
#[test]
fn a_websocket_from_before_the_standard_is_not_read_as_one() {
    let other = "what is no WebSocket of RFC 6455";
    let kinds = |connection: &Connection| {
        let transcript = transcript::read(connection.pcap().as_slice(), None).unwrap().remove(0);
        let kinds = transcript.units.iter().skip(2).map(|unit| unit.kind);
        (kinds.collect::<Vec<_>>(), shown(&connection.pcap()).contains(other))
    };
    for (request, response) in [
        ("", ""),
        ("Sec-WebSocket-Version: 8\r\n", ACCEPT),
        (
            "Sec-WebSocket-Key1: 4 @1  46546xW%0l 1 5\r\n",
            "Sec-WebSocket-Origin: http://a.example\r\n",
        ),
    ] {
        let mut ws = handshake(request, response);
        ws.data(CLIENT, b"\x00hello\xff").data(SERVER, b"\x00world\xff").ack(CLIENT);
        assert_eq!(kinds(&ws), (vec![UnitKind::Text; 2], true), "{request}");
        assert_eq!(violations(&ws), []);
    }
    for (request, response) in [(VERSION, ""), ("", ACCEPT)] {
        let mut ws = handshake(request, response);
        ws.data(CLIENT, &frame(CLIENT, 0x81, b"a")).ack(SERVER);
        assert_eq!(kinds(&ws), (vec![UnitKind::Frame], false), "{request}");
    }
}
