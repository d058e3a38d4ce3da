//! What the lines of HTTP heads and chunks mean, and what is odd about them (RFC 9112).

use std::borrow::Cow;

use super::plural::plural;
use crate::{
    decode::{
        Fields, Part, RequestLine, StatusLine, Unit, UnitKind, chunk_size, content_length,
        is_control, is_token,
    },
    tcp::Side,
};

/// A line of a head, or of what stands around the data of a chunk.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// What it is called.
    pub(super) name: &'static str,
    /// What it means, if that is said.
    pub(super) meaning: Cow<'static, str>,
    /// What is odd about it.
    pub(super) odd: Vec<String>,
}

impl Line {
    fn new(name: &'static str, meaning: impl Into<Cow<'static, str>>) -> Self {
        Self { name, meaning: meaning.into(), odd: Vec::new() }
    }

    /// What it means and what is odd about it.
    pub(super) fn words(&self) -> String {
        let meaning = Some(&*self.meaning).filter(|meaning| !meaning.is_empty());
        let words: Vec<&str> =
            meaning.into_iter().chain(self.odd.iter().map(String::as_str)).collect();
        words.join("; ")
    }
}

/// What the `part` of `unit` is that has these bytes, from `at` on, if it is such a line.
///
/// A line may begin in the unit before, and is not judged then. Its rest may be in the unit after, or
/// nowhere: then it is judged by what is wrong whatever follows.
pub(super) fn line(unit: &Unit, part: Part, at: usize, bytes: &[u8]) -> Line {
    let mut line = match part {
        Part::StartLine => Line::new(
            match unit.side {
                Side::Client => "request line",
                Side::Server => "status line",
            },
            "",
        ),
        Part::Field => Line::new("field", ""),
        Part::HeadEnd => Line::new("empty line", "ends the head (RFC 9112 section 2.1)"),
        Part::ChunkSize => Line::new("chunk size", chunk_size_meaning(unit, at, bytes)),
        Part::ChunkEnd => Line::new("chunk end", "ends the chunk (RFC 9112 section 7.1)"),
        Part::Trailer => Line::new("trailer field", ""),
        Part::ChunksEnd => Line::new("empty line", "ends the chunks (RFC 9112 section 7.1)"),
        _ => return Line::default(),
    };
    if is_rest(unit, part, at) {
        return line;
    }
    match part {
        Part::StartLine => start_line(unit.side, bytes, &mut line),
        Part::Field | Part::Trailer => {
            let after = &unit.bytes[at + bytes.len()..];
            let is_first = || {
                let end = memchr::memchr(b'\n', &unit.bytes);
                !is_continued(unit) && end.is_some_and(|end| end + 1 == at)
            };
            field(bytes, after, is_first, &mut line);
            odd_bytes(bytes, "RFC 9110 section 5.5", LINE_END, &mut line.odd);
        }
        Part::HeadEnd => {
            odd_bytes(bytes, "RFC 9112 section 2.1", LINE_END, &mut line.odd);
            if !is_continued(unit) {
                odd_head(unit, &mut line.odd);
            }
        }
        Part::ChunkSize => {
            line.odd.extend(odd_chunk_size(bytes).map(str::to_owned));
            odd_bytes(bytes, "RFC 9112 section 7.1", CHUNK_LINE_END, &mut line.odd);
        }
        _ => odd_bytes(bytes, "RFC 9112 section 7.1", CHUNK_LINE_END, &mut line.odd),
    }
    line
}

/// Whether a unit is the rest of another.
fn is_continued(unit: &Unit) -> bool {
    unit.continued || unit.continues.is_some()
}

/// Whether a `part` that begins at `at` may be the rest of a line that begins before it.
fn is_rest(unit: &Unit, part: Part, at: usize) -> bool {
    match unit.bytes[..at].last() {
        None => is_continued(unit),
        Some(before) => *before != b'\n' && part != Part::ChunkEnd,
    }
}

/// Where it says that a line ends with CRLF, and LF alone may be taken for it.
const LINE_END: &str = "RFC 9112 section 2.2";

/// Where it says so of chunks, for which no LF alone may be taken.
const CHUNK_LINE_END: &str = "RFC 9112 section 7.1";

fn start_line(side: Side, text: &[u8], line: &mut Line) {
    let is_whole = text.ends_with(b"\n");
    let (meaning, section) = match side {
        Side::Client => {
            request_line(text, is_whole, &mut line.odd);
            ("method, target, version", "RFC 9112 section 3")
        }
        Side::Server => {
            status_line(text, is_whole, &mut line.odd);
            ("version, status code, reason", "RFC 9112 section 4")
        }
    };
    odd_bytes(text, section, LINE_END, &mut line.odd);
    if line.odd.is_empty() {
        line.meaning = meaning.into();
    }
}

