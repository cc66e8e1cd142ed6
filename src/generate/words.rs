//! Pronounceable words of lower-case ASCII letters, for text and for the paths of an access log.

use std::collections::HashSet;

use rand_core::RngCore;

use super::portable_math::ln;
use super::sampling::{below, unit};

const LETTERS_MAX: usize = 14;
const SLOT_BYTES: usize = 16;
const CONSONANTS: &[u8] = b"tttnnnsssrrrhhlldddccmmffppggwbbvkyjxqz";
const VOWELS: &[u8] = b"eeeeaaaoooiiuu";

/// A word and one space in a slot of fixed size, so that copying it needs no branch on its length.
///
/// ```text
/// byte  0 … letters-1   letters   …         15
///       the letters     space     unused    letters + 1
/// ```
#[derive(Clone, Copy)]
pub(super) struct Word {
    slot: [u8; SLOT_BYTES],
}

impl Word {
    /// A random word of `letters` letters, at most 14.
    pub(super) fn random(rng: &mut impl RngCore, letters: usize) -> Word {
        let mut slot = [0; SLOT_BYTES];
        let vowels_first = letters == 1 || below(rng, 3) == 0;
        for (i, letter) in slot[..letters].iter_mut().enumerate() {
            let alphabet = if (i % 2 == 0) == vowels_first { VOWELS } else { CONSONANTS };
            *letter = alphabet[below(rng, alphabet.len() as u32) as usize];
        }
        slot[letters] = b' ';
        slot[SLOT_BYTES - 1] = letters as u8 + 1;
        Word { slot }
    }

    /// The letters.
    pub(super) fn letters(&self) -> &[u8] {
        &self.slot[..usize::from(self.slot[SLOT_BYTES - 1]) - 1]
    }

    /// Appends the letters and a space.
    #[inline]
    pub(super) fn append_spaced(&self, buffer: &mut Vec<u8>) {
        let end = buffer.len() + usize::from(self.slot[SLOT_BYTES - 1]);
        buffer.extend_from_slice(&self.slot);
        buffer.truncate(end);
    }
}

/// `count` distinct words by rank. The letters of rank `r` are about `2 + 0.83 ln r`: common words are short, as in
/// natural languages (Zipf's law of abbreviation), and 200,000 words drawn by Zipf's law with exponent 1 have 6.84
/// letters in the mean.
pub(super) fn vocabulary(rng: &mut impl RngCore, count: u32) -> Vec<Word> {
    let mut seen = HashSet::with_capacity(count as usize);
    let mut words = Vec::with_capacity(count as usize);
    for rank in 1..=count {
        let log_rank = ln(f64::from(rank));
        let spread = (log_rank / 3.0).min(2.0) * (2.0 * unit(rng) - 1.0);
        let mut letters = ((2.0 + 0.83 * log_rank + spread).round_ties_even() as usize).clamp(1, LETTERS_MAX);
        let word = loop {
            let word = Word::random(rng, letters);
            if seen.insert(word.slot) {
                break word;
            }
            letters = (letters + 1).min(LETTERS_MAX);
        };
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::SeedableRng;
    use rand_xoshiro::Xoshiro256PlusPlus;

    #[test]
    fn a_vocabulary_is_distinct_lower_case_and_common_words_are_short() {
        let words = vocabulary(&mut Xoshiro256PlusPlus::seed_from_u64(1), 50_000);
        let distinct: HashSet<&[u8]> = words.iter().map(Word::letters).collect();
        assert_eq!(distinct.len(), 50_000);
        assert!(words.iter().all(|word| word.letters().iter().all(u8::is_ascii_lowercase)));
        let letters = |words: &[Word]| words.iter().map(|word| word.letters().len()).sum::<usize>() / words.len();
        assert!(letters(&words[..20]) <= 5);
        assert!(letters(&words[40_000..]) >= 9);
    }
}
