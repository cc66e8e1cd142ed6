//! Grep, as Hadoop's example has it: count the matches of a pattern, then sort them by count.
//!
//! Two jobs. The first counts each matched text; the second has one reducer and sorts by count, descending, then by text.

use std::cmp::Reverse;
use std::path::PathBuf;

use hashbrown::HashMap;
use regex::bytes::Regex;
use twinmill::check::LineOrder;
use twinmill::generate::{Kind, Shape};
use twinmill::prelude::*;
use twinmill::program::{Program, Reference};
use twinmill::reference::ReferenceRun;

pub struct Grep;

#[derive(clap::Args)]
pub struct Options {
    /// The regular expression to look for, line by line; matches of no length are not counted
    #[arg(long, value_name = "REGEX", default_value = "[a-z]*ten[a-z]*", value_parser = pattern)]
    pattern: Regex,
}

fn pattern(text: &str) -> Result<Regex, String> {
    if text.is_empty() {
        return Err("an empty pattern has only matches of no length, which are not counted".into());
    }
    Regex::new(text).map_err(|error| error.to_string())
}

#[derive(Clone)]
struct Find {
    pattern: Regex,
}

impl Mapper for Find {
    type Input = Lines;
    type Key = [u8];
    type Value = u64;

    fn map(&mut self, line: Record<'_>, out: &mut impl Emit<[u8], u64>) -> Result<()> {
        for found in self.pattern.find_iter(&line).filter(|found| !found.is_empty()) {
            out.emit(found.as_bytes(), 1);
        }
        Ok(())
    }
}

/// Turns (text, count) into a key that sorts by count, descending, then by text.
#[derive(Clone)]
struct ByCount;

impl Mapper for ByCount {
    type Input = Pairs<[u8], u64>;
    type Key = (Reverse<u64>, Vec<u8>);
    type Value = ();

    fn map(&mut self, (text, count): (&[u8], u64), out: &mut impl Emit<Self::Key, ()>) -> Result<()> {
        out.emit((Reverse(count), text), ());
        Ok(())
    }
}

#[derive(Clone)]
struct Print;

impl Reducer for Print {
    type Key = (Reverse<u64>, Vec<u8>);
    type Value = ();
    type OutKey = [u8];
    type OutValue = u64;

    fn reduce(
        &mut self,
        (Reverse(count), text): (Reverse<u64>, Vec<u8>),
        _: &mut Values<()>,
        out: &mut impl Emit<[u8], u64>,
    ) -> Result<()> {
        out.emit(text, count);
        Ok(())
    }
}

impl Program for Grep {
    type Options = Options;

    const NAME: &'static str = "grep";
    const ABOUT: &'static str = "Count the matches of a regular expression, most frequent first";
    const SUBJECT: &'static str = "text";
    const REFERENCE: Option<Reference<Self>> = Some(Self::reference);

    fn default_input(&self) -> Option<(Kind, Shape)> {
        Some((Kind::Text, Shape::bytes(256 << 20)))
    }

    fn line_order(&self, _: &Options) -> LineOrder {
        LineOrder::Free
    }

    fn run(&self, options: &Options, inputs: &[PathBuf], session: &Session) -> Result<Report> {
        let mut driver = Driver::start(Self::NAME, session)?;
        let search = Job::new("grep-search", Find { pattern: options.pattern.clone() }, Sum)
            .combine(Sum)
            .input(inputs)
            // Without a reducer nothing would add up the counts.
            .reducers(session.config.reducers.max(1));
        let counts = driver.run_to_dataset(&search)?;
        driver.run(&Job::new("grep-sort", ByCount, Print).input(&counts).reducers(1))?;
        drop(counts);
        driver.finish()
    }
}

impl Grep {
    fn reference(&self, options: &Options, inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
        let mut counts: HashMap<Vec<u8>, u64> = HashMap::new();
        run.for_each_line(inputs, |line| {
            for found in options.pattern.find_iter(&line).filter(|found| !found.is_empty()) {
                *counts.entry_ref(found.as_bytes()).or_default() += 1;
            }
            Ok(())
        })?;
        let mut counts: Vec<_> = counts.into_iter().map(|(text, count)| (Reverse(count), text)).collect();
        counts.sort_unstable();
        run.one_part();
        counts.iter().try_for_each(|(Reverse(count), text)| run.write(0, text, count))
    }
}
