//! Numbers as people read them.

use crate::quantity::ByteSize;

/// A share of a whole, in percent.
pub fn percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}

/// Three significant digits, in seconds or, below a tenth of one, in milliseconds.
pub fn seconds(seconds: f64) -> String {
    if seconds < 0.1 {
        return format!("{} ms", three_digits(seconds * 1e3));
    }
    format!("{} s", three_digits(seconds))
}

/// `0.901–0.953 s`: two times in the unit of the larger.
pub fn range((low, high): (f64, f64)) -> String {
    let (scale, unit) = if high < 0.1 { (1e3, "ms") } else { (1.0, "s") };
    format!("{}–{} {unit}", three_digits(low * scale), three_digits(high * scale))
}

/// `+0.120 s`, `−12.3 ms`: a difference.
pub fn signed_seconds(difference: f64) -> String {
    let sign = if difference < 0.0 { '−' } else { '+' };
    format!("{sign}{}", seconds(difference.abs()))
}

/// `−0.130…−0.110 s`: two differences in the unit of the larger.
pub fn signed_range((low, high): (f64, f64)) -> String {
    let (scale, unit) = if low.abs().max(high.abs()) < 0.1 { (1e3, "ms") } else { (1.0, "s") };
    let signed = |value: f64| {
        let sign = if value < 0.0 { '−' } else { '+' };
        format!("{sign}{}", three_digits(value.abs() * scale))
    };
    format!("{}…{} {unit}", signed(low), signed(high))
}

fn three_digits(value: f64) -> String {
    // Just below a power of ten a value is rounded up to it.
    let decimals = match value {
        99.95.. => 0,
        9.995.. => 1,
        0.9995.. => 2,
        _ => 3,
    };
    format!("{value:.decimals$}")
}

/// Bytes with three significant digits and a binary unit.
pub fn bytes(bytes: u64) -> String {
    ByteSize(bytes).to_string()
}

/// A count with its thousands apart.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1 record`, `2,000 records`.
pub fn counted(n: u64, noun: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", count(n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_keep_three_digits() {
        let cases = [
            (0.0, "0.000 ms"),
            (0.0123, "12.3 ms"),
            (0.92, "0.920 s"),
            (0.9999, "1.00 s"),
            (1.5, "1.50 s"),
            (123.4, "123 s"),
        ];
        for (value, text) in cases {
            assert_eq!(seconds(value), text);
        }
        assert_eq!(range((0.09, 0.11)), "0.090–0.110 s");
        assert_eq!(range((0.001, 0.02)), "1.00–20.0 ms");
    }

    #[test]
    fn differences_have_a_sign() {
        assert_eq!((signed_seconds(-0.0123), signed_seconds(1.5)), ("−12.3 ms".into(), "+1.50 s".into()));
        assert_eq!(signed_range((-0.2, 0.01)), "−0.200…+0.010 s");
    }

    #[test]
    fn counts_are_grouped_by_thousands() {
        for (n, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (68_500_123, "68,500,123")] {
            assert_eq!(count(n), text);
        }
        assert_eq!(counted(1, "record"), "1 record");
        assert_eq!(counted(2000, "record"), "2,000 records");
    }
}
