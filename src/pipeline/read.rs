//! From bytes to records.
//!
//! A map task drives an [`InputFormat`] over the pieces of its split. Bytes come in chunks through one buffer that is
//! reused for the whole task; records are slices of it. A piece owns the records that start in it: a reader of lines skips
//! the line that began before its piece and finishes the one that goes on beyond it.

use std::fs::File;
use std::io::Read;
use std::marker::PhantomData;
use std::ops::Deref;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use crate::config::JobConfig;
use crate::error::{Error, Result};
use crate::observe::activity::{FileUse, file_call};
use crate::pipeline::bad_records::{Scout, at_record};
use crate::pipeline::inputs::Notes;
use crate::pipeline::merge::RunCursor;
use crate::pipeline::split::{FilePiece, Piece, Split};
use crate::pipeline::words::Words;
use crate::record::{Key, Value};
use crate::runtime::cancel::CancelToken;
use crate::runtime::progress::Progress;

/// Bytes read at a time: enough for few system calls, little enough to stay in a core's second-level cache.
const CHUNK_BYTES: usize = 256 << 10;
/// Bytes read at a time beyond the end of a piece, to finish its last record.
const BEYOND_BYTES: usize = 16 << 10;

/// How the records of an input are found in its bytes.
pub trait InputFormat: 'static {
    /// What a mapper is given.
    type Record<'a>;

    /// Cuts between pieces of a file lie at multiples of this.
    const SPLIT_ALIGNMENT: u64 = 1;

    /// How many records a record counts as.
    fn records(_record: &Self::Record<'_>) -> u64 {
        1
    }

    /// Where a record starts in its file, after decompression; 0 where there is no file.
    fn offset(_record: &Self::Record<'_>) -> u64 {
        0
    }

    /// Calls `each` for every record of a piece, in order.
    ///
    /// # Errors
    /// [`Error::Io`] where the input cannot be read; what `each` returns, placed at its record.
    fn read(piece: PieceReader<'_>, each: impl FnMut(Self::Record<'_>) -> Result<()>) -> Result<()>;
}

/// A record of a file: its bytes, and where they stand.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    bytes: &'a [u8],
    offset: u64,
    path: &'a Path,
}

impl<'a> Record<'a> {
    pub(crate) fn new(bytes: &'a [u8], offset: u64, path: &'a Path) -> Self {
        Record { bytes, offset, path }
    }

    /// The record, without its separator.
    #[inline(always)]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
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

    /// Whether it is the first record of its file: what a header would be.
    pub fn is_first(&self) -> bool {
        self.offset == 0
    }

    /// The file it is from.
    pub fn path(&self) -> &'a Path {
        self.path
    }
}

impl Deref for Record<'_> {
    type Target = [u8];

    #[inline(always)]
    fn deref(&self) -> &[u8] {
        self.bytes
    }
}

/// Text: one record a line. Lines end with LF, which is not part of the record; a CR before it is. The last line may lack
/// its LF.
#[derive(Clone, Copy, Debug)]
pub struct Lines;

impl InputFormat for Lines {
    type Record<'a> = Record<'a>;

    #[inline(always)]
    fn offset(record: &Record<'_>) -> u64 {
        record.offset
    }

    fn read(piece: PieceReader<'_>, mut each: impl FnMut(Record<'_>) -> Result<()>) -> Result<()> {
        let scout = piece.context.scout;
        let mut chunks = piece.file()?;
        let (path, end) = (chunks.path.clone(), chunks.end);
        if chunks.offset > 0 {
            // The line that covers the byte before the piece belongs to the piece before.
            chunks.offset -= 1;
            loop {
                chunks.fill()?;
                match memchr::memchr(b'\n', chunks.unread()) {
                    Some(at) => break chunks.consume(at + 1),
                    None if chunks.at_end => return Ok(()),
                    None => chunks.consume(chunks.unread().len()),
                }
            }
        }
        loop {
            let base = chunks.unread_offset();
            if base >= end {
                return Ok(());
            }
            let bytes = chunks.unread();
            let mut line_start = 0;
            for newline in memchr::memchr_iter(b'\n', bytes) {
                let offset = base + line_start as u64;
                if offset >= end {
                    return Ok(());
                }
                let bytes = &bytes[line_start..newline];
                at_record(scout, (&path, offset, bytes), || each(Record { bytes, offset, path: &path }))?;
                line_start = newline + 1;
            }
            if chunks.at_end && line_start < bytes.len() {
                let offset = base + line_start as u64;
                if offset < end {
                    let bytes = &bytes[line_start..];
                    at_record(scout, (&path, offset, bytes), || each(Record { bytes, offset, path: &path }))?;
                }
                return Ok(());
            }
            chunks.consume(line_start);
            chunks.fill()?;
            if chunks.at_end && chunks.unread().is_empty() {
                return Ok(());
            }
        }
    }
}

