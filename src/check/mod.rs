//! Checks the laws that the code of a job must keep, by running the job in many ways on a small input.
//!
//! A runtime cuts the input where it likes, calls a combiner as often as it likes, and gives a reducer whichever keys
//! the partitioner sends to it. Code that relies on one of these ways passes its tests on small data, and gives another
//! answer on large data or on another machine. Each law is checked by two runs that differ in one thing alone:
//!
//! | law | the two runs | usual cause where it is broken |
//! |---|---|---|
//! | [`Repeatable`](Law::Repeatable) | the same run, twice | the order of a hash map, the time, chance |
//! | [`OneReducerAKey`](Law::OneReducerAKey) | 1 reducer; 2, 7 | a partitioner that looks at more than the key |
//! | [`KeysAlone`](Law::KeysAlone) | 1 reducer; 2, 7 | a reducer that keeps something from one key to the next |
//! | [`RecordsAlone`](Law::RecordsAlone) | 1 split; 2, 7 | a mapper that keeps something from one record to the next |
//! | [`Modes`](Law::Modes) | memory; disk | a value that its bytes do not give back |
//! | [`LineOrder`](Law::LineOrder) | the input; its lines reversed, shuffled | a reducer that takes its first value for the least |
//! | [`Combiner`](Law::Combiner) | no combiner; the combiner | a mean as a combiner |
//! | [`Reference`](Law::Reference) | the job; its reference | |
//!
//! Numbers with a fraction that differ by rounding alone, since a sum of floats depends on the order of its parts, break no
//! law; the result tells of them. Only the same run, made twice, must give the same bytes.
//!
//! The two runs of a law are made for every combination of the other settings, and with small buffers, so that map
//! tasks spill and merges combine. Where a law is broken, the input is made smaller, by lines and then by words, as
//! long as the same two runs still differ.
//!
//! A mean as a combiner, in a test of one's own:
//!
//! ```
//! use twinmill::check::{Check, Law};
//! use twinmill::prelude::*;
//!
//! let scores = mapper(|line, out: &mut Out<str, f64>| {
//!     let (name, score) = line.text()?.split_once(' ').ok_or("a line has a name and a score")?;
//!     out.emit(name, score.parse::<f64>()?);
//!     Ok(())
//! });
//! let mean = reducer(|name: &str, scores: &mut Values<f64>, out: &mut Out<str, f64>| {
//!     let scores: Vec<f64> = scores.collect();
//!     out.emit(name, scores.iter().sum::<f64>() / scores.len() as f64);
//!     Ok(())
//! });
//! let job = Job::new("mean", scores, mean).combine(|mean: &mut f64, score| *mean = (*mean + score) / 2.0);
//! let check = Check::of(|inputs, session| job.clone().input(inputs).run(session));
//! let checked = check.on("ann 1\nbob 2\nann 2\nbob 2\nann 6\n")?;
//! let broken = checked.broken.expect("a mean of means is no mean");
//! assert_eq!(broken.law, Law::Combiner);
//! assert_eq!(broken.input.text(), "ann 1\nann 2\nann 6\n");
//! # Ok::<(), Error>(())
//! ```
//!
//! In a test of a job that keeps all laws, [`Checked::assert`] is enough.

mod bench;
mod law;
mod outcome;
mod rounding;
mod sample;
mod shrink;
mod verdict;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::error::Result;
use crate::observe::report::Report;
use crate::runtime::session::Session;

use bench::{Bench, Subject};
use law::steps;
use outcome::Compared;
use shrink::shrink;

pub use law::{Law, LineOrder, Lines, Thoroughness, Variant};
pub use outcome::Difference;
pub use sample::{Sample, SampledFile};
pub use verdict::{Broken, Checked, Fate, Rounding, Tried};

/// A job to be checked, and how.
pub struct Check<'j> {
    subject: Subject<'j>,
    thoroughness: Thoroughness,
    budget: Duration,
}

