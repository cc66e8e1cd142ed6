//! `twinmill task map|reduce JOB`: one task of a job, from standard input to standard output.
//!
//! Counters and progress go to standard error in the words of Hadoop's Streaming.

use std::env;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use crate::Session;
use crate::cli::args::{StdinForm, TaskArgs};
use crate::cli::options::TaskOptions;
use crate::cli::{default_input, private_directory};
use crate::input::{InputFile, View, list_files};
use crate::measure::failure::Failure;
use crate::measure::running::supervisor::Supervisor;
use crate::quantity::ByteSize;
use crate::record::raw_bytes;
use crate::runtime::apart::one_task::{MapInput, OneTask, OutputForm, ShuffleForm, Side};
use crate::runtime::apart::pack::{Head, Pack};
use crate::runtime::apart::plan::TaskPlan;
use crate::runtime::apart::role::Role;
use crate::runtime::apart::summary::{GROUP_AGGREGATES, GROUP_MAP, GROUP_REDUCE, TaskSummary};
use crate::store::InDepot;

const BUFFER_BYTES: usize = 256 << 10;
/// Time between two signs of life; Hadoop waits for ten minutes.
const BETWEEN_SIGNS: Duration = Duration::from_secs(10);

/// What a program without a plan is told that looks at its inputs.
const NO_LOOK: &str = "this job looks at its whole input before its first task, and this task has only its own part: name the \
                       whole input with --input, or let an engine make a --plan (`run JOB --engine …`)";

/// Adds the words that the plan of a task brings to its command line.
///
/// # Errors
/// Those of reading the plan.
pub fn with_words_of_plan(mut words: Vec<OsString>) -> Result<Vec<OsString>, Failure> {
    if words.get(1).is_none_or(|word| word != "task") {
        return Ok(words);
    }
    let at = words.iter().position(|word| word == "--plan").map(|at| words.get(at + 1).cloned());
    let joined = || words.iter().find_map(|word| word.to_str()?.strip_prefix("--plan=").map(OsString::from));
    if let Some(path) = at.unwrap_or_else(joined) {
        words.extend(TaskPlan::open(Path::new(&path))?.words());
    }
    Ok(words)
}

/// Runs a task.
///
/// # Errors
/// Any failure of it; a task that failed has written a part of its output at most.
pub fn task(options: TaskOptions<'_>) -> Result<(), Failure> {
    let TaskOptions { task, is_map, args, config } = options;
    config.validate()?;
    let mut supervisor = Supervisor::start()?;
    let mut session = Session::new(config);
    let cancel = session.cancel.clone();
    let scratch = private_directory::create(&session.config.work_dir, "twinmill-task-")?;
    let summary = supervisor.run(&cancel, || {
        let (one, inputs) = prepare(&args, is_map, &task.inputs, scratch.path(), &mut session)?;
        let inputs = match inputs {
            Some(inputs) => inputs,
            // The same one that a run is given.
            None => default_input::resolve(&task, true, &session.cancel)?,
        };
        let one = Arc::new(one);
        session.role = Role::Task(one.clone());
        let outcome = with_signs_of_life(&session, is_map, || task.job.run(&task.options, &inputs, &session));
        match (one.summary(), outcome) {
            (Some(summary), _) => Ok(summary),
            (None, Err(error)) => Err(error.into()),
            (None, Ok(_)) => {
                let (name, job) = (task.job.name(), one.job);
                Err(Failure::failed(format!("{name} ended without a job {job}; is this its plan?")))
            }
        }
    })?;
    report(&summary, is_map, &mut io::stderr().lock()).map_err(Failure::at("write", Path::new("standard error")))?;
    if let Some(path) = &args.summary {
        let json = serde_json::to_vec(&summary).expect("a summary has no keys but strings");
        std::fs::write(path, json).map_err(Failure::at("write", path))?;
    }
    Ok(())
}

