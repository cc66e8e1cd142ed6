//! The user's `hadoop` command.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use crate::cancel::CancelToken;
use crate::engine::children::{self, Group, how, last_lines};
use crate::engine::hadoop::console::Console;
use crate::error::{Error, Result};

/// Lines of a failed command that its error quotes.
const QUOTED_LINES: usize = 6;
/// Streaming's main class, where there is no jar of it beside the command.
const STREAMING: &str = "org.apache.hadoop.streaming.HadoopStreaming";
/// The command line of jobs.
const JOBS: &str = "org.apache.hadoop.mapred.JobClient";
/// The command line of YARN's applications.
const APPLICATIONS: &str = "org.apache.hadoop.yarn.client.cli.ApplicationCLI";

/// Time in which the containers of a killed application end, and in which they may still make its directories again: a
/// NodeManager hears of it at its next heartbeat, within a second, and waits for 250 ms after SIGTERM
/// (`yarn.nodemanager.sleep-delay-before-sigkill.ms`).
const CONTAINERS_END: Duration = Duration::from_secs(2);

/// The `hadoop` command, and Streaming.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    command: PathBuf,
    /// `None` where Streaming is on the class path of the command.
    streaming_jar: Option<PathBuf>,
}

impl Client {
    /// The command in `$HADOOP_HOME/bin` or in the path, and its Streaming.
    ///
    /// # Errors
    /// [`Error::Config`] that says where it was looked for.
    pub fn find(streaming_jar: Option<&str>) -> Result<Self> {
        let home = env::var_os("HADOOP_HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
        let of_home = home.iter().map(|home| home.join("bin/hadoop"));
        let path = env::var_os("PATH").unwrap_or_default();
        let mut places = of_home.chain(env::split_paths(&path).map(|dir| dir.join("hadoop")));
        let own = env::current_exe().and_then(fs::canonicalize).ok();
        // `hadoop` may be this program under another name.
        let command = places.find(|place| place.is_file() && fs::canonicalize(place).ok() != own);
        let command = command.ok_or_else(|| {
            Error::Config(
                "there is no hadoop command in $HADOOP_HOME/bin or in $PATH; --engine hadoop submits jobs through it \
                 (scripts/cluster/up starts a Hadoop to try it)"
                    .into(),
            )
        })?;
        let streaming_jar = match streaming_jar {
            Some(jar) if Path::new(jar).is_file() => Some(jar.into()),
            Some(jar) => return Err(Error::Config(format!("--engine-option streaming-jar={jar} is no file"))),
            None => {
                let beside = fs::canonicalize(&command).ok();
                let beside = beside.and_then(|command| Some(command.parent()?.parent()?.to_owned()));
                home.into_iter().chain(beside).find_map(|home| jar_below(&home))
            }
        };
        Ok(Client { command, streaming_jar })
    }

    fn hadoop(&self) -> Command {
        Command::new(&self.command)
    }

    /// Runs `hadoop fs`.
    ///
    /// # Errors
    /// In the command's own words.
    pub fn fs(&self, words: &[&str], cancel: &CancelToken) -> Result<String> {
        // What a run keeps is its user's alone.
        self.run_fs(&["-D", "fs.permissions.umask-mode=077"], words, cancel)
    }

    fn run_fs(&self, options: &[&str], words: &[&str], cancel: &CancelToken) -> Result<String> {
        let ended = children::run(self.hadoop().arg("fs").args(options).args(words), cancel)?;
        if ended.status.success() {
            return Ok(String::from_utf8_lossy(&ended.stdout).into_owned());
        }
        let (said, how) = (last_lines(&ended.stderr, QUOTED_LINES), ended.how());
        Err(Error::user(format!("`hadoop fs {}` failed, {how}:\n  {said}", words.join(" "))))
    }

    /// What is known of a job that has ended, as JSON.
    ///
    /// # Errors
    /// In the command's own words.
    pub fn history(&self, job: &str, cancel: &CancelToken) -> Result<String> {
        let words = ["-history", "all", job, "-format", "json"];
        let ended = children::run(self.hadoop().arg(JOBS).args(words), cancel)?;
        let answer = String::from_utf8_lossy(&ended.stdout).into_owned();
        if ended.status.success() && !answer.trim().is_empty() {
            return Ok(answer);
        }
        let (said, how) = (last_lines(&ended.stderr, QUOTED_LINES), ended.how());
        Err(Error::user(format!("`hadoop {JOBS} {}` failed, {how}:\n  {said}", words.join(" "))))
    }

    /// Copies a local directory to a path of the cluster's file system where nothing is yet. Where the directory above is
    /// missing, it is made first, with the permissions that the user's own settings give it.
    ///
    /// # Errors
    /// As of [`fs`](Self::fs).
    pub fn put_new(&self, dir: &Path, path: &str, cancel: &CancelToken) -> Result<()> {
        let put = || self.fs(&["-put", &dir.display().to_string(), path], cancel).map(drop);
        match (put(), path.rsplit_once('/')) {
            (Err(error), Some((above, _))) if says_missing(&error) => {
                self.run_fs(&[], &["-mkdir", "-p", above], cancel)?;
                put()
            }
            (done, _) => done,
        }
    }

    /// The command of a Streaming job, without its arguments.
    pub fn streaming(&self) -> Command {
        let mut command = self.hadoop();
        match &self.streaming_jar {
            Some(jar) => command.arg("jar").arg(jar),
            None => command.arg(STREAMING),
        };
        command
    }

    /// Submits a job and waits for its end. A job whose run is cancelled is killed.
    ///
    /// # Errors
    /// In the words of the job's tasks, if it fails.
    pub fn submit(&self, command: &mut Command, console: &mut Console<'_>, cancel: &CancelToken) -> Result<()> {
        // Progress and counters are told at this level, whatever the user's own log says.
        command.env("HADOOP_ROOT_LOGGER", "INFO,console");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut group = Group::start(command)?;
        let stderr = group.child().stderr.take();
        let (send, receive) = channel::<String>();
        let reader = thread::spawn(move || {
            for line in stderr.into_iter().flat_map(|stderr| BufReader::new(stderr).split(b'\n')) {
                let Ok(line) = line else { return };
                if send.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                    return;
                }
            }
        });
        let status = group.wait(cancel, || {
            receive.try_iter().for_each(|line| console.take(&line));
            Ok(())
        });
        drop(group);
        let _ = reader.join();
        receive.try_iter().for_each(|line| console.take(&line));
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(console.failure(&how(status))),
            Err(error) => {
                self.kill(console);
                Err(error)
            }
        }
    }

    /// Kills the job that was submitted, if it was, and waits until its containers have most likely ended.
    fn kill(&self, console: &Console<'_>) {
        let Some(application) = &console.application else { return };
        // The run is being ended; that it cannot be killed now is told by nobody.
        let _ = children::run(self.hadoop().args([APPLICATIONS, "-kill", application]), &CancelToken::default());
        thread::sleep(CONTAINERS_END);
    }
}

/// Whether `hadoop fs` has failed because a file or directory is not there.
pub(crate) fn says_missing(error: &Error) -> bool {
    error.to_string().contains("No such file or directory")
}

/// The jar of Streaming in an installation.
fn jar_below(home: &Path) -> Option<PathBuf> {
    let dir = home.join("share/hadoop/tools/lib");
    let is_jar =
        |name: &str| name.starts_with("hadoop-streaming") && name.ends_with(".jar") && !name.contains("sources");
    let entries = fs::read_dir(dir).ok()?.flatten().map(|entry| entry.path());
    entries.filter(|path| path.file_name().and_then(|name| name.to_str()).is_some_and(is_jar)).max()
}
