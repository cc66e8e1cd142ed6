//! A command while it is carried out: what it acts on, what it prints, and what it complains about.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::complaint::{Complaint, Done};
use super::names::{Item, expand};
use crate::cli::hadoop::fs_words::Words;
use crate::cli::terminal::to_stdout;

/// A command that is carried out.
pub struct Run<'a> {
    /// Of the command, without its dash.
    pub name: &'static str,
    pub words: Words<'a>,
    /// What it has told that it cannot do.
    pub complaints: usize,
}

impl Run<'_> {
    /// Tells a complaint, after which the command goes on with the next file.
    ///
    /// # Errors
    /// The complaint, if the command line itself is wrong.
    pub fn complain(&mut self, complaint: Complaint) -> Done {
        if matches!(complaint, Complaint::Usage(_)) {
            return Err(complaint);
        }
        complaint.say(self.name);
        self.complaints += 1;
        Ok(())
    }

    pub fn kept(&mut self, done: Done) -> Done {
        done.or_else(|complaint| self.complain(complaint))
    }

    /// Does something for each file that the operands name, or for the working directory if there are none.
    pub fn each(&mut self, act: impl FnMut(&mut Self, &Item) -> Done) -> Done {
        let paths = if self.words.paths.is_empty() { vec![OsStr::new(".")] } else { self.words.paths.clone() };
        self.each_of(&paths, act)
    }

    pub fn each_of(&mut self, paths: &[&OsStr], mut act: impl FnMut(&mut Self, &Item) -> Done) -> Done {
        self.each_named(
            paths,
            |run, item| {
                if item.exists() { act(run, item) } else { Err(Complaint::missing(&item.shown)) }
            },
        )
    }

    /// As [`Run::each_of`], and for files that are not there.
    pub fn each_named(&mut self, paths: &[&OsStr], mut act: impl FnMut(&mut Self, &Item) -> Done) -> Done {
        for path in paths {
            match expand(path) {
                Ok(found) => {
                    for item in &found {
                        let done = act(self, item);
                        self.kept(done)?;
                    }
                }
                Err(complaint) => self.complain(complaint)?,
            }
        }
        Ok(())
    }
}

/// Prints a line.
pub fn print(line: impl std::fmt::Display) {
    // A closed output is nothing to report.
    let _ = to_stdout(|out| writeln!(out, "{line}"));
}

/// Prints a line that ends with a path, byte for byte.
pub fn print_path(before: &str, path: &OsStr) {
    let _ = to_stdout(|out| {
        out.write_all(before.as_bytes())?;
        out.write_all(path.as_bytes())?;
        out.write_all(b"\n")
    });
}
