//! The progress of a comparison on stderr: a bar on a terminal, and a line for each run everywhere.

use std::io::{self, IsTerminal};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::figures;
use crate::cli::terminal::note;
use crate::measure::running::field::Ended;

/// Shows the rounds until it is dropped.
#[derive(Debug)]
pub struct RoundsDisplay {
    rounds: u32,
    /// Width of the longest name of a variant.
    width: usize,
    bar: Option<ProgressBar>,
    quiet: bool,
}

impl RoundsDisplay {
    /// Begins to show `runs` runs of variants with these names in `rounds` rounds, or nothing.
    pub fn start(rounds: u32, runs: usize, names: &[&str], quiet: bool) -> Self {
        let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        let bar = (!quiet && io::stderr().is_terminal()).then(|| {
            let style = ProgressStyle::with_template("{spinner} [{bar:30}] {pos}/{len} runs, {msg}, {elapsed}");
            let bar = ProgressBar::new(runs as u64);
            bar.set_style(style.expect("the template is well formed").progress_chars("=> "));
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        RoundsDisplay { rounds, width, bar, quiet }
    }

    /// Takes note that a run begins, in a round counted from 0 or, without one, to warm up.
    pub fn begin(&self, round: Option<u32>, variant: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(format!("{} {variant}", self.name(round)));
        }
    }

    /// Shows that a run has ended.
    pub fn end(&self, round: Option<u32>, variant: &str, ended: &Ended) {
        let line = format!("{} {variant:<width$} {}", self.name(round), told(ended), width = self.width);
        match &self.bar {
            Some(bar) => {
                bar.println(line);
                bar.inc(1);
            }
            None if self.quiet => {}
            None => note(line),
        }
    }

    fn name(&self, round: Option<u32>) -> String {
        round.map_or("warm-up".into(), |round| format!("round {}/{}", round + 1, self.rounds))
    }
}

fn told(ended: &Ended) -> String {
    match ended {
        Ended::Took { seconds, agrees: true } => figures::seconds(*seconds),
        Ended::Took { seconds, agrees: false } => format!("{}, ANOTHER ANSWER", figures::seconds(*seconds)),
        Ended::NotRun(None) => "not run".into(),
        Ended::NotRun(Some(why)) => format!("not run: {why}"),
        Ended::Failed(why) => format!("FAILED: {why}"),
    }
}

impl Drop for RoundsDisplay {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
