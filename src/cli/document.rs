//! The report of a comparison: the request, every run, and the results. It is written and read by the same type.

use serde::{Deserialize, Serialize};

use crate::cli::telling::fact::{NumberedFact, numbered};
use crate::cli::telling::{facts, growth, machine, verdict};
use crate::config::DiskProfile;
use crate::measure::alternative::{Alternative, AlternativeEntry};
use crate::measure::analysis::cause::{CauseEntry, Explanation};
use crate::measure::analysis::explained::explanations;
use crate::measure::analysis::growth::Grown;
use crate::measure::analysis::ladder::{Climb, Gap, Rung};
use crate::measure::analysis::noise::Noise;
use crate::measure::analysis::roofline::Roofline;
use crate::measure::analysis::sweep::{Curve, SweepPoint, SweepSummary};
use crate::measure::analysis::tools::{self, ToolEntry};
use crate::measure::analysis::verdict::Verdict;
use crate::measure::analysis::votes::{Dissent, Votes};
use crate::measure::column::{Column, Summary};
use crate::measure::comparison::{Comparison, Heading, Ratio, Warmup};
use crate::measure::plan::growth::Growth;
use crate::measure::plan::ladder::Ladder;
use crate::measure::plan::sweep::Sweep;
use crate::measure::run::Run;
use crate::measure::settings::Settings;

/// The report of `compare --report`. Entries that have a default are there only where they were asked for.
#[derive(Debug, Deserialize, Serialize)]
pub struct Document {
    schema: u32,
    job: String,
    command: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    heading: Option<Heading>,
    /// `None` of runs that were made one by one.
    settings: Option<Settings>,
    verdict: Vec<String>,
    /// All sentences with their figures; made anew whenever the report is read.
    #[serde(default, skip_deserializing)]
    facts: Vec<NumberedFact>,
    #[serde(default)]
    verdicts: Vec<Verdict>,
    /// `None` of runs that were made one by one.
    #[serde(default)]
    noise: Option<Noise>,
    summary: Vec<Summary>,
    ratios: Vec<Ratio>,
    /// The causes of the differences in the verdict; found anew whenever the report is read.
    #[serde(default, skip_deserializing)]
    causes: Vec<CauseEntry>,
    outputs_identical: bool,
    /// How near the phases came to the best of the machine, where that was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    roofline: Option<Roofline>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ladder: Option<Vec<Rung>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ladder_total: Option<Gap>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    memory_sweep: Option<Vec<SweepPoint>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    memory_sweep_summary: Option<SweepSummary>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    alternatives: Vec<AlternativeEntry>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    other_answers: Vec<Dissent>,
    /// `Some(None)` where alternatives ran and none gave an answer.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "even_null")]
    alternatives_agree: Option<Option<bool>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tools: Option<Vec<ToolEntry>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    growths: Vec<ToldGrowth>,
    /// Variant and round of the run in the middle of each mode.
    middle_runs: Vec<(String, u32)>,
    machine: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    emulated_disk: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    plan: Option<Plan>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    warmups: Option<Vec<Warmup>>,
    /// The runs of the modes.
    runs: Vec<Run>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    other_runs: Vec<Run>,
}

/// A growth with its sentence.
#[derive(Debug, Deserialize, Serialize)]
struct ToldGrowth {
    #[serde(flatten)]
    grown: Grown,
    verdict: String,
}

/// The comparisons of a lecture, as its report has them.
#[derive(Debug, Deserialize, Serialize)]
pub struct Lecture {
    schema: u32,
    /// One for each lesson.
    pub comparisons: Vec<Document>,
}

impl Lecture {
    /// The document of comparisons.
    pub fn of(comparisons: &[Comparison]) -> Self {
        Lecture { schema: 1, comparisons: comparisons.iter().map(Document::of).collect() }
    }
}

/// The plan of the rounds.
#[derive(Debug, Deserialize, Serialize)]
struct Plan {
    ladder: Option<Ladder>,
    memory_sweep: Option<Sweep>,
    #[serde(default)]
    growths: Vec<Growth>,
    /// The names of each round.
    order: Vec<Vec<String>>,
}

impl Document {
    /// The document of a comparison.
    pub fn of(comparison: &Comparison) -> Self {
        let of_a_mode = |run: &Run| comparison.modes.iter().any(|mode| mode.name == run.variant);
        let (runs, other_runs): (Vec<Run>, Vec<Run>) = comparison.runs.iter().cloned().partition(of_a_mode);
        let (ladder, ladder_total) = Climb::of(comparison).map(|climb| (climb.rungs, climb.total)).unzip();
        let (points, sweep_summary) = Curve::of(comparison).map(|curve| (curve.points, curve.summary)).unzip();
        let with_alternatives = !comparison.alternatives.is_empty();
        let gave = |digest: &str| comparison.gave(digest);
        let told = |grown: Grown| ToldGrowth { verdict: growth::sentence(&grown), grown };
        let growths = comparison.growths.iter().filter_map(|growth| Grown::of(growth, comparison));
        let in_rounds = !comparison.saved;
        Document {
            schema: 1,
            job: comparison.settings.job.clone(),
            command: comparison.command.clone(),
            heading: comparison.heading.clone(),
            settings: in_rounds.then(|| comparison.settings.clone()),
            verdict: verdict::sentences(comparison),
            facts: numbered(facts(comparison)),
            verdicts: comparison.verdicts(),
            noise: Noise::of(comparison),
            summary: comparison.columns().iter().map(Column::summary).collect(),
            ratios: comparison.ratios(),
            causes: explanations(comparison).iter().flat_map(Explanation::entries).collect(),
            outputs_identical: comparison.outputs_identical(),
            roofline: Roofline::of(comparison),
            ladder,
            ladder_total,
            memory_sweep: points,
            memory_sweep_summary: sweep_summary,
            alternatives: comparison.alternatives.iter().map(|alternative| alternative.entry(gave)).collect(),
            other_answers: Votes::of(comparison).dissents,
            alternatives_agree: with_alternatives.then(|| comparison.alternatives_agree()),
            tools: with_alternatives.then(|| tools::entries(comparison)),
            growths: growths.map(told).collect(),
            middle_runs: comparison.middle_runs().iter().map(|run| (run.variant.clone(), run.round)).collect(),
            machine: machine::line(comparison),
            emulated_disk: comparison.disk_profile().map(DiskProfile::to_string),
            plan: in_rounds.then(|| Plan {
                ladder: comparison.ladder.clone(),
                memory_sweep: comparison.sweep.clone(),
                growths: comparison.growths.clone(),
                order: comparison.order(),
            }),
            warmups: in_rounds.then(|| comparison.warmups.clone()),
            runs,
            other_runs,
        }
    }

