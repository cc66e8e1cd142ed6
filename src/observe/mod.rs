//! What a run tells about itself: counters, phases, the machine, the report.

pub mod counters;
pub mod machine;
pub mod phases;
pub mod report;
