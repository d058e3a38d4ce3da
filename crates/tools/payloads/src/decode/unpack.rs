//! Content as it unpacks: gzip, deflate, br and zstd, chains of them, and the messages of
//! WebSocket's permessage-deflate.
//!
//! An [`Unpacker`] is for the content of one HTTP message, a [`MessageUnpacker`] for the WebSocket
//! messages of one side. Both take bytes as they come, whatever the cuts, and give what these unpack
//! to. Where the bytes are damaged, or end too early, what was unpacked until then has been given,
//! and a [`Fault`] says what is wrong.
//!
//! # What a bomb costs
//!
//! A few bytes can unpack to gigabytes. So there are limits, all of them on what is unpacked, none
//! on what is sent:
//!
//! - A content or message gives at most [`BURST`] bytes, and [`RATIO`] more for each byte of it. Then
//!   it is [cut](Fault::Cut). In a chain this holds for each coding.
//! - All that share a [`Budget`] give together at most [`POOL`] bytes, and [`RATIO`] more for each
//!   byte that is put in. So many small bombs come to no more than a large one, and the time to
//!   unpack a capture grows with its size alone. Work that gives few bytes or none counts too: the
//!   code of a block, the sequences of zstd, the memory that br asks for.
//! - They take together at most [`MEMORY_LIMIT`], beside the output, which is the caller's. A stream
//!   asks for a window of its last bytes: 32 KiB at most in deflate, and no more than
//!   [`WINDOW_LIMIT`] is granted in br and zstd.

mod brotli;
mod deflate;
mod fault;
mod limits;
mod messages;
mod zstd;

use std::mem;

use self::{
    brotli::Brotli,
    deflate::{Deflate, Gzip},
    limits::{Account, Given, Room},
    zstd::Zstd,
};
pub use self::{
    fault::{Coding, Fault, WINDOW_LIMIT},
    limits::{BURST, Budget, MEMORY_LIMIT, POOL, RATIO},
    messages::{Agreement, MessageUnpacker, Parameters},
};

/// The most codings of one content. Two are rare.
const CODING_LIMIT: usize = 4;

/// One coding of a content.
enum Stage {
    Gzip(Box<Gzip>),
    Deflate(Box<Deflate>),
    Brotli(Box<Brotli>),
    Zstd(Box<Zstd>),
}

impl Stage {
    fn new(coding: Coding) -> Option<Self> {
        match coding {
            Coding::Gzip => Some(Self::Gzip(Box::default())),
            Coding::Deflate => Some(Self::Deflate(Box::default())),
            Coding::Brotli => Some(Self::Brotli(Box::default())),
            Coding::Zstd => Some(Self::Zstd(Box::default())),
            Coding::Messages => None,
        }
    }

    fn push(&mut self, bytes: &[u8], room: &mut Room<'_>) -> Result<(), Fault> {
        match self {
            Self::Gzip(gzip) => gzip.push(bytes, room),
            Self::Deflate(deflate) => deflate.push(bytes, room),
            Self::Brotli(brotli) => brotli.push(bytes, room),
            Self::Zstd(zstd) => zstd.push(bytes, room),
        }
    }

    /// The content is over: whether the coding is too.
    fn finish(&self) -> Result<(), Fault> {
        let (coding, complete) = match self {
            Self::Gzip(gzip) => (Coding::Gzip, gzip.is_complete()),
            Self::Deflate(deflate) => (Coding::Deflate, deflate.is_complete()),
            Self::Brotli(brotli) => (Coding::Brotli, brotli.is_complete()),
            Self::Zstd(zstd) => (Coding::Zstd, zstd.is_complete()),
        };
        if complete { Ok(()) } else { Err(Fault::Unfinished(coding)) }
    }

    /// The memory that it takes, in bytes.
    fn size(&self) -> usize {
        match self {
            Self::Gzip(gzip) => gzip.size(),
            Self::Deflate(deflate) => deflate.size(),
            Self::Brotli(brotli) => brotli.size(),
            Self::Zstd(zstd) => zstd.size(),
        }
    }
}

