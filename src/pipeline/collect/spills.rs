//! The spills of one map task, and how they become its map output.

use std::sync::Arc;

use crate::config::{Grouping, Medium};
use crate::error::Result;
use crate::job::Fold;
use crate::observe::activity::{Activity, Doing};
use crate::observe::phases::PhaseName;
use crate::pipeline::collect::{MapOutput, Side};
use crate::pipeline::merge::{concatenate_spills, merge_spills};
use crate::pipeline::spill::RunBuilder;
use crate::runtime::task::Task;
use crate::store::{PartitionIndex, Run};

/// A collector's spills so far, in order.
#[derive(Debug, Default)]
pub(super) struct Spills {
    runs: Vec<Arc<dyn Run>>,
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
    /// Writes a sorted buffer as a run. The only spill of a task is its map output already.
    pub fn write(
        &mut self,
        task: &mut Task<'_>,
        occasion: Occasion,
        fill: impl FnOnce(&mut RunBuilder) -> Result<()>,
    ) -> Result<()> {
        let start = task.phases.begin();
        let _encoding = Doing::here().enter(Activity::Encode);
        let name = match occasion {
            Occasion::Last if self.runs.is_empty() => map_output_name(task),
            _ => task.run_name(format_args!("spill-{}", self.runs.len())),
        };
        let partitions = task.context.reducers;
        let mut run = RunBuilder::create(task.store, &name, partitions, task.config.block_bytes())?;
        fill(&mut run)?;
        let run = run.finish()?;
        task.count_written(&run, PhaseName::Spill);
        self.runs.push(run);
        task.phases.end(PhaseName::Spill, start);
        Ok(())
    }

    /// Makes the map output: one run, as Hadoop has it, where map outputs lie on disk. In memory the spills stay as they
    /// are, since a reducer reads many runs as well as one.
    /// What a reducer has gathered stays as it is too.
    pub fn into_map_output<F: Fold>(self, task: &mut Task<'_>, side: Side, fold: &F) -> Result<MapOutput> {
        let mut runs = self.runs;
        if side == Side::Reduce {
            return Ok(MapOutput { runs });
        }
        if runs.len() > 1 && task.config.factors.map_output == Medium::Disk {
            let start = task.phases.begin();
            let _merging = Doing::here().enter(Activity::Merge);
            let name = map_output_name(task);
            runs = vec![match task.config.factors.grouping {
                Grouping::Sort => merge_spills(task, runs, &name, fold)?,
                Grouping::Hash => concatenate_spills(task, &runs, &name)?,
            }];
            task.phases.end(PhaseName::Merge, start);
        }
        for run in &runs {
            task.counters.map_output_materialized_bytes += PartitionIndex::total(run.index()).stored_bytes;
        }
        Ok(MapOutput { runs })
    }
}

fn map_output_name(task: &Task<'_>) -> String {
    task.run_name(format_args!("map-output"))
}
