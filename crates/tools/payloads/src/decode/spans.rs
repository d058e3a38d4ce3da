//! Which packets the bytes of units were captured in.

use std::collections::{HashMap, VecDeque};

use crate::input::Endpoint;
use crate::tcp::Origin;

/// The most packets that are remembered until what they carry comes out in order: 2 MiB of them.
const PACKET_LIMIT: usize = 64 * 1024;

/// Where bytes were captured.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Span {
    /// The number of the packet, from 1.
    pub packet: u64,
    /// The first of them, counted from the packet's first byte.
    pub offset: u32,
    /// How many they are.
    pub bytes: u32,
}

/// Captured data of a packet.
#[derive(Clone, Copy, Debug)]
struct Carried {
    /// When it was captured.
    time: i64,
    sequence: u32,
    span: Span,
}

/// The packets of a capture whose data is still to come out in order, by their ends.
#[derive(Debug, Default)]
pub(super) struct Carriers {
    by_ends: HashMap<(Endpoint, Endpoint), VecDeque<Carried>>,
    /// How many there are.
    count: usize,
}

impl Carriers {
    /// A packet from `source` to `destination`, captured at `time`, carries data that begins with
    /// `sequence`.
    pub(super) fn push(
        &mut self,
        time: i64,
        source: Endpoint,
        destination: Endpoint,
        sequence: u32,
        span: Span,
    ) {
        if self.count >= PACKET_LIMIT {
            // So many wait only where what they wait for never comes: those of the longest queue are
            // forgotten.
            if let Some(longest) = self.by_ends.values_mut().max_by_key(|carried| carried.len()) {
                self.count -= longest.len();
                *longest = VecDeque::new();
            }
        }
        let carried = self.by_ends.entry((source, destination)).or_default();
        carried.push_back(Carried { time, sequence, span });
        self.count += 1;
    }

    /// Where the `len` bytes from `sequence` on, which come out now, were captured at `time`, or else
    /// first. Earlier packets are forgotten.
    pub(super) fn take(
        &mut self,
        time: i64,
        source: Endpoint,
        destination: Endpoint,
        sequence: u32,
        len: usize,
        found: &mut VecDeque<Span>,
    ) {
        let Some(carried) = self.by_ends.get_mut(&(source, destination)) else {
            return;
        };
        let before = carried.len();
        let mut at = sequence;
        let mut left = u32::try_from(len).unwrap_or(u32::MAX);
        while left > 0 {
            let skip_of = |carried: &Carried| at.wrapping_sub(carried.sequence);
            let mut here = carried.iter().filter(|carried| skip_of(carried) < carried.span.bytes);
            let first = here.next();
            // One that came first may still wait for what it answers, and may say something else.
            let then = first
                .filter(|first| first.time != time)
                .and_then(|_| here.find(|carried| carried.time == time));
            let Some((skip, span)) = then.or(first).map(|carried| (skip_of(carried), carried.span))
            else {
                // Nothing is known of it, which does not happen to data that was captured lately.
                break;
            };
            let bytes = left.min(span.bytes - skip);
            found.push_back(Span { offset: span.offset + skip, bytes, ..span });
            at = at.wrapping_add(bytes);
            left -= bytes;
        }
        // What ends before here has come out.
        carried.retain(|carried| {
            let end = carried.sequence.wrapping_add(carried.span.bytes);
            at.wrapping_sub(end).cast_signed() < 0
        });
        self.count -= before - carried.len();
        if carried.is_empty() {
            self.by_ends.remove(&(source, destination));
        }
    }
}

/// Takes the spans of the next `len` bytes from `delivered`, and adds them to `spans`.
pub(super) fn consume(delivered: &mut VecDeque<Span>, len: usize, spans: &mut Vec<Span>) {
    let mut left = u32::try_from(len).unwrap_or(u32::MAX);
    while left > 0 {
        let Some(next) = delivered.front_mut() else {
            return;
        };
        let bytes = left.min(next.bytes);
        let taken = Span { bytes, ..*next };
        match spans.last_mut() {
            Some(last)
                if last.packet == taken.packet && last.offset + last.bytes == taken.offset =>
            {
                last.bytes += bytes;
            }
            _ => spans.push(taken),
        }
        left -= bytes;
        next.offset += bytes;
        next.bytes -= bytes;
        if next.bytes == 0 {
            delivered.pop_front();
        }
    }
}

