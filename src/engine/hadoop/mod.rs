//! Runs the tasks of a job on YARN, by Hadoop's own Streaming.
//!
//! ```text
//! staging directory, in the cluster's file system
//!     twinmill              this program
//!     in-0/00000            the packs of a job's splits: SequenceFiles, one a map task. They have the bytes of inputs that lie on
//!                           this machine; a task itself reads those that lie in the cluster
//!     job-1/part-00000      what a task has left: a SequenceFile, too
//! ```
//!
//! 1. Everything goes through the user's own [`hadoop` command](client): its settings, its queue, its ticket.
//! 2. A stage is one Streaming job. Its mapper and reducer are `twinmill task …`; records travel as raw bytes, in sorted blocks
//!    behind a [token](crate::runtime::apart::token) by which Hadoop's `BinaryPartitioner` finds the reducer.
//! 3. A task reads HDFS with the settings that YARN gives its containers (`HADOOP_CONF_DIR`), as the user who submits: by the
//!    tokens of the job, or without Kerberos by name.
//! 4. Datasets stay in the cluster's file system and are the input of the next job; parts are fetched. Both are SequenceFiles of
//!    raw bytes: Streaming's lines of text would end at a CR, and get a TAB.
//! 5. Progress, counters and errors are read from what the command [prints](console), and the times of tasks from the
//!    [history server](history).

pub(crate) mod client;
mod console;
mod history;

use std::collections::{BTreeMap, HashMap};
use std::env;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use nix::unistd::{User, geteuid};

use crate::cancel::CancelToken;
use crate::engine::hadoop::client::Client;
use crate::engine::hadoop::console::Console;
use crate::engine::hadoop::history::Asked;
use crate::engine::options::EngineOptions;
use crate::engine::program;
use crate::engine::task_files::{BUFFER_BYTES, unpack};
use crate::engine::transfer::Transfer;
use crate::error::{Error, Result};
use crate::observe::activity::lock;
use crate::observe::counters::Counters;
use crate::observe::report::Report;
use crate::record::sequence_file;
use crate::runtime::apart::engine::{Engine, Leaves, SplitSource, Stage, StageResult};
use crate::runtime::apart::pack::Pack;
use crate::runtime::apart::summary::{self, TaskSummary};
use crate::store::InDepot;
use crate::store::wire::Depot;

/// Options that are no properties of Hadoop.
const STAGING: &str = "staging";
const STREAMING_JAR: &str = "streaming-jar";
const TASK_MEMORY: &str = "task-memory";
const HISTORY: &str = "history";

/// The variable that names the user without Kerberos.
const USER: &str = "HADOOP_USER_NAME";

/// Files of the cluster's file system that every task finds in its working directory, by the names after `#`.
const CACHE_FILES: &str = "mapreduce.job.cache.files";

/// Properties of every job. Those that a user gives come after them.
const PROPERTIES: &[(&str, &str)] = &[
    ("stream.map.input", "rawbytes"),
    ("stream.map.output", "rawbytes"),
    ("stream.reduce.input", "rawbytes"),
    ("stream.reduce.output", "rawbytes"),
    ("mapreduce.partition.binarypartitioner.left.offset", "0"),
    ("mapreduce.partition.binarypartitioner.right.offset", "3"),
    // A file is the split of one map task.
    ("mapreduce.input.fileinputformat.split.minsize", "9223372036854775807"),
    ("mapreduce.output.fileoutputformat.compress", "false"),
    // With Hadoop's own, a job fails when a NodeManager dies whose map tasks have ended: the ApplicationMaster waits for three
    // minutes for it, and its state machine does not know what comes meanwhile.
    ("yarn.client.nodemanager-connect.max-wait-ms", "1000"),
    ("yarn.client.nodemanager-connect.retry-interval-ms", "200"),
];

/// Runs tasks on YARN.
#[derive(Debug)]
pub(crate) struct Hadoop {
    client: Client,
    /// The local directory.
    dir: PathBuf,
    /// The directory in the cluster's file system.
    staging: String,
    job: String,
    task_memory: String,
    /// Properties that the user gave.
    properties: Vec<(String, String)>,
    /// Whether the history server is asked for the tasks.
    asks_history: bool,
    transfer: Transfer,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The directories of packs in the cluster's file system, by the keys of the packs.
    packs: HashMap<Vec<String>, String>,
    /// Where the partitions of datasets lie: in the cluster's file system, and here.
    depot: BTreeMap<InDepot, (String, PathBuf)>,
    /// Whether the staging directory was made, with the program in it, or was about to be.
    is_staged: bool,
    applications: Vec<String>,
    histories: Vec<Asked>,
}

