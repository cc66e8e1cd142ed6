//! Merging ahead of the reducer, in a thread of its own.
//!
//! A wave of few reduce tasks leaves workers without a task. In place of one of them a thread merges for the reducer, a few
//! blocks ahead of it:
//!
//! ```text
//! segments ─▶ merge ─▶ full blocks ─▶ reduce ─▶ commit
//!               ▲                       │
//!               └──── empty blocks ◀────┘
//! ```
//!
//! To the reducer the blocks are those of one run. Their number bounds how far the thread gets ahead; a record larger than a
//! block goes alone, when all other blocks are empty. The thread ends when the reducer
//! reads no further, and the reader waits for its end.

use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::cancel::CancelToken;
use crate::error::Result;
use crate::observe::activity::{Activity, Doing, Reading, lock};
use crate::observe::phases::{Beside, BesideTask};
use crate::observe::purpose::Purpose;
use crate::pipeline::merge::Merge;
use crate::pipeline::task::Task;
use crate::record::{buffer, frame};
use crate::store::{Block, BlockReader, PartitionIndex, Run, RunIndex, RunOnDisk, Segment, Step};

/// Blocks that go round between the two threads.
const BLOCKS: usize = 8;
/// Empty blocks that go back at a time, so that the thread is not woken for each.
const TOGETHER: usize = 4;
/// Bytes of records from which a thread is worth what it costs: some nanoseconds of a processor for each record, to copy it into
/// a block and to read it from there.
const LEAST_BYTES: u64 = 16 << 20;

/// Begins to merge a reduce task's segments in a thread of its own, where there are several segments, with enough in them, and at
/// most half as many tasks as workers; returns what is left to merge.
pub(crate) fn merge_ahead(task: &Task<'_>, segments: Vec<Segment>) -> Vec<Segment> {
    let bytes: u64 = segments.iter().map(|segment| segment.index().record_bytes).sum();
    let has_idle_worker = 2 * task.context.reducers as usize <= task.config.workers;
    if !has_idle_worker || segments.len() < 2 || bytes < LEAST_BYTES {
        return segments;
    }
    match begin(&segments, task.config.block_bytes(), &task.context.cancel, &task.beside) {
        Some(merged) => vec![merged],
        // It takes longer, and is the same.
        None => segments,
    }
}

/// Begins to merge segments in a thread; `None` where the system allows none.
fn begin(segments: &[Segment], block_bytes: usize, cancel: &CancelToken, beside: &BesideTask) -> Option<Segment> {
    let (full_to, full) = sync_channel(BLOCKS);
    let (empty, empty_from) = sync_channel(BLOCKS);
    for _ in 0..BLOCKS {
        empty.send(Vec::new()).expect("there is room for all blocks");
    }
    let indices: Vec<PartitionIndex> = segments.iter().map(Segment::index).collect();
    let segments = segments.to_vec();
    let merging = Merging { segments, block_bytes, cancel: cancel.clone(), empty: empty_from, full: full_to };
    let thread = thread::Builder::new().name("twinmill-merge".into()).spawn(move || merging.run()).ok()?;
    let reader = Reader { work: Some(Work { full, empty, thread }), spent: Vec::new(), beside: beside.clone() };
    let index = RunIndex::from(vec![PartitionIndex { offset: 0, ..PartitionIndex::total(&indices) }]);
    let run = Arc::new(Merged { index, reader: Mutex::new(Some(reader)) });
    Some(Segment { run, partition: 0, read_for: Purpose::Merge })
}

/// The work of the thread.
struct Merging {
    segments: Vec<Segment>,
    block_bytes: usize,
    cancel: CancelToken,
    empty: Receiver<Vec<u8>>,
    full: SyncSender<Result<Vec<u8>>>,
}

impl Merging {
    /// Merges until the end, or until nobody reads; returns the time that it took, without that of waiting for the reducer.
    fn run(self) -> Beside {
        let start = Reading::with_run_delay();
        let mut waited = Duration::ZERO;
        if let Err(error) = self.merge(&mut waited) {
            // Who reads no further needs no error.
            let _ = self.full.send(Err(error));
        }
        let end = Reading::with_run_delay();
        Beside { start: start.at, end: end.at, used: end.since(&start).without_idle(waited) }
    }

