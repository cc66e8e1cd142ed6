//! How fast this machine moves bytes at best.
//!
//! A phase cannot take less time than moving its bytes does. So here bytes are moved and nothing else is done with them, by
//! several threads at the same time, and the best of several tries counts. A *block* stays in the processor's cache, as those
//! of runs and inputs do; memory and files are larger than that, and the same pages are used in each try.
//!
//! ```text
//! copy   memory ──────▶ memory
//! write  block  ──────▶ file in the work directory, in the page cache
//! read   file   ──────▶ block
//! pipe   block  ──────▶ pipe ──────▶ block of another thread
//! ```

use std::fs::File;
use std::hint::black_box;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::cancel::CancelToken;
use crate::error::{Error, Result};
use crate::machine::calendar::today;

/// Bytes that some threads together move in a second, at best.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct PeakRates {
    /// The day on which they were measured, in UTC: `2026-11-27`.
    pub measured_on: String,
    /// Threads that moved bytes at the same time.
    pub threads: usize,
    /// From one place in memory to another.
    pub copy_bytes_per_second: f64,
    /// From memory to files in the page cache.
    pub write_bytes_per_second: f64,
    /// From files in the page cache to memory.
    pub read_bytes_per_second: f64,
    /// Into pipes and out of them.
    pub pipe_bytes_per_second: f64,
}

/// Tries, of which the best counts.
const TRIES: usize = 6;
/// Bytes that all threads together copy, or move through pipes, in a try.
const BYTES_IN_MEMORY: usize = 64 << 20;
/// Bytes that all threads together write and read in a try.
const BYTES_IN_FILES: usize = 128 << 20;
/// Bytes that a call to the system moves.
const BLOCK: usize = 256 << 10;

impl PeakRates {
    /// Measures the rates of `threads` threads, which takes about half a second. Files are made in `dir`, without a name.
    ///
    /// # Errors
    /// [`Error::Io`] where files, pipes or threads cannot be made or used, [`Error::MemoryRefused`] where there is too
    /// little memory, [`Error::Cancelled`] where the token is cancelled.
    pub fn measure(dir: &Path, threads: usize, cancel: &CancelToken) -> Result<Self> {
        let threads = threads.max(1);
        let of_each = |bytes: usize| (bytes / threads).next_multiple_of(BLOCK);
        let (in_memory, in_files) = (of_each(BYTES_IN_MEMORY), of_each(BYTES_IN_FILES));
        let mut movers = (0..threads).map(|_| Mover::new(dir, in_memory, in_files)).collect::<Result<Vec<_>>>()?;
        let mut best = |operation, bytes: usize, move_all: fn(&mut Mover) -> io::Result<()>| {
            let mut best: f64 = 0.0;
            for _ in 0..TRIES {
                cancel.check()?;
                let seconds = together(&mut movers, move_all).map_err(Error::at(operation, dir))?;
                best = best.max((threads * bytes) as f64 / seconds);
            }
            Ok::<_, Error>(best)
        };
        Ok(PeakRates {
            measured_on: today(),
            threads,
            copy_bytes_per_second: best("copy memory for files in", in_memory, Mover::copy)?,
            write_bytes_per_second: best("write a file in", in_files, Mover::write)?,
            read_bytes_per_second: best("read a file in", in_files, Mover::read)?,
            pipe_bytes_per_second: best("use pipes for files in", in_memory, Mover::pipe)?,
        })
    }

    /// The better of two measurements of each rate, with the day of this one.
    #[must_use]
    pub fn or_better(self, other: &PeakRates) -> Self {
        PeakRates {
            copy_bytes_per_second: self.copy_bytes_per_second.max(other.copy_bytes_per_second),
            write_bytes_per_second: self.write_bytes_per_second.max(other.write_bytes_per_second),
            read_bytes_per_second: self.read_bytes_per_second.max(other.read_bytes_per_second),
            pipe_bytes_per_second: self.pipe_bytes_per_second.max(other.pipe_bytes_per_second),
            ..self
        }
    }
}

/// What one thread moves bytes between.
struct Mover {
    from: Vec<u8>,
    to: Vec<u8>,
    file: File,
    file_bytes: usize,
}

