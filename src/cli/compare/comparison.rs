//! The runs of a comparison, what they come to, and the JSON that keeps both.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::cli::args::RunMode;
use crate::cli::compare::alternatives::votes::Votes;
use crate::cli::compare::alternatives::{Alternative, Attempt, tools};
use crate::cli::compare::column::Column;
use crate::cli::compare::growth::Growth;
use crate::cli::compare::interval::{Estimate, is_beyond_noise, ratio_of_medians};
use crate::cli::compare::ladder::Ladder;
use crate::cli::compare::plan::{Turn, Variant, order};
use crate::cli::compare::run_figures::{Figures, Run};
use crate::cli::compare::settings::Settings;
use crate::cli::compare::sweep::Sweep;
use crate::cli::compare::table::Table;
use crate::cli::compare::verdict;
use crate::cli::failure::Failure;
use crate::cli::figures::{bytes, counted};
use crate::cli::time_groups::emulated_disk;
use crate::observe::report::ColdCache;

/// The runs so far of what was planned.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// What was asked for.
    pub settings: Settings,
    /// The command line, as it was given.
    pub command: Vec<String>,
    /// The columns of the table.
    pub modes: Vec<Variant>,
    /// The modes with fewer workers, where they are compared with what uses one processor.
    pub fewer_workers: Vec<Variant>,
    /// From the one to the other mode, if that was asked for.
    pub ladder: Option<Ladder>,
    /// Memory mode with less memory, if that was asked for.
    pub sweep: Option<Sweep>,
    /// The modes on more of the same, if that was asked for.
    pub growths: Vec<Growth>,
    /// What else does the job, if that was asked for.
    pub alternatives: Vec<Alternative>,
    /// Runs that were made before the rounds and do not count.
    pub warmups: Vec<Warmup>,
    /// Whether the runs were made one by one and not in rounds.
    saved: bool,
    runs: Vec<Run>,
}

/// A run that does not count.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Warmup {
    /// Which variant ran.
    pub variant: String,
    /// How long.
    pub wall_seconds: f64,
}

impl Comparison {
    /// Without a run yet; the columns come in the order of the modes.
    pub fn new(settings: Settings, command: Vec<String>) -> Self {
        let modes = Variant::of_modes(&settings.modes);
        let fewer_workers = match settings.with.as_slice() {
            [] => Vec::new(),
            _ => Variant::with_fewer_workers(&settings.modes, settings.workers),
        };
        Comparison {
            settings,
            command,
            modes,
            fewer_workers,
            ladder: None,
            sweep: None,
            growths: Vec::new(),
            alternatives: Vec::new(),
            warmups: Vec::new(),
            saved: false,
            runs: Vec::new(),
        }
    }

    /// Takes up what [`json`](Self::json) gave.
    ///
    /// # Errors
    /// Where it is no such report.
    pub fn from_json(json: &Value) -> serde_json::Result<Self> {
        let mut comparison =
            Comparison::new(Settings::deserialize(&json["settings"])?, Vec::deserialize(&json["command"])?);
        comparison.warmups = Vec::deserialize(&json["warmups"])?;
        comparison.ladder = Option::deserialize(&json["plan"]["ladder"])?;
        comparison.sweep = Option::deserialize(&json["plan"]["memory_sweep"])?;
        comparison.growths = Option::deserialize(&json["plan"]["growths"])?.unwrap_or_default();
        let alternatives = Option::<Vec<Value>>::deserialize(&json["alternatives"])?.unwrap_or_default();
        comparison.alternatives = alternatives.iter().map(Alternative::from_json).collect::<serde_json::Result<_>>()?;
        let others = Option::<Vec<Value>>::deserialize(&json["other_runs"])?.unwrap_or_default();
        for run in Vec::<Value>::deserialize(&json["runs"])?.into_iter().chain(others) {
            comparison.runs.push(Run::of(run)?);
        }
        Ok(comparison)
    }

