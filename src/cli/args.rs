//! The arguments of the command line. Defaults are those of [`JobConfig::new`]; the jobs bring their own options.

use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::LazyLock;
use std::time::Duration;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Arg, Args, Command};

use crate::cli::{lessons, suggestion, terminal};
use crate::config::{Compression, DiskProfile, Grouping, Invariant, Medium, OnFull};
use crate::engine;
use crate::generate::Kind;
use crate::measure::claims::figure::{FUNCTIONS, Function};
use crate::measure::mode::RunMode;
use crate::predict::cluster::{Bandwidth, Engine};
use crate::predict::size::Size;
use crate::program::AnyProgram;
use crate::quantity::{ByteSize, parse_duration};
use crate::{Fault, JobConfig, Mode};

static DEFAULTS: LazyLock<JobConfig> = LazyLock::new(|| JobConfig::new(Mode::Memory));

/// Default sort buffer, without the space that would make clap quote it.
static SORT_BUFFER: LazyLock<String> =
    LazyLock::new(|| ByteSize(DEFAULTS.sort_buffer_bytes).to_string().replace(' ', ""));

/// The whole command line, but that only the jobs among the words have their options: those of all jobs, in every command,
/// take megabytes and most of the time that the program needs to begin.
pub fn command(jobs: &[Box<dyn AnyProgram>], words: &[OsString]) -> Command {
    let about = |command: Command, text: &'static str| command.about(text).long_about(None);
    let with_jobs = |command| with_jobs(command, jobs, words);
    let run = with_jobs(RunArgs::augment_args(Command::new("run")));
    let compare = with_lecture(with_jobs(CompareArgs::augment_args(Command::new("compare"))), jobs);
    let check = with_jobs(CheckArgs::augment_args(Command::new("check")));
    let side = |side, text| about(with_jobs(TaskArgs::augment_args(Command::new(side))), text);
    let task = Command::new("task")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .subcommand(side("map", "Run a map task: a split in, records for reducers out"))
        .subcommand(side(
            "reduce",
            "Run a reduce task: sorted records of its partition in, its part of the output out",
        ));
    let predict = with_jobs(PredictArgs::augment_args(Command::new("predict")));
    let report = ReportArgs::augment_args(Command::new("report"));
    let list = ListArgs::augment_args(Command::new("list"));
    let generate = GenerateArgs::augment_args(Command::new("gen")).after_help(kinds_help());
    let inspect = InspectArgs::augment_args(Command::new("inspect"));
    let claim = ClaimArgs::augment_args(Command::new("claim")).after_help(claim_help());
    let lesson = LessonArgs::augment_args(Command::new("lesson"));
    let grade = GradeArgs::augment_args(Command::new("grade"));
    let whole = Command::new(terminal::name())
        .term_width(terminal::width())
        .about(env!("CARGO_PKG_DESCRIPTION"))
        .version(version())
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .subcommand(about(run, "Run a job"))
        .subcommand(about(compare, "Run a job on disk, in memory and in one plain thread, in turn, and compare"))
        .subcommand(about(check, "Check that a job's code keeps the laws of MapReduce, on a small input"))
        .subcommand(about(task, "Run one task of a job, from standard input to standard output: what engines start"))
        .subcommand(about(predict, "Predict the time of a job on a cluster, from one run that is measured here"))
        .subcommand(about(claim, "Measure until each claim of some files is true, false or undecided here"))
        .subcommand(about(lesson, "Take a lesson: a claim, a guess, a measurement, and what it shows"))
        .subcommand(about(report, "Print saved reports, or make pages and tables of them, of several machines too"))
        .subcommand(about(list, "List the jobs"))
        .subcommand(about(generate, "Generate an input; the same seed gives the same bytes"))
        .subcommand(about(inspect, "Look into intermediate runs: index, records, checksums"))
        .subcommand(about(grade, "Grade a folder of submissions, each mapper and reducer shut in a sandbox"));
    with_hyphens(whole)
}

/// twinmill's version; another command says whose it is.
fn version() -> &'static str {
    match terminal::name() {
        "twinmill" => env!("CARGO_PKG_VERSION"),
        _ => concat!("(twinmill ", env!("CARGO_PKG_VERSION"), ")"),
    }
}

/// Lets the value of every option, those of the jobs included, begin with a hyphen: a label `-1`, a pattern `-x`, a
/// file `-f`. [`swallowed_option`] finds values that were meant as options.
fn with_hyphens(command: Command) -> Command {
    let takes_value = |arg: &Arg| arg.get_long().is_some() && arg.get_action().takes_values();
    let command = command.mut_args(|arg| if takes_value(&arg) { arg.allow_hyphen_values(true) } else { arg });
    command.mut_subcommands(with_hyphens)
}

/// An option whose value is missing, and the option that stands in its place: `--input --quiet`.
pub fn swallowed_option(command: &Command, words: &[OsString]) -> Option<(String, String)> {
    let mut path = vec![command];
    let mut words = words.iter().skip(1).map(|word| word.to_string_lossy()).take_while(|word| word != "--");
    while let Some(word) = words.next() {
        let find = |word: &str| {
            let name = word.strip_prefix("--")?.split('=').next()?;
            let named = |arg: &&Arg| {
                arg.get_long() == Some(name) || arg.get_all_aliases().is_some_and(|aliases| aliases.contains(&name))
            };
            path.iter().flat_map(|command| command.get_arguments()).find(named)
        };
        if let Some(arg) = find(&word) {
            if !arg.get_action().takes_values() || word.contains('=') {
                continue;
            }
            let value = words.next()?;
            if find(&value).is_some() || ["--help", "--version"].contains(&value.as_ref()) {
                return Some((word.into_owned(), value.into_owned()));
            }
        } else if let Some(command) = path.last().and_then(|command| command.find_subcommand(word.as_ref())) {
            path.push(command);
        }
    }
    None
}

