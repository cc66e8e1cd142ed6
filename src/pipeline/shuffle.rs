//! The shuffle: a reducer takes its partition of every map output.
//!
//! Map tasks and reducers share a machine here, so taking is opening: no copy is made, and the reducer reads the blocks
//! when it merges them. The order is that of the map tasks, which is the order of the input.
//!
//! Where map outputs are not sorted ([`Grouping::Hash`]) the reducer first gathers them in a
//! [collector](crate::pipeline::collect) of its own and merges what that leaves.

use crate::cancel::RECORDS_BETWEEN_CHECKS;
use crate::config::Grouping;
use crate::error::Result;
use crate::job::{Job, Partitioner, TaskContext};
use crate::observe::activity::{Activity, Doing};
use crate::observe::counters::{Counters, UserCounters};
use crate::observe::phases::{PhaseLog, PhaseName};
use crate::pipeline::collect::{Collect, CollectWith, MapOutput, Side};
use crate::pipeline::map::MapSide;
use crate::pipeline::merge::{Merge, reduce_fan_in};
use crate::runtime::task::Task;
use crate::store::{RunCursor, Segment};

/// The merged records of the task's partition, which some of the map outputs hold.
pub(crate) fn shuffle<M, R, C, P>(
    task: &mut Task<'_>,
    map_outputs: &[MapOutput],
    job: &Job<M, R, C, P>,
) -> Result<Merge>
where
    M: MapSide,
    C: CollectWith<M::Key, M::Value>,
    P: Partitioner,
{
    let partition = task.context.index;
    let _merging = Doing::here().enter(Activity::Merge);
    let start = task.phases.begin();
    let runs = map_outputs.iter().flat_map(|output| &output.runs);
    let mut segments: Vec<Segment> =
        runs.map(|run| Segment { run: run.clone(), partition }).filter(|segment| segment.index().records > 0).collect();
    let bytes = segments.iter().map(|segment| segment.index().stored_bytes).sum();
    task.counters.reduce_shuffle_bytes += bytes;
    task.phases.add_bytes(PhaseName::Shuffle, bytes);
    task.phases.end(PhaseName::Shuffle, start);

    if task.config.factors.grouping == Grouping::Hash {
        segments = gather(task, &segments, job)?;
    }
    let start = task.phases.begin();
    segments = reduce_fan_in(task, segments, &job.combine)?;
    task.phases.end(PhaseName::Merge, start);

    let start = task.phases.begin();
    let merge = Merge::open(segments, &task.attempt.cancel)?;
    task.phases.end(PhaseName::Shuffle, start);
    Ok(merge)
}

/// Reads unsorted segments and leaves sorted ones, in which equal keys keep their order.
fn gather<M, R, C, P>(task: &mut Task<'_>, segments: &[Segment], job: &Job<M, R, C, P>) -> Result<Vec<Segment>>
where
    M: MapSide,
    C: CollectWith<M::Key, M::Value>,
    P: Partitioner,
{
    let start = task.phases.begin();
    let gathering = Task {
        context: TaskContext { reducers: 1, ..task.context.clone() },
        attempt: task.attempt.clone(),
        victim: task.victim,
        config: task.config,
        inputs: task.inputs,
        bad_records: task.bad_records,
        progress: task.progress,
        store: task.gathered,
        gathered: task.gathered,
        buffers: task.buffers,
        counters: Counters::default(),
        user_counters: UserCounters::default(),
        phases: PhaseLog::default(),
    };
    let bytes = segments.iter().map(|segment| segment.index().record_bytes).sum();
    let mut collector = C::Collector::<'_, P>::new(gathering, &job.combine, &job.partitioner, Side::Reduce, bytes);
    let mut until_check = RECORDS_BETWEEN_CHECKS;
    for segment in segments {
        task.context.cancel.check()?;
        let mut cursor = RunCursor::open(segment)?;
        while cursor.advance()?.is_some() {
            task.context.cancel.check_every(&mut until_check)?;
            collector.push(cursor.key(), cursor.value())?;
        }
    }
    let (gathered, gathering) = collector.finish()?;
    task.counters.add(&gathering.counters);
    task.phases.append(gathering.phases);
    task.phases.end(PhaseName::Shuffle, start);
    Ok(gathered.runs.into_iter().map(|run| Segment { run, partition: 0 }).collect())
}
