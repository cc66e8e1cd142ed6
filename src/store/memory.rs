//! Runs in memory, against a budget.
//!
//! A run's blocks are copied one behind the other into slabs. When the budget does not allow the next slab, the whole run
//! moves to a file ([`OnFull::Spill`]) or the job fails ([`OnFull::Fail`]).

use std::fmt::Debug;
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, Weak};

use memmap2::{Advice, MmapMut};

use crate::config::{Medium, OnFull};
use crate::error::{Error, Result};
use crate::observe::activity::{Activity, Doing, lock};
use crate::store::disk::DiskStore;
use crate::store::{Block, BlockBuilder, BlockReader, PartitionIndex, Run, RunIndex, RunStore, RunWriter};

/// Smallest slab. A run begins with one that holds its first block, so that a tiny run takes little memory; each further one
/// is twice as large as the one before.
const SMALLEST_SLAB_BYTES: usize = 4 << 10;
/// Most memory that waits for the next runs: what the jobs of a loop leave to one another, not what a large job left.
const MOST_IDLE_BYTES: u64 = 128 << 20;
/// Size up to which slabs double.
const LARGEST_SLAB_BYTES: usize = 8 << 20;

/// Bytes of memory that intermediates and cached inputs may take.
#[derive(Debug)]
pub(crate) struct MemoryBudget {
    limit_bytes: u64,
    used_bytes: AtomicU64,
    peak_bytes: AtomicU64,
    cache: OnceLock<Weak<dyn Evict>>,
    /// Memory of runs that are gone, for those to come: a page that is mapped anew is cleared first, which takes longer
    /// than filling it. It counts as used until somebody else needs it.
    idle: Mutex<Vec<MmapMut>>,
    idle_bytes: AtomicU64,
}

/// Something that holds memory it can do without.
pub(crate) trait Evict: Debug + Send + Sync {
    /// Frees `bytes`, or as much as is possible while `keep_bytes` are kept; tells whether it freed anything.
    fn evict(&self, bytes: u64, keep_bytes: u64) -> bool;
}

impl MemoryBudget {
    pub fn new(limit_bytes: u64) -> Arc<Self> {
        Arc::new(MemoryBudget {
            limit_bytes,
            used_bytes: AtomicU64::new(0),
            peak_bytes: AtomicU64::new(0),
            cache: OnceLock::new(),
            idle: Mutex::default(),
            idle_bytes: AtomicU64::new(0),
        })
    }

    fn idle(&self) -> MutexGuard<'_, Vec<MmapMut>> {
        lock(&self.idle)
    }

    /// Idle memory of exactly this size, with its reservation.
    fn take_idle(self: &Arc<Self>, bytes: usize) -> Option<(MmapMut, Reservation)> {
        let mut idle = self.idle();
        let at = idle.iter().position(|map| map.len() == bytes)?;
        self.idle_bytes.fetch_sub(bytes as u64, Ordering::Relaxed);
        self.note_peak();
        Some((idle.swap_remove(at), Reservation { budget: self.clone(), bytes: bytes as u64 }))
    }

    /// Keeps the memory of a run that is gone.
    fn keep_idle(&self, map: MmapMut, reservation: Reservation) {
        let mut idle = self.idle();
        if self.idle_bytes.load(Ordering::Relaxed) + reservation.bytes <= MOST_IDLE_BYTES {
            self.idle_bytes.fetch_add(reservation.bytes, Ordering::Relaxed);
            idle.push(map);
            // It goes on as idle memory.
            std::mem::forget(reservation);
        }
    }

    /// Notes how much is reserved now by those who need it.
    fn note_peak(&self) {
        let used = self.used_bytes.load(Ordering::Relaxed);
        let needed = used.saturating_sub(self.idle_bytes.load(Ordering::Relaxed));
        self.peak_bytes.fetch_max(needed, Ordering::Relaxed);
    }

    /// Gives `bytes` of idle memory back to the system, or all there is; tells whether there was any.
    fn free_idle(&self, bytes: u64) -> bool {
        let (mut idle, mut freed) = (self.idle(), 0);
        while freed < bytes {
            let Some(map) = idle.pop() else { break };
            freed += map.len() as u64;
        }
        self.idle_bytes.fetch_sub(freed, Ordering::Relaxed);
        self.used_bytes.fetch_sub(freed, Ordering::Relaxed);
        freed > 0
    }

    /// From now on `cache` is asked for memory when there is none.
    pub fn evict_from(&self, cache: Weak<dyn Evict>) {
        self.cache.set(cache).expect("a budget has one cache");
    }

    fn evict(&self, bytes: u64, keep_bytes: u64) -> bool {
        self.cache.get().and_then(Weak::upgrade).is_some_and(|cache| cache.evict(bytes, keep_bytes))
    }

    /// Reserves `bytes` for a run, given back when the reservation is dropped. Half of the budget is the cache's, if it has
    /// filled that.
    ///
    /// # Errors
    /// [`Error::MemoryFull`] where the budget does not allow it.
    pub fn reserve(self: &Arc<Self>, bytes: u64) -> Result<Reservation> {
        loop {
            match self.reserve_free(bytes) {
                Err(_) if bytes <= self.limit_bytes && self.evict(bytes, self.limit_bytes / 2) => {}
                other => return other,
            }
        }
    }

    /// Reserves `bytes` that nobody needs.
    ///
    /// # Errors
    /// [`Error::MemoryFull`] where there are less.
    pub fn reserve_free(self: &Arc<Self>, bytes: u64) -> Result<Reservation> {
        loop {
            match self.try_reserve(bytes) {
                Err(_) if bytes <= self.limit_bytes && self.free_idle(bytes) => {}
                other => return other,
            }
        }
    }

    fn try_reserve(self: &Arc<Self>, bytes: u64) -> Result<Reservation> {
        let reserved = self.used_bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
            used.checked_add(bytes).filter(|sum| *sum <= self.limit_bytes)
        });
        match reserved {
            Ok(_) => {
                self.note_peak();
                Ok(Reservation { budget: self.clone(), bytes })
            }
            Err(used_bytes) => {
                Err(Error::MemoryFull { requested_bytes: bytes, used_bytes, limit_bytes: self.limit_bytes })
            }
        }
    }

    /// Reserves what is needed for work that must go on whatever the budget says, such as the smallest sort buffer.
    pub fn reserve_regardless(self: &Arc<Self>, bytes: u64) -> Reservation {
        let over = (self.used_bytes.load(Ordering::Relaxed) + bytes).saturating_sub(self.limit_bytes);
        if over > 0 && !self.free_idle(over) {
            self.evict(over, 0);
        }
        self.used_bytes.fetch_add(bytes, Ordering::Relaxed);
        self.note_peak();
        Reservation { budget: self.clone(), bytes }
    }

    /// Bytes reserved now by those who need them.
    #[cfg(test)]
    pub fn used_bytes(&self) -> u64 {
        self.used_bytes.load(Ordering::Relaxed) - self.idle_bytes.load(Ordering::Relaxed)
    }

    /// Most bytes that were reserved at the same time.
    pub fn peak_bytes(&self) -> u64 {
        self.peak_bytes.load(Ordering::Relaxed)
    }
}

