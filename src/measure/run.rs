//! A run of a comparison: its report and its place among the runs.

use serde::{Deserialize, Serialize};

use crate::measure::recoveries::Recoveries;
use crate::observe::report::{Report, TaskReport};

/// One run of the job.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Run {
    /// The report of `run --report`.
    #[serde(flatten)]
    pub report: Report,
    /// Time of the process of a comparison's run beyond the job's.
    #[serde(default)]
    pub startup_seconds: f64,
    /// Name of its [`Variant`](crate::measure::plan::variant::Variant) in a comparison.
    #[serde(default)]
    pub variant: String,
    /// The round, from 0.
    #[serde(default)]
    pub round: u32,
}

impl Run {
    /// A run of which only the report is known.
    pub fn of(report: Report) -> Self {
        Run { report, startup_seconds: 0.0, variant: String::new(), round: 0 }
    }

    /// Adds the time of its process, of which the job was a part.
    pub fn in_process_of(mut self, wall_seconds: f64) -> Self {
        let startup_seconds = (wall_seconds - self.report.wall_seconds).max(0.0);
        // Whole microseconds are unchanged by writing and reading a report.
        self.startup_seconds = (startup_seconds * 1e6).round() / 1e6;
        self
    }

    /// Whether a job read the output of another one.
    pub fn is_chain(&self) -> bool {
        self.report.tasks.iter().any(|task| task.id.starts_with("job2-"))
    }

    /// Recoveries from failures.
    pub fn recoveries(&self) -> Recoveries {
        Recoveries::of(&self.report.recoveries)
    }

    /// The digest of its output; empty where there is none.
    pub fn digest(&self) -> &str {
        self.report.output.digest.as_deref().unwrap_or_default()
    }
}

/// Tasks in the order of their starts, each with the first lane, from 1, that was free then: a lane has one task at a time.
pub fn in_lanes(tasks: &[TaskReport]) -> Vec<(usize, &TaskReport)> {
    let mut in_order: Vec<&TaskReport> = tasks.iter().collect();
    in_order.sort_by(|a, b| a.start_seconds.total_cmp(&b.start_seconds));
    // The time at which each lane is free again.
    let mut lanes: Vec<f64> = Vec::new();
    let lane_of = |task: &TaskReport| {
        let lane = lanes.iter().position(|free| *free <= task.start_seconds).unwrap_or(lanes.len());
        lanes.resize(lanes.len().max(lane + 1), 0.0);
        lanes[lane] = task.end_seconds;
        lane + 1
    };
    let numbers: Vec<usize> = in_order.iter().copied().map(lane_of).collect();
    numbers.into_iter().zip(in_order).collect()
}
