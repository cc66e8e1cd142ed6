//! One job of a driver: planned, run in waves, and recorded, or taken over from a killed run.

use std::ops::Range;
use std::sync::Arc;

use crate::config::{Intermediates, PageCache, SplitRule};
use crate::error::{Error, Result};
use crate::input::split::{self, FilePiece, Piece, Split};
use crate::input::{Input, InvariantPiece};
use crate::observe::counters::UserCounters;
use crate::pipeline::any_job::AnyJob;
use crate::pipeline::commit::{OutputTarget, TaskOutput};
use crate::runtime::apart::role::Role;
use crate::runtime::driver::Driver;
use crate::runtime::journal::{self, Entry, JobEntry, Journal, LeftRun};
use crate::runtime::places::Plan;
use crate::runtime::totals::Totals;
use crate::store::{PartitionIndex, Run, RunOnDisk};

impl Driver {
    /// Runs the waves of a job; returns the output of each task, in task order.
    pub(super) fn run_to(&mut self, job: &dyn AnyJob, target: OutputTarget<'_>) -> Result<Vec<TaskOutput>> {
        let (number, wanted) = (job.inputs().len(), job.wanted_inputs());
        if number == 0 || wanted.is_some_and(|wanted| wanted != number) {
            let wanted = wanted.map_or("at least one input".to_owned(), |wanted| format!("{wanted} inputs"));
            return Err(Error::Config(format!("job {} needs {wanted}, got {number}", job.name())));
        }
        self.jobs += 1;
        self.job_counts.clear();
        let reducers = job.reducers().unwrap_or(self.config.reducers);
        self.reducers = reducers;
        let role = self.role.clone();
        if let Role::Task(one) = &role {
            return self.repeat(one, job, reducers, target);
        }
        let splits = self.plan(job)?;
        if let Role::Coordinator(of) = &role {
            return self.run_apart(of, job, reducers, &splits, target).map_err(|error| self.explain(error));
        }
        self.config.faults.check(&self.name, self.jobs, splits.len() as u64, reducers)?;
        if self.journal.is_some() {
            self.chain = journal::link(self.chain, &describe(job, reducers, &splits));
        }
        if let OutputTarget::Dataset { .. } = target
            && let Some(complete) = self.past.job(self.jobs, self.chain)?
        {
            return Ok(self.take_up(&complete));
        }
        let before = self.totals.clone();
        let outputs = if reducers == 0 {
            self.map_to_output(job, &splits, target)
        } else {
            self.map_and_reduce(job, reducers, &splits, target)
        };
        let outputs = outputs.map_err(|error| self.explain(error))?;
        if let OutputTarget::Dataset { .. } = target {
            self.write_down(&outputs, &splits, &before)?;
        }
        Ok(outputs)
    }

    /// Replaces an error by its cause where the work directory has been removed from outside.
    fn explain(&self, error: Error) -> Error {
        let path = self.work_dir.path();
        if matches!(error, Error::Cancelled) || path.is_dir() {
            return error;
        }
        let cause = format!("somebody removed it while the job ran, and with it what was computed ({error})");
        Error::io("go on in work directory", path, std::io::Error::other(cause))
    }

    /// Refuses inputs that the output would replace.
    pub(super) fn refuse_to_replace(&self, inputs: &[Input]) -> Result<()> {
        let paths = |input: &Input| match input {
            Input::Files(paths) => paths.clone(),
            Input::Segments(_) | Input::Invariant(_) => Vec::new(),
        };
        if let Role::Task(_) = self.role {
            return Ok(());
        }
        let paths: Vec<_> = inputs.iter().flat_map(paths).collect();
        if paths.is_empty() { Ok(()) } else { Plan::of(&self.config, &paths).check(&self.cancel) }
    }

    fn map_and_reduce(
        &mut self,
        job: &dyn AnyJob,
        reducers: u32,
        splits: &[Split],
        target: OutputTarget<'_>,
    ) -> Result<Vec<TaskOutput>> {
        let complete = self.past.maps(self.jobs, self.chain)?;
        let map_outputs = self.map_wave(job, reducers, splits, complete)?;
        if self.config.page_cache == PageCache::Cold {
            map_outputs.runs().iter().filter_map(|run| run.on_disk()).try_for_each(RunOnDisk::drop_cached_pages)?;
        }
        let outputs = self.reduce_wave(job, reducers, splits, &map_outputs, target)?;
        if self.config.intermediates == Intermediates::Keep {
            map_outputs.runs().iter().filter_map(|run| run.on_disk()).for_each(RunOnDisk::keep);
        }
        Ok(outputs)
    }

    /// Takes up the dataset of a job that was complete before the crash.
    fn take_up(&mut self, complete: &JobEntry) -> Vec<TaskOutput> {
        self.totals.counters.add(&complete.counters);
        for (group, counters) in &complete.user_counters {
            let sums = self.totals.user_counters.entry(group.clone()).or_default();
            for (name, n) in counters {
                let sum = sums.entry(name.clone()).or_default();
                *sum = sum.wrapping_add(*n);
            }
        }
        self.job_counts = complete.waves.iter().map(|wave| wave.iter().map(UserCounters::restore).collect()).collect();
        self.resumed.jobs += 1;
        self.resumed.map_tasks += complete.map_tasks;
        self.resumed.bytes += complete.bytes;
        self.resumed.seconds_saved += complete.seconds;
        let adopt = |(name, index): &(String, PartitionIndex)| {
            let run = self
                .stores
                .between_jobs
                .adopt(name)
                .ok()
                .filter(|run| run.index().len() == 1 && run.index().get(0) == *index);
            let run: Arc<dyn Run> = Arc::new(LeftRun { name: name.clone(), run, index: vec![*index].into() });
            self.keep_if_small(&run);
            TaskOutput::Dataset(run)
        };
        complete.partitions.iter().map(adopt).collect()
    }

