//! Running jobs: who does what, when, and what happens when it fails.
//!
//! The [driver] runs one job after another for a program; the [scheduler] runs a wave of tasks on threads, attempt by
//! attempt; a [task] is what an attempt works with.

pub(crate) mod cancel;
pub mod driver;
pub(crate) mod page_cache;
pub(crate) mod progress;
pub(crate) mod scheduler;
pub(crate) mod task;
