//! A support vector machine: the plane that keeps two classes apart with the widest margin, by Newton's method.
//!
//! ```text
//!   +  +   |         y = 1 or -1,  f(x) = w₀ + w·x
//!  +  + ( + )        least ½ (w₀² + w·w) + C Σ max(0, 1 - y f(x))²
//!  --------------    rows that are on their side, farther from the plane than 1, cost nothing
//!    ( - ) -  -
//! ```
//!
//! One job an iteration. Map is given the weights, and adds up, over the rows of a block that cost something, the
//! gradient and the curvature: (features+1)² numbers. Reduce adds up blocks in the order of the input, and the driver
//! takes Newton's step, or half of it where that is too far (Keerthi and DeCoste, A modified finite Newton method for
//! fast solution of large scale linear SVMs, 2005). There are about ten iterations. The rows do not change, so memory
//! keeps them parsed.
//!
//! Output: `index TAB weight`, 0 the intercept. It is the one answer of scikit-learn's `LinearSVC(C)`, which takes long
//! to come as near to it. `--test FILE` says how many rows of another table are on their side.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use twinmill::generate::{Kind, Shape};
use twinmill::prelude::*;
use twinmill::program::{Highlights, Output, Program, Reference};
use twinmill::reference::ReferenceRun;

use crate::jobs::algebra::Cholesky;
use crate::jobs::highlights::show_weights;
use crate::jobs::lanes::{LANES, add_products, add_scaled};
use crate::jobs::scaling::Scaling;
use crate::jobs::sums::{BlockSums, BlockTable, Parsed, Table, sum, write_model, write_numbered_by_reference};
use crate::jobs::table::columns::Column;
use crate::jobs::table::labels::Label;
use crate::jobs::table::numbers::{ColumnOptions, NumberOptions, ParseRows, Rows};
use crate::jobs::tolerance;
use crate::jobs::trial::{self, Ground, TestOption};

pub struct Svm;

/// The positive label where none is given.
const POSITIVE: &str = "1";

#[derive(clap::Args)]
pub struct Options {
    /// Weight of rows within the margin or on its wrong side: a larger one fits the rows more closely, a smaller one leaves a
    /// wider margin
    #[arg(long = "c", value_name = "C", default_value_t = 1.0, value_parser = positive)]
    c: f64,
    /// Iterations, at most
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    iterations: u32,
    /// Stop when a step changes the weights by less than this, relative to them
    #[arg(long, value_name = "X", default_value_t = 1e-12, value_parser = tolerance)]
    tolerance: f64,
    #[command(flatten)]
    columns: ColumnOptions,
    #[command(flatten)]
    table: NumberOptions,
    /// The column with the label, by number from 1 or by name
    #[arg(long, value_name = "COLUMN", default_value = "1")]
    label_column: Column,
    /// The label of the positive class; every other label is negative [default: 1]
    #[arg(long, value_name = "VALUE", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    positive: Option<String>,
    /// Bring the features to mean 0 and standard deviation 1 first
    #[arg(long)]
    standardize: bool,
    #[command(flatten)]
    test: TestOption,
}

fn positive(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|value: &f64| value.is_finite() && *value > 0.0).ok_or_else(|| "must be above 0".into())
}

impl Options {
    fn parse_rows(&self, inputs: &[PathBuf], seen: &Inputs) -> Result<ParseRows> {
        let positive = self.positive.clone().unwrap_or_else(|| POSITIVE.to_owned());
        let label = Label { column: self.label_column.clone(), positive };
        ParseRows::new(self.table.layout(&self.columns, Some(label))?, inputs, seen)
    }

    fn tell_guesses(&self, parse: &ParseRows, seen: &Inputs) {
        parse.tell_guesses(seen);
        if self.positive.is_none() {
            seen.guess("positive", POSITIVE);
        }
    }

    fn scaling(&self, table: &mut dyn Table, parse: &ParseRows) -> Result<Scaling> {
        if self.standardize { Scaling::standard(table, parse) } else { Ok(Scaling::none()) }
    }

    /// Says how many rows of another table are on their side.
    fn try_on_another(&self, ground: Ground<'_>, weights: &[f64], scaling: &Scaling) -> Result<()> {
        let parse = |test: &[PathBuf], seen: &Inputs| self.parse_rows(test, seen);
        self.test.run(ground, parse, (ParseRows::features, weights.len() - 1), |table, _, file| {
            let sums = trial::add_up(table, Sides { weights: weights.into(), scaling: scaling.clone() }, file)?;
            let [right, rows] = sums[..] else { unreachable!("there are two sums") };
            Ok(format!("accuracy on {file}: {} ({right} of {rows} rows)", right / rows))
        })
    }
}

