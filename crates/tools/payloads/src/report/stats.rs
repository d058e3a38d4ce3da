//! The figures of a capture: all of it, one update, what the server alone can send, and how an
//! update's bytes divide.

use std::{collections::HashMap, io::Read};

use serde_json::{Value, json};

pub use super::left_out::LeftOut;
use super::{plural::plural, table::Table};
use crate::{
    decode::{Decoder, Kind, Note, Sink},
    input::{Contents, Found, Headers, ReadError, Reader, Segment, Twice},
    tcp::{
        CONNECTION_LIMIT, ConnectionInfo, Conversations, EARLY_WAIT, Ending, Notice, Origin, Side,
    },
};

/// The silence that separates one update from the next, in nanoseconds: half a second.
pub const SILENCE: i64 = 500_000_000;

/// The most different rows kept while the most frequent one is sought.
const ROW_LIMIT: usize = 4096;

/// The columns of the tables, as the legend of the original document defines them.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Figures {
    /// Packets that hold a TCP segment.
    pub total_packets: u64,
    /// Those of them that carry application data.
    pub app_packets: u64,
    /// The bytes of the frames on the wire.
    pub frame_bytes: u64,
    /// The bytes of the TCP headers, options included.
    pub tcp_bytes: u64,
    /// The bytes of the TCP payloads.
    pub app_bytes: u64,
}

impl Figures {
    /// The names of the columns.
    pub const COLUMNS: [&str; 5] =
        ["Total Packets", "App Packets", "Frame Bytes", "TCP Bytes", "App Bytes"];

    /// The figures in the order of [`COLUMNS`](Self::COLUMNS).
    pub fn cells(&self) -> [u64; 5] {
        [self.total_packets, self.app_packets, self.frame_bytes, self.tcp_bytes, self.app_bytes]
    }

    /// Adds a segment, which may have come in several packets.
    fn add(&mut self, found: &Found<'_>, segment: &Segment<'_>) {
        let packets = u64::from(found.packets);
        self.total_packets += packets;
        self.app_packets += if segment.payload_len > 0 { packets } else { 0 };
        self.frame_bytes += found.frame_bytes;
        self.tcp_bytes += u64::from(segment.header_len);
        self.app_bytes += u64::from(segment.payload_len);
    }

    fn json(&self) -> Value {
        json!({
            "total_packets": self.total_packets,
            "app_packets": self.app_packets,
            "frame_bytes": self.frame_bytes,
            "tcp_bytes": self.tcp_bytes,
            "app_bytes": self.app_bytes,
        })
    }
}

/// How the application bytes of one side divide, in bytes.
///
/// The parts add up to [`total`](Self::total).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Division {
    /// All of them.
    pub total: u64,
    /// By [`Kind`], in the order of [`Kind::ALL`].
    kinds: [u64; 4],
    /// Those that were sent before.
    pub sent_again: u64,
    /// Those that the capture cut off.
    pub cut_off: u64,
    /// Those of keep-alives and window probes, which are no data.
    pub no_data: u64,
}

impl Division {
    /// How many bytes are of `kind`.
    pub fn of(&self, kind: Kind) -> u64 {
        self.kinds[kind as usize]
    }

    /// The bytes that arrived in this update and whose kind is not known yet, such as those that
    /// wait for others before them.
    pub fn undecided(&self) -> u64 {
        let known = self.kinds.iter().sum::<u64>() + self.sent_again + self.cut_off + self.no_data;
        self.total.saturating_sub(known)
    }

    fn take(&mut self, kind: Kind, bytes: u64) -> u64 {
        let bytes = bytes.min(self.kinds[kind as usize]);
        self.kinds[kind as usize] -= bytes;
        bytes
    }

    fn json(&self) -> Value {
        json!({
            "app_bytes": self.total,
            "time": self.of(Kind::Time),
            "framing": self.of(Kind::Framing),
            "http_head": self.of(Kind::HttpHead),
            "content": self.of(Kind::Content),
            "sent_again": self.sent_again,
            "cut_off": self.cut_off,
            "no_data": self.no_data,
            "undecided": self.undecided(),
        })
    }
}

