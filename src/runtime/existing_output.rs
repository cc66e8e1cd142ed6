//! Checks an existing file or directory at the output's place: whether it may be replaced.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::config::ExistingOutput;
use crate::error::{Error, Result};
use crate::runtime::output_files::is_listed;
use crate::runtime::output_names::{SKIPPED, SUCCESS, is_document, is_part, is_staging};

/// Refuses an output that exists, unless it may be replaced and a run made it. Touches nothing.
///
/// # Errors
/// [`Error::OutputExists`], or [`Error::Config`] that names the thing that is there instead of an output.
pub fn check(dir: &Path, existing: ExistingOutput) -> Result<()> {
    let Ok(found) = dir.symlink_metadata() else { return Ok(()) };
    if existing == ExistingOutput::Refuse {
        return Err(Error::OutputExists(dir.to_owned()));
    }
    let refuse = |what: String| {
        let dir = dir.display();
        Err(Error::Config(format!(
            "--overwrite replaces only what a run made, and {dir} {what}; name another directory"
        )))
    };
    match fs::metadata(dir) {
        Err(error) if error.kind() == ErrorKind::NotFound && found.is_symlink() => {
            refuse("is a link that leads nowhere".into())
        }
        Err(error) => Err(Error::io("look at", dir, error)),
        Ok(found) if !found.is_dir() => refuse("is no directory".into()),
        Ok(_) => match foreign(dir).map_err(Error::at("look into", dir))? {
            Some(what) => refuse(what),
            None => Ok(()),
        },
    }
}

/// Finds something in a directory that no run writes, if there is anything. An empty directory has nothing.
pub(crate) fn foreign(dir: &Path) -> io::Result<Option<String>> {
    let (mut entries, mut marks) = (0, 0);
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let (name, kind) = (entry.file_name(), entry.file_type()?);
        let bytes = name.as_bytes();
        if is_staging(bytes) {
            continue;
        }
        entries += 1;
        if kind.is_file() && (bytes == SUCCESS.as_bytes() || is_part(bytes)) {
            marks += 1;
        } else if kind.is_file() && is_document(bytes) {
            // Generated; the mark beside it says so.
        } else if kind.is_file() && name.to_str().is_some_and(|name| is_listed(dir, name).unwrap_or(false)) {
            // As the run wrote it.
        } else if !(kind.is_dir() && name == SKIPPED.0 && holds_only_records(&entry.path())?
            || kind.is_file() && is_report(&entry.path())?)
        {
            return Ok(Some(format!("has {}, which is none of a run's files", name.display())));
        }
    }
    Ok((entries > 0 && marks == 0).then(|| format!("has neither {SUCCESS} nor parts")))
}

fn holds_only_records(skipped: &Path) -> io::Result<bool> {
    for entry in fs::read_dir(skipped)? {
        let entry = entry?;
        if entry.file_name() != SKIPPED.1 || !entry.file_type()?.is_file() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a file begins as a run's report does, which `--report` may have put into the output.
fn is_report(path: &Path) -> io::Result<bool> {
    let mut beginning = Vec::new();
    File::open(path)?.take(64).read_to_end(&mut beginning)?;
    beginning.retain(|byte| !byte.is_ascii_whitespace());
    Ok(beginning.starts_with(b"{\"schema\":"))
}
