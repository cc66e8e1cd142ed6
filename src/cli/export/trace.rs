//! The tasks of each variant's middle run as complete events of Chrome's trace format: a process for each variant, a thread
//! for each worker, and thread 0 for the driver where it works alone. Perfetto and `chrome://tracing` open it.

use serde::Serialize;

use crate::measure::comparison::Comparison;
use crate::measure::run::{Run, in_rows};
use crate::observe::report::{DriverSpan, Outcome, TaskReport};
use crate::observe::time_use::TimeUse;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Trace<'a> {
    display_time_unit: &'static str,
    trace_events: Vec<Event<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Event<'a> {
    Process {
        name: &'static str,
        ph: &'static str,
        pid: usize,
        tid: usize,
        args: Name,
    },
    /// A task, or what the driver did between tasks. Times are in microseconds.
    Span {
        name: &'a str,
        cat: &'static str,
        ph: &'static str,
        pid: usize,
        tid: usize,
        ts: f64,
        dur: f64,
        #[serde(skip_serializing_if = "Option::is_none")]
        args: Option<Task<'a>>,
    },
}

#[derive(Serialize)]
struct Name {
    name: String,
}

#[derive(Serialize)]
struct Task<'a> {
    attempt: u32,
    outcome: Outcome,
    records: u64,
    bytes: u64,
    seconds: &'a TimeUse,
}

/// The trace of these comparisons.
pub fn render(comparisons: &[Comparison]) -> String {
    let mut events = Vec::new();
    for (pid, run) in (1..).zip(comparisons.iter().flat_map(Comparison::middle_runs)) {
        let name = process_name(run);
        events.push(Event::Process { name: "process_name", ph: "M", pid, tid: 0, args: Name { name } });
        events.extend(run.report.driver.iter().map(|span| of_driver(pid, span)));
        events.extend(in_rows(&run.report.tasks).into_iter().map(|(row, task)| event(pid, row, task)));
    }
    let trace = Trace { display_time_unit: "ms", trace_events: events };
    serde_json::to_string(&trace).expect("a trace has nothing but text and numbers")
}

fn process_name(run: &Run) -> String {
    let mut name = format!("{} {}", run.report.job, run.variant);
    if let Some(disk) = &run.report.disk_profile {
        name += &format!(", {disk}");
    }
    name + &format!(", round {}", run.round + 1)
}

fn of_driver(pid: usize, span: &DriverSpan) -> Event<'_> {
    let DriverSpan { phase, start_seconds, end_seconds } = span;
    let dur = (end_seconds - start_seconds) * 1e6;
    Event::Span { name: phase, cat: "driver", ph: "X", pid, tid: 0, ts: start_seconds * 1e6, dur, args: None }
}

fn event(pid: usize, row: usize, task: &TaskReport) -> Event<'_> {
    let TaskReport { id, attempt, outcome, start_seconds, end_seconds, records, bytes, time, .. } = task;
    Event::Span {
        name: id,
        cat: if id.contains("reduce-") { "reduce" } else { "map" },
        ph: "X",
        pid,
        tid: row,
        ts: start_seconds * 1e6,
        dur: (end_seconds - start_seconds) * 1e6,
        args: Some(Task { attempt: *attempt, outcome: *outcome, records: *records, bytes: *bytes, seconds: time }),
    }
}
