//! Prints a conversation as a teacher would write it on the board.

use std::{
    fmt::Write as _,
    io::{self, Write},
    mem,
};

use super::{
    digits::{push_digits, push_number},
    escape::{push_escaped, push_escaped_str},
    explain::{Explained, empty_line, explain, explain_message},
    frame::{HEX_COLUMNS, hex_lines},
    heads::chunk_size_meaning,
    left_out::LeftOut,
    notes,
    plural::plural,
    records,
    wrap::wrapped,
};
use crate::{
    decode::{
        Assembler, Decoder, Event, Listener, Message, Note, Part, Source, Span, StreamEvent, Unit,
        UnitKind, Violation, time_of_day,
    },
    input::{Contents, Found, Headers, Packet, Twice},
    tcp::{ConnectionInfo, Conversations, Notice, Side},
};

/// How much text is put together before it is written, in bytes.
const WRITE_SIZE: usize = 64 * 1024;

/// The column at which remarks stand beside short lines, counted from where the lines begin.
const REMARK_COLUMN: usize = 34;

/// The furthest column to which meanings are lined up, counted from where values begin.
const MEANING_COLUMN: usize = 54;

/// How many columns a label takes at least.
const LABEL_COLUMNS: usize = 3;

/// How many columns the name of a line takes at least.
const NAME_COLUMNS: usize = 13;

/// How many lines of hexadecimal numbers are printed of what is not read.
const HEX_LINES: usize = 3;

/// How a conversation is printed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// Whether each byte is explained.
    pub explain: bool,
    /// Whether colours are used.
    pub color: bool,
    /// How many columns a line may take before it is wrapped, if there is a limit.
    pub width: Option<usize>,
}

/// Prints a capture as its packets come.
pub struct Show<W> {
    conversations: Conversations<Decoder>,
    assembler: Assembler<Printer<W>>,
    headers: Headers,
    left_out: LeftOut,
    twice: Twice,
    last_time: i64,
    finished: bool,
}

impl<W: Write> Show<W> {
    /// Prints to `out`. Where a connection's SYN was not captured, the side with `port` is its
    /// server.
    pub fn new(out: W, style: Style, port: Option<u16>) -> Self {
        Self {
            conversations: Conversations::new(port),
            assembler: Assembler::new(Printer::new(out, style)),
            headers: Headers::default(),
            left_out: LeftOut::default(),
            twice: Twice::default(),
            last_time: 0,
            finished: false,
        }
    }

    /// Takes a packet. What it completes may wait in memory until [`flush`](Self::flush).
    ///
    /// # Errors
    ///
    /// If the output cannot be written.
    pub fn packet(&mut self, packet: &Packet<'_>) -> io::Result<()> {
        self.assembler.start(packet.time);
        let mut found = Found::new(packet);
        self.headers.read(packet, &mut found);
        self.left_out.count(&found);
        let Contents::Tcp(segment) = &found.contents else {
            return Ok(());
        };
        if self.twice.is_again(packet, &found.carrier) {
            self.left_out.recorded_twice += u64::from(found.packets);
            return Ok(());
        }
        self.last_time = packet.time;
        let printer = self.assembler.listener();
        printer.packets += u64::from(found.packets);
        printer.app_bytes += u64::from(segment.payload_len);
        self.conversations.segment(packet.time, segment, &mut self.assembler);
        self.assembler.listener().result()
    }

    /// How many segments were taken, if one may wait for others that were captured the wrong way
    /// round.
    pub fn has_early(&mut self) -> Option<u64> {
        self.conversations.has_early().then(|| self.assembler.listener().packets)
    }

    /// Nothing came for [`EARLY_WAIT`](crate::tcp::EARLY_WAIT): prints what waited for it.
    ///
    /// # Errors
    ///
    /// If the output cannot be written.
    pub fn release_early(&mut self) -> io::Result<()> {
        self.conversations.release_early(i64::MAX, &mut self.assembler);
        self.flush()
    }

    /// Writes all that is complete.
    ///
    /// # Errors
    ///
    /// If the output cannot be written.
    pub fn flush(&mut self) -> io::Result<()> {
        let printer = self.assembler.listener();
        if printer.text.is_empty() {
            return printer.result();
        }
        printer.write();
        printer.result()?;
        printer.out.flush()
    }

