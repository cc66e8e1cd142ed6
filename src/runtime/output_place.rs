//! The place of an output, and its publication without any loss.
//!
//! An output is *claimed* before any work: a publication that was cut off by a kill is completed or undone, an existing
//! output is refused or checked, and a lock tells other runs. There are two ways to publish it:
//!
//! ```text
//! beside the output                                 inside it
//! .out.twinmill-lock        held while a run lives   out/.output.twinmill-lock
//! .out.twinmill-XXXXXXXX/   staging                  out/.output.twinmill-XXXXXXXX/
//!     new/                  the output to be             new/
//!     old/                  the output that was          leaving/, then old/
//! ```
//!
//! 1. Beside: `new` and the output change places in one step. Where the file system cannot do that, the output becomes
//!    `old`, and then `new` becomes the output.
//! 2. Inside, where the directory itself cannot be moved: it is a mount point, the current directory, or its parent may not
//!    be written. The old files move to `leaving`, which becomes `old`; then the new ones move out of `new`, `_SUCCESS` last.
//!
//! A failed publication is undone. When the process is killed in between, the next run that claims the output moves the
//! old files back (`leaving`) or the new ones on (`old`): one of the two outputs is always complete on disk.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::unistd::{AccessFlags, access};
use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::config::ExistingOutput;
use crate::error::{Error, Result};
use crate::runtime::beside;
use crate::runtime::existing_output::{check, foreign};
use crate::runtime::lock_file::{Hold, LockFile, Taken};
use crate::runtime::output_names::{SUCCESS, is_staging};
use crate::runtime::places::{Place, resolve};
use crate::runtime::work_dir::{self, Access, WorkDir};

/// The output to be, in the staging directory.
const NEW: &str = "new";
/// The output that was.
const OLD: &str = "old";
/// The output that was, while not all of it has been moved there.
const LEAVING: &str = "leaving";
/// Stands for the output's own name where staging lies in it.
const INSIDE: &str = "output";

/// A way to publish an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Beside,
    Inside,
}

/// An output that this run has claimed.
#[derive(Debug)]
pub(crate) struct OutputPlace {
    /// The path as the user named it.
    given: PathBuf,
    /// The path with links resolved, and with a name of its own.
    target: PathBuf,
    existing: ExistingOutput,
    way: Way,
    /// Parent directories that were made for it, innermost first.
    made: Vec<PathBuf>,
    /// `None` where there can be no locks.
    lock: Option<LockFile>,
}

impl OutputPlace {
    /// Makes sure that the output can be made, and tells other runs.
    ///
    /// # Errors
    /// Those of [`check`], [`Error::OutputInUse`] where another run makes it, [`Error::Io`] where there can be none.
    pub fn claim(dir: &Path, existing: ExistingOutput) -> Result<Self> {
        let needs_resolving = dir.file_name().is_none() || dir.symlink_metadata().is_ok_and(|found| found.is_symlink());
        let target = match needs_resolving {
            true => resolve(dir).map_err(Error::at("find", dir))?,
            false => dir.to_owned(),
        };
        let way = way(&target);
        let mut place = OutputPlace { given: dir.to_owned(), target, existing, way, made: Vec::new(), lock: None };
        place.put_right();
        check(dir, existing)?;
        let (parent, prefix) = place.staging_parent_and_prefix()?;
        let missing = parent.ancestors().take_while(|dir| !dir.as_os_str().is_empty() && !dir.exists());
        place.made = missing.map(Path::to_owned).collect();
        fs::create_dir_all(&parent).map_err(Error::at("create", &parent))?;
        let mut name = prefix;
        name.push("lock");
        let hold = if existing == ExistingOutput::Overwrite { Hold::Together } else { Hold::Alone };
        match LockFile::take(&parent.join(name), hold) {
            Ok(Taken::Mine(lock)) => place.lock = Some(lock),
            Ok(Taken::Other(process)) => return Err(Error::OutputInUse { path: dir.to_owned(), process }),
            Err(error) if is_without_locks(&error) => {}
            Err(error) => return Err(Error::io("create a file in", &parent, error)),
        }
        // The previous holder of the lock may have made it.
        check(dir, existing)?;
        Ok(place)
    }

