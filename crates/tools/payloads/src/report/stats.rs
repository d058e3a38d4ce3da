//! The figures of a capture: all of it, one update, what the server alone can send, and how an
//! update's bytes divide.

use std::io::Read;

use serde_json::{Value, json};

pub use super::{
    counter::SILENCE,
    figures::{Division, Figures, Update, UsualUpdate},
    left_out::LeftOut,
};
use super::{
    counter::{Counted, Counter},
    plural::plural,
    rows::ROW_LIMIT,
    table::Table,
};
use crate::{
    decode::Kind,
    input::{Contents, Found, Headers, ReadError, Reader, Twice},
    tcp::{CONNECTION_LIMIT, Conversations, Side},
};

/// The figures of a capture.
#[derive(Clone, Debug, Default)]
pub struct Stats {
    /// All TCP packets.
    pub overall: Figures,
    /// The usual update, if there was one.
    pub usual: Option<UsualUpdate>,
    /// How many connections there were.
    pub connections: u64,
    /// How many of them were dropped to make room for others.
    pub dropped: u64,
    /// Whether there were so many different updates that rare ones were forgotten, so that the
    /// usual one may have been seen more often than it says.
    pub forgot_updates: bool,
    /// What was left out.
    pub left_out: LeftOut,
    /// The byte at which the capture ends in the middle of a packet, if it does.
    pub cut_at: Option<u64>,
    /// The byte from which on the capture is damaged and was not read, if it is.
    pub damaged_at: Option<u64>,
}

