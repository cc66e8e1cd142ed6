//! Hands a mapper the open file, in which it finds the records itself, since how depends on the job: a delimiter, tags, or the
//! types that the file names.

use std::ops::Range;
use std::path::Path;

use crate::error::Result;
use crate::input::chunks::{Chunks, PieceReader};
use crate::input::format::InputFormat;

/// Pieces of files, opened. Each counts as no record: whoever reads them counts.
#[derive(Clone, Copy, Debug)]
pub struct OpenFiles;

/// A piece of a file, opened at its beginning.
pub struct OpenFile<'a> {
    bytes: &'a mut (dyn Bytes + 'a),
}

/// The bytes of a file.
trait Bytes {
    fn unread(&self) -> &[u8];
    fn offset(&self) -> u64;
    fn at_end(&self) -> bool;
    fn consume(&mut self, bytes: usize);
    fn fill(&mut self) -> Result<()>;
    fn look_back(&mut self, bytes: u64);
    fn piece(&self) -> Range<u64>;
    fn path(&self) -> &Path;
    fn read_at(&self, target: &mut [u8], offset: u64) -> Result<usize>;
}

impl Bytes for Chunks<'_> {
    fn unread(&self) -> &[u8] {
        Chunks::unread(self)
    }

    fn offset(&self) -> u64 {
        Chunks::offset(self)
    }

    fn at_end(&self) -> bool {
        Chunks::at_end(self)
    }

    fn consume(&mut self, bytes: usize) {
        Chunks::consume(self, bytes);
    }

    fn fill(&mut self) -> Result<()> {
        Chunks::fill(self)
    }

    fn look_back(&mut self, bytes: u64) {
        Chunks::look_back(self, bytes);
    }

    fn piece(&self) -> Range<u64> {
        Chunks::piece(self)
    }

    fn path(&self) -> &Path {
        Chunks::path(self)
    }

    fn read_at(&self, target: &mut [u8], offset: u64) -> Result<usize> {
        Chunks::read_at(self, target, offset)
    }
}

impl OpenFile<'_> {
    /// The bytes that were read and not yet consumed.
    pub fn unread(&self) -> &[u8] {
        self.bytes.unread()
    }

    /// Offset of the unread bytes in the file, after decompression.
    pub fn offset(&self) -> u64 {
        self.bytes.offset()
    }

    /// Whether there are no bytes after the unread ones.
    pub fn at_end(&self) -> bool {
        self.bytes.at_end()
    }

    /// Consumes bytes that were read.
    pub fn consume(&mut self, bytes: usize) {
        self.bytes.consume(bytes);
    }

    /// Reads more bytes after the unread ones, or finds that there are none.
    ///
    /// # Errors
    /// Those of reading.
    pub fn fill(&mut self) -> Result<()> {
        self.bytes.fill()
    }

    /// Reads until there are so many unread bytes, or the file ends; tells whether there are.
    ///
    /// # Errors
    /// Those of reading.
    pub fn need(&mut self, bytes: usize) -> Result<bool> {
        while self.unread().len() < bytes && !self.at_end() {
            self.fill()?;
        }
        Ok(self.unread().len() >= bytes)
    }

    /// Goes back by so many bytes, or to the beginning of the file where that is nearer, before anything is read.
    pub fn look_back(&mut self, bytes: u64) {
        self.bytes.look_back(bytes);
    }

    /// The offsets at which records of the piece begin.
    pub fn piece(&self) -> Range<u64> {
        self.bytes.piece()
    }

    /// The name of the file. A pipe's bytes lie under another one.
    pub fn path(&self) -> &Path {
        self.bytes.path()
    }

    /// Reads bytes of a file that is not compressed, at any offset, such as its header; fewer than `target` has room for come
    /// only at its end.
    ///
    /// # Errors
    /// Those of reading.
    pub fn read_at(&self, target: &mut [u8], offset: u64) -> Result<usize> {
        self.bytes.read_at(target, offset)
    }
}

impl InputFormat for OpenFiles {
    type Record<'a> = OpenFile<'a>;

    fn records(_file: &OpenFile<'_>) -> u64 {
        0
    }

    fn read(piece: PieceReader<'_>, mut each: impl FnMut(OpenFile<'_>) -> Result<()>) -> Result<()> {
        piece.read_any_file(|chunks| each(OpenFile { bytes: chunks }))
    }
}
