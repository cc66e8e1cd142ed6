//! Figures of a comparison that a statement can speak of.
//!
//! A figure has a value in each round, made of what ran in that round; so two figures of one round share the round's
//! disturbance. A crossing is no value but lies between two amounts of work ([`Bracket`]).

use serde::Serialize;
use serde_json::Value;

use crate::measure::alternative::AlternativeRun;
use crate::measure::analysis::verdict::{Verdict, VerdictKind};
use crate::measure::claims::dimension::Dimension;
use crate::measure::comparison::Comparison;
use crate::measure::plan::growth::{Axis, Growth};
use crate::measure::run::Run;
use crate::measure::statistics::{line, median};
use crate::observe::counters::Counters;

/// A figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    quantity: Quantity,
    /// The columns that it is of: one, or two for a crossing.
    columns: Vec<String>,
}

/// The thing that a figure is a number of.
#[derive(Clone, Debug, PartialEq)]
enum Quantity {
    OfRun(OfRun),
    Counter(String),
    Phase(String),
    Bound(Bound),
    Exponent,
    Once,
    Each,
    Crossing(Axis),
}

/// A number that each run has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OfRun {
    Work,
    Total,
    StartUp,
    Load,
    Processor,
    PeakMemory,
    FilesWritten,
    FilesRead,
    DeviceWritten,
    DeviceRead,
    InputRead,
    Shuffled,
    Output,
    DiskWait,
    Lost,
    Workers,
    Iterations,
    FirstIteration,
    LaterIteration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bound {
    InfinitelyFastDisk,
    FreeIntermediateFiles,
}

/// A figure as a statement writes it.
#[derive(Debug, PartialEq)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// Its arguments.
    pub arguments: &'static [Argument],
    /// A few words about it.
    pub about: &'static str,
    kind: Kind,
    dimension: Dimension,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    OfRun(OfRun),
    Counter,
    Phase,
    Bound,
    Exponent,
    Once,
    Each,
    Crossing(Axis),
}

/// A kind of argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// A column.
    Column,
    /// A counter.
    Counter,
    /// A phase of the data flow.
    Phase,
    /// A bound on the time.
    Bound,
}

impl Argument {
    /// What stands for it where a figure is described.
    pub fn name(self) -> &'static str {
        match self {
            Argument::Column => "COLUMN",
            Argument::Counter => "COUNTER",
            Argument::Phase => "PHASE",
            Argument::Bound => "BOUND",
        }
    }

    /// The names of such things; nothing where any name may be one.
    pub fn known(self) -> Vec<String> {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        match self {
            Argument::Column => Vec::new(),
            Argument::Counter => match serde_json::to_value(Counters::default()) {
                Ok(Value::Object(counters)) => counters.into_iter().map(|(name, _)| name).collect(),
                _ => Vec::new(),
            },
            Argument::Phase => owned(&["map", "sort", "spill", "merge", "shuffle", "reduce", "commit"]),
            Argument::Bound => owned(&["infinitely_fast_disk", "free_intermediate_files"]),
        }
    }
}

const COLUMN: &[Argument] = &[Argument::Column];
const TWO_COLUMNS: &[Argument] = &[Argument::Column, Argument::Column];
const COUNTER_OF_COLUMN: &[Argument] = &[Argument::Counter, Argument::Column];
const PHASE_OF_COLUMN: &[Argument] = &[Argument::Phase, Argument::Column];
const BOUND_OF_COLUMN: &[Argument] = &[Argument::Bound, Argument::Column];

const fn of_run(name: &'static str, of: OfRun, dimension: Dimension, about: &'static str) -> Function {
    function(name, COLUMN, Kind::OfRun(of), dimension, about)
}

const fn function(
    name: &'static str,
    arguments: &'static [Argument],
    kind: Kind,
    dimension: Dimension,
    about: &'static str,
) -> Function {
    Function { name, arguments, about, kind, dimension }
}

