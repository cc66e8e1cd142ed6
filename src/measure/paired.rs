//! Two ways of running, compared by rounds in which each ran once: the estimate, and the interval around it.
//!
//! Each way runs once a round, so that a disturbance of the machine affects all of them. The two times of a round are
//! therefore a pair, and an interval is made of one value a round: the logarithm of the pair's ratio, or its difference.
//!
//! # The interval
//!
//! Noise that may strike either of the two makes values as far above the true one as below it, whatever else its
//! distribution is. This symmetry is all that the first method assumes.
//!
//! 1. **Signed ranks**, from the fewest rounds on that allow it. The interval goes from the k-th smallest to the k-th
//!    largest of the means of any two values, each value with itself included. Its coverage is exact for every symmetric
//!    distribution (Tukey's interval: Hollander, Wolfe and Chicken, *Nonparametric Statistical Methods*, section 3.3), and a
//!    few disturbed rounds do not stretch it.
//! 2. **Student's t**, below that. Its coverage is exact for normal noise and higher for noise with heavy tails; it is too
//!    low where three rounds are all there is and a processor has two speeds (table below).
//! 3. The estimate is the ratio (or the difference) of the two medians, which a table of medians shows as well. Where it lies
//!    outside, the interval is stretched to hold it.
//!
//! No crate has these intervals for rounds that are looked at again and again:
//!
//! # Looking after each round
//!
//! Who measures until the answer is clear, and looks after each round, sees a chance difference sooner or later. So each
//! look gets a part of the error that is allowed ("spending": Jennison and Turnbull, *Group Sequential Methods*, 2000,
//! chapter 7). The first look, after [`FIRST_LOOK`] rounds, gets 0.25 %, each later one 0.05 %; where the time is spent
//! before, the only look gets 0.5 %, as after a fixed number of rounds. Looks resemble each other,
//! so that their errors add up to less than their sum. All intervals together, from the first look to the last, hold the
//! true value with the promised [coverage](Looks::coverage), so that it does not matter when the rounds end.
//!
//! # The figures
//!
//! Each row is of 20,000 simulated comparisons of a way with itself: the part of them whose interval excludes equal times,
//! after a fixed number of rounds, and at any look where there is one after each of up to 60 rounds. The last column is the
//! part that is called equivalent within 5 % where one way takes 10 % longer. `cargo test --release figures_of_the_module --
//! --ignored --nocapture` prints them.
//!
//! | noise | 3 rounds | 5 rounds | 20 rounds | a look after each, up to 60 | equivalent at 10 % |
//! |---|---|---|---|---|---|
//! | log-normal, 5 % | 0.47 % | 0.62 % | 0.47 % | 0.78 % | 0 |
//! | 15 % of runs disturbed by half their time | 0.19 % | 0.07 % | 0.52 % | 0.49 % | 0 |
//! | two speeds, 15 % apart | 1.3 % | 0.26 % | 0.52 % | 0.60 % | 0 |
//! | heavy tail (Pareto, exponent 1.5) | 0.18 % | 0.12 % | 0.51 % | 0.43 % | 0 |

use serde::{Deserialize, Serialize};

use crate::measure::statistics::median;

/// Fewest rounds whose times say something about the noise.
pub const FEWEST_ROUNDS: usize = 3;
/// Rounds before the first look, where there is one after each.
pub const FIRST_LOOK: usize = 5;
/// Coverage of intervals that describe and decide nothing.
const DESCRIPTIVE: f64 = 0.95;

/// Times at which the rounds are looked at, which the number of rounds may depend on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Looks {
    /// Once, after a number of rounds that was fixed before.
    #[default]
    Once,
    /// After each round from [`FIRST_LOOK`] on.
    AfterEachRound,
}

/// An estimate and the interval around it.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub struct Estimate {
    /// The estimate.
    pub value: f64,
    /// Interval that holds the true value with a confidence of at least 95 %; `None` where there are too few rounds.
    pub ci95: Option<(f64, f64)>,
    /// The confidence that the interval has.
    #[serde(default = "descriptive")]
    pub coverage: f64,
}

fn descriptive() -> f64 {
    DESCRIPTIVE
}

impl Estimate {
    /// A value that is certain.
    pub fn exactly(value: f64) -> Self {
        Estimate { value, ci95: Some((value, value)), coverage: 1.0 }
    }
}

impl Looks {
    /// The part of comparisons whose intervals, all that are looked at, hold the true value. The methods allow half of this
    /// error, since they assume more of the noise than is known; the figures above have the whole.
    pub fn coverage(self) -> f64 {
        0.99
    }

