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
use std::io::{self, BufWriter, ErrorKind, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Arg, Args, Command, FromArgMatches};

use crate::cli::args::{CheckArgs, CompareArgs, InputArgs, RunArgs};
use crate::cli::hadoop::{self, Call, Monitor};
use crate::cli::options::RunOptions;
use crate::cli::piped::Piped;
use crate::cli::terminal::{self, note, say, to_stdout};
use crate::config::ExistingOutput;
use crate::measure::failure::Failure;
use crate::measure::running::supervisor::Supervisor;
use crate::program::Program;
use crate::remote::Address;
use crate::streaming::dry::{self, Counted};
use crate::streaming::globs;
use crate::streaming::job::{IN_ORDER, PARTITIONER, StreamJob, reduces, uri};
use crate::streaming::options::{self, Asked, Options, commas};
use crate::streaming::program::{Stream, Words};
use crate::{Error, Session};

/// The option for a run as a shell would make it.
const DRY: &str = "--dry";

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
    /// Hadoop Streaming's; the job is run as a shell would run it (`--dry`).
    Dry,
}

/// Exit statuses of Hadoop Streaming.
const USAGE: u8 = 1;
const NO_INPUT: u8 = 2;
const OUTPUT_EXISTS: u8 = 4;
const OTHER_IO: u8 = 5;

/// The last words of a command of Hadoop's that fails.
const FAILED: &str = "Streaming Command Failed!";

/// A command line that is not carried out.
#[derive(Debug)]
pub enum Refusal {
    /// It is done already.
    Done(ExitCode),
    Help,
    Usage(String),
    /// Input that is missing or of the wrong kind, and the exit status for it.
    NoInput(Error, u8),
    /// One of a command of Hadoop's, which says that it failed.
    OfHadoop(Box<Refusal>),
}

