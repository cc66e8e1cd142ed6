//! The cells of a row.

use memchr::{memchr, memchr_iter, memchr2};
use twinmill::prelude::*;

use crate::jobs::shown::{Shown, wrong_line};

/// Cuts rows into cells. Its buffers are used again for each row, so that no row allocates.
#[derive(Clone, Debug)]
pub struct Cut<const SEPARATOR: u8> {
    width: usize,
    header: bool,
    null: Vec<u8>,
    /// Beginning and end of each cell.
    bounds: Vec<(usize, usize)>,
    /// The cells of a row with quotes, without them.
    unquoted: Vec<u8>,
}

/// A row that was cut.
#[derive(Clone, Copy)]
pub struct Cells<'r> {
    text: &'r [u8],
    bounds: &'r [(usize, usize)],
    null: &'r [u8],
    /// Whether no cell needs quotes in the output.
    plain: bool,
    is_first: bool,
}

impl<const SEPARATOR: u8> Cut<SEPARATOR> {
    pub fn new(width: usize, header: bool, null: Vec<u8>) -> Self {
        Cut { width, header, null, bounds: Vec::with_capacity(width), unquoted: Vec::new() }
    }

    /// All cells of one row.
    ///
    /// # Errors
    /// Quotes that do not pair.
    pub fn cells_of(row: &[u8]) -> Result<Vec<Vec<u8>>> {
        let mut cut = Cut::<SEPARATOR>::new(0, false, Vec::new());
        let cells = cut.split(row)?;
        Ok((0..cells.bounds.len()).map(|column| cells.get(column).to_vec()).collect())
    }

    /// The cells of a row; `None` for a header, and for a row that is passed over because it is empty.
    ///
    /// # Errors
    /// A row that does not have the table's number of columns, or whose quotes do not pair.
    #[inline]
    pub fn row<'r>(&'r mut self, row: &Record<'r>) -> Result<Option<Cells<'r>>> {
        if row.is_empty() || self.header && row.is_first() {
            return Ok(None);
        }
        let width = self.width;
        let mut cells = self.split(row.bytes())?;
        cells.is_first = row.is_first();
        if cells.bounds.len() == width { Ok(Some(cells)) } else { Err(wrong_width(&cells, width, row)) }
    }

    #[inline]
    fn split<'r>(&'r mut self, row: &'r [u8]) -> Result<Cells<'r>> {
        self.bounds.clear();
        if memchr(b'"', row).is_some() {
            return self.split_with_quotes(row);
        }
        let mut start = 0;
        for separator in memchr_iter(SEPARATOR, row) {
            self.bounds.push((start, separator));
            start = separator + 1;
        }
        self.bounds.push((start, row.len()));
        let plain =
            if SEPARATOR == b'\t' { memchr(b'\r', row).is_none() } else { memchr2(b'\t', b'\r', row).is_none() };
        Ok(Cells { text: row, bounds: &self.bounds, null: &self.null, plain, is_first: false })
    }

    #[inline(never)]
    fn split_with_quotes<'r>(&'r mut self, row: &[u8]) -> Result<Cells<'r>> {
        self.unquoted.clear();
        let mut rest = row;
        loop {
            let start = self.unquoted.len();
            let behind = match rest.strip_prefix(b"\"") {
                Some(quoted) => unquote(quoted, &mut self.unquoted)?,
                None => {
                    let end = memchr(SEPARATOR, rest).unwrap_or(rest.len());
                    self.unquoted.extend_from_slice(&rest[..end]);
                    &rest[end..]
                }
            };
            self.bounds.push((start, self.unquoted.len()));
            match behind.split_first() {
                None => break,
                Some((byte, behind)) if *byte == SEPARATOR => rest = behind,
                Some(_) => {
                    let behind = Shown(behind);
                    let what = format_args!("{behind} stands between the quote that closes a cell and what follows");
                    return Err(wrong_line(row, what, "; a quote within a quoted cell is doubled"));
                }
            }
        }
        Ok(Cells { text: &self.unquoted, bounds: &self.bounds, null: &self.null, plain: false, is_first: false })
    }
}

/// Appends the text before the closing quote to `cell`; returns what stands behind it.
fn unquote<'l>(mut quoted: &'l [u8], cell: &mut Vec<u8>) -> Result<&'l [u8]> {
    loop {
        let Some(quote) = memchr(b'"', quoted) else {
            let begins = Shown(quoted);
            return Err(Error::wrong_input(format!(
                "a quoted cell is not closed before the file ends: {begins}; where a cell begins with a quote that is data, \
                 double it and quote the cell"
            )));
        };
        cell.extend_from_slice(&quoted[..quote]);
        let behind = &quoted[quote + 1..];
        match behind.strip_prefix(b"\"") {
            Some(more) => {
                cell.push(b'"');
                quoted = more;
            }
            None => return Ok(behind),
        }
    }
}

