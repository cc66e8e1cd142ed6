//! The fields of a line of a table of numbers: cut at separators, taken out of quotes.
//!
//! Quoting is that of RFC 4180. A field that begins with a quote ends with the next quote that is not doubled; a separator
//! in between separates nothing, and a doubled quote stands for one. Blanks around a field, quoted or not, are no part of
//! it. A quote within a field that does not begin with one is a character like any other, as Python's `csv` and pandas have
//! it. A table is read line by line, so a quoted field ends on the line on which it begins: one that does not is refused.

use std::fmt;

use twinmill::prelude::*;

use crate::jobs::shown::wrong_line;
use crate::jobs::table::Format;
use crate::jobs::table::plain_number::Fields;

/// A separator between two fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Separator {
    /// One byte; two of them have an empty field between them.
    Byte(u8),
    /// Spaces, any number of them.
    Spaces,
}

impl Separator {
    /// The separators that are tried where none is given, the preferred ones first.
    pub const GUESSED: [Separator; 4] =
        [Separator::Byte(b','), Separator::Byte(b'\t'), Separator::Byte(b';'), Separator::Spaces];

    /// Reads the value of `--separator`: a name or a character.
    pub fn parse(text: &str) -> Result<Self, String> {
        Ok(match (text, text.as_bytes()) {
            ("comma", _) => Separator::Byte(b','),
            ("tab" | "\\t", _) => Separator::Byte(b'\t'),
            ("semicolon", _) => Separator::Byte(b';'),
            ("space" | " ", _) => Separator::Spaces,
            (_, &[byte]) if !may_be_of_a_field(byte) => Separator::Byte(byte),
            _ => return Err("must be comma, tab, semicolon, space or one ASCII character that no number has".into()),
        })
    }

    /// Calls `each` for one field of a line after another, until it fails.
    ///
    /// # Errors
    /// Those of `each`; a line whose quotes do not come in pairs.
    #[inline]
    pub fn each_field(self, line: &[u8], mut each: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let (line, separator) = (self.trim(line), self.byte());
        if has_quotes(line) {
            return self.each_field_with_quotes(line, &mut each);
        }
        let mut start = 0;
        loop {
            let end = start + memchr::memchr(separator, &line[start..]).unwrap_or(line.len() - start);
            each(line[start..end].trim_ascii())?;
            let Some(next) = self.behind(line, end) else { return Ok(()) };
            start = next;
        }
    }

    /// The fields of a line, each with its value if it is a [plain number](crate::jobs::table::plain_number). `None` for a line
    /// with quotes, whose fields [`each_field`](Self::each_field) finds.
    #[inline(always)]
    pub fn values(self, line: &[u8]) -> Option<Values<'_>> {
        let line = self.trim(line);
        let values = || Values { separator: self, line, fields: Fields::of(line, self.byte()), start: Some(0) };
        (!has_quotes(line)).then(values)
    }

    /// A line without blanks that separate nothing.
    #[inline(always)]
    fn trim(self, line: &[u8]) -> &[u8] {
        if self == Separator::Spaces { line.trim_ascii() } else { line }
    }

    /// The start of the field behind the one that ends there in a trimmed line.
    #[inline(always)]
    fn behind(self, line: &[u8], end: usize) -> Option<usize> {
        let behind = line.get(end + 1..)?;
        let blanks = if self == Separator::Spaces { behind.len() - behind.trim_ascii_start().len() } else { 0 };
        Some(end + 1 + blanks)
    }

    #[cold]
    fn each_field_with_quotes(self, line: &[u8], each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let (mut rest, mut unquoted) = (line, Vec::new());
        loop {
            let field = self.after_blanks(rest);
            let end = match field.strip_prefix(b"\"") {
                Some(quoted) => {
                    let behind = unquote(quoted, &mut unquoted).ok_or_else(|| goes_on(line))?;
                    each(&unquoted)?;
                    let behind = if self == Separator::Spaces { behind } else { self.after_blanks(behind) };
                    self.may_follow_a_field(behind).then_some(behind)
                }
                None => {
                    let end = memchr::memchr(self.byte(), field).unwrap_or(field.len());
                    each(field[..end].trim_ascii())?;
                    Some(&field[end..])
                }
            };
            match end {
                Some([]) => return Ok(()),
                Some([_, next @ ..]) => rest = next,
                None => {
                    let what = "something stands between the quote that ends a field and what follows";
                    return Err(wrong_line(line, what, ""));
                }
            }
        }
    }

    /// The fields of a line.
    ///
    /// # Errors
    /// A line whose quotes do not come in pairs.
    pub fn fields(self, line: &[u8]) -> Result<Vec<Vec<u8>>> {
        let mut fields = Vec::new();
        self.each_field(line, |field| {
            fields.push(field.to_vec());
            Ok(())
        })?;
        Ok(fields)
    }

    fn may_follow_a_field(self, bytes: &[u8]) -> bool {
        bytes.first().is_none_or(|byte| *byte == self.byte())
    }

    fn byte(self) -> u8 {
        match self {
            Separator::Byte(byte) => byte,
            Separator::Spaces => b' ',
        }
    }

    /// The rest of a field after the blanks that it begins with.
    fn after_blanks(self, bytes: &[u8]) -> &[u8] {
        let separates = |byte: &u8| self != Separator::Spaces && *byte == self.byte();
        let blanks = bytes.iter().take_while(|byte| byte.is_ascii_whitespace() && !separates(byte)).count();
        &bytes[blanks..]
    }

    /// Counts the fields of a line.
    ///
    /// # Errors
    /// A line whose quotes do not come in pairs.
    pub fn count(self, line: &[u8]) -> Result<usize> {
        let mut count = 0;
        self.each_field(line, |_| {
            count += 1;
            Ok(())
        })?;
        Ok(count)
    }

    /// Whether a line has nothing but blanks, and so no fields.
    pub fn is_blank(self, line: &[u8]) -> bool {
        let is_blank = |byte: &u8| byte.is_ascii_whitespace() && self != Separator::Byte(*byte);
        line.iter().all(is_blank)
    }
}

