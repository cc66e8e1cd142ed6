//! The cost of failures in wall time: each mode with the faults that were injected, beside the same without.

use serde::Serialize;

use crate::measure::analysis::verdict::VerdictKind;
use crate::measure::comparison::Comparison;
use crate::measure::paired::Estimate;

/// The cost of the failures of one mode.
#[derive(Clone, Debug, Serialize)]
pub struct FailureCost {
    /// The mode's column.
    pub name: String,
    /// Median time with the failures.
    pub median_seconds: f64,
    /// Median time of the same without failures, on the same splits.
    pub median_seconds_without: f64,
    /// Whether the two are known to differ.
    pub kind: VerdictKind,
    /// Seconds that the failures took.
    pub seconds: Estimate,
    /// Seconds of workers that recovering took.
    pub worker_seconds_lost: f64,
}

impl FailureCost {
    /// The costs in the order of the columns; empty where no faults were injected.
    pub fn all(comparison: &Comparison) -> Vec<Self> {
        let cost = |twin: &String, without: &str| {
            let (with, spared) = (comparison.column_named(twin)?, comparison.column_named(without)?);
            let seconds = comparison.difference(twin, without)?;
            let is_known = seconds.ci95.is_some_and(|(low, high)| low > 0.0 || high < 0.0);
            Some(FailureCost {
                // The times differ where their difference does, which may not be where their ratio does, if only just.
                kind: match comparison.verdict(twin, without)?.kind {
                    _ if is_known => VerdictKind::Different,
                    VerdictKind::Equivalent => VerdictKind::Equivalent,
                    VerdictKind::Different | VerdictKind::Undecided => VerdictKind::Undecided,
                },
                seconds,
                median_seconds: with.time.median,
                median_seconds_without: spared.time.median,
                worker_seconds_lost: with.framework.as_ref()?.recoveries.total().seconds,
                name: with.name,
            })
        };
        comparison.modes.iter().filter_map(|mode| cost(mode.spared_twin_of.as_ref()?, &mode.name)).collect()
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::measure::comparison::tests::run;
    use crate::measure::mode::RunMode;
    use crate::measure::recoveries::tests::recovery;
    use crate::measure::settings::tests::settings;
    use crate::observe::report::RecoveryKind;

    /// A comparison of which disk mode ran with a failure, and without one in less time, and memory mode with one.
    pub fn failing() -> Comparison {
        let mut settings = settings(&RunMode::ALL);
        settings.options = vec!["--inject=map:1:panic".into()];
        let mut comparison = Comparison::new(settings, Vec::new());
        for round in 0..5 {
            let noise = f64::from(round) / 1000.0;
            for (name, mode, time) in [
                ("disk", RunMode::Disk, 1.5),
                ("disk without faults", RunMode::Disk, 1.0),
                ("memory", RunMode::Memory, 1.2),
            ] {
                let mut run = run(mode, time + noise * time, "xxh3:0");
                if name == "disk" {
                    run.report.recoveries = vec![recovery((RecoveryKind::Retry, 0.7))];
                }
                comparison.add(run, name, round);
            }
        }
        comparison
    }

    #[test]
    fn failures_cost_what_the_same_takes_less_without_them() {
        let comparison = failing();
        let names: Vec<_> = comparison.modes.iter().map(|mode| mode.name.clone()).collect();
        assert_eq!(names, ["disk", "disk without faults", "memory", "memory without faults", "reference"]);
        let [cost] = &FailureCost::all(&comparison)[..] else { panic!("memory has no twin that ran") };
        assert!(
            cost.name == "disk" && cost.kind == VerdictKind::Different && (cost.seconds.value - 0.5).abs() < 0.01,
            "{cost:?}"
        );
        assert_eq!(cost.worker_seconds_lost, 0.7);
        let compared: Vec<_> = comparison.verdicts().into_iter().map(|verdict| (verdict.a, verdict.b)).collect();
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(compared, [pair("disk", "disk without faults"), pair("disk", "memory")]);
    }
}
