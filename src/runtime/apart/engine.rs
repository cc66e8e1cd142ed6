//! The contract between the runtime and an engine, which runs tasks on other machines.

use std::fmt::Debug;
use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use crate::cancel::CancelToken;
use crate::error::Result;
use crate::observe::progress::Progress;
use crate::observe::report::{Outcome, Report, TaskReport};
use crate::observe::time_use::TimeUse;
use crate::runtime::apart::summary::{self, TaskSummary};
use crate::store::InDepot;
use crate::store::wire::Depot;

/// Runs the tasks of jobs apart, and keeps the datasets that they leave.
pub(crate) trait Engine: Depot {
    /// Runs all tasks of a job.
    ///
    /// # Errors
    /// Whatever stopped the job, in words that say where to look.
    fn run(&self, stage: &Stage<'_>) -> Result<StageResult>;

    /// Adds to the report of a run what the engine knows of it.
    fn tell(&self, report: &mut Report);
}

/// What the tasks of a job leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leaves {
    /// Parts of the output.
    Parts,
    /// A dataset for another job, which stays in the engine's depot.
    Dataset,
}

/// One job of a program, to be run.
pub(crate) struct Stage<'a> {
    /// The number of the job in its program, from 1.
    pub job: u32,
    /// The names of the program and of the job.
    pub program: &'a str,
    pub name: &'a str,
    /// Reduce tasks; 0 where the map output is the output.
    pub reducers: u32,
    pub leaves: Leaves,
    pub splits: Vec<StageSplit>,
    /// The [plan](crate::runtime::apart::plan) of its tasks, to be put beside each of them as a file.
    pub plan: &'a [u8],
    /// Datasets that tasks may read beside their own input, each a file `dataset-JOB-PARTITION` beside the plan.
    pub side: Vec<InDepot>,
    /// Writes the [pack](crate::runtime::apart::pack) of a split.
    pub pack: &'a dyn Fn(u32, &mut dyn Write) -> Result<()>,
    pub cancel: &'a CancelToken,
    pub progress: &'a Progress,
    /// The moment from which reports count.
    pub epoch: Instant,
}

impl Stage<'_> {
    /// A task of the report: the `side` is `map` or `reduce`.
    pub fn task_report(&self, side: &str, summary: &TaskSummary) -> TaskReport {
        let before = if self.job > 1 { format!("job{}-", self.job) } else { String::new() };
        let began = summary::now() - self.epoch.elapsed().as_secs_f64();
        TaskReport {
            id: format!("{before}{side}-{:05}", summary.task),
            attempt: 0,
            outcome: Outcome::Succeeded,
            worker: None,
            host: None,
            start_seconds: (summary.began - began).max(0.0),
            end_seconds: (summary.ended - began).max(0.0),
            records: summary.records,
            bytes: summary.bytes,
            time: TimeUse::default(),
            error: None,
        }
    }
}

/// The input of one map task.
#[derive(Clone, Debug)]
pub(crate) struct StageSplit {
    pub source: SplitSource,
    pub bytes: u64,
}

/// Where the input of a map task comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SplitSource {
    /// From the coordinator, as a pack. Packs of equal keys are equal.
    Pack {
        /// The key.
        key: String,
        /// Whether it is part of an input that a loop reads, which a [task](crate::runtime::apart::one_task::Side::Parse) can
        /// parse for all of its jobs.
        is_parsed: bool,
    },
    /// From the engine's depot.
    InDepot(InDepot),
}

/// What the tasks of a job have left.
#[derive(Debug, Default)]
pub(crate) struct StageResult {
    /// Counts of the map tasks of a job with reducers: one a task, or one for all of them.
    pub maps: Vec<TaskSummary>,
    /// The tasks that wrote the output, in their order, each with the file of its part. A dataset has no files here.
    pub outputs: Vec<(TaskSummary, Option<PathBuf>)>,
    /// Attempts, for the report.
    pub tasks: Vec<TaskReport>,
}