    /// Puts runs side by side that were made one by one: those of the same job that gave the same output on the same machine.
    ///
    /// # Errors
    /// Where one is no report of a run.
    pub fn of_saved_runs(reports: Vec<Value>) -> serde_json::Result<Vec<Self>> {
        let mut comparisons: Vec<([Value; 3], Comparison)> = Vec::new();
        for report in reports {
            let key = [&report["job"], &report["output"]["digest"], &report["machine"]].map(Value::clone);
            let run = Run::of(report)?;
            let mode = RunMode::deserialize(&run.json["mode"])?;
            let known = comparisons.iter().position(|(of, _)| *of == key);
            let place = known.unwrap_or_else(|| {
                let mut comparison = Comparison::new(Settings::of_saved_run(&run), Vec::new());
                comparison.saved = true;
                comparisons.push((key, comparison));
                comparisons.len() - 1
            });
            let comparison = &mut comparisons[place].1;
            if !comparison.settings.modes.contains(&mode) {
                comparison.settings.modes.push(mode);
                comparison.modes = Variant::of_modes(&comparison.settings.modes);
            }
            let round = comparison.figures(mode.name()).count() as u32;
            comparison.settings.rounds = comparison.settings.rounds.max(round + 1);
            comparison.add(run, mode.name(), round);
        }
        Ok(comparisons.into_iter().map(|(_, comparison)| comparison).collect())
    }

    /// The reports of all runs.
    pub fn reports(&self) -> impl Iterator<Item = &Value> {
        self.runs.iter().map(|run| &run.json)
    }

    /// The report of the run of each mode whose time is the median, or the next above it.
    pub fn middle_runs(&self) -> Vec<&Value> {
        let middle = |variant: &Variant| {
            let mut runs: Vec<&Run> = self.runs.iter().filter(|run| run.figures.variant == variant.name).collect();
            runs.sort_by(|a, b| a.figures.wall_seconds.total_cmp(&b.figures.wall_seconds));
            runs.get(runs.len() / 2).map(|run| &run.json)
        };
        self.modes.iter().filter_map(middle).collect()
    }

    /// The machine in a line, with the processors of the runs that had most.
    pub fn machine(&self) -> String {
        let machines = self.reports().map(|report| &report["machine"]);
        let Some(machine) = machines.max_by_key(|machine| machine["cpus"].as_u64()) else { return String::new() };
        let text = |name: &str| machine[name].as_str().unwrap_or_default();
        let number = |name: &str| machine[name].as_u64().unwrap_or(0);
        let cpus = counted(number("cpus"), "processor");
        let memory = bytes(number("memory_bytes"));
        format!("{cpus} ({}), {memory}, {}, Linux {}", text("cpu_model"), text("filesystem"), text("kernel"))
    }

    /// A run whose page cache was to be cold and was not, if there is one: what it read, and how much of it came from the
    /// device.
    pub fn warm_though_asked_cold(&self) -> Option<ColdCache> {
        self.runs.iter().filter_map(|run| run.figures.cold_cache).find(|cold| !cold.dropped)
    }

    /// The disk that was emulated, if any.
    pub fn emulated_disk(&self) -> Option<String> {
        self.reports().find_map(emulated_disk)
    }

    /// The tables behind that of the modes, as far as they were asked for.
    pub fn further_tables(&self) -> impl Iterator<Item = Table> {
        let ladder = self.ladder.as_ref().and_then(|ladder| ladder.table(self));
        let sweep = self.sweep.as_ref().and_then(|sweep| sweep.table(self));
        let growths = self.growths.iter().filter_map(|growth| growth.table(self));
        let tools = tools::table(self).into_iter().chain(tools::table_by_size(self));
        tools.chain(ladder).chain(sweep).chain(growths)
    }

