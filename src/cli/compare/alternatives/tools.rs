//! Modes and alternatives in one table, a row each: what a reader could use here, and what it costs.

use serde_json::{Value, json};

use crate::cli::args::RunMode;
use crate::cli::compare::alternatives::votes::Votes;
use crate::cli::compare::alternatives::{Alternative, AlternativeRun, absences, middle, work_seconds};
use crate::cli::compare::comparison::Comparison;
use crate::cli::compare::growth::Growth;
use crate::cli::compare::plan::Variant;
use crate::cli::compare::run_figures::Figures;
use crate::cli::compare::spread::Spread;
use crate::cli::compare::table::Table;
use crate::cli::figures::{bytes, range, seconds};

/// Something that does the job, on one input: the medians of its runs.
#[derive(Clone, Debug)]
pub struct Tool {
    /// The mode's, or the alternative's as it was asked for.
    pub name: String,
    /// Its mode, if it is twinmill's.
    pub mode: Option<RunMode>,
    /// An alternative's version.
    pub version: Option<String>,
    /// Whether it is made to grow beyond one machine, or as twinmill's modes made like those that are.
    pub framework: bool,
    /// Processors that it works on.
    pub processors: u64,
    /// Bytes of its input.
    pub input_bytes: f64,
    /// Round and seconds of work of each run.
    pub times: Vec<(u32, f64)>,
    /// From its first read to its last write.
    pub work: Spread,
    /// What the process takes beyond that; 0 for a program that starts in no time, whose work is all of it.
    pub startup_seconds: f64,
    /// Processor time.
    pub cpu_seconds: f64,
    /// Peak resident size.
    pub peak_rss_bytes: f64,
    /// What was found of its answers.
    pub answer: Answers,
}

/// What was found of a tool's answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Answers {
    /// The same, numbers to within this difference.
    Equal(f64),
    /// At least one was another.
    Differ,
    /// It gives none: a floor under what any tool can do.
    None,
}

impl Tool {
    /// How long its user waits.
    pub fn total_seconds(&self) -> f64 {
        self.startup_seconds + self.work.median
    }

    /// The work of this and of another in the rounds in which both ran.
    pub fn paired_times(&self, other: &Tool) -> Vec<(f64, f64)> {
        let of_round = |round: u32| other.times.iter().find(|(in_round, _)| *in_round == round);
        self.times.iter().filter_map(|(round, time)| Some((*time, of_round(*round)?.1))).collect()
    }

    /// Whether it does the job, and in one thread.
    pub fn is_one_thread(&self) -> bool {
        self.processors == 1 && !self.framework && self.does_the_job()
    }

    /// Whether its answers are right.
    pub fn does_the_job(&self) -> bool {
        matches!(self.answer, Answers::Equal(_))
    }

    fn of_mode(comparison: &Comparison, variant: &Variant, name: &str, input_bytes: f64) -> Option<Self> {
        let runs: Vec<&Figures> = comparison.figures(name).collect();
        let first = *runs.first()?;
        let of = |value: fn(&Figures) -> f64| middle(runs.iter().map(|run| value(run)));
        Some(Tool {
            name: variant.name.clone(),
            mode: Some(variant.mode),
            version: None,
            framework: variant.mode != RunMode::Reference,
            processors: first.workers,
            input_bytes,
            times: runs.iter().map(|run| (run.round, run.wall_seconds)).collect(),
            work: Spread::of(&runs.iter().map(|run| run.wall_seconds).collect::<Vec<_>>()),
            startup_seconds: of(|run| run.startup_seconds),
            cpu_seconds: of(|run| run.cpu_seconds),
            peak_rss_bytes: of(|run| run.peak_rss_bytes as f64),
            answer: if comparison.outputs_identical() { Answers::Equal(0.0) } else { Answers::Differ },
        })
    }

