//! Runs in files, one file a run.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::config::{Compression, Medium};
use crate::error::{Error, Result};
use crate::store::format::{BLOCK_HEADER_BYTES, header, index_and_footer, seal_block};
use crate::store::run_file::BlockCursor;
use crate::store::{Block, BlockBuilder, BlockReader, PartitionIndex, Run, RunStore, RunWriter};

/// Blocks below this size are gathered until together they are worth a write.
const SMALL_BLOCK_BYTES: usize = 32 << 10;

/// Bytes that went to and came from run files.
#[derive(Debug, Default)]
pub(crate) struct FileBytes {
    pub read: AtomicU64,
    pub written: AtomicU64,
}

/// Keeps runs as files in a directory.
#[derive(Clone, Debug)]
pub(crate) struct DiskStore {
    dir: PathBuf,
    compression: Compression,
    file_bytes: Arc<FileBytes>,
}

impl DiskStore {
    /// A store in `dir`, which exists and is this process's own.
    pub fn new(dir: PathBuf, compression: Compression, file_bytes: Arc<FileBytes>) -> Self {
        DiskStore { dir, compression, file_bytes }
    }
}

impl RunStore for DiskStore {
    fn create(&self, name: &str, partitions: u32) -> Result<Box<dyn RunWriter>> {
        let path = self.dir.join(format!("{name}.run"));
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(Error::at("create", &path))?;
        let mut pending = Vec::new();
        pending.extend_from_slice(&header(partitions));
        Ok(Box::new(DiskRunWriter {
            file: RunPath { path, keep: AtomicBool::new(false) },
            output: file,
            compression: self.compression,
            offset: pending.len() as u64,
            pending,
            index: vec![PartitionIndex::default(); partitions as usize],
            file_bytes: self.file_bytes.clone(),
        }))
    }
}

/// A run file's name; the file goes when this is dropped.
#[derive(Debug)]
struct RunPath {
    path: PathBuf,
    keep: AtomicBool,
}

impl Drop for RunPath {
    fn drop(&mut self) {
        if !self.keep.load(Ordering::Relaxed) {
            // Whatever cannot be removed here goes with the work directory, or is reported there.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

struct DiskRunWriter {
    output: File,
    file: RunPath,
    compression: Compression,
    /// Where the next block begins: bytes in the file and in `pending`.
    offset: u64,
    /// Small and compressed blocks that are not in the file yet.
    pending: Vec<u8>,
    index: Vec<PartitionIndex>,
    file_bytes: Arc<FileBytes>,
}

impl DiskRunWriter {
    fn flush(&mut self) -> Result<()> {
        self.output.write_all(&self.pending).map_err(Error::at("write", &self.file.path))?;
        self.file_bytes.written.fetch_add(self.pending.len() as u64, Ordering::Relaxed);
        self.pending.clear();
        Ok(())
    }

    /// Appends a compressed block to `pending` and returns its length with the header.
    fn compress(&mut self, block: &BlockBuilder) -> Result<usize> {
        let start = self.pending.len();
        let records = block.record_bytes();
        let bound = match self.compression {
            Compression::Lz4 => lz4_flex::block::get_maximum_output_size(records.len()),
            _ => zstd::zstd_safe::compress_bound(records.len()),
        };
        self.pending.resize(start + BLOCK_HEADER_BYTES + bound, 0);
        let target = &mut self.pending[start + BLOCK_HEADER_BYTES..];
        let stored = match self.compression {
            Compression::Lz4 => {
                lz4_flex::block::compress_into(records, target).expect("the target has the largest output size")
            }
            _ => zstd::bulk::compress_to_buffer(records, target, 1).map_err(Error::at("compress", &self.file.path))?,
        };
        let len = BLOCK_HEADER_BYTES + stored;
        self.pending.truncate(start + len);
        seal_block(&mut self.pending[start..], records.len() as u32, block.records(), self.compression);
        Ok(len)
    }
}

impl RunWriter for DiskRunWriter {
    fn put(&mut self, partition: u32, block: &mut BlockBuilder) -> Result<()> {
        let (record_bytes, records) = (block.len() as u64, block.records());
        let stored = if self.compression == Compression::None {
            let sealed = block.with_header_mut();
            seal_block(sealed, record_bytes as u32, records, Compression::None);
            if sealed.len() < SMALL_BLOCK_BYTES {
                self.pending.extend_from_slice(sealed);
            } else {
                self.output.write_all(&self.pending).map_err(Error::at("write", &self.file.path))?;
                self.output.write_all(sealed).map_err(Error::at("write", &self.file.path))?;
                let written = (self.pending.len() + sealed.len()) as u64;
                self.file_bytes.written.fetch_add(written, Ordering::Relaxed);
                self.pending.clear();
            }
            sealed.len()
        } else {
            self.compress(block)?
        };
        if self.pending.len() >= 8 * SMALL_BLOCK_BYTES {
            self.flush()?;
        }
        let entry = &mut self.index[partition as usize];
        if entry.records == 0 {
            entry.offset = self.offset;
        }
        entry.stored_bytes += stored as u64;
        entry.record_bytes += record_bytes;
        entry.records += u64::from(records);
        self.offset += stored as u64;
        block.clear();
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<Arc<dyn Run>> {
        let tail = index_and_footer(&self.index, self.offset);
        self.pending.extend_from_slice(&tail);
        self.flush()?;
        Ok(Arc::new(DiskRun { file: self.file, index: self.index, file_bytes: self.file_bytes }))
    }
}

/// A complete run in a file.
#[derive(Debug)]
struct DiskRun {
    file: RunPath,
    index: Vec<PartitionIndex>,
    file_bytes: Arc<FileBytes>,
}

impl Run for DiskRun {
    fn index(&self) -> &[PartitionIndex] {
        &self.index
    }

    fn open(&self, partition: u32) -> Result<Box<dyn BlockReader>> {
        let path = &self.file.path;
        Ok(Box::new(DiskBlockReader {
            file: File::open(path).map_err(Error::at("open", path))?,
            path: path.clone(),
            cursor: BlockCursor::new(&self.index[partition as usize]),
            stored: Vec::new(),
            file_bytes: self.file_bytes.clone(),
        }))
    }

    fn medium(&self) -> Medium {
        Medium::Disk
    }

    fn file(&self) -> Option<&Path> {
        Some(&self.file.path)
    }

    fn keep(&self) {
        self.file.keep.store(true, Ordering::Relaxed);
    }

    fn drop_cached_pages(&self) -> Result<()> {
        crate::runtime::page_cache::drop_pages(&self.file.path)
    }
}

struct DiskBlockReader {
    file: File,
    path: PathBuf,
    cursor: BlockCursor,
    stored: Vec<u8>,
    file_bytes: Arc<FileBytes>,
}

impl BlockReader for DiskBlockReader {
    fn next(&mut self, spent: Block) -> Result<Option<Block>> {
        let mut block = spent.into_buffer();
        let header = self.cursor.read(&self.file, &self.path, &mut block, &mut self.stored)?;
        Ok(header.map(|header| {
            let bytes = BLOCK_HEADER_BYTES as u64 + u64::from(header.stored_bytes);
            self.file_bytes.read.fetch_add(bytes, Ordering::Relaxed);
            Block::Owned(block)
        }))
    }
}
