//! The parts of a job's own code: mappers, reducers, combiners.

use crate::error::Result;
use crate::input::InputFormat;
use crate::job::task::TaskContext;
use crate::job::values::Values;
use crate::record::{Key, ToKey, ToValue, Value};

/// Takes the records that mappers and reducers produce.
pub trait Emit<K: Key + ?Sized, V: Value + ?Sized> {
    /// Emits a record: a key and a value, references to them, or their borrowed forms, such as a `&str` for a `String`.
    /// An error on the way (a full disk) ends the task after the current record.
    fn emit<Q, W>(&mut self, key: Q, value: W)
    where
        Q: ToKey<K>,
        W: ToValue<V>;

    /// Adds `n` to the user counter `name` of `group`, which the report shows.
    fn count(&mut self, group: &'static str, name: &'static str, n: u64);

    /// Adds `n` to the job's aggregate `name`, which the driver reads when the job has ended
    /// ([`Driver::aggregate`](crate::Driver::aggregate)). Unlike a counter it is not reported.
    fn aggregate(&mut self, name: &'static str, n: u64);
}

/// Turns input records into intermediate records.
pub trait Mapper: Clone + Send + Sync {
    /// The format that finds records in the input: [`Lines`](crate::Lines), [`FixedLength`](crate::FixedLength),
    /// [`Pairs`](crate::Pairs) or one of your own.
    type Input: InputFormat;
    /// Type of the emitted keys.
    type Key: Key + ?Sized;
    /// Type of the emitted values.
    type Value: Value + ?Sized;

    /// Called once before the first record of a task.
    ///
    /// # Errors
    /// Whatever stops the task.
    fn setup(&mut self, _task: &TaskContext) -> Result<()> {
        Ok(())
    }

    /// Called for each record.
    ///
    /// # Errors
    /// Whatever stops the task; [`Error::user`](crate::Error::user) wraps a message or any error. The record's file and
    /// offset are added.
    fn map(
        &mut self,
        record: <Self::Input as InputFormat>::Record<'_>,
        out: &mut impl Emit<Self::Key, Self::Value>,
    ) -> Result<()>;

    /// Called once after the last record of a task.
    ///
    /// # Errors
    /// Whatever stops the task.
    fn finish(&mut self, _out: &mut impl Emit<Self::Key, Self::Value>) -> Result<()> {
        Ok(())
    }
}

/// Turns groups of intermediate records into output records.
pub trait Reducer: Clone + Send + Sync {
    /// Type of the intermediate keys.
    type Key: Key + ?Sized;
    /// Type of the intermediate values.
    type Value: Value + ?Sized;
    /// Type of the output keys.
    type OutKey: Key + ?Sized;
    /// Type of the output values.
    type OutValue: Value + ?Sized;

    /// Called once before the first group of a task.
    ///
    /// # Errors
    /// Whatever stops the task.
    fn setup(&mut self, _task: &TaskContext) -> Result<()> {
        Ok(())
    }

    /// Called for each group, in key order. `key` is the first key of the group. Values come in key order, equal keys in
    /// the order of the input.
    ///
    /// # Errors
    /// Whatever stops the task.
    fn reduce(
        &mut self,
        key: <Self::Key as Key>::Ref<'_>,
        values: &mut Values<'_, Self::Value>,
        out: &mut impl Emit<Self::OutKey, Self::OutValue>,
    ) -> Result<()>;

    /// Called once after the last group of a task.
    ///
    /// # Errors
    /// Whatever stops the task.
    fn finish(&mut self, _out: &mut impl Emit<Self::OutKey, Self::OutValue>) -> Result<()> {
        Ok(())
    }
}

/// Folds values of one key into one, on the map side and in merges, any number of times.
///
/// The result must not depend on how the values are grouped: integer sums, minima and sets do, sums of floats do not.
/// Closures `Fn(&mut V, V)` are combiners.
pub trait Combiner<V>: Clone + Send + Sync {
    /// Folds `value` into `accumulator`.
    fn combine(&self, accumulator: &mut V, value: V);
}

impl<V, F: Fn(&mut V, V) + Clone + Send + Sync> Combiner<V> for F {
    #[inline(always)]
    fn combine(&self, accumulator: &mut V, value: V) {
        self(accumulator, value);
    }
}

/// The format of output files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OutputFormat {
    /// `key TAB value NEWLINE`; no TAB where key or value is null (Hadoop's `TextOutputFormat`).
    #[default]
    Text,
    /// Text of key and value with nothing between or after them.
    Raw,
}
