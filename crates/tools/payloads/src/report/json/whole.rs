//! A message or an event as a line.

use super::{line::Line, unit::text_or_hex};
use crate::decode::{Message, Source, StreamEvent};

/// Adds what a message says.
pub fn push_message(line: &mut Line<'_>, message: &Message) {
    push_source(line, &message.source);
    line.string("label", &message.label());
    line.string("what", &message.what());
    if message.is_text() {
        text_or_hex(line, &message.bytes);
    } else {
        line.hex("hex", &message.bytes);
    }
    line.number("bytes", message.len);
    if let Some(unpacked) = &message.unpacked {
        line.string("unpacked", unpacked);
    }
    if message.is_cut() {
        line.truth("cut", true);
    }
    if let Some(why) = message.why_short() {
        line.string("short", &why);
    }
}

/// Adds what an event says.
pub fn push_event(line: &mut Line<'_>, event: &StreamEvent) {
    push_source(line, &event.source);
    if let Some(label) = event.label() {
        line.string("label", &label);
    }
    line.string("what", &event.what());
    let block = &event.block;
    for (name, value) in [("id", &block.id), ("event", &block.event), ("data", &block.data)] {
        if let Some(value) = value {
            line.string(name, &String::from_utf8_lossy(value));
        }
    }
    if let Some(retry) = block.retry {
        line.number("retry", retry);
    }
    line.truth("dispatched", event.number.is_some());
    if let Some(unpacked) = &event.unpacked {
        line.string("unpacked", unpacked);
    }
    if block.cut {
        line.truth("cut", true);
    }
}

fn push_source(line: &mut Line<'_>, source: &Source) {
    line.number("connection", source.connection);
    line.string("side", source.side.name());
    line.time("time", source.time);
    let mut units = line.array("units");
    for unit in &source.units {
        units.number(unit.id);
    }
}
