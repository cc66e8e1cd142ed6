//! Reading run files, for reducers and for `twinmill inspect`.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;

use crate::config::Compression;
use crate::error::{Error, Excerpt, Result};
use crate::record::buffer::make_room;
use crate::record::frame;
use crate::store::codec::decompress;
pub use crate::store::format::Owner;
use crate::store::format::{
    BLOCK_HEADER_BYTES, BlockHeader, FOOTER_BYTES, HEADER_BYTES, INDEX_ENTRY_BYTES, Place, corrupt, read_block_header,
    read_footer, read_header, read_index, verify_block, verify_owner,
};
pub use crate::store::index::PartitionIndex;

/// A complete run file.
#[derive(Debug)]
pub struct RunFile {
    file: File,
    path: PathBuf,
    owner: Owner,
    index: Vec<PartitionIndex>,
}

impl RunFile {
    /// Opens a run file and reads its index.
    ///
    /// # Errors
    /// [`Error::Io`] where it cannot be read, [`Error::Corrupt`] where it is no complete run.
    pub fn open(path: &Path) -> Result<Self> {
        let file = open_regular(path).map_err(Error::at("open", path))?;
        let len = file.metadata().map_err(Error::at("read", path))?.len();
        let read = |bytes: &mut [u8], offset| file.read_exact_at(bytes, offset).map_err(Error::at("read", path));
        let smallest = (HEADER_BYTES + FOOTER_BYTES) as u64;
        if len < smallest {
            return Err(corrupt(path, 0, "length", format_args!("at least {smallest}"), len));
        }
        let mut header = [0; HEADER_BYTES];
        read(&mut header, 0)?;
        let (partitions, owner) = read_header(&header, path)?;
        let footer_offset = len - FOOTER_BYTES as u64;
        let mut footer = [0; FOOTER_BYTES];
        read(&mut footer, footer_offset)?;
        let (index_offset, checksum) = read_footer(&footer, path, footer_offset)?;
        let index_bytes = u64::from(partitions) * INDEX_ENTRY_BYTES as u64;
        if index_offset < HEADER_BYTES as u64 || index_offset.checked_add(index_bytes) != Some(footer_offset) {
            let expected = footer_offset.saturating_sub(index_bytes);
            return Err(corrupt(path, footer_offset, "index offset", expected, index_offset));
        }
        let mut index = vec![0; index_bytes as usize];
        read(&mut index, index_offset)?;
        let index = read_index(&index, index_offset, checksum, owner, path)?;
        check_index(&index, index_offset, path)?;
        Ok(RunFile { file, path: path.to_owned(), owner, index })
    }

    /// Opens the run file of an owner.
    ///
    /// # Errors
    /// As [`open`](Self::open), and [`Error::Corrupt`] where it is another's.
    pub(crate) fn open_own(path: &Path, owner: Owner) -> Result<Self> {
        let file = Self::open(path)?;
        verify_owner(owner, file.owner, path)?;
        Ok(file)
    }

    /// The entry of each partition.
    pub fn index(&self) -> &[PartitionIndex] {
        &self.index
    }

    /// The owner of the run.
    pub fn owner(&self) -> Owner {
        self.owner
    }

    /// Reads every block of a partition, checking checksums, and hands each record's key and value to `each`, in key
    /// order.
    ///
    /// Returns the number of blocks.
    ///
    /// # Errors
    /// [`Error::Corrupt`] at the first damaged block, and those of `each`.
    pub fn for_each_record(&self, partition: u32, mut each: impl FnMut(&[u8], &[u8]) -> Result<()>) -> Result<u64> {
        let segment = self.index[partition as usize];
        let mut blocks = BlockCursor::new(&segment, self.owner);
        let (mut block, mut stored, mut count) = (Vec::new(), Vec::new(), 0u64);
        let (mut records, mut record_bytes) = (0u64, 0u64);
        let read_at = |target: &mut [u8], offset| self.file.read_exact_at(target, offset);
        while let Some(header) = blocks.read(read_at, &self.path, &mut block, &mut stored)? {
            let (mut at, mut key, mut in_block) = (0, (0, 0), 0);
            while at < block.len() {
                let frame = frame::read(&block, at).ok_or_else(|| {
                    let got = Excerpt(&block[at..]).to_string();
                    corrupt(&self.path, blocks.block_offset, "record", "a whole record", got)
                })?;
                key = frame.key.unwrap_or(key);
                each(&block[key.0..key.1], &block[frame.value_start..frame.end])?;
                (at, in_block) = (frame.end, in_block + 1);
            }
            if in_block != header.records {
                return Err(corrupt(&self.path, blocks.block_offset, "records in block", header.records, in_block));
            }
            records += u64::from(in_block);
            record_bytes += block.len() as u64;
            count += 1;
        }
        if records != segment.records {
            return Err(corrupt(&self.path, segment.offset, "records in partition", segment.records, records));
        }
        if record_bytes != segment.record_bytes {
            let expected = segment.record_bytes;
            return Err(corrupt(&self.path, segment.offset, "record bytes in partition", expected, record_bytes));
        }
        Ok(count)
    }
}

