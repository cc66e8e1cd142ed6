//! The ledger of a wave: open tasks, running attempts, and the handling of those that fail, hang or lag behind.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use crate::config::Stragglers;
use crate::error::{Error, Result};
use crate::observe::activity::{Activity, Usage};
use crate::observe::report::{Outcome, Recovery, RecoveryKind, TaskReport};
use crate::observe::time_use::TimeUse;
use crate::runtime::attempt::{Attempt, Done, Gate, Log};
use crate::runtime::wave::Wave;

/// Time that an attempt has to stop when it is told to; attempts look every few thousand records.
const GRACE: Duration = Duration::from_secs(5);

/// Tasks that take less are no stragglers, however fast the others were.
const SHORTEST_STRAGGLER: Duration = Duration::from_millis(100);

/// Number of the latest tasks whose durations are kept for the median.
const DURATIONS: usize = 1_024;

/// A worker's message to the ledger.
pub(super) enum Event<T> {
    Started { attempt: Attempt, at: Instant },
    Ended { attempt: Attempt, time: Box<Ran>, result: Result<Done<T>> },
}

/// Start and end of an attempt, and its thread's usage.
pub(super) struct Ran {
    pub start: Instant,
    pub end: Instant,
    pub used: Usage,
}

/// The state of a wave.
pub(super) struct Ledger<'w, K> {
    wave: &'w Wave<'w>,
    tasks: Vec<TaskState<K>>,
    /// Tasks that have not succeeded.
    open: u32,
    /// The first task of which no attempt has been queued.
    next: u32,
    /// Attempts that were queued and have not ended.
    pending: usize,
    /// Tasks of which an attempt runs.
    running: Vec<u32>,
    /// `None` once no more attempts begin; the workers end then.
    queue: Option<Sender<Attempt>>,
    workers: usize,
    /// Durations of the latest [`DURATIONS`] successful attempts.
    durations: Vec<Duration>,
    failure: Option<Error>,
}

struct TaskState<K> {
    output: Option<K>,
    attempts: u32,
    failures: u32,
    /// Attempts that were queued and have not ended: one or two.
    pending: Vec<Pending>,
    /// From the first attempt until one has succeeded.
    gate: Option<Arc<Gate>>,
}

struct Pending {
    attempt: Attempt,
    start: Option<Instant>,
    told_to_stop: Option<Instant>,
}

impl<'w, K> Ledger<'w, K> {
    pub(super) fn new(wave: &'w Wave<'w>, queue: Sender<Attempt>, workers: usize) -> Self {
        let state = |_| TaskState { output: None, attempts: 0, failures: 0, pending: Vec::new(), gate: None };
        let mut ledger = Ledger {
            wave,
            tasks: (0..wave.tasks).map(state).collect(),
            open: wave.tasks,
            next: 0,
            pending: 0,
            running: Vec::new(),
            queue: Some(queue),
            workers,
            durations: Vec::new(),
            failure: None,
        };
        ledger.fill_queue();
        ledger
    }

    /// Queues enough first attempts that no worker waits for one; those of all tasks would take much memory.
    fn fill_queue(&mut self) {
        while self.queue.is_some() && self.pending < 2 * self.workers && self.next < self.wave.tasks {
            self.begin(self.next);
            self.next += 1;
        }
    }

    /// Queues the next attempt at a task.
    fn begin(&mut self, task: u32) {
        let Some(queue) = &self.queue else { return };
        let state = &mut self.tasks[task as usize];
        let attempt = Attempt {
            task,
            number: state.attempts,
            worker: None,
            cancel: self.wave.cancel.child(),
            gate: state.gate.get_or_insert_default().clone(),
            outrun: Arc::default(),
        };
        state.attempts += 1;
        state.pending.push(Pending { attempt: attempt.clone(), start: None, told_to_stop: None });
        self.pending += 1;
        queue.send(attempt).expect("the workers live as long as the queue");
    }

    /// Handles events until all tasks have succeeded or the wave has failed, and nothing runs any more.
    pub(super) fn keep<T>(
        &mut self,
        happened: &Receiver<Event<T>>,
        log: &mut Log,
        excuse: &impl Fn(u32, &Error) -> bool,
        take: &mut impl FnMut(T) -> K,
        spawn: impl Fn(usize) -> io::Result<()>,
    ) {
        loop {
            if self.open == 0 || self.failure.is_some() {
                self.queue = None;
                if self.pending == 0 {
                    return;
                }
            }
            self.fill_queue();
            let event = match self.next_alarm() {
                None => happened.recv().expect("a pending attempt tells of its end"),
                Some(alarm) => match happened.recv_timeout(alarm.saturating_duration_since(Instant::now())) {
                    Ok(event) => event,
                    Err(RecvTimeoutError::Timeout) => {
                        self.look_at_the_clock(log, &spawn);
                        continue;
                    }
                    Err(RecvTimeoutError::Disconnected) => unreachable!("the wave keeps a sender"),
                },
            };
            match event {
                Event::Started { attempt, at } => {
                    let pending = &mut self.tasks[attempt.task as usize].pending;
                    if let Some(pending) = pending.iter_mut().find(|pending| pending.is(&attempt)) {
                        pending.start = Some(at);
                        pending.attempt.worker = attempt.worker;
                        self.running.push(attempt.task);
                    }
                }
                Event::Ended { attempt, time, result } => {
                    // An attempt that was written off is over already.
                    if let Some(pending) = self.take_pending(&attempt) {
                        self.end(&pending, &time, result, log, excuse, take);
                    }
                }
            }
        }
    }

