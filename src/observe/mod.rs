//! What a run tells about itself: counters, phases, where its time goes, the machine, the report.

pub(crate) mod activity;
pub mod bounds;
mod control_group;
pub mod counters;
pub mod limits;
pub mod machine;
pub mod phases;
pub mod report;
mod summary;
pub mod time_use;
pub(crate) mod timekeeper;
