//! The token by which a running job is asked to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, Result};
use crate::reserve;

/// Records that a loop handles between two looks at the token.
pub(crate) const RECORDS_BETWEEN_CHECKS: u32 = 1 << 14;

/// A flag that stops a job, shared by its tasks and its caller. Tasks look at it at every block of input, every spill
/// and every few thousand reduce groups, so a job stops well within a second.
#[derive(Clone, Debug, Default)]
pub struct CancelToken(Arc<Flag>);

#[derive(Debug, Default)]
struct Flag {
    cancelled: AtomicBool,
    parent: Option<CancelToken>,
}

impl CancelToken {
    /// Asks the job to stop. Tasks end with [`Error::Cancelled`], and their files are removed.
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::Relaxed);
    }

    /// A token that is cancelled with this one, and can be cancelled on its own.
    pub(crate) fn child(&self) -> Self {
        CancelToken(Arc::new(Flag { cancelled: AtomicBool::new(false), parent: Some(self.clone()) }))
    }

    /// Whether the job was asked to stop.
    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::Relaxed) || self.0.parent.as_ref().is_some_and(CancelToken::is_cancelled)
    }

    /// Fails where the job was asked to stop, or the system has refused memory.
    pub(crate) fn check(&self) -> Result<()> {
        if self.is_cancelled() { Err(Error::Cancelled) } else { reserve::check() }
    }

    /// Checks once in [`RECORDS_BETWEEN_CHECKS`] calls; `countdown` is the caller's.
    #[inline(always)]
    pub(crate) fn check_every(&self, countdown: &mut u32) -> Result<()> {
        *countdown -= 1;
        if *countdown > 0 {
            return Ok(());
        }
        *countdown = RECORDS_BETWEEN_CHECKS;
        self.check()
    }
}
