//! The attempts of a mode's middle run, each in the row of its worker, and the times in which the driver
//! worked alone.

use serde::Serialize;

use crate::measure::run::{Run, in_rows, tell_workers};
use crate::observe::report::{DriverSpan, Outcome, TaskReport};

/// Shortest time without any attempt that is shown, as a part of the run.
const SHORTEST_PAUSE: f64 = 0.005;

/// The attempts of a run.
#[derive(Serialize)]
pub struct Timeline {
    variant: String,
    round: u32,
    seconds: f64,
    /// Whether a row is a worker; in reports of earlier versions it is a place among tasks that ran at the same time.
    of_workers: bool,
    rows: usize,
    tasks: Vec<Bar>,
    /// The times in which the driver worked alone.
    driver: Vec<Span>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Span {
    /// `None` in reports of earlier versions, which tell no more than that no attempt ran.
    phase: Option<String>,
    start_seconds: f64,
    end_seconds: f64,
}

#[derive(Serialize)]
struct Bar {
    id: String,
    attempt: u32,
    kind: &'static str,
    /// From 1.
    row: usize,
    start_seconds: f64,
    end_seconds: f64,
    records: u64,
    bytes: u64,
    host: Option<String>,
    error: Option<String>,
}

impl Timeline {
    /// The timeline of a run.
    pub fn of(run: &Run) -> Self {
        let report = &run.report;
        let tasks: Vec<Bar> = in_rows(&report.tasks).into_iter().map(|(row, task)| Bar::of(row, task)).collect();
        Timeline {
            variant: run.variant.clone(),
            round: run.round,
            seconds: report.wall_seconds,
            of_workers: tell_workers(&report.tasks),
            rows: tasks.iter().map(|task| task.row).max().unwrap_or(0),
            driver: if report.driver.is_empty() { pauses(&tasks, report.wall_seconds) } else { spans(&report.driver) },
            tasks,
        }
    }
}

impl Bar {
    fn of(row: usize, task: &TaskReport) -> Self {
        let kind = match task.outcome {
            Outcome::Failed => "failed",
            Outcome::Killed => "killed",
            Outcome::Succeeded if task.id.contains("reduce-") => "reduce",
            Outcome::Succeeded => "map",
        };
        Bar {
            id: task.id.clone(),
            attempt: task.attempt,
            kind,
            row,
            start_seconds: task.start_seconds,
            end_seconds: task.end_seconds,
            records: task.records,
            bytes: task.bytes,
            host: task.host.clone(),
            error: task.error.clone(),
        }
    }
}

fn spans(driver: &[DriverSpan]) -> Vec<Span> {
    let span = |span: &DriverSpan| Span {
        phase: Some(span.phase.to_string()),
        start_seconds: span.start_seconds,
        end_seconds: span.end_seconds,
    };
    driver.iter().map(span).collect()
}

/// The times within a run in which none of these tasks ran; they come in the order of their starts.
fn pauses(tasks: &[Bar], seconds: f64) -> Vec<Span> {
    let mut pauses = Vec::new();
    let mut busy_until = 0.0_f64;
    let ends = [(seconds, seconds)];
    for (start, end) in tasks.iter().map(|task| (task.start_seconds, task.end_seconds)).chain(ends) {
        if start - busy_until > SHORTEST_PAUSE * seconds {
            pauses.push(Span { phase: None, start_seconds: busy_until, end_seconds: start });
        }
        busy_until = busy_until.max(end);
    }
    pauses
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(start_seconds: f64, end_seconds: f64) -> Bar {
        let (id, kind) = (String::new(), "map");
        Bar { id, attempt: 0, kind, row: 1, start_seconds, end_seconds, records: 0, bytes: 0, host: None, error: None }
    }

    #[test]
    fn the_times_without_a_task_are_found() {
        let tasks = [bar(0.5, 2.0), bar(1.0, 1.5), bar(2.001, 3.0), bar(4.0, 5.0)];
        let found: Vec<(f64, f64)> =
            pauses(&tasks, 6.0).iter().map(|pause| (pause.start_seconds, pause.end_seconds)).collect();
        assert_eq!(found, [(0.0, 0.5), (3.0, 4.0), (5.0, 6.0)]);
    }
}
