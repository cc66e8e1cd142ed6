//! Failures that end a piece of work, and their exit status: 1 the job failed, 2 usage, 128 + n a signal.

use std::fmt;
use std::io;
use std::path::Path;

use crate::Error;
use crate::measure::signal::Signal;

/// Reason why something did not succeed.
#[derive(Debug)]
pub enum Failure {
    /// The library's error; settings out of range count as usage.
    Library(Error),
    /// Any other failure, with its exit status.
    Message(String, u8),
    /// A signal asked the process to stop.
    Interrupted(Signal),
}

/// Exit status of a job that failed.
pub const FAILED: u8 = 1;
/// Exit status of a command that cannot be carried out as it was written.
pub const USAGE: u8 = 2;

impl Failure {
    /// A failure of the job, or of anything else that was asked for.
    pub fn failed(message: impl Into<String>) -> Self {
        Failure::Message(message.into(), FAILED)
    }

    /// A closure for `map_err` that adds operation and path to an I/O error.
    pub fn at<'a>(operation: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> Self + use<'a> {
        move |error| Failure::Library(Error::io(operation, path, error))
    }

    /// The exit status.
    pub fn exit_status(&self) -> u8 {
        match self {
            Failure::Library(Error::Config(_)) => USAGE,
            Failure::Library(_) => FAILED,
            Failure::Message(_, status) => *status,
            Failure::Interrupted(signal) => signal.exit_status(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Library(error) => error.fmt(f),
            Failure::Message(message, _) => message.fmt(f),
            Failure::Interrupted(signal) => signal.verb().fmt(f),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Library(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_status_says_whose_fault_it_is() {
        assert_eq!(Failure::from(Error::Config("--workers must be at least 1".into())).exit_status(), 2);
        assert_eq!(Failure::from(Error::OutputExists("out".into())).exit_status(), 1);
        assert_eq!(Failure::failed("outputs differ").exit_status(), 1);
        assert_eq!(Failure::Interrupted(Signal::Interrupt).exit_status(), 130);
        assert_eq!(Failure::Interrupted(Signal::Terminate).exit_status(), 143);
        assert_eq!(Failure::Interrupted(Signal::HangUp).exit_status(), 129);
    }
}
