//! One way of running the job: a column of the table, a step of the ladder, a point of the memory sweep.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::measure::mode::RunMode;
use crate::measure::path_text;
use crate::measure::settings::EngineColumn;

/// One way of running the job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variant {
    /// Its name among the others.
    pub name: String,
    /// Its mode.
    pub mode: RunMode,
    /// Settings beyond its mode, as words of the command line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<String>,
    /// Its input, where that is not the comparison's.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "path_text")]
    pub inputs: Vec<PathBuf>,
    /// Its memory budget, where that is not the comparison's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// Its workers, where they are not as many as the comparison's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workers: Option<usize>,
    /// Whether an engine runs its tasks.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub apart: bool,
    /// The name of the variant that differs from it only by the faults that the comparison injects, which this one is
    /// spared. Its input is cut into the same splits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spared_twin_of: Option<String>,
}

impl Variant {
    /// A mode without further settings.
    pub fn named(name: String, mode: RunMode) -> Self {
        Variant {
            name,
            mode,
            words: Vec::new(),
            inputs: Vec::new(),
            memory_bytes: None,
            workers: None,
            apart: false,
            spared_twin_of: None,
        }
    }

    /// The column of an engine.
    pub fn of_engine(engine: &EngineColumn) -> Self {
        Variant { words: engine.words.clone(), apart: true, ..Variant::named(engine.name.clone(), engine.mode) }
    }

    /// Its computation, as far as that differs from the comparison's own job: variants with the same computation must
    /// have the same output.
    pub fn work(&self) -> (&[PathBuf], Option<&String>) {
        (&self.inputs, self.words.iter().find(|word| word.starts_with("--iterations=")))
    }

    /// The framework's modes, each once, with 1, 2, 4… workers below `workers`, to find how many beat one thread.
    pub fn with_fewer_workers(modes: &[RunMode], workers: usize) -> Vec<Variant> {
        let counts = || std::iter::successors(Some(1), |count| Some(count * 2)).take_while(|fewer| *fewer < workers);
        let with = |mode: RunMode, fewer: usize| {
            let noun = if fewer == 1 { "worker" } else { "workers" };
            Variant { workers: Some(fewer), ..Variant::named(format!("{} with {fewer} {noun}", mode.name()), mode) }
        };
        let frameworks = RunMode::once_each(modes).into_iter().filter(|mode| *mode != RunMode::Reference);
        frameworks.flat_map(|mode| counts().map(move |fewer| with(mode, fewer))).collect()
    }

    /// Each mode of the framework, and beside it the same without faults, to see their cost.
    pub fn with_spared_twins(modes: Vec<Variant>) -> Vec<Variant> {
        let both = |variant: Variant| {
            let name = format!("{} without faults", variant.name);
            let twin = Variant { name, spared_twin_of: Some(variant.name.clone()), ..variant.clone() };
            let twin = (variant.mode != RunMode::Reference).then_some(twin);
            [variant].into_iter().chain(twin)
        };
        modes.into_iter().flat_map(both).collect()
    }

    /// Whether a difference between the two says something: they differ in faults or in something else, not in both.
    pub fn is_compared_with(&self, other: &Variant) -> bool {
        let are_twins = |twin: &Variant, of: &Variant| twin.spared_twin_of.as_ref() == Some(&of.name);
        let both_alike = self.spared_twin_of.is_some() == other.spared_twin_of.is_some();
        both_alike || are_twins(self, other) || are_twins(other, self)
    }

    /// The modes as they were named; one that is named again gets a number.
    pub fn of_modes(modes: &[RunMode]) -> Vec<Variant> {
        let name = |i: usize| {
            let mode: RunMode = modes[i];
            match 1 + modes[..i].iter().filter(|earlier| **earlier == mode).count() {
                1 => mode.name().to_owned(),
                number => format!("{} ({number})", mode.name()),
            }
        };
        let variant = |i| Variant::named(name(i), modes[i]);
        (0..modes.len()).map(variant).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_workers_are_powers_of_two() {
        let modes = [RunMode::Memory, RunMode::Reference, RunMode::Memory];
        let names =
            |workers| Variant::with_fewer_workers(&modes, workers).into_iter().map(|v| v.name).collect::<Vec<_>>();
        assert_eq!(names(4), ["memory with 1 worker", "memory with 2 workers"]);
        assert!(names(1).is_empty());
    }

    #[test]
    fn a_mode_without_faults_stands_beside_the_same_with_them() {
        let modes = Variant::of_modes(&[RunMode::Disk, RunMode::Memory, RunMode::Reference, RunMode::Disk]);
        let variants = Variant::with_spared_twins(modes);
        let names: Vec<_> = variants.iter().map(|variant| variant.name.as_str()).collect();
        let expected = ["disk", "disk without faults", "memory", "memory without faults", "reference", "disk (2)"];
        assert_eq!(names[..6], expected);
        let compared = |a: usize, b: usize| variants[a].is_compared_with(&variants[b]);
        assert!(compared(0, 1) && compared(0, 2) && compared(1, 3) && compared(2, 4));
        assert!(!compared(0, 3) && !compared(1, 2) && !compared(1, 5), "two things differ");
    }

    #[test]
    fn a_mode_may_be_named_again() {
        let variants = Variant::of_modes(&[RunMode::Memory, RunMode::Disk, RunMode::Memory]);
        assert_eq!(variants.iter().map(|v| v.name.as_str()).collect::<Vec<_>>(), ["memory", "disk", "memory (2)"]);
    }
}
