//! Child processes that end with the run.

use std::fs::File;
use std::io::Read;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::cancel::CancelToken;
use crate::error::{Error, Result};

/// Time between two looks at a child.
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);
/// Time that a child has to clean up before it is killed.
const GRACE: Duration = Duration::from_millis(1500);

/// A child with processes of its own, which all end when this is dropped.
#[derive(Debug)]
pub(crate) struct Group {
    child: Child,
    ended: bool,
}

impl Group {
    /// Starts a command as a group of its own, so that Ctrl-C reaches it only through this process.
    ///
    /// # Errors
    /// [`Error::Io`] where it cannot be started.
    pub fn start(command: &mut Command) -> Result<Self> {
        let name = command.get_program().to_owned();
        let child = command.process_group(0).spawn().map_err(Error::at("start", Path::new(&name)))?;
        Ok(Group { child, ended: false })
    }

    /// The pipes and the number of the child.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Waits for the end of the child; `look` is called again and again meanwhile.
    ///
    /// # Errors
    /// [`Error::Cancelled`], and those of `look`; the child is ended then.
    pub fn wait(&mut self, cancel: &CancelToken, mut look: impl FnMut() -> Result<()>) -> Result<ExitStatus> {
        loop {
            if let Some(status) = self.child.try_wait().map_err(Error::at("wait for", Path::new("a child process")))? {
                self.ended = true;
                return Ok(status);
            }
            look()?;
            cancel.check()?;
            thread::sleep(BETWEEN_LOOKS);
        }
    }

    fn signal(&self, signal: Signal) {
        if let Ok(id) = i32::try_from(self.child.id()) {
            // This fails only where all of the group has ended.
            let _ = killpg(Pid::from_raw(id), signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        self.signal(Signal::SIGTERM);
        let asked = Instant::now();
        while asked.elapsed() < GRACE {
            if matches!(self.child.try_wait(), Ok(Some(_)) | Err(_)) {
                break;
            }
            thread::sleep(BETWEEN_LOOKS);
        }
        self.signal(Signal::SIGKILL);
        let _ = self.child.wait();
    }
}

/// What a command has printed and how it has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub status: ExitStatus,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl Ended {
    /// Its exit status in words.
    pub fn how(&self) -> String {
        how(self.status)
    }
}

/// An exit status in words.
pub(crate) fn how(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("it ended with exit status {code}"),
        (None, Some(signal)) => format!("it was ended by signal {signal}"),
        (None, None) => "it ended".to_owned(),
    }
}

/// Runs a command to its end.
///
/// # Errors
/// [`Error::Io`] where it cannot be started, [`Error::Cancelled`].
pub(crate) fn run(command: &mut Command, cancel: &CancelToken) -> Result<Ended> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut group = Group::start(command)?;
    let (stdout, stderr) = (group.child().stdout.take(), group.child().stderr.take());
    thread::scope(|scope| {
        let stdout = scope.spawn(|| read(stdout));
        let stderr = scope.spawn(|| read(stderr));
        let status = group.wait(cancel, || Ok(()));
        // Ends the child where it did not end by itself, and with it its pipes.
        drop(group);
        let stdout = stdout.join().unwrap_or_default();
        let stderr = String::from_utf8_lossy(&stderr.join().unwrap_or_default()).into_owned();
        Ok(Ended { status: status?, stdout, stderr })
    })
}

fn read(pipe: Option<impl Read>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        // What was read until an error is all there is to say.
        let _ = pipe.read_to_end(&mut bytes);
    }
    bytes
}

/// The last lines of a text, for a message.
pub(crate) fn last_lines(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    all[all.len().saturating_sub(lines)..].join("\n  ")
}

/// The last lines of a file, for a message; nothing where it cannot be read.
pub(crate) fn last_lines_of(path: &Path, lines: usize) -> String {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|mut file| file.read_to_end(&mut bytes));
    if read.is_err() { String::new() } else { last_lines(&String::from_utf8_lossy(&bytes), lines) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_says_what_it_printed_and_how_it_ended() {
        let mut command = Command::new("sh");
        let ended = run(command.args(["-c", "echo out; echo err >&2; exit 3"]), &CancelToken::default()).unwrap();
        assert_eq!((&ended.stdout[..], ended.stderr.as_str()), (&b"out\n"[..], "err\n"));
        assert_eq!(ended.how(), "it ended with exit status 3");
        assert_eq!(last_lines("a\n\nb\nc\n", 2), "b\n  c");
    }

    #[test]
    fn a_command_and_what_it_started_end_with_the_run() {
        let cancel = CancelToken::default();
        let dir = tempfile::tempdir().unwrap();
        let pid = dir.path().join("pid");
        let script = format!("sleep 100 & echo $! > {}; wait", pid.display());
        let outcome = thread::scope(|scope| {
            let waiting = scope.spawn(|| run(Command::new("sh").args(["-c", &script]), &cancel));
            while !std::fs::read_to_string(&pid).is_ok_and(|pid| pid.ends_with('\n')) {
                thread::sleep(BETWEEN_LOOKS);
            }
            cancel.cancel();
            waiting.join().unwrap()
        });
        assert!(matches!(outcome, Err(Error::Cancelled)));
        let pid = std::fs::read_to_string(&pid).unwrap();
        let state = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
        assert!(state.is_empty() || state.contains(") Z"), "{state}");
    }
}