/// Makes the task of the arguments, and brings its input here; returns the inputs of the program, if they are known.
fn prepare(
    args: &TaskArgs,
    is_map: bool,
    given: &[PathBuf],
    scratch: &Path,
    session: &mut Session,
) -> Result<(OneTask, Option<Vec<PathBuf>>), Failure> {
    let memory = args.task_memory.0;
    let output: Box<dyn Write + Send> = Box::new(BufWriter::with_capacity(BUFFER_BYTES, io::stdout()));
    let form = if args.pack { OutputForm::Pack } else { OutputForm::Part };
    let shuffle = ShuffleForm { token: args.partition_token, blocks: args.blocks, output: form };
    let plan = args.plan.as_deref().map(TaskPlan::open).transpose()?;
    if !is_map {
        let side = Side::Reduce { from: shuffle, input: stdin(), output, form };
        let number = partition(args)?;
        let Some(plan) = plan else {
            let inputs = if given.is_empty() { blind(session, scratch)? } else { given.to_vec() };
            return Ok((OneTask::without_plan(number, memory, side), Some(inputs)));
        };
        let brought = plan.bring(scratch, &session.cancel, |_| Ok(()))?;
        return Ok(of_plan(brought, number, memory, None, side, session));
    }
    let map = |from| match args.parse {
        true => Side::Parse { from, output },
        false => Side::Map { from, to: shuffle, output },
    };
    if let Some(split) = args.split {
        if plan.is_some() {
            return Err(Failure::Message("--split reads the files of --input, and a --plan brings its own".into(), 2));
        }
        let inputs = (!given.is_empty()).then(|| given.to_vec());
        return Ok((OneTask::without_plan(split, memory, map(MapInput::Here(split))), inputs));
    }
    if !args.pack {
        let number = args.partition.unwrap_or_else(|| hadoop_number("mapreduce_task_partition").unwrap_or(0));
        let file = spool(args.from, scratch)?;
        let side = map(MapInput::File { file, input: args.as_input });
        let Some(plan) = plan else {
            let inputs = if given.is_empty() { blind(session, scratch)? } else { given.to_vec() };
            return Ok((OneTask::without_plan(number, memory, side), Some(inputs)));
        };
        let brought = plan.bring(&scratch.join("replicas"), &session.cancel, |_| Ok(()))?;
        return Ok(of_plan(brought, number, memory, None, side, session));
    }
    let plan = plan.ok_or_else(|| Failure::Message("--pack needs the --plan that it belongs to".into(), 2))?;
    let (head, pack) = Pack::open(BufReader::with_capacity(BUFFER_BYTES, stdin()))?;
    if args.parse && !matches!(head, Head::Split { .. }) {
        return Err(Failure::Message("--parse reads a split of files, and this is none".into(), 2));
    }
    let (number, from, piped) = match head {
        Head::Own { split } => (split, MapInput::Here(split), None),
        Head::Split { split, input, pieces } => {
            let brought = plan.bring(scratch, &session.cancel, |replicas| pack.fill(replicas))?;
            return Ok(of_plan(brought, split, memory, None, map(MapInput::Pieces { input, pieces }), session));
        }
        Head::Parsed { split, input, parts } => {
            (split, MapInput::Parsed { input, parts, sent: Arc::new(pack.into_blocks()) }, None)
        }
        Head::Output(TaskSummary { job, task, .. }) => {
            let place = InDepot { job, partition: task };
            (task, MapInput::Dataset(place), Some((place, Box::new(pack) as Box<dyn Read + Send>)))
        }
    };
    let brought = plan.bring(scratch, &session.cancel, |_| Ok(()))?;
    Ok(of_plan(brought, number, memory, piped, map(from), session))
}

fn of_plan(
    brought: crate::runtime::apart::plan::Brought,
    number: u32,
    memory: u64,
    piped: Option<(InDepot, Box<dyn Read + Send>)>,
    side: Side,
    session: &mut Session,
) -> (OneTask, Option<Vec<PathBuf>>) {
    brought.settings.give(&mut session.config);
    session.inputs = session.inputs.seen_as(View::Shipped(brought.shipped.clone()));
    let inputs = brought.inputs.clone();
    (OneTask::of_plan(brought, number, memory, piped, side), Some(inputs))
}

/// The input of a program that is not told any: an empty file, at which it may not look.
fn blind(session: &mut Session, scratch: &Path) -> Result<Vec<PathBuf>, Failure> {
    session.inputs = session.inputs.seen_as(View::Blind(NO_LOOK));
    let path = scratch.join("no-input");
    File::create(&path).map_err(Failure::at("create", &path))?;
    Ok(vec![path])
}

