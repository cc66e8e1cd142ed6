//! Sums over a table that do not depend on the number of tasks, and the output of models that are made of them.

use std::marker::PhantomData;

use twinmill::prelude::*;
use twinmill::record::{ToText, ToValue, Value};
use twinmill::reference::ReferenceRun;

use crate::jobs::table::numbers::{ParseRows, Rows};

/// Adds numbers in a fixed order, in as many lanes as the widest processors have.
pub fn sum(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    const LANES: usize = 8;
    let mut lanes = [0.0; LANES];
    for (i, value) in values.enumerate() {
        lanes[i % LANES] += value;
    }
    lanes.iter().sum()
}

/// A sum over all blocks of a table, with a vector for each block.
pub trait BlockSums: Clone + Send + Sync + 'static {
    /// The vector of one block.
    fn of_block(&mut self, rows: &Rows) -> Vec<f64>;

    /// Takes the vector of the next block into the total of those before it, which is empty at first: adds number by number
    /// unless it is written to do otherwise.
    fn join(total: &mut Vec<f64>, vector: &[f64]) {
        total.resize(vector.len(), 0.0);
        total.iter_mut().zip(vector).for_each(|(total, value)| *total += value);
    }
}

/// Any [`BlockSums`]: they are asked once a block, so the job that asks them is compiled once for all models.
pub trait AnySums: Send + Sync {
    /// The vector of one block.
    fn of_block(&mut self, rows: &Rows) -> Vec<f64>;
    /// A copy for another task.
    fn boxed(&self) -> Box<dyn AnySums>;
}

impl<S: BlockSums> AnySums for S {
    fn of_block(&mut self, rows: &Rows) -> Vec<f64> {
        BlockSums::of_block(self, rows)
    }

    fn boxed(&self) -> Box<dyn AnySums> {
        Box::new(self.clone())
    }
}

/// Emits the vector of each block.
struct EachBlock(Box<dyn AnySums>);

impl Clone for EachBlock {
    fn clone(&self) -> Self {
        EachBlock(self.0.boxed())
    }
}

impl Mapper for EachBlock {
    type Input = Blocks<ParseRows>;
    type Key = ();
    type Value = Vec<f64>;

    fn map(&mut self, rows: &Rows, out: &mut impl Emit<(), Vec<f64>>) -> Result<()> {
        out.emit((), self.0.of_block(rows));
        Ok(())
    }
}

/// The way to take the vector of the next block into the total: [`BlockSums::join`].
pub type Join = fn(&mut Vec<f64>, &[f64]);

/// Joins vectors in the order of the input.
#[derive(Clone)]
struct JoinBlocks(Join);

impl Reducer for JoinBlocks {
    type Key = ();
    type Value = Vec<f64>;
    type OutKey = ();
    type OutValue = Vec<f64>;

    fn reduce(&mut self, _: (), vectors: &mut Values<Vec<f64>>, out: &mut impl Emit<(), Vec<f64>>) -> Result<()> {
        let (join, mut total) = (self.0, Vec::new());
        vectors.for_each(|vector| join(&mut total, &vector));
        out.emit((), total);
        Ok(())
    }
}

/// Adds vectors over a table, on the framework or without it.
pub trait Table {
    /// The total of the vectors of all blocks; empty where there are none.
    ///
    /// # Errors
    /// Those of reading the table.
    fn total(&mut self, sums: Box<dyn AnySums>, join: Join) -> Result<Vec<f64>>;
}

impl dyn Table + '_ {
    /// The sum of the vectors of all blocks.
    ///
    /// # Errors
    /// Those of reading the table; a table without rows.
    pub fn add_up<S: BlockSums>(&mut self, sums: S) -> Result<Vec<f64>> {
        total_of_rows(self.total(Box::new(sums), S::join)?)
    }
}

/// Returns the total, or an error where there was nothing to add up.
fn total_of_rows(total: Vec<f64>) -> Result<Vec<f64>> {
    if total.is_empty() { Err(Error::user("the input has no rows that can be read")) } else { Ok(total) }
}

/// A table that a driver's jobs read.
pub struct BlockTable<'d> {
    pub name: &'static str,
    pub driver: &'d mut Driver,
    pub rows: &'d Invariant<ParseRows>,
}

impl Table for BlockTable<'_> {
    fn total(&mut self, sums: Box<dyn AnySums>, join: Join) -> Result<Vec<f64>> {
        let job = Job::new(self.name, EachBlock(sums), JoinBlocks(join)).input(self.rows).reducers(1);
        let mut total = Vec::new();
        self.driver.run_to_dataset(&job)?.for_each(|(), sum| {
            total = sum;
            Ok(())
        })?;
        Ok(total)
    }
}

/// A table in memory, for the references.
pub struct Parsed(pub Vec<Rows>);

impl Table for Parsed {
    fn total(&mut self, mut sums: Box<dyn AnySums>, join: Join) -> Result<Vec<f64>> {
        let mut total = Vec::new();
        self.0.iter().for_each(|rows| join(&mut total, &sums.of_block(rows)));
        Ok(total)
    }
}

/// Writes a model, a record a line, in the order of the numbers in front.
struct Line<V>(PhantomData<fn() -> V>);

impl<V> Clone for Line<V> {
    fn clone(&self) -> Self {
        Line(PhantomData)
    }
}

impl<V: for<'a> Value<Ref<'a> = V> + ToValue<V>> Mapper for Line<V> {
    type Input = Pairs<u32, V>;
    type Key = u32;
    type Value = V;

    fn map(&mut self, (number, value): (u32, V), out: &mut impl Emit<u32, V>) -> Result<()> {
        out.emit(number, value);
        Ok(())
    }
}

impl<V: for<'a> Value<Ref<'a> = V> + ToValue<V>> Reducer for Line<V> {
    type Key = u32;
    type Value = V;
    type OutKey = u32;
    type OutValue = V;

    fn reduce(&mut self, number: u32, values: &mut Values<V>, out: &mut impl Emit<u32, V>) -> Result<()> {
        values.for_each(|value| out.emit(number, value));
        Ok(())
    }
}

/// Writes a model as the output: number TAB value, numbered from 0.
pub fn write_model<V>(driver: &mut Driver, name: &str, model: Vec<V>) -> Result<()>
where
    V: for<'a> Value<Ref<'a> = V> + ToValue<V>,
{
    write_numbered(driver, name, 0, model)
}

/// Writes a model as the output of a reference, as [`write_numbered`] does.
pub fn write_numbered_by_reference<V: ToText>(run: &mut ReferenceRun, first: u32, model: &[V]) -> Result<()> {
    let parts = TotalOrderPartitioner::of_numbers(first + model.len() as u32, run.reducers());
    for (number, value) in (first..).zip(model) {
        run.write(parts.partition(&number.to_be_bytes(), run.reducers()), &number, value)?;
    }
    Ok(())
}

/// Writes a model as the output: number TAB value, numbered from `first`.
pub fn write_numbered<V>(driver: &mut Driver, name: &str, first: u32, model: Vec<V>) -> Result<()>
where
    V: for<'a> Value<Ref<'a> = V> + ToValue<V>,
{
    let numbers = first + model.len() as u32;
    let parts = TotalOrderPartitioner::of_numbers(numbers, driver.config().reducers.max(1));
    let records = (first..).zip(model);
    let model: Dataset<u32, V> = driver.parallelize(records)?;
    let job = Job::new(name, Line::<V>(PhantomData), Line(PhantomData)).input(&model);
    driver.run(&job.partition_by(parts))
}
