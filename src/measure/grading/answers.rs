//! Compares the lines of two answers.
//!
//! Numbers that differ by rounding alone are the same: sums of the same numbers in another order end in other digits. Two numbers
//! are the same if they differ by at most 10⁻⁹ of the larger one, and one of them has a point or an exponent. Whole numbers are
//! exact, and so is all the text around numbers: `57.9` is `57.900000000000006`, and `100` is not `101`.

use std::cmp::Ordering;

use memchr::memchr;

use crate::error::Excerpt;
use crate::measure::grading::assignment::LineOrder;

/// Passed, or why not.
pub type Verdict = Result<(), String>;

/// The largest difference by rounding, as a part of the number.
const ROUNDING: f64 = 1e-9;

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
    let alike = right_lines.iter().zip(&lines).take_while(|(right, line)| right.is_like(line)).count();
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

/// A line, and the numbers in it.
struct Line<'a> {
    text: &'a [u8],
    /// Words between separators, and those separators, with the numbers left out.
    shape: Vec<u8>,
    numbers: Vec<Number>,
}

#[derive(Clone, Copy)]
struct Number {
    value: f64,
    is_whole: bool,
}

impl<'a> Line<'a> {
    fn new(text: &'a [u8]) -> Self {
        let (mut shape, mut numbers) = (Vec::new(), Vec::new());
        for piece in text.split_inclusive(|byte| is_separator(*byte)) {
            let (word, separator) = match piece.split_last() {
                Some((last, word)) if is_separator(*last) => (word, Some(*last)),
                _ => (piece, None),
            };
            match number(word) {
                Some(number) => {
                    numbers.push(number);
                    shape.push(0);
                }
                None => shape.extend_from_slice(word),
            }
            shape.extend(separator);
        }
        Line { text, shape, numbers }
    }

    /// Lines of one shape lie side by side, by their numbers.
    fn order(&self, other: &Self) -> Ordering {
        let numbers = || {
            let mut pairs = self.numbers.iter().zip(&other.numbers);
            pairs.find_map(|(a, b)| Some(a.value.total_cmp(&b.value)).filter(|order| order.is_ne()))
        };
        self.shape
            .cmp(&other.shape)
            .then_with(|| numbers().unwrap_or(Ordering::Equal))
            .then_with(|| self.text.cmp(other.text))
    }

    fn is_like(&self, other: &Self) -> bool {
        if self.text == other.text {
            return true;
        }
        let mut pairs = self.numbers.iter().zip(&other.numbers);
        // Texts with the same shape and only whole numbers have to be the same bytes: `007` is not `7`.
        self.shape == other.shape
            && self.numbers.iter().chain(&other.numbers).any(|number| !number.is_whole)
            && pairs.all(|(a, b)| a.is_like(*b))
    }
}

impl Number {
    fn is_like(self, other: Number) -> bool {
        if self.is_whole && other.is_whole {
            return self.value == other.value;
        }
        let larger = self.value.abs().max(other.value.abs());
        (self.value - other.value).abs() <= ROUNDING * larger
    }
}

fn is_separator(byte: u8) -> bool {
    memchr(byte, b"\t ,;:=()[]{}|\"'").is_some()
}

/// The number that a word is; words such as `inf` are words. Whole numbers of more digits than a float has stay words.
fn number(word: &[u8]) -> Option<Number> {
    const MOST_DIGITS: usize = 15;
    if !word.iter().any(u8::is_ascii_digit) {
        return None;
    }
    let value: f64 = std::str::from_utf8(word).ok()?.parse().ok()?;
    let is_whole = !word.iter().any(|byte| matches!(byte, b'.' | b'e' | b'E'));
    (value.is_finite() && !(is_whole && word.len() > MOST_DIGITS)).then_some(Number { value, is_whole })
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
