//! The settings of a run: the mode and its factors, budgets, places.
//!
//! [`settings`] has all of them, [`choices`] those between a few ways of doing something, [`disk_profile`] the emulated
//! disks, [`faults`] the failures that are made on purpose, and [`identity`] the test whether a killed run may be resumed.
//!
//! Settings and nothing else: the state of a live run, such as its token and its progress, is not here.

mod choices;
mod disk_profile;
pub(crate) mod faults;
mod identity;
mod settings;

pub use choices::{
    Combining, Compression, Cuts, Durability, ExistingOutput, Factors, Grouping, HadoopSplits, Intermediates,
    Invariant, Medium, Mode, OnFull, OutputCodec, PageCache, PartForm, PartNames, SplitRule, Stragglers, Sync,
};
pub use disk_profile::DiskProfile;
pub use faults::{Fault, FaultLab};
pub use identity::{Identity, Resume};
#[cfg(not(feature = "codecs"))]
pub(crate) use settings::NO_CODECS;
pub use settings::{
    JobConfig, MAX_ATTEMPTS, MAX_MAP_TASKS, MAX_MERGE_FACTOR, MAX_REDUCERS, MAX_REPLICATION, MAX_WORKERS,
    MIN_MEMORY_BYTES_PER_WORKER, MIN_SORT_BUFFER_BYTES, check_number,
};
