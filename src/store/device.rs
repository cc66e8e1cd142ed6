//! The disk below the files of runs: counts and times calls, and slows them down where a slower disk is emulated.
//!
//! An emulated disk serves one request after another. A request costs its bytes divided by the disk's bandwidth, and a
//! seek where it does not continue the last request. As with a token bucket, idle time of the disk is saved up, but
//! only [`BURST`] of it, which makes up for threads that oversleep. The actual reads and writes go on while the
//! emulated disk serves the request, and then wait for it.
//!
//! Files are read and written in long stretches, even if others use the disk: the system writes back and reads ahead
//! several requests at once. So a seek is paid once a stretch ([`STRETCH_BYTES`]), not once a block.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::cancel::CancelToken;
use crate::config::DiskProfile;
use crate::error::Result;
use crate::observe::activity::{count_bytes, file_call};
use crate::observe::purpose::{FileUse, Purpose};
use crate::store::sync::sync_all;

/// Most idle time that an emulated disk saves up.
const BURST: Duration = Duration::from_millis(10);
/// A shorter wait is not slept, but added to the next one.
const LEAST_SLEEP: Duration = Duration::from_micros(200);
/// Longest sleep of a thread before it looks at its token.
const NAP: Duration = Duration::from_millis(50);
/// Bytes between two seeks: the least that Linux writes back of a file at a time (`MIN_WRITEBACK_PAGES`), and Hadoop's
/// read-ahead in map outputs (`mapreduce.ifile.readahead.bytes`).
const STRETCH_BYTES: u64 = 4 << 20;

/// The disk under the files of a driver's runs.
#[derive(Debug, Default)]
pub(crate) struct Device {
    read_bytes: AtomicU64,
    written_bytes: AtomicU64,
    streams: AtomicU64,
    emulated: Option<Emulated>,
    cancel: CancelToken,
}

/// A file that is read or written sequentially.
#[derive(Debug)]
pub(crate) struct Stream {
    number: u64,
    purpose: Purpose,
    /// Bytes to go until the next seek.
    ahead_bytes: u64,
}

#[derive(Debug)]
struct Emulated {
    profile: DiskProfile,
    queue: Mutex<Queue>,
}

#[derive(Debug)]
struct Queue {
    /// The time at which the last request will be served.
    idle_from: Instant,
    /// The stream it belongs to.
    stream: u64,
}

impl Device {
    /// The machine's own disk, or an emulated one. Waiting for it ends once `cancel` is cancelled.
    pub fn new(emulated: Option<DiskProfile>, cancel: CancelToken) -> Self {
        // Streams count from 1: the first one seeks, too.
        let queue = || Mutex::new(Queue { idle_from: Instant::now(), stream: 0 });
        let emulated = emulated.map(|profile| Emulated { profile, queue: queue() });
        Device { emulated, cancel, ..Device::default() }
    }

    /// Begins to read or write a file sequentially, for this purpose.
    pub fn stream(&self, purpose: Purpose) -> Stream {
        Stream { number: self.streams.fetch_add(1, Ordering::Relaxed) + 1, purpose, ahead_bytes: 0 }
    }

    /// Makes the call that writes the next `bytes` of a file.
    ///
    /// # Errors
    /// Those of `call`.
    pub fn write(&self, stream: &mut Stream, bytes: u64, call: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        let file_use = FileUse::writes(stream.purpose);
        file_call(file_use, || {
            call()?;
            self.serve(stream, bytes);
            io::Result::Ok(())
        })?;
        count_bytes(file_use, bytes);
        self.written_bytes.fetch_add(bytes, Ordering::Relaxed);
        Ok(())
    }

    /// Makes the call that reads the next `bytes` of a file.
    ///
    /// # Errors
    /// Those of `call`.
    pub fn read(&self, stream: &mut Stream, bytes: u64, call: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        let file_use = FileUse::reads(stream.purpose);
        file_call(file_use, || {
            call()?;
            self.serve(stream, bytes);
            io::Result::Ok(())
        })?;
        count_bytes(file_use, bytes);
        self.read_bytes.fetch_add(bytes, Ordering::Relaxed);
        Ok(())
    }

    /// Syncs written data to the machine's own disk.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io), [`Error::Cancelled`](crate::Error::Cancelled).
    pub fn sync(&self, file: &File, path: &Path) -> Result<()> {
        file_call(FileUse::writes(Purpose::BetweenJobs), || sync_all(file, path, &self.cancel))
    }

