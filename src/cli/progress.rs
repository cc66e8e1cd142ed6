//! The progress of a job on stderr: a bar for each wave of tasks on a terminal, a line for each finished wave
//! elsewhere.
//!
//! The library counts ([`Progress`]), a thread here looks at the counts ten times a second.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::figures::{bytes, counted};
use crate::cli::terminal::note;
use crate::{Progress, Wave};

const INTERVAL: Duration = Duration::from_millis(100);

/// Shows a job's progress until it is dropped.
#[derive(Debug)]
pub struct ProgressDisplay {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl ProgressDisplay {
    /// Shows `progress`, or nothing where no thread can be started for it.
    pub fn start(progress: Arc<Progress>) -> Self {
        let (stop, stopped) = mpsc::channel();
        let show = move || {
            let mut waves: Box<dyn Waves> =
                if io::stderr().is_terminal() { Box::new(Bars::default()) } else { Box::new(Lines::default()) };
            while stopped.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
                waves.update(&progress);
            }
            waves.finish(&progress);
        };
        ProgressDisplay { stop: Some(stop), thread: thread::Builder::new().name("progress".into()).spawn(show).ok() }
    }
}

impl Drop for ProgressDisplay {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            // A display that panicked has printed its panic; the job is not affected.
            let _ = thread.join();
        }
    }
}

/// A way of showing waves.
trait Waves {
    /// Shows the changes since the last update.
    fn update(&mut self, progress: &Progress);
    /// Shows the end.
    fn finish(&mut self, progress: &Progress);
}

#[derive(Default)]
struct Lines {
    told: usize,
}

impl Lines {
    fn tell(&mut self, waves: &[Wave]) {
        for wave in waves.iter().skip(self.told) {
            note(format_args!("{} {}: {}", wave.job, wave.phase, size(wave)));
            self.told += 1;
        }
    }
}

impl Waves for Lines {
    fn update(&mut self, progress: &Progress) {
        let waves = progress.waves();
        self.tell(&waves[..waves.len().saturating_sub(1)]);
    }

    fn finish(&mut self, progress: &Progress) {
        if progress.snapshot().is_some_and(|(wave, tasks, _)| tasks == wave.tasks) {
            self.tell(&progress.waves());
        } else {
            self.update(progress);
        }
    }
}

#[derive(Default)]
struct Bars {
    current: Option<(usize, ProgressBar)>,
}

impl Waves for Bars {
    fn update(&mut self, progress: &Progress) {
        let Some((wave, tasks, done)) = progress.snapshot() else { return };
        if self.current.as_ref().is_none_or(|(index, _)| *index != wave.index) {
            if let Some((_, bar)) = self.current.take() {
                bar.finish();
            }
            self.current = Some((wave.index, bar(&wave)));
        }
        if let Some((_, bar)) = &self.current {
            bar.set_position(done.min(wave.bytes));
            bar.set_message(format!("{tasks}/{}", counted(wave.tasks, "task")));
        }
    }

    fn finish(&mut self, progress: &Progress) {
        self.update(progress);
        let complete = progress.snapshot().is_some_and(|(wave, tasks, _)| tasks == wave.tasks);
        match &self.current {
            Some((_, bar)) if complete => bar.finish(),
            Some((_, bar)) => bar.abandon(),
            None => {}
        }
    }
}

fn bar(wave: &Wave) -> ProgressBar {
    let style = ProgressStyle::with_template(
        "{prefix:>20} [{bar:30}] {percent:>3} % of {binary_total_bytes}, {msg}, {elapsed}",
    )
    .expect("the template is well formed");
    let bar = ProgressBar::new(wave.bytes).with_style(style.progress_chars("=> "));
    bar.set_prefix(format!("{} {}", wave.job, wave.phase));
    bar
}

fn size(wave: &Wave) -> String {
    format!("{}, {}", counted(wave.tasks, "task"), bytes(wave.bytes))
}
