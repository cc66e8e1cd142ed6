//! Faults, which are failures made on purpose to see their cost, and the notation for them.
//!
//! ```text
//! TARGET:TASK:FAULT[:OPTION]…
//!
//! map:3:panic                  map task 3 panics when all its work is done
//! reduce:*:error:p=0.1         every attempt at every reduce task fails with probability 0.1
//! map:1:slow=5s:attempts=2     the first two attempts at map task 1 wait for 5 s before they begin
//! run:2:flip                   a bit of the output of map task 2 flips after it was written
//! run:0:delete:job=3           in the third job, the output of map task 0 is deleted
//! ```
//!
//! A fault strikes the first attempt at its task in the first job. `attempts=N` makes that the first N attempts, or none with
//! `attempts=0`; `job=N` and `job=*` mean other jobs. With `p=` it strikes any attempt in any job, unless they are given too.
//! Of an option that is given twice the last counts. Chance is a hash of the seed and of the target, so that the same seed
//! strikes the same attempts however they are scheduled.
//!
//! A fault that names a task which its job does not have is an error. Unless the size of splits is set, the input is cut into
//! enough of them for the map tasks that are named.
//!
//! The table of `twinmill compare wordcount --inject map:1:panic --inject run:2:flip` shows the cost in rows such as these,
//! whose times are those of workers. In memory, a damaged map output is one that is lost. Beside each of these columns stands
//! the same mode without faults, on the same splits, and a sentence tells the difference of their wall times.
//!
//! ```text
//!                                             disk          memory     reference
//! time, median                             0.646 s         0.602 s        1.48 s
//! recoveries, time of workers           3, 0.413 s      4, 0.388 s             –
//!   attempts tried again                1, 0.217 s      1, 0.208 s             –
//!   map outputs made again              1, 0.185 s      1, 0.180 s             –
//!   reducers begun anew                 1, 11.1 ms     2, 0.091 ms             –
//! ```

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::quantity::parse_duration;

/// Most splits that are made for the sake of a fault.
const MOST_TASKS: u64 = 1024;

/// One kind of failure, and when it happens. Read with [`str::parse`].
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    pub(crate) target: Target,
    /// `None` for every task.
    pub(crate) task: Option<u32>,
    pub(crate) effect: Effect,
    pub(crate) attempts: u32,
    /// `None` for every job.
    pub(crate) job: Option<u32>,
    pub(crate) probability: f64,
    spec: String,
}

/// The target of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Map,
    Reduce,
    /// The output of a map task.
    Run,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Effect {
    Panic,
    Error,
    Slow(Duration),
    Damage(Damage),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Damage {
    Flip,
    Truncate,
    Delete,
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(spec: &str) -> Result<Self, String> {
        let refuse =
            |what: &str| format!("'{spec}' is no fault: {what}; write it like map:3:panic or reduce:*:error:p=0.1");
        let mut words = spec.split(':');
        let target = match words.next() {
            Some("map") => Target::Map,
            Some("reduce") => Target::Reduce,
            Some("run") => Target::Run,
            _ => return Err(refuse("it begins with map, reduce or run")),
        };
        let task = match words.next() {
            Some("*") => None,
            Some(number) => Some(number.parse().map_err(|_| refuse("the second word is the number of a task, or *"))?),
            None => return Err(refuse("a task is missing")),
        };
        let Some(effect) = words.next() else { return Err(refuse("what happens is missing")) };
        let effect = match (target, effect.split_once('=').unwrap_or((effect, ""))) {
            (Target::Map | Target::Reduce, ("panic", "")) => Effect::Panic,
            (Target::Map | Target::Reduce, ("error", "")) => Effect::Error,
            (Target::Map | Target::Reduce, ("slow", time)) => {
                Effect::Slow(parse_duration(time).map_err(|e| refuse(&e))?)
            }
            (Target::Run, ("flip", "")) => Effect::Damage(Damage::Flip),
            (Target::Run, ("truncate", "")) => Effect::Damage(Damage::Truncate),
            (Target::Run, ("delete", "")) => Effect::Damage(Damage::Delete),
            (Target::Run, _) => return Err(refuse("runs flip, truncate or delete")),
            _ => return Err(refuse("tasks panic, error or slow=TIME")),
        };
        let (mut attempts, mut job, mut probability) = (None, None, None);
        for option in words {
            match option.split_once('=') {
                Some(("attempts", "*")) => attempts = Some(u32::MAX),
                Some(("attempts", number)) => {
                    attempts = Some(number.parse().map_err(|_| refuse("attempts= takes a number or *"))?);
                }
                Some(("job", "*")) => job = Some(None),
                Some(("job", number)) => {
                    job = Some(Some(number.parse().map_err(|_| refuse("job= takes a number from 1, or *"))?));
                }
                Some(("p", number)) => {
                    let p = number.parse::<f64>().ok().filter(|p| *p > 0.0 && *p <= 1.0);
                    probability = Some(p.ok_or_else(|| refuse("p= takes a probability above 0 and up to 1"))?);
                }
                _ => return Err(refuse("the options are attempts=, job= and p=")),
            }
        }
        let by_chance = probability.is_some();
        Ok(Fault {
            target,
            task,
            effect,
            attempts: attempts.unwrap_or(if by_chance { u32::MAX } else { 1 }),
            job: job.unwrap_or(if by_chance { None } else { Some(1) }),
            probability: probability.unwrap_or(1.0),
            spec: spec.to_owned(),
        })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "injected by {}", self.spec)
    }
}

