//! What the heads of HTTP/1.1 messages say about the bytes that follow (RFC 9112).

use std::mem::MaybeUninit;

use httparse::{Header, ParserConfig, Status};

use super::sink::{Content, KEY_LEN};
use crate::tcp::Side;

/// The most fields in a head that are read without memory of their own.
const FEW_FIELDS: usize = 128;

/// The most fields in a head that are read at all.
const FIELD_LIMIT: usize = 16 * 1024;

/// Room for the fields of a head. To write empty fields into it first would take longer than to
/// read a head of the usual few.
const NO_FIELDS: [MaybeUninit<Header<'_>>; FEW_FIELDS] = [MaybeUninit::uninit(); FEW_FIELDS];

/// Room for fields.
type Fields<'h> = [MaybeUninit<Header<'h>>];

/// How the end of a message's content is found (RFC 9112 section 6.3).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Length {
    /// There is no content.
    None,
    /// `Content-Length` says how many bytes there are.
    Known(u64),
    /// It comes in chunks.
    Chunked,
    /// It goes on until the connection is closed.
    UntilClose,
}

/// A request method, as far as it matters for the answer's length.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Method {
    /// HEAD: its answer has no content.
    Head,
    /// CONNECT: an answer that agrees makes the connection a tunnel.
    Connect,
    /// Any other.
    Other,
}

/// What a request's head says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request {
    /// Its method.
    pub(super) method: Method,
    /// Its `Sec-WebSocket-Key`, if it has one of the right length.
    pub(super) key: Option<[u8; KEY_LEN]>,
    /// Whether its `Sec-WebSocket-Version` is 13, as RFC 6455 section 4.1 asks for, if it has one.
    pub(super) version_13: Option<bool>,
    /// How long its content is.
    pub(super) length: Length,
    /// What its content is.
    pub(super) content: Content,
}

/// What a response's head says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Response {
    /// Its status code.
    pub(super) status: u16,
    /// Whether it says `Upgrade: websocket`.
    pub(super) websocket: bool,
    /// How long its content would be, were it the answer to a GET.
    pub(super) length: Length,
    /// What its content is.
    pub(super) content: Content,
}

/// Where the head ends that `bytes` begins with, which is known to be free of an end up to
/// `searched`: after its first empty line.
///
/// A line ends with CRLF, and LF alone is taken too; empty lines before the first line are passed
/// over (RFC 9112 section 2.2).
pub(super) fn head_end(bytes: &[u8], searched: usize) -> Option<usize> {
    let from = searched.saturating_sub(3).max(empty_lines(bytes));
    for newline in memchr::memchr_iter(b'\n', &bytes[from..]) {
        let after = from + newline + 1;
        match bytes[after..] {
            [b'\n', ..] => return Some(after + 1),
            [b'\r', b'\n', ..] => return Some(after + 2),
            _ => {}
        }
    }
    None
}

/// The length of the empty lines that `bytes` begins with.
pub(super) fn empty_lines(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count()
}

/// Whether a line is, or may become, the first line of a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Likeness {
    /// It is.
    Yes,
    /// It is not.
    No,
    /// More bytes are needed to tell.
    Perhaps,
}

/// Whether `bytes` begins with a request line (RFC 9112 section 3): a method of upper-case
/// letters, a target, and `HTTP/1.0` or `HTTP/1.1`.
fn looks_like_request(bytes: &[u8]) -> Likeness {
    // A line of text may be empty; before a request, only CRLF is taken for one.
    let bytes = match bytes {
        b"\r" => return Likeness::Perhaps,
        [b'\r', b'\n', after @ ..] => after,
        bytes => bytes,
    };
    let method_len = bytes.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
    match bytes.get(method_len) {
        Some(b' ') if (1..=20).contains(&method_len) => {}
        None if method_len <= 20 => return Likeness::Perhaps,
        _ => return Likeness::No,
    }
    match memchr::memchr(b'\n', bytes) {
        Some(newline) => {
            let line = bytes[..newline].strip_suffix(b"\r").unwrap_or(&bytes[..newline]);
            if line.ends_with(b" HTTP/1.1") || line.ends_with(b" HTTP/1.0") {
                Likeness::Yes
            } else {
                Likeness::No
            }
        }
        None => Likeness::Perhaps,
    }
}

/// Whether `bytes` begins with a status line (RFC 9112 section 4).
fn looks_like_response(bytes: &[u8]) -> Likeness {
    let start = b"HTTP/1.";
    let len = bytes.len().min(start.len());
    if bytes[..len] != start[..len] {
        Likeness::No
    } else if len < start.len() {
        Likeness::Perhaps
    } else {
        Likeness::Yes
    }
}

/// Whether what `side` sends begins with the first line of a request or a response.
pub(super) fn looks_like_message(side: Side, data: &[u8]) -> Likeness {
    match side {
        Side::Client => looks_like_request(data),
        Side::Server => looks_like_response(data),
    }
}

/// Whether `data`, which `side` sends where a head should begin, cannot be the beginning of one.
pub(super) fn begins_no_head(side: Side, data: &[u8]) -> bool {
    let first_line = &data[empty_lines(data)..];
    !first_line.is_empty() && looks_like_message(side, first_line) == Likeness::No
}

