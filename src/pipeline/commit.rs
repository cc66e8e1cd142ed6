//! Writing the output and publishing it.
//!
//! ```text
//! out                                      what the user named; appears, whole, when the job has succeeded
//! .out.twinmill-XXXXXXXX/                  staging, beside it (or in it: see `output_place`)
//!     new/part-r-00000                     parts of committed tasks
//!     new/_skipped/records.tsv             bad records, where there were any and they might be skipped
//!     _temporary/attempt-reduce-00001-0/   what attempts are writing
//! ```
//!
//! A task is committed by renaming its part out of the attempt's directory, the job by publishing all its parts and
//! `_SUCCESS` at once. Staging that is not committed is removed; if its process was killed, by the next one.

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use xxhash_rust::xxh3::Xxh3Default;

use crate::cancel::CancelToken;
use crate::config::Sync;
use crate::error::{Error, Result};
use crate::input::bad_records::BadRecords;
use crate::job::{Emit, OutputFormat};
use crate::observe::activity::{Activity, Doing, FileUse, file_call};
use crate::observe::counters::UserCounters;
use crate::observe::report::OutputReport;
use crate::pipeline::map::Sink;
use crate::pipeline::output_place::{self, OutputPlace, SKIPPED, SUCCESS};
use crate::record::{Key, ToKey, ToValue, Value};
use crate::runtime::task::Task;
use crate::runtime::work_dir::WorkDir;
use crate::store::disk::sync_dir;
use crate::store::sync::sync_all;
use crate::store::{Run, RunBuilder, RunStore};

/// Bytes gathered before they are written to a part.
const BUFFER_BYTES: usize = 256 << 10;
const TEMPORARY: &str = "_temporary";

/// The output directory of a job while it runs.
#[derive(Debug)]
pub(crate) struct OutputDir<'a> {
    place: &'a mut OutputPlace,
    staging: WorkDir,
    sync: Sync,
}

impl<'a> OutputDir<'a> {
    /// Makes the staging directory of a claimed output.
    pub fn create(place: &'a mut OutputPlace, sync: Sync) -> Result<Self> {
        let dir = OutputDir { staging: place.stage()?, place, sync };
        let temporary = dir.temporary();
        fs::create_dir(&temporary).map_err(Error::at("create", &temporary))?;
        Ok(dir)
    }

    /// Where the committed part of a task lies; `kind` is `m` or `r`.
    pub fn part_path(&self, kind: char, task: u32) -> PathBuf {
        self.new_output().join(format!("part-{kind}-{task:05}"))
    }

    /// Writes the records that were skipped beside the parts, if there are any.
    pub fn set_aside(&self, records: &BadRecords) -> Result<()> {
        if records.count() == 0 {
            return Ok(());
        }
        let dir = self.new_output().join(SKIPPED.0);
        fs::create_dir(&dir).map_err(Error::at("create", &dir))?;
        let path = dir.join(SKIPPED.1);
        let file = File::create_new(&path).map_err(Error::at("create", &path))?;
        records.write(&mut BufWriter::new(file)).map_err(Error::at("write", &path))
    }

    /// Makes the file that will say that the output is complete; gives its path. Wherever it moves, it stays the same file.
    pub fn success(&self) -> Result<PathBuf> {
        let path = self.new_output().join(SUCCESS);
        OpenOptions::new().write(true).create(true).truncate(true).open(&path).map_err(Error::at("create", &path))?;
        Ok(path)
    }

    fn new_output(&self) -> PathBuf {
        output_place::new_output(self.staging.path())
    }

    fn temporary(&self) -> PathBuf {
        self.staging.path().join(TEMPORARY)
    }

    /// Publishes the output: it is there with all its parts and `_SUCCESS`, or not at all. An output that it replaces is
    /// there until then.
    pub fn commit(self) -> Result<()> {
        let success = self.success()?;
        if self.sync == Sync::Device {
            let file = File::open(&success).map_err(Error::at("open", &success))?;
            file.sync_all().map_err(Error::at("sync", &success))?;
            sync_dir(&self.new_output())?;
        }
        self.place.publish(self.staging.path())?;
        // What of the old output cannot be removed goes when it is found to be stale.
        drop(self.staging);
        if self.sync == Sync::Device {
            sync_dir(&self.place.parent())?;
        }
        Ok(())
    }
}

