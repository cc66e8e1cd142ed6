//! Runs in files, one file a run.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::config::{Compression, Durability, Sync};
use crate::error::{Error, Result};
use crate::observe::activity::count_bytes;
use crate::observe::purpose::{FileUse, Purpose};
use crate::record::buffer::make_room;
use crate::store::block::{Block, BlockBuilder};
use crate::store::codec::{compress, compress_bound};
use crate::store::device::{Device, Stream};
use crate::store::format::{BLOCK_HEADER_BYTES, HEADER_BYTES, Owner, Place, header, index_and_footer, seal_block};
use crate::store::index::{PartitionIndex, RunIndex};
use crate::store::page_cache::drop_pages;
use crate::store::run::{BlockReader, Run, RunOnDisk, RunStore, RunWriter};
use crate::store::run_file::{BlockCursor, RunFile, check_owner, open_regular};
use crate::store::spent_files::SpentFiles;

const TO_SPILLS: FileUse = FileUse::writes(Purpose::Spill);
/// Blocks below this size are gathered until together they are worth a write.
const SMALL_BLOCK_BYTES: usize = 32 << 10;

/// Keeps runs as files in a directory.
#[derive(Clone, Debug)]
pub(crate) struct DiskStore {
    dir: PathBuf,
    /// Tells its runs from those of other stores.
    number: u64,
    compression: Compression,
    durability: Durability,
    device: Arc<Device>,
    spent: Arc<SpentFiles>,
}

impl DiskStore {
    /// A store in `dir`, which exists and is this process's own.
    pub fn new(dir: PathBuf, compression: Compression, device: Arc<Device>) -> Self {
        let spent = Arc::new(SpentFiles::within(dir.clone()));
        DiskStore { dir, number: 0, compression, durability: Durability::default(), device, spent }
    }

    /// Gives the store a number, by which it owns its runs: stores of different numbers do not read each other's runs.
    pub fn numbered(self, number: u64) -> Self {
        DiskStore { number, ..self }
    }

    /// Writes runs in so many copies, synced or not.
    pub fn with_durability(self, durability: Durability) -> Self {
        DiskStore { durability, ..self }
    }

    fn create_file(&self, name: String, purpose: Purpose) -> Result<Copy> {
        let path = self.dir.join(name);
        let create = || File::options().write(true).create_new(true).mode(0o600).open(&path);
        let output = self.spent.take(&path).unwrap_or_else(create).map_err(Error::at("create", &path))?;
        let stream = self.device.stream(purpose);
        Ok(Copy { output, stream, file: self.run_path(path) })
    }

    fn run_path(&self, path: PathBuf) -> RunPath {
        RunPath { path, keep: AtomicBool::new(false), spent: self.spent.clone() }
    }
}

impl RunStore for DiskStore {
    fn create(&self, name: &str, partitions: u32, purpose: Purpose) -> Result<Box<dyn RunWriter>> {
        let mut copies = vec![self.create_file(format!("{name}.run"), purpose)?];
        for copy in 1..self.durability.replication {
            copies.push(self.create_file(format!("{name}.copy-{copy}.run"), purpose)?);
        }
        let mut pending = Vec::new();
        let owner = Owner::of(self.number, name);
        pending.extend_from_slice(&header(partitions, owner));
        Ok(Box::new(DiskRunWriter {
            copies,
            owner,
            dir: (self.durability.sync == Sync::Device).then(|| self.dir.clone()),
            compression: self.compression,
            offset: pending.len() as u64,
            pending,
            index: vec![PartitionIndex::default(); partitions as usize],
            device: self.device.clone(),
        }))
    }

