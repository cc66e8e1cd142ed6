//! A program that is repeated in a task, up to the task's job.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::input::split::{FilePiece, Piece, Split};
use crate::input::{Input, InvariantPiece};
use crate::observe::counters::UserCounters;
use crate::observe::purpose::Purpose;
use crate::pipeline::any_job::AnyJob;
use crate::pipeline::commit::{OutputTarget, PartsDir, TaskOutput};
use crate::pipeline::task::Finished;
use crate::runtime::apart::one_task::{MapInput, OneTask, OutputForm, ShuffleForm, Side, alone};
use crate::runtime::apart::pack::{self, Head, PackedPiece};
use crate::runtime::apart::shuffle;
use crate::runtime::apart::stages::DoneOutput;
use crate::runtime::apart::summary::{self, TaskSummary};
use crate::runtime::attempt::{Attempt, guarded};
use crate::runtime::driver::Driver;
use crate::runtime::waves::task_input;
use crate::store::wire::{BlockPlace, DepotRun, seal_segment};
use crate::store::{InDepot, Segment};

/// Bytes of a part that are sent at a time.
const PART_BYTES: usize = 1 << 20;

/// The task that this process is, and its job.
#[derive(Clone, Copy)]
struct Own<'a> {
    one: &'a OneTask,
    job: &'a dyn AnyJob,
    reducers: u32,
    target: OutputTarget<'a>,
    /// Its name in the report.
    id: &'a str,
}

impl Driver {
    /// Runs a job whose output is the program's, in a task.
    pub(in crate::runtime) fn run_in_task(&mut self, job: &dyn AnyJob) -> Result<()> {
        let dir = self.work_dir.path().join(format!("parts-{}", self.jobs));
        let [committed, attempts] = ["committed", "attempts"].map(|name| dir.join(name));
        for dir in [&committed, &attempts] {
            fs::create_dir_all(dir).map_err(Error::at("create", dir))?;
        }
        let (sync, form) = (self.config.durability.sync, self.config.part_form);
        let parts = PartsDir { committed, attempts, sync, form };
        self.run_to(job, OutputTarget::Files { dir: &parts, format: job.output_format() }).map(drop)
    }

    /// Comes by a job in a task: returns its result where it is another task's job, and runs the task where it is its own. Ends
    /// the program then.
    pub(in crate::runtime) fn repeat(
        &mut self,
        one: &Arc<OneTask>,
        job: &dyn AnyJob,
        reducers: u32,
        target: OutputTarget<'_>,
    ) -> Result<Vec<TaskOutput>> {
        if self.jobs < one.job {
            return self.take_from_plan(one);
        }
        let side = one.take_side().filter(|_| self.jobs == one.job);
        let side =
            side.ok_or_else(|| Error::Config(format!("the program has no job {} that can be a task", one.job)))?;
        let kind = if matches!(side, Side::Reduce { .. }) { "reduce" } else { "map" };
        let id = format!("{}{:05}", self.task_prefix(kind), one.number);
        let own = Own { one, job, reducers, target, id: &id };
        let outcome = guarded(|| match side {
            Side::Map { from, to, output } => self.one_map(own, from, to, output),
            Side::Parse { from, output } => self.one_parse(own, from, output),
            Side::Reduce { from, input, output, form } => self.one_reduce(own, from, input, output, form),
        });
        let summary = outcome.map_err(|error| match error {
            Error::Cancelled | Error::Config(_) => error,
            source => Error::Task { job: self.name.clone(), task: id, attempt: one.attempt, source: Box::new(source) },
        })?;
        one.finish(summary);
        Err(Error::Cancelled)
    }

    /// The result of a job that the plan brings.
    fn take_from_plan(&mut self, one: &Arc<OneTask>) -> Result<Vec<TaskOutput>> {
        let number = self.jobs;
        let done = one.done.iter().find(|done| done.job == number);
        let done = done.ok_or_else(|| {
            let what = "is not in the plan; is it the plan of this job with these options?";
            Error::Config(format!("the result of job {number} of {} {what}", self.name))
        })?;
        self.job_counts = done.waves.iter().map(|wave| wave.iter().map(UserCounters::restore).collect()).collect();
        Ok(match &done.output {
            DoneOutput::Parts(parts) => {
                parts.iter().map(|(records, bytes)| TaskOutput::Part { records: *records, bytes: *bytes }).collect()
            }
            DoneOutput::Dataset(partitions) => (0..)
                .zip(partitions)
                .map(|(partition, index)| {
                    let place = InDepot { job: number, partition };
                    TaskOutput::Dataset(Arc::new(DepotRun::new(place, *index, one.clone())))
                })
                .collect(),
        })
    }

