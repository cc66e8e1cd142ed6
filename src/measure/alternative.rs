//! Alternatives: tools, libraries and other frameworks that do the same job, each run once a round beside the modes.
//!
//! An [`Alternative`] that cannot take part says why and is not run; one that fails says so and is not run again. Each
//! answer is compared with an output of twinmill's, whose digest is kept, so that a report tells which output was
//! checked.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::measure::failure::{Failure, USAGE};
use crate::measure::statistics::{Spread, median};

/// Another program that does the job, and its runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alternative {
    /// The name by which it was asked for.
    pub name: String,
    /// Its name under `scripts/peers/systems`.
    pub system: String,
    /// Its version; `None` where it does not take part.
    pub version: Option<String>,
    /// Whether it uses all processors that it is given, and not just one.
    pub parallel: bool,
    /// Whether it is an engine that was built for clusters.
    pub framework: bool,
    /// Reason why it does not take part.
    pub skipped: Option<String>,
    /// Error of a run of it that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
    /// Attempts that it declined, by name, with the reason: an input that is too large for it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub declined: BTreeMap<String, String>,
    /// Its runs, in the order in which they were made.
    #[serde(default)]
    pub runs: Vec<AlternativeRun>,
}

/// One run of an alternative.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlternativeRun {
    /// Name of the [`Attempt`].
    #[serde(default)]
    pub variant: String,
    /// The round, from 0.
    #[serde(default)]
    pub round: u32,
    /// Bytes of its input.
    #[serde(default)]
    pub input_bytes: u64,
    /// Wall time of its process.
    pub wall_seconds: f64,
    /// Time that the program itself measured, from its first read to its last write; for a program that starts in no
    /// time, its wall time.
    pub work_seconds: f64,
    /// Time in which a database took the input in, before the question; `None` for programs that read the input itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load_seconds: Option<f64>,
    /// The rest of its wall time.
    pub startup_seconds: f64,
    /// Processor time of its processes.
    pub cpu_seconds: f64,
    /// The largest resident set of one process.
    pub peak_rss_bytes: u64,
    /// Time of each iteration, where the job has a loop and the program tells.
    #[serde(default)]
    pub iteration_seconds: Vec<f64>,
    /// Comparison of its answer; `None` for a floor, which has none.
    pub answer: Option<Answer>,
    /// Digest of twinmill's output that the answer was compared with.
    #[serde(default)]
    pub checked_against: String,
}

/// Comparison of an answer with twinmill's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Whether it is the same: to the byte, or for floating-point numbers to within the workload's tolerance.
    pub agrees: bool,
    /// The largest difference of two numbers.
    #[serde(default)]
    pub difference: f64,
    /// Tells answers that are not twinmill's from each other.
    #[serde(default)]
    pub digest: String,
    /// The first difference from twinmill's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_difference: Option<Difference>,
}

/// The first line at which two answers differ, once both are in the order in which they are compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Its number, from 1.
    pub line: u64,
    /// The beginning of twinmill's line; `None` after the end.
    pub ours: Option<String>,
    /// The beginning of the other's.
    pub theirs: Option<String>,
}

/// One way of running an alternative: on the comparison's input, or on one that was made smaller or larger.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// The alternative's name, with the size: `duckdb ×4`.
    pub name: String,
    /// Index of the alternative.
    pub alternative: usize,
    /// Its input, where that is not the comparison's.
    pub inputs: Vec<PathBuf>,
    /// Bytes of that input.
    pub input_bytes: u64,
}

/// An alternative in a comparison's report: its runs on the comparison's own input, and their medians, apart from the others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlternativeEntry {
    /// The alternative, with its runs on the comparison's own input alone.
    #[serde(flatten)]
    alternative: Alternative,
    agrees: Option<bool>,
    /// Its runs on other sizes of the input.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    other_runs: Vec<AlternativeRun>,
    #[serde(flatten)]
    work: Option<Spread>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    median_startup_seconds: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    median_wall_seconds: Option<f64>,
}

impl From<AlternativeEntry> for Alternative {
    fn from(entry: AlternativeEntry) -> Self {
        let mut alternative = entry.alternative;
        alternative.runs.extend(entry.other_runs);
        alternative
    }
}

impl Alternative {
    /// One that does not take part, for this reason.
    pub fn skipped(name: &str, why: &str) -> Self {
        Alternative {
            name: name.to_owned(),
            system: name.to_owned(),
            version: None,
            parallel: false,
            framework: false,
            skipped: Some(why.to_owned()),
            failed: None,
            declined: BTreeMap::new(),
            runs: Vec::new(),
        }
    }

    /// Whether it is no longer run, because it declined or failed.
    pub fn is_out(&self) -> bool {
        self.skipped.is_some() || self.failed.is_some()
    }

    /// The runs of one attempt.
    pub fn runs_as<'a>(&'a self, attempt: &'a str) -> impl Iterator<Item = &'a AlternativeRun> {
        self.runs.iter().filter(move |run| run.variant == attempt)
    }

    /// Whether all of its answers are the comparison's, which `gave` outputs of some digests; `None` where it has given none.
    pub fn agrees(&self, gave: impl Fn(&str) -> bool) -> Option<bool> {
        let mut answers = self.runs.iter().filter_map(|run| run.agrees(&gave)).peekable();
        answers.peek()?;
        Some(answers.all(|agrees| agrees))
    }

