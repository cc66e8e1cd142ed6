//! Records from one tag to another, as `StreamXmlRecordReader` finds them.
//!
//! A record begins with the first tag and ends with the next one of the other kind; it belongs to the piece of the file in which
//! it begins. With `slowmatch` the tags are patterns, and tags within `CDATA[` and `]]>` do not count.
//!
//! Without it the search is Hadoop's, which never goes back: in `<<page>` it does not find `<page>`.

use regex::bytes::Regex;

use crate::error::{Error, Result};
use crate::input::OpenFile;

/// The tags.
#[derive(Clone, Debug)]
pub struct Tags {
    begin: Tag,
    end: Tag,
    /// Bytes in which a pattern is looked for.
    window_bytes: usize,
}

#[derive(Clone, Debug)]
enum Tag {
    Text(Vec<u8>),
    Pattern(Box<Regex>),
}

/// Where a tag lies in the unread bytes.
struct Found {
    start: usize,
    end: usize,
}

impl Tags {
    /// Reads the specification of `-inputreader`: `StreamXmlRecordReader,begin=<page>,end=</page>`, and perhaps `slowmatch`,
    /// `maxrec` and `lookahead`.
    ///
    /// # Errors
    /// [`Error::Config`] for another reader, a tag that is missing, and a pattern that is none.
    pub fn parse(specification: &str) -> Result<Self> {
        let mut items = specification.split(',');
        let reader = items.next().unwrap_or_default();
        if !["StreamXmlRecordReader", "org.apache.hadoop.streaming.StreamXmlRecordReader"].contains(&reader) {
            let known = "known here is StreamXmlRecordReader,begin=TAG,end=TAG";
            return Err(Error::Config(format!("-inputreader: class not found: {reader}; {known}")));
        }
        let (mut begin, mut end, mut slow, mut most_record, mut look_ahead) = (None, None, false, 50_000, None);
        for item in items {
            let (name, value) = item.split_once('=').unwrap_or((item, ""));
            let number = || {
                let wrong = || Error::Config(format!("-inputreader: {name}={value} is no number of bytes"));
                value.parse::<usize>().map_err(|_| wrong())
            };
            match name {
                "begin" => begin = Some(value),
                "end" => end = Some(value),
                "slowmatch" => slow = value.trim() == "true",
                "maxrec" => most_record = number()?,
                "lookahead" => look_ahead = Some(number()?),
                // As in Hadoop, a property that nobody reads.
                _ => {}
            }
        }
        let tag = |name: &str, tag: Option<&str>| -> Result<Tag> {
            let tag = tag.filter(|tag| !tag.is_empty()).ok_or_else(|| {
                Error::Config(format!("-inputreader: JobConf: missing required property: stream.recordreader.{name}"))
            })?;
            if !slow {
                return Ok(Tag::Text(tag.as_bytes().to_vec()));
            }
            let pattern = Regex::new(&format!("(CDATA\\[)|(\\]\\]>)|({tag})"));
            let pattern = pattern.map_err(|error| Error::Config(format!("-inputreader: {name}={tag}: {error}")))?;
            Ok(Tag::Pattern(Box::new(pattern)))
        };
        let window_bytes = look_ahead.unwrap_or(2 * most_record).max(most_record).max(1);
        Ok(Tags { begin: tag("begin", begin)?, end: tag("end", end)?, window_bytes })
    }

