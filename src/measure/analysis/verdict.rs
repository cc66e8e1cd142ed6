//! The verdict on two ways of running: one takes longer, both take equally long within a margin, or neither is known.
//!
//! It depends on the interval of the ratio of their times ([`paired`](crate::measure::paired)) and on the margin, the
//! largest difference that does not matter, and on nothing else:
//!
//! ```text
//!                  1/1.05    1    1.05
//! ───────────────────┼───────┼──────┼─────────────────▶ time of a over time of b
//!                    │       │  ├───┼────────────┤      different: excludes 1
//!                    │ ├─────┼────┤ │                   equivalent: within the margin
//!             ├──────┼───────┼──────┼──────┤            undecided, as is any interval that is missing
//! ```
//!
//! 1. **Different**: the interval excludes 1. It may lie within the margin all the same: then the difference is sure, and
//!    small ([`Verdict::within_margin`]).
//! 2. **Equivalent**: the interval holds 1 and lies within the margin.
//! 3. **Undecided**: all else. "No difference was found" is never said of these: 9.74 [0.93, 101.73] may well be a factor of
//!    ten. [`Verdict::remedy`] tells what would decide it.

use serde::{Deserialize, Serialize};

use crate::measure::paired::{Estimate, FEWEST_ROUNDS, Looks, ratio_of_medians, rounds_to_reach};
use crate::measure::statistics::median;

/// Most rounds beyond which a quieter machine is the better advice.
const MOST_ROUNDS_WORTH_ADVISING: usize = 200;

/// The largest difference that usually does not matter, as a part of the shorter time.
pub const USUAL_MARGIN: f64 = 0.05;

/// The rules of a verdict.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// Times at which the rounds are looked at.
    pub looks: Looks,
    /// The largest difference that does not matter, as a part of the shorter time.
    pub margin: f64,
}

impl Default for Rules {
    fn default() -> Self {
        Rules { looks: Looks::Once, margin: USUAL_MARGIN }
    }
}

/// What is known of the difference between two ways of running.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerdictKind {
    /// One takes longer.
    Different,
    /// Both take equally long, within the margin.
    Equivalent,
    /// Neither is known.
    #[default]
    Undecided,
}

/// What would decide an undecided pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// About so many more rounds of the same noise.
    MoreRounds(usize),
    /// A machine with less noise: so many rounds would not be reasonable.
    QuieterMachine,
}

/// The verdict on two ways of running: an entry of `verdicts` in a report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The one.
    pub a: String,
    /// The other.
    pub b: String,
    /// What is known.
    pub kind: VerdictKind,
    /// The time of `a` over the time of `b`, both medians.
    pub ratio: f64,
    /// The median times of `a` and `b`, in seconds, over the rounds in which both ran.
    #[serde(default)]
    pub seconds: (f64, f64),
    /// Interval of the ratio; `None` where there are too few rounds for one.
    pub interval: Option<(f64, f64)>,
    /// The confidence with which the interval holds the true ratio.
    pub coverage: f64,
    /// The largest difference that does not matter, as a part of the shorter time.
    pub margin: f64,
    /// Rounds in which both ran.
    pub rounds: usize,
    /// About so many more rounds would decide it; `None` where it is decided, and where no reasonable number would.
    #[serde(default)]
    pub runs_to_decide: Option<usize>,
    /// The smallest difference, in per cent, that so many rounds of this noise could have shown.
    #[serde(default)]
    pub smallest_detectable_percent: Option<f64>,
}

impl Verdict {
    /// The verdict on `a` and `b`, whose times in each round these are; `None` without a round.
    pub fn of((a, b): (&str, &str), rounds: &[(f64, f64)], rules: Rules) -> Option<Self> {
        let Rules { looks, margin } = rules;
        let Estimate { value: ratio, ci95: interval, coverage } = ratio_of_medians(rounds, looks)?;
        let kind = kind_of(interval, margin);
        let half = interval.map(|(low, high)| (high / low).ln() / 2.0);
        Some(Verdict {
            a: a.to_owned(),
            b: b.to_owned(),
            kind,
            ratio,
            seconds: (median(rounds.iter().map(|(a, _)| *a)), median(rounds.iter().map(|(_, b)| *b))),
            interval,
            coverage,
            margin,
            rounds: rounds.len(),
            runs_to_decide: match (kind, half) {
                (VerdictKind::Undecided, None) => Some(FEWEST_ROUNDS - rounds.len()),
                (VerdictKind::Undecided, Some(_)) => rounds_to_decide(rounds, ratio, rules),
                _ => None,
            },
            smallest_detectable_percent: half.map(|half| 100.0 * half.exp_m1()),
        })
    }

    /// The same verdict with the two in the other order.
    pub fn reversed(self) -> Self {
        let interval = self.interval.map(|(low, high)| (1.0 / high, 1.0 / low));
        let seconds = (self.seconds.1, self.seconds.0);
        Verdict { a: self.b, b: self.a, ratio: 1.0 / self.ratio, seconds, interval, ..self }
    }

    /// The same verdict with the one that takes longer first.
    pub fn slower_first(self) -> Self {
        if self.ratio < 1.0 { self.reversed() } else { self }
    }

    /// Whether one of them is known to take longer.
    pub fn is_different(&self) -> bool {
        self.kind == VerdictKind::Different
    }

    /// Whether it is known which holds.
    pub fn is_settled(&self) -> bool {
        self.kind != VerdictKind::Undecided
    }

    /// Whether all of the interval lies within the margin, so that a difference does not matter.
    pub fn within_margin(&self) -> bool {
        self.interval.is_some_and(|interval| lies_within(interval, self.margin))
    }

