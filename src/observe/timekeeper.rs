//! Keeps the time of a whole run: that of the driver alone, and of its workers in the waves.
//!
//! ```text
//! driver    ▕ prepare ▏ sample ▏ prepare ▏                 ▏ commit ▏ finish ▕
//! worker 1  ┊            idle            ▏ map ▏ map ▏ red ▏      idle       ┊
//! worker 2  ┊                            ▏ map ▏ map ▏ idle▏                 ┊
//! ```
//!
//! The driver's thread works while the workers do not, in place of one of them; so all time together is the run's, times
//! the number of workers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::observe::activity::{Activity, Reading, Sampling, Usage};
use crate::observe::memory::MemoryGauges;
use crate::observe::phases::{PhaseLog, PhaseName, PhaseStart};
use crate::observe::purpose::BytesByUse;
use crate::observe::report::{Bounds, DriverSpan, TaskReport};
use crate::observe::time_use::TimeUse;

/// The time of a driver's thread and of its workers since the driver started.
#[derive(Debug)]
pub(crate) struct Timekeeper {
    began: Reading,
    /// The moment up to which the driver's thread is accounted for, which is when it was last alone.
    last: Reading,
    alone_from: PhaseStart,
    /// Phases of the driver's thread.
    phases: PhaseLog,
    workers: usize,
    used: Usage,
    wave_idle_seconds: f64,
    alone_seconds: f64,
    /// Seconds to be added to the run's; they are below zero.
    bounds: Bounds,
    _sampling: Sampling,
}

/// The time of a run that has ended.
pub(crate) struct TimeKept {
    pub wall_seconds: f64,
    pub time: TimeUse,
    pub bounds: Bounds,
    /// Bytes of all files, by use.
    pub file_bytes: BytesByUse,
    /// Phases of the driver's thread, and the spans of time that it was in them.
    pub phases: PhaseLog,
    pub spans: Vec<DriverSpan>,
}

impl Timekeeper {
    /// Begins the accounting of a run on so many workers, whose driver is this thread.
    pub fn begin(workers: usize, memory: Arc<MemoryGauges>) -> Self {
        let (began, phases) = (Reading::with_run_delay(), PhaseLog::default());
        Timekeeper {
            began,
            last: began,
            alone_from: phases.begin_at(began),
            phases,
            workers,
            used: Usage::default(),
            wave_idle_seconds: 0.0,
            alone_seconds: 0.0,
            bounds: Bounds::default(),
            _sampling: Sampling::begin(memory),
        }
    }

    /// The start of the run.
    pub fn epoch(&self) -> Instant {
        self.began.at
    }

    /// Marks the beginning of a phase of the driver's own.
    pub fn begin_phase(&self) -> PhaseStart {
        self.phases.begin()
    }

    /// Logs that the driver was in `phase` since `start`, and that so many bytes went through.
    pub fn end_phase(&mut self, phase: PhaseName, start: PhaseStart, bytes: u64) {
        self.phases.count(phase, 0, bytes);
        self.phases.end(phase, start);
    }

    /// Adds what the driver's thread did lately under other books.
    pub fn nest(&mut self, log: PhaseLog) {
        self.phases.nest(log);
    }

    /// Adds a wave of `tasks` between two readings of the driver's thread, `began` and `ended`. `used` is the usage of its
    /// attempts, and `beside` that of other threads, each of which worked in place of an idle worker.
    pub fn add_wave(&mut self, (began, ended): (Reading, Reading), tasks: &[TaskReport], used: Usage, beside: Usage) {
        self.add_alone(PhaseName::Prepare, &began);
        (self.last, self.alone_from) = (ended, self.phases.begin_at(ended));
        self.used += used;
        self.used += beside;
        let of_tasks: f64 = tasks.iter().map(|task| task.end_seconds - task.start_seconds).sum();
        let busy = of_tasks + Duration::from_nanos(beside.wall_nanos).as_secs_f64();
        let wall = ended.at.duration_since(began.at).as_secs_f64();
        self.wave_idle_seconds += (self.workers as f64 * wall - busy).max(0.0);
        self.bounds.shorten_by_wave(tasks, self.workers);
    }

    fn add_alone(&mut self, phase: PhaseName, now: &Reading) {
        let alone = now.since(&self.last);
        self.phases.end_at(phase, self.alone_from, now);
        self.used += alone;
        self.alone_seconds += now.at.duration_since(self.last.at).as_secs_f64();
        self.bounds.shorten_by(&TimeUse::of(&alone, Activity::Other));
    }

    /// Ends the accounting of the run.
    pub fn finish(mut self) -> TimeKept {
        let ended = Reading::with_run_delay();
        self.add_alone(PhaseName::Finish, &ended);
        let wall_seconds = ended.at.duration_since(self.began.at).as_secs_f64();
        let mut time = TimeUse::of(&self.used, Activity::Other);
        time.wait.channel = self.wave_idle_seconds;
        time.wait.driver = (self.workers - 1) as f64 * self.alone_seconds;
        TimeKept {
            wall_seconds,
            time,
            bounds: self.bounds.of_run(wall_seconds),
            file_bytes: self.used.file_bytes,
            spans: self.phases.spans(self.began.at),
            phases: self.phases,
        }
    }
}
