//! Tells how far a program had read when it ended: the record, with its file and line where they can be told.
//!
//! The pipe holds what was written to it and not read. What lies before that was read, though a program may have read ahead of
//! its work. The line is found in the file itself, from the place where the bytes came from: they are the file's own, or lines
//! with another end, or with a key before them. The form is taken for the right one only if it leads to the bytes that were
//! written last.

use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use crate::error::Excerpt;
use crate::input::form::{Codec, Form};
use crate::input::opened::Opened;
use crate::observe::purpose::{FileUse, Purpose};

/// Bytes that programs read at a time, or a multiple of them.
const USUAL_READ: u64 = 4096;

/// Where bytes for a program come from.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Bytes that it was given before.
    pub given: u64,
    pub path: Arc<Path>,
    /// Offset in the file, after decompression.
    pub offset: u64,
}

/// What a program was given, and how much of it it read.
#[derive(Debug, Default)]
pub struct Reach {
    /// The last places from which its bytes came.
    pub origins: Vec<Origin>,
    /// Bytes that were written to it.
    pub bytes: u64,
    /// The last bytes of these that it did not read.
    pub unread: u64,
    /// The last bytes that were written to it.
    pub tail: Vec<u8>,
}

/// The form in which the lines of a file were given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Given {
    AsTheyAre,
    /// With an LF, whatever ended them.
    Lines,
    /// With their offset before them.
    Offsets,
    /// With a TAB behind those that have none.
    Keys,
}

impl Given {
    const ALL: [Given; 4] = [Given::AsTheyAre, Given::Lines, Given::Offsets, Given::Keys];

    /// What was given for a line at an offset.
    fn form(self, offset: u64, line: &[u8]) -> Vec<u8> {
        let content = content(line);
        match self {
            Given::AsTheyAre => line.to_vec(),
            Given::Lines => [content, b"\n"].concat(),
            Given::Offsets => [offset.to_string().as_bytes(), b"\t", content, b"\n"].concat(),
            Given::Keys if content.contains(&b'\t') => [content, b"\n"].concat(),
            Given::Keys => [content, b"\t\n"].concat(),
        }
    }
}

/// A line of a file.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    number: u64,
    content: Vec<u8>,
    /// Whether the place that was asked for is its end.
    ends: bool,
}

impl Reach {
    /// Says how far it had read, in words.
    pub fn in_words(&self) -> String {
        let read = self.bytes.saturating_sub(self.unread);
        match (self.bytes, read) {
            (0, _) => return "it had read nothing".into(),
            (bytes, 0) => return format!("it had read nothing of the {bytes} bytes that it had been given"),
            _ => {}
        }
        let file = self.origin(read).map(|(origin, _)| origin.path.display());
        let line = self.line(read);
        let mut words = match (&line, self.record(read), &file) {
            (Some(Line { number, content, .. }), _, Some(file)) => {
                format!("it had read up to line {number} of {file}: {}", Excerpt(content))
            }
            (_, Some(record), file) => {
                let of = file.as_ref().map(|file| format!(" of {file}")).unwrap_or_default();
                format!("it had read up to this record{of}: {}", Excerpt(&record))
            }
            (_, None, file) => {
                let of = file.as_ref().map(|file| format!(" of {file}")).unwrap_or_default();
                let last = self.last_record(self.tail.len());
                format!(
                    "it had read {read} of the {} bytes that it had been given, up to this record{of}: {last}",
                    self.bytes
                )
            }
        };
        // Who reads line by line stops behind a line, and not at the end of a buffer or of all there was.
        let is_exact = self.unread > 0
            && !read.is_multiple_of(USUAL_READ)
            && (line.is_some_and(|line| line.ends) || self.ends_record(read));
        if !is_exact {
            words.push_str(" (programs read ahead of their work)");
        }
        words
    }

    /// Whether its bytes are those of one file, from the first on.
    pub fn is_as_in_file(&self, first: &Origin) -> bool {
        let Some(last) = self.origins.last() else { return false };
        last.path == first.path
            && last.offset.checked_sub(first.offset) == Some(last.given)
            && self.form_from(last, None).is_some_and(|form| form == Given::AsTheyAre)
    }

