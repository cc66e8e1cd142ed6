//! The journal of a run's progress, from which another run goes on after a crash.
//!
//! ```text
//! twinmill-h2Kq9aXw/
//!     journal           a line for each thing that is complete: checksum, space, JSON
//!     map-output/       the runs that the lines name, and those that were being written
//!     between-jobs/
//! ```
//!
//! 1. A run in disk mode that may be resumed begins its journal with its [identity](crate::runtime::identity) and with the
//!    number that its run files are owned by.
//! 2. Each map task that has completed its output adds a line with the run's name and the task's counts; each job that has
//!    completed a dataset adds one with its partitions.
//! 3. Every job has a *chain*: a hash of its splits, of the size and time of its input files, and of the chain before. Lines
//!    count only for the same chain, so after a change of an input the run starts over from the job that reads it.
//! 4. [`begin`] looks through the work directories of dead processes for a journal with the same identity. Lines are believed
//!    up to the first that is torn, runs only if header, index and footer are complete and the run's own; their blocks are
//!    verified when they are read, as always. Files that no line names are removed. If any of that fails, the run starts over.
//! 5. Before the output appears, its name is written into the owner file of the work directory ([`Published`]). That file is
//!    removed last, so a later run that finds it knows that the output is this run's own.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{Read as _, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::cancel::CancelToken;
use crate::config::{Identity, JobConfig, Resume};
use crate::error::{Error, Result};
use crate::input::listing::RUN_MARKER;
use crate::observe::activity::{lock, transfer};
use crate::observe::counters::{Counters, SavedCounts};
use crate::observe::purpose::{FileUse, Purpose};
use crate::runtime::output_names::SUCCESS;
use crate::runtime::removal;
use crate::runtime::work_dir::{self, Access, Stale, WorkDir};
use crate::store::run_file::{Owner, RunFile, open_regular};
use crate::store::{
    BETWEEN_JOBS, Block, BlockReader, MAP_OUTPUT, PartitionIndex, Run, RunIndex, RunOnDisk, outlives_process,
    store_number,
};

/// Prefix of the names of work directories, those of the binary's own included.
const WORK_DIR_PREFIX: &str = "twinmill-";
const JOURNAL: &str = "journal";

/// A line of the journal.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) enum Entry {
    Begin(BeginEntry),
    Map(MapEntry),
    Job(JobEntry),
}

/// The identity and number of the run whose journal it is.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct BeginEntry {
    pub identity: Identity,
    /// Number of the run, which no other has: its run files are owned by it.
    pub run: u64,
}

/// A map task that is complete.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct MapEntry {
    pub job: u32,
    pub chain: u64,
    pub task: u32,
    pub attempt: u32,
    /// `None` where nothing was emitted.
    pub run: Option<String>,
    pub records: u64,
    pub bytes: u64,
    pub seconds: f64,
    pub counters: Counters,
    pub user: SavedCounts,
}

/// A job whose dataset is complete.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct JobEntry {
    pub job: u32,
    pub chain: u64,
    pub partitions: Vec<(String, PartitionIndex)>,
    /// Map tasks, and the time and bytes that all its tasks took.
    pub map_tasks: u32,
    pub seconds: f64,
    pub bytes: u64,
    pub counters: Counters,
    pub user_counters: BTreeMap<String, BTreeMap<String, u64>>,
    /// Counts of the tasks of each wave, for the program.
    pub waves: Vec<Vec<SavedCounts>>,
}

impl JobEntry {
    fn names(&self) -> impl Iterator<Item = &str> {
        self.partitions.iter().map(|(name, _)| name.as_str())
    }
}

/// A journal that is being written.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    file: Mutex<File>,
}

/// Completed work that a journal tells of.
#[derive(Debug, Default)]
pub(crate) struct Past {
    maps: HashMap<u32, Vec<MapEntry>>,
    jobs: HashMap<u32, JobEntry>,
    dir: PathBuf,
}

/// A work directory to begin with.
#[derive(Debug)]
pub(crate) struct Begun {
    pub work_dir: WorkDir,
    /// `None` where the run cannot be resumed.
    pub journal: Option<Journal>,
    pub past: Past,
    /// Number of the run, kept by a run that resumes it.
    pub run: u64,
    /// The reason why nothing was taken up, where that was asked for.
    pub started_over: Option<String>,
}

