//! The Internet checksum (RFC 1071), and what to say of one.

use std::net::IpAddr;

/// The sum of the 16-bit words, each carry added at the end again.
#[derive(Clone, Copy, Default)]
pub(super) struct Sum(u64);

impl Sum {
    /// With these bytes too; only the last ones may be of an odd number.
    pub fn bytes(mut self, bytes: &[u8]) -> Self {
        let (pairs, odd) = bytes.as_chunks::<2>();
        self.0 += pairs.iter().map(|pair| u64::from(u16::from_be_bytes(*pair))).sum::<u64>();
        if let [last] = odd {
            self.0 += u64::from(*last) << 8;
        }
        self
    }

    /// The pseudo-header, which stands for the addresses (RFC 9293 section 3.1, RFC 8200 section
    /// 8.1): with them, the protocol and the length of what it covers.
    pub fn pseudo_header(source: IpAddr, destination: IpAddr, protocol: u8, len: usize) -> Self {
        let mut sum = Self::default();
        for address in [source, destination] {
            sum = match address {
                IpAddr::V4(address) => sum.bytes(&address.octets()),
                IpAddr::V6(address) => sum.bytes(&address.octets()),
            };
        }
        sum.0 += u64::from(protocol);
        sum.0 += len as u64;
        sum
    }

    /// The sum in 16 bits.
    pub fn folded(self) -> u16 {
        let mut sum = self.0;
        while sum > 0xffff {
            sum = (sum >> 16) + (sum & 0xffff);
        }
        // It is below 2^16.
        sum as u16
    }

    /// What the checksum must be, where the sum is one without it.
    pub fn checksum(self) -> u16 {
        !self.folded()
    }
}

/// What a checksum over data with a pseudo-header is worth.
pub(super) struct Covered<'a> {
    /// The checksum.
    pub field: u16,
    /// Where in `data` the checksum is.
    pub at: usize,
    /// The captured bytes that it covers, the checksum's own included.
    pub data: &'a [u8],
    /// How many bytes it covers on the wire.
    pub len: usize,
    /// Whether it is a fragment, which does not have all that is covered.
    pub fragment: bool,
    /// The addresses and the protocol that the pseudo-header has, if there is one.
    pub pseudo: Option<(IpAddr, IpAddr, u8)>,
}

impl Covered<'_> {
    /// The checksum, and whether it is right.
    pub fn in_words(&self) -> String {
        let field = self.field;
        if self.fragment {
            return format!("0x{field:04x} (not checked: the other fragments belong to it)");
        }
        let missing = self.len.saturating_sub(self.data.len());
        if missing == 0 && self.data.len() >= self.at + 2 {
            let (before, after) = self.data.split_at(self.at);
            let expected = self.pseudo(self.len).bytes(before).bytes(&after[2..]).checksum();
            // 0 and 0xffff are the same number.
            if expected == field || expected | field == 0xffff && expected & field == 0 {
                return format!("0x{field:04x} (right)");
            }
            if !self.is_left_to_card() {
                return format!("0x{field:04x} (wrong: 0x{expected:04x} would be right)");
            }
        }
        if self.is_left_to_card() {
            return format!(
                "0x{field:04x} (left to the network card: the sum of the pseudo-header alone)"
            );
        }
        let are = if missing == 1 { "is" } else { "are" };
        let missing = super::words::bytes(missing);
        format!("0x{field:04x} (cannot be checked: {missing} {are} missing)")
    }

    /// Whether the field holds the sum of the pseudo-header alone, as the system leaves it to a
    /// network card that adds the rest; one that also cuts the data into segments adds the length.
    fn is_left_to_card(&self) -> bool {
        self.pseudo.is_some()
            && [self.len, 0].iter().any(|len| self.pseudo(*len).folded() == self.field)
    }

    fn pseudo(&self, len: usize) -> Sum {
        self.pseudo.map_or(Sum::default(), |(source, destination, protocol)| {
            Sum::pseudo_header(source, destination, protocol, len)
        })
    }
}
