//! What the runs of a comparison say. Each analysis takes a [`Comparison`](crate::measure::comparison::Comparison) and
//! returns a struct; those that are in a comparison's report serialise to it.
//!
//! - [`pairs`]: how much two columns differ, and where the time went.
//! - [`ladder`]: what each factor changes.
//! - [`sweep`]: memory mode with less memory.
//! - [`growth`]: larger inputs and more iterations.
//! - [`tools`]: modes and other programs, a row each; [`votes`]: whose answer is whose; [`cost`]: which is enough, and from
//!   which size on a framework pays.

pub mod cost;
pub mod growth;
pub mod ladder;
pub mod pairs;
pub mod sweep;
pub mod tools;
pub mod votes;
