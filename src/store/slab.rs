//! Slabs: pieces of memory that the blocks of a run are copied into and read from.
//!
//! Large ones are mapped, and kept for reuse. Small ones come from the allocator: a page for each tiny run would be many
//! times what it holds, and the system allows a process some 65,000 maps.

use std::io;
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::sync::Arc;

use memmap2::{Advice, MmapMut};

use crate::error::{Error, Result};
use crate::store::budget::{MemoryBudget, Reservation};

/// Size from which slabs are mapped.
const LEAST_MAPPED_BYTES: usize = 16 << 10;

/// Memory for the blocks of one run.
#[derive(Debug)]
pub(crate) struct Slab {
    memory: Option<(Memory, Reservation)>,
    filled: usize,
}

#[derive(Debug)]
enum Memory {
    Mapped(MmapMut),
    Allocated(Box<[u8]>),
}

impl Memory {
    fn new(bytes: usize) -> io::Result<Self> {
        if bytes < LEAST_MAPPED_BYTES {
            let mut memory = Vec::new();
            memory.try_reserve_exact(bytes)?;
            memory.resize(bytes, 0);
            return Ok(Memory::Allocated(memory.into_boxed_slice()));
        }
        let map = MmapMut::map_anon(bytes)?;
        // All pages at once take two thirds of the time of a fault for each. Where the kernel is too old to know the advice
        // they come one by one. (Huge pages would take less still on bare metal, but where a hypervisor takes back free
        // memory they were measured to take four times as long.)
        let _ = map.advise(Advice::PopulateWrite);
        Ok(Memory::Mapped(map))
    }
}

impl Deref for Memory {
    type Target = [u8];

    #[inline(always)]
    fn deref(&self) -> &[u8] {
        match self {
            Memory::Mapped(map) => map,
            Memory::Allocated(bytes) => bytes,
        }
    }
}

impl DerefMut for Memory {
    fn deref_mut(&mut self) -> &mut [u8] {
        match self {
            Memory::Mapped(map) => map,
            Memory::Allocated(bytes) => bytes,
        }
    }
}

impl Slab {
    /// A slab of so many bytes within the budget.
    ///
    /// # Errors
    /// [`Error::MemoryFull`] where the budget does not allow it.
    pub fn new(bytes: usize, budget: &Arc<MemoryBudget>) -> Result<Self> {
        if bytes >= LEAST_MAPPED_BYTES
            && let Some((map, reservation)) = budget.take_idle(bytes)
        {
            return Ok(Slab { memory: Some((Memory::Mapped(map), reservation)), filled: 0 });
        }
        let reservation = budget.reserve(bytes as u64)?;
        let memory = Memory::new(bytes).map_err(Error::at("allocate memory for", Path::new("a run")))?;
        Ok(Slab { memory: Some((memory, reservation)), filled: 0 })
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
        let (memory, _) = self.memory.as_mut().expect("a slab has its memory until it is dropped");
        memory[start..self.filled].copy_from_slice(bytes);
        (start, self.filled)
    }
}

impl Drop for Slab {
    fn drop(&mut self) {
        if let Some((Memory::Mapped(map), reservation)) = self.memory.take() {
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
