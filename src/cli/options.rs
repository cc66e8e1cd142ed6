//! Resolves arguments to the options of a command: the job, its inputs, a [`JobConfig`].

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, FromArgMatches};

use crate::cli::args::{
    self, CheckArgs, ClaimArgs, CommonArgs, CompareArgs, EngineName, ExportArgs, FactorArgs, GenerateArgs, GradeArgs,
    InputArgs, InspectArgs, LessonArgs, ListArgs, MeasureArgs, Percents, PredictArgs, ReportArgs, RunArgs, Runs,
    TaskArgs,
};
use crate::cli::generate::GenerateOptions;
use crate::cli::lessons;
use crate::cli::result::Details;
use crate::cli::{suggestion, terminal};
use crate::config::{ExistingOutput, Identity, Intermediates, OnFull, PageCache, Resume, Stragglers, Sync};
use crate::engine::options::EngineOptions;
use crate::measure::failure::USAGE;
use crate::measure::mode::RunMode;
use crate::measure::plan::ladder::Factor;
use crate::measure::plan::variant::Variant;
use crate::measure::running::field::Absent;
use crate::measure::running::words::join;
use crate::measure::settings::{EngineColumn, Request, Rounds};
use crate::program::{AnyProgram, Program};
use crate::streaming::program::Stream;
use crate::{FaultLab, JobConfig};

/// The settings that were asked for.
pub enum Command<'a> {
    /// `twinmill run JOB`
    Run(Box<RunOptions<'a>>),
    /// `twinmill task map|reduce JOB`
    Task(Box<TaskOptions<'a>>),
    /// `twinmill compare JOB`
    Compare(Box<CompareOptions<'a>>),
    /// `twinmill check JOB`
    Check(Box<CheckOptions<'a>>),
    /// `twinmill predict JOB`
    Predict(Box<PredictOptions<'a>>),
    /// `twinmill compare lecture`
    Lecture(LectureOptions<'a>),
    /// `twinmill claim FILE...`
    Claim(ClaimOptions<'a>),
    /// `twinmill lesson [NUMBER|NAME]`
    Lesson(LessonOptions<'a>),
    /// `twinmill report FILE...`
    Report(ReportArgs),
    /// `twinmill list`
    List(ListArgs, &'a [Box<dyn AnyProgram>]),
    /// `twinmill gen KIND`
    Generate(GenerateOptions),
    /// `gen --list`.
    ListKinds,
    /// `twinmill inspect FILE|DIR...`
    Inspect(InspectArgs),
    /// `twinmill grade assignment.toml`
    Grade(GradeArgs),
}

/// A job with its own options and its inputs.
#[derive(Clone)]
pub struct Task<'a> {
    /// The job.
    pub job: &'a dyn AnyProgram,
    /// The job's own options.
    pub options: ArgMatches,
    /// Its inputs; empty for the job's default input.
    pub inputs: Vec<PathBuf>,
}

/// `twinmill run JOB`, resolved.
pub struct RunOptions<'a> {
    /// The task to run.
    pub task: Task<'a>,
    /// On the framework or without it.
    pub mode: RunMode,
    /// The settings.
    pub config: JobConfig,
    /// File of the report.
    pub report: Option<PathBuf>,
    /// Whether progress and summary are left out.
    pub quiet: bool,
    /// Where its tasks run.
    pub engine: EngineChoice,
}

/// An engine, and what it is told.
pub struct EngineChoice {
    /// The engine.
    pub name: EngineName,
    /// Its own options.
    pub options: EngineOptions,
    /// The job's options and the settings, as words for its tasks.
    pub words: Vec<OsString>,
}

/// `twinmill task map|reduce JOB`, resolved.
pub struct TaskOptions<'a> {
    /// The job, with its options and inputs.
    pub task: Task<'a>,
    /// Whether it is a map task.
    pub is_map: bool,
    /// The options of the task itself.
    pub args: TaskArgs,
    /// The settings.
    pub config: JobConfig,
}

/// `twinmill compare JOB`, resolved.
pub struct CompareOptions<'a> {
    /// The task to run.
    pub task: Task<'a>,
    /// The measurements, and the number of runs.
    pub request: Request,
    /// Directory of the programs of `--with`, if not the usual one.
    pub peers: Option<PathBuf>,
    /// Whether an earlier report is taken up.
    pub continues: bool,
    /// Other forms of the result.
    pub export: ExportArgs,
    /// Whether the memory budget was given, and not derived from the memory that is available now.
    pub memory_given: bool,
    /// The settings that all share.
    pub config: JobConfig,
    /// The settings and the job's options as words for a run of its own.
    pub words: Vec<OsString>,
    /// The job's options by name, with defaults, for programs that are not twinmill.
    pub job_options: Vec<(String, String)>,
    /// File of the report.
    pub report: Option<PathBuf>,
    /// Whether progress and summary are left out.
    pub quiet: bool,
    /// How much of the result is printed.
    pub details: Details,
    /// The command line, to be repeated.
    pub command: Vec<String>,
    /// Columns in place of those of the modes; none where the modes are the columns.
    pub own_columns: Vec<Variant>,
    /// The part of the default input that is read, where no input is named.
    pub part: f64,
    /// What happens where another program is not known.
    pub absent: Absent,
}

/// `twinmill check JOB`, resolved.
pub struct CheckOptions<'a> {
    /// The task to check.
    pub task: Task<'a>,
    /// The arguments of the check.
    pub args: CheckArgs,
    /// The settings of its runs that the check leaves as they are.
    pub config: JobConfig,
}

/// `twinmill claim`, resolved.
pub struct ClaimOptions<'a> {
    /// The jobs of the command line.
    pub jobs: &'a [Box<dyn AnyProgram>],
    /// The arguments.
    pub args: ClaimArgs,
}

/// `twinmill lesson`, resolved.
pub struct LessonOptions<'a> {
    /// The jobs of the command line.
    pub jobs: &'a [Box<dyn AnyProgram>],
    /// The arguments.
    pub args: LessonArgs,
}

/// `twinmill predict JOB`, resolved.
pub struct PredictOptions<'a> {
    /// The task to measure.
    pub task: Task<'a>,
    /// The settings of the measured run.
    pub config: JobConfig,
    /// The cluster that is asked about, and the forms of the answer.
    pub args: PredictArgs,
}

