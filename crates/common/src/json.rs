//! JSON with a space after each colon and comma, as the original's `json.dumps` writes it.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Serializer, Value, ser::Formatter};

/// `value` as JSON text on one line, with a space after each colon and comma.
///
/// serde_json's own one-line form has no such spaces, and the bytes on the wire are to be those of
/// the Python original.
pub fn spaced_json(value: &Value) -> String {
    let mut text = Vec::new();
    // Neither writing to memory nor serializing a `Value`, whose keys are strings, can fail, and
    // JSON is UTF-8.
    let _ = value.serialize(&mut Serializer::with_formatter(&mut text, Spaced));
    String::from_utf8(text).unwrap_or_default()
}

struct Spaced;

impl Formatter for Spaced {
    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        out.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        out.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }
}

#[cfg(test)]
mod tests {
    use super::spaced_json;
    use serde_json::json;

    #[test]
    fn spaces_follow_colons_and_commas_and_nothing_else() {
        let value = json!({ "a": "b:c,d", "e": [1, 2, null], "f": {} });
        assert_eq!(spaced_json(&value), r#"{"a": "b:c,d", "e": [1, 2, null], "f": {}}"#);
    }
}
