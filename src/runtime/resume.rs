//! Resumes a killed run, or starts over where that fails.
//!
//! The files of a killed run are checked when the next one begins ([`journal`](crate::runtime::journal)). A damaged
//! dataset, or a missing one that the program wants to read again, shows only later, somewhere within the program; then
//! those files are removed, and the whole program runs once more.
//!
//! Where the killed run had published its output, or had even ended, there is nothing to do. An extended attribute of
//! `_SUCCESS`, where the file system has such, says that an output is complete and whose it is: a hash of the run's
//! identity and of the parts.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{XattrFlags, getxattr, setxattr};
use xxhash_rust::xxh3::Xxh3Default;

use crate::config::{ExistingOutput, Identity, Resume};
use crate::error::Result;
use crate::observe::report::Report;
use crate::runtime::journal::Published;
use crate::runtime::output_dir::part_files;
use crate::runtime::output_names::SUCCESS;
use crate::runtime::output_place::OutputPlace;
use crate::runtime::session::Session;

/// The attribute's name.
const MARK: &str = "user.twinmill.run";

/// The output of the run that is to be resumed, if that run has published it. Its other files are removed.
pub fn is_complete(session: &Session, name: &str) -> Option<PathBuf> {
    let config = &session.config;
    let (Resume::Continue(identity), Some(output)) = (&config.resume, &config.output) else { return None };
    if config.existing_output == ExistingOutput::Overwrite {
        return None;
    }
    let (config, _) = config.clone().within_limits();
    let identity = identity.clone().with_settings(&config, name);
    let published = Published::find(&config, output, &identity);
    if published.is_none() && !is_marked(output, &identity) {
        return None;
    }
    // Completes or undoes a publication that was cut off.
    drop(OutputPlace::claim(output, ExistingOutput::Overwrite));
    if let Some(published) = published {
        mark(output, &identity);
        published.remove_stale(&config, &session.cancel);
    }
    Some(output.clone())
}

/// Marks a complete output as the run's own. Where there are no such attributes, an output is recognised only while the
/// work directory of its killed run is there.
pub(crate) fn mark(output: &Path, identity: &Identity) {
    if let Ok(mark) = mark_of(output, identity) {
        let _ = setxattr(output.join(SUCCESS), MARK, mark.as_bytes(), XattrFlags::empty());
    }
}

/// Whether an output is complete, the run's own, and unchanged.
pub(crate) fn is_marked(output: &Path, identity: &Identity) -> bool {
    let mut found = [0; 64];
    let len = getxattr(output.join(SUCCESS), MARK, &mut found[..]).unwrap_or(0);
    len > 0 && mark_of(output, identity).is_ok_and(|mark| mark.as_bytes() == &found[..len])
}

fn mark_of(output: &Path, identity: &Identity) -> Result<String, io::Error> {
    let mut hasher = Xxh3Default::new();
    hasher.update(&identity.digest().to_le_bytes());
    for part in part_files(output).map_err(io::Error::other)? {
        let metadata = part.symlink_metadata()?;
        hasher.update(part.file_name().unwrap_or_default().as_encoded_bytes());
        let numbers = [metadata.len(), metadata.ino(), metadata.mtime() as u64, metadata.mtime_nsec() as u64];
        numbers.iter().for_each(|number| hasher.update(&number.to_le_bytes()));
    }
    Ok(format!("{:032x}", hasher.digest128()))
}

/// Runs a program; runs it once more from the beginning where the files of a killed run turn out to be damaged.
///
/// # Errors
/// Whatever stopped it.
pub fn or_start_over(session: &Session, mut program: impl FnMut(&Session) -> Result<Report>) -> Result<Report> {
    match program(session) {
        Err(error) if error.is_unresumable() => {
            let mut anew = session.clone();
            if let Resume::Continue(identity) = std::mem::take(&mut anew.config.resume) {
                anew.config.resume = Resume::Record(identity);
            }
            let mut report = program(&anew)?;
            report.notes.push(format!("nothing to resume: {error}"));
            Ok(report)
        }
        ended => ended,
    }
}
