//! Linear regression: the weights with the least squared errors, in one pass and exactly.
//!
//! ```text
//! y, x₁, x₂                          index  weight
//! 7,1,0                              0      5.0       the intercept
//! 9,2,0      ─▶  y ≈ 5 + 2x₁ - 3x₂   1      2.0
//! 4,1,1                              2      -3.0
//! ```
//!
//! Map turns a block of rows into a [triangle](crate::jobs::triangle) of (columns+1)² numbers, however many rows there
//! are; one reducer turns triangles into one, in the order of the input, and the driver solves it. There is no
//! combiner: rounding depends on the order. The closed form needs no loop, so memory between jobs has nothing to keep.
//!
//! Output: `index TAB weight`, 0 the intercept, then the features in their order. `--ridge X` adds X times the sum of
//! the squared weights, without the intercept, to the squared errors: scikit-learn's `Ridge(alpha=X)`. `--test FILE`
//! says how far the weights are from another table.

use std::path::PathBuf;
use std::sync::Arc;

use twinmill::generate::{Kind, Shape};
use twinmill::prelude::*;
use twinmill::program::{Highlights, Output, Program, Reference};
use twinmill::reference::ReferenceRun;

use crate::jobs::highlights::show_weights;
use crate::jobs::lanes::add_scaled;
use crate::jobs::sums::{BlockSums, BlockTable, Parsed, Table, sum, write_model, write_numbered_by_reference};
use crate::jobs::table::columns::{Column, Columns};
use crate::jobs::table::numbers::{ColumnOptions, NumberOptions, ParseRows, Rows};
use crate::jobs::tolerance;
use crate::jobs::trial::{self, Ground, TestOption};
use crate::jobs::triangle::Triangle;

pub struct Linear;

#[derive(clap::Args)]
pub struct Options {
    /// The column with the number to be explained, by number from 1 or by name
    #[arg(long, value_name = "COLUMN", default_value = "1")]
    label_column: Column,
    #[command(flatten)]
    columns: ColumnOptions,
    #[command(flatten)]
    table: NumberOptions,
    /// Penalty on large weights (ridge regression): this times the sum of their squares is added to the
    /// squared error
    #[arg(long, value_name = "X", default_value_t = 0.0, value_parser = tolerance)]
    ridge: f64,
    #[command(flatten)]
    test: TestOption,
}

/// Where target and features are among the columns that are read.
#[derive(Clone, Debug)]
struct Design {
    target: usize,
    features: Arc<[usize]>,
}

impl Options {
    fn parse_rows(&self, inputs: &[PathBuf], seen: &Inputs) -> Result<ParseRows> {
        let mut layout = self.table.layout(&self.columns, None)?;
        self.table.can_be_found("--label-column", &self.label_column)?;
        if let Some(columns) = &mut layout.columns {
            columns.push(Columns::One(self.label_column.clone()));
        }
        ParseRows::new(layout, inputs, seen)
    }

    fn design(&self, parse: &ParseRows) -> Result<Design> {
        let label = &self.label_column;
        let target =
            parse.feature_of(label).map_err(|error| Error::user(format!("--label-column {label}: {error}")))?;
        Ok(Design { target, features: (0..parse.features()).filter(|column| *column != target).collect() })
    }

    /// The weights, the intercept first.
    fn fit(&self, table: &mut dyn Table, parse: &ParseRows, design: &Design) -> Result<Vec<f64>> {
        let total = table.add_up(Triangles { design: design.clone() })?;
        let (rows, values) = total.split_last().expect("the count is there");
        let mut triangle = Triangle::from_values(values);
        if let Some(not_finite) = values.iter().position(|value| !value.is_finite()) {
            let column = not_finite % triangle.columns;
            return Err(Error::user(format!(
                "the squares of {} are too large for a number; scale the input",
                named(column, parse, design)
            )));
        }
        if self.ridge > 0.0 {
            let columns = triangle.columns;
            let mut rows = vec![0.0; (columns - 2) * columns];
            (1..columns - 1).for_each(|feature| rows[(feature - 1) * columns + feature] = self.ridge.sqrt());
            triangle = triangle.with_rows(&rows);
        }
        if let Some(column) = triangle.dependent_column() {
            let which = named(column, parse, design);
            return Err(Error::user(format!(
                "{which} is the same in all of the {rows} rows, or a sum of the columns before it, so there is no one \
                 answer; leave it out with --columns, or pass --ridge"
            )));
        }
        Ok(triangle.solve())
    }

