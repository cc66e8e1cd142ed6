//! Bytes as Java reads them as text, where that shows in an answer.
//!
//! Bytes that are not UTF-8 become U+FFFD, in Java as in Rust, with one difference: half of a surrogate pair (`ED A0 80` to
//! `ED BF BF`, or its first two bytes) is a single error to Java, and two or three to Rust.

use std::borrow::Cow;

/// The text that Java's decoder makes of `bytes`, with malformed input replaced.
pub fn decode(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(bytes.len());
    // Bytes that the last replacement stands for, while it may stand for more: those of a surrogate.
    let mut surrogate: &[u8] = &[];
    for chunk in bytes.utf8_chunks() {
        if !chunk.valid().is_empty() {
            surrogate = &[];
        }
        text.push_str(chunk.valid());
        match (surrogate, chunk.invalid()) {
            (_, []) => {}
            ([0xed], [0xa0..=0xbf]) => surrogate = &[0xed, 0xa0],
            ([0xed, _], [0x80..=0xbf]) => surrogate = &[],
            (_, invalid) => {
                text.push(char::REPLACEMENT_CHARACTER);
                surrogate = if invalid == [0xed] { &[0xed] } else { &[] };
            }
        }
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_utf_8_is_replaced_as_often_as_java_does() {
        // As `UTF_8.newDecoder()` with `REPLACE` printed them, in Java 17.
        for (bytes, expected) in [
            (&b"\xed\xa0\x80"[..], "\u{fffd}"),
            (b"\xed\xa0", "\u{fffd}"),
            (b"\xed\xa0A", "\u{fffd}A"),
            (b"\xed\xbf\xbf\xed\xa0\x80", "\u{fffd}\u{fffd}"),
            (b"\xf0\x80\x80\x80", "\u{fffd}\u{fffd}\u{fffd}\u{fffd}"),
            (b"\xe0\x80\x80", "\u{fffd}\u{fffd}\u{fffd}"),
            (b"\xf4\x90\x80\x80", "\u{fffd}\u{fffd}\u{fffd}\u{fffd}"),
            (b"\xc0\x80", "\u{fffd}\u{fffd}"),
            (b"\xf0\x9f\x98", "\u{fffd}"),
            (b"\xe2\x82A", "\u{fffd}A"),
            (b"\xf8\x88\x80\x80\x80", "\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}"),
            ("caf\u{e9} \u{1f600}".as_bytes(), "caf\u{e9} \u{1f600}"),
        ] {
            assert_eq!(decode(bytes), expected, "{bytes:x?}");
        }
    }
}