/// All figures.
pub const FUNCTIONS: &[Function] = &[
    of_run("median", OfRun::Work, Dimension::SECONDS, "time, for other programs without their start-up"),
    of_run("total", OfRun::Total, Dimension::SECONDS, "time, start-up and loading included"),
    of_run("startup", OfRun::StartUp, Dimension::SECONDS, "time before the first read and after the last write"),
    of_run("load", OfRun::Load, Dimension::SECONDS, "time in which a database took the input in, before its work"),
    of_run("cpu", OfRun::Processor, Dimension::SECONDS, "processor time"),
    of_run("peak_memory", OfRun::PeakMemory, Dimension::BYTES, "the largest resident size"),
    of_run("files_written", OfRun::FilesWritten, Dimension::BYTES, "bytes written to intermediate files"),
    of_run("files_read", OfRun::FilesRead, Dimension::BYTES, "bytes read from intermediate files"),
    of_run("device_written", OfRun::DeviceWritten, Dimension::BYTES, "bytes that reached the block device"),
    of_run("device_read", OfRun::DeviceRead, Dimension::BYTES, "bytes that came from the block device"),
    of_run(
        "input_read",
        OfRun::InputRead,
        Dimension::BYTES,
        "bytes of input, counted once for each time they are read",
    ),
    of_run("shuffled", OfRun::Shuffled, Dimension::BYTES, "bytes that reducers took from map outputs"),
    of_run("output", OfRun::Output, Dimension::BYTES, "bytes of the output"),
    of_run("disk_wait", OfRun::DiskWait, Dimension::SECONDS, "time of workers that waited for the disk"),
    of_run("lost", OfRun::Lost, Dimension::SECONDS, "time of workers that failures cost"),
    of_run("workers", OfRun::Workers, Dimension::NUMBER, "tasks that run at the same time"),
    of_run("iterations", OfRun::Iterations, Dimension::NUMBER, "iterations of the job's loop"),
    of_run("first_iteration", OfRun::FirstIteration, Dimension::SECONDS, "time of the first iteration"),
    of_run("later_iteration", OfRun::LaterIteration, Dimension::SECONDS, "time of each other iteration, their median"),
    function("counter", COUNTER_OF_COLUMN, Kind::Counter, Dimension::NUMBER, "one of Hadoop's counters"),
    function("phase", PHASE_OF_COLUMN, Kind::Phase, Dimension::SECONDS, "busy time of all workers in a phase"),
    function(
        "bound",
        BOUND_OF_COLUMN,
        Kind::Bound,
        Dimension::SECONDS,
        "time that the column would have taken with a better disk",
    ),
    function(
        "exponent",
        COLUMN,
        Kind::Exponent,
        Dimension::NUMBER,
        "the power of the input's size by which the time grows (needs scale)",
    ),
    function(
        "once",
        COLUMN,
        Kind::Once,
        Dimension::SECONDS,
        "the part of the time that is paid once, however many iterations (needs iteration-sweep)",
    ),
    function(
        "each_iteration",
        COLUMN,
        Kind::Each,
        Dimension::SECONDS,
        "the part of the time that each iteration adds (needs iteration-sweep)",
    ),
    function(
        "crossing",
        TWO_COLUMNS,
        Kind::Crossing(Axis::Scale),
        Dimension::BYTES,
        "bytes of input from which on the first takes less time than the second, start-up included (needs scale)",
    ),
    function(
        "crossing_iterations",
        TWO_COLUMNS,
        Kind::Crossing(Axis::Iterations),
        Dimension::NUMBER,
        "iterations from which on the first takes less time than the second (needs iteration-sweep)",
    ),
];

/// What one run of a column measured.
enum Ran<'a> {
    Ours(&'a Run),
    Other(&'a AlternativeRun),
}

/// The amounts of work between which one column begins to take less time than another, at every larger amount too.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bracket {
    /// The largest amount at which it is known not to; 0 where there is none.
    pub above: f64,
    /// The smallest amount from which on it is known to; `None` where there is none.
    pub at_most: Option<f64>,
}

