//! Heads as people and programs really write them, and what a connection speaks by what both of its
//! sides say.

mod writer;

use payloads::{
    decode::{Kind, Part, UnitKind},
    report::{
        explain::explain,
        show::explanation,
        stats::Stats,
        transcript::{self, Transcript},
    },
    tcp::Side,
};
use writer::{ACK, CLIENT, Connection, SERVER, messages, run, shown, v4};

/// A conversation: who says what, in turn.
type Talk<'t> = &'t [(usize, &'t [u8])];

fn connection(talk: Talk<'_>) -> Connection {
    let mut connection = Connection::v4();
    connection.open();
    say(&mut connection, talk);
    connection.close(SERVER);
    connection
}

fn say(connection: &mut Connection, talk: Talk<'_>) {
    for (side, bytes) in talk {
        connection.wait(1_000).data(*side, bytes).ack(1 - side);
    }
}

fn transcript(connection: &Connection) -> Transcript {
    let mut all = transcript::read(connection.pcap().as_slice(), None).unwrap();
    assert_eq!(all.len(), 1);
    let transcript = all.remove(0);
    for unit in &transcript.units {
        assert_eq!(unit.parts.iter().map(|(_, len)| len).sum::<usize>(), unit.bytes.len());
        let mut at = 0;
        for line in explain(unit).iter().filter(|line| line.bits & 1 != 0) {
            assert_eq!(line.range.start, at, "{line:?}");
            at = line.range.end;
        }
        assert_eq!(at, unit.bytes.len(), "{unit:?}");
    }
    transcript
}

/// What is said, a letter and the bytes for each unit: `Q` for a request, `A` for a response, `B` for
/// content, `K` for a chunk, `T` for text, `L` for empty lines, `X` for what is not known.
fn units(talk: Talk<'_>) -> Vec<String> {
    units_of(&connection(talk))
}

fn units_of(connection: &Connection) -> Vec<String> {
    let transcript = transcript(connection);
    let words = transcript.units.iter().map(|unit| {
        let letter = &unit.label()[..1];
        format!("{letter} {}", unit.bytes.escape_ascii())
    });
    words.collect()
}

/// The letters alone.
fn letters(talk: Talk<'_>) -> String {
    units(talk).iter().map(|unit| &unit[..1]).collect()
}

/// What `--explain` says, without spaces that line things up.
fn explained(capture: &[u8]) -> String {
    let output = run(&["show", "--explain", "-"], capture);
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.collect::<Vec<_>>().join("\n")
}

/// What `--json` calls odd about lines.
fn odd(capture: &[u8]) -> Vec<String> {
    let output = run(&["show", "--json", "-"], capture);
    let mut odd = Vec::new();
    for line in std::str::from_utf8(&output.stdout).unwrap().lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        for part in line["parts"].as_array().into_iter().flatten() {
            odd.extend(part.get(4).and_then(|odd| odd.as_str()).map(str::to_owned));
        }
    }
    odd
}

/// That `--explain` has these words, and that `--json` calls the line odd that they are about, or
/// none if they say what is usual.
fn assert_says(connection: &Connection, words: &str) {
    let capture = connection.pcap();
    let text = explained(&capture);
    assert!(text.contains(words), "{words}\nis not in\n{text}");
    let odd = odd(&capture);
    let usual =
        ["method, target, version", "version, status code, reason", "5 bytes of data follow"];
    assert_eq!(odd.is_empty(), usual.contains(&words), "{words}: {odd:?}");
    assert!(odd.iter().all(|odd| text.contains(odd)), "{odd:?}\nis not in\n{text}");
    let words = words.rsplit("; ").next().unwrap();
    assert!(!words.contains("RFC") || odd.iter().any(|odd| odd.contains(words)), "{odd:?}");
}

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";
const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
const BAD: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\n\r\nbad";

/// Each with a request that has 3 bytes of content, and a word of what is said of it.
#[test]
fn an_odd_line_costs_no_request() {
    let lower = "get is not GET: case matters (RFC 9110 section 9.1)";
    for (line, fields, words) in [
        ("POST / HTTP/1.1\r\n", "Accept : a\r\n", "before the colon (RFC 9112 section 5.1)"),
        ("POST / HTTP/1.1\r\n", "Accept\t: a\r\n", "before the colon (RFC 9112 section 5.1)"),
        (
            "POST / HTTP/1.1\r\n",
            "Host a.example\r\n",
            "a colon after its name (RFC 9112 section 2.2)",
        ),
        ("POST / HTTP/1.1\r\n", "A: b\r\n c\r\n", "an obsolete form (RFC 9112 section 5.2)"),
        ("POST / HTTP/1.1\r\n", "A: b\r\n\t\r\n\tc\r\n", "an obsolete form (RFC 9112 section 5.2)"),
        ("POST / HTTP/1.1\r\n", " A: b\r\n", "before the first field (RFC 9112 section 2.2)"),
        (
            "POST / HTTP/1.1\r\n",
            "A: b\x01\r\n",
            "control character is not allowed (RFC 9110 section 5.5)",
        ),
        (
            "POST / HTTP/1.1\r\n",
            "A: b\0c\r\n",
            "control character is not allowed (RFC 9110 section 5.5)",
        ),
        (
            "POST / HTTP/1.1\r\n",
            "A: b\rc\r\n",
            "CR without LF is not allowed (RFC 9112 section 2.2)",
        ),
        ("POST / HTTP/1.1\r\n", ": b\r\n", "the name is no token (RFC 9110 section 5.1)"),
        ("POST / HTTP/1.1\r\n", "A b: c\r\n", "the name is no token (RFC 9110 section 5.1)"),
        ("POST / HTTP/1.1\r\n", "A: b\n", "LF alone ends it (RFC 9112 section 2.2)"),
        ("POST / HTTP/1.1\n", "", "LF alone ends it (RFC 9112 section 2.2)"),
        ("POST / HTTP/1.1\r\r\n", "", "CR without LF is not allowed (RFC 9112 section 2.2)"),
        ("POST /a b HTTP/1.1\r\n", "", "no space is allowed in a target (RFC 9112 section 3.2)"),
        ("POST /a b c HTTP/1.1\r\n", "", "no space is allowed in a target (RFC 9112 section 3.2)"),
        (
            "POST  / HTTP/1.1\r\n",
            "",
            "one space between the words, none around them (RFC 9112 section 3)",
        ),
        (
            "POST\t/ HTTP/1.1\r\n",
            "",
            "one space between the words, none around them (RFC 9112 section 3)",
        ),
        (
            " POST / HTTP/1.1\r\n",
            "",
            "one space between the words, none around them (RFC 9112 section 3)",
        ),
        (
            "POST / HTTP/1.1 \r\n",
            "",
            "one space between the words, none around them (RFC 9112 section 3)",
        ),
        ("POST HTTP/1.1\r\n", "", "no target (RFC 9112 section 3)"),
        ("POST /\x01 HTTP/1.1\r\n", "", "control character is not allowed (RFC 9112 section 3)"),
        ("get / HTTP/1.1\r\n", "", lower),
        ("brew /pot HTTP/1.1\r\n", "", "method, target, version"),
        ("M-SEARCH * HTTP/1.1\r\n", "", "method, target, version"),
        ("!#$%&'*+-.^_`|~ / HTTP/1.1\r\n", "", "method, target, version"),
        ("POST / HTTP/1.2\r\n", "", "method, target, version"),
        ("POST / HTTP/2.0\r\n", "", "a version with no such heads (RFC 9112 section 2.3)"),
        ("POST / HTTP/1\r\n", "", "not of the form HTTP/1.1 (RFC 9112 section 2.3)"),
        ("POST / http/1.1\r\n", "", "not of the form HTTP/1.1 (RFC 9112 section 2.3)"),
        ("POST / HTTP/1.1x\r\n", "", "not of the form HTTP/1.1 (RFC 9112 section 2.3)"),
        ("POST / HTTP/\r\n", "", "not of the form HTTP/1.1 (RFC 9112 section 2.3)"),
    ] {
        let head = format!("{line}{fields}Host: a.example\r\nContent-Length: 3\r\n\r\n");
        let request = format!("{head}abc");
        let talk: Talk<'_> =
            &[(CLIENT, request.as_bytes()), (SERVER, BAD), (CLIENT, GET), (SERVER, OK)];
        let found = units(talk);
        assert_eq!(found[0], format!("Q {}", head.as_bytes().escape_ascii()), "{head}");
        assert_eq!(found[1], "B abc", "{head}");
        assert_eq!(letters(talk), "QBABQAB", "{head}");
        assert_says(&connection(talk), words);
    }
}

/// An answer to HEAD has no content, whatever its fields say (RFC 9110 section 9.3.2).
#[test]
fn an_odd_line_asks_for_what_it_asks_for() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
    for line in
        ["HEAD / HTTP/1.1", " HEAD / HTTP/1.1", "HEAD\t/ HTTP/1.1", "HEAD / HTTP/1.0", "HEAD /"]
    {
        let request = format!("{line}\r\n\r\n");
        let talk: Talk<'_> =
            &[(CLIENT, request.as_bytes()), (SERVER, head), (CLIENT, GET), (SERVER, OK)];
        assert_eq!(letters(talk), "QAQAB", "{line}");
    }
}

