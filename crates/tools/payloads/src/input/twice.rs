//! Packets that were recorded twice, because they crossed two interfaces.
//!
//! `tcpdump -i any` records a packet that crosses a bridge, or goes into a container, on each
//! interface that it passes. It was sent once all the same.

use std::hash::{BuildHasher, Hasher, RandomState};

use super::{capture::Packet, headers::Carrier, link::LinkType};

/// How far apart the recordings of one packet may be, in nanoseconds: 100 ms.
const APART: i64 = 100_000_000;

/// How many packets are remembered at most. Recordings of one packet mostly follow each other at
/// once.
const REMEMBERED: usize = 4096;

/// On how many interfaces a packet is told to be a new one, or to be recorded again.
const PLACES: usize = 4;

/// A packet that was recorded lately.
#[derive(Clone, Copy, Default)]
struct Recorded {
    hash: u64,
    /// When it was sent last.
    time: i64,
    /// How often it was sent; 0 where nothing is remembered.
    sent: u32,
    /// Where it was recorded, and how often there.
    places: [(u64, u32); PLACES],
}

/// Tells packets that were recorded twice from those that were sent twice.
///
/// It is the same packet where all of its innermost IP packet is the same, the hop limit and the
/// checksums aside, which change on the way; it is recorded again where that is from another interface, or in
/// the other direction, within 100 ms. A packet that is sent again passes each interface again.
#[derive(Default)]
pub struct Twice {
    hasher: RandomState,
    /// Empty until a capture tells interfaces apart.
    recorded: Vec<Recorded>,
}

impl Twice {
    /// Whether `packet`, in which `carrier` is around a TCP segment, was recorded before on another
    /// interface.
    #[inline]
    pub fn is_again(&mut self, packet: &Packet<'_>, carrier: &Carrier) -> bool {
        let tells_interface = matches!(packet.link, LinkType::LinuxCooked | LinkType::LinuxCooked2);
        (tells_interface || packet.interface.is_some())
            && self.was_recorded(packet, carrier.ip_at).is_some()
    }

    fn was_recorded(&mut self, packet: &Packet<'_>, ip_at: Option<u32>) -> Option<()> {
        let place = self.place(packet)?;
        let hash = self.hash(packet.data.get(ip_at? as usize..)?)?;
        self.recorded.resize(REMEMBERED, Recorded::default());
        #[expect(clippy::cast_possible_truncation, reason = "any bits of it will do")]
        let recorded = &mut self.recorded[hash as usize % REMEMBERED];
        let apart = packet.time.saturating_sub(recorded.time);
        if recorded.hash != hash || apart.saturating_abs() > APART {
            *recorded = Recorded { hash, ..Recorded::default() };
        }
        let places = &mut recorded.places;
        let here = match places.iter_mut().find(|known| known.1 == 0 || known.0 == place) {
            Some(known) => {
                *known = (place, known.1 + 1);
                known.1
            }
            // On yet another interface.
            None => 1,
        };
        if here <= recorded.sent {
            return Some(());
        }
        (recorded.sent, recorded.time) = (here, packet.time);
        None
    }

    /// A number for where `packet` was recorded.
    fn place(&self, packet: &Packet<'_>) -> Option<u64> {
        let header = match packet.link {
            // What it is sent to or from, in which direction, and by which kind of interface, whose
            // number this header does not have.
            LinkType::LinuxCooked => packet.data.get(..14)?,
            // The interface's number, and after its kind, which belongs to it, the direction.
            LinkType::LinuxCooked2 => packet.data.get(4..11)?,
            _ => &[],
        };
        Some(self.hasher.hash_one((packet.interface, header)))
    }