/// `twinmill compare lecture`, resolved.
pub struct LectureOptions<'a> {
    /// The jobs of the command line.
    pub jobs: &'a [Box<dyn AnyProgram>],
    /// Settings of every lesson, as words.
    pub words: Vec<OsString>,
    /// Size of the inputs, against those of a lesson.
    pub scale: f64,
    /// The time for all lessons.
    pub budget: Duration,
    /// Other forms of the result.
    pub export: ExportArgs,
    /// File of the report.
    pub report: Option<PathBuf>,
    /// Whether progress is left out.
    pub quiet: bool,
    /// How much of the results is printed.
    pub details: Details,
}

/// Options that a comparison sets for each run itself, beside [`MeasureArgs`].
const NOT_REPEATED: &[&str] = &[
    "input",
    "report",
    "quiet",
    "details",
    "overwrite",
    "memory",
    "work_dir",
    "keep_intermediates",
    "help",
    "version",
];

/// Options on which neither a run's answer nor its work directory depends, or whose values are identified elsewhere:
/// inputs by their contents, the output by its place. Faults need not strike again.
const NO_IDENTITY: &[&str] = &[
    "input",
    "output",
    "report",
    "quiet",
    "overwrite",
    "resume",
    "work_dir",
    "keep_intermediates",
    "cold",
    "inject",
    "inject_seed",
    "max_attempts",
    "task_timeout",
    "speculative",
    "help",
    "version",
];

/// Options of a run that its tasks are not given.
const NOT_FOR_TASKS: &[&str] = &["output", "mode", "resume", "engine", "engine_options"];

/// Reads the command line.
///
/// # Errors
/// Usage errors, and `--help` and `--version`, which clap counts among them.
pub fn parse(
    jobs: &[Box<dyn AnyProgram>],
    words: impl IntoIterator<Item = OsString>,
) -> Result<Command<'_>, clap::Error> {
    let words: Vec<OsString> = words.into_iter().collect();
    let mut command = args::command(jobs, &words);
    if let Some((job, option, taken)) = args::clash(&command, jobs) {
        let message = format!("--{option} of job {job} is also an option of '{taken}'; give the job's another name");
        return Err(command.error(ErrorKind::ArgumentConflict, message));
    }
    if let Some((option, value)) = args::swallowed_option(&command, &words) {
        let message =
            format!("{option} needs a value, and '{value}' is an option; write {option}={value} if it is the value");
        return Err(command.error(ErrorKind::InvalidValue, message));
    }
    let matches = command.try_get_matches_from_mut(&words);
    let matches = matches.map_err(|error| advised(error, &command, &words, jobs))?;
    resolve(&mut command, &matches, &words, jobs)
}

/// Adds advice to errors of which clap does not know what was meant: a job in the place of a command, an input without
/// `--input`, an option of another command.
fn advised(
    mut error: clap::Error,
    command: &clap::Command,
    words: &[OsString],
    jobs: &[Box<dyn AnyProgram>],
) -> clap::Error {
    let word = |kind| match error.get(kind) {
        Some(ContextValue::String(word)) => Some(word.clone()),
        _ => None,
    };
    let advice = match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let commands: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
            word(ContextKind::InvalidSubcommand).and_then(|name| in_place_of_a_command(&name, &commands, jobs))
        }
        ErrorKind::UnknownArgument => word(ContextKind::InvalidArg).and_then(|argument| {
            if argument.starts_with('-') {
                of_another_command(&argument, command, words)
            } else {
                Some(format!("an input is named with --input: '--input {argument}'"))
            }
        }),
        _ => None,
    };
    if let Some(advice) = advice {
        error.remove(ContextKind::SuggestedArg);
        error.remove(ContextKind::SuggestedSubcommand);
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![advice.into()]));
    }
    error
}

fn in_place_of_a_command(name: &str, commands: &[&str], jobs: &[Box<dyn AnyProgram>]) -> Option<String> {
    let own = terminal::name();
    if jobs.iter().any(|job| job.name() == name) {
        return Some(format!("{name} is a job: write '{own} run {name}' or '{own} compare {name}'"));
    }
    suggestion::nearest(name, commands.iter().copied()).map(|command| format!("a similar command exists: '{command}'"))
}