/// Makes each job a subcommand, with its options where it is among the words. Any other name is let through, to be refused
/// with a list of the jobs.
fn with_jobs(command: Command, jobs: &[Box<dyn AnyProgram>], words: &[OsString]) -> Command {
    let command = InputArgs::augment_args(command)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .allow_external_subcommands(true)
        .subcommand_value_name("JOB")
        .subcommand_help_heading("Jobs");
    jobs.iter().fold(command, |command, job| {
        let mut of_job = Command::new(job.name());
        if words.iter().any(|word| word == job.name()) {
            of_job = job.with_options(of_job.next_help_heading("Options of the job"));
            of_job = InputArgs::augment_args(of_job.mut_args(|arg| without_taken_aliases(arg, &command)));
        }
        // The arguments' types have descriptions of their own, so the job's comes last.
        command.subcommand(of_job.about(job.about()).long_about(None))
    })
}

/// Takes from an option of a job its other names where an option of the command has one of them.
fn without_taken_aliases(arg: Arg, command: &Command) -> Arg {
    let is_taken = |name: &&str| command.get_arguments().any(|other| is_called(other, name));
    let any = arg.get_all_aliases().is_some_and(|names| names.iter().any(is_taken));
    if any { arg.alias(None::<&'static str>) } else { arg }
}

fn is_called(arg: &Arg, name: &str) -> bool {
    arg.get_long() == Some(name) || arg.get_all_aliases().is_some_and(|aliases| aliases.contains(&name))
}

/// An option of a job that has the name of an option of a command, and would be taken for it: the job, the option, and the
/// command.
pub fn clash<'c>(command: &'c Command, jobs: &[Box<dyn AnyProgram>]) -> Option<(&'static str, String, String)> {
    let with_their_own = |command: &'c Command| std::iter::once(command).chain(command.get_subcommands());
    let of_all: Vec<&Command> = command.get_subcommands().flat_map(with_their_own).collect();
    let clash = |job: &dyn AnyProgram, own: &Arg| {
        let name = own.get_long()?;
        let is_taken = |arg: &Arg| is_called(arg, name) || arg.get_id() == own.get_id();
        let takes_job = |command: &&&Command| command.find_subcommand(job.name()).is_some();
        let with_job = of_all.iter().filter(takes_job).find(|command| command.get_arguments().any(is_taken))?;
        Some((job.name(), name.to_owned(), with_job.get_name().to_owned()))
    };
    jobs.iter().find_map(|job| {
        let definitions = job.with_options(Command::new(job.name()));
        definitions.get_arguments().find_map(|own| clash(job.as_ref(), own))
    })
}

/// Options of `compare` that a lecture takes.
pub const LECTURE_TAKES: [&str; 11] = [
    "workers",
    "work_dir",
    "scale",
    "budget",
    "report",
    "quiet",
    "details",
    "html",
    "export_markdown",
    "export_csv",
    "trace",
];

/// The same as people write them.
pub fn lecture_takes() -> String {
    LECTURE_TAKES.map(|id| format!("--{}", id.replace('_', "-"))).join(", ")
}

/// Adds the lecture in the place of a job, unless a job has its name or one that it needs is not there.
fn with_lecture(command: Command, jobs: &[Box<dyn AnyProgram>]) -> Command {
    if !lessons::is_offered(jobs) {
        return command;
    }
    let not_taken = command.get_arguments().filter(|arg| !LECTURE_TAKES.contains(&arg.get_id().as_str()));
    let hidden: Vec<Arg> = not_taken.map(|arg| arg.clone().global(false).hide(true)).collect();
    let lecture = Command::new(lessons::NAME)
        .about("Six comparisons that answer six questions, on one page, in at most three minutes")
        .after_help(lessons::contents())
        .args(hidden);
    command.subcommand(lecture)
}

fn kinds_help() -> String {
    let kinds: Vec<String> = kind_lines().map(|line| format!("  {line}")).collect();
    format!("Kinds:\n{}", kinds.join("\n"))
}

/// A claim file, and the figures that its statements may use.
fn claim_help() -> String {
    const EXAMPLE: &str = include_str!("claims/example.toml");
    let line = |function: &Function| {
        let arguments: Vec<&str> = function.arguments.iter().map(|argument| argument.name()).collect();
        format!("  {}({}): {}", function.name, arguments.join(", "), function.about)
    };
    let figures: Vec<String> = FUNCTIONS.iter().map(line).collect();
    let example: Vec<String> = EXAMPLE.lines().map(|line| format!("  {line}")).collect();
    format!(
        "A claim file:\n{}\n\nFigures of a statement, beside numbers with units, + - * /, min, max, < <= > >= ==, and, or, \
         not:\n{}\n\nExit status: 0 all claims are true here, 3 some are false, 4 some are undecided and none is false.",
        example.join("\n"),
        figures.join("\n")
    )
}

/// A line about each kind of generated input.
pub fn kind_lines() -> impl Iterator<Item = String> {
    let width = Kind::ALL.iter().map(|kind| kind.name().len()).max().unwrap_or(0);
    Kind::ALL.into_iter().map(move |kind| format!("{:width$}  {}", kind.name(), kind.about()))
}

/// `twinmill list`
#[derive(Args, Debug)]
pub struct ListArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// The input of a job; accepted before and after the job's name.
#[derive(Args, Debug)]
#[command(next_help_heading = "Input and output")]
pub struct InputArgs {
    /// A file, a directory to be walked, an address such as hdfs://… or s3://…, a pipe, or `-` for standard input; may be
    /// repeated [default: a generated input, kept in the user's cache]
    #[arg(long, value_name = "PATH", display_order = 0)]
    pub input: Vec<PathBuf>,
}

/// `twinmill run JOB`
#[derive(Args, Debug)]
#[command(next_help_heading = "Input and output")]
pub struct RunArgs {
    /// Directory for the result, here or at an address [default: none; its first lines are shown]
    #[arg(long, global = true, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Medium of intermediates: disk or memory
    #[arg(
        long,
        global = true,
        value_name = "MODE",
        value_parser = choice(MODES),
        default_value = "memory",
        hide_possible_values = true,
        help_heading = "Factors"
    )]
    pub mode: RunMode,
    #[command(flatten)]
    pub factors: FactorArgs,
    #[command(flatten)]
    pub common: CommonArgs,
    /// Go on from the map outputs and datasets that the same command had completed in disk mode when it was killed
    #[arg(long, global = true, help_heading = "Settings")]
    pub resume: bool,
    /// Replace an output that exists
    #[arg(long, global = true)]
    pub overwrite: bool,
    /// Write the measurements, as JSON
    #[arg(long, global = true, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Show neither progress nor summary
    #[arg(long, global = true)]
    pub quiet: bool,
    #[command(flatten)]
    pub engine: EngineArgs,
}

