//! The map side: lines become records, by a command or by one of Hadoop's classes.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::input::{LineBlock, LineBlocks, OpenFile, OpenFiles};
use crate::job::{Emit, Mapper, TaskContext};
use crate::streaming::combiner::Combining;
use crate::streaming::java_text;
use crate::streaming::job::{MapClass, MapInput, MapStep, StreamJob};
use crate::streaming::output::Output;
use crate::streaming::partition_command::PartitionCommand;
use crate::streaming::place::Place;
use crate::streaming::records::{Form, TakeRecords, split_key};
use crate::streaming::repeats::{Repeats, Tables};
use crate::streaming::role::TaskKind;
use crate::streaming::route::Route;
use crate::streaming::worker::Worker;
use crate::streaming::writable::Writable;

/// Where the records of a mapper go.
#[derive(Clone, Debug)]
pub enum Target {
    Reducers(Route),
    Output(Output),
}

/// Takes the records of a mapper.
struct Sink<'m, E> {
    job: &'m Arc<StreamJob>,
    place: &'m Arc<Place>,
    target: &'m mut Target,
    combining: &'m mut Option<(Combining, TaskContext)>,
    partitioning: &'m mut Option<PartitionCommand>,
    repeats: &'m mut Option<Repeats>,
    tables: &'m Tables,
    cut_short: &'m mut CutShort,
    out: &'m mut E,
}

/// Sees lines that are cut where their program may not have meant it.
#[derive(Clone, Debug)]
struct CutShort {
    /// Fields of a key.
    fields: usize,
    separator: Vec<u8>,
    /// Whether a line had fewer.
    has_few_fields: bool,
    /// Whether one ended with a CR alone.
    has_lone_return: bool,
}

impl CutShort {
    fn of(form: &Form) -> Self {
        let (fields, separator) = match form {
            Form::Text { separator, fields } => (*fields, separator.clone()),
            _ => (1, Vec::new()),
        };
        CutShort { fields, separator, has_few_fields: false, has_lone_return: false }
    }

    /// Looks at the key of a record without a value.
    #[cold]
    fn look(&mut self, key: &[u8]) {
        self.has_few_fields |= memchr::memmem::find_iter(key, &self.separator).count() + 1 < self.fields;
    }

    /// What the user should know of.
    fn warnings(&self) -> impl Iterator<Item = String> {
        let few = self.has_few_fields.then(|| {
            format!(
                "a mapper printed lines of fewer than {} fields, as many as stream.num.map.output.key.fields says that a \
                 key has; such a line is a key as a whole, and has no value",
                self.fields
            )
        });
        let lone = self.has_lone_return.then(|| {
            "a mapper printed CR within a line; as in Hadoop, a line ends there, so a key or a value is cut in two"
                .to_owned()
        });
        few.into_iter().chain(lone)
    }
}

impl<E: Emit<[u8], [u8]>> TakeRecords for Sink<'_, E> {
    #[inline]
    fn take(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        if value.is_empty() && self.cut_short.fields > 1 {
            self.cut_short.look(key);
        }
        match (&mut *self.target, &mut *self.combining) {
            (Target::Output(output), _) => return output.emit(key, value, self.out),
            (Target::Reducers(route), None) if self.partitioning.is_some() => {
                let partitioning = self.partitioning.as_mut().expect("just seen");
                return partitioning.take((key, value), route, self.out);
            }
            (Target::Reducers(route), None) => match &mut *self.repeats {
                Some(repeats) => {
                    let out = &mut *self.out;
                    repeats.take(key, value, &mut |key, times, value| route.emit_times(times, key, value, out));
                }
                None => route.emit(key, value, self.out),
            },
            (Target::Reducers(route), Some((combining, _))) => {
                let (key, value) = route.engine_record(key, value);
                if combining.take(key, value) {
                    return self.combine();
                }
            }
        }
        Ok(())
    }

    fn see_lone_return(&mut self) {
        self.cut_short.has_lone_return = true;
    }

    fn takes_lines_of(&self, form: &Form) -> bool {
        matches!(&*self.target, Target::Output(output) if output.takes_lines_of(form))
    }

    fn take_lines(&mut self, lines: &[u8], records: u64) -> Result<()> {
        let Target::Output(output) = &mut *self.target else { unreachable!("only an output takes lines") };
        output.emit_lines(lines, records, self.out);
        Ok(())
    }
}

impl<E: Emit<[u8], [u8]>> Sink<'_, E> {
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
        match (&mut *self.target, &mut *self.partitioning) {
            (Target::Output(output), _) => output.finish(self.out),
            (Target::Reducers(route), Some(partitioning)) => partitioning.finish(route, self.out),
            (Target::Reducers(route), None) => {
                if let Some(repeats) = self.repeats.take() {
                    repeats.finish(self.tables, route, self.out);
                }
                Ok(())
            }
        }
    }
}

/// The counter group in which mappers tell the records that they found themselves.
pub const FOUND: &str = "twinmill.streaming.found";

/// The counter group in which mappers tell the lines that they passed over, since they were too long.
pub const PASSED_OVER: &str = "twinmill.streaming.passed.over";

