//! Wall time that a run spent on each kind of work or waiting.
//!
//! The time of an [`Expense`] is what the run would have saved, had that expense been free: it is subtracted from each
//! task, the tasks of a wave are given to the workers again, and the wave is shorter by the difference (the method of
//! [`Bounds`](crate::observe::report::Bounds)). So time that only an idle worker spent counts for nothing, and all times are
//! parts of the wall time, however many workers there are. What the driver's thread spends alone between the waves counts
//! in full.
//!
//! ```text
//! worker 1  ▕ parse ▏ sort ▏ parse ▏ sort ▕          two tasks: the wave waits for worker 1
//! worker 2  ▕ parse ▏ sort ▏···········             parsing for free saves two times ▕ parse ▏, not three
//! ```

use crate::observe::bounds::makespan;
use crate::observe::report::{Outcome, RecoveryKind, Report, TaskReport};
use crate::observe::time_use::TimeUse;

/// A kind of work or waiting that a run can have more of than another run of the same job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expense {
    /// Reading input from the page cache, finding its records and decoding them.
    Parsing,
    /// Waiting in calls to files until the disk has read or written.
    DiskWait,
    /// Encoding records in runs, and keeping runs: copying their bytes to files and back, or in memory.
    Keeping,
    /// Merging runs.
    Merging,
    /// Sorting buffers.
    Sorting,
    /// Attempts whose work was lost, and map outputs that were made again.
    Recovering,
    /// Being asleep: in the job's own code, in a page fault, or for an injected fault.
    Sleeping,
    /// The driver alone, giving back what a job put aside: it deletes files, or frees memory.
    Removing,
    /// All work on a processor, of which most of the others are parts.
    Computing,
}

use Expense::{Computing, DiskWait, Keeping, Merging, Parsing, Recovering, Removing, Sleeping, Sorting};

impl Expense {
    /// All of them.
    pub const ALL: [Expense; 9] =
        [Parsing, DiskWait, Keeping, Merging, Sorting, Recovering, Sleeping, Removing, Computing];

    /// Whether it needs a processor, so that others who use it stretch this time.
    pub fn is_computing(self) -> bool {
        !matches!(self, DiskWait | Recovering | Sleeping | Removing)
    }

    /// Its part in the time of an attempt that counts.
    fn of(self, time: &TimeUse) -> f64 {
        let cpu = &time.cpu;
        match self {
            Parsing => cpu.parse + cpu.read_input,
            DiskWait => time.disk_wait(),
            Keeping => cpu.encode + cpu.copy + cpu.read_intermediate + cpu.write_intermediate,
            Merging => cpu.merge,
            Sorting => cpu.sort,
            Recovering | Removing => 0.0,
            Sleeping => time.wait.asleep,
            Computing => cpu.total(),
        }
    }
}

/// Seconds of wall time that a run spent on each [`Expense`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Expenses {
    /// In the order of [`Expense::ALL`].
    seconds: [f64; Expense::ALL.len()],
    /// Time that workers took to compute, waiting for a processor included, over the processor time of it: 1 where nobody
    /// waited, 2 where half of the time went to others.
    pub stretch: f64,
}

impl Expenses {
    /// Those of a run; `None` where its report does not tell.
    pub fn of(report: &Report) -> Option<Self> {
        let time = report.time.as_ref()?;
        let waves = waves(&report.tasks);
        let finishing = report.driver.iter().filter(|span| span.phase == "finish");
        let removing: f64 = finishing.map(|span| span.end_seconds - span.start_seconds).sum();
        let seconds = |expense: Expense| {
            let in_task = |task: &&TaskReport| match (is_lost(report, task), expense) {
                (true, Recovering) => task.end_seconds - task.start_seconds,
                (true, _) => 0.0,
                (false, _) => expense.of(&task.time),
            };
            let saved = |wave: &Vec<&TaskReport>| {
                makespan(wave, report.workers, |_| 0.0) - makespan(wave, report.workers, |task| in_task(&task))
            };
            if expense == Removing {
                return removing;
            }
            let in_tasks: f64 = report.tasks.iter().map(|task| expense.of(&task.time)).sum();
            waves.iter().map(saved).sum::<f64>() + (expense.of(time) - in_tasks).max(0.0)
        };
        let computing = time.cpu.total();
        let stretch = if computing > 0.0 { (computing + time.wait.processor) / computing } else { 1.0 };
        Some(Expenses { seconds: Expense::ALL.map(seconds), stretch })
    }

    /// Seconds of one expense.
    pub fn get(&self, expense: Expense) -> f64 {
        self.seconds[expense as usize]
    }
}

/// The attempts at the map tasks of a job, or at its reduce tasks, for every job.
fn waves(tasks: &[TaskReport]) -> Vec<Vec<&TaskReport>> {
    let wave_of = |task: &TaskReport| task.id.rsplit_once('-').map_or("", |(wave, _)| wave).to_owned();
    let mut names = std::collections::HashMap::new();
    let mut waves: Vec<Vec<&TaskReport>> = Vec::new();
    for task in tasks {
        let place = *names.entry(wave_of(task)).or_insert(waves.len());
        waves.resize_with(waves.len().max(place + 1), Vec::new);
        waves[place].push(task);
    }
    waves
}

/// Whether an attempt would not have been made, had nothing failed.
fn is_lost(report: &Report, task: &TaskReport) -> bool {
    let is_rerun = || {
        let mut reruns = report.recoveries.iter().filter(|recovery| recovery.kind == RecoveryKind::Rerun);
        reruns.any(|rerun| (&rerun.task, rerun.attempt) == (&task.id, task.attempt))
    };
    task.outcome != Outcome::Succeeded || is_rerun()
}
