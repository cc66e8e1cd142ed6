//! Statistics of a few times: median and spread, the difference of two ways of running, and confidence intervals.
//!
//! # The bootstrap
//!
//! Runs are made in rounds, each way once a round, so that a disturbance of the machine affects all of them. The two
//! times of a round are therefore a pair, and the bootstrap draws rounds, not times:
//!
//! 1. The estimate is the ratio (or the difference) of the two medians.
//! 2. Rounds are drawn with replacement, as many as there are, and give another estimate; this [`RESAMPLES`] times.
//! 3. The interval goes from the lower of two lower ends to the higher of two higher ends: the percentiles of the drawn
//!    estimates (Efron and Tibshirani, *An Introduction to the Bootstrap*, chapter 13), and Student's t times their standard
//!    error (ibid., chapter 12, and Hesterberg, *What Teachers Should Know About the Bootstrap*, 2015, section 5). The first
//!    is too narrow for few rounds, the second where times fall into two groups; the tests below show that both together
//!    keep what they promise.
//!
//! No crate computes the interval this way, and the simulations below hold for this one.

use rand_core::{RngCore, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

/// Median and spread of the times of one mode, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub struct Spread {
    /// The middle one, or the mean of the two in the middle.
    #[serde(rename = "median_seconds")]
    pub median: f64,
    /// The shortest.
    #[serde(rename = "min_seconds")]
    pub min: f64,
    /// The longest.
    #[serde(rename = "max_seconds")]
    pub max: f64,
    /// Confidence interval of the median between two of the times ([`median_interval`]).
    #[serde(rename = "ci95_seconds")]
    pub ci95: (f64, f64),
}

impl Spread {
    /// Of at least one time.
    pub fn of(times: impl IntoIterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = times.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        let (low, high) = median_interval(sorted.len());
        Spread {
            median: middle(&sorted),
            min: sorted[0],
            max: sorted[sorted.len() - 1],
            ci95: (sorted[low], sorted[high]),
        }
    }
}

/// The median of at least one number.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    middle(&sorted)
}

/// The middle one of at least one sorted number, or the mean of the two in the middle.
fn middle(sorted: &[f64]) -> f64 {
    (sorted[(sorted.len() - 1) / 2] + sorted[sorted.len() / 2]) / 2.0
}

/// Ranks, from 0, of the two among `n` sorted values between which the median lies with a confidence of 95 %.
///
/// The interval is the sign test's, which assumes nothing of the distribution: the median lies between the k-th smallest
/// and the k-th largest value unless fewer than k of n fair coins show heads, or fewer than k show tails (Hollander, Wolfe
/// and Chicken, *Nonparametric Statistical Methods*, section 3.6). Of fewer than six values none are far enough apart:
/// then it is the whole range, with a confidence of 1 - 2^(1-n), which is 75 % for three.
fn median_interval(n: usize) -> (usize, usize) {
    let mut below = 0.5f64.powi(n as i32);
    let (mut k, mut coins) = (0, below);
    while k + 1 < n / 2 {
        // `below` becomes the probability of at most k + 1 heads.
        coins *= (n - k) as f64 / (k + 1) as f64;
        below += coins;
        if 2.0 * below > 0.05 {
            break;
        }
        k += 1;
    }
    (k, n - 1 - k)
}

/// Fewest rounds whose times say something about the noise.
pub const FEWEST_ROUNDS: usize = 3;
/// Resamples of the bootstrap: enough for two digits of the interval's ends.
const RESAMPLES: usize = 2_000;
/// Smallest ratio, beyond 1, that counts as a difference, however sure it is: moving code in a binary makes as much.
const SMALLEST_PART: f64 = 0.01;

/// An estimate and its confidence interval.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub struct Estimate {
    /// The estimate.
    pub value: f64,
    /// Interval that holds the true value with a confidence of 95 %; `None` for a single round.
    pub ci95: Option<(f64, f64)>,
}

/// The ratio of the medians of `rounds`, first over second, or `None` without a round.
pub fn ratio_of_medians(rounds: &[(f64, f64)], seed: u64) -> Option<Estimate> {
    // Ratios are as far below 1 as above it on a logarithmic scale.
    let log = bootstrap(rounds, seed, |a, b| (a / b).ln())?;
    Some(Estimate { value: log.value.exp(), ci95: log.ci95.map(|(low, high)| (low.exp(), high.exp())) })
}

/// The difference of the medians of `rounds`, first minus second, or `None` without a round.
pub fn difference_of_medians(rounds: &[(f64, f64)], seed: u64) -> Option<Estimate> {
    bootstrap(rounds, seed, |a, b| a - b)
}

