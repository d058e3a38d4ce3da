//! A message or an event in words.

use super::{escape::push_escaped, explain::Explained, plural::plural};
use crate::decode::{
    EVENT_LIMIT, Message, Short, Source, StreamEvent, unpack::Fault, websocket::Opcode,
};

/// The most units that are named in a heading.
const NAMED: usize = 6;

impl Message {
    /// What it is, in a few words.
    pub fn what(&self) -> String {
        let kind = match self.opcode {
            None => "content".to_owned(),
            Some(opcode) => format!("{} message", opcode.name()),
        };
        match &self.unpacked {
            None => kind,
            Some(name) if self.raw_deflate => format!("{kind} unpacked from {name} without zlib"),
            Some(name) => format!("{kind} unpacked from {name}"),
        }
    }

    /// The same with how long it is, which units carried it, and why there is no more of it.
    pub(super) fn heading(&self) -> String {
        let mut line = self.what();
        if !self.gave_events {
            line.push_str(&format!(", {}", plural(self.len, "byte")));
        }
        if self.len > self.bytes.len() as u64 {
            line.push_str(&format!(", the first {} of which follow", self.bytes.len()));
        }
        line.push_str(&carriers(&self.source));
        if let Some(why) = self.why_short() {
            line.push_str(&format!("; {why}"));
        }
        line
    }

    /// Why there is no more of it, unless it is complete.
    pub(super) fn why_short(&self) -> Option<String> {
        Some(match self.short? {
            // Nothing of it was.
            Short::Fault(Fault::Damaged(coding)) if self.len == 0 && !self.gave_events => {
                format!("it is not {} ({})", coding.name(), coding.source())
            }
            Short::Fault(fault) => fault.to_string(),
            Short::Missing => "the rest is not in the capture".to_owned(),
            Short::Unfinished => "its end did not come".to_owned(),
        })
    }

    /// Whether it says more than the units that carried it, as they are printed: where it was packed,
    /// or its frames are several. Chunks of text read as the text.
    pub(super) fn is_news(&self) -> bool {
        self.unpacked.is_some() || self.opcode.is_some() && self.source.labels() > 1
    }

    /// Whether it is text, rather than bytes.
    pub fn is_text(&self) -> bool {
        match self.opcode {
            Some(opcode) => opcode == Opcode::TEXT,
            None => true,
        }
    }

    /// Where it is said how it came to be.
    pub(super) fn origin(&self) -> &'static str {
        match (self.opcode, &self.unpacked) {
            (None, None) => "RFC 9110 section 6.4",
            (None, Some(_)) => "RFC 9110 section 8.4.1",
            (Some(_), None) => "the payloads of its frames (RFC 6455 section 5.4)",
            (Some(_), Some(_)) => "RFC 7692 section 7.2.2",
        }
    }
}

impl StreamEvent {
    /// What it is, in a few words.
    pub fn what(&self) -> String {
        let packed = match &self.unpacked {
            None => String::new(),
            Some(name) => format!(" unpacked from {name}"),
        };
        if self.number.is_some() { format!("event{packed}") } else { format!("no event{packed}") }
    }

    /// The same with what its fields say, and which units carried it.
    pub(super) fn heading(&self) -> String {
        let mut line = self.what();
        let fields = [("type", &self.block.event), ("id", &self.block.id)];
        for (name, value) in fields {
            if let Some(value) = value {
                line.push_str(&format!(", {name} "));
                push_escaped(&mut line, value);
            }
        }
        if self.block.cut {
            line.push_str(&format!(", cut: no more than {EVENT_LIMIT} bytes are kept of it"));
        }
        line.push_str(&carriers(&self.source));
        line
    }

    /// Whether it says more than the units that carried it, as they are printed.
    pub(super) fn is_news(&self) -> bool {
        self.number.is_some() && !self.alone
    }

    /// Its data.
    pub fn data(&self) -> &[u8] {
        self.block.data.as_deref().unwrap_or_default()
    }

    /// Its fields in lines, with what they are.
    pub(super) fn explained(&self) -> Vec<Explained> {
        let text = |bytes: &[u8]| {
            let mut text = String::new();
            push_escaped(&mut text, bytes);
            text
        };
        let mut lines = Vec::new();
        if let Some(event) = &self.block.event {
            let meaning = "which listeners are told (HTML standard section 9.2.6)";
            lines.push(remark("type", text(event), meaning));
        }
        if let Some(id) = &self.block.id {
            let meaning = "what a client that connects again sends as Last-Event-ID";
            lines.push(remark("last event ID", text(id), meaning));
        }
        if let Some(retry) = self.block.retry {
            let meaning = "after how many milliseconds a client connects again";
            lines.push(remark("retry", retry.to_string(), meaning));
        }
        let data = self.data().split(|byte| *byte == b'\n');
        lines.extend(data.map(|line| remark("data", text(line), "")));
        lines
    }
}

/// A line that is about no bytes of a unit.
fn remark(name: &str, value: String, meaning: &str) -> Explained {
    Explained { range: 0..0, bits: 0xff, name: name.to_owned(), value, meaning: meaning.to_owned() }
}

/// The labels of the units, in brackets.
fn carriers(source: &Source) -> String {
    let mut labels: Vec<String> = source.units.iter().map(|unit| unit.label()).collect();
    labels.dedup();
    if labels.len() > NAMED {
        let count = labels.len();
        let last = labels.pop().unwrap_or_default();
        labels.truncate(2);
        return format!(" ({} ... {last}, {count} units)", labels.join(", "));
    }
    format!(" ({})", labels.join(", "))
}
