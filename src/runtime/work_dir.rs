//! Private directories of a run, with a lock by which others see that they are in use.
//!
//! ```text
//! work/
//!     .twinmill-h2Kq9aXw.owner   locked by the process it belongs to for as long as that lives; holds its id
//!     twinmill-h2Kq9aXw/         0700, a name that cannot be guessed
//!         .twinmill              marks the content as no input
//! ```
//!
//! The lock (`flock`) ends with the process, however that ends; so a process that can take the lock of such a file has
//! found the directory of a dead one, and may remove or resume it. The owner file is removed last, and only when the
//! directory is gone: a directory that cannot be removed is found again by the next run. Nothing without an owner file
//! is ever touched, nothing of another user, and no symbolic link is followed. A directory that is to stay loses its
//! owner file.
//!
//! A directory whose name is hidden has no `.twinmill` in it: hidden directories are never read as input, and the
//! output of a job begins as such a directory.

use std::ffi::{OsStr, OsString};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use nix::unistd::geteuid;

use crate::cancel::CancelToken;
use crate::error::{Error, Result};
use crate::input::listing::RUN_MARKER;
use crate::runtime::removal;
use crate::runtime::transient::Transient;

const OWNER: &str = ".owner";

/// Permissions of a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// For its owner alone.
    Private,
    /// Those of any new directory, as the process's mask says.
    Usual,
}

/// A directory that belongs to this process, and is removed with all its content when this is dropped.
#[derive(Debug)]
pub struct WorkDir {
    path: PathBuf,
    /// `None` once there is nothing to remove.
    owner: Option<Owner>,
    /// Cuts the removal short.
    cancel: CancelToken,
}

/// The file that marks a directory as in use.
#[derive(Debug)]
struct Owner {
    path: PathBuf,
    file: File,
    /// A descriptor to remove the directory with, when there are no others left.
    spare: Option<File>,
}

impl Owner {
    /// Keeps the file, which from now on is removed only after the directory.
    fn new(path: Transient, file: File, spare: Option<File>) -> Self {
        Owner { path: path.keep(), file, spare }
    }
}

impl WorkDir {
    /// Makes a directory in `parent`, which exists, whose name begins with `prefix`.
    ///
    /// # Errors
    /// [`Error::Io`] where it cannot be made.
    pub fn create(parent: &Path, prefix: impl AsRef<OsStr>, access: Access) -> Result<Self> {
        loop {
            let made = Self::attempt(parent, prefix.as_ref(), access);
            if let Some(made) = made.map_err(Error::at("create a directory in", parent))? {
                return Ok(made);
            }
        }
    }

    /// `None` where another process took it for stale before it was locked.
    fn attempt(parent: &Path, prefix: &OsStr, access: Access) -> io::Result<Option<Self>> {
        let (owner, mut file) = Transient::create(parent, &owner_prefix(prefix), OWNER)?;
        // A process that takes it for stale at this moment removes it.
        if file.try_lock().is_err() || file.metadata()?.nlink() == 0 {
            return Ok(None);
        }
        writeln!(file, "{}", std::process::id())?;
        let path = directory(owner.as_ref()).expect("the owner's name was made for this");
        let mode = if access == Access::Private { 0o700 } else { 0o777 };
        // Without a spare descriptor to remove the directory with, none is made.
        let spare = file.try_clone()?;
        let owner = Owner::new(owner, file, Some(spare));
        let made = WorkDir { path, owner: Some(owner), cancel: CancelToken::default() };
        // An error from here on drops `made`, which cleans up.
        DirBuilder::new().mode(mode).create(&made.path)?;
        if !prefix.as_bytes().starts_with(b".") {
            File::create_new(made.path.join(RUN_MARKER))?;
        }
        Ok(Some(made))
    }

    /// Path of the directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Stops removing it soon after `cancel`. The next run finds the rest.
    pub fn hurried_by(mut self, cancel: &CancelToken) -> Self {
        self.cancel = cancel.clone();
        self
    }

