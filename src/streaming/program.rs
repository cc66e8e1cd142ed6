//! The job for `run` and `compare`: its options are the words of streaming.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use crate::check::LineOrder;
use crate::config::{Combining, OutputCodec};
use crate::error::{Error, Result};
use crate::job::{Mapper, OutputFormat};
use crate::observe::report::Report;
use crate::pipeline::reduce_records::OneByOne;
use crate::program::Program;
use crate::runtime::job::Job;
use crate::runtime::output_dir::part_files;
use crate::runtime::session::Session;
use crate::streaming::combiner::COUNTS;
use crate::streaming::job::{EmptyParts, MapInput, ReduceStep, StreamJob};
use crate::streaming::mapper::{FOUND, OfOpenFiles, PASSED_OVER, StreamMapper, Target};
use crate::streaming::options::{self, Asked, Options};
use crate::streaming::output::{FRAMING, Output, TOGETHER};
use crate::streaming::place::Place;
use crate::streaming::records::Form;
use crate::streaming::reducer::{FED, StreamReducer};
use crate::streaming::repeats::{GIVEN, REPEATED};
use crate::streaming::route::Route;
use crate::streaming::sequence_file::decode;

/// The words of streaming, as the last arguments.
#[derive(Args, Debug)]
pub struct Words {
    /// Hadoop Streaming's options
    #[arg(last = true, value_name = "STREAMING OPTIONS")]
    words: Vec<OsString>,
}

/// Commands in any language as mapper, combiner and reducer.
pub struct Stream;

impl Stream {
    /// The job that the options describe.
    ///
    /// # Errors
    /// [`Error::Config`] for what cannot be carried out.
    pub fn job(words: &Words) -> Result<StreamJob> {
        let mut job = StreamJob::resolve(&read(&words.words)?)?;
        job.words.clone_from(&words.words);
        Ok(job)
    }
}

impl Program for Stream {
    type Options = Words;

    const NAME: &'static str = "stream";
    const ABOUT: &'static str = "Run commands as mapper and reducer, by Hadoop Streaming's rules";

    fn side_inputs(&self, words: &Words) -> Vec<PathBuf> {
        Stream::job(words).map(|job| job.files_read()).unwrap_or_default()
    }

    /// Hadoop promises no order of a key's values. Where a mapper is given offsets, or records of more than a line, the order of
    /// lines may show elsewhere.
    fn line_order(&self, words: &Words) -> LineOrder {
        match Stream::job(words) {
            Ok(job) if job.reads_lines_alone() => LineOrder::Free,
            _ => LineOrder::Matters,
        }
    }

