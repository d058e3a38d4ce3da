//! The content of an HTTP message as a whole: unpacked, or as the events in it.

use super::{
    event_stream::{Ended, Lines},
    fields::Announced,
    messages::{
        Carried, Charge, EVENTS_LIMIT, EmptyLine, Gathered, Shared, Short, Source, StreamEvent,
        Whole,
    },
    sink::Part,
    unpack::{Fault, Unpacker},
};

/// The content of a message that has not ended.
pub(super) struct Contents {
    announced: Announced,
    /// What unpacks it, if it is packed in a way that is known.
    unpacker: Option<Unpacker>,
    /// Its lines, if it is a stream of events.
    lines: Option<Lines>,
    charge: Charge,
    /// Where the lines at hand come from.
    source: Source,
    /// The last unit that brought lines, if they are packed.
    last: Option<Carried>,
    gathered: Gathered,
    /// Whether nothing more can be made of it.
    lost: bool,
}

impl Contents {
    /// What a head announced.
    pub(super) fn new(announced: Announced, shared: &Shared) -> Self {
        let unpacker = Unpacker::for_content_encoding(&announced.codings, &shared.budget);
        Self {
            // Packed in a way that is not known, there are no lines to be seen.
            lines: (announced.is_events && (announced.codings.is_empty() || unpacker.is_some()))
                .then(Lines::default),
            lost: unpacker.is_none() && !announced.codings.is_empty(),
            unpacker,
            announced,
            charge: shared.charge(),
            source: Source::default(),
            last: None,
            gathered: Gathered::new(shared),
        }
    }

    /// A stream of events whose beginning was not captured.
    pub(super) fn midway(first: &[u8], shared: &Shared) -> Self {
        let announced = Announced { is_events: true, ..Announced::default() };
        let mut contents = Self::new(announced, shared);
        let mut lines = Lines::midway();
        let begins = |field: &[u8]| first.starts_with(field);
        if ![&b"data"[..], b"event", b"id", b"retry", b":"].into_iter().any(begins) {
            // What came before may belong to the same event.
            lines.lose();
        }
        contents.lines = Some(lines);
        contents
    }

    /// Whether it ends where the connection does.
    pub(super) fn ends_with_connection(&self) -> bool {
        self.announced.until_close
    }

    /// Takes a unit, and says what the empty lines in it do.
    pub(super) fn unit<'a>(
        &mut self,
        carried: &Carried,
        parts: impl Iterator<Item = (Part, &'a [u8])>,
        shared: &mut Shared,
    ) -> Vec<EmptyLine> {
        let mut empty_lines = Vec::new();
        if self.lost {
            return empty_lines;
        }
        let before = shared.ready.len();
        let mut blocks = 0;
        let mut room = std::mem::take(&mut shared.room);
        for (part, bytes) in parts {
            if !matches!(part, Part::Body(_) | Part::EventField | Part::EventEnd) {
                continue;
            }
            let Some(unpacker) = &mut self.unpacker else {
                if self.lines.is_some() {
                    let does = self.events(carried, bytes, &mut blocks, shared);
                    if part == Part::EventEnd {
                        empty_lines.push(does);
                    }
                } else if !(self.announced.whole && carried.complete && !carried.continued) {
                    self.gathered.push(carried, bytes);
                }
                continue;
            };
            room.clear();
            let unpacked = unpacker.push(bytes, &mut room);
            self.gathered.message.packed_len += bytes.len() as u64;
            if self.lines.is_some() {
                self.last = Some(*carried);
                self.gathered.message.gave_events |= !room.is_empty();
                let mut result = unpacked;
                for piece in room.chunks(EVENTS_LIMIT) {
                    if blocks > EVENTS_LIMIT {
                        result = Err(Fault::Cut);
                        break;
                    }
                    self.events(carried, piece, &mut blocks, shared);
                }
                if let Err(fault) = result {
                    self.give(Some(Short::Fault(fault)), shared);
                    break;
                }
            } else {
                self.gathered.push(carried, &room);
            }
        }
        room.clear();
        shared.room = room;
        let waits = self.lines.as_ref().is_some_and(Lines::in_block);
        if blocks == 1 && !waits {
            let events = shared.ready[before..].iter_mut().filter_map(|whole| match whole {
                Whole::Event(event) => Some(event),
                Whole::Message(_) => None,
            });
            for event in events {
                event.alone = event.unpacked.is_none()
                    && event.source.labels() == 1
                    && event.block.data.as_ref().is_some_and(|data| !data.contains(&b'\n'));
                if event.alone {
                    let dispatches = |does: &&mut _| matches!(**does, EmptyLine::Dispatches(_));
                    let does = empty_lines.iter_mut().filter(dispatches);
                    does.for_each(|does| *does = EmptyLine::DispatchesAlone);
                }
            }
        }
        empty_lines
    }

