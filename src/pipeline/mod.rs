//! The data path, one file a stage.
//!
//! ```text
//! input files ─▶ split ─▶ read ─▶ map ─▶ collect ─▶ sort ─▶ spill ─▶ merge ─▶ shuffle ─▶ merge ─▶ reduce ─▶ commit
//!                                        └──────── map task ─────────────┘    └─────── reduce task ──────┘
//! ```
//!
//! 1. [`split`] cuts the inputs into pieces of about equal size, one list of pieces a map task.
//! 2. [`inputs`] knows the files of a run; a format of [`read`] finds the records of a piece in [`chunks`] of it: a [`source`]
//!    opens the file and looks whether it has changed, [`form`] and [`encoding`] tell what it is, [`decompress`] reads it
//!    where it is compressed, [`bad_records`] passes over what cannot be mapped.
//! 3. [`map`] runs the user's mapper over the records of a split.
//! 4. [`collect`] takes what it emits, into a sort buffer or a combiner's table.
//! 5. [`sort`] orders a full buffer by (partition, key).
//! 6. [`spill`] writes it as a run of blocks to the [store](crate::store).
//! 7. [`merge`] merges sorted runs, in one pass or several, as [`merge_plan`] says.
//! 8. [`shuffle`] takes one partition of every map output.
//! 9. [`reduce`] hands the merged groups to the user's reducer.
//! 10. [`commit`] writes the output and publishes it, where [`output_place`] says.

pub mod bad_records;
pub(crate) mod chunks;
pub mod collect;
pub(crate) mod commit;
pub(crate) mod decompress;
pub(crate) mod encoding;
pub(crate) mod form;
pub mod inputs;
pub mod map;
pub(crate) mod merge;
pub(crate) mod merge_plan;
pub mod output_place;
pub(crate) mod prefetch;
pub mod read;
pub mod reduce;
pub(crate) mod shuffle;
pub(crate) mod sort;
pub(crate) mod source;
pub(crate) mod spill;
pub mod split;
