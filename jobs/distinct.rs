//! Distinct: each line of the input once, as `sort -u` has it.
//!
//! ```text
//! b a b     map (b) (a) (b)     combine (a) (b)     shuffle by line     reduce   a   b
//! ```
//!
//! - *Shuffle*: equal lines meet at one reducer, which writes the first and passes over the rest. There is nothing but keys.
//! - *Combiner*: it drops the repetitions within a split. Where most lines are different, it finds little to drop.
//! - *Memory* helps by what is shuffled, which is as much as the input where most lines are different.

use std::path::PathBuf;

use twinmill::check::LineOrder;
use twinmill::generate::{Kind, Shape};
use twinmill::prelude::*;
use twinmill::program::{Program, Reference};
use twinmill::reference::ReferenceRun;

use crate::jobs::line_sorter::LineSorter;
use crate::jobs::lines::LineAsKey;

pub struct Distinct;

/// Emits each key once.
#[derive(Clone)]
struct Once;

impl Reducer for Once {
    type Key = [u8];
    type Value = ();
    type OutKey = [u8];
    type OutValue = ();

    fn reduce(&mut self, line: &[u8], _: &mut Values<()>, out: &mut impl Emit<[u8], ()>) -> Result<()> {
        out.emit(line, ());
        Ok(())
    }
}

impl Program for Distinct {
    type Options = ();

    const NAME: &'static str = "distinct";
    const ABOUT: &'static str = "Keep each line once";
    const SUBJECT: &'static str = "text";
    const REFERENCE: Option<Reference<Self>> = Some(Self::reference);

    fn default_input(&self) -> Option<(Kind, Shape)> {
        Some((Kind::Graph, Shape::records(4_000_000)))
    }

    fn line_order(&self, _: &()) -> LineOrder {
        LineOrder::Free
    }

    fn run(&self, _: &(), inputs: &[PathBuf], session: &Session) -> Result<Report> {
        Job::new(Self::NAME, LineAsKey, Once).input(inputs).combine(|(): &mut (), ()| {}).run(session)
    }
}

impl Distinct {
    fn reference(&self, _: &(), inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
        let mut sorter = LineSorter::default();
        run.for_each_line(inputs, |line| {
            sorter.add_distinct(&line);
            Ok(())
        })?;
        sorter.for_each_distinct(|line| run.write_by_key::<[u8]>(line, &()))
    }
}