/// What one task leaves as output.
#[derive(Clone, Debug)]
pub(crate) enum TaskOutput {
    /// A committed part of the output directory.
    Part { records: u64, bytes: u64 },
    /// A partition of a dataset for another job.
    Dataset(Arc<dyn Run>),
}

impl TaskOutput {
    pub fn records(&self) -> u64 {
        match self {
            TaskOutput::Part { records, .. } => *records,
            TaskOutput::Dataset(run) => run.index().get(0).records,
        }
    }

    pub fn bytes(&self) -> u64 {
        match self {
            TaskOutput::Part { bytes, .. } => *bytes,
            TaskOutput::Dataset(run) => run.index().get(0).stored_bytes,
        }
    }
}

/// Where the tasks of a job put their output.
#[derive(Clone, Copy, Debug)]
pub(crate) enum OutputTarget<'a> {
    Files { dir: &'a OutputDir<'a>, format: OutputFormat },
    Dataset { store: &'a dyn RunStore },
}

/// The output of one task attempt.
pub(crate) trait TaskOutputWriter: Sink {
    /// Completes and publishes it.
    fn commit(self) -> Result<(TaskOutput, UserCounters)>;
}

/// A part of the output directory, being written.
pub(crate) struct PartWriter {
    doing: Doing,
    file: File,
    path: PathBuf,
    final_path: PathBuf,
    sync: Sync,
    cancel: CancelToken,
    format: OutputFormat,
    buffer: Vec<u8>,
    records: u64,
    bytes: u64,
    user_counters: UserCounters,
    error: Option<Error>,
}

impl PartWriter {
    /// Opens the part of a task; `kind` is `m` or `r`.
    pub fn create(task: &Task<'_>, dir: &OutputDir<'_>, format: OutputFormat, kind: char) -> Result<Self> {
        let final_path = dir.part_path(kind, task.context.index);
        let attempt = format!("attempt-{}-{}", task.context.id, task.context.attempt);
        let attempt_dir = dir.temporary().join(attempt);
        fs::create_dir(&attempt_dir).map_err(Error::at("create", &attempt_dir))?;
        let path = attempt_dir.join(final_path.file_name().expect("parts have names"));
        let file = File::create_new(&path).map_err(Error::at("create", &path))?;
        Ok(PartWriter {
            doing: Doing::here(),
            file,
            path,
            final_path,
            sync: dir.sync,
            cancel: task.attempt.cancel.clone(),
            format,
            buffer: Vec::with_capacity(BUFFER_BYTES + (16 << 10)),
            records: 0,
            bytes: 0,
            user_counters: UserCounters::default(),
            error: None,
        })
    }

    #[inline(never)]
    fn flush(&mut self) {
        if self.error.is_none() {
            self.bytes += self.buffer.len() as u64;
            self.error = file_call(FileUse::WriteOutput, || self.file.write_all(&self.buffer))
                .map_err(Error::at("write", &self.path))
                .err();
        }
        self.buffer.clear();
        self.buffer.shrink_to(4 * BUFFER_BYTES);
    }
}

impl<K: Key + ?Sized, V: Value + ?Sized> Emit<K, V> for PartWriter {
    #[inline]
    fn emit<Q, W>(&mut self, key: Q, value: W)
    where
        Q: ToKey<K>,
        W: ToValue<V>,
    {
        self.doing.set(Activity::Encode);
        let buffer = &mut self.buffer;
        match self.format {
            OutputFormat::Text => {
                key.write_text(buffer);
                if !key.is_null() && !value.is_null() {
                    buffer.push(b'\t');
                }
                value.write_text(buffer);
                // A large record has filled the buffer; doubling that for one byte would copy it.
                if buffer.len() == buffer.capacity() {
                    buffer.reserve_exact(1);
                }
                buffer.push(b'\n');
            }
            OutputFormat::Raw => {
                key.write_text(buffer);
                value.write_text(buffer);
            }
        }
        self.records += 1;
        if self.buffer.len() >= BUFFER_BYTES {
            self.flush();
        }
        self.doing.set(Activity::User);
    }

    fn count(&mut self, group: &'static str, name: &'static str, n: u64) {
        self.user_counters.add(group, name, n);
    }

