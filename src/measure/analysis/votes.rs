//! Groups programs by their answers, where these differ.
//!
//! twinmill's modes have one vote together, an alternative has one. An alternative that is alone with its answer is
//! named as the one that differs; twinmill is in doubt where no more agree with it than with another answer.

use serde::{Deserialize, Serialize};

use crate::measure::alternative::{Alternative, Difference};
use crate::measure::comparison::Comparison;

/// An answer that differs from twinmill's, and the alternatives that gave it.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Dissent {
    /// The alternatives.
    pub names: Vec<String>,
    /// The first line that differs, where that was found.
    pub first_difference: Option<Difference>,
    #[serde(skip)]
    digest: String,
}

/// All answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Votes {
    /// The modes, and the alternatives that agree with them.
    pub ours: Vec<String>,
    agreeing: usize,
    /// The other answers, in the order in which they were given.
    pub dissents: Vec<Dissent>,
}

impl Votes {
    /// Counts the answers of a comparison.
    pub fn of(comparison: &Comparison) -> Self {
        let mut votes = Votes {
            ours: comparison.modes.iter().map(|mode| mode.name.clone()).collect(),
            agreeing: 0,
            dissents: Vec::new(),
        };
        for alternative in &comparison.alternatives {
            match alternative.agrees(|digest| comparison.gave(digest)) {
                None => {}
                Some(true) => {
                    votes.ours.push(alternative.name.clone());
                    votes.agreeing += 1;
                }
                Some(false) => votes.dissent(alternative),
            }
        }
        votes
    }

    fn dissent(&mut self, alternative: &Alternative) {
        let answers = || alternative.runs.iter().filter_map(|run| run.answer.as_ref());
        // An answer that agrees was compared with an output that twinmill gave in an earlier process.
        let Some(answer) = answers().find(|answer| !answer.agrees).or_else(|| answers().next()) else { return };
        let same = |dissent: &&mut Dissent| !answer.digest.is_empty() && dissent.digest == answer.digest;
        match self.dissents.iter_mut().find(same) {
            Some(dissent) => dissent.names.push(alternative.name.clone()),
            None => self.dissents.push(Dissent {
                names: vec![alternative.name.clone()],
                first_difference: answer.first_difference.clone(),
                digest: answer.digest.clone(),
            }),
        }
    }

    /// Whether as many gave one other answer as gave twinmill's.
    pub fn are_against_us(&self) -> bool {
        self.dissents.iter().any(|dissent| dissent.names.len() > self.agreeing)
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::measure::alternative::Answer;
    use crate::measure::alternative::tests::alternative;
    use crate::measure::comparison::tests::comparison;

    /// Of alternatives that gave these answers; an empty one is twinmill's.
    pub fn votes(answers: &[(&str, &str)]) -> Votes {
        let mut comparison = comparison([&[1.0], &[1.0], &[]]);
        let alternative = |(name, digest): &(&str, &str)| {
            let mut given = alternative(name, false, &[2.0]);
            let difference = Difference { line: 3, ours: Some("b\\t1".into()), theirs: None };
            given.runs[0].answer = Some(Answer {
                agrees: digest.is_empty(),
                difference: 0.0,
                digest: (*digest).into(),
                first_difference: (!digest.is_empty()).then_some(difference),
            });
            given
        };
        comparison.alternatives = answers.iter().map(alternative).collect();
        Votes::of(&comparison)
    }

    #[test]
    fn who_gave_the_same_other_answer_is_named_together() {
        let votes = votes(&[("awk", "x"), ("pandas", "y"), ("duckdb", "x")]);
        let names: Vec<_> = votes.dissents.iter().map(|dissent| dissent.names.join(" ")).collect();
        assert_eq!(names, ["awk duckdb", "pandas"]);
    }

    #[test]
    fn twinmill_is_in_doubt_where_no_more_agree_with_it_than_with_another_answer() {
        for (answers, doubted) in [
            (vec![], false),
            (vec![("awk", "")], false),
            (vec![("awk", "x")], true),
            (vec![("awk", "x"), ("sort", "")], false),
            (vec![("awk", "x"), ("sort", ""), ("duckdb", "x")], true),
            (vec![("awk", "x"), ("sort", ""), ("duckdb", "y")], false),
        ] {
            assert_eq!(votes(&answers).are_against_us(), doubted, "{answers:?}");
        }
    }
}
