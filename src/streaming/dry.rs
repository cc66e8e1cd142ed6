//! A job as a shell would run it: `cat INPUT | MAPPER | sort | REDUCER`, one program after another.
//!
//! The programs have the environment and the directory that they have in a job, but belong to the terminal's group, and their
//! standard error is a terminal where ours is one: so a debugger that opens `/dev/tty` works in them, and Ctrl-C reaches all of
//! them. However the run ends, they end with it. All of the input is one map task, and records are held in memory.

use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal, Read, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdin, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::cancel::CancelToken;
use crate::error::{Error, Result};
use crate::input::{LineBlocks, OpenFiles};
use crate::job::TaskInput;
use crate::runtime::session::Session;
use crate::streaming::again::TaskBytes;
use crate::streaming::failure::{self, Ending, Given, failure};
use crate::streaming::job::{Command, MapInput, MapStep, ReduceStep, StreamJob};
use crate::streaming::mapper::{class_map, convert};
use crate::streaming::place::Place;
use crate::streaming::process::{in_pipe, other_end, spawn};
use crate::streaming::reach::{Origin, Reach};
use crate::streaming::records::Form;
use crate::streaming::reducer::Runs;
use crate::streaming::role::{Attempt, TaskKind};
use crate::streaming::strays::{self, Mark};
use crate::streaming::writable::Writable;

/// Time between two looks at the token.
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    pub input_records: u64,
    pub map_output_records: u64,
    pub output_records: u64,
}

/// Bytes of input from one place that is noted to the next.
const BETWEEN_ORIGINS: u64 = 1 << 20;

