//! Handing merged groups to the user's reducer.

use std::marker::PhantomData;

use crate::cancel::{CancelToken, RECORDS_BETWEEN_CHECKS};
use crate::error::{Error, Result};
use crate::job::{Emit, GroupingPrefix, Reducer};
use crate::observe::activity::{Activity, Doing};
use crate::pipeline::map::Sink;
use crate::pipeline::merge::Merge;
use crate::record::{Key, OwnedValue, Value};
use crate::runtime::task::Task;
use crate::store::Step;

/// The values of one group, in order. They stream from the merge: a group may have any number of them.
///
/// A loop over it, or any method of [`Iterator`], takes owned values: a `String` where the job's `Value` is `str` or `String`.
/// [`next`](Self::next) borrows strings and bytes instead, which saves a copy of each:
///
/// ```
/// # use twinmill::{Values, Emit, Result};
/// # fn longest(values: &mut Values<str>) -> usize {
/// let mut longest = 0;
/// while let Some(value) = values.next() {
///     longest = longest.max(value.len());
/// }
/// # longest }
/// ```
pub struct Values<'m, V: ?Sized> {
    merge: &'m mut Merge,
    grouping: Option<GroupingPrefix>,
    /// The group's key, or the prefix that makes the group.
    group: &'m [u8],
    cancel: &'m CancelToken,
    doing: Doing,
    until_check: u32,
    position: Position,
    records: u64,
    error: Option<Error>,
    value: PhantomData<fn() -> &'m V>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Position {
    /// The merge stands at the group's first record, which nobody has seen.
    First,
    /// It stands at a record that was handed out.
    Inside,
    /// It stands at the next group's first record.
    NextGroup,
    /// There are no more records.
    End,
}

impl<V: Value + ?Sized> Values<'_, V> {
    /// The next value, or `None` at the end of the group.
    #[expect(clippy::should_implement_trait, reason = "values may borrow from the merge, which an iterator's cannot")]
    #[inline]
    pub fn next(&mut self) -> Option<V::Ref<'_>> {
        self.read(V::decode)
    }

    /// Moves to the next record of the group and reads its value.
    #[inline(always)]
    fn read<'v, T>(&'v mut self, decode: impl FnOnce(&'v [u8]) -> Result<T>) -> Option<T> {
        self.doing.set(Activity::Merge);
        let more = self.advance();
        self.doing.set(Activity::User);
        if !more {
            return None;
        }
        match decode(self.merge.value()) {
            Ok(value) => Some(value),
            Err(error) => {
                self.error = Some(error);
                None
            }
        }
    }

    /// The whole key of the value last read, encoded: with a grouping prefix, keys change within a group.
    pub fn key(&self) -> &[u8] {
        self.merge.key()
    }

    /// Moves to the next record of the group.
    #[inline]
    fn advance(&mut self) -> bool {
        match self.position {
            Position::First => self.position = Position::Inside,
            Position::Inside => match self.merge.advance() {
                Ok(Some(Step::SameKey)) => {}
                Ok(Some(Step::NewKey)) => {
                    let in_group = |prefix: GroupingPrefix| self.merge.key()[..prefix(self.merge.key())] == *self.group;
                    if !self.grouping.is_some_and(in_group) {
                        self.position = Position::NextGroup;
                        return false;
                    }
                }
                Ok(None) => {
                    self.position = Position::End;
                    return false;
                }
                Err(error) => return self.fail(error),
            },
            Position::NextGroup | Position::End => return false,
        }
        self.records += 1;
        match self.cancel.check_every(&mut self.until_check) {
            Ok(()) => true,
            Err(error) => self.fail(error),
        }
    }

    #[cold]
    fn fail(&mut self, error: Error) -> bool {
        self.error = Some(error);
        self.position = Position::End;
        false
    }
}

impl<V: OwnedValue + ?Sized> Iterator for Values<'_, V> {
    type Item = V::Owned;

    #[inline]
    fn next(&mut self) -> Option<V::Owned> {
        self.read(V::own)
    }
}

