//! TLS records and HTTP/2 frames in words, as far as they are read.

use super::{escape::push_escaped, plural::plural};
use crate::decode::{Part, Unit, UnitKind, http2, tls};

/// What such a unit is, in a few words: `TLS ClientHello for example.org`.
pub(super) fn what(unit: &Unit) -> String {
    let header = unit.parts().find(|(part, _)| *part == Part::RecordHeader);
    match (unit.kind, header) {
        (UnitKind::Tls, Some((_, &[kind, _, _, high, low]))) => {
            let first = unit.bytes.get(tls::HEADER_LEN).copied();
            let len = u16::from_be_bytes([high, low]);
            tls_record(kind, first, len, tls::server_name(&unit.bytes))
        }
        (UnitKind::Tls, _) => "TLS record".to_owned(),
        (_, Some((_, header))) if header.len() == http2::HEADER_LEN => {
            format!("HTTP/2 {} frame", http2::frame_name(header[3]))
        }
        _ if unit.parts().any(|(part, _)| part == Part::Preface) => "HTTP/2 preface".to_owned(),
        _ => "HTTP/2 frame".to_owned(),
    }
}

/// A record of this kind, which carries `len` bytes.
fn tls_record(kind: u8, first: Option<u8>, len: u16, server_name: Option<&[u8]>) -> String {
    let mut text = format!("TLS {}", record_name(kind));
    match (kind, first) {
        (tls::HANDSHAKE, Some(tls::CLIENT_HELLO)) => text = "TLS ClientHello".to_owned(),
        (tls::HANDSHAKE, Some(tls::SERVER_HELLO)) => text = "TLS ServerHello".to_owned(),
        // One that is not encrypted: a level and a description.
        (tls::ALERT, Some(1)) if len == 2 => text = "TLS warning".to_owned(),
        (tls::ALERT, Some(2)) if len == 2 => text = "TLS fatal alert".to_owned(),
        _ => {}
    }
    if let Some(name) = server_name {
        text.push_str(" for ");
        push_escaped(&mut text, name);
    }
    text
}

/// What a record carries (RFC 8446 section 5.1).
fn record_name(kind: u8) -> &'static str {
    match kind {
        20 => "change of ciphers",
        tls::ALERT => "alert",
        tls::HANDSHAKE => "handshake",
        23 => "application data",
        _ => "record",
    }
}

/// The parts of a record's or a frame's header, each with its length, its name and what it means.
pub(super) fn header(unit: &Unit, bytes: &[u8]) -> Vec<(usize, &'static str, String)> {
    match (unit.kind, bytes) {
        (UnitKind::Tls, &[kind, _, minor, high, low]) => {
            let len = plural(u16::from_be_bytes([high, low]).into(), "byte");
            vec![
                (1, "record", format!("{kind}: {} (RFC 8446 section 5.1)", record_name(kind))),
                (2, "version", format!("{}, mostly not the one in use", tls_version(minor))),
                (2, "length", format!("{len}, big-endian")),
            ]
        }
        (UnitKind::Http2, &[a, b, c, kind, flags, d, e, f, g]) => {
            let len = plural(u32::from_be_bytes([0, a, b, c]).into(), "byte");
            let stream = u32::from_be_bytes([d, e, f, g]) & 0x7fff_ffff;
            let name = http2::frame_name(kind);
            vec![
                (3, "length", format!("{len} after this header (RFC 9113 section 4.1)")),
                (1, "type", format!("{kind}: {name} (RFC 9113 section 6)")),
                (1, "flags", if flags == 0 { "none".to_owned() } else { String::new() }),
                (4, "stream", format!("{stream}")),
            ]
        }
        _ => vec![(bytes.len(), "header", "the rest of it is missing".to_owned())],
    }
}

fn tls_version(minor: u8) -> String {
    match minor {
        0 => "SSL 3.0".to_owned(),
        minor => format!("TLS 1.{}", minor - 1),
    }
}

/// What such a unit carries, which is not read.
pub(super) fn data(unit: &Unit) -> (&'static str, String) {
    let first = unit.bytes.get(tls::HEADER_LEN).copied().filter(|_| !unit.continued);
    match (unit.kind, unit.bytes.first(), first) {
        (UnitKind::Tls, Some(&tls::HANDSHAKE), Some(tls::CLIENT_HELLO)) => {
            let mut meaning = "https begins so (RFC 8446 section 4.1.2)".to_owned();
            if let Some(name) = tls::server_name(&unit.bytes) {
                meaning.push_str("; it asks for ");
                push_escaped(&mut meaning, name);
                meaning.push_str(" (RFC 6066 section 3)");
            }
            ("ClientHello", meaning)
        }
        (UnitKind::Tls, Some(&tls::HANDSHAKE), Some(tls::SERVER_HELLO)) => {
            ("ServerHello", "(RFC 8446 section 4.1.3)".to_owned())
        }
        (UnitKind::Tls, Some(&tls::ALERT), Some(1 | 2)) if unit.bytes.len() == 7 => {
            ("alert", alert(unit.bytes[6]))
        }
        (UnitKind::Tls, ..) => ("data", "not read: most of TLS is encrypted".to_owned()),
        _ => ("data", "not read".to_owned()),
    }
}

/// The description of an alert (RFC 8446 section 6).
fn alert(description: u8) -> String {
    let name = match description {
        0 => "close notify",
        10 => "unexpected message",
        20 => "bad record MAC",
        22 => "record overflow",
        40 => "handshake failure",
        42 => "bad certificate",
        45 => "certificate expired",
        46 => "certificate unknown",
        47 => "illegal parameter",
        48 => "unknown certificate authority",
        50 => "decode error",
        70 => "protocol version",
        80 => "internal error",
        86 => "inappropriate fallback",
        90 => "user canceled",
        112 => "unrecognized name",
        116 => "certificate required",
        120 => "no application protocol",
        _ => "see",
    };
    format!("{description}: {name} (RFC 8446 section 6)")
}
