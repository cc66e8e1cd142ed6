//! The sort buffer: framed records one after another, and an index to sort.
//!
//! A map task without a combiner collects in one; one with a combiner does where [its table gains
//! nothing](super::adaptive). Equal keys are then combined as the sorted buffer is written, as Hadoop does it.

use std::sync::Arc;

use crate::config::Combining;
use crate::error::Result;
use crate::job::Partitioner;
use crate::observe::activity::{Activity, Doing};
use crate::observe::phases::PhaseName;
use crate::pipeline::collect::buffered_run::BufferedRun;
use crate::pipeline::collect::collector::{Collect, MapOutput, Side};
use crate::pipeline::collect::gain::Gain;
use crate::pipeline::collect::sort_memory::{FRAME_BYTES, Framed, INDEX_BYTES, SortMemory};
use crate::pipeline::collect::spills::{Occasion, Spills};
use crate::pipeline::emit::{Accept, Accepted};
use crate::pipeline::fold::Fold;
use crate::pipeline::sort::MAX_POSITION;
use crate::pipeline::task::Task;
use crate::record::{Key, ToKey, ToValue, Value};
use crate::store::RunBuilder;

/// Collects encoded records and spills them sorted by (partition, key), equal keys in the order of emission.
pub struct SortBuffer<'t, F, P> {
    task: Task<'t>,
    doing: Doing,
    fold: &'t F,
    partitioner: &'t P,
    side: Side,
    reducers: u32,
    capacity_bytes: usize,
    memory: SortMemory,
    spills: Spills,
    /// Of the spills since they were last judged.
    gain: Gain,
}

/// Whether records of one key are combined.
#[inline(always)]
fn combines<F: Fold>(task: &Task<'_>) -> bool {
    F::COMBINES && task.config.combining == Combining::WhereGiven
}

impl<F: Fold, P> SortBuffer<'_, F, P> {
    fn sort(&mut self) -> Result<()> {
        let SortBuffer { task, memory, .. } = self;
        task.context.cancel.check()?;
        memory.gauge(task.buffers.gauges());
        let sorting = task.stage(PhaseName::Sort, Activity::Sort);
        memory.sort(self.reducers, self.side, task.config.factors.grouping, &task.context.cancel)?;
        sorting.count(memory.len() as u64, memory.record_bytes() as u64);
        Ok(())
    }

    #[inline(never)]
    fn spill(&mut self, occasion: Occasion) -> Result<()> {
        self.sort()?;
        let SortBuffer { task, memory, fold, .. } = self;
        let mut written = memory.len() as u64;
        let combines = combines::<F>(task);
        self.spills.write(task, self.side, occasion, *fold, |run| {
            if combines {
                written = write_combined(memory, *fold, run)?;
                return Ok(());
            }
            write_all(memory, run)
        })?;
        if combines {
            self.task.counters.combine_output_records += written;
            self.gain.add(self.memory.len() as u64, written);
        }
        self.memory.clear(self.capacity_bytes);
        Ok(())
    }
}

/// Writes sorted records as they are.
fn write_all(memory: &SortMemory, run: &mut RunBuilder) -> Result<()> {
    let mut previous: Option<Framed<'_>> = None;
    for record in memory.in_order() {
        let partition = record.partition();
        if previous.is_some_and(|before| record.is_of_key_of(&before)) {
            run.push(partition, record.key, record.value, true)?;
        } else {
            run.push_framed(partition, record.bytes)?;
        }
        previous = Some(record);
    }
    Ok(())
}

