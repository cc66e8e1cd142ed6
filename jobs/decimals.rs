//! Numbers as they stand in text, in the order of their values.
//!
//! `12`, `1.5`, `-3`, `+7`, `2e-5`: what spreadsheets, databases and twinmill's own jobs print. They are compared by all of
//! their digits, so that numbers beyond 2^53, which floating point would take for equal, keep their order. The order is that
//! of bytes:
//!
//! ```text
//! 1234.50 = 0.12345 · 10^4      02 │ 4 as eight bytes, offset │ '1' '2' '3' '4' '5' │ 00
//! 0                             01
//! -1234.5                       00 │ the same, every bit flipped
//! ```

/// Appends the bytes of a number that have the order of its value; `None`, with nothing appended, where it is no number.
pub fn encode(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let (negative, unsigned) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let (mantissa, exponent) = match unsigned.iter().position(|byte| matches!(byte, b'e' | b'E')) {
        Some(at) => (&unsigned[..at], std::str::from_utf8(&unsigned[at + 1..]).ok()?.parse::<i64>().ok()?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = match mantissa.iter().position(|byte| *byte == b'.') {
        Some(at) => (&mantissa[..at], &mantissa[at + 1..]),
        None => (mantissa, &[][..]),
    };
    let is_digits = |digits: &[u8]| digits.iter().all(u8::is_ascii_digit);
    if whole.len() + fraction.len() == 0 || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let digits = || whole.iter().chain(fraction);
    let Some(leading_zeros) = digits().position(|digit| *digit != b'0') else {
        out.push(1);
        return Some(());
    };
    let trailing_zeros = digits().rev().take_while(|digit| **digit == b'0').count();
    let point = exponent.checked_add(whole.len() as i64)?.checked_sub(leading_zeros as i64)?;
    let start = out.len();
    out.push(2);
    out.extend_from_slice(&(point as u64 ^ 1 << 63).to_be_bytes());
    out.extend(digits().skip(leading_zeros).take(whole.len() + fraction.len() - leading_zeros - trailing_zeros));
    out.push(0);
    if negative {
        out[start] = 0;
        out[start + 1..].iter_mut().for_each(|byte| *byte = !*byte);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::encode;

    fn encoded(text: &str) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        encode(text.as_bytes(), &mut out).map(|()| out)
    }

    #[test]
    fn numbers_have_the_order_of_their_values() {
        let ascending = [
            "-1e400",
            "-18446744073709551617",
            "-18446744073709551616",
            "-10",
            "-9.5",
            "-9",
            "-1e-400",
            "0",
            "1e-400",
            "0.5",
            "0.50001",
            "1",
            "9",
            "10",
            "99.9",
            "9007199254740992",
            "9007199254740993",
            "1e400",
        ];
        assert!(ascending.is_sorted_by_key(|text| encoded(text).unwrap()));
        assert!(ascending.windows(2).all(|pair| encoded(pair[0]) != encoded(pair[1])));
        for equal in [["1", "1.0"], ["+1", "1e0"], ["100", "1E2"], ["0.1", ".1"], ["-0", "0.00"], ["12.", "0012"]] {
            assert_eq!(encoded(equal[0]), encoded(equal[1]), "{equal:?}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in [
            "",
            "-",
            ".",
            "e5",
            "1e",
            "1e1.5",
            "1,5",
            "0x10",
            "inf",
            "NaN",
            "1 ",
            "--1",
            "1.2.3",
            "1e99999999999999999999",
        ] {
            assert_eq!(encoded(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn integers_order_as_they_do(one in any::<i64>(), other in any::<i64>()) {
            prop_assert_eq!(encoded(&one.to_string()).cmp(&encoded(&other.to_string())), one.cmp(&other));
        }

        #[test]
        fn floats_order_as_they_do(one in -1e9f64..1e9, other in -1e-9f64..1e-9) {
            for (a, b) in [(one, other), (one, one * 1.0000001), (other, other / 2.0)] {
                let order = a.partial_cmp(&b).unwrap();
                prop_assert_eq!(encoded(&format!("{a}")).cmp(&encoded(&format!("{b:e}"))), order);
            }
        }
    }
}
