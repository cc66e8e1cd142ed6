//! A wave: all tasks of one kind of a job, and the settings they are run with.

use std::io;
use std::thread::Scope;
use std::time::{Duration, Instant};

use crate::cancel::CancelToken;
use crate::config::Stragglers;
use crate::error::Error;
use crate::observe::report::TaskReport;
use crate::reserve;

/// The settings of a wave.
pub(crate) struct Wave<'a> {
    pub job: &'a str,
    /// The job's prefix, then `map-` or `reduce-`.
    pub id_prefix: String,
    pub tasks: u32,
    pub workers: usize,
    pub max_attempts: u32,
    pub time_limit: Option<Duration>,
    pub stragglers: Stragglers,
    pub cancel: &'a CancelToken,
    /// Start of the run, from which task times are counted.
    pub epoch: Instant,
    pub threads: Threads,
}

impl Wave<'_> {
    /// The id of a task of the wave.
    pub fn id(&self, task: u32) -> String {
        format!("{}{task:05}", self.id_prefix)
    }

    /// The failure of the wave after an attempt that cannot be made again.
    pub(super) fn failure(&self, report: &TaskReport, error: Error) -> Error {
        match error {
            // The error of another task, whose missing output made this one fail.
            error @ Error::Task { .. } => error,
            error => Error::Task {
                job: self.job.to_owned(),
                task: report.id.clone(),
                attempt: report.attempt,
                source: Box::new(error),
            },
        }
    }
}

#[cfg(test)]
impl<'a> Wave<'a> {
    /// A wave of three workers and as many attempts.
    pub fn of_tests(cancel: &'a CancelToken, tasks: u32) -> Self {
        Wave {
            job: "test",
            id_prefix: "map-".into(),
            tasks,
            workers: 3,
            max_attempts: 3,
            time_limit: None,
            stragglers: Stragglers::Wait,
            cancel,
            epoch: Instant::now(),
            threads: Threads::OfSystem,
        }
    }
}

/// A limit on the threads of workers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Threads {
    /// As many as the system allows.
    #[default]
    OfSystem,
    /// No worker from this number on, as where the system refuses more.
    #[cfg(test)]
    AtMost(usize),
}

/// Address space without which no further thread is started: its stack, and what it asks for as it begins, where a refusal
/// would end the process.
const ROOM_TO_BEGIN_BYTES: usize = 6 << 20;

impl Threads {
    pub(super) fn start<'s>(
        self,
        scope: &'s Scope<'s, '_>,
        worker: usize,
        work: impl FnOnce() + Send + 's,
    ) -> io::Result<()> {
        #[cfg(test)]
        if let Threads::AtMost(most) = self
            && worker >= most
        {
            return Err(io::Error::from_raw_os_error(nix::libc::EAGAIN));
        }
        // A wave needs one worker.
        if worker > 0 {
            reserve::probe(ROOM_TO_BEGIN_BYTES)?;
        }
        std::thread::Builder::new().name(format!("twinmill-worker-{worker}")).spawn_scoped(scope, work).map(drop)
    }
}
