//! Reads a capture while it is made, to know when every connection in it is closed.

use std::collections::HashMap;

use etherparse::{SlicedPacket, TcpSlice, TransportSlice};

use crate::{Failure, Result};

/// A visit takes some kilobytes; more than this is somebody else's traffic.
const LIMIT: usize = 16 * 1024 * 1024;

/// The lengths in bytes of a pcap file's own header and of the header of each of its packets
/// (draft-ietf-opsawg-pcap sections 4 and 5).
const FILE_HEADER: usize = 24;
const PACKET_HEADER: usize = 16;

/// The bytes of a capture so far, and the state of the connections in it.
#[derive(Default)]
pub struct Capture {
    bytes: Vec<u8>,
    /// How many of `bytes` have been looked at.
    seen: usize,
    server_port: u16,
    /// By the client's port.
    connections: HashMap<u16, Connection>,
}

#[derive(Default)]
struct Connection {
    reset: bool,
    /// For the client's direction and the server's.
    sides: [Side; 2],
}

#[derive(Default)]
struct Side {
    /// The sequence number after the FIN, once there is one.
    end: Option<u32>,
    /// Whether the other side has acknowledged the FIN.
    ended: bool,
}

impl Capture {
    /// A capture of the traffic of a server on `server_port`, with nothing in it yet.
    pub fn new(server_port: u16) -> Self {
        Self { server_port, ..Self::default() }
    }

    /// Takes the next bytes, cut wherever they may be.
    ///
    /// # Errors
    ///
    /// If they are not those of a pcap file of the classic kind with whole Ethernet or loopback
    /// packets, or too many for a visit.
    pub fn push(&mut self, bytes: &[u8]) -> Result<()> {
        self.bytes.extend_from_slice(bytes);
        if self.bytes.len() > LIMIT {
            return Err(Failure::new(format!(
                "something else uses port {}: stop it and try again",
                self.server_port
            )));
        }
        if self.seen == 0 && self.bytes.len() >= FILE_HEADER {
            // tcpdump writes numbers in the order of this machine's bytes.
            if number(&self.bytes, 0) != Some(0xa1b2_c3d4) {
                return Err(Failure::new("tcpdump wrote no pcap file with microseconds"));
            }
            self.seen = FILE_HEADER;
        }
        while self.seen > 0 {
            let Some(captured) = number(&self.bytes, self.seen + 8) else { break };
            let start = self.seen + PACKET_HEADER;
            let end = start + captured as usize;
            let Some(frame) = self.bytes.get(start..end) else { break };
            if number(&self.bytes, self.seen + 12) != Some(captured) {
                return Err(Failure::new("tcpdump did not keep whole packets"));
            }
            if let Some(segment) = number(&self.bytes, 20).and_then(|link| segment(frame, link)) {
                note(&mut self.connections, self.server_port, &segment);
            }
            self.seen = end;
        }
        Ok(())
    }

    /// Whether there was a connection and all that there were are closed: both sides sent a FIN
    /// and saw it acknowledged, or one reset the connection.
    pub fn is_closed(&self) -> bool {
        !self.connections.is_empty()
            && self.connections.values().all(|connection| {
                connection.reset || connection.sides.iter().all(|side| side.ended)
            })
    }

    /// The bytes of the file.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

fn note(connections: &mut HashMap<u16, Connection>, server_port: u16, segment: &TcpSlice<'_>) {
    let from_client = segment.destination_port() == server_port;
    let client_port = if from_client { segment.source_port() } else { segment.destination_port() };
    if segment.syn() && !segment.ack() {
        connections.insert(client_port, Connection::default());
    }
    let Some(connection) = connections.get_mut(&client_port) else { return };
    let [client, server] = &mut connection.sides;
    let (sender, receiver) = if from_client { (client, server) } else { (server, client) };
    if segment.rst() {
        connection.reset = true;
    }
    if segment.fin() {
        // A FIN takes a sequence number of its own, after the payload's. An IP packet's length has
        // 16 bits.
        let length = segment.payload().len() as u32 + 1;
        sender.end = Some(segment.sequence_number().wrapping_add(length));
    }
    if segment.ack() && receiver.end == Some(segment.acknowledgment_number()) {
        receiver.ended = true;
    }
}

/// The number of four bytes at `at`, in the order of this machine's bytes.
fn number(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|four| u32::from_ne_bytes(*four))
}

