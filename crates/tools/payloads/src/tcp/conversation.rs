//! The connections of a capture: who speaks to whom, and what each side says, in order.

use std::collections::{HashMap, VecDeque, hash_map::Entry};

use super::{
    follower::{ConnectionInfo, Ending, Follower, Origin, Side},
    stream::{Output, Stream},
};
use crate::input::{Endpoint, Segment};

/// The most connections followed at a time.
pub const CONNECTION_LIMIT: usize = 4096;

/// The most memory that one connection may take for what waits for other bytes: segments out of
/// order and unfinished heads, in bytes.
const HELD_LIMIT: usize = 256 * 1024;

/// The most memory that all connections may take for that, in bytes.
const TOTAL_HELD_LIMIT: usize = 2 * 1024 * 1024;

/// How far from the data that was seen a late SYN, or a late segment of a connection that is closed,
/// may be and still belong to it, in bytes.
const NEAR: i64 = 1024 * 1024;

/// How long a segment that acknowledges bytes which were not seen waits for them, in nanoseconds:
/// 10 ms, for those that are captured the wrong way round follow each other more closely.
pub const EARLY_WAIT: i64 = 10_000_000;

/// The port that the five apps listen on, unless told otherwise.
const APPS_PORT: u16 = 8000;

/// Ports below this one are well-known ports (RFC 6335 section 6): they belong to servers.
const WELL_KNOWN_PORTS: u16 = 1024;

struct Connection<K> {
    info: ConnectionInfo,
    key: (Endpoint, Endpoint),
    streams: [Stream; 2],
    /// The sequence numbers of the SYNs.
    syns: [Option<u32>; 2],
    closed: bool,
    /// What the follower keeps of it.
    kept: K,
    /// Which sides were seen to send something.
    seen: [bool; 2],
    /// A segment that acknowledges bytes that were not seen. It waits for the next segment, up to
    /// [`EARLY_WAIT`], in case that this brings them: two that follow each other closely may be
    /// captured the wrong way round.
    early: Option<Early>,
    /// The neighbours in the order of the last packets.
    older: usize,
    newer: usize,
}

/// A segment, kept.
struct Early {
    time: i64,
    segment: Segment<'static>,
    payload: Box<[u8]>,
}

/// How many connections are found faster than the others.
const RECENT: usize = 64;

/// No connection.
const NONE: usize = usize::MAX;

/// Follows the connections of a capture and gives what they say to a [`Follower`], which keeps a `K` for each.
pub struct Conversations<K> {
    port: Option<u16>,
    slots: HashMap<(Endpoint, Endpoint), usize>,
    /// Where connections with recent packets are, by their ports, or perhaps other connections by
    /// now: a look here mostly saves the one in `slots`, which takes several times as long.
    recent: [usize; RECENT],
    connections: Vec<Connection<K>>,
    oldest: usize,
    newest: usize,
    count: u64,
    held: usize,
    /// Since when, and between whom, segments wait that acknowledge bytes which were not seen; some
    /// may wait no longer.
    early: VecDeque<(i64, (Endpoint, Endpoint))>,
}

impl<K> Conversations<K> {
    /// Follows connections. Where a connection's SYN was not captured, the side with `port` is its
    /// server.
    pub fn new(port: Option<u16>) -> Self {
        Self {
            port,
            slots: HashMap::new(),
            recent: [NONE; RECENT],
            connections: Vec::new(),
            oldest: NONE,
            newest: NONE,
            count: 0,
            held: 0,
            early: VecDeque::new(),
        }
    }

