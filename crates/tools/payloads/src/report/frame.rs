//! A WebSocket frame in words and in numbers.

use super::escape::push_escaped;
use crate::decode::{
    Unit,
    websocket::{self, Opcode},
};

/// How many bytes of a frame fit into a line of hexadecimal numbers, as in the dump of the
/// original document, whose longest frame has 22.
pub(super) const HEX_COLUMNS: usize = 22;

impl Unit {
    /// What a frame means, in a line: `FIN, text, masked with 36 0d 29 16, 8 bytes: get-time`.
    pub fn frame_meaning(&self) -> Option<String> {
        let header = self.frame?;
        let mut line = String::new();
        if header.fin {
            line.push_str("FIN, ");
        }
        for (bit, name) in [(4, "RSV1, "), (2, "RSV2, "), (1, "RSV3, ")] {
            if header.reserved & bit != 0 {
                line.push_str(name);
            }
        }
        line.push_str(header.opcode.name());
        if let Some(key) = header.key {
            line.push_str(", masked with ");
            push_hex(&mut line, &key);
        }
        match header.payload_len {
            0 => line.push_str(", no payload"),
            1 => line.push_str(", 1 byte"),
            len => line.push_str(&format!(", {len} bytes")),
        }
        let payload = self.payload();
        if payload.is_empty() {
            return Some(line);
        }
        line.push_str(": ");
        let (opcode, compressed) = self.message_of(header);
        if compressed {
            line.push_str("compressed (RFC 7692)");
        } else if header.opcode == Opcode::CLOSE && self.payload_offset == 0 && payload.len() >= 2 {
            let (code, reason) = payload.split_at(2);
            let code = u16::from_be_bytes([code[0], code[1]]);
            line.push_str(&format!("{code} ({})", websocket::close_code_name(code)));
            if !reason.is_empty() {
                line.push_str(", ");
                push_escaped(&mut line, reason);
            }
        } else if header.is_short_close() {
            push_hex(&mut line, &payload);
            line.push_str(", which is invalid: a close code takes 2 bytes");
        } else if opcode == Opcode::BINARY {
            push_hex(&mut line, &payload);
        } else {
            push_escaped(&mut line, &payload);
        }
        Some(line)
    }

    /// Its bytes as lines of hexadecimal numbers beside their text, in which a dot stands for what
    /// is not printable ASCII: `81 88 36 0d  ..6.`.
    pub fn hex_lines(&self) -> impl Iterator<Item = String> {
        hex_lines(&self.bytes)
    }
}

/// Bytes as lines of hexadecimal numbers beside their text.
pub(crate) fn hex_lines(bytes: &[u8]) -> impl Iterator<Item = String> {
    bytes.chunks(HEX_COLUMNS).map(|bytes| {
        let mut line = String::with_capacity(HEX_COLUMNS * 4 + 2);
        push_hex(&mut line, bytes);
        line.push_str(&" ".repeat((HEX_COLUMNS - bytes.len()) * 3 + 2));
        line.extend(bytes.iter().map(|byte| match byte {
            b' '..=b'~' => char::from(*byte),
            _ => '.',
        }));
        line
    })
}

/// Appends bytes as hexadecimal numbers with a space between.
pub(crate) fn push_hex(text: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (index, byte) in bytes.iter().enumerate() {
        if index > 0 {
            text.push(' ');
        }
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
}
