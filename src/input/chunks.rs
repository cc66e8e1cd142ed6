//! Finds records in bytes, for formats of any kind.
//!
//! A map task drives an [`InputFormat`](crate::InputFormat) over the pieces of its split. The format reads the bytes of a
//! piece through [`Chunks`], a window that moves over the file:
//!
//! ```text
//! file      … t e   l i n e ⏎ │ a   l i n e ⏎ t h e   n e x t ⏎ a │ n o t h e r ⏎ …
//! piece                       │◀─────────── start..end ──────────▶│
//! window                        [ unread bytes             ]
//!                               ▲ offset                   ▲ fill() reads on from here
//! ```
//!
//! A piece owns the records that start in it. A format
//!
//! 1. passes over the record that began before the piece. It may [look back](Chunks::look_back) a few bytes for that, where
//!    the bytes before a record tell where it begins;
//! 2. [hands](Window::hand) on one record after another, and [consumes](Chunks::consume) them;
//! 3. finishes the last one, which may go on beyond the piece, and stops when there are [no more](Chunks::has_more).
//!
//! The rest is the same for all formats. A compressed file is one piece, and offsets are those of its decompressed bytes. A
//! file that changes while it is read is an error. An error at a record names its file and offset; where bad records may be
//! skipped, the record is passed over.

use std::borrow::Cow;
use std::fmt;
use std::ops::{Deref, Range};
use std::path::Path;
use std::sync::Arc;

use crate::cancel::CancelToken;
use crate::error::{Error, Result};
use crate::input::bad_records::{Scout, at_record};
use crate::input::encoding::{LONGEST_MARK_BYTES, mark_bytes};
use crate::input::form::Form;
use crate::input::notes::Notes;
use crate::input::opened::Opened;
use crate::input::source::Source;
use crate::input::split::Piece;
use crate::observe::progress::Progress;
use crate::observe::purpose::{FileUse, Purpose};
use crate::record::Words;

/// Bytes read at a time: enough for few system calls, little enough to stay in a core's second-level cache.
const CHUNK_BYTES: usize = 256 << 10;
/// Bytes read at a time beyond the end of a piece, to finish its last record.
const BEYOND_BYTES: usize = 16 << 10;
/// A record of more bytes is put together from parts, instead of in a buffer that doubles.
const LONG_RECORD_BYTES: usize = 1 << 20;
/// Memory that a job may take beside the record in the buffer, in records: a copy that is parsed, and its double as it grows.
const COPIES_OF_A_RECORD: usize = 4;

/// A record of a file: its bytes and their place.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    bytes: &'a [u8],
    offset: u64,
    origin: &'a Origin,
}

/// Properties that all records of a file share.
#[derive(Debug)]
struct Origin {
    path: Arc<Path>,
    /// Offset of the file's first record; an impossible one in a piece that does not have it.
    first: u64,
}

impl<'a> Record<'a> {
    /// The record, without its separator.
    #[inline(always)]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The record as text.
    ///
    /// # Errors
    /// [`Error::Codec`] where it is not UTF-8.
    pub fn text(&self) -> Result<&'a str> {
        std::str::from_utf8(self.bytes).map_err(|_| Error::codec("UTF-8", self.bytes))
    }

    /// The record as text, with U+FFFD in place of bytes that are not UTF-8.
    pub fn text_lossy(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.bytes)
    }

    /// The words of the record: maximal runs of bytes other than space, TAB, LF, CR and FF, the set of Java's (and so
    /// Hadoop's) `StringTokenizer`.
    #[inline(always)]
    pub fn words(&self) -> Words<'a> {
        Words::of(self.bytes)
    }

    /// Byte offset of the record in its file, after decompression.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether it begins where its file begins, or after the byte order mark, where a header would be.
    pub fn is_first(&self) -> bool {
        self.offset == self.origin.first
    }

    /// The file it is from.
    pub fn path(&self) -> &'a Path {
        &self.origin.path
    }
}

impl Deref for Record<'_> {
    type Target = [u8];

    #[inline(always)]
    fn deref(&self) -> &[u8] {
        self.bytes
    }
}

/// One piece of a split, about to be read.
#[derive(Debug)]
pub struct PieceReader<'a> {
    pub(crate) piece: &'a Piece,
    pub(crate) buffer: &'a mut Vec<u8>,
    pub(crate) bytes_read: &'a mut u64,
    pub(crate) context: ReadContext<'a>,
}

/// A reader's connection to its run: it asks here whether to stop, and reports its progress.
#[derive(Clone, Copy, Debug)]
pub struct ReadContext<'a> {
    pub(crate) cancel: &'a CancelToken,
    /// The purpose of what is read.
    pub(crate) purpose: Purpose,
    /// Most bytes that are read at once, unless more of a record is there already.
    pub(crate) at_a_time: usize,
    pub(crate) progress: &'a Progress,
    /// Takes sentences that are no errors but should be read.
    pub(crate) notes: &'a Notes,
    /// `None` where every record must be right.
    pub(crate) scout: Option<&'a Scout<'a>>,
}

