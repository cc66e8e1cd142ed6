//! How a job is run: the mode and its factors, budgets, and where things lie.
//!
//! Nothing here changes a job's output except [`JobConfig::reducers`], which sets the number of parts.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::pipeline::bad_records::BadRecords;
use crate::pipeline::inputs::Inputs;
use crate::runtime::cancel::CancelToken;
use crate::runtime::identity::Identity;
use crate::runtime::inject::FaultLab;
use crate::runtime::progress::Progress;

/// Smallest sort buffer that is honoured; a smaller setting is [raised](JobConfig::within_limits) to it.
pub const MIN_SORT_BUFFER_BYTES: u64 = 32 << 10;
/// Smallest memory budget for each worker, a smallest sort buffer and as much for what else is kept in memory; a smaller
/// budget is [raised](JobConfig::within_limits) to it.
pub const MIN_MEMORY_BYTES_PER_WORKER: u64 = 2 * MIN_SORT_BUFFER_BYTES;
/// Most tasks that run at the same time: more threads than that gain nothing on any machine, and each has its sort buffer.
pub const MAX_WORKERS: usize = 1_024;
/// Most reducers a job may have: the partition number has 16 bits in the sort index.
pub const MAX_REDUCERS: u32 = 65_536;
/// Most map tasks a job may have: 32 TiB in default splits. What the driver knows of one takes about half a kilobyte.
pub const MAX_MAP_TASKS: u64 = 250_000;
/// Most runs that one merge pass reads; open files bound it as well.
pub const MAX_MERGE_FACTOR: usize = 65_536;
/// Most attempts that a task gets.
pub const MAX_ATTEMPTS: u32 = 10_000;
/// Most copies of data between jobs: HDFS's own most (`dfs.replication.max`).
pub const MAX_REPLICATION: u32 = 512;

/// Where intermediate data is kept: a preset of [`Factors`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Hadoop's way: every map output record lies in a file before a reducer reads it, and every job's output lies in
    /// files before the next job reads it.
    Disk,
    /// Spark's way: map outputs and the data between jobs stay in memory while the budget holds.
    Memory,
}

impl Mode {
    /// The name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Mode::Disk => "disk",
            Mode::Memory => "memory",
        }
    }
}

/// A place for data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Medium {
    /// Files in the work directory.
    Disk,
    /// The process's memory, within [`JobConfig::memory_bytes`].
    Memory,
}

/// What happens to an input that does not change between the iterations of a loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Invariant {
    /// Read and parsed anew in each iteration, as Hadoop does.
    Reread,
    /// Parsed once and kept, Spark's `cache()`.
    Cached,
}

/// How records meet their equals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Grouping {
    /// By sorting, as Hadoop does.
    Sort,
    /// By hashing, as Spark's `reduceByKey` does: map outputs are left unsorted. A reducer gathers equal keys in a table
    /// where the job has a combiner, and sorts all its records at once where it has none; in the end they are sorted either
    /// way, because output is.
    Hash,
}

/// The independent choices that a [`Mode`] is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Factors {
    /// Where map outputs lie until the reducers take them.
    pub map_output: Medium,
    /// Where a job's output lies when another job reads it.
    pub between_jobs: Medium,
    /// What happens to loop-invariant inputs.
    pub invariant: Invariant,
    /// How records are grouped by key; the same in both modes.
    pub grouping: Grouping,
}

impl From<Mode> for Factors {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Disk => Factors {
                map_output: Medium::Disk,
                between_jobs: Medium::Disk,
                invariant: Invariant::Reread,
                grouping: Grouping::Sort,
            },
            Mode::Memory => Factors {
                map_output: Medium::Memory,
                between_jobs: Medium::Memory,
                invariant: Invariant::Cached,
                grouping: Grouping::Sort,
            },
        }
    }
}

/// Compression of run blocks in files (`mapreduce.map.output.compress.codec`). Runs in memory are never compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// As they are.
    #[default]
    None,
    /// LZ4 blocks.
    Lz4,
    /// Zstandard, level 1.
    Zstd,
}

