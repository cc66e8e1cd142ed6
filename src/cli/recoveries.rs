//! What went wrong in runs and was put right, as people read it.

use std::fmt;

use crate::cli::compare::spread::median;
use crate::cli::figures::{count, counted, seconds};
use crate::observe::report::RecoveryKind;

/// The kinds in the order in which they are shown, with what is said of one.
const KINDS: [(RecoveryKind, &str, &str); 4] = [
    (RecoveryKind::Retry, "attempt", "tried again"),
    (RecoveryKind::Rerun, "map output", "made again"),
    (RecoveryKind::Restart, "reducer", "begun anew"),
    (RecoveryKind::Speculation, "slow task", "attempted twice"),
];

/// How often each kind of recovery happened, and what it cost.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Recoveries {
    /// As [`KINDS`].
    costs: [Cost; KINDS.len()],
}

/// How often, and how much time of workers it took.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// A median of several runs need not be whole.
    times: f64,
    seconds: f64,
}

impl Recoveries {
    /// The rows of a table: all recoveries, then each kind.
    pub const ROWS: [&str; 1 + KINDS.len()] = [
        "recoveries, time of workers",
        "  attempts tried again",
        "  map outputs made again",
        "  reducers begun anew",
        "  slow tasks attempted twice",
    ];

    /// Sums up the recoveries of a run: their kinds, and the seconds that each lost.
    pub fn of(recoveries: impl IntoIterator<Item = (RecoveryKind, f64)>) -> Self {
        let mut costs = [Cost::default(); KINDS.len()];
        for (kind, seconds) in recoveries {
            let place = KINDS.iter().position(|(other, ..)| *other == kind).expect("all kinds are listed");
            costs[place].times += 1.0;
            costs[place].seconds += seconds;
        }
        Recoveries { costs }
    }

    /// The medians over some runs, figure by figure.
    pub fn medians(runs: &[Self]) -> Self {
        let of = |figure: &dyn Fn(&Self) -> f64| {
            let mut values: Vec<f64> = runs.iter().map(figure).collect();
            values.sort_by(f64::total_cmp);
            median(&values)
        };
        let cost = |i: usize| Cost { times: of(&|run| run.costs[i].times), seconds: of(&|run| run.costs[i].seconds) };
        Recoveries { costs: std::array::from_fn(cost) }
    }

    /// Whether there were none.
    pub fn is_empty(&self) -> bool {
        self.costs.iter().all(|cost| cost.times == 0.0)
    }

    /// What stands in the [rows](Self::ROWS).
    pub fn rows(&self) -> Vec<Cost> {
        [self.total()].into_iter().chain(self.costs).collect()
    }

    fn total(&self) -> Cost {
        let sum = |figure: fn(&Cost) -> f64| self.costs.iter().map(figure).fold(0.0, |sum, cost| sum + cost);
        Cost { times: sum(|cost| cost.times), seconds: sum(|cost| cost.seconds) }
    }
}

impl fmt::Display for Recoveries {
    /// `1 attempt tried again, 1 map output made again; 83.2 ms of workers lost`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let happened = KINDS.iter().zip(&self.costs).filter(|(_, cost)| cost.times > 0.0);
        let parts: Vec<_> =
            happened.map(|((_, noun, done), cost)| format!("{} {done}", counted(cost.count(), noun))).collect();
        write!(f, "{}; {} of workers lost", parts.join(", "), seconds(self.total().seconds))
    }
}

impl Cost {
    /// Whether it happened at all.
    pub fn is_zero(&self) -> bool {
        self.times == 0.0
    }

    fn count(&self) -> u64 {
        self.times.ceil() as u64
    }
}

impl fmt::Display for Cost {
    /// `2, 83.2 ms`, or `2` where it cost nothing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&count(self.count()))?;
        if self.seconds > 0.0 { write!(f, ", {}", seconds(self.seconds)) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use RecoveryKind::{Rerun, Restart, Retry, Speculation};

    use super::*;

    #[test]
    fn a_run_is_summed_up_by_kind() {
        let recoveries =
            Recoveries::of([(Restart, 0.01), (Rerun, 0.05), (Retry, 0.2), (Retry, 0.2), (Speculation, 0.0)]);
        let expected = "2 attempts tried again, 1 map output made again, 1 reducer begun anew, \
                        1 slow task attempted twice; 0.460 s of workers lost";
        assert_eq!(recoveries.to_string(), expected);
        let rows: Vec<_> = recoveries.rows().iter().map(Cost::to_string).collect();
        assert_eq!(rows, ["5, 0.460 s", "2, 0.400 s", "1, 50.0 ms", "1, 10.0 ms", "1"]);
        assert!(!recoveries.is_empty() && Recoveries::of([]).is_empty());
    }

    #[test]
    fn several_runs_come_to_their_medians() {
        let runs = [0.3, 0.1, 0.2].map(|seconds| Recoveries::of([(Retry, seconds), (Rerun, 2.0 * seconds)]));
        assert_eq!(Recoveries::medians(&runs), Recoveries::of([(Retry, 0.2), (Rerun, 0.4)]));
    }
}