/// Takes up the work directory of a dead process, if that is asked for and there is one, or makes a new one. Removes
/// directories that no run will resume. Where a dead run had `published` its output, nothing else of it is believed.
pub(crate) fn begin(
    config: &JobConfig,
    identity: Option<&Identity>,
    published: Option<&Published>,
    cancel: &CancelToken,
) -> Result<Begun> {
    let mut why = None;
    match (&config.resume, identity) {
        (Resume::Continue(_), _) if published.is_some() => {
            why = Some("its output was published before it was killed, and is made again".to_owned());
        }
        (Resume::Continue(_), Some(identity)) => match find(config, identity, cancel)? {
            Found::Dead(stale, left) => match take_up(stale, left) {
                Ok(begun) => return Ok(begun),
                Err(error) => why = Some(format!("what the killed run left cannot be used: {error}")),
            },
            Found::Nothing(reason) => why = Some(reason),
        },
        _ => {
            for stale in work_dir::stale(&config.work_dir, WORK_DIR_PREFIX) {
                stale.remove(cancel);
                cancel.check()?;
            }
        }
    }
    let work_dir = WorkDir::create(&config.work_dir, WORK_DIR_PREFIX, Access::Private)?;
    if let Some(published) = published {
        // Written down again, in case this process is killed too.
        published.write_down(&work_dir);
        published.remove_stale(config, cancel);
        cancel.check()?;
    }
    let run = new_number();
    let identity = identity.filter(|_| keeps_journal(config)).cloned();
    let journal =
        identity.map(|identity| Journal::create(work_dir.path(), BeginEntry { identity, run })).transpose()?;
    Ok(Begun { work_dir, journal, past: Past::default(), run, started_over: why })
}

/// Whether a run keeps a journal: runs in memory are lost with their process.
fn keeps_journal(config: &JobConfig) -> bool {
    outlives_process(config.factors.map_output)
}

/// Result of looking for a run to resume.
enum Found {
    Dead(Stale, Read),
    /// Nothing to resume, and the reason.
    Nothing(String),
}

/// Looks for a dead run of this identity. Those of others stay: they may still be resumed.
fn find(config: &JobConfig, identity: &Identity, cancel: &CancelToken) -> Result<Found> {
    let mut found = None;
    let mut change = None;
    for stale in work_dir::stale(&config.work_dir, WORK_DIR_PREFIX) {
        match read(stale.path()) {
            Some(left) if found.is_none() && left.begin.identity == *identity && keeps_journal(config) => {
                found = Some((stale, left))
            }
            Some(left) => {
                let before = &left.begin.identity;
                if before.is_kin(identity) && before != identity {
                    change = Some(identity.change_since(before));
                }
                stale.leave();
            }
            None => stale.remove(cancel),
        }
        cancel.check()?;
    }
    Ok(match found {
        Some((stale, left)) => Found::Dead(stale, left),
        None if !keeps_journal(config) => Found::Nothing("map outputs in memory go with their process".to_owned()),
        None => Found::Nothing(change.unwrap_or_else(|| {
            format!("no killed run of this command has left anything in {}", config.work_dir.display())
        })),
    })
}

/// Resumes a dead run from its work directory; removes the directory where that is impossible.
fn take_up(stale: Stale, left: Read) -> Result<Begun> {
    let work_dir = stale.adopt();
    let path = work_dir.path().join(JOURNAL);
    let file = OpenOptions::new().append(true).open(&path).map_err(Error::at("open", &path))?;
    file.set_len(left.sound_bytes).map_err(Error::at("cut", &path))?;
    let run = left.begin.run;
    remove_all_but(work_dir.path(), &[JOURNAL, RUN_MARKER, MAP_OUTPUT, BETWEEN_JOBS])?;
    for runs in [MAP_OUTPUT, BETWEEN_JOBS].map(|runs| work_dir.path().join(runs)) {
        fs::create_dir_all(&runs).map_err(Error::at("create", &runs))?;
    }
    let past = Past::of(left, work_dir.path())?;
    Ok(Begun { work_dir, journal: Some(Journal { path, file: Mutex::new(file) }), past, run, started_over: None })
}

fn new_number() -> u64 {
    // Seeded by the system.
    RandomState::new().build_hasher().finish()
}

/// An output that is a run's own: the device and inode of its `_SUCCESS`, with the run's identity. It is written as one
/// word into the owner file of the run's work directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Published(String);

