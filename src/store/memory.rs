//! Runs in memory, against a budget.
//!
//! A run's blocks are copied one after another into slabs. When the budget or the system does not allow the next slab, the
//! whole run moves to a file ([`OnFull::Spill`]) or the job fails ([`OnFull::Fail`]).

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use crate::config::OnFull;
use crate::error::{Error, Result};
use crate::observe::activity::{Activity, Doing, lock};
use crate::observe::purpose::Purpose;
use crate::store::block::{Block, BlockBuilder};
use crate::store::budget::{MemoryBudget, Reservation};
use crate::store::index::{PartitionIndex, RunIndex};
use crate::store::run::{BlockReader, Run, RunOnDisk, RunStore, RunWriter};
use crate::store::slab::{Slab, Stretch};

/// Smallest slab. A run begins with one that holds its first block, so that a tiny run takes little memory; each further one
/// is twice as large as the one before.
const SMALLEST_SLAB_BYTES: usize = 64;
/// Size up to which slabs double.
const LARGEST_SLAB_BYTES: usize = 8 << 20;

/// Keeps runs in memory.
#[derive(Clone, Debug)]
pub(crate) struct MemoryStore {
    budget: Arc<MemoryBudget>,
    on_full: OnFull,
    overflow: Arc<dyn RunStore>,
}

impl MemoryStore {
    /// A store within `budget`; runs that do not fit go to `overflow` if `on_full` says so.
    pub fn new(budget: Arc<MemoryBudget>, on_full: OnFull, overflow: Arc<dyn RunStore>) -> Self {
        MemoryStore { budget, on_full, overflow }
    }
}

impl RunStore for MemoryStore {
    fn create(&self, name: &str, partitions: u32, purpose: Purpose) -> Result<Box<dyn RunWriter>> {
        Ok(Box::new(MemoryRunWriter {
            store: self.clone(),
            name: name.to_owned(),
            purpose,
            full_slabs: Vec::new(),
            slab: None,
            blocks: Vec::new(),
            index: vec![PartitionIndex::default(); partitions as usize],
            bytes: 0,
            spilled: None,
        }))
    }

    fn adopt(&self, name: &str) -> Result<Arc<dyn Run>> {
        let cause = std::io::Error::other("runs in memory go with their process");
        Err(Error::io("read", Path::new(name), cause))
    }

    fn prefers_one_run(&self) -> bool {
        // A reducer reads many runs in memory as well as one.
        false
    }
}

/// The place of a block of a run that is being written.
struct Placed {
    partition: u32,
    slab: usize,
    start: usize,
    end: usize,
    records: u32,
}

struct MemoryRunWriter {
    store: MemoryStore,
    name: String,
    /// The purpose of its bytes, should they go to a file.
    purpose: Purpose,
    full_slabs: Vec<Slab>,
    slab: Option<Slab>,
    blocks: Vec<Placed>,
    index: Vec<PartitionIndex>,
    /// Of all blocks.
    bytes: u64,
    /// The file in which the run goes on since memory was full.
    spilled: Option<Box<dyn RunWriter>>,
}

impl MemoryRunWriter {
    /// The slab with room for `bytes` more, a new one if need be.
    fn slab_with_room(&mut self, bytes: usize) -> Result<&mut Slab> {
        let doubled = match &self.slab {
            Some(slab) if slab.room() >= bytes => return Ok(self.slab.as_mut().expect("just seen")),
            Some(slab) => (2 * slab.bytes().len()).min(LARGEST_SLAB_BYTES),
            None => bytes.next_power_of_two().clamp(SMALLEST_SLAB_BYTES, LARGEST_SLAB_BYTES),
        };
        let next = Slab::new(doubled.max(bytes), &self.store.budget)?;
        self.full_slabs.extend(self.slab.take());
        Ok(self.slab.insert(next))
    }

    /// Moves the blocks that the run has so far to a file.
    fn spill(&mut self, partitions: u32) -> Result<&mut Box<dyn RunWriter>> {
        let mut writer = self.store.overflow.create(&self.name, partitions, self.purpose)?;
        let slabs: Vec<Slab> = self.full_slabs.drain(..).chain(self.slab.take()).collect();
        let mut builder = BlockBuilder::with_capacity(0);
        for Placed { partition, slab, start, end, records } in self.blocks.drain(..) {
            builder.refill(&slabs[slab].bytes()[start..end], records);
            writer.put(partition, &mut builder)?;
        }
        Ok(self.spilled.insert(writer))
    }
}

