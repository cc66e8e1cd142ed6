//! Word count: how often each word occurs.
//!
//! Words are maximal runs of bytes other than space, TAB, LF, CR and FF, as Hadoop's example has them (`StringTokenizer`), or
//! with `--tokens letters` [runs of letters](crate::jobs::tokens).
//!
//! ```text
//! "to be or not"  map     (to) 1 (be) 1 (or) 1 (not) 1       reduce    be   2
//! "to be"        ─────▶   (to) 1 (be) 1                     ───────▶   not  1 …
//!                                             shuffled by word
//! ```
//!
//! - *Combiner*: it adds up the counts of a split's words, so a record is shuffled for each of its different words, and not for
//!   each word. With `--no-combiner` the shuffle is larger than the input.
//! - *Memory* helps little with a combiner, for there is little to keep; without it, it helps by what is shuffled.

use std::path::PathBuf;

use twinmill::check::LineOrder;
use twinmill::generate::{Kind, Shape};
use twinmill::prelude::*;
use twinmill::program::{Highlights, Output, Program, Reference};
use twinmill::record::Words;
use twinmill::reference::ReferenceRun;

use crate::jobs::highlights::largest_numbers;
use crate::jobs::tally::Tally;
use crate::jobs::tokens::{EachToken, Tokenizer, Tokens};

pub struct WordCount;

#[derive(clap::Args)]
pub struct Options {
    /// Shuffle every word as it stands instead of adding up counts on the map side
    #[arg(long)]
    no_combiner: bool,
    /// What a word is
    #[arg(long, value_enum, value_name = "RULE", default_value = "words")]
    tokens: Tokens,
}

impl Program for WordCount {
    type Options = Options;

    const NAME: &'static str = "wordcount";
    const ABOUT: &'static str = "Count how often each word occurs";
    const SUBJECT: &'static str = "text";
    const REFERENCE: Option<Reference<Self>> = Some(Self::reference);

    fn default_input(&self) -> Option<(Kind, Shape)> {
        Some((Kind::Text, Shape::bytes(256 << 20)))
    }

    fn line_order(&self, _: &Options) -> LineOrder {
        LineOrder::Free
    }

    fn run(&self, options: &Options, inputs: &[PathBuf], session: &Session) -> Result<Report> {
        let job = Job::new(Self::NAME, EachToken(Tokenizer::new(options.tokens)), Sum).input(inputs);
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
    fn reference(&self, options: &Options, inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
        let (mut tally, mut tokenizer) = (Tally::default(), Tokenizer::new(options.tokens));
        run.for_each_line(inputs, |line| {
            let line = tokenizer.words_of(line.bytes());
            Words::of(line).places().for_each(|word| tally.add_within(line, word));
            Ok(())
        })?;
        tally.for_each_sorted(|word, count| run.write_by_key::<[u8]>(word, &count))
    }
}
