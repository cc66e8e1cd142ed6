//! Stock parts: mappers, reducers and combiners that most jobs are made of.
//!
//! Word count, as short as it gets:
//!
//! ```
//! use twinmill::prelude::*;
//!
//! # let dir = tempfile::tempdir().unwrap();
//! # let (input, output) = (dir.path().join("input"), dir.path().join("output"));
//! # std::fs::write(&input, "to be or not to be").unwrap();
//! let job = Job::new("wordcount", Words, Sum).combine(Sum).input(&input);
//! job.run(&JobConfig::new(Mode::Memory).reducers(1).output(&output))?;
//! # assert_eq!(std::fs::read_to_string(output.join("part-r-00000")).unwrap(), "be\t2\nnot\t1\nor\t1\nto\t2\n");
//! # Ok::<(), Error>(())
//! ```
//!
//! | part | as a mapper | as a reducer | as a combiner |
//! |---|---|---|---|
//! | [`Words`] | emits each word of a line with 1 | | |
//! | [`Sum`], [`Min`], [`Max`] | | the sum, the least, the greatest value of a key | the same |
//! | [`Count`] | | the number of values of a key | |
//! | [`Identity`] | passes on the records of another job | emits each value with its key | |
//! | [`mapper`], [`mapper_of`] | a closure | | |
//! | [`reducer`] | | a closure | |
//!
//! [`Batches`] gathers small items of integer keys in a mapper of yours.
//!
//! Closures `Fn(&mut V, V)` are [combiners](crate::Combiner), and closures `Fn(&[u8], u32) -> u32` are
//! [partitioners](crate::Partitioner); [`Driver::total_order`](crate::Driver::total_order) makes one from a sample.
//!
//! The type of a closure's [`Out`] says which keys and values it emits. A closure is called directly, but its records
//! go through a table of functions, which costs some nanoseconds each. Where that matters, write a small type that
//! implements [`Mapper`] or [`Reducer`]: it is compiled in one piece with the collector of its records.

mod batches;

use std::convert::Infallible;
use std::fmt;
use std::iter;
use std::marker::PhantomData;
use std::ops::AddAssign;
use std::path::PathBuf;

use crate::error::Result;
use crate::input::{InputFormat, Inputs, Lines, Pairs, Record};
use crate::job::{Combiner, Emit, Mapper, Reducer, TotalOrderPartitioner, Values};
use crate::record::{Key, KeyByRef, ToKey, ToValue, Value};

pub use batches::Batches;

/// Emits each [word](Record::words) of a line with 1.
#[derive(Clone, Copy, Debug)]
pub struct Words;

impl Mapper for Words {
    type Input = Lines;
    type Key = [u8];
    type Value = u64;

    #[inline]
    fn map(&mut self, line: Record<'_>, out: &mut impl Emit<[u8], u64>) -> Result<()> {
        line.words().for_each(|word| out.emit(word, 1));
        Ok(())
    }
}

