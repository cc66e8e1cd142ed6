//! All differences of a comparison that have an explanation, in the order in which they are told.

use crate::measure::analysis::cause::Explanation;
use crate::measure::analysis::cost::Costs;
use crate::measure::analysis::ladder::LargestStep;
use crate::measure::analysis::pairs::{Pair, of_modes, of_references};
use crate::measure::analysis::sweep;
use crate::measure::comparison::Comparison;
use crate::measure::plan::variant::Variant;

/// The explanations: of the modes, the reference, too little memory, faults, cluster frameworks, and the ladder's largest
/// step.
pub fn explanations(comparison: &Comparison) -> Vec<Explanation> {
    let pairs = of_modes(comparison).into_iter().chain(of_references(comparison)).chain(sweep::ends(comparison));
    let rivals = Costs::of(comparison).map_or(Vec::new(), |costs| costs.rivals);
    let step = LargestStep::of(comparison).and_then(|step| step.explanation);
    let of_pairs = pairs.chain(twins(comparison)).filter_map(|pair| pair.explanation(comparison));
    of_pairs.chain(rivals.into_iter().filter_map(|rivals| rivals.explanation)).chain(step).collect()
}

/// Each mode with faults, and the same without.
fn twins(comparison: &Comparison) -> impl Iterator<Item = Pair> {
    let pair = |twin: &Variant| {
        let with = comparison.column_named(twin.spared_twin_of.as_ref()?)?;
        Pair::of(comparison, &with, &comparison.column(twin)?)
    };
    comparison.modes.iter().filter_map(pair)
}
