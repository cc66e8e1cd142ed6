//! Files that are removed unless they are kept on purpose.

use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::{env, ffi::OsStr, ffi::OsString};

/// The path of a file that is removed when this is dropped.
#[derive(Debug)]
pub struct Transient(PathBuf);

impl Transient {
    /// Takes charge of a file that is there.
    pub fn of(path: PathBuf) -> Self {
        Transient(path)
    }

    /// Makes a file in `parent` that only its owner can read: `prefix`, random letters and digits, `suffix`.
    ///
    /// # Errors
    /// Those of making it.
    pub fn create(parent: &Path, prefix: &OsStr, suffix: &str) -> io::Result<(Self, File)> {
        // The file must be found even after the process has changed its directory.
        let parent = if parent.is_absolute() { parent.to_owned() } else { env::current_dir()?.join(parent) };
        loop {
            let path = parent.join(random_name(prefix, suffix));
            match OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                made => return made.map(|file| (Transient(path), file)),
            }
        }
    }

    /// Leaves the file where it is.
    pub fn keep(mut self) -> PathBuf {
        // There is nothing of this name, so nothing is removed.
        std::mem::take(&mut self.0)
    }
}

impl AsRef<Path> for Transient {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Transient {
    fn drop(&mut self) {
        if !self.0.as_os_str().is_empty() {
            let _ = fs::remove_file(&self.0);
        }
    }
}

/// A name that cannot be guessed: the hash is keyed by the system's random numbers.
fn random_name(prefix: &OsStr, suffix: &str) -> OsString {
    const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    const CHARACTERS: usize = 8;
    let mut random = RandomState::new().hash_one(std::process::id());
    let mut name = prefix.as_bytes().to_vec();
    for _ in 0..CHARACTERS {
        name.push(ALPHABET[(random % ALPHABET.len() as u64) as usize]);
        random /= ALPHABET.len() as u64;
    }
    name.extend_from_slice(suffix.as_bytes());
    OsStr::from_bytes(&name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_goes_unless_it_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let make = || Transient::create(dir.path(), OsStr::new(".a-"), ".owner").unwrap().0;
        let (goes, stays) = (make(), make());
        assert_ne!(goes.as_ref(), stays.as_ref());
        let (gone, kept) = (goes.as_ref().to_owned(), stays.keep());
        drop(goes);
        assert!(!gone.exists() && kept.exists());
        let name = kept.file_name().unwrap().to_str().unwrap();
        assert!(name.starts_with(".a-") && name.ends_with(".owner") && name.len() == 3 + 8 + 6, "{name}");
    }
}
