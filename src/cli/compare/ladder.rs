//! From the disk preset to the memory preset one factor at a time, so that each factor has its part of the gap.
//!
//! ```text
//! disk ──map_output=memory──▶ ──between_jobs=memory──▶ ──invariant=cached──▶ memory
//! ```
//!
//! The first and the last step are the modes themselves. A factor that a job has no use for (between jobs, where there is
//! one job; an invariant input, where there is no loop) is no step: the program would be the same one. Grouping is the same
//! in both presets. Steps are measured in the same rounds as everything else.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::cli::args::RunMode;
use crate::cli::compare::column::{Column, Framework};
use crate::cli::compare::comparison::Comparison;
use crate::cli::compare::interval::{Estimate, difference_of_medians};
use crate::cli::compare::plan::Variant;
use crate::cli::compare::run_figures::Figures;
use crate::cli::compare::table::Table;
use crate::cli::figures::{bytes, seconds, signed_range, signed_seconds};

/// A choice that differs between the presets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Factor {
    /// `--map-output`
    MapOutput,
    /// `--between-jobs`
    BetweenJobs,
    /// `--invariant`
    Invariant,
}

impl Factor {
    /// The order of the steps: that of the data flow.
    pub const ALL: [Factor; 3] = [Factor::MapOutput, Factor::BetweenJobs, Factor::Invariant];

    /// Name in reports.
    fn name(self) -> &'static str {
        match self {
            Factor::MapOutput => "map_output",
            Factor::BetweenJobs => "between_jobs",
            Factor::Invariant => "invariant",
        }
    }

    /// The flag, without its dashes.
    pub fn flag(self) -> &'static str {
        match self {
            Factor::MapOutput => "map-output",
            Factor::BetweenJobs => "between-jobs",
            Factor::Invariant => "invariant",
        }
    }

    /// What the presets say: disk, memory.
    fn values(self) -> [&'static str; 2] {
        match self {
            Factor::MapOutput | Factor::BetweenJobs => ["disk", "memory"],
            Factor::Invariant => ["reread", "cached"],
        }
    }

    fn word(self) -> String {
        format!("--{}={}", self.flag(), self.values()[1])
    }

    /// Why a job has no use for it, if it has none.
    fn void_in(self, run: &Figures) -> Option<&'static str> {
        match self {
            Factor::MapOutput if run.reducers == 0 => Some("no reducers"),
            Factor::BetweenJobs if !run.is_chain() => Some("one job"),
            Factor::Invariant if run.iterations.is_empty() => Some("no loop"),
            _ => None,
        }
    }
}

/// What is measured for the ladder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ladder {
    steps: Vec<Step>,
    /// The variants beyond the modes.
    pub variants: Vec<Variant>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Step {
    factor: Factor,
    /// Why it changes nothing, where it does not.
    void: Option<String>,
    /// The variant that has taken it.
    variant: String,
}

impl Ladder {
    /// The steps for a job of which this is a run in disk mode.
    pub fn of(disk_run: &Figures) -> Self {
        let last = Factor::ALL.iter().rposition(|factor| factor.void_in(disk_run).is_none());
        let mut ladder = Ladder::default();
        let (mut variant, mut words) = (RunMode::Disk.name().to_owned(), Vec::new());
        for (i, factor) in Factor::ALL.into_iter().enumerate() {
            words.push(factor.word());
            let void = factor.void_in(disk_run);
            if Some(i) == last {
                variant = RunMode::Memory.name().to_owned();
            } else if void.is_none() {
                variant = format!("disk {}", words.join(" "));
                let (name, words) = (variant.clone(), words.clone());
                ladder.variants.push(Variant { words, ..Variant::named(name, RunMode::Disk) });
            }
            ladder.steps.push(Step { factor, void: void.map(str::to_owned), variant: variant.clone() });
        }
        ladder
    }

