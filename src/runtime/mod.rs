//! Running jobs on this machine: who does which task when, and what happens when it fails.
//!
//! Uses the pipeline and everything below it. Who starts a run gives a [session] to a [driver], which runs one [job] after
//! another:
//!
//! ```text
//! session ─▶ driver ─▶ wave of map tasks ─▶ map outputs ─▶ wave of reduce tasks ─▶ output, or dataset for the next job
//!                        └─ scheduler: a thread a worker, attempt by attempt ─┘
//! ```
//!
//! 1. The driver makes a [work_dir] (its owner is known by a [lock_file]) and claims the [output_place], for which
//!    [existing_output] says what may be replaced. [places] says what may be written where.
//! 2. A job is [waves] of tasks. The [scheduler] runs a wave, and [panics] become errors there; [strike] makes things go wrong
//!    on purpose.
//! 3. Reducers take the [map_outputs], of which [holders] know the partitions. One that is lost is made again.
//! 4. The [output_dir] is published when all its parts are there.
//! 5. A [journal] tells how far the run was; whoever has the same [identity] goes on with it ([resume]).
//!
//! [output_names] and [beside] say what files are called until they are complete, and [removal] removes what is left.

pub mod beside;
pub mod driver;
pub mod existing_output;
pub(crate) mod holders;
pub mod identity;
pub(crate) mod job;
pub(crate) mod journal;
pub mod lock_file;
pub(crate) mod map_outputs;
pub(crate) mod output_dir;
pub(crate) mod output_names;
pub mod output_place;
pub mod panics;
pub mod places;
pub(crate) mod removal;
pub mod resume;
pub(crate) mod scheduler;
pub mod session;
pub(crate) mod strike;
mod waves;
pub mod work_dir;
