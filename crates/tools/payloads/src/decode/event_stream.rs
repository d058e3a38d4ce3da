//! What the lines of a stream of events say together (HTML standard, section 9.2.6).

use std::mem;

/// The most that is kept of an event, in bytes.
pub const EVENT_LIMIT: usize = 64 * 1024;

/// What lines up to an empty one say together: an event, if there is a line of data among them.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Block {
    /// The last event ID that it sets.
    pub id: Option<Vec<u8>>,
    /// The type of the event; where there is none, it is `message`.
    pub event: Option<Vec<u8>>,
    /// The lines of data, with a newline between. Without any, nothing is dispatched.
    pub data: Option<Vec<u8>>,
    /// After how many milliseconds a client is to connect again when the connection is lost.
    pub retry: Option<u64>,
    /// Whether there was more than [`EVENT_LIMIT`] of it.
    pub cut: bool,
}

impl Block {
    fn len(&self) -> usize {
        [&self.id, &self.event, &self.data].into_iter().flatten().map(Vec::len).sum()
    }

    /// Takes a line, without its line end.
    fn line(&mut self, line: &[u8]) {
        let (name, value) = match memchr::memchr(b':', line) {
            // A comment.
            Some(0) => return,
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &[][..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        let room = EVENT_LIMIT.saturating_sub(self.len());
        let kept = &value[..value.len().min(room)];
        let is_known = match name {
            b"data" => {
                match &mut self.data {
                    Some(data) if room > 0 => {
                        data.push(b'\n');
                        data.extend_from_slice(&kept[..kept.len().min(room - 1)]);
                    }
                    Some(_) => {}
                    None => self.data = Some(kept.to_vec()),
                }
                true
            }
            b"event" => {
                self.event = Some(kept.to_vec());
                true
            }
            b"id" if !value.contains(&0) => {
                self.id = Some(kept.to_vec());
                true
            }
            b"retry" => {
                self.retry = number(value).or(self.retry);
                false
            }
            _ => false,
        };
        self.cut |= is_known && kept.len() < value.len();
    }
}

/// A number of ASCII digits and nothing else.
fn number(digits: &[u8]) -> Option<u64> {
    let add = |number: u64, digit: &u8| {
        let digit = char::from(*digit).to_digit(10)?;
        Some(number.saturating_mul(10).saturating_add(digit.into()))
    };
    if digits.is_empty() { None } else { digits.iter().try_fold(0, add) }
}

/// What an empty line does.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Ended {
    /// It ends these lines.
    Block(Block),
    /// It ends lines of which some are missing.
    Lost,
    /// It follows another empty line, or is the first of all.
    Nothing,
}

/// The lines of a stream, as its bytes come.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// What has come of a line, as far as it is kept.
    line: Vec<u8>,
    /// Whether anything has come of it.
    in_line: bool,
    /// Whether more of it came than is kept.
    line_cut: bool,
    /// Whether the last line ended with CR, so that LF belongs to it.
    after_cr: bool,
    /// Whether a line has ended.
    begun: bool,
    block: Block,
    /// Whether the block has any lines.
    in_block: bool,
    /// Whether some of the block is missing.
    lost: bool,
}

/// What may stand before the first line: a byte order mark (the stream's syntax in section 9.2.5).
const BOM: &[u8] = "\u{feff}".as_bytes();

impl Lines {
    /// The lines of a stream whose beginning was not captured.
    pub(super) fn midway() -> Self {
        Self { begun: true, ..Self::default() }
    }

