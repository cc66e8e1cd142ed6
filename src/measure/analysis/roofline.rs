//! How near each phase came to the best that the machine does.
//!
//! No phase can be faster than its bytes can be moved: from files and to them, through pipes to commands, from one place in
//! memory to another. That is its *roof*, after Williams, Waterman and Patterson, "Roofline: An Insightful Visual Performance
//! Model for Multicore Architectures" (Communications of the ACM 52(4), 2009). The share that a phase reached is the time
//! under the roof, divided by the time that it took. What is missing to 100 % is computing: finding words, comparing keys,
//! calling the job's code.
//!
//! | phase | moves at least |
//! |---|---|
//! | map | what it reads from files; what it finds in memory is read once; what goes through pipes |
//! | sort | an entry of 16 bytes a record, from one place to another |
//! | spill, merge | what it reads from files and writes to them; what stays in memory is copied |
//! | reduce | the same, and the shuffle's bytes; pipes, too |
//!
//! A share above 100 % cannot be. Then the roof was measured while the machine was busy, or while it was slower.

use serde::{Deserialize, Serialize};

use crate::machine::peak_rates::PeakRates;
use crate::measure::comparison::Comparison;
use crate::measure::run::Run;
use crate::measure::statistics::median;
use crate::observe::report::{Phase, Report};

/// Bytes that sorting moves for a record: its place, and the beginning of its key.
const ENTRY_BYTES: u64 = 16;

/// The phases of tasks with the names of those of a report that they are made of.
const PHASES: [(&str, &[&str]); 5] = [
    ("map", &["map"]),
    ("sort", &["sort"]),
    ("spill", &["spill"]),
    ("merge", &["merge"]),
    ("reduce", &["shuffle", "reduce"]),
];

/// The phases of a comparison's modes under the machine's best rates.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Roofline {
    /// The machine at its best.
    pub peak_rates: PeakRates,
    /// For each mode, the phases in the order of the data flow; those that no record went through are left out.
    pub phases: Vec<PhaseShare>,
}

/// A phase of a mode: medians over its runs.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct PhaseShare {
    /// Name of the variant.
    pub variant: String,
    /// `map`, `sort`, `spill`, `merge`, or `reduce` with the shuffle.
    pub phase: String,
    /// Seconds that moving its bytes would have taken, all workers together.
    pub best_seconds: f64,
    /// Seconds that it took, all workers together.
    pub took_seconds: f64,
    /// The first divided by the second.
    pub share: f64,
    /// Whether the share is above 1, which cannot be.
    pub is_error_of_measurement: bool,
    /// Nanoseconds of a worker for each record that went through.
    pub nanoseconds_per_record: f64,
}

impl Roofline {
    /// The roofline of a comparison; `None` where the machine's rates were not measured, or no run has phases.
    pub fn of(comparison: &Comparison) -> Option<Self> {
        let peak_rates = comparison.peak_rates.clone()?;
        let of_mode = |name: &str| {
            let runs: Vec<&Run> = comparison.runs_of(name).collect();
            PHASES.iter().filter_map(|of| PhaseShare::of(name, of, &runs, &peak_rates)).collect::<Vec<_>>()
        };
        let phases: Vec<_> = comparison.modes.iter().flat_map(|mode| of_mode(&mode.name)).collect();
        (!phases.is_empty()).then_some(Roofline { peak_rates, phases })
    }

    /// The place of a phase in the data flow, from 0.
    pub fn place_of(phase: &str) -> usize {
        PHASES.iter().take_while(|(name, _)| *name != phase).count()
    }

    /// Whether any phase was faster than the machine can be.
    pub fn has_errors(&self) -> bool {
        self.phases.iter().any(|phase| phase.is_error_of_measurement)
    }
}

impl PhaseShare {
    fn of(variant: &str, (name, parts): &(&str, &[&str]), runs: &[&Run], peak: &PeakRates) -> Option<Self> {
        let measured: Vec<Under> = runs.iter().filter_map(|run| Under::of(&run.report, name, parts, peak)).collect();
        if measured.is_empty() {
            return None;
        }
        let of = |figure: fn(&Under) -> f64| median(measured.iter().map(figure));
        let (best_seconds, took_seconds) = (of(|run| run.best_seconds), of(|run| run.took_seconds));
        let (records, worker_seconds) = (of(|run| run.records), of(|run| run.worker_seconds));
        let share = best_seconds / took_seconds;
        Some(PhaseShare {
            variant: variant.to_owned(),
            phase: (*name).to_owned(),
            best_seconds,
            took_seconds,
            share,
            is_error_of_measurement: share > 1.0,
            nanoseconds_per_record: worker_seconds * 1e9 / records,
        })
    }
}

