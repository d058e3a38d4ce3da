//! Text from a capture, made safe to print: it cannot move the cursor, change colours, or reorder
//! what stands around it.

use std::fmt::Write;

/// Whether a character is shown as an escape: control characters, and those that are invisible or
/// change the direction of the text around them.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{00ad}' // soft hyphen
                | '\u{061c}' // Arabic letter mark
                | '\u{180e}' // Mongolian vowel separator
                | '\u{200b}'..='\u{200f}' // zero-width characters and direction marks
                | '\u{2028}'..='\u{202e}' // line and paragraph separators, direction overrides
                | '\u{2060}'..='\u{206f}' // word joiner, invisible operators, direction isolates
                | '\u{fe00}'..='\u{fe0f}' // variation selectors
                | '\u{feff}' // byte order mark
                | '\u{fff9}'..='\u{fffb}' // interlinear annotations
                | '\u{e0000}'..='\u{e0fff}' // tags and more variation selectors
        )
}

/// Whether a byte is printable ASCII that stands for itself, as nearly all are.
fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') & (byte != b'\\')
}

/// Appends `bytes` as text. Bytes that are not UTF-8 become `\xff`, unsafe characters `\n`, `\t`,
/// `\r`, `\x00` or `\u{202e}`, and a backslash `\\`, so that no two texts look the same.
pub fn push_escaped(text: &mut String, bytes: &[u8]) {
    for chunk in bytes.utf8_chunks() {
        push_escaped_str(text, chunk.valid());
        for byte in chunk.invalid() {
            push_byte(text, *byte);
        }
    }
}

/// The same of what is known to be UTF-8.
pub fn push_escaped_str(text: &mut String, mut valid: &str) {
    // Without an early end, the compiler makes this look at many bytes at once.
    if !valid.bytes().fold(true, |plain, byte| plain & is_plain(byte)) {
        while let Some(plain) = valid.bytes().position(|byte| !is_plain(byte)) {
            text.push_str(&valid[..plain]);
            let mut chars = valid[plain..].chars();
            chars.next().into_iter().for_each(|c| push_char(text, c));
            valid = chars.as_str();
        }
    }
    text.push_str(valid);
}

fn push_char(text: &mut String, c: char) {
    match c {
        '\\' => text.push_str("\\\\"),
        '\n' => text.push_str("\\n"),
        '\r' => text.push_str("\\r"),
        '\t' => text.push_str("\\t"),
        c if c.is_ascii() && is_unsafe(c) => push_byte(text, c as u8),
        c if is_unsafe(c) => {
            let _ = write!(text, "\\u{{{:x}}}", u32::from(c));
        }
        c => text.push(c),
    }
}

fn push_byte(text: &mut String, byte: u8) {
    // Writing to a `String` cannot fail.
    let _ = write!(text, "\\x{byte:02x}");
}

/// `text` with unsafe characters escaped.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    push_escaped_str(&mut escaped, text);
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_and_the_rest_is_escaped() {
        for (bytes, text) in [
            (&b"plain text~"[..], "plain text~"),
            (b"\x07 \\x07 C:\\n", r"\x07 \\x07 C:\\n"),
            ("é日本🦀".as_bytes(), "é日本🦀"),
            (b"\0\t\r\n\x1b\x7f", r"\x00\t\r\n\x1b\x7f"),
            ("\u{85}\u{ad}\u{200f}\u{2029}".as_bytes(), r"\u{85}\u{ad}\u{200f}\u{2029}"),
            (b"a\xffb\xe2\x82", r"a\xffb\xe2\x82"),
        ] {
            let mut escaped = String::new();
            push_escaped(&mut escaped, bytes);
            assert_eq!(escaped, text);
        }
    }
}
