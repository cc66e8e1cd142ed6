//! K-means: Lloyd's algorithm.
//!
//! One job an iteration. Map is given the centroids, assigns the points of a block to the nearest ones and adds them up by
//! cluster, reduce adds up the blocks, and the driver takes the means. The points do not change.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use twinmill::generate::{Kind, Shape};
use twinmill::prelude::*;
use twinmill::program::{Highlights, Output, Program, Reference};
use twinmill::reference::ReferenceRun;

use crate::jobs::highlights::{ROWS, number, significant, text};
use crate::jobs::lanes::{GROUP, TILE, Tile, add_by_cluster, nearest_centroids};
use crate::jobs::scaling::Scaling;
use crate::jobs::seeds;
use crate::jobs::sums::{BlockSums, BlockTable, Parsed, Table, write_model, write_numbered_by_reference};
use crate::jobs::table::numbers::{ColumnOptions, NumberOptions, ParseRows, Rows};
use crate::jobs::tolerance;

pub struct KMeans;

#[derive(clap::Args)]
pub struct Options {
    /// Number of clusters
    #[arg(long, value_name = "K", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    k: u32,
    /// Iterations, at most
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    iterations: u32,
    /// Stop when no centroid moves farther than this
    #[arg(long, value_name = "X", default_value_t = 0.0, value_parser = tolerance)]
    tolerance: f64,
    #[command(flatten)]
    columns: ColumnOptions,
    /// A file with the centroids to start from, one a line and nothing else, in the units of the input [default: the first
    /// K distinct points]
    #[arg(long, value_name = "FILE")]
    centroids: Option<PathBuf>,
    #[command(flatten)]
    table: NumberOptions,
    /// Bring the features to mean 0 and standard deviation 1 first; centroids are then of that kind
    #[arg(long)]
    standardize: bool,
}

/// Centroids, one after another, and how many points are nearest to each.
#[derive(Clone, Debug)]
struct Clusters {
    centroids: Arc<[Vec<f64>]>,
    counts: Vec<u64>,
}

impl Options {
    fn parse_rows(&self, inputs: &[PathBuf], seen: &Inputs) -> Result<ParseRows> {
        let parse = ParseRows::new(self.table.layout(&self.columns, None)?, inputs, seen)?;
        parse.tell_guesses(seen);
        Ok(parse)
    }

    /// The centroids to start from.
    fn start(&self, parse: &ParseRows, inputs: &[PathBuf], scaling: &Scaling, seen: &Inputs) -> Result<Clusters> {
        let wanted = self.k as usize;
        let mut centroids = match &self.centroids {
            Some(path) => seeds::read(path, wanted, parse, seen)?,
            None => seeds::first_distinct(wanted, parse, inputs, seen)?,
        };
        for centroid in &mut centroids {
            centroid.iter_mut().enumerate().for_each(|(feature, value)| *value = scaling.apply(feature, *value));
        }
        Ok(Clusters { centroids: centroids.into(), counts: vec![0; wanted] })
    }

    /// Does iteration `number`, from 1; returns whether a centroid moved farther than the tolerance.
    fn step(&self, table: &mut dyn Table, clusters: &mut Clusters, scaling: &Scaling, number: usize) -> Result<bool> {
        let wrong =
            |what: String| Error::user(format!("iteration {number}: {what}; scale the input, or pass --standardize"));
        if let Some((one, other)) = too_near(&clusters.centroids) {
            return Err(wrong(format!(
                "centroids {one} and {other} are too near to tell which one a point is nearer to"
            )));
        }
        let sums = table.add_up(Assign::new(clusters.centroids.clone(), scaling.clone()))?;
        let (too_far, sums) = sums.split_last().expect("the count of points that are too far is there");
        if *too_far > 0.0 {
            let what = "points whose distance from every centroid is too large for a number";
            return Err(wrong(format!("{what}: {too_far}")));
        }
        let features = clusters.centroids[0].len();
        let mut farthest = 0.0f64;
        let sums: Vec<&[f64]> = sums.chunks_exact(features + 1).collect();
        let moved = clusters.centroids.iter().zip(&sums).map(|(centroid, sums)| {
            let (count, sums) = sums.split_last().expect("the count is there");
            if *count == 0.0 {
                return centroid.clone();
            }
            let mean: Vec<f64> = sums.iter().map(|sum| sum / count).collect();
            let way = mean.iter().zip(centroid).map(|(new, old)| (new - old) * (new - old)).sum::<f64>();
            farthest = farthest.max(way.sqrt());
            mean
        });
        clusters.centroids = moved.collect();
        clusters.counts = sums.iter().map(|sums| sums[features] as u64).collect();
        match clusters.centroids.iter().position(|centroid| !centroid.iter().all(|value| value.is_finite())) {
            None => Ok(farthest > self.tolerance),
            Some(cluster) => {
                Err(wrong(format!("the sum of the points of cluster {cluster} is too large for a number")))
            }
        }
    }

