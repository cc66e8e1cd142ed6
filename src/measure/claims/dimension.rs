//! Dimensions of values: seconds, bytes, and powers of them.

use serde::Serialize;

/// The power of each unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Dimension {
    /// Power of the second.
    pub seconds: i8,
    /// Power of the byte.
    pub bytes: i8,
}

impl Dimension {
    /// A number without a unit.
    pub const NUMBER: Dimension = Dimension { seconds: 0, bytes: 0 };
    /// A time.
    pub const SECONDS: Dimension = Dimension { seconds: 1, bytes: 0 };
    /// An amount of data.
    pub const BYTES: Dimension = Dimension { seconds: 0, bytes: 1 };

    /// That of a product; `None` beyond all reason.
    pub fn times(self, other: Dimension) -> Option<Dimension> {
        let seconds = self.seconds.checked_add(other.seconds)?;
        Some(Dimension { seconds, bytes: self.bytes.checked_add(other.bytes)? })
    }

    /// That of a quotient; `None` beyond all reason.
    pub fn over(self, other: Dimension) -> Option<Dimension> {
        let seconds = self.seconds.checked_sub(other.seconds)?;
        Some(Dimension { seconds, bytes: self.bytes.checked_sub(other.bytes)? })
    }
}

/// The units that a number may have, with their size in seconds, bytes or ones.
pub const UNITS: [(&str, f64, Dimension); 15] = [
    ("%", 0.01, Dimension::NUMBER),
    ("us", 1e-6, Dimension::SECONDS),
    ("ms", 1e-3, Dimension::SECONDS),
    ("s", 1.0, Dimension::SECONDS),
    ("min", 60.0, Dimension::SECONDS),
    ("h", 3600.0, Dimension::SECONDS),
    ("B", 1.0, Dimension::BYTES),
    ("kB", 1e3, Dimension::BYTES),
    ("MB", 1e6, Dimension::BYTES),
    ("GB", 1e9, Dimension::BYTES),
    ("TB", 1e12, Dimension::BYTES),
    ("KiB", 1024.0, Dimension::BYTES),
    ("MiB", 1_048_576.0, Dimension::BYTES),
    ("GiB", 1_073_741_824.0, Dimension::BYTES),
    ("TiB", 1_099_511_627_776.0, Dimension::BYTES),
];