    fn merge(&self, waited: &mut Duration) -> Result<()> {
        let doing = Doing::here();
        doing.set(Activity::Merge);
        let mut merge = Merge::open(self.segments.iter().cloned(), &self.cancel)?;
        let mut step = merge.advance()?;
        let mut empty = Vec::new();
        while step.is_some() {
            let is_large = framed_len(&merge) > self.block_bytes;
            doing.set(Activity::Away);
            let asked = Instant::now();
            let is_read = self.take_empty(&mut empty, if is_large { BLOCKS } else { 1 });
            *waited += asked.elapsed();
            doing.set(Activity::Merge);
            let Some(mut block) = empty.pop().filter(|_| is_read) else { break };
            step = self.fill(&mut merge, step, &mut block)?;
            if self.full.send(Ok(block)).is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Waits until there are so many empty blocks; returns whether there will be.
    fn take_empty(&self, empty: &mut Vec<Vec<u8>>, least: usize) -> bool {
        while empty.len() < least {
            let Ok(mut block) = self.empty.recv() else { return false };
            block.clear();
            // A large record has made it large.
            block.shrink_to(2 * self.block_bytes);
            empty.push(block);
        }
        true
    }

    /// Fills a block with the record that the merge is at after this step, and those that follow; returns the step to the first
    /// one that the block has no room for.
    fn fill(&self, merge: &mut Merge, mut step: Option<Step>, block: &mut Vec<u8>) -> Result<Option<Step>> {
        buffer::make_room(block, self.block_bytes, "a block")?;
        while let Some(to_here) = step {
            let bytes = framed_len(merge);
            if block.len() + bytes > self.block_bytes {
                if !block.is_empty() {
                    break;
                }
                buffer::make_room(block, bytes, "a record")?;
            }
            match to_here {
                Step::NewKey => block.extend_from_slice(merge.framed()),
                Step::SameKey if block.is_empty() => frame::push(merge.key(), merge.value(), block),
                Step::SameKey => frame::push_same_key(merge.value(), block),
            }
            step = merge.advance()?;
        }
        Ok(step)
    }
}

/// Length of the record that a merge is at, with its key.
fn framed_len(merge: &Merge) -> usize {
    frame::len(merge.key().len(), merge.value().len())
}

/// The merged records, as a run that is read once.
#[derive(Debug)]
struct Merged {
    index: RunIndex,
    reader: Mutex<Option<Reader>>,
}

impl Run for Merged {
    fn index(&self) -> &RunIndex {
        &self.index
    }

    fn open(&self, _: u32, _: Purpose) -> Result<Box<dyn BlockReader>> {
        Ok(Box::new(lock(&self.reader).take().expect("it is read once")))
    }

    fn on_disk(&self) -> Option<&dyn RunOnDisk> {
        None
    }

    fn release(&self, _: u32) {}
}

/// Reads the blocks of the thread.
#[derive(Debug)]
struct Reader {
    /// `None` once the thread is over.
    work: Option<Work>,
    /// Buffers of blocks that were read.
    spent: Vec<Vec<u8>>,
    beside: BesideTask,
}

/// The thread, and the ways to it.
#[derive(Debug)]
struct Work {
    full: Receiver<Result<Vec<u8>>>,
    empty: SyncSender<Vec<u8>>,
    thread: JoinHandle<Beside>,
}

impl Reader {
    /// Ends the thread, and waits for it.
    fn end(&mut self) -> thread::Result<()> {
        let Some(Work { full, empty, thread }) = self.work.take() else { return Ok(()) };
        drop((full, empty));
        thread.join().map(|time| lock(&self.beside).push(time))
    }
}

impl BlockReader for Reader {
    fn next(&mut self, spent: Block) -> Result<Option<Block>> {
        let Some(Work { full, empty, .. }) = &self.work else { return Ok(None) };
        self.spent.extend(Some(spent.into_buffer()).filter(|spent| spent.capacity() > 0));
        let mut next = full.try_recv();
        // Where there is nothing to read, the thread may be waiting for any empty block.
        let is_behind = matches!(next, Err(TryRecvError::Empty));
        if self.spent.len() >= TOGETHER || is_behind {
            // To a thread that is over they are of no use.
            self.spent.drain(..).for_each(|spent| drop(empty.send(spent)));
        }
        if is_behind {
            next = full.recv().map_err(|_| TryRecvError::Disconnected);
        }
        if let Ok(block) = next {
            return Ok(Some(Block::Owned(block?)));
        }
        self.end().unwrap_or_else(|panic| resume_unwind(panic));
        Ok(None)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // A panic of the thread has nobody to tell any more: the task has its own end.
        let _ = self.end();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::config::{Compression, OnFull};
    use crate::error::Error;
    use crate::store::disk::DiskStore;
    use crate::store::faulty::{Faults, FaultyStore};
    use crate::store::memory::MemoryStore;
    use crate::store::{MemoryBudget, RunBuilder, RunStore};

    fn store(dir: &tempfile::TempDir) -> MemoryStore {
        let overflow = Arc::new(DiskStore::new(dir.path().to_owned(), Compression::None, Arc::default()));
        MemoryStore::new(MemoryBudget::new(u64::MAX), OnFull::Fail, overflow)
    }

    fn segment(store: &dyn RunStore, number: usize, records: &[(Vec<u8>, Vec<u8>)]) -> Segment {
        let mut builder = RunBuilder::create(store, &format!("run-{number}"), 1, 64, Purpose::Spill).unwrap();
        let mut previous: Option<&[u8]> = None;
        for (key, value) in records {
            builder.push(0, key, value, previous == Some(key)).unwrap();
            previous = Some(key);
        }
        Segment { run: builder.finish().unwrap(), partition: 0, read_for: Purpose::Merge }
    }

    /// Key and value, and whether the key is that of the record before.
    type Record = (Vec<u8>, Vec<u8>, bool);

    /// All records of a merge.
    fn read(segments: Vec<Segment>) -> Result<Vec<Record>> {
        let mut merge = Merge::open(segments, &CancelToken::default())?;
        let mut records = Vec::new();
        while let Some(step) = merge.advance()? {
            records.push((merge.key().to_vec(), merge.value().to_vec(), step == Step::SameKey));
        }
        Ok(records)
    }

    proptest! {
        #[test]
        fn what_is_merged_ahead_is_the_same(
            mut runs in prop::collection::vec(
                prop::collection::vec((prop::collection::vec(0..3u8, 0..20), prop::collection::vec(any::<u8>(), 0..90)), 0..40),
                0..6,
            ),
            block_bytes in prop_oneof![Just(1usize), Just(50), Just(1000)],
        ) {
            let dir = tempfile::tempdir().unwrap();
            let (store, beside) = (store(&dir), BesideTask::default());
            runs.iter_mut().for_each(|records| records.sort_by(|a, b| a.0.cmp(&b.0)));
            let segments: Vec<_> = runs.iter().enumerate().map(|(number, records)| segment(&store, number, records)).collect();
            let ahead = begin(&segments, block_bytes, &CancelToken::default(), &beside).unwrap();
            prop_assert_eq!(ahead.index().records, runs.iter().map(|records| records.len() as u64).sum::<u64>());
            prop_assert!(read(vec![ahead]).unwrap() == read(segments).unwrap());
            prop_assert_eq!(lock(&beside).len(), 1);
        }
    }

    /// Runs of many blocks, in this store.
    fn long_runs(store: &dyn RunStore) -> Vec<Segment> {
        let records: Vec<_> = (0..2_000u32).map(|i| (i.to_be_bytes().to_vec(), vec![0; 10])).collect();
        (0..3).map(|number| segment(store, number, &records)).collect()
    }

    #[test]
    fn a_reducer_that_reads_no_further_ends_the_thread() {
        let dir = tempfile::tempdir().unwrap();
        let beside = BesideTask::default();
        let ahead = begin(&long_runs(&store(&dir)), 100, &CancelToken::default(), &beside).unwrap();
        let mut merge = Merge::open([ahead], &CancelToken::default()).unwrap();
        merge.advance().unwrap();
        drop(merge);
        assert_eq!(lock(&beside).len(), 1, "and is told of its time");
        drop(begin(&long_runs(&store(&dir)), 100, &CancelToken::default(), &beside));
        assert_eq!(lock(&beside).len(), 2, "also where nothing was read at all");
    }

    #[test]
    fn a_thread_that_is_cancelled_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let cancel = CancelToken::default();
        let ahead = begin(&long_runs(&store(&dir)), 100, &cancel, &BesideTask::default()).unwrap();
        cancel.cancel();
        assert!(matches!(read(vec![ahead]), Err(Error::Cancelled)));
    }

    #[test]
    fn whatever_fails_is_the_reducers_error() {
        let dir = tempfile::tempdir().unwrap();
        let faulty = |failing| {
            let faults = Faults::failing(failing);
            (FaultyStore { inner: Arc::new(store(&dir)), faults: faults.clone() }, faults)
        };
        let ahead =
            |segments: &[Segment]| begin(segments, 1000, &CancelToken::default(), &BesideTask::default()).unwrap();
        let (store, faults) = faulty(u64::MAX);
        let segments = long_runs(&store);
        let before = faults.calls();
        read(vec![ahead(&segments)]).unwrap();
        let calls = faults.calls();
        for failing in (before..calls).step_by(97).chain([calls - 1]) {
            let (store, _) = faulty(failing);
            let error = read(vec![ahead(&long_runs(&store))]).unwrap_err();
            assert!(error.to_string().contains("a faulty store"), "call {failing}: {error}");
        }
    }

    #[test]
    fn large_records_go_one_by_one() {
        let dir = tempfile::tempdir().unwrap();
        let records: Vec<_> = (0..60u8).map(|i| (vec![i], vec![i; if i % 3 == 0 { 5_000 } else { 10 }])).collect();
        let segments = [segment(&store(&dir), 0, &records), segment(&store(&dir), 1, &records)];
        let ahead = begin(&segments, 100, &CancelToken::default(), &BesideTask::default()).unwrap();
        let mut reader = ahead.run.open(0, Purpose::Merge).unwrap();
        let mut spent = Block::EMPTY;
        while let Some(block) = reader.next(spent).unwrap() {
            let large = block.windows(1_000).any(|bytes| bytes.iter().all(|byte| *byte == bytes[0]));
            assert_eq!(large, block.len() > 100, "a block of {} bytes", block.len());
            assert!(block.len() < 5_100, "one large record, not two: {} bytes", block.len());
            spent = block;
        }
    }
}
