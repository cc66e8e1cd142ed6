//! The laws, and the pairs of runs by which they are checked.

use std::fmt;

use crate::check::outcome::Same;
use crate::config::{Combining, Mode};

/// Whether the order of an input's lines makes a difference to the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LineOrder {
    /// It may.
    #[default]
    Matters,
    /// It makes none: the output has the same lines, perhaps in another order.
    Free,
    /// It makes none below the first line of each file, which is a header.
    FreeBelowHeader,
}

/// A law that the code of a job must keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Law {
    /// The same run gives the same bytes each time.
    Repeatable,
    /// All records of a key go to one reducer.
    OneReducerAKey,
    /// A reducer's output for a key depends on the values of the key alone.
    KeysAlone,
    /// A mapper's output for a record depends on the record alone.
    RecordsAlone,
    /// Memory and disk mode give the same bytes.
    Modes,
    /// The order of the lines makes no difference, where the job says so.
    LineOrder,
    /// A combiner may be called any number of times, or never.
    Combiner,
    /// The reference gives the same bytes.
    Reference,
}

impl Law {
    /// Every law, in the order in which they are checked.
    pub const ALL: [Law; 8] = [
        Law::Repeatable,
        Law::OneReducerAKey,
        Law::KeysAlone,
        Law::RecordsAlone,
        Law::Modes,
        Law::LineOrder,
        Law::Combiner,
        Law::Reference,
    ];

    /// The law as a sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Law::Repeatable => "the same run gives the same bytes each time",
            Law::OneReducerAKey => "all records of a key go to one reducer",
            Law::KeysAlone => "a reducer's output for a key depends on the values of that key alone",
            Law::RecordsAlone => "a mapper's output for a record depends on that record alone",
            Law::Modes => "memory mode and disk mode give the same bytes",
            Law::LineOrder => "the order of the input's lines makes no difference",
            Law::Combiner => "a combiner may be called any number of times, or never",
            Law::Reference => "the job gives the same bytes as its reference",
        }
    }

    /// The usual cause where it is broken.
    pub fn usual_cause(self) -> &'static str {
        match self {
            Law::Repeatable => "the order of a hash map, the time or chance has got into the output",
            Law::OneReducerAKey => "the partitioner looks at more than the key, or at more of it than makes a group",
            Law::KeysAlone => {
                "the reducer keeps something from one key to the next, or takes its partition for all the keys"
            }
            Law::RecordsAlone => {
                "the mapper keeps something from one record to the next, or takes its split for the whole input"
            }
            Law::Modes => "a key or a value is not what its bytes give back",
            Law::LineOrder => "the reducer relies on the order of a key's values, which is not promised",
            Law::Combiner => {
                "what it makes of two values is not one value that stands for both: a mean does not, a sum and a count \
                 do"
            }
            Law::Reference => "one of the two has another idea of the job",
        }
    }
}

/// The lines of the input in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lines {
    /// As they are given.
    AsGiven,
    /// From the last to the first.
    Reversed,
    /// In an order made by chance.
    Shuffled,
}

/// One way of running a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
pub struct Variant {
    /// On the framework in this mode; `None` for the reference.
    pub mode: Option<Mode>,
    /// Splits of the input, about.
    pub splits: u64,
    /// Reduce tasks.
    pub reducers: u32,
    /// Whether the combiner is used.
    pub combining: Combining,
    /// The order of the input's lines.
    pub lines: Lines,
}

impl Variant {
    /// The plainest run.
    pub const PLAIN: Variant = Variant {
        mode: Some(Mode::Memory),
        splits: 1,
        reducers: 1,
        combining: Combining::Never,
        lines: Lines::AsGiven,
    };
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = |n: u64| if n == 1 { "" } else { "s" };
        let Variant { splits, reducers, .. } = self;
        match self.mode {
            None => return write!(f, "reference, {reducers} part{}", plural((*reducers).into())),
            Some(mode) => write!(f, "{}, {splits} split{}", mode.name(), plural(*splits))?,
        }
        write!(f, ", {reducers} reducer{}", plural((*reducers).into()))?;
        f.write_str(match self.combining {
            Combining::Never => ", no combiner",
            Combining::WhereGiven => "",
        })?;
        f.write_str(match self.lines {
            Lines::AsGiven => "",
            Lines::Reversed => ", lines reversed",
            Lines::Shuffled => ", lines shuffled",
        })
    }
}