impl<'a> PieceReader<'a> {
    /// Opens the file of the piece, lets `read` read its records, and checks that the file has not changed.
    ///
    /// # Errors
    /// [`Error::Config`] where the input is a dataset and no file, those of opening the file, and those of `read`.
    pub fn read_file(self, read: impl FnOnce(&mut Chunks<'a>) -> Result<()>) -> Result<()> {
        self.read_as(Form::of, read)
    }

    /// Like [`read_file`](Self::read_file) for a format that reads files which no other format does.
    ///
    /// # Errors
    /// As for [`read_file`](Self::read_file).
    pub(crate) fn read_any_file(self, read: impl FnOnce(&mut Chunks<'a>) -> Result<()>) -> Result<()> {
        self.read_as(Form::of_any, read)
    }

    fn read_as(
        self,
        form_of: fn(&Opened, FileUse, &Path) -> Result<Form>,
        read: impl FnOnce(&mut Chunks<'a>) -> Result<()>,
    ) -> Result<()> {
        let Piece::File(piece) = self.piece else {
            return Err(Error::Config("this mapper reads files, not datasets".into()));
        };
        let source = Source::open_as(form_of, piece, self.context.purpose, self.context.cancel, self.context.notes)?;
        let to_the_end = piece.is_whole() || source.is_compressed();
        let first = if source.offset == 0 { 0 } else { u64::MAX };
        self.buffer.resize(self.buffer.len().max(CHUNK_BYTES), 0);
        let mut chunks = Chunks {
            origin: Origin { path: piece.file.name().clone(), first },
            start: source.offset,
            end: if to_the_end { u64::MAX } else { piece.end },
            source,
            buffer: self.buffer,
            unread: (0, 0),
            bytes_read: self.bytes_read,
            context: self.context,
        };
        let outcome = read(&mut chunks);
        chunks.source.finish(outcome, self.context.notes)
    }
}

/// A window that moves over the bytes of a file: see the [module](self).
pub struct Chunks<'a> {
    /// The source, whose next bytes follow the unread ones.
    source: Source,
    origin: Origin,
    buffer: &'a mut Vec<u8>,
    /// The bytes of `buffer` that were read from the file and not consumed.
    unread: (usize, usize),
    /// Records that start before this offset belong to another piece,
    start: u64,
    /// and so do those that start at this offset or later.
    end: u64,
    bytes_read: &'a mut u64,
    context: ReadContext<'a>,
}

impl fmt::Debug for Chunks<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Chunks");
        shown.field("path", &self.origin.path).field("piece", &(self.start..self.end)).field("offset", &self.offset());
        shown.finish_non_exhaustive()
    }
}

