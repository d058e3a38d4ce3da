//! The connections of a capture: who speaks to whom, and what each side says, in order.

use std::collections::{HashMap, VecDeque};

use super::{
    connection::{Connection, Key},
    follower::{ConnectionInfo, Ending, Follower, Side},
    said::Said,
    stream::EARLY_WAIT,
};
use crate::input::{Endpoint, Segment};

/// The most connections followed at a time.
pub const CONNECTION_LIMIT: usize = 4096;

/// The most memory that one connection may take for what waits for other bytes: segments out of
/// order and unfinished heads, in bytes.
const HELD_LIMIT: usize = 256 * 1024;

/// The most memory that all connections may take for that, in bytes.
const TOTAL_HELD_LIMIT: usize = 2 * 1024 * 1024;

/// The port that the five apps listen on, unless told otherwise.
const APPS_PORT: u16 = 8000;

/// How long a connection that is closed is known after its last segment, in nanoseconds: 4 minutes, as
/// long as the side that closed it first knows it (RFC 9293 section 3.6.1, twice the maximum segment
/// lifetime).
const TIME_WAIT: i64 = 240_000_000_000;

/// How many connections are found faster than the others.
const RECENT: usize = 64;

/// No connection.
const NONE: usize = usize::MAX;

/// Follows the connections of a capture and gives what they say to a [`Follower`], which keeps a `K` for each.
pub struct Conversations<K> {
    port: Option<u16>,
    slots: HashMap<Key, usize>,
    /// Connections between whose ends a new one has begun that is not answered yet: it may never be,
    /// and theirs go on.
    old_slots: HashMap<Key, usize>,
    /// Where connections with recent packets are, by their ports, or perhaps other connections by
    /// now: a look here mostly saves the one in `slots`, which takes several times as long.
    recent: [usize; RECENT],
    connections: Vec<Connection<K>>,
    /// When connections were closed, between whom they were, and their numbers; the latest of them.
    /// Some may have been heard of since, be open again, or followed no more.
    closed: VecDeque<(i64, Key, u64)>,
    oldest: usize,
    newest: usize,
    count: u64,
    held: usize,
    said: Said,
    /// Since when, and between whom, segments wait that acknowledge bytes which were not seen; some
    /// may wait no longer.
    early: VecDeque<(i64, Key)>,
}

impl<K> Conversations<K> {
    /// Follows connections. Where a connection's SYN was not captured, the side with `port` is its
    /// server.
    pub fn new(port: Option<u16>) -> Self {
        Self {
            port,
            slots: HashMap::new(),
            old_slots: HashMap::new(),
            recent: [NONE; RECENT],
            connections: Vec::new(),
            closed: VecDeque::new(),
            oldest: NONE,
            newest: NONE,
            count: 0,
            held: 0,
            said: Said::default(),
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
        let was_closed = connection.closed;
        if connection.segment(time, segment, &mut self.said, follower) {
            self.early.push_back((time, connection.key));
        }
        if connection.closed {
            connection.heard = connection.heard.max(time);
            if !was_closed {
                if self.closed.len() == CONNECTION_LIMIT {
                    self.closed.pop_front();
                }
                self.closed.push_back((time, connection.key, connection.info.number));
            }
        }
        let held = connection.held(follower);
        self.held = self.held - held_before + held;
        if held > HELD_LIMIT || self.held > TOTAL_HELD_LIMIT {
            connection.flush(time, &mut self.said, follower);
            follower.release(&mut connection.kept, &connection.info, time);
            self.held -= held;
        }
        let (number, side) = (connection.info.number, connection.side_of(segment.source));
        if !self.old_slots.is_empty() && connection.is_answered() && !connection.is_old {
            let key = connection.key;
            self.close_old(key, time, follower);
        }
        (number, side)
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
            let slots = [self.slots.get(&key), self.old_slots.get(&key)];
            for slot in slots.into_iter().flatten() {
                let connection = &mut self.connections[*slot];
                let held_before = connection.held(follower);
                connection.release_early(since, &mut self.said, follower);
                self.held = self.held - held_before + connection.held(follower);
            }
        }
    }

