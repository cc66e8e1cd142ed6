//! Warm-ups, then every turn of every round, in one process after another.

use std::time::{Duration, Instant};

use crate::machine::load::LoadMeter;
use crate::measure::comparison::{Comparison, Warmup};
use crate::measure::failure::Failure;
use crate::measure::mode::RunMode;
use crate::measure::plan::ladder::Ladder;
use crate::measure::plan::sweep::Sweep;
use crate::measure::plan::turn::Turn;
use crate::measure::plan::variant::Variant;
use crate::measure::run::Run;
use crate::measure::running::child::Child;
use crate::measure::running::field::{Ended, Field};
use crate::measure::running::goal::Goal;
use crate::measure::running::pace::{MOST_ROUNDS, Pace, Standing};
use crate::measure::running::supervisor::Supervisor;
use crate::measure::settings::Settings;

/// The runs to come, as far as they are known.
#[derive(Clone, Debug, PartialEq)]
pub struct Outlook<'a> {
    /// Their names, each once.
    pub names: Vec<&'a str>,
    /// Their number.
    pub ahead: Ahead,
}

/// The number of runs to come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ahead {
    /// So many runs to warm up.
    WarmUps(usize),
    /// So many runs in the rounds, of which there are so many in all.
    Rounds(u32, usize),
    /// Rounds until the verdicts are settled.
    UntilSettled {
        /// So many rounds at most.
        most_rounds: u32,
        /// The time that they may take.
        budget: Duration,
    },
}

/// An observer of the runs, which also keeps their results.
pub trait Watch {
    /// Announces the runs to come: warm-ups, or those of the rounds.
    fn expect(&mut self, outlook: &Outlook<'_>);
    /// Takes note that a run begins, in a round counted from 0 or, without one, to warm up.
    fn begin(&mut self, round: Option<u32>, name: &str);
    /// Takes note that a run has ended.
    fn end(&mut self, round: Option<u32>, name: &str, ended: &Ended);
    /// Takes note of a round that has ended.
    fn stand(&mut self, standing: &Standing);
    /// Keeps the comparison after each run, or once where there is nothing to run.
    ///
    /// # Errors
    /// Those of keeping it; no further run is made then.
    fn keep(&mut self, comparison: &Comparison, supervisor: &mut Supervisor) -> Result<(), Failure>;
}

/// Makes the runs that are still to be made to know what is asked.
///
/// # Errors
/// As for a run.
pub fn run(
    comparison: &mut Comparison,
    goal: &dyn Goal,
    child: &Child<'_>,
    mut field: Option<Field<'_>>,
    supervisor: &mut Supervisor,
    watch: &mut dyn Watch,
) -> Result<(), Failure> {
    if comparison.is_planned() && Pace::of(comparison, goal).next_round(comparison).is_none() {
        return watch.keep(comparison, supervisor);
    }
    let begun = Instant::now();
    let seen = warm_up(comparison, child, supervisor, watch)?;
    let warm_ups = begun.elapsed();
    plan(comparison, &seen)?;
    if let Some(field) = &mut field {
        field.prepare(comparison, &comparison.attempts(), child, supervisor)?;
    }
    announce(comparison, warm_ups, watch);
    let (earlier, meter) = (comparison.load, LoadMeter::start());
    let mut pace = Pace::of(comparison, goal).after(warm_ups);
    while let Some((round, turns)) = pace.next_round(comparison) {
        comparison.begin_round(round);
        for turn in &turns {
            watch.begin(Some(round), turn.name());
            let begun = Instant::now();
            let ended = take(turn, round, comparison, (child, &field), supervisor)?;
            comparison.load = earlier.with(meter.load());
            watch.end(Some(round), turn.name(), &ended);
            watch.keep(comparison, supervisor)?;
            pace.spend(comparison, turn, begun.elapsed());
        }
        watch.stand(&pace.standing(comparison));
    }
    Ok(())
}

/// Announces the rounds, before which the warm-ups took so long.
fn announce(comparison: &Comparison, warm_ups: Duration, watch: &mut dyn Watch) {
    let turns = comparison.turns();
    let names = turns.iter().map(Turn::name).collect();
    let rounds = comparison.settings.rounds;
    let ahead = match comparison.settings.budget_seconds {
        None => Ahead::Rounds(rounds, (0..rounds).map(|round| comparison.turns_to_have(round).len()).sum()),
        Some(seconds) => {
            let budget = Duration::from_secs_f64(seconds).saturating_sub(warm_ups);
            Ahead::UntilSettled { most_rounds: MOST_ROUNDS, budget }
        }
    };
    watch.expect(&Outlook { names, ahead });
}

/// Gives a turn in a round.
fn take(
    turn: &Turn,
    round: u32,
    comparison: &mut Comparison,
    (child, field): (&Child<'_>, &Option<Field<'_>>),
    supervisor: &mut Supervisor,
) -> Result<Ended, Failure> {
    match (turn, field) {
        (Turn::Run(variant), _) => {
            let run = child.run(variant, supervisor)?;
            let seconds = run.report.wall_seconds;
            comparison.add(run, &variant.name, round);
            Ok(Ended::Took { seconds, agrees: true })
        }
        (Turn::Other(attempt), Some(field)) => field.turn(comparison, attempt, round, child.inputs, supervisor),
        (Turn::Other(_), None) => unreachable!("only a field has alternatives"),
    }
}

/// Runs each mode as often as was asked for, at least once where the plan depends on it, and returns the last run of
/// each.
fn warm_up(
    comparison: &mut Comparison,
    child: &Child<'_>,
    supervisor: &mut Supervisor,
    watch: &mut dyn Watch,
) -> Result<Vec<(RunMode, Run)>, Failure> {
    let times = comparison.settings.warmup.max(u32::from(!comparison.is_planned()));
    // A cluster starts each run anew.
    let modes: Vec<Variant> = comparison.modes.iter().filter(|variant| !variant.apart).cloned().collect();
    let names = modes.iter().map(|variant| variant.name.as_str()).collect();
    watch.expect(&Outlook { names, ahead: Ahead::WarmUps(times as usize * modes.len()) });
    let mut seen = Vec::new();
    for variant in (0..times).flat_map(|_| &modes) {
        watch.begin(None, &variant.name);
        let run = child.warm_up(variant, supervisor)?;
        let wall_seconds = run.report.wall_seconds;
        watch.end(None, &variant.name, &Ended::Took { seconds: wall_seconds, agrees: true });
        comparison.warmups.push(Warmup { variant: variant.name.clone(), wall_seconds });
        seen.retain(|(mode, _)| *mode != variant.mode);
        seen.push((variant.mode, run));
    }
    Ok(seen)
}

/// Plans the turns that depend on a run of a mode, unless an earlier comparison has done so.
fn plan(comparison: &mut Comparison, seen: &[(RunMode, Run)]) -> Result<(), Failure> {
    if comparison.is_planned() {
        return Ok(());
    }
    let of = |mode: RunMode| seen.iter().find(|(of, _)| *of == mode).map(|(_, run)| run);
    let Settings { ladder, memory_sweep, memory_bytes, .. } = &comparison.settings;
    if let (true, Some(run)) = (*ladder, of(RunMode::Disk)) {
        comparison.ladder = Some(Ladder::of(run));
    }
    if let (false, Some(run)) = (memory_sweep.is_empty(), of(RunMode::Memory)) {
        comparison.sweep = Some(Sweep::of(run, memory_sweep, *memory_bytes)?);
    }
    Ok(())
}
