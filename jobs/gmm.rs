//! A mixture of Gaussians: soft clusters with shapes of their own, by expectation and maximisation.
//!
//! ```text
//!     . : .        each row belongs to each component, in shares that add up to 1
//!   . :(1): .      .      share ∝ weight × density of the component at the row
//!     . : .   . :(2): .   weight, mean and covariance are then those of the rows, counted by their shares
//! ```
//!
//! One job an iteration. Map is given the components, works out the shares of the rows of a block, and adds up, for
//! each component, shares, shares times deviations from the old mean, and times their products: k (1 + features +
//! features²/2) numbers a block. Reduce adds up blocks in the order of the input, and the driver takes the new
//! components. It is k-means with shares, and gains from memory what k-means gains: rows stay parsed.
//!
//! The start is as in k-means, and otherwise equal: the first k distinct points, or `--centroids FILE`, weights of 1/k,
//! and the covariance of all rows. `--regularize` is added to the variances (scikit-learn's `reg_covar`). The loop ends
//! when the mean log-likelihood changes by less than `--tolerance`.
//!
//! Output: `component TAB weight TAB mean TAB covariance`, from 0; means and covariances comma separated, covariances
//! row by row. `--test FILE` says the mean log-likelihood of another table.

use std::f64::consts::PI;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use twinmill::generate::{Kind, Shape};
use twinmill::prelude::*;
use twinmill::program::{Highlights, Output, Program, Reference};
use twinmill::reference::ReferenceRun;

use crate::jobs::algebra::Cholesky;
use crate::jobs::highlights::{ROWS, number, significant, text};
use crate::jobs::lanes::{LANES, add_products, add_scaled};
use crate::jobs::moments::{All, Moments};
use crate::jobs::seeds;
use crate::jobs::sums::{BlockSums, BlockTable, Parsed, Table, sum, write_model, write_numbered_by_reference};
use crate::jobs::table::numbers::{ColumnOptions, NumberOptions, ParseRows, Rows};
use crate::jobs::tolerance;
use crate::jobs::trial::{self, Ground, TestOption};

pub struct Gmm;

#[derive(clap::Args)]
pub struct Options {
    /// Number of components
    #[arg(long, value_name = "K", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    k: u32,
    /// Iterations, at most
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    iterations: u32,
    /// Stop when the mean log-likelihood changes by less than this
    #[arg(long, value_name = "X", default_value_t = 1e-3, value_parser = tolerance)]
    tolerance: f64,
    /// Number that is added to the variances, so that no component collapses
    #[arg(long, value_name = "X", default_value_t = 1e-6, value_parser = tolerance)]
    regularize: f64,
    #[command(flatten)]
    columns: ColumnOptions,
    /// A file with the means to start from, one a line and nothing else [default: the first K distinct points]
    #[arg(long, value_name = "FILE")]
    centroids: Option<PathBuf>,
    #[command(flatten)]
    table: NumberOptions,
    #[command(flatten)]
    test: TestOption,
}

/// One Gaussian of the mixture.
#[derive(Clone, Debug)]
struct Component {
    weight: f64,
    mean: Vec<f64>,
    /// Row by row.
    covariance: Vec<f64>,
    root: Cholesky,
    /// Logarithm of weight times density at the mean.
    height: f64,
}

impl Component {
    /// `None` where the covariance has no root.
    fn new(weight: f64, mean: Vec<f64>, covariance: Vec<f64>) -> Option<Self> {
        let size = mean.len();
        let root = Cholesky::of(&covariance, size)?;
        let logarithm: f64 = (0..size).map(|at| root.lower(at, at).ln()).sum();
        let height = weight.ln() - logarithm - 0.5 * size as f64 * (2.0 * PI).ln();
        (height.is_finite() && mean.iter().all(|x| x.is_finite())).then_some(Component {
            weight,
            mean,
            covariance,
            root,
            height,
        })
    }

    /// The deviations of the rows of a block from the mean, by column.
    fn deviations(&self, rows: &Rows) -> Vec<Vec<f64>> {
        rows.columns.iter().zip(&self.mean).map(|(column, mean)| column.iter().map(|x| x - mean).collect()).collect()
    }

    /// The logarithms of weight times density at rows with these deviations.
    fn logarithms(&self, deviations: &[Vec<f64>], rows: usize) -> Vec<f64> {
        let mut logarithms = vec![self.height; rows];
        let mut solved: Vec<Vec<f64>> = Vec::with_capacity(deviations.len());
        for (at, deviation) in deviations.iter().enumerate() {
            let mut column = deviation.clone();
            for (before, known) in solved.iter().enumerate() {
                add_scaled(&mut column, -self.root.lower(at, before), known);
            }
            let diagonal = self.root.lower(at, at);
            column.iter_mut().for_each(|x| *x /= diagonal);
            logarithms.iter_mut().zip(&column).for_each(|(logarithm, x)| *logarithm -= 0.5 * x * x);
            solved.push(column);
        }
        logarithms
    }
}

