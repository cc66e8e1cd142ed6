//! Writing the output and publishing it.
//!
//! ```text
//! out                                      what the user named; appears, whole, when the job has succeeded
//! .out.twinmill-XXXXXX/                    staging, beside it
//!     part-r-00000                         parts of committed tasks
//!     _skipped/records.tsv                 bad records, where there were any and they might be skipped
//!     _temporary/attempt-reduce-00001-0/   what attempts are writing
//! ```
//!
//! A task is committed by renaming its part out of the attempt's directory, the job by renaming the staging directory with
//! all its parts and `_SUCCESS`. Staging that is not committed is removed; if its process was killed, by the next one.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
use xxhash_rust::xxh3::Xxh3Default;

use crate::config::{ExistingOutput, Sync};
use crate::error::{Error, Result};
use crate::job::{Emit, OutputFormat};
use crate::observe::activity::{Activity, Doing, FileUse, file_call};
use crate::observe::counters::UserCounters;
use crate::observe::report::OutputReport;
use crate::pipeline::bad_records::BadRecords;
use crate::pipeline::map::Sink;
use crate::pipeline::spill::RunBuilder;
use crate::record::{Key, ToKey, ToValue, Value};
use crate::runtime::task::Task;
use crate::runtime::work_dir::{self, Access, WorkDir};
use crate::store::disk::sync_dir;
use crate::store::{Run, RunStore};

/// Bytes gathered before they are written to a part.
const BUFFER_BYTES: usize = 256 << 10;
const TEMPORARY: &str = "_temporary";

/// The output directory of a job while it runs.
#[derive(Debug)]
pub(crate) struct OutputDir {
    dir: PathBuf,
    /// `None` once it is committed.
    staging: Option<WorkDir>,
    existing: ExistingOutput,
    sync: Sync,
    /// Parent directories that were made for it, innermost first.
    made: Vec<PathBuf>,
}

impl OutputDir {
    /// Refuses an output that exists, without touching anything.
    pub fn check(dir: &Path, existing: ExistingOutput) -> Result<()> {
        if existing == ExistingOutput::Refuse && dir.symlink_metadata().is_ok() {
            return Err(Error::OutputExists(dir.to_owned()));
        }
        Ok(())
    }

    /// Makes the staging directory for an output at `dir`.
    pub fn create(dir: &Path, existing: ExistingOutput, sync: Sync) -> Result<Self> {
        Self::check(dir, existing)?;
        let name = dir
            .file_name()
            .ok_or_else(|| Error::Config(format!("--output {} must name a directory of its own", dir.display())))?;
        let parent = parent_of(dir);
        let made: Vec<PathBuf> = parent.ancestors().take_while(|dir| !dir.exists()).map(Path::to_owned).collect();
        fs::create_dir_all(parent).map_err(Error::at("create", parent))?;
        let mut prefix = OsString::from(".");
        prefix.push(name);
        prefix.push(".twinmill-");
        // Those of runs that were killed.
        work_dir::stale(parent, &prefix).for_each(drop);
        let staging = WorkDir::create(parent, &prefix, Access::Usual)?;
        let temporary = staging.path().join(TEMPORARY);
        fs::create_dir(&temporary).map_err(Error::at("create", &temporary))?;
        Ok(OutputDir { dir: dir.to_owned(), staging: Some(staging), existing, sync, made })
    }

    /// Where the committed part of a task lies; `kind` is `m` or `r`.
    pub fn part_path(&self, kind: char, task: u32) -> PathBuf {
        self.staging().join(format!("part-{kind}-{task:05}"))
    }

    /// Writes the records that were skipped beside the parts, if there are any.
    pub fn set_aside(&self, records: &BadRecords) -> Result<()> {
        if records.count() == 0 {
            return Ok(());
        }
        let dir = self.staging().join("_skipped");
        fs::create_dir(&dir).map_err(Error::at("create", &dir))?;
        let path = dir.join("records.tsv");
        let file = File::create_new(&path).map_err(Error::at("create", &path))?;
        records.write(&mut BufWriter::new(file)).map_err(Error::at("write", &path))
    }

    fn staging(&self) -> &Path {
        self.staging.as_ref().expect("it is there until it is committed").path()
    }

