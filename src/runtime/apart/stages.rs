//! What a coordinator keeps of the stages of its program.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::Read;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::input::watch::Watch;
use crate::observe::activity::lock;
use crate::observe::counters::SavedCounts;
use crate::runtime::apart::engine::Engine;
use crate::store::wire::Depot;
use crate::store::{InDepot, PartitionIndex};

/// The result of a job that has ended, as a task that repeats the program needs it.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct StageDone {
    pub job: u32,
    pub output: DoneOutput,
    /// Counts of the job's own code, by wave and task.
    pub waves: Vec<Vec<SavedCounts>>,
}

/// What a job has left.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) enum DoneOutput {
    /// Partitions of a dataset.
    Dataset(Vec<PartitionIndex>),
    /// Records and bytes of the parts of an output.
    Parts(Vec<(u64, u64)>),
}

/// A program whose tasks run apart.
#[derive(Debug)]
pub(crate) struct Coordination {
    pub engine: Arc<dyn Engine>,
    /// The job's name, its options and the settings, as words of a command line.
    pub words: Vec<OsString>,
    /// The inputs as the program is given them.
    pub inputs: Vec<PathBuf>,
    pub watch: Arc<Watch>,
    /// The partitions that the program has read back.
    opened: Mutex<BTreeSet<InDepot>>,
    /// The partitions that tasks may read beside their input.
    side: Mutex<BTreeSet<InDepot>>,
    done: Mutex<Vec<StageDone>>,
}

impl Coordination {
    /// A program that has run no job yet.
    pub fn new(engine: Arc<dyn Engine>, words: Vec<OsString>, inputs: Vec<PathBuf>, watch: Arc<Watch>) -> Self {
        let (opened, side, done) = Default::default();
        Coordination { engine, words, inputs, watch, opened, side, done }
    }

    /// Notes the result of a job.
    pub fn add(&self, done: StageDone) {
        lock(&self.done).push(done);
    }

    /// The results of the jobs so far.
    pub fn done(&self) -> Vec<StageDone> {
        lock(&self.done).clone()
    }

    /// The partitions that the program has read back so far.
    pub fn opened(&self) -> Vec<InDepot> {
        lock(&self.opened).iter().copied().collect()
    }

    /// Notes that tasks may read these partitions beside their input.
    pub fn may_be_read(&self, partitions: impl IntoIterator<Item = InDepot>) {
        lock(&self.side).extend(partitions);
    }

    /// The partitions that tasks may read beside their input.
    pub fn side(&self) -> Vec<InDepot> {
        lock(&self.side).iter().copied().collect()
    }
}

impl Depot for Coordination {
    fn open(&self, place: InDepot) -> Result<(Box<dyn Read + Send>, PathBuf)> {
        lock(&self.opened).insert(place);
        self.engine.open(place)
    }
}
