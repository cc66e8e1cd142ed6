//! The truth of a statement, from the rounds of a comparison.
//!
//! For each relation:
//!
//! 1. In each round, both sides are computed from what ran in that round. Where both are positive the round's value is the
//!    logarithm of left over right, else their difference: the values whose intervals
//!    [`paired`](crate::measure::paired) makes.
//! 2. The estimate is the same value of the medians.
//! 3. The interval of the round's values settles the relation, or leaves it open. Where a statement has several relations, the
//!    error that is allowed is divided among them, so that the verdict on the whole is as sure as that on a single one.
//!
//! A crossing has no value in a round. Its relation is settled by the two amounts between which it lies.

use serde::Serialize;

use crate::measure::claims::dimension::Dimension;
use crate::measure::claims::figure::{Bracket, Figure, rounds_of};
use crate::measure::claims::statement::{Condition, Expression, Operator, Relation, Truth};
use crate::measure::comparison::Comparison;
use crate::measure::paired::{FEWEST_ROUNDS, estimate, rounds_to_reach};

/// Rounds beyond which advice to make more of them is none.
const MOST_ROUNDS_WORTH_MAKING: usize = 200;

/// What is known of a statement.
#[derive(Clone, Debug, Serialize)]
pub struct Judgement {
    /// Whether it holds.
    pub truth: Truth,
    /// What is known of each relation, from left to right.
    pub findings: Vec<Finding>,
}

/// What is known of a relation.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// Its text.
    pub text: String,
    /// Whether it holds.
    pub truth: Truth,
    /// What its value is.
    pub of: ValueOf,
    /// The value, from medians; `None` before there is one.
    pub value: Option<f64>,
    /// Interval of the value; an end that is `None` is open.
    pub interval: Option<(Option<f64>, Option<f64>)>,
    /// The value that it is compared with.
    pub limit: f64,
    /// The operator, with the value on its left.
    pub operator: &'static str,
    /// The dimension of value and limit.
    pub dimension: Dimension,
    /// Rounds in which everything that it speaks of ran.
    pub rounds: usize,
    /// Rounds in which everything ran, and one side has no value all the same: it divides by 0, or a figure is not known.
    pub rounds_without_value: usize,
    /// The confidence that the interval has, together with those of the statement's other relations.
    pub coverage: f64,
    /// About so many more rounds would settle it, if the noise stayed as it is; `None` where it is settled, and where no
    /// reasonable number would.
    pub rounds_to_settle: Option<usize>,
    /// What must run for it.
    #[serde(skip)]
    pub needs: Vec<String>,
}

/// What the value of a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueOf {
    /// The side that has figures; the other one is a number.
    Side,
    /// The left side over the right one.
    Ratio,
    /// The left side less the right one.
    Difference,
    /// The amount of a crossing.
    Crossing,
}

/// Says what is known of a statement.
pub fn judge(statement: &Condition, comparison: &Comparison) -> Judgement {
    let relations = statement.relations();
    let findings: Vec<Finding> =
        relations.iter().map(|relation| Finding::of(relation, comparison, relations.len())).collect();
    let truth_of = |relation: &Relation| {
        let place = relations.iter().position(|other| std::ptr::eq(*other, relation));
        place.map_or(Truth::Undecided, |place| findings[place].truth)
    };
    Judgement { truth: statement.truth(&truth_of), findings }
}

/// Both sides of a relation.
#[derive(Clone, Copy)]
struct Sides {
    left: f64,
    right: f64,
}

impl Finding {
    fn of(relation: &Relation, comparison: &Comparison, among: usize) -> Self {
        let figures = relation.figures();
        let mut needs: Vec<String> = figures.iter().flat_map(|figure| figure.needs(comparison)).collect();
        needs.sort_unstable();
        needs.dedup();
        match figures.into_iter().find(|figure| figure.is_crossing()) {
            Some(crossing) => Finding::of_crossing(relation, crossing, comparison, needs),
            None => Finding::of_rounds(relation, comparison, among, needs),
        }
    }

