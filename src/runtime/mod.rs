//! Running jobs: who does what, when, and what happens when it fails.
//!
//! The [driver] runs one job after another for a program and keeps the [datasets](crate::Dataset) between them; a job is [waves] of
//! tasks; the [scheduler] runs a wave on threads, attempt by attempt; a [task] is what an attempt works with. Reducers take
//! the [map_outputs], of which one that is lost is made again. [strike] makes things go wrong on purpose.
//! A run's files lie in a [work_dir], where a [journal] tells how far it was; whoever has the same [identity] goes on with it
//! ([resume]). [places] says what may be written where, [lock_file]s who is writing it, and [beside] what it is called until
//! it is complete.

pub mod beside;
pub mod driver;
pub(crate) mod holders;
pub mod identity;
pub(crate) mod job;
pub(crate) mod journal;
pub mod lock_file;
pub(crate) mod map_outputs;
pub(crate) mod output_dir;
pub mod output_place;
pub mod places;
pub(crate) mod removal;
pub mod resume;
pub(crate) mod scheduler;
pub mod session;
pub(crate) mod strike;
mod waves;
pub mod work_dir;
