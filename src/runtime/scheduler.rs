//! Runs a wave of tasks: attempts on worker threads, and the handling of those that fail, hang or lag behind.
//!
//! Each worker is a thread that takes the next attempt from a queue and reports its start and its end. One thread keeps
//! the ledger:
//!
//! - An attempt that fails or panics goes back into the queue until the task has had its attempts, or at once ends the wave
//!   if another attempt cannot help. Then the other running tasks are told to stop.
//! - An attempt that runs past the time limit is told to stop, through a token of its own, and has failed. One that does not
//!   stop cannot be ended, since threads cannot be: after a grace period it is written off, and another worker takes its
//!   place. The wave goes on without it, but cannot return before it.
//! - Where a worker is idle and a task has taken half as long again as the median of those done, the task gets a second
//!   attempt. The first to succeed wins, the other one is told to stop. [`Attempt::begin_commit`] lets only one of them
//!   publish.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Scope;
use std::time::{Duration, Instant};

use crate::cancel::CancelToken;
use crate::config::Stragglers;
use crate::error::{Error, Result};
use crate::input::bad_records::place_panic;
use crate::machine::limits::refused_thread;
use crate::observe::activity::{Activity, Reading, Usage};
use crate::observe::report::{Outcome, Recovery, RecoveryKind, TaskReport};
use crate::observe::time_use::TimeUse;
use crate::runtime::panics;

/// Time that an attempt has to stop when it is told to; attempts look every few thousand records.
const GRACE: Duration = Duration::from_secs(5);
/// Tasks that take less are no stragglers, however fast the others were.
const SHORTEST_STRAGGLER: Duration = Duration::from_millis(100);
/// Number of the latest tasks whose durations are kept for the median.
const DURATIONS: usize = 1_024;

/// The settings of a wave.
pub(crate) struct Wave<'a> {
    pub job: &'a str,
    /// The job's prefix, then `map-` or `reduce-`.
    pub id_prefix: String,
    pub tasks: u32,
    pub workers: usize,
    pub max_attempts: u32,
    pub time_limit: Option<Duration>,
    pub stragglers: Stragglers,
    pub cancel: &'a CancelToken,
    /// Start of the run, from which task times are counted.
    pub epoch: Instant,
    pub threads: Threads,
}

/// The result of an attempt that succeeded.
pub(crate) struct Done<T> {
    pub output: T,
    /// Records and bytes read.
    pub records: u64,
    pub bytes: u64,
}

/// The attempts of a run in order of their ends, and the recoveries from failures.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pub tasks: Vec<TaskReport>,
    pub recoveries: Vec<Recovery>,
    /// Use of time by all attempts.
    pub used: Usage,
}

impl Log {
    /// Adds another log.
    pub fn append(&mut self, mut other: Log) {
        if self.tasks.is_empty() {
            // Without a copy: it may be large.
            self.tasks = std::mem::take(&mut other.tasks);
        }
        self.tasks.append(&mut other.tasks);
        self.recoveries.append(&mut other.recoveries);
        self.used += other.used;
    }
}

/// One attempt at a task.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    /// The task's number in its wave.
    pub task: u32,
    /// From 0.
    pub number: u32,
    /// The attempt's token, cancelled with the wave or alone.
    pub cancel: CancelToken,
    gate: Arc<Gate>,
    outrun: Arc<AtomicBool>,
}

/// Lets one attempt at a task publish its output: its number plus one, or 0.
type Gate = AtomicU32;

impl Attempt {
    /// An attempt at a task outside a wave, beside which there is no other.
    pub fn alone(task: u32, number: u32, cancel: CancelToken) -> Self {
        Attempt { task, number, cancel, gate: Arc::default(), outrun: Arc::default() }
    }

    /// Asks whether this attempt may publish its output; once one may, no other does, unless that one fails at it.
    ///
    /// # Errors
    /// [`Error::Cancelled`] where another attempt is ahead, or this one was told to stop.
    pub fn begin_commit(&self) -> Result<()> {
        self.cancel.check()?;
        let entered = self.gate.compare_exchange(0, self.number + 1, Ordering::AcqRel, Ordering::Acquire);
        if entered.is_err() {
            self.outrun.store(true, Ordering::Release);
            return Err(Error::Cancelled);
        }
        Ok(())
    }

