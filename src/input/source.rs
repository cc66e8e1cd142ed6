//! An open input file: its bytes after decompression, and the check that it has not changed.
//!
//! A size that the file system states is believed only as far as it was read. A file is compared with its listing when
//! it is opened and again when its last byte is read; between the two it may not change, shrink or grow. What is kept of it
//! in memory is used only while it is still the same.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use nix::fcntl::OFlag;
use nix::sys::statfs::{self, fstatfs};

use crate::cancel::CancelToken;
use crate::error::{Error, Result};
use crate::input::decompress::Decode;
use crate::input::form::{Form, LOOK_BYTES};
use crate::input::listing::InputFile;
use crate::input::notes::Notes;
use crate::input::opened::{Opened, unreadable};
use crate::input::split::FilePiece;
use crate::observe::activity::transfer;
use crate::observe::purpose::{FileUse, Purpose};
use crate::remote::{Failure, Reader};

/// Bytes read between two looks at the token.
const BYTES_BETWEEN_CHECKS: usize = 1 << 20;

/// The bytes of one piece, from its beginning on.
pub(crate) struct Source {
    listed: Arc<InputFile>,
    file: Arc<Opened>,
    purpose: Purpose,
    decoder: Option<Box<dyn Decode>>,
    /// Offset of the next read, after decompression.
    pub offset: u64,
    /// Offset at which reading stops, though the file may go on.
    limit: u64,
    /// There are no bytes beyond `offset`, or none that are to be read.
    pub at_end: bool,
}

/// Opens a listed file, to read what comes before `until`, and checks that it is still the same.
///
/// # Errors
/// [`Error::InputChanged`] where it is not, [`Error::Io`] where it cannot be opened.
fn open(listed: &InputFile, until: u64, cancel: &CancelToken) -> Result<Opened> {
    if let Some(remote) = &listed.remote {
        let reader = Reader::open(remote, until, cancel);
        return Ok(Opened::Remote(Box::new(reader.map_err(|failure| failure.during("open", listed.name()))?)));
    }
    // If a pipe has taken its place, opening it must not wait for a writer.
    let file = OpenOptions::new().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(&listed.path);
    let file = file.map_err(|error| listed.gone("open", error))?;
    compare_open(listed, &file)?;
    Ok(Opened::Local(file))
}

fn compare_open(listed: &InputFile, file: &File) -> Result<()> {
    compare(listed, &file.metadata().map_err(Error::at("look at", listed.name()))?)
}

fn compare(listed: &InputFile, metadata: &Metadata) -> Result<()> {
    let now = InputFile::new(listed.path.clone(), metadata);
    // A size of 0, such as that of files in /proc, says nothing about the content.
    if (listed.bytes, now.bytes) == (0, 0) {
        return Ok(());
    }
    let what = if (now.device, now.inode) != (listed.device, listed.inode) {
        "another file has taken its place".to_owned()
    } else if now.bytes != listed.bytes {
        format!("it had {} bytes and has {} now", listed.bytes, now.bytes)
    } else if now.modified_ns != listed.modified_ns {
        "it was written to".to_owned()
    } else {
        return Ok(());
    };
    Err(listed.changed(what))
}

/// Whether a file lies in a file system whose sizes mean nothing.
fn is_pseudo(file: &File) -> bool {
    let pseudo = [
        statfs::PROC_SUPER_MAGIC,
        statfs::SYSFS_MAGIC,
        statfs::DEBUGFS_MAGIC,
        statfs::TRACEFS_MAGIC,
        statfs::SECURITYFS_MAGIC,
        statfs::CGROUP_SUPER_MAGIC,
        statfs::CGROUP2_SUPER_MAGIC,
    ];
    fstatfs(file).is_ok_and(|system| pseudo.contains(&system.filesystem_type()))
}

impl InputFile {
    fn changed(&self, what: String) -> Error {
        Error::InputChanged { path: self.name().to_path_buf(), what }
    }

    fn gone(&self, operation: &'static str, error: io::Error) -> Error {
        match error.kind() {
            ErrorKind::NotFound => self.changed("it is not there any more".into()),
            _ => Error::io(operation, self.name(), error),
        }
    }

