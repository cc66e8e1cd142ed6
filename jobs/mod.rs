//! The jobs that come with twinmill, one file each. They see only the public API, so each is an example of how to write one.
//!
//! A new job is a file here and a line in [`all`].

mod components;
mod edges;
mod fields;
mod grep;
mod guess;
mod kmeans;
mod labels;
mod logreg;
mod pagerank;
mod rows;
mod scaling;
mod shown;
mod sort;
mod sums;
mod terasort;
mod terasort_validate;
mod wordcount;

use std::path::PathBuf;

use clap::{ArgMatches, Args, FromArgMatches};
use twinmill::generate::{Kind, Shape};
use twinmill::reference::{self, ReferenceRun};
use twinmill::{JobConfig, Report, Result};

/// The jobs, in the order of `twinmill list`.
pub fn all() -> Vec<Box<dyn AnyProgram>> {
    vec![
        Box::new(wordcount::WordCount),
        Box::new(grep::Grep),
        Box::new(sort::Sort),
        Box::new(terasort::Terasort),
        Box::new(terasort_validate::TerasortValidate),
        Box::new(pagerank::PageRank),
        Box::new(components::Components),
        Box::new(logreg::LogisticRegression),
        Box::new(kmeans::KMeans),
    ]
}

/// A job with its options, its default input and its reference.
pub trait Program: Send + Sync {
    /// The job's own options.
    type Options: Args;

    /// The name on the command line.
    const NAME: &'static str;
    /// One line about it.
    const ABOUT: &'static str;

    /// The input that is made for a run without one.
    fn default_input(&self) -> (Kind, Shape);

    /// Files that the options name and the job reads beside its inputs.
    fn side_inputs(&self, _options: &Self::Options) -> Vec<PathBuf> {
        Vec::new()
    }

    /// Runs it on the framework.
    fn run(&self, options: &Self::Options, inputs: &[PathBuf], config: &JobConfig) -> Result<Report>;

    /// Does the same in one thread, without the framework.
    fn reference(&self, options: &Self::Options, inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()>;
}

/// A [`Program`] whose options are still to be parsed.
pub trait AnyProgram: Send + Sync {
    fn name(&self) -> &'static str;
    fn about(&self) -> &'static str;
    fn default_input(&self) -> (Kind, Shape);
    /// Adds the job's options to a command.
    fn with_options(&self, command: clap::Command) -> clap::Command;
    /// Files that the options name and the job reads beside its inputs.
    fn side_inputs(&self, options: &ArgMatches) -> Vec<PathBuf>;
    fn run(&self, options: &ArgMatches, inputs: &[PathBuf], config: &JobConfig) -> Result<Report>;
    fn run_reference(&self, options: &ArgMatches, inputs: &[PathBuf], config: &JobConfig) -> Result<Report>;
}

impl<P: Program> AnyProgram for P {
    fn name(&self) -> &'static str {
        P::NAME
    }

    fn about(&self) -> &'static str {
        P::ABOUT
    }

    fn default_input(&self) -> (Kind, Shape) {
        Program::default_input(self)
    }

    fn with_options(&self, command: clap::Command) -> clap::Command {
        P::Options::augment_args(command)
    }

    fn side_inputs(&self, options: &ArgMatches) -> Vec<PathBuf> {
        Program::side_inputs(self, &parse::<P>(options))
    }

    fn run(&self, options: &ArgMatches, inputs: &[PathBuf], config: &JobConfig) -> Result<Report> {
        Program::run(self, &parse::<P>(options), inputs, config)
    }

    fn run_reference(&self, options: &ArgMatches, inputs: &[PathBuf], config: &JobConfig) -> Result<Report> {
        let options = parse::<P>(options);
        reference::run(P::NAME, inputs, config, |run| self.reference(&options, inputs, run))
    }
}

fn parse<P: Program>(matches: &ArgMatches) -> P::Options {
    P::Options::from_arg_matches(matches).expect("the command was built with these options")
}

/// Reads how little change counts as none.
fn tolerance(text: &str) -> Result<f64, String> {
    let value = text.parse().ok().filter(|value: &f64| value.is_finite() && *value >= 0.0);
    value.ok_or_else(|| "must be a number, at least 0".into())
}
