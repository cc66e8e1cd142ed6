//! Stores of runs: the only thing that the modes change.
//!
//! A *run* is a sequence of records sorted by (partition, key). The stages above see blocks of encoded records
//! ([`crate::record::frame`]) and four small traits, one a state of a run's life:
//!
//! ```text
//! RunStore ──create──▶ RunWriter ──finish──▶ Run ──open(partition)──▶ BlockReader
//! ```
//!
//! 1. [`run`] has the traits, [`block`] the unit in which records are stored, [`index`] the sizes of the partitions.
//! 2. A [`run_builder`] writes a run record by record, a [`cursor`] reads a partition of one.
//! 3. [`disk`] keeps runs in files of the layout drawn in [`format`](mod@format), on a [`device`]; [`run_file`] reads such
//!    files, [`sync`] writes them through to the device, [`page_cache`] drops their cached pages, and [`spent_files`] are those
//!    of runs that are gone.
//! 4. [`memory`] keeps runs in [slabs](slab) against a [`budget`].
//! 5. Runs of other processes arrive on the [`wire`].
//! 6. [`stores`] opens the stores of a run: the only place that looks at the medium. A third way of keeping runs is a file
//!    here and a line there.
//!
//! A run that was not finished cannot be read; dropping its writer leaves nothing of it behind. A finished run goes, with its
//! bytes in a file or in memory, when the last reference to it is dropped, and the last reader of it. `conformance.rs` holds
//! the facts that all stores must satisfy.

mod block;
mod budget;
mod codec;
#[cfg(test)]
mod conformance;
mod cursor;
pub(crate) mod device;
pub(crate) mod disk;
#[cfg(test)]
pub(crate) mod faulty;
pub(crate) mod format;
mod index;
pub(crate) mod memory;
pub(crate) mod page_cache;
mod run;
mod run_builder;
pub mod run_file;
mod slab;
mod spent_files;
mod stores;
pub(crate) mod sync;
pub(crate) mod wire;

pub(crate) use block::Block;
pub(crate) use block::BlockBuilder;
pub(crate) use budget::{Evict, MemoryBudget, Reservation};
pub use cursor::Segment;
pub(crate) use cursor::{RunCursor, Step};
pub use index::PartitionIndex;
pub(crate) use index::RunIndex;
pub(crate) use run::{BlockReader, InDepot, Run, RunOnDisk, RunStore, RunWriter};
pub(crate) use run_builder::RunBuilder;
#[cfg(test)]
pub(crate) use spent_files::run_files;
pub(crate) use stores::{BETWEEN_JOBS, MAP_OUTPUT, Stores, outlives_process, store_number};
