//! A bit for each node, which tasks set and one reducer puts together.
//!
//! ```text
//! task 0   0110 0000 0001    ──▶ piece 0: 0110   piece 2: 0001 ──┐      one reducer
//! task 1   0100 0000 1000    ──▶ piece 0: 0100   piece 2: 1000 ──┴────▶ piece 0: 0110   piece 2: 1001
//! ```
//!
//! Pieces without a bit are not sent.

use twinmill::prelude::*;
use twinmill::record::Packed;

/// Words of a piece.
const PIECE_WORDS: usize = 512;
/// Bits of a word.
pub const WORD_BITS: usize = u64::BITS as usize;
/// Bits of a piece.
pub const PIECE_BITS: u32 = (PIECE_WORDS * WORD_BITS) as u32;

/// Bits by number. Those that were never set are no bits at all.
#[derive(Clone, Debug, Default)]
pub struct Bits(Vec<u64>);

impl Bits {
    /// Room for bits up to a number, none of them set.
    pub fn none(count: u32) -> Self {
        Bits(vec![0; (count as usize).div_ceil(WORD_BITS)])
    }

    /// Whether a bit is set, for which there is room.
    #[inline(always)]
    pub fn has(&self, bit: u32) -> bool {
        self.0[bit as usize / WORD_BITS] >> (bit as usize % WORD_BITS) & 1 == 1
    }

    #[inline(always)]
    pub fn set(&mut self, bit: u32) {
        let word = bit as usize / WORD_BITS;
        if word >= self.0.len() {
            self.0.resize((word + 1).next_power_of_two(), 0);
        }
        self.0[word] |= 1 << (bit as usize % WORD_BITS);
    }

    /// Sends the pieces that have bits.
    pub fn emit(&self, out: &mut impl Emit<u32, Packed<u64>>) {
        for (piece, words) in (0u32..).zip(self.0.chunks(PIECE_WORDS)) {
            if words.iter().any(|word| *word != 0) {
                out.emit(piece, words);
            }
        }
    }

    /// Takes a piece in, as it was put together.
    pub fn put(&mut self, piece: u32, words: impl Iterator<Item = u64>) {
        let start = piece as usize * PIECE_WORDS;
        if self.0.len() < start + PIECE_WORDS {
            self.0.resize(start + PIECE_WORDS, 0);
        }
        self.0[start..].iter_mut().zip(words).for_each(|(all, word)| *all = word);
    }

    /// The bits in words, from the lowest on.
    pub fn into_words(self) -> Vec<u64> {
        self.0
    }
}

/// Puts the bits of all tasks together.
#[derive(Clone)]
pub struct Together;

impl Reducer for Together {
    type Key = u32;
    type Value = Packed<u64>;
    type OutKey = u32;
    type OutValue = Packed<u64>;

    fn reduce(
        &mut self,
        piece: u32,
        tasks: &mut Values<Packed<u64>>,
        out: &mut impl Emit<u32, Packed<u64>>,
    ) -> Result<()> {
        let mut all = [0; PIECE_WORDS];
        while let Some(words) = tasks.next() {
            all.iter_mut().zip(words.iter()).for_each(|(all, word)| *all |= word);
        }
        out.emit(piece, &all[..]);
        Ok(())
    }
}