impl Hadoop {
    /// An engine that keeps its local files in `dir`, for a run whose report is read or not.
    ///
    /// # Errors
    /// [`Error::Config`] where there is no `hadoop` command, or an option is not known or has no such value.
    pub fn new(dir: PathBuf, job: &str, options: &EngineOptions, is_reported: bool) -> Result<Self> {
        let own = [STAGING, STREAMING_JAR, TASK_MEMORY, HISTORY];
        let given = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
        let properties: Vec<_> = options.iter().filter(|(key, _)| !own.contains(key)).map(given).collect();
        if let Some((key, _)) = properties.iter().find(|(key, _)| !key.contains('.')) {
            let own = own.join(", ");
            return Err(Error::Config(format!(
                "engine hadoop has no --engine-option {key}; it takes {own}, and properties of Hadoop such as \
                 mapreduce.job.queuename"
            )));
        }
        let has_history = match options.get(HISTORY) {
            None | Some("yes") => true,
            Some("no") => false,
            Some(other) => return Err(Error::Config(format!("--engine-option {HISTORY} is yes or no, not {other:?}"))),
        };
        let client = Client::find(options.get(STREAMING_JAR))?;
        let name = dir.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let parent = options.get(STAGING).unwrap_or("/tmp").trim_end_matches('/');
        Ok(Hadoop {
            client,
            dir,
            staging: format!("{parent}/{name}"),
            job: job.to_owned(),
            task_memory: options.get(TASK_MEMORY).unwrap_or("128MiB").to_owned(),
            properties,
            asks_history: is_reported && has_history,
            transfer: Transfer::default(),
            state: Mutex::default(),
        })
    }

    /// Brings the packs of a stage, and once the program, into the cluster's file system; returns the inputs of the job.
    fn upload(&self, stage: &Stage<'_>) -> Result<Vec<String>> {
        let mut state = lock(&self.state);
        let (mut keys, mut inputs) = (Vec::new(), Vec::new());
        for split in &stage.splits {
            match &split.source {
                SplitSource::Pack { key, .. } => keys.push(key.clone()),
                SplitSource::InDepot(place) => {
                    let (path, _) = state.depot.get(place).ok_or_else(|| lost(*place))?;
                    inputs.push(path.clone());
                }
            }
        }
        // What is to be sent lies here as it will lie there: each command is a JVM that starts, so all goes by one.
        let outbox = self.dir.join("staging");
        let mut packs = None;
        if !state.is_staged {
            fs::create_dir(&outbox).map_err(Error::at("create", &outbox))?;
            let file = outbox.join("twinmill");
            std::os::unix::fs::symlink(program::file()?, &file).map_err(Error::at("link", &file))?;
        }
        if !keys.is_empty() {
            let next = format!("in-{}", state.packs.len());
            if let Some(path) = state.packs.get(&keys) {
                inputs.push(path.clone());
            } else {
                let dir = outbox.join(&next);
                self.write_packs(stage, &dir)?;
                packs = Some(dir);
                let path = format!("{}/{next}", self.staging);
                inputs.push(path.clone());
                state.packs.insert(keys, path);
            }
        }
        if !state.is_staged {
            state.is_staged = true;
            self.client.put_new(&outbox, &self.staging, stage.cancel)?;
        } else if let Some(packs) = &packs {
            self.client.fs(&["-put", &packs.display().to_string(), &self.staging], stage.cancel)?;
        }
        if let Some(packs) = packs {
            fs::remove_dir_all(&packs).map_err(Error::at("remove", &packs))?;
        }
        Ok(inputs)
    }

    fn write_packs(&self, stage: &Stage<'_>, dir: &Path) -> Result<()> {
        fs::create_dir(dir).map_err(Error::at("create", dir))?;
        for (number, split) in (0..).zip(&stage.splits) {
            if let SplitSource::Pack { .. } = split.source {
                let path = dir.join(format!("{number:05}"));
                let file = File::create_new(&path).map_err(Error::at("create", &path))?;
                let mut out = BufWriter::with_capacity(BUFFER_BYTES, file);
                sequence_file::begin(&mut out).map_err(Error::at("write", &path))?;
                let mut records = IntoSequenceFile { out: &mut out, pending: Vec::new() };
                (stage.pack)(number, &mut records)?;
                out.flush().map_err(Error::at("write", &path))?;
            }
        }
        Ok(())
    }

