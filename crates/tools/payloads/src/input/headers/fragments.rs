//! Puts the fragments of IP packets together (RFC 791 section 3.2, RFC 8200 section 4.5).

use std::{mem, net::IpAddr};

use super::{
    ip::{Addresses, Ip},
    types::{Carrier, Contents, Found, Fragment, Piece},
    walk::Walk,
};
use crate::input::Packet;

/// How long fragments wait for the others of their packet, in nanoseconds: 30 s, as in Linux.
const WAIT: i64 = 30_000_000_000;

/// The most packets that fragments are kept of at a time.
const PACKET_LIMIT: usize = 64;

/// The most bytes that are kept of them all: 1 MiB, which holds 16 of the longest.
const BYTE_LIMIT: usize = 1024 * 1024;

/// The longest packet that can be cut into fragments, in bytes.
const LONGEST: u32 = 65_535;

/// Reads the headers of packets, one after the other, and puts fragments together.
///
/// Memory is bounded: fragments wait for no more than 30 seconds, of no more than 64 packets, and take
/// no more than 1 MiB; the oldest go first.
#[derive(Debug, Default)]
pub struct Headers {
    /// In the order of their first fragments.
    waiting: Vec<Waiting>,
    /// The packet that was put together last.
    whole: Vec<u8>,
    /// Where the bytes of its TCP payload were captured.
    pieces: Vec<Piece>,
    /// How many packets were read.
    count: u64,
}

/// Fragments that wait for others.
#[derive(Debug)]
struct Waiting {
    key: (IpAddr, IpAddr, u32, u8),
    since: i64,
    /// The length of the whole, once the last fragment is here.
    total: Option<u32>,
    /// In the order of their places.
    pieces: Vec<Piece>,
    data: Vec<u8>,
    frame_bytes: u64,
}

impl Headers {
    /// Finds out what `packet` holds: where it is a fragment and the last one that was missing, that
    /// is what the whole packet holds.
    ///
    /// `found` is [new](Found::new). It is not returned, for it is large, and moving it takes longer
    /// than reading some headers.
    #[inline]
    pub fn read<'a>(&'a mut self, packet: &Packet<'a>, found: &mut Found<'a>) {
        self.count += 1;
        Walk::new(packet, found, ()).packet(packet.link);
        if let Contents::Fragment(fragment) = &found.contents {
            let fragment = *fragment;
            self.fragment(packet, fragment, found);
        }
    }

    /// How many captured packets wait for other fragments.
    pub fn waiting(&self) -> usize {
        self.waiting.iter().map(|waiting| waiting.pieces.len()).sum()
    }

    /// How much memory it takes, in bytes.
    pub fn memory(&self) -> usize {
        let waiting: usize = self.waiting.iter().map(Waiting::size).sum();
        waiting + self.whole.capacity() + self.pieces.capacity() * size_of::<Piece>()
    }

    #[cold]
    fn fragment<'a>(
        &'a mut self,
        packet: &Packet<'a>,
        fragment: Fragment<'a>,
        found: &mut Found<'a>,
    ) {
        self.waiting.retain(|waiting| packet.time.saturating_sub(waiting.since).abs() <= WAIT);
        let end = fragment.offset.saturating_add(fragment.len);
        if fragment.len == 0 || end > LONGEST {
            return;
        }
        let Fragment { source, destination, identification, protocol, .. } = fragment;
        let key = (source, destination, identification, protocol);
        let index = self.waiting.iter().position(|waiting| waiting.key == key);
        let mut waiting = match index {
            Some(index) => self.waiting.remove(index),
            None => Waiting {
                key,
                since: packet.time,
                total: None,
                pieces: Vec::new(),
                data: Vec::new(),
                frame_bytes: 0,
            },
        };
        let captured = fragment.data.len().min(fragment.len as usize);
        let piece = Piece {
            packet: self.count,
            at: fragment.at,
            offset: fragment.offset,
            len: fragment.len,
            // It is at most `len`.
            captured: captured as u32,
        };
        if !waiting.take(piece, fragment.more, &fragment.data[..captured]) {
            return;
        }
        waiting.frame_bytes += u64::from(packet.frame_len);
        if !waiting.is_whole() {
            // Back to its place in the order.
            self.waiting.insert(index.unwrap_or(self.waiting.len()), waiting);
            self.limit();
            return;
        }
        self.whole = waiting.data;
        self.pieces = waiting.pieces;
        let carrier = Carrier { payload_at: None, ..found.carrier };
        // At most 65,535 fragments of a byte each.
        found.packets = self.pieces.len() as u32;
        found.frame_bytes = waiting.frame_bytes;
        let mut walk = Walk {
            data: &self.whole,
            at: 0,
            end: waiting.total.map_or(0, |total| total as usize),
            depth: 0,
            in_fragment: false,
            found,
            naming: (),
        };
        // Where some of its middle was not captured, what follows cannot be read.
        let mut readable = 0;
        for piece in &self.pieces {
            if piece.offset != readable {
                break;
            }
            readable += piece.captured;
        }
        walk.data = &self.whole[..self.whole.len().min(readable as usize)];
        let ip = Ip { addresses: Addresses::Kept(source, destination) };
        walk.protocol(ip, protocol);
        let found = walk.found;
        let start = mem::replace(&mut found.carrier, carrier).payload_at;
        let payload = match &found.contents {
            Contents::Tcp(segment) => segment.payload,
            _ => &[],
        };
        self.pieces.retain_mut(|piece| piece.narrow(start.unwrap_or(0), payload.len()));
        found.pieces = &self.pieces;
    }

    /// Forgets the oldest where there are too many.
    fn limit(&mut self) {
        let mut bytes: usize = self.waiting.iter().map(Waiting::size).sum();
        while self.waiting.len() > PACKET_LIMIT || bytes > BYTE_LIMIT {
            bytes -= self.waiting.remove(0).size();
        }
    }
}

