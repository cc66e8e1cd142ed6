//! The stores of one run: for its map outputs, for the records that its reducers gather, and for data between its jobs.
//!
//! This is the only place that looks at a [`Medium`]. A third way of keeping runs is a file beside [`disk`](super::disk) and
//! [`memory`](super::memory), and a line in [`Stores::open`].

use std::path::Path;
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::cancel::CancelToken;
use crate::config::{Durability, JobConfig, Medium};
use crate::error::{Error, Result};
use crate::store::budget::{MemoryBudget, Reservation};
use crate::store::device::Device;
use crate::store::disk::DiskStore;
use crate::store::memory::MemoryStore;
use crate::store::run::RunStore;

/// Directory of map outputs in a work directory.
pub(crate) const MAP_OUTPUT: &str = "map-output";
/// Directory of datasets in a work directory.
pub(crate) const BETWEEN_JOBS: &str = "between-jobs";
/// Directory of a reducer's runs that do not fit into memory.
const GATHERED: &str = "gathered";

/// The stores of a run, which share its budget and its device.
#[derive(Debug)]
pub(crate) struct Stores {
    /// For map outputs.
    pub map_output: Arc<dyn RunStore>,
    /// For the records that a reducer gathers: in memory while there is room, whatever the medium of map outputs.
    pub gathered: Arc<dyn RunStore>,
    /// For datasets that one job leaves to another.
    pub between_jobs: Arc<dyn RunStore>,
    pub budget: Arc<MemoryBudget>,
    pub device: Arc<Device>,
    /// Reservation for sort buffers, as long as the run lives: if runs took the room that a buffer leaves, the next
    /// task would have none.
    _reserved_for_buffers: Reservation,
}

impl Stores {
    /// Opens the stores of the run of this number, in directories of `work_dir`, within `budget`. Waiting for an emulated disk
    /// ends once `cancel` is cancelled.
    ///
    /// # Errors
    /// [`Error::Io`] where there can be no directories.
    pub fn open(
        config: &JobConfig,
        work_dir: &Path,
        run: u64,
        budget: Arc<MemoryBudget>,
        cancel: &CancelToken,
    ) -> Result<Self> {
        let device = Arc::new(Device::new(config.disk_profile.clone(), cancel.clone()));
        let open = |medium, what: &str, durability| -> Result<Arc<dyn RunStore>> {
            let dir = work_dir.join(what);
            std::fs::create_dir_all(&dir).map_err(Error::at("create", &dir))?;
            let disk = DiskStore::new(dir, config.compression, device.clone()).with_durability(durability);
            let disk = Arc::new(disk.numbered(store_number(run, what)));
            Ok(match medium {
                Medium::Disk => disk,
                Medium::Memory => Arc::new(MemoryStore::new(budget.clone(), config.on_full, disk)),
            })
        };
        let reserved_for_buffers = budget.reserve_regardless(config.sort_buffers_bytes());
        Ok(Stores {
            map_output: open(config.factors.map_output, MAP_OUTPUT, Durability::default())?,
            gathered: open(Medium::Memory, GATHERED, Durability::default())?,
            between_jobs: open(config.factors.between_jobs, BETWEEN_JOBS, config.durability)?,
            budget,
            device,
            _reserved_for_buffers: reserved_for_buffers,
        })
    }
}

/// Whether runs are still there when their process is gone.
pub(crate) fn outlives_process(medium: Medium) -> bool {
    match medium {
        Medium::Disk => true,
        Medium::Memory => false,
    }
}

/// The number by which a run owns the files in one of its directories.
pub(crate) fn store_number(run: u64, dir: &str) -> u64 {
    xxh3_64_with_seed(dir.as_bytes(), run)
}
