//! Reads the records of a piece of a file.

use std::io;
use std::path::Path;

use memchr::memmem::Finder;

use crate::config::OutputCodec;
use crate::error::{Error, Result};
use crate::input::OpenFile;
use crate::streaming::sequence_file::decode::decode;
use crate::streaming::sequence_file::header::{ESCAPE, Header, MARK_BYTES, Packing};
use crate::streaming::varint;
use crate::streaming::writable::{Type, Writable};

/// Most bytes of a record, or of a block: a length above it is damage.
const MOST_BYTES: usize = 1 << 31;

/// Calls `each` with the offset, the key and the value of the records of a piece, in order; of a block all have its offset.
///
/// # Errors
/// Those of reading; [`Error::UnreadableInput`] for what is no such file, or of types that are not known; those of `each`.
pub fn read(
    file: &mut OpenFile<'_>,
    mut each: impl FnMut(u64, Writable<'_>, Writable<'_>) -> Result<()>,
) -> Result<()> {
    let (header, header_bytes) = header_of(file)?;
    let piece = file.piece();
    let mut reader = Reader { file, header };
    if piece.start <= header_bytes as u64 {
        if piece.end <= header_bytes as u64 {
            return Ok(());
        }
        reader.skip(header_bytes as u64 - piece.start)?;
    } else if !reader.skip_to_mark(piece.end)? {
        return Ok(());
    }
    loop {
        let at = reader.file.offset();
        let Some(has_mark) = reader.mark()? else { return Ok(()) };
        if has_mark && at >= piece.end {
            return Ok(());
        }
        match reader.header.packing {
            Packing::Plain => reader.record(None, &mut each)?,
            Packing::Values(codec) => reader.record(Some(codec), &mut each)?,
            Packing::Blocks(codec) => reader.block(codec, &mut each)?,
        }
    }
}

/// The header, which lies at the beginning of the file, wherever the piece begins.
fn header_of(file: &mut OpenFile<'_>) -> Result<(Header, usize)> {
    const STEP: usize = 4 << 10;
    let begins_here = file.piece().start == 0;
    let mut beginning = Vec::new();
    loop {
        let (bytes, at_end) = if begins_here {
            (file.unread(), file.at_end())
        } else {
            let before = beginning.len();
            beginning.resize(before + STEP, 0);
            let read = file.read_at(&mut beginning[before..], before as u64)?;
            beginning.truncate(before + read);
            (beginning.as_slice(), read == 0)
        };
        match Header::read(bytes, file.path())? {
            Some(found) => return Ok(found),
            None if at_end => {
                let why = "the file ends within the header of a SequenceFile".into();
                return Err(Error::UnreadableInput { path: file.path().to_owned(), why });
            }
            None if begins_here => file.fill()?,
            None => {}
        }
    }
}

/// A file behind its header.
struct Reader<'f, 'a> {
    file: &'f mut OpenFile<'a>,
    header: Header,
}

impl Reader<'_, '_> {
    fn path(&self) -> &Path {
        self.file.path()
    }

    fn damaged(&self, what: &str) -> Error {
        Header::damaged(self.path(), self.file.offset(), what)
    }

    fn need(&mut self, bytes: usize) -> Result<()> {
        if bytes > MOST_BYTES {
            return Err(self.damaged("a length is too large"));
        }
        if self.file.need(bytes)? { Ok(()) } else { Err(self.damaged("the file ends within a record")) }
    }

    fn skip(&mut self, bytes: u64) -> Result<()> {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        self.need(bytes)?;
        self.file.consume(bytes);
        Ok(())
    }

    /// Goes to the next mark, and stands before the length that announces it; tells whether there is one that begins before
    /// `end`.
    fn skip_to_mark(&mut self, end: u64) -> Result<bool> {
        let wanted = [&ESCAPE[..], &self.header.mark].concat();
        let finder = Finder::new(&wanted);
        loop {
            let unread = self.file.unread();
            if let Some(at) = finder.find(unread) {
                self.file.consume(at);
                return Ok(self.file.offset() < end);
            }
            let seen = unread.len().saturating_sub(wanted.len() - 1);
            self.file.consume(seen);
            if self.file.at_end() || self.file.offset() >= end {
                return Ok(false);
            }
            self.file.fill()?;
        }
    }

