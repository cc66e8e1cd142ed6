//! What a store can do.

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::cancel::CancelToken;
use crate::config::ExistingOutput;
use crate::remote::failure::Failure;
use crate::remote::pending::Pending;

/// A file system elsewhere. Paths have no slash at their ends.
pub(crate) trait Store: fmt::Debug + Send + Sync {
    /// What there is at a path.
    fn find(&self, path: &str) -> Pending<Found>;

    /// Reads a range of a file, all of it. Fails with [`Failure::Changed`] where the store can tell that it is not of the
    /// version that was found.
    fn read(&self, file: &Arc<Entry>, range: Range<u64>) -> Pending<Vec<u8>>;

    /// Whether [`read`](Self::read) can tell so, always.
    fn knows_versions(&self, file: &Entry) -> bool;

    /// Compares a file with what was found.
    fn check(&self, file: &Arc<Entry>) -> Pending<()>;

    /// Begins a directory of files that nobody sees before they are [committed](Output::commit).
    ///
    /// # Errors
    /// Those of making it.
    fn begin_output(&self, dir: &str, cancel: &CancelToken) -> Result<Box<dyn Output>, Failure>;
}

/// A directory that is being written. One that is dropped before it is committed leaves nothing.
pub(crate) trait Output {
    /// Sends a file of this machine there.
    ///
    /// # Errors
    /// Those of reading it and of sending it.
    fn put(&mut self, name: &str, file: &Path, cancel: &CancelToken) -> Result<(), Failure>;

    /// Shows the files, those that were put last at the very end; replaces what is there only if it may.
    ///
    /// # Errors
    /// [`Failure::Refused`] where something is there that may not be replaced, and those of the store.
    fn commit(self: Box<Self>, existing: ExistingOutput, cancel: &CancelToken) -> Result<(), Failure>;
}

/// What there is at a path.
#[derive(Debug)]
pub(crate) enum Found {
    Nothing,
    File(Entry),
    /// The files below it, in any order.
    Directory(Vec<Entry>),
}

/// A file as it was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Entry {
    pub path: String,
    pub bytes: u64,
    /// Time of its last change, in milliseconds since 1970.
    pub modified_ms: i64,
    /// The name of its version, where the store has such.
    pub tag: Option<String>,
    /// Size of its blocks, where they lie on machines of their own.
    pub block_bytes: Option<u64>,
}

impl Entry {
    /// Compares it with what is there now.
    ///
    /// # Errors
    /// [`Failure::Changed`] that says how they differ.
    pub fn compare(&self, now: &Entry) -> Result<(), Failure> {
        let what = if now.bytes != self.bytes {
            format!("it had {} bytes and has {} now", self.bytes, now.bytes)
        } else if self.tag.is_some() && now.tag.is_some() && now.tag != self.tag {
            "another version has taken its place".to_owned()
        } else if now.modified_ms != self.modified_ms {
            "it was written to".to_owned()
        } else {
            return Ok(());
        };
        Err(Failure::Changed(what))
    }
}
