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

/// The first time of day in `bytes` from `from` on, not one within a longer row of digits and
/// colons.
pub fn find(bytes: &[u8], from: usize) -> Option<Range<usize>> {
    let joins = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_digit() || *byte == b':');
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
}

impl Scanner {
    /// How many times end in `bytes`, the next piece.
    pub fn feed(&mut self, bytes: &[u8]) -> u64 {
        let mut count = 0;
        let mut from = 0;
        if self.tail_len > 0 {
            let mut seam = [0; 3 * LEN];
            let head = bytes.len().min(LEN + 1);
            seam[..self.tail_len].copy_from_slice(&self.tail[..self.tail_len]);
            seam[self.tail_len..self.tail_len + head].copy_from_slice(&bytes[..head]);
            let seam = &seam[..self.tail_len + head];
            if let Some(found) = find(seam, 0)
                .filter(|found| found.start < self.tail_len && found.end > self.tail_len)
            {
                count += 1;
                from = found.end - self.tail_len;
            }
        }
        let mut at = from;
        while let Some(found) = find(bytes, at) {
            count += 1;
            at = found.end;
        }
        // What already is part of a time is not kept.
        let rest = &bytes[at..];
        if rest.len() >= LEN {
            self.tail.copy_from_slice(&rest[rest.len() - LEN..]);
            self.tail_len = LEN;
        } else if at > 0 {
            self.tail[..rest.len()].copy_from_slice(rest);
            self.tail_len = rest.len();
        } else {
            let keep = self.tail_len.min(LEN - rest.len());
            self.tail.copy_within(self.tail_len - keep..self.tail_len, 0);
            self.tail[keep..keep + rest.len()].copy_from_slice(rest);
            self.tail_len = keep + rest.len();
        }
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
        let text = b"09:31:35\n<time>10:00:00</time>11:11:11 1:1:1:1 12:34:56";
        for first in 0..=text.len() {
            for second in first..=text.len() {
                let mut scanner = Scanner::default();
                let pieces = [&text[..first], &text[first..second], &text[second..]];
                let count: u64 = pieces.iter().map(|piece| scanner.feed(piece)).sum();
                assert_eq!(count, 4, "{first} {second}");
            }
        }
        let mut scanner = Scanner::default();
        let count: u64 = text.iter().map(|byte| scanner.feed(&[*byte])).sum();
        assert_eq!(count, 4);
    }
}
