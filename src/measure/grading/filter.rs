//! Calls of the system that the programs of a submission do not get.
//!
//! | call | why not |
//! |---|---|
//! | `memfd_create`, `memfd_secret`, `io_uring_setup` | memory that no process shows as its own |
//! | `unshare`, `setns`, `clone` with a namespace of users, `mount` and its relatives | a file system in memory is memory, too |
//! | `bpf`, `perf_event_open`, `userfaultfd`, the keyrings | no program of an assignment needs them, and the system had faults there |
//!
//! The system runs the list before each call of the program and of all that it starts, and nothing takes it away again.
#![expect(unsafe_code, reason = "a call of the system that has no safe form here")]

use std::io;

use nix::libc::{self, c_long, sock_filter, sock_fprog};

/// Calls of other systems have other numbers.
#[cfg(target_arch = "x86_64")]
const NATIVE: Option<u32> = Some(0xC000_003E);
#[cfg(target_arch = "aarch64")]
const NATIVE: Option<u32> = Some(0xC000_00B7);
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
const NATIVE: Option<u32> = None;

/// Refused as if the system did not know them, so that libraries take another way.
const UNKNOWN: [c_long; 5] = [
    libc::SYS_memfd_create,
    libc::SYS_memfd_secret,
    libc::SYS_io_uring_setup,
    // Its flags are out of the filter's sight. Libraries go back to `clone`.
    libc::SYS_clone3,
    libc::SYS_userfaultfd,
];
/// Refused as not allowed.
const FORBIDDEN: [c_long; 17] = [
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_fsopen,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_mount_setattr,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    libc::SYS_ptrace,
];
/// Numbers from here on are those of another way of calling x86-64.
const X32: u32 = 0x4000_0000;

/// Offsets in what the system shows of a call.
const NUMBER_AT: u32 = 0;
const ARCHITECTURE_AT: u32 = 4;
const FIRST_ARGUMENT_AT: u32 = 16;

/// Takes the calls away from this process, which cannot gain rights by starting a program any more. On other processors nothing
/// is taken away.
///
/// # Errors
/// The system's refusal.
pub fn apply() -> io::Result<()> {
    let Some(native) = NATIVE else { return Ok(()) };
    let mut program = program(native);
    let list = sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    // SAFETY: the system copies the list, which is whole and lives until it has.
    let done =
        unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::c_ulong::from(libc::SECCOMP_MODE_FILTER), &raw const list) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn program(native: u32) -> Vec<sock_filter> {
    let refuse = |errno: i32| statement(libc::BPF_RET, libc::SECCOMP_RET_ERRNO | errno.cast_unsigned());
    let mut program = vec![
        load(ARCHITECTURE_AT),
        unless(libc::BPF_JEQ, native),
        statement(libc::BPF_RET, libc::SECCOMP_RET_KILL_PROCESS),
        load(NUMBER_AT),
        when(libc::BPF_JGE, X32),
        refuse(libc::ENOSYS),
    ];
    let unknown = UNKNOWN.iter().map(|call| (*call, libc::ENOSYS));
    for (call, errno) in unknown.chain(FORBIDDEN.iter().map(|call| (*call, libc::EPERM))) {
        program.extend([when(libc::BPF_JEQ, call as u32), refuse(errno)]);
    }
    let user_namespace = libc::CLONE_NEWUSER.cast_unsigned();
    program.extend([
        // Over the look at the flags.
        sock_filter { jt: 0, jf: 3, ..when(libc::BPF_JEQ, libc::SYS_clone as u32) },
        load(FIRST_ARGUMENT_AT),
        when(libc::BPF_JSET, user_namespace),
        refuse(libc::EPERM),
        statement(libc::BPF_RET, libc::SECCOMP_RET_ALLOW),
    ]);
    program
}

fn statement(code: u32, k: u32) -> sock_filter {
    sock_filter { code: code as u16, jt: 0, jf: 0, k }
}

fn load(offset: u32) -> sock_filter {
    statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, offset)
}

/// Does the next step if the comparison holds, and the one after it if not.
fn when(comparison: u32, with: u32) -> sock_filter {
    sock_filter { jf: 1, ..statement(libc::BPF_JMP | comparison | libc::BPF_K, with) }
}

/// Does the next step if the comparison does not hold.
fn unless(comparison: u32, with: u32) -> sock_filter {
    sock_filter { jt: 1, ..statement(libc::BPF_JMP | comparison | libc::BPF_K, with) }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use nix::errno::Errno;
    use nix::sched::{CloneFlags, unshare};
    use nix::sys::prctl;
    use rustix::fs::{MemfdFlags, memfd_create};

    use super::*;

    #[test]
    fn the_calls_are_gone_and_others_are_not() {
        if NATIVE.is_none() {
            return;
        }
        // It is taken away from the thread alone.
        let thread = thread::spawn(|| {
            prctl::set_no_new_privs().unwrap();
            apply().unwrap();
            assert_eq!(memfd_create("x", MemfdFlags::empty()).unwrap_err(), rustix::io::Errno::NOSYS);
            assert_eq!(unshare(CloneFlags::CLONE_NEWUTS), Err(Errno::EPERM));
            assert!(std::process::Command::new("true").status().unwrap().success());
        });
        thread.join().unwrap();
    }
}