/// Whether a ratio is a difference, or might be noise.
pub fn is_beyond_noise(ratio: Estimate) -> bool {
    ratio.ci95.is_some_and(|(low, high)| low > 1.0 + SMALLEST_PART || high < 1.0 / (1.0 + SMALLEST_PART))
}

fn bootstrap(rounds: &[(f64, f64)], seed: u64, compare: impl Fn(f64, f64) -> f64) -> Option<Estimate> {
    let n = rounds.len();
    let (mut first, mut second): (Vec<f64>, Vec<f64>) = rounds.iter().copied().unzip();
    let of_medians = |first: &mut [f64], second: &mut [f64]| {
        first.sort_unstable_by(f64::total_cmp);
        second.sort_unstable_by(f64::total_cmp);
        compare(middle(first), middle(second))
    };
    let value = match n {
        0 => return None,
        1 => return Some(Estimate { value: of_medians(&mut first, &mut second), ci95: None }),
        _ => of_medians(&mut first, &mut second),
    };
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut drawn: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            for i in 0..n {
                (first[i], second[i]) = rounds[below(&mut rng, n)];
            }
            of_medians(&mut first, &mut second)
        })
        .collect();
    drawn.sort_unstable_by(f64::total_cmp);
    let mean = drawn.iter().sum::<f64>() / RESAMPLES as f64;
    let variance = drawn.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (RESAMPLES - 1) as f64;
    let margin = student_t_975(n - 1) * variance.sqrt();
    let tail = RESAMPLES / 40;
    let low = drawn[tail].min(value - margin);
    let high = drawn[RESAMPLES - 1 - tail].max(value + margin);
    Some(Estimate { value, ci95: Some((low, high)) })
}

/// A random number below `n`; the bias of 2^-64 times `n` is no matter here.
pub fn below(rng: &mut impl RngCore, n: usize) -> usize {
    ((u128::from(rng.next_u64()) * n as u128) >> 64) as usize
}

/// The 97.5 % quantile of Student's t distribution: the first two exactly, the others by the expansion around the normal
/// distribution's (Abramowitz and Stegun, 26.7.5), which is less than 1 % too small for three degrees of freedom.
fn student_t_975(degrees: usize) -> f64 {
    const Z: f64 = 1.959_963_984_540_054;
    let n = degrees as f64;
    match degrees {
        0 | 1 => 12.706,
        2 => 4.303,
        _ => {
            let z = |power| Z.powi(power);
            Z + (z(3) + Z) / (4.0 * n)
                + (5.0 * z(5) + 16.0 * z(3) + 3.0 * Z) / (96.0 * n * n)
                + (3.0 * z(7) + 19.0 * z(5) + 17.0 * z(3) - 15.0 * Z) / (384.0 * n * n * n)
        }
    }
}