/// A file has `rest` bytes behind its last whole record of `len` bytes.
pub(crate) fn torn_record(rest: usize, len: usize) -> Error {
    Error::user(format!("the file ends after {rest} bytes of a record of {len} bytes"))
}

/// Records of `N` bytes each, one after another.
#[derive(Clone, Copy, Debug)]
pub struct FixedLength<const N: usize>;

impl<const N: usize> InputFormat for FixedLength<N> {
    type Record<'a> = Record<'a>;

    const SPLIT_ALIGNMENT: u64 = N as u64;

    #[inline(always)]
    fn offset(record: &Record<'_>) -> u64 {
        record.offset
    }

    fn read(piece: PieceReader<'_>, mut each: impl FnMut(Record<'_>) -> Result<()>) -> Result<()> {
        let scout = piece.context.scout;
        let mut chunks = piece.file()?;
        let (path, end) = (chunks.path.clone(), chunks.end);
        loop {
            let base = chunks.unread_offset();
            let records = chunks.unread().chunks_exact(N);
            let rest = records.remainder().len();
            for (i, bytes) in records.enumerate() {
                let offset = base + (i * N) as u64;
                if offset >= end {
                    return Ok(());
                }
                at_record(scout, (&path, offset, bytes), || each(Record { bytes, offset, path: &path }))?;
            }
            let offset = base + (chunks.unread().len() - rest) as u64;
            if offset >= end || (chunks.at_end && rest == 0) {
                return Ok(());
            }
            if chunks.at_end {
                return Err(torn_record(rest, N).in_record(&path, offset));
            }
            chunks.consume(chunks.unread().len() - rest);
            chunks.fill()?;
        }
    }
}

/// Keys and values as another job emitted them: the records of a [dataset](crate::Dataset).
#[derive(Clone, Copy, Debug)]
pub struct Pairs<K: ?Sized, V: ?Sized>(PhantomData<fn(&K, &V)>);

impl<K: Key + ?Sized, V: Value + ?Sized> InputFormat for Pairs<K, V> {
    type Record<'a> = (K::Ref<'a>, V::Ref<'a>);

    fn read(piece: PieceReader<'_>, mut each: impl FnMut(Self::Record<'_>) -> Result<()>) -> Result<()> {
        let Piece::Partition(segment) = piece.piece else {
            return Err(Error::Config("a mapper of pairs reads datasets, not files".into()));
        };
        let mut cursor = RunCursor::open(segment)?;
        while cursor.advance()?.is_some() {
            each((K::decode(cursor.key())?, V::decode(cursor.value())?))?;
        }
        Ok(())
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

/// Whom a reader asks whether to stop, and tells how far it is.
#[derive(Clone, Copy, Debug)]
pub struct ReadContext<'a> {
    pub(crate) cancel: &'a CancelToken,
    pub(crate) progress: &'a Progress,
    /// Takes what is no error and should be said.
    pub(crate) notes: &'a Notes,
    /// `None` where every record must be right.
    pub(crate) scout: Option<&'a Scout<'a>>,
}

impl<'a> ReadContext<'a> {
    /// What a run is told and asked.
    pub(crate) fn of(config: &'a JobConfig, scout: Option<&'a Scout<'a>>) -> Self {
        ReadContext { cancel: &config.cancel, progress: &config.progress, notes: config.inputs.notes(), scout }
    }
}

