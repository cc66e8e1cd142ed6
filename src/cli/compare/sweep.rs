//! What memory mode does with less memory than it would like: the curve between the two modes.
//!
//! The working set is what memory mode reserves when its budget is roomy. Each point gives it a part of that as its budget;
//! what does not fit goes to files. A point is measured in the same rounds as everything else.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::cli::args::RunMode;
use crate::cli::chart::bar;
use crate::cli::compare::column::Column;
use crate::cli::compare::comparison::Comparison;
use crate::cli::compare::interval::is_beyond_noise;
use crate::cli::compare::plan::Variant;
use crate::cli::compare::run_figures::Figures;
use crate::cli::compare::table::Table;
use crate::cli::failure::{Failure, USAGE};
use crate::cli::figures::{bytes, seconds};
use crate::quantity::ByteSize;

/// Budget of 0 %, and the least of any point.
const LEAST_BUDGET_BYTES: u64 = 1 << 20;
/// Cells of the longest bar.
const BAR_WIDTH: usize = 24;

/// What is measured for the sweep.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sweep {
    working_set_bytes: u64,
    points: Vec<Point>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Point {
    percent: u32,
    budget_bytes: u64,
    variant: Variant,
}

/// A point as it was measured.
struct Measured<'a> {
    point: &'a Point,
    column: Column,
    /// The most that any run reserved.
    peak_reserved_bytes: u64,
}

impl Measured<'_> {
    fn spilled_bytes(&self) -> f64 {
        self.column.framework.as_ref().map_or(0.0, |parts| parts.file_written_bytes)
    }
}

impl Sweep {
    /// The points of these percentages for a job of which this is a run in memory mode with a budget of `memory_bytes`.
    ///
    /// # Errors
    /// [`Failure::Message`] where that budget was no roomy one.
    pub fn of(memory_run: &Figures, percents: &[u32], memory_bytes: u64) -> Result<Self, Failure> {
        let spilled = memory_run.counters.file_bytes_written;
        if spilled > 0 {
            let message = format!(
                "--memory-sweep needs a budget that holds everything: with {}, {} went to files; raise --memory",
                ByteSize(memory_bytes),
                ByteSize(spilled)
            );
            return Err(Failure::Message(message, USAGE));
        }
        let working_set_bytes = memory_run.peak_reserved_bytes;
        let point = |percent: u32| {
            let share = (u128::from(working_set_bytes) * u128::from(percent)).div_ceil(100) as u64;
            let budget_bytes = share.max(LEAST_BUDGET_BYTES);
            let name = format!("memory at {percent} %");
            let variant = Variant { memory_bytes: Some(budget_bytes), ..Variant::named(name, RunMode::Memory) };
            Point { percent, budget_bytes, variant }
        };
        Ok(Sweep { working_set_bytes, points: percents.iter().map(|percent| point(*percent)).collect() })
    }

    /// The points, to be run in each round.
    pub fn variants(&self) -> impl Iterator<Item = &Variant> {
        self.points.iter().map(|point| &point.variant)
    }

