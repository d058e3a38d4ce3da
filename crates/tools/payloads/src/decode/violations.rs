//! What WebSocket frames and handshakes do against RFC 6455 and RFC 7692.

use base64::{Engine, engine::general_purpose::STANDARD};
use sha1::{Digest, Sha1};

use super::{sink::KEY_LEN, websocket::Header};
use crate::tcp::Side;

/// What a server appends to the key before it hashes it (RFC 6455 section 1.3).
pub(crate) const ACCEPT_GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The hash of a key, which in base64 is the `Sec-WebSocket-Accept` that goes with it (RFC 6455
/// section 4.2.2).
pub(crate) fn hash_of(key: [u8; KEY_LEN]) -> [u8; 20] {
    let mut hash = Sha1::new();
    hash.update(key);
    hash.update(ACCEPT_GUID);
    hash.finalize().into()
}

/// The `Sec-WebSocket-Accept` that goes with a key.
pub(crate) fn accept_of(key: [u8; KEY_LEN]) -> String {
    STANDARD.encode(hash_of(key))
}

/// A way in which a frame or a handshake breaks the rules.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Violation {
    /// The response does not give the `Sec-WebSocket-Accept` that goes with the request's key.
    WrongAccept,
    /// The response agrees to permessage-deflate with parameters that are none, or are not valid.
    WrongParameters,
    /// A client's frame is not masked.
    NotMasked,
    /// A server's frame is masked.
    Masked,
    /// A reserved bit is set, and no extension in use gives it a meaning.
    ReservedBits,
    /// The opcode is a reserved one.
    ReservedOpcode,
    /// The length would fit into fewer bytes.
    LengthNotShortest,
    /// The first bit of an 8-byte length is set.
    LengthTooLong,
    /// A control frame is not the last of its message.
    ControlFragmented,
    /// A control frame has more than 125 bytes of payload.
    ControlTooLong,
    /// A continuation comes where no message is to be continued.
    ContinuationAlone,
    /// A message begins before the one before it has ended.
    MessageInside,
    /// A data frame follows its own side's close frame.
    DataAfterClose,
    /// A message of text is not UTF-8.
    NotUtf8,
    /// The reason in a close frame is not UTF-8.
    ReasonNotUtf8,
    /// A close frame has half a close code.
    HalfCloseCode,
    /// A close code that may not be sent.
    CloseCode,
}

impl Violation {
    /// Its word, which stays the same.
    pub fn word(self) -> &'static str {
        self.texts().0
    }

    /// What the rule is, with the section that has it.
    pub fn text(self) -> &'static str {
        self.texts().1
    }

    fn texts(self) -> (&'static str, &'static str) {
        match self {
            Self::WrongAccept => (
                "websocket-wrong-accept",
                "no Sec-WebSocket-Accept that goes with the key: the client must fail the connection \
                 (RFC 6455 section 4.1)",
            ),
            Self::WrongParameters => (
                "websocket-wrong-parameters",
                "parameters that permessage-deflate does not have: the client must fail the \
                 connection (RFC 7692 section 7.1)",
            ),
            Self::NotMasked => {
                ("websocket-not-masked", "not masked, though a client must (RFC 6455 section 5.1)")
            }
            Self::Masked => {
                ("websocket-masked", "masked, though a server must not (RFC 6455 section 5.1)")
            }
            Self::ReservedBits => (
                "websocket-reserved-bits",
                "a reserved bit is set, to which no extension in use gives a meaning (RFC 6455 \
                 section 5.2)",
            ),
            Self::ReservedOpcode => (
                "websocket-reserved-opcode",
                "an opcode that is reserved for later (RFC 6455 section 5.2)",
            ),
            Self::LengthNotShortest => (
                "websocket-length-not-shortest",
                "the shortest form of the length must be used (RFC 6455 section 5.2)",
            ),
            Self::LengthTooLong => (
                "websocket-length-too-long",
                "the first bit of a length in 8 bytes must be 0 (RFC 6455 section 5.2)",
            ),
            Self::ControlFragmented => (
                "websocket-control-fragmented",
                "a control frame must not be fragmented (RFC 6455 section 5.5)",
            ),
            Self::ControlTooLong => (
                "websocket-control-too-long",
                "a control frame has at most 125 bytes of payload (RFC 6455 section 5.5)",
            ),
            Self::ContinuationAlone => (
                "websocket-continuation-alone",
                "a continuation, but there is no message to go on with (RFC 6455 section 5.4)",
            ),
            Self::MessageInside => (
                "websocket-message-inside",
                "a new message before the one before it ended (RFC 6455 section 5.4)",
            ),
            Self::DataAfterClose => (
                "websocket-data-after-close",
                "after its own close frame a side sends no more data (RFC 6455 section 5.5.1)",
            ),
            Self::NotUtf8 => (
                "websocket-not-utf8",
                "text that is not UTF-8: the receiver must fail the connection (RFC 6455 section 8.1)",
            ),
            Self::ReasonNotUtf8 => {
                ("websocket-reason-not-utf8", "the reason is not UTF-8 (RFC 6455 section 5.5.1)")
            }
            Self::HalfCloseCode => {
                ("websocket-half-close-code", "a close code takes 2 bytes (RFC 6455 section 5.5.1)")
            }
            Self::CloseCode => {
                ("websocket-close-code", "a close code that may not be sent (RFC 6455 section 7.4)")
            }
        }
    }
}

