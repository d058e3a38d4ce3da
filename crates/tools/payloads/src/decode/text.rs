//! Text outside HTTP, such as what tcpapp speaks: lines, each ended with a newline.

use super::{
    out::{Next, Out},
    sink::{Kind, Part, Sink, UnitKind},
};

/// What one side sends, as text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text;

impl Text {
    /// Takes all of `data`.
    pub(super) fn feed<'d, S: Sink>(
        self,
        out: &mut Out<'_, S>,
        data: &'d [u8],
    ) -> (&'d [u8], Next) {
        out.sink.unasked(&out.origin);
        out.begin(UnitKind::Text);
        let mut rest = data;
        while let Some(newline) = memchr::memchr(b'\n', rest) {
            let text_end = if rest[..newline].ends_with(b"\r") { newline - 1 } else { newline };
            out.content(Part::Text, &rest[..text_end]);
            out.end_group(true);
            out.counted(Part::LineEnd, Kind::Framing, &rest[text_end..=newline]);
            rest = &rest[newline + 1..];
        }
        out.content(Part::Text, rest);
        out.end();
        (&[], Next::Same)
    }

    /// Begins a unit of what is kept of a first line.
    pub(super) fn begin_kept<S: Sink>(out: &mut Out<'_, S>, kept: &[u8]) {
        out.begin(UnitKind::Text);
        out.piece_of(Part::Text, Kind::HttpHead, kept);
    }
}
