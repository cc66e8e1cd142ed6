//! A comparison in other forms: a page, Markdown, CSV, a trace.

mod claims;
mod csv;
mod markdown;
mod page;
mod trace;

pub use claims::{claims_markdown, claims_page, course_page, lesson_page};

use std::path::{Path, PathBuf};

use crate::CancelToken;
use crate::cli::args::ExportArgs;
use crate::cli::pending_file::{PendingFile, write_whole};
use crate::config::ExistingOutput;
use crate::measure::comparison::Comparison;
use crate::measure::failure::Failure;

impl ExportArgs {
    fn paths(&self) -> [Option<&Path>; 4] {
        [&self.html, &self.export_markdown, &self.export_csv, &self.trace].map(Option::as_deref)
    }

    /// The files that are to be written, with the options that name them.
    pub fn files(&self) -> Vec<(&'static str, PathBuf)> {
        let options = ["--html", "--export-markdown", "--export-csv", "--trace"];
        let named = options.into_iter().zip(self.paths());
        named.filter_map(|(option, path)| Some((option, path?.to_owned()))).collect()
    }

    /// Whether anything is to be written.
    pub fn is_empty(&self) -> bool {
        self.paths().iter().all(Option::is_none)
    }

    /// Finds out whether all files can be written.
    ///
    /// # Errors
    /// [`Failure::Library`] for the first that cannot.
    pub fn check(&self) -> Result<(), Failure> {
        for path in self.paths().into_iter().flatten() {
            drop(PendingFile::create(path, ExistingOutput::Overwrite)?);
        }
        Ok(())
    }

    /// Writes the files that were asked for.
    ///
    /// # Errors
    /// [`Failure::Library`] where a file cannot be written.
    pub fn write(&self, comparisons: &[Comparison], cancel: &CancelToken) -> Result<(), Failure> {
        let forms: [fn(&[Comparison]) -> String; 4] = [page::render, markdown::render, csv::render, trace::render];
        for (path, form) in self.paths().into_iter().zip(forms) {
            let Some(path) = path else { continue };
            let file = PendingFile::create(path, ExistingOutput::Overwrite)?;
            write_whole(file, path, form(comparisons).as_bytes(), cancel)?;
        }
        Ok(())
    }
}
