//! Children that end with this process, however it ends.
#![expect(unsafe_code, reason = "what a child does between fork and exec")]

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::unistd::{getpid, getppid};

/// Makes the system send a signal to the child of `command` when the thread that started it is gone: a process that is
/// killed by SIGKILL cannot tell its children.
pub fn to_this_process(command: &mut Command, signal: Signal) {
    let parent = getpid();
    let tie = move || {
        set_pdeathsig(signal)?;
        // The parent may have ended before the system knew of the tie.
        if getppid() == parent { Ok(()) } else { Err(io::Error::other("the parent has ended")) }
    };
    // SAFETY: the closure makes two system calls, allocates nothing unless it fails, and takes no lock.
    unsafe { command.pre_exec(tie) };
}
