//! The runs of a comparison so far, the runs that are still to be made, and the medians of each variant.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::config::{DiskProfile, Factors};
use crate::machine::Machine;
use crate::machine::load::Load;
use crate::machine::peak_rates::PeakRates;
use crate::measure::alternative::{Alternative, Attempt};
use crate::measure::analysis::verdict::Verdict;
use crate::measure::column::Column;
use crate::measure::failure::Failure;
use crate::measure::mode::RunMode;
use crate::measure::paired::{Estimate, Looks, described_difference_of_medians, difference_of_medians};
use crate::measure::plan::growth::Growth;
use crate::measure::plan::ladder::Ladder;
use crate::measure::plan::sweep::Sweep;
use crate::measure::plan::turn::{Turn, order};
use crate::measure::plan::variant::Variant;
use crate::measure::run::Run;
use crate::measure::settings::Settings;
use crate::observe::report::{ColdCache, Report};

/// A planned comparison and its runs so far.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The settings that were asked for.
    pub settings: Settings,
    /// The command line, as it was given.
    pub command: Vec<String>,
    /// Title and question, where it is one of several that answer questions.
    pub heading: Option<Heading>,
    /// The columns of the table.
    pub modes: Vec<Variant>,
    /// The modes with fewer workers, where they are compared with programs that use one processor.
    pub fewer_workers: Vec<Variant>,
    /// The steps from one mode to the other, if they were asked for.
    pub ladder: Option<Ladder>,
    /// Memory mode with less memory, if that was asked for.
    pub sweep: Option<Sweep>,
    /// The modes on larger inputs or with more iterations, if that was asked for.
    pub growths: Vec<Growth>,
    /// Other programs that do the job, if they were asked for.
    pub alternatives: Vec<Alternative>,
    /// Runs that were made before the rounds and do not count.
    pub warmups: Vec<Warmup>,
    /// The machine at its best; `None` where that was not measured.
    pub peak_rates: Option<PeakRates>,
    /// The load of the machine while the rounds were made.
    pub load: Load,
    /// Whether the runs were made one by one, not in rounds.
    pub saved: bool,
    /// The runs, in the order in which they were made.
    pub runs: Vec<Run>,
}

/// The question that a comparison answers, with a title.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heading {
    /// A few words.
    pub title: String,
    /// The question.
    pub question: String,
}

/// A run that does not count.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Warmup {
    /// Name of the variant.
    pub variant: String,
    /// Its time.
    pub wall_seconds: f64,
}

impl Comparison {
    /// A comparison without runs; the columns come in the order of the modes.
    pub fn new(settings: Settings, command: Vec<String>) -> Self {
        Comparison::with_columns(settings, command, Vec::new())
    }

    /// A comparison without runs and with these columns; those of the modes where there are none.
    pub fn with_columns(settings: Settings, command: Vec<String>, columns: Vec<Variant>) -> Self {
        let mut modes = if columns.is_empty() { Variant::of_modes(&settings.modes) } else { columns };
        modes.extend(settings.engines.iter().map(Variant::of_engine));
        if settings.injects_faults() {
            modes = Variant::with_spared_twins(modes);
        }
        let fewer_workers = match settings.with.as_slice() {
            [] => Vec::new(),
            _ => Variant::with_fewer_workers(&settings.modes, settings.workers),
        };
        Comparison {
            settings,
            command,
            heading: None,
            modes,
            fewer_workers,
            ladder: None,
            sweep: None,
            growths: Vec::new(),
            alternatives: Vec::new(),
            warmups: Vec::new(),
            peak_rates: None,
            load: Load::default(),
            saved: false,
            runs: Vec::new(),
        }
    }

