//! How the programs of submissions are shut in here: as far as the system allows.
//!
//! | | with | where it cannot be had |
//! |---|---|---|
//! | no network, processes of its own | namespaces | the network is there |
//! | read-only files, secrets and homes out of sight | a [view of its own](crate::measure::grading::view) | what the user's rights allow |
//! | another user | root's rights | the user's own rights |
//! | memory, processes, files | limits of the system | always there |
//! | calls that take memory unseen, or make namespaces | a [filter](crate::measure::grading::filter) | they are counted where they can be seen |
//! | a short environment | | always there |
//!
//! Each program is started by this executable, which [becomes](crate::measure::grading::shut_in) it. Its limits and secrets
//! stand in a file, the plan, that the program does not see.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::unistd::getuid;

use crate::error::{Error, Result};
use crate::measure::grading::assignment::Limits;
use crate::measure::grading::shut_in::{self, Namespaces, Plan};
use crate::measure::grading::view;

/// The first of the users that submissions run as, where this is root: nobody has such a number.
const FIRST_USER: u32 = 61_000;
const USERS: u32 = 4_000;

/// Places of other people's files, and doors to services: an open socket is a way out of read-only files.
const HIDDEN: [&str; 12] = [
    "/home",
    "/root",
    "/media",
    "/mnt",
    "/run/user",
    "/run/dbus",
    "/run/docker.sock",
    "/run/containerd",
    "/run/podman",
    "/run/snapd.socket",
    "/run/screen",
    "/run/tmux",
];

/// What the system allows.
#[derive(Clone, Debug)]
pub struct Sandbox {
    program: PathBuf,
    namespaces: Namespaces,
    /// The user that programs run as, if it is not this one.
    user: Option<u32>,
    /// Why there is not more.
    refusal: Option<String>,
    is_root: bool,
    hidden: Vec<PathBuf>,
    shown: Vec<PathBuf>,
}

impl Sandbox {
    /// Finds out what the system allows: shuts `true` in, in a new directory in `dir`. `program` is this executable. `secrets` and
    /// what lies beside `dir` are hidden, besides what always is.
    ///
    /// # Errors
    /// [`Error::Io`] for a directory that cannot be made.
    pub fn find(program: &Path, dir: &Path, secrets: &[PathBuf]) -> Result<Self> {
        let hidden = hidden(secrets, dir);
        let shown = shown(&hidden, secrets);
        let is_root = getuid().is_root();
        let other = is_root.then(|| FIRST_USER + std::process::id() % USERS);
        let mut sandbox = Sandbox {
            program: program.to_owned(),
            namespaces: Namespaces::None,
            user: None,
            refusal: None,
            is_root,
            hidden,
            shown,
        };
        // From the most closed one on. Root of a container may lack the right to one or to the other.
        let of_root = [(Namespaces::OfRoot, other), (Namespaces::OfRoot, None)];
        let of_user = [(Namespaces::OfUser, None), (Namespaces::None, other), (Namespaces::None, None)];
        for (namespaces, user) in of_root.into_iter().filter(|_| is_root).chain(of_user) {
            (sandbox.namespaces, sandbox.user) = (namespaces, user);
            match sandbox.try_out(&dir.join("trial-of-the-sandbox"))? {
                Ok(()) => return Ok(sandbox),
                Err(why) => sandbox.refusal = sandbox.refusal.or(Some(why)),
            }
        }
        let why = sandbox.refusal.unwrap_or_default();
        Err(Error::user(format!("no program can be started under limits here: {why}")))
    }

    /// Starts a program that does nothing; the inner result says why it did not run.
    fn try_out(&self, dir: &Path) -> Result<std::result::Result<(), String>> {
        let (files, own) = (dir.join("files"), dir.join("own"));
        for dir in [&files, &own] {
            fs::create_dir_all(dir).map_err(Error::at("create", dir))?;
        }
        let plan = self.write_plan(dir, &files, &Limits::default())?;
        let mut command = Command::new(&self.program);
        command.arg(shut_in::WORD).arg(plan).arg("true").current_dir(&own).stdin(Stdio::null());
        let ended = command.output().map_err(Error::at("start", &self.program))?;
        fs::remove_dir_all(dir).map_err(Error::at("remove", dir))?;
        let why = String::from_utf8_lossy(&ended.stderr).trim().to_owned();
        Ok(if ended.status.success() { Ok(()) } else { Err(why) })
    }

    /// Whether programs have namespaces of their own.
    pub fn is_closed(&self) -> bool {
        self.namespaces != Namespaces::None
    }