/// A phase of one run.
struct Under {
    best_seconds: f64,
    took_seconds: f64,
    worker_seconds: f64,
    records: f64,
}

impl Under {
    /// `None` where the run has no such phase, nothing went through it, or it took no time.
    fn of(report: &Report, name: &str, parts: &[&str], peak: &PeakRates) -> Option<Self> {
        let parts: Vec<&Phase> =
            parts.iter().filter_map(|part| report.phases.iter().find(|of| of.name == *part)).collect();
        let sum = |of: fn(&Phase) -> u64| parts.iter().map(|part| of(part)).sum::<u64>();
        let pipe_bytes = sum(|part| part.pipe_bytes);
        // While a command works, its worker waits for it.
        let seconds = |part: &&Phase| if pipe_bytes > 0 { part.time.total() } else { part.busy_seconds };
        let worker_seconds: f64 = parts.iter().map(seconds).sum();
        let last = parts.last().filter(|last| last.records > 0 && worker_seconds > 0.0)?;
        let (read, written) = (sum(|part| part.file_bytes_read), sum(|part| part.file_bytes_written));
        let [first, rest] = [parts.first()?.bytes, last.bytes];
        let (looked_at, copied) = match name {
            "map" => (found_in_memory(report, first, read), 0),
            "sort" => (0, ENTRY_BYTES * last.records),
            "reduce" => (first.saturating_sub(read), rest.saturating_sub(written)),
            _ => (0, rest.saturating_sub(written)),
        };
        let emulated =
            report.disk_profile.as_ref().map_or(f64::INFINITY, |disk| disk.bandwidth_bytes_per_second as f64);
        let of_files = |rate: f64, intermediate: bool| if intermediate { rate.min(emulated) } else { rate };
        let best_seconds = read as f64 / of_files(peak.read_bytes_per_second, name != "map")
            + written as f64 / of_files(peak.write_bytes_per_second, matches!(name, "spill" | "merge"))
            + pipe_bytes as f64 / peak.pipe_bytes_per_second
            // Copying reads and writes; looking only reads.
            + (copied as f64 + looked_at as f64 / 2.0) / peak.copy_bytes_per_second;
        let workers = report.workers.max(1) as f64;
        let records = last.records as f64;
        Some(Under { best_seconds, took_seconds: worker_seconds / workers, worker_seconds, records })
    }
}

