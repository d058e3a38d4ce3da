//! One HTML file that shows captures: who sent what to whom and when, packet by packet, byte by byte.
//!
//! The file is drawn in the browser by the scripts in `page/`, from the lines of `show --json` that it
//! holds, and from nothing else. It needs no server and asks nobody for anything: its
//! Content-Security-Policy allows its own script and style by their hashes, and, on a live page, a
//! connection to the server that it came from.
//!
//! # For whoever links to, scripts or tests the page
//!
//! An address says what is chosen: `#wsapp` a capture, `#wsapp/p17` a packet of it, `#wsapp/p17/b54` a
//! byte of that, `#wsapp/p17/b54.3` the field that begins at that byte's bit 3, counted from the most
//! significant one; `/conversation` at the end shows the conversation in the ladder's place, and
//! `#compare` compares the captures.
//!
//! | attribute | where | chosen |
//! |---|---|---|
//! | `data-packet="17"` | each packet of the capture that is shown, in the ladder | `aria-selected="true"` |
//! | `data-byte="54"` | each byte of the chosen packet, of a long one 4,096; its `aria-label` names it | `aria-selected="true"` |
//! | `data-field="ws.fin"` | each field of the layer that is open, by its term; `data-bit` and `data-bits` say where | `aria-current="true"` |
//! | `data-units="8"` | each thing said in the conversation, by the units it is made of | `aria-current="true"` on its button |
//! | `data-capture="wsapp"` | each row that compares | |

use std::{
    fmt::Write as _,
    io::{self, Read, Write},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

use super::json::{End, Json};
use crate::input::{ReadError, Reader};

/// The most packets of a capture that a page holds.
pub const PACKET_LIMIT: u64 = 5000;

/// The most bytes of a capture that a page holds, counted as they were captured.
pub const BYTE_LIMIT: u64 = 8 * 1024 * 1024;

/// The most bytes of lines that a page holds of a capture, for tiny chunks take many lines.
const TEXT_LIMIT: usize = 64 * 1024 * 1024;

const TEMPLATE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");

/// The scripts, each of which uses those before it.
const SCRIPTS: [&str; 7] = [
    include_str!("page/model.js"),
    include_str!("page/dom.js"),
    include_str!("page/compare.js"),
    include_str!("page/ladder.js"),
    include_str!("page/talk.js"),
    include_str!("page/packet.js"),
    include_str!("page/main.js"),
];

/// The lines of `show --json` for one capture, as many as a page holds.
///
/// Beyond the limits, packets are left out and counted, and so is what was said in them.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    text: String,
    /// The beginning of a line whose end is not written yet.
    line: Vec<u8>,
    packets: u64,
    bytes: u64,
    left_out: u64,
    /// The numbers of the last unit and of the last connection that are kept.
    unit: u64,
    connection: u64,
}

impl Lines {
    /// No lines.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many packets were left out.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Adds a line, without its line end.
    pub fn push(&mut self, line: &str) {
        if !self.keeps(line) {
            return;
        }
        // In JSON a `<` stands in strings alone. Written so, nothing in them ends the element.
        for (index, piece) in line.split('<').enumerate() {
            if index > 0 {
                self.text.push_str("\\u003c");
            }
            self.text.push_str(piece);
        }
        self.text.push('\n');
    }

    fn keeps(&mut self, line: &str) -> bool {
        let kind = after(line, "\"kind\":\"").split('"').next().unwrap_or_default();
        if kind == "packet" {
            let bytes = self.bytes + number(line, "\"captured\":");
            let is_full =
                self.packets == PACKET_LIMIT || bytes > BYTE_LIMIT || self.text.len() > TEXT_LIMIT;
            if self.left_out > 0 || is_full {
                self.left_out += 1;
                return false;
            }
            self.packets += 1;
            self.bytes = bytes;
            return true;
        }
        let spans = number(line, "\"spans\":[[");
        let keeps = self.left_out == 0
            || match kind {
                "capture" | "term" | "recount" | "end" => true,
                "connection" => number(line, "\"connection\":") <= self.connection,
                "note" => (1..=self.packets).contains(&number(line, "\"packet\":")),
                "update" => {
                    let packets = after(line, "\"packets\":[");
                    number(packets, ",") <= self.packets
                }
                "event" | "message" => number(line, "\"units\":[") <= self.unit,
                _ => (1..=self.packets).contains(&spans),
            };
        if keeps && kind == "connection" {
            self.connection = self.connection.max(number(line, "\"connection\":"));
        }
        if keeps && spans > 0 {
            self.unit = self.unit.max(number(line, "\"unit\":"));
        }
        keeps
    }
}

