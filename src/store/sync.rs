//! Syncs files to the device without being at its mercy.
//!
//! A call that syncs a file returns when the device has all of it, seconds or minutes later. Nothing ends such a call: a
//! process that is killed meanwhile stays until it returns. So for a large file another process makes the call:
//!
//! ```text
//! this process ──fork──▶ child ──fork──▶ grandchild: closes all other files, syncs this one
//!   │ ◀─────── ends ───────┘                │
//!   ▼                                       │
//! looks at its token again and again ◀──────┘ the call's error, or 0, over a pipe
//! ```
//!
//! Once the token is cancelled, this process no longer waits. The grandchild has no parent to wait for it, and ends
//! when the device is done.

#![expect(unsafe_code, reason = "forks, and leaves a forked process without the clearing up of this one")]

use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, Read};
use std::os::fd::{AsFd, AsRawFd};
use std::path::Path;

use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

use crate::cancel::CancelToken;
use crate::error::{Error, Result};

/// Files up to this size are synced by this process: that is done soon, and forking would take longer.
const SMALL_BYTES: u64 = 1 << 20;
/// Time between two looks at the token.
const NAP_MS: u16 = 20;

/// Syncs a file's content to the device, and the metadata that is needed to read it.
///
/// # Errors
/// [`Error::Io`] where the device refuses; [`Error::Cancelled`] where `cancel` came first.
pub(crate) fn sync_data(file: &File, path: &Path, cancel: &CancelToken) -> Result<()> {
    // SAFETY: the call takes any number for a file, and returns an error if it is none.
    patiently(file, path, cancel, File::sync_data, |fd| unsafe { libc::fdatasync(fd) })
}

/// Syncs a file to the device, with its times.
///
/// # Errors
/// As for [`sync_data`].
pub(crate) fn sync_all(file: &File, path: &Path, cancel: &CancelToken) -> Result<()> {
    // SAFETY: as for `fdatasync`.
    patiently(file, path, cancel, File::sync_all, |fd| unsafe { libc::fsync(fd) })
}

/// Makes a call, or lets another process make the same `call` if the file is large.
fn patiently(
    file: &File,
    path: &Path,
    cancel: &CancelToken,
    here: impl FnOnce(&File) -> io::Result<()>,
    call: impl FnOnce(libc::c_int) -> libc::c_int,
) -> Result<()> {
    cancel.check()?;
    let is_large = file.metadata().is_ok_and(|metadata| metadata.len() > SMALL_BYTES);
    let by_other = if is_large { in_other_process(file, call, cancel)? } else { None };
    by_other.unwrap_or_else(|| here(file)).map_err(Error::at("sync", path))
}

/// Lets another process make a call that takes long; returns its result, or `None` where there can be no other process.
/// `call` must make only system calls; it returns less than 0 where `errno` has the error.
///
/// # Errors
/// [`Error::Cancelled`].
fn in_other_process(
    file: &File,
    call: impl FnOnce(libc::c_int) -> libc::c_int,
    cancel: &CancelToken,
) -> Result<Option<io::Result<()>>> {
    let Ok((answer, answers)) = io::pipe() else { return Ok(None) };
    // SAFETY: the child and its child make system calls only, until they end. They take no memory and no lock, which another
    // thread may have held when they were forked.
    match unsafe { fork() } {
        Err(_) => return Ok(None),
        Ok(ForkResult::Child) => be_child(file, &answers, call),
        Ok(ForkResult::Parent { child }) => {
            drop(answers);
            // The child ends at once. Another waiter for children may be told of it instead.
            while waitpid(child, None) == Err(nix::Error::EINTR) {}
        }
    }
    wait(answer, cancel)
}

/// Waits for the answer of the process that makes the call; `None` where it ended without one.
fn wait(mut answer: PipeReader, cancel: &CancelToken) -> Result<Option<io::Result<()>>> {
    loop {
        cancel.check()?;
        let there = poll(&mut [PollFd::new(answer.as_fd(), PollFlags::POLLIN)], PollTimeout::from(NAP_MS));
        if there == Ok(0) || there == Err(nix::Error::EINTR) {
            continue;
        }
        let mut errno = [0; 4];
        return Ok(match answer.read_exact(&mut errno).map(|()| i32::from_ne_bytes(errno)) {
            Ok(0) => Some(Ok(())),
            Ok(errno) => Some(Err(io::Error::from_raw_os_error(errno))),
            Err(_) => None,
        });
    }
}