/// One update: the packets between two silences.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Update {
    /// Its figures.
    pub figures: Figures,
    /// Its figures without the client's data packets.
    pub without_client: Figures,
    /// Whether the server can send this unasked: it sent text, an event or a frame, and no answer to
    /// an HTTP request.
    pub can_push: bool,
    /// How the client's bytes divide, and the server's, in the order of [`Side::index`].
    pub divisions: [Division; 2],
}

impl Update {
    /// How the bytes of `side` divide.
    pub fn division(&self, side: Side) -> &Division {
        &self.divisions[side.index()]
    }
}

/// The update that was seen most often.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct UsualUpdate {
    /// The latest update with the figures seen most often.
    pub update: Update,
    /// How many updates had these figures.
    pub seen: u64,
    /// How many updates there were.
    pub of: u64,
}

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
                    let found = headers.read(&packet);
                    stats.left_out.count(&found);
                    match &found.contents {
                        Contents::Tcp(_) if twice.is_again(&packet) => {
                            stats.left_out.recorded_twice += 1;
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
        conversations.finish(counter.last_time, &mut counter);
        counter.finish(&mut stats);
        stats.left_out.unsupported = reader.unsupported();
        stats.cut_at = reader.cut_at();
        Ok(stats)
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

/// How often an update was seen, and its latest.
#[derive(Clone, Copy)]
struct Row {
    seen: u64,
    latest: u64,
    update: Update,
}

/// Counts the packets as they come.
#[derive(Default)]
pub(super) struct Counter {
    overall: Figures,
    last_time: i64,
    /// The number of the part at hand, from 0.
    part: u64,
    update: Update,
    /// Whether the part at hand opens or ends a connection.
    has_control: bool,
    /// Whether its server answers an HTTP request.
    has_answer: bool,
    /// Whether its server sends what it may send unasked.
    has_unasked: bool,
    rows: HashMap<Figures, Row>,
    updates: u64,
    forgot: bool,
    dropped: u64,
    /// The numbers of the first and the last packet of the part at hand.
    packets: (u64, u64),
    decided: Option<Decided>,
}

/// An update, once it is over.
pub(super) struct Decided {
    /// The numbers of its first and its last packet.
    packets: (u64, u64),
    update: Update,
}

impl Decided {
    /// Its members in JSON, named as in [`Stats::json`].
    pub(super) fn members(&self) -> [(&'static str, Value); 4] {
        let Self { packets: (first, last), update } = self;
        [
            ("packets", json!([first, last])),
            ("figures", update.figures.json()),
            ("client", update.division(Side::Client).json()),
            ("server", update.division(Side::Server).json()),
        ]
    }
}

impl Counter {
    fn packet(
        &mut self,
        time: i64,
        found: &Found<'_>,
        segment: &Segment<'_>,
        conversations: &mut Conversations<Decoder>,
    ) {
        if self.is_silence_before(time) {
            // What waited for other segments belongs to the part before the silence.
            conversations.release_early(time.saturating_sub(EARLY_WAIT), self);
        }
        self.begin_packet(0, time, found, segment);
        let (_, side) = conversations.segment(time, segment, self);
        self.end_packet(side, found, segment);
    }

    /// Whether a packet at `time` comes after a silence.
    pub(super) fn is_silence_before(&self, time: i64) -> bool {
        self.overall.total_packets > 0 && time.saturating_sub(self.last_time) >= SILENCE
    }

    /// Counts the packet with this number, before what is said in it is counted.
    pub(super) fn begin_packet(
        &mut self,
        number: u64,
        time: i64,
        found: &Found<'_>,
        segment: &Segment<'_>,
    ) {
        if self.is_silence_before(time) {
            self.end_part();
        }
        // A packet that was captured out of order does not turn the time back.
        if self.overall.total_packets == 0 || time > self.last_time {
            self.last_time = time;
        }
        self.overall.add(found, segment);
        self.update.figures.add(found, segment);
        self.has_control |= segment.flags.syn || segment.flags.fin || segment.flags.rst;
        if self.packets.0 == 0 {
            self.packets.0 = number;
        }
        self.packets.1 = number;
    }

    /// Counts what `side` sent in the packet.
    pub(super) fn end_packet(&mut self, side: Side, found: &Found<'_>, segment: &Segment<'_>) {
        self.update.divisions[side.index()].total += u64::from(segment.payload_len);
        if side == Side::Server || segment.payload_len == 0 {
            self.update.without_client.add(found, segment);
        }
    }

    /// A silence, or the end: counts the part before it, if it is an update.
    fn end_part(&mut self) {
        let mut update = std::mem::take(&mut self.update);
        let has_control = std::mem::take(&mut self.has_control);
        let has_answer = std::mem::take(&mut self.has_answer);
        let has_unasked = std::mem::take(&mut self.has_unasked);
        let packets = std::mem::take(&mut self.packets);
        let is_first = self.part == 0;
        self.part += 1;
        if is_first || has_control || update.figures.app_bytes == 0 {
            return;
        }
        self.updates += 1;
        update.can_push = has_unasked && !has_answer;
        self.decided = Some(Decided { packets, update });
        let row = self.rows.entry(update.figures).or_insert(Row { seen: 0, latest: 0, update });
        row.seen += 1;
        row.latest = self.updates;
        row.update = update;
        if self.rows.len() > ROW_LIMIT {
            self.forgot = true;
            let latest = self.updates;
            // The rarer half goes; the one just seen may turn out to be frequent.
            let mut seen: Vec<(u64, u64)> =
                self.rows.values().map(|row| (row.seen, row.latest)).collect();
            seen.sort_unstable();
            let limit = seen[ROW_LIMIT / 2];
            self.rows.retain(|_, row| (row.seen, row.latest) > limit || row.latest == latest);
        }
    }

    /// The update that was decided last, unless it was taken before.
    pub(super) fn take_decided(&mut self) -> Option<Decided> {
        self.decided.take()
    }

    /// How many packets were counted.
    pub(super) fn packets(&self) -> u64 {
        self.overall.total_packets
    }

    /// The capture is over: puts its figures into `stats`.
    pub(super) fn finish(&mut self, stats: &mut Stats) {
        self.end_part();
        stats.overall = self.overall;
        stats.usual = self.usual();
        stats.dropped = self.dropped;
        stats.forgot_updates = self.forgot;
    }

    fn usual(&self) -> Option<UsualUpdate> {
        self.rows.values().max_by_key(|row| (row.seen, row.latest)).map(|row| UsualUpdate {
            update: row.update,
            seen: row.seen,
            of: self.updates,
        })
    }

    fn division(&mut self, origin: &Origin<'_>) -> &mut Division {
        &mut self.update.divisions[origin.side.index()]
    }
}

impl Sink for Counter {
    const COUNTS: bool = true;
    const PIECES: bool = false;

    fn ended(&mut self, _connection: &ConnectionInfo, _time: i64, ending: Ending) {
        self.dropped += u64::from(ending == Ending::Dropped);
    }

    fn note(&mut self, origin: &Origin<'_>, note: Note<'_>) {
        match note {
            Note::Cut(bytes) => self.division(origin).cut_off += bytes,
            Note::Repeated(bytes) | Note::Tcp(Notice::SentOtherwise { bytes, .. }) => {
                self.division(origin).sent_again += bytes;
            }
            Note::Late { cut, .. } | Note::Tcp(Notice::Outside { cut, .. }) => {
                self.division(origin).cut_off += cut;
            }
            Note::Tcp(Notice::KeepAlive(bytes) | Notice::WindowProbe(bytes)) => {
                self.division(origin).no_data += bytes;
            }
            Note::Gap(_)
            | Note::GapOrFin
            | Note::End
            | Note::WebSocket
            | Note::OtherWebSocket
            | Note::Tcp(_) => {}
        }
    }

    fn count(&mut self, origin: &Origin<'_>, kind: Kind, bytes: u64) {
        self.division(origin).kinds[kind as usize] += bytes;
        self.has_answer |= kind == Kind::HttpHead && origin.side == Side::Server;
    }

    fn recount(&mut self, origin: &Origin<'_>, from: Kind, to: Kind, bytes: u64) {
        let division = self.division(origin);
        // Those that an earlier update was charged with stay there.
        let bytes = division.take(from, bytes);
        division.kinds[to as usize] += bytes;
    }

    fn uncount(&mut self, origin: &Origin<'_>, kind: Kind, bytes: u64) {
        self.division(origin).take(kind, bytes);
    }

    fn unasked(&mut self, origin: &Origin<'_>) {
        self.has_unasked |= origin.side == Side::Server;
    }

    fn answer(&mut self, origin: &Origin<'_>) {
        self.has_answer |= origin.side == Side::Server;
    }
}
