//! Measurements that a run makes of itself: counters, phases, the use of time, progress, the report.
//!
//! The time of all workers is divided into what they computed (parsing, the job's own code, combining, encoding,
//! sorting, merging, copying, calls to files) and what they waited for (the disk, locks and tasks, a processor), for
//! every task and phase: [`activity`] collects it, [`time_use`] sums it up. From it follow two [`bounds`] on the time
//! of the run: with an infinitely fast disk, and with intermediate files that cost nothing at all.

pub(crate) mod activity;
pub(crate) mod bounds;
pub mod counters;
pub mod memory;
pub(crate) mod phases;
pub(crate) mod progress;
pub mod purpose;
pub mod report;
pub(crate) mod stage;
mod summary;
pub mod time_use;
pub(crate) mod timekeeper;
