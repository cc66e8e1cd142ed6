//! `twinmill stream`: Hadoop Streaming's words become those of a job.
//!
//! ```text
//! stream -mapper M -input 'logs/*' -output out -numReduceTasks 3 --mode disk
//!    ▼
//! run stream --mode disk --input=logs/a --input=logs/b --output=out --reducers=3 -- -mapper M …
//! ```
//!
//! So a streaming job is a job like any other, and `compare stream …` compares it. What the words before `--` do not say, the
//! words behind it do: the job reads them again.

use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Arg, Args, Command};

use crate::Error;
use crate::cli::args::{CompareArgs, InputArgs, RunArgs};
use crate::cli::hadoop::{self, Call, Monitor};
use crate::cli::options::RunOptions;
use crate::cli::terminal::{note, say};
use crate::measure::failure::Failure;
use crate::program::Program;
use crate::streaming::globs;
use crate::streaming::job::{StreamJob, reduces};
use crate::streaming::options::{self, Asked, Options, commas};
use crate::streaming::program::Stream;

const HELP: &str = include_str!("streaming.txt");

/// Whose exit statuses a command ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    /// twinmill's own.
    Own,
    /// Hadoop Streaming's.
    AsHadoop,
    /// Hadoop Streaming's, with what Hadoop prints.
    InFull,
}

/// Exit statuses of Hadoop Streaming.
const USAGE: u8 = 1;
const NO_INPUT: u8 = 2;
const OUTPUT_EXISTS: u8 = 4;
const OTHER_IO: u8 = 5;

/// A command line that is not carried out.
#[derive(Debug)]
pub enum Refusal {
    /// It is done already.
    Done(ExitCode),
    Help,
    Usage(String),
    NoInput(Error),
}

impl Refusal {
    /// Says why, and gives the exit status.
    pub fn tell(self) -> ExitCode {
        match self {
            Refusal::Done(code) => code,
            Refusal::Help => {
                print!("{HELP}");
                ExitCode::SUCCESS
            }
            Refusal::Usage(message) => {
                note(message);
                note("Try -help for more information");
                ExitCode::from(USAGE)
            }
            Refusal::NoInput(error) => {
                say(error);
                ExitCode::from(NO_INPUT)
            }
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error {
            Error::Io { .. } => Refusal::NoInput(error),
            other => Refusal::Usage(other.to_string()),
        }
    }
}

/// Translates a command line of streaming; any other stays as it is.
///
/// # Errors
/// What keeps it from being carried out.
pub fn translated(words: Vec<OsString>) -> Result<(Vec<OsString>, Answers), Refusal> {
    let word = |at: usize| words.get(at).and_then(|word| word.to_str());
    if let Some(of_hadoop) = hadoop::words(&words) {
        return match hadoop::call(of_hadoop) {
            Call::Done(code) => Err(Refusal::Done(code)),
            Call::Stream(job) => Ok((run(&words[0], &job)?, Answers::InFull)),
        };
    }
    match (word(1), word(2)) {
        (Some("madoop"), _) => Ok((run(&words[0], &madoop(&words[2..])?)?, Answers::Own)),
        (Some("hadoop-home"), Some(_)) => Err(Refusal::Done(hadoop::make_home(&words[2]))),
        (Some("stream"), _) => Ok((run(&words[0], &words[2..])?, Answers::AsHadoop)),
        // The second form is what `compare` starts its runs with.
        (Some("compare"), Some(Stream::NAME)) if !words.iter().any(|word| word == "--") => {
            Ok((compare(&words[0], &words[3..])?, Answers::Own))
        }
        _ => Ok((words, Answers::Own)),
    }
}

/// madoop's words as those of streaming: words that it does not know are passed over, and so are its own defaults written out.
fn madoop(words: &[OsString]) -> Result<Vec<OsString>, Refusal> {
    const TAKEN: [&str; 6] = ["-input", "-output", "-mapper", "-reducer", "-numReduceTasks", "-partitioner"];
    let mut given: Vec<(&str, &OsString)> = Vec::new();
    let mut own = Vec::new();
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        match TAKEN.iter().find(|name| word == *name) {
            Some(name) => {
                let value = rest.next().ok_or_else(|| Refusal::Usage(format!("{name} needs a value")))?;
                given.push((name, value));
            }
            None if word.as_encoded_bytes().starts_with(b"--") => own.push(word.clone()),
            None => {}
        }
    }
    let value = |name: &str| given.iter().rev().find(|(given, _)| *given == name).map(|(_, value)| *value);
    if value("-partitioner").is_some() {
        return Err(Refusal::Usage(
            "madoop's -partitioner is not known here; -numReduceTasks and its own partition are".into(),
        ));
    }
    let mut translated: Vec<OsString> = vec!["-madoop".into()];
    for name in ["-input", "-output", "-mapper", "-reducer"] {
        let value =
            value(name).ok_or_else(|| Refusal::Usage(format!("the following arguments are required: {name}")))?;
        translated.push(name.into());
        match name {
            "-input" => translated.extend(globs::files_in(Path::new(value))?.into_iter().map(PathBuf::into_os_string)),
            "-output" => translated.push(value.clone()),
            // Its programs are paths of files.
            _ => translated.push(one_word(&std::path::absolute(value).unwrap_or_else(|_| value.into()))),
        }
    }
    let reducers = value("-numReduceTasks").cloned().unwrap_or_else(|| "4".into());
    translated.extend(["-numReduceTasks".into(), reducers]);
    for property in [
        "stream.map.output=keyonlytext",
        "stream.reduce.input=keyonlytext",
        "stream.reduce.output=keyonlytext",
        "mapreduce.fileoutputcommitter.marksuccessfuljobs=false",
        "mapreduce.job.maps=1",
        "fs.local.block.size=10485760",
    ] {
        translated.extend(["-D".into(), property.into()]);
    }
    translated.extend(own);
    Ok(translated)
}

