//! Aggregate: counts, sums, means, extremes and distinct values of the groups of a table. SQL's `GROUP BY`.
//!
//! ```text
//! rows              map, combine                  shuffle      reduce
//! 2008,Emma,F,187   F ⇥ {rows 1, sum 187}  ┐ F {2, 372} ─▶ F {2, 372}, F {1, 40} ─▶ F ⇥ 3 ⇥ 412
//! 2008,Isla,F,185   F ⇥ {rows 1, sum 185}  ┘
//! 2009,Noah,M,172   M ⇥ {rows 1, sum 172}    M {1, 172} ─▶ …
//! ```
//!
//! The combiner adds up what each map task has of a group, so as many records are shuffled as there are groups, not rows: with
//! few groups, memory gains next to nothing. A mean is no combiner, since the mean of means is not the mean; a sum and a count
//! are, and the mean is taken at the end.
//!
//! Distinct values cannot be counted within a task, and a set of them may be larger than memory. They become part of the key: the
//! group, then the value. The shuffle sorts them, the combiner drops the ones a task has seen, and the reducer counts where the
//! value changes, which takes no memory at all.
//!
//! Sums are exact to the last digit that is given, and so the same in any order. A null counts in no aggregate of its column.

use std::marker::PhantomData;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use hashbrown::hash_map::EntryRef;
use hashbrown::{HashMap, HashSet};
use twinmill::Rows;
use twinmill::check::LineOrder;
use twinmill::generate::{Kind, Shape};
use twinmill::prelude::*;
use twinmill::program::{Program, Reference};
use twinmill::record::{Key, ToKey, ToText, ToValue, Value};
use twinmill::reference::ReferenceRun;

use crate::jobs::shown::{Shown, wrong_line};
use crate::jobs::table::cells::{Cells, Cut};
use crate::jobs::table::columns::{Column, Columns, find_all};
use crate::jobs::table::decimal::Decimal;
use crate::jobs::table::states::{End, List, State, States};
use crate::jobs::table::{CSV, Format, TSV, Table, TableOptions, key};

pub struct Aggregate;

#[derive(clap::Args)]
pub struct Options {
    /// The columns whose values make a group, by number from 1 or by name [default: none, or the first column if there is
    /// no --agg either]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    group_by: Option<Vec<Columns>>,
    /// What to compute of each group: count, or count, sum, mean, min, max or distinct of a column, such as sum:births
    /// [default: count]
    #[arg(long = "agg", value_name = "LIST", value_delimiter = ',')]
    aggregates: Option<Vec<Wanted>>,
    #[command(flatten)]
    table: TableOptions,
}

/// An aggregate as it is written: `count`, `sum:births`.
#[derive(Clone, Debug)]
struct Wanted {
    function: Function,
    column: Option<Column>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Function {
    Count,
    Sum,
    Mean,
    Min,
    Max,
    Distinct,
}

impl FromStr for Wanted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, column) = match text.trim().split_once(':') {
            Some((name, column)) => (name, Some(column.parse()?)),
            None => (text.trim(), None),
        };
        let function =
            match name {
                "count" => Function::Count,
                "sum" => Function::Sum,
                "mean" => Function::Mean,
                "min" => Function::Min,
                "max" => Function::Max,
                "distinct" => Function::Distinct,
                _ => return Err(
                    "an aggregate is count, or one of count, sum, mean, min, max and distinct with a column, such as \
                             sum:3"
                        .into(),
                ),
            };
        if column.is_none() && function != Function::Count {
            return Err(format!("{name} is of a column: {name}:COLUMN"));
        }
        Ok(Wanted { function, column })
    }
}

/// A state that is kept of each group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    Rows,
    NotNull(usize),
    Sum(usize),
    Least(usize),
    Greatest(usize),
}

/// A value of the output.
#[derive(Clone, Copy, Debug)]
enum Shows {
    /// The state of this number.
    State(usize),
    /// The sum and the count of these numbers.
    Mean(usize, usize),
    /// The distinct values of this number.
    Distinct(usize),
}

