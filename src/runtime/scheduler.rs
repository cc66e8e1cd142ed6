//! Running a wave of tasks: slots, attempts, and what happens when one fails.
//!
//! Each worker is a thread that takes the next attempt from a queue. An attempt that fails or panics goes back into the
//! queue until the task has had its attempts, or at once ends the wave if another attempt cannot help. Then the other
//! running tasks are told to stop.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender, unbounded};

use crate::error::{Error, Result};
use crate::observe::report::{Outcome, TaskReport};
use crate::runtime::cancel::CancelToken;

/// What a wave is made of.
pub(crate) struct Wave<'a> {
    pub job: &'a str,
    /// `map-` or `reduce-`, behind the job's prefix.
    pub id_prefix: String,
    pub tasks: u32,
    pub workers: usize,
    pub max_attempts: u32,
    pub cancel: &'a CancelToken,
    /// When the run began; what task times are told from.
    pub epoch: Instant,
}

/// What an attempt that succeeded leaves.
pub(crate) struct Done<T> {
    pub output: T,
    /// Records and bytes read.
    pub records: u64,
    pub bytes: u64,
}

struct Attempt {
    task: u32,
    attempt: u32,
}

struct Ended<T> {
    attempt: Attempt,
    start: Instant,
    end: Instant,
    result: Result<Done<T>>,
}

impl Wave<'_> {
    /// The id of a task of the wave.
    pub fn id(&self, task: u32) -> String {
        format!("{}{task:05}", self.id_prefix)
    }

    /// Runs `run(task, attempt)` for every task; gives the outputs in task order. Attempts are added to `log` as they end.
    pub fn run<T: Send>(
        &self,
        log: &mut Vec<TaskReport>,
        run: impl Fn(u32, u32) -> Result<Done<T>> + Sync,
    ) -> Result<Vec<T>> {
        let (queue, attempts) = unbounded();
        let (ends, ended) = unbounded();
        for task in 0..self.tasks {
            queue.send(Attempt { task, attempt: 0 }).expect("the receiver lives");
        }
        let workers = self.workers.min(self.tasks as usize);
        std::thread::scope(|scope| {
            for worker in 0..workers {
                let (attempts, ends, run): (Receiver<Attempt>, Sender<Ended<T>>, _) =
                    (attempts.clone(), ends.clone(), &run);
                std::thread::Builder::new()
                    .name(format!("{WORKER_THREAD}{worker}"))
                    .spawn_scoped(scope, move || {
                        for attempt in attempts {
                            let start = Instant::now();
                            let result = catch_unwind(AssertUnwindSafe(|| run(attempt.task, attempt.attempt)))
                                .unwrap_or_else(|panic| Err(Error::Panic(panic_message(panic.as_ref()))));
                            let end = Ended { attempt, start, end: Instant::now(), result };
                            if ends.send(end).is_err() {
                                break;
                            }
                        }
                    })
                    .expect("the system starts a thread for each worker");
            }
            drop(ends);
            self.collect(queue, &ended, log)
        })
    }

    /// Takes the ends of attempts until all tasks have succeeded or the wave has failed. Dropping the queue ends the
    /// workers.
    fn collect<T>(
        &self,
        queue: Sender<Attempt>,
        ended: &Receiver<Ended<T>>,
        log: &mut Vec<TaskReport>,
    ) -> Result<Vec<T>> {
        let mut outputs: Vec<Option<T>> = (0..self.tasks).map(|_| None).collect();
        let mut open = self.tasks;
        let mut queue = Some(queue);
        let mut failure = None;
        while open > 0 {
            let Ok(Ended { attempt, start, end, result }) = ended.recv() else { break };
            let mut report = TaskReport {
                id: self.id(attempt.task),
                attempt: attempt.attempt,
                outcome: Outcome::Succeeded,
                start_seconds: start.duration_since(self.epoch).as_secs_f64(),
                end_seconds: end.duration_since(self.epoch).as_secs_f64(),
                records: 0,
                bytes: 0,
                error: None,
            };
            match result {
                Ok(done) => {
                    (report.records, report.bytes) = (done.records, done.bytes);
                    outputs[attempt.task as usize] = Some(done.output);
                    open -= 1;
                }
                Err(Error::Cancelled) => {
                    report.outcome = Outcome::Killed;
                    failure.get_or_insert(Error::Cancelled);
                    queue = None;
                }
                Err(error) => {
                    report.outcome = Outcome::Failed;
                    report.error = Some(error.to_string());
                    let next = attempt.attempt + 1;
                    match &queue {
                        Some(queue) if error.may_pass() && next < self.max_attempts => {
                            queue.send(Attempt { task: attempt.task, attempt: next }).expect("the workers live");
                        }
                        _ => {
                            // The other tasks' work is for nothing now. They end as cancelled, but not because of that.
                            self.cancel.cancel();
                            queue = None;
                            if failure.as_ref().is_none_or(|failure| matches!(failure, Error::Cancelled)) {
                                failure = Some(Error::Task {
                                    job: self.job.to_owned(),
                                    task: report.id.clone(),
                                    attempt: attempt.attempt,
                                    source: Box::new(error),
                                });
                            }
                        }
                    }
                }
            }
            log.push(report);
        }
        match failure {
            Some(failure) => Err(failure),
            None => Ok(outputs.into_iter().map(|output| output.expect("every task has succeeded")).collect()),
        }
    }
}

/// How worker threads are named, before their number.
pub const WORKER_THREAD: &str = "twinmill-worker-";

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "with a value that is no text".into())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    fn wave(cancel: &CancelToken, tasks: u32) -> Wave<'_> {
        Wave {
            job: "test",
            id_prefix: "map-".into(),
            tasks,
            workers: 3,
            max_attempts: 3,
            cancel,
            epoch: Instant::now(),
        }
    }

    fn done<T>(output: T) -> Result<Done<T>> {
        Ok(Done { output, records: 0, bytes: 0 })
    }

    #[test]
    fn outputs_come_in_task_order() {
        let cancel = CancelToken::default();
        let outputs = wave(&cancel, 100).run(&mut Vec::new(), |task, _| done(task)).unwrap();
        assert_eq!(outputs, (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn a_panicking_task_is_retried_on_its_own() {
        let (cancel, runs, mut log) = (CancelToken::default(), AtomicU32::new(0), Vec::new());
        let outputs = wave(&cancel, 5).run(&mut log, |task, attempt| {
            runs.fetch_add(1, Ordering::Relaxed);
            assert!(task != 3 || attempt == 2, "not yet");
            done(())
        });
        assert!(outputs.is_ok());
        assert_eq!(runs.into_inner(), 7);
        let failed: Vec<_> = log.iter().filter(|task| task.outcome == Outcome::Failed).map(|task| &task.id).collect();
        assert_eq!(failed, ["map-00003", "map-00003"]);
    }

    #[test]
    fn the_last_attempts_error_fails_the_wave() {
        let cancel = CancelToken::default();
        let error = wave(&cancel, 5).run(&mut Vec::new(), |task, attempt| {
            if task == 2 { Err(Error::user(format!("no {attempt}"))) } else { done(()) }
        });
        assert_eq!(error.unwrap_err().to_string(), "job test: task map-00002 attempt 2: no 2");
        assert!(cancel.is_cancelled());
    }

    #[test]
    fn what_cannot_pass_is_not_tried_again() {
        let (cancel, mut log) = (CancelToken::default(), Vec::new());
        let error = wave(&cancel, 1).run::<()>(&mut log, |_, _| Err(Error::Config("wrong".into())));
        assert!(error.is_err());
        assert_eq!(log.len(), 1);
    }
}
