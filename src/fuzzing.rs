//! Entry points for fuzz targets into the inside of the library. Compiled for them alone (`cfg(fuzzing)`).

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cancel::CancelToken;
use crate::config::Compression;
use crate::error::{Error, Result};
use crate::input::cuts::move_cuts;
use crate::input::split::plan_at_most;
use crate::input::{InputFormat, Inputs, list_files, read_split};
use crate::observe::purpose::Purpose;
use crate::pipeline::merge::Merge;
use crate::runtime::journal;
use crate::store::disk::DiskStore;
pub use crate::store::run_file::RunFile;
use crate::store::{RunBuilder, RunStore, Segment, format};

/// A record of a run with its partition.
pub type RunRecord = (u32, Vec<u8>, Vec<u8>);

/// Writes records, ascending by partition and key, into the run `name` below `dir`; returns its file.
///
/// # Errors
/// Those of the disk store.
pub fn write_run(
    dir: &Path,
    name: &str,
    partitions: u32,
    compression: Compression,
    block_bytes: usize,
    records: &[RunRecord],
) -> Result<PathBuf> {
    let store = DiskStore::new(dir.to_owned(), compression, Arc::default());
    let mut run = RunBuilder::create(&store, name, partitions, block_bytes, Purpose::Spill)?;
    let mut before: Option<&RunRecord> = None;
    for record in records {
        let same_key = before.is_some_and(|before| (before.0, &before.1) == (record.0, &record.1));
        run.push(record.0, &record.1, &record.2, same_key)?;
        before = Some(record);
    }
    let run = run.finish()?;
    let on_disk = run.on_disk().expect("the disk store makes files");
    on_disk.keep();
    Ok(on_disk.path().to_owned())
}

/// Corrects the checksums of a run file, as far as its footer says where the parts are.
pub fn seal(file: &mut [u8]) {
    format::seal_again(file);
}

/// Reads a partition of the run `name` below `dir` as a merge does. The file is removed.
///
/// # Errors
/// Those of opening and reading it.
pub fn merge_run(dir: &Path, name: &str, mut each: impl FnMut(&[u8], &[u8])) -> Result<()> {
    let run = DiskStore::new(dir.to_owned(), Compression::None, Arc::default()).adopt(name)?;
    for partition in 0..run.index().len() as u32 {
        let mut merge =
            Merge::open([Segment { run: run.clone(), partition, read_for: Purpose::Merge }], &CancelToken::default())?;
        while merge.advance()?.is_some() {
            each(merge.key(), merge.value());
        }
    }
    Ok(())
}

/// Calls `each` with the records of all splits of so many bytes, in order, and the number of the split.
///
/// # Errors
/// Those of reading and those of `each`.
pub fn read_splits<F: InputFormat>(
    paths: &[PathBuf],
    split_bytes: u64,
    mut each: impl FnMut(usize, F::Record<'_>) -> Result<()>,
) -> Result<()> {
    let inputs = Inputs::default();
    let context = inputs.context(None);
    let mut splits = plan_at_most(0, &list_files(paths)?, split_bytes, F::SPLIT_ALIGNMENT, 0)?;
    move_cuts::<F>(&mut splits, &inputs)?;
    for (number, split) in splits.iter().enumerate() {
        read_split::<F>(split, context, |record| each(number, record))?;
    }
    Ok(())
}

/// Resumes from a journal of these lines in `dir`; returns how many are believed. `sealed` gives each line its
/// checksum.
///
/// # Errors
/// Those of removing files that no line names.
pub fn resume(dir: &Path, lines: &[&[u8]], sealed: bool) -> Result<usize> {
    let path = dir.join("journal");
    let text: Vec<u8> = match sealed {
        true => lines.iter().flat_map(|line| journal::seal(line)).collect(),
        false => lines.join(&b'\n'),
    };
    fs::write(&path, text).map_err(Error::at("write", &path))?;
    journal::take_up_lines(dir)
}
