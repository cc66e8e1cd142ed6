//! Writes the output of a task, and commits it.
//!
//! Each attempt writes its part of the output in a directory of its own, and commits it by renaming it into the
//! directory of committed parts, which only one attempt at a task may do. The data for another job is a run, which is
//! committed once it is complete.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use crate::cancel::CancelToken;
use crate::config::{OutputCodec, PartForm, PartNames, Sync};
use crate::error::{Error, Result};
use crate::job::OutputFormat;
use crate::observe::activity::{Activity, Doing, file_call, transfer};
use crate::observe::counters::UserCounters;
use crate::observe::purpose::{FileUse, Purpose};
use crate::pipeline::emit::{Accept, Accepted, Emitter};
use crate::pipeline::encode::Encoder;
use crate::pipeline::task::Task;
use crate::record::buffer::make_room;
use crate::record::{Key, ToKey, ToValue, Value};
use crate::store::sync::sync_all;
use crate::store::{Run, RunBuilder, RunStore};

const TO_OUTPUT: FileUse = FileUse::writes(Purpose::Output);
/// Bytes gathered before they are written to a part.
const BUFFER_BYTES: usize = 256 << 10;
/// Bytes of a text that goes to a part without a copy in the buffer.
const LARGE_BYTES: usize = 32 << 10;
/// Bytes of a record of text beside its strings: separators and a few numbers. Where they do not fit behind a large string,
/// the buffer doubles.
const REST_BYTES: usize = 256;

/// The output of one task.
#[derive(Clone, Debug)]
pub(crate) enum TaskOutput {
    /// A committed part of the output directory.
    Part { records: u64, bytes: u64 },
    /// A partition of a dataset for another job.
    Dataset(Arc<dyn Run>),
}

impl TaskOutput {
    pub fn records(&self) -> u64 {
        match self {
            TaskOutput::Part { records, .. } => *records,
            TaskOutput::Dataset(run) => run.index().get(0).records,
        }
    }

    pub fn bytes(&self) -> u64 {
        match self {
            TaskOutput::Part { bytes, .. } => *bytes,
            TaskOutput::Dataset(run) => run.index().get(0).stored_bytes,
        }
    }
}

/// The directories in which the parts of an output are written.
#[derive(Clone, Debug)]
pub(crate) struct PartsDir {
    /// The directory of committed parts.
    pub committed: PathBuf,
    /// The directory in which attempts write, each in a directory of its own.
    pub attempts: PathBuf,
    /// The moment from which a part counts as written.
    pub sync: Sync,
    /// The parts' names and compression.
    pub form: PartForm,
}

impl PartsDir {
    /// Path of the committed part of a task; `kind` is `m` or `r`.
    pub fn part_path(&self, kind: char, task: u32) -> PathBuf {
        let suffix = self.form.codec.map_or("", OutputCodec::suffix);
        self.committed.join(match self.form.names {
            PartNames::OfKind => format!("part-{kind}-{task:05}{suffix}"),
            PartNames::Plain => format!("part-{task:05}{suffix}"),
        })
    }
}

/// The destination of the output of a job's tasks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum OutputTarget<'a> {
    Files { dir: &'a PartsDir, format: OutputFormat },
    Dataset { store: &'a dyn RunStore },
}

/// The output of one task attempt.
pub(crate) trait TaskOutputWriter {
    /// Completes and publishes it.
    fn commit(self) -> Result<TaskOutput>;
}

/// Commits the emitted records of an attempt, if it may; returns the output, and the counts of user code.
pub(crate) fn commit<W: TaskOutputWriter>(out: Emitter<W>, task: &Task<'_>) -> Result<(TaskOutput, UserCounters)> {
    let (writer, user_counters) = out.finish()?;
    (task.permit)()?;
    Ok((writer.commit()?, user_counters))
}

/// The file of a part, which counts the bytes that reach it.
struct PartFile {
    file: File,
    bytes: u64,
}

impl Write for PartFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = transfer(TO_OUTPUT, || self.file.write(bytes))?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The way of a part's bytes to its file.
enum Sink {
    Plain(PartFile),
    Encoded(Box<Encoder<PartFile>>),
}

impl Sink {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Sink::Plain(file) => file.write_all(bytes),
            Sink::Encoded(encoder) => encoder.write_all(bytes),
        }
    }

    /// Writes what an encoder has kept.
    fn finish(self) -> io::Result<PartFile> {
        match self {
            Sink::Plain(file) => Ok(file),
            Sink::Encoded(encoder) => encoder.finish(),
        }
    }
}

/// A part of the output directory, being written.
pub(crate) struct PartWriter {
    doing: Doing,
    sink: Sink,
    path: PathBuf,
    final_path: PathBuf,
    sync: Sync,
    cancel: CancelToken,
    format: OutputFormat,
    buffer: Vec<u8>,
    records: u64,
}

