//! Lengths of words, in bytes, added up by each task for itself.
//!
//! Hadoop's examples emit two or three records a word and leave them to the combiner. Here a mapper keeps the sums of its task
//! and emits them when the task ends, which courses call in-mapper combining: it costs an addition a word instead of a record.

use std::path::PathBuf;

use twinmill::prelude::*;
use twinmill::program::{Highlights, Output};
use twinmill::reference::ReferenceRun;

use crate::jobs::highlights::{number, text};
use crate::jobs::tokens::{Tokenizer, Tokens};

/// Options of the jobs on lengths.
#[derive(clap::Args)]
pub struct Options {
    /// What a word is
    #[arg(long, value_enum, value_name = "RULE", default_value = "words")]
    pub tokens: Tokens,
}

/// The number of words, the sum of their lengths, and that of the squares.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sums {
    pub count: u64,
    pub length: u64,
    /// More bits than one word's length may need.
    pub square: u128,
}

impl Sums {
    #[inline(always)]
    pub fn add(&mut self, word: &[u8]) {
        let length = word.len() as u64;
        self.count += 1;
        self.length += length;
        self.square += u128::from(length) * u128::from(length);
    }

    /// The sums by their names, in byte order, of which the first `sums` are wanted. Without words there are none, as in Hadoop.
    pub fn named(&self, sums: usize) -> impl Iterator<Item = (&'static str, u128)> + use<> {
        let all = [("count", self.count.into()), ("length", self.length.into()), ("square", self.square)];
        all.into_iter().take(if self.count == 0 { 0 } else { sums })
    }
}

/// Adds up lengths in a split, and emits so many of the sums.
#[derive(Clone)]
pub struct AddLengths {
    tokenizer: Tokenizer,
    wanted: usize,
    sums: Sums,
}

impl AddLengths {
    pub fn new(options: &Options, wanted: usize) -> Self {
        AddLengths { tokenizer: Tokenizer::new(options.tokens), wanted, sums: Sums::default() }
    }
}

impl Mapper for AddLengths {
    type Input = Lines;
    type Key = str;
    type Value = u128;

    #[inline]
    fn map(&mut self, line: Record<'_>, _: &mut impl Emit<str, u128>) -> Result<()> {
        self.tokenizer.of(line.bytes()).for_each(|word| self.sums.add(word));
        Ok(())
    }

    fn finish(&mut self, out: &mut impl Emit<str, u128>) -> Result<()> {
        self.sums.named(self.wanted).for_each(|(name, sum)| out.emit(name, sum));
        Ok(())
    }
}

/// Adds up lengths without the framework, and writes so many of the sums.
pub fn reference(options: &Options, wanted: usize, inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
    let (mut tokenizer, mut sums) = (Tokenizer::new(options.tokens), Sums::default());
    run.for_each_line(inputs, |line| {
        tokenizer.of(line.bytes()).for_each(|word| sums.add(word));
        Ok(())
    })?;
    run.one_part();
    sums.named(wanted).try_for_each(|(name, sum)| run.write(0, name, &sum))
}

/// Shows the sums of an output under what `says` makes of them: that follows from `N` sums, and there is none without words.
pub fn show<const N: usize>(output: &Output<'_>, says: impl Fn([f64; N]) -> String) -> Result<Option<Highlights>> {
    let (mut sums, mut rows) = (Vec::new(), vec![["sum", "of all words"].map(str::to_owned).to_vec()]);
    output.each_record(|name, sum| {
        sums.push(number(sum)?);
        rows.push(vec![text(name), text(sum)]);
        Ok(())
    })?;
    Ok(sums.try_into().ok().map(|sums| Highlights { heading: says(sums), rows }))
}