/// What memory mode does when a run no longer fits the budget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnFull {
    /// The run goes to a file, as in disk mode.
    #[default]
    Spill,
    /// The job fails with [`Error::MemoryFull`].
    Fail,
}

/// What happens to an output directory that is there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ExistingOutput {
    /// The job is refused before any work.
    #[default]
    Refuse,
    /// It is replaced, once the new output is complete.
    Overwrite,
}

/// What happens to map outputs after the job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Intermediates {
    /// They are removed.
    #[default]
    Remove,
    /// Those that lie in files stay there, for `twinmill inspect`.
    Keep,
}

/// The state of the page cache that a phase begins with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PageCache {
    /// As it is.
    #[default]
    Warm,
    /// Pages of inputs and intermediates are dropped before they are read (`posix_fadvise(DONTNEED)` after a sync).
    Cold,
}

/// What happens to a task that takes much longer than the others of its wave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Stragglers {
    /// It is waited for.
    #[default]
    Wait,
    /// Where a worker is idle, a second attempt is begun beside the first; the first to succeed wins, the other is stopped
    /// (`mapreduce.map.speculative`). The output is the same if the job's code is deterministic.
    Speculate,
}

/// When data between jobs, and the output, counts as written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Sync {
    /// When the system has it, in the page cache.
    #[default]
    Cache,
    /// When it lies on the device: files and their directories are synced (`dfs.datanode.synconclose`).
    Device,
}

/// What data between jobs, and the output, survive: as in HDFS, where map outputs are neither copied nor synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Durability {
    /// Files that each partition of a dataset between jobs is written to, where it lies on disk (`dfs.replication`). A
    /// damaged block is read from the next one. The output is written once.
    pub replication: u32,
    /// When it counts as written.
    pub sync: Sync,
}

impl Default for Durability {
    fn default() -> Self {
        Durability { replication: 1, sync: Sync::default() }
    }
}

/// A disk that is emulated below intermediate files and data between jobs, so that the machines of old can be shown on new
/// ones. Inputs and the output are read and written as fast as this machine can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskProfile {
    /// `hdd`, `sata-ssd`, `nvme`, or as it was written.
    pub name: String,
    /// Bytes that it reads or writes in a second, in sequence.
    pub bandwidth_bytes_per_second: u64,
    /// Time until it has found a place that is not where it was.
    pub seek: Duration,
}

impl DiskProfile {
    /// Disks that are known by name, each as data sheets of its kind have it: a drive of 7,200 revolutions a minute (6 ms to
    /// move its heads, 4 ms half a turn), an SSD as fast as SATA allows, and one on four lanes of PCIe 3.
    pub const NAMED: [(&str, u64, Duration); 3] = [
        ("hdd", 150_000_000, Duration::from_millis(10)),
        ("sata-ssd", 500_000_000, Duration::from_micros(100)),
        ("nvme", 3_000_000_000, Duration::from_micros(20)),
    ];
}

impl FromStr for DiskProfile {
    type Err = String;

    /// A name, or bandwidth a second and seek time: `200MB,8ms`.
    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.to_owned();
        if let Some((_, bandwidth, seek)) = Self::NAMED.into_iter().find(|(known, ..)| *known == text) {
            return Ok(DiskProfile { name, bandwidth_bytes_per_second: bandwidth, seek });
        }
        let (bandwidth, seek) = text.split_once(',').ok_or_else(|| {
            format!("'{text}' is no disk; name hdd, sata-ssd or nvme, or BANDWIDTH,SEEK like 200MB,8ms")
        })?;
        let ByteSize(bandwidth_bytes_per_second) = bandwidth.parse()?;
        if bandwidth_bytes_per_second == 0 {
            return Err("a disk must have some bandwidth".into());
        }
        let seek = if ["0", "0ms", "0s"].contains(&seek.trim()) { Duration::ZERO } else { parse_duration(seek)? };
        Ok(DiskProfile { name, bandwidth_bytes_per_second, seek })
    }
}

