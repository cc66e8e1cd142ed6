//! `twinmill compare`: a job on disk, in memory and without the framework, several times in turn.
//!
//! What else does the job may take its turn as well ([`alternatives`]).
//!
//! Every run is a process of its own, so that its peak memory and its I/O are its own. The modes take turns in an order that
//! is drawn for each round, after runs that do not count and a read of the input, so that no mode finds the machine in a
//! better state than the others.
//!
//! ```text
//! Settings ─▶ Variants ─▶ order of a round ─▶ child: run JOB --mode … ──report──▶ Comparison ─▶ table, verdict, JSON
//!                 ▲                                                                  │  │
//!                 └────────────────────────────── --continue ────────────────────────┘  └─▶ interval: how sure that is
//! ```

use std::env;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::cli::args::{ExportArgs, RunMode};
use crate::cli::default_input;
use crate::cli::failure::{Failure, USAGE};
use crate::cli::figures::seconds;
use crate::cli::options::{CompareOptions, Task};
use crate::cli::pending_file::PendingFile;
use crate::cli::piped::Piped;
use crate::cli::run::{private_directory, write_report};
use crate::cli::signals::Supervisor;
use crate::cli::terminal::{self, note, say, to_stdout};
use crate::config::{ExistingOutput, PageCache};
use crate::input::list_files;
use crate::runtime::places::{Appears, Plan};
use crate::{CancelToken, Error, JobConfig, Session};

pub mod alternatives;
mod child;
mod column;
pub mod comparison;
mod cost;
mod growth;
mod interval;
mod ladder;
mod path_text;
mod plan;
mod processors;
mod rounds;
mod run_figures;
mod settings;
pub mod spread;
mod sweep;
pub mod table;
mod tie;
pub mod verdict;

pub use ladder::Factor;

use alternatives::field::{self, Field};
use alternatives::peers::Question;
use child::Child;
use comparison::{Comparison, Warmup};
use growth::{Growth, ScaledInput};
use ladder::Ladder;
use plan::Turn;
use processors::Processors;
use rounds::RoundsDisplay;
use run_figures::Figures;
use settings::{Settings, files_of};
use sweep::Sweep;

/// Brings the settings within limits, saying what that changes.
fn within_limits(config: JobConfig, quiet: bool) -> JobConfig {
    let (config, changed) = config.within_limits();
    if !quiet {
        changed.iter().for_each(say);
    }
    config
}

/// Runs, compares, and prints what the difference was.
///
/// # Errors
/// [`Failure`] where a run failed or the outputs differ; whatever the runs made is removed.
pub fn compare(options: CompareOptions<'_>) -> Result<(), Failure> {
    let mut piped = Piped::default();
    compare_reading(options, &mut piped).map_err(|failure| piped.name_in(failure))
}

