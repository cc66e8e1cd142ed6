//! The modes on more of the same: larger inputs, or more iterations. Which one starts to win where, and how each one grows.
//!
//! A point is a number of work (a size or a number of iterations); each mode runs at each point, in the same rounds as
//! everything else. Times over sizes are fitted by a power of the size, least squares on logarithms; times over iterations by
//! a part that is paid once and a part for each iteration, least squares.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::cli::args::RunMode;
use crate::cli::compare::column::Column;
use crate::cli::compare::comparison::Comparison;
use crate::cli::compare::interval::{Estimate, is_beyond_noise};
use crate::cli::compare::plan::Variant;
use crate::cli::compare::table::Table;
use crate::cli::figures::{bytes, counted, seconds};

/// What grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Axis {
    /// The input, in bytes.
    Scale,
    /// The iterations of the job's loop.
    Iterations,
}

/// What is measured along an axis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Growth {
    axis: Axis,
    points: Vec<Point>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Point {
    /// Bytes of input, or iterations.
    amount: f64,
    /// A variant for each mode; at the scale of the comparison itself they are the modes'.
    variants: Vec<Variant>,
}

/// A part of a comparison's input that was made larger or smaller.
#[derive(Clone, Debug)]
pub struct ScaledInput {
    /// How many times as large as the default; 1 for the comparison's own.
    pub factor: f64,
    /// Where it is.
    pub paths: Vec<PathBuf>,
    /// Its size.
    pub bytes: u64,
}

/// An input along the axis that is not the comparison's own.
#[derive(Clone, Debug, PartialEq)]
pub struct OtherInput {
    /// What the names of its variants end in: ` ×4`.
    pub suffix: String,
    /// Where it is.
    pub paths: Vec<PathBuf>,
    /// Its size.
    pub bytes: u64,
}

