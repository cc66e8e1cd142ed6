//! Parsed parts of invariant inputs, kept within the memory budget.
//!
//! The policy is that of Spark's memory store. Memory for a job (sort buffers, runs) evicts parts, the least recently
//! used first; runs do so only until the cache is down to half of the budget, because writing a run to a file costs
//! less than parsing an input again. A new part evicts parts of other inputs, never those of its own: a loop reads its
//! input from front to back, and with an input larger than the cache each part would evict the very one that is needed
//! next.

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use crate::observe::activity::lock;
use crate::observe::memory::Holder;
use crate::store::{Evict, MemoryBudget, Reservation};

/// A parsed part, of whatever type its input has.
pub(crate) type Part = Arc<dyn Any + Send + Sync>;

/// The numbers of an input and of one of its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct PartId {
    pub input: u32,
    pub part: u32,
}

/// The cache of one driver.
pub(crate) struct PartCache {
    budget: Arc<MemoryBudget>,
    inputs: AtomicU32,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    parts: HashMap<PartId, Cached>,
    bytes: u64,
    /// Counts uses.
    clock: u64,
    evictions: u64,
}

struct Cached {
    part: Part,
    last_used: u64,
    reservation: Reservation,
}

impl PartCache {
    pub fn new(budget: Arc<MemoryBudget>) -> Arc<Self> {
        let cache = Arc::new(PartCache { budget, inputs: AtomicU32::new(0), state: Mutex::default() });
        let weak: std::sync::Weak<PartCache> = Arc::downgrade(&cache);
        cache.budget.evict_from(weak);
        cache
    }

    /// A number for another input.
    pub fn add_input(&self) -> u32 {
        self.inputs.fetch_add(1, Ordering::Relaxed)
    }

    pub fn get(&self, id: PartId) -> Option<Part> {
        let mut state = self.state();
        state.clock += 1;
        let clock = state.clock;
        let cached = state.parts.get_mut(&id)?;
        cached.last_used = clock;
        Some(cached.part.clone())
    }

    /// Whether a part is in the cache; does not count as a use.
    pub fn contains(&self, id: PartId) -> bool {
        self.state().parts.contains_key(&id)
    }

    /// Keeps a part of `bytes` if there is room for it or room can be made.
    pub fn insert(&self, id: PartId, part: Part, bytes: u64) {
        let mut state = self.state();
        let reservation = loop {
            match self.budget.reserve_free(bytes, Holder::Cache) {
                Ok(reservation) => break reservation,
                Err(_) if state.evict_oldest(|other| other.input != id.input) => {}
                Err(_) => return,
            }
        };
        state.clock += 1;
        state.bytes += bytes;
        let last_used = state.clock;
        if let Some(before) = state.parts.insert(id, Cached { part, last_used, reservation }) {
            state.bytes -= before.reservation.bytes();
        }
    }

    /// Forgets an input.
    pub fn remove_input(&self, input: u32) {
        let mut state = self.state();
        let removed: u64 = state.parts.extract_if(|id, _| id.input == input).map(|(_, c)| c.reservation.bytes()).sum();
        state.bytes -= removed;
    }

    /// Parts that were evicted so far.
    pub fn evictions(&self) -> u64 {
        self.state().evictions
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl State {
    /// Drops the least recently used part that may go; returns whether there was one.
    fn evict_oldest(&mut self, may_go: impl Fn(PartId) -> bool) -> bool {
        let candidates = self.parts.iter().filter(|(id, _)| may_go(**id));
        let Some(oldest) = candidates.min_by_key(|(_, cached)| cached.last_used).map(|(id, _)| *id) else {
            return false;
        };
        let cached = self.parts.remove(&oldest).expect("just found");
        self.bytes -= cached.reservation.bytes();
        self.evictions += 1;
        true
    }
}

impl Evict for PartCache {
    fn evict(&self, bytes: u64, keep_bytes: u64) -> bool {
        let mut state = self.state();
        let before = state.bytes;
        while before - state.bytes < bytes && state.bytes > keep_bytes && state.evict_oldest(|_| true) {}
        state.bytes < before
    }
}

impl fmt::Debug for PartCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("PartCache").field("parts", &state.parts.len()).field("bytes", &state.bytes).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(input: u32, part: u32) -> PartId {
        PartId { input, part }
    }

    fn fill(cache: &PartCache, input: u32, parts: std::ops::Range<u32>) {
        parts.for_each(|part| cache.insert(id(input, part), Arc::new(part), 100));
    }

    fn parts(cache: &PartCache, input: u32) -> Vec<u32> {
        (0..100).filter(|&part| cache.contains(id(input, part))).collect()
    }

    #[test]
    fn an_input_larger_than_the_cache_keeps_what_came_first() {
        let cache = PartCache::new(MemoryBudget::new(350));
        fill(&cache, 0, 0..9);
        assert_eq!((parts(&cache, 0), cache.evictions()), (vec![0, 1, 2], 0));
        assert_eq!(*cache.get(id(0, 2)).unwrap().downcast::<u32>().unwrap(), 2);
    }

    #[test]
    fn another_input_pushes_out_what_was_used_least_recently() {
        let cache = PartCache::new(MemoryBudget::new(350));
        fill(&cache, 0, 0..3);
        cache.get(id(0, 0));
        fill(&cache, 1, 0..2);
        assert_eq!((parts(&cache, 0), parts(&cache, 1)), (vec![0], vec![0, 1]));
    }

    #[test]
    fn runs_push_out_half_and_buffers_everything() {
        let budget = MemoryBudget::new(400);
        let cache = PartCache::new(budget.clone());
        fill(&cache, 0, 0..4);
        let run = budget.reserve(150).unwrap();
        assert_eq!(parts(&cache, 0), [2, 3]);
        assert!(budget.reserve(100).is_err(), "the other half stays");
        let buffer = budget.reserve_regardless(250);
        assert!(parts(&cache, 0).is_empty());
        drop((run, buffer));
        assert_eq!(budget.used_bytes(), 0);
    }

    #[test]
    fn a_forgotten_input_gives_its_memory_back() {
        let budget = MemoryBudget::new(1000);
        let cache = PartCache::new(budget.clone());
        fill(&cache, 0, 0..4);
        fill(&cache, 0, 0..4);
        assert_eq!(budget.used_bytes(), 400, "a part that comes twice counts once");
        cache.remove_input(0);
        assert_eq!(budget.used_bytes(), 0);
    }
}