impl Published {
    /// The output that is marked as complete by this file, `_SUCCESS`.
    pub fn by(success: &Path, identity: &Identity) -> std::io::Result<Self> {
        let metadata = success.symlink_metadata()?;
        // No part of it is a number: people pass the content of the owner file, which is a process id, to `kill`.
        let (identity, device, inode) = (identity.digest(), metadata.dev(), metadata.ino());
        Ok(Published(format!("published:{identity:032x}:{device:x}:{inode:x}")))
    }

    /// The output at `dir`, if a run of this identity published it and was killed before it had cleaned up.
    pub fn find(config: &JobConfig, dir: &Path, identity: &Identity) -> Option<Self> {
        let published = Self::by(&dir.join(SUCCESS), identity).ok()?;
        let left = published.stale(config).map(Stale::leave).count() > 0;
        left.then_some(published)
    }

    /// The work directories of the runs that had published it.
    fn stale(&self, config: &JobConfig) -> impl Iterator<Item = Stale> {
        work_dir::stale(&config.work_dir, WORK_DIR_PREFIX).filter_map(|stale| {
            if stale.written_down().as_deref() == Some(&self.0) {
                return Some(stale);
            }
            stale.leave();
            None
        })
    }

    /// Removes the work directories of the runs that had published it.
    pub fn remove_stale(&self, config: &JobConfig, cancel: &CancelToken) {
        self.stale(config).for_each(|stale| stale.remove(cancel));
    }

    /// Writes the output into the owner file, for a run that finds this process dead. Without it a later run cannot
    /// know that the output is this run's own, which is no reason to fail.
    pub fn write_down(&self, work_dir: &WorkDir) {
        let _ = work_dir.write_down(&self.0);
    }
}

/// Adds a job's inputs and splits to the hash of the jobs before it.
pub(crate) fn link(chain: u64, what: &str) -> u64 {
    xxh3_64_with_seed(what.as_bytes(), chain)
}

struct Read {
    begin: BeginEntry,
    /// The entries after it.
    entries: Vec<Entry>,
    sound_bytes: u64,
}

/// Reads the journal in a work directory up to the first torn line.
fn read(work_dir: &Path) -> Option<Read> {
    let mut bytes = Vec::new();
    open_regular(&work_dir.join(JOURNAL)).and_then(|mut file| file.read_to_end(&mut bytes)).ok()?;
    let mut lines = bytes.split_inclusive(|byte| *byte == b'\n');
    let first = lines.next()?;
    let Some(Entry::Begin(begin)) = parse(first) else { return None };
    let mut read = Read { begin, entries: Vec::new(), sound_bytes: first.len() as u64 };
    for line in lines {
        let Some(entry) = parse(line) else { break };
        read.entries.push(entry);
        read.sound_bytes += line.len() as u64;
    }
    Some(read)
}

fn parse(line: &[u8]) -> Option<Entry> {
    let (checksum, json) = line.strip_suffix(b"\n")?.split_at_checked(17)?;
    let expected = u64::from_str_radix(str::from_utf8(checksum).ok()?.trim_end(), 16).ok()?;
    if xxh3_64(json) == expected { serde_json::from_slice(json).ok() } else { None }
}

/// A line with its checksum.
pub(crate) fn seal(json: &[u8]) -> Vec<u8> {
    let mut line = format!("{:016x} ", xxh3_64(json)).into_bytes();
    line.extend_from_slice(json);
    line.push(b'\n');
    line
}

/// Reads the journal in a work directory; returns how many lines are believed.
#[cfg(fuzzing)]
pub(crate) fn take_up_lines(dir: &Path) -> Result<usize> {
    let Some(read) = read(dir) else { return Ok(0) };
    let (believed, jobs) = (1 + read.entries.len(), 0..4);
    let mut past = Past::of(read, dir)?;
    for job in jobs {
        let chain = past.jobs.get(&job).map_or(0, |entry| entry.chain);
        past.job(job, chain)?;
        past.maps(job, chain)?;
    }
    Ok(believed)
}

impl Journal {
    fn create(work_dir: &Path, begin: BeginEntry) -> Result<Self> {
        let path = work_dir.join(JOURNAL);
        let mut options = OpenOptions::new();
        let file = options.append(true).create_new(true).mode(0o600).open(&path).map_err(Error::at("create", &path))?;
        let journal = Journal { path, file: Mutex::new(file) };
        journal.add(&Entry::Begin(begin))?;
        Ok(journal)
    }

