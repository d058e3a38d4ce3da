//! Text outside HTTP, such as what tcpapp speaks: lines, each ended with a newline.

use super::{
    out::Out,
    sink::{Kind, Part, Sink, UnitKind},
};

/// Names all of `data`, of one side, as a unit of text.
pub(super) fn text<S: Sink>(out: &mut Out<'_, S>, data: &[u8]) {
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
}
