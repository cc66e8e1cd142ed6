//! All settings of a run, with their defaults and limits.
//!
//! Nothing here changes a job's output except [`JobConfig::reducers`], which sets the number of parts.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::config::choices::{
    Combining, Compression, Durability, ExistingOutput, Factors, Intermediates, Mode, OnFull, PageCache, PartForm,
    SplitRule, Stragglers,
};
use crate::config::disk_profile::DiskProfile;
use crate::config::faults::FaultLab;
use crate::config::identity::Resume;
use crate::error::{Error, Result};
use crate::quantity::Exactly;

/// Smallest sort buffer that is honoured; a smaller setting is [raised](JobConfig::within_limits) to it.
pub const MIN_SORT_BUFFER_BYTES: u64 = 32 << 10;
/// Smallest memory budget for each worker: the smallest sort buffer, and as much for everything else that is kept in
/// memory. A smaller budget is [raised](JobConfig::within_limits) to it.
pub const MIN_MEMORY_BYTES_PER_WORKER: u64 = 2 * MIN_SORT_BUFFER_BYTES;
/// Most tasks that run at the same time: more threads than that gain nothing on any machine, and each has its sort buffer.
pub const MAX_WORKERS: usize = 1_024;
/// Most reducers a job may have: the partition number has 16 bits in the sort index.
pub const MAX_REDUCERS: u32 = 65_536;
/// Most map tasks a job may have: 32 TiB in default splits. The driver keeps about half a kilobyte for each.
pub const MAX_MAP_TASKS: u64 = 250_000;
/// Most runs that one merge pass reads; open files bound it as well.
pub const MAX_MERGE_FACTOR: usize = 65_536;
/// Most attempts that a task gets.
pub const MAX_ATTEMPTS: u32 = 10_000;
/// The error of a build without the feature `codecs` where compression is set.
pub(crate) const NO_CODECS: &str = "this build has no codecs; build twinmill with its feature codecs";
/// Most copies of data between jobs: HDFS's own most (`dfs.replication.max`).
pub const MAX_REPLICATION: u32 = 512;

/// Everything that is set for one run of a job.
#[derive(Clone, Debug)]
pub struct JobConfig {
    /// The preset that [`factors`](Self::factors) came from; reported.
    pub mode: Mode,
    /// The media of intermediates.
    pub factors: Factors,
    /// The output directory; it must not exist unless [`existing_output`](Self::existing_output) allows it.
    pub output: Option<PathBuf>,
    /// Treatment of an output directory that exists.
    pub existing_output: ExistingOutput,
    /// Files that the program reads beside the inputs of its jobs. Its answer depends on them, so a run is
    /// [resumed](Self::resume) only while they are unchanged, and no output may replace them. Default: none.
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
    /// The rule by which files become map tasks. Default: large files are cut and small ones share a task.
    pub split_rule: SplitRule,
    /// The names and the compression of the output's parts. Default: `part-r-00000`, as they are.
    pub part_form: PartForm,
    /// Whether jobs use their combiners. Default: where they have one. Never is for comparisons.
    pub combining: Combining,
    /// Compression of run blocks in files.
    pub compression: Compression,
    /// Directory in which the run makes its own private directory. Default: `$TMPDIR`, else `/var/tmp`, which unlike
    /// `/tmp` is on a disk on most systems.
    pub work_dir: PathBuf,
    /// Copies of data between jobs, and whether they are synced. Default: one, not synced.
    pub durability: Durability,
    /// A disk to emulate below intermediate files and data between jobs. Default: none.
    pub disk_profile: Option<DiskProfile>,
    /// Whether map outputs in files are kept after the job.
    pub intermediates: Intermediates,
    /// State of the page cache between phases.
    pub page_cache: PageCache,
    /// Action of memory mode over its budget.
    pub on_full: OnFull,
    /// Attempts that a task gets (`mapreduce.map.maxattempts`). Default 4.
    pub max_attempts: u32,
    /// Time after which an attempt is stopped and has failed (`mapreduce.task.timeout`, which counts from the last sign
    /// of life). Default: none. Attempts notice between records, blocks and groups; code that never returns from one
    /// call cannot be stopped.
    pub task_timeout: Option<Duration>,
    /// Treatment of tasks that lag behind.
    pub stragglers: Stragglers,
    /// Number of records on which the job's code fails that may be skipped (`mapreduce.map.skip.maxrecords`). Default:
    /// 0.
    pub skip_bad_records: u64,
    /// Whether a later process can resume this run, and whether this one resumes another. Default: neither.
    pub resume: Resume,
    /// Failures made on purpose ([fault lab](crate::runtime::strike)). Default: none.
    pub faults: FaultLab,
}