    fn take_pending(&mut self, attempt: &Attempt) -> Option<Pending> {
        let of_task = &mut self.tasks[attempt.task as usize].pending;
        let pending = of_task.swap_remove(of_task.iter().position(|pending| pending.is(attempt))?);
        if of_task.is_empty() {
            // An empty vector keeps its memory, and there is one for each task.
            *of_task = Vec::new();
        }
        self.pending -= 1;
        if let Some(at) = self.running.iter().position(|task| *task == attempt.task) {
            self.running.swap_remove(at);
        }
        Some(pending)
    }

    /// The attempts that run.
    fn running(&self) -> impl Iterator<Item = &Pending> {
        // Both attempts at a task that runs twice are yielded, each twice; callers tolerate it.
        self.running.iter().flat_map(|task| &self.tasks[*task as usize].pending)
    }

    fn end<T>(
        &mut self,
        pending: &Pending,
        time: &Ran,
        result: Result<Done<T>>,
        log: &mut Log,
        excuse: &impl Fn(u32, &Error) -> bool,
        take: &mut impl FnMut(T) -> K,
    ) {
        let Attempt { task, outrun, .. } = &pending.attempt;
        let mut report = self.report(&pending.attempt, time.start, time.end);
        report.time = TimeUse::of(&time.used, Activity::Other);
        log.used += time.used;
        let state = &mut self.tasks[*task as usize];
        match result {
            _ if state.output.is_some() => {
                report.outcome = Outcome::Killed;
                log.lose_to_speculation(&report);
            }
            Ok(done) => {
                (report.records, report.bytes) = (done.records, done.bytes);
                state.output = Some(take(done.output));
                state.gate = None;
                state.pending.iter().for_each(|other| other.attempt.cancel.cancel());
                self.open -= 1;
                let (done, took) = (self.wave.tasks - self.open, time.end - time.start);
                match self.durations.get_mut((done - 1) as usize % DURATIONS) {
                    Some(oldest) => *oldest = took,
                    None => self.durations.push(took),
                }
            }
            Err(Error::Cancelled) if pending.told_to_stop.is_some() && !self.wave.cancel.is_cancelled() => {
                let error = Error::TimedOut { limit: self.wave.time_limit.unwrap_or_default() };
                self.fail(*task, &mut report, error, false, log);
            }
            Err(Error::Cancelled) => {
                report.outcome = Outcome::Killed;
                if !outrun.load(Ordering::Acquire) || self.wave.cancel.is_cancelled() {
                    self.wave.cancel.cancel();
                    self.failure.get_or_insert(Error::Cancelled);
                } else {
                    log.lose_to_speculation(&report);
                    if !self.is_pending(*task) {
                        // The attempt that was ahead has failed meanwhile.
                        self.begin(*task);
                    }
                }
            }
            Err(error) => {
                let excused = excuse(*task, &error);
                self.fail(*task, &mut report, error, excused, log);
            }
        }
        log.tasks.push(report);
    }

    /// Handles a failed attempt: begins another one, or fails the wave.
    fn fail(&mut self, task: u32, report: &mut TaskReport, error: Error, excused: bool, log: &mut Log) {
        report.outcome = Outcome::Failed;
        report.error = Some(error.to_string());
        let state = &mut self.tasks[task as usize];
        state.failures += u32::from(!excused);
        if self.queue.is_some() && (excused || error.may_pass()) && state.failures < self.wave.max_attempts {
            if !self.is_pending(task) {
                self.begin(task);
            }
            log.recoveries.push(Recovery {
                kind: match error {
                    Error::MapOutputLost { .. } => RecoveryKind::Restart,
                    _ => RecoveryKind::Retry,
                },
                task: report.id.clone(),
                attempt: self.tasks[task as usize].attempts - 1,
                why: error.to_string(),
                seconds_lost: report.end_seconds - report.start_seconds,
            });
            return;
        }
        // The other tasks' work is in vain now. They end as cancelled, which is not the wave's error.
        self.wave.cancel.cancel();
        if self.failure.as_ref().is_none_or(|failure| matches!(failure, Error::Cancelled)) {
            self.failure = Some(self.wave.failure(report, error));
        }
    }

