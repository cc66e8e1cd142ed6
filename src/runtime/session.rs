//! A live run: its settings, and the handles by which its caller watches and stops it.

use std::sync::Arc;

use crate::cancel::CancelToken;
use crate::config::JobConfig;
use crate::input::Inputs;
use crate::observe::progress::Progress;
use crate::runtime::apart::role::Role;

/// The settings of a run, and the state that it has only while it lives. Settings alone become a session that is not
/// watched:
///
/// ```
/// use twinmill::prelude::*;
/// use twinmill::Session;
///
/// let session = Session::new(JobConfig::new(Mode::Memory));
/// let (cancel, progress) = (session.cancel.clone(), session.progress.clone());
/// // Another thread may stop the run with `cancel` and look at `progress`, while this one does:
/// let driver = Driver::start("example", &session)?;
/// # drop((driver, cancel, progress));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Session {
    /// The settings with which the jobs are run.
    pub config: JobConfig,
    /// Tells the run to stop.
    pub cancel: CancelToken,
    /// The run's progress; read it from another thread.
    pub progress: Arc<Progress>,
    /// The files that are read instead of some paths; anything else that it knows is forgotten when a driver starts.
    pub inputs: Inputs,
    pub(crate) role: Role,
}

impl Session {
    /// A run with these settings, which was not started yet.
    pub fn new(config: JobConfig) -> Self {
        let (cancel, progress, inputs, role) = Default::default();
        Session { config, cancel, progress, inputs, role }
    }
}

impl From<JobConfig> for Session {
    fn from(config: JobConfig) -> Self {
        Session::new(config)
    }
}

impl From<&JobConfig> for Session {
    fn from(config: &JobConfig) -> Self {
        Session::new(config.clone())
    }
}

impl From<&Session> for Session {
    fn from(session: &Session) -> Self {
        session.clone()
    }
}
