//! A capture as lines of JSON, for programs: what `payloads show --json` prints.
//!
//! One object a line, in UTF-8 without control characters, in the order in which things become known.
//! Names stay once released; a reader ignores what it does not know. The sums of what the lines say
//! are those of `payloads stats`.
//!
//! Times are seconds since the capture's first packet, those of a thing's first byte; they may be
//! negative or go back where packets were captured out of order. Sizes are bytes unless they say
//! bits. Hexadecimal text is lower case, without spaces. Numbers of packets, connections and units
//! count from 1 over the whole capture.
//!
//! | kind | when | besides `kind` |
//! |---|---|---|
//! | `capture` | first of all | `version` (1), `start` (the first packet's time, RFC 3339 in UTC; null if there is none) |
//! | `connection` | a connection is first seen, and again where what it says turned out otherwise, for what came before too | `connection`, `time`, `client`, `server`, `midway` |
//! | `term` | before the first line that refers to it, once | `term` (its key), `name`, `meaning`, `source` |
//! | `packet` | at once when it is read | `packet`, `time`, `length` on the wire, `captured`, `what` (in words), `layers`, `fields`, `hex` (all captured bytes); for TCP also `connection`, `side`, `flags`, `seq` and `ack` (relative: the connection's first byte is 1), `data` (bytes of payload on the wire), `acknowledges` (the packets whose data it acknowledges first), `answers` (the packet that it is the first answer to) |
//! | a unit: `request`, `response`, `content`, `chunk`, `text`, `frame`, `bytes` | it is complete or cannot be completed; where a message has no end but the connection's, with each packet; where it is long, in pieces | `unit`, `label`, `what`, `connection`, `side`, `time`, `bytes`, `parts`, `spans`, `complete`, `continues` (the unit before, where this is a piece of the same); `text` where it is text, else `hex`. A frame has `hex` always, and `fin`, `rsv`, `opcode`, `masked`, and its `payload` unmasked, as `text` or `hex` within |
//! | `event` | an empty line ends an event's lines, or its stream ends without one | `connection`, `side`, `time`, `units` (numbers), `label` if it was dispatched, `what`, `id`, `event`, `data`, `retry` where given, `dispatched`, `unpacked` (the codings) where it was packed, `cut` where there was more of it than is kept |
//! | `message` | the last frame of a message of several or packed frames, or the end of content in several or packed units | `connection`, `side`, `time`, `units`, `label`, `what`, `text` or `hex`, `bytes` (all of them), `unpacked` (`"gzip"`, `"permessage-deflate"` ...; absent where it was not packed), `cut` where there was more of it than is kept, `short` (why, in words) where the rest of it did not come or unpack |
//! | `note` | something about bytes, packets or a connection that a reader should know | `note` (a stable word), `text` (as `show` prints it), `time`, and `connection`, `side`, `packet`, `bytes`, `unit` where they apply |
//! | `recount` | bytes of a unit turned out to be of another kind | `unit`, `byte` (from 0), `bytes`, `of` |
//! | `update` | an update is decided | `packets` (first and last), `figures` and the divisions `client` and `server`, named as in `stats --json` |
//! | `end` | the capture is over | `why` (`"over"`, `"cut"`, `"damaged"`), `shown`, `sent_again`, `cut_off`, `no_data` (of keep-alives and window probes), `missing`, and `stats`: the object that `stats --json` prints |
//!
//! `layers` of a packet, from the outside in: each `layer`, `bits`, `group` (`link`, `network`,
//! `transport`, `payload`) and `text`. `fields` of a packet: arrays `[bits, term, value]` in order. Both
//! tile the captured bytes from the first bit to the last; what is not read is a layer and a field too.
//!
//! `spans` of a unit are arrays `[packet, offset, bytes]`: where its bytes were captured, `offset`
//! counted from the packet's first byte. There are none of bytes that come late or are not accepted,
//! and where that was forgotten.
//!
//! `parts` of a unit are arrays `[bits, of, term, value]` in order, and tile it; the fields of a
//! frame's header are parts of their own. `of` is what the bits count as: `time`, `framing`, `head`,
//! `content`; a time is a part of its own. A value longer than 200 characters ends with `…`: the
//! unit has all of it. A fifth member says what is odd about the line of HTTP that the part belongs
//! to, where something is.

mod line;
mod terms;
mod unit;
mod whole;

use std::{
    collections::HashSet,
    io::{self, Write},
    mem,
};

use super::{
    counter::Decided,
    notes,
    packets::{Deed, Sent},
    walk::{Told, Walk},
};
use crate::{
    decode::{Event, Listener, Note, Unit},
    input::{
        Packet,
        headers::{Named, Term},
    },
    tcp::{ConnectionInfo, Ending, Notice, Side},
};

