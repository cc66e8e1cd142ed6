//! The modes on larger inputs or with more iterations, as a table.

use crate::cli::figures::{bytes, counted, seconds};
use crate::cli::table::Table;
use crate::cli::telling::fact::Fact;
use crate::cli::telling::relation;
use crate::measure::analysis::growth::{AloneUntil, FEWEST_POINTS, Fit, Grown, Last, Since, Winner};
use crate::measure::paired::Estimate;
use crate::measure::plan::growth::Axis;

/// The points as rows of a table, and the [sentence].
pub fn table(grown: &Grown) -> Table {
    let compared = grown.compared();
    let mut head = vec![match grown.axis {
        Axis::Scale => "size of the input".to_owned(),
        Axis::Iterations => "iterations".to_owned(),
    }];
    head.extend(grown.fits.iter().map(|fit| fit.mode.name().to_owned()));
    head.extend(compared.map(|(first, second)| format!("{} / {}", first.name(), second.name())));
    let mut rows = vec![head];
    for point in &grown.points {
        let mut row = vec![match grown.axis {
            Axis::Scale => format!("  {}", bytes(point.amount as u64)),
            Axis::Iterations => format!("  {}", point.amount),
        }];
        row.extend(point.modes.iter().map(|mode| seconds(mode.median_seconds)));
        row.extend(point.ratio.map(|ratio| self::ratio(ratio.estimate)));
        rows.push(row);
    }
    if grown.has_enough_points() {
        let mut fits = vec!["  fitted".to_owned()];
        fits.extend(grown.fits.iter().map(|fit| fit.fit.map_or(String::new(), curve)));
        fits.extend(compared.map(|_| String::new()));
        rows.push(fits);
    }
    Table { rows, sentence: sentence(grown) }
}

/// The [sentence], with the figures of the growth; `None` where nothing is known.
pub fn fact(grown: &Grown) -> Option<Fact> {
    let about = match grown.axis {
        Axis::Scale => "larger inputs",
        Axis::Iterations => "more iterations",
    };
    let text = sentence(grown);
    (!text.is_empty()).then(|| Fact::new(about, text).with("fits", &grown.fits))
}

/// Says which mode is ahead and from which point on, where memory runs out, and up to which point one thread is enough, as far
/// as the points are settled; empty where none of that is known.
pub fn sentence(grown: &Grown) -> String {
    let amount = |amount: f64| match grown.axis {
        Axis::Scale => bytes(amount as u64),
        Axis::Iterations => counted(amount as u64, "iteration"),
    };
    let mut parts = Vec::new();
    if grown.has_enough_points() {
        parts.extend(modes_at_the_end(grown, &amount));
        parts.extend(grown.paid_for_after().map(|(mode, iterations)| {
            format!("by the fitted lines, {} has paid for itself after {iterations:.0} iterations", mode.name())
        }));
    } else if grown.compared().is_some() {
        parts.push(format!("{FEWEST_POINTS} points or more are needed to tell how the times grow"));
    }
    let spills = |from: f64| format!("memory mode runs out of memory and uses files from {} on", amount(from));
    parts.extend(grown.spills_from().map(spills));
    parts.extend(grown.alone_until().filter(|_| grown.has_enough_points()).map(|until| {
        let place = match until {
            AloneUntil::Everywhere => "at all of these points".to_owned(),
            AloneUntil::Amount(until) => format!("up to {}", amount(until)),
            AloneUntil::AtLeast(until) => format!("up to {} at least (undecided at the next point)", amount(until)),
        };
        format!("one thread without the framework is enough {place}")
    }));
    if parts.is_empty() {
        return String::new();
    }
    let text = parts.join("; ");
    text[..1].to_uppercase() + &text[1..] + "."
}

/// `None` where no two modes are compared.
fn modes_at_the_end(grown: &Grown, amount: &dyn Fn(f64) -> String) -> Option<String> {
    let (first, second) = grown.compared()?;
    let (first, second) = (first.name(), second.name());
    let last = amount(grown.points.last()?.amount);
    Some(match grown.last()? {
        Last::Ahead(Winner { ahead, behind, since }) => {
            let place = match since {
                Since::Everywhere => "at all of these points".to_owned(),
                Since::From(since) => format!("from {} on", amount(since)),
                Since::AtLeastFrom(since) => {
                    format!("from {} on at least (undecided at the point below)", amount(since))
                }
            };
            format!("{} is ahead of {} {place}", ahead.name(), behind.name())
        }
        Last::Equal => format!("{first} and {second} take equally long at {last}, within the margin"),
        Last::Undecided => format!("it is undecided whether {first} or {second} is ahead at {last}"),
    })
}

fn curve(fit: Fit) -> String {
    match fit {
        Fit::Power { exponent } => format!("∝ size^{exponent:.2}"),
        Fit::Line { once_seconds, iteration_seconds } => {
            format!("{} + {} each", seconds(once_seconds.max(0.0)), seconds(iteration_seconds.max(0.0)))
        }
    }
}

fn ratio(estimate: Estimate) -> String {
    let with_interval = |interval| relation::ratio(estimate.value, interval);
    estimate.ci95.map_or_else(|| format!("{:.2}×", estimate.value), with_interval)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::analysis::growth::tests::{input, measured};
    use crate::measure::mode::RunMode;
    use crate::measure::plan::growth::Growth;

    #[test]
    fn the_size_from_which_a_mode_wins_is_told() {
        let growth = Growth::of_scale(&RunMode::ALL, &[input(1.0), input(4.0), input(16.0)]);
        let comparison = measured(&growth, [&[1.0, 4.0, 16.0], &[1.0, 3.0, 9.0], &[0.5, 2.0, 20.0]]);
        let text = table(&Grown::of(&growth, &comparison).unwrap()).to_string();
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
        let sentence = "Memory is ahead of disk from 4.00 MiB on; one thread without the framework is enough \
                        up to 4.00 MiB.";
        assert_eq!(lines[5], sentence);
    }

    #[test]
    fn the_iterations_after_which_a_mode_has_paid_for_itself_are_told() {
        let growth = Growth::of_iterations(&RunMode::ALL, &[1, 10, 20]);
        let comparison = measured(&growth, [&[0.3, 2.1, 4.1], &[0.55, 1.0, 1.5], &[5.0, 5.0, 5.0]]);
        let expected = "Memory is ahead of disk from 10 iterations on; by the fitted lines, memory has paid for itself \
                        after 3 iterations.";
        assert_eq!(sentence(&Grown::of(&growth, &comparison).unwrap()), expected);
    }

    #[test]
    fn two_sizes_tell_no_growth() {
        let growth = Growth::of_scale(&RunMode::ALL, &[input(1.0), input(4.0)]);
        let comparison = measured(&growth, [&[1.0, 4.0], &[1.0, 3.0], &[0.5, 2.0]]);
        let expected = "3 points or more are needed to tell how the times grow.";
        assert_eq!(sentence(&Grown::of(&growth, &comparison).unwrap()), expected);
    }

    #[test]
    fn one_mode_that_keeps_within_memory_needs_no_sentence() {
        let growth = Growth::of_scale(&[RunMode::Memory], &[input(1.0), input(4.0)]);
        let mut comparison = measured(&growth, [&[1.0, 4.0], &[], &[]]);
        comparison.settings.modes = vec![RunMode::Memory];
        let table = table(&Grown::of(&growth, &comparison).unwrap());
        assert_eq!((table.sentence.as_str(), table.to_string().lines().count()), ("", 3));
    }
}
