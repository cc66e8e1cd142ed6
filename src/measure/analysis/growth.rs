//! The modes on larger inputs or with more iterations: the point from which one wins, and the growth of each.
//!
//! Times over sizes are fitted by a power of the size, least squares on logarithms; times over iterations by a part that is
//! paid once and a part for each iteration, least squares.

use serde::{Deserialize, Serialize};

use crate::measure::column::Column;
use crate::measure::comparison::Comparison;
use crate::measure::mode::RunMode;
use crate::measure::paired::Estimate;
use crate::measure::plan::growth::{Axis, Growth, Point};
use crate::measure::statistics::line;

/// A growth as it was measured: an entry of `growths` in a report.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Grown {
    /// The quantity that grows.
    pub axis: Axis,
    /// The points, from the smallest amount to the largest.
    pub points: Vec<GrownPoint>,
    /// The growth of each mode.
    pub fits: Vec<ModeFit>,
}

/// An amount of work, and the time of each mode for it.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct GrownPoint {
    /// Bytes of input, or iterations.
    pub amount: f64,
    /// Each mode.
    pub modes: Vec<ModePoint>,
    /// The first mode of the framework against the second.
    pub ratio: Option<PointRatio>,
}

/// A mode at a point.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ModePoint {
    /// The mode.
    pub mode: RunMode,
    /// The variant that ran.
    pub variant: String,
    /// Its time.
    pub median_seconds: f64,
    /// The interval of the median.
    pub ci95_seconds: (f64, f64),
    /// Bytes to intermediate files.
    pub file_bytes_written: Option<f64>,
    /// Peak resident size.
    pub peak_rss_bytes: f64,
}

/// The ratio of the times of two modes.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct PointRatio {
    /// The first mode.
    pub of: RunMode,
    /// The other.
    pub to: RunMode,
    /// The ratio.
    #[serde(flatten)]
    pub estimate: Estimate,
}

/// The growth of a mode; `None` where there is only one point.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct ModeFit {
    /// The mode.
    pub mode: RunMode,
    /// Its curve.
    #[serde(flatten)]
    pub fit: Option<Fit>,
}

/// A curve through the times of a mode.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum Fit {
    /// `time ∝ amount ^ exponent`
    Power {
        /// 1 where twice the amount takes twice the time.
        exponent: f64,
    },
    /// `time = once + each × amount`
    Line {
        /// Seconds whatever the amount.
        once_seconds: f64,
        /// Seconds an iteration.
        iteration_seconds: f64,
    },
}

/// The mode of two that is ahead at the end, beyond noise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Winner {
    /// The faster one.
    pub ahead: RunMode,
    /// The slower one.
    pub behind: RunMode,
    /// The amount from which on it is; `None` where it is everywhere.
    pub since: Option<f64>,
}

/// The point up to which one thread is no slower than the framework.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AloneUntil {
    /// To the last point.
    Everywhere,
    /// To this amount.
    Amount(f64),
}

impl Grown {
    /// One growth of a comparison; `None` before the first round is complete.
    pub fn of(growth: &Growth, comparison: &Comparison) -> Option<Self> {
        let modes = RunMode::once_each(&comparison.settings.modes);
        let points =
            growth.points.iter().map(|point| GrownPoint::of(point, &modes, comparison)).collect::<Option<_>>()?;
        let mut grown = Grown { axis: growth.axis, points, fits: Vec::new() };
        // Without a ratio everywhere there is no winner anywhere.
        if grown.points.iter().any(|point| point.ratio.is_none()) {
            grown.points.iter_mut().for_each(|point| point.ratio = None);
        }
        grown.fits = modes.into_iter().map(|mode| ModeFit { mode, fit: grown.fit(mode) }).collect();
        Some(grown)
    }

    fn times(&self, mode: RunMode) -> Vec<(f64, f64)> {
        self.points.iter().filter_map(|point| Some((point.amount, point.of_mode(mode)?.median_seconds))).collect()
    }

