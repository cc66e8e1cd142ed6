//! The job for `run` and `compare`: its options are the words of streaming.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use crate::error::{Error, Result};
use crate::job::OutputFormat;
use crate::observe::report::Report;
use crate::program::Program;
use crate::runtime::job::Job;
use crate::runtime::output_dir::part_files;
use crate::runtime::session::Session;
use crate::streaming::combiner::COUNTS;
use crate::streaming::job::{EmptyParts, ReduceStep, StreamJob};
use crate::streaming::mapper::{StreamMapper, Target};
use crate::streaming::options::{self, Asked, Options};
use crate::streaming::place::Place;
use crate::streaming::reducer::{FED, OutputLines, StreamReducer};

/// The words of streaming, as the last arguments.
#[derive(Args, Debug)]
pub struct Words {
    /// Hadoop Streaming's options
    #[arg(last = true, value_name = "STREAMING OPTIONS")]
    words: Vec<OsString>,
}

/// Commands in any language as mapper, combiner and reducer.
pub struct Stream;

impl Program for Stream {
    type Options = Words;

    const NAME: &'static str = "stream";
    const ABOUT: &'static str = "Run commands as mapper and reducer, by Hadoop Streaming's rules";

    fn run(&self, Words { words }: &Words, inputs: &[PathBuf], session: &Session) -> Result<Report> {
        let job = StreamJob::resolve(&read(words)?)?;
        run(job, inputs, session)
    }
}

fn read(words: &[OsString]) -> Result<Options> {
    match options::read(words, |_| false)? {
        Asked::Job(options, _) => Ok(*options),
        Asked::Help => Err(Error::Config("-help is asked of `stream` itself".into())),
    }
}

/// Runs a job on its inputs.
///
/// # Errors
/// Whatever stopped the job.
pub fn run(job: StreamJob, inputs: &[PathBuf], session: &Session) -> Result<Report> {
    let mut session = session.clone();
    job.apply(&mut session.config)?;
    let job = Arc::new(job);
    let place = Place::create(&job, &session.config.work_dir)?;
    let job_of_parts = Parts {
        empty: job.empty_parts,
        success: job.properties.switch("mapreduce.fileoutputcommitter.marksuccessfuljobs", true),
    };
    let name = job.properties.get("mapreduce.job.name").unwrap_or("stream").to_owned();
    let input: crate::Input = inputs.iter().collect();
    let (separator, discarded) = (job.output_separator(), job.discards_output);
    let reducers = session.config.reducers;
    // The engine's sort buffer and the combiner's share what a task has.
    let combine_bytes = (session.config.sort_buffer_bytes / 2) as usize;
    if job.combiner.is_some() {
        session.config.sort_buffer_bytes /= 2;
    }
    let mut report = if reducers == 0 || matches!(job.reducer, ReduceStep::None) {
        let lines = OutputLines::new(job.map_output.clone(), separator, discarded);
        let mapper = StreamMapper::new(job.clone(), place.clone(), Target::Output(lines), 0);
        Job::map_only(name, mapper).output_format(OutputFormat::Raw).input(input).run(&session)?
    } else {
        let route = job.route();
        let partitioner = route.partitioner();
        let form = if let ReduceStep::Command(_) = job.reducer { &job.reduce_output } else { &job.map_output };
        let lines = OutputLines::new(form.clone(), separator, discarded);
        let mapper = StreamMapper::new(job.clone(), place.clone(), Target::Reducers(route.clone()), combine_bytes);
        let reducer = StreamReducer::new(job.clone(), place.clone(), route, lines);
        let job = Job::new(name, mapper, reducer).partition_by(partitioner);
        job.output_format(OutputFormat::Raw).input(input).run(&session)?
    };
    if let Some(output) = &session.config.output {
        publish_side_files(&place.side_dir(), output)?;
    }
    count_combined(&mut report);
    let fed = report.user_counters.remove(FED).unwrap_or_default();
    if !fed.is_empty() {
        report.counters.reduce_input_groups = fed.values().sum();
    }
    if let Some(output) = &session.config.output {
        leave_out(job_of_parts, output, |part| fed.contains_key(&part.to_string()))?;
    }
    report.notes.extend(job.notes.iter().cloned());
    report.notes.extend(place.notes());
    Ok(report)
}

/// Counts what combiners did as Hadoop does: they stand between the mapper's output and the engine's input.
fn count_combined(report: &mut Report) {
    if let Some(counts) = report.user_counters.remove(COUNTS) {
        let count = |name: &str| counts.get(name).copied().unwrap_or_default();
        report.counters.combine_input_records = count("in");
        report.counters.combine_output_records = count("out");
        report.counters.map_output_records = count("in");
    }
}

/// What an output has beside the parts with content.
#[derive(Clone, Copy)]
struct Parts {
    empty: EmptyParts,
    /// Whether `_SUCCESS` is written.
    success: bool,
}

/// Takes out of a complete output what the job asked to leave out. `has_input` tells it of a reducer.
fn leave_out(parts: Parts, output: &Path, has_input: impl Fn(usize) -> bool) -> Result<()> {
    let remove = |path: &Path| fs::remove_file(path).map_err(Error::at("remove", path));
    let mut kept = 0;
    for (number, part) in part_files(output)?.into_iter().enumerate() {
        let is_empty = || Ok::<bool, Error>(part.metadata().map_err(Error::at("look at", &part))?.len() == 0);
        match parts.empty {
            EmptyParts::Written => {}
            EmptyParts::LeftOut if is_empty()? => remove(&part)?,
            EmptyParts::LeftOut => {}
            EmptyParts::Renumbered if !has_input(number) => remove(&part)?,
            EmptyParts::Renumbered => {
                let name = output.join(format!("part-{kept:05}"));
                fs::rename(&part, &name).map_err(Error::at("rename", &part))?;
                kept += 1;
            }
        }
    }
    if parts.success { Ok(()) } else { remove(&output.join("_SUCCESS")) }
}

/// Moves the files that programs wrote beside their output into it.
fn publish_side_files(side: &Path, output: &Path) -> Result<()> {
    let Ok(entries) = fs::read_dir(side) else { return Ok(()) };
    for entry in entries {
        let from = entry.map_err(Error::at("read", side))?.path();
        let to = output.join(from.file_name().unwrap_or_default());
        if fs::rename(&from, &to).is_err() {
            fs::copy(&from, &to).map_err(Error::at("keep", &from))?;
        }
    }
    Ok(())
}
