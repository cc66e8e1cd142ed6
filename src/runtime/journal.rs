//! What a run writes down of its progress, so that after a crash another one goes on from there.
//!
//! ```text
//! twinmill-h2Kq9aXw/
//!     journal           a line for each thing that is complete: checksum, space, JSON
//!     map-output/       the runs that the lines name, and what was being written
//!     between-jobs/
//! ```
//!
//! 1. A run in disk mode that may be resumed begins its journal with a *key*: a hash of who it is (program, command, settings
//!    that shape the map outputs).
//! 2. Each map task that has completed its output adds a line with the run's name and what it counted; each job that has
//!    completed a dataset adds one with its partitions.
//! 3. Every job has a *chain*: a hash of its splits, of the size and time of its input files, and of the chain before. Lines
//!    count only for the same chain, so a changed input starts over from where it is read.
//! 4. [`begin`] looks through what dead processes left for a journal with the same key. Lines are believed up to the first
//!    that is torn, runs only if header, index and footer are whole; their blocks are verified when they are read, as always.
//!    What no line names is removed.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::config::{JobConfig, Medium, Resume};
use crate::error::{Error, Result};
use crate::observe::activity::lock;
use crate::observe::counters::{Counters, SavedCounts};
use crate::runtime::work_dir::{self, Access, Stale, WorkDir};
use crate::store::run_file::RunFile;
use crate::store::{BlockReader, PartitionIndex, Run};

/// How the names of work directories begin, those of the binary's own included.
const WORK_DIR_PREFIX: &str = "twinmill-";
const JOURNAL: &str = "journal";
/// Where map outputs lie in a work directory.
pub(crate) const MAP_OUTPUT: &str = "map-output";
/// Where datasets lie in a work directory.
pub(crate) const BETWEEN_JOBS: &str = "between-jobs";

/// A line of the journal.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) enum Entry {
    Begin {
        key: String,
    },
    Map(MapEntry),
    Job(JobEntry),
    /// The output is about to appear.
    Publishing,
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
    /// What the tasks of each wave counted, for the program.
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

/// What a journal tells of an earlier life.
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
    /// `None` where nobody could go on.
    pub journal: Option<Journal>,
    pub past: Past,
}

/// Takes up what a dead process left, if that is asked for and there is anything, or makes a new work directory. Removes
/// what nobody will go on with.
pub(crate) fn begin(config: &JobConfig, name: &str) -> Result<Begun> {
    let parent = &config.work_dir;
    let stale = || work_dir::stale(parent, WORK_DIR_PREFIX);
    let on_disk = config.factors.map_output == Medium::Disk;
    let key = match &config.resume {
        Resume::Off => None,
        Resume::Record { key } | Resume::Continue { key } => Some(run_key(config, name, key)).filter(|_| on_disk),
    };
    if !matches!(config.resume, Resume::Continue { .. }) {
        for stale in stale() {
            stale.remove(&config.cancel);
            config.cancel.check()?;
        }
    } else {
        let mut found = None;
        for stale in stale() {
            match read(stale.path()) {
                // Whoever it belongs to may want to go on with it.
                Some(journal) if found.is_some() || Some(&journal.key) != key.as_ref() => Stale::leave(stale),
                Some(journal) => found = Some((stale.adopt(), journal)),
                None => stale.remove(&config.cancel),
            }
        }
        if let Some((work_dir, read)) = found {
            let path = work_dir.path().join(JOURNAL);
            let file = OpenOptions::new().append(true).open(&path).map_err(Error::at("open", &path))?;
            file.set_len(read.sound_bytes).map_err(Error::at("cut", &path))?;
            let past = Past::of(read.entries, work_dir.path())?;
            return Ok(Begun { work_dir, journal: Some(Journal { path, file: Mutex::new(file) }), past });
        }
    }
    let work_dir = WorkDir::create(parent, WORK_DIR_PREFIX, Access::Private)?;
    let journal = key.map(|key| Journal::create(work_dir.path(), key)).transpose()?;
    Ok(Begun { work_dir, journal, past: Past::default() })
}

/// Whether a run that is to be gone on with was killed when its output was about to appear, or had appeared.
pub(crate) fn was_publishing(config: &JobConfig, name: &str) -> bool {
    let Resume::Continue { key } = &config.resume else { return false };
    let key = run_key(config, name, key);
    let mut publishing = false;
    for stale in work_dir::stale(&config.work_dir, WORK_DIR_PREFIX) {
        if let Some(journal) = read(stale.path()).filter(|journal| journal.key == key) {
            publishing |= journal.entries.iter().any(|entry| matches!(entry, Entry::Publishing));
        }
        stale.leave();
    }
    publishing
}

/// Who a run is: all that its map outputs depend on but the inputs.
fn run_key(config: &JobConfig, name: &str, key: &str) -> String {
    let program = fs::metadata("/proc/self/exe").map(|exe| (exe.len(), exe.mtime(), exe.mtime_nsec())).ok();
    let JobConfig { reducers, workers, split_bytes, factors, .. } = config;
    let who = format!("{name:?} {key:?} {program:?} {reducers} {workers} {split_bytes:?} {factors:?}");
    format!("{:016x}{:016x}", xxh3_64(who.as_bytes()), xxh3_64_with_seed(who.as_bytes(), 1))
}

/// Hashes what a job reads and how into the chain of the jobs before.
pub(crate) fn link(chain: u64, what: &str) -> u64 {
    xxh3_64_with_seed(what.as_bytes(), chain)
}

struct Read {
    key: String,
    entries: Vec<Entry>,
    sound_bytes: u64,
}