    /// Each rung with what its factor changed, the disk preset first, as far as all of it has run.
    fn rungs<'a>(&'a self, comparison: &Comparison) -> Option<Vec<Rung<'a>>> {
        let column = |name: &str| comparison.column_named(name);
        let mut rungs = vec![Rung { step: None, column: column(RunMode::Disk.name())?, difference: None }];
        for step in &self.steps {
            let before = rungs.last().expect("it begins with one");
            let difference = match step.void {
                None => Some(comparison.difference(&step.variant, &before.column.name)?),
                Some(_) => None,
            };
            rungs.push(Rung { step: Some(step), column: column(&step.variant)?, difference });
        }
        Some(rungs)
    }

    /// The entries `ladder` and `ladder_total` of the report; `None` before the first round is complete.
    pub fn json(&self, comparison: &Comparison) -> Option<(Value, Value)> {
        let rungs = self.rungs(comparison)?;
        // As the disk runs have them; the grouping is not the ladder's to change.
        let mut factors = comparison.factors(RunMode::Disk.name());
        Factor::ALL.iter().for_each(|factor| factors[factor.name()] = factor.values()[0].into());
        let mut steps = Vec::new();
        for rung in &rungs {
            if let Some(step) = rung.step {
                factors[step.factor.name()] = step.factor.values()[1].into();
            }
            let unchanged = Estimate { value: 0.0, ci95: Some((0.0, 0.0)) };
            let difference = rung.step.map(|_| rung.difference.unwrap_or(unchanged));
            let parts = rung.column.framework.as_ref();
            let of = |value: fn(&Framework) -> f64| parts.map(value);
            steps.push(json!({
                "factors": factors,
                "changed": rung.step.map(|step| step.factor),
                "does_not_apply": rung.step.and_then(|step| step.void.as_ref()),
                "variant": rung.column.name,
                "median_seconds": rung.column.time.median,
                "difference_seconds": difference.map(|difference| difference.value),
                "difference_ci95": difference.and_then(|difference| difference.ci95),
                "bytes": {
                    "file_written": of(|parts| parts.file_written_bytes),
                    "file_read": of(|parts| parts.file_read_bytes),
                    "shuffle": of(|parts| parts.shuffle_bytes),
                    "input_read": rung.column.input_bytes,
                },
            }));
        }
        let gap = Gap::of(&rungs, comparison)?;
        let total = json!({
            "gap_seconds": gap.estimate.value,
            "gap_ci95": gap.estimate.ci95,
            "sum_of_differences_seconds": gap.sum,
            "noise_seconds": gap.noise(),
            "adds_up": gap.adds_up(),
        });
        Some((steps.into(), total))
    }

    /// The ladder as rows of a table and a sentence; `None` before the first round is complete.
    pub fn table(&self, comparison: &Comparison) -> Option<Table> {
        let rungs = self.rungs(comparison)?;
        let head = ["from disk to memory", "time", "difference", "95 % interval", "written", "read", "shuffled"];
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        rows[0].push("input".into());
        for rung in &rungs {
            let mut row = vec![match rung.step {
                None => "  disk".to_owned(),
                Some(step) => format!("  {} {}", step.factor.flag(), step.factor.values()[1]),
            }];
            if let Some(void) = rung.step.and_then(|step| step.void.as_ref()) {
                row.push(format!("– ({void})"));
                row.resize(rows[0].len(), String::new());
                rows.push(row);
                continue;
            }
            let column = &rung.column;
            row.push(seconds(column.time.median));
            row.push(rung.difference.map_or(String::new(), |difference| signed_seconds(difference.value)));
            row.push(rung.difference.and_then(|difference| difference.ci95).map_or(String::new(), signed_range));
            let of = |value: fn(&Framework) -> f64| {
                column.framework.as_ref().map_or(String::new(), |parts| bytes(value(parts) as u64))
            };
            row.extend([of(|p| p.file_written_bytes), of(|p| p.file_read_bytes), of(|p| p.shuffle_bytes)]);
            row.push(bytes(column.input_bytes as u64));
            rows.push(row);
        }
        let gap = Gap::of(&rungs, comparison)?;
        let relation = if gap.adds_up() { "which is" } else { "which is NOT" };
        let noise = gap.noise().map_or("unknown noise (one round)".into(), |noise| format!("± {}", seconds(noise)));
        let sentence = format!(
            "The steps come to {}, {relation} the gap of {} {noise} between the modes.",
            signed_seconds(gap.sum),
            signed_seconds(gap.estimate.value)
        );
        Some(Table { rows, sentence })
    }
}

struct Rung<'a> {
    /// `None` for the disk preset.
    step: Option<&'a Step>,
    column: Column,
    /// Against the rung before; `None` where the factor does not apply, and for the disk preset.
    difference: Option<Estimate>,
}

struct Gap {
    estimate: Estimate,
    sum: f64,
}