/// A capture, read for a page.
#[derive(Debug)]
pub struct Reading {
    /// Its lines.
    pub lines: Lines,
    /// What a reader should know, in a line each.
    pub warnings: Vec<String>,
    /// Why the rest of it could not be read.
    pub error: Option<ReadError>,
}

impl Reading {
    /// Reads what comes from `input`, which the lines call `name`. Where a connection's SYN was not
    /// captured, the side with `port` is its server.
    ///
    /// # Errors
    ///
    /// If it is no capture.
    pub fn new(input: impl Read, name: String, port: Option<u16>) -> Result<Self, ReadError> {
        let mut lines = Lines::new();
        let mut reader = Reader::new(input);
        let mut json = Json::new(&mut lines, name, port);
        let mut begun = false;
        let error = loop {
            match reader.next_packet() {
                Ok(Some(packet)) => {
                    begun = true;
                    // Lines in memory can always be added to, here and below.
                    let _ = json.packet(&packet);
                }
                Ok(None) => break None,
                Err(error @ ReadError::Damaged(_)) => break Some(error),
                Err(error) if begun => break Some(error),
                Err(error) => return Err(error),
            }
        };
        let damaged_at = match &error {
            Some(ReadError::Damaged(offset)) => Some(*offset),
            _ => None,
        };
        let (cut_at, unsupported) = (reader.cut_at(), reader.unsupported());
        let _ = json.finish(End { cut_at, damaged_at, damaged: error.is_some(), unsupported });
        let mut warnings = json.warnings(unsupported);
        if let Some(offset) = cut_at {
            warnings.push(format!("ends in the middle of a packet, at byte {offset}"));
        }
        drop(json);
        Ok(Self { lines, warnings, error })
    }
}

/// Takes what `show --json` writes.
impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(piece);
            if self.line.ends_with(b"\n") {
                let line = std::mem::take(&mut self.line);
                let line = str::from_utf8(&line)
                    .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
                self.push(line.trim_end());
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What follows `key`, which can stand only outside strings: within them JSON writes `\"`.
fn after<'a>(line: &'a str, key: &str) -> &'a str {
    line.split_once(key).map_or("", |(_, rest)| rest)
}

/// The number that follows `key`, or 0.
fn number(line: &str, key: &str) -> u64 {
    let rest = after(line, key);
    let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().unwrap_or(0)
}

/// The page of these captures, each with the name that it has on its tab and in addresses.
///
/// Names that occur again, or that the page itself takes, get a number.
pub fn page(captures: &[(String, Lines)]) -> String {
    let mut data = String::new();
    let mut taken = vec!["compare".to_owned()];
    for (name, lines) in captures {
        let mut unique = name.clone();
        let mut count = 1;
        while taken.contains(&unique) {
            count += 1;
            unique = format!("{name} ({count})");
        }
        data.push_str("<script type=\"application/x-ndjson\" data-name=\"");
        push_attribute(&mut data, &unique);
        data.push('"');
        if lines.left_out > 0 {
            // Writing to a string does not fail.
            let _ = write!(data, " data-left-out=\"{}\"", lines.left_out);
        }
        data.push_str(">\n");
        data.push_str(&lines.text);
        data.push_str("</script>\n");
        taken.push(unique);
    }
    fill("", "", &data)
}

/// The page of a capture that is going on.
///
/// It takes the lines as server-sent events from `events`, an address relative to its own: each
/// event's data is one line. It closes the connection after the line of kind `end`.
pub fn live() -> String {
    fill(" data-live", "; connect-src 'self'", "")
}

