//! Blocks: the unit in which records are stored, checksummed and read.

use std::ops::Deref;

use crate::store::format::BLOCK_HEADER_BYTES;
use crate::store::slab::Stretch;

/// A block that is being filled. Its buffer begins with room for a file's block header, so that a block reaches the
/// file in one write without being copied.
#[derive(Debug)]
pub(crate) struct BlockBuilder {
    buffer: Vec<u8>,
    records: u32,
    capacity: usize,
}

impl BlockBuilder {
    /// A builder for blocks of `bytes` bytes of records; a larger record makes a larger block.
    pub fn with_capacity(bytes: usize) -> Self {
        let capacity = BLOCK_HEADER_BYTES + bytes;
        let mut buffer = Vec::with_capacity(capacity);
        buffer.resize(BLOCK_HEADER_BYTES, 0);
        BlockBuilder { buffer, records: 0, capacity }
    }

    /// Bytes of records that a block holds.
    #[inline(always)]
    pub fn capacity(&self) -> usize {
        self.capacity - BLOCK_HEADER_BYTES
    }

    /// The buffer to append records to; each is then counted with [`count_record`](Self::count_record).
    #[inline(always)]
    pub fn records_mut(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Counts a record that was appended.
    #[inline(always)]
    pub fn count_record(&mut self) {
        self.records += 1;
    }

    /// Takes back the last record, which begins at this place among the records.
    pub fn take_back(&mut self, start: usize) {
        self.buffer.truncate(BLOCK_HEADER_BYTES + start);
        self.records -= 1;
    }

    /// Bytes of records.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.buffer.len() - BLOCK_HEADER_BYTES
    }

    /// Records.
    pub fn records(&self) -> u32 {
        self.records
    }

    /// The encoded records.
    pub fn record_bytes(&self) -> &[u8] {
        &self.buffer[BLOCK_HEADER_BYTES..]
    }

    /// Header room and records.
    pub fn with_header_mut(&mut self) -> &mut [u8] {
        &mut self.buffer
    }

    /// Makes this the builder of a block that was complete before.
    pub fn refill(&mut self, record_bytes: &[u8], records: u32) {
        self.clear();
        self.buffer.extend_from_slice(record_bytes);
        self.records = records;
    }

    /// Empties the builder, keeping its buffer unless a huge record has made it huge.
    pub fn clear(&mut self) {
        self.buffer.truncate(BLOCK_HEADER_BYTES);
        self.buffer.shrink_to(2 * self.capacity);
        self.records = 0;
    }
}

/// A block that is being read: encoded records.
#[derive(Debug)]
pub(crate) enum Block {
    /// In memory that other blocks lie in, too.
    Shared(Stretch),
    /// In a buffer of its own.
    Owned(Vec<u8>),
}

impl Block {
    /// No records, no memory.
    pub const EMPTY: Block = Block::Owned(Vec::new());

    /// The buffer, if it is this block's own, for use again.
    pub fn into_buffer(self) -> Vec<u8> {
        match self {
            Block::Shared(_) => Vec::new(),
            Block::Owned(buffer) => buffer,
        }
    }
}

impl Deref for Block {
    type Target = [u8];

    #[inline(always)]
    fn deref(&self) -> &[u8] {
        match self {
            Block::Shared(stretch) => stretch,
            Block::Owned(buffer) => buffer,
        }
    }
}
