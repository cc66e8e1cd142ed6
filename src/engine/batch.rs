//! Runs tasks by any program that runs commands, over a file system that all of them see.
//!
//! ```text
//! DIR/packs/7                 the pack of a map task
//! DIR/job1/plan
//! DIR/job1/map-00000          what a map task has written, under this name when it is complete
//! DIR/job1/reduce-00000       the same of a reduce task
//! DIR/depot/dataset-1-0       a partition of a dataset, which a later job reads
//! ```
//!
//! A stage is a list of commands, one a task: the map tasks, and then the reduce tasks. The launcher reads the commands, one a
//! line, and runs each by a shell; by default `xargs` does, with as many at a time as there are workers. Commands whose output is
//! missing afterwards are launched again.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::engine::children::{Group, how, last_lines_of};
use crate::engine::options::EngineOptions;
use crate::engine::program::{self, quoted};
use crate::engine::task_files::{Packs, unpack};
use crate::engine::transfer::Transfer;
use crate::error::{Error, Result};
use crate::observe::report::Report;
use crate::runtime::apart::engine::{Engine, Leaves, SplitSource, Stage, StageResult, StageSplit};
use crate::runtime::apart::pack::Pack;
use crate::runtime::apart::summary::TaskSummary;
use crate::store::InDepot;
use crate::store::wire::Depot;

/// Lines of a failed command that its error quotes.
const QUOTED_LINES: usize = 12;

/// The engine's options.
const LAUNCHER: &str = "launcher";
const TASK_MEMORY: &str = "task-memory";

/// Runs tasks by a launcher.
#[derive(Debug)]
pub(crate) struct Batch {
    dir: PathBuf,
    program: PathBuf,
    job: String,
    /// A command for a shell.
    launcher: String,
    task_memory: Option<String>,
    attempts: u32,
    packs: Packs,
    transfer: Transfer,
}

/// One command of a list.
struct Job {
    command: String,
    /// The file that is there when it has succeeded.
    output: PathBuf,
}

impl Batch {
    /// An engine that keeps its files in `dir`, which the machines of the tasks see under the same name.
    ///
    /// # Errors
    /// [`Error::Config`] for unknown options; those of making the directories.
    pub fn new(dir: PathBuf, job: &str, workers: usize, attempts: u32, options: &EngineOptions) -> Result<Self> {
        options.only("batch", &[LAUNCHER, TASK_MEMORY])?;
        let (packs, depot) = (Packs::within(dir.join("packs"))?, dir.join("depot"));
        fs::create_dir_all(&depot).map_err(Error::at("create", &depot))?;
        let launcher = options.get(LAUNCHER).map(str::to_owned);
        Ok(Batch {
            dir,
            program: program::file()?,
            job: job.to_owned(),
            launcher: launcher.unwrap_or_else(|| format!("xargs -d '\\n' -P {workers} -n 1 sh -c")),
            task_memory: options.get(TASK_MEMORY).map(str::to_owned),
            attempts,
            packs,
            transfer: Transfer::default(),
        })
    }

    fn in_depot(&self, place: InDepot) -> PathBuf {
        self.dir.join("depot").join(place.file_name())
    }

    /// The file that a map task reads.
    fn input(&self, stage: &Stage<'_>, number: u32, split: &StageSplit) -> Result<PathBuf> {
        match &split.source {
            SplitSource::InDepot(place) => Ok(self.in_depot(*place)),
            SplitSource::Pack { key, .. } => self.packs.path(stage, number, key),
        }
    }

    /// The command of a task, which reads `input`, a word for a shell.
    fn job(&self, side: &str, dir: &Path, number: u32, input: &str, options: &str) -> Job {
        let output = dir.join(format!("{side}-{number:05}"));
        let text = |path: &Path| quoted(&path.display().to_string());
        let memory =
            self.task_memory.as_ref().map(|size| format!(" --task-memory {}", quoted(size))).unwrap_or_default();
        let (program, job, plan) = (text(&self.program), quoted(&self.job), text(&dir.join("plan")));
        let (out, partial, log) = (
            text(&output),
            // Two attempts at a task may run at the same time.
            format!("{}.$$", text(&output)),
            text(&output.with_extension("log")),
        );
        let summary = text(&output.with_extension("summary"));
        let command = format!(
            "{input} {program} task {side} {job} --plan {plan} {options}{memory} --summary {summary}.$$ \
             >{partial} 2>{log} && mv {summary}.$$ {summary} && mv {partial} {out}"
        );
        Job { command, output }
    }