    /// The capture is over: prints what was still waiting for more, and the sums. A second call
    /// does nothing.
    ///
    /// # Errors
    ///
    /// If the output cannot be written.
    pub fn finish(&mut self) -> io::Result<()> {
        if !mem::replace(&mut self.finished, true) {
            let connections = self.conversations.count();
            self.conversations.finish(self.last_time, &mut self.assembler);
            self.assembler.listener().sums(connections);
        }
        self.flush()
    }

    /// What a reader should know of the packets, in a line each.
    ///
    /// `unsupported` of them were of an interface with a link type that is not supported.
    pub fn warnings(&mut self, unsupported: u64) -> Vec<String> {
        let mut left_out = self.left_out.clone();
        left_out.unsupported = unsupported;
        left_out.warnings(self.assembler.listener().packets)
    }
}

/// The explanation of `unit`, a line for each byte or bit field, as `payloads show --explain`
/// prints it but without the rule on its left.
pub fn explanation(unit: &Unit) -> String {
    let mut printer = Printer::new(io::sink(), Style::default());
    printer.bare = true;
    printer.explained(unit);
    printer.text
}

/// Who says what, in colours that a dark and a light terminal show.
pub(super) mod color {
    pub const CLIENT: &str = "\x1b[1;36m";
    pub const SERVER: &str = "\x1b[1;35m";
    pub const TIME: &str = "\x1b[1;32m";
    pub const VALUE: &str = "\x1b[1m";
    pub const WARNING: &str = "\x1b[33m";
    pub const DIM: &str = "\x1b[2m";
    pub const OFF: &str = "\x1b[0m";
}

pub(super) struct Printer<W> {
    pub(super) out: W,
    /// Why the output could not be written, until somebody asks.
    error: Option<io::Error>,
    pub(super) style: Style,
    /// Whether packets are printed too. What units say is then printed with `explain` alone.
    pub(super) among_packets: bool,
    /// Whether lines stand without the rule on their left.
    bare: bool,
    pub(super) text: String,
    pub(super) packets: u64,
    pub(super) app_bytes: u64,
    shown: u64,
    sent_again: u64,
    no_data: u64,
    cut_off: u64,
    missing: u64,
    connections: u64,
    /// Whether something was printed, and whether that had more than one line.
    pub(super) started: bool,
    pub(super) after_several: bool,
}

impl<W: Write> Listener for Printer<W> {
    fn event(&mut self, time: i64, event: Event<'_>) {
        self.print_wrapped(time, event);
        // One packet may bring many events, as may the end of what they waited for.
        self.write_if_long();
    }
}

impl<W: Write> Printer<W> {
    pub(super) fn write_if_long(&mut self) {
        if self.text.len() >= WRITE_SIZE {
            self.write();
        }
    }

    /// Writes the text. After the first error nothing more is written.
    pub(super) fn write(&mut self) {
        if self.error.is_none()
            && let Err(error) = self.out.write_all(self.text.as_bytes())
        {
            self.error = Some(error);
        }
        self.text.clear();
    }

    pub(super) fn result(&mut self) -> io::Result<()> {
        self.error.take().map_or(Ok(()), Err)
    }
}

impl<W> Printer<W> {
    pub(super) fn new(out: W, style: Style) -> Self {
        Self {
            out,
            error: None,
            style,
            among_packets: false,
            bare: false,
            text: String::new(),
            packets: 0,
            app_bytes: 0,
            shown: 0,
            sent_again: 0,
            no_data: 0,
            cut_off: 0,
            missing: 0,
            connections: 0,
            started: false,
            after_several: false,
        }
    }

    /// Prints `event` in lines that fit the terminal.
    pub(super) fn print_wrapped(&mut self, time: i64, event: Event<'_>) {
        let start = self.text.len();
        self.print(time, event);
        if let Some(width) = self.style.width {
            let lines = wrapped(&self.text[start..], width);
            self.text.truncate(start);
            self.text.push_str(&lines);
        }
    }

