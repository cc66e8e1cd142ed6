//! Reads one partition of one run, record by record.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::observe::purpose::Purpose;
use crate::record::frame;
use crate::store::block::Block;
use crate::store::index::PartitionIndex;
use crate::store::run::{BlockReader, Run};

/// One partition of one run, and the purpose for which it is read.
#[derive(Clone, Debug)]
pub struct Segment {
    pub(crate) run: Arc<dyn Run>,
    pub(crate) partition: u32,
    pub(crate) read_for: Purpose,
}

impl Segment {
    /// Index of the segment's records and bytes.
    pub(crate) fn index(&self) -> PartitionIndex {
        self.run.index().get(self.partition)
    }
}

/// Relation of a record's key to the key before it in the same run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The same key.
    SameKey,
    /// A greater key, or the same one at the beginning of a block.
    NewKey,
}

/// A position in one partition of one run.
pub(crate) struct RunCursor {
    reader: Box<dyn BlockReader>,
    block: Block,
    /// The record whose key is the current one.
    start: usize,
    next: usize,
    key: (usize, usize),
    value: (usize, usize),
}

impl RunCursor {
    /// Before the first record.
    pub fn open(segment: &Segment) -> Result<Self> {
        Ok(RunCursor {
            reader: segment.run.open(segment.partition, segment.read_for)?,
            block: Block::EMPTY,
            start: 0,
            next: 0,
            key: (0, 0),
            value: (0, 0),
        })
    }

    /// Moves to the next record; `None` at the end.
    #[inline(always)]
    pub fn advance(&mut self) -> Result<Option<Step>> {
        if self.at_end_of_block() && !self.next_block()? {
            return Ok(None);
        }
        self.advance_in_block().map(Some)
    }

    /// Moves to the next record of the block, which is not at its end.
    #[inline(always)]
    pub fn advance_in_block(&mut self) -> Result<Step> {
        let start = self.next;
        let Some(frame) = frame::read(&self.block, start) else { return Err(malformed(&self.block, start)) };
        self.next = frame.end;
        self.value = (frame.value_start, frame.end);
        match frame.key {
            None => Ok(Step::SameKey),
            Some(key) => {
                (self.start, self.key) = (start, key);
                Ok(Step::NewKey)
            }
        }
    }

    /// Whether the next record is in the next block.
    #[inline(always)]
    pub fn at_end_of_block(&self) -> bool {
        self.next == self.block.len()
    }

    #[inline(never)]
    fn next_block(&mut self) -> Result<bool> {
        let spent = std::mem::replace(&mut self.block, Block::EMPTY);
        match self.reader.next(spent)? {
            Some(block) => {
                // The first record of a block has its key written out: there is none before it to refer to.
                if block.first() == Some(&0) {
                    return Err(malformed(&block, 0));
                }
                (self.block, self.next) = (block, 0);
                Ok(true)
            }
            None => {
                (self.start, self.next, self.key, self.value) = (0, 0, (0, 0), (0, 0));
                Ok(false)
            }
        }
    }

    /// The block that the cursor is at.
    #[inline(always)]
    pub fn block(&self) -> &[u8] {
        &self.block
    }

    /// The place of the current key in the block.
    #[inline(always)]
    pub fn key_range(&self) -> (usize, usize) {
        self.key
    }

    /// The current record's key.
    #[inline(always)]
    pub fn key(&self) -> &[u8] {
        &self.block[self.key.0..self.key.1]
    }

    /// The current record with its key, as it lies in its block, where the step to it was [`Step::NewKey`].
    #[inline(always)]
    pub fn framed(&self) -> &[u8] {
        &self.block[self.start..self.next]
    }

    /// The current record's value.
    #[inline(always)]
    pub fn value(&self) -> &[u8] {
        &self.block[self.value.0..self.value.1]
    }
}

#[cold]
fn malformed(block: &[u8], at: usize) -> Error {
    Error::codec("record of a run", &block[at..])
}
