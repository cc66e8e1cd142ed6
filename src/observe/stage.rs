//! The books of one attempt: its stages, and the time that each takes.

use std::cell::RefCell;
use std::rc::Rc;

use crate::observe::activity::{Activity, Doing, Entered};
use crate::observe::phases::{PhaseLog, PhaseName, PhaseStart};

/// The phases of one attempt, which its stages write to.
#[derive(Debug, Default)]
pub(crate) struct Stages(Rc<RefCell<PhaseLog>>);

impl Stages {
    /// Enters a stage: the attempt is in `phase`, and its thread's activity is `activity`, until the returned guard is
    /// dropped. Stages may lie within stages.
    #[must_use]
    pub fn enter(&self, phase: PhaseName, activity: Activity) -> Stage {
        let start = self.0.borrow().begin();
        Stage { log: self.0.clone(), phase, start, _at: Doing::here().enter(activity) }
    }

    /// Adds what this thread did under other books, within the stage that it is in.
    pub fn nest(&self, log: PhaseLog) {
        self.0.borrow_mut().nest(log);
    }

    /// Adds to the records that went through `phase`, and to their bytes.
    pub fn count(&self, phase: PhaseName, records: u64, bytes: u64) {
        self.0.borrow_mut().count(phase, records, bytes);
    }

    /// Bytes that went through `phase`.
    pub fn bytes(&self, phase: PhaseName) -> u64 {
        self.0.borrow().bytes(phase)
    }

    /// The log of the stages that have ended.
    pub fn into_log(self) -> PhaseLog {
        self.0.take()
    }
}

/// A stage that an attempt is in.
#[derive(Debug)]
pub(crate) struct Stage {
    log: Rc<RefCell<PhaseLog>>,
    phase: PhaseName,
    start: PhaseStart,
    _at: Entered,
}

impl Stage {
    /// Counts records that go through, and their bytes.
    pub fn count(&self, records: u64, bytes: u64) {
        self.log.borrow_mut().count(self.phase, records, bytes);
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.log.borrow_mut().end(self.phase, self.start);
    }
}