    fn print(&mut self, time: i64, event: Event<'_>) {
        match event {
            Event::Opened(connection) => self.opened(time, connection),
            Event::Ended(connection, ending) => {
                if let Some(line) = notes::ending_text(ending) {
                    self.paragraph(false);
                    self.heading(time, connection.number, None, "", &line);
                }
            }
            Event::Changed(connection, turned) => {
                if turned {
                    let (client, server) = (connection.client, connection.server);
                    let line =
                        format!("as it turns out, the client is {client}, the server {server}");
                    self.paragraph(true);
                    self.heading(time, connection.number, None, "", &line);
                }
            }
            Event::Unit(unit) => self.unit(unit),
            Event::StreamEvent(event) => self.stream_event(event),
            Event::Message(message) => self.message(message),
            Event::Note(connection, side, note) => self.note(time, connection, side, note),
            Event::Recount { .. } => {}
        }
    }

    fn color(&mut self, color: &str) {
        if self.style.color {
            self.text.push_str(color);
        }
    }

    pub(super) fn colored(&mut self, color: &str, text: &str) {
        self.color(color);
        self.text.push_str(text);
        self.color(color::OFF);
    }

    /// The line above a unit: its label, the direction, the time, and what it is.
    pub(super) fn heading(
        &mut self,
        time: i64,
        connection: u64,
        side: Option<Side>,
        label: &str,
        what: &str,
    ) {
        self.begin_heading(time, connection, side, label);
        self.text.push_str(what);
        self.text.push('\n');
    }

    /// The same up to what it is.
    fn begin_heading(&mut self, time: i64, connection: u64, side: Option<Side>, label: &str) {
        let (color, sign) = match side {
            Some(Side::Client) => (color::CLIENT, "→"),
            Some(Side::Server) => (color::SERVER, "←"),
            None => ("", "─"),
        };
        if side.is_none() && label.is_empty() {
            self.text.push_str("─────");
        } else {
            self.color(color);
            self.text.push_str(label);
            // All of it is ASCII.
            self.spaces(LABEL_COLUMNS.saturating_sub(label.len()) + 1);
            self.text.push_str(sign);
            if side.is_some() {
                self.color(color::OFF);
            }
        }
        // Times of packets that were captured out of order may lie before the first one's.
        let microseconds = time.unsigned_abs() / 1_000;
        let (seconds, fraction) = (microseconds / 1_000_000, microseconds % 1_000_000);
        self.color(color::DIM);
        self.text.push_str(if time < 0 { "  -" } else { "  " });
        push_number(&mut self.text, seconds);
        self.text.push('.');
        push_digits(&mut self.text, fraction, 6);
        self.text.push_str(" s  ");
        self.color(color::OFF);
        if self.connections > 1 && connection > 0 {
            self.text.push_str("connection ");
            push_number(&mut self.text, connection);
            self.text.push_str(": ");
        }
    }

    fn spaces(&mut self, count: usize) {
        self.text.extend(std::iter::repeat_n(' ', count));
    }

    /// Begins a line of a unit's text.
    pub(super) fn gutter(&mut self) {
        if !self.bare {
            self.colored(color::DIM, "    │");
            self.text.push(' ');
        }
    }

    /// Ends a line, without spaces before its end.
    pub(super) fn end_line(&mut self) {
        while self.text.ends_with(' ') {
            self.text.pop();
        }
        self.text.push('\n');
    }

    /// Sets off what has more than one line, or stands after that, with an empty line.
    pub(super) fn paragraph(&mut self, several: bool) {
        if several && self.started || self.after_several {
            self.text.push('\n');
        }
        self.started = true;
        self.after_several = several;
    }

    fn opened(&mut self, time: i64, connection: &ConnectionInfo) {
        self.connections += 1;
        let (client, server) = (connection.client, connection.server);
        let line = if connection.midway {
            format!("client {client} and server {server}, connected before the capture began")
        } else {
            format!("client {client} asks server {server} for a connection")
        };
        self.paragraph(true);
        self.heading(time, connection.number, None, "", &line);
    }

