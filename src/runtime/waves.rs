//! The waves of one job: its map tasks, then its reduce tasks.
//!
//! A wave runs the same work for each of its tasks on fresh [`Task`]s ([`Wave`] decides when and how often) and sums what
//! the successful attempts counted. The map wave leaves a [`MapOutput`] a task; the reduce wave, or the map wave of a job
//! without reducers, leaves a [`TaskOutput`] a task.

use std::time::Instant;

use crate::error::Result;
use crate::job::{Fold, Job, Partitioner, TaskContext};
use crate::observe::counters::{Counters, UserCounters};
use crate::observe::phases::{PhaseLog, PhaseName};
use crate::pipeline::collect::{Collect, CollectWith, MapOutput};
use crate::pipeline::commit::{DatasetWriter, OutputTarget, PartWriter, TaskOutput, TaskOutputWriter};
use crate::pipeline::map::MapSide;
use crate::pipeline::read::ReadContext;
use crate::pipeline::reduce::ReduceSide;
use crate::pipeline::shuffle::shuffle;
use crate::pipeline::split::Split;
use crate::runtime::driver::{Driver, Totals};
use crate::runtime::scheduler::{Done, Wave};
use crate::runtime::task::Task;
use crate::store::PartitionIndex;

/// What an attempt leaves to be summed once it has succeeded.
struct Counts {
    counters: Counters,
    user_counters: UserCounters,
    phases: PhaseLog,
}

impl Totals {
    fn add(&mut self, counts: Counts) {
        self.counters.add(&counts.counters);
        counts.user_counters.add_to(&mut self.user_counters);
        self.phases.append(counts.phases);
    }
}

impl From<Task<'_>> for Counts {
    fn from(task: Task<'_>) -> Self {
        Counts { counters: task.counters, user_counters: task.user_counters, phases: task.phases }
    }
}

