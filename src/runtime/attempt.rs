//! One attempt at a task, and the records that are kept of attempts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use crate::cancel::CancelToken;
use crate::error::{Error, Result};
use crate::input::bad_records::place_panic;
use crate::observe::activity::Usage;
use crate::observe::report::{Recovery, RecoveryKind, TaskReport};
use crate::runtime::panics;

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
    /// Notes the time of an attempt that was stopped because another one at the same task was faster.
    pub fn lose_to_speculation(&mut self, stopped: &TaskReport) {
        let of_task =
            |recovery: &&mut Recovery| recovery.kind == RecoveryKind::Speculation && recovery.task == stopped.id;
        if let Some(speculation) = self.recoveries.iter_mut().rev().find(of_task) {
            speculation.seconds_lost += stopped.end_seconds - stopped.start_seconds;
        }
    }

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
    /// The worker that took it, from 0; `None` while it is in the queue.
    pub worker: Option<u32>,
    /// The attempt's token, cancelled with the wave or alone.
    pub cancel: CancelToken,
    pub(super) gate: Arc<Gate>,
    pub(super) outrun: Arc<AtomicBool>,
}

/// Lets one attempt at a task publish its output: its number plus one, or 0.
pub(super) type Gate = AtomicU32;

impl Attempt {
    /// An attempt at a task outside a wave, beside which there is no other.
    pub fn alone(task: u32, number: u32, cancel: CancelToken) -> Self {
        Attempt { task, number, worker: None, cancel, gate: Arc::default(), outrun: Arc::default() }
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

    pub(super) fn leave_gate(&self) {
        // Does nothing where this attempt had not entered the gate.
        let _ = self.gate.compare_exchange(self.number + 1, 0, Ordering::AcqRel, Ordering::Acquire);
    }
}

/// Runs a job's code; a panic becomes an error.
pub(crate) fn guarded<T>(run: impl FnOnce() -> Result<T>) -> Result<T> {
    panics::catch(run).unwrap_or_else(|panic| Err(place_panic(Error::Panic(panics::message(&*panic).to_owned()))))
}
