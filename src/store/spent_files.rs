//! Files of runs that are gone, for runs to come.
//!
//! To make a file, ext4 looks for an inode, and passes over those that were deleted within the last five seconds, one by one
//! (`recently_deleted` in its `ialloc.c`). Where thousands of short runs are merged soon after others were deleted, each new file
//! then costs milliseconds. So files are emptied and renamed in place of being deleted and made: never more than the run had at
//! once.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use nix::unistd::truncate;
use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::observe::activity::lock;

/// Files that are kept at most, each with a block of the file system; a few more where several threads put them at once.
const MOST: usize = 8192;
/// What a file keeps. Of one that was cut to nothing, ext4 sends the next contents to the device as soon as it is closed.
const KEPT_BYTES: i64 = 1;
/// The beginning of their names.
const PREFIX: &str = "spent-";

/// Emptied files in a directory.
#[derive(Debug)]
pub(super) struct SpentFiles {
    dir: PathBuf,
    files: Mutex<Vec<PathBuf>>,
    /// Files that there were so far.
    names: AtomicU64,
}

impl SpentFiles {
    /// No files yet, in a directory that is this process's own.
    pub fn within(dir: PathBuf) -> Self {
        SpentFiles { dir, files: Mutex::default(), names: AtomicU64::new(0) }
    }

    /// Keeps or removes a file that nobody reads any more. One that cannot be removed goes with the work directory, or is
    /// reported there.
    pub fn put(&self, path: &Path) {
        if lock(&self.files).len() >= MOST || !self.keep(path) {
            let _ = fs::remove_file(path);
        }
    }

    fn keep(&self, path: &Path) -> bool {
        let spent = self.dir.join(format!("{PREFIX}{}", self.names.fetch_add(1, Ordering::Relaxed)));
        if truncate(path, KEPT_BYTES).is_err() || fs::rename(path, &spent).is_err() {
            return false;
        }
        lock(&self.files).push(spent);
        true
    }

    /// Makes one of the files the one of this name, which must be free, and opens it to write; `None` where there is none.
    ///
    /// # Errors
    /// Those of opening it.
    pub fn take(&self, path: &Path) -> Option<io::Result<File>> {
        let spent = lock(&self.files).pop()?;
        let renamed = renameat_with(CWD, &spent, CWD, path, RenameFlags::NOREPLACE);
        if renamed.is_err() {
            let _ = fs::remove_file(spent);
            return None;
        }
        let opened = File::options().write(true).open(path);
        if opened.is_err() {
            let _ = fs::remove_file(path);
        }
        Some(opened)
    }
}

impl Drop for SpentFiles {
    fn drop(&mut self) {
        lock(&self.files).drain(..).for_each(|file| drop(fs::remove_file(file)));
    }
}

/// The number of files in a directory of runs, without those that are spent, of which nothing may be left.
#[cfg(test)]
pub(crate) fn run_files(dir: &Path) -> usize {
    let files = walkdir::WalkDir::new(dir).into_iter().map(|entry| entry.unwrap());
    let files = files.filter(|entry| entry.file_type().is_file());
    let (spent, of_runs): (Vec<_>, Vec<_>) =
        files.partition(|file| file.file_name().to_string_lossy().starts_with(PREFIX));
    assert!(spent.iter().all(|file| file.metadata().unwrap().len() == KEPT_BYTES as u64), "bytes of a run are left");
    of_runs.len()
}
