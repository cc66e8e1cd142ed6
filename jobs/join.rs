//! Join: the rows of two tables that have the same key, side by side.
//!
//! ```text
//! orders   c1,lamp    ─ map ─▶  c1 │ left   ⇥ c1 lamp  ┐            c1: Ines, Lisbon
//!          c2,vase    ─ map ─▶  c2 │ left   ⇥ c2 vase  ├ shuffle ─▶     lamp ─▶ c1 ⇥ lamp ⇥ Ines ⇥ Lisbon
//! people   c1,Ines,…  ─ map ─▶  c1 │ right  ⇥ Ines …   ┘            c2: vase has no match
//! ```
//!
//! `--strategy shuffle` has a mapper for each table and sends both through the shuffle. A secondary sort puts the right rows of a
//! key before its left ones, so that the reducer keeps the right rows and lets the left ones pass by, one at a time: a key with
//! half of all left rows takes no memory. Right rows are kept in a [spool](twinmill::Spool), which goes to a file where a key has
//! very many of them.
//!
//! `--strategy broadcast` is for a right table that fits memory: it is read first and given to all tasks. Its rows are not
//! shuffled, nor are left rows that have no match where those are not wanted. What remains of the shuffle brings the left rows into
//! the order of their keys, so the output has the same bytes.
//!
//! Keys are the same if their bytes are. A null in a key matches nothing, not even a null. For each key come its left rows in the
//! order of the input, each with its matches in theirs. A right row without a match has its key in the left table's columns, and
//! nulls in the others.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use hashbrown::HashMap;
use twinmill::check::LineOrder;
use twinmill::generate::{Kind, Shape};
use twinmill::prelude::*;
use twinmill::program::{Program, Reference};
use twinmill::record::{Key, ToKey};
use twinmill::reference::ReferenceRun;
use twinmill::{HashPartitioner, Held, Rows, Spool};

use crate::jobs::table::cells::{Cells, Cut, write_cell};
use crate::jobs::table::columns::Column;
use crate::jobs::table::{Table, TableOptions, for_format, key};

pub struct Join;

#[derive(clap::Args)]
pub struct Options {
    /// The left table: a file or a directory [default: the first input]
    #[arg(long, value_name = "PATH", requires = "right")]
    left: Option<PathBuf>,
    /// The right table: a file or a directory [default: the second input]
    #[arg(long, value_name = "PATH", requires = "left")]
    right: Option<PathBuf>,
    /// The columns that must be the same, of the left and of the right table, by number from 1 or by name: A=B, or A where both
    /// are called so
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "1")]
    on: Vec<On>,
    /// The rows of the output: pairs only (inner); with left, right or all rows that have no match; left rows that have one
    /// (semi) or none (anti)
    #[arg(long, value_enum, default_value_t = How::Inner)]
    how: How,
    /// Send both tables through the shuffle, or give all of the right one to each task
    #[arg(long, value_enum, default_value_t = Strategy::Shuffle)]
    strategy: Strategy,
    #[command(flatten)]
    table: TableOptions,
}

/// The rows of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum How {
    Inner,
    Left,
    Right,
    Full,
    Semi,
    Anti,
}

impl How {
    /// Whether left rows that have no match are in the output.
    fn shows_lonely_left(self) -> bool {
        matches!(self, How::Left | How::Full | How::Anti)
    }

    fn shows_lonely_right(self) -> bool {
        matches!(self, How::Right | How::Full)
    }

