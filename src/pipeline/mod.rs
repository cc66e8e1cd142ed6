//! The data path, one file a stage, and its two recipes, [`map_task`] and [`reduce_task`]. Read the recipes first.
//!
//! ```text
//! input files ─▶ split ─▶ read ─▶ map ─▶ collect ─▶ sort ─▶ spill ─▶ merge ─▶ shuffle ─▶ merge ─▶ reduce ─▶ commit
//!                                        └──────── map task ─────────────┘    └─────── reduce task ──────┘
//! ```
//!
//! 1. The [input](crate::input) cuts the files into splits and finds their records.
//! 2. [`map`] runs the user's mapper over the records of a split.
//! 3. [`collect`] takes the records that it [emits](emit), into a sort buffer or into a combiner's table, which [folds](fold)
//!    them.
//! 4. [`sort`] orders a full buffer by (partition, key), which is then spilled as a run to the [store](crate::store).
//! 5. [`merge`] merges sorted runs; [`merge_passes`] do so until there are few enough, by a [plan](merge_plan).
//! 6. [`shuffle`] takes one partition of every map output; [`merge_ahead`] merges it beside the reducer where a worker is idle.
//! 7. [`reduce`] hands the merged groups to the user's reducer, or [records](reduce_records) one by one.
//! 8. [`commit`] writes the output of a task, [`encode`]d where it is asked for.
//!
//! A [`task`] holds the resources of an attempt and its counts; a [`runnable`] job tells it the work. To the driver a job is
//! [any job](any_job).

pub(crate) mod any_job;
pub mod collect;
pub(crate) mod commit;
pub mod emit;
#[cfg(feature = "codecs")]
pub(crate) mod encode;
#[cfg(not(feature = "codecs"))]
#[path = "unencoded.rs"]
pub(crate) mod encode;
pub mod fold;
pub mod map;
pub(crate) mod map_task;
pub(crate) mod merge;
pub(crate) mod merge_ahead;
pub(crate) mod merge_passes;
pub(crate) mod merge_plan;
pub(crate) mod prefetch;
pub mod reduce;
pub(crate) mod reduce_records;
pub(crate) mod reduce_task;
pub mod runnable;
pub(crate) mod shuffle;
pub(crate) mod sort;
pub(crate) mod table;
pub(crate) mod task;
