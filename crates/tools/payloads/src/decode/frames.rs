//! The WebSocket messages that frames carry, and what the frames do against the rules.

use super::{
    messages::{Carried, Found, Gathered, Shared, Short},
    unpack::{Coding, Fault, MessageUnpacker, Parameters},
    violations::{Utf8, Violation, of_close, of_header},
    websocket::{Header, Opcode},
};

/// Whether and how a side packs its messages (RFC 7692).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Packing {
    /// That is not known: the handshake was not captured, or agrees to what is not known here.
    Unknown,
    /// It does not.
    Off,
    /// It may.
    On(Parameters),
}

impl Packing {
    /// Whether it may pack, if that is known.
    pub(super) fn is_on(self) -> Option<bool> {
        match self {
            Self::Unknown => None,
            Self::Off => Some(false),
            Self::On(_) => Some(true),
        }
    }
}

/// What one side sends in frames.
pub(super) struct Frames {
    packing: Packing,
    unpacker: Option<Box<MessageUnpacker>>,
    /// Whether later messages may refer to one that was not unpacked.
    context_lost: bool,
    /// Whether nothing is missing since a message began or ended.
    known: bool,
    message: Option<InMessage>,
    utf8: Utf8,
    closed: bool,
}

/// A message whose last frame has not come to its end.
struct InMessage {
    packed: bool,
    gathered: Gathered,
    fault: Option<Fault>,
}

/// A frame, or a piece of a long one.
pub(super) struct Frame<'a> {
    pub(super) header: Header,
    /// The payload that came, with the masking undone.
    pub(super) payload: &'a [u8],
    /// Whether the payload is its first bytes.
    pub(super) begins: bool,
}

impl Frames {
    /// The frames of a side. `known` says whether the first of them is the first of all.
    pub(super) fn new(packing: Packing, known: bool) -> Self {
        Self {
            packing,
            unpacker: None,
            context_lost: false,
            known,
            message: None,
            utf8: Utf8::default(),
            closed: false,
        }
    }

    /// Takes a frame.
    pub(super) fn unit(
        &mut self,
        carried: &Carried,
        frame: &Frame<'_>,
        found: &mut Found,
        shared: &mut Shared,
    ) {
        let header = frame.header;
        if !carried.continued {
            found.violations.extend(of_header(&header, carried.side, self.packing.is_on()));
        }
        if header.opcode.is_control() {
            if header.opcode == Opcode::CLOSE {
                if carried.complete && frame.begins {
                    found.violations.extend(of_close(frame.payload));
                }
                self.closed = true;
            }
            return;
        }
        if !carried.continued {
            self.begin(header, found, shared);
        }
        let Some(message) = &mut self.message else {
            return;
        };
        let is_last = carried.complete && header.fin;
        let mut room = std::mem::take(&mut shared.room);
        room.clear();
        let plain = if message.packed {
            message.gathered.message.packed_len += frame.payload.len() as u64;
            self.unpack(frame.payload, is_last, &mut room, shared);
            &room
        } else {
            frame.payload
        };
        self.text(carried, plain, is_last, found);
        shared.room = room;
        if is_last {
            self.end(shared);
        }
    }

    /// A data frame begins.
    fn begin(&mut self, header: Header, found: &mut Found, shared: &Shared) {
        if self.closed {
            found.violations.push(Violation::DataAfterClose);
        }
        match (header.opcode, &self.message) {
            (Opcode::CONTINUATION, Some(_)) => {}
            (Opcode::CONTINUATION, None) => {
                if self.known {
                    found.violations.push(Violation::ContinuationAlone);
                }
            }
            (opcode, before) => {
                if before.is_some() {
                    found.violations.push(Violation::MessageInside);
                    self.lose_context();
                }
                let packed = header.reserved & 4 != 0 && self.packing != Packing::Off;
                let mut gathered = Gathered::new(shared);
                gathered.message.opcode = Some(opcode);
                gathered.message.unpacked = packed.then(|| Coding::Messages.name().to_owned());
                self.message = Some(InMessage { packed, gathered, fault: None });
                self.utf8 = Utf8::default();
                self.known = true;
            }
        }
    }

    /// Appends to `room` what some of the message at hand unpacks to.
    fn unpack(&mut self, bytes: &[u8], is_last: bool, room: &mut Vec<u8>, shared: &Shared) {
        let Some(message) = &mut self.message else {
            return;
        };
        let parameters = match self.packing {
            Packing::On(parameters) => parameters,
            _ => Parameters::default(),
        };
        if self.context_lost {
            message.fault = Some(Fault::Context);
        }
        if message.fault.is_none() {
            let unpacker = self
                .unpacker
                .get_or_insert_with(|| Box::new(MessageUnpacker::new(parameters, &shared.budget)));
            let pushed = unpacker.push(bytes, room);
            message.fault = if is_last { unpacker.end(room).err() } else { pushed.err() };
            if message.fault.is_some() {
                // Its memory may be why.
                self.lose_context();
            }
        }
    }

    /// A message was not unpacked to its end.
    fn lose_context(&mut self) {
        let packed = self.message.as_ref().is_some_and(|message| message.packed);
        if let (true, Packing::On(parameters)) = (packed, self.packing) {
            self.context_lost = parameters.takes_over;
        }
        if packed {
            self.unpacker = None;
        }
    }

    /// Takes some of the message at hand, unpacked.
    fn text(&mut self, carried: &Carried, plain: &[u8], is_last: bool, found: &mut Found) {
        let Some(message) = &mut self.message else {
            return;
        };
        // A message in one frame says no more than that, unless it is packed.
        let is_only = is_last && !carried.continued && message.gathered.message.len == 0;
        if message.packed || !(is_only && message.gathered.message.source.units.is_empty()) {
            message.gathered.push(carried, plain);
        }
        if message.gathered.message.opcode == Some(Opcode::TEXT) && message.fault.is_none() {
            let valid = self.utf8.feed(plain) & (!is_last || self.utf8.end());
            if !valid {
                found.violations.push(Violation::NotUtf8);
            }
        }
    }

    /// The message at hand is over.
    fn end(&mut self, shared: &mut Shared) {
        let Some(InMessage { packed, gathered, fault }) = self.message.take() else {
            return;
        };
        let mut message = gathered.message;
        message.short = fault.map(Short::Fault);
        let says_more = match packed {
            // What may be no permessage-deflate at all is not said to be damaged.
            true => fault.is_none() || self.packing != Packing::Unknown,
            // One frame alone is not put together.
            false => !message.source.units.is_empty(),
        };
        if says_more {
            shared.message(message);
        }
    }

    /// Bytes are missing here.
    pub(super) fn missing(&mut self, shared: &mut Shared) {
        self.stop(Short::Missing, shared);
        self.known = false;
        // What is missing may have been packed.
        if let Packing::On(parameters) = self.packing {
            self.context_lost = parameters.takes_over;
            self.unpacker = None;
        }
    }

    /// Nothing more comes that ends the message at hand.
    pub(super) fn stop(&mut self, short: Short, shared: &mut Shared) {
        if let Some(message) = &mut self.message
            && message.packed
            && self.packing != Packing::Unknown
        {
            let mut message = std::mem::take(&mut message.gathered.message);
            message.short = Some(short);
            if message.len > 0 {
                shared.message(message);
            }
        }
        self.message = None;
    }
}