    /// Publishes the output: it is there with all its parts and `_SUCCESS`, or not at all. A directory that it replaces is there
    /// until then, where the file system can do that.
    pub fn commit(mut self) -> Result<()> {
        let staging = self.staging.take().expect("it is there until it is committed");
        let temporary = staging.path().join(TEMPORARY);
        let ready = || -> Result<Replaced> {
            fs::remove_dir_all(&temporary).map_err(Error::at("remove", &temporary))?;
            let success = staging.path().join("_SUCCESS");
            let file = File::create(&success).map_err(Error::at("create", &success))?;
            if self.sync == Sync::Device {
                file.sync_all().map_err(Error::at("sync", &success))?;
                sync_dir(staging.path())?;
            }
            match self.dir.symlink_metadata() {
                Ok(old) if self.existing == ExistingOutput::Overwrite => {
                    if old.is_dir() && exchange(staging.path(), &self.dir) {
                        return Ok(Replaced::Exchanged);
                    }
                    let removed = if old.is_dir() { fs::remove_dir_all(&self.dir) } else { fs::remove_file(&self.dir) };
                    removed.map_err(Error::at("replace", &self.dir))?;
                }
                _ => {}
            }
            fs::rename(staging.path(), &self.dir).map_err(Error::at("publish", &self.dir))?;
            Ok(Replaced::No)
        };
        match ready() {
            Err(error) => {
                self.staging = Some(staging);
                return Err(error);
            }
            Ok(Replaced::No) => drop(staging.keep()),
            // The output is published. What of the old one cannot be removed goes when it is found to be stale.
            Ok(Replaced::Exchanged) if fs::remove_dir_all(staging.path()).is_err() => staging.leave(),
            Ok(Replaced::Exchanged) => drop(staging),
        }
        self.made.clear();
        if self.sync == Sync::Device {
            sync_dir(parent_of(&self.dir))?;
        }
        Ok(())
    }
}

/// What lies in the staging directory's place once the output is published.
enum Replaced {
    No,
    /// The old output.
    Exchanged,
}

/// Lets two directories change places at once, so that there is an output at any moment, also for whoever goes on after a
/// crash. Not every file system can do that.
fn exchange(new: &Path, old: &Path) -> bool {
    renameat2(AT_FDCWD, new, AT_FDCWD, old, RenameFlags::RENAME_EXCHANGE).is_ok()
}

fn parent_of(dir: &Path) -> &Path {
    match dir.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

impl Drop for OutputDir {
    fn drop(&mut self) {
        drop(self.staging.take());
        for dir in &self.made {
            // Fails, rightly, where somebody else has put something there meanwhile.
            let _ = fs::remove_dir(dir);
        }
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
            TaskOutput::Dataset(run) => run.index()[0].records,
        }
    }

    pub fn bytes(&self) -> u64 {
        match self {
            TaskOutput::Part { bytes, .. } => *bytes,
            TaskOutput::Dataset(run) => run.index()[0].stored_bytes,
        }
    }
}

/// Where the tasks of a job put their output.
#[derive(Clone, Copy, Debug)]
pub(crate) enum OutputTarget<'a> {
    Files { dir: &'a OutputDir, format: OutputFormat },
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
    format: OutputFormat,
    buffer: Vec<u8>,
    records: u64,
    bytes: u64,
    user_counters: UserCounters,
    error: Option<Error>,
}

impl PartWriter {
    /// Opens the part of a task; `kind` is `m` or `r`.
    pub fn create(task: &Task<'_>, dir: &OutputDir, format: OutputFormat, kind: char) -> Result<Self> {
        let final_path = dir.part_path(kind, task.context.index);
        let attempt = format!("attempt-{}-{}", task.context.id, task.context.attempt);
        let attempt_dir = dir.staging().join(TEMPORARY).join(attempt);
        fs::create_dir(&attempt_dir).map_err(Error::at("create", &attempt_dir))?;
        let path = attempt_dir.join(final_path.file_name().expect("parts have names"));
        let file = File::create_new(&path).map_err(Error::at("create", &path))?;
        Ok(PartWriter {
            doing: Doing::here(),
            file,
            path,
            final_path,
            sync: dir.sync,
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
    fn emit<Q, W>(&mut self, key: &Q, value: W)
    where
        Q: ToKey<K> + ?Sized,
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
            file_call(FileUse::WriteOutput, || self.file.sync_all()).map_err(Error::at("sync", &self.path))?;
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
    fn emit<Q, W>(&mut self, key: &Q, value: W)
    where
        Q: ToKey<K> + ?Sized,
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
    /// [`Error::Io`] where a part cannot be read.
    pub fn compute_digest(&mut self) -> Result<()> {
        use std::io::Read;

        let mut hasher = Xxh3Default::new();
        let mut buffer = vec![0; BUFFER_BYTES];
        for part in parts(&self.path)? {
            let mut file = File::open(&part).map_err(Error::at("open", &part))?;
            loop {
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