fn compare_reading(options: CompareOptions<'_>, piped: &mut Piped) -> Result<(), Failure> {
    let CompareOptions { task, measure, memory_given, mut config, mut words, mut job_options, report, quiet } = options;
    config.validate()?;
    config = within_limits(config, quiet);
    if config.reducers == 0 && measure.modes.contains(&RunMode::Reference) {
        let message = "the reference always reduces; with --reducers 0 compare --modes disk,memory";
        return Err(Failure::Message(message.into(), USAGE));
    }
    let mut session = Session::new(config);
    let mut supervisor = Supervisor::start()?;
    let earlier = match &report {
        Some(path) if measure.continues => take_up(path)?,
        _ => None,
    };
    supervisor.run(&session.cancel, || {
        check_places(&session, &task.inputs, report.as_deref(), &measure.export)?;
        if let Some(path) = &report {
            drop(PendingFile::create(path, ExistingOutput::Overwrite)?);
        }
        measure.export.check()
    })?;
    if let (Some(earlier), false) = (&earlier, memory_given) {
        // What is available now differs from what was; the budget must not.
        session.config.memory_bytes = earlier.settings.memory_bytes;
    }
    let cancel = session.cancel.clone();
    *piped = supervisor.run(&cancel, || Piped::take(&task.inputs, &mut session))?;
    let Session { config, cancel, .. } = &session;
    let given_words = words.clone();
    words.iter_mut().for_each(|word| *word = piped.in_word(word));
    job_options.iter_mut().for_each(|(_, value)| *value = piped.in_value(value));
    let (inputs, scaled) = supervisor.run(cancel, || {
        let inputs = default_input::resolve(&task, quiet, cancel)?;
        let inputs: Vec<PathBuf> = inputs.iter().map(|path| piped.file_of(path)).collect();
        let scaled = scaled_inputs(&task, &measure.scale, &inputs, quiet, cancel)?;
        if task.inputs.is_empty() {
            let all: Vec<_> = scaled.iter().flat_map(|input| &input.paths).chain(&inputs).cloned().collect();
            check_places(&session, &all, report.as_deref(), &measure.export)?;
        }
        if config.page_cache == PageCache::Warm {
            scaled.iter().try_for_each(|input| read_once(&input.paths, cancel))?;
            read_once(&inputs, cancel)?;
        }
        Ok((inputs, scaled))
    })?;
    let read: Vec<_> = config.side_inputs.iter().chain(&inputs).cloned().collect();
    let settings = Settings::new(task.job.name(), &measure, config, &given_words, &inputs)?;
    let mut settings = Settings { files: files_of(&read)?, without_reference: !task.job.has_reference(), ..settings };
    settings.inputs.iter_mut().for_each(|path| *path = piped.given_for(path));
    let mut comparison = Comparison::new(settings, command_line());
    let scratch = private_directory(&config.work_dir, "twinmill-compare-")?;
    let question = Question {
        job: task.job.name(),
        options: &job_options,
        workers: config.workers,
        page_cache: config.page_cache,
        scratch: scratch.path(),
        declined: (config.skip_bad_records > 0).then(|| "programs skip no bad records (--skip-bad-records)".to_owned()),
    };
    let mut field = None;
    if let Some((others, alternatives)) = Field::of(&measure, config, question, &inputs, &mut supervisor)? {
        if !quiet {
            field::announce(&alternatives);
        }
        (field, comparison.alternatives) = (Some(others), alternatives);
    }
    if !scaled.is_empty() {
        comparison.growths.push(Growth::of_scale(&measure.modes, &scaled));
    }
    if !measure.iteration_sweep.is_empty() {
        comparison.growths.push(Growth::of_iterations(&measure.modes, &measure.iteration_sweep));
    }
    if let Some(earlier) = earlier {
        comparison.continue_from(earlier)?;
    }
    let child = Child {
        job: task.job.name(),
        inputs: &inputs,
        config,
        cancel,
        words: &words,
        scratch: scratch.path(),
        processors: field.is_some().then(Processors::of_this_thread).transpose()?,
    };
    measure_all(&mut comparison, &child, field, &mut supervisor, report.as_deref(), quiet)?;
    let path = scratch.path().to_owned();
    scratch.close().map_err(Failure::at("remove", &path))?;
    print(&comparison)?;
    supervisor.run(cancel, || {
        if let Some(path) = report.as_deref().filter(|path| !is_replaceable(path)) {
            write(&comparison, path, cancel)?;
        }
        measure.export.write(std::slice::from_ref(&comparison), cancel)
    })?;
    if !comparison.outputs_identical() {
        return Err(Failure::failed(format!("THE OUTPUTS DIFFER: {}", comparison.digests().join(", "))));
    }
    field::check(&comparison)
}

/// Refuses what would replace an input, or appear in one while runs read it.
fn check_places(
    session: &Session,
    inputs: &[PathBuf],
    report: Option<&Path>,
    export: &ExportArgs,
) -> Result<(), Error> {
    let mut plan = Plan::of(&session.config, inputs);
    plan.files = report.map(|path| ("--report", path.to_owned())).into_iter().chain(export.files()).collect();
    plan.appears = Appears::WhileReading;
    plan.check(&session.cancel)
}

/// The default input in each of the sizes, the comparison's own among them; none where none is asked for.
fn scaled_inputs(
    task: &Task<'_>,
    factors: &[f64],
    own: &[PathBuf],
    quiet: bool,
    cancel: &CancelToken,
) -> Result<Vec<ScaledInput>, Failure> {
    let mut factors = factors.to_vec();
    if !factors.is_empty() && !factors.contains(&1.0) {
        factors.push(1.0);
        factors.sort_by(f64::total_cmp);
    }
    let make = |factor: f64| {
        let paths = match factor {
            1.0 => own.to_vec(),
            _ => default_input::resolve_scaled(task, factor, quiet, cancel)?,
        };
        let bytes = list_files(&paths)?.iter().map(|file| file.bytes).sum();
        Ok(ScaledInput { factor, paths, bytes })
    };
    factors.into_iter().map(make).collect()
}

/// Makes the runs that are still to be made, and writes the report after each.
fn measure_all(
    comparison: &mut Comparison,
    child: &Child<'_>,
    mut field: Option<Field<'_>>,
    supervisor: &mut Supervisor,
    report: Option<&Path>,
    quiet: bool,
) -> Result<(), Failure> {
    let report = report.filter(|path| is_replaceable(path));
    let save = |comparison: &Comparison, supervisor: &mut Supervisor| match report {
        Some(path) => supervisor.run(child.cancel, || write(comparison, path, child.cancel)),
        None => Ok(()),
    };
    if comparison.is_planned() && comparison.runs_to_make().is_empty() {
        return save(comparison, supervisor);
    }
    let seen = warm_up(comparison, child, supervisor, quiet)?;
    let of = |mode: RunMode| seen.iter().find(|(of, _)| *of == mode).map(|(_, figures)| figures);
    if !comparison.is_planned() {
        let Settings { ladder, memory_sweep, memory_bytes, .. } = &comparison.settings;
        if let (true, Some(run)) = (*ladder, of(RunMode::Disk)) {
            comparison.ladder = Some(Ladder::of(run));
        }
        if let (false, Some(run)) = (memory_sweep.is_empty(), of(RunMode::Memory)) {
            comparison.sweep = Some(Sweep::of(run, memory_sweep, *memory_bytes)?);
        }
    }
    let turns = comparison.runs_to_make();
    let attempts = |(_, turn): &'_ (u32, Turn)| match turn {
        Turn::Run(_) => None,
        Turn::Other(attempt) => Some(attempt.clone()),
    };
    if let Some(field) = &mut field {
        field.prepare(comparison, &turns.iter().filter_map(attempts).collect::<Vec<_>>(), child, supervisor)?;
    }
    let names = turns.iter().map(|(_, turn)| turn.name());
    let display = RoundsDisplay::start(comparison.settings.rounds, turns.len(), names, quiet);
    for (round, turn) in &turns {
        display.begin(Some(*round), turn.name());
        let told = match (turn, &field) {
            (Turn::Run(variant), _) => {
                let run = child.run(variant, supervisor)?;
                let time = seconds(run.figures.wall_seconds);
                comparison.add(run, &variant.name, *round);
                time
            }
            (Turn::Other(attempt), Some(field)) => field.turn(comparison, attempt, *round, child.inputs, supervisor)?,
            (Turn::Other(_), None) => unreachable!("only a field has alternatives"),
        };
        display.end(Some(*round), turn.name(), &told);
        save(comparison, supervisor)?;
    }
    Ok(())
}