fn request_line(line: &[u8], is_whole: bool, odd: &mut Vec<String>) {
    let RequestLine { method, target, version } = RequestLine::read(line);
    // Of one that is not whole, all may go on that no white space ends.
    let is_method_whole = is_whole || !line.ends_with(method);
    let usual = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];
    let upper = method.to_ascii_uppercase();
    if !method.iter().all(|byte| is_token(*byte)) {
        odd.push("the method is no token (RFC 9110 section 9.1)".to_owned());
    } else if is_method_whole
        && upper != method
        && usual.iter().any(|usual| usual.as_bytes() == upper)
    {
        let (method, upper) = (String::from_utf8_lossy(method), String::from_utf8_lossy(&upper));
        odd.push(format!("{method} is not {upper}: case matters (RFC 9110 section 9.1)"));
    }
    if !is_whole {
        if matches!(line.first(), Some(b' ' | b'\t')) {
            odd.push(ONE_SPACE.to_owned());
        }
        return;
    }
    if target.is_empty() {
        odd.push("no target (RFC 9112 section 3)".to_owned());
    } else if target.iter().any(|byte| matches!(byte, b' ' | b'\t')) {
        odd.push("no space is allowed in a target (RFC 9112 section 3.2)".to_owned());
    }
    match version {
        Some(version) => odd_version(version, odd),
        None => odd.push("no version, as in HTTP/0.9 (RFC 9112 appendix C.1)".to_owned()),
    }
    let words = [method, target, version.unwrap_or_default()];
    let words: Vec<&[u8]> = words.into_iter().filter(|word| !word.is_empty()).collect();
    if without_line_end(line) != words.join(&b' ') {
        odd.push(ONE_SPACE.to_owned());
    }
}

/// White space other than a single space between the words.
const ONE_SPACE: &str = "one space between the words, none around them (RFC 9112 section 3)";

fn status_line(line: &[u8], is_whole: bool, odd: &mut Vec<String>) {
    let read = StatusLine::read(line);
    // Of one that is not whole, all may go on that no white space ends.
    if is_whole || !line.ends_with(read.version) {
        odd_version(read.version, odd);
    }
    if !is_whole && line.ends_with(read.status) {
        return;
    }
    let words = [read.version, read.status];
    match read.code() {
        Some(100..=599) => {
            let text = without_line_end(line);
            if text.ends_with(read.status) && !text.ends_with(b" ") {
                odd.push("a space ends the status code (RFC 9112 section 4)".to_owned());
            }
        }
        Some(_) => odd.push("status codes are 100 to 599 (RFC 9110 section 15)".to_owned()),
        None => odd.push("the status is no number of three digits (RFC 9112 section 4)".to_owned()),
    }
    // The reason may have any spaces.
    let end = words.concat().len() + 1;
    if !line.starts_with(&words.join(&b' ')) && line.len() > end {
        odd.push("one space between the words (RFC 9112 section 4)".to_owned());
    }
}

/// `HTTP/`, a digit, a dot, a digit, of which the first should be 1 here.
fn odd_version(version: &[u8], odd: &mut Vec<String>) {
    let meaning = match version {
        b"HTTP/1.0" | b"HTTP/1.1" => return,
        [b'H', b'T', b'T', b'P', b'/', major, b'.', minor]
            if major.is_ascii_digit() && minor.is_ascii_digit() =>
        {
            match major {
                b'1' => return,
                _ => "a version with no such heads (RFC 9112 section 2.3)",
            }
        }
        _ => "the version is not of the form HTTP/1.1 (RFC 9112 section 2.3)",
    };
    odd.push(meaning.to_owned());
}

/// Bytes that should not stand in a line by `section`, and a line end without its first half.
fn odd_bytes(line: &[u8], section: &str, line_end: &str, odd: &mut Vec<String>) {
    let text = without_line_end(line);
    if text.iter().any(|byte| is_control(*byte)) {
        odd.push(format!("a control character is not allowed ({section})"));
    }
    if text.contains(&b'\r') {
        odd.push("CR without LF is not allowed (RFC 9112 section 2.2)".to_owned());
    }
    if line.ends_with(b"\n") && !line.ends_with(b"\r\n") {
        odd.push(format!("LF alone ends it ({line_end})"));
    }
}

