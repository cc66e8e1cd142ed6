//! Inputs that can be read only once: standard input, pipes, `<(…)`, devices.
//!
//! A run looks at its inputs more than once, and a comparison runs several times. The content of a pipe is therefore
//! copied to a private file in the work directory before any work, and that file is read instead.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read, Seek, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use nix::fcntl::{FcntlArg, OFlag, fcntl};

use crate::cli::private_directory;
use crate::cli::terminal::say;
use crate::config::Resume;
use crate::measure::failure::{Failure, USAGE};
use crate::measure::running::words::join;
use crate::runtime::work_dir::WorkDir;
use crate::{CancelToken, Error, Session};

/// Name of standard input on the command line.
const STDIN: &str = "-";
/// Its name in messages.
const STDIN_NAME: &str = "standard input";

/// Copies of the inputs that can be read only once.
#[derive(Debug, Default)]
pub struct Piped {
    /// Paths as they were given, and the copies of their content.
    files: BTreeMap<PathBuf, PathBuf>,
    /// The paths among them that the job reads beside its inputs, and that options name.
    beside: Vec<PathBuf>,
    /// The directory of the copies; removed when this is dropped.
    _copies: Option<WorkDir>,
}

impl Piped {
    /// Copies those of `inputs` and of the job's side inputs that can be read only once, and tells the session.
    ///
    /// # Errors
    /// [`Failure`] where standard input is asked for twice or is closed, or something cannot be read or copied.
    pub fn take(inputs: &[PathBuf], session: &mut Session) -> Result<Self, Failure> {
        let config = &mut session.config;
        let all: Vec<PathBuf> = inputs.iter().chain(&config.side_inputs).cloned().collect();
        if all.iter().filter(|path| is_stdin(path)).count() > 1 {
            return Err(Failure::Message("standard input can be read only once, and is named twice".into(), USAGE));
        }
        let (mut piped, mut copies) = (Piped::default(), None);
        for path in &all {
            if piped.files.contains_key(path) {
                continue;
            }
            match Kind::of(path)? {
                Kind::Ordinary => {}
                Kind::File(real) => drop(piped.files.insert(path.clone(), real)),
                Kind::Once => {
                    if copies.is_none() {
                        copies = Some(private_directory::create(&config.work_dir, "twinmill-input-")?);
                    }
                    let dir = copies.as_ref().expect("just made").path();
                    let copy = dir.join(piped.files.len().to_string());
                    copy_to(&copy, path, &session.cancel)?;
                    piped.files.insert(path.clone(), copy);
                }
            }
        }
        piped._copies = copies;
        if piped.files.is_empty() {
            return Ok(piped);
        }
        let names = piped.files.iter().map(|(given, file)| (given.clone(), file.clone(), name(given)));
        session.inputs = session.inputs.with_stand_ins(names);
        piped.beside.clone_from(&config.side_inputs);
        config.side_inputs.iter_mut().for_each(|path| *path = piped.file_of(path));
        if matches!(config.resume, Resume::Continue { .. }) {
            say("nothing is resumed, since a pipe cannot be read again");
        }
        // The same bytes cannot be read again.
        config.resume = Resume::Off;
        Ok(piped)
    }

    /// The file to read instead of a path; the path itself where it is an ordinary one.
    pub fn file_of(&self, given: &Path) -> PathBuf {
        self.files.get(given).map_or(given, PathBuf::as_path).to_owned()
    }

    /// An option such as `--centroids=PATH` with the file to read instead.
    pub fn in_word(&self, word: &OsString) -> OsString {
        let bytes = word.as_encoded_bytes();
        for (given, file) in self.beside.iter().filter_map(|given| self.files.get_key_value(given)) {
            let given = given.as_os_str().as_encoded_bytes();
            if let Some(flag) = bytes.strip_suffix(given).filter(|flag| flag.starts_with(b"--") && flag.ends_with(b"="))
            {
                let flag = std::str::from_utf8(flag).unwrap_or_default();
                return join(flag.trim_end_matches('='), file);
            }
        }
        word.clone()
    }

