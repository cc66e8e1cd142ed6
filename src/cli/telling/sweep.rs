//! Memory mode with less memory, as a table with a chart.

use crate::cli::chart::bar;
use crate::cli::figures::{bytes, counted, seconds};
use crate::cli::table::Table;
use crate::cli::telling::fact::Fact;
use crate::cli::telling::verdict;
use crate::measure::analysis::sweep::{Curve, ends};
use crate::measure::comparison::Comparison;
use crate::measure::mode::RunMode;

/// Cells of the longest bar.
const BAR_WIDTH: usize = 24;

/// The curve as rows of a table with a chart, and a sentence; `None` where there is none yet.
pub fn table(comparison: &Comparison) -> Option<Table> {
    let curve = Curve::of(comparison)?;
    let Curve { points, summary } = &curve;
    let disk = comparison.column_named(RunMode::Disk.name());
    let most = points.iter().map(|point| point.median_seconds).chain(summary.disk_median_seconds).fold(0.0, f64::max);
    let chart = |seconds: f64| bar(seconds, most, BAR_WIDTH);
    let row = |cells: [String; 7]| cells.to_vec();
    let head = ["memory, of the working set", "budget", "time", "", "to files", "reserved", "peak memory"];
    let mut rows = vec![row(head.map(str::to_owned))];
    rows.extend(points.iter().map(|point| {
        row([
            format!("  {} %", point.percent),
            bytes(point.budget_bytes),
            seconds(point.median_seconds),
            chart(point.median_seconds),
            bytes(point.spilled_bytes as u64),
            bytes(point.peak_reserved_bytes),
            bytes(point.peak_rss_bytes as u64),
        ])
    }));
    rows.extend(disk.map(|disk| {
        let parts = disk.framework.as_ref();
        let of = |value: f64| bytes(value as u64);
        row([
            "  disk mode".into(),
            String::new(),
            seconds(disk.time.median),
            chart(disk.time.median),
            parts.map_or(String::new(), |parts| of(parts.file_written_bytes)),
            parts.map_or(String::new(), |parts| of(parts.peak_reserved_bytes)),
            of(disk.peak_rss_bytes),
        ])
    }));
    Some(Table { rows, sentence: sentence(&curve) })
}

/// What the least memory of the sweep costs, with its cause, and the curve in sentences; nothing where there is no sweep yet.
pub fn facts(comparison: &Comparison) -> Vec<Fact> {
    let Some(curve) = Curve::of(comparison) else { return Vec::new() };
    let about_curve = Fact::new("memory mode with less memory", sentence(&curve)).with("curve", &curve.summary);
    of_the_ends(comparison).into_iter().chain([about_curve]).collect()
}

/// The curve in sentences.
pub fn of_the_curve(comparison: &Comparison) -> Option<String> {
    Curve::of(comparison).as_ref().map(sentence)
}

/// What the least memory of the sweep costs, with its cause.
pub fn of_the_ends(comparison: &Comparison) -> Option<Fact> {
    ends(comparison).map(|pair| verdict::pair(&pair, comparison))
}

fn sentence(Curve { points, summary }: &Curve) -> String {
    let curve = match summary.longer_with_more {
        Some((less, more)) => format!("{more} % takes LONGER than {less} %"),
        None => match (summary.undecided_steps, points.len().saturating_sub(1)) {
            (0, _) => "More memory never takes longer".to_owned(),
            (undecided, steps) => format!(
                "No step to more memory is known to take longer; {undecided} of {} {} undecided",
                counted(steps as u64, "step"),
                if undecided == 1 { "is" } else { "are" }
            ),
        },
    };
    let budget = match summary.most_over_budget_bytes {
        0 => "Every run kept within its budget".to_owned(),
        over => format!("Some reserved MORE than their budget, by {} at most", bytes(over)),
    };
    format!(
        "With a budget of {}, the working set (100 %), everything stays in memory. {curve}. {budget}.",
        bytes(summary.working_set_bytes)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::analysis::sweep::tests::measured;

    #[test]
    fn a_curve_falls_with_memory() {
        let text = table(&measured([1.9, 1.5, 1.0], [1, 50, 100])).unwrap().to_string();
        let expected = "\
memory, of the working set     budget     time                              to files   reserved   peak memory
  0 %                        1.00 MiB   1.90 s   ██████████████████████▊         0 B   1.00 MiB       350 MiB
  50 %                       50.0 MiB   1.50 s   ██████████████████              0 B   50.0 MiB       350 MiB
  100 %                       100 MiB   1.00 s   ████████████                    0 B    100 MiB       350 MiB
  disk mode                             2.00 s   ████████████████████████    353 MiB        0 B       350 MiB
With a budget of 100 MiB, the working set (100 %), everything stays in memory. More memory never takes longer. Every run kept within its budget.
";
        assert_eq!(text, expected, "\n{text}");
    }

    #[test]
    fn a_curve_that_rises_and_a_budget_that_is_exceeded_are_told() {
        let text = table(&measured([1.0, 1.5, 1.0], [1, 51, 100])).unwrap().to_string();
        assert!(
            text.contains("50 % takes LONGER than 0 %. Some reserved MORE than their budget, by 1.00 MiB at most."),
            "{text}"
        );
    }
}
