//! The collector of a map task with a combiner: a [table](super::table) of accumulators that is sorted when it spills.
//!
//! Look-ups are gathered in batches: a record's slot is fetched when it is emitted, and by the time its batch is folded the
//! cache line has arrived. Without that, a table larger than the second-level cache costs a trip to memory a record.

use crate::error::{Error, Result};
use crate::job::{Combiner, Partitioner};
use crate::observe::activity::{Activity, Doing};
use crate::observe::memory::BufferGauge;
use crate::observe::phases::PhaseName;
use crate::pipeline::collect::collector::{Collect, MapOutput, Side};
use crate::pipeline::collect::room;
use crate::pipeline::collect::spills::{Occasion, Spills};
use crate::pipeline::collect::table::{INLINE_BYTES, InlineKey, Table};
use crate::pipeline::emit::{Accept, Accepted};
use crate::pipeline::fold::{Combine, Fold};
use crate::pipeline::sort::{self, Entry, Keys};
use crate::pipeline::task::Task;
use crate::record::{Key, ToKey, ToValue, Value};

/// Records of a batch: their slots are fetched before any of them is folded.
const BATCH: usize = 32;
/// Memory per key while a table is sorted: an entry, and an entry of the sort's scratch.
const INDEX_BYTES: usize = 2 * size_of::<Entry>();
/// Bytes that a table of fewer than [`BATCH`] keys may take, however small its share: with large accumulators it would
/// otherwise be spilled after every batch.
const FEW_KEYS_BYTES: usize = 1 << 20;
/// Distance, in keys, at which slots of a sorted table are fetched ahead while they are written out.
const PREFETCH_DISTANCE: usize = 12;

/// Folds the values of each key and spills the accumulators sorted by (partition, key).
pub struct CombiningBuffer<'t, V: Value, C, P> {
    task: Task<'t>,
    doing: Doing,
    fold: &'t Combine<V, C>,
    partitioner: &'t P,
    side: Side,
    capacity_bytes: usize,
    memory: TableMemory<V>,
    pending: Vec<(InlineKey, V)>,
    records: u64,
    bytes: u64,
    spills: Spills,
}

/// The buffers, which one task after another uses.
struct TableMemory<V> {
    table: Table<V>,
    index: Vec<Entry>,
    scratch: Vec<Entry>,
    gauge: BufferGauge,
}

impl<V> Default for TableMemory<V> {
    fn default() -> Self {
        TableMemory { table: Table::default(), index: Vec::new(), scratch: Vec::new(), gauge: BufferGauge::default() }
    }
}

impl<V: Value> TableMemory<V> {
    /// Bytes of memory in use, those for sorting the table among them.
    fn bytes(&self) -> usize {
        self.table.memory_bytes() + (self.index.capacity() + self.scratch.capacity()) * size_of::<Entry>()
    }

    /// Bytes of memory in use while the table grows, and the index with it.
    fn bytes_to_grow(&self) -> usize {
        let index_bytes = 2 * self.table.most_keys() * INDEX_BYTES;
        self.table.memory_bytes_to_grow()
            + index_bytes.max((self.index.capacity() + self.scratch.capacity()) * size_of::<Entry>())
    }

    /// Doubles the table, and makes room for sorting it; returns whether the system allows it.
    fn grow(&mut self) -> bool {
        let keys = 2 * self.table.most_keys();
        let TableMemory { table, index, scratch, .. } = self;
        room::is_there(table.memory_bytes_to_grow())
            && room::make(scratch, keys)
            && room::make(index, keys)
            && table.grow().is_ok()
    }
}

