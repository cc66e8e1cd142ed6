//! `twinmill check`: the laws of a job's code.

use std::path::PathBuf;

use crate::check::{Check, Checked, Sample, Thoroughness};
use crate::cli::default_input;
use crate::cli::options::{CheckOptions, Task};
use crate::cli::pending_file::{PendingFile, write_json};
use crate::cli::piped::Piped;
use crate::cli::terminal::{self, hanging, print, wrapped};
use crate::config::ExistingOutput;
use crate::measure::failure::Failure;
use crate::measure::running::supervisor::Supervisor;
use crate::quantity::ByteSize;
use crate::runtime::places::Plan;
use crate::{CancelToken, Session};

/// Checks the job and prints what became of each law.
///
/// # Errors
/// [`Failure::Message`] where a law is broken, and any other failure.
pub fn check(options: CheckOptions<'_>) -> Result<(), Failure> {
    let CheckOptions { task, args, config } = options;
    config.validate()?;
    let mut session = Session::new(config);
    let mut supervisor = Supervisor::start()?;
    let cancel = session.cancel.clone();
    let mut plan = Plan::of(&session.config, &task.inputs);
    plan.files.extend(args.report.iter().map(|path| ("--report", path.clone())));
    supervisor.run(&cancel, || Ok(plan.check(&cancel)?))?;
    let report = args.report.as_ref().map(|path| PendingFile::create(path, ExistingOutput::Overwrite)).transpose()?;
    let _piped = supervisor.run(&cancel, || Piped::take(&task.inputs, &mut session))?;
    let checked = supervisor.run(&cancel, || {
        let sample = sample(&task, &session, args.sample_size.0, &cancel)?;
        let run = |inputs: &[PathBuf], session: &Session| task.job.run(&task.options, inputs, session);
        let check = Check::of(run).line_order(task.job.line_order(&task.options)).session(&session);
        let thoroughness = if args.quick { Thoroughness::Quick } else { Thoroughness::Full };
        let check = check.budget(args.budget).seed(args.shuffle_seed).thoroughness(thoroughness);
        let reference = |inputs: &[PathBuf], session: &Session| task.job.run_reference(&task.options, inputs, session);
        let check = if task.job.has_reference() { check.reference(reference) } else { check };
        Ok((check.on_sample(&sample)?, sample.is_cut))
    });
    let (checked, is_cut) = checked?;
    if let (Some(path), Some(file)) = (&args.report, report) {
        supervisor.run(&cancel, || write_json(&checked, file, path, &cancel))?;
    }
    if !args.quiet || checked.broken.is_some() {
        let what = match (task.job.reads_input(), task.inputs.is_empty()) {
            (false, _) => "no input",
            (true, true) => "a generated input",
            (true, false) => "the input",
        };
        print(&fitted(&told(&checked, what, is_cut), terminal::width()))?;
    }
    match &checked.broken {
        None => Ok(()),
        Some(broken) => Err(Failure::failed(format!("{} breaks a law: {}", task.job.name(), broken.law.sentence()))),
    }
}

fn sample(task: &Task<'_>, session: &Session, bytes: u64, cancel: &CancelToken) -> Result<Sample, Failure> {
    if !task.job.reads_input() {
        return Ok(Sample::default());
    }
    let inputs = if task.inputs.is_empty() {
        default_input::resolve_of_size(task, bytes, true, cancel)?
    } else {
        task.inputs.clone()
    };
    Ok(Sample::read(&inputs, &session.inputs, bytes)?)
}

fn told(checked: &Checked, what: &str, is_cut: bool) -> String {
    let Checked { lines, bytes, runs, seconds, .. } = checked;
    let of = if is_cut { "the first " } else { "" };
    let bytes = ByteSize(*bytes);
    format!("{runs} runs on {of}{lines} lines of {what} ({bytes}) in {seconds:.1} s:\n{checked}")
}

/// Breaks sentences between words; lines of inputs and outputs, which are indented by more, stay as they are.
fn fitted(text: &str, width: usize) -> String {
    const LAW_COLUMN: usize = 13;
    let fit = |line: &str| {
        if line.starts_with("    ") {
            line.to_owned()
        } else if line.starts_with("  ") {
            hanging(line, LAW_COLUMN, width)
        } else {
            wrapped(line, width)
        }
    };
    text.split('\n').map(fit).collect::<Vec<_>>().join("\n")
}