    /// Restores the comparison.
    ///
    /// # Errors
    /// A sentence where it is the report of no comparison that was made in rounds.
    pub fn into_comparison(self) -> Result<Comparison, String> {
        let (Some(settings), Some(plan)) = (self.settings, self.plan) else {
            return Err("it has no settings and no plan".into());
        };
        let mut comparison = Comparison::new(settings, self.command);
        comparison.heading = self.heading;
        comparison.warmups = self.warmups.unwrap_or_default();
        comparison.peak_rates = self.roofline.map(|roofline| roofline.peak_rates);
        comparison.load = self.noise.map(|noise| noise.load).unwrap_or_default();
        (comparison.ladder, comparison.sweep, comparison.growths) = (plan.ladder, plan.memory_sweep, plan.growths);
        comparison.alternatives = self.alternatives.into_iter().map(Alternative::from).collect();
        comparison.runs = self.runs;
        comparison.runs.extend(self.other_runs);
        Ok(comparison)
    }
}

/// An entry that may be absent, or present and null.
mod even_null {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(value: &Option<Option<bool>>, to: S) -> Result<S::Ok, S::Error> {
        value.flatten().serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<bool>>, D::Error> {
        Option::deserialize(from).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::measure::analysis::tools::tests::with_alternatives;
    use crate::measure::analysis::{growth, ladder, sweep};
    use crate::measure::comparison::tests::comparison;
    use crate::measure::mode::RunMode;

    fn json_of(comparison: &Comparison) -> Value {
        serde_json::to_value(Document::of(comparison)).unwrap()
    }

    fn again(json: &Value) -> Comparison {
        serde_json::from_value::<Document>(json.clone()).unwrap().into_comparison().unwrap()
    }

    #[test]
    fn the_report_is_as_agreed() {
        let json = json_of(&comparison([&[1.0, 2.0, 3.0], &[1.0], &[4.0]]));
        assert_eq!(json["runs"].as_array().unwrap().len(), 5);
        let disk = json!({"mode": "disk", "median_seconds": 2.0, "min_seconds": 1.0, "max_seconds": 3.0, "ci95_seconds": [1.0, 3.0], "ci95_coverage": 0.75});
        assert_eq!(json["summary"][0], disk);
        assert_eq!(json["outputs_identical"], true);
        assert_eq!((&json["runs"][1]["variant"], &json["runs"][1]["round"]), (&json!("disk"), &json!(1)));
        assert_eq!(json["plan"]["order"].as_array().unwrap().len(), 3);
    }

    #[test]
    fn a_report_is_taken_up_again_as_it_was() {
        let json = json_of(&comparison([&[1.0, 2.0, 3.0], &[1.0, 1.5], &[4.0]]));
        let again = again(&json);
        assert_eq!(json_of(&again), json);
        assert!(again.has_run("memory", 1) && !again.has_run("memory", 2));
    }

    #[test]
    fn every_analysis_is_taken_up_again_as_it_was() {
        let inputs = [growth::tests::input(1.0), growth::tests::input(4.0)];
        let growth = Growth::of_scale(&RunMode::ALL, &inputs);
        let mut grown = growth::tests::measured(&growth, [&[1.0, 4.0], &[1.0, 3.0], &[0.5, 2.0]]);
        grown.growths.push(growth);
        let ladder = ladder::tests::measured(&["", "job2-", "job3-"], 2, &[4.0, 3.0, 2.5, 1.0]);
        let sweep = sweep::tests::measured([1.9, 1.5, 1.0], [1, 50, 100]);
        let mut others = with_alternatives();
        let answer = others.alternatives[1].runs[2].answer.as_mut().unwrap();
        answer.difference = 1.0;
        for (comparison, entry) in [(ladder, "ladder"), (sweep, "memory_sweep"), (others, "tools"), (grown, "growths")]
        {
            let json = json_of(&comparison);
            assert!(json[entry].as_array().is_some_and(|entries| !entries.is_empty()), "{entry}: {json:#}");
            assert_eq!(json_of(&again(&json)), json, "{entry}");
        }
    }

    #[test]
    fn other_bytes_are_told_with_their_mode() {
        let mut comparison = comparison([&[1.0], &[1.0], &[]]);
        comparison.runs[1].report.output.digest = Some("xxh3:ffff".into());
        assert_eq!(json_of(&comparison)["outputs_identical"], false);
    }
}