    fn of_rounds(relation: &Relation, comparison: &Comparison, among: usize, needs: Vec<String>) -> Self {
        let rounds = rounds_of(comparison, &needs);
        let in_round = |round: &u32| relation.sides(&|figure| figure.in_round(comparison, *round));
        let sides: Vec<Sides> = rounds.iter().filter_map(in_round).collect();
        let medians = relation.sides(&|figure| figure.of_medians(comparison, &rounds));
        let scale = Scale::of(relation, sides.iter().chain(&medians));
        let values: Vec<f64> = sides.iter().map(|sides| scale.compare(*sides)).collect();
        let looks = comparison.settings.looks;
        let found = medians.map(|medians| estimate(&values, scale.compare(medians), looks, among));
        let limit = relation.limit();
        let zero = |value: f64| scale.shown(value, limit);
        let interval = found.and_then(|found| found.ci95).filter(|_| values.len() >= FEWEST_ROUNDS);
        let operator = relation.operator_on_value();
        let truth = interval.map_or(Truth::Undecided, |interval| relation.operator.truth(interval, 0.0));
        let rounds_to_settle = match (truth, found, interval) {
            (Truth::Undecided, Some(found), Some(_)) => {
                rounds_to_reach(&values, found.value.abs(), MOST_ROUNDS_WORTH_MAKING, looks, among)
            }
            (Truth::Undecided, _, None) => Some(FEWEST_ROUNDS.saturating_sub(values.len()).max(1)),
            _ => None,
        };
        let ordered = |(low, high): (f64, f64)| {
            if scale.is_mirrored() { (zero(high), zero(low)) } else { (zero(low), zero(high)) }
        };
        Finding {
            text: relation.text.clone(),
            truth,
            of: scale.value_of(),
            value: found.map(|found| zero(found.value)),
            interval: interval.map(ordered).map(|(low, high)| (finite(low), finite(high))),
            limit: scale.limit(limit),
            operator: operator.sign(),
            dimension: scale.dimension(relation.dimension),
            rounds: values.len(),
            rounds_without_value: rounds.len() - sides.len(),
            coverage: looks.coverage(),
            rounds_to_settle,
            needs,
        }
    }

    fn of_crossing(relation: &Relation, crossing: &Figure, comparison: &Comparison, needs: Vec<String>) -> Self {
        let bracket = crossing.bracket(comparison);
        let interval = bracket.map(Bracket::ends);
        let (limit, operator) = (relation.limit().unwrap_or(f64::NAN), relation.operator_on_value());
        let rounds = rounds_of(comparison, &needs).len();
        let truth =
            interval.map_or(Truth::Undecided, |(above, at_most)| crossing_truth(operator, (above, at_most), limit));
        Finding {
            text: relation.text.clone(),
            truth,
            of: ValueOf::Crossing,
            value: None,
            interval: interval.map(|(low, high)| (finite(low), finite(high))),
            limit,
            operator: operator.sign(),
            dimension: relation.dimension,
            rounds,
            rounds_without_value: 0,
            coverage: comparison.settings.looks.coverage(),
            rounds_to_settle: (truth == Truth::Undecided).then_some(FEWEST_ROUNDS),
            needs,
        }
    }
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

/// The truth of a relation on an amount that lies above the first end of an interval, and at most at the second.
fn crossing_truth(operator: Operator, (above, at_most): (f64, f64), limit: f64) -> Truth {
    let (is_above, is_at_most) = (above >= limit, at_most <= limit);
    match operator {
        Operator::Greater | Operator::GreaterOrEqual if is_above => Truth::True,
        Operator::Greater if is_at_most => Truth::False,
        Operator::GreaterOrEqual if at_most < limit => Truth::False,
        Operator::Less | Operator::LessOrEqual if is_above => Truth::False,
        Operator::LessOrEqual if is_at_most => Truth::True,
        Operator::Less if at_most < limit => Truth::True,
        _ => Truth::Undecided,
    }
}

impl Relation {
    fn sides(&self, of: &dyn Fn(&Figure) -> Option<f64>) -> Option<Sides> {
        Some(Sides { left: self.left.value(of)?, right: self.right.value(of)? })
    }

