//! The alternatives that take part in a comparison beside the modes, and their turns.
//!
//! ```text
//! --with names ─▶ plan: Alternatives ─▶ an output of twinmill's for each input ─▶ turn: run, compare, add to the comparison
//! ```

use std::path::{Path, PathBuf};

use crate::config::JobConfig;
use crate::measure::alternative::{Alternative, Attempt};
use crate::measure::comparison::Comparison;
use crate::measure::failure::{Failure, USAGE};
use crate::measure::plan::growth::Growth;
use crate::measure::running::child::Child;
use crate::measure::running::peers::{Ours, Outcome, Peers, Question};
use crate::measure::running::supervisor::Supervisor;

/// The alternatives of a comparison and their task.
#[derive(Debug)]
pub struct Field<'a> {
    peers: Peers,
    question: Question<'a>,
    /// One for each input that an alternative reads.
    ours: Vec<Ours>,
}

/// What happens where the programs, or some of those that are named, are not known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// It is an error.
    Refused,
    /// They do not take part, with the reason.
    Skipped,
}

impl<'a> Field<'a> {
    /// Finds out which of the named alternatives take part, and whether any of them may. `place` is the directory of the
    /// programs, if not the usual one.
    ///
    /// # Errors
    /// [`Failure::Message`] where a name is unknown, or the job, an option or the input is none that other programs take;
    /// unless those that are [`Absent`] are skipped.
    pub fn of(
        (names, place): (&[String], Option<&Path>),
        absent: Absent,
        config: &JobConfig,
        question: Question<'a>,
        inputs: &[PathBuf],
        supervisor: &mut Supervisor,
    ) -> Result<(Option<Self>, Vec<Alternative>), Failure> {
        if names.is_empty() {
            return Ok((None, Vec::new()));
        }
        if config.reducers == 0 {
            let message = "--with: other programs reduce; their answers cannot be compared with --reducers 0";
            return Err(Failure::Message(message.into(), USAGE));
        }
        let peers = match (Peers::find(place), absent) {
            (Err(Failure::Message(why, _)), Absent::Skipped) => return Ok((None, all_skipped(names, &why))),
            (peers, _) => peers?,
        };
        let alternatives = match absent {
            Absent::Refused => peers.plan(&question, names, inputs, supervisor)?,
            Absent::Skipped => {
                let mut alternatives = Vec::new();
                for name in names {
                    alternatives.extend(planned_or_skipped(&peers, &question, name, inputs, supervisor)?);
                }
                alternatives
            }
        };
        Ok((Some(Field { peers, question, ours: Vec::new() }), alternatives))
    }

    /// Makes the outputs that answers are compared with, one for each input that still has turns to come.
    ///
    /// # Errors
    /// As for a run.
    pub fn prepare(
        &mut self,
        comparison: &Comparison,
        attempts: &[Attempt],
        child: &Child<'_>,
        supervisor: &mut Supervisor,
    ) -> Result<(), Failure> {
        let others: Vec<_> = comparison.growths.iter().flat_map(Growth::scaled_inputs).collect();
        for attempt in attempts {
            let inputs = if attempt.inputs.is_empty() { child.inputs } else { &attempt.inputs };
            if self.ours.iter().any(|ours| ours.inputs == inputs) {
                continue;
            }
            let scaled = others.iter().find(|other| other.paths == attempt.inputs);
            let scaled = scaled.and_then(|other| comparison.growths.iter().find_map(|growth| growth.variant_on(other)));
            let Some(variant) = scaled.or(comparison.modes.first()) else { return Ok(()) };
            let output = child.scratch.join(format!("answer-{}", self.ours.len()));
            let digest = child.answer(variant, &output, supervisor)?.digest().to_owned();
            self.ours.push(Ours { inputs: inputs.to_vec(), output, digest });
        }
        Ok(())
    }

    /// Gives one alternative its turn, unless a run of it has failed, and adds the outcome to the comparison.
    ///
    /// # Errors
    /// [`Failure::Interrupted`], or [`Failure::Message`] where the programs' output is not as expected.
    pub fn turn(
        &self,
        comparison: &mut Comparison,
        attempt: &Attempt,
        round: u32,
        own_inputs: &[PathBuf],
        supervisor: &mut Supervisor,
    ) -> Result<Ended, Failure> {
        let alternative = &mut comparison.alternatives[attempt.alternative];
        if alternative.is_out() || alternative.declined.contains_key(&attempt.name) {
            return Ok(Ended::NotRun(None));
        }
        let inputs = if attempt.inputs.is_empty() { own_inputs } else { &attempt.inputs };
        let ours = self.ours.iter().find(|ours| ours.inputs == inputs).expect("prepared before the rounds");
        Ok(match self.peers.run(&self.question, &alternative.system, attempt, ours, supervisor)? {
            Outcome::Ran(mut run) => {
                run.round = round;
                let (seconds, agrees) = (run.work_seconds, run.answer.as_ref().is_none_or(|answer| answer.agrees));
                alternative.runs.push(*run);
                Ended::Took { seconds, agrees }
            }
            Outcome::Declined(why) => {
                alternative.declined.insert(attempt.name.clone(), why.clone());
                Ended::NotRun(Some(why))
            }
            Outcome::Failed(why) => {
                alternative.failed = Some(why.clone());
                Ended::Failed(why)
            }
        })
    }
}

/// One alternative, with the reason where it is not known here.
fn planned_or_skipped(
    peers: &Peers,
    question: &Question<'_>,
    name: &String,
    inputs: &[PathBuf],
    supervisor: &mut Supervisor,
) -> Result<Vec<Alternative>, Failure> {
    match peers.plan(question, std::slice::from_ref(name), inputs, supervisor) {
        Err(Failure::Message(why, USAGE)) => Ok(all_skipped(std::slice::from_ref(name), &why)),
        planned => planned,
    }
}

fn all_skipped(names: &[String], why: &str) -> Vec<Alternative> {
    names.iter().map(|name| Alternative::skipped(name, why)).collect()
}

/// Outcome of a turn.
#[derive(Clone, Debug, PartialEq)]
pub enum Ended {
    /// It ran.
    Took {
        /// Its time.
        seconds: f64,
        /// Whether its answer was twinmill's, as far as that is known yet.
        agrees: bool,
    },
    /// It did not run, perhaps with a reason that was not given before.
    NotRun(Option<String>),
    /// The program failed, with this message.
    Failed(String),
}
