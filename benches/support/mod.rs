//! Shared by the benches: the allocator of the `twinmill` binary, a place for files, generated inputs.

use std::fs::File;
use std::path::{Path, PathBuf};

use mimalloc::MiMalloc;
use tempfile::TempDir;
use twinmill::generate::{Kind, Shape, generate};
use twinmill::{JobConfig, Mode, ReservedAllocator};

#[global_allocator]
static ALLOCATOR: ReservedAllocator<MiMalloc> = ReservedAllocator::new(MiMalloc);

const SEED: u64 = 1;

/// A directory for inputs, intermediates and outputs, on the disk that the build is on.
pub fn scratch() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("the target directory is writable")
}

/// The defaults of a mode on two processors, whatever the machine has.
pub fn config(mode: Mode, work_dir: &Path) -> JobConfig {
    let mut config = JobConfig::new(mode).reducers(2);
    (config.workers, config.work_dir) = (2, work_dir.to_owned());
    config
}

/// Writes a generated input to a file in `dir`.
pub fn input(dir: &Path, kind: Kind, shape: &Shape) -> PathBuf {
    let path = dir.join(format!("{kind}-{:?}.input", shape.amount));
    let mut file = File::create(&path).expect("the directory is there");
    generate(kind, shape, SEED, &mut file).expect("the disk takes the input");
    path
}