impl<'j> Check<'j> {
    /// A job, as a function that runs it on inputs. It is called again and again.
    pub fn of(run: impl Fn(&[PathBuf], &Session) -> Result<Report> + 'j) -> Self {
        let subject = Subject {
            run: Box::new(run),
            reference: None,
            line_order: LineOrder::default(),
            seed: 1,
            session: Session::new(crate::JobConfig::new(crate::Mode::Memory)),
        };
        Check { subject, thoroughness: Thoroughness::default(), budget: Duration::from_secs(30) }
    }

    /// Says that the order of the lines of its input makes no difference, so that this is checked. Default:
    /// [`LineOrder::Matters`].
    #[must_use]
    pub fn line_order(mut self, order: LineOrder) -> Self {
        self.subject.line_order = order;
        self
    }

    /// The same job without the framework, which must give the same answer.
    #[must_use]
    pub fn reference(mut self, run: impl Fn(&[PathBuf], &Session) -> Result<Report> + 'j) -> Self {
        self.subject.reference = Some(Box::new(run));
        self
    }

    /// Makes fewer runs. Default: [`Thoroughness::Full`].
    #[must_use]
    pub fn thoroughness(mut self, thoroughness: Thoroughness) -> Self {
        self.thoroughness = thoroughness;
        self
    }

    /// Sets the time for the runs. Making an input smaller gets as much again. Default: 30 seconds.
    #[must_use]
    pub fn budget(mut self, time: Duration) -> Self {
        self.budget = time;
        self
    }

    /// Sets the seed by which lines are shuffled. Default: 1.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.subject.seed = seed;
        self
    }

    /// Sets the work directory, the number of workers, the files beside the inputs, and the token that ends the check.
    /// Other settings are the check's own.
    #[must_use]
    pub fn session(mut self, session: &Session) -> Self {
        self.subject.session = session.clone();
        self
    }

    /// Checks the laws on an input of one file with this text.
    ///
    /// # Errors
    /// As for [`on_sample`](Self::on_sample).
    pub fn on(&self, text: impl AsRef<[u8]>) -> Result<Checked> {
        self.on_sample(&Sample::of_text(text))
    }

    /// Checks the laws on an input. It ends with the first law that is broken, or when the time is used up.
    ///
    /// # Errors
    /// Those of the plainest run: in memory, with one split, one reducer and no combiner; a scratch directory that
    /// cannot be made; [`Error::Cancelled`](crate::Error::Cancelled).
    pub fn on_sample(&self, sample: &Sample) -> Result<Checked> {
        let began = Instant::now();
        let mut bench = Bench::new(&self.subject, sample)?;
        let plain = bench.run(Variant::PLAIN)?;
        plain.output()?;
        let mut checked = Checked::begin(sample);
        for mut step in steps(self.subject.line_order, self.subject.reference.is_some(), self.thoroughness) {
            if began.elapsed() > self.budget {
                checked.leave_out(step.law, Fate::NoTime);
                continue;
            }
            if step.needs_a_combiner() && !bench.combines(step.other)? {
                checked.leave_out(step.law, Fate::NoCombiner);
                continue;
            }
            match bench.compare(&mut step)? {
                Compared::Same => checked.kept(step.law),
                Compared::Rounded(lines) => checked.rounded(step, lines),
                Compared::Differs(difference) => {
                    let until = Instant::now() + self.budget;
                    let shrunk = shrink(sample, until, |smaller| bench.still_differs(smaller, step, &difference))?;
                    let difference = bench.difference_on(&shrunk.sample, step)?.unwrap_or(difference);
                    checked.broken = Some(Broken::new(step, difference, sample, shrunk));
                    break;
                }
            }
        }
        if self.subject.line_order == LineOrder::Matters {
            checked.leave_out(Law::LineOrder, Fate::OrderMatters);
        }
        if self.subject.reference.is_none() {
            checked.leave_out(Law::Reference, Fate::NoReference);
        }
        checked.end(bench.runs(), began.elapsed());
        Ok(checked)
    }
}