/// The mapper of a streaming job. It reads lines; with [`OfOpenFiles`] it finds the records of other formats itself.
pub struct StreamMapper {
    job: Arc<StreamJob>,
    place: Arc<Place>,
    target: Target,
    /// Bytes of records that a combiner is given at a time, or that repeats take.
    beside_bytes: usize,
    combining: Option<(Combining, TaskContext)>,
    partitioning: Option<PartitionCommand>,
    repeats: Option<Repeats>,
    tables: Tables,
    cut_short: CutShort,
    worker: Option<Worker>,
}

impl Clone for StreamMapper {
    fn clone(&self) -> Self {
        let of = StreamMapper::new(self.job.clone(), self.place.clone(), self.target.clone(), self.beside_bytes);
        StreamMapper { tables: self.tables.clone(), ..of }
    }
}

impl StreamMapper {
    /// The mapper of a job, whose records go to `target`. What stands before the sort buffer, a combiner or a table of repeats,
    /// takes `beside_bytes`.
    pub fn new(job: Arc<StreamJob>, place: Arc<Place>, target: Target, beside_bytes: usize) -> Self {
        let (combining, partitioning, repeats, worker) = (None, None, None, None);
        let tables = Tables::default();
        let cut_short = CutShort::of(&job.map_output);
        StreamMapper { job, place, target, beside_bytes, combining, partitioning, repeats, tables, cut_short, worker }
    }
}

impl Mapper for StreamMapper {
    type Input = LineBlocks;
    type Key = [u8];
    type Value = [u8];

    fn setup(&mut self, task: &TaskContext) -> Result<()> {
        match &mut self.target {
            Target::Output(output) => output.begin(&task.id),
            Target::Reducers(route) => {
                route.reducers = task.reducers;
                let combiner = self.job.combiner.as_ref();
                self.combining = combiner.map(|_| (Combining::new(self.beside_bytes), task.clone()));
                let partitioner = self.job.partitioner.as_ref();
                let start = |command| PartitionCommand::start(&self.place, command, task);
                self.partitioning = partitioner.map(start).transpose()?;
                self.repeats = route.is_counted().then(|| Repeats::new(self.beside_bytes, &self.tables));
            }
        }
        if let MapStep::Command(command) = &self.job.mapper {
            let form = &self.job.map_output;
            self.worker = Some(Worker::start(&self.place, TaskKind::Map, command, form, task)?);
        }
        Ok(())
    }

    fn map(&mut self, block: LineBlock<'_>, out: &mut impl Emit<[u8], [u8]>) -> Result<()> {
        if self.job.too_long < usize::MAX {
            let taken = block.shorter_lines(self.job.too_long).count();
            out.count(PASSED_OVER, "lines", (block.lines().count() - taken) as u64);
        }
        let StreamMapper { job, place, target, combining, partitioning, repeats, tables, cut_short, worker, .. } = self;
        let mut sink = Sink { job, place, target, combining, partitioning, repeats, tables, cut_short, out };
        let Some(worker) = worker else {
            let MapStep::Class(class) = &job.mapper else { unreachable!("a command has a worker") };
            let mut shown = Vec::new();
            return block.shorter_lines(job.too_long).try_for_each(|(at, line)| {
                let (key, value) = job.input.record(block.offset() + at as u64, line);
                shown.clear();
                key.show(&mut shown);
                class_map(class, (&shown, value.plain().unwrap_or_default()), &mut sink)
            });
        };
        worker.comes_from(block.path(), block.offset());
        let is_whole = block.is_plain() && job.too_long == usize::MAX;
        if job.gives_lines_alone() && matches!(job.input, MapInput::Offsets) && is_whole {
            worker.give(block.bytes(), &mut sink)?;
        } else if job.gives_lines_alone() {
            for (at, line) in block.shorter_lines(job.too_long) {
                let (_, value) = job.input.record(block.offset() + at as u64, line);
                worker.give(value.plain().unwrap_or_default(), &mut sink)?;
                worker.give(b"\n", &mut sink)?;
            }
        } else {
            let (mut key, mut value) = (Vec::new(), Vec::new());
            for (at, line) in block.shorter_lines(job.too_long) {
                let record = job.input.record(block.offset() + at as u64, line);
                give(worker, &job.map_input, record, (&mut key, &mut value), &mut sink)?;
            }
        }
        worker.report(place, out);
        Ok(())
    }

    fn finish(&mut self, out: &mut impl Emit<[u8], [u8]>) -> Result<()> {
        let StreamMapper { job, place, target, combining, partitioning, repeats, tables, cut_short, worker, .. } = self;
        let mut sink = Sink { job, place, target, combining, partitioning, repeats, tables, cut_short, out };
        if let Some(worker) = worker {
            worker.finish(&mut sink)?;
            worker.report(place, sink.out);
            if worker.written() == 0 && worker.given() > 0 {
                place.note("a mapper printed nothing at all".into());
            }
        }
        sink.finish()?;
        cut_short.warnings().for_each(|warning| place.note(warning));
        Ok(())
    }
}