    fn leave_gate(&self) {
        // Does nothing where this attempt had not entered the gate.
        let _ = self.gate.compare_exchange(self.number + 1, 0, Ordering::AcqRel, Ordering::Acquire);
    }
}

/// A worker's message to the ledger.
enum Event<T> {
    Started { attempt: Attempt, at: Instant },
    Ended { attempt: Attempt, time: Box<Ran>, result: Result<Done<T>> },
}

/// Start and end of an attempt, and its thread's usage.
struct Ran {
    start: Instant,
    end: Instant,
    used: Usage,
}

impl Wave<'_> {
    /// The id of a task of the wave.
    pub fn id(&self, task: u32) -> String {
        format!("{}{task:05}", self.id_prefix)
    }

    /// Runs `run` for every task. `take` converts each output as soon as its task has succeeded, so that nothing is
    /// kept which only adds to a sum; the results are returned in task order, each with the number of attempts it took.
    /// `excuse` says which failures do not count against the task: those whose cause is removed for the next attempt.
    pub fn run<T: Send, K>(
        &self,
        log: &mut Log,
        run: impl Fn(&Attempt) -> Result<Done<T>> + Sync,
        excuse: impl Fn(u32, &Error) -> bool,
        mut take: impl FnMut(T) -> K,
    ) -> Result<Vec<(K, u32)>> {
        let (queue, attempts) = channel();
        let attempts = Arc::new(Mutex::new(attempts));
        let (events, happened) = channel();
        let most = match self.stragglers {
            Stragglers::Wait => self.tasks as usize,
            Stragglers::Speculate => 2 * self.tasks as usize,
        };
        std::thread::scope(|scope| {
            let spawn = |worker: usize| {
                let (attempts, events, run): (_, Sender<Event<T>>, _) = (Arc::clone(&attempts), events.clone(), &run);
                let work = move || work(&attempts, &events, run);
                self.threads.start(scope, worker, work)
            };
            let workers = start_workers(self.workers.min(most), spawn)?;
            let mut ledger = Ledger::new(self, queue, workers);
            ledger.keep(&happened, log, &excuse, &mut take, spawn);
            ledger.close()
        })
    }

    fn failure(&self, report: &TaskReport, error: Error) -> Error {
        match error {
            // The error of another task, whose missing output made this one fail.
            error @ Error::Task { .. } => error,
            error => Error::Task {
                job: self.job.to_owned(),
                task: report.id.clone(),
                attempt: report.attempt,
                source: Box::new(error),
            },
        }
    }
}

/// Starts as many workers as the system allows, at most `wanted`, and returns their number.
///
/// # Errors
/// [`Error::Refused`] where the system allows none.
fn start_workers(wanted: usize, spawn: impl Fn(usize) -> io::Result<()>) -> Result<usize> {
    for worker in 0..wanted {
        match spawn(worker) {
            Ok(()) => {}
            Err(cause) if worker == 0 => return Err(refused_thread("a worker's thread", cause)),
            // The wave takes longer, and its output is the same.
            Err(_) => return Ok(worker),
        }
    }
    Ok(wanted)
}

/// A limit on the threads of workers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Threads {
    /// As many as the system allows.
    #[default]
    OfSystem,
    /// No worker from this number on, as where the system refuses more.
    #[cfg(test)]
    AtMost(usize),
}

impl Threads {
    fn start<'s>(self, scope: &'s Scope<'s, '_>, worker: usize, work: impl FnOnce() + Send + 's) -> io::Result<()> {
        #[cfg(test)]
        if let Threads::AtMost(most) = self
            && worker >= most
        {
            return Err(io::Error::from_raw_os_error(nix::libc::EAGAIN));
        }
        std::thread::Builder::new().name(format!("twinmill-worker-{worker}")).spawn_scoped(scope, work).map(drop)
    }
}