    /// Takes over the runs of a comparison with the same settings.
    ///
    /// # Errors
    /// [`Failure::Message`] that names the setting that differs.
    pub fn continue_from(&mut self, earlier: Comparison) -> Result<(), Failure> {
        earlier.settings.check_continued_by(&self.settings)?;
        // Fewer rounds than there are already would throw some away.
        self.settings.rounds = self.settings.rounds.max(earlier.settings.rounds);
        (self.ladder, self.sweep, self.growths) = (earlier.ladder, earlier.sweep, earlier.growths);
        (self.warmups, self.runs) = (earlier.warmups, earlier.runs);
        for earlier in earlier.alternatives {
            if let Some(alternative) = self.alternatives.iter_mut().find(|now| now.name == earlier.name) {
                alternative.continue_from(earlier)?;
            }
        }
        Ok(())
    }

    /// Whether it is known what belongs to a round.
    pub fn is_planned(&self) -> bool {
        let Settings { ladder, memory_sweep, .. } = &self.settings;
        *ladder == self.ladder.is_some() && memory_sweep.is_empty() == self.sweep.is_none()
    }

    /// What is still to be run, in order: the round, from 0, and what has its turn.
    pub fn runs_to_make(&self) -> Vec<(u32, Turn)> {
        let turns = self.turns();
        let order = order(turns.len(), self.settings.rounds, self.settings.seed);
        let all = (0..).zip(order).flat_map(|(round, order)| order.into_iter().map(move |turn| (round, turn)));
        let all = all.map(|(round, turn)| (round, &turns[turn]));
        all.filter(|(round, turn)| !self.has_had_turn(turn, *round)).map(|(r, turn)| (r, turn.clone())).collect()
    }

    fn has_had_turn(&self, turn: &Turn, round: u32) -> bool {
        match turn {
            Turn::Run(variant) => self.has_run(&variant.name, round),
            Turn::Other(attempt) => {
                let alternative = &self.alternatives[attempt.alternative];
                let declined = alternative.declined.contains_key(&attempt.name);
                declined || alternative.runs_as(&attempt.name).any(|run| run.round == round)
            }
        }
    }

    /// Everything that has a turn in each round.
    pub fn turns(&self) -> Vec<Turn> {
        let variants = self.variants().into_iter().map(|variant| Turn::Run(variant.clone()));
        variants.chain(self.attempts().into_iter().map(Turn::Other)).collect()
    }

    /// Each alternative that takes part, on each input.
    pub fn attempts(&self) -> Vec<Attempt> {
        let others: Vec<_> = self.growths.iter().flat_map(Growth::scaled_inputs).collect();
        let mut attempts = Vec::new();
        for (i, alternative) in self.alternatives.iter().enumerate().filter(|(_, other)| other.skipped.is_none()) {
            let attempt = |suffix: &str, inputs: &[PathBuf], input_bytes| Attempt {
                name: format!("{}{suffix}", alternative.name),
                alternative: i,
                inputs: inputs.to_vec(),
                input_bytes,
            };
            attempts.push(attempt("", &[], self.settings.input_bytes));
            attempts.extend(others.iter().map(|other| attempt(&other.suffix, &other.paths, other.bytes)));
        }
        attempts
    }

    /// Everything that twinmill is to run in each round.
    pub fn variants(&self) -> Vec<&Variant> {
        let ladder = self.ladder.iter().flat_map(|ladder| &ladder.variants);
        let sweep = self.sweep.iter().flat_map(|sweep| sweep.variants());
        let growths = self.growths.iter().flat_map(Growth::variants);
        self.modes.iter().chain(&self.fewer_workers).chain(ladder).chain(sweep).chain(growths).collect()
    }

    /// Adds a run.
    pub fn add(&mut self, mut run: Run, variant: &str, round: u32) {
        (run.figures.variant, run.figures.round) = (variant.to_owned(), round);
        let report = run.json.as_object_mut().expect("a report is an object");
        report.insert("variant".into(), variant.into());
        report.insert("round".into(), round.into());
        self.runs.push(run);
    }

    /// Whether a variant has run in a round already.
    pub fn has_run(&self, variant: &str, round: u32) -> bool {
        self.runs.iter().any(|run| run.figures.round == round && run.figures.variant == variant)
    }

