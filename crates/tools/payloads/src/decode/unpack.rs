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
mod messages;
mod zstd;

use std::{
    fmt::{self, Display, Formatter},
    mem,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
};

pub use self::messages::{Agreement, MessageUnpacker, Parameters};
use self::{
    brotli::Brotli,
    deflate::{Deflate, Gzip},
    zstd::Zstd,
};

/// The most bytes that a content or message gives, however few its own are.
pub const BURST: u64 = 1024 * 1024;

/// How many more bytes are given for each byte that is put in. Text seldom packs better than this,
/// and a longer content than [`BURST`] hardly ever does.
pub const RATIO: u64 = 64;

/// The most bytes that are given by all, however few are put in.
pub const POOL: u64 = 64 * 1024 * 1024;

/// The most memory that all may take together, in bytes. The measure is taken after each call, so
/// one of them may exceed it until then, by twice [`WINDOW_LIMIT`] at most.
pub const MEMORY_LIMIT: usize = 32 * 1024 * 1024;

/// The largest window of br and zstd, in bytes: what RFC 9659 section 3 grants to zstd as a content
/// coding.
pub const WINDOW_LIMIT: usize = 8 * 1024 * 1024;

/// What a block counts for beside what it gives, in bytes: to set up its code takes about as long as
/// to give so many, and a block can be as short as 10 bits.
const BLOCK_COST: usize = 512;

/// The most codings of one content. Two are rare.
const CODING_LIMIT: usize = 4;

/// A way of packing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Coding {
    /// gzip (RFC 9110 section 8.4.1.3).
    Gzip,
    /// deflate (RFC 9110 section 8.4.1.2).
    Deflate,
    /// br.
    Brotli,
    /// zstd.
    Zstd,
    /// permessage-deflate.
    Messages,
}

impl Coding {
    /// Its name, as in `Content-Encoding` or `Sec-WebSocket-Extensions`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
            Self::Messages => "permessage-deflate",
        }
    }

    /// Where it is defined.
    pub fn source(self) -> &'static str {
        match self {
            Self::Gzip => "RFC 1952",
            Self::Deflate => "RFC 1950",
            Self::Brotli => "RFC 7932",
            Self::Zstd => "RFC 8878",
            Self::Messages => "RFC 7692",
        }
    }

    fn named(token: &str) -> Option<Self> {
        // "x-gzip" is to be taken for "gzip" (RFC 9110 section 8.4.1.3).
        let known = [
            ("gzip", Self::Gzip),
            ("x-gzip", Self::Gzip),
            ("deflate", Self::Deflate),
            ("br", Self::Brotli),
            ("zstd", Self::Zstd),
        ];
        known.iter().find(|(name, _)| name.eq_ignore_ascii_case(token)).map(|(_, coding)| *coding)
    }
}

/// Why no more is unpacked. All that was unpacked before has been given.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// The bytes are not as the coding's source asks for.
    Damaged(Coding),
    /// The content unpacked to the end, but its checksum is another.
    Checksum(Coding),
    /// The content unpacked to the end, but its length is not the one that it states.
    Length(Coding),
    /// The bytes end before the coding does.
    Unfinished(Coding),
    /// The coding ended before the bytes did. The bytes after it are not unpacked.
    Trailing(Coding),
    /// It refers to a dictionary, which the bytes do not hold.
    Dictionary(Coding),
    /// It asks for a window of more than [`WINDOW_LIMIT`].
    Window(Coding),
    /// It unpacks to more than a content or message, or all of them together, may give.
    Cut,
    /// All together take more than [`MEMORY_LIMIT`].
    Crowded,
    /// It refers to an earlier message, which was not unpacked.
    Context,
}

impl Display for Fault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged(coding) => {
                write!(f, "what follows is not {} ({})", coding.name(), coding.source())
            }
            Self::Checksum(coding) => {
                write!(f, "the checksum of {} is another ({})", coding.name(), coding.source())
            }
            Self::Length(coding) => write!(
                f,
                "the length that {} states is another ({})",
                coding.name(),
                coding.source()
            ),
            Self::Unfinished(coding) => write!(f, "it ends in the middle of {}", coding.name()),
            Self::Trailing(coding) => write!(f, "bytes follow the end of {}", coding.name()),
            Self::Dictionary(coding) => {
                write!(f, "{} refers to a dictionary that is not at hand", coding.name())
            }
            Self::Window(coding) => write!(
                f,
                "{} asks to keep more than {} MiB for later reference",
                coding.name(),
                WINDOW_LIMIT / (1024 * 1024)
            ),
            Self::Cut => f.write_str("cut: it unpacks to more than is kept of it"),
            Self::Crowded => f.write_str("not unpacked: too much is being unpacked at once"),
            Self::Context => {
                f.write_str("not unpacked: it refers to an earlier message, which was not unpacked")
            }
        }
    }
}