/// Where the tasks of a job run.
#[derive(Args, Debug, Clone)]
#[command(next_help_heading = "Engine")]
pub struct EngineArgs {
    /// What runs the tasks: local, batch (any program that runs commands), hadoop (YARN), spark
    #[arg(
        long,
        global = true,
        value_name = "ENGINE",
        value_parser = choice(ENGINES),
        default_value = "local",
        hide_possible_values = true
    )]
    pub engine: EngineName,
    /// Setting of the engine: launcher='parallel -j 8', or any property of Hadoop or Spark; may be repeated
    #[arg(long = "engine-option", global = true, value_name = "KEY=VALUE", value_parser = engine::options::parse)]
    pub engine_options: Vec<(String, String)>,
}

/// An engine by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineName {
    /// This process.
    Local,
    /// A launcher of commands.
    Batch,
    /// YARN, by Hadoop's Streaming.
    Hadoop,
    /// Spark, by its spark-submit.
    Spark,
}

impl EngineName {
    /// The word that names it.
    pub fn word(self) -> &'static str {
        ENGINES.iter().find(|(_, engine)| *engine == self).map_or("", |(word, _)| word)
    }

    /// Whether an `--engine-option` may be meant for it, where several engines are named.
    pub fn may_take(self, key: &str) -> bool {
        let is_sparks = key.starts_with("spark.") || key == "submit";
        match self {
            EngineName::Local => false,
            _ if key == "task-memory" => true,
            EngineName::Batch => key == "launcher",
            EngineName::Spark => is_sparks,
            EngineName::Hadoop => !is_sparks && key != "launcher",
        }
    }
}

const ENGINES: &[(&str, EngineName)] = &[
    ("local", EngineName::Local),
    ("batch", EngineName::Batch),
    ("hadoop", EngineName::Hadoop),
    ("spark", EngineName::Spark),
];

/// `twinmill task map|reduce JOB`
#[derive(Args, Debug)]
#[command(next_help_heading = "Task")]
pub struct TaskArgs {
    /// Plan of the job's tasks, as an engine makes it; it brings the job's options, too
    #[arg(long, global = true, value_name = "FILE")]
    pub plan: Option<PathBuf>,
    /// Form of standard input of a map task: the bytes of a file, or key and value framed by their lengths, of which the
    /// values are the bytes of a file
    #[arg(long, global = true, value_name = "FORM", value_parser = choice(STDIN_FORMS), default_value = "bytes")]
    pub from: StdinForm,
    /// Read this split of --input instead of standard input, from 0
    #[arg(long, global = true, value_name = "N")]
    pub split: Option<u32>,
    /// The mapper of a job with several inputs that the map task runs, from 0
    #[arg(long, global = true, value_name = "N", default_value_t = 0)]
    pub as_input: usize,
    /// Partition of the reduce task, from 0 [default: mapreduce_task_partition, where Hadoop says it]
    #[arg(long, global = true, value_name = "N")]
    pub partition: Option<u32>,
    /// Put four bytes before each key, by which Hadoop's BinaryPartitioner finds its reducer
    #[arg(long, global = true)]
    pub partition_token: bool,
    /// Send sorted blocks instead of records: partition, length, block
    #[arg(long, global = true)]
    pub blocks: bool,
    /// Read the split that an engine has packed, and write what the task leaves as such a pack
    #[arg(long, global = true)]
    pub pack: bool,
    /// Parse the records of a loop's input, and write them as a pack that the map tasks of all its jobs read
    #[arg(long, global = true, requires = "pack")]
    pub parse: bool,
    /// Memory of the task for its sort buffer and for runs; beyond it, it spills
    #[arg(long, global = true, value_name = "SIZE", value_parser = parse_budget, default_value = "128MiB")]
    pub task_memory: ByteSize,
    /// Write the counts of the task, as JSON
    #[arg(long, global = true, value_name = "FILE")]
    pub summary: Option<PathBuf>,
    #[command(flatten)]
    pub factors: FactorArgs,
    #[command(flatten)]
    pub common: CommonArgs,
}

/// The form of standard input of a map task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StdinForm {
    /// The bytes of a file.
    Bytes,
    /// Raw bytes: lengths and bytes of keys and values.
    RawBytes,
}

const STDIN_FORMS: &[(&str, StdinForm)] = &[("bytes", StdinForm::Bytes), ("rawbytes", StdinForm::RawBytes)];

/// `twinmill compare JOB`
#[derive(Args, Debug)]
#[command(next_help_heading = "Comparison")]
pub struct CompareArgs {
    #[command(flatten)]
    pub measure: MeasureArgs,
    #[command(flatten)]
    pub factors: FactorArgs,
    #[command(flatten)]
    pub common: CommonArgs,
    /// Write every run, the verdicts and the analyses, as JSON
    #[arg(long, global = true, value_name = "FILE", help_heading = "Input and output")]
    pub report: Option<PathBuf>,
    /// Show the result alone, without progress and notes
    #[arg(long, global = true, help_heading = "Input and output")]
    pub quiet: bool,
    /// Print the tables of everything that was measured, too
    #[arg(long, global = true, help_heading = "Input and output")]
    pub details: bool,
    /// Nothing to replace: a comparison keeps no output. Scripts may pass the same options to `run` and to `compare`
    #[arg(long, global = true, hide = true)]
    pub overwrite: bool,
}