/// Calls `each` for every record of a split, in order. Returns the bytes read.
pub(crate) fn read_split<F: InputFormat>(
    split: &Split,
    context: ReadContext<'_>,
    mut each: impl FnMut(F::Record<'_>) -> Result<()>,
) -> Result<u64> {
    let mut buffer = Vec::new();
    let mut bytes_read = 0;
    for piece in &split.pieces {
        context.cancel.check()?;
        if let Piece::Partition(segment) = piece {
            bytes_read += segment.index().stored_bytes;
            context.progress.add_bytes(segment.index().stored_bytes);
        }
        F::read(PieceReader { piece, buffer: &mut buffer, bytes_read: &mut bytes_read, context }, &mut each)?;
    }
    context.scout.map_or(Ok(()), Scout::verdict)?;
    Ok(bytes_read)
}

impl<'a> PieceReader<'a> {
    /// The bytes of a file piece, from its first byte on.
    fn file(self) -> Result<Chunks<'a>> {
        let Piece::File(FilePiece { path, start, end, codec }) = self.piece else {
            return Err(Error::Config("this mapper reads files, not datasets".into()));
        };
        let file = File::open(path).map_err(Error::at("open", path))?;
        let (source, start, end) = match codec {
            None => (Source::Plain(file), *start, *end),
            Some(codec) => (Source::Decoded(codec.reader(file).map_err(Error::at("decompress", path))?), 0, u64::MAX),
        };
        self.buffer.resize(self.buffer.len().max(CHUNK_BYTES), 0);
        Ok(Chunks {
            source,
            path: path.clone(),
            buffer: self.buffer,
            unread: (0, 0),
            offset: start,
            end,
            at_end: false,
            bytes_read: self.bytes_read,
            context: self.context,
        })
    }
}

enum Source {
    Plain(File),
    Decoded(Box<dyn Read>),
}

/// A window that moves over the bytes of a file.
struct Chunks<'a> {
    source: Source,
    path: Arc<Path>,
    buffer: &'a mut Vec<u8>,
    /// The bytes of `buffer` that were read from the file and not consumed.
    unread: (usize, usize),
    /// Where in the file the next read begins: one past the unread bytes.
    offset: u64,
    /// Records that start here or later belong to somebody else.
    end: u64,
    /// There are no bytes beyond the unread ones.
    at_end: bool,
    bytes_read: &'a mut u64,
    context: ReadContext<'a>,
}

impl Chunks<'_> {
    fn unread(&self) -> &[u8] {
        &self.buffer[self.unread.0..self.unread.1]
    }

    /// Where in the file the unread bytes begin.
    fn unread_offset(&self) -> u64 {
        self.offset - (self.unread.1 - self.unread.0) as u64
    }

    fn consume(&mut self, bytes: usize) {
        self.unread.0 += bytes;
    }

    /// Reads more bytes behind the unread ones, or finds that there are none.
    fn fill(&mut self) -> Result<()> {
        self.context.cancel.check()?;
        let (from, to) = self.unread;
        self.buffer.copy_within(from..to, 0);
        let unread = to - from;
        if unread == self.buffer.len() {
            self.buffer.resize(2 * unread, 0);
        }
        // Beyond the end only the last record is missing. As much again as there is of it keeps the search for its end
        // linear, however long it is.
        let wanted = match self.end.checked_sub(self.offset) {
            Some(inside) => usize::try_from(inside).unwrap_or(usize::MAX).saturating_add(BEYOND_BYTES),
            None => BEYOND_BYTES.max(unread),
        };
        let room = &mut self.buffer[unread..];
        let wanted = wanted.min(room.len());
        let target = &mut room[..wanted];
        let read = loop {
            let read = match &mut self.source {
                Source::Plain(file) => file_call(FileUse::ReadInput, || file.read_at(target, self.offset)),
                Source::Decoded(reader) => reader.read(target),
            };
            match read {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        let read = read.map_err(|error| {
            let cause = std::io::Error::new(error.kind(), format!("at offset {}: {error}", self.offset));
            Error::io("read", &self.path, cause)
        })?;
        self.unread = (0, unread + read);
        self.offset += read as u64;
        self.at_end = read == 0;
        *self.bytes_read += read as u64;
        self.context.progress.add_bytes(read as u64);
        Ok(())
    }
}
