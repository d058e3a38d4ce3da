//! In which part of a capture the bytes of a connection were counted, and as what.

use std::mem;

use super::figures::Known;
use crate::decode::Kind;

/// The most runs that are remembered of each kind. Those before are counted as they are.
const RUN_LIMIT: usize = 16;

/// Bytes of one side that were counted in the same part, one after the other.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Run {
    part: u64,
    bytes: u64,
}

/// The bytes of one side that count as the same, in the order in which they were counted.
#[derive(Clone, Debug, Default)]
struct Runs {
    last: Run,
    /// Those before the last one, which mostly is the only one.
    earlier: Vec<Run>,
}

impl Runs {
    fn clear(&mut self) {
        self.last = Run::default();
        self.earlier.clear();
    }

    fn push(&mut self, part: u64, bytes: u64) {
        if self.last.part != part && self.last.bytes > 0 {
            if self.earlier.len() == RUN_LIMIT {
                self.earlier.remove(0);
            }
            self.earlier.push(mem::take(&mut self.last));
        }
        self.last = Run { part, bytes: self.last.bytes + bytes };
    }

    /// Takes the latest bytes, at most as many as there are, and gives each run that they are of.
    fn take_latest(&mut self, mut bytes: u64, mut take: impl FnMut(u64, u64)) {
        while bytes > 0 && self.last.bytes > 0 {
            let taken = bytes.min(self.last.bytes);
            take(self.last.part, taken);
            bytes -= taken;
            self.last.bytes -= taken;
            if self.last.bytes == 0 {
                self.last = self.earlier.pop().unwrap_or_default();
            }
        }
    }

    /// Takes the bytes of `part`, or of all if it is `None`, the earliest parts first, and returns how
    /// many are still to be taken.
    fn take_of(
        &mut self,
        part: Option<u64>,
        mut bytes: u64,
        mut take: impl FnMut(u64, u64),
    ) -> u64 {
        while bytes > 0 {
            let runs = self.earlier.iter_mut().chain([&mut self.last]);
            let fits = |run: &&mut Run| run.bytes > 0 && part.is_none_or(|part| run.part == part);
            let Some(run) = runs.filter(fits).min_by_key(|run| run.part) else {
                break;
            };
            let taken = bytes.min(run.bytes);
            take(run.part, taken);
            bytes -= taken;
            run.bytes -= taken;
            self.earlier.retain(|run| run.bytes > 0);
            if self.last.bytes == 0 {
                self.last = self.earlier.pop().unwrap_or_default();
            }
        }
        bytes
    }

    fn is_empty(&self) -> bool {
        self.last.bytes == 0
    }

    fn runs(&self) -> impl Iterator<Item = Run> {
        self.earlier.iter().copied().chain([self.last])
    }
}

/// Bytes that are moved from one row to another: in which part, how many, and what was known of
/// them before and what is now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Change {
    pub(super) part: u64,
    pub(super) bytes: u64,
    pub(super) from: Option<Known>,
    pub(super) to: Option<Known>,
}

/// The bytes of one side of a connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    /// Those that have come and of which nothing is known.
    undecided: Runs,
    known: [Runs; 7],
}

/// All that can be known of a byte.
const ALL: [Known; 7] = [
    Known::Kind(Kind::ALL[0]),
    Known::Kind(Kind::ALL[1]),
    Known::Kind(Kind::ALL[2]),
    Known::Kind(Kind::ALL[3]),
    Known::SentAgain,
    Known::CutOff,
    Known::NoData,
];

impl Ledger {
    fn runs(&mut self, known: Known) -> &mut Runs {
        let index = match known {
            Known::Kind(kind) => kind as usize,
            Known::SentAgain => 4,
            Known::CutOff => 5,
            Known::NoData => 6,
        };
        &mut self.known[index]
    }

    /// Forgets all, but keeps the memory.
    pub(super) fn clear(&mut self) {
        self.undecided.clear();
        self.known.iter_mut().for_each(Runs::clear);
    }

    /// Bytes have come, and it is known at once what they are, or not yet.
    pub(super) fn come(&mut self, part: u64, bytes: u64, known: Option<Known>) {
        match known {
            None => self.undecided.push(part, bytes),
            Some(known) => self.runs(known).push(part, bytes),
        }
    }