    fn of_alternative(comparison: &Comparison, alternative: &Alternative, attempt: &str) -> Option<Self> {
        let runs: Vec<&AlternativeRun> = alternative.runs_as(attempt).collect();
        let first = runs.first()?;
        let of = |value: fn(&AlternativeRun) -> f64| middle(runs.iter().map(|run| value(run)));
        let difference =
            runs.iter().filter_map(|run| run.answer.as_ref()).map(|answer| answer.difference).fold(0.0, f64::max);
        Some(Tool {
            name: alternative.name.clone(),
            mode: None,
            version: alternative.version.clone(),
            framework: alternative.framework,
            processors: if alternative.parallel { comparison.settings.workers as u64 } else { 1 },
            input_bytes: first.input_bytes as f64,
            times: runs.iter().map(|run| (run.round, run.work_seconds)).collect(),
            work: Spread::of(&work_seconds(runs.iter().copied())),
            startup_seconds: of(|run| run.startup_seconds),
            cpu_seconds: of(|run| run.cpu_seconds),
            peak_rss_bytes: of(|run| run.peak_rss_bytes as f64),
            answer: match alternative.agrees(comparison) {
                None => Answers::None,
                Some(true) => Answers::Equal(difference),
                Some(false) => Answers::Differ,
            },
        })
    }

