//! Numbers with all the digits that were written.
//!
//! `0.1` as a binary fraction is not a tenth, so sums of such fractions depend on their order and are wrong in the last digits.
//! Here a number is an integer and the number of its digits behind the point: 0.10 + 2.5 is 10 / 10² + 25 / 10¹ = 2.60. A sum
//! has as many digits behind the point as the number with the most of them, and is the same in any order.

use std::fmt;

/// A number as it is written: `-12.50e3`.
#[derive(Clone, Copy, Debug)]
pub struct Written<'t> {
    pub negative: bool,
    /// Digits before the point, and behind it.
    pub whole: &'t [u8],
    pub fraction: &'t [u8],
    pub exponent: i32,
}

/// Exponents are cut to this: no number of a table is larger than ten to that power.
const LARGEST_EXPONENT: i32 = 100_000_000;

impl<'t> Written<'t> {
    /// Reads a decimal number, all of the text; `None` where it is none.
    #[inline]
    pub fn read(text: &'t [u8]) -> Option<Self> {
        let (negative, text) = match text.split_first()? {
            (b'-', rest) => (true, rest),
            (b'+', rest) => (false, rest),
            _ => (false, text),
        };
        let (whole, rest) = text.split_at(digits(text));
        let (fraction, rest) = match rest.split_first() {
            Some((b'.', rest)) => rest.split_at(digits(rest)),
            _ => (&rest[..0], rest),
        };
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let exponent = match rest.split_first() {
            None => 0,
            Some((b'e' | b'E', rest)) => read_exponent(rest)?,
            Some(_) => return None,
        };
        Some(Written { negative, whole, fraction, exponent })
    }
}

fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

fn read_exponent(text: &[u8]) -> Option<i32> {
    let (sign, text) = match text.split_first()? {
        (b'-', rest) => (-1, rest),
        (b'+', rest) => (1, rest),
        _ => (1, text),
    };
    if text.is_empty() || digits(text) < text.len() {
        return None;
    }
    let add = |exponent: i32, digit: &u8| (exponent * 10 + i32::from(digit - b'0')).min(LARGEST_EXPONENT);
    Some(sign * text.iter().fold(0, add))
}

/// A decimal number of up to 38 digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decimal {
    /// The number times ten to the power of `scale`.
    pub units: i128,
    /// Digits behind the point.
    pub scale: u8,
}

/// A number, or a sum, of more than 38 digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

/// So many digits fit 64 bits.
const U64_DIGITS: usize = 19;
/// Most digits of a number that fits.
const MOST_DIGITS: u32 = 38;

impl Decimal {
    /// The value of a number, which is all of the text; `None` where it is none.
    ///
    /// # Errors
    /// As [`of`](Self::of).
    #[inline]
    pub fn read(text: &[u8]) -> Option<Result<Self, TooLong>> {
        Written::read(text).map(Self::of)
    }

    /// The value of a number.
    ///
    /// # Errors
    /// [`TooLong`] where it needs more digits than there is room for.
    pub fn of(number: Written<'_>) -> Result<Self, TooLong> {
        let scale = number.fraction.len() as i64 - i64::from(number.exponent);
        let digits = number.whole.iter().chain(number.fraction).map(|digit| digit - b'0');
        let mut units = if number.whole.len() + number.fraction.len() <= U64_DIGITS {
            i128::from(digits.fold(0, |units: u64, digit| units * 10 + u64::from(digit)))
        } else {
            let add = |units: i128, digit| units.checked_mul(10)?.checked_add(i128::from(digit));
            digits.into_iter().try_fold(0, add).ok_or(TooLong)?
        };
        if number.negative {
            units = -units;
        }
        if scale < 0 {
            units = if units == 0 { 0 } else { units.checked_mul(power(-scale)?).ok_or(TooLong)? };
        }
        let scale = u8::try_from(scale.max(0)).map_err(|_| TooLong)?;
        Ok(Decimal { units, scale })
    }

