//! Finds the records of inputs whose format depends on the job, in an open file.
//!
//! | format | a record | key and value |
//! |---|---|---|
//! | lines with a delimiter of the job's own | up to the delimiter | offset and text |
//! | `StreamXmlRecordReader` | [from one tag to another](crate::streaming::xml) | the text, and nothing |
//! | `SequenceFile` | [as the file has it](crate::streaming::sequence_file) | of its types; or as text, or as bytes |
//! | `AutoInputFormat` | of a `SequenceFile` as it has it, of any other file a line | offset and line |

use memchr::memmem::Finder;

use crate::error::Result;
use crate::input::OpenFile;
use crate::streaming::sequence_file;
use crate::streaming::writable::Writable;
use crate::streaming::xml::Tags;

/// The way in which records are found.
#[derive(Clone, Debug)]
pub enum Reading {
    /// Text up to a delimiter (`textinputformat.record.delimiter`).
    Delimited(Vec<u8>),
    Xml(Tags),
    Sequence(Shown),
    Auto,
}

/// The types in which the records of a `SequenceFile` are given on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// In their own bytes.
    TheirOwn,
    Text,
    Bytes,
}

impl Reading {
    /// Bytes behind a cut in which a record may begin that belongs to the piece before; `None` where the format has marks of its
    /// own.
    pub fn delimiter_bytes(&self) -> Option<u64> {
        match self {
            Reading::Delimited(delimiter) => Some(delimiter.len() as u64),
            Reading::Xml(_) => Some(0),
            Reading::Sequence(_) | Reading::Auto => None,
        }
    }

    /// Calls `each` with the offset, the key and the value of every record of a piece, in order.
    ///
    /// # Errors
    /// Those of reading, and those of `each`.
    pub fn each(
        &self,
        file: &mut OpenFile<'_>,
        mut each: impl FnMut(u64, Writable<'_>, Writable<'_>) -> Result<()>,
    ) -> Result<()> {
        match self {
            Reading::Delimited(delimiter) => delimited(file, delimiter, each),
            Reading::Xml(tags) => {
                tags.each(file, |offset, text| each(offset, Writable::Text(text), Writable::Text(b"")))
            }
            Reading::Sequence(shown) => sequence(file, *shown, each),
            Reading::Auto if is_sequence_file(file)? => sequence(file, Shown::TheirOwn, each),
            Reading::Auto => lines(file, each),
        }
    }
}

/// Whether a file begins like a `SequenceFile`, wherever the piece does.
fn is_sequence_file(file: &mut OpenFile<'_>) -> Result<bool> {
    const MAGIC: &[u8] = b"SEQ";
    if file.piece().start == 0 {
        file.need(MAGIC.len())?;
        return Ok(file.unread().starts_with(MAGIC));
    }
    let mut beginning = [0; MAGIC.len()];
    file.read_at(&mut beginning, 0)?;
    Ok(beginning == MAGIC)
}

fn sequence(
    file: &mut OpenFile<'_>,
    shown: Shown,
    mut each: impl FnMut(u64, Writable<'_>, Writable<'_>) -> Result<()>,
) -> Result<()> {
    let (mut key_bytes, mut value_bytes) = (Vec::new(), Vec::new());
    sequence_file::read(file, |offset, key, value| {
        key_bytes.clear();
        value_bytes.clear();
        match shown {
            Shown::TheirOwn => each(offset, key, value),
            Shown::Text => {
                key.write_java_string(&mut key_bytes);
                value.write_java_string(&mut value_bytes);
                each(offset, Writable::Text(&key_bytes), Writable::Text(&value_bytes))
            }
            Shown::Bytes => {
                key.serialise(&mut key_bytes);
                value.serialise(&mut value_bytes);
                each(offset, Writable::Bytes(&key_bytes), Writable::Bytes(&value_bytes))
            }
        }
    })
}

const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";

fn skip_mark(file: &mut OpenFile<'_>) -> Result<()> {
    file.need(UTF8_MARK.len())?;
    if file.offset() == 0 && file.unread().starts_with(UTF8_MARK) {
        file.consume(UTF8_MARK.len());
    }
    Ok(())
}

fn delimited(
    file: &mut OpenFile<'_>,
    delimiter: &[u8],
    mut each: impl FnMut(u64, Writable<'_>, Writable<'_>) -> Result<()>,
) -> Result<()> {
    let finder = Finder::new(delimiter);
    let piece = file.piece();
    if piece.start == 0 {
        skip_mark(file)?;
    } else {
        // The piece was cut so many bytes before; what began before the cut belongs to the piece before.
        file.look_back(delimiter.len() as u64);
        let Some(length) = find(file, &finder)? else { return Ok(()) };
        file.consume(length + delimiter.len());
    }
    while file.offset() < piece.end && file.need(1)? {
        let end = find(file, &finder)?;
        let length = end.unwrap_or(file.unread().len());
        let offset = file.offset();
        // Where the file ends within a delimiter's length behind a cut, the search began before that.
        if offset >= piece.start {
            each(offset, Writable::Long(offset.cast_signed()), Writable::Text(&file.unread()[..length]))?;
        }
        file.consume(length + end.map_or(0, |_| delimiter.len()));
    }
    Ok(())
}

/// Where the next delimiter begins in the unread bytes, reading on until it is there; `None` where the file ends before.
fn find(file: &mut OpenFile<'_>, finder: &Finder<'_>) -> Result<Option<usize>> {
    let mut searched = 0;
    loop {
        if let Some(at) = finder.find(&file.unread()[searched..]) {
            return Ok(Some(searched + at));
        }
        if file.at_end() {
            return Ok(None);
        }
        searched = (file.unread().len() + 1).saturating_sub(finder.needle().len());
        file.fill()?;
    }
}

/// Lines as Hadoop cuts them, of a file that was cut anywhere: a line that begins at a cut belongs to the piece before.
fn lines(file: &mut OpenFile<'_>, mut each: impl FnMut(u64, Writable<'_>, Writable<'_>) -> Result<()>) -> Result<()> {
    let piece = file.piece();
    if piece.start == 0 {
        skip_mark(file)?;
    } else {
        let line = line(file)?;
        file.consume(line.1);
    }
    while file.offset() <= piece.end && file.need(1)? {
        let (length, with_end) = line(file)?;
        let offset = file.offset();
        each(offset, Writable::Long(offset.cast_signed()), Writable::Text(&file.unread()[..length]))?;
        file.consume(with_end);
    }
    Ok(())
}

/// Length of the line at the front, without its end and with it.
fn line(file: &mut OpenFile<'_>) -> Result<(usize, usize)> {
    let mut searched = 0;
    loop {
        let unread = file.unread();
        match memchr::memchr2(b'\n', b'\r', &unread[searched..]).map(|at| searched + at) {
            // What follows the CR is not known yet.
            Some(at) if unread[at..] == *b"\r" && !file.at_end() => searched = at,
            Some(at) => return Ok((at, at + if unread[at..].starts_with(b"\r\n") { 2 } else { 1 })),
            None if file.at_end() => return Ok((unread.len(), unread.len())),
            None => searched = unread.len(),
        }
        file.fill()?;
    }
}
