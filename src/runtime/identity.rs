//! Collects the identity of a run: everything that its answer depends on.
//!
//! 1. The caller names the job, its options and the output ([`Identity::of`], [`Identity::option`], [`Identity::output`]), and
//!    every file that it reads ([`Identity::files`]), before any of them is read.
//! 2. The driver adds the settings that shape the content of a work directory, the program itself and the version of its
//!    formats.
//!
//! A file is identified by its canonical path, size, times, inode, device and a digest: of all of it where it is small, else of
//! its beginning and end. A file that is changed and put back has another time of its last change (`ctime`).

use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::{Xxh3Default, xxh3_64};

use crate::cancel::CancelToken;
use crate::config::{Identity, JobConfig};
use crate::error::{Error, Result};
use crate::input::listing::list_until;

/// Version of the content of a work directory: runs of different versions do not resume each other.
const FORMAT: u32 = 2;
/// Files up to this size are read whole for their digest, as long as there are not too many of them.
const SMALL_BYTES: u64 = 1 << 20;
/// Bytes that are read of all small files together.
const ALL_SMALL_BYTES: u64 = 16 << 20;
/// Bytes at either end of the others that are read.
const END_BYTES: u64 = 4 << 10;

impl Identity {
    /// Adds the place of the output; `None` for a run that only shows it.
    ///
    /// # Errors
    /// [`Error::Io`] where there is no current directory.
    pub fn output(&mut self, dir: Option<&Path>) -> Result<()> {
        let place = dir.map(|dir| canonical(dir).map_err(Error::at("find", dir))).transpose()?;
        self.add("the output", place.map_or(String::new(), |place| escaped(&place)));
        Ok(())
    }

    /// Adds all files at and below `paths`. Their components' names begin with `what`, such as `input`.
    ///
    /// # Errors
    /// [`Error::Io`] where they cannot be found or read.
    pub fn files(&mut self, what: &str, paths: &[PathBuf]) -> Result<()> {
        self.files_until(what, paths, &CancelToken::default())
    }

    /// Like [`files`](Self::files), for one who may be asked to stop.
    ///
    /// # Errors
    /// As for [`files`](Self::files), and [`Error::Cancelled`].
    pub(crate) fn files_until(&mut self, what: &str, paths: &[PathBuf], cancel: &CancelToken) -> Result<()> {
        let mut small_bytes_left = ALL_SMALL_BYTES;
        for input in list_until(paths, cancel)? {
            if let Some(remote) = &input.remote {
                self.add(format!("the {what} {}", escaped(&input.path)), remote.state());
                continue;
            }
            let state = state(&input.path, &mut small_bytes_left).map_err(Error::at("read", &input.path))?;
            let place = canonical(&input.path).map_err(Error::at("find", &input.path))?;
            self.add(format!("the {what} {}", escaped(&place)), state);
        }
        Ok(())
    }

    /// Adds the components that a driver knows.
    pub(crate) fn with_settings(mut self, config: &JobConfig, name: &str) -> Self {
        let JobConfig { mode, factors, reducers, workers, split_bytes, skip_bad_records, .. } = config;
        let mut setting = |what: &str, value: String| self.add(format!("the setting {what}"), value);
        setting("name", name.to_owned());
        setting("mode", mode.name().to_owned());
        setting("factors", format!("{factors:?}"));
        setting("reducers", reducers.to_string());
        // Both shape the splits.
        setting("workers", workers.to_string());
        setting("split-size", format!("{split_bytes:?}"));
        setting("skip-bad-records", skip_bad_records.to_string());
        let program = fs::metadata("/proc/self/exe").map(|metadata| times_and_place(&metadata));
        self.add("the program", program.unwrap_or_default());
        self.add("the format of work directories", FORMAT.to_string());
        self
    }
}

/// Describes a file's state, to recognise a change of its content.
fn state(path: &Path, small_bytes_left: &mut u64) -> io::Result<String> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        // A pipe is read once: no other run can read the same from it.
        let now = std::time::UNIX_EPOCH.elapsed().map_or(0, |time| time.as_nanos());
        return Ok(format!("read once, by process {} at {now}", std::process::id()));
    }
    let digest = if metadata.len() <= SMALL_BYTES.min(*small_bytes_left) {
        *small_bytes_left -= metadata.len();
        digest_of_all(path)?
    } else {
        digest_of_ends(path, metadata.len())?
    };
    Ok(format!("{}, digest {digest:016x}", times_and_place(&metadata)))
}

fn times_and_place(metadata: &Metadata) -> String {
    let time = |seconds: i64, ns: i64| format!("{seconds}.{ns:09}");
    let (written, changed) =
        (time(metadata.mtime(), metadata.mtime_nsec()), time(metadata.ctime(), metadata.ctime_nsec()));
    let (bytes, inode, device) = (metadata.len(), metadata.ino(), metadata.dev());
    format!("{bytes} bytes, written {written}, changed {changed}, inode {inode} on {device}")
}

fn digest_of_all(path: &Path) -> io::Result<u64> {
    let mut bytes = Vec::new();
    // Bounded, whatever length the file has by now.
    File::open(path)?.take(SMALL_BYTES).read_to_end(&mut bytes)?;
    Ok(xxh3_64(&bytes))
}

fn digest_of_ends(path: &Path, bytes: u64) -> io::Result<u64> {
    let (file, mut hasher) = (File::open(path)?, Xxh3Default::new());
    for offset in [0, bytes.saturating_sub(END_BYTES)] {
        let mut end = [0; END_BYTES as usize];
        let len = file.read_at(&mut end, offset)?;
        hasher.update(&end[..len]);
    }
    Ok(hasher.digest())
}

