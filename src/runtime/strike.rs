//! Striking attempts and their outputs with the [faults](crate::config::faults) that are set.
//!
//! Runs in files are damaged as they lie there. Runs in memory have no blocks on a medium that could flip or be cut: whatever
//! the damage, they are lost.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::cancel::CancelToken;
use crate::config::faults::{Damage, Effect, Fault, FaultLab, Target};
use crate::error::{Error, Result};
use crate::observe::activity::{Activity, Doing};
use crate::observe::purpose::Purpose;
use crate::store::{BlockReader, Run, RunIndex, RunOnDisk};

/// Time between two looks of a slow attempt at its token.
const NAP: Duration = Duration::from_millis(5);

/// An attempt as faults see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Victim<'a> {
    pub lab: &'a FaultLab,
    /// From 1.
    pub job: u32,
    /// Whether it is a map task.
    pub maps: bool,
    pub task: u32,
    pub attempt: u32,
}

impl Victim<'_> {
    /// The faults of a target that strike here.
    fn faults(&self, target: Target) -> impl Iterator<Item = &Fault> {
        let strikes = move |(number, fault): &(usize, &Fault)| {
            let chosen = fault.target == target
                && fault.task.is_none_or(|task| task == self.task)
                && fault.job.is_none_or(|job| job == self.job)
                && self.attempt < fault.attempts;
            chosen && (fault.probability == 1.0 || self.chance(*number, target) < fault.probability)
        };
        self.lab.faults.iter().enumerate().filter(strikes).map(|(_, fault)| fault)
    }

    /// A number below 1.
    fn chance(&self, fault: usize, target: Target) -> f64 {
        let place = [fault as u32, target as u32, self.job, self.task, self.attempt];
        let bytes: Vec<u8> = place.iter().flat_map(|number| number.to_le_bytes()).collect();
        (xxh3_64_with_seed(&bytes, self.lab.seed) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn own_target(&self) -> Target {
        if self.maps { Target::Map } else { Target::Reduce }
    }

    /// Strikes before the attempt's work.
    pub fn begin(&self, cancel: &CancelToken) -> Result<()> {
        for fault in self.faults(self.own_target()) {
            if let Effect::Slow(time) = fault.effect {
                let _napping = Doing::here().enter(Activity::Away);
                let end = Instant::now() + time;
                while let Some(left) = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
                    cancel.check()?;
                    std::thread::sleep(left.min(NAP));
                }
            }
        }
        Ok(())
    }

    /// Strikes when the attempt's work is done, before it counts.
    pub fn end(&self) -> Result<()> {
        for fault in self.faults(self.own_target()) {
            match fault.effect {
                Effect::Error => return Err(Error::user(fault.to_string())),
                Effect::Panic => panic!("{fault}"),
                Effect::Slow(_) | Effect::Damage(_) => {}
            }
        }
        Ok(())
    }

    /// Strikes a run of the attempt's output.
    pub fn damage(&self, run: Arc<dyn Run>) -> Result<Arc<dyn Run>> {
        let Some((fault, damage)) = self.faults(Target::Run).find_map(|fault| match fault.effect {
            Effect::Damage(damage) => Some((fault, damage)),
            _ => None,
        }) else {
            return Ok(run);
        };
        match run.on_disk().map(RunOnDisk::path) {
            Some(path) => damage.strike(path, run.index()).map_err(Error::at("damage", path))?,
            None => return Ok(Arc::new(LostRun { index: run.index().clone(), reason: fault.to_string() })),
        }
        Ok(run)
    }
}

impl Damage {
    fn strike(self, path: &Path, index: &RunIndex) -> io::Result<()> {
        // Everything between the first partition's beginning and the last one's end is blocks.
        let entries = || (0..index.len() as u32).map(|partition| index.get(partition));
        let filled = || entries().filter(|entry| entry.records > 0);
        let (Some(first), Some(last)) = (filled().next(), filled().next_back()) else { return Ok(()) };
        let middle = first.offset.midpoint(last.offset + last.stored_bytes);
        match self {
            Damage::Delete => std::fs::remove_file(path),
            Damage::Truncate => OpenOptions::new().write(true).open(path)?.set_len(middle),
            Damage::Flip => {
                let file = OpenOptions::new().read(true).write(true).open(path)?;
                let mut byte = [0];
                file.read_exact_at(&mut byte, middle)?;
                file.write_all_at(&[byte[0] ^ 1], middle)
            }
        }
    }
}

/// A run in memory that is lost.
#[derive(Debug)]
struct LostRun {
    index: RunIndex,
    reason: String,
}

impl Run for LostRun {
    fn index(&self) -> &RunIndex {
        &self.index
    }

    fn open(&self, _: u32, _: Purpose) -> Result<Box<dyn BlockReader>> {
        let cause = io::Error::new(io::ErrorKind::NotFound, format!("lost, {}", self.reason));
        Err(Error::io("read", Path::new("a run in memory"), cause))
    }

    fn on_disk(&self) -> Option<&dyn RunOnDisk> {
        None
    }

    fn release(&self, _: u32) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lab(specs: &[&str], seed: u64) -> FaultLab {
        FaultLab { faults: specs.iter().map(|spec| spec.parse().unwrap()).collect(), seed }
    }

    /// Whether an attempt ends well.
    fn ends(lab: &FaultLab, maps: bool, job: u32, task: u32, attempt: u32) -> bool {
        Victim { lab, job, maps, task, attempt }.end().is_ok()
    }

    #[test]
    fn a_fault_strikes_the_first_attempt_at_its_task_in_the_first_job() {
        let lab = lab(&["map:3:error"], 0);
        assert!(!ends(&lab, true, 1, 3, 0));
        assert!(ends(&lab, true, 1, 3, 1) && ends(&lab, true, 1, 2, 0) && ends(&lab, true, 2, 3, 0));
        assert!(ends(&lab, false, 1, 3, 0), "a reduce task is another one");
    }

    #[test]
    fn options_widen_what_is_struck() {
        let lab = lab(&["reduce:*:error:attempts=2:job=*"], 0);
        for (job, task) in [(1, 0), (1, 7), (4, 2)] {
            assert!(!ends(&lab, false, job, task, 0) && !ends(&lab, false, job, task, 1));
            assert!(ends(&lab, false, job, task, 2));
        }
        let lab = self::lab(&["map:0:error:job=2:attempts=*"], 0);
        assert!(ends(&lab, true, 1, 0, 0) && !ends(&lab, true, 2, 0, 99));
    }

    #[test]
    fn chance_depends_on_the_seed_and_on_nothing_else() {
        let struck = |seed| -> Vec<u32> {
            let lab = lab(&["map:*:error:p=0.1"], seed);
            (0..10_000).filter(|task| !ends(&lab, true, 1, *task, 0)).collect()
        };
        let of_one = struck(1);
        assert!((800..1200).contains(&of_one.len()), "{}", of_one.len());
        assert_eq!(of_one, struck(1));
        assert_ne!(of_one, struck(2));
    }

    #[test]
    fn a_slow_attempt_ends_when_it_is_told_to_stop() {
        let lab = lab(&["map:*:slow=1h"], 0);
        let cancel = CancelToken::default();
        let victim = Victim { lab: &lab, job: 1, maps: true, task: 0, attempt: 0 };
        cancel.cancel();
        assert!(matches!(victim.begin(&cancel), Err(Error::Cancelled)));
        assert!(victim.end().is_ok());
    }

    #[test]
    #[should_panic(expected = "injected by map:0:panic")]
    fn a_panic_names_the_fault() {
        ends(&lab(&["map:0:panic"], 0), true, 1, 0, 0);
    }
}