    /// Whether left rows come with each of their matches.
    fn shows_pairs(self) -> bool {
        !matches!(self, How::Semi | How::Anti)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Strategy {
    Shuffle,
    Broadcast,
}

/// Columns that must be the same, as they are written: `origin=faa`.
#[derive(Clone, Debug)]
struct On {
    left: Column,
    right: Column,
}

impl FromStr for On {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (left, right) = text.split_once('=').unwrap_or((text, text));
        Ok(On { left: left.parse()?, right: right.parse()? })
    }
}

/// A side of the join.
#[derive(Clone, Debug)]
struct Side {
    table: Table,
    key: Vec<usize>,
    /// The columns of the output.
    columns: Vec<usize>,
}

/// What the options mean for two tables.
#[derive(Clone, Debug)]
struct Plan {
    left: Side,
    right: Side,
    how: How,
    /// The right columns of a left row that has no match.
    nulls: Vec<u8>,
}

impl Options {
    fn plan(&self, inputs: &[PathBuf], seen: &Inputs) -> Result<Plan> {
        let [left, right] = inputs else {
            let found = inputs.len();
            return Err(Error::Config(format!(
                "a join is of two tables: name them with --left and --right; there {}",
                if found == 1 { "is one input".into() } else { format!("are {found} inputs") }
            )));
        };
        let paths = |path: &PathBuf| [path.clone()];
        let [left, right] = Table::open_all(&self.table, [&paths(left), &paths(right)], seen)?;
        let (mut left_key, mut right_key) = (Vec::new(), Vec::new());
        for on in &self.on {
            left_key.push(on.left.find(&left)?);
            right_key.push(on.right.find(&right)?);
        }
        let columns: Vec<usize> = (0..right.width).filter(|column| !right_key.contains(column)).collect();
        let mut nulls = Vec::new();
        for at in 0..columns.len() {
            if at > 0 {
                nulls.push(b'\t');
            }
            write_cell(&right.null, &mut nulls);
        }
        let left = Side { columns: (0..left.width).collect(), key: left_key, table: left };
        Ok(Plan { left, right: Side { table: right, key: right_key, columns }, how: self.how, nulls })
    }
}

/// Whether the key of a row may match: it has no null.
fn may_match(cells: &Cells<'_>, key: &[usize]) -> bool {
    !key.iter().any(|column| cells.is_null(*column))
}

impl Plan {
    /// Puts the line of a pair together.
    fn pair(&self, left: &[u8], right: &[u8], line: &mut Vec<u8>) {
        line.clear();
        line.extend_from_slice(left);
        if !self.right.columns.is_empty() {
            line.push(b'\t');
            line.extend_from_slice(right);
        }
    }

    /// Puts the line of a left row without a match together.
    fn lonely_left(&self, left: &[u8], line: &mut Vec<u8>) {
        if self.how.shows_pairs() {
            self.pair(left, &self.nulls, line);
        } else {
            line.clear();
            line.extend_from_slice(left);
        }
    }

    /// Puts the left columns of a right row without a match together.
    fn left_of_lonely_right(&self, key: &[u8], left: &mut Vec<u8>) -> Result<()> {
        left.clear();
        let cells = key::decode(key, self.left.key.len())?;
        for column in 0..self.left.table.width {
            if column > 0 {
                left.push(b'\t');
            }
            match self.left.key.iter().position(|key| *key == column) {
                Some(at) => write_cell(&cells[at], left),
                None => write_cell(&self.left.table.null, left),
            }
        }
        Ok(())
    }
}

/// What follows the key in the shuffle: the order of the rows of one key.
const RIGHT: u8 = 0;
const LEFT: u8 = 1;
/// Rows whose key has a null, and so no match: they come after left ones that have no match either.
const LONELY_RIGHT: u8 = 2;
const LONELY_LEFT: u8 = 1;

/// Emits the rows of one side with their keys.
#[derive(Clone)]
struct ReadSide<const SEPARATOR: u8> {
    plan: Arc<Plan>,
    is_left: bool,
    /// The right table, where tasks have it.
    broadcast: Option<Arc<Broadcast>>,
    cut: Cut<SEPARATOR>,
    /// Whether the key of the last row has no null.
    may_match: bool,
    part: Vec<u8>,
    key: Vec<u8>,
    line: Vec<u8>,
}

impl<const SEPARATOR: u8> ReadSide<SEPARATOR> {
    fn left(plan: &Arc<Plan>) -> Self {
        Self::new(plan, &plan.left, true)
    }

