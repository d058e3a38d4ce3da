//! Finds times of day, as the five servers write them: `HH:MM:SS`.

use std::ops::Range;

/// The length of a time, in bytes.
pub const LEN: usize = 8;

/// Whether `bytes` begins with a time of day.
fn is_time(bytes: &[u8]) -> bool {
    let &[h1, h2, b':', m1, m2, b':', s1, s2, ..] = bytes else {
        return false;
    };
    let number = |tens: u8, ones: u8| {
        (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| (tens - b'0') * 10 + (ones - b'0'))
    };
    // A leap second makes 60.
    number(h1, h2).is_some_and(|hours| hours < 24)
        && number(m1, m2).is_some_and(|minutes| minutes < 60)
        && number(s1, s2).is_some_and(|seconds| seconds <= 60)
}

/// Whether a byte beside a time makes it part of a longer row.
fn joins(byte: Option<&u8>) -> bool {
    byte.is_some_and(|byte| byte.is_ascii_digit() || *byte == b':')
}

/// The first time of day in `bytes` from `from` on, not one within a longer row of digits and
/// colons.
pub fn find(bytes: &[u8], from: usize) -> Option<Range<usize>> {
    let mut at = from;
    while let Some(colon) = bytes.get(at..).and_then(|rest| memchr::memchr(b':', rest)) {
        let colon = at + colon;
        at = colon + 1;
        if let Some(start) = colon.checked_sub(2).filter(|start| *start >= from) {
            let end = start + LEN;
            let before = start.checked_sub(1).and_then(|index| bytes.get(index));
            if is_time(&bytes[start..]) && !joins(before) && !joins(bytes.get(end)) {
                return Some(start..end);
            }
        }
    }
    None
}

/// Counts times in bytes that come piece by piece.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scanner {
    /// The last bytes that came, which may begin a time.
    tail: [u8; LEN],
    tail_len: usize,
    /// Whether the last of them ends a time that was counted.
    ends_with_time: bool,
}

impl Scanner {
    /// How many times end in `bytes`, the next piece; -1 if the piece before ended with what looked
    /// like a time, and the row goes on.
    ///
    /// `found` is told of each, in their order, whether it is a time, and where in `bytes` it ends.
    pub fn feed(&mut self, bytes: &[u8], mut found: impl FnMut(bool, usize)) -> i64 {
        if bytes.is_empty() {
            return 0;
        }
        let mut count = 0;
        if self.ends_with_time && joins(bytes.first()) {
            count -= 1;
            found(false, 0);
        }
        let tail = &self.tail[..self.tail_len];
        let mut last_end = 0;
        if joins(tail.last()) {
            // Only then can a time have begun there.
            let mut seam = [0; 2 * LEN + 1];
            let head = bytes.len().min(LEN + 1);
            seam[..tail.len()].copy_from_slice(tail);
            seam[tail.len()..tail.len() + head].copy_from_slice(&bytes[..head]);
            let mut from = 0;
            while let Some(time) = find(&seam[..tail.len() + head], from) {
                if time.start < tail.len() && time.end > tail.len() {
                    count += 1;
                    last_end = time.end - tail.len();
                    found(true, last_end);
                }
                from = time.end;
            }
        }
        let mut from = 0;
        while let Some(time) = find(bytes, from) {
            if time.start > 0 || !joins(tail.last()) {
                count += 1;
                last_end = time.end;
                found(true, last_end);
            }
            from = time.end;
        }
        self.ends_with_time = last_end == bytes.len();
        let new = &bytes[bytes.len().saturating_sub(LEN)..];
        let keep = self.tail_len.min(LEN - new.len());
        self.tail.copy_within(self.tail_len - keep..self.tail_len, 0);
        self.tail_len = keep + new.len();
        self.tail[keep..self.tail_len].copy_from_slice(new);
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_two_digits_each_in_range_and_alone() {
        for (text, found) in [
            ("09:31:35", Some(0..8)),
            ("<time>23:59:60</time>", Some(6..14)),
            ("at 00:00:00.", Some(3..11)),
            ("24:00:00", None),
            ("12:60:00", None),
            ("12:00:61", None),
            ("1:02:03", None),
            ("123:45:56", None),
            ("12:34:567", None),
            ("12:34:56:78", None),
            ("aa:bb:cc 12:34:56", Some(9..17)),
            ("::::12:34:5", None),
        ] {
            assert_eq!(find(text.as_bytes(), 0), found, "{text}");
        }
    }

    #[test]
    fn times_are_counted_wherever_the_pieces_end() {
        for (text, times) in [
            (&b"09:31:35\n<time>10:00:00</time>11:11:11 1:1:1:1 12:34:56"[..], 4),
            (b"09:31:35:10:11:12 12:34:560:11:11:11 01:02:03", 1),
        ] {
            for first in 0..=text.len() {
                for second in first..=text.len() {
                    let mut scanner = Scanner::default();
                    let pieces = [&text[..first], &text[first..second], &text[second..]];
                    let count: i64 =
                        pieces.iter().map(|piece| scanner.feed(piece, |_, _| ())).sum();
                    assert_eq!(count, times, "{first} {second}");
                }
            }
            let mut scanner = Scanner::default();
            let count: i64 = text.iter().map(|byte| scanner.feed(&[*byte], |_, _| ())).sum();
            assert_eq!(count, times);
        }
    }
}
