//! What must hold for the JSON of any capture.

use std::collections::HashMap;

use payloads::{
    decode::{Kind, Note, Sink},
    input::{Contents, Found, Headers, ReadError, Reader, Twice},
    report::{
        json::{End, Json},
        stats::Stats,
    },
    tcp::{Conversations, Origin},
};
use serde_json::Value;

/// Counts bytes by kind.
#[derive(Default)]
struct Counts([i64; 4]);

impl Sink for Counts {
    const COUNTS: bool = true;
    const PIECES: bool = false;

    fn count(&mut self, _origin: &Origin<'_>, kind: Kind, bytes: u64) {
        self.0[kind as usize] += bytes as i64;
    }

    fn uncount(&mut self, _origin: &Origin<'_>, kind: Kind, bytes: u64) {
        self.0[kind as usize] -= bytes as i64;
    }

    fn recount(&mut self, _origin: &Origin<'_>, from: Kind, to: Kind, bytes: u64) {
        self.0[from as usize] -= bytes as i64;
        self.0[to as usize] += bytes as i64;
    }

    fn note(&mut self, _origin: &Origin<'_>, _note: Note<'_>) {}
}

/// What counts all bytes of a capture, and the bytes of its TCP payloads.
fn counts(capture: &[u8]) -> [i64; 4] {
    let mut conversations = Conversations::new(None);
    let mut counts = Counts::default();
    let mut headers = Headers::default();
    let mut twice = Twice::default();
    let mut reader = Reader::new(capture);
    let mut last = 0;
    while let Ok(Some(packet)) = reader.next_packet() {
        let mut found = Found::new(&packet);
        headers.read(&packet, &mut found);
        if let Contents::Tcp(segment) = found.contents
            && !twice.is_again(&packet, &found.carrier)
        {
            last = packet.time;
            conversations.segment(packet.time, &segment, &mut counts);
        }
    }
    conversations.finish(last, &mut counts);
    counts.0
}

/// The lines of a capture, which are checked one by one: each is JSON without control characters,
/// the parts of a unit tile it, and the sums are those of `stats`. None, if it is no capture.
pub fn lines(capture: &[u8]) -> Option<Vec<Value>> {
    let stats = Stats::read(capture, None).ok()?;
    let mut text = Vec::new();
    let mut json = Json::new(&mut text, "capture".to_owned(), None);
    let mut reader = Reader::new(capture);
    let mut end = End::default();
    loop {
        match reader.next_packet() {
            Ok(Some(packet)) => json.packet(&packet).unwrap(),
            Ok(None) => break,
            Err(error) => {
                end.damaged = true;
                if let ReadError::Damaged(at) = error {
                    end.damaged_at = Some(at);
                }
                break;
            }
        }
    }
    end.cut_at = reader.cut_at();
    end.unsupported = reader.unsupported();
    json.finish(end).unwrap();
    drop(json);
    let text = String::from_utf8(text).unwrap();
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text}");
    let lines: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    check(&lines, counts(capture));
    let end = lines.last().unwrap();
    assert_eq!(end["stats"], stats.json("capture"));
    if let Some(update) = end["stats"].get("update").filter(|update| !update.is_null()) {
        divides(update, &update["figures"]);
    }
    let sums =
        ["shown", "sent_again", "cut_off", "no_data"].map(|name| end[name].as_u64().unwrap());
    assert_eq!(sums.iter().sum::<u64>(), stats.overall.app_bytes, "{end}");
    Some(lines)
}

/// Time, framing, heads and content, and what else is known or not, are all that either side sent in an
/// update, and both are all of it.
fn divides(update: &Value, figures: &Value) {
    let number = |value: &Value| value.as_u64().unwrap();
    let mut total = 0;
    for side in ["client", "server"] {
        let division = update[side].as_object().unwrap();
        let parts = division.iter().filter(|(name, _)| *name != "app_bytes");
        let sum: u64 = parts.map(|(_, bytes)| number(bytes)).sum();
        assert_eq!(sum, number(&division["app_bytes"]), "{update}");
        total += sum;
    }
    assert_eq!(total, number(&figures["app_bytes"]), "{update}");
}

