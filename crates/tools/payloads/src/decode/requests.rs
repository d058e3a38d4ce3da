//! The requests of a connection, and by them what follows the heads that answer them (RFC 9112 section
//! 6.3).

use std::collections::VecDeque;

use super::{
    fields,
    head::{Length, Method, Request, Response},
    out::Next,
    sink::{Content, KEY_LEN},
    violations::accept_of,
};

/// The most requests that may wait for their answers.
const REQUEST_LIMIT: usize = 64;

/// The requests of a connection that have no answer so far, by which answers are read.
#[derive(Debug, Default)]
pub(super) struct Requests(VecDeque<Asked>);

/// What a request asks for.
#[derive(Clone, Copy, Debug)]
struct Asked {
    method: Method,
    /// The key for a WebSocket.
    key: Option<[u8; KEY_LEN]>,
    /// Whether the WebSocket that it asks for is that of RFC 6455, if it says so.
    version_13: Option<bool>,
}

impl Asked {
    /// A request that was not seen.
    const UNSEEN: Self = Self { method: Method::Other, key: None, version_13: Some(true) };

    /// Whether a response that agrees to a WebSocket, with this head, means that of RFC 6455. If the
    /// request does not say which, an answer to its key that no other one has shows it.
    fn is_rfc_6455(&self, head: &[u8]) -> bool {
        self.version_13.unwrap_or_else(|| {
            self.key.is_some_and(|key| {
                let accept = fields::value(head, b"Sec-WebSocket-Accept");
                accept.as_deref() == Some(accept_of(key).as_bytes())
            })
        })
    }
}

/// What follows a head.
pub(super) struct After {
    pub(super) length: Length,
    pub(super) content: Content,
    pub(super) next: Next,
    /// The key that the client asked for a WebSocket with.
    pub(super) key: Option<[u8; KEY_LEN]>,
    /// Whether both agreed to a WebSocket that is not that of RFC 6455.
    pub(super) is_other_websocket: bool,
}

impl After {
    pub(super) fn of_request(request: &Request) -> Self {
        Self {
            length: request.length,
            content: request.content,
            next: Next::Same,
            key: None,
            is_other_websocket: false,
        }
    }
}

impl Requests {
    /// Whether all have been answered.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Answers may be missing: the next one is most likely that of the latest request.
    pub(super) fn keep_latest(&mut self) {
        self.0.drain(..self.0.len().saturating_sub(1));
    }

    /// What answers them has no head. Returns whether it is content, as HTTP/0.9 answers.
    pub(super) fn answered_without_head(&mut self) -> bool {
        let first = self.0.front().map(|asked| asked.method);
        self.0.clear();
        first == Some(Method::Simple)
    }

    pub(super) fn asked(&mut self, request: &Request) {
        if self.0.len() == REQUEST_LIMIT {
            self.0.pop_front();
        }
        self.0.push_back(Asked {
            method: request.method,
            key: request.key,
            version_13: request.version_13,
        });
    }

    pub(super) fn answered(&mut self, response: &Response, head: &[u8]) -> After {
        let switching = response.status == Some(101);
        let asked = if matches!(response.status, Some(100..=199)) && !switching {
            // An interim response: the final one is still to come.
            Asked::UNSEEN
        } else {
            self.0.pop_front().unwrap_or(Asked::UNSEEN)
        };
        let is_other_websocket = switching && response.websocket && !asked.is_rfc_6455(head);
        let (length, next) = match (response.status, asked.method) {
            (Some(101), _) if response.websocket && !is_other_websocket => {
                (Length::None, Next::WebSocket)
            }
            (Some(101), _) | (Some(200..=299), Method::Connect) => (Length::None, Next::Tunnel),
            (Some(100..=199 | 204 | 304), _) | (_, Method::Head) => (Length::None, Next::Same),
            _ => (response.length, Next::Same),
        };
        After { length, content: response.content, next, key: asked.key, is_other_websocket }
    }
}