/// What the header of a frame of `side` alone shows to be wrong. `deflate` says whether both sides
/// agreed to compressed messages, if their agreement is known.
pub(super) fn of_header(
    header: &Header,
    side: Side,
    deflate: Option<bool>,
) -> impl Iterator<Item = Violation> {
    let control = header.opcode.is_control();
    // RSV1 is that of compressed messages (RFC 7692 section 6); which others an extension that is not
    // known may use cannot be told.
    let bits_in_use = match deflate {
        Some(true) if header.opcode.begins_message() => 4,
        Some(_) => 0,
        None => 7,
    };
    let fits = match header.extended {
        2 => header.payload_len <= 125,
        8 => header.payload_len <= u64::from(u16::MAX),
        _ => false,
    };
    [
        (header.key.is_none() && side == Side::Client, Violation::NotMasked),
        (header.key.is_some() && side == Side::Server, Violation::Masked),
        (header.reserved & !bits_in_use != 0, Violation::ReservedBits),
        (!header.opcode.is_known(), Violation::ReservedOpcode),
        (fits, Violation::LengthNotShortest),
        (header.payload_len >> 63 != 0, Violation::LengthTooLong),
        (control && !header.fin, Violation::ControlFragmented),
        (control && header.payload_len > 125, Violation::ControlTooLong),
        (header.is_short_close(), Violation::HalfCloseCode),
    ]
    .into_iter()
    .filter_map(|(is_so, violation)| is_so.then_some(violation))
}

/// What is wrong with the payload of a close frame, as far as it has come.
pub(super) fn of_close(payload: &[u8]) -> impl Iterator<Item = Violation> {
    let (code, reason) = match payload {
        [high, low, reason @ ..] => (Some(u16::from_be_bytes([*high, *low])), reason),
        _ => (None, &[][..]),
    };
    let wrong = code.is_some_and(|code| matches!(code, 0..=999 | 1004..=1006 | 1015 | 5000..));
    [
        (wrong, Violation::CloseCode),
        (std::str::from_utf8(reason).is_err(), Violation::ReasonNotUtf8),
    ]
    .into_iter()
    .filter_map(|(is_so, violation)| is_so.then_some(violation))
}

/// Whether text that comes in pieces is UTF-8.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Utf8 {
    /// The beginning of a character whose rest has not come.
    begun: [u8; 4],
    len: usize,
    invalid: bool,
}

impl Utf8 {
    /// Takes a piece; `false` if it is the one with which the text turns out not to be UTF-8.
    pub(super) fn feed(&mut self, mut piece: &[u8]) -> bool {
        if self.invalid {
            return true;
        }
        while self.len > 0
            && let [next, rest @ ..] = piece
        {
            self.begun[self.len] = *next;
            self.len += 1;
            piece = rest;
            match std::str::from_utf8(&self.begun[..self.len]) {
                Ok(_) => self.len = 0,
                Err(error) if error.error_len().is_some() => {
                    self.invalid = true;
                    return false;
                }
                Err(_) => {}
            }
        }
        if let Err(error) = std::str::from_utf8(piece) {
            if error.error_len().is_some() {
                self.invalid = true;
                return false;
            }
            let begun = &piece[error.valid_up_to()..];
            self.begun[..begun.len()].copy_from_slice(begun);
            self.len = begun.len();
        }
        true
    }

    /// The text is over; `false` if it ends within a character, and was not found invalid before.
    pub(super) fn end(&mut self) -> bool {
        let ends_within = self.len > 0 && !self.invalid;
        *self = Self::default();
        !ends_within
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_gives_what_rfc_6455_says() {
        assert_eq!(accept_of(*b"dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn utf8_is_found_invalid_once_wherever_the_pieces_end() {
        for (text, valid) in [
            (&b""[..], true),
            ("plain é日本🦀".as_bytes(), true),
            (b"\xff", false),
            (b"a\xc3", false),
            (b"a\xc3(", false),
            (b"\xf0\x9f\xa6", false),
            (b"\xf0\x9f\xa6x\x80", false),
            // A surrogate, a longer form than needed, and what is beyond the last character.
            (b"\xed\xa0\x80", false),
            (b"\xc0\x80", false),
            (b"\xf4\x90\x80\x80", false),
        ] {
            for first in 0..=text.len() {
                for second in first..=text.len() {
                    let pieces = [&text[..first], &text[first..second], &text[second..]];
                    let mut utf8 = Utf8::default();
                    let mut wrong = pieces.iter().filter(|piece| !utf8.feed(piece)).count();
                    wrong += usize::from(!utf8.end());
                    assert_eq!(wrong, usize::from(!valid), "{text:?} {first} {second}");
                }
            }
        }
    }
}
