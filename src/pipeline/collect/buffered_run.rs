//! The last sorted buffer of a map task, read as a run that was never written.
//!
//! A task that has spilled before merges its spills with what is left in the buffer. Writing the rest to a file first would
//! only mean to read it back at once.

use std::sync::Arc;

use crate::error::Result;
use crate::observe::activity::{Activity, Doing};
use crate::observe::purpose::Purpose;
use crate::pipeline::collect::sort_memory::{Framed, SortMemory};
use crate::record::{buffer, frame};
use crate::store::{Block, BlockReader, PartitionIndex, Run, RunIndex, RunOnDisk};

/// A sorted buffer as a run.
#[derive(Debug)]
pub(super) struct BufferedRun {
    memory: Arc<SortMemory>,
    index: RunIndex,
    block_bytes: usize,
}

impl BufferedRun {
    /// A run of the records in `memory`, whose index is sorted, read in blocks of about so many bytes. The index of the
    /// run has the records of each partition, and as its bytes an equal share of all for each record.
    pub fn new(memory: Arc<SortMemory>, partitions: u32, block_bytes: usize) -> Self {
        let mut index = vec![PartitionIndex::default(); partitions as usize];
        let (mut first, records) = (0, memory.len());
        while first < records {
            let partition = memory.in_order_from(first, records).next().map_or(0, |record| record.partition());
            let end = memory.start_of(partition + 1);
            let bytes = (memory.record_bytes() as u128 * (end - first) as u128 / records as u128) as u64;
            index[partition as usize] =
                PartitionIndex { offset: 0, stored_bytes: bytes, record_bytes: bytes, records: (end - first) as u64 };
            first = end;
        }
        BufferedRun { memory, index: RunIndex::from(index), block_bytes }
    }
}

impl Run for BufferedRun {
    fn index(&self) -> &RunIndex {
        &self.index
    }

    fn open(&self, partition: u32, _: Purpose) -> Result<Box<dyn BlockReader>> {
        let next = self.memory.start_of(partition);
        let end = next + self.index.get(partition).records as usize;
        Ok(Box::new(BufferReader { memory: self.memory.clone(), next, end, block_bytes: self.block_bytes }))
    }

    fn on_disk(&self) -> Option<&dyn RunOnDisk> {
        None
    }

    /// All of the buffer goes at once, with its last reference.
    fn release(&self, _: u32) {}
}

/// Makes blocks of the records of one partition.
struct BufferReader {
    memory: Arc<SortMemory>,
    /// Places in the sorted index that are left.
    next: usize,
    end: usize,
    block_bytes: usize,
}

impl BlockReader for BufferReader {
    fn next(&mut self, spent: Block) -> Result<Option<Block>> {
        if self.next == self.end {
            return Ok(None);
        }
        let _encoding = Doing::here().enter(Activity::Encode);
        let mut block = spent.into_buffer();
        block.clear();
        block.shrink_to(2 * self.block_bytes);
        buffer::make_room(&mut block, self.block_bytes, "a block")?;
        let mut before: Option<Framed<'_>> = None;
        for record in self.memory.in_order_from(self.next, self.end) {
            let more = record.bytes.len();
            let same_key = match before {
                Some(_) if block.len() + more > self.block_bytes => break,
                Some(before) => record.is_of_key_of(&before),
                None => {
                    buffer::make_room(&mut block, more, "a record")?;
                    false
                }
            };
            if same_key {
                frame::push_same_key(record.value, &mut block);
            } else {
                block.extend_from_slice(record.bytes);
            }
            before = Some(record);
            self.next += 1;
        }
        Ok(Some(Block::Owned(block)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cancel::CancelToken;
    use crate::config::Grouping;
    use crate::pipeline::collect::collector::Side;
    use crate::store::{RunCursor, Segment, Step};

    fn sorted(records: &[(u32, Vec<u8>, Vec<u8>)], partitions: u32) -> Arc<SortMemory> {
        let mut memory = SortMemory::default();
        for (partition, key, value) in records {
            memory.grow(key.len() + value.len() + 20, usize::MAX >> 8).unwrap();
            memory.append(key, *partition, |out| out.extend_from_slice(value));
        }
        memory.sort(partitions, Side::Map, Grouping::Sort, &CancelToken::default()).unwrap();
        Arc::new(memory)
    }

    proptest! {
        #[test]
        fn a_buffer_reads_as_the_run_that_it_would_have_been_written_to(
            mut records in prop::collection::vec(
                (prop_oneof![Just(0u32), Just(3), Just(99)], prop::collection::vec(0..3u8, 0..12), prop::collection::vec(any::<u8>(), 0..200)),
                0..150,
            ),
            block_bytes in prop_oneof![Just(1usize), Just(64), Just(1000), Just(100_000)],
        ) {
            let run: Arc<dyn Run> = Arc::new(BufferedRun::new(sorted(&records, 100), 100, block_bytes));
            records.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
            let mut read = Vec::new();
            for partition in 0..100 {
                let segment = Segment { run: run.clone(), partition, read_for: Purpose::Merge };
                let mut cursor = RunCursor::open(&segment).unwrap();
                let (mut before, before_it) = (None, read.len());
                while let Some(step) = cursor.advance().unwrap() {
                    let record = (partition, cursor.key().to_vec(), cursor.value().to_vec());
                    prop_assert!(step == Step::NewKey || before.as_ref() == Some(&record.1), "the same key as before");
                    before = Some(record.1.clone());
                    prop_assert!(cursor.block().len() <= block_bytes.max(record.1.len() + record.2.len() + 4));
                    read.push(record);
                }
                prop_assert_eq!(segment.index().records, (read.len() - before_it) as u64);
            }
            prop_assert_eq!(run.index().total().records, read.len() as u64);
            prop_assert!(read == records);
        }
    }

    #[test]
    fn equal_keys_are_written_once_a_block() {
        let records: Vec<_> = (0..100u8).map(|i| (0, b"a key of some length".to_vec(), vec![i])).collect();
        let run = BufferedRun::new(sorted(&records, 1), 1, 1 << 10);
        let block = run.open(0, Purpose::Merge).unwrap().next(Block::EMPTY).unwrap().unwrap();
        assert_eq!(block.len(), 2 + 20 + 1 + 99 * 3);
    }
}