/// Options of a comparison; none of them concerns a single run.
#[derive(Args, Debug, Clone)]
#[command(next_help_heading = "Comparison")]
pub struct MeasureArgs {
    /// Modes to compare; a mode that is named twice is compared with itself
    #[arg(
        long,
        global = true,
        value_parser = described_modes(),
        value_name = "MODES",
        value_delimiter = ',',
        default_value = "disk,memory,reference"
    )]
    pub modes: Vec<RunMode>,
    /// Rounds, in each of which every mode runs once: a number, or auto for as many as it takes until it is known of
    /// each pair of modes whether they differ or are equivalent, within --budget
    #[arg(long, global = true, value_name = "N|auto", default_value = "auto", value_parser = str::parse::<Runs>)]
    pub runs: Runs,
    /// Time for warm-ups and rounds of --runs auto. Three rounds are made in any case; other programs get half of it after
    /// those [default: 60s, or 28s where nothing but two modes runs]
    #[arg(long, global = true, value_name = "TIME", value_parser = parse_positive_duration)]
    pub budget: Option<Duration>,
    /// Largest difference that does not matter, in per cent: two modes whose times surely differ by less are called
    /// equivalent
    #[arg(long, global = true, value_name = "PERCENT", default_value = "5", value_parser = parse_margin)]
    pub margin: f64,
    /// Runs of each mode before the first round that do not count
    #[arg(long, global = true, value_name = "N", default_value_t = 1)]
    pub warmup: u32,
    /// Seed of the order of the modes within the rounds
    #[arg(long, global = true, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Go from disk to memory one factor at a time, and tell the effect of each
    #[arg(long, global = true)]
    pub ladder: bool,
    /// Give memory mode these parts of the memory it would like, in per cent: 0,25,50,75,100, or 0..100 for five steps
    #[arg(long, global = true, value_name = "PERCENT", value_delimiter = ',', value_parser = str::parse::<Percents>)]
    pub memory_sweep: Vec<Percents>,
    /// Grow the default input by these factors and see how each mode grows: 1,4,16,64; 1 is always one of them
    #[arg(long, global = true, value_name = "FACTOR", value_delimiter = ',', value_parser = parse_factor)]
    pub scale: Vec<f64>,
    /// Run a job with a loop with these numbers of iterations: 1,2,5,10,20
    #[arg(long, global = true, value_name = "N", value_delimiter = ',', value_parser = parse_iterations)]
    pub iteration_sweep: Vec<u32>,
    /// Run the job on these engines, too, a column each: hadoop (YARN), spark, batch; local, which are the modes, is always
    /// there
    #[arg(
        long,
        global = true,
        value_name = "ENGINES",
        value_delimiter = ',',
        value_parser = choice(ENGINES),
        hide_possible_values = true
    )]
    pub engine: Vec<EngineName>,
    /// Setting of an engine, as 'run' takes it; each goes to the engines that may know it
    #[arg(
        long = "engine-option",
        global = true,
        value_name = "KEY=VALUE",
        value_parser = engine::options::parse,
        requires = "engine"
    )]
    pub engine_options: Vec<(String, String)>,
    /// Run other programs that do the job beside the modes, check their answers, and say which is enough: awk, sort,
    /// python, duckdb, polars, pandas, sqlite, numpy, networkx, scikit-learn, spark, hadoop, or all; everyone gets as
    /// many processors as there are --workers
    #[arg(long, global = true, value_name = "NAMES", value_delimiter = ',')]
    pub with: Vec<String>,
    /// Directory of the programs of --with [default: scripts/peers where twinmill was built, or TWINMILL_PEERS]
    #[arg(long, global = true, value_name = "DIR", requires = "with")]
    pub peers: Option<PathBuf>,
    /// Continue a comparison with the same settings from its report; --runs, --budget and --margin may differ
    #[arg(long = "continue", global = true, requires = "report")]
    pub continues: bool,
    #[command(flatten)]
    pub export: ExportArgs,
}

/// Other forms of a comparison than its JSON; files that exist are replaced.
#[derive(Args, Debug, Clone)]
#[command(next_help_heading = "Other forms of the result")]
pub struct ExportArgs {
    /// Write a page with charts that opens from disk, without a network
    #[arg(long, global = true, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Write verdict and tables as Markdown
    #[arg(long, global = true, value_name = "FILE")]
    pub export_markdown: Option<PathBuf>,
    /// Write a line for each run
    #[arg(long, global = true, value_name = "FILE")]
    pub export_csv: Option<PathBuf>,
    /// Write the tasks of each mode's middle run in Chrome's trace format, for Perfetto
    #[arg(long, global = true, value_name = "FILE")]
    pub trace: Option<PathBuf>,
}

/// `twinmill check JOB`
#[derive(Args, Debug)]
#[command(next_help_heading = "Settings")]
pub struct CheckArgs {
    /// Size of the sample: the first lines of the input, or a generated input of about that size
    #[arg(long, global = true, value_name = "SIZE", default_value = "64KiB")]
    pub sample_size: ByteSize,
    /// Time for the runs; as much again is for making an input smaller that shows a broken law
    #[arg(long, global = true, value_name = "TIME", default_value = "30s", value_parser = parse_positive_duration)]
    pub budget: Duration,
    /// Vary each setting in two combinations of the others, and not in all: a third of the runs
    #[arg(long, global = true)]
    pub quick: bool,
    /// Seed by which lines are shuffled
    #[arg(long, global = true, value_name = "N", default_value_t = 1)]
    pub shuffle_seed: u64,
    /// Tasks that run at the same time
    #[arg(long, global = true, value_name = "N", default_value_t = DEFAULTS.workers)]
    pub workers: usize,
    /// Directory in which runs make their private directories for intermediates
    #[arg(long, global = true, value_name = "DIR", default_value_os_t = DEFAULTS.work_dir.clone())]
    pub work_dir: PathBuf,
    /// Write the result, as JSON
    #[arg(long, global = true, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Print nothing unless a law is broken
    #[arg(long, global = true)]
    pub quiet: bool,
}

/// `twinmill claim FILE...`
#[derive(Args, Debug)]
pub struct ClaimArgs {
    /// Claim files, and names of those that come with twinmill
    #[arg(value_name = "FILE|NAME", required_unless_present = "list")]
    pub files: Vec<PathBuf>,
    /// List the claims that come with twinmill instead
    #[arg(long, exclusive = true)]
    pub list: bool,
    #[command(flatten)]
    pub measure: ClaimMeasureArgs,
    /// Write claims, verdicts and every run, as JSON
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Write a page with verdicts and charts that opens from disk, without a network
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Write the verdicts as Markdown
    #[arg(long, value_name = "FILE")]
    pub markdown: Option<PathBuf>,
    /// Show the result alone, without progress
    #[arg(long)]
    pub quiet: bool,
}

