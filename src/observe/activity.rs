//! The current activity of every thread, recorded cheaply enough to be always on.
//!
//! A thread announces each activity by one store into a byte of its own ([`Doing::set`]), even once a record. A sampler
//! reads all these bytes now and then, so the shares of computing time are known without a clock on the path of the
//! records. Blocking is timed exactly: calls to files ([`file_call`]), divided into the thread's processor time and the
//! rest, in which it waited; and locks that are taken ([`lock`]). Time that a thread could have run and had no processor is
//! the scheduler's own figure (`/proc/thread-self/schedstat`).
//!
//! A [`Reading`] is the state of a thread's clock; the difference of two is a [`Usage`].
//!
//! Waiting and computing are told apart as in Ousterhout et al., *Making Sense of Performance in Data Analytics Frameworks*
//! (NSDI 2015), section 3.

use std::io;
use std::ops::{AddAssign, Sub};
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::time::{ClockId, clock_gettime};

use crate::machine::ResidentSize;
use crate::observe::memory::MemoryGauges;
use crate::observe::purpose::{BytesByUse, FileUse, Purpose, TimedAs};

/// Time between two looks of the sampler: a fraction of the time it has been looking, within limits. A look takes a
/// processor from a worker, for some 50 µs on a virtual machine; so there are 60 looks at a job of 0.3 s, and fewer a
/// second at longer jobs.
const SHORTEST_PERIOD: Duration = Duration::from_millis(2);
const LONGEST_PERIOD: Duration = Duration::from_millis(20);
const LOOKS_BEFORE_A_PERIOD: u32 = 20;

/// Shortest wait in a call to a file that counts as one.
const LEAST_WAIT_NANOS: u64 = 10_000;

/// An activity of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Activity {
    /// None of the following: opening files, planning, bookkeeping.
    Other,
    /// Finding records in input bytes, and decoding them.
    Parse,
    /// The job's mapper or reducer.
    User,
    /// Folding records into a table of accumulators.
    Combine,
    /// Encoding records in sort buffers, blocks and parts of the output; checksums and compression.
    Encode,
    /// Sorting a buffer.
    Sort,
    /// Merging runs, decoding them and combining equal keys on the way.
    Merge,
    /// Copying blocks into memory that keeps them.
    Copy,
    /// In a call to a file, waiting for a lock, or idle: time that is measured, or is no computing.
    Away,
}

impl Activity {
    pub const COUNT: usize = 9;
}

/// One thread's clock. Only the thread writes to it, except that the sampler adds the samples.
#[derive(Debug, Default)]
struct Clock {
    doing: AtomicU8,
    sampled_micros: [AtomicU64; Activity::COUNT],
    file_cpu_nanos: [AtomicU64; TimedAs::COUNT],
    file_wait_nanos: [AtomicU64; TimedAs::COUNT],
    file_bytes: [AtomicU64; FileUse::COUNT],
    lock_wait_nanos: AtomicU64,
    /// Number of times that the thread had given up its processor to wait, when it last looked.
    times_given_up: AtomicU64,
}

impl Clock {
    /// Whether the calling thread, whose clock this is, has given up its processor since it last asked.
    fn has_given_up_processor(&self) -> bool {
        let times = getrusage(UsageWho::RUSAGE_THREAD).map_or(0, |usage| usage.voluntary_context_switches());
        self.times_given_up.swap(times as u64, Ordering::Relaxed) != times as u64
    }
}

/// All clocks. They are never freed: a thread that ends leaves its clock to a later one.
#[derive(Debug)]
struct Clocks {
    claimed: Vec<&'static Clock>,
    free: Vec<&'static Clock>,
    /// The gauges of all [`Sampling`]s that are alive.
    watched: Vec<Arc<MemoryGauges>>,
    /// Start of the latest of them.
    wanted_since: Option<Instant>,
    sampler_runs: bool,
}