    /// One column for each mode that has run.
    pub fn columns(&self) -> Vec<Column> {
        self.modes.iter().filter_map(|variant| self.column(variant)).collect()
    }

    /// The column of the variant with this name.
    pub fn column_named(&self, name: &str) -> Option<Column> {
        self.column(self.variants().into_iter().find(|variant| variant.name == name)?)
    }

    /// The factors that were in force in the runs of one variant.
    pub fn factors(&self, variant: &str) -> Value {
        let run = self.runs.iter().find(|run| run.figures.variant == variant);
        run.map_or(Value::Null, |run| run.json["factors"].clone())
    }

    /// The runs of one variant.
    pub fn figures<'a>(&'a self, variant: &'a str) -> impl Iterator<Item = &'a Figures> {
        self.runs.iter().map(|run| &run.figures).filter(move |figures| figures.variant == variant)
    }

    /// The medians of one variant, if it has run.
    pub fn column(&self, variant: &Variant) -> Option<Column> {
        Column::of(variant, &self.figures(&variant.name).collect::<Vec<_>>())
    }

    /// The times of two variants in the rounds in which both have run.
    pub fn paired_times(&self, first: &str, second: &str) -> Vec<(f64, f64)> {
        let of_round = |round| self.figures(second).find(|figures| figures.round == round);
        self.figures(first).filter_map(|run| Some((run.wall_seconds, of_round(run.round)?.wall_seconds))).collect()
    }

    /// How many times as long `first` took as `second`.
    pub fn ratio(&self, first: &str, second: &str) -> Option<Estimate> {
        ratio_of_medians(&self.paired_times(first, second), self.settings.seed)
    }

    /// The columns two by two, the slower one first, with the ratio of their times.
    pub fn ratios(&self) -> Vec<Ratio> {
        let columns = self.columns();
        let mut ratios = Vec::new();
        for (i, a) in columns.iter().enumerate() {
            for b in &columns[i + 1..] {
                let (slow, fast) = if a.time.median >= b.time.median { (a, b) } else { (b, a) };
                let Some(estimate) = self.ratio(&slow.name, &fast.name) else { continue };
                let rounds = slow.runs.min(fast.runs);
                let (slower, faster) = (slow.name.clone(), fast.name.clone());
                ratios.push(Ratio { slower, faster, estimate, beyond_noise: is_beyond_noise(estimate), rounds });
            }
        }
        ratios
    }

    /// Whether a run had an output of this digest.
    pub fn gave(&self, digest: &str) -> bool {
        self.runs.iter().any(|run| run.figures.output.digest == digest)
    }

    /// Whether all alternatives that answered gave twinmill's answer; `None` where none did.
    pub fn alternatives_agree(&self) -> Option<bool> {
        let mut agree = self.alternatives.iter().filter_map(|alternative| alternative.agrees(self)).peekable();
        agree.peek()?;
        Some(agree.all(|agrees| agrees))
    }

    /// Whether all runs of the same work had the same output, byte by byte.
    pub fn outputs_identical(&self) -> bool {
        self.outputs().iter().all(|digests| digests.len() == 1 && !digests[0].1.is_empty())
    }

    /// The digest of all outputs of the comparison's own work or, where outputs differ, each one with what gave it.
    pub fn digests(&self) -> Vec<String> {
        let outputs = self.outputs();
        if self.outputs_identical() {
            return outputs.first().map(|digests| digests[0].1.to_owned()).into_iter().collect();
        }
        let differing = outputs.iter().filter(|digests| digests.len() > 1 || digests[0].1.is_empty());
        differing.flatten().map(|(variants, digest)| format!("{} {digest}", variants.join(" and "))).collect()
    }