/// The conditions under which claims are measured.
#[derive(Args, Debug, Clone)]
pub struct ClaimMeasureArgs {
    /// Time for the rounds of each comparison; rounds end sooner where its claims are settled. Three are made in any case
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = parse_positive_duration)]
    pub budget: Duration,
    /// Sizes of the generated inputs, against those of the claims
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, value_parser = parse_factor)]
    pub scale: f64,
    /// Tasks that run at the same time [default: as many as there are processors]
    #[arg(long, value_name = "N")]
    pub workers: Option<usize>,
    /// Directory in which runs make their private directories for intermediates
    #[arg(long, value_name = "DIR")]
    pub work_dir: Option<PathBuf>,
    /// Directory of other programs [default: scripts/peers where twinmill was built, or TWINMILL_PEERS]
    #[arg(long, value_name = "DIR")]
    pub peers: Option<PathBuf>,
}

/// `twinmill lesson [NUMBER|NAME]`
#[derive(Args, Debug)]
pub struct LessonArgs {
    /// The lesson [default: none; they are listed]
    #[arg(value_name = "NUMBER|NAME")]
    pub lesson: Option<String>,
    /// Take all lessons, one after another
    #[arg(long, conflicts_with_all = ["lesson", "guess"])]
    pub all: bool,
    /// Your guess, in place of being asked: a number, with its unit where it has one
    #[arg(long, value_name = "VALUE", requires = "lesson")]
    pub guess: Option<String>,
    #[command(flatten)]
    pub measure: ClaimMeasureArgs,
    /// Write the page of the lesson; with --all a directory of pages with an index
    #[arg(long, value_name = "FILE|DIR")]
    pub html: Option<PathBuf>,
    /// Write claims, verdicts and every run, as JSON
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Show the result alone, without progress, and ask nothing
    #[arg(long)]
    pub quiet: bool,
}

/// `twinmill predict JOB`
#[derive(Args, Debug)]
#[command(next_help_heading = "The cluster")]
pub struct PredictArgs {
    /// Numbers of machines
    #[arg(
        long,
        global = true,
        value_name = "N",
        value_delimiter = ',',
        default_value = "4,16,64,1000",
        value_parser = clap::value_parser!(u32).range(1..=100_000)
    )]
    pub nodes: Vec<u32>,
    /// What runs the job: local (this program, in both modes), hadoop, spark
    #[arg(
        long,
        global = true,
        value_name = "NAMES",
        value_delimiter = ',',
        default_value = "hadoop,spark",
        value_parser = choice(PREDICTED_ENGINES)
    )]
    pub engine: Vec<PredictedEngine>,
    /// Tasks that a machine runs at the same time [default: 8; local: as many as the measured run had workers]
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub cores: Option<u32>,
    /// Disk of a machine: hdd, sata-ssd, nvme, or bandwidth a second and seek time, like 200MB,8ms [default: sata-ssd;
    /// local: the disk of this machine]
    #[arg(long, global = true, value_name = "PROFILE", value_parser = parse_disk_profile)]
    pub disk: Option<DiskProfile>,
    /// Network of a machine, one way: 1Gbit, 10Gbit, or bytes a second like 125MB
    #[arg(long, global = true, value_name = "RATE", default_value = "10Gbit", value_parser = str::parse::<Bandwidth>)]
    pub network: Bandwidth,
    /// Memory of a machine [default: 64 GiB; local: that of this machine]
    #[arg(long, global = true, value_name = "SIZE", value_parser = parse_budget)]
    pub memory: Option<ByteSize>,
    /// Copies of the output (dfs.replication)
    #[arg(
        long,
        global = true,
        value_name = "N",
        default_value_t = 3,
        value_parser = clap::value_parser!(u32).range(1..=512)
    )]
    pub replication: u32,
    /// Reduce tasks [default: 0.95 for each task that runs at the same time; local: as the measured run]
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub reducers: Option<u32>,
    /// Most input of a map task (dfs.blocksize)
    #[arg(long, global = true, value_name = "SIZE", value_parser = parse_budget, default_value = "128MiB")]
    pub split_size: ByteSize,
    /// Sort buffer of a map task (io.sort.mb)
    #[arg(long, global = true, value_name = "SIZE", value_parser = parse_budget, default_value = SORT_BUFFER.as_str())]
    pub sort_buffer: ByteSize,
    /// Size of the input: 1TB, or 16x for 16 times the measured one [default: the measured one]
    #[arg(long, global = true, value_name = "SIZE", value_parser = str::parse::<Size>)]
    pub size: Option<Size>,
    /// Take the run from a report of 'run --report', instead of making it now
    #[arg(long, global = true, value_name = "FILE.json", help_heading = "The measured run")]
    pub from: Option<PathBuf>,
    /// Mode of the run that is measured
    #[arg(
        long,
        global = true,
        value_name = "MODE",
        value_parser = choice(FRAMEWORK_MODES),
        default_value = "disk",
        help_heading = "The measured run"
    )]
    pub mode: Mode,
    /// Tasks that the measured run does at the same time
    #[arg(long, global = true, value_name = "N", default_value_t = DEFAULTS.workers, help_heading = "The measured run")]
    pub workers: usize,
    /// Directory in which the run makes its private directory for intermediates
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        default_value_os_t = DEFAULTS.work_dir.clone(),
        help_heading = "The measured run"
    )]
    pub work_dir: PathBuf,
    /// Print the predictions, the measured work and the constants as JSON
    #[arg(long, global = true, help_heading = "Output")]
    pub json: bool,
    /// Write the same JSON to a file
    #[arg(long, global = true, value_name = "FILE", help_heading = "Output")]
    pub report: Option<PathBuf>,
    /// Show no progress
    #[arg(long, global = true, help_heading = "Output")]
    pub quiet: bool,
}

/// An engine as it is named on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PredictedEngine {
    /// This program, on one machine.
    Local,
    /// Hadoop.
    Hadoop,
    /// Spark.
    Spark,
}

