//! One process of a task attempt, with its pipes.
//!
//! The task's thread feeds it and takes what it prints in turn. Whenever it must wait, it waits for all pipes at once:
//!
//! ```text
//!            ┌──────────── feed: writes while there is room ───────────▶ stdin
//!  task ─────┤   wait: until stdin has room, or stdout or stderr has bytes
//!            └──────────── listen: takes what is there ◀──────── stdout, stderr
//! ```
//!
//! The process leads a group of its own, which is killed as a whole when the attempt ends, whatever it forked; what has left
//! the group is [found](crate::streaming::strays) and killed too. The [guard](crate::streaming::guard) does so if this process is
//! killed. The system could do that as well, if the child
//! asked it to between fork and exec. But a fork copies the page tables of this process: 25 ms and more a task with 600 MiB in
//! memory. A child that asks for nothing is started without a copy.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;

use crate::error::{Error, Result};
use crate::job::TaskContext;
use crate::observe::activity::count_bytes;
use crate::observe::purpose::{FileUse, Purpose};
use crate::record::buffer::make_room;
use crate::streaming::guard::Guard;
use crate::streaming::strays::{self, Mark};

/// Size that the pipe of standard output is given, where the system allows it. That of standard input keeps its size: a program
/// that ends early must be noticed after as many bytes as in Hadoop.
const PIPE_BYTES: i32 = 1 << 20;
/// The size of other pipes.
const USUAL_PIPE_BYTES: u64 = 64 << 10;
/// Bytes read at a time.
const READ_BYTES: usize = 256 << 10;
/// Time between two looks at the attempt's token.
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// A pause before a wait, so that a pipe is found with much room or much in it.
///
/// A program that reads or prints a few KiB at a time would wake the task's thread each time, and each would wait for the other's
/// turn, as with Python's buffers of 8 KiB. So the pause grows as long as less than
/// half of a pipe's bytes pass from one wait to the next, and shrinks where more than three quarters of them do. A program that is fast
/// is never waited for, and none finds its input empty for longer than [`LONGEST`](Self::LONGEST).
#[derive(Debug, Default)]
struct Pause {
    time: Duration,
}

impl Pause {
    const SHORTEST: Duration = Duration::from_micros(50);
    const LONGEST: Duration = Duration::from_millis(1);

    /// Takes a pause after so many bytes passed through the two pipes.
    fn take(&mut self, written: u64, read: u64) {
        let quarters = (4 * written / USUAL_PIPE_BYTES).max(4 * read / PIPE_BYTES.cast_unsigned() as u64);
        match quarters {
            0 | 1 => self.time = (2 * self.time).clamp(Self::SHORTEST, Self::LONGEST),
            2 => {}
            _ => self.time /= 2,
        }
        if self.time >= Self::SHORTEST {
            thread::sleep(self.time);
        }
    }
}

/// Takes what a process prints.
pub trait Listen {
    /// Takes whole records from the front of what was printed; returns how many bytes they have. `all`: nothing follows.
    ///
    /// # Errors
    /// Any obstacle to taking them.
    fn printed(&mut self, bytes: &[u8], all: bool) -> Result<usize>;

    /// Takes bytes of standard error.
    fn said(&mut self, bytes: &[u8]);
}

/// A running process.
#[derive(Debug)]
pub struct Process {
    child: Child,
    stdin: Option<File>,
    stdout: Option<File>,
    stderr: Option<File>,
    /// A buffer, of which the first `printed` bytes were printed and not taken yet.
    buffer: Vec<u8>,
    printed: usize,
    /// Bytes in the buffer from which it is looked at again. A long record that has no end yet is looked at each time it has
    /// doubled, not with each read.
    next_look: usize,
    cancel: TaskContext,
    /// Time without a sign of life after which it has failed.
    patience: Option<Duration>,
    /// Time to wait for the end of its output once it has ended.
    join_delay: Option<Duration>,
    sign_of_life: Instant,
    /// Bytes that it was fed.
    pub fed_bytes: u64,
    /// Bytes that were in the pipe when it closed its end.
    left_bytes: u64,
    /// The other end of the pipe, once its input has ended: what it leaves unread is counted there.
    rest: Option<File>,
    /// Bytes that it printed.
    printed_bytes: u64,
    pause: Pause,
    /// Bytes that it was fed, and that it had printed, before the last pause.
    at_pause: (u64, u64),
    ended: Option<ExitStatus>,
    /// Tells what it has begun from other processes.
    mark: Mark,
    /// Kills the group if this process cannot.
    guard: Arc<Guard>,
}

