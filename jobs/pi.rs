//! Pi, as Hadoop's example estimates it: the share of points in a square that lie within its circle (quasi-Monte-Carlo).
//!
//! ```text
//! map 0   points 1 … n          ┐  inside / outside     one reducer     4 · inside / all
//! map 1   points n + 1 … 2n     ┘ ─────────────────▶   adds up
//! ```
//!
//! The points are not drawn by chance: they are the Halton sequence, whose coordinates are the index with its digits mirrored
//! behind the point, in base 2 and in base 3. It fills the square evenly, and every task can begin anywhere in it:
//!
//! ```text
//! index      1    2    3    4    5        base 2:  6 = 110  ─▶  0.011 = 3/8
//! base 2    1/2  1/4  3/4  1/8  5/8
//! base 3    1/3  2/3  1/9  4/9  7/9
//! ```
//!
//! - The job reads no input. A first job gives each map task the index to begin at, as Hadoop's example writes a file for each.
//! - *Shuffle*: two records a task. It is the other end of terasort: all computing, no data.
//! - *Memory* helps not at all, for there is nothing to keep. What a framework costs without data is what can be seen here.

use std::path::PathBuf;

use twinmill::prelude::*;
use twinmill::program::{Highlights, Output, Program, Reference};
use twinmill::reference::ReferenceRun;

use crate::jobs::highlights::text;

pub struct Pi;

#[derive(clap::Args)]
pub struct Options {
    /// Number of map tasks
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    maps: u32,
    /// Points for each map task
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..=1 << 40))]
    samples: u64,
}

// ------------------------------------------------------------------ points

/// Digits of a coordinate, as many as a float can tell apart in each base.
const DIGITS: [usize; 2] = [63, 40];
const BASES: [u64; 2] = [2, 3];
const MOST_DIGITS: usize = 63;

/// One coordinate of the Halton sequence. It is advanced as Hadoop's is, addition by addition, so that it rounds the same way.
#[derive(Clone, Debug)]
struct Coordinate {
    base: u64,
    value: f64,
    /// Values of the digits' places, and the digits.
    places: Vec<f64>,
    digits: [u64; MOST_DIGITS],
}

impl Coordinate {
    /// The coordinate of the point with an index.
    fn of_index(axis: usize, index: u64) -> Self {
        let (base, mut rest, mut place) = (BASES[axis], index, 1.0);
        let mut coordinate = Coordinate { base, value: 0.0, places: Vec::new(), digits: [0; MOST_DIGITS] };
        for digit in &mut coordinate.digits[..DIGITS[axis]] {
            place /= base as f64;
            coordinate.places.push(place);
            *digit = rest % base;
            rest /= base;
            coordinate.value += *digit as f64 * place;
        }
        coordinate
    }

    /// Moves on to the next index: adds one to the first digit, and carries.
    #[inline]
    fn advance(&mut self) -> f64 {
        let mut before = 1.0;
        for (place, digit) in self.places.iter().zip(&mut self.digits) {
            *digit += 1;
            self.value += place;
            if *digit < self.base {
                break;
            }
            *digit = 0;
            self.value -= before;
            before = *place;
        }
        self.value
    }
}

/// The number of points inside of the circle among so many after the first ones.
fn count_inside(after: u64, samples: u64, cancelled: impl Fn() -> bool) -> Result<u64> {
    const POINTS_BETWEEN_CHECKS: u64 = 1 << 20;
    let [mut x, mut y] = [0, 1].map(|axis| Coordinate::of_index(axis, after));
    let mut inside = 0;
    for point in 0..samples {
        if point % POINTS_BETWEEN_CHECKS == 0 && cancelled() {
            return Err(Error::Cancelled);
        }
        let (x, y) = (x.advance() - 0.5, y.advance() - 0.5);
        inside += u64::from(x * x + y * y <= 0.25);
    }
    Ok(inside)
}

// ------------------------------------------------------------------ the jobs

/// Counts the points of a task.
#[derive(Clone)]
struct CountPoints {
    task: Option<TaskContext>,
}

/// The kinds of points.
const OUTSIDE: bool = false;
const INSIDE: bool = true;

impl Mapper for CountPoints {
    type Input = Pairs<u64, u64>;
    type Key = bool;
    type Value = u64;

    fn setup(&mut self, task: &TaskContext) -> Result<()> {
        self.task = Some(task.clone());
        Ok(())
    }

    fn map(&mut self, (after, samples): (u64, u64), out: &mut impl Emit<bool, u64>) -> Result<()> {
        let inside = count_inside(after, samples, || self.task.as_ref().is_some_and(TaskContext::is_cancelled))?;
        out.emit(INSIDE, inside);
        out.emit(OUTSIDE, samples - inside);
        Ok(())
    }
}