impl Mover {
    fn new(dir: &Path, bytes: usize, file_bytes: usize) -> Result<Self> {
        let file = tempfile::tempfile_in(dir).map_err(Error::at("create a file in", dir))?;
        Ok(Mover { from: filled(bytes)?, to: filled(bytes)?, file, file_bytes })
    }

    fn copy(&mut self) -> io::Result<()> {
        self.to.copy_from_slice(black_box(&self.from));
        black_box(&mut self.to);
        Ok(())
    }

    fn write(&mut self) -> io::Result<()> {
        let block = &self.from[..BLOCK];
        offsets(self.file_bytes).try_for_each(|offset| self.file.write_all_at(block, offset))
    }

    fn read(&mut self) -> io::Result<()> {
        let block = &mut self.to[..BLOCK];
        offsets(self.file_bytes).try_for_each(|offset| self.file.read_exact_at(block, offset))
    }

    fn pipe(&mut self) -> io::Result<()> {
        let (mut reader, mut writer) = io::pipe()?;
        let (bytes, taken) = (self.from.len(), &mut self.to[..BLOCK]);
        thread::scope(|scope| {
            let reading = thread::Builder::new().spawn_scoped(scope, move || {
                while reader.read(taken)? > 0 {}
                io::Result::Ok(())
            })?;
            let written = offsets(bytes).try_for_each(|_| writer.write_all(&self.from[..BLOCK]));
            drop(writer);
            reading.join().expect("reading does not panic").and(written)
        })
    }
}

/// A buffer whose pages are there.
fn filled(bytes: usize) -> Result<Vec<u8>> {
    let mut buffer = Vec::new();
    buffer.try_reserve_exact(bytes).map_err(|_| Error::refused("measuring the machine", bytes))?;
    buffer.resize(bytes, 1);
    Ok(buffer)
}

/// Where the blocks of so many bytes begin.
fn offsets(bytes: usize) -> impl Iterator<Item = u64> {
    (0..bytes).step_by(BLOCK).map(|offset| offset as u64)
}

/// Lets each mover move all its bytes, all at the same time; returns the seconds from the first start to the last end.
fn together(movers: &mut [Mover], move_all: fn(&mut Mover) -> io::Result<()>) -> io::Result<f64> {
    let go = AtomicBool::new(false);
    thread::scope(|scope| {
        let moving = |mover| {
            thread::Builder::new().spawn_scoped(scope, || {
                while !go.load(Ordering::Acquire) {
                    thread::yield_now();
                }
                let start = Instant::now();
                move_all(mover).map(|()| (start, Instant::now()))
            })
        };
        let threads: Vec<_> = movers.iter_mut().map(moving).collect();
        go.store(true, Ordering::Release);
        let times = threads.into_iter().map(|thread| thread?.join().expect("moving bytes does not panic"));
        let times = times.collect::<io::Result<Vec<_>>>()?;
        let (starts, ends): (Vec<_>, Vec<_>) = times.into_iter().unzip();
        let first = starts.into_iter().min().expect("there is a thread");
        let last = ends.into_iter().max().expect("there is a thread");
        Ok(last.duration_since(first).as_secs_f64().max(f64::MIN_POSITIVE))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_those_of_all_threads_and_leave_no_file() {
        let dir = tempfile::tempdir().unwrap();
        let PeakRates {
            measured_on,
            threads,
            copy_bytes_per_second: copy,
            write_bytes_per_second: write,
            read_bytes_per_second: read,
            pipe_bytes_per_second: pipe,
        } = PeakRates::measure(dir.path(), 2, &CancelToken::default()).unwrap();
        assert_eq!((measured_on.len(), threads), (10, 2));
        for rate in [copy, write, read, pipe] {
            assert!(rate.is_finite() && rate > 1e6, "{rate}");
        }
        assert_eq!(dir.path().read_dir().unwrap().count(), 0);
    }

    #[test]
    fn a_directory_without_room_for_files_is_named() {
        let error = PeakRates::measure(Path::new("/proc/nowhere"), 1, &CancelToken::default()).unwrap_err();
        assert!(error.to_string().contains("/proc/nowhere"), "{error}");
    }

    #[test]
    fn a_cancelled_measurement_ends() {
        let cancel = CancelToken::default();
        cancel.cancel();
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(PeakRates::measure(dir.path(), 1, &cancel), Err(Error::Cancelled)));
    }
}