impl Stats {
    /// Reads a capture and counts. Where a connection's SYN was not captured, the side with `port`
    /// is its server.
    ///
    /// # Errors
    ///
    /// If the input cannot be read or is no capture. A capture that is damaged is counted up to
    /// there.
    pub fn read(input: impl Read, port: Option<u16>) -> Result<Self, ReadError> {
        let mut reader = Reader::new(input);
        let mut headers = Headers::default();
        let mut conversations = Conversations::new(port);
        let mut counter = Counter::default();
        let mut stats = Self::default();
        let mut twice = Twice::default();
        loop {
            match reader.next_packet() {
                Ok(Some(packet)) => {
                    let mut found = Found::new(&packet);
                    headers.read(&packet, &mut found);
                    stats.left_out.count(&found);
                    match &found.contents {
                        Contents::Tcp(_) if twice.is_again(&packet, &found.carrier) => {
                            stats.left_out.recorded_twice += u64::from(found.packets);
                        }
                        Contents::Tcp(segment) => {
                            counter.packet(packet.time, &found, segment, &mut conversations);
                        }
                        _ => {}
                    }
                }
                Ok(None) => break,
                Err(ReadError::Damaged(offset)) => {
                    stats.damaged_at = Some(offset);
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        stats.connections = conversations.count();
        conversations.finish(counter.last_time(), &mut counter);
        stats.take(counter.finish());
        stats.left_out.unsupported = reader.unsupported();
        stats.cut_at = reader.cut_at();
        Ok(stats)
    }

    /// Takes what was counted.
    pub(super) fn take(&mut self, counted: Counted) {
        self.overall = counted.overall;
        self.usual = counted.usual;
        self.dropped = counted.dropped;
        self.forgot_updates = counted.forgot;
    }

    /// What a reader of the figures should know, in a line each.
    pub fn warnings(&self) -> Vec<String> {
        let mut lines = self.left_out.warnings(self.overall.total_packets);
        if self.dropped > 0 {
            lines.push(format!(
                "{} left while still open: no more than {CONNECTION_LIMIT} are followed at a time",
                plural(self.dropped, "connection"),
            ));
        }
        if self.forgot_updates {
            lines.push(format!(
                "more than {ROW_LIMIT} different updates: rare ones were forgotten",
            ));
        }
        let is_whole = self.cut_at.is_none() && self.damaged_at.is_none();
        if self.usual.is_none() && self.overall.total_packets > 0 && is_whole {
            lines.push(
                "has no update, which is what travels between two silences of half a second while \
                 no connection begins or ends"
                    .to_owned(),
            );
        }
        if let Some(offset) = self.cut_at {
            lines.push(format!("ends in the middle of a packet, at byte {offset}"));
        }
        lines
    }

    /// The figures as JSON.
    pub fn json(&self, name: &str) -> Value {
        let usual = self.usual.map(|usual| {
            json!({
                "figures": usual.update.figures.json(),
                "seen": usual.seen,
                "of": usual.of,
                "server_alone": usual.update.can_push.then(|| usual.update.without_client.json()),
                "client": usual.update.division(Side::Client).json(),
                "server": usual.update.division(Side::Server).json(),
            })
        });
        json!({
            "capture": name,
            "overall": self.overall.json(),
            "update": usual,
            "connections": self.connections,
            "connections_dropped": self.dropped,
            "left_out": self.left_out.json(),
            "ends_in_packet_at": self.cut_at,
            "damaged_at": self.damaged_at,
        })
    }
}

/// The four tables, each with a heading.
pub fn tables(captures: &[Named<'_>]) -> String {
    let mut text = String::new();
    let tables = [
        ("Overall", overall_table(captures)),
        ("Per update", update_table(captures)),
        ("What the server alone can send", server_table(captures)),
        ("How an update's application bytes divide", division_table(captures)),
    ];
    for (heading, table) in tables {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&format!("### {heading}\n\n{table}"));
    }
    text
}

/// A capture's name with its figures.
pub type Named<'a> = (&'a str, &'a Stats);

/// The table of all packets: a row for each capture.
pub fn overall_table(captures: &[Named<'_>]) -> String {
    let mut table = Table::new(&[&["PCAP"], &Figures::COLUMNS[..]].concat());
    for (name, stats) in captures {
        table.row(name, stats.overall.cells().map(|cell| cell.to_string()));
    }
    table.to_string()
}

/// The table of one update: a row for each capture that has updates.
pub fn update_table(captures: &[Named<'_>]) -> String {
    let mut table = Table::new(&[&["PCAP"], &Figures::COLUMNS[..], &["Seen"]].concat());
    for (name, stats) in captures {
        if let Some(usual) = &stats.usual {
            let cells = usual.update.figures.cells().map(|cell| cell.to_string());
            let seen = format!("{} of {}", usual.seen, usual.of);
            table.row(name, cells.into_iter().chain([seen]));
        }
    }
    table.to_string()
}

/// The table of what the server alone can send: a row for each capture whose server can.
pub fn server_table(captures: &[Named<'_>]) -> String {
    let mut table = Table::new(&[&["PCAP"], &Figures::COLUMNS[..]].concat());
    for (name, stats) in captures {
        if let Some(usual) = stats.usual.as_ref().filter(|usual| usual.update.can_push) {
            table.row(name, usual.update.without_client.cells().map(|cell| cell.to_string()));
        }
    }
    table.to_string()
}

/// The table of how an update's bytes divide: two rows for each capture, what the client sends and
/// what the server sends.
pub fn division_table(captures: &[Named<'_>]) -> String {
    let rows: Vec<(&str, Side, &Division)> = captures
        .iter()
        .filter_map(|(name, stats)| Some((*name, stats.usual.as_ref()?)))
        .flat_map(|(name, usual)| {
            [Side::Client, Side::Server].map(|side| (name, side, usual.update.division(side)))
        })
        .collect();
    // The columns that nearly always are 0 appear only when they are not.
    let again = rows.iter().any(|(_, _, division)| division.sent_again > 0);
    let cut = rows.iter().any(|(_, _, division)| division.cut_off > 0);
    let no_data = rows.iter().any(|(_, _, division)| division.no_data > 0);
    let undecided = rows.iter().any(|(_, _, division)| division.undecided() > 0);
    let mut columns = vec!["PCAP", "From", "App Bytes", "Time", "Framing", "HTTP Head", "Content"];
    columns.extend(again.then_some("Sent Again"));
    columns.extend(cut.then_some("Cut Off"));
    columns.extend(no_data.then_some("No Data"));
    columns.extend(undecided.then_some("Undecided"));
    let mut table = Table::new(&columns);
    for (name, side, division) in rows {
        let mut cells = vec![side.name().to_owned(), division.total.to_string()];
        cells.extend(Kind::ALL.map(|kind| division.of(kind).to_string()));
        cells.extend(again.then(|| division.sent_again.to_string()));
        cells.extend(cut.then(|| division.cut_off.to_string()));
        cells.extend(no_data.then(|| division.no_data.to_string()));
        cells.extend(undecided.then(|| division.undecided().to_string()));
        table.row(name, cells);
    }
    table.to_string()
}