/// For each row the logarithm of its density, and in `logarithms` its shares by component.
fn share(logarithms: &mut [Vec<f64>], rows: usize) -> Vec<f64> {
    let densities = (0..rows).map(|row| {
        let greatest = logarithms.iter().map(|of| of[row]).fold(f64::NEG_INFINITY, f64::max);
        let all = greatest + logarithms.iter().map(|of| (of[row] - greatest).exp()).sum::<f64>().ln();
        logarithms.iter_mut().for_each(|of| of[row] = (of[row] - all).exp());
        all
    });
    densities.collect()
}

/// Sums over a block: log-likelihood and rows; for each component shares, shares of deviations, and of their products.
#[derive(Clone)]
struct Shares(Arc<[Component]>);

impl BlockSums for Shares {
    fn of_block(&mut self, rows: &Rows) -> Vec<f64> {
        let count = rows.rows();
        let deviations: Vec<Vec<Vec<f64>>> = self.0.iter().map(|component| component.deviations(rows)).collect();
        let mut shares: Vec<Vec<f64>> =
            self.0.iter().zip(&deviations).map(|(component, of)| component.logarithms(of, count)).collect();
        let densities = share(&mut shares, count);
        let mut sums = vec![sum(densities.iter().copied()), count as f64];
        let product = |one: &[f64], other: &[f64]| {
            let mut lanes = [0.0; LANES];
            add_products(&mut lanes, one, other);
            lanes.iter().sum::<f64>()
        };
        for (shares, deviations) in shares.iter().zip(&deviations) {
            sums.push(sum(shares.iter().copied()));
            let weighted: Vec<Vec<f64>> = deviations
                .iter()
                .map(|column| column.iter().zip(shares).map(|(x, share)| x * share).collect())
                .collect();
            sums.extend(weighted.iter().map(|column| sum(column.iter().copied())));
            for (first, one) in weighted.iter().enumerate() {
                sums.extend(deviations[first..].iter().map(|other| product(one, other)));
            }
        }
        sums
    }
}

/// Sum of the logarithms of the rows' densities, and number of rows.
#[derive(Clone)]
struct Likelihood(Arc<[Component]>);

impl BlockSums for Likelihood {
    fn of_block(&mut self, rows: &Rows) -> Vec<f64> {
        let count = rows.rows();
        let of = |component: &Component| component.logarithms(&component.deviations(rows), count);
        let densities = share(&mut self.0.iter().map(of).collect::<Vec<_>>(), count);
        vec![sum(densities.into_iter()), count as f64]
    }
}

/// The mixture in a loop.
struct Mixture<'a> {
    options: &'a Options,
    components: Arc<[Component]>,
    likelihood: f64,
    iterations: usize,
}

impl Options {
    fn parse_rows(&self, inputs: &[PathBuf], seen: &Inputs) -> Result<ParseRows> {
        ParseRows::new(self.table.layout(&self.columns, None)?, inputs, seen)
    }

    fn start<'a>(
        &'a self,
        table: &mut dyn Table,
        parse: &ParseRows,
        inputs: &[PathBuf],
        seen: &Inputs,
    ) -> Result<Mixture<'a>> {
        let k = self.k as usize;
        let means = match &self.centroids {
            Some(path) => seeds::read(path, k, parse, seen)?,
            None => seeds::first_distinct(k, parse, inputs, seen)?,
        };
        let moments = Moments::of::<All>(table, parse)?;
        let mut covariance: Vec<f64> = moments.matrix().iter().map(|product| product / moments.rows()).collect();
        add_to_diagonal(&mut covariance, parse.features(), self.regularize);
        let component = |mean| Component::new(1.0 / k as f64, mean, covariance.clone());
        let components = means.into_iter().map(component).collect::<Option<_>>();
        let components = components.ok_or_else(|| {
            Error::user(
                "a column is the same in all rows, or a sum of others, so rows have no density; leave it out with \
                 --columns, or raise --regularize",
            )
        })?;
        Ok(Mixture { options: self, components, likelihood: f64::NEG_INFINITY, iterations: 0 })
    }

    /// Says how likely the rows of another table are.
    fn try_on_another(&self, ground: Ground<'_>, learned: &ParseRows, components: &Arc<[Component]>) -> Result<()> {
        let parse = |test: &[PathBuf], seen: &Inputs| self.parse_rows(test, seen);
        self.test.run(ground, parse, (ParseRows::features, learned.features()), |table, _, file| {
            let sums = trial::add_up(table, Likelihood(components.clone()), file)?;
            let [likelihood, rows] = sums[..] else { unreachable!("there are two sums") };
            Ok(format!("mean log-likelihood on {file}: {}, of {rows} rows", likelihood / rows))
        })
    }
}

fn add_to_diagonal(matrix: &mut [f64], size: usize, number: f64) {
    (0..size).for_each(|at| matrix[at * size + at] += number);
}

