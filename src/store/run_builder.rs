//! Writes a run record by record: blocks are filled and handed to the store.

use std::sync::Arc;

use crate::cancel::CancelToken;
use crate::error::{Error, Result};
use crate::observe::purpose::Purpose;
use crate::record::{buffer, frame, varint};
use crate::store::block::BlockBuilder;
use crate::store::format::MAX_RECORD_BYTES;
use crate::store::run::{Run, RunStore, RunWriter};

/// Bytes that a value encoded in place may take beyond what was told, without doubling a block that holds a large key.
const MOST_UNTOLD_BYTES: usize = 256;

/// A run that is being written, record by record in the order (partition, key).
pub(crate) struct RunBuilder {
    writer: Box<dyn RunWriter>,
    block: BlockBuilder,
    /// Place in the block of the record that was appended last.
    last: usize,
    /// The key of a record that gets another value.
    key: Vec<u8>,
    partition: u32,
    cancel: CancelToken,
}

impl RunBuilder {
    /// Begins the run `name`, which is written for this purpose.
    pub fn create(
        store: &dyn RunStore,
        name: &str,
        partitions: u32,
        block_bytes: usize,
        purpose: Purpose,
    ) -> Result<Self> {
        let writer = store.create(name, partitions, purpose)?;
        let block = BlockBuilder::with_capacity(block_bytes);
        Ok(RunBuilder { writer, block, last: 0, key: Vec::new(), partition: 0, cancel: CancelToken::default() })
    }

    /// Makes writing end with [`Error::Cancelled`] once `cancel` is cancelled.
    pub fn until(self, cancel: &CancelToken) -> Self {
        RunBuilder { cancel: cancel.clone(), ..self }
    }

    /// Appends a record. `same_key` promises that the record before it in this run has the same partition and key.
    #[inline(always)]
    pub fn push(&mut self, partition: u32, key: &[u8], value: &[u8], same_key: bool) -> Result<()> {
        let begins_block = self.make_room(partition, frame::len(key.len(), value.len()))?;
        self.last = self.block.len();
        if same_key && !begins_block {
            frame::push_same_key(value, self.block.records_mut());
        } else {
            frame::push(key, value, self.block.records_mut());
        }
        self.block.count_record();
        Ok(())
    }

    /// Appends a record that is framed with its key already.
    #[inline(always)]
    pub fn push_framed(&mut self, partition: u32, framed: &[u8]) -> Result<()> {
        self.make_room(partition, framed.len())?;
        self.last = self.block.len();
        self.block.records_mut().extend_from_slice(framed);
        self.block.count_record();
        Ok(())
    }

    /// The value of the record that was appended last, with its key.
    pub fn last_value(&self) -> &[u8] {
        let (_, value) = self.last_record();
        value
    }

    /// Gives this value to the record that was appended last, with its key.
    pub fn replace_last_value(&mut self, value: &[u8]) -> Result<()> {
        let mut key = std::mem::take(&mut self.key);
        buffer::replace(&mut key, self.last_record().0, "a key")?;
        self.block.take_back(self.last);
        let pushed = self.push(self.partition, &key, value, false);
        self.key = key;
        pushed
    }

    /// Key and value of the record that was appended last, with its key.
    fn last_record(&self) -> (&[u8], &[u8]) {
        let bytes = self.block.record_bytes();
        let record = frame::read(bytes, self.last).expect("whole records are appended");
        let (start, end) = record.key.expect("with its key");
        (&bytes[start..end], &bytes[record.value_start..record.end])
    }

    /// Appends a record whose value, of about `value_len` bytes, is encoded straight into the block: it need not be in
    /// memory before.
    pub fn push_encoded(
        &mut self,
        partition: u32,
        key: &[u8],
        value_len: usize,
        encode_value: impl FnOnce(&mut Vec<u8>),
    ) -> Result<()> {
        self.make_room(partition, frame::len(key.len(), value_len))?;
        self.last = self.block.len();
        let records = self.block.records_mut();
        varint::push(key.len() as u64 + 1, records);
        let length_at = records.len();
        varint::push(value_len as u64, records);
        let key_at = records.len();
        records.extend_from_slice(key);
        let value_at = records.len();
        encode_value(records);
        let encoded_len = records.len() - value_at;
        if encoded_len != value_len {
            let mut length = Vec::with_capacity(varint::MAX_BYTES);
            varint::push(encoded_len as u64, &mut length);
            records.splice(length_at..key_at, length);
        }
        self.block.count_record();
        check_size(self.block.len() - self.last)
    }

