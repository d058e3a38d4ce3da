//! A small capture's conversations as a whole, for documents that quote them.

use std::io::Read;

use super::escape::push_escaped;
use crate::{
    decode::{Assembler, Event, Listener, Message, Note, StreamEvent, Unit, UnitKind},
    input::{Contents, Flags, Found, Headers, ReadError, Reader, Twice},
    tcp::{ConnectionInfo, Conversations, Ending, Notice, Side},
};

/// A packet on a connection's time line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TimelinePacket {
    /// When it was captured, in nanoseconds since the capture's first packet.
    pub time: i64,
    /// Who sent it.
    pub side: Side,
    /// Its control bits.
    pub flags: Flags,
    /// The length of its frame on the wire, in bytes.
    pub frame_bytes: u32,
    /// The length of its TCP payload on the wire, in bytes.
    pub app_bytes: u32,
}

/// One connection, with all that was said and all packets.
#[derive(Clone, Debug)]
pub struct Transcript {
    /// Its ends and how it began.
    pub connection: ConnectionInfo,
    /// What was said, in the order of time.
    pub units: Vec<Unit>,
    /// The messages that came in several units, or packed.
    pub messages: Vec<Message>,
    /// The events, dispatched or not.
    pub events: Vec<StreamEvent>,
    /// Its packets, in the order of the capture.
    pub packets: Vec<TimelinePacket>,
    /// How it ended, if it did.
    pub ending: Option<Ending>,
    /// How many of its bytes were sent again.
    pub sent_again: u64,
    /// How many of its bytes are no data, but those of keep-alives and window probes.
    pub no_data: u64,
    /// How many of its bytes the capture cut off.
    pub cut_off: u64,
    /// How many of its bytes are missing in gaps.
    pub missing: u64,
}

impl Transcript {
    /// All that was said, as [`text`] has it.
    pub fn text(&self) -> String {
        text(&self.units)
    }

    /// The WebSocket frames as hexadecimal numbers beside their text, each line labelled:
    /// `C1: 81 88 36 0d 29 16 51 68 5d 3b 42 64 44 73  ..6.).Qh];BdDs`.
    pub fn hex_dump(&self) -> String {
        let mut dump = String::new();
        for unit in self.units.iter().filter(|unit| unit.kind == UnitKind::Frame) {
            let label = unit.label() + ":";
            for (index, line) in unit.hex_lines().enumerate() {
                let label = if index == 0 { label.as_str() } else { "" };
                dump.push_str(&format!("{label:<3} {line}\n"));
            }
        }
        dump
    }

    /// The first unit of `kind` with this label, such as `C1`.
    pub fn unit(&self, kind: UnitKind, label: &str) -> Option<&Unit> {
        self.units.iter().find(|unit| unit.kind == kind && unit.label() == label)
    }
}

/// What `units` say as text, in their order, lines ended with a newline alone. Other control
/// characters are escaped. WebSocket frames, which are no text, are left out:
/// [`Transcript::hex_dump`] has them.
pub fn text(units: &[Unit]) -> String {
    let mut text = String::new();
    for unit in units {
        if unit.kind == UnitKind::Frame {
            continue;
        }
        for line in unit.bytes.split_inclusive(|byte| *byte == b'\n') {
            let (line, end) = match line.strip_suffix(b"\n") {
                Some(line) => (line.strip_suffix(b"\r").unwrap_or(line), "\n"),
                None => (line, ""),
            };
            push_escaped(&mut text, line);
            text.push_str(end);
        }
    }
    text
}

