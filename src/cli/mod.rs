//! The command line: arguments become options, options become one of six commands, and what goes wrong becomes a message
//! and an exit status.
//!
//! ```text
//! args ──▶ options ──▶ run | compare | report | list | gen | inspect ──▶ Ok or Failure ──▶ exit status
//! ```
//!
//! [`main()`] is all of it, for whatever programs it is given: `twinmill` is this command with the jobs that come with it.

mod args;
mod chart;
mod compare;
mod default_input;
mod export;
mod failure;
mod figures;
mod generate;
mod inspect;
mod list;
mod main;
mod options;
mod pending_file;
mod piped;
mod progress;
mod recoveries;
mod report;
mod report_page;
mod run;
mod signals;
mod summary;
mod terminal;
mod time_groups;

pub use main::main;
#[cfg(fuzzing)]
#[doc(hidden)]
pub use main::refusal;