    fn one_map(
        &mut self,
        own: Own<'_>,
        from: MapInput,
        to: ShuffleForm,
        mut output: Box<dyn Write + Send>,
    ) -> Result<TaskSummary> {
        let Own { one, job, reducers, target, id } = own;
        let (number, split) = self.split_of(one, job, from)?;
        let config = alone(&self.config, one.memory_bytes);
        let attempt = Attempt::alone(number, one.attempt, self.cancel.child());
        self.progress.begin_wave(&self.name, "map", 1, split.bytes());
        let task = self.lone_task(id.to_owned(), &attempt, reducers, task_input(&split), &config);
        if reducers == 0 {
            let finished = job.map_only(&split, target, task)?;
            let summary = self.send_output(number, 'm', target, &finished, to.output, &mut *output)?;
            flush(&mut *output)?;
            return Ok(summary);
        }
        let finished = job.map(&split, task)?;
        shuffle::write(&finished.output, number, reducers, to, config.compression, &mut *output)?;
        flush(&mut *output)?;
        Ok(self.summary(number, &finished))
    }

    /// Writes the input of a map task anew, with its records parsed.
    fn one_parse(&mut self, own: Own<'_>, from: MapInput, mut output: Box<dyn Write + Send>) -> Result<TaskSummary> {
        let Own { one, job, .. } = own;
        let (split, Split { input, pieces }) = self.split_of(one, job, from)?;
        let part = |piece: &Piece| match piece {
            Piece::Invariant(piece) if piece.source.segment(piece.part).is_none() => Some(piece.part),
            Piece::Invariant(_) | Piece::File(_) | Piece::Partition(_) => None,
        };
        let parts: Option<Vec<u32>> = pieces.iter().map(part).collect();
        let parts = parts.ok_or_else(|| {
            Error::Config(format!(
                "split {split} of job {} is no part of a loop's files, so it is not parsed",
                job.name()
            ))
        })?;
        self.progress.begin_wave(&self.name, "map", 1, pieces.iter().map(Piece::bytes).sum());
        pack::write_head(&mut *output, &Head::Parsed { split, input, parts })?;
        for piece in &pieces {
            let Piece::Invariant(InvariantPiece { source, part, .. }) = piece else { continue };
            source.send(*part, &mut |block| pack::write_block(&mut *output, *part, block))?;
        }
        flush(&mut *output)?;
        Ok(TaskSummary { job: self.jobs, task: split, ..TaskSummary::default() })
    }

    fn one_reduce(
        &mut self,
        own: Own<'_>,
        from: ShuffleForm,
        input: Box<dyn Read + Send>,
        mut output: Box<dyn Write + Send>,
        form: OutputForm,
    ) -> Result<TaskSummary> {
        let Own { one, job, reducers, target, id } = own;
        if one.number >= reducers {
            let (name, number) = (job.name(), one.number);
            return Err(Error::Config(match reducers {
                0 => format!("job {name} has no reducers: its map output is its output"),
                _ => {
                    format!("job {name} has {reducers} partitions, the first of them 0, and so none of number {number}")
                }
            }));
        }
        let config = alone(&self.config, one.memory_bytes);
        let attempt = Attempt::alone(one.number, one.attempt, self.cancel.child());
        self.progress.begin_wave(&self.name, "reduce", 1, 0);
        let task = self.lone_task(id.to_owned(), &attempt, reducers, None, &config);
        let map_outputs = shuffle::read(&task, from, input)?;
        let finished = job.reduce(map_outputs, target, task)?;
        let summary = self.send_output(one.number, 'r', target, &finished, form, &mut *output)?;
        flush(&mut *output)?;
        Ok(summary)
    }

    /// The split of a map task, and its number.
    fn split_of(&mut self, one: &OneTask, job: &dyn AnyJob, from: MapInput) -> Result<(u32, Split)> {
        let of_input = |input: usize| {
            job.inputs().get(input).ok_or_else(|| {
                Error::Config(format!(
                    "job {} has {} inputs, and none of number {input}",
                    job.name(),
                    job.inputs().len()
                ))
            })
        };
        match from {
            MapInput::File { file, input } => {
                of_input(input)?;
                Ok((one.number, Split { input, pieces: vec![Piece::File(FilePiece::whole(&file))] }))
            }
            MapInput::Here(number) => {
                let mut splits = self.plan(job)?;
                let count = splits.len();
                if number as usize >= count {
                    return Err(Error::Config(format!(
                        "job {} has {count} splits, the first of them 0, and so none of number {number}",
                        job.name()
                    )));
                }
                Ok((number, splits.swap_remove(number as usize)))
            }
            MapInput::Pieces { input, pieces } => {
                let source = of_input(input)?;
                let piece = |packed: PackedPiece| match (packed, source) {
                    (PackedPiece::File { file, start, end, cut }, _) => {
                        let file = one.files.get(file as usize).ok_or_else(|| foreign_pack(job))?;
                        Ok(Piece::File(FilePiece { cut, ..FilePiece::new(file, start, end) }))
                    }
                    (PackedPiece::Part(part), Input::Invariant(source)) => {
                        Ok(Piece::Invariant(InvariantPiece { source: source.clone(), part, sent: None }))
                    }
                    (PackedPiece::Part(_), _) => Err(foreign_pack(job)),
                };
                let pieces: Result<Vec<_>> = pieces.into_iter().map(piece).collect();
                Ok((one.number, Split { input, pieces: pieces? }))
            }
            MapInput::Parsed { input, parts, sent } => {
                let Input::Invariant(source) = of_input(input)? else { return Err(foreign_pack(job)) };
                let known = source.splits().iter().map(|parts| parts.end).max().unwrap_or(0);
                if parts.iter().any(|part| *part >= known) {
                    return Err(foreign_pack(job));
                }
                let piece =
                    |part| Piece::Invariant(InvariantPiece { source: source.clone(), part, sent: Some(sent.clone()) });
                Ok((one.number, Split { input, pieces: parts.into_iter().map(piece).collect() }))
            }
            MapInput::Dataset(place) => split_of_dataset(one, job.inputs(), place).ok_or_else(|| foreign_pack(job)),
        }
    }

