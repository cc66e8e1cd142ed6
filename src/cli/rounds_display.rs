//! The progress of a comparison on stderr: a live line on a terminal, and fewer than ten lines elsewhere. Both say how
//! long it will still take, as soon as everything that takes part has run once.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::figures::counted;
use crate::cli::pace::{Pace, about, stamp};
use crate::cli::terminal::note;
use crate::measure::paired::FEWEST_ROUNDS;
use crate::measure::running::field::Ended;
use crate::measure::running::pace::Standing;
use crate::measure::running::rounds::{Ahead, Outlook};

/// Shows warm-ups and rounds until it is dropped.
#[derive(Debug)]
pub struct RoundsDisplay {
    bar: Option<ProgressBar>,
    quiet: bool,
    pace: RefCell<Pace>,
    /// The names of the runs to come, each once, and their number as far as it is known.
    names: RefCell<Vec<String>>,
    ahead: Cell<Option<Ahead>>,
    /// Number of them that have ended.
    ended: Cell<usize>,
    /// The rounds so far, where more of them depend on that.
    standing: RefCell<Option<Standing>>,
    begun: Cell<Option<Instant>>,
    /// Number and time of the runs so far, by name.
    took: RefCell<BTreeMap<String, (u32, Duration)>>,
    /// Whether the time of all rounds was told.
    is_told: Cell<bool>,
    /// Programs of which something was said that is no progress.
    remarked: RefCell<BTreeSet<String>>,
    /// Programs that run no more.
    out: RefCell<BTreeSet<String>>,
}

