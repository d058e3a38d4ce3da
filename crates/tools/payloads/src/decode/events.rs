//! Server-sent events: the lines of a stream of them (HTML standard, section 9.2.6).

use super::{
    out::Out,
    sink::{Kind, Part, Sink},
};

/// Where a stream of events is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Events {
    /// Whether a line begins.
    line_start: bool,
    /// What the last line is, if it ended with CR, so that LF may belong to it too.
    after_cr: Option<Part>,
}

impl Events {
    /// The beginning of a stream.
    pub(super) fn new() -> Self {
        Self { line_start: true, after_cr: None }
    }

    /// Whether a line begins.
    pub(super) fn at_line_start(&self) -> bool {
        self.line_start
    }

    /// Takes a piece of the stream, in the unit at hand.
    pub(super) fn feed<S: Sink>(&mut self, out: &mut Out<'_, S>, mut data: &[u8]) {
        out.sink.unasked(&out.origin);
        if let Some(part) = self.after_cr.take()
            && let [b'\n', rest @ ..] = data
        {
            line(out, part, b"\n");
            data = rest;
        }
        while !data.is_empty() {
            let Some(end) = memchr::memchr2(b'\n', b'\r', data) else {
                self.line_start = false;
                self.after_cr = None;
                out.content(Part::EventField, data);
                return;
            };
            let crlf = data[end..].starts_with(b"\r\n");
            let (whole, rest) = data.split_at(end + 1 + usize::from(crlf));
            let is_empty = end == 0 && self.line_start;
            let part = if is_empty { Part::EventEnd } else { Part::EventField };
            line(out, part, whole);
            self.line_start = true;
            self.after_cr = whole.ends_with(b"\r").then_some(part);
            data = rest;
        }
    }

    /// Passes over bytes that are missing.
    pub(super) fn pass(&mut self) {
        self.after_cr = None;
    }
}

fn line<S: Sink>(out: &mut Out<'_, S>, part: Part, line: &[u8]) {
    if part == Part::EventEnd {
        out.end_group(true);
        out.counted(part, Kind::Framing, line);
    } else {
        out.content(part, line);
    }
}
