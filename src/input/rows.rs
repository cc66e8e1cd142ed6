//! Rows of tables, which may have ends of lines within quotes.
//!
//! A quote that stands where a field begins opens a quoted field (RFC 4180); the next quote that is not doubled closes it. In
//! between, separators and ends of lines are data:
//!
//! ```text
//! 7,"Smith, John","first line⏎
//! second line",12⏎                one row
//! 8,5" disk,,3⏎                   a quote within a field is data
//! ```
//!
//! A reader in the middle of a file cannot tell whether it is within quotes. So before a file is cut, it is looked through once,
//! from quote to quote, and each cut is moved to the beginning of a row.

use memchr::{memchr, memchr2};

use crate::error::Result;
use crate::input::chunks::{Chunks, PieceReader, Record};
use crate::input::format::InputFormat;

const QUOTE: u8 = b'"';

/// A table: one record a row. Fields stand between separators, such as `b','`, and may be quoted. Rows end with LF or CR LF,
/// which are not part of the record; the last row may lack its end.
#[derive(Clone, Copy, Debug)]
pub struct Rows<const SEPARATOR: u8>;

impl<const SEPARATOR: u8> InputFormat for Rows<SEPARATOR> {
    type Record<'a> = Record<'a>;

    const BEGINS_AT_RECORDS: bool = true;

    #[inline(always)]
    fn offset(record: &Record<'_>) -> u64 {
        record.offset()
    }

    fn read(piece: PieceReader<'_>, each: impl FnMut(Record<'_>) -> Result<()>) -> Result<()> {
        piece.read_file(|chunks| rows::<SEPARATOR>(chunks, each))
    }

    fn beginnings(chunks: &mut Chunks<'_>, cuts: &[u64]) -> Result<Vec<u64>> {
        Beginnings { cuts, found: Vec::with_capacity(cuts.len()), position: Position::Outside }
            .find::<SEPARATOR>(chunks)
    }
}

fn rows<const SEPARATOR: u8>(chunks: &mut Chunks<'_>, mut each: impl FnMut(Record<'_>) -> Result<()>) -> Result<()> {
    if chunks.offset() == 0 {
        chunks.skip_mark()?;
    }
    let mut row = OpenRow::default();
    loop {
        let window = chunks.window();
        if !window.owns(0) {
            return Ok(());
        }
        let (bytes, mut start) = (window.bytes(), 0);
        while let Some(end) = row.find_end::<SEPARATOR>(&bytes[start..]) {
            if !window.owns(start) {
                return Ok(());
            }
            window.hand(start..start + without_cr(&bytes[start..start + end]), &mut each)?;
            start += end + 1;
            row = OpenRow::default();
        }
        if chunks.at_end() {
            let last = &bytes[start..];
            return if last.is_empty() { Ok(()) } else { window.hand(start..start + without_cr(last), each) };
        }
        chunks.consume(start);
        if row.quoted { chunks.fill()? } else { chunks.fill_until(b'\n')? }
    }
}

fn without_cr(row: &[u8]) -> usize {
    row.len() - usize::from(row.last() == Some(&b'\r'))
}

/// A row whose end was not found yet.
#[derive(Default)]
struct OpenRow {
    /// Bytes that were looked at.
    searched: usize,
    /// Whether the next byte is within quotes.
    quoted: bool,
    /// The place behind the quote that closed the last field. A quote there is the second of two that stand for one.
    closed: usize,
}

impl OpenRow {
    /// Finds the end of the line that ends the row, which begins with these bytes.
    #[inline(always)]
    fn find_end<const SEPARATOR: u8>(&mut self, row: &[u8]) -> Option<usize> {
        loop {
            let rest = &row[self.searched..];
            if self.quoted {
                let Some(quote) = memchr(QUOTE, rest) else { break };
                self.searched += quote + 1;
                (self.quoted, self.closed) = (false, self.searched);
            } else {
                let at = self.searched + memchr2(QUOTE, b'\n', rest).unwrap_or(rest.len());
                if at == row.len() {
                    break;
                }
                if row[at] == b'\n' {
                    return Some(at);
                }
                self.quoted = at == self.closed || row[at - 1] == SEPARATOR;
                self.searched = at + 1;
            }
        }
        self.searched = row.len();
        None
    }
}

