//! The driver: runs jobs one after another and reports on all of them.
//!
//! Most programs run one job and never see it ([`Job::run`](crate::Job::run)). A program of several jobs starts a driver,
//! hands the [`Dataset`] that one job leaves to the next, and ends with one [`Report`]:
//!
//! ```text
//! Driver::start ─▶ run_to_dataset(job 1) ─▶ run_to_dataset(job 2) ─▶ … ─▶ run(last job) ─▶ finish
//! ```
//!
//! Each job is a wave of map tasks and then a wave of reduce tasks; reducers start when all map outputs are complete.

use std::marker::PhantomData;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use crate::cancel::CancelToken;
use crate::config::{self, ExistingOutput, Identity, Intermediates, JobConfig, PageCache, Resume};
use crate::error::{Error, Result};
use crate::input::bad_records::BadRecords;
use crate::input::{Dataset, Input, Inputs};
use crate::iterate::cache::PartCache;
use crate::iterate::invariant::{Invariant, Parse};
use crate::job::{Mapper, TotalOrderPartitioner};
use crate::machine::limits::check_address_space;
use crate::machine::{CpuTime, Machine, ProcessIo, ResidentSize, peak_rss_bytes};
use crate::observe::counters::UserCounters;
use crate::observe::phases::PhaseName;
use crate::observe::progress::Progress;
use crate::observe::purpose::{Purpose, by_purpose};
use crate::observe::report::{ColdCache, Iteration, OutputReport, Report, Resumed};
use crate::observe::timekeeper::{TimeKept, Timekeeper};
use crate::parts::total_order;
use crate::pipeline::any_job;
use crate::pipeline::commit::{OutputTarget, TaskOutput};
use crate::pipeline::runnable::RunnableJob;
use crate::pipeline::task::BufferPool;
use crate::record::{Key, ToKey, ToValue, Value};
use crate::runtime::apart::one_task::alone;
use crate::runtime::apart::role::Role;
use crate::runtime::attempt::Log;
use crate::runtime::journal::{self, Begun, Journal, Past, Published};
use crate::runtime::output_dir::OutputDir;
use crate::runtime::output_files::OutputFile;
use crate::runtime::output_place::OutputPlace;
use crate::runtime::own_memory::{Held, OwnMemory};
use crate::runtime::places::Plan;
use crate::runtime::resume;
use crate::runtime::session::Session;
use crate::runtime::totals::Totals;
use crate::runtime::work_dir::WorkDir;
use crate::store::{MemoryBudget, RunBuilder, Segment, Stores, outlives_process};

/// Records looked at to choose ranges of keys: at so many, a range is within a few percent of its share.
const SAMPLED_RECORDS: usize = 10_000;

