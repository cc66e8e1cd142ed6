//! Whole records in, blocks out, until the asked amount is reached. Every generator drives one.

use std::io;

use super::files::Files;
use super::shape::Amount;

const BLOCK_BYTES: usize = 256 << 10;

/// Collects records into blocks and counts the amount down.
pub(super) struct RecordWriter<'a> {
    out: &'a mut dyn Files,
    block: Vec<u8>,
    bytes_left: u64,
    records_left: u64,
    bytes_written: u64,
}

impl<'a> RecordWriter<'a> {
    pub(super) fn new(amount: Amount, out: &'a mut dyn Files) -> RecordWriter<'a> {
        let (bytes_left, records_left) = match amount {
            Amount::Bytes(bytes) => (bytes, u64::MAX),
            Amount::Records(records) => (u64::MAX, records),
        };
        RecordWriter { out, block: Vec::with_capacity(BLOCK_BYTES * 2), bytes_left, records_left, bytes_written: 0 }
    }

    /// Whether the amount is not reached yet.
    pub(super) fn wants_more(&self) -> bool {
        self.bytes_left > 0 && self.records_left > 0
    }

    /// Bytes that the next record may have; practically unlimited when records are counted.
    pub(super) fn bytes_left(&self) -> u64 {
        self.bytes_left
    }

    /// Takes the one record that `append` adds to the block. A record that does not fit is dropped and ends the output.
    pub(super) fn record(&mut self, append: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        let start = self.block.len();
        append(&mut self.block);
        let record_bytes = (self.block.len() - start) as u64;
        if record_bytes > self.bytes_left {
            self.block.truncate(start);
            self.bytes_left = 0;
            return Ok(());
        }
        self.bytes_left -= record_bytes;
        self.records_left -= 1;
        if self.block.len() >= BLOCK_BYTES {
            self.write_block()?;
        }
        Ok(())
    }

    /// Begins a file of this name; what is in the block belongs to the file before it.
    pub(super) fn begin_file(&mut self, name: &str) -> io::Result<()> {
        self.write_block()?;
        self.out.begin(name)
    }

    /// Writes the rest and returns the bytes written in all.
    pub(super) fn finish(mut self) -> io::Result<u64> {
        self.write_block()?;
        Ok(self.bytes_written)
    }

    fn write_block(&mut self) -> io::Result<()> {
        self.out.write_all(&self.block)?;
        self.bytes_written += self.block.len() as u64;
        self.block.clear();
        Ok(())
    }
}
