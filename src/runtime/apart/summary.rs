//! What a task says of itself when it has succeeded.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::observe::counters::{Counters, SavedCounts};
use crate::store::PartitionIndex;

/// Groups of the counters that a task reports to a cluster: those of Hadoop's names, by side, and aggregates.
pub(crate) const GROUP_MAP: &str = "twinmill map";
pub(crate) const GROUP_REDUCE: &str = "twinmill reduce";
pub(crate) const GROUP_AGGREGATES: &str = "twinmill aggregates";

/// The time by this machine's clock, in seconds since 1970.
pub(crate) fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64())
}

/// The counts of a task, and the size of its output.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct TaskSummary {
    /// The number of its job in the program.
    pub job: u32,
    /// Its number among the tasks of its side: its split, or its partition.
    pub task: u32,
    /// When it began and ended, in seconds since 1970 by the clock of its machine.
    pub began: f64,
    pub ended: f64,
    /// Records and bytes read.
    pub records: u64,
    pub bytes: u64,
    pub counters: Counters,
    pub user: SavedCounts,
    /// The partition of a dataset that it left, if it left one.
    pub dataset: Option<PartitionIndex>,
    /// Records and bytes of its part of the output, if it wrote one.
    pub part: Option<(u64, u64)>,
}
