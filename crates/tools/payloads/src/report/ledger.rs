//! In which part of a capture the bytes of a connection were counted, and as what.

use super::figures::{KNOWN, Known};

/// The most runs of bytes that are remembered beside the latest ones. Older ones stay as they are.
const EARLIER_LIMIT: usize = 8;

/// Bytes of one side that came in the same part of the capture.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Run {
    bytes: u64,
    part: u32,
}

/// The same, with what is known of them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Earlier {
    bytes: u64,
    part: u32,
    known: Known,
}

/// Bytes that are moved from one column to another: in which part, how many, and what was known of
/// them before and what is now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Change {
    pub(super) part: u32,
    pub(super) bytes: u64,
    pub(super) from: Known,
    pub(super) to: Known,
}

/// The bytes of one side of a connection. All of it is in one place, for it is looked at with nearly
/// every packet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ledger {
    /// Those that were counted last, by what is known of them.
    latest: [Run; KNOWN],
    /// Those before them, in the order in which they were counted.
    earlier: [Earlier; EARLIER_LIMIT],
    earlier_len: usize,
}

impl Default for Ledger {
    fn default() -> Self {
        let none = Earlier { bytes: 0, part: 0, known: Known::Undecided };
        Self { latest: [Run::default(); KNOWN], earlier: [none; EARLIER_LIMIT], earlier_len: 0 }
    }
}

impl Ledger {
    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.latest = [Run::default(); KNOWN];
        self.earlier_len = 0;
    }

    fn earlier(&self) -> &[Earlier] {
        &self.earlier[..self.earlier_len]
    }

    /// Bytes came in `part`.
    #[inline]
    pub(super) fn come(&mut self, part: u32, bytes: u64, known: Known) {
        let run = &mut self.latest[known as usize];
        if run.part == part {
            run.bytes += bytes;
        } else {
            let before = std::mem::replace(run, Run { bytes, part });
            // Of framing, which is most often there, nothing but the latest is ever counted anew.
            if before.bytes > 0 && known != Known::Framing {
                self.keep(Earlier { bytes: before.bytes, part: before.part, known });
            }
        }
    }

    fn keep(&mut self, run: Earlier) {
        if self.earlier_len == EARLIER_LIMIT {
            self.remove(0);
        }
        self.earlier[self.earlier_len] = run;
        self.earlier_len += 1;
    }

    fn remove(&mut self, index: usize) {
        self.earlier.copy_within(index + 1..self.earlier_len, index);
        self.earlier_len -= 1;
    }

    /// Whether there are bytes of which nothing is known.
    #[inline]
    pub(super) fn has_undecided(&self) -> bool {
        self.latest[Known::Undecided as usize].bytes > 0
    }

    /// So many bytes that came before are `known` now: those that came in `part`, or the first ones if
    /// it is `None`. Returns how many there were not.
    pub(super) fn decide(
        &mut self,
        part: Option<u32>,
        mut bytes: u64,
        known: Known,
        mut change: impl FnMut(Change),
    ) -> u64 {
        while bytes > 0 {
            let undecided = self.all().filter(|(_, _, known)| *known == Known::Undecided);
            let parts = undecided.map(|(part, ..)| part);
            let Some(from) = parts.filter(|at| part.is_none_or(|part| part == *at)).min() else {
                break;
            };
            let taken = self.take(Known::Undecided, from, bytes);
            bytes -= taken;
            self.come(from, taken, known);
            change(Change { part: from, bytes: taken, from: Known::Undecided, to: known });
        }
        bytes
    }

    /// The latest so many bytes that are `from` are `to`.
    #[inline]
    pub(super) fn change(
        &mut self,
        from: Known,
        to: Known,
        mut bytes: u64,
        mut change: impl FnMut(Change),
    ) {
        while bytes > 0 && self.latest[from as usize].bytes > 0 {
            let part = self.latest[from as usize].part;
            let taken = self.take(from, part, bytes);
            bytes -= taken;
            self.come(part, taken, to);
            change(Change { part, bytes: taken, from, to });
        }
    }

    /// Takes at most so many bytes out of the latest run of this part, and returns how many.
    #[inline]
    fn take(&mut self, known: Known, part: u32, bytes: u64) -> u64 {
        let latest = &mut self.latest[known as usize];
        if latest.part == part {
            let taken = bytes.min(latest.bytes);
            latest.bytes -= taken;
            if latest.bytes == 0 && self.earlier_len > 0 {
                self.refill(known);
            }
            return taken;
        }
        let is_it = |run: &Earlier| (run.known, run.part) == (known, part);
        let Some(index) = self.earlier().iter().rposition(is_it) else {
            return 0;
        };
        let run = &mut self.earlier[index];
        let taken = bytes.min(run.bytes);
        run.bytes -= taken;
        if run.bytes == 0 {
            self.remove(index);
        }
        taken
    }

    /// The latest run is used up: the one before it is the latest now, if there is one.
    fn refill(&mut self, known: Known) {
        if let Some(index) = self.earlier().iter().rposition(|run| run.known == known) {
            let Earlier { bytes, part, .. } = self.earlier[index];
            self.latest[known as usize] = Run { bytes, part };
            self.remove(index);
        }
    }

    /// All bytes with their parts and what is known of them.
    pub(super) fn all(&self) -> impl Iterator<Item = (u32, u64, Known)> {
        let latest = ALL.into_iter().zip(self.latest);
        let latest = latest.map(|(known, run)| (run.part, run.bytes, known));
        let earlier = self.earlier().iter().map(|run| (run.part, run.bytes, run.known));
        earlier.chain(latest).filter(|(_, bytes, _)| *bytes > 0)
    }
}