/// Two runs that differ in one thing, and the law that is broken where their outputs differ.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub law: Law,
    pub one: Variant,
    pub other: Variant,
}

impl Step {
    /// Whether there is nothing to see unless the job has a combiner.
    pub fn needs_a_combiner(&self) -> bool {
        self.law == Law::Combiner
    }

    /// What the outputs must have in common.
    pub fn same(&self) -> Same {
        match self.law {
            Law::OneReducerAKey | Law::KeysAlone | Law::LineOrder => Same::Lines,
            Law::Reference => Same::Joined,
            Law::Repeatable => Same::Bytes,
            Law::RecordsAlone | Law::Modes | Law::Combiner => Same::Files,
        }
    }
}

const COUNTS: [u32; 3] = [1, 2, 7];

/// The pairs of runs that are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Thoroughness {
    /// Each setting is varied in every combination of the others.
    #[default]
    Full,
    /// Each setting is varied in two combinations of the others: about a third of the runs.
    Quick,
}

impl Thoroughness {
    fn takes(self, step: &Step) -> bool {
        let Variant { splits, reducers, .. } = step.other;
        match (self, step.law) {
            (Thoroughness::Full, _) | (_, Law::Repeatable | Law::LineOrder | Law::Reference) => true,
            (_, Law::OneReducerAKey | Law::KeysAlone) => splits == 1,
            (_, Law::RecordsAlone) => reducers != 2,
            (_, Law::Modes | Law::Combiner) => (splits, reducers) == (1, 1) || (splits, reducers) == (7, 7),
        }
    }
}

/// The steps in their order. The first run of each was made in an earlier step, so that a law that is broken is found
/// by the step that changes nothing else.
pub(super) fn steps(order: LineOrder, has_reference: bool, thoroughness: Thoroughness) -> Vec<Step> {
    let plain = Variant::PLAIN;
    let mut steps = vec![Step { law: Law::Repeatable, one: plain, other: plain }];
    let step = |law, one, other| Step { law, one, other };
    for mode in [Mode::Memory, Mode::Disk] {
        for splits in COUNTS.map(u64::from) {
            for reducers in COUNTS {
                let other = Variant { mode: Some(mode), splits, reducers, ..plain };
                if mode == Mode::Disk {
                    steps.push(step(Law::Modes, Variant { mode: plain.mode, ..other }, other));
                } else if splits > 1 {
                    steps.push(step(Law::RecordsAlone, Variant { splits: 1, ..other }, other));
                } else if reducers > 1 {
                    steps.push(step(Law::KeysAlone, Variant { reducers: 1, ..other }, other));
                }
            }
        }
    }
    if order != LineOrder::Matters {
        for lines in [Lines::Reversed, Lines::Shuffled] {
            steps.push(step(Law::LineOrder, plain, Variant { lines, ..plain }));
        }
    }
    for mode in [Mode::Memory, Mode::Disk] {
        for splits in COUNTS.map(u64::from) {
            for reducers in COUNTS {
                let one = Variant { mode: Some(mode), splits, reducers, ..plain };
                steps.push(step(Law::Combiner, one, Variant { combining: Combining::WhereGiven, ..one }));
            }
        }
    }
    if has_reference {
        for reducers in COUNTS {
            let one = Variant { reducers, ..plain };
            steps.push(step(Law::Reference, one, Variant { mode: None, ..one }));
        }
    }
    steps.retain(|step| thoroughness.takes(step));
    steps
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_combination_is_run_and_compared_with_one_that_was_run_before() {
        let mut run = HashSet::from([Variant::PLAIN]);
        for step in steps(LineOrder::Free, true, Thoroughness::Full) {
            assert!(run.contains(&step.one), "{} and {}", step.one, step.other);
            run.insert(step.other);
        }
        assert_eq!(run.len(), 2 * 3 * 3 * 2 + 2 + 3);
    }
}
