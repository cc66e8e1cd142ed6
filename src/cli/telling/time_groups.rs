//! Names of the groups of workers' time.

use crate::measure::time_groups::TimeGroup;

/// The name of a group, as people read it.
pub fn name(group: TimeGroup) -> &'static str {
    match group {
        TimeGroup::Parsing => "parsing",
        TimeGroup::Job => "the job's own code",
        TimeGroup::Combining => "combining",
        TimeGroup::Encoding => "encoding",
        TimeGroup::Sorting => "sorting",
        TimeGroup::Merging => "merging",
        TimeGroup::Copying => "copying in memory",
        TimeGroup::FileCalls => "calls to files",
        TimeGroup::Other => "everything else",
        TimeGroup::DiskWait => "waiting for the disk",
        TimeGroup::LockWait => "waiting for locks",
        TimeGroup::ProcessorWait => "waiting for a processor",
        TimeGroup::Asleep => "asleep",
        TimeGroup::Idle => "idle, without a task",
    }
}