/// Says that an option of `run` was given to `compare`, or the other way round.
fn of_another_command(argument: &str, command: &clap::Command, words: &[OsString]) -> Option<String> {
    const TWO: [(&str, &str); 2] = [("run", "compare"), ("compare", "run")];
    let given = words.get(1)?.to_str()?;
    let (own, other) = TWO.into_iter().find(|(own, _)| *own == given)?;
    let name = argument.strip_prefix("--")?;
    let knows = |command: &clap::Command| command.get_arguments().any(|arg| arg.get_long() == Some(name));
    let knows = command.find_subcommand(other).is_some_and(knows);
    // Where there is a similar option of this command, clap says which.
    let similar = command.find_subcommand(own)?.get_arguments().filter_map(Arg::get_long);
    let similar = suggestion::nearest(name, similar);
    (knows && similar.is_none()).then(|| format!("{argument} is an option of '{other}', not of '{own}'"))
}

/// The definition of a job under the command that was given, with all options of both: parsing has built it.
fn definition<'c>(command: &'c clap::Command, name: &str, job: &dyn AnyProgram) -> &'c clap::Command {
    let definition = command.find_subcommand(name).and_then(|command| command.find_subcommand(job.name()));
    definition.expect("the job was found among these")
}

/// The exit status of a command line that cannot be carried out; 0 where it asks for help or the version.
pub fn exit_status(error: &clap::Error) -> u8 {
    if error.exit_code() == 0 { 0 } else { USAGE }
}

/// Resolves the command that was asked for.
///
/// # Errors
/// Usage errors that only the values together show.
fn resolve<'a>(
    command: &mut clap::Command,
    matches: &ArgMatches,
    words: &[OsString],
    jobs: &'a [Box<dyn AnyProgram>],
) -> Result<Command<'a>, clap::Error> {
    let (name, matches) = matches.subcommand().expect("clap asks for a command");
    Ok(match name {
        "run" => {
            let args = RunArgs::from_arg_matches(of_job(matches))?;
            let task = task(command, matches, jobs)?;
            if args.mode == RunMode::Reference && !task.job.has_reference() {
                let message = format!("{} has no reference to run; take --mode disk or memory", task.job.name());
                return Err(command.error(ErrorKind::ArgumentConflict, message));
            }
            let mut config = config(&args.common, &args.factors, args.mode);
            config.output = args.output;
            config.side_inputs = task.job.side_inputs(&task.options);
            let definition = definition(command, name, task.job);
            let identity = identity(definition.get_arguments(), &task, config.output.as_deref());
            let of_a_task = definition.get_arguments().filter(|arg| !NOT_FOR_TASKS.contains(&arg.get_id().as_str()));
            let words = repeat(of_a_task, &task.options);
            let identity = identity.map_err(|error| command.error(ErrorKind::Io, error))?;
            if args.overwrite {
                config.existing_output = ExistingOutput::Overwrite;
            }
            config.resume = if args.resume { Resume::Continue(identity) } else { Resume::Record(identity) };
            let engine =
                EngineChoice { name: args.engine.engine, options: EngineOptions(args.engine.engine_options), words };
            if let Some(message) = cannot_go_out(&engine, &task, args.mode, args.resume, &config) {
                return Err(command.error(ErrorKind::ArgumentConflict, message));
            }
            let (report, quiet) = (args.report, args.quiet);
            Command::Run(Box::new(RunOptions { task, mode: args.mode, config, report, quiet, engine }))
        }
        "task" => {
            let (side, matches) = matches.subcommand().expect("clap asks for a side");
            let args = TaskArgs::from_arg_matches(of_job(matches))?;
            let task = task_of_any_input(command, matches, jobs)?;
            let config = config(&args.common, &args.factors, RunMode::Memory);
            Command::Task(Box::new(TaskOptions { task, is_map: side == "map", args, config }))
        }
        "compare" if matches.subcommand_name() == Some(lessons::NAME) && lessons::is_offered(jobs) => {
            Command::Lecture(lecture_options(command, of_job(matches), jobs)?)
        }
        "compare" => {
            let mut args = CompareArgs::from_arg_matches(of_job(matches))?;
            let task = task(command, matches, jobs)?;
            if !task.job.has_reference() {
                args.measure.modes.retain(|mode| *mode != RunMode::Reference);
            }
            if args.measure.modes.is_empty() {
                let message = format!("{} has no reference to compare; name other --modes", task.job.name());
                return Err(command.error(ErrorKind::ArgumentConflict, message));
            }
            let definition = definition(command, name, task.job);
            let given = words;
            let named: Vec<_> = task.job.named_inputs(&task.options).into_iter().map(|(option, _)| option).collect();
            // Runs are given the inputs that these options name as inputs.
            let repeated = definition.get_arguments().filter(|arg| !named.contains(&arg.get_id().as_str()));
            let words = repeat(repeated, &task.options);
            let has_iterations = definition.get_arguments().any(|arg| arg.get_id() == "iterations");
            if !args.measure.iteration_sweep.is_empty() && !has_iterations {
                let message = format!("{} has no --iterations that --iteration-sweep could set", task.job.name());
                return Err(command.error(ErrorKind::ArgumentConflict, message));
            }
            if !args.measure.scale.is_empty() && !task.inputs.is_empty() {
                let message = "--scale grows the generated default input and cannot be used with --input";
                return Err(command.error(ErrorKind::ArgumentConflict, message));
            }
            let config_of_runs = config(&args.common, &args.factors, RunMode::Disk);
            let engines = args.measure.engine.iter().filter(|engine| **engine != EngineName::Local);
            let refused = engines.filter_map(|engine| {
                let choice = EngineChoice { name: *engine, options: EngineOptions::default(), words: Vec::new() };
                cannot_go_out(&choice, &task, RunMode::Disk, false, &config_of_runs)
            });
            let contradiction = contradiction(&args.measure, &args.common, &words);
            if let Some(message) = refused.chain(contradiction).next() {
                return Err(command.error(ErrorKind::ArgumentConflict, message));
            }
            let mut config = config(&args.common, &args.factors, RunMode::Memory);
            config.side_inputs = task.job.side_inputs(&task.options);
            let memory_given = args.common.memory.is_some();
            let details = if args.details { Details::Shown } else { Details::Left };
            let (measure, report, quiet) = (args.measure, args.report, args.quiet);
            let request = request(&measure, &config, task.job);
            let MeasureArgs { peers, continues, export, .. } = measure;
            let job_options = options_of_the_job(task.job, &task.options);
            Command::Compare(Box::new(CompareOptions {
                task,
                request,
                peers,
                continues,
                export,
                memory_given,
                config,
                words,
                job_options,
                report,
                quiet,
                details,
                command: command_line(given),
                own_columns: Vec::new(),
                part: 1.0,
                absent: Absent::Refused,
            }))
        }
        "check" => {
            let args = CheckArgs::from_arg_matches(of_job(matches))?;
            let task = task(command, matches, jobs)?;
            let mut config = JobConfig::new(crate::Mode::Memory).work_dir(args.work_dir.clone()).workers(args.workers);
            config.side_inputs = task.job.side_inputs(&task.options);
            Command::Check(Box::new(CheckOptions { task, args, config }))
        }
        "claim" => Command::Claim(ClaimOptions { jobs, args: ClaimArgs::from_arg_matches(matches)? }),
        "lesson" => {
            let args = LessonArgs::from_arg_matches(matches)?;
            if args.lesson.is_none() && !args.all && (args.html.is_some() || args.report.is_some()) {
                let message = "which lesson? name one, or take --all";
                return Err(command.error(ErrorKind::MissingRequiredArgument, message));
            }
            Command::Lesson(LessonOptions { jobs, args })
        }
        "predict" => {
            let args = PredictArgs::from_arg_matches(of_job(matches))?;
            let task = task(command, matches, jobs)?;
            if args.from.is_some() && !task.inputs.is_empty() {
                let message = "--from takes the run from its report, and no --input is read; take one of the two";
                return Err(command.error(ErrorKind::ArgumentConflict, message));
            }
            let mut config = JobConfig::new(args.mode).work_dir(args.work_dir.clone()).workers(args.workers);
            config.side_inputs = task.job.side_inputs(&task.options);
            Command::Predict(Box::new(PredictOptions { task, config, args }))
        }
        "report" => Command::Report(ReportArgs::from_arg_matches(matches)?),
        "list" => Command::List(ListArgs::from_arg_matches(matches)?, jobs),
        "gen" => {
            let args = GenerateArgs::from_arg_matches(matches)?;
            if args.list {
                return Ok(Command::ListKinds);
            }
            let options = GenerateOptions::of(args);
            Command::Generate(options.map_err(|message| command.error(ErrorKind::ArgumentConflict, message))?)
        }
        "inspect" => Command::Inspect(InspectArgs::from_arg_matches(matches)?),
        "grade" => Command::Grade(GradeArgs::from_arg_matches(matches)?),
        _ => unreachable!("clap knows no other command"),
    })
}

