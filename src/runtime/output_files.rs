//! Files that an output has beside its parts: a page, tables by name.
//!
//! `_files` lists them with their sizes and digests, so that `--overwrite` knows them again, and refuses to replace one that
//! somebody has written since:
//!
//! ```text
//! 3f2a09c17be0d455 18233 dashboard.html
//! ```

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use xxhash_rust::xxh3::xxh3_64;

use crate::error::{Error, Result};
use crate::observe::activity::transfer;
use crate::observe::purpose::{FileUse, Purpose};
use crate::runtime::output_names::{FILES, is_reserved};

/// A file that a job puts beside the parts of its output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputFile {
    /// Its name, which is not that of a part, and has no directory.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// Writes files into an output, and the list of them.
///
/// # Errors
/// [`Error::Config`] for a name that cannot stand there, [`Error::Io`] where they cannot be written.
pub(crate) fn write_files(dir: &Path, files: &[OutputFile]) -> Result<()> {
    let mut list = String::new();
    for OutputFile { name, bytes } in files {
        let is_odd = name.is_empty() || name.starts_with(['.', '_']) || name.contains(['/', '\n']);
        if is_odd || is_reserved(name.as_bytes()) {
            return Err(Error::Config(format!("an output cannot have a file of the name {name:?}")));
        }
        write(&dir.join(name), bytes)?;
        list += &format!("{:016x} {} {name}\n", xxh3_64(bytes), bytes.len());
    }
    if files.is_empty() { Ok(()) } else { write(&dir.join(FILES), list.as_bytes()) }
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = File::create_new(path).map_err(Error::at("create", path))?;
    let written = transfer(FileUse::writes(Purpose::Output), || file.write_all(bytes).map(|()| bytes.len()));
    written.map(drop).map_err(Error::at("write", path))
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut file = File::open(path)?;
    transfer(FileUse::reads(Purpose::Output), || file.read_to_end(&mut bytes))?;
    Ok(bytes)
}

/// Whether a file of an output is the list of its files, or one of them as it was written.
pub(crate) fn is_listed(dir: &Path, name: &str) -> io::Result<bool> {
    const MOST_BYTES: u64 = 1 << 26;
    let list = match read(&dir.join(FILES)) {
        Ok(list) => String::from_utf8_lossy(&list).into_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    if name == FILES {
        return Ok(list.lines().all(|line| line.split(' ').count() >= 3));
    }
    let entry = list.lines().find_map(|line| {
        let mut words = line.splitn(3, ' ');
        let (digest, bytes) = (u64::from_str_radix(words.next()?, 16).ok()?, words.next()?.parse::<u64>().ok()?);
        (words.next()? == name).then_some((digest, bytes))
    });
    let Some((digest, bytes)) = entry.filter(|(_, bytes)| *bytes <= MOST_BYTES) else { return Ok(false) };
    let path = dir.join(name);
    Ok(fs::metadata(&path)?.len() == bytes && xxh3_64(&read(&path)?) == digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_again_until_it_is_changed() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str| OutputFile { name: name.into(), bytes: b"content".to_vec() };
        write_files(dir.path(), &[file("a page.html"), file("b.tsv")]).unwrap();
        assert!(is_listed(dir.path(), "a page.html").unwrap() && is_listed(dir.path(), FILES).unwrap());
        fs::write(dir.path().join("b.tsv"), "changed").unwrap();
        fs::write(dir.path().join("c.tsv"), "content").unwrap();
        assert!(!is_listed(dir.path(), "b.tsv").unwrap() && !is_listed(dir.path(), "c.tsv").unwrap());
        for name in ["", "_SUCCESS", "part-r-00000", "a/b", ".hidden"] {
            assert!(matches!(write_files(dir.path(), &[file(name)]), Err(Error::Config(_))), "{name}");
        }
    }
}