/// Writes sorted records, neighbours of one key as one; returns how many that makes.
fn write_combined<F: Fold>(memory: &SortMemory, fold: &F, run: &mut RunBuilder) -> Result<u64> {
    let (mut written, mut encoded) = (0, Vec::new());
    let mut write = |record: Framed<'_>, accumulator: Option<F::Accumulator>| {
        written += 1;
        let Some(accumulator) = accumulator else { return run.push_framed(record.partition(), record.bytes) };
        encoded.clear();
        fold.encode(&accumulator, &mut encoded);
        run.push(record.partition(), record.key, &encoded, false)
    };
    let mut held: Option<(Framed<'_>, Option<F::Accumulator>)> = None;
    for record in memory.in_order() {
        match &mut held {
            Some((first, accumulator)) if record.is_of_key_of(first) => {
                let mut folded = accumulator.take().map_or_else(|| fold.decode(first.value), Ok)?;
                fold.fold(&mut folded, record.value)?;
                *accumulator = Some(folded);
            }
            _ => {
                if let Some((first, accumulator)) = held.replace((record, None)) {
                    write(first, accumulator)?;
                }
            }
        }
    }
    held.map_or(Ok(()), |(first, accumulator)| write(first, accumulator))?;
    Ok(written)
}

impl<K: Key + ?Sized, V: Value + ?Sized, F: Fold, P: Partitioner> Accept<K, V> for SortBuffer<'_, F, P> {
    #[inline]
    fn accept<Q, W>(&mut self, key: Q, value: W, scratch: &mut Vec<u8>) -> Accepted
    where
        Q: ToKey<K>,
        W: ToValue<V>,
    {
        self.doing.set(Activity::Encode);
        let key = key.encode(scratch);
        let partition = self.partitioner.partition(key, self.reducers);
        let value_len = self.take_record(key, partition, value.least_encoded_len(), |records| value.encode(records))?;
        self.task.counters.map_output_records += 1;
        self.task.counters.combine_input_records += u64::from(combines::<F>(&self.task));
        self.task.counters.map_output_bytes += (key.len() + value_len) as u64;
        self.doing.set(Activity::User);
        Ok(())
    }
}

impl<F: Fold, P> SortBuffer<'_, F, P> {
    /// Takes a record whose value has at least so many bytes; returns how many it has.
    #[inline(always)]
    fn take_record(
        &mut self,
        key: &[u8],
        partition: u32,
        least_value_len: usize,
        encode_value: impl FnOnce(&mut Vec<u8>),
    ) -> Accepted<usize> {
        let bytes = key.len() + least_value_len + FRAME_BYTES;
        if !self.memory.has_room(bytes) && !self.make_room(bytes)? {
            return Ok(self.write_through(key, partition, least_value_len, encode_value)?);
        }
        let value_len = self.memory.append(key, partition, encode_value);
        if self.memory.used_bytes() >= self.capacity_bytes {
            self.spill_when_full()?;
        }
        Ok(value_len)
    }

    /// Grows the buffer for a record of so many bytes, or spills it where its share of memory or the system does not
    /// allow that. Returns whether there is room then: there is none for a record larger than the buffer.
    #[cold]
    #[inline(never)]
    fn make_room(&mut self, bytes: usize) -> Accepted<bool> {
        let fits = self.memory.used_bytes() + bytes + INDEX_BYTES <= self.capacity_bytes;
        if fits && self.memory.grow(bytes, self.capacity_bytes).is_ok() {
            return Ok(true);
        }
        if self.memory.len() > 0 {
            self.spill_when_full()?;
        }
        Ok(bytes + INDEX_BYTES <= self.capacity_bytes && self.memory.grow(bytes, self.capacity_bytes).is_ok())
    }

    /// Writes a record that the buffer has no room for as a run of its own, after the records that were emitted before.
    #[cold]
    fn write_through(
        &mut self,
        key: &[u8],
        partition: u32,
        least_value_len: usize,
        encode_value: impl FnOnce(&mut Vec<u8>),
    ) -> Result<usize> {
        self.task.counters.combine_output_records += u64::from(combines::<F>(&self.task));
        let mut value_len = least_value_len;
        self.spills.write(&mut self.task, self.side, Occasion::Full, self.fold, |run| {
            run.push_encoded(partition, key, least_value_len, |out| {
                let before = out.len();
                encode_value(out);
                value_len = out.len() - before;
            })
        })?;
        Ok(value_len)
    }

    #[inline(never)]
    fn spill_when_full(&mut self) -> Accepted {
        let spilled = self.spill(Occasion::Full);
        if spilled.is_err() {
            // The task ends after this record; until then the buffer must not grow.
            self.memory.clear(self.capacity_bytes);
        }
        Ok(spilled?)
    }
}