#[inline(always)]
fn has_quotes(line: &[u8]) -> bool {
    memchr::memchr(b'"', line).is_some()
}

/// The fields of a trimmed line without quotes, with the values of those that are plain numbers.
#[derive(Debug)]
pub struct Values<'l> {
    separator: Separator,
    line: &'l [u8],
    fields: Fields<'l>,
    start: Option<usize>,
}

impl<'l> Iterator for Values<'l> {
    type Item = (&'l [u8], Option<f64>);

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        let start = self.start?;
        let (end, value) = self.fields.field(start);
        self.start = self.separator.behind(self.line, end);
        let field = &self.line[start..end];
        // There are no blanks around a plain number.
        Some((if value.is_some() { field } else { field.trim_ascii() }, value))
    }
}

impl From<Format> for Separator {
    fn from(format: Format) -> Self {
        match format {
            Format::Csv => Separator::Byte(b','),
            Format::Tsv => Separator::Byte(b'\t'),
        }
    }
}

impl fmt::Display for Separator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Separator::Byte(b',') => f.write_str("comma"),
            Separator::Byte(b'\t') => f.write_str("tab"),
            Separator::Byte(b';') => f.write_str("semicolon"),
            Separator::Byte(byte) => write!(f, "{}", byte.escape_ascii()),
            Separator::Spaces => f.write_str("space"),
        }
    }
}

/// Whether a byte may be part of a number, of a quoted field or of the end of a line, and so cannot be a separator.
fn may_be_of_a_field(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.' | b'"' | b'\r' | b'\n')
}

#[cold]
fn goes_on(line: &[u8]) -> Error {
    wrong_line(
        line,
        "a quoted field goes on beyond its line",
        "; a table of numbers is read line by line, so no field of it may hold the end of a line",
    )
}

