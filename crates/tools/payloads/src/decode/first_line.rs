//! The first lines of HTTP messages (RFC 9112 sections 3 and 4), as an observer reads them: any
//! method, any version, and any white space between the words.

use crate::tcp::Side;

/// The longest first line that is waited for, in bytes.
pub(super) const LINE_LIMIT: usize = 8 * 1024;

/// The longest method that is waited for, in bytes; registered ones have at most 17.
const METHOD_LIMIT: usize = 64;

/// The methods of RFC 9110 section 9.3, and PATCH (RFC 5789).
const METHODS: [&[u8]; 9] =
    [b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"CONNECT", b"OPTIONS", b"TRACE", b"PATCH"];

/// A request line in its words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestLine<'l> {
    pub(crate) method: &'l [u8],
    /// What stands between, which may be empty or have spaces in it.
    pub(crate) target: &'l [u8],
    /// The last word, if it begins as a version does.
    pub(crate) version: Option<&'l [u8]>,
}

impl<'l> RequestLine<'l> {
    /// The method alone, and whether the line [`is_simple`](Self::is_simple).
    pub(super) fn method(line: &'l [u8]) -> (&'l [u8], bool) {
        if has_usual_version(line) {
            let end = line.iter().position(|byte| is_space(*byte)).unwrap_or(0);
            if end > 0 {
                return (&line[..end], false);
            }
        }
        let line = Self::read(line);
        (line.method, line.is_simple())
    }

    /// Reads a line, with its line end or without.
    pub(crate) fn read(line: &'l [u8]) -> Self {
        let line = trim(line);
        let (method, rest) = split_word(line);
        let last = rest.iter().rposition(|byte| is_space(*byte)).map_or(0, |space| space + 1);
        let (target, version) = match rest.split_at(last) {
            (target, version) if is_version(version) => (trim(target), Some(version)),
            _ => (rest, None),
        };
        Self { method, target, version }
    }

    /// Whether it is one of HTTP/0.9, which has no version, no fields, and no head in its answer
    /// (RFC 1945 sections 4.1 and 5).
    pub(crate) fn is_simple(&self) -> bool {
        self.version.is_none() && self.method == b"GET" && self.has_path()
    }

    /// Whether the target has the form of a path, of all of a server, or of a whole URL (RFC 9112
    /// section 3.2).
    fn has_path(&self) -> bool {
        self.target.starts_with(b"/")
            || self.target == b"*"
            || memchr::memmem::find(self.target, b"://").is_some()
    }
}

/// A status line in its words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StatusLine<'l> {
    pub(crate) version: &'l [u8],
    /// The second word, which should be a number of three digits.
    pub(crate) status: &'l [u8],
}

impl<'l> StatusLine<'l> {
    /// Reads a line, with its line end or without.
    pub(crate) fn read(line: &'l [u8]) -> Self {
        let (version, rest) = split_word(trim(line));
        let (status, _) = split_word(rest);
        Self { version, status }
    }

    /// The status code, if it is a number of three digits.
    pub(crate) fn code(&self) -> Option<u16> {
        match self.status.try_into() {
            Ok(digits) => number(digits),
            Err(_) => None,
        }
    }

    /// The status code of a line.
    pub(super) fn code_of(line: &[u8]) -> Option<u16> {
        match line {
            // As nearly all are.
            [b'H', b'T', b'T', b'P', b'/', b'1', b'.', _, b' ', a, b, c, b' ', ..] => {
                number([*a, *b, *c])
            }
            line => StatusLine::read(line).code(),
        }
    }
}

fn number(digits: [u8; 3]) -> Option<u16> {
    let is_number = digits.iter().all(u8::is_ascii_digit);
    is_number.then(|| digits.iter().fold(0, |number, digit| number * 10 + u16::from(digit - b'0')))
}

/// Whether a line, with its line end or without, ends as nearly all request lines do.
fn has_usual_version(line: &[u8]) -> bool {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line).ends_with(b" HTTP/1.1")
}

/// The white space that may stand where a single space should (RFC 9112 section 3).
pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | 0x0b | 0x0c | b'\r' | b'\n')
}

/// Whether a byte may stand in a token, such as a method or the name of a field (RFC 9110 section
/// 5.6.2).
pub(crate) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Whether a byte is a control character other than the white space of a line.
pub(crate) fn is_control(byte: u8) -> bool {
    byte.is_ascii_control() && !is_space(byte)
}

/// `HTTP/` in any case, which should be upper (RFC 9112 section 2.3).
fn is_version(word: &[u8]) -> bool {
    word.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"HTTP/"))
}

