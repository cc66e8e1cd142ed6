//! Data for the page's charts beside the report itself: medians, rows of tasks, and sentences.

use serde::Serialize;

use crate::cli::telling::{ladder, sweep, time_groups, tools};
use crate::measure::column::{Column, Framework};
use crate::measure::comparison::Comparison;
use crate::measure::run::{Run, in_rows};
use crate::measure::time_groups::{TimeGroup, TimeGroups};
use crate::observe::report::{Bounds, Outcome, TaskReport};

/// The charts of a comparison.
#[derive(Serialize)]
pub struct Charts {
    modes: Vec<Mode>,
    timelines: Vec<Timeline>,
    /// Alternatives that did not take part.
    absences: Vec<String>,
    ladder: Option<String>,
    memory_sweep: Option<String>,
    /// Digests.
    outputs: Vec<String>,
    /// The command line, word by word, as a shell takes it.
    command: Vec<String>,
    /// Settings that were given, as a shell takes them.
    options: Vec<String>,
}

/// The medians of a column.
#[derive(Serialize)]
struct Mode {
    name: String,
    runs: usize,
    seconds: f64,
    iteration_seconds: Vec<f64>,
    framework: Option<Parts>,
}

/// Figures that only the framework has.
#[derive(Serialize)]
struct Parts {
    /// Busy seconds.
    phases: Vec<(String, f64)>,
    time: Option<Time>,
    /// Bytes through each stage.
    stages: [(&'static str, f64); 8],
}

#[derive(Serialize)]
struct Time {
    groups: Vec<Group>,
    bounds: Bounds,
}

#[derive(Serialize)]
struct Group {
    group: TimeGroup,
    name: &'static str,
    seconds: f64,
}

/// The tasks of a mode's middle run.
#[derive(Serialize)]
struct Timeline {
    variant: String,
    round: u32,
    seconds: f64,
    tasks: Vec<Bar>,
}

#[derive(Serialize)]
struct Bar {
    id: String,
    kind: &'static str,
    /// From 1.
    row: usize,
    start_seconds: f64,
    end_seconds: f64,
    records: u64,
    bytes: u64,
}

impl Charts {
    /// The charts of a comparison.
    pub fn of(comparison: &Comparison) -> Self {
        let quoted = |words: &[String]| words.iter().map(|word| shell_words::quote(word).into_owned()).collect();
        let runs = comparison.middle_runs().into_iter().filter(|run| !run.report.tasks.is_empty());
        Charts {
            modes: comparison.columns().into_iter().map(Mode::of).collect(),
            timelines: runs.map(Timeline::of).collect(),
            absences: tools::absences(&comparison.alternatives),
            ladder: ladder::table(comparison).map(|table| table.sentence),
            memory_sweep: sweep::table(comparison).map(|table| table.sentence),
            outputs: comparison.digests(),
            command: quoted(&comparison.command),
            options: quoted(&comparison.settings.options),
        }
    }
}

impl Mode {
    fn of(column: Column) -> Self {
        let framework = column.framework.as_ref().map(|framework| Parts::of(&column, framework));
        Mode {
            name: column.name,
            runs: column.runs,
            seconds: column.time.median,
            iteration_seconds: column.iteration_seconds,
            framework,
        }
    }
}

impl Parts {
    fn of(column: &Column, framework: &Framework) -> Self {
        Parts {
            phases: framework.phases.clone(),
            time: framework.time.map(Time::of),
            stages: [
                ("input read", column.input_bytes),
                ("map output", framework.map_output_bytes),
                ("files, written", framework.file_written_bytes),
                ("files, read", framework.file_read_bytes),
                ("shuffled", framework.shuffle_bytes),
                ("output", column.output_bytes),
                ("device, written", column.device_written_bytes),
                ("device, read", column.device_read_bytes),
            ],
        }
    }
}

impl Time {
    fn of(time: TimeGroups) -> Self {
        let group = |(group, seconds): (TimeGroup, f64)| Group { group, name: time_groups::name(group), seconds };
        Time { groups: TimeGroup::ALL.into_iter().zip(time.seconds).map(group).collect(), bounds: time.bounds }
    }
}

impl Timeline {
    fn of(run: &Run) -> Self {
        Timeline {
            variant: run.variant.clone(),
            round: run.round,
            seconds: run.report.wall_seconds,
            tasks: in_rows(&run.report.tasks).into_iter().map(|(row, task)| Bar::of(row, task)).collect(),
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
            kind,
            row,
            start_seconds: task.start_seconds,
            end_seconds: task.end_seconds,
            records: task.records,
            bytes: task.bytes,
        }
    }
}
