//! The columns as a reader meets them: whose way it is, and what it does with intermediate data.

use serde::Serialize;

use crate::cli::figures::seconds;
use crate::cli::telling::relation;
use crate::config::{Factors, Invariant, Medium, Mode};
use crate::measure::analysis::sweep;
use crate::measure::analysis::verdict::VerdictKind;
use crate::measure::column::{Apart, Column};
use crate::measure::comparison::Comparison;
use crate::measure::mode::RunMode;
use crate::measure::run::Run;
use crate::measure::statistics::Spread;

/// A column of the comparison.
#[derive(Serialize)]
pub struct Way {
    name: String,
    mode: RunMode,
    /// `Hadoop’s way`
    whose: &'static str,
    /// One or two sentences.
    about: String,
    runs: usize,
    #[serde(flatten)]
    time: Spread,
    /// `None` of a cluster, which does not tell.
    peak_rss_bytes: Option<f64>,
}

impl Way {
    /// The ways that a comparison has columns for.
    pub fn all(comparison: &Comparison) -> Vec<Self> {
        comparison.columns().into_iter().map(|column| Way::of(comparison, column)).collect()
    }

    fn of(comparison: &Comparison, column: Column) -> Self {
        let (whose, about) = match (column.apart, column.mode) {
            (Some(apart), _) => ("the cluster’s way", about_engine(apart)),
            (None, RunMode::Reference) => {
                ("no framework", "One plain thread that does the same job, without splits or shuffle.".into())
            }
            (None, _) => of_framework(comparison, &column),
        };
        Way {
            name: column.name,
            mode: column.mode,
            whose,
            about,
            runs: column.runs,
            time: column.time,
            peak_rss_bytes: column.apart.is_none().then_some(column.peak_rss_bytes),
        }
    }
}

fn of_framework(comparison: &Comparison, column: &Column) -> (&'static str, String) {
    let factors = comparison.factors(&column.name).unwrap_or_else(|| column.mode.framework().into());
    let looped = !column.iteration_seconds.is_empty();
    let chained = looped || comparison.runs_of(&column.name).next().is_some_and(Run::is_chain);
    (whose(factors), about(factors, chained, looped))
}

/// What is known of a way whose tasks an engine ran.
fn about_engine(apart: Apart) -> String {
    format!(
        "Tasks ran in containers of their own: {} of them. None ran for {}, in which containers started and ended.",
        apart.attempts,
        seconds(apart.seconds_without_task)
    )
}

fn whose(factors: Factors) -> &'static str {
    // Both presets group alike.
    let is = |mode: Mode| Factors { grouping: factors.grouping, ..Factors::from(mode) } == factors;
    match () {
        () if is(Mode::Disk) => "Hadoop’s way",
        () if is(Mode::Memory) => "Spark’s way",
        () => "a mixture",
    }
}

fn about(factors: Factors, chained: bool, looped: bool) -> String {
    let map_output = match factors.map_output {
        Medium::Disk => "Map outputs are written to files, and reducers read them back.",
        Medium::Memory => "Map outputs stay in memory while they fit.",
    };
    let between = match factors.between_jobs {
        Medium::Disk => " Each job’s result goes through files to the next job.",
        Medium::Memory => " Each job’s result stays in memory for the next job.",
    };
    let invariant = match factors.invariant {
        Invariant::Reread => " What stays the same is read and parsed anew in every iteration.",
        Invariant::Cached => " What stays the same is parsed once and kept.",
    };
    let mut about = map_output.to_owned();
    about += if chained { between } else { "" };
    about += if looped { invariant } else { "" };
    about
}

/// Explains what `[low, high]` means in the headline, or else in the first verdict that has an interval; `None` where none
/// has.
pub fn reading(comparison: &Comparison) -> Option<String> {
    let of_sweep = sweep::ends(comparison).map(|pair| pair.verdict);
    let mut verdicts = of_sweep.into_iter().chain(comparison.verdicts());
    let verdict = verdicts.find(|verdict| verdict.interval.is_some())?.slower_first();
    let bounds = verdict.interval?;
    let meaning = match verdict.kind {
        VerdictKind::Different => {
            "1, equal times, is not among them, so that the difference is no accident of the runs"
        }
        VerdictKind::Equivalent => "all of them are so near to 1, equal times, that the difference does not matter",
        VerdictKind::Undecided => {
            "1, equal times, is among them and so are others, so that either may be the faster one"
        }
    };
    // A column that sat rounds out has other rounds in the charts.
    let of_all_rounds =
        [&verdict.a, &verdict.b].map(|name| comparison.column_named(name).map(|column| column.time.median));
    let is_shown_otherwise =
        |(of_all, here): (Option<f64>, f64)| of_all.is_some_and(|all| seconds(all) != seconds(here));
    let rounds = if of_all_rounds.into_iter().zip([verdict.seconds.0, verdict.seconds.1]).any(is_shown_otherwise) {
        " Its two times are medians of the rounds in which both ran, and those below of all rounds."
    } else {
        ""
    };
    Some(format!(
        "How to read {}: the runs differ from one another, and with a confidence of {:.0} % the true ratio lies between \
         these two numbers; {meaning}.{rounds}",
        relation::interval(bounds),
        100.0 * verdict.coverage
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::comparison::tests::comparison;

    #[test]
    fn presets_are_named_after_the_systems_and_mixtures_are_not() {
        let mut comparison = comparison([&[1.0], &[1.0], &[1.0]]);
        let whose = |comparison: &Comparison| Way::all(comparison).iter().map(|way| way.whose).collect::<Vec<_>>();
        assert_eq!(whose(&comparison), ["Hadoop’s way", "Spark’s way", "no framework"]);
        comparison.runs[0].report.factors.as_mut().unwrap().map_output = Medium::Memory;
        assert_eq!(whose(&comparison)[0], "a mixture");
    }

    #[test]
    fn an_interval_is_explained_by_its_kind() {
        let reading = |disk: &[f64], memory: &[f64]| reading(&comparison([disk, memory, &[]]));
        let clear = reading(&[2.0, 2.1, 2.2, 2.0, 2.1], &[1.0, 1.1, 1.0, 1.1, 1.0]).unwrap();
        assert!(clear.starts_with("How to read [1.") && clear.ends_with("no accident of the runs."), "{clear}");
        let unclear = reading(&[2.0, 1.0, 4.0], &[1.0, 2.0, 1.0]).unwrap();
        assert!(unclear.ends_with("either may be the faster one."), "{unclear}");
        assert_eq!(reading(&[2.0], &[1.0]), None);
    }

    #[test]
    fn two_medians_of_one_column_are_explained() {
        let reading = |memory: &[f64]| reading(&comparison([&[2.0, 2.1, 2.2, 2.0, 3.0], memory, &[]])).unwrap();
        assert!(reading(&[1.0, 1.1, 1.0, 1.1]).ends_with("those below of all rounds."), "{}", reading(&[1.0; 4]));
        assert!(!reading(&[1.0, 1.1, 1.0, 1.1, 1.2]).contains("rounds"), "all rounds are common");
    }

    #[test]
    fn only_loops_speak_of_iterations() {
        assert!(!about(Mode::Memory.into(), false, false).contains("parsed"));
        assert!(about(Mode::Memory.into(), true, true).ends_with("What stays the same is parsed once and kept."));
    }
}