    /// The capture is over: delivers what was held.
    pub fn finish(&mut self, time: i64, follower: &mut impl Follower<Kept = K>) {
        let mut slots: Vec<usize> = (0..self.connections.len()).collect();
        slots.sort_unstable_by_key(|slot| self.connections[*slot].info.number);
        for slot in slots {
            let connection = &mut self.connections[slot];
            connection.flush(time, &mut self.said, follower);
            follower.finish(&mut connection.kept, &connection.info, time);
            if let Some(ending) = connection.ending(None) {
                follower.ended(&connection.info, time, ending);
            }
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
        let key = Key::of(segment);
        let ports = segment.source.port ^ segment.destination.port;
        let recent = &mut self.recent[usize::from(ports) % RECENT];
        let known = match self.connections.get(*recent) {
            Some(connection) if connection.key == key && !connection.is_old => Some(*recent),
            _ => self.slots.get(&key).copied(),
        };
        let Some(mut slot) = known else {
            return self.open(time, key, segment, None, follower);
        };
        *recent = slot;
        let connection = &mut self.connections[slot];
        if connection.is_replaced_by(segment) {
            if segment.flags.syn && !segment.flags.ack && connection.is_answered() {
                self.set_aside(key, time, follower);
            } else {
                self.close(slot, time, Ending::Replaced, follower);
            }
            return self.open(time, key, segment, None, follower);
        }
        if !connection.fits(segment) {
            let is_first_sign = connection.is_challenged(segment);
            let ends = (connection.info.client, connection.info.server);
            match self.old_slots.get(&key) {
                Some(old) => {
                    slot = *old;
                    if is_first_sign {
                        self.connections[slot].challenges(time, segment, &mut self.said, follower);
                    }
                }
                // What it says is shown. It began before the SYN, and so before the capture.
                None if segment.payload_len > 0 => {
                    return self.open(time, key, segment, Some(ends), follower);
                }
                None => {}
            }
        }
        if slot != self.newest {
            self.unlink(slot);
            self.link(slot);
        }
        slot
    }

    /// Follows a connection from `segment` on. If its client and its server, `of_old`, are known, it
    /// is an old one, and a new one between the same ends is known already.
    fn open(
        &mut self,
        time: i64,
        key: Key,
        segment: &Segment<'_>,
        of_old: Option<(Endpoint, Endpoint)>,
        follower: &mut impl Follower<Kept = K>,
    ) -> usize {
        let end = self.connections.len();
        let slot =
            self.over(time, key).unwrap_or(if end == CONNECTION_LIMIT { self.oldest } else { end });
        if slot < end {
            self.end(slot, time, Ending::Dropped, follower);
        }
        let (client, server, is_guess) = match of_old {
            Some((client, server)) => (client, server, false),
            None => self.roles(segment, follower),
        };
        self.count += 1;
        let midway = !segment.flags.syn || of_old.is_some();
        let info = ConnectionInfo { number: self.count, slot, client, server, midway };
        let kept = follower.opened(&info, time);
        let mut connection = Connection::new(info, key, segment, is_guess, kept);
        connection.is_old = of_old.is_some();
        self.slots_of(connection.is_old).insert(key, slot);
        match self.connections.get_mut(slot) {
            Some(place) => *place = connection,
            None => self.connections.push(connection),
        }
        self.link(slot);
        slot
    }

    /// Where a connection is that is closed, and that nothing was heard of for so long that nothing
    /// more is to come of it. It is not one between the ends of `new`, which are in use.
    fn over(&mut self, time: i64, new: Key) -> Option<usize> {
        while let Some((since, key, number)) = self.closed.front().copied()
            && time.saturating_sub(since) >= TIME_WAIT
        {
            self.closed.pop_front();
            let mut slots = [self.slots.get(&key), self.old_slots.get(&key)].into_iter().flatten();
            let is_it = |slot: &&usize| {
                let connection = &self.connections[**slot];
                connection.closed && connection.info.number == number && key != new
            };
            if let Some(slot) = slots.find(is_it) {
                let heard = self.connections[*slot].heard;
                if time.saturating_sub(heard) >= TIME_WAIT {
                    return Some(*slot);
                }
                self.closed.push_back((heard, key, number));
            }
        }
        None
    }

    /// A new connection between the same ends begins: follows the one that is known until the new one
    /// is answered, for it may never be.
    fn set_aside(&mut self, key: Key, time: i64, follower: &mut impl Follower<Kept = K>) {
        self.close_old(key, time, follower);
        if let Some(slot) = self.slots.remove(&key) {
            self.connections[slot].is_old = true;
            self.old_slots.insert(key, slot);
        }
    }

    fn close_old(&mut self, key: Key, time: i64, follower: &mut impl Follower<Kept = K>) {
        if let Some(slot) = self.old_slots.get(&key) {
            self.close(*slot, time, Ending::Replaced, follower);
        }
    }

    fn slots_of(&mut self, is_old: bool) -> &mut HashMap<Key, usize> {
        if is_old { &mut self.old_slots } else { &mut self.slots }
    }

    /// Ends a connection, in this way unless its end was seen.
    fn end(
        &mut self,
        slot: usize,
        time: i64,
        ending: Ending,
        follower: &mut impl Follower<Kept = K>,
    ) {
        self.unlink(slot);
        let connection = &mut self.connections[slot];
        self.held -= connection.held(follower);
        connection.flush(time, &mut self.said, follower);
        follower.finish(&mut connection.kept, &connection.info, time);
        if let Some(ending) = connection.ending(Some(ending)) {
            follower.ended(&connection.info, time, ending);
        }
        let (key, is_old) = (connection.key, connection.is_old);
        self.slots_of(is_old).remove(&key);
    }

    /// [Ends](Self::end) a connection and gives up its place, which the last one then takes.
    fn close(
        &mut self,
        slot: usize,
        time: i64,
        ending: Ending,
        follower: &mut impl Follower<Kept = K>,
    ) {
        self.end(slot, time, ending, follower);
        let last = self.connections.len() - 1;
        self.connections.swap_remove(slot);
        if slot != last {
            follower.moved(last, slot);
            let moved = &mut self.connections[slot];
            moved.info.slot = slot;
            let (key, is_old, older, newer) = (moved.key, moved.is_old, moved.older, moved.newer);
            self.slots_of(is_old).insert(key, slot);
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

    /// The client and the server of the connection that `segment` is the first of, and whether that
    /// is a guess.
    fn roles(
        &self,
        segment: &Segment<'_>,
        follower: &impl Follower<Kept = K>,
    ) -> (Endpoint, Endpoint, bool) {
        let (source, destination) = (segment.source, segment.destination);
        let is_server = |port: u16| Some(port) == self.port;
        let (source_is_client, is_guess) = if segment.flags.syn {
            (!segment.flags.ack, false)
        } else if is_server(source.port) != is_server(destination.port) {
            (is_server(destination.port), false)
        } else if !segment.payload.is_empty()
            && let Some(sender) = follower.sender(None, segment.payload)
        {
            (sender == Side::Client, false)
        } else {
            // The lower a port, the more it looks like a server's: the well-known ones are the lowest
            // (RFC 6335 section 6).
            let rank = |port: u16| (port != APPS_PORT, port);
            (rank(destination.port) <= rank(source.port), true)
        };
        let (client, server) =
            if source_is_client { (source, destination) } else { (destination, source) };
        (client, server, is_guess)
    }
}
