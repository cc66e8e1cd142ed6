//! Limits a run to as many processors as it has workers, so that all that take part have the same.

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

use crate::measure::failure::Failure;

/// Stands for the calling thread.
const THIS_THREAD: Pid = Pid::from_raw(0);

/// The processors that this thread had when the comparison began. Processes that it starts inherit those that it has
/// then.
#[derive(Debug)]
pub struct Processors(CpuSet);

impl Processors {
    /// The processors of this thread.
    ///
    /// # Errors
    /// [`Failure::Message`] where the system does not tell.
    pub fn of_this_thread() -> Result<Self, Failure> {
        sched_getaffinity(THIS_THREAD)
            .map(Processors)
            .map_err(|error| Failure::failed(format!("no processors: {error}")))
    }

    /// Runs `run` while this thread is limited to the first `count` of them, or to all where there are fewer. Processes
    /// that it starts later have all of them again.
    ///
    /// # Errors
    /// [`Failure::Message`] where the system refuses, and those of `run`.
    pub fn while_kept<T>(&self, count: usize, run: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
        self.keep(count)?;
        let result = run();
        self.keep(usize::MAX)?;
        result
    }

    fn keep(&self, count: usize) -> Result<(), Failure> {
        let mut kept = CpuSet::new();
        let usable = (0..CpuSet::count()).filter(|cpu| self.0.is_set(*cpu).unwrap_or(false));
        let keep = usable.take(count).try_for_each(|cpu| kept.set(cpu));
        keep.and_then(|()| sched_setaffinity(THIS_THREAD, &kept))
            .map_err(|error| Failure::failed(format!("cannot keep to {count} processors: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_is_kept_to_few_and_gets_all_back() {
        std::thread::spawn(|| {
            let available = || std::thread::available_parallelism().unwrap().get();
            let (processors, all) = (Processors::of_this_thread().unwrap(), available());
            assert_eq!(processors.while_kept(1, || Ok(available())).unwrap(), 1);
            assert_eq!(available(), all);
            processors.while_kept(1, || Err::<(), _>(Failure::failed("it failed"))).unwrap_err();
            assert_eq!(available(), all);
        })
        .join()
        .unwrap();
    }
}
