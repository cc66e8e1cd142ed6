//! The verdict on a claim: its statement, the reason that it gives, and what could not be measured.

use serde::Serialize;

use crate::measure::claims::figure::is_out;
use crate::measure::claims::file::Claim;
use crate::measure::claims::judge::{Judgement, judge};
use crate::measure::claims::mechanism::Check;
use crate::measure::claims::statement::Truth;
use crate::measure::comparison::Comparison;

/// What was found about a claim.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Whether it is true here.
    pub truth: Truth,
    /// What its statement says.
    pub judgement: Judgement,
    /// What changed beside the time.
    pub check: Check,
    /// Whether the reason that it gives was found; `None` where it gives none, or there is nothing to explain.
    pub reason_holds: Option<bool>,
    /// What it speaks of and did not run.
    pub missing: Vec<Missing>,
}

/// A program or another column that did not run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Missing {
    /// Its name.
    pub name: String,
    /// Why not.
    pub why: String,
    /// Whether it is another program, which may be set up.
    #[serde(skip)]
    pub is_program: bool,
}

impl Outcome {
    /// The verdict on a claim.
    pub fn of(claim: &Claim, comparison: &Comparison) -> Self {
        let judgement = judge(&claim.statement, comparison);
        let check = Check::of(&claim.statement, comparison);
        let gives_reason = !claim.because.is_empty();
        let reason_holds = gives_reason.then(|| check.confirms(&claim.because)).flatten();
        // A sentence that says why is as true as its reason.
        let truth = match (judgement.truth, gives_reason, reason_holds) {
            (Truth::True, true, Some(false)) => Truth::False,
            (Truth::True, true, None) => Truth::Undecided,
            (truth, ..) => truth,
        };
        Outcome { truth, missing: missing(&judgement, comparison), judgement, check, reason_holds }
    }

    /// The fewest rounds in which any of its figures was measured.
    pub fn rounds(&self) -> usize {
        self.judgement.findings.iter().map(|finding| finding.rounds).min().unwrap_or(0)
    }
}

/// The names that an open statement speaks of and under which nothing ran, each program once, with the reason.
fn missing(judgement: &Judgement, comparison: &Comparison) -> Vec<Missing> {
    let open = judgement.findings.iter().filter(|finding| finding.truth == Truth::Undecided);
    let mut names: Vec<&String> = open.flat_map(|finding| &finding.needs).collect();
    names.sort_unstable();
    names.dedup();
    let mut missing: Vec<Missing> = Vec::new();
    for name in names.into_iter().filter(|name| is_out(comparison, name)) {
        let is_of = |other: &str| name.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
        let found = match comparison.alternatives.iter().find(|other| is_of(&other.name)) {
            Some(other) => {
                let why = other.skipped.as_ref().or(other.failed.as_ref()).or(other.declined.get(name));
                let why = why.cloned().unwrap_or_else(|| no_such_name(comparison));
                Missing { name: other.name.clone(), why, is_program: true }
            }
            None => Missing { name: name.clone(), why: no_such_name(comparison), is_program: false },
        };
        if !missing.contains(&found) {
            missing.push(found);
        }
    }
    missing
}

fn no_such_name(comparison: &Comparison) -> String {
    let names: Vec<String> = comparison.turns().iter().map(|turn| format!("'{}'", turn.name())).collect();
    format!("nothing has this name in the comparison, which has {}", names.join(", "))
}

/// The exit status of some verdicts: 0 where all are true, 3 where one is false, else 4.
pub fn exit_status(truths: impl IntoIterator<Item = Truth>) -> u8 {
    match Truth::of_all(truths) {
        Truth::True => 0,
        Truth::False => 3,
        Truth::Undecided => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::claims::file::ClaimFile;
    use crate::measure::claims::file::tests::about;
    use crate::measure::comparison::tests::comparison;

    fn outcome(text: &str, comparison: &Comparison) -> Outcome {
        Outcome::of(&ClaimFile::parse(text).unwrap().claims[0], comparison)
    }

    #[test]
    fn a_claim_that_gives_a_reason_that_is_not_there_is_false() {
        let mut planted = comparison([&[2.0, 2.01, 2.02], &[1.0, 1.0, 1.0], &[]]);
        for run in &mut planted.runs {
            run.report.counters = Default::default();
            run.report.time = Some(Default::default());
        }
        let text = about("median(disk) / median(memory) >= 1.5");
        let plain = outcome(&text, &planted);
        assert_eq!((plain.truth, plain.reason_holds), (Truth::True, None));
        assert!(matches!(plain.check, Check::Unexplained(_)));
        let with_reason = outcome(&(text + "because = [\"files\"]\n"), &planted);
        assert_eq!((with_reason.truth, with_reason.reason_holds), (Truth::False, Some(false)));
    }

    #[test]
    fn a_name_under_which_nothing_runs_is_missing_with_the_names_that_there_are() {
        let planted = comparison([&[2.0, 2.01, 2.02], &[1.0, 1.0, 1.0], &[]]);
        let text = about(r#"median(\"disk ×3\") > 1 s"#).replace("[comparison]", "[comparison]\nladder = true");
        let found = outcome(&text, &planted);
        let [Missing { name, why, is_program: false }] = &found.missing[..] else { panic!("{found:?}") };
        assert!(found.truth == Truth::Undecided && name == "disk ×3" && why.contains("'disk', 'memory'"), "{found:?}");
    }

    #[test]
    fn false_wins_over_undecided() {
        assert_eq!(exit_status([Truth::True, Truth::True]), 0);
        assert_eq!(exit_status([Truth::Undecided, Truth::False]), 3);
        assert_eq!(exit_status([Truth::True, Truth::Undecided]), 4);
    }
}