    /// Makes the staging directory, and in it the directory of the new output.
    pub fn stage(&self) -> Result<WorkDir> {
        let (parent, prefix) = self.staging_parent_and_prefix()?;
        let staging = WorkDir::create(&parent, &prefix, Access::Usual)?;
        let new = new_output(staging.path());
        fs::create_dir(&new).map_err(Error::at("create", &new))?;
        Ok(staging)
    }

    /// The directory that has the output's name.
    pub fn parent(&self) -> PathBuf {
        parent_of(&self.target)
    }

    fn staging_parent_and_prefix(&self) -> Result<(PathBuf, OsString)> {
        match (self.way, self.target.file_name()) {
            (Way::Inside, _) => Ok((self.target.clone(), beside::prefix(OsStr::new(INSIDE)))),
            (Way::Beside, Some(name)) => Ok((parent_of(&self.target), beside::prefix(name))),
            (Way::Beside, None) => {
                let message =
                    format!("{} is no place for an output; name a directory of its own", self.given.display());
                Err(Error::Config(message))
            }
        }
    }

    /// Completes or undoes the publications of killed runs, and removes the rest of their files.
    fn put_right(&self) {
        for way in [Way::Beside, Way::Inside] {
            let place = match (way, self.target.file_name()) {
                (Way::Inside, _) => Some((self.target.clone(), beside::prefix(OsStr::new(INSIDE)))),
                (Way::Beside, Some(name)) => Some((parent_of(&self.target), beside::prefix(name))),
                (Way::Beside, None) => None,
            };
            let Some((parent, prefix)) = place else { continue };
            for stale in work_dir::stale(&parent, &prefix) {
                let staging = stale.path().to_owned();
                let right = match way {
                    Way::Beside => put_right_beside(&staging, &self.target),
                    Way::Inside => put_right_inside(&staging, &self.target),
                };
                if right.is_err() {
                    // It may hold the last copy of an output.
                    stale.leave();
                }
            }
        }
    }

    /// Makes the staged files the output, completely or not at all.
    ///
    /// # Errors
    /// Those that keep it from being published; the old output is in its place again then.
    pub fn publish(&mut self, staging: &Path) -> Result<Published> {
        self.publish_with(staging, exchange)
    }

