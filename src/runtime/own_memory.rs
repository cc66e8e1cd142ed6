//! Data of a job's own in the memory budget: a table that every task has, an array with an entry for each node.
//!
//! The budget counts what the runtime keeps. What the code of a job keeps it cannot see, so the job says how much that is. Its
//! data may take half of the budget, and [`ALWAYS_BYTES`] in any case, or the job ends with an error in words; runs and the
//! cache have what is left, and go to files beyond it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, Result};
use crate::quantity::ByteSize;
use crate::store::{MemoryBudget, Reservation};

/// Bytes of its own that a job may have under any budget: arrays for some hundred thousand nodes.
const ALWAYS_BYTES: u64 = 8 << 20;
/// Data grows in the budget by so many bytes at a time.
const STEP_BYTES: u64 = 1 << 20;

/// The own data of all jobs of a run.
#[derive(Clone, Debug)]
pub(crate) struct OwnMemory(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    budget: Arc<MemoryBudget>,
    budget_bytes: u64,
    used_bytes: AtomicU64,
}

impl OwnMemory {
    /// Nothing yet, in a budget of so many bytes.
    pub fn within(budget: Arc<MemoryBudget>, budget_bytes: u64) -> Self {
        OwnMemory(Arc::new(Shared { budget, budget_bytes, used_bytes: AtomicU64::new(0) }))
    }

    /// Takes in data of so many bytes, which messages call `what`.
    pub fn hold(&self, bytes: u64, what: &str) -> Result<Held> {
        let mut held = Held { memory: self.clone(), what: what.to_owned(), bytes: 0, reservations: Vec::new() };
        held.add(bytes)?;
        Ok(held)
    }
}

/// A place in the memory budget for data of a job's own, until it is dropped: see [`Driver::hold`](crate::Driver::hold).
#[derive(Debug)]
pub struct Held {
    memory: OwnMemory,
    what: String,
    bytes: u64,
    reservations: Vec<Reservation>,
}

impl Held {
    /// Makes room for data that has grown to so many bytes.
    ///
    /// # Errors
    /// Those of [`Driver::hold`](crate::Driver::hold).
    pub fn grow_to(&mut self, bytes: u64) -> Result<()> {
        match bytes.checked_sub(self.bytes) {
            None | Some(0) => Ok(()),
            Some(more) => self.add(more.next_multiple_of(STEP_BYTES)),
        }
    }

    fn add(&mut self, bytes: u64) -> Result<()> {
        let Shared { budget, budget_bytes, used_bytes } = &*self.memory.0;
        let most = (budget_bytes / 2).max(ALWAYS_BYTES);
        let fits = |used: u64| used.checked_add(bytes).filter(|sum| *sum <= most);
        if used_bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).is_err() {
            let (what, needed) = (&self.what, ByteSize(self.bytes.saturating_add(bytes)));
            return Err(Error::user(format!(
                "{what} takes {needed} or more, and a job's own data may take {} with a memory budget of {}; give more with \
                 --memory",
                ByteSize(most),
                ByteSize(*budget_bytes)
            )));
        }
        self.bytes += bytes;
        self.reservations.push(budget.reserve_regardless(bytes));
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.memory.0.used_bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jobs_own_data_takes_half_of_the_budget_and_no_more() {
        let budget = MemoryBudget::new(100 << 20);
        let own = OwnMemory::within(budget.clone(), 100 << 20);
        let one = own.hold(30 << 20, "the table").unwrap();
        assert_eq!(budget.used_bytes(), 30 << 20, "runs have what is left");
        let mut other = own.hold(10, "the list").unwrap();
        other.grow_to(19 << 20).unwrap();
        let error = other.grow_to(30 << 20).unwrap_err().to_string();
        assert!(
            error.contains("the list takes") && error.contains("50.0 MiB") && error.contains("--memory"),
            "{error}"
        );
        drop(one);
        other.grow_to(30 << 20).unwrap();
        drop(other);
        assert_eq!(budget.used_bytes(), 0, "everything is given back");
    }

    #[test]
    fn a_little_fits_any_budget() {
        let own = OwnMemory::within(MemoryBudget::new(1), 1);
        assert!(own.hold(8 << 20, "the table").is_ok());
        assert!(own.hold((8 << 20) + 1, "the table").is_err());
        assert!(own.hold(u64::MAX, "the table").is_err());
    }
}
