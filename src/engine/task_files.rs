//! The files of tasks in an engine's directory: the packs that map tasks read, and the parts that tasks have left.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::error::{Error, Result};
use crate::observe::activity::lock;
use crate::runtime::apart::engine::Stage;
use crate::runtime::apart::pack::Pack;
use crate::runtime::apart::summary::TaskSummary;

/// Bytes that are written at a time.
pub(crate) const BUFFER_BYTES: usize = 256 << 10;

/// Packs as files, each of which is written once, however often a loop reads it.
#[derive(Debug)]
pub(crate) struct Packs {
    dir: PathBuf,
    /// The packs that are there, by their keys.
    by_key: Mutex<HashMap<String, PathBuf>>,
}

impl Packs {
    /// No packs yet, in a directory that this makes.
    ///
    /// # Errors
    /// Those of making it.
    pub fn within(dir: PathBuf) -> Result<Self> {
        fs::create_dir_all(&dir).map_err(Error::at("create", &dir))?;
        Ok(Packs { dir, by_key: Mutex::default() })
    }

    /// The file with the pack of this key, of a split of this number.
    ///
    /// # Errors
    /// Those of reading the input and of writing the pack.
    pub fn path(&self, stage: &Stage<'_>, number: u32, key: &str) -> Result<PathBuf> {
        let mut packs = lock(&self.by_key);
        if let Some(path) = packs.get(key) {
            return Ok(path.clone());
        }
        let path = self.dir.join(packs.len().to_string());
        let file = File::create_new(&path).map_err(Error::at("create", &path))?;
        let mut out = BufWriter::with_capacity(BUFFER_BYTES, file);
        (stage.pack)(number, &mut out)?;
        out.flush().map_err(Error::at("write", &path))?;
        packs.insert(key.to_owned(), path.clone());
        Ok(path)
    }
}

/// Replaces the output of a task by the part in it; returns what the task said of itself, and the file of the part.
///
/// # Errors
/// Those of reading and of writing.
pub(crate) fn unpack(output: &Path) -> Result<(TaskSummary, PathBuf)> {
    let (summary, mut pack) = Pack::of_output(output)?;
    let part = output.with_extension("part");
    let mut out = File::create(&part).map_err(Error::at("create", &part))?;
    io::copy(&mut pack, &mut out).map_err(Error::at("write", &part))?;
    fs::remove_file(output).map_err(Error::at("remove", output))?;
    Ok((summary, part))
}
