//! The parts of a capture between its silences.

use std::{collections::VecDeque, mem};

use super::{
    figures::{Division, Figures, KNOWN, Update},
    ledger::Change,
};
use crate::tcp::Side;

/// How many parts of the capture may still change, the one at hand included: bytes that waited for
/// others, and those that turn out to be of another kind, are charged to the part that they came in.
const PART_LIMIT: usize = 8;

/// What lies between two silences.
#[derive(Clone, Copy, Default)]
pub(super) struct Part {
    /// Its number, from 0. So many silences of half a second last 68 years.
    pub(super) number: u32,
    /// When its first packet was captured.
    pub(super) start: i64,
    /// Its figures, and those without the client's data packets.
    pub(super) figures: Figures,
    pub(super) without_client: Figures,
    /// The bytes of the client and of the server, by what is known of them.
    pub(super) bytes: [[u64; KNOWN]; 2],
    /// Whether it opens or ends a connection.
    pub(super) has_control: bool,
    /// Whether its server answers an HTTP request.
    pub(super) has_answer: bool,
    /// Whether its server sends what it may send unasked.
    pub(super) has_unasked: bool,
    /// The numbers of its first and its last packet.
    pub(super) packets: (u64, u64),
    /// What was said of it when it was over.
    pub(super) told: Option<Update>,
}

impl Part {
    /// The update that it is, if it is one.
    pub(super) fn update(&self) -> Option<Update> {
        let is_update = self.number > 0 && !self.has_control && self.figures.app_bytes > 0;
        is_update.then(|| Update {
            figures: self.figures,
            without_client: self.without_client,
            can_push: self.has_unasked && !self.has_answer,
            divisions: self.bytes.each_ref().map(Division::from),
        })
    }
}

/// The parts that may still change.
#[derive(Default)]
pub(super) struct Parts {
    /// The one at hand.
    pub(super) now: Part,
    /// Those before it.
    pub(super) before: VecDeque<Part>,
}

impl Parts {
    /// The part with this number, unless it changes no more.
    pub(super) fn get(&mut self, number: u32) -> Option<&mut Part> {
        if number == self.now.number {
            return Some(&mut self.now);
        }
        let first = self.before.front()?.number;
        self.before.get_mut(usize::try_from(number.checked_sub(first)?).ok()?)
    }

    /// Changes what a part says of the bytes of `side`.
    pub(super) fn apply(&mut self, side: Side, change: Change) {
        if let Some(part) = self.get(change.part) {
            let bytes = &mut part.bytes[side.index()];
            bytes[change.from as usize] -= change.bytes;
            bytes[change.to as usize] += change.bytes;
        }
    }

    /// The part in which something came at `time`, unless it changes no more.
    pub(super) fn at(&mut self, time: i64) -> Option<&mut Part> {
        if time >= self.now.start {
            return Some(&mut self.now);
        }
        self.before.iter_mut().rev().find(|part| part.start <= time)
    }

    /// Begins a part, and returns the one that changes no more, if there is one.
    pub(super) fn begin(&mut self, time: i64) -> Option<Part> {
        let part = Part { number: self.now.number + 1, start: time, ..Part::default() };
        self.before.push_back(mem::replace(&mut self.now, part));
        if self.before.len() == PART_LIMIT { self.before.pop_front() } else { None }
    }

    /// All of them, which change no more.
    pub(super) fn end(self) -> impl Iterator<Item = Part> {
        self.before.into_iter().chain([self.now])
    }

    /// How many packets they have.
    pub(super) fn packets(&self) -> u64 {
        let parts = self.before.iter().chain([&self.now]);
        parts.map(|part| part.figures.total_packets).sum()
    }
}
