//! Runs whose tasks an engine runs.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use crate::cli::args::EngineName;
use crate::cli::options::EngineChoice;
use crate::cli::private_directory;
use crate::config::Resume;
use crate::engine::batch::Batch;
use crate::engine::hadoop::Hadoop;
use crate::engine::spark::Spark;
use crate::input::View;
use crate::input::watch::Watch;
use crate::measure::failure::Failure;
use crate::observe::report::EngineUse;
use crate::runtime::apart::engine::Engine;
use crate::runtime::apart::role::Role;
use crate::runtime::apart::stages::Coordination;
use crate::runtime::work_dir::WorkDir;
use crate::{Report, Session};

/// An engine at work, and its directory, which is removed with it.
pub struct Apart {
    engine: Arc<dyn Engine>,
    use_of_it: EngineUse,
    _dir: WorkDir,
}

impl Apart {
    /// Starts the engine that was chosen, for a job with these inputs, whose report is read or not; `None` for the local one.
    ///
    /// # Errors
    /// Those of starting it.
    pub fn begin(
        choice: EngineChoice,
        job: &str,
        inputs: &[PathBuf],
        is_reported: bool,
        session: &mut Session,
    ) -> Result<Option<Self>, Failure> {
        let EngineChoice { name, options, words } = choice;
        let start = |dir: &Path| -> Result<Arc<dyn Engine>, Failure> {
            let config = &session.config;
            Ok(match name {
                EngineName::Local => unreachable!("it is no engine"),
                EngineName::Hadoop => Arc::new(Hadoop::new(dir.to_owned(), job, &options, is_reported)?),
                EngineName::Spark => {
                    Arc::new(Spark::start(dir.to_owned(), job, config.mode, &options, &session.cancel)?)
                }
                EngineName::Batch => {
                    Arc::new(Batch::new(dir.to_owned(), job, config.workers, config.max_attempts, &options)?)
                }
            })
        };
        if name == EngineName::Local {
            return Ok(None);
        }
        let begun = Instant::now();
        let dir = private_directory::create(&session.config.work_dir, "twinmill-engine-")?;
        let engine = start(dir.path())?;
        let start_seconds = begun.elapsed().as_secs_f64();
        let use_of_it = EngineUse { name: name.word().to_owned(), start_seconds, transfer_seconds: 0.0 };
        let watch = Arc::new(Watch::default());
        session.config.resume = Resume::Off;
        session.inputs = session.inputs.seen_as(View::Watched(watch.clone()));
        session.role = Role::Coordinator(Arc::new(Coordination::new(engine.clone(), words, inputs.to_vec(), watch)));
        Ok(Some(Apart { engine, use_of_it, _dir: dir }))
    }

    /// Adds what the engine knows to a report.
    pub fn tell(&self, report: &mut Report) {
        report.engine = Some(self.use_of_it.clone());
        self.engine.tell(report);
    }
}
