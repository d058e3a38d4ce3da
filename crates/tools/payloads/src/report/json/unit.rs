//! A unit as a line: what it is in words, and what its bits are.

use super::{
    line::{Array, Line, push_hex_digits},
    terms,
};
use crate::{
    decode::{
        Kind, Part, Unit, UnitKind,
        websocket::{self, Header, Opcode},
    },
    input::headers::Term,
    report::{escape::push_escaped, heads, plural::plural, records},
};

/// The longest text that is quoted within other words, in characters.
const QUOTE_LIMIT: usize = 60;

/// The longest value of a part, in characters; the unit itself has all of it.
const VALUE_LIMIT: usize = 200;

/// The kind of line that a unit is.
pub fn kind(unit: &Unit) -> &'static str {
    match unit.kind {
        UnitKind::Text => "text",
        UnitKind::Request => "request",
        UnitKind::Response => "response",
        UnitKind::Body | UnitKind::Event => "content",
        UnitKind::Chunk | UnitKind::EventChunk => "chunk",
        UnitKind::Frame => "frame",
        UnitKind::EmptyLine
        | UnitKind::Tls
        | UnitKind::Http2
        | UnitKind::Unknown
        | UnitKind::Misfit => "bytes",
    }
}

/// What a kind of bytes is called.
pub fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Time => "time",
        Kind::Framing => "framing",
        Kind::HttpHead => "head",
        Kind::Content => "content",
    }
}

/// What a unit is, in words that fit beside an arrow.
pub fn what(unit: &Unit) -> String {
    let part = |wanted: fn(Part) -> bool| {
        unit.parts().find(|(part, _)| wanted(*part)).map_or(&b""[..], |(_, bytes)| bytes)
    };
    let (name, quoted) = match unit.kind {
        UnitKind::Text => ("text", first_line(&unit.bytes)),
        UnitKind::Request => {
            let line = first_line(part(|part| part == Part::StartLine));
            // The version says nothing that is new each time. A request of HTTP/0.9 has none.
            let end = memchr::memrchr(b' ', line);
            let end = end.filter(|space| line[space + 1..].starts_with(b"HTTP/"));
            ("request", &line[..end.unwrap_or(line.len())])
        }
        UnitKind::Response => {
            let line = first_line(part(|part| part == Part::StartLine));
            let start = memchr::memchr(b' ', line).map_or(0, |space| space + 1);
            ("response", &line[start..])
        }
        UnitKind::Body | UnitKind::Event => ("content", first_line(&unit.bytes)),
        UnitKind::Chunk | UnitKind::EventChunk => {
            if unit.parts().any(|(part, _)| part == Part::ChunksEnd) {
                return "last chunk".to_owned();
            }
            let data = |part| matches!(part, Part::Body(_) | Part::EventField);
            ("chunk", first_line(part(data)))
        }
        UnitKind::Frame => return frame(unit),
        UnitKind::EmptyLine => ("empty line", &b""[..]),
        UnitKind::Tls | UnitKind::Http2 => return records::what(unit),
        UnitKind::Unknown => ("bytes without their context", &b""[..]),
        UnitKind::Misfit => ("bytes that do not fit", first_line(&unit.bytes)),
    };
    with_quote(name, quoted)
}

fn with_quote(name: &str, quoted: &[u8]) -> String {
    let mut what = name.to_owned();
    if !quoted.is_empty() {
        what.push(' ');
        push_limited(&mut what, quoted, QUOTE_LIMIT);
    }
    what
}

fn frame(unit: &Unit) -> String {
    let Some(header) = unit.frame else {
        return "frame".to_owned();
    };
    let name = format!("{} frame", header.opcode.name());
    let payload = unit.payload();
    let (opcode, packed) = unit.message_of(header);
    match (opcode, payload.as_slice()) {
        (Opcode::CLOSE, [high, low, reason @ ..]) if unit.payload_offset == 0 => {
            let code = u16::from_be_bytes([*high, *low]);
            let name = format!("{name} {code} ({})", websocket::close_code_name(code));
            with_quote(&name, first_line(reason))
        }
        (Opcode::TEXT, text) if !packed => with_quote(&name, first_line(text)),
        _ => name,
    }
}

/// The first line of a text, without its end.
fn first_line(text: &[u8]) -> &[u8] {
    let line = &text[..memchr::memchr(b'\n', text).unwrap_or(text.len())];
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Appends at most `limit` characters of a text.
fn push_limited(to: &mut String, bytes: &[u8], limit: usize) {
    // Each byte becomes at least one character, or is part of one of four bytes.
    let mut text = String::new();
    push_escaped(&mut text, &bytes[..bytes.len().min(4 * limit)]);
    match text.char_indices().nth(limit) {
        None if bytes.len() <= 4 * limit => to.push_str(&text),
        end => {
            to.push_str(&text[..end.map_or(text.len(), |(end, _)| end)]);
            to.push('…');
        }
    }
}

/// Adds what a unit is, down to its bits.
pub fn push(line: &mut Line<'_>, unit: &Unit, terms: &mut Vec<&'static Term>) {
    parts(&mut line.array("parts"), unit, terms);
    {
        let mut spans = line.array("spans");
        for span in &unit.spans {
            let mut array = spans.array();
            array.number(span.packet);
            array.number(span.offset);
            array.number(span.bytes);
        }
    }
    line.truth("complete", !unit.unfinished);
    if let Some(before) = unit.continues {
        line.number("continues", before);
    }
    if matches!(unit.kind, UnitKind::Tls | UnitKind::Http2) {
        line.hex("hex", &unit.bytes);
        return;
    }
    let Some(header) = unit.frame.filter(|_| unit.kind == UnitKind::Frame) else {
        text_or_hex(line, &unit.bytes);
        return;
    };
    line.hex("hex", &unit.bytes);
    line.truth("fin", header.fin);
    line.number("rsv", header.reserved);
    line.number("opcode", header.opcode.0);
    line.truth("masked", header.key.is_some());
    let payload = unit.payload();
    line.object("payload", |line| text_or_hex(line, &payload));
}

/// Adds bytes as `text`, if they are one, or else as `hex`.
pub fn text_or_hex(line: &mut Line<'_>, bytes: &[u8]) {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) => {
            line.string("text", text);
        }
        _ => line.hex("hex", bytes),
    }
}

