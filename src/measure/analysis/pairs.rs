//! The difference of two columns, and the possible gain from a faster disk.

use crate::measure::analysis::cause::Explanation;
use crate::measure::analysis::verdict::Verdict;
use crate::measure::column::Column;
use crate::measure::comparison::Comparison;
use crate::measure::mode::RunMode;
use crate::observe::report::Bounds;

/// Two columns.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The one with the longer median.
    pub slow: Column,
    /// The other.
    pub fast: Column,
    /// What is known of their difference; `a` is the one with the longer median.
    pub verdict: Verdict,
}

impl Pair {
    /// The pair of two columns of a comparison; `None` where they have not run in the same round.
    pub fn of(comparison: &Comparison, a: &Column, b: &Column) -> Option<Self> {
        let verdict = comparison.verdict(&a.name, &b.name)?;
        // The medians of all runs, which a table shows, may be in another order than those of the common rounds.
        let (slow, fast) = if verdict.ratio >= 1.0 { (a, b) } else { (b, a) };
        Some(Pair { slow: slow.clone(), fast: fast.clone(), verdict: verdict.slower_first() })
    }

    /// The cause of the difference; `None` where none is known to be there, or the runs do not tell.
    pub fn explanation(&self, comparison: &Comparison) -> Option<Explanation> {
        self.verdict.is_different().then(|| Explanation::of(comparison, &self.slow.name, &self.fast.name)).flatten()
    }
}

/// The first mode of the framework with each other, in the order of the columns.
pub fn of_modes(comparison: &Comparison) -> Vec<Pair> {
    let columns = frameworks(comparison);
    let Some((first, others)) = columns.split_first() else { return Vec::new() };
    others.iter().filter_map(|other| Pair::of(comparison, first, other)).collect()
}

/// The fastest mode of the framework with each reference.
pub fn of_references(comparison: &Comparison) -> Vec<Pair> {
    let mut frameworks = frameworks(comparison);
    frameworks.sort_by(|a, b| a.time.median.total_cmp(&b.time.median));
    let Some(fastest) = frameworks.first() else { return Vec::new() };
    let references = comparison.columns().into_iter().filter(|column| column.mode == RunMode::Reference);
    references.filter_map(|reference| Pair::of(comparison, &reference, fastest)).collect()
}

fn frameworks(comparison: &Comparison) -> Vec<Column> {
    // What the faults cost is a question of its own.
    let asked = |column: &Column| column.mode != RunMode::Reference && !column.spared;
    comparison.columns().into_iter().filter(asked).collect()
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
        let verdict = &pairs[0].verdict;
        assert!(verdict.is_different() && (verdict.ratio / 1.3143 - 1.0).abs() < 1e-4, "{verdict:?}");
        assert_eq!(pairs[0].explanation(&comparison), None, "these runs keep no accounts");
    }

    #[test]
    fn two_rounds_say_nothing_about_noise() {
        let comparison = comparison([&[2.0, 2.0], &[1.0, 1.0], &[]]);
        let pairs = of_modes(&comparison);
        assert!(!pairs[0].verdict.is_settled() && pairs[0].explanation(&comparison).is_none(), "{pairs:?}");
    }
}