#[test]
fn an_odd_line_costs_no_response() {
    for (line, fields, words) in [
        (
            "HTTP/1.1 200 OK\r\n",
            "X-Folded: a\r\n b\r\n",
            "folded field b\\r\\n goes on from the line before",
        ),
        (
            "HTTP/1.1 200 OK\r\n",
            "Access-Control-Allow-Credentials : true\r\n",
            "no space is allowed before the colon (RFC 9112 section 5.1)",
        ),
        ("HTTP/1.1 200 OK\r\n", "no field\r\n", "a colon after its name (RFC 9112 section 2.2)"),
        (
            "HTTP/1.1 200 OK\r\n",
            "A: \x7f\r\n",
            "control character is not allowed (RFC 9110 section 5.5)",
        ),
        ("HTTP/1.1 200 OK\n", "", "LF alone ends it (RFC 9112 section 2.2)"),
        ("HTTP/1.1 OK\r\n", "", "no number of three digits (RFC 9112 section 4)"),
        ("HTTP/1.1 2OO OK\r\n", "", "no number of three digits (RFC 9112 section 4)"),
        ("HTTP/1.1 20 OK\r\n", "", "no number of three digits (RFC 9112 section 4)"),
        ("HTTP/1.1 2000 OK\r\n", "", "no number of three digits (RFC 9112 section 4)"),
        ("HTTP/1.1 \r\n", "", "no number of three digits (RFC 9112 section 4)"),
        ("HTTP/1.1 999 OK\r\n", "", "status codes are 100 to 599 (RFC 9110 section 15)"),
        ("HTTP/1.1 200\r\n", "", "a space ends the status code (RFC 9112 section 4)"),
        ("HTTP/1.1 200 \r\n", "", "version, status code, reason"),
        ("HTTP/1.1  200 OK\r\n", "", "one space between the words (RFC 9112 section 4)"),
        ("HTTP/1.1\t200 OK\r\n", "", "one space between the words (RFC 9112 section 4)"),
        ("HTTP/1.1 200 a  b\r\n", "", "version, status code, reason"),
        ("HTTP/1.1 200 \x01\r\n", "", "control character is not allowed (RFC 9112 section 4)"),
        ("HTTP/2 200\r\n", "", "not of the form HTTP/1.1 (RFC 9112 section 2.3)"),
        ("HTTP/3.7 200 OK\r\n", "", "a version with no such heads (RFC 9112 section 2.3)"),
        ("http/1.1 200 OK\r\n", "", "not of the form HTTP/1.1 (RFC 9112 section 2.3)"),
        ("HTTP 200 OK\r\n", "", "not of the form HTTP/1.1 (RFC 9112 section 2.3)"),
    ] {
        let head = format!("{line}{fields}Content-Length: 5\r\n\r\n");
        let response = format!("{head}hello");
        let talk: Talk<'_> =
            &[(CLIENT, GET), (SERVER, response.as_bytes()), (CLIENT, GET), (SERVER, OK)];
        let found = units(talk);
        assert_eq!(found[1], format!("A {}", head.as_bytes().escape_ascii()), "{head}");
        assert_eq!(found[2], "B hello", "{head}");
        assert_eq!(letters(talk), "QABQAB", "{head}");
        assert_says(&connection(talk), words);
    }
}

/// The fields that can be read say where the content ends.
#[test]
fn content_is_found_by_odd_fields_too() {
    for (fields, content, expected) in [
        ("Content-Length : 5\r\n", "hello", "B hello"),
        ("content-length:5\r\n", "hello", "B hello"),
        ("Content-Length:\r\n 5\r\n", "hello", "B hello"),
        ("Content-Length:\r\n\t5\r\nA: b\r\n", "hello", "B hello"),
        ("A: b\r\nContent-Length: 5 \t\r\n", "hello", "B hello"),
        ("Transfer-Encoding: gzip,\r\n chunked\r\n", "5\r\nhello\r\n", r"K 5\r\nhello\r\n"),
        (
            "Transfer-Encoding : Chunked\r\nContent-Length: 9\r\n",
            "5\r\nhello\r\n",
            r"K 5\r\nhello\r\n",
        ),
        // A line that only looks like a field, for it goes on from another one.
        ("A: b\r\n Content-Length: 1\r\nContent-Length: 5\r\n", "hello", "B hello"),
        (" Content-Length: 1\r\nContent-Length: 5\r\n", "hello", "B hello"),
        ("Content-Length: five\r\n", "hello, world", "B hello, world"),
        ("Content-Length: 5\r\nContent-Length: 6\r\n", "hello, world", "B hello, world"),
    ] {
        let response = format!("HTTP/1.1 200 OK\r\n{fields}\r\n{content}");
        assert_eq!(
            units(&[(CLIENT, GET), (SERVER, response.as_bytes())])[2..],
            [expected],
            "{fields}"
        );
    }
    // Other fields may have names as long, as some that browsers send do.
    let fields = "Sec-Fetch-Dest: empty\r\nSec-CH-UA-Mobile: ?0\r\nContent-Language: en\r\n\
        Cache-Status: text/event-stream\r\nTrailer: websocket\r\nSec-WebSocket-Foo: chunked\r\n";
    let request = format!("POST / HTTP/1.1\r\nContent-Length: 3\r\n{fields}\r\nabc");
    let response = format!("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n{fields}\r\nhello");
    let talk: Talk<'_> = &[
        (CLIENT, request.as_bytes()),
        (SERVER, response.as_bytes()),
        (CLIENT, GET),
        (SERVER, response.as_bytes()),
    ];
    assert_eq!(letters(talk), "QBABQAB");
    let response = b"HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n\r\nhello";
    let text = explained(&connection(&[(CLIENT, GET), (SERVER, response)]).pcap());
    assert!(text.contains("the length is no number (RFC 9110 section 8.6)"), "{text}");
}

#[test]
fn an_empty_line_between_messages_is_a_thing_of_its_own() {
    let post = b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\na=b\r\n";
    let talk: Talk<'_> = &[(CLIENT, post), (SERVER, OK), (CLIENT, GET), (SERVER, OK)];
    let shown_text = shown(&connection(talk).pcap());
    let headings: Vec<&str> = shown_text.lines().filter(|line| line.contains(" →  ")).collect();
    assert_eq!(
        headings[..4],
        [
            "Q1  →  1.000300 s  request, 38 bytes",
            "B1  →  1.000300 s  content, 3 bytes",
            "L1  →  1.000300 s  empty line, 2 bytes",
            "Q2  →  3.000700 s  request, 35 bytes",
        ]
    );
    let text = explained(&connection(talk).pcap());
    let line = r"│ empty line \r\n no part of a message, and passed over (RFC 9112 section 2.2)";
    assert!(text.contains(line), "{text}");
    // However it comes, and wherever.
    let head = r"Q GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";
    assert_eq!(units(&[(CLIENT, &[b"\r\n", GET].concat()), (SERVER, OK)])[..2], [r"L \r\n", head]);
    assert_eq!(
        units(&[(CLIENT, b"\r\n\r\n"), (CLIENT, GET), (SERVER, OK)])[..2],
        [r"L \r\n\r\n", head]
    );
    let parts: Talk<'_> =
        &[(CLIENT, GET), (SERVER, OK), (CLIENT, b"\r"), (CLIENT, b"\n"), (CLIENT, GET)];
    assert_eq!(units(parts)[3..], [r"L \r\n", head]);
    assert_eq!(units(&parts[2..]), [r"L \r\n", head]);
    let ok = "A HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\n\\r\\n";
    assert_eq!(
        units(&[(CLIENT, GET), (SERVER, &[OK, b"\n", OK].concat())])[1..4],
        [ok, "B hello", r"L \n"]
    );
    let update =
        Stats::read(connection(talk).pcap().as_slice(), None).unwrap().usual.unwrap().update;
    assert_eq!(update.divisions.iter().map(|side| side.of(Kind::Framing)).sum::<u64>(), 0);
}

/// Messages with nothing odd about them.
const WHOLE: [&[u8]; 2] = [
    b"POST /a HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\n\r\nabc",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1f;a=\"b\"\r\n\
        0123456789012345678901234567890\r\n0\r\nA: b\r\nContent-Length: 5\r\n\r\n",
];

