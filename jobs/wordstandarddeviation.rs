//! Standard deviation of the lengths of words, as Hadoop's example has it: the output is the number of words, the sum of their
//! lengths and that of the squares, and the program does the rest.
//!
//! ```text
//! deviation = √(square / count − (length / count)²)
//! ```
//!
//! - *Shuffle*: three records a task. A deviation of parts says nothing about the whole; the three sums do, and can be added in
//!   any order and grouping.
//! - The task [adds up](crate::jobs::lengths) what a combiner would.
//! - *Memory* helps not at all: the job is reading.

use std::path::PathBuf;

use twinmill::check::LineOrder;
use twinmill::generate::{Kind, Shape};
use twinmill::prelude::*;
use twinmill::program::{Highlights, Output, Program, Reference};
use twinmill::reference::ReferenceRun;

use crate::jobs::lengths::{AddLengths, Options, reference, show};

pub struct WordStandardDeviation;

/// The sums that it needs: all of them.
const SUMS: usize = 3;

impl Program for WordStandardDeviation {
    type Options = Options;

    const NAME: &'static str = "wordstandarddeviation";
    const ABOUT: &'static str = "Find the standard deviation of the lengths of the words";
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
        show(output, |[count, length, square]: [f64; SUMS]| {
            let mean = length / count;
            format!("The standard deviation is: {}", (square / count - mean * mean).max(0.0).sqrt())
        })
    }
}

impl WordStandardDeviation {
    fn reference(&self, options: &Options, inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
        reference(options, SUMS, inputs, run)
    }
}
