//! Collects the records that a map task emits.
//!
//! A job without a combiner fills a [sort buffer](sort_buffer); one with a combiner folds into a
//! [table](crate::pipeline::table), [as long as that pays](adaptive). Both keep to the task's share of memory, sort and
//! spill when it is used up, and end as a [`MapOutput`]. Where the spills are merged into one run, what is left in a sort
//! buffer [goes into the merge from memory](buffered_run). A map-only job's records go straight to the
//! [output](crate::pipeline::commit).
//!
//! With [`Grouping::Hash`](crate::config::Grouping::Hash) map tasks do not sort, and the same collectors do their work on
//! the other [side](Side): in the reducer, which [gathers](crate::pipeline::shuffle) its partition in one.

mod adaptive;
mod buffered_run;
mod collector;
mod combining;
mod gain;
mod room;
mod sort_buffer;
mod sort_memory;
mod spills;
mod strategy;
#[cfg(test)]
mod tests;

pub use collector::{Collect, CollectWith, MapOutput, Side};
