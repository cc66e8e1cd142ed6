//! A job for the command line: with a name, options and, optionally, a default input and a reference.
//!
//! A job without options of its own needs a name, a sentence and a function, from which [`program`] makes a program:
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! use twinmill::prelude::*;
//! use twinmill::program::program;
//!
//! fn main() -> ExitCode {
//!     let count = program("count", "Count the words", |inputs, session| {
//!         Job::new("count", Words, Sum).combine(Sum).input(inputs).run(session)
//!     });
//!     twinmill::cli::main([count])
//! }
//! ```
//!
//! A job with options, a default input or a reference implements [`Program`].

use std::path::PathBuf;

use clap::{ArgMatches, Args, Command, FromArgMatches};

use crate::error::{Error, Result};
use crate::generate::{Kind, Shape};
use crate::observe::report::Report;
use crate::reference::{self, ReferenceRun};
use crate::runtime::session::Session;

/// Runs a job in one thread, without the framework.
pub type Reference<P> = fn(&P, &<P as Program>::Options, &[PathBuf], &mut ReferenceRun) -> Result<()>;

/// A job with its options and, optionally, a default input and a reference.
pub trait Program: Sized + Send + Sync {
    /// The job's own options; `()` where it has none.
    type Options: Args;

    /// The name on the command line.
    const NAME: &'static str;
    /// One line about it.
    const ABOUT: &'static str;
    /// The same job in one thread, without the framework. A job without one is compared without that column.
    const REFERENCE: Option<Reference<Self>> = None;

    /// The input that is generated for a run that is given none. `None` where every run must be given an input.
    fn default_input(&self) -> Option<(Kind, Shape)> {
        None
    }

    /// Files that the options name and the job reads beside its inputs.
    fn side_inputs(&self, _options: &Self::Options) -> Vec<PathBuf> {
        Vec::new()
    }

    /// Runs it on the framework.
    ///
    /// # Errors
    /// Those that fail the job.
    fn run(&self, options: &Self::Options, inputs: &[PathBuf], session: &Session) -> Result<Report>;
}

/// A [`Program`] whose options are still to be parsed.
pub trait AnyProgram: Send + Sync {
    /// The name on the command line.
    fn name(&self) -> &'static str;
    /// One line about it.
    fn about(&self) -> &'static str;
    /// The input that is generated for a run that is given none.
    fn default_input(&self) -> Option<(Kind, Shape)>;
    /// Adds the job's options to a command.
    fn with_options(&self, command: Command) -> Command;
    /// Files that the options name and the job reads beside its inputs.
    fn side_inputs(&self, options: &ArgMatches) -> Vec<PathBuf>;
    /// Runs it on the framework.
    ///
    /// # Errors
    /// Those that fail the job.
    fn run(&self, options: &ArgMatches, inputs: &[PathBuf], session: &Session) -> Result<Report>;
    /// Whether it has a reference.
    fn has_reference(&self) -> bool;
    /// Runs it in one thread, without the framework.
    ///
    /// # Errors
    /// Those that fail the job; [`Error::Config`] where it has no reference.
    fn run_reference(&self, options: &ArgMatches, inputs: &[PathBuf], session: &Session) -> Result<Report>;

    /// Boxes it, for a list of programs.
    fn boxed(self) -> Box<dyn AnyProgram>
    where
        Self: Sized + 'static,
    {
        Box::new(self)
    }
}

impl<P: Program> AnyProgram for P {
    fn name(&self) -> &'static str {
        P::NAME
    }

    fn about(&self) -> &'static str {
        P::ABOUT
    }

    fn default_input(&self) -> Option<(Kind, Shape)> {
        Program::default_input(self)
    }

    fn with_options(&self, command: Command) -> Command {
        P::Options::augment_args(command)
    }

    fn side_inputs(&self, options: &ArgMatches) -> Vec<PathBuf> {
        Program::side_inputs(self, &parse::<P>(options))
    }

    fn run(&self, options: &ArgMatches, inputs: &[PathBuf], session: &Session) -> Result<Report> {
        Program::run(self, &parse::<P>(options), inputs, session)
    }

    fn has_reference(&self) -> bool {
        P::REFERENCE.is_some()
    }

    fn run_reference(&self, options: &ArgMatches, inputs: &[PathBuf], session: &Session) -> Result<Report> {
        let reference = P::REFERENCE.ok_or_else(|| no_reference(P::NAME))?;
        let options = parse::<P>(options);
        reference::run(P::NAME, inputs, session, |run| reference(self, &options, inputs, run))
    }
}

fn parse<P: Program>(matches: &ArgMatches) -> P::Options {
    P::Options::from_arg_matches(matches).expect("the command was built with these options")
}

fn no_reference(name: &str) -> Error {
    Error::Config(format!("{name} has no reference"))
}

/// Makes a program of a name, one line about it, and what runs the job on its inputs.
pub fn program<F>(name: &'static str, about: &'static str, run: F) -> Box<dyn AnyProgram>
where
    F: Fn(&[PathBuf], &Session) -> Result<Report> + Send + Sync + 'static,
{
    Box::new(Plain { name, about, run })
}

/// A program without options, default input and reference.
struct Plain<F> {
    name: &'static str,
    about: &'static str,
    run: F,
}

impl<F> AnyProgram for Plain<F>
where
    F: Fn(&[PathBuf], &Session) -> Result<Report> + Send + Sync,
{
    fn name(&self) -> &'static str {
        self.name
    }

    fn about(&self) -> &'static str {
        self.about
    }

    fn default_input(&self) -> Option<(Kind, Shape)> {
        None
    }

    fn with_options(&self, command: Command) -> Command {
        command
    }

    fn side_inputs(&self, _options: &ArgMatches) -> Vec<PathBuf> {
        Vec::new()
    }

    fn run(&self, _options: &ArgMatches, inputs: &[PathBuf], session: &Session) -> Result<Report> {
        (self.run)(inputs, session)
    }

    fn has_reference(&self) -> bool {
        false
    }

    fn run_reference(&self, _options: &ArgMatches, _inputs: &[PathBuf], _session: &Session) -> Result<Report> {
        Err(no_reference(self.name))
    }
}

/// The programs of a command line, in the order of its `list`.
pub struct Programs(pub(crate) Vec<Box<dyn AnyProgram>>);

impl From<Vec<Box<dyn AnyProgram>>> for Programs {
    fn from(programs: Vec<Box<dyn AnyProgram>>) -> Self {
        Programs(programs)
    }
}

impl<const N: usize> From<[Box<dyn AnyProgram>; N]> for Programs {
    fn from(programs: [Box<dyn AnyProgram>; N]) -> Self {
        Programs(programs.into())
    }
}

impl From<Box<dyn AnyProgram>> for Programs {
    fn from(program: Box<dyn AnyProgram>) -> Self {
        Programs(vec![program])
    }
}

impl<P: Program + 'static> From<P> for Programs {
    fn from(program: P) -> Self {
        Programs(vec![Box::new(program)])
    }
}
