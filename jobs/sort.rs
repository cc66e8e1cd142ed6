//! Sort: the lines of the input in byte order.

use std::path::PathBuf;

use clap::ArgAction;
use twinmill::check::LineOrder;
use twinmill::generate::{Kind, Shape};
use twinmill::parts::total_order;
use twinmill::prelude::*;
use twinmill::program::{Program, Reference};
use twinmill::reference::ReferenceRun;

use crate::jobs::line_sorter::LineSorter;
use crate::jobs::lines::LineAsKey;

/// Lines looked at to choose split points: at 10,000 a range is within a few percent of its share.
const SAMPLE_LINES: usize = 10_000;

pub struct Sort;

#[derive(clap::Args)]
pub struct Options {
    /// Give each reducer a range of lines, so that the parts one after another are sorted; `false` spreads lines by hash,
    /// and each part is sorted on its own
    #[arg(long, value_name = "BOOL", default_value_t = true, action = ArgAction::Set, num_args = 0..=1,
          default_missing_value = "true")]
    total_order: bool,
}

impl Program for Sort {
    type Options = Options;

    const NAME: &'static str = "sort";
    const ABOUT: &'static str = "Sort lines by their bytes";
    const SUBJECT: &'static str = "sorting";
    const REFERENCE: Option<Reference<Self>> = Some(Self::reference);

    fn default_input(&self) -> Option<(Kind, Shape)> {
        Some((Kind::Text, Shape::bytes(256 << 20)))
    }

    fn line_order(&self, _: &Options) -> LineOrder {
        LineOrder::Free
    }

    fn run(&self, options: &Options, inputs: &[PathBuf], session: &Session) -> Result<Report> {
        let mut driver = Driver::start(Self::NAME, session)?;
        let job = Job::new(Self::NAME, LineAsKey, Identity).input(inputs);
        if options.total_order {
            let order = total_order(driver.inputs(), inputs, &LineAsKey, SAMPLE_LINES, session.config.reducers)?;
            driver.run(&job.partition_by(order))?;
        } else {
            driver.run(&job)?;
        }
        driver.finish()
    }
}

impl Sort {
    fn reference(&self, options: &Options, inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
        let order = total_order(run.inputs(), inputs, &LineAsKey, SAMPLE_LINES, run.reducers())?;
        let mut sorter = LineSorter::with_capacity(run.inputs().bytes(inputs)? as usize);
        run.for_each_line(inputs, |line| {
            sorter.add(&line);
            Ok(())
        })?;
        sorter.for_each_sorted(|line| {
            let part = if options.total_order { order.partition(line, run.reducers()) } else { run.partition(line) };
            run.write(part, line, &())
        })
    }
}
