//! Sequence diagrams, in the language of Mermaid, drawn from the packets of a capture.

use std::fmt::Write;

use payloads::{
    decode::{Unit, UnitKind},
    input::Flags,
    report::{
        stats::SILENCE,
        transcript::{TimelinePacket, Transcript},
    },
    tcp::Side,
};

use crate::{Capture, Error, values::usual};

/// A packet with the lane of its connection and what it says.
struct Arrow {
    lane: usize,
    packet: TimelinePacket,
    text: String,
}

/// The diagram of a capture: how its connections begin, the first usual update, and how they end.
///
/// # Errors
///
/// If the capture has no usual update.
pub fn diagram(capture: &Capture) -> Result<String, Error> {
    let lanes: Vec<_> = capture.conversations().collect();
    let mut arrows: Vec<Arrow> = lanes
        .iter()
        .enumerate()
        .flat_map(|(lane, transcript)| self::arrows(lane, transcript))
        .collect();
    arrows.sort_by_key(|arrow| arrow.packet.time);
    let parts: Vec<&[Arrow]> =
        arrows.chunk_by(|one, next| next.packet.time - one.packet.time < SILENCE).collect();

    let figures = usual(capture).figures;
    let is_usual = |part: &&&[Arrow]| {
        let frame_bytes = part.iter().map(|arrow| u64::from(arrow.packet.frame_bytes)).sum::<u64>();
        part.len() as u64 == figures.total_packets && frame_bytes == figures.frame_bytes
    };
    let [first, between @ .., last] = parts.as_slice() else {
        return Err(Error(format!("{}.pcap has no update between its ends", capture.app)));
    };
    let update = between.iter().find(is_usual);
    let update =
        update.ok_or_else(|| Error(format!("{}.pcap has no usual update", capture.app)))?;

    let mut text = String::from("```mermaid\nsequenceDiagram\n");
    // The server stands beside the first connection, so that no arrow crosses another's line.
    for lane in 0..lanes.len() {
        let name = if lanes.len() == 1 {
            "Client".to_owned()
        } else {
            format!("Client, connection {}", lanes[lane].connection.number)
        };
        let _ = writeln!(text, "    participant C{lane} as {name}");
        if lane == 0 {
            text.push_str("    participant S as Server\n");
        }
    }
    let over = match lanes.len() {
        1 => "C0,S".to_owned(),
        count => format!("C0,C{}", count - 1),
    };
    for (title, part) in
        [("The client connects", *first), ("One update", update), ("The client leaves", last)]
    {
        let at = part[0].packet.time as f64 / 1e9;
        let _ = writeln!(text, "    Note over {over}: {title}, at {at:.1} s");
        for arrow in part {
            let lane = format!("C{}", arrow.lane);
            let (from, to) = match arrow.packet.side {
                Side::Client => (lane.as_str(), "S"),
                Side::Server => ("S", lane.as_str()),
            };
            let line = if arrow.packet.app_bytes > 0 { "->>" } else { "-->>" };
            let _ = writeln!(text, "    {from}{line}{to}: {}", escaped(&arrow.text));
        }
    }
    text.push_str("```\n");
    Ok(text)
}

/// The packets of a conversation, each with what it says.
fn arrows(lane: usize, transcript: &Transcript) -> Vec<Arrow> {
    let mut units = [Side::Client, Side::Server].map(|side| {
        let units = transcript.units.iter().filter(move |unit| unit.side == side);
        // Where in the stream of its side each unit begins.
        units
            .scan(0, |end, unit| {
                let start = *end;
                *end += unit.bytes.len() as u64;
                Some((start, unit))
            })
            .peekable()
    });
    let mut sent = [0_u64; 2];
    let mut arrows = Vec::new();
    for packet in &transcript.packets {
        let text = if packet.app_bytes == 0 {
            flags(packet.flags)
        } else {
            let side = packet.side.index();
            sent[side] += u64::from(packet.app_bytes);
            let mut said = Vec::new();
            while let Some((_, unit)) = units[side].next_if(|(start, _)| *start < sent[side]) {
                said.extend(summary(unit));
            }
            format!("{}, {} bytes", said.join(", "), packet.app_bytes)
        };
        arrows.push(Arrow { lane, packet: *packet, text });
    }
    arrows
}

/// What a unit says, in a few words. Content goes with its head and says nothing of its own.
fn summary(unit: &Unit) -> Option<String> {
    let text = String::from_utf8_lossy(&unit.bytes);
    match unit.kind {
        UnitKind::Body => None,
        UnitKind::EventChunk | UnitKind::Event => {
            text.lines().find(|line| line.starts_with("data: ")).map(str::to_owned)
        }
        UnitKind::Frame => {
            let payload = unit.frame_meaning()?;
            let opcode = unit.frame?.opcode.name();
            let payload = payload.split_once(": ").map_or("", |(_, payload)| payload);
            Some(format!("{opcode} frame {payload}"))
        }
        _ => {
            let lines: Vec<_> = text.lines().filter(|line| !line.is_empty()).collect();
            match unit.kind {
                UnitKind::Text => Some(lines.join(" ")),
                _ => lines.first().map(|line| (*line).to_owned()),
            }
        }
    }
}

/// The control bits by which packets without data are told apart.
fn flags(flags: Flags) -> String {
    let bits = [(flags.syn, "SYN"), (flags.fin, "FIN"), (flags.rst, "RST"), (flags.ack, "ACK")];
    let names: Vec<_> = bits.iter().filter(|(set, _)| *set).map(|(_, name)| *name).collect();
    names.join(", ")
}

/// `text` without the characters that mean something to Mermaid.
fn escaped(text: &str) -> String {
    text.replace('#', "#35;").replace(';', "#59;")
}
