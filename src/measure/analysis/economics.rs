//! The rate of failures from which on disk mode takes less time than memory mode.
//!
//! Without failures, disk mode takes `extra` seconds longer than memory mode; a failure costs disk mode `on disk` seconds, and
//! memory mode `in memory` seconds. With `k` failures a run the difference is
//!
//! ```text
//! T(k) = extra + k × (on disk − in memory)          disk pays from the k on at which T is 0
//! ```
//!
//! Each round has all four times, and so a T for every k. The rate lies between the largest k at which the interval of T is
//! above 0 and the smallest at which it is below 0 (Fieller's method: *Some Problems in Interval Estimation*, 1954). Where the
//! interval stays above 0 disk never pays; where it holds 0 at every k, nothing is known.

use serde::Serialize;

use crate::measure::comparison::Comparison;
use crate::measure::mode::RunMode;
use crate::measure::paired::{Looks, estimate};
use crate::measure::plan::variant::Variant;
use crate::measure::statistics::median;

/// Steps of the search for an end of an interval; each halves what is left.
const STEPS: usize = 60;
/// Largest number of failures a run that is looked at: what they cost is all that counts then.
const FARTHEST: f64 = 1e6;

/// What failures cost each mode, and from which rate on disk mode pays.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Economics {
    /// Failures in each run that had any.
    pub failures: f64,
    /// Seconds by which disk mode takes longer without failures; negative where it takes less.
    pub extra_seconds: f64,
    /// Seconds that a failure costs disk mode.
    pub on_disk_seconds: f64,
    /// Seconds that a failure costs memory mode.
    pub in_memory_seconds: f64,
    /// The rate.
    pub pays: DiskPays,
}

/// The failures in a run from which on disk mode takes less time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DiskPays {
    /// From none on: it takes less without failures, surely.
    Always,
    /// Never, surely: it takes longer without failures, and with any number of them.
    Never,
    /// So many.
    From {
        /// The estimate.
        failures: f64,
        /// More than so many, surely.
        above: f64,
        /// So many surely.
        at_most: f64,
    },
    /// The times of these rounds do not tell.
    Unknown,
}

/// The four times of a round.
#[derive(Clone, Copy)]
struct Round {
    disk: f64,
    disk_spared: f64,
    memory: f64,
    memory_spared: f64,
}

impl Economics {
    /// Those of a comparison of both modes with failures and without; `None` where it is none, or fewer than one round is
    /// complete.
    pub fn of(comparison: &Comparison) -> Option<Self> {
        let with = |mode: RunMode| {
            let with = comparison.modes.iter().find(|variant| variant.name == mode.name())?;
            let is_spared = |other: &&Variant| other.spared_twin_of.as_deref() == Some(mode.name());
            Some((with.name.clone(), comparison.modes.iter().find(is_spared)?.name.clone()))
        };
        let ((disk, disk_spared), (memory, memory_spared)) = (with(RunMode::Disk)?, with(RunMode::Memory)?);
        let time = |name: &str, round: u32| {
            comparison.runs_of(name).find(|run| run.round == round).map(|run| run.report.wall_seconds)
        };
        let of_round = |round: u32| {
            Some(Round {
                disk: time(&disk, round)?,
                disk_spared: time(&disk_spared, round)?,
                memory: time(&memory, round)?,
                memory_spared: time(&memory_spared, round)?,
            })
        };
        let rounds: Vec<Round> = (0..comparison.rounds_made()).filter_map(of_round).collect();
        let recovered = comparison.runs_of(&disk).map(|run| run.report.recoveries.len() as f64);
        let failures = median(Some(recovered.collect::<Vec<_>>()).filter(|counts| !counts.is_empty())?);
        (failures > 0.0 && !rounds.is_empty()).then(|| Economics::by(&rounds, failures, comparison.settings.looks))
    }