    /// The entry of a comparison's report: the runs on other sizes apart, and the medians.
    pub fn entry(&self, gave: impl Fn(&str) -> bool) -> AlternativeEntry {
        let (own, other_runs): (Vec<_>, Vec<_>) = self.runs.iter().cloned().partition(|run| run.variant == self.name);
        let median_of = |value: fn(&AlternativeRun) -> f64| (!own.is_empty()).then(|| median(own.iter().map(value)));
        AlternativeEntry {
            agrees: self.agrees(gave),
            other_runs,
            work: (!own.is_empty()).then(|| Spread::of(own.iter().map(|run| run.work_seconds))),
            median_startup_seconds: median_of(|run| run.startup_seconds),
            median_wall_seconds: median_of(|run| run.wall_seconds),
            alternative: Alternative { runs: own, ..self.clone() },
        }
    }

    /// Takes over the runs that an earlier comparison made of the same version.
    ///
    /// # Errors
    /// [`Failure::Message`] where the version is another one by now.
    pub fn continue_from(&mut self, earlier: Alternative) -> Result<(), Failure> {
        if earlier.runs.is_empty() || self.version == earlier.version {
            (self.runs, self.declined) = (earlier.runs, earlier.declined);
            return Ok(());
        }
        let version = |version: &Option<String>| version.clone().unwrap_or_else(|| "not there".into());
        let (name, then, now) = (&self.name, version(&earlier.version), version(&self.version));
        Err(Failure::Message(format!("cannot continue: {name} was {then} and is {now} now"), USAGE))
    }
}

impl AlternativeRun {
    /// Time that its user waits.
    pub fn total_seconds(&self) -> f64 {
        self.startup_seconds + self.load_seconds.unwrap_or(0.0) + self.work_seconds
    }

    /// Whether its answer is the comparison's, which `gave` outputs of some digests; `None` where it has given none.
    pub fn agrees(&self, gave: impl Fn(&str) -> bool) -> Option<bool> {
        Some(self.answer.as_ref()?.agrees && gave(&self.checked_against))
    }
}

#[cfg(test)]
pub mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// The digest of the outputs in [`comparison`].
    pub const DIGEST: &str = "xxh3:0123456789abcdef";

    /// An alternative on one or two threads that took these times, with half a second to start.
    pub fn alternative(name: &str, parallel: bool, work: &[f64]) -> Alternative {
        let run = |(round, work_seconds): (u32, &f64)| AlternativeRun {
            variant: name.into(),
            round,
            input_bytes: 256 << 20,
            wall_seconds: work_seconds + 0.5,
            work_seconds: *work_seconds,
            load_seconds: None,
            startup_seconds: 0.5,
            cpu_seconds: work_seconds * 1.5,
            peak_rss_bytes: 40 << 20,
            iteration_seconds: Vec::new(),
            answer: Some(Answer { agrees: true, difference: 0.0, digest: String::new(), first_difference: None }),
            checked_against: DIGEST.into(),
        };
        Alternative {
            name: name.into(),
            system: name.into(),
            version: Some("1.0".into()),
            parallel,
            framework: false,
            skipped: None,
            failed: None,
            declined: BTreeMap::new(),
            runs: (0..).zip(work).map(run).collect(),
        }
    }

    fn gave(digest: &str) -> bool {
        digest == DIGEST
    }

    #[test]
    fn an_alternative_is_taken_up_again_as_it_was() {
        let mut awk = alternative("awk", false, &[8.0, 9.0]);
        awk.runs.push(AlternativeRun { variant: "awk ×4".into(), ..awk.runs[0].clone() });
        let json = serde_json::to_value(awk.entry(gave)).unwrap();
        assert_eq!((json["runs"].as_array().unwrap().len(), json["other_runs"].as_array().unwrap().len()), (2, 1));
        assert_eq!((&json["median_seconds"], &json["median_startup_seconds"]), (&json!(8.5), &json!(0.5)));
        assert_eq!((&json["agrees"], &json["skipped"]), (&json!(true), &Value::Null));
        let again = Alternative::from(serde_json::from_value::<AlternativeEntry>(json.clone()).unwrap());
        assert_eq!(again, awk);
        assert_eq!(serde_json::to_value(again.entry(gave)).unwrap(), json);
    }

    #[test]
    fn an_answer_that_was_checked_against_another_output_does_not_agree() {
        let mut awk = alternative("awk", false, &[8.0]);
        assert_eq!(awk.agrees(gave), Some(true));
        awk.runs[0].checked_against = "xxh3:ffff".into();
        assert_eq!(awk.agrees(gave), Some(false));
        awk.runs[0].answer = None;
        assert_eq!(awk.agrees(gave), None);
    }

    #[test]
    fn another_version_is_not_continued() {
        let earlier = alternative("awk", false, &[8.0]);
        let mut now = Alternative { runs: Vec::new(), ..earlier.clone() };
        now.continue_from(earlier.clone()).unwrap();
        assert_eq!(now.runs.len(), 1);
        now.version = Some("2.0".into());
        let Err(Failure::Message(message, 2)) = now.continue_from(earlier) else { panic!("continued") };
        assert_eq!(message, "cannot continue: awk was 1.0 and is 2.0 now");
    }
}