/// What all unpackers of a run share: how much they may still give, and the memory that they take.
#[derive(Clone, Debug)]
pub struct Budget(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// Below 0, what later bytes have to make good first.
    left: AtomicI64,
    memory: AtomicUsize,
}

impl Default for Budget {
    fn default() -> Self {
        Self(Arc::new(Shared {
            left: AtomicI64::new(POOL.cast_signed()),
            memory: AtomicUsize::new(0),
        }))
    }
}

impl Budget {
    /// The memory that the unpackers take now, in bytes.
    pub fn memory(&self) -> usize {
        self.0.memory.load(Ordering::Relaxed)
    }

    fn left(&self) -> u64 {
        self.0.left.load(Ordering::Relaxed).max(0).cast_unsigned()
    }

    fn earn(&self, bytes: u64) {
        self.0.left.fetch_add(bytes.cast_signed(), Ordering::Relaxed);
    }

    fn spend(&self, bytes: u64) {
        self.0.left.fetch_sub(bytes.cast_signed(), Ordering::Relaxed);
    }
}

/// What one unpacker may give, and the memory that it takes, as its [`Budget`] knows it.
#[derive(Debug)]
struct Account {
    budget: Budget,
    /// What is left of the burst and of what the bytes so far have earned.
    allowance: u64,
    memory: usize,
}

impl Account {
    fn new(budget: &Budget) -> Self {
        Self { budget: budget.clone(), allowance: BURST, memory: 0 }
    }

    /// A new message begins.
    fn begin(&mut self) {
        self.allowance = BURST;
    }

    /// How much may be given now that `bytes` more are put in.
    fn open(&mut self, bytes: usize) -> usize {
        let earned = RATIO * bytes as u64;
        self.budget.earn(earned);
        // What was earned and not used is not saved up, so that the output of one call is bounded.
        self.allowance = self.allowance.min(BURST) + earned;
        usize::try_from(self.allowance.min(self.budget.left())).unwrap_or(usize::MAX)
    }

    /// Takes what was given from what may be, and the unpacker takes so much memory now.
    fn close(
        &mut self,
        given: Given,
        result: Result<(), Fault>,
        memory: usize,
    ) -> Result<(), Fault> {
        self.allowance = self.allowance.saturating_sub(given.most);
        self.budget.spend(given.sum);
        self.take(memory);
        if result.is_ok() && self.budget.memory() > MEMORY_LIMIT {
            return Err(Fault::Crowded);
        }
        result
    }

    fn take(&mut self, memory: usize) {
        self.budget.0.memory.fetch_sub(self.memory, Ordering::Relaxed);
        self.budget.0.memory.fetch_add(memory, Ordering::Relaxed);
        self.memory = memory;
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        self.take(0);
    }
}

/// How many bytes were given.
#[derive(Clone, Copy, Debug, Default)]
struct Given {
    /// By the coding that gave most.
    most: u64,
    /// By all of them.
    sum: u64,
}

impl Given {
    /// A coding that had room for `may` bytes has filled `room`.
    fn add(&mut self, may: usize, room: &Room<'_>) {
        let bytes = (may - room.left + room.exceeded) as u64;
        self.most = self.most.max(bytes);
        self.sum += bytes;
    }
}

/// Where unpacked bytes go, and how many more may.
struct Room<'a> {
    out: &'a mut Vec<u8>,
    left: usize,
    /// By how much what had to be charged was more than what was left.
    exceeded: usize,
}

impl<'a> Room<'a> {
    fn new(out: &'a mut Vec<u8>, left: usize) -> Self {
        Self { out, left, exceeded: 0 }
    }

    /// Takes room for work that gave no bytes, or few.
    fn charge(&mut self, bytes: usize) {
        self.exceeded += bytes.saturating_sub(self.left);
        self.left = self.left.saturating_sub(bytes);
    }

    /// Takes as many of `bytes` as it has room for.
    fn take(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let taken = &bytes[..bytes.len().min(self.left)];
        self.out.extend_from_slice(taken);
        self.left -= taken.len();
        if taken.len() < bytes.len() { Err(Fault::Cut) } else { Ok(()) }
    }
}

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
