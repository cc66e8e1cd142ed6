//! What `hadoop fs` is told, and what it shows, wherever the files are.

use std::ffi::OsStr;

/// Bytes that `-tail` and `-head` show.
pub const TAIL_BYTES: u64 = 1024;

/// Flags and paths of a command.
pub struct Words<'a> {
    pub flags: Vec<&'a str>,
    /// Flags that have a value.
    pub values: Vec<(&'a str, &'a OsStr)>,
    pub paths: Vec<&'a OsStr>,
}

impl<'a> Words<'a> {
    pub fn of_paths(paths: &[&'a OsStr]) -> Self {
        Words { flags: Vec::new(), values: Vec::new(), paths: paths.to_vec() }
    }

    pub fn has(&self, flags: &[&str]) -> bool {
        self.flags.iter().any(|flag| flags.contains(flag))
    }

    pub fn value(&self, flag: &str) -> Option<&'a OsStr> {
        self.values.iter().rfind(|(name, _)| *name == flag).map(|(_, value)| *value)
    }
}

/// The permissions of a mode: `rwxr-xr-x`, with `t` at its end where the sticky bit is set.
pub fn mode_bits(mode: u32) -> String {
    let mut bits: String =
        (0..9).map(|bit| if mode & (0o400 >> bit) != 0 { ["r", "w", "x"][bit % 3] } else { "-" }).collect();
    if mode & 0o1000 != 0 {
        bits.pop();
        bits.push(if mode & 1 != 0 { 't' } else { 'T' });
    }
    bits
}

/// A number of bytes with its unit, as `-h` shows it: `6`, `4 K`, `1.5 M`.
pub fn with_unit(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["K", "M", "G", "T", "P", "E"];
    let mut power = match bytes {
        0..1024 => return bytes.to_string(),
        bytes => bytes.ilog2() / 10,
    };
    let one = 1u128 << (10 * power);
    if u128::from(bytes).is_multiple_of(one) {
        return format!("{} {}", u128::from(bytes) / one, UNITS[power as usize - 1]);
    }
    let mut tenths = (u128::from(bytes) * 10 + one / 2) / one;
    if tenths == 10_240 && power < 6 {
        (tenths, power) = (10, power + 1);
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[power as usize - 1])
}

/// A size as the flags want it shown.
pub fn size(bytes: u64, words: &Words<'_>) -> String {
    if words.has(&["-h"]) { with_unit(bytes) } else { bytes.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units_as_hadoops_have() {
        for (bytes, shown) in [
            (0, "0"),
            (1023, "1023"),
            (4096, "4 K"),
            (1536, "1.5 K"),
            (1_048_575, "1.0 M"),
            (270_553_174_016, "252.0 G"),
            (45_247_229_952, "42.1 G"),
        ] {
            assert_eq!(with_unit(bytes), shown);
        }
    }
}
