//! Files that appear whole or not at all: written beside their place and renamed into it.
//!
//! A target that is no file (a pipe, a device, the process's own output) is written in place. Waiting for its reader
//! ends when the token is cancelled.

use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::{AccessFlags, access};
use serde::Serialize;
use tempfile::NamedTempFile;

use crate::config::ExistingOutput;
use crate::measure::failure::Failure;
use crate::runtime::work_dir::abandoned;
use crate::runtime::{beside, places};
use crate::{CancelToken, Error, Result};

/// Names the process's own standard output.
const STDOUT: &str = "-";
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// A file that is being written. Dropped before [`commit`](PendingFile::commit), it leaves nothing behind.
#[derive(Debug)]
pub struct PendingFile {
    target: PathBuf,
    existing: ExistingOutput,
    content: Content,
}

#[derive(Debug)]
enum Content {
    /// A file to be renamed to the target.
    Beside(NamedTempFile),
    /// A device, or a pipe with a reader.
    InPlace(File),
    /// A pipe without a reader so far.
    Unread,
    /// This process's own output, to which others may have written too.
    OwnStream(File),
}

impl PendingFile {
    /// Begins a file that will be at `path`.
    ///
    /// # Errors
    /// [`Error::OutputExists`] where there is a file that may not be replaced, [`Error::Io`] where there can be none.
    pub fn create(path: &Path, existing: ExistingOutput) -> Result<Self> {
        if let Some(stream) = own_stream(path) {
            let content = Content::OwnStream(stream.map_err(Error::at("write", path))?);
            return Ok(PendingFile { target: path.to_owned(), existing, content });
        }
        if let Ok(metadata) = fs::metadata(path) {
            if metadata.is_dir() {
                return Err(Error::io("write", path, ErrorKind::IsADirectory.into()));
            }
            if !metadata.is_file() {
                let content = in_place(path, &metadata).map_err(Error::at("write", path))?;
                return Ok(PendingFile { target: path.to_owned(), existing, content });
            }
            if existing == ExistingOutput::Refuse {
                return Err(Error::OutputExists(path.to_owned()));
            }
            // A file that may not be written is not replaced either, though the directory would allow that.
            access(path, AccessFlags::W_OK).map_err(io::Error::from).map_err(Error::at("write", path))?;
        }
        if path.as_os_str().as_bytes().ends_with(b"/") {
            return Err(Error::io("write", path, ErrorKind::IsADirectory.into()));
        }
        // The file that a symbolic link names is replaced, not the link.
        let is_link = path.symlink_metadata().is_ok_and(|found| found.is_symlink());
        let target = if is_link { places::resolve(path).map_err(Error::at("find", path))? } else { path.to_owned() };
        let name = target.file_name().ok_or_else(|| Error::io("write", path, ErrorKind::InvalidInput.into()))?;
        let prefix = beside::prefix(name);
        remove_abandoned(parent(&target), &prefix);
        if !parent(&target).is_dir() {
            let why = format!("there is no directory {}", parent(&target).display());
            return Err(Error::io("write", path, io::Error::new(ErrorKind::NotFound, why)));
        }
        let beside = begin_beside(parent(&target), &prefix).map_err(without_path).map_err(Error::at("write", path))?;
        if let Ok(replaced) = fs::metadata(&target) {
            // The new file gets the old one's permissions; where they cannot be set, it has the usual ones.
            let _ = beside.as_file().set_permissions(replaced.permissions());
        }
        Ok(PendingFile { target, existing, content: Content::Beside(beside) })
    }

    /// Returns the writer. Waits until a pipe has a reader.
    ///
    /// # Errors
    /// [`Error::Io`] where a pipe cannot be opened, [`Error::Cancelled`] where the token was cancelled before anybody read.
    pub fn writer<'a>(&'a mut self, cancel: &'a CancelToken) -> Result<PatientWriter<'a>> {
        if let Content::Unread = self.content {
            self.content = Content::InPlace(loop {
                match open_in_place(&self.target) {
                    Err(error) if error.raw_os_error() == Some(Errno::ENXIO as i32) => {}
                    opened => break opened.map_err(Error::at("write", &self.target))?,
                }
                if cancel.is_cancelled() {
                    return Err(Error::Cancelled);
                }
                thread::sleep(BETWEEN_LOOKS);
            });
        }
        Ok(match &mut self.content {
            Content::Beside(file) => PatientWriter { file: file.as_file_mut(), waits: Waits::No, cancel },
            Content::InPlace(file) => PatientWriter { file, waits: Waits::ForRoom, cancel },
            Content::OwnStream(file) => PatientWriter { file, waits: Waits::ForLittleRoom, cancel },
            Content::Unread => unreachable!("it was opened above"),
        })
    }

