//! A job as drivers and tasks see it.

use crate::input::Input;
use crate::job::{GroupingPrefix, OutputFormat, Partitioner};
use crate::pipeline::collect::CollectWith;
use crate::pipeline::map::MapSide;
use crate::pipeline::reduce::ReduceSide;
use crate::record::{Key, Value};

/// Everything that a job is made of, with types that fit each other. [`Job`](crate::Job) is one.
pub trait RunnableJob: Sync {
    /// Type of the intermediate keys.
    type Key: Key + ?Sized;
    /// Type of the intermediate values.
    type Value: Value + ?Sized;
    /// Type of the output keys.
    type OutKey: Key + ?Sized;
    /// Type of the output values.
    type OutValue: Value + ?Sized;
    /// Its mapper, or a tuple of them.
    type Mapper: MapSide<Key = Self::Key, Value = Self::Value>;
    /// Its reducer, if it has one.
    type Reducer: ReduceSide<Key = Self::Key, Value = Self::Value, OutKey = Self::OutKey, OutValue = Self::OutValue>;
    /// How it combines.
    type Fold: CollectWith<Self::Key, Self::Value>;
    /// How it gives keys to reducers.
    type Partitioner: Partitioner;

    /// Its name.
    fn name(&self) -> &str;

    /// What it reads.
    fn inputs(&self) -> &[Input];

    /// The mapper that attempts clone.
    fn mapper(&self) -> &Self::Mapper;

    /// The reducer that attempts clone.
    fn reducer(&self) -> &Self::Reducer;

    /// How values of one key become one.
    fn fold(&self) -> &Self::Fold;

    /// Says which reducer gets a key.
    fn partitioner(&self) -> &Self::Partitioner;

    /// What makes a group, if it is not the whole key.
    fn grouping(&self) -> Option<GroupingPrefix>;

    /// How output files are written.
    fn output_format(&self) -> OutputFormat;

    /// Reduce tasks, if the job says how many.
    fn reducers(&self) -> Option<u32>;
}

/// The collector of a job's map outputs.
pub(crate) type Collector<'t, J> = <<J as RunnableJob>::Fold as CollectWith<
    <J as RunnableJob>::Key,
    <J as RunnableJob>::Value,
>>::Collector<'t, <J as RunnableJob>::Partitioner>;