impl Refusal {
    /// Says why, and gives the exit status.
    pub fn tell(self) -> ExitCode {
        match self {
            Refusal::Done(code) => code,
            Refusal::Help => match terminal::print(HELP) {
                Ok(()) => ExitCode::SUCCESS,
                failed => exit_code(failed),
            },
            Refusal::Usage(message) => {
                note(message);
                note("Try -help for more information");
                ExitCode::from(USAGE)
            }
            Refusal::NoInput(error, status) => {
                say(error);
                ExitCode::from(status)
            }
            Refusal::OfHadoop(refusal) => {
                let code = refusal.tell();
                note(FAILED);
                code
            }
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error {
            Error::Io { .. } => {
                let status = status_of(&error);
                Refusal::NoInput(error, status)
            }
            Error::Unreachable { .. } => Refusal::NoInput(error, NO_INPUT),
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
            Call::Stream(job) => match run(&words[0], &job) {
                Ok(run) => Ok((run, Answers::InFull)),
                Err(help @ Refusal::Help) => Err(help),
                // Hadoop's own list of statuses has 2 for this, and its client ends with 5.
                Err(Refusal::NoInput(error, _)) => Err(Refusal::OfHadoop(Box::new(Refusal::NoInput(error, OTHER_IO)))),
                Err(refusal) => Err(Refusal::OfHadoop(Box::new(refusal))),
            },
        };
    }
    match (word(1), word(2)) {
        (Some("madoop"), _) => Ok((run(&words[0], &madoop(&words[2..])?)?, Answers::Own)),
        (Some("hadoop-home"), Some(_)) => Err(Refusal::Done(hadoop::make_home(&words[2]))),
        (Some("stream"), _) if words.iter().any(|word| word == DRY) => {
            let rest: Vec<OsString> = words[2..].iter().filter(|word| *word != DRY).cloned().collect();
            Ok((run_dry(&words[0], &rest)?, Answers::Dry))
        }
        (Some("stream"), _) => Ok((run(&words[0], &words[2..])?, Answers::AsHadoop)),
        (Some("check"), Some(Stream::NAME)) if !words.iter().any(|word| word == "--") => {
            Ok((check(&words[0], &words[3..])?, Answers::Own))
        }
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
    let definition = run_definition();
    let takes_value = takes_value(&definition);
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        match TAKEN.iter().find(|name| word == *name) {
            Some(name) => {
                let value = rest.next().ok_or_else(|| Refusal::Usage(format!("{name} needs a value")))?;
                given.push((name, value));
            }
            None if word.as_bytes().starts_with(b"--") => {
                own.push(word.clone());
                if !word.as_bytes().contains(&b'=') && takes_value(word) {
                    own.extend(rest.next().cloned());
                }
            }
            None => {}
        }
    }
    let value = |name: &str| given.iter().rev().find(|(given, _)| *given == name).map(|(_, value)| *value);
    let mut translated: Vec<OsString> = vec!["-madoop".into()];
    if let Some(program) = value("-partitioner") {
        let path = std::path::absolute(program).unwrap_or_else(|_| program.into());
        translated.extend(["-D".into(), joined(&format!("{PARTITIONER}="), &one_word(&path))]);
    }
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

fn run_definition() -> Command {
    RunArgs::augment_args(InputArgs::augment_args(Command::new("run")))
}

/// Tells of an option of twinmill's own whether a value follows it.
fn takes_value(definition: &Command) -> impl Fn(&OsStr) -> bool {
    |word| {
        let named = |arg: &&Arg| word.to_str().and_then(|word| word.strip_prefix("--")) == arg.get_long();
        definition.get_arguments().find(named).is_some_and(|arg| arg.get_action().takes_values())
    }
}

fn run(program: &OsStr, words: &[OsString]) -> Result<Vec<OsString>, Refusal> {
    let (options, own) = read(words, &run_definition())?;
    let output = options.output.clone().ok_or_else(|| Refusal::Usage("Required argument: -output ".into()));
    if output.as_ref().is_ok_and(|output| output.is_empty()) {
        return Err(Refusal::Usage("Can not create a Path from an empty string: -output has none".into()));
    }
    if options.verbose {
        list_properties(&options);
    }
    let mut translated = vec![program.to_owned(), "run".into(), Stream::NAME.into()];
    translated.extend(settings(&options, &own)?);
    let has_output = own.iter().any(|word| word == "--output" || word.to_string_lossy().starts_with("--output="));
    if !has_output {
        let output = output?;
        let place = address(&output).unwrap_or_else(|| globs::local(&output));
        translated.push(joined("--output=", place.as_os_str()));
    }
    translated.push("--".into());
    translated.extend(rest(words, &own));
    Ok(translated)
}

/// Prints the properties, as Hadoop does with `-verbose`.
fn list_properties(options: &Options) {
    let _ = to_stdout(|out| {
        writeln!(out, "STREAM: ==== JobConf properties:")?;
        let expanded = options.properties.expanded();
        expanded.iter().try_for_each(|(name, value)| writeln!(out, "STREAM: {name}={value}"))?;
        writeln!(out, "STREAM: ====")
    });
}

/// A dry run prints its output, and so needs no place for it.
fn run_dry(program: &OsStr, words: &[OsString]) -> Result<Vec<OsString>, Refusal> {
    let (options, own) = read(words, &run_definition())?;
    let mut translated = vec![program.to_owned(), "run".into(), Stream::NAME.into()];
    translated.extend(settings(&options, &own)?);
    translated.push("--".into());
    translated.extend(rest(words, &own));
    Ok(translated)
}

/// A check chooses the number of reducers itself. It needs splits in the order of the input.
fn check(program: &OsStr, words: &[OsString]) -> Result<Vec<OsString>, Refusal> {
    let (options, own) = read(words, &CheckArgs::augment_args(InputArgs::augment_args(Command::new("check"))))?;
    let mut translated = vec![program.to_owned(), "check".into(), Stream::NAME.into()];
    let settings = settings(&options, &own)?;
    translated.extend(settings.into_iter().filter(|word| !word.as_bytes().starts_with(b"--reducers=")));
    translated.push("--".into());
    translated.extend(rest(words, &own));
    translated.extend(["-D".into(), format!("{IN_ORDER}=true").into()]);
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
    match options::read(words, takes_value(definition))? {
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

/// The address of what lies elsewhere: in the cluster of the user's settings, or in an object store.
fn address(name: &OsStr) -> Option<PathBuf> {
    let of_store = || Address::of(Path::new(name)).filter(|it| it.scheme() != "hdfs" && it.is_built_in());
    globs::hdfs_address(name).or_else(|| Some(of_store()?.text().to_owned())).map(PathBuf::from)
}

/// The files and directories that `-input` names.
fn inputs(options: &Options) -> Result<Vec<PathBuf>, Refusal> {
    let mut paths = Vec::new();
    for input in options.inputs.iter().flat_map(|input| commas(input)) {
        let found = match address(&input) {
            #[cfg(feature = "hdfs")]
            Some(_) if globs::hdfs_address(&input).is_some() => hadoop::addresses(&input)?,
            Some(address) => vec![address],
            None => globs::expand(&input),
        };
        if found.is_empty() {
            let why = match globs::local(&input) {
                path if path.exists() => "it is hidden from jobs, since its name begins with _ or .",
                _ => "Input path does not exist, or matches no file",
            };
            let cause = io::Error::new(ErrorKind::NotFound, why);
            return Err(Refusal::NoInput(Error::io("read input", &PathBuf::from(input), cause), NO_INPUT));
        }
        paths.extend(found);
    }
    if !options.properties.switch("mapreduce.input.fileinputformat.input.dir.recursive", false) {
        let here = |path: &&PathBuf| Address::of(path).is_none();
        paths.iter().filter(here).try_for_each(|path| globs::refuse_directories_in(path))?;
    }
    Ok(paths)
}

/// Runs a job as a shell would run it, and prints its output.
///
/// # Errors
/// Those of the job.
pub fn run_dry_job(options: Box<RunOptions<'_>>) -> Result<(), Failure> {
    let RunOptions { task, config, quiet, .. } = *options;
    config.validate()?;
    let words = Words::from_arg_matches(&task.options).map_err(|error| Error::Config(error.to_string()))?;
    let job = Stream::job(&words)?;
    let mut session = Session::new(config);
    let mut supervisor = Supervisor::start()?;
    let cancel = session.cancel.clone();
    let _piped = supervisor.run(&cancel, || Piped::take(&task.inputs, &mut session))?;
    let counted = supervisor.run(&cancel, || {
        let mut out = BufWriter::new(io::stdout().lock());
        let counted = dry::run(&job, &task.inputs, &session, &mut out);
        match counted.and_then(|counted| out.flush().map(|()| counted).map_err(dry::written)) {
            // Whoever closes the output has read enough.
            Err(Error::Io { source, .. }) if source.kind() == ErrorKind::BrokenPipe => Ok(None),
            counted => Ok(Some(counted?)),
        }
    })?;
    let Some(Counted { input_records, map_output_records, output_records }) = counted else { return Ok(()) };
    if !quiet {
        note(format_args!(
            "dry run: {input_records} records of input, {map_output_records} of the mapper, {output_records} of output"
        ));
    }
    Ok(())
}

/// Carries out a job of `hadoop jar`, and prints what Hadoop prints.
///
/// # Errors
/// Those of the job.
pub fn in_full(
    mut options: Box<RunOptions<'_>>,
    carry_out: impl FnOnce(Box<RunOptions<'_>>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    if let Some(output) = &options.config.output
        && options.config.existing_output == ExistingOutput::Refuse
        && output.symlink_metadata().is_ok()
    {
        note(FAILED);
        let output = uri(output.as_os_str());
        // Hadoop's own list of statuses has 4 for this, and its client ends with 5.
        return Err(Failure::Message(
            format!("Error Launching job : Output directory {output} already exists"),
            OTHER_IO,
        ));
    }
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
    monitor.end(outcome.as_ref().err());
    outcome
}

/// The exit status of an error, as Hadoop has it.
fn status_of(error: &Error) -> u8 {
    match error {
        Error::Job { source, .. } => status_of(source),
        Error::OutputExists(_) => OUTPUT_EXISTS,
        Error::Io { operation: "read input", source, .. } if source.kind() == ErrorKind::NotFound => NO_INPUT,
        Error::Io { .. } => OTHER_IO,
        _ => USAGE,
    }
}

/// Prints a failure as Hadoop names it, and turns it into its exit status.
pub fn exit_code(outcome: Result<(), Failure>) -> ExitCode {
    let failure = match outcome {
        Ok(()) => return ExitCode::SUCCESS,
        Err(failure) => failure,
    };
    let status = match &failure {
        Failure::Library(error) => status_of(error),
        Failure::Message(_, status) => *status,
        Failure::Interrupted(signal) => signal.exit_status(),
    };
    say(&failure);
    if let Failure::Library(Error::Task { .. }) = &failure {
        note("Job not successful!");
    }
    ExitCode::from(status)
}