    fn adopt(&self, name: &str) -> Result<Arc<dyn Run>> {
        let copies = (1..self.durability.replication).map(|copy| format!("{name}.copy-{copy}.run"));
        let owner = Owner::of(self.number, name);
        let (mut files, mut index, mut damaged) = (Vec::new(), Vec::new(), None);
        for file in std::iter::once(format!("{name}.run")).chain(copies) {
            // Dropped, and so removed, where it is no complete file.
            let file = self.run_path(self.dir.join(file));
            match RunFile::open_own(&file.path, owner) {
                Ok(run) => {
                    index = run.index().to_vec();
                    files.push(file);
                }
                Err(error) => damaged = Some(error),
            }
        }
        match damaged {
            Some(error) if files.is_empty() => Err(error),
            _ => Ok(Arc::new(DiskRun { files: files.into(), owner, index: index.into(), device: self.device.clone() })),
        }
    }

    fn prefers_one_run(&self) -> bool {
        true
    }
}

/// A run file's name; the file is spent when this is dropped.
#[derive(Debug)]
struct RunPath {
    path: PathBuf,
    keep: AtomicBool,
    spent: Arc<SpentFiles>,
}

impl Drop for RunPath {
    fn drop(&mut self) {
        if !self.keep.load(Ordering::Relaxed) {
            self.spent.put(&self.path);
        }
    }
}

/// One of the files that a run is written to.
struct Copy {
    output: File,
    stream: Stream,
    file: RunPath,
}

struct DiskRunWriter {
    copies: Vec<Copy>,
    owner: Owner,
    /// The directory of the files, if they are synced.
    dir: Option<PathBuf>,
    compression: Compression,
    /// Offset of the next block: bytes in the file and in `pending`.
    offset: u64,
    /// Small and compressed blocks that are not in the file yet.
    pending: Vec<u8>,
    index: Vec<PartitionIndex>,
    device: Arc<Device>,
}

impl DiskRunWriter {
    fn flush(&mut self) -> Result<()> {
        self.write(&[])
    }

    /// Writes the pending blocks and then `bytes` to every copy.
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        for Copy { output, stream, file } in &mut self.copies {
            let len = (self.pending.len() + bytes.len()) as u64;
            let write = || output.write_all(&self.pending).and_then(|()| output.write_all(bytes));
            self.device.write(stream, len, write).map_err(Error::at("write", &file.path))?;
        }
        self.pending.clear();
        Ok(())
    }

    /// Appends a compressed block to `pending` and returns its length with the header.
    fn compress(&mut self, block: &BlockBuilder) -> Result<usize> {
        let start = self.pending.len();
        let records = block.record_bytes();
        let bound = compress_bound(self.compression, records.len());
        make_room(&mut self.pending, BLOCK_HEADER_BYTES + bound, "a compressed block")?;
        self.pending.resize(start + BLOCK_HEADER_BYTES + bound, 0);
        let target = &mut self.pending[start + BLOCK_HEADER_BYTES..];
        let stored = compress(self.compression, records, target);
        let stored = stored.map_err(Error::at("compress", &self.copies[0].file.path))?;
        let len = BLOCK_HEADER_BYTES + stored;
        self.pending.truncate(start + len);
        let place = Place { owner: self.owner, offset: self.offset };
        seal_block(&mut self.pending[start..], records.len() as u32, block.records(), self.compression, place);
        Ok(len)
    }
}

