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

use hashbrown::HashMap;
use twinmill::Rows;
use twinmill::check::LineOrder;
use twinmill::generate::{Kind, Shape};
use twinmill::prelude::*;
use twinmill::program::{Program, Reference};
use twinmill::record::ToKey;
use twinmill::reference::ReferenceRun;

use crate::jobs::line_sorter::Prefixed;
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
    /// Print only this many rows of each key, the first ones in its order
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
        let hint = if self.column.to_string().contains(':') {
            "; a column is followed by :asc or :desc, or by nothing"
        } else {
            ""
        };
        self.column.find(table).map_err(|error| match error {
            Error::Config(what) => Error::Config(what + hint),
            error if hint.is_empty() => error,
            error => Error::user(format!("{error}{hint}")),
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
        let part = key::encode(&cells, &self.plan.key, &mut self.part);
        self.key.clear();
        ToKey::<Vec<u8>>::encode_part(part, &mut self.key);
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

/// A group in the reference. Its rows lie in a text of their own, so that they are near each other when they are sorted.
#[derive(Default)]
struct Group {
    text: Vec<u8>,
    rows: Vec<Row>,
}

/// A row: its order stands in the text, and its line behind it.
struct Row {
    order: Prefixed,
    line: usize,
}

fn sort<const SEPARATOR: u8>(plan: Plan, inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
    let first = usize::try_from(plan.first).unwrap_or(usize::MAX);
    let mut read = ReadRows::<SEPARATOR>::new(Arc::new(plan));
    let mut groups = HashMap::<Vec<u8>, Group>::new();
    run.for_each::<Rows<SEPARATOR>>(inputs, |row| {
        if read.read(&row)? {
            let (group, order) = read.key.split_at(key::group_len(&read.key));
            let Group { text, rows } = groups.entry_ref(group).or_default();
            rows.push(Row { order: Prefixed::append(order, text), line: read.line.len() });
            text.extend_from_slice(&read.line);
        }
        Ok(())
    })?;
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    for (group, Group { text, mut rows }) in groups {
        let part = run.partition(&group);
        // Stable, so that rows whose order is the same stay as they came.
        rows.sort_by(|one, other| one.order.compare(&other.order, &text));
        for row in rows.iter().take(first) {
            run.write(part, &text[row.order.end()..][..row.line], &())?;
        }
    }
    Ok(())
}