impl Chunks<'_> {
    /// The bytes that were read and not yet consumed.
    #[inline(always)]
    pub fn unread(&self) -> &[u8] {
        &self.buffer[self.unread.0..self.unread.1]
    }

    /// The unread bytes, for handing on records of them.
    #[inline(always)]
    pub fn window(&self) -> Window<'_> {
        Window {
            bytes: self.unread(),
            offset: self.offset(),
            start: self.start,
            owned: self.end.saturating_sub(self.start),
            origin: &self.origin,
            scout: self.context.scout,
        }
    }

    /// Offset of the unread bytes in the file, after decompression.
    #[inline(always)]
    pub fn offset(&self) -> u64 {
        self.source.offset - self.unread().len() as u64
    }

    /// The offsets at which records of the piece begin; without an end where it reaches to the end of the file.
    pub(crate) fn piece(&self) -> Range<u64> {
        self.start..self.end
    }

    /// The name of the file. A pipe's bytes lie under another one.
    pub(crate) fn path(&self) -> &Path {
        &self.origin.path
    }

    /// Reads bytes of the file itself at any offset; fewer than `target` has room for come only at its end.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(crate) fn read_at(&self, target: &mut [u8], offset: u64) -> Result<usize> {
        self.source.read_at(target, offset)
    }

    /// Whether there are no bytes after the unread ones.
    #[inline(always)]
    pub fn at_end(&self) -> bool {
        self.source.at_end
    }

    /// Whether the file goes on after the last byte that is to be read, as in a [sample](crate::Inputs::sample), whose
    /// last record may be incomplete without an error.
    pub fn is_cut_off(&self) -> bool {
        self.source.is_cut_off()
    }

    /// Whether a record of this piece may start at the first unread byte; reads more bytes if there is none.
    ///
    /// # Errors
    /// Those of [`fill`](Self::fill).
    pub fn has_more(&mut self) -> Result<bool> {
        while self.offset() < self.end {
            if !self.unread().is_empty() {
                return Ok(true);
            }
            if self.at_end() {
                return Ok(false);
            }
            self.fill()?;
        }
        Ok(false)
    }

    /// Goes back by so many bytes, or to the beginning of the file where that is nearer.
    ///
    /// # Panics
    /// If anything was read already.
    pub fn look_back(&mut self, bytes: u64) {
        assert!(self.source.offset == self.start && !self.at_end(), "a format looks back before it reads");
        self.source.offset = self.start.saturating_sub(bytes);
    }

    /// Consumes bytes that were handed on, or that belong to no record.
    #[inline(always)]
    pub fn consume(&mut self, bytes: usize) {
        self.unread.0 += bytes;
        debug_assert!(self.unread.0 <= self.unread.1, "only what was read can be consumed");
    }

    /// Skips the byte order mark at the beginning of a file of text, if there is one. The record after it belongs to
    /// the piece that the mark begins in.
    ///
    /// # Errors
    /// [`Error::UnreadableInput`] for the marks of encodings other than UTF-8, and those of [`fill`](Self::fill).
    pub fn skip_mark(&mut self) -> Result<()> {
        if self.offset() > 0 {
            return Ok(());
        }
        while self.unread().len() < LONGEST_MARK_BYTES && !self.at_end() {
            self.fill()?;
        }
        let mark = mark_bytes(self.unread(), &self.origin.path)?;
        if mark > 0 {
            let behind_first = mark as u64 + 1;
            let limit = if self.start == 0 { &mut self.end } else { &mut self.start };
            *limit = behind_first.max(*limit);
        }
        if self.start == 0 {
            self.origin.first = mark as u64;
        }
        self.consume(mark);
        Ok(())
    }

    /// Consumes all bytes up to the next `separator` and the separator itself: the rest of a record that began before the
    /// piece. Tells whether it was found before the piece ended; if not, there is [no more](Self::has_more). A record of many
    /// pieces is not read to its end in each of them.
    ///
    /// # Errors
    /// Those of [`fill`](Self::fill).
    pub fn skip_past(&mut self, separator: &[u8]) -> Result<bool> {
        loop {
            if let Some(at) = position(separator, self.unread()) {
                self.consume(at + separator.len());
                return Ok(true);
            }
            // The separator may begin with the last bytes that were read.
            let kept = if self.at_end() { 0 } else { self.unread().len().min(separator.len() - 1) };
            self.consume(self.unread().len() - kept);
            if self.at_end() || self.offset() >= self.end {
                return Ok(false);
            }
            self.fill()?;
        }
    }

    /// Looks for `separator` in the unread bytes and reads on until it is there. Gives where it begins; `None` where the file
    /// ends before, and all of it is unread.
    ///
    /// # Errors
    /// Those of [`fill`](Self::fill).
    pub fn find(&mut self, separator: &[u8]) -> Result<Option<usize>> {
        let mut searched = 0;
        loop {
            if let Some(at) = position(separator, &self.unread()[searched..]) {
                return Ok(Some(searched + at));
            }
            if self.at_end() {
                return Ok(None);
            }
            searched = (self.unread().len() + 1).saturating_sub(separator.len());
            match separator {
                [byte] => self.fill_until(*byte)?,
                _ => self.fill()?,
            }
        }
    }

    /// Reads more bytes after the unread ones, or finds that there are none.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::InputChanged`], [`Error::Cancelled`].
    pub fn fill(&mut self) -> Result<()> {
        self.make_room();
        let unread = self.unread.1;
        // Beyond the end only the rest of the last record is missing. Reading as much again as there is of it keeps the
        // search for its end linear, however long it is.
        let wanted = match self.end.checked_sub(self.source.offset) {
            Some(inside) => usize::try_from(inside).unwrap_or(usize::MAX).saturating_add(BEYOND_BYTES),
            None => BEYOND_BYTES.max(unread),
        };
        let room = &mut self.buffer[unread..];
        let wanted = wanted.min(room.len()).min(self.context.at_a_time.max(unread));
        let read = self.source.read(&mut room[..wanted], self.context.cancel)?;
        self.unread.1 += read;
        self.count(read);
        Ok(())
    }

    fn count(&mut self, read: usize) {
        *self.bytes_read += read as u64;
        self.context.progress.add_bytes(read as u64);
    }

    /// Moves the unread bytes to the front of a buffer that has room for as many again, at least half a chunk.
    fn make_room(&mut self) {
        let (from, to) = self.unread;
        let unread = to - from;
        if from > 0 {
            self.buffer.copy_within(from..to, 0);
            self.unread = (0, unread);
        }
        if self.buffer.len() - unread < CHUNK_BYTES / 2 {
            self.buffer.resize(CHUNK_BYTES.max(2 * unread), 0);
        } else if self.buffer.len() > 2 * LONG_RECORD_BYTES && unread < CHUNK_BYTES / 2 {
            // The long record is gone.
            let mut buffer = vec![0; CHUNK_BYTES];
            buffer[..unread].copy_from_slice(self.unread());
            *self.buffer = buffer;
        }
    }

    /// Like [`fill`](Self::fill), where the unread bytes are the beginning of one record, which ends with `byte`. All that is
    /// left of a long one is read, in parts that are put together once its end is there, so that it takes its own length
    /// and little more.
    ///
    /// # Errors
    /// Those of [`fill`](Self::fill); [`Error::Io`] where there is no memory for the record.
    pub fn fill_until(&mut self, byte: u8) -> Result<()> {
        let mut total = self.unread().len();
        if total < LONG_RECORD_BYTES {
            return self.fill();
        }
        let mut parts: Vec<Vec<u8>> = Vec::new();
        loop {
            let bytes = CHUNK_BYTES.max(total / 16);
            let mut part = Vec::new();
            part.try_reserve_exact(bytes).map_err(|_| self.no_memory(total + bytes))?;
            part.resize(bytes, 0);
            let read = self.source.read(&mut part, self.context.cancel)?;
            self.count(read);
            part.truncate(read);
            total += read;
            let ends = memchr::memchr(byte, &part).is_some();
            parts.push(part);
            if ends || self.at_end() {
                break;
            }
        }
        let mut record = Vec::new();
        record.try_reserve_exact(total).map_err(|_| self.no_memory(total))?;
        record.extend_from_slice(self.unread());
        *self.buffer = Vec::new();
        parts.into_iter().for_each(|part| record.extend_from_slice(&part));
        self.unread = (0, record.len());
        *self.buffer = record;
        self.check_memory_for_copies(total)
    }

    /// Fails where the system would refuse the memory that a job takes for a record: its own code copies and parses it with
    /// collections that cannot bear a refusal.
    fn check_memory_for_copies(&self, bytes: usize) -> Result<()> {
        let copies = bytes.saturating_mul(COPIES_OF_A_RECORD);
        Vec::<u8>::new().try_reserve_exact(copies).map_err(|_| self.no_memory(copies))
    }

    fn no_memory(&self, bytes: usize) -> Error {
        let cause = std::io::Error::other(format!("there is no memory for a long line: {bytes} bytes were refused"));
        Error::io("read", &self.origin.path, cause)
    }
}

