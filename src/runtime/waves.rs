//! The waves of one job: its map tasks, then its reduce tasks.
//!
//! A wave runs the same work for each of its tasks on fresh [`Task`]s ([`Wave`] decides when and how often) and sums what
//! the successful attempts counted. The map wave leaves a [`MapOutput`] a task; the reduce wave, or the map wave of a job
//! without reducers, leaves a [`TaskOutput`] a task. Where a reducer finds a map output lost, its next attempt begins with
//! running that map task again.

use std::sync::Mutex;
use std::time::Instant;

use crate::error::{Error, Result};
use crate::input::ReadContext;
use crate::input::split::Split;
use crate::job::{Fold, Job, Partitioner, TaskContext};
use crate::observe::activity::{Activity, Reading};
use crate::observe::counters::{Counters, UserCounters};
use crate::observe::phases::{PhaseLog, PhaseName};
use crate::observe::report::{Outcome, Recovery, RecoveryKind, TaskReport};
use crate::observe::time_use::TimeUse;
use crate::pipeline::collect::{Collect, CollectWith, MapOutput, Side};
use crate::pipeline::commit::{DatasetWriter, OutputTarget, PartWriter, TaskOutput, TaskOutputWriter};
use crate::pipeline::map::MapSide;
use crate::pipeline::reduce::ReduceSide;
use crate::pipeline::shuffle::shuffle;
use crate::runtime::driver::{Driver, Totals};
use crate::runtime::journal::{Entry, Journal, MapEntry};
use crate::runtime::map_outputs::{Lost, MapOutputs, Rerun};
use crate::runtime::scheduler::{Attempt, Done, Log, Threads, Wave, guarded};
use crate::runtime::strike::Victim;
use crate::runtime::task::Task;

/// What an attempt leaves to be summed once it has succeeded.
struct Counts {
    counters: Counters,
    user_counters: UserCounters,
    phases: PhaseLog,
}

/// What a map task of a killed run left, until its task takes it up.
type Adopted = Mutex<Option<(Done<MapOutput>, Counts)>>;

impl Totals {
    /// Adds what an attempt counted; gives what only the attempt's own task is asked for.
    fn add(&mut self, counts: Counts) -> UserCounters {
        self.counters.add(&counts.counters);
        counts.user_counters.add_to(&mut self.user_counters);
        self.phases.append(counts.phases);
        counts.user_counters
    }

    /// Adds the totals of a wave.
    fn append(&mut self, other: Totals) {
        self.counters.add(&other.counters);
        for (group, counters) in other.user_counters {
            let sums = self.user_counters.entry(group).or_default();
            counters.into_iter().for_each(|(name, n)| *sums.entry(name).or_default() += n);
        }
        self.phases.append(other.phases);
    }
}

impl From<Task<'_>> for Counts {
    fn from(task: Task<'_>) -> Self {
        Counts { counters: task.counters, user_counters: task.user_counters, phases: task.phases }
    }
}

/// The numbers of a wave that its tasks share.
#[derive(Clone, Copy)]
struct Kind {
    /// `map` or `reduce`.
    name: &'static str,
    tasks: usize,
    reducers: u32,
    /// Bytes that the wave will read.
    bytes: u64,
}

/// What a wave leaves, successful or not.
struct Ended<T> {
    log: Log,
    /// Map tasks that were run again within its attempts.
    reruns: Log,
    /// The driver's thread, before and after.
    clock: (Reading, Reading),
    /// What the successful attempts counted, all together.
    totals: Totals,
    /// In task order, with what the task's own code counted and the attempts it took.
    outputs: Result<Vec<((T, UserCounters), u32)>>,
}

impl Driver {
    fn task_prefix(&self, kind: &str) -> String {
        if self.jobs > 1 { format!("job{}-{kind}-", self.jobs) } else { format!("{kind}-") }
    }