    fn publish_with(&mut self, staging: &Path, exchange: Exchange) -> Result<Published> {
        let new = new_output(staging);
        if self.existing == ExistingOutput::Overwrite {
            // Files that have appeared there meanwhile fail the job; the command was not wrong.
            check(&self.target, self.existing).map_err(|error| match error {
                Error::Config(why) => Error::io("publish", &self.given, io::Error::other(why)),
                other => other,
            })?;
        }
        let published = match (self.way, fs::metadata(&self.target)) {
            (Way::Inside, _) => publish_inside(staging, &self.target, |from, to| fs::rename(from, to)),
            (Way::Beside, Ok(old)) if self.existing == ExistingOutput::Overwrite => {
                // The new output gets the old one's permissions; where that is not allowed, those of any new directory.
                let _ = fs::set_permissions(&new, old.permissions());
                publish_instead(staging, &self.target, exchange)
            }
            (Way::Beside, _) => rename_to_nothing(&new, &self.target),
        };
        match published {
            Ok(()) => {
                self.made.clear();
                Ok(Published(()))
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(Error::OutputExists(self.given.clone())),
            Err(error) => Err(Error::io("publish", &self.given, error)),
        }
    }
}

/// Proof that the output was published.
#[derive(Debug)]
pub(crate) struct Published(());

impl Drop for OutputPlace {
    fn drop(&mut self) {
        drop(self.lock.take());
        for dir in &self.made {
            // Fails, rightly, where files have appeared there meanwhile.
            let _ = fs::remove_dir(dir);
        }
    }
}

/// The directory of the parts in a staging directory.
pub(crate) fn new_output(staging: &Path) -> PathBuf {
    staging.join(NEW)
}

pub(crate) fn parent_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Decides the way in which an output is published. A directory that does not exist yet is always published from beside
/// it.
fn way(target: &Path) -> Way {
    if !target.is_dir() {
        return Way::Beside;
    }
    let parent = parent_of(target);
    let writable = access(&parent, AccessFlags::W_OK | AccessFlags::X_OK).is_ok();
    let is_current = || {
        let (here, target) = (Place::of(Path::new(".")), Place::of(target));
        here.ok().zip(target.ok()).is_some_and(|(here, target)| here.is(&target) || here.lies_in(&target))
    };
    if !writable || is_on_another_mount(target, &parent) || is_current() { Way::Inside } else { Way::Beside }
}

/// Whether files cannot be renamed from one directory into the other. The system checks that before it looks for the
/// file, which does not exist.
fn is_on_another_mount(one: &Path, other: &Path) -> bool {
    let nothing = ".twinmill-no-such-file";
    fs::rename(one.join(nothing), other.join(nothing)).is_err_and(|error| error.kind() == ErrorKind::CrossesDevices)
}

fn is_without_locks(error: &io::Error) -> bool {
    let errno = error.raw_os_error().map(Errno::from_raw);
    // The lock file of another user is one more.
    matches!(errno, Some(Errno::ENOTSUP | Errno::ENOSYS | Errno::ENOLCK | Errno::EINVAL | Errno::EACCES | Errno::EPERM))
}

type Exchange = fn(&Path, &Path) -> io::Result<()>;

/// Exchanges two directories in one step, so that there is an output at any moment. Not every file system can do that.
fn exchange(new: &Path, old: &Path) -> io::Result<()> {
    Ok(renameat_with(CWD, new, CWD, old, RenameFlags::EXCHANGE)?)
}

/// Renames to a name that must be free: not even an empty directory may have it.
fn rename_to_nothing(new: &Path, target: &Path) -> io::Result<()> {
    match renameat_with(CWD, new, CWD, target, RenameFlags::NOREPLACE) {
        // Not every file system can promise that.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {
            if target.symlink_metadata().is_ok() {
                return Err(ErrorKind::AlreadyExists.into());
            }
            fs::rename(new, target)
        }
        renamed => Ok(renamed?),
    }
}

/// Puts the new output in the place of the old one.
fn publish_instead(staging: &Path, target: &Path, exchange: Exchange) -> io::Result<()> {
    let (new, old) = (new_output(staging), staging.join(OLD));
    if exchange(&new, target).is_ok() {
        return nothing_foreign_in(&new).inspect_err(|_| {
            let _ = exchange(&new, target);
        });
    }
    fs::rename(target, &old)?;
    let published = nothing_foreign_in(&old).and_then(|()| fs::rename(&new, target));
    published.inspect_err(|_| {
        // If this fails, the next run puts it right.
        let _ = fs::rename(&old, target);
    })
}

/// Looks once more at the directory that is about to be removed: files may have been put there in the last moment.
fn nothing_foreign_in(old: &Path) -> io::Result<()> {
    match foreign(old)? {
        Some(what) => Err(io::Error::other(format!("the old output {what}"))),
        None => Ok(()),
    }
}

fn put_right_beside(staging: &Path, target: &Path) -> io::Result<()> {
    let (new, old) = (new_output(staging), staging.join(OLD));
    if target.symlink_metadata().is_ok() || !old.is_dir() {
        return Ok(());
    }
    if new.join(SUCCESS).exists() { fs::rename(new, target) } else { fs::rename(old, target) }
}

type Rename = fn(&Path, &Path) -> io::Result<()>;

