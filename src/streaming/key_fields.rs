//! Parts of a key, named as GNU sort names them: `-k2,2`, `-k1.3,2.5nr`.
//!
//! The offsets are computed as Hadoop computes them, with one oddity: behind a separator of several bytes the search for the
//! next one begins one byte after its start.

use std::ops::Range;

use crate::error::{Error, Result};

/// A part of a key, and how it is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    first_field: usize,
    first_char: usize,
    /// 0 for the end of the key.
    last_field: usize,
    /// 0 for the end of the field.
    last_char: usize,
    pub numeric: bool,
    pub reverse: bool,
}

const WHOLE: Part = Part { first_field: 1, first_char: 1, last_field: 0, last_char: 0, numeric: false, reverse: false };

/// Parts of a key, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFields {
    separator: Vec<u8>,
    parts: Vec<Part>,
    /// Whether parts were named; if not, the whole key is one field.
    named: bool,
}

impl KeyFields {
    /// Reads options such as `-k1,1 -k2nr` or `-n -r`. Without any there are no parts.
    ///
    /// # Errors
    /// [`Error::Config`] where a part is not of that form.
    pub fn parse(options: &str, separator: Vec<u8>) -> Result<Self> {
        let (mut parts, mut global) = (Vec::new(), WHOLE);
        let mut words = options.split_ascii_whitespace();
        let mut any = false;
        while let Some(word) = words.next() {
            any = true;
            match word {
                "-n" => global.numeric = true,
                "-r" => global.reverse = true,
                "-nr" => (global.numeric, global.reverse) = (true, true),
                "-k" => parts.extend(words.next().map(part).transpose()?),
                word => {
                    if let Some(named) = word.strip_prefix("-k") {
                        parts.push(part(named)?);
                    }
                }
            }
        }
        let named = !parts.is_empty();
        for part in parts.iter_mut().filter(|part| !part.numeric && !part.reverse) {
            (part.numeric, part.reverse) = (global.numeric, global.reverse);
        }
        if !named && any {
            parts.push(global);
        }
        Ok(KeyFields { separator, parts, named })
    }

    /// The first `fields` fields of a key; none for 0.
    pub fn first(fields: usize, separator: Vec<u8>) -> Self {
        let parts = if fields >= 1 { vec![Part { last_field: fields, ..WHOLE }] } else { Vec::new() };
        KeyFields { separator, named: fields >= 1, parts }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Where the parts of a key lie; `None` for one that it lacks.
    pub fn find(&self, key: &[u8]) -> impl Iterator<Item = (Part, Option<Range<usize>>)> {
        let lengths = if self.named { self.field_lengths(key) } else { vec![0] };
        self.parts.iter().map(move |part| {
            let start = self.start(key, &lengths, part);
            (*part, start.map(|start| start..self.end(key, &lengths, part).max(start)))
        })
    }

    fn field_lengths(&self, key: &[u8]) -> Vec<usize> {
        let mut lengths = Vec::new();
        let mut start = 0;
        let find = |from: usize| match self.separator.as_slice() {
            [byte] => memchr::memchr(*byte, &key[from..]),
            separator => memchr::memmem::find(&key[from..], separator),
        };
        while let Some(length) = find(start) {
            lengths.push(length);
            start += length + 1;
        }
        lengths.push(key.len() - start);
        lengths
    }

    fn offset_of(&self, lengths: &[usize], field: usize) -> usize {
        lengths[..field - 1].iter().map(|length| length + self.separator.len()).sum()
    }

    fn start(&self, key: &[u8], lengths: &[usize], part: &Part) -> Option<usize> {
        let field = part.first_field.max(1);
        let position = (lengths.len() >= field).then(|| self.offset_of(lengths, field))?;
        (position + part.first_char <= key.len()).then(|| position + part.first_char.max(1) - 1)
    }

    fn end(&self, key: &[u8], lengths: &[usize], part: &Part) -> usize {
        if part.last_field == 0 || lengths.len() < part.last_field {
            return key.len();
        }
        let within = if part.last_char == 0 { lengths[part.last_field - 1] } else { part.last_char };
        let end = self.offset_of(lengths, part.last_field) + within;
        end.min(key.len())
    }
}

/// Reads `2`, `2.3nr,4.5`.
fn part(text: &str) -> Result<Part> {
    let wrong =
        || Error::Config(format!("-k {text}: must be of the form -k pos1[,pos2], where pos is of the form f[.c]nr"));
    let mut part = WHOLE;
    let mut ends = text.splitn(2, ',');
    let (field, char) = position(ends.next().unwrap_or_default(), &mut part).ok_or_else(wrong)?;
    (part.first_field, part.first_char) = (field, char.unwrap_or(1));
    if let Some(end) = ends.next() {
        let (field, char) = position(end, &mut part).ok_or_else(wrong)?;
        (part.last_field, part.last_char) = (field, char.unwrap_or(0));
    }
    Ok(part)
}

fn position(text: &str, part: &mut Part) -> Option<(usize, Option<usize>)> {
    let digits = text.trim_end_matches(['n', 'r']);
    part.numeric |= text[digits.len()..].contains('n');
    part.reverse |= text[digits.len()..].contains('r');
    // Hadoop's numbers are Java's int.
    let number = |digits: &str| usize::try_from(digits.parse::<i32>().ok()?).ok();
    Some(match digits.split_once('.') {
        Some((field, char)) => (number(field)?, Some(number(char)?)),
        None => (number(digits)?, None),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_lie_where_hadoop_finds_them() {
        let find = |options: &str, separator: &str, key: &'static str| -> Vec<Option<&str>> {
            let fields = KeyFields::parse(options, separator.into()).unwrap();
            fields.find(key.as_bytes()).map(|(_, range)| range.map(|range| &key[range])).collect()
        };
        let cases: [(&str, &str, &str, &[Option<&str>]); 10] = [
            ("-k1,1", "\t", "a\tb\tc", &[Some("a")]),
            ("-k2,2 -k3", "\t", "a\tb\tc", &[Some("b"), Some("c")]),
            ("-k2", "\t", "a\tb\tc", &[Some("b\tc")]),
            ("-k 1.2,2.1", ".", "abc.def", &[Some("bc.d")]),
            ("-k4", "\t", "a\tb", &[None]),
            ("-k2,2", "\t", "a\t\tb", &[Some("")]),
            ("-k1.9,1", "\t", "abc", &[None]),
            ("-k1,5", "\t", "a\tb", &[Some("a\tb")]),
            ("-n", "\t", "a\tb", &[Some("a\tb")]),
            ("", "\t", "a", &[]),
        ];
        for (options, separator, key, expected) in cases {
            assert_eq!(find(options, separator, key), expected, "{options} {key}");
        }
        for wrong in ["-kx", "-k99999999999", "-k1,-1"] {
            assert!(KeyFields::parse(wrong, b"\t".to_vec()).is_err(), "{wrong}");
        }
    }
}
