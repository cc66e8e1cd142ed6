//! Where workers' time went, in the groups that people compare.

use std::time::Duration;

use serde_json::Value;

use crate::cli::compare::spread::median;
use crate::config::DiskProfile;
use crate::observe::report::Bounds;
use crate::observe::time_use::TimeUse;

/// What is said of a group, and its seconds.
type Group = (&'static str, fn(&TimeUse) -> f64);

/// All that workers do and wait for: first what they compute.
pub const GROUPS: [Group; 12] = [
    ("parsing", |time| time.cpu.parse),
    ("the job's own code", |time| time.cpu.user),
    ("combining", |time| time.cpu.combine),
    ("encoding", |time| time.cpu.encode),
    ("sorting", |time| time.cpu.sort),
    ("merging", |time| time.cpu.merge),
    ("copying in memory", |time| time.cpu.copy),
    ("calls to files", |time| {
        let cpu = &time.cpu;
        cpu.read_input + cpu.write_output + cpu.read_intermediate + cpu.write_intermediate
    }),
    ("everything else", |time| time.cpu.other),
    ("waiting for the disk", TimeUse::disk_wait),
    ("waiting for locks and tasks", |time| time.wait.lock + time.wait.channel),
    ("waiting for a processor", |time| time.wait.processor),
];

/// The time of some runs: the median of each group, and of each bound.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TimeGroups {
    /// Seconds, as [`GROUPS`].
    pub seconds: [f64; GROUPS.len()],
    /// What the runs would have taken at least.
    pub bounds: Bounds,
}

impl TimeGroups {
    /// The medians over some runs; `None` where there are none.
    pub fn medians(runs: &[(TimeUse, Bounds)]) -> Option<Self> {
        if runs.is_empty() {
            return None;
        }
        let of = |figure: &dyn Fn(&(TimeUse, Bounds)) -> f64| {
            let mut values: Vec<f64> = runs.iter().map(figure).collect();
            values.sort_by(f64::total_cmp);
            median(&values)
        };
        Some(TimeGroups {
            seconds: GROUPS.map(|(_, group)| of(&|(time, _)| group(time))),
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

    /// The groups with the most time, each with its part of the whole; none below `least`.
    pub fn largest(&self, most: usize, least: f64) -> Vec<(&'static str, f64)> {
        let mut parts: Vec<(&str, f64)> =
            GROUPS.iter().zip(self.seconds).map(|((name, _), seconds)| (*name, seconds / self.total())).collect();
        parts.retain(|(_, part)| *part >= least);
        parts.sort_by(|a, b| b.1.total_cmp(&a.1));
        parts.truncate(most);
        parts
    }
}

/// The disk that a run's report says was emulated, as people read it.
pub fn emulated_disk(report: &Value) -> Option<String> {
    let profile = &report["disk_profile"];
    let profile = DiskProfile {
        name: profile["name"].as_str()?.to_owned(),
        bandwidth_bytes_per_second: profile["bandwidth_bytes_per_second"].as_u64()?,
        seek: Duration::try_from_secs_f64(profile["seek_seconds"].as_f64()?).ok()?,
    };
    Some(profile.to_string())
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
            "write_intermediate": 32768, "lock": 65536, "channel": 131072, "processor": 262144});
        let time: TimeUse = serde_json::from_value(json!({"cpu": cpu, "wait": wait})).unwrap();
        let groups = TimeGroups::medians(&[(time, Bounds::default())]).unwrap();
        assert_eq!(groups.total(), 524_287.0);
        assert_eq!(groups.largest(2, 0.0)[0], ("waiting for a processor", 262_144.0 / 524_287.0));
    }

    #[test]
    fn medians_are_taken_group_by_group() {
        let time = |sort, lock| {
            let (cpu, wait) = (Computing { sort, ..Computing::default() }, Waiting { lock, ..Waiting::default() });
            (TimeUse { cpu, wait }, Bounds { infinitely_fast_disk_seconds: sort, ..Bounds::default() })
        };
        let groups = TimeGroups::medians(&[time(1.0, 9.0), time(2.0, 1.0), time(9.0, 2.0)]).unwrap();
        assert_eq!(groups.largest(9, 0.01), [("sorting", 0.5), ("waiting for locks and tasks", 0.5)]);
        assert_eq!(groups.bounds.infinitely_fast_disk_seconds, 2.0);
    }

    #[test]
    fn an_emulated_disk_is_told_as_it_was_given() {
        let hdd: DiskProfile = "hdd".parse().unwrap();
        assert_eq!(emulated_disk(&json!({"disk_profile": hdd})), Some(hdd.to_string()));
        assert_eq!(emulated_disk(&json!({"mode": "reference"})), None);
    }
}
