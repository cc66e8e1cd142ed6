//! Tables as lines of text.

use std::fmt::{self, Write};

use serde::Serialize;

use crate::cli::terminal::wrapped;

/// A table with a sentence about it. The first row is its head, the first cell of a row its label.
#[derive(Clone, Debug, Serialize)]
pub struct Table {
    /// Rows of equally many cells.
    pub rows: Vec<Vec<String>>,
    /// A heading or a conclusion; empty where there is none.
    pub sentence: String,
}

impl Table {
    /// The rows, then the sentence, in lines that are no wider than `width`.
    pub fn within(&self, width: usize) -> String {
        let mut text = grid_within(&self.rows, width);
        if !self.sentence.is_empty() {
            text += &wrapped(&self.sentence, width);
            text.push('\n');
        }
        text
    }
}

impl fmt::Display for Table {
    /// The rows, then the sentence, however wide.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.within(usize::MAX))
    }
}

/// Rows of equally many cells as lines no wider than `width`: columns that have no room come below the others, beside the
/// same labels.
pub fn grid_within(rows: &[Vec<String>], width: usize) -> String {
    let cells = rows.first().map_or(0, Vec::len);
    let width_of = |cell: usize| rows.iter().map(|row| row[cell].chars().count()).max().unwrap_or(0);
    let (mut blocks, mut block, mut used) = (Vec::new(), Vec::new(), 0);
    for cell in 1..cells {
        let needed = BETWEEN + width_of(cell);
        if !block.is_empty() && width_of(0) + used + needed > width {
            blocks.push(std::mem::take(&mut block));
            used = 0;
        }
        block.push(cell);
        used += needed;
    }
    blocks.push(block);
    let of_block = |block: &Vec<usize>| {
        let row = |row: &Vec<String>| [0].iter().chain(block).filter_map(|cell| row.get(*cell).cloned()).collect();
        grid(&rows.iter().map(row).collect::<Vec<Vec<String>>>())
    };
    blocks.iter().map(of_block).collect::<Vec<_>>().join("\n")
}

/// Columns between two cells.
const BETWEEN: usize = 3;

/// Rows of equally many cells as lines: the first cell of each to the left, the others to the right.
pub fn grid(rows: &[Vec<String>]) -> String {
    let cells = rows.first().map_or(0, Vec::len);
    let width = |cell: usize| rows.iter().map(|row| row[cell].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..cells).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = format!("{:<width$}", row[0], width = widths[0]);
        for (cell, width) in row.iter().zip(&widths).skip(1) {
            write!(line, "{:BETWEEN$}{cell:>width$}", "").expect("a string takes every write");
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_without_room_come_below_the_others() {
        let rows: Vec<Vec<String>> = [["", "disk", "memory", "reference"], ["time", "1 s", "2 s", "3 s"]]
            .map(|row| row.map(str::to_owned).to_vec())
            .to_vec();
        let expected = "       disk   memory
time    1 s      2 s

       reference
time         3 s
";
        assert_eq!(grid_within(&rows, 20), expected);
        assert_eq!(grid_within(&rows, 80), grid(&rows));
        assert!(grid_within(&rows, 5).lines().count() == 8, "never fewer than one column");
    }
}
