//! Compares the lines of two answers.
//!
//! Numbers that differ by [rounding](crate::record::rounding) alone are the same.

use crate::error::Excerpt;
use crate::measure::grading::assignment::LineOrder;
use crate::record::rounding::Line;

/// Passed, or why not.
pub type Verdict = Result<(), String>;

/// Whether both answers have the same lines, perhaps in another order.
///
/// # Errors
/// A sentence about the first line that differs.
pub fn same(right: &[Vec<u8>], lines: &[Vec<u8>], order: LineOrder) -> Verdict {
    let (mut right_lines, mut lines): (Vec<Line<'_>>, Vec<Line<'_>>) =
        (right.iter().map(|line| Line::new(line)).collect(), lines.iter().map(|line| Line::new(line)).collect());
    if order == LineOrder::Any {
        right_lines.sort_by(Line::order);
        lines.sort_by(Line::order);
    }
    let alike = right_lines.iter().zip(&lines).take_while(|(right, line)| right.is_like(line, 0.0)).count();
    if alike == right_lines.len() && alike == lines.len() {
        return Ok(());
    }
    // What a student sees of a right answer is one line of it, in which the difference is.
    let shown = |line: Option<&Line<'_>>| line.map_or("nothing".to_owned(), |line| Excerpt(line.text).to_string());
    let (right_line, line) = (shown(right_lines.get(alike)), shown(lines.get(alike)));
    Err(format!(
        "{} lines where there should be {}; the first that differs is {line}, and should be {right_line}",
        lines.len(),
        right_lines.len()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<Vec<u8>> {
        text.split('/').map(|line| line.as_bytes().to_vec()).collect()
    }

    #[test]
    fn answers_are_compared_by_their_lines() {
        assert_eq!(same(&lines("a/b"), &lines("b/a"), LineOrder::Any), Ok(()));
        assert!(same(&lines("a/b"), &lines("b/a"), LineOrder::Exact).is_err());
        let why = same(&lines("a/b"), &lines("a/c/c"), LineOrder::Any).unwrap_err();
        assert!(why.contains("3 lines where there should be 2"), "{why}");
        assert!(why.contains('c') && why.contains('b'), "{why}");
    }

    #[test]
    fn numbers_that_differ_by_rounding_are_the_same() {
        for (right, given, is_same) in [
            ("a\t57.9", "a\t57.900000000000006", true),
            ("a\t58", "a\t57.99999999999999", true),
            ("a\t0.1, [2.5]/b\t1e-3", "b\t0.001/a\t0.10000000000000001, [2.5]", true),
            // Lines that their bytes put in another order.
            ("9.9999999999999/x\t10.5", "10.0/x\t10.5", true),
            ("a\t9.99999999999999/a\t5.0", "a\t10.0/a\t5.0", true),
            ("a\t57.9", "a\t57.91", false),
            ("a\t57.9", "b\t57.9", false),
            ("a\t10000000000", "a\t10000000001", false),
            ("a\t9007199254740993", "a\t9007199254740992", false),
            ("a\t007", "a\t7", false),
            ("a\t1\t0.5", "a\t2\t0.5", false),
            ("inf", "infinity", false),
            ("a\t0.0", "a\t1e-300", false),
            ("a\t1.5", "a\t1.5/a\t1.5", false),
        ] {
            for order in [LineOrder::Any, LineOrder::Exact] {
                if order == LineOrder::Any || !right.contains('/') {
                    assert_eq!(same(&lines(right), &lines(given), order).is_ok(), is_same, "{right} {given}");
                }
            }
        }
    }
}