/// The TCP segment in `frame`, if it has one.
fn segment(frame: &[u8], link: u32) -> Option<TcpSlice<'_>> {
    let packet = match link {
        // LINKTYPE_NULL, the loopback of macOS and the BSDs: four bytes name the address family.
        0 => SlicedPacket::from_ip(frame.get(4..)?),
        // LINKTYPE_ETHERNET, which Linux's loopback has too.
        1 => SlicedPacket::from_ethernet(frame),
        _ => return None,
    };
    match packet.ok()?.transport? {
        TransportSlice::Tcp(segment) => Some(segment),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: u16 = 8000;
    const CLIENT: u16 = 50_000;

    // The flags of a TCP header that open and close a connection (RFC 9293 section 3.1).
    const FIN: u8 = 0x01;
    const SYN: u8 = 0x02;
    const RST: u8 = 0x04;
    const ACK: u8 = 0x10;

    fn header() -> Vec<u8> {
        let mut header = Vec::new();
        for field in [0xa1b2_c3d4u32, 0, 0, 0, 262_144, 1] {
            header.extend(field.to_ne_bytes());
        }
        header
    }

    /// A packet record as tcpdump writes it on Linux's loopback.
    fn packet(
        from: u16,
        to: u16,
        sequence: u32,
        acknowledged: u32,
        flags: u8,
        load: &[u8],
    ) -> Vec<u8> {
        let length = u16::try_from(40 + load.len()).unwrap();
        let mut frame = vec![0; 12];
        frame.extend([0x08, 0x00, 0x45, 0]);
        frame.extend(length.to_be_bytes());
        frame.extend([0, 0, 0, 0, 64, 6, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1]);
        frame.extend(from.to_be_bytes());
        frame.extend(to.to_be_bytes());
        frame.extend(sequence.to_be_bytes());
        frame.extend(acknowledged.to_be_bytes());
        frame.extend([0x50, flags, 0, 0, 0, 0, 0, 0]);
        frame.extend(load);
        let captured = u32::try_from(frame.len()).unwrap();
        let mut record = Vec::new();
        for field in [0, 0, captured, captured] {
            record.extend(field.to_ne_bytes());
        }
        record.extend(frame);
        record
    }

    fn capture(packets: &[Vec<u8>]) -> Capture {
        let mut capture = Capture::new(SERVER);
        capture.push(&header()).unwrap();
        for packet in packets {
            capture.push(packet).unwrap();
        }
        capture
    }

    fn conversation() -> Vec<Vec<u8>> {
        vec![
            packet(CLIENT, SERVER, u32::MAX - 1, 0, SYN, b""),
            packet(SERVER, CLIENT, 99, u32::MAX, SYN | ACK, b""),
            packet(CLIENT, SERVER, u32::MAX, 100, ACK, b"time\n"),
            packet(SERVER, CLIENT, 100, 4, ACK, b"12:34:56\n\n"),
            packet(CLIENT, SERVER, 4, 110, FIN | ACK, b""),
            packet(SERVER, CLIENT, 110, 5, FIN | ACK, b""),
            packet(CLIENT, SERVER, 5, 111, ACK, b""),
        ]
    }

    #[test]
    fn it_is_closed_with_the_last_acknowledgement_and_not_before() {
        let packets = conversation();
        for count in 0..packets.len() {
            assert!(!capture(&packets[..count]).is_closed(), "after {count} packets");
        }
        assert!(capture(&packets).is_closed());
    }

    #[test]
    fn every_connection_must_be_closed() {
        let mut packets = conversation();
        packets.push(packet(CLIENT + 1, SERVER, 0, 0, SYN, b""));
        assert!(!capture(&packets).is_closed());
        packets.push(packet(SERVER, CLIENT + 1, 0, 1, RST | ACK, b""));
        assert!(capture(&packets).is_closed());
        // The system may give a port out again.
        packets.push(packet(CLIENT, SERVER, 0, 0, SYN, b""));
        assert!(!capture(&packets).is_closed());
    }

    #[test]
    fn the_bytes_may_be_cut_anywhere() {
        let all = [header(), conversation().concat()].concat();
        let mut capture = Capture::new(SERVER);
        for (index, byte) in all.iter().enumerate() {
            assert!(!capture.is_closed(), "after {index} bytes");
            capture.push(&[*byte]).unwrap();
        }
        assert!(capture.is_closed());
        assert_eq!(capture.into_bytes(), all);
    }

    #[test]
    fn other_packets_do_not_matter() {
        let mut odd = packet(CLIENT, SERVER, 0, 0, SYN, b"");
        odd.truncate(PACKET_HEADER + 20);
        odd[8..12].copy_from_slice(&20u32.to_ne_bytes());
        odd[12..16].copy_from_slice(&20u32.to_ne_bytes());
        let mut packets = vec![odd];
        packets.extend(conversation());
        assert!(capture(&packets).is_closed());
    }

    #[test]
    fn what_is_no_such_file_is_refused() {
        assert!(Capture::new(SERVER).push(&[0; 24]).is_err());
        let mut cut = packet(CLIENT, SERVER, 0, 0, SYN, b"");
        cut[12..16].copy_from_slice(&1000u32.to_ne_bytes());
        assert!(Capture::new(SERVER).push(&[header(), cut].concat()).is_err());
    }
}
