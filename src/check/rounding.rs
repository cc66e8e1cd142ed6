//! Pairs lines that differ by [rounding](crate::record::rounding) alone.

use crate::record::rounding::Line;

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
pub(super) fn in_order(lines: Vec<&[u8]>) -> Vec<&[u8]> {
    let mut lines: Vec<Line<'_>> = lines.into_iter().map(Line::new).collect();
    lines.sort_by(Line::order);
    lines.into_iter().map(|line| line.text).collect()
}

/// Whether two lines differ by rounding alone.
fn is_rounding(one: &[u8], other: &[u8]) -> bool {
    Line::new(one).is_like(&Line::new(other), REST)
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