impl<'t, F: Fold, P: Partitioner> SortBuffer<'t, F, P> {
    /// A buffer within `capacity_bytes` for about so many bytes of records, for a task that has made these spills.
    pub(super) fn with(
        task: Task<'t>,
        (fold, partitioner, side): (&'t F, &'t P, Side),
        (mut memory, spills): (SortMemory, Spills),
        capacity_bytes: usize,
        expected_bytes: u64,
    ) -> Self {
        let capacity_bytes = capacity_bytes.min(MAX_POSITION as usize);
        memory.expect(expected_bytes, capacity_bytes);
        SortBuffer {
            doing: Doing::here(),
            side,
            reducers: task.context.reducers,
            fold,
            partitioner,
            capacity_bytes,
            memory,
            spills,
            gain: Gain::default(),
            task,
        }
    }

    /// Takes a record that has been counted, on the side of the mapper.
    pub(super) fn take_counted(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        let partition = match self.side {
            Side::Map => self.partitioner.partition(key, self.reducers),
            Side::Reduce => 0,
        };
        let taken = self.take_record(key, partition, value.len(), |records| records.extend_from_slice(value));
        taken.map(|_value_len| ()).map_err(|error| *error)
    }

    /// Whether the buffer is empty after a spill, and the keys of the last spills repeat so often that a table would pay.
    #[inline(always)]
    pub(super) fn gained(&mut self) -> bool {
        self.memory.len() == 0 && self.gain.judge().is_some_and(Gain::is_rich)
    }

    /// Makes the task's output of its spills and of what is left, which is the last spill, or goes from the buffer into the
    /// merge; returns the buffers, too. What a combiner leaves is spilled, so that it is combined once as all the others are.
    pub(super) fn into_output(mut self) -> Result<(MapOutput, Task<'t>, SortMemory)> {
        let merges = self.spills.will_be_merged(&self.task, self.side) && !combines::<F>(&self.task);
        if self.memory.len() > 0 && merges {
            self.sort()?;
        } else if self.memory.len() > 0 {
            self.spill(Occasion::Last)?;
        }
        let (side, fold, capacity_bytes) = (self.side, self.fold, self.capacity_bytes);
        let (mut task, memory, mut spills) = self.into_parts();
        let memory = Arc::new(memory);
        if memory.len() > 0 {
            spills.add(Arc::new(BufferedRun::new(memory.clone(), task.context.reducers, task.config.block_bytes())));
        }
        let output = spills.into_map_output(&mut task, side, fold)?;
        let mut memory = Arc::into_inner(memory).expect("the run of the buffer went when it was merged");
        memory.clear(capacity_bytes);
        Ok((output, task, memory))
    }

    /// The task, the buffers, and the spills so far.
    pub(super) fn into_parts(self) -> (Task<'t>, SortMemory, Spills) {
        (self.task, self.memory, self.spills)
    }
}

impl<'t, K: Key + ?Sized, V: Value + ?Sized, F: Fold, P: Partitioner> Collect<'t, K, V, F, P> for SortBuffer<'t, F, P> {
    fn new(task: Task<'t>, fold: &'t F, partitioner: &'t P, side: Side, expected_bytes: u64) -> Self {
        let (memory, capacity_bytes) = (task.buffers.take(), task.config.task_sort_buffer_bytes());
        SortBuffer::with(task, (fold, partitioner, side), (memory, Spills::default()), capacity_bytes, expected_bytes)
    }

    fn push(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        let _encoding = self.doing.enter(Activity::Encode);
        self.task.counters.combine_input_records += u64::from(combines::<F>(&self.task));
        self.take_counted(key, value)
    }

    fn finish(self) -> Result<(MapOutput, Task<'t>)> {
        let (output, task, memory) = self.into_output()?;
        task.buffers.put(memory);
        Ok((output, task))
    }
}
