//! One direction of a TCP connection: its segments put in order.

use std::collections::BTreeMap;

use super::{
    notice::Notice,
    said::{Difference, Latest, Said},
};

/// How long a segment that acknowledges bytes which were not seen waits for them, in nanoseconds:
/// 100 ms, for those that are captured the wrong way round follow each other more closely.
pub const EARLY_WAIT: i64 = 100_000_000;

/// What a held segment counts beyond its bytes, so that many tiny ones are limited too.
pub(super) const HELD_OVERHEAD: usize = 64;

/// How far from what was seen a segment may be and still belong to it, where nothing else tells, in
/// bytes.
pub(super) const NEAR: u32 = 1024 * 1024;

/// What comes out of one side's stream, in the order of the sequence numbers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Output<'a> {
    /// Bytes.
    Data {
        /// The sequence number of the first of them.
        sequence: u32,
        /// What they are.
        bytes: &'a [u8],
    },
    /// So many bytes that were sent, and that the capture cut off.
    Cut(u64),
    /// So many bytes that the capture does not have at all.
    Gap(u64),
    /// So many bytes that were sent before.
    Repeated(u64),
    /// A byte that the capture does not have, or the sender's FIN.
    GapOrFin,
    /// These bytes, which belong before ones that came out earlier.
    Late {
        /// Those that were captured.
        data: &'a [u8],
        /// How many they are on the wire.
        len: u64,
        /// Whether they came out as a gap.
        missed: bool,
    },
    /// The sender has nothing more to send.
    End,
    /// How the connection goes, or bytes that are no part of what is said.
    Notice(Notice<'a>),
}

/// Takes what comes out of a [`Stream`].
pub(super) trait Outlet {
    /// Takes this, which was captured at `time`.
    fn give(&mut self, time: i64, output: Output<'_>);
    /// What was said lately.
    fn said(&mut self) -> &mut Said;
}

/// A segment that came before those it follows.
#[derive(Debug)]
struct Held {
    time: i64,
    /// Its captured bytes.
    data: Box<[u8]>,
    /// Its length on the wire.
    len: u64,
}

/// Bytes that are missing.
#[derive(Clone, Copy, Debug)]
struct Gap {
    start: u64,
    end: u64,
    /// Whether it was named.
    named: bool,
}

/// An acknowledgment of bytes that were not seen, as long as they may be lost from the capture as
/// well as never sent.
#[derive(Clone, Copy, Debug)]
struct Unseen {
    time: i64,
    until: u64,
    /// Whether the peer had never let the sender send so much.
    beyond: bool,
    /// Whether the sender has gone on from before these bytes since then.
    went_on: bool,
}

/// One direction of a connection.
///
/// Sequence numbers wrap at 32 bits (RFC 9293 section 3.4). Here they are carried on in 64, by
/// taking each to be the nearest to the one expected that has the same lower 32 bits.
#[derive(Debug, Default)]
pub(super) struct Stream {
    /// The next byte expected, once the start is known.
    next: Option<u64>,
    /// The first byte, or the first one that was seen.
    first: u64,
    /// Whether the SYN says that it is the first byte.
    from_syn: bool,
    /// Where the sender's FIN is, and when it was captured.
    fin: Option<u64>,
    fin_time: i64,
    ended: bool,
    /// What the peer acknowledged, if that is one past the last byte and no FIN was seen.
    perhaps_fin: Option<u64>,
    /// Segments that wait for others, by their first byte. They do not overlap.
    held: BTreeMap<u64, Held>,
    held_size: usize,
    /// Gaps that were named lately, in case that their bytes come after all, and what came before
    /// the beginning of the capture.
    gaps: Vec<Gap>,
    /// The first byte that the peer has not acknowledged.
    received: Option<u64>,
    /// The first byte that the peer has never let the sender send: what it acknowledged, and its
    /// window.
    edge: Option<u64>,
    unseen: Option<Unseen>,
    /// What was remembered of it last.
    said: Latest,
}

/// How many gaps are remembered.
const GAPS_KEPT: usize = 64;

/// How many segments are held until a stream is taken to go on from the first of them, though
/// neither its SYN nor an acknowledgment was seen.
const ENOUGH_HELD: usize = 4;

/// Where a stream begins in the 64 bits: so far from both ends that neither is ever reached.
const START: u64 = 1 << 62;

impl Stream {
    /// Whether the sender's FIN has been reached.
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// Whether an acknowledgment of everything before `sequence` means that the peer has received
    /// something of this stream that was seen.
    pub(super) fn is_acknowledged(&self, sequence: u32) -> bool {
        self.next.is_some() || !self.held.is_empty() && self.distance(sequence) > 0
    }

