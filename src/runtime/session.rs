//! A run that lives: its settings, and what whoever started it may watch and stop it by.

use std::sync::Arc;

use crate::cancel::CancelToken;
use crate::config::JobConfig;
use crate::input::Inputs;
use crate::observe::progress::Progress;

/// The settings of a run, with what belongs to it only while it lives. Settings alone become a session that nobody watches:
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
    /// How the jobs are run.
    pub config: JobConfig,
    /// Tells the run to stop.
    pub cancel: CancelToken,
    /// How far the run is; to be read from another thread.
    pub progress: Arc<Progress>,
    /// Which files are read instead of some paths; what else is known of them is forgotten when a driver starts.
    pub inputs: Inputs,
}

impl Session {
    /// A run with these settings, which nobody has started or stopped.
    pub fn new(config: JobConfig) -> Self {
        Session { config, cancel: CancelToken::default(), progress: Arc::default(), inputs: Inputs::default() }
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
