//! The formats that come with twinmill, and what a format is.

use std::marker::PhantomData;

use crate::error::{Error, Result};
use crate::pipeline::bad_records::Scout;
use crate::pipeline::chunks::{Chunks, PieceReader, ReadContext, Record};
use crate::pipeline::merge::RunCursor;
use crate::pipeline::split::{Piece, Split};
use crate::record::{Key, Value};

/// How the records of an input are found in its bytes.
///
/// A format of one's own is either made of another one, which it calls, or reads [chunks](crate::input::Chunks) of the file.
/// This one reads records that end with a semicolon, wherever the file is cut:
///
/// ```
/// use twinmill::prelude::*;
/// use twinmill::{InputFormat, PieceReader};
///
/// struct Statements;
///
/// impl InputFormat for Statements {
///     type Record<'a> = Record<'a>;
///
///     fn offset(record: &Record<'_>) -> u64 {
///         record.offset()
///     }
///
///     fn read(piece: PieceReader<'_>, mut each: impl FnMut(Record<'_>) -> Result<()>) -> Result<()> {
///         piece.read_file(|chunks| {
///             // A record starts in the piece if a semicolon stands before it, or nothing at all.
///             if chunks.offset() > 0 {
///                 chunks.look_back(1);
///                 chunks.skip_past(b";")?;
///             }
///             while chunks.has_more()? {
///                 let end = chunks.find(b";")?;
///                 let length = end.unwrap_or(chunks.unread().len());
///                 chunks.window().hand(0..length, &mut each)?;
///                 chunks.consume(length + usize::from(end.is_some()));
///             }
///             Ok(())
///         })
///     }
/// }
/// # let dir = tempfile::tempdir().unwrap();
/// # let (input, output) = (dir.path().join("input"), dir.path().join("output"));
/// # std::fs::write(&input, "a;bb;a").unwrap();
/// let job = Job::new("statements", mapper_of(Statements, |statement, out: &mut Out<[u8], u64>| {
///     out.emit(statement.bytes(), 1);
///     Ok(())
/// }), Sum);
/// let mut config = JobConfig::new(Mode::Memory).reducers(1).output(&output);
/// config.split_bytes = Some(2);
/// job.input(&input).run(&config)?;
/// assert_eq!(std::fs::read_to_string(output.join("part-r-00000")).unwrap(), "a\t2\nbb\t1\n");
/// # Ok::<(), Error>(())
/// ```
pub trait InputFormat: 'static {
    /// What a mapper is given.
    type Record<'a>;

    /// Cuts between pieces of a file lie at multiples of this; with `u64::MAX` files are not cut.
    const SPLIT_ALIGNMENT: u64 = 1;

    /// How many records a record counts as.
    fn records(_record: &Self::Record<'_>) -> u64 {
        1
    }

    /// Where a record starts in its file, after decompression; 0 where there is no file. An
    /// [invariant](crate::Invariant) input is cut into blocks by it.
    fn offset(_record: &Self::Record<'_>) -> u64 {
        0
    }

    /// Calls `each` for every record of a piece, in order.
    ///
    /// # Errors
    /// [`Error::Io`] where the input cannot be read; what `each` returns, placed at its record.
    fn read(piece: PieceReader<'_>, each: impl FnMut(Self::Record<'_>) -> Result<()>) -> Result<()>;
}

/// Text: one record a line. Lines end with LF, which is not part of the record; a CR before it is. The last line may lack
/// its LF.
#[derive(Clone, Copy, Debug)]
pub struct Lines;

impl InputFormat for Lines {
    type Record<'a> = Record<'a>;

    #[inline(always)]
    fn offset(record: &Record<'_>) -> u64 {
        record.offset()
    }

    fn read(piece: PieceReader<'_>, each: impl FnMut(Record<'_>) -> Result<()>) -> Result<()> {
        piece.read_file(|chunks| lines(chunks, each))
    }
}

fn lines(chunks: &mut Chunks<'_>, mut each: impl FnMut(Record<'_>) -> Result<()>) -> Result<()> {
    if chunks.offset() == 0 {
        chunks.skip_mark()?;
    } else {
        // The line that covers the byte before the piece belongs to the piece before.
        chunks.look_back(1);
        if !chunks.skip_past(b"\n")? {
            return Ok(());
        }
    }
    // So many of the unread bytes have no end of a line in them.
    let mut searched = 0;
    loop {
        let window = chunks.window();
        if !window.owns(0) {
            return Ok(());
        }
        let bytes = window.bytes();
        let mut line_start = 0;
        for newline in memchr::memchr_iter(b'\n', &bytes[searched..]) {
            let newline = searched + newline;
            if !window.owns(line_start) {
                return Ok(());
            }
            window.hand(line_start..newline, &mut each)?;
            line_start = newline + 1;
        }
        if chunks.at_end() {
            let last = line_start..bytes.len();
            return if last.is_empty() { Ok(()) } else { window.hand(last, each) };
        }
        chunks.consume(line_start);
        searched = chunks.unread().len();
        chunks.fill_until(b'\n')?;
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
        record.offset()
    }

    fn read(piece: PieceReader<'_>, each: impl FnMut(Record<'_>) -> Result<()>) -> Result<()> {
        piece.read_file(|chunks| records_of(N, chunks, each))
    }
}

#[inline(always)]
fn records_of(len: usize, chunks: &mut Chunks<'_>, mut each: impl FnMut(Record<'_>) -> Result<()>) -> Result<()> {
    loop {
        let window = chunks.window();
        let rest = window.bytes().len() % len;
        let whole = window.bytes().len() - rest;
        for start in (0..whole).step_by(len) {
            if !window.owns(start) {
                return Ok(());
            }
            window.hand(start..start + len, &mut each)?;
        }
        if !window.owns(whole) || (chunks.at_end() && (rest == 0 || chunks.is_cut_off())) {
            return Ok(());
        }
        if chunks.at_end() {
            return Err(window.error_at(whole, torn_record(rest, len)));
        }
        chunks.consume(whole);
        chunks.fill()?;
    }
}

/// Keys and values as another job emitted them: the records of a [dataset](crate::Dataset).
#[derive(Clone, Copy, Debug)]
pub struct Pairs<K: ?Sized, V: ?Sized>(PhantomData<fn(&K, &V)>);

impl<K: ?Sized, V: ?Sized> Pairs<K, V> {
    /// The format as a value, for [`mapper_of`](crate::parts::mapper_of).
    pub fn new() -> Self {
        Pairs(PhantomData)
    }
}

impl<K: ?Sized, V: ?Sized> Default for Pairs<K, V> {
    fn default() -> Self {
        Pairs::new()
    }
}

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