#[cold]
fn wrong_width(cells: &Cells<'_>, width: usize, row: &[u8]) -> Error {
    let found = cells.bounds.len();
    wrong_line(row, format_args!("{found} columns where the first row of the table has {width}"), "")
}

impl<'r> Cells<'r> {
    /// The cell of a column, from 0.
    #[inline(always)]
    pub fn get(&self, column: usize) -> &'r [u8] {
        let (start, end) = self.bounds[column];
        &self.text[start..end]
    }

    /// The cell of a column, unless it is null.
    #[inline(always)]
    pub fn value(&self, column: usize) -> Option<&'r [u8]> {
        let cell = self.get(column);
        (cell != self.null).then_some(cell)
    }

    /// Whether the row is the first one of its file.
    pub fn is_first(&self) -> bool {
        self.is_first
    }

    pub fn is_null(&self, column: usize) -> bool {
        self.value(column).is_none()
    }

    /// Appends these columns as they stand in the output: with TABs in between.
    #[inline]
    pub fn write(&self, columns: &[usize], out: &mut Vec<u8>) {
        for (at, column) in columns.iter().enumerate() {
            if at > 0 {
                out.push(b'\t');
            }
            let cell = self.get(*column);
            if self.plain { out.extend_from_slice(cell) } else { write_cell(cell, out) }
        }
    }
}

/// Appends a cell as it stands in the output. It is quoted where it would be read back as something else: if it begins with a
/// quote, or has a TAB or an end of a line.
pub fn write_cell(cell: &[u8], out: &mut Vec<u8>) {
    if cell.first() != Some(&b'"') && memchr::memchr3(b'\t', b'\n', b'\r', cell).is_none() {
        return out.extend_from_slice(cell);
    }
    out.push(b'"');
    for byte in cell {
        if *byte == b'"' {
            out.push(b'"');
        }
        out.push(*byte);
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut<const SEPARATOR: u8>(row: &str) -> Vec<String> {
        let cells = Cut::<SEPARATOR>::cells_of(row.as_bytes()).unwrap();
        cells.into_iter().map(|cell| String::from_utf8(cell).unwrap()).collect()
    }

    #[test]
    fn cells_are_what_stands_between_separators_or_quotes() {
        assert_eq!(cut::<b','>("1, 2,,x y"), ["1", " 2", "", "x y"]);
        assert_eq!(cut::<b','>("a,"), ["a", ""]);
        assert_eq!(cut::<b','>(","), ["", ""]);
        assert_eq!(cut::<b'\t'>("1,2\t\"a\tb\"\t"), ["1,2", "a\tb", ""]);
        assert_eq!(cut::<b','>("\"a,\"\"1\"\"\nb\",\"\",\"\"\"\""), ["a,\"1\"\nb", "", "\""]);
        assert_eq!(cut::<b','>("5\" disk, \"x\",y\"z\"w"), ["5\" disk", " \"x\"", "y\"z\"w"]);
    }

    #[test]
    fn quotes_that_do_not_pair_are_refused() {
        for row in ["\"a,1", "1,\"", "1,\"a\"\""] {
            let error = Cut::<b','>::cells_of(row.as_bytes()).unwrap_err().to_string();
            assert!(error.contains("not closed before the file ends"), "{row:?}: {error}");
        }
        for row in ["\"a\"b,1", "\"a\" ,1"] {
            let error = Cut::<b','>::cells_of(row.as_bytes()).unwrap_err().to_string();
            assert!(error.contains("between the quote that closes a cell"), "{row:?}: {error}");
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        for cell in ["", "a", "a,b", "5\" disk", "\"", "\"a\"", "a\tb", "a\nb", "a\r", "\u{e9}", " "] {
            let mut row = b"x\t".to_vec();
            write_cell(cell.as_bytes(), &mut row);
            let row = String::from_utf8(row).unwrap();
            assert_eq!(cut::<b'\t'>(&row), ["x", cell], "{row:?}");
        }
        let mut written = Vec::new();
        write_cell(b"say \"hi\"", &mut written);
        assert_eq!(written, b"say \"hi\"", "no quotes without need");
    }
}
