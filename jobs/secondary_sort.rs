//! Secondary sort: the rows of each key, in an order of their own. SQL's `ROW_NUMBER() OVER (PARTITION BY … ORDER BY …)`.
//!
//! ```text
//! row               key of the shuffle      reduce: one group a sensor, its rows in order
//! s1,09:30,21.5     s1 │ 09:30        ┐     s1 ⇥ 09:10 ⇥ 20.9
//! s2,09:00,17.0     s2 │ 09:00        ├─▶   s1 ⇥ 09:30 ⇥ 21.5
//! s1,09:10,20.9     s1 │ 09:10        ┘     s2 ⇥ 09:00 ⇥ 17.0
//! ```
//!
//! A reducer that sorted the rows of a key itself would have to hold them all. Here the order is part of the key: the shuffle
//! sorts anyway, by key and then by order, and the reducer is given the groups by the first part alone and passes their rows on as
//! they come. Nothing is held, however many rows a key has. There is no combiner: every row goes through the shuffle, which is
//! where memory helps.
//!
//! Cells are ordered as numbers where they are, before text in the order of its bytes; nulls come last, in both directions. Rows
//! that are equal in all of the order keep that of the input.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use twinmill::Rows;
use twinmill::check::LineOrder;
use twinmill::generate::{Kind, Shape};
use twinmill::prelude::*;
use twinmill::program::{Program, Reference};
use twinmill::record::ToKey;
use twinmill::reference::ReferenceRun;

use crate::jobs::table::cells::Cut;
use crate::jobs::table::columns::{Column, Columns, find_all};
use crate::jobs::table::order::{self, Direction};
use crate::jobs::table::{Table, TableOptions, for_format, key};

pub struct SecondarySort;

#[derive(clap::Args)]
pub struct Options {
    /// The columns that make a key, by number from 1 or by name
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "1")]
    key: Vec<Columns>,
    /// The columns that order the rows of a key, the first one first; COLUMN:desc has the largest first
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "2")]
    order: Vec<OrderBy>,
    /// Only so many rows of each key
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    first: Option<u64>,
    #[command(flatten)]
    table: TableOptions,
}

/// A column to order by, as it is written: `time`, `time:desc`.
#[derive(Clone, Debug)]
struct OrderBy {
    column: Column,
    direction: Direction,
}

impl FromStr for OrderBy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (column, direction) = match text.rsplit_once(':') {
            Some((column, "desc")) => (column, Direction::Descending),
            Some((column, "asc")) => (column, Direction::Ascending),
            _ => (text, Direction::Ascending),
        };
        Ok(OrderBy { column: column.parse()?, direction })
    }
}

impl OrderBy {
    fn find(&self, table: &Table) -> Result<usize> {
        self.column.find(table).map_err(|error| match self.column.to_string().contains(':') {
            true => Error::user(format!("{error}; a column is followed by :asc or :desc, or by nothing")),
            false => error,
        })
    }
}

/// What the options mean for a table.
#[derive(Clone, Debug)]
struct Plan {
    table: Table,
    key: Vec<usize>,
    order: Vec<(usize, Direction)>,
    /// All columns.
    columns: Vec<usize>,
    first: u64,
}

impl Options {
    fn plan(&self, inputs: &[PathBuf], seen: &Inputs) -> Result<Plan> {
        let table = Table::open(&self.table, inputs, seen)?;
        let order = self.order.iter().map(|by| Ok((by.find(&table)?, by.direction)));
        Ok(Plan {
            key: find_all(&self.key, &table)?,
            order: order.collect::<Result<_>>()?,
            columns: (0..table.width).collect(),
            first: self.first.unwrap_or(u64::MAX),
            table,
        })
    }
}

/// Makes a row's key: a tuple of its key and its order.
#[derive(Clone)]
struct ReadRows<const SEPARATOR: u8> {
    cut: Cut<SEPARATOR>,
    plan: Arc<Plan>,
    part: Vec<u8>,
    key: Vec<u8>,
    line: Vec<u8>,
}

impl<const SEPARATOR: u8> ReadRows<SEPARATOR> {
    fn new(plan: Arc<Plan>) -> Self {
        ReadRows { cut: plan.table.cut(), plan, part: Vec::new(), key: Vec::new(), line: Vec::new() }
    }

    /// Puts a row into `key` and `line`; returns whether there was one.
    #[inline]
    fn read(&mut self, row: &Record<'_>) -> Result<bool> {
        let Some(cells) = self.cut.row(row)? else { return Ok(false) };
        key::encode(&cells, &self.plan.key, &mut self.part);
        self.key.clear();
        ToKey::<Vec<u8>>::encode_part(&self.part[..], &mut self.key);
        for (column, direction) in &self.plan.order {
            order::encode(cells.value(*column), *direction, &mut self.key);
        }
        self.line.clear();
        cells.write(&self.plan.columns, &mut self.line);
        Ok(true)
    }
}

