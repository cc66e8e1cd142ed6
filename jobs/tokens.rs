//! Tokens: the parts of a line that a job on text counts.
//!
//! ```text
//! line               The cat's 9 lives
//! --tokens words     The │ cat's │ 9 │ lives        as they stand between blanks
//! --tokens letters   the │ cat │ s │ lives          runs of letters, in lower case
//! ```
//!
//! Words are what Hadoop's example counts. Letters are for questions about language, where `The`, `the` and `the,` are one
//! word. Both are rules about bytes: a letter beyond a–z, such as `é`, is a part of a word, and no letter.

use clap::ValueEnum;
use twinmill::prelude::{Emit, Lines, Mapper, Record, Result};
use twinmill::record::Words;

/// A rule that says what a token is. A token never crosses a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Tokens {
    /// Maximal runs of bytes other than space, TAB, LF, CR and FF, as they are
    Words,
    /// Maximal runs of the letters a to z, after A to Z have become lower case
    Letters,
}

/// Finds the tokens of lines.
#[derive(Clone, Debug)]
pub struct Tokenizer {
    tokens: Tokens,
    /// A line in which everything but letters is blank.
    letters: Vec<u8>,
}

impl Tokenizer {
    pub fn new(tokens: Tokens) -> Self {
        Tokenizer { tokens, letters: Vec::new() }
    }

    /// The tokens of a line, in order.
    #[inline(always)]
    pub fn of<'a>(&'a mut self, line: &'a [u8]) -> Words<'a> {
        Words::of(self.words_of(line))
    }

    /// A line in which only tokens are left between blanks, each at the place where it stands in `line`.
    #[inline(always)]
    pub fn words_of<'a>(&'a mut self, line: &'a [u8]) -> &'a [u8] {
        match self.tokens {
            Tokens::Words => line,
            Tokens::Letters => self.letters_of(line),
        }
    }

    fn letters_of(&mut self, line: &[u8]) -> &[u8] {
        self.letters.clear();
        self.letters.extend(line.iter().map(|byte| lower_letter(*byte)));
        &self.letters
    }
}

/// A letter in lower case; a blank for every other byte.
#[inline(always)]
fn lower_letter(byte: u8) -> u8 {
    let lower = byte | 0x20;
    if lower.is_ascii_lowercase() { lower } else { b' ' }
}

/// Emits each token of a line with 1.
#[derive(Clone, Debug)]
pub struct EachToken(pub Tokenizer);

impl Mapper for EachToken {
    type Input = Lines;
    type Key = [u8];
    type Value = u64;

    #[inline]
    fn map(&mut self, line: Record<'_>, out: &mut impl Emit<[u8], u64>) -> Result<()> {
        self.0.of(line.bytes()).for_each(|token| out.emit(token, 1));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::jobs::tokens::{Tokenizer, Tokens};

    fn tokens(rule: Tokens, line: &[u8]) -> Vec<Vec<u8>> {
        Tokenizer::new(rule).of(line).map(<[u8]>::to_vec).collect()
    }

    #[test]
    fn words_stay_as_they_are_and_letters_become_lower_case() {
        let line = b"The cat's 9 lives\r";
        assert_eq!(tokens(Tokens::Words, line), [&b"The"[..], b"cat's", b"9", b"lives"]);
        assert_eq!(tokens(Tokens::Letters, line), [&b"the"[..], b"cat", b"s", b"lives"]);
        assert_eq!(tokens(Tokens::Letters, "Caf\u{e9} @[`{".as_bytes()), [b"caf"]);
    }

    proptest! {
        #[test]
        fn letters_are_what_a_plain_split_gives(line in prop::collection::vec(any::<u8>(), 0..200)) {
            let lower = line.to_ascii_lowercase();
            let runs = lower.split(|byte| !byte.is_ascii_lowercase()).filter(|run| !run.is_empty());
            prop_assert_eq!(tokens(Tokens::Letters, &line), runs.collect::<Vec<_>>());
        }
    }
}
