//! What must hold for any input at all. The fuzz targets in `fuzz` look for input for which it does
//! not, and the tests in `tests/inputs.rs` try what they found again.

#[allow(dead_code, reason = "each test file uses a part of it")]
pub mod headers;
#[allow(dead_code, reason = "each test file uses a part of it")]
pub mod json;
#[allow(dead_code, reason = "each test file uses a part of it")]
pub mod unpack;

use std::io::{self, Write};

use payloads::{
    decode::{Decoder, Kind, Note, Part, Sink, UnitKind},
    input::{Endpoint, Flags, Reader, Segment},
    report::{
        show::{Show, Style},
        stats::{self, Stats},
    },
    tcp::{ConnectionInfo, Conversations, Notice, Origin, Output, Side},
};

/// The last line of a text with a word, of which nothing else is kept.
#[derive(Default)]
struct Sums {
    line: Vec<u8>,
    found: Option<String>,
}

impl Write for Sums {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(line);
            if line.ends_with(b"\n") {
                // What comes from a capture stands after a rule or a label.
                if self.line.first().is_some_and(u8::is_ascii_digit)
                    && memchr::memmem::find(&self.line, b" shown, ").is_some()
                {
                    self.found = Some(String::from_utf8(self.line.clone()).unwrap());
                }
                self.line.clear();
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// `capture` as a file: `stats` and `show` agree on how many bytes it has, and `show` accounts for
/// each of them.
pub fn capture(capture: &[u8]) {
    let stats = Stats::read(capture, None);
    for explain in [false, true] {
        let mut sums = Sums::default();
        let mut show = Show::new(
            &mut sums,
            Style { explain, color: explain, width: explain.then_some(60) },
            Some(8000),
        );
        let mut reader = Reader::new(capture);
        while let Ok(Some(packet)) = reader.next_packet() {
            show.packet(&packet).unwrap();
        }
        show.finish().unwrap();
        drop(show);
        if let Ok(stats) = &stats {
            let found = sums.found.unwrap();
            let sum: u64 = found.split(' ').filter_map(|word| word.parse::<u64>().ok()).sum();
            assert_eq!(sum, stats.overall.app_bytes, "{found}");
        }
    }
    json::lines(capture);
    if let Ok(stats) = stats {
        if let Some(usual) = &stats.usual {
            let total: u64 = usual.update.divisions.iter().map(|division| division.total).sum();
            assert_eq!(total, usual.update.figures.app_bytes);
        }
        assert!(stats::tables(&[("capture", &stats)]).starts_with("### Overall"));
    }
}

/// What the apps say and things that are nearly that, to be put together.
pub const WORDS: [&[u8]; 54] = [
    b"GET / HTTP/1.1\r\n",
    b"\r\n",
    b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n",
    b"{\"time\": \"09:43:38\"}",
    b"HTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n",
    b"Content-Length: 5\r\n\r\n",
    b"ffffffffffffffff\r\n",
    b"1c\r\ndata: {\"time\": \"11:42:14\"}\n\n\r\n",
    b"0\r\n\r\n",
    b"0\r\nX: y\r\n\r\n",
    b"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\x81\x7e\x00\x05hello",
    b"\x88\x82\x19\xdb\x13\x62\x1a\x32",
    b"\x81\x88\x36\x0d\x29\x16\x51\x68\x5d\x3b\x42\x64\x44\x73",
    b"\x81\x14{\"time\": \"09:43:38\"}",
    b"data: 09:43:38\r\rdata: \r\n\r\n",
    b"time\n",
    b"09:31:45\n\n",
    b"GET /time HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: W+pQUnxtfyImglCepUIxdw==\r\n\r\n",
    b"get /a b HTTP/1.1\n",
    b"GET /\r\n",
    b"get key\n",
    b"POST / HTTP/3\r\nHost : a\r\nno colon\r\nContent-Length:\r\n 3\r\n\r\na=b\r\n",
    b" \t: \x01\r\n",
    b"HTTP/1.1 OK\r\n",
    b"http/1.1 20 OK\nContent-Length : 2\n\nok",
    b"HTTP 200\r\r\n",
    b"\r",
    b"\n",
    b"H",
    b"PING",
    b"hello world\n",
    b"CONNECT a:80 HTTP/1.1\r\n\r\n",
    b"HTTP/1.1 200 Connection established\r\n\r\n",
    b"HTTP/1.1 101 X\r\nUpgrade: h2c\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\n",
    b"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00d",
    b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03",
    b"\x16\x03\x03\x00\x04\x02\x00\x00\x00\x17\x03\x03\x00\x02ab",
    b"\x15\x03\x01\x00\x02\x02\x46",
    b"0000000000000000000000002 ;a=\"x\r\nab\r\n",
    b"0x3 what\r\n",
    b"PROXY TCP4 192.0.2.1 192.0.2.2 50000 80\r\n",
    b"HEAD / HTTP/1.1\r\n\r\n",
    b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n",
    b"<html>\n",
    b"Host: a\r\n",
    b"GET / HTTP/1.1",
];

/// Adds up what it is told of the bytes, and keeps what they are.
#[derive(Default)]
struct Ledger {
    /// The bytes of pieces, and those of notes that say they were captured late.
    shown: u64,
    repeated: u64,
    cut: u64,
    missing: i64,
    /// By kind; those captured late are counted too.
    counted: [i64; 4],
    /// Whether a unit is open: it must be, where there is a piece.
    open: std::collections::HashSet<(u64, usize)>,
    /// Each byte with its part.
    bytes: Vec<(Side, Part, u8)>,
}

impl Sink for Ledger {
    const COUNTS: bool = true;
    const PIECES: bool = true;

    fn begin(&mut self, origin: &Origin<'_>, _unit: UnitKind, _is_rest: bool) {
        self.open.insert((origin.connection.number, origin.side.index()));
    }

    fn piece(&mut self, origin: &Origin<'_>, part: Part, _kind: Kind, bytes: &[u8]) {
        assert!(!bytes.is_empty());
        assert!(self.open.contains(&(origin.connection.number, origin.side.index())));
        self.shown += bytes.len() as u64;
        self.bytes.extend(bytes.iter().map(|byte| {
            let part = if is_cr_of_text(part, *byte) { Part::Text } else { part };
            (origin.side, part, *byte)
        }));
    }

    fn end(&mut self, origin: &Origin<'_>, _complete: bool) {
        assert!(self.open.remove(&(origin.connection.number, origin.side.index())));
    }

    fn note(&mut self, _origin: &Origin<'_>, note: Note<'_>) {
        match note {
            Note::Cut(bytes) => self.cut += bytes,
            Note::Repeated(bytes)
            | Note::Tcp(
                Notice::SentOtherwise { bytes, .. }
                | Notice::KeepAlive(bytes)
                | Notice::WindowProbe(bytes),
            ) => self.repeated += bytes,
            Note::Tcp(Notice::Outside { bytes, cut } | Notice::ResetText { bytes, cut }) => {
                self.shown += bytes.len() as u64;
                self.cut += cut;
            }
            Note::Late { bytes, cut, missed } => {
                self.shown += bytes.len() as u64;
                self.cut += cut;
                if missed {
                    self.missing -= (bytes.len() as u64 + cut).cast_signed();
                    assert!(self.missing >= 0);
                }
            }
            Note::Gap(bytes) => {
                assert!(bytes > 0);
                self.missing += bytes.cast_signed();
            }
            Note::GapOrFin | Note::End | Note::WebSocket | Note::OtherWebSocket | Note::Tcp(_) => {}
        }
    }

    fn count(&mut self, _origin: &Origin<'_>, kind: Kind, bytes: u64) {
        self.counted[kind as usize] += bytes.cast_signed();
    }

    fn uncount(&mut self, _origin: &Origin<'_>, kind: Kind, bytes: u64) {
        self.counted[kind as usize] -= bytes.cast_signed();
        assert!(self.counted[kind as usize] >= 0);
    }

    fn recount(&mut self, _origin: &Origin<'_>, from: Kind, to: Kind, bytes: u64) {
        self.counted[from as usize] -= bytes.cast_signed();
        self.counted[to as usize] += bytes.cast_signed();
        assert!(self.counted[from as usize] >= 0);
    }
}

impl Ledger {
    /// Every byte is shown once and counted once, and no unit is left open.
    fn check(&self, total: u64) {
        assert_eq!(self.shown + self.repeated + self.cut, total);
        assert_eq!(self.counted.iter().sum::<i64>(), self.shown.cast_signed());
        assert!(self.open.is_empty());
    }
}

/// Gives the bytes of an input one after the other, and zeros after its end.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn next(&mut self) -> u8 {
        self.0.split_off_first().copied().unwrap_or_default()
    }