    /// Syncs the file to the device.
    ///
    /// # Errors
    /// Those of the system.
    pub fn sync(&self) -> io::Result<()> {
        if let Content::Beside(file) = &self.content { file.as_file().sync_all() } else { Ok(()) }
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

/// Writes all of a file and puts it in its place. A pipe that its reader has closed is the reader's choice and no error.
///
/// # Errors
/// [`Failure::Library`] where it cannot be written, or the token is cancelled.
pub fn write_whole(
    file: PendingFile,
    path: &Path,
    bytes: &[u8],
    cancel: &CancelToken,
) -> std::result::Result<(), Failure> {
    fill(file, path, |mut to| to.write_all(bytes), cancel)
}

/// Writes a report as JSON, and puts it in its place.
///
/// # Errors
/// As for [`write_whole`].
pub fn write_json(
    report: &impl Serialize,
    file: PendingFile,
    path: &Path,
    cancel: &CancelToken,
) -> std::result::Result<(), Failure> {
    fill(file, path, |to| print_json(report, to), cancel)
}

fn fill(
    mut file: PendingFile,
    path: &Path,
    write: impl FnOnce(PatientWriter<'_>) -> io::Result<()>,
    cancel: &CancelToken,
) -> std::result::Result<(), Failure> {
    match write(file.writer(cancel)?) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => return Err(Failure::at("write", path)(error)),
        _ => {}
    }
    Ok(file.commit()?)
}

/// Writes a report as it is in files. It is never held in one piece: it has an entry for each task.
///
/// # Errors
/// Those of writing, and of values that JSON does not have.
pub fn print_json(report: &impl Serialize, to: impl Write) -> io::Result<()> {
    let mut to = BufWriter::new(to);
    serde_json::to_writer_pretty(&mut to, report)?;
    to.write_all(b"\n")?;
    to.flush()
}

/// Standard output or standard error, where the path means that.
fn own_stream(path: &Path) -> Option<io::Result<File>> {
    let duplicate = |stream: BorrowedFd<'_>| stream.try_clone_to_owned().map(File::from);
    if path.as_os_str() == STDOUT {
        return Some(duplicate(io::stdout().as_fd()));
    }
    let there = fs::metadata(path).ok()?;
    let is_there =
        |stream: &File| stream.metadata().is_ok_and(|own| (own.dev(), own.ino()) == (there.dev(), there.ino()));
    let streams = [duplicate(io::stdout().as_fd()), duplicate(io::stderr().as_fd())];
    streams.into_iter().flatten().find(is_there).map(Ok)
}

/// Opens a target that is no file, as far as that is possible without waiting.
fn in_place(path: &Path, metadata: &fs::Metadata) -> io::Result<Content> {
    let kind = metadata.file_type();
    if kind.is_block_device() || kind.is_socket() {
        let what = if kind.is_socket() { "a socket" } else { "a disk, whose content would be lost" };
        return Err(io::Error::other(format!("it is {what}; name a file")));
    }
    match open_in_place(path) {
        Err(error) if kind.is_fifo() && error.raw_os_error() == Some(Errno::ENXIO as i32) => Ok(Content::Unread),
        opened => Ok(Content::InPlace(opened?)),
    }
}

/// Opens it so that neither this nor a write waits.
fn open_in_place(path: &Path) -> io::Result<File> {
    let flags = OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    File::options().write(true).custom_flags(flags.bits()).open(path)
}

/// The error without the name of the file beside its place, which nobody knows.
fn without_path(error: io::Error) -> io::Error {
    let text = error.to_string();
    match text.split_once(" at path ") {
        Some((why, _)) => io::Error::new(error.kind(), why),
        None => error,
    }
}

/// Makes a file beside a target, locked so that others can tell that it is not abandoned.
fn begin_beside(parent: &Path, prefix: &OsStr) -> io::Result<NamedTempFile> {
    loop {
        let beside =
            tempfile::Builder::new().prefix(prefix).permissions(Permissions::from_mode(0o666)).tempfile_in(parent)?;
        let file = beside.as_file();
        // A process that takes it for abandoned at this moment removes it.
        let taken = matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock));
        if !taken && file.metadata()?.nlink() > 0 {
            return Ok(beside);
        }
    }
}

/// Removes files that killed processes were writing for the same target.
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