impl fmt::Display for DiskProfile {
    /// `emulated disk hdd (150 MB/s, 10 ms a seek)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (bandwidth, seek) = (self.bandwidth_bytes_per_second as f64 / 1e6, self.seek.as_secs_f64() * 1e3);
        let name = if Self::NAMED.iter().any(|(known, ..)| *known == self.name) { &self.name[..] } else { "" };
        let space = if name.is_empty() { "" } else { " " };
        write!(f, "emulated disk{space}{name} ({bandwidth} MB/s, {seek} ms a seek)")
    }
}

impl serde::Serialize for DiskProfile {
    /// With units in the names, and saying that it is emulated.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;

        let mut fields = serializer.serialize_struct("DiskProfile", 4)?;
        fields.serialize_field("emulated", &true)?;
        fields.serialize_field("name", &self.name)?;
        fields.serialize_field("bandwidth_bytes_per_second", &self.bandwidth_bytes_per_second)?;
        fields.serialize_field("seek_seconds", &self.seek.as_secs_f64())?;
        fields.end()
    }
}

/// Whether a run in disk mode can go on after the process was killed. Memory mode starts over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Resume {
    /// Nothing is written down.
    #[default]
    Off,
    /// A journal is kept, and what killed runs left is removed.
    Record(Identity),
    /// What a killed run of the same identity had completed is taken up again.
    Continue(Identity),
}

impl Resume {
    /// Which run this is, where that matters.
    pub fn identity(&mut self) -> Option<&mut Identity> {
        match self {
            Resume::Off => None,
            Resume::Record(identity) | Resume::Continue(identity) => Some(identity),
        }
    }
}

/// Everything that is set for one run of a job.
#[derive(Clone, Debug)]
pub struct JobConfig {
    /// The preset that [`factors`](Self::factors) came from; reported.
    pub mode: Mode,
    /// Where intermediates are kept.
    pub factors: Factors,
    /// The output directory; it must not exist unless [`existing_output`](Self::existing_output) allows it.
    pub output: Option<PathBuf>,
    /// What to do with an output directory that exists.
    pub existing_output: ExistingOutput,
    /// Files that the program reads beside the inputs of its jobs: its answer depends on them, so a run is
    /// [gone on with](Self::resume) only while they are as they were, and no output may take their place. Default: none.
    pub side_inputs: Vec<PathBuf>,
    /// Reduce tasks, and so parts of the output (`mapreduce.job.reduces`). 0 writes the map output as it is. Default:
    /// the machine's processors, whatever the number of workers, so that the output does not depend on that.
    pub reducers: u32,
    /// Tasks that run at the same time. Default: the machine's processors.
    pub workers: usize,
    /// Budget for sort buffers and for runs in memory. Default: 60 % of the memory available, Spark's
    /// `spark.memory.fraction`.
    pub memory_bytes: u64,
    /// Sort buffer of one map task, index included (`io.sort.mb`). Default 100 MiB. Larger: fewer spills to merge;
    /// smaller: less memory and better use of the processor's caches. Never more than its share of `memory_bytes`.
    pub sort_buffer_bytes: u64,
    /// Most runs that one merge pass reads (`io.sort.factor`). Default 64. Larger: fewer passes; smaller: fewer files
    /// open and fewer block buffers.
    pub merge_factor: usize,
    /// Most bytes of input a map task gets. Default 128 MiB, or less so that there are as many splits as workers, and the map
    /// tasks that [faults](Self::faults) strike.
    pub split_bytes: Option<u64>,
    /// Compression of run blocks in files.
    pub compression: Compression,
    /// Directory in which the run makes its own private directory. Default: `$TMPDIR`, else `/var/tmp`, which unlike
    /// `/tmp` is on a disk on most systems.
    pub work_dir: PathBuf,
    /// Copies of data between jobs, and whether they are synced. Default: one, not synced.
    pub durability: Durability,
    /// A disk to emulate below intermediate files and data between jobs. Default: none.
    pub disk_profile: Option<DiskProfile>,
    /// Whether map outputs in files outlive the job.
    pub intermediates: Intermediates,
    /// State of the page cache between phases.
    pub page_cache: PageCache,
    /// What memory mode does over its budget.
    pub on_full: OnFull,
    /// Attempts that a task gets (`mapreduce.map.maxattempts`). Default 4.
    pub max_attempts: u32,
    /// How long an attempt may run before it is stopped and has failed (`mapreduce.task.timeout`, which counts from the last
    /// sign of life). Default: as long as it likes. Attempts notice between records, blocks and groups; code that stays in one
    /// call for good cannot be stopped.
    pub task_timeout: Option<Duration>,
    /// What to do about tasks that lag behind.
    pub stragglers: Stragglers,
    /// How many records on which the job's code fails may be skipped (`mapreduce.map.skip.maxrecords`), and which were: a
    /// driver begins with none of them. Default: 0.
    pub bad_records: Arc<BadRecords>,
    /// Whether another process can go on after this one was killed, and whether this one does. Default: neither.
    pub resume: Resume,
    /// Failures made on purpose ([fault lab](crate::runtime::inject)). Default: none.
    pub faults: FaultLab,
    /// Tells a running job to stop.
    pub cancel: CancelToken,
    /// How far the job is; read it from another thread.
    pub progress: Arc<Progress>,
    /// What is known of the files that the run reads: a driver begins with nothing.
    pub inputs: Inputs,
}