/// Bytes that map tasks found in memory: datasets of the job before, and the parsed input of a loop in each iteration but the
/// first.
fn found_in_memory(report: &Report, bytes: u64, read: u64) -> u64 {
    match report.memory_by_purpose.map_or(0, |memory| memory.cache) {
        0 => bytes.saturating_sub(read),
        cache => cache * (report.iterations.len() as u64).saturating_sub(1),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::measure::comparison::tests::comparison;
    use crate::observe::memory::MemoryUse;

    const GIB: u64 = 1 << 30;

    /// Rates of a machine that copies 4 GiB a second, and is slower with files and pipes.
    pub(crate) fn peak_rates() -> PeakRates {
        let [copy, write, read, pipe] = [4.0, 1.0, 2.0, 0.5].map(|gib| gib * GIB as f64);
        PeakRates {
            measured_on: "2026-11-27".into(),
            threads: 2,
            copy_bytes_per_second: copy,
            write_bytes_per_second: write,
            read_bytes_per_second: read,
            pipe_bytes_per_second: pipe,
        }
    }

    /// A run on disk and one in memory, both of which read and shuffled a gibibyte, on that machine.
    pub(crate) fn on_disk_and_in_memory() -> Comparison {
        let mut comparison = comparison([&[1.0], &[1.0], &[]]);
        comparison.peak_rates = Some(peak_rates());
        for run in &mut comparison.runs {
            let in_files = u64::from(run.variant == "disk") * GIB;
            for phase in &mut run.report.phases {
                (phase.bytes, phase.records, phase.busy_seconds) = (GIB, 1 << 26, 4.0);
                (phase.file_bytes_read, phase.file_bytes_written) = match &*phase.name {
                    "map" => (GIB, 0),
                    "spill" => (0, in_files),
                    "merge" => (in_files, in_files),
                    "reduce" => (in_files, GIB),
                    _ => (0, 0),
                };
                if phase.name == "shuffle" {
                    phase.busy_seconds = 0.0;
                }
            }
        }
        comparison
    }

    fn best(comparison: &Comparison, variant: &str, phase: &str) -> f64 {
        let phases = Roofline::of(comparison).unwrap().phases;
        phases.iter().find(|of| of.variant == variant && of.phase == phase).unwrap().best_seconds
    }

    #[test]
    fn a_phase_takes_at_least_the_time_of_moving_its_bytes() {
        let comparison = on_disk_and_in_memory();
        let of = |variant, phase| best(&comparison, variant, phase);
        // The input is read from files in either mode.
        assert_eq!((of("disk", "map"), of("memory", "map")), (0.5, 0.5));
        // Entries of 2^26 records are a gibibyte.
        assert_eq!((of("disk", "sort"), of("memory", "sort")), (0.25, 0.25));
        assert_eq!((of("disk", "spill"), of("memory", "spill")), (1.0, 0.25));
        assert_eq!((of("disk", "merge"), of("memory", "merge")), (1.5, 0.25));
        // Both write the output; in memory the shuffled bytes are only looked at.
        assert_eq!((of("disk", "reduce"), of("memory", "reduce")), (1.5, 1.125));
    }

    #[test]
    fn a_share_is_of_the_time_of_all_workers_and_a_record_takes_one_of_them() {
        let roofline = Roofline::of(&on_disk_and_in_memory()).unwrap();
        let map = &roofline.phases[0];
        assert_eq!((map.took_seconds, map.share, map.is_error_of_measurement), (2.0, 0.25, false));
        assert_eq!(map.nanoseconds_per_record, 4e9 / f64::from(1 << 26));
    }

    #[test]
    fn more_than_all_is_an_error() {
        let mut comparison = on_disk_and_in_memory();
        comparison.runs[0].report.phases[0].busy_seconds = 0.9;
        let roofline = Roofline::of(&comparison).unwrap();
        assert!(roofline.has_errors() && roofline.phases[0].share > 1.1);
        comparison.peak_rates.as_mut().unwrap().read_bytes_per_second *= 2.0;
        assert!(!Roofline::of(&comparison).unwrap().has_errors());
    }

    #[test]
    fn a_phase_of_commands_goes_through_pipes_and_lasts_while_they_work() {
        let mut comparison = on_disk_and_in_memory();
        let map = &mut comparison.runs[0].report.phases[0];
        (map.pipe_bytes, map.time.cpu.user, map.time.wait.asleep) = (GIB, 1.0, 9.0);
        let roofline = Roofline::of(&comparison).unwrap();
        assert_eq!((roofline.phases[0].best_seconds, roofline.phases[0].took_seconds), (2.5, 5.0));
    }

    #[test]
    fn an_emulated_disk_bounds_intermediate_files_alone() {
        let mut comparison = on_disk_and_in_memory();
        comparison.runs[0].report.disk_profile = Some("512MiB,0".parse().unwrap());
        assert_eq!(best(&comparison, "disk", "map"), 0.5);
        assert_eq!(best(&comparison, "disk", "spill"), 2.0);
        assert_eq!(best(&comparison, "disk", "merge"), 4.0);
    }

    #[test]
    fn a_loop_looks_at_what_it_has_parsed_in_each_iteration_but_the_first() {
        let mut comparison = on_disk_and_in_memory();
        let report = &mut comparison.runs[1].report;
        report.memory_by_purpose = Some(MemoryUse { cache: GIB, ..MemoryUse::default() });
        report.iterations = vec![crate::observe::report::Iteration { index: 0, wall_seconds: 1.0 }; 9];
        // Reading 1 GiB from files, and looking 8 times at it in memory.
        assert_eq!(best(&comparison, "memory", "map"), 0.5 + 1.0);
    }

    #[test]
    fn phases_that_took_no_time_and_machines_that_were_not_measured_have_none() {
        let mut comparison = on_disk_and_in_memory();
        comparison.runs[1].report.phases.iter_mut().for_each(|phase| phase.busy_seconds = 0.0);
        assert!(Roofline::of(&comparison).unwrap().phases.iter().all(|phase| phase.variant == "disk"));
        comparison.peak_rates = None;
        assert_eq!(Roofline::of(&comparison), None);
    }
}