/// Runs the jobs of one program.
///
/// A chain of two jobs: the first counts words, the second sorts them by their counts, the greatest first.
///
/// ```
/// use std::cmp::Reverse;
/// use twinmill::prelude::*;
///
/// # let dir = tempfile::tempdir().unwrap();
/// # let (input, output) = (dir.path().join("input"), dir.path().join("output"));
/// # std::fs::write(&input, "to be or not to be to").unwrap();
/// let config = JobConfig::new(Mode::Memory).output(&output);
/// let mut driver = Driver::start("top-words", &config)?;
/// let counts = driver.run_to_dataset(&Job::new("count", Words, Sum).combine(Sum).input(&input))?;
/// let by_count = mapper_of(Pairs::<[u8], u64>::new(), |(word, count), out: &mut Out<Reverse<u64>, [u8]>| {
///     out.emit(Reverse(count), word);
///     Ok(())
/// });
/// driver.run(&Job::new("sort", by_count, Identity).input(&counts).reducers(1))?;
/// println!("{}", driver.finish()?);
/// # let sorted = std::fs::read_to_string(output.join("part-r-00000")).unwrap();
/// # assert!(sorted.starts_with("3\tto\n2\tbe\n1\t"), "{sorted}");
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct Driver {
    pub(super) name: String,
    pub(super) config: JobConfig,
    /// Stops the tasks of this run.
    pub(super) cancel: CancelToken,
    pub(super) progress: Arc<Progress>,
    pub(super) inputs: Inputs,
    pub(super) bad_records: BadRecords,
    pub(super) stores: Stores,
    cache: Arc<PartCache>,
    own_memory: OwnMemory,
    pub(super) buffers: BufferPool,
    cpu_before: CpuTime,
    programs_before: CpuTime,
    io_before: ProcessIo,
    pub(super) jobs: u32,
    pub(super) input_bytes: u64,
    pub(super) reducers: u32,
    pub(super) totals: Totals,
    pub(super) log: Log,
    pub(super) time: Timekeeper,
    /// Counts of the tasks of each wave of the job that ran last, in task order.
    pub(super) job_counts: Vec<Vec<UserCounters>>,
    iterations: Vec<Iteration>,
    output: OutputReport,
    /// `None` once the output is published, or where there is none.
    output_place: Option<OutputPlace>,
    /// Notes for the report: settings that were brought within limits, the reason why nothing was resumed.
    notes: Vec<String>,
    /// `None` where the run could not be resumed after a crash.
    pub(super) journal: Option<Journal>,
    pub(super) past: Past,
    /// Hash of everything that was read so far, which identifies the current job.
    pub(super) chain: u64,
    pub(super) resumed: Resumed,
    /// The run's identity, where it may be resumed.
    identity: Option<Identity>,
    pub(super) role: Role,
    /// The last field, so that everything in the directory is dropped before it.
    pub(super) work_dir: WorkDir,
}

impl Driver {
    /// Prepares a run: checks the settings and the output, makes the work directory.
    ///
    /// # Errors
    /// [`Error::Config`], [`Error::OutputExists`], or [`Error::Io`] where there can be no work directory.
    pub fn start(name: &str, session: impl Into<Session>) -> Result<Self> {
        let Session { config, cancel: everybody, progress, inputs, role } = session.into();
        config.validate()?;
        check_address_space(config.workers)?;
        let (mut config, mut notes) = match &role {
            // The program must be told what it was told before, whatever this machine has.
            Role::Task(_) => (config, Vec::new()),
            Role::Alone | Role::Coordinator(_) => config.within_limits(),
        };
        // A failing wave stops its own tasks, and nothing else that the caller's token stops.
        let cancel = everybody.child();
        Plan::of(&config, &[]).check(&cancel)?;
        let identity = config.resume.identity().cloned().map(|identity| identity.with_settings(&config, name));
        let (mut output_place, mut published) = (None, None);
        if let Some(output) = &config.output {
            output_place =
                Some(match (OutputPlace::claim(output, config.existing_output), &config.resume, &identity) {
                    (Err(Error::OutputExists(_)), Resume::Continue(_), Some(identity)) => {
                        published = Published::find(&config, output, identity);
                        if published.is_some() || resume::is_marked(output, identity) {
                            // The output is this run's own, from before it was killed.
                            config.existing_output = ExistingOutput::Overwrite;
                        }
                        OutputPlace::claim(output, config.existing_output)?
                    }
                    (claimed, ..) => claimed?,
                });
        }
        let (cpu_before, io_before) = (CpuTime::now(), ProcessIo::now());
        let own = match &role {
            Role::Task(one) => Some(alone(&config, one.memory_bytes)),
            Role::Alone | Role::Coordinator(_) => None,
        };
        let budget_bytes = own.as_ref().unwrap_or(&config).memory_bytes;
        let budget = MemoryBudget::new(budget_bytes);
        let own_memory = OwnMemory::within(budget.clone(), budget_bytes);
        let time = Timekeeper::begin(config.workers, budget.gauges().clone());
        std::fs::create_dir_all(&config.work_dir).map_err(Error::at("create", &config.work_dir))?;
        let begun = journal::begin(&config, identity.as_ref(), published.as_ref(), &cancel)?;
        let Begun { work_dir, journal, past, run, started_over } = begun;
        notes.extend(started_over.map(|why| format!("nothing to resume: {why}")));
        let stores = Stores::open(own.as_ref().unwrap_or(&config), work_dir.path(), run, budget, &cancel)?;
        let cache = PartCache::new(stores.budget.clone());
        let buffers = BufferPool::within(stores.budget.gauges().clone());
        let (bad_records, inputs) = (BadRecords::at_most(config.skip_bad_records), inputs.of_a_run(&cancel, &progress));
        Ok(Driver {
            name: name.to_owned(),
            config,
            cancel,
            progress,
            inputs,
            bad_records,
            stores,
            cache,
            own_memory,
            buffers,
            cpu_before,
            programs_before: CpuTime::of_programs(),
            io_before,
            jobs: 0,
            input_bytes: 0,
            reducers: 0,
            totals: Totals::default(),
            log: Log::default(),
            time,
            job_counts: Vec::new(),
            iterations: Vec::new(),
            output: OutputReport::default(),
            output_place,
            notes,
            journal,
            past,
            chain: 0,
            identity,
            resumed: Resumed::default(),
            role,
            work_dir: work_dir.hurried_by(&everybody),
        })
    }