    /// Puts runs side by side that were made one by one: those of the same job that gave the same output on the same machine.
    ///
    /// # Errors
    /// [`UnknownMode`] where one is of an unknown mode.
    pub fn of_saved_runs(reports: Vec<Report>) -> Result<Vec<Self>, UnknownMode> {
        let mut comparisons: Vec<Comparison> = Vec::new();
        for report in reports {
            let mode = RunMode::named(&report.mode).ok_or_else(|| UnknownMode(report.mode.clone()))?;
            let same = |Run { report: other, .. }: &Run| {
                (&other.job, &other.output.digest, &other.machine)
                    == (&report.job, &report.output.digest, &report.machine)
            };
            let known = comparisons.iter().position(|comparison| same(&comparison.runs[0]));
            let place = known.unwrap_or_else(|| {
                let mut comparison = Comparison::new(Settings::of_saved_run(&report), Vec::new());
                comparison.saved = true;
                comparisons.push(comparison);
                comparisons.len() - 1
            });
            let comparison = &mut comparisons[place];
            if !comparison.settings.modes.contains(&mode) {
                comparison.settings.modes.push(mode);
                comparison.modes = Variant::of_modes(&comparison.settings.modes);
            }
            let round = comparison.runs_of(mode.name()).count() as u32;
            comparison.settings.rounds = comparison.settings.rounds.max(round + 1);
            comparison.add(Run::of(report), mode.name(), round);
        }
        Ok(comparisons)
    }

    /// The run of each mode whose time is the median, or the next above it.
    pub fn middle_runs(&self) -> Vec<&Run> {
        let middle = |variant: &Variant| {
            let mut runs: Vec<&Run> = self.runs.iter().filter(|run| run.variant == variant.name).collect();
            runs.sort_by(|a, b| a.report.wall_seconds.total_cmp(&b.report.wall_seconds));
            runs.get(runs.len() / 2).copied()
        };
        self.modes.iter().filter_map(middle).collect()
    }

    /// The machine, with the processors of the runs that had most; `None` before the first run.
    pub fn machine(&self) -> Option<&Machine> {
        self.runs.iter().map(|run| &run.report.machine).max_by_key(|machine| machine.cpus)
    }

    /// A run whose page cache should have been cold and was not, if there is one: the bytes that it read, and those of
    /// them that came from the device.
    pub fn warm_though_asked_cold(&self) -> Option<ColdCache> {
        self.runs.iter().filter_map(|run| run.report.cold_cache).find(|cold| !cold.dropped)
    }

    /// The disk that was emulated, if any.
    pub fn disk_profile(&self) -> Option<&DiskProfile> {
        self.runs.iter().find_map(|run| run.report.disk_profile.as_ref())
    }

    /// The order of the turns in each round, by name, without those that sit the round out.
    pub fn order(&self) -> Vec<Vec<String>> {
        let turns = self.turns();
        let depends_on_runs = self.settings.budget_seconds.is_some();
        let had = |turn: &Turn, round| !depends_on_runs || self.has_had_turn(turn, round);
        let of_round = |(round, order): (u32, Vec<usize>)| {
            let turns = order.into_iter().map(|turn| &turns[turn]).filter(|turn| had(turn, round));
            turns.map(|turn| turn.name().to_owned()).collect()
        };
        (0..).zip(order(turns.len(), self.settings.rounds, self.settings.seed)).map(of_round).collect()
    }

    /// Rounds in which anything ran.
    pub fn rounds_made(&self) -> u32 {
        let ours = self.runs.iter().map(|run| run.round);
        let others = self.alternatives.iter().flat_map(|other| &other.runs).map(|run| run.round);
        ours.chain(others).max().map_or(0, |last| last + 1)
    }

    /// Takes note that a round, counted from 0, is begun.
    pub fn begin_round(&mut self, round: u32) {
        self.settings.rounds = self.settings.rounds.max(round + 1);
    }

    /// Takes over the runs of a comparison with the same settings.
    ///
    /// # Errors
    /// [`Failure::Message`] that names the setting that differs.
    pub fn continue_from(&mut self, earlier: Comparison) -> Result<(), Failure> {
        earlier.settings.check_continued_by(&self.settings)?;
        // Fewer rounds than there are already would throw some away.
        self.settings.rounds = self.settings.rounds.max(earlier.settings.rounds);
        if earlier.settings.looks == Looks::AfterEachRound {
            self.settings.looks = Looks::AfterEachRound;
        }
        (self.ladder, self.sweep, self.growths) = (earlier.ladder, earlier.sweep, earlier.growths);
        (self.warmups, self.runs, self.load) = (earlier.warmups, earlier.runs, earlier.load);
        for earlier in earlier.alternatives {
            if let Some(alternative) = self.alternatives.iter_mut().find(|now| now.name == earlier.name) {
                alternative.continue_from(earlier)?;
            }
        }
        Ok(())
    }

