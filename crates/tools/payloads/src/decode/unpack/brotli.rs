//! Brotli (RFC 7932).

use std::marker::PhantomData;

use brotli_decompressor::{
    Allocator, BrotliDecoderErrorCode, BrotliDecompressStream, BrotliResult, BrotliState,
    HuffmanCode, SliceWrapper, SliceWrapperMut,
};

use super::{
    fault::{Coding, Fault, WINDOW_LIMIT},
    limits::Room,
};

/// How many bytes are put in at a time. Of a piece that turns out to be damaged, the decoder gives
/// nothing.
const INPUT_PIECE: usize = 64;

/// How many bytes are unpacked at a time.
const PIECE: usize = 4 * 1024;

/// How much memory to ask for counts as much as one byte given. A block asks for some 13 KB where
/// it has a code for literals, one for lengths and one for distances, and for up to 3 MB where it has
/// 256 of each.
const MEMORY_PER_BYTE: usize = 16;

/// The most that the ring buffer may be longer than the window, in bytes.
const SLACK: usize = 1024;

/// The content coding "br".
pub(super) struct Brotli {
    state: BrotliState<Counted<u8>, Counted<u32>, Counted<HuffmanCode>>,
    /// How much of the memory that was asked for was charged.
    charged: usize,
    complete: bool,
}

impl Default for Brotli {
    fn default() -> Self {
        // Without the windows of more than 16 MiB, which RFC 7932 does not have.
        let state = BrotliState::new_strict(Counted::new(), Counted::new(), Counted::new());
        Self { state, charged: 0, complete: false }
    }
}

impl Brotli {
    pub(super) fn push(&mut self, bytes: &[u8], room: &mut Room<'_>) -> Result<(), Fault> {
        bytes.chunks(INPUT_PIECE).try_for_each(|bytes| self.push_piece(bytes, room))
    }

    fn push_piece(&mut self, bytes: &[u8], room: &mut Room<'_>) -> Result<(), Fault> {
        let mut left = bytes.len();
        let mut offset = 0;
        while !self.complete {
            let before = room.out.len();
            let piece = room.left.min(PIECE);
            room.out.resize(before + piece, 0);
            let mut written = 0;
            let result = BrotliDecompressStream(
                &mut left,
                &mut offset,
                bytes,
                &mut { piece },
                &mut written,
                &mut room.out[before..],
                &mut 0,
                &mut self.state,
            );
            room.out.truncate(before + written);
            room.left -= written;
            let asked_for = self.asked_for();
            room.charge((asked_for - self.charged) / MEMORY_PER_BYTE);
            self.charged = asked_for;
            match result {
                BrotliResult::ResultSuccess => self.complete = true,
                BrotliResult::NeedsMoreInput => return Ok(()),
                BrotliResult::NeedsMoreOutput if room.left == 0 => return Err(Fault::Cut),
                BrotliResult::NeedsMoreOutput => {}
                BrotliResult::ResultFailure => return Err(self.fault()),
            }
        }
        if left == 0 { Ok(()) } else { Err(Fault::Trailing(Coding::Brotli)) }
    }

    fn fault(&self) -> Fault {
        use BrotliDecoderErrorCode::*;
        match self.state.error_code {
            BROTLI_DECODER_ERROR_ALLOC_RING_BUFFER_1 | BROTLI_DECODER_ERROR_ALLOC_RING_BUFFER_2 => {
                Fault::Window(Coding::Brotli)
            }
            _ => Fault::Damaged(Coding::Brotli),
        }
    }

    /// The memory that was asked for so far, in bytes, what was given back included.
    fn asked_for(&self) -> usize {
        let state = &self.state;
        state.alloc_u8.asked_for + state.alloc_u32.asked_for + state.alloc_hc.asked_for
    }

    pub(super) fn is_complete(&self) -> bool {
        self.complete
    }

    /// The memory that it takes, in bytes.
    pub(super) fn size(&self) -> usize {
        let state = &self.state;
        size_of::<Self>() + state.alloc_u8.size + state.alloc_u32.size + state.alloc_hc.size
    }
}

/// Memory of the decoder.
#[derive(Default)]
struct Memory<T>(Vec<T>);

impl<T> SliceWrapper<T> for Memory<T> {
    fn slice(&self) -> &[T] {
        &self.0
    }
}

impl<T> SliceWrapperMut<T> for Memory<T> {
    fn slice_mut(&mut self) -> &mut [T] {
        &mut self.0
    }
}

/// Allocates for the decoder, and counts.
struct Counted<T> {
    /// The memory that is in use, in bytes.
    size: usize,
    asked_for: usize,
    element: PhantomData<T>,
}

impl<T> Counted<T> {
    fn new() -> Self {
        Self { size: 0, asked_for: 0, element: PhantomData }
    }
}

impl<T: Clone + Default> Allocator<T> for Counted<T> {
    type AllocatedMemory = Memory<T>;

    fn alloc_cell(&mut self, len: usize) -> Memory<T> {
        let size = len * size_of::<T>();
        // Nothing but a window is as long as this. To the decoder no memory means that it failed.
        if size > WINDOW_LIMIT + SLACK {
            return Memory(Vec::new());
        }
        self.size += size;
        self.asked_for += size;
        Memory(vec![T::default(); len])
    }

    fn free_cell(&mut self, memory: Memory<T>) {
        self.size = self.size.saturating_sub(memory.0.len() * size_of::<T>());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_that_is_in_use_was_asked_for_and_charged() {
        // A block with 256 codes each for literals, lengths and distances, before the first code.
        let mut codes =
            vec![0xf0, 0xff, 0xef, 0xff, 1, 0x20, 0, 0xff, 0x0f, 0, 1, 0xf8, 0x7f, 0, 8];
        codes.extend([0; 65]);
        codes.extend([0xf0, 0x7f, 1, 0xe0, 0xff, 2, 0]);
        let (mut brotli, mut out) = (Brotli::default(), Vec::new());
        let mut room = Room::new(&mut out, 1024 * 1024);
        assert_eq!(brotli.push(&codes, &mut room), Ok(()));
        let in_use = brotli.size() - size_of::<Brotli>();
        assert!(in_use > 1024 * 1024, "{in_use}");
        assert!((in_use..2 * in_use).contains(&brotli.asked_for()), "{}", brotli.asked_for());
        let charged = 1024 * 1024 - room.left;
        // What is left over of each piece that was put in is not charged.
        assert!((in_use / MEMORY_PER_BYTE - 2..in_use).contains(&charged), "{charged}");
    }
}