impl RunWriter for MemoryRunWriter {
    fn put(&mut self, partition: u32, block: &mut BlockBuilder) -> Result<()> {
        if let Some(writer) = &mut self.spilled {
            return writer.put(partition, block);
        }
        let _copying = Doing::here().enter(Activity::Copy);
        let on_full = self.store.on_full;
        let placed = self.slab_with_room(block.len()).map(|slab| slab.push(block.record_bytes()));
        let (start, end) = match placed {
            Err(error) if on_full == OnFull::Spill && is_full(&error) => {
                let partitions = self.index.len() as u32;
                return self.spill(partitions)?.put(partition, block);
            }
            placed => placed?,
        };
        let records = block.records();
        self.blocks.push(Placed { partition, slab: self.full_slabs.len(), start, end, records });
        let entry = &mut self.index[partition as usize];
        if entry.records == 0 {
            entry.offset = self.bytes;
        }
        self.bytes += block.len() as u64;
        entry.stored_bytes += block.len() as u64;
        entry.record_bytes += block.len() as u64;
        entry.records += u64::from(records);
        block.clear();
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<Arc<dyn Run>> {
        if let Some(writer) = self.spilled {
            return overflowed(writer, &self.store.budget);
        }
        let index = RunIndex::from(std::mem::take(&mut self.index));
        let blocks_bytes = self.blocks.len() * (size_of::<Filled>() + size_of::<Stretch>());
        // The bookkeeping counts, too: for tiny blocks it is as large as they are.
        let bookkeeping = match self.store.budget.reserve((index.heap_bytes() + blocks_bytes) as u64) {
            Err(error) if self.store.on_full == OnFull::Spill && is_full(&error) => {
                self.spill(index.len() as u32)?;
                return overflowed(self.spilled.expect("it has just spilled"), &self.store.budget);
            }
            reserved => reserved?,
        };
        self.full_slabs.extend(self.slab);
        let slabs: Vec<Arc<Slab>> = self.full_slabs.into_iter().map(Arc::new).collect();
        let mut filled = Vec::new();
        for blocks in self.blocks.chunk_by(|a, b| a.partition == b.partition) {
            let shared =
                |placed: &Placed| Stretch { slab: slabs[placed.slab].clone(), start: placed.start, end: placed.end };
            let shared: Vec<Stretch> = blocks.iter().map(shared).collect();
            filled.push(Filled { partition: blocks[0].partition, blocks: Mutex::new(shared) });
        }
        let filled_partitions = filled.len();
        Ok(Arc::new(MemoryRun {
            filled: filled.into(),
            index,
            unreleased: AtomicUsize::new(filled_partitions),
            bookkeeping: Mutex::new(Some(bookkeeping)),
        }))
    }
}

/// Whether there is no room: the budget is used up, or the system gives less than the budget.
fn is_full(error: &Error) -> bool {
    match error {
        Error::MemoryFull { .. } => true,
        Error::Io { source, .. } => source.kind() == io::ErrorKind::OutOfMemory,
        _ => false,
    }
}

/// Completes a run that memory had no room for.
fn overflowed(writer: Box<dyn RunWriter>, budget: &MemoryBudget) -> Result<Arc<dyn Run>> {
    let run = writer.finish()?;
    budget.count_overflow(run.index().total().stored_bytes);
    Ok(run)
}

/// A complete run in memory.
#[derive(Debug)]
struct MemoryRun {
    /// In the order of the partitions.
    filled: Box<[Filled]>,
    index: RunIndex,
    /// Partitions that may still be opened.
    unreleased: AtomicUsize,
    /// Reservation for the bookkeeping, until all blocks are released.
    bookkeeping: Mutex<Option<Reservation>>,
}

/// The blocks of a partition that has some.
#[derive(Debug)]
struct Filled {
    partition: u32,
    blocks: Mutex<Vec<Stretch>>,
}

impl MemoryRun {
    fn blocks(&self, partition: u32) -> Option<MutexGuard<'_, Vec<Stretch>>> {
        let at = self.filled.binary_search_by_key(&partition, |filled| filled.partition).ok()?;
        Some(lock(&self.filled[at].blocks))
    }
}

impl Run for MemoryRun {
    fn index(&self) -> &RunIndex {
        &self.index
    }

    fn open(&self, partition: u32, _: Purpose) -> Result<Box<dyn BlockReader>> {
        let blocks = self.blocks(partition).map(|blocks| blocks.clone()).unwrap_or_default();
        Ok(Box::new(MemoryBlockReader { blocks: blocks.into_iter() }))
    }

    fn on_disk(&self) -> Option<&dyn RunOnDisk> {
        None
    }

    fn release(&self, partition: u32) {
        if let Some(mut blocks) = self.blocks(partition) {
            let released = !std::mem::take(&mut *blocks).is_empty();
            if released && self.unreleased.fetch_sub(1, Ordering::Relaxed) == 1 {
                *lock(&self.bookkeeping) = None;
            }
        }
    }
}

struct MemoryBlockReader {
    blocks: std::vec::IntoIter<Stretch>,
}

impl BlockReader for MemoryBlockReader {
    fn next(&mut self, _spent: Block) -> Result<Option<Block>> {
        Ok(self.blocks.next().map(Block::Shared))
    }
}
