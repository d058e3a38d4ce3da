//! What a connection speaks, told by the first bytes of its sides, or by those of a segment in its
//! middle.

use super::{
    chunks::looks_like_chunks,
    first_line::{self, Likeness},
    http2,
    sink::Content,
    tls,
    websocket::{Header, Opcode, looks_like_frames, unmask},
};
use crate::tcp::{Side, usize_of};

/// What a connection speaks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Protocol {
    /// What one side says so far may still be answered with HTTP.
    Unknown,
    Text,
    Http,
    WebSocket,
    Tls,
    Http2,
}

/// What a side begins with that has sent nothing but text so far.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum First {
    /// More bytes are needed to tell, or the other side's answer.
    Perhaps,
    /// A line of text.
    Text,
    /// An HTTP message.
    Http,
    /// A TLS record.
    Tls,
    /// HTTP/2.
    Http2,
}

/// What `bytes` begins with, which `side` sends at the beginning of a line, in a connection that
/// speaks `protocol` as far as is known. If it is `after_text` that nobody answered, a status line must be
/// one to the letter, for text may have words like it.
///
/// However the bytes come, what is found is the same: only [`First::Perhaps`] changes with what
/// follows them.
pub(super) fn first(protocol: Protocol, side: Side, after_text: bool, bytes: &[u8]) -> First {
    match side {
        Side::Client => {
            if protocol == Protocol::Text && !first_line::has_known_method(bytes) {
                return First::Text;
            }
            let of_others = [
                either(http2::begins(bytes), First::Http2),
                either(tls::begins(bytes, tls::CLIENT_HELLO), First::Tls),
            ];
            if let Some(found) = of_others.into_iter().find(|found| *found != First::Text) {
                return found;
            }
            match first_line::request(bytes, false) {
                Likeness::Yes => First::Http,
                Likeness::IfAnswered if protocol == Protocol::Http => First::Http,
                Likeness::IfAnswered if protocol == Protocol::Text => First::Text,
                Likeness::No => First::Text,
                // What waits for an answer waits only so long.
                _ if bytes.len() > first_line::LINE_LIMIT => First::Text,
                _ => First::Perhaps,
            }
        }
        Side::Server if after_text => either(first_line::exact_response(bytes), First::Http),
        Side::Server => match (first_line::response(bytes), protocol) {
            (Likeness::Yes, _) => First::Http,
            (Likeness::Perhaps, _) => First::Perhaps,
            (_, Protocol::Tls) => either(tls::begins_record(bytes), First::Tls),
            (_, Protocol::Http2) => either(http2::begins_with_settings(bytes), First::Http2),
            _ => First::Text,
        },
    }
}

/// What is `found` if the bytes are like it, or else text.
fn either(likeness: Likeness, found: First) -> First {
    match likeness {
        Likeness::Yes => found,
        Likeness::Perhaps => First::Perhaps,
        Likeness::No | Likeness::IfAnswered => First::Text,
    }
}

/// What `kept`, for which more bytes were needed that are now missing, most likely is the beginning
/// of.
pub(super) fn likeliest(protocol: Protocol, side: Side, kept: &[u8]) -> First {
    match side {
        Side::Client if http2::begins(kept) == Likeness::Perhaps && kept.len() > 2 => First::Http2,
        Side::Client if tls::begins(kept, tls::CLIENT_HELLO) == Likeness::Perhaps => First::Tls,
        Side::Client => match first_line::request(kept, true) {
            Likeness::Yes => First::Http,
            Likeness::IfAnswered if protocol == Protocol::Http => First::Http,
            _ if first_line::has_known_method(kept) => First::Http,
            _ => First::Text,
        },
        // An answer is likelier than text.
        Side::Server if first_line::response(kept) == Likeness::Perhaps => First::Http,
        Side::Server if protocol == Protocol::Tls => First::Tls,
        Side::Server => First::Http2,
    }
}

/// What a segment begins with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Found {
    /// The head of an HTTP message.
    Head,
    /// A chunk of an HTTP message, with this content.
    Chunk(Content),
    /// A WebSocket frame.
    Frame,
    /// A TLS record.
    Record,
    /// The preface of HTTP/2.
    Preface,
    /// Text, for want of anything else.
    Text,
}

impl Found {
    /// What a connection speaks in which this is found.
    pub(super) fn protocol(self) -> Protocol {
        match self {
            Self::Head | Self::Chunk(_) => Protocol::Http,
            Self::Frame => Protocol::WebSocket,
            Self::Record => Protocol::Tls,
            Self::Preface => Protocol::Http2,
            Self::Text => Protocol::Text,
        }
    }
}

