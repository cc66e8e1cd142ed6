//! Files that appear whole or not at all: written beside their place and renamed into it.

use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use twinmill::config::ExistingOutput;
use twinmill::runtime::work_dir::abandoned;
use twinmill::{Error, Result};

/// A file that is being written. Dropped before [`commit`](PendingFile::commit), it leaves nothing behind.
#[derive(Debug)]
pub struct PendingFile {
    target: PathBuf,
    existing: ExistingOutput,
    content: Content,
}

#[derive(Debug)]
enum Content {
    /// To be renamed to the target.
    Beside(NamedTempFile),
    /// The target itself, which is a device or a pipe and cannot be replaced.
    InPlace(File),
}

impl PendingFile {
    /// Begins a file that will be at `path`.
    ///
    /// # Errors
    /// [`Error::OutputExists`] where there is a file that may not be replaced, [`Error::Io`] where there can be none.
    pub fn create(path: &Path, existing: ExistingOutput) -> Result<Self> {
        let metadata = fs::metadata(path);
        if let Ok(metadata) = &metadata {
            if metadata.is_dir() {
                return Err(Error::io("write", path, io::ErrorKind::IsADirectory.into()));
            }
            if !metadata.is_file() {
                let file = File::options().write(true).open(path).map_err(Error::at("write", path))?;
                return Ok(PendingFile { target: path.to_owned(), existing, content: Content::InPlace(file) });
            }
            if existing == ExistingOutput::Refuse {
                return Err(Error::OutputExists(path.to_owned()));
            }
        }
        // The file that a symbolic link names is replaced, not the link.
        let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let mut prefix = std::ffi::OsString::from(".");
        prefix.push(target.file_name().ok_or_else(|| Error::io("write", path, io::ErrorKind::InvalidInput.into()))?);
        prefix.push(".twinmill-");
        remove_abandoned(parent(&target), &prefix);
        let beside = tempfile::Builder::new()
            .prefix(&prefix)
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(parent(&target))
            .map_err(Error::at("write", path))?;
        // Tells others that it is not abandoned. Nobody else knows its name, so it can only fail where there are no locks.
        let _ = beside.as_file().try_lock();
        Ok(PendingFile { target, existing, content: Content::Beside(beside) })
    }

    /// What to write to.
    pub fn file(&mut self) -> &mut File {
        match &mut self.content {
            Content::Beside(file) => file.as_file_mut(),
            Content::InPlace(file) => file,
        }
    }

    /// Puts the file in its place.
    ///
    /// # Errors
    /// [`Error::Io`] where it cannot be renamed.
    pub fn commit(self) -> Result<()> {
        let Content::Beside(file) = self.content else {
            return Ok(());
        };
        let persisted = match self.existing {
            ExistingOutput::Overwrite => file.persist(&self.target),
            ExistingOutput::Refuse => file.persist_noclobber(&self.target),
        };
        persisted.map(drop).map_err(|error| Error::io("write", &self.target, error.error))
    }
}

/// Removes what processes that were killed were writing for the same target.
fn remove_abandoned(parent: &Path, prefix: &OsStr) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        if entry.file_name().as_bytes().starts_with(prefix.as_bytes()) {
            drop(abandoned(&entry.path()));
        }
    }
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_file_appears_only_when_it_is_committed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("report.json");
        let mut pending = PendingFile::create(&path, ExistingOutput::Refuse).unwrap();
        pending.file().write_all(b"{}").unwrap();
        assert!(!path.exists());
        pending.commit().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"{}");
        drop(PendingFile::create(&path, ExistingOutput::Overwrite).unwrap());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_a_killed_process_was_writing_goes_and_what_a_live_one_writes_does_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("report.json");
        fs::write(dir.path().join(".report.json.twinmill-dead"), "{").unwrap();
        fs::write(dir.path().join(".report.json.backup"), "mine").unwrap();
        let live = PendingFile::create(&path, ExistingOutput::Refuse).unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
        drop(PendingFile::create(&path, ExistingOutput::Refuse).unwrap());
        live.commit().unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    }

    #[test]
    fn an_existing_file_is_replaced_only_on_request() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("data");
        fs::write(&path, "old").unwrap();
        let refused = PendingFile::create(&path, ExistingOutput::Refuse).unwrap_err();
        assert!(matches!(refused, Error::OutputExists(_)), "{refused}");
        PendingFile::create(&path, ExistingOutput::Overwrite).unwrap().commit().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"");
    }

    #[test]
    fn a_link_stays_a_link_and_a_device_a_device() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link, device) = (dir.path().join("file"), dir.path().join("link"), dir.path().join("null"));
        fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        std::os::unix::fs::symlink("/dev/null", &device).unwrap();
        PendingFile::create(&link, ExistingOutput::Overwrite).unwrap().commit().unwrap();
        PendingFile::create(&device, ExistingOutput::Refuse).unwrap().commit().unwrap();
        assert_eq!((fs::read_link(&link).unwrap(), fs::read(&file).unwrap()), (file, Vec::new()));
        assert_eq!(fs::read_link(&device).unwrap(), Path::new("/dev/null"));
    }

    #[test]
    fn a_missing_directory_is_an_error_at_once() {
        let error = PendingFile::create(Path::new("/nowhere/report.json"), ExistingOutput::Refuse).unwrap_err();
        assert!(error.to_string().contains("/nowhere/report.json"), "{error}");
    }
}
