//! One walk over a capture for whatever tells of its packets and of what they carry.

use super::{
    counter::{Counter, Decided},
    left_out::LeftOut,
    packets::{Deed, Sent, Tracker},
    stats::Stats,
};
use crate::{
    decode::{Assembler, Both, Decoder, Listener, Span},
    input::{
        Contents, Found, Headers, Packet, Twice,
        headers::{self, Named, TcpContext},
    },
    tcp::{Conversations, EARLY_WAIT},
};

/// How a capture is over: it has come to its end, or was ended, unless this says otherwise.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct End {
    /// The byte at which it ends in the middle of a packet, if it does.
    pub cut_at: Option<u64>,
    /// The byte from which on it could not be read, if that is known.
    pub damaged_at: Option<u64>,
    /// Whether the rest of it could not be read.
    pub damaged: bool,
    /// How many packets were of an interface with a link type that is not supported.
    pub unsupported: u64,
}

/// Takes what a [`Walk`] finds, besides what the units and notes say.
pub(super) trait Told: Listener {
    /// Holds back what is told from here on until [`packet`](Self::packet) tells of the packet with
    /// this number, which brought it.
    fn hold(&mut self, packet: u64);
    /// Takes a packet with its number, its time in nanoseconds since the first, what it does on its
    /// connection, and what its bits are. What was held back comes after it.
    fn packet(
        &mut self,
        number: u64,
        time: i64,
        packet: &Packet<'_>,
        deed: Option<(Sent<'_>, Deed)>,
        named: Named,
    );
    /// Takes an update.
    fn update(&mut self, _decided: Decided) {}
}

/// Goes through a capture, packet by packet.
pub(super) struct Walk<L> {
    conversations: Conversations<Decoder>,
    sinks: Both<Assembler<L>, Counter>,
    headers: Headers,
    twice: Twice,
    tracker: Tracker,
    left_out: LeftOut,
    packets: u64,
    last_time: i64,
}

impl<L: Told> Walk<L> {
    /// Tells `listener`. Where a connection's SYN was not captured, the side with `port` is its
    /// server.
    pub(super) fn new(listener: L, port: Option<u16>) -> Self {
        Self {
            conversations: Conversations::new(port),
            sinks: Both(Assembler::new(listener), Counter::telling()),
            headers: Headers::default(),
            twice: Twice::default(),
            tracker: Tracker::default(),
            left_out: LeftOut::default(),
            packets: 0,
            last_time: 0,
        }
    }

    pub(super) fn listener(&mut self) -> &mut L {
        self.sinks.0.listener()
    }

    /// How many packets were taken.
    pub(super) fn packets(&self) -> u64 {
        self.packets
    }

    /// Takes a packet.
    pub(super) fn packet(&mut self, packet: &Packet<'_>) {
        self.packets += 1;
        let number = self.packets;
        self.sinks.0.start(packet.time);
        let time = self.sinks.0.since_start(packet.time);
        let mut found = Found::new(packet);
        self.headers.read(packet, &mut found);
        self.left_out.count(&found);
        let Both(assembler, counter) = &mut self.sinks;
        let Contents::Tcp(segment) = &found.contents else {
            let named = headers::name(packet, &TcpContext::default());
            assembler.listener().packet(number, time, packet, None, named);
            return;
        };
        if self.twice.is_again(packet, &found.carrier) {
            self.left_out.recorded_twice += u64::from(found.packets);
            let mut named = headers::name(packet, &TcpContext::default());
            named.what = "the same packet once more, recorded on another interface".to_owned();
            assembler.listener().packet(number, time, packet, None, named);
            return;
        }
        self.last_time = packet.time;
        let sequence = segment.sequence.wrapping_add(segment.flags.syn.into());
        let (source, destination) = (segment.source, segment.destination);
        // What comes with an RST is no part of what is said.
        if !segment.flags.rst {
            let mut carried = |offset, span| {
                let sequence = sequence.wrapping_add(offset);
                assembler.carried(packet.time, source, destination, sequence, span);
            };
            if let Some(offset) = found.carrier.payload_at
                && !segment.payload.is_empty()
            {
                let bytes = u32::try_from(segment.payload.len()).unwrap_or(u32::MAX);
                carried(0, Span { packet: number, offset, bytes });
            }
            for piece in found.pieces {
                let (packet, bytes) = (piece.packet, piece.captured);
                carried(piece.offset, Span { packet, offset: piece.at, bytes });
            }
        }
        if counter.is_silence_before(packet.time) {
            // What waited for other segments belongs to the part before the silence.
            let before = packet.time.saturating_sub(EARLY_WAIT);
            self.conversations.release_early(before, &mut self.sinks);
        }
        let Both(assembler, counter) = &mut self.sinks;
        counter.begin_packet(number, packet.time, &found, segment);
        while let Some(decided) = counter.take_decided() {
            assembler.listener().update(decided);
        }
        assembler.listener().hold(number);
        let (connection, side) = self.conversations.segment(packet.time, segment, &mut self.sinks);
        let Both(assembler, counter) = &mut self.sinks;
        counter.end_packet(connection, side, &found, segment);
        let sent = Sent { packet: number, time: packet.time, segment, connection, side };
        let deed = self.tracker.deed(&sent);
        let named = headers::name(packet, &deed.context);
        assembler.listener().packet(number, time, packet, Some((sent, deed)), named);
    }

    /// How many packets were taken, if one may wait for others that were captured the wrong way
    /// round.
    pub(super) fn has_early(&self) -> Option<u64> {
        self.conversations.has_early().then_some(self.packets)
    }

    /// Nothing came for [`EARLY_WAIT`]: tells what waited for it.
    pub(super) fn release_early(&mut self) {
        self.conversations.release_early(i64::MAX, &mut self.sinks);
    }

    /// The capture is over: tells what was still waiting for more, and gives the figures.
    pub(super) fn finish(&mut self, end: End) -> Stats {
        let connections = self.conversations.count();
        self.conversations.finish(self.last_time, &mut self.sinks);
        let mut stats = Stats {
            connections,
            left_out: self.left_out.clone(),
            cut_at: end.cut_at,
            damaged_at: end.damaged_at,
            ..Stats::default()
        };
        stats.left_out.unsupported = end.unsupported;
        let Both(assembler, counter) = &mut self.sinks;
        stats.take(counter.finish());
        while let Some(decided) = counter.take_decided() {
            assembler.listener().update(decided);
        }
        stats
    }

    /// What a reader should know of the packets, in a line each.
    ///
    /// `unsupported` of them were of an interface with a link type that is not supported.
    pub(super) fn warnings(&self, unsupported: u64) -> Vec<String> {
        let mut left_out = self.left_out.clone();
        left_out.unsupported = unsupported;
        left_out.warnings(self.sinks.1.packets())
    }
}
