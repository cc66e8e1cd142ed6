//! The contract of an input format, and reading the records of a split with one.

use crate::error::Result;
use crate::input::bad_records::Scout;
use crate::input::chunks::{Chunks, PieceReader, ReadContext};
use crate::input::split::{Piece, Split};

/// Finds the records of an input in its bytes.
///
/// A format of your own either calls another one, or reads [chunks](crate::input::Chunks) of the file. This one reads
/// records that end with a semicolon, wherever the file is cut:
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
/// job.input(&input).run(&JobConfig::new(Mode::Memory).reducers(1).split_bytes(2).output(&output))?;
/// assert_eq!(std::fs::read_to_string(output.join("part-r-00000")).unwrap(), "a\t2\nbb\t1\n");
/// # Ok::<(), Error>(())
/// ```
pub trait InputFormat: 'static {
    /// The type that a mapper is given.
    type Record<'a>;

    /// Cuts between pieces of a file lie at multiples of this; with `u64::MAX` files are not cut.
    const SPLIT_ALIGNMENT: u64 = 1;

    /// Whether pieces of a file must begin where records begin, because a reader in the middle of a file could not find the
    /// next one: that of a table does not know whether an end of a line is within quotes. A format that sets this has
    /// [`beginnings`](Self::beginnings).
    const BEGINS_AT_RECORDS: bool = false;

    /// Finds for each of these offsets of a file, in ascending order, the first record that begins there or behind it; the end
    /// of the file where there is none. Called before a file is cut, where [`BEGINS_AT_RECORDS`](Self::BEGINS_AT_RECORDS)
    /// asks for it.
    ///
    /// # Errors
    /// Those of reading.
    fn beginnings(_chunks: &mut Chunks<'_>, cuts: &[u64]) -> Result<Vec<u64>> {
        Ok(cuts.to_vec())
    }

    /// Number of records that a record counts as.
    fn records(_record: &Self::Record<'_>) -> u64 {
        1
    }

    /// Offset of a record in its file, after decompression; 0 where there is no file. An [invariant](crate::Invariant)
    /// input is cut into blocks by it.
    fn offset(_record: &Self::Record<'_>) -> u64 {
        0
    }

    /// Calls `each` for every record of a piece, in order.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io) where the input cannot be read; errors of `each`, with the record's place.
    fn read(piece: PieceReader<'_>, each: impl FnMut(Self::Record<'_>) -> Result<()>) -> Result<()>;

    /// Reads what [`read`](Self::read) reads of a piece, and does nothing with it.
    #[doc(hidden)]
    fn look_through(piece: PieceReader<'_>) -> Result<()> {
        Self::read(piece, |_| Ok(()))
    }
}

/// Pieces whose beginnings are on their way while one is read.
const PIECES_AHEAD: usize = 8;

/// Calls `each` for every record of a split, in order. Returns the bytes read.
pub(crate) fn read_split<F: InputFormat>(
    split: &Split,
    context: ReadContext<'_>,
    mut each: impl FnMut(F::Record<'_>) -> Result<()>,
) -> Result<u64> {
    let mut buffer = Vec::new();
    let mut bytes_read = 0;
    for (number, piece) in split.pieces.iter().enumerate() {
        context.cancel.check()?;
        // Small files of a store, each of which would be waited for.
        split.pieces.iter().skip(number + 1).take(PIECES_AHEAD).for_each(Piece::fetch);
        if let Piece::Partition(segment) = piece {
            bytes_read += segment.index().stored_bytes;
            context.progress.add_bytes(segment.index().stored_bytes);
        }
        F::read(PieceReader { piece, buffer: &mut buffer, bytes_read: &mut bytes_read, context }, &mut each)?;
        piece.release();
    }
    context.scout.map_or(Ok(()), Scout::verdict)?;
    Ok(bytes_read)
}