/// What is kept of a group while it is added up.
trait Tally: for<'a> Value<Ref<'a> = Self> + ToValue<Self> + ToText + Clone + Default + Send + 'static {
    /// That of a group of one row, of which messages show the text.
    fn of(plan: &Plan, cells: &Cells<'_>, row: &[u8]) -> Result<Self>;

    /// Adds that of other rows of the group.
    fn fold(&mut self, more: Self);

    fn into_states(self) -> impl AsRef<[State]>;
}

/// The number of rows, where nothing else is wanted.
impl Tally for u64 {
    #[inline]
    fn of(_: &Plan, _: &Cells<'_>, _: &[u8]) -> Result<Self> {
        Ok(1)
    }

    #[inline]
    fn fold(&mut self, more: Self) {
        *self += more;
    }

    fn into_states(self) -> impl AsRef<[State]> {
        [State::Count(self)]
    }
}

impl<L: List> Tally for States<L> {
    #[inline(always)]
    fn of(plan: &Plan, cells: &Cells<'_>, row: &[u8]) -> Result<Self> {
        let mut list = L::of(plan.kept.len());
        for (state, kept) in list.states().iter_mut().zip(&plan.kept) {
            plan.set(state, *kept, cells, row)?;
        }
        Ok(States(list))
    }

    #[inline]
    fn fold(&mut self, more: Self) {
        States::fold(self, more);
    }

    fn into_states(self) -> impl AsRef<[State]> {
        self.0
    }
}

/// Calls a function for the plan's [`Tally`]: its table's separator and the type are its first parameters.
macro_rules! for_tally {
    ($plan:expr, $function:ident $arguments:tt) => {
        match $plan.kept[..] {
            [Kept::Rows] => for_tally!($plan, u64, $function $arguments),
            _ if $plan.kept.len() <= 2 => for_tally!($plan, States<[State; 2]>, $function $arguments),
            _ if $plan.kept.len() <= 4 => for_tally!($plan, States<[State; 4]>, $function $arguments),
            _ => for_tally!($plan, States<Vec<State>>, $function $arguments),
        }
    };
    ($plan:expr, $tally:ty, $function:ident $arguments:tt) => {
        match $plan.table.format {
            Format::Csv => $function::<CSV, $tally> $arguments,
            Format::Tsv => $function::<TSV, $tally> $arguments,
        }
    };
}

/// What the options mean for a table.
#[derive(Clone, Debug)]
struct Plan {
    table: Table,
    groups: Vec<usize>,
    kept: Vec<Kept>,
    /// Columns whose distinct values are counted.
    distinct: Vec<usize>,
    shows: Vec<Shows>,
}

impl Options {
    fn plan(&self, inputs: &[PathBuf], seen: &Inputs) -> Result<Plan> {
        let table = Table::open(&self.table, inputs, seen)?;
        let groups = match (&self.group_by, &self.aggregates) {
            (Some(columns), _) => find_all(columns, &table)?,
            (None, Some(_)) => Vec::new(),
            (None, None) => vec![0],
        };
        let count = [Wanted { function: Function::Count, column: None }];
        let wanted = self.aggregates.as_deref().unwrap_or(&count);
        let mut plan = Plan { table, groups, kept: Vec::new(), distinct: Vec::new(), shows: Vec::new() };
        for Wanted { function, column } in wanted {
            let column = column.as_ref().map(|column| column.find(&plan.table)).transpose()?;
            let shows = match (function, column) {
                (Function::Sum, Some(column)) => Shows::State(plan.keep(Kept::Sum(column))),
                (Function::Min, Some(column)) => Shows::State(plan.keep(Kept::Least(column))),
                (Function::Max, Some(column)) => Shows::State(plan.keep(Kept::Greatest(column))),
                (Function::Mean, Some(column)) => {
                    Shows::Mean(plan.keep(Kept::Sum(column)), plan.keep(Kept::NotNull(column)))
                }
                (Function::Distinct, Some(column)) => Shows::Distinct(place(&mut plan.distinct, column)),
                (Function::Count, Some(column)) => Shows::State(plan.keep(Kept::NotNull(column))),
                (_, None) => Shows::State(plan.keep(Kept::Rows)),
            };
            plan.shows.push(shows);
        }
        Ok(plan)
    }
}