/// A line after the first one of a head, or after the last chunk, with the bytes after it; it may be
/// the first of them.
fn field(text: &[u8], after: &[u8], is_first: impl Fn() -> bool, line: &mut Line) {
    let odd = &mut line.odd;
    let is_whole = text.ends_with(b"\n");
    let text = without_line_end(text);
    if matches!(text.first(), Some(b' ' | b'\t')) {
        let is_first = is_first();
        odd.push(
            match (is_first, line.name) {
                (true, "field") => {
                    "no space is allowed before the first field (RFC 9112 section 2.2)"
                }
                (true, _) => "no space is allowed before the first field (RFC 9112 section 7.1.2)",
                (false, _) => {
                    "goes on from the line before, an obsolete form (RFC 9112 section 5.2)"
                }
            }
            .to_owned(),
        );
        line.name = if is_first { "no field" } else { "folded field" };
        return;
    }
    let Some(colon) = memchr::memchr(b':', text) else {
        if is_whole {
            line.name = "no field";
            odd.push("a field has a colon after its name (RFC 9112 section 2.2)".to_owned());
        }
        return;
    };
    let name = &text[..colon];
    let trimmed = name.trim_ascii_end();
    if trimmed.len() < name.len() {
        odd.push("no space is allowed before the colon (RFC 9112 section 5.1)".to_owned());
    }
    if trimmed.is_empty() || !trimmed.iter().all(|byte| is_token(*byte)) {
        odd.push("the name is no token (RFC 9110 section 5.1)".to_owned());
    }
    let is_length = trimmed.eq_ignore_ascii_case(b"Content-Length");
    match whole_value(&text[colon + 1..], is_whole, after).filter(|_| is_length) {
        Some(value) if content_length(&value).is_none() => odd.push(odd_length(&value).to_owned()),
        _ => line.meaning = meaning(trimmed).into(),
    }
}

/// A field's value, which may go on in the lines that begin with a space (RFC 9112 section 5.2), if it
/// is known where it ends.
fn whole_value<'l>(value: &'l [u8], is_whole: bool, after: &[u8]) -> Option<Cow<'l, [u8]>> {
    let mut rest = after;
    while let Some(b' ' | b'\t') = rest.first() {
        rest = &rest[memchr::memchr(b'\n', rest)? + 1..];
    }
    if !is_whole || rest.is_empty() {
        return None;
    }
    let folded = &after[..after.len() - rest.len()];
    if folded.is_empty() {
        return Some(Cow::Borrowed(value.trim_ascii()));
    }
    Some(Cow::Owned([value, b"\r\n", folded].concat().trim_ascii().to_vec()))
}

/// What is wrong with a `Content-Length` that cannot be read.
fn odd_length(value: &[u8]) -> &'static str {
    let mut lengths = value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    let is_number = |length: &[u8]| !length.is_empty() && length.iter().all(u8::is_ascii_digit);
    if !lengths.clone().all(is_number) {
        "the length is no number (RFC 9110 section 8.6)"
    } else if lengths.all(|length| content_length(length).is_some()) {
        "lengths that differ (RFC 9112 section 6.3)"
    } else {
        "a length that does not fit in 64 bits (RFC 9110 section 8.6)"
    }
}

/// What only a whole head tells: which fields it lacks, or has beside each other.
fn odd_head(unit: &Unit, odd: &mut Vec<String>) {
    let head = unit.bytes.as_slice();
    let is_request = unit.kind == UnitKind::Request;
    let (version, status) = if is_request {
        (RequestLine::read(first_line(head)).version.unwrap_or_default(), None)
    } else {
        let line = StatusLine::read(first_line(head));
        (line.version, line.code())
    };
    let (mut hosts, mut upgrades) = (0, 0);
    let mut lengths = Vec::new();
    let mut last_coding = None;
    for (name, value) in Fields::of(head) {
        if name.eq_ignore_ascii_case(b"Host") {
            hosts += 1;
        } else if name.eq_ignore_ascii_case(b"Upgrade") {
            upgrades += 1;
        } else if name.eq_ignore_ascii_case(b"Content-Length") {
            lengths.push(content_length(value));
        } else if name.eq_ignore_ascii_case(b"Transfer-Encoding") {
            last_coding = value.rsplit(|byte| *byte == b',').next().map(<[u8]>::trim_ascii);
        }
    }
    let is_later_than_1_0 =
        matches!(version, [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'1'..=b'9']);
    let is_chunked = last_coding.is_some_and(|coding| coding.eq_ignore_ascii_case(b"chunked"));
    let found = [
        (
            is_request && is_later_than_1_0 && hosts == 0,
            "no Host, which a request must have (RFC 9112 section 3.2)",
        ),
        (is_request && hosts > 1, "more than one Host (RFC 9112 section 3.2)"),
        (
            lengths.windows(2).any(|pair| pair[0] != pair[1]),
            "Content-Lengths that differ (RFC 9112 section 6.3)",
        ),
        (
            last_coding.is_some() && !lengths.is_empty(),
            "Transfer-Encoding makes Content-Length void (RFC 9112 section 6.3)",
        ),
        (
            last_coding.is_some() && version == b"HTTP/1.0",
            "HTTP/1.0 has no Transfer-Encoding (RFC 9112 section 6.1)",
        ),
        (
            is_request && last_coding.is_some() && !is_chunked,
            "the last coding is not chunked: no end of the content is known (RFC 9112 section 6.3)",
        ),
        (
            status == Some(101) && upgrades == 0,
            "no Upgrade, which a 101 must have (RFC 9110 section 15.2.2)",
        ),
    ];
    odd.extend(found.into_iter().filter(|(is_so, _)| *is_so).map(|(_, words)| words.to_owned()));
}