    /// Whether an acknowledgment of everything before `sequence` is of bytes that were not seen, and
    /// has not waited for them yet.
    pub(super) fn misses_before(&self, sequence: u32) -> bool {
        let acknowledged = self.extend(sequence);
        self.next.is_some_and(|next| {
            acknowledged > next
                && self.fin.is_none_or(|fin| fin > next)
                // One more may be a FIN that is captured late.
                && (acknowledged > next + 1 || !self.held.is_empty())
                && self.unseen.is_none_or(|unseen| unseen.until < acknowledged)
                && !self.is_beyond(acknowledged)
        })
    }

    /// Whether the peer has never let the sender send all before `acknowledged`. A byte more may ask
    /// it whether it takes any.
    fn is_beyond(&self, acknowledged: u64) -> bool {
        self.edge.is_some_and(|edge| acknowledged > edge + 1)
    }

    /// Whether it only waits until it is clear where it begins, and has done so since `until`.
    pub(super) fn waits_to_begin(&self, until: i64) -> bool {
        self.next.is_none() && self.held.values().any(|held| held.time <= until)
    }

    /// How much memory the held segments take, in bytes.
    pub(super) fn held_size(&self) -> usize {
        self.held_size
    }

    /// The 64-bit form of a sequence number.
    fn extend(&self, sequence: u32) -> u64 {
        let near = self
            .next
            .or_else(|| self.held.first_key_value().map(|(at, _)| *at))
            .unwrap_or(START | u64::from(sequence));
        let distance = sequence.wrapping_sub(low(near)).cast_signed();
        near.saturating_add_signed(distance.into())
    }

    /// How far `sequence` is after the next byte expected, or after the first one held.
    pub(super) fn distance(&self, sequence: u32) -> i64 {
        match self.next.or_else(|| self.held.first_key_value().map(|(at, _)| *at)) {
            Some(next) => self.extend(sequence).cast_signed() - next.cast_signed(),
            None => 0,
        }
    }

    /// Whether something of it was seen.
    pub(super) fn has_begun(&self) -> bool {
        self.next.is_some() || !self.held.is_empty()
    }

    /// Whether the peer has acknowledged something of it.
    pub(super) fn is_received(&self) -> bool {
        self.received.is_some()
    }

    /// How far `sequence` is after the first byte, once that is known.
    pub(super) fn distance_from_first(&self, sequence: u32) -> Option<i64> {
        self.next.map(|_| self.extend(sequence).cast_signed() - self.first.cast_signed())
    }

    /// Where the last byte ends that was seen, or the FIN after it.
    fn end(&self, next: u64) -> u64 {
        let held = self.held.last_key_value().map_or(0, |(at, held)| at + held.len);
        next.max(held).max(self.fin.map_or(0, |fin| fin + 1))
    }

    /// How far from the next byte expected an RST with this sequence number is, if the peer does not
    /// accept it there: outside its window, as far as that is known (RFC 9293 section 3.10.7.4).
    pub(super) fn reset_is_off(&self, sequence: u32) -> Option<i64> {
        let (next, received) = (self.next?, self.received?);
        let at = self.extend(sequence);
        let end = self.end(next).max(self.edge.unwrap_or(next));
        (at < received || at > end).then(|| at.cast_signed() - next.cast_signed())
    }

    /// How far from the next byte expected a FIN before the byte `sequence` is, if it is none of this
    /// stream: far outside of what the peer would take, or before what it has received.
    pub(super) fn fin_is_off(&self, sequence: u32) -> Option<i64> {
        let (next, at) = (self.next?, self.extend(sequence));
        let off = self.is_outside(at) || self.received.is_some_and(|received| at < received);
        (off && self.fin.is_none()).then(|| at.cast_signed() - next.cast_signed())
    }