    fn right(plan: &Arc<Plan>) -> Self {
        Self::new(plan, &plan.right, false)
    }

    fn new(plan: &Arc<Plan>, side: &Side, is_left: bool) -> Self {
        let (part, key, line) = (Vec::new(), Vec::new(), Vec::new());
        let (plan, cut) = (plan.clone(), side.table.cut());
        ReadSide { plan, is_left, broadcast: None, cut, may_match: false, part, key, line }
    }

    /// Puts a row into `may_match`, `key` (its key in the shuffle) and `line`; returns whether it may be in the output.
    #[inline]
    fn read(&mut self, row: &Record<'_>) -> Result<bool> {
        let Some(cells) = self.cut.row(row)? else { return Ok(false) };
        let (how, side) = (self.plan.how, if self.is_left { &self.plan.left } else { &self.plan.right });
        let may_match = may_match(&cells, &side.key);
        self.may_match = may_match;
        let shows_lonely = if self.is_left { how.shows_lonely_left() } else { how.shows_lonely_right() };
        if !may_match && !shows_lonely {
            return Ok(false);
        }
        let part = key::encode(&cells, &side.key, &mut self.part);
        if let Some(broadcast) = &self.broadcast
            && !shows_lonely
            && broadcast.rows_of(part).is_none()
        {
            return Ok(false);
        }
        self.key.clear();
        ToKey::<Vec<u8>>::encode_part(part, &mut self.key);
        self.key.push(match (self.is_left, may_match) {
            (true, true) => LEFT,
            (true, false) => LONELY_LEFT,
            (false, true) => RIGHT,
            (false, false) => LONELY_RIGHT,
        });
        self.line.clear();
        if self.is_left || how.shows_pairs() {
            cells.write(&side.columns, &mut self.line);
        }
        Ok(true)
    }
}

impl<const SEPARATOR: u8> Mapper for ReadSide<SEPARATOR> {
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

/// The beginning and end of a row in a text.
type Place = (usize, usize);

/// The right table, sorted by key.
#[derive(Debug, Default)]
struct Broadcast {
    text: Vec<u8>,
    rows: Vec<Place>,
    keys: Vec<KeyOfRight>,
    /// The place of each key that may match among the keys.
    places: HashMap<Vec<u8>, usize>,
}

/// A key of the right table.
#[derive(Debug)]
struct KeyOfRight {
    /// Its encoding as the first part of a tuple.
    part: Vec<u8>,
    may_match: bool,
    /// Its rows.
    from: usize,
    to: usize,
}

impl Broadcast {
    /// Takes rows with their keys in the shuffle. What they take is counted in the memory budget, and may be so many bytes.
    fn of(rows: &Dataset<[u8], [u8]>, most_bytes: u64, held: &mut Held) -> Result<Self> {
        let (mut all, mut text) = (Vec::<(Vec<u8>, Place)>::new(), Vec::new());
        let mut bytes = 0;
        rows.for_each(|key, line| {
            bytes += Self::most_bytes_of_a_row(key, line);
            if bytes > most_bytes || held.grow_to(bytes).is_err() {
                return Err(Error::user(
                    "the right table does not fit half of --memory; take --strategy shuffle, or give the smaller table as \
                     the right one",
                ));
            }
            let start = text.len();
            text.extend_from_slice(line);
            all.push((key.to_vec(), (start, text.len())));
            Ok(())
        })?;
        all.sort_by(|(one, _), (other, _)| one.cmp(other));
        let mut broadcast = Broadcast { text, ..Broadcast::default() };
        for (whole, row) in all {
            let (part, tag) = whole.split_at(key::group_len(&whole));
            let at = broadcast.rows.len();
            broadcast.rows.push(row);
            match broadcast.keys.last_mut() {
                Some(last) if last.part == part => last.to = at + 1,
                _ => {
                    let may_match = tag == [RIGHT];
                    if may_match {
                        broadcast.places.insert(<Vec<u8> as Key>::decode_part(&mut &part[..])?, broadcast.keys.len());
                    }
                    broadcast.keys.push(KeyOfRight { part: part.to_vec(), may_match, from: at, to: at + 1 });
                }
            }
        }
        Ok(broadcast)
    }

