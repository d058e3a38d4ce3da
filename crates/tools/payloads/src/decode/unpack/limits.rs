//! How much may be unpacked, and what that may take.

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
pub(super) const BLOCK_COST: usize = 512;
