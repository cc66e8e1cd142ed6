//! The use of workers' time, in the groups that people compare.

use serde::Serialize;

use crate::measure::statistics::median;
use crate::observe::report::Bounds;
use crate::observe::time_use::TimeUse;

/// A group of activities, or of reasons for waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeGroup {
    /// Finding and decoding records.
    Parsing,
    /// The job's own code.
    Job,
    /// Folding records.
    Combining,
    /// Encoding records.
    Encoding,
    /// Sorting buffers.
    Sorting,
    /// Merging runs.
    Merging,
    /// Copying blocks in memory.
    Copying,
    /// Calls to files: the system copies.
    FileCalls,
    /// Everything else that takes a processor.
    Other,
    /// Waiting for the disk, in calls to files.
    DiskWait,
    /// Waiting for locks.
    LockWait,
    /// Waiting for a processor.
    ProcessorWait,
    /// Asleep in the job's own code, in page faults, or for injected faults.
    Asleep,
    /// Without a task: at the end of a wave, and while the driver works alone.
    Idle,
}

use TimeGroup::{
    Asleep, Combining, Copying, DiskWait, Encoding, FileCalls, Idle, Job, LockWait, Merging, Other, Parsing,
    ProcessorWait, Sorting,
};

impl TimeGroup {
    /// All that workers do and wait for: first the groups of computing.
    pub const ALL: [TimeGroup; 14] = [
        Parsing,
        Job,
        Combining,
        Encoding,
        Sorting,
        Merging,
        Copying,
        FileCalls,
        Other,
        DiskWait,
        LockWait,
        ProcessorWait,
        Asleep,
        Idle,
    ];

    /// Whether nothing is computed meanwhile.
    pub fn is_waiting(self) -> bool {
        matches!(self, DiskWait | LockWait | ProcessorWait | Asleep | Idle)
    }

    /// Its seconds.
    pub fn of(self, time: &TimeUse) -> f64 {
        let TimeUse { cpu, wait } = time;
        match self {
            Parsing => cpu.parse,
            Job => cpu.user,
            Combining => cpu.combine,
            Encoding => cpu.encode,
            Sorting => cpu.sort,
            Merging => cpu.merge,
            Copying => cpu.copy,
            FileCalls => cpu.read_input + cpu.write_output + cpu.read_intermediate + cpu.write_intermediate,
            Other => cpu.other,
            DiskWait => time.disk_wait(),
            LockWait => wait.lock,
            ProcessorWait => wait.processor,
            Asleep => wait.asleep,
            Idle => wait.channel + wait.driver,
        }
    }
}

/// The time of some runs by groups, which add up to the median of the runs' time; and the median of each bound.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TimeGroups {
    /// Seconds, as [`TimeGroup::ALL`].
    pub seconds: [f64; TimeGroup::ALL.len()],
    /// The bounds on the runs' times.
    pub bounds: Bounds,
}

impl TimeGroups {
    /// The medians over some runs, divided as the runs divide their time; `None` where there are none.
    pub fn medians(runs: &[(TimeUse, Bounds)]) -> Option<Self> {
        if runs.is_empty() {
            return None;
        }
        let of = |figure: &dyn Fn(&(TimeUse, Bounds)) -> f64| median(runs.iter().map(figure));
        let groups = |(time, _): &(TimeUse, Bounds)| TimeGroup::ALL.map(|group| group.of(time));
        Some(TimeGroups {
            seconds: divided(&runs.iter().map(groups).collect::<Vec<_>>()).try_into().expect("a part for each group"),
            bounds: Bounds {
                infinitely_fast_disk_seconds: of(&|(_, bounds)| bounds.infinitely_fast_disk_seconds),
                free_intermediate_files_seconds: of(&|(_, bounds)| bounds.free_intermediate_files_seconds),
            },
        })
    }

    /// All groups together.
    pub fn total(&self) -> f64 {
        self.seconds.iter().sum()
    }

    /// The part of each group in the whole.
    pub fn parts(&self) -> impl Iterator<Item = (TimeGroup, f64)> {
        let total = self.total();
        TimeGroup::ALL.into_iter().zip(self.seconds).map(move |(group, seconds)| (group, seconds / total))
    }

    /// The groups with the most time, each with its part of the whole; none below `least`.
    pub fn largest(&self, most: usize, least: f64) -> Vec<(TimeGroup, f64)> {
        let mut parts: Vec<_> = self.parts().filter(|(_, part)| *part >= least).collect();
        parts.sort_by(|a, b| b.1.total_cmp(&a.1));
        parts.truncate(most);
        parts
    }
}

/// Divides the median of the runs' totals as the runs divide theirs on average, so that the parts add up to it. Medians of
/// the parts would not.
pub fn divided<P: AsRef<[f64]>>(runs: &[P]) -> Vec<f64> {
    let total = |parts: &P| parts.as_ref().iter().sum::<f64>();
    let whole = median(runs.iter().map(total));
    let part = |i: usize| {
        let of_run = |parts: &P| if total(parts) > 0.0 { parts.as_ref()[i] / total(parts) } else { 0.0 };
        whole * runs.iter().map(of_run).sum::<f64>() / runs.len() as f64
    };
    let parts = runs.first().map_or(0, |parts| parts.as_ref().len());
    (0..parts).map(part).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::observe::time_use::{Computing, Waiting};

    #[test]
    fn groups_hold_all_there_is() {
        let cpu = json!({"parse": 1, "user": 2, "combine": 4, "encode": 8, "sort": 16, "merge": 32, "copy": 64,
            "read_input": 128, "write_output": 256, "read_intermediate": 512, "write_intermediate": 1024, "other": 2048});
        let wait = json!({"read_input": 4096, "write_output": 8192, "read_intermediate": 16384,
            "write_intermediate": 32768, "lock": 65536, "channel": 131072, "driver": 262144, "asleep": 524288,
            "processor": 1048576});
        let time: TimeUse = serde_json::from_value(json!({"cpu": cpu, "wait": wait})).unwrap();
        let groups = TimeGroups::medians(&[(time, Bounds::default())]).unwrap();
        assert_eq!((groups.total(), time.total()), (2_097_151.0, 2_097_151.0));
        let (group, part) = groups.largest(2, 0.0)[0];
        assert_eq!((group, (part * 2_097_151.0).round()), (ProcessorWait, 1_048_576.0));
        let busy = TimeGroup::ALL.into_iter().filter(|group| ![ProcessorWait, Asleep, Idle].contains(group));
        assert_eq!(busy.map(|group| group.of(&time)).sum::<f64>(), time.busy());
    }

    #[test]
    fn groups_add_up_to_the_median_of_the_runs() {
        let time = |sort, lock| {
            let (cpu, wait) = (Computing { sort, ..Computing::default() }, Waiting { lock, ..Waiting::default() });
            (TimeUse { cpu, wait }, Bounds { infinitely_fast_disk_seconds: sort, ..Bounds::default() })
        };
        // Medians of the groups would add up to 4.
        let groups = TimeGroups::medians(&[time(1.0, 9.0), time(2.0, 2.0), time(9.0, 1.0)]).unwrap();
        assert_eq!(groups.total(), 10.0);
        assert_eq!(groups.largest(9, 0.01), [(Sorting, 0.5), (LockWait, 0.5)]);
        assert_eq!(groups.bounds.infinitely_fast_disk_seconds, 2.0);
    }
}