    /// The value of an option with the file to read instead.
    pub fn in_value(&self, value: &str) -> String {
        let beside = self.beside.iter().find(|given| given.as_os_str() == value);
        let file = beside.and_then(|given| self.files.get(given)?.to_str());
        file.unwrap_or(value).to_owned()
    }

    /// The user's name for a file.
    pub fn given_for(&self, path: &Path) -> PathBuf {
        let given = self.files.iter().find(|(_, file)| *file == path).map(|(given, _)| name(given));
        given.unwrap_or_else(|| path.to_owned())
    }

    /// Puts the user's name for a file into a failure.
    pub fn name_in(&self, failure: Failure) -> Failure {
        let Failure::Message(mut message, status) = failure else { return failure };
        for (given, file) in &self.files {
            message = message.replace(&*file.to_string_lossy(), &name(given).to_string_lossy());
        }
        Failure::Message(message, status)
    }
}

fn is_stdin(path: &Path) -> bool {
    [STDIN, "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"].iter().any(|name| path.as_os_str() == *name)
}

fn name(given: &Path) -> PathBuf {
    if is_stdin(given) { STDIN_NAME.into() } else { given.to_owned() }
}

enum Kind {
    /// A file, a directory, or a path that does not exist.
    Ordinary,
    /// Another name for this file.
    File(PathBuf),
    /// An input that can be read only once.
    Once,
}

impl Kind {
    fn of(path: &Path) -> Result<Self, Failure> {
        let through_descriptor = path.starts_with("/dev/fd") || path.starts_with("/proc/self/fd");
        if !is_stdin(path) && !through_descriptor {
            let once = fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir());
            return Ok(if once { Kind::Once } else { Kind::Ordinary });
        }
        let (descriptor, at_start) = if is_stdin(path) {
            (PathBuf::from("/proc/self/fd/0"), stdin_is_at_its_start()?)
        } else {
            (path.to_owned(), true)
        };
        let Ok(metadata) = fs::metadata(&descriptor) else { return Ok(Kind::Once) };
        if metadata.is_dir() {
            let path = name(path);
            return Err(Failure::failed(format!("cannot read {}: it is a directory", path.display())));
        }
        // The processes of a comparison have other descriptors.
        let real = fs::canonicalize(&descriptor).ok().filter(|real| {
            let same = |other: fs::Metadata| (other.dev(), other.ino()) == (metadata.dev(), metadata.ino());
            metadata.is_file() && fs::metadata(real).is_ok_and(same)
        });
        Ok(real.filter(|_| at_start).map_or(Kind::Once, Kind::File))
    }
}

/// Whether standard input, if it is a file, is still at its start.
fn stdin_is_at_its_start() -> Result<bool, Failure> {
    let stdin = io::stdin();
    let file = stdin.as_fd().try_clone_to_owned().map(File::from);
    let mut file = file.map_err(Failure::at("read", Path::new(STDIN_NAME)))?;
    // Where standard input was closed when the program began, Rust opens a file for reading and writing.
    let flags = fcntl(&file, FcntlArg::F_GETFL).map(OFlag::from_bits_truncate).unwrap_or(OFlag::O_RDONLY);
    let is_null = || Some((file.metadata().ok()?.rdev(), fs::metadata("/dev/null").ok()?.rdev()));
    if flags & OFlag::O_ACCMODE == OFlag::O_RDWR && is_null().is_some_and(|(own, null)| own == null) {
        return Err(Failure::failed("cannot read standard input: it is closed"));
    }
    Ok(file.stream_position().is_ok_and(|position| position == 0))
}

