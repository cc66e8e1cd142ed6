//! `twinmill run`: one job, once.

use std::io;
use std::path::{Path, PathBuf};

use crate::cli::apart::Apart;
use crate::cli::options::{RunOptions, Task};
use crate::cli::pending_file::{PendingFile, print_json, write_json};
use crate::cli::piped::Piped;
use crate::cli::progress::ProgressDisplay;
use crate::cli::remote::{Fetched, RemoteOutput};
use crate::cli::terminal::{note, to_stdout};
use crate::cli::{default_input, private_directory, summary};
use crate::config::{ExistingOutput, Resume};
use crate::measure::failure::Failure;
use crate::measure::mode::RunMode;
use crate::measure::running::supervisor::Supervisor;
use crate::program::Output;
use crate::quantity::ByteSize;
use crate::runtime::places::{Place, Plan};
use crate::runtime::work_dir::WorkDir;
use crate::runtime::{existing_output, resume};
use crate::{CancelToken, Error, JobConfig, Report, Session};

/// Lines of the result that are shown when there is no output directory.
const PREVIEW_LINES: usize = 10;

/// Runs the job and prints a summary.
///
/// # Errors
/// Any failure; there is neither output nor report then.
pub fn run(options: RunOptions<'_>) -> Result<(), Failure> {
    let RunOptions { task, mode, config, report: report_path, quiet, engine } = options;
    config.validate()?;
    let mut session = Session::new(config);
    let mut supervisor = Supervisor::start()?;
    let cancel = session.cancel.clone();
    let remote_output = supervisor.run(&cancel, || RemoteOutput::take(&task.inputs, &mut session, &engine.options))?;
    supervisor.run(&session.cancel, || Ok(check_places(&session, &task.inputs, report_path.as_deref())?))?;
    let mut report_file =
        report_path.map(|path| ReportFile::begin(path, session.config.output.as_deref())).transpose()?;
    // Removed at the end, whatever the outcome.
    let _fetched = supervisor.run(&cancel, || Fetched::take(&task.inputs, &mut session, &engine.options))?;
    let _piped = supervisor.run(&cancel, || Piped::take(&task.inputs, &mut session))?;
    let inputs = supervisor.run(&session.cancel, || {
        let inputs = default_input::resolve(&task, quiet, &session.cancel)?;
        if inputs != task.inputs {
            check_places(&session, &inputs, report_file.as_ref().map(ReportFile::path))?;
        }
        Ok(inputs)
    })?;
    supervisor.run(&cancel, || Ok(name_files(&mut session.config, &inputs, &cancel)?))?;
    // A report tells the figures of a run, so a run must be made.
    if let (None, Some(output)) = (&report_file, resume::is_complete(&session, task.job.name())) {
        if !quiet {
            note(format_args!("nothing to do: output {} is complete", output.display()));
        }
        return Ok(());
    }
    let scratch = if session.config.output.is_none() { Some(scratch_output(&mut session.config)?) } else { None };
    let is_reported = report_file.is_some();
    let apart =
        supervisor.run(&cancel, || Apart::begin(engine, task.job.name(), &inputs, is_reported, &mut session))?;
    let display = (!quiet).then(|| ProgressDisplay::start(session.progress.clone()));
    let report = supervisor.run(&session.cancel, || {
        let mut report = match mode {
            RunMode::Reference => task.job.run_reference(&task.options, &inputs, &session)?,
            RunMode::Disk | RunMode::Memory => {
                resume::or_start_over(&session, |session| task.job.run(&task.options, &inputs, session))?
            }
        };
        if let Some(apart) = &apart {
            apart.tell(&mut report);
        }
        if report_file.is_some() && scratch.is_some() {
            report.output.compute_digest(&session.cancel)?;
        }
        if let Some(remote) = &remote_output {
            report.output.path = remote.put(&report.output.path, &session.cancel)?;
        }
        Ok(report)
    });
    drop(display);
    let mut report = report?;
    if let Some(file) = report_file.take() {
        let published = scratch.is_none();
        let written = supervisor.run(&session.cancel, || {
            if published {
                report.output.compute_digest(&session.cancel)?;
            }
            file.write(&report, &session.cancel)
        });
        written.map_err(|failure| if published { without_report(failure, &report) } else { failure })?;
    }
    if remote_output.is_none() && scratch.is_some() {
        let lines = lines_to_show(&task, &report.output.path, &mut supervisor, &cancel)?;
        to_stdout(|out| lines.iter().try_for_each(|line| writeln!(out, "{line}")))?;
    }
    if let (false, Some(saved)) = (quiet, &report.resumed) {
        note(format!(
            "resumed: {} map tasks and {} jobs were complete; {} of input and {:.3} s of work saved",
            saved.map_tasks,
            saved.jobs,
            ByteSize(saved.bytes),
            saved.seconds_saved
        ));
    }
    if !quiet {
        report.notes.iter().for_each(note);
        let is_kept = scratch.is_none() || remote_output.is_some();
        note(summary::of(&report, &session.config, is_kept).trim_end());
    }
    if let Some(scratch) = scratch {
        let path = scratch.path().to_owned();
        scratch.close().map_err(Failure::at("remove", &path))?;
    }
    Ok(())
}

/// Adds every file that the job reads to what identifies the run, before anything is read.
fn name_files(config: &mut JobConfig, inputs: &[PathBuf], cancel: &CancelToken) -> Result<(), Error> {
    let side_inputs = config.side_inputs.clone();
    if let Some(identity) = config.resume.identity() {
        identity.files_until("input", inputs, cancel)?;
        identity.files_until("side input", &side_inputs, cancel)?;
    }
    Ok(())
}

