//! The report of a run: the one serialised schema, which programs outside rely on.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize, Serializer};

use crate::config::{DiskProfile, Durability, Factors};
use crate::machine::{Machine, ProcessIo};
use crate::observe::counters::Counters;
use crate::observe::time_use::TimeUse;

/// What one run of a job did and what it cost. Serialises to the JSON of `--report`.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Version of this schema.
    pub schema: u32,
    /// Job name.
    pub job: String,
    /// `disk`, `memory` or `reference`.
    pub mode: String,
    /// The factors that were in force; `None` for the reference, which has no intermediates.
    pub factors: Option<Factors>,
    /// How data between jobs and the output were written; `None` for the reference.
    pub durability: Option<Durability>,
    /// The disk that was emulated below intermediates, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disk_profile: Option<DiskProfile>,
    /// Tasks that ran at the same time.
    pub workers: usize,
    /// Reduce tasks of the last job.
    pub reducers: u32,
    /// Bytes of input files as they lie on disk, each counted once per job that read it.
    pub input_bytes: u64,
    /// From the planning of the first job to the commit of the last.
    pub wall_seconds: f64,
    /// User and system time of the process in that span.
    pub cpu_seconds: f64,
    /// Largest resident size of the process so far (`VmHWM`).
    pub peak_rss_bytes: u64,
    /// Largest sum of reservations against the memory budget.
    pub peak_reserved_bytes: u64,
    /// Parsed parts of loop-invariant inputs that had to leave memory.
    pub evicted_parts: u64,
    /// Hadoop's `TaskCounter` and `FileSystemCounter`, summed over the successful attempts.
    pub counters: Counters,
    /// What the job's own code counted: group, name, value.
    pub user_counters: BTreeMap<String, BTreeMap<String, u64>>,
    /// `/proc/self/io` over the same span.
    pub process_io: ProcessIo,
    /// Whether the page cache was cold, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cold_cache: Option<ColdCache>,
    /// Where the time went, in the order of the data flow.
    pub phases: Vec<Phase>,
    /// Where the time of all workers went during the waves, all attempts included, and that of the driver between them;
    /// `None` for the reference.
    pub time: Option<TimeUse>,
    /// What could be gained; `None` for the reference.
    pub bounds: Option<Bounds>,
    /// Iterations of a loop, in order; empty for jobs without one.
    pub iterations: Vec<Iteration>,
    /// Every task attempt, in order of their ends.
    pub tasks: Vec<TaskReport>,
    /// What went wrong and was put right, in order.
    pub recoveries: Vec<Recovery>,
    /// What was taken up again of a run that was killed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resumed: Option<Resumed>,
    /// What it ran on.
    pub machine: Machine,
    /// What came out.
    pub output: OutputReport,
    /// What people should know: why a killed run was not gone on with, what could not be removed, what was guessed, which
    /// bytes were ignored, which settings were brought within limits.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What nobody had said and the job took for granted, such as `separator`: `comma`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub guessed: BTreeMap<String, String>,
}

/// What dropping cached pages came to: of a cold cache, what is read comes from the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct ColdCache {
    /// Bytes of input, and of map outputs in files that reducers took: all that was to be dropped before it was read.
    pub to_read_bytes: u64,
    /// Bytes that the process got from the device.
    pub from_device_bytes: u64,
    /// Whether at least nine tenths came from there. If not, the system kept the pages: it does on a file system in memory,
    /// and where something else has the files mapped.
    pub dropped: bool,
}

impl ColdCache {
    pub(crate) fn of(to_read_bytes: u64, process_io: ProcessIo) -> Self {
        let from_device_bytes = process_io.read_bytes;
        ColdCache { to_read_bytes, from_device_bytes, dropped: from_device_bytes >= to_read_bytes / 10 * 9 }
    }
}

/// One phase over all tasks.
#[derive(Clone, Debug, Serialize)]
pub struct Phase {
    /// `map`, `sort`, `spill`, `merge`, `shuffle`, `reduce` or `commit`.
    pub name: &'static str,
    /// Time during which at least one task was in the phase.
    pub wall_seconds: f64,
    /// Sum over the tasks of the time in the phase.
    pub busy_seconds: f64,
    /// Bytes that went through: read by map, sorted, spilled, written by merge passes, taken by reducers, written by
    /// reducers, committed.
    pub bytes: u64,
    /// Where the time of the tasks in the phase went; of successful attempts, like all of this.
    pub time: TimeUse,
}

/// Seconds that the run would have taken at least.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Bounds {
    /// Had nobody ever waited in a call to a file: with an infinitely fast disk. The system's copying remains.
    pub infinitely_fast_disk_seconds: f64,
    /// Had calls to intermediate files taken no time at all, neither waiting nor copying.
    pub free_intermediate_files_seconds: f64,
}

/// One iteration of a loop.
#[derive(Clone, Debug, Serialize)]
pub struct Iteration {
    /// From 0.
    pub index: usize,
    /// Its time.
    pub wall_seconds: f64,
}

/// One task attempt.
#[derive(Clone, Debug, Serialize)]
pub struct TaskReport {
    /// `map-00000` or `reduce-00000`; jobs after the first prefix theirs with `job2-`, `job3-`, …
    pub id: String,
    /// From 0.
    pub attempt: u32,
    /// How it ended.
    pub outcome: Outcome,
    /// Seconds from the start of the run.
    pub start_seconds: f64,
    /// Seconds from the start of the run.
    pub end_seconds: f64,
    /// Records read.
    pub records: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Where its time went.
    pub time: TimeUse,
    /// Why it failed, where it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// How a task attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Its output counts.
    Succeeded,
    /// It returned an error or panicked.
    Failed,
    /// It was stopped because the job ended, or because another attempt was faster.
    Killed,
}

/// Work that a killed run had done and this one did not do again.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Resumed {
    /// Jobs whose datasets were complete.
    pub jobs: u32,
    /// Map tasks whose outputs were complete, those of complete jobs included.
    pub map_tasks: u32,
    /// Bytes that they had read.
    pub bytes: u64,
    /// Time of workers that they had taken.
    pub seconds_saved: f64,
}

/// Something that went wrong and was put right.
#[derive(Clone, Debug, Serialize)]
pub struct Recovery {
    /// What was done about it.
    pub kind: RecoveryKind,
    /// The task that was run again.
    pub task: String,
    /// The number of the new attempt.
    pub attempt: u32,
    /// What had gone wrong.
    pub why: String,
    /// Time of a worker that it cost: the failed attempt's for a retry and a restart, the new attempt's for a rerun. A
    /// speculative attempt takes a worker that was idle.
    pub seconds_lost: f64,
}

/// What was done about something that went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RecoveryKind {
    /// An attempt failed, and the task was tried again.
    Retry,
    /// The output of a map task that had succeeded was lost, and the task was run again.
    Rerun,
    /// A reducer found the output of a map task lost, and began anew.
    Restart,
    /// A task lagged behind, and was attempted a second time side by side.
    Speculation,
}

fn lossy<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}

/// The committed output.
#[derive(Clone, Debug, Default, Serialize)]
pub struct OutputReport {
    /// The output directory. In JSON, bytes that are no UTF-8 are replaced.
    #[serde(serialize_with = "lossy")]
    pub path: PathBuf,
    /// Records in all parts.
    pub records: u64,
    /// Bytes in all parts.
    pub bytes: u64,
    /// `xxh3:` and 16 hexadecimal digits: XXH3-64 of the bytes of the parts in part order. It is computed after the clock
    /// has stopped, and only for those who ask ([`OutputReport::compute_digest`]).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}