    fn note(&mut self, time: i64, connection: &ConnectionInfo, side: Side, note: Note<'_>) {
        // Bytes of it that are shown too.
        let mut shown: &[u8] = &[];
        match note {
            Note::Cut(bytes) => self.cut_off += bytes,
            Note::Gap(bytes) => self.missing += bytes,
            Note::Repeated(bytes) | Note::Tcp(Notice::SentOtherwise { bytes, .. }) => {
                self.sent_again += bytes;
            }
            Note::Late { bytes, cut, missed } => {
                self.cut_off += cut;
                if missed {
                    // It was said that they are.
                    self.missing -= bytes.len() as u64 + cut;
                }
                if cut > 0 {
                    self.note_line(time, connection, side, &Note::Cut(cut), false);
                }
                if bytes.is_empty() {
                    return;
                }
                shown = bytes;
            }
            Note::Tcp(Notice::Outside { bytes, cut } | Notice::ResetText { bytes, cut }) => {
                self.cut_off += cut;
                shown = bytes;
            }
            Note::Tcp(Notice::KeepAlive(bytes) | Notice::WindowProbe(bytes)) => {
                self.no_data += bytes;
            }
            Note::GapOrFin | Note::End | Note::WebSocket | Note::OtherWebSocket | Note::Tcp(_) => {}
        }
        self.shown += shown.len() as u64;
        let several = !shown.is_empty() || is_of_both(&note);
        self.note_line(time, connection, side, &note, several);
        match note {
            Note::Late { bytes, .. } if self.style.explain => {
                self.explained(&Unit::late(time, connection, side, bytes));
            }
            _ => self.lines(shown, Side::Client),
        }
    }

    fn note_line(
        &mut self,
        time: i64,
        connection: &ConnectionInfo,
        side: Side,
        note: &Note<'_>,
        several: bool,
    ) {
        self.paragraph(several);
        let mut line = notes::text(side, note);
        if let Note::Tcp(notice) = note
            && self.style.explain
            && let Some(section) = notice.section()
        {
            let _ = write!(line, " (RFC 9293 section {section})");
        }
        let of_both = is_of_both(note);
        let label = if of_both { String::new() } else { side.letter().to_string() };
        self.heading(time, connection.number, (!of_both).then_some(side), &label, &line);
    }

    fn unit(&mut self, unit: &Unit) {
        self.shown += unit.bytes.len() as u64;
        let what = match unit.kind {
            UnitKind::Text => "text",
            UnitKind::Request => "request",
            UnitKind::Response => "response",
            UnitKind::Body | UnitKind::Event => "content",
            UnitKind::Chunk | UnitKind::EventChunk if is_last_chunk(unit) => "last chunk",
            UnitKind::Chunk | UnitKind::EventChunk => "chunk",
            UnitKind::EmptyLine if is_line(&unit.bytes) => "empty line",
            UnitKind::EmptyLine => "empty lines",
            UnitKind::Frame => "frame",
            UnitKind::Tls | UnitKind::Http2 => &records::what(unit),
            UnitKind::Unknown => "bytes without their context",
            UnitKind::Misfit => "bytes that do not fit",
        };
        let (opcode, space) = match unit.frame {
            Some(header) => (header.opcode.name(), " "),
            None => ("", ""),
        };
        let which = match (unit.continued, unit.last, unit.unfinished) {
            (false, _, false) => "",
            (false, false, true) => " (first part)",
            (false, true, true) => " (not complete)",
            (true, false, _) => " (next part)",
            (true, true, false) => " (last part)",
            (true, true, true) => " (last part, not complete)",
        };
        self.paragraph(true);
        self.begin_heading(unit.time, unit.connection, Some(unit.side), &unit.label());
        for words in [opcode, space, what, which, ", "] {
            self.text.push_str(words);
        }
        push_number(&mut self.text, unit.bytes.len() as u64);
        self.text.push_str(if unit.bytes.len() == 1 { " byte" } else { " bytes" });
        if self.among_packets {
            self.text.push_str(&carriers(&unit.spans));
        }
        self.text.push('\n');
        if self.among_packets && !self.style.explain {
            return;
        }
        if unit.kind == UnitKind::Frame {
            self.hex_lines(&unit.bytes);
            if let Some(meaning) = unit.frame_meaning() {
                self.gutter();
                self.time_colored(&meaning, unit.side);
                self.text.push('\n');
            }
            for violation in &unit.violations {
                // Whatever the meaning says.
                if *violation != Violation::HalfCloseCode {
                    self.gutter();
                    self.colored(color::WARNING, violation.text());
                    self.text.push('\n');
                }
            }
            if self.style.explain {
                self.gutter();
                self.end_line();
            }
        }
        if self.style.explain {
            self.explained(unit);
        } else {
            match unit.kind {
                UnitKind::Frame => {}
                UnitKind::Tls | UnitKind::Http2 => self.hex_dump(unit),
                UnitKind::Chunk | UnitKind::EventChunk | UnitKind::Event => self.chunk(unit),
                _ => self.lines(&unit.bytes, unit.side),
            }
        }
        if unit.kind != UnitKind::Frame {
            for violation in &unit.violations {
                let label = unit.side.letter().to_string();
                self.paragraph(false);
                self.heading(unit.time, unit.connection, Some(unit.side), &label, violation.text());
            }
        }
    }