/// What is known of a connection where a side lost its way, or where its beginning is missing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context {
    /// What it speaks.
    pub(super) protocol: Protocol,
    /// Whether that may be something else, because its beginning is missing.
    pub(super) perhaps_text: bool,
    /// Whether this segment is text, if it is nothing else.
    pub(super) lost_in_text: bool,
}

/// What `data`, a whole segment that `side` sends, begins with, if that can be told.
pub(super) fn midway(context: Context, side: Side, data: &[u8]) -> Option<Found> {
    let Context { protocol, perhaps_text, lost_in_text } = context;
    let likeness = first_line::of_side(side, data);
    let open = |other| protocol == other || protocol == Protocol::Unknown || perhaps_text;
    let is_from_client = side == Side::Client;
    if is_from_client && open(Protocol::Http2) && http2::begins(data) == Likeness::Yes {
        Some(Found::Preface)
    } else if likeness == Likeness::Yes && open(Protocol::Http) {
        Some(Found::Head)
    } else if protocol == Protocol::WebSocket && looks_like_frames(data, is_from_client)
        || (open(Protocol::WebSocket) || protocol == Protocol::Http)
            && shows_frames(data, is_from_client)
            // What could be both is text, if the other segments were.
            && !(perhaps_text && std::str::from_utf8(data).is_ok())
    {
        Some(Found::Frame)
    } else if side == Side::Server && open(Protocol::Http) && looks_like_chunks(data) {
        let events = memchr::memmem::find(data, b"data:").is_some();
        Some(Found::Chunk(if events { Content::Events } else { Content::Other }))
    } else if open(Protocol::Tls) && tls::begins_record(data) == Likeness::Yes {
        Some(Found::Record)
    } else if lost_in_text && (likeness == Likeness::No || protocol == Protocol::Text) {
        Some(Found::Text)
    } else {
        None
    }
}

/// The side that sends `bytes`, a whole segment, if they show it: a client asks, and a server answers.
pub(super) fn sender(bytes: &[u8]) -> Option<Side> {
    let is_from_client = first_line::request(bytes, false) == Likeness::Yes
        || http2::begins(bytes) == Likeness::Yes
        || tls::begins(bytes, tls::CLIENT_HELLO) == Likeness::Yes
        || shows_frames(bytes, true);
    if is_from_client {
        return Some(Side::Client);
    }
    let is_from_server = first_line::response(bytes) == Likeness::Yes
        || tls::begins(bytes, tls::SERVER_HELLO) == Likeness::Yes
        || looks_like_chunks(bytes)
        || shows_frames(bytes, false);
    is_from_server.then_some(Side::Server)
}

/// Whether `bytes`, a whole segment, is evidence of WebSocket frames where nobody agreed to them.
///
/// Many protocols begin with a length or with a number of what follows, and such bytes look like the
/// header of a frame. So these must be whole frames that make sense one after the other, one of which
/// ends a message or is a control frame that says something.
fn shows_frames(mut bytes: &[u8], masked: bool) -> bool {
    if !looks_like_frames(bytes, masked) {
        return false;
    }
    // Whether a message is not complete.
    let mut is_open = false;
    let mut is_shown = false;
    let mut count = 0;
    while let Some(header) = Header::parse(bytes) {
        let (frame, rest) = bytes.split_at(header.len() + usize_of(header.payload_len));
        let mut payload = frame[header.len()..].to_vec();
        if let Some(key) = header.key {
            unmask(&mut payload, key, 0);
        }
        let shortest = match payload.len() {
            0..=125 => 0,
            126..=0xffff => 2,
            _ => 8,
        };
        let is_packed = header.reserved != 0;
        let fits = match header.opcode {
            Opcode::CLOSE => !is_packed && is_close(&payload),
            opcode if opcode.is_control() => !is_packed,
            Opcode::CONTINUATION => !is_packed && is_open,
            Opcode::TEXT if header.fin && !is_packed => {
                !is_open && std::str::from_utf8(&payload).is_ok()
            }
            _ => !is_open,
        };
        if !fits || header.extended != shortest {
            return false;
        }
        if !header.opcode.is_control() {
            is_open = !header.fin;
        }
        count += 1;
        is_shown |= header.fin && (count > 1 || !payload.is_empty());
        bytes = rest;
    }
    is_shown
}

/// Whether a close frame may have this payload (RFC 6455 section 5.5.1).
fn is_close(payload: &[u8]) -> bool {
    match payload {
        [] => true,
        [high, low, reason @ ..] => {
            let code = u16::from_be_bytes([*high, *low]);
            (1000..5000).contains(&code) && std::str::from_utf8(reason).is_ok()
        }
        _ => false,
    }
}
