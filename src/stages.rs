//! The stages one by one, for benches, and files of runs, for tests.
//!
//! A [`Worker`] runs tasks of a job as a driver's workers do, with one store, and buffers that a task leaves
//! to the next. Each function runs one stage on the records it is given and returns figures. No part of the API.
//!
//! ```text
//! read ─▶ records ─▶ collect (map · sort · spill · merge) ─▶ map outputs ─▶ merge | reduce ─▶ counters
//! ```

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use crate::cancel::CancelToken;
use crate::config::{Compression, DiskProfile, JobConfig};
use crate::error::Result;
use crate::input::bad_records::BadRecords;
use crate::input::split::plan_at_most;
use crate::input::{InputFormat, Inputs, list_files, read_split};
use crate::job::{SpoolPlace, TaskContext};
use crate::observe::activity::Activity;
use crate::observe::counters::{Counters, UserCounters};
pub use crate::observe::phases::PhaseName;
use crate::observe::progress::Progress;
use crate::observe::purpose::Purpose;
use crate::observe::report::{ExtraWork, Phase};
use crate::observe::stage::Stages;
pub use crate::pipeline::collect::MapOutput;
use crate::pipeline::collect::{Collect, Side};
use crate::pipeline::emit::Emitter;
pub use crate::pipeline::emit::{Accept, Accepted};
use crate::pipeline::reduce::ReduceSide;
use crate::pipeline::reduce_task::merged;
use crate::pipeline::runnable::{Collector, RunnableJob};
use crate::pipeline::task::{BufferPool, Task};
use crate::runtime::work_dir::{Access, WorkDir};
use crate::store::device::Device;
use crate::store::disk::DiskStore;
pub use crate::store::run_file::RunFile;
use crate::store::{MemoryBudget, RunBuilder, RunCursor, Segment, Step, Stores};