impl Mixture<'_> {
    /// Takes the components of the rows' shares; returns whether the loop goes on.
    ///
    /// # Errors
    /// Those of reading the table; a component that collapses.
    fn step(&mut self, table: &mut dyn Table) -> Result<bool> {
        self.iterations += 1;
        let sums = table.add_up(Shares(self.components.clone()))?;
        let (counts, mut sums) = sums.split_at(2);
        let size = self.components[0].mean.len();
        // As scikit-learn has it, so that a component without rows is no division by zero.
        let shares = |share: f64| share + 10.0 * f64::EPSILON;
        let stride = 1 + size + size * (size + 1) / 2;
        let all: f64 = sums.chunks(stride).map(|of| shares(of[0])).sum();
        let mut components = Vec::with_capacity(self.components.len());
        for (number, old) in self.components.iter().enumerate() {
            let of = &sums[..stride];
            sums = &sums[stride..];
            let (share, shifts, products) = (shares(of[0]), &of[1..=size], &of[1 + size..]);
            let shifts: Vec<f64> = shifts.iter().map(|shift| shift / share).collect();
            let mut covariance = vec![0.0; size * size];
            let mut products = products.iter();
            for row in 0..size {
                for column in row..size {
                    let product = products.next().expect("there is one for each pair") / share;
                    covariance[row * size + column] = product - shifts[row] * shifts[column];
                    covariance[column * size + row] = covariance[row * size + column];
                }
            }
            add_to_diagonal(&mut covariance, size, self.options.regularize);
            let mean = old.mean.iter().zip(&shifts).map(|(mean, shift)| mean + shift).collect();
            let component = Component::new(share / all, mean, covariance);
            components.push(component.ok_or_else(|| {
                Error::user(format!(
                    "iteration {}: component {number} has collapsed to a point or a line; raise --regularize, or \
                     take fewer with --k",
                    self.iterations
                ))
            })?);
        }
        self.components = components.into();
        let likelihood = counts[0] / counts[1];
        let change = (likelihood - self.likelihood).abs();
        self.likelihood = likelihood;
        Ok(change >= self.options.tolerance)
    }

    fn lines(&self) -> Vec<(f64, Vec<f64>, Vec<f64>)> {
        self.components.iter().map(|one| (one.weight, one.mean.clone(), one.covariance.clone())).collect()
    }
}

impl Program for Gmm {
    type Options = Options;

    const NAME: &'static str = "gmm";
    const ABOUT: &'static str = "Fit a mixture of Gaussians by expectation and maximisation";
    const SUBJECT: &'static str = "models";
    const REFERENCE: Option<Reference<Self>> = Some(Self::reference);

    fn default_input(&self) -> Option<(Kind, Shape)> {
        Some((Kind::Points, Shape::records(100_000)))
    }

    fn side_inputs(&self, options: &Options) -> Vec<PathBuf> {
        options.centroids.iter().cloned().chain(options.test.side_inputs()).collect()
    }

    fn run(&self, options: &Options, inputs: &[PathBuf], session: &Session) -> Result<Report> {
        let mut driver = Driver::start(Self::NAME, session)?;
        let seen = driver.inputs().clone();
        let parse = options.parse_rows(inputs, &seen)?;
        parse.tell_guesses(&seen);
        let rows = driver.invariant(inputs, parse.clone())?;
        let mut table = BlockTable { name: Self::NAME, driver: &mut driver, rows: &rows };
        let mut mixture = options.start(&mut table, &parse, inputs, &seen)?;
        driver.iterate(options.iterations as usize, |driver, _| {
            let goes_on = mixture.step(&mut BlockTable { name: Self::NAME, driver, rows: &rows })?;
            Ok(if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        options.try_on_another(Ground::Framework(&mut driver, Self::NAME), &parse, &mixture.components)?;
        write_model(&mut driver, Self::NAME, mixture.lines())?;
        driver.finish()
    }

    fn show(&self, _: &Options, output: &Output<'_>) -> Result<Option<Highlights>> {
        const SHOWN_FEATURES: usize = 5;
        let (mut rows, mut of) = (vec![["component", "weight", "mean"].map(str::to_owned).to_vec()], 0);
        output.each_record(|component, line| {
            of += 1;
            if of <= 2 * ROWS {
                let mut fields = line.split(|byte| *byte == b'\t');
                let weight = significant(number(fields.next().unwrap_or_default())?);
                let mean = fields.next().unwrap_or_default().split(|byte| *byte == b',');
                let mean: Vec<String> =
                    mean.take(SHOWN_FEATURES).map(|x| number(x).map(significant)).collect::<Result<_>>()?;
                rows.push(vec![text(component), weight, mean.join("  ")]);
            }
            Ok(())
        })?;
        Ok(Some(Highlights { heading: format!("{of} components:"), rows }))
    }
}

impl Gmm {
    fn reference(&self, options: &Options, inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
        let seen = run.inputs().clone();
        let parse = options.parse_rows(inputs, &seen)?;
        parse.tell_guesses(&seen);
        let mut table = Parsed(run.blocks(inputs, &parse)?);
        let mut mixture = options.start(&mut table, &parse, inputs, &seen)?;
        for _ in 0..options.iterations {
            if !mixture.step(&mut table)? {
                break;
            }
        }
        options.try_on_another(Ground::Reference(run), &parse, &mixture.components)?;
        write_numbered_by_reference(run, 0, &mixture.lines())
    }
}
