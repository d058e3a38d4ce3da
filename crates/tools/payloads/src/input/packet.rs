//! A TCP segment, and who sent it to whom.

use std::net::IpAddr;

/// One end of a connection.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Endpoint {
    /// Its IP address.
    pub address: IpAddr,
    /// Its TCP port.
    pub port: u16,
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::net::SocketAddr::new(self.address, self.port).fmt(f)
    }
}

/// The control bits of a TCP header (RFC 9293 section 3.1).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Flags {
    /// SYN: a connection begins.
    pub syn: bool,
    /// ACK: the acknowledgment number counts.
    pub ack: bool,
    /// FIN: the sender has nothing more to send.
    pub fin: bool,
    /// RST: the connection is broken off.
    pub rst: bool,
    /// PSH: the data is to be given to the program at once.
    pub psh: bool,
    /// URG: the urgent pointer counts.
    pub urg: bool,
    /// ECE: a router was nearly full (RFC 3168 section 6.1).
    pub ece: bool,
    /// CWR: the sender has slowed down (RFC 3168 section 6.1).
    pub cwr: bool,
}

impl Flags {
    /// The flags in the byte that has them.
    #[inline(always)]
    pub fn new(byte: u8) -> Self {
        Self {
            syn: byte & 0x02 != 0,
            ack: byte & 0x10 != 0,
            fin: byte & 0x01 != 0,
            rst: byte & 0x04 != 0,
            psh: byte & 0x08 != 0,
            urg: byte & 0x20 != 0,
            ece: byte & 0x40 != 0,
            cwr: byte & 0x80 != 0,
        }
    }

    /// The names of those that are set, in the order in which they are commonly said, as in
    /// `SYN, ACK`.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let names = [
            (self.syn, "SYN"),
            (self.fin, "FIN"),
            (self.rst, "RST"),
            (self.psh, "PSH"),
            (self.ack, "ACK"),
            (self.urg, "URG"),
            (self.ece, "ECE"),
            (self.cwr, "CWR"),
        ];
        names.into_iter().filter_map(|(set, name)| set.then_some(name))
    }
}

/// A TCP segment.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    /// Who sent it.
    pub source: Endpoint,
    /// Whom it was sent to.
    pub destination: Endpoint,
    /// The sequence number of its first byte, or of its SYN.
    pub sequence: u32,
    /// The sequence number that its sender expects next, where the ACK bit is set.
    pub acknowledgment: u32,
    /// The control bits.
    pub flags: Flags,
    /// The window as the header has it, not scaled; 0 where the capture cut it off.
    pub window: u16,
    /// The captured bytes of its options.
    pub options: &'a [u8],
    /// The length of its TCP header with options, in bytes.
    pub header_len: u32,
    /// The length of its payload on the wire, in bytes.
    pub payload_len: u32,
    /// The captured bytes of its payload: fewer than `payload_len` where the capture cut it.
    pub payload: &'a [u8],
}
