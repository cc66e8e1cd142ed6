//! Memory mode with less memory: the curve between the two modes.

use serde::{Deserialize, Serialize};

use crate::measure::analysis::pairs::Pair;
use crate::measure::analysis::verdict::Verdict;
use crate::measure::comparison::Comparison;
use crate::measure::mode::RunMode;
use crate::measure::plan::sweep::Point;

/// The sweep as it was measured.
#[derive(Clone, Debug)]
pub struct Curve {
    /// The points, from the least memory to the most.
    pub points: Vec<SweepPoint>,
    /// The conclusions.
    pub summary: SweepSummary,
}

/// An entry of `memory_sweep` in a report.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct SweepPoint {
    /// Per cent of the working set.
    pub percent: u32,
    /// The same in bytes.
    pub budget_bytes: u64,
    /// The variant that ran.
    pub variant: String,
    /// Its time.
    pub median_seconds: f64,
    /// The interval of the median.
    pub ci95_seconds: (f64, f64),
    /// The confidence that it has.
    #[serde(default)]
    pub ci95_coverage: f64,
    /// Bytes that went to files.
    pub spilled_bytes: f64,
    /// The most that any run reserved.
    pub peak_reserved_bytes: u64,
    /// Peak resident size.
    pub peak_rss_bytes: f64,
}

/// The entry `memory_sweep_summary` of a report.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct SweepSummary {
    /// The least budget with which everything stays in memory.
    pub working_set_bytes: u64,
    /// Disk mode's time, where it ran.
    pub disk_median_seconds: Option<f64>,
    /// Whether no step to more memory is known to take longer; undecided steps may.
    pub monotone_within_noise: bool,
    /// Two points, in per cent, of which the second, with more memory, took longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longer_with_more: Option<(u32, u32)>,
    /// Steps from a point to the next of which it is not known whether the one with more memory takes longer.
    #[serde(default)]
    pub undecided_steps: usize,
    /// Whether every run kept within its budget.
    pub within_budget: bool,
    /// The most by which a run exceeded its budget.
    pub most_over_budget_bytes: u64,
}

impl Curve {
    /// The sweep of a comparison; `None` where none was asked for, and before its first round is complete.
    pub fn of(comparison: &Comparison) -> Option<Self> {
        let sweep = comparison.sweep.as_ref()?;
        let mut points = Vec::new();
        for point in &sweep.points {
            let peak = comparison.runs_of(&point.variant.name).map(|run| run.report.peak_reserved_bytes).max()?;
            let column = comparison.column(&point.variant)?;
            points.push(SweepPoint {
                percent: point.percent,
                budget_bytes: point.budget_bytes,
                median_seconds: column.time.median,
                ci95_seconds: column.time.ci95,
                ci95_coverage: column.time.coverage,
                spilled_bytes: column.framework.as_ref().map_or(0.0, |parts| parts.file_written_bytes),
                peak_reserved_bytes: peak,
                peak_rss_bytes: column.peak_rss_bytes,
                variant: column.name,
            });
        }
        let steps = steps(&points, comparison);
        let longer = steps.iter().find(|step| step.verdict.is_different() && step.verdict.ratio > 1.0);
        let over = |point: &SweepPoint| point.peak_reserved_bytes.saturating_sub(point.budget_bytes);
        let most_over_budget_bytes = points.iter().map(over).max().unwrap_or(0);
        let summary = SweepSummary {
            working_set_bytes: sweep.working_set_bytes,
            disk_median_seconds: comparison.column_named(RunMode::Disk.name()).map(|disk| disk.time.median),
            monotone_within_noise: longer.is_none(),
            longer_with_more: longer.map(|step| (step.less, step.more)),
            undecided_steps: steps.iter().filter(|step| !step.verdict.is_settled()).count(),
            within_budget: most_over_budget_bytes == 0,
            most_over_budget_bytes,
        };
        Some(Curve { points, summary })
    }
}

/// A step from a point of the sweep to the next.
struct Step {
    /// Per cent of the working set.
    less: u32,
    /// The same at the next point.
    more: u32,
    /// The verdict on the point with more memory against the one with less.
    verdict: Verdict,
}

fn steps(points: &[SweepPoint], comparison: &Comparison) -> Vec<Step> {
    let step = |pair: &[SweepPoint]| {
        let (less, more) = (&pair[0], &pair[1]);
        let verdict = comparison.verdict(&more.variant, &less.variant)?;
        Some(Step { less: less.percent, more: more.percent, verdict })
    };
    points.windows(2).filter_map(step).collect()
}

/// The points with the least and with the most memory.
pub fn ends(comparison: &Comparison) -> Option<Pair> {
    let points = &comparison.sweep.as_ref()?.points;
    let column = |point: Option<&Point>| comparison.column(&point?.variant);
    let (least, most) =
        (points.iter().min_by_key(|point| point.budget_bytes), points.iter().max_by_key(|p| p.budget_bytes));
    Pair::of(comparison, &column(least)?, &column(most)?).filter(|pair| pair.slow.name != pair.fast.name)
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::measure::comparison::tests::run;
    use crate::measure::plan::sweep::Sweep;
    use crate::measure::settings::tests::settings;

    /// A sweep of three points, which take these times and reserve these parts of a working set of 100 MiB.
    pub fn measured(seconds: [f64; 3], reserved: [u64; 3]) -> Comparison {
        let mut comparison = Comparison::new(settings(&[RunMode::Disk, RunMode::Memory]), Vec::new());
        let mut roomy = run(RunMode::Memory, 1.0, "");
        roomy.report.peak_reserved_bytes = 100 << 20;
        let sweep = Sweep::of(&roomy, &[0, 50, 100], 1 << 30).unwrap();
        for round in 0..3 {
            comparison.add(run(RunMode::Disk, 2.0, ""), "disk", round);
            for ((point, seconds), reserved) in sweep.points.iter().zip(seconds).zip(reserved) {
                let mut run = run(RunMode::Memory, seconds + 0.001 * f64::from(round), "");
                run.report.peak_reserved_bytes = reserved << 20;
                comparison.add(run, &point.variant.name, round);
            }
        }
        comparison.sweep = Some(sweep);
        comparison
    }

    #[test]
    fn a_curve_falls_with_memory() {
        let Curve { points, summary } = Curve::of(&measured([1.9, 1.5, 1.0], [1, 50, 100])).unwrap();
        assert_eq!(points[1].budget_bytes, 50 << 20);
        assert!(summary.monotone_within_noise && summary.within_budget, "{summary:?}");
        assert_eq!(summary.undecided_steps, 0);
    }

    #[test]
    fn a_noisy_step_is_undecided() {
        let mut comparison = measured([1.9, 1.5, 1.0], [1, 50, 100]);
        let noisy = comparison.runs.iter_mut().filter(|run| run.variant == "memory at 50 %");
        noisy.for_each(|run| run.report.wall_seconds *= 1.0 + f64::from(run.round));
        let Curve { summary, .. } = Curve::of(&comparison).unwrap();
        assert!(summary.monotone_within_noise, "{summary:?}");
        assert_eq!(summary.undecided_steps, 2);
    }

    #[test]
    fn a_curve_that_rises_and_a_budget_that_is_exceeded_are_found() {
        let Curve { summary, .. } = Curve::of(&measured([1.0, 1.5, 1.0], [1, 51, 100])).unwrap();
        assert!(!summary.monotone_within_noise && !summary.within_budget, "{summary:?}");
        assert_eq!((summary.longer_with_more, summary.most_over_budget_bytes), (Some((0, 50)), 1 << 20));
    }
}
