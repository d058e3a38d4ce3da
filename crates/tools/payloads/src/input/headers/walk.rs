//! The walk over the headers of a packet, one after the other.

use super::{
    names::{Names, Naming},
    other::Other,
    terms,
    types::{Contents, Found, Group, Named, TcpContext},
    words,
};
use crate::input::{LinkType, Packet};

/// The most headers that are read of one packet. What carries what is not limited by any standard,
/// but real packets have fewer than ten.
const DEPTH: u8 = 32;

impl<'a> Contents<'a> {
    /// What `packet` holds, looked at alone.
    pub fn of(packet: &Packet<'a>) -> Self {
        read(packet).contents
    }
}

/// What `packet` holds, looked at alone: a fragment is only named.
///
/// A segment of which the TCP header's first 14 bytes are captured can be read.
#[inline]
pub fn read<'a>(packet: &Packet<'a>) -> Found<'a> {
    let mut found = Found::new(packet);
    Walk::new(packet, &mut found, ()).packet(packet.link);
    found
}

/// Names each captured bit of `packet`; `tcp` is what is known of its connection.
pub fn name(packet: &Packet<'_>, tcp: &TcpContext) -> Named {
    let mut found = Found::new(packet);
    let mut walk = Walk::new(packet, &mut found, Names::new(packet.data.len(), *tcp));
    walk.packet(packet.link);
    if let Contents::Unreadable { header, cut: true } = walk.found.contents {
        walk.naming.add_text("cut off by the capture");
        walk.naming.what(format!("cut off by the capture before the end of its {header} header"));
    }
    walk.naming.finish(packet.frame_len as usize)
}

/// A walk over the headers of a packet, from the outside in.
pub(super) struct Walk<'a, 'f, N> {
    /// The captured bytes, up to the end of what encloses the next header.
    pub(super) data: &'a [u8],
    /// Where the next header begins.
    pub(super) at: usize,
    /// Where what encloses the next header ends on the wire.
    pub(super) end: usize,
    /// How many headers there were.
    pub(super) depth: u8,
    /// Whether what is read is the first fragment of a packet, which holds not all of what it carries.
    pub(super) in_fragment: bool,
    /// Where what is found goes: at once to where it is wanted, for it is large.
    pub(super) found: &'f mut Found<'a>,
    pub(super) naming: N,
}

/// The beginning of a header, with zeros in place of what is not there.
pub(super) struct Header<const LEN: usize> {
    pub(super) bytes: [u8; LEN],
    /// How many bytes are there.
    pub(super) there: usize,
}

impl<const LEN: usize> Header<LEN> {
    pub(super) fn is_whole(&self) -> bool {
        self.there == LEN
    }

    pub(super) fn u16(&self, at: usize) -> u16 {
        u16::from_be_bytes([self.bytes[at], self.bytes[at + 1]])
    }

    pub(super) fn u32(&self, at: usize) -> u32 {
        u32::from(self.u16(at)) << 16 | u32::from(self.u16(at + 2))
    }
}

impl<'a, 'f, N: Naming> Walk<'a, 'f, N> {
    #[inline(always)]
    pub(super) fn new(packet: &Packet<'a>, found: &'f mut Found<'a>, naming: N) -> Self {
        Self {
            data: packet.data,
            at: 0,
            end: (packet.frame_len as usize).max(packet.data.len()),
            depth: 0,
            in_fragment: false,
            found,
            naming,
        }
    }

    #[inline(always)]
    pub(super) fn packet(&mut self, link: LinkType) {
        match link {
            LinkType::Ethernet => self.ethernet(),
            LinkType::Loopback => self.loopback(),
            LinkType::Raw => self.inner_ip(),
            LinkType::LinuxCooked => self.cooked(),
            LinkType::LinuxCooked2 => self.cooked2(),
        }
    }

    /// The next `LEN` bytes, as far as they are there.
    #[inline(always)]
    pub(super) fn header<const LEN: usize>(&self) -> Header<LEN> {
        let rest = self.data.get(self.at..).unwrap_or_default();
        match rest.first_chunk() {
            Some(bytes) => Header { bytes: *bytes, there: LEN },
            None => {
                let mut bytes = [0; LEN];
                bytes[..rest.len()].copy_from_slice(rest);
                Header { bytes, there: rest.len() }
            }
        }
    }

    /// The next `len` bytes, or as many as are there.
    pub(super) fn bytes(&self, len: usize) -> &'a [u8] {
        let rest = self.data.get(self.at..).unwrap_or_default();
        &rest[..len.min(rest.len())]
    }

    /// How many bytes are left on the wire.
    #[inline(always)]
    pub(super) fn left(&self) -> usize {
        self.end.saturating_sub(self.at)
    }

    /// What encloses the next header is `len` bytes long from here on.
    #[inline(always)]
    pub(super) fn narrow(&mut self, len: usize) {
        if let Some(names) = self.naming.names() {
            names.narrow(len);
        }
        self.end = self.at.saturating_add(len);
        self.data = &self.data[..self.data.len().min(self.end)];
    }

    /// One header more; whether there may be so many.
    #[inline(always)]
    pub(super) fn descend(&mut self) -> bool {
        self.depth += 1;
        self.depth <= DEPTH
    }

    /// The next `len` bytes belong to `header` and are not all there.
    #[cold]
    pub(super) fn missing(&mut self, header: &'static str, len: usize) {
        let cut = self.left() >= len;
        if !cut && let Some(names) = self.naming.names() {
            if self.in_fragment {
                names.add_text("the rest is in another fragment");
            } else {
                names.malformed(format!("the {header} header does not fit into what is around it"));
            }
        }
        self.found.contents = Contents::Unreadable { header, cut };
    }

    /// `header` is not as its standard has it.
    #[cold]
    pub(super) fn broken(&mut self, header: &'static str, why: impl FnOnce() -> String) {
        if let Some(names) = self.naming.names() {
            names.malformed(why());
        }
        self.found.contents = Contents::Unreadable { header, cut: false };
    }

    /// What follows is not read.
    #[cold]
    pub(super) fn other(&mut self, other: Other) {
        if let Some(names) = self.naming.names() {
            let left = names.left();
            if left > 0 {
                let text = format!("{other}, {}", words::bytes(left));
                names.rest("not read", Group::Payload, &terms::NOT_READ, text);
            }
            if names.has_no_what() {
                names.what(other.to_string());
            }
        }
        self.found.contents = Contents::Other(other);
    }
}
