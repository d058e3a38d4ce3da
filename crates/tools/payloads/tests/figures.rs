//! In which update bytes are counted: in the one that they came in, whenever it becomes known what they
//! are. Whatever is captured, what is known of an update's bytes is all of them.

#[allow(dead_code, reason = "this file uses a part of it")]
mod checks;
mod writer;

use std::{fs, path::Path};

use serde_json::{Value, json};
use writer::{CLIENT, Connection, Packet, Random, SERVER, run};

/// The updates of a capture, as the last line about each says.
fn updates(capture: &[u8]) -> Vec<Value> {
    let mut updates: Vec<Value> = Vec::new();
    for line in checks::json::lines(capture).unwrap() {
        if line["kind"] == "update" {
            updates.retain(|update| update["packets"] != line["packets"]);
            updates.push(line);
        }
    }
    updates.sort_by_key(|update| update["packets"][0].as_u64());
    updates
}

/// What is known of the bytes that `side` sent in each update, without what is 0.
fn divisions(capture: &[u8], side: &str) -> Vec<Value> {
    let known = |update: &Value| {
        let division = update[side].as_object().unwrap().iter();
        let known = division.filter(|(name, bytes)| *name != "app_bytes" && **bytes != 0);
        Value::Object(known.map(|(name, bytes)| (name.clone(), bytes.clone())).collect())
    };
    updates(capture).iter().map(known).collect()
}

/// One side was captured alone, so that what it says waits for what acknowledges it.
#[test]
fn one_direction() {
    let mut tcp = Connection::v4();
    for line in [&b"08:07:00\n"[..], b"08:07:01\n", b"08:07:02\n", b"08:07:03\n"] {
        tcp.wait(1_000).data(SERVER, line);
    }
    let line = json!({"time": 8, "framing": 1});
    assert_eq!(divisions(&tcp.pcap(), "server"), [line.clone(), line.clone(), line]);
    let output = run(&["stats", "-"], &tcp.pcap());
    let text = String::from_utf8(output.stdout).unwrap();
    let row = "| standard input | server |         9 |    8 |       1 |         0 |       0 |\n";
    assert!(text.contains(row), "{text}");
}

#[test]
fn a_line_that_comes_in_two_updates() {
    let mut tcp = Connection::v4();
    tcp.open();
    for piece in [&b"x\n"[..], b"now 08:0", b"7:00 UTC\n", b"08:07:0", b"0", b"0\n"] {
        tcp.wait(1_000).data(SERVER, piece).ack(CLIENT);
    }
    assert_eq!(
        divisions(&tcp.pcap(), "server"),
        [
            json!({"content": 1, "framing": 1}),
            json!({"time": 4, "framing": 4}),
            json!({"time": 4, "framing": 5}),
            // This looked like a time until its last digit came.
            json!({"content": 7}),
            json!({"content": 1}),
            json!({"content": 1, "framing": 1}),
        ]
    );
    // What looked like a second time is framing around the first.
    let mut tcp = Connection::v4();
    tcp.open();
    for piece in [&b"08:07:00 08:07:01"[..], b":1\n"] {
        tcp.wait(1_000).data(SERVER, piece).ack(CLIENT);
    }
    assert_eq!(
        divisions(&tcp.pcap(), "server"),
        [json!({"time": 8, "framing": 9}), json!({"framing": 3})]
    );
}

#[test]
fn json_that_comes_in_two_updates() {
    let mut http = Connection::v4();
    http.open().wait(1_000).data(CLIENT, b"GET /time HTTP/1.1\r\n\r\n");
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n";
    http.data(SERVER, head).data(SERVER, b"{\"time\":\"08:").ack(CLIENT);
    http.wait(1_000).data(SERVER, b"07:00\"}\n").ack(CLIENT);
    assert_eq!(
        divisions(&http.pcap(), "server"),
        [
            json!({"http_head": head.len(), "time": 3, "framing": 9}),
            json!({"time": 5, "framing": 3})
        ]
    );
}

/// A segment that comes before those that it follows is counted where it came, though it is read later.
#[test]
fn a_segment_that_waits_for_another() {
    let mut tcp = Connection::v4();
    tcp.open().wait(1_000).data(SERVER, b"Hello!\n").ack(CLIENT);
    tcp.wait(1_000).data(SERVER, b"08:07:00\n").wait(1_000).data(SERVER, b"08:07:01\n\n");
    tcp.wait(1_000).data(SERVER, b"x\n").ack(CLIENT);
    let at = tcp.packets.iter().position(|packet| packet.payload == b"08:07:00\n").unwrap();
    // The first of the two lines was lost and is sent again after the second.
    let (first, second) = (tcp.packets[at].time, tcp.packets[at + 1].time);
    tcp.packets.swap(at, at + 1);
    (tcp.packets[at].time, tcp.packets[at + 1].time) = (first, second);
    assert_eq!(
        divisions(&tcp.pcap(), "server"),
        [
            json!({"content": 6, "framing": 1}),
            json!({"time": 8, "framing": 2}),
            json!({"time": 8, "framing": 1}),
            json!({"content": 1, "framing": 1}),
        ]
    );
}

