//! The memory budget: reservations, and the order in which memory is freed when there is too little.
//!
//! 1. Sort buffers are reserved when a run begins, whatever the budget: without them no task could work.
//! 2. Runs in memory [reserve](MemoryBudget::reserve) their bytes. Where the budget does not allow that, idle memory is freed
//!    first, and then what the cache of loop-invariant inputs has beyond half of the budget.
//! 3. The cache [reserves](MemoryBudget::reserve_free) only bytes that are free.
//!
//! A [`Reservation`] gives its bytes back when it is dropped.
//!
//! The process takes more than its budget: with 2 workers about 60 MiB for the program and for buffers of reading, blocks
//! and output (a merge holds a block of at most 256 KiB for each run that it reads, and blocks shrink with the budget), 6 MiB
//! for each further worker, 1 KiB for each map task, and up to seven times the largest record.

use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, Weak};

use memmap2::MmapMut;

use crate::error::{Error, Result};
use crate::observe::activity::lock;
use crate::observe::memory::{Holder, MemoryGauges};
use crate::observe::report::ExtraWork;

/// Most memory that is kept for later runs: enough for the jobs of a loop, less than a large job leaves.
const MOST_IDLE_BYTES: u64 = 128 << 20;

/// Bytes of memory that intermediates and cached inputs may take.
#[derive(Debug)]
pub(crate) struct MemoryBudget {
    limit_bytes: u64,
    used_bytes: AtomicU64,
    peak_bytes: AtomicU64,
    cache: OnceLock<Weak<dyn Evict>>,
    /// Freed slabs, kept for reuse: the system would clear newly mapped pages first, which takes longer than filling
    /// them. They count as used until other memory is needed.
    idle: Mutex<Vec<MmapMut>>,
    idle_bytes: AtomicU64,
    gauges: Arc<MemoryGauges>,
    overflowed_runs: AtomicU64,
    overflowed_bytes: AtomicU64,
}

/// A cache that can give memory back.
pub(crate) trait Evict: Debug + Send + Sync {
    /// Frees `bytes`, or as much as is possible while `keep_bytes` are kept; returns whether it freed anything.
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
            gauges: Arc::default(),
            overflowed_runs: AtomicU64::new(0),
            overflowed_bytes: AtomicU64::new(0),
        })
    }

    /// The memory that is held, by purpose.
    pub fn gauges(&self) -> &Arc<MemoryGauges> {
        &self.gauges
    }

    /// Counts a run, of so many bytes, that the budget had no room for.
    pub fn count_overflow(&self, bytes: u64) {
        self.overflowed_runs.fetch_add(1, Ordering::Relaxed);
        self.overflowed_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// The runs that the budget had no room for.
    pub fn overflow(&self) -> ExtraWork {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let (overflowed_runs, overflowed_bytes) = (of(&self.overflowed_runs), of(&self.overflowed_bytes));
        ExtraWork { overflowed_runs, overflowed_bytes, ..ExtraWork::default() }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<MmapMut>> {
        lock(&self.idle)
    }

    /// Idle memory of exactly this size, with its reservation.
    pub fn take_idle(self: &Arc<Self>, bytes: usize) -> Option<(MmapMut, Reservation)> {
        let mut idle = self.idle();
        let at = idle.iter().position(|map| map.len() == bytes)?;
        self.idle_bytes.fetch_sub(bytes as u64, Ordering::Relaxed);
        self.note_peak();
        let reservation = Reservation { budget: self.clone(), bytes: bytes as u64, holder: Holder::Runs };
        Some((idle.swap_remove(at), reservation))
    }

    /// Keeps a freed slab for reuse.
    fn keep_idle(&self, map: MmapMut, reservation: Reservation) {
        let mut idle = self.idle();
        if self.idle_bytes.load(Ordering::Relaxed) + reservation.bytes <= MOST_IDLE_BYTES {
            self.idle_bytes.fetch_add(reservation.bytes, Ordering::Relaxed);
            idle.push(map);
            // The reservation goes on for the idle memory.
            std::mem::forget(reservation);
        }
    }

    /// Updates the peak of reservations that are in use.
    fn note_peak(&self) {
        let used = self.used_bytes.load(Ordering::Relaxed);
        let needed = used.saturating_sub(self.idle_bytes.load(Ordering::Relaxed));
        self.peak_bytes.fetch_max(needed, Ordering::Relaxed);
    }

    /// Gives `bytes` of idle memory back to the system, or all there is; returns whether there was any.
    fn free_idle(&self, bytes: u64) -> bool {
        let (mut idle, mut freed) = (self.idle(), 0);
        while freed < bytes {
            let Some(map) = idle.pop() else { break };
            freed += map.len() as u64;
        }
        self.idle_bytes.fetch_sub(freed, Ordering::Relaxed);
        self.used_bytes.fetch_sub(freed, Ordering::Relaxed);
        self.gauges.sub(Holder::Runs, freed);
        freed > 0
    }

    /// Asks `cache` for memory from now on, when there is none left.
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
            match self.reserve_free(bytes, Holder::Runs) {
                Err(_) if bytes <= self.limit_bytes && self.evict(bytes, self.limit_bytes / 2) => {}
                other => return other,
            }
        }
    }

    /// Reserves `bytes` that are free for a holder, without taking any from the cache.
    ///
    /// # Errors
    /// [`Error::MemoryFull`] where there are less.
    pub fn reserve_free(self: &Arc<Self>, bytes: u64, holder: Holder) -> Result<Reservation> {
        loop {
            match self.try_reserve(bytes, holder) {
                Err(_) if bytes <= self.limit_bytes && self.free_idle(bytes) => {}
                other => return other,
            }
        }
    }

    fn try_reserve(self: &Arc<Self>, bytes: u64, holder: Holder) -> Result<Reservation> {
        let reserved = self.used_bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
            used.checked_add(bytes).filter(|sum| *sum <= self.limit_bytes)
        });
        match reserved {
            Ok(_) => {
                self.note_peak();
                self.gauges.add(holder, bytes);
                Ok(Reservation { budget: self.clone(), bytes, holder })
            }
            Err(used_bytes) => {
                Err(Error::MemoryFull { requested_bytes: bytes, used_bytes, limit_bytes: self.limit_bytes })
            }
        }
    }

    /// Reserves bytes for work that must go on whatever the budget, such as the smallest sort buffer.
    pub fn reserve_regardless(self: &Arc<Self>, bytes: u64) -> Reservation {
        let over = (self.used_bytes.load(Ordering::Relaxed) + bytes).saturating_sub(self.limit_bytes);
        if over > 0 && !self.free_idle(over) {
            self.evict(over, 0);
        }
        self.used_bytes.fetch_add(bytes, Ordering::Relaxed);
        self.note_peak();
        Reservation { budget: self.clone(), bytes, holder: Holder::Nobody }
    }

    /// Bytes that are reserved now, without idle memory.
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
    holder: Holder,
}

impl Reservation {
    /// Bytes of the reservation.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Leaves the reserved memory for reuse, if there is not too much of it already.
    pub fn leave_idle(self, map: MmapMut) {
        let budget = self.budget.clone();
        budget.keep_idle(map, self);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.budget.used_bytes.fetch_sub(self.bytes, Ordering::Relaxed);
        self.budget.gauges.sub(self.holder, self.bytes);
    }
}
