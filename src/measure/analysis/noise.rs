//! The noise of a comparison: what disturbed the machine while it was measured, and the differences that it could hide.
//!
//! Only what takes time from the runs counts as a disturbance: processors that other processes took, time that the
//! hypervisor gave to other machines, and time that the runs' threads waited for a processor. A high load average or pressure
//! may be the runs' own doing, so that these are told and not judged.

use serde::{Deserialize, Serialize};

use crate::machine::load::Load;
use crate::measure::comparison::Comparison;
use crate::measure::run::Run;
use crate::measure::statistics::median;

/// Processors, of those that the runs may use, that others may take before the machine counts as busy.
const OTHERS_TAKE_PART: f64 = 0.1;
/// Stolen time before the machine counts as busy, in per cent.
const STOLEN_PERCENT: f64 = 2.0;
/// Time that workers wait for a processor before the machine counts as busy, in per cent.
const WAITING_PERCENT: f64 = 10.0;

/// The entry `noise` of a report.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Noise {
    /// The load of the machine while the rounds were made.
    #[serde(flatten)]
    pub load: Load,
    /// Of the time that workers wanted a processor, the part in which they waited for one, in per cent: the median of the
    /// modes' runs; `None` where they do not tell.
    #[serde(default)]
    pub waiting_percent: Option<f64>,
    /// The smallest difference between the first two columns, in per cent, that these runs could have shown.
    pub smallest_detectable_percent: Option<f64>,
    /// Whether something disturbed the runs.
    #[serde(default)]
    pub busy: bool,
}

/// Something that disturbed the runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Disturbance {
    /// Other processes took so many of so many processors.
    Others(f64, usize),
    /// The hypervisor took so many per cent of the time.
    Stolen(f64),
    /// Workers waited for so many per cent of the time that they wanted a processor.
    Waited(f64),
}

impl Noise {
    /// The noise of a comparison; `None` before its first run, and where the runs were made one by one.
    pub fn of(comparison: &Comparison) -> Option<Self> {
        let machine = comparison.machine().filter(|_| !comparison.saved)?;
        let smallest = comparison.verdicts().first().and_then(|verdict| verdict.smallest_detectable_percent);
        let mut noise = Noise {
            load: comparison.load,
            waiting_percent: waiting_percent(comparison),
            smallest_detectable_percent: smallest,
            busy: false,
        };
        noise.busy = !noise.disturbances(machine.cpus).is_empty();
        Some(noise)
    }

    /// Everything that disturbed the runs on so many processors.
    pub fn disturbances(&self, processors: usize) -> Vec<Disturbance> {
        let others = self.load.other_processors.filter(|others| *others >= OTHERS_TAKE_PART * processors as f64);
        let stolen = self.load.steal_percent.filter(|percent| *percent >= STOLEN_PERCENT);
        let waited = self.waiting_percent.filter(|percent| *percent >= WAITING_PERCENT);
        let all = [
            others.map(|others| Disturbance::Others(others, processors)),
            stolen.map(Disturbance::Stolen),
            waited.map(Disturbance::Waited),
        ];
        all.into_iter().flatten().collect()
    }
}

fn waiting_percent(comparison: &Comparison) -> Option<f64> {
    let of_run = |run: &Run| {
        let time = run.report.time?;
        let wanted = time.cpu.total() + time.wait.processor;
        (wanted > 0.0).then(|| 100.0 * time.wait.processor / wanted)
    };
    let parts: Vec<f64> =
        comparison.modes.iter().flat_map(|mode| comparison.runs_of(&mode.name).filter_map(of_run)).collect();
    (!parts.is_empty()).then(|| median(parts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::comparison::tests::comparison;
    use crate::observe::time_use::TimeUse;

    #[test]
    fn a_machine_that_others_use_is_busy() {
        let mut comparison = comparison([&[2.0, 2.1, 2.2], &[1.0, 1.1, 1.0], &[]]);
        let quiet = Load { other_processors: Some(0.05), steal_percent: Some(0.5), ..Load::default() };
        comparison.load = quiet;
        let noise = Noise::of(&comparison).unwrap();
        assert!(!noise.busy && noise.smallest_detectable_percent.is_some(), "{noise:?}");
        comparison.load = Load { other_processors: Some(1.5), ..quiet };
        let noise = Noise::of(&comparison).unwrap();
        assert_eq!((noise.busy, noise.disturbances(2)), (true, vec![Disturbance::Others(1.5, 2)]));
        comparison.load = Load { steal_percent: Some(3.0), ..quiet };
        assert_eq!(Noise::of(&comparison).unwrap().disturbances(2), [Disturbance::Stolen(3.0)]);
    }

    #[test]
    fn workers_that_wait_for_a_processor_are_a_disturbance() {
        let mut comparison = comparison([&[2.0, 2.1, 2.2], &[1.0, 1.1, 1.0], &[]]);
        for run in &mut comparison.runs {
            let mut time = TimeUse::default();
            (time.cpu.user, time.wait.processor) = (3.0, 1.0);
            run.report.time = Some(time);
        }
        assert_eq!(Noise::of(&comparison).unwrap().disturbances(2), [Disturbance::Waited(25.0)]);
    }

    #[test]
    fn a_load_of_the_runs_themselves_is_no_disturbance() {
        let mut comparison = comparison([&[2.0, 2.1, 2.2], &[1.0, 1.1, 1.0], &[]]);
        comparison.load = Load { pressure_cpu: Some(60.0), load_average: Some(9.0), ..Load::default() };
        assert!(!Noise::of(&comparison).unwrap().busy);
    }
}