/// Writes, and waits for a slow reader only as long as a token is not cancelled.
#[derive(Debug)]
pub struct PatientWriter<'a> {
    file: &'a mut File,
    waits: Waits,
    cancel: &'a CancelToken,
}

/// The condition to wait for before a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waits {
    No,
    /// Some room: a write takes as much as there is room for.
    ForRoom,
    /// Room for `LITTLE_BYTES`: a larger write would wait itself.
    ForLittleRoom,
}

impl Write for PatientWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A pipe with any room has room for so much (`PIPE_BUF`).
        const LITTLE_BYTES: usize = 4096;
        loop {
            if self.cancel.is_cancelled() {
                return Err(io::Error::other("cancelled"));
            }
            if self.waits != Waits::No {
                let mut room = [PollFd::new(self.file.as_fd(), PollFlags::POLLOUT)];
                match poll(&mut room, PollTimeout::from(BETWEEN_LOOKS.as_millis() as u16)) {
                    Ok(0) | Err(Errno::EINTR) => continue,
                    polled => polled?,
                };
            }
            let most = if self.waits == Waits::ForLittleRoom { LITTLE_BYTES } else { usize::MAX };
            match self.file.write(&bytes[..bytes.len().min(most)]) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                written => return written,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use nix::sys::stat::Mode;
    use nix::unistd::mkfifo;

    use super::*;

    #[test]
    fn a_file_appears_only_when_it_is_committed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("report.json");
        let mut pending = PendingFile::create(&path, ExistingOutput::Refuse).unwrap();
        pending.writer(&CancelToken::default()).unwrap().write_all(b"{}").unwrap();
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
    fn a_file_that_is_replaced_keeps_its_mode() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("report.json");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        PendingFile::create(&path, ExistingOutput::Overwrite).unwrap().commit().unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o640);
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

    #[test]
    fn nobody_takes_the_file_of_another_that_is_just_being_made() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("report.json");
        let write = || {
            for _ in 0..50 {
                let mut pending = PendingFile::create(&path, ExistingOutput::Overwrite).unwrap();
                pending.writer(&CancelToken::default()).unwrap().write_all(b"{}").unwrap();
                pending.commit().unwrap();
            }
        };
        thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(write))));
        assert_eq!(fs::read(&path).unwrap(), b"{}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn names_may_be_as_long_as_the_system_has_them() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["n".repeat(255), "\u{e9}".repeat(127)] {
            PendingFile::create(&dir.path().join(name), ExistingOutput::Refuse).unwrap().commit().unwrap();
        }
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_link_that_leads_nowhere_yet_stays_a_link() {
        let dir = tempfile::tempdir().unwrap();
        let link = dir.path().join("link");
        std::os::unix::fs::symlink("file", &link).unwrap();
        PendingFile::create(&link, ExistingOutput::Refuse).unwrap().commit().unwrap();
        assert_eq!((fs::read_link(&link).unwrap(), dir.path().join("file").is_file()), ("file".into(), true));
    }

    #[test]
    fn a_pipe_is_written_when_somebody_reads_and_waited_for_only_until_cancelled() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pipe");
        mkfifo(&path, Mode::S_IRWXU).unwrap();
        let cancelled = CancelToken::default();
        cancelled.cancel();
        let mut pending = PendingFile::create(&path, ExistingOutput::Overwrite).unwrap();
        assert!(matches!(pending.writer(&cancelled), Err(Error::Cancelled)));
        // More than a pipe holds.
        let report = vec![b'x'; 300_000];
        let read = thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let mut read = Vec::new();
                File::open(&path).unwrap().read_to_end(&mut read).unwrap();
                read
            });
            let token = CancelToken::default();
            pending.writer(&token).unwrap().write_all(&report).unwrap();
            pending.commit().unwrap();
            reader.join().unwrap()
        });
        assert_eq!(read, report);
        assert!(fs::metadata(&path).unwrap().file_type().is_fifo());
    }

    #[test]
    fn a_full_pipe_is_waited_for_only_until_cancelled() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pipe");
        mkfifo(&path, Mode::S_IRWXU).unwrap();
        let _reader = File::options().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(&path).unwrap();
        let mut pending = PendingFile::create(&path, ExistingOutput::Overwrite).unwrap();
        let token = CancelToken::default();
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(50));
                token.cancel();
            });
            let error = pending.writer(&token).unwrap().write_all(&[0; 1 << 20]).unwrap_err();
            assert_eq!(error.to_string(), "cancelled");
        });
    }
}