/// Unpacks the content of one HTTP message.
pub struct Unpacker {
    name: String,
    /// The codings, the last applied first (RFC 9110 section 8.4).
    stages: Vec<Stage>,
    account: Account,
    /// Whether any bytes came.
    begun: bool,
    raw: bool,
    fault: Option<Fault>,
}

impl Unpacker {
    /// An unpacker for what `Content-Encoding` says, or nothing if that is no coding, or one that is
    /// not known. A message with several such fields is to be given them with commas between (RFC
    /// 9110 section 5.3).
    pub fn for_content_encoding(value: &[u8], budget: &Budget) -> Option<Self> {
        let mut codings = Vec::new();
        for token in str::from_utf8(value).ok()?.split(',') {
            let token = token.trim_matches([' ', '\t']);
            if !token.is_empty() && !token.eq_ignore_ascii_case("identity") {
                codings.push(Coding::named(token)?);
            }
        }
        if codings.is_empty() || codings.len() > CODING_LIMIT {
            return None;
        }
        let names: Vec<_> = codings.iter().map(|coding| coding.name()).collect();
        Some(Self {
            name: names.join(", "),
            stages: codings.into_iter().rev().filter_map(Stage::new).collect(),
            account: Account::new(budget),
            begun: false,
            raw: false,
            fault: None,
        })
    }

    /// The codings, in the order in which they were applied, as `gzip, br`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Puts the next bytes of the content in, and appends what they unpack to to `out`: at most
    /// [`BURST`], and [`RATIO`] for each of `bytes`. After an error nothing more is unpacked, and
    /// each call gives the same one.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        self.begun |= !bytes.is_empty();
        let may = self.account.open(bytes.len());
        let mut given = Given::default();
        let result = if may == 0 && !bytes.is_empty() {
            Err(Fault::Cut)
        } else {
            through(&mut self.stages, bytes, may, &mut given, out)
        };
        self.raw |= self.stages.iter().any(|stage| match stage {
            Stage::Deflate(deflate) => deflate.is_raw(),
            _ => false,
        });
        let memory = self.stages.iter().map(Stage::size).sum();
        let result = self.account.close(given, result, memory);
        result.inspect_err(|fault| self.stop(*fault))
    }

    /// The content is over: says whether all codings ended too. A content of no bytes at all is
    /// complete: a message may announce a coding and have nothing to encode.
    pub fn finish(&mut self) -> Result<(), Fault> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let complete =
            if self.begun { self.stages.iter().try_for_each(Stage::finish) } else { Ok(()) };
        complete.inspect_err(|fault| self.stop(*fault))
    }

    /// Whether there was more to unpack than may be given.
    pub fn is_cut(&self) -> bool {
        self.fault == Some(Fault::Cut)
    }

    /// Whether "deflate" came without the zlib format (RFC 1950) that RFC 9110 section 8.4.1.2 asks
    /// for, as some servers send it and browsers accept it.
    pub fn is_raw_deflate(&self) -> bool {
        self.raw
    }

    /// The memory that it takes, in bytes.
    pub fn size(&self) -> usize {
        self.account.memory
    }

    fn stop(&mut self, fault: Fault) {
        self.fault = Some(fault);
        self.stages = Vec::new();
        self.account.take(0);
    }
}

/// Puts `bytes` through the stages, one after the other, and what the last one makes of them into
/// `out`; each of them may give so many bytes. Where a stage finds a fault, what it made until then
/// goes through the others all the same, and the first fault counts.
fn through(
    stages: &mut [Stage],
    bytes: &[u8],
    may: usize,
    given: &mut Given,
    out: &mut Vec<u8>,
) -> Result<(), Fault> {
    let mut result = Ok(());
    let mut between = Vec::new();
    let count = stages.len();
    for (index, stage) in stages.iter_mut().enumerate() {
        let input = mem::take(&mut between);
        let input = if index == 0 { bytes } else { &input };
        let out = if index + 1 == count { &mut *out } else { &mut between };
        let mut room = Room::new(out, may);
        result = result.and(stage.push(input, &mut room));
        given.add(may, &room);
    }
    result
}
