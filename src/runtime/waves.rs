//! The waves of one job: its map tasks, then its reduce tasks.
//!
//! A wave runs the same work for each of its tasks on fresh [`Task`]s ([`Wave`] decides when and how often) and adds up
//! the counts of successful attempts. The map wave leaves a [`MapOutput`] a task; the reduce wave, or the map wave of a
//! job without reducers, leaves a [`TaskOutput`] a task. Where a reducer finds a map output lost, its next attempt
//! begins by running that map task again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use crate::config::JobConfig;
use crate::error::{Error, Result};
use crate::input::split::Split;
use crate::job::{SpoolPlace, TaskContext, TaskInput};
use crate::observe::activity::{Activity, Reading, lock};
use crate::observe::counters::{Counters, UserCounters};
use crate::observe::phases::PhaseLog;
use crate::observe::report::{ExtraWork, Outcome, Recovery, RecoveryKind, TaskReport};
use crate::observe::stage::Stages;
use crate::observe::time_use::TimeUse;
use crate::pipeline::any_job::AnyJob;
use crate::pipeline::collect::MapOutput;
use crate::pipeline::commit::{OutputTarget, TaskOutput};
use crate::pipeline::task::{Counts, Finished, Task};
use crate::runtime::attempt::{Attempt, Done, Log, guarded};
use crate::runtime::driver::Driver;
use crate::runtime::journal::{Entry, Journal, MapEntry};
use crate::runtime::map_outputs::{Lost, MapOutputs, Rerun};
use crate::runtime::strike::Victim;
use crate::runtime::totals::Totals;
use crate::runtime::wave::{Threads, Wave};

/// The results of map tasks of a killed run, by the numbers of the tasks, until these take them up. Only tasks that have a
/// result are in it.
type Adopted = Mutex<HashMap<u32, (MapOutput, MapEntry)>>;

/// Makes what a map task returns of the result of the killed run.
fn taken_up((output, entry): (MapOutput, MapEntry)) -> Finished<MapOutput> {
    let counts = Counts {
        counters: entry.counters,
        user_counters: UserCounters::restore(&entry.user),
        phases: PhaseLog::default(),
        extra_work: ExtraWork::default(),
    };
    Finished { output, records: entry.records, bytes: entry.bytes, counts }
}

/// The part of a file that a map task begins with.
pub(super) fn task_input(split: &Split) -> Option<TaskInput> {
    let (path, (start, end)) = split.first_file()?;
    Some(TaskInput { path: path.clone(), start, bytes: end - start })
}

/// The numbers of a wave that its tasks share.
#[derive(Clone, Copy)]
struct Kind<'s> {
    maps: bool,
    tasks: usize,
    /// The splits of map tasks; none for reduce tasks.
    splits: &'s [Split],
    reducers: u32,
    /// Bytes that the wave will read.
    bytes: u64,
}

impl Kind<'_> {
    fn name(self) -> &'static str {
        if self.maps { "map" } else { "reduce" }
    }
}

/// The end of a wave, successful or not.
struct Ended<T> {
    log: Log,
    /// Map tasks that were run again within its attempts.
    reruns: Log,
    /// The driver's thread, before and after.
    clock: (Reading, Reading),
    /// Sums over all successful attempts.
    totals: Totals,
    /// Outputs in task order, with the counts of the job's own code and the number of attempts.
    outputs: Result<Vec<((T, UserCounters), u32)>>,
}

impl Driver {
    pub(super) fn task_prefix(&self, kind: &str) -> String {
        if self.jobs > 1 { format!("job{}-{kind}-", self.jobs) } else { format!("{kind}-") }
    }

