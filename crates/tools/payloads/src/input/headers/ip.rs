//! The ends of an IP packet.

use std::net::IpAddr;

/// What TCP and UDP need to know of the IP packet that they are in.
#[derive(Clone, Copy)]
pub(super) struct Ip<'a> {
    pub(super) addresses: Addresses<'a>,
}

/// Source and destination, where they are in the packet: a copy is made once, of a segment's.
#[derive(Clone, Copy)]
pub(super) enum Addresses<'a> {
    V4(&'a [u8; 8]),
    V6(&'a [u8; 32]),
    /// Of a packet that was put together.
    Kept(IpAddr, IpAddr),
}

impl Ip<'_> {
    #[inline(always)]
    pub(super) fn ends(&self) -> (IpAddr, IpAddr) {
        match self.addresses {
            Addresses::V4(&[a, b, c, d, e, f, g, h]) => {
                (IpAddr::from([a, b, c, d]), IpAddr::from([e, f, g, h]))
            }
            Addresses::V6(addresses) => match addresses.as_chunks::<16>().0 {
                [source, destination] => (IpAddr::from(*source), IpAddr::from(*destination)),
                // 32 bytes are two times 16.
                _ => (IpAddr::from([0; 16]), IpAddr::from([0; 16])),
            },
            Addresses::Kept(source, destination) => (source, destination),
        }
    }

    pub(super) fn is_v6(&self) -> bool {
        match self.addresses {
            Addresses::V4(_) => false,
            Addresses::V6(_) => true,
            Addresses::Kept(source, _) => source.is_ipv6(),
        }
    }
}
