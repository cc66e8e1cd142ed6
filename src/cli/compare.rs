//! `twinmill compare`: a job on disk, in memory and without the framework, several times in turn.
//!
//! Every run is a process of its own, so that its peak memory and its I/O are its own. The modes take turns in an order
//! that is drawn for each round from a seed, after warm-up runs that do not count and a read of the input, so that no
//! mode finds the machine in a better state than the others. The report is written after every run; `--continue` takes
//! an interrupted comparison up again. [`measure`](crate::measure) makes the runs; here they are set up, and the
//! results printed.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::cli::args::ExportArgs;
use crate::cli::document::Document;
use crate::cli::options::{CompareOptions, Task};
use crate::cli::pending_file::{PendingFile, write_json};
use crate::cli::piped::Piped;
use crate::cli::result::Details;
use crate::cli::rounds_display::RoundsDisplay;
use crate::cli::telling::{tools, votes};
use crate::cli::terminal::{note, say};
use crate::cli::{default_input, peak_rates, private_directory, result};
use crate::config::{ExistingOutput, PageCache};
use crate::input::list_files;
use crate::measure::alternative::Alternative;
use crate::measure::analysis::votes::Votes;
use crate::measure::comparison::Comparison;
use crate::measure::failure::{Failure, USAGE};
use crate::measure::mode::RunMode;
use crate::measure::plan::growth::{Growth, ScaledInput};
use crate::measure::running::child::{Child, this_program};
use crate::measure::running::field::{Ended, Field};
use crate::measure::running::goal::{EachPair, Goal};
use crate::measure::running::pace::Standing;
use crate::measure::running::peers::Question;
use crate::measure::running::processors::Processors;
use crate::measure::running::rounds::{self, Outlook, Watch};
use crate::measure::running::supervisor::Supervisor;
use crate::measure::settings::{Request, Settings, files_of};
use crate::runtime::places::{Appears, Plan};
use crate::{CancelToken, Error, JobConfig, Session};

/// Runs and compares the modes, and prints the difference.
///
/// # Errors
/// [`Failure`] where a run failed or the outputs differ; all files of the runs are removed.
pub fn compare(options: CompareOptions<'_>) -> Result<(), Failure> {
    let mut piped = Piped::default();
    compare_reading(options, &mut piped).map_err(|failure| piped.name_in(failure))
}

fn compare_reading(options: CompareOptions<'_>, piped: &mut Piped) -> Result<(), Failure> {
    let (report, export, details) = (options.report.clone(), options.export.clone(), options.details);
    let (mut supervisor, cancel) = (Supervisor::start()?, CancelToken::default());
    let comparison = measured(options, piped, &mut supervisor)?;
    result::print(&comparison, details)?;
    supervisor.run(&cancel, || {
        if let Some(path) = report.as_deref().filter(|path| !is_replaceable(path)) {
            write(&comparison, path, &cancel)?;
        }
        export.write(std::slice::from_ref(&comparison), &cancel)
    })?;
    check(&comparison)
}

/// Makes the runs of a comparison, and keeps its report up to date meanwhile.
///
/// # Errors
/// As for [`compare`].
pub fn measured(
    options: CompareOptions<'_>,
    piped: &mut Piped,
    supervisor: &mut Supervisor,
) -> Result<Comparison, Failure> {
    measured_to_know(&EachPair, options, piped, supervisor)
}

