//! Tells lines apart that differ by the rounding of numbers alone: sums of the same numbers in another order end in other digits.
//!
//! Two numbers are alike if they differ by at most 10⁻⁹ of the larger one, and one of them has a point or an exponent. Whole numbers
//! are exact, and so is all the text around numbers: `57.9` is like `57.900000000000006`, and `100` is not like `101`.

use std::cmp::Ordering;

use memchr::memchr;

/// The largest difference by rounding, as a part of the number.
const ROUNDING: f64 = 1e-9;

/// A line, and the numbers in it.
pub(crate) struct Line<'a> {
    pub text: &'a [u8],
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
    /// Finds the numbers of a line.
    pub fn new(text: &'a [u8]) -> Self {
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
    pub fn order(&self, other: &Self) -> Ordering {
        let numbers = || {
            let mut pairs = self.numbers.iter().zip(&other.numbers);
            pairs.find_map(|(a, b)| Some(a.value.total_cmp(&b.value)).filter(|order| order.is_ne()))
        };
        self.shape
            .cmp(&other.shape)
            .then_with(|| numbers().unwrap_or(Ordering::Equal))
            .then_with(|| self.text.cmp(other.text))
    }

    /// Whether two lines differ by rounding at most. `rest` is what numbers may leave that cancel each other out, where another
    /// order leaves 0.
    pub fn is_like(&self, other: &Self, rest: f64) -> bool {
        if self.text == other.text {
            return true;
        }
        let mut pairs = self.numbers.iter().zip(&other.numbers);
        // Texts with the same shape and only whole numbers have to be the same bytes: `007` is not `7`.
        self.shape == other.shape
            && self.numbers.iter().chain(&other.numbers).any(|number| !number.is_whole)
            && pairs.all(|(a, b)| a.is_like(*b, rest))
    }
}

impl Number {
    fn is_like(self, other: Number, rest: f64) -> bool {
        if self.is_whole && other.is_whole {
            return self.value == other.value;
        }
        let (larger, difference) = (self.value.abs().max(other.value.abs()), (self.value - other.value).abs());
        difference <= ROUNDING * larger || (self.value == 0.0 || other.value == 0.0) && difference <= rest
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