    /// The part of intervals of so many rounds that may miss the true value.
    fn error(self, rounds: usize) -> f64 {
        match self {
            Looks::Once => 0.005,
            // Where the time is spent before the first look, there is only one.
            Looks::AfterEachRound if rounds < FIRST_LOOK => 0.005,
            Looks::AfterEachRound if rounds == FIRST_LOOK => 0.0025,
            Looks::AfterEachRound => 0.0005,
        }
    }
}

/// The ratio of the medians of `rounds`, first over second, with the interval that decides; `None` without a round.
pub fn ratio_of_medians(rounds: &[(f64, f64)], looks: Looks) -> Option<Estimate> {
    // Ratios are as far below 1 as above it on a logarithmic scale.
    let logs: Vec<f64> = rounds.iter().map(|(a, b)| (a / b).ln()).collect();
    let value = of_medians(rounds, |a, b| (a / b).ln())?;
    let interval = interval(&logs, value, looks.error(rounds.len()));
    let ci95 = interval.map(|(low, high)| (low.exp(), high.exp()));
    Some(Estimate { value: value.exp(), ci95, coverage: looks.coverage() })
}

/// The difference of the medians of `rounds`, first minus second, with the interval that decides; `None` without a round.
pub fn difference_of_medians(rounds: &[(f64, f64)], looks: Looks) -> Option<Estimate> {
    let differences: Vec<f64> = rounds.iter().map(|(a, b)| a - b).collect();
    let value = of_medians(rounds, |a, b| a - b)?;
    Some(estimate(&differences, value, looks, 1))
}

/// The difference of the medians of `rounds`, first minus second, with an interval that describes it and decides nothing;
/// `None` without a round.
pub fn described_difference_of_medians(rounds: &[(f64, f64)]) -> Option<Estimate> {
    let differences: Vec<f64> = rounds.iter().map(|(a, b)| a - b).collect();
    let value = of_medians(rounds, |a, b| a - b)?;
    Some(Estimate { value, ci95: interval(&differences, value, 1.0 - DESCRIPTIVE), coverage: DESCRIPTIVE })
}

/// The estimate of a value that each round measured once, with the interval that decides. It is one of so many whose
/// intervals are to hold their true values together. Fewer than three rounds have no interval.
pub fn estimate(of_rounds: &[f64], value: f64, looks: Looks, among: usize) -> Estimate {
    let error = looks.error(of_rounds.len()) / among.max(1) as f64;
    Estimate { value, ci95: interval(of_rounds, value, error), coverage: looks.coverage() }
}

/// The fewest rounds beyond those of `values`, and at most `most`, after which an interval of them would reach no farther than
/// `reach` to either side, if their noise stays as it is; `None` where so many are not enough. The interval is one of so many
/// that are to hold their true values together.
///
/// The noise is what the interval that describes the values has: one that decides is wider than its noise where few rounds
/// allow no ranks, so that a single disturbed round stretches it.
pub fn rounds_to_reach(values: &[f64], reach: f64, most: usize, looks: Looks, among: usize) -> Option<usize> {
    let rounds = values.len();
    let (low, high) = interval(values, median(values.iter().copied()), 1.0 - DESCRIPTIVE)?;
    let half_of = |rounds: usize, error: f64| student_t(rounds - 1, error) / (rounds as f64).sqrt();
    let noise = (high - low) / 2.0 / half_of(rounds, 1.0 - DESCRIPTIVE);
    let reaches = |more: usize| {
        let rounds = rounds + more;
        noise * half_of(rounds, looks.error(rounds) / among.max(1) as f64) <= reach
    };
    // The reach falls with the rounds: the last number that is too few is between these.
    let (mut too_few, mut enough) = (0, most);
    if !reaches(most) {
        return None;
    }
    while enough - too_few > 1 {
        let middle = (too_few + enough) / 2;
        if reaches(middle) { enough = middle } else { too_few = middle }
    }
    Some(enough)
}

fn of_medians(rounds: &[(f64, f64)], compare: impl Fn(f64, f64) -> f64) -> Option<f64> {
    let medians = || (median(rounds.iter().map(|(a, _)| *a)), median(rounds.iter().map(|(_, b)| *b)));
    (!rounds.is_empty()).then(medians).map(|(a, b)| compare(a, b))
}