    /// Declares an input that does not change in a loop ([example](crate::iterate::invariant)). Its jobs read it in the
    /// blocks that `parse` makes: parsed again by each job, or once, as the factor `invariant` says.
    ///
    /// # Errors
    /// [`Error::Io`] for inputs that cannot be found.
    pub fn invariant<P: Parse>(&mut self, input: impl Into<Input>, parse: P) -> Result<Invariant<P>> {
        self.blocks(input.into(), parse, true)
    }

    /// Declares an input that a single job reads, in the blocks that `parse` makes. They are not kept, whatever the factor
    /// `invariant` says: nobody would read them again.
    ///
    /// # Errors
    /// Those of [`invariant`](Driver::invariant).
    pub fn read_once<P: Parse>(&mut self, input: impl Into<Input>, parse: P) -> Result<Invariant<P>> {
        self.blocks(input.into(), parse, false)
    }

    fn blocks<P: Parse>(&mut self, input: Input, parse: P, in_loop: bool) -> Result<Invariant<P>> {
        self.refuse_to_replace(std::slice::from_ref(&input))?;
        if let Role::Coordinator(of) = &self.role {
            self.note_invariant(of, &input);
        }
        let is_kept = in_loop && self.config.factors.invariant == config::Invariant::Cached;
        Invariant::plan(input, parse, in_loop, &self.config, &self.inputs, is_kept.then_some(&self.cache))
    }

    /// Counts data of a job's own in the memory budget, until the returned value is dropped: a table that every task has, an
    /// array with an entry for each node. `what` is its name in messages. Runs and cached inputs have what is left.
    ///
    /// ```
    /// use twinmill::prelude::*;
    ///
    /// let driver = Driver::start("ranks", &JobConfig::new(Mode::Memory).memory_bytes(100 << 20))?;
    /// let nodes = 1_000_000;
    /// let held = driver.hold(nodes * size_of::<f64>() as u64, "an array with the ranks of all nodes")?;
    /// let ranks = vec![0.0; nodes as usize];
    /// # drop((ranks, held));
    /// assert!(driver.hold(60 << 20, "a larger one").is_err());
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// An error where a job's own data takes more than half of the budget, and more than 8 MiB.
    pub fn hold(&self, bytes: u64, what: &str) -> Result<Held> {
        self.own_memory.hold(bytes, what)
    }