/// The place of an item in a list, to which it is added where it is not there.
fn place<T: PartialEq>(list: &mut Vec<T>, item: T) -> usize {
    list.iter().position(|other| *other == item).unwrap_or_else(|| {
        list.push(item);
        list.len() - 1
    })
}

impl Plan {
    fn keep(&mut self, kept: Kept) -> usize {
        place(&mut self.kept, kept)
    }

    /// Makes a state that of a group of one row; as it is, it is nothing. In place, because a small enum that was just written is
    /// slow to copy: its parts have to reach the cache before they are read as one.
    #[inline(always)]
    fn set(&self, state: &mut State, kept: Kept, cells: &Cells<'_>, row: &[u8]) -> Result<()> {
        match kept {
            Kept::Rows => *state = State::Count(1),
            Kept::NotNull(column) => *state = State::Count(u64::from(!cells.is_null(column))),
            Kept::Sum(column) => {
                let Some(cell) = cells.value(column) else { return Ok(()) };
                match Decimal::read(cell) {
                    Some(Ok(number)) => state.set_sum(number),
                    other => return Err(self.no_sum(cell, column, other.is_some(), cells, row)),
                }
            }
            Kept::Least(column) => {
                if let Some(cell) = cells.value(column) {
                    state.set_cell(End::Least, cell);
                }
            }
            Kept::Greatest(column) => {
                if let Some(cell) = cells.value(column) {
                    state.set_cell(End::Greatest, cell);
                }
            }
        }
        Ok(())
    }

    #[cold]
    fn no_sum(&self, cell: &[u8], column: usize, is_number: bool, cells: &Cells<'_>, row: &[u8]) -> Error {
        let (column, cell) = (self.called(column), Shown(cell));
        let is_title = || cells.is_first() && (0..self.table.width).all(|at| Decimal::read(cells.get(at)).is_none());
        let what = if is_number { "has more than the 38 digits that a sum keeps" } else { "is no number" };
        let hint = if is_number {
            String::new()
        } else if self.table.names.is_none() && is_title() {
            "; the row looks like a title: if it is one, pass --header".to_owned()
        } else {
            format!("; if it stands for no value, name it with --null (now {})", Shown(&self.table.null))
        };
        wrong_line(row, format_args!("{column}: {cell} {what}"), &hint)
    }

    /// A column as messages call it.
    fn called(&self, column: usize) -> String {
        match &self.table.names {
            Some(names) => format!("column {} ({})", column + 1, String::from_utf8_lossy(&names[column])),
            None => format!("column {}", column + 1),
        }
    }

    /// Writes the line of a group.
    fn line(&self, group: &[u8], states: &[State], distinct: &[u64], line: &mut Vec<u8>) -> Result<()> {
        line.clear();
        key::write(group, self.groups.len(), line)?;
        for (at, shows) in self.shows.iter().enumerate() {
            if at > 0 || !self.groups.is_empty() {
                line.push(b'\t');
            }
            match *shows {
                Shows::Distinct(at) => line.extend_from_slice(distinct[at].to_string().as_bytes()),
                Shows::State(at) => match &states[at] {
                    State::TooLong => return Err(self.too_long(group)),
                    state => state.write(&self.table.null, line),
                },
                Shows::Mean(sum, count) => match (&states[sum], &states[count]) {
                    (State::TooLong, _) => return Err(self.too_long(group)),
                    (sum, State::Count(count @ 1..)) => {
                        let mean = sum.decimal().unwrap_or_default().mean(*count);
                        twinmill::record::ToText::write_text(&mean, line);
                    }
                    _ => line.extend_from_slice(&self.table.null),
                },
            }
        }
        Ok(())
    }

