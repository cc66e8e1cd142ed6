//! Mean length of words, as Hadoop's example has it: the output is the number of words and the sum of their lengths, and the
//! program divides.
//!
//! ```text
//! "to be or not"   map   count 4  length 9     one reducer   count  4
//! "to be"         ────▶  count 2  length 4    ────────────▶  length 13      mean 13 / 6
//! ```
//!
//! - *Shuffle*: two records a task. A mean of means would be wrong; sums and counts can be added in any order and grouping.
//! - The task [adds up](crate::jobs::lengths) what a combiner would.
//! - *Memory* helps not at all: the job is reading.

use std::path::PathBuf;

use twinmill::generate::{Kind, Shape};
use twinmill::prelude::*;
use twinmill::program::{Highlights, Output, Program, Reference};
use twinmill::reference::ReferenceRun;

use crate::jobs::highlights::{number, text};
use crate::jobs::lengths::{AddLengths, Options, Sums};
use crate::jobs::tokens::Tokenizer;

pub struct WordMean;

/// The sums that it needs: the number of words, and the sum of their lengths.
const SUMS: usize = 2;

impl Program for WordMean {
    type Options = Options;

    const NAME: &'static str = "wordmean";
    const ABOUT: &'static str = "Find the mean length of the words";
    const SUBJECT: &'static str = "text";
    const REFERENCE: Option<Reference<Self>> = Some(Self::reference);

    fn default_input(&self) -> Option<(Kind, Shape)> {
        Some((Kind::Text, Shape::bytes(256 << 20)))
    }

    fn run(&self, options: &Options, inputs: &[PathBuf], session: &Session) -> Result<Report> {
        Job::new(Self::NAME, AddLengths::new(options, SUMS), Sum).input(inputs).reducers(1).run(session)
    }

    fn show(&self, _: &Options, output: &Output<'_>) -> Result<Option<Highlights>> {
        let (mut sums, mut rows) = (Vec::new(), vec![["sum", "of all words"].map(str::to_owned).to_vec()]);
        output.each_record(|name, sum| {
            sums.push(number(sum)?);
            rows.push(vec![text(name), text(sum)]);
            Ok(())
        })?;
        let [count, length] = sums[..] else { return Ok(None) };
        Ok(Some(Highlights { heading: format!("The mean is: {}", length / count), rows }))
    }
}

impl WordMean {
    fn reference(&self, options: &Options, inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
        let (mut tokenizer, mut sums) = (Tokenizer::new(options.tokens), Sums::default());
        run.for_each_line(inputs, |line| {
            tokenizer.of(line.bytes()).for_each(|word| sums.add(word));
            Ok(())
        })?;
        sums.named(SUMS).try_for_each(|(name, sum)| run.write(0, name, &sum))
    }
}