    /// For each work, the modes' first, its different outputs: which variants gave it, and its digest.
    fn outputs(&self) -> Vec<Vec<(Vec<&str>, &str)>> {
        let mut works = Vec::new();
        let mut outputs: Vec<Vec<(Vec<&str>, &str)>> = Vec::new();
        for variant in self.variants() {
            for run in self.figures(&variant.name) {
                let place = works.iter().position(|work| *work == variant.work()).unwrap_or(works.len());
                if place == works.len() {
                    works.push(variant.work());
                    outputs.push(Vec::new());
                }
                let (name, digest) = (variant.name.as_str(), run.output.digest.as_str());
                match outputs[place].iter_mut().find(|(_, other)| *other == digest) {
                    Some((names, _)) if names.contains(&name) => {}
                    Some((names, _)) => names.push(name),
                    None => outputs[place].push((vec![name], digest)),
                }
            }
        }
        outputs
    }

    /// The report of a comparison.
    pub fn json(&self) -> Value {
        let of_a_mode = |run: &&Run| self.modes.iter().any(|mode| mode.name == run.figures.variant);
        let (runs, other_runs): (Vec<&Run>, Vec<&Run>) = self.runs.iter().partition(of_a_mode);
        let reports = |runs: Vec<&Run>| runs.into_iter().map(|run| run.json.clone()).collect::<Vec<_>>();
        let turns = self.turns();
        let order: Vec<Vec<&str>> = order(turns.len(), self.settings.rounds, self.settings.seed)
            .into_iter()
            .map(|round| round.into_iter().map(|turn| turns[turn].name()).collect())
            .collect();
        let mut json = json!({
            "schema": 1,
            "job": self.settings.job,
            "command": self.command,
            "settings": self.settings,
            "verdict": verdict::sentences(self),
            "summary": self.columns().iter().map(Column::summary).collect::<Vec<_>>(),
            "ratios": self.ratios(),
            "outputs_identical": self.outputs_identical(),
        });
        if let Some((ladder, total)) = self.ladder.as_ref().and_then(|ladder| ladder.json(self)) {
            (json["ladder"], json["ladder_total"]) = (ladder, total);
        }
        if let Some((points, summary)) = self.sweep.as_ref().and_then(|sweep| sweep.json(self)) {
            (json["memory_sweep"], json["memory_sweep_summary"]) = (points, summary);
        }
        if !self.alternatives.is_empty() {
            json["alternatives"] = self.alternatives.iter().map(|alternative| alternative.json(self)).collect();
            let dissents = Votes::of(self).dissents;
            if !dissents.is_empty() {
                json["other_answers"] = json!(dissents);
            }
            (json["alternatives_agree"], json["tools"]) = (json!(self.alternatives_agree()), tools::json(self).into());
        }
        let growths: Vec<_> = self.growths.iter().filter_map(|growth| growth.json(self)).collect();
        if !growths.is_empty() {
            json["growths"] = growths.into();
        }
        json["middle_runs"] = self.middle_runs().iter().map(|run| json!([run["variant"], run["round"]])).collect();
        json["machine"] = self.machine().into();
        if let Some(disk) = self.emulated_disk() {
            json["emulated_disk"] = disk.into();
        }
        if self.saved {
            json["settings"] = Value::Null;
            json["runs"] = reports(runs).into();
            return json;
        }
        json["plan"] =
            json!({"ladder": self.ladder, "memory_sweep": self.sweep, "growths": self.growths, "order": order});
        json["warmups"] = json!(self.warmups);
        json["runs"] = reports(runs).into();
        if !other_runs.is_empty() {
            json["other_runs"] = reports(other_runs).into();
        }
        json
    }
}

/// How many times as long one variant took as another.
#[derive(Clone, Debug, Serialize)]
pub struct Ratio {
    /// The variant with the longer median.
    pub slower: String,
    /// The other.
    pub faster: String,
    /// Rounds in which both ran.
    pub rounds: usize,
    /// Longer over shorter median.
    #[serde(flatten)]
    pub estimate: Estimate,
    /// Whether the interval excludes that they are alike.
    pub beyond_noise: bool,
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::cli::compare::settings::tests::settings;

    const MODES: [RunMode; 3] = [RunMode::Disk, RunMode::Memory, RunMode::Reference];

