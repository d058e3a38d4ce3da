//! Counts packets and their bytes, update by update.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::{
    figures::{Figures, Known, Update, UsualUpdate},
    ledger::Ledger,
    parts::{Part, Parts},
    rows::Rows,
};
use crate::{
    decode::{Decoder, Kind, Note, Sink},
    input::{Found, Segment},
    tcp::{ConnectionInfo, Conversations, EARLY_WAIT, Ending, Notice, Origin, Side},
};

/// The silence that separates one update from the next, in nanoseconds: half a second.
pub const SILENCE: i64 = 500_000_000;

/// How many connections are found by their numbers at once.
const RECENT: usize = 64;

/// The bytes of a connection, and where they were counted.
#[derive(Clone, Copy, Default)]
struct Sides {
    number: u64,
    ledgers: [Ledger; 2],
}

/// Counts the packets as they come.
pub(super) struct Counter {
    /// The figures of the parts that change no more.
    ended: Figures,
    last_time: i64,
    parts: Parts,
    /// By the places of the connections.
    sides: Vec<Sides>,
    /// Where connections are, by their numbers, or were.
    recent: [usize; RECENT],
    /// The bytes of the packet at hand that nothing was said of so far, and when it was captured.
    fresh: (u64, i64),
    rows: Rows,
    dropped: u64,
    /// Whether updates are told when they are decided, and those that wait to be.
    tells: bool,
    decided: VecDeque<Decided>,
}

impl Default for Counter {
    fn default() -> Self {
        Self {
            ended: Figures::default(),
            last_time: 0,
            parts: Parts::default(),
            tells: false,
            sides: Vec::new(),
            recent: [0; RECENT],
            fresh: (0, 0),
            rows: Rows::default(),
            dropped: 0,
            decided: VecDeque::new(),
        }
    }
}

/// An update that is over, or one that was and has changed since.
pub(super) struct Decided {
    packets: (u64, u64),
    update: Update,
}

impl Decided {
    /// Its members in JSON, named as in [`Stats::json`](super::stats::Stats::json).
    pub(super) fn members(&self) -> [(&'static str, Value); 4] {
        let Self { packets: (first, last), update } = self;
        [
            ("packets", json!([first, last])),
            ("figures", update.figures.json()),
            ("client", update.division(Side::Client).json()),
            ("server", update.division(Side::Server).json()),
        ]
    }
}

/// What was counted of a capture.
pub(super) struct Counted {
    pub(super) overall: Figures,
    pub(super) usual: Option<UsualUpdate>,
    pub(super) dropped: u64,
    /// Whether there were so many different updates that rare ones were forgotten.
    pub(super) forgot: bool,
}

impl Counter {
    /// One that tells updates when they are decided.
    pub(super) fn telling() -> Self {
        Self { tells: true, ..Self::default() }
    }

    /// Counts a packet, and what is said in it.
    pub(super) fn packet(
        &mut self,
        time: i64,
        found: &Found<'_>,
        segment: &Segment<'_>,
        conversations: &mut Conversations<Decoder>,
    ) {
        if self.is_silence_before(time) {
            // What waited for other segments belongs to the part before the silence.
            conversations.release_early(time.saturating_sub(EARLY_WAIT), self);
        }
        self.begin_packet(0, time, found, segment);
        let (connection, side) = conversations.segment(time, segment, self);
        self.end_packet(connection, side, found, segment);
    }

    /// Whether a packet at `time` comes after a silence.
    pub(super) fn is_silence_before(&self, time: i64) -> bool {
        self.parts.now.figures.total_packets > 0 && time.saturating_sub(self.last_time) >= SILENCE
    }

    /// When the latest packet was captured.
    pub(super) fn last_time(&self) -> i64 {
        self.last_time
    }

    /// Counts the packet with this number, before what is said in it is counted.
    pub(super) fn begin_packet(
        &mut self,
        number: u64,
        time: i64,
        found: &Found<'_>,
        segment: &Segment<'_>,
    ) {
        if self.parts.now.figures.total_packets == 0 {
            (self.parts.now.start, self.last_time) = (time, time);
        } else if self.is_silence_before(time) {
            self.begin_part(time);
        }
        // A packet that was captured out of order does not turn the time back.
        self.last_time = self.last_time.max(time);
        self.fresh = (segment.payload_len.into(), time);
        let part = &mut self.parts.now;
        part.figures.add(found, segment);
        part.has_control |= segment.flags.syn || segment.flags.fin || segment.flags.rst;
        if part.packets.0 == 0 {
            part.packets.0 = number;
        }
        part.packets.1 = number;
    }