fn fill(live: &str, connect: &str, data: &str) -> String {
    let script = SCRIPTS.concat();
    let policy = format!(
        "default-src 'none'; script-src {}; style-src {}; base-uri 'none'; form-action 'none'{connect}",
        hash(&script),
        hash(STYLE),
    );
    let mut html = String::with_capacity(TEMPLATE.len() + STYLE.len() + script.len() + data.len());
    let mut rest = TEMPLATE;
    // One after the other, so that nothing that was put in is taken for a place.
    let places = [
        ("{live}", live),
        ("{policy}", &policy),
        ("{style}", STYLE),
        ("{data}\n", data),
        ("{script}", &script),
    ];
    for (place, value) in places {
        let (before, behind) = rest.split_once(place).unwrap_or((rest, ""));
        html.push_str(before);
        html.push_str(value);
        rest = behind;
    }
    html.push_str(rest);
    html
}

/// The source that allows an element with this text (Content Security Policy Level 3 section 2.3.1).
fn hash(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

/// Appends text as it stands in an attribute within double quotes.
fn push_attribute(html: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            '&' => html.push_str("&amp;"),
            '"' => html.push_str("&quot;"),
            '<' => html.push_str("&lt;"),
            _ => html.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn lines(all: &[Value]) -> Lines {
        let mut lines = Lines::new();
        for line in all {
            writeln!(lines, "{line}").unwrap();
        }
        lines
    }

    /// The page and the program leave out beyond the same limits.
    #[test]
    fn the_limits_of_the_script_are_the_same() {
        let model = SCRIPTS[0];
        assert!(model.contains(&format!("KEPT_PACKETS = {PACKET_LIMIT};")));
        assert!(model.contains(&format!("KEPT_BYTES = {} * 1024 * 1024;", BYTE_LIMIT >> 20)));
    }

    /// What stands between two texts, each of which occurs once.
    fn between<'a>(html: &'a str, start: &str, end: &str) -> &'a str {
        assert_eq!(html.matches(start).count(), 1, "{start}");
        after(html, start).split_once(end).unwrap().0
    }

    fn packet(number: u64, captured: u64) -> Value {
        json!({ "kind": "packet", "packet": number, "captured": captured, "hex": "00" })
    }

    fn unit(number: u64, first: u64) -> Value {
        json!({ "kind": "frame", "unit": number, "spans": [[first, 66, 8], [first + 1, 66, 8]] })
    }

    fn kept(lines: &Lines) -> Vec<Value> {
        lines.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn content_ends_no_element() {
        let evil = json!({
            "kind": "text", "unit": 1, "spans": [[1, 0, 1]],
            "text": "</script><script>alert(1)</script><!-- <script> {script} ]]> \u{2028} \"kind\":\"packet\"",
        });
        let html = page(&[("a\"><script>&amp;".to_owned(), lines(std::slice::from_ref(&evil)))]);
        assert_eq!(html.matches("</script").count(), 2, "the data's end and the script's");
        assert_eq!(html.matches("<script").count(), 2);
        assert!(!html.contains("<!--"));
        let start =
            "<script type=\"application/x-ndjson\" data-name=\"a&quot;>&lt;script>&amp;amp;\">\n";
        let block = between(&html, start, "</script>");
        assert_eq!(serde_json::from_str::<Value>(block).unwrap(), evil);
    }

    #[test]
    fn policy_allows_its_own_script_and_style_alone() {
        for (html, connect) in [(page(&[]), ""), (live(), "; connect-src 'self'")] {
            let script = between(&html, "<script type=\"module\">", "</script>");
            let style = between(&html, "<style>", "</style>");
            let policy = between(&html, "Content-Security-Policy\" content=\"", "\"");
            let expected = format!(
                "default-src 'none'; script-src {}; style-src {}; base-uri 'none'; form-action 'none'{connect}",
                hash(script),
                hash(style),
            );
            assert_eq!(policy, expected);
            assert!(!html.contains("style=\""), "no style that the policy forbids");
        }
        let empty = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='";
        assert_eq!(hash(""), empty, "as Content Security Policy's own examples have it");
    }

    #[test]
    fn every_place_is_filled() {
        for html in [page(&[]), live()] {
            for place in ["{live}", "{policy}", "{style}", "{data}", "{script}"] {
                assert!(!html.contains(place), "{place}");
            }
            assert!(html.starts_with("<!DOCTYPE html>\n"));
            assert!(html.ends_with("</html>\n"));
        }
        assert!(live().contains("<html lang=\"en\" data-live>"));
        assert!(page(&[]).contains("<html lang=\"en\">"));
    }

    #[test]
    fn scripts_make_no_markup_of_text_and_ask_nobody() {
        let all = SCRIPTS.concat();
        for word in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "DOMParser",
            "eval(",
            "new Function",
            "srcdoc",
            "fetch(",
            "XMLHttpRequest",
            "import(",
            "import ",
            "sendBeacon",
            "WebSocket(",
            "</script",
            "\r",
        ] {
            assert!(!all.contains(word), "{word:?} in a script");
        }
        let addresses = all.replace("http://www.w3.org/2000/svg", "");
        assert!(!addresses.contains("://"));
        for word in ["url(", "@import", "</style", "\r", "://"] {
            assert!(!STYLE.contains(word), "{word:?} in the style");
        }
    }

    #[test]
    fn names_are_told_apart() {
        let same = ["my", "my", "compare"].map(|name| (name.to_owned(), Lines::new()));
        let html = page(&same);
        for name in ["\"my\"", "\"my (2)\"", "\"compare (2)\""] {
            assert_eq!(html.matches(&format!("data-name={name}>")).count(), 1, "{name}");
        }
    }

    #[test]
    fn lines_may_be_written_in_pieces() {
        let mut lines = Lines::new();
        for piece in ["{\"kind\":\"cap", "ture\"}\n{\"kind\"", ":\"end\",\"text\":\"é\"}\n"] {
            // Two pieces more, in the middle of a character too.
            for half in piece.as_bytes().chunks(3) {
                lines.write_all(half).unwrap();
            }
        }
        assert_eq!(
            kept(&lines),
            [json!({ "kind": "capture" }), json!({ "kind": "end", "text": "é" })]
        );
    }

    #[test]
    fn packets_beyond_the_limit_are_counted() {
        let mut lines = Lines::new();
        let mut push = |line: Value| lines.push(&line.to_string());
        push(json!({ "kind": "capture", "version": 1 }));
        push(json!({ "kind": "connection", "connection": 1 }));
        for number in 1..=PACKET_LIMIT {
            push(packet(number, 66));
        }
        push(unit(1, PACKET_LIMIT - 1));
        for number in PACKET_LIMIT + 1..=PACKET_LIMIT + 3 {
            push(packet(number, 66));
        }
        // One that began in the last packet that is kept, and one that did not.
        let after_limit = [
            unit(2, PACKET_LIMIT),
            unit(3, PACKET_LIMIT + 1),
            json!({ "kind": "message", "units": [2, 3] }),
            json!({ "kind": "message", "units": [3] }),
            json!({ "kind": "update", "packets": [PACKET_LIMIT - 2, PACKET_LIMIT] }),
            json!({ "kind": "update", "packets": [PACKET_LIMIT, PACKET_LIMIT + 1] }),
            json!({ "kind": "note", "note": "sent-again", "packet": PACKET_LIMIT }),
            json!({ "kind": "note", "note": "sent-again", "packet": PACKET_LIMIT + 1 }),
            json!({ "kind": "connection", "connection": 1, "midway": true }),
            json!({ "kind": "connection", "connection": 2 }),
            json!({ "kind": "term", "term": "tcp.window" }),
            json!({ "kind": "end", "why": "over" }),
        ];
        for line in &after_limit {
            push(line.clone());
        }
        assert_eq!(lines.left_out(), 3);
        let kept = kept(&lines);
        let expected: Vec<&Value> = [0, 2, 4, 6, 8, 10, 11].map(|index| &after_limit[index]).into();
        let rest: Vec<&Value> = kept.iter().skip(2 + PACKET_LIMIT as usize + 1).collect();
        assert_eq!(rest, expected);
        assert!(
            page(&[("big".to_owned(), lines)]).contains("data-name=\"big\" data-left-out=\"3\">")
        );
    }

    #[test]
    fn bytes_beyond_the_limit_are_left_out() {
        let half = BYTE_LIMIT / 2;
        let lines = lines(&[packet(1, half), packet(2, half), packet(3, 1), packet(4, 1)]);
        assert_eq!(lines.left_out(), 2);
        assert_eq!(kept(&lines).len(), 2);
        assert!(!page(&[("two".to_owned(), Lines::new())]).contains("data-left-out"));
    }
}
