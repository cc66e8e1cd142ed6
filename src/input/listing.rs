//! The files at and below the paths of an input.

use std::ffi::OsStr;
use std::fs::Metadata;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use walkdir::WalkDir;
use xxhash_rust::xxh3::xxh3_64;

use crate::cancel::CancelToken;
use crate::error::{Error, Result};
use crate::input::watch::Watched;
use crate::observe::purpose::{FileUse, Purpose};
use crate::remote::{Address, RemoteFile};
use crate::store::page_cache::drop_pages;

/// The file in each directory of a run whose name is not hidden: such directories are no input.
pub const RUN_MARKER: &str = ".twinmill";

/// A file of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputFile {
    /// Its path, or its address in a store.
    pub path: Arc<Path>,
    /// Its name in messages, where that is not its path.
    pub(crate) called: Option<Arc<Path>>,
    /// Its size on disk.
    pub bytes: u64,
    /// Time of its last change, in nanoseconds since 1970.
    pub modified_ns: i64,
    /// The device it lies on; `u64::MAX` for a store.
    pub device: u64,
    /// Its inode number on the device; a hash of its address in a store.
    pub inode: u64,
    /// The file in its store; `None` on this machine.
    pub(crate) remote: Option<Arc<RemoteFile>>,
    pub(crate) watched: Watched,
}

impl InputFile {
    /// An input file with the properties that the file system states.
    pub(crate) fn new(path: Arc<Path>, metadata: &Metadata) -> Self {
        let modified_ns = metadata.mtime().wrapping_mul(1_000_000_000).wrapping_add(metadata.mtime_nsec());
        InputFile {
            path,
            called: None,
            bytes: metadata.len(),
            modified_ns,
            device: metadata.dev(),
            inode: metadata.ino(),
            remote: None,
            watched: Watched::default(),
        }
    }

    /// An input file with the properties that a store states.
    pub(crate) fn in_store(address: &str, remote: Arc<RemoteFile>) -> Self {
        InputFile {
            path: Path::new(address).into(),
            called: None,
            bytes: remote.entry().bytes,
            modified_ns: remote.entry().modified_ms.wrapping_mul(1_000_000),
            device: u64::MAX,
            inode: xxh3_64(address.as_bytes()),
            remote: Some(remote),
            watched: Watched::default(),
        }
    }

    /// Drops what the system keeps of it in memory, so that it is read from its device.
    ///
    /// # Errors
    /// [`Error::Io`] where it cannot be opened; [`Error::Cancelled`].
    pub(crate) fn drop_cached_pages(&self, cancel: &CancelToken) -> Result<()> {
        match self.remote {
            // Nothing of it is kept.
            Some(_) => Ok(()),
            None => drop_pages(&self.path, FileUse::reads(Purpose::Input), cancel),
        }
    }

    /// Its name for messages.
    pub fn name(&self) -> &Arc<Path> {
        self.called.as_ref().unwrap_or(&self.path)
    }
}

/// The files at and below `paths`: arguments in their order, each directory's files in byte order of their paths. Below a
/// directory, names that start with `_` or `.` are skipped before they are looked at, as Hadoop does, and so are the
/// directories of runs. Addresses such as `s3://bucket/logs` are listed in their stores.
///
/// # Errors
/// [`Error::Config`] for an address that this build does not read; [`Error::Io`] for a path that is not there or a directory that cannot be read.
pub fn list_files(paths: &[PathBuf]) -> Result<Vec<InputFile>> {
    list_until(paths, &CancelToken::default())
}

