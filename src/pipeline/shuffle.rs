//! The shuffle: a reducer takes its partition of every map output.
//!
//! Map tasks and reducers share a machine here, so taking is opening: no copy is made, and the reducer reads the blocks
//! when it merges them. The order is that of the map tasks, which is the order of the input.
//!
//! Where map outputs are not sorted ([`Grouping::Hash`](crate::config::Grouping::Hash)) the reducer first gathers them in a
//! [collector](crate::pipeline::collect) of its own and merges what that leaves.

use std::sync::Arc;

use crate::cancel::RECORDS_BETWEEN_CHECKS;
use crate::error::Result;
use crate::job::TaskContext;
use crate::observe::activity::Activity;
use crate::observe::counters::{Counters, UserCounters};
use crate::observe::phases::PhaseName;
use crate::observe::purpose::Purpose;
use crate::observe::report::ExtraWork;
use crate::observe::stage::Stages;
use crate::pipeline::collect::{Collect, MapOutput, Side};
use crate::pipeline::runnable::{Collector, RunnableJob};
use crate::pipeline::task::Task;
use crate::store::{PartitionIndex, Run, RunCursor, Segment};

/// The task's partition of every map output that holds something of it.
pub(crate) fn take_partition(task: &mut Task<'_>, map_outputs: &[MapOutput]) -> Vec<Segment> {
    let shuffle = task.stage(PhaseName::Shuffle, Activity::Merge);
    let partition = task.context.index;
    let runs = map_outputs.iter().flat_map(|output| &output.runs);
    let segment = |run: &Arc<dyn Run>| Segment { run: run.clone(), partition, read_for: Purpose::Shuffle };
    let segments: Vec<Segment> = runs.map(segment).filter(|segment| segment.index().records > 0).collect();
    let sum = |of: fn(PartitionIndex) -> u64| segments.iter().map(|segment| of(segment.index())).sum();
    let (records, bytes) = (sum(|index| index.records), sum(|index| index.stored_bytes));
    task.counters.reduce_shuffle_bytes += bytes;
    shuffle.count(records, bytes);
    segments
}

/// Reads unsorted segments and leaves sorted ones, in which equal keys keep their order.
pub(crate) fn gather<J: RunnableJob>(task: &mut Task<'_>, segments: &[Segment], job: &J) -> Result<Vec<Segment>> {
    let _gathering = task.stage(PhaseName::Shuffle, Activity::Merge);
    let gathering = Task {
        context: TaskContext { reducers: 1, ..task.context.clone() },
        store: task.gathered,
        counters: Counters::default(),
        user_counters: UserCounters::default(),
        extra_work: ExtraWork::default(),
        beside: task.beside.clone(),
        stages: Stages::default(),
        ..*task
    };
    let bytes = segments.iter().map(|segment| segment.index().record_bytes).sum();
    let mut collector = Collector::<J>::new(gathering, job.fold(), job.partitioner(), Side::Reduce, bytes);
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
    task.stages.nest(gathering.stages.into_log());
    task.extra_work.add(&gathering.extra_work);
    let segment = |run| Segment { run, partition: 0, read_for: Purpose::Merge };
    Ok(gathered.runs.into_iter().map(segment).collect())
}
