//! Data that a loop of jobs keeps from one iteration to the next.
//!
//! A loop is a program that runs jobs again and again on a [`Driver`](crate::Driver):
//!
//! ```text
//!                      ┌───────────────── iteration ─────────────────┐
//! invariant input ───▶ │ map ──▶ … ──▶ reduce ──▶ state (a Dataset)  │ ──▶ output
//!                      └──▲───────────────────────────┬──────────────┘
//!                         └── state, and values that are read back from it
//! ```
//!
//! - The *state* changes: it is a [`Dataset`](crate::Dataset) that one iteration leaves for the next, in files or in memory.
//!   The part of it that all tasks need (weights, centroids) is read back by the driver and put into the next mapper.
//! - An [invariant] input does not change, such as a graph's links or a table's rows. Each iteration reads and parses it again,
//!   or it is parsed once and kept in the [cache], as far as the memory budget goes.
//! - Sums over all tasks (mass that dangles, change since the last iteration) are
//!   [aggregates](crate::Emit::aggregate), which the driver reads after a job.

pub(crate) mod cache;
pub mod invariant;
