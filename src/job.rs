//! The user's contract: mappers, reducers, combiners, partitioners, and the [`Job`] that puts them together.
//!
//! A mapper or reducer is a small type. Every task attempt works on its own clone of it, so fields are task state (an
//! in-mapper combiner's table, a connection); side data that all tasks read goes into an `Arc`. Types are fixed by the
//! traits and bytes are used below them, and everything is monomorphised: emitting a record is a direct call.

use crate::error::Result;
use crate::input::{Input, InputFormat};
use crate::observe::report::Report;
use crate::pipeline::collect::{CollectWith, combining::CombiningBuffer, sort_buffer::SortBuffer};
use crate::pipeline::map::MapSide;
use crate::pipeline::reduce::{ReduceSide, Values};
use crate::record::key::first_part_len;
use crate::record::prefix::prefix;
use crate::record::{Key, ToKey, ToValue, Value};
use crate::runtime::driver::Driver;
use crate::runtime::session::Session;
pub use crate::runtime::task::TaskContext;

/// Where mappers and reducers put what they produce.
pub trait Emit<K: Key + ?Sized, V: Value + ?Sized> {
    /// Emits a record: a key and a value, references to them, or what they would borrow, such as a `&str` for a `String`.
    /// What goes wrong on the way (a full disk) ends the task after the current record.
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
    /// How records are found in the input: [`Lines`](crate::Lines), [`FixedLength`](crate::FixedLength),
    /// [`Pairs`](crate::Pairs) or one's own.
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

/// Chooses the reducer of a key. Closures `Fn(&[u8], u32) -> u32` are partitioners, too.
///
/// ```
/// use twinmill::prelude::*;
///
/// # let dir = tempfile::tempdir().unwrap();
/// # let (input, output) = (dir.path().join("input"), dir.path().join("output"));
/// # std::fs::write(&input, "to be or not to be").unwrap();
/// let by_first_letter = |key: &[u8], reducers: u32| match key.first() {
///     Some(b'a'..=b'n') => 0,
///     _ => reducers - 1,
/// };
/// let job = Job::new("wordcount", Words, Sum).partition_by(by_first_letter).input(&input);
/// job.run(&JobConfig::new(Mode::Memory).reducers(2).output(&output))?;
/// assert_eq!(std::fs::read_to_string(output.join("part-r-00000")).unwrap(), "be\t2\nnot\t1\n");
/// assert_eq!(std::fs::read_to_string(output.join("part-r-00001")).unwrap(), "or\t1\nto\t2\n");
/// # Ok::<(), Error>(())
/// ```
pub trait Partitioner: Clone + Send + Sync {
    /// The partition, below `reducers`, of a key's [encoding](crate::record::key).
    fn partition(&self, key: &[u8], reducers: u32) -> u32;
}

impl<F: Fn(&[u8], u32) -> u32 + Clone + Send + Sync> Partitioner for F {
    #[inline(always)]
    fn partition(&self, key: &[u8], reducers: u32) -> u32 {
        self(key, reducers)
    }
}

/// Bytes at the front of an encoded key that records of one group share.
pub type GroupingPrefix = fn(&[u8]) -> usize;

/// Spreads keys evenly and always the same way: XXH3-64 of the key, or of its grouping prefix.
#[derive(Clone, Copy, Debug, Default)]
pub struct HashPartitioner {
    prefix: Option<GroupingPrefix>,
}

impl Partitioner for HashPartitioner {
    #[inline(always)]
    fn partition(&self, key: &[u8], reducers: u32) -> u32 {
        if reducers <= 1 {
            return 0;
        }
        let key = self.prefix.map_or(key, |prefix| &key[..prefix(key)]);
        let hash = xxhash_rust::xxh3::xxh3_64(key);
        ((u128::from(hash) * u128::from(reducers)) >> 64) as u32
    }
}

/// Gives each reducer a range of keys, so that the parts one after another are sorted.
#[derive(Clone, Debug)]
pub struct TotalOrderPartitioner {
    /// First key of each partition but the first, ascending, behind its first bytes as a number: most keys are told
    /// apart by those.
    split_points: std::sync::Arc<[(u64, Box<[u8]>)]>,
}

impl TotalOrderPartitioner {
    /// Ranges that begin with these encoded keys, ascending, behind the first range, which begins with any key.
    pub fn from_split_points(split_points: Vec<Box<[u8]>>) -> Self {
        TotalOrderPartitioner { split_points: split_points.into_iter().map(|key| (prefix(&key), key)).collect() }
    }

    /// Ranges with as many of the numbers below `count` each.
    pub fn of_numbers(count: u32, ranges: u32) -> Self {
        let first = |range: u32| (u64::from(count) * u64::from(range) / u64::from(ranges)) as u32;
        Self::from_split_points((1..ranges).map(|range| first(range).to_be_bytes().into()).collect())
    }