impl Gap {
    fn of(rungs: &[Rung<'_>], comparison: &Comparison) -> Option<Self> {
        let estimate = comparison.difference(RunMode::Memory.name(), RunMode::Disk.name())?;
        Some(Gap { estimate, sum: rungs.iter().filter_map(|rung| Some(rung.difference?.value)).sum() })
    }

    /// Half of the interval's width.
    fn noise(&self) -> Option<f64> {
        self.estimate.ci95.map(|(low, high)| (high - low) / 2.0)
    }

    /// Rounds in which only some of the variants ran may keep the sum from being the gap to the last digit.
    fn adds_up(&self) -> bool {
        (self.sum - self.estimate.value).abs() <= self.noise().unwrap_or(0.0).max(1e-9)
    }
}

impl Comparison {
    /// How much longer `first` took than `second`, in seconds.
    fn difference(&self, first: &str, second: &str) -> Option<Estimate> {
        difference_of_medians(&self.paired_times(first, second), self.settings.seed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::compare::run_figures::Run;
    use crate::cli::compare::settings::tests::settings;

    /// A run of a chain of jobs, with these iterations, that took this time.
    fn run(mode: RunMode, seconds: f64, jobs: &[&str], iterations: usize, file_bytes: u64) -> Run {
        let tasks: Vec<_> = jobs.iter().map(|job| json!({"id": format!("{job}map-00000")})).collect();
        let report = json!({
            "mode": mode.name(), "workers": 2, "reducers": 2, "input_bytes": 1 << 20, "wall_seconds": seconds,
            "factors": {"map_output": "disk", "between_jobs": "disk", "invariant": "reread", "grouping": "sort"},
            "peak_rss_bytes": 0, "phases": [{"name": "map", "busy_seconds": seconds}],
            "iterations": vec![json!({"wall_seconds": 0.1}); iterations], "tasks": tasks,
            "counters": {"MAP_INPUT_RECORDS": 1, "REDUCE_INPUT_RECORDS": 1, "REDUCE_SHUFFLE_BYTES": 2048,
                "FILE_BYTES_READ": file_bytes, "FILE_BYTES_WRITTEN": file_bytes},
            "process_io": {"read_bytes": 0, "write_bytes": 0}, "output": {"records": 1, "digest": "xxh3:1"},
        });
        Run::parse(report.to_string().as_bytes()).unwrap()
    }

    /// A comparison of three rounds of which every variant takes these times, in the order of the ladder.
    fn measured(jobs: &[&str], iterations: usize, seconds: &[f64]) -> Comparison {
        let mut settings = settings(&[RunMode::Disk, RunMode::Memory]);
        settings.ladder = true;
        let mut comparison = Comparison::new(settings, Vec::new());
        assert!(!comparison.is_planned());
        let ladder = Ladder::of(&run(RunMode::Disk, 1.0, jobs, iterations, 0).figures);
        let steps = ladder.variants.iter().map(|variant| (variant.name.clone(), variant.mode));
        let mut names = vec![("disk".to_owned(), RunMode::Disk)];
        names.extend(steps);
        names.push(("memory".to_owned(), RunMode::Memory));
        assert_eq!(names.len(), seconds.len());
        comparison.ladder = Some(ladder);
        for round in 0..3 {
            for (i, ((name, mode), seconds)) in names.iter().zip(seconds).enumerate() {
                let (seconds, files) = (seconds + 0.25 * f64::from(round), 4096 * (names.len() - 1 - i) as u64);
                comparison.add(run(*mode, seconds, jobs, iterations, files), name, round);
            }
        }
        comparison
    }

    #[test]
    fn each_factor_of_a_loop_is_a_step_and_the_steps_add_up() {
        let comparison = measured(&["", "job2-", "job3-"], 2, &[4.0, 3.0, 2.5, 1.0]);
        let ladder = comparison.ladder.as_ref().unwrap();
        assert_eq!(ladder.variants[1].words, ["--map-output=memory", "--between-jobs=memory"]);
        let text = ladder.table(&comparison).unwrap().to_string();
        let expected = "\
from disk to memory       time   difference     95 % interval    written       read   shuffled      input
  disk                  4.25 s                                  12.0 KiB   12.0 KiB   2.00 KiB   1.00 MiB
  map-output memory     3.25 s      −1.00 s     −1.00…−1.00 s   8.00 KiB   8.00 KiB   2.00 KiB   1.00 MiB
  between-jobs memory   2.75 s     −0.500 s   −0.500…−0.500 s   4.00 KiB   4.00 KiB   2.00 KiB   1.00 MiB
  invariant cached      1.25 s      −1.50 s     −1.50…−1.50 s        0 B        0 B   2.00 KiB   1.00 MiB
The steps come to −3.00 s, which is the gap of −3.00 s ± 0.000 ms between the modes.
";
        assert_eq!(text, expected, "\n{text}");
        let json = comparison.json();
        assert_eq!(json["ladder"].as_array().unwrap().len(), 4);
        let step = &json["ladder"][2];
        let factors =
            json!({"map_output": "memory", "between_jobs": "memory", "invariant": "reread", "grouping": "sort"});
        assert_eq!((&step["factors"], &step["changed"]), (&factors, &json!("between_jobs")));
        assert!((step["difference_seconds"].as_f64().unwrap() + 0.5).abs() < 1e-9, "{step}");
        assert_eq!(step["bytes"]["file_written"], 4096.0);
        assert_eq!(json["ladder_total"]["adds_up"], true);
        let again = Comparison::from_json(&json).unwrap();
        assert_eq!(again.json(), json);
        assert!(again.is_planned() && again.runs_to_make().is_empty());
    }

    #[test]
    fn a_factor_without_effect_is_no_step() {
        let comparison = measured(&[""], 0, &[2.0, 1.0]);
        let text = comparison.ladder.as_ref().unwrap().table(&comparison).unwrap().to_string();
        assert!(
            text.contains("  between-jobs memory   – (one job)\n  invariant cached      – (no loop)\n"),
            "\n{text}"
        );
        let json = comparison.json();
        assert_eq!(
            (&json["ladder"][1]["variant"], &json["ladder"][3]["variant"]),
            (&json!("memory"), &json!("memory"))
        );
        assert_eq!(
            (&json["ladder"][2]["does_not_apply"], &json["ladder"][2]["difference_seconds"]),
            (&json!("one job"), &json!(0.0))
        );
        assert_eq!(json["runs"].as_array().unwrap().len(), 6);
        assert!(json.get("other_runs").is_none());
    }
}