/// One mode along the axis.
struct Curve {
    mode: RunMode,
    /// Amount and median time.
    times: Vec<(f64, f64)>,
    fit: Option<Fit>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fit {
    /// `time ∝ amount ^ exponent`
    Power { exponent: f64 },
    /// `time = once + each × amount`
    Line { once: f64, each: f64 },
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
            Point { amount: input.bytes as f64, variants: once_each(modes).iter().map(variant).collect() }
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
            Point { amount: f64::from(*iterations), variants: once_each(modes).iter().map(variant).collect() }
        };
        Growth { axis: Axis::Iterations, points: iterations.iter().map(point).collect() }
    }

    /// The variants, to be run in each round, of which those of the modes themselves are no further ones.
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

    fn column(&self, comparison: &Comparison, point: usize, mode: RunMode) -> Option<Column> {
        comparison.column(self.points[point].variants.iter().find(|variant| variant.mode == mode)?)
    }

    fn curves(&self, comparison: &Comparison) -> Option<Vec<Curve>> {
        let modes = once_each(&comparison.settings.modes);
        let curve = |mode: RunMode| {
            let time =
                |point: usize| Some((self.points[point].amount, self.column(comparison, point, mode)?.time.median));
            let times: Vec<_> = (0..self.points.len()).map(time).collect::<Option<_>>()?;
            let fit = match self.axis {
                Axis::Scale => {
                    let logs: Vec<_> = times.iter().map(|(amount, time)| (amount.ln(), time.ln())).collect();
                    line(&logs).map(|(_, exponent)| Fit::Power { exponent })
                }
                Axis::Iterations => line(&times).map(|(once, each)| Fit::Line { once, each }),
            };
            Some(Curve { mode, times, fit })
        };
        modes.into_iter().map(curve).collect()
    }

    /// How many times as long the first mode of the framework takes as the second, at each point.
    fn ratios(&self, comparison: &Comparison) -> Option<(RunMode, RunMode, Vec<Estimate>)> {
        let modes = once_each(&comparison.settings.modes);
        let mut frameworks = modes.into_iter().filter(|mode| *mode != RunMode::Reference);
        let (first, second) = (frameworks.next()?, frameworks.next()?);
        let ratio = |point: &Point| {
            let name = |mode| point.variants.iter().find(|v| v.mode == mode).map(|v| v.name.as_str());
            comparison.ratio(name(first)?, name(second)?)
        };
        let ratios = self.points.iter().map(ratio).collect::<Option<_>>()?;
        Some((first, second, ratios))
    }

    /// The entry `scale` or `iteration_sweep` of the report; `None` before the first round is complete.
    pub fn json(&self, comparison: &Comparison) -> Option<Value> {
        let curves = self.curves(comparison)?;
        let ratios = self.ratios(comparison);
        let point = |(i, point): (usize, &Point)| {
            let mode = |curve: &Curve| {
                let column = self.column(comparison, i, curve.mode)?;
                Some(json!({
                    "mode": curve.mode,
                    "variant": column.name,
                    "median_seconds": column.time.median,
                    "ci95_seconds": column.time.ci95,
                    "file_bytes_written": column.framework.as_ref().map(|parts| parts.file_written_bytes),
                    "peak_rss_bytes": column.peak_rss_bytes,
                }))
            };
            json!({
                "amount": point.amount,
                "modes": curves.iter().filter_map(mode).collect::<Vec<_>>(),
                "ratio": ratios.as_ref().map(|(first, second, ratios)| {
                    json!({"of": first, "to": second, "value": ratios[i].value, "ci95": ratios[i].ci95})
                }),
            })
        };
        let fit = |curve: &Curve| match curve.fit {
            None => json!({"mode": curve.mode}),
            Some(Fit::Power { exponent }) => json!({"mode": curve.mode, "exponent": exponent}),
            Some(Fit::Line { once, each }) => {
                json!({"mode": curve.mode, "once_seconds": once, "iteration_seconds": each})
            }
        };
        Some(json!({
            "axis": self.axis,
            "points": self.points.iter().enumerate().map(point).collect::<Vec<_>>(),
            "fits": curves.iter().map(fit).collect::<Vec<_>>(),
            "verdict": self.sentence(comparison, &curves),
        }))
    }

    /// The points as rows of a table and a sentence; `None` before the first round is complete.
    pub fn table(&self, comparison: &Comparison) -> Option<Table> {
        let curves = self.curves(comparison)?;
        let ratios = self.ratios(comparison);
        let mut head = vec![match self.axis {
            Axis::Scale => "size of the input".to_owned(),
            Axis::Iterations => "iterations".to_owned(),
        }];
        head.extend(curves.iter().map(|curve| curve.mode.name().to_owned()));
        head.extend(ratios.iter().map(|(first, second, _)| format!("{} / {}", first.name(), second.name())));
        let mut rows = vec![head];
        for (i, point) in self.points.iter().enumerate() {
            let mut row = vec![match self.axis {
                Axis::Scale => format!("  {}", bytes(point.amount as u64)),
                Axis::Iterations => format!("  {}", point.amount),
            }];
            row.extend(curves.iter().map(|curve| seconds(curve.times[i].1)));
            row.extend(ratios.iter().map(|(_, _, ratios)| ratio(ratios[i])));
            rows.push(row);
        }
        let mut fits = vec!["  fitted".to_owned()];
        fits.extend(curves.iter().map(|curve| curve.fit.map_or(String::new(), |fit| fit.to_string())));
        fits.extend(ratios.iter().map(|_| String::new()));
        rows.push(fits);
        Some(Table { rows, sentence: self.sentence(comparison, &curves) })
    }

    fn amount(&self, amount: f64) -> String {
        match self.axis {
            Axis::Scale => bytes(amount as u64),
            Axis::Iterations => counted(amount as u64, "iteration"),
        }
    }

    fn sentence(&self, comparison: &Comparison, curves: &[Curve]) -> String {
        let mut parts = Vec::new();
        if let Some((first, second, ratios)) = self.ratios(comparison) {
            parts.push(self.winner(first, second, &ratios));
            if let Some(crossing) = crossing(curves, first, second) {
                parts.push(crossing);
            }
        }
        let spills = |i: &usize| {
            let column = self.column(comparison, *i, RunMode::Memory);
            column.and_then(|column| column.framework).is_some_and(|parts| parts.file_written_bytes > 0.0)
        };
        if let Some(i) = (0..self.points.len()).find(spills) {
            parts.push(format!(
                "memory mode runs out of memory and uses files from {} on",
                self.amount(self.points[i].amount)
            ));
        }
        if let Some(alone) = self.enough_alone(curves) {
            parts.push(alone);
        }
        let text = parts.join("; ");
        text[..text.chars().next().map_or(0, char::len_utf8)].to_uppercase() + text.get(1..).unwrap_or_default() + "."
    }

    /// Which mode is ahead at the end, and since where.
    fn winner(&self, first: RunMode, second: RunMode, ratios: &[Estimate]) -> String {
        let ahead =
            |ratio: &Estimate| is_beyond_noise(*ratio).then_some(if ratio.value > 1.0 { second } else { first });
        let winners: Vec<_> = ratios.iter().map(ahead).collect();
        let Some(Some(winner)) = winners.last() else {
            return format!("no difference beyond noise between {} and {} at the end", first.name(), second.name());
        };
        let loser = if *winner == first { second } else { first };
        let since = winners.iter().rposition(|other| *other != Some(*winner)).map_or(0, |i| i + 1);
        let (winner, loser) = (winner.name(), loser.name());
        match since {
            0 => format!("{winner} is ahead of {loser} everywhere, beyond noise"),
            since => {
                format!("{winner} is ahead of {loser} from {} on, beyond noise", self.amount(self.points[since].amount))
            }
        }
    }

    /// Up to where one thread is no slower than the framework.
    fn enough_alone(&self, curves: &[Curve]) -> Option<String> {
        let alone = curves.iter().find(|curve| curve.mode == RunMode::Reference)?;
        let enough = |i: usize| {
            let others = curves.iter().filter(|curve| curve.mode != RunMode::Reference);
            others.map(|curve| curve.times[i].1).fold(f64::INFINITY, f64::min) >= alone.times[i].1
        };
        let points = self.points.len();
        match (0..points).take_while(|i| enough(*i)).count() {
            0 => None,
            all if all == points => Some("one thread without the framework is enough everywhere".to_owned()),
            some => {
                let until = self.amount(self.points[some - 1].amount);
                Some(format!("one thread without the framework is enough up to {until}"))
            }
        }
    }
}

