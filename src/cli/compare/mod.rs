//! `twinmill compare`: a job on disk, in memory and without the framework, several times in turn.
//!
//! Every run is a process of its own, so that its peak memory and its I/O are its own. The modes take turns, each round
//! begins with another one, and the input is read once before the first, so that no mode finds the machine in a better
//! state than the others.
//!
//! ```text
//! input ─▶ page cache     child: run JOB --mode disk ──report──▶ Figures ─┐
//!                         child: run JOB --mode memory ────────▶ Figures ─┼─▶ Comparison ─▶ table, verdict, JSON
//!                         child: run JOB --mode reference ─────▶ Figures ─┘
//! ```

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use twinmill::config::{ExistingOutput, PageCache};
use twinmill::pipeline::split::list_files;
use twinmill::{CancelToken, Error};

use crate::cli::args::RunMode;
use crate::cli::default_input;
use crate::cli::failure::{Failure, USAGE};
use crate::cli::figures::seconds;
use crate::cli::options::CompareOptions;
use crate::cli::pending_file::PendingFile;
use crate::cli::run::{private_directory, write_report};
use crate::cli::signals::Supervisor;
use crate::cli::terminal::to_stdout;

mod child;
mod comparison;
mod rounds;
mod spread;
mod table;
mod verdict;

use child::Child;
use comparison::Comparison;
use rounds::RoundsDisplay;

/// Runs, compares, and prints what the difference was.
///
/// # Errors
/// [`Failure`] where a run failed or the outputs differ; whatever the runs made is removed.
pub fn compare(options: CompareOptions<'_>) -> Result<(), Failure> {
    let CompareOptions { task, modes, runs, config, words, report, quiet } = options;
    config.validate()?;
    if config.reducers == 0 && modes.contains(&RunMode::Reference) {
        let message = "the reference always reduces; with --reducers 0 compare --modes disk,memory";
        return Err(Failure::Message(message.into(), USAGE));
    }
    let mut supervisor = Supervisor::start()?;
    if let Some(path) = &report {
        drop(PendingFile::create(path, ExistingOutput::Overwrite)?);
    }
    let inputs = supervisor.run(&config.cancel, || {
        let inputs = default_input::resolve(&task, quiet, &config.cancel)?;
        if config.page_cache == PageCache::Warm {
            read_once(&inputs, &config.cancel)?;
        }
        Ok(inputs)
    })?;
    let scratch = private_directory(&config.work_dir, "twinmill-compare-")?;
    let child =
        Child { job: task.job.name(), inputs: &inputs, config: &config, words: &words, scratch: scratch.path() };
    let mut comparison = Comparison::new(task.job.name(), &modes, config.page_cache);
    let display = RoundsDisplay::start(runs, modes.len(), quiet);
    for round in 0..runs {
        for turn in 0..modes.len() {
            let mode = modes[(round as usize + turn) % modes.len()];
            display.begin(round, mode.name());
            let run = child.run(mode, &mut supervisor)?;
            display.end(round, mode.name(), &seconds(run.figures.wall_seconds));
            comparison.add(run);
        }
        if let Some(path) = &report {
            write_report(&comparison.json(), PendingFile::create(path, ExistingOutput::Overwrite)?, path)?;
        }
    }
    drop(display);
    let path = scratch.path().to_owned();
    scratch.close().map_err(Failure::at("remove", &path))?;
    print(&comparison)?;
    if !comparison.outputs_identical() {
        return Err(Failure::failed(format!("THE OUTPUTS DIFFER: {}", comparison.digests().join(", "))));
    }
    Ok(())
}

fn print(comparison: &Comparison) -> Result<(), Failure> {
    to_stdout(|out| {
        writeln!(out, "{}", table::render(comparison))?;
        for sentence in verdict::sentences(&comparison.columns()) {
            writeln!(out, "{sentence}")?;
        }
        let identical = if comparison.outputs_identical() { "yes" } else { "NO" };
        writeln!(out, "outputs identical: {identical} ({})", comparison.digests().join(", "))
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
