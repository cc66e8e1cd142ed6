//! The product of two sparse matrices, in two jobs.
//!
//! ```text
//! A  i  j  v              join by j                      add up by (i, k)
//! A  0  1  2.0    ─▶      j = 1: A(0, 1) × B(1, 5)  ─▶   (0, 5): 6.0 + …        0  5  6.0
//! B  1  5  3.0
//! ```
//!
//! 1. *join*: the shuffle brings the column j of A and the row j of B together. The key is (j, matrix, other index) and
//!    is grouped by j, so A's numbers come first and are kept, and B's pass by: every pair is a part of the sum of one
//!    place of the product.
//! 2. *add up*: the key is (i, k, j) and is grouped by (i, k), so that the parts of a place are added by ascending j,
//!    whatever the numbers of tasks and reducers: sums of floats depend on the order. For the same reason there is no
//!    combiner.
//!
//! The parts of all places are shuffled, many more than the numbers of both matrices; they lie in files or in memory,
//! and between the jobs too. A column of A must fit in memory.
//!
//! Input: `A|B TAB row TAB column TAB value`, indexes from 0. Numbers for one place of a matrix add up, as in SciPy.
//! Output: `row TAB column TAB value`, for every place that has a part, also where they add up to zero.

use std::path::PathBuf;

use hashbrown::HashMap;
use twinmill::generate::{Kind, Shape};
use twinmill::prelude::*;
use twinmill::program::{Highlights, Output, Program, Reference};
use twinmill::record::Key;
use twinmill::reference::ReferenceRun;

use crate::jobs::highlights::{Finite, Largest, grouped, number as read_number, significant};
use crate::jobs::shown::{Shown, wrong_line};
use crate::jobs::table::numbers::number;

pub struct MatrixMultiply;

/// The matrices, in the order in which a reducer is given them.
const A: u8 = 0;
const B: u8 = 1;

/// The index that both matrices share, the matrix, and its other index.
type Place = (u64, u8, u64);

/// Bytes of an index in a key.
const INDEX_BYTES: usize = size_of::<u64>();

/// Place and value of a line; `None` for an empty line.
fn entry(line: &[u8]) -> Result<Option<(Place, f64)>> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.is_empty() {
        return Ok(None);
    }
    let wrong = |why: String| wrong_line(line, why, "");
    let mut fields = line.split(|byte| *byte == b'\t');
    let (Some(matrix), Some(row), Some(column), Some(value), None) =
        (fields.next(), fields.next(), fields.next(), fields.next(), fields.next())
    else {
        return Err(wrong("a line is A or B, row, column and value, with a TAB between them".into()));
    };
    let index = |text: &[u8]| {
        let digits = std::str::from_utf8(text).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        let index = digits.and_then(|digits| digits.parse::<u64>().ok());
        index.ok_or_else(|| wrong(format!("{} is no index: a whole number from 0 of 64 bits", Shown(text))))
    };
    let (row, column) = (index(row)?, index(column)?);
    let value = number(value).ok_or_else(|| wrong(format!("{} is no finite number", Shown(value))))?;
    match matrix {
        b"A" => Ok(Some(((column, A, row), value))),
        b"B" => Ok(Some(((row, B, column), value))),
        _ => Err(wrong(format!("the matrix is A or B, not {}", Shown(matrix)))),
    }
}

/// The error of an entry of the product that no number can hold.
#[cold]
fn too_large((i, k): (u64, u64), what: &str) -> Error {
    Error::wrong_input(format!(
        "row {i}, column {k} of the product: {what} is too large for a number; scale the matrices"
    ))
}

// ------------------------------------------------------------------ join

#[derive(Clone)]
struct ByShared;

impl Mapper for ByShared {
    type Input = Lines;
    type Key = Place;
    type Value = f64;

    fn map(&mut self, line: Record<'_>, out: &mut impl Emit<Place, f64>) -> Result<()> {
        if let Some((place, value)) = entry(line.bytes())? {
            out.emit(place, value);
        }
        Ok(())
    }
}

/// Multiplies a column of A by a row of B.
#[derive(Clone, Default)]
struct Multiply {
    column: Vec<(u64, f64)>,
}

impl Reducer for Multiply {
    type Key = Place;
    type Value = f64;
    type OutKey = (u64, u64, u64);
    type OutValue = f64;

    fn reduce(
        &mut self,
        (shared, ..): Place,
        values: &mut Values<f64>,
        out: &mut impl Emit<(u64, u64, u64), f64>,
    ) -> Result<()> {
        self.column.clear();
        let mut row: Option<(u64, f64)> = None;
        while let Some((key, value)) = values.next_with_key() {
            let (_, matrix, other) = Place::decode(key)?;
            if matrix == A {
                add_entry(&mut self.column, other, value);
            } else {
                match &mut row {
                    Some((last, sum)) if *last == other => *sum += value,
                    _ => {
                        self.emit(shared, row.replace((other, value)), out)?;
                    }
                }
            }
        }
        self.emit(shared, row, out)
    }
}

impl Multiply {
    fn emit(&self, shared: u64, of_row: Option<(u64, f64)>, out: &mut impl Emit<(u64, u64, u64), f64>) -> Result<()> {
        let Some((k, factor)) = of_row else { return Ok(()) };
        for (i, value) in &self.column {
            out.emit((*i, k, shared), product((*i, *value), shared, (k, factor))?);
        }
        Ok(())
    }
}

