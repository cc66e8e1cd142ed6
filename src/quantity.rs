//! Numbers of bytes and times, read and shown as people write them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A number of bytes as people write it: `512MiB`, `1GB`, `64k`, `100`. `k`, `M`, `G`, `T` alone and with `iB` are powers
/// of 1024; with `B` they are powers of 1000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub u64);

impl FromStr for ByteSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let number_end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, unit) = (&text[..number_end], text[number_end..].trim().to_ascii_lowercase());
        let expected = || format!("'{text}' is not a size; write it like 512MiB, 1GB or 64k");
        let (base, letter) = match unit.strip_suffix('b') {
            Some(rest) => match rest.strip_suffix('i') {
                Some(letter) => (1024u64, letter),
                None => (1000, rest),
            },
            None => (1024, unit.as_str()),
        };
        let power = match letter {
            "" => 0,
            "k" => 1,
            "m" => 2,
            "g" => 3,
            "t" => 4,
            _ => return Err(expected()),
        };
        let factor = base.pow(power);
        let bytes = match number.parse::<u64>() {
            Ok(whole) => whole.checked_mul(factor).ok_or_else(|| format!("'{text}' is too large"))?,
            Err(_) => {
                let fraction = number.parse::<f64>().map_err(|_| expected())? * factor as f64;
                if !fraction.is_finite() || fraction >= u64::MAX as f64 {
                    return Err(format!("'{text}' is too large"));
                }
                fraction as u64
            }
        };
        Ok(ByteSize(bytes))
    }
}

impl fmt::Display for ByteSize {
    /// Three significant digits with a binary unit.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
        let mut value = self.0 as f64;
        let mut unit = 0;
        while value >= 1000.0 && unit + 1 < UNITS.len() {
            value /= 1024.0;
            unit += 1;
        }
        let decimals = if unit == 0 || value >= 100.0 { 0 } else { usize::from(value < 10.0) + 1 };
        f.pad(&format!("{value:.decimals$} {}", UNITS[unit]))
    }
}

/// A number of bytes for messages: with a unit where it is a whole number of that unit, else in bytes.
pub(crate) struct Exactly(pub u64);

impl fmt::Display for Exactly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Exactly(bytes) = *self;
        let units = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
        match units.into_iter().find(|(_, shift)| bytes >> shift > 0 && bytes.is_multiple_of(1 << shift)) {
            Some((unit, shift)) => write!(f, "{} {unit}", bytes >> shift),
            None => write!(f, "{bytes} bytes"),
        }
    }
}

/// Parses a time as people write it: `5s`, `250ms`, `1.5m`, `1h`; not zero.
///
/// # Errors
/// A message that says how to write one.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let number_end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let seconds = match text[number_end..].trim() {
        "ms" => Some(0.001),
        "s" => Some(1.0),
        "m" | "min" => Some(60.0),
        "h" => Some(3600.0),
        _ => None,
    };
    let number = text[..number_end].parse::<f64>().ok();
    let duration = seconds.zip(number).and_then(|(unit, number)| Duration::try_from_secs_f64(unit * number).ok());
    let largest = Duration::from_secs(1 << 32);
    duration
        .filter(|duration| !duration.is_zero() && *duration <= largest)
        .ok_or_else(|| format!("'{text}' is not a time above 0; write it with its unit, like 5s, 250ms or 1.5m"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        let cases = [
            ("512MiB", 512 << 20),
            ("1GB", 1_000_000_000),
            ("64k", 64 << 10),
            ("100", 100),
            ("1.5 KiB", 1536),
            ("0", 0),
        ];
        for (text, bytes) in cases {
            assert_eq!(text.parse(), Ok(ByteSize(bytes)), "{text}");
        }
        for text in ["", "MiB", "12 parsecs", "-1", "1e3", "99999999999T", "1.2.3M"] {
            assert!(text.parse::<ByteSize>().is_err(), "{text}");
        }
    }

    #[test]
    fn times_are_read_as_people_write_them() {
        for (text, millis) in [("5s", 5000), ("250ms", 250), ("1.5m", 90_000), ("2 min", 120_000), ("1h", 3_600_000)] {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "s", "5", "0s", "-1s", "1e3s", "5 parsecs", "99999999999999999h", "1.2.3s"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_print_with_three_digits() {
        assert_eq!(ByteSize(0).to_string(), "0 B");
        assert_eq!(ByteSize(1536).to_string(), "1.50 KiB");
        assert_eq!(ByteSize(512 << 20).to_string(), "512 MiB");
        assert_eq!(ByteSize(1_000_000_000).to_string(), "954 MiB");
    }
}
