//! One run of a submission, in a process of its own, which is watched.

use std::collections::HashMap;
use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::prctl;
use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::statvfs::statvfs;
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::{Pid, getpid};

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
    /// The directory of the submission, in which the run is made: streaming ships what the commands name there.
    pub submission: &'a Path,
    /// A new directory for its output and its messages.
    pub dir: PathBuf,
    pub limits: &'a Limits,
    /// The user that its programs run as, if it is not this one.
    pub user: Option<u32>,
    pub helpers: Helpers,
}

/// Processes between the engine and each program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Helpers {
    None,
    /// Those that [shut it in](crate::measure::grading::shut_in).
    TwoEach,
}

/// Variables that a submission gets from the environment of this process, besides those of the language. Others may be secrets.
const PASSED_ON: [&str; 3] = ["PATH", "LANG", "LANGUAGE"];

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
        command.arg("stream").args(&self.words).arg("-output").arg(&output).current_dir(self.submission);
        command.env_clear().envs(env::vars_os().filter(|(name, _)| is_passed_on(name)));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr).process_group(0);
        tie::to_this_process(&mut command, Signal::SIGKILL);
        // What its programs leave behind becomes a child of this process, and does not get out of sight.
        prctl::set_child_subreaper(true).map_err(|error| Error::io("watch", self.program, error.into()))?;
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
            let used = Used::by_programs_of(child.id(), self.helpers);
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

fn is_passed_on(variable: &OsStr) -> bool {
    let name = variable.to_string_lossy();
    PASSED_ON.contains(&&*name) || name.starts_with("LC_")
}

/// Ends the run and all that it left: its guard ends the groups of its programs; those that went elsewhere are children of this
/// process by now, and those of another user are found by its number.
fn end(child: &mut Child, user: Option<u32>) {
    let id = Pid::from_raw(child.id().cast_signed());
    // What has ended already is no failure.
    let _ = killpg(id, Signal::SIGKILL);
    let _ = child.wait();
    let this = getpid().as_raw();
    const MOST_LOOKS: usize = 100;
    for _ in 0..MOST_LOOKS {
        let left: Vec<Process> =
            processes().filter(|process| process.parent == this || Some(process.user) == user).collect();
        if left.is_empty() {
            return;
        }
        for process in left {
            let id = Pid::from_raw(process.id);
            // It may have ended meanwhile; it is waited for if it is a child.
            let _ = kill(id, Signal::SIGKILL);
            let _ = waitpid(id, Some(WaitPidFlag::WNOHANG));
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
    /// Memory of its own, and of files.
    private_bytes: u64,
    /// Memory that it shares with others, or keeps in files in memory, as far as it is mapped.
    shared_bytes: u64,
}

impl Used {
    /// By the programs that one process runs, each behind its helpers, and by what they start.
    fn by_programs_of(engine: u32, helpers: Helpers) -> Self {
        let all: Vec<Process> = processes().collect();
        let first_level = if helpers == Helpers::None { 1 } else { 3 };
        let (mut known, mut used, mut at) = (vec![(engine.cast_signed(), 0)], Used::default(), 0);
        // Of a program that nothing shuts in, what it left behind.
        let this = getpid().as_raw();
        known.extend((helpers == Helpers::None).then_some((this, 0)));
        let (mut shared_bytes, mut in_memory, mut views) = (0, FilesInMemory::default(), Vec::new());
        while at < known.len() {
            let (parent, level) = known[at];
            let is_new = |process: &&Process| process.parent == parent && process.id != engine.cast_signed();
            for process in all.iter().filter(is_new) {
                known.push((process.id, level + 1));
                if level + 1 == first_level {
                    views.push(process.id);
                }
                if level + 1 >= first_level {
                    used.processes += 1;
                    used.memory_bytes += process.private_bytes;
                    shared_bytes += process.shared_bytes;
                    in_memory.opened_by(process.id);
                }
            }
            at += 1;
        }
        let written: u64 = if helpers == Helpers::None { 0 } else { views.into_iter().map(written_bytes).sum() };
        // A file in memory that is mapped mostly is open, too, or among those written.
        used.memory_bytes += shared_bytes.max(in_memory.bytes() + written);
        used
    }
}

/// Open files that are memory, by device and number: a program that has one open need not map it.
#[derive(Debug, Default)]
struct FilesInMemory(HashMap<(u64, u64), u64>);

impl FilesInMemory {
    fn opened_by(&mut self, process: i32) {
        let entries = fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten().flatten();
        for path in entries.map(|entry| entry.path()) {
            // It may be closed by now.
            let (Ok(target), Ok(file)) = (fs::read_link(&path), path.metadata()) else { continue };
            if let Some(bytes) = bytes_in_memory(&target.to_string_lossy(), &file) {
                self.0.insert((file.dev(), file.ino()), bytes);
            }
        }
    }

    fn bytes(&self) -> u64 {
        self.0.values().sum()
    }
}

/// Bytes of memory that an open file takes, or may take; `None` for one that lies elsewhere.
fn bytes_in_memory(target: &str, file: &fs::Metadata) -> Option<u64> {
    /// Twice the usual `net.core.wmem_max`, which is the largest buffer of a socket.
    const MOST_OF_SOCKET: u64 = 416 << 10;
    const USUAL_PIPE: u64 = 64 << 10;
    const BLOCK_BYTES: u64 = 512;
    let begins = |names: &[&str]| names.iter().any(|name| target.starts_with(name));
    match () {
        () if begins(&["/memfd:", "/dev/shm/", "/dev/zero", "/SYSV"]) => Some(file.blocks() * BLOCK_BYTES),
        () if begins(&["socket:"]) => Some(MOST_OF_SOCKET),
        () if begins(&["pipe:"]) => Some(USUAL_PIPE),
        () => None,
    }
}

/// Bytes of the file system in memory that a program writes to, files without a name among them.
fn written_bytes(program: i32) -> u64 {
    statvfs(Path::new(&format!("/proc/{program}/root/tmp")))
        .map(|system| (system.blocks() - system.blocks_free()) * system.fragment_size())
        .unwrap_or_default()
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
        let kib = |name: &str| field(name).unwrap_or_default() << 10;
        Some(Process {
            id,
            parent: field("PPid")? as i32,
            user: field("Uid")? as u32,
            private_bytes: kib("VmRSS").saturating_sub(kib("RssShmem")),
            shared_bytes: kib("RssShmem"),
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

#[cfg(test)]
mod tests {
    use std::io::Write;

    use rustix::fs::{MemfdFlags, memfd_create};

    use super::*;

    #[test]
    fn memory_counts_that_is_not_mapped() {
        let mut file = File::from(memfd_create("unmapped", MemfdFlags::CLOEXEC).unwrap());
        file.write_all(&vec![1; 3 << 20]).unwrap();
        let same = file.try_clone().unwrap();
        let mut found = FilesInMemory::default();
        found.opened_by(getpid().as_raw());
        assert!(found.bytes() >= 3 << 20, "{found:?}");
        let number = same.metadata().unwrap();
        assert_eq!(found.0[&(number.dev(), number.ino())], 3 << 20, "it counts once");
    }

    #[test]
    fn secrets_of_the_environment_stay_here() {
        for (name, stays) in
            [("PATH", false), ("LC_TIME", false), ("LANG", false), ("GITHUB_TOKEN", true), ("LCX", true)]
        {
            assert_eq!(!is_passed_on(OsStr::new(name)), stays, "{name}");
        }
    }
}
