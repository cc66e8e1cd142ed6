//! The task that a mapper or a reducer works for.

use std::path::Path;
use std::sync::Arc;

use crate::cancel::CancelToken;
use crate::job::spool::{Spool, SpoolPlace};

/// A task and an attempt at it, as a mapper's and a reducer's `setup` is given them.
#[derive(Clone, Debug)]
pub struct TaskContext {
    /// The job's name.
    pub job: String,
    /// `map-00003`, `reduce-00000`.
    pub id: String,
    /// Number of the task in its wave, from 0; for a reducer its partition.
    pub index: u32,
    /// From 0.
    pub attempt: u32,
    /// Reduce tasks of the job.
    pub reducers: u32,
    /// The part of a file that a map task begins with; `None` for a reducer, and where the input is no file.
    pub input: Option<TaskInput>,
    pub(crate) cancel: CancelToken,
    pub(crate) spools: SpoolPlace,
}

/// A part of an input file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskInput {
    /// The file.
    pub path: Arc<Path>,
    /// Offset of its first byte in the file.
    pub start: u64,
    /// Its length.
    pub bytes: u64,
}

impl TaskContext {
    /// Whether this attempt was asked to stop: with the job, because it ran past its time limit, or because another attempt
    /// was faster. Code that spends long on one record may ask, and end with [`Error::Cancelled`](crate::Error::Cancelled).
    pub fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }

    /// An empty spool, for records that the task reads more than once.
    pub fn spool(&self) -> Spool {
        Spool::at(self.spools.clone())
    }
}
