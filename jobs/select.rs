//! Select: some columns of the rows that meet conditions. SQL's `SELECT … WHERE …`.
//!
//! ```text
//! year,name,sex,births            --columns name,births --where 'births > 18000' --where 'sex = F'
//! 2008,Emma,F,18765     ─ map ─▶  Emma ⇥ 18765
//! 2008,Jacob,M,22591    ─ map ─▶
//! ```
//!
//! A job of maps only: each row is looked at alone, so nothing is sorted, shuffled or reduced, and the output is in the order of
//! the input, a part a split. There is no intermediate data for the modes to keep in different places, so they take the same time:
//! filters gain nothing from memory.
//!
//! A condition compares numbers by value where its own value is one, exactly and however many digits they have, and bytes
//! otherwise. Only `!=` holds for a cell that is no number where one is compared with. A null meets no condition, except that
//! `=` and `!=` with the null itself ask whether a cell is null.

use std::cmp::Ordering;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use regex::bytes::Regex;
use twinmill::Rows;
use twinmill::check::LineOrder;
use twinmill::generate::{Kind, Shape};
use twinmill::prelude::*;
use twinmill::program::{Program, Reference};
use twinmill::reference::ReferenceRun;

use crate::jobs::table::cells::{Cells, Cut};
use crate::jobs::table::columns::{Column, Columns, find_all};
use crate::jobs::table::{Table, TableOptions, for_format, order};

pub struct Select;

#[derive(clap::Args)]
pub struct Options {
    /// The columns of the output, by number from 1 or by name, in their order [default: all]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    columns: Option<Vec<Columns>>,
    /// Only rows that meet this: COLUMN OP VALUE, with = != < <= > >= or ~ (matches a regular expression) between column and
    /// value; with several, rows that meet all of them
    #[arg(long = "where", value_name = "CONDITION")]
    conditions: Vec<Condition>,
    #[command(flatten)]
    table: TableOptions,
}

/// A condition as it is written: `births >= 100`.
#[derive(Clone, Debug)]
struct Condition {
    column: Column,
    operator: Operator,
    value: String,
    /// Whether the value stands in quotes, and so is text whatever it looks like.
    quoted: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Less,
    AtMost,
    Greater,
    AtLeast,
    Matches,
}

impl Operator {
    /// The longer ones first, so that `<=` is not taken for `<`.
    const ALL: [(&'static str, Operator); 7] = [
        ("!=", Operator::NotEqual),
        ("<=", Operator::AtMost),
        (">=", Operator::AtLeast),
        ("=", Operator::Equal),
        ("<", Operator::Less),
        (">", Operator::Greater),
        ("~", Operator::Matches),
    ];

    fn holds(self, order: Ordering) -> bool {
        match self {
            Operator::Equal => order.is_eq(),
            Operator::NotEqual => order.is_ne(),
            Operator::Less => order.is_lt(),
            Operator::AtMost => order.is_le(),
            Operator::Greater => order.is_gt(),
            Operator::AtLeast => order.is_ge(),
            Operator::Matches => false,
        }
    }
}

impl FromStr for Condition {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let first = text.find(['=', '!', '<', '>', '~']);
        let operator = first.and_then(|at| {
            let rest = &text[at..];
            Operator::ALL.iter().find(|(name, _)| rest.starts_with(name)).map(|(name, operator)| (at, name, *operator))
        });
        let Some((at, name, operator)) = operator else {
            return Err(
                "a condition is COLUMN OP VALUE, with = != < <= > >= or ~ as OP, such as 'births >= 100'".into()
            );
        };
        let value = text[at + name.len()..].trim();
        let unquoted = ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
        if operator == Operator::Matches {
            Regex::new(unquoted.unwrap_or(value)).map_err(|error| error.to_string())?;
        }
        let (value, quoted) = (unquoted.unwrap_or(value).to_owned(), unquoted.is_some());
        Ok(Condition { column: text[..at].parse()?, operator, value, quoted })
    }
}

/// A condition on a column of a table.
#[derive(Clone, Debug)]
struct Test {
    column: usize,
    operator: Operator,
    value: Wanted,
}

#[derive(Clone, Debug)]
enum Wanted {
    Null,
    Text(Vec<u8>),
    Number { text: Vec<u8>, float: f64 },
    Pattern(Regex),
}

impl Test {
    fn new(condition: &Condition, table: &Table) -> Result<Self> {
        let Condition { operator, value, quoted, .. } = condition;
        let text = value.clone().into_bytes();
        let wanted = match operator {
            Operator::Matches => Wanted::Pattern(Regex::new(value).map_err(Error::user)?),
            Operator::Equal | Operator::NotEqual if text == table.null => Wanted::Null,
            _ => match order::float(&text).filter(|_| !quoted) {
                Some(float) => Wanted::Number { text, float },
                None => Wanted::Text(text),
            },
        };
        Ok(Test { column: condition.column.find(table)?, operator: *operator, value: wanted })
    }

