//! Least squares in one pass: tall and skinny tables by QR (Benson, Gleich and Demmel, Direct QR factorizations for
//! tall-and-skinny matrices in MapReduce architectures, 2013).
//!
//! A block of rows is turned, by Householder's reflections, into an upper triangle with as many rows as there are
//! columns; lengths and angles stay as they are. Two triangles, one above the other, are a small table and are turned
//! into one again:
//!
//! ```text
//! block 1 ─▶ R₁ ┐
//! block 2 ─▶ R₂ ┴▶ R ┐
//! block 3 ─▶ R₃ ─────┴▶ R        R'R is what X'X would be, with twice as many sound digits
//! ```

use crate::jobs::lanes::{LANES, add_products, add_scaled};

/// An upper triangle, row by row, with the zeros below.
#[derive(Clone, Debug, PartialEq)]
pub struct Triangle {
    pub columns: usize,
    values: Vec<f64>,
}

impl Triangle {
    /// The triangle of a table, whose columns are used up.
    pub fn of(mut table: Vec<Vec<f64>>) -> Self {
        triangularise(&mut table);
        let columns = table.len();
        let mut values = vec![0.0; columns * columns];
        for (at, column) in table.iter().enumerate() {
            for (row, value) in column.iter().take(at + 1).enumerate() {
                values[row * columns + at] = *value;
            }
        }
        Triangle { columns, values }
    }

    /// A triangle whose numbers are these.
    pub fn from_values(values: &[f64]) -> Self {
        Triangle { columns: values.len().isqrt(), values: values.to_vec() }
    }

    /// Its numbers, row by row.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The triangle of this one above other rows.
    pub fn with_rows(&self, rows: &[f64]) -> Self {
        let columns = self.columns;
        let all: Vec<&[f64]> = self.values.chunks(columns).chain(rows.chunks(columns)).collect();
        Triangle::of((0..columns).map(|column| all.iter().map(|row| row[column]).collect()).collect())
    }

    pub fn at(&self, row: usize, column: usize) -> f64 {
        self.values[row * self.columns + column]
    }

    /// The length of a column of the table.
    fn length(&self, column: usize) -> f64 {
        (0..=column).map(|row| self.at(row, column).powi(2)).sum::<f64>().sqrt()
    }

    /// The first column, before the last one, that the columns before it add up to, as far as floats can tell.
    pub fn dependent_column(&self) -> Option<usize> {
        let tolerance = 16.0 * self.columns as f64 * f64::EPSILON;
        (0..self.columns - 1).find(|column| self.at(*column, *column).abs() <= tolerance * self.length(*column))
    }

    /// The weights by which the other columns come nearest to the last one.
    pub fn solve(&self) -> Vec<f64> {
        let unknowns = self.columns - 1;
        let mut weights = vec![0.0; unknowns];
        for row in (0..unknowns).rev() {
            let known: f64 = (row + 1..unknowns).map(|column| self.at(row, column) * weights[column]).sum();
            weights[row] = (self.at(row, unknowns) - known) / self.at(row, row);
        }
        weights
    }
}

/// Makes the table an upper triangle, column by column.
fn triangularise(table: &mut [Vec<f64>]) {
    let rows = table.first().map_or(0, Vec::len);
    for at in 0..table.len().min(rows) {
        let (done, rest) = table.split_at_mut(at + 1);
        let reflected = &mut done[at][at..];
        let length = product(reflected, reflected).sqrt();
        if length == 0.0 {
            continue;
        }
        let first = reflected[0];
        let diagonal = if first > 0.0 { -length } else { length };
        reflected[0] = first - diagonal;
        let scale = 1.0 / (length * (length + first.abs()));
        for column in rest {
            let column = &mut column[at..];
            let factor = -scale * product(reflected, column);
            add_scaled(column, factor, reflected);
        }
        reflected.fill(0.0);
        reflected[0] = diagonal;
    }
}

fn product(one: &[f64], other: &[f64]) -> f64 {
    let mut lanes = [0.0; LANES];
    add_products(&mut lanes, one, other);
    lanes.iter().sum()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_plane_is_found_from_triangles_of_any_height() {
        use super::*;

        let table: Vec<Vec<f64>> = {
            let x: Vec<f64> = (0..50).map(|i| f64::from(i * i % 17)).collect();
            let y: Vec<f64> = (0..50).map(|i| f64::from(i % 11) - 3.0).collect();
            let target = x.iter().zip(&y).map(|(x, y)| 5.0 + 2.0 * x - 0.5 * y).collect();
            vec![vec![1.0; 50], x, y, target]
        };
        for height in [1, 3, 7, 50] {
            let mut total: Option<Triangle> = None;
            for start in (0..50).step_by(height) {
                let block = table.iter().map(|column| column[start..50.min(start + height)].to_vec()).collect();
                let triangle = Triangle::of(block);
                total = Some(total.map_or(triangle.clone(), |total| total.with_rows(triangle.values())));
            }
            let total = total.unwrap();
            let weights = total.solve();
            for (weight, expected) in weights.iter().zip([5.0, 2.0, -0.5]) {
                assert!((weight - expected).abs() < 1e-12, "{height}: {weights:?}");
            }
            assert!(total.at(3, 3).abs() < 1e-12 && total.dependent_column().is_none());
        }
    }

    #[test]
    fn columns_that_depend_on_others_are_told() {
        use super::*;

        let x: Vec<f64> = (0..20).map(|i| f64::from(i * i % 7)).collect();
        let twice = x.iter().map(|x| 2.0 * x + 0.1).collect();
        let triangle = Triangle::of(vec![vec![1.0; 20], x, twice, vec![0.0; 20]]);
        assert_eq!(triangle.dependent_column(), Some(2));
    }
}