    /// What the attempt works with.
    fn task(&self, kind: &'static str, id: String, attempt: &Attempt, reducers: u32) -> Task<'_> {
        Task {
            context: TaskContext {
                job: self.name.clone(),
                id,
                index: attempt.task,
                attempt: attempt.number,
                reducers,
                cancel: attempt.cancel.clone(),
            },
            attempt: attempt.clone(),
            victim: Victim {
                lab: &self.config.faults,
                job: self.jobs,
                maps: kind == "map",
                task: attempt.task,
                attempt: attempt.number,
            },
            config: &self.config,
            inputs: &self.inputs,
            bad_records: &self.bad_records,
            progress: &self.progress,
            store: self.stores.map_output.as_ref(),
            gathered: self.stores.gathered.as_ref(),
            buffers: &self.buffers,
            counters: Counters::default(),
            user_counters: UserCounters::default(),
            phases: PhaseLog::default(),
        }
    }

    /// Runs one wave: `run` does an attempt's work on a fresh [`Task`] and gives its output with the records and bytes it
    /// read.
    fn run_wave<T: Send>(&self, kind: Kind, run: impl Fn(Task<'_>) -> Result<(Done<T>, Counts)> + Sync) -> Ended<T> {
        self.progress.begin_wave(&self.name, kind.name, kind.tasks as u64, kind.bytes);
        let wave = Wave {
            job: &self.name,
            id_prefix: self.task_prefix(kind.name),
            tasks: u32::try_from(kind.tasks).expect("a wave has fewer than four billion tasks"),
            workers: self.config.workers,
            max_attempts: self.config.max_attempts,
            time_limit: self.config.task_timeout,
            stragglers: self.config.stragglers,
            cancel: &self.cancel,
            epoch: self.start,
            threads: Threads::OfSystem,
        };
        let mut log = Log::default();
        let attempt = |attempt: &Attempt| {
            attempt.cancel.check()?;
            let task = self.task(kind.name, wave.id(attempt.task), attempt, kind.reducers);
            task.victim.begin(&attempt.cancel)?;
            let (done, counts) = run(task)?;
            self.progress.task_done();
            Ok(Done { output: (done.output, counts), records: done.records, bytes: done.bytes })
        };
        let excuse = |_, error: &Error| match error {
            // Not the reducer's fault; the map task's attempts are what bounds it.
            Error::MapOutputLost { .. } => true,
            // The next attempt passes over the record; the number of those is what bounds it.
            Error::Record { path, offset, .. } => self.bad_records.is_noted(path, *offset),
            _ => false,
        };
        let began = Reading::now();
        let mut totals = Totals::default();
        let outputs = wave.run(&mut log, attempt, excuse, |(output, counts)| (output, totals.add(counts)));
        Ended { log, reruns: Log::default(), clock: (began, Reading::now()), totals, outputs }
    }

    /// Takes over what a wave logged and counted; gives its outputs, each with the number of attempts it took.
    fn settle<T>(&mut self, ended: Ended<T>) -> Result<Vec<(T, u32)>> {
        let Log { tasks, used, .. } = &ended.log;
        self.time.add_wave(ended.clock, self.config.workers, tasks, *used);
        self.log.append(ended.log);
        self.log.append(ended.reruns);
        let (mut outputs, mut counted) = (Vec::new(), Vec::new());
        for ((output, counts), attempts) in ended.outputs? {
            counted.push(counts);
            outputs.push((output, attempts));
        }
        self.totals.append(ended.totals);
        self.job_counts.push(counted);
        Ok(outputs)
    }

    pub(super) fn map_wave<M, R, C, P>(
        &mut self,
        job: &Job<M, R, C, P>,
        reducers: u32,
        splits: &[Split],
        complete: Vec<MapEntry>,
    ) -> Result<MapOutputs>
    where
        M: MapSide,
        R: ReduceSide,
        C: CollectWith<M::Key, M::Value>,
        P: Partitioner,
    {
        let kind = Kind { name: "map", tasks: splits.len(), reducers, bytes: splits.iter().map(Split::bytes).sum() };
        let (adopted, attempts_before) = self.adopt(complete, splits.len());
        let ended = self.run_wave(kind, |task| {
            let (index, attempt, start) = (task.context.index, task.context.attempt, Instant::now());
            if let Some(adopted) = adopted[index as usize].lock().expect("no panic while it is taken").take() {
                return Ok(adopted);
            }
            let (done, counts) = map_task(job, &splits[index as usize], task)?;
            if let Some(journal) = &self.journal {
                let entry = self.map_entry(index, attempt, start, &done, &counts);
                entry.map_or(Ok(()), |entry| journal.add(&Entry::Map(entry)))?;
            }
            Ok((done, counts))
        });
        let outputs = self.settle(ended)?.into_iter().zip(attempts_before);
        let outputs = outputs.map(|((output, attempts), before)| (output, attempts + before));
        Ok(MapOutputs::new(self.task_prefix("map"), outputs))
    }

    /// Takes up map outputs that a killed run had completed: what their tasks left, and how many attempts went before.
    fn adopt(&mut self, complete: Vec<MapEntry>, tasks: usize) -> (Vec<Adopted>, Vec<u32>) {
        let mut adopted: Vec<Adopted> = (0..tasks).map(|_| Mutex::default()).collect();
        let mut attempts_before = vec![0; tasks];
        for entry in complete {
            let run = entry.run.as_deref().map(|name| self.stores.map_output.adopt(name)).transpose();
            // What cannot be read after all is made again.
            let (Ok(run), Some(slot)) = (run, adopted.get_mut(entry.task as usize)) else { continue };
            self.resumed.map_tasks += 1;
            self.resumed.bytes += entry.bytes;
            self.resumed.seconds_saved += entry.seconds;
            attempts_before[entry.task as usize] = entry.attempt;
            let output = MapOutput { runs: run.into_iter().collect() };
            let counts = Counts {
                counters: entry.counters,
                user_counters: UserCounters::restore(&entry.user),
                phases: PhaseLog::default(),
            };
            *slot = Mutex::new(Some((Done { output, records: entry.records, bytes: entry.bytes }, counts)));
        }
        (adopted, attempts_before)
    }

    /// What the journal says of a map task that is complete; `None` if its output is not in one file.
    fn map_entry(
        &self,
        task: u32,
        attempt: u32,
        start: Instant,
        done: &Done<MapOutput>,
        counts: &Counts,
    ) -> Option<MapEntry> {
        let run = match &done.output.runs[..] {
            [] => None,
            [run] => Some(Journal::name_of(run)?),
            _ => return None,
        };
        Some(MapEntry {
            job: self.jobs,
            chain: self.chain,
            task,
            attempt,
            run,
            records: done.records,
            bytes: done.bytes,
            seconds: start.elapsed().as_secs_f64(),
            counters: counts.counters.clone(),
            user: counts.user_counters.save(),
        })
    }

    /// Runs a map task again whose output was lost, as often as it has attempts left.
    fn rerun<M, R, C, P>(
        &self,
        job: &Job<M, R, C, P>,
        reducers: u32,
        splits: &[Split],
        lost: &Lost,
        log: &Mutex<Log>,
    ) -> Result<Rerun>
    where
        M: MapSide,
        C: CollectWith<M::Key, M::Value>,
        P: Partitioner,
    {
        let id = format!("{}{:05}", self.task_prefix("map"), lost.task);
        let failed = |attempt: u32, cause: Error| match cause {
            Error::Cancelled => Error::Cancelled,
            cause => Error::Task { job: self.name.clone(), task: id.clone(), attempt, source: Box::new(cause) },
        };
        let mut cause = Error::user(lost.reason.clone());
        for number in lost.next_attempt..self.config.max_attempts {
            let attempt = Attempt::alone(lost.task, number, self.cancel.child());
            let start = Reading::now();
            let outcome = guarded(|| {
                let task = self.task("map", id.clone(), &attempt, reducers);
                task.victim.begin(&attempt.cancel)?;
                map_task(job, &splits[lost.task as usize], task)
            });
            let end = Reading::now();
            let time = TimeUse::of(&end.since(&start), Activity::Other);
            let (start, end) = (start.at.duration_since(self.start), end.at.duration_since(self.start));
            let mut report = TaskReport {
                id: id.clone(),
                attempt: number,
                outcome: Outcome::Succeeded,
                start_seconds: start.as_secs_f64(),
                end_seconds: end.as_secs_f64(),
                records: 0,
                bytes: 0,
                time,
                error: None,
            };
            let recovery = Recovery {
                kind: RecoveryKind::Rerun,
                task: id.clone(),
                attempt: number,
                why: cause.to_string(),
                seconds_lost: (end - start).as_secs_f64(),
            };
            let mut log = log.lock().expect("no panic while the log is held");
            log.recoveries.push(recovery);
            match outcome {
                // What it counts was counted the first time.
                Ok((done, _)) => {
                    (report.records, report.bytes) = (done.records, done.bytes);
                    log.tasks.push(report);
                    return Ok(Rerun { output: done.output, next_attempt: number + 1 });
                }
                Err(error) => {
                    report.outcome = Outcome::Failed;
                    report.error = Some(error.to_string());
                    log.tasks.push(report);
                    if !error.may_pass() {
                        return Err(failed(number, error));
                    }
                    cause = error;
                }
            }
        }
        Err(failed(self.config.max_attempts - 1, cause))
    }

    /// A job without reducers: what the mappers emit is the output.
    pub(super) fn map_to_output<M: MapSide, R: ReduceSide, C: Fold, P: Partitioner>(
        &mut self,
        job: &Job<M, R, C, P>,
        splits: &[Split],
        target: OutputTarget<'_>,
    ) -> Result<Vec<TaskOutput>> {
        let kind = Kind { name: "map", tasks: splits.len(), reducers: 0, bytes: splits.iter().map(Split::bytes).sum() };
        let ended = self.run_wave(kind, |mut task| {
            let start = task.phases.begin();
            let split = &splits[task.context.index as usize];
            let cancel = task.attempt.cancel.clone();
            let scout = task.scout();
            let read = ReadContext { cancel: &cancel, ..task.inputs.context(scout.as_ref()) };
            let mut mapper = job.mapper.clone();
            let (read, output, user_counters) = match target {
                OutputTarget::Files { dir, format } => {
                    let mut writer = PartWriter::create(&task, dir, format, 'm')?;
                    let read = mapper.run(split, &task.context, read, &mut writer)?;
                    task.victim.end()?;
                    task.attempt.begin_commit()?;
                    let (output, user_counters) = writer.commit()?;
                    (read, output, user_counters)
                }
                OutputTarget::Dataset { store } => {
                    let mut writer = DatasetWriter::create(&task, store)?;
                    let read = mapper.run(split, &task.context, read, &mut writer)?;
                    task.victim.end()?;
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
        });
        Ok(self.settle(ended)?.into_iter().map(|(output, _)| output).collect())
    }

    pub(super) fn reduce_wave<M, R, C, P>(
        &mut self,
        job: &Job<M, R, C, P>,
        reducers: u32,
        splits: &[Split],
        map_outputs: &MapOutputs,
        target: OutputTarget<'_>,
    ) -> Result<Vec<TaskOutput>>
    where
        M: MapSide,
        R: ReduceSide<Key = M::Key, Value = M::Value>,
        C: CollectWith<M::Key, M::Value>,
        P: Partitioner,
    {
        let bytes = map_outputs.runs().iter().map(|run| run.index().total().record_bytes).sum();
        let reruns = Mutex::<Log>::default();
        let mut ended =
            self.run_wave(Kind { name: "reduce", tasks: reducers as usize, reducers, bytes }, |mut task| {
                let rerun = |lost: &Lost| self.rerun(job, reducers, splits, lost, &reruns);
                let taken = map_outputs.take(task.context.index, rerun)?;
                task.counters.merged_map_outputs += map_outputs.len() as u64;
                let merge = shuffle(&mut task, &taken, job)?;
                drop(taken);
                let start = task.phases.begin();
                let mut reducer = job.reducer.clone();
                let (output, user_counters) = match target {
                    OutputTarget::Files { dir, format } => {
                        let mut writer = PartWriter::create(&task, dir, format, 'r')?;
                        reducer.run(merge, job.grouping, &mut task, &mut writer)?;
                        task.victim.end()?;
                        task.attempt.begin_commit()?;
                        writer.commit()?
                    }
                    OutputTarget::Dataset { store } => {
                        let mut writer = DatasetWriter::create(&task, store)?;
                        reducer.run(merge, job.grouping, &mut task, &mut writer)?;
                        task.victim.end()?;
                        writer.commit()?
                    }
                };
                task.user_counters = user_counters;
                task.counters.reduce_output_records += output.records();
                task.phases.add_bytes(PhaseName::Reduce, output.bytes());
                task.phases.end(PhaseName::Reduce, start);
                // The output is safe: nobody asks for this partition again.
                map_outputs.release(task.context.index);
                let bytes = task.phases.bytes(PhaseName::Shuffle);
                Ok((Done { output, records: task.counters.reduce_input_records, bytes }, task.into()))
            });
        ended.reruns = reruns.into_inner().expect("no panic while the log is held");
        Ok(self.settle(ended)?.into_iter().map(|(output, _)| output).collect())
    }
}

/// One attempt at a map task.
fn map_task<M, R, C, P>(job: &Job<M, R, C, P>, split: &Split, task: Task<'_>) -> Result<(Done<MapOutput>, Counts)>
where
    M: MapSide,
    C: CollectWith<M::Key, M::Value>,
    P: Partitioner,
{
    let start = task.phases.begin();
    let (context, inputs, scout) = (task.context.clone(), task.inputs, task.scout());
    let mut collector = C::Collector::<'_, P>::new(task, &job.combine, &job.partitioner, Side::Map, split.bytes());
    let read = ReadContext { cancel: &context.cancel, ..inputs.context(scout.as_ref()) };
    let (records, bytes) = job.mapper.clone().run(split, &context, read, &mut collector)?;
    let (MapOutput { runs }, mut task) = collector.finish()?;
    task.victim.end()?;
    let runs: Result<Vec<_>> = runs.into_iter().map(|run| task.victim.damage(run)).collect();
    let output = MapOutput { runs: runs? };
    task.counters.map_input_records += records;
    task.phases.add_bytes(PhaseName::Map, bytes);
    task.phases.end(PhaseName::Map, start);
    Ok((Done { output, records, bytes }, task.into()))
}
