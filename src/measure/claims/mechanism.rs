//! What changed beside the time: the check that a difference has a cause that was counted.

use serde::Serialize;

use crate::measure::alternative::AlternativeRun;
use crate::measure::analysis::cause::{Cause, CauseEntry, Explanation, Mechanism, Program};
use crate::measure::analysis::verdict::Verdict;
use crate::measure::claims::figure::{Figure, totals};
use crate::measure::claims::statement::{Condition, Relation};
use crate::measure::comparison::Comparison;
use crate::measure::run::Run;
use crate::measure::statistics::median;

/// Tells whether a mechanism is of a kind.
type IsOfKind = fn(&Mechanism) -> bool;

/// The kinds of mechanism that a claim may name as the reason, as the report spells them.
pub const REASONS: [(&str, IsOfKind); 10] = [
    ("files", |mechanism| matches!(mechanism, Mechanism::UsedFiles { .. } | Mechanism::WaitedForDisk { .. })),
    ("disk-wait", |mechanism| matches!(mechanism, Mechanism::WaitedForDisk { .. })),
    ("parsing", |mechanism| matches!(mechanism, Mechanism::ParsedInput { .. })),
    ("little-memory", |mechanism| matches!(mechanism, Mechanism::LackedMemory { .. })),
    ("merging", |mechanism| matches!(mechanism, Mechanism::Merged { .. })),
    ("sorting", |mechanism| matches!(mechanism, Mechanism::Sorted { .. })),
    ("failures", |mechanism| matches!(mechanism, Mechanism::Recovered { .. })),
    ("startup", |mechanism| matches!(mechanism, Mechanism::StartedUp { .. })),
    ("loading", |mechanism| matches!(mechanism, Mechanism::Loaded { .. })),
    ("computing", |mechanism| {
        matches!(mechanism, Mechanism::ComputedMore { .. } | Mechanism::UsedFewerProcessors { .. })
    }),
];

/// What is known of the cause of a difference in time.
#[derive(Clone, Debug, PartialEq)]
pub enum Check {
    /// The statement compares no times of two columns.
    NoTimes,
    /// The two columns are not known to differ.
    NoDifference,
    /// The columns differ, and nothing that was counted explains most of the difference.
    Unexplained(Explanation),
    /// The columns differ, and this is why.
    Explained(Explanation),
}

/// A check in a report.
#[derive(Clone, Debug, Serialize)]
pub struct CheckEntry {
    kind: &'static str,
    causes: Vec<CauseEntry>,
}

impl Check {
    /// The check of a statement, for the columns whose times it [compares](compared).
    pub fn of(statement: &Condition, comparison: &Comparison) -> Self {
        match compared(statement) {
            None => Check::NoTimes,
            Some((first, second)) => Check::of_columns(comparison, first, second),
        }
    }

    fn of_columns(comparison: &Comparison, first: &str, second: &str) -> Self {
        let Some((slower, faster)) = ordered(comparison, first, second) else { return Check::NoDifference };
        let explanation = match (Side::of(comparison, slower), Side::of(comparison, faster)) {
            (Some(Side::Ours), Some(Side::Ours)) => Explanation::of(comparison, slower, faster),
            (Some(slow), Some(fast)) => slow
                .program(comparison, slower)
                .zip(fast.program(comparison, faster))
                .and_then(|(slow, fast)| slow.explain(slower, &fast, faster)),
            _ => None,
        };
        match explanation {
            None => Check::NoDifference,
            Some(found) if found.causes.iter().any(is_unexplained) => Check::Unexplained(found),
            Some(found) => Check::Explained(found),
        }
    }

    /// Whether a cause of one of these kinds was found; `None` where it is not known whether there is a difference.
    pub fn confirms(&self, reasons: &[String]) -> Option<bool> {
        let matches = |cause: &Cause| {
            let named = REASONS.iter().filter(|(name, _)| reasons.iter().any(|reason| reason == name));
            named.into_iter().any(|(_, is_kind)| is_kind(&cause.mechanism))
        };
        match self {
            Check::NoTimes | Check::NoDifference => None,
            Check::Unexplained(_) => Some(false),
            Check::Explained(explanation) => Some(explanation.causes.iter().any(matches)),
        }
    }

    /// The entry of a report.
    pub fn entry(&self) -> CheckEntry {
        let (kind, explanation) = match self {
            Check::NoTimes => ("no_times", None),
            Check::NoDifference => ("no_difference", None),
            Check::Unexplained(explanation) => ("unexplained", Some(explanation)),
            Check::Explained(explanation) => ("explained", Some(explanation)),
        };
        CheckEntry { kind, causes: explanation.into_iter().flat_map(Explanation::entries).collect() }
    }
}

/// The first two columns whose times a statement compares, those of the two sides of a relation before two of one side;
/// `None` where there are none.
pub fn compared(statement: &Condition) -> Option<(&str, &str)> {
    statement.relations().into_iter().find_map(of_two_sides).or_else(|| {
        let columns = timed(statement.figures());
        let first = *columns.first()?;
        columns.into_iter().find(|other| *other != first).map(|second| (first, second))
    })
}