static CLOCKS: Mutex<Clocks> = Mutex::new(Clocks {
    claimed: Vec::new(),
    free: Vec::new(),
    watched: Vec::new(),
    wanted_since: None,
    sampler_runs: false,
});

fn clocks() -> MutexGuard<'static, Clocks> {
    CLOCKS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A thread's claim to its clock.
struct Claim(&'static Clock);

impl Claim {
    fn new() -> Self {
        let mut clocks = clocks();
        let clock = clocks.free.pop().unwrap_or_else(|| Box::leak(Box::default()));
        clock.doing.store(Activity::Other as u8, Ordering::Relaxed);
        clocks.claimed.push(clock);
        Claim(clock)
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut clocks = clocks();
        clocks.claimed.retain(|clock| !std::ptr::eq(*clock, self.0));
        clocks.free.push(self.0);
    }
}

thread_local! {
    static CLAIM: Claim = Claim::new();
}

/// The place where this thread announces its activity. Ask for it once, and keep it where records pass.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Doing(&'static Clock);

impl Doing {
    /// The place of the calling thread.
    pub fn here() -> Self {
        Doing(CLAIM.with(|claim| claim.0))
    }

    /// Sets the thread's activity from now on.
    #[inline(always)]
    pub fn set(self, activity: Activity) {
        self.0.doing.store(activity as u8, Ordering::Relaxed);
    }

    /// Sets the thread's activity until the returned guard is dropped, which restores the previous one.
    #[must_use]
    pub fn enter(self, activity: Activity) -> Entered {
        let before = self.0.doing.load(Ordering::Relaxed);
        self.set(activity);
        Entered { doing: self, before }
    }
}

/// Restores the thread's previous activity when it is dropped.
#[derive(Debug)]
pub(crate) struct Entered {
    doing: Doing,
    before: u8,
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.doing.0.doing.store(self.before, Ordering::Relaxed);
    }
}

/// Times a call that reads or writes a file. Processor time within the call is copying. The rest is waiting: for the
/// device if the thread gave up its processor, otherwise for a processor, which the system had taken from it.
pub(crate) fn file_call<T>(file_use: FileUse, call: impl FnOnce() -> T) -> T {
    let doing = Doing::here();
    let _entered = doing.enter(Activity::Away);
    let (start, cpu_before) = (Instant::now(), thread_cpu_nanos());
    let result = call();
    let cpu = thread_cpu_nanos() - cpu_before;
    let wait = (start.elapsed().as_nanos() as u64).saturating_sub(cpu);
    let kind = file_use.timed_as() as usize;
    doing.0.file_cpu_nanos[kind].fetch_add(cpu, Ordering::Relaxed);
    // A shorter time is within the difference of the clocks, and not worth another system call.
    if wait >= LEAST_WAIT_NANOS && doing.0.has_given_up_processor() {
        doing.0.file_wait_nanos[kind].fetch_add(wait, Ordering::Relaxed);
    }
    result
}

/// Times a call that reads or writes a file, and counts the bytes that it says it moved.
pub(crate) fn transfer(file_use: FileUse, call: impl FnOnce() -> io::Result<usize>) -> io::Result<usize> {
    let moved = file_call(file_use, call)?;
    count_bytes(file_use, moved as u64);
    Ok(moved)
}

/// Counts bytes that this thread has read or written.
pub(crate) fn count_bytes(file_use: FileUse, bytes: u64) {
    Doing::here().0.file_bytes[file_use.index()].fetch_add(bytes, Ordering::Relaxed);
}

/// Locks a mutex that no panic leaves poisoned. Only waiting for it costs a look at the clock.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    const SOUND: &str = "no panic while the lock is held";
    match mutex.try_lock() {
        Ok(guard) => guard,
        Err(TryLockError::Poisoned(_)) => panic!("{SOUND}"),
        Err(TryLockError::WouldBlock) => {
            let doing = Doing::here();
            let _entered = doing.enter(Activity::Away);
            let start = Instant::now();
            let guard = mutex.lock().expect(SOUND);
            doing.0.lock_wait_nanos.fetch_add(start.elapsed().as_nanos() as u64, Ordering::Relaxed);
            guard
        }
    }
}