    fn measured<'a>(&'a self, comparison: &Comparison) -> Option<Vec<Measured<'a>>> {
        let measure = |point: &'a Point| {
            let variant = &point.variant;
            let peak = comparison.figures(&variant.name).map(|run| run.peak_reserved_bytes).max()?;
            Some(Measured { point, column: comparison.column(variant)?, peak_reserved_bytes: peak })
        };
        self.points.iter().map(measure).collect()
    }

    /// Two points of which the one with more memory took longer, beyond noise.
    fn rises<'a>(points: &'a [Measured<'a>], comparison: &Comparison) -> Option<(&'a Measured<'a>, &'a Measured<'a>)> {
        points.windows(2).map(|pair| (&pair[0], &pair[1])).find(|(less, more)| {
            let longer = more.column.time.median > less.column.time.median;
            let ratio = comparison.ratio(&more.column.name, &less.column.name);
            longer && ratio.is_some_and(is_beyond_noise)
        })
    }

    fn most_over_budget_bytes(points: &[Measured<'_>]) -> u64 {
        let over = |point: &Measured<'_>| point.peak_reserved_bytes.saturating_sub(point.point.budget_bytes);
        points.iter().map(over).max().unwrap_or(0)
    }

    /// The entries `memory_sweep` and `memory_sweep_summary` of the report; `None` before the first round is complete.
    pub fn json(&self, comparison: &Comparison) -> Option<(Value, Value)> {
        let points = self.measured(comparison)?;
        let entry = |measured: &Measured<'_>| {
            json!({
                "percent": measured.point.percent,
                "budget_bytes": measured.point.budget_bytes,
                "variant": measured.column.name,
                "median_seconds": measured.column.time.median,
                "ci95_seconds": measured.column.time.ci95,
                "spilled_bytes": measured.spilled_bytes(),
                "peak_reserved_bytes": measured.peak_reserved_bytes,
                "peak_rss_bytes": measured.column.peak_rss_bytes,
            })
        };
        let summary = json!({
            "working_set_bytes": self.working_set_bytes,
            "disk_median_seconds": comparison.column_named(RunMode::Disk.name()).map(|disk| disk.time.median),
            "monotone_within_noise": Sweep::rises(&points, comparison).is_none(),
            "within_budget": Sweep::most_over_budget_bytes(&points) == 0,
            "most_over_budget_bytes": Sweep::most_over_budget_bytes(&points),
        });
        Some((points.iter().map(entry).collect(), summary))
    }

    /// The curve as rows of a table with a chart, and a sentence; `None` before the first round is complete.
    pub fn table(&self, comparison: &Comparison) -> Option<Table> {
        let points = self.measured(comparison)?;
        let disk = comparison.column_named(RunMode::Disk.name());
        let medians = points.iter().map(|point| point.column.time.median);
        let most = medians.chain(disk.as_ref().map(|disk| disk.time.median)).fold(0.0, f64::max);
        let chart = |column: &Column| bar(column.time.median, most, BAR_WIDTH);
        let row = |cells: [String; 7]| cells.to_vec();
        let head = ["memory, of the working set", "budget", "time", "", "to files", "reserved", "peak memory"];
        let mut rows = vec![row(head.map(str::to_owned))];
        rows.extend(points.iter().map(|measured| {
            row([
                format!("  {} %", measured.point.percent),
                bytes(measured.point.budget_bytes),
                seconds(measured.column.time.median),
                chart(&measured.column),
                bytes(measured.spilled_bytes() as u64),
                bytes(measured.peak_reserved_bytes),
                bytes(measured.column.peak_rss_bytes as u64),
            ])
        }));
        rows.extend(disk.map(|disk| {
            let parts = disk.framework.as_ref();
            let of = |value: f64| bytes(value as u64);
            row([
                "  disk mode".into(),
                String::new(),
                seconds(disk.time.median),
                chart(&disk),
                parts.map_or(String::new(), |parts| of(parts.file_written_bytes)),
                parts.map_or(String::new(), |parts| of(parts.peak_reserved_bytes)),
                of(disk.peak_rss_bytes),
            ])
        }));
        let curve = match Sweep::rises(&points, comparison) {
            None => "more memory never took longer, beyond noise".to_owned(),
            Some((less, more)) => {
                format!("{} % took LONGER than {} %, beyond noise", more.point.percent, less.point.percent)
            }
        };
        let budget = match Sweep::most_over_budget_bytes(&points) {
            0 => "every run kept within its budget".to_owned(),
            over => format!("some reserved MORE than their budget, by {} at most", bytes(over)),
        };
        let sentence = format!("The working set is {}; {curve}; {budget}.", bytes(self.working_set_bytes));
        Some(Table { rows, sentence })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::compare::comparison::tests::run;
    use crate::cli::compare::settings::tests::settings;

    /// A sweep of three points, which take these times and reserve these parts of a working set of 100 MiB.
    fn measured(seconds: [f64; 3], reserved: [u64; 3]) -> Comparison {
        let mut comparison = Comparison::new(settings(&[RunMode::Disk, RunMode::Memory]), Vec::new());
        let mut roomy = run(RunMode::Memory, 1.0, "").figures;
        roomy.peak_reserved_bytes = 100 << 20;
        let sweep = Sweep::of(&roomy, &[0, 50, 100], 1 << 30).unwrap();
        for round in 0..3 {
            comparison.add(run(RunMode::Disk, 2.0, ""), "disk", round);
            for ((point, seconds), reserved) in sweep.points.iter().zip(seconds).zip(reserved) {
                let mut run = run(RunMode::Memory, seconds + 0.001 * f64::from(round), "");
                run.figures.peak_reserved_bytes = reserved << 20;
                comparison.add(run, &point.variant.name, round);
            }
        }
        comparison.sweep = Some(sweep);
        comparison
    }

    #[test]
    fn a_curve_falls_with_memory() {
        let comparison = measured([1.9, 1.5, 1.0], [1, 50, 100]);
        let text = comparison.sweep.as_ref().unwrap().table(&comparison).unwrap().to_string();
        let expected = "\
memory, of the working set     budget     time                              to files   reserved   peak memory
  0 %                        1.00 MiB   1.90 s   ██████████████████████▊         0 B   1.00 MiB       350 MiB
  50 %                       50.0 MiB   1.50 s   ██████████████████              0 B   50.0 MiB       350 MiB
  100 %                       100 MiB   1.00 s   ████████████                    0 B    100 MiB       350 MiB
  disk mode                             2.00 s   ████████████████████████    353 MiB        0 B       350 MiB
The working set is 100 MiB; more memory never took longer, beyond noise; every run kept within its budget.
";
        assert_eq!(text, expected, "\n{text}");
        let json = comparison.json();
        assert_eq!(json["memory_sweep"][1]["budget_bytes"], 50 << 20);
        assert_eq!(json["memory_sweep_summary"]["monotone_within_noise"], true);
        assert_eq!(json["memory_sweep_summary"]["within_budget"], true);
    }

    #[test]
    fn a_curve_that_rises_and_a_budget_that_is_exceeded_are_told() {
        let comparison = measured([1.0, 1.5, 1.0], [1, 51, 100]);
        let text = comparison.sweep.as_ref().unwrap().table(&comparison).unwrap().to_string();
        assert!(
            text.contains(
                "50 % took LONGER than 0 %, beyond noise; some reserved MORE than their budget, by 1.00 MiB at most."
            ),
            "{text}"
        );
        let summary = &comparison.json()["memory_sweep_summary"];
        assert_eq!((&summary["monotone_within_noise"], &summary["within_budget"]), (&json!(false), &json!(false)));
    }

    #[test]
    fn a_budget_that_is_not_roomy_gives_no_working_set() {
        let mut spilled = run(RunMode::Memory, 1.0, "").figures;
        spilled.counters.file_bytes_written = 1 << 20;
        let Err(Failure::Message(message, 2)) = Sweep::of(&spilled, &[0, 50], 4 << 20) else { panic!("accepted") };
        assert!(message.contains("with 4.00 MiB, 1.00 MiB went to files; raise --memory"), "{message}");
    }
}
