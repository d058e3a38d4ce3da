//! Puts units together, and with them what is whole above them.

use std::{collections::VecDeque, mem};

use super::{
    fields::{self, Announced},
    frames::Packing,
    kinds::{self, Run},
    messages::{Carried, Whole, fitting},
    sink::{KEY_LEN, Kind, Note, Part, Sink, UnitKind},
    spans::{self, Carriers, Span},
    time_of_day,
    unit::{Event, Listener, Unit},
    unpack::Agreement,
    violations::{self, Violation},
    websocket::Header,
    wholes::Wholes,
};
use crate::{
    input::Endpoint,
    tcp::{ConnectionInfo, Ending, Notice, Origin, Side},
};

/// The most memory that a unit may take, in bytes; what is longer comes in several units.
const UNIT_LIMIT: usize = 16 * 1024;

/// The most memory that all units may take that are being put together, in bytes.
const TOTAL_LIMIT: usize = 2 * 1024 * 1024;

/// Puts units together and gives them, with their times, to a [`Listener`].
pub struct Assembler<L> {
    listener: L,
    /// When the capture's first packet was captured.
    start: Option<i64>,
    /// The units of both sides of each connection.
    units: Vec<[Unit; 2]>,
    /// The content of the messages that they are part of.
    messages: Vec<[kinds::Message; 2]>,
    /// Where the bytes were captured that have come in order and are in no unit yet.
    delivered: Vec<[VecDeque<Span>; 2]>,
    carriers: Carriers,
    /// What the units make together.
    wholes: Wholes,
    /// How many units there are.
    count: u64,
    /// The memory of all units, in bytes.
    total: usize,
    /// How many labels there are by their letter, from A to Z.
    labels: [u64; 26],
    /// The memory of the last unit that was given, for the next one.
    spare: (Vec<u8>, Vec<(Part, usize)>),
}

impl<L: Listener> Assembler<L> {
    /// Gives all that it puts together to `listener`.
    pub fn new(listener: L) -> Self {
        Self {
            listener,
            start: None,
            units: Vec::new(),
            messages: Vec::new(),
            wholes: Wholes::default(),
            delivered: Vec::new(),
            carriers: Carriers::default(),
            count: 0,
            total: 0,
            labels: [0; 26],
            spare: Default::default(),
        }
    }

    /// The time of the first packet, to which all times are relative; later calls change nothing.
    pub fn start(&mut self, time: i64) {
        self.start.get_or_insert(time);
    }

    /// A packet from `source` to `destination`, captured at `time`, carries data that begins with this
    /// sequence number.
    pub fn carried(
        &mut self,
        time: i64,
        source: Endpoint,
        destination: Endpoint,
        sequence: u32,
        span: Span,
    ) {
        self.carriers.push(time, source, destination, sequence, span);
    }

    /// Who takes what is put together.
    pub fn listener(&mut self) -> &mut L {
        &mut self.listener
    }

    /// A time relative to that of the first packet, both in nanoseconds.
    pub fn since_start(&self, time: i64) -> i64 {
        time.saturating_sub(self.start.unwrap_or(time))
    }

    fn give(&mut self, origin: &Origin<'_>, unfinished: bool, last: bool) {
        let place = (origin.connection.slot, origin.side.index());
        let unit = &mut self.units[place.0][place.1];
        if unit.bytes.is_empty() && !(last && unit.owed) {
            return;
        }
        if unit.bytes.is_empty() {
            self.count += 1;
            (unit.continues, unit.id) = (Some(unit.id), self.count);
        }
        (unit.unfinished, unit.last) = (unfinished, last);
        let time = unit.time;
        let carried = Carried {
            carrier: unit.carrier(),
            connection: unit.connection,
            side: unit.side,
            time,
            complete: !unfinished,
            continued: unit.continued,
        };
        let frame = unit.frame.map(|header| (header, unit.payload_offset));
        let found = self.wholes.unit(place, &carried, unit.kind, frame, &unit.parts, &unit.bytes);
        unit.empty_lines = found.empty_lines;
        unit.violations.extend(found.violations);
        self.listener.event(time, Event::Unit(unit));
        self.total -= unit.size();
        unit.payload_offset += unit
            .parts
            .iter()
            .filter(|(part, _)| *part == Part::Payload)
            .map(|(_, len)| *len as u64)
            .sum::<u64>();
        unit.continued = true;
        unit.owed = false;
        unit.violations.clear();
        unit.kinds.clear();
        unit.spans.clear();
        self.spare = (mem::take(&mut unit.bytes), mem::take(&mut unit.parts));
        self.spare.0.clear();
        self.spare.1.clear();
        self.give_wholes();
    }

