//! What was said lately, in case that it is said again otherwise.

/// How many bytes are remembered, of all connections together.
const BYTES: usize = 256 * 1024;

/// How many segments are remembered, of all connections together.
const SEGMENTS: usize = 4096;

/// Bytes of one stream, remembered.
#[derive(Clone, Copy, Default)]
struct Segment {
    /// Where they are in the stream.
    at: u64,
    /// Where they are in the memory, counted as if it had no end.
    start: u64,
    len: u32,
    /// Those before them in the same stream.
    before: Latest,
}

/// The segment of a stream that was remembered last: its number, from 1, or 0 if there is none.
pub(super) type Latest = u64;

/// Bytes that were sent again and are not the same.
pub(super) struct Difference {
    /// How far from the first byte that was sent again the first that differs is.
    pub at: usize,
    /// From there to the last that differs: what they were.
    pub before: Vec<u8>,
}

/// The bytes that streams said last, of all connections together.
#[derive(Default)]
pub struct Said {
    bytes: Vec<u8>,
    segments: Vec<Segment>,
    /// How many bytes were written, those between a segment that did not fit and the end included.
    written: u64,
    count: u64,
}

impl Said {
    /// Remembers that a stream, of which `latest` was remembered last, said `bytes` at `at`.
    #[inline]
    pub(super) fn remember(&mut self, latest: &mut Latest, at: u64, bytes: &[u8]) {
        if self.bytes.is_empty() {
            self.bytes.resize(BYTES, 0);
            self.segments.resize(SEGMENTS, Segment::default());
        }
        // No packet is as long as the memory.
        let bytes = &bytes[..bytes.len().min(BYTES)];
        let mut place = place(self.written);
        if place + bytes.len() > BYTES {
            self.written += (BYTES - place) as u64;
            place = 0;
        }
        self.bytes[place..place + bytes.len()].copy_from_slice(bytes);
        let start = self.written;
        self.written += bytes.len() as u64;
        #[expect(clippy::cast_possible_truncation, reason = "it is at most BYTES")]
        let len = bytes.len() as u32;
        self.segments[slot(self.count)] = Segment { at, start, len, before: *latest };
        self.count += 1;
        *latest = self.count;
    }

    /// How the bytes at `at` of the stream, of which `latest` was remembered last, differ from
    /// `bytes`, as far as they are remembered.
    pub(super) fn difference(&self, latest: Latest, at: u64, bytes: &[u8]) -> Option<Difference> {
        let end = at + bytes.len() as u64;
        let mut before = bytes.to_vec();
        let mut number = latest;
        while number > 0 && self.count - number < SEGMENTS as u64 {
            let segment = self.segments[slot(number - 1)];
            let segment_end = segment.at + u64::from(segment.len);
            // What comes from further back lies before it.
            if self.written - segment.start > BYTES as u64 || segment_end <= at {
                break;
            }
            let (first, last) = (segment.at.max(at), segment_end.min(end));
            if first < last {
                let from = place(segment.start) + index(first - segment.at);
                let len = index(last - first);
                before[index(first - at)..][..len].copy_from_slice(&self.bytes[from..from + len]);
            }
            number = segment.before;
        }
        Difference::between(&before, bytes)
    }
}

impl Difference {
    /// How what is `now` sent at the same place differs from what was sent `before`, as far as both
    /// go.
    pub(super) fn between(before: &[u8], now: &[u8]) -> Option<Self> {
        let both = before.len().min(now.len());
        let differs = |(before, now): (&u8, &u8)| before != now;
        let pairs = before[..both].iter().zip(&now[..both]);
        let first = pairs.clone().position(differs)?;
        let last = pairs.clone().rposition(differs)?;
        Some(Self { at: first, before: before[first..=last].to_vec() })
    }
}

/// Where a byte is in the memory.
fn place(written: u64) -> usize {
    index(written % BYTES as u64)
}

/// Where a segment is in the memory.
fn slot(number: u64) -> usize {
    index(number % SEGMENTS as u64)
}

/// A place in the memory or in a packet, both of which are shorter than a `usize` can say.
#[expect(clippy::cast_possible_truncation, reason = "see above")]
fn index(place: u64) -> usize {
    place as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_found_across_segments_and_nothing_else_is() {
        let mut said = Said::default();
        let (mut one, mut other) = (0, 0);
        said.remember(&mut one, 10, b"abc");
        said.remember(&mut other, 10, b"ABC");
        said.remember(&mut one, 13, b"def");
        let found = |at, bytes: &[u8]| {
            said.difference(one, at, bytes).map(|difference| (difference.at, difference.before))
        };
        assert_eq!(found(10, b"abcdef"), None);
        assert_eq!(found(11, b"bcde"), None);
        assert_eq!(found(10, b"abXdYf"), Some((2, b"cde".to_vec())));
        assert_eq!(found(12, b"x"), Some((0, b"c".to_vec())));
        // Bytes before and after those remembered are not known.
        assert_eq!(found(8, b"xxabcdefyy"), None);
        assert_eq!(found(8, b"xxabcdeFyy"), Some((7, b"f".to_vec())));
        assert_eq!(found(16, b"xx"), None);
        assert_eq!(found(7, b"xxx"), None);
        let difference = said.difference(other, 10, b"abc");
        assert_eq!(difference.map(|difference| difference.before), Some(b"ABC".to_vec()));
    }

    #[test]
    fn what_is_too_old_is_forgotten_and_the_rest_is_not() {
        for (len, count) in [(1, 10_000), (60, 10_000), (1_000, 1_000), (60_000, 100_usize)] {
            let mut said = Said::default();
            let mut latest = 0;
            let mut at = 0;
            for number in 0..count {
                let bytes = vec![number as u8; len];
                said.remember(&mut latest, at, &bytes);
                assert!(said.difference(latest, at, &bytes).is_none());
                at += len as u64;
            }
            let wrong = vec![count as u8; len];
            let is_known =
                |back: usize| said.difference(latest, at - (back * len) as u64, &wrong).is_some();
            // What surely fits, and what cannot.
            let fits = SEGMENTS.min(BYTES / len) - 1;
            assert!(is_known(1) && is_known(fits - 1) && !is_known(fits + 2), "{len}");
        }
    }
}