impl Driver {
    fn wave(&self, kind: &str, tasks: usize) -> Wave<'_> {
        let job = if self.jobs > 1 { format!("job{}-", self.jobs) } else { String::new() };
        Wave {
            job: &self.name,
            id_prefix: format!("{job}{kind}-"),
            tasks: u32::try_from(tasks).expect("a wave has fewer than four billion tasks"),
            workers: self.config.workers,
            max_attempts: self.config.max_attempts,
            cancel: &self.config.cancel,
            epoch: self.start,
        }
    }

    /// Runs one wave: `run` does an attempt's work on a fresh [`Task`] and gives its output with the records and bytes it
    /// read.
    fn run_wave<T: Send>(
        &mut self,
        kind: &'static str,
        tasks: usize,
        reducers: u32,
        bytes: u64,
        run: impl Fn(Task<'_>) -> Result<(Done<T>, Counts)> + Sync,
    ) -> Result<Vec<T>> {
        self.config.progress.begin_wave(&self.name, kind, tasks as u64, bytes);
        let mut log = Vec::new();
        let wave = self.wave(kind, tasks);
        let outputs = wave.run(&mut log, |index, attempt| {
            self.config.cancel.check()?;
            let context = TaskContext { job: self.name.clone(), id: wave.id(index), index, attempt, reducers };
            let task = Task {
                context,
                config: &self.config,
                store: self.stores.map_output.as_ref(),
                buffers: &self.stores.buffers,
                counters: Counters::default(),
                user_counters: UserCounters::default(),
                phases: PhaseLog::default(),
            };
            let (done, counts) = run(task)?;
            self.config.progress.task_done();
            Ok(Done { output: (done.output, counts), records: done.records, bytes: done.bytes })
        });
        self.tasks.append(&mut log);
        let (outputs, counts): (Vec<T>, Vec<Counts>) = outputs?.into_iter().unzip();
        self.job_counts.push(counts.iter().map(|counts| counts.user_counters.clone()).collect());
        counts.into_iter().for_each(|counts| self.totals.add(counts));
        Ok(outputs)
    }

    pub(super) fn map_wave<M, R, C, P>(
        &mut self,
        job: &Job<M, R, C, P>,
        reducers: u32,
        splits: &[Split],
    ) -> Result<Vec<MapOutput>>
    where
        M: MapSide,
        R: ReduceSide,
        C: CollectWith<M::Key, M::Value>,
        P: Partitioner,
    {
        let bytes = splits.iter().map(Split::bytes).sum();
        // For the whole wave: if runs took the room that a buffer leaves between two tasks, the next task would have none.
        let buffers = self.config.workers.min(splits.len()) * self.config.task_sort_buffer_bytes();
        let reservation = self.stores.budget.reserve_regardless(buffers as u64);
        let map_outputs = self.run_wave("map", splits.len(), reducers, bytes, |task| {
            let start = Instant::now();
            let split = &splits[task.context.index as usize];
            let (context, config) = (task.context.clone(), task.config);
            let mut collector = C::Collector::<'_, P>::new(task, &job.combine, &job.partitioner);
            let read = ReadContext { cancel: &config.cancel, progress: &config.progress };
            let (records, bytes) = job.mapper.clone().run(split, &context, read, &mut collector)?;
            let (output, mut task) = collector.finish()?;
            task.counters.map_input_records += records;
            task.phases.add_bytes(PhaseName::Map, bytes);
            task.phases.end_around(PhaseName::Map, start);
            Ok((Done { output, records, bytes }, task.into()))
        });
        self.stores.buffers.clear();
        drop(reservation);
        map_outputs
    }

    /// A job without reducers: what the mappers emit is the output.
    pub(super) fn map_to_output<M: MapSide, R: ReduceSide, C: Fold, P: Partitioner>(
        &mut self,
        job: &Job<M, R, C, P>,
        splits: &[Split],
        target: OutputTarget<'_>,
    ) -> Result<Vec<TaskOutput>> {
        let bytes = splits.iter().map(Split::bytes).sum();
        self.run_wave("map", splits.len(), 0, bytes, |mut task| {
            let start = Instant::now();
            let split = &splits[task.context.index as usize];
            let read = ReadContext { cancel: &task.config.cancel, progress: &task.config.progress };
            let mut mapper = job.mapper.clone();
            let (read, output, user_counters) = match target {
                OutputTarget::Files { dir, format } => {
                    let mut writer = PartWriter::create(&task, dir, format, 'm')?;
                    let read = mapper.run(split, &task.context, read, &mut writer)?;
                    let (output, user_counters) = writer.commit()?;
                    (read, output, user_counters)
                }
                OutputTarget::Dataset { store } => {
                    let mut writer = DatasetWriter::create(&task, store)?;
                    let read = mapper.run(split, &task.context, read, &mut writer)?;
                    let (output, user_counters) = writer.commit()?;
                    (read, output, user_counters)
                }
            };
            let (records, bytes) = read;
            task.user_counters = user_counters;
            task.counters.map_input_records += records;
            task.counters.map_output_records += output.records();
            task.counters.map_output_bytes += output.bytes();
            task.phases.add_bytes(PhaseName::Map, bytes);
            task.phases.end(PhaseName::Map, start);
            Ok((Done { output, records, bytes }, task.into()))
        })
    }

    pub(super) fn reduce_wave<M, R, C, P>(
        &mut self,
        job: &Job<M, R, C, P>,
        reducers: u32,
        map_outputs: &[MapOutput],
        target: OutputTarget<'_>,
    ) -> Result<Vec<TaskOutput>>
    where
        M: MapSide,
        R: ReduceSide<Key = M::Key, Value = M::Value>,
        C: CollectWith<M::Key, M::Value>,
        P: Partitioner,
    {
        let runs = || map_outputs.iter().flat_map(|output| &output.runs);
        let bytes = runs().map(|run| PartitionIndex::total(run.index()).record_bytes).sum();
        self.run_wave("reduce", reducers as usize, reducers, bytes, |mut task| {
            let merge = shuffle(&mut task, map_outputs, &job.combine)?;
            let start = Instant::now();
            let mut reducer = job.reducer.clone();
            let (output, user_counters) = match target {
                OutputTarget::Files { dir, format } => {
                    let mut writer = PartWriter::create(&task, dir, format, 'r')?;
                    reducer.run(merge, job.grouping, &mut task, &mut writer)?;
                    writer.commit()?
                }
                OutputTarget::Dataset { store } => {
                    let mut writer = DatasetWriter::create(&task, store)?;
                    reducer.run(merge, job.grouping, &mut task, &mut writer)?;
                    writer.commit()?
                }
            };
            task.user_counters = user_counters;
            task.counters.reduce_output_records += output.records();
            task.phases.add_bytes(PhaseName::Reduce, output.bytes());
            task.phases.end(PhaseName::Reduce, start);
            // The output is safe: nobody asks for this partition again.
            runs().for_each(|run| run.release(task.context.index));
            let bytes = task.phases.bytes(PhaseName::Shuffle);
            Ok((Done { output, records: task.counters.reduce_input_records, bytes }, task.into()))
        })
    }
}