    /// The side that is a number, where one is.
    fn limit(&self) -> Option<f64> {
        let number = |side: &Expression| side.figures().is_empty().then(|| side.value(&|_| None)).flatten();
        number(&self.right).or_else(|| number(&self.left))
    }

    fn number_is_left(&self) -> bool {
        self.left.figures().is_empty() && !self.right.figures().is_empty()
    }

    /// The operator with the value that is told on its left.
    fn operator_on_value(&self) -> Operator {
        if self.number_is_left() { self.operator.mirrored() } else { self.operator }
    }
}

/// How the two sides are compared.
#[derive(Clone, Copy, PartialEq)]
enum Scale {
    /// By the logarithm of left over right; one side is a number, and is the left one or not.
    LogarithmOfSide { number_is_left: bool },
    /// By the logarithm of left over right.
    LogarithmOfRatio,
    /// By their difference; one side is a number, and is the left one or not.
    DifferenceFromNumber { number_is_left: bool },
    /// By their difference.
    Difference,
}

impl Scale {
    fn of<'a>(relation: &Relation, sides: impl IntoIterator<Item = &'a Sides>) -> Self {
        let positive = sides.into_iter().all(|sides| sides.left > 0.0 && sides.right > 0.0);
        let number_is_left = relation.number_is_left();
        match (positive, relation.limit().is_some()) {
            (true, true) => Scale::LogarithmOfSide { number_is_left },
            (true, false) => Scale::LogarithmOfRatio,
            (false, true) => Scale::DifferenceFromNumber { number_is_left },
            (false, false) => Scale::Difference,
        }
    }

    /// Zero where both sides are equal, positive where the left one is greater.
    fn compare(self, Sides { left, right }: Sides) -> f64 {
        match self {
            Scale::LogarithmOfSide { .. } | Scale::LogarithmOfRatio => (left / right).ln(),
            Scale::DifferenceFromNumber { .. } | Scale::Difference => left - right,
        }
    }

    fn is_mirrored(self) -> bool {
        matches!(
            self,
            Scale::LogarithmOfSide { number_is_left: true } | Scale::DifferenceFromNumber { number_is_left: true }
        )
    }

    /// Such a value as it is told: the side that is no number, the ratio, or the difference.
    fn shown(self, value: f64, limit: Option<f64>) -> f64 {
        let limit = limit.unwrap_or(1.0);
        match self {
            Scale::LogarithmOfSide { number_is_left: false } => limit * value.exp(),
            Scale::LogarithmOfSide { number_is_left: true } => limit / value.exp(),
            Scale::LogarithmOfRatio => value.exp(),
            Scale::DifferenceFromNumber { number_is_left: false } => limit + value,
            Scale::DifferenceFromNumber { number_is_left: true } => limit - value,
            Scale::Difference => value,
        }
    }

    /// What that is compared with.
    fn limit(self, limit: Option<f64>) -> f64 {
        match self {
            Scale::LogarithmOfRatio => 1.0,
            Scale::Difference => 0.0,
            _ => limit.unwrap_or(f64::NAN),
        }
    }

    fn dimension(self, of_sides: Dimension) -> Dimension {
        if self == Scale::LogarithmOfRatio { Dimension::NUMBER } else { of_sides }
    }

    fn value_of(self) -> ValueOf {
        match self {
            Scale::LogarithmOfSide { .. } | Scale::DifferenceFromNumber { .. } => ValueOf::Side,
            Scale::LogarithmOfRatio => ValueOf::Ratio,
            Scale::Difference => ValueOf::Difference,
        }
    }
}

#[cfg(test)]
pub mod tests {
    use rand_core::{RngCore, SeedableRng};
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;
    use crate::measure::claims::statement::{Names, parse};
    use crate::measure::comparison::tests::{comparison, run};
    use crate::measure::mode::RunMode;
    use crate::measure::paired::Looks;

    /// A statement on the columns of a comparison of the three modes.
    pub fn statement(text: &str) -> Condition {
        let names = Names { columns: RunMode::ALL.map(|mode| mode.name().to_owned()).to_vec(), steps: true };
        parse(text, &names).unwrap_or_else(|fault| panic!("{text}: {fault:?}"))
    }