/// Runs each mode as often as was asked for, at least once where the rest cannot be planned without, and gives back what the
/// last run of each was like.
fn warm_up(
    comparison: &mut Comparison,
    child: &Child<'_>,
    supervisor: &mut Supervisor,
    quiet: bool,
) -> Result<Vec<(RunMode, Figures)>, Failure> {
    let times = comparison.settings.warmup.max(u32::from(!comparison.is_planned()));
    let modes = comparison.modes.clone();
    let names = modes.iter().map(|variant| variant.name.as_str());
    let display = RoundsDisplay::start(times, times as usize * modes.len(), names, quiet);
    let mut seen = Vec::new();
    for variant in (0..times).flat_map(|_| &modes) {
        display.begin(None, &variant.name);
        let run = child.warm_up(variant, supervisor)?;
        let wall_seconds = run.figures.wall_seconds;
        display.end(None, &variant.name, &seconds(wall_seconds));
        comparison.warmups.push(Warmup { variant: variant.name.clone(), wall_seconds });
        seen.retain(|(mode, _)| *mode != variant.mode);
        seen.push((variant.mode, run.figures));
    }
    Ok(seen)
}

fn write(comparison: &Comparison, path: &Path, cancel: &CancelToken) -> Result<(), Failure> {
    write_report(&comparison.json(), PendingFile::create(path, ExistingOutput::Overwrite)?, path, cancel)
}

/// Whether a report can be written after each run. Pipes and devices get it once, in the end.
fn is_replaceable(path: &Path) -> bool {
    path.as_os_str() != "-" && fs::metadata(path).map_or(true, |there| there.is_file())
}

/// Reads the report of a comparison that is to be continued, if there is one.
fn take_up(path: &Path) -> Result<Option<Comparison>, Failure> {
    let json = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            note(format_args!("{}: nothing to continue yet", path.display()));
            return Ok(None);
        }
        json => json.map_err(Failure::at("read", path))?,
    };
    let comparison = serde_json::from_slice::<Value>(&json).and_then(|json| Comparison::from_json(&json));
    let refuse = |error| {
        let path = path.display();
        Failure::Message(format!("cannot continue: {path} is no report of a comparison: {error}"), USAGE)
    };
    comparison.map(Some).map_err(refuse)
}

/// The words this process was started with, under its own name.
fn command_line() -> Vec<String> {
    let words = env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    std::iter::once(terminal::name().to_owned()).chain(words).collect()
}

fn print(comparison: &Comparison) -> Result<(), Failure> {
    to_stdout(|out| {
        writeln!(out, "{}", table::render(comparison))?;
        for table in comparison.further_tables() {
            writeln!(out, "{table}")?;
        }
        for sentence in verdict::sentences(comparison) {
            writeln!(out, "{sentence}")?;
        }
        let identical = if comparison.outputs_identical() { "yes" } else { "NO" };
        writeln!(out, "outputs identical: {identical} ({})", comparison.digests().join(", "))?;
        match comparison.alternatives_agree() {
            None => Ok(()),
            Some(true) => writeln!(out, "answers of the alternatives: equal"),
            Some(false) => writeln!(out, "answers of the alternatives: THEY DIFFER"),
        }
    })
}

/// Brings the input into the page cache.
fn read_once(inputs: &[PathBuf], cancel: &CancelToken) -> Result<(), Failure> {
    let mut buffer = vec![0; 1 << 20];
    for input in list_files(inputs)? {
        read_file(&input.path, &mut buffer, cancel).map_err(Error::at("read input", &input.path))?;
    }
    Ok(())
}

fn read_file(path: &Path, buffer: &mut [u8], cancel: &CancelToken) -> std::io::Result<()> {
    let mut file = File::open(path)?;
    while file.read(buffer)? > 0 {
        if cancel.is_cancelled() {
            return Err(std::io::Error::other("cancelled"));
        }
    }
    Ok(())
}
