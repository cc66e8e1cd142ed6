//! Results in words and tables.

pub mod cause;
pub mod claims;
pub mod cost;
pub mod engines;
pub mod fact;
pub mod growth;
pub mod ladder;
pub mod lessons;
pub mod machine;
pub mod modes;
pub mod noise;
pub mod programs;
pub mod purposes;
pub mod recoveries;
pub mod refusal;
pub mod relation;
pub mod roofline;
pub mod sweep;
pub mod time_groups;
pub mod tools;
pub mod verdict;
pub mod votes;

use crate::cli::table::Table;
use crate::cli::telling::fact::Fact;
use crate::measure::analysis::growth::Grown;
use crate::measure::comparison::Comparison;

/// The tables after that of the modes, as far as they were asked for.
pub fn further_tables(comparison: &Comparison) -> impl Iterator<Item = Table> {
    let tools = tools::table(comparison).into_iter().chain(tools::table_by_size(comparison));
    roofline::table(comparison).into_iter().chain(tools).chain(asked_tables(comparison))
}

/// The tables of what was asked for by an option of its own.
pub fn asked_tables(comparison: &Comparison) -> impl Iterator<Item = Table> {
    let growths = comparison.growths.iter().filter_map(|growth| Some(growth::table(&Grown::of(growth, comparison)?)));
    ladder::table(comparison).into_iter().chain(sweep::table(comparison)).chain(growths)
}

/// The sentences of the first screen, the one first that answers what was asked for: what little memory costs, what the
/// failures that were injected cost, or else the verdict on the first pair.
pub fn headlines(comparison: &Comparison) -> Vec<String> {
    let mut told = verdict::headlines(comparison);
    let of_failures = || told.iter().position(|fact| fact.about() == verdict::RECOVERIES);
    let answer = match sweep::of_the_ends(comparison) {
        Some(ends) => Some(ends),
        None if comparison.settings.injects_faults() => of_failures().map(|at| told.remove(at)),
        None => None,
    };
    let programs = programs::fact(comparison);
    answer.iter().chain(&told).chain(&programs).map(|fact| fact.text().to_owned()).collect()
}

/// Every sentence of the result, in the order in which they are told.
pub fn facts(comparison: &Comparison) -> Vec<Fact> {
    let noise = noise::busy(comparison).map(|text| Fact::new("the machine", text));
    let answers = tools::answers(comparison).into_iter().map(|text| Fact::new("other programs", text));
    let growths = comparison.growths.iter().filter_map(|growth| growth::fact(&Grown::of(growth, comparison)?));
    let first = noise.into_iter().chain(verdict::facts(comparison)).chain(programs::fact(comparison)).chain(answers);
    let asked = ladder::facts(comparison).into_iter().chain(sweep::facts(comparison)).chain(growths);
    first.chain(asked).chain(roofline::fact(comparison)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::analysis::{failures, sweep};
    use crate::measure::comparison::tests::comparison;

    #[test]
    fn what_was_asked_for_is_answered_first() {
        let first = |comparison: &Comparison| headlines(comparison).swap_remove(0);
        let of_modes = first(&comparison([&[2.0; 5], &[1.0; 5], &[3.0; 5]]));
        assert!(of_modes.starts_with("disk takes 2.00× as long as memory"), "{of_modes}");
        let of_failures = failures::tests::failing();
        assert!(first(&of_failures).starts_with("In disk the failures cost +0.5"), "{}", first(&of_failures));
        let of_memory = first(&sweep::tests::measured([1.9, 1.5, 1.0], [1, 50, 100]));
        assert!(of_memory.starts_with("memory at 0 % takes 1.90× as long as memory at 100 %"), "{of_memory}");
    }

    #[test]
    fn no_sentence_is_told_twice() {
        let told = headlines(&failures::tests::failing());
        assert!(told.iter().filter(|sentence| sentence.starts_with("In disk")).count() == 1, "{told:?}");
    }
}