/// The interval of the value around which `values` lie, which holds `estimate`; `None` for fewer than [`FEWEST_ROUNDS`].
fn interval(values: &[f64], estimate: f64, error: f64) -> Option<(f64, f64)> {
    if values.len() < FEWEST_ROUNDS {
        return None;
    }
    let (low, high) = match signed_rank(values.len(), error) {
        0 => by_students_t(values, student_t(values.len() - 1, error)),
        rank => by_signed_ranks(values, rank),
    };
    Some((low.min(estimate), high.max(estimate)))
}

/// The mean, and to each side of it `quantile` times its standard error.
fn by_students_t(values: &[f64], quantile: f64) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let half = quantile * (variance / n).sqrt();
    (mean - half, mean + half)
}

/// The `rank`-th smallest and the `rank`-th largest, counted from 1, of the means of any two values.
fn by_signed_ranks(values: &[f64], rank: usize) -> (f64, f64) {
    let with_later = |(i, a): (usize, &f64)| values[i..].iter().map(move |b| (a + b) / 2.0).collect::<Vec<_>>();
    let mut means: Vec<f64> = values.iter().enumerate().flat_map(with_later).collect();
    let of_rank = |means: &mut [f64], rank| *means.select_nth_unstable_by(rank, f64::total_cmp).1;
    let last = means.len() - rank;
    (of_rank(&mut means, rank - 1), of_rank(&mut means, last))
}

/// The largest rank whose interval misses the true value with a probability of `error` at most; 0 where `n` values are too
/// few for any.
///
/// The sum of the ranks of the values above the true one is a sum over fair coins: with the i-th counts i. The k-th
/// interval misses where the sum, or that of the ranks below, is less than k.
fn signed_rank(n: usize, error: f64) -> usize {
    let largest = n * (n + 1) / 2;
    // The probability of each sum that can still be in the tail, coin by coin.
    let mut probabilities = vec![0.0; largest / 2 + 1];
    probabilities[0] = 1.0;
    for rank in 1..=n {
        for sum in (0..probabilities.len()).rev() {
            let with = sum.checked_sub(rank).map_or(0.0, |without| probabilities[without]);
            probabilities[sum] = (probabilities[sum] + with) / 2.0;
        }
    }
    let mut below = 0.0;
    let within = |probability: &&f64| {
        below += **probability;
        2.0 * below <= error
    };
    probabilities.iter().take_while(within).count()
}

/// The quantile of Student's t distribution that its absolute value exceeds with a probability of `error`.
fn student_t(degrees: usize, error: f64) -> f64 {
    let (mut low, mut high) = (0.0, std::f64::consts::FRAC_PI_2);
    // The angle gets as exact as a number can be.
    for _ in 0..60 {
        let angle = (low + high) / 2.0;
        if within_angle(degrees, angle) < 1.0 - error { low = angle } else { high = angle }
    }
    low.tan() * (degrees as f64).sqrt()
}

/// The probability that t lies between -√degrees tan(angle) and √degrees tan(angle) (Abramowitz and Stegun, 26.7.3 and
/// 26.7.4).
fn within_angle(degrees: usize, angle: f64) -> f64 {
    let (sine, cosine) = angle.sin_cos();
    // The first term, and the numerator of the factor that makes the next of it.
    let (mut term, first) = if degrees.is_multiple_of(2) { (1.0, 1) } else { (cosine, 2) };
    let mut sum = if degrees == 1 { 0.0 } else { term };
    for numerator in (first..).step_by(2).take_while(|numerator| numerator + 2 < degrees) {
        term *= numerator as f64 / (numerator + 1) as f64 * cosine * cosine;
        sum += term;
    }
    if degrees.is_multiple_of(2) { sine * sum } else { std::f64::consts::FRAC_2_PI * (angle + sine * sum) }
}

#[cfg(test)]
mod tests {
    use rand_core::{RngCore, SeedableRng};
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;
    use crate::measure::analysis::verdict::{Rules, USUAL_MARGIN as MARGIN, Verdict, VerdictKind};

    /// Noise as machines have it, beside what all runs of a round share.
    #[derive(Clone, Copy, Debug)]
    enum Noise {
        /// Some per cent to both sides.
        LogNormal,
        /// A shortest time, and runs that were disturbed.
        Spikes,
        /// A fast and a slow state, as of a processor's clock.
        TwoStates,
        /// A shortest time, and a tail so heavy that it has no variance.
        HeavyTail,
    }

    const ALL: [Noise; 4] = [Noise::LogNormal, Noise::Spikes, Noise::TwoStates, Noise::HeavyTail];