    fn too_long(&self, group: &[u8]) -> Error {
        let cells = key::decode(group, self.groups.len()).unwrap_or_default();
        let cells: Vec<String> = cells.iter().map(|cell| Shown(cell).to_string()).collect();
        Error::wrong_input(format!(
            "a sum of group {} needs more than the 38 digits that are kept; round its column, or group by more columns",
            cells.join(", ")
        ))
    }
}

/// Emits the states of each row with the key of its group. Where distinct values are counted, keys are tuples of the group and
/// of what follows: nothing for the states, or the number of a column and its value.
#[derive(Clone)]
struct Read<const SEPARATOR: u8, T> {
    cut: Cut<SEPARATOR>,
    plan: Arc<Plan>,
    group: Vec<u8>,
    whole: Vec<u8>,
    tally: PhantomData<fn() -> T>,
}

impl<const SEPARATOR: u8, T> Read<SEPARATOR, T> {
    fn new(plan: Arc<Plan>) -> Self {
        Read { cut: plan.table.cut(), plan, group: Vec::new(), whole: Vec::new(), tally: PhantomData }
    }
}

impl<const SEPARATOR: u8, T: Tally> Mapper for Read<SEPARATOR, T> {
    type Input = Rows<SEPARATOR>;
    type Key = [u8];
    type Value = T;

    #[inline]
    fn map(&mut self, row: Record<'_>, out: &mut impl Emit<[u8], T>) -> Result<()> {
        let Some(cells) = self.cut.row(&row)? else { return Ok(()) };
        let group = key::encode(&cells, &self.plan.groups, &mut self.group);
        let tally = T::of(&self.plan, &cells, &row)?;
        if self.plan.distinct.is_empty() {
            out.emit(group, tally);
            return Ok(());
        }
        encode_group(group, &mut self.whole);
        let group = self.whole.len();
        out.emit(&self.whole[..], tally);
        for (number, column) in self.plan.distinct.iter().enumerate() {
            let Some(cell) = cells.value(*column) else { continue };
            self.whole.truncate(group);
            self.whole.extend_from_slice(&(number as u32).to_be_bytes());
            self.whole.extend_from_slice(cell);
            out.emit(&self.whole[..], T::default());
        }
        Ok(())
    }
}

/// Replaces `key` by a group as the first part of a tuple.
fn encode_group(group: &[u8], key: &mut Vec<u8>) {
    key.clear();
    ToKey::<Vec<u8>>::encode_part(group, key);
}

/// Folds what is kept of a group, and counts its distinct values.
#[derive(Clone)]
struct Add<T> {
    plan: Arc<Plan>,
    distinct: Vec<u64>,
    /// The key of the record before.
    before: Vec<u8>,
    line: Vec<u8>,
    tally: PhantomData<fn() -> T>,
}

impl<T> Add<T> {
    fn new(plan: Arc<Plan>) -> Self {
        let distinct = vec![0; plan.distinct.len()];
        Add { distinct, plan, before: Vec::new(), line: Vec::new(), tally: PhantomData }
    }

    /// Counts the value that stands in a key behind its group, unless the record before had it, too.
    fn count(&mut self, group: usize, key: &[u8]) {
        let Some(number) = key.get(group..group + 4).filter(|_| *key != self.before) else { return };
        let number = u32::from_be_bytes(number.try_into().expect("four bytes"));
        self.distinct[number as usize] += 1;
        self.before.clear();
        self.before.extend_from_slice(key);
    }
}

impl<T: Tally> Reducer for Add<T> {
    type Key = [u8];
    type Value = T;
    type OutKey = [u8];
    type OutValue = ();

