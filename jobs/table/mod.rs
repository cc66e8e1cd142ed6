//! Tables as people have them: CSV or TSV, with or without a header, quoted as RFC 4180 says.
//!
//! ```text
//! options, first rows ─▶ separator, header, width, columns        once, for all files
//! row ─▶ cells  ─▶ null?  exact number?  text of the output       in each task: tables of any cells
//! line ─▶ fields ─▶ columns of floats, labels                     in each task: tables of numbers
//! ```
//!
//! All jobs on tables have the same [options](TableOptions), and [`columns`] finds the columns that they name: by number from
//! 1, by name, or as a range. Files of one table have the same header and as many columns.
//!
//! Tables of any cells, whose output is cells again:
//!
//! 1. [`Table::open`] looks at the first rows. The separator is what stands in the first row of data, `--format` says it
//!    where that is not clear.
//! 2. The library's [`Rows`] finds the rows, also those with ends of lines within quotes; [`cells`] cuts them.
//! 3. [`decimal`] has numbers with all their digits, [`order`] the order of cells, [`key`] keys of several cells, and
//!    [`states`] what aggregates keep.
//!
//! A cell is what stands between separators, blanks included; of a quoted one, what stands between its quotes. A cell of the
//! output is quoted only if it would not be read back otherwise. The null of a table is a cell with this text, quoted or not.
//! Rows without any byte are passed over.
//!
//! Tables of numbers, of which models are made: their [`separator`] may be others than those two, and [`guess`] finds the
//! one that leaves [`numbers`] where numbers are wanted; most fields are a [`plain_number`]. Blanks around a field are no part
//! of it, a row ends with its line, and [`labels`] tell two classes apart.

pub mod cells;
pub mod columns;
pub mod decimal;
mod guess;
pub mod key;
pub mod labels;
pub mod numbers;
pub mod order;
mod plain_number;
mod separator;
pub mod states;

use std::fmt;
use std::ops::ControlFlow;
use std::path::PathBuf;

use twinmill::Rows;
use twinmill::check::LineOrder;
use twinmill::prelude::*;

use crate::jobs::shown::{Shown, lacks};
use crate::jobs::table::cells::Cut;

/// Commas between cells.
pub const CSV: u8 = b',';
/// TABs between cells.
pub const TSV: u8 = b'\t';
/// Rows that a guess looks at.
const SAMPLED_ROWS: usize = 100;

/// The options of every job on tables.
#[derive(Clone, Debug, clap::Args)]
pub struct TableOptions {
    /// What separates the cells of a row [default: what stands in the first row of data]
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// The first row of each file holds the names of the columns
    #[arg(long)]
    header: bool,
    /// The text of a cell without a value [default: none, an empty cell]
    #[arg(long, value_name = "VALUE")]
    null: Option<String>,
}

impl TableOptions {
    /// The order of lines, for a job that prints the same rows whatever the order of its rows: only a header must stay.
    pub fn line_order(&self) -> LineOrder {
        if self.header { LineOrder::FreeBelowHeader } else { LineOrder::Free }
    }

    fn null(&self) -> Vec<u8> {
        self.null.clone().unwrap_or_default().into_bytes()
    }
}

/// The separator of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Commas
    Csv,
    /// TABs
    Tsv,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Format::Csv => "csv",
            Format::Tsv => "tsv",
        })
    }
}

/// Calls a generic function for the separator of a format, which is known when the function is compiled: readers of rows are
/// types of their own.
macro_rules! for_format {
    ($format:expr, $function:ident $arguments:tt) => {
        match $format {
            $crate::jobs::table::Format::Csv => $function::<{ $crate::jobs::table::CSV }> $arguments,
            $crate::jobs::table::Format::Tsv => $function::<{ $crate::jobs::table::TSV }> $arguments,
        }
    };
}
pub(crate) use for_format;

/// A table that was looked at.
#[derive(Clone, Debug)]
pub struct Table {
    pub format: Format,
    /// The file with the first row.
    pub file: PathBuf,
    /// Names of the columns, where there is a header.
    pub names: Option<Vec<Vec<u8>>>,
    /// Number of columns.
    pub width: usize,
    /// The text of a cell without a value.
    pub null: Vec<u8>,
}

impl Table {
    /// Looks at the first rows of the files at and below `paths`, and at the headers of all of them.
    ///
    /// # Errors
    /// Those of reading; a table without rows; files whose headers differ; a separator that cannot be told.
    pub fn open(options: &TableOptions, paths: &[PathBuf], seen: &Inputs) -> Result<Table> {
        let format = match options.format {
            Some(format) => format,
            None => guess(options.header, paths, seen)?,
        };
        Self::of_format(options, format, paths, seen)
    }

    /// Like [`open`](Self::open), for tables that have one format.
    ///
    /// # Errors
    /// Those of [`open`](Self::open).
    pub fn open_all<const N: usize>(
        options: &TableOptions,
        tables: [&[PathBuf]; N],
        seen: &Inputs,
    ) -> Result<[Table; N]> {
        let first = Self::open(options, tables[0], seen)?;
        let open = |paths: &[PathBuf]| Self::of_format(options, first.format, paths, seen);
        let opened = tables.iter().map(|paths| open(paths)).collect::<Result<Vec<_>>>()?;
        Ok(opened.try_into().expect("as many as before"))
    }

