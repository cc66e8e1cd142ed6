//! The time in which this machine moves the data of tasks that run elsewhere.

use std::sync::Mutex;
use std::time::Instant;

use crate::observe::activity::lock;
use crate::observe::report::Report;

/// Seconds of all moves: inputs that were cut and sent, outputs that were fetched.
#[derive(Debug, Default)]
pub(crate) struct Transfer(Mutex<f64>);

impl Transfer {
    /// Moves data.
    pub fn time<T>(&self, move_data: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let moved = move_data();
        *lock(&self.0) += began.elapsed().as_secs_f64();
        moved
    }

    /// Tells the report of the engine's run.
    pub fn tell(&self, report: &mut Report) {
        if let Some(engine) = &mut report.engine {
            engine.transfer_seconds = *lock(&self.0);
        }
    }
}