    /// Sentences about what could not be had.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let why = self.refusal.as_deref().unwrap_or_default();
        if !self.is_closed() {
            notes.push(format!(
                "namespaces (unshare) are not allowed here: submissions have the network, can read what this user can, and can \
                 write what {} can; grade in a container, or keep the answer away from this machine ({why})",
                if self.user.is_some() { "everybody" } else { "this user" }
            ));
        }
        if self.is_root && self.user.is_none() {
            notes.push(format!("no other user can be had here: submissions run as root, without its rights ({why})"));
        }
        notes
    }

    /// The user that submissions run as, one after another, if it is not this one. Another process that grades has another one: what
    /// a submission leaves is ended by its user.
    pub fn user(&self) -> Option<u32> {
        self.user
    }

    /// Writes the plan for the programs of a submission into `dir`, and gives its path.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn write_plan(&self, dir: &Path, submission: &Path, limits: &Limits) -> Result<PathBuf> {
        let Limits { memory, processes, output, .. } = *limits;
        let plan = Plan {
            namespaces: self.namespaces,
            submission: submission.to_owned(),
            hidden: self.hidden.clone(),
            shown: self.shown.clone(),
            user: self.user,
            memory,
            processes,
            output,
        };
        let path = dir.join("plan.json");
        let text = serde_json::to_vec(&plan).map_err(|error| Error::io("write", &path, error.into()))?;
        fs::write(&path, text).map_err(Error::at("write", &path))?;
        Ok(path)
    }

    /// The command that starts a program by a plan, as streaming reads commands.
    pub fn starter(&self, plan: &Path) -> String {
        format!("{} {} {}", quoted(&self.program), shut_in::WORD, quoted(plan))
    }
}

/// All places that are hidden, without links. The root of everything cannot be hidden.
fn hidden(secrets: &[PathBuf], dir: &Path) -> Vec<PathBuf> {
    let home = env::var_os("HOME").map(PathBuf::from);
    let usual = HIDDEN.iter().map(PathBuf::from).chain(home).filter_map(|place| fs::canonicalize(place).ok());
    let mut places: Vec<PathBuf> =
        usual.chain(secrets.iter().cloned()).chain(dir.parent().map(Path::to_owned)).collect();
    places.retain(|place| place.is_absolute() && place.parent().is_some());
    places.sort();
    places.dedup();
    places
}

/// Directories in hidden ones that have programs of the `PATH`. A program needs what lies beside its directory: `bin/python3` and
/// `lib/`. No secret comes into sight so.
fn shown(hidden: &[PathBuf], secrets: &[PathBuf]) -> Vec<PathBuf> {
    shown_of(env::split_paths(&env::var_os("PATH").unwrap_or_default()), hidden, secrets)
}

fn shown_of(path: impl Iterator<Item = PathBuf>, hidden: &[PathBuf], secrets: &[PathBuf]) -> Vec<PathBuf> {
    let places = || hidden.iter().map(PathBuf::as_path).chain(view::TEMPORARY.map(|(place, _)| Path::new(place)));
    let is_hidden = |dir: &Path| places().any(|place| dir.starts_with(place));
    let mut shown = Vec::new();
    for dir in path.filter_map(|dir| fs::canonicalize(dir).ok()) {
        let Some(above) = dir.parent().filter(|_| is_hidden(&dir)) else { continue };
        let is_home = |dir: &Path| places().any(|place| place.starts_with(dir));
        // `~/bin` and `~/.local/bin` share their parent with much else.
        let is_shared = is_home(above) || above.ends_with(".local");
        if is_shared {
            shown.extend([dir.clone(), above.join("lib")].into_iter().filter(|dir| dir.is_dir()));
        }
        if !is_shared || above.join("pyvenv.cfg").exists() {
            shown.push(above.to_owned());
        }
    }
    shown.retain(|dir| {
        !secrets.iter().any(|secret| dir.starts_with(secret)) && !places().any(|place| place.starts_with(dir))
    });
    shown.sort();
    shown.dedup();
    shown
}

/// A path as a word of a command of streaming, which has no sign for a quote in quotes.
fn quoted(path: &Path) -> String {
    let path = path.to_string_lossy();
    if path.contains('\'') { format!("\"{path}\"") } else { format!("'{path}'") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_of_programs_stay_in_sight_and_secrets_do_not() {
        let dir = tempfile::tempdir().unwrap();
        let home = fs::canonicalize(dir.path()).unwrap();
        for place in
            ["bin", "conda/bin", ".local/bin", ".local/lib", ".local/share", "course/bin", "w/twinmill-grade-x"]
        {
            fs::create_dir_all(home.join(place)).unwrap();
        }
        let secrets = [home.join("course")];
        let all = hidden(&secrets, &home.join("w/twinmill-grade-x"));
        assert!(all.contains(&home.join("w")) && all.contains(&home.join("course")), "{all:?}");
        assert!(!all.contains(&PathBuf::from("/")));
        let path = ["bin", "conda/bin", ".local/bin", "course/bin", "lost/bin"].map(|name| home.join(name));
        let found = shown_of(path.iter().cloned().chain(["/usr/bin".into()]), std::slice::from_ref(&home), &secrets);
        assert_eq!(found, [".local/bin", ".local/lib", "bin", "conda"].map(|name| home.join(name)));
    }
}
