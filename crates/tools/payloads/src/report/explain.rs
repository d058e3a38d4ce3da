//! Names each byte of a unit, and each bit field of a frame's header.

use std::{ops::Range, slice};

use super::{escape::push_escaped, frame::push_hex, heads, plural::plural, records};
use crate::{
    decode::{
        Content, EmptyLine, KEY_LEN, Message, Part, Unit, UnitKind, Violation, time_of_day,
        violations::{ACCEPT_GUID, accept_of, hash_of},
        websocket::{self, Header, Opcode},
    },
    tcp::Side,
};

/// How many bytes are shown of those that are not read.
const SHORT_HEX: usize = 16;

/// A line of an explanation: some bytes of a unit, or some bits of one byte, and what they are.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Explained {
    /// Which bytes of the unit these are; empty for a remark that is about no bytes.
    pub range: Range<usize>,
    /// Which bits of the byte these are, or all.
    pub bits: u8,
    /// The name of the field or part.
    pub name: String,
    /// Its bytes, as text or in hexadecimal numbers or bits.
    pub value: String,
    /// What its value means, with the section of the standard.
    pub meaning: String,
}

/// Names each byte of `unit` exactly once, in order.
pub fn explain(unit: &Unit) -> Vec<Explained> {
    let mut lines = Lines { at: 0, empty_lines: unit.empty_lines.iter(), lines: Vec::new() };
    match unit.kind {
        UnitKind::Frame => lines.frame(unit),
        _ => {
            for (part, bytes) in unit.parts() {
                lines.part(unit, part, bytes);
            }
        }
    }
    if let Some(key) = unit.key {
        lines.accept(unit, key);
    }
    lines.lines
}

/// Names what a message says, line by line. No line is about bytes of a unit.
pub(super) fn explain_message(message: &Message) -> Vec<Explained> {
    let mut lines = Lines { at: 0, empty_lines: [].iter(), lines: Vec::new() };
    let name = if message.unpacked.is_some() { "unpacked" } else { "together" };
    if message.is_text() {
        lines.content(message.source.side, &message.bytes, name);
    } else {
        lines.hex(&message.bytes, name, "");
    }
    if let Some(first) = lines.lines.first_mut().filter(|line| line.name == name) {
        first.meaning = message.origin().to_owned();
    }
    for line in &mut lines.lines {
        line.range = 0..0;
    }
    lines.lines
}

struct Lines<'u> {
    at: usize,
    /// What the next empty lines do that end events.
    empty_lines: slice::Iter<'u, EmptyLine>,
    lines: Vec<Explained>,
}