    /// A comparison of the three modes with these times.
    pub fn comparison(times: [&[f64]; 3]) -> Comparison {
        let mut comparison = Comparison::new(settings(&MODES), Vec::new());
        for (mode, times) in MODES.iter().zip(times) {
            let runs = times.iter().map(|time| run(*mode, *time, "xxh3:0123456789abcdef"));
            runs.zip(0..).for_each(|(run, round)| comparison.add(run, mode.name(), round));
        }
        comparison
    }

    /// A run in this mode that took this time.
    pub fn run(mode: RunMode, time: f64, digest: &str) -> Run {
        let disk = u64::from(mode == RunMode::Disk);
        let busy = [1.0, 0.1, 0.2 * disk as f64, 0.1 * disk as f64, 0.0, 0.4, 0.01];
        let names = ["map", "sort", "spill", "merge", "shuffle", "reduce", "commit"];
        let phase = |(name, busy)| json!({"name": name, "busy_seconds": busy});
        let framework = mode != RunMode::Reference;
        let phases: Vec<Value> = names.into_iter().zip(busy).filter(|_| framework).map(phase).collect();
        let report = json!({
            "mode": mode.name(), "workers": 1 + u64::from(framework), "reducers": 2, "input_bytes": 268435456u64,
            "wall_seconds": time, "startup_seconds": 0.02, "cpu_seconds": 1.2, "peak_rss_bytes": 350u64 << 20,
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
        assert_eq!((columns[0].mode, columns[0].runs, columns[0].time.median), (RunMode::Disk, 3, 1.0));
        assert_eq!(columns[0].framework.as_ref().unwrap().file_written_bytes, (353 << 20) as f64);
    }

    #[test]
    fn the_report_is_as_agreed() {
        let json = comparison([&[1.0, 2.0, 3.0], &[1.0], &[4.0]]).json();
        assert_eq!(json["runs"].as_array().unwrap().len(), 5);
        let disk = json!({"mode": "disk", "median_seconds": 2.0, "min_seconds": 1.0, "max_seconds": 3.0, "ci95_seconds": [1.0, 3.0]});
        assert_eq!(json["summary"][0], disk);
        assert_eq!(json["outputs_identical"], true);
        assert_eq!((&json["runs"][1]["variant"], &json["runs"][1]["round"]), (&json!("disk"), &json!(1)));
        assert_eq!(json["plan"]["order"].as_array().unwrap().len(), 3);
    }

    #[test]
    fn a_report_is_taken_up_again_as_it_was() {
        let json = comparison([&[1.0, 2.0, 3.0], &[1.0, 1.5], &[4.0]]).json();
        let again = Comparison::from_json(&json).unwrap();
        assert_eq!(again.json(), json);
        assert!(again.has_run("memory", 1) && !again.has_run("memory", 2));
    }

    #[test]
    fn times_are_paired_by_round() {
        let mut comparison = comparison([&[1.0, 2.0, 3.0], &[], &[]]);
        comparison.add(run(RunMode::Memory, 9.0, ""), "memory", 2);
        assert_eq!(comparison.paired_times("disk", "memory"), [(3.0, 9.0)]);
    }

    #[test]
    fn other_bytes_are_told_with_their_mode() {
        let mut comparison = comparison([&[1.0], &[1.0], &[]]);
        comparison.add(run(RunMode::Reference, 1.0, "xxh3:ffff"), "reference", 0);
        assert!(!comparison.outputs_identical());
        assert_eq!(comparison.digests(), ["disk and memory xxh3:0123456789abcdef", "reference xxh3:ffff"]);
        assert_eq!(comparison.json()["outputs_identical"], false);
    }

    #[test]
    fn an_output_without_digest_is_not_identical_to_anything() {
        let mut comparison = comparison([&[], &[], &[]]);
        comparison.add(run(RunMode::Disk, 1.0, ""), "disk", 0);
        assert!(!comparison.outputs_identical());
    }
}
