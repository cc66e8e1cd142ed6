//! Slabs: large pieces of mapped memory, which blocks of many runs are copied into and read from.

use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

use memmap2::{Advice, MmapMut};

use crate::error::{Error, Result};
use crate::store::budget::{MemoryBudget, Reservation};

/// Memory for the blocks of one run.
#[derive(Debug)]
pub(crate) struct Slab {
    memory: Option<(MmapMut, Reservation)>,
    filled: usize,
}

impl Slab {
    /// A slab of so many bytes within the budget.
    ///
    /// # Errors
    /// [`Error::MemoryFull`] where the budget does not allow it.
    pub fn new(bytes: usize, budget: &Arc<MemoryBudget>) -> Result<Self> {
        if let Some(idle) = budget.take_idle(bytes) {
            return Ok(Slab { memory: Some(idle), filled: 0 });
        }
        let reservation = budget.reserve(bytes as u64)?;
        let map = MmapMut::map_anon(bytes).map_err(Error::at("map memory for", Path::new("a run")))?;
        // All pages at once take two thirds of the time of a fault for each. Where the kernel is too old to know the advice
        // they come one by one. (Huge pages would take less still on bare metal, but where a hypervisor takes back free
        // memory they were measured to take four times as long.)
        let _ = map.advise(Advice::PopulateWrite);
        Ok(Slab { memory: Some((map, reservation)), filled: 0 })
    }

    /// All of its bytes, filled or not.
    #[inline(always)]
    pub fn bytes(&self) -> &[u8] {
        &self.memory.as_ref().expect("a slab has its memory until it is dropped").0
    }

    /// Bytes that are not filled yet.
    pub fn room(&self) -> usize {
        self.bytes().len() - self.filled
    }

    /// Copies bytes into the slab, which has room for them; returns their place.
    pub fn push(&mut self, bytes: &[u8]) -> (usize, usize) {
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
            reservation.leave_idle(map);
        }
    }
}

/// A stretch of a slab, which it keeps alive.
#[derive(Clone, Debug)]
pub(crate) struct Stretch {
    pub slab: Arc<Slab>,
    pub start: usize,
    pub end: usize,
}

impl Deref for Stretch {
    type Target = [u8];

    #[inline(always)]
    fn deref(&self) -> &[u8] {
        &self.slab.bytes()[self.start..self.end]
    }
}
