//! Finds what is whole above units: for each side of each connection, what it is in the middle of.

use super::{
    contents::Contents,
    fields::Announced,
    frames::{Frame, Frames, Packing},
    messages::{Carried, Found, Shared, Short},
    sink::{Part, UnitKind},
    websocket::{self, Header},
};

/// What one side is in the middle of.
#[derive(Default)]
struct OneSide {
    contents: Option<Box<Contents>>,
    frames: Option<Box<Frames>>,
}

/// What is whole above units.
#[derive(Default)]
pub(super) struct Wholes {
    sides: Vec<[OneSide; 2]>,
    pub(super) shared: Shared,
    /// The payload of a frame, unmasked.
    payload: Vec<u8>,
}

/// A side of a connection, by the place of the connection and the index of the side.
pub(super) type Place = (usize, usize);

impl Wholes {
    /// A connection begins in this place.
    pub(super) fn opened(&mut self, slot: usize) {
        match self.sides.get_mut(slot) {
            Some(sides) => *sides = Default::default(),
            None => self.sides.resize_with(slot + 1, Default::default),
        }
    }

    /// A connection has another place now.
    pub(super) fn moved(&mut self, from: usize, to: usize) {
        self.sides.swap(from, to);
    }

    /// What was taken for the client of a connection is its server.
    pub(super) fn turned(&mut self, slot: usize) {
        self.sides[slot].swap(0, 1);
    }

    /// Content begins.
    pub(super) fn content(&mut self, (slot, side): Place, announced: &Announced) {
        let contents = Contents::new(announced.clone(), &self.shared);
        self.sides[slot][side].contents = Some(Box::new(contents));
    }

    /// Content is complete.
    pub(super) fn content_end(&mut self, (slot, side): Place) {
        if let Some(contents) = self.sides[slot][side].contents.take() {
            contents.end(true, &mut self.shared);
        }
    }

    /// From here on both sides send frames, packed in these ways.
    pub(super) fn agreed(&mut self, slot: usize, packing: [Packing; 2]) {
        for (side, packing) in self.sides[slot].iter_mut().zip(packing) {
            side.frames = Some(Box::new(Frames::new(packing, true)));
        }
    }

    /// Takes a unit that is about to be given.
    pub(super) fn unit(
        &mut self,
        (slot, side): Place,
        carried: &Carried,
        kind: UnitKind,
        frame: Option<(Header, u64)>,
        parts: &[(Part, usize)],
        bytes: &[u8],
    ) -> Found {
        let mut found = Found::default();
        let one = &mut self.sides[slot][side];
        let mut rest = bytes;
        let parts = parts.iter().map(move |(part, len)| {
            let (piece, after) = rest.split_at((*len).min(rest.len()));
            rest = after;
            (*part, piece)
        });
        match kind {
            UnitKind::Body | UnitKind::Chunk | UnitKind::Event | UnitKind::EventChunk => {
                let is_events = matches!(kind, UnitKind::Event | UnitKind::EventChunk);
                if one.contents.is_none() && is_events {
                    let mut lines = parts.clone().filter(|(part, _)| *part == Part::EventField);
                    let first = lines.next().map_or(&b""[..], |(_, line)| line);
                    one.contents = Some(Box::new(Contents::midway(first, &self.shared)));
                }
                if let Some(contents) = &mut one.contents {
                    found.empty_lines = contents.unit(carried, parts, &mut self.shared);
                }
            }
            UnitKind::Frame => {
                let Some((header, offset)) = frame else {
                    return found;
                };
                self.payload.clear();
                for (part, piece) in parts {
                    if part == Part::Payload {
                        self.payload.extend_from_slice(piece);
                    }
                }
                if let Some(key) = header.key {
                    websocket::unmask(&mut self.payload, key, offset);
                }
                let frame = Frame { header, payload: &self.payload, begins: offset == 0 };
                let new = || Box::new(Frames::new(Packing::Unknown, false));
                let frames = one.frames.get_or_insert_with(new);
                frames.unit(carried, &frame, &mut found, &mut self.shared);
            }
            UnitKind::Request | UnitKind::Response => {
                if let Some(contents) = one.contents.take() {
                    contents.end(false, &mut self.shared);
                }
            }
            UnitKind::Unknown | UnitKind::Misfit => self.missing((slot, side)),
            UnitKind::Text | UnitKind::EmptyLine | UnitKind::Tls | UnitKind::Http2 => {}
        }
        found
    }

    /// Bytes of this side are missing.
    pub(super) fn missing(&mut self, (slot, side): Place) {
        let one = &mut self.sides[slot][side];
        if let Some(contents) = &mut one.contents {
            contents.missing(&mut self.shared);
        }
        if let Some(frames) = &mut one.frames {
            frames.missing(&mut self.shared);
        }
    }

    /// Nothing more comes from this side.
    pub(super) fn over(&mut self, (slot, side): Place) {
        let one = &mut self.sides[slot][side];
        if let Some(contents) = one.contents.take() {
            let complete = contents.ends_with_connection();
            contents.end(complete, &mut self.shared);
        }
        if let Some(frames) = &mut one.frames {
            frames.stop(Short::Unfinished, &mut self.shared);
        }
    }
}