    fn of_format(options: &TableOptions, format: Format, paths: &[PathBuf], seen: &Inputs) -> Result<Table> {
        let first = for_format!(format, first_row(options.header, paths, seen))?;
        let Some((file, first)) = first else { return Err(lacks("rows", paths)) };
        if options.format.is_none() {
            seen.guess("format", format.to_string());
        }
        if !options.header {
            seen.guess("header", "none");
        }
        let width = first.len();
        if width == 1 && options.format.is_none() {
            let file = file.display();
            seen.note(format!(
                "{file} is read as a table of one column, since its first row of data has neither a comma nor a TAB; where \
                 that is right, --format csv says so"
            ));
        }
        let names = options.header.then_some(first);
        Ok(Table { format, file, names, width, null: options.null() })
    }

    /// Cuts rows of this table.
    pub fn cut<const SEPARATOR: u8>(&self) -> Cut<SEPARATOR> {
        Cut::new(self.width, self.names.is_some(), self.null.clone())
    }
}

/// A file, and the cells of its first row.
type FirstRow = (PathBuf, Vec<Vec<u8>>);

/// The cells of the first row of the input that is not empty, and its file: those of the header, where there is one. All files
/// have the same header.
fn first_row<const SEPARATOR: u8>(header: bool, paths: &[PathBuf], seen: &Inputs) -> Result<Option<FirstRow>> {
    let mut first: Option<FirstRow> = None;
    for file in seen.files(paths)?.iter() {
        seen.scan::<Rows<SEPARATOR>>(&[file.path.to_path_buf()], |row| {
            if row.is_empty() {
                return Ok(ControlFlow::Continue(()));
            }
            let cells = Cut::<SEPARATOR>::cells_of(&row)?;
            match &first {
                None => first = Some((row.path().to_owned(), cells)),
                Some((other, expected)) if *expected != cells => {
                    let (other, row) = (other.display(), Shown(&row));
                    return Err(Error::wrong_input(format!(
                        "the header is not that of {other}: files of one table have the same columns, and this one begins \
                         with {row}"
                    )));
                }
                Some(_) => {}
            }
            Ok(ControlFlow::Break(()))
        })?;
        if !header && first.is_some() {
            break;
        }
    }
    Ok(first)
}

/// The first rows of data that are not empty, as they stand; headers where there is nothing else.
fn sample<const SEPARATOR: u8>(header: bool, paths: &[PathBuf], seen: &Inputs) -> Result<Vec<Vec<u8>>> {
    let rows = sample_rows::<SEPARATOR>(header, paths, seen)?;
    if rows.is_empty() && header { sample_rows::<SEPARATOR>(false, paths, seen) } else { Ok(rows) }
}

fn sample_rows<const SEPARATOR: u8>(header: bool, paths: &[PathBuf], seen: &Inputs) -> Result<Vec<Vec<u8>>> {
    let mut rows = Vec::new();
    seen.scan::<Rows<SEPARATOR>>(paths, |row| {
        let is_header = header && row.is_first();
        if !row.is_empty() && !is_header {
            rows.push(row.to_vec());
        }
        Ok(if rows.len() == SAMPLED_ROWS { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    Ok(rows)
}

/// The number of columns that all rows have in this format; `None` where they do not agree, or have only one.
fn columns_of<const SEPARATOR: u8>(rows: &[Vec<u8>]) -> Option<usize> {
    let mut widths = rows.iter().map(|row| Cut::<SEPARATOR>::cells_of(row).map_or(0, |cells| cells.len()));
    let first = widths.next()?;
    (first > 1 && widths.all(|width| width == first)).then_some(first)
}

/// Guesses the format from the first row of data. Where both separators stand in it, the one by which all of the first rows
/// have as many cells is the table's.
fn guess(header: bool, paths: &[PathBuf], seen: &Inputs) -> Result<Format> {
    let (by_comma, by_tab) = (sample::<CSV>(header, paths, seen)?, sample::<TSV>(header, paths, seen)?);
    let has = |rows: &[Vec<u8>], cells: fn(&[u8]) -> Result<Vec<Vec<u8>>>| {
        rows.first().is_some_and(|row| cells(row).map_or(true, |cells| cells.len() > 1))
    };
    Ok(match (has(&by_comma, Cut::<CSV>::cells_of), has(&by_tab, Cut::<TSV>::cells_of)) {
        (_, false) => Format::Csv,
        (false, true) => Format::Tsv,
        (true, true) => match (columns_of::<CSV>(&by_comma), columns_of::<TSV>(&by_tab)) {
            (Some(_), None) => Format::Csv,
            (None, Some(_)) => Format::Tsv,
            _ => {
                let row = Shown(&by_tab[0]);
                return Err(Error::user(format!(
                    "is this csv or tsv? The first row of data has both commas and TABs: {row}; say which with --format"
                )));
            }
        },
    })
}
