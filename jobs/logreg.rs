//! Logistic regression: full-batch gradient descent on the mean log-loss, from zero weights.
//!
//! One job an iteration. Map is given the weights and adds up the gradient of each block of points, reduce adds up the
//! blocks, and the driver takes a step. The points do not change.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use twinmill::generate::{Kind, Shape};
use twinmill::prelude::*;
use twinmill::program::{Highlights, Output, Program, Reference};
use twinmill::reference::ReferenceRun;

use crate::jobs::highlights::show_weights;
use crate::jobs::lanes::{LANES, TILE, add_products, add_scaled, logistic_errors};
use crate::jobs::scaling::Scaling;
use crate::jobs::sums::{BlockSums, BlockTable, Parsed, Table, write_model, write_numbered_by_reference};
use crate::jobs::table::columns::Column;
use crate::jobs::table::labels::Label;
use crate::jobs::table::numbers::{ColumnOptions, NumberOptions, ParseRows, Rows};

pub struct LogisticRegression;

/// The positive label where none is given.
const POSITIVE: &str = "1";

#[derive(clap::Args)]
pub struct Options {
    /// Steps of the descent
    #[arg(long, value_name = "N", default_value_t = 20)]
    iterations: usize,
    /// Length of a step
    #[arg(long, value_name = "X", default_value_t = 0.1, value_parser = rate)]
    learning_rate: f64,
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
}

fn rate(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|value: &f64| value.is_finite() && *value > 0.0).ok_or_else(|| "must be above 0".into())
}

impl Options {
    fn parse_rows(&self, inputs: &[PathBuf], seen: &Inputs) -> Result<ParseRows> {
        let positive = self.positive.clone().unwrap_or_else(|| POSITIVE.to_owned());
        let label = Label { column: self.label_column.clone(), positive };
        let parse = ParseRows::new(self.table.layout(&ColumnOptions::default(), Some(label))?, inputs, seen)?;
        parse.tell_guesses(seen);
        if self.positive.is_none() {
            seen.guess("positive", POSITIVE);
        }
        Ok(parse)
    }

    fn scaling(&self, table: &mut dyn Table, parse: &ParseRows) -> Result<Scaling> {
        if self.standardize { Scaling::standard(table, parse) } else { Ok(Scaling::none()) }
    }
}

/// The state of the descent, which begins at zero weights.
struct Descent<'a> {
    options: &'a Options,
    parse: &'a ParseRows,
    scaling: &'a Scaling,
    /// The weights, the intercept's first.
    weights: Arc<[f64]>,
    steps: usize,
}

impl<'a> Descent<'a> {
    fn begin(options: &'a Options, parse: &'a ParseRows, scaling: &'a Scaling) -> Self {
        let weights = vec![0.0; 1 + parse.features()].into();
        Descent { options, parse, scaling, weights, steps: 0 }
    }

    /// Takes a step against the gradient of the mean log-loss; the first one also says how many rows each class has.
    ///
    /// # Errors
    /// Those of reading the table; rows of one class; a weight that is not finite.
    fn step(&mut self, table: &mut dyn Table) -> Result<Option<String>> {
        let sums = self.sums(table)?;
        let note = if self.steps == 0 { Some(self.classes(&sums)?) } else { None };
        let [gradient @ .., _, rows] = &sums[..] else { unreachable!("the counts are there") };
        let rate = self.options.learning_rate;
        self.weights = self.weights.iter().zip(gradient).map(|(weight, sum)| weight - rate * (sum / rows)).collect();
        self.steps += 1;
        match self.weights.iter().position(|weight| !weight.is_finite()) {
            None => Ok(note),
            Some(index) => Err(Error::user(format!(
                "iteration {}: weight {index} is {}: the steps are too large for the features; pass --standardize, scale \
                 the input, or lower --learning-rate",
                self.steps, self.weights[index]
            ))),
        }
    }

    /// Says how many rows each class has, without a step.
    ///
    /// # Errors
    /// Those of reading the table; rows of one class.
    fn look(&self, table: &mut dyn Table) -> Result<String> {
        self.classes(&self.sums(table)?)
    }

    fn sums(&self, table: &mut dyn Table) -> Result<Vec<f64>> {
        let (weights, scaling) = (self.weights.clone(), self.scaling.clone());
        table.add_up(Gradient { scaled: vec![Vec::new(); weights.len() - 1], weights, scaling, errors: Vec::new() })
    }

