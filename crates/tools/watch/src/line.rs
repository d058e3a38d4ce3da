//! What must be known of a line of `payloads show --json` to keep it and to let it go.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};

/// What a line says, so far as it matters here.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Line {
    pub kind: Kind,
    /// The connection that it is about or speaks of.
    pub connection: Option<u64>,
    /// The packet that it is about or speaks of.
    pub packet: Option<u64>,
}

/// The kinds of lines that later ones need, and those that are counted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Kind {
    Capture,
    Connection,
    Term,
    Packet,
    #[default]
    Other,
}

impl Line {
    /// Reads `text`. A line that cannot be read is of no special kind.
    pub fn of(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for Line {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

/// Takes three members of an object and passes over the others, of which a packet has kilobytes.
struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Line;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Line, A::Error> {
        let mut line = Line::default();
        while let Some(name) = members.next_key::<&str>()? {
            match name {
                "kind" => {
                    line.kind = match members.next_value()? {
                        "capture" => Kind::Capture,
                        "connection" => Kind::Connection,
                        "term" => Kind::Term,
                        "packet" => Kind::Packet,
                        _ => Kind::Other,
                    }
                }
                "connection" => line.connection = Some(members.next_value()?),
                "packet" => line.packet = Some(members.next_value()?),
                _ => {
                    members.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_wherever_they_stand_and_not_within_others() {
        let line = Line::of(
            r#"{"of":{"kind":"term","packet":9},"packet":17,"text":"\"connection\":8","kind":"packet"}"#,
        );
        assert_eq!(line, Line { kind: Kind::Packet, connection: None, packet: Some(17) });
    }

    #[test]
    fn a_line_of_another_kind_or_none_at_all_is_other() {
        let line = Line::of(r#"{"kind":"unit","connection":3}"#);
        assert_eq!(line, Line { kind: Kind::Other, connection: Some(3), packet: None });
        assert_eq!(Line::of("not JSON"), Line::default());
    }
}