/// Reads a capture and puts its conversations together, in the order of their first packets.
/// Where a connection's SYN was not captured, the side with `port` is its server.
///
/// All of it is kept in memory: this is for captures that a document quotes.
///
/// # Errors
///
/// If the input cannot be read, is no capture or is damaged.
pub fn read(input: impl Read, port: Option<u16>) -> Result<Vec<Transcript>, ReadError> {
    let mut reader = Reader::new(input);
    let mut headers = Headers::default();
    let mut conversations = Conversations::new(port);
    let mut assembler = Assembler::new(Collector::default());
    let mut twice = Twice::default();
    let mut first = None;
    let mut last = 0;
    while let Some(packet) = reader.next_packet()? {
        let time = packet.time.saturating_sub(*first.get_or_insert(packet.time));
        assembler.start(packet.time);
        let mut found = Found::new(&packet);
        headers.read(&packet, &mut found);
        let Contents::Tcp(segment) = found.contents else {
            continue;
        };
        if twice.is_again(&packet, &found.carrier) {
            continue;
        }
        last = packet.time;
        let (number, side) = conversations.segment(packet.time, &segment, &mut assembler);
        if let Some(transcript) = assembler.listener().of(number) {
            transcript.packets.push(TimelinePacket {
                time,
                side,
                flags: segment.flags,
                frame_bytes: u32::try_from(found.frame_bytes).unwrap_or(u32::MAX),
                app_bytes: segment.payload_len,
            });
        }
    }
    conversations.finish(last, &mut assembler);
    Ok(std::mem::take(&mut assembler.listener().transcripts))
}

#[derive(Default)]
struct Collector {
    transcripts: Vec<Transcript>,
}

impl Collector {
    /// The transcript of the connection with this number.
    fn of(&mut self, number: u64) -> Option<&mut Transcript> {
        self.transcripts.get_mut(usize::try_from(number).ok()?.checked_sub(1)?)
    }
}

impl Listener for Collector {
    fn event(&mut self, time: i64, event: Event<'_>) {
        match event {
            Event::Opened(connection) => self.transcripts.push(Transcript {
                connection: *connection,
                units: Vec::new(),
                messages: Vec::new(),
                events: Vec::new(),
                packets: Vec::new(),
                ending: None,
                sent_again: 0,
                no_data: 0,
                cut_off: 0,
                missing: 0,
            }),
            Event::Changed(connection, turned) => {
                let Some(transcript) = self.of(connection.number) else {
                    return;
                };
                transcript.connection = *connection;
                if turned {
                    for unit in &mut transcript.units {
                        unit.side = unit.side.peer();
                    }
                    for packet in &mut transcript.packets {
                        packet.side = packet.side.peer();
                    }
                }
            }
            Event::Ended(connection, ending) => {
                if let Some(transcript) = self.of(connection.number) {
                    transcript.ending = Some(ending);
                }
            }
            Event::Recount { .. } => {}
            Event::Message(message) => {
                if let Some(transcript) = self.of(message.source.connection) {
                    transcript.messages.push(message.clone());
                }
            }
            Event::StreamEvent(event) => {
                if let Some(transcript) = self.of(event.source.connection) {
                    transcript.events.push(event.clone());
                }
            }
            Event::Unit(unit) => {
                if let Some(transcript) = self.of(unit.connection) {
                    transcript.units.push(unit.clone());
                }
            }
            Event::Note(connection, side, note) => {
                let Some(transcript) = self.of(connection.number) else {
                    return;
                };
                match note {
                    Note::Cut(bytes) => transcript.cut_off += bytes,
                    Note::Gap(bytes) => transcript.missing += bytes,
                    Note::Repeated(bytes) | Note::Tcp(Notice::SentOtherwise { bytes, .. }) => {
                        transcript.sent_again += bytes;
                    }
                    Note::Late { bytes, cut, missed } => {
                        transcript.cut_off += cut;
                        if missed {
                            transcript.missing -= bytes.len() as u64 + cut;
                        }
                        if !bytes.is_empty() {
                            transcript.units.push(Unit::late(time, connection, side, bytes));
                        }
                    }
                    Note::Tcp(
                        Notice::Outside { bytes, cut } | Notice::ResetText { bytes, cut },
                    ) => {
                        transcript.cut_off += cut;
                        if !bytes.is_empty() {
                            transcript.units.push(Unit::late(time, connection, side, bytes));
                        }
                    }
                    Note::Tcp(Notice::KeepAlive(bytes) | Notice::WindowProbe(bytes)) => {
                        transcript.no_data += bytes;
                    }
                    Note::GapOrFin
                    | Note::End
                    | Note::WebSocket
                    | Note::OtherWebSocket
                    | Note::Tcp(_) => {}
                }
            }
        }
    }
}
