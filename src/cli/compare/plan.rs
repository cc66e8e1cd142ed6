//! What is run, and in which order.
//!
//! A [`Variant`] is one way of running the job: a column of the table, a step of the ladder, a point of the memory sweep.
//! A round runs each of them once, in an order drawn from the seed; every second round takes the order of the round before
//! it backwards, so that each variant comes as often before as behind any other.

use std::path::PathBuf;

use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

use crate::cli::args::RunMode;
use crate::cli::compare::alternatives::Attempt;
use crate::cli::compare::interval::below;
use crate::cli::compare::path_text;
use crate::cli::figures::counted;

/// One way of running the job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variant {
    /// Its name among the others.
    pub name: String,
    /// Its mode.
    pub mode: RunMode,
    /// What it sets beyond its mode, as words of the command line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<String>,
    /// What it reads, where that is not the comparison's input.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "path_text")]
    pub inputs: Vec<PathBuf>,
    /// Its memory budget, where that is not the comparison's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// Its workers, where they are not as many as the comparison's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workers: Option<usize>,
}

/// What has a turn in each round.
#[derive(Clone, Debug, PartialEq)]
pub enum Turn {
    /// twinmill runs.
    Run(Variant),
    /// Something else does.
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

impl Variant {
    /// A mode as it is.
    pub fn named(name: String, mode: RunMode) -> Self {
        Variant { name, mode, words: Vec::new(), inputs: Vec::new(), memory_bytes: None, workers: None }
    }

    /// What it computes, as far as that differs from the comparison's own job: variants that compute the same must have the
    /// same output.
    pub fn work(&self) -> (&[PathBuf], Option<&String>) {
        (&self.inputs, self.words.iter().find(|word| word.starts_with("--iterations=")))
    }

    /// The framework's modes, each once, with 1, 2, 4… workers below `workers`: how many it takes to beat one thread.
    pub fn with_fewer_workers(modes: &[RunMode], workers: usize) -> Vec<Variant> {
        let mut seen = Vec::new();
        let mut variants = Vec::new();
        for mode in modes.iter().filter(|mode| **mode != RunMode::Reference) {
            if seen.contains(mode) {
                continue;
            }
            seen.push(*mode);
            let counts =
                std::iter::successors(Some(1), |workers| Some(workers * 2)).take_while(|fewer| *fewer < workers);
            variants.extend(counts.map(|fewer| {
                let name = format!("{} with {}", mode.name(), counted(fewer as u64, "worker"));
                Variant { workers: Some(fewer), ..Variant::named(name, *mode) }
            }));
        }
        variants
    }

    /// The modes as they were named; one that is named again gets a number.
    pub fn of_modes(modes: &[RunMode]) -> Vec<Variant> {
        let name = |i: usize| {
            let mode: RunMode = modes[i];
            match 1 + modes[..i].iter().filter(|earlier| **earlier == mode).count() {
                1 => mode.name().to_owned(),
                number => format!("{} ({number})", mode.name()),
            }
        };
        let variant = |i| Variant::named(name(i), modes[i]);
        (0..modes.len()).map(variant).collect()
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

    #[test]
    fn fewer_workers_are_powers_of_two() {
        let modes = [RunMode::Memory, RunMode::Reference, RunMode::Memory];
        let names =
            |workers| Variant::with_fewer_workers(&modes, workers).into_iter().map(|v| v.name).collect::<Vec<_>>();
        assert_eq!(names(4), ["memory with 1 worker", "memory with 2 workers"]);
        assert!(names(1).is_empty());
    }

    #[test]
    fn a_mode_may_be_named_again() {
        let variants = Variant::of_modes(&[RunMode::Memory, RunMode::Disk, RunMode::Memory]);
        assert_eq!(variants.iter().map(|v| v.name.as_str()).collect::<Vec<_>>(), ["memory", "disk", "memory (2)"]);
    }
}
