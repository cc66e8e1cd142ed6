//! The use of time: activities on a processor, and reasons for waiting.

use serde::{Deserialize, Serialize};

use crate::observe::activity::{Activity, Usage};
use crate::observe::purpose::TimedAs;

/// Time of threads, in seconds. All fields of both parts add up to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct TimeUse {
    /// On a processor.
    pub cpu: Computing,
    /// Not on a processor.
    pub wait: Waiting,
}

/// Seconds on a processor. The four kinds of calls to files are measured. The remainder is measured as a whole and
/// divided by samples, which are taken every few milliseconds; so short times are rough.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Computing {
    /// Finding records in input bytes, and decoding them.
    pub parse: f64,
    /// The job's mapper and reducer, and emitting to a table up to where a batch of records is folded.
    pub user: f64,
    /// Folding records into a table of accumulators.
    pub combine: f64,
    /// Encoding records in sort buffers, blocks and the output; checksums and compression.
    pub encode: f64,
    /// Sorting buffers.
    pub sort: f64,
    /// Merging runs, decoding them and combining equal keys on the way.
    pub merge: f64,
    /// Copying blocks into memory that keeps them.
    pub copy: f64,
    /// In calls that read input: the system copies from the page cache.
    pub read_input: f64,
    /// In calls that write the output.
    pub write_output: f64,
    /// In calls that read intermediate files.
    pub read_intermediate: f64,
    /// In calls that write intermediate files.
    pub write_intermediate: f64,
    /// Everything else: opening files, planning, bookkeeping.
    pub other: f64,
}

/// Seconds of waiting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Waiting {
    /// For input, in calls that read it.
    pub read_input: f64,
    /// For the output's file, in calls that write it.
    pub write_output: f64,
    /// For intermediate files, in calls that read them.
    pub read_intermediate: f64,
    /// For intermediate files, in calls that write them.
    pub write_intermediate: f64,
    /// For locks that another thread held.
    pub lock: f64,
    /// Of workers for a task: those of a wave wait for its last ones.
    pub channel: f64,
    /// Of workers while the driver works alone: before the first wave, between waves, and after the last.
    pub driver: f64,
    /// For a processor that others had. In the time of a phase, being asleep is not told apart from it.
    pub processor: f64,
    /// Asleep otherwise: in the job's own code, in a page fault, or for an injected fault.
    pub asleep: f64,
}

impl TimeUse {
    /// Converts a usage; computing without any sample is counted as `usual`.
    pub(crate) fn of(used: &Usage, usual: Activity) -> Self {
        let seconds = |nanos: u64| seconds(nanos as f64);
        let in_files: u64 = used.file_cpu_nanos.iter().sum();
        let computing = used.cpu_nanos.saturating_sub(in_files);
        let sampled: u64 = used.sampled_micros.iter().sum::<u64>() - used.sampled_micros[Activity::Away as usize];
        let share = |activity: Activity| match sampled {
            0 if activity == usual => seconds(computing),
            0 => 0.0,
            sampled => self::seconds(computing as f64 * used.sampled_micros[activity as usize] as f64 / sampled as f64),
        };
        let file_cpu = |kind: TimedAs| seconds(used.file_cpu_nanos[kind as usize]);
        let file_wait = |kind: TimedAs| seconds(used.file_wait_nanos[kind as usize]);
        let waited = used.file_wait_nanos.iter().sum::<u64>() + used.lock_wait_nanos;
        TimeUse {
            cpu: Computing {
                parse: share(Activity::Parse),
                user: share(Activity::User),
                combine: share(Activity::Combine),
                encode: share(Activity::Encode),
                sort: share(Activity::Sort),
                merge: share(Activity::Merge),
                copy: share(Activity::Copy),
                read_input: file_cpu(TimedAs::ReadInput),
                write_output: file_cpu(TimedAs::WriteOutput),
                read_intermediate: file_cpu(TimedAs::ReadIntermediate),
                write_intermediate: file_cpu(TimedAs::WriteIntermediate),
                other: share(Activity::Other),
            },
            wait: Waiting {
                read_input: file_wait(TimedAs::ReadInput),
                write_output: file_wait(TimedAs::WriteOutput),
                read_intermediate: file_wait(TimedAs::ReadIntermediate),
                write_intermediate: file_wait(TimedAs::WriteIntermediate),
                lock: seconds(used.lock_wait_nanos),
                channel: 0.0,
                driver: 0.0,
                processor: seconds(used.processor_wait_nanos),
                asleep: seconds(used.wall_nanos.saturating_sub(used.cpu_nanos + waited + used.processor_wait_nanos)),
            },
        }
    }

