//! The effect of each factor, from the disk preset to the memory preset, and whether the effects add up to the gap
//! between them.

use serde::{Deserialize, Serialize};

use crate::config::{Factors, Mode};
use crate::measure::analysis::cause::Explanation;
use crate::measure::column::{Column, Framework};
use crate::measure::comparison::Comparison;
use crate::measure::mode::RunMode;
use crate::measure::paired::Estimate;
use crate::measure::plan::ladder::{Factor, Step};

/// The ladder as it was measured.
#[derive(Clone, Debug)]
pub struct Climb {
    /// The disk preset, then one for each factor.
    pub rungs: Vec<Rung>,
    /// The whole gap.
    pub total: Gap,
}

/// The entry `ladder` of a report: a preset, or a factor that was changed.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Rung {
    /// The factors in force from here on.
    pub factors: Option<Factors>,
    /// The factor that was changed; `None` for the disk preset.
    pub changed: Option<Factor>,
    /// Reason why the factor changes nothing, where it does not.
    pub does_not_apply: Option<String>,
    /// The variant that ran.
    pub variant: String,
    /// Its time.
    pub median_seconds: f64,
    /// Against the rung before; 0 where the factor does not apply, `None` for the disk preset.
    pub difference_seconds: Option<f64>,
    /// Its interval.
    pub difference_ci95: Option<(f64, f64)>,
    /// The bytes that it moved.
    pub bytes: Moved,
}

/// Bytes that a rung moved.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Moved {
    /// To intermediate files.
    pub file_written: Option<f64>,
    /// From intermediate files.
    pub file_read: Option<f64>,
    /// Taken by reducers.
    pub shuffle: Option<f64>,
    /// Of input.
    pub input_read: f64,
}

/// The entry `ladder_total` of a report: the gap between the presets, and the sum of the rungs.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Gap {
    /// Memory less disk.
    pub gap_seconds: f64,
    /// Its interval.
    pub gap_ci95: Option<(f64, f64)>,
    /// The sum of the rungs' differences.
    pub sum_of_differences_seconds: f64,
    /// Half of the interval's width.
    pub noise_seconds: Option<f64>,
    /// Whether the sum is the gap.
    pub adds_up: bool,
}

impl Climb {
    /// The ladder of a comparison; `None` where none was asked for, and before its first round is complete.
    pub fn of(comparison: &Comparison) -> Option<Self> {
        let ladder = comparison.ladder.as_ref()?;
        // The factors of the disk runs; the ladder does not change the grouping.
        let mut factors = comparison.factors(RunMode::Disk.name());
        let mut set = |factor: Factor, mode| {
            if let Some(factors) = &mut factors {
                factor.set(factors, mode);
            }
            factors
        };
        let mut begin = None;
        Factor::ALL.into_iter().for_each(|factor| begin = set(factor, Mode::Disk));
        let disk = comparison.column_named(RunMode::Disk.name())?;
        let mut rungs = vec![Rung::of(&disk, begin, None, None)];
        for step in &ladder.steps {
            let column = comparison.column_named(&step.variant)?;
            let before = &rungs.last().expect("it begins with one").variant;
            let difference = match step.void {
                None => comparison.described_difference(&step.variant, before)?,
                Some(_) => Estimate::exactly(0.0),
            };
            rungs.push(Rung::of(&column, set(step.factor, Mode::Memory), Some(step), Some(difference)));
        }
        let gap = comparison.described_difference(RunMode::Memory.name(), RunMode::Disk.name())?;
        Some(Climb { total: Gap::of(gap, &rungs), rungs })
    }
}

/// The step that saves most, if any is known to save time.
#[derive(Clone, Debug)]
pub struct LargestStep {
    /// The factor.
    pub factor: Factor,
    /// Seconds that it saves.
    pub seconds: f64,
    /// Why the variant before it takes longer.
    pub explanation: Option<Explanation>,
}

impl LargestStep {
    /// The largest step of a comparison's ladder.
    pub fn of(comparison: &Comparison) -> Option<Self> {
        let rungs = Climb::of(comparison)?.rungs;
        let step = |(before, after): (&Rung, &Rung)| {
            let difference = comparison.difference(&after.variant, &before.variant)?;
            let saves = difference.ci95.is_some_and(|(_, most)| most < 0.0);
            saves.then_some((after.changed?, -after.difference_seconds?, before.variant.clone(), after.variant.clone()))
        };
        let steps = rungs.iter().zip(&rungs[1..]).filter_map(step);
        let (factor, seconds, before, after) = steps.max_by(|a, b| a.1.total_cmp(&b.1))?;
        Some(LargestStep { factor, seconds, explanation: Explanation::of(comparison, &before, &after) })
    }
}