    /// Adds another number.
    ///
    /// # Errors
    /// [`TooLong`]; the sum so far is unchanged.
    #[inline]
    pub fn add(&mut self, other: Decimal) -> Result<(), TooLong> {
        if self.scale == other.scale {
            self.units = self.units.checked_add(other.units).ok_or(TooLong)?;
            return Ok(());
        }
        let scale = self.scale.max(other.scale);
        let units = self.units_at(scale)?.checked_add(other.units_at(scale)?).ok_or(TooLong)?;
        *self = Decimal { units, scale };
        Ok(())
    }

    fn units_at(self, scale: u8) -> Result<i128, TooLong> {
        if self.units == 0 {
            return Ok(0);
        }
        self.units.checked_mul(power(i64::from(scale - self.scale))?).ok_or(TooLong)
    }

    /// The number divided by a count, as the nearest float, or nearly so.
    pub fn mean(self, count: u64) -> f64 {
        let number: f64 = fast_float2::parse(self.to_string()).expect("digits with a point are a number");
        number / count as f64
    }
}

fn power(exponent: i64) -> Result<i128, TooLong> {
    let exponent = u32::try_from(exponent).ok().filter(|exponent| *exponent <= MOST_DIGITS).ok_or(TooLong)?;
    Ok(10i128.pow(exponent))
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (digits, scale) = (self.units.unsigned_abs().to_string(), usize::from(self.scale));
        let digits = format!("{digits:0>width$}", width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        let sign = if self.units < 0 { "-" } else { "" };
        let point = if scale > 0 { "." } else { "" };
        write!(f, "{sign}{whole}{point}{fraction}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decimal(text: &str) -> Option<Result<Decimal, TooLong>> {
        Decimal::read(text.as_bytes())
    }

    #[track_caller]
    fn sum(numbers: &[&str]) -> String {
        let mut sum = Decimal::default();
        numbers.iter().for_each(|number| sum.add(decimal(number).unwrap().unwrap()).unwrap());
        sum.to_string()
    }

    #[test]
    fn sums_keep_every_digit_that_was_given() {
        assert_eq!(sum(&["0.1", "0.2"]), "0.3");
        assert_eq!(sum(&["1.50", "2.5"]), "4.00");
        assert_eq!(sum(&["-0.05", "+.05"]), "0.00");
        assert_eq!(sum(&["9007199254740993", "1"]), "9007199254740994");
        assert_eq!(sum(&["1e3", "1E-3", "5."]), "1005.001");
        assert_eq!(sum(&["-1.25", "0.5"]), "-0.75");
        assert_eq!(sum(&["0e99", "1"]), "1");
        assert_eq!(sum(&[]), "0");
    }

    #[test]
    fn only_numbers_are_numbers() {
        for text in ["", "-", ".", "e5", "1e", "1e+", "nan", "inf", "0x1", "1,5", " 1", "1 ", "--1", "1.2.3", "1e5.5"] {
            assert!(decimal(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn numbers_that_do_not_fit_are_told_and_not_rounded() {
        assert_eq!(decimal("1e300"), Some(Err(TooLong)));
        assert_eq!(decimal("1e-300"), Some(Err(TooLong)));
        assert_eq!(decimal(&"9".repeat(40)), Some(Err(TooLong)));
        let mut sum = decimal("1e38").unwrap().unwrap();
        let before = sum;
        assert_eq!(sum.add(decimal("0.1").unwrap().unwrap()), Err(TooLong));
        assert_eq!(sum, before);
        assert_eq!(decimal("1e99999999999999999999"), Some(Err(TooLong)));
    }

    proptest! {
        #[test]
        fn a_sum_does_not_depend_on_the_order(mut numbers in prop::collection::vec((any::<i64>(), 0u8..9), 0..20)) {
            let add = |numbers: &[(i64, u8)]| {
                let mut sum = Decimal::default();
                numbers.iter().for_each(|(units, scale)| {
                    sum.add(Decimal { units: i128::from(*units), scale: *scale }).unwrap();
                });
                sum
            };
            let forwards = add(&numbers);
            numbers.reverse();
            prop_assert_eq!(forwards, add(&numbers));
            let exact: i128 = numbers.iter().map(|(units, scale)| i128::from(*units) * 10i128.pow(u32::from(8 - scale))).sum();
            prop_assert_eq!(forwards.units * 10i128.pow(u32::from(8 - forwards.scale)), exact);
        }
    }
}
