//! Where runs live: the only thing that the modes change.
//!
//! A *run* is a sequence of records sorted by (partition, key). The stages above see blocks of encoded records
//! ([`crate::record::frame`]) and four small traits, one a state of a run's life:
//!
//! ```text
//! RunStore ──create──▶ RunWriter ──finish──▶ Run ──open(partition)──▶ BlockReader
//! ```
//!
//! A run that was not finished cannot be read; dropping its writer leaves nothing behind. A finished run goes away, with
//! its file or its memory, when the last reference to it is dropped. [`disk`] keeps runs in files of the layout drawn in
//! [`format`](mod@format) on a [`device`], [`memory`] in memory against a budget. `conformance.rs` holds the facts that both must satisfy.

mod block;
#[cfg(test)]
mod conformance;
pub(crate) mod device;
pub(crate) mod disk;
#[cfg(test)]
pub(crate) mod faulty;
pub(crate) mod format;
mod index;
pub(crate) mod memory;
pub mod run_file;

use std::fmt::Debug;
use std::path::Path;
use std::sync::Arc;

pub(crate) use block::{Block, BlockBuilder};
pub(crate) use format::MAX_RECORD_BYTES;
pub(crate) use index::RunIndex;

use crate::config::Medium;
use crate::error::{Error, Result};

/// Makes runs.
pub(crate) trait RunStore: Debug + Send + Sync {
    /// Begins the run `name`, unique among the live runs of this store, with `partitions` partitions.
    fn create(&self, name: &str, partitions: u32) -> Result<Box<dyn RunWriter>>;

    /// A run that was completed by a process before this one.
    fn adopt(&self, name: &str) -> Result<Arc<dyn Run>> {
        let cause = std::io::Error::other("runs in memory go with their process");
        Err(Error::io("read", Path::new(name), cause))
    }
}

/// A run that is being written.
pub(crate) trait RunWriter: Send {
    /// Appends a block to a partition; partitions come in ascending order. The builder comes back empty, ready for the
    /// next block.
    fn put(&mut self, partition: u32, block: &mut BlockBuilder) -> Result<()>;

    /// Completes the run.
    fn finish(self: Box<Self>) -> Result<Arc<dyn Run>>;
}

/// A complete run.
pub(crate) trait Run: Debug + Send + Sync {
    /// What each partition holds.
    fn index(&self) -> &RunIndex;

    /// The blocks of one partition in the order they were put.
    fn open(&self, partition: u32) -> Result<Box<dyn BlockReader>>;

    /// Where the run lies.
    fn medium(&self) -> Medium;

    /// The run's file, if it has one.
    fn file(&self) -> Option<&Path> {
        None
    }

    /// Nobody will open this partition again, so its memory may go.
    fn release(&self, _partition: u32) {}

    /// Leaves the run's file, if it has one, where it is when the run is dropped.
    fn keep(&self) {}

    /// Drops the pages of the run's file, if it has one, from the page cache.
    fn drop_cached_pages(&self) -> Result<()> {
        Ok(())
    }
}

/// Blocks of one partition of one run.
pub(crate) trait BlockReader: Send {
    /// The next block. `spent` is a block that is no longer needed; its buffer may be used again.
    fn next(&mut self, spent: Block) -> Result<Option<Block>>;
}

/// What one partition of a run holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
pub struct PartitionIndex {
    /// Offset of the first block in the file; in memory, bytes of the blocks before it.
    pub offset: u64,
    /// Bytes of the blocks as they lie, headers included in files.
    pub stored_bytes: u64,
    /// Bytes of the encoded records.
    pub record_bytes: u64,
    /// Records.
    pub records: u64,
}

impl PartitionIndex {
    /// Sums over the partitions of a run.
    pub(crate) fn total(index: &[PartitionIndex]) -> PartitionIndex {
        index.iter().fold(PartitionIndex::default(), |sum, partition| PartitionIndex {
            offset: 0,
            stored_bytes: sum.stored_bytes + partition.stored_bytes,
            record_bytes: sum.record_bytes + partition.record_bytes,
            records: sum.records + partition.records,
        })
    }
}
