//! Cuts what a program prints into records, and writes records for a program to read.
//!
//! | form | a record |
//! |---|---|
//! | text | a line: the key up to a separator, and the value behind it |
//! | keyonlytext | a line, which is the key; there is no value |
//! | rawbytes | key and value, each a length of four bytes, big-endian, and as many bytes |
//! | typedbytes | key and value, each with a byte for its type ([`typed_len`]) |
//!
//! A line ends with LF, CR or CRLF. A key without a value is read by the next program as `key TAB`.

use crate::error::{Error, Result};
use crate::record::marks::{BLOCK, Marks, mask};

/// Takes the records that a program prints, one by one; closures do.
pub trait TakeRecords {
    /// Takes a record.
    ///
    /// # Errors
    /// Any obstacle to taking it.
    fn take(&mut self, key: &[u8], value: &[u8]) -> Result<()>;

    /// Sees that a line ended with a CR alone, which may have been meant as a part of it.
    fn see_lone_return(&mut self) {}

    /// Whether it takes whole lines of records of this form as well, as they are.
    fn takes_lines_of(&self, _: &Form) -> bool {
        false
    }

    /// Takes so many records: lines with a key and a value, each of which ends with LF.
    ///
    /// # Errors
    /// Any obstacle to taking them.
    fn take_lines(&mut self, _lines: &[u8], _records: u64) -> Result<()> {
        unreachable!("it takes records one by one")
    }
}

impl<F: FnMut(&[u8], &[u8]) -> Result<()>> TakeRecords for F {
    #[inline]
    fn take(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        self(key, value)
    }
}

/// The form of records in a pipe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    Text {
        /// Stands between key and value, and between fields.
        separator: Vec<u8>,
        /// Fields of the key.
        fields: usize,
    },
    KeyOnly,
    Raw,
    Typed,
}

impl Form {
    /// The form of this name; text for any other, as in Hadoop.
    pub fn named(name: &str, separator: Vec<u8>, fields: usize) -> Self {
        match name.to_ascii_lowercase().as_str() {
            "keyonlytext" => Form::KeyOnly,
            "rawbytes" => Form::Raw,
            "typedbytes" => Form::Typed,
            _ => Form::Text { separator, fields: fields.max(1) },
        }
    }

    /// Whether records are lines.
    pub fn is_text(&self) -> bool {
        matches!(self, Form::Text { .. } | Form::KeyOnly)
    }

    /// Hands on the whole records at the front of what was printed; returns how many bytes they have. `all`: nothing follows.
    ///
    /// # Errors
    /// Those of `each`; [`Error::User`] where the end of binary records is missing.
    #[inline]
    pub fn cut(&self, bytes: &[u8], all: bool, each: &mut impl TakeRecords) -> Result<usize> {
        match self {
            Form::Text { separator, fields: 1 } if separator.len() == 1 && memchr::memchr(b'\r', bytes).is_none() => {
                let separator = separator[0];
                let whole = if each.takes_lines_of(self) {
                    take_lines(bytes, separator, each)?
                } else {
                    cut_pairs_of_lines(bytes, separator, each)?
                };
                if all && whole < bytes.len() {
                    let (key, value) = split_key(&bytes[whole..], &[separator], 1);
                    each.take(key, value)?;
                    return Ok(bytes.len());
                }
                Ok(whole)
            }
            Form::Text { separator, fields } => {
                if has_lone_return(bytes) {
                    each.see_lone_return();
                }
                cut_lines(bytes, all, |line| {
                    let (key, value) = split_key(line, separator, *fields);
                    each.take(key, value)
                })
            }
            Form::KeyOnly => {
                if has_lone_return(bytes) {
                    each.see_lone_return();
                }
                cut_lines(bytes, all, |line| each.take(line, b""))
            }
            Form::Raw => cut_pairs(bytes, all, raw_len, |bytes| &bytes[4..], each),
            Form::Typed => cut_pairs(bytes, all, typed_len, |bytes| bytes, each),
        }
    }

    /// Appends a record for a program to read.
    #[inline]
    pub fn write(&self, key: &[u8], value: &[u8], out: &mut Vec<u8>) {
        match self {
            Form::Text { separator, .. } => {
                out.extend_from_slice(key);
                out.extend_from_slice(separator);
                out.extend_from_slice(value);
                out.push(b'\n');
            }
            Form::KeyOnly => {
                out.extend_from_slice(key);
                out.push(b'\n');
            }
            Form::Raw => {
                for part in [key, value] {
                    out.extend_from_slice(&(part.len() as u32).to_be_bytes());
                    out.extend_from_slice(part);
                }
            }
            Form::Typed => {
                out.extend_from_slice(key);
                out.extend_from_slice(value);
            }
        }
    }