    /// Whether what is at `at` is far beyond what the peer would take.
    fn is_outside(&self, at: u64) -> bool {
        self.edge.is_some_and(|edge| at > edge + u64::from(NEAR))
    }

    /// Whether a segment with this sequence number only asks the peer to acknowledge again what it
    /// has acknowledged: all that was sent (RFC 9293 section 3.8.4).
    pub(super) fn is_probe(&self, sequence: u32) -> bool {
        self.next.is_some_and(|next| {
            self.extend(sequence) + 1 == next && self.received == Some(next) && self.fin.is_none()
        })
    }

    /// Whether a byte with this sequence number is the last one that was sent, which the peer has not
    /// acknowledged: one more that only asks it whether it takes bytes again (RFC 9293 section
    /// 3.8.6.1).
    pub(super) fn is_probe_again(&self, sequence: u32) -> bool {
        self.next.is_some_and(|next| {
            let at = self.extend(sequence);
            at + 1 == next && self.received == Some(at) && self.fin.is_none()
        })
    }

    /// Whether `sequence` is the one expected, and nothing waits, neither bytes nor a FIN.
    #[inline]
    pub(super) fn is_next(&self, sequence: u32) -> bool {
        let is_next = self.next.is_some_and(|next| low(next) == sequence);
        is_next && self.held.is_empty() && self.fin.is_none() && self.unseen.is_none()
    }

    /// Takes an acknowledgment of bytes that were seen, and of all that was acknowledged before, as
    /// nearly all are; `false` if it is another one.
    #[inline]
    pub(super) fn is_simply_acknowledged(&mut self, sequence: u32, window: u64) -> bool {
        let (Some(next), Some(received), None) = (self.next, self.received, self.unseen) else {
            return false;
        };
        let acknowledged = self.extend(sequence);
        if acknowledged < received || acknowledged > next {
            return false;
        }
        self.received = Some(acknowledged);
        self.edge = self.edge.max(Some(acknowledged + window));
        true
    }

    /// Takes a segment that [is next](Self::is_next).
    #[inline]
    pub(super) fn next_segment(&mut self, time: i64, data: &[u8], len: u32, to: &mut impl Outlet) {
        if let Some(next) = self.next.filter(|_| len > 0) {
            self.next = Some(next + u64::from(len));
            self.deliver(time, next, data, len.into(), to);
        }
    }

    /// The stream begins with `sequence`, as a SYN says.
    pub(super) fn start(&mut self, sequence: u32, to: &mut impl Outlet) {
        let first = self.extend(sequence);
        if self.next.is_none() {
            (self.next, self.first, self.from_syn) = (Some(first), first, true);
            self.drain(to);
        } else if !self.from_syn && first <= self.first {
            // What came before the beginning of the capture is not more than this.
            for gap in self.gaps.iter_mut().filter(|gap| gap.start == 0) {
                gap.start = first;
            }
            self.gaps.retain(|gap| gap.start < gap.end);
            (self.first, self.from_syn) = (first, true);
        }
    }

    /// The stream begins with `sequence` instead, unless something came out of it.
    pub(super) fn restart(&mut self, sequence: u32, to: &mut impl Outlet) {
        if self.next == Some(self.first) && !self.ended {
            let first = self.extend(sequence);
            (self.next, self.first) = (Some(first), first);
            (self.received, self.edge, self.unseen, self.perhaps_fin) = (None, None, None, None);
            self.drain(to);
        }
    }

    /// The stream goes on from `next`, or the first one held if that is earlier; what came before it
    /// was never seen.
    fn begin_midway(&mut self, next: u64) {
        let held = self.held.first_key_value().map(|(at, _)| *at);
        let next = held.map_or(next, |held| held.min(next));
        (self.next, self.first) = (Some(next), next);
        self.gaps.push(Gap { start: 0, end: next, named: false });
    }

    /// The stream goes on from the first segment held, though nothing says so.
    pub(super) fn begin(&mut self, to: &mut impl Outlet) {
        if self.next.is_none() && !self.held.is_empty() {
            self.begin_midway(u64::MAX);
            self.drain(to);
        }
    }