impl Lines<'_> {
    /// The next `len` bytes of the unit.
    fn bytes(&mut self, len: usize, name: &str, value: String, meaning: impl Into<String>) {
        let range = self.at..self.at + len;
        self.at += len;
        let (name, meaning) = (name.to_owned(), meaning.into());
        self.lines.push(Explained { range, bits: 0xff, name, value, meaning });
    }

    /// The bits of `mask` in the next byte of the unit, which follow those named before.
    fn bits(&mut self, byte: u8, mask: u8, name: &str, meaning: impl Into<String>) {
        let mut value = match mask & 0x80 {
            0 => "   ".to_owned(),
            _ => format!("{byte:02x} "),
        };
        value.extend((0..8).rev().map(|bit| match (mask >> bit & 1, byte >> bit & 1) {
            (0, _) => '.',
            (_, 0) => '0',
            _ => '1',
        }));
        let range = self.at..self.at + 1;
        if mask & 1 != 0 {
            self.at += 1;
        }
        let (name, meaning) = (name.to_owned(), meaning.into());
        self.lines.push(Explained { range, bits: mask, name, value, meaning });
    }

    /// A line about no bytes.
    fn remark(&mut self, name: &str, value: impl Into<String>, meaning: impl Into<String>) {
        self.bytes(0, name, value.into(), meaning);
    }

    fn text(&mut self, bytes: &[u8], name: &str, meaning: impl Into<String>) {
        // A line has one or two bytes that take two columns, at its end.
        let mut value = String::with_capacity(bytes.len() + 2);
        push_escaped(&mut value, bytes);
        self.bytes(bytes.len(), name, value, meaning);
    }

    /// Bytes in hexadecimal numbers, the first of them if they are many.
    fn short_hex(&mut self, bytes: &[u8], name: &str, meaning: impl Into<String>) {
        let mut value = String::new();
        push_hex(&mut value, &bytes[..bytes.len().min(SHORT_HEX)]);
        if bytes.len() > SHORT_HEX {
            value.push_str(&format!(" and {} more", bytes.len() - SHORT_HEX));
        }
        self.bytes(bytes.len(), name, value, meaning);
    }

    /// Content line by line, with the times in it apart.
    fn content(&mut self, side: Side, bytes: &[u8], name: &str) {
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let mut at = 0;
            if side == Side::Server {
                while let Some(time) = time_of_day::find(line, at) {
                    if time.start > at {
                        self.text(&line[at..time.start], name, "");
                    }
                    self.text(&line[time.clone()], "time", "the time itself");
                    at = time.end;
                }
            }
            if at < line.len() {
                self.text(&line[at..], name, "");
            }
        }
    }

    fn part(&mut self, unit: &Unit, part: Part, bytes: &[u8]) {
        match part {
            Part::Text => self.content(unit.side, bytes, "text"),
            Part::LineEnd => self.text(bytes, "line end", "ends the line"),
            Part::StartLine
            | Part::Field
            | Part::HeadEnd
            | Part::ChunkSize
            | Part::ChunkEnd
            | Part::Trailer
            | Part::ChunksEnd => {
                let line = heads::line(unit, part, self.at, bytes);
                self.text(bytes, line.name, line.words());
            }
            Part::EmptyLine => {
                let meaning = "no part of a message, and passed over (RFC 9112 section 2.2)";
                self.text(bytes, "empty line", meaning);
            }
            Part::Body(content) => {
                let name = match content {
                    Content::Json => "JSON",
                    _ => "content",
                };
                self.content(unit.side, bytes, name);
            }
            Part::EventField => self.content(unit.side, bytes, "event field"),
            Part::EventEnd => {
                let does = empty_line(self.empty_lines.next());
                self.text(bytes, "empty line", format!("{does} (HTML standard section 9.2.6)"));
            }
            Part::FrameStart | Part::FrameLength | Part::MaskingKey | Part::Payload => {
                let mut value = String::new();
                push_hex(&mut value, bytes);
                self.bytes(bytes.len(), "frame", value, "");
            }
            Part::Late => {
                self.text(bytes, "late", "belongs before others that were captured earlier");
            }
            Part::Preface => {
                self.short_hex(bytes, "preface", "begins HTTP/2 (RFC 9113 section 3.4)");
            }
            Part::RecordHeader => {
                let mut rest = bytes;
                for (len, name, meaning) in records::header(unit, bytes) {
                    let (field, after) = rest.split_at(len);
                    self.short_hex(field, name, meaning);
                    rest = after;
                }
            }
            Part::RecordData => {
                let (name, meaning) = records::data(unit);
                self.short_hex(bytes, name, meaning);
            }
            Part::Unknown => {
                let meaning = match unit.unfinished {
                    true => "others after them are missing",
                    false => "others before them are missing",
                };
                self.text(bytes, "not known", meaning);
            }
            Part::Misfit => {
                self.text(bytes, "not known", "does not fit what the connection speaks");
            }
        }
    }

    fn frame(&mut self, unit: &Unit) {
        let payload = unit.payload();
        let Some(header) = unit.frame else {
            return;
        };
        for (part, bytes) in unit.parts() {
            match (part, bytes) {
                (Part::FrameStart, &[first, second]) => {
                    self.frame_start(unit, header, first, second)
                }
                (Part::FrameLength, bytes) => {
                    let mut value = String::new();
                    push_hex(&mut value, bytes);
                    let meaning = format!(
                        "{} of payload, big-endian (RFC 6455 section 5.2)",
                        plural(header.payload_len, "byte"),
                    );
                    let meaning = with_violations(unit, meaning, &[Violation::LengthTooLong]);
                    self.bytes(bytes.len(), "length", value, meaning);
                }
                (Part::MaskingKey, bytes) => {
                    let mut value = String::new();
                    push_hex(&mut value, bytes);
                    let meaning = "picked anew for each frame (RFC 6455 section 5.3)";
                    self.bytes(bytes.len(), "masking key", value, meaning);
                }
                (Part::Payload, bytes) => self.payload(unit, header, bytes, &payload),
                (part, bytes) => self.part(unit, part, bytes),
            }
        }
    }

    fn frame_start(&mut self, unit: &Unit, header: Header, first: u8, second: u8) {
        let fin = match (header.fin, header.opcode.is_control()) {
            (true, true) => "control frames are never split (RFC 6455 section 5.5)",
            (true, false) => "the message ends with this frame (RFC 6455 section 5.2)",
            (false, true) => Violation::ControlFragmented.text(),
            (false, false) => "the message goes on in another frame (RFC 6455 section 5.4)",
        };
        self.bits(first, 0x80, "FIN", fin);
        let in_compressed = unit.message_of(header).1 && header.opcode == Opcode::CONTINUATION;
        let reserved = match (header.reserved, header.opcode.begins_message(), unit.deflate) {
            (0, ..) if in_compressed => {
                "set in the first frame of the message alone (RFC 7692 section 6)"
            }
            (0, true, Some(true)) => "the message is not compressed (RFC 7692 section 6)",
            (0, ..) => "no extension in use (RFC 6455 section 5.2)",
            (4, true, Some(true)) => "the message is compressed (RFC 7692 section 6)",
            (4, true, None) => "the message is compressed, if that was agreed (RFC 7692 section 6)",
            (4, false, Some(true)) => {
                "allowed in a message's first frame only (RFC 7692 section 6)"
            }
            _ => "not allowed without an extension (RFC 6455 section 5.2)",
        };
        self.bits(first, 0x70, "RSV1 to RSV3", reserved);
        let opcode =
            format!("{}: {} (RFC 6455 section 5.2)", header.opcode.0, header.opcode.name());
        let of_opcode = [
            Violation::ReservedOpcode,
            Violation::ContinuationAlone,
            Violation::MessageInside,
            Violation::DataAfterClose,
        ];
        self.bits(first, 0x0f, "opcode", with_violations(unit, opcode, &of_opcode));
        let mask = match (header.key.is_some(), unit.side) {
            (true, Side::Client) => "masked, as a client must (RFC 6455 section 5.1)",
            (false, Side::Server) => "not masked: a server must not (RFC 6455 section 5.1)",
            (true, Side::Server) => Violation::Masked.text(),
            (false, Side::Client) => Violation::NotMasked.text(),
        };
        self.bits(second, 0x80, "MASK", mask);
        let length = match header.extended {
            2 => "126: the length is in the next 2 bytes (RFC 6455 section 5.2)".to_owned(),
            8 => "127: the length is in the next 8 bytes (RFC 6455 section 5.2)".to_owned(),
            _ => {
                format!("{} of payload (RFC 6455 section 5.2)", plural(header.payload_len, "byte"),)
            }
        };
        let of_length = [Violation::LengthNotShortest, Violation::ControlTooLong];
        self.bits(second, 0x7f, "length", with_violations(unit, length, &of_length));
    }

    fn payload(&mut self, unit: &Unit, header: Header, sent: &[u8], payload: &[u8]) {
        if let Some(key) = header.key {
            for (index, (sent, plain)) in sent.iter().zip(payload).enumerate() {
                let key = key[((unit.payload_offset + index as u64) % 4) as usize];
                let character = match plain {
                    b' '..=b'~' => format!(" '{}'", char::from(*plain)),
                    _ => String::new(),
                };
                let value = format!("{sent:02x} ^ {key:02x} = {plain:02x}{character}");
                let meaning =
                    if index == 0 { "XOR with the key (RFC 6455 section 5.3)" } else { "" };
                self.bytes(1, "payload", value, meaning);
            }
            self.meaning_of_masked(unit, header, payload);
            return;
        }
        let is_close = header.opcode == Opcode::CLOSE && unit.payload_offset == 0;
        if let ([high, low, reason @ ..], true) = (payload, is_close) {
            let code = u16::from_be_bytes([*high, *low]);
            self.bytes(2, "close code", format!("{high:02x} {low:02x}"), close_code(code));
            if !reason.is_empty() {
                self.text(reason, "reason", close_reason(unit));
            }
            return;
        }
        if header.is_short_close() {
            let mut value = String::new();
            push_hex(&mut value, payload);
            self.bytes(payload.len(), "payload", value, SHORT_CLOSE);
            return;
        }
        let mut at = 0;
        let is_text = !header.opcode.is_control() && unit.side == Side::Server;
        while let Some(time) = time_of_day::find(payload, at).filter(|_| is_text) {
            self.hex(&payload[at..time.start], "payload", "");
            self.hex(&payload[time.clone()], "payload", "the time itself");
            at = time.end;
        }
        self.hex(&payload[at..], "payload", "");
    }

    /// Bytes as hexadecimal numbers and text.
    fn hex(&mut self, bytes: &[u8], name: &str, meaning: &str) {
        for bytes in bytes.chunks(10) {
            let mut value = String::new();
            push_hex(&mut value, bytes);
            let mut text = String::new();
            push_escaped(&mut text, bytes);
            let value = format!("{value:<29}  {text}");
            self.bytes(bytes.len(), name, value, meaning);
        }
    }

    /// What the bytes of a masked payload make together.
    fn meaning_of_masked(&mut self, unit: &Unit, header: Header, payload: &[u8]) {
        if header.opcode == Opcode::CLOSE {
            if let ([high, low, reason @ ..], 0) = (payload, unit.payload_offset) {
                let code = u16::from_be_bytes([*high, *low]);
                self.remark("close code", format!("{high:02x} {low:02x}"), close_code(code));
                if !reason.is_empty() {
                    let mut text = String::new();
                    push_escaped(&mut text, reason);
                    self.remark("reason", text, close_reason(unit));
                }
            } else if header.is_short_close() {
                let mut value = String::new();
                push_hex(&mut value, payload);
                self.remark("close code", value, SHORT_CLOSE);
            }
        } else if let (opcode, false) = unit.message_of(header)
            && opcode != Opcode::BINARY
        {
            let mut text = String::new();
            push_escaped(&mut text, payload);
            self.remark("together", text, "");
        }
    }

    /// How `Sec-WebSocket-Accept` follows from the key (RFC 6455 section 4.2.2).
    fn accept(&mut self, unit: &Unit, key: [u8; KEY_LEN]) {
        let mut text = String::new();
        push_escaped(&mut text, &key);
        let mut hex = String::new();
        push_hex(&mut hex, &hash_of(key));
        let verdict = if unit.violations.contains(&Violation::WrongAccept) {
            "not as the response says: the client must fail the connection (RFC 6455 section 4.1)"
        } else {
            "as the response says"
        };
        self.remark("accept", format!("{text}{ACCEPT_GUID}"), "");
        self.remark("  in SHA-1", hex, "RFC 6455 section 4.2.2");
        self.remark("  in base64", accept_of(key), verdict);
    }
}

