//! The modes on larger inputs or with more iterations: the point from which one wins, and the growth of each.
//!
//! A point from which on something holds is claimed only where the points on both sides of it are settled
//! ([`verdict`](crate::measure::analysis::verdict)), and curves only through [`FEWEST_POINTS`] or more: two points are on
//! every curve.
//!
//! Times over sizes are fitted by a power of the size, least squares on logarithms; times over iterations by a part that is
//! paid once and a part for each iteration, least squares.

use serde::{Deserialize, Serialize};

use crate::measure::analysis::verdict::{Verdict, VerdictKind};
use crate::measure::column::Column;
use crate::measure::comparison::Comparison;
use crate::measure::mode::RunMode;
use crate::measure::paired::Estimate;
use crate::measure::plan::growth::{Axis, Growth, Point};
use crate::measure::statistics::line;

/// Fewest points from which it is concluded how times grow.
pub const FEWEST_POINTS: usize = 3;

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
    /// One thread without the framework against the fastest mode of the framework.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alone: Option<PointRatio>,
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
    /// The confidence that it has.
    #[serde(default)]
    pub ci95_coverage: f64,
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
    /// The verdict on it.
    #[serde(default)]
    pub kind: VerdictKind,
}

/// The growth of a mode; `None` where there are too few points.
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

/// What is known of the two modes at the last point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Last {
    /// One is ahead.
    Ahead(Winner),
    /// They take equally long, within the margin.
    Equal,
    /// Neither is known.
    Undecided,
}

/// The mode of two that is ahead at the end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Winner {
    /// The faster one.
    pub ahead: RunMode,
    /// The slower one.
    pub behind: RunMode,
    /// The points at which that holds.
    pub since: Since,
}

/// Points at the end of a growth at which something holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Since {
    /// All points.
    Everywhere,
    /// This amount and more; at the point below, it is known not to hold.
    From(f64),
    /// This amount and more; it is not known what holds at the point below.
    AtLeastFrom(f64),
}

/// The points from the first on at which one thread is no slower than the framework.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AloneUntil {
    /// All points.
    Everywhere,
    /// To this amount; at the next point it is slower.
    Amount(f64),
    /// To this amount; it is not known what holds at the next point.
    AtLeast(f64),
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
        if times.len() < FEWEST_POINTS {
            return None;
        }
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

    /// Whether there are enough points to conclude how times grow.
    pub fn has_enough_points(&self) -> bool {
        self.points.len() >= FEWEST_POINTS
    }

    /// What is known of the two modes at the last point, and from which point on; `None` where no two are compared.
    pub fn last(&self) -> Option<Last> {
        let (first, second) = self.compared()?;
        let ratios: Vec<PointRatio> = self.points.iter().filter_map(|point| point.ratio).collect();
        let last = ratios.last()?;
        let ahead = match (last.kind, last.shorter()) {
            (VerdictKind::Different, Some(shorter)) => shorter,
            (VerdictKind::Equivalent, _) => return Some(Last::Equal),
            _ => return Some(Last::Undecided),
        };
        let since = match ratios.iter().rposition(|ratio| ratio.shorter() != Some(ahead)) {
            None => Since::Everywhere,
            Some(other) if ratios[other].is_settled() => Since::From(self.points[other + 1].amount),
            Some(other) => Since::AtLeastFrom(self.points[other + 1].amount),
        };
        Some(Last::Ahead(Winner { ahead, behind: if ahead == first { second } else { first }, since }))
    }

    /// The mode with the cheaper iterations, and the number of iterations after which it has paid for itself, by the
    /// fitted lines; `None` unless it is known to be no faster with fewer iterations, and to be faster with more.
    pub fn paid_for_after(&self) -> Option<(RunMode, f64)> {
        let line = |mode| match self.fits.iter().find(|fit| fit.mode == mode)?.fit? {
            Fit::Line { once_seconds, iteration_seconds } => Some((once_seconds, iteration_seconds)),
            Fit::Power { .. } => None,
        };
        let (first, second) = self.compared()?;
        let ((once_a, each_a), (once_b, each_b)) = (line(first)?, line(second)?);
        let (cheaper, at) = (if each_a < each_b { first } else { second }, (once_b - once_a) / (each_a - each_b));
        let ahead = |ratio: &PointRatio| ratio.shorter() == Some(cheaper);
        let ratios = || self.points.iter().filter_map(|point| Some((point.amount, point.ratio?)));
        let not_before = ratios().any(|(amount, ratio)| amount <= at && ratio.is_settled() && !ahead(&ratio));
        let behind = ratios().any(|(amount, ratio)| amount >= at && ahead(&ratio));
        (at.is_finite() && at > 1.0 && not_before && behind).then(|| (cheaper, at.ceil()))
    }

    /// The amount from which on memory mode uses files.
    pub fn spills_from(&self) -> Option<f64> {
        let spills = |point: &&GrownPoint| {
            point.of_mode(RunMode::Memory).and_then(|memory| memory.file_bytes_written).is_some_and(|bytes| bytes > 0.0)
        };
        self.points.iter().find(spills).map(|point| point.amount)
    }

    /// The points from the first on at which one thread is known to be no slower than the framework, if there are any.
    pub fn alone_until(&self) -> Option<AloneUntil> {
        let ratios: Vec<PointRatio> = self.points.iter().map_while(|point| point.alone).collect();
        let enough = |ratio: &&PointRatio| ratio.is_settled() && ratio.shorter() != Some(ratio.to);
        let until = ratios.iter().take_while(enough).count();
        match ratios.get(until) {
            _ if until == 0 => None,
            None => Some(AloneUntil::Everywhere),
            Some(next) if next.is_settled() => Some(AloneUntil::Amount(self.points[until - 1].amount)),
            Some(_) => Some(AloneUntil::AtLeast(self.points[until - 1].amount)),
        }
    }
}