/// Keeps the sampler running while it lives.
#[derive(Debug)]
pub(crate) struct Sampling(Arc<MemoryGauges>);

impl Sampling {
    /// Begins to sample the activity of all threads, and the memory of a run.
    pub fn begin(memory: Arc<MemoryGauges>) -> Self {
        let mut clocks = clocks();
        clocks.watched.push(memory.clone());
        clocks.wanted_since = Some(Instant::now());
        if !clocks.sampler_runs {
            // Without a sampler all computing is reported as one activity; nothing else depends on it.
            clocks.sampler_runs = std::thread::Builder::new().name("twinmill-sampler".into()).spawn(sample).is_ok();
        }
        Sampling(memory)
    }
}

impl Drop for Sampling {
    fn drop(&mut self) {
        let mut clocks = clocks();
        if let Some(at) = clocks.watched.iter().position(|watched| Arc::ptr_eq(watched, &self.0)) {
            clocks.watched.swap_remove(at);
        }
    }
}

/// Samples all clocks until no [`Sampling`] is left.
fn sample() {
    let mut period = SHORTEST_PERIOD;
    let mut last = Instant::now();
    let resident = ResidentSize::open();
    loop {
        std::thread::sleep(period);
        let mut clocks = clocks();
        if clocks.watched.is_empty() {
            clocks.sampler_runs = false;
            return;
        }
        let now = Instant::now();
        // A sample stands for the time since the one before, however late it comes.
        let micros = now.duration_since(last).as_micros() as u64;
        for clock in &clocks.claimed {
            let doing = usize::from(clock.doing.load(Ordering::Relaxed));
            clock.sampled_micros[doing].fetch_add(micros, Ordering::Relaxed);
        }
        last = now;
        if let Some(bytes) = resident.as_ref().and_then(ResidentSize::bytes) {
            clocks.watched.iter().for_each(|memory| memory.look(bytes));
        }
        let looking = clocks.wanted_since.map_or(Duration::ZERO, |since| now.duration_since(since));
        period = (looking / LOOKS_BEFORE_A_PERIOD).clamp(SHORTEST_PERIOD, LONGEST_PERIOD);
    }
}

fn thread_cpu_nanos() -> u64 {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map_or(0, |time| Duration::from(time).as_nanos() as u64)
}

/// Time for which this thread could have run and had no processor, since it began.
fn run_delay_nanos() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    count_bytes(FileUse::reads(Purpose::Other), text.len() as u64);
    text.split_whitespace().nth(1)?.parse().ok()
}

/// The state of a thread's clock at a moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    pub at: Instant,
    clock: &'static Clock,
    sums: Usage,
    /// Time that the thread has waited for a processor, where it was asked for and the system tells.
    run_delay_nanos: Option<u64>,
}

impl Reading {
    /// This thread's clock now.
    pub fn now() -> Self {
        let Doing(clock) = Doing::here();
        // Forgets earlier waits, so that they are not charged to the next call to a file.
        clock.has_given_up_processor();
        let load = |sum: &AtomicU64| sum.load(Ordering::Relaxed);
        let sums = Usage {
            wall_nanos: 0,
            cpu_nanos: thread_cpu_nanos(),
            file_cpu_nanos: clock.file_cpu_nanos.each_ref().map(load),
            file_wait_nanos: clock.file_wait_nanos.each_ref().map(load),
            file_bytes: clock.file_bytes.each_ref().map(load),
            lock_wait_nanos: load(&clock.lock_wait_nanos),
            processor_wait_nanos: 0,
            sampled_micros: clock.sampled_micros.each_ref().map(load),
        };
        Reading { at: Instant::now(), clock, sums, run_delay_nanos: None }
    }

