//! From bytes to records.
//!
//! A map task drives an [`InputFormat`] over the pieces of its split. Bytes come in chunks through one buffer that is
//! reused for the whole task; records are slices of it. A piece owns the records that start in it: a reader of lines skips
//! the line that began before its piece and finishes the one that goes on beyond it.

use std::marker::PhantomData;
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

use crate::config::JobConfig;
use crate::error::{Error, Result};
use crate::pipeline::bad_records::{Scout, at_record};
use crate::pipeline::encoding::{LONGEST_MARK_BYTES, mark_bytes};
use crate::pipeline::inputs::Notes;
use crate::pipeline::merge::RunCursor;
use crate::pipeline::source::Source;
use crate::pipeline::split::{Piece, Split};
use crate::pipeline::words::Words;
use crate::record::{Key, Value};
use crate::runtime::cancel::CancelToken;
use crate::runtime::progress::Progress;

/// Bytes read at a time: enough for few system calls, little enough to stay in a core's second-level cache.
const CHUNK_BYTES: usize = 256 << 10;
/// Bytes read at a time beyond the end of a piece, to finish its last record.
const BEYOND_BYTES: usize = 16 << 10;
/// From here on a line is put together of parts, instead of in a buffer that doubles.
const LONG_LINE_BYTES: usize = 1 << 20;

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
    origin: &'a Origin,
}

/// What all records of a file have in common.
#[derive(Debug)]
struct Origin {
    path: Arc<Path>,
    /// Where the first record of the file starts; nowhere in a piece that does not have it.
    first: u64,
}

impl<'a> Record<'a> {
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

    fn read(piece: PieceReader<'_>, each: impl FnMut(Record<'_>) -> Result<()>) -> Result<()> {
        let mut chunks = piece.file()?;
        let outcome = lines(&mut chunks, each);
        chunks.finish(outcome)
    }
}

fn lines(chunks: &mut Chunks<'_>, mut each: impl FnMut(Record<'_>) -> Result<()>) -> Result<()> {
    let scout = chunks.context.scout;
    let (mut first, mut end) = (u64::MAX, chunks.end);
    if chunks.source.offset > 0 {
        if !chunks.skip_line_before()? {
            return Ok(());
        }
    } else {
        // The first line belongs to the piece that the mark before it is in.
        first = chunks.skip_mark()?;
        end = end.max(first + 1);
    }
    let origin = Origin { path: chunks.name.clone(), first };
    let path = &*origin.path;
    // So many of the unread bytes have no end of a line in them.
    let mut searched = 0;
    loop {
        let base = chunks.unread_offset();
        if base >= end {
            return Ok(());
        }
        let bytes = chunks.unread();
        let mut line_start = 0;
        for newline in memchr::memchr_iter(b'\n', &bytes[searched..]) {
            let newline = searched + newline;
            let offset = base + line_start as u64;
            if offset >= end {
                return Ok(());
            }
            let bytes = &bytes[line_start..newline];
            at_record(scout, (path, offset, bytes), || each(Record { bytes, offset, origin: &origin }))?;
            line_start = newline + 1;
        }
        if chunks.source.at_end {
            let (bytes, offset) = (&bytes[line_start..], base + line_start as u64);
            if !bytes.is_empty() && offset < end {
                at_record(scout, (path, offset, bytes), || each(Record { bytes, offset, origin: &origin }))?;
            }
            return Ok(());
        }
        chunks.consume(line_start);
        searched = chunks.unread().len();
        chunks.fill_line()?;
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

    fn read(piece: PieceReader<'_>, each: impl FnMut(Record<'_>) -> Result<()>) -> Result<()> {
        let mut chunks = piece.file()?;
        let outcome = records_of(N, &mut chunks, each);
        chunks.finish(outcome)
    }
}

#[inline(always)]
fn records_of(len: usize, chunks: &mut Chunks<'_>, mut each: impl FnMut(Record<'_>) -> Result<()>) -> Result<()> {
    let (scout, end) = (chunks.context.scout, chunks.end);
    let origin = Origin { path: chunks.name.clone(), first: 0 };
    let path = &*origin.path;
    loop {
        let base = chunks.unread_offset();
        let records = chunks.unread().chunks_exact(len);
        let rest = records.remainder().len();
        for (i, bytes) in records.enumerate() {
            let offset = base + (i * len) as u64;
            if offset >= end {
                return Ok(());
            }
            at_record(scout, (path, offset, bytes), || each(Record { bytes, offset, origin: &origin }))?;
        }
        let offset = base + (chunks.unread().len() - rest) as u64;
        if offset >= end || (chunks.source.at_end && (rest == 0 || chunks.source.is_cut_off())) {
            return Ok(());
        }
        if chunks.source.at_end {
            return Err(torn_record(rest, len).in_record(path, offset));
        }
        chunks.consume(chunks.unread().len() - rest);
        chunks.fill()?;
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
        let Piece::File(piece) = self.piece else {
            return Err(Error::Config("this mapper reads files, not datasets".into()));
        };
        let source = Source::open(piece, self.context.notes)?;
        let to_the_end = piece.is_whole() || source.is_compressed();
        self.buffer.resize(self.buffer.len().max(CHUNK_BYTES), 0);
        Ok(Chunks {
            source,
            name: piece.file.name().clone(),
            buffer: self.buffer,
            unread: (0, 0),
            end: if to_the_end { u64::MAX } else { piece.end },
            bytes_read: self.bytes_read,
            context: self.context,
        })
    }
}

