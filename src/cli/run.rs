//! `twinmill run`: one job, once.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use twinmill::config::{ByteSize, ExistingOutput, Resume};
use twinmill::runtime::work_dir::{Access, WorkDir};
use twinmill::{Error, JobConfig};

use crate::cli::args::RunMode;
use crate::cli::default_input;
use crate::cli::failure::Failure;
use crate::cli::options::RunOptions;
use crate::cli::pending_file::PendingFile;
use crate::cli::progress::ProgressDisplay;
use crate::cli::signals::Supervisor;
use crate::cli::summary;
use crate::cli::terminal::{note, to_stdout};

/// Lines of the result that are shown when it goes nowhere else.
const PREVIEW_LINES: usize = 10;

/// Runs the job and says what it did.
///
/// # Errors
/// Whatever stopped it; output and report are not there then.
pub fn run(options: RunOptions<'_>) -> Result<(), Failure> {
    let RunOptions { task, mode, mut config, report: report_path, quiet } = options;
    config.validate()?;
    refuse_existing_output(&config)?;
    let mut supervisor = Supervisor::start()?;
    let report_path = report_path.as_deref();
    let report_file = report_path.map(|path| PendingFile::create(path, ExistingOutput::Overwrite)).transpose()?;
    let inputs = supervisor.run(&config.cancel, || default_input::resolve(&task, quiet, &config.cancel))?;
    let scratch = if config.output.is_none() { Some(scratch_output(&mut config)?) } else { None };
    let display = (!quiet).then(|| ProgressDisplay::start(config.progress.clone()));
    let report = supervisor.run(&config.cancel, || {
        let mut report = match mode {
            RunMode::Reference => task.job.run_reference(&task.options, &inputs, &config)?,
            RunMode::Disk | RunMode::Memory => task.job.run(&task.options, &inputs, &config)?,
        };
        if report_file.is_some() {
            report.output.compute_digest()?;
        }
        Ok(report)
    })?;
    drop(display);
    if let (Some(file), Some(path)) = (report_file, report_path) {
        write_report(&report, file, path)?;
    }
    if scratch.is_some() {
        show_beginning(&report.output.path)?;
    }
    if !quiet && matches!(config.resume, Resume::Continue { .. }) {
        note(match &report.resumed {
            Some(saved) => format!(
                "resumed: {} map tasks and {} jobs were complete; {} of input and {:.3} s of work saved",
                saved.map_tasks,
                saved.jobs,
                ByteSize(saved.bytes),
                saved.seconds_saved
            ),
            None => "nothing to resume: started over".to_owned(),
        });
    }
    if !quiet {
        report.notes.iter().for_each(note);
        note(summary::of(&report, &config, scratch.is_none()).trim_end());
    }
    if let Some(scratch) = scratch {
        let path = scratch.path().to_owned();
        scratch.close().map_err(Failure::at("remove", &path))?;
    }
    Ok(())
}

/// The library refuses it too, but after an input was generated.
fn refuse_existing_output(config: &JobConfig) -> Result<(), Error> {
    match &config.output {
        // What a killed run had published is its own.
        Some(output)
            if config.existing_output == ExistingOutput::Refuse
                && !matches!(config.resume, Resume::Continue { .. })
                && output.symlink_metadata().is_ok() =>
        {
            Err(Error::OutputExists(output.clone()))
        }
        _ => Ok(()),
    }
}

/// Lets the result go to a directory in the work directory that is removed at the end.
fn scratch_output(config: &mut JobConfig) -> Result<WorkDir, Failure> {
    let scratch = private_directory(&config.work_dir, "twinmill-output-")?;
    config.output = Some(scratch.path().join("output"));
    Ok(scratch)
}

/// Makes a directory in the work directory, and the work directory itself.
///
/// # Errors
/// [`Failure::Library`] where it cannot be made.
pub fn private_directory(work_dir: &Path, prefix: &str) -> Result<WorkDir, Failure> {
    fs::create_dir_all(work_dir).map_err(Failure::at("create", work_dir))?;
    Ok(WorkDir::create(work_dir, prefix, Access::Private)?)
}

/// Writes a report as JSON.
///
/// # Errors
/// [`Failure::Library`] where it cannot be written.
pub fn write_report(report: &impl serde::Serialize, mut file: PendingFile, path: &Path) -> Result<(), Failure> {
    let mut json = serde_json::to_vec_pretty(report).expect("a report has only string keys");
    json.push(b'\n');
    file.file().write_all(&json).map_err(Failure::at("write", path))?;
    Ok(file.commit()?)
}

fn show_beginning(output: &Path) -> Result<(), Failure> {
    let parts: Vec<PathBuf> = twinmill::parts(output)?;
    let lines = summary::first_lines(&parts, PREVIEW_LINES)?;
    to_stdout(|out| lines.iter().try_for_each(|line| writeln!(out, "{line}")))
}
