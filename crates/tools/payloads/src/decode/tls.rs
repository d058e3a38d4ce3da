//! TLS: records and what can be read of them without a key (RFC 8446 sections 4 and 5).

use super::{
    first_line::Likeness,
    out::{Next, Out},
    sink::{Kind, Part, Sink, UnitKind},
};

/// The length of a record's header: what it carries, a version, and a length.
pub const HEADER_LEN: usize = 5;

/// The most bytes that a record carries: 2^14, and what encryption adds (RFC 5246 section 6.2.3; RFC
/// 8446 section 5.2 allows less).
const RECORD_LIMIT: usize = (1 << 14) + 2048;

/// The handshake message that a client begins with (RFC 8446 section 4).
pub const CLIENT_HELLO: u8 = 1;

/// The handshake message that a server answers with.
pub const SERVER_HELLO: u8 = 2;

/// The records of handshake messages (RFC 8446 section 5.1).
pub const HANDSHAKE: u8 = 22;

/// The records of alerts.
pub const ALERT: u8 = 21;

/// The records that one side sends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Records {
    /// How many bytes of a record are still to come; `None` in a header, which is kept until it is
    /// complete.
    left: Option<usize>,
}

impl Records {
    /// Before a record.
    pub(super) fn new() -> Self {
        Self { left: None }
    }

    /// Takes what `data` begins with, and returns what follows it.
    pub(super) fn feed<'d, S: Sink>(
        &mut self,
        out: &mut Out<'_, S>,
        data: &'d [u8],
    ) -> (&'d [u8], Next) {
        if let Some(left) = self.left {
            let (piece, rest) = data.split_at(data.len().min(left));
            if !out.in_unit() {
                out.resume(UnitKind::Tls);
            }
            out.counted(Part::RecordData, Kind::Content, piece);
            self.go_on(left - piece.len(), out);
            return (rest, Next::Same);
        }
        if out.kept().is_empty() && data.len() >= HEADER_LEN && record_len(data).is_none() {
            return (data, Next::Lost);
        }
        let (header, rest) = data.split_at(data.len().min(HEADER_LEN - out.kept().len()));
        out.keep(Kind::Framing, header);
        let Some(len) = record_len(out.kept()) else {
            if out.kept().len() < HEADER_LEN {
                return (rest, Next::Same);
            }
            let since = out.kept_since();
            let kept = out.take_back(Kind::Framing);
            out.at(since, |out| out.unread(false, &kept));
            return (rest, Next::Lost);
        };
        let since = out.kept_since();
        let header = out.take_kept();
        out.at(since, |out| Self::begin_kept(out, &header));
        self.go_on(len, out);
        (rest, Next::Same)
    }

    /// Passes over `len` missing bytes, if they can be told to be of one record.
    pub(super) fn pass(&mut self, len: u64) -> bool {
        let left = self.left.and_then(|left| left.checked_sub(usize::try_from(len).ok()?));
        if left.is_some() {
            self.left = left;
        }
        left.is_some()
    }

    /// What was passed over may have been the last of a record.
    pub(super) fn end_passed<S: Sink>(&mut self, out: &mut Out<'_, S>) {
        if let Some(left) = self.left {
            self.go_on(left, out);
        }
    }

    /// Begins a unit of what is kept of a header.
    pub(super) fn begin_kept<S: Sink>(out: &mut Out<'_, S>, kept: &[u8]) {
        out.begin(UnitKind::Tls);
        out.piece(Part::RecordHeader, kept);
    }

    fn go_on<S: Sink>(&mut self, left: usize, out: &mut Out<'_, S>) {
        self.left = (left > 0).then_some(left);
        if left == 0 {
            out.end();
        }
    }
}

/// How many bytes the record carries whose header `bytes` begins with, if that can be one.
fn record_len(bytes: &[u8]) -> Option<usize> {
    let &[20..=24, 3, 0..=4, high, low, ..] = bytes else {
        return None;
    };
    let len = usize::from(u16::from_be_bytes([high, low]));
    (len <= RECORD_LIMIT).then_some(len)
}

/// Whether `bytes` begins with the header of a record.
pub(super) fn begins_record(bytes: &[u8]) -> Likeness {
    match bytes {
        [20..=24, 3, 0..=4, _, _, ..] if record_len(bytes).is_some_and(|len| len > 0) => {
            Likeness::Yes
        }
        [20..=24] | [20..=24, 3] | [20..=24, 3, 0..=4] | [20..=24, 3, 0..=4, _] => {
            Likeness::Perhaps
        }
        _ => Likeness::No,
    }
}

/// Whether `bytes` begins with a record that begins with this handshake message.
pub(super) fn begins(bytes: &[u8], message: u8) -> Likeness {
    let first = [HANDSHAKE, 3];
    let len = bytes.len().min(first.len());
    if bytes[..len] != first[..len] || bytes.get(2).is_some_and(|minor| *minor > 4) {
        return Likeness::No;
    }
    match bytes.get(HEADER_LEN) {
        None => Likeness::Perhaps,
        Some(found) if *found == message => begins_record(bytes),
        Some(_) => Likeness::No,
    }
}

/// The name of the server that the client asks for in a ClientHello, if `record` begins with all of
/// one that has it (RFC 6066 section 3).
pub fn server_name(record: &[u8]) -> Option<&[u8]> {
    let mut bytes = Bytes(record.get(HEADER_LEN..)?);
    if bytes.number(1)? != usize::from(CLIENT_HELLO) {
        return None;
    }
    // The message in its record: its length, a version and a random number, an identifier of an
    // earlier session, the ciphers, the compression methods, and the extensions.
    let len = bytes.number(3)?;
    let mut hello = Bytes(&bytes.0[..bytes.0.len().min(len)]);
    hello.take(2 + 32)?;
    hello.vector(1)?;
    hello.vector(2)?;
    hello.vector(1)?;
    let len = hello.number(2)?;
    // The name is mostly among the first extensions, and may be there though the others are not.
    let mut extensions = Bytes(&hello.0[..hello.0.len().min(len)]);
    loop {
        let (kind, extension) = (extensions.number(2)?, extensions.vector(2)?);
        if kind == 0 {
            let mut names = Bytes(Bytes(extension).vector(2)?);
            // Host names are the only kind.
            return if names.number(1)? == 0 { names.vector(2) } else { None };
        }
    }
}

/// Bytes, read one after the other.
struct Bytes<'b>(&'b [u8]);

impl<'b> Bytes<'b> {
    fn take(&mut self, len: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    /// A number of so many bytes.
    fn number(&mut self, len: usize) -> Option<usize> {
        Some(self.take(len)?.iter().fold(0, |number, byte| number << 8 | usize::from(*byte)))
    }

    /// Bytes after a length of so many bytes.
    fn vector(&mut self, len: usize) -> Option<&'b [u8]> {
        let len = self.number(len)?;
        self.take(len)
    }
}