/// All that can be known of a byte, in its order.
const ALL: [Known; KNOWN] = [
    Known::Time,
    Known::Framing,
    Known::HttpHead,
    Known::Content,
    Known::SentAgain,
    Known::CutOff,
    Known::NoData,
    Known::Undecided,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_decided_in_the_part_in_which_they_came() {
        let mut ledger = Ledger::default();
        ledger.come(1, 5, Known::Undecided);
        ledger.come(2, 7, Known::Undecided);
        ledger.come(3, 2, Known::Undecided);
        let mut changes = Vec::new();
        let mut note = |change: Change| changes.push((change.part, change.bytes));
        assert_eq!(ledger.decide(Some(2), 6, Known::Content, &mut note), 0);
        assert_eq!(ledger.decide(Some(2), 6, Known::Content, &mut note), 5);
        assert_eq!(ledger.decide(None, 6, Known::Time, &mut note), 0);
        assert_eq!(ledger.decide(None, 6, Known::Time, &mut note), 5);
        assert_eq!(changes, [(2, 6), (2, 1), (1, 5), (3, 1), (3, 1)]);
        assert!(!ledger.has_undecided());
        let all: Vec<_> = ledger.all().collect();
        assert_eq!(all, [(1, 5, Known::Time), (3, 2, Known::Time), (2, 7, Known::Content)]);
    }

    #[test]
    fn the_latest_bytes_change_whichever_parts_they_came_in() {
        let mut ledger = Ledger::default();
        ledger.come(1, 4, Known::Content);
        ledger.come(2, 3, Known::Content);
        let mut changes = Vec::new();
        let mut note = |change: Change| changes.push((change.part, change.bytes));
        ledger.change(Known::Content, Known::Time, 5, &mut note);
        ledger.change(Known::Time, Known::Content, 1, &mut note);
        ledger.change(Known::Content, Known::Undecided, 9, &mut note);
        assert_eq!(changes, [(2, 3), (1, 2), (1, 1), (1, 3)]);
        let all: Vec<_> = ledger.all().collect();
        assert_eq!(all, [(2, 3, Known::Time), (1, 1, Known::Time), (1, 3, Known::Undecided)]);
    }

    #[test]
    fn what_was_counted_too_long_ago_stays() {
        let mut ledger = Ledger::default();
        for part in 1..=40 {
            ledger.come(part, 1, Known::Content);
        }
        let mut changes = 0;
        ledger.change(Known::Content, Known::Time, 40, |change| changes += change.bytes);
        assert_eq!(changes, EARLIER_LIMIT as u64 + 1);
    }
}
