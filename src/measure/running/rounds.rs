//! Warm-ups, then every turn of every round, in one process after another.

use crate::machine::load::LoadMeter;
use crate::measure::comparison::{Comparison, Warmup};
use crate::measure::failure::Failure;
use crate::measure::mode::RunMode;
use crate::measure::plan::ladder::Ladder;
use crate::measure::plan::sweep::Sweep;
use crate::measure::plan::turn::Turn;
use crate::measure::run::Run;
use crate::measure::running::child::Child;
use crate::measure::running::field::{Ended, Field};
use crate::measure::running::supervisor::Supervisor;
use crate::measure::settings::Settings;

/// An observer of the runs, which also keeps their results.
pub trait Watch {
    /// Announces so many runs of these names: warm-ups, or those of the rounds.
    fn expect(&mut self, rounds: u32, runs: usize, names: &[&str]);
    /// Takes note that a run begins, in a round counted from 0 or, without one, to warm up.
    fn begin(&mut self, round: Option<u32>, name: &str);
    /// Takes note that a run has ended.
    fn end(&mut self, round: Option<u32>, name: &str, ended: &Ended);
    /// Keeps the comparison after each run, or once where there is nothing to run.
    ///
    /// # Errors
    /// Those of keeping it; no further run is made then.
    fn keep(&mut self, comparison: &Comparison, supervisor: &mut Supervisor) -> Result<(), Failure>;
}

/// Makes the runs that are still to be made.
///
/// # Errors
/// As for a run.
pub fn run(
    comparison: &mut Comparison,
    child: &Child<'_>,
    mut field: Option<Field<'_>>,
    supervisor: &mut Supervisor,
    watch: &mut dyn Watch,
) -> Result<(), Failure> {
    if comparison.is_planned() && comparison.runs_to_make().is_empty() {
        return watch.keep(comparison, supervisor);
    }
    let seen = warm_up(comparison, child, supervisor, watch)?;
    plan(comparison, &seen)?;
    let turns = comparison.runs_to_make();
    if let Some(field) = &mut field {
        let attempts = turns.iter().filter_map(|(_, turn)| turn.attempt().cloned());
        field.prepare(comparison, &attempts.collect::<Vec<_>>(), child, supervisor)?;
    }
    let names: Vec<&str> = turns.iter().map(|(_, turn)| turn.name()).collect();
    watch.expect(comparison.settings.rounds, turns.len(), &names);
    let (earlier, meter) = (comparison.load, LoadMeter::start());
    for (round, turn) in &turns {
        watch.begin(Some(*round), turn.name());
        let ended = match (turn, &field) {
            (Turn::Run(variant), _) => {
                let run = child.run(variant, supervisor)?;
                let seconds = run.report.wall_seconds;
                comparison.add(run, &variant.name, *round);
                Ended::Took { seconds, agrees: true }
            }
            (Turn::Other(attempt), Some(field)) => field.turn(comparison, attempt, *round, child.inputs, supervisor)?,
            (Turn::Other(_), None) => unreachable!("only a field has alternatives"),
        };
        watch.end(Some(*round), turn.name(), &ended);
        comparison.load = earlier.with(meter.load());
        watch.keep(comparison, supervisor)?;
    }
    Ok(())
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
    let modes = comparison.modes.clone();
    let names: Vec<&str> = modes.iter().map(|variant| variant.name.as_str()).collect();
    watch.expect(times, times as usize * modes.len(), &names);
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
