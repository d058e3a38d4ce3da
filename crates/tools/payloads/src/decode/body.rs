//! The content of an HTTP message, whichever way its end is found.

use super::{
    events::Events,
    out::Out,
    sink::{Content, Part, Sink, UnitKind},
};

/// The content of a message, piece by piece.
#[derive(Clone, Copy, Debug)]
pub(super) struct Body {
    content: Content,
    events: Events,
}

impl Body {
    /// The beginning of some content.
    pub(super) fn new(content: Content) -> Self {
        Self { content, events: Events::new() }
    }

    /// Whether it is a stream of events.
    pub(super) fn is_events(&self) -> bool {
        self.content == Content::Events
    }

    /// Whether it is a stream of events in which a line begins.
    pub(super) fn at_line_start(&self) -> bool {
        self.is_events() && self.events.at_line_start()
    }

    /// Begins a unit if none is at hand: one of `events` if it is a stream of them, `other` if not.
    pub(super) fn begin<S: Sink>(&self, out: &mut Out<'_, S>, events: UnitKind, other: UnitKind) {
        if !out.in_unit() {
            out.begin(if self.is_events() { events } else { other });
        }
    }

    /// Takes a piece of it, in the unit at hand.
    pub(super) fn feed<S: Sink>(&mut self, out: &mut Out<'_, S>, piece: &[u8]) {
        if self.is_events() {
            self.events.feed(out, piece);
        } else {
            out.content(Part::Body(self.content), piece);
            out.sink.answer(&out.origin);
        }
    }

    /// Passes over bytes that are missing.
    pub(super) fn pass(&mut self) {
        self.events.pass();
    }

    /// The message is complete.
    pub(super) fn end<S: Sink>(&self, out: &mut Out<'_, S>) {
        out.end_group(self.content == Content::Json);
        out.end();
        out.sink.content_end(&out.origin);
    }
}
