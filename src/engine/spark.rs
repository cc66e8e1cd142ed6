//! Runs tasks on Spark, by the user's own `spark-submit`.
//!
//! ```text
//! twinmill ── DIR/request-1.json ──▶ spark.py, a Spark program ── partitions of RDDs ──▶ twinmill task …, on workers
//!    ▲                                   │
//!    └──────── DIR/answer-1.json ────────┘
//! ```
//!
//! The Spark program is [`spark.py`](../../../src/engine/spark.py), which is in this program and is written to the
//! run's folder. It lives as long as the run, so a loop has one Spark context, and what it keeps between jobs stays in
//! RDDs: datasets, the parsed blocks of a loop's unchanging input, and other inputs that are read again. The mode
//! chooses their storage level: `MEMORY_ONLY` for memory, `DISK_ONLY` for disk, so that Spark itself is seen in both
//! ways. Its shuffle always goes through files, as Spark's does.
//!
//! Workers must see the run's folder under the same name: they read the packs of map tasks there, and leave parts
//! there. It lies in `--work-dir`.

use std::env;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::cancel::CancelToken;
use crate::config::Mode;
use crate::engine::children::{Group, how, last_lines_of};
use crate::engine::options::EngineOptions;
use crate::engine::program;
use crate::engine::task_files::{Packs, unpack};
use crate::engine::transfer::Transfer;
use crate::error::{Error, Result};
use crate::observe::activity::lock;
use crate::observe::report::{Report, TaskReport};
use crate::quantity::ByteSize;
use crate::runtime::apart::engine::{Engine, Leaves, SplitSource, Stage, StageResult};
use crate::runtime::apart::pack::Pack;
use crate::runtime::apart::summary::TaskSummary;
use crate::store::InDepot;
use crate::store::wire::Depot;

const DRIVER: &str = include_str!("spark.py");
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);
/// Time that Spark has to end by itself.
const PATIENCE: Duration = Duration::from_secs(5);
/// Last lines of Spark's log that an error quotes.
const QUOTED_LINES: usize = 12;

/// The engine's own options; all others begin with `spark.` and go to `spark-submit` as `--conf`.
const SUBMIT: &str = "submit";
const TASK_MEMORY: &str = "task-memory";

/// Runs tasks on Spark.
#[derive(Debug)]
pub(crate) struct Spark {
    dir: PathBuf,
    program: PathBuf,
    job: String,
    level: &'static str,
    task_memory: Option<String>,
    driver: Mutex<Submitted>,
    packs: Packs,
    transfer: Transfer,
    /// Time until the Spark context was there.
    start_seconds: f64,
    /// Bytes that RDDs keep in memory and on disk.
    kept: Mutex<(u64, u64)>,
}

/// A Spark program that was submitted.
#[derive(Debug)]
struct Submitted {
    group: Group,
    dir: PathBuf,
    log: PathBuf,
    /// The number of the last request.
    requests: u32,
}

/// The answer to a job.
#[derive(Debug, Deserialize)]
struct Answer {
    maps: Vec<TaskSaid>,
    outputs: Vec<TaskSaid>,
    kept: (u64, u64),
}

/// What is known of a task that has succeeded; that of a part has its summary in the part's pack.
#[derive(Debug, Deserialize)]
struct TaskSaid {
    number: u32,
    attempt: u32,
    summary: Option<TaskSummary>,
}

/// The input of a map task, as it stands in a request.
#[derive(Serialize)]
#[serde(untagged)]
enum Source {
    /// A file; where it is to be parsed, its blocks are kept for later jobs.
    Pack {
        pack: PathBuf,
        parse: bool,
    },
    Dataset {
        job: u32,
        partition: u32,
    },
}

