//! Statistics of the columns of a table, in one pass.
//!
//! ```text
//! 1,10                      column  rows  mean  deviation  least  greatest
//! 2,30        ─▶            1       3     2.0   0.816…     1.0    3.0
//! 3,20                      2       3     20.0  8.164…     10.0   30.0
//! ```
//!
//! Map turns a block of rows into its [moments](crate::jobs::moments), a few numbers a column; they are all that is
//! shuffled, to one reducer, which joins them in the order of the input. There is no combiner: joined floats depend on
//! the order. Memory helps a single pass as little as it helps counting.
//!
//! Output: `column TAB rows TAB mean TAB standard deviation TAB least TAB greatest`, columns numbered from 1, the
//! deviation that of the population (NumPy's `std`), or of a sample with `--sample` (pandas' `std`, Spark's `summary`). A
//! null, which is an empty cell or what `--null` says, counts in no number of its column, that of the rows included.

use std::path::PathBuf;

use twinmill::generate::{Kind, Shape};
use twinmill::prelude::*;
use twinmill::program::{Highlights, Output, Program, Reference};
use twinmill::reference::ReferenceRun;

use crate::jobs::highlights::{number, significant, text};
use crate::jobs::moments::{Moments, Own};
use crate::jobs::sums::{BlockTable, Parsed, Table, write_numbered, write_numbered_by_reference};
use crate::jobs::table::numbers::{ColumnOptions, Layout, Nulls, NumberOptions, ParseRows};

pub struct Statistics;

#[derive(clap::Args)]
pub struct Options {
    #[command(flatten)]
    columns: ColumnOptions,
    #[command(flatten)]
    table: NumberOptions,
    /// Divide squared deviations by the number of rows less one, as of a sample
    #[arg(long)]
    sample: bool,
}

/// Rows that have a value, mean, deviation, least, greatest.
type Line = (u64, f64, f64, f64, f64);

impl Options {
    fn parse_rows(&self, inputs: &[PathBuf], seen: &Inputs) -> Result<ParseRows> {
        let layout = Layout { nulls: Nulls::Kept, ..self.table.layout(&self.columns, None)? };
        let parse = ParseRows::new(layout, inputs, seen)?;
        parse.tell_guesses(seen);
        Ok(parse)
    }

    fn lines(&self, table: &mut dyn Table, parse: &ParseRows) -> Result<Vec<Line>> {
        let moments = Moments::of::<Own>(table, parse)?;
        let line = |column: usize| {
            let count = moments.counts[column];
            if count == 0.0 {
                let column = parse.column_of(column);
                return Err(Error::user(format!(
                    "column {column} has no values: all are null; leave it out with --columns"
                )));
            }
            if self.sample && count < 2.0 {
                return Err(Error::user("--sample: one row has no deviation"));
            }
            let divisor = if self.sample { count - 1.0 } else { count };
            let deviation = (moments.squares()[column] / divisor).sqrt();
            Ok((count as u64, moments.means[column], deviation, moments.least[column], moments.greatest[column]))
        };
        (0..moments.means.len()).map(line).collect()
    }
}

impl Program for Statistics {
    type Options = Options;

    const NAME: &'static str = "statistics";
    const ABOUT: &'static str = "Find mean, deviation and range of each column of a table";
    const SUBJECT: &'static str = "models";
    const REFERENCE: Option<Reference<Self>> = Some(Self::reference);

    fn default_input(&self) -> Option<(Kind, Shape)> {
        Some((Kind::Points, Shape::records(1_000_000)))
    }

    fn run(&self, options: &Options, inputs: &[PathBuf], session: &Session) -> Result<Report> {
        let mut driver = Driver::start(Self::NAME, session)?;
        let parse = options.parse_rows(inputs, driver.inputs())?;
        let rows = driver.read_once(inputs, parse.clone())?;
        let mut table = BlockTable { name: Self::NAME, driver: &mut driver, rows: &rows };
        let lines = options.lines(&mut table, &parse)?;
        write_numbered(&mut driver, Self::NAME, 1, lines)?;
        driver.finish()
    }

    fn show(&self, _: &Options, output: &Output<'_>) -> Result<Option<Highlights>> {
        const SHOWN: usize = 20;
        let mut rows = vec![["column", "rows", "mean", "deviation", "least", "greatest"].map(str::to_owned).to_vec()];
        let mut columns = 0;
        output.each_record(|column, line| {
            columns += 1;
            if columns <= SHOWN {
                let mut row = vec![text(column)];
                for field in line.split(|byte| *byte == b'\t') {
                    row.push(significant(number(field)?));
                }
                rows.push(row);
            }
            Ok(())
        })?;
        let first = if columns > SHOWN {
            format!("The first {SHOWN} of {columns} columns:")
        } else {
            format!("{columns} columns:")
        };
        Ok(Some(Highlights { heading: first, rows }))
    }
}

impl Statistics {
    fn reference(&self, options: &Options, inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
        let parse = options.parse_rows(inputs, run.inputs())?;
        let mut table = Parsed(run.blocks(inputs, &parse)?);
        let lines = options.lines(&mut table, &parse)?;
        write_numbered_by_reference(run, 1, &lines)
    }
}
