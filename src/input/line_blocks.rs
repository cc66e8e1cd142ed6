//! Lines of text as Hadoop cuts them, many at a time.

use std::path::Path;

use crate::error::Result;
use crate::input::chunks::{Chunks, PieceReader, Record, Window};
use crate::input::format::InputFormat;

/// Text in blocks of whole lines. A line ends with LF, CR or CRLF, as Hadoop's `TextInputFormat` has it; the last line of a
/// file may lack its end. A block costs one call, however many lines it has, so it is the format for those who hand lines on as
/// they are.
#[derive(Clone, Copy, Debug)]
pub struct LineBlocks;

/// Whole lines, with their ends.
#[derive(Clone, Copy, Debug)]
pub struct LineBlock<'a> {
    record: Record<'a>,
    lines: u64,
    has_returns: bool,
}

impl<'a> LineBlock<'a> {
    fn of(record: Record<'a>) -> Self {
        let bytes = record.bytes();
        let has_returns = memchr::memchr(b'\r', bytes).is_some();
        let mut block = LineBlock { record, lines: 0, has_returns };
        block.lines = if has_returns {
            block.lines().count() as u64
        } else {
            let ends = memchr::memchr_iter(b'\n', bytes).count();
            ends as u64 + u64::from(bytes.last().is_some_and(|last| *last != b'\n'))
        };
        block
    }

    /// The lines with their ends, one after another.
    pub fn bytes(&self) -> &'a [u8] {
        self.record.bytes()
    }

    /// Offset of the first line in its file, after decompression.
    pub fn offset(&self) -> u64 {
        self.record.offset()
    }

    /// The file that they are from.
    pub fn path(&self) -> &'a Path {
        self.record.path()
    }

    /// Whether every line ends with a lone LF, so that the bytes are the lines as a Unix program expects them.
    pub fn is_plain(&self) -> bool {
        !self.has_returns && self.bytes().last() == Some(&b'\n')
    }

    /// The lines without their ends, each with its offset in the block.
    pub fn lines(&self) -> Lines<'a> {
        Lines { bytes: self.record.bytes(), at: 0 }
    }

    /// The same without those that have so many bytes or more, with their ends.
    pub fn shorter_lines(&self, bytes: usize) -> impl Iterator<Item = (usize, &'a [u8])> {
        let mut lines = self.lines();
        std::iter::from_fn(move || {
            loop {
                let (start, line) = lines.next()?;
                if lines.at - start < bytes {
                    return Some((start, line));
                }
            }
        })
    }
}

/// The lines of a block.
#[derive(Clone, Debug)]
pub struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Lines<'a> {
    type Item = (usize, &'a [u8]);

    #[inline]
    fn next(&mut self) -> Option<(usize, &'a [u8])> {
        let start = self.at;
        let rest = self.bytes.get(start..).filter(|rest| !rest.is_empty())?;
        let length = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        self.at = start + length + end_len(&rest[length..]);
        Some((start, &rest[..length]))
    }
}

/// Length of the end of a line that these bytes begin with.
fn end_len(bytes: &[u8]) -> usize {
    match bytes {
        [b'\r', b'\n', ..] => 2,
        [] => 0,
        _ => 1,
    }
}

impl InputFormat for LineBlocks {
    type Record<'a> = LineBlock<'a>;

    fn records(block: &LineBlock<'_>) -> u64 {
        block.lines
    }

    fn offset(block: &LineBlock<'_>) -> u64 {
        block.offset()
    }

    fn read(piece: PieceReader<'_>, each: impl FnMut(LineBlock<'_>) -> Result<()>) -> Result<()> {
        piece.read_file(|chunks| blocks(chunks, each))
    }
}

fn blocks(chunks: &mut Chunks<'_>, mut each: impl FnMut(LineBlock<'_>) -> Result<()>) -> Result<()> {
    if chunks.offset() == 0 {
        skip_utf8_mark(chunks)?;
    } else {
        // The line that covers the byte before the piece belongs to the piece before.
        chunks.look_back(1);
        if !skip_line(chunks)? {
            return Ok(());
        }
    }
    while chunks.has_more()? {
        match whole_lines(&chunks.window(), chunks.at_end()) {
            Some(length) => {
                chunks.window().hand(0..length, |record| each(LineBlock::of(record)))?;
                chunks.consume(length);
            }
            None => chunks.fill_until(b'\n')?,
        }
    }
    Ok(())
}

/// Skips the mark of UTF-8. Those of other encodings are bytes like any others to Hadoop.
fn skip_utf8_mark(chunks: &mut Chunks<'_>) -> Result<()> {
    const MARK: &[u8] = b"\xef\xbb\xbf";
    while chunks.unread().len() < MARK.len() && !chunks.at_end() {
        chunks.fill()?;
    }
    if chunks.unread().starts_with(MARK) { chunks.skip_mark() } else { Ok(()) }
}

/// Skips the rest of a line with its end; tells whether it ended before the piece did.
fn skip_line(chunks: &mut Chunks<'_>) -> Result<bool> {
    loop {
        let unread = chunks.unread();
        match memchr::memchr2(b'\n', b'\r', unread) {
            // What follows the CR is not known yet.
            Some(end) if unread[end..] == *b"\r" && !chunks.at_end() => chunks.consume(end),
            Some(end) => {
                let length = end + end_len(&unread[end..]);
                chunks.consume(length);
                return Ok(true);
            }
            None => chunks.consume(unread.len()),
        }
        if !chunks.has_more()? {
            return Ok(false);
        }
        if chunks.unread() == b"\r" && !chunks.at_end() {
            chunks.fill()?;
        }
    }
}

/// Length of the whole lines at the front of the window that are the piece's own; `None` where not even the first one is whole
/// yet.
fn whole_lines(window: &Window<'_>, at_end: bool) -> Option<usize> {
    let bytes = window.bytes();
    let own = usize::try_from(window.owned_bytes()).unwrap_or(usize::MAX);
    if own <= bytes.len() {
        // The last line is the one with the piece's last byte.
        let from = own.saturating_sub(1);
        return match memchr::memchr2(b'\n', b'\r', &bytes[from..]) {
            Some(end) if bytes[from + end] == b'\r' && from + end + 1 == bytes.len() && !at_end => None,
            Some(end) => Some(from + end + end_len(&bytes[from + end..])),
            None => at_end.then_some(bytes.len()),
        };
    }
    if at_end {
        return Some(bytes.len());
    }
    // What follows a CR at the very end is not known yet.
    let searched = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    memchr::memrchr2(b'\n', b'\r', searched).map(|end| end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_with_lf_cr_or_both() {
        let lines = |bytes: &'static [u8]| -> Vec<(usize, &[u8])> { Lines { bytes, at: 0 }.collect() };
        assert_eq!(lines(b"a\nb\r\nc\rd"), [(0, &b"a"[..]), (2, b"b"), (5, b"c"), (7, b"d")]);
        assert_eq!(lines(b"\n\r\r\n"), [(0, &b""[..]), (1, b""), (2, b"")]);
        assert_eq!(lines(b""), []);
    }
}