    fn by(rounds: &[Round], failures: f64, looks: Looks) -> Self {
        let of = |time: fn(&Round) -> f64| median(rounds.iter().map(time));
        let extra_seconds = of(|round| round.disk_spared) - of(|round| round.memory_spared);
        let on_disk_seconds = (of(|round| round.disk) - of(|round| round.disk_spared)) / failures;
        let in_memory_seconds = (of(|round| round.memory) - of(|round| round.memory_spared)) / failures;
        let pays = Search { rounds, failures, looks }.around(extra_seconds / (in_memory_seconds - on_disk_seconds));
        Economics { failures, extra_seconds, on_disk_seconds, in_memory_seconds, pays }
    }
}

/// The search for the ends of the rate.
struct Search<'a> {
    rounds: &'a [Round],
    failures: f64,
    looks: Looks,
}

impl Search<'_> {
    /// What is known around the estimated rate, which is negative or no number where there is none.
    fn around(&self, rate: f64) -> DiskPays {
        let surely_memory = |rate: f64| self.interval(rate).is_some_and(|(low, _)| low > 0.0);
        let surely_disk = |rate: f64| self.interval(rate).is_some_and(|(_, high)| high < 0.0);
        match (surely_disk(0.0), surely_disk(FARTHEST), surely_memory(0.0), surely_memory(FARTHEST)) {
            (true, ..) => DiskPays::Always,
            (_, true, memory_takes_less, _) => {
                let failures = rate.clamp(0.0, FARTHEST);
                let above = if memory_takes_less { last(0.0, failures, surely_memory) } else { 0.0 };
                let at_most = last(-FARTHEST, -failures, |rate| surely_disk(-rate)).abs();
                DiskPays::From { failures, above, at_most }
            }
            (_, _, true, true) => DiskPays::Never,
            _ => DiskPays::Unknown,
        }
    }

    /// The interval of the difference with so many failures a run.
    fn interval(&self, rate: f64) -> Option<(f64, f64)> {
        let part = rate / self.failures;
        let of = |spared: f64, with: f64| spared + part * (with - spared);
        let difference = |disk: f64, memory: f64| disk - memory;
        let values: Vec<f64> = self
            .rounds
            .iter()
            .map(|round| difference(of(round.disk_spared, round.disk), of(round.memory_spared, round.memory)))
            .collect();
        let middle = median(values.iter().copied());
        estimate(&values, middle, self.looks, 1).ci95
    }
}

/// The end of what holds from `holds` on, which it does not at `fails`.
fn last(mut holds: f64, mut fails: f64, is_so: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..STEPS {
        let middle = (holds + fails) / 2.0;
        if is_so(middle) { holds = middle } else { fails = middle }
    }
    holds
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Five rounds with a per mille of noise, of two failures each, that cost so much in each mode.
    fn economics(extra: f64, on_disk: f64, in_memory: f64) -> Economics {
        let round = |i: u32| {
            let noise = 0.001 * f64::from(i);
            Round {
                disk: 1.0 + extra + 2.0 * on_disk + noise,
                disk_spared: 1.0 + extra,
                memory: 1.0 + 2.0 * in_memory,
                memory_spared: 1.0 + noise / 2.0,
            }
        };
        Economics::by(&(0..5).map(round).collect::<Vec<_>>(), 2.0, Looks::Once)
    }

    #[test]
    fn disk_pays_once_its_cheaper_recoveries_have_saved_what_it_takes_longer() {
        let found = economics(0.3, 0.1, 0.2);
        let DiskPays::From { failures, above, at_most } = found.pays else { panic!("{found:?}") };
        assert!((failures - 3.0).abs() < 0.2, "{found:?}");
        assert!(above < failures && failures < at_most && above > 2.0 && at_most < 4.0, "{found:?}");
    }

    #[test]
    fn disk_never_pays_where_a_failure_costs_it_as_much_and_always_where_it_takes_no_longer() {
        assert_eq!(economics(0.3, 0.2, 0.2 - 0.01).pays, DiskPays::Never);
        assert_eq!(economics(-0.3, 0.1, 0.2).pays, DiskPays::Always);
    }

    #[test]
    fn nothing_is_said_of_what_differs_by_less_than_the_noise() {
        assert_eq!(economics(0.001, 0.2, 0.2 - 0.0005).pays, DiskPays::Unknown);
        assert_eq!(economics(0.001, 0.2, 0.2).pays, DiskPays::Unknown);
    }
}
