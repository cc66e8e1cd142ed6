//! Measures programs side by side and analyses the runs, as typed results. Nothing here is printed: the command line
//! turns results into text, pages and files.
//!
//! ```text
//! Request ─▶ Settings ─▶ plan ─▶ rounds: child processes, peers ─▶ Comparison ─▶ analysis
//!               ▲                                                      │
//!               └───────────────────── taken up again ─────────────────┘
//! ```
//!
//! 1. [`settings`]: the request, and whether another comparison is the same one.
//! 2. [`plan`]: the variants of a round, and their order.
//! 3. [`running`]: one run in a process of its own; other programs that do the job; the rounds.
//! 4. [`comparison`]: the runs so far, and the medians of each variant; [`expenses`]: what each run spent its time on.
//! 5. [`analysis`]: conclusions from the runs, a file for each question.
//! 6. [`claims`]: sentences about the figures, which the rounds settle. [`grading`]: submissions of other people, run in a
//!    sandbox.
//! 7. [`paired`]: the difference of two ways of running, and its interval; [`statistics`]: medians and lines.
//!
//! A new analysis is a file in `analysis/` that takes a [`Comparison`](comparison::Comparison) and returns a struct, and a
//! file in the command line that words it.

pub mod alternative;
pub mod analysis;
pub mod claims;
pub mod column;
pub mod comparison;
pub mod expenses;
pub mod failure;
pub mod grading;
pub mod mode;
pub mod paired;
mod path_text;
pub mod plan;
pub mod recoveries;
pub mod run;
pub mod running;
pub mod settings;
pub mod signal;
pub mod statistics;
pub mod time_groups;
