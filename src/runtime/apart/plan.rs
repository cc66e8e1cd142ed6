//! The plan of a job's tasks: all that a task must know to repeat the program up to its job.
//!
//! ```text
//! one line of JSON: the job, its settings, the inputs as files and listings, results of the jobs before
//! bytes of the inputs that the program looked at, one range after another, file by file
//! datasets that the program read back, one after another
//! ```
//!
//! A file that lies in a store has its address there, and the length and the version with which it was found: a task compares them
//! when it reads the file, and lists nothing.

use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::cancel::CancelToken;
use crate::config::JobConfig;
use crate::error::{Error, Result};
use crate::input::replica::Replica;
use crate::input::watch::Seen;
use crate::input::{InputFile, Keys, Shipped};
use crate::remote::{Address, Copies, Entry, RemoteFile};
use crate::runtime::apart::stages::StageDone;
use crate::store::InDepot;

/// The version of the plan's form.
const VERSION: u32 = 2;
/// Most bytes of files in stores that a plan brings: beginnings and samples of many files. Where a program looks at more, its tasks
/// look at it where it lies, so that no input passes through the machine of the program.
const MOST_BYTES_OF_STORES: u64 = 64 << 20;

/// A path or a word of a command line in JSON: bytes that need not be text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(untagged)]
pub(crate) enum Word {
    Text(String),
    Bytes(Vec<u8>),
}

impl Word {
    /// The word as JSON holds it.
    pub fn of(word: impl AsRef<OsStr>) -> Self {
        let word = word.as_ref();
        word.to_str().map_or_else(|| Word::Bytes(word.as_bytes().to_vec()), |text| Word::Text(text.to_owned()))
    }

    /// The word itself.
    pub fn word(&self) -> OsString {
        match self {
            Word::Text(text) => text.into(),
            Word::Bytes(bytes) => OsString::from_vec(bytes.clone()),
        }
    }

    fn path(&self) -> PathBuf {
        self.word().into()
    }
}

/// A file of the inputs, and the ranges of it that the plan holds.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct PlannedFile {
    path: Word,
    bytes: u64,
    ranges: Vec<(u64, u64)>,
    /// The file as it was found in its store; `None` on the machine of the program.
    in_store: Option<Entry>,
}

/// Settings that a program may ask its driver for, on which its jobs may depend.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Settings {
    reducers: u32,
    workers: usize,
    memory_bytes: u64,
    split_bytes: Option<u64>,
}

impl Settings {
    fn of(config: &JobConfig) -> Self {
        let JobConfig { reducers, workers, memory_bytes, split_bytes, .. } = *config;
        Settings { reducers, workers, memory_bytes, split_bytes }
    }

    /// Gives a configuration these settings.
    pub fn give(&self, config: &mut JobConfig) {
        config.reducers = self.reducers;
        config.workers = self.workers;
        config.memory_bytes = self.memory_bytes;
        config.split_bytes = self.split_bytes;
    }
}

/// The line of JSON.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Line {
    version: u32,
    job: u32,
    reducers: u32,
    settings: Settings,
    words: Vec<Word>,
    inputs: Vec<Word>,
    files: Vec<PlannedFile>,
    listings: Vec<(Vec<Word>, Vec<u32>)>,
    remembered: Vec<Keys>,
    done: Vec<StageDone>,
    first_splits: Vec<u32>,
    datasets: Vec<(InDepot, u64)>,
}

/// What the coordinator puts into a plan.
pub(crate) struct Planned<'a> {
    /// The number of the job in the program.
    pub job: u32,
    pub reducers: u32,
    pub config: &'a JobConfig,
    pub words: &'a [OsString],
    pub inputs: &'a [PathBuf],
    /// The files at and below paths.
    pub listings: Vec<(Vec<PathBuf>, Arc<[InputFile]>)>,
    /// The bytes of them that the program looked at.
    pub looked_at: Seen,
    pub remembered: Vec<Keys>,
    pub done: Vec<StageDone>,
    /// The number of the first split of each input.
    pub first_splits: Vec<u32>,
    /// The datasets that the program read back.
    pub datasets: Vec<(InDepot, Vec<u8>)>,
}

/// The files of a plan, each once.
#[derive(Debug, Default)]
pub(crate) struct FileNumbers(HashMap<Arc<Path>, (u32, InputFile)>);

impl FileNumbers {
    /// The number of a file.
    pub fn of(&self, path: &Path) -> Option<u32> {
        self.0.get(path).map(|(number, _)| *number)
    }

    /// The file of this path.
    pub fn file(&self, path: &Path) -> Option<&InputFile> {
        self.0.get(path).map(|(_, file)| file)
    }
}