impl Spark {
    /// Submits the Spark program, and waits until its context is there.
    ///
    /// # Errors
    /// [`Error::Config`] for unknown options and where there is no `spark-submit`; Spark's own words where it does not
    /// start.
    pub fn start(dir: PathBuf, job: &str, mode: Mode, options: &EngineOptions, cancel: &CancelToken) -> Result<Self> {
        let known = |key: &str| key == SUBMIT || key == TASK_MEMORY || key.starts_with("spark.");
        if let Some((key, _)) = options.iter().find(|(key, _)| !known(key)) {
            let message = format!(
                "engine spark has no --engine-option {key}; it takes {SUBMIT}, {TASK_MEMORY}, and Spark's own properties, \
                 which begin with spark."
            );
            return Err(Error::Config(message));
        }
        let began = Instant::now();
        let packs = Packs::within(dir.join("packs"))?;
        let script = dir.join("spark.py");
        fs::write(&script, DRIVER).map_err(Error::at("write", &script))?;
        let program = program::file()?;
        let level = match mode {
            Mode::Memory => "MEMORY_ONLY",
            Mode::Disk => "DISK_ONLY",
        };
        let mut command = Command::new(submit_command(options)?);
        command.arg("--name").arg(format!("twinmill {job}")).arg("--files").arg(&program);
        for (key, value) in options.iter().filter(|(key, _)| key.starts_with("spark.")) {
            command.arg("--conf").arg(format!("{key}={value}"));
        }
        command.arg(&script).arg(&dir).arg(level).arg(std::process::id().to_string());
        let mut driver = Submitted::start(command, &dir)?;
        driver.answer(0, cancel)?;
        Ok(Spark {
            dir,
            program,
            job: job.to_owned(),
            level,
            task_memory: options.get(TASK_MEMORY).map(str::to_owned),
            driver: Mutex::new(driver),
            packs,
            transfer: Transfer::default(),
            start_seconds: began.elapsed().as_secs_f64(),
            kept: Mutex::default(),
        })
    }

    /// The job as a request.
    fn request(&self, stage: &Stage<'_>, folder: &Path) -> Result<Value> {
        let plan = folder.join(format!("plan-{}", stage.job));
        fs::write(&plan, stage.plan).map_err(Error::at("write", &plan))?;
        let source = |(number, source): (u32, &SplitSource)| -> Result<Source> {
            Ok(match source {
                SplitSource::Pack { key, is_parsed } => {
                    Source::Pack { pack: self.packs.path(stage, number, key)?, parse: *is_parsed }
                }
                SplitSource::InDepot(InDepot { job, partition }) => {
                    Source::Dataset { job: *job, partition: *partition }
                }
            })
        };
        let splits = (0..).zip(stage.splits.iter().map(|split| &split.source)).map(source);
        let splits: Vec<Source> = splits.collect::<Result<_>>()?;
        let memory = self.task_memory.iter().flat_map(|size| ["--task-memory".to_owned(), size.clone()]);
        Ok(json!({
            "do": "run",
            "job": stage.job,
            "name": self.job,
            "program": self.program.file_name().map(|name| name.to_string_lossy()),
            "options": memory.collect::<Vec<_>>(),
            "plan": plan,
            "folder": folder,
            "reducers": stage.reducers,
            "leaves": match stage.leaves {
                Leaves::Parts => "parts",
                Leaves::Dataset => "dataset",
            },
            "side": stage.side.iter().map(|InDepot { job, partition }| (job, partition)).collect::<Vec<_>>(),
            "splits": splits,
        }))
    }

    /// Says what the tasks ran on.
    fn note(&self) -> String {
        let (memory, disk) = *lock(&self.kept);
        let (start, level) = (self.start_seconds, self.level);
        let kept = match (memory, disk) {
            (0, 0) => String::new(),
            _ => format!("; it kept {} in memory and {} on disk", ByteSize(memory), ByteSize(disk)),
        };
        format!("tasks ran on Spark, whose context was there after {start:.1} s ({level}){kept}")
    }
}

