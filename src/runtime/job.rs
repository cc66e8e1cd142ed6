//! Builds a job from its mapper, its reducer and other parts, and runs it.

use crate::error::Result;
use crate::input::Input;
use crate::job::{Combiner, GroupingPrefix, HashPartitioner, OutputFormat, Partitioner};
use crate::observe::report::Report;
use crate::pipeline::collect::CollectWith;
use crate::pipeline::fold::{Combine, NoCombiner};
use crate::pipeline::map::MapSide;
use crate::pipeline::reduce::{MapOnly, ReduceSide};
use crate::pipeline::runnable::RunnableJob;
use crate::record::key::first_part_len;
use crate::record::{Key, ToValue};
use crate::runtime::driver::Driver;
use crate::runtime::session::Session;

/// A job: the work to be done. [`JobConfig`](crate::JobConfig) says how it is run.
///
/// `M` is a [`Mapper`](crate::Mapper), or a tuple of mappers for as many inputs.
#[derive(Clone, Debug)]
pub struct Job<M, R, C = NoCombiner, P = HashPartitioner> {
    name: String,
    inputs: Vec<Input>,
    mapper: M,
    reducer: R,
    combine: C,
    partitioner: P,
    grouping: Option<GroupingPrefix>,
    output_format: OutputFormat,
    reducers: Option<u32>,
}

impl<M: MapSide, R> Job<M, R> {
    /// A job without inputs yet.
    pub fn new(name: impl Into<String>, mapper: M, reducer: R) -> Self
    where
        R: ReduceSide<Key = M::Key, Value = M::Value>,
    {
        Job {
            name: name.into(),
            inputs: Vec::new(),
            mapper,
            reducer,
            combine: NoCombiner,
            partitioner: HashPartitioner::default(),
            grouping: None,
            output_format: OutputFormat::default(),
            reducers: None,
        }
    }
}

impl<M: MapSide> Job<M, MapOnly<M::Key, M::Value>> {
    /// A job whose map output is its output: parts `part-m-…`, in the order of the input.
    pub fn map_only(name: impl Into<String>, mapper: M) -> Self {
        Job::new(name, mapper, MapOnly::default())
    }
}

impl<M: MapSide, R, C, P> Job<M, R, C, P> {
    /// Adds an input. The first input goes to the first mapper of a tuple, the second to the second, and so on.
    pub fn input(mut self, input: impl Into<Input>) -> Self {
        self.inputs.push(input.into());
        self
    }

    /// Combines values on the map side.
    pub fn combine<F>(self, combiner: F) -> Job<M, R, Combine<M::Value, F>, P>
    where
        M::Value: Sized + ToValue<M::Value>,
        F: Combiner<M::Value>,
    {
        let Job { name, inputs, mapper, reducer, combine: _, partitioner, grouping, output_format, reducers } = self;
        let combine = Combine::with(combiner);
        Job { name, inputs, mapper, reducer, combine, partitioner, grouping, output_format, reducers }
    }

    /// Replaces the partitioner.
    pub fn partition_by<Q: Partitioner>(self, partitioner: Q) -> Job<M, R, C, Q> {
        let Job { name, inputs, mapper, reducer, combine, partitioner: _, grouping, output_format, reducers } = self;
        Job { name, inputs, mapper, reducer, combine, partitioner, grouping, output_format, reducers }
    }

    /// Sets the number of reduce tasks, whatever [`JobConfig::reducers`](crate::JobConfig::reducers) says: 1 for one
    /// sorted part.
    pub fn reducers(mut self, reducers: u32) -> Self {
        self.reducers = Some(reducers);
        self
    }

    /// Sets the format of output files.
    pub fn output_format(mut self, format: OutputFormat) -> Self {
        self.output_format = format;
        self
    }
}

impl<M: MapSide, R, C> Job<M, R, C> {
    /// Groups by a prefix of the key and partitions by it too: a secondary sort. Values of a group come in the order of
    /// the whole keys. [`group_by_first`](Self::group_by_first) is for tuples.
    pub fn group_by_prefix(mut self, prefix: GroupingPrefix) -> Self {
        self.grouping = Some(prefix);
        self.partitioner = HashPartitioner::of_prefix(prefix);
        self
    }

    /// Groups by the first part of the key, a tuple that begins with an `A`, and partitions by it too: a secondary sort. The
    /// rest of the key is the order of a group's values:
    ///
    /// ```
    /// use twinmill::prelude::*;
    ///
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let (input, output) = (dir.path().join("input"), dir.path().join("output"));
    /// # std::fs::write(&input, "ann 30 cherry\nbob 10 apple\nann 5 plum\n").unwrap();
    /// let read = mapper(|line, out: &mut Out<(String, u64), str>| {
    ///     let mut fields = line.text()?.split(' ');
    ///     let mut field = || fields.next().ok_or("a line has a name, a time and a fruit");
    ///     let (name, time, fruit) = (field()?, field()?, field()?);
    ///     out.emit((name, time.parse::<u64>()?), fruit);
    ///     Ok(())
    /// });
    /// let first_fruit = reducer(|(name, _): &(String, u64), fruits: &mut Values<str>, out: &mut Out<str, str>| {
    ///     out.emit(name, fruits.next().unwrap_or_default());
    ///     Ok(())
    /// });
    /// let job = Job::new("first-fruit", read, first_fruit).group_by_first::<String>().input(&input);
    /// job.run(&JobConfig::new(Mode::Memory).reducers(1).output(&output))?;
    /// assert_eq!(std::fs::read_to_string(output.join("part-r-00000")).unwrap(), "ann\tplum\nbob\tapple\n");
    /// # Ok::<(), Error>(())
    /// ```
    pub fn group_by_first<A: Key>(self) -> Self {
        // A key that does not begin with an `A` is a group of its own; decoding it will return the error.
        self.group_by_prefix(|key| first_part_len::<A>(key).unwrap_or(key.len()))
    }
}

impl<M, R, C, P> RunnableJob for Job<M, R, C, P>
where
    M: MapSide,
    R: ReduceSide<Key = M::Key, Value = M::Value>,
    C: CollectWith<M::Key, M::Value>,
    P: Partitioner,
{
    type Key = M::Key;
    type Value = M::Value;
    type OutKey = R::OutKey;
    type OutValue = R::OutValue;
    type Mapper = M;
    type Reducer = R;
    type Fold = C;
    type Partitioner = P;

    fn name(&self) -> &str {
        &self.name
    }

    fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    fn mapper(&self) -> &M {
        &self.mapper
    }

    fn reducer(&self) -> &R {
        &self.reducer
    }

    fn fold(&self) -> &C {
        &self.combine
    }

    fn partitioner(&self) -> &P {
        &self.partitioner
    }

    fn grouping(&self) -> Option<GroupingPrefix> {
        self.grouping
    }

    fn output_format(&self) -> OutputFormat {
        self.output_format
    }

    fn reducers(&self) -> Option<u32> {
        self.reducers
    }
}

impl<M, R, C, P> Job<M, R, C, P>
where
    Self: RunnableJob,
{
    /// Runs the job on its own: reads the inputs, writes and commits the output, cleans up.
    ///
    /// # Errors
    /// Whatever stopped the job; nothing is left behind then.
    pub fn run(&self, session: impl Into<Session>) -> Result<Report> {
        let mut driver = Driver::start(&self.name, session)?;
        driver.run(self)?;
        driver.finish()
    }
}
