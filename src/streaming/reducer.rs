//! The reduce side: a command reads the sorted records, or one of Hadoop's classes reduces them; lines go to the output.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::job::{Emit, TaskContext};
use crate::pipeline::reduce_records::{RecordReducer, SortedRecord, Stretch};
use crate::streaming::aggregate::Aggregate;
use crate::streaming::job::{ReduceStep, StreamJob};
use crate::streaming::output::Output;
use crate::streaming::place::Place;
use crate::streaming::records::{Form, TakeRecords};
use crate::streaming::repeats::REPEATED;
use crate::streaming::role::TaskKind;
use crate::streaming::route::Route;
use crate::streaming::said::kept_name;
use crate::streaming::worker::Worker;

/// The counter group in which reducers with input tell their groups.
pub const FED: &str = "twinmill.streaming.fed";

/// The number of a task as a name.
fn numbered(task: u32) -> &'static str {
    kept_name(&task.to_string()).unwrap_or_default()
}

/// The reducer of a streaming job.
pub struct StreamReducer {
    job: Arc<StreamJob>,
    place: Arc<Place>,
    route: Route,
    output: Output,
    worker: Option<Worker>,
    had_input: bool,
    /// What one of Hadoop's classes has made of the records so far.
    runs: Runs,
    /// Runs of equal keys so far, and the key of the last one.
    groups: u64,
    group_key: Vec<u8>,
    /// Records that it was given beside the first of each that came several times.
    repeated: u64,
    /// The number of its task.
    task: u32,
}

impl Clone for StreamReducer {
    fn clone(&self) -> Self {
        StreamReducer::new(self.job.clone(), self.place.clone(), self.route.clone(), self.output.clone())
    }
}

impl StreamReducer {
    /// The reducer of a job: `route` made the engine's keys.
    pub fn new(job: Arc<StreamJob>, place: Arc<Place>, route: Route, output: Output) -> Self {
        StreamReducer {
            job,
            place,
            route,
            output,
            worker: None,
            had_input: false,
            runs: Runs::default(),
            groups: 0,
            group_key: Vec::new(),
            repeated: 0,
            task: 0,
        }
    }
}

impl RecordReducer for StreamReducer {
    fn setup(&mut self, task: &TaskContext) -> Result<()> {
        self.task = task.index;
        self.output.begin(&task.id);
        if let ReduceStep::Command(command) = &self.job.reducer {
            let form = &self.job.reduce_output;
            self.worker = Some(Worker::start(&self.place, TaskKind::Reduce, command, form, task)?);
        }
        Ok(())
    }

    fn reduce(&mut self, records: &mut Stretch<'_>, out: &mut impl Emit<[u8], [u8]>) -> Result<()> {
        let StreamReducer { job, route, output, worker, had_input, groups, group_key, repeated, place, runs, .. } =
            self;
        let Some(worker) = worker else {
            let mut each = |key: Option<&[u8]>, value: Option<&[u8]>| output.emit_parts(key, value, out);
            while let Some(SortedRecord { key, value, .. }) = records.next()? {
                *had_input = true;
                let (own_key, value, times) = route.record(key, value)?;
                *repeated += times - 1;
                for _ in 0..times {
                    runs.take(&job.reducer, (own_key, value), &mut each)?;
                }
            }
            return Ok(());
        };
        let is_plain = route.is_plain();
        let is_as_printed = is_plain && !route.is_counted();
        let mut printed = Printed { output, out, is_kept: true };
        while let Some(SortedRecord { begins_group, key, value }) = records.next()? {
            *had_input = true;
            let (own_key, value, times) = if is_as_printed { (key, value, 1) } else { route.record(key, value)? };
            *repeated += times - 1;
            // To Hadoop, too, a group is a run of equal keys, whatever the comparator says of them.
            if is_plain {
                *groups += u64::from(begins_group);
            } else if *groups == 0 || group_key != own_key {
                *groups += 1;
                group_key.clear();
                group_key.extend_from_slice(own_key);
            }
            worker.give_times(times, &job.reduce_input, (own_key, job.reducer_reads(value)), &mut printed)?;
        }
        worker.report(place, out);
        Ok(())
    }

