//! Starts the programs of a submission shut in, as far as the system allows.
//!
//! | | with | where it cannot be had |
//! |---|---|---|
//! | no network, processes of its own, secrets out of sight | `unshare` | the network is there, and secrets as the files' rights say |
//! | another user | `setpriv`, for root | the user's own rights |
//! | memory, processes, files | `prlimit` | the watch of the [trial](crate::measure::grading::trial) alone |
//!
//! The whole is a script that stands before the command: `SANDBOX python3 mapper.py`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::unistd::getuid;

use crate::error::{Error, Result};
use crate::measure::grading::assignment::Limits;

/// The first of the users that submissions run as, where this is root: nobody has such a number.
const FIRST_USER: u32 = 61_000;
const USERS: u32 = 4_000;

/// What the system allows.
#[derive(Clone, Debug)]
pub struct Sandbox {
    /// The words of `unshare`; empty where it is not allowed.
    unshare: Vec<&'static str>,
    is_root: bool,
    has_setpriv: bool,
    has_prlimit: bool,
}

const OF_ROOT: &[&str] =
    &["unshare", "--net", "--ipc", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--"];
const OF_USERS: &[&str] = &[
    "unshare",
    "--user",
    "--map-root-user",
    "--net",
    "--ipc",
    "--mount",
    "--pid",
    "--fork",
    "--kill-child",
    "--mount-proc",
    "--",
];

fn works(words: &[&str]) -> bool {
    let Some((program, rest)) = words.split_first() else { return false };
    let mut command = Command::new(program);
    command.args(rest).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

impl Sandbox {
    /// Finds out what the system allows.
    pub fn find() -> Self {
        let is_root = getuid().is_root();
        let ways: &[&[&str]] = if is_root { &[OF_ROOT] } else { &[OF_USERS] };
        let allowed = ways.iter().find(|way| works(&[way, &["true"][..]].concat()));
        Sandbox {
            unshare: allowed.map_or_else(Vec::new, |way| way.to_vec()),
            is_root,
            has_setpriv: works(&["setpriv", "--version"]),
            has_prlimit: works(&["prlimit", "--version"]),
        }
    }

    /// Sentences about what could not be had.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.unshare.is_empty() {
            notes.push(
                "unshare is not allowed here: submissions have the network, and can read what this user can; grade \
                 in a container, or keep the answer away from this machine"
                    .to_owned(),
            );
        }
        if self.is_root && !self.has_setpriv {
            notes.push("setpriv is not there: submissions run as root".to_owned());
        }
        if !self.has_prlimit {
            notes.push("prlimit is not there: memory and processes are watched, not limited".to_owned());
        }
        notes
    }

    /// The user that submissions run as, one after another. Another process that grades has another one: what a submission
    /// leaves is ended by its user.
    pub fn user(&self) -> Option<u32> {
        (self.is_root && self.has_setpriv).then(|| FIRST_USER + std::process::id() % USERS)
    }

    /// Writes the script into `dir`, and gives its path. `secrets` are out of the sight of what it starts.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn write(&self, dir: &Path, limits: &Limits, secrets: &[PathBuf], user: Option<u32>) -> Result<PathBuf> {
        let (outer, inner) = (dir.join("sandbox"), dir.join("sandbox-inside"));
        script(&inner, &self.inside(dir, limits, secrets, user))?;
        let mut words: Vec<String> = self.unshare.iter().map(|word| (*word).to_owned()).collect();
        words.push(quoted(&inner));
        script(&outer, &format!("#!/bin/sh\nexec {} \"$@\"\n", words.join(" ")))?;
        Ok(outer)
    }

    fn inside(&self, dir: &Path, limits: &Limits, secrets: &[PathBuf], user: Option<u32>) -> String {
        let mut text = String::from("#!/bin/sh\n");
        if !self.unshare.is_empty() {
            for secret in secrets.iter().filter(|secret| !dir.starts_with(secret)) {
                let path = quoted(secret);
                text += &if secret.is_dir() {
                    format!("mount -t tmpfs -o ro,size=4k,mode=755 tmpfs {path} || exit 125\n")
                } else {
                    format!("mount --bind /dev/null {path} || exit 125\n")
                };
            }
            // Files that it writes are gone with it, and cannot fill the disk.
            for place in ["/tmp", "/var/tmp", "/dev/shm"].map(Path::new) {
                if !dir.starts_with(place) && place.is_dir() {
                    let path = quoted(place);
                    text += &format!("mount -t tmpfs -o size={},mode=1777 tmpfs {path} || exit 125\n", limits.output);
                }
            }
        }
        if user.is_some() {
            // It works in a directory that only this user may enter. Python opens its script by its whole path.
            text += "chmod a+rx . && chmod a+x .. || exit 125\n";
        }
        text += "export TMPDIR=/tmp HOME=/tmp\nexec ";
        if self.has_setpriv && (user.is_some() || !self.unshare.is_empty()) {
            let user = user.map_or(String::new(), |user| format!("--reuid={user} --regid={user} --clear-groups "));
            // Who could mount could also take away what hides the secrets.
            text += &format!("setpriv {user}--no-new-privs --bounding-set=-all --inh-caps=-all -- ");
        }
        if self.has_prlimit {
            let Limits { memory, processes, output, .. } = limits;
            // A program has address space that it never touches, so the sum of all is watched besides.
            text += &format!(
                "prlimit --as={} --nproc={processes} --fsize={output} --core=0 --nofile=1024 -- ",
                memory.saturating_mul(2)
            );
        }
        text + "\"$@\"\n"
    }
}

fn script(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).map_err(Error::at("write", path))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).map_err(Error::at("write", path))
}

/// A path as a shell reads it.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.to_string_lossy().replace('\'', r"'\''"))
}
