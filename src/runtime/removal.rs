//! Removes a directory with everything in it, even when little else works any more.
//!
//! One descriptor is enough, however deep the directory is: each level is opened by its path, and believed to be the
//! entry of its parent only if device and inode are the same. No symbolic link is followed. Files of the directory
//! itself are removed last, in descending order of their names, so that those that identify it (`journal`, then
//! `.twinmill`) stay as long as anything else does. A file that cannot be removed does not keep others from being
//! removed.

use std::ffi::{CString, OsStr};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use nix::dir::{Dir, Type};
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat, fstatat};
use nix::unistd::{UnlinkatFlags, unlinkat};

use crate::cancel::CancelToken;

/// Time for which a removal goes on once the run is asked to stop. The next run finds the rest and removes it.
const WHEN_CANCELLED: Duration = Duration::from_millis(400);
/// Number of attempts to open a directory while no descriptor is left, and the pause between them.
const TRIES: u32 = 20;
const BETWEEN_TRIES: Duration = Duration::from_millis(5);

/// Removes a directory. One that is not there is removed already.
///
/// # Errors
/// The first refusal, when everything else is removed; [`io::ErrorKind::Interrupted`] where `cancel` came before the end.
pub(crate) fn remove(dir: &Path, cancel: &CancelToken) -> io::Result<()> {
    let mut removal = Removal { cancel, deadline: None, refusal: None };
    let mut levels = vec![Level { path: dir.to_owned(), identity: None, emptied: false }];
    while let Some(mut level) = levels.pop() {
        let inner = removal.visit(&level, levels.is_empty())?;
        if !level.emptied && (!inner.is_empty() || levels.is_empty()) {
            level.emptied = true;
            levels.push(level);
            levels.extend(inner);
        }
    }
    match std::fs::remove_dir(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(removal.refusal.unwrap_or(error)),
        _ => Ok(()),
    }
}

/// A directory that is to be empty.
struct Level {
    path: PathBuf,
    /// Device and inode that its parent has under this name.
    identity: Option<(u64, u64)>,
    /// Whether the directories in it have been removed.
    emptied: bool,
}

struct Removal<'a> {
    cancel: &'a CancelToken,
    deadline: Option<Instant>,
    refusal: Option<io::Error>,
}

impl Removal<'_> {
    /// Removes the content of a directory, at first only the files; returns the directories in it, which must be
    /// emptied first.
    fn visit(&mut self, level: &Level, outermost: bool) -> io::Result<Vec<Level>> {
        let Some(mut dir) = self.note(self.open(&level.path)).flatten() else { return Ok(Vec::new()) };
        let found = self.note(fstat(&dir)).map(|stat| identity(&stat));
        if found.is_none() || level.identity.is_some_and(|expected| found != Some(expected)) {
            return Ok(Vec::new());
        }
        let mut names = Vec::new();
        for entry in dir.iter() {
            let Some(entry) = self.note(entry) else { break };
            if !matches!(entry.file_name().to_bytes(), b"." | b"..") {
                names.push((entry.file_name().to_owned(), entry.file_type()));
            }
        }
        names.sort_by(|a, b| b.0.cmp(&a.0));
        let mut inner = Vec::new();
        for (name, kind) in names {
            self.check_time()?;
            if is_dir(&dir, &name, kind) {
                if level.emptied {
                    self.unlink(&dir, &name, UnlinkatFlags::RemoveDir);
                } else if let Some(stat) = self.note(fstatat(&dir, name.as_c_str(), AtFlags::AT_SYMLINK_NOFOLLOW)) {
                    let path = level.path.join(OsStr::from_bytes(name.to_bytes()));
                    inner.push(Level { path, identity: Some(identity(&stat)), emptied: false });
                }
            } else if level.emptied || !outermost {
                self.unlink(&dir, &name, UnlinkatFlags::NoRemoveDir);
            }
        }
        Ok(inner)
    }

    /// `None` where it is not there.
    fn open(&self, path: &Path) -> nix::Result<Option<Dir>> {
        let mut tries = 0;
        loop {
            let flags = OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
            match Dir::open(path, flags, Mode::empty()) {
                Err(Errno::ENOENT) => return Ok(None),
                Err(Errno::EMFILE | Errno::ENFILE) if tries < TRIES && !self.cancel.is_cancelled() => {
                    tries += 1;
                    thread::sleep(BETWEEN_TRIES);
                }
                opened => return opened.map(Some),
            }
        }
    }

    fn unlink(&mut self, dir: impl AsFd, name: &CString, flags: UnlinkatFlags) {
        match unlinkat(dir, name.as_c_str(), flags) {
            Err(Errno::ENOENT) => {}
            removed => drop(self.note(removed)),
        }
    }

    /// Keeps the first refusal.
    fn note<T>(&mut self, result: nix::Result<T>) -> Option<T> {
        result.map_err(|errno| self.refusal.get_or_insert(errno.into())).ok()
    }

    fn check_time(&mut self) -> io::Result<()> {
        if !self.cancel.is_cancelled() {
            return Ok(());
        }
        let deadline = *self.deadline.get_or_insert_with(|| Instant::now() + WHEN_CANCELLED);
        if Instant::now() < deadline {
            return Ok(());
        }
        Err(io::Error::new(io::ErrorKind::Interrupted, "stopped before all was removed"))
    }
}