/// Resolves what a lecture leaves to its user; the rest it chooses itself.
fn lecture_options<'a>(
    command: &mut clap::Command,
    matches: &ArgMatches,
    jobs: &'a [Box<dyn AnyProgram>],
) -> Result<LectureOptions<'a>, clap::Error> {
    let given = |arg: &&Arg| matches.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine);
    let definition = command.find_subcommand("compare").expect("it is the command that was given");
    let own = |arg: &&Arg| !args::LECTURE_TAKES.contains(&arg.get_id().as_str());
    let chosen_by_the_lecture = definition.get_arguments().filter(own).find(given).cloned();
    if let Some(arg) = chosen_by_the_lecture {
        let message = format!("compare lecture chooses {arg} itself; it takes {}", args::lecture_takes());
        return Err(command.error(ErrorKind::ArgumentConflict, message));
    }
    let CompareArgs { measure, common, report, quiet, details, .. } = CompareArgs::from_arg_matches(matches)?;
    let scale = match measure.scale.as_slice() {
        [] => 1.0,
        [scale] => *scale,
        _ => {
            let message = "compare lecture takes one --scale, for the inputs of all lessons";
            return Err(command.error(ErrorKind::ArgumentConflict, message));
        }
    };
    let budget = measure.budget.unwrap_or(lessons::LIMIT);
    let mut words = Vec::new();
    if matches.value_source("workers") == Some(ValueSource::CommandLine) {
        words.push(format!("--workers={}", common.workers).into());
    }
    if matches.value_source("work_dir") == Some(ValueSource::CommandLine) {
        words.push(join("--work-dir", &common.work_dir));
    }
    let details = if details { Details::Shown } else { Details::Left };
    Ok(LectureOptions { jobs, words, scale, budget, export: measure.export, report, quiet, details })
}

/// The words of a command line, under the command's own name.
fn command_line(words: &[OsString]) -> Vec<String> {
    let words = words.iter().skip(1).map(|word| word.to_string_lossy().into_owned());
    std::iter::once(terminal::name().to_owned()).chain(words).collect()
}

