//! The map side: lines become records, by a command or by one of Hadoop's classes.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::input::{LineBlock, LineBlocks};
use crate::job::{Emit, Mapper, TaskContext};
use crate::streaming::combiner::Combining;
use crate::streaming::java_text;
use crate::streaming::job::{MapClass, MapInput, MapStep, StreamJob};
use crate::streaming::place::Place;
use crate::streaming::records::{Form, split_key};
use crate::streaming::reducer::OutputLines;
use crate::streaming::role::TaskKind;
use crate::streaming::route::Route;
use crate::streaming::worker::Worker;

/// Where the records of a mapper go.
#[derive(Clone, Debug)]
pub enum Target {
    Reducers(Route),
    Output(OutputLines),
}

/// Takes the records of a mapper.
struct Sink<'m, E> {
    job: &'m Arc<StreamJob>,
    place: &'m Arc<Place>,
    target: &'m mut Target,
    combining: &'m mut Option<(Combining, TaskContext)>,
    out: &'m mut E,
}

impl<E: Emit<[u8], [u8]>> Sink<'_, E> {
    #[inline]
    fn take(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        match (&mut *self.target, &mut *self.combining) {
            (Target::Output(lines), _) => lines.emit(key, value, self.out),
            (Target::Reducers(route), None) => route.emit(key, value, self.out),
            (Target::Reducers(route), Some((combining, _))) => {
                let (key, value) = route.engine_record(key, value);
                if combining.take(key, value) {
                    return self.combine();
                }
            }
        }
        Ok(())
    }

    #[cold]
    fn combine(&mut self) -> Result<()> {
        let (Target::Reducers(route), Some((combining, task)), Some(step)) =
            (&mut *self.target, &mut *self.combining, &self.job.combiner)
        else {
            return Ok(());
        };
        combining.combine((self.job, self.place), step, task, route, self.out)
    }

    fn finish(&mut self) -> Result<()> {
        self.combine()?;
        if let Some((combining, _)) = &mut self.combining {
            combining.report(self.out);
        }
        Ok(())
    }
}

/// The mapper of a streaming job.
pub struct StreamMapper {
    job: Arc<StreamJob>,
    place: Arc<Place>,
    target: Target,
    /// Bytes of records that a combiner is given at a time.
    combine_bytes: usize,
    combining: Option<(Combining, TaskContext)>,
    worker: Option<Worker>,
}

impl Clone for StreamMapper {
    fn clone(&self) -> Self {
        StreamMapper::new(self.job.clone(), self.place.clone(), self.target.clone(), self.combine_bytes)
    }
}

impl StreamMapper {
    /// The mapper of a job, whose records go to `target`.
    pub fn new(job: Arc<StreamJob>, place: Arc<Place>, target: Target, combine_bytes: usize) -> Self {
        StreamMapper { job, place, target, combine_bytes, combining: None, worker: None }
    }
}

impl Mapper for StreamMapper {
    type Input = LineBlocks;
    type Key = [u8];
    type Value = [u8];

    fn setup(&mut self, task: &TaskContext) -> Result<()> {
        if let Target::Reducers(route) = &mut self.target {
            route.reducers = task.reducers;
            self.combining = self.job.combiner.as_ref().map(|_| (Combining::new(self.combine_bytes), task.clone()));
        }
        if let MapStep::Command(command) = &self.job.mapper {
            let form = &self.job.map_output;
            self.worker = Some(Worker::start(&self.place, TaskKind::Map, command, form, task)?);
        }
        Ok(())
    }

    fn map(&mut self, block: LineBlock<'_>, out: &mut impl Emit<[u8], [u8]>) -> Result<()> {
        let StreamMapper { job, place, target, combining, worker, .. } = self;
        let mut sink = Sink { job, place, target, combining, out };
        let Some(worker) = worker else {
            let MapStep::Class(class) = &job.mapper else { unreachable!("a command has a worker") };
            return class_map(class, &job.input, block, |key, value| sink.take(key, value));
        };
        worker.comes_from(block.path(), block.offset());
        let mut each = |key: &[u8], value: &[u8]| sink.take(key, value);
        if job.gives_lines_alone() && block.is_plain() {
            worker.give(block.bytes(), &mut each)?;
        } else if job.gives_lines_alone() {
            for (_, line) in block.lines() {
                worker.give(line, &mut each)?;
                worker.give(b"\n", &mut each)?;
            }
        } else {
            let mut key = Vec::new();
            for (at, line) in block.lines() {
                let (key, value) = job.input.record(block.offset() + at as u64, line, &mut key);
                give(worker, &job.map_input, &job.input, (key, value), &mut each)?;
            }
        }
        worker.report(place, out);
        Ok(())
    }

