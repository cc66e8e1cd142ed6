//! A reduce task, from the map outputs to its part of the output.
//!
//! ```text
//! map outputs ─▶ shuffle ─▶ (gather) ─▶ merge passes ─▶ merge (ahead) ─▶ reduce ─▶ commit
//! ```

use crate::config::Grouping;
use crate::error::Result;
use crate::observe::activity::Activity;
use crate::observe::counters::UserCounters;
use crate::observe::phases::PhaseName;
use crate::pipeline::collect::MapOutput;
use crate::pipeline::commit::{DatasetWriter, OutputTarget, PartWriter, TaskOutput, TaskOutputWriter, commit};
use crate::pipeline::emit::{Accept, Emitter};
use crate::pipeline::merge::Merge;
use crate::pipeline::merge_ahead::merge_ahead;
use crate::pipeline::merge_passes::reduce_fan_in;
use crate::pipeline::reduce::ReduceSide;
use crate::pipeline::runnable::RunnableJob;
use crate::pipeline::shuffle::{gather, take_partition};
use crate::pipeline::task::{Finished, Task};

/// One attempt at a reduce task. The task's partition lies in some of the map outputs.
pub(crate) fn reduce_task<J: RunnableJob>(
    job: &J,
    map_outputs: Vec<MapOutput>,
    target: OutputTarget<'_>,
    mut task: Task<'_>,
) -> Result<Finished<TaskOutput>> {
    let merge = merged(job, &map_outputs, &mut task)?;
    drop(map_outputs);

    // 5. Reduce, group by group, into the output, and commit that.
    let reduce = task.stage(PhaseName::Reduce, Activity::Other);
    let (output, user_counters) = match target {
        OutputTarget::Files { dir, format } => {
            let writer = PartWriter::create(&task, dir, format, 'r')?;
            reduce_into(job, merge, &mut task, writer)?
        }
        OutputTarget::Dataset { store } => {
            let writer = DatasetWriter::create(&task, store)?;
            reduce_into(job, merge, &mut task, writer)?
        }
    };
    reduce.count(task.counters.reduce_input_records, output.bytes());
    drop(reduce);

    task.user_counters = user_counters;
    task.counters.reduce_output_records += output.records();
    let (records, bytes) = (task.counters.reduce_input_records, task.stages.bytes(PhaseName::Shuffle));
    Ok(task.finish(output, records, bytes))
}

/// The records of the task's partition, sorted.
pub(crate) fn merged<J: RunnableJob>(job: &J, map_outputs: &[MapOutput], task: &mut Task<'_>) -> Result<Merge> {
    // 1. Shuffle: the task's partition of every map output, in the order of the map tasks.
    let mut segments = take_partition(task, map_outputs);

    // 2. Gather, where map outputs are not sorted.
    if task.config.factors.grouping == Grouping::Hash {
        segments = gather(task, &segments, job)?;
    }

    // 3. Merge in passes until there are few enough runs.
    segments = reduce_fan_in(task, segments, job.fold())?;

    // 4. Merge the rest while it is read, in another thread if a worker is idle.
    let _opening = task.stage(PhaseName::Shuffle, Activity::Merge);
    Merge::open(merge_ahead(task, segments), &task.context.cancel)
}

/// Reduces the merged groups into a writer; returns the output, and the counts of user code.
fn reduce_into<J: RunnableJob, W: TaskOutputWriter + Accept<J::OutKey, J::OutValue>>(
    job: &J,
    merge: Merge,
    task: &mut Task<'_>,
    writer: W,
) -> Result<(TaskOutput, UserCounters)> {
    let mut out = Emitter::new(writer);
    job.reducer().clone().run(merge, job.grouping(), task, &mut out)?;
    commit(out, task)
}