    /// Checks that the file is still the one that was listed, for those who have read it and keep what they read.
    ///
    /// # Errors
    /// [`Error::InputChanged`] where it is not, [`Error::Io`] where it cannot be looked at.
    pub(crate) fn check_unchanged(&self) -> Result<()> {
        if let Some(remote) = &self.remote {
            let checked = remote.check();
            return checked.map_err(|failure| failure.during("look at", self.name()));
        }
        let metadata = fs::metadata(&self.path).map_err(|error| self.gone("look at", error))?;
        compare(self, &metadata)
    }

    /// Opens it to look at its first bytes.
    fn open_beginning(&self) -> Result<Opened> {
        let cancel = self.remote.as_ref().map(|remote| remote.cancel().clone());
        open(self, 0, &cancel.unwrap_or_default())
    }

    /// Opens it to read bytes at any offset.
    ///
    /// # Errors
    /// [`Error::InputChanged`], [`Error::Io`].
    pub(crate) fn open(&self, cancel: &CancelToken) -> Result<Opened> {
        open(self, self.bytes, cancel)
    }

    /// The error of reading it.
    pub(crate) fn unreadable(&self, error: io::Error) -> Error {
        unreadable(self.name(), error)
    }

    /// Looks at the first bytes of the file.
    ///
    /// # Errors
    /// Those of opening it, and [`Error::UnreadableInput`] for formats that are not read.
    pub(crate) fn form(&self) -> Result<Form> {
        let form = Form::of(&self.open_beginning()?, FileUse::reads(Purpose::Sampling), self.name())?;
        self.watched.note(Purpose::Sampling, &self.path, 0, self.bytes.min(LOOK_BYTES as u64));
        Ok(form)
    }

    /// Whether its first bytes say that it is compressed, in a way that is read here or not.
    pub fn is_compressed(&self) -> bool {
        match self.form() {
            Ok(form) => matches!(form, Form::Compressed(_)),
            Err(error) => matches!(error, Error::UnreadableInput { .. }),
        }
    }

    /// Whether the file may be cut into pieces. Looks at its first bytes.
    pub(crate) fn may_be_cut(&self) -> Result<bool> {
        Ok(!matches!(self.form()?, Form::Compressed(_)))
    }

    /// The same for a file whose format the job reads itself.
    pub(crate) fn may_be_cut_by_its_reader(&self) -> Result<bool> {
        let form = Form::of_any(&self.open_beginning()?, FileUse::reads(Purpose::Sampling), self.name())?;
        Ok(!matches!(form, Form::Compressed(_)))
    }
}

impl Source {
    /// Opens the file of a piece, for this purpose, and begins at its first byte: where that is the file's, finds out how
    /// it is compressed.
    ///
    /// # Errors
    /// [`Error::InputChanged`], [`Error::UnreadableInput`], [`Error::Io`].
    pub fn open(piece: &FilePiece, purpose: Purpose, cancel: &CancelToken, notes: &Notes) -> Result<Self> {
        Source::open_as(Form::of, piece, purpose, cancel, notes)
    }