impl PredictedEngine {
    /// The predictions that it stands for.
    pub fn engines(self) -> &'static [Engine] {
        match self {
            PredictedEngine::Local => &[Engine::LocalDisk, Engine::LocalMemory],
            PredictedEngine::Hadoop => &[Engine::Hadoop],
            PredictedEngine::Spark => &[Engine::Spark],
        }
    }
}

/// `twinmill report FILE...`
#[derive(Args, Debug)]
pub struct ReportArgs {
    /// Reports of `compare --report` or `run --report`; runs of the same job are put side by side
    #[arg(required = true, value_name = "FILE.json")]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    pub export: ExportArgs,
}

/// The choices that a mode is made of, one by one.
#[derive(Args, Debug)]
#[command(next_help_heading = "Factors")]
pub struct FactorArgs {
    /// Medium of map outputs until reducers take them [default: as the mode says]
    #[arg(long, global = true, value_name = "MEDIUM", value_parser = choice(MEDIA))]
    pub map_output: Option<Medium>,
    /// Medium of a job's output until the next job reads it [default: as the mode says]
    #[arg(long, global = true, value_name = "MEDIUM", value_parser = choice(MEDIA))]
    pub between_jobs: Option<Medium>,
    /// Treatment of an input that a loop reads again and again: reread or cached [default: as the mode says]
    #[arg(long, global = true, value_name = "HOW", value_parser = choice(INVARIANT))]
    pub invariant: Option<Invariant>,
    /// How equal keys are brought together: sort or hash [default: sort]
    #[arg(long, global = true, value_name = "HOW", value_parser = choice(GROUPING))]
    pub grouping: Option<Grouping>,
}

/// Options of every run of a job.
#[derive(Args, Debug)]
#[command(next_help_heading = "Settings")]
pub struct CommonArgs {
    /// Reduce tasks, and so parts of the output; 0 writes what map emits (mapreduce.job.reduces)
    #[arg(long, global = true, value_name = "N", default_value_t = DEFAULTS.reducers)]
    pub reducers: u32,
    /// Tasks that run at the same time
    #[arg(long, global = true, value_name = "N", default_value_t = DEFAULTS.workers)]
    pub workers: usize,
    /// Budget for sort buffers and for runs in memory [default: 60 % of the memory available]
    #[arg(long, global = true, value_name = "SIZE", value_parser = parse_budget)]
    pub memory: Option<ByteSize>,
    /// Action of memory mode when the budget is used up
    #[arg(long, global = true, value_name = "ACTION", value_parser = choice(ON_FULL), default_value = "spill")]
    pub on_full: OnFull,
    /// Sort buffer of a map task (io.sort.mb)
    #[arg(long, global = true, value_name = "SIZE", value_parser = parse_budget, default_value = SORT_BUFFER.as_str())]
    pub sort_buffer: ByteSize,
    /// Most runs that one merge pass reads (io.sort.factor)
    #[arg(long, global = true, value_name = "N", default_value_t = DEFAULTS.merge_factor)]
    pub merge_factor: usize,
    /// Most input of a map task [default: 128 MiB (dfs.blocksize), less where workers would be idle; 32 MiB
    /// (fs.local.block.size) for commands]
    #[arg(long, global = true, value_name = "SIZE")]
    pub split_size: Option<ByteSize>,
    /// Compression of runs in files (mapreduce.map.output.compress.codec)
    #[arg(long, global = true, value_name = "CODEC", value_parser = choice(CODECS), default_value = "none")]
    pub compress: Compression,
    /// Attempts that a task gets (mapreduce.map.maxattempts)
    #[arg(long, global = true, value_name = "N", default_value_t = DEFAULTS.max_attempts)]
    pub max_attempts: u32,
    /// Skip this many records on which the job fails, and write them to _skipped in the output
    /// (mapreduce.map.skip.maxrecords)
    #[arg(long, global = true, value_name = "N", default_value_t = 0)]
    pub skip_bad_records: u64,
    /// Time that a task attempt gets, such as 5s, before it is stopped and tried again (mapreduce.task.timeout)
    #[arg(long, global = true, value_name = "TIME", value_parser = parse_duration)]
    pub task_timeout: Option<Duration>,
    /// Give tasks that lag behind a second attempt; the first to succeed wins (mapreduce.map.speculative)
    #[arg(long, global = true)]
    pub speculative: bool,
    /// Make something fail: map:3:panic, reduce:*:error:p=0.1, run:2:flip|truncate|delete, map:1:slow=5s; may be
    /// repeated. It strikes the first attempt in the first job, or with attempts=N, job=N and p=PROBABILITY others. A
    /// damaged map output in memory is one that is lost
    #[arg(long, global = true, value_name = "FAULT", value_parser = str::parse::<Fault>, help_heading = "Fault lab")]
    pub inject: Vec<Fault>,
    /// Seed of chance in faults with p=
    #[arg(long, global = true, value_name = "N", default_value_t = 0, help_heading = "Fault lab")]
    pub inject_seed: u64,
    /// Directory in which runs make their private directories for intermediates
    #[arg(long, global = true, value_name = "DIR", default_value_os_t = DEFAULTS.work_dir.clone())]
    pub work_dir: PathBuf,
    /// Copies of data between jobs that lies in files (dfs.replication)
    #[arg(long, global = true, value_name = "N", default_value_t = DEFAULTS.durability.replication)]
    pub replication: u32,
    /// Sync data between jobs, and the output, to the device
    #[arg(long, global = true)]
    pub sync: bool,
    /// Emulate a disk below intermediate files and data between jobs: hdd, sata-ssd, nvme, or bandwidth a second and
    /// seek time, like 200MB,8ms
    #[arg(long, global = true, value_name = "PROFILE", value_parser = parse_disk_profile)]
    pub disk_profile: Option<DiskProfile>,
    /// Leave the map outputs that lie in files in the work directory, for `inspect`
    #[arg(long, global = true)]
    pub keep_intermediates: bool,
    /// Drop cached pages of inputs and intermediates before they are read
    #[arg(long, global = true)]
    pub cold: bool,
}

