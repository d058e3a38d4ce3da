//! What the lines of HTTP heads and chunks mean, and what is odd about them (RFC 9112).

use super::plural::plural;
use crate::{
    decode::{Part, RequestLine, StatusLine, chunk_size, is_control, is_token},
    tcp::Side,
};

/// What is odd about a line that `side` sends, if it is one of a head, or before a chunk; empty if
/// nothing is. `is_first` says that it is the first one after a start line.
pub(super) fn odd(side: Side, part: Part, line: &[u8], is_first: bool) -> String {
    let odd = match part {
        Part::StartLine => odd_start_line(side, line),
        Part::Field | Part::Trailer => read_field(line, is_first).odd,
        Part::ChunkSize => odd_chunk_size(line).map(str::to_owned).into_iter().collect(),
        _ => Vec::new(),
    };
    odd.join("; ")
}

/// What the first line of what `side` sends is.
pub(super) fn start_line(side: Side, line: &[u8]) -> String {
    let odd = odd_start_line(side, line);
    let words = match side {
        Side::Client => "method, target, version",
        Side::Server => "version, status code, reason",
    };
    if odd.is_empty() { words.to_owned() } else { odd.join("; ") }
}

fn odd_start_line(side: Side, line: &[u8]) -> Vec<String> {
    let mut odd = Vec::new();
    let section = match side {
        Side::Client => {
            request_line(line, &mut odd);
            "RFC 9112 section 3"
        }
        Side::Server => {
            status_line(line, &mut odd);
            "RFC 9112 section 4"
        }
    };
    odd_bytes(line, section, &mut odd);
    odd
}

fn request_line(line: &[u8], odd: &mut Vec<String>) {
    let RequestLine { method, target, version } = RequestLine::read(line);
    let usual = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];
    let upper = method.to_ascii_uppercase();
    if !method.iter().all(|byte| is_token(*byte)) {
        odd.push("the method is no token (RFC 9110 section 9.1)".to_owned());
    } else if upper != method && usual.iter().any(|usual| usual.as_bytes() == upper) {
        let (method, upper) = (String::from_utf8_lossy(method), String::from_utf8_lossy(&upper));
        odd.push(format!("{method} is not {upper}: case matters (RFC 9110 section 9.1)"));
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
    odd_spaces(line, &words, "RFC 9112 section 3", odd);
}

fn status_line(line: &[u8], odd: &mut Vec<String>) {
    let read = StatusLine::read(line);
    odd_version(read.version, odd);
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

/// White space other than a single space between the words.
fn odd_spaces(line: &[u8], words: &[&[u8]], section: &str, odd: &mut Vec<String>) {
    let words: Vec<&[u8]> = words.iter().copied().filter(|word| !word.is_empty()).collect();
    if without_line_end(line) != words.join(&b' ') {
        odd.push(format!("one space between the words, none around them ({section})"));
    }
}

/// Bytes that should not stand in a line, and a line end without its first half.
fn odd_bytes(line: &[u8], section: &str, odd: &mut Vec<String>) {
    let text = without_line_end(line);
    if text.iter().any(|byte| is_control(*byte)) {
        odd.push(format!("a control character is not allowed ({section})"));
    }
    if text.contains(&b'\r') {
        odd.push("CR without LF is not allowed (RFC 9112 section 2.2)".to_owned());
    }
    if line.ends_with(b"\n") && !line.ends_with(b"\r\n") {
        odd.push("LF alone ends it (RFC 9112 section 2.2)".to_owned());
    }
}

/// The name of a line after the first one, and what it is; `is_first` of them it may be.
pub(super) fn field(line: &[u8], is_first: bool) -> (&'static str, String) {
    let FieldLine { label, meaning, odd } = read_field(line, is_first);
    let words = [meaning].into_iter().filter(|words| !words.is_empty());
    let words: Vec<&str> = words.chain(odd.iter().map(String::as_str)).collect();
    (label, words.join("; "))
}

/// A line after the first one of a head.
struct FieldLine {
    label: &'static str,
    /// What the field means, if it says how the connection goes on.
    meaning: &'static str,
    odd: Vec<String>,
}

fn read_field(line: &[u8], is_first: bool) -> FieldLine {
    let mut odd = Vec::new();
    let mut means = "";
    let text = without_line_end(line);
    let colon = memchr::memchr(b':', text);
    let mut label = "field";
    match colon {
        _ if matches!(text.first(), Some(b' ' | b'\t')) && is_first => {
            label = "no field";
            odd.push(
                "no space is allowed before the first field (RFC 9112 section 2.2)".to_owned(),
            );
        }
        _ if matches!(text.first(), Some(b' ' | b'\t')) => {
            label = "folded field";
            odd.push(
                "goes on from the line before, an obsolete form (RFC 9112 section 5.2)".to_owned(),
            );
        }
        None => {
            label = "no field";
            odd.push("a field has a colon after its name (RFC 9112 section 2.2)".to_owned());
        }
        Some(colon) => {
            let name = &text[..colon];
            let trimmed = name.trim_ascii_end();
            if trimmed.len() < name.len() {
                odd.push("no space is allowed before the colon (RFC 9112 section 5.1)".to_owned());
            }
            if trimmed.is_empty() || !trimmed.iter().all(|byte| is_token(*byte)) {
                odd.push("the name is no token (RFC 9110 section 5.1)".to_owned());
            }
            let value = text[colon + 1..].trim_ascii();
            let is_number = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b',' | b' ');
            let is_length = trimmed.eq_ignore_ascii_case(b"Content-Length");
            if is_length && (value.is_empty() || !value.iter().all(is_number)) {
                odd.push("the length is no number (RFC 9110 section 8.6)".to_owned());
            } else {
                means = meaning(trimmed);
            }
        }
    }
    odd_bytes(line, "RFC 9110 section 5.5", &mut odd);
    FieldLine { label, meaning: means, odd }
}

/// What the fields mean that say how the connection goes on.
fn meaning(name: &[u8]) -> &'static str {
    let meanings = [
        ("Content-Length", "bytes of content after the head"),
        ("Transfer-Encoding", "how the content's end is found"),
        ("Content-Type", "what the content is"),
        ("Upgrade", "the protocol to change to"),
        ("Sec-WebSocket-Key", "16 random bytes in base64"),
        ("Sec-WebSocket-Accept", "proves that the key was read"),
    ];
    meanings
        .iter()
        .find(|(field, _)| name.eq_ignore_ascii_case(field.as_bytes()))
        .map_or("", |(_, meaning)| meaning)
}

/// What a chunk's first line says.
pub(super) fn chunk_size_meaning(line: &[u8]) -> String {
    match chunk_size(line) {
        Some(0) => "the last chunk".to_owned(),
        Some(size) => format!("{} of data follow", plural(size, "byte")),
        None => String::new(),
    }
}

/// What is odd about a chunk's first line (RFC 9112 section 7.1).
pub(super) fn odd_chunk_size(line: &[u8]) -> Option<&'static str> {
    let text = without_line_end(line);
    let digits = text.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let extension = text[digits..].trim_ascii_start();
    if digits == 0 || matches!(extension, [b'x' | b'X', ..]) {
        Some("the size is hexadecimal digits alone (RFC 9112 section 7.1)")
    } else if !extension.is_empty() && !is_extension(extension) {
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

fn without_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}
