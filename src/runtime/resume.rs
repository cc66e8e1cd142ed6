//! Going on with what a killed run left, or starting over where that does not work out.
//!
//! What was left is looked at when a run begins ([`journal`](crate::runtime::journal)). That a dataset is damaged, or that one is
//! missing which the program wants to read again, shows only later, somewhere within the program; then what was left goes, and
//! the whole program runs once more.

use crate::config::{JobConfig, Resume};
use crate::error::Result;
use crate::observe::report::Report;

/// Runs a program; once more from the beginning where what a killed run left turns out to be damaged.
///
/// # Errors
/// Whatever stopped it.
pub fn or_start_over(config: &JobConfig, mut program: impl FnMut(&JobConfig) -> Result<Report>) -> Result<Report> {
    match program(config) {
        Err(error) if error.is_unresumable() => {
            let mut anew = config.clone();
            if let Resume::Continue(identity) = std::mem::take(&mut anew.resume) {
                anew.resume = Resume::Record(identity);
            }
            let mut report = program(&anew)?;
            report.notes.push(format!("nothing to resume: {error}"));
            Ok(report)
        }
        ended => ended,
    }
}
