//! Becomes a program of a submission, shut in.
//!
//! The engine starts this executable before each program, with a [`Plan`]:
//!
//! ```text
//! engine ─▶ outer: namespaces, view of the files ─▶ inner: process 1 of its own list ─▶ the program, under limits
//! ```
//!
//! The inner process ends with the outer one, and all processes of a namespace end with its process 1. The program can neither end
//! nor stop it, nor read its memory, so nothing that the program starts outlives the outer process, whatever group or session it has
//! gone to. Where namespaces are not allowed there is no inner process: the outer one becomes the program.
#![expect(unsafe_code, reason = "what a child does between fork and exec")]

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus};

use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{Signal, raise};
use nix::sys::wait::{WaitStatus, wait};
use nix::unistd::{Gid, Uid, dup2_stderr, dup2_stdin, dup2_stdout, getgid, getuid, setgroups, setresgid, setresuid};
use rustix::mount::{MountFlags, mount};
use rustix::thread::{
    CapabilitySet, CapabilitySets, clear_ambient_capability_set, remove_capability_from_bounding_set, set_capabilities,
};
use serde::{Deserialize, Serialize};

use crate::measure::grading::filter;
use crate::measure::grading::view::View;
use crate::streaming::process::spawn;

/// The first word of this executable when it is to become a program.
pub const WORD: &str = "--shut-in";
/// The same in the new namespaces, where the file of the plan is out of sight.
const INNER: &str = "--shut-in-inner";
/// The variable of the plan there. The program can read the words of process 1, and not its variables.
const PLAN: &str = "TWINMILL_PLAN";
/// The variable of the directory for further output, which a program may write.
const OUTPUT_DIR: &str = "mapreduce_task_output_dir";
/// The exit status where a program could not be shut in.
const FAILED: u8 = 125;
/// Most open files of a program. Each pipe and socket holds memory of the system.
const MOST_OPEN: u64 = 256;

/// The namespaces that a program gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Namespaces {
    /// None: it sees what its user sees.
    None,
    /// Those that root may have.
    OfRoot,
    /// Those that any user may have, by a namespace of users.
    OfUser,
}

/// How a program is shut in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Plan {
    pub namespaces: Namespaces,
    /// The submission, whose files lie in the working directory of each program.
    pub submission: PathBuf,
    /// Places out of its sight.
    pub hidden: Vec<PathBuf>,
    /// Directories that it sees in hidden ones.
    pub shown: Vec<PathBuf>,
    /// The user it runs as, if it is not this one.
    pub user: Option<u32>,
    pub memory: u64,
    pub processes: u64,
    pub output: u64,
}

/// Why a program could not be started, and the exit status that says so.
#[derive(Debug)]
pub struct Refusal {
    pub status: u8,
    pub why: String,
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Refusal { status: FAILED, why: format!("the sandbox cannot be made: {error}") }
    }
}

/// Becomes the program that the words of this process name; `None` where they ask for something else.
pub fn run(words: &[OsString]) -> Option<Result<ExitCode, Refusal>> {
    let [_, word, rest @ ..] = words else { return None };
    match (word.to_str()?, rest) {
        (WORD, [plan, command @ ..]) => Some(outer(plan, command)),
        (INNER, command) => Some(inner(command)),
        _ => None,
    }
}

fn outer(plan: &OsStr, command: &[OsString]) -> Result<ExitCode, Refusal> {
    let text = fs::read_to_string(plan)?;
    let plan: Plan = serde_json::from_str(&text).map_err(io::Error::from)?;
    let dir = env::current_dir()?;
    if plan.namespaces == Namespaces::None {
        plan.lay_files(&dir)?;
        plan.give_up_rights(&dir)?;
        return Err(cannot_start(command, &plan.program(command)?.exec()));
    }
    plan.enter_namespaces().map_err(|error| said("unshare", error))?;
    let own: Vec<PathBuf> = [dir.clone()].into_iter().chain(env::var_os(OUTPUT_DIR).map(PathBuf::from)).collect();
    let mut shown = plan.shown.clone();
    shown.push(plan.submission.clone());
    View { hidden: &plan.hidden, shown: &shown, own: &own, most_bytes: plan.output }.take()?;
    // The working directory of before is below what is hidden.
    env::set_current_dir(&dir)?;
    plan.lay_files(&dir)?;
    let mut inner = Command::new("/proc/self/exe");
    inner.arg(INNER).args(command).env(PLAN, text);
    let mut inner = inner.spawn()?;
    let_go_of_pipes()?;
    let status = inner.wait()?;
    Ok(end_like(status))
}

fn inner(command: &[OsString]) -> Result<ExitCode, Refusal> {
    let plan: Plan = serde_json::from_str(&env::var(PLAN).unwrap_or_default()).map_err(io::Error::from)?;
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    mount("proc", "/proc", "proc", flags, None).map_err(|error| said("/proc", error.into()))?;
    if plan.namespaces == Namespaces::OfUser {
        // In namespaces of its own it could mount, and a file system in memory is memory.
        fs::write("/proc/sys/user/max_user_namespaces", "0").map_err(|error| said("its namespaces", error))?;
    }
    // Shared memory of System V is nobody's while it is not attached. An old system does not let a user forbid it.
    let _ = fs::write("/proc/sys/kernel/shmmni", "0");
    plan.give_up_rights(Path::new("."))?;
    prctl::set_dumpable(false).map_err(io::Error::from)?;
    prctl::set_pdeathsig(Signal::SIGKILL).map_err(io::Error::from)?;
    let program = spawn(plan.program(command)?, |_| {}).map_err(|error| cannot_start(command, &error))?;
    let_go_of_pipes()?;
    let id = program.id().cast_signed();
    // Whatever the program leaves behind becomes a child of this process.
    loop {
        match wait() {
            Ok(WaitStatus::Exited(ended, status)) if ended.as_raw() == id => return Ok(ExitCode::from(status as u8)),
            Ok(WaitStatus::Signaled(ended, signal, _)) if ended.as_raw() == id => {
                return Ok(ExitCode::from(128 + signal as u8));
            }
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(error) => return Err(io::Error::from(error).into()),
        }
    }
}