/// The command that submits.
fn submit_command(options: &EngineOptions) -> Result<PathBuf> {
    const NAME: &str = "spark-submit";
    if let Some(given) = options.get(SUBMIT) {
        return Ok(given.into());
    }
    let of_home = env::var_os("SPARK_HOME").map(|home| Path::new(&home).join("bin").join(NAME));
    let in_path = env::var_os("PATH").unwrap_or_default();
    let in_path = env::split_paths(&in_path).map(|dir| dir.join(NAME)).collect::<Vec<_>>();
    in_path.into_iter().chain(of_home).find(|path| path.is_file()).ok_or_else(|| {
        let places = "put it into PATH, set SPARK_HOME, or name it with --engine-option submit=PATH";
        let trial = "for a Spark on this machine, run scripts/cluster/spark-up";
        Error::Config(format!("there is no {NAME}: {places}; {trial}"))
    })
}

impl Submitted {
    fn start(mut command: Command, dir: &Path) -> Result<Self> {
        let log = dir.join("spark.log");
        let said = File::create(&log).map_err(Error::at("create", &log))?;
        let also = said.try_clone().map_err(Error::at("open", &log))?;
        command.stdin(Stdio::null()).stdout(Stdio::from(said)).stderr(Stdio::from(also));
        Ok(Submitted { group: Group::start(&mut command)?, dir: dir.to_owned(), log, requests: 0 })
    }

    /// Asks for something, and waits for the answer.
    fn ask(&mut self, request: &Value, cancel: &CancelToken) -> Result<Value> {
        self.requests += 1;
        self.write(self.requests, request)?;
        self.answer(self.requests, cancel)
    }

    fn write(&self, number: u32, request: &Value) -> Result<()> {
        let path = self.dir.join(format!("request-{number}.json"));
        let partial = path.with_extension("partial");
        fs::write(&partial, request.to_string()).map_err(Error::at("write", &partial))?;
        fs::rename(&partial, &path).map_err(Error::at("rename", &partial))
    }

    /// Waits for an answer, and reads it.
    fn answer(&mut self, number: u32, cancel: &CancelToken) -> Result<Value> {
        let path = self.dir.join(format!("answer-{number}.json"));
        while !path.exists() {
            cancel.check()?;
            let ended = self.group.child().try_wait().map_err(Error::at("wait for", Path::new("spark-submit")))?;
            if let Some(status) = ended.filter(|_| !path.exists()) {
                let (how, said) = (how(status), last_lines_of(&self.log, QUOTED_LINES));
                return Err(Error::user(format!(
                    "Spark's program ended before the job did: {how}. It said:\n  {said}"
                )));
            }
            thread::sleep(BETWEEN_LOOKS);
        }
        let json = fs::read(&path).map_err(Error::at("read", &path))?;
        let answer: Value = serde_json::from_slice(&json).map_err(|error| unreadable(&path, &error))?;
        match answer["error"].as_str() {
            Some(error) => Err(Error::user(format!("on Spark: {error}"))),
            None => Ok(answer),
        }
    }
}

impl Drop for Submitted {
    /// Lets Spark end in order, for some time; what is left ends with the group.
    fn drop(&mut self) {
        self.requests += 1;
        // Where the folder is gone already, the program ends because of that.
        let _ = self.write(self.requests, &json!({ "do": "end" }));
        let asked = Instant::now();
        while asked.elapsed() < PATIENCE && matches!(self.group.child().try_wait(), Ok(None)) {
            thread::sleep(BETWEEN_LOOKS);
        }
    }
}

fn unreadable(path: &Path, error: &serde_json::Error) -> Error {
    Error::user(format!("{}: {error}", path.display()))
}