    fn scaling(&self, table: &mut dyn Table, parse: &ParseRows) -> Result<Scaling> {
        if self.standardize { Scaling::standard(table, parse) } else { Ok(Scaling::none()) }
    }
}

/// Two centroids that differ, but by so little that the square of their distance is no normal number: then distances from
/// points may come out as equal that are not.
fn too_near(centroids: &[Vec<f64>]) -> Option<(usize, usize)> {
    let are_too_near = |one: &[f64], other: &[f64]| {
        let mut square = 0.0;
        for (one, other) in one.iter().zip(other) {
            square += (one - other) * (one - other);
            if square >= f64::MIN_POSITIVE {
                return false;
            }
        }
        one != other
    };
    centroids.iter().enumerate().find_map(|(one, centroid)| {
        let mut others = centroids[..one].iter();
        others.position(|other| are_too_near(centroid, other)).map(|other| (other, one))
    })
}

impl Clusters {
    fn into_lines(self) -> Vec<(u64, Vec<f64>)> {
        self.counts.into_iter().zip(self.centroids.iter().cloned()).collect()
    }
}

/// Sums of the points by nearest centroid, each followed by the number of points; last, the number of points whose
/// distance from every centroid is too large for a number.
#[derive(Clone)]
struct Assign {
    centroids: Arc<[Vec<f64>]>,
    scaling: Scaling,
    scaled: Vec<Vec<f64>>,
}

impl Assign {
    fn new(centroids: Arc<[Vec<f64>]>, scaling: Scaling) -> Self {
        let scaled = vec![Vec::new(); centroids[0].len()];
        Assign { centroids, scaling, scaled }
    }
}

impl BlockSums for Assign {
    fn of_block(&mut self, rows: &Rows) -> Vec<f64> {
        const ONES: &Tile = &[1.0; TILE];
        const NOTHING: &Tile = &[0.0; TILE];
        let Assign { centroids, scaling, scaled } = self;
        let columns: Vec<&[f64]> =
            scaled.iter_mut().enumerate().map(|(feature, scratch)| scaling.column(rows, feature, scratch)).collect();
        let mut sums = Sums::new(centroids.len(), columns.len());
        // One is added for each point, and nothing where a group has no more columns.
        let filled = (columns.len() + 1).next_multiple_of(GROUP);
        let fillers = || std::iter::once(ONES).chain(std::iter::repeat(NOTHING));
        let tiles: Vec<&[Tile]> = columns.iter().map(|column| column.as_chunks().0).collect();
        let (whole, mut tile) = (rows.rows() / TILE, Vec::with_capacity(filled));
        for at in 0..whole {
            tile.clear();
            tile.extend(tiles.iter().map(|tiles| &tiles[at]).chain(fillers()).take(filled));
            sums.add(&tile, TILE, centroids);
        }
        let last: Vec<Tile> = columns.iter().map(|column| padded(&column[whole * TILE..])).collect();
        let last: Vec<&Tile> = last.iter().chain(fillers()).take(filled).collect();
        sums.add(&last, rows.rows() % TILE, centroids);
        sums.into_values()
    }
}

/// The rest of a column as a tile.
fn padded(rest: &[f64]) -> Tile {
    let mut tile = [0.0; TILE];
    tile[..rest.len()].copy_from_slice(rest);
    tile
}

/// Sums of columns by cluster.
struct Sums {
    /// Those of the first columns, by cluster, then those of the next ones.
    groups: Vec<[f64; GROUP]>,
    clusters: usize,
    features: usize,
    too_far: f64,
}

impl Sums {
    fn new(clusters: usize, features: usize) -> Self {
        // Rows that a tile lacks go to one more cluster.
        let groups = vec![[0.0; GROUP]; (clusters + 1) * (features + 1).div_ceil(GROUP)];
        Sums { groups, clusters, features, too_far: 0.0 }
    }

