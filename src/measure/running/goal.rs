//! What rounds are made for: they go on until each of its queries is settled, or the time is spent.

use crate::measure::analysis::verdict::Verdict;
use crate::measure::comparison::Comparison;
use crate::measure::plan::variant::Variant;

/// One thing that is to be known.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// The names of everything that must run for it.
    pub on: Vec<String>,
    /// Whether it is known.
    pub is_settled: bool,
    /// About so many more rounds would settle it; `None` where no reasonable number would.
    pub rounds_to_settle: Option<usize>,
}

/// What is to be known of a comparison.
pub trait Goal {
    /// Whether runs under this name are what rounds are made for. Others are guests.
    fn is_on(&self, comparison: &Comparison, name: &str) -> bool;

    /// What the rounds so far say of each query.
    fn queries(&self, comparison: &Comparison) -> Vec<Query>;

    /// Whether a mode with fewer workers is to run beside other programs.
    fn is_for_fewer_workers(&self, _variant: &Variant) -> bool {
        true
    }
}

/// The verdict on each pair of modes.
#[derive(Clone, Copy, Debug)]
pub struct EachPair;

impl Goal for EachPair {
    fn is_on(&self, comparison: &Comparison, name: &str) -> bool {
        comparison.modes.iter().any(|mode| mode.name == name)
    }

    fn queries(&self, comparison: &Comparison) -> Vec<Query> {
        let query = |verdict: Verdict| Query {
            is_settled: verdict.is_settled(),
            rounds_to_settle: verdict.runs_to_decide,
            on: vec![verdict.a, verdict.b],
        };
        comparison.verdicts().into_iter().map(query).collect()
    }
}
