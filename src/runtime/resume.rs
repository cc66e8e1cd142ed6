//! Going on with what a killed run left, or starting over where that does not work out.
//!
//! What was left is looked at when a run begins ([`journal`](crate::runtime::journal)). That a dataset is damaged, or that one is
//! missing which the program wants to read again, shows only later, somewhere within the program; then what was left goes, and
//! the whole program runs once more.
//!
//! Where the killed run had published its output, or had even ended, there is nothing to do. That an output is complete and whose
//! it is stands in an extended attribute of its `_SUCCESS`, as far as the file system has such: a hash of the run's identity and
//! of what the parts are.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{XattrFlags, getxattr, setxattr};
use xxhash_rust::xxh3::Xxh3Default;

use crate::config::{ExistingOutput, Identity, Resume};
use crate::error::Result;
use crate::observe::report::Report;
use crate::runtime::journal::Published;
use crate::runtime::output_dir::parts;
use crate::runtime::output_names::SUCCESS;
use crate::runtime::output_place::OutputPlace;
use crate::runtime::session::Session;

/// The attribute's name.
const MARK: &str = "user.twinmill.run";

/// The output of a run that is to be gone on with, if that run has published it. What is left beside it goes.
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
    // Puts right what lies beside the output.
    drop(OutputPlace::claim(output, ExistingOutput::Overwrite));
    if let Some(published) = published {
        mark(output, &identity);
        published.remove_stale(&config, &session.cancel);
    }
    Some(output.clone())
}

/// Marks a complete output as the run's own. Where there are no such attributes, only a run that was killed finds its output
/// again.
pub(crate) fn mark(output: &Path, identity: &Identity) {
    if let Ok(mark) = mark_of(output, identity) {
        let _ = setxattr(output.join(SUCCESS), MARK, mark.as_bytes(), XattrFlags::empty());
    }
}

/// Whether an output is complete, the run's own, and as it was.
pub(crate) fn is_marked(output: &Path, identity: &Identity) -> bool {
    let mut found = [0; 64];
    let len = getxattr(output.join(SUCCESS), MARK, &mut found[..]).unwrap_or(0);
    len > 0 && mark_of(output, identity).is_ok_and(|mark| mark.as_bytes() == &found[..len])
}

fn mark_of(output: &Path, identity: &Identity) -> Result<String, io::Error> {
    let mut hasher = Xxh3Default::new();
    hasher.update(&identity.digest().to_le_bytes());
    for part in parts(output).map_err(io::Error::other)? {
        let metadata = part.symlink_metadata()?;
        hasher.update(part.file_name().unwrap_or_default().as_encoded_bytes());
        let numbers = [metadata.len(), metadata.ino(), metadata.mtime() as u64, metadata.mtime_nsec() as u64];
        numbers.iter().for_each(|number| hasher.update(&number.to_le_bytes()));
    }
    Ok(format!("{:032x}", hasher.digest128()))
}

/// Runs a program; once more from the beginning where what a killed run left turns out to be damaged.
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
