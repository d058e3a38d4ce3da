//! One direction of a TCP connection: its segments put in order.

use std::collections::BTreeMap;

/// What a held segment counts beyond its bytes, so that many tiny ones are limited too.
const HELD_OVERHEAD: usize = 64;

/// What comes out of a [`Stream`], in the order of the sequence numbers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Output<'a> {
    /// These bytes.
    Data(&'a [u8]),
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

/// One direction of a connection.
///
/// Sequence numbers wrap at 32 bits (RFC 9293 section 3.4). Here they are carried on in 64, by
/// taking each to be the nearest to the one expected that has the same lower 32 bits.
#[derive(Debug, Default)]
pub struct Stream {
    /// The next byte expected, once the start is known.
    next: Option<u64>,
    /// Where the sender's FIN is.
    fin: Option<u64>,
    ended: bool,
    /// What the peer acknowledged, if that is one past the last byte and no FIN was seen.
    perhaps_fin: Option<u64>,
    /// Segments that wait for others, by their first byte. They do not overlap.
    held: BTreeMap<u64, Held>,
    held_size: usize,
    /// Gaps that were named lately, in case that their bytes come after all, and what came before
    /// the beginning of the capture.
    gaps: Vec<Gap>,
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
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// Whether an acknowledgment of everything before `sequence` means that the peer has received
    /// something of this stream that was seen.
    pub fn is_acknowledged(&self, sequence: u32) -> bool {
        self.next.is_some() || !self.held.is_empty() && self.distance(sequence) > 0
    }

    /// Whether an acknowledgment of everything before `sequence` is of bytes that were not seen.
    pub fn misses_before(&self, sequence: u32) -> bool {
        let acknowledged = self.extend(sequence);
        self.next.is_some_and(|next| {
            acknowledged > next
                && self.fin.is_none_or(|fin| fin > next)
                // One more may be a FIN that is captured late.
                && (acknowledged > next + 1 || !self.held.is_empty())
        })
    }

    /// How much memory the held segments take, in bytes.
    pub fn held_size(&self) -> usize {
        self.held_size
    }

    /// The 64-bit form of a sequence number.
    fn extend(&self, sequence: u32) -> u64 {
        let near = self
            .next
            .or_else(|| self.held.first_key_value().map(|(at, _)| *at))
            .unwrap_or(START | u64::from(sequence));
        #[expect(clippy::cast_possible_truncation, reason = "the lower half is what is meant")]
        let distance = sequence.wrapping_sub(near as u32).cast_signed();
        near.saturating_add_signed(distance.into())
    }

    /// How far `sequence` is after the next byte expected, or after the first one held.
    pub fn distance(&self, sequence: u32) -> i64 {
        match self.next.or_else(|| self.held.first_key_value().map(|(at, _)| *at)) {
            Some(next) => self.extend(sequence).cast_signed() - next.cast_signed(),
            None => 0,
        }
    }

    /// The stream begins with `sequence`, as a SYN says.
    pub fn start(&mut self, time: i64, sequence: u32, out: &mut impl FnMut(i64, Output<'_>)) {
        if self.next.is_none() {
            self.begin_at(self.extend(sequence));
            self.drain(time, out);
        }
    }

    /// The next byte expected is the one at `next`, or the first one held if that is earlier.
    fn begin_at(&mut self, next: u64) {
        let first = self.held.first_key_value().map(|(at, _)| *at);
        self.next = Some(first.map_or(next, |first| first.min(next)));
    }

    /// The stream goes on from `next`; what came before it was never seen.
    fn begin_midway(&mut self, next: u64) {
        self.begin_at(next);
        if let Some(next) = self.next {
            self.gaps.push(Gap { start: 0, end: next, named: false });
        }
    }

    /// Takes a segment, of which `data` was captured and which was `len` bytes long on the wire.
    ///
    /// Until the start of the stream is known, it only holds the segment.
    pub fn segment(
        &mut self,
        time: i64,
        sequence: u32,
        data: &[u8],
        len: u32,
        out: &mut impl FnMut(i64, Output<'_>),
    ) {
        if len == 0 {
            return;
        }
        let at = self.extend(sequence);
        if self.next == Some(at) && self.held.is_empty() {
            // As nearly all do: it is next in line, and nothing waits.
            self.next = Some(at + u64::from(len));
            deliver(time, data, len.into(), out);
            if self.fin.is_some() {
                self.drain(time, out);
            }
            return;
        }
        self.hold(time, at, data, len.into(), out);
        if self.next.is_none() && self.held.len() >= ENOUGH_HELD {
            self.begin_midway(u64::MAX);
        }
        self.drain(time, out);
    }

    /// Keeps what is new of a segment: not sent before, and not held yet.
    fn hold(
        &mut self,
        time: i64,
        mut at: u64,
        mut data: &[u8],
        len: u64,
        out: &mut impl FnMut(i64, Output<'_>),
    ) {
        let end = at + len;
        if let Some(next) = self.next.filter(|next| at < *next) {
            let old = (next - at).min(len);
            let (before, after) = data.split_at(data.len().min(usize_of(old)));
            self.repeated(time, at, before, old, out);
            data = after;
            at += old;
        }
        while at < end {
            // The held segment that covers `at`, or else the first one after it.
            let covering = self
                .held
                .range(..=at)
                .next_back()
                .map(|(start, held)| start + held.len)
                .filter(|held_end| *held_end > at);
            let (new, until) = match covering {
                Some(held_end) => (false, held_end.min(end)),
                None => {
                    let next = self.held.range(at..).next().map_or(end, |(start, _)| *start);
                    (true, next.min(end))
                }
            };
            let (piece, rest) = data.split_at(data.len().min(usize_of(until - at)));
            if new {
                self.held_size += piece.len() + HELD_OVERHEAD;
                self.held.insert(at, Held { time, data: piece.into(), len: until - at });
            } else {
                out(time, Output::Repeated(until - at));
            }
            data = rest;
            at = until;
        }
    }

    /// Bytes from before `next`: sent again, unless they belong into a gap that was named.
    fn repeated(
        &mut self,
        time: i64,
        mut at: u64,
        mut data: &[u8],
        len: u64,
        out: &mut impl FnMut(i64, Output<'_>),
    ) {
        let end = at + len;
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
                    out(time, Output::Late { data: piece, len, missed: gap.named });
                    let left = [Gap { end: at, ..gap }, Gap { start: until, ..gap }];
                    let left = left.into_iter().filter(|left| left.start < left.end);
                    self.gaps.splice(index..=index, left);
                }
                None => out(time, Output::Repeated(len)),
            }
            data = rest;
            at = until;
        }
    }

    /// Delivers the held segments that are next in line.
    fn drain(&mut self, time: i64, out: &mut impl FnMut(i64, Output<'_>)) {
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
                self.repeated(held.time, start, &held.data[..known], old, out);
            }
            if end > next {
                deliver(held.time, &held.data[known..], end - next, out);
                next = end;
                self.next = Some(next);
            }
        }
        if self.fin.is_some_and(|fin| fin <= next) && !self.ended {
            self.ended = true;
            out(time, Output::End);
        }
    }

    /// The sender's FIN comes before the byte `sequence`.
    pub fn fin(&mut self, time: i64, sequence: u32, out: &mut impl FnMut(i64, Output<'_>)) {
        if self.fin.is_none() {
            self.fin = Some(self.extend(sequence));
            self.drain(time, out);
        }
    }

    /// The peer has received everything before `sequence`: what the capture has not got by now is
    /// a gap.
    pub fn acknowledged(
        &mut self,
        time: i64,
        sequence: u32,
        out: &mut impl FnMut(i64, Output<'_>),
    ) {
        if self.next.is_none() {
            self.begin_midway(self.extend(sequence));
            self.drain(time, out);
        }
        let Some(next) = self.next else {
            return;
        };
        let mut acknowledged = self.extend(sequence);
        if acknowledged <= next {
            return;
        }
        if acknowledged == next + 1 && self.fin.is_none() && self.held.is_empty() {
            // A FIN takes one sequence number too, and this may be one that is captured late.
            self.perhaps_fin = Some(acknowledged);
            return;
        }
        if let Some(fin) = self.fin {
            acknowledged = acknowledged.min(fin);
        }
        while let Some(next) = self.next.filter(|next| *next < acknowledged) {
            let until = self.held.first_key_value().map_or(acknowledged, |(at, _)| *at);
            self.gap(time, next, until.min(acknowledged), out);
        }
    }

    /// Names the gap from `next` to `until` and goes on after it.
    fn gap(&mut self, time: i64, next: u64, until: u64, out: &mut impl FnMut(i64, Output<'_>)) {
        if until > next {
            out(time, Output::Gap(until - next));
            if self.gaps.len() == GAPS_KEPT {
                self.gaps.remove(0);
            }
            self.gaps.push(Gap { start: next, end: until, named: true });
        }
        self.next = Some(until);
        self.drain(time, out);
    }

    /// Names all gaps and delivers all that is held.
    pub fn flush(&mut self, time: i64, out: &mut impl FnMut(i64, Output<'_>)) {
        while let Some((first, _)) = self.held.first_key_value() {
            let first = *first;
            let next = self.next.unwrap_or(first);
            self.gap(time, next, first, out);
        }
        if let (Some(fin), Some(next), false) = (self.fin, self.next, self.ended) {
            self.gap(time, next, fin, out);
        }
        if let (None, Some(end), Some(next)) = (self.fin, self.perhaps_fin, self.next)
            && next < end
        {
            self.perhaps_fin = None;
            self.gaps.push(Gap { start: next, end, named: false });
            self.next = Some(end);
            out(time, Output::GapOrFin);
        }
    }
}

fn deliver(time: i64, data: &[u8], len: u64, out: &mut impl FnMut(i64, Output<'_>)) {
    if !data.is_empty() {
        out(time, Output::Data(data));
    }
    let cut = len - data.len() as u64;
    if cut > 0 {
        out(time, Output::Cut(cut));
    }
}

/// Lengths in a capture may be larger than what a `usize` holds; they then are larger than any
/// slice too.
pub(crate) fn usize_of(len: u64) -> usize {
    usize::try_from(len).unwrap_or(usize::MAX)
}
