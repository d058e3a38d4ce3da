//! HTTP heads and clock readings in a form that can be compared.

use sha2::{Digest, Sha256};

/// What the browser of the original's captures sends to open a page.
pub const VISIT: &str = "GET / HTTP/1.1\r\n\
    Host: 172.105.253.239:8000\r\n\
    User-Agent: Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:89.0) Gecko/20100101 Firefox/89.0\r\n\
    Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8\r\n\
    Accept-Language: en-US,en;q=0.5\r\n\
    Accept-Encoding: gzip, deflate\r\n\
    Connection: keep-alive\r\n\
    Upgrade-Insecure-Requests: 1\r\n\
    \r\n";

/// An HTTP message as a document shows it, with the line ends of its head as the wire has them
/// (RFC 9112 section 2.1).
pub fn on_the_wire(message: &str) -> Vec<u8> {
    let (head, body) = message.split_once("\n\n").expect("an empty line after the head");
    format!("{}\r\n\r\n{body}", head.replace('\n', "\r\n")).into_bytes()
}

/// An HTTP response. Two are equal if the contract takes them for identical: same status line, same
/// fields with the same values in any order and any case of the names, same body.
#[derive(Debug, PartialEq, Eq)]
pub struct Response {
    /// The status line without its line end.
    pub status: String,
    /// The header fields, sorted, their names in lower case.
    pub fields: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// Reads a whole response: its head and all that follows.
    ///
    /// Values of `Connection` and `Upgrade` are tokens whose case has no meaning, so they are in
    /// lower case.
    pub fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a whole head");
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().to_owned();
        let mut fields: Vec<_> = lines
            .map(|line| {
                let (name, value) = line.split_once(": ").expect("a field");
                let name = name.to_ascii_lowercase();
                let value = match name.as_str() {
                    "connection" | "upgrade" => value.to_ascii_lowercase(),
                    _ => value.to_owned(),
                };
                (name, value)
            })
            .collect();
        fields.sort();
        Self { status, fields, body: bytes[end + 4..].to_vec() }
    }

    /// The status code.
    pub fn code(&self) -> u16 {
        self.status.split(' ').nth(1).unwrap().parse().unwrap()
    }

    /// The value of the field `name` (given in lower case).
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// This response with its clock readings set to zero: the `Date` and each time in the body.
    pub fn masked(mut self) -> Self {
        for (name, value) in &mut self.fields {
            if name == "date" {
                *value = mask_date(value);
            }
        }
        self.body = masked(&self.body);
        self
    }
}

/// `bytes` with each time of day in them set to `00:00:00`.
pub fn masked(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for at in 0..bytes.len().saturating_sub(7) {
        if is_like(&bytes[at..at + 8], "00:00:00") {
            bytes[at..at + 8].copy_from_slice(b"00:00:00");
        }
    }
    bytes
}

/// The SHA-256 of `bytes` in hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A date with its digits set to zero, if it has the form of an IMF-fixdate (RFC 9110 section
/// 5.6.7).
fn mask_date(date: &str) -> String {
    let form = "Aaa, 00 Aaa 0000 00:00:00 GMT";
    assert!(is_like(date.as_bytes(), form), "not an IMF-fixdate: {date}");
    form.to_owned()
}

/// Whether `bytes` has a digit where `form` has `0`, a letter where it has `A` or `a`, and else the
/// same character.
fn is_like(bytes: &[u8], form: &str) -> bool {
    bytes.len() == form.len()
        && bytes.iter().zip(form.bytes()).all(|(byte, form)| match form {
            b'0' => byte.is_ascii_digit(),
            b'A' => byte.is_ascii_uppercase(),
            b'a' => byte.is_ascii_lowercase(),
            other => *byte == other,
        })
}