impl Engine for Spark {
    fn run(&self, stage: &Stage<'_>) -> Result<StageResult> {
        let folder = self.dir.join(format!("job{}", stage.job));
        fs::create_dir_all(&folder).map_err(Error::at("create", &folder))?;
        let (maps, bytes) = (stage.splits.len() as u64, stage.splits.iter().map(|split| split.bytes).sum());
        stage.progress.begin_wave(stage.name, "map", maps, bytes);
        let request = self.transfer.time(|| self.request(stage, &folder))?;
        let answer = lock(&self.driver).ask(&request, stage.cancel)?;
        let answer: Answer = serde_json::from_value(answer).map_err(|error| unreadable(&folder, &error))?;
        *lock(&self.kept) = answer.kept;
        let reported =
            |side, attempt, summary: &TaskSummary| TaskReport { attempt, ..stage.task_report(side, summary) };
        let mut result = StageResult::default();
        for said in answer.maps {
            let summary = said.summary.unwrap_or_default();
            result.tasks.push(reported("map", said.attempt, &summary));
            result.maps.push(summary);
        }
        let side = if stage.reducers == 0 { "map" } else { "reduce" };
        for said in answer.outputs {
            let (summary, file) = match said.summary {
                Some(summary) => (summary, None),
                None => {
                    let path = folder.join(format!("{side}-{:05}", said.number));
                    let (summary, part) = self.transfer.time(|| unpack(&path))?;
                    (summary, Some(part))
                }
            };
            result.tasks.push(reported(side, said.attempt, &summary));
            result.outputs.push((summary, file));
        }
        Ok(result)
    }

    fn tell(&self, report: &mut Report) {
        self.transfer.tell(report);
        report.notes.push(self.note());
    }
}

impl Depot for Spark {
    fn open(&self, place: InDepot) -> Result<(Box<dyn Read + Send>, PathBuf)> {
        let InDepot { job, partition } = place;
        let path = self.dir.join(format!("read-{job}-{partition}"));
        if !path.exists() {
            let request = json!({ "do": "read", "job": job, "partition": partition, "path": path });
            lock(&self.driver).ask(&request, &CancelToken::default())?;
        }
        let (_, pack) = Pack::of_output(&path)?;
        Ok((Box::new(pack), path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::options::parse;

    fn options(given: &[&str]) -> EngineOptions {
        EngineOptions(given.iter().map(|text| parse(text).unwrap()).collect())
    }

    /// Starts an engine whose `spark-submit` is a script for a shell.
    fn start(script: &str) -> (Result<Spark>, tempfile::TempDir) {
        use std::os::unix::fs::PermissionsExt;

        let dir = tempfile::tempdir().unwrap();
        let submit = dir.path().join("submit");
        fs::write(&submit, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&submit, fs::Permissions::from_mode(0o755)).unwrap();
        let options = options(&[&format!("submit={}", submit.display())]);
        (Spark::start(dir.path().join("run"), "job", Mode::Memory, &options, &CancelToken::default()), dir)
    }

    #[test]
    fn what_spark_does_not_know_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let options = options(&["spark.cores.max=2", "sparc.cores.max=2"]);
        let error = Spark::start(dir.path().into(), "job", Mode::Disk, &options, &CancelToken::default()).unwrap_err();
        assert!(
            matches!(&error, Error::Config(text) if text.contains("no --engine-option sparc.cores.max")),
            "{error}"
        );
    }

    #[test]
    fn a_spark_that_does_not_start_is_quoted() {
        let error = start("echo no master there; exit 7").0.unwrap_err().to_string();
        assert!(error.contains("exit status 7") && error.contains("no master there"), "{error}");
    }

    #[test]
    fn a_job_that_fails_says_why_in_the_words_of_its_task() {
        // The words before the script are --name N --files F.
        let script = r#"dir=$6; echo '{"context_seconds":0.1}' >$dir/answer-0.json
            while [ ! -e $dir/request-1.json ]; do sleep 0.01; done
            echo '{"error":"line 7: no number"}' >$dir/answer-1.part; mv $dir/answer-1.part $dir/answer-1.json
            while [ ! -e $dir/request-2.json ]; do sleep 0.01; done"#;
        let (spark, _dir) = start(script);
        let spark = spark.unwrap();
        let error = Depot::open(&spark, InDepot { job: 1, partition: 0 }).err().unwrap().to_string();
        assert!(error.contains("line 7: no number"), "{error}");
        assert!(spark.note().contains("MEMORY_ONLY"));
    }
}