/// Declares a part whose name alone is a value, for keys and values of any type.
///
/// It is an enum because a struct without fields cannot have type parameters. Those of the value are inferred from its
/// use.
macro_rules! part {
    ($(#[$doc:meta])* $name:ident, $never:ident) => {
        $(#[$doc])*
        pub enum $name<K: ?Sized, V: ?Sized> {
            /// The part as a value.
            $name,
            #[doc(hidden)]
            $never(PhantomData<fn(&K, &V)>, Infallible),
        }
        #[doc(hidden)]
        pub use self::$name::*;

        impl<K: ?Sized, V: ?Sized> Clone for $name<K, V> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<K: ?Sized, V: ?Sized> Copy for $name<K, V> {}

        impl<K: ?Sized, V: ?Sized> fmt::Debug for $name<K, V> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    };
}

part! {
    /// Adds up the values of a key: Hadoop's `IntSumReducer`. It is its own combiner for integers, whose sums do not
    /// depend on their order.
    Sum, _Sum
}
part! {
    /// Counts the values of a key.
    Count, _Count
}
part! {
    /// Passes records on as they are: as a reducer, each value with its key; as a mapper, the records of another job's
    /// [`Dataset`](crate::Dataset).
    Identity, _Identity
}
part! {
    /// Finds the least value of a key. It is its own combiner.
    Min, _Min
}
part! {
    /// Finds the greatest value of a key. It is its own combiner.
    Max, _Max
}

impl<K, V> Reducer for Sum<K, V>
where
    K: Key + ?Sized,
    for<'a> K::Ref<'a>: ToKey<K>,
    V: Value + ToValue<V> + iter::Sum<V>,
{
    type Key = K;
    type Value = V;
    type OutKey = K;
    type OutValue = V;

    fn reduce(&mut self, key: K::Ref<'_>, values: &mut Values<V>, out: &mut impl Emit<K, V>) -> Result<()> {
        out.emit(key, values.sum::<V>());
        Ok(())
    }
}

impl<V: AddAssign> Combiner<V> for Sum<(), V> {
    #[inline(always)]
    fn combine(&self, sum: &mut V, value: V) {
        *sum += value;
    }
}

impl<K, V> Reducer for Count<K, V>
where
    K: Key + ?Sized,
    for<'a> K::Ref<'a>: ToKey<K>,
    V: Value + ?Sized,
{
    type Key = K;
    type Value = V;
    type OutKey = K;
    type OutValue = u64;

    fn reduce(&mut self, key: K::Ref<'_>, values: &mut Values<V>, out: &mut impl Emit<K, u64>) -> Result<()> {
        let mut count = 0u64;
        while values.next().is_some() {
            count += 1;
        }
        out.emit(key, count);
        Ok(())
    }
}

impl<K, V> Reducer for Identity<K, V>
where
    K: Key + ?Sized,
    for<'a> K::Ref<'a>: ToKey<K>,
    V: Value + ?Sized,
    for<'a> V::Ref<'a>: ToValue<V>,
{
    type Key = K;
    type Value = V;
    type OutKey = K;
    type OutValue = V;

    fn reduce(&mut self, key: K::Ref<'_>, values: &mut Values<V>, out: &mut impl Emit<K, V>) -> Result<()> {
        while let Some(value) = values.next() {
            out.emit(&key, value);
        }
        Ok(())
    }
}

impl<K, V> Mapper for Identity<K, V>
where
    K: Key + ?Sized,
    for<'a> K::Ref<'a>: ToKey<K>,
    V: Value + ?Sized,
    for<'a> V::Ref<'a>: ToValue<V>,
{
    type Input = Pairs<K, V>;
    type Key = K;
    type Value = V;

    #[inline]
    fn map(&mut self, (key, value): (K::Ref<'_>, V::Ref<'_>), out: &mut impl Emit<K, V>) -> Result<()> {
        out.emit(key, value);
        Ok(())
    }
}

/// Implements the part that keeps one value of a key.
macro_rules! extreme {
    ($name:ident, $of_all:ident, $replaces:tt) => {
        impl<K, V> Reducer for $name<K, V>
        where
            K: Key + ?Sized,
            for<'a> K::Ref<'a>: ToKey<K>,
            V: Value + ToValue<V> + Ord,
        {
            type Key = K;
            type Value = V;
            type OutKey = K;
            type OutValue = V;

            fn reduce(&mut self, key: K::Ref<'_>, values: &mut Values<V>, out: &mut impl Emit<K, V>) -> Result<()> {
                if let Some(kept) = values.$of_all() {
                    out.emit(key, kept);
                }
                Ok(())
            }
        }

        impl<V: Ord> Combiner<V> for $name<(), V> {
            #[inline(always)]
            fn combine(&self, kept: &mut V, value: V) {
                if value $replaces *kept {
                    *kept = value;
                }
            }
        }
    };
}
extreme!(Min, min, <);
extreme!(Max, max, >);

/// Takes the records of the closures of [`mapper`] and [`reducer`]: keys of type `K`, values of type `V`.
pub struct Out<'o, K: ?Sized, V: ?Sized>(&'o mut dyn EmitAny<K, V>);

impl<K: ?Sized, V: ?Sized> fmt::Debug for Out<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Out")
    }
}

/// An [`Emit`] whose type is not known.
trait EmitAny<K: ?Sized, V: ?Sized> {
    fn emit_any(&mut self, key: &dyn ToKey<K>, value: &dyn ToValue<V>);
    fn count_any(&mut self, group: &'static str, name: &'static str, n: u64);
    fn aggregate_any(&mut self, name: &'static str, n: u64);
}

impl<K: Key + ?Sized, V: Value + ?Sized, E: Emit<K, V>> EmitAny<K, V> for E {
    fn emit_any(&mut self, key: &dyn ToKey<K>, value: &dyn ToValue<V>) {
        self.emit(key, value);
    }