    /// This thread's clock now, with the time that it has waited for a processor: that reads a file of `/proc`, so it is
    /// for the beginning and the end of a task.
    pub fn with_run_delay() -> Self {
        let run_delay_nanos = run_delay_nanos();
        Reading { run_delay_nanos, ..Reading::now() }
    }

    /// The same reading, with the time that the thread had waited for a processor at an earlier one.
    pub fn with_delay_of(self, earlier: &Reading) -> Self {
        Reading { run_delay_nanos: earlier.run_delay_nanos, ..self }
    }

    /// The thread's usage between `earlier` and this reading. Of readings on different threads only the time between
    /// them is known.
    pub fn since(&self, earlier: &Reading) -> Usage {
        let wall_nanos = self.at.duration_since(earlier.at).as_nanos() as u64;
        if !std::ptr::eq(self.clock, earlier.clock) {
            return Usage::unknown(wall_nanos);
        }
        let used = Usage { wall_nanos, ..self.sums - earlier.sums };
        let rest = wall_nanos.saturating_sub(used.known_nanos());
        // Some of the delay may lie within the waits that are known.
        let run_delay = self.run_delay_nanos.zip(earlier.run_delay_nanos).map(|(now, then)| now.saturating_sub(then));
        Usage { processor_wait_nanos: run_delay.map_or(rest, |delay| delay.min(rest)), ..used }
    }
}

/// The use that one or several threads made of some time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    pub wall_nanos: u64,
    /// On a processor, calls to files included.
    pub cpu_nanos: u64,
    /// By [`TimedAs`].
    pub file_cpu_nanos: [u64; TimedAs::COUNT],
    /// By [`TimedAs`].
    pub file_wait_nanos: [u64; TimedAs::COUNT],
    pub file_bytes: BytesByUse,
    pub lock_wait_nanos: u64,
    /// Waiting for a processor; with being asleep, where readings do not tell the two apart.
    pub processor_wait_nanos: u64,
    /// Time that samples stand for, by [`Activity`]. Only its proportions matter.
    pub sampled_micros: [u64; Activity::COUNT],
}

impl Usage {
    /// Time of which nothing is known but that it passed.
    pub fn unknown(wall_nanos: u64) -> Self {
        Usage { wall_nanos, ..Usage::default() }
    }

    /// The use without time in which the thread had nothing to do. That may have ended with a wait for a processor.
    pub fn without_idle(self, idle: Duration) -> Self {
        let known = self.known_nanos();
        let wall_nanos = self.wall_nanos.saturating_sub(idle.as_nanos() as u64).max(known);
        let processor_wait_nanos = self.processor_wait_nanos.min(wall_nanos - known);
        Usage { wall_nanos, processor_wait_nanos, ..self }
    }

    /// Time on a processor, in calls to files and for locks: what is measured exactly.
    fn known_nanos(&self) -> u64 {
        self.cpu_nanos + self.file_wait_nanos.iter().sum::<u64>() + self.lock_wait_nanos
    }

    fn zip(self, other: Usage, op: impl Fn(u64, u64) -> u64) -> Usage {
        fn zip<const N: usize>(a: [u64; N], b: [u64; N], op: impl Fn(u64, u64) -> u64) -> [u64; N] {
            std::array::from_fn(|i| op(a[i], b[i]))
        }
        Usage {
            wall_nanos: op(self.wall_nanos, other.wall_nanos),
            cpu_nanos: op(self.cpu_nanos, other.cpu_nanos),
            file_cpu_nanos: zip(self.file_cpu_nanos, other.file_cpu_nanos, &op),
            file_wait_nanos: zip(self.file_wait_nanos, other.file_wait_nanos, &op),
            file_bytes: zip(self.file_bytes, other.file_bytes, &op),
            lock_wait_nanos: op(self.lock_wait_nanos, other.lock_wait_nanos),
            processor_wait_nanos: op(self.processor_wait_nanos, other.processor_wait_nanos),
            sampled_micros: zip(self.sampled_micros, other.sampled_micros, &op),
        }
    }
}

