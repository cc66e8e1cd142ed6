//! Means and products of deviations of columns, in one pass.
//!
//! The textbook's one pass adds up squares, and takes the square of the sum from them: where the mean is far from zero,
//! almost all digits cancel. Here each block takes deviations from its own means, and two blocks become one by the
//! formula of Chan, Golub and LeVeque (Updating formulae and a pairwise algorithm for computing sample variances,
//! 1979):
//!
//! ```text
//! block 1   n₁ rows, means m₁, products P₁ = Σ (x-m₁)(y-m₁)
//! block 2   n₂ rows, means m₂, products P₂
//! both      n = n₁+n₂, means m₁ + δ n₂/n, products P₁ + P₂ + δδ' n₁n₂/n      where δ = m₂-m₁
//! ```

use std::borrow::Cow;
use std::marker::PhantomData;

use twinmill::prelude::*;

use crate::jobs::lanes::{LANES, add_products};
use crate::jobs::sums::{BlockSums, Table, sum};
use crate::jobs::table::numbers::{ParseRows, Rows};

/// The pairs of columns whose products are wanted.
pub trait Pairs: Clone + Send + Sync + 'static {
    /// The second columns of the pairs whose first one is this one.
    fn with(first: usize, columns: usize) -> std::ops::Range<usize>;
}

/// Each column with itself.
#[derive(Clone, Debug)]
pub struct Own;

/// Each column with itself and with those after it.
#[derive(Clone, Debug)]
pub struct All;

impl Pairs for Own {
    fn with(first: usize, _columns: usize) -> std::ops::Range<usize> {
        first..first + 1
    }
}

impl Pairs for All {
    fn with(first: usize, columns: usize) -> std::ops::Range<usize> {
        first..columns
    }
}

fn pairs<P: Pairs>(columns: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..columns).flat_map(move |first| P::with(first, columns).map(move |second| (first, second)))
}

/// The moments of a table's columns.
#[derive(Clone, Debug)]
pub struct Moments {
    /// The number of values of each column: of rows, but for those that lack one.
    pub counts: Vec<f64>,
    pub means: Vec<f64>,
    pub least: Vec<f64>,
    pub greatest: Vec<f64>,
    /// Sums of the products of deviations, of the pairs one after another.
    products: Vec<f64>,
}

impl Moments {
    /// The moments of a table, in one pass over it.
    ///
    /// # Errors
    /// Those of reading it; values whose sum or whose squares no float can hold.
    pub fn of<P: Pairs>(table: &mut dyn Table, parse: &ParseRows) -> Result<Self> {
        let columns = parse.features();
        let total = table.add_up(BlockMoments::<P> { columns, pairs: PhantomData })?;
        let moments = Moments::read(&total, columns);
        let too_large = |column: usize| {
            let column = parse.column_of(column);
            Error::user(format!(
                "column {column}: the sum of its values, or of their squares, is too large for a number"
            ))
        };
        if let Some(column) = moments.means.iter().position(|mean| !mean.is_finite()) {
            return Err(too_large(column));
        }
        match pairs::<P>(columns).zip(&moments.products).find(|(_, product)| !product.is_finite()) {
            Some(((column, _), _)) => Err(too_large(column)),
            None => Ok(moments),
        }
    }

    /// Sum of the squared deviations of a column, where each column is paired with itself alone.
    pub fn squares(&self) -> &[f64] {
        &self.products
    }

    /// Sums of the products of deviations as a symmetric matrix, row by row, where all pairs are there.
    pub fn matrix(&self) -> Vec<f64> {
        let columns = self.means.len();
        let mut matrix = vec![0.0; columns * columns];
        for ((first, second), product) in pairs::<All>(columns).zip(&self.products) {
            matrix[first * columns + second] = *product;
            matrix[second * columns + first] = *product;
        }
        matrix
    }

    /// Number of rows, where each has all of its values.
    pub fn rows(&self) -> f64 {
        self.counts.first().copied().unwrap_or(0.0)
    }

    fn read(vector: &[f64], columns: usize) -> Self {
        let part = |part: usize| vector[part * columns..][..columns].to_vec();
        let products = vector[4 * columns..].to_vec();
        Moments { counts: part(0), means: part(1), least: part(2), greatest: part(3), products }
    }

    fn write(&self, vector: &mut Vec<f64>) {
        let Moments { counts, means, least, greatest, products } = self;
        vector.clear();
        [counts, means, least, greatest, products].into_iter().for_each(|part| vector.extend(part));
    }

    /// Takes in the moments of other rows.
    fn join<P: Pairs>(&mut self, other: &Moments) {
        let shifts: Vec<f64> = other.means.iter().zip(&self.means).map(|(other, own)| other - own).collect();
        // Both columns of a pair have as many values.
        let weight = |column: usize| {
            let (own, other) = (self.counts[column], other.counts[column]);
            if own + other > 0.0 { own * other / (own + other) } else { 0.0 }
        };
        let weights: Vec<f64> = (0..shifts.len()).map(weight).collect();
        let of_pairs = pairs::<P>(shifts.len()).zip(&other.products);
        for (own, ((first, second), other)) in self.products.iter_mut().zip(of_pairs) {
            *own += other + shifts[first] * shifts[second] * weights[first];
        }
        for (column, shift) in shifts.iter().enumerate() {
            let count = self.counts[column] + other.counts[column];
            if count > 0.0 {
                self.means[column] += shift * (other.counts[column] / count);
                self.counts[column] = count;
            }
        }
        self.least.iter_mut().zip(&other.least).for_each(|(own, other)| *own = own.min(*other));
        self.greatest.iter_mut().zip(&other.greatest).for_each(|(own, other)| *own = own.max(*other));
    }
}

