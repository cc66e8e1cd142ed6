//! The part that a command plays in a job, and what counts as its failure.

/// The part of a job that a command plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskKind {
    Map,
    Combine,
    Reduce,
}

impl TaskKind {
    /// Its name in messages.
    pub fn name(self) -> &'static str {
        match self {
            TaskKind::Map => "mapper",
            TaskKind::Combine => "combiner",
            TaskKind::Reduce => "reducer",
        }
    }

    /// Its letter in ids. A combiner works for a map task.
    pub fn letter(self) -> char {
        if self.is_map() { 'm' } else { 'r' }
    }

    /// Whether it is, or works for, a map task.
    pub fn is_map(self) -> bool {
        self != TaskKind::Reduce
    }
}

/// What counts as a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// An exit status other than 0 is one.
    pub status_counts: bool,
    /// Records after which a program may stop reading.
    pub enough_records: u64,
}
