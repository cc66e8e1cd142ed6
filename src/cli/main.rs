//! Runs a command, from its words to its exit status.

use std::env;
use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use crate::cli::options::Command;
use crate::cli::streaming::Answers;
use crate::cli::terminal::say;
use crate::cli::{
    check, claims, compare, generate, grade, inspect, lecture, lesson, list, options, predict, report, run, streaming,
    task, terminal,
};
use crate::measure::failure::Failure;
#[cfg(fuzzing)]
use crate::program::AnyProgram;
use crate::program::{Program, Programs};
use crate::reserve;
use crate::runtime::panics;
use crate::streaming::program::Stream;

/// Carries out the command line of this process, with these programs, and prints an error if it fails.
///
/// Messages name the command as the process is named. The exit status is 0 for success, 1 where a job failed, 2 where
/// the command cannot be carried out as it was written, and 128 + n after signal n.
///
/// `compare` starts this process's executable again for each of its runs, so `main` must not do anything else that only
/// one process can do.
pub fn main(programs: impl Into<Programs>) -> ExitCode {
    reserve::set_aside();
    panics::silence_caught();
    let Programs(mut programs) = programs.into();
    let words: Vec<OsString> = env::args_os().collect();
    if let Some(ended) = grade::shut_in(&words) {
        return ended;
    }
    let name = words.first().and_then(|path| Path::new(path).file_name()).map(|name| name.to_string_lossy());
    if let Some(name) = name.filter(|name| !name.is_empty()) {
        terminal::set_name(&name);
    }
    let (words, answers) = match streaming::translated(words) {
        Ok(translated) => translated,
        Err(refusal) => return refusal.tell(),
    };
    let words = match task::with_words_of_plan(words) {
        Ok(words) => words,
        Err(failure) => return exit_code(Err(failure)),
    };
    if words.iter().any(|word| word == Stream::NAME) {
        programs.push(Box::new(Stream));
    }
    match options::parse(&programs, words) {
        Ok(Command::Run(options)) if answers == Answers::InFull => {
            streaming::exit_code(streaming::in_full(options, |options| run::run(*options)))
        }
        Ok(Command::Run(options)) if answers == Answers::Dry => streaming::exit_code(streaming::run_dry_job(options)),
        Ok(command) if answers == Answers::AsHadoop => streaming::exit_code(carry_out(command).map(drop)),
        Ok(command) => exit_code(carry_out(command)),
        Err(error) => {
            // A closed output is nothing to report.
            let _ = error.print();
            ExitCode::from(options::exit_status(&error))
        }
    }
}

/// The exit status with which a command line is refused, or answered, before any work.
#[cfg(fuzzing)]
#[doc(hidden)]
pub fn refusal(programs: &[Box<dyn AnyProgram>], words: impl IntoIterator<Item = OsString>) -> Option<u8> {
    match options::parse(programs, words) {
        Ok(Command::Run(options)) => drop(options.config.validate()),
        Ok(Command::Compare(options)) => drop(options.config.validate()),
        Ok(_) => {}
        Err(error) => return Some(options::exit_status(&error)),
    }
    None
}

/// Carries out a command; a failed one leaves nothing half done behind. The exit status says what it found, where it finds
/// something, and is 0 for the others.
fn carry_out(command: Command<'_>) -> Result<u8, Failure> {
    let done = match command {
        Command::Claim(options) => return claims::claim(&options),
        Command::Lesson(options) => lesson::lesson(&options),
        Command::Run(options) => run::run(*options),
        Command::Task(options) => task::task(*options),
        Command::Compare(options) => compare::compare(*options),
        Command::Check(options) => check::check(*options),
        Command::Predict(options) => predict::predict(*options),
        Command::Lecture(options) => lecture::lecture(&options),
        Command::Report(args) => report::report(&args),
        Command::List(args, jobs) => list::list(&args, jobs),
        Command::Generate(options) => generate::generate(options),
        Command::ListKinds => generate::list(),
        Command::Inspect(args) => inspect::inspect(&args),
        Command::Grade(args) => grade::grade(&args),
    };
    done.map(|()| 0)
}

/// Prints a failure, once, and turns it into an exit status.
fn exit_code(outcome: Result<u8, Failure>) -> ExitCode {
    match outcome {
        Ok(status) => ExitCode::from(status),
        Err(failure) => {
            say(&failure);
            ExitCode::from(failure.exit_status())
        }
    }
}
