//! Logistic regression: full-batch gradient descent on the mean log-loss, from zero weights.
//!
//! One job an iteration. Map is given the weights and adds up the gradient of each block of points, reduce adds up the
//! blocks, and the driver takes a step. The points do not change.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use twinmill::generate::{Kind, Shape};
use twinmill::prelude::*;
use twinmill::reference::ReferenceRun;

use crate::jobs::Program;
use crate::jobs::rows::{
    BlockSums, InvariantTable, Label, Layout, ParseRows, Parsed, Rows, Scaling, Table, sum, write_model,
};

pub struct LogisticRegression;

#[derive(clap::Args)]
pub struct Options {
    /// Steps of the descent
    #[arg(long, value_name = "N", default_value_t = 20)]
    iterations: usize,
    /// How far a step goes
    #[arg(long, value_name = "X", default_value_t = 0.1, value_parser = rate)]
    learning_rate: f64,
    /// The first line of each file is no row
    #[arg(long)]
    header: bool,
    /// The column with the label, from 1
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    label_column: u32,
    /// The label of the positive class; every other label is negative
    #[arg(long, value_name = "VALUE", default_value = "1")]
    positive: String,
    /// Bring the features to mean 0 and standard deviation 1 first
    #[arg(long)]
    standardize: bool,
}

fn rate(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|value: &f64| value.is_finite() && *value > 0.0).ok_or_else(|| "must be above 0".into())
}

impl Options {
    fn parse_rows(&self, inputs: &[PathBuf], seen: &Inputs) -> Result<ParseRows> {
        let label = Label { column: self.label_column as usize, positive: self.positive.clone() };
        ParseRows::new(Layout { header: self.header, columns: None, label: Some(label) }, inputs, seen)
    }

    /// Zero weights, the intercept's first.
    fn start(&self, rows: &ParseRows) -> Arc<[f64]> {
        vec![0.0; 1 + rows.features()].into()
    }

    /// The weights after a step against the gradient of the mean log-loss.
    fn step(&self, table: &mut impl Table, weights: &Arc<[f64]>, scaling: &Scaling) -> Result<Arc<[f64]>> {
        let (weights, scaling) = (weights.clone(), scaling.clone());
        let sums =
            table.add_up(Gradient { weights: weights.clone(), scaling, errors: Vec::new(), scratch: Vec::new() })?;
        let (rows, gradient) = sums.split_last().expect("the count is there");
        Ok(weights.iter().zip(gradient).map(|(weight, sum)| weight - self.learning_rate * (sum / rows)).collect())
    }

    fn scaling(&self, table: &mut impl Table) -> Result<Scaling> {
        if self.standardize { table.scaling() } else { Ok(Scaling::none()) }
    }
}

/// Sums of the gradient over the points of a block, and the number of points behind them.
#[derive(Clone)]
struct Gradient {
    weights: Arc<[f64]>,
    scaling: Scaling,
    errors: Vec<f64>,
    scratch: Vec<f64>,
}

impl BlockSums for Gradient {
    fn of_block(&mut self, rows: &Rows) -> Vec<f64> {
        let Gradient { weights, scaling, errors, scratch } = self;
        errors.clear();
        errors.resize(rows.rows(), weights[0]);
        for (feature, weight) in weights[1..].iter().enumerate() {
            let column = scaling.column(rows, feature, scratch);
            errors.iter_mut().zip(column).for_each(|(score, value)| *score += weight * value);
        }
        for (error, label) in errors.iter_mut().zip(&rows.labels) {
            *error = 1.0 / (1.0 + (-*error).exp()) - label;
        }
        let mut sums = vec![sum(errors.iter().copied())];
        for feature in 0..weights.len() - 1 {
            let column = scaling.column(rows, feature, scratch);
            sums.push(sum(errors.iter().zip(column).map(|(error, value)| error * value)));
        }
        sums.push(rows.rows() as f64);
        sums
    }
}

impl Program for LogisticRegression {
    type Options = Options;

    const NAME: &'static str = "logreg";
    const ABOUT: &'static str = "Fit a logistic regression by gradient descent";

    fn default_input(&self) -> (Kind, Shape) {
        (Kind::LabelledPoints, Shape::records(1_000_000))
    }

    fn run(&self, options: &Options, inputs: &[PathBuf], config: &JobConfig) -> Result<Report> {
        let mut driver = Driver::start(Self::NAME, config)?;
        let parse = options.parse_rows(inputs, driver.inputs())?;
        let mut weights = options.start(&parse);
        let rows = driver.invariant(inputs, parse)?;
        let scaling = options.scaling(&mut InvariantTable { name: Self::NAME, driver: &mut driver, rows: &rows })?;
        driver.iterate(options.iterations, |driver, _| {
            let mut table = InvariantTable { name: Self::NAME, driver, rows: &rows };
            weights = options.step(&mut table, &weights, &scaling)?;
            Ok(ControlFlow::Continue(()))
        })?;
        write_model(&mut driver, Self::NAME, weights.to_vec())?;
        driver.finish()
    }

    fn reference(&self, options: &Options, inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
        let parse = options.parse_rows(inputs, run.inputs())?;
        let mut weights = options.start(&parse);
        let mut table = Parsed(run.blocks(inputs, &parse)?);
        let scaling = options.scaling(&mut table)?;
        for _ in 0..options.iterations {
            weights = options.step(&mut table, &weights, &scaling)?;
        }
        let parts = TotalOrderPartitioner::of_numbers(weights.len() as u32, run.reducers());
        for (index, weight) in (0u32..).zip(weights.iter()) {
            run.write(parts.partition(&index.to_be_bytes(), run.reducers()), &index, weight)?;
        }
        Ok(())
    }
}
