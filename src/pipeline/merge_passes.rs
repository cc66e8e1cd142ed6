//! Merges runs into runs, until few enough are left.
//!
//! [`merge_spills`] makes a map task's one output from its spills; [`reduce_fan_in`] merges the segments that a reducer
//! has taken until the rest can be merged in one pass. Both combine equal keys on the way, and follow a
//! [plan](crate::pipeline::merge_plan).

use std::sync::Arc;

use crate::cancel::RECORDS_BETWEEN_CHECKS;
use crate::config::{Combining, JobConfig};
use crate::error::Result;
use crate::machine::limits::open_files_limit;
use crate::observe::activity::Activity;
use crate::observe::phases::PhaseName;
use crate::observe::purpose::Purpose;
use crate::pipeline::fold::Fold;
use crate::pipeline::merge::Merge;
use crate::pipeline::merge_plan::MergePlan;
use crate::pipeline::task::Task;
use crate::store::{Run, RunBuilder, RunCursor, Segment, Step};

/// Bounds how many runs are merged at the same time: the merge factor, and this worker's share of the files that the
/// process may have open.
pub(crate) fn fan_in(config: &JobConfig) -> usize {
    const OTHER_FILES: u64 = 24;
    let share = open_files_limit().saturating_sub(OTHER_FILES) / config.workers as u64;
    config.merge_factor.min(usize::try_from(share).unwrap_or(usize::MAX)).max(2)
}

/// Merges all partitions of a map task's `runs` into its map output `name`, in several passes where there are many.
/// `merges` is the number of merges that the task has made, after which their runs are named.
pub(crate) fn merge_spills<F: Fold>(
    task: &mut Task<'_>,
    runs: Vec<Arc<dyn Run>>,
    name: &str,
    merges: &mut u32,
    fold: &F,
) -> Result<Arc<dyn Run>> {
    let runs = merge_down(task, runs, fan_in(task.config), merges, fold)?;
    task.count_merge(task.extra_work.merge_passes + 1);
    merge_runs(task, &runs, name, fold)
}

/// Merges neighbours among a map task's runs until at most `most` are left.
pub(crate) fn merge_down<F: Fold>(
    task: &mut Task<'_>,
    runs: Vec<Arc<dyn Run>>,
    most: usize,
    merges: &mut u32,
    fold: &F,
) -> Result<Vec<Arc<dyn Run>>> {
    join_down(task, runs, most, merges, |task, runs, name| merge_runs(task, runs, name, fold))
}

/// Appends neighbours among a map task's unsorted runs to each other until at most `most` are left.
pub(crate) fn concatenate_down(
    task: &mut Task<'_>,
    runs: Vec<Arc<dyn Run>>,
    most: usize,
    merges: &mut u32,
) -> Result<Vec<Arc<dyn Run>>> {
    join_down(task, runs, most, merges, concatenate)
}