impl JobConfig {
    /// The defaults of a mode.
    pub fn new(mode: Mode) -> Self {
        let processors = crate::observe::limits::processors();
        JobConfig {
            mode,
            factors: mode.into(),
            output: None,
            existing_output: ExistingOutput::default(),
            side_inputs: Vec::new(),
            reducers: processors as u32,
            workers: processors,
            memory_bytes: default_memory_bytes(),
            sort_buffer_bytes: 100 << 20,
            merge_factor: 64,
            split_bytes: None,
            compression: Compression::default(),
            work_dir: default_work_dir(),
            durability: Durability::default(),
            disk_profile: None,
            intermediates: Intermediates::default(),
            page_cache: PageCache::default(),
            on_full: OnFull::default(),
            max_attempts: 4,
            task_timeout: None,
            stragglers: Stragglers::default(),
            bad_records: Arc::default(),
            resume: Resume::default(),
            faults: FaultLab::default(),
            cancel: CancelToken::default(),
            progress: Arc::default(),
            inputs: Inputs::default(),
        }
    }

    /// Sets the output directory.
    pub fn output(mut self, dir: impl Into<PathBuf>) -> Self {
        self.output = Some(dir.into());
        self
    }

    /// Sets the number of reduce tasks.
    pub fn reducers(mut self, reducers: u32) -> Self {
        self.reducers = reducers;
        self
    }

    /// Checks the settings that are numbers of something against their least and most. Sizes are refused only where they are
    /// zero; others are brought [within limits](Self::within_limits).
    ///
    /// # Errors
    /// [`Error::Config`] that names the setting as the command line does, its least or most, and what was given.
    pub fn validate(&self) -> Result<()> {
        let Durability { replication, .. } = self.durability;
        let numbers = [
            ("--workers", 1, MAX_WORKERS as u64, self.workers as u64),
            ("--reducers", 0, MAX_REDUCERS.into(), self.reducers.into()),
            ("--merge-factor", 2, MAX_MERGE_FACTOR as u64, self.merge_factor as u64),
            ("--max-attempts", 1, MAX_ATTEMPTS.into(), self.max_attempts.into()),
            ("--replication", 1, MAX_REPLICATION.into(), replication.into()),
            ("--split-size", 1, u64::MAX, self.split_bytes.unwrap_or(1)),
            ("--sort-buffer", 1, u64::MAX, self.sort_buffer_bytes),
            ("--memory", 1, u64::MAX, self.memory_bytes),
        ];
        numbers.into_iter().try_for_each(|(option, least, most, given)| check_number(option, least, most, given))
    }