    /// The entry `tools` of a comparison's report.
    fn json(&self, fastest: Option<f64>) -> Value {
        let mut json = json!({
            "name": self.name,
            "mode": self.mode,
            "version": self.version,
            "framework": self.framework,
            "processors": self.processors,
            "startup_seconds": self.startup_seconds,
            "total_seconds": self.total_seconds(),
            "cpu_seconds": self.cpu_seconds,
            "peak_rss_bytes": self.peak_rss_bytes,
            "times_fastest_mode": fastest.map(|fastest| self.work.median / fastest),
            "agrees": match self.answer {
                Answers::None => Value::Null,
                answer => (answer != Answers::Differ).into(),
            },
        });
        let Ok(Value::Object(work)) = serde_json::to_value(self.work) else {
            unreachable!("a spread is a struct of numbers")
        };
        json.as_object_mut().expect("it was made as an object").extend(work);
        json
    }
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
pub fn json(comparison: &Comparison) -> Vec<Value> {
    let tools = tools(comparison);
    let fastest = fastest_mode(&tools).map(|tool| tool.work.median);
    tools.iter().map(|tool| tool.json(fastest)).collect()
}

/// A row a tool; `None` where no alternative was asked for.
pub fn table(comparison: &Comparison) -> Option<Table> {
    if comparison.alternatives.is_empty() {
        return None;
    }
    let tools = tools(comparison);
    let fastest = fastest_mode(&tools);
    let mut head = ["", "work", "range", "start-up", "processor", "memory"].map(str::to_owned).to_vec();
    head.extend(fastest.map(|fastest| format!("× {}", fastest.name)));
    head.push("answer".into());
    let mut rows = vec![head];
    for tool in &tools {
        let mut row = vec![
            tool.name.clone(),
            seconds(tool.work.median),
            range((tool.work.min, tool.work.max)),
            if tool.startup_seconds > 0.0 { seconds(tool.startup_seconds) } else { "–".into() },
            seconds(tool.cpu_seconds),
            bytes(tool.peak_rss_bytes as u64),
        ];
        row.extend(fastest.map(|fastest| format!("{:.2}×", tool.work.median / fastest.work.median)));
        row.push(match tool.answer {
            Answers::Equal(0.0) => "equal".into(),
            Answers::Equal(difference) => format!("±{difference:.0e}"),
            Answers::Differ => "DIFFERS".into(),
            Answers::None => "–".into(),
        });
        rows.push(row);
    }
    let versions: Vec<String> = comparison.alternatives.iter().filter_map(version).collect();
    let mut lines = vec![
        "Work is from the first read to the last write, by each program's own clock; start-up is the rest.".to_owned(),
    ];
    lines.extend((!versions.is_empty()).then(|| format!("Versions: {}.", versions.join(", "))));
    lines.extend(Votes::of(comparison).sentences().map(|sentence| format!("{sentence}.")));
    lines.extend(absences(&comparison.alternatives).into_iter().map(|line| format!("{line}.")));
    Some(Table { rows, sentence: lines.join("\n") })
}

/// What each tool takes in all on each size of the input; `None` where there is but one.
pub fn table_by_size(comparison: &Comparison) -> Option<Table> {
    let others: Vec<_> = comparison.growths.iter().flat_map(Growth::scaled_inputs).collect();
    if comparison.alternatives.is_empty() || others.is_empty() {
        return None;
    }
    let mut sizes: Vec<(u64, Vec<Tool>)> =
        others.iter().map(|other| (other.bytes, on_input(comparison, &other.suffix, other.bytes))).collect();
    let own = tools(comparison);
    sizes.push((comparison.settings.input_bytes, own.clone()));
    sizes.sort_by_key(|(bytes, _)| *bytes);
    let mut head = vec!["work and start-up".to_owned()];
    head.extend(sizes.iter().map(|(size, _)| bytes(*size)));
    let row = |tool: &Tool| {
        let time = |tools: &[Tool]| tools.iter().find(|other| other.name == tool.name).map(Tool::total_seconds);
        let times = sizes.iter().map(|(_, tools)| time(tools).map_or("–".into(), seconds));
        [tool.name.clone()].into_iter().chain(times).collect()
    };
    let rows = [head].into_iter().chain(own.iter().map(row)).collect();
    Some(Table { rows, sentence: "Medians, by size of the input.".into() })
}

/// `awk is mawk 1.3.4`, `duckdb 2.0.0`.
fn version(alternative: &Alternative) -> Option<String> {
    let Alternative { name, system, version, .. } = alternative;
    let version = version.as_ref()?;
    Some(if name == system { format!("{name} {version}") } else { format!("{name} is {system} {version}") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::compare::alternatives::Answer;
    use crate::cli::compare::alternatives::tests::{DIGEST, alternative};
    use crate::cli::compare::comparison::tests::{comparison, run};
    use crate::cli::compare::growth::ScaledInput;

    #[test]
    fn a_tool_has_a_row() {
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
        let text = table(&comparison).unwrap().to_string();
        // `concat!` keeps the spaces that the head begins with.
        let expected = concat!(
            "               work           range   start-up   processor     memory   × memory    answer\n",
            "cp          0.100 s   0.100–0.100 s    0.500 s     0.150 s   40.0 MiB      0.14×         –\n",
            "memory      0.700 s   0.690–0.720 s    20.0 ms      1.20 s    350 MiB      1.00×     equal\n",
            "disk        0.920 s   0.900–0.950 s    20.0 ms      1.20 s    350 MiB      1.31×     equal\n",
            "duckdb       1.10 s     1.00–1.20 s    0.500 s      1.65 s   40.0 MiB      1.57×   DIFFERS\n",
            "reference    1.90 s     1.80–2.00 s    20.0 ms      1.20 s    350 MiB      2.71×     equal\n",
            "numpy        3.00 s     3.00–3.00 s    0.500 s      4.50 s   40.0 MiB      4.29×    ±2e-13\n",
            "awk          8.10 s     8.00–8.20 s    0.500 s      12.1 s   40.0 MiB     11.57×     equal\n",
            "Work is from the first read to the last write, by each program's own clock; start-up is the rest.\n",
            "Versions: awk is mawk 1.0, duckdb 1.0, numpy 1.0, cp 1.0.\n",
            "duckdb gave another answer than the 5 others (disk, memory, reference, awk, numpy).\n",
            "kmeans was not run: no program.\n",
        );
        assert_eq!(text, expected, "\n{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 100));
        let json = json(&comparison);
        assert_eq!(
            (&json[0]["name"], &json[0]["agrees"], &json[3]["agrees"]),
            (&json!("cp"), &Value::Null, &json!(false))
        );
        assert_eq!((&json[6]["processors"], &json[6]["total_seconds"]), (&json!(1), &json!(8.6)));
    }

    #[test]
    fn sizes_are_columns() {
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
        let text = table_by_size(&comparison).unwrap().to_string();
        let expected = "\
work and start-up   256 MiB   1.00 GiB
disk                0.920 s     3.52 s
reference            1.92 s          –
awk                  8.50 s     32.0 s
Medians, by size of the input.
";
        assert_eq!(text, expected, "\n{text}");
        comparison.growths.clear();
        assert!(table_by_size(&comparison).is_none());
    }

    #[test]
    fn there_is_no_table_without_alternatives() {
        assert!(table(&comparison([&[1.0], &[1.0], &[1.0]])).is_none());
    }
}
