//! The bytes of one update: what a client sends, and what the server is to answer.

use std::ops::Range;

use common::page;

/// What stands for the time of day in an answer, as in the pages of the apps.
const TIME: &str = "{time}";

/// What stands for the value of the HTTP field `Date` in an answer.
const DATE: &str = "{date}";

/// One of the five apps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum App {
    /// The plain TCP socket.
    Tcp,
    /// The page that is loaded again.
    Web,
    /// The page that asks with Ajax.
    Ajax,
    /// The page that the server sends events to.
    Sse,
    /// The page that asks over a WebSocket.
    Ws,
}

impl App {
    /// All five.
    pub const ALL: [App; 5] = [App::Tcp, App::Web, App::Ajax, App::Sse, App::Ws];

    /// The name of the app, of its crate and of its binary.
    pub fn name(self) -> &'static str {
        match self {
            App::Tcp => "tcpapp",
            App::Web => "webapp",
            App::Ajax => "ajaxapp",
            App::Sse => "sseapp",
            App::Ws => "wsapp",
        }
    }

    /// The app of that name.
    pub fn from_name(name: &str) -> Option<App> {
        App::ALL.into_iter().find(|app| app.name() == name)
    }

    /// The path of the app's update, where it speaks HTTP.
    pub fn path(self) -> &'static str {
        if self == App::Web { "/" } else { "/time" }
    }

    /// The media type of the document that is the app's answer, if it is one.
    pub fn media_type(self) -> Option<&'static str> {
        match self {
            App::Web => Some("text/html; charset=utf-8"),
            App::Ajax => Some("application/json"),
            App::Tcp | App::Sse | App::Ws => None,
        }
    }

    /// The header fields that Firefox sent in the captures of the Python original.
    ///
    /// The Chromium in this project's own captures sends more of them, so that its requests are
    /// longer than these.
    pub fn request_fields(self) -> Vec<(&'static str, &'static str)> {
        let accept = match self {
            App::Web => {
                "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"
            }
            App::Sse => "text/event-stream",
            App::Tcp | App::Ajax | App::Ws => "*/*",
        };
        let mut fields = vec![
            ("Host", "172.105.253.239:8000"),
            (
                "User-Agent",
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:89.0) Gecko/20100101 Firefox/89.0",
            ),
            ("Accept", accept),
            ("Accept-Language", "en-US,en;q=0.5"),
            ("Accept-Encoding", "gzip, deflate"),
        ];
        match self {
            App::Tcp => fields.clear(),
            App::Web => fields.extend([
                ("Connection", "keep-alive"),
                ("Upgrade-Insecure-Requests", "1"),
                ("Cache-Control", "max-age=0"),
            ]),
            App::Ajax | App::Sse => fields.extend([
                ("Connection", "keep-alive"),
                ("Referer", "http://172.105.253.239:8000/"),
            ]),
            App::Ws => fields.extend([
                ("Connection", "keep-alive, Upgrade"),
                ("Upgrade", "websocket"),
                ("Sec-WebSocket-Version", "13"),
                ("Sec-WebSocket-Key", "W+pQUnxtfyImglCepUIxdw=="),
            ]),
        }
        fields
    }

    /// What opens a connection, before its first update.
    pub fn opening(self) -> Exchange {
        match self {
            // The server greets a client that has not asked for anything.
            App::Tcp => Exchange {
                request: Vec::new(),
                answer: Answer::new(b"", &format!("Hello!\nServer time: {TIME}\n\n")),
            },
            App::Web | App::Ajax => Exchange { request: Vec::new(), answer: Answer::new(b"", "") },
            App::Sse => Exchange {
                request: self.request(),
                answer: Answer::new(
                    b"",
                    &format!(
                        "HTTP/1.1 200 OK\r\n\
                         content-type: text/event-stream; charset=utf-8\r\n\
                         transfer-encoding: chunked\r\n\
                         date: {DATE}\r\n\r\n"
                    ),
                ),
            },
            App::Ws => Exchange {
                request: self.request(),
                answer: Answer::new(
                    b"",
                    &format!(
                        "HTTP/1.1 101 Switching Protocols\r\n\
                         connection: upgrade\r\n\
                         upgrade: websocket\r\n\
                         sec-websocket-accept: jvz8rJ0yJN/A4J0kiZQLiifpQO8=\r\n\
                         date: {DATE}\r\n\r\n"
                    ),
                ),
            },
        }
    }

    /// One update. That of sseapp has no request: the server sends it when the time has come.
    pub fn update(self) -> Exchange {
        match self {
            App::Tcp => Exchange {
                request: b"time\n".to_vec(),
                answer: Answer::new(b"", &format!("{TIME}\n\n")),
            },
            App::Web => Exchange { request: self.request(), answer: self.document(page::WEBAPP) },
            App::Ajax => Exchange {
                request: self.request(),
                answer: self.document(&format!("{{\"time\":\"{TIME}\"}}\n")),
            },
            App::Sse => Exchange {
                request: Vec::new(),
                answer: Answer::new(b"", &format!("1C\r\ndata: {{\"time\": \"{TIME}\"}}\n\n\r\n")),
            },
            // A text frame of 8 bytes, `get-time` masked with 36 0d 29 16, and an unmasked text
            // frame of 20 bytes (RFC 6455 section 5.2).
            App::Ws => Exchange {
                request: b"\x81\x88\x36\x0d\x29\x16\x51\x68\x5d\x3b\x42\x64\x44\x73".to_vec(),
                answer: Answer::new(b"\x81\x14", &format!("{{\"time\": \"{TIME}\"}}")),
            },
        }
    }

    /// The app's GET request.
    fn request(self) -> Vec<u8> {
        let mut request = format!("GET {} HTTP/1.1\r\n", self.path());
        for (name, value) in self.request_fields() {
            request += &format!("{name}: {value}\r\n");
        }
        (request + "\r\n").into_bytes()
    }

    /// The app's whole answer with `body`, as hyper writes it.
    fn document(self, body: &str) -> Answer {
        let media_type = self.media_type().unwrap_or_default();
        let length = Answer::new(b"", body).bytes.len();
        Answer::new(
            b"",
            &format!(
                "HTTP/1.1 200 OK\r\n\
                 content-type: {media_type}\r\n\
                 content-length: {length}\r\n\
                 date: {DATE}\r\n\r\n\
                 {body}"
            ),
        )
    }
}