    fn aggregate(&mut self, name: &'static str, n: u64) {
        self.user_counters.aggregate(name, n);
    }
}

impl Sink for PartWriter {
    #[inline(always)]
    fn check(&mut self) -> Result<()> {
        if self.error.is_some() { Err(self.error.take().expect("just seen")) } else { Ok(()) }
    }
}

impl TaskOutputWriter for PartWriter {
    fn commit(mut self) -> Result<(TaskOutput, UserCounters)> {
        self.flush();
        self.check()?;
        if self.sync == Sync::Device {
            file_call(FileUse::WriteOutput, || sync_all(&self.file, &self.path, &self.cancel))?;
        }
        fs::rename(&self.path, &self.final_path).map_err(Error::at("commit", &self.path))?;
        Ok((TaskOutput::Part { records: self.records, bytes: self.bytes }, self.user_counters))
    }
}

/// One partition of a dataset, being written.
pub(crate) struct DatasetWriter {
    doing: Doing,
    run: RunBuilder,
    key: Vec<u8>,
    value: Vec<u8>,
    user_counters: UserCounters,
    error: Option<Error>,
}

impl DatasetWriter {
    pub fn create(task: &Task<'_>, store: &dyn RunStore) -> Result<Self> {
        let name = task.run_name(format_args!("output"));
        Ok(DatasetWriter {
            doing: Doing::here(),
            run: RunBuilder::create(store, &name, 1, task.config.block_bytes())?,
            key: Vec::new(),
            value: Vec::new(),
            user_counters: UserCounters::default(),
            error: None,
        })
    }
}

impl<K: Key + ?Sized, V: Value + ?Sized> Emit<K, V> for DatasetWriter {
    fn emit<Q, W>(&mut self, key: Q, value: W)
    where
        Q: ToKey<K>,
        W: ToValue<V>,
    {
        self.doing.set(Activity::Encode);
        self.value.clear();
        value.encode(&mut self.value);
        if let Err(error) = self.run.push(0, key.encode(&mut self.key), &self.value, false) {
            self.error.get_or_insert(error);
        }
        self.doing.set(Activity::User);
    }

    fn count(&mut self, group: &'static str, name: &'static str, n: u64) {
        self.user_counters.add(group, name, n);
    }

    fn aggregate(&mut self, name: &'static str, n: u64) {
        self.user_counters.aggregate(name, n);
    }
}

impl Sink for DatasetWriter {
    fn check(&mut self) -> Result<()> {
        self.error.take().map_or(Ok(()), Err)
    }
}

impl TaskOutputWriter for DatasetWriter {
    fn commit(mut self) -> Result<(TaskOutput, UserCounters)> {
        self.check()?;
        Ok((TaskOutput::Dataset(self.run.finish()?), self.user_counters))
    }
}

/// The paths of an output's parts, in part order.
///
/// # Errors
/// [`Error::Io`] where the directory cannot be read.
pub fn parts(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut parts = Vec::new();
    for entry in fs::read_dir(dir).map_err(Error::at("read", dir))? {
        let entry = entry.map_err(Error::at("read", dir))?;
        if entry.file_name().as_encoded_bytes().starts_with(b"part-") {
            parts.push(entry.path());
        }
    }
    // A sixth digit makes a longer name.
    parts.sort_by_key(|path| (path.as_os_str().len(), path.clone()));
    Ok(parts)
}

impl OutputReport {
    /// Reads the output back and fills in its digest.
    ///
    /// # Errors
    /// [`Error::Io`] where a part cannot be read, [`Error::Cancelled`] once the token is.
    pub fn compute_digest(&mut self, cancel: &CancelToken) -> Result<()> {
        use std::io::Read;

        let mut hasher = Xxh3Default::new();
        let mut buffer = vec![0; BUFFER_BYTES];
        for part in parts(&self.path)? {
            let mut file = File::open(&part).map_err(Error::at("open", &part))?;
            loop {
                cancel.check()?;
                match file.read(&mut buffer).map_err(Error::at("read", &part))? {
                    0 => break,
                    n => hasher.update(&buffer[..n]),
                }
            }
        }
        self.digest = Some(format!("xxh3:{:016x}", hasher.digest()));
        Ok(())
    }
}
