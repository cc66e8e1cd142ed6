//! Data for the page beside the report itself: what its charts draw, and its sentences.

use serde::Serialize;

use crate::cli::export::page::accounts::Account;
use crate::cli::export::page::flow::Flow;
use crate::cli::export::page::timeline::Timeline;
use crate::cli::export::page::ways::{self, Way};
use crate::cli::table::Table;
use crate::cli::telling::fact::Fact;
use crate::cli::telling::{headlines, ladder, noise, roofline, sweep, tools};
use crate::measure::column::Column;
use crate::measure::comparison::Comparison;
use crate::measure::run::Run;
use crate::measure::statistics::Spread;
use crate::observe::report::Bounds;

/// The charts of a comparison.
#[derive(Serialize)]
pub struct Charts {
    /// Says that the machine was busy; `None` where it was not.
    busy: Option<String>,
    /// The sentence that answers what was asked for.
    headline: Option<String>,
    ways: Vec<Way>,
    /// What the interval of the headline means.
    reading: Option<String>,
    flows: Vec<Flow>,
    loops: Vec<Loop>,
    timelines: Vec<Timeline>,
    time: Option<Account>,
    phases: Option<Account>,
    /// The share of the machine's best that each phase reached.
    roofline: Option<Table>,
    memory: Option<Account>,
    bounds: Vec<Bound>,
    stages: Vec<Stages>,
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

/// The times of a mode's iterations.
#[derive(Serialize)]
struct Loop {
    name: String,
    iterations: Vec<Spread>,
}

/// A mode's time, and what it would have been with a faster disk.
#[derive(Serialize)]
struct Bound {
    name: String,
    seconds: f64,
    #[serde(flatten)]
    bounds: Bounds,
}

/// Bytes of a mode through each stage.
#[derive(Serialize)]
struct Stages {
    name: String,
    stages: [(&'static str, f64); 8],
}

impl Charts {
    /// The charts of a comparison.
    pub fn of(comparison: &Comparison) -> Self {
        let quoted = |words: &[String]| words.iter().map(|word| shell_words::quote(word).into_owned()).collect();
        let runs = comparison.middle_runs().into_iter().filter(|run| !run.report.tasks.is_empty());
        let columns = comparison.columns();
        Charts {
            busy: noise::busy(comparison),
            headline: headlines(comparison).into_iter().next(),
            ways: Way::all(comparison),
            reading: ways::reading(comparison),
            flows: Flow::all(comparison),
            loops: columns.iter().filter_map(|column| Loop::of(comparison, column)).collect(),
            timelines: runs.map(Timeline::of).collect(),
            time: Account::of_time(comparison),
            phases: Account::of_phases(comparison),
            roofline: roofline::table(comparison),
            memory: Account::of_memory(comparison),
            bounds: columns.iter().filter_map(Bound::of).collect(),
            stages: columns.iter().filter_map(Stages::of).collect(),
            absences: tools::absences(&comparison.alternatives),
            ladder: told(&ladder::facts(comparison)),
            memory_sweep: sweep::of_the_curve(comparison),
            outputs: comparison.digests(),
            command: quoted(&comparison.command),
            options: quoted(&comparison.settings.options),
        }
    }
}

/// Facts one after another; `None` where there are none.
fn told(facts: &[Fact]) -> Option<String> {
    let texts: Vec<&str> = facts.iter().map(Fact::text).collect();
    (!texts.is_empty()).then(|| texts.join(" "))
}

impl Loop {
    fn of(comparison: &Comparison, column: &Column) -> Option<Self> {
        let runs: Vec<&Run> = comparison.runs_of(&column.name).collect();
        let time = |run: &&Run, i: usize| run.report.iterations.get(i).map_or(0.0, |iteration| iteration.wall_seconds);
        let iteration = |i: usize| Spread::of(runs.iter().map(|run| time(run, i)));
        let iterations: Vec<Spread> = (0..column.iteration_seconds.len()).map(iteration).collect();
        (!iterations.is_empty()).then(|| Loop { name: column.name.clone(), iterations })
    }
}

impl Bound {
    fn of(column: &Column) -> Option<Self> {
        let time = column.framework.as_ref()?.time?;
        Some(Bound { name: column.name.clone(), seconds: column.time.median, bounds: time.bounds })
    }
}

impl Stages {
    fn of(column: &Column) -> Option<Self> {
        let framework = column.framework.as_ref()?;
        let stages = [
            ("input read", column.input_bytes),
            ("map output", framework.map_output_bytes),
            ("files, written", framework.file_written_bytes),
            ("files, read", framework.file_read_bytes),
            ("shuffled", framework.shuffle_bytes),
            ("output", column.output_bytes),
            ("device, written", column.device_written_bytes),
            ("device, read", column.device_read_bytes),
        ];
        Some(Stages { name: column.name.clone(), stages })
    }
}