    fn stream_event(&mut self, event: &StreamEvent) {
        let label = event.label().filter(|_| event.is_news());
        if let Some(label) = label {
            self.whole(&label, &event.source, &event.heading());
            if self.style.explain {
                self.explained_lines(&event.explained(), 0, event.source.side);
            } else {
                self.lines(event.data(), event.source.side);
            }
        }
    }

    fn message(&mut self, message: &Message) {
        if !message.is_news() {
            return;
        }
        let side = message.source.side;
        self.whole(&message.label(), &message.source, &message.heading());
        if self.style.explain {
            self.explained_lines(&explain_message(message), 0, side);
        } else if message.is_text() {
            self.lines(&message.bytes, side);
        } else {
            self.hex_lines(&message.bytes);
        }
    }

    /// The line above what several units make together, or what they unpack to.
    fn whole(&mut self, label: &str, source: &Source, line: &str) {
        self.paragraph(true);
        self.heading(source.end, source.connection, Some(source.side), label, line);
    }

    fn hex_lines(&mut self, bytes: &[u8]) {
        for line in hex_lines(bytes) {
            self.gutter();
            self.text.push_str(&line);
            self.text.push('\n');
        }
    }

    /// Text with its times in colour.
    fn time_colored(&mut self, line: &str, side: Side) {
        let mut at = 0;
        if self.style.color && side == Side::Server {
            while let Some(time) = time_of_day::find(line.as_bytes(), at) {
                self.text.push_str(&line[at..time.start]);
                self.colored(color::TIME, &line[time.clone()]);
                at = time.end;
            }
        }
        self.text.push_str(&line[at..]);
    }

    /// Bytes that are explained, set off from the words around them.
    fn value(&mut self, value: &str, side: Side) {
        if time_of_day::find(value.as_bytes(), 0).is_some() {
            self.time_colored(value, side);
        } else {
            self.colored(color::VALUE, value);
        }
    }

    /// Text, each line after the gutter.
    fn lines(&mut self, bytes: &[u8], side: Side) {
        // Looked at as a whole, which is faster than line by line.
        match std::str::from_utf8(bytes) {
            Ok(text) => {
                for line in text.split_inclusive('\n') {
                    let line = line.strip_suffix('\n').map_or(line, |line| {
                        // Without LF, CR does not end a line.
                        line.strip_suffix('\r').unwrap_or(line)
                    });
                    self.line(line, side, push_escaped_str);
                }
            }
            Err(_) => {
                for line in bytes.split_inclusive(|byte| *byte == b'\n') {
                    self.line(without_line_end(line), side, push_escaped);
                }
            }
        }
    }

    /// A line of a unit, which does not have its line end any more.
    fn line<L: ?Sized>(&mut self, line: &L, side: Side, push: impl Fn(&mut String, &L)) {
        self.gutter();
        if self.style.color {
            let mut text = String::new();
            push(&mut text, line);
            self.time_colored(&text, side);
        } else {
            push(&mut self.text, line);
        }
        self.end_line();
    }

    /// The first bytes in hexadecimal numbers, for those that are not read.
    fn hex_dump(&mut self, unit: &Unit) {
        for line in unit.hex_lines().take(HEX_LINES) {
            self.gutter();
            self.text.push_str(&line);
            self.end_line();
        }
        let shown = HEX_LINES * HEX_COLUMNS;
        if unit.bytes.len() > shown {
            self.gutter();
            let _ = writeln!(
                self.text,
                "and {}",
                plural((unit.bytes.len() - shown) as u64, "more byte")
            );
        }
    }

