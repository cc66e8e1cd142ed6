//! Tables as lines of text.

use std::fmt::{self, Write};

/// A table with a sentence about it. The first row is its head, the first cell of a row its label.
#[derive(Clone, Debug)]
pub struct Table {
    /// Rows of equally many cells.
    pub rows: Vec<Vec<String>>,
    /// A heading or a conclusion; empty where there is none.
    pub sentence: String,
}

impl fmt::Display for Table {
    /// The rows, then the sentence.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&grid(&self.rows))?;
        if self.sentence.is_empty() { Ok(()) } else { writeln!(f, "{}", self.sentence) }
    }
}

/// Rows of equally many cells as lines: the first cell of each to the left, the others to the right.
pub fn grid(rows: &[Vec<String>]) -> String {
    let cells = rows.first().map_or(0, Vec::len);
    let width = |cell: usize| rows.iter().map(|row| row[cell].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..cells).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = format!("{:<width$}", row[0], width = widths[0]);
        for (cell, width) in row.iter().zip(&widths).skip(1) {
            write!(line, "   {cell:>width$}").expect("a string takes every write");
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}
