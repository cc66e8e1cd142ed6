//! Memory mode with less memory than its working set: the curve between the two modes.
//!
//! The working set is the least budget with which everything stays in memory. Each point gives memory mode a part of that
//! as its budget; runs that do not fit go to files. A point is measured in the same rounds as everything else.
//!
//! It follows from what a run with a roomy budget held: sort buffers as far as they were filled, runs, and parsed input.
//! Half of a small budget is set aside for sort buffers, so that runs and parsed input must fit into the other half:
//!
//! ```text
//! ├──────── working set: 100 % ────────┤
//! │ sort buffers     │ runs, cache      │
//! ```

use serde::{Deserialize, Serialize};

use crate::measure::failure::{Failure, USAGE};
use crate::measure::mode::RunMode;
use crate::measure::plan::variant::Variant;
use crate::measure::run::Run;
use crate::observe::report::Report;
use crate::quantity::ByteSize;

/// Budget of 0 %, and the least of any point.
const LEAST_BUDGET_BYTES: u64 = 1 << 20;

/// The planned sweep.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sweep {
    /// The least budget with which everything stays in memory.
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
        let working_set_bytes = working_set_bytes(&memory_run.report);
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

/// The least budget with which a run like this one, whose budget was roomy, keeps everything in memory. Reports of earlier
/// versions tell only what it reserved, sort buffers in full among it.
fn working_set_bytes(report: &Report) -> u64 {
    let Some(held) = report.memory_by_purpose else { return report.peak_reserved_bytes };
    let kept = held.runs + held.cache;
    (held.sort_buffers + kept).max((2 * kept).min(report.peak_reserved_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::comparison::tests::run;
    use crate::observe::memory::MemoryUse;

    #[test]
    fn the_working_set_is_what_was_held_and_not_the_sort_buffers_that_were_reserved() {
        let working_set = |sort_buffers, runs, cache, reserved| {
            let mut report = run(RunMode::Memory, 1.0, "").report;
            let held = MemoryUse { sort_buffers, runs, cache, ..MemoryUse::default() };
            (report.memory_by_purpose, report.peak_reserved_bytes) = (Some(held), reserved);
            working_set_bytes(&report)
        };
        assert_eq!(working_set(6, 1, 0, 201), 7, "a small text");
        assert_eq!(working_set(1, 0, 160, 360), 320, "parsed input fits into half of the budget");
        assert_eq!(working_set(200, 1000, 0, 1200), 1200, "runs that are larger than all sort buffers");
    }

    #[test]
    fn a_budget_that_is_not_roomy_gives_no_working_set() {
        let mut spilled = run(RunMode::Memory, 1.0, "");
        spilled.report.counters.file_bytes_written = 1 << 20;
        let Err(Failure::Message(message, 2)) = Sweep::of(&spilled, &[0, 50], 4 << 20) else { panic!("accepted") };
        assert!(message.contains("with 4.00 MiB, 1.00 MiB went to files; raise --memory"), "{message}");
    }
}