impl Bracket {
    /// Both ends.
    pub fn ends(self) -> (f64, f64) {
        (self.above, self.at_most.unwrap_or(f64::INFINITY))
    }
}

impl Figure {
    /// The figure of a function, with its dimension. There are as many names as the function has arguments.
    pub fn of(function: &Function, mut names: Vec<String>) -> (Self, Dimension) {
        let mut first = || names.remove(0);
        let quantity = match function.kind {
            Kind::OfRun(of) => Quantity::OfRun(of),
            Kind::Counter => Quantity::Counter(first()),
            Kind::Phase => Quantity::Phase(first()),
            Kind::Bound if first() == "infinitely_fast_disk" => Quantity::Bound(Bound::InfinitelyFastDisk),
            Kind::Bound => Quantity::Bound(Bound::FreeIntermediateFiles),
            Kind::Exponent => Quantity::Exponent,
            Kind::Once => Quantity::Once,
            Kind::Each => Quantity::Each,
            Kind::Crossing(axis) => Quantity::Crossing(axis),
        };
        let dimension = match &quantity {
            Quantity::Counter(name) if name.contains("BYTES") => Dimension::BYTES,
            _ => function.dimension,
        };
        (Figure { quantity, columns: names }, dimension)
    }

    /// The columns that it is of.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The axis along which a comparison must grow to have it.
    pub fn axis(&self) -> Option<Axis> {
        match self.quantity {
            Quantity::Exponent => Some(Axis::Scale),
            Quantity::Once | Quantity::Each => Some(Axis::Iterations),
            Quantity::Crossing(axis) => Some(axis),
            _ => None,
        }
    }

    /// Whether it is a time of whole runs, of which the cause of a difference can be found.
    pub fn is_time(&self) -> bool {
        matches!(self.quantity, Quantity::OfRun(OfRun::Work | OfRun::Total))
    }

    /// Whether it lies between two amounts and has no value in each round.
    pub fn is_crossing(&self) -> bool {
        matches!(self.quantity, Quantity::Crossing(_))
    }

    /// The names of everything that must run in a round for it to have a value there.
    pub fn needs(&self, comparison: &Comparison) -> Vec<String> {
        match self.axis() {
            None => self.columns.clone(),
            Some(axis) => {
                let points = self.columns.iter().flat_map(|column| points(comparison, axis, column));
                points.map(|(_, name)| name).collect()
            }
        }
    }

    /// Its value in a round; `None` where something that it is made of did not run then, or does not tell.
    pub fn in_round(&self, comparison: &Comparison, round: u32) -> Option<f64> {
        self.by(comparison, &|name, of| of(&ran(comparison, name, round)?))
    }

    /// Its value from the medians over some rounds.
    pub fn of_medians(&self, comparison: &Comparison, rounds: &[u32]) -> Option<f64> {
        self.by(comparison, &|name, of| {
            let values: Option<Vec<f64>> = rounds.iter().map(|round| of(&ran(comparison, name, *round)?)).collect();
            values.filter(|values| !values.is_empty()).map(median)
        })
    }

    /// Its value, where `of` finds a number of what ran under a name.
    fn by(&self, comparison: &Comparison, of: &Find<'_>) -> Option<f64> {
        let column = self.columns.first()?;
        let fitted = |axis: Axis, logarithmic: bool| {
            let points = points(comparison, axis, column);
            let scaled = |value: f64| if logarithmic { value.ln() } else { value };
            let point = |(amount, name): &(f64, String)| Some((scaled(*amount), scaled(of(name, &|ran| ran.work())?)));
            let points: Vec<(f64, f64)> = points.iter().map(point).collect::<Option<_>>()?;
            line(&points)
        };
        match &self.quantity {
            Quantity::OfRun(of_run) => of(column, &|ran| ran.number(*of_run)),
            Quantity::Counter(name) => of(column, &|ran| ran.counter(name)),
            Quantity::Phase(name) => of(column, &|ran| ran.phase(name)),
            Quantity::Bound(bound) => of(column, &|ran| ran.bound(*bound)),
            Quantity::Exponent => fitted(Axis::Scale, true).map(|(_, exponent)| exponent),
            Quantity::Once => fitted(Axis::Iterations, false).map(|(once, _)| once),
            Quantity::Each => fitted(Axis::Iterations, false).map(|(_, each)| each),
            Quantity::Crossing(_) => None,
        }
    }