    /// A chunk or event, with what its framing says beside it.
    fn chunk(&mut self, unit: &Unit) {
        let mut empty_lines = unit.empty_lines.iter();
        let mut next = 0;
        for (part, bytes) in unit.parts() {
            let at = next;
            next += bytes.len();
            let remark = match part {
                Part::ChunkSize => chunk_size_meaning(unit, at, bytes),
                Part::ChunkEnd => "ends the chunk".to_owned(),
                Part::ChunksEnd => {
                    let message = match unit.side {
                        Side::Client => "request",
                        Side::Server => "response",
                    };
                    format!("empty line: ends the {message}")
                }
                Part::EventEnd => format!("empty line: {}", empty_line(empty_lines.next())),
                _ => {
                    self.lines(bytes, unit.side);
                    continue;
                }
            };
            let mut line = String::new();
            push_escaped(&mut line, without_line_end(bytes));
            self.gutter();
            let _ = write!(self.text, "{line:<REMARK_COLUMN$}");
            self.text.push_str(&remark);
            self.end_line();
        }
    }

    /// Every byte with its name.
    fn explained(&mut self, unit: &Unit) {
        // The fields of a frame's header are short, and would stand far from their meanings beside
        // those of the payload.
        let header_len = unit.frame.filter(|_| !unit.continued).map_or(0, |header| header.len());
        self.explained_lines(&explain(unit), header_len, unit.side);
    }

    fn explained_lines(&mut self, lines: &[Explained], header_len: usize, side: Side) {
        let mut last = "";
        let width = |line: &Explained| line.value.chars().count();
        let is_header = |line: &Explained| line.range.start < header_len;
        let column = |header: bool| {
            let meant = lines.iter().filter(|line| !line.meaning.is_empty());
            let widths = meant.filter(|line| is_header(line) == header).map(width);
            widths.filter(|width| *width <= MEANING_COLUMN).max().unwrap_or(0)
        };
        let of_header = column(true);
        let of_rest = column(false).max(of_header);
        for line in lines {
            let name = if line.name == last { "" } else { &line.name };
            self.gutter();
            self.text.push_str(name);
            self.spaces(NAME_COLUMNS.saturating_sub(name.chars().count()) + 1);
            self.value(&line.value, side);
            if !line.meaning.is_empty() {
                let column = if is_header(line) { of_header } else { of_rest };
                self.spaces(column.saturating_sub(width(line)) + 2);
                self.text.push_str(&line.meaning);
            }
            self.end_line();
            last = &line.name;
        }
    }

    pub(super) fn sums(&mut self, connections: u64) {
        self.paragraph(true);
        let line = format!(
            "{}, {}, {} of application data:\n",
            plural(connections, "connection"),
            plural(self.packets, "packet"),
            plural(self.app_bytes, "byte"),
        );
        self.text.push_str(&line);
        let line = format!(
            "{} shown, {} sent again, {} cut off by the snap length",
            self.shown, self.sent_again, self.cut_off
        );
        self.text.push_str(&line);
        if self.no_data > 0 {
            let line = format!(", {} no data, but of keep-alives and window probes", self.no_data);
            self.text.push_str(&line);
        }
        self.text.push('\n');
        if self.missing > 0 {
            let line = format!("and {} missing in gaps\n", plural(self.missing, "byte"));
            self.colored(color::WARNING, &line);
        }
    }
}

/// Whether a note is about both sides.
fn is_of_both(note: &Note<'_>) -> bool {
    matches!(note, Note::WebSocket | Note::OtherWebSocket)
}

/// Which packets carried the bytes of a unit.
fn carriers(spans: &[Span]) -> String {
    let mut packets: Vec<u64> = spans.iter().map(|span| span.packet).collect();
    packets.dedup();
    match packets.as_slice() {
        [] => String::new(),
        [packet] => format!(", in packet {packet}"),
        [first, .., last] => format!(", in {} packets from {first} to {last}", packets.len()),
    }
}

/// Without LF, CR does not end a line.
fn without_line_end(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\n").map_or(line, |line| line.strip_suffix(b"\r").unwrap_or(line))
}

/// Whether it is a single line.
fn is_line(bytes: &[u8]) -> bool {
    memchr::memchr(b'\n', bytes).is_some_and(|newline| newline + 1 == bytes.len())
}

fn is_last_chunk(unit: &Unit) -> bool {
    unit.parts.iter().any(|(part, _)| *part == Part::ChunksEnd)
}