/// Puts the text before the closing quote into `field`; returns the text after it, or `None` where there is no such quote.
fn unquote<'l>(mut quoted: &'l [u8], field: &mut Vec<u8>) -> Option<&'l [u8]> {
    field.clear();
    loop {
        let quote = memchr::memchr(b'"', quoted)?;
        field.extend_from_slice(&quoted[..quote]);
        let behind = &quoted[quote + 1..];
        match behind.strip_prefix(b"\"") {
            Some(more) => {
                field.push(b'"');
                quoted = more;
            }
            None => return Some(behind),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMA: Separator = Separator::Byte(b',');
    const TAB: Separator = Separator::Byte(b'\t');

    fn cut(separator: Separator, line: &str) -> Result<Vec<String>> {
        let fields = separator.fields(line.as_bytes())?;
        Ok(fields.into_iter().map(|field| String::from_utf8(field).unwrap()).collect())
    }

    #[track_caller]
    fn assert_cut(separator: Separator, line: &str, fields: &[&str]) {
        assert_eq!(cut(separator, line).unwrap(), fields, "{line:?}");
    }

    #[test]
    fn fields_without_quotes_are_what_stands_between_separators() {
        assert_cut(COMMA, "1, 2,g,x y\r", &["1", "2", "g", "x y"]);
        assert_cut(COMMA, "a,b,", &["a", "b", ""]);
        assert_cut(TAB, "1\t2 \t\t3", &["1", "2", "", "3"]);
        assert_cut(TAB, "\t1", &["", "1"]);
        assert_cut(Separator::Spaces, "  1   2 3  \r", &["1", "2", "3"]);
        assert_cut(COMMA, "7", &["7"]);
        assert_cut(Separator::Byte(b'|'), "1|2,5|", &["1", "2,5", ""]);
    }

    #[test]
    fn a_separator_within_quotes_does_not_separate_and_a_doubled_quote_is_one() {
        assert_cut(COMMA, "\"a,1,b\",1.5", &["a,1,b", "1.5"]);
        assert_cut(COMMA, "\"say \"\"hi\"\"\",1", &["say \"hi\"", "1"]);
        assert_cut(COMMA, "\"\"\"\",\"\",\" \"", &["\"", "", " "]);
        assert_cut(COMMA, "1,\"2\"\r", &["1", "2"]);
        assert_cut(COMMA, "\"a\rb\",1", &["a\rb", "1"]);
        assert_cut(TAB, "\"a\tb\"\t1\t\"2\"", &["a\tb", "1", "2"]);
        assert_cut(TAB, "\t\"a\"\t\t1", &["", "a", "", "1"]);
        assert_cut(Separator::Spaces, " \"a b\"   1 \"2\" ", &["a b", "1", "2"]);
        assert_cut(Separator::Spaces, "1 \"\" 2", &["1", "", "2"]);
        assert_cut(Separator::Spaces, "1 \"2\"\r", &["1", "2"]);
    }

    #[test]
    fn blanks_around_a_quoted_field_are_no_part_of_it() {
        assert_cut(COMMA, " \"a, b\" , \t\"c\" ", &["a, b", "c"]);
        assert_cut(TAB, " \"a\" \t \"b\" \r", &["a", "b"]);
    }

    #[test]
    fn a_quote_within_a_field_that_does_not_begin_with_one_is_data() {
        assert_cut(COMMA, "5\",3' 4\",x\"y\"z", &["5\"", "3' 4\"", "x\"y\"z"]);
        assert_cut(COMMA, "a \"b\",1", &["a \"b\"", "1"]);
        assert_cut(Separator::Spaces, "5\" 1", &["5\"", "1"]);
    }

    #[test]
    fn quotes_that_do_not_pair_are_refused() {
        for line in ["\"a,1", "1,\"", "1,\"a\"\"", "\"a\r", "1,2,\"x"] {
            let error = cut(COMMA, line).unwrap_err().to_string();
            assert!(error.contains("goes on beyond its line"), "{line:?}: {error}");
        }
        for line in ["\"a\"b,1", "\"a\" \"b\",1", "1,\"2\"3"] {
            assert!(cut(COMMA, line).unwrap_err().to_string().contains("the quote that ends a field"), "{line:?}");
        }
        assert!(cut(Separator::Spaces, "\"a\",\"b\" 1").is_err());
    }

    #[test]
    fn only_what_can_separate_is_a_separator() {
        for (text, expected) in [("comma", COMMA), (",", COMMA), ("tab", TAB), ("\t", TAB), ("\\t", TAB)] {
            assert_eq!(Separator::parse(text), Ok(expected), "{text:?}");
        }
        assert_eq!(Separator::parse("space"), Ok(Separator::Spaces));
        assert_eq!(Separator::parse("|"), Ok(Separator::Byte(b'|')));
        for text in ["", "x", "1", "-", ".", "\"", "\n", "::", "é", "commas"] {
            assert!(Separator::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_line_of_separators_alone_is_not_blank() {
        for (separator, line, blank) in [
            (TAB, "\t\t", false),
            (COMMA, ",", false),
            (COMMA, " \t\r", true),
            (Separator::Spaces, "  ", true),
            (TAB, "", true),
        ] {
            assert_eq!(separator.is_blank(line.as_bytes()), blank, "{separator} {line:?}");
        }
    }
}