    fn count_any(&mut self, group: &'static str, name: &'static str, n: u64) {
        self.count(group, name, n);
    }

    fn aggregate_any(&mut self, name: &'static str, n: u64) {
        self.aggregate(name, n);
    }
}

impl<K: Key + ?Sized, V: Value + ?Sized> Emit<K, V> for Out<'_, K, V> {
    #[inline]
    fn emit<Q, W>(&mut self, key: Q, value: W)
    where
        Q: ToKey<K>,
        W: ToValue<V>,
    {
        self.0.emit_any(&key, &value);
    }

    fn count(&mut self, group: &'static str, name: &'static str, n: u64) {
        self.0.count_any(group, name, n);
    }

    fn aggregate(&mut self, name: &'static str, n: u64) {
        self.0.aggregate_any(name, n);
    }
}

/// A closure as a mapper: see [`mapper`].
pub struct MapFn<I, F, K: ?Sized, V: ?Sized> {
    map: F,
    types: PhantomData<fn(&I, &K, &V)>,
}

/// A closure as a reducer: see [`reducer`].
pub struct ReduceFn<F, K: ?Sized, V: ?Sized, L: ?Sized, W: ?Sized> {
    reduce: F,
    types: PhantomData<fn(&K, &V, &L, &W)>,
}

impl<I, F: Clone, K: ?Sized, V: ?Sized> Clone for MapFn<I, F, K, V> {
    fn clone(&self) -> Self {
        MapFn { map: self.map.clone(), types: PhantomData }
    }
}

impl<F: Clone, K: ?Sized, V: ?Sized, L: ?Sized, W: ?Sized> Clone for ReduceFn<F, K, V, L, W> {
    fn clone(&self) -> Self {
        ReduceFn { reduce: self.reduce.clone(), types: PhantomData }
    }
}

impl<I, F, K: ?Sized, V: ?Sized> fmt::Debug for MapFn<I, F, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MapFn")
    }
}

impl<F, K: ?Sized, V: ?Sized, L: ?Sized, W: ?Sized> fmt::Debug for ReduceFn<F, K, V, L, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReduceFn")
    }
}

/// A mapper of lines that is a closure. The type of `out` says what it emits:
///
/// ```
/// # use twinmill::prelude::*;
/// let lengths = mapper(|line, out: &mut Out<str, u64>| {
///     for word in line.text()?.split_whitespace() {
///         out.emit(word, word.len() as u64);
///     }
///     Ok(())
/// });
/// # fn is_mapper(_: impl Mapper<Key = str, Value = u64>) {}
/// # is_mapper(lengths);
/// ```
///
/// Every task works on its own clone, so values that the closure owns belong to the task; data that all tasks read goes
/// into an [`Arc`](std::sync::Arc).
pub fn mapper<F, K, V>(map: F) -> MapFn<Lines, F, K, V>
where
    K: Key + ?Sized,
    V: Value + ?Sized,
    F: FnMut(Record<'_>, &mut Out<'_, K, V>) -> Result<()> + Clone + Send + Sync,
{
    mapper_of(Lines, map)
}

/// A mapper of records of any format that is a closure:
///
/// ```
/// # use twinmill::prelude::*;
/// let keys = mapper_of(FixedLength::<100>, |record, out: &mut Out<[u8], [u8]>| {
///     let (key, rest) = record.split_at(10);
///     out.emit(key, rest);
///     Ok(())
/// });
/// let by_count = mapper_of(Pairs::<str, u64>::new(), |(word, count), out: &mut Out<u64, str>| {
///     out.emit(count, word);
///     Ok(())
/// });
/// # fn is_mapper(_: impl Mapper) {}
/// # is_mapper(keys);
/// # is_mapper(by_count);
/// ```
pub fn mapper_of<I, F, K, V>(_format: I, map: F) -> MapFn<I, F, K, V>
where
    I: InputFormat,
    K: Key + ?Sized,
    V: Value + ?Sized,
    F: FnMut(I::Record<'_>, &mut Out<'_, K, V>) -> Result<()> + Clone + Send + Sync,
{
    MapFn { map, types: PhantomData }
}

