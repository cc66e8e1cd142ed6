//! The runs of a comparison, and what they come to: a column for each mode.

use serde::Deserialize;
use serde_json::{Value, json};
use twinmill::config::PageCache;

use crate::cli::args::RunMode;
use crate::cli::compare::spread::{Spread, median};

/// A run's report.
#[derive(Clone, Debug)]
pub struct Run {
    json: Value,
    /// What is compared of it.
    pub figures: Figures,
}

impl Run {
    /// Reads what `run --report` wrote.
    ///
    /// # Errors
    /// Where it is no such report.
    pub fn parse(json: &[u8]) -> serde_json::Result<Self> {
        let json: Value = serde_json::from_slice(json)?;
        let figures = Figures::deserialize(&json)?;
        Ok(Run { json, figures })
    }
}

/// The part of a report that is compared, named as there.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Figures {
    /// `disk`, `memory` or `reference`.
    pub mode: String,
    pub workers: u64,
    pub reducers: u32,
    pub input_bytes: u64,
    pub wall_seconds: f64,
    pub peak_rss_bytes: u64,
    pub counters: CounterFigures,
    pub process_io: IoFigures,
    pub phases: Vec<PhaseFigures>,
    pub output: OutputFigures,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub struct CounterFigures {
    pub map_input_records: u64,
    pub reduce_input_records: u64,
    pub file_bytes_read: u64,
    pub file_bytes_written: u64,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct IoFigures {
    pub read_bytes: u64,
    pub write_bytes: u64,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct PhaseFigures {
    pub name: String,
    pub busy_seconds: f64,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct OutputFigures {
    pub records: u64,
    #[serde(default)]
    pub digest: String,
}

/// The runs so far.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The job's name.
    pub job: String,
    /// The state of the page cache that the runs began with.
    pub page_cache: PageCache,
    modes: Vec<&'static str>,
    runs: Vec<Run>,
}

/// One mode: the median over its runs of everything.
#[derive(Clone, Debug)]
pub struct Column {
    /// The mode's name.
    pub mode: &'static str,
    /// Number of runs.
    pub runs: usize,
    /// Workers of each run.
    pub workers: u64,
    /// Bytes of input files.
    pub input_bytes: u64,
    /// Wall-clock time.
    pub time: Spread,
    /// What only the framework counts; the reference has none of it.
    pub framework: Option<Framework>,
    /// Bytes that went to the block device.
    pub device_written_bytes: f64,
    /// Bytes that came from the block device.
    pub device_read_bytes: f64,
    /// Peak resident size.
    pub peak_rss_bytes: f64,
    /// Records of the output.
    pub output_records: f64,
}

/// Where the framework's time went, and what it moved.
#[derive(Clone, Debug)]
pub struct Framework {
    /// Parts of the output.
    pub reducers: u32,
    /// Name and busy seconds, in the order of the data flow.
    pub phases: Vec<(String, f64)>,
    /// Bytes written to intermediate files.
    pub file_written_bytes: f64,
    /// Bytes read from intermediate files.
    pub file_read_bytes: f64,
    /// Records that map was given.
    pub map_input_records: f64,
    /// Records that reduce was given.
    pub shuffled_records: f64,
}

impl Framework {
    /// Busy seconds of all phases.
    pub fn busy_seconds(&self) -> f64 {
        self.phases.iter().map(|(_, busy)| busy).sum()
    }
}

impl Comparison {
    /// Without a run yet; the columns come in the order of `modes`.
    pub fn new(job: &str, modes: &[RunMode], page_cache: PageCache) -> Self {
        let modes = modes.iter().map(|mode| mode.name()).collect();
        Comparison { job: job.to_owned(), page_cache, modes, runs: Vec::new() }
    }

    /// Adds a run.
    pub fn add(&mut self, run: Run) {
        self.runs.push(run);
    }

    /// One column for each mode that has run.
    pub fn columns(&self) -> Vec<Column> {
        self.modes.iter().filter_map(|mode| self.column(mode)).collect()
    }

    fn column(&self, mode: &'static str) -> Option<Column> {
        let runs: Vec<&Figures> =
            self.runs.iter().map(|run| &run.figures).filter(|figures| figures.mode == mode).collect();
        let first = *runs.first()?;
        let of = |value: &dyn Fn(&Figures) -> f64| {
            let mut values: Vec<f64> = runs.iter().map(|figures| value(figures)).collect();
            values.sort_by(f64::total_cmp);
            median(&values)
        };
        let busy = |phase: usize| of(&|run| run.phases.get(phase).map_or(0.0, |phase| phase.busy_seconds));
        let framework = (!first.phases.is_empty()).then(|| Framework {
            reducers: first.reducers,
            phases: first.phases.iter().enumerate().map(|(i, phase)| (phase.name.clone(), busy(i))).collect(),
            file_written_bytes: of(&|run| run.counters.file_bytes_written as f64),
            file_read_bytes: of(&|run| run.counters.file_bytes_read as f64),
            map_input_records: of(&|run| run.counters.map_input_records as f64),
            shuffled_records: of(&|run| run.counters.reduce_input_records as f64),
        });
        Some(Column {
            mode,
            runs: runs.len(),
            workers: first.workers,
            input_bytes: first.input_bytes,
            time: Spread::of(&runs.iter().map(|run| run.wall_seconds).collect::<Vec<_>>()),
            framework,
            device_written_bytes: of(&|run| run.process_io.write_bytes as f64),
            device_read_bytes: of(&|run| run.process_io.read_bytes as f64),
            peak_rss_bytes: of(&|run| run.peak_rss_bytes as f64),
            output_records: of(&|run| run.output.records as f64),
        })
    }

    /// Whether all runs had the same output, byte by byte.
    pub fn outputs_identical(&self) -> bool {
        let mut digests = self.runs.iter().map(|run| &run.figures.output.digest);
        let first = digests.next();
        first.is_none_or(|first| !first.is_empty()) && digests.all(|digest| Some(digest) == first)
    }

    /// The digest of all outputs or, where they differ, each one with the modes that gave it.
    pub fn digests(&self) -> Vec<String> {
        if self.outputs_identical() {
            return self.runs.first().map(|run| run.figures.output.digest.clone()).into_iter().collect();
        }
        let mut pairs: Vec<(&str, &str)> =
            self.runs.iter().map(|run| (run.figures.mode.as_str(), run.figures.output.digest.as_str())).collect();
        pairs.sort_unstable();
        pairs.dedup();
        pairs.into_iter().map(|(mode, digest)| format!("{mode} {digest}")).collect()
    }

    /// The report of a comparison.
    pub fn json(&self) -> Value {
        let runs: Vec<_> = self.runs.iter().map(|run| &run.json).collect();
        let summary = |column: Column| {
            let mut summary = json!({"mode": column.mode});
            let Ok(Value::Object(spread)) = serde_json::to_value(column.time) else {
                unreachable!("a spread is a struct of numbers")
            };
            summary.as_object_mut().expect("made above").extend(spread);
            summary
        };
        let summary: Vec<_> = self.columns().into_iter().map(summary).collect();
        json!({"runs": runs, "summary": summary, "outputs_identical": self.outputs_identical()})
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A comparison of the three modes with these times.
    pub fn comparison(times: [&[f64]; 3]) -> Comparison {
        let modes = [RunMode::Disk, RunMode::Memory, RunMode::Reference];
        let mut comparison = Comparison::new("wordcount", &modes, PageCache::Warm);
        for (mode, times) in modes.iter().zip(times) {
            times.iter().for_each(|time| comparison.add(run(*mode, *time, "xxh3:0123456789abcdef")));
        }
        comparison
    }

    fn run(mode: RunMode, time: f64, digest: &str) -> Run {
        let disk = u64::from(mode == RunMode::Disk);
        let busy = [1.0, 0.1, 0.2 * disk as f64, 0.1 * disk as f64, 0.0, 0.4, 0.01];
        let names = ["map", "sort", "spill", "merge", "shuffle", "reduce", "commit"];
        let phase = |(name, busy)| json!({"name": name, "busy_seconds": busy});
        let framework = mode != RunMode::Reference;
        let phases: Vec<Value> = names.into_iter().zip(busy).filter(|_| framework).map(phase).collect();
        let report = json!({
            "mode": mode.name(), "workers": 1 + u64::from(framework), "reducers": 2, "input_bytes": 268435456u64,
            "wall_seconds": time, "peak_rss_bytes": 350u64 << 20,
            "counters": {
                "MAP_INPUT_RECORDS": 3_425_000, "REDUCE_INPUT_RECORDS": 400_000,
                "FILE_BYTES_READ": (350u64 << 20) * disk, "FILE_BYTES_WRITTEN": (353u64 << 20) * disk,
            },
            "process_io": {"read_bytes": 0, "write_bytes": (355u64 << 20) * disk},
            "phases": phases,
            "output": {"records": 200_000, "digest": digest},
        });
        Run::parse(report.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn a_column_has_the_medians_of_its_runs() {
        let comparison = comparison([&[0.9, 1.1, 1.0], &[0.7], &[]]);
        let columns = comparison.columns();
        assert_eq!(columns.len(), 2);
        assert_eq!((columns[0].mode, columns[0].runs, columns[0].time.median), ("disk", 3, 1.0));
        assert_eq!(columns[0].framework.as_ref().unwrap().file_written_bytes, (353 << 20) as f64);
    }

    #[test]
    fn the_report_is_as_agreed() {
        let json = comparison([&[1.0, 2.0, 3.0], &[1.0], &[4.0]]).json();
        assert_eq!(json["runs"].as_array().unwrap().len(), 5);
        let disk = json!({"mode": "disk", "median_seconds": 2.0, "min_seconds": 1.0, "max_seconds": 3.0, "ci95_seconds": [1.0, 3.0]});
        assert_eq!(json["summary"][0], disk);
        assert_eq!(json["outputs_identical"], true);
    }

    #[test]
    fn other_bytes_are_told_with_their_mode() {
        let mut comparison = comparison([&[1.0], &[1.0], &[]]);
        comparison.add(run(RunMode::Reference, 1.0, "xxh3:ffff"));
        assert!(!comparison.outputs_identical());
        assert_eq!(comparison.digests().len(), 3);
        assert_eq!(comparison.digests()[2], "reference xxh3:ffff");
        assert_eq!(comparison.json()["outputs_identical"], false);
    }

    #[test]
    fn an_output_without_digest_is_not_identical_to_anything() {
        let mut comparison = Comparison::new("wordcount", &[RunMode::Disk], PageCache::Warm);
        comparison.add(run(RunMode::Disk, 1.0, ""));
        assert!(!comparison.outputs_identical());
    }
}