/// The place of a byte in a table, as far as the bytes before it tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Position {
    /// Where a field may begin: the byte before is a separator or ends a line.
    Outside,
    /// Within a field that is not quoted.
    Unquoted,
    Quoted,
    /// Behind a quote that closes a field, unless another quote follows.
    Closed,
}

impl Position {
    fn behind<const SEPARATOR: u8>(byte: u8) -> Self {
        if byte == SEPARATOR || byte == b'\n' { Position::Outside } else { Position::Unquoted }
    }
}

/// Looks for the first row at or behind each of some offsets.
struct Beginnings<'c> {
    /// In ascending order.
    cuts: &'c [u64],
    found: Vec<u64>,
    /// The place of the next byte.
    position: Position,
}

impl Beginnings<'_> {
    fn find<const SEPARATOR: u8>(mut self, chunks: &mut Chunks<'_>) -> Result<Vec<u64>> {
        chunks.skip_mark()?;
        while self.found.len() < self.cuts.len() {
            if chunks.unread().is_empty() {
                if chunks.at_end() {
                    break;
                }
                chunks.fill()?;
                continue;
            }
            self.look_at::<SEPARATOR>(chunks.offset(), chunks.unread());
            chunks.consume(chunks.unread().len());
        }
        self.found.resize(self.cuts.len(), chunks.offset() + chunks.unread().len() as u64);
        Ok(self.found)
    }

    /// Looks at the next bytes of the file, which begin at `offset`.
    fn look_at<const SEPARATOR: u8>(&mut self, offset: u64, bytes: &[u8]) {
        let mut at = 0;
        while at < bytes.len() {
            if self.position == Position::Quoted {
                let Some(quote) = memchr(QUOTE, &bytes[at..]) else { return };
                at += quote + 1;
                self.position = Position::Closed;
                continue;
            }
            let quote = memchr(QUOTE, &bytes[at..]).map(|quote| at + quote);
            let end = quote.unwrap_or(bytes.len());
            self.look_for_ends_of_lines(offset, at, &bytes[..end]);
            if end > at {
                self.position = Position::behind::<SEPARATOR>(bytes[end - 1]);
            }
            at = end;
            if quote.is_some() {
                let opens = self.position != Position::Unquoted;
                self.position = if opens { Position::Quoted } else { Position::Unquoted };
                at += 1;
            }
        }
    }

    /// Looks for rows that begin behind an end of a line, in bytes that are not quoted from `at` on.
    fn look_for_ends_of_lines(&mut self, offset: u64, at: usize, bytes: &[u8]) {
        while let Some(cut) = self.cuts.get(self.found.len()) {
            let before_cut = usize::try_from(cut.saturating_sub(1).saturating_sub(offset)).unwrap_or(usize::MAX);
            let from = before_cut.max(at);
            let Some(end) = bytes.get(from..).and_then(|bytes| memchr(b'\n', bytes)) else { return };
            self.found.push(offset + (from + end + 1) as u64);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;
    use std::path::PathBuf;

    use proptest::prelude::*;

    use super::*;
    use crate::input::cuts::move_cuts;
    use crate::input::format::read_split;
    use crate::input::split::plan_at_most;
    use crate::input::{InputFormat, Inputs};

    /// The rows of a table and their offsets, by a reader that looks at one byte after another.
    fn expected(separator: u8, table: &[u8]) -> Vec<(u64, Vec<u8>)> {
        let (mut rows, mut start, mut quoted, mut closed, mut field) = (Vec::new(), 0, false, usize::MAX, 0);
        for (at, byte) in table.iter().copied().enumerate() {
            match byte {
                b'"' if quoted => (quoted, closed) = (false, at + 1),
                b'"' => quoted = at == field || at == closed,
                byte if !quoted && (byte == separator || byte == b'\n') => {
                    field = at + 1;
                    if byte == b'\n' {
                        rows.push((start as u64, table[start..at].to_vec()));
                        start = at + 1;
                    }
                }
                _ => {}
            }
        }
        if start < table.len() {
            rows.push((start as u64, table[start..].to_vec()));
        }
        for (_, row) in &mut rows {
            if row.last() == Some(&b'\r') {
                row.pop();
            }
        }
        rows
    }

    fn read<const SEPARATOR: u8>(table: &[u8], split_bytes: u64) -> Vec<(u64, Vec<u8>)> {
        let dir = tempfile::tempdir().unwrap();
        let (path, inputs) = (dir.path().join("table"), Inputs::default());
        std::fs::write(&path, table).unwrap();
        let paths: [PathBuf; 1] = [path];
        let files = inputs.files(&paths).unwrap();
        let mut splits = plan_at_most(0, &files, split_bytes, Rows::<SEPARATOR>::SPLIT_ALIGNMENT, 0).unwrap();
        move_cuts::<Rows<SEPARATOR>>(&mut splits, &inputs).unwrap();
        let mut rows = Vec::new();
        for split in &splits {
            read_split::<Rows<SEPARATOR>>(split, inputs.context(None), |row| {
                rows.push((row.offset(), row.to_vec()));
                Ok(())
            })
            .unwrap();
        }
        rows
    }

    #[test]
    fn a_row_goes_on_within_quotes_wherever_the_file_is_cut() {
        let tables = [
            "a,b\n1,2\n",
            "a,\"b\nc\",d\n\"e\n\n\",\"\"\n\"\"\"\n\"\"\",x\n",
            "5\",a\n\"x\"y\n,\"\"\"\"\n\"1\"\"\n2\",3\r\nlast",
            "\u{feff}\"a\nb\",c\nd,e",
            "\n\n\"\n\n\n\"\n\n",
            "a,\"never closed\n1,2\n",
        ];
        for table in tables {
            let mark = if table.starts_with('\u{feff}') { 3 } else { 0 };
            let mut rows = expected(b',', &table.as_bytes()[mark..]);
            rows.iter_mut().for_each(|(offset, _)| *offset += mark as u64);
            for split_bytes in 1..=table.len() as u64 {
                assert_eq!(read::<b','>(table.as_bytes(), split_bytes), rows, "{table:?} in splits of {split_bytes}");
            }
        }
    }

    #[test]
    fn a_separator_decides_where_a_quote_opens_a_field() {
        let table = "a,\"b\tc\nd\t\"e,\n\"\n";
        assert_eq!(read::<b','>(table.as_bytes(), 3), expected(b',', table.as_bytes()));
        assert_eq!(read::<b'\t'>(table.as_bytes(), 3), expected(b'\t', table.as_bytes()));
        assert_ne!(expected(b',', table.as_bytes()), expected(b'\t', table.as_bytes()));
    }

    #[test]
    fn long_rows_go_on_in_the_next_chunk() {
        for (line, lines) in [("x".repeat(700_000), 3), ("\"\"".repeat(200_000), 2), ("a\n".repeat(150_000), 4)] {
            let table = format!("1,\"{line}\",2\n").repeat(lines);
            let rows = read::<b','>(table.as_bytes(), 300_000);
            assert!(rows == expected(b',', table.as_bytes()), "{} rows", rows.len());
        }
    }

    #[test]
    fn a_scan_ends_where_it_is_told_to() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("table");
        std::fs::write(&path, "\"a\nb\"\nc\n").unwrap();
        let mut rows = Vec::new();
        let first = |row: Record<'_>| {
            rows.push(row.to_vec());
            Ok(ControlFlow::Break(()))
        };
        Inputs::default().scan::<Rows<b','>>(&[path], first).unwrap();
        assert_eq!(rows, [b"\"a\nb\""]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn any_table_has_the_same_rows_in_any_splits(
            table in prop::collection::vec(prop::sample::select(&b"\"\"\n,\ta\r"[..]), 1..60),
            split_bytes in 1u64..70,
        ) {
            prop_assert_eq!(read::<b','>(&table, split_bytes), expected(b',', &table));
            prop_assert_eq!(read::<b'\t'>(&table, split_bytes), expected(b'\t', &table));
        }
    }
}