    fn reduce(&mut self, key: &[u8], values: &mut Values<T>, out: &mut impl Emit<[u8], ()>) -> Result<()> {
        let mut tally: Option<T> = None;
        let counts_distinct = !self.plan.distinct.is_empty();
        let group_bytes = if counts_distinct { key::group_len(key) } else { key.len() };
        self.before.clear();
        self.distinct.fill(0);
        while let Some((key, value)) = values.next_with_key() {
            if counts_distinct && key.len() > group_bytes {
                self.count(group_bytes, key);
                continue;
            }
            match &mut tally {
                Some(tally) => tally.fold(value),
                None => tally = Some(value),
            }
        }
        let states = tally.expect("what is kept of a row comes before its values").into_states();
        let group = if counts_distinct {
            let mut part = key;
            &<Vec<u8> as Key>::decode_part(&mut part)?[..]
        } else {
            key
        };
        self.plan.line(group, states.as_ref(), &self.distinct, &mut self.line)?;
        out.emit(&self.line[..], ());
        Ok(())
    }
}

impl Program for Aggregate {
    type Options = Options;

    const NAME: &'static str = "aggregate";
    const SUBJECT: &'static str = "tables";
    const ABOUT: &'static str = "Counts, exact sums, means, extremes and distinct values of the groups of a table";
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
        for_tally!(plan, run(plan, inputs, driver))
    }
}

fn run<const SEPARATOR: u8, T: Tally>(plan: Plan, inputs: &[PathBuf], mut driver: Driver) -> Result<Report> {
    let plan = Arc::new(plan);
    let job = Job::new(Aggregate::NAME, Read::<SEPARATOR, T>::new(plan.clone()), Add::<T>::new(plan.clone()));
    let job = job.combine(|tally: &mut T, more| tally.fold(more)).input(inputs);
    driver.run(&if plan.distinct.is_empty() { job } else { job.group_by_prefix(key::group_len) })?;
    driver.finish()
}

/// A group as the reference keeps it.
struct Group<T> {
    tally: T,
    distinct: Vec<HashSet<Vec<u8>>>,
}

impl Aggregate {
    fn reference(&self, options: &Options, inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
        let plan = options.plan(inputs, run.inputs())?;
        for_tally!(plan, aggregate(plan, inputs, run))
    }
}

fn aggregate<const SEPARATOR: u8, T: Tally>(plan: Plan, inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
    let (mut cut, mut scratch) = (plan.table.cut::<SEPARATOR>(), Vec::new());
    let mut groups: HashMap<Vec<u8>, Group<T>> = HashMap::new();
    run.for_each::<Rows<SEPARATOR>>(inputs, |row| {
        let Some(cells) = cut.row(&row)? else { return Ok(()) };
        let group = key::encode(&cells, &plan.groups, &mut scratch);
        let row = T::of(&plan, &cells, &row)?;
        let group = match groups.entry_ref(group) {
            EntryRef::Occupied(entry) => {
                let group = entry.into_mut();
                group.tally.fold(row);
                group
            }
            EntryRef::Vacant(entry) => {
                entry.insert(Group { tally: row, distinct: vec![HashSet::new(); plan.distinct.len()] })
            }
        };
        for (values, column) in group.distinct.iter_mut().zip(&plan.distinct) {
            if let Some(cell) = cells.value(*column) {
                values.get_or_insert_with(cell, |cell| cell.to_vec());
            }
        }
        Ok(())
    })?;
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    let (mut whole, mut line) = (Vec::new(), Vec::new());
    for (group, Group { tally, distinct }) in groups {
        let distinct: Vec<u64> = distinct.iter().map(|values| values.len() as u64).collect();
        plan.line(&group, tally.into_states().as_ref(), &distinct, &mut line)?;
        encode_group(&group, &mut whole);
        let part = run.partition(if plan.distinct.is_empty() { &group } else { &whole });
        run.write(part, &line[..], &())?;
    }
    Ok(())
}
