//! The buffer of a map task with a combiner: a [table](crate::pipeline::table) of accumulators that is sorted when it spills.
//!
//! Look-ups are gathered in batches: a record's slot is fetched when it is emitted, and by the time its batch is folded the
//! cache line has arrived. Without that, a table larger than the second-level cache costs a trip to memory a record.

use crate::error::{Error, Result};
use crate::job::{Combiner, Partitioner};
use crate::observe::activity::{Activity, Doing};
use crate::observe::memory::BufferGauge;
use crate::observe::phases::PhaseName;
use crate::pipeline::collect::collector::Side;
use crate::pipeline::collect::gain::{FIRST_LOOK, Gain};
use crate::pipeline::collect::room;
use crate::pipeline::collect::sort_memory::SortMemory;
use crate::pipeline::collect::spills::{Occasion, Spills};
use crate::pipeline::emit::Accepted;
use crate::pipeline::fold::{Combine, Fold};
use crate::pipeline::sort::{self, Entry, Keys};
use crate::pipeline::table::{INLINE_BYTES, InlineKey, Table};
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
pub(super) struct CombiningBuffer<'t, V: Value, C, P> {
    task: Task<'t>,
    doing: Doing,
    fold: &'t Combine<V, C>,
    partitioner: &'t P,
    side: Side,
    capacity_bytes: usize,
    memory: TableMemory<V>,
    /// The sort buffer that takes over where the table gains nothing, as long as there is memory for both.
    beside: SortMemory,
    pending: Vec<(InlineKey, V)>,
    records: u64,
    bytes: u64,
    spills: Spills,
    /// Records that were folded since the table was empty.
    folded: u64,
    /// The number of them at which the table is looked at.
    next_look: u64,
    /// Of the spills since they were last judged.
    gain: Gain,
    gains_nothing: bool,
}

/// The buffers, which one task after another uses.
pub(super) struct TableMemory<V> {
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
    pub(super) fn bytes(&self) -> usize {
        self.table.memory_bytes() + (self.index.capacity() + self.scratch.capacity()) * size_of::<Entry>()
    }

    /// Whether the table holds no key.
    pub(super) fn is_empty(&self) -> bool {
        self.table.len() == 0
    }

    /// Bytes of memory in use while the table grows, and the index with it.
    fn bytes_to_grow(&self) -> usize {
        let index_bytes = 2 * self.table.most_keys() * INDEX_BYTES;
        self.table.memory_bytes_to_grow()
            + index_bytes.max((self.index.capacity() + self.scratch.capacity()) * size_of::<Entry>())
    }

    /// Hands each key with its encoded accumulator to `take`, and empties the table.
    pub(super) fn pour<C: Combiner<V>>(
        &mut self,
        fold: &Combine<V, C>,
        mut take: impl FnMut(&[u8], &[u8]) -> Result<()>,
    ) -> Result<()>
    where
        V: ToValue<V>,
    {
        let mut value = Vec::new();
        for (at, key) in self.table.keys() {
            value.clear();
            fold.encode(self.table.value(at), &mut value);
            take(key, &value)?;
        }
        self.table.clear();
        Ok(())
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
    /// Folds a record; returns whether a look has shown that the table gains nothing. There is memory for another buffer then:
    /// the table is small, or empty.
    #[inline(always)]
    fn fold(&mut self, key: &[u8], value: V) -> Accepted<bool> {
        if key.len() <= INLINE_BYTES {
            let key = self.memory.table.inline_key(key);
            self.memory.table.prefetch(&key);
            self.pending.push((key, value));
            if self.pending.len() == BATCH { self.fold_batch() } else { Ok(false) }
        } else {
            self.fold_long(key, value)?;
            self.folded += 1;
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

    /// Folds the pending records, for which there was room when the first one came, and looks at the table where it is time.
    #[inline(never)]
    fn fold_batch(&mut self) -> Accepted<bool> {
        let _combining = self.doing.enter(Activity::Combine);
        let (table, combiner) = (&mut self.memory.table, &self.fold.combiner);
        self.folded += self.pending.len() as u64;
        for (key, value) in self.pending.drain(..) {
            table.fold_inline(&key, value, |accumulator, value| combiner.combine(accumulator, value));
        }
        if !self.memory.table.has_room(BATCH) || self.memory.bytes() > self.capacity_bytes {
            self.make_room()?;
        }
        if self.folded >= self.next_look {
            self.next_look = 4 * self.folded;
            // A large table goes on until it is spilled: there is no memory for another buffer beside it.
            let gain = Gain { records: self.folded, left: self.memory.table.len() as u64 };
            self.gains_nothing = gain.is_poor() && self.memory.bytes() <= self.capacity_bytes / 4;
        }
        Ok(self.gains_nothing)
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
        if memory.bytes_to_grow() > self.capacity_bytes / 4 {
            self.beside = SortMemory::default();
        }
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
        self.gain.add(self.folded, self.memory.table.len() as u64);
        self.gains_nothing = self.gain.judge().is_some_and(Gain::is_poor);
        (self.folded, self.next_look) = (0, FIRST_LOOK);
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
        sorting.count(index.len() as u64, table.memory_bytes() as u64);
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

impl<'t, V, C, P> CombiningBuffer<'t, V, C, P>
where
    V: Value + ToValue<V> + Send,
    C: Combiner<V>,
    P: Partitioner,
{
    /// A buffer for a task that has made these spills.
    pub(super) fn with(
        task: Task<'t>,
        (fold, partitioner, side): (&'t Combine<V, C>, &'t P, Side),
        (memory, beside, spills): (TableMemory<V>, SortMemory, Spills),
    ) -> Self {
        let capacity_bytes = task.config.task_sort_buffer_bytes();
        CombiningBuffer {
            doing: Doing::here(),
            fold,
            partitioner,
            side,
            capacity_bytes,
            memory,
            beside,
            pending: Vec::with_capacity(BATCH),
            records: 0,
            bytes: 0,
            spills,
            folded: 0,
            next_look: FIRST_LOOK,
            gain: Gain::default(),
            gains_nothing: false,
            task,
        }
    }

    /// Takes an encoded record on the reduce side.
    pub(super) fn push(&mut self, key: &[u8], value: &[u8]) -> Accepted<bool> {
        self.task.counters.combine_input_records += 1;
        self.fold(key, V::decode_owned(value)?)
    }

    /// Takes a record of the mapper; returns as [`fold`](Self::fold) does.
    #[inline(always)]
    pub(super) fn accept<K, Q, W>(&mut self, key: Q, value: W, scratch: &mut Vec<u8>) -> Accepted<bool>
    where
        K: Key + ?Sized,
        Q: ToKey<K>,
        W: ToValue<V>,
    {
        let key = key.encode(scratch);
        self.records += 1;
        self.bytes += (key.len() + value.encoded_len()) as u64;
        self.fold(key, value.into_value())
    }

    /// Writes what is left as the task's last spill.
    pub(super) fn spill_rest(&mut self) -> Result<()> {
        self.fold_batch().map_err(|error| *error)?;
        if self.memory.table.len() > 0 {
            self.spill(Occasion::Last)?;
            self.memory.table.clear();
        }
        Ok(())
    }

    /// The task, which has counted its records, the buffers, and the spills so far.
    pub(super) fn into_parts(mut self) -> (Task<'t>, TableMemory<V>, SortMemory, Spills) {
        self.task.counters.map_output_records += self.records;
        self.task.counters.map_output_bytes += self.bytes;
        self.task.counters.combine_input_records += self.records;
        (self.task, self.memory, self.beside, self.spills)
    }
}