/// Makes the runs of a comparison that it takes to know what is asked.
///
/// # Errors
/// As for [`compare`].
pub fn measured_to_know(
    goal: &dyn Goal,
    options: CompareOptions<'_>,
    piped: &mut Piped,
    supervisor: &mut Supervisor,
) -> Result<Comparison, Failure> {
    let CompareOptions { task, request, peers, continues, export, memory_given, command, .. } = options;
    let CompareOptions { own_columns, part, absent, details, .. } = options;
    let CompareOptions { mut config, mut words, mut job_options, report, quiet, .. } = options;
    config.validate()?;
    config = within_limits(config, quiet);
    if config.reducers == 0 && request.modes.contains(&RunMode::Reference) {
        let message = "the reference always reduces; with --reducers 0 compare --modes disk,memory";
        return Err(Failure::Message(message.into(), USAGE));
    }
    let tells_roofline = details == Details::Shown || report.is_some() || !export.files().is_empty();
    let mut session = Session::new(config);
    let earlier = match &report {
        Some(path) if continues => take_up(path)?,
        _ => None,
    };
    supervisor.run(&session.cancel, || {
        check_places(&session, &task.inputs, report.as_deref(), &export)?;
        if let Some(path) = &report {
            drop(PendingFile::create(path, ExistingOutput::Overwrite)?);
        }
        export.check()
    })?;
    if let (Some(earlier), false) = (&earlier, memory_given) {
        // The available memory has changed since then; the budget must not.
        session.config.memory_bytes = earlier.settings.memory_bytes;
    }
    let cancel = session.cancel.clone();
    *piped = supervisor.run(&cancel, || Piped::take(&task.inputs, &mut session))?;
    let Session { config, cancel, .. } = &session;
    let given_words = words.clone();
    words.iter_mut().for_each(|word| *word = piped.in_word(word));
    job_options.iter_mut().for_each(|(_, value)| *value = piped.in_value(value));
    let (inputs, scaled) = supervisor.run(cancel, || {
        let inputs = default_input::resolve_part(&task, part, quiet, cancel)?;
        let inputs: Vec<PathBuf> = inputs.iter().map(|path| piped.file_of(path)).collect();
        let scaled = scaled_inputs((&task, part), &request.scale, &inputs, quiet, cancel)?;
        if task.inputs.is_empty() {
            let all: Vec<_> = scaled.iter().flat_map(|input| &input.paths).chain(&inputs).cloned().collect();
            check_places(&session, &all, report.as_deref(), &export)?;
        }
        if config.page_cache == PageCache::Warm {
            scaled.iter().try_for_each(|input| read_once(&input.paths, cancel))?;
            read_once(&inputs, cancel)?;
        }
        Ok((inputs, scaled))
    })?;
    let read: Vec<_> = config.side_inputs.iter().chain(&inputs).cloned().collect();
    let settings = Settings::new(task.job.name(), &request, config, &given_words, &inputs)?;
    let mut settings = Settings { files: files_of(&read)?, ..settings };
    settings.inputs.iter_mut().for_each(|path| *path = piped.given_for(path));
    let mut comparison = Comparison::with_columns(settings, command, own_columns);
    comparison.fewer_workers.retain(|variant| goal.is_for_fewer_workers(variant));
    let scratch = private_directory::create(&config.work_dir, "twinmill-compare-")?;
    let question = Question {
        job: task.job.name(),
        options: &job_options,
        workers: config.workers,
        page_cache: config.page_cache,
        scratch: scratch.path(),
        declined: (config.skip_bad_records > 0).then(|| "programs skip no bad records (--skip-bad-records)".to_owned()),
    };
    let others = (request.with.as_slice(), peers.as_deref());
    let (field, alternatives) = Field::of(others, absent, config, question, &inputs, supervisor)?;
    if !quiet {
        tools::absences(&alternatives).into_iter().for_each(note);
    }
    comparison.alternatives = alternatives;
    comparison.growths = growths(&request, &scaled);
    if let Some(earlier) = earlier {
        comparison.continue_from(earlier)?;
    }
    let child = Child {
        program: this_program()?,
        job: task.job.name(),
        inputs: &inputs,
        config,
        words: &words,
        scratch: scratch.path(),
        processors: field.is_some().then(Processors::of_this_thread).transpose()?,
    };
    let mut watch = Looker { display: RoundsDisplay::start(quiet), report: report.as_deref(), cancel };
    rounds::run(&mut comparison, goal, &child, field, supervisor, &mut watch)?;
    supervisor.run(cancel, || comparison.settings.check_files_are(&files_of(&read)?))?;
    if tells_roofline {
        supervisor.run(cancel, || Ok(peak_rates::add_to(&mut comparison, scratch.path(), config.workers, cancel)?))?;
        watch.keep(&comparison, supervisor)?;
    }
    drop(watch);
    let path = scratch.path().to_owned();
    scratch.close().map_err(Failure::at("remove", &path))?;
    Ok(comparison)
}