impl PointRatio {
    fn of((of, to): (RunMode, RunMode), verdict: Verdict) -> Self {
        let estimate = Estimate { value: verdict.ratio, ci95: verdict.interval, coverage: verdict.coverage };
        PointRatio { of, to, estimate, kind: verdict.kind }
    }

    /// The mode that is known to take less time.
    fn shorter(&self) -> Option<RunMode> {
        let shorter = if self.estimate.value > 1.0 { self.to } else { self.of };
        (self.kind == VerdictKind::Different).then_some(shorter)
    }

    fn is_settled(&self) -> bool {
        self.kind != VerdictKind::Undecided
    }
}

impl GrownPoint {
    fn of(point: &Point, modes: &[RunMode], comparison: &Comparison) -> Option<Self> {
        let variant = |mode: RunMode| point.variants.iter().find(|variant| variant.mode == mode);
        let measured = |mode: &RunMode| Some(ModePoint::of(comparison.column(variant(*mode)?)?));
        let measured: Vec<ModePoint> = modes.iter().map(measured).collect::<Option<_>>()?;
        let ratio = |of: RunMode, to: RunMode| {
            let verdict = comparison.verdict(&variant(of)?.name, &variant(to)?.name)?;
            Some(PointRatio::of((of, to), verdict))
        };
        let frameworks: Vec<&ModePoint> = measured.iter().filter(|mode| mode.mode != RunMode::Reference).collect();
        let fastest = frameworks.iter().min_by(|a, b| a.median_seconds.total_cmp(&b.median_seconds));
        Some(GrownPoint {
            amount: point.amount,
            ratio: frameworks.first().zip(frameworks.get(1)).and_then(|(of, to)| ratio(of.mode, to.mode)),
            alone: fastest.and_then(|fastest| ratio(RunMode::Reference, fastest.mode)),
            modes: measured,
        })
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
            ci95_coverage: column.time.coverage,
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
        let since = Since::From(4.0 * 1048576.0);
        assert_eq!(grown.last(), Some(Last::Ahead(Winner { ahead, behind, since })));
        assert_eq!(grown.alone_until(), Some(AloneUntil::Amount(4.0 * 1048576.0)));
        let Some(Fit::Power { exponent }) = grown.fits[0].fit else { panic!("another curve") };
        assert!((exponent - 1.0).abs() < 1e-9);
    }

    /// Like [`measured`], where the rounds at one point of one mode take so many times as long.
    fn with_noise(growth: &Growth, times: [&[f64]; 3], (mode, point): (usize, usize), noise: [f64; 3]) -> Grown {
        let mut comparison = measured(growth, times);
        let name = growth.points[point].variants[mode].name.clone();
        for run in comparison.runs.iter_mut().filter(|run| run.variant == name) {
            run.report.wall_seconds *= noise[run.round as usize];
        }
        Grown::of(growth, &comparison).unwrap()
    }

    #[test]
    fn a_noisy_point_moves_no_crossing_and_is_no_difference() {
        let growth = Growth::of_scale(&RunMode::ALL, &[input(1.0), input(4.0), input(16.0)]);
        let times: [&[f64]; 3] = [&[1.0, 4.0, 16.0], &[1.0, 3.0, 9.0], &[0.5, 2.0, 20.0]];
        let (ahead, behind) = (RunMode::Memory, RunMode::Disk);
        let grown = with_noise(&growth, times, (0, 0), [1.0, 0.8, 1.3]);
        let since = Since::AtLeastFrom(4.0 * 1048576.0);
        assert_eq!(grown.last(), Some(Last::Ahead(Winner { ahead, behind, since })));
        let grown = with_noise(&growth, times, (0, 2), [0.5, 1.0, 2.0]);
        assert_eq!(grown.last(), Some(Last::Undecided));
        let grown = with_noise(&growth, times, (2, 2), [0.3, 1.0, 2.0]);
        assert_eq!(grown.alone_until(), Some(AloneUntil::AtLeast(4.0 * 1048576.0)));
        let grown = with_noise(&growth, times, (2, 0), [0.5, 2.0, 2.0]);
        assert_eq!(grown.alone_until(), None);
    }

    #[test]
    fn two_points_give_no_curve() {
        let growth = Growth::of_scale(&RunMode::ALL, &[input(1.0), input(4.0)]);
        let grown = Grown::of(&growth, &measured(&growth, [&[1.0, 4.0], &[1.0, 3.0], &[0.5, 2.0]])).unwrap();
        assert!(!grown.has_enough_points() && grown.fits.iter().all(|fit| fit.fit.is_none()), "{grown:?}");
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