/// Like [`list_files`]. Whoever waits for a store, now or for one of its files later, stops with `cancel`.
///
/// # Errors
/// As for [`list_files`], and [`Error::Cancelled`].
pub(crate) fn list_until(paths: &[PathBuf], cancel: &CancelToken) -> Result<Vec<InputFile>> {
    let mut files = Vec::new();
    for root in paths {
        if let Some(address) = Address::of(root) {
            let found = RemoteFile::list(&address, cancel)?.into_iter();
            files.extend(found.map(|(address, file)| InputFile::in_store(&address, file)));
            continue;
        }
        let first = files.len();
        for entry in WalkDir::new(root).follow_links(true).into_iter().filter_entry(is_input) {
            let entry = match entry {
                // Under a name that is skipped, a dangling or circular link is no error.
                Err(error) if error.depth() > 0 && error.path().and_then(Path::file_name).is_some_and(is_skipped) => {
                    continue;
                }
                entry => entry.map_err(|error| unreadable(root, error))?,
            };
            let metadata = entry.metadata().map_err(|error| unreadable(root, error))?;
            if metadata.is_file() {
                files.push(InputFile::new(entry.path().into(), &metadata));
            } else if !metadata.is_dir() {
                let cause = std::io::Error::other(format!("it is {}", kind(&metadata)));
                return Err(Error::io("read input", entry.path(), cause));
            }
        }
        files[first..].sort_by(|a, b| a.path.as_os_str().as_bytes().cmp(b.path.as_os_str().as_bytes()));
    }
    Ok(files)
}

fn is_skipped(name: &OsStr) -> bool {
    matches!(name.as_bytes().first(), Some(b'_' | b'.'))
}

fn is_input(entry: &walkdir::DirEntry) -> bool {
    if entry.depth() == 0 {
        return true;
    }
    let is_own = || entry.file_type().is_dir() && entry.path().join(RUN_MARKER).symlink_metadata().is_ok();
    !is_skipped(entry.file_name()) && !is_own()
}

fn kind(metadata: &Metadata) -> &'static str {
    let kind = metadata.file_type();
    if kind.is_fifo() {
        "a pipe, which is read only where --input names it"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

fn unreadable(root: &Path, error: walkdir::Error) -> Error {
    let path = error.path().unwrap_or(root).to_owned();
    let cause = error.into_io_error().unwrap_or_else(|| std::io::Error::other("symbolic links form a loop"));
    Error::io("read input", &path, cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_are_walked_in_byte_order_without_hidden_names() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["b.txt", "b/x", "a/z", "_SUCCESS", ".hidden", "c/_logs/x", "a.txt"] {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x").unwrap();
        }
        let files = list_files(&[dir.path().to_owned()]).unwrap();
        let names: Vec<_> = files.iter().map(|f| f.path.strip_prefix(dir.path()).unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["a.txt", "a/z", "b.txt", "b/x"]);
        let missing = list_files(&[dir.path().join("nope")]).unwrap_err();
        assert!(missing.to_string().contains("nope"), "{missing}");
    }

    #[test]
    fn skipped_names_and_directories_of_runs_are_not_looked_at() {
        let dir = tempfile::tempdir().unwrap();
        let make = |name: &str| {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x").unwrap();
        };
        ["a", "twinmill-data/b", "twinmill-abc/journal", "twinmill-abc/.twinmill"].into_iter().for_each(make);
        for (name, target) in [("_dangling", "nowhere"), (".loop", "."), ("_self", "_self")] {
            std::os::unix::fs::symlink(target, dir.path().join(name)).unwrap();
        }
        let names = |root: &Path| -> Vec<PathBuf> {
            let files = list_files(&[root.to_owned()]).unwrap();
            files.iter().map(|file| file.path.strip_prefix(root).unwrap().to_owned()).collect()
        };
        assert_eq!(names(dir.path()), [PathBuf::from("a"), "twinmill-data/b".into()]);
        assert_eq!(names(&dir.path().join("twinmill-abc")), [PathBuf::from("journal")], "whoever names it wants it");
        for (name, target, said) in [("dangling", "nowhere", "No such file"), ("loop", ".", "form a loop")] {
            std::os::unix::fs::symlink(target, dir.path().join(name)).unwrap();
            let error = list_files(&[dir.path().to_owned()]).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains(said), "{error}");
            std::fs::remove_file(dir.path().join(name)).unwrap();
        }
    }
}
