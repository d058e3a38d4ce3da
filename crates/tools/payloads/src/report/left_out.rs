//! What of a capture is not read, by name.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::plural::plural;
use crate::input::{Contents, Found, headers::Other};

/// The most names that are counted apart. Real captures have a dozen; made-up ones could have
/// millions.
const NAME_LIMIT: usize = 256;

/// The most names in a line.
const LINE_LIMIT: usize = 8;

/// What was left out of the figures.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct LeftOut {
    /// Packets that hold no TCP segment that could be read, by what they hold.
    by_kind: BTreeMap<Other, u64>,
    /// Those for which there was no room.
    others: u64,
    /// Packets that were recorded before, on another interface.
    pub recorded_twice: u64,
    /// Fragments of IP packets of which others are missing.
    pub fragments: u64,
    /// Packets whose headers are broken or cut off.
    pub unreadable: u64,
    /// Packets of interfaces with a link type that is not supported.
    pub unsupported: u64,
}

impl LeftOut {
    /// Counts a packet, if it has no segment.
    #[inline]
    pub fn count(&mut self, found: &Found<'_>) {
        if !matches!(found.contents, Contents::Tcp(_)) || found.packets > 1 {
            self.count_rare(found);
        }
    }

    #[cold]
    fn count_rare(&mut self, found: &Found<'_>) {
        // Fragments that were put together were counted when they came, but for the last.
        self.fragments = self.fragments.saturating_sub(u64::from(found.packets) - 1);
        match found.contents {
            Contents::Tcp(_) => {}
            Contents::Fragment(_) => self.fragments += 1,
            Contents::Unreadable { .. } => self.unreadable += u64::from(found.packets),
            Contents::Other(other) => {
                let is_full = self.by_kind.len() >= NAME_LIMIT;
                match self.by_kind.get_mut(&other) {
                    Some(count) => *count += u64::from(found.packets),
                    None if is_full => self.others += u64::from(found.packets),
                    None => drop(self.by_kind.insert(other, found.packets.into())),
                }
            }
        }
    }

    /// How many packets hold no TCP segment that could be read.
    pub fn not_tcp(&self) -> u64 {
        self.by_kind.values().sum::<u64>() + self.others
    }

    /// What these packets hold by name, the most frequent first.
    pub fn by_name(&self) -> Vec<(String, u64)> {
        let mut by_name: BTreeMap<String, u64> = BTreeMap::new();
        for (kind, count) in &self.by_kind {
            *by_name.entry(kind.to_string()).or_default() += count;
        }
        if self.others > 0 {
            by_name.insert("other protocols".to_owned(), self.others);
        }
        let mut by_name: Vec<_> = by_name.into_iter().collect();
        by_name.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        by_name
    }

    /// A line for each kind of packet that was left out, or one that says that there were none at
    /// all. `taken` is how many were not left out.
    pub fn warnings(&self, taken: u64) -> Vec<String> {
        let mut lines = Vec::new();
        let by_name = self.by_name();
        let mut names = Vec::new();
        for (index, (name, count)) in by_name.iter().enumerate() {
            match index {
                0 => names.push(format!("{} of {name}", plural(*count, "packet"))),
                LINE_LIMIT if by_name.len() > LINE_LIMIT + 1 => {
                    let rest: u64 = by_name[index..].iter().map(|(_, count)| count).sum();
                    let kinds = by_name.len() - index;
                    names.push(format!("{rest} of {kinds} other protocols"));
                    break;
                }
                _ => names.push(format!("{count} of {name}")),
            }
        }
        if !names.is_empty() {
            lines.push(format!("left out: {}", names.join(", ")));
        }
        let reasons = [
            (self.recorded_twice, "recorded twice, on one interface after the other"),
            (self.fragments, "a fragment of an IP packet of which others are missing"),
            (self.unreadable, "with headers that are broken or cut off"),
            (self.unsupported, "from an interface with a link type that is not supported"),
        ];
        for (count, reason) in reasons {
            if count > 0 {
                lines.push(format!("{} left out: {reason}", plural(count, "packet")));
            }
        }
        if lines.is_empty() && taken == 0 {
            lines.push(
                "is empty: no packet was captured; was something sent meanwhile, and on that \
                 interface (-i lo for what stays on this machine)?"
                    .to_owned(),
            );
        }
        lines
    }

    /// The counts as JSON.
    pub fn json(&self) -> Value {
        let by_name: Map<_, _> =
            self.by_name().into_iter().map(|(name, count)| (name, count.into())).collect();
        json!({
            "not_tcp": self.not_tcp(),
            "by_name": by_name,
            "recorded_twice": self.recorded_twice,
            "fragments": self.fragments,
            "unreadable": self.unreadable,
            "unsupported_link_type": self.unsupported,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(left_out: &mut LeftOut, other: Other, packets: u32) {
        let (carrier, frame_bytes) = Default::default();
        left_out.count(&Found {
            contents: Contents::Other(other),
            carrier,
            packets,
            pieces: &[],
            frame_bytes,
        });
    }

    #[test]
    fn many_names_are_cut_short() {
        let mut left_out = LeftOut::default();
        for number in 0..10 {
            count(&mut left_out, Other::EtherType(0x2000 + number), 1);
        }
        for _ in 0..3 {
            count(&mut left_out, Other::Protocol(17), 1);
        }
        let [line] = &left_out.warnings(0)[..] else { panic!() };
        assert!(line.starts_with("left out: 3 packets of UDP, 1 of EtherType 0x2000, "), "{line}");
        assert!(line.ends_with("1 of EtherType 0x2006, 3 of 3 other protocols"), "{line}");
        for number in 0..1000 {
            count(&mut left_out, Other::EtherType(0x2000 + number), 1);
        }
        assert_eq!(left_out.not_tcp(), 1013);
        assert_eq!(left_out.by_name().len(), NAME_LIMIT + 1);
        let json = left_out.json();
        assert_eq!(json["not_tcp"], 1013);
        assert_eq!(json["by_name"]["UDP"], 3);
        assert_eq!(json["by_name"]["other protocols"], 1000 - (NAME_LIMIT as u64 - 1));
    }

    #[test]
    fn two_numbers_of_the_same_are_one_name() {
        let mut left_out = LeftOut::default();
        count(&mut left_out, Other::Llc(0xe0), 1);
        count(&mut left_out, Other::EtherType(0x8137), 2);
        assert_eq!(left_out.warnings(0), ["left out: 3 packets of IPX"]);
    }

    #[test]
    fn fragments_count_by_what_they_are_in_the_end() {
        let mut left_out = LeftOut { fragments: 5, ..LeftOut::default() };
        count(&mut left_out, Other::Protocol(17), 3);
        assert_eq!((left_out.fragments, left_out.not_tcp()), (3, 3));
    }
}