impl Plan {
    fn enter_namespaces(&self) -> io::Result<()> {
        let (user, group) = (getuid(), getgid());
        let mut flags = CloneFlags::CLONE_NEWNS
            | CloneFlags::CLONE_NEWPID
            | CloneFlags::CLONE_NEWNET
            | CloneFlags::CLONE_NEWIPC
            | CloneFlags::CLONE_NEWUTS;
        if self.namespaces == Namespaces::OfUser {
            flags |= CloneFlags::CLONE_NEWUSER;
        }
        unshare(flags)?;
        if self.namespaces == Namespaces::OfUser {
            fs::write("/proc/self/setgroups", "deny")?;
            // The user becomes the root of the namespace, who may mount there. The program cannot: its rights are taken away.
            fs::write("/proc/self/uid_map", format!("0 {user} 1"))?;
            fs::write("/proc/self/gid_map", format!("0 {group} 1"))?;
        }
        Ok(())
    }

    /// Lays links to the submission's files into the working directory. A file of the submission may have any name, so
    /// it is not shipped by an option.
    fn lay_files(&self, dir: &Path) -> io::Result<()> {
        for entry in fs::read_dir(&self.submission)? {
            let entry = entry?;
            let link = dir.join(entry.file_name());
            if entry.file_name() == "tmp" {
                // The directory that each attempt has; temporary files have another place here.
                let _ = fs::remove_dir(&link);
            }
            match symlink(entry.path(), &link) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Becomes the user of the program, who has no rights but those to files.
    fn give_up_rights(&self, dir: &Path) -> io::Result<()> {
        // Without the right to change the set there is no right in it to take away.
        for number in 0..u64::BITS {
            let _ = remove_capability_from_bounding_set(CapabilitySet::from_bits_retain(1 << number));
        }
        if let Some(user) = self.user {
            if self.namespaces == Namespaces::None {
                chown(dir, Some(user), Some(user))?;
                fs::set_permissions(dir.join(".."), fs::Permissions::from_mode(0o711))?;
            }
            let (uid, gid) = (Uid::from_raw(user), Gid::from_raw(user));
            setgroups(&[])?;
            setresgid(gid, gid, gid)?;
            setresuid(uid, uid, uid)?;
        }
        prctl::set_no_new_privs()?;
        // A kernel without the set has nothing in it.
        let _ = clear_ambient_capability_set();
        let none = CapabilitySet::empty();
        set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })?;
        filter::apply()
    }

    /// The program, under its limits.
    fn program(&self, command: &[OsString]) -> io::Result<Command> {
        let Some((program, rest)) = command.split_first() else {
            return Err(io::Error::other("there is no command"));
        };
        let mut command = Command::new(program);
        command.args(rest).envs([("HOME", "/tmp"), ("TMPDIR", "/tmp")]);
        // They name places that are out of its sight.
        command.env_remove(PLAN).env_remove("twinmill_starter");
        let limits = [
            // A program has address space that it never touches, so the sum of all is watched besides.
            (Resource::RLIMIT_AS, self.memory.saturating_mul(2)),
            // Process 1 counts.
            (Resource::RLIMIT_NPROC, self.processes.saturating_add(1)),
            (Resource::RLIMIT_FSIZE, self.output),
            (Resource::RLIMIT_CORE, 0),
            (Resource::RLIMIT_MSGQUEUE, 0),
            (Resource::RLIMIT_NOFILE, MOST_OPEN),
        ];
        let set = move || limits.iter().try_for_each(|(limit, most)| Ok(setrlimit(*limit, *most, *most)?));
        // SAFETY: the closure makes system calls, allocates nothing, and takes no lock.
        unsafe { command.pre_exec(set) };
        Ok(command)
    }
}

/// Leaves the pipes to the program: the engine sees that it closes them.
fn let_go_of_pipes() -> io::Result<()> {
    let null = File::options().read(true).write(true).open("/dev/null")?;
    dup2_stdin(&null)?;
    dup2_stdout(&null)?;
    dup2_stderr(&null)?;
    Ok(())
}

/// Ends this process as the program ended, whose signal is told by a status above 128.
fn end_like(status: ExitStatus) -> ExitCode {
    let code = status.code().or(status.signal().map(|signal| 128 + signal)).unwrap_or(i32::from(FAILED));
    if let Ok(signal) = Signal::try_from(code - 128) {
        let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
        let _ = raise(signal);
    }
    // The signal was ignored, or there was none.
    ExitCode::from(code as u8)
}

/// The refusal of a program that is not there, or is none, with a shell's exit status for it.
fn cannot_start(command: &[OsString], error: &io::Error) -> Refusal {
    let name = command.first().map(|program| program.to_string_lossy()).unwrap_or_default();
    let status = if error.kind() == io::ErrorKind::NotFound { 127 } else { 126 };
    Refusal { status, why: format!("cannot start {name}: {error}") }
}

fn said(what: &str, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{what}: {error}"))
}