/// Refuses an index that claims more than the blocks before `index_offset` can hold, so that its sums and sizes can be
/// believed: each partition's blocks lie after those of the one before it, a block is a header and at most [`u32::MAX`]
/// bytes of records, and a record is at least a byte.
fn check_index(index: &[PartitionIndex], index_offset: u64, path: &Path) -> Result<()> {
    let mut free_from = HEADER_BYTES as u64;
    for (partition, PartitionIndex { offset, stored_bytes, record_bytes, records }) in index.iter().enumerate() {
        let claim = |expected: String, got: String| Err(corrupt(path, index_offset, "index", expected, got));
        if *stored_bytes > 0 {
            let end = offset.checked_add(*stored_bytes).filter(|end| *offset >= free_from && *end <= index_offset);
            let Some(end) = end else {
                let expected = format!("blocks between {free_from} and {index_offset}");
                return claim(expected, format!("{stored_bytes} bytes at {offset}"));
            };
            free_from = end;
        }
        let most = u128::from(stored_bytes / BLOCK_HEADER_BYTES as u64) * u128::from(u32::MAX);
        if u128::from(*record_bytes) > most || records > record_bytes {
            let expected = format!("records that {stored_bytes} bytes can hold");
            return claim(expected, format!("{records} records of {record_bytes} bytes in partition {partition}"));
        }
    }
    Ok(())
}

/// Checks that an open file is the run of its owner.
pub(crate) fn check_owner(file: &File, path: &Path, owner: Owner) -> Result<()> {
    let mut header = [0; HEADER_BYTES];
    file.read_exact_at(&mut header, 0).map_err(|error| truncated(error, path, 0))?;
    verify_owner(owner, read_header(&header, path)?.1, path)
}

/// A position among the blocks of one partition.
#[derive(Debug)]
pub(crate) struct BlockCursor {
    owner: Owner,
    offset: u64,
    end: u64,
    block_offset: u64,
}

impl BlockCursor {
    pub fn new(segment: &PartitionIndex, owner: Owner) -> Self {
        let PartitionIndex { offset, stored_bytes, .. } = *segment;
        BlockCursor { owner, offset, end: offset + stored_bytes, block_offset: offset }
    }

    /// Reads the next block's records into `block`; `stored` is a buffer for compressed bytes. `None` at the end. `read_at`
    /// fills a buffer from an offset of the file on.
    pub fn read(
        &mut self,
        mut read_at: impl FnMut(&mut [u8], u64) -> io::Result<()>,
        path: &Path,
        block: &mut Vec<u8>,
        stored: &mut Vec<u8>,
    ) -> Result<Option<BlockHeader>> {
        if self.offset == self.end {
            return Ok(None);
        }
        let offset = self.offset;
        self.block_offset = offset;
        let mut header_bytes = [0; BLOCK_HEADER_BYTES];
        let payload_offset = offset + BLOCK_HEADER_BYTES as u64;
        if payload_offset > self.end {
            return Err(corrupt(
                path,
                offset,
                "block header",
                "24 bytes before the partition's end",
                self.end - offset,
            ));
        }
        read_at(&mut header_bytes, offset).map_err(|e| truncated(e, path, offset))?;
        let header = read_block_header(&header_bytes, path, offset)?;
        let block_end = payload_offset + u64::from(header.stored_bytes);
        if block_end > self.end {
            return Err(corrupt(path, offset, "block length", self.end - payload_offset, header.stored_bytes));
        }
        let target = if header.compression == Compression::None { &mut *block } else { &mut *stored };
        resize(target, header.stored_bytes as usize)?;
        read_at(target, payload_offset).map_err(|e| truncated(e, path, payload_offset))?;
        verify_block(&header_bytes, target, header.checksum, path, Place { owner: self.owner, offset })?;
        let record_bytes = header.record_bytes as usize;
        let most = most_decompressed(header.compression, target.len());
        if record_bytes > most {
            return Err(corrupt(path, offset, "record bytes in block", format_args!("at most {most}"), record_bytes));
        }
        let decompressed = match header.compression {
            Compression::None => Ok(block.len()),
            compression => {
                resize(block, record_bytes)?;
                decompress(compression, stored, block)
            }
        };
        match decompressed {
            Ok(bytes) if bytes == record_bytes => {
                self.offset = block_end;
                Ok(Some(header))
            }
            Ok(bytes) => Err(corrupt(path, offset, "record bytes in block", record_bytes, bytes)),
            Err(error) => Err(corrupt(path, offset, "compressed block", "decompressible bytes", error)),
        }
    }
}

/// Resizes a buffer to `bytes`, whose content does not matter. A block is as large as its largest record.
fn resize(buffer: &mut Vec<u8>, bytes: usize) -> Result<()> {
    make_room(buffer, bytes.saturating_sub(buffer.len()), "a block of records")?;
    buffer.resize(bytes, 0);
    Ok(())
}

