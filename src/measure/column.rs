//! A column of a comparison: the medians over the runs of one variant.

use serde::{Deserialize, Serialize};

use crate::measure::mode::RunMode;
use crate::measure::plan::variant::Variant;
use crate::measure::recoveries::Recoveries;
use crate::measure::run::Run;
use crate::measure::statistics::{Spread, median};
use crate::measure::time_groups::{TimeGroups, divided};
use crate::observe::memory::MemoryUse;
use crate::observe::purpose::{Purpose, PurposeIo};
use crate::observe::report::Report;

/// One variant: the median over its runs of everything.
#[derive(Clone, Debug)]
pub struct Column {
    /// The variant's name.
    pub name: String,
    /// Its mode.
    pub mode: RunMode,
    /// Whether it was spared the faults that were injected into the other columns.
    pub spared: bool,
    /// Number of runs.
    pub runs: usize,
    /// Workers of each run.
    pub workers: u64,
    /// Bytes of input files, each counted once per job that read it.
    pub input_bytes: f64,
    /// Wall-clock time.
    pub time: Spread,
    /// Processor time, of the program itself and of the system for it.
    pub cpu: Spread,
    /// The system's part of it.
    pub cpu_system_seconds: f64,
    /// Processor time of the programs that a job starts, which is beside it.
    pub programs_cpu_seconds: f64,
    /// Bytes read and written by purpose; empty where the reports do not tell.
    pub io: Vec<PurposeBytes>,
    /// Figures that only the framework has in this process; the reference has none.
    pub framework: Option<Framework>,
    /// Figures of a run whose tasks an engine ran.
    pub apart: Option<Apart>,
    /// Bytes that went to the block device.
    pub device_written_bytes: f64,
    /// Bytes that came from the block device.
    pub device_read_bytes: f64,
    /// Peak resident size.
    pub peak_rss_bytes: f64,
    /// Time of each iteration, where the job has a loop.
    pub iteration_seconds: Vec<f64>,
    /// Records of the output.
    pub output_records: f64,
    /// Bytes of the output.
    pub output_bytes: f64,
}

/// Bytes that were read and written for a purpose.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PurposeBytes {
    /// The purpose.
    pub purpose: Purpose,
    /// Bytes that were read.
    pub read: f64,
    /// Bytes that were written.
    pub written: f64,
}

/// Peak memory by purpose.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PeakMemory {
    /// Sort buffers and combiners' tables.
    pub sort_buffers: f64,
    /// Runs in memory.
    pub runs: f64,
    /// Parsed parts of loop-invariant inputs.
    pub cache: f64,
    /// The rest of the peak: the program, its buffers, the job's own data.
    pub rest: f64,
}

/// The framework's time, and the data that it moved.
#[derive(Clone, Debug)]
pub struct Framework {
    /// Parts of the output.
    pub reducers: u32,
    /// Name and busy seconds, in the order of the data flow. They add up to the median of the runs' busy time.
    pub phases: Vec<(String, f64)>,
    /// Peak memory by purpose, when it was at its peak; `None` where the reports do not tell.
    pub memory: Option<PeakMemory>,
    /// Bytes of encoded records that mappers emitted.
    pub map_output_bytes: f64,
    /// Bytes written to intermediate files.
    pub file_written_bytes: f64,
    /// Bytes read from intermediate files.
    pub file_read_bytes: f64,
    /// Bytes that reducers took from map outputs.
    pub shuffle_bytes: f64,
    /// Largest reservation against the memory budget.
    pub peak_reserved_bytes: f64,
    /// Records that map was given.
    pub map_input_records: f64,
    /// Records that reduce was given.
    pub shuffled_records: f64,
    /// Recoveries from failures.
    pub recoveries: Recoveries,
    /// Use of the workers' time; `None` where the reports do not tell.
    pub time: Option<TimeGroups>,
}

/// What is known of tasks that an engine ran.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Apart {
    /// Time in which no task ran.
    pub seconds_without_task: f64,
    /// Attempts at tasks.
    pub attempts: f64,
    /// Bytes that reducers took from map outputs.
    pub shuffle_bytes: f64,
}

