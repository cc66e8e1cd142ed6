//! Features brought to mean 0 and standard deviation 1, that of the population (`--standardize`).

use std::sync::Arc;

use twinmill::prelude::*;

use crate::jobs::sums::{BlockSums, Table, sum};
use crate::jobs::table::numbers::{ParseRows, Rows};

/// The shift and the factor of each feature. A constant feature becomes 0.
#[derive(Clone, Debug)]
pub struct Scaling(Option<Arc<[(f64, f64)]>>);

impl Scaling {
    /// Leaves features as they are.
    pub fn none() -> Self {
        Scaling(None)
    }

    /// The z-scores of a table, in two passes over it.
    ///
    /// # Errors
    /// Those of the passes; values whose sum, or whose squares, no float can hold.
    pub fn standard(table: &mut dyn Table, parse: &ParseRows) -> Result<Self> {
        let sums = table.add_up(Means)?;
        let (rows, sums) = sums.split_last().expect("the count is there");
        let means: Arc<[f64]> = sums.iter().map(|sum| sum / rows).collect();
        if let Some(feature) = means.iter().position(|mean| !mean.is_finite()) {
            return Err(out_of_range(parse, feature, "its sum is too large for a number"));
        }
        let any_row: Arc<[f64]> = parse.sound_row()?.unwrap_or_else(|| means.to_vec()).into();
        let sums = table.add_up(Deviations { means: means.clone(), any_row: any_row.clone() })?;
        let (squares, others) = sums.split_at(means.len());
        let scale = |feature: usize| {
            // The mean of equal values may differ from them by as much as the sum was rounded.
            if others[feature] == 0.0 {
                return Ok((any_row[feature], 1.0));
            }
            let variance = squares[feature] / rows;
            match variance {
                variance if !variance.is_finite() => {
                    Err(out_of_range(parse, feature, "the squares of its deviations are too large for a number"))
                }
                variance if variance < f64::MIN_POSITIVE => {
                    Err(out_of_range(parse, feature, "the squares of its deviations are too small for a number"))
                }
                variance => Ok((means[feature], 1.0 / variance.sqrt())),
            }
        };
        Ok(Scaling(Some((0..means.len()).map(scale).collect::<Result<_>>()?)))
    }

    /// One value of a feature.
    pub fn apply(&self, feature: usize, value: f64) -> f64 {
        match &self.0 {
            None => value,
            Some(scales) => {
                let (mean, scale) = scales[feature];
                (value - mean) * scale
            }
        }
    }

    /// A column, in `scratch` unless it stays as it is.
    pub fn column<'a>(&self, rows: &'a Rows, feature: usize, scratch: &'a mut Vec<f64>) -> &'a [f64] {
        let column = &rows.columns[feature];
        let Some(scales) = &self.0 else { return column };
        let (mean, scale) = scales[feature];
        scratch.clear();
        scratch.extend(column.iter().map(|value| (value - mean) * scale));
        scratch
    }
}

fn out_of_range(parse: &ParseRows, feature: usize, what: &str) -> Error {
    let column = parse.column_of(feature);
    Error::user(format!("--standardize: column {column} has no mean and deviation, since {what}; scale the input"))
}

/// Sums of the features, followed by the number of rows.
#[derive(Clone)]
struct Means;

impl BlockSums for Means {
    fn of_block(&mut self, rows: &Rows) -> Vec<f64> {
        let sums = rows.columns.iter().map(|column| sum(column.iter().copied()));
        sums.chain([rows.rows() as f64]).collect()
    }
}

/// Sums of the features' squared deviations, followed by how often each feature differs from that of `any_row`.
#[derive(Clone)]
struct Deviations {
    means: Arc<[f64]>,
    any_row: Arc<[f64]>,
}

impl BlockSums for Deviations {
    fn of_block(&mut self, rows: &Rows) -> Vec<f64> {
        let columns = rows.columns.iter().zip(self.means.iter());
        let squares = columns.map(|(column, mean)| sum(column.iter().map(|value| (value - mean) * (value - mean))));
        let columns = rows.columns.iter().zip(self.any_row.iter());
        let others = columns.map(|(column, one)| column.iter().filter(|value| *value != one).count() as f64);
        squares.chain(others).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::sums::Parsed;
    use crate::jobs::table::numbers::Layout;

    /// The scaling of a table of one column, and the column.
    fn scaled(values: &[f64]) -> Result<Vec<f64>> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("table");
        std::fs::write(&path, values.iter().map(|value| format!("{value}\n")).collect::<String>()).unwrap();
        let parse = ParseRows::new(Layout::default(), &[path], &Inputs::default())?;
        let mut table = Parsed(vec![Rows { columns: vec![values.to_vec()], ..Rows::default() }]);
        let scaling = Scaling::standard(&mut table, &parse)?;
        Ok(values.iter().map(|value| scaling.apply(0, *value)).collect())
    }

    #[test]
    fn features_get_mean_0_and_deviation_1() {
        assert_eq!(scaled(&[1.0, 3.0]).unwrap(), [-1.0, 1.0]);
        let small = 0.5f64.powi(500);
        assert_eq!(scaled(&[small, 3.0 * small]).unwrap(), [-1.0, 1.0]);
    }

    #[test]
    fn a_constant_feature_is_scaled_to_zero_also_where_its_mean_is_rounded() {
        for value in [5.0, 0.1, -1.7e300, 0.0] {
            assert_eq!(scaled(&[value; 3]).unwrap(), [0.0; 3], "{value}");
        }
    }

    #[test]
    fn what_no_float_can_hold_is_refused() {
        for (values, what) in [
            ([1.7e308, 1.7e308, 1e308], "its sum is too large"),
            ([1e200, -1e200, 0.0], "too large"),
            ([1e-200, 2e-200, 0.0], "too small"),
        ] {
            let error = scaled(&values).unwrap_err().to_string();
            assert!(error.contains("column 1") && error.contains(what), "{error}");
        }
    }
}