    fn finish(&mut self, out: &mut impl Emit<[u8], [u8]>) -> Result<()> {
        let StreamReducer { place, output, worker, had_input, groups, repeated, task, runs, .. } = self;
        runs.end(&mut |key: Option<&[u8]>, value: Option<&[u8]>| output.emit_parts(key, value, out))?;
        if let Some(worker) = worker {
            // As in Hadoop, what a reducer without input prints is thrown away.
            worker.finish(&mut Printed { output, out, is_kept: *had_input })?;
            if *had_input {
                worker.report(place, out);
                out.count(FED, numbered(*task), *groups);
            }
        }
        out.count(REPEATED, "records", *repeated);
        output.finish(out)
    }
}

/// What a reducer prints.
struct Printed<'a, E> {
    output: &'a mut Output,
    out: &'a mut E,
    /// Whether it goes to the output.
    is_kept: bool,
}

impl<E: Emit<[u8], [u8]>> TakeRecords for Printed<'_, E> {
    #[inline]
    fn take(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        if self.is_kept { self.output.emit(key, value, self.out) } else { Ok(()) }
    }

    fn takes_lines_of(&self, form: &Form) -> bool {
        self.is_kept && self.output.takes_lines_of(form)
    }

    fn take_lines(&mut self, lines: &[u8], records: u64) -> Result<()> {
        self.output.emit_lines(lines, records, self.out);
        Ok(())
    }
}

/// Reduces sorted records as one of Hadoop's own reducers does. Each run of equal keys is a group to Hadoop.
#[derive(Default)]
pub struct Runs(Option<(Vec<u8>, Fold)>);

impl Runs {
    /// Takes a record, and hands on what the run before it comes to.
    ///
    /// # Errors
    /// A value that is no number where there should be one; those of `each`.
    pub fn take(
        &mut self,
        step: &ReduceStep,
        (key, value): (&[u8], &[u8]),
        each: &mut impl FnMut(Option<&[u8]>, Option<&[u8]>) -> Result<()>,
    ) -> Result<()> {
        match step {
            ReduceStep::Identity => return each(Some(key), Some(value)),
            ReduceStep::Fields(selection) => {
                let (key, value) = selection.reduce(key, value);
                return each(key.as_deref().map(str::as_bytes), value.as_deref().map(str::as_bytes));
            }
            _ => {}
        }
        if self.0.as_ref().is_some_and(|(of, _)| of != key) {
            self.end(each)?;
        }
        let (_, fold) = match &mut self.0 {
            Some(run) => run,
            none => none.insert((key.to_vec(), Fold::new(step, key)?)),
        };
        fold.add(value)
    }

    /// Hands on what the last run comes to.
    ///
    /// # Errors
    /// Those of `each`.
    pub fn end(&mut self, each: &mut impl FnMut(Option<&[u8]>, Option<&[u8]>) -> Result<()>) -> Result<()> {
        self.0.take().map_or(Ok(()), |(key, fold)| fold.end(&key, each))
    }
}

/// What becomes of the values of a key.
enum Fold {
    Sum(i64),
    Aggregate(Aggregate),
}

impl Fold {
    fn new(step: &ReduceStep, key: &[u8]) -> Result<Self> {
        Ok(match step {
            ReduceStep::Aggregate => Fold::Aggregate(Aggregate::of_key(key)?),
            _ => Fold::Sum(0),
        })
    }

    fn add(&mut self, value: &[u8]) -> Result<()> {
        match self {
            Fold::Aggregate(aggregate) => aggregate.add(value),
            Fold::Sum(sum) => {
                let number = std::str::from_utf8(value).ok().and_then(|text| text.parse::<i64>().ok());
                let number = number.ok_or_else(|| Error::codec("a number for LongSumReducer", value))?;
                *sum = sum.wrapping_add(number);
                Ok(())
            }
        }
    }

    fn end(self, key: &[u8], each: &mut impl FnMut(Option<&[u8]>, Option<&[u8]>) -> Result<()>) -> Result<()> {
        match self {
            Fold::Sum(sum) => each(Some(key), Some(sum.to_string().as_bytes())),
            Fold::Aggregate(aggregate) => each(Some(Aggregate::id(key)), Some(aggregate.report().as_bytes())),
        }
    }
}