impl Rung {
    fn of(column: &Column, factors: Option<Factors>, step: Option<&Step>, difference: Option<Estimate>) -> Self {
        let of = |value: fn(&Framework) -> f64| column.framework.as_ref().map(value);
        Rung {
            factors,
            changed: step.map(|step| step.factor),
            does_not_apply: step.and_then(|step| step.void.clone()),
            variant: column.name.clone(),
            median_seconds: column.time.median,
            difference_seconds: difference.map(|difference| difference.value),
            difference_ci95: difference.and_then(|difference| difference.ci95),
            bytes: Moved {
                file_written: of(|parts| parts.file_written_bytes),
                file_read: of(|parts| parts.file_read_bytes),
                shuffle: of(|parts| parts.shuffle_bytes),
                input_read: column.input_bytes,
            },
        }
    }
}

impl Gap {
    fn of(gap: Estimate, rungs: &[Rung]) -> Self {
        let sum: f64 = rungs.iter().filter_map(|rung| rung.difference_seconds).sum();
        let noise = gap.ci95.map(|(low, high)| (high - low) / 2.0);
        Gap {
            gap_seconds: gap.value,
            gap_ci95: gap.ci95,
            sum_of_differences_seconds: sum,
            noise_seconds: noise,
            // If only some of the variants ran in a round, the sum may differ slightly from the gap.
            adds_up: (sum - gap.value).abs() <= noise.unwrap_or(0.0).max(1e-9),
        }
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::measure::comparison::tests::run as any_run;
    use crate::measure::plan::ladder::Ladder;
    use crate::measure::run::Run;
    use crate::measure::settings::tests::settings;
    use crate::observe::report::{Iteration, Outcome, TaskReport};
    use crate::observe::time_use::TimeUse;

    /// A run of a chain of jobs, with these iterations, that took this time.
    fn run(mode: RunMode, seconds: f64, jobs: &[&str], iterations: usize, file_bytes: u64) -> Run {
        let mut run = any_run(mode, seconds, "xxh3:1");
        let task = |job: &&str| TaskReport {
            id: format!("{job}map-00000"),
            attempt: 0,
            outcome: Outcome::Succeeded,
            worker: None,
            host: None,
            start_seconds: 0.0,
            end_seconds: 0.1,
            records: 1,
            bytes: 1,
            time: TimeUse::default(),
            error: None,
        };
        let report = &mut run.report;
        report.input_bytes = 1 << 20;
        report.factors = Some(Mode::Disk.into());
        report.iterations = (0..iterations).map(|index| Iteration { index, wall_seconds: 0.1 }).collect();
        report.tasks = jobs.iter().map(task).collect();
        report.counters.reduce_shuffle_bytes = 2048;
        (report.counters.file_bytes_read, report.counters.file_bytes_written) = (file_bytes, file_bytes);
        run
    }

    /// A comparison of three rounds of which every variant takes these times, in the order of the ladder.
    pub fn measured(jobs: &[&str], iterations: usize, seconds: &[f64]) -> Comparison {
        let mut settings = settings(&[RunMode::Disk, RunMode::Memory]);
        settings.ladder = true;
        let mut comparison = Comparison::new(settings, Vec::new());
        assert!(!comparison.is_planned());
        let ladder = Ladder::of(&run(RunMode::Disk, 1.0, jobs, iterations, 0));
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
    fn each_factor_of_a_loop_is_a_rung_and_the_rungs_add_up() {
        let comparison = measured(&["", "job2-", "job3-"], 2, &[4.0, 3.0, 2.5, 1.0]);
        assert_eq!(
            comparison.ladder.as_ref().unwrap().variants[1].words,
            ["--map-output=memory", "--between-jobs=memory"]
        );
        let climb = Climb::of(&comparison).unwrap();
        assert_eq!(climb.rungs.len(), 4);
        let rung = &climb.rungs[2];
        let mut factors = Factors::from(Mode::Memory);
        factors.invariant = Factors::from(Mode::Disk).invariant;
        assert_eq!((rung.factors, rung.changed), (Some(factors), Some(Factor::BetweenJobs)));
        assert!((rung.difference_seconds.unwrap() + 0.5).abs() < 1e-9, "{rung:?}");
        assert_eq!(rung.bytes.file_written, Some(4096.0));
        assert!(climb.total.adds_up && comparison.is_planned());
        assert!((0..3).all(|round| comparison.turns_to_have(round).is_empty()));
    }

    #[test]
    fn a_factor_without_effect_is_no_step() {
        let comparison = measured(&[""], 0, &[2.0, 1.0]);
        let rungs = Climb::of(&comparison).unwrap().rungs;
        assert_eq!((rungs[1].variant.as_str(), rungs[3].variant.as_str()), ("memory", "memory"));
        assert_eq!((rungs[2].does_not_apply.as_deref(), rungs[2].difference_seconds), (Some("one job"), Some(0.0)));
        assert_eq!(comparison.runs.len(), 6);
    }
}
