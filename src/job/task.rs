//! The task that a mapper or a reducer works for.

use crate::cancel::CancelToken;

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
    pub(crate) cancel: CancelToken,
}

impl TaskContext {
    /// Whether this attempt was asked to stop: with the job, because it ran past its time limit, or because another attempt
    /// was faster. Code that spends long on one record may ask, and end with [`Error::Cancelled`](crate::Error::Cancelled).
    pub fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }
}
