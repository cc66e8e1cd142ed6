//! Archives that are shipped.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::{Error, Result};

/// An archive, and the system's own program that unpacks it.
#[derive(Clone, Debug)]
pub struct Archive {
    path: PathBuf,
    is_zip: bool,
}

impl Archive {
    /// The archive at a path, by the end of its name; `None` for any other file, which Hadoop links as it is.
    pub fn at(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_string_lossy().to_lowercase();
        let ends = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
        let is_zip = ends(&[".zip", ".jar"]);
        (is_zip || ends(&[".tar", ".tar.gz", ".tgz"])).then(|| Archive { path: path.to_owned(), is_zip })
    }

    /// The command that unpacks it into a directory, as words.
    pub fn unpacking(&self, to: &Path) -> Vec<OsString> {
        let [path, to] = [self.path.as_os_str(), to.as_os_str()];
        let words: &[&OsStr] = if self.is_zip {
            &["unzip".as_ref(), "-q".as_ref(), "-d".as_ref(), to, path]
        } else {
            &["tar".as_ref(), "-xf".as_ref(), path, "-C".as_ref(), to]
        };
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    /// Unpacks it into a new directory.
    ///
    /// # Errors
    /// [`Error::Io`], with the words of the program.
    pub fn unpack(&self, to: &Path) -> Result<()> {
        fs::create_dir(to).map_err(Error::at("create", to))?;
        let words = self.unpacking(to);
        let done = Command::new(&words[0]).args(&words[1..]).output().map_err(Error::at("unpack", &self.path))?;
        if done.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&done.stderr).trim().to_owned();
        Err(Error::io("unpack", &self.path, io::Error::other(said)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_is_told_by_the_end_of_its_name() {
        let unpacked_by =
            |name: &str| Archive::at(Path::new(name)).map(|archive| archive.unpacking(Path::new("d")).remove(0));
        for (name, program) in [
            ("a.zip", Some("unzip")),
            ("b/A.JAR", Some("unzip")),
            ("a.tar", Some("tar")),
            ("a.tar.gz", Some("tar")),
            ("a.TGZ", Some("tar")),
            ("a.gz", None),
            ("tar", None),
        ] {
            assert_eq!(unpacked_by(name).as_deref(), program.map(OsStr::new), "{name}");
        }
    }
}
