//! Finds and ends processes that an attempt has left behind, also those that have left its group.
//!
//! A process whose parent has ended comes to this process ([`adopt`]), so whatever a command began is below it. What belongs
//! to an attempt is told by the attempt's own directory in the environment, which children inherit:
//!
//! ```text
//! twinmill ─┬─ mapper of attempt 1 ── sort          lives on
//!           ├─ mapper of attempt 2                  has ended
//!           └─ a daemon that it began (setsid)      has attempt 2's directory in its environment
//!                └─ what the daemon began           is below it, whatever its environment
//! ```

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::prctl::set_child_subreaper;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;

/// The variable with an attempt's own directory.
const MARK: &str = "mapreduce_task_output_dir";
/// Time that killed processes get to be gone.
const PATIENCE: Duration = Duration::from_secs(2);

/// Lets processes whose parent has ended come to this one.
pub fn adopt() {
    // An old system without it still ends the groups.
    let _ = set_child_subreaper(true);
}

/// How the processes of an attempt are told from others.
#[derive(Clone, Debug, Default)]
pub struct Mark(Vec<u8>);

impl Mark {
    /// The mark of an attempt's command.
    pub fn of(command: &Command) -> Self {
        let value = command.get_envs().find(|(name, _)| *name == MARK).and_then(|(_, value)| value);
        Mark(value.map(|value| [MARK.as_bytes(), b"=", value.as_bytes()].concat()).unwrap_or_default())
    }

    fn is_on(&self, process: u32) -> bool {
        let environment = || fs::read(format!("/proc/{process}/environ")).unwrap_or_default();
        !self.0.is_empty() && environment().split(|byte| *byte == 0).any(|variable| variable == self.0)
    }
}

/// The processes below one: its children, theirs, and so on.
pub fn below(process: u32) -> Vec<u32> {
    let (mut found, mut known, mut next) = (Vec::new(), HashSet::new(), Some(process));
    let mut at = 0;
    while let Some(process) = next {
        found.extend(children(process).into_iter().filter(|child| known.insert(*child)));
        next = found.get(at).copied();
        at += 1;
    }
    found
}

/// Kills what is left of an attempt whose own process has ended: what is in its group, what has its mark, what is below such
/// processes, and `others` that were below its process.
pub fn end(group: Option<u32>, mark: &Mark, others: &[u32]) {
    let own = std::process::id();
    let mut doomed: HashSet<u32> = others.iter().copied().collect();
    others.iter().for_each(|process| slay(*process));
    let began = Instant::now();
    loop {
        let mut left = false;
        for child in children(own) {
            let is_of_attempt =
                doomed.contains(&child) || group.is_some() && group_of(child) == group || mark.is_on(child);
            if !is_of_attempt {
                continue;
            }
            left = true;
            for process in below(child).into_iter().chain([child]) {
                if doomed.insert(process) || process == child {
                    slay(process);
                }
            }
            // Nobody else waits for it.
            let _ = waitpid(Pid::from_raw(child.cast_signed()), Some(WaitPidFlag::WNOHANG));
        }
        if !left || began.elapsed() > PATIENCE {
            return;
        }
        thread::sleep(Duration::from_millis(1));
    }
}

fn slay(process: u32) {
    let _ = kill(Pid::from_raw(process.cast_signed()), Signal::SIGKILL);
}

/// The children of all threads of a process.
fn children(process: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    let lists = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists.flat_map(|list| list.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<u32>>()).collect()
}

/// The group of a process.
fn group_of(process: u32) -> Option<u32> {
    let stat = fs::read(format!("/proc/{process}/stat")).ok()?;
    // The name, in parentheses, may have blanks.
    let rest = OsStr::from_bytes(&stat[memchr::memrchr(b')', &stat)? + 1..]).to_str()?;
    rest.split_whitespace().nth(2)?.parse().ok()
}
