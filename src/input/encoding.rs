//! Marks at the beginning of a text, which tell the encoding of its characters.

use std::path::Path;

use crate::error::{Error, Result};

/// Bytes that are needed to recognise any mark, unless the text is shorter.
pub(crate) const LONGEST_MARK_BYTES: usize = 4;

/// Bytes of the UTF-8 mark that a text begins with, which is no part of its first line; 0 where there is none.
///
/// # Errors
/// [`Error::UnreadableInput`] for the marks of encodings whose bytes are no text here.
pub(crate) fn mark_bytes(beginning: &[u8], name: &Path) -> Result<usize> {
    // The mark of UTF-32, little endian, begins with that of UTF-16.
    let encoding = match beginning {
        [0xff, 0xfe, 0, 0, ..] => "UTF-32LE",
        [0, 0, 0xfe, 0xff, ..] => "UTF-32BE",
        [0xff, 0xfe, ..] => "UTF-16LE",
        [0xfe, 0xff, ..] => "UTF-16BE",
        [0xef, 0xbb, 0xbf, ..] => return Ok(3),
        _ => return Ok(0),
    };
    let general = &encoding[..encoding.len() - 2];
    let why = format!(
        "its byte order mark says {encoding}, and lines are read as UTF-8 or bytes; \
         convert it: iconv -f {general} -t UTF-8 {} | twinmill … --input -",
        name.display()
    );
    Err(Error::UnreadableInput { path: name.to_owned(), why })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_mark_of_utf_8_is_passed_over() {
        let mark = |bytes: &[u8]| mark_bytes(bytes, Path::new("name"));
        for (bytes, expected) in
            [(&b"\xef\xbb\xbfa"[..], 3), (b"\xef\xbb\xbf", 3), (b"\xef\xbb", 0), (b"", 0), (b"a", 0)]
        {
            assert_eq!(mark(bytes).unwrap(), expected, "{bytes:x?}");
        }
        for (bytes, encoding) in [
            (&b"\xff\xfea\0"[..], "UTF-16LE"),
            (b"\xfe\xff\0a", "UTF-16BE"),
            (b"\xff\xfe\0\0a\0\0\0", "UTF-32LE"),
            (b"\0\0\xfe\xff\0\0\0a", "UTF-32BE"),
        ] {
            let error = mark(bytes).unwrap_err().to_string();
            assert!(error.contains("name") && error.contains(encoding) && error.contains("iconv"), "{error}");
        }
    }
}