/// Adds to the last entry where that has the same index.
fn add_entry(entries: &mut Vec<(u64, f64)>, index: u64, value: f64) {
    match entries.last_mut().filter(|(last, _)| *last == index) {
        Some((_, sum)) => *sum += value,
        None => entries.push((index, value)),
    }
}

/// The product of A's value at (i, shared) and B's at (shared, k).
#[inline]
fn product((i, one): (u64, f64), shared: u64, (k, other): (u64, f64)) -> Result<f64> {
    let product = one * other;
    if product.is_finite() {
        return Ok(product);
    }
    Err(too_large((i, k), &format!("{one:?} of A's column {shared} times {other:?} of B's row {shared}")))
}

/// The sum of the parts of a place, which is right if it is a number.
fn sum_at(place: (u64, u64), sum: f64) -> Result<f64> {
    if sum.is_finite() { Ok(sum) } else { Err(too_large(place, "a sum of products")) }
}

// ------------------------------------------------------------------ add up

/// Adds up the parts of a place.
#[derive(Clone)]
struct AddUp;

impl Reducer for AddUp {
    type Key = (u64, u64, u64);
    type Value = f64;
    type OutKey = (u64, u64);
    type OutValue = f64;

    fn reduce(
        &mut self,
        (i, k, _): (u64, u64, u64),
        parts: &mut Values<f64>,
        out: &mut impl Emit<(u64, u64), f64>,
    ) -> Result<()> {
        let sum = parts.fold(0.0, |sum, part| sum + part);
        out.emit((i, k), sum_at((i, k), sum)?);
        Ok(())
    }
}

// ------------------------------------------------------------------ the program

impl Program for MatrixMultiply {
    type Options = ();

    const NAME: &'static str = "matrix-multiply";
    const ABOUT: &'static str = "Multiply two sparse matrices";
    const SUBJECT: &'static str = "models";
    const REFERENCE: Option<Reference<Self>> = Some(Self::reference);

    fn default_input(&self) -> Option<(Kind, Shape)> {
        Some((Kind::Matrices, Shape::records(200_000)))
    }

    fn run(&self, _: &(), inputs: &[PathBuf], session: &Session) -> Result<Report> {
        let mut driver = Driver::start(Self::NAME, session)?;
        // Without a reducer nothing would be multiplied.
        let reducers = session.config.reducers.max(1);
        let join = Job::new("matrix-multiply-join", ByShared, Multiply::default()).input(inputs).reducers(reducers);
        let parts = driver.run_to_dataset(&join.group_by_prefix(|_| INDEX_BYTES))?;
        let add_up = Job::new(Self::NAME, Identity, AddUp).input(&parts).reducers(reducers);
        driver.run(&add_up.group_by_prefix(|_| 2 * INDEX_BYTES))?;
        drop(parts);
        driver.finish()
    }

    fn show(&self, _: &(), output: &Output<'_>) -> Result<Option<Highlights>> {
        farthest_from_zero(output).map(Some)
    }
}

/// The entries of a product that are farthest from zero.
fn farthest_from_zero(output: &Output<'_>) -> Result<Highlights> {
    let mut largest = Largest::new();
    output.each_record(|row, rest| {
        let mut fields = rest.split(|byte| *byte == b'\t');
        let (column, value) = (fields.next().unwrap_or_default(), fields.next().unwrap_or_default());
        let entry = [row, column, value].join(&b'\t');
        largest.offer(Finite(read_number(value)?.abs()), &entry);
        Ok(())
    })?;
    let entries = grouped(largest.seen());
    let mut rows = vec![["row", "column", "value"].map(str::to_owned).to_vec()];
    for (_, entry) in largest.into_sorted() {
        let mut fields: Vec<String> = entry.split('\t').map(str::to_owned).collect();
        if let Some(value) = fields.last_mut() {
            *value = significant(read_number(value.as_bytes())?);
        }
        rows.push(fields);
    }
    Ok(Highlights { heading: format!("{entries} entries, the farthest from 0 first:"), rows })
}

impl MatrixMultiply {
    fn reference(&self, _: &(), inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
        let mut entries = Vec::new();
        run.for_each_line(inputs, |line| {
            entries.extend(entry(line.bytes())?);
            Ok(())
        })?;
        entries.sort_by_key(|(place, _)| *place);
        let mut sums: HashMap<(u64, u64), f64> = HashMap::new();
        for of_shared in entries.chunk_by(|((one, ..), _), ((other, ..), _)| one == other) {
            let (mut column, mut row) = (Vec::new(), Vec::new());
            for ((_, matrix, other), value) in of_shared {
                add_entry(if *matrix == A { &mut column } else { &mut row }, *other, *value);
            }
            let shared = of_shared[0].0.0;
            for of_row in &row {
                for of_column in &column {
                    *sums.entry((of_column.0, of_row.0)).or_default() += product(*of_column, shared, *of_row)?;
                }
            }
        }
        let mut sums: Vec<_> = sums.into_iter().collect();
        sums.sort_unstable_by_key(|(place, _)| *place);
        sums.into_iter().try_for_each(|(place, sum)| run.write_by_key::<(u64, u64)>(&place, &sum_at(place, sum)?))
    }
}
