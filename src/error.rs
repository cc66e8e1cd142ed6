//! The errors of the library, worded so that a person can act on them.
//!
//! One enum for the whole library. I/O errors carry the operation and the path, damage carries file, offset, expected
//! and got, and whatever happens inside a task is wrapped once with job, task and attempt ([`Error::Task`]), elsewhere with
//! the job ([`Error::Job`]), and, where a record was being processed, with its file and byte offset ([`Error::Record`]). Exit
//! codes belong to the binary.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The library's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Any failure of a job.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused an operation on a file.
    #[error("cannot {operation} {}: {source}", path.display())]
    Io {
        /// The operation, as an infinitive: `read`, `create`, `rename`.
        operation: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },

    /// The operating system refused something that is no file.
    #[error("the system refuses {what} ({source}); {advice}")]
    Refused {
        /// The thing that was asked for: `a worker's thread`.
        what: &'static str,
        /// The cause.
        source: io::Error,
        /// The limits in force, and a way out.
        advice: String,
    },

    /// A run file is damaged.
    #[error("damaged run {} at offset {offset}: {what}: expected {expected}, got {got}", path.display())]
    Corrupt {
        /// The run file.
        path: PathBuf,
        /// Byte offset of the damaged structure.
        offset: u64,
        /// The damaged structure: `block checksum`, `magic`, …
        what: &'static str,
        /// The content of a sound file at that offset.
        expected: String,
        /// The content that was found.
        got: String,
    },

    /// A map output cannot be read any more. Its map task is run again, if it has attempts left.
    #[error("the output of {task} is lost: {source}")]
    MapOutputLost {
        /// The map task's id.
        task: String,
        /// The error that reading it returned.
        source: Box<Error>,
    },

    /// Completed work of a killed run is missing or damaged: the job starts over.
    #[error("what the killed run left cannot be used: {source}")]
    Unresumable {
        /// The error that was found.
        source: Box<Error>,
    },

    /// A record could not be processed.
    #[error("{} at offset {offset}: {source}", path.display())]
    Record {
        /// The input file.
        path: PathBuf,
        /// Byte offset of the record's first byte (in the decompressed stream for compressed inputs).
        offset: u64,
        /// The error of the job or of the reader.
        source: Box<Error>,
    },

    /// A task attempt failed; the last attempt's own error is the source.
    #[error("job {job}: task {task} attempt {attempt}: {source}")]
    Task {
        /// Job name.
        job: String,
        /// Task id, such as `map-00003`.
        task: String,
        /// Attempt number, from 0.
        attempt: u32,
        /// The attempt's error.
        source: Box<Error>,
    },

    /// A job failed outside of its tasks, or without any, as a reference does.
    #[error("job {job}: {source}")]
    Job {
        /// Job name.
        job: String,
        /// The error.
        source: Box<Error>,
    },

    /// A task attempt panicked.
    #[error("panicked: {0}")]
    Panic(String),

    /// A task attempt took too long.
    #[error("ran past the time limit of {limit:?}")]
    TimedOut {
        /// The limit, `--task-timeout`.
        limit: Duration,
    },

    /// Bytes that are not an encoding of the expected type.
    #[error("cannot decode {expected} from {got}")]
    Codec {
        /// The type expected.
        expected: &'static str,
        /// The bytes found, escaped and cut to a readable length.
        got: String,
    },

    /// The memory budget is exhausted and spilling was not allowed (`--on-full fail`).
    #[error(
        "memory budget exhausted: {requested_bytes} bytes asked for with {used_bytes} of {limit_bytes} bytes in use; \
         raise --memory or allow --on-full spill"
    )]
    MemoryFull {
        /// Bytes that were asked for.
        requested_bytes: u64,
        /// Bytes in use.
        used_bytes: u64,
        /// The budget.
        limit_bytes: u64,
    },

    /// The system refused memory whose size depends on the settings or on the input.
    #[error(
        "{bytes} bytes of memory for {what} were refused; lower --sort-buffer, --memory or --workers, \
         or raise the limit on address space (ulimit -v)"
    )]
    MemoryRefused {
        /// The purpose of the memory: `sorting`, `a record`, …
        what: &'static str,
        /// Bytes that were asked for.
        bytes: usize,
    },

    /// A file system elsewhere, such as HDFS or an object store, refuses an operation, and would do so again: it knows no such
    /// user, or does not let this one do it.
    #[error("cannot {operation} {}: {why}", path.display())]
    Unreachable {
        /// The operation, as an infinitive.
        operation: &'static str,
        /// The address.
        path: PathBuf,
        /// The refusal, and what to do about it.
        why: String,
    },

    /// An input file cannot be read as it is.
    #[error("cannot read input {}: {why}", path.display())]
    UnreadableInput {
        /// The file.
        path: PathBuf,
        /// The kind of the file, and what to do about it.
        why: String,
    },

    /// An input file has changed since the run began.
    #[error("input {} changed while the run read it: {what}; run again when nobody writes to it", path.display())]
    InputChanged {
        /// The file.
        path: PathBuf,
        /// The difference that was found.
        what: String,
    },

    /// A setting outside its range, or settings that contradict each other: usage, exit status 2 in the binary.
    #[error("{0}")]
    Config(String),

    /// The output directory is there already.
    #[error("output {} exists already; remove it or pass --overwrite", .0.display())]
    OutputExists(PathBuf),

    /// Another run is making the output.
    #[error(
        "output {} is being made by another run{}; wait for it or name another",
        path.display(),
        process.map_or(String::new(), |id| format!(" (process {id})"))
    )]
    OutputInUse {
        /// The output.
        path: PathBuf,
        /// The id of the other run's process, where it can be told.
        process: Option<u32>,
    },

    /// The job was asked to stop.
    #[error("cancelled")]
    Cancelled,

    /// An error that a job's own code reports. Another attempt may succeed.
    #[error("{0}")]
    User(Box<dyn std::error::Error + Send + Sync>),

    /// An input that is not what the job reads. Every attempt would find the same, so the task is not tried again.
    #[error("{0}")]
    WrongInput(Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// Wraps a job's own failure: a message or any error.
    pub fn user(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Error::User(cause.into())
    }

    /// Wraps what is wrong with an input: a message or any error. Unlike after [`user`](Self::user), the task is not tried
    /// again.
    pub fn wrong_input(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Error::WrongInput(cause.into())
    }

    /// An I/O error with the operation (an infinitive) and the path it was tried on.
    pub fn io(operation: &'static str, path: &Path, source: io::Error) -> Self {
        Error::Io { operation, path: path.to_owned(), source }
    }

    /// A closure for `map_err` that adds operation and path.
    pub fn at<'a>(operation: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> Self + use<'a> {
        move |source| Error::io(operation, path, source)
    }

    /// Memory that the system refused.
    pub(crate) fn refused(what: &'static str, bytes: usize) -> Self {
        Error::MemoryRefused { what, bytes }
    }

    /// A decoding failure that shows the beginning of the bytes.
    pub fn codec(expected: &'static str, bytes: &[u8]) -> Self {
        Error::Codec { expected, got: Excerpt(bytes).to_string() }
    }

    /// Adds the place of a record to this error, unless it has a place already.
    pub(crate) fn in_record(self, path: &Path, offset: u64) -> Self {
        match self {
            Error::User(_) | Error::WrongInput(_) | Error::Codec { .. } => {
                Error::Record { path: path.to_owned(), offset, source: Box::new(self) }
            }
            other => other,
        }
    }

    /// Adds the job's name to this error, unless it has a name already or is not about the job: settings, the output's place,
    /// a cancelled run.
    pub(crate) fn in_job(self, job: &str) -> Self {
        match self {
            Error::Config(_)
            | Error::OutputExists(_)
            | Error::OutputInUse { .. }
            | Error::Unresumable { .. }
            | Error::Cancelled
            | Error::Task { .. }
            | Error::Job { .. } => self,
            other => Error::Job { job: job.to_owned(), source: Box::new(other) },
        }
    }

    /// Whether another attempt at the same task may succeed.
    pub(crate) fn may_pass(&self) -> bool {
        if let Error::Record { source, .. } = self {
            // Bytes of an input that are no text, no number, …, will not become one.
            return source.may_pass() && !matches!(**source, Error::Codec { .. });
        }
        !matches!(
            self,
            Error::Cancelled
                | Error::WrongInput(_)
                | Error::MemoryFull { .. }
                | Error::Refused { .. }
                | Error::Config(_)
                | Error::OutputExists(_)
                | Error::OutputInUse { .. }
                | Error::Unresumable { .. }
                | Error::Unreachable { .. }
                | Error::UnreadableInput { .. }
                | Error::InputChanged { .. }
                | Error::Task { .. }
                | Error::Job { .. }
        )
    }

    /// Whether the same job may succeed without the leftovers of a killed run.
    pub(crate) fn is_unresumable(&self) -> bool {
        match self {
            Error::Unresumable { .. } => true,
            Error::Task { source, .. }
            | Error::Job { source, .. }
            | Error::Record { source, .. }
            | Error::MapOutputLost { source, .. } => source.is_unresumable(),
            _ => false,
        }
    }

    /// Whether written data is lost or damaged, so that reading it again cannot help.
    pub(crate) fn is_loss(&self) -> bool {
        match self {
            Error::Corrupt { .. } => true,
            Error::Io { source, .. } => {
                source.kind() == io::ErrorKind::NotFound || source.raw_os_error() == Some(nix::libc::EIO)
            }
            _ => false,
        }
    }
}