/// The time for rounds where none is given.
fn default_budget(args: &MeasureArgs, config: &JobConfig) -> Duration {
    const OF_ONE_PAIR: Duration = Duration::from_secs(28);
    const OF_MORE: Duration = Duration::from_secs(60);
    let is_swept =
        args.ladder || !(args.memory_sweep.is_empty() && args.scale.is_empty() && args.iteration_sweep.is_empty());
    let has_others = !(args.with.is_empty() && engine_columns(args).is_empty());
    let is_one_pair = args.modes.len() == 2 && !is_swept && !has_others && config.faults.faults.is_empty();
    if is_one_pair { OF_ONE_PAIR } else { OF_MORE }
}

fn request(args: &MeasureArgs, config: &JobConfig, job: &dyn AnyProgram) -> Request {
    Request {
        modes: args.modes.clone(),
        without_reference: !job.has_reference(),
        rounds: match args.runs {
            Runs::Exactly(rounds) => Rounds::Exactly(rounds),
            Runs::Auto => Rounds::UntilSettled { budget: args.budget.unwrap_or_else(|| default_budget(args, config)) },
        },
        margin: args.margin,
        warmup: args.warmup,
        seed: args.seed,
        ladder: args.ladder,
        memory_sweep: percents(args),
        scale: args.scale.clone(),
        iteration_sweep: args.iteration_sweep.clone(),
        engines: engine_columns(args),
        with: args.with.clone(),
    }
}

/// The columns of the engines, each once: Hadoop keeps map outputs in files, and Spark what is kept in memory, unless only mode
/// disk is compared.
fn engine_columns(args: &MeasureArgs) -> Vec<EngineColumn> {
    let mut engines: Vec<EngineName> = Vec::new();
    for engine in args.engine.iter().filter(|engine| **engine != EngineName::Local) {
        if !engines.contains(engine) {
            engines.push(*engine);
        }
    }
    let mode = |engine: EngineName| match engine {
        EngineName::Spark if args.modes.contains(&RunMode::Memory) => RunMode::Memory,
        _ => RunMode::Disk,
    };
    let column = |engine: EngineName| {
        let options = args.engine_options.iter().filter(|(key, _)| engine.may_take(key));
        let options = options.map(|(key, value)| format!("--engine-option={key}={value}"));
        let word = engine.word();
        let words = [format!("--engine={word}")].into_iter().chain(options).collect();
        EngineColumn { name: format!("twinmill on {word}"), mode: mode(engine), words }
    };
    engines.into_iter().map(column).collect()
}

/// Finds arguments of a comparison that contradict each other; `words` are those for its runs.
fn contradiction(measure: &MeasureArgs, common: &CommonArgs, words: &[OsString]) -> Option<String> {
    let lacks = |mode: RunMode| !measure.modes.contains(&mode);
    let sets = |factor: &Factor| {
        let flag = format!("--{}=", factor.flag());
        words.iter().any(|word| word.to_string_lossy().starts_with(&flag))
    };
    if measure.ladder && (lacks(RunMode::Disk) || lacks(RunMode::Memory)) {
        return Some("--ladder goes from mode disk to mode memory, so --modes must name both".into());
    }
    if let Some(factor) = Factor::ALL.iter().find(|factor| measure.ladder && sets(factor)) {
        return Some(format!("--ladder changes the factors itself and cannot be used with --{}", factor.flag()));
    }
    if !ascends(&measure.scale) || !ascends(&measure.iteration_sweep) {
        return Some("--scale and --iteration-sweep take numbers in ascending order, each once".into());
    }
    if !measure.iteration_sweep.is_empty()
        && words.iter().any(|word| word.to_string_lossy().starts_with("--iterations="))
    {
        return Some("--iteration-sweep sets --iterations itself".into());
    }
    if !measure.with.is_empty() && common.disk_profile.is_some() {
        return Some("--with: other programs have the disk as it is, and cannot be used with --disk-profile".into());
    }
    let engines: Vec<EngineName> =
        measure.engine.iter().copied().filter(|engine| *engine != EngineName::Local).collect();
    if !engines.is_empty() && common.disk_profile.is_some() {
        return Some("--engine: a cluster has the disks that it has, and cannot be used with --disk-profile".into());
    }
    let for_none = |(key, _): &&(String, String)| !engines.iter().any(|engine| engine.may_take(key));
    if let Some((key, _)) = measure.engine_options.iter().find(for_none) {
        return Some(format!("--engine-option {key} is for none of the engines in --engine"));
    }
    if measure.memory_sweep.is_empty() {
        return None;
    }
    if lacks(RunMode::Memory) {
        return Some("--memory-sweep is about mode memory, so --modes must name it".into());
    }
    if common.on_full == OnFull::Fail {
        return Some("--memory-sweep lets memory run out and cannot be used with --on-full fail".into());
    }
    (!ascends(&percents(measure))).then(|| "--memory-sweep takes percentages in ascending order, each once".into())
}

/// The percentages of `--memory-sweep`.
fn percents(measure: &MeasureArgs) -> Vec<u32> {
    measure.memory_sweep.iter().flat_map(|Percents(percents)| percents).copied().collect()
}

fn ascends<T: PartialOrd>(values: &[T]) -> bool {
    values.windows(2).all(|pair| pair[0] < pair[1])
}

/// The arguments after the job's name, with the global options before it.
fn of_job(matches: &ArgMatches) -> &ArgMatches {
    matches.subcommand().expect("clap asks for a job").1
}

