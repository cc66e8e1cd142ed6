//! Draws from distributions. The algorithms are fixed here because a library's may change between versions.

use rand_core::RngCore;

use super::portable_math::{exp, ln};

/// A number in `0..bound`, by Lemire's multiply-shift; the bias is below `bound / 2^32`.
pub(super) fn below(rng: &mut impl RngCore, bound: u32) -> u32 {
    scale(rng.next_u64(), bound)
}

/// A number in `[0, 1)`, a multiple of 2⁻⁵³.
pub(super) fn unit(rng: &mut impl RngCore) -> f64 {
    (rng.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

fn scale(draw: u64, bound: u32) -> u32 {
    (((draw >> 32) * u64::from(bound)) >> 32) as u32
}

/// Draws an index in proportion to its weight, in constant time: Vose's alias method ("A linear algorithm for generating
/// random numbers with a given distribution", 1991).
///
/// A slot keeps its own index for a share of the draws that hit it and gives the rest to one other index.
pub(super) struct AliasTable {
    slots: Vec<Slot>,
}

#[derive(Clone, Copy)]
struct Slot {
    keep_below: u32,
    other: u32,
}

impl AliasTable {
    /// The table of `weights`, which are not negative and not all zero, one to 2³² - 1 of them.
    pub(super) fn new(mut weights: Vec<f64>) -> AliasTable {
        let mean = weights.iter().sum::<f64>() / weights.len() as f64;
        let mut slots: Vec<Slot> =
            (0..weights.len() as u32).map(|index| Slot { keep_below: u32::MAX, other: index }).collect();
        let (mut poor, mut rich) = (Vec::new(), Vec::new());
        for (index, weight) in weights.iter_mut().enumerate() {
            *weight /= mean;
            if *weight < 1.0 { poor.push(index as u32) } else { rich.push(index as u32) }
        }
        while let (Some(&giver), Some(taker)) = (rich.last(), poor.pop()) {
            let share = weights[taker as usize];
            slots[taker as usize] = Slot { keep_below: (share * 4_294_967_296.0) as u32, other: giver };
            weights[giver as usize] -= 1.0 - share;
            if weights[giver as usize] < 1.0 {
                rich.pop();
                poor.push(giver);
            }
        }
        AliasTable { slots }
    }

    /// The table of whole-number weights.
    pub(super) fn of_counts(counts: impl IntoIterator<Item = u32>) -> AliasTable {
        AliasTable::new(counts.into_iter().map(f64::from).collect())
    }

    /// An index into the weights.
    #[inline]
    pub(super) fn draw(&self, rng: &mut impl RngCore) -> u32 {
        let draw = rng.next_u64();
        let index = scale(draw, self.slots.len() as u32);
        let slot = self.slots[index as usize];
        if (draw as u32) < slot.keep_below { index } else { slot.other }
    }
}

/// The weights `(rank + shift)^-exponent` of ranks 1 to `count`, in rank order: Zipf's law, with Mandelbrot's shift that
/// flattens its head.
pub(super) fn zipf_weights(count: u32, exponent: f64, shift: f64) -> Vec<f64> {
    (1..=count).map(|rank| exp(-exponent * ln(f64::from(rank) + shift))).collect()
}

/// Draws from the standard normal distribution, by Marsaglia's polar method (Marsaglia and Bray, 1964), which yields two
/// at a time.
#[derive(Default)]
pub(super) struct Normal {
    spare: Option<f64>,
}

impl Normal {
    pub(super) fn draw(&mut self, rng: &mut impl RngCore) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        loop {
            let (x, y) = (2.0 * unit(rng) - 1.0, 2.0 * unit(rng) - 1.0);
            let square = x * x + y * y;
            if square > 0.0 && square < 1.0 {
                let factor = (-2.0 * ln(square) / square).sqrt();
                self.spare = Some(y * factor);
                return x * factor;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::SeedableRng;
    use rand_xoshiro::Xoshiro256PlusPlus;

    const DRAWS: u32 = 1_000_000;

    #[test]
    fn an_alias_table_keeps_its_weights() {
        let weights = zipf_weights(50, 1.0, 0.0);
        let total: f64 = weights.iter().sum();
        let table = AliasTable::new(weights.clone());
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let mut counts = vec![0u32; weights.len()];
        for _ in 0..DRAWS {
            counts[table.draw(&mut rng) as usize] += 1;
        }
        for (count, weight) in counts.into_iter().zip(weights) {
            let expected = f64::from(DRAWS) * weight / total;
            assert!((f64::from(count) - expected).abs() < 5.0 * expected.sqrt(), "{count} for {expected}");
        }
    }

    #[test]
    fn a_weight_of_zero_is_never_drawn() {
        let table = AliasTable::of_counts([0, 3, 0, 1]);
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(2);
        assert!((0..DRAWS).all(|_| table.draw(&mut rng) % 2 == 1));
    }

    #[test]
    fn normal_draws_have_mean_zero_and_variance_one() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
        let mut normal = Normal::default();
        let draws: Vec<f64> = (0..DRAWS).map(|_| normal.draw(&mut rng)).collect();
        let mean = draws.iter().sum::<f64>() / f64::from(DRAWS);
        let variance = draws.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / f64::from(DRAWS);
        let beyond_two = draws.iter().filter(|x| x.abs() > 2.0).count() as f64 / f64::from(DRAWS);
        assert!(mean.abs() < 0.005 && (variance - 1.0).abs() < 0.01, "{mean} {variance}");
        assert!((beyond_two - 0.0455).abs() < 0.001, "{beyond_two}");
    }
}