    /// Calls `each` with the offset and the text of every record of a piece.
    ///
    /// # Errors
    /// Those of reading, and those of `each`.
    pub fn each(&self, file: &mut OpenFile<'_>, mut each: impl FnMut(u64, &[u8]) -> Result<()>) -> Result<()> {
        let piece_end = file.piece().end;
        while let Some(found) = self.find(&self.begin, file, true)? {
            file.consume(found.start);
            let offset = file.offset();
            if offset >= piece_end {
                return Ok(());
            }
            // A record without an end is none.
            let Some(found) = self.find(&self.end, file, false)? else { return Ok(()) };
            each(offset, &file.unread()[..found.end])?;
            file.consume(found.end);
            if file.offset() >= piece_end {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The next tag; `passes` on what lies before it as it is read.
    fn find(&self, tag: &Tag, file: &mut OpenFile<'_>, passes: bool) -> Result<Option<Found>> {
        let (mut searched, mut matched) = (0, 0);
        loop {
            let unread = file.unread();
            match tag {
                Tag::Text(text) => {
                    for (at, byte) in unread.iter().enumerate().skip(searched) {
                        matched = if *byte == text[matched] { matched + 1 } else { 0 };
                        if matched == text.len() {
                            return Ok(Some(Found { start: at + 1 - matched, end: at + 1 }));
                        }
                    }
                    searched = unread.len();
                }
                Tag::Pattern(pattern) => {
                    let window = &unread[..unread.len().min(self.window_bytes)];
                    if window.len() == self.window_bytes || file.at_end() {
                        if let Some(found) = outside_of_cdata(pattern, window) {
                            return Ok(Some(found));
                        }
                        searched = window.len();
                        if !passes {
                            return Ok(None);
                        }
                    }
                }
            }
            if passes {
                let passed = searched - matched;
                file.consume(passed);
                searched -= passed;
            }
            if file.at_end() && file.unread().len() == searched {
                return Ok(None);
            }
            if !file.at_end() {
                file.fill()?;
            }
        }
    }
}

/// The first tag that is not within `CDATA[` and `]]>`. Where a window begins it is not known whether it is within; a tag before
/// the first of these signs counts, unless that sign ends a section.
fn outside_of_cdata(pattern: &Regex, window: &[u8]) -> Option<Found> {
    let (mut inside, mut candidate) = (false, None);
    for groups in pattern.captures_iter(window) {
        if groups.get(1).is_some() {
            if candidate.is_some() {
                return candidate;
            }
            inside = true;
        } else if groups.get(2).is_some() {
            (inside, candidate) = (false, None);
        } else if let Some(tag) = groups.get(3).filter(|_| !inside) {
            candidate.get_or_insert(Found { start: tag.start(), end: tag.end() });
        }
    }
    candidate
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::{Inputs, OpenFiles};

    fn records(specification: &str, text: &str) -> Vec<(u64, String)> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pages.xml");
        std::fs::write(&path, text).unwrap();
        let (tags, mut records) = (Tags::parse(specification).unwrap(), Vec::new());
        let scanned = Inputs::default().scan::<OpenFiles>(&[path], |mut file| {
            tags.each(&mut file, |offset, text| {
                records.push((offset, String::from_utf8(text.to_vec()).unwrap()));
                Ok(())
            })?;
            Ok(std::ops::ControlFlow::Continue(()))
        });
        scanned.unwrap();
        records
    }

    #[test]
    fn a_record_reaches_from_tag_to_tag() {
        let plain = "StreamXmlRecordReader,begin=<p>,end=</p>";
        let slow = "StreamXmlRecordReader,begin=<p>,end=</p>,slowmatch=true";
        type Case = (&'static str, &'static str, &'static [(u64, &'static str)]);
        let cases: [Case; 7] = [
            (plain, "x<p>a\nb</p> <p></p>z", &[(1, "<p>a\nb</p>"), (12, "<p></p>")]),
            (plain, "<p>a<p>b</p></p>", &[(0, "<p>a<p>b</p>")]),
            (plain, "<<p>a</p>", &[]),
            (plain, "<p>no end", &[]),
            (plain, "", &[]),
            (slow, "<p>a</p><p><![CDATA[</p>]]></p>", &[(0, "<p>a</p>"), (8, "<p><![CDATA[</p>]]></p>")]),
            ("StreamXmlRecordReader,begin=<[pq]>,end=</[pq]>,slowmatch=true", "<q>a</q>", &[(0, "<q>a</q>")]),
        ];
        for (specification, text, expected) in cases {
            let expected: Vec<(u64, String)> = expected.iter().map(|(at, text)| (*at, (*text).to_owned())).collect();
            assert_eq!(records(specification, text), expected, "{specification} {text}");
        }
    }

    #[test]
    fn a_specification_without_its_tags_is_refused() {
        for (specification, said) in [
            ("StreamXmlRecordReader,begin=<p>", "missing required property: stream.recordreader.end"),
            ("org.example.Reader,begin=a,end=b", "known here is StreamXmlRecordReader"),
            ("StreamXmlRecordReader,begin=(,end=b,slowmatch=true", "begin=("),
            ("StreamXmlRecordReader,begin=a,end=b,maxrec=x", "maxrec=x"),
        ] {
            let error = Tags::parse(specification).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
