//! The files that a program of a submission sees.
//!
//! ```text
//! /                   as it is, and read-only
//! /home /tmp work/ …  hidden: an empty directory, or an empty file, lies over each
//! work/…/submission   the submission, shown again, read-only
//! work/…/attempt      its working directory ┐
//! /tmp /var/tmp …     its temporary files   ┴ one new file system in memory, which has a size and goes with the program
//! ```
//!
//! Nothing that a program writes reaches a disk, so it can neither change files of others nor leave any behind. The mounts are those
//! of a namespace of its own.

use std::ffi::{CString, OsString};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use rustix::io::Errno;
use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_bind, mount_change, mount_remount};

/// Places of temporary files, each with its name in the file system that takes their place.
pub const TEMPORARY: [(&str, &str); 3] = [("/tmp", "tmp"), ("/var/tmp", "var-tmp"), ("/dev/shm", "shm")];
/// Most files that a program may make.
const MOST_FILES: u64 = 20_000;

/// What is hidden, shown and writable. Paths are absolute and without links.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// Directories and files that are out of sight.
    pub hidden: &'a [PathBuf],
    /// Directories that are read, though they lie in hidden ones.
    pub shown: &'a [PathBuf],
    /// Directories that are empty at first, and may be written.
    pub own: &'a [PathBuf],
    /// Bytes of all that is written.
    pub most_bytes: u64,
}

impl View<'_> {
    /// Makes this the view of this process, which is in a new namespace of mounts.
    ///
    /// # Errors
    /// The system's refusal, with the place.
    pub fn take(&self) -> io::Result<()> {
        let private = MountPropagationFlags::REC | MountPropagationFlags::PRIVATE;
        at(Path::new("/"), mount_change("/", private).map_err(Into::into))?;
        let shown = self.shown.iter().map(|dir| open(dir)).collect::<io::Result<Vec<File>>>()?;
        make_all_read_only()?;
        let own = self.new_files()?;
        let mut masks = Vec::new();
        let mut places: Vec<&Path> = self.hidden.iter().map(PathBuf::as_path).collect();
        places.extend(TEMPORARY.map(|(place, _)| Path::new(place)));
        // A directory comes before those in it, which are gone with it.
        places.sort_unstable();
        places.dedup();
        for place in places {
            match TEMPORARY.iter().position(|(temporary, _)| place == Path::new(temporary)) {
                Some(number) if place.is_dir() => bind(&own[number], place)?,
                Some(_) => {}
                None if place.is_dir() => {
                    new_file_system(place, "size=1m,mode=755")?;
                    masks.push(place);
                }
                None if place.exists() => at(place, mount_bind("/dev/null", place).map_err(Into::into))?,
                None => {}
            }
        }
        let shown = self.shown.iter().zip(&shown);
        for (path, file) in shown.chain(self.own.iter().zip(&own[TEMPORARY.len()..])) {
            at(path, fs::create_dir_all(path))?;
            bind(file, path)?;
        }
        masks.iter().copied().try_for_each(|mask| read_only(mask, MountFlags::NOSUID | MountFlags::NODEV))
    }

    /// A new file system with a directory for each temporary place, and then for each of its own.
    fn new_files(&self) -> io::Result<Vec<File>> {
        let Some(place) = self.own.first() else { return Err(io::Error::other("there is no directory to work in")) };
        new_file_system(place, &format!("size={},nr_inodes={MOST_FILES},mode=755", self.most_bytes))?;
        let temporary = TEMPORARY.iter().map(|(_, name)| (place.join(name), 0o1777));
        let own = (0..self.own.len()).map(|number| (place.join(format!("own-{number}")), 0o777));
        let dirs: Vec<(PathBuf, u32)> = temporary.chain(own).collect();
        for (dir, mode) in &dirs {
            at(dir, fs::create_dir(dir).and_then(|()| fs::set_permissions(dir, Permissions::from_mode(*mode))))?;
        }
        dirs.iter().map(|(dir, _)| open(dir)).collect()
    }
}

/// Opens a directory as a place alone.
fn open(dir: &Path) -> io::Result<File> {
    at(dir, OpenOptions::new().read(true).custom_flags((OFlag::O_PATH | OFlag::O_DIRECTORY).bits()).open(dir))
}

fn new_file_system(place: &Path, options: &str) -> io::Result<()> {
    let options = CString::new(options)?;
    let flags = MountFlags::NOSUID | MountFlags::NODEV;
    at(place, mount("tmpfs", place, "tmpfs", flags, options.as_c_str()).map_err(Into::into))
}

fn bind(file: &File, place: &Path) -> io::Result<()> {
    let source = format!("/proc/self/fd/{}", file.as_raw_fd());
    at(place, mount_bind(source, place).map_err(Into::into))
}

fn read_only(place: &Path, others: MountFlags) -> io::Result<()> {
    let flags = MountFlags::BIND | MountFlags::RDONLY | others;
    at(place, mount_remount(place, flags, "").map_err(Into::into))
}

/// Makes all that is mounted read-only. A place that this user cannot reach, or over which another mount lies, need not be.
fn make_all_read_only() -> io::Result<()> {
    for mounted in fs::read("/proc/self/mountinfo")?.split(|byte| *byte == b'\n') {
        let Some((place, flags)) = mounted_at(mounted) else { continue };
        match mount_remount(&place, MountFlags::BIND | MountFlags::RDONLY | flags, "") {
            Ok(()) | Err(Errno::INVAL | Errno::NOENT | Errno::NOTDIR | Errno::ACCESS) => {}
            refused => at(&place, refused.map_err(Into::into))?,
        }
    }
    Ok(())
}

/// The place and the flags of a line of `mountinfo`: `36 35 98:0 /from /at rw,noatime master:1 - …`. The flags have to stay.
fn mounted_at(line: &[u8]) -> Option<(PathBuf, MountFlags)> {
    let mut fields = line.split(|byte| *byte == b' ').skip(4);
    let (place, options) = (fields.next()?, fields.next()?);
    let flags = options.split(|byte| *byte == b',').filter_map(|option| {
        Some(match option {
            b"nosuid" => MountFlags::NOSUID,
            b"nodev" => MountFlags::NODEV,
            b"noexec" => MountFlags::NOEXEC,
            b"noatime" => MountFlags::NOATIME,
            b"nodiratime" => MountFlags::NODIRATIME,
            b"relatime" => MountFlags::RELATIME,
            b"nosymfollow" => MountFlags::NOSYMFOLLOW,
            _ => return None,
        })
    });
    Some((unescaped(place), flags.fold(MountFlags::empty(), |all, flag| all | flag)))
}

/// A blank is written as `\040` there, and so are a few other bytes.
fn unescaped(text: &[u8]) -> PathBuf {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let [first, after @ ..] = rest {
        let digits = after.get(..3).filter(|_| *first == b'\\').and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[3..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    OsString::from_vec(bytes).into()
}

/// Adds the place to an error.
fn at<T>(place: &Path, result: io::Result<T>) -> io::Result<T> {
    result.map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", place.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flags_of_a_mount_stay() {
        let line = b"36 35 98:0 /a /mnt/my\\040disk rw,nosuid,nodev,relatime master:1 - ext4 /dev/sda rw";
        let (place, flags) = mounted_at(line).unwrap();
        assert_eq!(place, Path::new("/mnt/my disk"));
        assert_eq!(flags, MountFlags::NOSUID | MountFlags::NODEV | MountFlags::RELATIME);
        assert!(mounted_at(b"").is_none());
        assert_eq!(unescaped(b"a\\b\\04"), Path::new("a\\b\\04"));
    }
}