/// The file and the offset of a record.
type RecordPlace<'a> = (&'a Path, u64);

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
    /// Reads the records of the inputs, each with its place; tells how many there are.
    fn read(
        &self,
        inputs: &[PathBuf],
        each: &mut impl FnMut(RecordPlace<'_>, Writable<'_>, Writable<'_>) -> Result<()>,
    ) -> Result<u64> {
        let mut records = 0;
        match &self.job.input {
            MapInput::Records(reading) => self.session.inputs.scan::<OpenFiles>(inputs, |mut file| {
                let path: Arc<Path> = file.path().into();
                reading.each(&mut file, |offset, key, value| {
                    records += 1;
                    self.session.cancel.check()?;
                    each((&path, offset), key, value)
                })?;
                Ok(ControlFlow::Continue(()))
            })?,
            input => self.session.inputs.scan::<LineBlocks>(inputs, |block| {
                self.session.cancel.check()?;
                for (at, line) in block.lines() {
                    let offset = block.offset() + at as u64;
                    let (key, value) = input.record(offset, line);
                    records += 1;
                    each((block.path(), offset), key, value)?;
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
                return self.read(inputs, &mut |_, key, value| {
                    key_bytes.clear();
                    value_bytes.clear();
                    key.write_java_string(&mut key_bytes);
                    value.write_java_string(&mut value_bytes);
                    class_map(class, (&key_bytes, &value_bytes), each)
                });
            }
        };
        let form = &self.job.map_input;
        let mut origins: Vec<Origin> = Vec::new();
        let records = self.read(inputs, &mut |(path, offset), key, value| {
            // Lines of a file that are given as they are lie one behind the other.
            let last = origins.last().filter(|last| *last.path == *path);
            if last.is_none_or(|last| given.len() as u64 - last.given >= BETWEEN_ORIGINS) {
                let path = last.map_or_else(|| path.into(), |last| last.path.clone());
                origins.push(Origin { given: given.len() as u64, path, offset });
            }
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
        let fed = Fed { kind: TaskKind::Map, index: 0, input: first, given: &given, origins };
        let printed = self.through(command, fed)?;
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
        let fed = Fed { kind, index: partition, input: None, given: &given, origins: Vec::new() };
        let printed = self.through(command, fed)?;
        // As in Hadoop, what a reducer without input prints is thrown away.
        let printed = if part.is_empty() { &[] } else { printed.as_slice() };
        self.job
            .reduce_output
            .cut(printed, true, &mut |key: &[u8], value: &[u8]| each(Some(key), Some(value)))
            .map(drop)
    }

    /// What a command prints when it is given these bytes.
    fn through(&self, command: &Command, fed: Fed<'_>) -> Result<Vec<u8>> {
        let Fed { kind, index, input, given, origins } = fed;
        let is_one = input.as_ref().is_some_and(|input| origins.iter().all(|origin| origin.path == input.path));
        let workspace = self.place.workspace(kind, &Attempt { index, number: 0, input })?;
        let failed = |ending: Ending, reach: Reach, last_words: Vec<String>| {
            let first = origins.first().filter(|first| is_one && reach.is_as_in_file(first));
            let task_bytes = match first {
                Some(first) => TaskBytes::File { first: first.offset, bytes: given.len() as u64 },
                None => TaskBytes::All,
            };
            failure(&failure::Attempt::new(command, &workspace), ending, &Given { reach, last_words, task_bytes })
        };
        let shows = io::stderr().is_terminal();
        let mut mark = Mark::default();
        let started = workspace.process(command).and_then(|process| {
            mark = Mark::of(&process);
            spawn(process, |process| {
                process.stdin(Stdio::piped()).stdout(Stdio::piped());
                process.stderr(if shows { Stdio::inherit() } else { Stdio::piped() });
            })
        });
        let mut child = started.map_err(|cause| failed(Ending::Start(cause), Reach::default(), Vec::new()))?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (id, cancel, is_over) = (child.id(), &self.session.cancel, AtomicBool::new(false));
        let mut printed = Vec::new();
        let (fed, heard, status, last_words) = thread::scope(|scope| {
            let feeding = scope.spawn(move || stdin.map(|stdin| feed(stdin, given)));
            let saying = stderr.map(|stderr| scope.spawn(move || pass_on(stderr)));
            let watching = scope.spawn(|| end_if_cancelled(id, &mark, cancel, &is_over));
            let heard = stdout.map_or(Ok(0), |mut stdout| stdout.read_to_end(&mut printed));
            // It is waited for only when nobody kills it any more, so that its id is its own.
            is_over.store(true, Ordering::Relaxed);
            let _ = watching.join();
            let status = wait(&mut child, cancel);
            strays::end(None, &mark, &[]);
            let fed = feeding.join().ok().flatten().unwrap_or_default();
            (fed, heard, status, saying.and_then(|saying| saying.join().ok()).unwrap_or_default())
        });
        if cancel.is_cancelled() {
            return Err(Error::Cancelled);
        }
        let status = status.and_then(|status| heard.map(|_| status));
        let status = status.map_err(|error| Error::user(format!("cannot hear `{}`: {error}", command.shown)))?;
        let reach = || Reach {
            origins: origins.clone(),
            bytes: fed.bytes,
            unread: fed.unread(),
            tail: given[..fed.bytes as usize].to_vec(),
        };
        match &fed.error {
            Some(error) if error.kind() == ErrorKind::BrokenPipe => {
                return Err(failed(Ending::Deaf(status), reach(), last_words));
            }
            Some(error) => return Err(Error::user(format!("cannot write to `{}`: {error}", command.shown))),
            None => {}
        }
        if status.success() || !self.place.rules(kind).status_counts {
            workspace.keep_side_files()?;
            return Ok(printed);
        }
        Err(failed(Ending::Status(status), reach(), last_words))
    }
}

/// What a command is given.
struct Fed<'a> {
    kind: TaskKind,
    /// Number of its task.
    index: u32,
    input: Option<TaskInput>,
    given: &'a [u8],
    /// Where the bytes come from.
    origins: Vec<Origin>,
}

/// What became of feeding a program.
#[derive(Debug, Default)]
struct Feeding {
    bytes: u64,
    error: Option<io::Error>,
    /// Where what it leaves unread is counted.
    rest: Option<File>,
}

impl Feeding {
    fn unread(&self) -> u64 {
        self.rest.as_ref().map_or(0, in_pipe)
    }
}

fn feed(mut stdin: ChildStdin, bytes: &[u8]) -> Feeding {
    let mut feeding = Feeding::default();
    while (feeding.bytes as usize) < bytes.len() {
        match stdin.write(&bytes[feeding.bytes as usize..]) {
            Ok(written) => feeding.bytes += written as u64,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => {
                feeding.error = Some(error);
                break;
            }
        }
    }
    feeding.rest = other_end(&stdin);
    feeding
}

/// Passes on what a program says, and returns its last lines.
fn pass_on(mut stderr: ChildStderr) -> Vec<String> {
    const KEPT: usize = 64 << 10;
    let (mut buffer, mut last) = ([0; 8 << 10], Vec::new());
    while let Ok(read @ 1..) = stderr.read(&mut buffer) {
        // Words that nobody reads any more are lost.
        let _ = io::stderr().write_all(&buffer[..read]);
        last.extend_from_slice(&buffer[..read]);
        last.drain(..last.len().saturating_sub(KEPT));
    }
    String::from_utf8_lossy(&last).lines().map(str::to_owned).collect()
}

/// Kills a program and what it began once the run is cancelled.
fn end_if_cancelled(id: u32, mark: &Mark, cancel: &CancelToken, is_over: &AtomicBool) {
    while !is_over.load(Ordering::Relaxed) {
        if cancel.is_cancelled() {
            let mut others = strays::below(id);
            others.push(id);
            return strays::end(None, mark, &others);
        }
        thread::sleep(BETWEEN_LOOKS);
    }
}

fn wait(child: &mut Child, cancel: &CancelToken) -> io::Result<ExitStatus> {
    let mut pause = Duration::from_micros(100);
    loop {
        if cancel.is_cancelled() {
            // This fails only where it has ended.
            let _ = child.kill();
        }
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        thread::sleep(pause);
        pause = (2 * pause).min(BETWEEN_LOOKS);
    }
}
