//! The output of a job while it runs, and its publication.
//!
//! ```text
//! out                                      the user's directory; appears, complete, when the job has succeeded
//! .out.twinmill-XXXXXXXX/                  staging, beside it (or in it: see `output_place`)
//!     new/part-r-00000                     parts of committed tasks
//!     new/_skipped/records.tsv             bad records, where there were any and they might be skipped
//!     _temporary/attempt-reduce-00001-0/   output of attempts that are running
//! ```
//!
//! A task is committed by renaming its part out of the attempt's directory ([`commit`](crate::pipeline::commit)), the job by
//! publishing all its parts and `_SUCCESS` at once. Staging that is not committed is removed; if its process was killed, by
//! the next one.

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Read};
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::Xxh3Default;

use crate::cancel::CancelToken;
use crate::config::{PartForm, Sync};
use crate::error::{Error, Result};
use crate::input::bad_records::BadRecords;
use crate::observe::report::OutputReport;
use crate::pipeline::commit::PartsDir;
use crate::runtime::output_files::{OutputFile, write_files};
use crate::runtime::output_names::SKIPPED;
use crate::runtime::output_names::SUCCESS;
use crate::runtime::output_place::{self, OutputPlace};
use crate::runtime::work_dir::WorkDir;
use crate::store::disk::sync_dir;

const TEMPORARY: &str = "_temporary";
/// Bytes read at a time for a digest.
const BUFFER_BYTES: usize = 256 << 10;

/// The output directory of a job while it runs.
#[derive(Debug)]
pub(crate) struct OutputDir<'a> {
    place: &'a mut OutputPlace,
    staging: WorkDir,
    parts: PartsDir,
}

impl<'a> OutputDir<'a> {
    /// Makes the staging directory of a claimed output.
    pub fn create(place: &'a mut OutputPlace, sync: Sync, form: PartForm) -> Result<Self> {
        let staging = place.stage()?;
        let attempts = staging.path().join(TEMPORARY);
        fs::create_dir(&attempts).map_err(Error::at("create", &attempts))?;
        let parts = PartsDir { committed: output_place::new_output(staging.path()), attempts, sync, form };
        Ok(OutputDir { place, staging, parts })
    }

    /// The directories of the tasks' parts.
    pub fn parts(&self) -> &PartsDir {
        &self.parts
    }

    /// Writes the records that were skipped beside the parts, if there are any.
    pub fn set_aside(&self, records: &BadRecords) -> Result<()> {
        if records.count() == 0 {
            return Ok(());
        }
        let dir = self.parts.committed.join(SKIPPED.0);
        fs::create_dir(&dir).map_err(Error::at("create", &dir))?;
        let path = dir.join(SKIPPED.1);
        let file = File::create_new(&path).map_err(Error::at("create", &path))?;
        records.write(&mut BufWriter::new(file)).map_err(Error::at("write", &path))
    }

    /// Writes files beside the parts, which `make` makes of them.
    pub fn add_files(&self, make: impl FnOnce(&[PathBuf]) -> Result<Vec<OutputFile>>) -> Result<()> {
        write_files(&self.parts.committed, &make(&part_files(&self.parts.committed)?)?)
    }

    /// Makes the file that marks a complete output and returns its path. It stays the same file wherever it is moved.
    pub fn success(&self) -> Result<PathBuf> {
        let path = self.parts.committed.join(SUCCESS);
        OpenOptions::new().write(true).create(true).truncate(true).open(&path).map_err(Error::at("create", &path))?;
        Ok(path)
    }

    /// Publishes the output, with all its parts and `_SUCCESS` or not at all. An output that it replaces stays until
    /// then.
    pub fn commit(self) -> Result<()> {
        let success = self.success()?;
        if self.parts.sync == Sync::Device {
            let file = File::open(&success).map_err(Error::at("open", &success))?;
            file.sync_all().map_err(Error::at("sync", &success))?;
            sync_dir(&self.parts.committed)?;
        }
        self.place.publish(self.staging.path())?;
        // Files of the old output that cannot be removed now are removed by the next run, which finds them stale.
        drop(self.staging);
        if self.parts.sync == Sync::Device {
            sync_dir(&self.place.parent())?;
        }
        Ok(())
    }
}

/// The paths of an output's parts, in part order.
///
/// # Errors
/// [`Error::Io`] where the directory cannot be read.
pub fn part_files(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut parts = Vec::new();
    for entry in fs::read_dir(dir).map_err(Error::at("read", dir))? {
        let entry = entry.map_err(Error::at("read", dir))?;
        if entry.file_name().as_encoded_bytes().starts_with(b"part-") {
            parts.push(entry.path());
        }
    }
    // A sixth digit makes a longer name.
    parts.sort_by_key(|path| (path.as_os_str().len(), path.clone()));
    Ok(parts)
}

impl OutputReport {
    /// Reads the output back and fills in its digest.
    ///
    /// # Errors
    /// [`Error::Io`] where a part cannot be read, [`Error::Cancelled`] once the token is.
    pub fn compute_digest(&mut self, cancel: &CancelToken) -> Result<()> {
        let mut hasher = Xxh3Default::new();
        let mut buffer = vec![0; BUFFER_BYTES];
        for part in part_files(&self.path)? {
            let mut file = File::open(&part).map_err(Error::at("open", &part))?;
            loop {
                cancel.check()?;
                match file.read(&mut buffer).map_err(Error::at("read", &part))? {
                    0 => break,
                    n => hasher.update(&buffer[..n]),
                }
            }
        }
        self.digest = Some(format!("xxh3:{:016x}", hasher.digest()));
        Ok(())
    }
}