/// `twinmill gen KIND`
#[derive(Args, Debug)]
pub struct GenerateArgs {
    /// Kind of input to generate
    #[arg(value_parser = kind_parser(), hide_possible_values = true, required_unless_present = "list")]
    pub kind: Option<Kind>,
    /// Size of the input: 512MiB, 1GB, 64k; text has exactly that many bytes, other kinds at most
    #[arg(long, value_name = "SIZE", required_unless_present_any = ["records", "list"], conflicts_with = "records")]
    pub size: Option<ByteSize>,
    /// Number of records, instead of a size: lines, edges, points, requests
    #[arg(long, value_name = "N", visible_aliases = ["edges", "points"])]
    pub records: Option<u64>,
    /// The same seed gives the same bytes, on every machine
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// The file to write, or - for stdout; documents are written to a directory
    #[arg(long, value_name = "PATH", required_unless_present = "list")]
    pub out: Option<PathBuf>,
    /// Replace a file that exists
    #[arg(long)]
    pub overwrite: bool,
    /// List the kinds instead
    #[arg(long, exclusive = true)]
    pub list: bool,
    /// text, documents, labelled-text: distinct words [default: 200000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub vocabulary: Option<u32>,
    /// text, documents, labelled-text, graph, access-log, ratings: exponent of Zipf's law, 0 for uniform [default: 1]
    #[arg(long, value_name = "X")]
    pub zipf: Option<f64>,
    /// graph: ids are below it [default: an eighth of the edges]; matrices: rows and columns; ratings: users [default:
    /// a fiftieth of the entries]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub nodes: Option<u32>,
    /// points, labelled: features of a point [default: 10]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub dimensions: Option<u32>,
    /// points: Gaussian clusters [default: 10]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub clusters: Option<u32>,
    /// orders: customers that the table of customers has [default: 100,000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub customers: Option<u32>,
    /// orders: share of the orders whose customer is one of those [default: 0.9]
    #[arg(long, value_name = "SHARE")]
    pub matches: Option<f64>,
}

/// `twinmill inspect FILE|DIR...`
#[derive(Args, Debug)]
pub struct InspectArgs {
    /// Run files, and directories to be searched for them
    #[arg(required = true, value_name = "FILE|DIR")]
    pub paths: Vec<PathBuf>,
    /// Show each partition
    #[arg(short = 'v', long)]
    pub partitions: bool,
    /// Show the first N records of each file, keys and values as they are encoded
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub records: u64,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `twinmill grade assignment.toml`
#[derive(Args, Debug)]
pub struct GradeArgs {
    /// The assignment: commands, input, right answer, limits, points
    #[arg(value_name = "assignment.toml")]
    pub assignment: PathBuf,
    /// Grade these submissions alone, by the names of their folders; may be repeated
    #[arg(long, value_name = "NAME")]
    pub submission: Vec<String>,
    /// Write the grades, as JSON
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Write a line for each submission
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// Write the results of each submission as Gradescope reads them: a file NAME.json in this folder, or with one
    /// --submission this file
    #[arg(long, value_name = "FOLDER|FILE.json")]
    pub gradescope: Option<PathBuf>,
    /// Directory in which runs make their private directories
    #[arg(long, value_name = "DIR", default_value_os_t = DEFAULTS.work_dir.clone())]
    pub work_dir: PathBuf,
    /// Print nothing but errors
    #[arg(long)]
    pub quiet: bool,
}

const MODES: &[(&str, RunMode)] =
    &[("disk", RunMode::Disk), ("memory", RunMode::Memory), ("reference", RunMode::Reference)];
const FRAMEWORK_MODES: &[(&str, Mode)] = &[("disk", Mode::Disk), ("memory", Mode::Memory)];
const PREDICTED_ENGINES: &[(&str, PredictedEngine)] =
    &[("local", PredictedEngine::Local), ("hadoop", PredictedEngine::Hadoop), ("spark", PredictedEngine::Spark)];
const MEDIA: &[(&str, Medium)] = &[("disk", Medium::Disk), ("memory", Medium::Memory)];
const INVARIANT: &[(&str, Invariant)] = &[("reread", Invariant::Reread), ("cached", Invariant::Cached)];
const GROUPING: &[(&str, Grouping)] = &[("sort", Grouping::Sort), ("hash", Grouping::Hash)];
const ON_FULL: &[(&str, OnFull)] = &[("spill", OnFull::Spill), ("fail", OnFull::Fail)];
const CODECS: &[(&str, Compression)] =
    &[("none", Compression::None), ("lz4", Compression::Lz4), ("zstd", Compression::Zstd)];

/// The value of `--runs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runs {
    /// So many rounds.
    Exactly(u32),
    /// As many as it takes.
    Auto,
}

impl FromStr for Runs {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(rounds) if rounds > 0 => Ok(Runs::Exactly(rounds)),
            _ if text == "auto" => Ok(Runs::Auto),
            _ => Err("write a number from 1 on, or auto".into()),
        }
    }
}

fn parse_positive_duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).and_then(|time| if time.is_zero() { Err("it must be above 0".into()) } else { Ok(time) })
}

/// A part, of a percentage with or without its sign: `5`, `2.5%`.
fn parse_margin(text: &str) -> Result<f64, String> {
    match text.trim_end_matches('%').trim_end().parse::<f64>() {
        Ok(percent) if percent > 0.0 && percent <= 100.0 => Ok(percent / 100.0),
        _ => Err("a margin is a percentage above 0 and at most 100, like 5 or 2.5".into()),
    }
}

/// Largest factor of `--scale`: a larger input fills any disk before it is measured.
const LARGEST_FACTOR: f64 = 10_000.0;

fn parse_factor(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(factor) if factor > 0.0 && factor <= LARGEST_FACTOR => Ok(factor),
        _ => Err(format!("a factor is a number above 0 and at most {LARGEST_FACTOR}; list several like 1,4,16,64")),
    }
}

fn parse_iterations(text: &str) -> Result<u32, String> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| "a number of iterations is at least 1; list several like 1,2,5,10,20".into())
}

/// Percentages that were named one by one, or as the ends of a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Percents(pub Vec<u32>);

impl std::str::FromStr for Percents {
    type Err = String;

