//! From the disk preset to the memory preset one factor at a time, so that each factor has its part of the gap.
//!
//! ```text
//! disk ──map_output=memory──▶ ──between_jobs=memory──▶ ──invariant=cached──▶ memory
//! ```
//!
//! The first and the last step are the modes themselves. A factor that a job has no use for (between jobs, where there is
//! one job; an invariant input, where there is no loop) is no step: the program would be the same one. Grouping is the same
//! in both presets. Steps are measured in the same rounds as everything else.

use serde::{Deserialize, Serialize};

use crate::config::{Factors, Mode};
use crate::measure::mode::RunMode;
use crate::measure::plan::variant::Variant;
use crate::measure::run::Run;

/// A choice that differs between the presets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Factor {
    /// `--map-output`
    MapOutput,
    /// `--between-jobs`
    BetweenJobs,
    /// `--invariant`
    Invariant,
}

impl Factor {
    /// The order of the steps: that of the data flow.
    pub const ALL: [Factor; 3] = [Factor::MapOutput, Factor::BetweenJobs, Factor::Invariant];

    /// The flag, without its dashes.
    pub fn flag(self) -> &'static str {
        match self {
            Factor::MapOutput => "map-output",
            Factor::BetweenJobs => "between-jobs",
            Factor::Invariant => "invariant",
        }
    }

    /// The values in the two presets: disk, memory.
    pub fn values(self) -> [&'static str; 2] {
        match self {
            Factor::MapOutput | Factor::BetweenJobs => ["disk", "memory"],
            Factor::Invariant => ["reread", "cached"],
        }
    }

    /// Sets it in `factors` as the mode has it.
    pub fn set(self, factors: &mut Factors, mode: Mode) {
        let preset = Factors::from(mode);
        match self {
            Factor::MapOutput => factors.map_output = preset.map_output,
            Factor::BetweenJobs => factors.between_jobs = preset.between_jobs,
            Factor::Invariant => factors.invariant = preset.invariant,
        }
    }

    fn word(self) -> String {
        format!("--{}={}", self.flag(), self.values()[1])
    }

    /// Reason why a job has no use for it, if it has none.
    fn void_in(self, run: &Run) -> Option<&'static str> {
        match self {
            Factor::MapOutput if run.report.reducers == 0 => Some("no reducers"),
            Factor::BetweenJobs if !run.is_chain() => Some("one job"),
            Factor::Invariant if run.report.iterations.is_empty() => Some("no loop"),
            _ => None,
        }
    }
}

/// The planned ladder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ladder {
    /// The steps, from the disk preset on.
    pub steps: Vec<Step>,
    /// The variants beyond the modes.
    pub variants: Vec<Variant>,
}

/// A factor that is changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The factor.
    pub factor: Factor,
    /// Reason why it changes nothing, where it does not.
    pub void: Option<String>,
    /// The variant that has taken it.
    pub variant: String,
}

impl Ladder {
    /// The steps for a job of which this is a run in disk mode.
    pub fn of(disk_run: &Run) -> Self {
        let last = Factor::ALL.iter().rposition(|factor| factor.void_in(disk_run).is_none());
        let mut ladder = Ladder::default();
        let (mut variant, mut words) = (RunMode::Disk.name().to_owned(), Vec::new());
        for (i, factor) in Factor::ALL.into_iter().enumerate() {
            words.push(factor.word());
            let void = factor.void_in(disk_run);
            if Some(i) == last {
                variant = RunMode::Memory.name().to_owned();
            } else if void.is_none() {
                variant = format!("disk {}", words.join(" "));
                let (name, words) = (variant.clone(), words.clone());
                ladder.variants.push(Variant { words, ..Variant::named(name, RunMode::Disk) });
            }
            ladder.steps.push(Step { factor, void: void.map(str::to_owned), variant: variant.clone() });
        }
        ladder
    }
}
