//! The command line: arguments become options, options become one of the commands, and failures become a message and an
//! exit status.
//!
//! ```text
//! args ──▶ options ──▶ run | task | compare | check | predict | claim | lesson | report | list | gen | inspect | grade
//!          ──▶ Ok or Failure ──▶ exit status
//! ```
//!
//! [`main()`] runs it for any programs: `twinmill` is this command with the jobs that come with it.

mod apart;
mod args;
mod chart;
mod check;
mod claims;
mod compare;
mod default_input;
mod document;
mod export;
mod figures;
mod generate;
mod generated_directory;
mod grade;
mod hadoop;
mod inspect;
mod lecture;
mod lesson;
mod lessons;
mod list;
mod main;
mod options;
mod pace;
mod peak_rates;
mod pending_file;
mod piped;
mod predict;
mod private_directory;
mod progress;
mod remote;
mod report;
mod result;
mod rounds_display;
mod run;
mod streaming;
mod suggestion;
mod summary;
mod table;
mod task;
mod telling;
mod terminal;

pub use main::main;
#[cfg(fuzzing)]
#[doc(hidden)]
pub use main::refusal;