    /// Gives what has become whole.
    fn give_wholes(&mut self) {
        for whole in self.wholes.shared.ready.drain(..) {
            match whole {
                Whole::Event(event) => {
                    self.listener.event(event.source.time, Event::StreamEvent(&event));
                }
                Whole::Message(message) => {
                    self.listener.event(message.source.time, Event::Message(&message));
                }
            }
        }
    }

    /// Takes a piece of what is no longer than may be kept of the unit at hand.
    fn add(&mut self, origin: &Origin<'_>, part: Part, kind: Kind, bytes: &[u8]) {
        let unit = &mut self.units[origin.connection.slot][origin.side.index()];
        let size = unit.size();
        if unit.bytes.is_empty() {
            if unit.continued {
                unit.continues = Some(unit.id);
            }
            self.count += 1;
            unit.id = self.count;
        }
        if L::KINDS {
            let delivered = &mut self.delivered[origin.connection.slot][origin.side.index()];
            spans::consume(delivered, bytes.len(), &mut unit.spans);
            unit.kinds.push(kind, bytes.len());
            // Bytes without their context are no part of a message.
            if kind == Kind::Content && !matches!(part, Part::Unknown | Part::Misfit) {
                let run = Run { unit: unit.id, byte: unit.bytes.len(), bytes: bytes.len() };
                self.messages[origin.connection.slot][origin.side.index()].push(run);
            }
        }
        unit.bytes.extend_from_slice(bytes);
        match unit.parts.last_mut() {
            // Pieces of the same part are one, but each line is a part.
            Some((last, len)) if *last == part && !ends_line(part, &unit.bytes, bytes.len()) => {
                *len += bytes.len();
            }
            _ => unit.parts.push((part, bytes.len())),
        }
        if matches!(part, Part::FrameStart | Part::FrameLength | Part::MaskingKey) {
            unit.frame = Header::parse(&unit.bytes);
            if let Some(header) = unit.frame.filter(|header| header.opcode.begins_message()) {
                let compressed = header.reserved & 4 != 0 && unit.deflate != Some(false);
                unit.message = Some((header.opcode, compressed));
            }
        }
        self.total += unit.size() - size;
        if self.total >= TOTAL_LIMIT {
            self.give(origin, true, false);
            self.units[origin.connection.slot][origin.side.index()].owed = true;
        }
    }
}

impl<L: Listener> Assembler<L> {
    /// These bytes of a unit are of `kind`.
    fn recount_run(&mut self, origin: &Origin<'_>, run: Run, kind: Kind) {
        let unit = &mut self.units[origin.connection.slot][origin.side.index()];
        if unit.id == run.unit && !unit.bytes.is_empty() {
            unit.kinds.set(run.byte, run.bytes, kind);
        } else {
            let Run { unit, byte, bytes } = run;
            let time = self.since_start(origin.time);
            self.listener.event(time, Event::Recount { unit, byte, bytes, of: kind });
        }
    }
}

impl<L: Listener> Sink for Assembler<L> {
    const COUNTS: bool = L::KINDS;
    const PIECES: bool = true;

    fn opened(&mut self, connection: &ConnectionInfo, time: i64) {
        match self.units.get_mut(connection.slot) {
            Some(units) => *units = Default::default(),
            None => self.units.resize_with(connection.slot + 1, Default::default),
        }
        self.wholes.opened(connection.slot);
        if L::KINDS {
            match self.messages.get_mut(connection.slot) {
                Some(messages) => *messages = Default::default(),
                None => self.messages.resize_with(connection.slot + 1, Default::default),
            }
            match self.delivered.get_mut(connection.slot) {
                Some(delivered) => *delivered = Default::default(),
                None => self.delivered.resize_with(connection.slot + 1, Default::default),
            }
        }
        let time = self.since_start(time);
        self.listener.event(time, Event::Opened(connection));
    }

