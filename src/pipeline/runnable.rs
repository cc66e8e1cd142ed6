//! A job as drivers and tasks see it.

use crate::input::Input;
use crate::job::{GroupingPrefix, OutputFormat, Partitioner};
use crate::pipeline::collect::CollectWith;
use crate::pipeline::map::MapSide;
use crate::pipeline::reduce::ReduceSide;
use crate::record::{Key, Value};

/// All parts of a job, with types that fit each other. [`Job`](crate::Job) implements it.
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
    /// Its combining strategy.
    type Fold: CollectWith<Self::Key, Self::Value>;
    /// Its partitioner.
    type Partitioner: Partitioner;

    /// Its name.
    fn name(&self) -> &str;

    /// Its inputs.
    fn inputs(&self) -> &[Input];

    /// The mapper that attempts clone.
    fn mapper(&self) -> &Self::Mapper;

    /// The reducer that attempts clone.
    fn reducer(&self) -> &Self::Reducer;

    /// The strategy that folds values of one key into one.
    fn fold(&self) -> &Self::Fold;

    /// The partitioner, which chooses the reducer of a key.
    fn partitioner(&self) -> &Self::Partitioner;

    /// The prefix that makes a group, if it is not the whole key.
    fn grouping(&self) -> Option<GroupingPrefix>;

    /// The format of output files.
    fn output_format(&self) -> OutputFormat;

    /// Reduce tasks, if the job says how many.
    fn reducers(&self) -> Option<u32>;
}

/// The collector of a job's map outputs.
pub(crate) type Collector<'t, J> = <<J as RunnableJob>::Fold as CollectWith<
    <J as RunnableJob>::Key,
    <J as RunnableJob>::Value,
>>::Collector<'t, <J as RunnableJob>::Partitioner>;
