//! The turns of a round, and their order.
//!
//! A round runs everything once, in an order drawn from the seed; every second round takes the order of the round
//! before it backwards, so that each variant comes as often before as after any other.

use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::measure::alternative::Attempt;
use crate::measure::plan::variant::Variant;
use crate::measure::statistics::below;

/// A turn in each round.
#[derive(Clone, Debug, PartialEq)]
pub enum Turn {
    /// A run of twinmill.
    Run(Variant),
    /// A run of another program.
    Other(Attempt),
}

impl Turn {
    /// Its name among the others.
    pub fn name(&self) -> &str {
        match self {
            Turn::Run(variant) => &variant.name,
            Turn::Other(attempt) => &attempt.name,
        }
    }
}

/// The order of the variants, by index, in each of `rounds` rounds.
pub fn order(variants: usize, rounds: u32, seed: u64) -> Vec<Vec<usize>> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut order: Vec<Vec<usize>> = Vec::new();
    for round in 0..rounds as usize {
        let next = if round % 2 == 1 {
            order[round - 1].iter().rev().copied().collect()
        } else {
            let mut shuffled: Vec<usize> = (0..variants).collect();
            (1..variants).rev().for_each(|i| shuffled.swap(i, below(&mut rng, i + 1)));
            shuffled
        };
        order.push(next);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_variant_comes_as_often_before_as_behind_any_other() {
        let order = order(4, 10, 3);
        for (a, b) in [(0, 1), (0, 3), (2, 1)] {
            let place = |round: &Vec<usize>, variant| round.iter().position(|v| *v == variant).unwrap();
            assert_eq!(order.iter().filter(|round| place(round, a) < place(round, b)).count(), 5);
        }
    }

    #[test]
    fn the_seed_fixes_the_order_and_more_rounds_keep_it() {
        assert_eq!(order(5, 4, 9)[..], order(5, 8, 9)[..4]);
        assert_ne!(order(5, 8, 9), order(5, 8, 10));
        let firsts: Vec<usize> = order(3, 20, 1).iter().map(|round| round[0]).collect();
        assert!((0..3).all(|variant| firsts.contains(&variant)), "{firsts:?}");
    }
}