/// Copies the content of a path. A thread of its own waits for the bytes, and is abandoned when the copying is
/// cancelled.
fn copy_to(copy: &Path, given: &Path, cancel: &CancelToken) -> Result<(), Failure> {
    let mut file = File::create_new(copy).map_err(Failure::at("create", copy))?;
    let parts = read_in_background(given.to_owned()).map_err(Failure::at("read", &name(given)))?;
    loop {
        if cancel.is_cancelled() {
            return Err(Error::Cancelled.into());
        }
        match parts.recv_timeout(Duration::from_millis(50)) {
            Ok(Ok(part)) => file.write_all(&part).map_err(|error| {
                let (given, dir) = (name(given), copy.parent().unwrap_or(copy));
                Failure::failed(format!("cannot copy {} to {}: {error}", given.display(), dir.display()))
            })?,
            Ok(Err(error)) => return Err(Failure::at("read", &name(given))(error)),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
    }
}

fn read_in_background(given: PathBuf) -> io::Result<Receiver<io::Result<Vec<u8>>>> {
    const PART_BYTES: usize = 256 << 10;
    const PARTS_UNDER_WAY: usize = 4;
    let (sender, receiver) = sync_channel(PARTS_UNDER_WAY);
    thread::Builder::new().name("input".into()).spawn(move || {
        let open = || -> io::Result<Box<dyn Read>> {
            Ok(if is_stdin(&given) { Box::new(io::stdin().lock()) } else { Box::new(File::open(&given)?) })
        };
        let mut reader = match open() {
            Ok(reader) => reader,
            Err(error) => return drop(sender.send(Err(error))),
        };
        loop {
            let mut part = vec![0; PART_BYTES];
            let read = match reader.read(&mut part) {
                Ok(0) => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read,
            };
            let part = read.map(|read| {
                part.truncate(read);
                part
            });
            let failed = part.is_err();
            if sender.send(part).is_err() || failed {
                return;
            }
        }
    })?;
    Ok(receiver)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{JobConfig, Mode};

    #[test]
    fn a_pipe_is_read_once_and_stands_in_for_itself() {
        let dir = tempfile::tempdir().unwrap();
        let fifo = dir.path().join("fifo");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let writer = {
            let fifo = fifo.clone();
            thread::spawn(move || fs::write(fifo, "a\nb\n").unwrap())
        };
        let mut session = Session::new(JobConfig::new(Mode::Memory));
        session.config.work_dir = dir.path().join("work");
        session.config.side_inputs = vec![fifo.clone()];
        let piped = Piped::take(&[fifo.clone(), dir.path().to_owned()], &mut session).unwrap();
        writer.join().unwrap();
        assert_eq!(fs::read(piped.file_of(&fifo)).unwrap(), b"a\nb\n");
        assert_eq!(piped.file_of(dir.path()), dir.path());
        let files = session.inputs.files(std::slice::from_ref(&fifo)).unwrap();
        assert_eq!((&**files[0].name(), files[0].bytes), (&*fifo, 4));
        let word = OsString::from(format!("--centroids={}", fifo.display()));
        let expected = format!("--centroids={}", piped.file_of(&fifo).display());
        assert_eq!(piped.in_word(&word), OsString::from(expected));
        drop(piped);
        assert!(fs::read_dir(dir.path().join("work")).unwrap().next().is_none(), "nothing is left");
    }

    #[test]
    fn nobody_waits_for_a_writer_once_the_run_is_to_stop() {
        let dir = tempfile::tempdir().unwrap();
        let fifo = dir.path().join("fifo");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let mut session = Session::new(JobConfig::new(Mode::Memory));
        session.config.work_dir = dir.path().join("work");
        session.cancel.cancel();
        let stopped = Piped::take(&[fifo], &mut session);
        assert!(matches!(stopped, Err(Failure::Library(Error::Cancelled))));
    }

    #[test]
    fn standard_input_is_named_once_by_whatever_name() {
        let mut session = Session::new(JobConfig::new(Mode::Memory));
        for names in [["-", "-"], ["-", "/dev/stdin"], ["/dev/fd/0", "-"]] {
            let refused = Piped::take(&names.map(PathBuf::from), &mut session);
            assert!(matches!(refused, Err(Failure::Message(_, USAGE))), "{names:?}");
        }
    }
}
