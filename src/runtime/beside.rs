//! Names of files that lie beside a file or directory until that is complete: `.NAME.twinmill-` and a unique suffix.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use xxhash_rust::xxh3::xxh3_64;

/// Longest part of a target's name that is repeated. A name may have 255 bytes on most file systems and 143 on some that
/// encrypt; the added part takes about 35.
const LONGEST_BYTES: usize = 100;

/// The prefix of all names that belong to a target of this name. A long name is cut, and a hash tells it from others.
pub fn prefix(name: &OsStr) -> OsString {
    let bytes = name.as_bytes();
    let mut prefix = OsString::from(".");
    if bytes.len() <= LONGEST_BYTES {
        prefix.push(name);
    } else {
        let mut end = LONGEST_BYTES - 20;
        // Does not cut within a character of UTF-8: some file systems refuse half a character.
        while bytes[end] & 0xc0 == 0x80 && end > LONGEST_BYTES - 24 {
            end -= 1;
        }
        prefix.push(OsString::from_vec(bytes[..end].to_vec()));
        prefix.push(format!("~{:016x}", xxh3_64(bytes)));
    }
    prefix.push(".twinmill-");
    prefix
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_name_is_repeated_and_a_long_one_cut() {
        assert_eq!(prefix(OsStr::new("out")), ".out.twinmill-");
        let (a, b) = ("x".repeat(250), "x".repeat(251));
        let (cut, other) = (prefix(OsStr::new(&a)), prefix(OsStr::new(&b)));
        assert!(cut.len() < 120 && cut != other, "{cut:?}");
        assert_eq!(prefix(OsStr::new(&a)), cut);
    }

    #[test]
    fn a_long_name_is_cut_between_characters() {
        for shift in 0..4 {
            let name = "x".repeat(shift) + &"\u{1f600}".repeat(60);
            assert!(prefix(OsStr::new(&name)).to_str().is_some(), "{shift}");
        }
        assert!(prefix(OsStr::from_bytes(&[0x80; 250])).len() < 120);
    }
}
