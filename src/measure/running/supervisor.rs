//! SIGINT, SIGTERM and SIGHUP end work and child processes, cleanly and within a second.
//!
//! A [`Supervisor`] waits for signals on the main thread (tokio) while the work is done by another thread or a child
//! process. It listens from its creation on, so a signal between two pieces of work stops the second. SIGHUP stays
//! ignored where the process was started so, as by `nohup`. SIGINT does not: shells let commands in the background
//! ignore it so that Ctrl-C at the terminal does not end them, but a SIGINT that is sent to such a process on purpose
//! must end it.

use std::fs::{self, File};
use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::pin;
use std::process::{Output, Stdio};
use std::thread;
use std::time::Duration;

use nix::sys::signal::kill;
use nix::unistd::Pid;
use tokio::runtime::Runtime;
use tokio::signal::unix::{self, SignalKind};
use tokio::sync::oneshot;

use crate::CancelToken;
use crate::measure::failure::Failure;
use crate::measure::signal::Signal;
use crate::runtime::panics;

/// Time that a child process has to clean up before it is killed.
const CHILD_GRACE: Duration = Duration::from_millis(800);

/// The signals that are listened for.
#[derive(Debug)]
struct Signals {
    interrupt: unix::Signal,
    terminate: unix::Signal,
    /// `None` where it is ignored.
    hang_up: Option<unix::Signal>,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        let hang_up = if is_ignored(nix::libc::SIGHUP) { None } else { Some(unix::signal(SignalKind::hangup())?) };
        Ok(Signals {
            interrupt: unix::signal(SignalKind::interrupt())?,
            terminate: unix::signal(SignalKind::terminate())?,
            hang_up,
        })
    }

    async fn next(&mut self) -> Signal {
        let Signals { interrupt, terminate, hang_up } = self;
        let hung_up = async {
            match hang_up {
                Some(signal) => signal.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = interrupt.recv() => Signal::Interrupt,
            _ = terminate.recv() => Signal::Terminate,
            _ = hung_up => Signal::HangUp,
        }
    }
}

/// Whether the process was started with a signal ignored.
fn is_ignored(signal: i32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 << (signal - 1) != 0)
}

/// Runs work that a signal can stop.
#[derive(Debug)]
pub struct Supervisor {
    runtime: Runtime,
    signals: Signals,
    /// SIGXFSZ, which is not waited for: because it is handled, a write beyond a limit fails instead of the process.
    _file_size: unix::Signal,
    received: Option<Signal>,
}

impl Supervisor {
    /// Begins to listen.
    ///
    /// # Errors
    /// [`Failure::Message`] where the system has no room for another event queue.
    pub fn start() -> Result<Self, Failure> {
        let start = || -> io::Result<Self> {
            // Tokio would panic without them instead of returning an error.
            check_descriptors()?;
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let context = runtime.enter();
            let signals = Signals::listen()?;
            let file_size = unix::signal(SignalKind::from_raw(nix::libc::SIGXFSZ))?;
            drop(context);
            Ok(Supervisor { runtime, signals, _file_size: file_size, received: None })
        };
        start().map_err(|error| Failure::failed(format!("cannot listen for signals: {error}")))
    }

    /// Does `work` on another thread; a signal cancels the token, which `work` is expected to heed.
    ///
    /// # Errors
    /// [`Failure::Interrupted`] where a signal kept `work` from succeeding, [`Failure::Message`] where it panicked,
    /// else those of `work`.
    pub fn run<T: Send>(
        &mut self,
        cancel: &CancelToken,
        work: impl FnOnce() -> Result<T, Failure> + Send,
    ) -> Result<T, Failure> {
        self.stop_if_signalled()?;
        let result = thread::scope(|scope| {
            let (done, finished) = oneshot::channel::<()>();
            let worker = thread::Builder::new().name("twinmill-main".into()).spawn_scoped(scope, move || {
                let _done = done;
                panics::catch(work)
            });
            let worker = worker.map_err(|error| Failure::failed(format!("cannot start a thread: {error}")))?;
            // Either way the work has ended: the sender is dropped with it.
            let _ = self.wait(finished, || cancel.cancel());
            let ended = worker.join().flatten();
            ended.unwrap_or_else(|panic| Err(Failure::failed(format!("panicked: {}", panics::message(&*panic)))))
        });
        match result {
            Ok(value) => Ok(value),
            Err(failure) => self.stop_if_signalled().and(Err(failure)),
        }
    }

    /// Runs a child process to its end; a signal is passed on as SIGTERM, and as SIGKILL if that does not help.
    ///
    /// # Errors
    /// [`Failure::Interrupted`] after a signal, [`Failure::Library`] where the process cannot be started.
    pub fn run_child(&mut self, command: std::process::Command) -> Result<Output, Failure> {
        self.stop_if_signalled()?;
        let program = command.get_program().to_owned();
        let context = self.runtime.enter();
        let mut command = tokio::process::Command::from(command);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let child = command.spawn().map_err(Failure::at("start", Path::new(&program)))?;
        drop(context);
        let process = child.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw);
        let terminate = move || {
            if let Some(process) = process {
                // This fails only where the child has ended already.
                let _ = kill(process, nix::sys::signal::Signal::SIGTERM);
            }
        };
        let output = self.wait_at_most(child.wait_with_output(), CHILD_GRACE, terminate);
        self.stop_if_signalled()?;
        let output = output.expect("only a signal ends the wait early");
        output.map_err(Failure::at("wait for", Path::new(&program)))
    }

    fn stop_if_signalled(&self) -> Result<(), Failure> {
        self.received.map_or(Ok(()), |signal| Err(Failure::Interrupted(signal)))
    }

    /// Waits for `future`, calling `stop` at each signal.
    fn wait<T>(&mut self, future: impl Future<Output = T>, stop: impl Fn()) -> T {
        let Supervisor { runtime, signals, received, .. } = self;
        let mut future = pin!(future);
        runtime.block_on(async {
            loop {
                let signal = tokio::select! {
                    output = &mut future => return output,
                    signal = signals.next() => signal,
                };
                received.get_or_insert(signal);
                stop();
            }
        })
    }

    /// Waits for `future`; after a signal, calls `stop` and waits no longer than `grace`, dropping the future then.
    fn wait_at_most<T>(&mut self, future: impl Future<Output = T>, grace: Duration, stop: impl Fn()) -> Option<T> {
        let Supervisor { runtime, signals, received, .. } = self;
        let mut future = pin!(future);
        runtime.block_on(async {
            let signal = tokio::select! {
                output = &mut future => return Some(output),
                signal = signals.next() => signal,
            };
            *received = Some(signal);
            stop();
            tokio::time::timeout(grace, future).await.ok()
        })
    }
}

/// Makes sure that there are as many descriptors as the runtime will ask for.
fn check_descriptors() -> io::Result<()> {
    const DESCRIPTORS: usize = 8;
    let opened: io::Result<Vec<File>> = (0..DESCRIPTORS).map(|_| File::open("/dev/null")).collect();
    opened.map(drop).map_err(|error| io::Error::new(error.kind(), format!("{error}; allow more (ulimit -n)")))
}
