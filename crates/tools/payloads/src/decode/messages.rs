//! What is said above units: a message that several of them carry or that is packed, and an event.
//!
//! What is put together of it is bounded: [`MESSAGE_LIMIT`] for each, and a limit for all.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use super::{
    event_stream::Block,
    unpack::{Budget, Fault},
    websocket::Opcode,
};
use crate::tcp::Side;

/// The most that is kept of a message, in bytes.
pub const MESSAGE_LIMIT: usize = 64 * 1024;

/// The most units that are named of a message or an event.
const UNITS_LIMIT: usize = 4096;

/// The most events that one unit may carry, packed.
pub(super) const EVENTS_LIMIT: usize = 4096;

/// The most memory that all messages may take that are being put together, in bytes.
const TOTAL_LIMIT: usize = 8 * 1024 * 1024;

/// A unit that carries a message or an event, or a piece of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Carrier {
    /// The unit's number in the capture.
    pub id: u64,
    /// The letter of its label.
    pub letter: char,
    /// The number in its label.
    pub number: u64,
}

impl Carrier {
    /// The label of the unit, such as `C1`.
    pub fn label(&self) -> String {
        format!("{}{}", self.letter, self.number)
    }

    /// Whether both are pieces of the same.
    fn is_of(&self, other: &Self) -> bool {
        (self.letter, self.number) == (other.letter, other.number)
    }
}

/// Where a message or an event comes from.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Source {
    /// The number of the connection, from 1.
    pub connection: u64,
    /// The side that sent it.
    pub side: Side,
    /// When the unit with its first byte began, in nanoseconds since the capture's first packet.
    pub time: i64,
    /// When the unit with its last byte began.
    pub end: i64,
    /// The units that carried it, at least those of what is kept.
    pub units: Vec<Carrier>,
}

impl Source {
    /// How many different labels its units have.
    pub fn labels(&self) -> usize {
        1 + self.units.windows(2).filter(|pair| !pair[0].is_of(&pair[1])).count()
    }

    /// Names a unit, if it is another than the last.
    pub(super) fn add(&mut self, carried: &Carried) {
        if self.units.is_empty() {
            (self.connection, self.side) = (carried.connection, carried.side);
            self.time = carried.time;
        }
        self.end = carried.time;
        if self.units.last() != Some(&carried.carrier) && self.units.len() < UNITS_LIMIT {
            self.units.push(carried.carrier);
        }
    }
}

/// What the lines of a stream of events say up to an empty line, or up to its end.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct StreamEvent {
    /// Its number among those of the capture that were dispatched, from 1. A client is told of no
    /// other: of none where no line of data came, nor where the empty line did not.
    pub number: Option<u64>,
    /// Where it comes from.
    pub source: Source,
    /// What the lines say.
    pub block: Block,
    /// The codings of the content, if it is packed.
    pub unpacked: Option<String>,
    /// Whether it is all that its unit carries, as it is and with one line of data.
    pub alone: bool,
}

impl StreamEvent {
    /// Its label, such as `E1`, if it was dispatched.
    pub fn label(&self) -> Option<String> {
        self.number.map(|number| format!("E{number}"))
    }
}

/// Why a message is not all there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Short {
    /// It does not unpack to its end.
    Fault(Fault),
    /// The capture does not have the rest of it.
    Missing,
    /// The sender, or the capture, ended before it.
    Unfinished,
}

/// A message that came in several units, or packed.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Message {
    /// Its number in the capture, from 1.
    pub number: u64,
    /// Where it comes from.
    pub source: Source,
    /// The opcode of a WebSocket message; none of the content of an HTTP message.
    pub opcode: Option<Opcode>,
    /// Its bytes as its receiver has them, at most [`MESSAGE_LIMIT`].
    pub bytes: Vec<u8>,
    /// How many there are, those beyond the limit included.
    pub len: u64,
    /// The codings, if it was packed.
    pub unpacked: Option<String>,
    /// How many bytes it is packed.
    pub packed_len: u64,
    /// Whether it is DEFLATE where `deflate` means zlib (RFC 9110 section 8.4.1.2).
    pub raw_deflate: bool,
    /// Whether it is a stream of events, of which some was unpacked. They are given by themselves.
    pub gave_events: bool,
    /// Why there is no more of it, unless it is complete.
    pub short: Option<Short>,
}

impl Message {
    /// Its label, such as `M1`.
    pub fn label(&self) -> String {
        format!("M{}", self.number)
    }

    /// Whether there is more of it than is kept.
    pub fn is_cut(&self) -> bool {
        self.len > self.bytes.len() as u64
            || matches!(self.short, Some(Short::Fault(Fault::Cut | Fault::Crowded)))
    }
}

/// What an empty line does that ends an event.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EmptyLine {
    /// It dispatches the event with this number.
    Dispatches(u64),
    /// It dispatches an event that is [alone](StreamEvent::alone).
    DispatchesAlone,
    /// It dispatches nothing, for there was no line of data.
    Nothing,
    /// Which event it ends is not known.
    Unknown,
    /// It is the LF of an empty line whose CR came in the unit before.
    Rest,
}

/// A message or an event.
#[derive(Debug)]
pub(super) enum Whole {
    Event(Box<StreamEvent>),
    Message(Box<Message>),
}

/// What all messages of a capture share.
#[derive(Default)]
pub(super) struct Shared {
    pub(super) budget: Budget,
    memory: Arc<AtomicUsize>,
    events: u64,
    messages: u64,
    /// What has become whole, and was not taken yet.
    pub(super) ready: Vec<Whole>,
    /// Room for what is being unpacked.
    pub(super) room: Vec<u8>,
}

