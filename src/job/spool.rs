//! Records that a task keeps for a while, however many there are.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::cancel::{CancelToken, RECORDS_BETWEEN_CHECKS};
use crate::error::Result;
use crate::observe::purpose::Purpose;
use crate::store::{Run, RunBuilder, RunCursor, RunStore, Segment};

/// Bytes that lie in the spool itself.
const OWN_BYTES: usize = 256 << 10;

/// Keeps records of a task to be read again, as often as wanted: the rows of one side of a join while those of the other side
/// pass by. A few lie in the spool itself. More go to a run, in memory as long as the run's budget has room and in a file
/// beyond it, so that a group of values may be of any size.
///
/// ```
/// use twinmill::prelude::*;
/// use twinmill::Spool;
///
/// /// Pairs each value of a key with each.
/// #[derive(Clone, Default)]
/// struct Pair {
///     values: Spool,
/// }
///
/// impl Reducer for Pair {
///     type Key = [u8];
///     type Value = u64;
///     type OutKey = [u8];
///     type OutValue = [u8];
///
///     fn setup(&mut self, task: &TaskContext) -> Result<()> {
///         self.values = task.spool();
///         Ok(())
///     }
///
///     fn reduce(&mut self, _: &[u8], values: &mut Values<u64>, out: &mut impl Emit<[u8], [u8]>) -> Result<()> {
///         self.values.clear();
///         for value in values {
///             self.values.push(value.to_string().as_bytes())?;
///         }
///         let mut all = Vec::new();
///         self.values.for_each(|value| Ok(all.push(value.to_vec())))?;
///         for one in all {
///             self.values.for_each(|other| Ok(out.emit(&one, other)))?;
///         }
///         Ok(())
///     }
/// }
/// # let dir = tempfile::tempdir().unwrap();
/// # let (input, output) = (dir.path().join("input"), dir.path().join("output"));
/// # std::fs::write(&input, "a\n\na\n").unwrap();
/// let lengths = mapper(|line, out: &mut Out<[u8], u64>| Ok(out.emit(b"all", line.len() as u64)));
/// let job = Job::new("pairs", lengths, Pair::default()).input(&input);
/// job.run(&JobConfig::new(Mode::Memory).reducers(1).output(&output))?;
/// # let pairs = std::fs::read_to_string(output.join("part-r-00000")).unwrap();
/// # assert_eq!(pairs, "1\t1\n1\t0\n1\t1\n0\t1\n0\t0\n0\t1\n1\t1\n1\t0\n1\t1\n");
/// # Ok::<(), twinmill::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Spool {
    place: Option<SpoolPlace>,
    /// Records, each ending where [`ends`](Self::ends) says.
    own: Vec<u8>,
    ends: Vec<usize>,
    /// Records before those of `own`, in the order in which they were pushed.
    runs: Vec<Arc<dyn Run>>,
    records: u64,
}

/// The place of a task's spooled runs.
#[derive(Clone, Debug)]
pub(crate) struct SpoolPlace {
    pub store: Arc<dyn RunStore>,
    /// Begins the names of the runs; no other task has it.
    pub prefix: String,
    pub block_bytes: usize,
    pub cancel: CancelToken,
    /// Number of the next run.
    pub next: Arc<AtomicU64>,
}

/// A clone is empty.
impl Clone for Spool {
    fn clone(&self) -> Self {
        Spool { place: self.place.clone(), ..Spool::default() }
    }
}

impl Spool {
    pub(crate) fn at(place: SpoolPlace) -> Self {
        Spool { place: Some(place), ..Spool::default() }
    }

    /// Number of records.
    pub fn len(&self) -> u64 {
        self.records
    }

    /// Whether there are no records.
    pub fn is_empty(&self) -> bool {
        self.records == 0
    }