    #[inline]
    fn holds(&self, cells: &Cells<'_>) -> bool {
        if let Wanted::Null = self.value {
            return cells.is_null(self.column) == (self.operator == Operator::Equal);
        }
        let Some(cell) = cells.value(self.column) else { return false };
        match &self.value {
            Wanted::Null => false,
            Wanted::Text(text) => self.operator.holds(cell.cmp(text)),
            Wanted::Pattern(pattern) => pattern.is_match(cell),
            Wanted::Number { text, float } => match order::float(cell).map(|cell| cell.partial_cmp(float)) {
                Some(Some(order @ (Ordering::Less | Ordering::Greater))) => self.operator.holds(order),
                // As floats they are equal; all digits tell whether they are.
                Some(_) => self.operator.holds(order::compare(cell, text)),
                None => self.operator == Operator::NotEqual,
            },
        }
    }
}

/// What the options mean for a table.
#[derive(Clone, Debug)]
struct Plan {
    table: Table,
    columns: Arc<[usize]>,
    tests: Arc<[Test]>,
}

impl Options {
    fn plan(&self, inputs: &[PathBuf], seen: &Inputs) -> Result<Plan> {
        let table = Table::open(&self.table, inputs, seen)?;
        let columns = match &self.columns {
            Some(columns) => find_all(columns, &table)?,
            None => (0..table.width).collect(),
        };
        let tests = self.conditions.iter().map(|condition| Test::new(condition, &table));
        Ok(Plan { tests: tests.collect::<Result<_>>()?, columns: columns.into(), table })
    }
}

#[derive(Clone)]
struct SelectRows<const SEPARATOR: u8> {
    cut: Cut<SEPARATOR>,
    plan: Plan,
    line: Vec<u8>,
}

impl<const SEPARATOR: u8> SelectRows<SEPARATOR> {
    fn new(plan: Plan) -> Self {
        SelectRows { cut: plan.table.cut(), plan, line: Vec::new() }
    }

    /// The line of the output that a row makes.
    #[inline]
    fn line(&mut self, row: &Record<'_>) -> Result<Option<&[u8]>> {
        let Some(cells) = self.cut.row(row)? else { return Ok(None) };
        if !self.plan.tests.iter().all(|test| test.holds(&cells)) {
            return Ok(None);
        }
        self.line.clear();
        cells.write(&self.plan.columns, &mut self.line);
        Ok(Some(&self.line))
    }
}

impl<const SEPARATOR: u8> Mapper for SelectRows<SEPARATOR> {
    type Input = Rows<SEPARATOR>;
    type Key = [u8];
    type Value = ();

    #[inline]
    fn map(&mut self, row: Record<'_>, out: &mut impl Emit<[u8], ()>) -> Result<()> {
        if let Some(line) = self.line(&row)? {
            out.emit(line, ());
        }
        Ok(())
    }
}

impl Program for Select {
    type Options = Options;

    const NAME: &'static str = "select";
    const SUBJECT: &'static str = "tables";
    const ABOUT: &'static str = "Some columns of the rows of a table that meet conditions";
    const REFERENCE: Option<Reference<Self>> = Some(Self::reference);

    fn default_input(&self) -> Option<(Kind, Shape)> {
        Some((Kind::Orders, Shape::bytes(256 << 20)))
    }

    fn line_order(&self, options: &Options) -> LineOrder {
        options.table.line_order()
    }

    fn run(&self, options: &Options, inputs: &[PathBuf], session: &Session) -> Result<Report> {
        let driver = Driver::start(Self::NAME, session)?;
        let plan = options.plan(inputs, driver.inputs())?;
        for_format!(plan.table.format, run(plan, inputs, driver))
    }
}

fn run<const SEPARATOR: u8>(plan: Plan, inputs: &[PathBuf], mut driver: Driver) -> Result<Report> {
    driver.run(&Job::map_only(Select::NAME, SelectRows::<SEPARATOR>::new(plan)).input(inputs))?;
    driver.finish()
}

impl Select {
    fn reference(&self, options: &Options, inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
        let plan = options.plan(inputs, run.inputs())?;
        for_format!(plan.table.format, select(plan, inputs, run))
    }
}

fn select<const SEPARATOR: u8>(plan: Plan, inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
    let mut select = SelectRows::<SEPARATOR>::new(plan);
    run.map_only();
    run.for_each_into_parts::<Rows<SEPARATOR>>(inputs, |row, parts| match select.line(&row)? {
        Some(line) => parts.write(0, line, &()),
        None => Ok(()),
    })
}
