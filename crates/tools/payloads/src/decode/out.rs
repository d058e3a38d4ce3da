//! Through what the protocols name the bytes of one side: the unit at hand, what is kept until it is
//! complete, and what was counted.

use std::mem;

use super::{
    sink::{Kind, Part, Sink, UnitKind},
    time_of_day::{self, Scanner},
};
use crate::tcp::{Origin, Side};

/// How one side goes on after the bytes that its protocol has named.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Next {
    /// As before.
    Same,
    /// What comes now does not fit: the rest cannot be read until a message begins.
    Lost,
    /// From here on both sides send WebSocket frames.
    WebSocket,
    /// From here on both sides send what they like, through a proxy that agreed to CONNECT.
    Tunnel,
}

/// What is remembered of one side, whichever protocol it speaks.
#[derive(Default)]
pub(super) struct Progress {
    /// The bytes of a head, a first line or a frame header that is not complete.
    kept: Vec<u8>,
    /// How many of them were named already.
    named: usize,
    /// When the first of the others came.
    kept_time: i64,
    in_unit: bool,
    scanner: Scanner,
    /// The bytes counted as content since the last message began, and how many times it has.
    pending: u64,
    times: i64,
}

impl Progress {
    /// The bytes that are kept until what they begin is complete.
    pub(super) fn kept(&self) -> &[u8] {
        &self.kept
    }

    /// Whether bytes are kept that were not named.
    pub(super) fn keeps_unnamed(&self) -> bool {
        self.kept.len() > self.named
    }
}

/// One side's progress, with where its bytes come from and go to.
pub(super) struct Out<'a, S> {
    progress: &'a mut Progress,
    pub(super) origin: Origin<'a>,
    pub(super) sink: &'a mut S,
}

impl<'a, S: Sink> Out<'a, S> {
    pub(super) fn new(progress: &'a mut Progress, origin: Origin<'a>, sink: &'a mut S) -> Self {
        Self { progress, origin, sink }
    }

    /// The bytes that are kept until what they begin is complete.
    pub(super) fn kept(&self) -> &[u8] {
        &self.progress.kept
    }

    /// How many of them were named already.
    pub(super) fn named(&self) -> usize {
        self.progress.named
    }

    /// Whether bytes are kept that were not named.
    pub(super) fn keeps_unnamed(&self) -> bool {
        self.progress.keeps_unnamed()
    }

    /// Whether a unit is at hand.
    pub(super) fn in_unit(&self) -> bool {
        self.progress.in_unit
    }

    /// Begins a unit.
    pub(super) fn begin(&mut self, unit: UnitKind) {
        self.begin_with(unit, false);
    }

    /// Begins a unit that is the rest of the one before it.
    pub(super) fn resume(&mut self, unit: UnitKind) {
        self.begin_with(unit, true);
    }

    fn begin_with(&mut self, unit: UnitKind, is_rest: bool) {
        self.progress.in_unit = true;
        if S::PIECES {
            self.sink.begin(&self.origin, unit, is_rest);
        }
    }

    /// The unit at hand, if there is one, is complete.
    pub(super) fn end(&mut self) {
        self.end_unit(true);
    }

    /// The unit at hand, if there is one, is over.
    pub(super) fn end_unit(&mut self, complete: bool) {
        if mem::take(&mut self.progress.in_unit) && S::PIECES {
            self.sink.end(&self.origin, complete);
        }
    }

    /// Names bytes of the unit at hand.
    pub(super) fn piece(&mut self, part: Part, bytes: &[u8]) {
        self.piece_of(part, part.kind(), bytes);
    }

    /// Names bytes of the unit at hand that are or were counted as `kind`.
    pub(super) fn piece_of(&mut self, part: Part, kind: Kind, bytes: &[u8]) {
        if S::PIECES && !bytes.is_empty() {
            self.sink.piece(&self.origin, part, kind, bytes);
        }
    }

    /// Counts bytes.
    pub(super) fn count(&mut self, kind: Kind, bytes: usize) {
        if S::COUNTS && bytes > 0 {
            self.sink.count(&self.origin, kind, bytes as u64);
        }
    }

    /// Takes back bytes that were counted, and that are going to be counted anew.
    pub(super) fn uncount(&mut self, kind: Kind, bytes: usize) {
        if S::COUNTS && bytes > 0 {
            self.sink.uncount(&self.origin, kind, bytes as u64);
        }
    }

    /// Names and counts bytes that are all of one kind.
    pub(super) fn counted(&mut self, part: Part, kind: Kind, bytes: &[u8]) {
        self.count(kind, bytes.len());
        self.piece_of(part, kind, bytes);
    }