    /// Adds a line.
    ///
    /// # Errors
    /// [`Error::Io`] where it cannot be written.
    pub fn add(&self, entry: &Entry) -> Result<()> {
        let line = seal(&serde_json::to_vec(entry).expect("entries have only string keys"));
        let mut file = lock(&self.file);
        // In one piece, so that only the last line can be torn.
        let write = || file.write_all(&line).map(|()| line.len());
        transfer(FileUse::writes(Purpose::Journal), write).map(drop).map_err(Error::at("write", &self.path))
    }

    /// The name of a run in the journal; `None` for runs in memory.
    pub fn name_of(run: &Arc<dyn Run>) -> Option<String> {
        Some(run.on_disk()?.path().file_stem()?.to_str()?.to_owned())
    }
}

impl Past {
    /// The entries whose files are in `dir`; all other files are removed from there.
    fn of(left: Read, dir: &Path) -> Result<Self> {
        let mut past = Past { dir: dir.to_owned(), ..Past::default() };
        for entry in left.entries {
            match entry {
                Entry::Map(map) => past.maps.entry(map.job).or_default().push(map),
                // A run's files have plain names: a path to elsewhere is not believed.
                Entry::Job(job) if job.names().all(is_name) => {
                    past.jobs.insert(job.job, job);
                }
                Entry::Job(_) | Entry::Begin(_) => {}
            }
        }
        let Past { maps, jobs, .. } = &mut past;
        maps.retain(|job, _| !jobs.contains_key(job));
        let (mut sound, owner) = (HashSet::new(), store_number(left.begin.run, MAP_OUTPUT));
        for entries in maps.values_mut() {
            entries.retain(|entry| match &entry.run {
                None => true,
                Some(name) => {
                    let file = dir.join(MAP_OUTPUT).join(format!("{name}.run"));
                    let whole = is_name(name) && RunFile::open_own(&file, Owner::of(owner, name)).is_ok();
                    whole && sound.insert(name.clone())
                }
            });
        }
        remove(&dir.join(MAP_OUTPUT), |name| !sound.contains(name))?;
        let partitions: HashSet<&str> = jobs.values().flat_map(JobEntry::names).collect();
        remove(&dir.join(BETWEEN_JOBS), |name| !partitions.contains(name))?;
        Ok(past)
    }

    /// The map tasks of a job that are complete. Entries of another chain, and those of later jobs, are worthless; they
    /// and their runs are removed.
    pub fn maps(&mut self, job: u32, chain: u64) -> Result<Vec<MapEntry>> {
        self.forget_other(job, chain)?;
        Ok(self.maps.remove(&job).unwrap_or_default())
    }

    /// A job that is complete.
    pub fn job(&mut self, job: u32, chain: u64) -> Result<Option<JobEntry>> {
        self.forget_other(job, chain)?;
        Ok(self.jobs.remove(&job))
    }

    fn forget_other(&mut self, job: u32, chain: u64) -> Result<()> {
        let other_map = self.maps.get(&job).is_some_and(|entries| entries.iter().any(|entry| entry.chain != chain));
        let other_job = self.jobs.get(&job).is_some_and(|entry| entry.chain != chain);
        if !other_map && !other_job {
            return Ok(());
        }
        let runs: HashSet<&str> = self.maps.values().flatten().filter_map(|entry| entry.run.as_deref()).collect();
        remove(&self.dir.join(MAP_OUTPUT), |name| runs.contains(name))?;
        let partitions: HashSet<&str> = self.jobs.values().flat_map(JobEntry::names).collect();
        remove(&self.dir.join(BETWEEN_JOBS), |name| partitions.contains(name))?;
        self.maps.clear();
        self.jobs.clear();
        Ok(())
    }
}

/// Removes files of runs by name. All copies of a run have its name before their first dot.
fn remove(dir: &Path, which: impl Fn(&str) -> bool) -> Result<()> {
    if !dir.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(dir).map_err(Error::at("read", dir))? {
        let entry = entry.map_err(Error::at("read", dir))?;
        let name = entry.file_name();
        let name = name.to_str().and_then(|name| name.split('.').next()).unwrap_or_default();
        if which(name) {
            fs::remove_file(entry.path()).map_err(Error::at("remove", &entry.path()))?;
        }
    }
    Ok(())
}