    /// Takes the next bytes; for each empty line that ends in them, `ended` takes what it does.
    pub(super) fn feed(&mut self, mut bytes: &[u8], mut ended: impl FnMut(Ended)) {
        if mem::take(&mut self.after_cr) {
            bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
        }
        while let Some(end) = memchr::memchr2(b'\n', b'\r', bytes) {
            let (line, rest) = (&bytes[..end], &bytes[end + 1..]);
            let rest = match (bytes[end], rest) {
                (b'\r', [b'\n', rest @ ..]) => rest,
                (b'\r', []) => {
                    self.after_cr = true;
                    rest
                }
                _ => rest,
            };
            if self.in_line {
                self.keep(line);
                let line = mem::take(&mut self.line);
                self.end_line(&line, &mut ended);
            } else {
                self.end_line(line, &mut ended);
            }
            bytes = rest;
        }
        if !bytes.is_empty() {
            self.keep(bytes);
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = EVENT_LIMIT - self.line.len();
        self.line.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.line_cut |= bytes.len() > room;
        self.in_line = true;
    }

    fn end_line(&mut self, mut line: &[u8], ended: &mut impl FnMut(Ended)) {
        self.in_line = false;
        let cut = mem::take(&mut self.line_cut);
        if !mem::replace(&mut self.begun, true) {
            line = line.strip_prefix(BOM).unwrap_or(line);
        }
        if line.is_empty() {
            let block = mem::take(&mut self.block);
            let had_lines = mem::take(&mut self.in_block);
            ended(match (mem::take(&mut self.lost), had_lines) {
                (true, _) => Ended::Lost,
                (false, true) => Ended::Block(block),
                (false, false) => Ended::Nothing,
            });
        } else if !self.lost {
            self.in_block = true;
            self.block.line(line);
            self.block.cut |= cut && !line.starts_with(b":");
        }
    }

    /// Bytes are missing here.
    pub(super) fn lose(&mut self) {
        *self = Self { begun: true, lost: true, ..Self::default() };
    }

    /// Whether lines wait for an empty one.
    pub(super) fn in_block(&self) -> bool {
        (self.in_block || self.in_line) && !self.lost
    }

    /// The stream is over: the lines that wait for an empty one. They are dispatched by nothing.
    pub(super) fn end(&mut self) -> Option<Block> {
        if self.in_line {
            // What it would have been, had it ended.
            let line = mem::take(&mut self.line);
            self.end_line(&line, &mut |_| {});
        }
        let block = mem::take(&mut self.block);
        (mem::take(&mut self.in_block) && !self.lost).then_some(block)
    }

    /// The memory that is kept, in bytes.
    pub(super) fn size(&self) -> usize {
        self.line.capacity() + self.block.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(pieces: &[&[u8]]) -> Vec<Ended> {
        let mut lines = Lines::default();
        let mut blocks = Vec::new();
        for piece in pieces {
            lines.feed(piece, |ended| blocks.push(ended));
        }
        blocks.extend(lines.end().map(Ended::Block));
        blocks
    }

    fn data(text: &str) -> Block {
        Block { data: Some(text.into()), ..Block::default() }
    }

    /// The examples of the HTML standard, section 9.2.6, and its rules for each field.
    #[test]
    fn an_empty_line_ends_what_the_lines_before_it_say() {
        let id = |block: Block, id: &str| Block { id: Some(id.into()), ..block };
        for (stream, expected) in [
            ("data: YHOO\ndata: +2\ndata: 10\n\n", vec![data("YHOO\n+2\n10")]),
            (
                ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event",
                vec![
                    Block::default(),
                    id(data("first event"), "1"),
                    id(data("second event"), ""),
                    data(" third event"),
                ],
            ),
            ("data\n\ndata\ndata\n\ndata:", vec![data(""), data("\n"), data("")]),
            ("data:test\n\ndata: test\n\n", vec![data("test"), data("test")]),
            ("\u{feff}data: a\n\n\u{feff}data: b\n\n", vec![data("a"), Block::default()]),
            (
                "id: a\0b\nretry: 20x\nretry: 20\nretry:\nfoo: bar\nDATA: x\n\n",
                vec![Block { retry: Some(20), ..Block::default() }],
            ),
            (
                "event: tick\nevent: tock\ndata: x\r\rdata: y\r\n\r\n",
                vec![Block { event: Some(b"tock".to_vec()), ..data("x") }, data("y")],
            ),
        ] {
            let stream = stream.as_bytes();
            let expected: Vec<_> = expected.into_iter().map(Ended::Block).collect();
            assert_eq!(blocks(&[stream]), expected);
            let bytes: Vec<&[u8]> = stream.chunks(1).collect();
            assert_eq!(blocks(&bytes), expected);
            for at in 0..stream.len() {
                assert_eq!(blocks(&[&stream[..at], &stream[at..]]), expected);
            }
        }
    }

    #[test]
    fn no_more_is_kept_than_the_limit() {
        let long = vec![b'x'; EVENT_LIMIT];
        let cut = |lines: &[&[u8]]| match blocks(&[&lines.concat()]).remove(0) {
            Ended::Block(block) => (block.cut, block.len()),
            other => panic!("{other:?}"),
        };
        assert_eq!(cut(&[b"data:", &long, b"\n\n"]), (false, EVENT_LIMIT));
        assert_eq!(cut(&[b"data:", &long, b"x\n\n"]), (true, EVENT_LIMIT));
        assert_eq!(cut(&[b"data:a\ndata:", &long, b"\ndata: b\n\n"]), (true, EVENT_LIMIT));
        assert_eq!(cut(&[b"data:a\n:", &long, &long, b"\n\n"]), (false, 1));
        // A line that comes in pieces is not kept for longer.
        let mut lines = Lines::default();
        let mut found = Vec::new();
        lines.feed(b"data:", |_| {});
        for _ in 0..3 {
            lines.feed(&long, |_| {});
            assert!(lines.size() <= 2 * EVENT_LIMIT);
        }
        lines.feed(b"\n\n", |ended| found.push(ended));
        assert!(matches!(&found[..], [Ended::Block(Block { cut: true, .. })]));
        // One that is as long as the limit is all kept, and so is what it says.
        let mut lines = Lines::default();
        lines.feed(b"data:", |_| {});
        lines.feed(&long[5..], |_| {});
        assert!(lines.size() >= EVENT_LIMIT);
        lines.feed(b"\n", |_| {});
        assert!(lines.size() >= EVENT_LIMIT - 5);
        found.clear();
        lines.feed(b"\n", |ended| found.push(ended));
        assert!(matches!(&found[..], [Ended::Block(Block { cut: false, .. })]));
    }

    #[test]
    fn what_is_missing_is_no_event() {
        let mut lines = Lines::default();
        let mut found = Vec::new();
        lines.feed(b"data: a\n\ndata: b\n", |ended| found.push(ended));
        lines.lose();
        lines.feed(b"data: c\n\n\ndata: d\n\n", |ended| found.push(ended));
        let [a, d] = ["a", "d"].map(|text| Ended::Block(data(text)));
        assert_eq!(found, [a, Ended::Lost, Ended::Nothing, d]);
    }
}