    fn is_pending(&self, task: u32) -> bool {
        !self.tasks[task as usize].pending.is_empty()
    }

    /// The time of the next action that no event triggers: a time-out or a second attempt.
    fn next_alarm(&self) -> Option<Instant> {
        let limit = self.wave.time_limit;
        let stops = self.running().filter_map(|pending| match pending.told_to_stop {
            Some(since) => Some(since + GRACE),
            None => Some(pending.start? + limit?),
        });
        let straggler = self.straggler().map(|(_, due)| due);
        stops.chain(straggler).min()
    }

    /// The task that will first deserve a second attempt, and the time when it does.
    fn straggler(&self) -> Option<(u32, Instant)> {
        let idle = self.pending < self.workers;
        if self.wave.stragglers == Stragglers::Wait || !idle || self.queue.is_none() || self.durations.is_empty() {
            return None;
        }
        let mut durations = self.durations.clone();
        let (_, median, _) = durations.select_nth_unstable(self.durations.len() / 2);
        let patience = (*median * 3 / 2).max(SHORTEST_STRAGGLER);
        let alone = self.running().filter(|pending| self.tasks[pending.attempt.task as usize].pending.len() == 1);
        alone.filter_map(|pending| Some((pending.attempt.task, pending.start? + patience))).min_by_key(|(_, due)| *due)
    }

    fn look_at_the_clock(&mut self, log: &mut Log, spawn: &impl Fn(usize) -> io::Result<()>) {
        let now = Instant::now();
        if let Some((task, due)) = self.straggler()
            && due <= now
        {
            self.begin(task);
            log.recoveries.push(Recovery {
                kind: RecoveryKind::Speculation,
                task: self.wave.id(task),
                attempt: self.tasks[task as usize].attempts - 1,
                why: "the task takes half as long again as the others did".into(),
                seconds_lost: 0.0,
            });
        }
        let Some(limit) = self.wave.time_limit else { return };
        let mut deaf = Vec::new();
        for task in self.running.clone() {
            for pending in &mut self.tasks[task as usize].pending {
                match pending.told_to_stop {
                    None if pending.start.is_some_and(|start| start + limit <= now) => {
                        pending.attempt.cancel.cancel();
                        pending.told_to_stop = Some(now);
                    }
                    Some(since) if since + GRACE <= now => deaf.push(pending.attempt.clone()),
                    _ => {}
                }
            }
        }
        for attempt in deaf {
            if let Some(pending) = self.take_pending(&attempt) {
                let start = pending.start.unwrap_or(now);
                let mut report = self.report(&attempt, start, now);
                // The usage of its thread is not known, since the thread has not come back.
                let usage = Usage::unknown((now - start).as_nanos() as u64);
                report.time = TimeUse::of(&usage, Activity::Other);
                log.used += usage;
                self.fail(attempt.task, &mut report, Error::TimedOut { limit }, false, log);
                log.tasks.push(report);
                // Its worker is lost with it, and another one takes its place. Where the system allows no other thread, the
                // remaining workers do the rest.
                let _ = spawn(attempt.worker.map_or(self.workers, |worker| worker as usize));
            }
        }
    }

    fn report(&self, attempt: &Attempt, start: Instant, end: Instant) -> TaskReport {
        TaskReport {
            id: self.wave.id(attempt.task),
            attempt: attempt.number,
            outcome: Outcome::Succeeded,
            worker: attempt.worker,
            host: None,
            start_seconds: start.duration_since(self.wave.epoch).as_secs_f64(),
            end_seconds: end.duration_since(self.wave.epoch).as_secs_f64(),
            records: 0,
            bytes: 0,
            time: TimeUse::default(),
            error: None,
        }
    }

    pub(super) fn close(self) -> Result<Vec<(K, u32)>> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        let output = |state: TaskState<K>| (state.output.expect("every task has succeeded"), state.attempts);
        Ok(self.tasks.into_iter().map(output).collect())
    }
}

impl Pending {
    fn is(&self, attempt: &Attempt) -> bool {
        (self.attempt.task, self.attempt.number) == (attempt.task, attempt.number)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;
    use crate::cancel::CancelToken;

    #[test]
    fn only_a_few_attempts_are_queued_however_many_tasks_there_are() {
        let (cancel, (queue, attempts)) = (CancelToken::default(), channel());
        let wave = Wave::of_tests(&cancel, 10_000);
        let mut ledger = Ledger::<()>::new(&wave, queue, 3);
        let queued: Vec<Attempt> = attempts.try_iter().collect();
        assert_eq!((queued.len(), ledger.pending, ledger.next), (6, 6, 6));
        ledger.take_pending(&queued[0]).unwrap();
        ledger.fill_queue();
        assert_eq!((attempts.try_iter().count(), ledger.pending, ledger.next), (1, 6, 7));
        assert_eq!(ledger.tasks[0].pending.capacity(), 0, "nothing is kept of an attempt that has ended");
    }
}