/// A path with links resolved as far as it exists; names that do not exist yet follow as they are written.
fn canonical(path: &Path) -> io::Result<PathBuf> {
    let absolute = std::path::absolute(path)?;
    let mut missing: Vec<OsString> = Vec::new();
    let mut there = absolute.as_path();
    loop {
        match (fs::canonicalize(there), there.parent(), there.file_name()) {
            (Ok(found), ..) => return Ok(missing.iter().rev().fold(found, |path, name| path.join(name))),
            (Err(_), Some(parent), Some(name)) => {
                missing.push(name.to_owned());
                there = parent;
            }
            (Err(error), ..) => return Err(error),
        }
    }
}

fn escaped(path: &Path) -> String {
    path.as_os_str().as_bytes().escape_ascii().to_string()
}

#[cfg(test)]
mod tests {
    use std::fs::FileTimes;

    use super::*;
    use crate::config::Mode;

    fn of(paths: &[PathBuf]) -> Identity {
        let mut identity = Identity::of("job");
        identity.files("input", paths).unwrap();
        identity
    }

    #[test]
    fn whatever_is_done_to_an_input_it_is_another_one_and_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(dir.path()).unwrap();
        let (large, small) = (root.join("large"), root.join("small"));
        fs::write(&large, vec![b'x'; 3 << 20]).unwrap();
        fs::write(&small, "some text").unwrap();
        let mut before = of(std::slice::from_ref(&root));
        assert_eq!(of(std::slice::from_ref(&root)), before);
        let put_back = |path: &Path, change: &dyn Fn()| {
            let metadata = fs::metadata(path).unwrap();
            change();
            let times = FileTimes::new().set_modified(metadata.modified().unwrap());
            File::options().write(true).open(path).unwrap().set_times(times).unwrap();
        };
        let changes: [(&str, &dyn Fn()); 8] = [
            ("the input ROOT/small changed since", &|| fs::write(&small, "more text").unwrap()),
            ("the input ROOT/large changed since", &|| fs::write(&large, vec![b'x'; 3 << 20]).unwrap()),
            ("the input ROOT/small changed since", &|| {
                put_back(&small, &|| fs::write(&small, "same size").unwrap());
            }),
            ("the input ROOT/large changed since", &|| {
                put_back(&large, &|| {
                    File::options().write(true).open(&large).unwrap().write_all_at(b"y", 1 << 20).unwrap()
                });
            }),
            ("the input ROOT/small changed since", &|| {
                fs::copy(&small, root.join("_new")).unwrap();
                fs::rename(root.join("_new"), &small).unwrap();
            }),
            ("the input ROOT/new is new", &|| fs::write(root.join("new"), "").unwrap()),
            ("the input ROOT/newer is new, and 1 more", &|| fs::rename(root.join("new"), root.join("newer")).unwrap()),
            ("the input ROOT/newer is gone", &|| fs::remove_file(root.join("newer")).unwrap()),
        ];
        for (said, change) in changes {
            change();
            let now = of(std::slice::from_ref(&root));
            assert_ne!(now, before, "{said}");
            assert_eq!(now.change_since(&before), said.replace("ROOT", root.to_str().unwrap()));
            before = now;
        }
        let (there, back) = (of(&[large.clone(), small.clone()]), of(&[small, large]));
        assert_ne!(there, back);
        assert_eq!(there.change_since(&back), "the order of the inputs changed since");
    }

    #[test]
    fn a_file_is_the_same_by_whatever_path_it_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "x").unwrap();
        fs::create_dir(dir.path().join("sub")).unwrap();
        std::os::unix::fs::symlink(dir.path(), dir.path().join("link")).unwrap();
        for other in ["sub/../file", "link/file", "./file"] {
            assert_eq!(of(&[dir.path().join(other)]), of(std::slice::from_ref(&file)), "{other}");
        }
        let output = |path: &str| {
            let mut identity = Identity::of("job");
            identity.output(Some(&dir.path().join(path))).unwrap();
            identity
        };
        assert_eq!(output("link/new/out"), output("new/out"));
        assert_ne!(output("sub/new/out"), output("new/out"));
        assert!(output("a").is_kin(&output("link/a")) && !output("a").is_kin(&output("b")));
    }

    #[test]
    fn settings_that_shape_the_map_outputs_count_and_others_do_not() {
        let identity = |change: fn(&mut JobConfig)| {
            let mut config = JobConfig::new(Mode::Disk);
            (config.workers, config.reducers) = (2, 2);
            change(&mut config);
            Identity::of("job").with_settings(&config, "job")
        };
        let before = identity(|_| {});
        type Change = (&'static str, fn(&mut JobConfig));
        let counting: [Change; 4] = [
            ("reducers", |config| config.reducers = 3),
            ("workers", |config| config.workers = 3),
            ("split-size", |config| config.split_bytes = Some(1000)),
            ("factors", |config| config.factors.grouping = crate::config::Grouping::Hash),
        ];
        for (name, change) in counting {
            assert_eq!(identity(change).change_since(&before), format!("the setting {name} changed since"));
        }
        assert_eq!(identity(|config| config.max_attempts = 7), before);
        assert_eq!(identity(|config| config.work_dir = "elsewhere".into()), before);
    }

    #[test]
    fn a_pipe_is_never_the_same_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pipe");
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::from_bits_truncate(0o600)).unwrap();
        let mut left = ALL_SMALL_BYTES;
        assert_ne!(state(&path, &mut left).unwrap(), state(&path, &mut left).unwrap());
    }
}
