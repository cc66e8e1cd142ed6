//! The machine of the runs, in a line.

use crate::cli::figures::{bytes, counted};
use crate::machine::Machine;
use crate::measure::comparison::Comparison;

/// The machine of a comparison; empty before its first run.
pub fn line(comparison: &Comparison) -> String {
    let Some(Machine { cpus, cpu_model, memory_bytes, filesystem, kernel }) = comparison.machine() else {
        return String::new();
    };
    let (cpus, memory) = (counted(*cpus as u64, "processor"), bytes(*memory_bytes));
    format!("{cpus} ({cpu_model}), {memory}, {filesystem}, Linux {kernel}")
}