    fn fit(&self, mode: RunMode) -> Option<Fit> {
        let times = self.times(mode);
        match self.axis {
            Axis::Scale => {
                let logs: Vec<_> = times.iter().map(|(amount, time)| (amount.ln(), time.ln())).collect();
                line(&logs).map(|(_, exponent)| Fit::Power { exponent })
            }
            Axis::Iterations => {
                line(&times).map(|(once_seconds, iteration_seconds)| Fit::Line { once_seconds, iteration_seconds })
            }
        }
    }

    /// The two modes of the framework that are compared at each point, where there are two.
    pub fn compared(&self) -> Option<(RunMode, RunMode)> {
        self.points.first()?.ratio.map(|ratio| (ratio.of, ratio.to))
    }

    /// The mode of the two that is ahead at the last point, and from which point on; `None` where neither is.
    pub fn winner(&self) -> Option<Winner> {
        let ahead = |point: &GrownPoint| {
            let PointRatio { of, to, estimate } = point.ratio?;
            let (low, high) = estimate.ci95?;
            (low > 1.0 || high < 1.0).then_some(if estimate.value > 1.0 { to } else { of })
        };
        let winners: Vec<_> = self.points.iter().map(ahead).collect();
        let winner = (*winners.last()?)?;
        let (first, second) = self.compared()?;
        let since = winners.iter().rposition(|other| *other != Some(winner)).map(|i| self.points[i + 1].amount);
        Some(Winner { ahead: winner, behind: if winner == first { second } else { first }, since })
    }

    /// The mode with the cheaper iterations, and the number of iterations after which it has paid for itself, by the
    /// fitted lines.
    pub fn paid_for_after(&self) -> Option<(RunMode, f64)> {
        let line = |mode| match self.fits.iter().find(|fit| fit.mode == mode)?.fit? {
            Fit::Line { once_seconds, iteration_seconds } => Some((once_seconds, iteration_seconds)),
            Fit::Power { .. } => None,
        };
        let (first, second) = self.compared()?;
        let ((once_a, each_a), (once_b, each_b)) = (line(first)?, line(second)?);
        let (cheaper, at) = (if each_a < each_b { first } else { second }, (once_b - once_a) / (each_a - each_b));
        (at.is_finite() && at > 1.0).then(|| (cheaper, at.ceil()))
    }

    /// The amount from which on memory mode uses files.
    pub fn spills_from(&self) -> Option<f64> {
        let spills = |point: &&GrownPoint| {
            point.of_mode(RunMode::Memory).and_then(|memory| memory.file_bytes_written).is_some_and(|bytes| bytes > 0.0)
        };
        self.points.iter().find(spills).map(|point| point.amount)
    }

    /// The point up to which one thread is no slower than the framework, if there is one.
    pub fn alone_until(&self) -> Option<AloneUntil> {
        let enough = |point: &&GrownPoint| {
            let others = point.modes.iter().filter(|mode| mode.mode != RunMode::Reference);
            let fastest = others.map(|mode| mode.median_seconds).fold(f64::INFINITY, f64::min);
            point.of_mode(RunMode::Reference).is_some_and(|alone| fastest >= alone.median_seconds)
        };
        match self.points.iter().take_while(enough).count() {
            0 => None,
            all if all == self.points.len() => Some(AloneUntil::Everywhere),
            some => Some(AloneUntil::Amount(self.points[some - 1].amount)),
        }
    }
}

impl GrownPoint {
    fn of(point: &Point, modes: &[RunMode], comparison: &Comparison) -> Option<Self> {
        let variant = |mode: RunMode| point.variants.iter().find(|variant| variant.mode == mode);
        let measured = |mode: &RunMode| Some(ModePoint::of(comparison.column(variant(*mode)?)?));
        let mut frameworks = modes.iter().copied().filter(|mode| *mode != RunMode::Reference);
        let ratio = frameworks.next().zip(frameworks.next()).and_then(|(of, to)| {
            let estimate = comparison.ratio(&variant(of)?.name, &variant(to)?.name)?;
            Some(PointRatio { of, to, estimate })
        });
        Some(GrownPoint { amount: point.amount, modes: modes.iter().map(measured).collect::<Option<_>>()?, ratio })
    }

    /// A mode at this point, if it is one of those that are compared.
    pub fn of_mode(&self, mode: RunMode) -> Option<&ModePoint> {
        self.modes.iter().find(|measured| measured.mode == mode)
    }
}

