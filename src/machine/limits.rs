//! Limits on this process: memory, processors, threads, open files.
//!
//! A limit is set in many places, and the smallest counts: the machine's own size, the [control
//! groups](super::control_group) around the process, the resource limits (`ulimit`) that it was started with.

use std::fmt::Write;
use std::io;

use nix::sys::resource::{Resource, getrlimit};

use crate::error::{Error, Result};
use crate::machine::control_group::ControlGroups;
use crate::machine::proc::{kib, meminfo_bytes, proc_field};
use crate::quantity::ByteSize;
use crate::reserve;

/// Assumed memory of a machine that does not tell.
const FALLBACK_MEMORY_BYTES: u64 = 1 << 30;

/// Processors that this process may use: those that it may run on (`sched_getaffinity`, which respects the control
/// groups' sets of processors), but no more than the quota of any control group above it allows.
pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Memory that a new workload can have: without swapping (`MemAvailable`), within the control groups' limits, and within the
/// address space and the data that the process may have (`RLIMIT_AS`, `RLIMIT_DATA`).
pub fn available_memory_bytes() -> u64 {
    let free = meminfo_bytes("MemAvailable").unwrap_or(FALLBACK_MEMORY_BYTES);
    let in_groups = ControlGroups::of_this_process().memory_left_bytes();
    let left = |resource, used| Some(soft_limit(resource)?.saturating_sub(status_bytes(used)));
    let of_process = [left(Resource::RLIMIT_AS, "VmSize"), left(Resource::RLIMIT_DATA, "VmData")];
    of_process.into_iter().chain([in_groups]).flatten().fold(free, u64::min)
}

/// The most memory that this process could ever have: the machine's, or the smallest of the limits on it.
pub fn most_memory_bytes() -> u64 {
    let machine = meminfo_bytes("MemTotal").unwrap_or(u64::MAX);
    let in_groups = ControlGroups::of_this_process().memory_limit_bytes();
    let of_process = [Resource::RLIMIT_AS, Resource::RLIMIT_DATA].map(soft_limit);
    of_process.into_iter().chain([in_groups]).flatten().fold(machine, u64::min)
}

/// Refuses to begin where address space or data are limited to less than a run takes for its program, the allocator's first
/// arena, and a stack and the smallest buffers of each worker. With less, allocations of a few bytes fail at random, and no
/// process survives that.
///
/// # Errors
/// [`Error::Refused`] that names the limit and the least that works.
pub(crate) fn check_address_space(workers: usize) -> Result<()> {
    let limits = [("RLIMIT_AS, ulimit -v", Resource::RLIMIT_AS), ("RLIMIT_DATA, ulimit -d", Resource::RLIMIT_DATA)];
    limits.into_iter().try_for_each(|(name, resource)| match soft_limit(resource) {
        Some(limit) => check_room(name, limit, workers),
        None => Ok(()),
    })
}

fn check_room(name: &str, limit: u64, workers: usize) -> Result<()> {
    const OF_THE_PROGRAM: u64 = (144 << 20) + reserve::BYTES;
    const OF_A_WORKER: u64 = 8 << 20;
    let least = OF_THE_PROGRAM + OF_A_WORKER * workers as u64;
    if limit >= least {
        return Ok(());
    }
    let (limit, least) = (ByteSize(limit), ByteSize(least));
    Err(Error::Refused {
        what: "the memory for a run",
        source: io::ErrorKind::OutOfMemory.into(),
        advice: format!(
            "the process may have {limit} ({name}), and {workers} workers need {least}; raise the limit or pass fewer --workers"
        ),
    })
}

/// Files this process may have open at the same time.
pub fn open_files_limit() -> u64 {
    const POSIX_MINIMUM: u64 = 20;
    getrlimit(Resource::RLIMIT_NOFILE).map_or(POSIX_MINIMUM, |(soft, _)| soft)
}

/// The error for a thread that the system does not start: names the limits in force and a way out.
pub(crate) fn refused_thread(what: &'static str, source: io::Error) -> Error {
    let mut advice = String::new();
    let mut add = |limit: std::fmt::Arguments<'_>| advice.write_fmt(limit).expect("a string takes every write");
    match soft_limit(Resource::RLIMIT_NPROC) {
        Some(most) => add(format_args!("this user may have {most} processes and threads (RLIMIT_NPROC, ulimit -u)")),
        None => add(format_args!("RLIMIT_NPROC (ulimit -u) sets no limit")),
    }
    if let Some(most) = ControlGroups::of_this_process().threads_limit() {
        add(format_args!(", its control group {most} (pids.max)"));
    }
    if let Some(most) = soft_limit(Resource::RLIMIT_AS) {
        add(format_args!(", the process {} of address space (RLIMIT_AS, ulimit -v)", ByteSize(most)));
    }
    add(format_args!("; raise the limit, end other processes, or pass fewer --workers"));
    Error::Refused { what, source, advice }
}

/// A limit that is set.
fn soft_limit(resource: Resource) -> Option<u64> {
    let (soft, _) = getrlimit(resource).ok()?;
    (soft != nix::sys::resource::RLIM_INFINITY).then_some(soft)
}

fn status_bytes(name: &str) -> u64 {
    proc_field("/proc/self/status", name).and_then(|value| kib(&value)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_may_have_something() {
        assert!(processors() >= 1);
        assert!(open_files_limit() >= 3);
        assert!(available_memory_bytes() > 1 << 20);
        assert!(most_memory_bytes() >= available_memory_bytes());
    }

    #[test]
    fn too_little_address_space_is_refused_with_the_least_that_works() {
        check_room("RLIMIT_AS, ulimit -v", 172 << 20, 2).unwrap();
        let error = check_room("RLIMIT_AS, ulimit -v", (172 << 20) - 1, 2).unwrap_err().to_string();
        let said = ["172 MiB (RLIMIT_AS, ulimit -v)", "2 workers need 172 MiB", "--workers"];
        assert!(said.iter().all(|words| error.contains(words)), "{error}");
        assert!(check_room("RLIMIT_DATA, ulimit -d", 1 << 30, 1024).is_err());
    }

    #[test]
    fn a_thread_that_is_refused_is_told_with_the_limit_and_what_helps() {
        let error = refused_thread("a worker's thread", io::Error::from_raw_os_error(nix::libc::EAGAIN)).to_string();
        let said = ["the system refuses a worker's thread", "RLIMIT_NPROC", "--workers"];
        assert!(said.iter().all(|words| error.contains(words)), "{error}");
    }
}
