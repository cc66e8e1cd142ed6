//! Accounts of each mode that add up: the workers' time by what they did, the time of the phases, and memory by purpose.
//! A row for each part, with what the runs differ by.

use serde::Serialize;

use crate::cli::telling::time_groups;
use crate::measure::comparison::Comparison;
use crate::measure::run::Run;
use crate::measure::statistics::{Spread, median};
use crate::measure::time_groups::{TimeGroup, divided};
use crate::observe::memory::MemoryUse;

/// Rows below this part of every mode's whole are left out.
const LEAST_SHOWN: f64 = 0.005;

/// An account: parts by mode.
#[derive(Serialize)]
pub struct Account {
    modes: Vec<String>,
    /// The whole of each mode: the median of its runs.
    totals: Vec<f64>,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    name: String,
    /// Whether it is time of waiting.
    waiting: bool,
    /// One for each mode.
    parts: Vec<Part>,
}

/// A part of a whole. The parts of all rows add up to it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
struct Part {
    value: f64,
    /// Interval of the runs' median, widened to hold the value where it does not.
    interval: (f64, f64),
}

/// A part that is looked up in each run.
struct Entry<'a> {
    name: String,
    waiting: bool,
    of: Box<dyn Fn(&Run) -> f64 + 'a>,
}

/// The name of a purpose of memory, and its bytes.
type Purpose = (&'static str, fn(&MemoryUse) -> u64);

impl Account {
    /// The use of workers' time; `None` where the reports do not tell.
    pub fn of_time(comparison: &Comparison) -> Option<Self> {
        let entry = |group: TimeGroup| Entry {
            name: time_groups::name(group).to_owned(),
            waiting: group.is_waiting(),
            of: Box::new(move |run| run.report.time.as_ref().map_or(0.0, |time| group.of(time))),
        };
        let entries: Vec<Entry<'_>> = TimeGroup::ALL.into_iter().map(entry).collect();
        Self::of(comparison, |run| run.report.time.is_some(), &entries)
    }

    /// The phases; `None` where there are none.
    pub fn of_phases(comparison: &Comparison) -> Option<Self> {
        let with_phases = comparison.runs.iter().find(|run| !run.report.phases.is_empty())?;
        let entry = |name: &str| {
            let name = name.to_owned();
            let of = {
                let name = name.clone();
                move |run: &Run| {
                    let phase = run.report.phases.iter().find(|phase| phase.name == name);
                    phase.map_or(0.0, |phase| phase.busy_seconds)
                }
            };
            Entry { name, waiting: false, of: Box::new(of) }
        };
        let entries: Vec<Entry<'_>> = with_phases.report.phases.iter().map(|phase| entry(&phase.name)).collect();
        Self::of(comparison, |run| !run.report.phases.is_empty(), &entries)
    }

    /// Memory by purpose at its peak; `None` where the reports do not tell.
    pub fn of_memory(comparison: &Comparison) -> Option<Self> {
        let entry = |(name, of): Purpose| Entry {
            name: name.to_owned(),
            waiting: false,
            of: Box::new(move |run| run.report.memory_by_purpose.as_ref().map_or(0.0, |memory| of(memory) as f64)),
        };
        let purposes: [Purpose; 4] = [
            ("sort buffers", |memory| memory.sort_buffers),
            ("runs", |memory| memory.runs),
            ("cached input", |memory| memory.cache),
            ("the program and the rest", |memory| memory.program),
        ];
        let entries = purposes.map(entry);
        Self::of(comparison, |run| run.report.memory_by_purpose.is_some(), &entries)
    }

    /// The account of the modes of which every run tells it.
    fn of(comparison: &Comparison, tells: impl Fn(&Run) -> bool, entries: &[Entry<'_>]) -> Option<Self> {
        let runs = |name: String| {
            let runs: Vec<&Run> = comparison.runs.iter().filter(|run| run.variant == name).collect();
            (name, runs)
        };
        let modes = comparison.columns().into_iter().map(|column| runs(column.name));
        let modes: Vec<_> = modes.filter(|(_, runs)| runs.iter().all(|run| tells(run))).collect();
        if modes.is_empty() {
            return None;
        }
        let wholes: Vec<Whole> = modes.iter().map(|(_, runs)| Whole::of(runs, entries)).collect();
        let row = |(i, entry): (usize, &Entry<'_>)| Row {
            name: entry.name.clone(),
            waiting: entry.waiting,
            parts: wholes.iter().map(|whole| whole.parts[i]).collect(),
        };
        let shows = |row: &Row| {
            row.parts
                .iter()
                .zip(&wholes)
                .any(|(part, whole)| part.value > 0.0 && part.value >= LEAST_SHOWN * whole.total)
        };
        let rows = entries.iter().enumerate().map(row).filter(shows).collect();
        let totals = wholes.iter().map(|whole| whole.total).collect();
        Some(Account { modes: modes.into_iter().map(|(name, _)| name).collect(), totals, rows })
    }
}

/// All parts of a mode.
struct Whole {
    total: f64,
    parts: Vec<Part>,
}

impl Whole {
    fn of(runs: &[&Run], entries: &[Entry<'_>]) -> Self {
        let of_runs: Vec<Vec<f64>> =
            runs.iter().map(|run| entries.iter().map(|entry| (entry.of)(run)).collect()).collect();
        let part = |(i, value): (usize, f64)| {
            let (low, high) = Spread::of(of_runs.iter().map(|parts| parts[i])).ci95;
            Part { value, interval: (low.min(value), high.max(value)) }
        };
        Whole {
            total: median(of_runs.iter().map(|parts| parts.iter().sum::<f64>())),
            parts: divided(&of_runs).into_iter().enumerate().map(part).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::comparison::tests::comparison;

    #[test]
    fn phases_have_a_row_each_and_those_that_do_not_show_none() {
        let account = Account::of_phases(&comparison([&[1.0, 2.0], &[1.0], &[1.0]])).unwrap();
        assert_eq!(account.modes, ["disk", "memory"]);
        let names: Vec<&str> = account.rows.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(names, ["map", "sort", "spill", "merge", "reduce", "commit"]);
        let spill: Vec<f64> = account.rows[2].parts.iter().map(|part| part.value).collect();
        assert!((spill[0] - 0.2).abs() < 1e-9 && spill[1] == 0.0, "{spill:?}");
        let sum: f64 = account.rows.iter().map(|row| row.parts[0].value).sum();
        assert!((sum - account.totals[0]).abs() < 1e-9, "the parts add up to {sum}");
        assert!(Account::of_time(&comparison([&[1.0], &[1.0], &[]])).is_none());
        assert!(Account::of_memory(&comparison([&[1.0], &[1.0], &[]])).is_none());
    }

    #[test]
    fn memory_is_told_by_purpose() {
        let mut comparison = comparison([&[1.0], &[], &[]]);
        let memory = MemoryUse { sort_buffers: 200, runs: 0, cache: 0, program: 50, total: 250 };
        comparison.runs[0].report.memory_by_purpose = Some(memory);
        let account = Account::of_memory(&comparison).unwrap();
        let rows: Vec<(&str, f64)> = account.rows.iter().map(|row| (row.name.as_str(), row.parts[0].value)).collect();
        assert_eq!(
            (rows, account.totals),
            (vec![("sort buffers", 200.0), ("the program and the rest", 50.0)], vec![250.0])
        );
    }
}
