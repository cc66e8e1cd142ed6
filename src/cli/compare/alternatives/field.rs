//! Who takes part in a comparison beside the modes, and their turns.
//!
//! ```text
//! --with names ─▶ plan: Alternatives ─▶ an output of twinmill's for each input ─▶ turn: run, compare, add to the comparison
//! ```

use std::path::PathBuf;

use crate::JobConfig;
use crate::cli::args::MeasureArgs;
use crate::cli::compare::alternatives::peers::{Ours, Outcome, Peers, Question};
use crate::cli::compare::alternatives::votes::Votes;
use crate::cli::compare::alternatives::{Alternative, Attempt, absences};
use crate::cli::compare::child::Child;
use crate::cli::compare::comparison::Comparison;
use crate::cli::compare::growth::Growth;
use crate::cli::failure::{Failure, USAGE};
use crate::cli::figures::seconds;
use crate::cli::signals::Supervisor;
use crate::cli::terminal::note;

/// The alternatives of a comparison and what they are asked.
#[derive(Debug)]
pub struct Field<'a> {
    peers: Peers,
    question: Question<'a>,
    /// One for each input that an alternative reads.
    ours: Vec<Ours>,
}

impl<'a> Field<'a> {
    /// Finds out who takes part, if anyone was asked to.
    ///
    /// # Errors
    /// [`Failure::Message`] where a name is unknown, or the job, an option or the input is none that other programs take.
    pub fn of(
        measure: &MeasureArgs,
        config: &JobConfig,
        question: Question<'a>,
        inputs: &[PathBuf],
        supervisor: &mut Supervisor,
    ) -> Result<Option<(Self, Vec<Alternative>)>, Failure> {
        if measure.with.is_empty() {
            return Ok(None);
        }
        if config.reducers == 0 {
            let message = "--with: other programs reduce; their answers cannot be compared with --reducers 0";
            return Err(Failure::Message(message.into(), USAGE));
        }
        let peers = Peers::find(measure.peers.as_deref())?;
        let alternatives = peers.plan(&question, &measure.with, inputs, supervisor)?;
        Ok(Some((Field { peers, question, ours: Vec::new() }, alternatives)))
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
            let digest = child.answer(variant, &output, supervisor)?.figures.output.digest;
            self.ours.push(Ours { inputs: inputs.to_vec(), output, digest });
        }
        Ok(())
    }

    /// Gives one alternative its turn, unless a run of it has failed, and notes in the comparison what came of it. Gives back
    /// how it went, in words.
    ///
    /// # Errors
    /// [`Failure::Interrupted`], or [`Failure::Message`] where the programs do not say what they should.
    pub fn turn(
        &self,
        comparison: &mut Comparison,
        attempt: &Attempt,
        round: u32,
        own_inputs: &[PathBuf],
        supervisor: &mut Supervisor,
    ) -> Result<String, Failure> {
        let alternative = &mut comparison.alternatives[attempt.alternative];
        if alternative.is_out() || alternative.declined.contains_key(&attempt.name) {
            return Ok("not run".into());
        }
        let inputs = if attempt.inputs.is_empty() { own_inputs } else { &attempt.inputs };
        let ours = self.ours.iter().find(|ours| ours.inputs == inputs).expect("prepared before the rounds");
        Ok(match self.peers.run(&self.question, &alternative.system, attempt, ours, supervisor)? {
            Outcome::Ran(mut run) => {
                run.round = round;
                let differs = run.answer.as_ref().is_some_and(|answer| !answer.agrees);
                let time = seconds(run.work_seconds);
                alternative.runs.push(*run);
                if differs { format!("{time}, ANOTHER ANSWER") } else { time }
            }
            Outcome::Declined(why) => {
                alternative.declined.insert(attempt.name.clone(), why.clone());
                format!("not run: {why}")
            }
            Outcome::Failed(why) => {
                let told = format!("FAILED: {why}");
                alternative.failed = Some(why);
                told
            }
        })
    }
}

/// Says who does not take part, before the others make one wait.
pub fn announce(alternatives: &[Alternative]) {
    absences(alternatives).into_iter().for_each(note);
}

/// Whether twinmill's answer stands and no alternative failed. An alternative that is alone with its answer is in the table;
/// it takes nothing from what was measured of the others.
///
/// # Errors
/// [`Failure::Message`] that says who gave which answer, where no more alternatives agree with twinmill than with each other;
/// and that names those that failed.
pub fn check(comparison: &Comparison) -> Result<(), Failure> {
    let votes = Votes::of(comparison);
    if votes.are_against_us() {
        let sentences: Vec<_> = votes.sentences().collect();
        return Err(Failure::failed(format!("THE ANSWERS DIFFER: {}", sentences.join("; "))));
    }
    let failed = |other: &Alternative| Some(format!("{} failed: {}", other.name, other.failed.as_ref()?));
    let failed: Vec<String> = comparison.alternatives.iter().filter_map(failed).collect();
    if failed.is_empty() { Ok(()) } else { Err(Failure::failed(failed.join("; "))) }
}