/// Calls `each` for every record of a file, which is read as one split. Returns the bytes read.
///
/// # Errors
/// [`Error::Io`](crate::Error::Io) where it cannot be read, and those of `each`.
pub fn read<F: InputFormat>(path: &Path, mut each: impl FnMut(F::Record<'_>) -> Result<()>) -> Result<u64> {
    let inputs = Inputs::default();
    let context = inputs.context(None);
    let splits = plan_at_most(0, &list_files(&[path.to_owned()])?, u64::MAX, F::SPLIT_ALIGNMENT, 0)?;
    splits.iter().map(|split| read_split::<F>(split, context, &mut each)).sum()
}

/// Writes a run of so many bytes to files in `dir`, and reads it back, on the disk that is emulated or, without one, on this
/// machine's own. Returns the seconds that each took.
///
/// # Errors
/// [`Error::Io`](crate::Error::Io) where it cannot be written or read.
pub fn write_and_read(dir: &Path, emulated: Option<DiskProfile>, bytes: u64) -> Result<[f64; 2]> {
    const BLOCK_BYTES: usize = 256 << 10;
    let store =
        DiskStore::new(dir.to_owned(), Compression::None, Arc::new(Device::new(emulated, CancelToken::default())));
    let value = vec![0x5a; BLOCK_BYTES - 64];
    let start = Instant::now();
    let mut run = RunBuilder::create(&store, "written", 1, BLOCK_BYTES, Purpose::Spill)?;
    for number in 0..bytes.div_ceil(BLOCK_BYTES as u64) {
        run.push(0, &number.to_be_bytes(), &value, false)?;
    }
    let run = run.finish()?;
    let written = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let mut cursor = RunCursor::open(&Segment { run, partition: 0, read_for: Purpose::Merge })?;
    while cursor.advance()?.is_some() {}
    Ok([written, start.elapsed().as_secs_f64()])
}

/// The resources of tasks that run without a driver.
#[derive(Debug)]
pub struct Worker {
    config: JobConfig,
    inputs: Inputs,
    bad_records: BadRecords,
    progress: Progress,
    stores: Stores,
    buffers: BufferPool,
    tasks: AtomicU32,
    /// The last field, so that everything in the directory is dropped before it.
    _work_dir: WorkDir,
}

impl Worker {
    /// A worker whose map outputs lie where `config` says, in files below its work directory.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io) where there can be no directory for runs.
    pub fn new(config: &JobConfig) -> Result<Self> {
        let work_dir = WorkDir::create(&config.work_dir, "twinmill-", Access::Private)?;
        let budget = MemoryBudget::new(config.memory_bytes);
        let stores = Stores::open(config, work_dir.path(), 0, budget, &CancelToken::default())?;
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
    fn task(&self, job: &impl RunnableJob, kind: &str, index: u32) -> Task<'_> {
        let attempt = self.tasks.fetch_add(1, Ordering::Relaxed);
        let spools = SpoolPlace {
            store: self.stores.gathered.clone(),
            prefix: format!("{kind}-{index:05}-{attempt}"),
            block_bytes: self.config.block_bytes(),
            cancel: CancelToken::default(),
            next: Arc::default(),
        };
        Task {
            context: TaskContext {
                input: None,
                job: job.name().to_owned(),
                id: format!("{kind}-{index:05}"),
                index,
                attempt,
                reducers: self.reducers(job),
                cancel: CancelToken::default(),
                spools,
            },
            config: &self.config,
            inputs: &self.inputs,
            bad_records: &self.bad_records,
            progress: &self.progress,
            permit: &|| Ok(()),
            store: self.stores.map_output.as_ref(),
            gathered: self.stores.gathered.as_ref(),
            buffers: &self.buffers,
            counters: Counters::default(),
            user_counters: UserCounters::default(),
            stages: Stages::default(),
            extra_work: ExtraWork::default(),
            beside: Arc::default(),
        }
    }

    fn reducers(&self, job: &impl RunnableJob) -> u32 {
        job.reducers().unwrap_or(self.config.reducers)
    }

    /// Collects the records of `emit` into the output of one map task. The phases are all of [`PhaseName`], in its
    /// order; time that is not sorting, spilling or merging is in [`PhaseName::Map`].
    ///
    /// # Errors
    /// Whatever stops a map task.
    pub fn collect<'t, J: RunnableJob>(
        &'t self,
        job: &'t J,
        emit: impl FnOnce(&mut Emitter<Collector<'t, J>>),
    ) -> Result<(MapOutput, Vec<Phase>)> {
        let task = self.task(job, "map", 0);
        let map = task.stage(PhaseName::Map, Activity::Other);
        let mut out = Emitter::new(Collector::<J>::new(task, job.fold(), job.partitioner(), Side::Map, u64::MAX));
        emit(&mut out);
        let (collector, _) = out.finish()?;
        let (output, task) = collector.finish()?;
        drop(map);
        Ok((output, task.stages.into_log().summary()))
    }

    /// Merges the map outputs, partition after partition, and looks at every key and value. Returns the records, the
    /// different keys, and the bytes of keys and values.
    ///
    /// # Errors
    /// Whatever stops the merge of a reduce task.
    pub fn merge(&self, job: &impl RunnableJob, map_outputs: &[MapOutput]) -> Result<(u64, u64, u64)> {
        let (mut records, mut keys, mut bytes) = (0, 0, 0);
        for partition in 0..self.reducers(job) {
            let mut merge = merged(job, map_outputs, &mut self.task(job, "reduce", partition))?;
            while let Some(step) = merge.advance()? {
                records += 1;
                keys += u64::from(step == Step::NewKey);
                bytes += (merge.key().len() + merge.value().len()) as u64;
            }
        }
        Ok((records, keys, bytes))
    }

    /// Merges and reduces the map outputs, partition after partition, into `out`. Returns the counts of the reduce
    /// tasks.
    ///
    /// # Errors
    /// Whatever stops a reduce task.
    pub fn reduce<J: RunnableJob>(
        &self,
        job: &J,
        map_outputs: &[MapOutput],
        out: impl Accept<J::OutKey, J::OutValue>,
    ) -> Result<Counters> {
        let (mut counters, mut out) = (Counters::default(), Emitter::new(out));
        for partition in 0..self.reducers(job) {
            let mut task = self.task(job, "reduce", partition);
            let merge = merged(job, map_outputs, &mut task)?;
            job.reducer().clone().run(merge, job.grouping(), &mut task, &mut out)?;
            counters.add(&task.counters);
        }
        Ok(counters)
    }
}
