//! Directories in the work directory that only this process looks into.

use std::fs;
use std::path::Path;

use crate::measure::failure::Failure;
use crate::runtime::work_dir::{Access, WorkDir};

/// Makes a directory in the work directory, and the work directory itself.
///
/// # Errors
/// [`Failure::Library`] where it cannot be made.
pub fn create(work_dir: &Path, prefix: &str) -> Result<WorkDir, Failure> {
    fs::create_dir_all(work_dir).map_err(Failure::at("create", work_dir))?;
    Ok(WorkDir::create(work_dir, prefix, Access::Private)?)
}