fn position(separator: &[u8], bytes: &[u8]) -> Option<usize> {
    match separator {
        [byte] => memchr::memchr(*byte, bytes),
        _ => memchr::memmem::find(bytes, separator),
    }
}

/// The unread bytes of [`Chunks`]. It does not move while records are handed on.
#[derive(Clone, Copy, Debug)]
pub struct Window<'w> {
    bytes: &'w [u8],
    /// Offset of the first byte.
    offset: u64,
    /// Records that start at `start` or in so many bytes from there are the piece's own.
    start: u64,
    owned: u64,
    origin: &'w Origin,
    scout: Option<&'w Scout<'w>>,
}

impl<'w> Window<'w> {
    /// The unread bytes.
    #[inline(always)]
    pub fn bytes(&self) -> &'w [u8] {
        self.bytes
    }

    /// Whether a record that starts at this byte of the window is the piece's own.
    #[inline(always)]
    pub fn owns(&self, at: usize) -> bool {
        (self.offset + at as u64).wrapping_sub(self.start) < self.owned
    }

    /// Bytes of the window, and beyond it, in which records of the piece start.
    pub(crate) fn owned_bytes(&self) -> u64 {
        (self.start + self.owned).saturating_sub(self.offset)
    }

    /// Hands these bytes of the window to `each` as a record, unless it starts outside the piece or is to be skipped.
    ///
    /// # Errors
    /// Those of `each`, such as parsing errors, with the record's place.
    #[inline(always)]
    pub fn hand(&self, at: Range<usize>, each: impl FnOnce(Record<'w>) -> Result<()>) -> Result<()> {
        if !self.owns(at.start) {
            return Ok(());
        }
        let offset = self.offset + at.start as u64;
        let bytes = &self.bytes[at];
        at_record(self.scout, (&self.origin.path, offset, bytes), || {
            each(Record { bytes, offset, origin: self.origin })
        })
    }

    /// Adds the place of a byte of the window to an error of the format.
    pub fn error_at(&self, at: usize, error: Error) -> Error {
        error.in_record(&self.origin.path, self.offset + at as u64)
    }
}
