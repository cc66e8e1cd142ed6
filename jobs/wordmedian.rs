//! Median length of words, as Hadoop's example has it: the output is how many words have each length, and the program looks for
//! the middle one.
//!
//! ```text
//! "to be or not"   map   2: 3  3: 1      one reducer   2   5      six words; the third and the fourth have 2 bytes
//! "to be"         ────▶  2: 2           ────────────▶  3   1
//! ```
//!
//! - *Shuffle*: a record for each length and task. No sum tells a median, but the counts of all values do, and lengths are few.
//! - The task counts in a table, which saves what a combiner would.
//! - *Memory* helps not at all: the job is reading.

use std::collections::BTreeMap;
use std::path::PathBuf;

use twinmill::check::LineOrder;
use twinmill::generate::{Kind, Shape};
use twinmill::prelude::*;
use twinmill::program::{Highlights, Output, Program, Reference};
use twinmill::reference::ReferenceRun;

use crate::jobs::highlights::{ROWS, grouped, number};
use crate::jobs::lengths::Options;
use crate::jobs::tokens::Tokenizer;

pub struct WordMedian;

/// Lengths that are counted in a table.
const SHORT: usize = 64;

/// The number of words of each length.
#[derive(Clone, Debug)]
struct Lengths {
    short: [u64; SHORT],
    long: BTreeMap<u64, u64>,
}

impl Default for Lengths {
    fn default() -> Self {
        Lengths { short: [0; SHORT], long: BTreeMap::new() }
    }
}

impl Lengths {
    #[inline(always)]
    fn add(&mut self, word: &[u8]) {
        match self.short.get_mut(word.len()) {
            Some(count) => *count += 1,
            None => *self.long.entry(word.len() as u64).or_default() += 1,
        }
    }

    /// The lengths that occur, ascending, with their counts.
    fn counts(&self) -> impl Iterator<Item = (u64, u64)> {
        let short = (0u64..).zip(self.short).filter(|(_, count)| *count > 0);
        short.chain(self.long.iter().map(|(length, count)| (*length, *count)))
    }
}

/// Counts lengths in a split.
#[derive(Clone)]
struct CountLengths {
    tokenizer: Tokenizer,
    lengths: Lengths,
}

impl Mapper for CountLengths {
    type Input = Lines;
    type Key = u64;
    type Value = u64;

    #[inline]
    fn map(&mut self, line: Record<'_>, _: &mut impl Emit<u64, u64>) -> Result<()> {
        self.tokenizer.of(line.bytes()).for_each(|word| self.lengths.add(word));
        Ok(())
    }

    fn finish(&mut self, out: &mut impl Emit<u64, u64>) -> Result<()> {
        self.lengths.counts().for_each(|(length, count)| out.emit(length, count));
        Ok(())
    }
}

/// The median of values that come ascending, with their counts: the middle one, or the mean of the two in the middle.
fn median(counts: &[(f64, u64)]) -> f64 {
    let all: u64 = counts.iter().map(|(_, count)| count).sum();
    let at = |place: u64| {
        let mut before = 0;
        counts.iter().find(|(_, count)| {
            before += count;
            place < before
        })
    };
    let value = |place: u64| at(place).map_or(0.0, |(value, _)| *value);
    (value((all.max(1) - 1) / 2) + value(all / 2)) / 2.0
}

impl Program for WordMedian {
    type Options = Options;

    const NAME: &'static str = "wordmedian";
    const ABOUT: &'static str = "Find the median length of the words";
    const SUBJECT: &'static str = "text";
    const REFERENCE: Option<Reference<Self>> = Some(Self::reference);

    fn default_input(&self) -> Option<(Kind, Shape)> {
        Some((Kind::Text, Shape::bytes(256 << 20)))
    }

    fn line_order(&self, _: &Options) -> LineOrder {
        LineOrder::Free
    }

    fn run(&self, options: &Options, inputs: &[PathBuf], session: &Session) -> Result<Report> {
        let count = CountLengths { tokenizer: Tokenizer::new(options.tokens), lengths: Lengths::default() };
        Job::new(Self::NAME, count, Sum).input(inputs).reducers(1).run(session)
    }

    fn show(&self, _: &Options, output: &Output<'_>) -> Result<Option<Highlights>> {
        let mut counts = Vec::new();
        output.each_record(|length, count| {
            counts.push((number(length)?, number(count)? as u64));
            Ok(())
        })?;
        if counts.is_empty() {
            return Ok(None);
        }
        let mut rows = vec![["length", "words"].map(str::to_owned).to_vec()];
        rows.extend(counts.iter().take(ROWS).map(|(length, count)| vec![length.to_string(), grouped(*count)]));
        Ok(Some(Highlights { heading: format!("The median is: {}", median(&counts)), rows }))
    }
}

impl WordMedian {
    fn reference(&self, options: &Options, inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
        let (mut tokenizer, mut lengths) = (Tokenizer::new(options.tokens), Lengths::default());
        run.for_each_line(inputs, |line| {
            tokenizer.of(line.bytes()).for_each(|word| lengths.add(word));
            Ok(())
        })?;
        run.one_part();
        lengths.counts().try_for_each(|(length, count)| run.write(0, &length, &count))
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_median_is_in_the_middle() {
        use super::median;

        assert_eq!(median(&[(2.0, 5), (3.0, 1)]), 2.0);
        assert_eq!(median(&[(1.0, 2), (4.0, 2)]), 2.5);
        assert_eq!(median(&[(1.0, 2), (4.0, 1), (9.0, 2)]), 4.0);
        assert_eq!(median(&[(7.0, 1)]), 7.0);
    }
}