/// Reads the journal in a work directory up to the first line that is not whole.
fn read(work_dir: &Path) -> Option<Read> {
    let bytes = fs::read(work_dir.join(JOURNAL)).ok()?;
    let mut entries = Vec::new();
    let mut sound_bytes = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let Some(entry) = parse(line) else { break };
        entries.push(entry);
        sound_bytes += line.len() as u64;
    }
    match entries.first() {
        Some(Entry::Begin { key }) => Some(Read { key: key.clone(), entries, sound_bytes }),
        _ => None,
    }
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

/// Reads what is in a work directory; returns how many lines are believed.
#[cfg(fuzzing)]
pub(crate) fn take_up(dir: &Path) -> Result<usize> {
    let Some(read) = read(dir) else { return Ok(0) };
    let (believed, jobs) = (read.entries.len(), 0..4);
    let mut past = Past::of(read.entries, dir)?;
    for job in jobs {
        let chain = past.jobs.get(&job).map_or(0, |entry| entry.chain);
        past.job(job, chain)?;
        past.maps(job, chain)?;
    }
    Ok(believed)
}

impl Journal {
    fn create(work_dir: &Path, key: String) -> Result<Self> {
        let path = work_dir.join(JOURNAL);
        let mut options = OpenOptions::new();
        let file = options.append(true).create_new(true).mode(0o600).open(&path).map_err(Error::at("create", &path))?;
        let journal = Journal { path, file: Mutex::new(file) };
        journal.add(&Entry::Begin { key })?;
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
        file.write_all(&line).map_err(Error::at("write", &self.path))
    }

    /// The name of a run in the journal; `None` for runs in memory.
    pub fn name_of(run: &Arc<dyn Run>) -> Option<String> {
        Some(run.file()?.file_stem()?.to_str()?.to_owned())
    }
}

impl Past {
    /// What the entries tell that is there in `dir`; the rest is removed from there.
    fn of(entries: Vec<Entry>, dir: &Path) -> Result<Self> {
        let mut past = Past { dir: dir.to_owned(), ..Past::default() };
        for entry in entries {
            match entry {
                Entry::Map(map) => past.maps.entry(map.job).or_default().push(map),
                Entry::Job(job) => {
                    past.jobs.insert(job.job, job);
                }
                Entry::Begin { .. } | Entry::Publishing => {}
            }
        }
        let Past { maps, jobs, .. } = &mut past;
        maps.retain(|job, _| !jobs.contains_key(job));
        let mut sound = HashSet::new();
        for entries in maps.values_mut() {
            entries.retain(|entry| match &entry.run {
                None => true,
                Some(name) => {
                    let whole = RunFile::open(&dir.join(MAP_OUTPUT).join(format!("{name}.run"))).is_ok();
                    whole && sound.insert(name.clone())
                }
            });
        }
        remove(&dir.join(MAP_OUTPUT), |name| !sound.contains(name))?;
        let partitions: HashSet<&str> = jobs.values().flat_map(JobEntry::names).collect();
        remove(&dir.join(BETWEEN_JOBS), |name| !partitions.contains(name))?;
        Ok(past)
    }

    /// The map tasks of a job that are complete. Entries of another chain, and those of the jobs behind it, are worthless;
    /// they and their runs go.
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

/// A partition of a dataset that went when the program no longer needed it. Jobs that were complete know its size still.
#[derive(Debug)]
pub(crate) struct GoneRun {
    pub name: String,
    pub index: [PartitionIndex; 1],
}

impl Run for GoneRun {
    fn index(&self) -> &[PartitionIndex] {
        &self.index
    }

    fn open(&self, _: u32) -> Result<Box<dyn BlockReader>> {
        let cause = std::io::Error::other("it was removed before the crash; run the job without --resume");
        Err(Error::io("read dataset", Path::new(&self.name), cause))
    }

    fn medium(&self) -> Medium {
        Medium::Disk
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let journal = Journal::create(dir.path(), "key".into()).unwrap();
        (0..3).for_each(|task| journal.add(&map(task)).unwrap());
        let sound = fs::read(dir.path().join(JOURNAL)).unwrap();
        let ends: Vec<usize> = (0..sound.len()).filter(|at| sound[*at] == b'\n').map(|at| at + 1).collect();
        for len in 0..=sound.len() {
            fs::write(dir.path().join(JOURNAL), &sound[..len]).unwrap();
            let whole = ends.iter().filter(|end| **end <= len).count();
            let read = read(dir.path());
            assert_eq!(read.as_ref().map_or(0, |read| read.entries.len()), whole, "cut at {len}");
            assert_eq!(read.map_or(0, |read| read.sound_bytes as usize), whole.checked_sub(1).map_or(0, |i| ends[i]));
        }
        for at in 0..sound.len() {
            let mut flipped = sound.clone();
            flipped[at] ^= 1;
            fs::write(dir.path().join(JOURNAL), &flipped).unwrap();
            let line = ends.iter().filter(|end| **end <= at).count();
            assert_eq!(read(dir.path()).map_or(0, |read| read.entries.len()), line, "flipped at {at}");
        }
    }

    #[test]
    fn entries_of_another_chain_are_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let mut past = Past::of(vec![map(0), map(2)], dir.path()).unwrap();
        assert_eq!(past.maps(1, 8).unwrap().len(), 0);
        assert_eq!(past.maps(1, 7).unwrap().len(), 0, "they are gone for good");
        let mut past = Past::of(vec![map(0), map(2)], dir.path()).unwrap();
        assert_eq!(past.maps(1, 7).unwrap().iter().map(|entry| entry.task).collect::<Vec<_>>(), [0, 2]);
    }
}
