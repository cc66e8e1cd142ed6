//! The shuffle: a reducer takes its partition of every map output.
//!
//! Map tasks and reducers share a machine here, so taking is opening: no copy is made, and the reducer reads the blocks
//! when it merges them. The order is that of the map tasks, which is the order of the input.

use std::time::Instant;

use crate::error::Result;
use crate::job::Fold;
use crate::observe::phases::PhaseName;
use crate::pipeline::collect::MapOutput;
use crate::pipeline::merge::{Merge, Segment, reduce_fan_in};
use crate::runtime::task::Task;

/// The merged records of the task's partition.
pub(crate) fn shuffle<F: Fold>(task: &mut Task<'_>, map_outputs: &[MapOutput], fold: &F) -> Result<Merge> {
    let partition = task.context.index;
    let start = Instant::now();
    let runs = map_outputs.iter().flat_map(|output| &output.runs);
    let mut segments: Vec<Segment> =
        runs.map(|run| Segment { run: run.clone(), partition }).filter(|segment| segment.index().records > 0).collect();
    let bytes = segments.iter().map(|segment| segment.index().stored_bytes).sum();
    task.counters.merged_map_outputs += map_outputs.len() as u64;
    task.counters.reduce_shuffle_bytes += bytes;
    task.phases.add_bytes(PhaseName::Shuffle, bytes);
    task.phases.end(PhaseName::Shuffle, start);

    let start = Instant::now();
    reduce_fan_in(task, &mut segments, fold)?;
    task.phases.end(PhaseName::Merge, start);

    let start = Instant::now();
    let merge = Merge::open(segments)?;
    task.phases.end(PhaseName::Shuffle, start);
    Ok(merge)
}