    /// Writes what a task has left, and says what it is.
    fn send_output(
        &self,
        number: u32,
        kind: char,
        target: OutputTarget<'_>,
        finished: &Finished<TaskOutput>,
        form: OutputForm,
        out: &mut dyn Write,
    ) -> Result<TaskSummary> {
        let mut summary = self.summary(number, finished);
        match (&finished.output, target) {
            (TaskOutput::Part { records, bytes }, OutputTarget::Files { dir, .. }) => {
                summary.part = Some((*records, *bytes));
                send_part(&dir.part_path(kind, number), &summary, form, out)?;
            }
            (TaskOutput::Dataset(run), _) if form == OutputForm::Pack => {
                summary.dataset = Some(run.index().get(0));
                pack::write_head(out, &Head::Output(summary.clone()))?;
                let segment = Segment { run: run.clone(), partition: 0, read_for: Purpose::BetweenJobs };
                let place = BlockPlace { task: number, ..BlockPlace::default() };
                seal_segment(&segment, place, self.config.compression, |_, block| pack::write_data(out, block))?;
            }
            _ => {
                let (name, number) = (&self.name, self.jobs);
                return Err(Error::Config(format!(
                    "job {number} of {name} leaves records for another job, which are no text; they are written with --pack"
                )));
            }
        }
        Ok(summary)
    }

    fn summary<T>(&self, task: u32, finished: &Finished<T>) -> TaskSummary {
        TaskSummary {
            job: self.jobs,
            task,
            began: summary::now() - self.time.epoch().elapsed().as_secs_f64(),
            ended: summary::now(),
            records: finished.records,
            bytes: finished.bytes,
            counters: finished.counts.counters.clone(),
            user: finished.counts.user_counters.save(),
            ..TaskSummary::default()
        }
    }
}

fn send_part(path: &Path, summary: &TaskSummary, form: OutputForm, out: &mut dyn Write) -> Result<()> {
    let mut part = File::open(path).map_err(Error::at("open", path))?;
    if form == OutputForm::Part {
        return io::copy(&mut part, out).map(drop).map_err(Error::at("write", Path::new("standard output")));
    }
    pack::write_head(out, &Head::Output(summary.clone()))?;
    let mut buffer = Vec::with_capacity(PART_BYTES);
    loop {
        buffer.clear();
        let read = (&mut part).take(PART_BYTES as u64).read_to_end(&mut buffer).map_err(Error::at("read", path))?;
        if read == 0 {
            return Ok(());
        }
        pack::write_data(out, &buffer)?;
    }
}

fn flush(out: &mut dyn Write) -> Result<()> {
    out.flush().map_err(Error::at("write", Path::new("standard output")))
}

/// The split that is this partition of a dataset, and its number.
fn split_of_dataset(one: &OneTask, inputs: &[Input], place: InDepot) -> Option<(u32, Split)> {
    for (input, (source, first)) in inputs.iter().zip(one.first_splits.iter().chain(std::iter::repeat(&0))).enumerate()
    {
        let (at, piece) = match source {
            Input::Files(_) => continue,
            Input::Segments(segments) => {
                let Some(at) = segments.iter().position(|segment| segment.run.in_depot() == Some(place)) else {
                    continue;
                };
                (at, Piece::Partition(segments[at].clone()))
            }
            Input::Invariant(source) => {
                let is = |part: u32| source.segment(part).is_some_and(|segment| segment.run.in_depot() == Some(place));
                let Some(at) = source.splits().iter().position(|parts| parts.clone().any(is)) else { continue };
                let part = source.splits()[at].start;
                (at, Piece::Invariant(InvariantPiece { source: source.clone(), part, sent: None }))
            }
        };
        return Some((first + at as u32, Split { input, pieces: vec![piece] }));
    }
    None
}

fn foreign_pack(job: &dyn AnyJob) -> Error {
    Error::Config(format!("standard input is no input of job {}: it belongs to another plan", job.name()))
}