    /// Says how far the weights are from another table.
    fn try_on_another(&self, ground: Ground<'_>, weights: &[f64]) -> Result<()> {
        let parse = |test: &[PathBuf], seen: &Inputs| self.parse_rows(test, seen);
        let features = |parse: &ParseRows| parse.features() - 1;
        self.test.run(ground, parse, (features, weights.len() - 1), |table, parse, file| {
            let sums = trial::add_up(table, Errors { design: self.design(parse)?, weights: weights.into() }, file)?;
            let [squares, targets, target_squares, rows] = sums[..] else { unreachable!("there are four sums") };
            let spread = target_squares - targets * targets / rows;
            let explained = if spread > 0.0 {
                format!("R² {}", 1.0 - squares / spread)
            } else {
                "no R², since all rows have the same number to be explained".into()
            };
            Ok(format!(
                "error on {file}: root of the mean square {}, {explained}, of {rows} rows",
                (squares / rows).sqrt()
            ))
        })
    }
}

/// A column of a triangle, for messages.
fn named(column: usize, parse: &ParseRows, design: &Design) -> String {
    match column.checked_sub(1) {
        None => "the intercept".to_owned(),
        Some(feature) => {
            let column = design.features.get(feature).unwrap_or(&design.target);
            format!("column {}", parse.column_of(*column))
        }
    }
}

/// The triangle of each block, and its number of rows.
#[derive(Clone)]
struct Triangles {
    design: Design,
}

impl BlockSums for Triangles {
    fn of_block(&mut self, rows: &Rows) -> Vec<f64> {
        let mut table = vec![vec![1.0; rows.rows()]];
        let columns = self.design.features.iter().chain([&self.design.target]);
        table.extend(columns.map(|column| rows.columns[*column].clone()));
        let mut vector = Triangle::of(table).values().to_vec();
        vector.push(rows.rows() as f64);
        vector
    }

    fn join(total: &mut Vec<f64>, vector: &[f64]) {
        let Some(rows) = total.pop() else { return total.extend(vector) };
        let (more, values) = vector.split_last().expect("the count is there");
        *total = Triangle::from_values(total).with_rows(values).values().to_vec();
        total.push(rows + more);
    }
}

/// Squared errors, and target and its square less the intercept, of each block, and its number of rows.
#[derive(Clone)]
struct Errors {
    design: Design,
    weights: Arc<[f64]>,
}

impl BlockSums for Errors {
    fn of_block(&mut self, rows: &Rows) -> Vec<f64> {
        let target = &rows.columns[self.design.target];
        let mut scores = vec![self.weights[0]; rows.rows()];
        for (column, weight) in self.design.features.iter().zip(&self.weights[1..]) {
            add_scaled(&mut scores, *weight, &rows.columns[*column]);
        }
        let from = self.weights[0];
        let squares = sum(scores.iter().zip(target).map(|(score, target)| (score - target) * (score - target)));
        let targets = sum(target.iter().map(|target| target - from));
        let target_squares = sum(target.iter().map(|target| (target - from) * (target - from)));
        vec![squares, targets, target_squares, rows.rows() as f64]
    }
}

impl Program for Linear {
    type Options = Options;

    const NAME: &'static str = "linear";
    const ABOUT: &'static str = "Fit a linear regression by least squares";
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
        let design = options.design(&parse)?;
        parse.tell_guesses(&seen);
        let rows = driver.read_once(inputs, parse.clone())?;
        let mut table = BlockTable { name: Self::NAME, driver: &mut driver, rows: &rows };
        let weights = options.fit(&mut table, &parse, &design)?;
        options.try_on_another(Ground::Framework(&mut driver, Self::NAME), &weights)?;
        write_model(&mut driver, Self::NAME, weights)?;
        driver.finish()
    }

    fn show(&self, _: &Options, output: &Output<'_>) -> Result<Option<Highlights>> {
        show_weights(output).map(Some)
    }
}

impl Linear {
    fn reference(&self, options: &Options, inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
        let seen = run.inputs().clone();
        let parse = options.parse_rows(inputs, &seen)?;
        let design = options.design(&parse)?;
        parse.tell_guesses(&seen);
        let weights = options.fit(&mut Parsed(run.blocks(inputs, &parse)?), &parse, &design)?;
        options.try_on_another(Ground::Reference(run), &weights)?;
        write_numbered_by_reference(run, 0, &weights)
    }
}
