//! Modes and alternatives, a row each: tools that a reader could use here, and their costs.

use serde::{Deserialize, Serialize};

use crate::measure::alternative::{Alternative, AlternativeRun};
use crate::measure::comparison::Comparison;
use crate::measure::mode::RunMode;
use crate::measure::plan::growth::Growth;
use crate::measure::plan::variant::Variant;
use crate::measure::run::Run;
use crate::measure::statistics::{Spread, median};

/// A mode or an alternative on one input: the medians of its runs.
#[derive(Clone, Debug)]
pub struct Tool {
    /// The mode's, or the alternative's as it was asked for.
    pub name: String,
    /// Its mode, if it is twinmill's.
    pub mode: Option<RunMode>,
    /// An alternative's version.
    pub version: Option<String>,
    /// Whether it is a cluster framework, or a twinmill mode.
    pub framework: bool,
    /// What it takes to use it.
    pub simplicity: Simplicity,
    /// Processors that it works on.
    pub processors: u64,
    /// Bytes of its input.
    pub input_bytes: f64,
    /// Round and seconds of work of each run.
    pub times: Vec<(u32, f64)>,
    /// Round and seconds of each run, start-up and load included.
    pub totals: Vec<(u32, f64)>,
    /// From its first read to its last write.
    pub work: Spread,
    /// Time in which a database takes the input in, before its work.
    pub load_seconds: Option<f64>,
    /// Rest of the process's time; 0 for a program that starts in no time, all of whose time is work.
    pub startup_seconds: f64,
    /// Processor time.
    pub cpu_seconds: f64,
    /// Peak resident size.
    pub peak_rss_bytes: f64,
    /// Comparison of its answers.
    pub answer: Answers,
}

/// What it takes to use a tool, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Simplicity {
    /// A line in a shell.
    Command,
    /// A query.
    Database,
    /// A short script in a language that is there already.
    Script,
    /// A script, and a library to be installed.
    Library,
    /// A program of one's own.
    Program,
    /// A framework to be set up.
    Framework,
}

impl Simplicity {
    /// That of an alternative, by its name under `scripts/peers/systems`.
    fn of(alternative: &Alternative) -> Self {
        match alternative.system.as_str() {
            _ if alternative.framework => Simplicity::Framework,
            "mawk" | "gnu" | "cp" => Simplicity::Command,
            "sqlite" | "duckdb" => Simplicity::Database,
            "python" => Simplicity::Script,
            _ => Simplicity::Library,
        }
    }
}

/// Comparison of a tool's answers with twinmill's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Answers {
    /// The same, numbers to within this difference.
    Equal(f64),
    /// At least one differs.
    Differ,
    /// It gives none: a floor under what any tool can do.
    None,
}

impl Tool {
    /// Time that its user waits.
    pub fn total_seconds(&self) -> f64 {
        self.startup_seconds + self.load_seconds.unwrap_or(0.0) + self.work.median
    }

    /// The work of this and of another in the rounds in which both ran.
    pub fn paired_times(&self, other: &Tool) -> Vec<(f64, f64)> {
        paired(&self.times, &other.times)
    }

    /// Like [`paired_times`](Self::paired_times), start-up and load included.
    pub fn paired_totals(&self, other: &Tool) -> Vec<(f64, f64)> {
        paired(&self.totals, &other.totals)
    }

    /// Whether it does the job in one thread.
    pub fn is_one_thread(&self) -> bool {
        self.processors == 1 && !self.framework && self.does_the_job()
    }

    /// Whether its answers are right.
    pub fn does_the_job(&self) -> bool {
        matches!(self.answer, Answers::Equal(_))
    }

    fn of_mode(comparison: &Comparison, variant: &Variant, name: &str, input_bytes: f64) -> Option<Self> {
        let runs: Vec<&Run> = comparison.runs_of(name).collect();
        let first = *runs.first()?;
        let of = |value: fn(&Run) -> f64| median(runs.iter().map(|run| value(run)));
        Some(Tool {
            name: variant.name.clone(),
            mode: Some(variant.mode),
            version: None,
            framework: variant.mode != RunMode::Reference,
            simplicity: match variant.mode {
                RunMode::Reference => Simplicity::Program,
                RunMode::Disk | RunMode::Memory => Simplicity::Framework,
            },
            processors: first.report.workers as u64,
            input_bytes,
            times: runs.iter().map(|run| (run.round, run.report.wall_seconds)).collect(),
            totals: runs.iter().map(|run| (run.round, run.startup_seconds + run.report.wall_seconds)).collect(),
            work: Spread::of(runs.iter().map(|run| run.report.wall_seconds)),
            load_seconds: None,
            startup_seconds: of(|run| run.startup_seconds),
            cpu_seconds: of(|run| run.report.cpu_seconds),
            peak_rss_bytes: of(|run| run.report.peak_rss_bytes as f64),
            answer: if comparison.outputs_identical() { Answers::Equal(0.0) } else { Answers::Differ },
        })
    }