    /// Where it lies, if it is a crossing; `None` before both columns have run at every amount.
    pub fn bracket(&self, comparison: &Comparison) -> Option<Bracket> {
        let (Quantity::Crossing(axis), [first, second]) = (&self.quantity, self.columns.as_slice()) else {
            return None;
        };
        let (ours, others) = (points(comparison, *axis, first), points(comparison, *axis, second));
        let mut found = Bracket { above: 0.0, at_most: None };
        for ((amount, one), (_, other)) in ours.iter().zip(&others) {
            let verdict = Verdict::of((one, other), &totals(comparison, one, other), comparison.settings.rules())?;
            let ahead = verdict.is_different() && verdict.ratio < 1.0;
            let behind = verdict.kind == VerdictKind::Equivalent || verdict.is_different() && !ahead;
            if behind {
                found.above = *amount;
            }
            found.at_most = if ahead { found.at_most.or(Some(*amount)) } else { None };
        }
        (!ours.is_empty() && ours.len() == others.len()).then_some(found)
    }
}

/// Finds a number of what ran under a name.
type Find<'a> = dyn Fn(&str, &dyn Fn(&Ran<'_>) -> Option<f64>) -> Option<f64> + 'a;

/// What ran under a name in a round.
fn ran<'a>(comparison: &'a Comparison, name: &str, round: u32) -> Option<Ran<'a>> {
    let ours = comparison.runs.iter().find(|run| run.round == round && run.variant == name);
    let others = || comparison.alternatives.iter().flat_map(|other| &other.runs);
    ours.map(Ran::Ours).or_else(|| others().find(|run| run.round == round && run.variant == name).map(Ran::Other))
}

/// The rounds in which something ran under each of these names.
pub fn rounds_of(comparison: &Comparison, names: &[String]) -> Vec<u32> {
    let all = |round: &u32| names.iter().all(|name| ran(comparison, name, *round).is_some());
    (0..comparison.rounds_made()).filter(all).collect()
}

/// Whether nothing runs under this name, or no longer does.
pub fn is_out(comparison: &Comparison, name: &str) -> bool {
    if comparison.turns().iter().all(|turn| turn.name() != name) {
        return true;
    }
    let is_of = |other: &str| name.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
    let mut others = comparison.alternatives.iter().filter(|other| is_of(&other.name));
    others.any(|other| other.is_out() || other.declined.contains_key(name))
}

/// The whole times of two in the rounds in which both ran.
pub fn totals(comparison: &Comparison, one: &str, other: &str) -> Vec<(f64, f64)> {
    let total = |name: &str, round| ran(comparison, name, round)?.number(OfRun::Total);
    let rounds = 0..comparison.rounds_made();
    rounds.filter_map(|round| Some((total(one, round)?, total(other, round)?))).collect()
}

/// The amounts along an axis, ascending, and the name under which a column runs at each.
fn points(comparison: &Comparison, axis: Axis, column: &str) -> Vec<(f64, String)> {
    let is_other = comparison.alternatives.iter().any(|other| other.name == column);
    let growths = comparison.growths.iter().filter(|growth| growth.axis == axis);
    if !is_other {
        let of_column = |growth: &Growth| {
            let points = growth.points.iter().filter_map(|point| {
                let variant = point.variants.iter().find(|variant| variant.mode.name() == column)?;
                Some((point.amount, variant.name.clone()))
            });
            points.collect::<Vec<_>>()
        };
        return growths.flat_map(of_column).collect();
    }
    if axis != Axis::Scale {
        return Vec::new();
    }
    let others = growths.flat_map(Growth::scaled_inputs);
    let mut points: Vec<(f64, String)> =
        others.map(|other| (other.bytes as f64, format!("{column}{}", other.suffix))).collect();
    points.push((comparison.settings.input_bytes as f64, column.to_owned()));
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    points
}

