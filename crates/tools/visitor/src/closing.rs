//! Reads a capture while it is made, to know when every connection in it is closed.

use std::collections::HashMap;

use payloads::input::{Contents, ReadError, Reader, Segment};

use crate::{Failure, Result};

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

/// Whether there is a connection to `server_port` in `capture`, the bytes so far of a capture, and
/// all that there are are closed: both sides sent a FIN and saw it acknowledged, or one reset the
/// connection.
///
/// The bytes may end anywhere, as those from a pipe do.
///
/// # Errors
///
/// If they are not those of a capture.
pub fn is_closed(capture: &[u8], server_port: u16) -> Result<bool> {
    // By the client's port.
    let mut connections = HashMap::new();
    let mut reader = Reader::new(capture);
    loop {
        match reader.next_packet() {
            Ok(Some(packet)) => {
                if let Contents::Tcp(segment) = Contents::of(&packet) {
                    note(&mut connections, server_port, &segment);
                }
            }
            Ok(None) => break,
            // Not even the capture's header is there yet.
            Err(ReadError::Empty) => break,
            Err(error) => return Err(Failure::new(format!("what tcpdump writes {error}"))),
        }
    }
    Ok(!connections.is_empty()
        && connections.values().all(|connection: &Connection| {
            connection.reset || connection.sides.iter().all(|side| side.ended)
        }))
}

fn note(connections: &mut HashMap<u16, Connection>, server_port: u16, segment: &Segment<'_>) {
    let from_client = segment.destination.port == server_port;
    let client_port = if from_client { segment.source.port } else { segment.destination.port };
    if segment.flags.syn && !segment.flags.ack {
        connections.insert(client_port, Connection::default());
    }
    let Some(connection) = connections.get_mut(&client_port) else { return };
    let [client, server] = &mut connection.sides;
    let (sender, receiver) = if from_client { (client, server) } else { (server, client) };
    if segment.flags.rst {
        connection.reset = true;
    }
    if segment.flags.fin {
        // A FIN takes a sequence number of its own, after the payload's.
        sender.end = Some(segment.sequence.wrapping_add(segment.payload_len).wrapping_add(1));
    }
    if segment.flags.ack && receiver.end == Some(segment.acknowledgment) {
        receiver.ended = true;
    }
}

#[cfg(test)]
mod tests {
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

    fn capture(packets: &[Vec<u8>]) -> Vec<u8> {
        [header(), packets.concat()].concat()
    }

    fn is_closed(capture: &[u8]) -> bool {
        super::is_closed(capture, SERVER).unwrap()
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
            assert!(!is_closed(&capture(&packets[..count])), "after {count} packets");
        }
        assert!(is_closed(&capture(&packets)));
    }

    #[test]
    fn every_connection_must_be_closed() {
        let mut packets = conversation();
        packets.push(packet(CLIENT + 1, SERVER, 0, 0, SYN, b""));
        assert!(!is_closed(&capture(&packets)));
        packets.push(packet(SERVER, CLIENT + 1, 0, 1, RST | ACK, b""));
        assert!(is_closed(&capture(&packets)));
        // The system may give a port out again.
        packets.push(packet(CLIENT, SERVER, 0, 0, SYN, b""));
        assert!(!is_closed(&capture(&packets)));
    }

    #[test]
    fn the_bytes_may_be_cut_anywhere() {
        let all = capture(&conversation());
        for count in 0..all.len() {
            assert!(!is_closed(&all[..count]), "after {count} bytes");
        }
        assert!(is_closed(&all));
    }

    #[test]
    fn other_packets_do_not_matter() {
        let mut odd = packet(CLIENT, SERVER, 0, 0, SYN, b"");
        // After the record's header of 16 bytes, no more than 20 of the packet.
        odd.truncate(16 + 20);
        odd[8..12].copy_from_slice(&20u32.to_ne_bytes());
        odd[12..16].copy_from_slice(&20u32.to_ne_bytes());
        let mut packets = vec![odd];
        packets.extend(conversation());
        assert!(is_closed(&capture(&packets)));
    }

    #[test]
    fn what_is_no_capture_is_refused() {
        let failure = super::is_closed(&[b'x'; 24], SERVER).unwrap_err().to_string();
        assert!(failure.starts_with("what tcpdump writes is not a packet capture"), "{failure}");
    }
}
