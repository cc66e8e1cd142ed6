//! The ways in which a store fails.

use std::io::{self, ErrorKind};
use std::path::Path;

use crate::error::Error;

/// A failure of a store, which does not know what it was asked for.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// There is nothing at the path.
    #[error("there is no such file")]
    Missing,
    /// The file is not the one that was found.
    #[error("{0}")]
    Changed(String),
    /// Trying again cannot help.
    #[error("{0}")]
    Refused(String),
    /// Trying again may help, and did not.
    #[error("{0}")]
    Passing(String),
    /// The one who waited was asked to stop.
    #[error("cancelled")]
    Cancelled,
}

impl Failure {
    /// The error of an operation on the file of this name.
    pub fn during(self, operation: &'static str, name: &Path) -> Error {
        match self {
            Failure::Cancelled => Error::Cancelled,
            Failure::Changed(what) => Error::InputChanged { path: name.to_owned(), what },
            Failure::Refused(why) => Error::Unreachable { operation, path: name.to_owned(), why },
            failure => Error::io(operation, name, failure.into()),
        }
    }

    /// The failure within an error of reading, where it is one.
    pub fn within(error: &io::Error) -> Option<&Self> {
        let mut cause: Option<&(dyn std::error::Error + 'static)> = error.get_ref().map(|cause| cause as _);
        while let Some(error) = cause {
            if let Some(failure) = error.downcast_ref::<Failure>() {
                return Some(failure);
            }
            cause = match error.downcast_ref::<io::Error>() {
                Some(error) => error.get_ref().map(|cause| cause as _),
                None => error.source(),
            };
        }
        None
    }
}

impl From<Failure> for io::Error {
    fn from(failure: Failure) -> Self {
        let kind = match &failure {
            Failure::Missing => ErrorKind::NotFound,
            Failure::Refused(_) => ErrorKind::PermissionDenied,
            Failure::Changed(_) | Failure::Passing(_) | Failure::Cancelled => ErrorKind::Other,
        };
        io::Error::new(kind, failure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_found_within_the_errors_of_those_who_read() {
        let inner = io::Error::from(Failure::Changed("it is another".into()));
        let outer = io::Error::other(io::Error::new(ErrorKind::InvalidData, inner));
        assert!(matches!(Failure::within(&outer), Some(Failure::Changed(_))));
        assert!(Failure::within(&io::Error::other("else")).is_none());
    }
}
