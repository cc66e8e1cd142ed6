//! Points with comma-separated features, for k-means and logistic regression.
//!
//! Features are printed with at most six decimals and at least one, without trailing zeros, which are the shortest
//! digits that read back to the same value.

use std::io;

use rand_core::RngCore;

use super::portable_math::exp;
use super::sampling::{Normal, below, unit};
use super::shape::Shape;
use super::writer::RecordWriter;

const DECIMALS: usize = 6;
const MILLION: u64 = 1_000_000;
/// Cluster centres are uniform in the cube from `-CENTRE_MAX` to `CENTRE_MAX`; a cluster's standard deviation is 1.
const CENTRE_MAX: f64 = 10.0;
/// The Euclidean length of the logistic model's weights: labels are mostly, not wholly, explained by the features, so
/// that the optimum is finite.
const WEIGHTS_LENGTH: f64 = 3.0;

/// Writes `f1,…,fd` lines; every point belongs to a cluster drawn uniformly.
pub(super) fn write_clustered(shape: &Shape, rng: &mut impl RngCore, writer: &mut RecordWriter<'_>) -> io::Result<()> {
    let dimensions = shape.dimensions as usize;
    let centres: Vec<f64> =
        (0..shape.clusters as usize * dimensions).map(|_| CENTRE_MAX * (2.0 * unit(rng) - 1.0)).collect();
    let mut normal = Normal::default();
    while writer.wants_more() {
        let first = below(rng, shape.clusters) as usize * dimensions;
        writer.record(|block| {
            for centre in &centres[first..first + dimensions] {
                append_decimal(block, centre + normal.draw(rng));
                block.push(b',');
            }
            end_line(block);
        })?;
    }
    Ok(())
}

/// Writes `label,f1,…,fd` lines. Features are standard normal; the label is 1 with probability
/// `1 / (1 + e^-(w·f))`, where the direction of the weights `w` is drawn from the seed.
pub(super) fn write_labelled(shape: &Shape, rng: &mut impl RngCore, writer: &mut RecordWriter<'_>) -> io::Result<()> {
    let mut normal = Normal::default();
    let mut weights: Vec<f64> = (0..shape.dimensions).map(|_| normal.draw(rng)).collect();
    let length = weights.iter().map(|weight| weight * weight).sum::<f64>().sqrt();
    weights.iter_mut().for_each(|weight| *weight *= WEIGHTS_LENGTH / length);
    while writer.wants_more() {
        writer.record(|block| {
            let label_at = block.len();
            block.extend_from_slice(b"0,");
            let mut score = 0.0;
            for weight in &weights {
                let feature = normal.draw(rng);
                score += weight * feature;
                append_decimal(block, feature);
                block.push(b',');
            }
            if unit(rng) < 1.0 / (1.0 + exp(-score)) {
                block[label_at] = b'1';
            }
            end_line(block);
        })?;
    }
    Ok(())
}

/// Replaces the last comma.
fn end_line(block: &mut Vec<u8>) {
    block.pop();
    block.push(b'\n');
}

/// Appends `value`, rounded to six decimals.
pub(super) fn append_decimal(block: &mut Vec<u8>, value: f64) {
    let millionths = (value * MILLION as f64).round_ties_even() as i64;
    if millionths < 0 {
        block.push(b'-');
    }
    let (whole, mut fraction) = (millionths.unsigned_abs() / MILLION, millionths.unsigned_abs() % MILLION);
    block.extend_from_slice(itoa::Buffer::new().format(whole).as_bytes());
    let mut digits = [b'.'; DECIMALS + 1];
    for digit in digits[1..].iter_mut().rev() {
        *digit = b'0' + (fraction % 10) as u8;
        fraction /= 10;
    }
    block.extend_from_slice(&digits);
    let excess = digits[2..].iter().rev().take_while(|&&digit| digit == b'0').count();
    block.truncate(block.len() - excess);
}

#[cfg(test)]
mod tests {
    use super::super::{Kind, Shape, generated};
    use super::*;

    fn rows(kind: Kind, shape: &Shape) -> Vec<Vec<f64>> {
        let text = String::from_utf8(generated(kind, shape, 1)).expect("ASCII");
        text.lines().map(|line| line.split(',').map(|field| field.parse().expect("a float")).collect()).collect()
    }

    #[test]
    fn decimals_are_the_shortest_up_to_six() {
        for (value, text) in [
            (0.0, "0.0"),
            (-1e-9, "0.0"),
            (-0.5, "-0.5"),
            (12.000001, "12.000001"),
            (-3.2515926, "-3.251593"),
            (7.1, "7.1"),
        ] {
            let mut block = Vec::new();
            append_decimal(&mut block, value);
            assert_eq!(String::from_utf8(block).expect("ASCII"), text);
        }
    }

    #[test]
    fn points_lie_around_as_many_centres_as_asked() {
        let mut shape = Shape::records(3000);
        (shape.dimensions, shape.clusters) = (20, 4);
        let rows = rows(Kind::Points, &shape);
        let far = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| (x - y) * (x - y)).sum::<f64>() > 150.0;
        let mut seeds: Vec<&[f64]> = Vec::new();
        for row in &rows {
            assert_eq!(row.len(), 20);
            if seeds.iter().all(|seed| far(seed, row)) {
                seeds.push(row);
            }
        }
        assert_eq!(seeds.len(), 4);
    }

    #[test]
    fn labels_are_balanced_and_learnable() {
        let rows = rows(Kind::LabelledPoints, &Shape::records(20_000));
        let positive = rows.iter().filter(|row| row[0] == 1.0).count() as f64 / rows.len() as f64;
        assert!((positive - 0.5).abs() < 0.02, "{positive}");
        let mut weights = [0.0; 10];
        for _ in 0..20 {
            let mut gradient = [0.0; 10];
            for row in &rows {
                let error = 1.0 / (1.0 + (-score(&weights, row)).exp()) - row[0];
                gradient.iter_mut().zip(&row[1..]).for_each(|(slope, feature)| *slope += error * feature);
            }
            weights.iter_mut().zip(gradient).for_each(|(weight, slope)| *weight -= 2.0 * slope / rows.len() as f64);
        }
        let right = rows.iter().filter(|row| (score(&weights, row) > 0.0) == (row[0] == 1.0)).count();
        let accuracy = right as f64 / rows.len() as f64;
        assert!((0.8..0.95).contains(&accuracy), "{accuracy}");
    }

    fn score(weights: &[f64], row: &[f64]) -> f64 {
        weights.iter().zip(&row[1..]).map(|(weight, feature)| weight * feature).sum()
    }
}
