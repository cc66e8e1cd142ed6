//! Drops cached pages, for measurements from a cold cache.

use std::fs::File;
use std::path::Path;

use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};

use crate::cancel::CancelToken;
use crate::error::{Error, Result};
use crate::observe::activity::file_call;
use crate::observe::purpose::FileUse;
use crate::store::sync::sync_data;

/// Writes dirty pages of a file to the device and drops its pages from the page cache. The time counts as waiting for
/// files of this use.
///
/// # Errors
/// [`Error::Io`] where the file cannot be synced, or the system does not take the advice; [`Error::Cancelled`].
pub(crate) fn drop_pages(path: &Path, file_use: FileUse, cancel: &CancelToken) -> Result<()> {
    let file = File::open(path).map_err(Error::at("open", path))?;
    file_call(file_use, || sync_data(&file, path, cancel))?;
    posix_fadvise(&file, 0, 0, PosixFadviseAdvice::POSIX_FADV_DONTNEED)
        .map_err(|errno| Error::io("drop cached pages of", path, errno.into()))
}
