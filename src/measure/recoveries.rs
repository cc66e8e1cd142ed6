//! Recoveries from failures in runs: their number and their cost.

use crate::measure::statistics::median;
use crate::observe::report::{Recovery, RecoveryKind};

/// Number and cost of each kind of recovery.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Recoveries {
    /// As [`KINDS`](Self::KINDS).
    costs: [Cost; Recoveries::KINDS.len()],
}

/// A number of recoveries, and the workers' time that they cost.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// The number; a median of several runs need not be whole.
    pub times: f64,
    /// Seconds of workers.
    pub seconds: f64,
}

impl Recoveries {
    /// The kinds in the order in which they are shown.
    pub const KINDS: [RecoveryKind; 4] =
        [RecoveryKind::Retry, RecoveryKind::Rerun, RecoveryKind::Restart, RecoveryKind::Speculation];

    /// Sums up the recoveries of a run.
    pub fn of(recoveries: &[Recovery]) -> Self {
        let cost = |kind| {
            let of_kind = || recoveries.iter().filter(|recovery| recovery.kind == kind);
            let seconds = of_kind().fold(0.0, |sum, recovery| sum + recovery.seconds_lost);
            Cost { times: of_kind().count() as f64, seconds }
        };
        Recoveries { costs: Self::KINDS.map(cost) }
    }

    /// The medians over some runs, figure by figure.
    pub fn medians(runs: &[Self]) -> Self {
        let of = |figure: &dyn Fn(&Self) -> f64| median(runs.iter().map(figure));
        let cost = |i: usize| Cost { times: of(&|run| run.costs[i].times), seconds: of(&|run| run.costs[i].seconds) };
        Recoveries { costs: std::array::from_fn(cost) }
    }

    /// Whether there were none.
    pub fn is_empty(&self) -> bool {
        self.costs.iter().all(Cost::is_zero)
    }

    /// Number and cost of each of the [kinds](Self::KINDS).
    pub fn costs(&self) -> &[Cost; Recoveries::KINDS.len()] {
        &self.costs
    }

    /// Number and cost of all together.
    pub fn total(&self) -> Cost {
        let sum = |figure: fn(&Cost) -> f64| self.costs.iter().map(figure).fold(0.0, |sum, cost| sum + cost);
        Cost { times: sum(|cost| cost.times), seconds: sum(|cost| cost.seconds) }
    }
}

impl Cost {
    /// Whether it happened at all.
    pub fn is_zero(&self) -> bool {
        self.times == 0.0
    }

    /// The number, rounded.
    pub fn count(&self) -> u64 {
        self.times.ceil() as u64
    }
}

#[cfg(test)]
pub mod tests {
    use RecoveryKind::{Rerun, Retry};

    use super::*;

    /// A recovery of this kind that lost this time.
    pub fn recovery((kind, seconds_lost): (RecoveryKind, f64)) -> Recovery {
        Recovery { kind, task: "map-00001".into(), attempt: 1, why: "panicked".into(), seconds_lost }
    }

    /// Several of them.
    pub fn recoveries<const N: usize>(all: [(RecoveryKind, f64); N]) -> Recoveries {
        Recoveries::of(&all.map(recovery))
    }

    #[test]
    fn several_runs_come_to_their_medians() {
        let runs = [0.3, 0.1, 0.2].map(|seconds| recoveries([(Retry, seconds), (Rerun, 2.0 * seconds)]));
        assert_eq!(Recoveries::medians(&runs), recoveries([(Retry, 0.2), (Rerun, 0.4)]));
    }
}
