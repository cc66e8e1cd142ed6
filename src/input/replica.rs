//! Replicas of input files that a task has no way to read, which hold only the bytes that are needed.
//!
//! ```text
//! file      [ a header ⏎ 1,2 ⏎ …………………………………………………………………………………………………………… ]   on the machine of the program
//! replica   [ a header ⏎ 1,2 ⏎          ]      [ the piece of a task ]       ]   on the machine of the task
//!             looked at beforehand       holes                          holes
//! ```
//!
//! A replica has the size and the name of its file, so everything that reads files reads it as if it were the file: offsets,
//! cuts, headers and compression are the same. It lies in the private directory of a task.

use std::fs::{self, File, OpenOptions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use crate::error::{Error, Result};
use crate::input::listing::InputFile;

/// A replica that is being filled.
#[derive(Debug)]
pub(crate) struct Replica {
    path: PathBuf,
    called: Arc<Path>,
    file: File,
}

impl Replica {
    /// Makes the replica of a file of so many bytes, in a directory of its own below `dir`.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn create(dir: &Path, number: u32, called: &Path, bytes: u64) -> Result<Self> {
        let dir = dir.join(number.to_string());
        fs::create_dir_all(&dir).map_err(Error::at("create", &dir))?;
        // Under the file's own name, which may say how it is compressed.
        let name = called.file_name().filter(|name| name.as_bytes().len() < 256);
        let path = dir.join(name.unwrap_or_else(|| "file".as_ref()));
        let file = OpenOptions::new().write(true).create_new(true).open(&path).map_err(Error::at("create", &path))?;
        file.set_len(bytes).map_err(Error::at("extend", &path))?;
        Ok(Replica { path, called: called.into(), file })
    }

    /// Puts bytes to their place.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn fill(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        self.file.write_all_at(bytes, offset).map_err(Error::at("write", &self.path))
    }

    /// The replica as an input file, which must not change any more.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn finish(self) -> Result<InputFile> {
        // A fixed time, since the time of the last write may come late on some file systems.
        let time = UNIX_EPOCH + Duration::from_secs(1);
        self.file.set_modified(time).map_err(Error::at("set the time of", &self.path))?;
        let metadata = self.file.metadata().map_err(Error::at("look at", &self.path))?;
        let file = InputFile::new(self.path.into(), &metadata);
        Ok(InputFile { called: Some(self.called), ..file })
    }
}