    /// Whether all that has a turn in a round is known.
    pub fn is_planned(&self) -> bool {
        let Settings { ladder, memory_sweep, .. } = &self.settings;
        *ladder == self.ladder.is_some() && memory_sweep.is_empty() == self.sweep.is_none()
    }

    /// The turns that are still to be had in a round, in order.
    pub fn turns_to_have(&self, round: u32) -> Vec<Turn> {
        let turns = self.turns();
        let order = order(turns.len(), round + 1, self.settings.seed).pop().unwrap_or_default();
        order.into_iter().map(|turn| turns[turn].clone()).filter(|turn| !self.has_had_turn(turn, round)).collect()
    }

    /// Time that the last run of a turn took, start-up included; zero before its first.
    pub fn last_time(&self, turn: &Turn) -> Duration {
        let seconds = match turn {
            Turn::Run(variant) => {
                self.runs_of(&variant.name).last().map(|run| run.report.wall_seconds + run.startup_seconds)
            }
            Turn::Other(attempt) => {
                self.alternatives[attempt.alternative].runs_as(&attempt.name).last().map(|run| run.wall_seconds)
            }
        };
        Duration::from_secs_f64(seconds.unwrap_or(0.0).max(0.0))
    }

    /// Whether the verdict on each pair of columns is known.
    pub fn is_settled(&self) -> bool {
        self.verdicts().iter().all(Verdict::is_settled)
    }

    /// Other programs that ran, but not in all rounds, and the rounds in which they did.
    pub fn sat_out(&self) -> Vec<(String, usize)> {
        let rounds_of = |other: &Alternative| (other.name.clone(), other.runs_as(&other.name).count());
        let able = self.alternatives.iter().filter(|other| !other.is_out());
        able.map(rounds_of).filter(|(_, rounds)| (1..self.settings.rounds as usize).contains(rounds)).collect()
    }

