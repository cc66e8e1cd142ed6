//! Finds words: a tokeniser that looks at 64 bytes at a time.
//!
//! Each block of 64 bytes becomes a mask of its separators; where the mask changes, a word begins or ends. Stepping from
//! one change to the next costs a word a few instructions, whatever its length.

use std::iter;
use std::ops::Range;

use crate::record::marks::{self, BLOCK};

/// The words of some bytes: maximal runs of bytes other than space, TAB, LF, CR and FF.
#[derive(Clone, Debug)]
pub struct Words<'a> {
    bytes: &'a [u8],
    /// Offset of the current block.
    block: usize,
    /// Changes between separators and others in the current block that are still to come, one bit a byte.
    changes: u64,
    /// Whether the byte before the next block is a separator, as the mask's bit 0.
    after_separator: u64,
}

impl<'a> Words<'a> {
    /// The words of `bytes`.
    #[inline(always)]
    pub fn of(bytes: &'a [u8]) -> Self {
        let mut words = Words { bytes, block: 0, changes: 0, after_separator: 1 };
        words.load();
        words
    }

    /// The places of the words in the bytes, in order.
    #[inline(always)]
    pub fn places(mut self) -> impl Iterator<Item = Range<usize>> {
        iter::from_fn(move || self.next_place())
    }

    #[inline(always)]
    fn next_place(&mut self) -> Option<Range<usize>> {
        let start = self.next_change()?;
        let end = self.next_change().unwrap_or(self.bytes.len());
        Some(start..end)
    }

    #[inline(always)]
    fn load(&mut self) {
        let separators = separators(self.bytes, self.block);
        self.changes = separators ^ (separators << 1 | self.after_separator);
        self.after_separator = separators >> (BLOCK - 1);
    }

    #[inline(always)]
    fn next_change(&mut self) -> Option<usize> {
        while self.changes == 0 {
            if self.block + BLOCK >= self.bytes.len() {
                return None;
            }
            self.block += BLOCK;
            self.load();
        }
        let at = self.block + self.changes.trailing_zeros() as usize;
        self.changes &= self.changes - 1;
        Some(at)
    }
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a [u8];

    #[inline(always)]
    fn next(&mut self) -> Option<&'a [u8]> {
        self.next_place().and_then(|place| self.bytes.get(place))
    }
}

/// The separators among the 64 bytes from `start` on, one bit a byte. Bytes beyond the end count as separators.
#[inline(always)]
fn separators(bytes: &[u8], start: usize) -> u64 {
    let beyond = u64::MAX.checked_shl((bytes.len() - start).min(BLOCK) as u32).unwrap_or_default();
    marks::mask(bytes, start, [b' ', b'\t', b'\n', b'\r', 0x0c]) | beyond
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn words_are_what_a_plain_split_gives(bytes in prop::collection::vec(prop_oneof![3 => any::<u8>(), 2 => prop::sample::select(&b" \t\n\r\x0c\x0b\0"[..])], 0..300)) {
            let is_separator = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0c);
            let expected: Vec<&[u8]> = bytes.split(is_separator).filter(|word| !word.is_empty()).collect();
            for from in 0..bytes.len().min(3) {
                let expected: Vec<&[u8]> = bytes[from..].split(is_separator).filter(|word| !word.is_empty()).collect();
                prop_assert_eq!(Words::of(&bytes[from..]).collect::<Vec<_>>(), expected);
            }
            prop_assert_eq!(Words::of(&bytes).places().map(|place| &bytes[place]).collect::<Vec<_>>(), &expected[..]);
            prop_assert_eq!(Words::of(&bytes).collect::<Vec<_>>(), expected);
        }
    }
}