    /// Appends the text of a key or a value as `TextOutputFormat` writes it.
    pub fn show(&self, part: &[u8], out: &mut Vec<u8>) {
        match self {
            Form::Text { .. } | Form::KeyOnly => out.extend_from_slice(part),
            Form::Raw => {
                let hex: Vec<String> = part.iter().map(|byte| format!("{byte:02x}")).collect();
                out.extend_from_slice(hex.join(" ").as_bytes());
            }
            Form::Typed => show_typed(part, out),
        }
    }
}

/// Cuts the whole lines at the front of `bytes`, in which there is no CR, at their first separator. Returns how many bytes they
/// have.
#[inline]
fn cut_pairs_of_lines(bytes: &[u8], separator: u8, each: &mut impl TakeRecords) -> Result<usize> {
    const NONE: usize = usize::MAX;
    let (mut start, mut key_end) = (0, NONE);
    for at in Marks::of(bytes, [b'\n', separator]) {
        if bytes[at] == b'\n' {
            let line = &bytes[start..at];
            let (key, value) =
                if key_end == NONE { (line, &b""[..]) } else { (&bytes[start..key_end], &bytes[key_end + 1..at]) };
            each.take(key, value)?;
            (start, key_end) = (at + 1, NONE);
        } else if key_end == NONE {
            key_end = at;
        }
    }
    Ok(start)
}

/// Hands on the whole lines at the front of `bytes`, in which there is no CR: as many as follow one another at a time where they
/// have a separator, and each of the others alone. Returns how many bytes they have.
fn take_lines(bytes: &[u8], separator: u8, each: &mut impl TakeRecords) -> Result<usize> {
    if let Some((records, whole)) = count_pairs(bytes, separator) {
        if records > 0 {
            each.take_lines(&bytes[..whole], records)?;
        }
        return Ok(whole);
    }
    // Where the lines begin that are still to be handed on, and how many they are; and where the current one begins.
    let (mut start, mut records, mut at) = (0, 0, 0);
    let mut has_value = false;
    for mark in Marks::of(bytes, [b'\n', separator]) {
        if bytes[mark] != b'\n' {
            has_value = true;
            continue;
        }
        if has_value {
            records += 1;
        } else {
            if records > 0 {
                each.take_lines(&bytes[start..at], records)?;
            }
            each.take(&bytes[at..mark], b"")?;
            (start, records) = (mark + 1, 0);
        }
        (at, has_value) = (mark + 1, false);
    }
    if records > 0 {
        each.take_lines(&bytes[start..at], records)?;
    }
    Ok(at)
}

/// Number of the whole lines at the front of `bytes`, and how many bytes they have; `None` where one has no separator.
///
/// A block of 64 bytes takes one addition. Where a one stands for each byte that ends no line, a separator that is added carries
/// to the end of its line, and beyond the block where the line goes on.
fn count_pairs(bytes: &[u8], separator: u8) -> Option<(u64, usize)> {
    let (mut records, mut whole, mut carries) = (0, 0, false);
    for at in (0..bytes.len()).step_by(BLOCK) {
        let ends = mask(bytes, at, [b'\n']);
        let separators = mask(bytes, at, [separator]) & !ends;
        let (sum, beyond) = separators.overflowing_add(!ends);
        let (sum, also_beyond) = sum.overflowing_add(u64::from(carries));
        carries = beyond | also_beyond;
        if ends & !sum != 0 {
            return None;
        }
        if ends != 0 {
            records += u64::from(ends.count_ones());
            whole = at + BLOCK - ends.leading_zeros() as usize;
        }
    }
    Some((records, whole))
}

/// Whether there is a CR that is not the beginning of CRLF.
fn has_lone_return(bytes: &[u8]) -> bool {
    memchr::memchr_iter(b'\r', bytes).any(|at| bytes.get(at + 1).is_some_and(|next| *next != b'\n'))
}

/// Calls `each` for the lines at the front of `bytes`, without their ends.
#[inline]
fn cut_lines(bytes: &[u8], all: bool, mut each: impl FnMut(&[u8]) -> Result<()>) -> Result<usize> {
    let mut start = 0;
    if memchr::memchr(b'\r', bytes).is_none() {
        for end in memchr::memchr_iter(b'\n', bytes) {
            each(&bytes[start..end])?;
            start = end + 1;
        }
    } else {
        while let Some(length) = memchr::memchr2(b'\n', b'\r', &bytes[start..]) {
            let end = start + length;
            if bytes[end..] == *b"\r" && !all {
                break;
            }
            each(&bytes[start..end])?;
            start = end + if bytes[end..].starts_with(b"\r\n") { 2 } else { 1 };
        }
    }
    if all && start < bytes.len() {
        each(&bytes[start..])?;
        start = bytes.len();
    }
    Ok(start)
}