    /// How many connections there were.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Takes a segment that was captured at `time`, and returns the number of its connection and
    /// the side that sent it.
    pub fn segment(
        &mut self,
        time: i64,
        segment: &Segment<'_>,
        follower: &mut impl Follower<Kept = K>,
    ) -> (u64, Side) {
        if !self.early.is_empty() {
            let full = self.early.len() >= CONNECTION_LIMIT;
            self.release_early(
                if full { i64::MAX } else { time.saturating_sub(EARLY_WAIT) },
                follower,
            );
        }
        let slot = self.slot_of(time, segment, follower);
        let connection = &mut self.connections[slot];
        let held_before = connection.held(follower);
        let side = connection.segment(time, segment, follower);
        if connection.early.is_some() {
            self.early.push_back((time, connection.key));
        }
        let held = connection.held(follower);
        self.held = self.held - held_before + held;
        if held > HELD_LIMIT || self.held > TOTAL_HELD_LIMIT {
            connection.flush(time, follower);
            follower.release(&mut connection.kept, &connection.info, time);
            self.held -= held;
        }
        (connection.info.number, side)
    }

    /// Whether segments may wait for others that were captured the wrong way round.
    pub fn has_early(&self) -> bool {
        !self.early.is_empty()
    }

    /// Takes the segments that have waited for others since `until` or longer.
    pub fn release_early(&mut self, until: i64, follower: &mut impl Follower<Kept = K>) {
        while let Some((since, key)) = self.early.front().copied().filter(|early| early.0 <= until)
        {
            self.early.pop_front();
            let Some(slot) = self.slots.get(&key) else {
                continue;
            };
            let connection = &mut self.connections[*slot];
            let held_before = connection.held(follower);
            if let Some(early) = connection.early.take_if(|early| early.time == since) {
                connection.process_early(&early, follower);
            }
            self.held = self.held - held_before + connection.held(follower);
        }
    }

    /// The capture is over: delivers what was held.
    pub fn finish(&mut self, time: i64, follower: &mut impl Follower<Kept = K>) {
        self.connections.sort_by_key(|connection| connection.info.number);
        for connection in &mut self.connections {
            connection.flush(time, follower);
            follower.finish(&mut connection.kept, &connection.info, time);
        }
        *self = Self::new(self.port);
    }

    /// Where the connection of `segment` is.
    fn slot_of(
        &mut self,
        time: i64,
        segment: &Segment<'_>,
        follower: &mut impl Follower<Kept = K>,
    ) -> usize {
        let (source, destination) = (segment.source, segment.destination);
        let key = if source <= destination { (source, destination) } else { (destination, source) };
        let recent = &mut self.recent[usize::from(source.port ^ destination.port) % RECENT];
        let known = match self.connections.get(*recent) {
            Some(connection) if connection.key == key => Some(*recent),
            _ => self.slots.get(&key).copied(),
        };
        let Some(slot) = known else {
            return self.open(time, key, segment, follower);
        };
        *recent = slot;
        if self.connections[slot].is_replaced_by(segment) {
            self.close(slot, time, None, follower);
            return self.open(time, key, segment, follower);
        }
        if slot != self.newest {
            self.unlink(slot);
            self.link(slot);
        }
        slot
    }

    fn open(
        &mut self,
        time: i64,
        key: (Endpoint, Endpoint),
        segment: &Segment<'_>,
        follower: &mut impl Follower<Kept = K>,
    ) -> usize {
        if self.slots.len() == CONNECTION_LIMIT {
            self.close(self.oldest, time, Some(Ending::Dropped), follower);
        }
        // A place that was given up is not in the list of those in use: it is at the end.
        let slot = self.slots.len();
        let (client, server) = self.roles(segment);
        self.count += 1;
        let info =
            ConnectionInfo { number: self.count, slot, client, server, midway: !segment.flags.syn };
        let connection = Connection {
            info,
            key,
            streams: Default::default(),
            syns: [None; 2],
            closed: false,
            kept: follower.opened(&info, time),
            seen: [false; 2],
            early: None,
            older: NONE,
            newer: NONE,
        };
        self.connections.push(connection);
        self.slots.insert(key, slot);
        self.link(slot);
        slot
    }