    /// Takes a segment, of which `data` was captured and which was `len` bytes long on the wire.
    ///
    /// Until the start of the stream is known, it only holds the segment.
    pub(super) fn segment(
        &mut self,
        time: i64,
        sequence: u32,
        data: &[u8],
        len: u32,
        to: &mut impl Outlet,
    ) {
        let at = self.extend(sequence);
        if self.unseen.is_some() {
            self.goes_on(time, at, len.into(), to);
        }
        if len == 0 {
            return;
        }
        if self.is_next(sequence) {
            self.next_segment(time, data, len, to);
            return;
        }
        self.hold(time, at, data, len.into(), to);
        if self.held.len() >= ENOUGH_HELD {
            self.begin(to);
        }
        self.drain(to);
    }

    /// The sender sends `len` bytes at `at`, or would: this may tell whether bytes that the peer
    /// acknowledged, and that were not seen, were sent.
    #[cold]
    fn goes_on(&mut self, time: i64, at: u64, len: u64, to: &mut impl Outlet) {
        let (Some(unseen), Some(next)) = (&mut self.unseen, self.next) else {
            return;
        };
        if at >= unseen.until {
            let Unseen { time, until, .. } = *unseen;
            self.unseen = None;
            self.pass_to(time, until, to);
        } else if at == next || at < next && at + len > next {
            unseen.went_on = true;
            // Soon after the acknowledgment, the bytes may have been captured late.
            if unseen.beyond || time.saturating_sub(unseen.time) > EARLY_WAIT {
                self.was_never_sent(to);
            }
        }
    }

    /// What the peer acknowledged was never sent.
    fn was_never_sent(&mut self, to: &mut impl Outlet) {
        let next = self.next.unwrap_or_default();
        if let Some(unseen) = self.unseen.take().filter(|unseen| unseen.until > next) {
            to.give(unseen.time, Output::Notice(Notice::NeverSent(unseen.until - next)));
        }
    }

    /// Keeps what is new of a segment: not sent before, and not held yet.
    #[cold]
    fn hold(&mut self, time: i64, mut at: u64, mut data: &[u8], len: u64, to: &mut impl Outlet) {
        let end = at + len;
        if let Some(next) = self.next.filter(|next| at < *next) {
            let old = (next - at).min(len);
            let (before, after) = data.split_at(data.len().min(usize_of(old)));
            self.repeated(time, at, before, old, to);
            data = after;
            at += old;
        }
        while at < end {
            // The held segment that covers `at`, or else the first one after it.
            let covering =
                self.held.range(..=at).next_back().filter(|(start, held)| **start + held.len > at);
            let (new, until) = match covering {
                Some((start, held)) => (false, (start + held.len).min(end)),
                None => {
                    let next = self.held.range(at..).next().map_or(end, |(start, _)| *start);
                    (true, next.min(end))
                }
            };
            let (piece, rest) = data.split_at(data.len().min(usize_of(until - at)));
            if let Some((start, held)) = covering {
                let before = held.data.get(usize_of(at - start)..).unwrap_or_default();
                let difference = Difference::between(before, piece);
                self.sent_again(time, at, piece, until - at, difference, to);
            }
            if new {
                self.held_size += piece.len() + HELD_OVERHEAD;
                self.held.insert(at, Held { time, data: piece.into(), len: until - at });
            }
            data = rest;
            at = until;
        }
    }

    /// Bytes from before `next`: sent again, unless they belong into a gap that was named, or before
    /// the beginning.
    fn repeated(
        &mut self,
        time: i64,
        mut at: u64,
        mut data: &[u8],
        len: u64,
        to: &mut impl Outlet,
    ) {
        let end = at + len;
        if self.from_syn && at < self.first {
            let before = (self.first - at).min(len);
            let (piece, rest) = data.split_at(data.len().min(usize_of(before)));
            outside(time, piece, before, to);
            data = rest;
            at += before;
        }
        while at < end {
            let index = self.gaps.iter().position(|gap| gap.end > at);
            let (gap, until) = match index.map(|index| (index, self.gaps[index])) {
                Some((index, gap)) if gap.start <= at => (Some((index, gap)), gap.end.min(end)),
                Some((_, gap)) => (None, gap.start.min(end)),
                None => (None, end),
            };
            let len = until - at;
            let (piece, rest) = data.split_at(data.len().min(usize_of(len)));
            match gap {
                Some((index, gap)) => {
                    to.give(time, Output::Late { data: piece, len, missed: gap.named });
                    let left = [Gap { end: at, ..gap }, Gap { start: until, ..gap }];
                    let left = left.into_iter().filter(|left| left.start < left.end);
                    self.gaps.splice(index..=index, left);
                }
                None => {
                    let difference = to.said().difference(self.said, at, piece);
                    self.sent_again(time, at, piece, len, difference, to);
                }
            }
            data = rest;
            at = until;
        }
    }