impl ModePoint {
    fn of(column: Column) -> Self {
        ModePoint {
            mode: column.mode,
            median_seconds: column.time.median,
            ci95_seconds: column.time.ci95,
            file_bytes_written: column.framework.as_ref().map(|parts| parts.file_written_bytes),
            peak_rss_bytes: column.peak_rss_bytes,
            variant: column.name,
        }
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::measure::comparison::tests::run;
    use crate::measure::plan::growth::ScaledInput;
    use crate::measure::settings::tests::settings;

    /// The default input made so many times as large, 1 MiB at 1.
    pub fn input(factor: f64) -> ScaledInput {
        ScaledInput { factor, paths: vec!["x".into()], bytes: (factor * 1048576.0) as u64 }
    }

    /// Three rounds of which each mode takes these times along the axis.
    pub fn measured(growth: &Growth, times: [&[f64]; 3]) -> Comparison {
        let mut comparison = Comparison::new(settings(&RunMode::ALL), Vec::new());
        for round in 0..3 {
            for (i, point) in growth.points.iter().enumerate() {
                for (variant, times) in point.variants.iter().zip(times) {
                    let seconds = times[i] * (1.0 + 0.01 * f64::from(round));
                    let mut run = run(variant.mode, seconds, "xxh3:1");
                    run.report.counters.file_bytes_written = 0;
                    comparison.add(run, &variant.name, round);
                }
            }
        }
        comparison
    }

    #[test]
    fn the_size_from_which_a_mode_wins_is_found() {
        let growth = Growth::of_scale(&RunMode::ALL, &[input(1.0), input(4.0), input(16.0)]);
        assert_eq!(growth.variants().count(), 6, "the modes themselves are at 1");
        let others = growth.scaled_inputs();
        assert_eq!(others.iter().map(|other| other.suffix.as_str()).collect::<Vec<_>>(), [" ×4", " ×16"]);
        let comparison = measured(&growth, [&[1.0, 4.0, 16.0], &[1.0, 3.0, 9.0], &[0.5, 2.0, 20.0]]);
        let grown = Grown::of(&growth, &comparison).unwrap();
        let (ahead, behind) = (RunMode::Memory, RunMode::Disk);
        assert_eq!(grown.winner(), Some(Winner { ahead, behind, since: Some(4.0 * 1048576.0) }));
        assert_eq!(grown.alone_until(), Some(AloneUntil::Amount(4.0 * 1048576.0)));
        let Some(Fit::Power { exponent }) = grown.fits[0].fit else { panic!("another curve") };
        assert!((exponent - 1.0).abs() < 1e-9);
    }

    #[test]
    fn iterations_are_fitted_by_what_is_paid_once_and_what_each_time() {
        let growth = Growth::of_iterations(&RunMode::ALL, &[1, 10, 20]);
        let comparison = measured(&growth, [&[0.3, 2.1, 4.1], &[0.55, 1.0, 1.5], &[5.0, 5.0, 5.0]]);
        let grown = Grown::of(&growth, &comparison).unwrap();
        assert_eq!(grown.paid_for_after(), Some((RunMode::Memory, 3.0)));
        let line = |i: usize| match grown.fits[i].fit {
            Some(Fit::Line { once_seconds, iteration_seconds }) => (once_seconds, iteration_seconds),
            _ => panic!("another curve"),
        };
        assert!((line(0).1 / 1.01 - 0.2).abs() < 1e-9 && (line(1).0 / 1.01 - 0.5).abs() < 1e-9, "{:?}", grown.fits);
    }

    #[test]
    fn a_growth_is_read_from_its_json_as_it_was() {
        let growth = Growth::of_scale(&RunMode::ALL, &[input(1.0), input(4.0)]);
        let grown = Grown::of(&growth, &measured(&growth, [&[1.0, 4.0], &[1.0, 3.0], &[0.5, 2.0]])).unwrap();
        let json = serde_json::to_value(&grown).unwrap();
        assert_eq!((&json["axis"], &json["points"][1]["modes"][1]["mode"]), (&"scale".into(), &"memory".into()));
        let again: Grown = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(serde_json::to_value(&again).unwrap(), json);
    }
}