fn task<'a>(
    command: &mut clap::Command,
    matches: &ArgMatches,
    jobs: &'a [Box<dyn AnyProgram>],
) -> Result<Task<'a>, clap::Error> {
    let (name, _) = matches.subcommand().expect("clap asks for a job");
    let job = named_job(command, name, jobs)?;
    let task = task_of_any_input(command, matches, jobs)?;
    if task.inputs.is_empty() && job.default_input().is_none() && job.reads_input() {
        let message = format!("{name} has no default input; name a file or a directory with --input");
        return Err(command.error(ErrorKind::MissingRequiredArgument, message));
    }
    Ok(task)
}

/// The job, with inputs or without.
fn task_of_any_input<'a>(
    command: &mut clap::Command,
    matches: &ArgMatches,
    jobs: &'a [Box<dyn AnyProgram>],
) -> Result<Task<'a>, clap::Error> {
    let (name, of_job) = matches.subcommand().expect("clap asks for a job");
    let job = named_job(command, name, jobs)?;
    let mut inputs = InputArgs::from_arg_matches(matches)?.input;
    inputs.extend(InputArgs::from_arg_matches(of_job)?.input);
    let named = job.named_inputs(of_job);
    if let (Some((option, _)), false) = (named.first(), inputs.is_empty()) {
        let message = format!("--{option} names an input of {name}, and so does --input; take one of the two");
        return Err(command.error(ErrorKind::ArgumentConflict, message));
    }
    inputs.extend(named.into_iter().map(|(_, path)| path));
    if !inputs.is_empty() && !job.reads_input() {
        let message = format!("{name} reads no input; leave out --input");
        return Err(command.error(ErrorKind::ArgumentConflict, message));
    }
    Ok(Task { job, options: of_job.clone(), inputs })
}

fn named_job<'a>(
    command: &mut clap::Command,
    name: &str,
    jobs: &'a [Box<dyn AnyProgram>],
) -> Result<&'a dyn AnyProgram, clap::Error> {
    if let Some(job) = jobs.iter().find(|job| job.name() == name) {
        return Ok(job.as_ref());
    }
    let names: Vec<_> = jobs.iter().map(|job| job.name()).collect();
    let question = suggestion::question(name, names.iter().copied());
    let question = if question.is_empty() { "; the".to_owned() } else { question + " The" };
    let message = format!("unknown job '{name}'{question} jobs are {}", names.join(", "));
    Err(command.error(ErrorKind::InvalidSubcommand, message))
}

/// Says why a job cannot go to an engine, if it cannot.
fn cannot_go_out(
    engine: &EngineChoice,
    task: &Task<'_>,
    mode: RunMode,
    resumes: bool,
    config: &JobConfig,
) -> Option<String> {
    if engine.name == EngineName::Local {
        let given = engine.options.iter().next();
        return given.map(|(key, _)| format!("--engine-option {key} is for an --engine that is not local"));
    }
    let name = task.job.name();
    let why = if mode == RunMode::Reference {
        "--mode reference is one thread of this process"
    } else if resumes {
        "--resume goes on from files of this machine"
    } else if config.skip_bad_records > 0 {
        "--skip-bad-records needs tasks that see the records that others skipped"
    } else if !config.faults.faults.is_empty() {
        "--inject makes tasks of this process fail"
    } else if name == Stream::NAME {
        "its commands are what Hadoop's own Streaming sends; give them to `hadoop jar hadoop-streaming.jar`"
    } else {
        return None;
    };
    Some(format!("{name} cannot run elsewhere: {why}; leave it out, or take --engine local"))
}

fn config(common: &CommonArgs, factors: &FactorArgs, mode: RunMode) -> JobConfig {
    let mut config = JobConfig::new(mode.framework());
    config.factors.map_output = factors.map_output.unwrap_or(config.factors.map_output);
    config.factors.between_jobs = factors.between_jobs.unwrap_or(config.factors.between_jobs);
    config.factors.invariant = factors.invariant.unwrap_or(config.factors.invariant);
    config.factors.grouping = factors.grouping.unwrap_or(config.factors.grouping);
    config.reducers = common.reducers;
    config.workers = common.workers;
    config.memory_bytes = common.memory.map_or(config.memory_bytes, |size| size.0);
    config.on_full = common.on_full;
    config.sort_buffer_bytes = common.sort_buffer.0;
    config.merge_factor = common.merge_factor;
    config.split_bytes = common.split_size.map(|size| size.0);
    config.compression = common.compress;
    config.max_attempts = common.max_attempts;
    config.skip_bad_records = common.skip_bad_records;
    config.task_timeout = common.task_timeout;
    if common.speculative {
        config.stragglers = Stragglers::Speculate;
    }
    config.faults = FaultLab { faults: common.inject.clone(), seed: common.inject_seed };
    config.work_dir = common.work_dir.clone();
    if common.keep_intermediates {
        config.intermediates = Intermediates::Keep;
    }
    config.durability.replication = common.replication;
    config.disk_profile.clone_from(&common.disk_profile);
    if common.sync {
        config.durability.sync = Sync::Device;
    }
    if common.cold {
        config.page_cache = PageCache::Cold;
    }
    config
}

