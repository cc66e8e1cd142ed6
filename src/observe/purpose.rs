//! Purposes of the bytes that a run reads from files and pipes and writes to them.
//!
//! Each call that moves bytes is told its [`FileUse`]: the purpose, and the direction. The bytes of all purposes together
//! are those that the system counts for the process (`rchar` and `wchar` of `/proc/self/io`), but for a few kilobytes that
//! the process reads about itself, which are [`Purpose::Other`].
//!
//! ```text
//! input files ──Sampling, Input──▶ map ──Spill──▶ spills ──Merge──▶ map output ──Shuffle──▶ reduce ──Output──▶ parts
//!                                   ▲                                                          │
//!                                   └─────────────────── BetweenJobs ◀─────────────────────────┘
//! ```
//!
//! Where map, combine and reduce are commands, records go to them and come back through pipes: [`Purpose::Commands`].

use serde::{Deserialize, Serialize};

use crate::machine::ProcessIo;

/// A purpose of bytes in files or pipes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// The input of jobs, as it lies on disk.
    Input,
    /// Looks at the input beforehand: samples for ranges of keys, the first rows of tables, the first bytes of files.
    Sampling,
    /// Sorted buffers, written as runs.
    Spill,
    /// Runs that are merged into a run: read, and written again.
    Merge,
    /// Map outputs, as reducers take them.
    Shuffle,
    /// Datasets that one job leaves to another.
    BetweenJobs,
    /// The committed output.
    Output,
    /// Records on their way to the commands of a streaming job, and back.
    Commands,
    /// The journal, from which a killed run is resumed.
    Journal,
    /// Everything else: what the process reads about itself and its machine.
    Other,
}

impl Purpose {
    /// All of them, in the order of the data flow.
    pub const ALL: [Purpose; 10] = [
        Purpose::Input,
        Purpose::Sampling,
        Purpose::Spill,
        Purpose::Merge,
        Purpose::Shuffle,
        Purpose::BetweenJobs,
        Purpose::Output,
        Purpose::Commands,
        Purpose::Journal,
        Purpose::Other,
    ];
}

/// The bytes of one purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct PurposeIo {
    /// The purpose.
    pub purpose: Purpose,
    /// Bytes that calls read, from the page cache or from the device.
    pub bytes_read: u64,
    /// Bytes that calls wrote.
    pub bytes_written: u64,
}

/// The files that a call reads or writes, and the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileUse {
    purpose: Purpose,
    direction: Direction,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Read,
    Write,
}

/// The kinds of files whose calls are timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TimedAs {
    ReadInput,
    WriteOutput,
    ReadIntermediate,
    WriteIntermediate,
}

impl TimedAs {
    pub const COUNT: usize = 4;
}

impl FileUse {
    /// Number of uses, to count by [`index`](Self::index).
    pub const COUNT: usize = 2 * Purpose::ALL.len();

    pub const fn reads(purpose: Purpose) -> Self {
        FileUse { purpose, direction: Direction::Read }
    }

    pub const fn writes(purpose: Purpose) -> Self {
        FileUse { purpose, direction: Direction::Write }
    }

    pub(super) const fn index(self) -> usize {
        2 * self.purpose as usize + self.direction as usize
    }

    /// The kind of files under which the time of calls is counted.
    pub(super) const fn timed_as(self) -> TimedAs {
        match (self.purpose, self.direction) {
            (Purpose::Input | Purpose::Sampling, _) => TimedAs::ReadInput,
            (Purpose::Output, _) => TimedAs::WriteOutput,
            (_, Direction::Read) => TimedAs::ReadIntermediate,
            (_, Direction::Write) => TimedAs::WriteIntermediate,
        }
    }
}

/// Bytes by [`FileUse::index`].
pub(crate) type BytesByUse = [u64; FileUse::COUNT];

/// The bytes read from files and written to them; those of pipes not among them.
pub(crate) fn of_files(bytes: &BytesByUse) -> (u64, u64) {
    let in_files = || Purpose::ALL.into_iter().filter(|purpose| *purpose != Purpose::Commands);
    let sum = |of: fn(Purpose) -> FileUse| in_files().map(|purpose| bytes[of(purpose).index()]).sum();
    (sum(FileUse::reads), sum(FileUse::writes))
}

/// The bytes that went through pipes, in either direction.
pub(crate) fn of_pipes(bytes: &BytesByUse) -> u64 {
    [FileUse::reads, FileUse::writes].map(|of| bytes[of(Purpose::Commands).index()]).iter().sum()
}

/// Lists the bytes of each purpose. What the process moved beyond them is [`Purpose::Other`].
pub(crate) fn by_purpose(bytes: &BytesByUse, process: ProcessIo) -> Vec<PurposeIo> {
    let of = |purpose| PurposeIo {
        purpose,
        bytes_read: bytes[FileUse::reads(purpose).index()],
        bytes_written: bytes[FileUse::writes(purpose).index()],
    };
    let mut all = Purpose::ALL.map(of).to_vec();
    let (read, written) = all.iter().fold((0, 0), |sum, io| (sum.0 + io.bytes_read, sum.1 + io.bytes_written));
    let other = all.last_mut().expect("there are purposes");
    other.bytes_read += process.rchar.saturating_sub(read);
    other.bytes_written += process.wchar.saturating_sub(written);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_bytes_of_the_process_have_a_purpose() {
        let mut bytes = [0; FileUse::COUNT];
        bytes[FileUse::reads(Purpose::Input).index()] = 70;
        bytes[FileUse::writes(Purpose::Output).index()] = 20;
        let all = by_purpose(&bytes, ProcessIo { rchar: 100, wchar: 20, ..ProcessIo::default() });
        let of = |purpose| all.iter().find(|io| io.purpose == purpose).map(|io| (io.bytes_read, io.bytes_written));
        assert_eq!(all.iter().map(|io| io.purpose).collect::<Vec<_>>(), Purpose::ALL);
        assert_eq!(of(Purpose::Input), Some((70, 0)));
        assert_eq!(of(Purpose::Output), Some((0, 20)));
        assert_eq!(of(Purpose::Other), Some((30, 0)));
    }

    #[test]
    fn every_use_is_counted_apart() {
        let uses = Purpose::ALL.map(|purpose| [FileUse::reads(purpose), FileUse::writes(purpose)]);
        let indices: Vec<usize> = uses.as_flattened().iter().map(|file_use| file_use.index()).collect();
        assert_eq!(indices, (0..FileUse::COUNT).collect::<Vec<_>>());
    }
}