/// A window that moves over the bytes of a file.
struct Chunks<'a> {
    /// What it reads next lies behind the unread bytes.
    source: Source,
    name: Arc<Path>,
    buffer: &'a mut Vec<u8>,
    /// The bytes of `buffer` that were read from the file and not consumed.
    unread: (usize, usize),
    /// Records that start here or later belong to somebody else.
    end: u64,
    bytes_read: &'a mut u64,
    context: ReadContext<'a>,
}

impl Chunks<'_> {
    fn unread(&self) -> &[u8] {
        &self.buffer[self.unread.0..self.unread.1]
    }

    /// Where in the file the unread bytes begin.
    fn unread_offset(&self) -> u64 {
        self.source.offset - self.unread().len() as u64
    }

    fn consume(&mut self, bytes: usize) {
        self.unread.0 += bytes;
    }

    /// Passes over the mark of the encoding; gives where the first line starts.
    fn skip_mark(&mut self) -> Result<u64> {
        while self.unread().len() < LONGEST_MARK_BYTES && !self.source.at_end {
            self.fill()?;
        }
        let mark = mark_bytes(self.unread(), &self.name)?;
        self.consume(mark);
        Ok(mark as u64)
    }

    /// Passes over the line that covers the byte before the piece, which belongs to the piece before; tells whether another
    /// one starts in the piece.
    fn skip_line_before(&mut self) -> Result<bool> {
        self.source.offset -= 1;
        loop {
            self.fill()?;
            match memchr::memchr(b'\n', self.unread()) {
                Some(at) => {
                    self.consume(at + 1);
                    return Ok(true);
                }
                // A line of many pieces is not read to its end in each of them.
                None if self.source.at_end || self.source.offset >= self.end => return Ok(false),
                None => self.consume(self.unread().len()),
            }
        }
    }

    /// Reads more bytes behind the unread ones, or finds that there are none.
    fn fill(&mut self) -> Result<()> {
        self.make_room();
        let unread = self.unread.1;
        // Beyond the end only the last record is missing. As much again as there is of it keeps the search for its end
        // linear, however long it is.
        let wanted = match self.end.checked_sub(self.source.offset) {
            Some(inside) => usize::try_from(inside).unwrap_or(usize::MAX).saturating_add(BEYOND_BYTES),
            None => BEYOND_BYTES.max(unread),
        };
        let room = &mut self.buffer[unread..];
        let wanted = wanted.min(room.len());
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
        } else if self.buffer.len() > 2 * LONG_LINE_BYTES && unread < CHUNK_BYTES / 2 {
            // The long record is gone.
            let mut buffer = vec![0; CHUNK_BYTES];
            buffer[..unread].copy_from_slice(self.unread());
            *self.buffer = buffer;
        }
    }

    /// Like [`fill`](Self::fill), where the unread bytes are the beginning of one line. Of a long one all that is left is
    /// read, in parts that are put together once its end is there, so that it takes its own length and little more.
    fn fill_line(&mut self) -> Result<()> {
        let mut total = self.unread().len();
        if total < LONG_LINE_BYTES {
            return self.fill();
        }
        let mut parts: Vec<Vec<u8>> = Vec::new();
        loop {
            let mut part = vec![0; CHUNK_BYTES.max(total / 16)];
            let read = self.source.read(&mut part, self.context.cancel)?;
            self.count(read);
            part.truncate(read);
            total += read;
            let ends = memchr::memchr(b'\n', &part).is_some();
            parts.push(part);
            if ends || self.source.at_end {
                break;
            }
        }
        let mut line = Vec::new();
        line.try_reserve_exact(total).map_err(|_| {
            let cause = std::io::Error::other(format!("there is no memory for a line of {total} bytes"));
            Error::io("read", &self.name, cause)
        })?;
        line.extend_from_slice(self.unread());
        *self.buffer = Vec::new();
        parts.into_iter().for_each(|part| line.extend_from_slice(&part));
        self.unread = (0, line.len());
        *self.buffer = line;
        Ok(())
    }

    fn finish(self, outcome: Result<()>) -> Result<()> {
        self.source.finish(outcome, self.context.notes)
    }
}