    /// Most bytes that a row takes while the table is made: lists and texts that grow may have twice their length.
    fn most_bytes_of_a_row(key: &[u8], line: &[u8]) -> u64 {
        let in_lists = 2 * size_of::<(Vec<u8>, Place)>() + 2 * size_of::<Place>();
        let of_a_key = 2 * size_of::<KeyOfRight>() + 2 * size_of::<(Vec<u8>, usize)>() + 2;
        (3 * key.len() + 2 * line.len() + in_lists + of_a_key) as u64
    }

    /// The place of a key that has rows that match.
    fn rows_of(&self, key: &[u8]) -> Option<usize> {
        self.places.get(key).copied()
    }

    fn for_each(&self, key: &KeyOfRight, mut each: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        self.rows[key.from..key.to].iter().try_for_each(|(start, end)| each(&self.text[*start..*end]))
    }
}

/// Pairs the rows of a key, of which the right ones come first.
#[derive(Clone)]
struct Pair {
    plan: Arc<Plan>,
    right: Spool,
    line: Vec<u8>,
    left: Vec<u8>,
}

impl Pair {
    fn new(plan: Arc<Plan>) -> Self {
        Pair { plan, right: Spool::default(), line: Vec::new(), left: Vec::new() }
    }
}

impl Reducer for Pair {
    type Key = [u8];
    type Value = [u8];
    type OutKey = [u8];
    type OutValue = ();

    fn setup(&mut self, task: &TaskContext) -> Result<()> {
        self.right = task.spool();
        Ok(())
    }

    fn reduce(&mut self, key: &[u8], rows: &mut Values<[u8]>, out: &mut impl Emit<[u8], ()>) -> Result<()> {
        let Pair { plan, right, line, left } = self;
        let how = plan.how;
        right.clear();
        let mut has_left = false;
        plan.left_of_lonely_right(&<Vec<u8> as Key>::decode_part(&mut &key[..])?, left)?;
        while let Some((key, row)) = rows.next_with_key() {
            match key.last() {
                // Whether there is a match is all that semi and anti joins ask.
                Some(&RIGHT) if how.shows_pairs() || right.is_empty() => right.push(row)?,
                Some(&RIGHT) => {}
                Some(&LONELY_RIGHT) => {
                    plan.pair(left, row, line);
                    out.emit(&line[..], ());
                }
                _ if right.is_empty() => {
                    has_left = true;
                    if how.shows_lonely_left() {
                        plan.lonely_left(row, line);
                        out.emit(&line[..], ());
                    }
                }
                _ => {
                    has_left = true;
                    if how.shows_pairs() {
                        right.for_each(|right| {
                            plan.pair(row, right, line);
                            out.emit(&line[..], ());
                            Ok(())
                        })?;
                    } else if how == How::Semi {
                        out.emit(row, ());
                    }
                }
            }
        }
        if !has_left && how.shows_lonely_right() {
            right.for_each(|right| {
                plan.pair(left, right, line);
                out.emit(&line[..], ());
                Ok(())
            })?;
        }
        Ok(())
    }
}

/// Pairs the left rows of a key with those of the right table that the task has.
#[derive(Clone)]
struct PairWithTable {
    plan: Arc<Plan>,
    table: Arc<Broadcast>,
    task: u32,
    reducers: u32,
    /// The first key of the table that was not passed by.
    next: usize,
    line: Vec<u8>,
    left: Vec<u8>,
}

impl PairWithTable {
    fn new(plan: Arc<Plan>, table: Arc<Broadcast>) -> Self {
        PairWithTable { plan, table, task: 0, reducers: 1, next: 0, line: Vec::new(), left: Vec::new() }
    }

