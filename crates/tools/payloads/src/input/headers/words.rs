//! Numbers and bytes in words.

use std::{borrow::Cow, fmt::Display};

/// So many bits in words.
pub(super) fn size(bits: usize) -> String {
    if bits.is_multiple_of(8) { count(bits / 8, "byte") } else { count(bits, "bit") }
}

/// `count` of `thing`, in words.
pub(super) fn count(count: usize, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}

/// So many bytes in words.
pub(super) fn bytes(bytes: usize) -> String {
    count(bytes, "byte")
}

/// A number, without memory of its own where it has one digit, as most versions and flags do.
pub(super) fn digits(number: u32) -> Cow<'static, str> {
    const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
    let digit = usize::try_from(number).ok().and_then(|number| DIGITS.get(number));
    digit.map_or_else(|| number.to_string().into(), |digit| Cow::Borrowed(*digit))
}

/// A number and what it stands for, if that is known.
pub(super) fn named(number: impl Display, name: Option<&str>) -> String {
    match name {
        Some(name) => format!("{number} ({name})"),
        None => number.to_string(),
    }
}

/// Bytes in hexadecimal numbers, the first 64 of them.
pub(super) fn hex(bytes: &[u8]) -> String {
    let mut text = separated(&bytes[..bytes.len().min(64)], ' ');
    if bytes.len() > 64 {
        text.push_str(&format!(" and {} more", bytes.len() - 64));
    }
    text
}

/// An Ethernet address, as IEEE 802 writes it but with colons.
pub(super) fn hardware(address: &[u8]) -> String {
    separated(address, ':')
}

fn separated(bytes: &[u8], separator: char) -> String {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let mut text = String::with_capacity(bytes.len() * 3);
    for byte in bytes {
        if !text.is_empty() {
            text.push(separator);
        }
        text.push(DIGITS[usize::from(byte >> 4)]);
        text.push(DIGITS[usize::from(byte & 0x0f)]);
    }
    text
}
