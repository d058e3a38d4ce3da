//! What one side of a connection speaks at the moment, and where it is in that.

use super::{
    http::Http,
    http2,
    out::{Out, Progress},
    sink::{Kind, Sink},
    tls::Records,
    websocket::Frames,
};

/// What one side speaks at the moment.
#[derive(Clone, Copy, Debug)]
pub(super) enum State {
    /// Before a line that may be the first one of a message; what has come of it is kept until that
    /// is known. What came before it, if anything, was text.
    Start {
        after_text: bool,
    },
    /// In a line of text.
    Text,
    Http(Http),
    Frames(Frames),
    Tls(Records),
    Http2(http2::Frames),
    /// The rest cannot be read until a message begins: something is missing, or, if nothing is, what
    /// came does not fit.
    Lost {
        is_missing: bool,
    },
}

pub(super) struct Half {
    pub(super) state: State,
    pub(super) progress: Progress,
    /// Whether it has begun a message of HTTP.
    pub(super) has_http: bool,
}

impl Default for Half {
    fn default() -> Self {
        Self {
            state: State::Start { after_text: false },
            progress: Progress::default(),
            has_http: false,
        }
    }
}

impl State {
    /// What the bytes are counted as that are kept until what they begin is complete.
    pub(super) fn kind_of_kept(&self) -> Kind {
        match self {
            Self::Frames(_) | Self::Tls(_) | Self::Http2(_) => Kind::Framing,
            Self::Start { .. } | Self::Text | Self::Http(_) | Self::Lost { .. } => Kind::HttpHead,
        }
    }

    /// Passes over `len` missing bytes, if it can be told where it goes on after them.
    pub(super) fn pass(&mut self, len: u64) -> bool {
        match self {
            Self::Start { after_text: true } => {
                *self = Self::Text;
                true
            }
            Self::Text => true,
            Self::Http(http) => http.pass(len),
            Self::Frames(frames) => frames.pass(len),
            Self::Tls(records) => records.pass(len),
            Self::Http2(frames) => frames.pass(len),
            Self::Start { .. } | Self::Lost { .. } => false,
        }
    }

    /// Ends the unit whose last bytes were passed over.
    pub(super) fn end_passed<S: Sink>(&mut self, out: &mut Out<'_, S>) {
        match self {
            Self::Http(http) => http.end_passed(out),
            Self::Frames(frames) => frames.end_passed(out),
            Self::Tls(records) => records.end_passed(out),
            Self::Http2(frames) => frames.end_passed(out),
            Self::Start { .. } | Self::Text | Self::Lost { .. } => {}
        }
    }
}
