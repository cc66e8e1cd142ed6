//! One attempt at a task, as the stages see it.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, Mutex};

use crate::config::JobConfig;
use crate::error::Result;
use crate::input::bad_records::{BadRecords, Scout};
use crate::input::{Inputs, ReadContext};
use crate::job::TaskContext;
use crate::observe::activity::{Activity, lock};
use crate::observe::counters::{Counters, UserCounters};
use crate::observe::memory::MemoryGauges;
use crate::observe::phases::{BesideTask, PhaseLog, PhaseName};
use crate::observe::progress::Progress;
use crate::observe::purpose::Purpose;
use crate::observe::report::ExtraWork;
use crate::observe::stage::{Stage, Stages};
use crate::store::{Run, RunBuilder, RunStore};

/// The resources of an attempt and its counts. If the attempt fails, all of it is dropped.
pub struct Task<'a> {
    pub(crate) context: TaskContext,
    pub(crate) config: &'a JobConfig,
    pub(crate) inputs: &'a Inputs,
    pub(crate) bad_records: &'a BadRecords,
    pub(crate) progress: &'a Progress,
    /// Called before the output is published; returns an error where this attempt must not.
    pub(crate) permit: &'a dyn Fn() -> Result<()>,
    /// The store for its runs.
    pub(crate) store: &'a dyn RunStore,
    /// The store for the records that a reducer gathers: memory while there is room, whatever the medium of map
    /// outputs.
    pub(crate) gathered: &'a dyn RunStore,
    pub(crate) buffers: &'a BufferPool,
    pub(crate) counters: Counters,
    pub(crate) user_counters: UserCounters,
    pub(crate) stages: Stages,
    pub(crate) extra_work: ExtraWork,
    pub(crate) beside: BesideTask,
}

/// Counts of an attempt, to be added up once it has succeeded.
pub(crate) struct Counts {
    pub counters: Counters,
    pub user_counters: UserCounters,
    pub phases: PhaseLog,
    pub extra_work: ExtraWork,
}

/// The result of an attempt that has done its work.
pub(crate) struct Finished<T> {
    pub output: T,
    /// Records and bytes read.
    pub records: u64,
    pub bytes: u64,
    pub counts: Counts,
}

impl<'a> Task<'a> {
    /// Enters a stage, in which the attempt is until the returned guard is dropped.
    #[must_use]
    pub(crate) fn stage(&self, phase: PhaseName, activity: Activity) -> Stage {
        self.stages.enter(phase, activity)
    }

    /// A name for one of this attempt's runs.
    pub(crate) fn run_name(&self, what: fmt::Arguments<'_>) -> String {
        format!("{}-{}-{what}", self.context.id, self.context.attempt)
    }

    /// Begins one of this attempt's runs, which is written for this purpose. Writing it ends with [`Error::Cancelled`](crate::Error::Cancelled) once the attempt
    /// is told to stop.
    pub(crate) fn begin_run(&self, name: &str, partitions: u32, purpose: Purpose) -> Result<RunBuilder> {
        let run = RunBuilder::create(self.store, name, partitions, self.config.block_bytes(), purpose)?;
        Ok(run.until(&self.context.cancel))
    }

    /// Counts a run that was written in `phase`.
    pub(crate) fn count_written(&mut self, run: &Arc<dyn Run>, phase: PhaseName) {
        let total = run.index().total();
        self.stages.count(phase, total.records, total.stored_bytes);
        if run.on_disk().is_some() {
            self.counters.spilled_records += total.records;
        }
    }

    /// Counts a merge of runs into a run, whose records have now gone through so many of them.
    pub(crate) fn count_merge(&mut self, passes: u32) {
        self.extra_work.merges += 1;
        self.extra_work.merge_passes = self.extra_work.merge_passes.max(passes);
    }

    /// Makes a scout for bad records, if they may be skipped.
    pub(crate) fn scout(&self) -> Option<Scout<'a>> {
        (self.bad_records.limit() > 0).then(|| Scout::new(self.bad_records))
    }

    /// The context of a reader of this attempt's split.
    pub(crate) fn read_context<'r>(&self, context: &'r TaskContext, scout: Option<&'r Scout<'r>>) -> ReadContext<'r>
    where
        'a: 'r,
    {
        let (progress, notes) = (self.progress, self.inputs.notes());
        ReadContext { cancel: &context.cancel, purpose: Purpose::Input, at_a_time: usize::MAX, progress, notes, scout }
    }

    /// Ends the attempt's work.
    pub(crate) fn finish<T>(self, output: T, records: u64, bytes: u64) -> Finished<T> {
        let Task { counters, user_counters, stages, extra_work, beside, .. } = self;
        let mut phases = stages.into_log();
        lock(&beside).drain(..).for_each(|beside| phases.add_beside(PhaseName::Reduce, &beside));
        let counts = Counts { counters, user_counters, phases, extra_work };
        Finished { output, records, bytes, counts }
    }
}

/// Buffers that one task leaves to the next, so that their pages need not be mapped anew. There are no more than tasks that
/// run at the same time, which is what the memory budget has reserved.
#[derive(Debug, Default)]
pub(crate) struct BufferPool {
    buffers: Mutex<Vec<Box<dyn Any + Send>>>,
    gauges: Arc<MemoryGauges>,
}

impl BufferPool {
    /// An empty pool, whose buffers these gauges count.
    pub fn within(gauges: Arc<MemoryGauges>) -> Self {
        BufferPool { buffers: Mutex::default(), gauges }
    }

    /// The gauges that count the buffers.
    pub fn gauges(&self) -> &Arc<MemoryGauges> {
        &self.gauges
    }

    /// Buffers that a task left, or new ones.
    pub fn take<B: Default + Send + 'static>(&self) -> B {
        let mut pool = lock(&self.buffers);
        match pool.iter().position(|buffers| buffers.is::<B>()) {
            Some(at) => *pool.swap_remove(at).downcast().expect("just looked"),
            None => {
                // Buffers of another job are dropped, so that their number does not grow.
                pool.pop();
                B::default()
            }
        }
    }

    /// Leaves buffers to another task.
    pub fn put<B: Send + 'static>(&self, buffers: B) {
        lock(&self.buffers).push(Box::new(buffers));
    }
}
