//! Conclusions from the runs of a comparison. Each analysis takes a
//! [`Comparison`](crate::measure::comparison::Comparison) and returns a struct; those that are in a comparison's report
//! serialise to it.
//!
//! - [`verdict`]: whether two ways of running differ, are equivalent, or neither is known; [`noise`]: what disturbed the
//!   machine while they were measured.
//! - [`pairs`]: the difference of two columns, and the phases that cause it.
//! - [`roofline`]: how near each phase came to the best that the machine does.
//! - [`cause`]: the reason why one column takes longer than another; [`explained`]: all of them.
//! - [`failures`]: the wall time that failures cost; [`economics`]: the rate of failures from which on disk mode pays.
//! - [`ladder`]: the effect of each factor.
//! - [`sweep`]: memory mode with less memory.
//! - [`growth`]: larger inputs and more iterations.
//! - [`tools`]: modes and other programs, a row each; [`votes`]: which of them gave the same answer; [`cost`]: the
//!   tools that are enough, and the size from which on a framework pays.

pub mod cause;
pub mod cost;
pub mod economics;
pub mod explained;
pub mod failures;
pub mod growth;
pub mod ladder;
pub mod noise;
pub mod pairs;
pub mod roofline;
pub mod sweep;
pub mod tools;
pub mod verdict;
pub mod votes;