/// The faults of a run, none by default.
#[derive(Clone, Debug, Default)]
pub struct FaultLab {
    /// The faults, of which the first that strikes is made.
    pub faults: Vec<Fault>,
    /// Seed of chance.
    pub seed: u64,
}

impl FaultLab {
    /// Number of map tasks that are needed for the named ones to exist, within [`MOST_TASKS`].
    pub(crate) fn map_tasks(&self) -> u64 {
        let of_maps = self.faults.iter().filter(|fault| fault.target != Target::Reduce);
        of_maps
            .filter_map(|fault| Some(u64::from(fault.task?) + 1))
            .filter(|tasks| *tasks <= MOST_TASKS)
            .max()
            .unwrap_or(0)
    }

    /// Refuses faults at tasks that this job, counted from 1, does not have.
    pub(crate) fn check(&self, program: &str, job: u32, maps: u64, reduces: u32) -> Result<()> {
        for fault in self.faults.iter().filter(|fault| fault.job == Some(job)) {
            let (kind, tasks) = match fault.target {
                Target::Map | Target::Run => ("map", maps),
                Target::Reduce => ("reduce", u64::from(reduces)),
            };
            if fault.task.is_some_and(|task| u64::from(task) >= tasks) {
                let those = match tasks {
                    0 => format!("no {kind} task"),
                    1 => format!("only {kind} task 0"),
                    _ => format!("{kind} tasks 0 to {}", tasks - 1),
                };
                let which = if job > 1 { format!("job {job} of {program}") } else { format!("job {program}") };
                return Err(Error::Config(format!("--inject {}: {which} has {those}", fault.spec)));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lab(specs: &[&str], seed: u64) -> FaultLab {
        FaultLab { faults: specs.iter().map(|spec| spec.parse().unwrap()).collect(), seed }
    }

    #[test]
    fn a_fault_names_a_task_that_there_is() {
        let refused = |spec: &str, job, maps, reduces| {
            lab(&[spec], 0).check("count", job, maps, reduces).err().map(|error| error.to_string())
        };
        assert_eq!(refused("run:3:flip", 1, 4, 2), None);
        assert_eq!(refused("run:4:flip", 1, 4, 2).unwrap(), "--inject run:4:flip: job count has map tasks 0 to 3");
        assert_eq!(
            refused("reduce:1:panic", 1, 4, 1).unwrap(),
            "--inject reduce:1:panic: job count has only reduce task 0"
        );
        let of_second = "map:0:error:job=2";
        assert_eq!(refused(of_second, 1, 0, 0), None);
        assert_eq!(refused(of_second, 2, 0, 0).unwrap(), "--inject map:0:error:job=2: job 2 of count has no map task");
        for of_any in ["map:*:error", "map:9:error:p=0.5", "map:9:error:job=*"] {
            assert_eq!(refused(of_any, 1, 1, 1), None, "{of_any}");
        }
        let lab = lab(&["map:3:error", "run:7:flip", "reduce:9:panic", "map:4000000000:panic"], 0);
        assert_eq!(lab.map_tasks(), 8);
    }

    #[test]
    fn what_is_no_fault_is_refused_with_a_reason() {
        for (spec, reason) in [
            ("", "begins with map, reduce or run"),
            ("shuffle:1:panic", "begins with map, reduce or run"),
            ("map", "a task is missing"),
            ("map:x:panic", "number of a task"),
            ("map:-1:panic", "number of a task"),
            ("map:1", "what happens is missing"),
            ("map:1:flip", "tasks panic, error or slow=TIME"),
            ("map:1:panic=3", "tasks panic, error or slow=TIME"),
            ("run:1:panic", "runs flip, truncate or delete"),
            ("map:1:slow", "is not a time"),
            ("map:1:slow=5parsecs", "is not a time"),
            ("map:1:panic:p=0", "above 0 and up to 1"),
            ("map:1:panic:p=1.5", "above 0 and up to 1"),
            ("map:1:panic:p=NaN", "above 0 and up to 1"),
            ("map:1:panic:attempts=few", "attempts= takes"),
            ("map:1:panic:job=first", "job= takes"),
            ("map:1:panic:often", "the options are"),
        ] {
            let refusal = spec.parse::<Fault>().unwrap_err();
            assert!(refusal.contains(reason) && refusal.contains(spec), "{spec}: {refusal}");
        }
    }
}
