//! The size of the input that is asked about.

use std::str::FromStr;

use crate::quantity::ByteSize;

/// A size, or a factor of the measured run's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Size {
    /// So many times that of the measured run.
    Times(f64),
    /// So many bytes.
    Bytes(u64),
}

impl FromStr for Size {
    type Err = String;

    /// `1TB`, or `16x` for 16 times the measured input.
    fn from_str(text: &str) -> Result<Self, String> {
        const MOST: f64 = 1e6;
        match text.trim().strip_suffix(['x', '×']).map(str::parse::<f64>) {
            Some(Ok(times)) if times > 0.0 && times <= MOST => Ok(Size::Times(times)),
            Some(_) => {
                Err(format!("'{text}' is no factor above 0 and at most {MOST}; write it like 16x, or a size like 1TB"))
            }
            None => {
                let ByteSize(bytes) = text.parse().map_err(|error| format!("{error}, or 16x for 16 times"))?;
                if bytes == 0 { Err("the input must have some bytes".into()) } else { Ok(Size::Bytes(bytes)) }
            }
        }
    }
}

impl Size {
    /// Times as large as an input of so many bytes.
    pub fn growth(self, measured_bytes: f64) -> f64 {
        match self {
            Size::Times(times) => times,
            Size::Bytes(bytes) => bytes as f64 / measured_bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_bytes_or_times() {
        assert_eq!("16x".parse(), Ok(Size::Times(16.0)));
        assert_eq!(Size::Bytes(300).growth(100.0), 3.0);
        assert_eq!("1TB".parse(), Ok(Size::Bytes(1_000_000_000_000)));
        for text in ["", "x", "0x", "-1x", "0", "lots", "1e9x"] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
    }
}
