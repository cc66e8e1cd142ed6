//! The index of a run: bytes and records of each partition, kept as long as the run lives.
//!
//! A job may have 65,536 partitions and many runs, so an entry of 32 bytes for each partition would come to more memory than
//! the runs' own buffers. Where there are few partitions the entries are an array. Where there are many, only those
//! that hold records are kept, as differences of variable length, with a mark to start from every so often:
//!
//! ```text
//! marks     partition 0 at 0 │ partition 912 at 251 │ …                     one for every 32 filled partitions
//! entries   partitions skipped · bytes skipped · stored bytes · record bytes · records │ …      about 8 bytes each
//! ```

use crate::record::varint;

/// Up to so many partitions, the entries are kept as an array.
const FEW_PARTITIONS: usize = 64;
/// Filled partitions from one mark to the next.
const ENTRIES_A_MARK: u32 = 32;

/// Bytes and records of one partition of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
pub struct PartitionIndex {
    /// Offset of the first block in the file; in memory, bytes of the blocks before it.
    pub offset: u64,
    /// Bytes of the blocks as stored, including headers in files.
    pub stored_bytes: u64,
    /// Bytes of the encoded records.
    pub record_bytes: u64,
    /// Records.
    pub records: u64,
}

impl PartitionIndex {
    /// Sums over the partitions of a run.
    pub(crate) fn total(index: &[PartitionIndex]) -> PartitionIndex {
        index.iter().fold(PartitionIndex::default(), |sum, partition| PartitionIndex {
            offset: 0,
            stored_bytes: sum.stored_bytes + partition.stored_bytes,
            record_bytes: sum.record_bytes + partition.record_bytes,
            records: sum.records + partition.records,
        })
    }
}

/// The entries of all partitions of a run.
#[derive(Clone, Debug)]
pub(crate) struct RunIndex {
    partitions: usize,
    total: PartitionIndex,
    entries: Entries,
}

#[derive(Clone, Debug)]
enum Entries {
    Few(Box<[PartitionIndex]>),
    Many { encoded: Box<[u8]>, marks: Box<[Mark]> },
}

/// A point to start reading from: the offset of a filled partition's entry, and the values that it is a difference to.
#[derive(Clone, Copy, Debug)]
struct Mark {
    /// The partition before it plus one.
    partition: u32,
    at: usize,
    /// End of the blocks of the partition before it.
    offset: u64,
}

impl RunIndex {
    /// The number of partitions.
    pub fn len(&self) -> usize {
        self.partitions
    }

    /// The entry of a partition.
    pub fn get(&self, partition: u32) -> PartitionIndex {
        assert!((partition as usize) < self.partitions, "a run of {} partitions has no {partition}", self.partitions);
        let (encoded, marks) = match &self.entries {
            Entries::Few(entries) => return entries[partition as usize],
            Entries::Many { encoded, marks } => (encoded, marks),
        };
        // The first mark is at partition 0.
        let Some(mark) = marks.partition_point(|mark| mark.partition <= partition).checked_sub(1) else {
            return PartitionIndex::default();
        };
        let from = Filled { encoded, mark: marks[mark] };
        let found = from.take_while(|(number, _)| *number <= partition).find(|(number, _)| *number == partition);
        found.map(|(_, entry)| entry).unwrap_or_default()
    }

    /// Calls `each` for the partitions that hold something, in their order.
    pub fn for_each_filled(&self, mut each: impl FnMut(u32)) {
        match &self.entries {
            Entries::Few(entries) => {
                let filled = (0..).zip(entries).filter(|(_, entry)| **entry != PartitionIndex::default());
                filled.for_each(|(partition, _)| each(partition));
            }
            Entries::Many { encoded, .. } => {
                let from_the_first = Filled { encoded, mark: Mark { partition: 0, at: 0, offset: 0 } };
                from_the_first.for_each(|(partition, _)| each(partition));
            }
        }
    }

    /// The sums over all partitions.
    pub fn total(&self) -> PartitionIndex {
        self.total
    }

    /// Bytes of memory that the entries take.
    pub fn heap_bytes(&self) -> usize {
        match &self.entries {
            Entries::Few(entries) => size_of_val(&**entries),
            Entries::Many { encoded, marks } => encoded.len() + size_of_val(&**marks),
        }
    }

