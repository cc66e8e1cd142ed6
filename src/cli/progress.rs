//! The progress of a job on stderr: a live line on a terminal, and fewer than ten lines elsewhere.
//!
//! The library counts ([`Progress`]), a thread here looks at the counts ten times a second.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::figures::{bytes, counted};
use crate::cli::pace::{Pace, about, stamp};
use crate::cli::terminal::note;
use crate::observe::progress::Loop;
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
                if io::stderr().is_terminal() { Box::new(Bars::default()) } else { Box::new(Lines::new()) };
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

/// Lines, few and far between.
struct Lines {
    pace: Pace,
    rate: Rate,
}

impl Lines {
    fn new() -> Self {
        Lines { pace: Pace::start(), rate: Rate::default() }
    }
}

impl Waves for Lines {
    fn update(&mut self, progress: &Progress) {
        self.rate.look(progress, self.pace.elapsed());
        if let Some(now) = self.rate.sentence().filter(|_| self.pace.is_due()) {
            note(format_args!("{}{now}", stamp(self.pace.elapsed())));
        }
    }

    fn finish(&mut self, _: &Progress) {}
}

/// A line that changes.
#[derive(Default)]
struct Bars {
    current: Option<(usize, ProgressBar)>,
    began: Option<Instant>,
    rate: Rate,
}

impl Waves for Bars {
    fn update(&mut self, progress: &Progress) {
        let began = *self.began.get_or_insert_with(Instant::now);
        self.rate.look(progress, began.elapsed());
        let Some((wave, _, done)) = progress.snapshot() else { return };
        if self.current.as_ref().is_none_or(|(index, _)| *index != wave.index) {
            self.finish(progress);
            self.current = Some((wave.index, bar(&wave)));
        }
        if let Some((_, bar)) = &self.current {
            bar.set_position(done.min(wave.bytes));
            bar.set_message(self.rate.sentence().unwrap_or_default());
            bar.set_prefix(stamp(began.elapsed()));
        }
    }

    fn finish(&mut self, _: &Progress) {
        if let Some((_, bar)) = self.current.take() {
            bar.finish_and_clear();
        }
    }
}

fn bar(wave: &Wave) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix}[{bar:20}] {msg}").expect("the template is well formed");
    ProgressBar::new(wave.bytes).with_style(style.progress_chars("=> "))
}

/// How fast a run advances: by iterations in a loop, else by the bytes of a wave.
#[derive(Default)]
struct Rate {
    wave: Option<(Wave, u64, u64)>,
    looping: Option<Loop>,
    /// Time at which the wave was first seen.
    wave_began: Duration,
    loop_began: Duration,
    now: Duration,
}

impl Rate {
    fn look(&mut self, progress: &Progress, now: Duration) {
        let (wave, looping) = (progress.snapshot(), progress.looping());
        let index = |wave: &Option<(Wave, u64, u64)>| wave.as_ref().map(|(wave, ..)| wave.index);
        if index(&wave) != index(&self.wave) {
            self.wave_began = now;
        }
        if looping.is_some() && self.looping.is_none() {
            self.loop_began = now;
        }
        (self.wave, self.looping, self.now) = (wave, looping, now);
    }

    /// `pagerank, iteration 3 of 20, about 9 s more`, `sort map, 45 % of 256 MiB, about 2 s more for it`.
    fn sentence(&self) -> Option<String> {
        let (wave, tasks, done) = self.wave.as_ref()?;
        if let Some(Loop { done, most }) = self.looping {
            let of = most.map(|most| format!(" of {most}")).unwrap_or_default();
            let rest = most.and_then(|most| {
                let part = done as f64 / most as f64;
                self.rest(self.loop_began, part).map(|rest| format!(", at most {} more", about(rest)))
            });
            return Some(format!("{}, iteration {}{of}{}", wave.job, done + 1, rest.unwrap_or_default()));
        }
        let part = *done as f64 / wave.bytes.max(1) as f64;
        let rest = self.rest(self.wave_began, part).map(|rest| format!(", about {} more for it", about(rest)));
        Some(format!(
            "{} {}, {tasks} of {} done, {:.0} % of {}{}",
            wave.job,
            wave.phase,
            counted(wave.tasks, "task"),
            100.0 * part.min(1.0),
            bytes(wave.bytes),
            rest.unwrap_or_default()
        ))
    }

    /// The time of the rest, of which `part` took the time since `began`; `None` where that is too little to tell.
    fn rest(&self, began: Duration, part: f64) -> Option<Duration> {
        const LEAST_PART: f64 = 0.03;
        let part = part.min(1.0);
        (part >= LEAST_PART).then(|| (self.now - began).mul_f64((1.0 - part) / part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wave_says_how_much_of_it_is_read() {
        let (progress, mut rate) = (Progress::default(), Rate::default());
        rate.look(&progress, Duration::ZERO);
        assert_eq!(rate.sentence(), None);
        progress.begin_wave("sort", "map", 4, 400);
        rate.look(&progress, Duration::from_secs(10));
        progress.add_bytes(100);
        progress.task_done();
        rate.look(&progress, Duration::from_secs(20));
        let expected = "sort map, 1 of 4 tasks done, 25 % of 400 B, about 30 s more for it";
        assert_eq!(rate.sentence().unwrap(), expected);
    }

    #[test]
    fn a_loop_counts_iterations() {
        let (progress, mut rate) = (Progress::default(), Rate::default());
        progress.begin_wave("pagerank", "map", 4, 400);
        progress.loop_is_at(0, 20);
        rate.look(&progress, Duration::from_secs(1));
        assert_eq!(rate.sentence().unwrap(), "pagerank, iteration 1 of 20");
        progress.loop_is_at(5, 20);
        rate.look(&progress, Duration::from_secs(11));
        assert_eq!(rate.sentence().unwrap(), "pagerank, iteration 6 of 20, at most 30 s more");
        progress.loop_is_at(5, usize::MAX);
        rate.look(&progress, Duration::from_secs(12));
        assert_eq!(rate.sentence().unwrap(), "pagerank, iteration 6");
    }
}
