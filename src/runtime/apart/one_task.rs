//! A process that is one task of a job.

use std::collections::HashMap;
use std::fmt;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use crate::config::JobConfig;
use crate::error::{Error, Result};
use crate::input::{InputFile, SentParts};
use crate::observe::activity::lock;
use crate::runtime::apart::pack::{Pack, PackedPiece};
use crate::runtime::apart::plan::Brought;
use crate::runtime::apart::stages::StageDone;
use crate::runtime::apart::summary::TaskSummary;
use crate::store::InDepot;
use crate::store::wire::Depot;

/// One task: what it reads, what it writes, and the results of the jobs before its own.
pub(crate) struct OneTask {
    /// The number of its job in the program, from 1.
    pub job: u32,
    /// Its number among the tasks of its side.
    pub number: u32,
    /// From 0.
    pub attempt: u32,
    /// Memory for its sort buffer and for runs.
    pub memory_bytes: u64,
    pub done: Vec<StageDone>,
    pub first_splits: Vec<u32>,
    /// The files of the inputs, by their numbers in the plan.
    pub files: Vec<Arc<InputFile>>,
    datasets: HashMap<InDepot, Arc<[u8]>>,
    dir: PathBuf,
    /// The dataset that standard input is.
    piped: Mutex<Option<(InDepot, Box<dyn Read + Send>)>>,
    side: Mutex<Option<Side>>,
    summary: Mutex<Option<TaskSummary>>,
    is_done: AtomicBool,
}

/// The work of a task.
pub(crate) enum Side {
    Map {
        from: MapInput,
        to: ShuffleForm,
        output: Box<dyn Write + Send>,
    },
    /// Parses the input of a map task, and does not map it.
    Parse {
        from: MapInput,
        output: Box<dyn Write + Send>,
    },
    Reduce {
        from: ShuffleForm,
        input: Box<dyn Read + Send>,
        output: Box<dyn Write + Send>,
        form: OutputForm,
    },
}

/// The split of a map task.
#[derive(Clone, Debug)]
pub(crate) enum MapInput {
    /// All of a file, for the mapper of an input.
    File { file: InputFile, input: usize },
    /// The split of this number, whose files are here.
    Here(u32),
    /// Pieces of replicas.
    Pieces { input: usize, pieces: Vec<PackedPiece> },
    /// Parts of an invariant input, whose blocks another task has parsed.
    Parsed { input: usize, parts: Vec<u32>, sent: Arc<SentParts> },
    /// A partition of a dataset.
    Dataset(InDepot),
}

/// The form of records between map and reduce tasks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ShuffleForm {
    /// Whether a [token](crate::runtime::apart::token) stands before each key.
    pub token: bool,
    /// Whether records are sent in blocks.
    pub blocks: bool,
    /// The form of the output of a map task without reducers.
    pub output: OutputForm,
}

/// The form of what a task leaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum OutputForm {
    /// The bytes of its part.
    #[default]
    Part,
    /// A summary, and its part or its partition of a dataset, as a [pack](crate::runtime::apart::pack).
    Pack,
}

impl fmt::Debug for OneTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OneTask").field("job", &self.job).field("number", &self.number).finish_non_exhaustive()
    }
}

impl OneTask {
    /// A task of the first job of a program that looks at nothing before it.
    pub fn without_plan(number: u32, memory_bytes: u64, side: Side) -> Self {
        OneTask {
            job: 1,
            number,
            attempt: 0,
            memory_bytes,
            done: Vec::new(),
            first_splits: Vec::new(),
            files: Vec::new(),
            datasets: HashMap::new(),
            dir: PathBuf::new(),
            piped: Mutex::new(None),
            side: Mutex::new(Some(side)),
            summary: Mutex::new(None),
            is_done: AtomicBool::new(false),
        }
    }

    /// A task that has a plan, and perhaps a dataset as standard input.
    pub fn of_plan(
        brought: Brought,
        number: u32,
        memory_bytes: u64,
        piped: Option<(InDepot, Box<dyn Read + Send>)>,
        side: Side,
    ) -> Self {
        OneTask {
            job: brought.job,
            done: brought.done,
            first_splits: brought.first_splits,
            files: brought.files,
            datasets: brought.datasets,
            dir: brought.dir,
            piped: Mutex::new(piped),
            ..OneTask::without_plan(number, memory_bytes, side)
        }
    }

    /// Takes the work, once.
    pub fn take_side(&self) -> Option<Side> {
        lock(&self.side).take()
    }

    /// Ends the task.
    pub fn finish(&self, summary: TaskSummary) {
        *lock(&self.summary) = Some(summary);
        self.is_done.store(true, Ordering::Release);
    }

    /// What the task says of itself; `None` where it has not succeeded.
    pub fn summary(&self) -> Option<TaskSummary> {
        if self.is_done.load(Ordering::Acquire) { lock(&self.summary).clone() } else { None }
    }
}

/// The settings of a task that is alone in its process.
pub(crate) fn alone(config: &JobConfig, memory_bytes: u64) -> JobConfig {
    JobConfig { memory_bytes, workers: 1, ..config.clone() }
}

impl Depot for OneTask {
    fn open(&self, place: InDepot) -> Result<(Box<dyn Read + Send>, PathBuf)> {
        let mut piped = lock(&self.piped);
        if piped.as_ref().is_some_and(|(of, _)| *of == place)
            && let Some((_, input)) = piped.take()
        {
            return Ok((input, "standard input".into()));
        }
        if let Some(bytes) = self.datasets.get(&place) {
            return Ok((Box::new(std::io::Cursor::new(bytes.clone())), "a dataset of the plan".into()));
        }
        let path = self.dir.join(place.file_name());
        let (summary, pack) = Pack::of_output(&path)?;
        if (summary.job, summary.task) != (place.job, place.partition) {
            let (InDepot { job, partition }, path) = (place, path.display());
            return Err(Error::Config(format!("{path} is not partition {partition} of the dataset of job {job}")));
        }
        Ok((Box::new(pack), path))
    }
}
