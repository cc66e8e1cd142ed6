//! The stages one by one, for benches, and files of runs, for tests.
//!
//! A [`Worker`] runs tasks of a job as a driver's workers do, with one store, and buffers that a task leaves
//! to the next. Each function runs one stage on the records it is given and returns what was done. No part of the API.
//!
//! ```text
//! read ─▶ records ─▶ collect (map · sort · spill · merge) ─▶ map outputs ─▶ merge | reduce ─▶ counters
//! ```

pub use crate::observe::phases::PhaseName;
pub use crate::pipeline::{collect::MapOutput, map::Sink};
pub use crate::store::run_file::RunFile;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use crate::cancel::CancelToken;
use crate::config::{Compression, DiskProfile, JobConfig};
use crate::error::{Error, Result};
use crate::input::bad_records::BadRecords;
use crate::input::split::plan;
use crate::input::{InputFormat, Inputs, list_files, read_split};
use crate::job::{Emit, Job, Partitioner};
use crate::observe::counters::{Counters, UserCounters};
use crate::observe::phases::PhaseLog;
use crate::observe::progress::Progress;
use crate::observe::report::Phase;
use crate::pipeline::collect::{Collect, CollectWith, Side};
use crate::pipeline::map::MapSide;
use crate::pipeline::reduce::ReduceSide;
use crate::pipeline::shuffle::shuffle;
use crate::runtime::scheduler::Attempt;
use crate::runtime::strike::Victim;
use crate::runtime::task::{BufferPool, Task, TaskContext};
use crate::store::device::Device;
use crate::store::disk::DiskStore;
use crate::store::{RunBuilder, RunCursor, Segment, Step, Stores};

