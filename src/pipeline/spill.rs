//! Writing sorted records as a run: blocks are filled and handed to the store.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::record::frame;
use crate::store::MAX_RECORD_BYTES;
use crate::store::{BlockBuilder, Run, RunStore, RunWriter};

/// A run that is being written, record by record in the order (partition, key).
pub(crate) struct RunBuilder {
    writer: Box<dyn RunWriter>,
    block: BlockBuilder,
    partition: u32,
}

impl RunBuilder {
    /// Begins the run `name`.
    pub fn create(store: &dyn RunStore, name: &str, partitions: u32, block_bytes: usize) -> Result<Self> {
        let writer = store.create(name, partitions)?;
        Ok(RunBuilder { writer, block: BlockBuilder::with_capacity(block_bytes), partition: 0 })
    }

    /// Appends a record. `same_key` promises that the record before it in this run has the same partition and key.
    #[inline(always)]
    pub fn push(&mut self, partition: u32, key: &[u8], value: &[u8], same_key: bool) -> Result<()> {
        let begins_block = self.make_room(partition, frame::len(key.len(), value.len()))?;
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
        self.block.records_mut().extend_from_slice(framed);
        self.block.count_record();
        Ok(())
    }

    /// Makes sure that the block takes `bytes` more of `partition`; tells whether it is empty.
    #[inline(always)]
    fn make_room(&mut self, partition: u32, bytes: usize) -> Result<bool> {
        if partition != self.partition || self.block.len() + bytes > self.block.capacity() {
            self.put_block()?;
            self.partition = partition;
            if bytes > MAX_RECORD_BYTES {
                return Err(Error::user(format!("a record of {bytes} bytes exceeds the limit of {MAX_RECORD_BYTES}")));
            }
        }
        Ok(self.block.len() == 0)
    }

    #[inline(never)]
    fn put_block(&mut self) -> Result<()> {
        if self.block.records() > 0 { self.writer.put(self.partition, &mut self.block) } else { Ok(()) }
    }

    /// Completes the run.
    pub fn finish(mut self) -> Result<Arc<dyn Run>> {
        self.put_block()?;
        self.writer.finish()
    }
}
