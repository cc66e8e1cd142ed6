//! Numbers as tables mostly have them: a few digits with a point. They are read and their end is found in one go, in about
//! half of the time that finding the separator and then parsing takes.
//!
//! ```text
//! -12.345,7     12345 / 10^3, negative; behind it the separator
//! ```
//!
//! Up to 15 digits make a whole number below 2^53, and powers of ten up to 10^22 are floats without rounding too, so the
//! only rounding is that of the division: the value is the one that is nearest to the text (W. D. Clinger, "How to read
//! floating point numbers accurately", 1990). Everything else is left to the general parser.

/// Most digits of a number that is read here.
const MOST_DIGITS: usize = 15;
const POWERS_OF_TEN: [f64; MOST_DIGITS + 1] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/// The number at the start of `text`, and how many bytes it has, if it ends at the separator or with the text. `None` for
/// anything but digits with an optional minus and point.
#[inline(always)]
pub fn leading(text: &[u8], separator: u8) -> Option<(f64, usize)> {
    let is_negative = text.first() == Some(&b'-');
    let mut digits = Digits { text, at: usize::from(is_negative), value: 0 };
    let whole = digits.read();
    let fraction = if text.get(digits.at) == Some(&b'.') {
        digits.at += 1;
        digits.read()
    } else {
        0
    };
    let ends = text.get(digits.at).is_none_or(|byte| *byte == separator);
    if !ends || whole + fraction == 0 || whole + fraction > MOST_DIGITS {
        return None;
    }
    let value = digits.value as f64 / POWERS_OF_TEN[fraction];
    Some((if is_negative { -value } else { value }, digits.at))
}

/// Digits that are read from a place of a text on, behind those before.
struct Digits<'t> {
    text: &'t [u8],
    at: usize,
    /// The number that all digits make; it wraps where there are too many.
    value: u64,
}

impl Digits<'_> {
    /// Reads the digits from here on; returns how many there are.
    #[inline(always)]
    fn read(&mut self) -> usize {
        let from = self.at;
        while let Some(digit) = self.text.get(self.at).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit < 10) {
            self.value = self.value.wrapping_mul(10).wrapping_add(u64::from(digit));
            self.at += 1;
        }
        self.at - from
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn before_a_comma(text: &str) -> Option<(f64, usize)> {
        leading(text.as_bytes(), b',')
    }

    #[test]
    fn numbers_that_are_not_plain_are_left_to_the_general_parser() {
        for text in
            ["", "-", ".", "-.", "+1", "1e5", "1 ", " 1", "nan", "1.2.3", "--1", "1\r", "\"1\"", "1234567890123456"]
        {
            assert_eq!(before_a_comma(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_number_ends_at_the_separator_or_with_the_text() {
        assert_eq!(before_a_comma("12.5,7"), Some((12.5, 4)));
        assert_eq!(leading(b"-.5\t", b'\t'), Some((-0.5, 3)));
        assert_eq!(before_a_comma("5."), Some((5.0, 2)));
        assert_eq!(before_a_comma("7;1"), None);
        let (zero, _) = before_a_comma("-0").unwrap();
        assert!(zero == 0.0 && zero.is_sign_negative());
    }

    proptest! {
        #[test]
        fn values_are_those_of_the_general_parser_to_the_bit(text in "-?[0-9]{0,9}(\\.[0-9]{0,9})?") {
            if let Some((value, bytes)) = before_a_comma(&text) {
                prop_assert_eq!(bytes, text.len());
                prop_assert_eq!(value.to_bits(), fast_float2::parse::<f64, _>(&text).unwrap().to_bits());
            }
        }
    }
}
