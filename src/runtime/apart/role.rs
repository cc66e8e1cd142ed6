//! The role of a process in a run.

use std::sync::Arc;

use crate::runtime::apart::one_task::OneTask;
use crate::runtime::apart::stages::Coordination;

/// The role of a process in a run.
#[derive(Clone, Debug, Default)]
pub(crate) enum Role {
    /// It runs all tasks itself.
    #[default]
    Alone,
    /// It runs the program, and an engine runs the tasks.
    Coordinator(Arc<Coordination>),
    /// It is one task.
    Task(Arc<OneTask>),
}