impl Column {
    /// The medians over `runs` of a variant; `None` where there are none.
    pub fn of(variant: &Variant, runs: &[&Run]) -> Option<Self> {
        let first = &runs.first()?.report;
        let of = |value: &dyn Fn(&Report) -> f64| median(runs.iter().map(|run| value(&run.report)));
        let times: Vec<_> = runs.iter().filter_map(|run| run.report.time.zip(run.report.bounds)).collect();
        let apart = first.engine.as_ref().map(|_| Apart {
            seconds_without_task: median(runs.iter().map(|run| run.seconds_without_task())),
            attempts: of(&|run| run.tasks.len() as f64),
            shuffle_bytes: of(&|run| run.counters.reduce_shuffle_bytes as f64),
        });
        let is_here = apart.is_none() && !first.phases.is_empty();
        let framework = is_here.then(|| Framework {
            reducers: first.reducers,
            phases: phases(runs),
            memory: first.memory_by_purpose.map(|_| peak_memory(runs)),
            map_output_bytes: of(&|run| run.counters.map_output_bytes as f64),
            file_written_bytes: of(&|run| run.counters.file_bytes_written as f64),
            file_read_bytes: of(&|run| run.counters.file_bytes_read as f64),
            shuffle_bytes: of(&|run| run.counters.reduce_shuffle_bytes as f64),
            peak_reserved_bytes: of(&|run| run.peak_reserved_bytes as f64),
            map_input_records: of(&|run| run.counters.map_input_records as f64),
            shuffled_records: of(&|run| run.counters.reduce_input_records as f64),
            time: TimeGroups::medians(&times),
            recoveries: Recoveries::medians(&runs.iter().map(|run| run.recoveries()).collect::<Vec<_>>()),
        });
        // Every run of the job does the same number of iterations.
        let iteration = |i: usize| of(&|run| run.iterations.get(i).map_or(0.0, |iteration| iteration.wall_seconds));
        Some(Column {
            name: variant.name.clone(),
            mode: variant.mode,
            spared: variant.spared_twin_of.is_some(),
            runs: runs.len(),
            workers: first.workers as u64,
            input_bytes: of(&|run| run.input_bytes as f64),
            time: Spread::of(runs.iter().map(|run| run.report.wall_seconds)),
            cpu: Spread::of(runs.iter().map(|run| run.report.cpu_seconds)),
            cpu_system_seconds: of(&|run| run.cpu_system_seconds),
            programs_cpu_seconds: of(&|run| run.programs_cpu_seconds),
            io: first.io_by_purpose.iter().map(|io| purpose_bytes(io.purpose, runs)).collect(),
            framework,
            apart,
            device_written_bytes: of(&|run| run.process_io.write_bytes as f64),
            device_read_bytes: of(&|run| run.process_io.read_bytes as f64),
            peak_rss_bytes: of(&|run| run.peak_rss_bytes as f64),
            iteration_seconds: (0..first.iterations.len()).map(iteration).collect(),
            output_records: of(&|run| run.output.records as f64),
            output_bytes: of(&|run| run.output.bytes as f64),
        })
    }

    /// Its row of the report's summary.
    pub fn summary(&self) -> Summary {
        let variant = (self.name != self.mode.name()).then(|| self.name.clone());
        Summary { mode: self.mode, variant, time: self.time }
    }
}

/// The phases of the first run, with the busy time that all runs spent in them.
fn phases(runs: &[&Run]) -> Vec<(String, f64)> {
    let phases = &runs[0].report.phases;
    let busy = |run: &&Run| {
        let in_phase =
            |name: &str| run.report.phases.iter().find(|of| of.name == name).map_or(0.0, |of| of.busy_seconds);
        phases.iter().map(|phase| in_phase(&phase.name)).collect::<Vec<_>>()
    };
    let seconds = divided(&runs.iter().map(busy).collect::<Vec<_>>());
    phases.iter().map(|phase| phase.name.to_string()).zip(seconds).collect()
}

fn purpose_bytes(purpose: Purpose, runs: &[&Run]) -> PurposeBytes {
    let of = |bytes: fn(PurposeIo) -> u64| {
        median(runs.iter().map(|run| run.report.io(purpose).map_or(0.0, |io| bytes(io) as f64)))
    };
    PurposeBytes { purpose, read: of(|io| io.bytes_read), written: of(|io| io.bytes_written) }
}

fn peak_memory(runs: &[&Run]) -> PeakMemory {
    let of = |bytes: fn(MemoryUse) -> u64| {
        median(runs.iter().map(|run| run.report.memory_by_purpose.map_or(0.0, |memory| bytes(memory) as f64)))
    };
    let (sort_buffers, runs_in_memory, cache) = (of(|m| m.sort_buffers), of(|m| m.runs), of(|m| m.cache));
    let peak = median(runs.iter().map(|run| run.report.peak_rss_bytes as f64));
    let rest = (peak - sort_buffers - runs_in_memory - cache).max(0.0);
    PeakMemory { sort_buffers, runs: runs_in_memory, cache, rest }
}

/// The times of a column, as a report has them.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Summary {
    /// Its mode.
    pub mode: RunMode,
    /// Its name, where that is not the mode's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// Wall-clock time.
    #[serde(flatten)]
    pub time: Spread,
}

impl Framework {
    /// Busy seconds of all phases.
    pub fn busy_seconds(&self) -> f64 {
        self.phases.iter().map(|(_, busy)| busy).sum()
    }
}