/// A part of the budget that is in use.
#[derive(Debug)]
pub(crate) struct Reservation {
    budget: Arc<MemoryBudget>,
    bytes: u64,
}

impl Reservation {
    /// How much it is.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.budget.used_bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// Keeps runs in memory.
#[derive(Clone, Debug)]
pub(crate) struct MemoryStore {
    budget: Arc<MemoryBudget>,
    on_full: OnFull,
    overflow: DiskStore,
}

impl MemoryStore {
    /// A store within `budget`; runs that do not fit go to `overflow` if `on_full` says so.
    pub fn new(budget: Arc<MemoryBudget>, on_full: OnFull, overflow: DiskStore) -> Self {
        MemoryStore { budget, on_full, overflow }
    }
}

impl RunStore for MemoryStore {
    fn create(&self, name: &str, partitions: u32) -> Result<Box<dyn RunWriter>> {
        Ok(Box::new(MemoryRunWriter {
            store: self.clone(),
            name: name.to_owned(),
            full_slabs: Vec::new(),
            slab: None,
            blocks: Vec::new(),
            index: vec![PartitionIndex::default(); partitions as usize],
            bytes: 0,
            spilled: None,
        }))
    }
}

/// Memory for the blocks of one run.
#[derive(Debug)]
pub(crate) struct Slab {
    memory: Option<(MmapMut, Reservation)>,
    filled: usize,
}

impl Slab {
    fn new(bytes: usize, budget: &Arc<MemoryBudget>) -> Result<Self> {
        if let Some(idle) = budget.take_idle(bytes) {
            return Ok(Slab { memory: Some(idle), filled: 0 });
        }
        let reservation = budget.reserve(bytes as u64)?;
        let map = MmapMut::map_anon(bytes).map_err(Error::at("map memory for", Path::new("a run")))?;
        // All pages at once take two thirds of the time of a fault for each. Where the kernel is too old to know the advice
        // they come one by one. (Huge pages would take less still on bare metal, but where a hypervisor takes back free
        // memory they were measured to be four times as slow.)
        let _ = map.advise(Advice::PopulateWrite);
        Ok(Slab { memory: Some((map, reservation)), filled: 0 })
    }

    #[inline(always)]
    fn map(&self) -> &MmapMut {
        &self.memory.as_ref().expect("a slab has its memory until it is dropped").0
    }

    fn room(&self) -> usize {
        self.map().len() - self.filled
    }

