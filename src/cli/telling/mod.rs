//! Results in words and tables.

pub mod cause;
pub mod claims;
pub mod cost;
pub mod fact;
pub mod growth;
pub mod ladder;
pub mod lessons;
pub mod machine;
pub mod modes;
pub mod noise;
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

/// Every sentence of the result, in the order in which they are told.
pub fn facts(comparison: &Comparison) -> Vec<Fact> {
    let noise = noise::busy(comparison).map(|text| Fact::new("the machine", text));
    let answers = tools::answers(comparison).into_iter().map(|text| Fact::new("other programs", text));
    let growths = comparison.growths.iter().filter_map(|growth| growth::fact(&Grown::of(growth, comparison)?));
    let first = noise.into_iter().chain(verdict::facts(comparison)).chain(answers);
    let asked = ladder::facts(comparison).into_iter().chain(sweep::facts(comparison)).chain(growths);
    first.chain(asked).chain(roofline::fact(comparison)).collect()
}