/// The bytes of a text in hexadecimal digits.
fn bytes_of(hex: &Value) -> Vec<u8> {
    let hex = hex.as_str().unwrap().as_bytes();
    let digit = |byte: u8| char::from(byte).to_digit(16).unwrap() as u8;
    hex.chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

fn check(lines: &[Value], counts: [i64; 4]) {
    const NAMES: [&str; 4] = ["time", "framing", "head", "content"];
    assert_eq!(lines[0]["kind"], "capture");
    assert_eq!(lines.iter().filter(|line| line["kind"] == "end").count(), 1);
    assert_eq!(lines.last().unwrap()["kind"], "end");
    let mut terms = Vec::new();
    let mut units: HashMap<u64, Vec<usize>> = HashMap::new();
    let mut packets = Vec::new();
    for line in lines {
        match line["kind"].as_str().unwrap() {
            "term" => {
                assert!(!terms.contains(&&line["term"]), "{line}");
                terms.push(&line["term"]);
            }
            "packet" => {
                let packet = bytes_of(&line["hex"]);
                assert_eq!(line["packet"], packets.len() + 1);
                assert_eq!(line["captured"], packet.len());
                let sum = |name: &str, bits: fn(&Value) -> &Value| -> u64 {
                    let things = line[name].as_array().unwrap().iter();
                    things.map(|thing| bits(thing).as_u64().unwrap()).sum()
                };
                assert_eq!(sum("layers", |layer| &layer["bits"]), 8 * packet.len() as u64);
                assert_eq!(sum("fields", |field| &field[0]), 8 * packet.len() as u64);
                for field in line["fields"].as_array().unwrap() {
                    assert!(terms.contains(&&field[1]), "{field} before its term");
                }
                packets.push(packet);
            }
            "recount" => {
                let bytes = units.get_mut(&line["unit"].as_u64().unwrap()).unwrap();
                let start = line["byte"].as_u64().unwrap() as usize;
                let end = start + line["bytes"].as_u64().unwrap() as usize;
                let kind = NAMES.iter().position(|name| line["of"] == *name).unwrap();
                bytes[start..end].fill(kind);
            }
            "update" => {
                let packets = line["packets"].as_array().unwrap();
                assert!(packets[0].as_u64().unwrap() >= 1);
                assert!(packets[0].as_u64() <= packets[1].as_u64());
                divides(line, &line["figures"]);
            }
            // The units that carried it come before it.
            "event" | "message" => {
                let carriers = line["units"].as_array().unwrap();
                assert!(!carriers.is_empty(), "{line}");
                let is_known = |unit: &Value| units.contains_key(&unit.as_u64().unwrap());
                assert!(carriers.iter().all(is_known), "{line}");
            }
            _ => {}
        }
        let Some(parts) = line.get("parts") else {
            continue;
        };
        let mut kinds = Vec::new();
        let mut bits = 0;
        for part in parts.as_array().unwrap() {
            assert!(terms.contains(&&part[2]), "{part} before its term");
            bits += part[0].as_u64().unwrap();
            let kind = NAMES.iter().position(|name| part[1] == *name).unwrap();
            kinds.resize((bits / 8) as usize, kind);
        }
        assert_eq!(bits, line["bytes"].as_u64().unwrap() * 8, "{line}");
        let mut found = Vec::new();
        for span in line["spans"].as_array().unwrap() {
            let [packet, offset, bytes] = [0, 1, 2].map(|at| span[at].as_u64().unwrap() as usize);
            found.extend_from_slice(&packets[packet - 1][offset..offset + bytes]);
        }
        let bytes = match line.get("hex") {
            Some(hex) => bytes_of(hex),
            None => line["text"].as_str().unwrap().as_bytes().to_vec(),
        };
        // There are none of bytes that come late or are not accepted, and none of those that wait while a
        // new connection has their ends.
        if !found.is_empty() {
            assert_eq!(found, bytes, "{line}");
        }
        assert!(units.insert(line["unit"].as_u64().unwrap(), kinds).is_none(), "{line}");
    }
    let mut sums = [0_i64; 4];
    for kind in units.into_values().flatten() {
        sums[kind] += 1;
    }
    assert_eq!(sums, counts, "as the units say, and as they are counted");
}