    /// Where the byte before a position came from, and the next place.
    fn origin(&self, read: u64) -> Option<(&Origin, Option<&Origin>)> {
        let at = self.origins.iter().rposition(|origin| origin.given < read)?;
        Some((&self.origins[at], self.origins.get(at + 1)))
    }

    /// The line that ends at, or covers, a position.
    fn line(&self, read: u64) -> Option<Line> {
        let (origin, next) = self.origin(read)?;
        let form = self.form_from(origin, next)?;
        line_at(origin, form, read).ok().flatten()
    }

    /// The form that leads from one place to the next, or to the bytes that were written last.
    fn form_from(&self, origin: &Origin, next: Option<&Origin>) -> Option<Given> {
        let leads = |form: &Given| match next.filter(|next| next.given <= self.bytes) {
            Some(next) => leads_to(origin, *form, next.given),
            None => leads_to_tail(origin, *form, self.bytes, &self.tail),
        };
        Given::ALL.into_iter().find(|form| leads(form).unwrap_or(false))
    }

    /// The bytes of the tail up to a position.
    fn tail_to(&self, read: u64) -> Option<&[u8]> {
        let unread = usize::try_from(self.bytes - read).ok()?;
        self.tail.len().checked_sub(unread).map(|end| &self.tail[..end])
    }

    fn ends_record(&self, read: u64) -> bool {
        self.tail_to(read).is_some_and(|tail| tail.ends_with(b"\n"))
    }

    /// The record that ends at, or goes beyond, a position, as it was given.
    fn record(&self, read: u64) -> Option<Vec<u8>> {
        let end = self.tail_to(read).filter(|tail| !tail.is_empty())?.len();
        let from = memchr::memrchr(b'\n', &self.tail[..end - 1]).map(|before| before + 1);
        // It may have begun before what is kept.
        let from = from.or((self.tail.len() as u64 == self.bytes).then_some(0))?;
        let to = memchr::memchr(b'\n', &self.tail[end - 1..]).map_or(self.tail.len(), |to| end - 1 + to);
        Some(self.tail[from..to].to_vec())
    }

    fn last_record(&self, end: usize) -> String {
        let tail = self.tail[..end].strip_suffix(b"\n").unwrap_or(&self.tail[..end]);
        let from = memchr::memrchr(b'\n', tail).map_or(0, |before| before + 1);
        Excerpt(&tail[from..]).to_string()
    }
}

