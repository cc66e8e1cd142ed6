//! The data path, one file a stage.
//!
//! ```text
//! input files ─▶ split ─▶ read ─▶ map ─▶ collect ─▶ sort ─▶ spill ─▶ merge ─▶ shuffle ─▶ merge ─▶ reduce ─▶ commit
//!                                        └──────── map task ─────────────┘    └─────── reduce task ──────┘
//! ```
//!
//! 1. The [input](crate::input) cuts the files into splits and finds their records.
//! 2. [`map`] runs the user's mapper over the records of a split.
//! 3. [`collect`] takes what it emits, into a sort buffer or a combiner's table.
//! 4. [`sort`] orders a full buffer by (partition, key), which is then spilled as a run to the [store](crate::store).
//! 5. [`merge`] merges sorted runs, in one pass or several, as [`merge_plan`] says.
//! 6. [`shuffle`] takes one partition of every map output.
//! 7. [`reduce`] hands the merged groups to the user's reducer.
//! 8. [`commit`] writes the output and publishes it, where [`output_place`] says.

pub mod collect;
pub(crate) mod commit;
pub mod map;
pub(crate) mod merge;
pub(crate) mod merge_plan;
pub mod output_place;
pub(crate) mod prefetch;
pub mod reduce;
pub(crate) mod shuffle;
pub(crate) mod sort;
