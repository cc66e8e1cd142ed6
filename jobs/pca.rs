//! Principal components: the directions in which the rows of a table differ most, in one pass.
//!
//! ```text
//!      x₂   ·  ·/·                       component  variance  share  direction
//!         · ·/·  ·    component 1        1          9.1       0.87   0.71,0.70
//!        ·/· ·                    ─▶     2          1.4       0.13   0.70,-0.71
//!      ·/·        x₁
//! ```
//!
//! Map turns a block of rows into its [moments](crate::jobs::moments): the means, and the products of deviations of
//! each pair of columns. One reducer joins them in the order of the input, and the driver takes the covariances apart
//! by [Jacobi's rotations](crate::jobs::algebra::eigen). What is shuffled depends on the columns alone, so a table of
//! any length costs one pass, in either mode.
//!
//! Output: `component TAB variance TAB share of all variance TAB direction, comma separated`, from 1, the greatest
//! variance first. Variances are those of a sample (divided by the rows less one), as in scikit-learn's `PCA`; of the
//! two directions of a component the one whose number farthest from 0 is positive. `--test FILE` says how far the rows
//! of another table are from the plane of the components.

use std::path::PathBuf;
use std::sync::Arc;

use twinmill::generate::{Kind, Shape};
use twinmill::prelude::*;
use twinmill::program::{Highlights, Output, Program, Reference};
use twinmill::reference::ReferenceRun;

use crate::jobs::algebra::eigen;
use crate::jobs::highlights::{ROWS, number, significant, text};
use crate::jobs::lanes::add_scaled;
use crate::jobs::moments::{All, Moments};
use crate::jobs::sums::{BlockSums, BlockTable, Parsed, Table, sum, write_numbered, write_numbered_by_reference};
use crate::jobs::table::numbers::{ColumnOptions, NumberOptions, ParseRows, Rows};
use crate::jobs::trial::{self, Ground, TestOption};

pub struct Pca;

#[derive(clap::Args)]
pub struct Options {
    /// Number of components [default: as many as columns]
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..))]
    k: Option<u32>,
    #[command(flatten)]
    columns: ColumnOptions,
    #[command(flatten)]
    table: NumberOptions,
    /// Bring the columns to standard deviation 1 first
    #[arg(long)]
    standardize: bool,
    #[command(flatten)]
    test: TestOption,
}

/// Variance, share of all variance, direction.
type Line = (f64, f64, Vec<f64>);

/// The plane of the components.
#[derive(Clone, Debug)]
struct Plane {
    means: Vec<f64>,
    /// The factor of each column.
    scales: Vec<f64>,
    directions: Vec<Vec<f64>>,
}

impl Options {
    fn parse_rows(&self, inputs: &[PathBuf], seen: &Inputs) -> Result<ParseRows> {
        ParseRows::new(self.table.layout(&self.columns, None)?, inputs, seen)
    }

    fn fit(&self, table: &mut dyn Table, parse: &ParseRows) -> Result<(Vec<Line>, Plane)> {
        let moments = Moments::of::<All>(table, parse)?;
        let (columns, rows) = (parse.features(), moments.rows());
        let wanted = self.k.map_or(columns, |k| k as usize);
        if wanted > columns {
            return Err(Error::user(format!("--k {wanted}: there are only {columns} columns")));
        }
        if rows < 2.0 {
            return Err(Error::user("one row has no variance; give two or more"));
        }
        let products = moments.matrix();
        let deviation = |column: usize| (products[column * columns + column] / rows).sqrt();
        let scale =
            |column: usize| if self.standardize && deviation(column) > 0.0 { 1.0 / deviation(column) } else { 1.0 };
        let scales: Vec<f64> = (0..columns).map(scale).collect();
        let covariance = |at: usize| products[at] * scales[at / columns] * scales[at % columns] / (rows - 1.0);
        let covariances: Vec<f64> = (0..columns * columns).map(covariance).collect();
        let all: f64 = (0..columns).map(|column| covariances[column * columns + column]).sum();
        if all == 0.0 {
            return Err(Error::user("all rows are the same, so there is no direction in which they differ"));
        }
        if !all.is_finite() {
            return Err(Error::user("the squares of the deviations are too large for a number; scale the input"));
        }
        let found = eigen(covariances, columns);
        let lines: Vec<Line> = found
            .into_iter()
            .take(wanted)
            .map(|(variance, direction)| (variance.max(0.0), variance.max(0.0) / all, pointed(direction)))
            .collect();
        let directions = lines.iter().map(|(_, _, direction)| direction.clone()).collect();
        Ok((lines, Plane { means: moments.means, scales, directions }))
    }

