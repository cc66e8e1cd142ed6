//! Names of the purposes of bytes in files.

use crate::observe::purpose::Purpose;

/// The name of a purpose, as people read it.
pub fn name(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Input => "input",
        Purpose::Sampling => "sampling the input",
        Purpose::Spill => "spilling",
        Purpose::Merge => "merging",
        Purpose::Shuffle => "shuffle",
        Purpose::BetweenJobs => "between jobs",
        Purpose::Output => "output",
        Purpose::Commands => "to commands and back",
        Purpose::Journal => "journal",
        Purpose::Other => "everything else",
    }
}
