//! What a run tells about itself: counters, phases, where its time goes, how far it is, the report.

pub(crate) mod activity;
pub mod bounds;
pub mod counters;
pub mod phases;
pub(crate) mod progress;
pub mod report;
mod summary;
pub mod time_use;
pub(crate) mod timekeeper;