    /// Whether there are bytes of which nothing is known.
    pub(super) fn has_undecided(&self) -> bool {
        !self.undecided.is_empty()
    }

    /// So many bytes that came before are `known` now, those that came in `part` first. Returns how
    /// many there were not.
    pub(super) fn decide(
        &mut self,
        part: Option<u64>,
        bytes: u64,
        known: Known,
        mut change: impl FnMut(Change),
    ) -> u64 {
        let Self { undecided, .. } = self;
        let mut undecided = mem::take(undecided);
        let left = undecided.take_of(part, bytes, |part, bytes| {
            self.runs(known).push(part, bytes);
            change(Change { part, bytes, from: None, to: Some(known) });
        });
        self.undecided = undecided;
        left
    }

    /// The latest so many bytes that are `from` are `to`, or undecided again.
    pub(super) fn change(
        &mut self,
        from: Known,
        to: Option<Known>,
        bytes: u64,
        mut change: impl FnMut(Change),
    ) {
        let mut runs = mem::take(self.runs(from));
        runs.take_latest(bytes, |part, bytes| {
            self.come(part, bytes, to);
            change(Change { part, bytes, from: Some(from), to });
        });
        *self.runs(from) = runs;
    }

    /// All bytes with their parts and what is known of them.
    pub(super) fn all(&self) -> impl Iterator<Item = (u64, u64, Option<Known>)> {
        let of = |runs: &Runs, known| {
            let runs: Vec<_> = runs.runs().collect();
            runs.into_iter().map(move |run| (run.part, run.bytes, known))
        };
        let known = ALL.into_iter().zip(&self.known);
        let known = known.flat_map(move |(known, runs)| of(runs, Some(known)));
        of(&self.undecided, None).chain(known).filter(|(_, bytes, _)| *bytes > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTENT: Known = Known::Kind(Kind::Content);
    const TIME: Known = Known::Kind(Kind::Time);

    #[test]
    fn bytes_are_decided_in_the_part_in_which_they_came() {
        let mut ledger = Ledger::default();
        ledger.come(1, 5, None);
        ledger.come(2, 7, None);
        ledger.come(3, 2, None);
        let mut changes = Vec::new();
        let mut note = |change: Change| changes.push((change.part, change.bytes));
        assert_eq!(ledger.decide(Some(2), 6, CONTENT, &mut note), 0);
        assert_eq!(ledger.decide(Some(2), 6, CONTENT, &mut note), 5);
        assert_eq!(ledger.decide(None, 6, TIME, &mut note), 0);
        assert_eq!(ledger.decide(None, 6, TIME, &mut note), 5);
        assert_eq!(changes, [(2, 6), (2, 1), (1, 5), (3, 1), (3, 1)]);
        assert!(!ledger.has_undecided());
        let all: Vec<_> = ledger.all().collect();
        assert_eq!(all, [(1, 5, Some(TIME)), (3, 2, Some(TIME)), (2, 7, Some(CONTENT))]);
    }

    #[test]
    fn the_latest_bytes_change_whichever_parts_they_came_in() {
        let mut ledger = Ledger::default();
        ledger.come(1, 4, Some(CONTENT));
        ledger.come(2, 3, Some(CONTENT));
        let mut changes = Vec::new();
        let mut note = |change: Change| changes.push((change.part, change.bytes));
        ledger.change(CONTENT, Some(TIME), 5, &mut note);
        ledger.change(TIME, Some(CONTENT), 1, &mut note);
        ledger.change(CONTENT, None, 9, &mut note);
        assert_eq!(changes, [(2, 3), (1, 2), (1, 1), (1, 3)]);
        let all: Vec<_> = ledger.all().collect();
        assert_eq!(all, [(1, 3, None), (2, 3, Some(TIME)), (1, 1, Some(TIME))]);
    }

    #[test]
    fn what_was_counted_too_long_ago_stays() {
        let mut ledger = Ledger::default();
        for part in 1..=40 {
            ledger.come(part, 1, Some(CONTENT));
        }
        let mut changes = 0;
        ledger.change(CONTENT, Some(TIME), 40, |change| changes += change.bytes);
        assert_eq!(changes, RUN_LIMIT as u64 + 1);
    }
}
