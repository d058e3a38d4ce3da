//! Messages and events, whichever units carry them, packed or not.

mod writer;

use std::{fs, path::Path};

use payloads::{
    decode::{MESSAGE_LIMIT, Message, Short, StreamEvent, UnitKind, unpack::Fault},
    report::transcript::{self, Transcript},
};
use writer::{CLIENT, Connection, SERVER, messages, run, shown};

/// The conversation after a request that is answered with these fields and this content.
fn answered(fields: &str, content: &[&[u8]]) -> Connection {
    let mut http = Connection::v4();
    http.open().data(CLIENT, b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
    http.data(SERVER, format!("HTTP/1.1 200 OK\r\n{fields}\r\n").as_bytes()).ack(CLIENT);
    for piece in content {
        http.data(SERVER, piece).ack(CLIENT);
    }
    http
}

/// The same where the content comes in chunks, each in a segment of its own.
fn in_chunks(fields: &str, chunks: &[&[u8]]) -> Connection {
    let chunk = |data: &&[u8]| [format!("{:x}\r\n", data.len()).as_bytes(), data, b"\r\n"].concat();
    let chunks: Vec<_> = chunks.iter().map(chunk).collect();
    let mut content: Vec<&[u8]> = chunks.iter().map(Vec::as_slice).collect();
    content.push(b"0\r\n\r\n");
    answered(&format!("{fields}Transfer-Encoding: chunked\r\n"), &content)
}

const EVENTS: &str = "Content-Type: text/event-stream\r\n";

/// A handshake with this agreement about extensions.
fn websocket(extensions: &str) -> Connection {
    let mut ws = Connection::v4();
    ws.open().data(
        CLIENT,
        b"GET /time HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
          Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    let head = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n{extensions}\r\n"
    );
    ws.data(SERVER, head.as_bytes()).ack(CLIENT);
    ws
}

const DEFLATE: &str = "Sec-WebSocket-Extensions: permessage-deflate\r\n";

fn transcript(connection: &Connection) -> Transcript {
    transcript::read(connection.pcap().as_slice(), None).unwrap().remove(0)
}

/// The labels of the units that carried something.
fn carriers(source: &payloads::decode::Source) -> Vec<String> {
    let mut labels: Vec<_> = source.units.iter().map(|unit| unit.label()).collect();
    labels.dedup();
    labels
}

/// What a message says, how it was packed, and what carried it.
fn summary(message: &Message) -> (String, Option<&str>, String) {
    let text = String::from_utf8_lossy(&message.bytes).into_owned();
    (text, message.unpacked.as_deref(), carriers(&message.source).join(" "))
}

/// Whether an event was dispatched, its data, and what carried it.
fn event_summary(event: &StreamEvent) -> (Option<u64>, Option<String>, String) {
    let data = event.block.data.as_deref();
    let data = data.map(|data| String::from_utf8_lossy(data).into_owned());
    (event.number, data, carriers(&event.source).join(" "))
}

fn assert_has(text: &str, lines: &str) {
    assert!(text.contains(lines.trim_start_matches('\n')), "{lines}\nis not in\n{text}");
}

/// gzip (RFC 1952) of one stored block.
fn gzip(content: &[u8]) -> Vec<u8> {
    let len = u16::try_from(content.len()).unwrap();
    let mut packed = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 1];
    packed.extend(len.to_le_bytes());
    packed.extend((!len).to_le_bytes());
    packed.extend(content);
    packed.extend(crc32fast::hash(content).to_le_bytes());
    packed.extend(u32::from(len).to_le_bytes());
    packed
}

#[test]
fn chunks_are_chunks_and_an_event_is_what_an_empty_line_ends() {
    let sse = in_chunks(
        EVENTS,
        &[b"data: 1\n\ndata: 2\n\n", b"id: 5\ndata: par", b"t two\n\n", b": keep-alive\n\n"],
    );
    let events: Vec<_> = transcript(&sse).events.iter().map(event_summary).collect();
    let event = |number, data: &str, units: &str| (number, Some(data.to_owned()), units.to_owned());
    assert_eq!(
        events,
        [
            event(Some(1), "1", "K1"),
            event(Some(2), "2", "K1"),
            event(Some(3), "part two", "K2 K3"),
            (None, None, "K4".to_owned()),
        ]
    );
    let text = messages(&shown(&sse.pcap()));
    assert_has(
        &text,
        "
K1 s  chunk, 24 bytes
    │ 12                                18 bytes of data follow
    │ data: 1
    │                                   empty line: ends event E1
    │ data: 2
    │                                   empty line: ends event E2
    │                                   ends the chunk

E1 s  event (K1)
    │ 1

E2 s  event (K1)
    │ 2

K2 s  chunk, 20 bytes
    │ f                                 15 bytes of data follow
    │ id: 5
    │ data: par
    │                                   ends the chunk

K3 s  chunk, 12 bytes
    │ 7                                 7 bytes of data follow
    │ t two
    │                                   empty line: ends event E3
    │                                   ends the chunk

E3 s  event, id 5 (K2, K3)
    │ part two

K4 s  chunk, 19 bytes
    │ e                                 14 bytes of data follow
    │ : keep-alive
    │                                   empty line: no event, for there is no data
    │                                   ends the chunk
",
    );
}