    fn changed(&mut self, connection: &ConnectionInfo, time: i64, turned: bool) {
        if turned {
            self.units[connection.slot].swap(0, 1);
            self.wholes.turned(connection.slot);
            if L::KINDS {
                self.messages[connection.slot].swap(0, 1);
                self.delivered[connection.slot].swap(0, 1);
            }
        }
        let time = self.since_start(time);
        self.listener.event(time, Event::Changed(connection, turned));
    }

    fn ended(&mut self, connection: &ConnectionInfo, time: i64, ending: Ending) {
        let time = self.since_start(time);
        self.listener.event(time, Event::Ended(connection, ending));
    }

    fn moved(&mut self, from: usize, to: usize) {
        self.units.swap(from, to);
        self.wholes.moved(from, to);
        if L::KINDS {
            self.messages.swap(from, to);
            self.delivered.swap(from, to);
        }
    }

    fn delivered(&mut self, origin: &Origin<'_>, sequence: u32, bytes: usize) {
        if L::KINDS {
            let (source, destination) = spans::ends(origin);
            let delivered = &mut self.delivered[origin.connection.slot][origin.side.index()];
            self.carriers.take(origin.time, source, destination, sequence, bytes, delivered);
        }
    }

    fn begin(&mut self, origin: &Origin<'_>, kind: UnitKind, is_rest: bool) {
        let time = self.since_start(origin.time);
        let label = &mut self.labels[label_index(kind, origin.side)];
        let unit = &mut self.units[origin.connection.slot][origin.side.index()];
        let (bytes, parts) = mem::take(&mut self.spare);
        let ends_message = |header: Header| header.fin && !header.opcode.is_control();
        let message = unit.message.filter(|_| !unit.frame.is_some_and(ends_message));
        let deflate = unit.deflate;
        // The beginning of what goes on here may be missing too.
        let number = if is_rest && unit.kind == kind && unit.number > 0 {
            unit.number
        } else {
            *label += 1;
            *label
        };
        let (mut kinds, mut spans) = (mem::take(&mut unit.kinds), mem::take(&mut unit.spans));
        kinds.clear();
        spans.clear();
        *unit = Unit {
            continues: is_rest.then_some(unit.id),
            connection: origin.connection.number,
            side: origin.side,
            number,
            kind,
            time,
            bytes,
            parts,
            kinds,
            spans,
            message,
            deflate,
            ..Unit::default()
        };
    }