/// Intercept and slope of the line of least squares through at least two different points.
pub fn line(points: &[(f64, f64)]) -> Option<(f64, f64)> {
    let n = points.len() as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0 / n, y + point.1 / n));
    let (across, along) = points.iter().fold((0.0, 0.0), |(across, along), point| {
        (across + (point.0 - x) * (point.1 - y), along + (point.0 - x).powi(2))
    });
    (along > 0.0).then(|| (y - across / along * x, across / along))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        let spread = Spread::of([3.0, 1.0, 2.0]);
        assert_eq!((spread.median, spread.min, spread.max), (2.0, 1.0, 3.0));
        assert_eq!(Spread::of([4.0, 1.0]).median, 2.5);
        assert_eq!(Spread::of([1.0]).ci95, (1.0, 1.0));
    }

    #[test]
    fn the_interval_of_the_median_is_the_tables() {
        // Ranks from 1 in the literature: n = 10 gives the 2nd and 9th, n = 20 the 6th and 15th, n = 30 the 10th and 21st.
        for (n, ranks) in [
            (3, (0, 2)),
            (5, (0, 4)),
            (6, (0, 5)),
            (8, (0, 7)),
            (9, (1, 7)),
            (10, (1, 8)),
            (20, (5, 14)),
            (30, (9, 20)),
        ] {
            assert_eq!(median_interval(n), ranks, "{n}");
        }
    }

    #[test]
    fn it_serialises_as_the_report_has_it() {
        let json = serde_json::to_value(Spread::of([1.0, 2.0, 3.0])).unwrap();
        assert_eq!(json["median_seconds"], 2.0);
        assert_eq!(json["ci95_seconds"], serde_json::json!([1.0, 3.0]));
    }

    /// Noise as machines have it: a part that all runs of a round share, and a part that only one run has.
    #[derive(Clone, Copy, Debug)]
    enum Noise {
        /// Some per cent to both sides.
        LogNormal,
        /// A shortest time, and runs that were disturbed.
        Spikes,
        /// A fast and a slow state, as of a processor's clock.
        TwoStates,
    }

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
        }
    }

    /// The part of comparisons that say "difference" and the part whose interval holds the true ratio.
    fn simulate(noise: Noise, rounds: usize, shared: f64, ratio: f64) -> (f64, f64) {
        const COMPARISONS: u64 = 200;
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(42);
        let (mut differ, mut hold) = (0, 0);
        for seed in 0..COMPARISONS {
            let mut round = || {
                let disturbance = (shared * normal(&mut rng)).exp();
                (ratio * disturbance * time(noise, &mut rng), disturbance * time(noise, &mut rng))
            };
            let rounds: Vec<_> = (0..rounds).map(|_| round()).collect();
            let estimate = ratio_of_medians(&rounds, seed).unwrap();
            differ += u64::from(is_beyond_noise(estimate));
            hold += u64::from(estimate.ci95.is_some_and(|(low, high)| low <= ratio && ratio <= high));
        }
        (differ as f64 / COMPARISONS as f64, hold as f64 / COMPARISONS as f64)
    }

    const ALL: [Noise; 3] = [Noise::LogNormal, Noise::Spikes, Noise::TwoStates];

    #[test]
    fn the_same_twice_is_no_difference() {
        let mut rates = Vec::new();
        for noise in ALL {
            for rounds in [3, 5, 10, 20] {
                for shared in [0.0, 0.1] {
                    let (differ, hold) = simulate(noise, rounds, shared, 1.0);
                    assert!(differ <= 0.05 && hold >= 0.94, "{noise:?}, {rounds} rounds: {differ} {hold}");
                    rates.push(differ);
                }
            }
        }
        let mean = rates.iter().sum::<f64>() / rates.len() as f64;
        assert!(mean <= 0.02, "{mean}");
    }

    #[test]
    fn a_difference_is_found_and_its_size_is_in_the_interval() {
        for noise in ALL {
            let (differ, hold) = simulate(noise, 10, 0.1, 1.5);
            assert!(differ >= 0.9 && hold >= 0.94, "{noise:?}: {differ} {hold}");
        }
        let (differ, _) = simulate(Noise::LogNormal, 3, 0.0, 1.9);
        assert!(differ >= 0.9, "{differ}");
    }

    #[test]
    fn what_is_sure_but_small_is_no_difference() {
        let rounds: Vec<_> = (0..20).map(|i| (1.005 + f64::from(i) * 1e-6, 1.0 + f64::from(i) * 1e-6)).collect();
        let estimate = ratio_of_medians(&rounds, 1).unwrap();
        assert!(estimate.ci95.unwrap().0 > 1.0 && !is_beyond_noise(estimate), "{estimate:?}");
    }

    #[test]
    fn one_round_says_nothing() {
        assert_eq!(ratio_of_medians(&[], 1), None);
        let estimate = ratio_of_medians(&[(3.0, 1.0)], 1).unwrap();
        assert!((estimate.value - 3.0).abs() < 1e-12 && !is_beyond_noise(estimate));
        assert_eq!(estimate.ci95, None);
    }

    #[test]
    fn the_same_seed_gives_the_same_interval() {
        let rounds = [(1.0, 0.8), (1.2, 0.9), (1.1, 0.7)];
        assert_eq!(difference_of_medians(&rounds, 7), difference_of_medians(&rounds, 7));
        let estimate = difference_of_medians(&rounds, 7).unwrap();
        let (low, high) = estimate.ci95.unwrap();
        assert!((estimate.value - 0.3).abs() < 1e-12 && low < 0.3 && high > 0.3);
    }

    #[test]
    fn students_quantiles_are_the_tables() {
        for (degrees, quantile) in [(3, 3.182), (4, 2.776), (9, 2.262), (19, 2.093), (99, 1.984)] {
            assert!((student_t_975(degrees) / quantile - 1.0).abs() < 0.008, "{degrees}");
        }
    }

    #[test]
    fn a_line_goes_through_its_points() {
        assert_eq!(line(&[(1.0, 3.0), (2.0, 5.0), (3.0, 7.0)]), Some((1.0, 2.0)));
        assert_eq!(line(&[(1.0, 3.0)]), None);
    }
}