impl AddAssign for Usage {
    fn add_assign(&mut self, other: Usage) {
        *self = self.zip(other, |a, b| a + b);
    }
}

impl Sub for Usage {
    type Output = Usage;

    /// Never below zero: clocks of different kinds may disagree by some nanoseconds.
    fn sub(self, other: Usage) -> Usage {
        self.zip(other, u64::saturating_sub)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Works until the thread has had `time` of a processor.
    fn compute(time: Duration) {
        let end = thread_cpu_nanos() + time.as_nanos() as u64;
        while thread_cpu_nanos() < end {
            std::hint::spin_loop();
        }
    }

    #[test]
    fn idle_time_is_neither_waiting_nor_asleep() {
        let used =
            Usage { wall_nanos: 100, cpu_nanos: 40, lock_wait_nanos: 10, processor_wait_nanos: 30, ..Usage::default() };
        let without = |idle| {
            let used = used.without_idle(Duration::from_nanos(idle));
            (used.wall_nanos, used.processor_wait_nanos)
        };
        assert_eq!([0, 20, 40, 60].map(without), [(100, 30), (80, 30), (60, 10), (50, 0)]);
    }

    #[test]
    fn samples_fall_on_what_the_thread_is_at() {
        let _sampling = Sampling::begin(Arc::default());
        let (doing, before) = (Doing::here(), Reading::now());
        doing.set(Activity::User);
        compute(Duration::from_millis(40));
        {
            let _sorting = doing.enter(Activity::Sort);
            compute(Duration::from_millis(40));
        }
        let used = Reading::now().since(&before);
        let [user, sort] = [Activity::User, Activity::Sort].map(|activity| used.sampled_micros[activity as usize]);
        assert!(user > 0 && sort > 0, "{used:?}");
        assert_eq!(used.sampled_micros.iter().sum::<u64>(), user + sort, "{used:?}");
        assert!(used.cpu_nanos >= 80_000_000 && used.wall_nanos >= used.cpu_nanos, "{used:?}");
    }

    #[test]
    fn a_call_to_a_file_is_split_into_copying_and_waiting() {
        let before = Reading::now();
        let spills = FileUse::writes(Purpose::Spill);
        let result = transfer(spills, || {
            compute(Duration::from_millis(3));
            std::thread::sleep(Duration::from_millis(20));
            Ok(7)
        });
        let used = Reading::now().since(&before);
        let at = TimedAs::WriteIntermediate as usize;
        assert_eq!((result.unwrap(), used.file_bytes[spills.index()]), (7, 7));
        assert!(used.file_cpu_nanos[at] >= 3_000_000 && used.file_wait_nanos[at] >= 20_000_000, "{used:?}");
        assert!(used.file_cpu_nanos[at] <= used.cpu_nanos, "{used:?}");
        assert_eq!(used.file_wait_nanos[TimedAs::ReadInput as usize], 0);
    }

    #[test]
    fn only_a_lock_that_is_taken_is_waited_for() {
        let mutex = Mutex::new(());
        let before = Reading::now();
        drop(lock(&mutex));
        assert_eq!(Reading::now().since(&before).lock_wait_nanos, 0);
        std::thread::scope(|scope| {
            let (held, is_held) = std::sync::mpsc::channel();
            let mutex = &mutex;
            scope.spawn(move || {
                let _guard = mutex.lock().unwrap();
                held.send(()).unwrap();
                std::thread::sleep(Duration::from_millis(10));
            });
            is_held.recv().unwrap();
            drop(lock(mutex));
        });
        assert!(Reading::now().since(&before).lock_wait_nanos > 0);
    }

    #[test]
    fn a_thread_that_ends_leaves_its_clock_to_another() {
        let count = || {
            let clocks = clocks();
            clocks.claimed.len() + clocks.free.len()
        };
        let before = count();
        (0..200).for_each(|_| std::thread::spawn(|| Doing::here().set(Activity::Other)).join().unwrap());
        // Other tests begin threads at the same time.
        assert!(count() < before + 200);
    }
}