#[test]
fn events_need_no_chunks() {
    let mut sse = answered(EVENTS, &[b"data: a\n", b"\n", b"data: b\n\ndata: c\n\n"]);
    sse.close(SERVER);
    let events: Vec<_> = transcript(&sse).events.iter().map(event_summary).collect();
    let expected = [(1, "a", "B1 B2"), (2, "b", "B3"), (3, "c", "B3")];
    let expected = expected.map(|(number, data, units): (_, &str, &str)| {
        (Some(number), Some(data.to_owned()), units.to_owned())
    });
    assert_eq!(events, expected);
    let text = messages(&shown(&sse.pcap()));
    assert_has(&text, "B1 s  content, 8 bytes\n    │ data: a\n");
    assert_has(&text, "E1 s  event (B1, B2)\n    │ a\n");
    assert!(!text.contains("event, "), "{text}");
}

/// An event that its chunk shows already is not said again.
#[test]
fn nothing_is_said_twice() {
    let sse = in_chunks(EVENTS, &[b"data: {\"time\": \"11:42:14\"}\n\n", b"id: 7\ndata: x\n\n"]);
    let text = messages(&shown(&sse.pcap()));
    assert_eq!(text.matches("11:42:14").count(), 1, "{text}");
    assert!(!text.contains("E1") && !text.contains("E2"), "{text}");
    assert_eq!(transcript(&sse).events.len(), 2);
    let ws = {
        let mut ws = websocket("");
        ws.data(SERVER, b"\x81\x05hello").ack(CLIENT);
        ws
    };
    assert!(transcript(&ws).messages.is_empty());
    // Nor is content that comes in one piece, or in chunks that read as the text they are.
    let page = answered("Content-Length: 5\r\n", &[b"hel", b"lo"]);
    assert!(transcript(&page).messages.is_empty());
    let chunked = in_chunks("", &[b"one ", b"page\n"]);
    assert_eq!(summary(&transcript(&chunked).messages[0]).0, "one page\n");
    assert!(!shown(&chunked.pcap()).contains("M1"));
}

#[test]
fn fields_of_events_are_those_of_the_standard() {
    let stream: &[u8] =
        b"\xef\xbb\xbfretry: 2000\r\nid: 1\r\nevent: tick\r\ndata: two\r\ndata: lines\
        \r\n\r\ndata\rdata:no space\r\rretry: soon\nid\n\nid: 9\ndata: never ended";
    for cut in 0..stream.len() {
        let (first, second) = stream.split_at(cut);
        let pieces: Vec<&[u8]> =
            [first, second].into_iter().filter(|piece| !piece.is_empty()).collect();
        let mut sse = answered(EVENTS, &pieces);
        sse.close(SERVER);
        let chunked = in_chunks(EVENTS, &pieces);
        for capture in [sse, chunked] {
            let events = transcript(&capture).events;
            let data: Vec<_> = events.iter().map(|event| event_summary(event).1).collect();
            let expected = [Some("two\nlines"), Some("\nno space"), None, Some("never ended")];
            assert_eq!(data, expected.map(|data| data.map(str::to_owned)), "{cut}");
            let numbers: Vec<_> = events.iter().map(|event| event.number).collect();
            assert_eq!(numbers, [Some(1), Some(2), None, None], "{cut}");
            let [first, _, third, last] = &events[..] else { unreachable!() };
            assert_eq!(first.block.retry, Some(2000));
            assert_eq!(first.block.event.as_deref(), Some(&b"tick"[..]));
            assert_eq!((&third.block.id, third.block.retry), (&Some(Vec::new()), None));
            assert_eq!(last.block.id.as_deref(), Some(&b"9"[..]));
        }
    }
    let sse = in_chunks(EVENTS, &[stream]);
    assert_has(
        &messages(&shown(&sse.pcap())),
        "E1 s  event, type tick, id 1 (K1)\n    │ two\n    │ lines\n\nE2 s  event (K1)\n",
    );
    let output = run(&["show", "--explain", "-"], &sse.pcap());
    assert_has(
        &String::from_utf8(output.stdout).unwrap(),
        "    │ type          tick  which listeners are told (HTML standard section 9.2.6)
    │ last event ID 1     what a client that connects again sends as Last-Event-ID
    │ retry         2000  after how many milliseconds a client connects again
    │ data          two
    │               lines
",
    );
}