impl RoundsDisplay {
    /// Begins to show a comparison, or nothing.
    pub fn start(quiet: bool) -> Self {
        let bar = (!quiet && io::stderr().is_terminal()).then(|| {
            let style = ProgressStyle::with_template("{spinner} {elapsed} [{bar:20}] {msg}");
            let bar = ProgressBar::new(1);
            bar.set_style(style.expect("the template is well formed").progress_chars("=> "));
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        RoundsDisplay {
            bar,
            quiet,
            pace: RefCell::new(Pace::start()),
            names: RefCell::default(),
            ahead: Cell::new(None),
            ended: Cell::new(0),
            standing: RefCell::default(),
            begun: Cell::new(None),
            took: RefCell::default(),
            is_told: Cell::new(false),
            remarked: RefCell::default(),
            out: RefCell::default(),
        }
    }

    /// Announces the runs to come.
    pub fn expect(&self, Outlook { names, ahead }: &Outlook<'_>) {
        self.names.replace(names.iter().map(|name| (*name).to_owned()).collect());
        self.ahead.set(Some(*ahead));
        self.ended.set(0);
        if let Some(bar) = &self.bar {
            bar.set_length(match ahead {
                Ahead::WarmUps(runs) | Ahead::Rounds(_, runs) => *runs as u64,
                // The bar shows the time.
                Ahead::UntilSettled { budget, .. } => budget.as_secs(),
            });
            bar.set_position(0);
        }
    }

    /// Takes note of a round that has ended.
    pub fn stand(&self, standing: &Standing) {
        if let (Some(bar), Some(left), Some(length)) =
            (&self.bar, standing.time_left, self.bar.as_ref().and_then(ProgressBar::length))
        {
            bar.set_position(length.saturating_sub(left.as_secs()));
        }
        self.standing.replace(Some(standing.clone()));
    }

    /// Takes note that a run begins, in a round counted from 0 or, without one, to warm up.
    pub fn begin(&self, round: Option<u32>, variant: &str) {
        if round.is_some() {
            self.tell_time_ahead(round);
        }
        self.begun.set(Some(Instant::now()));
        if let Some(bar) = &self.bar {
            bar.set_message(format!("{} {variant}{}", self.name(round), self.rest_in_words(round)));
        }
    }

    /// Shows that a run has ended.
    pub fn end(&self, round: Option<u32>, variant: &str, ended: &Ended) {
        self.ended.set(self.ended.get() + 1);
        if let (Some(begun), Ended::Took { .. }) = (self.begun.take(), ended) {
            let mut took = self.took.borrow_mut();
            let (runs, time) = took.entry(variant.to_owned()).or_default();
            *runs += 1;
            *time += begun.elapsed();
        }
        if !matches!(ended, Ended::Took { .. }) {
            self.out.borrow_mut().insert(variant.to_owned());
        }
        if let Some(remark) = remark(ended).filter(|_| self.remarked.borrow_mut().insert(variant.to_owned())) {
            self.say(&format!("{} {variant}: {remark}", self.name(round)));
        }
        match &self.bar {
            Some(bar) if !matches!(self.ahead.get(), Some(Ahead::UntilSettled { .. })) => bar.inc(1),
            Some(_) => {}
            None if self.pace.borrow_mut().is_due() => self.say(&self.line(round)),
            None => {}
        }
    }

    /// Says once how long the rounds will take: before them, if all that takes part has warmed up, or else after the first.
    fn tell_time_ahead(&self, round: Option<u32>) {
        if self.bar.is_some() || self.is_told.get() || self.of_a_round().is_none() {
            return;
        }
        self.is_told.set(true);
        if let Some(line) = self.time_ahead(round.unwrap_or(0)) {
            self.say(&format!("{}{line}", stamp(self.pace.borrow().elapsed())));
        }
    }

    /// `5 rounds take about 30 s`; `None` where they are over soon.
    fn time_ahead(&self, done: u32) -> Option<String> {
        const SOON: Duration = Duration::from_secs(2);
        let round = self.of_a_round()?;
        let (rounds, then) = match self.ahead.get()? {
            Ahead::WarmUps(_) => return None,
            Ahead::Rounds(rounds, _) => (rounds, String::new()),
            Ahead::UntilSettled { budget, .. } => (
                FEWEST_ROUNDS as u32,
                format!("; then rounds go on until the verdicts are settled, at most {}", about(budget)),
            ),
        };
        let left = rounds.saturating_sub(done);
        let time = round * left;
        let more = if done == 0 { "" } else { " more" };
        let take = if left == 1 { "takes" } else { "take" };
        (time >= SOON)
            .then(|| format!("{}{more} {take} about {}{then}", counted(u64::from(left), "round"), about(time)))
    }

    /// `12 s: round 2/5, 7 runs done, about 18 s more`.
    fn line(&self, round: Option<u32>) -> String {
        let elapsed = self.pace.borrow().elapsed();
        let done = counted(self.ended.get() as u64, "run");
        format!("{}{}, {done} done{}", stamp(elapsed), self.name(round), self.rest_in_words(round))
    }

    /// `, about 18 s more`; nothing while warming up.
    fn rest_in_words(&self, round: Option<u32>) -> String {
        match (round, self.rest()) {
            (None, _) => String::new(),
            (Some(_), None) => ", unknown yet how much longer".to_owned(),
            (Some(_), Some((rest, true))) => format!(", about {} more", about(rest)),
            (Some(_), Some((rest, false))) => format!(", at most {} more", about(rest)),
        }
    }

    /// Time that one run of each will take; `None` while one of them has not run yet.
    fn of_a_round(&self) -> Option<Duration> {
        let (took, names, out) = (self.took.borrow(), self.names.borrow(), self.out.borrow());
        let mean = |name: &String| took.get(name).map(|(runs, time)| *time / *runs);
        names.iter().filter(|name| !out.contains(*name)).map(mean).sum()
    }

    /// Time that the runs still to come will take, and whether that is an estimate or the most; `None` while nobody knows.
    fn rest(&self) -> Option<(Duration, bool)> {
        let round = self.of_a_round()?;
        match self.ahead.get()? {
            Ahead::WarmUps(_) => None,
            Ahead::Rounds(rounds, runs) => {
                let left = runs.saturating_sub(self.ended.get()) as f64 / runs.max(1) as f64;
                Some((round.mul_f64(left * f64::from(rounds)), true))
            }
            Ahead::UntilSettled { budget, .. } => {
                let standing = self.standing.borrow();
                let most = standing.as_ref().and_then(|standing| standing.time_left).unwrap_or(budget);
                let enough = standing.as_ref().and_then(|standing| standing.rounds_to_settle);
                let enough = enough.map(|rounds| round.mul_f64(rounds as f64)).filter(|time| *time < most);
                Some(enough.map_or((most, false), |time| (time, true)))
            }
        }
    }

    fn name(&self, round: Option<u32>) -> String {
        match (round, self.ahead.get()) {
            (None, _) => "warm-up".into(),
            (Some(round), Some(Ahead::Rounds(rounds, _))) => format!("round {}/{rounds}", round + 1),
            (Some(round), _) => format!("round {}", round + 1),
        }
    }

    fn say(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| note(line)),
            None if self.quiet => {}
            None => note(line),
        }
    }
}