impl RunWriter for DiskRunWriter {
    fn put(&mut self, partition: u32, block: &mut BlockBuilder) -> Result<()> {
        let (record_bytes, records) = (block.len() as u64, block.records());
        let stored = if self.compression == Compression::None {
            let sealed = block.with_header_mut();
            let place = Place { owner: self.owner, offset: self.offset };
            seal_block(sealed, record_bytes as u32, records, Compression::None, place);
            if sealed.len() < SMALL_BLOCK_BYTES {
                self.pending.extend_from_slice(sealed);
            } else {
                self.write(sealed)?;
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
        let tail = index_and_footer(&self.index, self.offset, self.owner);
        self.pending.extend_from_slice(&tail);
        self.flush()?;
        if let Some(dir) = &self.dir {
            for Copy { output, file, .. } in &self.copies {
                self.device.sync(output, &file.path)?;
            }
            sync_dir(dir)?;
        }
        let files = self.copies.into_iter().map(|copy| copy.file).collect();
        Ok(Arc::new(DiskRun { files, owner: self.owner, index: self.index.into(), device: self.device }))
    }
}

/// A complete run in a file.
#[derive(Debug)]
struct DiskRun {
    /// One or more copies.
    files: Arc<[RunPath]>,
    owner: Owner,
    index: RunIndex,
    device: Arc<Device>,
}

impl Run for DiskRun {
    fn index(&self) -> &RunIndex {
        &self.index
    }

    fn open(&self, partition: u32, purpose: Purpose) -> Result<Box<dyn BlockReader>> {
        let mut copies = Copies { files: self.files.clone(), opened: 0 };
        let file = copies.open_next(self.owner, purpose)?;
        Ok(Box::new(DiskBlockReader {
            file,
            copies,
            owner: self.owner,
            cursor: BlockCursor::new(&self.index.get(partition), self.owner),
            stored: Vec::new(),
            stream: self.device.stream(purpose),
            purpose,
            device: self.device.clone(),
        }))
    }

    fn on_disk(&self) -> Option<&dyn RunOnDisk> {
        Some(self)
    }

    /// The file holds all partitions, and goes with the run.
    fn release(&self, _partition: u32) {}
}

impl RunOnDisk for DiskRun {
    fn path(&self) -> &Path {
        &self.files[0].path
    }

    fn keep(&self) {
        self.files.iter().for_each(|file| file.keep.store(true, Ordering::Relaxed));
    }

    fn drop_cached_pages(&self) -> Result<()> {
        self.files.iter().try_for_each(|file| drop_pages(&file.path, TO_SPILLS, self.device.cancel()))
    }
}

/// The copies of a run that is read: one after another, as far as the ones before were damaged. While they are here, they are
/// not spent.
struct Copies {
    files: Arc<[RunPath]>,
    /// How many of them were opened.
    opened: usize,
}

impl Copies {
    /// The file that was opened last.
    fn path(&self) -> &Path {
        &self.files[self.opened - 1].path
    }

    fn is_last(&self) -> bool {
        self.opened == self.files.len()
    }

    /// Opens the next of the files that can be opened and is the owner's.
    fn open_next(&mut self, owner: Owner, purpose: Purpose) -> Result<File> {
        loop {
            self.opened += 1;
            let path = self.path();
            let file = open_regular(path).map_err(Error::at("open", path));
            match file.and_then(|file| check_owner(&file, path, owner).map(|()| file)) {
                Ok(file) => {
                    count_bytes(FileUse::reads(purpose), HEADER_BYTES as u64);
                    return Ok(file);
                }
                Err(error) if self.is_last() => return Err(error),
                Err(_) => {}
            }
        }
    }
}

/// Brings a directory's entries to the device.
pub(crate) fn sync_dir(dir: &Path) -> Result<()> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(Error::at("sync", dir))
}

struct DiskBlockReader {
    file: File,
    /// This one, and the others to read from when a block of it is damaged.
    copies: Copies,
    owner: Owner,
    cursor: BlockCursor,
    stored: Vec<u8>,
    stream: Stream,
    purpose: Purpose,
    device: Arc<Device>,
}

impl BlockReader for DiskBlockReader {
    fn next(&mut self, spent: Block) -> Result<Option<Block>> {
        let mut block = spent.into_buffer();
        let header = loop {
            let (file, device, stream) = (&self.file, &self.device, &mut self.stream);
            let read_at = |target: &mut [u8], offset| {
                device.read(stream, target.len() as u64, || file.read_exact_at(target, offset))
            };
            match self.cursor.read(read_at, self.copies.path(), &mut block, &mut self.stored) {
                Err(_) if !self.copies.is_last() => {
                    self.file = self.copies.open_next(self.owner, self.purpose)?;
                    self.stream = self.device.stream(self.purpose);
                }
                other => break other?,
            }
        };
        Ok(header.map(|_| Block::Owned(block)))
    }
}
