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

/// Columns whose sums are worked out together.
pub const GROUP: usize = 4;

/// The nearest centroid of each row of a tile, and the square of its distance. `columns` has a tile for each feature, and may
/// have more; `centroids` a value for each feature. A tie stays with the first; where no distance is finite, that is infinite.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2"))]
pub fn nearest_centroids(columns: &[&Tile], centroids: &[Vec<f64>], nearest: &mut [u64; TILE], least: &mut Tile) {
    // So few rows at a time that what is found of them stays in registers.
    const ROWS: usize = 16;
    let found = nearest.as_chunks_mut::<ROWS>().0.iter_mut().zip(least.as_chunks_mut::<ROWS>().0);
    for (at, (nearest, least)) in found.enumerate() {
        let (mut nearest_so_far, mut least_so_far) = ([0; ROWS], [f64::INFINITY; ROWS]);
        for (cluster, centroid) in (0..).zip(centroids) {
            let mut distances = [0.0; ROWS];
            for (column, centre) in columns.iter().zip(centroid) {
                let column = &column.as_chunks::<ROWS>().0[at];
                for row in 0..ROWS {
                    let difference = column[row] - centre;
                    distances[row] += difference * difference;
                }
            }
            for row in 0..ROWS {
                let nearer = distances[row] < least_so_far[row];
                least_so_far[row] = if nearer { distances[row] } else { least_so_far[row] };
                nearest_so_far[row] = if nearer { cluster } else { nearest_so_far[row] };
            }
        }
        (*nearest, *least) = (nearest_so_far, least_so_far);
    }
}

/// Adds each row of some columns to the sums of the cluster that `clusters` has for it. A sum is added up in the order of the
/// rows.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2"))]
pub fn add_by_cluster(sums: &mut [[f64; GROUP]], columns: [&Tile; GROUP], clusters: &[u64; TILE]) {
    let [first, second, third, fourth] = columns.map(|column| column.as_chunks::<GROUP>().0);
    for (at, clusters) in clusters.as_chunks::<GROUP>().0.iter().enumerate() {
        let (first, second, third, fourth) = (first[at], second[at], third[at], fourth[at]);
        // Spelled out, so that it becomes a transposition in registers.
        let rows = [
            [first[0], second[0], third[0], fourth[0]],
            [first[1], second[1], third[1], fourth[1]],
            [first[2], second[2], third[2], fourth[2]],
            [first[3], second[3], third[3], fourth[3]],
        ];
        for (cluster, row) in clusters.iter().zip(rows) {
            let sums = &mut sums[*cluster as usize];
            for column in 0..GROUP {
                sums[column] += row[column];
            }
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
        fn rows_go_to_the_sums_of_their_clusters(
            values in prop::collection::vec(-1e3f64..1e3, super::GROUP * super::TILE),
            clusters in prop::collection::vec(0u64..3, super::TILE),
        ) {
            use super::{GROUP, Tile, add_by_cluster};

            let columns: [&Tile; GROUP] = std::array::from_fn(|column| &values.as_chunks().0[column]);
            let (mut sums, mut expected) = ([[1.0; GROUP]; 3], [[1.0; GROUP]; 3]);
            for (row, cluster) in clusters.iter().enumerate() {
                (0..GROUP).for_each(|column| expected[*cluster as usize][column] += columns[column][row]);
            }
            add_by_cluster(&mut sums, columns, &clusters.try_into().unwrap());
            prop_assert_eq!(sums, expected);
        }

        #[test]
        fn the_nearest_centroid_is_the_first_of_the_least_distance(
            values in prop::collection::vec(-3i8..3, 5 * super::TILE),
            centres in prop::collection::vec(-3i8..3, 5..30),
        ) {
            use super::{TILE, Tile, nearest_centroids};

            let floats = |of: &[i8]| -> Vec<f64> { of.iter().copied().map(f64::from).collect() };
            let (values, centroids): (_, Vec<Vec<f64>>) = (floats(&values), centres.chunks_exact(5).map(floats).collect());
            let columns: Vec<&Tile> = values.as_chunks().0.iter().collect();
            let (mut nearest, mut least) = ([9; TILE], [0.0; TILE]);
            nearest_centroids(&columns, &centroids, &mut nearest, &mut least);
            for row in 0..TILE {
                let distance = |centroid: &Vec<f64>| -> f64 {
                    columns.iter().zip(centroid).map(|(column, centre)| (column[row] - centre).powi(2)).sum()
                };
                let distances: Vec<f64> = centroids.iter().map(distance).collect();
                let nearer = |one: &usize, other: &usize| distances[*one].total_cmp(&distances[*other]);
                let first = (0..distances.len()).min_by(nearer).unwrap();
                prop_assert_eq!((nearest[row], least[row]), (first as u64, distances[first]));
            }
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
