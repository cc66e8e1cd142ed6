//! Places in a text, as people count them.

use serde::Serialize;

/// A line and a column, both from 1. Columns count characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl Position {
    /// The place of a byte of a text. A byte behind its end is at its end.
    pub fn of(text: &str, byte: usize) -> Self {
        let mut byte = byte.min(text.len());
        while !text.is_char_boundary(byte) {
            byte -= 1;
        }
        let before = &text[..byte];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Position { line: 1 + before.matches('\n').count(), column: 1 + before[line_start..].chars().count() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one_and_columns_count_characters() {
        let text = "a\nüb\n";
        let position = |byte| Position::of(text, byte);
        assert_eq!(position(0), Position { line: 1, column: 1 });
        assert_eq!(position(2), Position { line: 2, column: 1 });
        assert_eq!(position(4), Position { line: 2, column: 2 });
        assert_eq!(position(3), Position { line: 2, column: 1 }, "within a character");
        assert_eq!(position(99), Position { line: 3, column: 1 });
    }
}
