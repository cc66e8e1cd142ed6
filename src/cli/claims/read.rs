//! Claim files as they are given: paths, or names of those that come with twinmill.

use std::fs;
use std::path::{Path, PathBuf};

use crate::cli::claims::shipped;
use crate::cli::suggestion;
use crate::cli::telling::refusal;
use crate::measure::claims::file::{ClaimFile, Refusal};
use crate::measure::failure::{Failure, USAGE};

/// A claim file that was read.
#[derive(Debug)]
pub struct Given {
    /// Its name in messages.
    pub name: String,
    /// Its path; `None` where it comes with twinmill.
    pub path: Option<PathBuf>,
    /// What is in it.
    pub file: ClaimFile,
}

impl Given {
    /// Reads a file, or the one of this name that comes with twinmill.
    ///
    /// # Errors
    /// [`Failure`] where there is none, or it is bad: with line, column and key.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let name = path.to_string_lossy().into_owned();
        if let Some(text) = shipped::named(&name).filter(|_| !path.exists()) {
            return Given::shipped(&name, text);
        }
        let is_name = !name.contains('/') && path.extension().is_none();
        if is_name && !path.exists() {
            let names = shipped::ALL.iter().map(|(name, _)| *name);
            let question = suggestion::question(&name, names);
            let message = format!(
                "there is no file {name}, and no claims of this name come with twinmill{question} \
                                   ('claim --list' lists them)"
            );
            return Err(Failure::Message(message, USAGE));
        }
        let text = fs::read(path).map_err(|error| Failure::Message(format!("cannot read {name}: {error}"), USAGE))?;
        let text = String::from_utf8(text).map_err(|error| {
            let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = 1 + good.iter().filter(|byte| **byte == b'\n').count();
            Failure::Message(format!("{name}:{line}: this is no text in UTF-8, which TOML is"), USAGE)
        })?;
        // What editors of some systems put before a text.
        let file = parse(&name, text.strip_prefix('\u{feff}').unwrap_or(&text))?;
        Ok(Given { name, path: Some(path.to_owned()), file })
    }

    /// The lessons, by number.
    ///
    /// # Errors
    /// [`Failure`] where one is bad, which a test rules out.
    pub fn lessons() -> Result<Vec<Self>, Failure> {
        let read = shipped::ALL.iter().map(|(name, text)| Given::shipped(name, text)).collect::<Result<Vec<_>, _>>()?;
        let mut lessons: Vec<Given> = read.into_iter().filter(|given| given.file.lesson.is_some()).collect();
        lessons.sort_by_key(|given| given.file.lesson.as_ref().map(|lesson| lesson.number));
        Ok(lessons)
    }

    /// One that comes with twinmill.
    ///
    /// # Errors
    /// [`Failure`] where it is bad, which a test rules out.
    pub fn shipped(name: &str, text: &str) -> Result<Self, Failure> {
        Ok(Given { name: name.to_owned(), path: None, file: parse(name, text)? })
    }

    /// The refusal of something in it.
    pub fn refuse(&self, refused: &Refusal) -> Failure {
        Failure::Message(refusal::words(&self.name, refused), USAGE)
    }

    /// A path in it, which is seen from its folder.
    pub fn path_of(&self, path: &str) -> PathBuf {
        let folder = self.path.as_ref().and_then(|path| path.parent());
        folder.map_or_else(|| PathBuf::from(path), |folder| folder.join(path))
    }
}

fn parse(name: &str, text: &str) -> Result<ClaimFile, Failure> {
    ClaimFile::parse(text).map_err(|refused| Failure::Message(refusal::words(name, &refused), USAGE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_nearly_one_is_suggested() {
        let name = shipped::ALL[0].0;
        let Err(Failure::Message(message, 2)) = Given::read(Path::new(&name[..name.len() - 1])) else { panic!() };
        assert!(message.contains(&format!("did you mean {name}?")), "{message}");
        assert!(Given::read(Path::new(name)).is_ok());
    }

    #[test]
    fn the_lessons_are_numbered_from_one_without_a_gap() {
        let lessons = Given::lessons().unwrap();
        let numbers = lessons.iter().filter_map(|given| given.file.lesson.as_ref().map(|lesson| lesson.number));
        assert_eq!(numbers.collect::<Vec<_>>(), (1..=11).collect::<Vec<_>>());
    }

    #[test]
    fn the_example_of_the_help_is_read() {
        let file = ClaimFile::parse(include_str!("example.toml"));
        assert!(file.is_ok_and(|file| file.claims[0].because.len() == 2 && file.comparisons[0].columns.len() == 3));
    }

    #[test]
    fn what_is_wrong_is_told_with_file_line_column_and_key() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mine.toml");
        fs::write(&path, "version = 1\n[comparison]\njob = \"sort\"\ncolums = [\"disk\"]\n").unwrap();
        let Err(Failure::Message(message, 2)) = Given::read(&path) else { panic!() };
        let place = format!("{}:4:1: ", path.display());
        assert!(message.starts_with(&place) && message.contains("did you mean columns?"), "{message}");
    }
}
