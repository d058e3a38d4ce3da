//! What the bytes of units count as, byte by byte, while that may still change.

use std::collections::VecDeque;

use super::sink::Kind;

/// The most runs of content that are remembered of a message. What is longer keeps its beginning as it
/// was first counted.
const RUN_LIMIT: usize = 8 * 1024;

/// The kinds of the bytes of a unit, in runs that cover it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Kinds(Vec<(Kind, usize)>);

impl Kinds {
    /// The runs in order, each with its length in bytes.
    pub fn runs(&self) -> &[(Kind, usize)] {
        &self.0
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// `len` more bytes are of `kind`.
    pub(super) fn push(&mut self, kind: Kind, len: usize) {
        match self.0.last_mut() {
            _ if len == 0 => {}
            Some((last, before)) if *last == kind => *before += len,
            _ => self.0.push((kind, len)),
        }
    }

    /// The `len` bytes from `start` on are of `kind`.
    pub(super) fn set(&mut self, start: usize, len: usize, kind: Kind) {
        let mut changed = Self(Vec::with_capacity(self.0.len() + 2));
        let mut at = 0;
        for (before, run) in &self.0 {
            let end = at + run;
            let (from, to) = (start.clamp(at, end), (start + len).clamp(at, end));
            changed.push(*before, from - at);
            changed.push(kind, to - from);
            changed.push(*before, end - to);
            at = end;
        }
        *self = changed;
    }
}

/// Bytes of a unit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Run {
    /// The number of the unit.
    pub(super) unit: u64,
    /// The first of them, counted from the unit's first.
    pub(super) byte: usize,
    /// How many they are.
    pub(super) bytes: usize,
}

/// The content of the message at hand, with what is a time of it.
#[derive(Debug, Default)]
pub(super) struct Message {
    runs: VecDeque<(Run, bool)>,
}

impl Message {
    /// More content has come.
    pub(super) fn push(&mut self, run: Run) {
        match self.runs.back_mut() {
            Some((last, false)) if last.unit == run.unit && last.byte + last.bytes == run.byte => {
                last.bytes += run.bytes;
            }
            _ => self.runs.push_back((run, false)),
        }
        if self.runs.len() > RUN_LIMIT {
            self.runs.pop_front();
        }
    }

    /// The `len` bytes that end `back` bytes before the end are a time, or are none: gives them.
    pub(super) fn time(
        &mut self,
        is_time: bool,
        back: u64,
        len: usize,
        mut found: impl FnMut(Run),
    ) {
        let (mut skip, mut left) = (usize::try_from(back).unwrap_or(usize::MAX), len);
        let mut index = self.runs.len();
        while left > 0 && index > 0 {
            index -= 1;
            let (run, was_time) = self.runs[index];
            if skip >= run.bytes {
                skip -= run.bytes;
                continue;
            }
            let taken = left.min(run.bytes - skip);
            let byte = run.byte + run.bytes - skip - taken;
            let part = |byte, bytes| Run { unit: run.unit, byte, bytes };
            let pieces = [
                (part(run.byte, byte - run.byte), was_time),
                (part(byte, taken), is_time),
                (part(byte + taken, skip), was_time),
            ];
            found(pieces[1].0);
            self.runs.remove(index);
            for piece in pieces.into_iter().rev().filter(|(run, _)| run.bytes > 0) {
                self.runs.insert(index, piece);
            }
            left -= taken;
            skip = 0;
        }
    }

    /// The message ends: gives what is not a time of it.
    pub(super) fn end(&mut self, mut rest: impl FnMut(Run)) {
        for (run, is_time) in self.runs.drain(..) {
            if !is_time {
                rest(run);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_can_change_anywhere() {
        let mut kinds = Kinds::default();
        kinds.push(Kind::Framing, 2);
        kinds.push(Kind::Content, 10);
        kinds.set(4, 3, Kind::Time);
        assert_eq!(
            kinds.runs(),
            [(Kind::Framing, 2), (Kind::Content, 2), (Kind::Time, 3), (Kind::Content, 5)]
        );
        kinds.set(0, 12, Kind::Content);
        assert_eq!(kinds.runs(), [(Kind::Content, 12)]);
    }

    #[test]
    fn a_time_may_lie_in_two_units_and_what_is_around_it_is_the_rest() {
        let mut message = Message::default();
        message.push(Run { unit: 1, byte: 5, bytes: 10 });
        message.push(Run { unit: 1, byte: 15, bytes: 2 });
        message.push(Run { unit: 2, byte: 3, bytes: 9 });
        let mut found = Vec::new();
        message.time(true, 4, 8, |run| found.push((run.unit, run.byte, run.bytes)));
        assert_eq!(found, [(2, 3, 5), (1, 14, 3)]);
        let mut rest = Vec::new();
        message.end(|run| rest.push((run.unit, run.byte, run.bytes)));
        assert_eq!(rest, [(1, 5, 9), (2, 8, 4)]);
    }

    /// The numbers of runs.
    fn numbers(run: Run) -> (u64, usize, usize) {
        (run.unit, run.byte, run.bytes)
    }

    #[test]
    fn a_time_may_end_before_runs_or_begin_before_what_is_remembered() {
        let mut message = Message::default();
        for unit in 1..=4 {
            message.push(Run { unit, byte: 0, bytes: 5 });
        }
        let mut found = Vec::new();
        message.time(true, 11, 8, |run| found.push(numbers(run)));
        assert_eq!(found, [(2, 0, 4), (1, 1, 4)]);
        // Of what is no time after all, only so much is there.
        found.clear();
        message.time(false, 17, 8, |run| found.push(numbers(run)));
        assert_eq!(found, [(1, 1, 2), (1, 0, 1)]);
        found.clear();
        message.end(|run| found.push(numbers(run)));
        assert_eq!(
            found,
            [(1, 0, 1), (1, 1, 2), (2, 4, 1), (3, 0, 5), (4, 0, 5)],
            "all but what is a time"
        );
    }

    #[test]
    fn only_so_many_runs_are_remembered() {
        let mut message = Message::default();
        for unit in 0..=RUN_LIMIT as u64 {
            message.push(Run { unit, byte: 0, bytes: 1 });
        }
        let mut units = Vec::new();
        message.end(|run| units.push(run.unit));
        assert_eq!((units.len(), units[0]), (RUN_LIMIT, 1));
    }
}
