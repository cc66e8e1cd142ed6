//! Keeps the time of a whole run: that of the driver alone, and of its workers in the waves.

use crate::observe::activity::{Activity, Reading, Sampling, Usage};
use crate::observe::report::{Bounds, TaskReport};
use crate::observe::time_use::TimeUse;

/// The time of a driver's thread and of its workers since the driver started.
#[derive(Debug)]
pub(crate) struct Timekeeper {
    /// The moment up to which the driver's thread is accounted for.
    last: Reading,
    used: Usage,
    idle_seconds: f64,
    /// Seconds to be added to the run's; they are below zero.
    bounds: Bounds,
    _sampling: Sampling,
}

impl Timekeeper {
    /// Begins the accounting of a run, whose driver is this thread.
    pub fn begin() -> Self {
        Timekeeper {
            last: Reading::now(),
            used: Usage::default(),
            idle_seconds: 0.0,
            bounds: Bounds::default(),
            _sampling: Sampling::begin(),
        }
    }

    /// Adds a wave of `tasks` on `workers` between two readings of the driver's thread, `began` and `ended`. `used` is
    /// the usage of its attempts.
    pub fn add_wave(&mut self, (began, ended): (Reading, Reading), workers: usize, tasks: &[TaskReport], used: Usage) {
        self.add_alone(&began);
        self.last = ended;
        self.used += used;
        let busy: f64 = tasks.iter().map(|task| task.end_seconds - task.start_seconds).sum();
        let wall = ended.at.duration_since(began.at).as_secs_f64();
        self.idle_seconds += (workers as f64 * wall - busy).max(0.0);
        self.bounds.shorten_by_wave(tasks, workers);
    }

    fn add_alone(&mut self, now: &Reading) {
        let alone = now.since(&self.last);
        self.used += alone;
        self.bounds.shorten_by(&TimeUse::of(&alone, Activity::Other));
    }

    /// Ends the accounting of a run that took `wall_seconds`.
    pub fn finish(mut self, wall_seconds: f64) -> (TimeUse, Bounds) {
        self.add_alone(&Reading::now());
        let mut time = TimeUse::of(&self.used, Activity::Other);
        time.wait.channel = self.idle_seconds;
        (time, self.bounds.of_run(wall_seconds))
    }
}