    /// Makes a task that is alone in its process.
    pub(super) fn lone_task<'a>(
        &'a self,
        id: String,
        attempt: &Attempt,
        reducers: u32,
        input: Option<TaskInput>,
        config: &'a JobConfig,
    ) -> Task<'a> {
        let kind = Kind { maps: input.is_some(), tasks: 1, splits: &[], reducers, bytes: 0 };
        let task = self.task(id, attempt, kind, &|| Ok(()));
        Task { context: TaskContext { input, ..task.context.clone() }, config, ..task }
    }

    /// Makes the task of an attempt, which must ask `permit` before it publishes anything.
    fn task<'a>(
        &'a self,
        id: String,
        attempt: &Attempt,
        kind: Kind<'_>,
        permit: &'a dyn Fn() -> Result<()>,
    ) -> Task<'a> {
        let spools = SpoolPlace {
            store: self.stores.gathered.clone(),
            prefix: format!("{id}-{}", attempt.number),
            block_bytes: self.config.block_bytes(),
            cancel: attempt.cancel.clone(),
            next: Arc::default(),
        };
        Task {
            context: TaskContext {
                job: self.name.clone(),
                id,
                index: attempt.task,
                attempt: attempt.number,
                reducers: kind.reducers,
                input: kind.splits.get(attempt.task as usize).and_then(task_input),
                cancel: attempt.cancel.clone(),
                spools,
            },
            config: &self.config,
            inputs: &self.inputs,
            bad_records: &self.bad_records,
            progress: &self.progress,
            permit,
            store: self.stores.map_output.as_ref(),
            gathered: self.stores.gathered.as_ref(),
            buffers: &self.buffers,
            counters: Counters::default(),
            user_counters: UserCounters::default(),
            stages: Stages::default(),
            extra_work: ExtraWork::default(),
            beside: Arc::default(),
        }
    }

    /// The attempt as faults see it.
    fn victim(&self, maps: bool, attempt: &Attempt) -> Victim<'_> {
        Victim { lab: &self.config.faults, job: self.jobs, maps, task: attempt.task, attempt: attempt.number }
    }

    /// Makes an attempt at a task whose output is published: `work` does it.
    fn attempt<T>(
        &self,
        kind: Kind<'_>,
        id: String,
        attempt: &Attempt,
        work: impl FnOnce(Task<'_>) -> Result<Finished<T>>,
    ) -> Result<Finished<T>> {
        let victim = self.victim(kind.maps, attempt);
        victim.begin(&attempt.cancel)?;
        let permit = || {
            victim.end()?;
            attempt.begin_commit()
        };
        work(self.task(id, attempt, kind, &permit))
    }

    /// Makes an attempt at a map task whose output reducers take.
    fn attempt_map(
        &self,
        job: &dyn AnyJob,
        kind: Kind<'_>,
        split: &Split,
        id: String,
        attempt: &Attempt,
    ) -> Result<Finished<MapOutput>> {
        let victim = self.victim(true, attempt);
        victim.begin(&attempt.cancel)?;
        let mut finished = job.map(split, self.task(id, attempt, kind, &|| Ok(())))?;
        victim.end()?;
        let runs: Result<Vec<_>> = finished.output.runs.into_iter().map(|run| victim.damage(run)).collect();
        finished.output = MapOutput { runs: runs? };
        Ok(finished)
    }

    /// Runs one wave: `run` makes an attempt at a task, whose id it is given.
    fn run_wave<T: Send>(
        &self,
        kind: Kind<'_>,
        run: impl Fn(String, &Attempt) -> Result<Finished<T>> + Sync,
    ) -> Ended<T> {
        self.progress.begin_wave(&self.name, kind.name(), kind.tasks as u64, kind.bytes);
        let wave = Wave {
            job: &self.name,
            id_prefix: self.task_prefix(kind.name()),
            tasks: u32::try_from(kind.tasks).expect("a wave has fewer than four billion tasks"),
            workers: self.config.workers,
            max_attempts: self.config.max_attempts,
            time_limit: self.config.task_timeout,
            stragglers: self.config.stragglers,
            cancel: &self.cancel,
            epoch: self.time.epoch(),
            threads: Threads::OfSystem,
        };
        let mut log = Log::default();
        let attempt = |attempt: &Attempt| {
            attempt.cancel.check()?;
            let Finished { output, records, bytes, counts } = run(wave.id(attempt.task), attempt)?;
            self.progress.task_done();
            Ok(Done { output: (output, counts), records, bytes })
        };
        let excuse = |_, error: &Error| match error {
            // Not the reducer's fault; bounded by the attempts of the map task.
            Error::MapOutputLost { .. } => true,
            // The next attempt passes over the record; bounded by the number of records that may be skipped.
            Error::Record { path, offset, .. } => self.bad_records.is_noted(path, *offset),
            _ => false,
        };
        let began = Reading::with_run_delay();
        let mut totals = Totals::default();
        let outputs = wave.run(&mut log, attempt, excuse, |(output, counts)| (output, totals.add(counts)));
        Ended { log, reruns: Log::default(), clock: (began, Reading::with_run_delay()), totals, outputs }
    }

    /// Takes over the log and the counts of a wave; returns its outputs, each with the number of attempts it took.
    fn settle<T>(&mut self, ended: Ended<T>) -> Result<Vec<(T, u32)>> {
        let Log { tasks, used, .. } = &ended.log;
        self.time.nest(self.inputs.take_looks());
        self.time.add_wave(ended.clock, tasks, *used, ended.totals.phases.beside());
        self.log.append(ended.log);
        self.log.append(ended.reruns);
        let ended_outputs = ended.outputs?;
        let mut counted = Vec::with_capacity(ended_outputs.len());
        let mut outputs = Vec::with_capacity(ended_outputs.len());
        for ((output, counts), attempts) in ended_outputs {
            counted.push(counts);
            outputs.push((output, attempts));
        }
        self.totals.append(ended.totals);
        self.job_counts.push(counted);
        Ok(outputs)
    }

    pub(super) fn map_wave(
        &mut self,
        job: &dyn AnyJob,
        reducers: u32,
        splits: &[Split],
        complete: Vec<MapEntry>,
    ) -> Result<MapOutputs> {
        let kind =
            Kind { maps: true, tasks: splits.len(), splits, reducers, bytes: splits.iter().map(Split::bytes).sum() };
        let (adopted, attempts_before) = self.adopt(complete, splits.len());
        let ended = self.run_wave(kind, |id, attempt| {
            let start = Instant::now();
            let adopted = lock(&adopted).remove(&attempt.task);
            if let Some(adopted) = adopted {
                return Ok(taken_up(adopted));
            }
            let finished = self.attempt_map(job, kind, &splits[attempt.task as usize], id, attempt)?;
            if let Some(journal) = &self.journal {
                let entry = self.map_entry(attempt, start, &finished);
                entry.map_or(Ok(()), |entry| journal.add(&Entry::Map(entry)))?;
            }
            Ok(finished)
        });
        let outputs = self.settle(ended)?.into_iter().zip(attempts_before);
        let outputs = outputs.map(|((output, attempts), before)| (output, attempts + before));
        Ok(MapOutputs::new(self.task_prefix("map"), outputs))
    }

    /// Takes up map outputs that a killed run had completed: their results, and the numbers of attempts made before.
    fn adopt(&mut self, complete: Vec<MapEntry>, tasks: usize) -> (Adopted, Vec<u32>) {
        let mut adopted = HashMap::new();
        let mut attempts_before = vec![0; tasks];
        for entry in complete {
            let run = entry.run.as_deref().map(|name| self.stores.map_output.adopt(name)).transpose();
            // An output that cannot be read after all is made again.
            let (Ok(run), Some(before)) = (run, attempts_before.get_mut(entry.task as usize)) else { continue };
            self.resumed.map_tasks += 1;
            self.resumed.bytes += entry.bytes;
            self.resumed.seconds_saved += entry.seconds;
            *before = entry.attempt;
            adopted.insert(entry.task, (MapOutput { runs: run.into_iter().collect() }, entry));
        }
        (Mutex::new(adopted), attempts_before)
    }

    /// The journal's entry for a complete map task; `None` if its output is not in one file.
    fn map_entry(&self, attempt: &Attempt, start: Instant, done: &Finished<MapOutput>) -> Option<MapEntry> {
        let run = match &done.output.runs[..] {
            [] => None,
            [run] => Some(Journal::name_of(run)?),
            _ => return None,
        };
        Some(MapEntry {
            job: self.jobs,
            chain: self.chain,
            task: attempt.task,
            attempt: attempt.number,
            run,
            records: done.records,
            bytes: done.bytes,
            seconds: start.elapsed().as_secs_f64(),
            counters: done.counts.counters.clone(),
            user: done.counts.user_counters.save(),
        })
    }

    /// Runs a map task again whose output was lost, as often as it has attempts left, on the worker that needs it.
    fn rerun(
        &self,
        job: &dyn AnyJob,
        reducers: u32,
        splits: &[Split],
        lost: &Lost,
        worker: Option<u32>,
        log: &Mutex<Log>,
    ) -> Result<Rerun> {
        let kind = Kind { maps: true, tasks: splits.len(), splits, reducers, bytes: 0 };
        let id = format!("{}{:05}", self.task_prefix("map"), lost.task);
        let failed = |attempt: u32, cause: Error| match cause {
            Error::Cancelled => Error::Cancelled,
            cause => Error::Task { job: self.name.clone(), task: id.clone(), attempt, source: Box::new(cause) },
        };
        let mut cause = Error::user(lost.reason.clone());
        for number in lost.next_attempt..self.config.max_attempts {
            let attempt = Attempt::alone(lost.task, number, self.cancel.child());
            let start = Reading::now();
            let split = &splits[lost.task as usize];
            let outcome = guarded(|| self.attempt_map(job, kind, split, id.clone(), &attempt));
            let end = Reading::now();
            let time = TimeUse::of(&end.since(&start), Activity::Other);
            let (start, end) = (start.at.duration_since(self.time.epoch()), end.at.duration_since(self.time.epoch()));
            let mut report = TaskReport {
                id: id.clone(),
                attempt: number,
                outcome: Outcome::Succeeded,
                worker,
                host: None,
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
                // Its counts were added the first time.
                Ok(done) => {
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

    /// Runs a job without reducers: the emitted records of the mappers are the output.
    pub(super) fn map_to_output(
        &mut self,
        job: &dyn AnyJob,
        splits: &[Split],
        target: OutputTarget<'_>,
    ) -> Result<Vec<TaskOutput>> {
        let kind =
            Kind { maps: true, tasks: splits.len(), splits, reducers: 0, bytes: splits.iter().map(Split::bytes).sum() };
        let ended = self.run_wave(kind, |id, attempt| {
            let split = &splits[attempt.task as usize];
            self.attempt(kind, id, attempt, |task| job.map_only(split, target, task))
        });
        Ok(self.settle(ended)?.into_iter().map(|(output, _)| output).collect())
    }

    pub(super) fn reduce_wave(
        &mut self,
        job: &dyn AnyJob,
        reducers: u32,
        splits: &[Split],
        map_outputs: &MapOutputs,
        target: OutputTarget<'_>,
    ) -> Result<Vec<TaskOutput>> {
        let bytes = map_outputs.runs().iter().map(|run| run.index().total().record_bytes).sum();
        let reruns = Mutex::<Log>::default();
        let kind = Kind { maps: false, tasks: reducers as usize, splits: &[], reducers, bytes };
        let mut ended = self.run_wave(kind, |id, attempt| {
            let finished = self.attempt(kind, id, attempt, |mut task| {
                let rerun = |lost: &Lost| self.rerun(job, reducers, splits, lost, attempt.worker, &reruns);
                let taken = map_outputs.take(attempt.task, rerun)?;
                task.counters.merged_map_outputs += map_outputs.len() as u64;
                job.reduce(taken, target, task)
            })?;
            // The output is committed: this partition will not be read again.
            map_outputs.release(attempt.task);
            Ok(finished)
        });
        ended.reruns = reruns.into_inner().expect("no panic while the log is held");
        Ok(self.settle(ended)?.into_iter().map(|(output, _)| output).collect())
    }
}
