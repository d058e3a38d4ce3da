//! One connection: which of its segments count, by the rules of RFC 9293.

use std::{
    collections::VecDeque,
    hash::{Hash, Hasher},
    mem,
    net::{IpAddr, Ipv4Addr},
};

use super::{
    end::{End, tells_window, window_shift},
    follower::{ConnectionInfo, Ending, Follower, Side},
    notice::Notice,
    said::Said,
    stream::{HELD_OVERHEAD, NEAR, Stream},
    voice::Voice,
};
use crate::input::{Endpoint, Segment};

/// The most segments of a connection that wait for others which they answer.
const EARLY_LIMIT: usize = 64;

/// Both sides, also where the first turns the connection round.
const BOTH: [Side; 3] = [Side::Client, Side::Server, Side::Client];

/// The ends of a connection, in an order that is the same whichever of them sends. It is made and
/// looked up with every packet, so that an address and its port are one number where that is possible.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Key {
    V4(u64, u64),
    V6((u128, u16), (u128, u16)),
}

impl Key {
    #[inline]
    pub(super) fn of(segment: &Segment<'_>) -> Self {
        let (source, destination) = (&segment.source, &segment.destination);
        if let (IpAddr::V4(from), IpAddr::V4(to)) = (source.address, destination.address) {
            let end =
                |address: Ipv4Addr, port: u16| u64::from(address.to_bits()) << 16 | u64::from(port);
            let (from, to) = (end(from, source.port), end(to, destination.port));
            return Self::V4(from.min(to), from.max(to));
        }
        let end = |end: &Endpoint| match end.address {
            IpAddr::V4(address) => (address.to_ipv6_mapped().to_bits(), end.port),
            IpAddr::V6(address) => (address.to_bits(), end.port),
        };
        let (from, to) = (end(source), end(destination));
        Self::V6(from.min(to), from.max(to))
    }
}

/// All of it in one go, which takes a third of the time that its parts take one by one.
impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::V4(first, second) => {
                state.write_u128(u128::from(*first) << 64 | u128::from(*second));
            }
            Self::V6(first, second) => {
                let mut bytes = [0; 36];
                for (bytes, (address, port)) in bytes.chunks_exact_mut(18).zip([first, second]) {
                    bytes[..16].copy_from_slice(&address.to_ne_bytes());
                    bytes[16..].copy_from_slice(&port.to_ne_bytes());
                }
                state.write(&bytes);
            }
        }
    }
}

pub(super) struct Connection<K> {
    pub(super) info: ConnectionInfo,
    pub(super) key: Key,
    /// Whether a new connection between the same ends has begun, and was not answered yet.
    pub(super) is_old: bool,
    pub(super) closed: bool,
    /// When the last segment came, once it is closed.
    pub(super) heard: i64,
    /// What the follower keeps of it.
    pub(super) kept: K,
    /// The neighbours in the order of the last packets.
    pub(super) older: usize,
    pub(super) newer: usize,
    ends: [End; 2],
    /// How often the client asked for it, until the server has answered.
    asked: u32,
    answered: bool,
    /// What the server acknowledged when it answered with what belongs to another connection.
    challenge: Option<u32>,
    /// Whether it is only guessed who is the client.
    is_guess: bool,
    /// Segments that acknowledge bytes which were not seen, and those that come after them. They wait
    /// for these bytes, in case that they are captured the wrong way round.
    early: VecDeque<Early>,
}

/// A segment, kept.
struct Early {
    time: i64,
    segment: Segment<'static>,
    options: Box<[u8]>,
    payload: Box<[u8]>,
}

impl<K> Connection<K> {
    /// A connection that begins with `segment`; it `is_guess` who is the client if nothing but the
    /// ports tells.
    pub(super) fn new(
        info: ConnectionInfo,
        key: Key,
        segment: &Segment<'_>,
        is_guess: bool,
        kept: K,
    ) -> Self {
        Self {
            info,
            key,
            is_old: false,
            closed: false,
            heard: i64::MIN,
            kept,
            older: usize::MAX,
            newer: usize::MAX,
            ends: Default::default(),
            asked: 0,
            answered: !segment.flags.syn || segment.flags.ack,
            challenge: None,
            is_guess,
            early: VecDeque::new(),
        }
    }