    fn of_alternative(comparison: &Comparison, alternative: &Alternative, attempt: &str) -> Option<Self> {
        let runs: Vec<&AlternativeRun> = alternative.runs_as(attempt).collect();
        let first = runs.first()?;
        let of = |value: fn(&AlternativeRun) -> f64| median(runs.iter().map(|run| value(run)));
        let difference =
            runs.iter().filter_map(|run| run.answer.as_ref()).map(|answer| answer.difference).fold(0.0, f64::max);
        Some(Tool {
            name: alternative.name.clone(),
            mode: None,
            version: alternative.version.clone(),
            framework: alternative.framework,
            simplicity: Simplicity::of(alternative),
            processors: if alternative.parallel { comparison.settings.workers as u64 } else { 1 },
            input_bytes: first.input_bytes as f64,
            times: runs.iter().map(|run| (run.round, run.work_seconds)).collect(),
            totals: runs.iter().map(|run| (run.round, run.total_seconds())).collect(),
            work: Spread::of(runs.iter().map(|run| run.work_seconds)),
            load_seconds: first.load_seconds.map(|_| of(|run| run.load_seconds.unwrap_or(0.0))),
            startup_seconds: of(|run| run.startup_seconds),
            cpu_seconds: of(|run| run.cpu_seconds),
            peak_rss_bytes: of(|run| run.peak_rss_bytes as f64),
            answer: match alternative.agrees(|digest| comparison.gave(digest)) {
                None => Answers::None,
                Some(true) => Answers::Equal(difference),
                Some(false) => Answers::Differ,
            },
        })
    }

    /// The entry `tools` of a comparison's report, where the fastest mode takes so many seconds.
    fn entry(&self, fastest: Option<f64>) -> ToolEntry {
        ToolEntry {
            name: self.name.clone(),
            mode: self.mode,
            version: self.version.clone(),
            framework: self.framework,
            processors: self.processors,
            load_seconds: self.load_seconds,
            startup_seconds: self.startup_seconds,
            total_seconds: self.total_seconds(),
            cpu_seconds: self.cpu_seconds,
            peak_rss_bytes: self.peak_rss_bytes,
            times_fastest_mode: fastest.map(|fastest| self.work.median / fastest),
            agrees: match self.answer {
                Answers::None => None,
                answer => Some(answer != Answers::Differ),
            },
            work: self.work,
        }
    }
}

/// The seconds of two in the rounds in which both ran.
fn paired(one: &[(u32, f64)], other: &[(u32, f64)]) -> Vec<(f64, f64)> {
    let of_round = |round: u32| other.iter().find(|(in_round, _)| *in_round == round);
    one.iter().filter_map(|(round, time)| Some((*time, of_round(*round)?.1))).collect()
}

/// A tool in a comparison's report.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ToolEntry {
    name: String,
    mode: Option<RunMode>,
    version: Option<String>,
    framework: bool,
    processors: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    load_seconds: Option<f64>,
    startup_seconds: f64,
    total_seconds: f64,
    cpu_seconds: f64,
    peak_rss_bytes: f64,
    /// The time of its work as a multiple of that of the fastest mode.
    times_fastest_mode: Option<f64>,
    agrees: Option<bool>,
    #[serde(flatten)]
    work: Spread,
}

/// Modes and alternatives that ran on the comparison's input, those with the shortest work first; nothing where no
/// alternative was asked for.
pub fn tools(comparison: &Comparison) -> Vec<Tool> {
    on_input(comparison, "", comparison.settings.input_bytes)
}

/// Like [`tools`], on the input that was made smaller or larger, as the names of the variants say: ` ×4`.
pub fn on_input(comparison: &Comparison, suffix: &str, bytes: u64) -> Vec<Tool> {
    if comparison.alternatives.is_empty() {
        return Vec::new();
    }
    let of_mode = |mode: &Variant| Tool::of_mode(comparison, mode, &format!("{}{suffix}", mode.name), bytes as f64);
    let of_alternative = |alternative: &Alternative| {
        Tool::of_alternative(comparison, alternative, &format!("{}{suffix}", alternative.name))
    };
    let modes = comparison.modes.iter().filter_map(of_mode);
    let mut tools: Vec<Tool> = modes.chain(comparison.alternatives.iter().filter_map(of_alternative)).collect();
    tools.sort_by(|a, b| a.work.median.total_cmp(&b.work.median));
    tools
}

/// The modes with fewer workers, on the comparison's input.
pub fn with_fewer_workers(comparison: &Comparison) -> Vec<Tool> {
    let bytes = comparison.settings.input_bytes as f64;
    let tool = |variant: &Variant| {
        let tool = Tool::of_mode(comparison, variant, &variant.name, bytes)?;
        Some(Tool { name: variant.mode.name().to_owned(), ..tool })
    };
    comparison.fewer_workers.iter().filter_map(tool).collect()
}