impl JobConfig {
    /// The defaults of a mode.
    pub fn new(mode: Mode) -> Self {
        let processors = crate::machine::limits::processors();
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
            split_rule: SplitRule::default(),
            part_form: PartForm::default(),
            combining: Combining::default(),
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
            skip_bad_records: 0,
            resume: Resume::default(),
            faults: FaultLab::default(),
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

    /// Sets how many tasks run at the same time.
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = workers;
        self
    }

    /// Sets the memory budget.
    pub fn memory_bytes(mut self, bytes: u64) -> Self {
        self.memory_bytes = bytes;
        self
    }

    /// Sets how many bytes of input a map task gets at most.
    pub fn split_bytes(mut self, bytes: u64) -> Self {
        self.split_bytes = Some(bytes);
        self
    }

    /// Sets the directory in which the run makes its own private directory.
    pub fn work_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.work_dir = dir.into();
        self
    }

    /// Lets the output replace what an earlier run left there.
    pub fn overwrite(mut self) -> Self {
        self.existing_output = ExistingOutput::Overwrite;
        self
    }

    /// Checks the settings that are counts against their least and greatest values. Sizes are refused only where they
    /// are zero; other sizes are brought [within limits](Self::within_limits).
    ///
    /// # Errors
    /// [`Error::Config`] that names the setting as the command line does, its least or greatest value, and the given
    /// one.
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
        if cfg!(not(feature = "codecs")) && self.compression != Compression::None {
            return Err(Error::Config(format!("--compress: {NO_CODECS}")));
        }
        if cfg!(not(feature = "codecs")) && self.part_form.codec.is_some() {
            return Err(Error::Config(format!("compressed output: {NO_CODECS}")));
        }
        numbers.into_iter().try_for_each(|(option, least, most, given)| check_number(option, least, most, given))
    }

    /// Brings sizes within sensible limits: a sort buffer or a budget below the least is raised to it, a budget above
    /// all memory that the process can have is lowered to that. Returns a sentence for each size that was changed.
    pub fn within_limits(mut self) -> (Self, Vec<String>) {
        let most_memory_bytes = crate::machine::limits::most_memory_bytes();
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

    /// Sort buffer of one map task: the setting, or this task's share of the memory budget where that is less. Half of
    /// the budget is left to other data that is kept in memory, if there is any.
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

/// Refuses a count that is out of range; the error names the option, its least or greatest value, and the count.
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

fn default_memory_bytes() -> u64 {
    crate::machine::limits::available_memory_bytes() / 5 * 3
}

fn default_work_dir() -> PathBuf {
    if let Some(dir) = std::env::var_os("TMPDIR").filter(|dir| !dir.is_empty()) {
        return dir.into();
    }
    let var_tmp = Path::new("/var/tmp");
    if var_tmp.is_dir() { var_tmp.to_owned() } else { std::env::temp_dir() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The error that validation returns for the setting that `set` makes.
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
        assert!(memory <= crate::machine::limits::most_memory_bytes());
        assert!(said.len() == 1 && said[0].contains("more than this process can have"), "{said:?}");
    }
}