impl Planned<'_> {
    /// The plan's bytes, and the numbers of its files.
    ///
    /// # Errors
    /// Those of reading what was looked at.
    pub fn encode(self) -> Result<(Vec<u8>, FileNumbers)> {
        let (mut numbers, mut files, mut listings) = (FileNumbers::default(), Vec::new(), Vec::new());
        let mut room = MOST_BYTES_OF_STORES;
        for (paths, listed) in self.listings {
            let number = |file: &InputFile| {
                let next = files.len() as u32;
                let numbered = numbers.0.entry(file.path.clone()).or_insert_with(|| {
                    let looked_at = self.looked_at.get(&file.path).map(|ranges| ranges.iter().collect());
                    let mut ranges: Vec<(u64, u64)> = looked_at.unwrap_or_default();
                    let in_store = file.remote.as_ref().map(|remote| remote.entry().clone());
                    if in_store.is_some() {
                        ranges.retain(|(from, to)| {
                            let rest = room.checked_sub(to - from);
                            room = rest.unwrap_or(room);
                            rest.is_some()
                        });
                    }
                    let path = Word::of(&**file.name());
                    files.push((file.clone(), PlannedFile { path, bytes: file.bytes, ranges, in_store }));
                    (next, file.clone())
                });
                numbered.0
            };
            listings.push((paths.iter().map(Word::of).collect(), listed.iter().map(number).collect()));
        }
        let line = Line {
            version: VERSION,
            job: self.job,
            reducers: self.reducers,
            settings: Settings::of(self.config),
            words: self.words.iter().map(Word::of).collect(),
            inputs: self.inputs.iter().map(Word::of).collect(),
            files: files.iter().map(|(_, planned)| planned.clone()).collect(),
            listings,
            remembered: self.remembered,
            done: self.done,
            first_splits: self.first_splits,
            datasets: self.datasets.iter().map(|(place, bytes)| (*place, bytes.len() as u64)).collect(),
        };
        let mut plan = serde_json::to_vec(&line).expect("a plan has no keys but strings");
        plan.push(b'\n');
        for (file, planned) in &files {
            read_ranges(file, &planned.ranges, |_, bytes| {
                plan.extend_from_slice(bytes);
                Ok(())
            })?;
        }
        self.datasets.iter().for_each(|(_, bytes)| plan.extend_from_slice(bytes));
        Ok((plan, numbers))
    }
}

/// Calls `each` with the bytes of ranges of a file, a megabyte at most at a time, and their offset.
///
/// # Errors
/// Those of reading, and those of `each`.
pub(crate) fn read_ranges(
    file: &InputFile,
    ranges: &[(u64, u64)],
    mut each: impl FnMut(u64, &[u8]) -> Result<()>,
) -> Result<()> {
    const MOST_BYTES: u64 = 1 << 20;
    if ranges.is_empty() {
        return Ok(());
    }
    let opened = file.open(&CancelToken::default())?;
    let mut buffer = Vec::new();
    for (mut from, to) in ranges.iter().copied() {
        while from < to {
            let next = to.min(from + MOST_BYTES);
            buffer.resize((next - from) as usize, 0);
            opened.read_exact_at(&mut buffer, from).map_err(|error| file.unreadable(error))?;
            each(from, &buffer)?;
            from = next;
        }
    }
    Ok(())
}

/// A plan as a task has it.
#[derive(Debug)]
pub(crate) struct TaskPlan {
    line: Line,
    path: PathBuf,
    rest: BufReader<File>,
}

/// The inputs and results that a plan brings.
#[derive(Debug)]
pub(crate) struct Brought {
    /// The number of the task's job in the program.
    pub job: u32,
    /// The inputs as the program is given them.
    pub inputs: Vec<PathBuf>,
    pub settings: Settings,
    pub done: Vec<StageDone>,
    pub first_splits: Vec<u32>,
    /// The files of the inputs, by their numbers.
    pub files: Vec<Arc<InputFile>>,
    pub shipped: Arc<Shipped>,
    /// The datasets that the program reads back.
    pub datasets: HashMap<InDepot, Arc<[u8]>>,
    /// The directory that the plan lies in, with the datasets that a task may read.
    pub dir: PathBuf,
}

