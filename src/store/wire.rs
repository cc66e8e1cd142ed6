//! Blocks of runs on their way between processes.
//!
//! A run in a file belongs to the process that wrote it. What a task sends to another one, through a cluster's shuffle or
//! its file system, are blocks that stand on their own:
//!
//! ```text
//! magic TWB1 │ map task │ run │ block │ records │ bytes of records │ bytes stored │ compression │ checksum │ stored bytes
//! 4            4          4     4       4         4                  4              4             8
//! ```
//!
//! Numbers are big-endian. The first three numbers say where a block belongs, so the blocks of a partition may arrive in any
//! order: map tasks in their order, runs of a task in their order, blocks of a run in theirs. The checksum covers everything
//! before it and the stored bytes.
//!
//! A [`DepotRun`] is one partition of a dataset that lies elsewhere, as a file of such blocks.

use std::fmt::Debug;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use xxhash_rust::xxh3::Xxh3;

use crate::config::Compression;
use crate::error::{Error, Result};
use crate::observe::purpose::Purpose;
use crate::record::frame;
use crate::record::raw_bytes::read_whole;
use crate::store::block::Block;
use crate::store::codec::{compress, compress_bound, decompress};
use crate::store::cursor::Segment;
use crate::store::index::{PartitionIndex, RunIndex};
use crate::store::run::{BlockReader, InDepot, Run, RunOnDisk};

const MAGIC: [u8; 4] = *b"TWB1";
/// Bytes before the checksum.
const CHECKED_BYTES: usize = 32;
/// Bytes before the stored ones.
pub(crate) const HEADER_BYTES: usize = CHECKED_BYTES + 8;

/// The place of a block among those of its partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct BlockPlace {
    /// The map task.
    pub task: u32,
    /// The run of the task.
    pub run: u32,
    /// The block of the run.
    pub block: u32,
}

/// A block that has arrived.
#[derive(Debug, Default)]
pub(crate) struct WireBlock {
    pub place: BlockPlace,
    pub records: u32,
    /// The encoded records.
    pub bytes: Vec<u8>,
    stored: Vec<u8>,
}

fn codec_number(compression: Compression) -> u32 {
    match compression {
        Compression::None => 0,
        Compression::Lz4 => 1,
        Compression::Zstd => 2,
    }
}

fn count_records(block: &[u8]) -> Result<u32> {
    let (mut at, mut records) = (0, 0);
    while at < block.len() {
        at = frame::read(block, at).ok_or_else(|| Error::codec("record of a run", &block[at..]))?.end;
        records += 1;
    }
    Ok(records)
}

/// Calls `send` for each block of a segment, sealed, with its place.
///
/// # Errors
/// Those of reading the segment, and of `send`.
pub(crate) fn seal_segment(
    segment: &Segment,
    mut place: BlockPlace,
    compression: Compression,
    mut send: impl FnMut(BlockPlace, &[u8]) -> Result<()>,
) -> Result<()> {
    let mut reader = segment.run.open(segment.partition, segment.read_for)?;
    let (mut spent, mut sealed) = (Block::EMPTY, Vec::new());
    while let Some(block) = reader.next(spent)? {
        seal(&block, place, compression, &mut sealed)?;
        send(place, &sealed)?;
        place.block += 1;
        spent = block;
    }
    Ok(())
}

/// Makes a sealed block of encoded records, the first of them with its key.
pub(crate) fn seal(records: &[u8], place: BlockPlace, compression: Compression, into: &mut Vec<u8>) -> Result<()> {
    into.clear();
    into.resize(HEADER_BYTES, 0);
    if compression == Compression::None {
        into.extend_from_slice(records);
    } else {
        into.resize(HEADER_BYTES + compress_bound(compression, records.len()), 0);
        let stored = compress(compression, records, &mut into[HEADER_BYTES..]);
        into.truncate(HEADER_BYTES + stored.map_err(Error::at("compress", Path::new("a block")))?);
    }
    let stored = (into.len() - HEADER_BYTES) as u32;
    let numbers = [
        place.task,
        place.run,
        place.block,
        count_records(records)?,
        records.len() as u32,
        stored,
        codec_number(compression),
    ];
    into[..4].copy_from_slice(&MAGIC);
    for (at, number) in numbers.into_iter().enumerate() {
        into[4 + 4 * at..][..4].copy_from_slice(&number.to_be_bytes());
    }
    let checksum = checksum(&into[..CHECKED_BYTES], &into[HEADER_BYTES..]);
    into[CHECKED_BYTES..HEADER_BYTES].copy_from_slice(&checksum.to_be_bytes());
    Ok(())
}

fn checksum(header: &[u8], stored: &[u8]) -> u64 {
    let mut hash = Xxh3::new();
    hash.update(header);
    hash.update(stored);
    hash.digest()
}