    fn truth(text: &str, comparison: &Comparison) -> Truth {
        judge(&statement(text), comparison).truth
    }

    /// Disk takes twice as long as memory, give or take a per cent.
    fn twice() -> Comparison {
        comparison([&[2.0, 2.02, 1.98, 2.01, 1.99], &[1.0, 1.0, 1.0, 1.0, 1.0], &[3.0, 3.0, 3.0]])
    }

    #[test]
    fn a_ratio_is_settled_on_either_side_of_its_interval_and_open_within() {
        let twice = twice();
        assert_eq!(truth("median(disk) / median(memory) >= 1.8", &twice), Truth::True);
        assert_eq!(truth("median(disk) / median(memory) >= 2.2", &twice), Truth::False);
        assert_eq!(truth("median(disk) / median(memory) >= 2", &twice), Truth::Undecided);
        assert_eq!(truth("1.8 <= median(disk) / median(memory)", &twice), Truth::True);
        assert_eq!(truth("median(disk) > median(memory)", &twice), Truth::True);
        assert_eq!(truth("median(disk) - median(memory) > 0.8 s", &twice), Truth::True);
        assert_eq!(truth("median(memory) - median(disk) < 0 s", &twice), Truth::True);
        assert_eq!(truth("files_written(memory) == 0 B", &twice), Truth::True);
        assert_eq!(truth("files_written(disk) > 300 MiB and files_written(memory) > 0 B", &twice), Truth::False);
    }

    #[test]
    fn the_interval_is_the_one_of_compare() {
        let twice = twice();
        let judgement = judge(&statement("median(disk) / median(memory) >= 1.8"), &twice);
        let finding = &judgement.findings[0];
        let verdict = twice.verdict("disk", "memory").unwrap();
        let (low, high) = verdict.interval.unwrap();
        let Some((Some(own_low), Some(own_high))) = finding.interval else { panic!("{finding:?}") };
        assert!((own_low - low).abs() < 1e-9 && (own_high - high).abs() < 1e-9, "{finding:?} {verdict:?}");
        assert!((finding.value.unwrap() - verdict.ratio).abs() < 1e-9, "{finding:?}");
        assert_eq!((finding.rounds, finding.limit, finding.of), (5, 1.8, ValueOf::Side));
    }

    #[test]
    fn a_number_on_the_left_is_told_like_one_on_the_right() {
        let twice = twice();
        let [left, right] = ["1.8 <= median(disk) / median(memory)", "median(disk) / median(memory) >= 1.8"]
            .map(|text| judge(&statement(text), &twice).findings.remove(0));
        assert_eq!((left.operator, left.limit), (right.operator, right.limit));
        let ends = |finding: &Finding| finding.interval.map(|(low, high)| (low.unwrap(), high.unwrap())).unwrap();
        let ((a, b), (c, d)) = (ends(&left), ends(&right));
        assert!((a - c).abs() < 1e-9 && (b - d).abs() < 1e-9, "{left:?} {right:?}");
    }

    #[test]
    fn two_rounds_settle_nothing_and_a_column_that_did_not_run_neither() {
        let two = comparison([&[2.0, 2.0], &[1.0, 1.0], &[]]);
        let judgement = judge(&statement("median(disk) > median(memory)"), &two);
        assert_eq!((judgement.truth, judgement.findings[0].rounds), (Truth::Undecided, 2));
        assert_eq!(judgement.findings[0].rounds_to_settle, Some(1));
        assert_eq!(truth("median(disk) > median(reference)", &two), Truth::Undecided);
    }

    #[test]
    fn an_open_relation_says_about_how_many_rounds_would_settle_it() {
        let judgement = judge(&statement("median(disk) / median(memory) > 1.99"), &twice());
        let more = judgement.findings[0].rounds_to_settle;
        assert!(more.is_some_and(|more| more > 3), "{judgement:?}");
    }

