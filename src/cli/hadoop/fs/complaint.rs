//! What goes wrong in `hadoop fs`, in Hadoop's words.

use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};

use crate::cli::terminal::note;

/// Why something was not done.
#[derive(Debug)]
pub enum Complaint {
    /// A path as it is shown, and what is wrong with it.
    Path(OsString, String),
    /// A source and a target, and what is wrong with them.
    Pair(OsString, OsString, &'static str),
    Plain(String),
    /// The command line is wrong, so that the usage follows.
    Usage(String),
}

pub type Done<T = ()> = Result<T, Complaint>;

pub const MISSING: &str = "No such file or directory";

impl Complaint {
    pub fn of(item: &impl AsRef<OsStr>, why: &str) -> Self {
        Complaint::Path(item.as_ref().to_owned(), why.to_owned())
    }

    pub fn missing(shown: &OsStr) -> Self {
        Complaint::Path(shown.to_owned(), MISSING.into())
    }

    pub fn exists(item: &impl AsRef<OsStr>) -> Self {
        Complaint::of(item, "File exists")
    }

    pub fn is_dir(item: &impl AsRef<OsStr>) -> Self {
        Complaint::of(item, "Is a directory")
    }

    /// What an operation on a file met.
    pub fn at(item: &impl AsRef<OsStr>) -> impl Fn(io::Error) -> Self {
        |error| Complaint::of(item, &words_of(&error))
    }

    /// Says it, as a line of a command.
    pub fn say(&self, command: &str) {
        match self {
            Complaint::Path(path, why) => note(format_args!("{command}: `{}': {why}", path.display())),
            Complaint::Pair(from, to, why) => {
                note(format_args!("{command}: `{}' to `{}': {why}", from.display(), to.display()));
            }
            Complaint::Plain(why) => note(format_args!("{command}: {why}")),
            Complaint::Usage(why) => note(format_args!("-{command}: {why}")),
        }
    }
}

/// What the system says, without its number.
fn words_of(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => MISSING.into(),
        ErrorKind::AlreadyExists => "File exists".into(),
        ErrorKind::IsADirectory => "Is a directory".into(),
        ErrorKind::NotADirectory => "Is not a directory".into(),
        ErrorKind::DirectoryNotEmpty => "Directory is not empty".into(),
        _ => {
            let said = error.to_string();
            said.split(" (os error").next().unwrap_or_default().to_owned()
        }
    }
}