    /// Whether a mark is next, which is passed over; `None` at the end of the file.
    fn mark(&mut self) -> Result<Option<bool>> {
        if !self.file.need(1)? {
            return Ok(None);
        }
        self.need(ESCAPE.len())?;
        if !self.file.unread().starts_with(&ESCAPE) {
            return Ok(Some(false));
        }
        self.need(ESCAPE.len() + MARK_BYTES)?;
        if self.file.unread()[ESCAPE.len()..][..MARK_BYTES] != self.header.mark {
            return Err(self.damaged("a mark is not that of the header"));
        }
        self.file.consume(ESCAPE.len() + MARK_BYTES);
        // A file may end behind a mark.
        if self.file.need(1)? { Ok(Some(true)) } else { Ok(None) }
    }

    fn value<'v>(&self, kind: Type, bytes: &'v [u8]) -> Result<Writable<'v>> {
        kind.read(bytes).ok_or_else(|| self.damaged(&format!("these bytes are no {}", kind.class())))
    }

    fn decoded(&self, codec: OutputCodec, bytes: &[u8]) -> Result<Vec<u8>> {
        let failed = |error: io::Error| self.damaged(&format!("what is compressed cannot be read: {error}"));
        decode(codec, bytes).map_err(failed)
    }

    fn record(
        &mut self,
        codec: Option<OutputCodec>,
        each: &mut impl FnMut(u64, Writable<'_>, Writable<'_>) -> Result<()>,
    ) -> Result<()> {
        self.need(8)?;
        let length = |bytes: &[u8]| u32::from_be_bytes(bytes.try_into().expect("four bytes")) as usize;
        let unread = self.file.unread();
        let (record, key) = (length(&unread[..4]), length(&unread[4..8]));
        if key > record {
            return Err(self.damaged("a key is longer than its record"));
        }
        self.need(8 + record)?;
        let (key, value) = self.file.unread()[8..8 + record].split_at(key);
        let plain;
        let value = match codec {
            Some(codec) => {
                plain = self.decoded(codec, value)?;
                &plain
            }
            None => value,
        };
        let offset = self.file.offset();
        each(offset, self.value(self.header.key, key)?, self.value(self.header.value, value)?)?;
        self.file.consume(8 + record);
        Ok(())
    }

    /// The number at the front, which is passed over.
    fn number(&mut self) -> Result<usize> {
        const LONGEST: usize = 9;
        self.file.need(LONGEST)?;
        let found = varint::read(self.file.unread());
        let (number, used) = found.ok_or_else(|| self.damaged("the file ends within a number"))?;
        self.file.consume(used);
        usize::try_from(number).map_err(|_| self.damaged("a length is negative"))
    }

    /// A buffer of a block.
    fn buffer(&mut self, codec: OutputCodec) -> Result<Vec<u8>> {
        let bytes = self.number()?;
        self.need(bytes)?;
        let buffer = self.decoded(codec, &self.file.unread()[..bytes])?;
        self.file.consume(bytes);
        Ok(buffer)
    }

    fn block(
        &mut self,
        codec: OutputCodec,
        each: &mut impl FnMut(u64, Writable<'_>, Writable<'_>) -> Result<()>,
    ) -> Result<()> {
        let offset = self.file.offset();
        let records = self.number()?;
        let (key_lengths, keys) = (self.buffer(codec)?, self.buffer(codec)?);
        let (value_lengths, values) = (self.buffer(codec)?, self.buffer(codec)?);
        let mut keys = Items { lengths: &key_lengths, bytes: &keys };
        let mut values = Items { lengths: &value_lengths, bytes: &values };
        for _ in 0..records {
            let short = || self.damaged("a block has fewer records than it says");
            let (key, value) = keys.next().zip(values.next()).ok_or_else(short)?;
            each(offset, self.value(self.header.key, key)?, self.value(self.header.value, value)?)?;
        }
        Ok(())
    }
}

/// The keys or the values of a block.
struct Items<'b> {
    lengths: &'b [u8],
    bytes: &'b [u8],
}

impl<'b> Iterator for Items<'b> {
    type Item = &'b [u8];

    fn next(&mut self) -> Option<&'b [u8]> {
        let (length, used) = varint::read(self.lengths)?;
        self.lengths = &self.lengths[used..];
        let (item, rest) = self.bytes.split_at_checked(usize::try_from(length).ok()?)?;
        self.bytes = rest;
        Some(item)
    }
}
