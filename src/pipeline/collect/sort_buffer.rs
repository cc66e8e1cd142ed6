//! The sort buffer: framed records one after another, and an index to sort.
//!
//! A map task without a combiner collects in one; one with a combiner does where [its table gains
//! nothing](super::adaptive). Equal keys are then combined as the sorted buffer is written, as Hadoop does it.

use crate::config::Combining;
use crate::error::{Error, Result};
use crate::job::Partitioner;
use crate::observe::activity::{Activity, Doing};
use crate::observe::memory::BufferGauge;
use crate::observe::phases::PhaseName;
use crate::pipeline::collect::collector::{Collect, MapOutput, Side};
use crate::pipeline::collect::gain::Gain;
use crate::pipeline::collect::room;
use crate::pipeline::collect::spills::{Occasion, Spills};
use crate::pipeline::emit::{Accept, Accepted};
use crate::pipeline::fold::Fold;
use crate::pipeline::prefetch;
use crate::pipeline::sort::{self, Entry, Keys, MAX_POSITION};
use crate::pipeline::task::Task;
use crate::record::{Key, ToKey, ToValue, Value, frame, varint};
use crate::store::RunBuilder;

/// Memory per record besides its bytes: an entry, and an entry of the sort's scratch.
const INDEX_BYTES: usize = 2 * size_of::<Entry>();

/// Most bytes of a record besides key and value.
const FRAME_BYTES: usize = 2 * varint::MAX_BYTES;

/// Records that a buffer makes room for at first, and their bytes.
const FIRST_RECORDS: usize = 64;
const FIRST_BYTES: usize = 4 << 10;

/// Distance, in records, at which records of a sorted buffer are fetched ahead while they are written out.
const PREFETCH_DISTANCE: usize = 12;

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

/// The buffers, which one task after another uses.
#[derive(Default)]
pub(super) struct SortMemory {
    records: Vec<u8>,
    index: Vec<Entry>,
    scratch: Vec<Entry>,
    gauge: BufferGauge,
}

impl SortMemory {
    /// Makes room for the records of so many bytes of input, within `capacity_bytes`. This is only a guess: memory that
    /// is refused here is asked for again when it is needed.
    fn expect(&mut self, bytes: u64, capacity_bytes: usize) {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX).saturating_add(FIRST_BYTES).min(capacity_bytes);
        room::make(&mut self.records, bytes);
        let _ = self.grow_index(bytes / INDEX_BYTES);
    }

    /// Whether a record of so many bytes fits without growing.
    #[inline(always)]
    fn has_room(&self, bytes: usize) -> bool {
        self.records.capacity() - self.records.len() >= bytes && self.index.len() < self.index.capacity()
    }

    /// Makes room for a record of so many bytes: doubles what is too small, within `capacity_bytes`, or to the size of the
    /// one record.
    fn grow(&mut self, bytes: usize, capacity_bytes: usize) -> Result<()> {
        let records = &mut self.records;
        let needed = records.len() + bytes;
        if needed > records.capacity() {
            let doubled = (2 * records.capacity()).clamp(FIRST_BYTES, capacity_bytes.max(FIRST_BYTES));
            if !room::make(records, doubled.max(needed)) && !room::make(records, needed) {
                return Err(Error::refused("the sort buffer", needed));
            }
        }
        if self.index.len() == self.index.capacity() {
            let most = (capacity_bytes / INDEX_BYTES + 1).max(FIRST_RECORDS);
            let doubled = (2 * self.index.capacity()).clamp(FIRST_RECORDS, most);
            self.grow_index(doubled.max(self.index.len() + 1))?;
        }
        Ok(())
    }

    /// Makes room for so many entries, and for sorting them.
    fn grow_index(&mut self, entries: usize) -> Result<()> {
        let SortMemory { index, scratch, .. } = self;
        if room::make(scratch, entries) && room::make(index, entries) {
            return Ok(());
        }
        Err(Error::refused("the sort buffer's index", entries * INDEX_BYTES))
    }

    /// Appends a record; returns the length of its value.
    #[inline(always)]
    fn append(&mut self, key: &[u8], partition: u32, encode_value: impl FnOnce(&mut Vec<u8>)) -> usize {
        let SortMemory { records, index, .. } = self;
        let at = records.len();
        varint::push(key.len() as u64 + 1, records);
        let length_at = records.len();
        records.push(0);
        records.extend_from_slice(key);
        let value_at = records.len();
        encode_value(records);
        let value_len = records.len() - value_at;
        if value_len < 0x80 {
            records[length_at] = value_len as u8;
        } else {
            widen_length(records, length_at, value_len);
        }
        index.push(Entry::new(key, partition, at as u64));
        value_len
    }
}

/// Whether records of one key are combined.
#[inline(always)]
fn combines<F: Fold>(task: &Task<'_>) -> bool {
    F::COMBINES && task.config.combining == Combining::WhereGiven
}

