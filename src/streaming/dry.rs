//! A job as a shell would run it: `cat INPUT | MAPPER | sort | REDUCER`, one program after another.
//!
//! The programs have the environment and the directory that they have in a job, but belong to the terminal's group, and their
//! standard error goes where ours goes: so a debugger that opens `/dev/tty` works in them, and Ctrl-C ends all of them. All of
//! the input is one map task, and records are held in memory.

use std::io::{self, ErrorKind, Read, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;

use crate::error::{Error, Result};
use crate::input::{LineBlocks, OpenFiles};
use crate::job::TaskInput;
use crate::runtime::session::Session;
use crate::streaming::failure::{self, Ending, Given, failure};
use crate::streaming::job::{Command, MapInput, MapStep, ReduceStep, StreamJob};
use crate::streaming::mapper::{class_map, convert};
use crate::streaming::place::Place;
use crate::streaming::process::spawn;
use crate::streaming::records::Form;
use crate::streaming::reducer::Runs;
use crate::streaming::role::{Attempt, TaskKind};
use crate::streaming::writable::Writable;

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    pub input_records: u64,
    pub map_output_records: u64,
    pub output_records: u64,
}

/// A key and a value.
type Pair = (Vec<u8>, Vec<u8>);

/// Runs a job on its inputs, and writes the lines of its output, one part after another.
///
/// # Errors
/// A program that fails or cannot be started; those of reading and of writing.
pub fn run(job: &StreamJob, inputs: &[PathBuf], session: &Session, out: &mut impl Write) -> Result<Counted> {
    let mut config = session.config.clone();
    // Nobody tries again.
    config.max_attempts = 1;
    let place = Place::create(job, &config)?;
    let dry = Dry { job, place: &place, session };
    let (mut mapped, mut counted) = (Vec::new(), Counted::default());
    counted.input_records = dry.map(inputs, &mut |key, value| {
        mapped.push((key.to_vec(), value.to_vec()));
        Ok(())
    })?;
    counted.map_output_records = mapped.len() as u64;
    let separator = job.properties.separator("mapreduce.output.textoutputformat.separator");
    let mut lines = Lines { out, separator, written: 0 };
    if config.reducers == 0 || matches!(job.reducer, ReduceStep::None) {
        mapped.iter().try_for_each(|(key, value)| lines.write(&job.map_output, Some(key), Some(value)))?;
    } else {
        job.check_reducers(config.reducers)?;
        let form = if let ReduceStep::Command(_) = job.reducer { &job.reduce_output } else { &job.map_output };
        for (number, part) in dry.sorted(mapped, config.reducers).into_iter().enumerate() {
            let part = dry.combined(number as u32, part)?;
            dry.reduce(TaskKind::Reduce, &job.reducer, number as u32, &part, &mut |key, value| {
                lines.write(form, key, value)
            })?;
        }
    }
    counted.output_records = lines.written;
    Ok(counted)
}

/// The lines of the output.
struct Lines<'o, W> {
    out: &'o mut W,
    separator: Vec<u8>,
    written: u64,
}

impl<W: Write> Lines<'_, W> {
    fn write(&mut self, form: &Form, key: Option<&[u8]>, value: Option<&[u8]>) -> Result<()> {
        let mut line = Vec::new();
        key.into_iter().for_each(|key| form.show(key, &mut line));
        if *form != Form::KeyOnly {
            if key.is_some() && value.is_some() {
                line.extend_from_slice(&self.separator);
            }
            value.into_iter().for_each(|value| form.show(value, &mut line));
        }
        line.push(b'\n');
        self.written += 1;
        self.out.write_all(&line).map_err(written)
    }
}

/// The error of writing the output.
pub fn written(error: io::Error) -> Error {
    Error::io("write", Path::new("stdout"), error)
}

struct Dry<'a> {
    job: &'a StreamJob,
    place: &'a Place,
    session: &'a Session,
}

