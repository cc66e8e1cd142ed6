//! Word count: how often each word occurs.
//!
//! Words are maximal runs of bytes other than space, TAB, LF, CR and FF, as Hadoop's example has them (`StringTokenizer`).

use std::path::PathBuf;

use twinmill::generate::{Kind, Shape};
use twinmill::prelude::*;
use twinmill::program::{Highlights, Output, Program, Reference};
use twinmill::reference::ReferenceRun;

use crate::jobs::tally::Tally;

use crate::jobs::highlights::largest_numbers;

pub struct WordCount;

#[derive(clap::Args)]
pub struct Options {
    /// Shuffle every word as it stands instead of adding up counts on the map side
    #[arg(long)]
    no_combiner: bool,
}

impl Program for WordCount {
    type Options = Options;

    const NAME: &'static str = "wordcount";
    const ABOUT: &'static str = "Count how often each word occurs";
    const REFERENCE: Option<Reference<Self>> = Some(Self::reference);

    fn default_input(&self) -> Option<(Kind, Shape)> {
        Some((Kind::Text, Shape::bytes(256 << 20)))
    }

    fn run(&self, options: &Options, inputs: &[PathBuf], session: &Session) -> Result<Report> {
        let job = Job::new(Self::NAME, Words, Sum).input(inputs);
        if options.no_combiner {
            return job.run(session);
        }
        job.combine(|sum: &mut u64, count| *sum += count).run(session)
    }

    fn show(&self, _: &Options, output: &Output<'_>) -> Result<Option<Highlights>> {
        largest_numbers(output, "words", ["word", "count"]).map(Some)
    }
}

impl WordCount {
    fn reference(&self, _: &Options, inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
        let mut tally = Tally::default();
        run.for_each_line(inputs, |line| {
            line.words().for_each(|word| tally.add(word));
            Ok(())
        })?;
        tally.for_each_sorted(|word, count| run.write(run.partition(word), word, &count))
    }
}