    /// How much memory it takes for what waits, in bytes.
    pub(super) fn held(&self, follower: &impl Follower<Kept = K>) -> usize {
        self.ends.iter().map(|end| end.stream.held_size()).sum::<usize>()
            + follower.kept_size(&self.kept)
            + self.early.iter().map(|early| HELD_OVERHEAD + early.payload.len()).sum::<usize>()
    }

    pub(super) fn side_of(&self, source: Endpoint) -> Side {
        if source == self.info.client { Side::Client } else { Side::Server }
    }

    /// Whether the server has answered the client's SYN, or something shows that it has.
    pub(super) fn is_answered(&self) -> bool {
        self.answered
    }

    /// How it ended, if its time is over and it did not end before: as `otherwise` says, unless it
    /// never began.
    pub(super) fn ending(&self, otherwise: Option<Ending>) -> Option<Ending> {
        let unanswered = (!self.answered).then_some(Ending::Unanswered(self.asked));
        unanswered.or(otherwise).filter(|_| !self.closed)
    }

    /// Whether `segment` belongs to a new connection between the same ends.
    pub(super) fn is_replaced_by(&self, segment: &Segment<'_>) -> bool {
        let flags = segment.flags;
        if !flags.syn && !self.closed {
            return false;
        }
        let side = self.side_of(segment.source);
        let (end, peer) = (&self.ends[side.index()], &self.ends[side.peer().index()]);
        let is_far = |distance: i64| distance.abs() > i64::from(NEAR);
        let is_far_off = || is_far(end.stream.distance(segment.sequence));
        let acknowledges_far_off = || is_far(peer.stream.distance(segment.acknowledgment));
        match (flags.syn, flags.ack) {
            (true, _) if end.has_syn(segment.sequence) => false,
            (true, true) if peer.syn.is_some_and(|syn| syn.is_acknowledged(segment)) => false,
            // The answer to a SYN that was not captured.
            (true, true) if self.closed => end.syn.is_some() || is_far_off(),
            (true, true) => self.answered && is_far_off() && acknowledges_far_off(),
            (true, false) if end.syn.is_some() => true,
            // A SYN that was captured late comes shortly before the data that was seen.
            (true, false) => {
                let first = segment.sequence.wrapping_add(1);
                let distance = end.stream.distance_from_first(first);
                distance.map_or(self.closed, |distance| !(-i64::from(NEAR)..=0).contains(&distance))
            }
            // An RST may have any numbers.
            (false, _) => !flags.rst && (is_far_off() || flags.ack && acknowledges_far_off()),
        }
    }

    /// Whether `segment` belongs to this connection as long as the client's SYN is not answered: it
    /// acknowledges that SYN, or goes on after it (RFC 9293 section 3.10.7.3).
    pub(super) fn fits(&self, segment: &Segment<'_>) -> bool {
        let Some(syn) = self.ends[Side::Client.index()].syn.filter(|_| !self.answered) else {
            return true;
        };
        let flags = segment.flags;
        match self.side_of(segment.source) {
            Side::Client if flags.syn => true,
            Side::Client if flags.rst && self.challenge == Some(segment.sequence) => false,
            Side::Client => segment.sequence.wrapping_sub(syn.first()) <= NEAR,
            // Both ask at the same time (section 3.5).
            Side::Server if flags.syn && !flags.ack => true,
            Side::Server => syn.is_acknowledged(segment),
        }
    }

    /// A segment that does not [fit](Self::fits), and goes to an old connection: whether it is the
    /// first sign of it.
    pub(super) fn is_challenged(&mut self, segment: &Segment<'_>) -> bool {
        let from_server = self.side_of(segment.source) == Side::Server;
        from_server
            && !segment.flags.rst
            && self.challenge.replace(segment.acknowledgment).is_none()
    }

    /// A segment that shows that the server still has this connection, though its client begins a new
    /// one.
    pub(super) fn challenges<F: Follower<Kept = K>>(
        &mut self,
        time: i64,
        segment: &Segment<'_>,
        said: &mut Said,
        follower: &mut F,
    ) {
        let side = self.side_of(segment.source);
        self.speak(side, said, follower, |_, voice| {
            voice.notice(time, side, Notice::OldConnection);
        });
    }