    /// A dataset of one partition with these records, in this order.
    ///
    /// # Errors
    /// Those of writing it.
    pub fn parallelize<K: Key + ?Sized, V: Value + ?Sized, Q: ToKey<K>, W: ToValue<V>>(
        &mut self,
        records: impl IntoIterator<Item = (Q, W)>,
    ) -> Result<Dataset<K, V>> {
        self.jobs += 1;
        let name = format!("job{}-parallelized", self.jobs);
        let store = self.stores.between_jobs.as_ref();
        let mut run = RunBuilder::create(store, &name, 1, self.config.block_bytes(), Purpose::BetweenJobs)?;
        let (mut key_bytes, mut value_bytes) = (Vec::new(), Vec::new());
        for (key, value) in records {
            value_bytes.clear();
            value.encode(&mut value_bytes);
            run.push(0, key.encode(&mut key_bytes), &value_bytes, false)?;
        }
        Ok(Dataset {
            segments: vec![Segment { run: run.finish()?, partition: 0, read_for: Purpose::BetweenJobs }],
            types: PhantomData,
        })
    }

    /// Runs `step` for iteration 0, 1, … at most `most` times, until it breaks. Each run is an iteration of the report.
    ///
    /// A loop of jobs, each of which reads the output of the one before: halve the even numbers, triple the odd ones
    /// and add one, until all are 1.
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use twinmill::prelude::*;
    ///
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let config = JobConfig::new(Mode::Memory);
    /// let mut driver = Driver::start("collatz", &config)?;
    /// let mut numbers: Dataset<u64, ()> = driver.parallelize([(6u64, ()), (11, ())])?;
    /// let step = mapper_of(Pairs::<u64, ()>::new(), |(n, ()), out: &mut Out<u64, ()>| {
    ///     out.aggregate("left", u64::from(n != 1));
    ///     out.emit(match n { 1 => 1, n if n % 2 == 0 => n / 2, n => 3 * n + 1 }, ());
    ///     Ok(())
    /// });
    /// driver.iterate(1_000, |driver, _| {
    ///     numbers = driver.run_to_dataset(&Job::new("step", step.clone(), Identity).input(&numbers))?;
    ///     Ok(if driver.aggregate("left") == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    /// })?;
    /// let report = driver.finish()?;
    /// assert_eq!(report.iterations.len(), 15);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of `step`.
    pub fn iterate(
        &mut self,
        most: usize,
        mut step: impl FnMut(&mut Driver, usize) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        for index in 0..most {
            self.progress.loop_is_at(index, most);
            let start = Instant::now();
            let flow = step(self, index)?;
            self.iterations.push(Iteration { index, wall_seconds: start.elapsed().as_secs_f64() });
            if flow.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// The [aggregate](crate::Emit::aggregate) `name` of the job that ran last, summed over its tasks.
    pub fn aggregate(&self, name: &str) -> u64 {
        self.job_counts.iter().flatten().map(|counts| counts.aggregated(name)).sum()
    }

    /// The aggregate `name` of the job that ran last, one number for each partition of its output.
    pub fn aggregate_by_partition(&self, name: &str) -> Vec<u64> {
        self.job_counts.last().into_iter().flatten().map(|counts| counts.aggregated(name)).collect()
    }

    /// Chooses ranges of keys of about equal weight for the reducers of a job: with them as its
    /// [partitioner](crate::Job::partition_by), its parts one after another are sorted. They come from a sample of the
    /// job's files, by [`total_order`].
    ///
    /// ```
    /// use twinmill::prelude::*;
    ///
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let (input, output) = (dir.path().join("input"), dir.path().join("output"));
    /// # std::fs::write(&input, (0..500).map(|n| format!("{}\n", n * 7 % 500)).collect::<String>()).unwrap();
    /// let numbers = mapper(|line, out: &mut Out<u64, ()>| {
    ///     out.emit(line.text()?.parse::<u64>()?, ());
    ///     Ok(())
    /// });
    /// let mut driver = Driver::start("sort", &JobConfig::new(Mode::Memory).reducers(4).output(&output))?;
    /// let job = Job::new("sort", numbers, Identity).input(&input);
    /// let order = driver.total_order(&job)?;
    /// driver.run(&job.partition_by(order))?;
    /// # driver.finish()?;
    /// # let parts = twinmill::part_files(&output)?;
    /// # let sorted: String = parts.iter().map(|part| std::fs::read_to_string(part).unwrap()).collect();
    /// # assert_eq!((parts.len(), sorted), (4, (0..500).map(|n| format!("{n}\n")).collect()));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Config`] where an input is no file, and those of [`total_order`].
    pub fn total_order<J: RunnableJob<Mapper: Mapper>>(&self, job: &J) -> Result<TotalOrderPartitioner> {
        let mut paths = Vec::new();
        for input in job.inputs() {
            let Input::Files(files) = input else {
                return Err(Error::Config(format!(
                    "job {} reads more than files, which alone are sampled",
                    job.name()
                )));
            };
            paths.extend_from_slice(files);
        }
        total_order(&self.inputs, &paths, job.mapper(), SAMPLED_RECORDS, job.reducers().unwrap_or(self.config.reducers))
    }

    /// The files that the run reads, to look at them beforehand.
    pub fn inputs(&self) -> &Inputs {
        &self.inputs
    }

    /// The settings with which the jobs are run.
    pub fn config(&self) -> &JobConfig {
        &self.config
    }

    /// Runs a job and commits its output to the output directory.
    ///
    /// # Errors
    /// Whatever stopped the job.
    pub fn run(&mut self, job: &impl RunnableJob) -> Result<()> {
        self.run_with_files(job, |_| Ok(Vec::new()))
    }

    /// Runs a job and commits its output to the output directory, with files that `make` makes of its parts: a page that
    /// shows them, a summary. They are published with the parts, or not at all.
    ///
    /// ```
    /// use twinmill::OutputFile;
    /// use twinmill::prelude::*;
    ///
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let (input, output) = (dir.path().join("input"), dir.path().join("output"));
    /// # std::fs::write(&input, "to be or not to be").unwrap();
    /// let mut driver = Driver::start("wordcount", &JobConfig::new(Mode::Memory).output(&output))?;
    /// driver.run_with_files(&Job::new("wordcount", Words, Sum).combine(Sum).input(&input), |parts| {
    ///     let bytes: u64 = parts.iter().map(|part| Ok(part.metadata()?.len())).sum::<std::io::Result<u64>>()?;
    ///     Ok(vec![OutputFile { name: "bytes.txt".into(), bytes: bytes.to_string().into() }])
    /// })?;
    /// driver.finish()?;
    /// assert_eq!(std::fs::read_to_string(output.join("bytes.txt")).unwrap(), "21");
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// Whatever stopped the job, and errors of `make`.
    pub fn run_with_files(
        &mut self,
        job: &impl RunnableJob,
        make: impl FnOnce(&[PathBuf]) -> Result<Vec<OutputFile>>,
    ) -> Result<()> {
        let mut make = Some(make);
        self.publish(job, &mut |parts| make.take().expect("called once")(parts))
    }

    /// Runs a job and commits its output, with the files that `make`, which is called once, makes of its parts.
    fn publish(
        &mut self,
        job: &dyn any_job::AnyJob,
        make: &mut dyn FnMut(&[PathBuf]) -> Result<Vec<OutputFile>>,
    ) -> Result<()> {
        if let Role::Task(_) = self.role {
            return self.run_in_task(job);
        }
        let Some(path) = self.config.output.clone() else {
            return Err(Error::Config(format!("job {} needs an output directory", job.name())));
        };
        let mut place = match self.output_place.take() {
            Some(place) => place,
            // The second job with an output; the first one's stays unless it may be replaced.
            None => OutputPlace::claim(&path, self.config.existing_output)?,
        };
        let dir = OutputDir::create(&mut place, self.config.durability.sync, self.config.part_form)?;
        let parts = self.run_to(job, OutputTarget::Files { dir: dir.parts(), format: job.output_format() })?;
        let start = self.time.begin_phase();
        dir.set_aside(&self.bad_records)?;
        dir.add_files(make)?;
        if let Some(identity) = &self.identity {
            let success = dir.success()?;
            let published = Published::by(&success, identity).map_err(Error::at("read", &success))?;
            published.write_down(&self.work_dir);
        }
        dir.commit()?;
        if let Some(identity) = &self.identity {
            resume::mark(&path, identity);
        }
        let mut output = OutputReport { path, ..OutputReport::default() };
        for part in parts {
            if let TaskOutput::Part { records, bytes } = part {
                output.records += records;
                output.bytes += bytes;
            }
        }
        self.time.end_phase(PhaseName::Commit, start, output.bytes);
        self.output = output;
        Ok(())
    }

    /// Runs a job and keeps its output for another one.
    ///
    /// # Errors
    /// Whatever stopped the job.
    pub fn run_to_dataset<J: RunnableJob>(&mut self, job: &J) -> Result<Dataset<J::OutKey, J::OutValue>> {
        Ok(Dataset { segments: self.run_to_segments(job)?, types: PhantomData })
    }

    fn run_to_segments(&mut self, job: &dyn any_job::AnyJob) -> Result<Vec<Segment>> {
        let store = self.stores.between_jobs.clone();
        let partitions = self.run_to(job, OutputTarget::Dataset { store: store.as_ref() });
        let segments = partitions?.into_iter().filter_map(|partition| match partition {
            TaskOutput::Dataset(run) => Some(Segment { run, partition: 0, read_for: Purpose::BetweenJobs }),
            TaskOutput::Part { .. } => None,
        });
        Ok(segments.collect())
    }

    /// Ends the run: removes the work directory, unless map outputs are to be kept, and reports.
    ///
    /// # Errors
    /// None so far: the output is published, and leftovers of the run are removed by the next one.
    pub fn finish(mut self) -> Result<Report> {
        let memory = self.stores.budget.gauges();
        if let Some(resident) = ResidentSize::open().and_then(|size| size.bytes()) {
            memory.look(resident);
        }
        self.time.nest(self.inputs.take_looks());
        let TimeKept { wall_seconds, time, bounds, file_bytes, mut phases, spans } = self.time.finish();
        let cpu = CpuTime::now().since(self.cpu_before);
        let process_io = ProcessIo::now().since(self.io_before);
        phases.append(self.totals.phases);
        let mut extra_work = self.totals.extra_work;
        extra_work.add(&self.stores.budget.overflow());
        let mut counters = self.totals.counters;
        let skipped = self.bad_records.count();
        if skipped > 0 {
            let group = self.totals.user_counters.entry("twinmill".to_owned()).or_default();
            group.insert("SKIPPED_RECORDS".to_owned(), skipped);
        }
        counters.file_bytes_read = self.stores.device.read_bytes();
        counters.file_bytes_written = self.stores.device.written_bytes();
        let cold = self.config.page_cache == PageCache::Cold;
        let from_files = outlives_process(self.config.factors.map_output);
        let shuffled = if from_files { counters.reduce_shuffle_bytes } else { 0 };
        let mut report = Report {
            schema: 1,
            job: self.name,
            mode: self.config.mode.name().to_owned(),
            factors: Some(self.config.factors),
            durability: Some(self.config.durability),
            disk_profile: self.config.disk_profile,
            workers: self.config.workers,
            reducers: self.reducers,
            input_bytes: self.input_bytes,
            input_file_bytes: self.inputs.file_bytes(),
            wall_seconds,
            cpu_seconds: cpu.total().as_secs_f64(),
            cpu_system_seconds: cpu.system.as_secs_f64(),
            programs_cpu_seconds: CpuTime::of_programs().since(self.programs_before).total().as_secs_f64(),
            peak_rss_bytes: peak_rss_bytes(),
            peak_reserved_bytes: self.stores.budget.peak_bytes(),
            memory_by_purpose: Some(memory.at_peak()),
            evicted_parts: self.cache.evictions(),
            counters,
            user_counters: self.totals.user_counters,
            process_io,
            io_by_purpose: by_purpose(&file_bytes, process_io),
            extra_work,
            cold_cache: cold.then(|| ColdCache::of(self.input_bytes + shuffled, process_io)),
            phases: phases.summary(),
            time: Some(time),
            bounds: Some(bounds),
            iterations: self.iterations,
            tasks: self.log.tasks,
            driver: spans,
            recoveries: self.log.recoveries,
            engine: None,
            resumed: (self.resumed.map_tasks > 0).then_some(self.resumed),
            machine: Machine::describe(&self.config.work_dir),
            output: self.output,
            notes: self.notes.into_iter().chain(self.inputs.said()).collect(),
            guessed: self.inputs.guessed(),
        };
        drop(self.stores);
        if self.config.intermediates == Intermediates::Keep {
            self.work_dir.keep();
        } else {
            let path = self.work_dir.path().to_owned();
            // The output is published, and the next run removes the leftovers.
            if let Err(error) = self.work_dir.close() {
                report.notes.push(format!("cannot remove {}: {error}; the next run does", path.display()));
            }
        }
        Ok(report)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Grouping, Mode, OnFull};
    use crate::input::{Lines, Pairs, Record};
    use crate::job::{Emit, Mapper, Reducer, Values};
    use crate::runtime::job::Job;
    use crate::runtime::output_dir::part_files;
    use crate::store::faulty::{Faults, FaultyStore};

    #[derive(Clone)]
    struct Tokenize;

    impl Mapper for Tokenize {
        type Input = Lines;
        type Key = [u8];
        type Value = u64;

        fn map(&mut self, line: Record<'_>, out: &mut impl Emit<[u8], u64>) -> Result<()> {
            line.words().for_each(|word| out.emit(word, 1));
            Ok(())
        }
    }

    #[derive(Clone)]
    struct Sum;

    impl Reducer for Sum {
        type Key = [u8];
        type Value = u64;
        type OutKey = [u8];
        type OutValue = u64;

        fn reduce(&mut self, word: &[u8], counts: &mut Values<u64>, out: &mut impl Emit<[u8], u64>) -> Result<()> {
            out.emit(word, counts.sum::<u64>());
            Ok(())
        }
    }

    /// Passes counts on.
    #[derive(Clone)]
    struct Again;

    impl Mapper for Again {
        type Input = Pairs<[u8], u64>;
        type Key = [u8];
        type Value = u64;

        fn map(&mut self, (word, count): (&[u8], u64), out: &mut impl Emit<[u8], u64>) -> Result<()> {
            out.emit(word, count);
            Ok(())
        }
    }

    struct Bench {
        dir: tempfile::TempDir,
        job: Job<Tokenize, Sum>,
        config: JobConfig,
    }

    /// A job that spills several times in each of its map tasks.
    fn bench(mode: Mode) -> Bench {
        let dir = tempfile::tempdir().unwrap();
        let input = dir.path().join("input");
        let words: String =
            (0..9000).map(|i| format!("word{} {}", i * i % 1013, if i % 7 == 0 { "\n" } else { "" })).collect();
        std::fs::write(&input, words).unwrap();
        let mut config = JobConfig::new(mode).output(dir.path().join("out")).reducers(2);
        config.work_dir = dir.path().join("work");
        config.workers = 2;
        config.sort_buffer_bytes = crate::config::MIN_SORT_BUFFER_BYTES;
        config.merge_factor = 2;
        config.split_bytes = Some(60 << 10);
        Bench { job: Job::new("faults", Tokenize, Sum).input(input.as_path()), config, dir }
    }

    fn output(bench: &Bench) -> Vec<Vec<u8>> {
        part_files(&bench.dir.path().join("out")).unwrap().iter().map(|part| std::fs::read(part).unwrap()).collect()
    }

    /// A program that is run on a bench.
    type Program = fn(&Bench, &mut Driver) -> Result<()>;

    fn one_job(bench: &Bench, driver: &mut Driver) -> Result<()> {
        driver.run(&bench.job)
    }

    /// Leaves a dataset to another job, whose reducers gather.
    fn two_jobs(bench: &Bench, driver: &mut Driver) -> Result<()> {
        let counts = driver.run_to_dataset(&bench.job)?;
        driver.run(&Job::new("again", Again, Sum).input(&counts))
    }

    /// Runs a program whose stores have faults; returns the result.
    fn run_with(bench: &Bench, program: Program, faults: &Arc<Faults>) -> Result<Report> {
        let mut driver = Driver::start("faults", &bench.config)?;
        let Stores { map_output, gathered, between_jobs, budget, .. } = &mut driver.stores;
        for store in [map_output, gathered, between_jobs] {
            *store = Arc::new(FaultyStore { inner: store.clone(), faults: faults.clone() });
        }
        let budget = budget.clone();
        let result = program(bench, &mut driver).and_then(|()| driver.finish());
        assert_eq!(budget.used_bytes(), 0, "every reservation is given back");
        result
    }

    #[test]
    fn whichever_call_to_a_store_fails_the_job_is_right_or_fails_cleanly() {
        let programs: [(Program, Grouping); 2] = [(one_job, Grouping::Sort), (two_jobs, Grouping::Hash)];
        for ((program, grouping), mode) in programs.into_iter().flat_map(|p| [(p, Mode::Disk), (p, Mode::Memory)]) {
            let bench = || {
                let mut bench = bench(mode);
                bench.config.factors.grouping = grouping;
                bench
            };
            let sound = bench();
            let none = Faults::failing(u64::MAX);
            run_with(&sound, program, &none).unwrap();
            let expected = output(&sound);
            println!("{mode:?}, grouping by {grouping:?}: {} calls", none.calls());
            assert!(none.calls() > 100, "there are calls to fail: {}", none.calls());
            for failing in 0..none.calls() {
                // With another attempt one fault does not matter; without, the job fails with the fault.
                for max_attempts in [1, 2] {
                    let mut bench = bench();
                    bench.config.max_attempts = max_attempts;
                    let succeeded = match run_with(&bench, program, &Faults::failing(failing)) {
                        Ok(_) => {
                            assert_eq!(output(&bench), expected, "{mode:?}, call {failing}");
                            true
                        }
                        Err(error) => {
                            assert!(max_attempts == 1, "{mode:?}, call {failing}: {error}");
                            assert!(error.to_string().contains("injected fault"), "{error}");
                            false
                        }
                    };
                    let names = |dir: &std::path::Path| -> Vec<_> {
                        let mut names: Vec<_> =
                            std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
                        names.sort();
                        names
                    };
                    let left: &[&str] = if succeeded { &["input", "out", "work"] } else { &["input", "work"] };
                    assert_eq!(names(bench.dir.path()), left, "{mode:?}, call {failing}");
                    assert!(names(&bench.dir.path().join("work")).is_empty(), "{mode:?}, call {failing}");
                }
            }
        }
    }

    #[test]
    fn memory_that_may_not_spill_fails_the_job() {
        let mut bench = bench(Mode::Memory);
        bench.config.memory_bytes = 200 << 10;
        bench.config.on_full = OnFull::Fail;
        let error = run_with(&bench, one_job, &Faults::failing(u64::MAX)).unwrap_err();
        assert!(error.to_string().contains("memory budget exhausted"), "{error}");
        bench.config.on_full = OnFull::Spill;
        let report = run_with(&bench, one_job, &Faults::failing(u64::MAX)).unwrap();
        assert!(report.counters.file_bytes_written > 0);
    }
}