/// The values of the job's own options, given or default: `yes` for a flag that is set, lists with commas.
fn options_of_the_job(job: &dyn AnyProgram, matches: &ArgMatches) -> Vec<(String, String)> {
    let definitions = job.with_options(clap::Command::new(job.name()));
    let value = |arg: &Arg| {
        let (id, name) = (arg.get_id().as_str(), arg.get_long()?.to_owned());
        if !arg.get_action().takes_values() {
            return matches.get_flag(id).then(|| (name, "yes".to_owned()));
        }
        let values: Vec<_> = matches.get_raw(id)?.map(|value| value.to_string_lossy().into_owned()).collect();
        Some((name, values.join(",")))
    };
    definitions.get_arguments().filter_map(value).collect()
}

/// The identity of a run as far as its command says, with every option in force.
fn identity<'a>(
    definitions: impl Iterator<Item = &'a Arg>,
    task: &Task<'_>,
    output: Option<&Path>,
) -> Result<Identity, crate::Error> {
    let mut identity = Identity::of(task.job.name());
    identity.output(output)?;
    let mut options: Vec<_> = definitions.map(|arg| arg.get_id().as_str()).collect();
    options.sort_unstable();
    for name in options.into_iter().filter(|name| !NO_IDENTITY.contains(name)) {
        if let Ok(Some(values)) = task.options.try_get_raw(name) {
            identity.option(&name.replace('_', "-"), values);
        }
    }
    Ok(identity)
}