    /// Takes a segment and returns whether something waits since then for others.
    pub(super) fn segment<F: Follower<Kept = K>>(
        &mut self,
        time: i64,
        segment: &Segment<'_>,
        said: &mut Said,
        follower: &mut F,
    ) -> bool {
        if self.process_simply(time, segment, said, follower) {
            return false;
        }
        if !self.fits(segment) {
            self.stray(time, segment, said, follower);
            return false;
        }
        let side = self.side_of(segment.source);
        let flags = segment.flags;
        if !self.answered && !flags.rst {
            self.answered = side == Side::Server || !flags.syn;
        }
        let index = side.index();
        self.ends[index].was_seen = true;
        let begins = self.ends[index].stream.waits_to_begin(i64::MAX);
        if self.early.is_empty() && !self.is_early(segment) {
            self.process(time, segment, said, follower);
            return !begins && self.ends[index].stream.waits_to_begin(i64::MAX);
        }
        // What is next in line may be what the others wait for.
        let is_next = (flags.syn || flags.fin || segment.payload_len > 0)
            && self.ends[index].stream.distance(segment.sequence) <= 0;
        let waits = self.is_early(segment) || !is_next && self.has_early_of(side);
        if waits {
            let (options, payload) = (segment.options.into(), segment.payload.into());
            let segment = Segment { payload: &[], options: &[], ..*segment };
            self.early.push_back(Early { time, segment, options, payload });
            if self.early.len() > EARLY_LIMIT {
                self.process_first(0, said, follower);
            }
        } else {
            self.process(time, segment, said, follower);
        }
        self.process_ready(said, follower);
        waits
    }

    /// Takes a segment that is next in line and acknowledges what was seen, where nothing waits and
    /// nothing has to be said, as is so for nearly all; `false` if it is another one.
    #[inline]
    fn process_simply<F: Follower<Kept = K>>(
        &mut self,
        time: i64,
        segment: &Segment<'_>,
        said: &mut Said,
        follower: &mut F,
    ) -> bool {
        let side = self.side_of(segment.source);
        let flags = segment.flags;
        if !flags.ack || flags.syn || flags.fin || flags.rst || segment.window == 0 {
            return false;
        }
        let shift = window_shift(&self.ends, side, segment);
        let Self { info, kept, is_guess, ends: [client, server], .. } = self;
        let (sender, receiver) = match side {
            Side::Client => (client, server),
            Side::Server => (server, client),
        };
        let window = u64::from(segment.window) << shift;
        let is_simple = !*is_guess
            && self.early.is_empty()
            && !sender.is_full
            && !receiver.is_full
            && sender.stream.is_next(segment.sequence)
            // Only what is answered is acknowledged.
            && receiver.stream.is_simply_acknowledged(segment.acknowledgment, window);
        if is_simple {
            let voice = &mut Voice { info, kept, follower, said, is_guess, side, turned: false };
            sender.stream.next_segment(time, segment.payload, segment.payload_len, voice);
        }
        is_simple
    }

    /// Whether `segment` acknowledges bytes that were not seen, and may be captured before them.
    fn is_early(&self, segment: &Segment<'_>) -> bool {
        let peer = &self.ends[self.side_of(segment.source).peer().index()];
        let flags = segment.flags;
        flags.ack
            && !(flags.syn || flags.rst)
            && peer.was_seen
            && peer.stream.misses_before(segment.acknowledgment)
    }

    fn has_early_of(&self, side: Side) -> bool {
        self.early.iter().any(|early| self.side_of(early.segment.source) == side)
    }

    /// Processes the segments that need not wait any more.
    fn process_ready<F: Follower<Kept = K>>(&mut self, said: &mut Said, follower: &mut F) {
        let mut index = 0;
        while let Some(early) = self.early.get(index) {
            let side = self.side_of(early.segment.source);
            let mut before = self.early.iter().take(index);
            let follows = before.any(|early| self.side_of(early.segment.source) == side);
            if follows || self.is_early(&early.segment) {
                index += 1;
            } else {
                self.process_first(index, said, follower);
                index = 0;
            }
        }
    }