    fn next_i16(&mut self) -> i16 {
        i16::from_le_bytes([self.next(), self.next()])
    }

    fn take(&mut self, len: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(len.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// Bytes of the input itself, or several of the [`WORDS`].
    fn payload(&mut self, form: u8) -> Vec<u8> {
        match form {
            0..=127 => self.take(usize::from(form)).to_vec(),
            _ => (0..=form % 4)
                .flat_map(|_| WORDS[usize::from(self.next()) % WORDS.len()])
                .copied()
                .collect(),
        }
    }
}

/// `input` as segments of up to eight connections: every byte of theirs is shown, sent again, or cut
/// off, however their numbers contradict each other.
pub fn segments(input: &[u8]) {
    let mut input = Bytes(input);
    let mut conversations = Conversations::new(None);
    let mut ledger = Ledger::default();
    let mut next = [[1_000_u32, 0_u32.wrapping_sub(20)]; 8];
    let mut total = 0;
    let mut time = 0;
    while !input.0.is_empty() {
        let (who, how) = (input.next(), input.next());
        let (side, connection) = (usize::from(who & 1), usize::from(who >> 1 & 7));
        let bit = |bit: u8| how >> bit & 1 == 1;
        let flags =
            Flags { syn: bit(0), fin: bit(1), rst: bit(2), ack: !bit(3), ..Flags::default() };
        let form = input.next();
        let payload = input.payload(form);
        let cut = if bit(4) { u32::from(input.next()) } else { 0 };
        let payload_len = u32::try_from(payload.len()).unwrap() + cut;
        let numbers = &mut next[connection];
        let mut sequence = numbers[side];
        let mut acknowledgment = numbers[1 - side];
        if bit(5) {
            sequence = sequence.wrapping_add_signed(input.next_i16().into());
        }
        if bit(6) {
            acknowledgment = acknowledgment.wrapping_add_signed(input.next_i16().into());
        }
        if bit(7) {
            sequence = sequence.wrapping_add(u32::from(input.next()) << 24);
        }
        numbers[side] = sequence
            .wrapping_add(payload_len)
            .wrapping_add(flags.syn.into())
            .wrapping_add(flags.fin.into());
        let mut ends = [
            Endpoint { address: [192, 0, 2, 1].into(), port: 50_000 + connection as u16 },
            Endpoint { address: [192, 0, 2, 2].into(), port: 8000 },
        ];
        if side == 1 {
            ends.reverse();
        }
        let segment = Segment {
            source: ends[0],
            destination: ends[1],
            sequence,
            acknowledgment,
            flags,
            window: 0xffff,
            options: &[],
            header_len: 20,
            payload_len,
            payload: &payload,
        };
        total += u64::from(payload_len);
        time += i64::from(form);
        conversations.segment(time, &segment, &mut ledger);
    }
    conversations.finish(time, &mut ledger);
    ledger.check(total);
}

/// `input` as what both sides say in turn: the same bytes have the same names however they are cut
/// into pieces.
pub fn pieces(input: &[u8]) {
    let mut input = Bytes(input);
    let mut random = u64::from_le_bytes([input.next(); 8]) | 1;
    let mut messages: Vec<(Side, Vec<u8>)> = Vec::new();
    while !input.0.is_empty() {
        let side = if input.next() & 1 == 0 { Side::Client } else { Side::Server };
        let form = input.next();
        let payload = input.payload(form);
        match messages.last_mut() {
            Some((last, bytes)) if *last == side => bytes.extend(payload),
            _ => messages.push((side, payload)),
        }
    }
    let total = messages.iter().map(|(_, bytes)| bytes.len() as u64).sum();
    let whole = decode(&messages, total, |len| len);
    let bytewise = decode(&messages, total, |_| 1);
    let pieces = decode(&messages, total, |len| {
        random ^= random >> 12;
        random ^= random << 25;
        random ^= random >> 27;
        1 + (random >> 33) as usize % len
    });
    for other in [bytewise, pieces] {
        // After what cannot be read, any piece may happen to begin with something that can.
        let unknown = |ledger: &Ledger| {
            let is_unread = |part| matches!(part, Part::Unknown | Part::Misfit);
            ledger.bytes.iter().position(|(_, part, _)| is_unread(*part))
        };
        let until = unknown(&whole).into_iter().chain(unknown(&other)).min();
        let [one, two] = [&whole, &other].map(|ledger| match until {
            Some(until) => &ledger.bytes[..until],
            None => &ledger.bytes[..],
        });
        if one != two {
            assert_eq!(runs(one), runs(two));
        }
        let has_cr = whole.bytes.iter().any(|(_, part, byte)| is_cr_of_text(*part, *byte));
        if until.is_none() && !has_cr {
            assert_eq!(whole.counted, other.counted);
        }
    }
}

/// A segment of text that ends with CR does not say whether LF follows, so that CR may be taken for
/// text.
fn is_cr_of_text(part: Part, byte: u8) -> bool {
    matches!((part, byte), (Part::Text | Part::LineEnd, b'\r'))
}

/// Decodes messages, each cut into pieces as long as `cut` says for the bytes that are left.
fn decode(messages: &[(Side, Vec<u8>)], total: u64, mut cut: impl FnMut(usize) -> usize) -> Ledger {
    let client = Endpoint { address: [192, 0, 2, 1].into(), port: 50_000 };
    let server = Endpoint { address: [192, 0, 2, 2].into(), port: 8000 };
    let info = ConnectionInfo { number: 1, slot: 0, client, server, midway: false };
    let mut decoder = Decoder::new(false);
    let mut ledger = Ledger::default();
    for (side, message) in messages {
        let mut rest = message.as_slice();
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(cut(rest.len()));
            decoder.take(&info, *side, 0, Output::Data { sequence: 0, bytes: piece }, &mut ledger);
            rest = after;
        }
    }
    decoder.finish(&info, 0, &mut ledger);
    ledger.check(total);
    ledger
}

/// Bytes of the same part as one.
fn runs(bytes: &[(Side, Part, u8)]) -> Vec<(Side, Part, String)> {
    bytes
        .chunk_by(|(side, part, _), (next_side, next_part, _)| {
            (side, part) == (next_side, next_part)
        })
        .map(|run| {
            let text: Vec<u8> = run.iter().map(|(_, _, byte)| *byte).collect();
            (run[0].0, run[0].1, text.escape_ascii().to_string())
        })
        .collect()
}