pub use super::walk::End;
pub use terms::TERMS;

use line::Line;

/// How much text is put together before it is written, in bytes.
const WRITE_SIZE: usize = 64 * 1024;

/// Prints a capture as lines of JSON, as its packets come.
pub struct Json<W> {
    walk: Walk<Lines<W>>,
    name: String,
    finished: bool,
}

impl<W: Write> Json<W> {
    /// Prints the capture called `name` to `out`. Where a connection's SYN was not captured, the
    /// side with `port` is its server.
    pub fn new(out: W, name: String, port: Option<u16>) -> Self {
        Self { walk: Walk::new(Lines::new(out), port), name, finished: false }
    }

    /// Takes a packet. What it completes may wait in memory until [`flush`](Self::flush).
    ///
    /// # Errors
    ///
    /// If the output cannot be written.
    pub fn packet(&mut self, packet: &Packet<'_>) -> io::Result<()> {
        if self.walk.packets() == 0 {
            self.walk.listener().capture(Some(packet.time));
        }
        self.walk.packet(packet);
        let lines = self.walk.listener();
        lines.write_if_long();
        lines.result()
    }

    /// How many packets were taken, if one may wait for others that were captured the wrong way
    /// round.
    pub fn has_early(&mut self) -> Option<u64> {
        self.walk.has_early()
    }

    /// Nothing came for [`EARLY_WAIT`](crate::tcp::EARLY_WAIT): prints what waited for it.
    ///
    /// # Errors
    ///
    /// If the output cannot be written.
    pub fn release_early(&mut self) -> io::Result<()> {
        self.walk.release_early();
        self.flush()
    }

    /// Writes all that is complete.
    ///
    /// # Errors
    ///
    /// If the output cannot be written.
    pub fn flush(&mut self) -> io::Result<()> {
        let lines = self.walk.listener();
        lines.write();
        lines.result()?;
        lines.out.flush()
    }

    /// The capture is over: prints what was still waiting for more, and the sums. A second call
    /// does nothing.
    ///
    /// # Errors
    ///
    /// If the output cannot be written.
    pub fn finish(&mut self, end: End) -> io::Result<()> {
        if !mem::replace(&mut self.finished, true) {
            if self.walk.packets() == 0 {
                self.walk.listener().capture(None);
            }
            let stats = self.walk.finish(end).json(&self.name);
            let why = match end {
                End { damaged: true, .. } => "damaged",
                End { cut_at: Some(_), .. } => "cut",
                _ => "over",
            };
            self.walk.listener().end(why, &stats);
        }
        self.flush()
    }

    /// What a reader should know of the packets, in a line each.
    ///
    /// `unsupported` of them were of an interface with a link type that is not supported.
    pub fn warnings(&mut self, unsupported: u64) -> Vec<String> {
        self.walk.warnings(unsupported)
    }
}

/// The lines, and what the last of them tells.
struct Lines<W> {
    out: W,
    /// Why the output could not be written, until somebody asks.
    error: Option<io::Error>,
    text: String,
    /// A line that is being put together, before the terms that it refers to are known.
    line: String,
    /// From where on the text waits for the line of the packet at hand.
    held_from: Option<usize>,
    /// The number of the packet at hand, which brings what is told.
    at_packet: Option<u64>,
    /// What was noted of the packet at hand.
    noted: Option<String>,
    terms: Vec<&'static Term>,
    known: HashSet<&'static str>,
    shown: u64,
    sent_again: u64,
    cut_off: u64,
    no_data: u64,
    missing: u64,
}

impl<W: Write> Listener for Lines<W> {
    const KINDS: bool = true;

    fn event(&mut self, time: i64, event: Event<'_>) {
        match event {
            Event::Opened(connection) => self.opened(time, connection),
            Event::Changed(connection, _) => self.connection(time, connection),
            Event::Ended(connection, ending) => self.ended(time, connection, ending),
            Event::Unit(unit) => self.unit(unit),
            Event::StreamEvent(event) => {
                self.line("event", |line| whole::push_event(line, event));
            }
            Event::Message(message) => {
                self.line("message", |line| whole::push_message(line, message));
            }
            Event::Note(connection, side, note) => self.note(time, connection, side, note),
            Event::Recount { unit, byte, bytes, of } => self.line("recount", |line| {
                line.number("unit", unit);
                line.number("byte", byte as u64);
                line.number("bytes", bytes as u64);
                line.string("of", unit::kind_name(of));
            }),
        }
        // A line that is held back waits for that of its packet.
        if self.held_from.is_none() {
            self.write_if_long();
        }
    }
}

impl<W: Write> Told for Lines<W> {
    fn hold(&mut self, packet: u64) {
        self.at_packet = Some(packet);
        self.held_from = Some(self.text.len());
        self.noted = None;
    }