    fn encode(index: &[PartitionIndex]) -> Entries {
        let (mut encoded, mut marks) = (Vec::new(), Vec::new());
        let mut mark = Mark { partition: 0, at: 0, offset: 0 };
        let mut until_mark = 0;
        for (partition, entry) in (0..).zip(index).filter(|(_, entry)| **entry != PartitionIndex::default()) {
            if until_mark == 0 {
                marks.push(Mark { at: encoded.len(), ..mark });
                until_mark = ENTRIES_A_MARK;
            }
            until_mark -= 1;
            varint::push(u64::from(partition - mark.partition), &mut encoded);
            varint::push(entry.offset.wrapping_sub(mark.offset), &mut encoded);
            for number in [entry.stored_bytes, entry.record_bytes, entry.records] {
                varint::push(number, &mut encoded);
            }
            mark.partition = partition + 1;
            mark.offset = entry.offset.wrapping_add(entry.stored_bytes);
        }
        Entries::Many { encoded: encoded.into(), marks: marks.into() }
    }
}

impl From<Vec<PartitionIndex>> for RunIndex {
    /// An entry for each partition.
    fn from(index: Vec<PartitionIndex>) -> Self {
        let (partitions, total) = (index.len(), PartitionIndex::total(&index));
        let entries = if partitions <= FEW_PARTITIONS { Entries::Few(index.into()) } else { RunIndex::encode(&index) };
        RunIndex { partitions, total, entries }
    }
}

/// The filled partitions from a mark on.
struct Filled<'a> {
    encoded: &'a [u8],
    mark: Mark,
}

impl Iterator for Filled<'_> {
    type Item = (u32, PartitionIndex);

    fn next(&mut self) -> Option<Self::Item> {
        let Mark { partition, at, offset } = &mut self.mark;
        let mut read = || varint::read(self.encoded, at);
        let number = *partition + read()? as u32;
        let offset_of_blocks = offset.wrapping_add(read()?);
        let entry =
            PartitionIndex { offset: offset_of_blocks, stored_bytes: read()?, record_bytes: read()?, records: read()? };
        *partition = number + 1;
        *offset = entry.offset.wrapping_add(entry.stored_bytes);
        Some((number, entry))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry() -> impl Strategy<Value = PartitionIndex> {
        let number = || prop_oneof![0..1000u64, any::<u64>().prop_map(|n| n >> 2)];
        let filled =
            (number(), number(), number(), number()).prop_map(|(offset, stored_bytes, record_bytes, records)| {
                // Sums of them fit.
                let [stored_bytes, record_bytes, records] = [stored_bytes, record_bytes, records].map(|n| n >> 10);
                PartitionIndex { offset, stored_bytes, record_bytes, records }
            });
        prop_oneof![3 => Just(PartitionIndex::default()), 2 => filled]
    }

    proptest! {
        #[test]
        fn every_entry_comes_back(entries in proptest::collection::vec(entry(), 0..300)) {
            let index = RunIndex::from(entries.clone());
            prop_assert_eq!(index.len(), entries.len());
            prop_assert_eq!(index.total(), PartitionIndex::total(&entries));
            for (partition, entry) in (0..).zip(&entries) {
                prop_assert_eq!(index.get(partition), *entry);
            }
            let mut filled = Vec::new();
            index.for_each_filled(|partition| filled.push(partition));
            let is_filled = |partition: &u32| entries[*partition as usize] != PartitionIndex::default();
            prop_assert_eq!(filled, (0..entries.len() as u32).filter(is_filled).collect::<Vec<_>>());
        }
    }

    /// A run of this many partitions, of which every `step`th holds a block of records.
    fn run(partitions: usize, step: usize) -> Vec<PartitionIndex> {
        let mut index = vec![PartitionIndex::default(); partitions];
        let mut offset = 16;
        for entry in index.iter_mut().step_by(step) {
            *entry = PartitionIndex { offset, stored_bytes: 124, record_bytes: 100, records: 7 };
            offset += entry.stored_bytes;
        }
        index
    }

    #[test]
    fn partitions_without_records_take_no_memory() {
        assert_eq!(RunIndex::from(vec![PartitionIndex::default(); 65_536]).heap_bytes(), 0);
        let one = run(65_536, 65_536);
        assert!(RunIndex::from(one).heap_bytes() < 64);
    }

    #[test]
    fn a_filled_partition_takes_a_quarter_of_an_entry_in_a_file() {
        for step in [1, 3, 100] {
            let entries = run(65_536, step);
            let filled = entries.iter().filter(|entry| entry.records > 0).count();
            let bytes = RunIndex::from(entries).heap_bytes();
            assert!(bytes <= 8 * filled, "{bytes} bytes for {filled} partitions");
        }
    }
}