    /// The command that submits a stage.
    fn command(&self, stage: &Stage<'_>, plan: &Path, inputs: &[String], output: &str) -> Command {
        let mut command = self.client.streaming();
        let mut property = |key: &str, value: &str| {
            command.arg("-D").arg(format!("{key}={value}"));
        };
        let name = if stage.name == stage.program {
            stage.name.to_owned()
        } else {
            format!("{} {}", stage.program, stage.name)
        };
        property("mapreduce.job.name", &format!("twinmill {name} {}", stage.job));
        property("mapreduce.job.reduces", &stage.reducers.to_string());
        PROPERTIES.iter().for_each(|(key, value)| property(key, value));
        // Files of the cluster's file system: a path without that one's name would be a local one with `-files`.
        let mut files = vec![format!("{}/twinmill#twinmill", self.staging)];
        let state = lock(&self.state);
        for place in &stage.side {
            if let Some((path, _)) = state.depot.get(place) {
                files.push(format!("{path}#{}", place.file_name()));
            }
        }
        drop(state);
        for (key, value) in &self.properties {
            if key == CACHE_FILES {
                files.push(value.clone());
            } else {
                property(key, value);
            }
        }
        property(CACHE_FILES, &files.join(","));
        command.arg("-files").arg(format!("{}#plan", plan.display()));
        command.args(["-inputformat", "org.apache.hadoop.mapred.SequenceFileInputFormat"]);
        command.args(["-outputformat", "org.apache.hadoop.mapred.SequenceFileOutputFormat"]);
        command.args(["-partitioner", "org.apache.hadoop.mapred.lib.BinaryPartitioner"]);
        if let Some(user) = user() {
            // A container's processes may belong to another one, such as the user of the NodeManager.
            command.arg("-cmdenv").arg(format!("{USER}={user}"));
        }
        for input in inputs {
            command.arg("-input").arg(input);
        }
        command.arg("-output").arg(output);
        let (job, memory) = (&self.job, &self.task_memory);
        let task = |side: &str, form: &str| {
            format!("./twinmill task {side} {job} --plan plan --pack --task-memory {memory}{form}")
        };
        let form = " --blocks --partition-token";
        if stage.reducers == 0 {
            command.args(["-mapper", &task("map", ""), "-reducer", "NONE"]);
        } else {
            command.args(["-mapper", &task("map", form), "-reducer", &task("reduce", form)]);
        }
        command
    }

    /// Fetches what the tasks of a stage have left, and looks at it.
    fn collect(&self, stage: &Stage<'_>, output: &str) -> Result<Vec<(TaskSummary, Option<PathBuf>)>> {
        let dir = self.dir.join(format!("job-{}", stage.job));
        self.client.fs(&["-get", output, &dir.display().to_string()], stage.cancel)?;
        let mut found = BTreeMap::new();
        for entry in fs::read_dir(&dir).map_err(Error::at("read", &dir))? {
            let path = entry.map_err(Error::at("read", &dir))?.path();
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if !name.starts_with("part-") {
                continue;
            }
            let (summary, file) = match stage.leaves {
                Leaves::Dataset => {
                    let (summary, _) = Pack::of_output(&path)?;
                    let place = InDepot { job: stage.job, partition: summary.task };
                    lock(&self.state).depot.insert(place, (format!("{output}/{name}"), path));
                    (summary, None)
                }
                Leaves::Parts => {
                    let (summary, part) = unpack(&path)?;
                    (summary, Some(part))
                }
            };
            found.insert(summary.task, (summary, file));
        }
        let wanted = if stage.reducers == 0 { stage.splits.len() } else { stage.reducers as usize };
        if found.len() != wanted || found.keys().zip(0..).any(|(number, wanted)| *number != wanted) {
            return Err(Error::user(format!("{output} has the output of {} tasks of {wanted}", found.len())));
        }
        Ok(found.into_values().collect())
    }
}

/// The user that jobs run for without Kerberos; `None` where the name is no word.
fn user() -> Option<String> {
    let named = env::var(USER).ok().filter(|name| !name.is_empty());
    let user = named.or_else(|| User::from_uid(geteuid()).ok().flatten().map(|user| user.name));
    user.filter(|name| !name.contains(char::is_whitespace))
}

fn lost(place: InDepot) -> Error {
    let InDepot { job, partition } = place;
    Error::user(format!("partition {partition} of the dataset of job {job} is not in the cluster's file system"))
}

