//! Anagrams: words that are made of the same letters.
//!
//! ```text
//! "stop tap pots"    map   (opst, stop) (apt, tap) (opst, pots)     reduce    opst   pots,stop
//!                          key: the letters, sorted, and the word
//! ```
//!
//! - *Shuffle*: words go to the reducer of their letters, and the sort brings the words of a group in order, equal ones side by
//!   side: a secondary sort. A word alone in its group is not printed.
//! - *Combiner*: it drops words that the split has had.
//! - *Memory* helps by what is shuffled: with a list of different words, twice the input.
//!
//! A letter is a byte here, as everywhere in twinmill.

use std::path::PathBuf;

use hashbrown::HashMap;
use memchr::memmem;
use twinmill::check::LineOrder;
use twinmill::generate::{Kind, Shape};
use twinmill::prelude::*;
use twinmill::program::{Program, Reference};
use twinmill::record::{Key, ToKey};
use twinmill::reference::ReferenceRun;

use crate::jobs::tokens::{Tokenizer, Tokens};

pub struct Anagrams;

#[derive(clap::Args)]
pub struct Options {
    /// What a word is
    #[arg(long, value_enum, value_name = "RULE", default_value = "words")]
    tokens: Tokens,
}

/// The sorted letters of a word, and the word.
type LettersAndWord = (Vec<u8>, Vec<u8>);

/// Length of the letters at the front of an encoded key: they end with 00 01, and a 00 of their own is followed by FF.
fn letters_len(key: &[u8]) -> usize {
    memmem::find(key, &[0, 1]).map_or(key.len(), |end| end + 2)
}

fn sort_letters(word: &[u8], letters: &mut Vec<u8>) {
    letters.clear();
    letters.extend_from_slice(word);
    letters.sort_unstable();
}

#[derive(Clone)]
struct ByLetters {
    tokenizer: Tokenizer,
    letters: Vec<u8>,
}

impl Mapper for ByLetters {
    type Input = Lines;
    type Key = LettersAndWord;
    type Value = ();

    fn map(&mut self, line: Record<'_>, out: &mut impl Emit<LettersAndWord, ()>) -> Result<()> {
        let ByLetters { tokenizer, letters } = self;
        for word in tokenizer.of(line.bytes()) {
            sort_letters(word, letters);
            out.emit((&*letters, word), ());
        }
        Ok(())
    }
}

/// Lists the different words of a group.
#[derive(Clone, Default)]
struct ListWords {
    list: Vec<u8>,
    last: Vec<u8>,
}

impl Reducer for ListWords {
    type Key = LettersAndWord;
    type Value = ();
    type OutKey = [u8];
    type OutValue = [u8];

    fn reduce(
        &mut self,
        (letters, first): LettersAndWord,
        words: &mut Values<()>,
        out: &mut impl Emit<[u8], [u8]>,
    ) -> Result<()> {
        self.list.clear();
        self.list.extend_from_slice(&first);
        self.last.clear();
        let mut different = 0;
        while let Some((key, ())) = words.next_with_key() {
            // The word is encoded as a part, which differs where words differ.
            let word = &key[letters_len(key)..];
            if word != self.last {
                different += 1;
                self.last.clear();
                self.last.extend_from_slice(word);
                if different > 1 {
                    self.list.push(b',');
                    self.list.extend_from_slice(&<Vec<u8> as Key>::decode_part(&mut &*word)?);
                }
            }
        }
        if different > 1 {
            out.emit(&letters, &self.list);
        }
        Ok(())
    }
}

impl Program for Anagrams {
    type Options = Options;

    const NAME: &'static str = "anagrams";
    const ABOUT: &'static str = "Group the words that are made of the same letters";
    const SUBJECT: &'static str = "text";
    const REFERENCE: Option<Reference<Self>> = Some(Self::reference);

    fn default_input(&self) -> Option<(Kind, Shape)> {
        Some((Kind::Text, Shape::bytes(64 << 20)))
    }

    fn line_order(&self, _: &Options) -> LineOrder {
        LineOrder::Free
    }

    fn run(&self, options: &Options, inputs: &[PathBuf], session: &Session) -> Result<Report> {
        let by_letters = ByLetters { tokenizer: Tokenizer::new(options.tokens), letters: Vec::new() };
        let job = Job::new(Self::NAME, by_letters, ListWords::default()).input(inputs).group_by_prefix(letters_len);
        job.combine(|(): &mut (), ()| {}).run(session)
    }
}

impl Anagrams {
    fn reference(&self, options: &Options, inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
        let (mut tokenizer, mut words) = (Tokenizer::new(options.tokens), HashMap::<Vec<u8>, ()>::new());
        run.for_each_line(inputs, |line| {
            tokenizer.of(line.bytes()).for_each(|word| *words.entry_ref(word).or_default() = ());
            Ok(())
        })?;
        let with_letters = |(word, ()): (Vec<u8>, ())| {
            let mut letters = Vec::new();
            sort_letters(&word, &mut letters);
            (letters, word)
        };
        let mut words: Vec<LettersAndWord> = words.into_iter().map(with_letters).collect();
        words.sort_unstable();
        let mut key = Vec::new();
        for group in words.chunk_by(|one, other| one.0 == other.0).filter(|group| group.len() > 1) {
            let list: Vec<&[u8]> = group.iter().map(|(_, word)| &word[..]).collect();
            key.clear();
            ToKey::<Vec<u8>>::encode_part(&group[0].0, &mut key);
            run.write(run.partition(&key), &group[0].0, &list.join(&b','))?;
        }
        Ok(())
    }
}
