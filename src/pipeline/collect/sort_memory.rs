//! The memory of a sort buffer: framed records one after another, and an index to sort.
//!
//! ```text
//! records   frame · frame · frame · …                 in the order in which they came
//! index     (partition, key prefix, position) · …     sorted when the buffer is full
//! ```

use std::fmt;
use std::sync::Arc;

use crate::cancel::CancelToken;
use crate::config::Grouping;
use crate::error::{Error, Result};
use crate::observe::memory::{BufferGauge, MemoryGauges};
use crate::pipeline::collect::collector::Side;
use crate::pipeline::collect::room;
use crate::pipeline::prefetch;
use crate::pipeline::sort::{self, Entry, Keys};
use crate::record::{frame, varint};

/// Memory per record besides its bytes: an entry, and an entry of the sort's scratch.
pub(super) const INDEX_BYTES: usize = 2 * size_of::<Entry>();

/// Most bytes of a record besides key and value.
pub(super) const FRAME_BYTES: usize = 2 * varint::MAX_BYTES;

/// Records that a buffer makes room for at first, and their bytes.
const FIRST_RECORDS: usize = 64;
const FIRST_BYTES: usize = 4 << 10;

/// Distance, in records, at which records of a sorted buffer are fetched ahead while they are written out.
const PREFETCH_DISTANCE: usize = 12;
/// Bytes of a cache line.
const LINE_BYTES: usize = 64;
/// Most lines of a record that are fetched ahead; the processor itself fetches those behind them.
const MOST_LINES: usize = 3;

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
    pub fn expect(&mut self, bytes: u64, capacity_bytes: usize) {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX).saturating_add(FIRST_BYTES).min(capacity_bytes);
        room::make(&mut self.records, bytes);
        let _ = self.grow_index(bytes / INDEX_BYTES);
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Bytes of the framed records.
    pub fn record_bytes(&self) -> usize {
        self.records.len()
    }

    /// Bytes that the records and their index use.
    #[inline(always)]
    pub fn used_bytes(&self) -> usize {
        self.records.len() + self.index.len() * INDEX_BYTES
    }

    /// Tells the gauges how full the buffer became.
    pub fn gauge(&mut self, gauges: &Arc<MemoryGauges>) {
        let used = self.used_bytes();
        self.gauge.filled_to(used, gauges);
    }

    /// Whether a record of so many bytes fits without growing.
    #[inline(always)]
    pub fn has_room(&self, bytes: usize) -> bool {
        self.records.capacity() - self.records.len() >= bytes && self.index.len() < self.index.capacity()
    }

    /// Makes room for a record of so many bytes: doubles what is too small, within `capacity_bytes`, or to the size of the
    /// one record.
    pub fn grow(&mut self, bytes: usize, capacity_bytes: usize) -> Result<()> {
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
    pub fn append(&mut self, key: &[u8], partition: u32, encode_value: impl FnOnce(&mut Vec<u8>)) -> usize {
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

    /// Sorts the index by partition, and within each by key if this side of the shuffle sorts; equal keys stay in the order
    /// in which they came.
    ///
    /// # Errors
    /// Those of [`sort::sort`].
    pub fn sort(&mut self, partitions: u32, side: Side, grouping: Grouping, cancel: &CancelToken) -> Result<()> {
        let SortMemory { records, index, scratch, .. } = self;
        if side.sorts(grouping) {
            sort::sort(index, scratch, partitions, FramedRecords(records), cancel)
        } else {
            sort::by_partition(index, scratch, partitions)
        }
    }

    /// The records in the order of the index.
    pub fn in_order(&self) -> InOrder<'_> {
        self.in_order_from(0, self.index.len())
    }

    /// The records in the order of the index, from the place `next` to `end`.
    pub fn in_order_from(&self, next: usize, end: usize) -> InOrder<'_> {
        let lines = self.records.len() / self.index.len().max(1) / LINE_BYTES;
        InOrder { records: &self.records, index: &self.index[..end], next, more_lines: lines.min(MOST_LINES - 1) }
    }

    /// Place in the sorted index of the first record of this partition or a later one.
    pub fn start_of(&self, partition: u32) -> usize {
        self.index.partition_point(|entry| entry.partition() < partition)
    }

    /// Empties the buffer. What a record larger than the buffer has taken beyond `capacity_bytes` is given back.
    pub fn clear(&mut self, capacity_bytes: usize) {
        self.records.clear();
        self.index.clear();
        self.records.shrink_to(capacity_bytes);
    }
}

impl fmt::Debug for SortMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} records of {} bytes", self.index.len(), self.records.len())
    }
}

/// The records of a stretch of the index.
pub(super) struct InOrder<'r> {
    records: &'r [u8],
    index: &'r [Entry],
    next: usize,
    /// Lines of a usual record that are fetched ahead behind its first.
    more_lines: usize,
}

impl<'r> Iterator for InOrder<'r> {
    type Item = Framed<'r>;

    // Always inlined: what waits for a record that is not in the cache then does so beside the copy of the one before.
    #[inline(always)]
    fn next(&mut self) -> Option<Framed<'r>> {
        let InOrder { records, index, next, more_lines } = *self;
        let entry = *index.get(next)?;
        self.next += 1;
        if let Some(ahead) = index.get(next + PREFETCH_DISTANCE) {
            let at = ahead.position() as usize;
            prefetch::read(&records[at]);
            for line in 1..=more_lines {
                prefetch::read(&records[(at + line * LINE_BYTES).min(records.len() - 1)]);
            }
        }
        let at = entry.position() as usize;
        let frame = frame::read(records, at).expect("the buffer holds whole records");
        let (start, end) = frame.key.expect("records in the buffer have their keys");
        let (key, value) = (&records[start..end], &records[frame.value_start..frame.end]);
        Some(Framed { entry, key, value, bytes: &records[at..frame.end] })
    }
}

/// A record of the buffer.
#[derive(Clone, Copy)]
pub(super) struct Framed<'r> {
    entry: Entry,
    pub key: &'r [u8],
    pub value: &'r [u8],
    /// All of it, as it lies in the buffer.
    pub bytes: &'r [u8],
}

impl Framed<'_> {
    #[inline(always)]
    pub fn partition(&self) -> u32 {
        self.entry.partition()
    }

    /// Whether another record goes to the same place under the same key.
    #[inline(always)]
    pub fn is_of_key_of(&self, other: &Framed<'_>) -> bool {
        other.partition() == self.partition()
            && other.entry.same_key(self.entry).unwrap_or_else(|| self.key == other.key)
    }
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

/// Makes space for the length of a value too long for the one byte that was left for it.
#[cold]
fn widen_length(records: &mut Vec<u8>, at: usize, value_len: usize) {
    let mut length = Vec::with_capacity(varint::MAX_BYTES);
    varint::push(value_len as u64, &mut length);
    records.splice(at..=at, length);
}