/// A path as one word of a command.
fn one_word(path: &Path) -> OsString {
    let mut word = OsString::from("'");
    word.push(path);
    word.push("'");
    word
}

fn run(program: &OsStr, words: &[OsString]) -> Result<Vec<OsString>, Refusal> {
    let (options, own) = read(words, &RunArgs::augment_args(InputArgs::augment_args(Command::new("run"))))?;
    let output = options.output.clone().ok_or_else(|| Refusal::Usage("Required argument: -output ".into()));
    let mut translated = vec![program.to_owned(), "run".into(), Stream::NAME.into()];
    translated.extend(settings(&options, &own)?);
    let has_output = own.iter().any(|word| word == "--output" || word.to_string_lossy().starts_with("--output="));
    if !has_output {
        translated.push(joined("--output=", globs::local(&output?).as_os_str()));
    }
    translated.push("--".into());
    translated.extend(rest(words, &own));
    Ok(translated)
}

fn compare(program: &OsStr, words: &[OsString]) -> Result<Vec<OsString>, Refusal> {
    let (options, own) = read(words, &CompareArgs::augment_args(InputArgs::augment_args(Command::new("compare"))))?;
    let mut translated = vec![program.to_owned(), "compare".into(), Stream::NAME.into()];
    translated.extend(settings(&options, &own)?);
    translated.push("--".into());
    translated.extend(rest(words, &own));
    Ok(translated)
}

fn read(words: &[OsString], definition: &Command) -> Result<(Options, Vec<OsString>), Refusal> {
    let takes_value = |word: &OsStr| {
        let named = |arg: &&Arg| word.to_str().and_then(|word| word.strip_prefix("--")) == arg.get_long();
        definition.get_arguments().find(named).is_some_and(|arg| arg.get_action().takes_values())
    };
    match options::read(words, takes_value)? {
        Asked::Help => Err(Refusal::Help),
        Asked::Job(options, own) => {
            // Known before any work: classes, numbers, forms.
            StreamJob::resolve(&options)?;
            Ok((*options, own))
        }
    }
}