/// Adds up points, and prints the estimate.
#[derive(Clone, Default)]
struct Estimate {
    inside: u64,
    outside: u64,
}

impl Reducer for Estimate {
    type Key = bool;
    type Value = u64;
    type OutKey = str;
    type OutValue = ();

    fn reduce(&mut self, kind: bool, counts: &mut Values<u64>, _: &mut impl Emit<str, ()>) -> Result<()> {
        *if kind == INSIDE { &mut self.inside } else { &mut self.outside } += counts.sum::<u64>();
        Ok(())
    }

    fn finish(&mut self, out: &mut impl Emit<str, ()>) -> Result<()> {
        out.emit(estimate(self.inside, self.inside + self.outside), ());
        Ok(())
    }
}

/// Four times the share, with twenty digits behind the point, rounded as Hadoop does.
fn estimate(inside: u64, all: u64) -> String {
    const DIGITS: usize = 20;
    let (all, four) = (u128::from(all), 4 * u128::from(inside));
    let (whole, mut rest) = (four / all, four % all);
    let digit = |rest: &mut u128| {
        *rest *= 10;
        let digit = *rest / all;
        *rest %= all;
        digit
    };
    let digits = (0..DIGITS).fold(whole, |number, _| number * 10 + digit(&mut rest));
    let rounded = digits + u128::from(2 * rest >= all);
    let unit = 10u128.pow(DIGITS as u32);
    format!("{}.{:0DIGITS$}", rounded / unit, rounded % unit)
}

impl Program for Pi {
    type Options = Options;

    const NAME: &'static str = "pi";
    const ABOUT: &'static str = "Estimate pi by counting points in a circle";
    const SUBJECT: &'static str = "computing";
    const REFERENCE: Option<Reference<Self>> = Some(Self::reference);

    fn reads_input(&self) -> bool {
        false
    }

    fn run(&self, options: &Options, _: &[PathBuf], session: &Session) -> Result<Report> {
        let mut driver = Driver::start(Self::NAME, session)?;
        let begins = (0..u64::from(options.maps)).map(|task| task * options.samples);
        let plan: Dataset<u64, u64> = driver.parallelize(begins.map(|after| (after, options.samples)))?;
        let samples = options.samples;
        let by_task = move |after: &[u8], _: u32| {
            after.first_chunk().map_or(0, |after| (u64::from_be_bytes(*after) / samples) as u32)
        };
        let spread = Job::new("pi-plan", Identity, Identity).input(&plan).partition_by(by_task).reducers(options.maps);
        let tasks: Dataset<u64, u64> = driver.run_to_dataset(&spread)?;
        let count = Job::new(Self::NAME, CountPoints { task: None }, Estimate::default()).input(&tasks).combine(Sum);
        driver.run(&count.reducers(1))?;
        driver.finish()
    }

    fn show(&self, _: &Options, output: &Output<'_>) -> Result<Option<Highlights>> {
        let mut estimate = String::new();
        output.each_record(|line, _| {
            estimate = text(line);
            Ok(())
        })?;
        Ok(Some(Highlights { heading: format!("Estimated value of Pi is {estimate}"), rows: Vec::new() }))
    }
}

impl Pi {
    fn reference(&self, options: &Options, _: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
        // In the same stretches, since a sum of floats depends on where it begins.
        let mut inside = 0;
        for task in 0..u64::from(options.maps) {
            inside += count_inside(task * options.samples, options.samples, || false)?;
        }
        run.one_part();
        run.write(0, &estimate(inside, u64::from(options.maps) * options.samples), &())
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn points_are_mirrored_digits() {
        use super::*;

        let mut coordinates = [0, 1].map(|axis| Coordinate::of_index(axis, 0));
        let points: Vec<[f64; 2]> = (0..5).map(|_| coordinates.each_mut().map(Coordinate::advance)).collect();
        let expected = [[1.0 / 2.0, 1.0 / 3.0], [1.0 / 4.0, 2.0 / 3.0], [3.0 / 4.0, 1.0 / 9.0], [1.0 / 8.0, 4.0 / 9.0]];
        for (point, expected) in points.iter().zip(expected) {
            assert!(point.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-15), "{point:?}");
        }
        assert!((Coordinate::of_index(0, 6).value - 3.0 / 8.0).abs() < 1e-15);
    }

    #[test]
    fn estimates_have_twenty_digits() {
        use super::estimate;

        assert_eq!(estimate(785, 1000), "3.14000000000000000000");
        assert_eq!(estimate(1, 3), "1.33333333333333333333");
        assert_eq!(estimate(2, 3), "2.66666666666666666667");
        assert_eq!(estimate(0, 7), "0.00000000000000000000");
    }
}