    fn piece(&mut self, origin: &Origin<'_>, part: Part, kind: Kind, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let unit = &self.units[origin.connection.slot][origin.side.index()];
            if unit.bytes.len() + bytes.len() <= UNIT_LIMIT {
                return self.add(origin, part, kind, bytes);
            }
            // Not before more of it comes than is kept, so that there is a last piece.
            let (now, rest) = bytes.split_at(fitting(bytes, UNIT_LIMIT - unit.bytes.len()));
            if !now.is_empty() {
                self.add(origin, part, kind, now);
            }
            self.give(origin, true, false);
            bytes = rest;
        }
    }

    fn end(&mut self, origin: &Origin<'_>, complete: bool) {
        self.give(origin, !complete, true);
    }

    fn agreed(&mut self, origin: &Origin<'_>, key: Option<[u8; KEY_LEN]>, head: &[u8]) {
        let units = &mut self.units[origin.connection.slot];
        let response = &mut units[origin.side.index()];
        response.key = key;
        if let Some(key) = key
            && fields::value(head, b"Sec-WebSocket-Accept").as_deref()
                != Some(violations::accept_of(key).as_bytes())
        {
            response.violations.push(Violation::WrongAccept);
        }
        let extensions = fields::value(head, b"Sec-WebSocket-Extensions").unwrap_or_default();
        let packing = match Agreement::from_extensions(&extensions) {
            Ok(Some(agreement)) => [agreement.client, agreement.server].map(Packing::On),
            Ok(None) if extensions.is_empty() => [Packing::Off; 2],
            Ok(None) => [Packing::Unknown; 2],
            Err(_) => {
                response.violations.push(Violation::WrongParameters);
                [Packing::Unknown; 2]
            }
        };
        for (unit, packing) in units.iter_mut().zip(packing) {
            unit.deflate = packing.is_on();
        }
        self.wholes.agreed(origin.connection.slot, packing);
    }

    fn content(&mut self, origin: &Origin<'_>, announced: &Announced) {
        self.wholes.content((origin.connection.slot, origin.side.index()), announced);
    }

    fn content_end(&mut self, origin: &Origin<'_>) {
        self.wholes.content_end((origin.connection.slot, origin.side.index()));
        self.give_wholes();
    }

    fn over(&mut self, origin: &Origin<'_>) {
        self.wholes.over((origin.connection.slot, origin.side.index()));
        self.give_wholes();
    }

    fn time(&mut self, origin: &Origin<'_>, is_time: bool, back: u64) {
        let kind = if is_time { Kind::Time } else { Kind::Content };
        let mut runs = [None; time_of_day::LEN];
        let mut free = runs.iter_mut();
        let message = &mut self.messages[origin.connection.slot][origin.side.index()];
        message.time(is_time, back, time_of_day::LEN, |run| {
            if let Some(next) = free.next() {
                *next = Some(run);
            }
        });
        for run in runs.into_iter().flatten() {
            self.recount_run(origin, run, kind);
        }
    }

    fn group(&mut self, origin: &Origin<'_>, is_framing: bool) {
        let message = &mut self.messages[origin.connection.slot][origin.side.index()];
        let mut runs = Vec::new();
        message.end(|run| {
            if is_framing {
                runs.push(run);
            }
        });
        for run in runs {
            self.recount_run(origin, run, Kind::Framing);
        }
    }

    fn note(&mut self, origin: &Origin<'_>, note: Note<'_>) {
        match note {
            // Nothing comes after that.
            Note::Tcp(Notice::ResetText { .. }) => self.give(origin, true, true),
            Note::Repeated(_) | Note::Late { .. } | Note::Tcp(_) => {}
            _ => self.give(origin, true, false),
        }
        if matches!(note, Note::Cut(_) | Note::Gap(_)) {
            self.wholes.missing((origin.connection.slot, origin.side.index()));
            self.give_wholes();
        }
        let time = self.since_start(origin.time);
        self.listener.event(time, Event::Note(origin.connection, origin.side, note));
        let (part, bytes) = match note {
            Note::Late { bytes, .. } => (Part::Late, bytes),
            Note::Tcp(notice) => match notice.apart() {
                Some(bytes) => (Part::Unknown, bytes),
                None => return,
            },
            _ => return,
        };
        if L::KINDS && !bytes.is_empty() {
            let mut unit = Unit::apart(part, time, origin.connection, origin.side, bytes);
            self.count += 1;
            let label = &mut self.labels[label_index(unit.kind, origin.side)];
            *label += 1;
            (unit.id, unit.number) = (self.count, *label);
            unit.kinds.push(Kind::Content, bytes.len());
            self.listener.event(time, Event::Unit(&unit));
        }
    }
}

/// Where the number of the last label with this letter is kept.
fn label_index(kind: UnitKind, side: Side) -> usize {
    usize::from(kind.letter(side) as u8 - b'A')
}

/// Whether a line of `part` ended right before the last `new` of these bytes.
fn ends_line(part: Part, bytes: &[u8], new: usize) -> bool {
    let is_line = matches!(
        part,
        Part::StartLine | Part::Field | Part::Trailer | Part::EventField | Part::LineEnd
    );
    let (before, after) = bytes.split_at(bytes.len() - new);
    is_line && (before.ends_with(b"\n") || before.ends_with(b"\r") && !after.starts_with(b"\n"))
}