impl Process {
    /// Starts a command.
    ///
    /// # Errors
    /// The system's refusal.
    pub fn start(
        command: Command,
        task: &TaskContext,
        patience: Option<Duration>,
        join_delay: Option<Duration>,
        guard: &Arc<Guard>,
    ) -> io::Result<Self> {
        let mark = Mark::of(&command);
        let mut child = spawn(command, |command| {
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        })?;
        guard.begin(child.id());
        let stdin = child.stdin.take().map(OwnedFd::from);
        let (stdout, stderr) = (child.stdout.take().map(OwnedFd::from), child.stderr.take().map(OwnedFd::from));
        let mut process = Process {
            child,
            stdin: None,
            stdout: None,
            stderr: None,
            buffer: Vec::new(),
            printed: 0,
            next_look: 0,
            cancel: task.clone(),
            patience,
            join_delay,
            sign_of_life: Instant::now(),
            fed_bytes: 0,
            left_bytes: 0,
            rest: None,
            printed_bytes: 0,
            pause: Pause::default(),
            at_pause: (0, 0),
            ended: None,
            mark,
            guard: guard.clone(),
        };
        // Dropped on an error, which ends the child.
        process.stdin = stdin.map(|stdin| pipe(stdin, None)).transpose()?;
        process.stdout = stdout.map(|stdout| pipe(stdout, Some(PIPE_BYTES))).transpose()?;
        process.stderr = stderr.map(|stderr| pipe(stderr, None)).transpose()?;
        Ok(process)
    }

    /// Writes bytes to it from `sent` on, and moves that on, until at most `most_left` of them are left, and more where there is
    /// room; takes what it prints meanwhile. Returns whether it reads on.
    ///
    /// # Errors
    /// Those of the listener; [`Error::Cancelled`]; [`Error::TimedOut`] after too long without a sign of life.
    pub fn feed(
        &mut self,
        bytes: &[u8],
        sent: &mut usize,
        most_left: usize,
        listener: &mut impl Listen,
    ) -> Result<bool> {
        while *sent < bytes.len() {
            let Some(stdin) = &mut self.stdin else { return Ok(false) };
            match stdin.write(&bytes[*sent..]) {
                Ok(written) => {
                    *sent += written;
                    self.fed_bytes += written as u64;
                    count_bytes(FileUse::writes(Purpose::Commands), written as u64);
                    self.sign_of_life = Instant::now();
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock && bytes.len() - *sent <= most_left => break,
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.wait(Some(BETWEEN_LOOKS), listener)?,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                    self.left_bytes = self.unread_bytes();
                    self.stdin = None;
                    return Ok(false);
                }
                Err(error) => return Err(pipe_error("write to a program", error)),
            }
        }
        self.wait(None, listener)?;
        Ok(true)
    }

    /// Ends its input, takes all that it prints, and waits until it has ended.
    ///
    /// # Errors
    /// As for [`feed`](Self::feed).
    pub fn finish(&mut self, listener: &mut impl Listen) -> Result<ExitStatus> {
        if let Some(stdin) = self.stdin.take() {
            // Nothing is written any more, so an end that nobody reads keeps no failure from being seen.
            self.rest = other_end(&stdin);
        }
        let mut since_end = None;
        while self.stdout.is_some() || self.stderr.is_some() {
            self.wait(Some(BETWEEN_LOOKS), listener)?;
            let is_over = self.join_delay.is_some() && self.has_ended();
            let since_end = is_over.then(|| *since_end.get_or_insert_with(Instant::now));
            // What its own children hold open is not waited for longer than it was asked.
            if since_end.zip(self.join_delay).is_some_and(|(since, delay)| since.elapsed() > delay) {
                (self.stdout, self.stderr) = (None, None);
            }
        }
        self.take_printed(true, listener)?;
        self.wait_for_end()
    }