    /// Modes that did not run in all rounds, since the verdicts on them were settled before, and the rounds in which they ran.
    pub fn settled_before_the_end(&self) -> Vec<(String, usize)> {
        let rounds_of = |mode: &Variant| (mode.name.clone(), self.runs_of(&mode.name).count());
        let whole = self.settings.rounds as usize;
        let able = self.modes.iter().map(rounds_of);
        able.filter(|(_, rounds)| self.settings.budget_seconds.is_some() && (1..whole).contains(rounds)).collect()
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
    pub fn add(&mut self, run: Run, variant: &str, round: u32) {
        self.runs.push(Run { variant: variant.to_owned(), round, ..run });
    }

    /// Whether a variant has run in a round already.
    pub fn has_run(&self, variant: &str, round: u32) -> bool {
        self.runs.iter().any(|run| run.round == round && run.variant == variant)
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
    pub fn factors(&self, variant: &str) -> Option<Factors> {
        self.runs_of(variant).next()?.report.factors
    }

    /// The runs of one variant.
    pub fn runs_of<'a>(&'a self, variant: &'a str) -> impl Iterator<Item = &'a Run> {
        self.runs.iter().filter(move |run| run.variant == variant)
    }

    /// The medians of one variant, if it has run.
    pub fn column(&self, variant: &Variant) -> Option<Column> {
        Column::of(variant, &self.runs_of(&variant.name).collect::<Vec<_>>())
    }

    /// The times of two variants in the rounds in which both have run.
    pub fn paired_times(&self, first: &str, second: &str) -> Vec<(f64, f64)> {
        let time = |run: &Run| run.report.wall_seconds;
        let of_round = |round| self.runs_of(second).find(|run| run.round == round);
        self.runs_of(first).filter_map(|run| Some((time(run), time(of_round(run.round)?)))).collect()
    }

    /// The verdict on two variants; `None` where they have not run in the same round.
    pub fn verdict(&self, a: &str, b: &str) -> Option<Verdict> {
        Verdict::of((a, b), &self.paired_times(a, b), self.settings.rules())
    }

    /// The verdicts on the columns two by two, as far as they [are compared](Variant::is_compared_with), in the order of the
    /// columns.
    pub fn verdicts(&self) -> Vec<Verdict> {
        let modes = &self.modes;
        let with_later = |i: usize| {
            let later = modes[i + 1..].iter().filter(move |b| modes[i].is_compared_with(b));
            later.filter_map(move |b| self.verdict(&modes[i].name, &b.name))
        };
        (0..modes.len()).flat_map(with_later).collect()
    }

    /// Seconds that `first` took longer than `second`, with the interval that decides.
    pub fn difference(&self, first: &str, second: &str) -> Option<Estimate> {
        difference_of_medians(&self.paired_times(first, second), self.settings.looks)
    }

    /// Seconds that `first` took longer than `second`, with an interval that describes them and decides nothing.
    pub fn described_difference(&self, first: &str, second: &str) -> Option<Estimate> {
        described_difference_of_medians(&self.paired_times(first, second))
    }

    /// The verdicts as ratios, the slower one of a pair first.
    pub fn ratios(&self) -> Vec<Ratio> {
        self.verdicts().into_iter().map(Verdict::slower_first).map(Ratio::from).collect()
    }

    /// Whether a run had an output of this digest.
    pub fn gave(&self, digest: &str) -> bool {
        self.runs.iter().any(|run| run.digest() == digest)
    }

    /// Whether all alternatives that answered gave twinmill's answer; `None` where none did.
    pub fn alternatives_agree(&self) -> Option<bool> {
        let mut agree = self
            .alternatives
            .iter()
            .filter_map(|alternative| alternative.agrees(|digest| self.gave(digest)))
            .peekable();
        agree.peek()?;
        Some(agree.all(|agrees| agrees))
    }

    /// Whether all runs of the same work had the same output, byte for byte.
    pub fn outputs_identical(&self) -> bool {
        self.outputs().iter().all(|digests| digests.len() == 1 && !digests[0].1.is_empty())
    }

    /// The digest of all outputs of the comparison's own work or, where outputs differ, each digest with its variants.
    pub fn digests(&self) -> Vec<String> {
        let outputs = self.outputs();
        if self.outputs_identical() {
            return outputs.first().map(|digests| digests[0].1.to_owned()).into_iter().collect();
        }
        let differing = outputs.iter().filter(|digests| digests.len() > 1 || digests[0].1.is_empty());
        differing.flatten().map(|(variants, digest)| format!("{} {digest}", variants.join(" and "))).collect()
    }

    /// For each work, the modes' first, its different outputs: the variants that gave one, and its digest.
    fn outputs(&self) -> Vec<Vec<(Vec<&str>, &str)>> {
        let mut works = Vec::new();
        let mut outputs: Vec<Vec<(Vec<&str>, &str)>> = Vec::new();
        for variant in self.variants() {
            for run in self.runs_of(&variant.name) {
                let place = works.iter().position(|work| *work == variant.work()).unwrap_or(works.len());
                if place == works.len() {
                    works.push(variant.work());
                    outputs.push(Vec::new());
                }
                let (name, digest) = (variant.name.as_str(), run.digest());
                match outputs[place].iter_mut().find(|(_, other)| *other == digest) {
                    Some((names, _)) if names.contains(&name) => {}
                    Some((names, _)) => names.push(name),
                    None => outputs[place].push((vec![name], digest)),
                }
            }
        }
        outputs
    }
}

/// The ratio of the times of two variants.
#[derive(Clone, Debug, Deserialize, Serialize)]
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
    /// Whether the interval excludes equal times.
    pub beyond_noise: bool,
}

impl From<Verdict> for Ratio {
    fn from(verdict: Verdict) -> Self {
        Ratio {
            beyond_noise: verdict.is_different(),
            rounds: verdict.rounds,
            estimate: Estimate { value: verdict.ratio, ci95: verdict.interval, coverage: verdict.coverage },
            slower: verdict.a,
            faster: verdict.b,
        }
    }
}

/// The error of a report of a run in an unknown mode.
#[derive(Debug)]
pub struct UnknownMode(String);

impl fmt::Display for UnknownMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no mode '{}'", self.0)
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::machine::ProcessIo;
    use crate::measure::settings::tests::settings;
    use crate::observe::counters::Counters;
    use crate::observe::report::{ExtraWork, OutputReport, Phase};
    use crate::observe::time_use::TimeUse;

