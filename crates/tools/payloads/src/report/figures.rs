//! The figures of packets, and how their application bytes divide.

use serde_json::{Value, json};

use crate::{
    decode::Kind,
    input::{Found, Segment},
    tcp::Side,
};

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
    #[inline]
    pub(super) fn add(&mut self, found: &Found<'_>, segment: &Segment<'_>) {
        let packets = u64::from(found.packets);
        self.total_packets += packets;
        self.app_packets += if segment.payload_len > 0 { packets } else { 0 };
        self.frame_bytes += found.frame_bytes;
        self.tcp_bytes += u64::from(segment.header_len);
        self.app_bytes += u64::from(segment.payload_len);
    }

    /// Adds those of other packets.
    pub(super) fn add_all(&mut self, other: &Self) {
        self.total_packets += other.total_packets;
        self.app_packets += other.app_packets;
        self.frame_bytes += other.frame_bytes;
        self.tcp_bytes += other.tcp_bytes;
        self.app_bytes += other.app_bytes;
    }

    pub(super) fn json(&self) -> Value {
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

    pub(super) fn json(&self) -> Value {
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

/// What is known of a byte.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Known {
    /// That it counts as this; these are the [`Kind`]s, in their order.
    Time,
    Framing,
    HttpHead,
    Content,
    /// That it was sent before.
    SentAgain,
    /// That the capture cut it off.
    CutOff,
    /// That it is that of a keep-alive or a window probe.
    NoData,
    /// Nothing.
    Undecided,
}

/// How many things can be known.
pub(super) const KNOWN: usize = 8;

impl From<Kind> for Known {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Time => Self::Time,
            Kind::Framing => Self::Framing,
            Kind::HttpHead => Self::HttpHead,
            Kind::Content => Self::Content,
        }
    }
}

impl From<&[u64; KNOWN]> for Division {
    /// The division of bytes by what is known of them.
    fn from(bytes: &[u64; KNOWN]) -> Self {
        Self {
            total: bytes.iter().sum(),
            kinds: Kind::ALL.map(|kind| bytes[Known::from(kind) as usize]),
            sent_again: bytes[Known::SentAgain as usize],
            cut_off: bytes[Known::CutOff as usize],
            no_data: bytes[Known::NoData as usize],
        }
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