    /// Brings the sizes within what makes sense: a sort buffer or a budget below the least is raised to it, a budget above
    /// all memory that the process can have is lowered to that. Gives a sentence for each that was changed.
    pub fn within_limits(mut self) -> (Self, Vec<String>) {
        let most_memory_bytes = crate::observe::limits::most_memory_bytes();
        let least_memory_bytes = self.least_memory_bytes();
        let mut changed = Vec::new();
        let mut bring = |option: &str, bytes: &mut u64, to: u64, why: &str| {
            changed.push(format!("{option} {} is {why}; {} is used", Exactly(*bytes), Exactly(to)));
            *bytes = to;
        };
        if self.sort_buffer_bytes < MIN_SORT_BUFFER_BYTES {
            bring("--sort-buffer", &mut self.sort_buffer_bytes, MIN_SORT_BUFFER_BYTES, "below the least that works");
        }
        if self.memory_bytes > most_memory_bytes {
            let why = "more than this process can have";
            bring("--memory", &mut self.memory_bytes, most_memory_bytes, why);
        }
        if self.memory_bytes < least_memory_bytes {
            let why = format!("below the least for {} workers", self.workers);
            bring("--memory", &mut self.memory_bytes, least_memory_bytes, &why);
        }
        (self, changed)
    }

    /// The smallest budget for these workers.
    pub fn least_memory_bytes(&self) -> u64 {
        MIN_MEMORY_BYTES_PER_WORKER * self.workers as u64
    }

    /// Sort buffer of one map task: the setting, or this task's share of the memory budget where that is less. Half of the
    /// budget is left to what else is kept in memory, if anything is.
    pub(crate) fn task_sort_buffer_bytes(&self) -> usize {
        let only_buffers = self.factors == Factors::from(Mode::Disk);
        let for_buffers = if only_buffers { self.memory_bytes } else { self.memory_bytes / 2 };
        let share = for_buffers / self.workers as u64;
        self.sort_buffer_bytes.min(share).max(MIN_SORT_BUFFER_BYTES) as usize
    }

    /// Sort buffers of all tasks that run at the same time.
    pub(crate) fn sort_buffers_bytes(&self) -> u64 {
        self.workers as u64 * self.task_sort_buffer_bytes() as u64
    }

    /// Size to which run blocks are filled: large enough that a block is worth a system call, small enough that the
    /// blocks of a full merge on every worker stay well within a small budget.
    pub(crate) fn block_bytes(&self) -> usize {
        const SMALLEST: u64 = 4 << 10;
        const LARGEST: u64 = 256 << 10;
        let merge_blocks = 4 * self.merge_factor.min(64) as u64 * self.workers as u64;
        (self.memory_bytes / merge_blocks).clamp(SMALLEST, LARGEST) as usize
    }
}

/// Refuses a number of something that is out of range, naming the option, the least or the most, and what was given.
///
/// # Errors
/// [`Error::Config`].
pub fn check_number(option: &str, least: u64, most: u64, given: u64) -> Result<()> {
    if given < least {
        return Err(Error::Config(format!("{option} must be at least {least}, got {given}")));
    }
    if given > most {
        return Err(Error::Config(format!("{option} must be at most {most}, got {given}")));
    }
    Ok(())
}

/// A number of bytes in messages: with a unit where it is whole in that, else to the byte.
struct Exactly(u64);

impl fmt::Display for Exactly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Exactly(bytes) = *self;
        let units = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
        match units.into_iter().find(|(_, shift)| bytes >> shift > 0 && bytes.is_multiple_of(1 << shift)) {
            Some((unit, shift)) => write!(f, "{} {unit}", bytes >> shift),
            None => write!(f, "{bytes} bytes"),
        }
    }
}

fn default_memory_bytes() -> u64 {
    crate::observe::limits::available_memory_bytes() / 5 * 3
}

fn default_work_dir() -> PathBuf {
    if let Some(dir) = std::env::var_os("TMPDIR").filter(|dir| !dir.is_empty()) {
        return dir.into();
    }
    let var_tmp = Path::new("/var/tmp");
    if var_tmp.is_dir() { var_tmp.to_owned() } else { std::env::temp_dir() }
}

