//! Tells lines apart that differ by the rounding of numbers alone: a sum of floats depends on the order of its parts.

use std::cmp::Ordering;

/// The part of a number by which rounding may change it.
const TOLERANCE: f64 = 1e-9;
/// What rounding may leave where numbers cancel each other out, and another order leaves 0.
const REST: f64 = 1e-12;

/// Compares lines pair by pair; `None` where a pair differs by more than rounding, or one side has more lines. Keeps the first
/// pair that differs.
pub(super) fn each_pair<'l>(
    one: &mut dyn Iterator<Item = &'l [u8]>,
    other: &mut dyn Iterator<Item = &'l [u8]>,
    first: &mut Option<[String; 2]>,
) -> Option<()> {
    loop {
        match (one.next(), other.next()) {
            (None, None) => return Some(()),
            (Some(one), Some(other)) if one == other => {}
            (Some(one), Some(other)) if is_rounding(one, other) => {
                first.get_or_insert_with(|| [one, other].map(|line| String::from_utf8_lossy(line).into_owned()));
            }
            _ => return None,
        }
    }
}

/// Sorts lines so that those that differ by rounding come at the same place: by what stands between numbers, then by numbers.
pub(super) fn in_order(mut lines: Vec<&[u8]>) -> Vec<&[u8]> {
    let is_number = |part: &&[u8]| number(part).is_some();
    lines.sort_by(|one, other| {
        let frame = |line: &[u8]| -> Vec<Vec<u8>> {
            parts(line).map(|part| if is_number(&part) { b"0".to_vec() } else { part.to_vec() }).collect()
        };
        let by_frame = frame(one).cmp(&frame(other));
        let numbers =
            || parts(one).filter_map(number).map(|it| it.0).zip(parts(other).filter_map(number).map(|it| it.0));
        by_frame.then_with(|| {
            numbers().map(|(one, other)| one.total_cmp(&other)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
        })
    });
    lines
}

/// Whether two lines differ by rounding alone.
fn is_rounding(one: &[u8], other: &[u8]) -> bool {
    let (mut one, mut other) = (parts(one), parts(other));
    loop {
        match (one.next(), other.next()) {
            (None, None) => return true,
            (Some(one), Some(other)) if one == other => {}
            (Some(one), Some(other)) => match (number(one), number(other)) {
                (Some((one, has_fraction)), Some((other, other_has))) if has_fraction || other_has => {
                    if !is_close(one, other) {
                        return false;
                    }
                }
                _ => return false,
            },
            _ => return false,
        }
    }
}

fn is_close(one: f64, other: f64) -> bool {
    let difference = (one - other).abs();
    let is_nothing = |it: f64| it == 0.0;
    difference <= TOLERANCE * one.abs().max(other.abs()) || (is_nothing(one) || is_nothing(other)) && difference <= REST
}

/// A line in parts: stretches of what a number, or a word, is made of, and single other bytes.
fn parts(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let is_of_number = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-');
    line.chunk_by(move |a, b| is_of_number(a) && is_of_number(b))
}

/// The number that a part is, and whether it may be rounded: whole ones are not.
fn number(part: &[u8]) -> Option<(f64, bool)> {
    let begins_as_one = part.first().is_some_and(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'+' | b'-'));
    let text = std::str::from_utf8(part).ok().filter(|_| begins_as_one)?;
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite())?;
    Some((number, text.contains(['.', 'e', 'E'])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_is_what_floats_lose_and_no_more() {
        for (one, other, expected) in [
            ("k\t19.999999999999996", "k\t20.0", true),
            ("k\t19.999999999999996", "k\t20", true),
            ("k\t[1.5, 2.0000000000000004]", "k\t[1.5, 2.0]", true),
            ("k\t-3.0000000000000004e-07", "k\t-3e-07", true),
            ("k\t5.5e-17", "k\t0.0", true),
            ("k\t20.00001", "k\t20.0", false),
            ("k\t10000000001", "k\t10000000000", false),
            ("j\t2.0", "k\t2.0", false),
            ("k\t2.0\t1", "k\t2.0", false),
            ("k\tnan", "k\t1.0", false),
            ("1.2.3", "1.2.4", false),
        ] {
            assert_eq!(is_rounding(one.as_bytes(), other.as_bytes()), expected, "{one} {other}");
        }
    }

    #[test]
    fn lines_in_any_order_are_paired_by_what_is_no_number() {
        let lines = |text: &'static str| in_order(text.lines().map(str::as_bytes).collect());
        let (one, other) =
            (lines("b\t1.0\na\t20.0\na\t3.5"), lines("a\t3.5000000000000004\nb\t1.0\na\t19.999999999999996"));
        let mut first = None;
        assert!(each_pair(&mut one.into_iter(), &mut other.into_iter(), &mut first).is_some());
        assert_eq!(first, Some(["a\t3.5", "a\t3.5000000000000004"].map(str::to_owned)));
    }
}