/// A request and its answer. Either may be empty.
pub struct Exchange {
    /// What the client sends.
    pub request: Vec<u8>,
    /// What the server answers.
    pub answer: Answer,
}

/// The bytes of an answer, some of which tell the time and may be of any moment.
pub struct Answer {
    /// The answer at midnight on 1 January 1970.
    pub bytes: Vec<u8>,
    /// Where the bytes are the same at any time.
    fixed: Vec<Range<usize>>,
}

impl Answer {
    /// The answer that starts with `prefix` and goes on with `text`, in which `{time}` and
    /// `{date}` stand for the clock's readings.
    fn new(prefix: &[u8], text: &str) -> Self {
        let mut bytes = prefix.to_vec();
        let mut fixed = Vec::new();
        let mut start = 0;
        let mut rest = text;
        let clocks = [(TIME, "00:00:00"), (DATE, "Thu, 01 Jan 1970 00:00:00 GMT")];
        while let Some((at, (placeholder, reading))) = clocks
            .iter()
            .filter_map(|clock| Some((rest.find(clock.0)?, clock)))
            .min_by_key(|(at, _)| *at)
        {
            bytes.extend_from_slice(&rest.as_bytes()[..at]);
            fixed.push(start..bytes.len());
            bytes.extend_from_slice(reading.as_bytes());
            start = bytes.len();
            rest = &rest[at + placeholder.len()..];
        }
        bytes.extend_from_slice(rest.as_bytes());
        fixed.push(start..bytes.len());
        Self { bytes, fixed }
    }

    /// Whether `received` is this answer, at whatever time.
    pub fn matches(&self, received: &[u8]) -> bool {
        received.len() == self.bytes.len()
            && self.fixed.iter().all(|range| received[range.clone()] == self.bytes[range.clone()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes of client and server: requests as in the original's captures, answers as the
    /// apps give them.
    #[test]
    fn a_request_has_as_many_bytes_as_in_the_captures_of_the_original() {
        let bytes = App::ALL.map(|app| {
            let update = app.update();
            (update.request.len(), update.answer.bytes.len())
        });
        assert_eq!(bytes, [(5, 10), (371, 552), (287, 128), (0, 34), (14, 22)]);
    }

    #[test]
    fn an_answer_may_differ_in_its_clock_readings_alone() {
        let answer = App::Ajax.update().answer;
        let text = String::from_utf8(answer.bytes.clone()).unwrap();
        assert!(answer.matches(text.as_bytes()));
        let later = text.replace("00:00:00\"", "23:59:59\"").replace("Thu, 01", "Fri, 02");
        assert!(answer.matches(later.as_bytes()));
        for wrong in [
            text.replace("200", "500"),
            text.replace("\"time\"", "\"Time\""),
            text.replace("}\n", "} "),
            text.clone() + "x",
            text[..text.len() - 1].to_owned(),
        ] {
            assert!(!answer.matches(wrong.as_bytes()), "{wrong:?}");
        }
    }
}