    /// Adds the first `rows` points of a tile, whose columns are whole groups.
    fn add(&mut self, columns: &[&Tile], rows: usize, centroids: &[Vec<f64>]) {
        let (mut nearest, mut least) = ([0; TILE], [0.0; TILE]);
        nearest_centroids(columns, centroids, &mut nearest, &mut least);
        nearest[rows..].fill(self.clusters as u64);
        for (sums, columns) in self.groups.chunks_exact_mut(self.clusters + 1).zip(columns.as_chunks().0) {
            add_by_cluster(sums, *columns, &nearest);
        }
        self.too_far += least[..rows].iter().filter(|least| **least == f64::INFINITY).count() as f64;
    }

    /// The sums of each cluster, in the order of the columns.
    fn into_values(self) -> Vec<f64> {
        let Sums { groups, clusters, features, too_far } = self;
        let of_cluster = |cluster| {
            let groups = groups.iter().skip(cluster).step_by(clusters + 1);
            groups.flatten().copied().take(features + 1)
        };
        (0..clusters).flat_map(of_cluster).chain([too_far]).collect()
    }
}

impl Program for KMeans {
    type Options = Options;

    const NAME: &'static str = "kmeans";
    const ABOUT: &'static str = "Find clusters of points by Lloyd's algorithm";
    const SUBJECT: &'static str = "models";
    const REFERENCE: Option<Reference<Self>> = Some(Self::reference);

    fn default_input(&self) -> Option<(Kind, Shape)> {
        Some((Kind::Points, Shape::records(1_000_000)))
    }

    fn side_inputs(&self, options: &Options) -> Vec<PathBuf> {
        options.centroids.clone().into_iter().collect()
    }

    fn run(&self, options: &Options, inputs: &[PathBuf], session: &Session) -> Result<Report> {
        let mut driver = Driver::start(Self::NAME, session)?;
        let seen = driver.inputs().clone();
        let parse = options.parse_rows(inputs, &seen)?;
        let rows = driver.invariant(inputs, parse.clone())?;
        let scaling = {
            let mut table = BlockTable { name: Self::NAME, driver: &mut driver, rows: &rows };
            options.scaling(&mut table, &parse)?
        };
        let mut clusters = options.start(&parse, inputs, &scaling, &seen)?;
        driver.iterate(options.iterations as usize, |driver, iteration| {
            let mut table = BlockTable { name: Self::NAME, driver, rows: &rows };
            let moves = options.step(&mut table, &mut clusters, &scaling, iteration + 1)?;
            Ok(if moves { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        write_model(&mut driver, Self::NAME, clusters.into_lines())?;
        driver.finish()
    }

    fn show(&self, _: &Options, output: &Output<'_>) -> Result<Option<Highlights>> {
        const SHOWN_CLUSTERS: usize = 2 * ROWS;
        const SHOWN_FEATURES: usize = 5;
        let mut clusters = Vec::new();
        output.each_record(|cluster, model| {
            let tab = model.iter().position(|byte| *byte == b'\t').unwrap_or(model.len());
            let centroid = model.get(tab + 1..).unwrap_or_default();
            clusters.push((text(cluster), number(&model[..tab])?, centroid.to_vec()));
            Ok(())
        })?;
        let of = clusters.len();
        let heading = if of > SHOWN_CLUSTERS {
            clusters.sort_by(|(_, one, _), (_, other, _)| other.total_cmp(one));
            clusters.truncate(ROWS);
            format!("The {ROWS} largest of {of} clusters:")
        } else {
            format!("{of} clusters:")
        };
        let centroid = |values: &[u8]| -> Result<String> {
            let values: Vec<&[u8]> = values.split(|byte| *byte == b',').collect();
            let first = values.iter().take(SHOWN_FEATURES).map(|value| number(value).map(significant));
            let more = if values.len() > SHOWN_FEATURES { " …" } else { "" };
            Ok(first.collect::<Result<Vec<_>>>()?.join("  ") + more)
        };
        let mut rows = vec![["cluster", "points", "centroid"].map(str::to_owned).to_vec()];
        for (cluster, points, values) in clusters {
            rows.push(vec![cluster, significant(points), centroid(&values)?]);
        }
        Ok(Some(Highlights { heading, rows }))
    }
}

impl KMeans {
    fn reference(&self, options: &Options, inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
        let seen = run.inputs().clone();
        let parse = options.parse_rows(inputs, &seen)?;
        let mut table = Parsed(run.blocks(inputs, &parse)?);
        let scaling = options.scaling(&mut table, &parse)?;
        let mut clusters = options.start(&parse, inputs, &scaling, &seen)?;
        for iteration in 1..=options.iterations {
            if !options.step(&mut table, &mut clusters, &scaling, iteration as usize)? {
                break;
            }
        }
        write_numbered_by_reference(run, 0, &clusters.into_lines())
    }
}