    /// Writes into the journal that the dataset of the job that ran last is complete.
    fn write_down(&mut self, outputs: &[TaskOutput], splits: &[Split], before: &Totals) -> Result<()> {
        let Some(journal) = &self.journal else { return Ok(()) };
        let mut partitions = Vec::new();
        for output in outputs {
            let TaskOutput::Dataset(run) = output else { return Ok(()) };
            // Runs in memory do not outlive the process.
            let Some(name) = Journal::name_of(run) else { return Ok(()) };
            partitions.push((name, run.index().get(0)));
            self.keep_if_small(run);
        }
        let prefix = if self.jobs > 1 { format!("job{}-", self.jobs) } else { String::new() };
        let of_job = self.log.tasks.iter().filter(|task| {
            let rest = task.id.strip_prefix(&prefix);
            rest.is_some_and(|rest| rest.starts_with("map-") || rest.starts_with("reduce-"))
        });
        journal.add(&Entry::Job(JobEntry {
            job: self.jobs,
            chain: self.chain,
            partitions,
            map_tasks: splits.len() as u32,
            seconds: of_job.map(|task| task.end_seconds - task.start_seconds).sum(),
            bytes: splits.iter().map(Split::bytes).sum(),
            counters: self.totals.counters.since(&before.counters),
            user_counters: self.totals.user_counters_since(before),
            waves: self.job_counts.iter().map(|wave| wave.iter().map(UserCounters::save).collect()).collect(),
        }))
    }

    /// Keeps the file of a small dataset to the end of the run: a resumed program may read it back, though this one has
    /// dropped it.
    fn keep_if_small(&self, run: &Arc<dyn Run>) {
        const SMALL_BYTES: u64 = 1 << 20;
        if self.config.intermediates == Intermediates::Remove && run.index().get(0).stored_bytes <= SMALL_BYTES {
            run.on_disk().into_iter().for_each(RunOnDisk::keep);
        }
    }

    pub(super) fn plan(&mut self, job: &dyn AnyJob) -> Result<Vec<Split>> {
        self.refuse_to_replace(job.inputs())?;
        let mut splits = Vec::new();
        let inputs: Result<Vec<_>> = job
            .inputs()
            .iter()
            .map(|input| match input {
                Input::Files(paths) => self.inputs.list(paths).map(Some),
                Input::Segments(_) | Input::Invariant(_) => Ok(None),
            })
            .collect();
        let inputs = inputs?;
        if self.journal.is_some() {
            self.chain = journal::link(self.chain, &format!("{inputs:?}"));
        }
        let file_bytes = inputs.iter().flatten().flat_map(|files| files.iter()).map(|file| file.bytes).sum();
        self.input_bytes += file_bytes;
        let split_bytes = split::split_bytes(&self.config, file_bytes);
        for (number, (input, files)) in job.inputs().iter().zip(inputs).enumerate() {
            match (input, files) {
                (Input::Segments(segments), _) => splits.extend(
                    segments
                        .iter()
                        .map(|segment| Split { input: number, pieces: vec![Piece::Partition(segment.clone())] }),
                ),
                (Input::Invariant(source), _) => {
                    let (files, bytes) = source.files_to_read();
                    self.input_bytes += bytes;
                    if self.config.page_cache == PageCache::Cold {
                        files.iter().try_for_each(|file| file.drop_cached_pages(&self.cancel))?;
                    }
                    let piece = |part| Piece::Invariant(InvariantPiece { source: source.clone(), part, sent: None });
                    let split =
                        |parts: &Range<u32>| Split { input: number, pieces: parts.clone().map(piece).collect() };
                    splits.extend(source.splits().iter().map(split));
                }
                (Input::Files(_), files) => {
                    let files = files.unwrap_or_default();
                    if self.config.page_cache == PageCache::Cold {
                        files.iter().try_for_each(|file| file.drop_cached_pages(&self.cancel))?;
                    }
                    let alignment = job.split_alignment(number);
                    let mut planned = match self.config.split_rule {
                        SplitRule::Packed => split::plan_at_most(number, &files, split_bytes, alignment, splits.len())?,
                        SplitRule::Hadoop(rule) => split::plan_by_hadoop(number, &files, rule, &self.cancel)?,
                    };
                    job.move_cuts(number, &mut planned, &self.inputs)?;
                    splits.append(&mut planned);
                }
            }
        }
        Ok(splits)
    }
}

/// Describes everything that a job's map outputs depend on: its inputs, and the splits that they are cut into.
fn describe(job: &dyn AnyJob, reducers: u32, splits: &[Split]) -> String {
    use std::fmt::Write;

    let mut text = format!("{} {reducers}", job.name());
    let mut add = |what: std::fmt::Arguments<'_>| text.write_fmt(what).expect("a string takes all");
    for split in splits {
        add(format_args!("\ninput {}", split.input));
        for piece in &split.pieces {
            match piece {
                Piece::File(FilePiece { file, start, end, .. }) => {
                    add(format_args!(" {:?} {start}..{end}", file.path));
                }
                Piece::Partition(segment) => {
                    let index = segment.index();
                    add(format_args!(" {} records of {} bytes", index.records, index.record_bytes));
                }
                Piece::Invariant(InvariantPiece { source, part, .. }) => {
                    add(format_args!(" part {part}"));
                    if *part == 0 {
                        source.files_to_read().0.iter().for_each(|file| add(format_args!(" {file:?}")));
                    }
                }
            }
        }
    }
    text
}