impl Ran<'_> {
    fn work(&self) -> Option<f64> {
        self.number(OfRun::Work)
    }

    fn number(&self, of: OfRun) -> Option<f64> {
        match self {
            Ran::Ours(run) => of_ours(run, of),
            Ran::Other(run) => of_other(run, of),
        }
    }

    fn counter(&self, name: &str) -> Option<f64> {
        let Ran::Ours(run) = self else { return None };
        serde_json::to_value(&run.report.counters).ok()?.get(name)?.as_f64()
    }

    fn phase(&self, name: &str) -> Option<f64> {
        let Ran::Ours(run) = self else { return None };
        run.report.phases.iter().find(|phase| phase.name == name).map(|phase| phase.busy_seconds)
    }

    fn bound(&self, bound: Bound) -> Option<f64> {
        let Ran::Ours(run) = self else { return None };
        let bounds = run.report.bounds?;
        Some(match bound {
            Bound::InfinitelyFastDisk => bounds.infinitely_fast_disk_seconds,
            Bound::FreeIntermediateFiles => bounds.free_intermediate_files_seconds,
        })
    }
}

fn of_ours(run: &Run, of: OfRun) -> Option<f64> {
    let report = &run.report;
    let counters = &report.counters;
    let iterations = || report.iterations.iter().map(|iteration| iteration.wall_seconds);
    Some(match of {
        OfRun::Work => report.wall_seconds,
        OfRun::Total => report.wall_seconds + run.startup_seconds,
        OfRun::StartUp => run.startup_seconds,
        OfRun::Load => return None,
        OfRun::Processor => report.cpu_seconds,
        OfRun::PeakMemory => report.peak_rss_bytes as f64,
        OfRun::FilesWritten => counters.file_bytes_written as f64,
        OfRun::FilesRead => counters.file_bytes_read as f64,
        OfRun::DeviceWritten => report.process_io.write_bytes as f64,
        OfRun::DeviceRead => report.process_io.read_bytes as f64,
        OfRun::InputRead => report.input_bytes as f64,
        OfRun::Shuffled => counters.reduce_shuffle_bytes as f64,
        OfRun::Output => report.output.bytes as f64,
        OfRun::DiskWait => report.time?.disk_wait(),
        OfRun::Lost => run.recoveries().total().seconds,
        OfRun::Workers => report.workers as f64,
        OfRun::Iterations => report.iterations.len() as f64,
        OfRun::FirstIteration => iterations().next()?,
        OfRun::LaterIteration => later(&iterations().collect::<Vec<_>>())?,
    })
}

fn of_other(run: &AlternativeRun, of: OfRun) -> Option<f64> {
    match of {
        OfRun::Work => Some(run.work_seconds),
        OfRun::Total => Some(run.total_seconds()),
        OfRun::Load => run.load_seconds,
        OfRun::StartUp => Some(run.startup_seconds),
        OfRun::Processor => Some(run.cpu_seconds),
        OfRun::PeakMemory => Some(run.peak_rss_bytes as f64),
        OfRun::Iterations => Some(run.iteration_seconds.len() as f64).filter(|iterations| *iterations > 0.0),
        OfRun::FirstIteration => run.iteration_seconds.first().copied(),
        OfRun::LaterIteration => later(&run.iteration_seconds),
        _ => None,
    }
}

fn later(iterations: &[f64]) -> Option<f64> {
    let later = iterations.get(1..).filter(|later| !later.is_empty())?;
    Some(median(later.iter().copied()))
}
