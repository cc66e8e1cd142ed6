//! Arithmetic on columns that the processor does for many rows at once.
//!
//! Loops here have bodies without branches over tiles of fixed size, which the compiler turns into vector instructions. Each
//! is compiled for several generations of processors, and the best one is chosen when the program runs. All give the same
//! bits: a row is rounded alone, and sums have a fixed number of lanes.

use multiversion::multiversion;

/// Rows of a tile: few enough to stay in the first-level cache with all that is worked out for them.
pub const TILE: usize = 64;
/// Lanes of a sum: value `i` is added to lane `i % LANES`.
pub const LANES: usize = 8;

/// The lanes of one sum.
pub type Lanes = [f64; LANES];

/// Values of one column, for the rows of a tile.
pub type Tile = [f64; TILE];

/// The nearest centroid of each row of a tile, and the square of its distance. `columns` has a tile for each feature,
/// `centroids` a value for each feature. A tie stays with the first; where no distance is finite, that is infinite.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2"))]
pub fn nearest_centroids(columns: &[&Tile], centroids: &[Vec<f64>], nearest: &mut [u64; TILE], least: &mut Tile) {
    *nearest = [0; TILE];
    *least = [f64::INFINITY; TILE];
    for (cluster, centroid) in (0..).zip(centroids) {
        let mut distances = [0.0; TILE];
        for (column, centre) in columns.iter().zip(centroid) {
            for row in 0..TILE {
                let difference = column[row] - centre;
                distances[row] += difference * difference;
            }
        }
        for row in 0..TILE {
            let nearer = distances[row] < least[row];
            least[row] = if nearer { distances[row] } else { least[row] };
            nearest[row] = if nearer { cluster } else { nearest[row] };
        }
    }
}

/// Adds `factor` times each value of a column to each of `scores`.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2"))]
pub fn add_scaled(scores: &mut [f64], factor: f64, column: &[f64]) {
    for (score, value) in scores.iter_mut().zip(column) {
        *score += factor * value;
    }
}

/// Adds the products of two columns to the lanes of a sum.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2"))]
pub fn add_products(lanes: &mut Lanes, one: &[f64], other: &[f64]) {
    let ((ones, one_rest), (others, other_rest)) = (one.as_chunks::<LANES>(), other.as_chunks::<LANES>());
    for (one, other) in ones.iter().zip(others) {
        for lane in 0..LANES {
            lanes[lane] += one[lane] * other[lane];
        }
    }
    for ((lane, one), other) in lanes.iter_mut().zip(one_rest).zip(other_rest) {
        *lane += one * other;
    }
}

/// Turns scores into the differences between their logistic function, `1 / (1 + exp(-score))`, and the labels.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2"))]
pub fn logistic_errors(scores: &mut [f64], labels: &[f64]) {
    for (score, label) in scores.iter_mut().zip(labels) {
        *score = 1.0 / (1.0 + exp(-*score)) - label;
    }
}

/// The exponential function, within two units in the last place; beyond the range of normal numbers that of its end.
///
/// `x` is `k ln 2 + r` with a whole `k` and `|r| <= ln 2 / 2`, and the result is `2^k` times the series of `exp(r)`. `ln 2` is
/// taken in two parts, so that `r` is exact (Cody and Waite, Software Manual for the Elementary Functions, 1980).
#[inline(always)]
fn exp(x: f64) -> f64 {
    const LEAST: f64 = -708.0;
    const MOST: f64 = 709.0;
    // The last bits of ln 2 that the first part has are zeros, so that its product with any `k` is exact.
    const LN_2_FIRST: f64 = f64::from_bits(0x3fe6_2e42_fee0_0000);
    const LN_2_REST: f64 = 1.908_214_929_270_587_7e-10;
    // Added to a number, it leaves the nearest whole number in the last bits.
    const ROUND: f64 = (3_u64 << 51) as f64;
    const TERMS: usize = 14;
    const SERIES: [f64; TERMS] = inverse_factorials();
    let x = x.clamp(LEAST, MOST);
    let shifted = x * std::f64::consts::LOG2_E + ROUND;
    let k = shifted - ROUND;
    let r = (x - k * LN_2_FIRST) - k * LN_2_REST;
    let mut series = SERIES[TERMS - 1];
    for term in SERIES[..TERMS - 1].iter().rev() {
        series = series * r + term;
    }
    const EXPONENT_BITS: u32 = 52;
    const BIAS: u64 = 1023;
    series * f64::from_bits((shifted.to_bits().wrapping_add(BIAS)) << EXPONENT_BITS)
}

const fn inverse_factorials<const N: usize>() -> [f64; N] {
    let (mut inverse, mut factorial, mut i) = ([1.0; N], 1.0, 1);
    while i < N {
        factorial *= i as f64;
        inverse[i] = 1.0 / factorial;
        i += 1;
    }
    inverse
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    #[test]
    fn the_exponential_function_holds_at_its_ends() {
        use super::exp;

        assert_eq!(exp(0.0), 1.0);
        assert_eq!(exp(-1e300), exp(-708.0));
        assert_eq!(exp(1e300), exp(709.0));
        assert!(exp(f64::NAN).is_nan());
    }

    proptest! {
        #[test]
        fn the_exponential_function_is_exact_to_two_units_in_the_last_place(x in -708.0f64..709.0) {
            let (ours, exact) = (super::exp(x), x.exp());
            prop_assert!((ours - exact).abs() <= 2.0 * f64::EPSILON * exact, "{x}: {ours} {exact}");
        }

        #[test]
        fn products_are_added_in_lanes(values in prop::collection::vec((-1e3f64..1e3, -1e3f64..1e3), 0..100)) {
            use super::{LANES, add_products};

            let (one, other): (Vec<f64>, Vec<f64>) = values.iter().copied().unzip();
            let (mut lanes, mut expected) = ([0.0; LANES], [0.0; LANES]);
            values.iter().enumerate().for_each(|(i, (one, other))| expected[i % LANES] += one * other);
            add_products(&mut lanes, &one, &other);
            prop_assert_eq!(lanes, expected);
        }
    }
}
