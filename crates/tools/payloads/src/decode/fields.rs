//! The fields of an HTTP head that say how its content, or what follows, is packed.

/// What a head says of the content that follows it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Announced {
    /// The names of its codings, in the order in which they were applied, with commas between; empty
    /// if there are none.
    pub codings: Vec<u8>,
    /// Whether it is a stream of events, packed or not.
    pub is_events: bool,
    /// Whether it ends where the connection does.
    pub until_close: bool,
    /// Whether it comes in one piece, unless that is long.
    pub whole: bool,
}

impl Announced {
    /// Reads the head of a message.
    pub(super) fn by(head: &[u8]) -> Self {
        let mut codings = value(head, b"Content-Encoding").unwrap_or_default();
        // Transfer codings are applied last (RFC 9112 section 6.1).
        let transfer = value(head, b"Transfer-Encoding").unwrap_or_default();
        for coding in transfer.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            if !coding.is_empty() && !coding.eq_ignore_ascii_case(b"chunked") {
                append(&mut codings, coding);
            }
        }
        // A part of packed content that is not its first cannot be unpacked (RFC 9110 section 14.4).
        if let Some(range) = value(head, b"Content-Range")
            && !range.starts_with(b"bytes 0-")
        {
            codings.clear();
        }
        let media_type = value(head, b"Content-Type").unwrap_or_default();
        let media_type = media_type.split(|byte| *byte == b';').next().unwrap_or_default();
        Self {
            codings,
            is_events: media_type.trim_ascii().eq_ignore_ascii_case(b"text/event-stream"),
            ..Self::default()
        }
    }
}

/// The value of the field called `name` in `head`, if it has one: of several, all of them with
/// commas between (RFC 9110 section 5.3).
pub(crate) fn value(head: &[u8], name: &[u8]) -> Option<Vec<u8>> {
    let mut value = None;
    let mut rest = after_line(head);
    while !rest.is_empty() {
        let line = rest;
        rest = after_line(rest);
        // The first bytes tell nearly all lines apart.
        if !line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)) {
            continue;
        }
        // A line that begins with a space goes on from the one before (RFC 9112 section 5.2).
        while let Some(b' ' | b'\t') = rest.first() {
            rest = after_line(rest);
        }
        let after_name = line[name.len()..line.len() - rest.len()].trim_ascii();
        if let Some(text) = after_name.strip_prefix(b":") {
            append(value.get_or_insert_with(Vec::new), text.trim_ascii());
        }
    }
    value
}

fn append(values: &mut Vec<u8>, value: &[u8]) {
    if !values.is_empty() {
        values.extend_from_slice(b", ");
    }
    values.extend_from_slice(value);
}

fn after_line(bytes: &[u8]) -> &[u8] {
    memchr::memchr(b'\n', bytes).map_or(&[], |newline| &bytes[newline + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_by_its_whole_name_wherever_odd_lines_are() {
        let head = b"HTTP/1.1 200 OK\r\nno field\r\nContent-Encoding-X: a\r\nCONTENT-encoding : \
            gzip \r\nB: Content-Encoding: c\r\nContent-Encoding:\r\n  br,\r\n\tzstd\r\n\r\n";
        let found = value(head, b"Content-Encoding");
        assert_eq!(found.as_deref(), Some(&b"gzip, br,\r\n\tzstd"[..]));
        assert_eq!(value(head, b"Content-Type"), None);
        assert_eq!(value(b"HTTP/1.1 200 OK\nA:\n\n", b"A"), Some(Vec::new()));
        assert_eq!(value(b"A: b", b"A"), None);
    }

    #[test]
    fn codings_are_those_of_the_content_and_then_those_of_the_transfer() {
        let announced = |fields: &str| Announced::by(format!("X\r\n{fields}\r\n\r\n").as_bytes());
        let both = "Transfer-Encoding: gzip, chunked\r\nContent-Encoding: br";
        assert_eq!(announced(both).codings, b"br, gzip");
        assert!(announced("Transfer-Encoding: Chunked").codings.is_empty());
        let range = "Content-Encoding: gzip\r\nContent-Range: bytes";
        assert_eq!(announced(&format!("{range} 0-9/20")).codings, b"gzip");
        assert!(announced(&format!("{range} 10-19/20")).codings.is_empty());
        let events = "Content-Type: Text/Event-Stream; charset=utf-8\r\nContent-Encoding: gzip";
        assert!(announced(events).is_events);
    }
}
