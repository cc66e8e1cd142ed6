//! `twinmill claim`: measures until each claim of some files is true, false or undecided here.
//!
//! ```text
//! FILE or NAME ─▶ read: all files, all options ─▶ measured: a comparison at a time ─▶ told, exported ─▶ exit status
//! ```
//!
//! Whatever is wrong with a file is found before anything runs. Exit status: 0 all true, 3 some false, 4 some undecided and
//! none false; 2 for a bad file, 1 where a run failed.

pub mod measuring;
pub mod read;
pub mod record;
pub mod shipped;

use std::path::Path;

use crate::CancelToken;
use crate::cli::args::ClaimArgs;
use crate::cli::claims::measuring::{Conditions, Measured};
use crate::cli::claims::read::Given;
use crate::cli::claims::record::Record;
use crate::cli::export::{claims_markdown, claims_page};
use crate::cli::options::ClaimOptions;
use crate::cli::pending_file::{PendingFile, write_json, write_whole};
use crate::cli::telling::claims as telling;
use crate::cli::terminal;
use crate::config::ExistingOutput;
use crate::measure::claims::outcome::exit_status;
use crate::measure::comparison::Comparison;
use crate::measure::failure::{FAILED, Failure, USAGE};
use crate::measure::running::supervisor::Supervisor;
use crate::runtime::places::Plan;

/// Measures and tells each claim; the exit status says what came of them.
///
/// # Errors
/// [`Failure`] where a file is bad, a run failed, or a form of the result cannot be written.
pub fn claim(options: &ClaimOptions<'_>) -> Result<u8, Failure> {
    let ClaimOptions { jobs, args } = options;
    if args.list {
        terminal::print(&shipped::list(terminal::width()))?;
        return Ok(0);
    }
    let given: Vec<Given> = args.files.iter().map(|file| Given::read(file)).collect::<Result<_, _>>()?;
    let (mut supervisor, cancel) = (Supervisor::start()?, CancelToken::default());
    let files = [("--report", &args.report), ("--html", &args.html), ("--markdown", &args.markdown)];
    let outputs: Vec<_> = files.into_iter().filter_map(|(option, path)| Some((option, path.clone()?))).collect();
    supervisor.run(&cancel, || {
        let inputs = given.iter().filter_map(|given| given.path.clone()).collect();
        Plan { inputs, files: outputs.clone(), ..Plan::default() }.check(&cancel)?;
        outputs.iter().try_for_each(|(_, path)| PendingFile::create(path, ExistingOutput::Overwrite).map(drop))?;
        Ok(())
    })?;
    let conditions = Conditions::of(&args.measure, jobs, args.quiet);
    let prepared = given.iter().map(|given| conditions.prepare(given, &mut supervisor));
    let prepared: Vec<_> = prepared.collect::<Result<_, _>>()?;
    let mut measured: Vec<Measured<'_>> = Vec::new();
    for (given, prepared) in given.iter().zip(prepared) {
        let done = conditions.measure(given, prepared, &mut supervisor).map_err(while_measuring)?;
        terminal::print(&telling::text(&done, terminal::width()))?;
        measured.push(done);
    }
    if measured.iter().map(|done| done.outcomes.len()).sum::<usize>() > 1 {
        terminal::print(&telling::summary(&measured))?;
    }
    supervisor.run(&cancel, || write(&measured, args, &cancel))?;
    let comparisons = measured.iter().flat_map(|done| &done.comparisons);
    comparisons.into_iter().try_for_each(check_outputs)?;
    Ok(exit_status(measured.iter().flat_map(|done| &done.outcomes).map(|outcome| outcome.truth)))
}

/// What cannot be carried out once runs are made has failed: the claim files were all right.
pub fn while_measuring(failure: Failure) -> Failure {
    match failure {
        Failure::Message(message, USAGE) => Failure::Message(message, FAILED),
        failure => failure,
    }
}

/// Refuses figures of runs that did not give the same output.
///
/// # Errors
/// [`Failure::Message`] that says which outputs differ.
pub fn check_outputs(comparison: &Comparison) -> Result<(), Failure> {
    if comparison.outputs_identical() {
        return Ok(());
    }
    Err(Failure::failed(format!("THE OUTPUTS DIFFER: {}", comparison.digests().join(", "))))
}

fn write(measured: &[Measured<'_>], args: &ClaimArgs, cancel: &CancelToken) -> Result<(), Failure> {
    let create = |path: &Path| PendingFile::create(path, ExistingOutput::Overwrite);
    if let Some(path) = &args.report {
        write_json(&Record::of(measured), create(path)?, path, cancel)?;
    }
    if let Some(path) = &args.html {
        write_whole(create(path)?, path, claims_page(measured).as_bytes(), cancel)?;
    }
    if let Some(path) = &args.markdown {
        write_whole(create(path)?, path, claims_markdown(measured).as_bytes(), cancel)?;
    }
    Ok(())
}