    /// `25`, or `0..100`, which is cut into four equal steps.
    fn from_str(text: &str) -> Result<Self, String> {
        const MOST: u32 = 1000;
        const STEPS: u32 = 4;
        let number = |text: &str| text.trim().parse::<u32>().ok().filter(|percent| *percent <= MOST);
        let percents = match text.split_once("..") {
            None => number(text).map(|percent| vec![percent]),
            Some((from, to)) => number(from).zip(number(to.trim_start_matches('='))).and_then(|(from, to)| {
                let step = to.checked_sub(from).filter(|range| *range >= STEPS)?;
                Some((0..=STEPS).map(|i| from + step * i / STEPS).collect())
            }),
        };
        percents.map(Percents).ok_or_else(|| {
            format!("percentages are numbers up to {MOST}: write them like 0,25,50,75,100, or 0..100 for these five")
        })
    }
}

/// Parses a size that is a budget. A number below a thousand without a unit is a slip: nothing works in so few bytes.
fn parse_budget(text: &str) -> Result<ByteSize, String> {
    let size: ByteSize = text.parse()?;
    let bare = text.trim().bytes().all(|byte| byte.is_ascii_digit());
    if bare && (1..1000).contains(&size.0) {
        let bytes = size.0;
        return Err(format!("{bytes} without a unit is {bytes} bytes; did you mean {bytes}MiB?"));
    }
    Ok(size)
}

fn parse_disk_profile(text: &str) -> Result<DiskProfile, String> {
    let names = DiskProfile::NAMED.map(|(name, ..)| name);
    text.parse().map_err(|error: String| error + &suggestion::question(text, names))
}

/// A parser of the library's own choices by name.
fn choice<T>(choices: &'static [(&'static str, T)]) -> impl TypedValueParser<Value = T>
where
    T: Copy + Send + Sync + 'static,
{
    PossibleValuesParser::new(choices.iter().map(|(name, _)| *name)).map(|chosen| {
        let (_, value) =
            choices.iter().find(|(name, _)| *name == chosen).expect("the parser lets only these names pass");
        *value
    })
}

/// The modes by name, each with its description.
fn described_modes() -> impl TypedValueParser<Value = RunMode> {
    let described = MODES.iter().map(|(name, mode)| {
        PossibleValue::new(*name).help(match mode {
            RunMode::Disk => "Hadoop's way: intermediates lie in files",
            RunMode::Memory => "Spark's way: intermediates stay in memory",
            RunMode::Reference => "One thread without the framework",
        })
    });
    PossibleValuesParser::new(described)
        .map(|name| RunMode::named(&name).expect("the parser lets only these names pass"))
}

fn kind_parser() -> impl TypedValueParser<Value = Kind> {
    const ALIAS: &str = "labelled-points";
    let names = Kind::ALL.map(Kind::name).into_iter().chain([ALIAS]);
    PossibleValuesParser::new(names).map(|name| Kind::from_name(&name).expect("the parser lets only these names pass"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The command line with the options of every job.
    fn of_all_jobs() -> Command {
        let jobs = crate::jobs::all();
        let names: Vec<OsString> = jobs.iter().map(|job| job.name().into()).collect();
        command(&jobs, &names)
    }

    #[test]
    fn the_command_line_is_well_formed() {
        of_all_jobs().debug_assert();
    }

    #[test]
    fn no_option_of_a_job_has_the_name_of_an_option_of_a_command() {
        assert_eq!(clash(&of_all_jobs(), &crate::jobs::all()), None);
    }

    #[derive(Args)]
    struct Seeded {
        /// Has the name of an option of compare
        #[arg(long)]
        seed: u64,
    }

    struct Clashing;

    impl crate::program::Program for Clashing {
        type Options = Seeded;

        const NAME: &'static str = "clashing";
        const ABOUT: &'static str = "Have an option of another's name";

        fn run(&self, options: &Seeded, _: &[PathBuf], _: &crate::Session) -> crate::Result<crate::Report> {
            Err(crate::Error::user(options.seed.to_string()))
        }
    }

    #[test]
    fn an_option_of_a_job_that_would_be_taken_for_another_is_found() {
        let jobs: Vec<Box<dyn AnyProgram>> = vec![Clashing.boxed()];
        let found = clash(&command(&jobs, &[]), &jobs);
        assert_eq!(found, Some(("clashing", "seed".to_owned(), "compare".to_owned())));
    }

    fn words(line: &str) -> Vec<OsString> {
        line.split_whitespace().map(OsString::from).collect()
    }

    #[test]
    fn the_value_of_every_option_may_begin_with_a_hyphen() {
        fn check(command: &Command) {
            for arg in command.get_arguments().filter(|arg| arg.get_long().is_some()) {
                let takes_value = arg.get_action().takes_values();
                assert!(!takes_value || arg.is_allow_hyphen_values_set(), "{} {arg}", command.get_name());
            }
            command.get_subcommands().for_each(check);
        }
        let mut command = of_all_jobs();
        command.build();
        check(&command);
    }

    #[test]
    fn an_option_in_the_place_of_a_value_is_found() {
        let command = of_all_jobs();
        let found = |line: &str| swallowed_option(&command, &words(line));
        let pair = |option: &str, value: &str| Some((option.to_owned(), value.to_owned()));
        assert_eq!(found("twinmill run wordcount --input --quiet"), pair("--input", "--quiet"));
        assert_eq!(found("twinmill run --output --mode=disk wordcount"), pair("--output", "--mode=disk"));
        assert_eq!(found("twinmill run grep --pattern --pattern x"), pair("--pattern", "--pattern"));
        assert_eq!(found("twinmill gen text --edges --seed 1"), pair("--edges", "--seed"));
        assert_eq!(found("twinmill run wordcount --input --help"), pair("--input", "--help"));
        for line in [
            "twinmill run wordcount --input -x --quiet",
            "twinmill run grep --pattern --x --quiet",
            "twinmill run grep --pattern=--quiet",
            "twinmill run wordcount --quiet --overwrite",
            "twinmill run wordcount --input",
            "twinmill run wordcount -- --input --quiet",
        ] {
            assert_eq!(found(line), None, "{line}");
        }
    }
}
