//! Where the tasks of a job work: a directory for each attempt, with links to the files that were shipped.
//!
//! ```text
//! twinmill-stream-XXXXXXXX/               removed with the job, or by the next run if this one is killed
//!     archives/data/                      an archive, unpacked
//!     attempt_…_m_000000_0/               the working directory of a program
//!         mapper.py -> /home/ann/mapper.py
//!         tmp/                            its TMPDIR
//!     side/…                              files that programs wrote into mapreduce_task_output_dir
//! ```

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::config::JobConfig;
use crate::error::{Error, Result};
use crate::job::TaskContext;
use crate::observe::activity::lock;
use crate::runtime::work_dir::{Access, WorkDir};
use crate::streaming::again::{Again, Line, Of, TaskBytes};
use crate::streaming::archive::Archive;
use crate::streaming::environment::{self, Variables};
use crate::streaming::guard::Guard;
use crate::streaming::job::{Command, ReduceStep, StreamJob, shipped, uri};
use crate::streaming::process::Process;
use crate::streaming::properties::{self, Properties};
use crate::streaming::role::{Attempt, Rules, TaskKind};

/// The place of a job.
#[derive(Debug)]
pub struct Place {
    dir: WorkDir,
    job_id: String,
    variables: Variables,
    /// Those of `-cmdenv`, which go before those of a task.
    asked: Variables,
    /// Names in the directories of attempts, and what they lead to.
    links: Vec<(OsString, PathBuf)>,
    reporter_prefix: String,
    rules: Rules,
    patience: Option<Duration>,
    join_delay: Option<Duration>,
    guard: Arc<Guard>,
    /// Attempts that a task gets.
    attempts: u32,
    map_debug: Option<Command>,
    reduce_debug: Option<Command>,
    again: Arc<Again>,
    /// Time that an attempt gets.
    time_limit: Option<Duration>,
    notes: Mutex<Vec<String>>,
    workspaces: Mutex<u64>,
    /// The words of a command that starts each program.
    starter: Vec<OsString>,
}

impl Place {
    /// Makes the place of a job below a work directory.
    ///
    /// # Errors
    /// [`Error::Io`] for what is to be shipped and is not there.
    pub fn create(job: &StreamJob, config: &JobConfig) -> Result<Arc<Self>> {
        let work_dir = config.work_dir.as_path();
        fs::create_dir_all(work_dir).map_err(Error::at("create", work_dir))?;
        let dir = WorkDir::create(work_dir, "twinmill-stream-", Access::Private)?;
        let job_id = job_id();
        let mut properties = job.properties.clone();
        let reducers = if let ReduceStep::None = job.reducer { 0 } else { config.reducers };
        properties.set("mapreduce.job.reduces", reducers.to_string());
        for (name, value) in [("mapreduce.job.maps", "2".to_owned()), ("mapreduce.job.name", job.name().to_owned())] {
            if properties.get(name).is_none() {
                properties.set(name, value);
            }
        }
        properties.set("mapreduce.job.user.name", properties::user());
        properties.set("mapreduce.job.id", job_id.as_str());
        for (kind, shipped) in [("files", &job.files), ("archives", &job.archives)] {
            cached(kind, shipped, &mut properties);
        }
        let mut variables = environment::of_job(&properties);
        environment::add(&mut variables, "mapreduce.job.local.dir", dir.path());
        let mark = [b"mapreduce_job_local_dir=", dir.path().as_os_str().as_bytes()].concat();
        let guard = Guard::start(OsStr::from_bytes(&mark)).map_err(Error::at("start", Path::new("/bin/sh")))?;
        let mut place = Place {
            job_id,
            variables,
            asked: job.environment.clone(),
            links: Vec::new(),
            reporter_prefix: job.properties.get("stream.stderr.reporter.prefix").unwrap_or("reporter:").to_owned(),
            rules: job.rules()?,
            patience: job.patience()?,
            join_delay: job.join_delay()?,
            guard: Arc::new(guard),
            attempts: config.max_attempts,
            map_debug: job.map_debug.clone(),
            reduce_debug: job.reduce_debug.clone(),
            again: Arc::default(),
            time_limit: config.task_timeout,
            notes: Mutex::default(),
            workspaces: Mutex::new(0),
            starter: job.starter(),
            dir,
        };
        let archives = place.ship(job)?;
        let mut again = Again::of(job, config.split_bytes, config.reducers);
        again.place = place.dir.path().to_owned();
        again.links = place.links.iter().filter(|(_, target)| !target.starts_with(&again.place)).cloned().collect();
        again.archives = archives;
        place.again = Arc::new(again);
        Ok(Arc::new(place))
    }

