//! A directory of generated files, which appears whole or not at all, like the output of a run.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::config::ExistingOutput;
use crate::generate::{Files, Kind, Shape, generate_files};
use crate::measure::failure::Failure;
use crate::runtime::output_names::SUCCESS;
use crate::runtime::output_place::{OutputPlace, new_output};
use crate::{CancelToken, Error};

/// Generates an input into a directory at `path`, with `_SUCCESS` beside its files; returns the bytes written.
///
/// # Errors
/// Any failure; there is no directory then, and one that was to be replaced is as it was.
pub fn write(
    path: &Path,
    existing: ExistingOutput,
    (kind, shape, seed): (Kind, &Shape, u64),
    cancel: &CancelToken,
) -> Result<u64, Failure> {
    let mut place = OutputPlace::claim(path, existing)?;
    let staging = place.stage()?;
    let dir = new_output(staging.path());
    let mut files = DirectoryFiles { dir: dir.clone(), file: None, cancel };
    let written = generate_files(kind, shape, seed, &mut files).and_then(|written| files.end_file().map(|()| written));
    let written = written.map_err(Failure::at("write", path))?;
    cancel.check()?;
    let success = dir.join(SUCCESS);
    File::create_new(&success).map_err(Error::at("create", &success))?;
    place.publish(staging.path())?;
    Ok(written)
}

/// Writes each file into a directory.
struct DirectoryFiles<'a> {
    dir: PathBuf,
    file: Option<BufWriter<File>>,
    cancel: &'a CancelToken,
}

impl DirectoryFiles<'_> {
    fn end_file(&mut self) -> io::Result<()> {
        self.file.take().map_or(Ok(()), |mut file| file.flush())
    }
}

impl Files for DirectoryFiles<'_> {
    fn begin(&mut self, name: &str) -> io::Result<()> {
        self.end_file()?;
        self.file = Some(BufWriter::new(File::create_new(self.dir.join(name))?));
        Ok(())
    }
}

impl Write for DirectoryFiles<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.cancel.is_cancelled() {
            return Err(io::Error::other("cancelled"));
        }
        self.file.as_mut().map_or_else(|| Err(io::Error::other("no file was begun")), |file| file.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }
}
