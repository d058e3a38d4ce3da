//! A line of JSON (RFC 8259) as it is put together.

use std::fmt::Write;

/// Appends members and elements to a text, with commas where they belong.
pub struct Line<'t> {
    text: &'t mut String,
    /// Whether the next member or element is the first.
    first: bool,
}

impl<'t> Line<'t> {
    /// Begins an object of this `kind` at the end of `text`.
    pub fn begin(text: &'t mut String, kind: &str) -> Self {
        text.push('{');
        let mut line = Self { text, first: true };
        line.string("kind", kind);
        line
    }

    /// Ends the object, and the line.
    pub fn end(self) {
        self.text.push_str("}\n");
    }

    fn comma(&mut self) {
        if !self.first {
            self.text.push(',');
        }
        self.first = false;
    }

    fn name(&mut self, name: &str) {
        self.comma();
        push_string(self.text, name);
        self.text.push(':');
    }

    /// Adds a member with a text.
    pub fn string(&mut self, name: &str, value: &str) {
        self.name(name);
        push_string(self.text, value);
    }

    /// Adds a member with a number.
    pub fn number(&mut self, name: &str, value: impl Into<i128>) {
        self.name(name);
        let _ = write!(self.text, "{}", value.into());
    }

    /// Adds a member that is true or false.
    pub fn truth(&mut self, name: &str, value: bool) {
        self.name(name);
        self.text.push_str(if value { "true" } else { "false" });
    }

    /// Adds a member with a time in seconds; `nanoseconds` is what it is.
    pub fn time(&mut self, name: &str, nanoseconds: i64) {
        self.name(name);
        let sign = if nanoseconds < 0 { "-" } else { "" };
        let (seconds, rest) = (
            nanoseconds.unsigned_abs() / 1_000_000_000,
            nanoseconds.unsigned_abs() % 1_000_000_000,
        );
        let _ = write!(self.text, "{sign}{seconds}.{rest:09}");
        // A number has at least one digit after its point.
        let digits = self.text.trim_end_matches('0').len();
        self.text.truncate(if self.text[..digits].ends_with('.') { digits + 1 } else { digits });
    }

    /// Adds a member with bytes, in hexadecimal digits.
    pub fn hex(&mut self, name: &str, bytes: &[u8]) {
        self.name(name);
        self.text.push('"');
        push_hex_digits(self.text, bytes);
        self.text.push('"');
    }

    /// Adds a member with a value that is JSON already.
    pub fn value(&mut self, name: &str, value: &serde_json::Value) {
        self.name(name);
        let start = self.text.len();
        let _ = write!(self.text, "{value}");
        // Inside strings alone, what may not stand in a line can be.
        if !self.text[start..].chars().all(is_plain) {
            let value = self.text.split_off(start);
            for c in value.chars() {
                push_char(self.text, c);
            }
        }
    }

    /// Adds a member that is an array.
    pub fn array(&mut self, name: &str) -> Array<'_> {
        self.name(name);
        Array::begin(self.text)
    }

    /// Adds a member that is an object, with what `members` adds to it.
    pub fn object(&mut self, name: &str, members: impl FnOnce(&mut Line<'_>)) {
        self.name(name);
        self.text.push('{');
        members(&mut Line { text: self.text, first: true });
        self.text.push('}');
    }
}

/// An array; it ends where this is dropped.
pub struct Array<'t> {
    text: &'t mut String,
    first: bool,
}

impl<'t> Array<'t> {
    fn begin(text: &'t mut String) -> Self {
        text.push('[');
        Self { text, first: true }
    }

    fn comma(&mut self) {
        if !self.first {
            self.text.push(',');
        }
        self.first = false;
    }

    /// Adds a text.
    pub fn string(&mut self, value: &str) {
        self.comma();
        push_string(self.text, value);
    }

    /// Adds a number.
    pub fn number(&mut self, value: impl Into<i128>) {
        self.comma();
        let _ = write!(self.text, "{}", value.into());
    }

    /// Adds an object, with what `members` adds to it.
    pub fn object(&mut self, members: impl FnOnce(&mut Line<'_>)) {
        self.comma();
        self.text.push('{');
        members(&mut Line { text: self.text, first: true });
        self.text.push('}');
    }

    /// Adds an array.
    pub fn array(&mut self) -> Array<'_> {
        self.comma();
        Array::begin(self.text)
    }
}

impl Drop for Array<'_> {
    fn drop(&mut self) {
        self.text.push(']');
    }
}

/// Whether a character may stand in a line as it is: a control character, one that ends a line in
/// some program, or one that changes the direction of the text around it may not.
fn is_plain(c: char) -> bool {
    !(c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
}

fn push_char(text: &mut String, c: char) {
    if is_plain(c) {
        text.push(c);
    } else {
        // All of them are in the Basic Multilingual Plane.
        let _ = write!(text, "\\u{:04x}", u32::from(c));
    }
}

/// Appends a string with its quotes.
fn push_string(text: &mut String, value: &str) {
    text.push('"');
    let mut rest = value;
    let special = |c: char| matches!(c, '"' | '\\') || !is_plain(c);
    while let Some(at) = rest.find(special) {
        text.push_str(&rest[..at]);
        let mut after = rest[at..].chars();
        match after.next() {
            Some('"') => text.push_str("\\\""),
            Some('\\') => text.push_str("\\\\"),
            Some('\n') => text.push_str("\\n"),
            Some('\r') => text.push_str("\\r"),
            Some('\t') => text.push_str("\\t"),
            Some(c) => push_char(text, c),
            None => {}
        }
        rest = after.as_str();
    }
    text.push_str(rest);
    text.push('"');
}

/// Appends bytes in hexadecimal digits, without spaces.
pub fn push_hex_digits(text: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_json_without_control_characters() {
        let mut text = String::new();
        let mut line = Line::begin(&mut text, "a\"b\\c\n\r\t\0\u{7f}\u{85}\u{2028}\u{202e}é🦀");
        line.number("n", -5);
        line.truth("t", true);
        line.hex("h", b"\x00\xff");
        line.value("v", &serde_json::json!({"\u{85}": ["\u{7f}", 1.5]}));
        {
            let mut array = line.array("a");
            array.number(1);
            array.string("x");
            array.array().number(2);
        }
        line.object("o", |line| line.string("s", ""));
        line.end();
        let line = text.strip_suffix('\n').unwrap();
        assert!(line.chars().all(|c| !c.is_control() && c != '\u{202e}'), "{line}");
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(
            value,
            serde_json::json!({
                "kind": "a\"b\\c\n\r\t\0\u{7f}\u{85}\u{2028}\u{202e}é🦀",
                "n": -5, "t": true, "h": "00ff", "v": {"\u{85}": ["\u{7f}", 1.5]},
                "a": [1, "x", [2]], "o": {"s": ""},
            })
        );
    }

    #[test]
    fn a_time_is_a_number_of_seconds() {
        for (nanoseconds, number) in [
            (0, "0.0"),
            (1, "0.000000001"),
            (-1_500_000_000, "-1.5"),
            (10_000_000_000, "10.0"),
            (i64::MIN, "-9223372036.854775808"),
        ] {
            let mut text = String::new();
            let mut line = Line::begin(&mut text, "k");
            line.time("t", nanoseconds);
            line.end();
            assert_eq!(text, format!("{{\"kind\":\"k\",\"t\":{number}}}\n"));
        }
    }
}