    fn packet(
        &mut self,
        number: u64,
        time: i64,
        packet: &Packet<'_>,
        deed: Option<(Sent<'_>, Deed)>,
        named: Named,
    ) {
        let held = self.held_from.take().map(|from| self.text.split_off(from));
        self.at_packet = None;
        self.packet_line(number, time, packet, deed, named);
        self.text.push_str(&held.unwrap_or_default());
    }

    fn update(&mut self, decided: Decided) {
        self.line("update", |line| {
            for (name, value) in decided.members() {
                line.value(name, &value);
            }
        });
    }
}

impl<W: Write> Lines<W> {
    /// Writes the text. After the first error nothing more is written.
    fn write(&mut self) {
        if self.error.is_none()
            && let Err(error) = self.out.write_all(self.text.as_bytes())
        {
            self.error = Some(error);
        }
        self.text.clear();
    }

    fn write_if_long(&mut self) {
        if self.text.len() >= WRITE_SIZE {
            self.write();
        }
    }

    fn result(&mut self) -> io::Result<()> {
        self.error.take().map_or(Ok(()), Err)
    }
}

impl<W> Lines<W> {
    fn new(out: W) -> Self {
        Self {
            out,
            error: None,
            text: String::new(),
            line: String::new(),
            held_from: None,
            at_packet: None,
            noted: None,
            terms: Vec::new(),
            known: HashSet::new(),
            shown: 0,
            sent_again: 0,
            cut_off: 0,
            no_data: 0,
            missing: 0,
        }
    }