impl<const SEPARATOR: u8> Mapper for ReadRows<SEPARATOR> {
    type Input = Rows<SEPARATOR>;
    type Key = [u8];
    type Value = [u8];

    #[inline]
    fn map(&mut self, row: Record<'_>, out: &mut impl Emit<[u8], [u8]>) -> Result<()> {
        if self.read(&row)? {
            out.emit(&self.key[..], &self.line[..]);
        }
        Ok(())
    }
}

/// Passes the first rows of a group on.
#[derive(Clone)]
struct First(u64);

impl Reducer for First {
    type Key = [u8];
    type Value = [u8];
    type OutKey = [u8];
    type OutValue = ();

    fn reduce(&mut self, _: &[u8], rows: &mut Values<[u8]>, out: &mut impl Emit<[u8], ()>) -> Result<()> {
        let mut left = self.0;
        while left > 0
            && let Some(row) = rows.next()
        {
            out.emit(row, ());
            left -= 1;
        }
        Ok(())
    }
}

impl Program for SecondarySort {
    type Options = Options;

    const NAME: &'static str = "secondary-sort";
    const SUBJECT: &'static str = "tables";
    const ABOUT: &'static str = "The rows of each key of a table in an order of their own";
    const REFERENCE: Option<Reference<Self>> = Some(Self::reference);

    fn default_input(&self) -> Option<(Kind, Shape)> {
        Some((Kind::Orders, Shape::bytes(128 << 20)))
    }

    fn line_order(&self, options: &Options) -> LineOrder {
        // Of rows in the same order, the first ones are those that came first.
        if options.first.is_some() { LineOrder::Matters } else { options.table.line_order() }
    }

    fn run(&self, options: &Options, inputs: &[PathBuf], session: &Session) -> Result<Report> {
        let driver = Driver::start(Self::NAME, session)?;
        let plan = options.plan(inputs, driver.inputs())?;
        for_format!(plan.table.format, run(plan, inputs, driver))
    }
}

fn run<const SEPARATOR: u8>(plan: Plan, inputs: &[PathBuf], mut driver: Driver) -> Result<Report> {
    let first = First(plan.first);
    let job = Job::new(SecondarySort::NAME, ReadRows::<SEPARATOR>::new(Arc::new(plan)), first);
    driver.run(&job.group_by_prefix(key::group_len).input(inputs))?;
    driver.finish()
}

impl SecondarySort {
    fn reference(&self, options: &Options, inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
        let plan = options.plan(inputs, run.inputs())?;
        for_format!(plan.table.format, sort(plan, inputs, run))
    }
}

/// A row of the reference's text: its key stands there, and its line behind it.
struct Sorted {
    /// The first bytes of the key, which tell most keys apart where they are.
    prefix: u128,
    start: usize,
    key: usize,
    line: usize,
}

/// A key that is shorter has zeros behind it.
fn prefix(key: &[u8]) -> u128 {
    let mut bytes = [0; size_of::<u128>()];
    let len = key.len().min(bytes.len());
    bytes[..len].copy_from_slice(&key[..len]);
    u128::from_be_bytes(bytes)
}

fn sort<const SEPARATOR: u8>(plan: Plan, inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
    let first = plan.first;
    let mut read = ReadRows::<SEPARATOR>::new(Arc::new(plan));
    let (mut text, mut rows) = (Vec::new(), Vec::new());
    run.for_each::<Rows<SEPARATOR>>(inputs, |row| {
        if read.read(&row)? {
            let (prefix, start) = (prefix(&read.key), text.len());
            rows.push(Sorted { prefix, start, key: read.key.len(), line: read.line.len() });
            text.extend_from_slice(&read.key);
            text.extend_from_slice(&read.line);
        }
        Ok(())
    })?;
    let key = |row: &Sorted| &text[row.start..][..row.key];
    // Stable, so that rows whose order is the same stay as they came.
    rows.sort_by(|one, other| one.prefix.cmp(&other.prefix).then_with(|| key(one).cmp(key(other))));
    let (mut group, mut left): (&[u8], u64) = (&[], 0);
    for row in &rows {
        let of_row = &key(row)[..key::group_len(key(row))];
        if of_row != group {
            (group, left) = (of_row, first);
        }
        if left > 0 {
            run.write(run.partition(group), &text[row.start + row.key..][..row.line], &())?;
            left -= 1;
        }
    }
    Ok(())
}