/// Wherever the rest of them is.
#[test]
fn lines_that_are_not_complete_are_not_called_odd() {
    // The size of the only chunk is 31, of which 1 is no part.
    let wrong = ["no field", "no target", "no version", "no end of", "not of the form"];
    let wrong = [&wrong[..], &["1 byte of data", "15 bytes of data", "3 bytes of data"]].concat();
    let assert_not_odd = |text: &str| {
        for words in &wrong {
            assert!(!text.contains(words), "{words} is in\n{text}");
        }
    };
    // One after the other in one capture.
    let mut packets: Vec<writer::Packet> = Vec::new();
    for side in [CLIENT, SERVER] {
        for len in 1..WHOLE[side].len() {
            let (start, rest) = WHOLE[side].split_at(len);
            let begun = |port: u16| {
                let mut begun = Connection::new(v4(1, port), v4(2, 8000));
                begun.open();
                if side == SERVER {
                    begun.data(CLIENT, GET);
                }
                begun.data(side, start).ack(1 - side);
                begun
            };
            let port = u16::try_from(10_000 + 10_000 * side + 4 * len).unwrap();
            // The side ends, breaks off, or goes on after a gap.
            let mut ended = begun(port);
            ended.close(side);
            let mut broken = begun(port + 1);
            broken.send(side, writer::RST | ACK, b"");
            let mut gap = begun(port + 2);
            gap.lose(side, 1).data(side, &rest[1..]).ack(1 - side);
            // It comes in two, with what the other side says between, though half a line that is
            // answered is over.
            let mut answered = begun(port + 3);
            if side == SERVER || start.contains(&b'\n') {
                answered.data(1 - side, if side == SERVER { GET } else { BAD }).data(side, rest);
            }
            for connection in [ended, broken, gap, answered] {
                let since = packets.last().map_or(0, |last| last.time - connection.packets[0].time);
                packets.extend(connection.packets.into_iter().map(|packet| {
                    let time = packet.time + since + 1_000;
                    writer::Packet { time, ..packet }
                }));
            }
            // The snap length ends it.
            let talk: Talk<'_> = &[(CLIENT, GET), (side, WHOLE[side])];
            let whole = connection(&talk[usize::from(side == CLIENT)..]);
            let frames = writer::frames(&whole.packets, writer::Link::Ethernet);
            let snap_len = 66 + u32::try_from(len).unwrap();
            let capture = writer::pcap_of(&frames, 1, false, false, snap_len);
            for unit in &transcript::read(capture.as_slice(), None).unwrap()[0].units {
                assert_not_odd(&explanation(unit));
            }
        }
    }
    let capture = writer::pcap(&packets);
    assert_eq!(odd(&capture), [""; 0]);
    let text = explained(&capture);
    assert!(text.matches("request (not complete)").count() > 100);
    assert!(text.matches("response (not complete)").count() > 100);
    assert_not_odd(&text);
    assert_not_odd(&shown(&capture));
}

/// A line that is longer than a unit comes as several.
#[test]
fn the_rest_of_a_long_line_is_not_called_odd() {
    let long = "v".repeat(40_000);
    let folded = format!("{long}\r\n folded: {long}");
    for (head, expected) in [
        (format!("GET / HTTP/1.1\r\nHost: a\r\nX: {long}\r\n\r\n"), &[][..]),
        (format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "a b:\t".repeat(8_000)), &[]),
        // What only the whole head would tell is not said.
        (format!("GET / HTTP/1.1\r\nX: {long}\r\n\r\n"), &[]),
        // What follows the rest of a line is a line.
        (
            format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\nno colon\r\n\r\n", &long[..20_000]),
            &["a field has a colon after its name (RFC 9112 section 2.2)"],
        ),
        (
            format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", &folded[20_000..60_000]),
            &["goes on from the line before, an obsolete form (RFC 9112 section 5.2)"],
        ),
    ] {
        let connection = connection(&[(CLIENT, head.as_bytes()), (SERVER, OK)]);
        let units = transcript(&connection).units;
        assert!(units[1].continued && units[1].kind == UnitKind::Request);
        assert_eq!(odd(&connection.pcap()), expected, "{}", &head[..40]);
        let is_named = explained(&connection.pcap()).contains("no field");
        assert_eq!(is_named, head.contains("no colon"));
    }
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let long = &long[..20_000];
    let response = format!("{chunked}5;a={long}\r\nhello\r\n0\r\nA: {long}\r\n b\r\n\r\n");
    let capture = connection(&[(CLIENT, GET), (SERVER, response.as_bytes())]).pcap();
    assert_eq!(
        odd(&capture),
        ["goes on from the line before, an obsolete form (RFC 9112 section 5.2)"]
    );
}

#[test]
fn what_is_odd_whatever_follows_is_said_of_a_line_that_is_not_complete_too() {
    for (request, words) in [
        ("get /a", "get is not GET: case matters (RFC 9110 section 9.1)"),
        (" GET /a", "one space between the words, none around them (RFC 9112 section 3)"),
        ("GET /\x01", "a control character is not allowed (RFC 9112 section 3)"),
        (
            "POST / HTTP/1.1\r\n A",
            "no space is allowed before the first field (RFC 9112 section 2.2)",
        ),
        ("POST / HTTP/1.1\r\nA: b\r\n c", "an obsolete form (RFC 9112 section 5.2)"),
        ("POST / HTTP/1.1\r\nA : b", "no space is allowed before the colon (RFC 9112 section 5.1)"),
        ("POST / HTTP/1.1\r\nA b:", "the name is no token (RFC 9110 section 5.1)"),
        ("POST / HTTP/1.1\r\nA: \rb", "CR without LF is not allowed (RFC 9112 section 2.2)"),
    ] {
        let connection = connection(&[(CLIENT, request.as_bytes())]);
        assert!(transcript(&connection).units[0].unfinished, "{request}");
        assert_says(&connection, words);
    }
    for (response, words) in [
        ("HTTP/1.1x 200", "the version is not of the form HTTP/1.1 (RFC 9112 section 2.3)"),
        ("HTTP/1.1 999 O", "status codes are 100 to 599 (RFC 9110 section 15)"),
        ("HTTP/1.1 20 O", "the status is no number of three digits (RFC 9112 section 4)"),
    ] {
        assert_says(&connection(&[(CLIENT, GET), (SERVER, response.as_bytes())]), words);
    }
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (size, words) in [
        (" 5", "the size is hexadecimal digits alone (RFC 9112 section 7.1)"),
        ("0x", "the size is hexadecimal digits alone (RFC 9112 section 7.1)"),
        ("05", "zeros before it change nothing (RFC 9112 section 7.1)"),
    ] {
        let response = format!("{chunked}{size}");
        assert_says(&connection(&[(CLIENT, GET), (SERVER, response.as_bytes())]), words);
    }
}

/// Where the content's end is not found by a length, that length is called odd, and nowhere else.
#[test]
fn a_length_that_cannot_be_read_is_odd() {
    let no_number = Some("the length is no number (RFC 9110 section 8.6)");
    let differ = Some("lengths that differ (RFC 9112 section 6.3)");
    let large = Some("a length that does not fit in 64 bits (RFC 9110 section 8.6)");
    let nines = "9".repeat(23);
    for (value, words) in [
        ("5", None),
        ("5 \t", None),
        ("\r\n 5", None),
        ("00005", None),
        ("5, 5", None),
        ("5,05 , 5", None),
        ("18446744073709551615", None),
        ("", no_number),
        ("2 2", no_number),
        (",2", no_number),
        ("2,", no_number),
        ("+2", no_number),
        ("-2", no_number),
        ("0x2", no_number),
        ("2.0", no_number),
        ("2\r\n 2", no_number),
        ("2, 3", differ),
        ("5, 5, 6", differ),
        (&nines, large),
        ("18446744073709551616", large),
        ("18446744073709551616, 2", large),
    ] {
        let response = format!("HTTP/1.1 200 OK\r\nContent-Length: {value}\r\n\r\nhello, world");
        let talk: Talk<'_> = &[(CLIENT, GET), (SERVER, response.as_bytes())];
        let connection = connection(talk);
        let found = odd(&connection.pcap());
        let found = found.iter().filter(|odd| !odd.contains("obsolete form")).collect::<Vec<_>>();
        assert_eq!(found, words.iter().collect::<Vec<_>>(), "{value}");
        let text = explained(&connection.pcap());
        match words {
            Some(words) => assert!(text.contains(words), "{value}\n{text}"),
            None => assert!(text.contains("the length of the content in bytes"), "{value}\n{text}"),
        }
    }
}

