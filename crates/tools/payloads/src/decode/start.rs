//! What a connection speaks, told by its first bytes, or by those of a segment in its middle.

use super::{
    chunks::looks_like_chunks,
    head::{Likeness, looks_like_message},
    out::Out,
    sink::{Content, Kind, Sink},
    websocket::looks_like_frames,
};
use crate::tcp::Side;

/// The longest first line that may still turn out to be a request's, in bytes.
const REQUEST_LINE_LIMIT: usize = 8 * 1024;

/// What a connection speaks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Protocol {
    Unknown,
    Text,
    Http,
    WebSocket,
}

/// What a side speaks, told by its first bytes, those kept and `data`; `None` if that takes more of
/// them, which are kept.
pub(super) fn first<S: Sink>(out: &mut Out<'_, S>, data: &[u8]) -> Option<Protocol> {
    let kept = out.kept().len();
    if kept + data.len() > REQUEST_LINE_LIMIT && kept > 0 {
        return Some(Protocol::Text);
    }
    let side = out.origin.side;
    let likeness = if kept == 0 {
        looks_like_message(side, data)
    } else {
        looks_like_message(side, &[out.kept(), data].concat())
    };
    match likeness {
        Likeness::Yes => Some(Protocol::Http),
        Likeness::No => Some(Protocol::Text),
        Likeness::Perhaps if data.len() > REQUEST_LINE_LIMIT => Some(Protocol::Text),
        Likeness::Perhaps => {
            out.keep(Kind::HttpHead, data);
            None
        }
    }
}

/// The side that sends `bytes`, if they begin with a request or a response.
pub(super) fn sender(bytes: &[u8]) -> Option<Side> {
    let sides = [Side::Client, Side::Server];
    sides.into_iter().find(|side| looks_like_message(*side, bytes) == Likeness::Yes)
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
    /// Text, for want of anything else.
    Text,
}

impl Found {
    /// What a connection speaks in which this is found.
    pub(super) fn protocol(self) -> Protocol {
        match self {
            Self::Head | Self::Chunk(_) => Protocol::Http,
            Self::Frame => Protocol::WebSocket,
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
    let likeness = looks_like_message(side, data);
    let open = |other| protocol == other || protocol == Protocol::Unknown || perhaps_text;
    if likeness == Likeness::Yes && open(Protocol::Http) {
        Some(Found::Head)
    } else if (open(Protocol::WebSocket) || protocol == Protocol::Http)
        && looks_like_frames(data, side == Side::Client)
        // What could be both is text, if the other segments were.
        && !(perhaps_text && std::str::from_utf8(data).is_ok())
    {
        Some(Found::Frame)
    } else if side == Side::Server && open(Protocol::Http) && looks_like_chunks(data) {
        let events = memchr::memmem::find(data, b"data:").is_some();
        Some(Found::Chunk(if events { Content::Events } else { Content::Other }))
    } else if lost_in_text && (likeness == Likeness::No || protocol == Protocol::Text) {
        Some(Found::Text)
    } else {
        None
    }
}