    /// Ends a connection and gives up its place, which the last one then takes.
    fn close(
        &mut self,
        slot: usize,
        time: i64,
        ending: Option<Ending>,
        follower: &mut impl Follower<Kept = K>,
    ) {
        self.unlink(slot);
        let last = self.connections.len() - 1;
        let connection = &mut self.connections[slot];
        self.held -= connection.held(follower);
        connection.flush(time, follower);
        follower.finish(&mut connection.kept, &connection.info, time);
        if let Some(ending) = ending.filter(|_| !connection.closed) {
            follower.ended(&connection.info, time, ending);
        }
        self.slots.remove(&connection.key);
        self.connections.swap_remove(slot);
        if slot != last {
            follower.moved(last, slot);
            let moved = &mut self.connections[slot];
            moved.info.slot = slot;
            let (key, older, newer) = (moved.key, moved.older, moved.newer);
            if let Entry::Occupied(mut entry) = self.slots.entry(key) {
                entry.insert(slot);
            }
            match self.connections.get_mut(older) {
                Some(older) => older.newer = slot,
                None => self.oldest = slot,
            }
            match self.connections.get_mut(newer) {
                Some(newer) => newer.older = slot,
                None => self.newest = slot,
            }
        }
    }

    /// Takes a connection out of the order of the last packets.
    fn unlink(&mut self, slot: usize) {
        let (older, newer) = (self.connections[slot].older, self.connections[slot].newer);
        match self.connections.get_mut(older) {
            Some(older) => older.newer = newer,
            None => self.oldest = newer,
        }
        match self.connections.get_mut(newer) {
            Some(newer) => newer.older = older,
            None => self.newest = older,
        }
    }

    /// Makes a connection the one with the newest packet.
    fn link(&mut self, slot: usize) {
        let newest = self.newest;
        self.connections[slot].older = newest;
        self.connections[slot].newer = NONE;
        match self.connections.get_mut(newest) {
            Some(newest) => newest.newer = slot,
            None => self.oldest = slot,
        }
        self.newest = slot;
    }

    /// The client and the server of the connection that `segment` is the first of.
    fn roles(&self, segment: &Segment<'_>) -> (Endpoint, Endpoint) {
        let (source, destination) = (segment.source, segment.destination);
        let source_is_client = if segment.flags.syn {
            !segment.flags.ack
        } else {
            // The lower the rank, the more a port looks like a server's.
            let rank = |port: u16| match port {
                port if Some(port) == self.port => (0, port),
                APPS_PORT => (1, port),
                port if port < WELL_KNOWN_PORTS => (2, port),
                port => (3, port),
            };
            rank(destination.port) <= rank(source.port)
        };
        if source_is_client { (source, destination) } else { (destination, source) }
    }
}

impl<K> Connection<K> {
    fn held(&self, follower: &impl Follower<Kept = K>) -> usize {
        self.streams.iter().map(Stream::held_size).sum::<usize>()
            + follower.kept_size(&self.kept)
            + self.early.as_ref().map_or(0, |early| early.payload.len())
    }

    fn side_of(&self, source: Endpoint) -> Side {
        if source == self.info.client { Side::Client } else { Side::Server }
    }

    /// Whether `segment` belongs to a new connection between the same ends.
    fn is_replaced_by(&self, segment: &Segment<'_>) -> bool {
        let flags = segment.flags;
        if !flags.syn && !self.closed {
            return false;
        }
        let side = self.side_of(segment.source);
        let (sender, receiver) = (&self.streams[side.index()], &self.streams[side.peer().index()]);
        let syn = self.syns[side.index()];
        let is_far = |distance: i64| distance.abs() > NEAR;
        match (flags.syn, flags.ack) {
            (true, _) if syn == Some(segment.sequence) => false,
            // The answer to a SYN that was not captured.
            (true, true) => {
                self.closed && (syn.is_some() || is_far(sender.distance(segment.sequence)))
            }
            (true, false) if self.closed || syn.is_some() => true,
            // A SYN that was captured late comes shortly before the data that was seen.
            (true, false) => {
                let first = segment.sequence.wrapping_add(1);
                !(-NEAR..=0).contains(&sender.distance(first))
            }
            // An RST may have any numbers.
            (false, _) => {
                !flags.rst
                    && (is_far(sender.distance(segment.sequence))
                        || flags.ack && is_far(receiver.distance(segment.acknowledgment)))
            }
        }
    }

