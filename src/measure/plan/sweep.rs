//! Memory mode with less memory than its working set: the curve between the two modes.
//!
//! The working set is the memory that memory mode reserves when its budget is roomy. Each point gives it a part of that
//! as its budget; runs that do not fit go to files. A point is measured in the same rounds as everything else.

use serde::{Deserialize, Serialize};

use crate::measure::failure::{Failure, USAGE};
use crate::measure::mode::RunMode;
use crate::measure::plan::variant::Variant;
use crate::measure::run::Run;
use crate::quantity::ByteSize;

/// Budget of 0 %, and the least of any point.
const LEAST_BUDGET_BYTES: u64 = 1 << 20;

/// The planned sweep.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sweep {
    /// Bytes that memory mode reserves when its budget is roomy.
    pub working_set_bytes: u64,
    /// The points, from the least memory to the most.
    pub points: Vec<Point>,
}

/// A budget of memory mode.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// Per cent of the working set.
    pub percent: u32,
    /// The same in bytes.
    pub budget_bytes: u64,
    /// The variant that runs.
    pub variant: Variant,
}

impl Sweep {
    /// The points of these percentages for a job of which this is a run in memory mode with a budget of `memory_bytes`.
    ///
    /// # Errors
    /// [`Failure::Message`] where that budget was no roomy one.
    pub fn of(memory_run: &Run, percents: &[u32], memory_bytes: u64) -> Result<Self, Failure> {
        let spilled = memory_run.report.counters.file_bytes_written;
        if spilled > 0 {
            let message = format!(
                "--memory-sweep needs a budget that holds everything: with {}, {} went to files; raise --memory",
                ByteSize(memory_bytes),
                ByteSize(spilled)
            );
            return Err(Failure::Message(message, USAGE));
        }
        let working_set_bytes = memory_run.report.peak_reserved_bytes;
        let point = |percent: u32| {
            let share = (u128::from(working_set_bytes) * u128::from(percent)).div_ceil(100) as u64;
            let budget_bytes = share.max(LEAST_BUDGET_BYTES);
            let name = format!("memory at {percent} %");
            let variant = Variant { memory_bytes: Some(budget_bytes), ..Variant::named(name, RunMode::Memory) };
            Point { percent, budget_bytes, variant }
        };
        Ok(Sweep { working_set_bytes, points: percents.iter().map(|percent| point(*percent)).collect() })
    }

    /// The points, to be run in each round.
    pub fn variants(&self) -> impl Iterator<Item = &Variant> {
        self.points.iter().map(|point| &point.variant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::comparison::tests::run;

    #[test]
    fn a_budget_that_is_not_roomy_gives_no_working_set() {
        let mut spilled = run(RunMode::Memory, 1.0, "");
        spilled.report.counters.file_bytes_written = 1 << 20;
        let Err(Failure::Message(message, 2)) = Sweep::of(&spilled, &[0, 50], 4 << 20) else { panic!("accepted") };
        assert!(message.contains("with 4.00 MiB, 1.00 MiB went to files; raise --memory"), "{message}");
    }
}