    fn run(&self, words: &Words, inputs: &[PathBuf], session: &Session) -> Result<Report> {
        run(Stream::job(words)?, inputs, session)
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
pub fn run(mut job: StreamJob, inputs: &[PathBuf], session: &Session) -> Result<Report> {
    let mut session = session.clone();
    job.apply(&mut session.config)?;
    if session.config.combining == Combining::Never {
        job.combiner = None;
    }
    let job = Arc::new(job);
    let place = Place::create(&job, &session.config)?;
    let job_of_parts = Parts {
        empty: job.empty_parts,
        codec: session.config.part_form.codec,
        success: job.properties.switch("mapreduce.fileoutputcommitter.marksuccessfuljobs", true),
    };
    let name = job.name().to_owned();
    let input: crate::Input = inputs.iter().collect();
    let reducers = session.config.reducers;
    let route = match session.config.combining {
        Combining::WhereGiven if job.keeps_repeats() => job.route().counted(),
        _ => job.route(),
    };
    // The engine's sort buffer and what stands before it share what a task has.
    let task_bytes = session.config.task_sort_buffer_bytes();
    let beside_bytes = match job.combiner {
        Some(_) => task_bytes / 2,
        None if route.is_counted() => task_bytes / 4,
        None => 0,
    };
    session.config.sort_buffer_bytes = (task_bytes - beside_bytes) as u64;
    let mapper = |target: Target| StreamMapper::new(job.clone(), place.clone(), target, beside_bytes);
    let mut report = if reducers == 0 || matches!(job.reducer, ReduceStep::None) {
        let mapper = mapper(Target::Output(output_of(&job, &job.map_output)));
        match job.input {
            MapInput::Records(_) => map_only(name, OfOpenFiles(mapper), input, &session)?,
            _ => map_only(name, mapper, input, &session)?,
        }
    } else {
        job.check_reducers(reducers)?;
        let mapper = mapper(Target::Reducers(route.clone()));
        let form = if let ReduceStep::Command(_) = job.reducer { &job.reduce_output } else { &job.map_output };
        let output = output_of(&job, form);
        let reducer = StreamReducer::new(job.clone(), place.clone(), route.clone(), output);
        match job.input {
            MapInput::Records(_) => map_reduce(name, OfOpenFiles(mapper), reducer, &route, input, &session)?,
            _ => map_reduce(name, mapper, reducer, &route, input, &session)?,
        }
    };
    if let Some(output) = &session.config.output {
        publish_side_files(&place.side_dir(), output)?;
    }
    count_combined(&mut report);
    count_repeats(&mut report);
    count_found(&mut report, reducers == 0 || matches!(job.reducer, ReduceStep::None));
    let fed = report.user_counters.remove(FED).unwrap_or_default();
    if !fed.is_empty() {
        report.counters.reduce_input_groups = fed.values().sum();
    }
    if let Some(output) = &session.config.output {
        leave_out(job_of_parts, output, |part| fed.contains_key(&part.to_string()))?;
    }
    report.notes.extend(too_many_counters(&report.user_counters));
    report.notes.extend(job.notes.iter().cloned());
    report.notes.extend(place.notes());
    Ok(report)
}

/// Says that Hadoop's limits of counters are passed (`mapreduce.job.counters.max`, `mapreduce.job.counters.groups.max`).
fn too_many_counters(counters: &BTreeMap<String, BTreeMap<String, u64>>) -> Option<String> {
    const MOST_COUNTERS: usize = 120;
    const MOST_GROUPS: usize = 50;
    let all: usize = counters.values().map(BTreeMap::len).sum();
    let passed = [(all, MOST_COUNTERS, "counters"), (counters.len(), MOST_GROUPS, "groups of counters")];
    let (number, most, what) = passed.into_iter().find(|(number, most, _)| number > most)?;
    Some(format!(
        "Hadoop fails a job with more than {most} {what}, unless its settings allow more; this one has {number}"
    ))
}

fn output_of(job: &StreamJob, form: &Form) -> Output {
    Output::new(job.output.clone(), form.clone(), job.empty_parts == EmptyParts::LeftOut)
}

fn map_only<M>(name: String, mapper: M, input: crate::Input, session: &Session) -> Result<Report>
where
    M: Mapper<Key = [u8], Value = [u8]> + 'static,
{
    Job::map_only(name, mapper).output_format(OutputFormat::Raw).input(input).run(session)
}

fn map_reduce<M>(
    name: String,
    mapper: M,
    reducer: StreamReducer,
    route: &Route,
    input: crate::Input,
    session: &Session,
) -> Result<Report>
where
    M: Mapper<Key = [u8], Value = [u8]> + 'static,
{
    let job = Job::new(name, mapper, OneByOne(reducer)).partition_by(route.partitioner());
    job.output_format(OutputFormat::Raw).input(input).run(session)
}

/// Counts the records that mappers found themselves, and those that were written together; and leaves out what parts have
/// beside records.
fn count_found(report: &mut Report, is_map_only: bool) {
    let mut total = |group: &str| -> u64 { report.user_counters.remove(group).unwrap_or_default().values().sum() };
    let (found, framing, together) = (total(FOUND), total(FRAMING), total(TOGETHER));
    let passed_over = total(PASSED_OVER);
    report.counters.map_input_records = (report.counters.map_input_records + found).saturating_sub(passed_over);
    let written =
        if is_map_only { &mut report.counters.map_output_records } else { &mut report.counters.reduce_output_records };
    *written = (*written + together).saturating_sub(framing);
    report.output.records = (report.output.records + together).saturating_sub(framing);
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

/// Counts records that were kept once as often as they came.
fn count_repeats(report: &mut Report) {
    if let Some(given) = report.user_counters.remove(GIVEN) {
        let count = |name: &str| given.get(name).copied().unwrap_or_default();
        (report.counters.map_output_records, report.counters.map_output_bytes) = (count("records"), count("bytes"));
    }
    let repeated = report.user_counters.remove(REPEATED).unwrap_or_default();
    report.counters.reduce_input_records += repeated.values().sum::<u64>();
}

/// What an output has beside the parts with content.
#[derive(Clone, Copy)]
struct Parts {
    empty: EmptyParts,
    codec: Option<OutputCodec>,
    /// Whether `_SUCCESS` is written.
    success: bool,
}

/// Takes out of a complete output what the job asked to leave out. `has_input` tells it of a reducer.
fn leave_out(parts: Parts, output: &Path, has_input: impl Fn(usize) -> bool) -> Result<()> {
    let remove = |path: &Path| fs::remove_file(path).map_err(Error::at("remove", path));
    let mut kept = 0;
    for (number, part) in part_files(output)?.into_iter().enumerate() {
        let is_empty = || is_empty(&part, parts.codec);
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

/// Whether a part has no content; a compressed one has a frame all the same.
fn is_empty(part: &Path, codec: Option<OutputCodec>) -> Result<bool> {
    const LARGEST_FRAME: u64 = 64;
    let bytes = part.metadata().map_err(Error::at("look at", part))?.len();
    match codec {
        Some(codec) if (1..=LARGEST_FRAME).contains(&bytes) => {
            let content = fs::read(part).and_then(|bytes| decode(codec, &bytes)).map_err(Error::at("read", part))?;
            Ok(content.is_empty())
        }
        _ => Ok(bytes == 0),
    }
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
