//! The command line: arguments become options, options become one of six commands, and what goes wrong becomes a message
//! and an exit status.
//!
//! ```text
//! args ──▶ options ──▶ run | compare | report | list | gen | inspect ──▶ Ok or Failure ──▶ exit status
//! ```

use std::ffi::OsString;
use std::panic;
use std::process::ExitCode;
use std::thread;

use crate::jobs::AnyProgram;

mod args;
mod chart;
mod compare;
mod default_input;
mod export;
mod failure;
mod figures;
mod generate;
mod inspect;
mod list;
mod options;
mod pending_file;
mod piped;
mod progress;
mod recoveries;
mod report;
mod report_page;
mod run;
mod signals;
mod summary;
mod terminal;
mod time_groups;

use failure::Failure;

/// What was asked for.
pub enum Command<'a> {
    /// `twinmill run JOB`
    Run(Box<options::RunOptions<'a>>),
    /// `twinmill compare JOB`
    Compare(Box<options::CompareOptions<'a>>),
    /// `twinmill report FILE...`
    Report(args::ReportArgs),
    /// `twinmill list`
    List(args::ListArgs, &'a [Box<dyn AnyProgram>]),
    /// `twinmill gen KIND`
    Generate(generate::GenerateOptions),
    /// `twinmill inspect FILE|DIR...`
    Inspect(args::InspectArgs),
}

/// Reads the command line.
///
/// # Errors
/// [`Failure::CommandLine`] for usage errors, and for `--help` and `--version`.
pub fn parse(jobs: &[Box<dyn AnyProgram>], words: impl IntoIterator<Item = OsString>) -> Result<Command<'_>, Failure> {
    let mut command = args::command(jobs);
    let words: Vec<OsString> = words.into_iter().collect();
    if let Some((option, value)) = args::swallowed_option(&command, &words) {
        let message =
            format!("{option} needs a value, and '{value}' is an option; write {option}={value} if it is the value");
        return Err(command.error(clap::error::ErrorKind::InvalidValue, message).into());
    }
    let matches = command.try_get_matches_from_mut(words)?;
    Ok(options::resolve(&mut command, &matches, jobs)?)
}

impl Command<'_> {
    /// Does it.
    ///
    /// # Errors
    /// Whatever stopped it; nothing half done is left behind.
    pub fn run(self) -> Result<(), Failure> {
        match self {
            Command::Run(options) => run::run(*options),
            Command::Compare(options) => compare::compare(*options),
            Command::Report(args) => report::report(&args),
            Command::List(args, jobs) => list::list(&args, jobs),
            Command::Generate(options) => generate::generate(options),
            Command::Inspect(args) => inspect::inspect(&args),
        }
    }
}

/// Says what went wrong, once, and turns it into an exit status.
pub fn exit_code(outcome: Result<(), Failure>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.print();
            ExitCode::from(failure.exit_status())
        }
    }
}

/// Lets the library report panics of job code, which it catches in its worker threads, without a backtrace of each.
pub fn silence_worker_panics() {
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        let in_worker = thread::current().name().is_some_and(|name| name.starts_with(twinmill::WORKER_THREAD));
        if !in_worker {
            print(panic);
        }
    }));
}