    /// What would decide it; `None` where it is decided.
    pub fn remedy(&self) -> Option<Remedy> {
        let remedy = || self.runs_to_decide.map_or(Remedy::QuieterMachine, Remedy::MoreRounds);
        (!self.is_settled()).then(remedy)
    }
}

fn kind_of(interval: Option<(f64, f64)>, margin: f64) -> VerdictKind {
    match interval {
        Some((low, high)) if low > 1.0 || high < 1.0 => VerdictKind::Different,
        Some(interval) if lies_within(interval, margin) => VerdictKind::Equivalent,
        _ => VerdictKind::Undecided,
    }
}

fn lies_within((low, high): (f64, f64), margin: f64) -> bool {
    low >= 1.0 / (1.0 + margin) && high <= 1.0 + margin
}

/// Rounds beyond those that there are after which the interval would exclude 1 or lie within the margin, if the ratio and
/// the noise stayed as they are; `None` where that takes too many.
fn rounds_to_decide(rounds: &[(f64, f64)], ratio: f64, Rules { looks, margin }: Rules) -> Option<usize> {
    let logs: Vec<f64> = rounds.iter().map(|(a, b)| (a / b).ln()).collect();
    let apart = ratio.ln().abs();
    let reach = apart.max(margin.ln_1p() - apart);
    rounds_to_reach(&logs, reach, MOST_ROUNDS_WORTH_ADVISING, looks, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(times: &[(f64, f64)]) -> Verdict {
        Verdict::of(("a", "b"), times, Rules::default()).unwrap()
    }

    /// So many rounds of which the ratio is this, give or take the noise.
    fn rounds(count: u32, ratio: f64, noise: f64) -> Vec<(f64, f64)> {
        (0..count).map(|i| (ratio * (1.0 + noise * (f64::from(i % 5) - 2.0)), 1.0)).collect()
    }

    #[test]
    fn an_interval_that_excludes_one_is_a_difference_also_within_the_margin() {
        let clear = verdict(&rounds(5, 1.5, 0.01));
        assert!(clear.is_different() && !clear.within_margin(), "{clear:?}");
        let small = verdict(&rounds(5, 1.02, 0.001));
        assert!(small.is_different() && small.within_margin(), "{small:?}");
        assert_eq!((small.remedy(), small.runs_to_decide), (None, None));
    }

    #[test]
    fn an_interval_around_one_is_equivalence_only_within_the_margin() {
        assert_eq!(verdict(&rounds(10, 1.0, 0.005)).kind, VerdictKind::Equivalent);
        let wide = verdict(&rounds(10, 1.0, 0.1));
        assert_eq!(wide.kind, VerdictKind::Undecided);
        assert!(wide.smallest_detectable_percent.unwrap() > 10.0, "{wide:?}");
        let strict =
            Verdict::of(("a", "b"), &rounds(10, 1.0, 0.005), Rules { margin: 0.001, ..Rules::default() }).unwrap();
        assert_eq!(strict.kind, VerdictKind::Undecided);
    }

    #[test]
    fn a_factor_of_ten_that_is_not_sure_is_undecided() {
        let verdict = verdict(&[(18.5, 0.98), (6.65, 2.16), (10.0, 1.03)]);
        assert_eq!(verdict.kind, VerdictKind::Undecided);
        assert!(verdict.ratio > 9.0 && verdict.interval.unwrap().0 < 1.0, "{verdict:?}");
        assert!(matches!(verdict.remedy(), Some(Remedy::MoreRounds(1..=3))), "{verdict:?}");
    }

    #[test]
    fn so_many_more_rounds_as_it_says_decide_it() {
        for ratio in [1.0, 1.03, 1.1] {
            let few = verdict(&rounds(5, ratio, 0.03));
            let Some(Remedy::MoreRounds(more)) = few.remedy() else { panic!("{few:?}") };
            let enough = verdict(&rounds(5 + 2 * more as u32, ratio, 0.03));
            assert!(enough.is_settled(), "{more} {enough:?}");
        }
        let hopeless = verdict(&rounds(5, 1.0, 0.3));
        assert_eq!(hopeless.remedy(), Some(Remedy::QuieterMachine), "{hopeless:?}");
    }

    #[test]
    fn fewer_than_three_rounds_decide_nothing() {
        let verdict = verdict(&[(2.0, 1.0), (2.0, 1.0)]);
        assert_eq!((verdict.kind, verdict.interval), (VerdictKind::Undecided, None));
        assert_eq!(verdict.remedy(), Some(Remedy::MoreRounds(1)));
    }

    #[test]
    fn the_other_order_is_the_same_verdict() {
        let verdict = verdict(&rounds(5, 1.5, 0.01));
        let reversed = verdict.clone().reversed();
        assert_eq!((reversed.a.as_str(), reversed.kind), ("b", VerdictKind::Different));
        assert!(reversed.interval.unwrap().1 < 1.0 && reversed.ratio < 1.0, "{reversed:?}");
        assert_eq!((reversed.seconds, reversed.clone().reversed().seconds), ((1.0, 1.5), (1.5, 1.0)));
        assert_eq!(reversed.slower_first().a, "a");
    }

    #[test]
    fn it_serialises_as_the_report_has_it() {
        let json = serde_json::to_value(verdict(&rounds(5, 1.5, 0.01))).unwrap();
        assert_eq!((&json["a"], &json["b"], &json["kind"]), (&"a".into(), &"b".into(), &"different".into()));
        assert!(json["ratio"].is_number() && json["interval"].as_array().unwrap().len() == 2, "{json}");
    }
}
