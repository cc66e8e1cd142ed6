//! Runs a wave of tasks: attempts on worker threads, and the handling of those that fail, hang or lag behind.
//!
//! Each worker is a thread that takes the next attempt from a queue and reports its start and its end. One thread keeps
//! the [ledger](crate::runtime::ledger):
//!
//! - An attempt that fails or panics goes back into the queue until the task has had its attempts, or at once ends the wave
//!   if another attempt cannot help. Then the other running tasks are told to stop.
//! - An attempt that runs past the time limit is told to stop, through a token of its own, and has failed. One that does not
//!   stop cannot be ended, since threads cannot be: after a grace period it is written off, and another worker takes its
//!   place. The wave goes on without it, but cannot return before it.
//! - Where a worker is idle and a task has taken half as long again as the median of those done, the task gets a second
//!   attempt. The first to succeed wins, the other one is told to stop. [`begin_commit`](Attempt::begin_commit) lets only
//!   one of them publish.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use crate::config::Stragglers;
use crate::error::{Error, Result};
use crate::machine::limits::refused_thread;
use crate::observe::activity::Reading;
use crate::runtime::attempt::{Attempt, Done, Log, guarded};
use crate::runtime::ledger::{Event, Ledger, Ran};
use crate::runtime::wave::Wave;

impl Wave<'_> {
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
        // Growing step by step would leave twice its size behind.
        log.tasks.reserve(self.tasks as usize);
        std::thread::scope(|scope| {
            let spawn = |worker: usize| {
                let (attempts, events, run): (_, Sender<Event<T>>, _) = (Arc::clone(&attempts), events.clone(), &run);
                let work = move || work(worker as u32, &attempts, &events, run);
                self.threads.start(scope, worker, work)
            };
            let workers = start_workers(self.workers.min(most), spawn)?;
            let mut ledger = Ledger::new(self, queue, workers);
            ledger.keep(&happened, log, &excuse, &mut take, spawn);
            ledger.close()
        })
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

/// The loop of a worker, until the queue ends.
fn work<T>(
    worker: u32,
    attempts: &Mutex<Receiver<Attempt>>,
    events: &Sender<Event<T>>,
    run: &(impl Fn(&Attempt) -> Result<Done<T>> + Sync),
) {
    // The delay up to the end of one attempt is that up to the beginning of the next: between them the worker is idle.
    let mut last = Reading::with_run_delay();
    while let Some(attempt) = next(attempts) {
        let attempt = Attempt { worker: Some(worker), ..attempt };
        let start = Reading::now().with_delay_of(&last);
        if events.send(Event::Started { attempt: attempt.clone(), at: start.at }).is_err() {
            break;
        }
        let result = guarded(|| run(&attempt));
        if result.is_err() {
            attempt.leave_gate();
        }
        let end = Reading::with_run_delay();
        last = end;
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use super::*;
    use crate::cancel::CancelToken;
    use crate::observe::report::{Outcome, RecoveryKind};
    use crate::runtime::wave::Threads;

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
        let outputs =
            Wave::of_tests(&cancel, 100).run(&mut Log::default(), |attempt| done(attempt.task), never, same).unwrap();
        assert_eq!(outputs, (0..100).map(|task| (task, 1)).collect::<Vec<_>>());
    }

    #[test]
    fn an_output_is_taken_when_its_task_succeeds_and_not_at_the_end() {
        let (cancel, sum) = (CancelToken::default(), AtomicU32::new(0));
        let mut wave = Wave::of_tests(&cancel, 50);
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
    fn an_attempt_says_which_worker_ran_it() {
        let (cancel, mut log) = (CancelToken::default(), Log::default());
        let run = |attempt: &Attempt| done(attempt.worker);
        let outputs = Wave::of_tests(&cancel, 50).run(&mut log, run, never, same).unwrap();
        assert!(outputs.iter().all(|(worker, _)| worker.is_some_and(|worker| worker < 3)), "{outputs:?}");
        for worker in 0..3 {
            let mut of_worker: Vec<_> = log.tasks.iter().filter(|task| task.worker == Some(worker)).collect();
            of_worker.sort_by(|a, b| a.start_seconds.total_cmp(&b.start_seconds));
            assert!(of_worker.windows(2).all(|two| two[0].end_seconds <= two[1].start_seconds), "one after the other");
        }
        assert!(log.tasks.iter().all(|task| task.worker.is_some()));
    }

    #[test]
    fn a_wave_goes_on_with_the_workers_that_the_system_allows() {
        let cancel = CancelToken::default();
        for most in 1..4 {
            let mut wave = Wave::of_tests(&cancel, 20);
            wave.threads = Threads::AtMost(most);
            let outputs = wave.run(&mut Log::default(), |attempt| done(attempt.task), never, same).unwrap();
            assert_eq!(outputs, (0..20).map(|task| (task, 1)).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_system_that_allows_no_worker_is_an_error_in_words() {
        let (cancel, ran) = (CancelToken::default(), AtomicU32::new(0));
        let mut wave = Wave::of_tests(&cancel, 20);
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
        assert_eq!(Wave::of_tests(&cancel, 5).run(&mut log, run, never, same).unwrap()[3], (2, 3));
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
        let error = Wave::of_tests(&cancel, 5).run(&mut Log::default(), run, never, same);
        assert_eq!(error.unwrap_err().to_string(), "job test: task map-00002 attempt 2: no 2");
        assert!(cancel.is_cancelled());
    }

    #[test]
    fn what_cannot_pass_is_not_tried_again() {
        let (cancel, mut log) = (CancelToken::default(), Log::default());
        let error =
            Wave::of_tests(&cancel, 1).run::<(), ()>(&mut log, |_| Err(Error::Config("wrong".into())), never, same);
        assert!(error.is_err());
        assert_eq!((log.tasks.len(), log.recoveries.len()), (1, 0));
    }

    #[test]
    fn what_is_excused_does_not_count() {
        let (cancel, mut log) = (CancelToken::default(), Log::default());
        let run = |attempt: &Attempt| if attempt.number < 9 { Err(Error::user("theirs")) } else { done(()) };
        assert!(Wave::of_tests(&cancel, 1).run(&mut log, run, |_, error| error.to_string() == "theirs", same).is_ok());
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
        let error = Wave::of_tests(&cancel, 20).run(&mut Log::default(), run, never, same).unwrap_err();
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
        let mut wave = Wave::of_tests(&cancel, 3);
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
        let mut wave = Wave::of_tests(&cancel, 2);
        wave.time_limit = Some(Duration::from_millis(20));
        let run = |attempt: &Attempt| if attempt.task == 1 { hang(attempt) } else { done(0) };
        let error = wave.run(&mut Log::default(), run, never, same).unwrap_err();
        assert_eq!(error.to_string(), "job test: task map-00001 attempt 2: ran past the time limit of 20ms");
    }

    #[test]
    fn a_straggler_is_overtaken_and_stopped() {
        let (cancel, mut log) = (CancelToken::default(), Log::default());
        let mut wave = Wave::of_tests(&cancel, 4);
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