fn stdin() -> Box<dyn Read + Send> {
    Box::new(io::stdin())
}

/// A number that Hadoop tells a task.
fn hadoop_number(name: &str) -> Option<u32> {
    env::var(name).ok()?.parse().ok()
}

fn partition(args: &TaskArgs) -> Result<u32, Failure> {
    let told = args.partition.or_else(|| hadoop_number("mapreduce_task_partition"));
    match (told, args.common.reducers) {
        (Some(number), _) => Ok(number),
        (None, 1) => Ok(0),
        (None, reducers) => Err(Failure::Message(
            format!("a reduce task needs --partition, a number below the {reducers} --reducers"),
            2,
        )),
    }
}

/// Copies standard input to a file, which may be read more than once.
fn spool(form: StdinForm, scratch: &Path) -> Result<InputFile, Failure> {
    let path = scratch.join("stdin");
    let mut file = File::create_new(&path).map_err(Failure::at("create", &path))?;
    let input = Path::new("standard input");
    match form {
        StdinForm::Bytes => drop(io::copy(&mut stdin(), &mut file).map_err(Failure::at("copy", input))?),
        StdinForm::RawBytes => {
            let (mut input, mut out) = (BufReader::with_capacity(BUFFER_BYTES, stdin()), BufWriter::new(&mut file));
            let (mut key, mut value) = (Vec::new(), Vec::new());
            let name = Path::new("standard input");
            while raw_bytes::read(&mut input, &mut key).map_err(Failure::at("read", name))? {
                if !raw_bytes::read(&mut input, &mut value).map_err(Failure::at("read", name))? {
                    return Err(Failure::failed("standard input ends behind a key that has no value"));
                }
                out.write_all(&value).map_err(Failure::at("write", &path))?;
            }
            out.flush().map_err(Failure::at("write", &path))?;
        }
    }
    drop(file);
    let name = env::var_os("mapreduce_map_input_file").unwrap_or_else(|| "standard input".into());
    let listed = list_files(std::slice::from_ref(&path))?;
    let file = listed.into_iter().next().ok_or_else(|| Failure::failed("the copy of standard input is gone"))?;
    Ok(InputFile { called: Some(Path::new(&name).into()), ..file })
}

/// Does `work`, and says now and then how far it is, so that Hadoop does not believe that it hangs.
fn with_signs_of_life<T: Send>(session: &Session, is_map: bool, work: impl FnOnce() -> T + Send) -> T {
    let (done, ended) = sync_channel::<()>(0);
    thread::scope(|scope| {
        let progress = session.progress.clone();
        let sign = move || {
            while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(BETWEEN_SIGNS) {
                let bytes = progress.snapshot().map_or(0, |(_, bytes, _)| bytes);
                let side = if is_map { "map" } else { "reduce" };
                eprintln!("reporter:status:{side} {}", ByteSize(bytes));
            }
        };
        // A task without it is slower to be noticed, and no worse.
        let _ = thread::Builder::new().name("twinmill-signs".into()).spawn_scoped(scope, sign);
        let result = work();
        drop(done);
        result
    })
}

/// Reports the counts of a task, in the words of Hadoop's Streaming.
fn report(summary: &TaskSummary, is_map: bool, out: &mut impl Write) -> io::Result<()> {
    let mut count = |group: &str, name: &str, n: u64| {
        let plain = |text: &str| text.replace([',', '\n'], "_");
        // What was taken away was added as its two's complement.
        if n == 0 { Ok(()) } else { writeln!(out, "reporter:counter:{},{},{}", plain(group), plain(name), n as i64) }
    };
    let counters = serde_json::to_value(&summary.counters).unwrap_or_default();
    for (name, value) in counters.as_object().into_iter().flatten() {
        count(if is_map { GROUP_MAP } else { GROUP_REDUCE }, name, value.as_u64().unwrap_or(0))?;
    }
    for (group, name, n) in &summary.user.counters {
        count(group, name, *n)?;
    }
    for (name, n) in &summary.user.aggregates {
        count(GROUP_AGGREGATES, name, *n)?;
    }
    writeln!(out, "reporter:status:done")
}