impl<I, F, K, V> Mapper for MapFn<I, F, K, V>
where
    I: InputFormat,
    K: Key + ?Sized,
    V: Value + ?Sized,
    F: FnMut(I::Record<'_>, &mut Out<'_, K, V>) -> Result<()> + Clone + Send + Sync,
{
    type Input = I;
    type Key = K;
    type Value = V;

    fn map(&mut self, record: I::Record<'_>, out: &mut impl Emit<K, V>) -> Result<()> {
        (self.map)(record, &mut Out(out))
    }
}

/// A reducer that is a closure. The types of its arguments say what it takes and what it emits; the key is a reference:
///
/// ```
/// # use twinmill::prelude::*;
/// let spread = reducer(|station: &str, degrees: &mut Values<i32>, out: &mut Out<str, (i32, i32)>| {
///     let (mut least, mut greatest) = (i32::MAX, i32::MIN);
///     for degree in degrees {
///         (least, greatest) = (least.min(degree), greatest.max(degree));
///     }
///     out.emit(station, (least, greatest));
///     Ok(())
/// });
/// # let read = mapper(|_, _: &mut Out<str, i32>| Ok(()));
/// # Job::new("temperatures", read, spread);
/// ```
pub fn reducer<F, K, V, L, W>(reduce: F) -> ReduceFn<F, K, V, L, W>
where
    K: KeyByRef + ?Sized,
    V: Value + ?Sized,
    L: Key + ?Sized,
    W: Value + ?Sized,
    F: FnMut(&K, &mut Values<'_, V>, &mut Out<'_, L, W>) -> Result<()> + Clone + Send + Sync,
{
    ReduceFn { reduce, types: PhantomData }
}

impl<F, K, V, L, W> Reducer for ReduceFn<F, K, V, L, W>
where
    K: KeyByRef + ?Sized,
    V: Value + ?Sized,
    L: Key + ?Sized,
    W: Value + ?Sized,
    F: FnMut(&K, &mut Values<'_, V>, &mut Out<'_, L, W>) -> Result<()> + Clone + Send + Sync,
{
    type Key = K;
    type Value = V;
    type OutKey = L;
    type OutValue = W;

    fn reduce(&mut self, key: K::Ref<'_>, values: &mut Values<V>, out: &mut impl Emit<L, W>) -> Result<()> {
        K::by_ref(key, |key| (self.reduce)(key, values, &mut Out(out)))
    }
}

/// Gives each reducer a range of keys of about equal weight, so that the parts one after another are sorted. The ranges
/// come from the keys that `mapper` emits for about so many `records` of the files at and below `paths`; its `setup` is
/// not called. The same files give the same ranges.
///
/// [`Driver::total_order`](crate::Driver::total_order) does this for a job. The function is for code that needs the same
/// ranges without the job, such as its [reference](mod@crate::reference).
///
/// # Errors
/// Those of reading the sample and those of the mapper.
pub fn total_order<M: Mapper>(
    inputs: &Inputs,
    paths: &[PathBuf],
    mapper: &M,
    records: usize,
    reducers: u32,
) -> Result<TotalOrderPartitioner> {
    if reducers <= 1 {
        return Ok(TotalOrderPartitioner::from_split_points(Vec::new()));
    }
    let points = inputs.remembered(|| {
        let (mut mapper, mut sample) = (mapper.clone(), SampledKeys::default());
        inputs.sample::<M::Input>(paths, records, |record| mapper.map(record, &mut sample))?;
        Ok(TotalOrderPartitioner::points_of_sample(sample.keys, reducers))
    });
    Ok(TotalOrderPartitioner::from_split_points(points?))
}

/// Keeps the keys that are emitted, encoded.
#[derive(Default)]
struct SampledKeys {
    keys: Vec<Box<[u8]>>,
    scratch: Vec<u8>,
}

impl<K: Key + ?Sized, V: Value + ?Sized> Emit<K, V> for SampledKeys {
    fn emit<Q, W>(&mut self, key: Q, _: W)
    where
        Q: ToKey<K>,
        W: ToValue<V>,
    {
        self.keys.push(key.encode(&mut self.scratch).into());
    }

    fn count(&mut self, _: &'static str, _: &'static str, _: u64) {}

    fn aggregate(&mut self, _: &'static str, _: u64) {}
}