/// What is wrong with a close frame of one byte.
const SHORT_CLOSE: &str = "invalid: a close code takes 2 bytes (RFC 6455 section 5.5.1)";

fn close_code(code: u16) -> String {
    let source = match code {
        1000..=1011 | 1015 => "RFC 6455 section 7.4.1",
        1012..=1014 => "IANA registry of WebSocket close codes",
        _ => "RFC 6455 section 7.4.2",
    };
    format!("{code}: {} ({source})", websocket::close_code_name(code))
}

fn close_reason(unit: &Unit) -> &'static str {
    let violation = Violation::ReasonNotUtf8;
    match unit.violations.contains(&violation) {
        true => violation.text(),
        false => "UTF-8 (RFC 6455 section 5.5.1)",
    }
}

/// What an empty line in a stream of events does.
pub(crate) fn empty_line(does: Option<&EmptyLine>) -> String {
    match does {
        Some(EmptyLine::Dispatches(number)) => format!("ends event E{number}"),
        Some(EmptyLine::Nothing) => "no event, for there is no data".to_owned(),
        Some(EmptyLine::Rest) => "the rest of its line end".to_owned(),
        Some(EmptyLine::DispatchesAlone | EmptyLine::Unknown) | None => "ends the event".to_owned(),
    }
}

/// `meaning` with those of `violations` that `unit` has.
fn with_violations(unit: &Unit, mut meaning: String, violations: &[Violation]) -> String {
    for violation in violations.iter().filter(|violation| unit.violations.contains(violation)) {
        meaning.push_str("; ");
        meaning.push_str(violation.text());
    }
    meaning
}