    /// Writes a word after the process's id, for a run that finds this process dead. It stays until everything else is
    /// removed.
    ///
    /// # Errors
    /// Those of writing it.
    pub fn write_down(&self, word: &str) -> io::Result<()> {
        let Some(owner) = &self.owner else { return Ok(()) };
        let line = format!("{}\n{word}\n", std::process::id());
        owner.file.write_all_at(line.as_bytes(), 0)?;
        owner.file.set_len(line.len() as u64)
    }

    /// Removes the directory.
    ///
    /// # Errors
    /// The first refusal to remove something in it. The next run finds the rest.
    pub fn close(mut self) -> io::Result<()> {
        self.remove()
    }

    /// Leaves the directory as it is, for a run that finds its process dead.
    pub fn leave(mut self) {
        self.owner = None;
    }

    /// Leaves the directory where it is, without an owner.
    pub fn keep(mut self) -> PathBuf {
        if let Some(owner) = self.owner.take() {
            let _ = fs::remove_file(&owner.path);
        }
        std::mem::take(&mut self.path)
    }

    fn remove(&mut self) -> io::Result<()> {
        let Some(mut owner) = self.owner.take() else { return Ok(()) };
        owner.spare = None;
        removal::remove(&self.path, &self.cancel)?;
        // Removed while it is locked, so that no process takes a new one of this name for stale.
        fs::remove_file(&owner.path)
    }
}

impl Drop for WorkDir {
    fn drop(&mut self) {
        // The next run finds what cannot be removed now.
        let _ = self.remove();
    }
}

/// The directories of dead processes in `parent` whose names begin with `prefix`. Dropping one removes it;
/// [`Stale::leave`] does not.
pub fn stale(parent: &Path, prefix: impl AsRef<OsStr>) -> impl Iterator<Item = Stale> {
    let prefix = owner_prefix(prefix.as_ref());
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    entries.filter_map(move |entry| {
        let name = entry.file_name();
        let is_owner = name.as_bytes().starts_with(prefix.as_bytes()) && name.as_bytes().ends_with(OWNER.as_bytes());
        if is_owner { Stale::take(&entry.path()) } else { None }
    })
}

/// A directory whose process is dead.
#[derive(Debug)]
pub struct Stale(WorkDir);

impl Stale {
    /// Takes over the directory of an owner file, if its process is dead.
    fn take(owner: &Path) -> Option<Self> {
        let path = directory(owner)?;
        let owner = abandoned(owner)?;
        let spare = owner.1.try_clone().ok();
        let owner = Owner::new(owner.0, owner.1, spare);
        match path.symlink_metadata() {
            Ok(metadata) if !metadata.is_dir() || !is_mine(&metadata) => None,
            _ => Some(Stale(WorkDir { path, owner: Some(owner), cancel: CancelToken::default() })),
        }
    }

    /// The word that its process [wrote down](WorkDir::write_down) last.
    pub fn written_down(&self) -> Option<String> {
        let owner = self.0.owner.as_ref()?;
        let mut text = [0; 256];
        let len = owner.file.read_at(&mut text, 0).ok()?;
        let word = str::from_utf8(&text[..len]).ok()?.lines().nth(1)?;
        Some(word.to_owned())
    }

    /// Removes it, and stops soon after `cancel`.
    pub fn remove(self, cancel: &CancelToken) {
        drop(self.0.hurried_by(cancel));
    }

    /// Path of the directory.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Makes it this process's own.
    pub fn adopt(self) -> WorkDir {
        self.0
    }

    /// Leaves it as it is, for another run.
    pub fn leave(self) {
        self.0.leave();
    }
}