/// What is to be said of a run that did not go as planned.
fn remark(ended: &Ended) -> Option<String> {
    match ended {
        Ended::Took { agrees: true, .. } | Ended::NotRun(None) => None,
        Ended::Took { agrees: false, .. } => Some("ANOTHER ANSWER".into()),
        Ended::NotRun(Some(why)) => Some(format!("not run: {why}")),
        Ended::Failed(why) => Some(format!("FAILED: {why}")),
    }
}

impl Drop for RoundsDisplay {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn took(display: &RoundsDisplay, round: Option<u32>, name: &str, time: u64) {
        display.begin(round, name);
        display.begun.set(Instant::now().checked_sub(Duration::from_secs(time)));
        display.end(round, name, &Ended::Took { seconds: time as f64, agrees: true });
    }

    fn outlook<'a>(names: &[&'a str], ahead: Ahead) -> Outlook<'a> {
        Outlook { names: names.to_vec(), ahead }
    }

    #[test]
    fn the_rest_is_known_once_all_have_run() {
        let display = RoundsDisplay::start(true);
        display.expect(&outlook(&["disk", "memory"], Ahead::WarmUps(2)));
        took(&display, None, "disk", 2);
        took(&display, None, "memory", 1);
        display.expect(&outlook(&["disk", "memory", "awk"], Ahead::Rounds(3, 9)));
        assert_eq!((display.rest(), display.time_ahead(0)), (None, None), "awk has not run yet");
        took(&display, Some(0), "disk", 4);
        assert!(display.line(Some(0)).ends_with(": round 1/3, 1 run done, unknown yet how much longer"));
        took(&display, Some(0), "awk", 10);
        took(&display, Some(0), "memory", 1);
        assert_eq!(display.time_ahead(1).unwrap(), "2 rounds more take about 28 s");
        assert!(display.line(Some(0)).ends_with(": round 1/3, 3 runs done, about 28 s more"));
        display.end(Some(1), "awk", &Ended::Failed("out of luck".into()));
        assert_eq!(display.of_a_round().unwrap().as_secs(), 3 + 1, "what failed runs no more");
    }

    #[test]
    fn rounds_until_all_is_settled_take_at_most_their_budget() {
        let display = RoundsDisplay::start(true);
        display.expect(&outlook(&["disk", "memory"], Ahead::WarmUps(2)));
        took(&display, None, "disk", 2);
        took(&display, None, "memory", 1);
        let ahead = Ahead::UntilSettled { most_rounds: 100, budget: Duration::from_secs(60) };
        display.expect(&outlook(&["disk", "memory"], ahead));
        let expected = "3 rounds take about 9 s; then rounds go on until the verdicts are settled, at most 60 s";
        assert_eq!(display.time_ahead(0).unwrap(), expected);
        assert!(display.line(Some(0)).ends_with(": round 1, 0 runs done, at most 60 s more"));
        let mut standing = Standing {
            rounds: 5,
            most_rounds: 100,
            time_left: Some(Duration::from_secs(40)),
            queries: 1,
            settled: 0,
            rounds_to_settle: Some(4),
        };
        display.stand(&standing);
        assert!(display.line(Some(4)).ends_with(", about 12 s more"));
        standing.rounds_to_settle = Some(400);
        display.stand(&standing);
        assert!(display.line(Some(4)).ends_with(", at most 40 s more"));
    }
}