/// The words that were given on the command line, for a process that does the same.
fn repeat<'a>(definitions: impl Iterator<Item = &'a Arg>, matches: &ArgMatches) -> Vec<OsString> {
    let (mut options, mut positional) = (Vec::new(), Vec::new());
    let measure = MeasureArgs::augment_args(clap::Command::new("measure"));
    let given = |arg: &&Arg| {
        let id = arg.get_id().as_str();
        let of_the_comparison = NOT_REPEATED.contains(&id) || measure.get_arguments().any(|arg| arg.get_id() == id);
        !of_the_comparison && matches.value_source(id) == Some(ValueSource::CommandLine)
    };
    for arg in definitions.filter(given) {
        let values = || matches.get_raw(arg.get_id().as_str()).unwrap_or_default();
        let flag = arg.get_long().map(|name| OsString::from(format!("--{name}")));
        match flag {
            Some(flag) if arg.get_action().takes_values() => options.extend(values().map(|value| join(&flag, value))),
            Some(flag) => options.push(flag),
            None => positional.extend(values().map(OsStr::to_owned)),
        }
    }
    if !positional.is_empty() {
        options.push("--".into());
    }
    options.append(&mut positional);
    options
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Compression, Medium};
    use crate::{Mode, jobs};

    fn words(line: &str) -> Vec<OsString> {
        line.split_whitespace().map(OsString::from).collect()
    }

    fn run_config(line: &str) -> JobConfig {
        let jobs = jobs::all();
        match parse(&jobs, words(line)) {
            Ok(Command::Run(options)) => options.config,
            Ok(_) => panic!("another command"),
            Err(error) => panic!("{error}"),
        }
    }

    fn refusal(line: &str) -> (u8, String) {
        let jobs = jobs::all();
        match parse(&jobs, words(line)) {
            Ok(_) => panic!("{line} was accepted"),
            Err(error) => (exit_status(&error), error.to_string()),
        }
    }

    #[test]
    fn settings_stand_before_or_after_the_job() {
        for line in [
            "twinmill run wordcount --no-combiner --mode disk --sort-buffer 1MiB --compress zstd --on-full fail",
            "twinmill run --mode disk --sort-buffer 1MiB --compress zstd --on-full fail wordcount --no-combiner",
        ] {
            let config = run_config(line);
            assert_eq!((config.mode, config.factors.map_output), (Mode::Disk, Medium::Disk));
            assert_eq!(config.sort_buffer_bytes, 1 << 20);
            assert_eq!((config.compression, config.on_full), (Compression::Zstd, OnFull::Fail));
        }
    }

    #[test]
    fn what_is_not_set_is_as_the_library_has_it() {
        let (config, defaults) = (run_config("twinmill run wordcount"), JobConfig::new(Mode::Memory));
        assert_eq!((config.reducers, config.workers), (defaults.reducers, defaults.workers));
        assert_eq!(config.sort_buffer_bytes, defaults.sort_buffer_bytes);
        assert_eq!((config.merge_factor, config.split_bytes), (defaults.merge_factor, None));
        assert_eq!((config.max_attempts, config.work_dir), (defaults.max_attempts, defaults.work_dir));
    }

    #[test]
    fn a_factor_can_be_set_against_the_mode() {
        let factors = run_config("twinmill run wordcount --mode disk --between-jobs memory").factors;
        assert_eq!((factors.map_output, factors.between_jobs), (Medium::Disk, Medium::Memory));
    }

    #[test]
    fn inputs_before_and_after_the_job_add_up() {
        let jobs = jobs::all();
        let Ok(Command::Run(options)) = parse(&jobs, words("twinmill run --input a wordcount --input b")) else {
            panic!("refused")
        };
        assert_eq!(options.task.inputs, [PathBuf::from("a"), "b".into()]);
    }

    #[test]
    fn an_unknown_job_is_refused_with_the_names_of_the_jobs() {
        for line in ["twinmill run wordcuont --mode disk", "twinmill compare wordcuont"] {
            let (status, message) = refusal(line);
            assert_eq!(status, 2);
            assert!(message.contains("'wordcuont'") && message.contains("wordcount, grep"), "{message}");
        }
    }

    #[test]
    fn usage_errors_have_status_2_and_help_has_0() {
        for line in [
            "twinmill",
            "twinmill frobnicate",
            "twinmill run",
            "twinmill run wordcount --memory lots",
            "twinmill run wordcount --workers -1",
            "twinmill run wordcount --mode tape",
            "twinmill run grep --pattern (",
            "twinmill run wordcount --inject map:1:flip",
            "twinmill run wordcount --task-timeout soon",
            "twinmill compare wordcount --continue",
            "twinmill compare wordcount --runs 0",
            "twinmill compare wordcount --runs some",
            "twinmill compare wordcount --budget 0s",
            "twinmill compare wordcount --margin 0",
            "twinmill compare wordcount --margin much",
            "twinmill compare wordcount --ladder --modes disk",
            "twinmill compare wordcount --ladder --map-output disk",
            "twinmill compare wordcount --memory-sweep 0,much",
            "twinmill compare wordcount --memory-sweep 50,50",
            "twinmill compare wordcount --scale 1,0",
            "twinmill compare wordcount --scale 1,1e9",
            "twinmill compare wordcount --scale 1,inf",
            "twinmill compare wordcount --scale nan",
            "twinmill compare wordcount --scale 4,1",
            "twinmill compare wordcount --scale 4 --input x",
            "twinmill compare --input x wordcount --scale 4",
            "twinmill compare wordcount --iteration-sweep 1,2",
            "twinmill compare pagerank --iteration-sweep 0,2",
            "twinmill compare pagerank --iteration-sweep 1,2 --iterations 3",
            "twinmill compare wordcount --memory-sweep 50,0",
            "twinmill compare wordcount --peers x",
            "twinmill compare wordcount --with awk --disk-profile hdd",
            "twinmill compare wordcount --memory-sweep 50 --modes disk",
            "twinmill compare wordcount --memory-sweep 50 --on-full fail",
            "twinmill gen text --out x",
            "twinmill gen text --size 1k",
            "twinmill gen --size 1k --out x",
            "twinmill gen text --list",
            "twinmill gen text --size 1k --nodes 3 --out x",
            "twinmill inspect",
            "twinmill report",
        ] {
            assert_eq!(refusal(line).0, 2, "{line}");
        }
        for line in ["twinmill --help", "twinmill --version", "twinmill run --help", "twinmill compare grep --help"] {
            assert_eq!(refusal(line).0, 0, "{line}");
        }
    }

    #[test]
    fn a_name_that_a_command_has_too_is_the_commands() {
        let jobs = jobs::all();
        let line = "twinmill compare sample --seed 7 --sample-seed 8";
        let Ok(Command::Compare(options)) = parse(&jobs, words(line)) else { panic!("refused") };
        assert_eq!((options.request.seed, &options.words[..]), (7, &[OsString::from("--sample-seed=8")][..]));
        let Ok(Command::Run(options)) = parse(&jobs, words("twinmill run sample --seed 7")) else { panic!("refused") };
        assert_eq!(options.task.options.get_one::<u64>("sample_seed"), Some(&7));
    }

    #[test]
    fn one_pair_has_less_time_than_more_columns_unless_a_time_is_given() {
        let jobs = jobs::all();
        for (words_more, seconds) in [
            ("", 60),
            ("--modes disk,memory", 28),
            ("--modes disk,memory --budget 5s", 5),
            ("--modes disk,memory --ladder", 60),
            ("--modes disk,memory --memory-sweep 0,50", 60),
            ("--modes disk,memory --scale 1,4", 60),
            ("--modes disk,memory --inject map:1:panic", 60),
            ("--modes disk,memory --with awk", 60),
        ] {
            let line = format!("twinmill compare wordcount {words_more}");
            let Ok(Command::Compare(options)) = parse(&jobs, words(line.trim())) else { panic!("refused: {line}") };
            let Rounds::UntilSettled { budget } = options.request.rounds else { panic!("{line}") };
            assert_eq!(budget, Duration::from_secs(seconds), "{line}");
        }
    }

    #[test]
    fn other_programs_are_told_every_option_of_the_job() {
        let jobs = jobs::all();
        let line = "twinmill compare kmeans --with numpy --k 3 --columns 2,4-6 --header --memory 1GB";
        let Ok(Command::Compare(options)) = parse(&jobs, words(line)) else { panic!("refused") };
        let told = [("k", "3"), ("iterations", "10"), ("tolerance", "0"), ("columns", "2,4-6"), ("header", "yes")];
        assert_eq!(options.job_options, told.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn a_comparison_hands_every_option_to_its_runs() {
        let jobs = jobs::all();
        let line = "twinmill compare --cold grep --pattern=-x+ --modes disk --runs 5 --seed 3 --reducers 3 --input in --quiet \
                    --report r.json --memory 1GB --work-dir w --between-jobs disk --inject map:1:panic --inject run:2:flip";
        let Ok(Command::Compare(options)) = parse(&jobs, words(line)) else { panic!("refused") };
        let mut repeated = options.words;
        repeated.sort();
        let faults = ["--inject=map:1:panic", "--inject=run:2:flip"];
        assert_eq!(repeated[..2], ["--between-jobs=disk", "--cold"]);
        assert_eq!(repeated[2..], [faults[0], faults[1], "--pattern=-x+", "--reducers=3"]);
        assert_eq!((options.request.modes, options.request.seed), (vec![RunMode::Disk], 3));
    }
}
