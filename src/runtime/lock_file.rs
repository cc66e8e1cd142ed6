//! Lock files of running processes. The lock (`flock`) ends with its process, however that ends; so a file that a
//! killed process left behind blocks nothing.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;

/// Number of holders that a lock may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// One.
    Alone,
    /// Any number, if all of them hold it in this way.
    Together,
}

/// A lock that is held. The file is removed when its last holder drops it.
#[derive(Debug)]
pub struct LockFile {
    path: PathBuf,
    file: File,
}

/// Result of trying to take a lock.
#[derive(Debug)]
pub enum Taken {
    /// The lock is held until this is dropped.
    Mine(LockFile),
    /// Another process has it; its id, where that can be told.
    Other(Option<u32>),
}

impl LockFile {
    /// Takes the lock, if it is free.
    ///
    /// # Errors
    /// Those of a file that cannot be made, and of a file system without locks.
    pub fn take(path: &Path, hold: Hold) -> io::Result<Taken> {
        loop {
            let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false).mode(0o644).custom_flags(flags.bits());
            let mut file = options.open(path)?;
            let locked = match hold {
                Hold::Alone => file.try_lock(),
                Hold::Together => file.try_lock_shared(),
            };
            match locked {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    let mut id = String::new();
                    let _ = file.take(20).read_to_string(&mut id);
                    return Ok(Taken::Other(id.trim().parse().ok()));
                }
                Err(TryLockError::Error(error)) => return Err(error),
            }
            // The file may have been removed between opening and locking.
            let (mine, there) = (file.metadata()?, fs::symlink_metadata(path));
            if there.is_ok_and(|there| (there.dev(), there.ino()) == (mine.dev(), mine.ino())) {
                file.rewind()?;
                // Only for the message of another process.
                let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
                return Ok(Taken::Mine(LockFile { path: path.to_owned(), file }));
            }
        }
    }
}

impl Drop for LockFile {
    fn drop(&mut self) {
        // Fails where others hold it too; the last of them removes it.
        if self.file.try_lock().is_ok() {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holds_a_lock_alone_and_the_other_is_told_who() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        // The file of a killed process blocks nothing.
        fs::write(&path, "1\n").unwrap();
        let Taken::Mine(lock) = LockFile::take(&path, Hold::Alone).unwrap() else { panic!("it was free") };
        for hold in [Hold::Alone, Hold::Together] {
            let Taken::Other(id) = LockFile::take(&path, hold).unwrap() else { panic!("it was taken") };
            assert_eq!(id, Some(std::process::id()));
        }
        drop(lock);
        assert!(!path.exists());
    }

    #[test]
    fn the_last_of_those_who_hold_it_together_removes_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let take = || match LockFile::take(&path, Hold::Together).unwrap() {
            Taken::Mine(lock) => lock,
            Taken::Other(_) => panic!("they hold it together"),
        };
        let (first, second) = (take(), take());
        assert!(matches!(LockFile::take(&path, Hold::Alone).unwrap(), Taken::Other(_)));
        drop(first);
        assert!(path.exists());
        drop(second);
        assert!(!path.exists());
    }
}