impl WireBlock {
    /// Reads the next block of a stream, which errors call `name`; `false` at its end.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Corrupt`].
    pub fn read(&mut self, input: &mut impl Read, name: &Path) -> Result<bool> {
        let mut header = [0; HEADER_BYTES];
        if !read_whole(input, &mut header).map_err(Error::at("read", name))? {
            return Ok(false);
        }
        let number = |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let damaged = |what, expected: String, got: String| {
            Err(Error::Corrupt { path: name.to_owned(), offset: 0, what, expected, got })
        };
        if header[..4] != MAGIC {
            return damaged("magic of a block", "TWB1".into(), header[..4].escape_ascii().to_string());
        }
        let (records, record_bytes, stored_bytes) = (number(16), number(20) as usize, number(24) as usize);
        self.place = BlockPlace { task: number(4), run: number(8), block: number(12) };
        self.records = records;
        self.stored.clear();
        // As much memory as there are bytes, whatever the header says.
        let read = input.by_ref().take(stored_bytes as u64).read_to_end(&mut self.stored);
        let read = read.map_err(Error::at("read", name))?;
        if read < stored_bytes {
            return Err(Error::io("read", name, ErrorKind::UnexpectedEof.into()));
        }
        let expected = u64::from_be_bytes(header[CHECKED_BYTES..].try_into().expect("eight bytes"));
        let got = checksum(&header[..CHECKED_BYTES], &self.stored);
        if got != expected {
            return damaged("checksum of a block", format!("{expected:016x}"), format!("{got:016x}"));
        }
        let compression = match number(28) {
            0 => {
                std::mem::swap(&mut self.bytes, &mut self.stored);
                return Ok(true);
            }
            1 => Compression::Lz4,
            2 => Compression::Zstd,
            other => return damaged("compression of a block", "0, 1 or 2".into(), other.to_string()),
        };
        self.bytes.clear();
        self.bytes.resize(record_bytes, 0);
        match decompress(compression, &self.stored, &mut self.bytes) {
            Ok(bytes) if bytes == record_bytes => Ok(true),
            Ok(bytes) => damaged("bytes of a block", record_bytes.to_string(), bytes.to_string()),
            Err(why) => damaged("a block", "compressed bytes".into(), why),
        }
    }
}

/// A place where the datasets lie that other processes made.
pub(crate) trait Depot: Debug + Send + Sync {
    /// Opens the blocks of a partition of the dataset that a job left, and says their name for errors.
    ///
    /// # Errors
    /// Those of fetching them.
    fn open(&self, dataset: InDepot) -> Result<(Box<dyn Read + Send>, PathBuf)>;
}

/// One partition of a dataset in a depot.
#[derive(Debug)]
pub(crate) struct DepotRun {
    place: InDepot,
    index: RunIndex,
    depot: Arc<dyn Depot>,
}

impl DepotRun {
    /// The partition at `place`, of this size.
    pub fn new(place: InDepot, index: PartitionIndex, depot: Arc<dyn Depot>) -> Self {
        DepotRun { place, index: vec![index].into(), depot }
    }
}

impl Run for DepotRun {
    fn index(&self) -> &RunIndex {
        &self.index
    }

    fn open(&self, _: u32, _: Purpose) -> Result<Box<dyn BlockReader>> {
        let (input, name) = self.depot.open(self.place)?;
        Ok(Box::new(WireReader { input, name, block: WireBlock::default() }))
    }

    fn on_disk(&self) -> Option<&dyn RunOnDisk> {
        None
    }

    fn in_depot(&self) -> Option<InDepot> {
        Some(self.place)
    }

    fn release(&self, _: u32) {}
}

/// Reads the blocks of one run.
struct WireReader {
    input: Box<dyn Read + Send>,
    name: PathBuf,
    block: WireBlock,
}

impl BlockReader for WireReader {
    fn next(&mut self, spent: Block) -> Result<Option<Block>> {
        self.block.bytes = spent.into_buffer();
        let more = self.block.read(&mut self.input, &self.name)?;
        Ok(more.then(|| Block::Owned(std::mem::take(&mut self.block.bytes))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records() -> Vec<u8> {
        let mut records = Vec::new();
        for number in 0..100u32 {
            frame::push(&number.to_be_bytes(), b"a value, a value", &mut records);
            frame::push_same_key(b"another", &mut records);
        }
        records
    }

    #[test]
    fn a_block_arrives_as_it_was_sent_however_it_is_compressed() {
        let place = BlockPlace { task: 7, run: 1, block: 3 };
        for compression in [Compression::None, Compression::Lz4, Compression::Zstd] {
            if cfg!(not(feature = "codecs")) && compression != Compression::None {
                continue;
            }
            let (mut sent, mut block) = (Vec::new(), WireBlock::default());
            seal(&records(), place, compression, &mut sent).unwrap();
            let stream = [&sent[..], &sent[..]].concat();
            let mut stream = &stream[..];
            for _ in 0..2 {
                assert!(block.read(&mut stream, Path::new("stream")).unwrap());
                assert_eq!((block.place, block.records), (place, 200));
                assert!(block.bytes == records());
            }
            assert!(!block.read(&mut stream, Path::new("stream")).unwrap());
        }
    }

    #[test]
    fn a_block_that_is_torn_or_changed_anywhere_is_an_error() {
        let mut sent = Vec::new();
        seal(&records(), BlockPlace::default(), Compression::None, &mut sent).unwrap();
        let read = |bytes: &[u8]| WireBlock::default().read(&mut &bytes[..], Path::new("stream"));
        for at in 0..sent.len() {
            let mut changed = sent.clone();
            changed[at] ^= 1;
            assert!(read(&changed).is_err(), "changed at {at}");
            assert!(at == 0 || read(&sent[..at]).is_err(), "cut at {at}");
        }
    }
}