    /// Says that bytes were sent again, and how they differ.
    fn sent_again(
        &self,
        time: i64,
        at: u64,
        data: &[u8],
        len: u64,
        difference: Option<Difference>,
        to: &mut impl Outlet,
    ) {
        let Some(Difference { at: offset, before }) = difference else {
            to.give(time, Output::Repeated(len));
            return;
        };
        let notice = Notice::SentOtherwise {
            bytes: len,
            number: (at + offset as u64).saturating_sub(self.first) + 1,
            before: &before,
            now: &data[offset..][..before.len()],
        };
        to.give(time, Output::Notice(notice));
    }

    /// Delivers the held segments that are next in line.
    fn drain(&mut self, to: &mut impl Outlet) {
        let Some(mut next) = self.next else {
            return;
        };
        while let Some(entry) = self.held.first_entry() {
            if *entry.key() > next {
                break;
            }
            let start = *entry.key();
            let held = entry.remove();
            self.held_size -= held.data.len() + HELD_OVERHEAD;
            let end = start + held.len;
            // A segment held before the start was known may lie before it.
            let old = (next - start).min(held.len);
            let known = held.data.len().min(usize_of(old));
            if old > 0 {
                self.repeated(held.time, start, &held.data[..known], old, to);
            }
            if end > next {
                self.deliver(held.time, next, &held.data[known..], end - next, to);
                next = end;
                self.next = Some(next);
            }
        }
        if self.fin.is_some_and(|fin| fin <= next) && !self.ended {
            self.ended = true;
            to.give(self.fin_time, Output::End);
        }
    }

    fn deliver(&mut self, time: i64, at: u64, data: &[u8], len: u64, to: &mut impl Outlet) {
        if !data.is_empty() {
            to.said().remember(&mut self.said, at, data);
            to.give(time, Output::Data { sequence: low(at), bytes: data });
        }
        let cut = len - data.len() as u64;
        if cut > 0 {
            to.give(time, Output::Cut(cut));
        }
    }

    /// The sender's FIN comes before the byte `sequence`.
    pub(super) fn fin(&mut self, time: i64, sequence: u32, to: &mut impl Outlet) {
        if self.fin.is_none() {
            let fin = self.extend(sequence);
            (self.fin, self.fin_time) = (Some(fin), time);
            if self.unseen.is_some_and(|unseen| unseen.until > fin + 1) {
                self.was_never_sent(to);
            }
            self.drain(to);
        }
    }

