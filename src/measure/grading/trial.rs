//! One run of a submission, in a process of its own, which is watched.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

use crate::cancel::CancelToken;
use crate::error::{Error, Result};
use crate::machine::tie;
use crate::measure::grading::assignment::Limits;
use crate::runtime::output_dir::part_files;

/// Time between two looks at a run.
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);
/// Bytes of what it said that are kept.
const KEPT_BYTES: usize = 4 << 10;

/// A run to be made.
pub struct Trial<'a> {
    pub program: &'a Path,
    /// Words behind `stream`.
    pub words: Vec<OsString>,
    /// A new directory for its output and its messages.
    pub dir: PathBuf,
    pub limits: &'a Limits,
    /// The user that its programs run as, if it is not this one.
    pub user: Option<u32>,
}

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The lines of its output, part by part; or why there are none.
    pub lines: std::result::Result<Vec<Vec<u8>>, String>,
    pub seconds: f64,
}

impl Trial<'_> {
    /// Makes the run.
    ///
    /// # Errors
    /// [`Error::Cancelled`], and what keeps any run from being made. A run that fails is an outcome.
    pub fn run(&self, cancel: &CancelToken) -> Result<Outcome> {
        fs::create_dir(&self.dir).map_err(Error::at("create", &self.dir))?;
        let (output, said) = (self.dir.join("output"), self.dir.join("said"));
        let stderr = File::create(&said).map_err(Error::at("create", &said))?;
        let mut command = Command::new(self.program);
        command.arg("stream").args(&self.words).arg("-output").arg(&output).current_dir(&self.dir);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr).process_group(0);
        tie::to_this_process(&mut command, Signal::SIGKILL);
        let began = Instant::now();
        let mut child = command.spawn().map_err(Error::at("start", self.program))?;
        let ended = self.watch(&mut child, began, cancel);
        end(&mut child, self.user);
        let seconds = began.elapsed().as_secs_f64();
        let lines = match ended? {
            Err(why) => Err(why),
            Ok(status) if status.success() => lines_of(&output, self.limits.output).map_err(|error| error.to_string()),
            Ok(_) => Err(last_words(&said)),
        };
        Ok(Outcome { lines, seconds })
    }

    /// Waits for the end; gives the status, or the reason for which it was ended.
    fn watch(
        &self,
        child: &mut Child,
        began: Instant,
        cancel: &CancelToken,
    ) -> Result<std::result::Result<ExitStatus, String>> {
        loop {
            cancel.check()?;
            if let Some(status) = child.try_wait().map_err(Error::at("wait for", self.program))? {
                return Ok(Ok(status));
            }
            if began.elapsed() > self.limits.time {
                let seconds = self.limits.time.as_secs_f64();
                return Ok(Err(format!("it had not ended after {seconds} s")));
            }
            let used = Used::by_descendants(child.id());
            if used.memory_bytes > self.limits.memory {
                let (used, most) = (used.memory_bytes >> 20, self.limits.memory >> 20);
                return Ok(Err(format!("its programs used {used} MiB of memory; {most} MiB are allowed")));
            }
            if used.processes > self.limits.processes {
                return Ok(Err(format!("it had {} processes; {} are allowed", used.processes, self.limits.processes)));
            }
            thread::sleep(BETWEEN_LOOKS);
        }
    }
}

/// Ends the run and all that it left: its guard ends the groups of its programs, and those of another user are ended by their
/// number.
fn end(child: &mut Child, user: Option<u32>) {
    let id = Pid::from_raw(child.id().cast_signed());
    // What has ended already is no failure.
    let _ = killpg(id, Signal::SIGKILL);
    let _ = child.wait();
    let Some(user) = user else { return };
    const MOST_LOOKS: usize = 100;
    for _ in 0..MOST_LOOKS {
        let left = processes().filter(|process| process.user == user).map(|process| process.id).collect::<Vec<_>>();
        if left.is_empty() {
            return;
        }
        for id in left {
            // It may have ended meanwhile.
            let _ = kill(Pid::from_raw(id), Signal::SIGKILL);
        }
        thread::sleep(BETWEEN_LOOKS);
    }
}

/// What the programs of a run use.
#[derive(Clone, Copy, Debug, Default)]
struct Used {
    processes: u64,
    memory_bytes: u64,
}

/// A process of this machine.
struct Process {
    id: i32,
    parent: i32,
    user: u32,
    memory_bytes: u64,
}

impl Used {
    /// By all processes below one. Its own children are not counted: they are its guard, and what shuts the programs in.
    fn by_descendants(of: u32) -> Self {
        let all: Vec<Process> = processes().collect();
        let of = of.cast_signed();
        let (mut known, mut used, mut at) = (vec![of], Used::default(), 0);
        while at < known.len() {
            let parent = known[at];
            for process in all.iter().filter(|process| process.parent == parent) {
                known.push(process.id);
                used.processes += u64::from(parent != of);
                used.memory_bytes += process.memory_bytes;
            }
            at += 1;
        }
        used
    }
}

fn processes() -> impl Iterator<Item = Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| {
        let id: i32 = entry.file_name().to_str()?.parse().ok()?;
        // It may have ended by now.
        let status = fs::read_to_string(entry.path().join("status")).ok()?;
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
            line.split_whitespace().next()?.parse::<u64>().ok()
        };
        Some(Process {
            id,
            parent: field("PPid")? as i32,
            user: field("Uid")? as u32,
            memory_bytes: field("VmRSS").unwrap_or_default() << 10,
        })
    })
}

/// The lines of all parts, one part after another.
fn lines_of(output: &Path, most_bytes: u64) -> Result<Vec<Vec<u8>>> {
    let mut lines = Vec::new();
    let mut bytes = 0;
    for part in part_files(output)? {
        bytes += part.metadata().map_err(Error::at("look at", &part))?.len();
        if bytes > most_bytes {
            return Err(Error::user(format!("its output has more than {} MiB", most_bytes >> 20)));
        }
        lines.extend(lines_in(&part)?);
    }
    Ok(lines)
}

/// The lines of a file.
///
/// # Errors
/// [`Error::Io`].
pub fn lines_in(path: &Path) -> Result<Vec<Vec<u8>>> {
    let text = fs::read(path).map_err(Error::at("read", path))?;
    let text = text.strip_suffix(b"\n").unwrap_or(&text);
    if text.is_empty() {
        return Ok(Vec::new());
    }
    Ok(text.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line).to_vec()).collect())
}

/// The end of what a run said.
fn last_words(said: &Path) -> String {
    use std::io::{Read, Seek, SeekFrom};

    let read = || -> io::Result<String> {
        let mut file = File::open(said)?;
        let bytes = file.metadata()?.len();
        file.seek(SeekFrom::Start(bytes.saturating_sub(KEPT_BYTES as u64)))?;
        let mut text = Vec::new();
        file.read_to_end(&mut text)?;
        Ok(String::from_utf8_lossy(&text).trim().to_owned())
    };
    read().unwrap_or_else(|error| format!("it failed, and its messages cannot be read: {error}"))
}