/// The reduce side of a job: a [`Reducer`], or [`MapOnly`].
pub trait ReduceSide: Clone + Send + Sync {
    /// Type of the intermediate keys.
    type Key: Key + ?Sized;
    /// Type of the intermediate values.
    type Value: Value + ?Sized;
    /// Type of the output keys.
    type OutKey: Key + ?Sized;
    /// Type of the output values.
    type OutValue: Value + ?Sized;

    /// Whether the map output is the output, whatever the number of reducers.
    const MAP_ONLY: bool;

    /// Reduces all groups of a partition.
    #[doc(hidden)]
    fn run<E: Emit<Self::OutKey, Self::OutValue> + Sink>(
        &mut self,
        merge: Merge,
        grouping: Option<GroupingPrefix>,
        task: &mut Task<'_>,
        out: &mut E,
    ) -> Result<()>;
}

impl<R: Reducer> ReduceSide for R {
    type Key = R::Key;
    type Value = R::Value;
    type OutKey = R::OutKey;
    type OutValue = R::OutValue;

    const MAP_ONLY: bool = false;

    fn run<E: Emit<R::OutKey, R::OutValue> + Sink>(
        &mut self,
        mut merge: Merge,
        grouping: Option<GroupingPrefix>,
        task: &mut Task<'_>,
        out: &mut E,
    ) -> Result<()> {
        let doing = Doing::here();
        let _outside = doing.enter(Activity::User);
        self.setup(&task.context)?;
        doing.set(Activity::Merge);
        let mut until_check = RECORDS_BETWEEN_CHECKS;
        let mut key = Vec::new();
        let mut bytes_told = 0;
        let mut in_group = merge.advance()?.is_some();
        while in_group {
            key.clear();
            key.extend_from_slice(merge.key());
            let mut values = Values {
                merge: &mut merge,
                grouping,
                group: &key[..grouping.map_or(key.len(), |prefix| prefix(&key))],
                cancel: &task.attempt.cancel,
                doing,
                until_check,
                position: Position::First,
                records: 0,
                error: None,
                value: PhantomData,
            };
            doing.set(Activity::User);
            let reduced = self.reduce(R::Key::decode(&key)?, &mut values, out);
            doing.set(Activity::Merge);
            // What the runtime found wrong explains what the reducer made of it.
            if let Some(error) = values.error.take() {
                return Err(error);
            }
            reduced?;
            while values.advance() {}
            if let Some(error) = values.error.take() {
                return Err(error);
            }
            in_group = values.position == Position::NextGroup;
            task.counters.reduce_input_groups += 1;
            task.counters.reduce_input_records += values.records;
            until_check = values.until_check;
            out.check()?;
            if merge.bytes_read() > bytes_told {
                task.progress.add_bytes(merge.bytes_read() - bytes_told);
                bytes_told = merge.bytes_read();
            }
        }
        doing.set(Activity::User);
        self.finish(out)?;
        out.check()
    }
}

/// No reducer: the map output is the output.
#[derive(Debug)]
pub struct MapOnly<K: ?Sized, V: ?Sized>(PhantomData<fn(&K, &V)>);

impl<K: ?Sized, V: ?Sized> Default for MapOnly<K, V> {
    fn default() -> Self {
        MapOnly(PhantomData)
    }
}

impl<K: ?Sized, V: ?Sized> Clone for MapOnly<K, V> {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl<K: Key + ?Sized, V: Value + ?Sized> ReduceSide for MapOnly<K, V> {
    type Key = K;
    type Value = V;
    type OutKey = K;
    type OutValue = V;

    const MAP_ONLY: bool = true;

    fn run<E: Emit<K, V> + Sink>(
        &mut self,
        _: Merge,
        _: Option<GroupingPrefix>,
        _: &mut Task<'_>,
        _: &mut E,
    ) -> Result<()> {
        unreachable!("a map-only job has no reduce tasks")
    }
}