impl TaskPlan {
    /// Reads the first line of a plan.
    ///
    /// # Errors
    /// Those of reading; [`Error::Config`] where it is no plan of this version.
    pub fn open(path: &Path) -> Result<Self> {
        let mut rest = BufReader::new(File::open(path).map_err(Error::at("open", path))?);
        let mut line = Vec::new();
        rest.read_until(b'\n', &mut line).map_err(Error::at("read", path))?;
        let line: Line = serde_json::from_slice(&line)
            .map_err(|error| Error::Config(format!("{} is no plan of a job: {error}", path.display())))?;
        if line.version != VERSION {
            let (path, version) = (path.display(), line.version);
            return Err(Error::Config(format!(
                "{path} is a plan of version {version}, and this program reads version {VERSION}; send the program that made it"
            )));
        }
        Ok(TaskPlan { line, path: path.to_owned(), rest })
    }

    /// The job's name, its options and the settings, as words of a command line.
    pub fn words(&self) -> Vec<OsString> {
        self.line.words.iter().map(Word::word).collect()
    }

    /// Makes replicas below `dir` of the inputs that lie in no store, which hold what the plan brings and what `fill` adds.
    /// Whoever waits for a store stops with `cancel`.
    ///
    /// # Errors
    /// Those of reading the plan, of writing the replicas, and of `fill`.
    pub fn bring(
        mut self,
        dir: &Path,
        cancel: &CancelToken,
        fill: impl FnOnce(&BTreeMap<u32, Replica>) -> Result<()>,
    ) -> Result<Brought> {
        let (mut files, mut replicas) = (BTreeMap::new(), BTreeMap::new());
        let kept = self.rest.get_ref().try_clone().map_err(Error::at("open", &self.path))?;
        let (kept, mut buffer) = (Arc::new(kept), Vec::new());
        for (number, file) in (0..).zip(&self.line.files) {
            let path = file.path.path();
            if let Some(entry) = &file.in_store {
                let copies = copies(&file.ranges, &mut self.rest, &kept).map_err(Error::at("read", &self.path))?;
                let address = Address::of(&path)
                    .ok_or_else(|| Error::Config(format!("{} is in no store, as the plan has it", path.display())))?;
                let name = address.text().to_owned();
                let remote = RemoteFile::as_found(address, entry.clone(), copies, cancel);
                files.insert(number, InputFile::in_store(&name, Arc::new(remote)));
                continue;
            }
            let replica = Replica::create(dir, number, &path, file.bytes)?;
            for (from, to) in file.ranges.iter().copied() {
                take(&mut self.rest, to.saturating_sub(from), &mut buffer, &self.path)?;
                replica.fill(from, &buffer)?;
            }
            replicas.insert(number, replica);
        }
        let mut datasets = HashMap::new();
        for (place, bytes) in &self.line.datasets {
            take(&mut self.rest, *bytes, &mut buffer, &self.path)?;
            datasets.insert(*place, Arc::from(&buffer[..]));
        }
        fill(&replicas)?;
        for (number, replica) in replicas {
            files.insert(number, replica.finish()?);
        }
        let (files, line): (Vec<_>, _) = (files.into_values().map(Arc::new).collect(), self.line);
        let listing = |(paths, numbers): &(Vec<Word>, Vec<u32>)| {
            let listed: Option<Vec<InputFile>> =
                numbers.iter().map(|number| files.get(*number as usize).map(|file| (**file).clone())).collect();
            Some((paths.iter().map(Word::path).collect(), listed?.into()))
        };
        let listings: Option<HashMap<_, _>> = line.listings.iter().map(listing).collect();
        let listings = listings.ok_or_else(|| Error::Config("the plan lists a file that it does not have".into()))?;
        Ok(Brought {
            job: line.job,
            inputs: line.inputs.iter().map(Word::path).collect(),
            settings: line.settings,
            done: line.done,
            first_splits: line.first_splits,
            files,
            shipped: Arc::new(Shipped { listings, remembered: line.remembered }),
            datasets,
            dir: self.path.parent().unwrap_or(Path::new("")).to_owned(),
        })
    }
}

/// The bytes of a file that the plan has next. They stay there.
fn copies(ranges: &[(u64, u64)], plan: &mut BufReader<File>, kept: &Arc<File>) -> io::Result<Copies> {
    let mut copies = Copies::within(kept);
    let begins = plan.stream_position()?;
    let mut place = begins;
    for (from, to) in ranges.iter().copied() {
        copies.add(from..to, place);
        place += to.saturating_sub(from);
    }
    plan.seek_relative((place - begins) as i64)?;
    Ok(copies)
}

fn take(from: &mut impl Read, bytes: u64, into: &mut Vec<u8>, path: &Path) -> Result<()> {
    into.clear();
    let read = from.take(bytes).read_to_end(into).map_err(Error::at("read", path))?;
    if (read as u64) < bytes {
        return Err(Error::Config(format!("the plan {} ends too early", path.display())));
    }
    Ok(())
}
