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

/// The reducer of a streaming job.
pub struct StreamReducer {
    job: Arc<StreamJob>,
    place: Arc<Place>,
    route: Route,
    lines: OutputLines,
    worker: Option<Worker>,
    had_input: bool,
    group_key: Vec<u8>,
}

impl Clone for StreamReducer {
    fn clone(&self) -> Self {
        StreamReducer::new(self.job.clone(), self.place.clone(), self.route.clone(), self.lines.clone())
    }
}

impl StreamReducer {
    /// The reducer of a job: `route` made the engine's keys.
    pub fn new(job: Arc<StreamJob>, place: Arc<Place>, route: Route, lines: OutputLines) -> Self {
        StreamReducer { job, place, route, lines, worker: None, had_input: false, group_key: Vec::new() }
    }
}

impl Reducer for StreamReducer {
    type Key = [u8];
    type Value = [u8];
    type OutKey = [u8];
    type OutValue = [u8];

    fn setup(&mut self, task: &TaskContext) -> Result<()> {
        if let ReduceStep::Command(command) = &self.job.reducer {
            let form = &self.job.reduce_output;
            self.worker = Some(Worker::start(&self.place, TaskKind::Reduce, command, form, task)?);
        }
        Ok(())
    }

    fn reduce(&mut self, key: &[u8], values: &mut Values<'_, [u8]>, out: &mut impl Emit<[u8], [u8]>) -> Result<()> {
        let StreamReducer { job, route, lines, worker, had_input, group_key, place } = self;
        *had_input = true;
        let Some(worker) = worker else {
            return class_reduce(&job.reducer, route, key, values, |key, value| lines.emit(key, value, out));
        };
        let mut is_first = true;
        while let Some(value) = values.next() {
            let (own_key, value) = route.record(key, value)?;
            // All values of a group come with its first key.
            if std::mem::take(&mut is_first) {
                group_key.clear();
                group_key.extend_from_slice(own_key);
            }
            worker.give_record(&job.reduce_input, (group_key, value), &mut |key, value| {
                lines.emit(key, value, out);
                Ok(())
            })?;
        }
        worker.report(place, out);
        Ok(())
    }

    fn finish(&mut self, out: &mut impl Emit<[u8], [u8]>) -> Result<()> {
        let StreamReducer { place, lines, worker, had_input, .. } = self;
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
        }
        Ok(())
    }
}

/// Reduces a group as one of Hadoop's own reducers does.
fn class_reduce(
    step: &ReduceStep,
    route: &Route,
    key: &[u8],
    values: &mut Values<'_, [u8]>,
    mut each: impl FnMut(&[u8], &[u8]),
) -> Result<()> {
    let mut sum = 0i64;
    let mut aggregate = None;
    let mut group_key: Option<Vec<u8>> = None;
    while let Some(value) = values.next() {
        let (own_key, value) = route.record(key, value)?;
        let group_key = group_key.get_or_insert_with(|| own_key.to_vec());
        match step {
            ReduceStep::Identity => each(group_key, value),
            ReduceStep::LongSum => {
                let number = std::str::from_utf8(value).ok().and_then(|text| text.parse::<i64>().ok());
                let number = number.ok_or_else(|| Error::codec("a number for LongSumReducer", value))?;
                sum = sum.wrapping_add(number);
            }
            ReduceStep::Aggregate => {
                let aggregate = match &mut aggregate {
                    Some(aggregate) => aggregate,
                    none => none.insert(Aggregate::of_key(group_key)?),
                };
                aggregate.add(value)?;
            }
            ReduceStep::Command(_) | ReduceStep::None => unreachable!("a command has a worker"),
        }
    }
    let group_key = group_key.unwrap_or_default();
    match (step, aggregate) {
        (ReduceStep::LongSum, _) => each(&group_key, sum.to_string().as_bytes()),
        (_, Some(aggregate)) => each(Aggregate::id(&group_key), aggregate.report().as_bytes()),
        _ => {}
    }
    Ok(())
}
