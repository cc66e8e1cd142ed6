//! A map task, from its split to its output.
//!
//! ```text
//! split ─▶ read ─▶ map ─▶ collect ─▶ sort ─▶ spill ─▶ merge ─▶ map output
//!                          └── as often as the buffer is full
//! ```

use crate::error::Result;
use crate::input::ReadContext;
use crate::input::split::Split;
use crate::observe::activity::Activity;
use crate::observe::counters::UserCounters;
use crate::observe::phases::PhaseName;
use crate::pipeline::collect::{Collect, MapOutput, Side};
use crate::pipeline::commit::{DatasetWriter, OutputTarget, PartWriter, TaskOutput, TaskOutputWriter, commit};
use crate::pipeline::emit::{Accept, Emitter};
use crate::pipeline::map::MapSide;
use crate::pipeline::runnable::{Collector, RunnableJob};
use crate::pipeline::task::{Finished, Task};

/// One attempt at a map task whose output reducers take.
pub(crate) fn map_task<J: RunnableJob>(job: &J, split: &Split, task: Task<'_>) -> Result<Finished<MapOutput>> {
    let map = task.stage(PhaseName::Map, Activity::Other);
    let (context, scout) = (task.context.clone(), task.scout());
    let reading = task.read_context(&context, scout.as_ref());

    // 1. Collect: a sort buffer, or a combiner's table.
    let collector = Collector::<J>::new(task, job.fold(), job.partitioner(), Side::Map, split.bytes());
    let mut out = Emitter::new(collector);

    // 2. Read and map, record by record. Each time the buffer is full it is sorted and spilled.
    let (records, bytes) = job.mapper().clone().run(split, &context, reading, &mut out)?;
    let (collector, user_counters) = out.finish()?;

    // 3. Sort the rest. It is the map output, if there are no spills; else it is merged with them.
    let (output, mut task) = collector.finish()?;

    map.count(records, bytes);
    drop(map);
    task.counters.map_input_records += records;
    task.user_counters = user_counters;
    Ok(task.finish(output, records, bytes))
}

/// One attempt at a map task of a job without reducers: the emitted records are the output.
pub(crate) fn map_only_task<J: RunnableJob>(
    job: &J,
    split: &Split,
    target: OutputTarget<'_>,
    mut task: Task<'_>,
) -> Result<Finished<TaskOutput>> {
    let map = task.stage(PhaseName::Map, Activity::Other);
    let (context, scout) = (task.context.clone(), task.scout());
    let reading = task.read_context(&context, scout.as_ref());

    // 1. Read and map, record by record, straight into the output, and commit that.
    let ((records, bytes), output, user_counters) = match target {
        OutputTarget::Files { dir, format } => {
            map_into(job, split, &task, reading, PartWriter::create(&task, dir, format, 'm')?)?
        }
        OutputTarget::Dataset { store } => map_into(job, split, &task, reading, DatasetWriter::create(&task, store)?)?,
    };

    map.count(records, bytes);
    drop(map);
    task.user_counters = user_counters;
    task.counters.map_input_records += records;
    task.counters.map_output_records += output.records();
    task.counters.map_output_bytes += output.bytes();
    Ok(task.finish(output, records, bytes))
}

/// Maps a split into a writer; returns the numbers of records and bytes read, the output, and the counts of user code.
fn map_into<J: RunnableJob, W: TaskOutputWriter + Accept<J::Key, J::Value>>(
    job: &J,
    split: &Split,
    task: &Task<'_>,
    reading: ReadContext<'_>,
    writer: W,
) -> Result<((u64, u64), TaskOutput, UserCounters)> {
    let mut out = Emitter::new(writer);
    let read = job.mapper().clone().run(split, &task.context, reading, &mut out)?;
    let (output, user_counters) = commit(out, task)?;
    Ok((read, output, user_counters))
}
