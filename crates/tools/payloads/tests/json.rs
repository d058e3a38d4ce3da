//! `payloads show --json`: lines for programs.

#[allow(dead_code, reason = "this file uses a part of it")]
mod checks;
mod writer;

use std::io::Write;
use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
};

use serde_json::{Value, json};
use writer::{ACK, CLIENT, Connection, RST, SERVER, SYN};

fn run(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_payloads"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may end without reading all.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

fn lines_of(capture: &[u8], kind: &str) -> Vec<Value> {
    let lines = checks::json::lines(capture).unwrap();
    lines.into_iter().filter(|line| line["kind"] == kind).collect()
}

#[test]
fn the_lines_of_each_capture_of_the_tests() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures");
    let mut checked = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension != "sh") && path.is_file() {
            let lines = checks::json::lines(&fs::read(&path).unwrap()).unwrap();
            // Nothing in these captures comes late, and so each unit has its place.
            let mut units = lines.iter().filter(|line| line.get("parts").is_some());
            assert!(units.all(|unit| unit["spans"] != json!([])), "{path:?}");
            checked += 1;
        }
    }
    assert!(checked >= 11);
}

#[test]
fn what_a_unit_is_in_few_words() {
    let mut ws = Connection::v4();
    ws.open();
    ws.data(CLIENT, b"GET /time HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: W+pQUnxtfyImglCepUIxdw==\r\n\r\n");
    ws.data(SERVER, b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: jvz8rJ0yJN/A4J0kiZQLiifpQO8=\r\n\r\n");
    ws.data(SERVER, b"\x88\x06\x03\xe8done").data(CLIENT, b"\x88\x82\0\0\0\0\x03\xe8");
    let whats = |capture: &[u8], kind: &str| -> Vec<String> {
        let lines = lines_of(capture, kind).into_iter();
        lines.map(|line| line["what"].as_str().unwrap().to_owned()).collect()
    };
    let close = "close frame 1000 (normal closure)";
    assert_eq!(whats(&ws.pcap(), "frame"), [format!("{close} done"), close.to_owned()]);
    assert_eq!(whats(&ws.pcap(), "request"), ["request GET /time"]);
    let mut old = Connection::v4();
    old.open().data(CLIENT, b"GET /time\r\n").data(SERVER, b"HTTP/1.1 400 Bad Request\r\n\r\n");
    assert_eq!(whats(&old.pcap(), "request"), ["request GET /time"]);
}

#[test]
fn a_frame_down_to_its_bits() {
    let mut ws = Connection::v4();
    ws.open();
    ws.data(CLIENT, b"GET /time HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: W+pQUnxtfyImglCepUIxdw==\r\n\r\n");
    ws.data(SERVER, b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: jvz8rJ0yJN/A4J0kiZQLiifpQO8=\r\n\r\n");
    ws.wait(10_000);
    ws.data(CLIENT, b"\x81\x88\x36\x0d\x29\x16\x51\x68\x5d\x3b\x42\x64\x44\x73");
    ws.data(SERVER, b"\x81\x14{\"time\": \"09:43:38\"}");
    let frames = lines_of(&ws.pcap(), "frame");
    assert_eq!(
        frames[0],
        json!({
            "kind": "frame", "unit": 3, "label": "C1", "what": "text frame get-time",
            "connection": 1, "side": "client", "time": frames[0]["time"], "bytes": 14,
            "spans": [[6, 66, 14]],
            "parts": [
                [1, "framing", "websocket.fin", "the last frame"],
                [3, "framing", "websocket.rsv", "000"],
                [4, "framing", "websocket.opcode", "1: text"],
                [1, "framing", "websocket.mask", "masked"],
                [7, "framing", "websocket.length", "8 bytes"],
                [32, "framing", "websocket.masking-key", "360d2916"],
                [64, "content", "websocket.payload", "get-time"],
            ],
            "complete": true, "hex": "8188360d291651685d3b42644473", "fin": true, "rsv": 0,
            "opcode": 1, "masked": true, "payload": {"text": "get-time"},
        })
    );
    assert_eq!(
        frames[1]["parts"].as_array().unwrap()[5..],
        [
            json!([80, "framing", "websocket.payload", "{\"time\": \""]),
            json!([64, "time", "time", "09:43:38"]),
            json!([16, "framing", "websocket.payload", "\"}"]),
        ]
    );
}

#[test]
fn a_time_may_come_in_two_units_and_is_recounted() {
    let mut http = Connection::v4();
    http.open().data(CLIENT, b"GET /time HTTP/1.1\r\n\r\n");
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked";
    http.data(SERVER, format!("{head}\r\n\r\nd\r\n{{\"time\":\"09:4\r\n").as_bytes());
    http.data(SERVER, b"6\r\n3:38\"}\r\n0\r\n\r\n");
    let lines = checks::json::lines(&http.pcap()).unwrap();
    let recounts: Vec<&Value> = lines.iter().filter(|line| line["kind"] == "recount").collect();
    assert_eq!(
        recounts,
        [
            &json!({"kind": "recount", "unit": 3, "byte": 12, "bytes": 4, "of": "time"}),
            &json!({"kind": "recount", "unit": 3, "byte": 3, "bytes": 9, "of": "framing"}),
            &json!({"kind": "recount", "unit": 4, "byte": 7, "bytes": 2, "of": "framing"}),
        ]
    );
}

#[test]
fn a_note_says_which_packet_brought_it() {
    let mut tcp = Connection::v4();
    tcp.open().data(CLIENT, b"time\n");
    let mut again = tcp.packets[3].clone();
    again.time += 1_000;
    tcp.packets.push(again);
    tcp.data(SERVER, b"09:31:45\n\n").ack(CLIENT);
    let notes = lines_of(&tcp.pcap(), "note");
    let note = notes.iter().find(|note| note["note"] == "sent-again").unwrap();
    assert_eq!((&note["packet"], &note["bytes"]), (&json!(5), &json!(5)), "{notes:?}");
}

#[test]
fn updates_are_told_with_their_packets() {
    let mut tcp = Connection::v4();
    tcp.open();
    for _ in 0..3 {
        tcp.wait(1_000).data(CLIENT, b"time\n").data(SERVER, b"09:31:45\n\n").ack(CLIENT);
    }
    let updates = lines_of(&tcp.pcap(), "update");
    let packets: Vec<&Value> = updates.iter().map(|update| &update["packets"]).collect();
    assert_eq!(packets, [&json!([4, 6]), &json!([7, 9]), &json!([10, 12])]);
    assert_eq!(updates[0]["figures"]["app_bytes"], 15);
    assert_eq!(updates[0]["server"]["time"], 8);
    assert_eq!(updates[0]["client"]["framing"], 1);
}

#[test]
fn the_program_prints_the_lines_and_the_names_as_they_are() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/captures");
    let path = format!("{folder}/wsapp.pcap");
    let output = run(&["show", "--json", &path], b"");
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let end: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    let stats: Value =
        serde_json::from_slice(&run(&["stats", "--json", &path], b"").stdout).unwrap();
    assert_eq!(end["stats"], stats[0]);
    let refused = run(&["show", "--json", "--explain", &path], b"");
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(String::from_utf8(refused.stderr).unwrap().lines().count(), 1);
}

#[test]
fn input_that_ends_in_the_middle_gives_whole_lines() {
    let capture = fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/captures/wsapp.pcap"));
    let capture = capture.unwrap();
    let output = run(&["show", "--json", "-"], &capture[..capture.len() / 2]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.ends_with('\n'));
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let end = lines.last().unwrap();
    assert_eq!((&end["kind"], &end["why"]), (&json!("end"), &json!("cut")));
    assert_eq!(end["stats"]["ends_in_packet_at"], capture.len() / 2);
}

/// Bytes that fill a gap too late are a thing of their own, of the side that sent them.
#[test]
fn late_bytes_are_of_their_sender() {
    for (side, name) in [(CLIENT, "client"), (SERVER, "server")] {
        let mut tcp = Connection::v4();
        tcp.open().data(side, b"one\n").data(side, b"two\n").data(side, b"three\n");
        tcp.data(1 - side, b"answer\n").ack(side);
        let mut late = tcp.packets.remove(4);
        late.time += 200_000;
        tcp.packets.push(late);
        let found = lines_of(&tcp.pcap(), "bytes");
        let [found] = &found[..] else { panic!("{found:?}") };
        assert_eq!((&found["side"], &found["label"]), (&json!(name), &json!("X1")));
        assert_eq!(found["parts"], json!([[32, "content", "late", "two\\n"]]));
    }
}

#[test]
fn bytes_put_together_from_fragments_have_their_places() {
    let mut tcp = Connection::v4();
    tcp.open().data(CLIENT, b"what time is it?\n").ack(SERVER);
    let mut frames = writer::frames(&tcp.packets, writer::Link::Ethernet);
    let (time, whole) = frames[3].clone();
    let (header, data) = whole[14..].split_at(20);
    // The TCP header takes 32 bytes of the first 40, which are 5 units of 8 bytes.
    let fragments = [(0x2000_u16, &data[..40]), (5, &data[40..])].map(|(place, data)| {
        let mut header = header.to_vec();
        header[2..4].copy_from_slice(&(20 + data.len() as u16).to_be_bytes());
        header[6..8].copy_from_slice(&place.to_be_bytes());
        (time, [&whole[..14], &header, data].concat())
    });
    frames.splice(3..4, fragments);
    let found = lines_of(&writer::pcap_of(&frames, 1, false, false, u32::MAX), "text");
    assert_eq!(found[0]["spans"], json!([[4, 66, 8], [5, 34, 9]]));
}

/// How a connection ends is told too, unless both sides were done.
#[test]
fn a_note_says_how_a_connection_ends() {
    let endings = |connection: &Connection| {
        let notes = lines_of(&connection.pcap(), "note");
        let of_ends = notes.iter().filter(|note| note["side"].is_null());
        of_ends.map(|note| (note["note"].clone(), note["packet"].clone())).collect::<Vec<_>>()
    };
    let mut tcp = Connection::v4();
    tcp.open().data(CLIENT, b"time\n");
    let mut closed = tcp.clone();
    assert_eq!(endings(closed.close(CLIENT)), []);
    let mut reset = tcp.clone();
    assert_eq!(endings(reset.send(SERVER, RST | ACK, b"")), [(json!("reset"), json!(5))]);
    let mut refused = Connection::v4();
    refused.send(CLIENT, SYN, b"").send(SERVER, RST | ACK, b"");
    assert_eq!(endings(&refused), [(json!("refused"), json!(2))]);
}