    /// Finds or unpacks what is to be shipped; returns the archives, by their names in a task's directory.
    fn ship(&mut self, job: &StreamJob) -> Result<Vec<(OsString, Archive)>> {
        let mut archives = Vec::new();
        for file in &job.files {
            let (path, name) = shipped(file);
            let path = fs::canonicalize(&path).map_err(Error::at("ship", &path))?;
            self.links.push((name, path));
        }
        for (number, archive) in job.archives.iter().enumerate() {
            let (path, name) = shipped(archive);
            let to = self.dir.path().join(format!("archive-{number}"));
            let path = fs::canonicalize(&path).map_err(Error::at("ship", &path))?;
            match Archive::at(&path) {
                Some(archive) => {
                    archive.unpack(&to)?;
                    archives.push((name.clone(), archive));
                    self.links.push((name, to));
                }
                None => self.links.push((name, path)),
            }
        }
        for command in job.commands() {
            self.ship_words(command);
        }
        self.links.sort();
        self.links.dedup_by(|a, b| a.0 == b.0);
        Ok(archives)
    }

    /// Ships files that a command names relative to the directory in which the job was started, as if by `-file`.
    fn ship_words(&mut self, command: &Command) {
        for word in &command.words {
            let path = Path::new(OsStr::from_bytes(word));
            let relative = path.strip_prefix(".").unwrap_or(path);
            let first = relative.components().next().map(|first| first.as_os_str().to_owned());
            let Some(name) = first.filter(|_| relative.is_relative() && path.exists()) else { continue };
            if name == ".." || self.links.iter().any(|(link, _)| *link == name) {
                continue;
            }
            if let Ok(target) = fs::canonicalize(&name) {
                let shown = Path::new(&name).display();
                self.note(format!("{shown} was shipped, since the command names it; a cluster needs -files {shown}"));
                self.links.push((name, target));
            }
        }
    }

    /// Adds a sentence to the notes of the run.
    pub fn note(&self, sentence: String) {
        let mut notes = lock(&self.notes);
        if !notes.contains(&sentence) {
            notes.push(sentence);
        }
    }

    /// The notes so far.
    pub fn notes(&self) -> Vec<String> {
        lock(&self.notes).clone()
    }

    /// The beginning of lines for the framework.
    pub fn reporter_prefix(&self) -> &str {
        &self.reporter_prefix
    }

    /// What counts as a failure of a command.
    pub fn rules(&self, kind: TaskKind) -> Rules {
        let enough_records = if kind == TaskKind::Map { self.rules.enough_records } else { u64::MAX };
        Rules { enough_records, ..self.rules }
    }

    /// Time that an attempt gets.
    pub fn time_limit(&self) -> Option<Duration> {
        self.time_limit
    }

    /// Where files that programs wrote beside their output are gathered.
    pub fn side_dir(&self) -> PathBuf {
        self.dir.path().join("side")
    }

    /// Makes the directory of an attempt.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn workspace(self: &Place, kind: TaskKind, task: &Attempt) -> Result<Workspace> {
        let number = {
            let mut workspaces = lock(&self.workspaces);
            *workspaces += 1;
            *workspaces
        };
        let name = format!("attempt_{}_{:06}_{}-{number}", kind.letter(), task.index, task.number);
        let path = self.dir.path().join(name);
        let make = |path: &Path| fs::create_dir_all(path).map_err(Error::at("create", path));
        make(&path.join("tmp"))?;
        let output = self.dir.path().join(format!("output-{number}"));
        make(&output)?;
        for (name, target) in &self.links {
            let link = path.join(name);
            symlink(target, &link).map_err(Error::at("link", &link))?;
        }
        let mut variables = self.variables.clone();
        variables.extend(environment::of_attempt(kind, &self.job_id, task));
        environment::add(&mut variables, "mapreduce.task.output.dir", output.as_path());
        variables.extend(self.asked.iter().cloned());
        variables.push(("TMPDIR".into(), path.join("tmp").into()));
        Ok(Workspace {
            kind,
            path,
            output,
            side: self.side_dir(),
            variables,
            origin: task.input.clone(),
            patience: self.patience,
            join_delay: self.join_delay,
            guard: self.guard.clone(),
            debug: if kind.is_map() { &self.map_debug } else { &self.reduce_debug }
                .clone()
                .filter(|_| task.number + 1 >= self.attempts),
            again: self.again.clone(),
            part: task.index,
            starter: self.starter.clone(),
        })
    }
}

/// The time, in milliseconds since 1970, that the ids of this process's jobs begin with.
pub fn stamp() -> u128 {
    static STAMP: OnceLock<u128> = OnceLock::new();
    *STAMP.get_or_init(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis())
}

/// The id of a new job.
fn job_id() -> String {
    static JOBS: AtomicU32 = AtomicU32::new(0);
    format!("job_{:013}_{:04}", stamp(), JOBS.fetch_add(1, Ordering::Relaxed) + 1)
}

/// Sets the properties that name what is shipped, and where it lies.
fn cached(kind: &str, files: &[OsString], properties: &mut Properties) {
    if files.is_empty() {
        return;
    }
    let shipped: Vec<_> = files.iter().map(|file| shipped(file)).collect();
    let named = shipped.iter().map(|(path, name)| format!("{}#{}", uri(path.as_os_str()), name.display()));
    properties.set(&format!("mapreduce.job.cache.{kind}"), named.collect::<Vec<_>>().join(","));
    let here = shipped.iter().map(|(path, _)| std::path::absolute(path).unwrap_or_else(|_| path.clone()));
    let here: Vec<String> = here.map(|path| path.display().to_string()).collect();
    properties.set(&format!("mapreduce.job.cache.local.{kind}"), here.join(","));
}