/// Key and value of a line: the key reaches to the last of its fields, and is the whole line where there are fewer.
pub fn split_key<'l>(line: &'l [u8], separator: &[u8], fields: usize) -> (&'l [u8], &'l [u8]) {
    let mut from = 0;
    for field in 1..=fields {
        let rest = &line[from..];
        let found = match separator {
            [byte] => memchr::memchr(*byte, rest),
            _ => memchr::memmem::find(rest, separator),
        };
        let Some(at) = found else { return (line, b"") };
        if field == fields {
            return (&line[..from + at], &line[from + at + separator.len()..]);
        }
        from += at + separator.len();
    }
    (line, b"")
}

/// Cuts records of two parts, whose length `len` tells from their beginning.
fn cut_pairs<'b>(
    bytes: &'b [u8],
    all: bool,
    len: fn(&[u8]) -> Option<usize>,
    content: fn(&'b [u8]) -> &'b [u8],
    each: &mut impl TakeRecords,
) -> Result<usize> {
    let part = |from: usize| {
        let length = len(&bytes[from..]).filter(|length| bytes.len() - from >= *length)?;
        Some(&bytes[from..from + length])
    };
    let mut start = 0;
    while let Some((key, value)) = part(start).and_then(|key| Some((key, part(start + key.len())?))) {
        each.take(content(key), content(value))?;
        start += key.len() + value.len();
    }
    if all && start < bytes.len() {
        let rest = bytes.len() - start;
        return Err(Error::user(format!("the program printed {rest} bytes of a record that has no end")));
    }
    Ok(start)
}

fn length_at(bytes: &[u8], at: usize) -> Option<usize> {
    let length: &[u8; 4] = bytes.get(at..)?.first_chunk()?;
    Some(u32::from_be_bytes(*length) as usize)
}

fn raw_len(bytes: &[u8]) -> Option<usize> {
    Some(4 + length_at(bytes, 0)?)
}

/// Length of the typed value at the front; `None` where its end is not there yet.
///
/// | type | content |
/// |---|---|
/// | 0 bytes, 7 string, 50–200 others | length, bytes |
/// | 1 byte, 2 bool | 1 byte |
/// | 3 int, 5 float | 4 bytes |
/// | 4 long, 6 double | 8 bytes |
/// | 8 vector, 10 map | number of items, items |
/// | 9 list | items, 255 |
pub fn typed_len(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    // Values that are still to come in each open list; `None` for a list that 255 ends.
    let mut open = vec![Some(1u64)];
    while let Some(left) = open.pop() {
        if left == Some(0) {
            continue;
        }
        let kind = *bytes.get(at)?;
        at += 1;
        if kind == 255 && left.is_none() {
            continue;
        }
        open.push(left.map(|left| left - 1));
        at += match kind {
            1 | 2 => 1,
            3 | 5 => 4,
            4 | 6 => 8,
            8 | 10 => {
                let items = length_at(bytes, at)? as u64;
                open.push(Some(if kind == 10 { 2 * items } else { items }));
                4
            }
            9 => {
                open.push(None);
                0
            }
            _ => 4 + length_at(bytes, at)?,
        };
        if at > bytes.len() {
            return None;
        }
    }
    Some(at)
}