    /// Bytes that it was fed and has not read.
    pub fn unread_bytes(&self) -> u64 {
        let pipe = self.stdin.as_ref().or(self.rest.as_ref());
        pipe.map_or(self.left_bytes, in_pipe)
    }

    fn wait_for_end(&mut self) -> Result<ExitStatus> {
        let mut pause = Duration::from_micros(100);
        while !self.has_ended() {
            self.look()?;
            thread::sleep(pause);
            pause = (2 * pause).min(BETWEEN_LOOKS);
        }
        Ok(self.end())
    }

    /// Whether it has ended; it is still there to be waited for, so that its group's id is its own.
    fn has_ended(&self) -> bool {
        let id = Id::Pid(Pid::from_raw(self.child.id().cast_signed()));
        let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT | WaitPidFlag::WNOHANG;
        self.ended.is_some() || !matches!(waitid(id, flags), Ok(WaitStatus::StillAlive))
    }

    /// Kills it, its group, and what else it has begun, and waits for it.
    fn end(&mut self) -> ExitStatus {
        if let Some(status) = self.ended {
            return status;
        }
        // Once it has ended, what it began is no longer below it.
        let others = if self.has_ended() { Vec::new() } else { strays::below(self.child.id()) };
        // An empty group is no failure.
        let _ = killpg(Pid::from_raw(self.child.id().cast_signed()), Signal::SIGKILL);
        let status = self.child.wait().unwrap_or_default();
        strays::end(Some(self.child.id()), &self.mark, &others);
        self.guard.end(self.child.id());
        self.ended = Some(status);
        status
    }

    /// Waits until there is something to write, or to take, and takes it; without a time it takes only what is there.
    fn wait(&mut self, time: Option<Duration>, listener: &mut impl Listen) -> Result<()> {
        if time.is_some() {
            let (fed, printed) = std::mem::replace(&mut self.at_pause, (self.fed_bytes, self.printed_bytes));
            self.pause.take(self.fed_bytes - fed, self.printed_bytes - printed);
        }
        let timeout = time.map_or(PollTimeout::ZERO, |time| PollTimeout::from(time.as_millis() as u16));
        let (mut pipes, mut kinds) = (Vec::with_capacity(3), Vec::with_capacity(3));
        let streams =
            [(&self.stdin, PollFlags::POLLOUT), (&self.stdout, PollFlags::POLLIN), (&self.stderr, PollFlags::POLLIN)];
        for (kind, (stream, flags)) in streams.into_iter().enumerate() {
            if let Some(stream) = stream
                && (kind > 0 || time.is_some())
            {
                pipes.push(PollFd::new(stream.as_fd(), flags));
                kinds.push(kind);
            }
        }
        match poll(&mut pipes, timeout) {
            Ok(0) if time.is_some() => return self.look(),
            Ok(0) | Err(Errno::EINTR) => return Ok(()),
            Ok(_) => {}
            Err(error) => return Err(pipe_error("wait for a program", error.into())),
        }
        let is_ready = |kind: usize| {
            let of_kind = kinds.iter().zip(&pipes).find(|(of, _)| **of == kind);
            of_kind.is_some_and(|(_, pipe)| pipe.revents().is_some_and(|events| !events.is_empty()))
        };
        let (prints, says) = (is_ready(1), is_ready(2));
        if prints {
            self.read_printed(listener)?;
        }
        if says {
            self.read_said(listener)?;
        }
        if time.is_some() && self.cancel.is_cancelled() { Err(Error::Cancelled) } else { Ok(()) }
    }

