//! Writes records into a file.

use std::io::{self, Write};

use crate::pipeline::encode::Encoder;
use crate::streaming::sequence_file::header::{ESCAPE, Header, MARK_BYTES, Packing};
use crate::streaming::varint;
use crate::streaming::writable::{Type, Writable};

/// Bytes between two marks, about (`SequenceFile.SYNC_INTERVAL`).
const BETWEEN_MARKS: u64 = 100 << 10;
/// Bytes of keys and values of a block (`io.seqfile.compress.blocksize`).
const BLOCK_BYTES: usize = 1_000_000;

/// A file that is being written. What it appends to a buffer is to be written before the next record.
#[derive(Clone, Debug)]
pub struct Writer {
    header: Header,
    begun: bool,
    /// Bytes behind the last mark.
    since_mark: u64,
    block: Block,
    scratch: Vec<u8>,
}

#[derive(Clone, Debug, Default)]
struct Block {
    records: i64,
    key_lengths: Vec<u8>,
    keys: Vec<u8>,
    value_lengths: Vec<u8>,
    values: Vec<u8>,
}

impl Writer {
    /// A file of records of these types. Its mark is made of `name`, so that the same file is written each time.
    pub fn new((key, value): (Type, Type), packing: Packing, name: &str) -> Self {
        let mark: [u8; MARK_BYTES] = md5::compute(format!("twinmill {name}")).0;
        let header = Header { key, value, packing, mark };
        Writer { header, begun: false, since_mark: 0, block: Block::default(), scratch: Vec::new() }
    }

    /// Appends what is to be written with this record: nothing while a block is filled.
    ///
    /// # Errors
    /// The encoder's.
    pub fn write(&mut self, key: Writable<'_>, value: Writable<'_>, out: &mut Vec<u8>) -> io::Result<()> {
        self.begin(out);
        let before = out.len();
        let codec = match self.header.packing {
            Packing::Blocks(_) => return self.add_to_block(key, value, out),
            Packing::Values(codec) => Some(codec),
            Packing::Plain => None,
        };
        if self.since_mark >= BETWEEN_MARKS {
            self.mark(out);
        }
        let start = out.len();
        out.extend_from_slice(&[0; 8]);
        key.serialise(out);
        let key_bytes = out.len() - start - 8;
        match codec {
            None => value.serialise(out),
            Some(codec) => {
                self.scratch.clear();
                value.serialise(&mut self.scratch);
                let mut encoder = Encoder::new(codec, std::mem::take(out))?;
                encoder.write_all(&self.scratch)?;
                *out = encoder.finish()?;
            }
        }
        let record_bytes = out.len() - start - 8;
        out[start..start + 4].copy_from_slice(&(record_bytes as u32).to_be_bytes());
        out[start + 4..start + 8].copy_from_slice(&(key_bytes as u32).to_be_bytes());
        self.since_mark += (out.len() - before) as u64;
        Ok(())
    }

    /// Whether a record was written.
    pub fn has_begun(&self) -> bool {
        self.begun
    }

    /// Appends what is left: the header of a file without records, the last block.
    ///
    /// # Errors
    /// The encoder's.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        self.begin(out);
        self.end_block(out)
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if !self.begun {
            self.header.write(out);
            self.begun = true;
        }
    }

    fn mark(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(&ESCAPE);
        out.extend_from_slice(&self.header.mark);
        self.since_mark = 0;
    }

    fn add_to_block(&mut self, key: Writable<'_>, value: Writable<'_>, out: &mut Vec<u8>) -> io::Result<()> {
        let block = &mut self.block;
        let (keys, values) = (block.keys.len(), block.values.len());
        key.serialise(&mut block.keys);
        varint::write((block.keys.len() - keys) as i64, &mut block.key_lengths);
        value.serialise(&mut block.values);
        varint::write((block.values.len() - values) as i64, &mut block.value_lengths);
        block.records += 1;
        if block.keys.len() + block.values.len() >= BLOCK_BYTES { self.end_block(out) } else { Ok(()) }
    }

    fn end_block(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        let Packing::Blocks(codec) = self.header.packing else { return Ok(()) };
        let block = std::mem::take(&mut self.block);
        if block.records == 0 {
            return Ok(());
        }
        self.mark(out);
        varint::write(block.records, out);
        for buffer in [block.key_lengths, block.keys, block.value_lengths, block.values] {
            let mut encoder = Encoder::new(codec, Vec::new())?;
            encoder.write_all(&buffer)?;
            let encoded = encoder.finish()?;
            varint::write(encoded.len() as i64, out);
            out.extend_from_slice(&encoded);
        }
        Ok(())
    }
}