/// The ends that the bytes of `origin` go from and to.
pub(super) fn ends(origin: &Origin<'_>) -> (Endpoint, Endpoint) {
    let connection = origin.connection;
    match origin.side {
        crate::tcp::Side::Client => (connection.client, connection.server),
        crate::tcp::Side::Server => (connection.server, connection.client),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_found_where_they_were_captured_first() {
        let end = |port| Endpoint { address: [192, 0, 2, 1].into(), port };
        let mut carriers = Carriers::default();
        let span = |packet, bytes| Span { packet, offset: 66, bytes };
        // The second is captured before the first, and the first is sent again.
        carriers.push(0, end(1), end(2), u32::MAX - 1, span(5, 10));
        carriers.push(0, end(1), end(2), 8, span(4, 10));
        carriers.push(0, end(1), end(2), u32::MAX - 1, span(6, 10));
        let mut delivered = VecDeque::new();
        carriers.take(0, end(1), end(2), u32::MAX - 1, 20, &mut delivered);
        let mut spans = Vec::new();
        consume(&mut delivered, 3, &mut spans);
        consume(&mut delivered, 9, &mut spans);
        assert_eq!(
            spans,
            [Span { packet: 5, offset: 66, bytes: 10 }, Span { packet: 4, offset: 66, bytes: 2 }]
        );
        assert_eq!(delivered, [Span { packet: 4, offset: 68, bytes: 8 }]);
    }

    #[test]
    fn bytes_of_a_packet_that_overlaps_another_are_found_in_it() {
        let end = |port| Endpoint { address: [192, 0, 2, 1].into(), port };
        let span = |packet, offset, bytes| Span { packet, offset, bytes };
        let mut carriers = Carriers::default();
        // What was sent is sent again with more after it.
        carriers.push(0, end(1), end(2), 100, span(1, 66, 10));
        carriers.push(0, end(1), end(2), 100, span(2, 66, 20));
        carriers.push(0, end(2), end(1), 100, span(3, 66, 20));
        let mut delivered = VecDeque::new();
        carriers.take(0, end(1), end(2), 100, 4, &mut delivered);
        assert_eq!(carriers.count, 3, "none has come out as a whole");
        carriers.take(0, end(1), end(2), 104, 16, &mut delivered);
        assert_eq!(carriers.count, 1);
        let mut spans = Vec::new();
        consume(&mut delivered, 20, &mut spans);
        assert_eq!(spans, [span(1, 66, 10), span(2, 76, 10)]);
        assert!(delivered.is_empty());
    }

    #[test]
    fn bytes_are_found_in_the_packet_of_their_time() {
        let end = |port| Endpoint { address: [192, 0, 2, 1].into(), port };
        let span = |packet| Span { packet, offset: 66, bytes: 10 };
        for (time, packet) in [(1, 1), (2, 2), (3, 1)] {
            let mut carriers = Carriers::default();
            carriers.push(1, end(1), end(2), 100, span(1));
            carriers.push(2, end(1), end(2), 100, span(2));
            let mut delivered = VecDeque::new();
            carriers.take(time, end(1), end(2), 100, 10, &mut delivered);
            assert_eq!(delivered, [span(packet)], "{time}");
        }
    }

    #[test]
    fn only_so_many_packets_are_remembered() {
        let end = |port| Endpoint { address: [192, 0, 2, 1].into(), port };
        let mut carriers = Carriers::default();
        let span = Span { packet: 1, offset: 66, bytes: 1 };
        carriers.push(0, end(1), end(3), 0, span);
        for sequence in 1..PACKET_LIMIT as u32 {
            carriers.push(0, end(1), end(2), sequence, span);
        }
        assert_eq!(carriers.count, PACKET_LIMIT);
        // The longest queue goes.
        carriers.push(0, end(1), end(3), 1, span);
        assert_eq!(carriers.count, 2);
        let mut delivered = VecDeque::new();
        carriers.take(0, end(1), end(3), 0, 2, &mut delivered);
        assert_eq!((delivered.len(), carriers.count), (2, 0));
    }
}