    /// Takes bytes of a stream of events, unpacked, and says what the last empty line in them does.
    fn events(
        &mut self,
        carried: &Carried,
        bytes: &[u8],
        blocks: &mut usize,
        shared: &mut Shared,
    ) -> EmptyLine {
        let mut does = EmptyLine::Rest;
        let Self { lines: Some(lines), source, unpacker, charge, .. } = self else {
            return does;
        };
        lines.feed(bytes, |ended| {
            let mut source = std::mem::take(source);
            does = match ended {
                Ended::Block(block) => {
                    *blocks += 1;
                    source.add(carried);
                    let unpacked = unpacker.as_ref().map(|unpacker| unpacker.name().to_owned());
                    let event = StreamEvent { source, block, unpacked, ..StreamEvent::default() };
                    shared.event(event, true)
                }
                Ended::Nothing => EmptyLine::Nothing,
                Ended::Lost => EmptyLine::Unknown,
            };
        });
        if lines.in_block() {
            source.add(carried);
        }
        if !charge.set(lines.size() + source.units.len() * size_of_val(&carried.carrier)) {
            lines.lose();
            *source = Source::default();
            charge.set(0);
        }
        does
    }

    /// Some of it is missing here.
    pub(super) fn missing(&mut self, shared: &mut Shared) {
        if self.unpacker.is_some() {
            self.give(Some(Short::Missing), shared);
        } else if let Some(lines) = &mut self.lines {
            lines.lose();
            self.source = Source::default();
        } else {
            self.lost = true;
            self.gathered = Gathered::new(shared);
        }
    }

    /// It ends here, whether it is complete or not.
    pub(super) fn end(mut self, complete: bool, shared: &mut Shared) {
        if self.lost {
            return;
        }
        if let Some(block) = self.lines.as_mut().and_then(Lines::end) {
            let unpacked = self.unpacker.as_ref().map(|unpacker| unpacker.name().to_owned());
            let source = std::mem::take(&mut self.source);
            let event = StreamEvent { source, block, unpacked, ..StreamEvent::default() };
            shared.event(event, false);
        }
        let is_events = self.lines.is_some();
        let short = match &mut self.unpacker {
            Some(unpacker) => match unpacker.finish() {
                // The sender did not come to its end.
                Err(Fault::Unfinished(_)) if !complete => Some(Short::Unfinished),
                finished => finished.err().map(Short::Fault),
            },
            None => None,
        };
        match self.unpacker {
            // The events that came were told one by one.
            Some(_) if is_events && !matches!(short, Some(Short::Fault(_))) => {}
            Some(_) => self.give(short, shared),
            None if complete && self.gathered.message.source.units.len() > 1 => {
                self.give(None, shared);
            }
            None => {}
        }
    }

    /// Gives what was put together, after which no more can be.
    fn give(&mut self, short: Option<Short>, shared: &mut Shared) {
        if let Some(last) = self.last.take() {
            self.gathered.push(&last, b"");
        }
        let gathered = std::mem::replace(&mut self.gathered, Gathered::new(shared));
        let mut message = gathered.message;
        self.lost = true;
        if message.source.units.is_empty() {
            return;
        }
        if let Some(unpacker) = self.unpacker.take() {
            message.unpacked = Some(unpacker.name().to_owned());
            message.raw_deflate = unpacker.is_raw_deflate();
        }
        message.short = short;
        shared.message(message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{decode::messages::Carrier, tcp::Side};

    /// Lines that say nothing may come in any number of units, each of which an event would name.
    #[test]
    fn the_units_of_an_event_take_memory_too() {
        let mut shared = Shared::default();
        let mut contents = Contents::midway(b": ", &shared);
        // All but room for some 80 units is taken.
        let mut others = shared.charge();
        assert!(others.set(8 * 1024 * 1024 - 2_000));
        let mut unit = |id, parts: &[(Part, &[u8])]| {
            let carrier = Carrier { id, letter: 'K', number: id };
            let (connection, side) = (1, Side::Server);
            let (time, complete, continued) = (0, true, false);
            let carried = Carried { carrier, connection, side, time, complete, continued };
            contents.unit(&carried, parts.iter().copied(), &mut shared)
        };
        let end: (Part, &[u8]) = (Part::EventEnd, b"\n");
        for id in 0..20 {
            assert!(unit(id, &[(Part::EventField, b": \n")]).is_empty());
        }
        assert_eq!(unit(20, &[end]), [EmptyLine::Nothing]);
        for id in 21..121 {
            assert!(unit(id, &[(Part::EventField, b": \n")]).is_empty());
        }
        assert_eq!(unit(121, &[end]), [EmptyLine::Unknown]);
        // The next event is whole.
        let event: (Part, &[u8]) = (Part::EventField, b"data: a\n");
        assert_eq!(unit(122, &[event, end]), [EmptyLine::DispatchesAlone]);
    }
}
