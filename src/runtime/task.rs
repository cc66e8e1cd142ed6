//! One attempt at a task, as the pipeline sees it.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, Mutex};

use crate::cancel::CancelToken;
use crate::config::JobConfig;
use crate::error::Result;
use crate::input::Inputs;
use crate::input::bad_records::{BadRecords, Scout};
use crate::observe::activity::lock;
use crate::observe::counters::{Counters, UserCounters};
use crate::observe::phases::{PhaseLog, PhaseName};
use crate::observe::progress::Progress;
use crate::runtime::scheduler::Attempt;
use crate::runtime::strike::Victim;
use crate::store::{Run, RunBuilder, RunStore};

/// Which task, and which attempt at it. What a mapper's and a reducer's `setup` is given.
#[derive(Clone, Debug)]
pub struct TaskContext {
    /// The job's name.
    pub job: String,
    /// `map-00003`, `reduce-00000`.
    pub id: String,
    /// Number of the task in its wave, from 0; for a reducer its partition.
    pub index: u32,
    /// From 0.
    pub attempt: u32,
    /// Reduce tasks of the job.
    pub reducers: u32,
    pub(crate) cancel: CancelToken,
}

impl TaskContext {
    /// Whether this attempt was asked to stop: with the job, because it ran past its time limit, or because another attempt
    /// was faster. Code that spends long on one record may ask, and end with [`Error::Cancelled`](crate::Error::Cancelled).
    pub fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }
}

/// What an attempt works with and what it counts. If it fails, all of it is dropped.
pub struct Task<'a> {
    pub(crate) context: TaskContext,
    pub(crate) attempt: Attempt,
    pub(crate) victim: Victim<'a>,
    pub(crate) config: &'a JobConfig,
    pub(crate) inputs: &'a Inputs,
    pub(crate) bad_records: &'a BadRecords,
    pub(crate) progress: &'a Progress,
    /// Where its runs go.
    pub(crate) store: &'a dyn RunStore,
    /// Where a reducer keeps what it gathers, in memory while there is room, whatever the medium of map outputs.
    pub(crate) gathered: &'a dyn RunStore,
    pub(crate) buffers: &'a BufferPool,
    pub(crate) counters: Counters,
    pub(crate) user_counters: UserCounters,
    pub(crate) phases: PhaseLog,
}

/// Buffers that one task leaves to the next, so that their pages need not be mapped anew. There are no more than tasks that
/// run at the same time, which is what the memory budget has reserved.
#[derive(Debug, Default)]
pub(crate) struct BufferPool(Mutex<Vec<Box<dyn Any + Send>>>);

impl BufferPool {
    /// Buffers that a task left, or new ones.
    pub fn take<B: Default + Send + 'static>(&self) -> B {
        let mut pool = lock(&self.0);
        match pool.iter().position(|buffers| buffers.is::<B>()) {
            Some(at) => *pool.swap_remove(at).downcast().expect("just looked"),
            None => {
                // Another job's go, so that there are not more.
                pool.pop();
                B::default()
            }
        }
    }

    /// Leaves buffers to another task.
    pub fn put<B: Send + 'static>(&self, buffers: B) {
        lock(&self.0).push(Box::new(buffers));
    }
}

impl<'a> Task<'a> {
    /// Looks out for bad records, if they may be skipped.
    pub(crate) fn scout(&self) -> Option<Scout<'a>> {
        (self.bad_records.limit() > 0).then(|| Scout::new(self.bad_records))
    }

    /// A name for one of this attempt's runs.
    pub(crate) fn run_name(&self, what: fmt::Arguments<'_>) -> String {
        format!("{}-{}-{what}", self.context.id, self.context.attempt)
    }

    /// Begins one of this attempt's runs. Writing it ends with [`Error::Cancelled`](crate::Error::Cancelled) once the attempt
    /// is told to stop.
    pub(crate) fn begin_run(&self, name: &str, partitions: u32) -> Result<RunBuilder> {
        let run = RunBuilder::create(self.store, name, partitions, self.config.block_bytes())?;
        Ok(run.until(&self.attempt.cancel))
    }

    /// Counts a run that was written in `phase`.
    pub(crate) fn count_written(&mut self, run: &Arc<dyn Run>, phase: PhaseName) {
        let total = run.index().total();
        self.phases.add_bytes(phase, total.stored_bytes);
        if run.on_disk().is_some() {
            self.counters.spilled_records += total.records;
        }
    }
}