    /// Counts what `side` sent in the packet, as far as nothing was said of it: it waits for others.
    pub(super) fn end_packet(
        &mut self,
        connection: u64,
        side: Side,
        found: &Found<'_>,
        segment: &Segment<'_>,
    ) {
        let waiting = std::mem::take(&mut self.fresh.0);
        if waiting > 0
            && let Some(slot) = self.slot_of(connection)
        {
            self.come(slot, side, waiting, Known::Undecided);
        }
        if side == Side::Server || segment.payload_len == 0 {
            self.parts.now.without_client.add(found, segment);
        }
    }

    /// The place of the connection with this number.
    fn slot_of(&mut self, number: u64) -> Option<usize> {
        let recent = &mut self.recent[number as usize % RECENT];
        let is_there = |slot: &usize| self.sides.get(*slot).is_some_and(|at| at.number == number);
        if !is_there(recent) {
            *recent = self.sides.iter().position(|sides| sides.number == number)?;
        }
        Some(*recent)
    }

    /// Bytes of the packet at hand are counted in the part at hand.
    #[inline]
    fn come(&mut self, slot: usize, side: Side, bytes: u64, known: Known) {
        let part = &mut self.parts.now;
        part.bytes[side.index()][known as usize] += bytes;
        self.sides[slot].ledgers[side.index()].come(part.number, bytes, known);
    }

    /// So many bytes that came at the origin's time are known.
    fn know(&mut self, origin: &Origin<'_>, known: Known, bytes: u64) {
        let (slot, side) = (origin.connection.slot, origin.side);
        let (fresh, time) = self.fresh;
        let waits = self.sides[slot].ledgers[side.index()].has_undecided();
        if !waits && time == origin.time && bytes <= fresh {
            // As nearly always: it is said of the packet at hand.
            self.fresh.0 -= bytes;
            return self.come(slot, side, bytes, known);
        }
        let part = self.part_at(origin.time).map(|part| part.number);
        let mut left = if waits { self.decide(slot, side, part, bytes, known) } else { bytes };
        if time == origin.time {
            let taken = left.min(fresh);
            self.fresh.0 -= taken;
            left -= taken;
            self.come(slot, side, taken, known);
        }
        self.decide(slot, side, None, left, known);
    }

    fn decide(
        &mut self,
        slot: usize,
        side: Side,
        part: Option<u32>,
        bytes: u64,
        known: Known,
    ) -> u64 {
        let Self { parts, sides, .. } = self;
        let ledger = &mut sides[slot].ledgers[side.index()];
        ledger.decide(part, bytes, known, |change| parts.apply(side, change))
    }

    /// The latest bytes of the origin's side that are `from` are `to`.
    fn change(&mut self, origin: &Origin<'_>, from: Known, to: Known, bytes: u64) {
        let side = origin.side;
        let Self { parts, sides, .. } = self;
        let ledger = &mut sides[origin.connection.slot].ledgers[side.index()];
        ledger.change(from, to, bytes, |change| parts.apply(side, change));
    }

    /// The part in which something came at `time`.
    fn part_at(&mut self, time: i64) -> Option<&mut Part> {
        if time == self.fresh.1 { Some(&mut self.parts.now) } else { self.parts.at(time) }
    }

    /// A silence is over: begins a part.
    fn begin_part(&mut self, time: i64) {
        self.tell_last();
        if let Some(part) = self.parts.begin(time) {
            self.end_part(&part);
        }
    }

    /// The part at hand is over, though it may still change.
    fn tell_last(&mut self) {
        let part = &mut self.parts.now;
        if self.tells
            && let Some(update) = part.update()
        {
            part.told = Some(update);
            self.decided.push_back(Decided { packets: part.packets, update });
        }
    }

    /// A part changes no more: counts it, if it is an update.
    fn end_part(&mut self, part: &Part) {
        self.ended.add_all(&part.figures);
        let Some(update) = part.update() else {
            return;
        };
        if part.told.is_some_and(|told| told != update) {
            self.decided.push_back(Decided { packets: part.packets, update });
        }
        self.rows.add(update);
    }