/// The mode of the framework with the shortest work.
pub fn fastest_mode(tools: &[Tool]) -> Option<&Tool> {
    tools.iter().find(|tool| tool.mode.is_some() && tool.framework)
}

/// The entry `tools` of the report.
pub fn entries(comparison: &Comparison) -> Vec<ToolEntry> {
    let tools = tools(comparison);
    let fastest = fastest_mode(&tools).map(|tool| tool.work.median);
    tools.iter().map(|tool| tool.entry(fastest)).collect()
}

/// The tools on each size of the input, the smallest first; nothing where there is but one size.
pub fn by_size(comparison: &Comparison) -> Vec<(u64, Vec<Tool>)> {
    let others: Vec<_> = comparison.growths.iter().flat_map(Growth::scaled_inputs).collect();
    if comparison.alternatives.is_empty() || others.is_empty() {
        return Vec::new();
    }
    let mut sizes: Vec<(u64, Vec<Tool>)> =
        others.iter().map(|other| (other.bytes, on_input(comparison, &other.suffix, other.bytes))).collect();
    sizes.push((comparison.settings.input_bytes, tools(comparison)));
    sizes.sort_by_key(|(bytes, _)| *bytes);
    sizes
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::measure::alternative::Answer;
    use crate::measure::alternative::tests::{DIGEST, alternative};
    use crate::measure::comparison::tests::{comparison, run};
    use crate::measure::plan::growth::ScaledInput;

    /// A comparison with alternatives of every fate.
    pub fn with_alternatives() -> Comparison {
        let mut comparison = comparison([&[0.90, 0.92, 0.95], &[0.69, 0.70, 0.72], &[1.9, 1.8, 2.0]]);
        comparison.alternatives = vec![
            alternative("awk", false, &[8.0, 8.2, 8.1]),
            alternative("duckdb", true, &[1.0, 1.2, 1.1]),
            alternative("numpy", true, &[3.0]),
            alternative("cp", false, &[0.1]),
            alternative("kmeans", true, &[]),
        ];
        comparison.alternatives[0].system = "mawk".into();
        let answer = |agrees, difference| Answer { agrees, difference, digest: "x".into(), first_difference: None };
        comparison.alternatives[1].runs[2].answer = Some(answer(false, f64::INFINITY));
        comparison.alternatives[2].runs[0].answer = Some(answer(true, 2e-13));
        comparison.alternatives[3].runs[0].answer = None;
        (comparison.alternatives[4].skipped, comparison.alternatives[4].version) = (Some("no program".into()), None);
        comparison
    }

    /// A comparison on two sizes of the input, with an alternative.
    pub fn on_two_sizes() -> Comparison {
        let mut comparison = comparison([&[0.9], &[], &[1.9]]);
        let input = |factor: f64| ScaledInput { factor, paths: vec!["x".into()], bytes: (factor * 268435456.0) as u64 };
        comparison.growths = vec![Growth::of_scale(&comparison.settings.modes, &[input(1.0), input(4.0)])];
        comparison.add(run(RunMode::Disk, 3.5, DIGEST), "disk ×4", 0);
        comparison.alternatives = vec![alternative("awk", false, &[8.0])];
        assert_eq!(
            comparison.attempts().iter().map(|attempt| attempt.name.as_str()).collect::<Vec<_>>(),
            ["awk", "awk ×4"]
        );
        assert!(comparison.turns().iter().any(|turn| turn.name() == "awk ×4"));
        let larger = AlternativeRun {
            variant: "awk ×4".into(),
            work_seconds: 31.5,
            ..comparison.alternatives[0].runs[0].clone()
        };
        comparison.alternatives[0].runs.push(larger);
        comparison
    }

    #[test]
    fn a_tool_has_an_entry() {
        let json = serde_json::to_value(entries(&with_alternatives())).unwrap();
        let is = |value: bool| serde_json::Value::from(value);
        assert_eq!(
            (&json[0]["name"], &json[0]["agrees"], &json[3]["agrees"]),
            (&"cp".into(), &serde_json::Value::Null, &is(false))
        );
        assert_eq!((&json[6]["processors"], &json[6]["total_seconds"]), (&1.into(), &8.6.into()));
    }

    #[test]
    fn sizes_are_in_ascending_order_and_one_alone_is_none() {
        let mut comparison = on_two_sizes();
        let sizes: Vec<u64> = by_size(&comparison).iter().map(|(bytes, _)| *bytes).collect();
        assert_eq!(sizes, [256 << 20, 1 << 30]);
        comparison.growths.clear();
        assert!(by_size(&comparison).is_empty());
    }
}
