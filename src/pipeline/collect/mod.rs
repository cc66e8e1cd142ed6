//! Collecting what a map task emits.
//!
//! A job without a combiner fills a [sort buffer](sort_buffer); one with a combiner folds into a [table]. Both keep
//! to the task's share of memory, sort and spill when it is used up, and end as a [`MapOutput`]. A map-only job's records
//! go straight to the [output](crate::pipeline::commit).
//!
//! With [`Grouping::Hash`] map tasks do not sort, and the same collectors do their work on the other [side](Side): in the
//! reducer, which [gathers](crate::pipeline::shuffle) its partition in one.

pub mod combining;
mod room;
pub mod sort_buffer;
mod spills;
mod table;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::config::Grouping;
use crate::error::Result;
use crate::job::{Emit, Fold, Partitioner};
use crate::pipeline::map::Sink;
use crate::record::{Key, Value};
use crate::runtime::task::Task;
use crate::store::Run;

/// Which collector goes with a combining strategy.
pub trait CollectWith<K: Key + ?Sized, V: Value + ?Sized>: Fold {
    /// The collector.
    type Collector<'t, P: Partitioner + 't>: Collect<'t, K, V, Self, P>
    where
        Self: 't;
}

/// Takes the records of one map task and makes its output of them.
pub trait Collect<'t, K: Key + ?Sized, V: Value + ?Sized, F, P>: Emit<K, V> + Sink {
    /// A collector for an attempt, which will read about so many bytes: buffers begin as large as that calls for, and grow.
    fn new(task: Task<'t>, fold: &'t F, partitioner: &'t P, side: Side, expected_bytes: u64) -> Self;

    /// Takes an encoded record on the reduce side. The record's own mapper has counted it.
    fn push(&mut self, key: &[u8], value: &[u8]) -> Result<()>;

    /// Ends the task's output.
    fn finish(self) -> Result<(MapOutput, Task<'t>)>;
}

/// Whose records a collector takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// A mapper's, for all reducers. What they become is one run where map outputs lie on disk.
    Map,
    /// Those of one partition, which a reducer gathers.
    Reduce,
}

impl Side {
    /// Whether records leave the collector sorted by key, and not only by partition.
    fn sorts(self, grouping: Grouping) -> bool {
        self == Side::Reduce || grouping == Grouping::Sort
    }
}

/// What one map task leaves for the reducers: runs in the order of the input. One run where map outputs lie on disk.
#[derive(Clone, Debug, Default)]
pub struct MapOutput {
    pub(crate) runs: Vec<Arc<dyn Run>>,
}
