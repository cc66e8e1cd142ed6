//! The user's contract: mappers, reducers, combiners, partitioners, and their arguments.
//!
//! A mapper or reducer is a small type. Every task attempt works on its own clone of it, so fields are task state (an
//! in-mapper combiner's table, a connection); side data that all tasks read goes into an `Arc`. Types are fixed by the
//! traits and bytes are used below them, and everything is monomorphised: emitting a record is a direct call.
//!
//! [`contract`] has the traits, [`partition`] the partitioners, [`values`] the values of a reducer's group, and [`task`] the
//! task that a mapper or reducer works for. A [`spool`] keeps what a task reads more than once.

mod contract;
mod partition;
mod spool;
mod task;
mod values;

pub use contract::{Combiner, Emit, Mapper, OutputFormat, Reducer};
pub use partition::{GroupingPrefix, HashPartitioner, Partitioner, TotalOrderPartitioner};
pub use spool::Spool;
pub(crate) use spool::SpoolPlace;
pub use task::{TaskContext, TaskInput};
pub(crate) use values::GroupedRecords;
pub use values::Values;
