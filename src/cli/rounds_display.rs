//! The progress of a comparison on stderr: a bar on a terminal, and a line for each run everywhere.

use std::io::{self, IsTerminal};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::figures;
use crate::cli::terminal::note;
use crate::measure::running::field::Ended;
use crate::measure::running::pace::Standing;
use crate::measure::running::rounds::{Ahead, Outlook};

/// Shows the rounds until it is dropped.
#[derive(Debug)]
pub struct RoundsDisplay {
    ahead: Ahead,
    /// Width of the longest name of a variant.
    width: usize,
    bar: Option<ProgressBar>,
    quiet: bool,
}

impl RoundsDisplay {
    /// Begins to show the runs to come, or nothing.
    pub fn start(Outlook { names, ahead }: &Outlook<'_>, quiet: bool) -> Self {
        let ahead = *ahead;
        let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        let bar = (!quiet && io::stderr().is_terminal()).then(|| {
            let (template, length) = match ahead {
                Ahead::WarmUps(runs) | Ahead::Rounds(_, runs) => {
                    ("{spinner} [{bar:30}] {pos}/{len} runs, {msg}, {elapsed}", runs as u64)
                }
                // The bar shows the time.
                Ahead::UntilSettled { budget, .. } => {
                    ("{spinner} [{bar:30}] {msg}, {elapsed} of at most {len} s", budget.as_secs())
                }
            };
            let bar = ProgressBar::new(length);
            let style = ProgressStyle::with_template(template).expect("the template is well formed");
            bar.set_style(style.progress_chars("=> "));
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        RoundsDisplay { ahead, width, bar, quiet }
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
                if !matches!(self.ahead, Ahead::UntilSettled { .. }) {
                    bar.inc(1);
                }
            }
            None if self.quiet => {}
            None => note(line),
        }
    }

    /// Shows that a round has ended.
    pub fn stand(&self, standing: &Standing) {
        if let (Some(bar), Ahead::UntilSettled { budget, .. }, Some(left)) = (&self.bar, self.ahead, standing.time_left)
        {
            bar.set_position(budget.saturating_sub(left).as_secs());
        }
    }

    fn name(&self, round: Option<u32>) -> String {
        match (round, self.ahead) {
            (None, _) => "warm-up".into(),
            (Some(round), Ahead::Rounds(rounds, _)) => format!("round {}/{rounds}", round + 1),
            (Some(round), _) => format!("round {}", round + 1),
        }
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