/// Works out the moments of a block.
#[derive(Clone)]
struct BlockMoments<P> {
    columns: usize,
    pairs: PhantomData<fn() -> P>,
}

impl<P: Pairs> BlockSums for BlockMoments<P> {
    fn of_block(&mut self, rows: &Rows) -> Vec<f64> {
        let columns: Vec<Values<'_>> = rows.columns.iter().map(|column| Values::of(column)).collect();
        let counts: Vec<f64> = columns.iter().map(|column| column.all.len() as f64).collect();
        let means: Vec<f64> = columns.iter().map(Values::mean).collect();
        let deviations: Vec<Vec<f64>> =
            columns.iter().zip(&means).map(|(column, mean)| column.all.iter().map(|x| x - mean).collect()).collect();
        let products = pairs::<P>(self.columns).map(|(first, second)| {
            let mut lanes = [0.0; LANES];
            add_products(&mut lanes, &deviations[first], &deviations[second]);
            lanes.iter().sum()
        });
        let extreme = |fold: fn(f64, f64) -> f64, start: f64| -> Vec<f64> {
            columns.iter().map(|column| column.all.iter().copied().fold(start, fold)).collect()
        };
        let (least, greatest) = (extreme(f64::min, f64::INFINITY), extreme(f64::max, f64::NEG_INFINITY));
        let mut vector = Vec::new();
        Moments { counts, means, least, greatest, products: products.collect() }.write(&mut vector);
        vector
    }

    fn join(total: &mut Vec<f64>, vector: &[f64]) {
        if total.is_empty() {
            return total.extend(vector);
        }
        let columns = columns_of::<P>(vector.len());
        let mut moments = Moments::read(total, columns);
        moments.join::<P>(&Moments::read(vector, columns));
        moments.write(total);
    }
}

/// The values of a column, without the nulls.
struct Values<'c> {
    all: Cow<'c, [f64]>,
    sum: f64,
}

impl<'c> Values<'c> {
    fn of(column: &'c [f64]) -> Self {
        let total = sum(column.iter().copied());
        // A null is NaN, and so is then the sum.
        if !total.is_nan() {
            return Values { all: Cow::Borrowed(column), sum: total };
        }
        let all: Vec<f64> = column.iter().copied().filter(|value| !value.is_nan()).collect();
        Values { sum: sum(all.iter().copied()), all: Cow::Owned(all) }
    }

    fn mean(&self) -> f64 {
        if self.all.is_empty() { 0.0 } else { self.sum / self.all.len() as f64 }
    }
}

/// The number of columns whose moments are so many numbers.
fn columns_of<P: Pairs>(numbers: usize) -> usize {
    let numbers_of =
        |columns: usize| 4 * columns + (0..columns).map(|first| P::with(first, columns).len()).sum::<usize>();
    (0..).find(|columns| numbers_of(*columns) >= numbers).expect("there are numbers enough")
}

#[cfg(test)]
mod tests {
    #[test]
    fn values_far_from_zero_keep_their_deviations_over_blocks() {
        use super::*;
        use crate::jobs::sums::Parsed;

        let offset = 1e9;
        let values: Vec<f64> = (0..1000).map(|i| offset + f64::from(i % 7)).collect();
        let block = |values: &[f64]| Rows {
            columns: vec![values.to_vec(), values.iter().map(|x| 2.0 * x).collect()],
            ..Rows::default()
        };
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("table");
        std::fs::write(&path, "1,2\n").unwrap();
        let parse = ParseRows::new(Default::default(), &[path], &Inputs::default()).unwrap();
        let mut table = Parsed(values.chunks(130).map(block).collect());
        let moments = Moments::of::<All>(&mut table, &parse).unwrap();
        let mean = values.iter().map(|x| x - offset).sum::<f64>() / 1000.0;
        let squares: f64 = values.iter().map(|x| (x - offset - mean).powi(2)).sum();
        assert!((moments.means[0] - offset - mean).abs() < 1e-6);
        for (product, factor) in moments.matrix().iter().zip([1.0, 2.0, 2.0, 4.0]) {
            assert!((product - factor * squares).abs() < 1e-9 * factor * squares, "{product} {squares}");
        }
        assert_eq!((moments.least[0], moments.greatest[1]), (offset, 2.0 * (offset + 6.0)));
    }

    #[test]
    fn nulls_count_nowhere_even_where_a_block_has_nothing_else() {
        use super::*;
        use crate::jobs::sums::Parsed;

        const NULL: f64 = f64::NAN;
        let block =
            |one: &[f64], other: &[f64]| Rows { columns: vec![one.to_vec(), other.to_vec()], ..Rows::default() };
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("table");
        std::fs::write(&path, "1,2\n").unwrap();
        let parse = ParseRows::new(Default::default(), &[path], &Inputs::default()).unwrap();
        let blocks = [block(&[NULL, NULL], &[1.0, NULL]), block(&[4.0, 8.0], &[NULL, NULL]), block(&[NULL], &[3.0])];
        let mut table = Parsed(blocks.into());
        let moments = Moments::of::<Own>(&mut table, &parse).unwrap();
        assert_eq!((&moments.counts[..], &moments.means[..]), (&[2.0, 2.0][..], &[6.0, 2.0][..]));
        assert_eq!((moments.squares(), moments.least[0], moments.greatest[1]), (&[8.0, 2.0][..], 4.0, 3.0));
    }
}
