//! The difference of two columns, and the possible gain from a faster disk.

use crate::measure::analysis::cause::Explanation;
use crate::measure::column::Column;
use crate::measure::comparison::Comparison;
use crate::measure::mode::RunMode;
use crate::measure::statistics::{Estimate, FEWEST_ROUNDS, is_beyond_noise};
use crate::observe::report::Bounds;

/// Two columns.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The one with the longer median.
    pub slow: Column,
    /// The other.
    pub fast: Column,
    /// Their difference.
    pub relation: Relation,
}

/// Difference of two columns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Relation {
    /// One takes longer, beyond noise.
    Differ(Estimate, (f64, f64)),
    /// It may be noise.
    Noise(Estimate, (f64, f64)),
    /// Fewer than three rounds: a ratio, and nothing about noise.
    TooFewRounds(f64),
}

impl Pair {
    /// The pair of two columns of a comparison.
    pub fn of(comparison: &Comparison, a: &Column, b: &Column) -> Self {
        let (slow, fast) = if a.time.median >= b.time.median { (a, b) } else { (b, a) };
        let ratio = slow.time.median / fast.time.median;
        let estimate = comparison.ratio(&slow.name, &fast.name);
        let enough = slow.runs.min(fast.runs) >= FEWEST_ROUNDS;
        let relation = match estimate.and_then(|estimate| Some((estimate, estimate.ci95?))) {
            Some((estimate, interval)) if enough && is_beyond_noise(estimate) => Relation::Differ(estimate, interval),
            Some((estimate, interval)) if enough => Relation::Noise(estimate, interval),
            _ => Relation::TooFewRounds(ratio),
        };
        Pair { slow: slow.clone(), fast: fast.clone(), relation }
    }

    /// The cause of the difference; `None` where there is none beyond noise, or the runs do not tell.
    pub fn explanation(&self, comparison: &Comparison) -> Option<Explanation> {
        let Relation::Differ(..) = self.relation else { return None };
        Explanation::of(comparison, &self.slow.name, &self.fast.name)
    }
}

/// The explanations of all differences, in the order in which they are told.
pub fn explanations(comparison: &Comparison) -> Vec<Explanation> {
    let pairs = of_modes(comparison).into_iter().chain(of_references(comparison));
    pairs.filter_map(|pair| pair.explanation(comparison)).collect()
}

/// The first mode of the framework with each other, in the order of the columns.
pub fn of_modes(comparison: &Comparison) -> Vec<Pair> {
    let columns = frameworks(comparison);
    let Some((first, others)) = columns.split_first() else { return Vec::new() };
    others.iter().map(|other| Pair::of(comparison, first, other)).collect()
}

/// The fastest mode of the framework with each reference.
pub fn of_references(comparison: &Comparison) -> Vec<Pair> {
    let mut frameworks = frameworks(comparison);
    frameworks.sort_by(|a, b| a.time.median.total_cmp(&b.time.median));
    let Some(fastest) = frameworks.first() else { return Vec::new() };
    let references = comparison.columns().into_iter().filter(|column| column.mode == RunMode::Reference);
    references.map(|reference| Pair::of(comparison, &reference, fastest)).collect()
}

fn frameworks(comparison: &Comparison) -> Vec<Column> {
    comparison.columns().into_iter().filter(|column| column.mode != RunMode::Reference).collect()
}

/// The least time that a mode that wrote files would take, and the part of its time that this saves.
#[derive(Clone, Debug, PartialEq)]
pub struct Gain {
    /// The mode's column.
    pub name: String,
    /// The bounds.
    pub bounds: Bounds,
    /// Part of the time that an infinitely fast disk would save, from 0 to 1.
    pub fast_disk_part: f64,
    /// Part of the time that intermediate files for free would save, from 0 to 1.
    pub free_files_part: f64,
}

impl Gain {
    /// The gain of a column; `None` where it wrote no files, or its runs do not tell.
    pub fn of(column: &Column) -> Option<Self> {
        let framework = column.framework.as_ref().filter(|framework| framework.file_written_bytes >= 1.0)?;
        let bounds = framework.time?.bounds;
        let part = |bound: f64| (1.0 - bound / column.time.median).max(0.0);
        Some(Gain {
            name: column.name.clone(),
            bounds,
            fast_disk_part: part(bounds.infinitely_fast_disk_seconds),
            free_files_part: part(bounds.free_intermediate_files_seconds),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::comparison::tests::comparison;

    #[test]
    fn a_clear_difference_has_a_ratio() {
        let comparison = comparison([&[0.91, 0.92, 0.93], &[0.69, 0.70, 0.71], &[]]);
        let pairs = of_modes(&comparison);
        let Relation::Differ(estimate, _) = pairs[0].relation else { panic!("{:?}", pairs[0].relation) };
        assert!((estimate.value / 1.3143 - 1.0).abs() < 1e-4, "{estimate:?}");
        assert_eq!(pairs[0].explanation(&comparison), None, "these runs keep no accounts");
    }

    #[test]
    fn two_rounds_say_nothing_about_noise() {
        let comparison = comparison([&[2.0, 2.0], &[1.0, 1.0], &[]]);
        let pairs = of_modes(&comparison);
        assert_eq!((pairs[0].relation, pairs[0].explanation(&comparison)), (Relation::TooFewRounds(2.0), None));
    }
}