fn trim(line: &[u8]) -> &[u8] {
    let start = line.iter().position(|byte| !is_space(*byte)).unwrap_or(line.len());
    let end = line.iter().rposition(|byte| !is_space(*byte)).map_or(start, |last| last + 1);
    &line[start..end]
}

/// The first word, and what follows it and the white space after it.
fn split_word(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| is_space(*byte)).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    (word, trim(rest))
}

/// Whether bytes are, or may become, the first line of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Likeness {
    /// They are none.
    No,
    /// More of them are needed to tell.
    Perhaps,
    /// They are one if what answers them is a message of HTTP.
    IfAnswered,
    /// They are.
    Yes,
}

/// Whether `bytes` begins with a request line, whose end is that of `bytes` if the line `ended`.
///
/// However the bytes come, the last word is the same: none but [`Likeness::Perhaps`] changes with
/// what follows the line.
pub(super) fn request(mut bytes: &[u8], ended: bool) -> Likeness {
    // A line of text may be empty; before a request, only CRLF is taken for one.
    while let Some(after) = bytes.strip_prefix(b"\r\n") {
        bytes = after;
    }
    let more = if ended { Likeness::No } else { Likeness::Perhaps };
    if bytes == b"\r" {
        return more;
    }
    let within = &bytes[..bytes.len().min(LINE_LIMIT)];
    let newline = memchr::memchr(b'\n', within);
    let line = &within[..newline.unwrap_or(within.len())];
    let start = line.iter().take_while(|byte| **byte == b' ').count();
    let len = line[start..].iter().take_while(|byte| is_token(**byte)).count();
    let (method, rest) = line[start..].split_at(len);
    if len > METHOD_LIMIT {
        return Likeness::No;
    }
    match rest.first() {
        Some(b' ' | b'\t') if len > 0 => {}
        None if newline.is_none() => return more,
        _ => return Likeness::No,
    }
    let is_known = METHODS.iter().any(|known| method.eq_ignore_ascii_case(known));
    if !is_known && rest.iter().any(|byte| is_control(*byte)) {
        return Likeness::No;
    }
    if newline.is_none() && !ended {
        return if within.len() == LINE_LIMIT { Likeness::No } else { Likeness::Perhaps };
    }
    if is_known && has_usual_version(line) {
        return Likeness::Yes;
    }
    let line = RequestLine::read(line);
    let is_upper = len > 1 && method.iter().all(u8::is_ascii_uppercase);
    match line.version {
        Some(_) if is_known || is_upper || line.has_path() => Likeness::Yes,
        Some(_) => Likeness::IfAnswered,
        None if is_known && line.has_path() => Likeness::Yes,
        None if is_known || line.has_path() => Likeness::IfAnswered,
        None => Likeness::No,
    }
}

/// Whether `bytes` is what a request line with a method of [`METHODS`] begins with: enough of one to
/// take them for one where their rest is missing, or where text was expected.
pub(super) fn has_known_method(bytes: &[u8]) -> bool {
    METHODS.iter().any(|method| {
        let len = bytes.len().min(method.len());
        bytes[..len] == method[..len] && matches!(bytes.get(method.len()), None | Some(b' '))
    })
}

/// Whether `bytes` begins with a status line: with `HTTP/` in any case, or `HTTP 2` where the
/// version is missing.
pub(super) fn response(bytes: &[u8]) -> Likeness {
    let start = b"HTTP";
    let len = bytes.len().min(start.len());
    if !bytes[..len].eq_ignore_ascii_case(&start[..len]) {
        return Likeness::No;
    }
    match bytes.get(start.len()..).unwrap_or_default() {
        [b'/', ..] => Likeness::Yes,
        [b' ', digit, ..] if digit.is_ascii_digit() => Likeness::Yes,
        [] | [b' '] => Likeness::Perhaps,
        _ => Likeness::No,
    }
}

/// Whether `bytes` begins with a status line to the letter, as far as the status code.
pub(super) fn exact_response(bytes: &[u8]) -> Likeness {
    // Any digit stands for any other.
    let form = b"HTTP/1.1 200";
    let fits = |(byte, of_form): (&u8, &u8)| {
        byte == of_form || byte.is_ascii_digit() && of_form.is_ascii_digit()
    };
    if !bytes.iter().zip(form).all(fits) {
        Likeness::No
    } else if bytes.len() < form.len() {
        Likeness::Perhaps
    } else {
        Likeness::Yes
    }
}

/// Whether what `side` sends begins with the first line of a request or a response.
pub(super) fn of_side(side: Side, bytes: &[u8]) -> Likeness {
    match side {
        Side::Client => request(bytes, false),
        Side::Server => response(bytes),
    }
}
