//! Small symmetric matrices, row by row, in the driver: the sums of a pass over a table, to be solved or taken apart.

/// The lower triangle `L` of a positive definite matrix `A = LL'`, row by row.
#[derive(Clone, Debug)]
pub struct Cholesky {
    size: usize,
    lower: Vec<f64>,
}

impl Cholesky {
    /// `None` where the matrix is not positive definite.
    pub fn of(matrix: &[f64], size: usize) -> Option<Self> {
        let mut lower = vec![0.0; size * size];
        for row in 0..size {
            for column in 0..=row {
                let known: f64 = (0..column).map(|at| lower[row * size + at] * lower[column * size + at]).sum();
                let rest = matrix[row * size + column] - known;
                lower[row * size + column] = if row > column {
                    rest / lower[column * size + column]
                } else if rest > 0.0 && rest.is_finite() {
                    rest.sqrt()
                } else {
                    return None;
                };
            }
        }
        Some(Cholesky { size, lower })
    }

    pub fn lower(&self, row: usize, column: usize) -> f64 {
        self.lower[row * self.size + column]
    }

    /// Solves `Ax = b` in place.
    pub fn solve(&self, vector: &mut [f64]) {
        let size = self.size;
        for row in 0..size {
            let known: f64 = (0..row).map(|at| self.lower(row, at) * vector[at]).sum();
            vector[row] = (vector[row] - known) / self.lower(row, row);
        }
        for row in (0..size).rev() {
            let known: f64 = (row + 1..size).map(|at| self.lower(at, row) * vector[at]).sum();
            vector[row] = (vector[row] - known) / self.lower(row, row);
        }
    }
}

/// The eigenvalues of a symmetric matrix, the greatest first, and their eigenvectors of length 1, by Jacobi's rotations
/// (Über ein leichtes Verfahren, 1846): each sets one number beside the diagonal to zero, until all are.
pub fn eigen(mut matrix: Vec<f64>, size: usize) -> Vec<(f64, Vec<f64>)> {
    const MOST_SWEEPS: usize = 100;
    let mut vectors = vec![0.0; size * size];
    (0..size).for_each(|at| vectors[at * size + at] = 1.0);
    for _ in 0..MOST_SWEEPS {
        let mut rotated = false;
        for one in 0..size {
            for other in one + 1..size {
                rotated |= rotate(&mut matrix, &mut vectors, size, one, other);
            }
        }
        if !rotated {
            break;
        }
    }
    let vector = |at: usize| (0..size).map(|row| vectors[row * size + at]).collect();
    let mut found: Vec<(f64, Vec<f64>)> = (0..size).map(|at| (matrix[at * size + at], vector(at))).collect();
    found.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    found
}

/// Turns two axes so that their number beside the diagonal is zero; returns whether it was not.
fn rotate(matrix: &mut [f64], vectors: &mut [f64], size: usize, one: usize, other: usize) -> bool {
    let (across, first, second) = (matrix[one * size + other], matrix[one * size + one], matrix[other * size + other]);
    if across.abs() <= f64::EPSILON * f64::EPSILON * (first.abs() * second.abs()).sqrt() || across == 0.0 {
        return false;
    }
    let ratio = (second - first) / (2.0 * across);
    let tangent = ratio.signum() / (ratio.abs() + ratio.hypot(1.0));
    let cosine = 1.0 / tangent.hypot(1.0);
    let sine = tangent * cosine;
    let turn = |a: f64, b: f64| (cosine * a - sine * b, sine * a + cosine * b);
    for at in 0..size {
        let (row, column) = (at * size + one, at * size + other);
        (matrix[row], matrix[column]) = turn(matrix[row], matrix[column]);
        (vectors[row], vectors[column]) = turn(vectors[row], vectors[column]);
    }
    for at in 0..size {
        let (row, column) = (one * size + at, other * size + at);
        (matrix[row], matrix[column]) = turn(matrix[row], matrix[column]);
    }
    matrix[one * size + other] = 0.0;
    matrix[other * size + one] = 0.0;
    // A rotation that changes neither number on the diagonal leaves everything as it was, but for rounding.
    matrix[one * size + one] != first || matrix[other * size + other] != second
}

#[cfg(test)]
mod tests {
    const MATRIX: [f64; 9] = [4.0, 1.0, -2.0, 1.0, 3.0, 0.5, -2.0, 0.5, 6.0];

    #[test]
    fn equations_are_solved() {
        use super::*;

        let mut vector = [1.0, 2.0, 3.0];
        Cholesky::of(&MATRIX, 3).unwrap().solve(&mut vector);
        for (row, expected) in [1.0, 2.0, 3.0].into_iter().enumerate() {
            let found: f64 = (0..3).map(|at| MATRIX[row * 3 + at] * vector[at]).sum();
            assert!((found - expected).abs() < 1e-13, "{vector:?}");
        }
        assert!(Cholesky::of(&[1.0, 2.0, 2.0, 1.0], 2).is_none());
    }

    #[test]
    fn eigenvectors_are_what_the_matrix_only_stretches() {
        use super::*;

        let found = eigen(MATRIX.to_vec(), 3);
        assert!(found[0].0 > found[1].0 && found[1].0 > found[2].0);
        for (value, vector) in &found {
            for row in 0..3 {
                let stretched: f64 = (0..3).map(|at| MATRIX[row * 3 + at] * vector[at]).sum();
                assert!((stretched - value * vector[row]).abs() < 1e-12, "{found:?}");
            }
            assert!((vector.iter().map(|x| x * x).sum::<f64>() - 1.0).abs() < 1e-12);
        }
        assert_eq!(eigen(vec![2.0, 0.0, 0.0, 5.0], 2)[0], (5.0, vec![0.0, 1.0]));
    }
}