    /// Chooses split points for `reducers` ranges of about equal weight from a sample of encoded keys.
    pub fn from_sample(mut sample: Vec<Box<[u8]>>, reducers: u32) -> Self {
        sample.sort_unstable();
        let ranges = u64::from(reducers.max(1));
        let point = |range| sample.get((range * sample.len() as u64 / ranges) as usize).cloned();
        let mut split_points: Vec<_> = (1..ranges).filter_map(point).collect();
        split_points.dedup();
        Self::from_split_points(split_points)
    }
}

impl Partitioner for TotalOrderPartitioner {
    #[inline(always)]
    fn partition(&self, key: &[u8], _reducers: u32) -> u32 {
        let key_prefix = prefix(key);
        let begins_before =
            |(prefix, point): &(u64, Box<[u8]>)| *prefix < key_prefix || *prefix == key_prefix && **point <= *key;
        self.split_points.partition_point(begins_before) as u32
    }
}

/// No combiner: map outputs are sorted as they are.
#[derive(Clone, Copy, Debug)]
pub struct NoCombiner;

/// A combiner in use.
#[derive(Debug)]
pub struct Combine<V, C> {
    pub(crate) combiner: C,
    value: std::marker::PhantomData<fn() -> V>,
}

impl<V, C: Clone> Clone for Combine<V, C> {
    fn clone(&self) -> Self {
        Combine { combiner: self.combiner.clone(), value: std::marker::PhantomData }
    }
}

/// How encoded values of one key become one.
pub trait Fold: Clone + Send + Sync {
    /// Whether there is a combiner at all; the rest is not called otherwise.
    const COMBINES: bool;
    /// What values of one key are folded into.
    type Accumulator;

    /// The accumulator of one value.
    ///
    /// # Errors
    /// [`Error::Codec`](crate::Error::Codec) where `value` is no encoding.
    fn decode(&self, value: &[u8]) -> Result<Self::Accumulator>;

    /// Folds an encoded value.
    ///
    /// # Errors
    /// [`Error::Codec`](crate::Error::Codec) where `value` is no encoding.
    fn fold(&self, accumulator: &mut Self::Accumulator, value: &[u8]) -> Result<()>;

    /// Appends the accumulator's encoding.
    fn encode(&self, accumulator: &Self::Accumulator, out: &mut Vec<u8>);
}

impl Fold for NoCombiner {
    const COMBINES: bool = false;
    type Accumulator = ();

    fn decode(&self, _: &[u8]) -> Result<()> {
        unreachable!("nothing is combined")
    }

    fn fold(&self, _: &mut (), _: &[u8]) -> Result<()> {
        unreachable!("nothing is combined")
    }

    fn encode(&self, _: &(), _: &mut Vec<u8>) {
        unreachable!("nothing is combined")
    }
}

impl<V: Value + ToValue<V>, C: Combiner<V>> Fold for Combine<V, C> {
    const COMBINES: bool = true;
    type Accumulator = V;

    fn decode(&self, value: &[u8]) -> Result<V> {
        V::decode_owned(value)
    }

    fn fold(&self, accumulator: &mut V, value: &[u8]) -> Result<()> {
        self.combiner.combine(accumulator, V::decode_owned(value)?);
        Ok(())
    }

    fn encode(&self, accumulator: &V, out: &mut Vec<u8>) {
        accumulator.encode(out);
    }
}

impl<K: Key + ?Sized, V: Value + ?Sized> CollectWith<K, V> for NoCombiner {
    type Collector<'t, P: Partitioner + 't> = SortBuffer<'t, NoCombiner, P>;
}

impl<K: Key + ?Sized, V: Value + ToValue<V> + Send, C: Combiner<V>> CollectWith<K, V> for Combine<V, C> {
    type Collector<'t, P: Partitioner + 't>
        = CombiningBuffer<'t, V, C, P>
    where
        C: 't;
}

/// How output files are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OutputFormat {
    /// `key TAB value NEWLINE`; no TAB where key or value is null (Hadoop's `TextOutputFormat`).
    #[default]
    Text,
    /// Text of key and value with nothing between or behind them.
    Raw,
}

/// A job: what to run, not how ([`JobConfig`](crate::JobConfig) says that).
///
/// `M` is a [`Mapper`], or a tuple of mappers for as many inputs.
#[derive(Clone, Debug)]
pub struct Job<M, R, C = NoCombiner, P = HashPartitioner> {
    pub(crate) name: String,
    pub(crate) inputs: Vec<Input>,
    pub(crate) mapper: M,
    pub(crate) reducer: R,
    pub(crate) combine: C,
    pub(crate) partitioner: P,
    pub(crate) grouping: Option<GroupingPrefix>,
    pub(crate) output_format: OutputFormat,
    pub(crate) reducers: Option<u32>,
}

impl<M: MapSide, R> Job<M, R> {
    /// A job without inputs yet.
    pub fn new(name: impl Into<String>, mapper: M, reducer: R) -> Self
    where
        R: ReduceSide<Key = M::Key, Value = M::Value>,
    {
        Job {
            name: name.into(),
            inputs: Vec::new(),
            mapper,
            reducer,
            combine: NoCombiner,
            partitioner: HashPartitioner::default(),
            grouping: None,
            output_format: OutputFormat::default(),
            reducers: None,
        }
    }
}

