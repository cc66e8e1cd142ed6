//! The collector of a map task with a combiner: a table that combines as records come, or a sort buffer where that gains
//! nothing.
//!
//! ```text
//!               ┌── fewer than half of its records were combined ──▶┐
//! records ─▶ table ─┐                                           sort buffer ─┐
//!                   │◀── three quarters of its spills were combined ─┘       │
//!                   └──────────────▶ spills, sorted and combined ◀───────────┘
//! ```
//!
//! A [table](super::combining) costs a look in memory a record. Where most keys are different it saves nothing for that: the
//! records are sorted and written all the same. So the table is looked at after some records, and at its spills, and a
//! [sort buffer](super::sort_buffer) takes over, which combines neighbours as it is written. That tells whether the keys of
//! later records repeat, and the table comes back. (Spark's partial aggregation gives up on tables likewise.)
//!
//! Where [combiners are not to be used](Combining::Never), a task sorts all its records, and combines none.
//!
//! What a task decides depends on its own records, so that it is the same in every attempt.

use crate::config::Combining;
use crate::error::Result;
use crate::job::{Combiner, Partitioner};
use crate::pipeline::collect::collector::{Collect, MapOutput, Side};
use crate::pipeline::collect::combining::{CombiningBuffer, TableMemory};
use crate::pipeline::collect::sort_buffer::SortBuffer;
use crate::pipeline::collect::sort_memory::SortMemory;
use crate::pipeline::collect::spills::Spills;
use crate::pipeline::emit::{Accept, Accepted};
use crate::pipeline::fold::Combine;
use crate::pipeline::task::Task;
use crate::record::{Key, ToKey, ToValue, Value};

/// Combines where that pays.
pub struct AdaptiveBuffer<'t, V: Value, C, P> {
    way: Way<'t, V, C, P>,
    fold: &'t Combine<V, C>,
    partitioner: &'t P,
    side: Side,
    expected_bytes: u64,
}

/// The buffer that takes the records.
enum Way<'t, V: Value, C, P> {
    Table(CombiningBuffer<'t, V, C, P>),
    /// With the memory of the table, which is small.
    Sort(SortBuffer<'t, Combine<V, C>, P>, TableMemory<V>),
    /// From one to the other.
    Changing,
}

/// The buffers, which one task after another uses. Together they take no more than the share of one.
struct Memory<V> {
    table: TableMemory<V>,
    sort: SortMemory,
}

impl<V> Default for Memory<V> {
    fn default() -> Self {
        Memory { table: TableMemory::default(), sort: SortMemory::default() }
    }
}

impl<'t, V, C, P> AdaptiveBuffer<'t, V, C, P>
where
    V: Value + ToValue<V> + Send,
    C: Combiner<V>,
    P: Partitioner,
{
    /// Takes a record where there is no table. Apart, so that a mapper is not compiled around two buffers: word count then
    /// executed 4 % more instructions.
    #[inline(never)]
    fn accept_apart<K, Q, W>(&mut self, key: Q, value: W, scratch: &mut Vec<u8>) -> Accepted
    where
        K: Key + ?Sized,
        Q: ToKey<K>,
        W: ToValue<V>,
    {
        // After an error the task ends with the current record; what it emits until then is dropped.
        let Way::Sort(buffer, _) = &mut self.way else { return Ok(()) };
        Accept::<K, V>::accept(buffer, key, value, scratch)?;
        if buffer.gained() { Ok(self.change()?) } else { Ok(()) }
    }

    /// Changes the way.
    #[cold]
    #[inline(never)]
    fn change(&mut self) -> Result<()> {
        let recipe = (self.fold, self.partitioner, self.side);
        self.way = match std::mem::replace(&mut self.way, Way::Changing) {
            Way::Table(buffer) => {
                let (task, mut table, beside, spills) = buffer.into_parts();
                let capacity_bytes = task.config.task_sort_buffer_bytes();
                if table.is_empty() && table.bytes() > capacity_bytes / 4 {
                    table = TableMemory::default();
                }
                let left = capacity_bytes - table.bytes().min(capacity_bytes / 4);
                let mut sorted = SortBuffer::with(task, recipe, (beside, spills), left, self.expected_bytes);
                table.pour(self.fold, |key, value| sorted.take_counted(key, value))?;
                Way::Sort(sorted, table)
            }
            Way::Sort(buffer, table) => {
                let (task, beside, spills) = buffer.into_parts();
                Way::Table(CombiningBuffer::with(task, recipe, (table, beside, spills)))
            }
            Way::Changing => unreachable!("it has changed before another record comes"),
        };
        Ok(())
    }
}

impl<K, V, C, P> Accept<K, V> for AdaptiveBuffer<'_, V, C, P>
where
    K: Key + ?Sized,
    V: Value + ToValue<V> + Send,
    C: Combiner<V>,
    P: Partitioner,
{
    #[inline]
    fn accept<Q, W>(&mut self, key: Q, value: W, scratch: &mut Vec<u8>) -> Accepted
    where
        Q: ToKey<K>,
        W: ToValue<V>,
    {
        let Way::Table(buffer) = &mut self.way else { return self.accept_apart(key, value, scratch) };
        let changes = buffer.accept::<K, _, _>(key, value, scratch)?;
        if changes { Ok(self.change()?) } else { Ok(()) }
    }
}

impl<'t, K, V, C, P> Collect<'t, K, V, Combine<V, C>, P> for AdaptiveBuffer<'t, V, C, P>
where
    K: Key + ?Sized,
    V: Value + ToValue<V> + Send,
    C: Combiner<V>,
    P: Partitioner,
{
    fn new(task: Task<'t>, fold: &'t Combine<V, C>, partitioner: &'t P, side: Side, expected_bytes: u64) -> Self {
        let Memory { table, sort } = task.buffers.take();
        let (recipe, spills) = ((fold, partitioner, side), Spills::default());
        let way = match task.config.combining {
            Combining::WhereGiven => Way::Table(CombiningBuffer::with(task, recipe, (table, sort, spills))),
            Combining::Never => {
                let capacity_bytes = task.config.task_sort_buffer_bytes();
                Way::Sort(SortBuffer::with(task, recipe, (sort, spills), capacity_bytes, expected_bytes), table)
            }
        };
        AdaptiveBuffer { way, fold, partitioner, side, expected_bytes }
    }

    fn push(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        let changes = match &mut self.way {
            Way::Table(buffer) => buffer.push(key, value).map_err(|error| *error)?,
            Way::Sort(buffer, _) => {
                Collect::<K, V, Combine<V, C>, P>::push(buffer, key, value)?;
                buffer.gained()
            }
            Way::Changing => unreachable!("an error has ended the task"),
        };
        if changes { self.change() } else { Ok(()) }
    }

    fn finish(self) -> Result<(MapOutput, Task<'t>)> {
        let (output, task, memory) = match self.way {
            Way::Table(mut buffer) => {
                buffer.spill_rest()?;
                let (mut task, table, sort, spills) = buffer.into_parts();
                (spills.into_map_output(&mut task, self.side, self.fold)?, task, Memory { table, sort })
            }
            Way::Sort(buffer, table) => {
                let (output, task, sort) = buffer.into_output()?;
                (output, task, Memory { table, sort })
            }
            Way::Changing => unreachable!("an error has ended the task"),
        };
        task.buffers.put(memory);
        Ok((output, task))
    }
}