    /// All of it.
    pub fn total(&self) -> f64 {
        let Waiting { read_input, write_output, read_intermediate, write_intermediate, lock, channel, .. } = self.wait;
        let Waiting { driver, processor, asleep, .. } = self.wait;
        let files = read_input + write_output + read_intermediate + write_intermediate;
        self.cpu.total() + files + lock + channel + driver + processor + asleep
    }

    /// Time with something to do and a processor to do it on, or in calls to files and for locks. The rest is waiting for
    /// a processor, being asleep, and having nothing to do.
    pub fn busy(&self) -> f64 {
        self.cpu.total() + self.disk_wait() + self.wait.lock
    }

    /// Waiting in calls to files, of input, output and intermediates.
    pub fn disk_wait(&self) -> f64 {
        let Waiting { read_input, write_output, read_intermediate, write_intermediate, .. } = self.wait;
        read_input + write_output + read_intermediate + write_intermediate
    }

    /// All of the time in calls to intermediate files.
    pub fn intermediate_files(&self) -> f64 {
        let of = |read, write| read + write;
        of(self.cpu.read_intermediate, self.cpu.write_intermediate)
            + of(self.wait.read_intermediate, self.wait.write_intermediate)
    }
}

impl Computing {
    /// All of it.
    pub fn total(&self) -> f64 {
        let Computing { parse, user, combine, encode, sort, merge, copy, other, .. } = self;
        parse + user + combine + encode + sort + merge + copy + other + self.in_files()
    }

    /// In calls to files.
    pub fn in_files(&self) -> f64 {
        self.read_input + self.write_output + self.read_intermediate + self.write_intermediate
    }
}

/// Seconds, rounded to microseconds, below which the figures mean nothing.
fn seconds(nanos: f64) -> f64 {
    (nanos / 1e3).round() / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up_to_the_time() {
        let mut used = Usage {
            wall_nanos: 10_000_000_000,
            cpu_nanos: 7_000_000_000,
            file_cpu_nanos: [500_000_000, 0, 250_000_000, 250_000_000],
            file_wait_nanos: [0, 0, 1_000_000_000, 500_000_000],
            lock_wait_nanos: 100_000_000,
            processor_wait_nanos: 900_000_000,
            ..Usage::default()
        };
        used.sampled_micros[Activity::User as usize] = 2;
        used.sampled_micros[Activity::Sort as usize] = 1;
        used.sampled_micros[Activity::Away as usize] = 5;
        let time = TimeUse::of(&used, Activity::Other);
        assert_eq!((time.cpu.user, time.cpu.sort, time.cpu.other), (4.0, 2.0, 0.0));
        assert!((time.disk_wait() - 1.5).abs() < 1e-9 && (time.intermediate_files() - 2.0).abs() < 1e-9);
        assert_eq!((time.wait.processor, time.wait.asleep), (0.9, 0.5));
        assert!((time.busy() - 8.6).abs() < 1e-9 && (time.total() - 10.0).abs() < 1e-9, "{time:?}");
        let all = serde_json::to_value(time).unwrap();
        let sum: f64 = all
            .as_object()
            .unwrap()
            .values()
            .flat_map(|part| part.as_object().unwrap().values())
            .map(|seconds| seconds.as_f64().unwrap())
            .sum();
        assert!((sum - 10.0).abs() < 1e-9, "{all}");
    }

    #[test]
    fn computing_without_samples_is_what_it_usually_is() {
        let used = Usage { wall_nanos: 1_000_000, cpu_nanos: 1_000_000, ..Usage::default() };
        assert_eq!(TimeUse::of(&used, Activity::Sort).cpu.sort, 0.001);
    }
}