impl Dry<'_> {
    /// Reads the records of the inputs; tells how many there are.
    fn read(&self, inputs: &[PathBuf], each: &mut impl FnMut(Writable<'_>, Writable<'_>) -> Result<()>) -> Result<u64> {
        let mut records = 0;
        match &self.job.input {
            MapInput::Records(reading) => self.session.inputs.scan::<OpenFiles>(inputs, |mut file| {
                reading.each(&mut file, |_, key, value| {
                    records += 1;
                    each(key, value)
                })?;
                Ok(ControlFlow::Continue(()))
            })?,
            input => self.session.inputs.scan::<LineBlocks>(inputs, |block| {
                for (at, line) in block.lines() {
                    let (key, value) = input.record(block.offset() + at as u64, line);
                    records += 1;
                    each(key, value)?;
                }
                Ok(ControlFlow::Continue(()))
            })?,
        }
        Ok(records)
    }

    fn map(&self, inputs: &[PathBuf], each: &mut impl FnMut(&[u8], &[u8]) -> Result<()>) -> Result<u64> {
        let (mut key_bytes, mut value_bytes, mut given) = (Vec::new(), Vec::new(), Vec::new());
        let command = match &self.job.mapper {
            MapStep::Command(command) => command,
            MapStep::Class(class) => {
                return self.read(inputs, &mut |key, value| {
                    key_bytes.clear();
                    value_bytes.clear();
                    key.write_java_string(&mut key_bytes);
                    value.write_java_string(&mut value_bytes);
                    class_map(class, (&key_bytes, &value_bytes), each)
                });
            }
        };
        let form = &self.job.map_input;
        let records = self.read(inputs, &mut |key, value| {
            if self.job.gives_lines_alone() {
                value.show(&mut given);
                given.push(b'\n');
            } else {
                convert(form, (key, value), (&mut key_bytes, &mut value_bytes));
                form.write(&key_bytes, &value_bytes, &mut given);
            }
            Ok(())
        })?;
        let files = self.session.inputs.files(inputs)?;
        let first = files.first().map(|file| TaskInput { path: file.name().clone(), start: 0, bytes: file.bytes });
        let printed = self.through(TaskKind::Map, command, 0, first, &given)?;
        self.job.map_output.cut(&printed, true, each)?;
        Ok(records)
    }

    /// The records of each partition, in order.
    fn sorted(&self, records: Vec<Pair>, reducers: u32) -> Vec<Vec<Pair>> {
        let mut parts: Vec<Vec<Pair>> = (0..reducers).map(|_| Vec::new()).collect();
        for (key, value) in records {
            let partition = self.job.partition_of(&key, reducers);
            parts[partition as usize].push((key, value));
        }
        parts.iter_mut().for_each(|part| self.sort(part));
        parts
    }

    fn sort(&self, part: &mut [Pair]) {
        part.sort_by_cached_key(|(key, _)| {
            let mut comparable = Vec::new();
            self.job.order().encode(key, &mut comparable);
            comparable
        });
    }

    /// The records of a partition, once a command has combined them. Hadoop, too, may run a combiner never, and so classes are
    /// left out.
    fn combined(&self, partition: u32, part: Vec<Pair>) -> Result<Vec<Pair>> {
        let Some(step @ ReduceStep::Command(_)) = &self.job.combiner else { return Ok(part) };
        if part.is_empty() {
            return Ok(part);
        }
        let mut combined = Vec::new();
        self.reduce(TaskKind::Combine, step, partition, &part, &mut |key, value| {
            combined.push((key.unwrap_or_default().to_vec(), value.unwrap_or_default().to_vec()));
            Ok(())
        })?;
        self.sort(&mut combined);
        Ok(combined)
    }

    fn reduce(
        &self,
        kind: TaskKind,
        step: &ReduceStep,
        partition: u32,
        part: &[Pair],
        each: &mut impl FnMut(Option<&[u8]>, Option<&[u8]>) -> Result<()>,
    ) -> Result<()> {
        let ReduceStep::Command(command) = step else {
            let mut runs = Runs::default();
            part.iter().try_for_each(|(key, value)| runs.take(step, (key, value), each))?;
            return runs.end(each);
        };
        let mut given = Vec::new();
        part.iter().for_each(|(key, value)| {
            self.job.reduce_input.write(key, self.job.reducer_reads(value), &mut given);
        });
        let printed = self.through(kind, command, partition, None, &given)?;
        // As in Hadoop, what a reducer without input prints is thrown away.
        let printed = if part.is_empty() { &[] } else { printed.as_slice() };
        self.job
            .reduce_output
            .cut(printed, true, &mut |key: &[u8], value: &[u8]| each(Some(key), Some(value)))
            .map(drop)
    }

    /// What a command prints when it is given these bytes.
    fn through(
        &self,
        kind: TaskKind,
        command: &Command,
        index: u32,
        input: Option<TaskInput>,
        given: &[u8],
    ) -> Result<Vec<u8>> {
        let workspace = self.place.workspace(kind, &Attempt { index, number: 0, input })?;
        let failed = |ending: Ending| {
            let given = Given { bytes: given.len() as u64, tail: given.to_vec(), ..Given::default() };
            failure(&failure::Attempt::new(command, &workspace), ending, &given)
        };
        let started = workspace.process(command).and_then(|process| {
            spawn(process, |process| {
                process.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
            })
        });
        let mut child = started.map_err(|cause| failed(Ending::Start(cause)))?;
        let (mut stdin, mut stdout) = (child.stdin.take(), child.stdout.take());
        let mut printed = Vec::new();
        let (fed, heard) = thread::scope(|scope| {
            let feeding = scope.spawn(move || stdin.as_mut().map_or(Ok(()), |stdin| stdin.write_all(given)));
            let heard = stdout.as_mut().map_or(Ok(0), |stdout| stdout.read_to_end(&mut printed));
            (feeding.join().unwrap_or_else(|_| Err(io::Error::other("the thread that feeds it panicked"))), heard)
        });
        let status = child.wait().and_then(|status| heard.map(|_| status));
        let status = status.map_err(|error| Error::user(format!("cannot hear `{}`: {error}", command.shown)))?;
        match fed {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Err(failed(Ending::Deaf(status))),
            Err(error) => return Err(Error::user(format!("cannot write to `{}`: {error}", command.shown))),
            Ok(()) => {}
        }
        if status.success() || !self.place.rules(kind).status_counts {
            workspace.keep_side_files()?;
            return Ok(printed);
        }
        Err(failed(Ending::Status(status)))
    }
}
