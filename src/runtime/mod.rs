//! Running jobs: who does what, when, and what happens when it fails.
//!
//! The [driver] runs one job after another for a program and keeps the [dataset]s between them; a job is [waves] of
//! tasks; the [scheduler] runs a wave on threads, attempt by attempt; a [task] is what an attempt works with. Reducers take
//! the [map_outputs], of which one that is lost is made again. [inject] makes things go wrong on purpose.
//! A run's files lie in a [work_dir], where a [journal] tells how far it was; whoever has the same [identity] goes on with it
//! ([resume]). [places] says what may be written where, [lock_file]s who is writing it, and [beside] what it is called until
//! it is complete.

pub mod beside;
pub(crate) mod cancel;
pub mod dataset;
pub mod driver;
pub mod identity;
pub mod inject;
pub(crate) mod journal;
pub mod lock_file;
pub(crate) mod map_outputs;
pub(crate) mod page_cache;
pub mod places;
pub(crate) mod progress;
pub(crate) mod removal;
pub mod resume;
pub(crate) mod scheduler;
pub(crate) mod task;
mod waves;
pub mod work_dir;
