//! Memory of a run by purpose, at the moment when its process was largest.
//!
//! Sort buffers, runs and the cache keep a gauge each. The sampler looks at the process's resident size every few
//! milliseconds; when it is larger than ever, the gauges are noted, and what they do not explain is the program's own.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

/// Resident memory by purpose, in bytes. All purposes together are `total`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct MemoryUse {
    /// Sort buffers and combiners' tables, as far as they were ever filled.
    pub sort_buffers: u64,
    /// Runs in memory, and freed memory that is kept for the next ones.
    pub runs: u64,
    /// Parsed parts of loop-invariant inputs.
    pub cache: u64,
    /// The program, buffers of reading and writing, bookkeeping, the job's own data.
    pub program: u64,
    /// The resident size.
    pub total: u64,
}

/// The memory of a run that has a purpose.
#[derive(Debug, Default)]
pub(crate) struct MemoryGauges {
    sort_buffers: AtomicU64,
    runs: AtomicU64,
    cache: AtomicU64,
    /// At the largest resident size so far.
    at_peak: Mutex<MemoryUse>,
}

/// What memory is held for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    SortBuffers,
    Runs,
    Cache,
    /// Memory that is set aside, and not held.
    Nobody,
}

impl MemoryGauges {
    fn gauge(&self, holder: Holder) -> Option<&AtomicU64> {
        match holder {
            Holder::SortBuffers => Some(&self.sort_buffers),
            Holder::Runs => Some(&self.runs),
            Holder::Cache => Some(&self.cache),
            Holder::Nobody => None,
        }
    }

    pub fn add(&self, holder: Holder, bytes: u64) {
        if let Some(gauge) = self.gauge(holder) {
            gauge.fetch_add(bytes, Ordering::Relaxed);
        }
    }

    pub fn sub(&self, holder: Holder, bytes: u64) {
        if let Some(gauge) = self.gauge(holder) {
            gauge.fetch_sub(bytes, Ordering::Relaxed);
        }
    }

    /// Notes the gauges if the process, now of so many bytes, is larger than at any look before.
    pub fn look(&self, resident_bytes: u64) {
        let mut at_peak = self.at_peak.lock().unwrap_or_else(PoisonError::into_inner);
        if resident_bytes <= at_peak.total {
            return;
        }
        let of = |gauge: &AtomicU64| gauge.load(Ordering::Relaxed);
        let (sort_buffers, runs, cache) = (of(&self.sort_buffers), of(&self.runs), of(&self.cache));
        let held = sort_buffers + runs + cache;
        // Pages that were swapped out are held and not resident.
        let total = resident_bytes.max(held);
        *at_peak = MemoryUse { sort_buffers, runs, cache, program: total - held, total };
    }

    /// Memory by purpose at the largest look.
    pub fn at_peak(&self) -> MemoryUse {
        *self.at_peak.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The part of one buffer in the gauge of the sort buffers, while the buffer lives.
#[derive(Debug, Default)]
pub(crate) struct BufferGauge {
    gauges: Option<Arc<MemoryGauges>>,
    bytes: u64,
}

impl BufferGauge {
    /// Notes that the buffer has been filled up to so many bytes. Memory that was filled once stays.
    pub fn filled_to(&mut self, bytes: usize, gauges: &Arc<MemoryGauges>) {
        if bytes as u64 > self.bytes {
            gauges.add(Holder::SortBuffers, bytes as u64 - self.bytes);
            (self.gauges, self.bytes) = (Some(gauges.clone()), bytes as u64);
        }
    }
}

impl Drop for BufferGauge {
    fn drop(&mut self) {
        if let Some(gauges) = &self.gauges {
            gauges.sub(Holder::SortBuffers, self.bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_noted_when_the_process_is_largest() {
        let gauges = Arc::<MemoryGauges>::default();
        let mut buffer = BufferGauge::default();
        [10, 30, 20].into_iter().for_each(|bytes| buffer.filled_to(bytes, &gauges));
        gauges.add(Holder::Runs, 50);
        gauges.look(100);
        let largest = MemoryUse { sort_buffers: 30, runs: 50, cache: 0, program: 20, total: 100 };
        assert_eq!(gauges.at_peak(), largest);
        drop(buffer);
        gauges.sub(Holder::Runs, 50);
        gauges.look(60);
        assert_eq!(gauges.at_peak(), largest);
        gauges.look(101);
        assert_eq!(gauges.at_peak(), MemoryUse { program: 101, total: 101, ..MemoryUse::default() });
    }
}