/// Joins neighbours until at most `most` runs are left. Runs that were joined are removed at once.
fn join_down(
    task: &mut Task<'_>,
    runs: Vec<Arc<dyn Run>>,
    most: usize,
    merges: &mut u32,
    join: impl Fn(&mut Task<'_>, &[Arc<dyn Run>], &str) -> Result<Arc<dyn Run>>,
) -> Result<Vec<Arc<dyn Run>>> {
    let with_bytes = runs.into_iter().map(|run| {
        let bytes = total_bytes(&run);
        (run, bytes)
    });
    let mut plan = MergePlan::new(with_bytes, fan_in(task.config), most);
    while let Some(runs) = plan.next_merge() {
        let name = task.run_name(format_args!("joined-{merges}"));
        let joined = join(task, &runs, &name)?;
        let bytes = total_bytes(&joined);
        plan.put(joined, bytes);
        task.count_merge(plan.passes());
        *merges += 1;
    }
    Ok(plan.into_rest())
}

/// Merges all partitions of `runs` into the run `name`.
fn merge_runs<F: Fold>(task: &mut Task<'_>, runs: &[Arc<dyn Run>], name: &str, fold: &F) -> Result<Arc<dyn Run>> {
    let partitions = runs[0].index().len() as u32;
    let mut output = task.begin_run(name, partitions, Purpose::Merge)?;
    for partition in 0..partitions {
        let segments = runs.iter().map(|run| Segment { run: run.clone(), partition, read_for: Purpose::Merge });
        merge_segments(task, segments, &mut output, partition, fold)?;
    }
    let merged = output.finish()?;
    task.count_written(&merged, PhaseName::Merge);
    Ok(merged)
}

/// Writes all partitions of a map task's unsorted `runs` one after another into the run `name`.
pub(crate) fn concatenate(task: &mut Task<'_>, runs: &[Arc<dyn Run>], name: &str) -> Result<Arc<dyn Run>> {
    let partitions = runs[0].index().len() as u32;
    let mut output = task.begin_run(name, partitions, Purpose::Merge)?;
    let mut until_check = RECORDS_BETWEEN_CHECKS;
    for partition in 0..partitions {
        for run in runs {
            let segment = Segment { run: run.clone(), partition, read_for: Purpose::Merge };
            if segment.index().records == 0 {
                continue;
            }
            task.context.cancel.check()?;
            let mut cursor = RunCursor::open(&segment)?;
            while let Some(step) = cursor.advance()? {
                task.context.cancel.check_every(&mut until_check)?;
                output.push(partition, cursor.key(), cursor.value(), step == Step::SameKey)?;
            }
        }
    }
    let run = output.finish()?;
    task.count_written(&run, PhaseName::Merge);
    Ok(run)
}

/// Merges segments of one partition until at most the fan-in are left, keeping their order.
pub(crate) fn reduce_fan_in<F: Fold>(task: &mut Task<'_>, segments: Vec<Segment>, fold: &F) -> Result<Vec<Segment>> {
    let _merging = task.stage(PhaseName::Merge, Activity::Merge);
    let fan_in = fan_in(task.config);
    let with_bytes = segments.into_iter().map(|segment| {
        let bytes = segment.index().stored_bytes;
        (segment, bytes)
    });
    let mut plan = MergePlan::new(with_bytes, fan_in, fan_in);
    let mut merges = 0;
    while let Some(segments) = plan.next_merge() {
        let name = task.run_name(format_args!("merge-{merges}"));
        let mut output = task.begin_run(&name, 1, Purpose::Merge)?;
        merge_segments(task, segments, &mut output, 0, fold)?;
        let merged = Segment { run: output.finish()?, partition: 0, read_for: Purpose::Merge };
        task.count_written(&merged.run, PhaseName::Merge);
        let bytes = merged.index().stored_bytes;
        plan.put(merged, bytes);
        task.count_merge(plan.passes());
        merges += 1;
    }
    Ok(plan.into_rest())
}

fn total_bytes(run: &Arc<dyn Run>) -> u64 {
    run.index().total().stored_bytes
}

/// Appends the merge of `segments` to a partition of `output`, combining equal keys with `fold`.
fn merge_segments<F: Fold>(
    task: &mut Task<'_>,
    segments: impl IntoIterator<Item = Segment>,
    output: &mut RunBuilder,
    partition: u32,
    fold: &F,
) -> Result<()> {
    let mut merge = Merge::open(segments, &task.context.cancel)?;
    if !F::COMBINES || task.config.combining == Combining::Never {
        while let Some(step) = merge.advance()? {
            match step {
                Step::NewKey => output.push_framed(partition, merge.framed())?,
                Step::SameKey => output.push(partition, merge.key(), merge.value(), true)?,
            }
        }
        return Ok(());
    }
    let (mut read, mut written, mut value) = (0, 0, Vec::new());
    let mut step = merge.advance()?;
    while step.is_some() {
        // Each key goes on as it came. Where others of the key follow, it gives way to what they make.
        output.push_framed(partition, merge.framed())?;
        (read, written) = (read + 1, written + 1);
        step = merge.advance()?;
        if step == Some(Step::SameKey) {
            let mut combined = fold.decode(output.last_value())?;
            while step == Some(Step::SameKey) {
                fold.fold(&mut combined, merge.value())?;
                read += 1;
                step = merge.advance()?;
            }
            value.clear();
            fold.encode(&combined, &mut value);
            output.replace_last_value(&value)?;
        }
    }
    task.counters.combine_input_records += read;
    task.counters.combine_output_records += written;
    Ok(())
}
