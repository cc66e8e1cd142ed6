//! The spills of one map task, and the map output that is made from them.

use std::sync::Arc;

use crate::config::Grouping;
use crate::error::Result;
use crate::observe::activity::Activity;
use crate::observe::phases::PhaseName;
use crate::observe::purpose::Purpose;
use crate::pipeline::collect::collector::{MapOutput, Side};
use crate::pipeline::fold::Fold;
use crate::pipeline::merge_passes::{concatenate, concatenate_down, merge_down, merge_spills};
use crate::pipeline::task::Task;
use crate::store::{Run, RunBuilder};

/// Most spills that a task keeps. Where a small buffer would make more of them, neighbours are joined, so that the
/// numbers of files and of their readers do not grow with the input.
pub(super) const MOST_SPILLS: usize = if cfg!(test) { 16 } else { 256 };

/// A collector's spills so far, in order.
#[derive(Debug, Default)]
pub(super) struct Spills {
    runs: Vec<Arc<dyn Run>>,
    /// Spills that were written; numbers the next one's name.
    written: u32,
    /// Runs that were made from several spills.
    merges: u32,
}

/// Whether the task has more to emit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Occasion {
    /// The buffer is full.
    Full,
    /// The task is at its end.
    Last,
}

impl Spills {
    /// Writes a sorted buffer as a run. If it is the task's only spill, it is the map output already.
    pub fn write<F: Fold>(
        &mut self,
        task: &mut Task<'_>,
        side: Side,
        occasion: Occasion,
        fold: &F,
        fill: impl FnOnce(&mut RunBuilder) -> Result<()>,
    ) -> Result<()> {
        let spilling = task.stage(PhaseName::Spill, Activity::Encode);
        let name = match occasion {
            Occasion::Last if self.runs.is_empty() => map_output_name(task),
            _ => task.run_name(format_args!("spill-{}", self.written)),
        };
        self.written += 1;
        task.extra_work.full_buffers += u64::from(occasion == Occasion::Full);
        let mut run = task.begin_run(&name, task.context.reducers, Purpose::Spill)?;
        fill(&mut run)?;
        let run = run.finish()?;
        task.count_written(&run, PhaseName::Spill);
        self.runs.push(run);
        drop(spilling);
        if self.runs.len() >= MOST_SPILLS { self.join_half(task, side, fold) } else { Ok(()) }
    }

    /// Whether the map output will be a merge of the spills so far and of one more run.
    pub fn will_be_merged(&self, task: &Task<'_>, side: Side) -> bool {
        side == Side::Map && !self.runs.is_empty() && task.store.prefers_one_run()
    }

    /// Adds the task's last records as a run that need not be written.
    pub fn add(&mut self, last: Arc<dyn Run>) {
        self.runs.push(last);
    }

    /// Joins neighbouring spills until half as many runs are left.
    #[cold]
    fn join_half<F: Fold>(&mut self, task: &mut Task<'_>, side: Side, fold: &F) -> Result<()> {
        let _merging = task.stage(PhaseName::Merge, Activity::Merge);
        let runs = std::mem::take(&mut self.runs);
        self.runs = if side.sorts(task.config.factors.grouping) {
            merge_down(task, runs, MOST_SPILLS / 2, &mut self.merges, fold)?
        } else {
            concatenate_down(task, runs, MOST_SPILLS / 2, &mut self.merges)?
        };
        Ok(())
    }

    /// Makes the map output: one run where map outputs lie on disk, as in Hadoop. In memory the spills stay as they
    /// are, since a reducer reads many runs as well as one. The runs that a reducer has gathered stay as they are, too.
    pub fn into_map_output<F: Fold>(mut self, task: &mut Task<'_>, side: Side, fold: &F) -> Result<MapOutput> {
        let mut runs = std::mem::take(&mut self.runs);
        if side == Side::Reduce {
            return Ok(MapOutput { runs });
        }
        if runs.len() > 1 && task.store.prefers_one_run() {
            let _merging = task.stage(PhaseName::Merge, Activity::Merge);
            let name = map_output_name(task);
            runs = vec![match task.config.factors.grouping {
                Grouping::Sort => merge_spills(task, runs, &name, &mut self.merges, fold)?,
                Grouping::Hash => {
                    task.count_merge(1);
                    concatenate(task, &runs, &name)?
                }
            }];
        }
        for run in &runs {
            task.counters.map_output_materialized_bytes += run.index().total().stored_bytes;
        }
        Ok(MapOutput { runs })
    }
}

fn map_output_name(task: &Task<'_>) -> String {
    task.run_name(format_args!("map-output"))
}
