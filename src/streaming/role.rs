//! The part that a command plays in a job, and what counts as its failure.

use crate::job::{TaskContext, TaskInput};

/// The part of a job that a command plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskKind {
    Map,
    Combine,
    /// For madoop: it says to which reducer a line goes.
    Partition,
    Reduce,
}

impl TaskKind {
    /// Its name in messages.
    pub fn name(self) -> &'static str {
        match self {
            TaskKind::Map => "mapper",
            TaskKind::Combine => "combiner",
            TaskKind::Partition => "partitioner",
            TaskKind::Reduce => "reducer",
        }
    }

    /// Its letter in ids. A combiner and a partitioner work for a map task.
    pub fn letter(self) -> char {
        if self.is_map() { 'm' } else { 'r' }
    }

    /// Whether it is, or works for, a map task.
    pub fn is_map(self) -> bool {
        self != TaskKind::Reduce
    }
}

/// An attempt at a task.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Number of the task in its wave.
    pub index: u32,
    /// From 0.
    pub number: u32,
    /// What a map task begins with.
    pub input: Option<TaskInput>,
}

impl From<&TaskContext> for Attempt {
    fn from(task: &TaskContext) -> Self {
        Attempt { index: task.index, number: task.attempt, input: task.input.clone() }
    }
}

/// What counts as a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// An exit status other than 0 is one.
    pub status_counts: bool,
    /// Records after which a program may stop reading.
    pub enough_records: u64,
    /// Bytes that a program may print, and say.
    pub most_printed: u64,
}
