//! Kills what commands have forked if this process is killed: it cannot do so itself then.
//!
//! A shell reads the groups of running commands from a pipe, each as it begins and as it ends. The pipe closes when this process
//! is gone, however it went, and the shell kills the groups that are left. Then it kills the processes with the job's directory in
//! their environment: those that have left their group, and those of a dry run, which have none of their own.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Mutex;

use crate::observe::activity::lock;
use crate::streaming::strays;

const SCRIPT: &str = r#"
trap '' INT TERM HUP
groups=' '
while read -r what group; do
    case $what in
        begin) groups="$groups$group " ;;
        end) groups="${groups%% $group *} ${groups#* $group }" ;;
        over) exit ;;
    esac
done
for group in $groups; do kill -KILL "-$group"; done
for round in 1 2 3 4 5; do
    found=$(grep -slF -- "$1" /proc/[0-9]*/environ)
    [ -n "$found" ] || exit
    for file in $found; do
        process=${file#/proc/}
        kill -KILL "${process%/environ}"
    done
done
"#;

/// The shell.
#[derive(Debug)]
pub struct Guard {
    shell: Child,
    /// `None` once it is told that all is over.
    pipe: Mutex<Option<ChildStdin>>,
}

impl Guard {
    /// Starts it. `mark` is what the environment of the job's processes has, and of no others.
    ///
    /// # Errors
    /// The system's refusal.
    pub fn start(mark: &OsStr) -> io::Result<Self> {
        strays::adopt();
        let mut command = Command::new("/bin/sh");
        command.args(["-c", SCRIPT, "sh"]).arg(mark).process_group(0).current_dir("/");
        let mut shell = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let pipe = Mutex::new(shell.stdin.take());
        Ok(Guard { shell, pipe })
    }

    /// Tells it that a group has begun.
    pub fn begin(&self, group: u32) {
        self.tell("begin", group);
    }

    /// Tells it that a group has ended.
    pub fn end(&self, group: u32) {
        self.tell("end", group);
    }

    /// Tells it that all commands have ended.
    fn dismiss(&self) {
        if let Some(mut pipe) = lock(&self.pipe).take() {
            let _ = pipe.write_all(b"over\n");
        }
    }

    fn tell(&self, what: &str, group: u32) {
        if let Some(pipe) = &mut *lock(&self.pipe) {
            // A guard that somebody has killed guards nothing; the run goes on.
            let _ = pipe.write_all(format!("{what} {group}\n").as_bytes());
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.dismiss();
        // It ends by itself; this only takes its status.
        let _ = self.shell.wait();
    }
}