/// The first columns whose times stand on the two sides of a relation.
fn of_two_sides(relation: &Relation) -> Option<(&str, &str)> {
    let first = *timed(relation.left.figures()).first()?;
    timed(relation.right.figures()).into_iter().find(|other| *other != first).map(|second| (first, second))
}

/// The columns whose times are among some figures.
fn timed(figures: Vec<&Figure>) -> Vec<&str> {
    figures.into_iter().filter(|figure| figure.is_time()).flat_map(Figure::columns).map(String::as_str).collect()
}

fn is_unexplained(cause: &Cause) -> bool {
    matches!(cause.mechanism, Mechanism::Unexplained { .. })
}

/// The two columns with the slower one first; `None` where they are not known to differ.
fn ordered<'a>(comparison: &Comparison, first: &'a str, second: &'a str) -> Option<(&'a str, &'a str)> {
    let times = totals(comparison, first, second);
    let verdict = Verdict::of((first, second), &times, comparison.settings.rules())?;
    verdict.is_different().then_some(if verdict.ratio > 1.0 { (first, second) } else { (second, first) })
}

/// Whose runs a column has.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Side {
    Ours,
    Other,
}

impl Side {
    fn of(comparison: &Comparison, name: &str) -> Option<Self> {
        if comparison.runs_of(name).next().is_some() {
            return Some(Side::Ours);
        }
        other_runs(comparison, name).next().is_some().then_some(Side::Other)
    }

    /// What the system knows of its runs.
    fn program(self, comparison: &Comparison, name: &str) -> Option<Program> {
        match self {
            Side::Ours => {
                let runs: Vec<&Run> = comparison.runs_of(name).collect();
                let of = |value: fn(&Run) -> f64| median(runs.iter().map(|run| value(run)));
                Some(Program {
                    startup_seconds: of(|run| run.startup_seconds),
                    load_seconds: 0.0,
                    work_seconds: of(|run| run.report.wall_seconds),
                    cpu_seconds: of(|run| run.report.cpu_seconds),
                })
            }
            Side::Other => {
                let runs: Vec<&AlternativeRun> = other_runs(comparison, name).collect();
                let of = |value: fn(&AlternativeRun) -> f64| median(runs.iter().map(|run| value(run)));
                Some(Program {
                    startup_seconds: of(|run| run.startup_seconds),
                    load_seconds: of(|run| run.load_seconds.unwrap_or(0.0)),
                    work_seconds: of(|run| run.work_seconds),
                    cpu_seconds: of(|run| run.cpu_seconds),
                })
            }
        }
    }
}

fn other_runs<'a>(comparison: &'a Comparison, name: &'a str) -> impl Iterator<Item = &'a AlternativeRun> {
    comparison.alternatives.iter().flat_map(|other| &other.runs).filter(move |run| run.variant == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::claims::judge::tests::statement;
    use crate::measure::comparison::tests::comparison;

    const TWICE: &str = "median(disk) / median(memory) > 1.5";

    #[test]
    fn a_difference_whose_counts_are_equal_is_unexplained_and_confirms_no_reason() {
        let mut planted = comparison([&[2.0, 2.01, 2.02], &[1.0, 1.0, 1.0], &[]]);
        for run in &mut planted.runs {
            // Neither files nor waits: the same work took longer.
            run.report.counters = Default::default();
            run.report.time = Some(Default::default());
        }
        let check = Check::of(&statement(TWICE), &planted);
        assert!(matches!(check, Check::Unexplained(_)), "{check:?}");
        assert_eq!(check.confirms(&["files".to_owned()]), Some(false));
    }

    #[test]
    fn a_reference_that_computes_more_is_explained() {
        let mut slow = comparison([&[], &[1.0, 1.0, 1.0], &[2.0, 2.01, 2.02]]);
        for run in slow.runs.iter_mut().filter(|run| run.variant == "reference") {
            run.report.cpu_seconds = 2.0;
        }
        let check = Check::of(&statement("median(reference) > median(memory)"), &slow);
        assert_eq!(check.confirms(&["computing".to_owned()]), Some(true), "{check:?}");
        assert_eq!(check.confirms(&["files".to_owned()]), Some(false));
    }

    #[test]
    fn without_two_times_or_without_a_difference_there_is_nothing_to_explain() {
        let equal = comparison([&[1.0, 1.1, 0.9], &[1.0, 0.9, 1.1], &[]]);
        assert_eq!(Check::of(&statement(TWICE), &equal), Check::NoDifference);
        assert_eq!(Check::of(&statement("files_written(disk) > 0 B"), &equal), Check::NoTimes);
        assert_eq!(Check::of(&statement("median(disk) > 1 s"), &equal), Check::NoTimes);
    }

    #[test]
    fn the_two_sides_of_a_relation_are_compared_before_two_columns_of_one_side() {
        let columns = |text: &str| compared(&statement(text)).map(|(one, other)| (one.to_owned(), other.to_owned()));
        let pair = |one: &str, other: &str| Some((one.to_owned(), other.to_owned()));
        assert_eq!(columns("min(median(disk), median(memory)) <= median(reference)"), pair("disk", "reference"));
        assert_eq!(columns("median(disk) / median(memory) < 2"), pair("disk", "memory"));
        assert_eq!(columns("median(disk) - median(memory) < 1 s"), pair("disk", "memory"));
    }
}