/// Gives `parse` room for the fields of `head`, and more if that is too little.
fn with_fields<'h, T>(
    head: &'h [u8],
    parse: impl Fn(&mut Fields<'h>, &'h [u8]) -> Result<Option<T>, httparse::Error>,
) -> Option<T> {
    let mut few = NO_FIELDS;
    match parse(&mut few, head) {
        Err(httparse::Error::TooManyHeaders) => {
            let lines = memchr::memchr_iter(b'\n', head).count().min(FIELD_LIMIT);
            parse(&mut vec![MaybeUninit::uninit(); lines], head).ok()?
        }
        result => result.ok()?,
    }
}

/// Reads the head of a request.
pub(super) fn request(head: &[u8]) -> Option<Request> {
    with_fields(head, request_with)
}

fn request_with<'h>(
    fields: &mut Fields<'h>,
    head: &'h [u8],
) -> Result<Option<Request>, httparse::Error> {
    let mut request = httparse::Request::new(&mut []);
    let Status::Complete(_) = request.parse_with_uninit_headers(head, fields)? else {
        return Ok(None);
    };
    let mut key = None;
    let mut version_13 = None;
    for field in request.headers.iter() {
        if field.name.eq_ignore_ascii_case("Sec-WebSocket-Key") {
            key = field.value.try_into().ok();
        } else if field.name.eq_ignore_ascii_case("Sec-WebSocket-Version") {
            version_13 = Some(field.value == b"13");
        }
    }
    let (length, content) = length_and_content(request.headers);
    Ok(Some(Request {
        method: match request.method {
            Some("HEAD") => Method::Head,
            Some("CONNECT") => Method::Connect,
            _ => Method::Other,
        },
        key,
        version_13,
        // A request without a length has no content.
        length: if length == Length::UntilClose { Length::None } else { length },
        content,
    }))
}

/// Reads the head of a response.
pub(super) fn response(head: &[u8]) -> Option<Response> {
    with_fields(head, response_with)
}

fn response_with<'h>(
    fields: &mut Fields<'h>,
    head: &'h [u8],
) -> Result<Option<Response>, httparse::Error> {
    let mut response = httparse::Response::new(&mut []);
    let config = ParserConfig::default();
    let parsed = config.parse_response_with_uninit_headers(&mut response, head, fields)?;
    let (Status::Complete(_), Some(status)) = (parsed, response.code) else {
        return Ok(None);
    };
    let websocket = response.headers.iter().any(|field| {
        field.name.eq_ignore_ascii_case("Upgrade") && field.value.eq_ignore_ascii_case(b"websocket")
    });
    let (length, content) = length_and_content(response.headers);
    Ok(Some(Response { status, websocket, length, content }))
}

fn length_and_content(fields: &[Header<'_>]) -> (Length, Content) {
    let mut length = Length::UntilClose;
    let mut transfer = None;
    let mut content = Content::Other;
    let mut coded = false;
    for field in fields {
        // Comparing the lengths first keeps this short for the many fields that do not matter.
        match field.name.len() {
            12 if field.name.eq_ignore_ascii_case("Content-Type") => {
                let media_type = field.value.split(|byte| *byte == b';').next();
                let media_type = media_type.unwrap_or_default().trim_ascii();
                if media_type.eq_ignore_ascii_case(b"text/event-stream") {
                    content = Content::Events;
                } else if media_type.eq_ignore_ascii_case(b"application/json") {
                    content = Content::Json;
                }
            }
            14 if field.name.eq_ignore_ascii_case("Content-Length") => {
                length = content_length(field.value).map_or(Length::UntilClose, Length::Known);
            }
            16 if field.name.eq_ignore_ascii_case("Content-Encoding") => {
                coded = !field.value.eq_ignore_ascii_case(b"identity");
            }
            17 if field.name.eq_ignore_ascii_case("Transfer-Encoding") => {
                let last = field.value.rsplit(|byte| *byte == b',').next();
                let chunked =
                    last.unwrap_or_default().trim_ascii().eq_ignore_ascii_case(b"chunked");
                transfer = Some(if chunked { Length::Chunked } else { Length::UntilClose });
            }
            _ => {}
        }
    }
    // Compressed content is neither JSON nor events to the eye. A transfer coding overrides the
    // length, also where it does not end with chunks.
    (transfer.unwrap_or(length), if coded { Content::Other } else { content })
}

/// The value of `Content-Length`, which may be repeated: `5, 5` is 5.
fn content_length(value: &[u8]) -> Option<u64> {
    let mut lengths = value.split(|byte| *byte == b',').map(|length| {
        let add = |sum: u64, byte: &u8| {
            let digit = char::from(*byte).to_digit(10)?;
            sum.checked_mul(10)?.checked_add(digit.into())
        };
        let length = length.trim_ascii();
        if length.is_empty() { None } else { length.iter().try_fold(0, add) }
    });
    let first = lengths.next()??;
    lengths.all(|length| length == Some(first)).then_some(first)
}