/// Where bytes of an event are missing, it is none; the next one is.
#[test]
fn no_event_is_made_of_what_is_missing() {
    let mut sse = answered(EVENTS, &[b"data: a\n\ndata: "]);
    sse.lose(SERVER, 5).data(SERVER, b"b\n\ndata: c\n\n").ack(CLIENT).close(SERVER);
    let data: Vec<_> =
        transcript(&sse).events.iter().map(|event| event_summary(event).1.unwrap()).collect();
    assert_eq!(data, ["a", "c"]);
    let midway = |chunk: &[u8]| {
        let mut sse = Connection::v4();
        let chunk = [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat();
        sse.data(SERVER, &chunk).ack(CLIENT);
        let events = transcript(&sse).events;
        events.iter().map(|event| event_summary(event).1.unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(midway(b"data: x\n\n"), ["x"]);
    assert_eq!(midway(b"t two\n\ndata: x\n\n"), ["x"]);
}

#[test]
fn packed_content_is_shown_as_sent_and_then_as_it_unpacks() {
    let json = b"{\"time\":\"08:09:10\"}\n";
    let packed = gzip(json);
    let fields = format!("Content-Encoding: gzip\r\nContent-Length: {}\r\n", packed.len());
    let http = answered(&fields, &[&packed]);
    let text = messages(&shown(&http.pcap()));
    assert_has(&text, &format!("B1 s  content, {} bytes\n    │ \\x1f\\x8b", packed.len()));
    assert_has(
        &text,
        "\n\nM1 s  content unpacked from gzip, 20 bytes (B1)\n    │ {\"time\":\"08:09:10\"}\n",
    );
    let output = run(&["show", "--explain", "-"], &http.pcap());
    assert_has(
        &String::from_utf8(output.stdout).unwrap(),
        "    │ unpacked      {\"time\":\"  RFC 9110 section 8.4.1
    │ time          08:09:10   the time itself
    │ unpacked      \"}\\n
",
    );
    // In chunks, until the end, in a request, and as a transfer coding.
    let pieces: Vec<&[u8]> = packed.chunks(7).collect();
    let unpacked = |connection: &Connection| {
        let messages = transcript(connection).messages;
        let [message] = &messages[..] else { panic!("{messages:?}") };
        assert_eq!((message.short, message.packed_len), (None, packed.len() as u64));
        let (text, codings, units) = summary(message);
        assert_eq!(text.as_bytes(), json);
        format!("{} {units}", codings.unwrap())
    };
    assert_eq!(
        unpacked(&in_chunks("Content-Encoding: x-gzip\r\n", &pieces)),
        "gzip K1 K2 K3 K4 K5 K6 K7"
    );
    let mut until_close = answered("Content-Encoding: gzip\r\n", &pieces[..]);
    until_close.close(SERVER);
    assert_eq!(unpacked(&until_close), "gzip B1 B2 B3 B4 B5 B6 B7");
    let mut post = Connection::v4();
    post.open().data(CLIENT, format!("POST / HTTP/1.1\r\n{fields}\r\n").as_bytes());
    post.data(CLIENT, &packed).ack(SERVER);
    assert_eq!(unpacked(&post), "gzip B1");
    let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n";
    let mut transfer = Connection::v4();
    transfer.open().data(CLIENT, b"GET / HTTP/1.1\r\n\r\n").data(SERVER, head).ack(CLIENT);
    let chunk = [format!("{:x}\r\n", packed.len()).as_bytes(), &packed, b"\r\n0\r\n\r\n"].concat();
    transfer.data(SERVER, &chunk).ack(CLIENT);
    assert_eq!(unpacked(&transfer), "gzip K1");
    // An unknown coding stays as it is.
    assert!(
        transcript(&answered("Content-Encoding: pack200-gzip\r\n", &[b"x"])).messages.is_empty()
    );
}

#[test]
fn every_coding_unpacks() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inputs/unpack");
    for (coding, file) in [
        ("gzip", "numbers.gz"),
        ("deflate", "numbers.zlib"),
        ("deflate", "numbers.deflate"),
        ("br", "numbers.br"),
        ("zstd", "numbers.zst"),
        ("gzip, br", "numbers.gz.br"),
    ] {
        let packed = fs::read(folder.join(file)).unwrap();
        let pieces: Vec<&[u8]> = packed.chunks(1_400).collect();
        let http = in_chunks(&format!("Content-Encoding: {coding}\r\n"), &pieces);
        let message = transcript(&http).messages.remove(0);
        assert_eq!((message.short, message.unpacked.as_deref()), (None, Some(coding)), "{file}");
        assert!(message.bytes.starts_with(b"1 0001\n2 ") || message.bytes.len() > 1_000, "{file}");
        assert_eq!(message.raw_deflate, file == "numbers.deflate");
        let text = messages(&shown(&http.pcap()));
        let what = format!("M1 s  content unpacked from {coding}");
        assert_has(&text, &what);
        assert_eq!(text.contains("without zlib"), message.raw_deflate);
    }
}

#[test]
fn events_in_packed_content_are_dispatched_too() {
    let packed = gzip(b"data: a\n\nevent: b\ndata: c\n\n: d\n\n");
    let pieces: Vec<&[u8]> = packed.chunks(25).collect();
    let sse = in_chunks(&format!("{EVENTS}Content-Encoding: gzip\r\n"), &pieces);
    let events: Vec<_> = transcript(&sse).events.iter().map(event_summary).collect();
    assert_eq!(events.len(), 3);
    assert_eq!(events[0], (Some(1), Some("a".to_owned()), "K1".to_owned()));
    assert_eq!(events[1], (Some(2), Some("c".to_owned()), "K1 K2".to_owned()));
    let text = messages(&shown(&sse.pcap()));
    assert_has(&text, "E1 s  event unpacked from gzip (K1)\n    │ a\n");
    assert_has(&text, "E2 s  event unpacked from gzip, type b (K1, K2)\n    │ c\n");
}

/// What a few bytes unpack to may be events without end.
#[test]
fn only_so_many_events_of_a_unit_are_told() {
    // `: c`, and 6,000 times `a`, each with an empty line after it, packed by Python's zlib.
    let packed =
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xed\xc2\x41\x0d\x00\x00\x08\x04\xa0\xff\xa5\
        \x30\x87\x6d\x9c\xfd\x3b\xd8\xc3\xc1\xe8\xda\x64\x54\x55\x55\x55\x55\x55\x55\x55\x55\
        \x55\x55\x55\x55\x55\x55\x55\x55\x7d\xf1\x00\x8f\xd1\x09\x1f\x55\x46\x00\x00";
    let sse = in_chunks(&format!("{EVENTS}Content-Encoding: gzip\r\n"), &[packed]);
    let transcript = transcript(&sse);
    assert!((4_096..5_500).contains(&transcript.events.len()), "{}", transcript.events.len());
    assert_eq!(transcript.messages[0].short, Some(Short::Fault(Fault::Cut)));
    assert_has(&messages(&shown(&sse.pcap())), "cut: it unpacks to more than is kept of it\n");
}

/// What ends before its empty line was packed all the same.
#[test]
fn packed_events_may_end_in_the_middle() {
    let packed = gzip(b"data: a\n\ndata: b");
    let fields = format!("{EVENTS}Content-Encoding: gzip\r\n");
    let whole = in_chunks(&fields, &[&packed]);
    let events = transcript(&whole).events;
    let found: Vec<_> = events.iter().map(event_summary).collect();
    let event = |number, data: &str| (number, Some(data.to_owned()), "K1".to_owned());
    assert_eq!(found, [event(Some(1), "a"), event(None, "b")]);
    assert!(events.iter().all(|event| event.unpacked.as_deref() == Some("gzip")));
    assert!(transcript(&whole).messages.is_empty());
    let mut cut = in_chunks(&fields, &[&packed[..packed.len() - 10]]);
    cut.close(SERVER);
    let text = messages(&shown(&cut.pcap()));
    assert_has(&text, "content unpacked from gzip (K1); it ends in the middle of gzip\n");
    // Nor can what follows a gap be unpacked.
    let mut gap = answered(&fields, &[&packed[..24]]);
    gap.lose(SERVER, 2).data(SERVER, &packed[26..]).ack(CLIENT).close(SERVER);
    let text = messages(&shown(&gap.pcap()));
    assert_has(&text, "E1 s  event unpacked from gzip (B1)\n    │ a\n");
    assert_has(&text, "content unpacked from gzip (B1); the rest is not in the capture\n");
    // Where the capture ends, or the client has heard enough, there is nothing to be said.
    let mut open = in_chunks(&fields, &[&packed[..24]]);
    // Without the last chunk.
    open.packets.truncate(open.packets.len() - 2);
    assert_eq!(transcript(&open).events.len(), 1);
    assert!(transcript(&open).messages.is_empty());
}

#[test]
fn what_does_not_unpack_to_its_end_is_said() {
    let json = b"{\"time\":\"08:09:10\"}\n";
    let packed = gzip(json);
    let fields = format!("Content-Encoding: gzip\r\nContent-Length: {}\r\n", packed.len());
    let message = |connection: &Connection| transcript(connection).messages.remove(0);
    let mut wrong = packed.clone();
    wrong[20] ^= 1;
    let text = messages(&shown(&answered(&fields, &[&wrong]).pcap()));
    assert_has(&text, "(B1); the checksum of gzip is another (RFC 1952)\n    │ {\"");
    let text = messages(&shown(&answered(&fields, &[&[b'x'; 43]]).pcap()));
    assert_has(&text, "0 bytes (B1); it is not gzip (RFC 1952)\n");
    // Events that were unpacked before are given by themselves.
    let mut events = gzip(b"data: a\n\n");
    // Another block follows, and there is none of type 3.
    events[10] = 0;
    events.truncate(events.len() - 8);
    let sse = format!("{EVENTS}Content-Encoding: gzip\r\n");
    let text = messages(&shown(&in_chunks(&sse, &[&events, b"\x07\x07"]).pcap()));
    assert_has(&text, "E1 s  event unpacked from gzip (K1)\n");
    assert_has(&text, "content unpacked from gzip (K2); what follows is not gzip (RFC 1952)\n");
    let text = messages(&shown(&in_chunks(&sse, &[&[b'x'; 43]]).pcap()));
    assert_has(&text, "0 bytes (K1); it is not gzip (RFC 1952)\n");
    // Neither the rest nor the sender's end is there, the rest is missing, the sender came to its end.
    let mut begun = answered(&fields, &[&packed[..25]]);
    assert_eq!(message(&begun).short, Some(Short::Unfinished));
    begun.lose(SERVER, 5).data(SERVER, &packed[30..]).ack(CLIENT);
    assert_eq!(message(&begun).short, Some(Short::Missing));
    assert_eq!(message(&begun).bytes, json[..10]);
    assert_has(&messages(&shown(&begun.pcap())), "10 bytes (B1); the rest is not in the capture\n");
    let mut until_close = answered("Content-Encoding: gzip\r\n", &[&packed[..25]]);
    until_close.close(SERVER);
    let text = messages(&shown(&until_close.pcap()));
    assert_has(&text, "10 bytes (B1); it ends in the middle of gzip\n");
}

/// A message has a limit of its own, and what is beyond it is counted.
#[test]
fn no_more_is_kept_of_a_message_than_the_limit() {
    let long = vec![b'x'; MESSAGE_LIMIT - 10_000];
    let packed = [gzip(&long), gzip(&long)].concat();
    let pieces: Vec<&[u8]> = packed.chunks(8_000).collect();
    let http = in_chunks("Content-Encoding: gzip\r\n", &pieces);
    let message = transcript(&http).messages.remove(0);
    assert_eq!((message.bytes.len(), message.len), (MESSAGE_LIMIT, 2 * long.len() as u64));
    assert!(message.is_cut() && message.short.is_none());
    assert_has(
        &messages(&shown(&http.pcap())),
        "M1 s  content unpacked from gzip, 111072 bytes, the first 65536 of which follow (K1, K2 ... ",
    );
    // No character is divided.
    let long = format!("{}é", "x".repeat(MESSAGE_LIMIT - 1)).into_bytes();
    let packed: Vec<u8> = long.chunks(60_000).flat_map(gzip).collect();
    let pieces: Vec<&[u8]> = packed.chunks(8_000).collect();
    let message = transcript(&in_chunks("Content-Encoding: gzip\r\n", &pieces)).messages.remove(0);
    assert_eq!((message.bytes.len(), message.len), (MESSAGE_LIMIT - 1, long.len() as u64));
    let mut ws = websocket("");
    for index in 0..8 {
        let first = u8::from(index == 0) | if index == 7 { 0x80 } else { 0 };
        let len = u16::try_from(10_000).unwrap().to_be_bytes();
        let payload = vec![b'a' + index; 10_000];
        ws.data(SERVER, &[&[first, 126], &len[..], &payload].concat()).ack(CLIENT);
    }
    let message = transcript(&ws).messages.remove(0);
    assert_eq!((message.bytes.len(), message.len), (MESSAGE_LIMIT, 80_000));
    assert_has(
        &messages(&shown(&ws.pcap())),
        "M1 s  text message, 80000 bytes, the first 65536 of which follow (S1, S2 ... S7, 7 units)\n",
    );
    // The unit that brings the first byte beyond it is named, too.
    let mut ws = websocket("");
    for first in [1, 0, 0, 0, 0, 0, 0, 0, 0x80] {
        ws.data(SERVER, &[&[first, 126, 0x20, 0][..], &[b'x'; 0x2000]].concat()).ack(CLIENT);
    }
    assert_has(
        &messages(&shown(&ws.pcap())),
        "M1 s  text message, 73728 bytes, the first 65536 of which follow (S1, S2 ... S9, 9 units)\n",
    );
    // No more than so many of its units are named.
    let mut ws = websocket("");
    ws.data(SERVER, b"\x02\x01x").data(SERVER, &b"\x00\x01x".repeat(5_000)).ack(CLIENT);
    ws.data(SERVER, b"\x80\x00").ack(CLIENT);
    let message = transcript(&ws).messages.remove(0);
    assert_eq!((message.source.units.len(), message.len), (4_096, 5_001));
    assert_has(
        &messages(&shown(&ws.pcap())),
        "M1 s  binary message, 5001 bytes (S1, S2 ... S4096, ",
    );
}

#[test]
fn a_message_is_whole_after_its_last_fragment() {
    let mut ws = websocket("");
    ws.data(CLIENT, b"\x01\x84\x11\x22\x33\x44\x76\x47\x47\x69");
    ws.data(CLIENT, b"\x89\x82\x11\x22\x33\x44\x79\x4b").data(SERVER, b"\x8a\x02hi");
    ws.data(CLIENT, b"\x80\x84\x11\x22\x33\x44\x65\x4b\x5e\x21").ack(SERVER);
    ws.data(SERVER, b"\x02\x01\x00\x00\x01\xfe\x80\x00").ack(CLIENT);
    let text = messages(&shown(&ws.pcap()));
    assert_has(
        &text,
        "
C3 s  continuation frame, 10 bytes
    │ 80 84 11 22 33 44 65 4b 5e 21                                      ...\"3DeK^!
    │ FIN, continuation, masked with 11 22 33 44, 4 bytes: time

M1 s  text message, 8 bytes (C1, C3)
    │ get-time
",
    );
    assert_has(&text, "M2 s  binary message, 2 bytes (S2, S3, S4)\n    │ 00 fe   ");
    let output = run(&["show", "--explain", "-"], &ws.pcap());
    assert_has(
        &String::from_utf8(output.stdout).unwrap(),
        "    │ together      get-time  the payloads of its frames (RFC 6455 section 5.4)\n",
    );
    // Nothing is made of a message of which some is missing, or that does not end.
    let mut lost = websocket("");
    lost.data(SERVER, b"\x01\x02ab").lose(SERVER, 4).data(SERVER, b"\x80\x01c").ack(CLIENT);
    assert!(transcript(&lost).messages.is_empty());
    let mut open = websocket("");
    open.data(SERVER, b"\x01\x02ab").data(SERVER, b"\x00\x01c").ack(CLIENT);
    assert!(transcript(&open).messages.is_empty());
}

/// The examples of RFC 7692 section 7.2.3, one after the other on one connection.
#[test]
fn packed_messages_unpack_with_what_came_before() {
    let mut ws = websocket(DEFLATE);
    for frame in [
        &b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"[..],
        // The second one refers to the first.
        b"\xc1\x05\xf2\x00\x11\x00\x00",
        // One that is not packed, and a ping, change nothing.
        b"\x81\x02hi",
        b"\x41\x03\xf2\x48\xcd",
        b"\x89\x01p",
        b"\x80\x04\xc9\xc9\x07\x00",
        // A block that is stored, one that says it is the last, and two blocks.
        b"\xc1\x0b\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00",
        b"\xc1\x08\xf3\x48\xcd\xc9\xc9\x07\x00\x00",
        b"\xc1\x0d\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00",
    ] {
        ws.data(SERVER, frame).ack(CLIENT);
    }
    // The client's messages have a context of their own.
    ws.data(CLIENT, b"\xc1\x87\x01\x02\x03\x04\xf3\x4a\xce\xcd\xc8\x05\x03").ack(SERVER);
    let found: Vec<_> = transcript(&ws).messages.iter().map(summary_of_units).collect();
    let expected = ["S1", "S2", "S4 S6", "S7", "S8", "S9", "C1"];
    let expected = expected.map(|units| format!("Hello permessage-deflate {units}"));
    assert_eq!(found, expected);
    let text = messages(&shown(&ws.pcap()));
    assert_has(
        &text,
        "    │ FIN, RSV1, text, 5 bytes: compressed (RFC 7692)

M2 s  text message unpacked from permessage-deflate, 5 bytes (S2)
    │ Hello
",
    );
}

/// A message goes on although its connection is kept in another place meanwhile.
#[test]
fn the_end_of_another_connection_ends_no_message() {
    let mut other = Connection::new(writer::v4(3, 40_000), writer::v4(2, 8000));
    other.open();
    let mut ws = websocket(DEFLATE);
    ws.data(SERVER, b"\x41\x03\xf2\x48\xcd").ack(CLIENT);
    // The other one's ports are used again, which the SYN, ACK shows.
    let mut again = other.clone().sequences(1_500_000_000, 2_500_000_000);
    again.packets.clear();
    again.time = ws.time;
    again.open();
    ws.data(SERVER, b"\x80\x04\xc9\xc9\x07\x00").ack(CLIENT);
    let mut last = ws.packets.split_off(ws.packets.len() - 2);
    let mut packets = other.packets;
    packets.append(&mut ws.packets);
    packets.extend(again.packets.drain(1..));
    packets.append(&mut last);
    let found = transcript::read(writer::pcap(&packets).as_slice(), None).unwrap();
    assert_eq!(found.len(), 3);
    let messages: Vec<_> = found[1].messages.iter().map(summary_of_units).collect();
    assert_eq!(messages, ["Hello permessage-deflate S1 S2"]);
    assert_eq!(found[1].messages[0].packed_len, 7);
}

fn summary_of_units(message: &Message) -> String {
    assert_eq!(message.short, None);
    let (text, unpacked, units) = summary(message);
    format!("{text} {} {units}", unpacked.unwrap())
}

#[test]
fn a_packed_message_that_is_lost_takes_its_context_with_it() {
    let (first, second) =
        (b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00", b"\xc1\x05\xf2\x00\x11\x00\x00");
    let mut ws = websocket(DEFLATE);
    ws.data(SERVER, first).lose(SERVER, 9).data(SERVER, second).ack(CLIENT);
    let text = messages(&shown(&ws.pcap()));
    assert_has(
        &text,
        "(S2); not unpacked: it refers to an earlier message, which was not unpacked\n",
    );
    // Of one that goes on with what is missing, or does not end, there is what came before.
    let begun = b"\x41\x03\xf2\x48\xcd";
    let mut ws = websocket(DEFLATE);
    ws.data(SERVER, begun).ack(CLIENT);
    let found = |ws: &Connection| {
        let messages = transcript(ws).messages.into_iter();
        messages.map(|message| (message.bytes, message.short)).collect::<Vec<_>>()
    };
    assert_eq!(found(&ws), [(b"He".to_vec(), Some(Short::Unfinished))]);
    ws.lose(SERVER, 6).data(SERVER, b"\x81\x02hi").ack(CLIENT);
    assert_eq!(found(&ws), [(b"He".to_vec(), Some(Short::Missing))]);
    let mut midway = Connection::v4();
    midway.data(SERVER, begun).ack(CLIENT);
    assert_eq!(found(&midway), []);
    let mut too_short = websocket(DEFLATE);
    too_short.data(SERVER, b"\x41\x01\xf2").ack(CLIENT);
    assert_eq!(found(&too_short), []);
    // Without context takeover, each message stands alone.
    let alone = "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n";
    let mut ws = websocket(alone);
    ws.data(SERVER, first).lose(SERVER, 9).data(SERVER, first).ack(CLIENT);
    assert_eq!(transcript(&ws).messages.len(), 2);
    // Where the agreement is not known, what unpacks is shown, and what does not is not blamed.
    let mut midway = Connection::v4();
    for frame in [&first[..], second, b"\xc1\x02\xff\xff", first] {
        midway.data(SERVER, frame).ack(CLIENT);
    }
    let found: Vec<_> = transcript(&midway).messages.iter().map(summary_of_units).collect();
    let expected = ["S1", "S2", "S4"].map(|unit| format!("Hello permessage-deflate {unit}"));
    assert_eq!(found, expected);
}

/// A unit is called a part only where it is longer than what is kept of one, and the last of its parts
/// is called so.
#[test]
fn parts_of_long_units_end_with_a_last_one() {
    const KEPT: usize = 16 * 1024;
    let parts = |connection: &Connection, kind| {
        let units = transcript(connection).units;
        let units = units.into_iter().filter(|unit| unit.kind == kind);
        units.map(|unit| (unit.bytes.len(), unit.continued, unit.unfinished)).collect::<Vec<_>>()
    };
    let expected = |len: usize| {
        let count = len.div_ceil(KEPT);
        let of = |index| (KEPT.min(len - index * KEPT), index > 0, index + 1 < count);
        (0..count).map(of).collect::<Vec<_>>()
    };
    for len in [KEPT - 1, KEPT, KEPT + 1, 20_000, 2 * KEPT, 50_000] {
        for segment in [1_000, KEPT, 60_000] {
            let content = vec![b'x'; len];
            let pieces: Vec<&[u8]> = content.chunks(segment).collect();
            let body = answered(&format!("Content-Length: {len}\r\n"), &pieces);
            assert_eq!(parts(&body, UnitKind::Body), expected(len), "{len} in {segment}");
            let line = format!("{:x}\r\n", len - 8);
            let chunk = [line.as_bytes(), &content[..len - line.len() - 2], b"\r\n"].concat();
            let line = format!("{:04x}\r\n", chunk.len() - line.len() - 2);
            let chunk = [line.as_bytes(), &chunk[chunk.len() - (len - 6)..]].concat();
            let pieces: Vec<&[u8]> = chunk.chunks(segment).collect();
            let chunked = answered("Transfer-Encoding: chunked\r\n", &pieces);
            assert_eq!(parts(&chunked, UnitKind::Chunk), expected(len), "{len} in {segment}");
            let mut frame = vec![0x82, 126];
            frame.extend(u16::try_from(len - 4).unwrap().to_be_bytes());
            frame.extend(&content[4..]);
            let mut ws = websocket("");
            for piece in frame.chunks(segment) {
                ws.data(SERVER, piece).ack(CLIENT);
            }
            assert_eq!(parts(&ws, UnitKind::Frame), expected(len), "{len} in {segment}");
        }
    }
    let body = answered("Content-Length: 20000\r\n", &[&[b'x'; 20_000]]);
    let text = messages(&shown(&body.pcap()));
    assert_has(&text, "B1 s  content (first part), 16384 bytes\n");
    assert_has(&text, "B1 s  content (last part), 3616 bytes\n");
    let mut broken = answered("Content-Length: 50000\r\n", &[&[b'x'; 20_000]]);
    broken.close(SERVER);
    let text = messages(&shown(&broken.pcap()));
    assert_has(&text, "B1 s  content (last part, not complete), 3616 bytes\n");
    // No character is divided.
    let content = format!("{}{}", "x".repeat(KEPT - 1), "é".repeat(100));
    let body = answered(&format!("Content-Length: {}\r\n", content.len()), &[content.as_bytes()]);
    assert_eq!(parts(&body, UnitKind::Body)[0].0, KEPT - 1);
    assert!(!shown(&body.pcap()).contains("\\x"));
}

/// What units carried a message is told to programs by the units' numbers.
#[test]
fn the_json_names_the_units() {
    let mut ws = websocket(DEFLATE);
    ws.data(SERVER, b"\x41\x03\xf2\x48\xcd").data(SERVER, b"\x80\x04\xc9\xc9\x07\x00").ack(CLIENT);
    let sse = in_chunks(EVENTS, &[b"id: 5\ndata: par", b"t two\n\n: x\n\n"]);
    let lines = |connection: &Connection, kind: &str| {
        let output = run(&["show", "--json", "-"], &connection.pcap());
        let text = String::from_utf8(output.stdout).unwrap();
        let lines =
            text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        lines.filter(|line| line["kind"] == kind).collect::<Vec<_>>()
    };
    let frames: Vec<_> = lines(&ws, "frame").iter().map(|frame| frame["unit"].clone()).collect();
    let message = &lines(&ws, "message")[0];
    assert_eq!(message["units"], serde_json::json!(frames));
    for (name, value) in [
        ("label", serde_json::json!("M1")),
        ("text", "Hello".into()),
        ("unpacked", "permessage-deflate".into()),
        ("bytes", 5.into()),
        ("side", "server".into()),
        ("what", "text message unpacked from permessage-deflate".into()),
    ] {
        assert_eq!(message[name], value, "{message}");
    }
    let chunks: Vec<_> = lines(&sse, "chunk").iter().map(|chunk| chunk["unit"].clone()).collect();
    let events = lines(&sse, "event");
    assert_eq!(events[0]["units"], serde_json::json!(chunks[..2]));
    for (name, value) in [
        ("label", serde_json::json!("E1")),
        ("id", "5".into()),
        ("data", "part two".into()),
        ("dispatched", true.into()),
    ] {
        assert_eq!(events[0][name], value, "{}", events[0]);
    }
    assert_eq!(events[1]["dispatched"], serde_json::json!(false));
    assert_eq!(events[1]["label"], serde_json::Value::Null);
}

/// What other programs packed, cut into chunks and fragments.
#[test]
fn captures_of_other_programs() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures/foreign");
    let read = |name: &str| {
        let capture = fs::read(folder.join(name).with_extension("pcap")).unwrap();
        transcript::read(capture.as_slice(), None).unwrap()
    };
    // The same page in each coding, and as it is.
    for (name, first) in
        [("curl-codings", "<!DOCTYPE html>"), ("curl-br-and-zstd", "0 squared is 0\n")]
    {
        let transcripts = read(name);
        let messages: Vec<_> =
            transcripts.iter().flat_map(|transcript| &transcript.messages).collect();
        let packed: Vec<_> = messages.iter().filter(|message| message.unpacked.is_some()).collect();
        assert!(packed.len() >= 4, "{name}: {}", packed.len());
        for message in &packed {
            assert_eq!(message.short, None, "{name}");
            assert!(message.bytes.starts_with(first.as_bytes()), "{name}");
            assert_eq!(message.bytes, packed[0].bytes, "{name}");
        }
    }
    let events: Vec<_> = read("node-events")[0].events.iter().map(event_summary).collect();
    let data: Vec<_> = events.iter().map(|(number, data, _)| (*number, data.as_deref())).collect();
    assert_eq!(
        data,
        [
            (None, None),
            (Some(1), Some("first")),
            (Some(2), Some("second\nof two lines")),
            (Some(3), Some("in three chunks")),
            (Some(4), Some("")),
            (Some(5), Some("no space")),
            (None, None),
            (None, Some("never dispatched")),
        ]
    );
    assert_eq!(events[3].2, "K3 K4 K5");
    for name in ["node-ws-deflate", "node-ws-windows", "python-websockets"] {
        let transcripts = read(name);
        let messages: Vec<_> =
            transcripts.iter().flat_map(|transcript| &transcript.messages).collect();
        assert!(messages.len() >= 6, "{name}");
        for message in &messages {
            assert_eq!(message.short, None, "{name}");
        }
        let units = transcripts.iter().flat_map(|transcript| &transcript.units);
        assert!(units.into_iter().all(|unit| unit.violations.is_empty()), "{name}");
    }
}