    /// Emits the rows of a key of the table that no left row has.
    fn lonely_right(&mut self, key: &KeyOfRight, out: &mut impl Emit<[u8], ()>) -> Result<()> {
        let PairWithTable { plan, table, line, left, .. } = self;
        plan.left_of_lonely_right(&<Vec<u8> as Key>::decode_part(&mut &key.part[..])?, left)?;
        table.for_each(key, |right| {
            plan.pair(left, right, line);
            out.emit(&line[..], ());
            Ok(())
        })
    }

    /// Emits the rows of this reducer's keys of the table that come before `part`, or of all that are left.
    fn pass_by(&mut self, part: Option<&[u8]>, out: &mut impl Emit<[u8], ()>) -> Result<()> {
        if !self.plan.how.shows_lonely_right() {
            return Ok(());
        }
        let table = self.table.clone();
        while let Some(key) = table.keys.get(self.next).filter(|key| part.is_none_or(|part| &key.part[..] < part)) {
            self.next += 1;
            if HashPartitioner::default().partition(&key.part, self.reducers) == self.task {
                self.lonely_right(key, out)?;
            }
        }
        Ok(())
    }
}

impl Reducer for PairWithTable {
    type Key = [u8];
    type Value = [u8];
    type OutKey = [u8];
    type OutValue = ();

    fn setup(&mut self, task: &TaskContext) -> Result<()> {
        (self.task, self.reducers) = (task.index, task.reducers);
        Ok(())
    }

    fn reduce(&mut self, key: &[u8], rows: &mut Values<[u8]>, out: &mut impl Emit<[u8], ()>) -> Result<()> {
        let part = &key[..key::group_len(key)];
        self.pass_by(Some(part), out)?;
        let table = self.table.clone();
        let of_table = table.rows_of(&<Vec<u8> as Key>::decode_part(&mut &part[..])?).map(|at| &table.keys[at]);
        while let Some(row) = rows.next() {
            match of_table {
                None if self.plan.how.shows_lonely_left() => {
                    self.plan.lonely_left(row, &mut self.line);
                    out.emit(&self.line[..], ());
                }
                None => {}
                Some(of_table) if self.plan.how.shows_pairs() => table.for_each(of_table, |right| {
                    self.plan.pair(row, right, &mut self.line);
                    out.emit(&self.line[..], ());
                    Ok(())
                })?,
                Some(_) if self.plan.how == How::Semi => out.emit(row, ()),
                Some(_) => {}
            }
        }
        if let Some(key) = table.keys.get(self.next).filter(|key| key.part == part) {
            self.next += 1;
            if !key.may_match && self.plan.how.shows_lonely_right() {
                self.lonely_right(key, out)?;
            }
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut impl Emit<[u8], ()>) -> Result<()> {
        self.pass_by(None, out)
    }
}

impl Program for Join {
    type Options = Options;

    const NAME: &'static str = "join";
    const SUBJECT: &'static str = "tables";
    const ABOUT: &'static str = "The rows of two tables that have the same key, side by side";
    const REFERENCE: Option<Reference<Self>> = Some(Self::reference);

    fn default_input(&self) -> Option<(Kind, Shape)> {
        Some((Kind::Orders, Shape::bytes(128 << 20)))
    }

    fn further_default_inputs(&self) -> Vec<(Kind, Shape)> {
        vec![(Kind::Customers, Shape::records(100_000))]
    }

    fn named_inputs(&self, options: &Options) -> Vec<(&'static str, PathBuf)> {
        let named = [("left", &options.left), ("right", &options.right)];
        named.into_iter().filter_map(|(option, path)| Some((option, path.clone()?))).collect()
    }

    fn line_order(&self, options: &Options) -> LineOrder {
        options.table.line_order()
    }