/// Brings the settings within limits, and prints each change.
fn within_limits(config: JobConfig, quiet: bool) -> JobConfig {
    let (config, changed) = config.within_limits();
    if !quiet {
        changed.iter().for_each(say);
    }
    config
}

/// Refuses files that would replace an input, or appear in one while runs read it.
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

/// The default input, of which the comparison's own is a part, in each of the sizes, that one among them; none where none is
/// asked for.
fn scaled_inputs(
    (task, part): (&Task<'_>, f64),
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
            _ => default_input::resolve_scaled(task, part * factor, quiet, cancel)?,
        };
        let bytes = list_files(&paths)?.iter().map(|file| file.bytes).sum();
        Ok(ScaledInput { factor, paths, bytes })
    };
    factors.into_iter().map(make).collect()
}

/// The axes along which to measure.
fn growths(request: &Request, scaled: &[ScaledInput]) -> Vec<Growth> {
    let scale = (!scaled.is_empty()).then(|| Growth::of_scale(&request.modes, scaled));
    let iterations = &request.iteration_sweep;
    let iterations = (!iterations.is_empty()).then(|| Growth::of_iterations(&request.modes, iterations));
    scale.into_iter().chain(iterations).collect()
}

/// Shows the progress of the rounds, and writes the report after each run.
struct Looker<'a> {
    display: RoundsDisplay,
    report: Option<&'a Path>,
    cancel: &'a CancelToken,
}

impl Watch for Looker<'_> {
    fn expect(&mut self, outlook: &Outlook<'_>) {
        self.display.expect(outlook);
    }

    fn begin(&mut self, round: Option<u32>, name: &str) {
        self.display.begin(round, name);
    }

    fn end(&mut self, round: Option<u32>, name: &str, ended: &Ended) {
        self.display.end(round, name, ended);
    }

    fn stand(&mut self, standing: &Standing) {
        self.display.stand(standing);
    }

    fn keep(&mut self, comparison: &Comparison, supervisor: &mut Supervisor) -> Result<(), Failure> {
        match self.report.filter(|path| is_replaceable(path)) {
            Some(path) => supervisor.run(self.cancel, || write(comparison, path, self.cancel)),
            None => Ok(()),
        }
    }
}

fn write(comparison: &Comparison, path: &Path, cancel: &CancelToken) -> Result<(), Failure> {
    write_json(&Document::of(comparison), PendingFile::create(path, ExistingOutput::Overwrite)?, path, cancel)
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
    let document = serde_json::from_slice::<Document>(&json).map_err(|error| error.to_string());
    let refuse = |why| {
        let path = path.display();
        Failure::Message(format!("cannot continue: {path} is no report of a comparison: {why}"), USAGE)
    };
    document.and_then(Document::into_comparison).map(Some).map_err(refuse)
}

/// Checks that all outputs are identical, that twinmill's answer stands, and that no alternative failed. An alternative
/// that is alone with its answer is in the table; it does not spoil the measurements of the others.
///
/// # Errors
/// [`Failure::Message`] that says which programs gave which output or answer, where outputs differ or no more
/// alternatives agree with twinmill than with each other; and that names those that failed.
pub fn check(comparison: &Comparison) -> Result<(), Failure> {
    if !comparison.outputs_identical() {
        return Err(Failure::failed(format!("THE OUTPUTS DIFFER: {}", comparison.digests().join(", "))));
    }
    let answers = Votes::of(comparison);
    if answers.are_against_us() {
        let sentences: Vec<_> = votes::sentences(&answers).collect();
        return Err(Failure::failed(format!("THE ANSWERS DIFFER: {}", sentences.join("; "))));
    }
    let failed = |other: &Alternative| Some(format!("{} failed: {}", other.name, other.failed.as_ref()?));
    let failed: Vec<String> = comparison.alternatives.iter().filter_map(failed).collect();
    if failed.is_empty() { Ok(()) } else { Err(Failure::failed(failed.join("; "))) }
}

/// Brings the input into the page cache.
fn read_once(inputs: &[PathBuf], cancel: &CancelToken) -> Result<(), Failure> {
    let mut buffer = vec![0; 1 << 20];
    for input in list_files(inputs)?.iter().filter(|input| input.remote.is_none()) {
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