/// Lets `?` in a job's code turn the usual errors into [`Error::User`] or, where bytes are no text or no number, into
/// [`Error::WrongInput`]. The record's file and offset are added to both.
///
/// Nothing here is for the library itself, whose errors say which operation failed on which path: `.ci/run` checks that it
/// compiles with `--cfg no_conversions`, without them.
#[cfg(not(no_conversions))]
mod conversions {
    use super::Error;

    macro_rules! errors {
        ($kind:path: $($cause:ty),+ $(,)?) => {$(
            impl From<$cause> for Error {
                fn from(cause: $cause) -> Self {
                    $kind(cause.into())
                }
            }
        )+};
    }
    errors!(
        Error::WrongInput:
        std::str::Utf8Error,
        std::string::FromUtf8Error,
        std::str::ParseBoolError,
        std::char::ParseCharError,
        std::num::ParseIntError,
        std::num::ParseFloatError,
        std::num::TryFromIntError,
        std::net::AddrParseError,
    );
    errors!(
        Error::User:
        std::time::SystemTimeError,
        std::fmt::Error,
        std::io::Error,
        Box<dyn std::error::Error + Send + Sync>,
        String,
        &str,
    );

    impl From<Box<dyn std::error::Error>> for Error {
        fn from(cause: Box<dyn std::error::Error>) -> Self {
            Error::User(cause.to_string().into())
        }
    }
}

/// The first bytes of a record, escaped, for messages.
pub struct Excerpt<'a>(pub &'a [u8]);

impl fmt::Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN_BYTES: usize = 60;
        let shown = &self.0[..self.0.len().min(SHOWN_BYTES)];
        write!(f, "\"{}\"", shown.escape_ascii())?;
        if shown.len() < self.0.len() {
            write!(f, "… ({} bytes)", self.0.len())?;
        }
        Ok(())
    }
}