/// Removes everything except `names` from a directory.
fn remove_all_but(dir: &Path, names: &[&str]) -> Result<()> {
    for entry in fs::read_dir(dir).map_err(Error::at("read", dir))? {
        let entry = entry.map_err(Error::at("read", dir))?;
        if names.iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        let path = entry.path();
        let is_dir = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let removed = if is_dir { removal::remove(&path, &CancelToken::default()) } else { fs::remove_file(&path) };
        removed.map_err(Error::at("remove", &path))?;
    }
    Ok(())
}

fn is_name(name: &str) -> bool {
    !name.contains(['/', '.', '\0']) && !name.is_empty()
}

/// A partition of a dataset that a killed run had completed. Where it is damaged, or is needed though the program had
/// dropped it, the job starts over.
#[derive(Debug)]
pub(crate) struct LeftRun {
    pub name: String,
    /// `None` where it is gone. Its size is still known from the journal.
    pub run: Option<Arc<dyn Run>>,
    pub index: RunIndex,
}

impl Run for LeftRun {
    fn index(&self) -> &RunIndex {
        &self.index
    }

    fn open(&self, partition: u32, purpose: Purpose) -> Result<Box<dyn BlockReader>> {
        let Some(run) = &self.run else {
            let cause = std::io::Error::other("it was removed before the crash");
            let source = Box::new(Error::io("read dataset", Path::new(&self.name), cause));
            return Err(Error::Unresumable { source });
        };
        Ok(Box::new(LeftReader(run.open(partition, purpose).map_err(unresumable)?)))
    }

    fn on_disk(&self) -> Option<&dyn RunOnDisk> {
        self.run.as_ref()?.on_disk()
    }

    fn release(&self, _: u32) {}
}

struct LeftReader(Box<dyn BlockReader>);

impl BlockReader for LeftReader {
    fn next(&mut self, spent: Block) -> Result<Option<Block>> {
        self.0.next(spent).map_err(unresumable)
    }
}

fn unresumable(error: Error) -> Error {
    if error.is_loss() { Error::Unresumable { source: Box::new(error) } } else { error }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin() -> BeginEntry {
        BeginEntry { identity: Identity::of("job"), run: 7 }
    }

    fn past_of(entries: Vec<Entry>, dir: &Path) -> Past {
        Past::of(Read { begin: begin(), entries, sound_bytes: 0 }, dir).unwrap()
    }

    fn map(task: u32) -> Entry {
        Entry::Map(MapEntry {
            job: 1,
            chain: 7,
            task,
            attempt: 0,
            run: None,
            records: 1,
            bytes: 2,
            seconds: 0.5,
            counters: Counters::default(),
            user: SavedCounts::default(),
        })
    }

    #[test]
    fn a_journal_is_believed_up_to_the_first_line_that_is_not_whole() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::create(dir.path(), begin()).unwrap();
        (0..3).for_each(|task| journal.add(&map(task)).unwrap());
        let sound = fs::read(dir.path().join(JOURNAL)).unwrap();
        let ends: Vec<usize> = (0..sound.len()).filter(|at| sound[*at] == b'\n').map(|at| at + 1).collect();
        for len in 0..=sound.len() {
            fs::write(dir.path().join(JOURNAL), &sound[..len]).unwrap();
            let whole = ends.iter().filter(|end| **end <= len).count();
            let read = read(dir.path());
            assert_eq!(read.as_ref().map_or(0, |read| 1 + read.entries.len()), whole, "cut at {len}");
            assert_eq!(read.map_or(0, |read| read.sound_bytes as usize), whole.checked_sub(1).map_or(0, |i| ends[i]));
        }
        for at in 0..sound.len() {
            let mut flipped = sound.clone();
            flipped[at] ^= 1;
            fs::write(dir.path().join(JOURNAL), &flipped).unwrap();
            let line = ends.iter().filter(|end| **end <= at).count();
            assert_eq!(read(dir.path()).map_or(0, |read| 1 + read.entries.len()), line, "flipped at {at}");
        }
    }

    #[test]
    fn entries_of_another_chain_are_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let mut past = past_of(vec![map(0), map(2)], dir.path());
        assert_eq!(past.maps(1, 8).unwrap().len(), 0);
        assert_eq!(past.maps(1, 7).unwrap().len(), 0, "they are gone for good");
        let mut past = past_of(vec![map(0), map(2)], dir.path());
        assert_eq!(past.maps(1, 7).unwrap().iter().map(|entry| entry.task).collect::<Vec<_>>(), [0, 2]);
    }
}