    fn run(&self, options: &Options, inputs: &[PathBuf], session: &Session) -> Result<Report> {
        let driver = Driver::start(Self::NAME, session)?;
        let plan = Arc::new(options.plan(inputs, driver.inputs())?);
        match options.strategy {
            Strategy::Shuffle => for_format!(plan.left.table.format, shuffle(plan, inputs, driver)),
            Strategy::Broadcast => for_format!(plan.left.table.format, broadcast(plan, inputs, driver)),
        }
    }
}

fn shuffle<const SEPARATOR: u8>(plan: Arc<Plan>, inputs: &[PathBuf], mut driver: Driver) -> Result<Report> {
    let sides = (ReadSide::<SEPARATOR>::left(&plan), ReadSide::<SEPARATOR>::right(&plan));
    let job = Job::new(Join::NAME, sides, Pair::new(plan)).group_by_prefix(key::group_len);
    driver.run(&job.input(&inputs[0]).input(&inputs[1]))?;
    driver.finish()
}

fn broadcast<const SEPARATOR: u8>(plan: Arc<Plan>, inputs: &[PathBuf], mut driver: Driver) -> Result<Report> {
    let right = Job::map_only("join-right", ReadSide::<SEPARATOR>::right(&plan)).input(&inputs[1]);
    let rows = driver.run_to_dataset(&right)?;
    let mut held = driver.hold(0, "the right table")?;
    let table = Arc::new(Broadcast::of(&rows, driver.config().memory_bytes / 2, &mut held)?);
    drop(rows);
    let left = ReadSide::<SEPARATOR> { broadcast: Some(table.clone()), ..ReadSide::left(&plan) };
    let job = Job::new(Join::NAME, left, PairWithTable::new(plan, table)).group_by_prefix(key::group_len);
    driver.run(&job.input(&inputs[0]))?;
    driver.finish()
}

impl Join {
    fn reference(&self, options: &Options, inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
        let plan = Arc::new(options.plan(inputs, run.inputs())?);
        for_format!(plan.left.table.format, hash_join(plan, inputs, run))
    }
}

/// The rows of one key, as places in the text of their side.
#[derive(Default)]
struct Matches {
    left: Vec<Place>,
    right: Vec<Place>,
    may_match: bool,
}

fn hash_join<const SEPARATOR: u8>(plan: Arc<Plan>, inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
    let mut text = Vec::new();
    let mut keys: HashMap<Vec<u8>, Matches> = HashMap::new();
    let mut read = |side: &mut ReadSide<SEPARATOR>, input: &PathBuf| {
        run.for_each::<Rows<SEPARATOR>>(std::slice::from_ref(input), |row| {
            if side.read(&row)? {
                let matches = keys.entry_ref(&side.key[..key::group_len(&side.key)]).or_default();
                // All rows of one key have nulls in it, or none has.
                matches.may_match = side.may_match;
                let rows = if side.is_left { &mut matches.left } else { &mut matches.right };
                rows.push((text.len(), text.len() + side.line.len()));
                text.extend_from_slice(&side.line);
            }
            Ok(())
        })
    };
    read(&mut ReadSide::right(&plan), &inputs[1])?;
    read(&mut ReadSide::left(&plan), &inputs[0])?;
    let mut keys: Vec<_> = keys.into_iter().collect();
    keys.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    let (mut line, mut nulls) = (Vec::new(), Vec::new());
    for (key, Matches { left, right, may_match }) in &keys {
        let part = run.partition(key);
        let is_pair = *may_match && !right.is_empty() && !left.is_empty();
        for (start, end) in left {
            let left = &text[*start..*end];
            if !is_pair && plan.how.shows_lonely_left() {
                plan.lonely_left(left, &mut line);
                run.write(part, &line[..], &())?;
            } else if is_pair && plan.how.shows_pairs() {
                for (start, end) in right {
                    plan.pair(left, &text[*start..*end], &mut line);
                    run.write(part, &line[..], &())?;
                }
            } else if is_pair && plan.how == How::Semi {
                run.write(part, left, &())?;
            }
        }
        if !is_pair && plan.how.shows_lonely_right() {
            plan.left_of_lonely_right(&<Vec<u8> as Key>::decode_part(&mut &key[..])?, &mut nulls)?;
            for (start, end) in right {
                plan.pair(&nulls, &text[*start..*end], &mut line);
                run.write(part, &line[..], &())?;
            }
        }
    }
    Ok(())
}