    /// Processes a segment that waits, whether what it answers has come or not.
    #[cold]
    fn process_first<F: Follower<Kept = K>>(
        &mut self,
        index: usize,
        said: &mut Said,
        follower: &mut F,
    ) {
        if let Some(Early { time, segment, options, payload }) = self.early.remove(index) {
            let segment = Segment { options: &options, payload: &payload, ..segment };
            self.process(time, &segment, said, follower);
        }
    }

    /// Takes what has waited since `until` or longer, though what it waits for has not come.
    pub(super) fn release_early<F: Follower<Kept = K>>(
        &mut self,
        until: i64,
        said: &mut Said,
        follower: &mut F,
    ) {
        while self.early.front().is_some_and(|early| early.time <= until) {
            self.process_first(0, said, follower);
            self.process_ready(said, follower);
        }
        for side in BOTH {
            if self.ends[side.index()].stream.waits_to_begin(until) {
                self.speak(side, said, follower, |stream, voice| stream.begin(voice));
            }
        }
    }

    /// Delivers what is held, with the gaps before it named.
    pub(super) fn flush<F: Follower<Kept = K>>(
        &mut self,
        time: i64,
        said: &mut Said,
        follower: &mut F,
    ) {
        while !self.early.is_empty() {
            self.process_first(0, said, follower);
        }
        for side in BOTH {
            self.speak(side, said, follower, |stream, voice| stream.flush(time, voice));
        }
    }

