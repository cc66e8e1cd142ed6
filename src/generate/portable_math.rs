//! Logarithm and exponential from additions, multiplications and divisions only. IEEE 754 rounds those the same way
//! everywhere; `f64::ln` and `f64::exp` come from the platform and may differ in the last digit, hence in the output.

use std::f64::consts::{LN_2, LOG2_E, SQRT_2};

const MANTISSA: u64 = (1 << 52) - 1;
const EXPONENT_BIAS: i64 = 1023;

/// The natural logarithm of a positive normal number, to about 1e-15.
///
/// `x = m · 2^e` with `m` around 1, and `ln m = 2 · atanh((m - 1) / (m + 1))` by its series.
pub(super) fn ln(x: f64) -> f64 {
    const ODD_RECIPROCALS: [f64; 11] = [
        1.0 / 21.0,
        1.0 / 19.0,
        1.0 / 17.0,
        1.0 / 15.0,
        1.0 / 13.0,
        1.0 / 11.0,
        1.0 / 9.0,
        1.0 / 7.0,
        1.0 / 5.0,
        1.0 / 3.0,
        1.0,
    ];
    let bits = x.to_bits();
    let mut exponent = (bits >> 52) as i64 - EXPONENT_BIAS;
    let mut m = f64::from_bits(bits & MANTISSA | (EXPONENT_BIAS as u64) << 52);
    if m > SQRT_2 {
        m *= 0.5;
        exponent += 1;
    }
    let s = (m - 1.0) / (m + 1.0);
    let square = s * s;
    let series = ODD_RECIPROCALS.into_iter().fold(0.0, |sum, reciprocal| sum * square + reciprocal);
    2.0 * s * series + exponent as f64 * LN_2
}

/// `e^x` for `x` below 700, to about 1e-13; 0 below -700.
///
/// `x = k · ln 2 + r` with `r` around 0, and `e^r` by its series.
pub(super) fn exp(x: f64) -> f64 {
    if x < -700.0 {
        return 0.0;
    }
    let k = (x * LOG2_E).round_ties_even();
    let r = x - k * LN_2;
    let series = (1..=14).rev().fold(1.0, |sum, i| 1.0 + sum * r / f64::from(i));
    series * f64::from_bits(((k as i64 + EXPONENT_BIAS) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ln_agrees_with_the_platform() {
        for i in 1..100_000u32 {
            for x in [f64::from(i) / 1e5, f64::from(i) * 1.7] {
                assert!((ln(x) - x.ln()).abs() <= 4e-15 * x.ln().abs().max(1.0), "{x}");
            }
        }
    }

    #[test]
    fn exp_agrees_with_the_platform() {
        for i in -60_000..60_000i32 {
            let x = f64::from(i) / 100.0;
            assert!((exp(x) / x.exp() - 1.0).abs() < 1e-12, "{x}");
        }
        assert_eq!(exp(-1e9), 0.0);
    }
}
