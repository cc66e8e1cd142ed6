//! The report of a run: the one serialised schema, which programs outside rely on.
//!
//! Entries that reports of earlier versions lack have a default, so that those can still be read.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize, Serializer};

use crate::config::{DiskProfile, Durability, Factors};
use crate::machine::{Machine, ProcessIo};
use crate::observe::counters::Counters;
use crate::observe::memory::MemoryUse;
use crate::observe::purpose::{Purpose, PurposeIo};
use crate::observe::time_use::TimeUse;

/// The report of one run: its work and its cost. Serialises to the JSON of `--report`, and is read
/// from it.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Report {
    /// Version of this schema.
    pub schema: u32,
    /// Job name.
    pub job: String,
    /// `disk`, `memory` or `reference`.
    pub mode: String,
    /// The factors that were in force; `None` for the reference, which has no intermediates.
    pub factors: Option<Factors>,
    /// Replication and syncing of data between jobs and the output; `None` for the reference.
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
    /// Bytes of the files that the run looked at or read, each counted once.
    #[serde(default)]
    pub input_file_bytes: u64,
    /// From the planning of the first job to the commit of the last.
    pub wall_seconds: f64,
    /// User and system time of the process in that span.
    pub cpu_seconds: f64,
    /// The system time within it.
    #[serde(default)]
    pub cpu_system_seconds: f64,
    /// User and system time of the programs that the job started, mappers and reducers of streaming, in that span.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub programs_cpu_seconds: f64,
    /// Largest resident size of the process so far (`VmHWM`).
    pub peak_rss_bytes: u64,
    /// Largest sum of reservations against the memory budget.
    #[serde(default)]
    pub peak_reserved_bytes: u64,
    /// Resident memory by purpose, at the moment when the process was largest; `None` for the reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_by_purpose: Option<MemoryUse>,
    /// Parsed parts of loop-invariant inputs that had to leave memory.
    #[serde(default)]
    pub evicted_parts: u64,
    /// Hadoop's `TaskCounter` and `FileSystemCounter`, summed over the successful attempts.
    pub counters: Counters,
    /// Counters of the job's own code: group, name, value.
    #[serde(default)]
    pub user_counters: BTreeMap<String, BTreeMap<String, u64>>,
    /// `/proc/self/io` over the same span.
    pub process_io: ProcessIo,
    /// The bytes read and written (`rchar` and `wchar`) by purpose; empty in reports of earlier versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub io_by_purpose: Vec<PurposeIo>,
    /// Work beyond one pass over the data.
    #[serde(default)]
    pub extra_work: ExtraWork,
    /// Whether the page cache was cold, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cold_cache: Option<ColdCache>,
    /// The phases, in the order of the data flow.
    pub phases: Vec<Phase>,
    /// Use of all workers' time, all attempts included: together it is the wall time times the number of workers. The driver
    /// works alone in place of one of the workers. `None` for the reference.
    pub time: Option<TimeUse>,
    /// Bounds on the possible gain; `None` for the reference.
    pub bounds: Option<Bounds>,
    /// Iterations of a loop, in order; empty for jobs without one.
    pub iterations: Vec<Iteration>,
    /// Every task attempt, in order of their ends.
    pub tasks: Vec<TaskReport>,
    /// Times at which the driver worked alone, in order; empty in reports of earlier versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub driver: Vec<DriverSpan>,
    /// Recoveries from failures, in order.
    #[serde(default)]
    pub recoveries: Vec<Recovery>,
    /// The engine that ran the tasks, if it was another one than this process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<EngineUse>,
    /// Work of a killed run that was taken up again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resumed: Option<Resumed>,
    /// The machine that the run was measured on.
    pub machine: Machine,
    /// The output.
    pub output: OutputReport,
    /// Sentences that people should read: the reason why a killed run was not resumed, files that could not be removed,
    /// guesses, ignored bytes, settings that were brought within limits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Properties of the input that the job guessed because no option said them, such as `separator`: `comma`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub guessed: BTreeMap<String, String>,
}

fn is_zero(seconds: &f64) -> bool {
    *seconds == 0.0
}

impl Report {
    /// The bytes that were read and written for a purpose; `None` where the report does not tell.
    pub fn io(&self, purpose: Purpose) -> Option<PurposeIo> {
        self.io_by_purpose.iter().find(|io| io.purpose == purpose).copied()
    }

    /// Number of times that the input was read, which need not be whole; `None` where the report does not tell.
    pub fn input_passes(&self) -> Option<f64> {
        let read = self.io(Purpose::Input)?.bytes_read;
        (self.input_file_bytes > 0).then(|| read as f64 / self.input_file_bytes as f64)
    }
}

/// Success of dropping cached pages: with a cold cache, everything that is read comes from the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct ColdCache {
    /// Bytes of input, and of map outputs in files that reducers took: all that was to be dropped before it was read.
    pub to_read_bytes: u64,
    /// Bytes that the process got from the device.
    pub from_device_bytes: u64,
    /// Whether at least nine tenths came from the device. If not, the system kept the pages: it does so on a file
    /// system in memory, and where another process has the files mapped.
    pub dropped: bool,
}