/// Newton's method, which begins at zero weights.
struct Search<'a> {
    options: &'a Options,
    parse: &'a ParseRows,
    scaling: &'a Scaling,
    /// The best weights so far, the intercept's first, and their cost.
    weights: Vec<f64>,
    cost: f64,
    /// The step that is being tried from them, and the slope of the cost along it.
    step: Vec<f64>,
    slope: f64,
    passes: usize,
}

impl<'a> Search<'a> {
    fn begin(options: &'a Options, parse: &'a ParseRows, scaling: &'a Scaling) -> Self {
        let zeros = vec![0.0; 1 + parse.features()];
        let (weights, step) = (zeros.clone(), zeros);
        Search { options, parse, scaling, weights, cost: f64::INFINITY, step, slope: 0.0, passes: 0 }
    }

    /// Makes a pass; returns whether the search goes on, and after the first pass how many rows each class has.
    ///
    /// # Errors
    /// Those of reading the table; rows of one class; numbers that are not finite.
    fn pass(&mut self, table: &mut dyn Table) -> Result<(bool, Option<String>)> {
        let size = self.weights.len();
        let tried: Vec<f64> = self.weights.iter().zip(&self.step).map(|(weight, step)| weight + step).collect();
        let sums = table.add_up(Curvature::new(&tried, self.scaling))?;
        let (counts, sums) = sums.split_at(3);
        let note = match self.passes {
            0 => Some(self.parse.labels().expect("there is a label").classes(counts[2] as u64, counts[1] as u64)?),
            _ => None,
        };
        self.passes += 1;
        let c = self.options.c;
        let cost = 0.5 * tried.iter().map(|weight| weight * weight).sum::<f64>() + c * counts[0];
        if !cost.is_finite() || !sums.iter().all(|sum| sum.is_finite()) {
            return Err(Error::user(format!(
                "iteration {}: the cost is too large for a number; pass --standardize, or scale the input",
                self.passes
            )));
        }
        const ENOUGH: f64 = 1e-4;
        if cost > self.cost + ENOUGH * self.slope {
            // Where rounding is all that is left, no part of the step is better.
            let is_rounding = -self.slope <= 1e3 * f64::EPSILON * self.cost;
            self.step.iter_mut().for_each(|step| *step /= 2.0);
            self.slope /= 2.0;
            return Ok((!is_rounding, note));
        }
        (self.weights, self.cost) = (tried, cost);
        let (gradient, curvature) = sums.split_at(size);
        let gradient: Vec<f64> =
            gradient.iter().zip(&self.weights).map(|(sum, weight)| weight - 2.0 * c * sum).collect();
        let mut matrix = vec![0.0; size * size];
        let mut entries = curvature.iter();
        for row in 0..size {
            for column in row..size {
                let entry = 2.0 * c * entries.next().expect("there is one for each pair");
                matrix[row * size + column] = entry;
                matrix[column * size + row] = entry;
            }
            matrix[row * size + row] += 1.0;
        }
        let solver = Cholesky::of(&matrix, size);
        let solver = solver.ok_or_else(|| {
            Error::user("the features differ too much in size to be told apart; pass --standardize, or scale the input")
        })?;
        self.step = gradient.iter().map(|slope| -slope).collect();
        solver.solve(&mut self.step);
        self.slope = self.step.iter().zip(&gradient).map(|(step, slope)| step * slope).sum();
        let length = |vector: &[f64]| vector.iter().map(|x| x * x).sum::<f64>().sqrt();
        Ok((length(&self.step) > self.options.tolerance * length(&self.weights), note))
    }

    /// The weights after the last step, which is known to be too small to matter or was not tried.
    fn end(self, note: impl FnOnce(String)) -> Vec<f64> {
        if self.passes == self.options.iterations as usize {
            note(format!("after {} iterations the search has not ended: give more with --iterations", self.passes));
        }
        self.weights
    }
}

/// Sums over the rows of a block that cost something: the cost; of all rows their number, and that of the positive
/// ones; then y times the distance times each feature, and the products of the features, each with 1 as the first
/// feature.
#[derive(Clone)]
struct Curvature {
    weights: Arc<[f64]>,
    scaling: Scaling,
    scaled: Vec<Vec<f64>>,
}

impl Curvature {
    fn new(weights: &[f64], scaling: &Scaling) -> Self {
        Curvature { weights: weights.into(), scaling: scaling.clone(), scaled: vec![Vec::new(); weights.len() - 1] }
    }
}