    /// The peer has received everything before `sequence`, and lets the sender send `window` bytes
    /// from there on: what the capture has not got by now is a gap.
    ///
    /// Nothing has been sent beyond what the peer let the sender send, or after its FIN. Other bytes
    /// may be missing as well as never sent: if the acknowledgment comes `with_more`, such as an
    /// answer, they are taken to be missing, otherwise it takes the sender's next segment to tell.
    pub(super) fn acknowledged(
        &mut self,
        time: i64,
        sequence: u32,
        window: u64,
        with_more: bool,
        to: &mut impl Outlet,
    ) {
        if self.next.is_none() {
            self.begin_midway(self.extend(sequence));
            self.drain(to);
        }
        let Some(next) = self.next else {
            return;
        };
        let acknowledged = self.extend(sequence);
        if self.from_syn && acknowledged < self.first {
            // Not even the SYN.
            return;
        }
        if acknowledged <= next {
            if let Some(unseen) = self.unseen
                && (unseen.beyond || time.saturating_sub(unseen.time) > EARLY_WAIT)
                && Some(acknowledged) >= self.received
            {
                // The peer itself says no more of it.
                self.was_never_sent(to);
            }
            self.received = self.received.max(Some(acknowledged));
            self.edge = self.edge.max(Some(acknowledged + window));
            return;
        }
        if let Some(fin) = self.fin
            && acknowledged > fin + 1
        {
            to.give(time, Output::Notice(Notice::NeverSent(acknowledged - (fin + 1).max(next))));
            return;
        }
        if acknowledged == next + 1 && self.fin.is_none() && self.held.is_empty() {
            // A FIN takes one sequence number too, and this may be one that is captured late.
            self.perhaps_fin = Some(acknowledged);
            self.received = self.received.max(Some(next));
            return;
        }
        let beyond = self.is_beyond(acknowledged);
        if acknowledged <= self.end(next) || with_more && !beyond {
            self.pass_to(time, self.fin.map_or(acknowledged, |fin| acknowledged.min(fin)), to);
            self.received = self.received.max(self.next);
            self.edge = self.edge.max(Some(acknowledged + window));
        } else if self.unseen.is_none_or(|unseen| unseen.until < acknowledged) {
            let time = self.unseen.map_or(time, |unseen| unseen.time);
            self.unseen = Some(Unseen { time, until: acknowledged, beyond, went_on: false });
        }
    }

    /// Names the gaps before `until`, and delivers what is held before it.
    fn pass_to(&mut self, time: i64, until: u64, to: &mut impl Outlet) {
        while let Some(next) = self.next.filter(|next| *next < until) {
            let held = self.held.first_key_value().map_or(until, |(at, _)| *at);
            self.gap(time, next, held.min(until), to);
        }
    }

    /// Names the gap from `next` to `until` and goes on after it.
    fn gap(&mut self, time: i64, next: u64, until: u64, to: &mut impl Outlet) {
        if until > next {
            to.give(time, Output::Gap(until - next));
            if self.gaps.len() == GAPS_KEPT {
                self.gaps.remove(0);
            }
            self.gaps.push(Gap { start: next, end: until, named: true });
        }
        self.next = Some(until);
        self.drain(to);
    }

    /// Names all gaps and delivers all that is held.
    pub(super) fn flush(&mut self, time: i64, to: &mut impl Outlet) {
        self.begin(to);
        while let (Some((first, _)), Some(next)) = (self.held.first_key_value(), self.next) {
            let first = *first;
            if self.is_outside(first) {
                break;
            }
            self.gap(time, next, first, to);
        }
        for held in std::mem::take(&mut self.held).into_values() {
            self.held_size -= held.data.len() + HELD_OVERHEAD;
            outside(held.time, &held.data, held.len, to);
        }
        if let (Some(fin), Some(next), false) = (self.fin, self.next, self.ended) {
            self.gap(time, next, fin, to);
        }
        match self.unseen {
            Some(unseen) if unseen.beyond || unseen.went_on => self.was_never_sent(to),
            Some(unseen) => {
                self.unseen = None;
                self.pass_to(unseen.time, unseen.until, to);
            }
            None => {}
        }
        if let (None, Some(end), Some(next)) = (self.fin, self.perhaps_fin, self.next)
            && next < end
        {
            self.perhaps_fin = None;
            self.gaps.push(Gap { start: next, end, named: false });
            self.next = Some(end);
            to.give(time, Output::GapOrFin);
        }
    }
}

/// Bytes that the peer does not take, because of where they are.
fn outside(time: i64, data: &[u8], len: u64, to: &mut impl Outlet) {
    let notice = Notice::Outside { bytes: data, cut: len - data.len() as u64 };
    to.give(time, Output::Notice(notice));
}

/// The number that was sent: the lower half of the one here.
#[expect(clippy::cast_possible_truncation, reason = "that is what is meant")]
fn low(at: u64) -> u32 {
    at as u32
}

/// Lengths in a capture may be larger than what a `usize` holds; they then are larger than any
/// slice too.
pub(crate) fn usize_of(len: u64) -> usize {
    usize::try_from(len).unwrap_or(usize::MAX)
}
