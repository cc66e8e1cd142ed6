//! The result of a comparison on standard output.

use crate::cli::telling::{further_tables, modes, noise, verdict};
use crate::cli::terminal::to_stdout;
use crate::measure::comparison::Comparison;
use crate::measure::failure::Failure;

/// Prints the tables and the verdict; a busy machine comes first.
///
/// # Errors
/// [`Failure::Library`] where standard output cannot be written.
pub fn print(comparison: &Comparison) -> Result<(), Failure> {
    to_stdout(|out| {
        for text in noise::busy(comparison).into_iter().chain([modes::render(comparison)]) {
            writeln!(out, "{text}")?;
        }
        for table in further_tables(comparison) {
            writeln!(out, "{table}")?;
        }
        for sentence in verdict::sentences(comparison) {
            writeln!(out, "{sentence}")?;
        }
        let identical = if comparison.outputs_identical() { "yes" } else { "NO" };
        writeln!(out, "outputs identical: {identical} ({})", comparison.digests().join(", "))?;
        match comparison.alternatives_agree() {
            None => Ok(()),
            Some(true) => writeln!(out, "answers of the alternatives: equal"),
            Some(false) => writeln!(out, "answers of the alternatives: THEY DIFFER"),
        }
    })
}