fn is_dir(dir: impl AsFd, name: &CString, kind: Option<Type>) -> bool {
    // Not every file system says what an entry is.
    kind.map_or_else(
        || {
            let stat = fstatat(dir, name.as_c_str(), AtFlags::AT_SYMLINK_NOFOLLOW);
            stat.is_ok_and(|stat| SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT == SFlag::S_IFDIR)
        },
        |kind| kind == Type::Directory,
    )
}

fn identity(stat: &FileStat) -> (u64, u64) {
    (stat.st_dev, stat.st_ino)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn everything_goes_and_no_link_is_followed() {
        let parent = tempfile::tempdir().unwrap();
        let (dir, outside) = (parent.path().join("dir"), parent.path().join("outside"));
        fs::create_dir_all(&outside).unwrap();
        fs::write(outside.join("precious"), "x").unwrap();
        for deep in ["a/b/c/d", "a/b/e", "f"] {
            fs::create_dir_all(dir.join(deep)).unwrap();
            (0..20).for_each(|i| fs::write(dir.join(deep).join(format!("file{i}")), "x").unwrap());
            symlink(&outside, dir.join(deep).join("link")).unwrap();
        }
        fs::write(dir.join("journal"), "x").unwrap();
        symlink(&outside, dir.join("link")).unwrap();
        remove(&dir, &CancelToken::default()).unwrap();
        assert!(!dir.exists() && outside.join("precious").exists());
        remove(&dir, &CancelToken::default()).unwrap();
        symlink(&outside, &dir).unwrap();
        assert!(remove(&dir, &CancelToken::default()).is_err());
        assert!(outside.join("precious").exists());
    }

    #[test]
    fn what_says_whose_it_is_stays_as_long_as_anything_does() {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("dir");
        fs::create_dir_all(dir.join("map-output")).unwrap();
        for name in [".twinmill", "journal", "map-output/a.run", "map-output/b.run"] {
            fs::write(dir.join(name), "x").unwrap();
        }
        let cancel = CancelToken::default();
        cancel.cancel();
        // As when the time that is left is over at once.
        let mut removal = Removal { cancel: &cancel, deadline: Some(Instant::now()), refusal: None };
        let level = Level { path: dir.clone(), identity: None, emptied: false };
        assert_eq!(removal.visit(&level, true).err().unwrap().kind(), io::ErrorKind::Interrupted);
        removal.deadline = Some(Instant::now() + Duration::from_secs(60));
        let inner = removal.visit(&level, true).unwrap();
        removal.visit(&inner[0], false).unwrap();
        assert!(dir.join("journal").exists() && dir.join(".twinmill").exists());
        assert_eq!(fs::read_dir(dir.join("map-output")).unwrap().count(), 0);
        // A moment is left, and these are few.
        remove(&dir, &cancel).unwrap();
        assert!(!dir.exists());
    }

    #[test]
    fn another_directory_in_the_place_of_one_is_left_alone() {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("dir");
        fs::create_dir_all(dir.join("inner")).unwrap();
        fs::write(dir.join("inner/file"), "x").unwrap();
        let cancel = CancelToken::default();
        let mut removal = Removal { cancel: &cancel, deadline: None, refusal: None };
        let other = Level { path: dir.join("inner"), identity: Some((0, 0)), emptied: true };
        removal.visit(&other, false).unwrap();
        assert!(dir.join("inner/file").exists());
    }
}
