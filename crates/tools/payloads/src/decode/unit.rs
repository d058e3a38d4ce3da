//! The units of a conversation: a head, a chunk, a frame, with all their bytes.

use super::{
    kinds::Kinds,
    messages::{Carrier, EmptyLine, Message, StreamEvent},
    sink::{KEY_LEN, Kind, Note, Part, UnitKind},
    spans::Span,
    violations::Violation,
    websocket::{self, Header, Opcode},
};
use crate::tcp::{ConnectionInfo, Ending, Side};

/// The memory that a part takes beside its bytes, in bytes.
const PART_SIZE: usize = size_of::<(Part, usize)>();

/// Bytes that belong together, such as a head, a chunk, or a frame.
#[derive(Clone, Debug, Default)]
pub struct Unit {
    /// Its number in the capture, from 1.
    pub id: u64,
    /// The number of the unit before, where this is a piece of the same.
    pub continues: Option<u64>,
    /// The number of its connection, from 1.
    pub connection: u64,
    /// The side that sent it.
    pub side: Side,
    /// Its number among those in the capture whose labels begin with the same letter, from 1.
    pub number: u64,
    /// What it is.
    pub kind: UnitKind,
    /// When the packet with its first byte was captured, in nanoseconds since the capture's first
    /// packet.
    pub time: i64,
    /// Its bytes as they were sent.
    pub bytes: Vec<u8>,
    /// What its bytes are: each part with its length. Together they cover all bytes, in order.
    pub parts: Vec<(Part, usize)>,
    /// What its bytes count as; empty unless the listener wants that.
    pub kinds: Kinds,
    /// Where its bytes were captured, in order; empty unless the listener wants that.
    pub spans: Vec<Span>,
    /// Whether its first bytes came as a unit before.
    pub continued: bool,
    /// Whether more of it follows, or is missing.
    pub unfinished: bool,
    /// Whether nothing more of it comes.
    pub last: bool,
    /// The header of the frame, if it is one.
    pub frame: Option<Header>,
    /// How many bytes of the frame's payload came in units before.
    pub payload_offset: u64,
    /// The opcode of the message that the frame is part of, and whether that is compressed, if its
    /// first frame is known. Control frames, which may stand between its frames, are not of it.
    pub message: Option<(Opcode, bool)>,
    /// Whether both sides agreed to compressed messages (RFC 7692), if their agreement is known.
    pub deflate: Option<bool>,
    /// The key whose `Sec-WebSocket-Accept` this response gives.
    pub key: Option<[u8; KEY_LEN]>,
    /// What each of its [`Part::EventEnd`]s does, in order.
    pub empty_lines: Vec<EmptyLine>,
    /// What is against the rules of WebSocket in it, as far as that is known when it is given.
    pub violations: Vec<Violation>,
    /// Whether it was given because of the memory of all, so that a last piece is still to come.
    pub(super) owed: bool,
}

impl Unit {
    /// Bytes that belong before ones that were given earlier.
    pub(crate) fn late(time: i64, connection: &ConnectionInfo, side: Side, bytes: &[u8]) -> Self {
        Self::apart(Part::Late, time, connection, side, bytes)
    }

    /// Bytes that are a `part` by themselves.
    pub(super) fn apart(
        part: Part,
        time: i64,
        connection: &ConnectionInfo,
        side: Side,
        bytes: &[u8],
    ) -> Self {
        Self {
            connection: connection.number,
            side,
            time,
            bytes: bytes.to_vec(),
            parts: vec![(part, bytes.len())],
            ..Self::default()
        }
    }

    /// The memory that it takes, in bytes.
    pub(super) fn size(&self) -> usize {
        self.bytes.len() + self.parts.len() * PART_SIZE
    }

    /// Its label, which no other unit of the capture has, such as `C1`: a letter for what it is and
    /// a number.
    ///
    /// | letter | what |
    /// |---|---|
    /// | Q, A | the head of a request (a question), the head of a response (an answer) |
    /// | B, K | content (a body), a chunk of it |
    /// | L | empty lines between messages |
    /// | C, S | a WebSocket frame of the client, of the server |
    /// | T | text outside HTTP |
    /// | R, F | a TLS record, an HTTP/2 frame |
    /// | X | bytes without their context, or that do not fit |
    pub fn label(&self) -> String {
        format!("{}{}", self.kind.letter(self.side), self.number)
    }

    /// What messages and events name it by.
    pub fn carrier(&self) -> Carrier {
        Carrier { id: self.id, letter: self.kind.letter(self.side), number: self.number }
    }

    /// Its parts, each with its bytes.
    pub fn parts(&self) -> impl Iterator<Item = (Part, &[u8])> {
        let mut rest = self.bytes.as_slice();
        self.parts.iter().map(move |(part, len)| {
            let (bytes, after) = rest.split_at((*len).min(rest.len()));
            rest = after;
            (*part, bytes)
        })
    }

    /// The payload of a frame, with the masking undone.
    pub fn payload(&self) -> Vec<u8> {
        let mut payload = Vec::new();
        for (part, bytes) in self.parts() {
            if part == Part::Payload {
                payload.extend_from_slice(bytes);
            }
        }
        if let Some(key) = self.frame.and_then(|header| header.key) {
            websocket::unmask(&mut payload, key, self.payload_offset);
        }
        payload
    }

    /// The opcode of what the frame with this header belongs to, and whether that is compressed.
    pub(crate) fn message_of(&self, header: Header) -> (Opcode, bool) {
        let message = self.message.filter(|_| !header.opcode.is_control());
        message.unwrap_or((header.opcode, false))
    }
}

/// What an [`Assembler`](super::Assembler) gives.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// A connection begins.
    Opened(&'a ConnectionInfo),
    /// What is known of a connection turned out otherwise, for what came before too: who is the
    /// client, if it is turned round.
    Changed(&'a ConnectionInfo, bool),
    /// A connection ended.
    Ended(&'a ConnectionInfo, Ending),
    /// A unit.
    Unit(&'a Unit),
    /// What the lines of a stream of events say up to an empty line. The units that carried them were
    /// given before.
    StreamEvent(&'a StreamEvent),
    /// A message that came in several units, or packed. They were given before.
    Message(&'a Message),
    /// Something about bytes of this connection and side that are not there.
    Note(&'a ConnectionInfo, Side, Note<'a>),
    /// Bytes of a unit that was given before turned out to be of another kind.
    Recount {
        /// The number of the unit.
        unit: u64,
        /// The first of them, counted from the unit's first.
        byte: usize,
        /// How many they are.
        bytes: usize,
        /// What they are.
        of: Kind,
    },
}

/// Takes what an [`Assembler`](super::Assembler) gives.
pub trait Listener {
    /// Whether [`Unit::kinds`], [`Unit::spans`], [`Event::Recount`] and units for late bytes are
    /// wanted.
    const KINDS: bool = false;

    /// Takes an event and when it happened, in nanoseconds since the capture's first packet.
    fn event(&mut self, time: i64, event: Event<'_>);
}