    /// Adds a line of this `kind`, with what `members` adds to it.
    fn line(&mut self, kind: &str, members: impl FnOnce(&mut Line<'_>)) {
        let mut line = Line::begin(&mut self.text, kind);
        members(&mut line);
        line.end();
    }

    /// The first line; `start` is the time of the first packet.
    fn capture(&mut self, start: Option<i64>) {
        self.line("capture", |line| {
            line.number("version", 1);
            let start = start.and_then(rfc_3339);
            line.value("start", &start.map_or(serde_json::Value::Null, Into::into));
        });
    }

    fn packet_line(
        &mut self,
        number: u64,
        time: i64,
        packet: &Packet<'_>,
        deed: Option<(Sent<'_>, Deed)>,
        named: Named,
    ) {
        let mut text = mem::take(&mut self.line);
        let mut line = Line::begin(&mut text, "packet");
        line.number("packet", number);
        line.time("time", time);
        line.number("length", packet.frame_len);
        line.number("captured", packet.data.len() as u64);
        let what = self.noted.take().or(deed.as_ref().map(|(_, deed)| deed.what.clone()));
        line.string("what", &what.unwrap_or(named.what));
        if let Some((sent, deed)) = &deed {
            deed_members(&mut line, sent, deed);
        }
        {
            let mut layers = line.array("layers");
            for layer in &named.layers {
                layers.object(|line| {
                    line.string("layer", layer.name);
                    line.number("bits", layer.bits as u64);
                    line.string("group", layer.group.name());
                    line.string("text", &layer.text);
                });
            }
        }
        {
            let mut fields = line.array("fields");
            for field in &named.fields {
                self.terms.push(field.term);
                let mut array = fields.array();
                array.number(field.bits as u64);
                array.string(field.term.key);
                array.string(&field.value);
            }
        }
        line.hex("hex", packet.data);
        line.end();
        self.push_terms();
        self.text.push_str(&text);
        text.clear();
        self.line = text;
    }

    /// A connection is first seen: its line comes before that of its first packet.
    fn opened(&mut self, time: i64, connection: &ConnectionInfo) {
        self.connection(time, connection);
        if let Some(from) = &mut self.held_from {
            // Nothing else is held back when a packet opens a connection, but the end of the one before.
            *from = self.text.len();
        }
    }

    fn connection(&mut self, time: i64, connection: &ConnectionInfo) {
        self.line("connection", |line| {
            line.number("connection", connection.number);
            line.time("time", time);
            line.string("client", &connection.client.to_string());
            line.string("server", &connection.server.to_string());
            line.truth("midway", connection.midway);
        });
    }

    fn ended(&mut self, time: i64, connection: &ConnectionInfo, ending: Ending) {
        let Some(text) = notes::ending_text(ending) else {
            return;
        };
        let packet = self.at_packet;
        self.line("note", |line| {
            line.string("note", ending.word());
            line.string("text", &text);
            line.time("time", time);
            if let Some(packet) = packet {
                line.number("packet", packet);
            }
            line.number("connection", connection.number);
        });
    }

    fn note(&mut self, time: i64, connection: &ConnectionInfo, side: Side, note: Note<'_>) {
        let bytes = match note {
            Note::Cut(bytes) => {
                self.cut_off += bytes;
                bytes
            }
            Note::Gap(bytes) => {
                self.missing += bytes;
                bytes
            }
            Note::Repeated(bytes) | Note::Tcp(Notice::SentOtherwise { bytes, .. }) => {
                self.sent_again += bytes;
                bytes
            }
            Note::Tcp(Notice::Outside { bytes, cut } | Notice::ResetText { bytes, cut }) => {
                self.cut_off += cut;
                bytes.len() as u64 + cut
            }
            Note::Tcp(Notice::KeepAlive(bytes) | Notice::WindowProbe(bytes)) => {
                self.no_data += bytes;
                bytes
            }
            Note::Late { bytes, cut, missed } => {
                self.cut_off += cut;
                if missed {
                    // It was said that they are.
                    self.missing -= bytes.len() as u64 + cut;
                }
                bytes.len() as u64 + cut
            }
            _ => 0,
        };
        let text = notes::text(side, &note);
        if self.held_from.is_some() && matches!(note, Note::Repeated(_) | Note::Tcp(_)) {
            self.noted.get_or_insert_with(|| text.clone());
        }
        let packet = self.at_packet;
        self.line("note", |line| {
            line.string("note", note.word());
            line.string("text", &text);
            line.time("time", time);
            if let Some(packet) = packet {
                line.number("packet", packet);
            }
            line.number("connection", connection.number);
            line.string("side", side.name());
            if bytes > 0 {
                line.number("bytes", bytes);
            }
        });
    }

    fn unit(&mut self, unit: &Unit) {
        self.shown += unit.bytes.len() as u64;
        let mut text = mem::take(&mut self.line);
        let mut line = Line::begin(&mut text, unit::kind(unit));
        line.number("unit", unit.id);
        line.string("label", &unit.label());
        line.string("what", &unit::what(unit));
        line.number("connection", unit.connection);
        line.string("side", unit.side.name());
        line.time("time", unit.time);
        line.number("bytes", unit.bytes.len() as u64);
        unit::push(&mut line, unit, &mut self.terms);
        line.end();
        self.push_terms();
        self.text.push_str(&text);
        text.clear();
        self.line = text;
        let packet = self.at_packet;
        for violation in &unit.violations {
            self.line("note", |line| {
                line.string("note", violation.word());
                line.string("text", violation.text());
                line.time("time", unit.time);
                if let Some(packet) = packet {
                    line.number("packet", packet);
                }
                line.number("connection", unit.connection);
                line.string("side", unit.side.name());
                line.number("unit", unit.id);
            });
        }
    }

    /// Adds lines for the terms that the next line refers to, where they are new.
    fn push_terms(&mut self) {
        for term in mem::take(&mut self.terms) {
            if self.known.insert(term.key) {
                self.line("term", |line| {
                    line.string("term", term.key);
                    line.string("name", term.name);
                    line.string("meaning", term.meaning);
                    line.string("source", term.source);
                });
            }
        }
    }

    fn end(&mut self, why: &str, stats: &serde_json::Value) {
        let sums = [
            ("shown", self.shown),
            ("sent_again", self.sent_again),
            ("cut_off", self.cut_off),
            ("no_data", self.no_data),
            ("missing", self.missing),
        ];
        self.line("end", |line| {
            line.string("why", why);
            for (name, sum) in sums {
                line.number(name, sum);
            }
            line.value("stats", stats);
        });
    }
}

/// What a packet does on its connection.
fn deed_members(line: &mut Line<'_>, sent: &Sent<'_>, deed: &Deed) {
    line.number("connection", sent.connection);
    line.string("side", sent.side.name());
    {
        let mut flags = line.array("flags");
        for flag in sent.segment.flags.names() {
            flags.string(flag);
        }
    }
    line.number("seq", deed.sequence);
    if let Some(acknowledgment) = deed.acknowledgment {
        line.number("ack", acknowledgment);
    }
    line.number("data", sent.segment.payload_len);
    {
        let mut acknowledges = line.array("acknowledges");
        for packet in &deed.acknowledges {
            acknowledges.number(*packet);
        }
    }
    if let Some(packet) = deed.answers {
        line.number("answers", packet);
    }
}

/// A time in nanoseconds since 1970 as text (RFC 3339), if its year has four digits.
fn rfc_3339(time: i64) -> Option<String> {
    let time = time::OffsetDateTime::from_unix_timestamp_nanos(time.into()).ok()?;
    let (year, month, day) = time.to_calendar_date();
    let (hour, minute, second, nanosecond) = time.to_hms_nano();
    let month = u8::from(month);
    (0..=9999).contains(&year).then(|| {
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{nanosecond:09}Z")
    })
}
