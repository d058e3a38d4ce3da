//! What a captured packet begins with.

/// The link-layer headers that are supported, of the
/// [list of link types](https://www.tcpdump.org/linktypes.html).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LinkType {
    /// Ethernet (1), with or without 802.1Q tags.
    Ethernet,
    /// BSD loopback (0 NULL and 108 LOOP): a 4-byte address family, in any byte order.
    Loopback,
    /// Raw IP (101, and 12, 14, 228, 229): no link-layer header at all.
    Raw,
    /// Linux cooked capture (113), as `tcpdump -i any` made it long ago.
    LinuxCooked,
    /// Linux cooked capture v2 (276), as `tcpdump -i any` makes it now.
    LinuxCooked2,
}

impl LinkType {
    /// The link type with this number, if it is supported.
    pub fn new(number: u32) -> Option<Self> {
        match number {
            0 | 108 => Some(Self::Loopback),
            1 => Some(Self::Ethernet),
            12 | 14 | 101 | 228 | 229 => Some(Self::Raw),
            113 => Some(Self::LinuxCooked),
            276 => Some(Self::LinuxCooked2),
            _ => None,
        }
    }
}