    /// Opens the file of a piece, and recognises it with `form_of`.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub fn open_as(
        form_of: fn(&Opened, FileUse, &Path) -> Result<Form>,
        piece: &FilePiece,
        purpose: Purpose,
        cancel: &CancelToken,
        notes: &Notes,
    ) -> Result<Self> {
        let listed = piece.file.clone();
        let file = Arc::new(open(&listed, piece.end, cancel)?);
        let file_use = FileUse::reads(purpose);
        let mut decoder = None;
        if piece.start == 0 {
            listed.watched.note(purpose, &listed.path, 0, listed.bytes.min(LOOK_BYTES as u64));
            match form_of(&file, file_use, listed.name())? {
                Form::Plain => {}
                Form::PlainDespiteItsName(codec) => notes.add(codec.only_named(listed.name())),
                Form::Compressed(codec) => {
                    let reader =
                        codec.reader(file.clone(), file_use).map_err(Error::at("decompress", listed.name()))?;
                    decoder = Some(reader);
                    // A decoder reads its file at places of its own.
                    listed.watched.note(purpose, &listed.path, 0, listed.bytes);
                }
            }
        }
        let limit = piece.start.saturating_add(piece.most_bytes);
        Ok(Source { listed, file, purpose, decoder, offset: piece.start, limit, at_end: false })
    }

    pub fn is_compressed(&self) -> bool {
        self.decoder.is_some()
    }

    /// Whether there is more in the file than is to be read.
    pub fn is_cut_off(&self) -> bool {
        self.offset >= self.limit
    }

    /// Fills `target`; fewer bytes come only at the end, which is known then.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::InputChanged`], [`Error::Cancelled`].
    pub fn read(&mut self, target: &mut [u8], cancel: &CancelToken) -> Result<usize> {
        let most = usize::try_from(self.limit - self.offset).unwrap_or(usize::MAX).min(target.len());
        let mut filled = 0;
        while filled < most && !self.at_end {
            cancel.check()?;
            let target = &mut target[filled..most.min(filled + BYTES_BETWEEN_CHECKS)];
            let read = match &mut self.decoder {
                None => transfer(FileUse::reads(self.purpose), || self.file.read_at(target, self.offset)),
                Some(decoder) => decoder.read(target),
            };
            match read {
                Ok(0) => self.ended()?,
                Ok(read) => {
                    filled += read;
                    self.note(read as u64);
                    self.offset += read as u64;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failed(&error)),
            }
        }
        self.at_end |= self.is_cut_off();
        // A file that grows as fast as it is read would be read for ever.
        if self.decoder.is_none() && self.offset > self.listed.bytes {
            self.check()?;
        }
        Ok(filled)
    }

    /// Appends the rest of the file, at most `most` bytes; returns whether there was any.
    ///
    /// # Errors
    /// As for [`read`](Self::read).
    pub fn append_to(&mut self, bytes: &mut Vec<u8>, most: u64) -> Result<bool> {
        let before = bytes.len();
        let outcome = match &mut self.decoder {
            // The cursor of the file, which nothing else moves.
            None => transfer(FileUse::reads(self.purpose), || (&*self.file).take(most).read_to_end(bytes)),
            Some(decoder) => decoder.take(most).read_to_end(bytes),
        };
        outcome.map_err(|error| self.failed(&error))?;
        let read = (bytes.len() - before) as u64;
        self.note(read);
        self.offset += read;
        if read == 0 {
            self.ended()?;
        }
        Ok(read > 0)
    }

    /// Reads bytes of the file itself at any offset; fewer than `target` has room for come only at its end.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn read_at(&self, target: &mut [u8], offset: u64) -> Result<usize> {
        let mut filled = 0;
        while filled < target.len() {
            let target = &mut target[filled..];
            let read = || self.file.read_at(target, offset + filled as u64);
            match transfer(FileUse::reads(self.purpose), read) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.listed.unreadable(error)),
            }
        }
        self.listed.watched.note(self.purpose, &self.listed.path, offset, offset + filled as u64);
        Ok(filled)
    }

    /// Notes that the next bytes of a plain file were read.
    fn note(&self, bytes: u64) {
        if self.decoder.is_none() {
            self.listed.watched.note(self.purpose, &self.listed.path, self.offset, self.offset + bytes);
        }
    }

    /// Checks at the end that a plain file had all the bytes that were listed.
    fn ended(&mut self) -> Result<()> {
        self.at_end = true;
        if self.decoder.is_none() && self.offset < self.listed.bytes {
            self.check()?;
            let is_pseudo = if let Opened::Local(file) = &*self.file { is_pseudo(file) } else { false };
            if !is_pseudo {
                let (read, listed) = (self.offset, self.listed.bytes);
                return Err(self.listed.changed(format!("it ends after {read} of {listed} bytes")));
            }
        }
        Ok(())
    }

    fn failed(&self, error: &io::Error) -> Error {
        if let Some(failure) = Failure::within(error) {
            return failure.clone().during("read", self.listed.name());
        }
        let (path, why) = (self.listed.name(), format!("at offset {}: {error}", self.offset));
        match error.raw_os_error() {
            // The decoder's own error: bytes that cannot be decompressed now will not be later.
            None if self.decoder.is_some() => Error::UnreadableInput { path: path.to_path_buf(), why },
            _ => Error::io("read", path, io::Error::new(error.kind(), why)),
        }
    }

    /// Compares the file with its listing.
    ///
    /// # Errors
    /// [`Error::InputChanged`].
    pub fn check(&self) -> Result<()> {
        match &*self.file {
            Opened::Local(file) => compare_open(&self.listed, file),
            Opened::Remote(reader) => {
                reader.check_read().map_err(|failure| failure.during("look at", self.listed.name()))
            }
        }
    }

    /// Ends the reading with its outcome. If the file has changed, that is the error, since it explains any other.
    pub fn finish(&self, outcome: Result<()>, notes: &Notes) -> Result<()> {
        match outcome {
            Err(Error::Cancelled) => Err(Error::Cancelled),
            Err(error) => Err(self.check().err().unwrap_or(error)),
            Ok(()) => {
                if self.decoder.as_ref().is_some_and(|decoder| decoder.ignored_bytes()) {
                    let name = self.listed.name().display();
                    notes.add(format!("{name}: bytes behind the compressed data were ignored"));
                }
                self.check()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt;
    use std::time::SystemTime;

    use super::*;
    use crate::input::chunks::PieceReader;
    use crate::input::format::InputFormat;
    use crate::input::inputs::Inputs;
    use crate::input::lines::Lines;
    use crate::input::listing::list_files;
    use crate::input::split::Piece;

    /// The lines of a file as it was listed; `meanwhile` happens at the first one.
    fn lines_of(file: &InputFile, meanwhile: impl Fn()) -> Result<Vec<Vec<u8>>> {
        let (inputs, piece) = (Inputs::default(), Piece::File(FilePiece::whole(file)));
        let (mut buffer, mut bytes_read, mut lines) = (Vec::new(), 0, Vec::new());
        let context = inputs.context(None);
        Lines::read(
            PieceReader { piece: &piece, buffer: &mut buffer, bytes_read: &mut bytes_read, context },
            |line| {
                if lines.is_empty() {
                    meanwhile();
                }
                lines.push(line.to_vec());
                Ok(())
            },
        )?;
        Ok(lines)
    }

    /// The expected words of an error, and the change to the file that causes it.
    type Change = (&'static str, fn(&Path));

    const CHANGES: [Change; 5] = [
        ("had 8 bytes and has 4 now", |path| OpenOptions::new().write(true).open(path).unwrap().set_len(4).unwrap()),
        ("had 8 bytes and has 0 now", |path| fs::write(path, "").unwrap()),
        ("had 8 bytes and has 9 now", |path| {
            let file = OpenOptions::new().write(true).open(path).unwrap();
            file.write_at(b"e", 8).unwrap();
        }),
        ("was written to", |path| {
            let file = OpenOptions::new().write(true).open(path).unwrap();
            file.write_at(b"x", 0).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        }),
        ("not there any more", |path| fs::remove_file(path).unwrap()),
    ];

    #[test]
    fn a_file_that_is_not_what_was_listed_is_an_error_that_says_how() {
        let replace: Change = ("another file has taken its place", |path| {
            fs::write(path.with_extension("new"), "a\nb\nc\nd\n").unwrap();
            fs::rename(path.with_extension("new"), path).unwrap();
        });
        for (said, change) in CHANGES.into_iter().chain([replace]) {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("file");
            fs::write(&path, "a\nb\nc\nd\n").unwrap();
            let listed = list_files(std::slice::from_ref(&path)).unwrap();
            assert_eq!(lines_of(&listed[0], || {}).unwrap().len(), 4);
            change(&path);
            let error = lines_of(&listed[0], || {}).unwrap_err();
            assert!(matches!(error, Error::InputChanged { .. }), "{error}");
            assert!(error.to_string().contains(said) && error.to_string().contains(path.to_str().unwrap()), "{error}");
        }
    }

    #[test]
    fn a_file_that_changes_while_it_is_read_is_an_error_though_all_of_it_was_read() {
        for (said, change) in &CHANGES[..4] {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("file");
            fs::write(&path, "a\nb\nc\nd\n").unwrap();
            let listed = list_files(std::slice::from_ref(&path)).unwrap();
            let error = lines_of(&listed[0], || change(&path)).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn a_file_without_a_size_is_read_whole() {
        let listed = list_files(&["/proc/self/status".into()]).unwrap();
        assert_eq!(listed[0].bytes, 0);
        let lines = lines_of(&listed[0], || {}).unwrap();
        assert!(lines.iter().any(|line| line.starts_with(b"VmHWM")));
    }
}