    fn uniform(rng: &mut Xoshiro256PlusPlus) -> f64 {
        ((rng.next_u64() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    fn normal(rng: &mut Xoshiro256PlusPlus) -> f64 {
        (-2.0 * uniform(rng).ln()).sqrt() * (std::f64::consts::TAU * uniform(rng)).cos()
    }

    fn time(noise: Noise, rng: &mut Xoshiro256PlusPlus) -> f64 {
        let exponential = |rng: &mut Xoshiro256PlusPlus| -uniform(rng).ln();
        match noise {
            Noise::LogNormal => (0.05 * normal(rng)).exp(),
            Noise::Spikes => {
                let spike = if uniform(rng) < 0.15 { 0.5 * exponential(rng) } else { 0.0 };
                1.0 + 0.03 * exponential(rng) + spike
            }
            Noise::TwoStates => 1.0 + if uniform(rng) < 0.4 { 0.15 } else { 0.0 } + 0.02 * exponential(rng),
            Noise::HeavyTail => 1.0 + 0.02 * (uniform(rng).powf(-1.0 / 1.5) - 1.0),
        }
    }

    /// A round of two ways of which the first takes `ratio` times as long, with a disturbance that both share.
    fn round(noise: Noise, ratio: f64, rng: &mut Xoshiro256PlusPlus) -> (f64, f64) {
        let disturbance = (0.1 * normal(rng)).exp();
        (ratio * disturbance * time(noise, rng), disturbance * time(noise, rng))
    }

    /// The part of comparisons with so many rounds whose verdict is of each kind: different, equivalent; and the part whose
    /// interval holds the true ratio.
    fn looked_at_once(noise: Noise, rounds: usize, ratio: f64, comparisons: u32) -> (f64, f64, f64) {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(42);
        let (mut different, mut equivalent, mut hold) = (0, 0, 0);
        for _ in 0..comparisons {
            let rounds: Vec<_> = (0..rounds).map(|_| round(noise, ratio, &mut rng)).collect();
            let verdict = Verdict::of(("a", "b"), &rounds, Rules::default()).unwrap();
            different += u32::from(verdict.is_different());
            equivalent += u32::from(verdict.kind == VerdictKind::Equivalent);
            hold += u32::from(verdict.interval.is_some_and(|(low, high)| low <= ratio && ratio <= high));
        }
        let part = |count: u32| f64::from(count) / f64::from(comparisons);
        (part(different), part(equivalent), part(hold))
    }

    /// The part of comparisons, looked at after each of up to `most` rounds, that have excluded the true ratio at some look, and
    /// that were called equivalent at the first look at which they were settled.
    fn looked_at_each_round(noise: Noise, most: usize, ratio: f64, comparisons: u32) -> (f64, f64) {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(43);
        let (mut excluded, mut equivalent) = (0, 0);
        // The intervals depend on the noise alone, so that their ranks are found once.
        let ranks: Vec<usize> = (0..=most).map(|n| signed_rank(n, Looks::AfterEachRound.error(n))).collect();
        let quantile = |n: usize| student_t(n - 1, Looks::AfterEachRound.error(n));
        let quantiles: Vec<f64> = (0..=most).map(|n| if n < FIRST_LOOK { 0.0 } else { quantile(n) }).collect();
        for _ in 0..comparisons {
            let (mut logs, mut missed, mut settled) = (Vec::new(), false, false);
            for n in 1..=most {
                let (a, b) = round(noise, ratio, &mut rng);
                logs.push((a / b).ln());
                if n < FIRST_LOOK {
                    continue;
                }
                let (low, high) = match ranks[n] {
                    0 => by_students_t(&logs, quantiles[n]),
                    rank => by_signed_ranks(&logs, rank),
                };
                missed |= low > ratio.ln() || high < ratio.ln();
                let within = low >= -MARGIN.ln_1p() && high <= MARGIN.ln_1p();
                equivalent += u32::from(!settled && within);
                settled |= within || low > 0.0 || high < 0.0;
            }
            excluded += u32::from(missed);
        }
        (f64::from(excluded) / f64::from(comparisons), f64::from(equivalent) / f64::from(comparisons))
    }

    #[test]
    fn the_same_twice_is_hardly_ever_different_and_a_tenth_never_the_same() {
        for noise in ALL {
            for rounds in [3, 5, 10, 20] {
                let (different, _, hold) = looked_at_once(noise, rounds, 1.0, 200);
                assert!(different <= 0.025 && hold >= 0.975, "{noise:?}, {rounds} rounds: {different} {hold}");
                let (_, equivalent, _) = looked_at_once(noise, rounds, 1.1, 100);
                assert_eq!(equivalent, 0.0, "{noise:?}, {rounds} rounds");
            }
        }
    }

    #[test]
    fn a_look_after_each_round_finds_no_difference_where_there_is_none() {
        for noise in ALL {
            let (excluded, _) = looked_at_each_round(noise, 30, 1.0, 200);
            assert!(excluded <= 0.02, "{noise:?}: {excluded}");
            let (_, equivalent) = looked_at_each_round(noise, 30, 1.1, 200);
            assert_eq!(equivalent, 0.0, "{noise:?}");
        }
    }

    #[test]
    fn a_difference_is_found_and_its_size_is_in_the_interval() {
        for noise in ALL {
            let (different, _, hold) = looked_at_once(noise, 16, 1.5, 100);
            assert!(different >= 0.9 && hold >= 0.98, "{noise:?}: {different} {hold}");
        }
        let (different, ..) = looked_at_once(Noise::LogNormal, 5, 1.5, 200);
        assert!(different >= 0.9, "{different}");
    }

    #[test]
    fn the_same_within_the_margin_is_found_where_the_noise_allows_it() {
        let (_, equivalent, _) = looked_at_once(Noise::HeavyTail, 40, 1.0, 100);
        assert!(equivalent >= 0.9, "{equivalent}");
    }

    /// Prints the table of the module's documentation.
    #[test]
    #[ignore = "takes minutes, in a release build"]
    fn figures_of_the_module() {
        for noise in ALL {
            let once = [3, 5, 20].map(|rounds| 100.0 * looked_at_once(noise, rounds, 1.0, 20_000).0);
            let (excluded, _) = looked_at_each_round(noise, 60, 1.0, 20_000);
            let (_, equivalent) = looked_at_each_round(noise, 60, 1.1, 20_000);
            println!("{noise:?}: once {once:.2?} %, after each {:.2} %, equivalent {equivalent}", 100.0 * excluded);
        }
    }

    #[test]
    fn one_round_says_nothing() {
        assert_eq!(ratio_of_medians(&[], Looks::Once), None);
        let estimate = ratio_of_medians(&[(3.0, 1.0)], Looks::Once).unwrap();
        assert!((estimate.value - 3.0).abs() < 1e-12 && estimate.ci95.is_none(), "{estimate:?}");
    }

    #[test]
    fn the_interval_holds_the_estimate_and_less_confidence_makes_it_narrower() {
        let rounds = [(1.0, 0.8), (1.2, 0.9), (1.1, 0.7)];
        let estimate = described_difference_of_medians(&rounds).unwrap();
        let (low, high) = estimate.ci95.unwrap();
        assert!((estimate.value - 0.3).abs() < 1e-12 && low < 0.3 && high > 0.3, "{estimate:?}");
        assert_eq!(estimate.coverage, 0.95);
        let differences: Vec<f64> = rounds.iter().map(|(a, b)| a - b).collect();
        let sure = interval(&differences, 0.3, 0.005).unwrap();
        assert!(sure.0 < low && sure.1 > high, "{sure:?}");
    }

    #[test]
    fn students_quantiles_are_the_tables() {
        for (degrees, error, quantile) in [
            (1, 0.05, 12.706),
            (2, 0.05, 4.303),
            (3, 0.05, 3.182),
            (4, 0.05, 2.776),
            (9, 0.05, 2.262),
            (19, 0.05, 2.093),
            (99, 0.05, 1.984),
            (2, 0.005, 14.089),
            (4, 0.01, 4.604),
        ] {
            let found = student_t(degrees, error);
            assert!((found / quantile - 1.0).abs() < 0.0005, "{degrees}: {found}");
        }
    }

    #[test]
    fn signed_ranks_are_the_tables() {
        // Of the tables of the signed-rank test, which give the largest sum that is significant: one less than the rank.
        for (n, error, rank) in
            [(5, 0.05, 0), (6, 0.05, 1), (8, 0.05, 4), (10, 0.05, 9), (20, 0.05, 53), (20, 0.01, 38)]
        {
            assert_eq!(signed_rank(n, error), rank, "{n}");
        }
    }

    #[test]
    fn a_disturbed_round_does_not_stretch_the_interval() {
        let mut rounds: Vec<_> = (0..20).map(|i| (1.0 + 0.01 * f64::from(i % 4), 1.0)).collect();
        rounds[7] = (5.0, 1.0);
        let (_, high) = ratio_of_medians(&rounds, Looks::Once).unwrap().ci95.unwrap();
        assert!(high < 1.05, "{high}");
    }
}
