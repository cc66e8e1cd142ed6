//! Runs a job in one way after another, on samples in a scratch directory.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;

use crate::check::law::{Law, LineOrder, Lines, Step, Variant};
use crate::check::outcome::{Compared, Difference, Files, Outcome, compare};
use crate::check::sample::Sample;
use crate::config::{JobConfig, MIN_SORT_BUFFER_BYTES, Mode};
use crate::error::{Error, Result};
use crate::observe::report::Report;
use crate::runtime::session::Session;
use crate::runtime::work_dir::{Access, WorkDir};

/// Runs a job on inputs.
pub(super) type Run<'j> = Box<dyn Fn(&[PathBuf], &Session) -> Result<Report> + 'j>;

/// A job to be run.
pub(super) struct Subject<'j> {
    pub run: Run<'j>,
    pub reference: Option<Run<'j>>,
    pub line_order: LineOrder,
    /// Seed by which lines are shuffled.
    pub seed: u64,
    /// Places, workers and token of the runs.
    pub session: Session,
}

/// A job, a sample, and the outcomes of the runs so far.
pub(super) struct Bench<'c> {
    subject: &'c Subject<'c>,
    sample: &'c Sample,
    outcomes: HashMap<Variant, Outcome>,
    runs: usize,
    dir: WorkDir,
}

impl<'c> Bench<'c> {
    /// Makes the scratch directory.
    pub fn new(subject: &'c Subject<'c>, sample: &'c Sample) -> Result<Self> {
        let work_dir = &subject.session.config.work_dir;
        fs::create_dir_all(work_dir).map_err(Error::at("create", work_dir))?;
        let dir = WorkDir::create(work_dir, "twinmill-check-", Access::Private)?;
        Ok(Bench { subject, sample, outcomes: HashMap::new(), runs: 0, dir })
    }

    /// The number of runs so far.
    pub fn runs(&self) -> usize {
        self.runs
    }

    /// The outcome on the sample, which is run once for all.
    pub fn run(&mut self, variant: Variant) -> Result<Outcome> {
        if let Some(outcome) = self.outcomes.get(&variant) {
            return Ok(outcome.clone());
        }
        let outcome = self.run_on(self.sample, variant)?;
        self.outcomes.insert(variant, outcome.clone());
        Ok(outcome)
    }

    /// Whether a run tells anything of the combiner: it combined records, or it failed.
    pub fn combines(&mut self, variant: Variant) -> Result<bool> {
        let outcome = self.run(variant)?;
        Ok(outcome.combined || outcome.files.is_err())
    }

    /// Makes the two runs of a step, and compares them. For the law that a run can be repeated, the second one is
    /// made anew.
    pub fn compare(&mut self, step: &mut Step) -> Result<Compared> {
        let one = self.run(step.one)?;
        let other =
            if step.law == Law::Repeatable { self.run_on(self.sample, step.other)? } else { self.run(step.other)? };
        *step = step.named_by(&one, &other);
        Ok(compare(&one, &other, step.same()))
    }

    /// What differs between the two runs of a step on another sample.
    pub fn difference_on(&mut self, sample: &Sample, step: Step) -> Result<Option<Difference>> {
        let (one, other) = (self.run_on(sample, step.one)?, self.run_on(sample, step.other)?);
        let is_same_law = step.named_by(&one, &other).law == step.law;
        Ok(compare(&one, &other, step.same()).difference().filter(|_| is_same_law))
    }

    /// Whether another sample shows the same.
    pub fn still_differs(&mut self, sample: &Sample, step: Step, as_before: &Difference) -> Result<bool> {
        Ok(self.difference_on(sample, step)?.is_some_and(|difference| difference.is_like(as_before)))
    }

    fn run_on(&mut self, sample: &Sample, variant: Variant) -> Result<Outcome> {
        self.subject.session.cancel.check()?;
        self.runs += 1;
        let (input, output) = (self.dir.path().join("input"), self.dir.path().join("output"));
        let paths = match variant.lines {
            Lines::AsGiven => sample.write(&input)?,
            lines => sample.permuted(lines, self.subject.line_order, self.subject.seed).write(&input)?,
        };
        let outcome = self.outcome(variant, &paths, self.session(variant, sample.bytes(), output.clone()));
        for dir in [input, output] {
            if dir.exists() {
                fs::remove_dir_all(&dir).map_err(Error::at("remove", &dir))?;
            }
        }
        outcome
    }

    fn outcome(&self, variant: Variant, paths: &[PathBuf], session: Session) -> Result<Outcome> {
        let run = match (variant.mode, &self.subject.reference) {
            (None, Some(reference)) => reference,
            _ => &self.subject.run,
        };
        match run(paths, &session) {
            Ok(report) => Ok(Outcome {
                files: Ok(Files::read(&report.output.path)?),
                groups: report.counters.reduce_input_groups,
                combined: report.counters.combine_input_records > 0,
            }),
            Err(Error::Cancelled) => Err(Error::Cancelled),
            Err(error) => Ok(Outcome { files: Err(error.to_string()), groups: 0, combined: false }),
        }
    }

    /// The settings of a run. Buffers are the smallest ones, and few runs are merged at a time.
    fn session(&self, variant: Variant, bytes: u64, output: PathBuf) -> Session {
        let given = &self.subject.session;
        let mut config = JobConfig::new(variant.mode.unwrap_or(Mode::Memory)).output(output);
        config.work_dir.clone_from(&given.config.work_dir);
        config.side_inputs.clone_from(&given.config.side_inputs);
        config.workers = given.config.workers;
        config.memory_bytes = given.config.memory_bytes;
        config.reducers = variant.reducers;
        config.split_bytes = Some(bytes.div_ceil(variant.splits).max(1));
        config.combining = variant.combining;
        config.sort_buffer_bytes = MIN_SORT_BUFFER_BYTES;
        config.merge_factor = 3;
        config.max_attempts = 1;
        let mut session = Session::new(config);
        (session.cancel, session.inputs) = (given.cancel.clone(), given.inputs.clone());
        session
    }
}

impl Step {
    /// The same step with the law that is in question where its runs differ: where more reducers are given more groups,
    /// a key went to several.
    fn named_by(&self, one: &Outcome, other: &Outcome) -> Step {
        match self.law {
            Law::KeysAlone | Law::OneReducerAKey => {
                let law = if other.groups > one.groups { Law::OneReducerAKey } else { Law::KeysAlone };
                Step { law, ..*self }
            }
            _ => *self,
        }
    }
}
