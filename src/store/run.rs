//! The life of a run, a trait for each of its states: begun in a store, written, complete, read.

use std::fmt::Debug;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::observe::purpose::Purpose;
use crate::store::block::{Block, BlockBuilder};
use crate::store::index::RunIndex;

/// Makes runs.
pub(crate) trait RunStore: Debug + Send + Sync {
    /// Begins the run `name`, unique among the live runs of this store, with `partitions` partitions. Its bytes are
    /// counted as written for `purpose`.
    fn create(&self, name: &str, partitions: u32, purpose: Purpose) -> Result<Box<dyn RunWriter>>;

    /// Takes over a run that an earlier process completed.
    fn adopt(&self, name: &str) -> Result<Arc<dyn Run>>;

    /// Whether the runs of one map task are made into one, as Hadoop does, because each run that a reducer opens costs
    /// something.
    fn prefers_one_run(&self) -> bool;
}

/// A run that is being written.
pub(crate) trait RunWriter: Send {
    /// Appends a block to a partition; partitions come in ascending order. The builder comes back empty, ready for the
    /// next block.
    fn put(&mut self, partition: u32, block: &mut BlockBuilder) -> Result<()>;

    /// Completes the run.
    fn finish(self: Box<Self>) -> Result<Arc<dyn Run>>;
}

/// A partition of a dataset in a depot: the job that left it, and the number of the partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
pub(crate) struct InDepot {
    pub job: u32,
    pub partition: u32,
}

impl InDepot {
    /// The name of its file beside the plan of a task that may read it.
    pub fn file_name(self) -> String {
        format!("dataset-{}-{}", self.job, self.partition)
    }
}

/// A complete run.
pub(crate) trait Run: Debug + Send + Sync {
    /// The entry of each partition.
    fn index(&self) -> &RunIndex;

    /// The blocks of one partition in the order they were put. Their bytes are counted as read for `purpose`.
    fn open(&self, partition: u32, purpose: Purpose) -> Result<Box<dyn BlockReader>>;

    /// The run's files; `None` where it does not lie on disk.
    fn on_disk(&self) -> Option<&dyn RunOnDisk>;

    /// Its place, where it is a partition of a dataset that another process made.
    fn in_depot(&self) -> Option<InDepot> {
        None
    }

    /// Allows the run to free a partition, which will not be opened again.
    fn release(&self, partition: u32);
}

/// A complete run that lies on disk.
pub(crate) trait RunOnDisk {
    /// Its file, or the first of its copies.
    fn path(&self) -> &Path;

    /// Leaves its files where they are when the run is dropped.
    fn keep(&self);

    /// Drops the pages of its files from the page cache.
    fn drop_cached_pages(&self) -> Result<()>;
}

/// Blocks of one partition of one run.
pub(crate) trait BlockReader: Send {
    /// The next block. `spent` is a block that is no longer needed; its buffer may be used again.
    fn next(&mut self, spent: Block) -> Result<Option<Block>>;
}
