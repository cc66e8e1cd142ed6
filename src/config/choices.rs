//! The choices between a few ways of doing something: the mode, its factors, and the treatment of special cases.

/// The way in which intermediate data is kept: a preset of [`Factors`].
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Medium {
    /// Files in the work directory.
    Disk,
    /// The process's memory, within [`JobConfig::memory_bytes`](crate::JobConfig::memory_bytes).
    Memory,
}

/// Treatment of an input that does not change between the iterations of a loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Invariant {
    /// Read and parsed anew in each iteration, as Hadoop does.
    Reread,
    /// Parsed once and kept, Spark's `cache()`.
    Cached,
}

/// The way in which equal keys are brought together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Deserialize, serde::Serialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
pub struct Factors {
    /// Medium of map outputs until the reducers take them.
    pub map_output: Medium,
    /// Medium of a job's output when another job reads it.
    pub between_jobs: Medium,
    /// Treatment of loop-invariant inputs.
    pub invariant: Invariant,
    /// The way in which records are grouped by key; the same in both modes.
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

/// Use of a job's combiner. Hadoop may call one any number of times, or never, and the output must not depend on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Combining {
    /// Map tasks and merges combine, where the job has a combiner.
    #[default]
    WhereGiven,
    /// Nothing is combined: every record is shuffled as it was emitted.
    Never,
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

/// Action of memory mode when a run no longer fits the budget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnFull {
    /// The run goes to a file, as in disk mode.
    #[default]
    Spill,
    /// The job fails with [`Error::MemoryFull`](crate::Error::MemoryFull).
    Fail,
}

/// Treatment of an output directory that exists already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ExistingOutput {
    /// The job is refused before any work.
    #[default]
    Refuse,
    /// It is replaced, once the new output is complete.
    Overwrite,
}

/// Treatment of map outputs after the job.
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

/// Treatment of a task that takes much longer than the others of its wave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Stragglers {
    /// It is waited for.
    #[default]
    Wait,
    /// An idle worker begins a second attempt beside the first; the first to succeed wins, the other is stopped
    /// (`mapreduce.map.speculative`). The output is the same if the job's code is deterministic.
    Speculate,
}

/// The moment from which data between jobs, and the output, counts as written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Sync {
    /// As soon as the system has it, in the page cache.
    #[default]
    Cache,
    /// Once it lies on the device: files and their directories are synced (`dfs.datanode.synconclose`).
    Device,
}

/// The rule by which the files of an input become map tasks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SplitRule {
    /// Large files are cut, and small ones share a map task.
    #[default]
    Packed,
    /// As Hadoop's `FileInputFormat` does, so that a job without reducers leaves the same parts: each file has map tasks of its
    /// own, their size is the least of a share of the input and a block, a line that begins where a split begins belongs to the
    /// split before, and the largest splits come first.
    Hadoop(HadoopSplits),
}

/// The numbers that Hadoop cuts files by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HadoopSplits {
    /// Map tasks that are asked for (`mapreduce.job.maps`).
    pub maps: u64,
    /// Largest split, unless `least_bytes` is more (`dfs.blocksize`).
    pub block_bytes: u64,
    /// Least split (`mapreduce.input.fileinputformat.split.minsize`).
    pub least_bytes: u64,
    /// Where cuts may lie, and what belongs to the split before one.
    pub cuts: Cuts,
}

/// The places at which Hadoop cuts a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cuts {
    /// Anywhere. A record that begins less than so many bytes behind a cut belongs to the split before it: the bytes of what
    /// ends a record, 1 for lines.
    Anywhere {
        /// Bytes of what ends a record.
        delimiter_bytes: u64,
    },
    /// Behind so many lines, in place of the other numbers (`mapreduce.input.lineinputformat.linespermap`).
    Lines(u64),
    /// Anywhere, also in files whose first bytes say that their format is not read: the job's input format reads them itself.
    OwnFormat,
}

/// The names of an output's parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PartNames {
    /// `part-r-00000`, or `part-m-00000` for a job without reducers.
    #[default]
    OfKind,
    /// `part-00000`, as jobs of Hadoop's older API name them, and Hadoop Streaming.
    Plain,
}

/// The form of an output's parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PartForm {
    /// Their names, but for what the codec adds. Default: `part-r-00000`.
    pub names: PartNames,
    /// Their compression (`mapreduce.output.fileoutputformat.compress.codec`). Default: none.
    pub codec: Option<OutputCodec>,
}

/// A format in which Hadoop compresses the files of an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OutputCodec {
    /// `GzipCodec`.
    Gzip,
    /// `BZip2Codec`.
    Bzip2,
    /// `ZStandardCodec`.
    Zstd,
    /// `DefaultCodec` and `DeflateCodec`, which are zlib's format.
    Deflate,
    /// `Lz4Codec`: blocks with lengths before them, which is not the format of the program lz4.
    Lz4,
    /// `SnappyCodec`: such blocks, too.
    Snappy,
}

impl OutputCodec {
    /// Every codec.
    pub const ALL: [OutputCodec; 6] = [
        OutputCodec::Gzip,
        OutputCodec::Bzip2,
        OutputCodec::Zstd,
        OutputCodec::Deflate,
        OutputCodec::Lz4,
        OutputCodec::Snappy,
    ];

    /// The end of the names of its files.
    pub fn suffix(self) -> &'static str {
        match self {
            OutputCodec::Gzip => ".gz",
            OutputCodec::Bzip2 => ".bz2",
            OutputCodec::Zstd => ".zst",
            OutputCodec::Deflate => ".deflate",
            OutputCodec::Lz4 => ".lz4",
            OutputCodec::Snappy => ".snappy",
        }
    }
}

/// Protection of data between jobs, and of the output. Map outputs are neither copied nor synced, as in HDFS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
pub struct Durability {
    /// Files that each partition of a dataset between jobs is written to, where it lies on disk (`dfs.replication`). A
    /// damaged block is read from the next one. The output is written once.
    pub replication: u32,
    /// The moment from which it counts as written.
    pub sync: Sync,
}

impl Default for Durability {
    fn default() -> Self {
        Durability { replication: 1, sync: Sync::default() }
    }
}