/// Refuses outputs that would replace something that must stay. The library does so too, but only after an input was
/// generated, and it does not know of the report.
fn check_places(session: &Session, inputs: &[PathBuf], report: Option<&Path>) -> Result<(), Error> {
    let config = &session.config;
    let mut plan = Plan::of(config, inputs);
    plan.files = report.map(|path| ("--report", path.to_owned())).into_iter().collect();
    plan.check(&session.cancel)?;
    let may_be_its_own =
        config.existing_output == ExistingOutput::Refuse && matches!(config.resume, Resume::Continue { .. });
    match &config.output {
        // The published output of a killed run may be this run's own.
        Some(output) if !may_be_its_own => existing_output::check(output, config.existing_output),
        _ => Ok(()),
    }
}

/// The file of a report, opened before the work where that is possible.
enum ReportFile {
    Begun(PathBuf, PendingFile),
    /// A file in the output directory, which does not exist until the job is done.
    InOutput(PathBuf),
}

impl ReportFile {
    /// Begins the file, so that any obstacle is known before the work.
    fn begin(path: PathBuf, output: Option<&Path>) -> Result<Self, Failure> {
        let places = (Place::of(&path)?, output.map(Place::of).transpose()?);
        if places.1.is_some_and(|output| places.0.lies_in(&output)) {
            if path.is_dir() {
                return Err(Error::io("write", &path, io::ErrorKind::IsADirectory.into()).into());
            }
            return Ok(ReportFile::InOutput(path));
        }
        let file = PendingFile::create(&path, ExistingOutput::Overwrite)?;
        Ok(ReportFile::Begun(path, file))
    }

    fn path(&self) -> &Path {
        match self {
            ReportFile::Begun(path, _) | ReportFile::InOutput(path) => path,
        }
    }

    fn write(self, report: &Report, cancel: &CancelToken) -> Result<(), Failure> {
        match self {
            ReportFile::Begun(path, file) => write_json(report, file, &path, cancel),
            ReportFile::InOutput(path) => {
                write_json(report, PendingFile::create(&path, ExistingOutput::Overwrite)?, &path, cancel)
            }
        }
    }
}

/// Says that the output was written but the report was not, and where the report is instead.
fn without_report(failure: Failure, report: &Report) -> Failure {
    let output = report.output.path.display();
    if let Failure::Interrupted(_) = failure {
        note(format_args!("the output {output} is complete; its report was not written"));
        return failure;
    }
    note(match save_elsewhere(report) {
        Ok(path) => {
            format!("the output {output} is complete; its report could not be written and is in {}", path.display())
        }
        Err(_) => format!("the output {output} is complete; its report could not be written"),
    });
    failure
}

/// Keeps a report among the temporary files.
fn save_elsewhere(report: &Report) -> io::Result<PathBuf> {
    let mut file = tempfile::Builder::new().prefix("twinmill-report-").suffix(".json").tempfile()?;
    print_json(report, &mut file)?;
    Ok(file.keep()?.1)
}

/// Sends the result to a directory in the work directory that is removed at the end.
fn scratch_output(config: &mut JobConfig) -> Result<WorkDir, Failure> {
    let scratch = private_directory::create(&config.work_dir, "twinmill-output-")?;
    config.output = Some(scratch.path().join("output"));
    Ok(scratch)
}

/// What the job picks from its output, or the first lines.
fn lines_to_show(
    task: &Task<'_>,
    output: &Path,
    supervisor: &mut Supervisor,
    cancel: &CancelToken,
) -> Result<Vec<String>, Failure> {
    let parts: Vec<PathBuf> = crate::part_files(output)?;
    let picked = supervisor.run(cancel, || match task.job.show(&task.options, &Output::new(&parts, cancel)) {
        Err(error @ Error::Cancelled) => Err(error.into()),
        // The output is there and right: what fails is only to pick from it.
        Err(error) => {
            note(format_args!("{} cannot pick what to show, so here are the first lines: {error}", task.job.name()));
            Ok(None)
        }
        Ok(picked) => Ok(picked),
    })?;
    match picked {
        Some(highlights) => Ok(summary::highlights(&highlights)),
        None => summary::first_lines(&parts, PREVIEW_LINES),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::program::{Highlights, Program};

    /// A job that cannot read its own output.
    struct Unshowable;

    impl Program for Unshowable {
        type Options = NoOptions;

        const NAME: &'static str = "unshowable";
        const ABOUT: &'static str = "";

        fn run(&self, _: &NoOptions, _: &[PathBuf], _: &Session) -> Result<Report, Error> {
            Err(Error::user("it is only shown"))
        }

        fn show(&self, _: &NoOptions, output: &Output<'_>) -> Result<Option<Highlights>, Error> {
            output.each_record(|_, _| Err(Error::user("the value is no number")))?;
            Ok(None)
        }
    }

    #[derive(clap::Args)]
    struct NoOptions {}

    #[test]
    fn an_output_that_its_job_cannot_show_is_shown_by_its_first_lines() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("part-r-00000"), "a\tx\nb\ty\n").unwrap();
        let options = clap::Command::new("unshowable").get_matches_from(["unshowable"]);
        let task = Task { job: &Unshowable, options, inputs: Vec::new() };
        let mut supervisor = Supervisor::start().unwrap();
        let lines = lines_to_show(&task, dir.path(), &mut supervisor, &CancelToken::default());
        assert_eq!(lines.unwrap(), ["a\tx", "b\ty"]);
    }
}