    /// Names and counts bytes that may have times in them.
    pub(super) fn content(&mut self, part: Part, bytes: &[u8]) {
        self.piece(part, bytes);
        if !S::COUNTS {
            return;
        }
        let mut counted = 0;
        if self.origin.side == Side::Server {
            let Self { progress, origin, sink } = self;
            let (scanner, pending) = (&mut progress.scanner, &mut progress.pending);
            const LEN: u64 = time_of_day::LEN as u64;
            progress.times += scanner.feed(bytes, |is_time, end| {
                // What is counted anew is the last that was counted.
                if end > counted {
                    sink.count(origin, Kind::Content, (end - counted) as u64);
                    *pending += (end - counted) as u64;
                    counted = end;
                }
                if S::PIECES {
                    sink.time(origin, is_time, (bytes.len() - end) as u64);
                }
                if is_time {
                    sink.recount(origin, Kind::Content, Kind::Time, LEN);
                    *pending = pending.saturating_sub(LEN);
                } else {
                    sink.recount(origin, Kind::Time, Kind::Content, LEN);
                    *pending += LEN;
                }
            });
        }
        self.count(Kind::Content, bytes.len() - counted);
        self.progress.pending += (bytes.len() - counted) as u64;
    }

    /// A message ends: what stands around a time in it is framing, if it `is_framing`.
    pub(super) fn end_group(&mut self, is_framing: bool) {
        if !S::COUNTS {
            return;
        }
        let pending = mem::take(&mut self.progress.pending);
        let is_framing = mem::take(&mut self.progress.times) > 0 && is_framing;
        if is_framing {
            self.sink.recount(&self.origin, Kind::Content, Kind::Framing, pending);
        }
        if S::PIECES {
            self.sink.group(&self.origin, is_framing);
        }
        self.progress.scanner = Scanner::default();
    }

    /// Bytes are missing here, so that no time goes on after them.
    pub(super) fn break_time(&mut self) {
        self.progress.scanner = Scanner::default();
    }

    /// Bytes that do not fit, as a unit, or those whose place is not known.
    pub(super) fn unread(&mut self, does_fit: bool, bytes: &[u8]) {
        let (unit, part) = match does_fit {
            true => (UnitKind::Unknown, Part::Unknown),
            false => (UnitKind::Misfit, Part::Misfit),
        };
        self.begin(unit);
        self.counted(part, Kind::Content, bytes);
        self.end();
    }

    /// Begins a unit of bytes whose rest does not come, and which were counted as `kind` when they came.
    pub(super) fn begin_unknown(&mut self, kind: Kind, bytes: &[u8]) {
        self.begin(UnitKind::Unknown);
        self.piece_of(Part::Unknown, kind, bytes);
    }

    /// Keeps bytes until what they begin is complete, and counts them.
    pub(super) fn keep(&mut self, kind: Kind, bytes: &[u8]) {
        if !self.progress.keeps_unnamed() {
            self.progress.kept_time = self.origin.time;
        }
        self.progress.kept.extend_from_slice(bytes);
        self.count(kind, bytes.len());
    }

    /// Keeps bytes on, which stay counted, though they were named.
    pub(super) fn keep_named(&mut self, kept: Vec<u8>) {
        self.progress.named = kept.len();
        self.progress.kept = kept;
    }

    /// Ends the keeping without giving the memory up, for what is kept often and short.
    pub(super) fn clear_kept(&mut self) {
        self.progress.kept.clear();
    }

    /// What was kept, which stays counted.
    pub(super) fn take_kept(&mut self) -> Vec<u8> {
        self.progress.named = 0;
        mem::take(&mut self.progress.kept)
    }

    /// What was kept and counted as `kind`, and was not named, to be counted anew.
    pub(super) fn take_back(&mut self, kind: Kind) -> Vec<u8> {
        let named = self.named();
        let kept = self.take_kept().split_off(named);
        self.uncount(kind, kept.len());
        kept
    }

    /// When the first of the kept bytes came that were not named; now, if there are none.
    pub(super) fn kept_since(&self) -> i64 {
        if self.keeps_unnamed() { self.progress.kept_time } else { self.origin.time }
    }

    /// Lets `name` name bytes that came at `time`.
    pub(super) fn at<T>(&mut self, time: i64, name: impl FnOnce(&mut Self) -> T) -> T {
        let now = mem::replace(&mut self.origin.time, time);
        let named = name(self);
        self.origin.time = now;
        named
    }

    /// Nothing will complete what is kept: lets `name` begin a unit of it and name it, and returns
    /// whether there was any.
    pub(super) fn give_up(&mut self, name: impl FnOnce(&mut Self, &[u8])) -> bool {
        let is_unnamed = self.keeps_unnamed();
        let kept = self.take_kept();
        if is_unnamed {
            self.end_unit(false);
            self.origin.time = self.progress.kept_time;
            name(self, &kept);
            self.end_unit(false);
        }
        self.end_group(false);
        is_unnamed
    }
}
