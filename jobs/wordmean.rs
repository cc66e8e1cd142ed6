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

use twinmill::check::LineOrder;
use twinmill::generate::{Kind, Shape};
use twinmill::prelude::*;
use twinmill::program::{Highlights, Output, Program, Reference};
use twinmill::reference::ReferenceRun;

use crate::jobs::lengths::{AddLengths, Options, reference, show};

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

    fn line_order(&self, _: &Options) -> LineOrder {
        LineOrder::Free
    }

    fn run(&self, options: &Options, inputs: &[PathBuf], session: &Session) -> Result<Report> {
        Job::new(Self::NAME, AddLengths::new(options, SUMS), Sum).input(inputs).reducers(1).run(session)
    }

    fn show(&self, _: &Options, output: &Output<'_>) -> Result<Option<Highlights>> {
        show(output, |[count, length]: [f64; SUMS]| format!("The mean is: {}", length / count))
    }
}

impl WordMean {
    fn reference(&self, options: &Options, inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
        reference(options, SUMS, inputs, run)
    }
}