    /// A number for the IP packet that `bytes` begin with, the same on each interface.
    fn hash(&self, bytes: &[u8]) -> Option<u64> {
        let word =
            |at: usize| Some(usize::from(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?)));
        let version_6 = bytes.first()? >> 4 == 6;
        let (header_len, len) = if version_6 {
            (40, 40 + word(4)?)
        } else {
            (usize::from(bytes.first()? & 0x0f) * 4, word(2)?)
        };
        // What follows the packet fills a frame up, and belongs to the interface. Where its length
        // is not told, because it is still to be cut into packets, nothing follows it.
        let bytes = bytes.get(..len).filter(|_| len > header_len).unwrap_or(bytes);
        // All but the hop limit, IPv4's checksum, and TCP's, which a network card may fill in.
        let checksum = header_len + 16;
        let kept = if version_6 { [0..7, 8..8, 8..checksum] } else { [0..8, 9..10, 12..checksum] };
        let mut hasher = self.hasher.build_hasher();
        for range in kept {
            hasher.write(bytes.get(range)?);
        }
        hasher.write(bytes.get(checksum + 2..).unwrap_or_default());
        Some(hasher.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// That of a packet which begins with its IP header.
    const RAW: Carrier = Carrier {
        interface: None,
        direction: None,
        ip_at: Some(0),
        identification: None,
        payload_at: None,
    };

    fn packet(interface: u32, time: i64, data: &[u8]) -> Packet<'_> {
        let frame_len = u32::try_from(data.len()).unwrap();
        Packet { time, frame_len, interface: Some(interface), link: LinkType::Raw, data }
    }

    /// A segment of a byte, with this hop limit, identification and checksums.
    fn ip(hop_limit: u8, identification: u8, checksum: u8) -> Vec<u8> {
        let mut ip = vec![0x45, 0, 0, 41, 0, identification, 0, 0, hop_limit, 6, checksum, 0];
        ip.extend([192, 0, 2, 1, 192, 0, 2, 2]);
        ip.extend([0xc3, 0x50, 0x1f, 0x40, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x10, 1, 0]);
        ip.extend([checksum, 0, 0, 0, b'x']);
        ip
    }

    #[test]
    fn each_sending_is_new_once_however_its_recordings_are_mixed() {
        let bytes = ip(64, 1, 1);
        let again = |recordings: &[(u32, i64)]| -> Vec<bool> {
            let mut twice = Twice::default();
            let is_again = |(interface, milliseconds): &(u32, i64)| {
                twice.is_again(&packet(*interface, milliseconds * 1_000_000, &bytes), &RAW)
            };
            recordings.iter().map(is_again).collect()
        };
        assert_eq!(again(&[(1, 0), (2, 1), (3, 2), (4, 3), (5, 4)])[1..], [true; 4]);
        assert_eq!(again(&[(1, 0), (1, 1)]), [false, false]);
        assert_eq!(again(&[(1, 0), (2, 0), (1, 50), (2, 50)]), [false, true, false, true]);
        assert_eq!(again(&[(1, 0), (1, 1), (2, 2), (2, 3)]), [false, false, true, true]);
        // 100 ms apart from the last sending, and more.
        assert_eq!(again(&[(1, 0), (2, 100)]), [false, true]);
        assert_eq!(again(&[(1, 0), (2, 101)]), [false, false]);
        assert_eq!(again(&[(1, 0), (1, 90), (2, 180), (2, 185)]), [false, false, true, true]);
        // Recorded out of order.
        assert_eq!(again(&[(1, 50), (2, 0)]), [false, true]);
    }

    #[test]
    fn what_changes_on_the_way_does_not_count_and_all_else_does() {
        let first = ip(64, 1, 1);
        let is_again = |other: &[u8]| {
            let mut twice = Twice::default();
            assert!(!twice.is_again(&packet(1, 0, &first), &RAW));
            twice.is_again(&packet(2, 0, other), &RAW)
        };
        assert!(is_again(&ip(63, 1, 2)));
        assert!(!is_again(&ip(64, 2, 1)));
        // A frame filled up.
        assert!(is_again(&[&first[..], &[0; 5]].concat()));
        let mut other = first.clone();
        for at in 0..first.len() {
            other[at] ^= 1;
            let changes = [8, 10, 11, 36, 37].contains(&at);
            assert_eq!(is_again(&other), changes, "{at}");
            other[at] ^= 1;
        }
        assert!(!is_again(&[]));
        assert!(!is_again(&[0x60]));
    }
}