/// Takes over a file that its process kept locked, if the process is dead. The file is removed when its path is
/// dropped.
pub fn abandoned(path: &Path) -> Option<(Transient, File)> {
    // Opened without following a link, and without waiting for a writer in case it is a pipe.
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    let file = OpenOptions::new().read(true).write(true).custom_flags(flags.bits()).open(path).ok()?;
    let metadata = file.metadata().ok()?;
    if !metadata.is_file() || !is_mine(&metadata) || file.try_lock().is_err() {
        return None;
    }
    // The file may have been removed between opening and locking.
    if file.metadata().ok()?.nlink() == 0 {
        return None;
    }
    Some((Transient::of(path.to_owned()), file))
}

fn is_mine(metadata: &fs::Metadata) -> bool {
    metadata.uid() == geteuid().as_raw()
}

fn owner_prefix(prefix: &OsStr) -> OsString {
    let hidden = prefix.as_bytes().starts_with(b".");
    let mut name = OsString::from(if hidden { "" } else { "." });
    name.push(prefix);
    name
}

/// The directory that belongs to an owner file. All owner files are hidden; the directory is hidden too if the owner
/// file's name has `.twinmill-` in its middle: `.out.twinmill-…`.
fn directory(owner: &Path) -> Option<PathBuf> {
    let name = owner.file_name()?.as_bytes().strip_suffix(OWNER.as_bytes())?;
    let visible = name.strip_prefix(b".twinmill-").map(|_| &name[1..]);
    Some(owner.with_file_name(OsStr::from_bytes(visible.unwrap_or(name))))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Leaves a directory as a process does that is killed.
    fn abandon(parent: &Path, prefix: &str) -> PathBuf {
        let mut dir = WorkDir::create(parent, prefix, Access::Private).unwrap();
        fs::write(dir.path().join("file"), "x").unwrap();
        dir.owner = None;
        dir.path().to_owned()
    }

    #[test]
    fn a_directory_is_private_and_goes_with_its_owner() {
        let parent = tempfile::tempdir().unwrap();
        let dir = WorkDir::create(parent.path(), "twinmill-", Access::Private).unwrap();
        assert_eq!(dir.path().metadata().unwrap().permissions().mode() & 0o777, 0o700);
        fs::create_dir(dir.path().join("sub")).unwrap();
        fs::write(dir.path().join("sub/file"), "x").unwrap();
        assert_eq!(names(parent.path()).len(), 2);
        dir.close().unwrap();
        assert_eq!(names(parent.path()), [""; 0]);
        drop(WorkDir::create(parent.path(), ".out.twinmill-", Access::Usual).unwrap());
        assert_eq!(names(parent.path()), [""; 0]);
    }

    #[test]
    fn what_a_dead_process_left_is_removed_and_what_a_live_one_has_is_not() {
        let parent = tempfile::tempdir().unwrap();
        for prefix in ["twinmill-", ".out.twinmill-"] {
            let live = WorkDir::create(parent.path(), prefix, Access::Private).unwrap();
            let dead = abandon(parent.path(), prefix);
            let found: Vec<_> = stale(parent.path(), prefix).map(|stale| stale.path().to_owned()).collect();
            assert_eq!(found, std::slice::from_ref(&dead));
            assert!(!dead.exists() && live.path().exists());
            assert_eq!(stale(parent.path(), prefix).count(), 0);
            drop(live);
            assert_eq!(names(parent.path()), [""; 0]);
        }
    }

    #[test]
    fn what_is_left_can_be_left_and_gone_on_with() {
        let parent = tempfile::tempdir().unwrap();
        let dead = abandon(parent.path(), "twinmill-");
        stale(parent.path(), "twinmill-").for_each(Stale::leave);
        let adopted = stale(parent.path(), "twinmill-").next().unwrap().adopt();
        assert_eq!((adopted.path(), stale(parent.path(), "twinmill-").count()), (dead.as_path(), 0));
        assert!(dead.join("file").exists());
        let kept = adopted.keep();
        assert_eq!((kept.as_path(), names(parent.path()).len()), (dead.as_path(), 1));
        assert_eq!(stale(parent.path(), "twinmill-").count(), 0);
    }

    #[test]
    fn what_cannot_be_removed_at_once_is_found_by_the_next_run() {
        let parent = tempfile::tempdir().unwrap();
        for prefix in ["twinmill-", ".out.twinmill-"] {
            let dir = WorkDir::create(parent.path(), prefix, Access::Private).unwrap();
            let path = dir.path().to_owned();
            (0..3).for_each(|i| fs::write(path.join(format!("file{i}")), "x").unwrap());
            // Somebody has put a file there, so that there is no directory to open.
            fs::rename(&path, parent.path().join("aside")).unwrap();
            fs::write(&path, "x").unwrap();
            assert!(dir.close().is_err());
            assert_eq!(names(parent.path()).iter().filter(|name| name.ends_with(OWNER)).count(), 1);
            fs::remove_file(&path).unwrap();
            fs::rename(parent.path().join("aside"), &path).unwrap();
            assert_eq!(stale(parent.path(), prefix).count(), 1);
            assert_eq!(names(parent.path()), [""; 0]);
        }
    }

    #[test]
    fn removing_stops_when_all_is_to_stop_and_goes_on_with_the_next_run() {
        let parent = tempfile::tempdir().unwrap();
        let cancel = CancelToken::default();
        let dir = WorkDir::create(parent.path(), "twinmill-", Access::Private).unwrap().hurried_by(&cancel);
        fs::create_dir(dir.path().join("map-output")).unwrap();
        cancel.cancel();
        // A few files take no time at all.
        dir.close().unwrap();
        assert_eq!(names(parent.path()), [""; 0]);
    }

    #[test]
    fn only_visible_directories_are_marked() {
        let parent = tempfile::tempdir().unwrap();
        let visible = WorkDir::create(parent.path(), "twinmill-", Access::Private).unwrap();
        assert_eq!(names(visible.path()), [RUN_MARKER]);
        let hidden = WorkDir::create(parent.path(), ".out.twinmill-", Access::Usual).unwrap();
        assert_eq!(names(hidden.path()), [""; 0]);
    }

    #[test]
    fn a_word_for_whoever_comes_after_is_read_by_them() {
        let parent = tempfile::tempdir().unwrap();
        let dir = WorkDir::create(parent.path(), "twinmill-", Access::Private).unwrap();
        dir.write_down("first-and-longer").unwrap();
        dir.write_down("second").unwrap();
        dir.leave();
        let left = stale(parent.path(), "twinmill-").next().unwrap();
        assert_eq!(left.written_down().as_deref(), Some("second"));
        drop(left);
        abandon(parent.path(), "twinmill-");
        assert_eq!(stale(parent.path(), "twinmill-").next().unwrap().written_down(), None);
    }

    #[test]
    fn links_are_not_followed_and_what_has_no_owner_is_not_touched() {
        let parent = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        fs::write(elsewhere.path().join("precious"), "x").unwrap();
        // A directory replaced by a link, a link as an owner, a link inside a stale directory.
        let replaced = abandon(parent.path(), "twinmill-");
        fs::remove_dir_all(&replaced).unwrap();
        symlink(elsewhere.path(), &replaced).unwrap();
        symlink(elsewhere.path().join("precious"), parent.path().join(".twinmill-link.owner")).unwrap();
        fs::create_dir(parent.path().join("twinmill-without-owner")).unwrap();
        fs::create_dir(parent.path().join(".twinmill-directory.owner")).unwrap();
        let with_link = abandon(parent.path(), "twinmill-");
        symlink(elsewhere.path(), with_link.join("link")).unwrap();
        assert_eq!(stale(parent.path(), "twinmill-").count(), 1);
        assert!(elsewhere.path().join("precious").exists());
        assert!(replaced.symlink_metadata().is_ok() && !with_link.exists());
        assert!(parent.path().join("twinmill-without-owner").exists());
    }
}