    /// Says how far another table is from the plane.
    fn try_on_another(&self, ground: Ground<'_>, learned: &ParseRows, plane: Plane) -> Result<()> {
        let parse = |test: &[PathBuf], seen: &Inputs| self.parse_rows(test, seen);
        self.test.run(ground, parse, (ParseRows::features, learned.features()), |table, _, file| {
            let sums = trial::add_up(table, Distances(Arc::new(plane)), file)?;
            let [from_plane, from_means, rows] = sums[..] else { unreachable!("there are three sums") };
            Ok(format!(
                "error on {file}: mean square of the distance from the plane of the components {}, of that from the \
                 means {}, of {rows} rows",
                from_plane / rows,
                from_means / rows
            ))
        })
    }
}

/// Of the two ways in which a direction can point, the one whose number farthest from 0 is positive.
fn pointed(mut direction: Vec<f64>) -> Vec<f64> {
    let farthest = direction.iter().copied().reduce(|one, other| if other.abs() > one.abs() { other } else { one });
    if farthest.is_some_and(|value| value < 0.0) {
        direction.iter_mut().for_each(|value| *value = -*value);
    }
    direction
}

/// Squared distances of the rows of each block from the plane, and from the means, and its number of rows.
#[derive(Clone)]
struct Distances(Arc<Plane>);

impl BlockSums for Distances {
    fn of_block(&mut self, rows: &Rows) -> Vec<f64> {
        let Plane { means, scales, directions } = &*self.0;
        let mut rest: Vec<Vec<f64>> = rows.columns.clone();
        for ((column, mean), scale) in rest.iter_mut().zip(means).zip(scales) {
            column.iter_mut().for_each(|value| *value = (*value - mean) * scale);
        }
        let squares =
            |columns: &[Vec<f64>]| columns.iter().map(|column| sum(column.iter().map(|x| x * x))).sum::<f64>();
        let from_means = squares(&rest);
        for direction in directions {
            let mut along = vec![0.0; rows.rows()];
            for (column, part) in rest.iter().zip(direction) {
                add_scaled(&mut along, *part, column);
            }
            for (column, part) in rest.iter_mut().zip(direction) {
                add_scaled(column, -part, &along);
            }
        }
        vec![squares(&rest), from_means, rows.rows() as f64]
    }
}

impl Program for Pca {
    type Options = Options;

    const NAME: &'static str = "pca";
    const ABOUT: &'static str = "Find the directions in which the rows of a table differ most";
    const SUBJECT: &'static str = "models";
    const REFERENCE: Option<Reference<Self>> = Some(Self::reference);

    fn default_input(&self) -> Option<(Kind, Shape)> {
        Some((Kind::Points, Shape::records(1_000_000)))
    }

    fn side_inputs(&self, options: &Options) -> Vec<PathBuf> {
        options.test.side_inputs()
    }

    fn run(&self, options: &Options, inputs: &[PathBuf], session: &Session) -> Result<Report> {
        let mut driver = Driver::start(Self::NAME, session)?;
        let seen = driver.inputs().clone();
        let parse = options.parse_rows(inputs, &seen)?;
        parse.tell_guesses(&seen);
        let rows = driver.read_once(inputs, parse.clone())?;
        let mut table = BlockTable { name: Self::NAME, driver: &mut driver, rows: &rows };
        let (lines, plane) = options.fit(&mut table, &parse)?;
        options.try_on_another(Ground::Framework(&mut driver, Self::NAME), &parse, plane)?;
        write_numbered(&mut driver, Self::NAME, 1, lines)?;
        driver.finish()
    }

    fn show(&self, _: &Options, output: &Output<'_>) -> Result<Option<Highlights>> {
        let (mut rows, mut of) = (vec![["component", "variance", "share"].map(str::to_owned).to_vec()], 0);
        output.each_record(|component, line| {
            of += 1;
            if of <= ROWS {
                let mut fields = line.split(|byte| *byte == b'\t').map(|field| number(field).map(significant));
                let mut field = || fields.next().unwrap_or_else(|| Ok(String::new()));
                rows.push(vec![text(component), field()?, field()?]);
            }
            Ok(())
        })?;
        let heading =
            if of > ROWS { format!("The first {ROWS} of {of} components:") } else { format!("{of} components:") };
        Ok(Some(Highlights { heading, rows }))
    }
}

impl Pca {
    fn reference(&self, options: &Options, inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
        let seen = run.inputs().clone();
        let parse = options.parse_rows(inputs, &seen)?;
        parse.tell_guesses(&seen);
        let (lines, plane) = options.fit(&mut Parsed(run.blocks(inputs, &parse)?), &parse)?;
        options.try_on_another(Ground::Reference(run), &parse, plane)?;
        write_numbered_by_reference(run, 1, &lines)
    }
}