    /// Lets `act` bring something out of the stream of `side`.
    fn speak<F: Follower<Kept = K>>(
        &mut self,
        side: Side,
        said: &mut Said,
        follower: &mut F,
        act: impl FnOnce(&mut Stream, &mut Voice<'_, F>),
    ) {
        let Self { info, kept, is_guess, ends, .. } = self;
        let mut voice = Voice { info, kept, follower, said, is_guess, side, turned: false };
        act(&mut ends[side.index()].stream, &mut voice);
        if voice.turned {
            ends.swap(0, 1);
        }
    }

    /// A segment that does not belong here, as long as the client's SYN is not answered. It has no
    /// payload: what has is another connection's.
    #[cold]
    fn stray<F: Follower<Kept = K>>(
        &mut self,
        time: i64,
        segment: &Segment<'_>,
        said: &mut Said,
        follower: &mut F,
    ) {
        let side = self.side_of(segment.source);
        let off = self.ends[side.index()]
            .syn
            .map(|syn| i64::from(segment.sequence.wrapping_sub(syn.first()).cast_signed()));
        let notice = match (side, segment.flags.rst) {
            (Side::Client, true) if self.challenge == Some(segment.sequence) => {
                Notice::EndsOldConnection
            }
            (_, true) => Notice::RstIgnored(off),
            (_, false) => {
                if side == Side::Server {
                    self.challenge = Some(segment.acknowledgment);
                }
                Notice::OldConnection
            }
        };
        self.speak(side, said, follower, |_, voice| voice.notice(time, side, notice));
    }

    fn process<F: Follower<Kept = K>>(
        &mut self,
        time: i64,
        segment: &Segment<'_>,
        said: &mut Said,
        follower: &mut F,
    ) {
        let flags = segment.flags;
        if flags.syn {
            self.process_syn(time, segment, said, follower);
        }
        let side = self.side_of(segment.source);
        let peer = side.peer();
        let Self { info, kept, is_guess, ends, closed, .. } = self;
        let voice = &mut Voice { info, kept, follower, said, is_guess, side, turned: false };
        let window = u64::from(segment.window) << window_shift(ends, side, segment);
        let [client, server] = ends;
        let (sender, receiver) = match side {
            Side::Client => (client, server),
            Side::Server => (server, client),
        };
        // A SYN takes one sequence number, before the data.
        let sequence = segment.sequence.wrapping_add(flags.syn.into());
        if !sender.other_syns.is_empty() && !flags.syn {
            sender.confirm_syn(sequence, voice);
        }
        if !receiver.other_syns.is_empty() && flags.ack {
            voice.side = peer;
            receiver.confirm_syn(segment.acknowledgment, voice);
        }
        let mut broken_off = flags.rst && !*closed;
        if broken_off && let Some(off) = sender.stream.reset_is_off(segment.sequence) {
            broken_off = false;
            voice.notice(time, side, Notice::RstIgnored(Some(off)));
        }
        // What is acknowledged was sent before this segment. But what was captured before it and is
        // not acknowledged may be its answer, in a capture whose first packets are out of order.
        // What an RST acknowledges says nothing of what was received.
        let acknowledges = flags.ack && !flags.rst;
        let acknowledged_first =
            acknowledges && receiver.stream.is_acknowledged(segment.acknowledgment);
        let acknowledged = |stream: &mut Stream, voice: &mut Voice<'_, F>| {
            voice.side = peer;
            let with_more = segment.payload_len > 0 || flags.fin;
            stream.acknowledged(time, segment.acknowledgment, window, with_more, voice);
        };
        if acknowledged_first {
            acknowledged(&mut receiver.stream, voice);
        }
        let is_plain = acknowledges && !flags.syn && !flags.fin;
        if is_plain && tells_window(segment) && sender.is_full != (segment.window == 0) {
            sender.is_full = !sender.is_full;
            if !receiver.stream.ended() {
                let is_full = sender.is_full;
                let notice = if is_full { Notice::WindowFull } else { Notice::WindowOpen };
                voice.notice(time, side, notice);
            }
        }
        voice.side = side;
        let bytes = segment.payload_len.into();
        let is_probe = match bytes {
            0 => sender.stream.is_probe(sequence),
            1 => {
                sender.stream.is_probe(sequence)
                    || receiver.is_full && sender.stream.is_probe_again(sequence)
            }
            _ => false,
        };
        if flags.rst && bytes > 0 {
            let cut = bytes - segment.payload.len() as u64;
            let notice = Notice::ResetText { bytes: segment.payload, cut };
            voice.notice(time, side, notice);
        } else if is_plain && is_probe {
            let probes = receiver.is_full;
            let notice = if probes { Notice::WindowProbe(bytes) } else { Notice::KeepAlive(bytes) };
            voice.notice(time, side, notice);
        } else {
            let is_next = segment.payload_len == 1 && sender.stream.distance(sequence) == 0;
            if is_plain && is_next && receiver.is_full {
                voice.notice(time, side, Notice::WindowProbe(0));
            }
            sender.stream.segment(time, sequence, segment.payload, segment.payload_len, voice);
        }
        if flags.fin {
            let end = sequence.wrapping_add(segment.payload_len);
            match sender.stream.fin_is_off(end) {
                Some(off) => voice.notice(time, side, Notice::FinIgnored(off)),
                None => sender.stream.fin(time, end, voice),
            }
        }
        if acknowledges && !acknowledged_first {
            acknowledged(&mut receiver.stream, voice);
        }
        let side = voice.turned_side(side);
        if voice.turned {
            ends.swap(0, 1);
        }
        let ended = ends.iter().all(|end| end.stream.ended());
        if !*closed && (broken_off || ended) {
            *closed = true;
            let ending = match (broken_off, self.answered || side == Side::Client) {
                (true, true) => Ending::Reset(side),
                (true, false) => Ending::Refused(side),
                (false, _) => Ending::Closed,
            };
            self.flush(time, said, follower);
            follower.finish(&mut self.kept, &self.info, time);
            follower.ended(&self.info, time, ending);
        }
    }

    fn process_syn<F: Follower<Kept = K>>(
        &mut self,
        time: i64,
        segment: &Segment<'_>,
        said: &mut Said,
        follower: &mut F,
    ) {
        let flags = segment.flags;
        let mut side = self.side_of(segment.source);
        if mem::take(&mut self.info.midway) {
            // It was captured late, and tells who is the client.
            self.is_guess = false;
            let turned = (side == Side::Server) != flags.ack;
            if turned {
                mem::swap(&mut self.info.client, &mut self.info.server);
                self.ends.swap(0, 1);
                side = side.peer();
            }
            follower.changed(&mut self.kept, &self.info, time, turned);
        }
        if !flags.ack && !self.answered {
            self.asked += 1;
            self.challenge = None;
            // A client may ask again though it was refused.
            self.closed = false;
        }
        let Self { info, kept, is_guess, ends, .. } = self;
        let voice = &mut Voice { info, kept, follower, said, is_guess, side, turned: false };
        ends[side.index()].take_syn(time, segment, voice);
    }
}
