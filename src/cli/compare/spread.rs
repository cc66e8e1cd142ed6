//! The middle of a few times, and how far they are from it.

use serde::Serialize;

/// What is said of the times of one mode. All in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
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
    pub fn of(times: &[f64]) -> Self {
        let mut sorted = times.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (low, high) = median_interval(sorted.len());
        Spread {
            median: median(&sorted),
            min: sorted[0],
            max: sorted[sorted.len() - 1],
            ci95: (sorted[low], sorted[high]),
        }
    }
}

/// The median of at least one sorted number.
pub fn median(sorted: &[f64]) -> f64 {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        let spread = Spread::of(&[3.0, 1.0, 2.0]);
        assert_eq!((spread.median, spread.min, spread.max), (2.0, 1.0, 3.0));
        assert_eq!(Spread::of(&[4.0, 1.0]).median, 2.5);
        assert_eq!(Spread::of(&[1.0]).ci95, (1.0, 1.0));
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
        let json = serde_json::to_value(Spread::of(&[1.0, 2.0, 3.0])).unwrap();
        assert_eq!(json["median_seconds"], 2.0);
        assert_eq!(json["ci95_seconds"], serde_json::json!([1.0, 3.0]));
    }
}