/// The mapper of a job whose records are no lines.
#[derive(Clone)]
pub struct OfOpenFiles(pub StreamMapper);

impl Mapper for OfOpenFiles {
    type Input = OpenFiles;
    type Key = [u8];
    type Value = [u8];

    fn setup(&mut self, task: &TaskContext) -> Result<()> {
        self.0.setup(task)
    }

    fn map(&mut self, file: OpenFile<'_>, out: &mut impl Emit<[u8], [u8]>) -> Result<()> {
        self.0.map_file(file, out)
    }

    fn finish(&mut self, out: &mut impl Emit<[u8], [u8]>) -> Result<()> {
        self.0.finish(out)
    }
}

impl StreamMapper {
    fn map_file(&mut self, mut file: OpenFile<'_>, out: &mut impl Emit<[u8], [u8]>) -> Result<()> {
        let StreamMapper { job, place, target, combining, partitioning, repeats, tables, cut_short, worker, .. } = self;
        let MapInput::Records(reading) = &job.input else { unreachable!("lines are not read from open files") };
        let path: Arc<std::path::Path> = file.path().into();
        let mut sink = Sink { job, place, target, combining, partitioning, repeats, tables, cut_short, out };
        let (mut key_bytes, mut value_bytes, mut found) = (Vec::new(), Vec::new(), 0);
        reading.each(&mut file, |offset, key, value| {
            found += 1;
            match (&mut *worker, &job.mapper) {
                (Some(worker), _) => {
                    worker.comes_from(&path, offset);
                    if !job.gives_lines_alone() {
                        return give(
                            worker,
                            &job.map_input,
                            (key, value),
                            (&mut key_bytes, &mut value_bytes),
                            &mut sink,
                        );
                    }
                    value_bytes.clear();
                    value.show(&mut value_bytes);
                    value_bytes.push(b'\n');
                    worker.give(&value_bytes, &mut sink)
                }
                (None, MapStep::Class(class)) => {
                    key_bytes.clear();
                    value_bytes.clear();
                    key.write_java_string(&mut key_bytes);
                    value.write_java_string(&mut value_bytes);
                    class_map(class, (&key_bytes, &value_bytes), &mut sink)
                }
                (None, MapStep::Command(_)) => unreachable!("a command has a worker"),
            }
        })?;
        sink.out.count(FOUND, "records", found);
        if let Some(worker) = worker {
            worker.report(place, out);
        }
        Ok(())
    }
}

/// Gives a record in the form that the command reads.
fn give(
    worker: &mut Worker,
    form: &Form,
    (key, value): (Writable<'_>, Writable<'_>),
    (key_bytes, value_bytes): (&mut Vec<u8>, &mut Vec<u8>),
    each: &mut impl TakeRecords,
) -> Result<()> {
    if let (true, Some(key), Some(value)) = (form.is_text(), key.plain(), value.plain()) {
        return worker.give_record(form, (key, value), each);
    }
    convert(form, (key, value), (key_bytes, value_bytes));
    worker.give_record(form, (key_bytes, value_bytes), each)
}

/// Writes a key and a value as records of this form have them.
pub fn convert(
    form: &Form,
    (key, value): (Writable<'_>, Writable<'_>),
    (key_bytes, value_bytes): (&mut Vec<u8>, &mut Vec<u8>),
) {
    let write = match form {
        Form::Text { .. } | Form::KeyOnly => Writable::show,
        Form::Raw => Writable::write_raw,
        Form::Typed => Writable::write_typed,
    };
    key_bytes.clear();
    value_bytes.clear();
    write(&key, key_bytes);
    write(&value, value_bytes);
}

impl MapInput {
    /// The record of a line at an offset.
    pub fn record<'l>(&self, offset: u64, line: &'l [u8]) -> (Writable<'l>, Writable<'l>) {
        match self {
            MapInput::Keys { separator } => {
                let (key, value) = split_key(line, &[*separator], 1);
                (Writable::Text(key), Writable::Text(value))
            }
            MapInput::Offsets | MapInput::Records(_) => (Writable::Long(offset.cast_signed()), Writable::Text(line)),
        }
    }
}

/// Maps a record as one of Hadoop's own mappers does.
///
/// # Errors
/// A pattern without the group that was asked for; those of `each`.
pub fn class_map(class: &MapClass, (key, value): (&[u8], &[u8]), each: &mut impl TakeRecords) -> Result<()> {
    match class {
        MapClass::Identity => each.take(key, value),
        MapClass::Inverse => each.take(value, key),
        MapClass::TokenCount => crate::record::Words::of(value).try_for_each(|word| each.take(word, b"1")),
        MapClass::Fields { selection, ignores_key } => {
            let (key, value) = selection.map(key, value, *ignores_key);
            each.take(key.as_bytes(), value.as_bytes())
        }
        MapClass::Regex { pattern, group } => {
            let text = java_text::decode(value);
            pattern.captures_iter(&text).try_for_each(|found| {
                let part = found.get(*group);
                let part = part.ok_or_else(|| Error::user(format!("the pattern has no group {group}")))?;
                each.take(part.as_str().as_bytes(), b"1")
            })
        }
    }
}
