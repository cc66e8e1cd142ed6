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

    /// Counts the time that starting an engine took, which came before the job's own.
    pub fn with_engine_start(mut self) -> Self {
        let Some(start_seconds) = self.report.engine.as_ref().map(|engine| engine.start_seconds) else { return self };
        self.report.wall_seconds += start_seconds;
        self.startup_seconds = (self.startup_seconds - start_seconds).max(0.0);
        for task in &mut self.report.tasks {
            task.start_seconds += start_seconds;
            task.end_seconds += start_seconds;
        }
        self
    }

    /// Time in which no task ran.
    pub fn seconds_without_task(&self) -> f64 {
        let mut times: Vec<_> = self.report.tasks.iter().map(|task| (task.start_seconds, task.end_seconds)).collect();
        times.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut busy, mut busy_until) = (0.0, 0.0_f64);
        for (start, end) in times {
            busy += (end - start.max(busy_until)).max(0.0);
            busy_until = busy_until.max(end);
        }
        (self.report.wall_seconds - busy).max(0.0)
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

/// Whether every task says which worker ran it; reports of earlier versions do not.
pub fn tell_workers(tasks: &[TaskReport]) -> bool {
    tasks.iter().all(|task| task.worker.is_some())
}

/// Tasks in the order of their starts, each with its row of a timeline, from 1: a row for each worker. Where the workers
/// are not known, it is the first row that was free then.
pub fn in_rows(tasks: &[TaskReport]) -> Vec<(usize, &TaskReport)> {
    let mut in_order: Vec<&TaskReport> = tasks.iter().collect();
    in_order.sort_by(|a, b| a.start_seconds.total_cmp(&b.start_seconds));
    if tell_workers(tasks) {
        return in_order.into_iter().map(|task| (task.worker.map_or(1, |worker| worker as usize + 1), task)).collect();
    }
    // The time at which each row is free again.
    let mut rows: Vec<f64> = Vec::new();
    let row_of = |task: &TaskReport| {
        let row = rows.iter().position(|free| *free <= task.start_seconds).unwrap_or(rows.len());
        rows.resize(rows.len().max(row + 1), 0.0);
        rows[row] = task.end_seconds;
        row + 1
    };
    let numbers: Vec<usize> = in_order.iter().copied().map(row_of).collect();
    numbers.into_iter().zip(in_order).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::report::Outcome;
    use crate::observe::time_use::TimeUse;

    fn task(id: &str, worker: Option<u32>, start_seconds: f64, end_seconds: f64) -> TaskReport {
        let (outcome, time) = (Outcome::Succeeded, TimeUse::default());
        let id = id.to_owned();
        TaskReport {
            id,
            attempt: 0,
            outcome,
            worker,
            host: None,
            start_seconds,
            end_seconds,
            records: 0,
            bytes: 0,
            time,
            error: None,
        }
    }

    fn rows(tasks: &[TaskReport]) -> Vec<(&str, usize)> {
        in_rows(tasks).into_iter().map(|(row, task)| (task.id.as_str(), row)).collect()
    }

    #[test]
    fn a_row_is_a_worker() {
        // The second worker takes the third task although the first one is free, too.
        let tasks = [task("b", Some(1), 0.0, 1.0), task("a", Some(0), 0.5, 0.8), task("c", Some(1), 1.1, 2.0)];
        assert_eq!(rows(&tasks), [("b", 2), ("a", 1), ("c", 2)]);
    }

    #[test]
    fn tasks_of_unknown_workers_are_packed() {
        let tasks = [task("a", None, 0.0, 1.0), task("b", Some(7), 0.5, 0.8), task("c", None, 0.9, 2.0)];
        assert_eq!(rows(&tasks), [("a", 1), ("b", 2), ("c", 2)]);
    }
}