/// A line without its end.
fn content(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Goes through the lines of a file from a place on, with the position behind what was given for each, until `until` returns true.
fn each_line(origin: &Origin, form: Given, mut until: impl FnMut(u64, &[u8], &[u8]) -> bool) -> io::Result<()> {
    let mut file = open(&origin.path)?;
    let mut from = origin.offset;
    file.seek(SeekFrom::Start(from))?;
    let (mut at, mut line) = (origin.given, Vec::new());
    loop {
        line.clear();
        if file.read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        let given = form.form(from, &line);
        at += given.len() as u64;
        from += line.len() as u64;
        if until(at, &line, &given) {
            return Ok(());
        }
    }
}

/// Opens a file of lines. Those of compressed files are not counted.
fn open(path: &Path) -> io::Result<BufReader<File>> {
    if compression(path)?.is_some() {
        return Err(ErrorKind::InvalidData.into());
    }
    Ok(BufReader::with_capacity(256 << 10, File::open(path)?))
}

/// The format of a compressed file; `None` where it is plain.
///
/// # Errors
/// Those of reading the file, and formats that are not read.
pub(crate) fn compression(path: &Path) -> io::Result<Option<Codec>> {
    let file = Opened::Local(File::open(path)?);
    match Form::of(&file, FileUse::reads(Purpose::Sampling), path).map_err(io::Error::other)? {
        Form::Compressed(codec) => Ok(Some(codec)),
        Form::Plain | Form::PlainDespiteItsName(_) => Ok(None),
    }
}

fn leads_to(origin: &Origin, form: Given, end: u64) -> io::Result<bool> {
    let mut leads = false;
    each_line(origin, form, |at, _, _| {
        leads = at == end;
        at >= end
    })?;
    Ok(leads)
}

fn leads_to_tail(origin: &Origin, form: Given, end: u64, tail: &[u8]) -> io::Result<bool> {
    let (mut leads, mut before) = (false, Vec::new());
    each_line(origin, form, |at, _, given| {
        if at >= end {
            let beyond = (at - end) as usize;
            before.extend_from_slice(&given[..given.len().saturating_sub(beyond)]);
            leads = !before.is_empty() && (tail.ends_with(&before) || before.ends_with(tail));
        } else {
            before.clear();
            before.extend_from_slice(given);
        }
        at >= end
    })?;
    Ok(leads)
}

fn line_at(origin: &Origin, form: Given, position: u64) -> io::Result<Option<Line>> {
    let mut number = lines_before(&origin.path, origin.offset)?;
    let mut found = None;
    each_line(origin, form, |at, line, _| {
        number += 1;
        if at >= position {
            found = Some(Line { number, content: content(line).to_vec(), ends: at == position });
        }
        at >= position
    })?;
    Ok(found)
}

fn lines_before(path: &Path, offset: u64) -> io::Result<u64> {
    let mut file = open(path)?.take(offset);
    let mut lines = 0;
    loop {
        let bytes = file.fill_buf()?;
        if bytes.is_empty() {
            return Ok(lines);
        }
        lines += memchr::memchr_iter(b'\n', bytes).count() as u64;
        let read = bytes.len();
        file.consume(read);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a program was given of a file, from a line on, in a form.
    fn reach(text: &str, first: usize, form: Given, kept: usize, unread: u64) -> (tempfile::NamedTempFile, Reach) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let offset = lines[..first].concat().len() as u64;
        let (mut from, mut given) = (offset, Vec::new());
        for line in &lines[first..] {
            given.extend(form.form(from, line.as_bytes()));
            from += line.len() as u64;
        }
        let origins = vec![Origin { given: 0, path: file.path().into(), offset }];
        let tail = given[given.len().saturating_sub(kept)..].to_vec();
        (file, Reach { origins, bytes: given.len() as u64, unread, tail })
    }

    #[test]
    fn the_line_is_found_whatever_stood_before_it() {
        let text: String = (1..=500).map(|n| format!("line {n}{}\n", if n % 3 == 0 { "\tx" } else { "" })).collect();
        let crlf = text.replace('\n', "\r\n");
        for form in Given::ALL {
            for text in [&text, &crlf] {
                let (_file, all) = reach(text, 10, form, 400, 0);
                assert!(all.in_words().contains("up to line 500 of"), "{form:?}: {}", all.in_words());
                assert!(all.in_words().ends_with("(programs read ahead of their work)"));
                let rest: usize = text.split_inclusive('\n').enumerate().skip(300).fold(0, |sum, (number, line)| {
                    let offset = text.split_inclusive('\n').take(number).map(str::len).sum::<usize>();
                    sum + form.form(offset as u64, line.as_bytes()).len()
                });
                for kept in [100, 1 << 20] {
                    let (_file, some) = reach(text, 10, form, kept, rest as u64);
                    let words = some.in_words();
                    assert!(
                        words.contains("up to line 300 of") && words.ends_with("line 300\\tx\""),
                        "{form:?}: {words}"
                    );
                }
            }
        }
    }

    #[test]
    fn without_the_file_the_record_is_named_as_it_was_given() {
        let origins = vec![Origin { given: 0, path: Path::new("/nowhere/a.gz").into(), offset: 0 }];
        let reach = |tail: &[u8], bytes, unread| Reach { origins: origins.clone(), bytes, unread, tail: tail.to_vec() };
        assert_eq!(reach(b"a\nb\nc\n", 6, 2).in_words(), "it had read up to this record of /nowhere/a.gz: \"b\"");
        let words = reach(b"x\nyy\n", 1000, 500).in_words();
        assert!(words.starts_with("it had read 500 of the 1000 bytes") && words.contains("\"yy\""), "{words}");
        assert_eq!(reach(b"", 0, 0).in_words(), "it had read nothing");
        assert_eq!(reach(b"a\n", 2, 2).in_words(), "it had read nothing of the 2 bytes that it had been given");
    }
}