impl<F: Fold, P> SortBuffer<'_, F, P> {
    fn used_bytes(&self) -> usize {
        self.memory.records.len() + self.memory.index.len() * INDEX_BYTES
    }

    #[inline(never)]
    fn spill(&mut self, occasion: Occasion) -> Result<()> {
        let task = &mut self.task;
        task.context.cancel.check()?;
        self.memory
            .gauge
            .filled_to(self.memory.records.len() + self.memory.index.len() * INDEX_BYTES, task.buffers.gauges());
        let SortMemory { records, index, scratch, .. } = &mut self.memory;
        let sorting = task.stage(PhaseName::Sort, Activity::Sort);
        if self.side.sorts(task.config.factors.grouping) {
            sort::sort(index, scratch, self.reducers, FramedRecords(records), &task.context.cancel)?;
        } else {
            sort::by_partition(index, scratch, self.reducers)?;
        }
        sorting.count(index.len() as u64, records.len() as u64);
        drop(sorting);
        let mut written = index.len() as u64;
        let (fold, combines) = (self.fold, combines::<F>(task));
        self.spills.write(task, self.side, occasion, fold, |run| {
            if combines {
                written = write_combined(index, records, fold, run)?;
                return Ok(());
            }
            write_all(index, records, run)
        })?;
        if combines {
            self.task.counters.combine_output_records += written;
            self.gain.add(index.len() as u64, written);
        }
        records.clear();
        index.clear();
        // A record larger than the buffer does not make the buffer larger for good.
        records.shrink_to(self.capacity_bytes);
        Ok(())
    }
}

/// A record of the buffer.
#[derive(Clone, Copy)]
struct Framed<'r> {
    entry: Entry,
    key: &'r [u8],
    value: &'r [u8],
    /// All of it, as it lies in the buffer.
    bytes: &'r [u8],
}

impl Framed<'_> {
    /// Whether another record goes to the same place under the same key.
    #[inline(always)]
    fn is_of_key_of(&self, other: &Framed<'_>) -> bool {
        other.entry.partition() == self.entry.partition()
            && other.entry.same_key(self.entry).unwrap_or_else(|| self.key == other.key)
    }
}

/// The records in the order of their index.
#[inline(always)]
fn in_order<'r>(index: &'r [Entry], records: &'r [u8]) -> impl Iterator<Item = Framed<'r>> {
    index.iter().enumerate().map(move |(i, entry)| {
        if let Some(ahead) = index.get(i + PREFETCH_DISTANCE) {
            prefetch::read(&records[ahead.position() as usize]);
        }
        let at = entry.position() as usize;
        let frame = frame::read(records, at).expect("the buffer holds whole records");
        let (start, end) = frame.key.expect("records in the buffer have their keys");
        let (key, value) = (&records[start..end], &records[frame.value_start..frame.end]);
        Framed { entry: *entry, key, value, bytes: &records[at..frame.end] }
    })
}

/// Writes sorted records as they are.
fn write_all(index: &[Entry], records: &[u8], run: &mut RunBuilder) -> Result<()> {
    let mut previous: Option<Framed<'_>> = None;
    for record in in_order(index, records) {
        let partition = record.entry.partition();
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
fn write_combined<F: Fold>(index: &[Entry], records: &[u8], fold: &F, run: &mut RunBuilder) -> Result<u64> {
    let (mut written, mut encoded) = (0, Vec::new());
    let mut write = |record: Framed<'_>, accumulator: Option<F::Accumulator>| {
        written += 1;
        let Some(accumulator) = accumulator else { return run.push_framed(record.entry.partition(), record.bytes) };
        encoded.clear();
        fold.encode(&accumulator, &mut encoded);
        run.push(record.entry.partition(), record.key, &encoded, false)
    };
    let mut held: Option<(Framed<'_>, Option<F::Accumulator>)> = None;
    for record in in_order(index, records) {
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

/// Records of the buffer, each at its position.
#[derive(Clone, Copy)]
struct FramedRecords<'r>(&'r [u8]);

impl Keys for FramedRecords<'_> {
    #[inline(always)]
    fn key(&self, position: u64) -> &[u8] {
        let frame = frame::read(self.0, position as usize).expect("the buffer holds whole records");
        let (start, end) = frame.key.expect("records in the buffer have their keys");
        &self.0[start..end]
    }

    #[inline(always)]
    fn prefetch(&self, position: u64) {
        prefetch::read(&self.0[position as usize]);
    }
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
        if self.used_bytes() >= self.capacity_bytes {
            self.spill_when_full()?;
        }
        Ok(value_len)
    }

    /// Grows the buffer for a record of so many bytes, or spills it where its share of memory or the system does not
    /// allow that. Returns whether there is room then: there is none for a record larger than the buffer.
    #[cold]
    #[inline(never)]
    fn make_room(&mut self, bytes: usize) -> Accepted<bool> {
        let fits = self.used_bytes() + bytes + INDEX_BYTES <= self.capacity_bytes;
        if fits && self.memory.grow(bytes, self.capacity_bytes).is_ok() {
            return Ok(true);
        }
        if !self.memory.index.is_empty() {
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
            self.memory.records.clear();
            self.memory.index.clear();
        }
        Ok(spilled?)
    }
}

/// Makes space for the length of a value too long for the one byte that was left for it.
#[cold]
fn widen_length(records: &mut Vec<u8>, at: usize, value_len: usize) {
    let mut length = Vec::with_capacity(varint::MAX_BYTES);
    varint::push(value_len as u64, &mut length);
    records.splice(at..=at, length);
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
        self.memory.index.is_empty() && self.gain.judge().is_some_and(Gain::is_rich)
    }

    /// Writes what is left as the task's last spill.
    pub(super) fn spill_rest(&mut self) -> Result<()> {
        if self.memory.index.is_empty() { Ok(()) } else { self.spill(Occasion::Last) }
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

    fn finish(mut self) -> Result<(MapOutput, Task<'t>)> {
        self.spill_rest()?;
        let (side, fold) = (self.side, self.fold);
        let (mut task, memory, spills) = self.into_parts();
        task.buffers.put(memory);
        let output = spills.into_map_output(&mut task, side, fold)?;
        Ok((output, task))
    }
}
