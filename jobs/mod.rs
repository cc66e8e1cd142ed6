//! The jobs that come with twinmill, one file each. They see only the public API, so each is an example of how to write one.
//!
//! A new job is a file here and a line in [`all`].

mod components;
mod edges;
mod fields;
mod grep;
mod guess;
mod kmeans;
mod labels;
mod logreg;
mod pagerank;
mod rows;
mod scaling;
mod shown;
mod sort;
mod sums;
mod terasort;
mod terasort_validate;
mod wordcount;

use twinmill::program::AnyProgram;

/// The jobs, in the order of `twinmill list`.
pub fn all() -> Vec<Box<dyn AnyProgram>> {
    vec![
        Box::new(wordcount::WordCount),
        Box::new(grep::Grep),
        Box::new(sort::Sort),
        Box::new(terasort::Terasort),
        Box::new(terasort_validate::TerasortValidate),
        Box::new(pagerank::PageRank),
        Box::new(components::Components),
        Box::new(logreg::LogisticRegression),
        Box::new(kmeans::KMeans),
    ]
}

/// Reads how little change counts as none.
fn tolerance(text: &str) -> Result<f64, String> {
    let value = text.parse().ok().filter(|value: &f64| value.is_finite() && *value >= 0.0);
    value.ok_or_else(|| "must be a number, at least 0".into())
}