    fn segment(
        &mut self,
        time: i64,
        segment: &Segment<'_>,
        follower: &mut impl Follower<Kept = K>,
    ) -> Side {
        let side = self.side_of(segment.source);
        self.seen[side.index()] = true;
        if let Some(early) = self.early.take() {
            let sent_before = self.side_of(early.segment.source) != side
                && segment.payload_len > 0
                && self.streams[side.index()].distance(segment.sequence) <= 0;
            if sent_before {
                self.process(time, segment, follower);
            }
            self.process_early(&early, follower);
            if sent_before {
                return side;
            }
        }
        let (flags, peer) = (segment.flags, side.peer().index());
        let waits = flags.ack
            && !(flags.syn || flags.rst)
            && self.seen[peer]
            && self.streams[peer].misses_before(segment.acknowledgment);
        if waits {
            let payload = segment.payload.into();
            let segment = Segment { options: &[], payload: &[], ..*segment };
            self.early = Some(Early { time, segment, payload });
        } else {
            self.process(time, segment, follower);
        }
        side
    }

    fn process_early(&mut self, early: &Early, follower: &mut impl Follower<Kept = K>) {
        let segment = Segment { payload: &early.payload, ..early.segment };
        self.process(early.time, &segment, follower);
    }

    fn process(
        &mut self,
        time: i64,
        segment: &Segment<'_>,
        follower: &mut impl Follower<Kept = K>,
    ) {
        let side = self.side_of(segment.source);
        let Self { info, streams, syns, closed, kept, .. } = self;
        let (client, server) = streams.split_at_mut(1);
        let (sender, receiver) = match side {
            Side::Client => (&mut client[0], &mut server[0]),
            Side::Server => (&mut server[0], &mut client[0]),
        };
        let flags = segment.flags;
        if flags.syn {
            syns[side.index()] = Some(segment.sequence);
            sender.start(time, segment.sequence.wrapping_add(1), &mut |time, output| {
                follower.take(kept, &Origin { connection: info, side, time }, output);
            });
        }
        // What is acknowledged was sent before this segment. But what was captured before it and is
        // not acknowledged may be its answer, in a capture whose first packets are out of order.
        let acknowledged_first = receiver.is_acknowledged(segment.acknowledgment);
        if flags.ack && acknowledged_first {
            receiver.acknowledged(time, segment.acknowledgment, &mut |time, output| {
                follower.take(kept, &Origin { connection: info, side: side.peer(), time }, output);
            });
        }
        // A SYN takes one sequence number, before the data.
        let sequence = segment.sequence.wrapping_add(flags.syn.into());
        let out = &mut |time, output: Output<'_>| {
            follower.take(kept, &Origin { connection: info, side, time }, output);
        };
        sender.segment(time, sequence, segment.payload, segment.payload_len, out);
        if flags.fin {
            sender.fin(time, sequence.wrapping_add(segment.payload_len), out);
        }
        if flags.ack && !acknowledged_first {
            receiver.acknowledged(time, segment.acknowledgment, &mut |time, output| {
                follower.take(kept, &Origin { connection: info, side: side.peer(), time }, output);
            });
        }
        let ended = streams.iter().all(Stream::ended);
        if !*closed && (flags.rst || ended) {
            *closed = true;
            let ending = if flags.rst { Ending::Reset(side) } else { Ending::Closed };
            self.flush(time, follower);
            follower.finish(&mut self.kept, &self.info, time);
            follower.ended(&self.info, time, ending);
        }
    }

    /// Delivers what is held, with the gaps before it named.
    fn flush(&mut self, time: i64, follower: &mut impl Follower<Kept = K>) {
        if let Some(early) = self.early.take() {
            self.process_early(&early, follower);
        }
        for side in [Side::Client, Side::Server] {
            self.streams[side.index()].flush(time, &mut |time, output| {
                follower.take(
                    &mut self.kept,
                    &Origin { connection: &self.info, side, time },
                    output,
                );
            });
        }
    }
}