/// A number of bytes as people write it: `512MiB`, `1GB`, `64k`, `100`. `k`, `M`, `G`, `T` alone and with `iB` are powers
/// of 1024; with `B` they are powers of 1000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub u64);

impl FromStr for ByteSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let number_end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, unit) = (&text[..number_end], text[number_end..].trim().to_ascii_lowercase());
        let expected = || format!("'{text}' is not a size; write it like 512MiB, 1GB or 64k");
        let (base, letter) = match unit.strip_suffix('b') {
            Some(rest) => match rest.strip_suffix('i') {
                Some(letter) => (1024u64, letter),
                None => (1000, rest),
            },
            None => (1024, unit.as_str()),
        };
        let power = match letter {
            "" => 0,
            "k" => 1,
            "m" => 2,
            "g" => 3,
            "t" => 4,
            _ => return Err(expected()),
        };
        let factor = base.pow(power);
        let bytes = match number.parse::<u64>() {
            Ok(whole) => whole.checked_mul(factor).ok_or_else(|| format!("'{text}' is too large"))?,
            Err(_) => {
                let fraction = number.parse::<f64>().map_err(|_| expected())? * factor as f64;
                if !fraction.is_finite() || fraction >= u64::MAX as f64 {
                    return Err(format!("'{text}' is too large"));
                }
                fraction as u64
            }
        };
        Ok(ByteSize(bytes))
    }
}

/// A time as people write it: `5s`, `250ms`, `1.5m`, `1h`; not zero.
///
/// # Errors
/// What to write instead.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let number_end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let seconds = match text[number_end..].trim() {
        "ms" => Some(0.001),
        "s" => Some(1.0),
        "m" | "min" => Some(60.0),
        "h" => Some(3600.0),
        _ => None,
    };
    let number = text[..number_end].parse::<f64>().ok();
    let duration = seconds.zip(number).and_then(|(unit, number)| Duration::try_from_secs_f64(unit * number).ok());
    let largest = Duration::from_secs(1 << 32);
    duration
        .filter(|duration| !duration.is_zero() && *duration <= largest)
        .ok_or_else(|| format!("'{text}' is not a time; write it like 5s, 250ms or 1.5m"))
}

