//! The report of a run, and what is compared of it.

use serde::Deserialize;
use serde_json::Value;

use crate::cli::recoveries::Recoveries;
use crate::observe::report::{Bounds, ColdCache, RecoveryKind};
use crate::observe::time_use::TimeUse;

/// A run's report.
#[derive(Clone, Debug)]
pub struct Run {
    /// All of it.
    pub json: Value,
    /// What is compared of it.
    pub figures: Figures,
}

impl Run {
    /// Reads what `run --report` wrote.
    ///
    /// # Errors
    /// Where it is no such report.
    pub fn parse(json: &[u8]) -> serde_json::Result<Self> {
        Run::of(serde_json::from_slice(json)?)
    }

    /// With the time of its process, of which the job was a part.
    pub fn in_process_of(mut self, wall_seconds: f64) -> Self {
        let startup_seconds = (wall_seconds - self.figures.wall_seconds).max(0.0);
        // Whole microseconds are the same again when a report is read.
        self.figures.startup_seconds = (startup_seconds * 1e6).round() / 1e6;
        self.json["startup_seconds"] = self.figures.startup_seconds.into();
        self
    }

    /// Reads a report.
    ///
    /// # Errors
    /// Where it is none.
    pub fn of(json: Value) -> serde_json::Result<Self> {
        let figures = Figures::deserialize(&json)?;
        Ok(Run { json, figures })
    }
}

/// The part of a report that is compared, named as there.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Figures {
    /// Which [`Variant`] of a comparison it ran as.
    #[serde(default)]
    pub variant: String,
    /// The round, from 0.
    #[serde(default)]
    pub round: u32,
    pub workers: u64,
    pub reducers: u32,
    pub input_bytes: u64,
    pub wall_seconds: f64,
    /// What the process of a comparison's run took beyond that.
    #[serde(default)]
    pub startup_seconds: f64,
    #[serde(default)]
    pub cpu_seconds: f64,
    pub peak_rss_bytes: u64,
    #[serde(default)]
    pub peak_reserved_bytes: u64,
    pub counters: CounterFigures,
    pub process_io: IoFigures,
    pub phases: Vec<PhaseFigures>,
    #[serde(default)]
    pub iterations: Vec<IterationFigures>,
    #[serde(default)]
    pub tasks: Vec<TaskFigures>,
    #[serde(default)]
    pub recoveries: Vec<RecoveryFigures>,
    #[serde(default)]
    pub cold_cache: Option<ColdCache>,
    #[serde(default)]
    pub time: Option<TimeUse>,
    #[serde(default)]
    pub bounds: Option<Bounds>,
    pub output: OutputFigures,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub struct CounterFigures {
    pub map_input_records: u64,
    pub reduce_input_records: u64,
    #[serde(default)]
    pub reduce_shuffle_bytes: u64,
    pub file_bytes_read: u64,
    pub file_bytes_written: u64,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct IoFigures {
    pub read_bytes: u64,
    pub write_bytes: u64,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct PhaseFigures {
    pub name: String,
    pub busy_seconds: f64,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct IterationFigures {
    pub wall_seconds: f64,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct TaskFigures {
    pub id: String,
}

#[derive(Clone, Debug, Deserialize)]
pub struct RecoveryFigures {
    pub kind: RecoveryKind,
    pub seconds_lost: f64,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct OutputFigures {
    pub records: u64,
    #[serde(default)]
    pub digest: String,
}

impl Figures {
    /// Whether a job read what another one had written.
    pub fn is_chain(&self) -> bool {
        self.tasks.iter().any(|task| task.id.starts_with("job2-"))
    }

    /// What went wrong and was put right.
    pub fn recoveries(&self) -> Recoveries {
        Recoveries::of(self.recoveries.iter().map(|recovery| (recovery.kind, recovery.seconds_lost)))
    }
}