    /// Adds a record.
    ///
    /// # Errors
    /// Those of writing records that do not fit the spool itself.
    #[inline]
    pub fn push(&mut self, record: &[u8]) -> Result<()> {
        let is_full = self.own.len() + record.len() + size_of::<usize>() * self.ends.len() > OWN_BYTES;
        if is_full && !self.ends.is_empty() && self.place.is_some() {
            self.spill()?;
        }
        self.own.extend_from_slice(record);
        self.ends.push(self.own.len());
        self.records += 1;
        Ok(())
    }

    #[cold]
    fn spill(&mut self) -> Result<()> {
        let Some(SpoolPlace { store, prefix, block_bytes, cancel, next }) = &self.place else { return Ok(()) };
        let name = format!("{prefix}-spool-{}", next.fetch_add(1, Ordering::Relaxed));
        let run = RunBuilder::create(store.as_ref(), &name, 1, *block_bytes, Purpose::Spill)?;
        let (mut run, mut start) = (run.until(cancel), 0);
        for end in self.ends.drain(..) {
            run.push(0, &[], &self.own[start..end], start > 0)?;
            start = end;
        }
        self.own.clear();
        self.runs.push(run.finish()?);
        Ok(())
    }

    /// Calls `each` for every record, in the order in which they were pushed.
    ///
    /// # Errors
    /// Those of reading, and of `each`.
    pub fn for_each(&self, mut each: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let mut until_check = RECORDS_BETWEEN_CHECKS;
        for run in &self.runs {
            let mut cursor = RunCursor::open(&Segment { run: run.clone(), partition: 0, read_for: Purpose::Spill })?;
            while cursor.advance()?.is_some() {
                if let Some(place) = &self.place {
                    place.cancel.check_every(&mut until_check)?;
                }
                each(cursor.value())?;
            }
        }
        let mut start = 0;
        for end in self.ends.iter().copied() {
            each(&self.own[start..end])?;
            start = end;
        }
        Ok(())
    }

    /// Removes all records.
    pub fn clear(&mut self) {
        if self.records > 0 {
            self.own.clear();
            self.ends.clear();
            self.runs.clear();
            self.records = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Compression, OnFull};
    use crate::store::MemoryBudget;
    use crate::store::disk::DiskStore;
    use crate::store::memory::MemoryStore;
    use crate::store::run_files;

    fn spool(memory_bytes: u64, dir: &std::path::Path) -> (Spool, Arc<MemoryBudget>) {
        let disk = Arc::new(DiskStore::new(dir.to_owned(), Compression::None, Arc::default()));
        let budget = MemoryBudget::new(memory_bytes);
        let store = Arc::new(MemoryStore::new(budget.clone(), OnFull::Spill, disk));
        let prefix = "reduce-00000-0".to_owned();
        let place =
            SpoolPlace { store, prefix, block_bytes: 64 << 10, cancel: CancelToken::default(), next: Arc::default() };
        (Spool::at(place), budget)
    }

    #[test]
    fn records_come_back_in_order_however_many_there_are() {
        for (memory_bytes, records, on_disk) in
            [(64 << 20, 10, false), (64 << 20, 100_000, false), (1 << 20, 100_000, true)]
        {
            let dir = tempfile::tempdir().unwrap();
            let (mut spool, budget) = spool(memory_bytes, dir.path());
            for round in 0..2 {
                let record = |i: u64| format!("{round} {i} {}", "x".repeat(i as usize % 50));
                (0..records).for_each(|i| spool.push(record(i).as_bytes()).unwrap());
                assert_eq!(spool.len(), records);
                for _ in 0..2 {
                    let mut next = 0;
                    spool
                        .for_each(|read| {
                            assert_eq!(read, record(next).as_bytes());
                            next += 1;
                            Ok(())
                        })
                        .unwrap();
                    assert_eq!(next, records);
                }
                let files = run_files(dir.path());
                assert_eq!(files > 0, on_disk, "{files} files, {records} records");
                spool.clear();
                assert!(spool.is_empty());
                assert_eq!(run_files(dir.path()), 0, "what is cleared is removed");
                assert_eq!(budget.used_bytes(), 0);
            }
        }
    }
}