/// Its empty line tells.
#[test]
fn what_only_a_whole_head_tells_is_said_where_it_ends() {
    let no_host = "no Host, which a request must have (RFC 9112 section 3.2)";
    let hosts = "more than one Host (RFC 9112 section 3.2)";
    let differ = "Content-Lengths that differ (RFC 9112 section 6.3)";
    let void = "Transfer-Encoding makes Content-Length void (RFC 9112 section 6.3)";
    let in_1_0 = "HTTP/1.0 has no Transfer-Encoding (RFC 9112 section 6.1)";
    let not_last =
        "the last coding is not chunked: no end of the content is known (RFC 9112 section 6.3)";
    let no_upgrade = "no Upgrade, which a 101 must have (RFC 9110 section 15.2.2)";
    for (side, head, expected) in [
        (CLIENT, "GET / HTTP/1.1\r\nHost: a\r\n", &[][..]),
        (CLIENT, "GET / HTTP/1.1\r\nhost:\r\n", &[]),
        (CLIENT, "GET / HTTP/1.1\r\n", &[no_host]),
        (CLIENT, "GET / HTTP/1.2\r\nHosts: a\r\n", &[no_host]),
        (CLIENT, "GET / HTTP/1.0\r\n", &[]),
        (CLIENT, "GET / HTTP/1.1\r\nHost: a\r\nA: b\r\nHOST: a\r\n", &[hosts]),
        (CLIENT, "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n", &[hosts]),
        (CLIENT, "POST / HTTP/1.0\r\nContent-Length: 0\r\nContent-Length: 0\r\n", &[]),
        (CLIENT, "POST / HTTP/1.0\r\nContent-Length: 0\r\nContent-Length: 1\r\n", &[differ]),
        (CLIENT, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, Chunked\r\n", &[]),
        (
            CLIENT,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n",
            &[void],
        ),
        (CLIENT, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n", &[not_last]),
        (
            CLIENT,
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n",
            &[no_host, not_last],
        ),
        (CLIENT, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n", &[in_1_0]),
        (SERVER, "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n", &[in_1_0]),
        (SERVER, "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n", &[]),
        (SERVER, "HTTP/1.1 200 OK\r\nHost: a\r\nHost: a\r\n", &[]),
        (SERVER, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n", &[differ]),
        (SERVER, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n", &[void]),
        (SERVER, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n", &[no_upgrade]),
        (SERVER, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: a\r\n", &[]),
        (SERVER, "HTTP/1.1 200 OK\r\nConnection: Upgrade\r\n", &[]),
    ] {
        let head = format!("{head}\r\n");
        let talk: Talk<'_> = &[(CLIENT, GET), (side, head.as_bytes())];
        let connection = connection(&talk[usize::from(side == CLIENT)..]);
        let expected = expected.join("; ");
        let found = odd(&connection.pcap());
        assert_eq!(found, [expected.as_str()].repeat(usize::from(!expected.is_empty())), "{head}");
        let text = explained(&connection.pcap());
        let line = format!(r"empty line \r\n ends the head (RFC 9112 section 2.1); {expected}");
        assert_eq!(text.contains(&line), !expected.is_empty(), "{line}\n{text}");
    }
}

/// RFC 9112 section 7.1.2.
#[test]
fn a_trailer_that_begins_with_a_space_goes_on_from_none_where_it_is_the_first() {
    let first = "no space is allowed before the first field (RFC 9112 section 7.1.2)";
    let folded = "goes on from the line before, an obsolete form (RFC 9112 section 5.2)";
    for (trailers, expected, name) in [
        ("A: b\r\n", &[][..], r"trailer field A: b\r\n"),
        (" A: b\r\n", &[first], r"no field A: b\r\n no space"),
        ("A: b\r\n c\r\n", &[folded], r"folded field c\r\n goes on"),
        ("\tA: b\r\n c\r\n", &[first, folded], r"folded field c\r\n goes on"),
    ] {
        let response = format!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n{trailers}\r\n"
        );
        let capture = connection(&[(CLIENT, GET), (SERVER, response.as_bytes())]).pcap();
        assert_eq!(odd(&capture), expected);
        let text = explained(&capture);
        assert!(text.contains(name), "{text}");
    }
}

#[test]
fn lf_alone_is_odd_wherever_a_line_ends() {
    let head = |end: &str| format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n{end}");
    let (of_head, of_chunks) =
        ("LF alone ends it (RFC 9112 section 2.2)", "LF alone ends it (RFC 9112 section 7.1)");
    for (response, words) in [
        (head("\n5\r\nhello\r\n0\r\n\r\n"), of_head),
        (head("\r\n5\nhello\r\n0\r\n\r\n"), of_chunks),
        (head("\r\n5\r\nhello\n0\r\n\r\n"), of_chunks),
        (head("\r\n5\r\nhello\r\n0\n\r\n"), of_chunks),
        (head("\r\n5\r\nhello\r\n0\r\nA: b\n\r\n"), of_head),
        (head("\r\n5\r\nhello\r\n0\r\n\n"), of_chunks),
    ] {
        let connection = connection(&[(CLIENT, GET), (SERVER, response.as_bytes())]);
        assert_eq!(odd(&connection.pcap()), [words], "{response:?}");
        assert_says(&connection, words);
    }
    // A line end may come in two.
    let whole = head("\r\n5\r\nhello\r\n0\r\n\r\n");
    for at in 1..whole.len() {
        let (start, rest) = whole.as_bytes().split_at(at);
        let connection = connection(&[(CLIENT, GET), (SERVER, start), (SERVER, rest)]);
        assert_eq!(odd(&connection.pcap()), [""; 0], "{at}");
    }
}

/// RFC 9112 section 7.1.
#[test]
fn chunk_sizes_have_any_number_of_digits_and_anything_after_them() {
    let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let zeros = format!("{}5", "0".repeat(100));
    for (line, words) in [
        (
            "00000000000000005",
            "5 bytes of data follow; zeros before it change nothing (RFC 9112 section 7.1)",
        ),
        (&zeros, "5 bytes of data follow; zeros before it change nothing (RFC 9112 section 7.1)"),
        ("5;a", "5 bytes of data follow"),
        ("5 ; a = \"b;\\\"c\" ;d", "5 bytes of data follow"),
        ("5;", "what follows the size is no extension (RFC 9112 section 7.1.1)"),
        ("5;=b", "what follows the size is no extension (RFC 9112 section 7.1.1)"),
        ("5;a=\"b", "what follows the size is no extension (RFC 9112 section 7.1.1)"),
        ("5 bytes", "what follows the size is no extension (RFC 9112 section 7.1.1)"),
        ("5g", "what follows the size is no extension (RFC 9112 section 7.1.1)"),
        ("5x5", "the size is hexadecimal digits alone (RFC 9112 section 7.1)"),
        ("5  ", "5 bytes of data follow"),
        (" 5", "the size is hexadecimal digits alone (RFC 9112 section 7.1)"),
        ("0x5", "the size is hexadecimal digits alone (RFC 9112 section 7.1)"),
    ] {
        for end in ["\r\n", "\n"] {
            let body = format!("{line}{end}hello\r\n0\r\n\r\n");
            let talk: Talk<'_> = &[
                (CLIENT, GET),
                (SERVER, head),
                (SERVER, body.as_bytes()),
                (CLIENT, GET),
                (SERVER, OK),
            ];
            assert_eq!(letters(talk), "QAKKQAB", "{line}");
            let end = if end == "\n" { "; LF alone ends it (RFC 9112 section 7.1)" } else { "" };
            assert_says(&connection(talk), &format!("{words}{end}"));
        }
    }
    // The last chunk may say its size in as many ways.
    for line in ["000", "0;a=b", "0 ; a", "0x0"] {
        let body = format!("5\r\nhello\r\n{line}\r\n\r\n");
        let talk: Talk<'_> = &[
            (CLIENT, GET),
            (SERVER, head),
            (SERVER, body.as_bytes()),
            (CLIENT, GET),
            (SERVER, OK),
        ];
        assert_eq!(letters(talk), "QAKKQAB", "{line}");
    }
    for line in ["-5", "time", "", "fffffffffffffffff"] {
        let body = format!("{line}\r\nhello\r\n");
        assert_eq!(
            letters(&[(CLIENT, GET), (SERVER, head), (SERVER, body.as_bytes())]),
            "QAX",
            "{line}"
        );
    }
}

/// As webapp answers what `nc` sends.
#[test]
fn a_method_in_lower_case_is_one() {
    let answer: &[u8] =
        b"HTTP/1.1 405 Method Not Allowed\r\nallow: GET,HEAD\r\ncontent-length: 0\r\n\
        date: Wed, 25 Nov 2026 15:18:20 GMT\r\n\r\n";
    let request: &[u8] = b"get /time HTTP/1.1\r\nHost: a\r\n\r\n";
    let mut connection = Connection::v4();
    connection.open();
    say(
        &mut connection,
        &[(CLIENT, request), (SERVER, answer), (CLIENT, request), (SERVER, answer)],
    );
    let stats = Stats::read(connection.pcap().as_slice(), None).unwrap();
    let update = stats.usual.unwrap().update;
    let server = update.division(Side::Server);
    assert_eq!(Kind::ALL.map(|kind| server.of(kind)), [0, 0, 108, 0]);
    assert!(!update.can_push);
    assert_eq!(units_of(&connection).len(), 4);
}

#[test]
fn a_request_without_a_version_is_one_of_http_0_9_or_what_was_refused() {
    let bad = units(&[(SERVER, BAD)]);
    for (request, expected) in [
        (&b"GET /\r\n\r\n"[..], &[r"Q GET /\r\n\r\n"][..]),
        (b"GET /\r\n", &[r"Q GET /\r\n"]),
        (b"GET http://a.example/\n", &[r"Q GET http://a.example/\n"]),
        (b"GET /", &["Q GET /"]),
        (b"GET / HTTP/1.1", &["Q GET / HTTP/1.1"]),
        (b"get /\n", &[r"Q get /\n"]),
        // What an answer of HTTP alone makes a request.
        (b"GET time\n", &[r"Q GET time\n"]),
        (b"fetch /time\r\n", &[r"Q fetch /time\r\n"]),
        (b"a b HTTP/1.1\r\n\r\n", &[r"Q a b HTTP/1.1\r\n\r\n"]),
        // What it refused, as it is.
        (b"time\n", &[r"T time\n"]),
        (b"time", &["T time"]),
        (b"hello, server\n", &[r"T hello, server\n"]),
        (b"we speak HTTP/1.1\n", &[r"Q we speak HTTP/1.1\n"]),
        (b"hello\nGET /\n", &[r"T hello\n", r"Q GET /\n"]),
        (
            b"PROXY TCP4 192.0.2.1 192.0.2.2 50000 80\r\nGET / HTTP/1.1\r\n\r\n",
            &[r"T PROXY TCP4 192.0.2.1 192.0.2.2 50000 80\r\n", r"Q GET / HTTP/1.1\r\n\r\n"],
        ),
    ] {
        let found = units(&[(CLIENT, request), (SERVER, BAD)]);
        assert_eq!(found[..expected.len()], *expected);
        assert_eq!(found[expected.len()..], bad);
        // The client may end before the answer.
        let mut half_closed = Connection::v4();
        half_closed.open().data(CLIENT, request).send(CLIENT, writer::FIN | ACK, b"");
        half_closed.data(SERVER, BAD).send(SERVER, writer::FIN | ACK, b"");
        let answer = units_of(&half_closed);
        assert_eq!(answer[answer.len() - 2..], bad);
    }
    let text = explained(&connection(&[(CLIENT, b"GET /\r\n"), (SERVER, BAD)]).pcap());
    assert!(text.contains("no version, as in HTTP/0.9 (RFC 9112 appendix C.1)"), "{text}");
    assert!(text.contains("request, 7 bytes"), "{text}");
    // The answer of HTTP/0.9 has no head, and ends with the connection (RFC 1945 section 6).
    let page = b"<html>\nHTTP/1.1 is newer\n</html>\n";
    let talk: Talk<'_> = &[(CLIENT, b"GET /\r\n"), (SERVER, page), (SERVER, page)];
    assert_eq!(letters(talk), "QBB");
    assert_eq!(transcript(&connection(talk)).messages[0].bytes, page.repeat(2));
    // A request with a version has an answer with one.
    assert_eq!(letters(&[(CLIENT, GET), (SERVER, page)]), "QT");
}

/// A head that is answered before it is complete goes on after the answer.
#[test]
fn what_has_come_of_a_request_is_shown_before_its_answer() {
    let timeout = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n";
    let talk: Talk<'_> = &[
        (CLIENT, b"GET / HTTP/1.1\r\nHo"),
        (SERVER, timeout),
        (CLIENT, b"st: a\r\nContent-Length: 3\r\n\r\nabc"),
        (CLIENT, b"HEAD / HTTP/1.1\r\n\r\n"),
        (SERVER, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
    ];
    let found = units(talk);
    assert_eq!(
        found.iter().map(|unit| &unit[..3]).collect::<Vec<_>>(),
        ["Q G", "A H", "Q s", "B a", "Q H", "A H"]
    );
    let parts: Vec<Part> =
        transcript(&connection(talk)).units[2].parts.iter().map(|(part, _)| *part).collect();
    assert_eq!(parts, [Part::Field, Part::Field, Part::HeadEnd]);
    let text = messages(&shown(&connection(talk).pcap()));
    assert!(text.contains("Q1 s  request (not complete), 18 bytes"), "{text}");
    assert!(text.contains("\nQ1 s  request, 28 bytes"), "{text}");
    // It is so for a request after others, too, and for two answers at once.
    let half = b"GET /2 HTTP/1.1\r\nHo";
    assert_eq!(letters(&[(CLIENT, GET), (SERVER, OK), (CLIENT, half), (SERVER, timeout)]), "QABQA");
    let both = [OK, &timeout[..]].concat();
    assert_eq!(letters(&[(CLIENT, GET), (CLIENT, half), (SERVER, &both)]), "QABQA");
    // Half a line that is answered is over, and another one begins.
    let talk: Talk<'_> = &[(CLIENT, b"GET / HTT"), (SERVER, timeout), (CLIENT, GET), (SERVER, OK)];
    let text = messages(&shown(&connection(talk).pcap()));
    assert!(text.contains("Q1 s  request (not complete), 9 bytes"), "{text}");
    assert!(text.contains("Q2 s  request, 35 bytes"), "{text}");
    // While another answer is still to come, it is not this one's.
    let mut pipelined = Connection::v4();
    pipelined.open().data(CLIENT, GET).data(CLIENT, b"GET /2 HTTP/1.1\r\nHo").data(SERVER, OK);
    pipelined.data(CLIENT, b"st: a\r\n\r\n").data(SERVER, OK).close(SERVER);
    assert_eq!(units_of(&pipelined)[3], r"Q GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
    // Nor is what does not fit, nor the server's end, which answers neither.
    let mut misfit = Connection::v4();
    misfit.open().data(CLIENT, GET).data(SERVER, OK).data(SERVER, b"junk").data(CLIENT, GET);
    misfit.data(CLIENT, b"GET /2 HTTP/1.1\r\nHo").data(SERVER, b"more junk");
    misfit.data(CLIENT, b"st: a\r\n\r\n").close(SERVER);
    assert!(units_of(&misfit).contains(&r"Q GET /2 HTTP/1.1\r\nHost: a\r\n\r\n".to_owned()));
    let mut ended = Connection::v4();
    ended.open().data(CLIENT, GET).data(CLIENT, b"GET /2 HTTP/1.1\r\nHo");
    ended.send(SERVER, writer::FIN | ACK, b"").data(CLIENT, b"st: a\r\n\r\n").ack(SERVER);
    assert!(units_of(&ended).contains(&r"Q GET /2 HTTP/1.1\r\nHost: a\r\n\r\n".to_owned()));
    // Nor is what is missing of a page an answer.
    let mut gap = Connection::v4();
    gap.open().data(CLIENT, GET).data(SERVER, &OK[..OK.len() - 4]);
    gap.data(CLIENT, b"GET /2 HTTP/1.1\r\nHo").lose(SERVER, 2).data(SERVER, b"lo").ack(CLIENT);
    gap.data(CLIENT, b"st: a\r\n\r\n").data(SERVER, OK).close(SERVER);
    assert!(units_of(&gap).contains(&r"Q GET /2 HTTP/1.1\r\nHost: a\r\n\r\n".to_owned()));
}

#[test]
fn text_without_a_newline_comes_before_its_answer() {
    for (question, answer) in
        [("PING", "PONG"), ("ping", "pong"), ("GET", "42"), ("GET key", "value"), ("get /x", "no")]
    {
        let talk: Talk<'_> = &[
            (CLIENT, question.as_bytes()),
            (SERVER, answer.as_bytes()),
            (CLIENT, question.as_bytes()),
            (SERVER, answer.as_bytes()),
        ];
        let text = shown(&connection(talk).pcap());
        let times: Vec<&str> = text
            .lines()
            .filter(|line| line.contains(", ") && line.contains(" byte"))
            .filter_map(|line| line.split_whitespace().nth(2))
            .collect();
        assert_eq!(times[..4], ["1.000300", "2.000500", "3.000700", "4.000900"], "{text}");
        if question != "get /x" {
            assert_eq!(letters(talk), "TTTT", "{question}");
        }
    }
    let talk: Talk<'_> = &[(CLIENT, b"we speak HTTP/1.1\n"), (SERVER, b"do you?\n")];
    assert_eq!(letters(talk), "TT");
    // A method in capital letters and a version are enough, and so are a known method and a path; a
    // word of one letter and a version are not, nor is a line that begins with a tab.
    for request in [&b"NOTIFY device HTTP/1.1\r\n\r\n"[..], b"GET /\r\n"] {
        assert_eq!(letters(&[(CLIENT, request), (SERVER, b"what?\n")])[..1], *"Q");
    }
    for line in [&b"I speak HTTP/1.1\r\n"[..], b"\tGET / HTTP/1.1\r\n\r\n"] {
        assert!(!letters(&[(CLIENT, line), (SERVER, b"what?\n")]).contains('Q'), "{line:?}");
    }
    // Nor does every line that begins with HTTP begin an answer.
    let talk: Talk<'_> = &[(CLIENT, b"GET key\n"), (SERVER, b"HTTP is a protocol\n")];
    assert_eq!(letters(talk), "TT");
    // It comes before an answer of which the beginning is missing, too.
    let mut gap = Connection::v4();
    gap.open().data(CLIENT, b"GET key").lose(SERVER, 3).data(SERVER, b"ue\n").ack(CLIENT);
    let text = messages(&shown(&gap.pcap()));
    let at = |line: &str| text.find(line).unwrap_or_else(|| panic!("{line} is not in {text}"));
    assert!(at("T1 s  text, 7 bytes") < at("gap: 3 bytes"), "{text}");
    // Nothing is held back where both sides have spoken, or nothing can become of it.
    let mut redis = Connection::v4();
    redis.open().data(CLIENT, b"SET key 1\r\n").data(CLIENT, b"GET key\r\n");
    redis.data(SERVER, b"+OK\r\n$1\r\n1\r\n").close(CLIENT);
    assert_eq!(units_of(&redis)[..2], [r"T SET key 1\r\n", r"T GET key\r\n"]);
    // What waits for an answer waits only so long.
    let many = b"GET key\n".repeat(1_100);
    assert!(letters(&[(CLIENT, &many), (SERVER, BAD)]).starts_with('T'));
    assert_eq!(letters(&[(CLIENT, &many[..80]), (SERVER, BAD)]), "QAB");
    // Of three bytes each, and at their times.
    let stats = Stats::read(
        connection(&[(CLIENT, b"abc"), (SERVER, b"abc"), (CLIENT, b"abc"), (SERVER, b"abc")])
            .pcap()
            .as_slice(),
        None,
    )
    .unwrap();
    let usual = stats.usual.unwrap().update;
    assert_eq!(usual.divisions.iter().map(|side| side.of(Kind::HttpHead)).sum::<u64>(), 0);
}

#[test]
fn text_may_answer_a_request() {
    let talk: Talk<'_> =
        &[(CLIENT, GET), (SERVER, b"Hello, I am netcat\n"), (SERVER, b"second line\n")];
    assert_eq!(letters(talk), "QTT");
    // What both then say is text, until one of them speaks HTTP.
    let talk: Talk<'_> = &[
        (CLIENT, GET),
        (SERVER, b"what?"),
        (CLIENT, b"hello\n"),
        (SERVER, b"hello\n"),
        (CLIENT, GET),
        (SERVER, OK),
        (CLIENT, b"hello\n"),
        (SERVER, b"hello\n"),
    ];
    assert_eq!(letters(talk), "QTTTQABXX");
    // Only a line that is a status line to the letter ends text that nobody answered.
    let talk: Talk<'_> = &[
        (CLIENT, GET),
        (SERVER, b"one\nHTTP/1.1 is newer\n"),
        (SERVER, b"HTTP/1.1 is newer\n"),
        (SERVER, OK),
    ];
    assert_eq!(letters(talk), "QTTAB");
    // What the client said was a request all the same, though its line did not end.
    let talk: Talk<'_> = &[(CLIENT, b"GET / HTTP/1.1"), (SERVER, b"what?\n"), (SERVER, OK)];
    assert_eq!(letters(talk), "QTAB");
    // After a turn, or where none was sent, any status line ends it, however it comes.
    let odd: &[u8] = b"HTTP/2 200\r\nContent-Length: 5\r\n\r\nhello";
    let talk: Talk<'_> = &[(CLIENT, GET), (SERVER, b"what?\n"), (CLIENT, GET), (SERVER, odd)];
    assert_eq!(letters(talk), "QTQAB");
    for at in 1..odd.len() {
        let talk: Talk<'_> = &[(CLIENT, GET), (SERVER, &odd[..at]), (SERVER, &odd[at..])];
        assert_eq!(letters(talk)[..2], *"QA", "{at}");
    }
    // As tcpapp greets and answers a browser.
    let talk: Talk<'_> = &[
        (SERVER, b"Hello!\nServer time: 09:31:35\n\n"),
        (CLIENT, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        (SERVER, b"I do not understand: GET / HTTP/1.1\r\n\n"),
        (CLIENT, b"time\n"),
        (SERVER, b"09:31:45\n\n"),
    ];
    assert_eq!(letters(talk), "TQTTT");
}

/// They are of two kinds, and only one of them is for want of others.
#[test]
fn bytes_that_do_not_fit_are_not_called_bytes_without_their_context() {
    let talk: Talk<'_> = &[(CLIENT, GET), (SERVER, OK), (SERVER, b"and more")];
    let text = messages(&shown(&connection(talk).pcap()));
    assert!(text.contains("X1 s  bytes that do not fit, 8 bytes"), "{text}");
    let text = explained(&connection(talk).pcap());
    assert!(text.contains("not known and more does not fit what the connection speaks"), "{text}");
    // A word that HTTP answers is no request for that, after others.
    let talk: Talk<'_> = &[(CLIENT, GET), (SERVER, OK), (CLIENT, b"hello"), (SERVER, BAD)];
    assert_eq!(letters(talk), "QABXAB");
    // Where nobody has answered with HTTP, what the client says may be text; but not every byte is.
    assert_eq!(letters(&[(CLIENT, GET), (CLIENT, b"hello\n")]), "QT");
    assert_eq!(letters(&[(CLIENT, GET), (CLIENT, b"\0\x01\x02\x03")]), "QX");
    let mut gap = Connection::v4();
    gap.open().data(CLIENT, GET).lose(SERVER, 20).data(SERVER, OK).ack(CLIENT);
    gap.data(CLIENT, b"hello\n").ack(SERVER);
    assert_eq!(units_of(&gap).last().map(String::as_str), Some(r"X hello\n"));
    let mut gap = Connection::v4();
    gap.open().data(CLIENT, GET).data(SERVER, b"HTTP/1.1 200 OK\r\nContent-Le").lose(SERVER, 20);
    gap.data(SERVER, b"rest of a page").ack(CLIENT);
    let text = messages(&shown(&gap.pcap()));
    assert!(text.contains("X1 s  bytes without their context, 14 bytes"), "{text}");
    let text = explained(&gap.pcap());
    assert!(text.contains("not known rest of a page others before them are missing"), "{text}");
}

#[test]
fn the_snap_length_may_end_in_the_request_line() {
    let request = b"GET /images/a-long-name.html HTTP/1.1\r\nHost: a.example\r\n\r\n";
    let response = [OK, &[b'x'; 60]].concat();
    let connection = connection(&[(CLIENT, request), (SERVER, &response)]);
    let frames = writer::frames(&connection.packets, writer::Link::Ethernet);
    // From the first byte of each on; with the first alone, too.
    for snap_len in 67..110 {
        let capture = writer::pcap_of(&frames, 1, false, false, snap_len);
        let text = messages(&shown(&capture));
        assert!(text.contains("Q1 s  request (not complete), "), "{snap_len}: {text}");
        assert!(text.contains("A1 s  response"), "{snap_len}: {text}");
    }
    let text = |payload: &[u8]| {
        let frames =
            writer::frames(&self::connection(&[(CLIENT, payload)]).packets, writer::Link::Ethernet);
        messages(&shown(&writer::pcap_of(&frames, 1, false, false, 66 + 4)))
    };
    assert!(text(b"time and more\n").contains("T1 s  text, 4 bytes"));
    let cut_to = |snap_len: u32, talk: Talk<'_>| {
        let frames = writer::frames(&self::connection(talk).packets, writer::Link::Ethernet);
        messages(&shown(&writer::pcap_of(&frames, 1, false, false, 66 + snap_len)))
    };
    // With a version, any method in capital letters.
    let brew_path: &[u8] = b"brew /a/path/that/is/longer/than/the/snap/length HTTP/1.1\r\n\r\n";
    let brew: &[u8] = b"BREW pot HTTP/1.1\r\n\r\n";
    assert!(cut_to(17, &[(CLIENT, brew)]).contains("Q1 s  request (not complete), 17 bytes"));
    assert!(cut_to(12, &[(CLIENT, brew)]).contains("T1 s  text, 12 bytes"));
    // Any method and a path, where the server has spoken HTTP already.
    for (talk, expected) in [
        (&[(SERVER, OK), (CLIENT, brew_path)][..], "Q1 s  request (not complete), 38 bytes"),
        (&[(CLIENT, brew_path)], "T1 s  text, 38 bytes"),
    ] {
        let text = cut_to(38, talk);
        assert!(text.contains(expected), "{expected} is not in {text}");
    }
    // What the server begins with is most likely what the client began with, or HTTP.
    let (hello, preface) = (client_hello(None), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    for (len, answer, expected) in [
        (
            2,
            &b"\x16\x03\x03\x00\x04\x02\x00\x00\x00"[..],
            "R2 s  TLS record (not complete), 2 bytes",
        ),
        (4, b"\x16\x03\x03\x00\x04\x02\x00\x00\x00", "R2 s  TLS record (not complete), 4 bytes"),
        (2, BAD, "A1 s  response (not complete), 2 bytes"),
    ] {
        let text = messages(&shown(&cut_answer(&hello, answer, len)));
        assert!(text.contains(expected), "{expected} is not in {text}");
    }
    let settings = b"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00d";
    let text_of_frame = messages(&shown(&cut_answer(preface, settings, 3)));
    assert!(
        text_of_frame.contains("F2 s  HTTP/2 frame (not complete), 3 bytes"),
        "{text_of_frame}"
    );
    assert!(text(b"POST / HTTP/1.1\r\n").contains("Q1 s  request (not complete), 4 bytes"));
    assert!(
        text(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
            .contains("F1 s  HTTP/2 preface (not complete), 4 bytes")
    );
    assert!(
        text(&client_hello(Some("a.example"))).contains("R1 s  TLS record (not complete), 4 bytes")
    );
}

/// A capture of a request and an answer of which only the first `len` bytes were captured.
fn cut_answer(request: &[u8], answer: &[u8], len: usize) -> Vec<u8> {
    let mut begun = Connection::v4();
    begun.open().data(CLIENT, request).data(SERVER, answer);
    let mut frames = writer::frames(&begun.packets, writer::Link::Ethernet);
    let snap_len = frames[4].1.len() - answer.len() + len;
    let (time, whole) = frames.pop().unwrap();
    let mut file = writer::pcap_of(&frames, 1, false, false, u32::MAX);
    let last = writer::pcap_of(&[(time, whole)], 1, false, false, u32::try_from(snap_len).unwrap());
    file.extend(&last[24..]);
    file
}

/// A ClientHello with the usual extensions before the server's name, or without it.
fn client_hello(name: Option<&str>) -> Vec<u8> {
    let vector = |width: usize, bytes: &[u8]| {
        let len = u32::try_from(bytes.len()).unwrap().to_be_bytes();
        [&len[4 - width..], bytes].concat()
    };
    let extension = |kind: u16, bytes: &[u8]| [&kind.to_be_bytes()[..], &vector(2, bytes)].concat();
    let mut extensions = extension(11, &[3, 0, 1, 2]);
    if let Some(name) = name {
        let entry = [&[0][..], &vector(2, name.as_bytes())].concat();
        extensions.extend(extension(0, &vector(2, &entry)));
    }
    extensions.extend(extension(43, &[2, 3, 4]));
    let mut hello = vec![3, 3];
    hello.extend([7; 32]);
    hello.extend(vector(1, &[9; 32]));
    hello.extend(vector(2, &[0x13, 1, 0x13, 2]));
    hello.extend(vector(1, &[0]));
    hello.extend(vector(2, &extensions));
    let message = [&[1][..], &vector(3, &hello)].concat();
    [&[22, 3, 1][..], &vector(2, &message)].concat()
}

/// As a browser does that was told `https://` with webapp's port.
#[test]
fn tls_is_named_by_its_first_record_and_the_name_in_it() {
    let hello = client_hello(Some("a.example"));
    let talk: Talk<'_> = &[(CLIENT, &hello), (SERVER, BAD)];
    assert_eq!(letters(talk), "RAB");
    let text = messages(&shown(&connection(talk).pcap()));
    let first: String = hello[..22].iter().map(|byte| format!("{byte:02x} ")).collect();
    assert!(
        text.contains(&format!(
            "R1 s  TLS ClientHello for a.example, {} bytes\n    │ {first}",
            hello.len()
        )),
        "{text}"
    );
    let lines =
        text.lines().skip_while(|line| !line.starts_with("R1")).take_while(|line| !line.is_empty());
    assert!(lines.count() <= 5, "{text}");
    let text = explained(&connection(talk).pcap());
    assert!(
        text.contains(
            "https begins so (RFC 8446 section 4.1.2); it asks for a.example (RFC 6066 section 3)"
        ),
        "{text}"
    );
    // It may come in pieces, and a server may answer it with text or not at all.
    let whole = format!("R {}", hello.escape_ascii());
    for at in 1..hello.len() {
        let found = units(&[(CLIENT, &hello[..at]), (CLIENT, &hello[at..]), (SERVER, b"what?\n")]);
        assert_eq!(found, [whole.clone(), r"T what?\n".to_owned()], "{at}");
    }
    assert_eq!(units(&[(CLIENT, &hello)]), [whole]);
    let text = shown(&connection(&[(CLIENT, &client_hello(None))]).pcap());
    assert!(text.contains("  TLS ClientHello, "), "{text}");
}

#[test]
fn tls_records_are_named_where_both_sides_speak_it() {
    let hello = client_hello(Some("a.example"));
    let answer =
        b"\x16\x03\x03\x00\x05\x02\x00\x00\x01\x03\x14\x03\x03\x00\x01\x01\x17\x03\x03\x00\x03abc";
    let data = b"\x17\x03\x03\x00\x05GET /";
    let alert = b"\x15\x03\x03\x00\x02\x02\x46";
    let talk: Talk<'_> = &[
        (CLIENT, &hello),
        (SERVER, answer),
        (CLIENT, data),
        (SERVER, alert),
        (CLIENT, b"no record"),
    ];
    let text = messages(&shown(&connection(talk).pcap()));
    let named: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with(['R', 'X']))
        .filter_map(|line| Some(line.split_once(" s  ")?.1))
        .collect();
    assert_eq!(
        named[1..],
        [
            "TLS ServerHello, 10 bytes",
            "TLS change of ciphers, 6 bytes",
            "TLS application data, 8 bytes",
            "TLS application data, 10 bytes",
            "TLS fatal alert, 7 bytes",
            "bytes that do not fit, 9 bytes",
        ]
    );
    let text = explained(&connection(talk).pcap());
    assert!(text.contains("alert 02 46 70: protocol version (RFC 8446 section 6)"), "{text}");
    // Where the capture begins later, and where some of a record is missing.
    let mut midway = Connection::v4();
    midway.data(SERVER, b"\x17\x03\x03\x00\x05hello").data(CLIENT, data).ack(SERVER);
    assert_eq!(units_of(&midway).iter().map(|unit| &unit[..1]).collect::<String>(), "RR");
    let mut gap = Connection::v4();
    gap.open().data(CLIENT, &hello[..100]).lose(CLIENT, u32::try_from(hello.len()).unwrap() - 100);
    gap.data(CLIENT, data).ack(SERVER);
    let kinds: Vec<_> = transcript(&gap).units.iter().map(|unit| unit.kind).collect();
    assert_eq!(kinds, [UnitKind::Tls; 2]);
    let mut gap = Connection::v4();
    gap.open().data(CLIENT, &hello[..100]).lose(CLIENT, 10).data(CLIENT, &hello[110..]);
    gap.data(CLIENT, data).ack(SERVER);
    let kinds: Vec<_> = transcript(&gap).units.iter().map(|unit| unit.kind).collect();
    assert_eq!(kinds, [UnitKind::Tls; 3]);
    // None of it is text, and none counts as a time.
    let time = b"\x17\x03\x03\x00\x0809:31:35";
    let stats = Stats::read(
        connection(&[(CLIENT, &hello), (SERVER, answer), (SERVER, time), (CLIENT, data)])
            .pcap()
            .as_slice(),
        None,
    )
    .unwrap();
    let divisions = stats.usual.unwrap().update.divisions;
    assert_eq!(divisions.iter().map(|side| side.of(Kind::Time)).sum::<u64>(), 0);
}

/// RFC 8446 section 5.1, and RFC 5246 section 6.2.3 for the longest.
#[test]
fn a_record_has_a_length_that_one_may_have() {
    let hello = client_hello(None);
    let server_hello: &[u8] = b"\x16\x03\x03\x00\x04\x02\x00\x00\x00";
    let record = |len: u16| [&[23, 3, 3][..], &len.to_be_bytes(), &vec![7; len.into()]].concat();
    // Any minor version of 3, though there is none above 4.
    for minor in 0..=4 {
        let mut hello = hello.clone();
        hello[2] = minor;
        assert_eq!(letters(&[(CLIENT, &hello), (SERVER, server_hello)]), "RR", "{minor}");
    }
    let mut later = hello.clone();
    later[2] = 5;
    assert_eq!(letters(&[(CLIENT, &later)]), "T");
    for (len, expected) in [(1 << 14, "RR"), ((1 << 14) + 2048, "RR"), ((1 << 14) + 2049, "RX")] {
        // What is longer than what is kept comes in two pieces of the same record.
        let talk: Talk<'_> = &[(CLIENT, &hello), (SERVER, server_hello), (SERVER, &record(len))];
        let mut labels: Vec<String> =
            transcript(&connection(talk)).units.iter().map(|unit| unit.label()).collect();
        labels.dedup();
        let found: String = labels[1..].iter().map(|label| &label[..1]).collect();
        assert_eq!(found, expected, "{len}");
    }
    // Only application data may be empty, and nothing begins with that.
    assert_eq!(letters(&[(CLIENT, b"\x16\x03\x01\x00\x00\x01")]), "T");
    assert_eq!(letters(&[(CLIENT, &hello), (SERVER, b"\x16\x03\x03\x00\x00what?")]), "RT");
    assert_eq!(letters(&[(CLIENT, &hello), (SERVER, server_hello), (SERVER, &record(0))]), "RRR");
    // Where more is missing than the rest of a record, the next one is not known to begin there.
    let mut gap = Connection::v4();
    gap.open().data(CLIENT, &hello).data(SERVER, &record(100)[..50]).lose(SERVER, 80);
    gap.data(SERVER, b"the end of another").data(SERVER, &record(10)).ack(CLIENT);
    let found: Vec<String> = units_of(&gap).iter().map(|unit| unit[..1].to_owned()).collect();
    assert_eq!(found, ["R", "R", "X", "R"]);
}

/// RFC 9113 section 3.4.
#[test]
fn http_2_is_named_by_its_preface() {
    let preface: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let settings: &[u8] = b"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00d";
    let acknowledged = b"\x00\x00\x00\x04\x01\x00\x00\x00\x00";
    let data = b"\x00\x00\x02\x00\x01\x00\x00\x00\x01ab";
    let begin = [preface, settings].concat();
    let talk: Talk<'_> =
        &[(CLIENT, &begin), (SERVER, settings), (CLIENT, acknowledged), (SERVER, data)];
    let text = messages(&shown(&connection(talk).pcap()));
    let named: Vec<&str> = text.lines().filter(|line| line.starts_with('F')).collect();
    assert_eq!(
        named,
        [
            "F1 s  HTTP/2 preface, 24 bytes",
            "F2 s  HTTP/2 SETTINGS frame, 15 bytes",
            "F3 s  HTTP/2 SETTINGS frame, 15 bytes",
            "F4 s  HTTP/2 SETTINGS frame, 9 bytes",
            "F5 s  HTTP/2 DATA frame, 11 bytes",
        ]
    );
    assert!(text.contains("    │ 50 52 49 20 2a 20 48 54 54 50 2f 32 2e 30 0d 0a 0d 0a 53 4d 0d 0a  PRI * HTTP/2.0....SM..\n"), "{text}");
    // The types of RFC 9113 section 6, and one that is not among them.
    let types: Vec<u8> = (0..=10).flat_map(|kind| [0, 0, 0, kind, 0, 0, 0, 0, 1]).collect();
    let typed: Talk<'_> = &[(CLIENT, &begin), (SERVER, settings), (SERVER, &types)];
    let text = messages(&shown(&connection(typed).pcap()));
    let names: Vec<&str> = text
        .lines()
        .filter_map(|line| line.split_once("  HTTP/2 ")?.1.strip_suffix(" frame, 9 bytes"))
        .collect();
    assert_eq!(
        names,
        [
            "DATA",
            "HEADERS",
            "PRIORITY",
            "RST_STREAM",
            "SETTINGS",
            "PUSH_PROMISE",
            "PING",
            "GOAWAY",
            "WINDOW_UPDATE",
            "CONTINUATION",
            "unknown",
        ]
    );
    let text = explained(&connection(talk).pcap());
    assert!(text.contains("begins HTTP/2 (RFC 9113 section 3.4)"), "{text}");
    // However it comes.
    for at in 1..begin.len() {
        let found = units(&[(CLIENT, &begin[..at]), (CLIENT, &begin[at..]), (SERVER, settings)]);
        assert_eq!(found.iter().map(|unit| &unit[..1]).collect::<String>(), "FFF", "{at}");
    }
    // A server that knows no HTTP/2 says so.
    assert_eq!(letters(&[(CLIENT, &begin), (SERVER, BAD)]), "FFAB");
    assert_eq!(letters(&[(CLIENT, &begin), (SERVER, b"not here\n")]), "FFT");
    let frame = b"\x00\x00\x08\x00\x00\x00\x00\x00\x0109:31:35";
    let mut gap = Connection::v4();
    gap.open().data(CLIENT, &begin).data(SERVER, settings).data(SERVER, &frame[..11]);
    gap.lose(SERVER, 2).data(SERVER, &frame[13..]).data(SERVER, settings).ack(CLIENT);
    assert_eq!(units_of(&gap)[2..].iter().map(|unit| &unit[..1]).collect::<String>(), "FFFF");
    // Without its second half it is a request.
    assert_eq!(letters(&[(CLIENT, b"PRI * HTTP/2.0\r\n\r\n"), (SERVER, BAD)]), "QAB");
    // After an upgrade, it is in a tunnel.
    let upgrade = b"GET / HTTP/1.1\r\nUpgrade: h2c\r\n\r\n";
    let agreed = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n";
    assert_eq!(
        letters(&[(CLIENT, upgrade), (SERVER, agreed), (CLIENT, &begin), (SERVER, settings)]),
        "QAFFF"
    );
}

/// RFC 9110 section 9.3.6.
#[test]
fn what_a_tunnel_carries_is_read() {
    let connect: &[u8] = b"CONNECT a.example:80 HTTP/1.1\r\nHost: a.example:80\r\n\r\n";
    let agreed: &[u8] = b"HTTP/1.1 200 Connection established\r\n\r\n";
    let upgrade: &[u8] = b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    let switched: &[u8] =
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    let talk: Talk<'_> = &[
        (CLIENT, connect),
        (SERVER, agreed),
        (CLIENT, upgrade),
        (SERVER, switched),
        (CLIENT, b"\x81\x82\x01\x02\x03\x04ik"),
        (SERVER, b"\x81\x02yo"),
    ];
    let text = messages(&shown(&connection(talk).pcap()));
    for line in [
        "───── s  from here on, both sides send WebSocket frames",
        "    │ FIN, text, masked with 01 02 03 04, 2 bytes: hi",
        "    │ FIN, text, 2 bytes: yo",
    ] {
        assert!(text.contains(line), "{line}\nis not in\n{text}");
    }
    let hello = client_hello(Some("a.example"));
    let inside: &[(&str, Talk<'_>)] = &[
        ("QABQAB", &[(CLIENT, GET), (SERVER, OK), (CLIENT, GET), (SERVER, OK)]),
        ("RR", &[(CLIENT, &hello), (SERVER, b"\x16\x03\x03\x00\x04\x02\x00\x00\x00")]),
        ("TTT", &[(SERVER, b"220 ready\r\n"), (CLIENT, b"EHLO a\r\n"), (SERVER, b"250 ok\r\n")]),
        ("QT", &[(CLIENT, GET), (SERVER, b"what?\n")]),
        ("QAQAB", &[(CLIENT, connect), (SERVER, agreed), (CLIENT, GET), (SERVER, OK)]),
    ];
    for (expected, said) in inside {
        let talk = [&[(CLIENT, connect), (SERVER, agreed)], *said].concat();
        assert_eq!(letters(&talk)[2..], **expected);
    }
    // The client does not wait for the proxy, and the server's words come with the proxy's.
    assert_eq!(
        letters(&[(CLIENT, connect), (SERVER, &[agreed, b"220 ready\r\n"].concat())]),
        "QAT"
    );
    // A proxy that refuses makes no tunnel.
    let talk: Talk<'_> = &[(CLIENT, connect), (SERVER, BAD), (CLIENT, GET), (SERVER, OK)];
    assert_eq!(letters(talk), "QABQAB");
}

/// Whoever sends requests is the client, whatever the ports are.
#[test]
fn the_side_that_asks_is_the_client() {
    let hello = client_hello(None);
    let talks: &[(&str, Talk<'_>)] = &[
        ("QAB", &[(CLIENT, GET), (SERVER, OK)]),
        ("QAB", &[(CLIENT, b"get / HTTP/1.1\r\n\r\n"), (SERVER, OK)]),
        ("QAB", &[(CLIENT, b"GET /\r\n"), (SERVER, OK)]),
        ("ABQAB", &[(SERVER, OK), (CLIENT, GET), (SERVER, OK)]),
        ("RAB", &[(CLIENT, &hello), (SERVER, BAD)]),
        ("C", &[(CLIENT, b"\x81\x82\x01\x02\x03\x04ik")]),
        ("S", &[(SERVER, b"\x81\x02yo")]),
        ("FF", &[(CLIENT, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")]),
    ];
    for (expected, talk) in talks {
        for ports in [[33_000, 50_080], [50_080, 33_000], [40_000, 9_000], [80, 40_000]] {
            let mut midway = Connection::new(v4(1, ports[0]), v4(2, ports[1]));
            say(&mut midway, talk);
            let found = transcript(&midway);
            assert_eq!(found.connection.client.port, ports[0], "{ports:?} {talk:?}");
            let letters: String =
                found.units.iter().map(|unit| unit.label()[..1].to_owned()).collect();
            assert_eq!(letters, *expected, "{ports:?}");
        }
    }
}

/// A byte may be 0 in any protocol.
#[test]
fn frames_are_believed_on_evidence() {
    let pairs: &[[&[u8]; 2]] = &[
        // Lengths of 4, 2 and 1 bytes before what is said, and types before lengths.
        [b"\x00\x00\x00\x04ping", b"\x00\x00\x00\x05\xfe\xff\xfd\x80\x81"],
        [b"\x00\x04ping", b"\x00\x05\xfe\xff\xfd\x80\x81"],
        [b"\x04ping", b"\x05\xfe\xff\xfd\x80\x81"],
        [b"\x01\x04ping", b"\x02\x05\xfe\xff\xfd\x80\x81"],
        [b"\x01\x00\x04ping", b"\x01\x04ping\x02\x03abc"],
        [b"\x00\x00", b"\x00\x00\x00\x00"],
        [b"\x80\x80\0\0\0\0", b"\x80\x00"],
        [
            b"\x00\x01\x00\x00\x00\x06\x01\x03\x00\x00\x00\x02",
            b"\x00\x01\x00\x00\x00\x07\x01\x03\x04\x00\x01\x00\x02",
        ],
        // Frames that break the rules are none.
        [b"\x81\x82\0\0\0\0\xff\xfe", b"\x81\x02\xff\xfe"],
        [b"\x88\x82\0\0\0\0\0\x01", b"\x88\x02\0\x01"],
        [b"\x89\xfe\0\x02\0\0\0\0ab", b"\x82\x7e\0\x02ab"],
        [b"\xc9\x82\0\0\0\0ab", b"\xc0\x02ab"],
    ];
    for [client, server] in pairs {
        let mut midway = Connection::new(v4(1, 40_000), v4(2, 9_000));
        say(&mut midway, &[(CLIENT, client), (SERVER, server), (CLIENT, client), (SERVER, server)]);
        let text = shown(&midway.pcap());
        assert!(!text.contains("WebSocket"), "{text}");
        assert!(transcript(&midway).units.iter().all(|unit| unit.kind == UnitKind::Text));
    }
    for frames in [
        &b"\x81\x02yo"[..],
        b"\x82\x02\xff\xfe",
        b"\x88\x02\x03\xe8",
        b"\x89\x02hi",
        b"\xc1\x03\xca\xcc\x04",
        b"\x01\x01y\x00\x00\x80\x01o",
        b"\x01\x01y\x89\x00\x80\x01o\x81\x00",
        &[&b"\x81\x7e\x00\x80"[..], &[b'x'; 128]].concat(),
    ] {
        let mut midway = Connection::new(v4(1, 40_000), v4(2, 9_000));
        say(&mut midway, &[(SERVER, frames)]);
        assert!(
            transcript(&midway).units.iter().all(|unit| unit.kind == UnitKind::Frame),
            "{frames:?}"
        );
    }
}

/// As a terminal sends them that is not asked for lines: the head is one thing all the same.
#[test]
fn a_request_may_come_byte_by_byte() {
    for request in [
        &b"get /time HTTP/1.1\nHost : a\nno colon\n\n"[..],
        b"GET /a b HTTP/1.1\r\n\r\n",
        b"GET /\r\n",
    ] {
        let mut connection = Connection::v4();
        connection.open();
        for byte in request {
            connection.data(CLIENT, &[*byte]);
        }
        connection.ack(SERVER).data(SERVER, BAD).close(SERVER);
        assert_eq!(units_of(&connection)[0], format!("Q {}", request.escape_ascii()));
    }
}