/// Most bytes that so many stored bytes can decompress to; a block makes room for no more.
fn most_decompressed(compression: Compression, stored_bytes: usize) -> usize {
    let times = match compression {
        Compression::None => 1,
        // A match grows by 255 bytes with each further byte of its length.
        Compression::Lz4 => 255,
        // The shortest block of a frame has 4 bytes and stands for 128 KiB of one byte.
        Compression::Zstd => (128 << 10) / 4,
    };
    stored_bytes.saturating_mul(times)
}

/// Opens one of this program's own files. Anything else in its place, such as a directory or a pipe, on which opening
/// would wait, counts as a missing file.
pub(crate) fn open_regular(path: &Path) -> io::Result<File> {
    let file = File::options().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::new(io::ErrorKind::NotFound, "it is no file")) }
}

fn truncated(error: io::Error, path: &Path, offset: u64) -> Error {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        corrupt(path, offset, "length", "bytes that the index promises", "end of file")
    } else {
        Error::io("read", path, error)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::store::format::{header, index_and_footer, seal_block};

    /// Writes a file of one block, with right checksums; `claim` changes the index entry of the block.
    fn write(path: &Path, record_bytes: u32, compression: Compression, claim: impl Fn(&mut PartitionIndex)) {
        let mut stored = vec![0; BLOCK_HEADER_BYTES];
        frame::push(b"key", b"value", &mut stored);
        let (owner, offset) = (Owner::of(7, "a"), HEADER_BYTES as u64);
        seal_block(&mut stored, record_bytes, 1, compression, Place { owner, offset });
        let mut index =
            PartitionIndex { offset, stored_bytes: stored.len() as u64, record_bytes: record_bytes.into(), records: 1 };
        let index_offset = offset + index.stored_bytes;
        claim(&mut index);
        let file = [&header(1, owner)[..], &stored, &index_and_footer(&[index], index_offset, owner)].concat();
        fs::write(path, file).unwrap();
    }

    fn read(path: &Path) -> Result<u64> {
        RunFile::open(path)?.for_each_record(0, |key, value| {
            assert_eq!((key, value), (&b"key"[..], &b"value"[..]));
            Ok(())
        })
    }

    fn refused(path: &Path) -> &'static str {
        match read(path) {
            Err(Error::Corrupt { what, .. }) => what,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_index_that_points_outside_the_blocks_is_refused_when_the_file_is_opened() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.run");
        write(&path, 10, Compression::None, |_| {});
        assert_eq!(read(&path).unwrap(), 1);
        for (offset, stored_bytes) in [(0, 34), (40, 35), (41, 34), (u64::MAX, 34), (40, u64::MAX), (u64::MAX - 33, 34)]
        {
            write(&path, 10, Compression::None, |index| (index.offset, index.stored_bytes) = (offset, stored_bytes));
            assert!(RunFile::open(&path).is_err(), "{stored_bytes} bytes at {offset}");
            assert_eq!(refused(&path), "index");
        }
    }

    #[test]
    fn an_index_that_claims_more_than_its_blocks_can_hold_is_refused_when_the_file_is_opened() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.run");
        for (records, record_bytes) in [(11, 10), (u64::MAX, u64::MAX), (1, u64::from(u32::MAX) + 1)] {
            write(&path, 10, Compression::None, |index| {
                (index.records, index.record_bytes) = (records, record_bytes);
            });
            assert!(RunFile::open(&path).is_err(), "{records} records of {record_bytes} bytes");
        }
        write(&path, 10, Compression::None, |index| (index.offset, index.stored_bytes) = (0, 0));
        assert!(RunFile::open(&path).is_err(), "records without a block");
        let entry = PartitionIndex { offset: 40, stored_bytes: 30, record_bytes: 5, records: 1 };
        let behind = PartitionIndex { offset: 70, ..entry };
        assert!(check_index(&[entry, PartitionIndex::default(), behind], 100, &path).is_ok());
        assert!(check_index(&[entry, entry], 100, &path).is_err(), "a block of two partitions");
        assert!(check_index(&[behind, entry], 100, &path).is_err(), "partitions out of order");
    }

    #[test]
    fn what_is_no_file_is_not_waited_for_and_counts_as_gone() {
        let dir = tempfile::tempdir().unwrap();
        let (pipe, folder) = (dir.path().join("pipe.run"), dir.path().join("folder.run"));
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRUSR).unwrap();
        fs::create_dir(&folder).unwrap();
        for path in [pipe, folder] {
            let error = RunFile::open(&path).err().unwrap();
            assert!(error.is_loss(), "{error}");
        }
    }

    #[test]
    fn a_block_gets_no_room_for_more_than_it_can_hold() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.run");
        for compression in [Compression::None, Compression::Lz4, Compression::Zstd] {
            write(&path, u32::MAX, compression, |_| {});
            assert_eq!(refused(&path), "record bytes in block", "{compression:?}");
        }
    }

    #[test]
    fn sums_that_are_not_those_of_the_blocks_are_damage() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.run");
        write(&path, 10, Compression::None, |index| index.records = 2);
        assert_eq!(refused(&path), "records in partition");
        write(&path, 10, Compression::None, |index| index.record_bytes = 11);
        assert_eq!(refused(&path), "record bytes in partition");
    }
}
