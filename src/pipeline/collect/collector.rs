//! The contract of a collector, and its output.

use std::sync::Arc;

use crate::config::Grouping;
use crate::error::Result;
use crate::job::Partitioner;
use crate::pipeline::emit::Accept;
use crate::pipeline::fold::Fold;
use crate::pipeline::task::Task;
use crate::record::{Key, Value};
use crate::store::Run;

/// Selects the collector for a combining strategy.
pub trait CollectWith<K: Key + ?Sized, V: Value + ?Sized>: Fold {
    /// The collector.
    type Collector<'t, P: Partitioner + 't>: Collect<'t, K, V, Self, P>
    where
        Self: 't;
}

/// Takes the records of one map task and makes its output from them.
pub trait Collect<'t, K: Key + ?Sized, V: Value + ?Sized, F, P>: Accept<K, V> + Sized {
    /// Makes a collector for an attempt that will read about so many bytes: buffers begin with a size to match, and
    /// grow.
    fn new(task: Task<'t>, fold: &'t F, partitioner: &'t P, side: Side, expected_bytes: u64) -> Self;

    /// Takes an encoded record on the reduce side. The record's own mapper has counted it.
    fn push(&mut self, key: &[u8], value: &[u8]) -> Result<()>;

    /// Completes the task's output.
    fn finish(self) -> Result<(MapOutput, Task<'t>)>;
}

/// The side of the shuffle whose records a collector takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The records of a mapper, for all reducers. They become a single run where map outputs lie on disk.
    Map,
    /// The records of one partition, which a reducer gathers.
    Reduce,
}

impl Side {
    /// Whether records leave the collector sorted by key, and not only by partition.
    pub(super) fn sorts(self, grouping: Grouping) -> bool {
        self == Side::Reduce || grouping == Grouping::Sort
    }
}

/// The output of one map task for the reducers: runs in the order of the input; a single run where map outputs lie on
/// disk.
#[derive(Clone, Debug, Default)]
pub struct MapOutput {
    pub(crate) runs: Vec<Arc<dyn Run>>,
}