/// Forks again, so that no process has to wait for the one that makes the call.
fn be_child(file: &File, answers: &PipeWriter, call: impl FnOnce(libc::c_int) -> libc::c_int) -> ! {
    // SAFETY: as for the first fork.
    let status = match unsafe { fork() } {
        Ok(ForkResult::Child) => make_call(file, answers, call),
        Ok(ForkResult::Parent { .. }) => 0,
        Err(_) => 1,
    };
    // SAFETY: ends this process, and does nothing else.
    unsafe { libc::_exit(status) }
}

/// Makes the call with no other file open: readers of this process's pipes, and waiters for its locks, must not wait
/// for this call.
fn make_call(file: &File, answers: &PipeWriter, call: impl FnOnce(libc::c_int) -> libc::c_int) -> ! {
    const FILE: libc::c_int = 0;
    const ANSWERS: libc::c_int = 1;
    const OTHERS: libc::c_int = 2;
    // SAFETY: system calls on descriptors of this process alone, and four bytes that are there.
    unsafe {
        // Neither is among the first three, which a process of Rust has open from its beginning.
        libc::dup2(file.as_raw_fd(), FILE);
        libc::dup2(answers.as_raw_fd(), ANSWERS);
        if libc::syscall(libc::SYS_close_range, OTHERS, libc::c_uint::MAX, 0) < 0 {
            // Before Linux 5.9.
            for fd in OTHERS..1 << 12 {
                libc::close(fd);
            }
        }
        let errno = if call(FILE) < 0 { *libc::__errno_location() } else { 0 };
        libc::write(ANSWERS, (&raw const errno).cast(), size_of::<libc::c_int>());
        libc::_exit(0)
    }
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::{Duration, Instant};

    use super::*;

    /// A call that takes ten seconds.
    fn long_call(_: libc::c_int) -> libc::c_int {
        // SAFETY: sleeps.
        unsafe { libc::sleep(10) };
        0
    }

    #[test]
    fn who_is_told_to_stop_does_not_wait_for_the_device() {
        let (file, cancel, start) = (tempfile::tempfile().unwrap(), CancelToken::default(), Instant::now());
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(100));
                cancel.cancel();
            });
            assert!(matches!(in_other_process(&file, long_call, &cancel), Err(Error::Cancelled)));
        });
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    }

    #[test]
    fn the_error_of_the_call_is_passed_on() {
        let (file, cancel) = (tempfile::tempfile().unwrap(), CancelToken::default());
        // SAFETY: no such file.
        let outcome = in_other_process(&file, |_| unsafe { libc::fsync(-1) }, &cancel);
        assert_eq!(outcome.unwrap().unwrap().unwrap_err().raw_os_error(), Some(libc::EBADF));
    }

    #[test]
    fn the_other_process_has_the_file_and_no_other() {
        let (file, cancel) = (tempfile::tempfile().unwrap(), CancelToken::default());
        file.set_len(2 * SMALL_BYTES).unwrap();
        let others = [tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap()];
        // SAFETY: asks for the flags of a descriptor.
        let is_open = |fd| unsafe { libc::fcntl(fd, libc::F_GETFD) } >= 0;
        let only_the_file = |fd| {
            // SAFETY: moves within the file.
            let bytes = unsafe { libc::lseek(fd, 0, libc::SEEK_END) };
            if bytes == 2 * SMALL_BYTES as i64 && !others.iter().any(|other| is_open(other.as_raw_fd())) {
                0
            } else {
                -1
            }
        };
        assert!(in_other_process(&file, only_the_file, &cancel).unwrap().unwrap().is_ok());
        assert!(others.iter().all(|other| is_open(other.as_raw_fd())));
    }

    #[test]
    fn small_and_large_files_are_synced() {
        let cancel = CancelToken::default();
        for bytes in [0, 1, SMALL_BYTES, 3 * SMALL_BYTES] {
            let file = tempfile::NamedTempFile::new().unwrap();
            file.as_file().set_len(bytes).unwrap();
            sync_data(file.as_file(), file.path(), &cancel).unwrap();
            sync_all(file.as_file(), file.path(), &cancel).unwrap();
        }
        cancel.cancel();
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(matches!(sync_all(file.as_file(), file.path(), &cancel), Err(Error::Cancelled)));
    }
}
