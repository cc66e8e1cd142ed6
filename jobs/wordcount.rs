//! Word count: how often each word occurs.
//!
//! Words are maximal runs of bytes other than space, TAB, LF, CR and FF, as Hadoop's example has them (`StringTokenizer`).

use std::path::PathBuf;

use hashbrown::HashMap;
use twinmill::generate::{Kind, Shape};
use twinmill::prelude::*;
use twinmill::program::{Highlights, Output, Program, Reference};
use twinmill::reference::ReferenceRun;

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
        let mut counts: HashMap<Vec<u8>, u64> = HashMap::new();
        run.for_each_line(inputs, |line| {
            let is_separator = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0c);
            for word in line.split(is_separator).filter(|word| !word.is_empty()) {
                *counts.entry_ref(word).or_default() += 1;
            }
            Ok(())
        })?;
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_unstable();
        counts.iter().try_for_each(|(word, count)| run.write(run.partition(word), word.as_slice(), count))
    }
}