/// The loop of a worker, until the queue ends.
fn work<T>(
    attempts: &Mutex<Receiver<Attempt>>,
    events: &Sender<Event<T>>,
    run: &(impl Fn(&Attempt) -> Result<Done<T>> + Sync),
) {
    while let Some(attempt) = next(attempts) {
        let start = Reading::now();
        if events.send(Event::Started { attempt: attempt.clone(), at: start.at }).is_err() {
            break;
        }
        let result = guarded(|| run(&attempt));
        if result.is_err() {
            attempt.leave_gate();
        }
        let end = Reading::now();
        let time = Box::new(Ran { start: start.at, end: end.at, used: end.since(&start) });
        if events.send(Event::Ended { attempt, time, result }).is_err() {
            break;
        }
    }
}

/// The next attempt; `None` at the end of the queue. One worker waits with the lock held, the others wait for the lock.
fn next(attempts: &Mutex<Receiver<Attempt>>) -> Option<Attempt> {
    attempts.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

/// Runs a job's code; a panic becomes an error.
pub(crate) fn guarded<T>(run: impl FnOnce() -> Result<T>) -> Result<T> {
    panics::catch(run).unwrap_or_else(|panic| Err(place_panic(Error::Panic(panics::message(&*panic).to_owned()))))
}

/// The state of a wave.
struct Ledger<'w, K> {
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
    fn new(wave: &'w Wave<'w>, queue: Sender<Attempt>, workers: usize) -> Self {
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
    fn keep<T>(
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
            _ if state.output.is_some() => report.outcome = Outcome::Killed,
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
                } else if !self.is_pending(*task) {
                    // The attempt that was ahead has failed meanwhile.
                    self.begin(*task);
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
        if self.queue.is_some() && error.may_pass() && state.failures < self.wave.max_attempts {
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
                report.time.wait.processor = (now - start).as_secs_f64();
                self.fail(attempt.task, &mut report, Error::TimedOut { limit }, false, log);
                log.tasks.push(report);
                // Its worker is lost with it. Where the system allows no other thread, the remaining workers do the
                // rest.
                let _ = spawn(self.workers);
            }
        }
    }

    fn report(&self, attempt: &Attempt, start: Instant, end: Instant) -> TaskReport {
        TaskReport {
            id: self.wave.id(attempt.task),
            attempt: attempt.number,
            outcome: Outcome::Succeeded,
            start_seconds: start.duration_since(self.wave.epoch).as_secs_f64(),
            end_seconds: end.duration_since(self.wave.epoch).as_secs_f64(),
            records: 0,
            bytes: 0,
            time: TimeUse::default(),
            error: None,
        }
    }

    fn close(self) -> Result<Vec<(K, u32)>> {
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
    use super::*;

    fn wave(cancel: &CancelToken, tasks: u32) -> Wave<'_> {
        Wave {
            job: "test",
            id_prefix: "map-".into(),
            tasks,
            workers: 3,
            max_attempts: 3,
            time_limit: None,
            stragglers: Stragglers::Wait,
            cancel,
            epoch: Instant::now(),
            threads: Threads::OfSystem,
        }
    }

    fn never(_: u32, _: &Error) -> bool {
        false
    }

    fn same<T>(output: T) -> T {
        output
    }

    fn done<T>(output: T) -> Result<Done<T>> {
        Ok(Done { output, records: 0, bytes: 0 })
    }

    #[test]
    fn outputs_come_in_task_order() {
        let cancel = CancelToken::default();
        let outputs = wave(&cancel, 100).run(&mut Log::default(), |attempt| done(attempt.task), never, same).unwrap();
        assert_eq!(outputs, (0..100).map(|task| (task, 1)).collect::<Vec<_>>());
    }

    #[test]
    fn only_a_few_attempts_are_queued_however_many_tasks_there_are() {
        let (cancel, (queue, attempts)) = (CancelToken::default(), channel());
        let wave = wave(&cancel, 10_000);
        let mut ledger = Ledger::<()>::new(&wave, queue, 3);
        let queued: Vec<Attempt> = attempts.try_iter().collect();
        assert_eq!((queued.len(), ledger.pending, ledger.next), (6, 6, 6));
        ledger.take_pending(&queued[0]).unwrap();
        ledger.fill_queue();
        assert_eq!((attempts.try_iter().count(), ledger.pending, ledger.next), (1, 6, 7));
        assert_eq!(ledger.tasks[0].pending.capacity(), 0, "nothing is kept of an attempt that has ended");
    }

    #[test]
    fn an_output_is_taken_when_its_task_succeeds_and_not_at_the_end() {
        let (cancel, sum) = (CancelToken::default(), AtomicU32::new(0));
        let mut wave = wave(&cancel, 50);
        wave.workers = 1;
        // The queue holds two attempts for each worker.
        let run = |attempt: &Attempt| {
            assert!(sum.load(Ordering::Relaxed) + 3 >= attempt.task, "the outputs of those before are taken");
            done(1)
        };
        wave.run(&mut Log::default(), run, never, |one| sum.fetch_add(one, Ordering::Relaxed)).unwrap();
        assert_eq!(sum.into_inner(), 50);
    }

    #[test]
    fn a_wave_goes_on_with_the_workers_that_the_system_allows() {
        let cancel = CancelToken::default();
        for most in 1..4 {
            let mut wave = wave(&cancel, 20);
            wave.threads = Threads::AtMost(most);
            let outputs = wave.run(&mut Log::default(), |attempt| done(attempt.task), never, same).unwrap();
            assert_eq!(outputs, (0..20).map(|task| (task, 1)).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_system_that_allows_no_worker_is_an_error_in_words() {
        let (cancel, ran) = (CancelToken::default(), AtomicU32::new(0));
        let mut wave = wave(&cancel, 20);
        wave.threads = Threads::AtMost(0);
        let run = |_: &Attempt| {
            ran.fetch_add(1, Ordering::Relaxed);
            done(())
        };
        let error = wave.run(&mut Log::default(), run, never, same).unwrap_err();
        assert!(matches!(error, Error::Refused { .. }), "{error:?}");
        let said = error.to_string();
        assert!(["a worker's thread", "RLIMIT_NPROC", "--workers"].iter().all(|words| said.contains(words)), "{said}");
        assert!(!said.contains("Os {"), "{said}");
        assert_eq!(ran.into_inner(), 0);
    }

    #[test]
    fn a_panicking_task_is_retried_on_its_own() {
        let (cancel, runs, mut log) = (CancelToken::default(), AtomicU32::new(0), Log::default());
        let run = |attempt: &Attempt| {
            runs.fetch_add(1, Ordering::Relaxed);
            assert!(attempt.task != 3 || attempt.number == 2, "not yet");
            done(attempt.number)
        };
        assert_eq!(wave(&cancel, 5).run(&mut log, run, never, same).unwrap()[3], (2, 3));
        assert_eq!(runs.into_inner(), 7);
        let retries: Vec<_> = log.recoveries.iter().map(|r| (r.task.as_str(), r.attempt, r.why.as_str())).collect();
        assert_eq!(retries, [("map-00003", 1, "panicked: not yet"), ("map-00003", 2, "panicked: not yet")]);
        let failed: Vec<_> =
            log.tasks.iter().filter(|task| task.outcome == Outcome::Failed).map(|task| &task.id).collect();
        assert_eq!(failed, ["map-00003", "map-00003"]);
    }

    #[test]
    fn the_last_attempts_error_fails_the_wave() {
        let cancel = CancelToken::default();
        let run = |attempt: &Attempt| {
            if attempt.task == 2 { Err(Error::user(format!("no {}", attempt.number))) } else { done(()) }
        };
        let error = wave(&cancel, 5).run(&mut Log::default(), run, never, same);
        assert_eq!(error.unwrap_err().to_string(), "job test: task map-00002 attempt 2: no 2");
        assert!(cancel.is_cancelled());
    }

    #[test]
    fn what_cannot_pass_is_not_tried_again() {
        let (cancel, mut log) = (CancelToken::default(), Log::default());
        let error = wave(&cancel, 1).run::<(), ()>(&mut log, |_| Err(Error::Config("wrong".into())), never, same);
        assert!(error.is_err());
        assert_eq!((log.tasks.len(), log.recoveries.len()), (1, 0));
    }

    #[test]
    fn what_is_excused_does_not_count() {
        let (cancel, mut log) = (CancelToken::default(), Log::default());
        let run = |attempt: &Attempt| if attempt.number < 9 { Err(Error::user("theirs")) } else { done(()) };
        assert!(wave(&cancel, 1).run(&mut log, run, |_, error| error.to_string() == "theirs", same).is_ok());
        assert_eq!(log.recoveries.len(), 9);
    }

    #[test]
    fn a_cancelled_wave_says_so() {
        let cancel = CancelToken::default();
        let run = |attempt: &Attempt| {
            if attempt.task == 1 {
                cancel.cancel();
            }
            attempt.cancel.check()?;
            done(())
        };
        let error = wave(&cancel, 20).run(&mut Log::default(), run, never, same).unwrap_err();
        assert!(matches!(error, Error::Cancelled), "{error}");
    }

    /// Runs until it is told to stop.
    fn hang(attempt: &Attempt) -> Result<Done<u32>> {
        while !attempt.cancel.is_cancelled() {
            std::thread::yield_now();
        }
        Err(Error::Cancelled)
    }

    #[test]
    fn an_attempt_past_its_time_limit_is_stopped_and_tried_again() {
        let (cancel, mut log) = (CancelToken::default(), Log::default());
        let mut wave = wave(&cancel, 3);
        wave.time_limit = Some(Duration::from_millis(300));
        let run = |attempt: &Attempt| {
            if (attempt.task, attempt.number) == (1, 0) { hang(attempt) } else { done(attempt.number) }
        };
        assert_eq!(wave.run(&mut log, run, never, same).unwrap()[1], (1, 2));
        let failed = log.tasks.iter().find(|task| task.outcome == Outcome::Failed).unwrap();
        assert_eq!((failed.id.as_str(), failed.attempt), ("map-00001", 0));
        assert_eq!(failed.error.as_deref(), Some("ran past the time limit of 300ms"));
    }

    #[test]
    fn a_task_that_is_always_late_fails_the_wave() {
        let cancel = CancelToken::default();
        let mut wave = wave(&cancel, 2);
        wave.time_limit = Some(Duration::from_millis(20));
        let run = |attempt: &Attempt| if attempt.task == 1 { hang(attempt) } else { done(0) };
        let error = wave.run(&mut Log::default(), run, never, same).unwrap_err();
        assert_eq!(error.to_string(), "job test: task map-00001 attempt 2: ran past the time limit of 20ms");
    }

    #[test]
    fn a_straggler_is_overtaken_and_stopped() {
        let (cancel, mut log) = (CancelToken::default(), Log::default());
        let mut wave = wave(&cancel, 4);
        wave.stragglers = Stragglers::Speculate;
        let run = |attempt: &Attempt| {
            if (attempt.task, attempt.number) == (2, 0) { hang(attempt) } else { done(attempt.number) }
        };
        assert_eq!(wave.run(&mut log, run, never, same).unwrap()[2], (1, 2));
        let of_straggler: Vec<_> =
            log.tasks.iter().filter(|task| task.id == "map-00002").map(|task| (task.attempt, task.outcome)).collect();
        assert_eq!(of_straggler, [(1, Outcome::Succeeded), (0, Outcome::Killed)]);
        assert_eq!(log.recoveries[0].kind, RecoveryKind::Speculation);
        assert!(!cancel.is_cancelled());
    }

    #[test]
    fn one_attempt_may_publish_and_another_only_when_it_fails() {
        let first = Attempt::alone(0, 0, CancelToken::default());
        let second = Attempt { number: 1, cancel: CancelToken::default(), outrun: Arc::default(), ..first.clone() };
        first.begin_commit().unwrap();
        assert!(matches!(second.begin_commit(), Err(Error::Cancelled)));
        first.leave_gate();
        second.begin_commit().unwrap();
        assert!(matches!(first.begin_commit(), Err(Error::Cancelled)));
    }
}
