//! Hands merged groups to the user's reducer.

use std::marker::PhantomData;

use crate::cancel::RECORDS_BETWEEN_CHECKS;
use crate::error::Result;
use crate::job::{GroupingPrefix, Reducer, Values};
use crate::observe::activity::{Activity, Doing};
use crate::pipeline::emit::{Accept, Emitter};
use crate::pipeline::merge::Merge;
use crate::pipeline::task::Task;
use crate::record::{Key, Value, buffer};

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
    fn run<S: Accept<Self::OutKey, Self::OutValue>>(
        &mut self,
        merge: Merge,
        grouping: Option<GroupingPrefix>,
        task: &mut Task<'_>,
        out: &mut Emitter<S>,
    ) -> Result<()>;
}

impl<R: Reducer> ReduceSide for R {
    type Key = R::Key;
    type Value = R::Value;
    type OutKey = R::OutKey;
    type OutValue = R::OutValue;

    const MAP_ONLY: bool = false;

    fn run<S: Accept<R::OutKey, R::OutValue>>(
        &mut self,
        mut merge: Merge,
        grouping: Option<GroupingPrefix>,
        task: &mut Task<'_>,
        out: &mut Emitter<S>,
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
            buffer::replace(&mut key, merge.key(), "a key")?;
            let cancel = &task.context.cancel;
            let mut values = Values::<R::Value>::new(&mut merge, &key, grouping, cancel, until_check);
            doing.set(Activity::User);
            let reduced = self.reduce(R::Key::decode(&key)?, &mut values, out);
            doing.set(Activity::Merge);
            // An error of the runtime explains the error that the reducer made of it.
            if let Some(error) = values.take_error() {
                return Err(error);
            }
            reduced?;
            values.end_group()?;
            in_group = values.is_followed();
            until_check = values.until_check();
            task.counters.reduce_input_groups += 1;
            task.counters.reduce_input_records += values.count_read();
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

    fn run<S: Accept<K, V>>(
        &mut self,
        _: Merge,
        _: Option<GroupingPrefix>,
        _: &mut Task<'_>,
        _: &mut Emitter<S>,
    ) -> Result<()> {
        unreachable!("a map-only job has no reduce tasks")
    }
}