    /// Makes sure that the block takes `bytes` more of `partition`; returns whether it is empty.
    #[inline(always)]
    fn make_room(&mut self, partition: u32, bytes: usize) -> Result<bool> {
        if partition != self.partition || self.block.len() + bytes > self.block.capacity() {
            self.begin_block(partition, bytes)?;
        }
        Ok(self.block.len() == 0)
    }

    /// Begins a block for a record of so many bytes.
    #[inline(never)]
    fn begin_block(&mut self, partition: u32, bytes: usize) -> Result<()> {
        self.put_block()?;
        self.partition = partition;
        check_size(bytes)?;
        // No more than a record larger than a block needs. A value whose length was not known may be longer than told.
        buffer::make_room(self.block.records_mut(), bytes + MOST_UNTOLD_BYTES, "a record")
    }

    fn put_block(&mut self) -> Result<()> {
        self.cancel.check()?;
        if self.block.records() > 0 { self.writer.put(self.partition, &mut self.block) } else { Ok(()) }
    }

    /// Completes the run.
    pub fn finish(mut self) -> Result<Arc<dyn Run>> {
        self.put_block()?;
        self.writer.finish()
    }
}

fn check_size(bytes: usize) -> Result<()> {
    if bytes > MAX_RECORD_BYTES {
        return Err(Error::user(format!("a record of {bytes} bytes exceeds the limit of {MAX_RECORD_BYTES}")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Compression;
    use crate::store::cursor::{RunCursor, Segment};
    use crate::store::disk::DiskStore;

    #[test]
    fn records_encoded_in_place_are_those_that_were_encoded_before() {
        let dir = tempfile::tempdir().unwrap();
        let store = DiskStore::new(dir.path().to_owned(), Compression::None, Arc::default());
        let mut run = RunBuilder::create(&store, "run", 2, 1000, Purpose::Spill).unwrap();
        let values: Vec<Vec<u8>> = [0, 1, 127, 128, 500, 5_000, 20_000].map(|len| vec![b'v'; len]).to_vec();
        for (i, value) in values.iter().enumerate() {
            // However well the length was known.
            let told = [value.len(), 0, 200][i % 3];
            let key = vec![b'a' + i as u8; 1 + i * 300];
            run.push_encoded(1, &key, told, |out| out.extend_from_slice(value)).unwrap();
        }
        let mut cursor =
            RunCursor::open(&Segment { run: run.finish().unwrap(), partition: 1, read_for: Purpose::Merge }).unwrap();
        for (i, value) in values.iter().enumerate() {
            assert!(cursor.advance().unwrap().is_some());
            assert_eq!((cursor.key(), cursor.value()), (&vec![b'a' + i as u8; 1 + i * 300][..], &value[..]));
        }
        assert!(cursor.advance().unwrap().is_none());
    }

    #[test]
    fn the_last_record_can_get_another_value_of_any_size() {
        let dir = tempfile::tempdir().unwrap();
        let store = DiskStore::new(dir.path().to_owned(), Compression::None, Arc::default());
        let mut run = RunBuilder::create(&store, "run", 3, 200, Purpose::Spill).unwrap();
        let sizes = [0usize, 1, 100, 127, 128, 190, 300, 5_000];
        for before in sizes {
            for after in sizes {
                run.push(1, &before.to_be_bytes(), &vec![b'b'; before], false).unwrap();
                assert_eq!(run.last_value(), vec![b'b'; before]);
                run.replace_last_value(&vec![b'a'; after]).unwrap();
                assert_eq!(run.last_value(), vec![b'a'; after]);
            }
        }
        let run = run.finish().unwrap();
        assert_eq!(run.index().total().records, (sizes.len() * sizes.len()) as u64);
        let mut cursor = RunCursor::open(&Segment { run, partition: 1, read_for: Purpose::Merge }).unwrap();
        for before in sizes {
            for after in sizes {
                assert!(cursor.advance().unwrap().is_some());
                assert_eq!((cursor.key(), cursor.value()), (&before.to_be_bytes()[..], &vec![b'a'; after][..]));
            }
        }
        assert!(cursor.advance().unwrap().is_none());
    }

    #[test]
    fn a_run_that_is_cancelled_is_not_written_on() {
        let dir = tempfile::tempdir().unwrap();
        let store = DiskStore::new(dir.path().to_owned(), Compression::None, Arc::default());
        let cancel = CancelToken::default();
        let mut run = RunBuilder::create(&store, "run", 1, 100, Purpose::Spill).unwrap().until(&cancel);
        run.push(0, b"key", b"value", false).unwrap();
        cancel.cancel();
        let end = std::iter::repeat_with(|| run.push(0, b"key", b"value", false)).take(50).find(Result::is_err);
        assert!(matches!(end, Some(Err(Error::Cancelled))));
        drop((run, store));
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "and is removed");
    }
}
