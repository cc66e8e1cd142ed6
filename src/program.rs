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

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::PathBuf;

use clap::{ArgMatches, Args, Command, FromArgMatches};

use crate::cancel::CancelToken;
use crate::check::LineOrder;
use crate::error::{Error, Result};
use crate::generate::{Kind, Shape};
use crate::observe::activity::transfer;
use crate::observe::purpose::{FileUse, Purpose};
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
    /// The subject under which the list of jobs shows it: `text`, `graphs`. Jobs of one subject stand together.
    const SUBJECT: &'static str = "";
    /// The same job in one thread, without the framework. A job without one is compared without that column.
    const REFERENCE: Option<Reference<Self>> = None;

    /// The input that is generated for a run that is given none. `None` where every run must be given an input.
    fn default_input(&self) -> Option<(Kind, Shape)> {
        None
    }

    /// Further inputs that are generated then, for a job that reads several tables.
    fn further_default_inputs(&self) -> Vec<(Kind, Shape)> {
        Vec::new()
    }

    /// The inputs that options of the job name, in their order: each the option and its value. They are the job's inputs, as
    /// if `--input` named them.
    fn named_inputs(&self, _options: &Self::Options) -> Vec<(&'static str, PathBuf)> {
        Vec::new()
    }

    /// Whether it reads inputs. One that does not is given none.
    fn reads_input(&self) -> bool {
        true
    }

    /// Files that the options name and the job reads beside its inputs.
    fn side_inputs(&self, _options: &Self::Options) -> Vec<PathBuf> {
        Vec::new()
    }

    /// Whether the order of the lines of its input makes a difference. `twinmill check` permutes them where the job says that
    /// it makes none.
    fn line_order(&self, _options: &Self::Options) -> LineOrder {
        LineOrder::Matters
    }

    /// Runs it on the framework.
    ///
    /// # Errors
    /// Those that fail the job.
    fn run(&self, options: &Self::Options, inputs: &[PathBuf], session: &Session) -> Result<Report>;

    /// Picks from an output what people want to see at the end of a run: the highest ranks, not the ids that come first.
    /// `None` for the first lines of the output, which is also what a job shows that does not say otherwise.
    ///
    /// # Errors
    /// Those of reading the output.
    fn show(&self, _options: &Self::Options, _output: &Output<'_>) -> Result<Option<Highlights>> {
        Ok(None)
    }
}

/// The output of a run, as text.
#[derive(Clone, Copy, Debug)]
pub struct Output<'a> {
    parts: &'a [PathBuf],
    cancel: &'a CancelToken,
}

impl<'a> Output<'a> {
    /// The output that lies in these parts. Reading it ends with [`Error::Cancelled`] once the token is cancelled.
    pub fn new(parts: &'a [PathBuf], cancel: &'a CancelToken) -> Self {
        Output { parts, cancel }
    }

    /// Calls `each` for one record after another, with the text of its key and of its value. The value is what follows the
    /// first TAB of a line.
    ///
    /// # Errors
    /// Those of reading the parts, and of `each`.
    pub fn each_record(&self, mut each: impl FnMut(&[u8], &[u8]) -> Result<()>) -> Result<()> {
        const RECORDS_BETWEEN_CHECKS: u32 = 4096;
        let (mut line, mut until_check) = (Vec::new(), RECORDS_BETWEEN_CHECKS);
        for path in self.parts {
            let mut part = BufReader::new(PartFile(File::open(path).map_err(Error::at("open", path))?));
            loop {
                self.cancel.check_every(&mut until_check)?;
                line.clear();
                if part.read_until(b'\n', &mut line).map_err(Error::at("read", path))? == 0 {
                    break;
                }
                let line = line.strip_suffix(b"\n").unwrap_or(&line);
                let tab = line.iter().position(|byte| *byte == b'\t').unwrap_or(line.len());
                each(&line[..tab], line.get(tab + 1..).unwrap_or_default())?;
            }
        }
        Ok(())
    }
}

