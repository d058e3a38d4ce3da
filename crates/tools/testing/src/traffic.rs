//! Captures of any length: the committed one of wsapp, again and again.

use std::{fs, sync::LazyLock};

/// Where the addresses are in a packet of that capture: after an Ethernet header of 14 bytes, the
/// source and the destination are bytes 12 to 19 of the IPv4 header (RFC 791 section 3.1).
const ADDRESSES: usize = 14 + 12;

/// A capture in pieces.
pub struct Traffic {
    /// The header of the file.
    pub header: Vec<u8>,
    /// Its records, with a packet each.
    records: Vec<Vec<u8>>,
}

/// The committed capture of wsapp, to be repeated.
pub static TRAFFIC: LazyLock<Traffic> = LazyLock::new(|| {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../pcap/wsapp.pcap");
    let capture = fs::read(path).unwrap();
    let (header, mut rest) = capture.split_at(24);
    assert_eq!(header[..4], [0xd4, 0xc3, 0xb2, 0xa1], "times in microseconds, little-endian");
    let mut records = Vec::new();
    while !rest.is_empty() {
        let captured = u32::from_le_bytes(rest[8..12].try_into().unwrap()) as usize;
        let (record, others) = rest.split_at(16 + captured);
        records.push(record.to_vec());
        rest = others;
    }
    Traffic { header: header.to_vec(), records }
});

impl Traffic {
    /// How many packets a round has.
    pub fn packets(&self) -> usize {
        self.records.len()
    }

    /// The records of a round: each is a minute later than the one before, and its hosts have an
    /// address that no other's have.
    pub fn round(&self, round: u32) -> Vec<Vec<u8>> {
        let mut records = self.records.clone();
        for record in &mut records {
            let seconds = u32::from_le_bytes(record[..4].try_into().unwrap()) + 60 * round;
            record[..4].copy_from_slice(&seconds.to_le_bytes());
            let [_, high, middle, low] = round.to_be_bytes();
            let host = [127, high, middle, low];
            record[16 + ADDRESSES..][..8].copy_from_slice(&[host, host].concat());
        }
        records
    }
}