/// From which number of iterations on the lines say that the one with the cheaper iterations has paid for itself.
fn crossing(curves: &[Curve], first: RunMode, second: RunMode) -> Option<String> {
    let line = |mode| match curves.iter().find(|curve| curve.mode == mode)?.fit? {
        Fit::Line { once, each } => Some((once, each)),
        Fit::Power { .. } => None,
    };
    let ((once_a, each_a), (once_b, each_b)) = (line(first)?, line(second)?);
    let (cheaper, at) = (if each_a < each_b { first } else { second }, (once_b - once_a) / (each_a - each_b));
    (at.is_finite() && at > 1.0).then(|| {
        format!("by the fitted lines, {} has paid for itself after {:.0} iterations", cheaper.name(), at.ceil())
    })
}

impl fmt::Display for Fit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fit::Power { exponent } => write!(f, "∝ size^{exponent:.2}"),
            Fit::Line { once, each } => write!(f, "{} + {} each", seconds(once.max(0.0)), seconds(each.max(0.0))),
        }
    }
}

fn once_each(modes: &[RunMode]) -> Vec<RunMode> {
    let mut once = Vec::new();
    modes.iter().for_each(|mode| {
        if !once.contains(mode) {
            once.push(*mode)
        }
    });
    once
}

fn ratio(estimate: Estimate) -> String {
    let interval = estimate.ci95.map_or(String::new(), |(low, high)| format!(" [{low:.2}, {high:.2}]"));
    format!("{:.2}×{interval}", estimate.value)
}

