//! A store that fails on purpose: the Nth call of any of its runs' operations returns an I/O error.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, Result};
use crate::observe::purpose::Purpose;
use crate::store::run::RunWriter;
use crate::store::{Block, BlockBuilder, BlockReader, Run, RunIndex, RunOnDisk, RunStore};

/// Counts the calls to a store, its writers, runs and readers, and fails one of them.
#[derive(Debug)]
pub(crate) struct Faults {
    calls: AtomicU64,
    failing: u64,
}

impl Faults {
    /// Fails call number `failing`, counted from 0.
    pub fn failing(failing: u64) -> Arc<Self> {
        Arc::new(Faults { calls: AtomicU64::new(0), failing })
    }

    /// Calls so far.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    fn call(&self, operation: &'static str) -> Result<()> {
        if self.calls.fetch_add(1, Ordering::Relaxed) == self.failing {
            return Err(Error::io(operation, Path::new("a faulty store"), io::Error::other("injected fault")));
        }
        Ok(())
    }
}

/// A store with faults.
#[derive(Debug)]
pub(crate) struct FaultyStore {
    pub inner: Arc<dyn RunStore>,
    pub faults: Arc<Faults>,
}

impl RunStore for FaultyStore {
    fn create(&self, name: &str, partitions: u32, purpose: Purpose) -> Result<Box<dyn RunWriter>> {
        self.faults.call("create")?;
        let inner = self.inner.create(name, partitions, purpose)?;
        Ok(Box::new(FaultyWriter { inner, faults: self.faults.clone() }))
    }

    fn adopt(&self, name: &str) -> Result<Arc<dyn Run>> {
        self.inner.adopt(name)
    }

    fn prefers_one_run(&self) -> bool {
        self.inner.prefers_one_run()
    }
}

struct FaultyWriter {
    inner: Box<dyn RunWriter>,
    faults: Arc<Faults>,
}

impl RunWriter for FaultyWriter {
    fn put(&mut self, partition: u32, block: &mut BlockBuilder) -> Result<()> {
        self.faults.call("write")?;
        self.inner.put(partition, block)
    }

    fn finish(self: Box<Self>) -> Result<Arc<dyn Run>> {
        self.faults.call("finish")?;
        Ok(Arc::new(FaultyRun { inner: self.inner.finish()?, faults: self.faults }))
    }
}

#[derive(Debug)]
struct FaultyRun {
    inner: Arc<dyn Run>,
    faults: Arc<Faults>,
}

impl Run for FaultyRun {
    fn index(&self) -> &RunIndex {
        self.inner.index()
    }

    fn open(&self, partition: u32, purpose: Purpose) -> Result<Box<dyn BlockReader>> {
        self.faults.call("open")?;
        let inner = self.inner.open(partition, purpose)?;
        Ok(Box::new(FaultyReader { inner, faults: self.faults.clone() }))
    }

    fn on_disk(&self) -> Option<&dyn RunOnDisk> {
        self.inner.on_disk()
    }

    fn release(&self, partition: u32) {
        self.inner.release(partition);
    }
}

struct FaultyReader {
    inner: Box<dyn BlockReader>,
    faults: Arc<Faults>,
}

impl BlockReader for FaultyReader {
    fn next(&mut self, spent: Block) -> Result<Option<Block>> {
        self.faults.call("read")?;
        self.inner.next(spent)
    }
}
