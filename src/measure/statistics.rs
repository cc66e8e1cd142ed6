//! Statistics of a few times: median and spread, and lines. [`paired`](crate::measure::paired) has the differences of two ways
//! of running.

use rand_core::RngCore;
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
    /// Interval of the median between two of the times ([`median_interval`]): of 95 % or, with fewer than six times, of less.
    #[serde(rename = "ci95_seconds")]
    pub ci95: (f64, f64),
    /// The confidence that the interval has; 0 in reports that did not tell yet.
    #[serde(rename = "ci95_coverage", default)]
    pub coverage: f64,
}

impl Spread {
    /// Of at least one time.
    pub fn of(times: impl IntoIterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = times.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        let MedianInterval { low, high, coverage } = median_interval(sorted.len());
        Spread {
            median: middle(&sorted),
            min: sorted[0],
            max: sorted[sorted.len() - 1],
            ci95: (sorted[low], sorted[high]),
            coverage,
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

/// Two of some sorted values between which the median lies.
#[derive(Clone, Copy, Debug, PartialEq)]
struct MedianInterval {
    /// Rank of the lower one, from 0.
    low: usize,
    /// Rank of the higher one.
    high: usize,
    /// The confidence that the median lies between them.
    coverage: f64,
}

/// The narrowest interval between two of `n` sorted values that holds the median with a confidence of 95 %, or the widest
/// where none does.
///
/// The interval is the sign test's, which assumes nothing of the distribution: the median lies between the k-th smallest
/// and the k-th largest value unless fewer than k of n fair coins show heads, or fewer than k show tails (Hollander, Wolfe
/// and Chicken, *Nonparametric Statistical Methods*, section 3.6). Of fewer than six values none are far enough apart:
/// then it is the whole range, with a confidence of 1 - 2^(1-n): 75 % for three, 93.75 % for five.
fn median_interval(n: usize) -> MedianInterval {
    let mut coins = 0.5f64.powi(n as i32);
    let (mut k, mut outside) = (0, 2.0 * coins);
    while k + 1 < n / 2 {
        coins *= (n - k) as f64 / (k + 1) as f64;
        // The next one would miss with at most k + 1 heads, or tails.
        if outside + 2.0 * coins > 0.05 {
            break;
        }
        outside += 2.0 * coins;
        k += 1;
    }
    MedianInterval { low: k, high: n - 1 - k, coverage: (1.0 - outside).max(0.0) }
}

/// A random number below `n`; the bias of 2^-64 times `n` is no matter here.
pub fn below(rng: &mut impl RngCore, n: usize) -> usize {
    ((u128::from(rng.next_u64()) * n as u128) >> 64) as usize
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
            let MedianInterval { low, high, .. } = median_interval(n);
            assert_eq!((low, high), ranks, "{n}");
        }
    }

    #[test]
    fn the_coverage_is_the_one_that_so_few_times_have() {
        let coverages = [(1, 0.0), (2, 0.5), (3, 0.75), (5, 0.9375), (6, 0.96875), (9, 1.0 - 20.0 / 512.0)];
        for (n, coverage) in coverages {
            assert!((median_interval(n).coverage - coverage).abs() < 1e-12, "{n}");
        }
    }

    #[test]
    fn it_serialises_as_the_report_has_it() {
        let json = serde_json::to_value(Spread::of([1.0, 2.0, 3.0])).unwrap();
        assert_eq!(json["median_seconds"], 2.0);
        assert_eq!(json["ci95_seconds"], serde_json::json!([1.0, 3.0]));
        assert_eq!(json["ci95_coverage"], 0.75);
    }

    #[test]
    fn a_line_goes_through_its_points() {
        assert_eq!(line(&[(1.0, 3.0), (2.0, 5.0), (3.0, 7.0)]), Some((1.0, 2.0)));
        assert_eq!(line(&[(1.0, 3.0)]), None);
    }
}
