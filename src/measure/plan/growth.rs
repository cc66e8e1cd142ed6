//! The modes on larger inputs or with more iterations.
//!
//! A point is an amount of work (a size or a number of iterations); each mode runs at each point, in the same rounds as
//! everything else.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::measure::mode::RunMode;
use crate::measure::plan::variant::Variant;

/// The quantity that grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Axis {
    /// The input, in bytes.
    Scale,
    /// The iterations of the job's loop.
    Iterations,
}

/// The planned points along an axis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Growth {
    /// The quantity that grows.
    pub axis: Axis,
    /// The points, from the smallest amount to the largest.
    pub points: Vec<Point>,
}

/// An amount of work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Bytes of input, or iterations.
    pub amount: f64,
    /// A variant for each mode; at the scale of the comparison itself they are the modes'.
    pub variants: Vec<Variant>,
}

/// A part of a comparison's input that was made larger or smaller.
#[derive(Clone, Debug)]
pub struct ScaledInput {
    /// Its size, as a multiple of the default; 1 for the comparison's own.
    pub factor: f64,
    /// Its files.
    pub paths: Vec<PathBuf>,
    /// Its size.
    pub bytes: u64,
}

/// An input along the axis that is not the comparison's own.
#[derive(Clone, Debug, PartialEq)]
pub struct OtherInput {
    /// End of the names of its variants: ` ×4`.
    pub suffix: String,
    /// Its files.
    pub paths: Vec<PathBuf>,
    /// Its size.
    pub bytes: u64,
}

impl Growth {
    /// Each of the modes on each of the inputs.
    pub fn of_scale(modes: &[RunMode], inputs: &[ScaledInput]) -> Self {
        let point = |input: &ScaledInput| {
            let variant = |mode: &RunMode| {
                let own = input.factor == 1.0;
                let name = if own { mode.name().to_owned() } else { format!("{} ×{}", mode.name(), input.factor) };
                let inputs = if own { Vec::new() } else { input.paths.clone() };
                Variant { inputs, ..Variant::named(name, *mode) }
            };
            Point { amount: input.bytes as f64, variants: RunMode::once_each(modes).iter().map(variant).collect() }
        };
        Growth { axis: Axis::Scale, points: inputs.iter().map(point).collect() }
    }

    /// Each of the modes with each number of iterations.
    pub fn of_iterations(modes: &[RunMode], iterations: &[u32]) -> Self {
        let point = |iterations: &u32| {
            let variant = |mode: &RunMode| {
                let name = format!("{} {iterations} iterations", mode.name());
                Variant { words: vec![format!("--iterations={iterations}")], ..Variant::named(name, *mode) }
            };
            Point { amount: f64::from(*iterations), variants: RunMode::once_each(modes).iter().map(variant).collect() }
        };
        Growth { axis: Axis::Iterations, points: iterations.iter().map(point).collect() }
    }

    /// The variants to be run in each round, without those that are the modes themselves.
    pub fn variants(&self) -> impl Iterator<Item = &Variant> {
        let all = self.points.iter().flat_map(|point| &point.variants);
        all.filter(|variant| variant.name != variant.mode.name())
    }

    /// The inputs beside the comparison's own.
    pub fn scaled_inputs(&self) -> Vec<OtherInput> {
        let input = |point: &Point| {
            let variant = point.variants.iter().find(|variant| !variant.inputs.is_empty())?;
            let suffix = variant.name.strip_prefix(variant.mode.name())?.to_owned();
            Some(OtherInput { suffix, paths: variant.inputs.clone(), bytes: point.amount as u64 })
        };
        self.points.iter().filter_map(input).collect()
    }

    /// The first mode on one of them.
    pub fn variant_on(&self, other: &OtherInput) -> Option<&Variant> {
        self.variants().find(|variant| variant.inputs == other.paths)
    }
}