impl ColdCache {
    pub(crate) fn of(to_read_bytes: u64, process_io: ProcessIo) -> Self {
        let from_device_bytes = process_io.read_bytes;
        ColdCache { to_read_bytes, from_device_bytes, dropped: from_device_bytes >= to_read_bytes / 10 * 9 }
    }
}

/// One phase over all tasks.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Phase {
    /// `map`, `sort`, `spill`, `merge`, `shuffle` or `reduce` of tasks; `prepare`, `sample`, `commit` or `finish` of the driver.
    pub name: Cow<'static, str>,
    /// Time during which at least one task, or the driver, was in the phase.
    pub wall_seconds: f64,
    /// Sum over the tasks of the time in the phase, without waiting for a processor.
    pub busy_seconds: f64,
    /// Processor time in it.
    #[serde(default)]
    pub cpu_seconds: f64,
    /// Bytes that went through: read by map, sorted, spilled, written by merge passes, taken by reducers, written by
    /// reducers, committed.
    pub bytes: u64,
    /// Records that went through: read by map, sorted, spilled, written by merge passes, taken by reducers, read by reduce.
    #[serde(default)]
    pub records: u64,
    /// Bytes read from files.
    #[serde(default)]
    pub file_bytes_read: u64,
    /// Bytes written to files.
    #[serde(default)]
    pub file_bytes_written: u64,
    /// Bytes that went through pipes to commands and back.
    #[serde(default)]
    pub pipe_bytes: u64,
    /// Use of the tasks' time in the phase; of successful attempts only, like all figures here.
    #[serde(default)]
    pub time: TimeUse,
}

/// A time at which the driver worked alone.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct DriverSpan {
    /// `prepare`, `sample`, `commit` or `finish`.
    pub phase: Cow<'static, str>,
    /// Seconds from the start of the run.
    pub start_seconds: f64,
    /// Seconds from the start of the run.
    pub end_seconds: f64,
}

/// An engine that ran the tasks of a run. Processor time, memory and bytes in files are this process's own all the same, since
/// the cluster does not tell its.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct EngineUse {
    /// `hadoop`, `spark` or `batch`.
    pub name: String,
    /// Time that starting it took, before the wall time began.
    pub start_seconds: f64,
    /// Part of the wall time in which this machine sent inputs to the tasks, and fetched what they had left.
    #[serde(default)]
    pub transfer_seconds: f64,
}

/// Work beyond one pass over the data, summed over the successful attempts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct ExtraWork {
    /// Times that a sort buffer or a combiner's table was full before its task had emitted everything.
    pub full_buffers: u64,
    /// Merges of runs into a run, on both sides; the last merge, which feeds the reducer, is none of them.
    pub merges: u64,
    /// Most merges one after another that records of one task went through.
    pub merge_passes: u32,
    /// Runs that were to stay in memory and went to files, because the budget was full.
    pub overflowed_runs: u64,
    /// Bytes of these runs.
    pub overflowed_bytes: u64,
}

impl ExtraWork {
    /// Adds another attempt's.
    pub(crate) fn add(&mut self, other: &ExtraWork) {
        self.full_buffers += other.full_buffers;
        self.merges += other.merges;
        self.merge_passes = self.merge_passes.max(other.merge_passes);
        self.overflowed_runs += other.overflowed_runs;
        self.overflowed_bytes += other.overflowed_bytes;
    }
}

/// Seconds that the run would have taken at least.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Bounds {
    /// Bound with an infinitely fast disk: no call to a file ever waits. The system's copying remains.
    pub infinitely_fast_disk_seconds: f64,
    /// Bound if calls to intermediate files took no time at all, neither for waiting nor for copying.
    pub free_intermediate_files_seconds: f64,
}

/// One iteration of a loop.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Iteration {
    /// From 0.
    pub index: usize,
    /// Its time.
    pub wall_seconds: f64,
}

/// One task attempt.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct TaskReport {
    /// `map-00000` or `reduce-00000`; jobs after the first prefix theirs with `job2-`, `job3-`, …
    pub id: String,
    /// From 0.
    pub attempt: u32,
    /// Outcome of the attempt.
    pub outcome: Outcome,
    /// The worker that ran it, from 0; `None` in reports of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker: Option<u32>,
    /// The machine that ran it, where an engine tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Seconds from the start of the run.
    pub start_seconds: f64,
    /// Seconds from the start of the run.
    pub end_seconds: f64,
    /// Records read.
    pub records: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Use of its time.
    #[serde(default)]
    pub time: TimeUse,
    /// The error of an attempt that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Outcome of a task attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
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
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
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

/// A failure from which the run recovered.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Recovery {
    /// The remedy.
    pub kind: RecoveryKind,
    /// The task that was run again.
    pub task: String,
    /// The number of the new attempt.
    pub attempt: u32,
    /// The failure.
    pub why: String,
    /// Time of a worker that it cost: the failed attempt's for a retry and a restart, the new attempt's for a rerun, and for
    /// a speculation that of the slower attempt until it stopped.
    pub seconds_lost: f64,
}

/// A remedy for a failure.
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
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
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
