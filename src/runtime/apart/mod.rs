//! Jobs whose tasks run apart: in other processes, on other people's machines.
//!
//! A program is code, and code cannot be sent: its jobs hold closures, weights, tables. So the whole binary is sent, and a task
//! runs the program again, up to its own job:
//!
//! ```text
//! coordinator        program ──▶ look at inputs ──▶ job 1 ─────────▶ read back ──▶ job 2 ─────▶ output
//!                                    │               │  ▲                │            │  ▲
//!                                    ▼               ▼  │                ▼            ▼  │
//!                                  plan ──▶ engine: tasks of job 1     plan ──▶ engine: tasks of job 2
//!                                                                                  │
//! a task of job 2    program ──▶ plan's bytes ──▶ plan's results ──▶ … ──▶ job 2: this task, and the end
//! ```
//!
//! 1. The coordinator runs the program. Where a driver would run a job's waves, it hands a [stage](engine) to an
//!    [engine](engine::Engine), which runs the tasks and brings their results.
//! 2. The [plan] says everything that a task must know to come to the same job with the same mappers and reducers: what the
//!    program saw of its inputs, and the results of the jobs before.
//! 3. A [task](one_task) repeats the program. Jobs before its own return what the plan says, and its own runs one map task or
//!    one reduce task: the same [recipes](crate::pipeline) as on one machine, from standard input to standard output.
//! 4. The input of a map task is a [pack]: the pieces of its split, and the bytes of those that lie on the coordinator's machine.
//!    A task itself reads the others, in HDFS or an object store. What reducers take from map tasks are records, or
//!    [blocks](crate::store::wire) of them, behind a [token] by which a cluster finds the reducer.
//!
//! Splits, partitions and the order of equal keys are those of a run on one machine, and so are the bytes of the output.

pub(crate) mod coordinator;
pub(crate) mod engine;
pub(crate) mod one_task;
pub(crate) mod pack;
pub(crate) mod plan;
pub(crate) mod repeated;
pub(crate) mod role;
pub(crate) mod shuffle;
pub(crate) mod stages;
pub(crate) mod summary;
#[cfg(all(test, feature = "cli", feature = "codecs", feature = "object-store"))]
mod tests;
pub(crate) mod token;