    /// An update that was decided, and is taken for the first time. The later one of two with the same
    /// packets holds.
    pub(super) fn take_decided(&mut self) -> Option<Decided> {
        self.decided.pop_front()
    }

    /// How many packets were counted.
    pub(super) fn packets(&self) -> u64 {
        self.ended.total_packets + self.parts.packets()
    }

    /// The capture is over: its figures.
    pub(super) fn finish(&mut self) -> Counted {
        self.tell_last();
        for part in std::mem::take(&mut self.parts).end() {
            self.end_part(&part);
        }
        Counted {
            overall: self.ended,
            usual: self.rows.usual(),
            dropped: self.dropped,
            forgot: self.rows.forgot,
        }
    }
}

impl Sink for Counter {
    const COUNTS: bool = true;
    const PIECES: bool = false;

    fn opened(&mut self, connection: &ConnectionInfo, _time: i64) {
        if self.sides.len() <= connection.slot {
            self.sides.resize_with(connection.slot + 1, Sides::default);
        }
        let sides = &mut self.sides[connection.slot];
        sides.number = connection.number;
        sides.ledgers.iter_mut().for_each(Ledger::clear);
        self.recent[connection.number as usize % RECENT] = connection.slot;
    }

    fn changed(&mut self, connection: &ConnectionInfo, _time: i64, turned: bool) {
        if !turned {
            return;
        }
        let Self { parts, sides, .. } = self;
        let ledgers = &mut sides[connection.slot].ledgers;
        ledgers.swap(0, 1);
        for side in [Side::Client, Side::Server] {
            for (number, bytes, known) in ledgers[side.index()].all() {
                if let Some(part) = parts.get(number) {
                    part.bytes[side.peer().index()][known as usize] -= bytes;
                    part.bytes[side.index()][known as usize] += bytes;
                }
            }
        }
    }

    fn moved(&mut self, from: usize, to: usize) {
        self.sides[to] = self.sides[from];
        self.recent[self.sides[to].number as usize % RECENT] = to;
    }

    fn ended(&mut self, _connection: &ConnectionInfo, _time: i64, ending: Ending) {
        self.dropped += u64::from(ending == Ending::Dropped);
    }

    fn note(&mut self, origin: &Origin<'_>, note: Note<'_>) {
        match note {
            Note::Cut(bytes) => self.know(origin, Known::CutOff, bytes),
            Note::Repeated(bytes) | Note::Tcp(Notice::SentOtherwise { bytes, .. }) => {
                self.know(origin, Known::SentAgain, bytes);
            }
            Note::Late { cut, .. }
            | Note::Tcp(Notice::Outside { cut, .. } | Notice::ResetText { cut, .. }) => {
                self.know(origin, Known::CutOff, cut);
            }
            Note::Tcp(Notice::KeepAlive(bytes) | Notice::WindowProbe(bytes)) => {
                self.know(origin, Known::NoData, bytes);
            }
            Note::Gap(_)
            | Note::GapOrFin
            | Note::End
            | Note::WebSocket
            | Note::OtherWebSocket
            | Note::Tcp(_) => {}
        }
    }

    fn count(&mut self, origin: &Origin<'_>, kind: Kind, bytes: u64) {
        self.know(origin, kind.into(), bytes);
        if kind == Kind::HttpHead
            && origin.side == Side::Server
            && let Some(part) = self.part_at(origin.time)
        {
            part.has_answer = true;
        }
    }

    fn recount(&mut self, origin: &Origin<'_>, from: Kind, to: Kind, bytes: u64) {
        self.change(origin, from.into(), to.into(), bytes);
    }

    fn uncount(&mut self, origin: &Origin<'_>, kind: Kind, bytes: u64) {
        self.change(origin, kind.into(), Known::Undecided, bytes);
    }

    fn unasked(&mut self, origin: &Origin<'_>) {
        if origin.side == Side::Server
            && let Some(part) = self.part_at(origin.time)
        {
            part.has_unasked = true;
        }
    }

    fn answer(&mut self, origin: &Origin<'_>) {
        if origin.side == Side::Server
            && let Some(part) = self.part_at(origin.time)
        {
            part.has_answer = true;
        }
    }
}