impl Shared {
    /// Something that takes memory.
    pub(super) fn charge(&self) -> Charge {
        Charge { memory: Arc::clone(&self.memory), bytes: 0 }
    }

    pub(super) fn message(&mut self, mut message: Message) {
        self.messages += 1;
        message.number = self.messages;
        self.ready.push(Whole::Message(Box::new(message)));
    }

    /// An event, and what the empty line that ended it does, if it is one `of_empty_line`.
    pub(super) fn event(&mut self, mut event: StreamEvent, of_empty_line: bool) -> EmptyLine {
        let number = (of_empty_line && event.block.data.is_some()).then(|| {
            self.events += 1;
            self.events
        });
        event.number = number;
        self.ready.push(Whole::Event(Box::new(event)));
        number.map_or(EmptyLine::Nothing, EmptyLine::Dispatches)
    }
}

/// The memory that something takes, as all know it.
#[derive(Debug)]
pub(super) struct Charge {
    memory: Arc<AtomicUsize>,
    bytes: usize,
}

impl Charge {
    /// It takes so much now; `false` if that is too much for all together.
    pub(super) fn set(&mut self, bytes: usize) -> bool {
        self.memory.fetch_sub(self.bytes, Ordering::Relaxed);
        self.bytes = bytes;
        self.memory.fetch_add(bytes, Ordering::Relaxed) + bytes <= TOTAL_LIMIT
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.memory.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// A message that is being put together.
#[derive(Debug)]
pub(super) struct Gathered {
    pub(super) message: Message,
    charge: Charge,
    full: bool,
}

impl Gathered {
    pub(super) fn new(shared: &Shared) -> Self {
        Self { message: Message::default(), charge: shared.charge(), full: false }
    }

    /// Takes the next bytes of it, which `carried` brought, as far as they are kept.
    pub(super) fn push(&mut self, carried: &Carried, bytes: &[u8]) {
        let message = &mut self.message;
        message.len += bytes.len() as u64;
        message.source.end = carried.time;
        if self.full {
            return;
        }
        let room = MESSAGE_LIMIT - message.bytes.len();
        let kept = if bytes.len() > room { &bytes[..fitting(bytes, room)] } else { bytes };
        let units = (message.source.units.len() + 1) * size_of::<Carrier>();
        if !self.charge.set(message.bytes.len() + kept.len() + units) {
            self.full = true;
            return;
        }
        message.source.add(carried);
        message.bytes.extend_from_slice(kept);
        self.full = bytes.len() > room;
    }
}

/// A unit, or a piece of a long one, as messages are put together of it.
#[derive(Clone, Copy)]
pub(super) struct Carried {
    pub(super) carrier: Carrier,
    pub(super) connection: u64,
    pub(super) side: Side,
    pub(super) time: i64,
    /// Whether it is all there, or the last piece.
    pub(super) complete: bool,
    /// Whether a piece came before.
    pub(super) continued: bool,
}

/// What was found in a unit.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) empty_lines: Vec<EmptyLine>,
    pub(super) violations: Vec<super::violations::Violation>,
}

/// How many of `bytes` to take where `room` is left, so that no character is divided.
pub(super) fn fitting(bytes: &[u8], room: usize) -> usize {
    let is_inside = |at: &usize| bytes[*at] & 0xc0 == 0x80;
    let at = (room.saturating_sub(3)..=room).rev().find(|at| !is_inside(at));
    at.filter(|_| room > 3).unwrap_or(room)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn carried(id: u64) -> Carried {
        let carrier = Carrier { id, letter: 'S', number: id };
        let (connection, side, time) = (1, Side::Server, 0);
        Carried { carrier, connection, side, time, complete: true, continued: false }
    }

    #[test]
    fn all_messages_together_take_only_so_much_memory() {
        let mut shared = Shared::default();
        let piece = [b'x'; MESSAGE_LIMIT];
        let mut all: Vec<_> = (0..140).map(|_| Gathered::new(&shared)).collect();
        all.iter_mut().for_each(|gathered| gathered.push(&carried(1), &piece));
        let kept = |all: &[Gathered]| {
            all.iter().map(|gathered| gathered.message.bytes.len()).sum::<usize>()
        };
        let most = kept(&all);
        assert!(most <= TOTAL_LIMIT && most > TOTAL_LIMIT * 9 / 10, "{most}");
        // Of the last one nothing is kept, and it is counted all the same.
        let message = &all[139].message;
        assert_eq!((message.len, message.bytes.len()), (MESSAGE_LIMIT as u64, 0));
        assert!(message.is_cut());
        // What is given up makes room.
        all.drain(..100);
        let mut next = Gathered::new(&shared);
        next.push(&carried(1), b"hello");
        assert_eq!(next.message.bytes, b"hello");
        shared.message(next.message);
        assert_eq!(shared.ready.len(), 1);
    }

    #[test]
    fn the_units_of_a_message_take_memory_too() {
        let shared = Shared::default();
        let mut gathered = Gathered::new(&shared);
        (0..1_000).for_each(|id| gathered.push(&carried(id), b"x"));
        let units = 1_000 * size_of::<Carrier>();
        let memory = shared.memory.load(Ordering::Relaxed);
        assert!((units..2 * units).contains(&memory), "{memory}");
        drop(gathered);
        assert_eq!(shared.memory.load(Ordering::Relaxed), 0);
    }
}
