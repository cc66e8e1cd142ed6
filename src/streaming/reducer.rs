//! The reduce side: a command reads the sorted records, or one of Hadoop's classes reduces them; lines go to the output.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::job::{Emit, Reducer, TaskContext, Values};
use crate::streaming::aggregate::Aggregate;
use crate::streaming::job::{ReduceStep, StreamJob};
use crate::streaming::place::Place;
use crate::streaming::records::Form;
use crate::streaming::role::TaskKind;
use crate::streaming::route::Route;
use crate::streaming::said::kept_name;
use crate::streaming::worker::Worker;

/// Writes records to the output as `TextOutputFormat` does: `key SEPARATOR value LF`.
#[derive(Clone, Debug)]
pub struct OutputLines {
    pub form: Form,
    pub separator: Vec<u8>,
    /// Nothing is written (`NullOutputFormat`).
    pub discarded: bool,
    line: Vec<u8>,
}

impl OutputLines {
    /// Writes records that were cut in this form.
    pub fn new(form: Form, separator: Vec<u8>, discarded: bool) -> Self {
        OutputLines { form, separator, discarded, line: Vec::new() }
    }

    /// Emits a record.
    #[inline]
    pub fn emit(&mut self, key: &[u8], value: &[u8], out: &mut impl Emit<[u8], [u8]>) {
        if self.discarded {
            return;
        }
        self.line.clear();
        self.form.show(key, &mut self.line);
        if self.form != Form::KeyOnly {
            self.line.extend_from_slice(&self.separator);
            self.form.show(value, &mut self.line);
        }
        self.line.push(b'\n');
        out.emit(self.line.as_slice(), &b""[..]);
    }
}

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
    lines: OutputLines,
    worker: Option<Worker>,
    had_input: bool,
    /// Runs of equal keys so far, and the key of the last one.
    groups: u64,
    group_key: Vec<u8>,
    /// The number of its task.
    task: u32,
}

impl Clone for StreamReducer {
    fn clone(&self) -> Self {
        StreamReducer::new(self.job.clone(), self.place.clone(), self.route.clone(), self.lines.clone())
    }
}

impl StreamReducer {
    /// The reducer of a job: `route` made the engine's keys.
    pub fn new(job: Arc<StreamJob>, place: Arc<Place>, route: Route, lines: OutputLines) -> Self {
        StreamReducer {
            job,
            place,
            route,
            lines,
            worker: None,
            had_input: false,
            groups: 0,
            group_key: Vec::new(),
            task: 0,
        }
    }
}

impl Reducer for StreamReducer {
    type Key = [u8];
    type Value = [u8];
    type OutKey = [u8];
    type OutValue = [u8];

    fn setup(&mut self, task: &TaskContext) -> Result<()> {
        self.task = task.index;
        if let ReduceStep::Command(command) = &self.job.reducer {
            let form = &self.job.reduce_output;
            self.worker = Some(Worker::start(&self.place, TaskKind::Reduce, command, form, task)?);
        }
        Ok(())
    }

    fn reduce(&mut self, key: &[u8], values: &mut Values<'_, [u8]>, out: &mut impl Emit<[u8], [u8]>) -> Result<()> {
        let StreamReducer { job, route, lines, worker, had_input, groups, group_key, place, .. } = self;
        *had_input = true;
        let Some(worker) = worker else {
            return class_reduce(&job.reducer, route, key, values, |key, value| lines.emit(key, value, out));
        };
        while let Some(value) = values.next() {
            let (own_key, value) = route.record(key, value)?;
            // To Hadoop, too, a group is a run of equal keys, whatever the comparator says of them.
            if *groups == 0 || group_key != own_key {
                *groups += 1;
                group_key.clear();
                group_key.extend_from_slice(own_key);
            }
            worker.give_record(&job.reduce_input, (own_key, job.reducer_reads(value)), &mut |key, value| {
                lines.emit(key, value, out);
                Ok(())
            })?;
        }
        worker.report(place, out);
        Ok(())
    }

    fn finish(&mut self, out: &mut impl Emit<[u8], [u8]>) -> Result<()> {
        let StreamReducer { place, lines, worker, had_input, groups, task, .. } = self;
        let Some(worker) = worker else { return Ok(()) };
        worker.finish(&mut |key, value| {
            // As in Hadoop, what a reducer without input prints is thrown away.
            if *had_input {
                lines.emit(key, value, out);
            }
            Ok(())
        })?;
        if *had_input {
            worker.report(place, out);
            out.count(FED, numbered(*task), *groups);
        }
        Ok(())
    }
}

/// Reduces a group as one of Hadoop's own reducers does. Each run of equal keys in it is a group to Hadoop.
fn class_reduce(
    step: &ReduceStep,
    route: &Route,
    key: &[u8],
    values: &mut Values<'_, [u8]>,
    mut each: impl FnMut(&[u8], &[u8]),
) -> Result<()> {
    let mut run: Option<(Vec<u8>, Fold)> = None;
    while let Some(value) = values.next() {
        let (own_key, value) = route.record(key, value)?;
        if let ReduceStep::Identity = step {
            each(own_key, value);
            continue;
        }
        if run.as_ref().is_some_and(|(key, _)| key != own_key)
            && let Some((key, fold)) = run.take()
        {
            fold.end(&key, &mut each);
        }
        let (_, fold) = match &mut run {
            Some(run) => run,
            none => none.insert((own_key.to_vec(), Fold::new(step, own_key)?)),
        };
        fold.add(value)?;
    }
    if let Some((key, fold)) = run {
        fold.end(&key, &mut each);
    }
    Ok(())
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

    fn end(self, key: &[u8], each: &mut impl FnMut(&[u8], &[u8])) {
        match self {
            Fold::Sum(sum) => each(key, sum.to_string().as_bytes()),
            Fold::Aggregate(aggregate) => each(Aggregate::id(key), aggregate.report().as_bytes()),
        }
    }
}