impl Engine for Hadoop {
    fn run(&self, stage: &Stage<'_>) -> Result<StageResult> {
        let plan = self.dir.join(format!("plan-{}", stage.job));
        fs::write(&plan, stage.plan).map_err(Error::at("write", &plan))?;
        let inputs = self.transfer.time(|| self.upload(stage))?;
        let output = format!("{}/job-{}", self.staging, stage.job);
        let bytes = stage.splits.iter().map(|split| split.bytes).sum();
        stage.progress.begin_wave(stage.name, "map", stage.splits.len() as u64, bytes);
        let mut console = Console::new(stage);
        let mut command = self.command(stage, &plan, &inputs, &output);
        let outcome = self.client.submit(&mut command, &mut console, stage.cancel);
        if let Some(application) = &console.application {
            let mut state = lock(&self.state);
            state.applications.push(application.clone());
            if self.asks_history {
                let asked = Asked::begin(&self.client, application, stage.job, stage.epoch, stage.cancel);
                state.histories.push(asked);
            }
        }
        outcome?;
        let outputs = self.transfer.time(|| self.collect(stage, &output))?;
        let mut result = StageResult { outputs, ..StageResult::default() };
        if stage.reducers > 0 {
            result.maps.push(map_side(stage, &console, &result.outputs));
        }
        Ok(result)
    }

    fn tell(&self, report: &mut Report) {
        self.transfer.tell(report);
        let mut state = lock(&self.state);
        report.notes.push(format!("tasks ran on YARN: {}", state.applications.join(", ")));
        for asked in state.histories.drain(..) {
            match asked.tasks() {
                Ok(tasks) => report.tasks.extend(tasks),
                Err(sentence) => report.notes.push(sentence),
            }
        }
    }
}

/// The counts of all map tasks together, from the job's counters: those of the job's own code without what reducers counted.
fn map_side(stage: &Stage<'_>, console: &Console, outputs: &[(TaskSummary, Option<PathBuf>)]) -> TaskSummary {
    let mut counters = serde_json::to_value(Counters::default()).unwrap_or_default();
    for (name, n) in console.group(summary::GROUP_MAP) {
        if let Some(counter) = counters.get_mut(name) {
            *counter = (*n as u64).into();
        }
    }
    let mut of_all = TaskSummary { job: stage.job, ..TaskSummary::default() };
    of_all.counters = serde_json::from_value(counters).unwrap_or_default();
    for (group, names) in console.groups() {
        let is_aggregate = group == summary::GROUP_AGGREGATES;
        for (name, n) in names {
            let of_reducers = |(summary, _): &(TaskSummary, Option<PathBuf>)| -> u64 {
                if is_aggregate {
                    return summary.user.aggregates.iter().filter(|(known, _)| known == name).map(|(_, n)| *n).sum();
                }
                let own = summary.user.counters.iter().filter(|(of, known, _)| of == group && known == name);
                own.fold(0, |sum, (_, _, n)| sum.wrapping_add(*n))
            };
            let reduced = outputs.iter().map(of_reducers).fold(0u64, u64::wrapping_add);
            let mapped = (*n as u64).wrapping_sub(reduced);
            if is_aggregate {
                of_all.user.aggregates.push((name.clone(), mapped));
            } else if !console::is_of_hadoop(group) {
                of_all.user.counters.push((group.clone(), name.clone(), mapped));
            }
        }
    }
    of_all
}

impl Depot for Hadoop {
    fn open(&self, place: InDepot) -> Result<(Box<dyn Read + Send>, PathBuf)> {
        let path = lock(&self.state).depot.get(&place).map(|(_, path)| path.clone()).ok_or_else(|| lost(place))?;
        let (_, pack) = Pack::of_output(&path)?;
        Ok((Box::new(pack), path))
    }
}

impl Drop for Hadoop {
    fn drop(&mut self) {
        if !lock(&self.state).is_staged {
            return;
        }
        // What was cancelled is removed, too, so that nothing of a run is left behind.
        let _ = self.client.fs(&["-rm", "-r", "-f", "-skipTrash", &self.staging], &CancelToken::default());
    }
}

/// Turns records of raw bytes, as a pack is written, into those of a SequenceFile.
struct IntoSequenceFile<'a, W> {
    out: &'a mut W,
    /// Bytes of a record that is not complete.
    pending: Vec<u8>,
}

impl<W: Write> Write for IntoSequenceFile<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pending.extend_from_slice(bytes);
        let mut at = 0;
        while let Some((key, value, end)) = record(&self.pending, at) {
            sequence_file::write(self.out, key, value)?;
            at = end;
        }
        self.pending.drain(..at);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// The record of raw bytes that begins at `at`, and its end, if it is complete.
fn record(bytes: &[u8], at: usize) -> Option<(&[u8], &[u8], usize)> {
    let part = |at: usize| {
        let (len, rest) = bytes.get(at..)?.split_first_chunk::<4>()?;
        let len = u32::from_be_bytes(*len) as usize;
        Some((rest.get(..len)?, at + 4 + len))
    };
    let (key, at) = part(at)?;
    let (value, at) = part(at)?;
    Some((key, value, at))
}