/// The text of a typed value as Java prints it. Collections are shown by their bytes.
fn show_typed(typed: &[u8], out: &mut Vec<u8>) {
    let fixed = |length: usize| typed.get(1..1 + length);
    let text = match typed.first() {
        Some(1) => fixed(1).map(|bytes| (bytes[0] as i8).to_string()),
        Some(2) => fixed(1).map(|bytes| (bytes[0] != 0).to_string()),
        Some(3) => fixed(4).map(|bytes| i32::from_be_bytes(bytes.try_into().expect("four bytes")).to_string()),
        Some(4) => fixed(8).map(|bytes| i64::from_be_bytes(bytes.try_into().expect("eight bytes")).to_string()),
        Some(7) => return out.extend_from_slice(typed.get(5..).unwrap_or_default()),
        _ => None,
    };
    match text {
        Some(text) => out.extend_from_slice(text.as_bytes()),
        None => Form::Raw.show(typed.get(5..).unwrap_or_default(), out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(form: &Form, bytes: &[u8], all: bool) -> (Vec<(String, String)>, usize) {
        let mut records = Vec::new();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let taken = form.cut(bytes, all, &mut |key: &[u8], value: &[u8]| {
            records.push((text(key), text(value)));
            Ok(())
        });
        (records, taken.unwrap())
    }

    fn form(separator: &str, fields: usize) -> Form {
        Form::named("text", separator.into(), fields)
    }

    #[test]
    fn a_key_ends_at_its_last_separator() {
        for (separator, fields, line, key, value) in [
            ("\t", 1, "a\tb\tc", "a", "b\tc"),
            ("\t", 2, "a\tb\tc", "a\tb", "c"),
            ("\t", 3, "a\tb\tc", "a\tb\tc", ""),
            (".", 1, "a.b", "a", "b"),
            ("::", 1, "a:b::c", "a:b", "c"),
            ("\t", 1, "pink", "pink", ""),
            ("\t", 1, "", "", ""),
            ("\t", 1, "\tb", "", "b"),
        ] {
            let (records, _) = cut(&form(separator, fields), format!("{line}\n").as_bytes(), false);
            assert_eq!(records, [(key.to_owned(), value.to_owned())], "{line:?}");
        }
    }

    #[test]
    fn lines_are_taken_once_they_are_whole() {
        let text = form("\t", 1);
        for (bytes, all, lines, taken) in [
            (&b"a\nb\nc"[..], false, &["a", "b"][..], 4),
            (b"a\nb\nc", true, &["a", "b", "c"], 5),
            (b"a\rb\r\nc\r", false, &["a", "b"], 5),
            (b"a\rb\r\nc\r", true, &["a", "b", "c"], 7),
            (b"", true, &[], 0),
            (b"\n\n", false, &["", ""], 2),
        ] {
            let (records, got) = cut(&text, bytes, all);
            assert_eq!(records.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), lines, "{bytes:?}");
            assert_eq!(got, taken, "{bytes:?}");
        }
    }

    /// Takes lines as they are.
    #[derive(Default)]
    struct Written {
        bytes: Vec<u8>,
        records: u64,
        together: u64,
    }

    impl TakeRecords for Written {
        fn take(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
            self.bytes.extend([key, b"\t", value, b"\n"].concat());
            self.records += 1;
            Ok(())
        }

        fn takes_lines_of(&self, _: &Form) -> bool {
            true
        }

        fn take_lines(&mut self, lines: &[u8], records: u64) -> Result<()> {
            self.bytes.extend(lines);
            self.records += records;
            self.together += records;
            Ok(())
        }
    }

    proptest::proptest! {
        #[test]
        fn lines_are_as_their_records(text in "([ab\t\r\n]|[ab]{20,70}){0,20}", all in proptest::bool::ANY) {
            let (form, mut lines, mut one_by_one) = (form("\t", 1), Written::default(), Vec::new());
            let taken = form.cut(text.as_bytes(), all, &mut lines).unwrap();
            let mut records = 0;
            let alone = form.cut(text.as_bytes(), all, &mut |key: &[u8], value: &[u8]| {
                records += 1;
                one_by_one.extend([key, b"\t", value, b"\n"].concat());
                Ok(())
            });
            proptest::prop_assert_eq!((taken, lines.bytes, lines.records), (alone.unwrap(), one_by_one, records));
        }
    }

    #[test]
    fn lines_that_follow_one_another_are_taken_together() {
        let mut lines = Written::default();
        form("\t", 1).cut(b"a\tb\n\t\nc\nd\te\nf", false, &mut lines).unwrap();
        assert_eq!((lines.records, lines.together), (4, 3));
    }

    #[test]
    fn binary_records_are_as_long_as_they_say() {
        let raw = b"\0\0\0\x01a\0\0\0\x02bc\0\0\0\x09";
        assert_eq!(cut(&Form::Raw, raw, false), (vec![("a".to_owned(), "bc".to_owned())], 11));
        assert!(Form::Raw.cut(raw, true, &mut |_: &[u8], _: &[u8]| Ok(())).is_err());
        for (typed, length) in [
            (&b"\x07\0\0\0\x02abX"[..], Some(7)),
            (b"\x03\0\0\0\x05", Some(5)),
            (b"\x08\0\0\0\x02\x01a\x02\x01", Some(9)),
            (b"\x09\x01a\xff", Some(4)),
            (b"\x0a\0\0\0\x01\x01a\x01b", Some(9)),
            (b"\x04\0\0", None),
            (b"", None),
        ] {
            assert_eq!(typed_len(typed), length, "{typed:?}");
        }
    }
}