    /// Whether the attempt goes on although nothing happened.
    fn look(&self) -> Result<()> {
        if self.cancel.is_cancelled() {
            return Err(Error::Cancelled);
        }
        match self.patience {
            Some(limit) if self.sign_of_life.elapsed() > limit => Err(Error::TimedOut { limit }),
            _ => Ok(()),
        }
    }

    fn read_printed(&mut self, listener: &mut impl Listen) -> Result<()> {
        let Some(stdout) = &mut self.stdout else { return Ok(()) };
        if self.buffer.len() - self.printed < READ_BYTES {
            let more = READ_BYTES.max(self.printed);
            make_room(&mut self.buffer, more, "what a program prints")?;
            self.buffer.resize(self.buffer.len() + more, 0);
        }
        match retried(|| stdout.read(&mut self.buffer[self.printed..])) {
            Ok(0) => self.stdout = None,
            Ok(read) => {
                self.printed += read;
                self.printed_bytes += read as u64;
                count_bytes(FileUse::reads(Purpose::Commands), read as u64);
                self.sign_of_life = Instant::now();
                self.take_printed(false, listener)?;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(pipe_error("read from a program", error)),
        }
        Ok(())
    }

    fn take_printed(&mut self, all: bool, listener: &mut impl Listen) -> Result<()> {
        if !all && self.printed < self.next_look {
            return Ok(());
        }
        let taken = listener.printed(&self.buffer[..self.printed], all)?;
        self.buffer.copy_within(taken..self.printed, 0);
        self.printed -= taken;
        self.next_look = if self.printed >= READ_BYTES { 2 * self.printed } else { 0 };
        Ok(())
    }

    fn read_said(&mut self, listener: &mut impl Listen) -> Result<()> {
        let Some(stderr) = &mut self.stderr else { return Ok(()) };
        let mut buffer = [0; 8 << 10];
        match retried(|| stderr.read(&mut buffer)) {
            Ok(0) => self.stderr = None,
            Ok(read) => {
                self.sign_of_life = Instant::now();
                listener.said(&buffer[..read]);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(pipe_error("read from a program", error)),
        }
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

/// Starts a command that `prepare` has given its pipes. A script that names no interpreter is run by a shell, as Java and the C
/// library do it.
///
/// # Errors
/// The system's refusal.
pub fn spawn(mut command: Command, prepare: impl Fn(&mut Command)) -> io::Result<Child> {
    prepare(&mut command);
    match command.spawn() {
        Err(error) if error.raw_os_error() == Some(Errno::ENOEXEC as i32) => {
            let mut shell = by_shell(&command);
            prepare(&mut shell);
            shell.spawn()
        }
        started => started,
    }
}

/// The command of a shell that runs the program of `command`, with all that it is given.
fn by_shell(command: &Command) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    if let Some(dir) = command.get_current_dir() {
        shell.current_dir(dir);
    }
    shell
}

fn retried(mut call: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    loop {
        match call() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

/// The end of a pipe from which it is read, for the end at which it is written.
pub fn other_end(pipe: &impl AsRawFd) -> Option<File> {
    let path = format!("/proc/self/fd/{}", pipe.as_raw_fd());
    File::options().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(path).ok()
}

/// Bytes that were written to a pipe and not read.
pub fn in_pipe(pipe: &File) -> u64 {
    rustix::io::ioctl_fionread(pipe).unwrap_or(0)
}

/// A pipe that neither a read nor a write waits for.
fn pipe(pipe: OwnedFd, bytes: Option<i32>) -> io::Result<File> {
    let flags = OFlag::from_bits_truncate(fcntl(&pipe, FcntlArg::F_GETFL)?);
    fcntl(&pipe, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    if let Some(bytes) = bytes {
        // A pipe of the usual size does as well.
        let _ = fcntl(&pipe, FcntlArg::F_SETPIPE_SZ(bytes));
    }
    Ok(File::from(pipe))
}

fn pipe_error(what: &'static str, source: io::Error) -> Error {
    Error::Refused { what, source, advice: "look at the limits of the process (ulimit -a)".into() }
}