impl Piece {
    /// Leaves of it what is within so many bytes from `start` on; whether there is any.
    fn narrow(&mut self, start: u32, len: usize) -> bool {
        let before = start.saturating_sub(self.offset).min(self.captured);
        self.at += before;
        self.len -= before;
        self.captured -= before;
        self.offset = self.offset.saturating_sub(start);
        let left = len.saturating_sub(self.offset as usize);
        // At most 64 KiB are put together.
        self.captured = self.captured.min(left.min(LONGEST as usize) as u32);
        self.captured > 0
    }
}

impl Waiting {
    /// How much memory it takes, in bytes.
    fn size(&self) -> usize {
        self.data.capacity() + self.pieces.capacity() * size_of::<Piece>()
    }

    /// Takes a fragment, unless it does not fit to the others.
    fn take(&mut self, piece: Piece, more: bool, data: &[u8]) -> bool {
        let end = piece.offset + piece.len;
        let index = self.pieces.partition_point(|other| other.offset < piece.offset);
        if let Some(other) = self.pieces.get(index)
            && (other.offset, other.len) == (piece.offset, piece.len)
        {
            // The same again, as it is recorded on a second interface.
            return true;
        }
        let before = index.checked_sub(1).and_then(|index| self.pieces.get(index));
        let overlaps = before.is_some_and(|other| other.offset + other.len > piece.offset)
            || self.pieces.get(index).is_some_and(|other| other.offset < end);
        let ends_elsewhere = match self.total {
            Some(total) => end > total || !more && end != total,
            None => !more && self.pieces.last().is_some_and(|last| last.offset + last.len > end),
        };
        // Fragments that overlap are an attack: hosts drop them all (RFC 5722).
        if overlaps || ends_elsewhere {
            return false;
        }
        if !more {
            self.total = Some(end);
        }
        let start = piece.offset as usize;
        if self.data.len() < start + data.len() {
            self.data.resize(start + data.len(), 0);
        }
        self.data[start..start + data.len()].copy_from_slice(data);
        self.pieces.insert(index, piece);
        true
    }

    fn is_whole(&self) -> bool {
        let mut next = 0;
        for piece in &self.pieces {
            if piece.offset != next {
                return false;
            }
            next += piece.len;
        }
        self.total == Some(next)
    }
}