    /// A comparison of the three modes with these times.
    pub fn comparison(times: [&[f64]; 3]) -> Comparison {
        let mut comparison = Comparison::new(settings(&RunMode::ALL), Vec::new());
        for (mode, times) in RunMode::ALL.iter().zip(times) {
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
        let phase = |(name, busy): (&'static str, f64)| Phase {
            name: name.into(),
            wall_seconds: busy,
            busy_seconds: busy,
            cpu_seconds: busy,
            bytes: 0,
            records: 0,
            file_bytes_read: 0,
            file_bytes_written: 0,
            pipe_bytes: 0,
            time: TimeUse::default(),
        };
        let framework = mode != RunMode::Reference;
        let report = Report {
            schema: 1,
            job: "wordcount".into(),
            mode: mode.name().into(),
            factors: framework.then(|| mode.framework().into()),
            durability: None,
            disk_profile: None,
            workers: 1 + usize::from(framework),
            reducers: 2,
            input_bytes: 256 << 20,
            input_file_bytes: 256 << 20,
            wall_seconds: time,
            cpu_seconds: 1.2,
            cpu_system_seconds: 0.1,
            programs_cpu_seconds: 0.0,
            peak_rss_bytes: 350 << 20,
            peak_reserved_bytes: 0,
            memory_by_purpose: None,
            evicted_parts: 0,
            counters: Counters {
                map_input_records: 3_425_000,
                reduce_input_records: 400_000,
                file_bytes_read: (350 << 20) * disk,
                file_bytes_written: (353 << 20) * disk,
                ..Counters::default()
            },
            user_counters: Default::default(),
            process_io: ProcessIo { write_bytes: (355 << 20) * disk, ..ProcessIo::default() },
            io_by_purpose: Vec::new(),
            extra_work: ExtraWork::default(),
            cold_cache: None,
            phases: names.into_iter().zip(busy).filter(|_| framework).map(phase).collect(),
            time: None,
            bounds: None,
            iterations: Vec::new(),
            tasks: Vec::new(),
            driver: Vec::new(),
            recoveries: Vec::new(),
            engine: None,
            resumed: None,
            machine: Machine {
                cpus: 2,
                cpu_model: "model".into(),
                memory_bytes: 4 << 30,
                filesystem: "ext4".into(),
                kernel: "6.1".into(),
            },
            output: OutputReport {
                path: "output".into(),
                records: 200_000,
                bytes: 0,
                digest: (!digest.is_empty()).then(|| digest.to_owned()),
            },
            notes: Vec::new(),
            guessed: Default::default(),
        };
        Run { startup_seconds: 0.02, ..Run::of(report) }
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
    }

    #[test]
    fn an_output_without_digest_is_not_identical_to_anything() {
        let mut comparison = comparison([&[], &[], &[]]);
        comparison.add(run(RunMode::Disk, 1.0, ""), "disk", 0);
        assert!(!comparison.outputs_identical());
    }

    #[test]
    fn a_run_is_read_from_its_json_as_it_was() {
        let run = run(RunMode::Disk, 1.25, "xxh3:0");
        let json = serde_json::to_string(&run).unwrap();
        let again: Run = serde_json::from_str(&json).unwrap();
        assert_eq!(serde_json::to_string(&again).unwrap(), json);
        assert_eq!((again.report.wall_seconds, again.startup_seconds, again.digest()), (1.25, 0.02, "xxh3:0"));
    }
}
