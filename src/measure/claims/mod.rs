//! Claims: sentences that a measurement can settle.
//!
//! ```text
//! claim file ─▶ file: ClaimFile ─▶ a comparison for each [comparison] ─▶ judge: true, false or undecided here
//!                    │                        ▲
//!                    └── statement: syntax ───┴── goal: rounds until every claim is settled
//! ```
//!
//! 1. [`mod@file`] reads a claim file, which is TOML. What is wrong with one is a [`Refusal`](file::Refusal) with its line and
//!    column.
//! 2. [`statement`] parses a statement such as `median(disk) / median(memory) >= 2`. Every value has a
//!    [`Dimension`](dimension::Dimension), so that seconds are never compared with bytes.
//! 3. [`figure`] finds a figure of a comparison, round by round.
//! 4. [`judge`] makes one value of each round and an interval of these values, with the statistics of
//!    [`paired`](crate::measure::paired), and says what the interval says.
//! 5. [`goal`] tells the [pace](crate::measure::running::pace) what is open, so that rounds end once all claims are settled.
//! 6. [`mechanism`] finds what changed beside the time; [`outcome`] is the verdict on the whole claim.
//!
//! Suppose a file claims `median(disk) / median(memory) >= 2`. Each round measures both once and gives one ratio. After
//! five rounds the ratios are 2.31, 2.28, 2.40, 2.35 and 2.29; their interval is [2.2, 2.5]; all of it is above 2, and the
//! claim is true here. Had the interval held 2, more rounds would be made, as long as there is time.
//!
//! A figure of another kind is a variant of [`Figure`](figure::Figure) and a row of [`FUNCTIONS`](figure::FUNCTIONS).

pub mod dimension;
mod document;
pub mod figure;
pub mod file;
pub mod goal;
pub mod guess;
pub mod judge;
pub mod mechanism;
pub mod outcome;
pub mod position;
pub mod statement;