    #[test]
    fn an_amount_that_lies_between_two_settles_what_lies_outside() {
        let between = |operator, limit| crossing_truth(operator, (16.0, 64.0), limit);
        assert_eq!(between(Operator::Greater, 16.0), Truth::True);
        assert_eq!(between(Operator::Greater, 32.0), Truth::Undecided);
        assert_eq!(between(Operator::Greater, 64.0), Truth::False);
        assert_eq!(between(Operator::LessOrEqual, 64.0), Truth::True);
        assert_eq!(between(Operator::Less, 64.0), Truth::Undecided);
        assert_eq!(between(Operator::Less, 16.0), Truth::False);
        assert_eq!(crossing_truth(Operator::Greater, (64.0, f64::INFINITY), 1e12), Truth::Undecided);
    }

    /// A number that is as often above 0 as below.
    fn noise(rng: &mut Xoshiro256PlusPlus) -> f64 {
        let uniform = |rng: &mut Xoshiro256PlusPlus| ((rng.next_u64() >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
        (-2.0 * uniform(rng).ln()).sqrt() * (std::f64::consts::TAU * uniform(rng)).cos()
    }

    /// Makes a further round of a comparison in which disk takes so many times as long as memory, with noise of three per cent
    /// in each run and a disturbance that both runs of a round share.
    fn simulate(comparison: &mut Comparison, ratio: f64, rng: &mut Xoshiro256PlusPlus) {
        let (round, shared) = (comparison.settings.rounds, (0.1 * noise(rng)).exp());
        for (mode, times) in [(RunMode::Disk, ratio), (RunMode::Memory, 1.0)] {
            let seconds = times * shared * (0.03 * noise(rng)).exp();
            comparison.add(run(mode, seconds, "xxh3:0"), mode.name(), round);
        }
        comparison.settings.rounds += 1;
    }

    /// A comparison without rounds that is looked at after each.
    fn unmade() -> Comparison {
        let mut comparison = comparison([&[], &[], &[]]);
        (comparison.settings.rounds, comparison.settings.looks) = (0, Looks::AfterEachRound);
        comparison
    }

    /// How many of twenty simulated comparisons, looked at after each round from the fifth on until they are settled, end in
    /// each truth: true, false, undecided.
    fn of_twenty(ratio: f64, text: &str) -> [usize; 3] {
        const MOST_ROUNDS: u32 = 25;
        let statement = statement(text);
        let mut counts = [0; 3];
        for seed in 0..20 {
            let (mut comparison, mut rng) = (unmade(), Xoshiro256PlusPlus::seed_from_u64(seed));
            let mut truth = Truth::Undecided;
            while truth == Truth::Undecided && comparison.settings.rounds < MOST_ROUNDS {
                simulate(&mut comparison, ratio, &mut rng);
                if comparison.settings.rounds >= 5 {
                    truth = judge(&statement, &comparison).truth;
                }
            }
            counts[truth as usize] += 1;
        }
        counts
    }

    #[test]
    fn planted_claims_get_the_right_verdict_nineteen_times_of_twenty() {
        let two = "median(disk) / median(memory) >= 2";
        let [true_by_a_tenth, ..] = of_twenty(2.2, two);
        let [_, false_by_a_tenth, _] = of_twenty(1.8, two);
        let [_, _, too_close] = of_twenty(2.0, two);
        assert!(true_by_a_tenth >= 19, "{true_by_a_tenth}");
        assert!(false_by_a_tenth >= 19, "{false_by_a_tenth}");
        assert!(too_close >= 19, "{too_close}");
    }

    #[test]
    fn more_relations_make_each_interval_wider() {
        let (mut noisy, mut rng) = (unmade(), Xoshiro256PlusPlus::seed_from_u64(7));
        (0..30).for_each(|_| simulate(&mut noisy, 2.0, &mut rng));
        let width = |text: &str| {
            let finding = judge(&statement(text), &noisy).findings.remove(0);
            let (Some(low), Some(high)) = finding.interval.unwrap() else { panic!("{finding:?}") };
            high / low
        };
        let one = "median(disk) / median(memory) >= 1.5";
        assert!(width(&format!("{one} and {one} and {one}")) > width(one));
    }
}
