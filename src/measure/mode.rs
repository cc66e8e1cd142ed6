//! The ways of running a job that a comparison has a column for.

use serde::{Deserialize, Serialize};

use crate::config::Mode;

/// A column of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunMode {
    /// Hadoop's way: intermediates lie in files.
    Disk,
    /// Spark's way: intermediates stay in memory.
    Memory,
    /// One thread without the framework.
    Reference,
}

impl RunMode {
    /// All of them, in the order of a comparison that names none.
    pub const ALL: [RunMode; 3] = [RunMode::Disk, RunMode::Memory, RunMode::Reference];

    /// The name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            RunMode::Disk => Mode::Disk.name(),
            RunMode::Memory => Mode::Memory.name(),
            RunMode::Reference => "reference",
        }
    }

    /// The mode of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == name)
    }

    /// The mode of the framework. The reference takes its settings from memory mode.
    pub fn framework(self) -> Mode {
        match self {
            RunMode::Disk => Mode::Disk,
            RunMode::Memory | RunMode::Reference => Mode::Memory,
        }
    }

    /// Each of these once, in the order in which they come first.
    pub fn once_each(modes: &[RunMode]) -> Vec<RunMode> {
        let mut once = Vec::new();
        for mode in modes {
            if !once.contains(mode) {
                once.push(*mode);
            }
        }
        once
    }
}