/// Moves the old files of the output out, and the new ones in.
fn publish_inside(staging: &Path, target: &Path, rename: Rename) -> io::Result<()> {
    // Locks the directory, so that only one run moves files; where there are no locks, there is no such protection.
    let directory = File::open(target)?;
    let _ = directory.lock();
    let (new, leaving, old) = (new_output(staging), staging.join(LEAVING), staging.join(OLD));
    let names = files_to_move(&new, Order::SuccessLast)?;
    fs::create_dir(&leaving)?;
    let left = move_files(target, &leaving, Order::SuccessFirst).and_then(|()| nothing_foreign_in(&leaving));
    if let Err(error) = left.and_then(|()| fs::rename(&leaving, &old)) {
        let _ = move_files(&leaving, target, Order::SuccessLast);
        return Err(error);
    }
    let came = names.iter().try_for_each(|name| rename(&new.join(name), &target.join(name)));
    came.inspect_err(|_| {
        let mut back = names.iter().rev().filter(|name| new.join(name).symlink_metadata().is_err());
        let undone = back.try_for_each(|name| fs::rename(target.join(name), new.join(name)));
        let _ = undone.and_then(|()| move_files(&old, target, Order::SuccessLast));
    })
}

fn put_right_inside(staging: &Path, target: &Path) -> io::Result<()> {
    let (new, leaving, old) = (new_output(staging), staging.join(LEAVING), staging.join(OLD));
    if leaving.is_dir() {
        move_files(&leaving, target, Order::SuccessLast)
    } else if old.is_dir() && new.is_dir() {
        move_files(&new, target, Order::SuccessLast)
    } else {
        Ok(())
    }
}

/// The turn of the mark of a complete output among the moves: there must be none beside half an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    SuccessFirst,
    SuccessLast,
}

/// Moves the content of a directory, except staging directories.
fn move_files(from: &Path, to: &Path, order: Order) -> io::Result<()> {
    let names = files_to_move(from, order)?;
    names.iter().try_for_each(|name| fs::rename(from.join(name), to.join(name)))
}