    fn classes(&self, sums: &[f64]) -> Result<String> {
        let [.., positive, rows] = sums else { unreachable!("the counts are there") };
        self.parse.labels().expect("there is a label").classes(*positive as u64, *rows as u64)
    }
}

/// Sums of the gradient over the points of a block, followed by the number of positive points and of all points.
#[derive(Clone)]
struct Gradient {
    weights: Arc<[f64]>,
    scaling: Scaling,
    errors: Vec<f64>,
    scaled: Vec<Vec<f64>>,
}

impl BlockSums for Gradient {
    fn of_block(&mut self, rows: &Rows) -> Vec<f64> {
        let Gradient { weights, scaling, errors, scaled } = self;
        let columns: Vec<&[f64]> =
            scaled.iter_mut().enumerate().map(|(feature, scratch)| scaling.column(rows, feature, scratch)).collect();
        let (mut of_errors, mut of_features) = ([0.0; LANES], vec![[0.0; LANES]; columns.len()]);
        let ones = [1.0; STRETCH];
        for start in (0..rows.rows()).step_by(STRETCH) {
            let stretch = start..rows.rows().min(start + STRETCH);
            errors.clear();
            errors.resize(stretch.len(), weights[0]);
            for (column, weight) in columns.iter().zip(&weights[1..]) {
                add_scaled(errors, *weight, &column[stretch.clone()]);
            }
            logistic_errors(errors, &rows.labels[stretch.clone()]);
            add_products(&mut of_errors, errors, &ones[..errors.len()]);
            for (lanes, column) in of_features.iter_mut().zip(&columns) {
                add_products(lanes, errors, &column[stretch.clone()]);
            }
        }
        let mut sums: Vec<f64> = [of_errors].iter().chain(&of_features).map(|lanes| lanes.iter().sum()).collect();
        sums.extend([rows.positive as f64, rows.rows() as f64]);
        sums
    }
}

/// Rows that are looked at together: what is worked out for them stays in the first-level cache.
const STRETCH: usize = 8 * TILE;

impl Program for LogisticRegression {
    type Options = Options;

    const NAME: &'static str = "logreg";
    const ABOUT: &'static str = "Fit a logistic regression by gradient descent";
    const SUBJECT: &'static str = "models";
    const REFERENCE: Option<Reference<Self>> = Some(Self::reference);

    fn default_input(&self) -> Option<(Kind, Shape)> {
        Some((Kind::LabelledPoints, Shape::records(1_000_000)))
    }

    fn run(&self, options: &Options, inputs: &[PathBuf], session: &Session) -> Result<Report> {
        let mut driver = Driver::start(Self::NAME, session)?;
        let parse = options.parse_rows(inputs, driver.inputs())?;
        let rows = driver.invariant(inputs, parse.clone())?;
        let scaling = {
            let mut table = BlockTable { name: Self::NAME, driver: &mut driver, rows: &rows };
            options.scaling(&mut table, &parse)?
        };
        let mut descent = Descent::begin(options, &parse, &scaling);
        driver.iterate(options.iterations, |driver, _| {
            let note = descent.step(&mut BlockTable { name: Self::NAME, driver, rows: &rows })?;
            note.into_iter().for_each(|note| driver.inputs().note(note));
            Ok(ControlFlow::Continue(()))
        })?;
        if options.iterations == 0 {
            let note = descent.look(&mut BlockTable { name: Self::NAME, driver: &mut driver, rows: &rows })?;
            driver.inputs().note(note);
        }
        write_model(&mut driver, Self::NAME, descent.weights.to_vec())?;
        driver.finish()
    }

    fn show(&self, _: &Options, output: &Output<'_>) -> Result<Option<Highlights>> {
        show_weights(output).map(Some)
    }
}

impl LogisticRegression {
    fn reference(&self, options: &Options, inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
        let parse = options.parse_rows(inputs, run.inputs())?;
        let mut table = Parsed(run.blocks(inputs, &parse)?);
        let scaling = options.scaling(&mut table, &parse)?;
        let mut descent = Descent::begin(options, &parse, &scaling);
        for _ in 0..options.iterations {
            descent.step(&mut table)?.into_iter().for_each(|note| run.inputs().note(note));
        }
        if options.iterations == 0 {
            run.inputs().note(descent.look(&mut table)?);
        }
        write_numbered_by_reference(run, 0, &descent.weights)
    }
}