impl<'t, V, C, P> CombiningBuffer<'t, V, C, P>
where
    V: Value + ToValue<V> + Send,
    C: Combiner<V>,
    P: Partitioner,
{
    #[inline(always)]
    fn fold(&mut self, key: &[u8], value: V) -> Accepted {
        if key.len() <= INLINE_BYTES {
            let key = self.memory.table.inline_key(key);
            self.memory.table.prefetch(&key);
            self.pending.push((key, value));
            if self.pending.len() == BATCH { self.fold_batch() } else { Ok(()) }
        } else {
            self.fold_long(key, value)?;
            self.fold_batch()
        }
    }

    /// Folds a record of a long key, after a spill where the table has no memory for the key.
    fn fold_long(&mut self, key: &[u8], mut value: V) -> Accepted {
        let combiner = &self.fold.combiner;
        let combine = |accumulator: &mut V, value| combiner.combine(accumulator, value);
        // Growing takes the old memory and the new.
        let most_bytes = self.capacity_bytes.saturating_sub(self.memory.bytes());
        let table = &mut self.memory.table;
        value = match table.fold_long(key, value, combine, most_bytes) {
            Ok(()) => return Ok(()),
            Err(value) => value,
        };
        if table.len() > 0 {
            self.spill_when_full()?;
        }
        // A key larger than the share is taken alone.
        let folded = self.memory.table.fold_long(key, value, combine, usize::MAX);
        folded.map_err(|_| Box::new(Error::refused("a key", key.len())))
    }

    /// Folds the pending records. There was room for them when the first one came.
    #[inline(never)]
    fn fold_batch(&mut self) -> Accepted {
        let _combining = self.doing.enter(Activity::Combine);
        let (table, combiner) = (&mut self.memory.table, &self.fold.combiner);
        for (key, value) in self.pending.drain(..) {
            table.fold_inline(&key, value, |accumulator, value| combiner.combine(accumulator, value));
        }
        if !self.memory.table.has_room(BATCH) || self.memory.bytes() > self.capacity_bytes {
            return self.make_room();
        }
        Ok(())
    }

    /// Grows the table, or spills it where its share of memory, or the system, does not allow that.
    #[inline(never)]
    fn make_room(&mut self) -> Accepted {
        let memory = &mut self.memory;
        if memory.bytes() > self.capacity_bytes {
            memory.table.count_heap();
            // Not for a little room: it would be counted again and again.
            if memory.table.has_room(BATCH) && memory.bytes() <= self.capacity_bytes / 4 * 3 {
                return Ok(());
            }
        }
        let fits = memory.bytes() <= self.capacity_bytes;
        if fits && memory.bytes_to_grow() <= self.capacity_bytes && memory.grow() {
            return Ok(());
        }
        if memory.table.len() < BATCH && memory.bytes() <= self.capacity_bytes.max(FEW_KEYS_BYTES) {
            // The smallest table that works, however small the budget.
            if memory.table.has_room(BATCH) || memory.grow() {
                return Ok(());
            }
        }
        self.spill_when_full()
    }

    #[inline(never)]
    fn spill_when_full(&mut self) -> Accepted {
        let spilled = self.spill(Occasion::Full);
        // After an error the task ends with the current record; until then the table must not grow.
        self.memory.table.clear();
        if self.memory.bytes() > self.capacity_bytes {
            // One key was larger than the share allows.
            self.memory.table.forget_arena();
        }
        Ok(spilled?)
    }

    #[inline(never)]
    fn spill(&mut self, occasion: Occasion) -> Result<()> {
        let task = &mut self.task;
        task.context.cancel.check()?;
        self.memory.gauge.filled_to(self.memory.bytes(), task.buffers.gauges());
        let TableMemory { table, index, scratch, .. } = &mut self.memory;
        let reducers = task.context.reducers;
        let sorting = task.stage(PhaseName::Sort, Activity::Sort);
        index.clear();
        index.try_reserve_exact(table.len()).map_err(|_| Error::refused("sorting", table.len() * INDEX_BYTES))?;
        index.extend(table.keys().map(|(at, key)| {
            let partition = match self.side {
                Side::Map => self.partitioner.partition(key, reducers),
                Side::Reduce => 0,
            };
            Entry::new(key, partition, at as u64)
        }));
        if self.side.sorts(task.config.factors.grouping) {
            sort::sort(index, scratch, reducers, &*table, &task.context.cancel)?;
        } else {
            sort::by_partition(index, scratch, reducers)?;
        }
        sorting.add_bytes(table.memory_bytes() as u64);
        drop(sorting);
        task.counters.combine_output_records += index.len() as u64;
        let fold = self.fold;
        self.spills.write(task, self.side, occasion, fold, |run| {
            let mut value = Vec::new();
            for (i, entry) in index.iter().enumerate() {
                if let Some(ahead) = index.get(i + PREFETCH_DISTANCE) {
                    table.prefetch_slot(ahead.position() as usize);
                }
                let at = entry.position() as usize;
                value.clear();
                fold.encode(table.value(at), &mut value);
                run.push(entry.partition(), table.key(at), &value, false)?;
            }
            Ok(())
        })
    }
}

impl<V: Value> Keys for &Table<V> {
    fn key(&self, position: u64) -> &[u8] {
        Table::key(self, position as usize)
    }

    fn prefetch(&self, position: u64) {
        self.prefetch_slot(position as usize);
    }
}

impl<K, V, C, P> Accept<K, V> for CombiningBuffer<'_, V, C, P>
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
        let key = key.encode(scratch);
        self.records += 1;
        self.bytes += (key.len() + value.encoded_len()) as u64;
        self.fold(key, value.into_value())
    }
}

impl<'t, K, V, C, P> Collect<'t, K, V, Combine<V, C>, P> for CombiningBuffer<'t, V, C, P>
where
    K: Key + ?Sized,
    V: Value + ToValue<V> + Send,
    C: Combiner<V>,
    P: Partitioner,
{
    fn new(task: Task<'t>, fold: &'t Combine<V, C>, partitioner: &'t P, side: Side, _expected_bytes: u64) -> Self {
        let capacity_bytes = task.config.task_sort_buffer_bytes();
        CombiningBuffer {
            doing: Doing::here(),
            fold,
            partitioner,
            side,
            capacity_bytes,
            memory: task.buffers.take(),
            pending: Vec::with_capacity(BATCH),
            records: 0,
            bytes: 0,
            spills: Spills::default(),
            task,
        }
    }

    fn push(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        self.task.counters.combine_input_records += 1;
        self.fold(key, V::decode_owned(value)?).map_err(|error| *error)
    }

    fn finish(mut self) -> Result<(MapOutput, Task<'t>)> {
        self.fold_batch().map_err(|error| *error)?;
        self.task.counters.map_output_records += self.records;
        self.task.counters.map_output_bytes += self.bytes;
        self.task.counters.combine_input_records += self.records;
        if self.memory.table.len() > 0 {
            self.spill(Occasion::Last)?;
            self.memory.table.clear();
        }
        let mut task = self.task;
        task.buffers.put(self.memory);
        let output = self.spills.into_map_output(&mut task, self.side, self.fold)?;
        Ok((output, task))
    }
}