impl<M: MapSide> Job<M, crate::pipeline::reduce::MapOnly<M::Key, M::Value>> {
    /// A job whose map output is its output: parts `part-m-…`, in the order of the input.
    pub fn map_only(name: impl Into<String>, mapper: M) -> Self {
        Job::new(name, mapper, crate::pipeline::reduce::MapOnly::default())
    }
}

impl<M: MapSide, R, C, P> Job<M, R, C, P> {
    /// Adds an input. The first input goes to the first mapper of a tuple, the second to the second, and so on.
    pub fn input(mut self, input: impl Into<Input>) -> Self {
        self.inputs.push(input.into());
        self
    }

    /// Combines values on the map side.
    pub fn combine<F>(self, combiner: F) -> Job<M, R, Combine<M::Value, F>, P>
    where
        M::Value: Sized + ToValue<M::Value>,
        F: Combiner<M::Value>,
    {
        let Job { name, inputs, mapper, reducer, combine: _, partitioner, grouping, output_format, reducers } = self;
        let combine = Combine { combiner, value: std::marker::PhantomData };
        Job { name, inputs, mapper, reducer, combine, partitioner, grouping, output_format, reducers }
    }

    /// Replaces the partitioner.
    pub fn partition_by<Q: Partitioner>(self, partitioner: Q) -> Job<M, R, C, Q> {
        let Job { name, inputs, mapper, reducer, combine, partitioner: _, grouping, output_format, reducers } = self;
        Job { name, inputs, mapper, reducer, combine, partitioner, grouping, output_format, reducers }
    }

    /// Sets the number of reduce tasks, whatever [`JobConfig::reducers`](crate::JobConfig::reducers) says: 1 for one sorted part.
    pub fn reducers(mut self, reducers: u32) -> Self {
        self.reducers = Some(reducers);
        self
    }

    /// Sets how output files are written.
    pub fn output_format(mut self, format: OutputFormat) -> Self {
        self.output_format = format;
        self
    }
}

impl<M: MapSide, R, C> Job<M, R, C> {
    /// Groups by a prefix of the key and partitions by it too: a secondary sort. Values of a group come in the order of
    /// the whole keys. [`group_by_first`](Self::group_by_first) is for tuples.
    pub fn group_by_prefix(mut self, prefix: GroupingPrefix) -> Self {
        self.grouping = Some(prefix);
        self.partitioner = HashPartitioner { prefix: Some(prefix) };
        self
    }

    /// Groups by the first part of the key, a tuple that begins with an `A`, and partitions by it too: a secondary sort. The
    /// rest of the key is the order of a group's values:
    ///
    /// ```
    /// use twinmill::prelude::*;
    ///
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let (input, output) = (dir.path().join("input"), dir.path().join("output"));
    /// # std::fs::write(&input, "ann 30 cherry\nbob 10 apple\nann 5 plum\n").unwrap();
    /// let read = mapper(|line, out: &mut Out<(String, u64), str>| {
    ///     let mut fields = line.text()?.split(' ');
    ///     let mut field = || fields.next().ok_or("a line has a name, a time and a fruit");
    ///     let (name, time, fruit) = (field()?, field()?, field()?);
    ///     out.emit((name, time.parse::<u64>()?), fruit);
    ///     Ok(())
    /// });
    /// let first_fruit = reducer(|(name, _): &(String, u64), fruits: &mut Values<str>, out: &mut Out<str, str>| {
    ///     out.emit(name, fruits.next().unwrap_or_default());
    ///     Ok(())
    /// });
    /// let job = Job::new("first-fruit", read, first_fruit).group_by_first::<String>().input(&input);
    /// job.run(&JobConfig::new(Mode::Memory).reducers(1).output(&output))?;
    /// assert_eq!(std::fs::read_to_string(output.join("part-r-00000")).unwrap(), "ann\tplum\nbob\tapple\n");
    /// # Ok::<(), Error>(())
    /// ```
    pub fn group_by_first<A: Key>(self) -> Self {
        // What does not begin with an `A` is a group of its own; whoever decodes it says what is wrong.
        self.group_by_prefix(|key| first_part_len::<A>(key).unwrap_or(key.len()))
    }
}

impl<M, R, C, P> Job<M, R, C, P>
where
    M: MapSide,
    R: ReduceSide<Key = M::Key, Value = M::Value>,
    C: CollectWith<M::Key, M::Value>,
    P: Partitioner,
{
    /// Runs the job on its own: reads the inputs, writes and commits the output, cleans up.
    ///
    /// # Errors
    /// Whatever stopped the job; nothing is left behind then.
    pub fn run(&self, session: impl Into<Session>) -> Result<Report> {
        let mut driver = Driver::start(&self.name, session)?;
        driver.run(self)?;
        driver.finish()
    }
}