/// The directory of an attempt, removed when this is dropped.
#[derive(Debug)]
pub struct Workspace {
    kind: TaskKind,
    path: PathBuf,
    /// `mapreduce_task_output_dir`.
    output: PathBuf,
    side: PathBuf,
    variables: Variables,
    origin: Option<crate::job::TaskInput>,
    patience: Option<Duration>,
    join_delay: Option<Duration>,
    guard: Arc<Guard>,
    /// The script for a failure after which nobody tries again.
    debug: Option<Command>,
    again: Arc<Again>,
    /// Number of its task.
    part: u32,
    starter: Vec<OsString>,
}

impl Workspace {
    /// The script that is run if this attempt fails.
    pub fn debug_script(&self) -> Option<&Command> {
        self.debug.as_ref()
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The variables of a command here.
    pub fn variables(&self) -> &Variables {
        &self.variables
    }

    /// The part that its command plays.
    pub fn kind(&self) -> TaskKind {
        self.kind
    }

    /// Finds a program: in the directory, then on the PATH.
    pub fn find(&self, program: &Path) -> Option<PathBuf> {
        if program.is_absolute() {
            return program.exists().then(|| program.to_owned());
        }
        let path = self.variables.iter().rev().find(|(name, _)| name == "PATH").map(|(_, path)| path.clone());
        let path = path.or_else(|| std::env::var_os("PATH")).unwrap_or_default();
        let here = self.path.join(program);
        let is_file = |path: &PathBuf| path.is_file();
        std::iter::once(here).chain(std::env::split_paths(&path).map(|dir| dir.join(program))).find(is_file)
    }

    /// Starts a command here.
    ///
    /// # Errors
    /// The system's refusal.
    pub fn start(&self, command: &Command, task: &TaskContext) -> io::Result<Process> {
        Process::start(self.process(command)?, task, self.patience, self.join_delay, &self.guard)
    }

    /// A command that is about to be started here.
    ///
    /// # Errors
    /// The system's refusal.
    pub fn process(&self, command: &Command) -> io::Result<process::Command> {
        let Some((program, rest)) = command.words.split_first() else {
            return Err(io::Error::other("the command is empty"));
        };
        let program = Path::new(OsStr::from_bytes(program));
        let found = self.find(program).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        let found = if program.is_relative() { self.executable(found)? } else { found };
        let mut started = self.starter.iter().cloned().chain([found.into_os_string()]);
        let mut process = process::Command::new(started.next().unwrap_or_default());
        process.args(started).args(rest.iter().map(|word| OsStr::from_bytes(word))).current_dir(&self.path);
        process.envs(self.variables.iter().map(|(name, value)| (name, value)));
        Ok(process)
    }

    /// Makes a program of this directory executable, as Hadoop does: a copy, so that the user's file stays as it is.
    fn executable(&self, program: PathBuf) -> io::Result<PathBuf> {
        let mode = program.metadata()?.permissions().mode();
        if mode & 0o111 != 0 || !program.starts_with(&self.path) {
            return Ok(program);
        }
        let copy = program.with_file_name(format!(".{}", program.file_name().unwrap_or_default().display()));
        fs::copy(&program, &copy)?;
        fs::set_permissions(&copy, fs::Permissions::from_mode(mode | 0o111))?;
        fs::remove_file(&program)?;
        fs::rename(&copy, &program)?;
        Ok(program)
    }

    /// Keeps the files that the program wrote for the output.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn keep_side_files(&self) -> Result<()> {
        let entries = fs::read_dir(&self.output).map_err(Error::at("read", &self.output))?;
        for entry in entries {
            let from = entry.map_err(Error::at("read", &self.output))?.path();
            fs::create_dir_all(&self.side).map_err(Error::at("create", &self.side))?;
            let to = self.side.join(from.file_name().unwrap_or_default());
            fs::rename(&from, &to).map_err(Error::at("keep", &from))?;
        }
        Ok(())
    }

    /// A command line that does the same task outside the framework, or why there is none. `limit` is the time after which it
    /// failed.
    ///
    /// # Errors
    /// The reason, in words.
    pub fn repeat(
        &self,
        command: &Command,
        bytes: TaskBytes,
        limit: Option<Duration>,
    ) -> std::result::Result<Line, &'static str> {
        let Workspace { kind, variables, origin, part, .. } = self;
        let of = Of { kind: *kind, variables, input: origin.as_ref(), part: *part, limit };
        self.again.line(&of, command, bytes)
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        // What cannot be removed now goes with the job's place.
        let _ = fs::remove_dir_all(&self.path);
        let _ = fs::remove_dir_all(&self.output);
    }
}