/// A part that is read back, which a run that does so counts.
struct PartFile(File);

impl Read for PartFile {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        transfer(FileUse::reads(Purpose::Output), || self.0.read(bytes))
    }
}

/// A table of what people want to see of an output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Highlights {
    /// One line above the table.
    pub heading: String,
    /// Rows of equally many cells, the first of them the heads of the columns.
    pub rows: Vec<Vec<String>>,
}

/// A [`Program`] whose options are still to be parsed.
pub trait AnyProgram: Send + Sync {
    /// The name on the command line.
    fn name(&self) -> &'static str;
    /// One line about it.
    fn about(&self) -> &'static str;
    /// The subject under which the list of jobs shows it; empty where it has none.
    fn subject(&self) -> &'static str {
        ""
    }
    /// The input that is generated for a run that is given none.
    fn default_input(&self) -> Option<(Kind, Shape)>;
    /// Further inputs that are generated then.
    fn further_default_inputs(&self) -> Vec<(Kind, Shape)> {
        Vec::new()
    }
    /// The inputs that options of the job name, each the option and its value.
    fn named_inputs(&self, _options: &ArgMatches) -> Vec<(&'static str, PathBuf)> {
        Vec::new()
    }
    /// Whether it reads inputs.
    fn reads_input(&self) -> bool {
        true
    }
    /// Adds the job's options to a command.
    fn with_options(&self, command: Command) -> Command;
    /// Files that the options name and the job reads beside its inputs.
    fn side_inputs(&self, options: &ArgMatches) -> Vec<PathBuf>;
    /// Whether the order of the lines of its input makes a difference.
    fn line_order(&self, _options: &ArgMatches) -> LineOrder {
        LineOrder::Matters
    }
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
    /// Picks from an output what people want to see.
    ///
    /// # Errors
    /// Those of reading the output.
    fn show(&self, _options: &ArgMatches, _output: &Output<'_>) -> Result<Option<Highlights>> {
        Ok(None)
    }

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

    fn subject(&self) -> &'static str {
        P::SUBJECT
    }

    fn default_input(&self) -> Option<(Kind, Shape)> {
        Program::default_input(self)
    }

    fn further_default_inputs(&self) -> Vec<(Kind, Shape)> {
        Program::further_default_inputs(self)
    }

    fn named_inputs(&self, options: &ArgMatches) -> Vec<(&'static str, PathBuf)> {
        Program::named_inputs(self, &parse::<P>(options))
    }

    fn reads_input(&self) -> bool {
        Program::reads_input(self)
    }

    fn with_options(&self, command: Command) -> Command {
        P::Options::augment_args(command)
    }

    fn side_inputs(&self, options: &ArgMatches) -> Vec<PathBuf> {
        Program::side_inputs(self, &parse::<P>(options))
    }

    fn line_order(&self, options: &ArgMatches) -> LineOrder {
        Program::line_order(self, &parse::<P>(options))
    }

    fn run(&self, options: &ArgMatches, inputs: &[PathBuf], session: &Session) -> Result<Report> {
        Program::run(self, &parse::<P>(options), inputs, session).map_err(|error| error.in_job(P::NAME))
    }

    fn has_reference(&self) -> bool {
        P::REFERENCE.is_some()
    }

    fn run_reference(&self, options: &ArgMatches, inputs: &[PathBuf], session: &Session) -> Result<Report> {
        let reference = P::REFERENCE.ok_or_else(|| no_reference(P::NAME))?;
        let options = parse::<P>(options);
        reference::run(P::NAME, inputs, session, |run| reference(self, &options, inputs, run))
    }

    fn show(&self, options: &ArgMatches, output: &Output<'_>) -> Result<Option<Highlights>> {
        Program::show(self, &parse::<P>(options), output)
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
        (self.run)(inputs, session).map_err(|error| error.in_job(self.name))
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