/// Intercept and slope of the line of least squares through at least two different points.
pub fn line(points: &[(f64, f64)]) -> Option<(f64, f64)> {
    let n = points.len() as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0 / n, y + point.1 / n));
    let (across, along) = points.iter().fold((0.0, 0.0), |(across, along), point| {
        (across + (point.0 - x) * (point.1 - y), along + (point.0 - x).powi(2))
    });
    (along > 0.0).then(|| (y - across / along * x, across / along))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::compare::comparison::tests::run;
    use crate::cli::compare::settings::tests::settings;

    const MODES: [RunMode; 3] = [RunMode::Disk, RunMode::Memory, RunMode::Reference];

    /// Three rounds of which each mode takes these times along the axis.
    fn measured(growth: &Growth, times: [&[f64]; 3]) -> Comparison {
        let mut comparison = Comparison::new(settings(&MODES), Vec::new());
        for round in 0..3 {
            for (i, point) in growth.points.iter().enumerate() {
                for (variant, times) in point.variants.iter().zip(times) {
                    let seconds = times[i] * (1.0 + 0.01 * f64::from(round));
                    let mut run = run(variant.mode, seconds, "xxh3:1");
                    run.figures.counters.file_bytes_written = 0;
                    comparison.add(run, &variant.name, round);
                }
            }
        }
        comparison
    }

    #[test]
    fn the_size_from_which_a_mode_wins_is_told() {
        let input = |factor: f64| ScaledInput { factor, paths: vec!["x".into()], bytes: (factor * 1048576.0) as u64 };
        let growth = Growth::of_scale(&MODES, &[input(1.0), input(4.0), input(16.0)]);
        assert_eq!(growth.variants().count(), 6, "the modes themselves are at 1");
        let others = growth.scaled_inputs();
        assert_eq!(others.iter().map(|other| other.suffix.as_str()).collect::<Vec<_>>(), [" ×4", " ×16"]);
        let comparison = measured(&growth, [&[1.0, 4.0, 16.0], &[1.0, 3.0, 9.0], &[0.5, 2.0, 20.0]]);
        let text = growth.table(&comparison).unwrap().to_string();
        let expected = "\
size of the input          disk        memory     reference         disk / memory
  1.00 MiB               1.01 s        1.01 s       0.505 s    1.00× [1.00, 1.00]
  4.00 MiB               4.04 s        3.03 s        2.02 s    1.33× [1.33, 1.33]
  16.0 MiB               16.2 s        9.09 s        20.2 s    1.78× [1.78, 1.78]
  fitted            ∝ size^1.00   ∝ size^0.79   ∝ size^1.33                      \n";
        let expected: Vec<_> = expected.lines().map(str::trim_end).collect();
        let lines: Vec<_> = text.lines().collect();
        let squeezed = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        for (line, expected) in lines.iter().zip(&expected) {
            assert_eq!(squeezed(line), squeezed(expected), "\n{text}");
        }
        let sentence = "Memory is ahead of disk from 4.00 MiB on, beyond noise; one thread without the framework is enough \
                        up to 4.00 MiB.";
        assert_eq!(lines[5], sentence);
        let json = growth.json(&comparison).unwrap();
        assert_eq!((&json["axis"], &json["points"][1]["modes"][1]["mode"]), (&json!("scale"), &json!("memory")));
        assert!((json["fits"][0]["exponent"].as_f64().unwrap() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn iterations_are_fitted_by_what_is_paid_once_and_what_each_time() {
        let growth = Growth::of_iterations(&MODES, &[1, 10, 20]);
        let comparison = measured(&growth, [&[0.3, 2.1, 4.1], &[0.55, 1.0, 1.5], &[5.0, 5.0, 5.0]]);
        let sentence = growth.table(&comparison).unwrap().sentence;
        let expected = "Memory is ahead of disk from 10 iterations on, beyond noise; by the fitted lines, memory has paid for itself \
                        after 3 iterations.";
        assert_eq!(sentence, expected);
        let fits = &growth.json(&comparison).unwrap()["fits"];
        assert!((fits[0]["iteration_seconds"].as_f64().unwrap() / 1.01 - 0.2).abs() < 1e-9, "{fits}");
        assert!((fits[1]["once_seconds"].as_f64().unwrap() / 1.01 - 0.5).abs() < 1e-9, "{fits}");
    }

    #[test]
    fn a_line_goes_through_its_points() {
        assert_eq!(line(&[(1.0, 3.0), (2.0, 5.0), (3.0, 7.0)]), Some((1.0, 2.0)));
        assert_eq!(line(&[(1.0, 3.0)]), None);
    }
}