fn parts(array: &mut Array<'_>, unit: &Unit, terms: &mut Vec<&'static Term>) {
    let payload = unit.payload();
    let mut masked_at = 0;
    let mut runs = unit.kinds.runs().iter().copied();
    // The kind of the bytes at hand, and how many more of them there are.
    let mut run = (Kind::Content, 0);
    let mut at = 0;
    for (part, mut bytes) in unit.parts() {
        let line = heads::line(unit, part, at, bytes);
        let odd = line.odd.join("; ");
        at += bytes.len();
        while !bytes.is_empty() {
            if run.1 == 0 {
                run = runs.next().unwrap_or((part_kind(part), bytes.len()));
            }
            let (piece, rest) = bytes.split_at(bytes.len().min(run.1));
            run.1 -= piece.len();
            bytes = rest;
            if let (Part::FrameStart, &[first, second], Some(header)) = (part, piece, unit.frame) {
                frame_start(array, header, first, second, terms);
                continue;
            }
            let mut value = String::new();
            match (part, unit.frame) {
                (Part::Payload, Some(header)) => {
                    let plain = payload.get(masked_at..masked_at + piece.len()).unwrap_or(piece);
                    masked_at += piece.len();
                    let (opcode, packed) = unit.message_of(header);
                    if packed || !matches!(opcode, Opcode::TEXT) {
                        push_hex_digits(&mut value, &plain[..plain.len().min(VALUE_LIMIT / 2)]);
                    } else {
                        push_limited(&mut value, plain, VALUE_LIMIT);
                    }
                }
                (Part::FrameLength, Some(header)) => {
                    value = plural(header.payload_len, "byte").to_string();
                }
                (Part::MaskingKey | Part::FrameLength | Part::FrameStart, _) => {
                    push_hex_digits(&mut value, piece);
                }
                (Part::RecordHeader | Part::RecordData | Part::Preface, _) => {
                    push_hex_digits(&mut value, &piece[..piece.len().min(VALUE_LIMIT / 2)]);
                }
                (Part::ChunkSize, _) if !line.meaning.is_empty() => {
                    push_limited(&mut value, piece, VALUE_LIMIT);
                    value = format!("{value}: {}", line.meaning);
                }
                _ => push_limited(&mut value, piece, VALUE_LIMIT),
            }
            let term = match run.0 {
                Kind::Time => &terms::TIME,
                _ => terms::term(unit.kind, part),
            };
            push_part(array, piece.len() * 8, run.0, term, [&value, &odd], terms);
        }
    }
}

/// What a part's bytes count as, where nobody said.
fn part_kind(part: Part) -> Kind {
    match part {
        Part::StartLine | Part::Field | Part::HeadEnd => Kind::HttpHead,
        _ => Kind::Content,
    }
}

fn push_part(
    array: &mut Array<'_>,
    bits: usize,
    of: Kind,
    term: &'static Term,
    [value, odd]: [&str; 2],
    terms: &mut Vec<&'static Term>,
) {
    terms.push(term);
    let mut part = array.array();
    part.number(bits as u64);
    part.string(kind_name(of));
    part.string(term.key);
    part.string(value);
    if !odd.is_empty() {
        part.string(odd);
    }
}

/// The fields of a frame's first two bytes (RFC 6455 section 5.2).
fn frame_start(
    array: &mut Array<'_>,
    header: Header,
    first: u8,
    second: u8,
    terms: &mut Vec<&'static Term>,
) {
    let length = match header.extended {
        0 => plural(header.payload_len, "byte").to_string(),
        bytes => format!("{}: in the next {bytes} bytes", second & 0x7f),
    };
    let yes_no = |yes, no, is| if is { yes } else { no };
    let fields = [
        (1, &terms::FIN, yes_no("the last frame", "more follow", header.fin).to_owned()),
        (3, &terms::RESERVED, format!("{:03b}", first >> 4 & 7)),
        (4, &terms::OPCODE, format!("{}: {}", header.opcode.0, header.opcode.name())),
        (1, &terms::MASK, yes_no("masked", "not masked", second & 0x80 != 0).to_owned()),
        (7, &terms::LENGTH, length),
    ];
    for (bits, term, value) in fields {
        push_part(array, bits, Kind::Framing, term, [&value, ""], terms);
    }
}