    fn finish(&mut self, out: &mut impl Emit<[u8], [u8]>) -> Result<()> {
        let StreamMapper { job, place, target, combining, worker, .. } = self;
        let mut sink = Sink { job, place, target, combining, out };
        if let Some(worker) = worker {
            worker.finish(&mut |key, value| sink.take(key, value))?;
            worker.report(place, sink.out);
            if worker.written() == 0 {
                place.note("a mapper printed nothing at all".into());
            }
        }
        sink.finish()
    }
}

/// Gives a record in the form that the command reads.
fn give(
    worker: &mut Worker,
    form: &Form,
    input: &MapInput,
    (key, value): (&[u8], &[u8]),
    each: &mut impl FnMut(&[u8], &[u8]) -> Result<()>,
) -> Result<()> {
    match form {
        Form::Text { .. } | Form::KeyOnly => worker.give_record(form, (key, value), each),
        // Other forms are written as Hadoop serialises its types.
        Form::Raw => worker.give_record(form, (&input.serialised_key(key), &serialised_text(value)), each),
        Form::Typed => worker.give_record(form, (&input.typed_key(key), &typed(7, value)), each),
    }
}

/// A text as Hadoop writes it: its length as a number of its own kind of variable length, and its bytes.
pub fn serialised_text(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let length = text.len() as u64;
    if length <= 127 {
        out.push(length as u8);
    } else {
        let bytes = length.to_be_bytes();
        let skipped = bytes.iter().take_while(|byte| **byte == 0).count();
        let used = bytes.len() - skipped;
        out.push((-112i8 - used as i8).cast_unsigned());
        out.extend_from_slice(&bytes[skipped..]);
    }
    out.extend_from_slice(text);
    out
}

/// A typed value with a length.
pub fn typed(kind: u8, bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![kind];
    out.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
    out.extend_from_slice(bytes);
    out
}

impl MapInput {
    /// The record of a line at an offset.
    pub fn record<'r>(&self, offset: u64, line: &'r [u8], key: &'r mut Vec<u8>) -> (&'r [u8], &'r [u8]) {
        match self {
            MapInput::Offsets => {
                key.clear();
                key.extend_from_slice(offset.to_string().as_bytes());
                (key, line)
            }
            MapInput::Keys { separator } => split_key(line, &[*separator], 1),
        }
    }

    fn serialised_key(&self, key: &[u8]) -> Vec<u8> {
        match (self, number(key)) {
            (MapInput::Offsets, Some(offset)) => offset.to_be_bytes().to_vec(),
            _ => serialised_text(key),
        }
    }

    fn typed_key(&self, key: &[u8]) -> Vec<u8> {
        match (self, number(key)) {
            (MapInput::Offsets, Some(offset)) => [&[4][..], &offset.to_be_bytes()].concat(),
            _ => typed(7, key),
        }
    }
}

fn number(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// Maps lines as one of Hadoop's own mappers does.
fn class_map(
    class: &MapClass,
    input: &MapInput,
    block: LineBlock<'_>,
    mut each: impl FnMut(&[u8], &[u8]) -> Result<()>,
) -> Result<()> {
    let mut scratch = Vec::new();
    for (at, line) in block.lines() {
        let (key, value) = input.record(block.offset() + at as u64, line, &mut scratch);
        match class {
            MapClass::Identity => each(key, value)?,
            MapClass::Inverse => each(value, key)?,
            MapClass::TokenCount => crate::record::Words::of(value).try_for_each(|word| each(word, b"1"))?,
            MapClass::Regex { pattern, group } => {
                let text = java_text::decode(value);
                for found in pattern.captures_iter(&text) {
                    let part =
                        found.get(*group).ok_or_else(|| Error::user(format!("the pattern has no group {group}")))?;
                    each(part.as_str().as_bytes(), b"1")?;
                }
            }
        }
    }
    Ok(())
}