    /// Ends waiting for an emulated disk.
    pub fn cancel(&self) -> &CancelToken {
        &self.cancel
    }

    /// Bytes read from run files so far.
    pub fn read_bytes(&self) -> u64 {
        self.read_bytes.load(Ordering::Relaxed)
    }

    /// Bytes written to run files so far.
    pub fn written_bytes(&self) -> u64 {
        self.written_bytes.load(Ordering::Relaxed)
    }

    /// Waits until an emulated disk has served a request.
    fn serve(&self, stream: &mut Stream, bytes: u64) {
        let Some(Emulated { profile, queue }) = &self.emulated else { return };
        let now = Instant::now();
        let served = {
            // Waiting for the lock is waiting for the disk, and the whole call counts as that.
            let mut queue = queue.lock().expect("no panic while the queue is held");
            let mut cost = Duration::from_secs_f64(bytes as f64 / profile.bandwidth_bytes_per_second as f64);
            if queue.stream != stream.number && stream.ahead_bytes < bytes {
                cost += profile.seek;
                stream.ahead_bytes = STRETCH_BYTES;
            }
            stream.ahead_bytes = stream.ahead_bytes.saturating_sub(bytes);
            queue.stream = stream.number;
            queue.idle_from = queue.idle_from.max(now.checked_sub(BURST).unwrap_or(now)) + cost;
            queue.idle_from
        };
        loop {
            let wait = served.saturating_duration_since(Instant::now());
            if wait < LEAST_SLEEP || self.cancel.is_cancelled() {
                break;
            }
            std::thread::sleep(wait.min(NAP));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(bandwidth_bytes_per_second: u64, seek: Duration) -> Device {
        let profile = DiskProfile { name: "test".into(), bandwidth_bytes_per_second, seek };
        Device::new(Some(profile), CancelToken::default())
    }

    fn idle_from(device: &Device) -> Instant {
        device.emulated.as_ref().unwrap().queue.lock().unwrap().idle_from
    }

    /// Time for which `work` kept the disk busy, on the disk's own clock; `work` must not leave it idle for long.
    fn busy(device: &Device, work: impl FnOnce()) -> Duration {
        let before = idle_from(device);
        work();
        idle_from(device) - before
    }

    #[test]
    fn requests_cost_their_bytes_and_nobody_is_served_early() {
        let device = device(100_000_000, Duration::ZERO);
        let start = Instant::now();
        let mut stream = device.stream(Purpose::Spill);
        (0..10).for_each(|_| device.write(&mut stream, 1_000_000, || Ok(())).unwrap());
        assert!(start.elapsed() + BURST + LEAST_SLEEP >= Duration::from_millis(100), "{:?}", start.elapsed());
        assert_eq!(device.written_bytes(), 10_000_000);
    }

    #[test]
    fn a_seek_is_paid_once_a_stretch_where_files_take_turns() {
        let seek = Duration::from_millis(100);
        // So fast that bytes cost nothing beside seeks.
        let device = device(u64::MAX, seek);
        let (mut a, mut b) = (device.stream(Purpose::Spill), device.stream(Purpose::Spill));
        let block = STRETCH_BYTES / 4;
        let read = |stream: &mut Stream| device.read(stream, block, || Ok(())).unwrap();
        let alone = busy(&device, || (0..12).for_each(|_| read(&mut a)));
        assert!(alone >= seek && alone < 2 * seek, "a file alone is read in one go: {alone:?}");
        let mut c = device.stream(Purpose::Spill);
        let in_turns = busy(&device, || {
            (0..12).for_each(|_| {
                read(&mut b);
                read(&mut c);
            })
        });
        assert!(in_turns >= 6 * seek && in_turns < 7 * seek, "three stretches of each file: {in_turns:?}");
    }

    #[test]
    fn nobody_waits_for_the_disk_of_a_job_that_is_to_stop() {
        let device = device(1, Duration::ZERO);
        device.cancel.cancel();
        let start = Instant::now();
        device.write(&mut device.stream(Purpose::Spill), 1 << 30, || Ok(())).unwrap();
        assert!(start.elapsed() < Duration::from_secs(1000));
    }

    #[test]
    fn a_failed_call_counts_nothing() {
        let device = device(1, Duration::from_secs(1000));
        let failed = device.write(&mut device.stream(Purpose::Spill), 1 << 30, || Err(io::Error::other("full")));
        assert_eq!((failed.unwrap_err().to_string(), device.written_bytes()), ("full".into(), 0));
    }
}
