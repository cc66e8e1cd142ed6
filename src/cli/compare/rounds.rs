//! How far a comparison is: a bar on a terminal, and a line for each run everywhere, on stderr.

use std::io::{self, IsTerminal};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::terminal::note;

/// Shows the rounds until it is dropped.
#[derive(Debug)]
pub struct RoundsDisplay {
    rounds: u32,
    bar: Option<ProgressBar>,
    quiet: bool,
}

impl RoundsDisplay {
    /// Begins to show `rounds` rounds of `modes` runs each, or nothing.
    pub fn start(rounds: u32, modes: usize, quiet: bool) -> Self {
        let bar = (!quiet && io::stderr().is_terminal()).then(|| {
            let style = ProgressStyle::with_template("{spinner} [{bar:30}] {pos}/{len} runs, {msg}, {elapsed}");
            let bar = ProgressBar::new(u64::from(rounds) * modes as u64);
            bar.set_style(style.expect("the template is well formed").progress_chars("=> "));
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        RoundsDisplay { rounds, bar, quiet }
    }

    /// A run begins; rounds count from 0.
    pub fn begin(&self, round: u32, mode: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(format!("round {} {mode}", round + 1));
        }
    }

    /// A run has ended.
    pub fn end(&self, round: u32, mode: &str, time: &str) {
        let line = format!("round {}/{} {mode:<9} {time}", round + 1, self.rounds);
        match &self.bar {
            Some(bar) => {
                bar.println(line);
                bar.inc(1);
            }
            None if self.quiet => {}
            None => note(line),
        }
    }
}

impl Drop for RoundsDisplay {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