/// The words of streaming, without twinmill's own.
fn rest(words: &[OsString], own: &[OsString]) -> Vec<OsString> {
    let mut own = own.iter().peekable();
    words.iter().filter(|word| own.next_if(|next| next == word).is_none()).cloned().collect()
}

fn settings(options: &Options, own: &[OsString]) -> Result<Vec<OsString>, Refusal> {
    let mut words = own.to_vec();
    let given =
        |name: &str| own.iter().any(|word| word == name || word.to_string_lossy().starts_with(&format!("{name}=")));
    if !given("--reducers") {
        words.push(format!("--reducers={}", reduces(options)?.unwrap_or(1)).into());
    }
    let inputs = inputs(options)?;
    if inputs.is_empty() && !given("--input") {
        return Err(Refusal::Usage("Required argument: -input <name>".into()));
    }
    words.extend(inputs.iter().map(|path| joined("--input=", path.as_os_str())));
    Ok(words)
}

fn joined(option: &str, value: &OsStr) -> OsString {
    let mut word = OsString::from(option);
    word.push(value);
    word
}

/// The files and directories that `-input` names.
fn inputs(options: &Options) -> Result<Vec<PathBuf>, Refusal> {
    let mut paths = Vec::new();
    for input in options.inputs.iter().flat_map(|input| commas(input)) {
        let found = globs::expand(&input);
        if found.is_empty() {
            let cause = io::Error::new(ErrorKind::NotFound, "Input path does not exist, or matches no file");
            return Err(Refusal::NoInput(Error::io("read input", &PathBuf::from(input), cause)));
        }
        paths.extend(found);
    }
    if !options.properties.switch("mapreduce.input.fileinputformat.input.dir.recursive", false) {
        paths.iter().try_for_each(|path| globs::refuse_directories_in(path))?;
    }
    Ok(paths)
}

/// Carries out a job of `hadoop jar`, and prints what Hadoop prints.
///
/// # Errors
/// Those of the job.
pub fn in_full(
    mut options: Box<RunOptions<'_>>,
    carry_out: impl FnOnce(Box<RunOptions<'_>>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let report = match options.report.take() {
        Some(report) => report,
        None => {
            let file = tempfile::Builder::new().prefix("twinmill-report-").suffix(".json").tempfile();
            let kept = file.and_then(|file| file.keep().map_err(io::Error::from));
            kept.map_err(Failure::at("create", &std::env::temp_dir()))?.1
        }
    };
    options.report = Some(report.clone());
    options.quiet = true;
    let output = options.config.output.as_ref().map(|output| {
        let output = std::path::absolute(output).unwrap_or_else(|_| output.clone());
        format!("file:{}", output.display())
    });
    let monitor = Monitor::begin(report, output);
    let outcome = carry_out(options);
    monitor.end(outcome.is_ok());
    outcome
}

/// Prints a failure as Hadoop names it, and turns it into its exit status.
pub fn exit_code(outcome: Result<(), Failure>) -> ExitCode {
    let failure = match outcome {
        Ok(()) => return ExitCode::SUCCESS,
        Err(failure) => failure,
    };
    let status = match &failure {
        Failure::Library(Error::Config(_)) => USAGE,
        Failure::Library(Error::OutputExists(_)) => OUTPUT_EXISTS,
        Failure::Library(Error::Io { operation: "read input", source, .. }) if source.kind() == ErrorKind::NotFound => {
            NO_INPUT
        }
        Failure::Library(Error::Io { .. }) => OTHER_IO,
        Failure::Library(_) => USAGE,
        Failure::Message(_, status) => *status,
        Failure::Interrupted(signal) => signal.exit_status(),
    };
    match &failure {
        Failure::Library(error) => say(error),
        Failure::Message(message, _) => say(message),
        Failure::Interrupted(signal) => say(signal.verb()),
    }
    if let Failure::Library(Error::Task { .. }) = &failure {
        note("Job not successful!");
    }
    ExitCode::from(status)
}
