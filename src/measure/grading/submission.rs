//! The submissions, each copied to a place of its own.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::error::{Error, Result};

/// Most files, and most bytes, of a submission.
const MOST_FILES: usize = 10_000;
const MOST_BYTES: u64 = 256 << 20;

/// A submission.
#[derive(Clone, Debug)]
pub struct Submission {
    /// The name of its folder.
    pub name: String,
    path: PathBuf,
}

/// The submissions in a folder, by name: its folders that are not hidden.
///
/// # Errors
/// [`Error::Io`]; [`Error::Config`] where there is none.
pub fn in_folder(folder: &Path) -> Result<Vec<Submission>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(Error::at("read", folder))? {
        let entry = entry.map_err(Error::at("read", folder))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // A link may lead to somebody else's work.
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder && !name.starts_with(['.', '_']) {
            found.push(Submission { name, path: entry.path() });
        }
    }
    if found.is_empty() {
        return Err(Error::Config(format!("{}: there is no submission: each is a folder in it", folder.display())));
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

impl Submission {
    /// The programs in a folder.
    pub fn of(path: &Path) -> Self {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Submission { name, path: path.to_owned() }
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Copies it, and files that belong beside it, into a new folder that everybody may read. Links are left out: they might
    /// lead to the answer.
    ///
    /// # Errors
    /// A message about what is wrong with it.
    pub fn copy(&self, to: &Path, beside: &[PathBuf]) -> std::result::Result<(), String> {
        let said = |what: &str, error: io::Error| format!("{what}: {error}");
        make_dir(to).map_err(|error| said("cannot copy it", error))?;
        let (mut files, mut bytes) = (0, 0);
        for entry in WalkDir::new(&self.path).min_depth(1).follow_links(false) {
            let entry = entry.map_err(|error| format!("cannot read it: {error}"))?;
            let inner = entry.path().strip_prefix(&self.path).unwrap_or(entry.path());
            let target = to.join(inner);
            files += 1;
            if files > MOST_FILES {
                return Err(format!("it has more than {MOST_FILES} files"));
            }
            if entry.file_type().is_dir() {
                make_dir(&target).map_err(|error| said("cannot copy it", error))?;
            } else if entry.file_type().is_file() {
                bytes += entry.metadata().map_or(0, |file| file.len());
                if bytes > MOST_BYTES {
                    return Err(format!("it has more than {} MiB", MOST_BYTES >> 20));
                }
                copy_file(entry.path(), &target).map_err(|error| said("cannot copy it", error))?;
            }
        }
        for file in beside {
            let target = to.join(file.file_name().unwrap_or_default());
            copy_file(file, &target).map_err(|error| said("cannot lay a file beside it", error))?;
        }
        Ok(())
    }
}

fn make_dir(path: &Path) -> io::Result<()> {
    fs::create_dir(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

/// Copies a file; the programs of a submission may lack their mark.
fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    fs::copy(from, to)?;
    fs::set_permissions(to, fs::Permissions::from_mode(0o755))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_not_followed_and_folders_are_submissions() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        fs::create_dir_all(path("subs/ann/lib")).unwrap();
        fs::create_dir_all(path("subs/.git")).unwrap();
        fs::write(path("subs/notes.txt"), "").unwrap();
        fs::write(path("subs/ann/mapper.py"), "print()").unwrap();
        fs::write(path("subs/ann/lib/a.py"), "").unwrap();
        fs::write(path("answer"), "secret").unwrap();
        std::os::unix::fs::symlink(path("answer"), path("subs/ann/reducer.py")).unwrap();
        let found = in_folder(&path("subs")).unwrap();
        assert_eq!(found.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["ann"]);
        found[0].copy(&path("copy"), &[path("subs/notes.txt")]).unwrap();
        assert!(path("copy/lib/a.py").is_file() && path("copy/notes.txt").is_file());
        assert!(path("copy/reducer.py").symlink_metadata().is_err());
    }
}