/// What the fields mean that say how the connection goes on.
fn meaning(name: &[u8]) -> &'static str {
    let meanings = [
        ("Content-Length", "the length of the content in bytes"),
        ("Transfer-Encoding", "how the content's end is found"),
        ("Content-Type", "what the content is"),
        ("Upgrade", "the protocol to change to"),
        ("Sec-WebSocket-Key", "16 random bytes in base64"),
        ("Sec-WebSocket-Accept", "what the server made of the key"),
    ];
    meanings
        .iter()
        .find(|(field, _)| name.eq_ignore_ascii_case(field.as_bytes()))
        .map_or("", |(_, meaning)| meaning)
}

/// What a chunk's first line says that begins at `at` in `unit`, if all of it is there.
pub(super) fn chunk_size_meaning(unit: &Unit, at: usize, line: &[u8]) -> String {
    if is_rest(unit, Part::ChunkSize, at) || !line.ends_with(b"\n") {
        return String::new();
    }
    match chunk_size(line) {
        Some(0) => "the last chunk".to_owned(),
        Some(size) => format!("{} of data follow", plural(size, "byte")),
        None => String::new(),
    }
}

/// What is odd about a chunk's first line (RFC 9112 section 7.1).
fn odd_chunk_size(line: &[u8]) -> Option<&'static str> {
    let is_whole = line.ends_with(b"\n");
    let text = without_line_end(line);
    let digits = text.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let extension = text[digits..].trim_ascii_start();
    if digits == 0 && (is_whole || !text.is_empty()) || matches!(extension, [b'x' | b'X', ..]) {
        Some("the size is hexadecimal digits alone (RFC 9112 section 7.1)")
    } else if is_whole && !extension.is_empty() && !is_extension(extension) {
        Some("what follows the size is no extension (RFC 9112 section 7.1.1)")
    } else if digits > 1 && line.starts_with(b"0") {
        Some("zeros before it change nothing (RFC 9112 section 7.1)")
    } else {
        None
    }
}

/// Whether `text` is one chunk extension or more: each a semicolon, a name, and perhaps a value, which
/// may be quoted (RFC 9112 section 7.1.1).
fn is_extension(mut text: &[u8]) -> bool {
    let token = |text: &[u8]| text.iter().take_while(|byte| is_token(**byte)).count();
    while let Some(after) = text.strip_prefix(b";") {
        let after = after.trim_ascii_start();
        let name = token(after);
        let rest = after[name..].trim_ascii_start();
        if name == 0 {
            return false;
        }
        text = match rest.strip_prefix(b"=").map(<[u8]>::trim_ascii_start) {
            None => rest,
            Some([b'"', quoted @ ..]) => {
                let mut at = 0;
                while let Some(byte) = quoted.get(at).filter(|byte| **byte != b'"') {
                    at += if *byte == b'\\' { 2 } else { 1 };
                }
                match quoted.get(at + 1..) {
                    Some(rest) => rest,
                    None => return false,
                }
            }
            Some(value) => match token(value) {
                0 => return false,
                len => &value[len..],
            },
        };
        text = text.trim_ascii_start();
    }
    text.is_empty()
}

fn first_line(head: &[u8]) -> &[u8] {
    &head[..memchr::memchr(b'\n', head).map_or(head.len(), |newline| newline + 1)]
}

fn without_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}