fn files_to_move(dir: &Path, order: Order) -> io::Result<Vec<OsString>> {
    let names: io::Result<Vec<OsString>> = fs::read_dir(dir)?.map(|entry| Ok(entry?.file_name())).collect();
    let mut names = names?;
    names.retain(|name| !is_staging(name.as_bytes()));
    names.sort_by_key(|name| (name == SUCCESS) == (order == Order::SuccessLast));
    Ok(names)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use super::*;

    /// An output with a part that says this.
    fn output(dir: &Path, text: &str) {
        fs::create_dir_all(dir).unwrap();
        fs::write(dir.join("part-r-00000"), text).unwrap();
        fs::write(dir.join(SUCCESS), "").unwrap();
    }

    fn text(dir: &Path) -> String {
        assert!(dir.join(SUCCESS).is_file(), "{}", dir.display());
        fs::read_to_string(dir.join("part-r-00000")).unwrap()
    }

    fn names(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Claims an output and stages one that says `new`.
    fn staged(dir: &Path, way: Way) -> (OutputPlace, WorkDir) {
        let mut place = OutputPlace::claim(dir, ExistingOutput::Overwrite).unwrap();
        place.way = way;
        let staging = place.stage().unwrap();
        output(&new_output(staging.path()), "new");
        fs::write(new_output(staging.path()).join("part-r-00001"), "more").unwrap();
        (place, staging)
    }

    fn refused(_: &Path, _: &Path) -> io::Result<()> {
        Err(Errno::EINVAL.into())
    }

    #[test]
    fn only_what_a_run_made_may_be_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let overwrite = |name: &str| check(&at(name), ExistingOutput::Overwrite);
        output(&at("whole"), "old");
        fs::create_dir(at("whole/_skipped")).unwrap();
        fs::write(at("whole/_skipped/records.tsv"), "x").unwrap();
        fs::write(at("whole/report.json"), "{\n  \"schema\": 1,\n  \"job\": \"sort\"}").unwrap();
        fs::create_dir(at("empty")).unwrap();
        symlink(at("whole"), at("link")).unwrap();
        for name in ["whole", "empty", "link", "nothing"] {
            overwrite(name).unwrap();
        }
        for name in ["whole", "empty", "link"] {
            let error = check(&at(name), ExistingOutput::Refuse).unwrap_err();
            assert!(matches!(error, Error::OutputExists(_)), "{error}");
        }

        output(&at("more"), "old");
        fs::write(at("more/notes.txt"), "mine").unwrap();
        output(&at("deep"), "old");
        fs::create_dir(at("deep/_skipped")).unwrap();
        fs::write(at("deep/_skipped/mine"), "mine").unwrap();
        output(&at("linked"), "old");
        symlink(at("more/notes.txt"), at("linked/part-r-00001")).unwrap();
        output(&at("json"), "old");
        fs::write(at("json/data.json"), "{\"mine\": 1}").unwrap();
        output(&at("parts"), "old");
        fs::write(at("parts/part-r-1.bak"), "mine").unwrap();
        fs::create_dir_all(at("folders/part-r-00000")).unwrap();
        fs::create_dir_all(at("nearly/_skipped")).unwrap();
        fs::write(at("file"), "mine").unwrap();
        symlink(at("gone"), at("dangling")).unwrap();
        symlink("/dev/null", at("device")).unwrap();
        for name in ["more", "deep", "linked", "json", "parts", "folders", "nearly", "file", "dangling", "device"] {
            let error = overwrite(name).unwrap_err();
            assert!(matches!(error, Error::Config(_)) && error.to_string().contains(name), "{name}: {error}");
        }
    }

    #[test]
    fn an_output_is_replaced_in_each_way() {
        for (way, exchange) in [(Way::Beside, exchange as Exchange), (Way::Beside, refused), (Way::Inside, refused)] {
            let dir = tempfile::tempdir().unwrap();
            let out = dir.path().join("out");
            output(&out, "old");
            fs::write(out.join("part-r-00007"), "old").unwrap();
            let (mut place, staging) = staged(&out, way);
            assert_eq!(text(&out), "old");
            place.publish_with(staging.path(), exchange).unwrap();
            drop((place, staging));
            assert_eq!(text(&out), "new");
            assert_eq!(names(&out), [SUCCESS, "part-r-00000", "part-r-00001"], "{way:?}");
            assert_eq!(names(dir.path()), ["out"], "{way:?}");
        }
    }

    #[test]
    fn an_output_that_cannot_be_published_leaves_the_old_one() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("out");
        output(&out, "old");
        fs::write(out.join("part-r-00001"), "old too").unwrap();
        let (mut place, staging) = staged(&out, Way::Inside);
        let fails = |from: &Path, to: &Path| match to.ends_with("part-r-00001") {
            true => Err(Errno::EIO.into()),
            false => fs::rename(from, to),
        };
        let error = publish_inside(staging.path(), &out, fails).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(Errno::EIO as i32));
        assert_eq!(text(&out), "old");
        assert_eq!(fs::read_to_string(out.join("part-r-00001")).unwrap(), "old too");
        assert_eq!(text(&new_output(staging.path())), "new");
        fs::remove_dir_all(new_output(staging.path())).unwrap();
        let error = place.publish(staging.path()).unwrap_err();
        assert!(error.to_string().contains("out"), "{error}");
        assert_eq!(text(&out), "old");

        // Nothing to publish: both renames are undone.
        let other = dir.path().join("other");
        output(&other, "old");
        let (mut place, staging) = staged(&other, Way::Beside);
        fs::remove_dir_all(new_output(staging.path())).unwrap();
        place.publish_with(staging.path(), refused).unwrap_err();
        assert_eq!(text(&other), "old");
    }

    #[test]
    fn what_came_into_the_old_output_meanwhile_is_not_lost() {
        for way in [Way::Beside, Way::Inside] {
            let dir = tempfile::tempdir().unwrap();
            let out = dir.path().join("out");
            output(&out, "old");
            let (mut place, staging) = staged(&out, way);
            fs::write(out.join("notes.txt"), "mine").unwrap();
            let error = place.publish(staging.path()).unwrap_err();
            assert!(error.to_string().contains("notes.txt"), "{error}");
            assert_eq!(text(&out), "old");
        }
    }

    #[test]
    fn what_came_to_the_place_of_a_new_output_meanwhile_is_not_lost() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("out");
        let mut place = OutputPlace::claim(&out, ExistingOutput::Refuse).unwrap();
        let staging = place.stage().unwrap();
        output(&new_output(staging.path()), "new");
        fs::create_dir(&out).unwrap();
        let error = place.publish(staging.path()).unwrap_err();
        assert!(matches!(error, Error::OutputExists(_)), "{error}");
        assert_eq!(names(&out), [""; 0]);
    }

    /// Leaves a staging directory as a process does that is killed.
    fn abandon(staging: WorkDir, place: OutputPlace) {
        staging.leave();
        drop(place);
    }

    #[test]
    fn whatever_moment_a_run_is_killed_at_the_next_one_finds_an_output() {
        // Tried with each number of moves made before the kill, in each way.
        for moves in 0..8_usize {
            let dir = tempfile::tempdir().unwrap();
            let out = dir.path().join("out");
            output(&out, "old");
            let (place, staging) = staged(&out, Way::Inside);
            let (new, leaving, old) =
                (new_output(staging.path()), staging.path().join(LEAVING), staging.path().join(OLD));
            let steps = [
                (out.join(SUCCESS), leaving.join(SUCCESS)),
                (out.join("part-r-00000"), leaving.join("part-r-00000")),
                (leaving.clone(), old),
                (new.join("part-r-00000"), out.join("part-r-00000")),
                (new.join("part-r-00001"), out.join("part-r-00001")),
                (new.join(SUCCESS), out.join(SUCCESS)),
            ];
            if moves > 0 {
                fs::create_dir(&leaving).unwrap();
            }
            for (from, to) in steps.iter().take(moves.saturating_sub(1)) {
                fs::rename(from, to).unwrap();
            }
            abandon(staging, place);
            let place = OutputPlace::claim(&out, ExistingOutput::Overwrite).unwrap();
            assert_eq!(text(&out), if moves < 4 { "old" } else { "new" }, "{moves}");
            drop(place);
            let parts = if moves < 4 { 1 } else { 2 };
            assert_eq!(names(&out).len(), parts + 1, "{moves}: {:?}", names(&out));
        }
        for moves in 0..3 {
            let dir = tempfile::tempdir().unwrap();
            let out = dir.path().join("out");
            output(&out, "old");
            let (place, staging) = staged(&out, Way::Beside);
            let (new, old) = (new_output(staging.path()), staging.path().join(OLD));
            for (from, to) in [(&out, &old), (&new, &out)].into_iter().take(moves) {
                fs::rename(from, to).unwrap();
            }
            abandon(staging, place);
            drop(OutputPlace::claim(&out, ExistingOutput::Overwrite).unwrap());
            assert_eq!(text(&out), if moves == 0 { "old" } else { "new" }, "{moves}");
            assert_eq!(names(dir.path()), ["out"], "{moves}");
        }
    }

    #[test]
    fn a_link_stays_and_permissions_too() {
        let dir = tempfile::tempdir().unwrap();
        let (real, link) = (dir.path().join("real"), dir.path().join("link"));
        output(&real, "old");
        fs::set_permissions(&real, fs::Permissions::from_mode(0o700)).unwrap();
        symlink("real", &link).unwrap();
        let (mut place, staging) = staged(&link, Way::Beside);
        place.publish(staging.path()).unwrap();
        drop((place, staging));
        assert_eq!(fs::read_link(&link).unwrap(), Path::new("real"));
        assert_eq!((text(&real).as_str(), real.metadata().unwrap().mode() & 0o777), ("new", 0o700));
        assert_eq!(names(dir.path()), ["link", "real"]);
    }

    #[test]
    fn the_second_run_into_an_output_is_told_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("a/b/out");
        let first = OutputPlace::claim(&out, ExistingOutput::Refuse).unwrap();
        for existing in [ExistingOutput::Refuse, ExistingOutput::Overwrite] {
            let error = OutputPlace::claim(&dir.path().join("a/./b/../b/out/"), existing).unwrap_err();
            assert!(matches!(error, Error::OutputInUse { .. }), "{error}");
            assert!(error.to_string().contains(&std::process::id().to_string()), "{error}");
        }
        drop(first);
        assert_eq!(names(dir.path()), [""; 0]);
        let both = [(), ()].map(|()| OutputPlace::claim(&out, ExistingOutput::Overwrite).unwrap());
        drop(both);
        assert_eq!(names(out.parent().unwrap()), [""; 0]);
    }
}
