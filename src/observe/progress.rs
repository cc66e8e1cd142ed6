//! The progress of a running job, for a display.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Progress of the wave of tasks that is running. Tasks add to it; a display reads it whenever it likes.
#[derive(Debug, Default)]
pub struct Progress {
    waves: Mutex<Vec<Wave>>,
    tasks_done: AtomicU64,
    bytes_done: AtomicU64,
    looping: Mutex<Option<Loop>>,
}

/// The progress of a loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loop {
    /// Iterations that have ended.
    pub done: usize,
    /// The most that there can be; `None` where nobody knows.
    pub most: Option<usize>,
}

/// One wave of tasks: all the map tasks or all the reduce tasks of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wave {
    /// Counts the waves of a run, from 0.
    pub index: usize,
    /// The job's name.
    pub job: String,
    /// `map` or `reduce`.
    pub phase: &'static str,
    /// Tasks in the wave.
    pub tasks: u64,
    /// Bytes that the wave will read.
    pub bytes: u64,
}

impl Progress {
    /// Every wave so far, the running one last.
    pub fn waves(&self) -> Vec<Wave> {
        self.waves.lock().expect("no panic while the waves are held").clone()
    }

    /// The current wave with the tasks and bytes done, or `None` before the first wave.
    pub fn snapshot(&self) -> Option<(Wave, u64, u64)> {
        let wave = self.waves.lock().expect("no panic while the waves are held").last()?.clone();
        Some((wave, self.tasks_done.load(Ordering::Relaxed), self.bytes_done.load(Ordering::Relaxed)))
    }

    /// The loop that is running, or the last that has run; `None` before the first.
    pub fn looping(&self) -> Option<Loop> {
        *self.looping.lock().expect("no panic while the loop is held")
    }

    pub(crate) fn loop_is_at(&self, done: usize, most: usize) {
        let most = (most < usize::MAX).then_some(most);
        *self.looping.lock().expect("no panic while the loop is held") = Some(Loop { done, most });
    }

    pub(crate) fn begin_wave(&self, job: &str, phase: &'static str, tasks: u64, bytes: u64) {
        let mut waves = self.waves.lock().expect("no panic while the waves are held");
        let index = waves.len();
        waves.push(Wave { index, job: job.to_owned(), phase, tasks, bytes });
        self.tasks_done.store(0, Ordering::Relaxed);
        self.bytes_done.store(0, Ordering::Relaxed);
    }

    pub(crate) fn task_done(&self) {
        self.tasks_done.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn add_bytes(&self, bytes: u64) {
        self.bytes_done.fetch_add(bytes, Ordering::Relaxed);
    }
}