/// Calls `each` for every record of a file, which is read as one split. Returns the bytes read.
///
/// # Errors
/// [`Error::Io`] where it cannot be read, or what `each` returns.
pub fn read<F: InputFormat>(path: &Path, mut each: impl FnMut(F::Record<'_>) -> Result<()>) -> Result<u64> {
    let inputs = Inputs::default();
    let context = inputs.context(None);
    let splits = plan(0, &list_files(&[path.to_owned()])?, u64::MAX, F::SPLIT_ALIGNMENT)?;
    splits.iter().map(|split| read_split::<F>(split, context, &mut each)).sum()
}

/// Writes a run of so many bytes to files in `dir`, and reads it back, on the disk that is emulated or, without one, on this
/// machine's own. Returns the seconds that each took.
///
/// # Errors
/// [`Error::Io`] where it cannot be written or read.
pub fn write_and_read(dir: &Path, emulated: Option<DiskProfile>, bytes: u64) -> Result<[f64; 2]> {
    const BLOCK_BYTES: usize = 256 << 10;
    let store =
        DiskStore::new(dir.to_owned(), Compression::None, Arc::new(Device::new(emulated, CancelToken::default())));
    let value = vec![0x5a; BLOCK_BYTES - 64];
    let start = Instant::now();
    let mut run = RunBuilder::create(&store, "written", 1, BLOCK_BYTES)?;
    for number in 0..bytes.div_ceil(BLOCK_BYTES as u64) {
        run.push(0, &number.to_be_bytes(), &value, false)?;
    }
    let run = run.finish()?;
    let written = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let mut cursor = RunCursor::open(&Segment { run, partition: 0 })?;
    while cursor.advance()?.is_some() {}
    Ok([written, start.elapsed().as_secs_f64()])
}

/// What tasks work with when there is no driver.
#[derive(Debug)]
pub struct Worker {
    config: JobConfig,
    inputs: Inputs,
    bad_records: BadRecords,
    progress: Progress,
    stores: Stores,
    buffers: BufferPool,
    tasks: AtomicU32,
    /// Last, so that everything in it is gone before it is.
    _work_dir: tempfile::TempDir,
}

impl Worker {
    /// A worker whose map outputs lie where `config` says, in files below its work directory.
    ///
    /// # Errors
    /// [`Error::Io`] where there can be no directory for runs.
    pub fn new(config: &JobConfig) -> Result<Self> {
        let work_dir = tempfile::tempdir_in(&config.work_dir).map_err(Error::at("create in", &config.work_dir))?;
        let stores = Stores::open(config, work_dir.path(), 0, &CancelToken::default())?;
        Ok(Worker {
            config: config.clone(),
            inputs: Inputs::default(),
            bad_records: BadRecords::default(),
            progress: Progress::default(),
            stores,
            buffers: BufferPool::default(),
            tasks: AtomicU32::new(0),
            _work_dir: work_dir,
        })
    }

    /// A new task; `index` is a reducer's partition. Each task counts as an attempt of its own, so that runs of tasks with
    /// one index have different names.
    fn task<M, R, C, P>(&self, job: &Job<M, R, C, P>, kind: &str, index: u32) -> Task<'_> {
        let number = self.tasks.fetch_add(1, Ordering::Relaxed);
        let attempt = Attempt::alone(index, number, CancelToken::default());
        Task {
            context: TaskContext {
                job: job.name.clone(),
                id: format!("{kind}-{index:05}"),
                index,
                attempt: number,
                reducers: self.reducers(job),
                cancel: attempt.cancel.clone(),
            },
            victim: Victim { lab: &self.config.faults, job: 1, maps: kind == "map", task: index, attempt: number },
            attempt,
            config: &self.config,
            inputs: &self.inputs,
            bad_records: &self.bad_records,
            progress: &self.progress,
            store: self.stores.map_output.as_ref(),
            gathered: self.stores.gathered.as_ref(),
            buffers: &self.buffers,
            counters: Counters::default(),
            user_counters: UserCounters::default(),
            phases: PhaseLog::default(),
        }
    }

    fn reducers<M, R, C, P>(&self, job: &Job<M, R, C, P>) -> u32 {
        job.reducers.unwrap_or(self.config.reducers)
    }

    /// Collects what `emit` emits into the output of one map task. The phases are all of [`PhaseName`], in its order; what
    /// is not sorting, spilling or merging is in [`PhaseName::Map`].
    ///
    /// # Errors
    /// Whatever stops a map task.
    pub fn collect<'t, M, R, C, P>(
        &'t self,
        job: &'t Job<M, R, C, P>,
        emit: impl FnOnce(&mut C::Collector<'t, P>),
    ) -> Result<(MapOutput, Vec<Phase>)>
    where
        M: MapSide,
        C: CollectWith<M::Key, M::Value>,
        P: Partitioner,
    {
        let task = self.task(job, "map", 0);
        let start = task.phases.begin();
        let mut collector = C::Collector::<'t, P>::new(task, &job.combine, &job.partitioner, Side::Map, u64::MAX);
        emit(&mut collector);
        collector.check()?;
        let (output, mut task) = collector.finish()?;
        task.phases.end(PhaseName::Map, start);
        Ok((output, task.phases.summary()))
    }

    /// Merges the map outputs, partition after partition, and looks at every key and value. Returns the records, the
    /// different keys, and the bytes of keys and values.
    ///
    /// # Errors
    /// Whatever stops the merge of a reduce task.
    pub fn merge<M, R, C, P>(&self, job: &Job<M, R, C, P>, map_outputs: &[MapOutput]) -> Result<(u64, u64, u64)>
    where
        M: MapSide,
        C: CollectWith<M::Key, M::Value>,
        P: Partitioner,
    {
        let (mut records, mut keys, mut bytes) = (0, 0, 0);
        for partition in 0..self.reducers(job) {
            let mut merge = shuffle(&mut self.task(job, "reduce", partition), map_outputs, job)?;
            while let Some(step) = merge.advance()? {
                records += 1;
                keys += u64::from(step == Step::NewKey);
                bytes += (merge.key().len() + merge.value().len()) as u64;
            }
        }
        Ok((records, keys, bytes))
    }

    /// Merges and reduces the map outputs, partition after partition, into `out`. Returns what the reduce tasks counted.
    ///
    /// # Errors
    /// Whatever stops a reduce task.
    pub fn reduce<M, R, C, P>(
        &self,
        job: &Job<M, R, C, P>,
        map_outputs: &[MapOutput],
        out: &mut (impl Emit<R::OutKey, R::OutValue> + Sink),
    ) -> Result<Counters>
    where
        M: MapSide,
        R: ReduceSide<Key = M::Key, Value = M::Value>,
        C: CollectWith<M::Key, M::Value>,
        P: Partitioner,
    {
        let mut counters = Counters::default();
        for partition in 0..self.reducers(job) {
            let mut task = self.task(job, "reduce", partition);
            let merge = shuffle(&mut task, map_outputs, job)?;
            job.reducer.clone().run(merge, job.grouping, &mut task, out)?;
            counters.add(&task.counters);
        }
        Ok(counters)
    }
}