/// What was typed by hand is no head after all, or is one; either way each byte is counted where it was
/// typed.
#[test]
fn a_first_line_that_takes_its_time() {
    let typed = |pieces: &[&[u8]]| {
        let mut tcp = Connection::v4();
        tcp.open();
        for piece in pieces {
            tcp.wait(1_000).data(CLIENT, piece).ack(SERVER);
        }
        divisions(&tcp.pcap(), "client")
    };
    let content = |bytes: u64| json!({"content": bytes});
    let line = |bytes: u64| json!({"content": bytes, "framing": 1});
    assert_eq!(typed(&[b"GE", b"T the ", b"time\n"]), [content(2), content(6), line(4)]);
    let head = |bytes: u64| json!({"http_head": bytes});
    assert_eq!(typed(&[b"GE", b"T / HTTP/1.1\r", b"\n\r\n"]), [head(2), head(13), head(3)]);
}

/// Where no SYN was captured, which side is the client may turn out later.
#[test]
fn a_connection_that_is_turned_round() {
    let mut http = Connection::new(writer::v4(1, 8000), writer::v4(2, 50_000));
    http.data(SERVER, b"rest of an answer").ack(CLIENT);
    for _ in 0..3 {
        http.wait(1_000).data(CLIENT, b"GET / HTTP/1.1\r\n\r\n").ack(SERVER);
        http.data(SERVER, b"HTTP/1.1 204 No Content\r\n\r\n").ack(CLIENT);
    }
    let capture = http.pcap();
    assert_eq!(divisions(&capture, "client"), vec![json!({"http_head": 18}); 3]);
    assert_eq!(divisions(&capture, "server"), vec![json!({"http_head": 27}); 3]);
}

/// Every update of every capture, and of captures that are shuffled, cut, repeated, and slowed down.
#[test]
fn what_is_known_of_an_update_is_all_of_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut captures = Vec::new();
    for folder in ["tests/captures", "tests/captures/foreign", "../../../pcap"] {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "pcap") {
                captures.push(fs::read(path).unwrap());
            }
        }
    }
    assert!(captures.len() >= 30);
    let rounds = std::env::var("HOSTILE_ROUNDS").map_or(400, |value| value.parse().unwrap());
    for capture in &captures {
        let overall: u64 = updates(capture)
            .iter()
            .map(|update| update["figures"]["app_bytes"].as_u64().unwrap())
            .sum();
        assert!(overall > 0 || updates(capture).is_empty());
    }
    for seed in 1..=rounds {
        let capture = odd(&mut Random(seed));
        let lines = std::panic::catch_unwind(|| checks::json::lines(&capture));
        assert!(lines.is_ok(), "seed {seed}");
    }
}

/// What two connections say, in pieces that come when they like.
fn odd(random: &mut Random) -> Vec<u8> {
    let mut packets: Vec<Packet> = Vec::new();
    for port in [50_000, 50_001] {
        let mut tcp = Connection::new(writer::v4(1, port), writer::v4(2, 8000));
        if random.below(3) > 0 {
            tcp.open();
        }
        for _ in 0..random.below(12) {
            let side = random.below(2);
            let mut said = Vec::new();
            for _ in 0..1 + random.below(3) {
                said.extend_from_slice(checks::WORDS[random.below(checks::WORDS.len())]);
            }
            while !said.is_empty() {
                let rest = said.split_off(said.len().min(1 + random.below(40)));
                tcp.wait([0, 1, 120, 400, 700][random.below(5)]);
                match random.below(10) {
                    0 => drop(tcp.lose(side, u32::try_from(said.len()).unwrap())),
                    _ => drop(tcp.data(side, &said)),
                }
                if random.below(3) == 0 {
                    tcp.ack(1 - side);
                }
                said = rest;
            }
        }
        if random.below(2) == 0 {
            tcp.close(random.below(2));
        }
        packets.extend(tcp.packets);
    }
    packets.sort_by_key(|packet| packet.time);
    for _ in 0..random.below(6).min(packets.len()) {
        let (one, other) = (random.below(packets.len()), random.below(packets.len()));
        match random.below(3) {
            // One is captured at another's place, with its own time or that of the place.
            0 => packets.swap(one, other),
            1 => {
                let packet = packets.remove(one);
                packets.insert(other.min(packets.len()), packet);
            }
            _ => {
                let time = packets[other].time;
                let mut packet = packets[one].clone();
                packet.time = time;
                packets.insert(other, packet);
            }
        }
    }
    let snap_len = if random.below(4) == 0 { 60 + random.below(60) } else { 65_535 };
    let frames = writer::frames(&packets, writer::Link::Ethernet);
    writer::pcap_of(&frames, 1, false, false, u32::try_from(snap_len).unwrap())
}
