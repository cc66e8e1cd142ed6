//! The program that tasks run: this one.

use std::env;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// The variable that names a program to send in place of the running one, such as a static build of it.
pub const PROGRAM: &str = "TWINMILL_TASK_PROGRAM";

/// The program file of the tasks.
///
/// # Errors
/// [`Error::Config`] where the program that the variable names is not there; [`Error::Io`] where the running one is unknown.
pub fn file() -> Result<PathBuf> {
    match env::var_os(PROGRAM).filter(|path| !path.is_empty()) {
        Some(path) if Path::new(&path).is_file() => Ok(path.into()),
        Some(path) => Err(Error::Config(format!("{PROGRAM} names {}, which is no file", Path::new(&path).display()))),
        None => env::current_exe().map_err(Error::at("find", Path::new("the running program"))),
    }
}

/// A word for a shell, in quotes where it needs them.
pub fn quoted(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./=:,+@%".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_a_shell_would_change_them() {
        assert_eq!(quoted("/usr/bin/x-1"), "/usr/bin/x-1");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(quoted(""), "''");
    }
}