    fn push(&mut self, bytes: &[u8]) -> (usize, usize) {
        let start = self.filled;
        self.filled += bytes.len();
        let (map, _) = self.memory.as_mut().expect("a slab has its memory until it is dropped");
        map[start..self.filled].copy_from_slice(bytes);
        (start, self.filled)
    }
}

impl Drop for Slab {
    fn drop(&mut self) {
        if let Some((map, reservation)) = self.memory.take() {
            let budget = reservation.budget.clone();
            budget.keep_idle(map, reservation);
        }
    }
}

/// A block in a slab.
#[derive(Clone, Debug)]
pub(crate) struct SharedBlock {
    slab: Arc<Slab>,
    start: usize,
    end: usize,
}

impl SharedBlock {
    /// The encoded records.
    #[inline(always)]
    pub fn record_bytes(&self) -> &[u8] {
        &self.slab.map()[self.start..self.end]
    }
}

/// Where a block of a run that is being written lies.
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
    full_slabs: Vec<Slab>,
    slab: Option<Slab>,
    blocks: Vec<Placed>,
    index: Vec<PartitionIndex>,
    /// Of all blocks.
    bytes: u64,
    /// Where the run goes on since memory was full.
    spilled: Option<Box<dyn RunWriter>>,
}

impl MemoryRunWriter {
    /// The slab with room for `bytes` more, a new one if need be.
    fn slab_with_room(&mut self, bytes: usize) -> Result<&mut Slab> {
        let doubled = match &self.slab {
            Some(slab) if slab.room() >= bytes => return Ok(self.slab.as_mut().expect("just seen")),
            Some(slab) => (2 * slab.map().len()).min(LARGEST_SLAB_BYTES),
            None => bytes.next_power_of_two().clamp(SMALLEST_SLAB_BYTES, LARGEST_SLAB_BYTES),
        };
        let next = Slab::new(doubled.max(bytes), &self.store.budget)?;
        self.full_slabs.extend(self.slab.take());
        Ok(self.slab.insert(next))
    }

    /// Moves what the run has so far to a file.
    fn spill(&mut self, partitions: u32) -> Result<&mut Box<dyn RunWriter>> {
        let mut writer = self.store.overflow.create(&self.name, partitions)?;
        let slabs: Vec<Slab> = self.full_slabs.drain(..).chain(self.slab.take()).collect();
        let mut builder = BlockBuilder::with_capacity(0);
        for Placed { partition, slab, start, end, records } in self.blocks.drain(..) {
            builder.refill(&slabs[slab].map()[start..end], records);
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
            Err(Error::MemoryFull { .. }) if on_full == OnFull::Spill => {
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
            return writer.finish();
        }
        let index = RunIndex::from(std::mem::take(&mut self.index));
        let blocks_bytes = self.blocks.len() * (size_of::<Filled>() + size_of::<SharedBlock>());
        // What says where the blocks are counts, too: of tiny blocks it is as much as they are.
        let bookkeeping = match self.store.budget.reserve((index.heap_bytes() + blocks_bytes) as u64) {
            Err(Error::MemoryFull { .. }) if self.store.on_full == OnFull::Spill => {
                self.spill(index.len() as u32)?;
                return self.spilled.expect("it has just spilled").finish();
            }
            reserved => reserved?,
        };
        self.full_slabs.extend(self.slab);
        let slabs: Vec<Arc<Slab>> = self.full_slabs.into_iter().map(Arc::new).collect();
        let mut filled = Vec::new();
        for blocks in self.blocks.chunk_by(|a, b| a.partition == b.partition) {
            let shared = |placed: &Placed| SharedBlock {
                slab: slabs[placed.slab].clone(),
                start: placed.start,
                end: placed.end,
            };
            let shared: Vec<SharedBlock> = blocks.iter().map(shared).collect();
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

/// A complete run in memory.
#[derive(Debug)]
struct MemoryRun {
    /// In the order of the partitions.
    filled: Box<[Filled]>,
    index: RunIndex,
    /// Partitions that somebody may open.
    unreleased: AtomicUsize,
    /// For what says where the blocks are, until all of them are released.
    bookkeeping: Mutex<Option<Reservation>>,
}

/// The blocks of a partition that has some.
#[derive(Debug)]
struct Filled {
    partition: u32,
    blocks: Mutex<Vec<SharedBlock>>,
}

impl MemoryRun {
    fn blocks(&self, partition: u32) -> Option<MutexGuard<'_, Vec<SharedBlock>>> {
        let at = self.filled.binary_search_by_key(&partition, |filled| filled.partition).ok()?;
        Some(lock(&self.filled[at].blocks))
    }
}

impl Run for MemoryRun {
    fn index(&self) -> &RunIndex {
        &self.index
    }

    fn open(&self, partition: u32) -> Result<Box<dyn BlockReader>> {
        let blocks = self.blocks(partition).map(|blocks| blocks.clone()).unwrap_or_default();
        Ok(Box::new(MemoryBlockReader { blocks: blocks.into_iter() }))
    }

    fn medium(&self) -> Medium {
        Medium::Memory
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
    blocks: std::vec::IntoIter<SharedBlock>,
}

impl BlockReader for MemoryBlockReader {
    fn next(&mut self, _spent: Block) -> Result<Option<Block>> {
        Ok(self.blocks.next().map(Block::Shared))
    }
}