impl fmt::Display for ByteSize {
    /// Three significant digits with a binary unit.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
        let mut value = self.0 as f64;
        let mut unit = 0;
        while value >= 1000.0 && unit + 1 < UNITS.len() {
            value /= 1024.0;
            unit += 1;
        }
        let decimals = if unit == 0 || value >= 100.0 { 0 } else { usize::from(value < 10.0) + 1 };
        f.pad(&format!("{value:.decimals$} {}", UNITS[unit]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        let cases = [
            ("512MiB", 512 << 20),
            ("1GB", 1_000_000_000),
            ("64k", 64 << 10),
            ("100", 100),
            ("1.5 KiB", 1536),
            ("0", 0),
        ];
        for (text, bytes) in cases {
            assert_eq!(text.parse(), Ok(ByteSize(bytes)), "{text}");
        }
        for text in ["", "MiB", "12 parsecs", "-1", "1e3", "99999999999T", "1.2.3M"] {
            assert!(text.parse::<ByteSize>().is_err(), "{text}");
        }
    }

    #[test]
    fn times_are_read_as_people_write_them() {
        for (text, millis) in [("5s", 5000), ("250ms", 250), ("1.5m", 90_000), ("2 min", 120_000), ("1h", 3_600_000)] {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "s", "5", "0s", "-1s", "1e3s", "5 parsecs", "99999999999999999h", "1.2.3s"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn disks_have_names_or_figures() {
        let hdd: DiskProfile = "hdd".parse().unwrap();
        assert_eq!((hdd.bandwidth_bytes_per_second, hdd.seek), (150_000_000, Duration::from_millis(10)));
        assert_eq!(hdd.to_string(), "emulated disk hdd (150 MB/s, 10 ms a seek)");
        let slow: DiskProfile = "200MB, 0.5ms".parse().unwrap();
        assert_eq!((slow.bandwidth_bytes_per_second, slow.seek), (200_000_000, Duration::from_micros(500)));
        assert_eq!(slow.to_string(), "emulated disk (200 MB/s, 0.5 ms a seek)");
        assert_eq!("1GB,0".parse::<DiskProfile>().unwrap().seek, Duration::ZERO);
        for text in ["", "floppy", "hdd,1ms", "1GB", "0,1ms", "1GB,1", "1GB,-1ms", "1GB,1ms,1ms", ",", "1GB,", "1GB,0x"]
        {
            assert!(text.parse::<DiskProfile>().is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_print_with_three_digits() {
        assert_eq!(ByteSize(0).to_string(), "0 B");
        assert_eq!(ByteSize(1536).to_string(), "1.50 KiB");
        assert_eq!(ByteSize(512 << 20).to_string(), "512 MiB");
        assert_eq!(ByteSize(1_000_000_000).to_string(), "954 MiB");
    }

    /// What validation says of a setting that `set` makes.
    fn refused(set: impl Fn(&mut JobConfig)) -> String {
        let mut config = JobConfig::new(Mode::Disk);
        set(&mut config);
        match config.validate() {
            Err(Error::Config(message)) => message,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn validation_names_the_setting_its_range_and_what_was_given() {
        assert_eq!(refused(|c| c.workers = 0), "--workers must be at least 1, got 0");
        assert_eq!(refused(|c| c.workers = usize::MAX), "--workers must be at most 1024, got 18446744073709551615");
        assert_eq!(refused(|c| c.reducers = 65_537), "--reducers must be at most 65536, got 65537");
        assert_eq!(refused(|c| c.merge_factor = 1), "--merge-factor must be at least 2, got 1");
        assert_eq!(refused(|c| c.merge_factor = 70_000), "--merge-factor must be at most 65536, got 70000");
        assert_eq!(refused(|c| c.split_bytes = Some(0)), "--split-size must be at least 1, got 0");
        assert_eq!(refused(|c| c.max_attempts = 0), "--max-attempts must be at least 1, got 0");
        assert_eq!(refused(|c| c.max_attempts = u32::MAX), "--max-attempts must be at most 10000, got 4294967295");
        let replicated = refused(|c| c.durability.replication = 4_000_000_000);
        assert_eq!(replicated, "--replication must be at most 512, got 4000000000");
        let mut most = JobConfig::new(Mode::Disk);
        (most.workers, most.reducers, most.merge_factor) = (MAX_WORKERS, MAX_REDUCERS, MAX_MERGE_FACTOR);
        (most.max_attempts, most.durability.replication) = (MAX_ATTEMPTS, MAX_REPLICATION);
        most.split_bytes = Some(u64::MAX);
        most.validate().unwrap();
    }

    #[test]
    fn sizes_that_make_no_sense_are_brought_within_limits_and_said() {
        let sizes = |memory_bytes, sort_buffer_bytes| {
            let mut config = JobConfig::new(Mode::Memory);
            (config.workers, config.memory_bytes, config.sort_buffer_bytes) = (2, memory_bytes, sort_buffer_bytes);
            let (config, said) = config.within_limits();
            assert!(config.clone().within_limits().1.is_empty(), "once is enough");
            (config.memory_bytes, config.sort_buffer_bytes, said)
        };
        for sound in [(1 << 20, 100 << 20), (128 << 10, 32 << 10)] {
            assert_eq!(sizes(sound.0, sound.1), (sound.0, sound.1, Vec::new()));
        }
        let (memory, buffer, said) = sizes(10, 1);
        assert_eq!((memory, buffer), (128 << 10, 32 << 10));
        assert_eq!(
            said,
            [
                "--sort-buffer 1 bytes is below the least that works; 32 KiB is used",
                "--memory 10 bytes is below the least for 2 workers; 128 KiB is used"
            ]
        );
        let (memory, _, said) = sizes(u64::MAX, 1 << 20);
        assert!(memory <= crate::observe::limits::most_memory_bytes());
        assert!(said.len() == 1 && said[0].contains("more than this process can have"), "{said:?}");
    }
}
