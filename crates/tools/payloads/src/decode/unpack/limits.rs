//! How much may be unpacked, and who keeps the account.

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicUsize, Ordering},
};

use super::fault::Fault;

/// The most bytes that a content or message gives, however few its own are.
pub const BURST: u64 = 1024 * 1024;

/// How many more bytes are given for each byte that is put in. Text seldom packs better than this,
/// and a longer content than [`BURST`] hardly ever does.
pub const RATIO: u64 = 64;

/// The most bytes that are given by all, however few are put in.
pub const POOL: u64 = 64 * 1024 * 1024;

/// The most memory that all may take together, in bytes. The measure is taken after each call, so
/// one of them may exceed it until then, by twice [`WINDOW_LIMIT`](super::WINDOW_LIMIT) at most.
pub const MEMORY_LIMIT: usize = 32 * 1024 * 1024;

/// What a block counts for beside what it gives, in bytes: to set up its code takes about as long as
/// to give so many, and a block can be as short as 10 bits.
pub(super) const BLOCK_COST: usize = 512;

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
pub(super) struct Account {
    budget: Budget,
    /// What is left of the burst and of what the bytes so far have earned.
    allowance: u64,
    pub(super) memory: usize,
}

impl Account {
    pub(super) fn new(budget: &Budget) -> Self {
        Self { budget: budget.clone(), allowance: BURST, memory: 0 }
    }

    /// A new message begins.
    pub(super) fn begin(&mut self) {
        self.allowance = BURST;
    }

    /// How much may be given now that `bytes` more are put in.
    pub(super) fn open(&mut self, bytes: usize) -> usize {
        let earned = RATIO * bytes as u64;
        self.budget.earn(earned);
        // What was earned and not used is not saved up, so that the output of one call is bounded.
        self.allowance = self.allowance.min(BURST) + earned;
        usize::try_from(self.allowance.min(self.budget.left())).unwrap_or(usize::MAX)
    }

    /// Takes what was given from what may be, and the unpacker takes so much memory now.
    pub(super) fn close(
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

    pub(super) fn take(&mut self, memory: usize) {
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
pub(super) struct Given {
    /// By the coding that gave most.
    most: u64,
    /// By all of them.
    sum: u64,
}

impl Given {
    /// A coding that had room for `may` bytes has filled `room`.
    pub(super) fn add(&mut self, may: usize, room: &Room<'_>) {
        let bytes = (may - room.left + room.exceeded) as u64;
        self.most = self.most.max(bytes);
        self.sum += bytes;
    }
}

/// Where unpacked bytes go, and how many more may.
pub(super) struct Room<'a> {
    pub(super) out: &'a mut Vec<u8>,
    pub(super) left: usize,
    /// By how much what had to be charged was more than what was left.
    exceeded: usize,
}

impl<'a> Room<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>, left: usize) -> Self {
        Self { out, left, exceeded: 0 }
    }

    /// Takes room for work that gave no bytes, or few.
    pub(super) fn charge(&mut self, bytes: usize) {
        self.exceeded += bytes.saturating_sub(self.left);
        self.left = self.left.saturating_sub(bytes);
    }

    /// Takes as many of `bytes` as it has room for.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let taken = &bytes[..bytes.len().min(self.left)];
        self.out.extend_from_slice(taken);
        self.left -= taken.len();
        if taken.len() < bytes.len() { Err(Fault::Cut) } else { Ok(()) }
    }
}
