//! The order of cells: numbers by their value, before text by its bytes; nulls last.
//!
//! Cells are encoded so that the order of the bytes is that of the cells, and no encoding is the beginning of another one. The
//! first byte tells numbers from text; a number is its sign, the place of its first digit, and its digits without zeros at either
//! end, so that `1.0` and `1` are the same and no digit of a long number is lost:
//!
//! ```text
//! 125.0   02 │ + │ 80000003 │ "125" 00      0.125 × 10³
//! -3      02 │ - │ 80000001 "3" 00, complemented
//! abc     03 │ "abc" 00 01
//! null    FF
//! ```
//!
//! In descending order all bytes of a number or text are complemented; nulls stay last.

use std::cmp::Ordering;

use twinmill::record::ToKey;

use crate::jobs::table::decimal::Written;

const NUMBER: u8 = 2;
const TEXT: u8 = 3;
const NULL: u8 = 0xff;
const NEGATIVE: u8 = 0;
const ZERO: u8 = 1;
const POSITIVE: u8 = 2;

/// The direction of an order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    #[default]
    Ascending,
    Descending,
}

/// Appends the encoding of a cell, of which `None` is null.
pub fn encode(cell: Option<&[u8]>, direction: Direction, out: &mut Vec<u8>) {
    let Some(cell) = cell else { return out.push(NULL) };
    let start = out.len();
    match Written::read(cell) {
        Some(number) => encode_number(number, out),
        None => {
            out.push(TEXT);
            ToKey::<Vec<u8>>::encode_part(cell, out);
        }
    }
    if direction == Direction::Descending {
        complement(&mut out[start..]);
    }
}

fn complement(bytes: &mut [u8]) {
    bytes.iter_mut().for_each(|byte| *byte = !*byte);
}

fn encode_number(number: Written<'_>, out: &mut Vec<u8>) {
    let Written { negative, whole, fraction, exponent } = number;
    out.push(NUMBER);
    let is_digit = |digit: &u8| *digit != b'0';
    let (whole_from, fraction_from) = (whole.iter().position(is_digit), fraction.iter().position(is_digit));
    // The first digit stands so many places before the point.
    let place = match (whole_from, fraction_from) {
        (Some(from), _) => (whole.len() - from) as i64,
        (None, Some(from)) => -(from as i64),
        (None, None) => return out.push(ZERO),
    };
    out.push(if negative { NEGATIVE } else { POSITIVE });
    let start = out.len();
    let place = (place + i64::from(exponent)).clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32;
    out.extend_from_slice(&(place ^ i32::MIN).to_be_bytes());
    let digits = out.len();
    match whole_from {
        Some(from) => {
            out.extend_from_slice(&whole[from..]);
            out.extend_from_slice(fraction);
        }
        None => out.extend_from_slice(&fraction[fraction_from.unwrap_or(0)..]),
    }
    let zeros = out[digits..].iter().rev().take_while(|digit| **digit == b'0').count();
    out.truncate(out.len() - zeros);
    out.push(0);
    if negative {
        complement(&mut out[start..]);
    }
}

/// Compares two cells that are not null.
pub fn compare(one: &[u8], other: &[u8]) -> Ordering {
    match (Written::read(one), Written::read(other)) {
        (Some(a), Some(b)) => {
            // Rounding keeps the order of numbers that it tells apart.
            if let (Some(one), Some(other)) = (float(one), float(other))
                && let Some(order @ (Ordering::Less | Ordering::Greater)) = one.partial_cmp(&other)
            {
                return order;
            }
            let encoded = |number| {
                let mut bytes = Vec::new();
                encode_number(number, &mut bytes);
                bytes
            };
            encoded(a).cmp(&encoded(b))
        }
        (None, None) => one.cmp(other),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
    }
}

/// A number as a float, infinite where it is too large for one.
pub fn float(cell: &[u8]) -> Option<f64> {
    // Text such as `inf` is none.
    let begins_as_a_number = matches!(cell.first()?, b'0'..=b'9' | b'+' | b'-' | b'.');
    if !begins_as_a_number {
        return None;
    }
    fast_float2::parse(cell).ok().filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    #[test]
    fn numbers_come_by_value_before_text_before_nulls() {
        use super::*;
        let sorted = [
            "-1e400",
            "-1e30",
            "-12.5",
            "-12",
            "-3",
            "-0.5",
            "-0.05",
            "0",
            "1e-400",
            "0.05",
            "0.5",
            "1",
            "2",
            "9.99",
            "10",
            "9007199254740992",
            "9007199254740993",
            "1e30",
            "1e400",
            "",
            " 1",
            "02a",
            "A",
            "a",
            "a\0",
            "ab",
            "inf",
            "nan",
        ];
        for (i, one) in sorted.iter().enumerate() {
            for (j, other) in sorted.iter().enumerate() {
                assert_eq!(compare(one.as_bytes(), other.as_bytes()), i.cmp(&j), "{one} {other}");
            }
        }
        let encoded = |cell: Option<&str>, direction| {
            let mut bytes = Vec::new();
            encode(cell.map(str::as_bytes), direction, &mut bytes);
            bytes
        };
        for pair in sorted.windows(2) {
            let of = |direction| {
                (encoded(Some(pair[0]), direction), encoded(Some(pair[1]), direction), encoded(None, direction))
            };
            let (low, high, null) = of(Direction::Ascending);
            assert!(low < high && high < null, "{pair:?}");
            let (low, high, null) = of(Direction::Descending);
            assert!(high < low && low < null, "{pair:?}, descending");
        }
    }

    #[test]
    fn a_number_is_the_same_however_it_is_written() {
        use super::*;
        for same in
            [&["1", "1.0", "+1", "01", "1e0", "0.1e1", "10e-1"][..], &["0", "-0", "0.00", "0e5"], &["-.5", "-0.50"]]
        {
            for other in same {
                assert_eq!(compare(same[0].as_bytes(), other.as_bytes()), Ordering::Equal, "{} {other}", same[0]);
            }
        }
    }

    proptest! {
        #[test]
        fn integers_are_in_their_order(one in any::<i64>(), other in any::<i64>()) {
            prop_assert_eq!(super::compare(one.to_string().as_bytes(), other.to_string().as_bytes()), one.cmp(&other));
        }

        #[test]
        fn decimals_are_in_their_order(one in -99_999i32..99_999, other in -99_999i32..99_999, digits in 0usize..4) {
            let text = |n: i32| format!("{:.*}", digits, f64::from(n) / 10f64.powi(digits as i32));
            prop_assert_eq!(super::compare(text(one).as_bytes(), text(other).as_bytes()), one.cmp(&other));
        }
    }
}