impl PartWriter {
    /// Opens the part of a task; `kind` is `m` or `r`.
    pub fn create(task: &Task<'_>, dir: &PartsDir, format: OutputFormat, kind: char) -> Result<Self> {
        let final_path = dir.part_path(kind, task.context.index);
        let attempt = format!("attempt-{}-{}", task.context.id, task.context.attempt);
        let attempt_dir = dir.attempts.join(attempt);
        fs::create_dir(&attempt_dir).map_err(Error::at("create", &attempt_dir))?;
        let path = attempt_dir.join(final_path.file_name().expect("parts have names"));
        let file = PartFile { file: File::create_new(&path).map_err(Error::at("create", &path))?, bytes: 0 };
        let sink = match dir.form.codec {
            None => Sink::Plain(file),
            Some(codec) => Sink::Encoded(Box::new(Encoder::new(codec, file).map_err(Error::at("compress", &path))?)),
        };
        Ok(PartWriter {
            doing: Doing::here(),
            sink,
            path,
            final_path,
            sync: dir.sync,
            cancel: task.context.cancel.clone(),
            format,
            buffer: Vec::with_capacity(BUFFER_BYTES + (16 << 10)),
            records: 0,
        })
    }

    /// Writes a text behind all that was gathered.
    #[inline(never)]
    fn write_through(&mut self, text: &[u8]) -> Result<()> {
        self.flush()?;
        self.sink.write_all(text).map_err(Error::at("write", &self.path))
    }

    #[inline(always)]
    fn end_record(&mut self) -> Accepted {
        self.records += 1;
        if self.buffer.len() >= BUFFER_BYTES {
            self.flush()?;
        }
        self.doing.set(Activity::User);
        Ok(())
    }

    #[inline(never)]
    fn flush(&mut self) -> Result<()> {
        let written = self.sink.write_all(&self.buffer);
        self.buffer.clear();
        self.buffer.shrink_to(4 * BUFFER_BYTES);
        written.map_err(Error::at("write", &self.path))
    }
}

impl<K: Key + ?Sized, V: Value + ?Sized> Accept<K, V> for PartWriter {
    #[inline]
    fn accept<Q, W>(&mut self, key: Q, value: W, _: &mut Vec<u8>) -> Accepted
    where
        Q: ToKey<K>,
        W: ToValue<V>,
    {
        self.doing.set(Activity::Encode);
        let large = key.text_in_place().filter(|text| text.len() >= LARGE_BYTES);
        if let (OutputFormat::Raw, Some(text)) = (self.format, large) {
            self.write_through(text)?;
            value.write_text(&mut self.buffer);
            return self.end_record();
        }
        let buffer = &mut self.buffer;
        let least = key.least_text_len() + value.least_text_len() + REST_BYTES;
        if least > buffer.capacity() - buffer.len() {
            make_room(buffer, least, "a record of the output")?;
        }
        match self.format {
            OutputFormat::Text => {
                key.write_text(buffer);
                if !key.is_null() && !value.is_null() {
                    buffer.push(b'\t');
                }
                value.write_text(buffer);
                buffer.push(b'\n');
            }
            OutputFormat::Raw => {
                key.write_text(buffer);
                value.write_text(buffer);
            }
        }
        self.end_record()
    }
}

impl TaskOutputWriter for PartWriter {
    fn commit(mut self) -> Result<TaskOutput> {
        self.flush()?;
        let PartWriter { sink, path, final_path, sync, cancel, records, .. } = self;
        let PartFile { file, bytes } = sink.finish().map_err(Error::at("write", &path))?;
        if sync == Sync::Device {
            file_call(TO_OUTPUT, || sync_all(&file, &path, &cancel))?;
        }
        fs::rename(&path, &final_path).map_err(Error::at("commit", &path))?;
        Ok(TaskOutput::Part { records, bytes })
    }
}

/// One partition of a dataset, being written.
pub(crate) struct DatasetWriter {
    doing: Doing,
    run: RunBuilder,
    value: Vec<u8>,
}

impl DatasetWriter {
    pub fn create(task: &Task<'_>, store: &dyn RunStore) -> Result<Self> {
        let name = task.run_name(format_args!("output"));
        Ok(DatasetWriter {
            doing: Doing::here(),
            run: RunBuilder::create(store, &name, 1, task.config.block_bytes(), Purpose::BetweenJobs)?,
            value: Vec::new(),
        })
    }
}

impl<K: Key + ?Sized, V: Value + ?Sized> Accept<K, V> for DatasetWriter {
    fn accept<Q, W>(&mut self, key: Q, value: W, scratch: &mut Vec<u8>) -> Accepted
    where
        Q: ToKey<K>,
        W: ToValue<V>,
    {
        self.doing.set(Activity::Encode);
        self.value.clear();
        let least = value.least_encoded_len();
        if least > self.value.capacity() {
            make_room(&mut self.value, least, "a value")?;
        }
        value.encode(&mut self.value);
        self.run.push(0, key.encode(scratch), &self.value, false)?;
        self.doing.set(Activity::User);
        Ok(())
    }
}

impl TaskOutputWriter for DatasetWriter {
    fn commit(self) -> Result<TaskOutput> {
        Ok(TaskOutput::Dataset(self.run.finish()?))
    }
}