    /// Launches commands until each has its output, or has failed as often as it may.
    fn launch(&self, stage: &Stage<'_>, phase: &'static str, jobs: &[Job]) -> Result<()> {
        stage.progress.begin_wave(stage.name, phase, jobs.len() as u64, stage.splits.iter().map(|s| s.bytes).sum());
        let mut told = 0;
        let mut tell = || {
            let complete = jobs.iter().filter(|job| job.output.exists()).count();
            (told..complete).for_each(|_| stage.progress.task_done());
            told = complete.max(told);
            Ok(())
        };
        for attempt in 1..=self.attempts {
            let missing: Vec<&Job> = jobs.iter().filter(|job| !job.output.exists()).collect();
            if missing.is_empty() {
                return Ok(());
            }
            let list: String = missing.iter().map(|job| format!("{}\n", job.command)).collect();
            let path = self.dir.join(format!("job{}", stage.job)).join(format!("{phase}-commands-{attempt}"));
            fs::write(&path, list).map_err(Error::at("write", &path))?;
            let stdin = File::open(&path).map_err(Error::at("open", &path))?;
            let log = path.with_extension("log");
            let said = File::create(&log).map_err(Error::at("create", &log))?;
            let also = said.try_clone().map_err(Error::at("open", &log))?;
            let mut command = Command::new("sh");
            command.args(["-c", &self.launcher]).stdin(Stdio::from(stdin));
            let status = Group::start(command.stdout(Stdio::from(said)).stderr(Stdio::from(also)))?
                .wait(stage.cancel, &mut tell)?;
            tell()?;
            if let Some(job) = jobs.iter().find(|job| !job.output.exists()).filter(|_| attempt == self.attempts) {
                let mut said = last_lines_of(&job.output.with_extension("log"), QUOTED_LINES);
                if said.is_empty() {
                    said = last_lines_of(&log, QUOTED_LINES);
                }
                let (task, launcher, how) = (task_name(&job.output), &self.launcher, how(status));
                return Err(Error::user(format!(
                    "{phase} task {task} of job {} has no output after {attempt} attempts; the launcher was `{launcher}`, and {how}. \
                     The task said:\n  {said}",
                    stage.name
                )));
            }
        }
        Ok(())
    }
}

fn task_name(output: &Path) -> String {
    output.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

impl Engine for Batch {
    fn run(&self, stage: &Stage<'_>) -> Result<StageResult> {
        let dir = self.dir.join(format!("job{}", stage.job));
        fs::create_dir_all(&dir).map_err(Error::at("create", &dir))?;
        let plan = dir.join("plan");
        fs::write(&plan, stage.plan).map_err(Error::at("write", &plan))?;
        for place in &stage.side {
            let link = dir.join(place.file_name());
            symlink(self.in_depot(*place), &link).map_err(Error::at("link", &link))?;
        }
        let mut maps = Vec::new();
        for (number, split) in (0..).zip(&stage.splits) {
            let input = self.transfer.time(|| self.input(stage, number, split))?;
            let input = format!("<{}", quoted(&input.display().to_string()));
            let form = if stage.reducers == 0 { "--pack" } else { "--pack --blocks" };
            maps.push(self.job("map", &dir, number, &input, form));
        }
        self.launch(stage, "map", &maps)?;
        let mut result = StageResult::default();
        let mut last = maps;
        if stage.reducers > 0 {
            for map in &last {
                let path = map.output.with_extension("summary");
                let bytes = fs::read(&path).map_err(Error::at("read", &path))?;
                let summary: TaskSummary = serde_json::from_slice(&bytes)
                    .map_err(|error| Error::user(format!("{}: {error}", path.display())))?;
                result.tasks.push(stage.task_report("map", &summary));
                result.maps.push(summary);
            }
            // In the order of the map tasks, whatever a shell would make of many names.
            let input = format!(
                "find {} -name 'map-?????*' ! -name '*.*' | sort | xargs cat |",
                quoted(&dir.display().to_string())
            );
            let jobs: Vec<Job> = (0..stage.reducers)
                .map(|number| {
                    let options = format!("--partition {number} --pack --blocks");
                    self.job("reduce", &dir, number, &input, &options)
                })
                .collect();
            self.launch(stage, "reduce", &jobs)?;
            last = jobs;
        }
        for (number, job) in (0..).zip(&last) {
            let (summary, file) = match stage.leaves {
                Leaves::Dataset => {
                    let (summary, _) = Pack::of_output(&job.output)?;
                    let place = self.in_depot(InDepot { job: stage.job, partition: number });
                    fs::rename(&job.output, &place).map_err(Error::at("move", &place))?;
                    (summary, None)
                }
                Leaves::Parts => {
                    let (summary, part) = self.transfer.time(|| unpack(&job.output))?;
                    (summary, Some(part))
                }
            };
            let side = if stage.reducers == 0 { "map" } else { "reduce" };
            result.tasks.push(stage.task_report(side, &summary));
            result.outputs.push((summary, file));
        }
        Ok(result)
    }

    fn tell(&self, report: &mut Report) {
        self.transfer.tell(report);
        report.notes.push(format!("tasks ran apart, started by `{}`", self.launcher));
    }
}

impl Depot for Batch {
    fn open(&self, place: InDepot) -> Result<(Box<dyn Read + Send>, PathBuf)> {
        let path = self.in_depot(place);
        let (_, pack) = Pack::of_output(&path)?;
        Ok((Box::new(pack), path))
    }
}