impl BlockSums for Curvature {
    fn of_block(&mut self, rows: &Rows) -> Vec<f64> {
        let Curvature { weights, scaling, scaled } = self;
        let columns: Vec<&[f64]> =
            scaled.iter_mut().enumerate().map(|(feature, scratch)| scaling.column(rows, feature, scratch)).collect();
        let scores = scores(weights, &columns, rows.rows());
        let side = |row: usize| 2.0 * rows.labels[row] - 1.0;
        let missing: Vec<f64> =
            scores.iter().enumerate().map(|(row, score)| (1.0 - side(row) * score).max(0.0)).collect();
        let pull: Vec<f64> = missing.iter().enumerate().map(|(row, missing)| side(row) * missing).collect();
        // Only rows that cost something bend the cost.
        let costly: Vec<usize> = (0..rows.rows()).filter(|row| missing[*row] > 0.0).collect();
        let mut bent = vec![vec![1.0; costly.len()]];
        bent.extend(columns.iter().map(|column| costly.iter().map(|row| column[*row]).collect::<Vec<f64>>()));
        let mut sums =
            vec![sum(missing.iter().map(|missing| missing * missing)), rows.rows() as f64, rows.positive as f64];
        let pulls: Vec<f64> = costly.iter().map(|row| pull[*row]).collect();
        let product = |one: &[f64], other: &[f64]| {
            let mut lanes = [0.0; LANES];
            add_products(&mut lanes, one, other);
            lanes.iter().sum::<f64>()
        };
        sums.extend(bent.iter().map(|column| product(&pulls, column)));
        for (first, one) in bent.iter().enumerate() {
            sums.extend(bent[first..].iter().map(|other| product(one, other)));
        }
        sums
    }
}

/// Rows that are on their side, and all rows.
#[derive(Clone)]
struct Sides {
    weights: Arc<[f64]>,
    scaling: Scaling,
}

impl BlockSums for Sides {
    fn of_block(&mut self, rows: &Rows) -> Vec<f64> {
        let mut scratch = vec![Vec::new(); self.weights.len() - 1];
        let columns: Vec<&[f64]> = scratch
            .iter_mut()
            .enumerate()
            .map(|(feature, scratch)| self.scaling.column(rows, feature, scratch))
            .collect();
        let scores = scores(&self.weights, &columns, rows.rows());
        let right =
            scores.iter().zip(&rows.labels).filter(|(score, label)| (**score > 0.0) == (**label == 1.0)).count();
        vec![right as f64, rows.rows() as f64]
    }
}

fn scores(weights: &[f64], columns: &[&[f64]], rows: usize) -> Vec<f64> {
    let mut scores = vec![weights[0]; rows];
    columns.iter().zip(&weights[1..]).for_each(|(column, weight)| add_scaled(&mut scores, *weight, column));
    scores
}

impl Program for Svm {
    type Options = Options;

    const NAME: &'static str = "svm";
    const ABOUT: &'static str = "Fit a linear support vector machine by Newton's method";
    const SUBJECT: &'static str = "models";
    const REFERENCE: Option<Reference<Self>> = Some(Self::reference);

    fn default_input(&self) -> Option<(Kind, Shape)> {
        Some((Kind::LabelledPoints, Shape::records(1_000_000)))
    }

    fn side_inputs(&self, options: &Options) -> Vec<PathBuf> {
        options.test.side_inputs()
    }

    fn run(&self, options: &Options, inputs: &[PathBuf], session: &Session) -> Result<Report> {
        let mut driver = Driver::start(Self::NAME, session)?;
        let seen = driver.inputs().clone();
        let parse = options.parse_rows(inputs, &seen)?;
        options.tell_guesses(&parse, &seen);
        let rows = driver.invariant(inputs, parse.clone())?;
        let mut table = BlockTable { name: Self::NAME, driver: &mut driver, rows: &rows };
        let scaling = options.scaling(&mut table, &parse)?;
        let mut search = Search::begin(options, &parse, &scaling);
        driver.iterate(options.iterations as usize, |driver, _| {
            let (goes_on, note) = search.pass(&mut BlockTable { name: Self::NAME, driver, rows: &rows })?;
            note.into_iter().for_each(|note| driver.inputs().note(note));
            Ok(if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        let weights = search.end(|note| seen.note(note));
        options.try_on_another(Ground::Framework(&mut driver, Self::NAME), &weights, &scaling)?;
        write_model(&mut driver, Self::NAME, weights)?;
        driver.finish()
    }

    fn show(&self, _: &Options, output: &Output<'_>) -> Result<Option<Highlights>> {
        show_weights(output).map(Some)
    }
}

impl Svm {
    fn reference(&self, options: &Options, inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
        let seen = run.inputs().clone();
        let parse = options.parse_rows(inputs, &seen)?;
        options.tell_guesses(&parse, &seen);
        let mut table = Parsed(run.blocks(inputs, &parse)?);
        let scaling = options.scaling(&mut table, &parse)?;
        let mut search = Search::begin(options, &parse, &scaling);
        for _ in 0..options.iterations {
            let (goes_on, note) = search.pass(&mut table)?;
            note.into_iter().for_each(|note| seen.note(note));
            if !goes_on {
                break;
            }
        }
        let weights = search.end(|note| seen.note(note));
        options.try_on_another(Ground::Reference(run), &weights, &scaling)?;
        write_numbered_by_reference(run, 0, &weights)
    }
}
