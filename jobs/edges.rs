//! Graph inputs: an edge a line, `a TAB b`; and the order of node ids.
//!
//! Files below this one have what the graph jobs share: numbers for nodes whose ids are small numbers ([`nodes`]) and for
//! others ([`names`]), lists of [`neighbours`], links in [`tiles`], and a whole [`graph`] for the references.

pub mod bits;
pub mod graph;
pub mod names;
pub mod neighbours;
pub mod nodes;
pub mod tiles;

use std::fmt;
use std::path::PathBuf;

use clap::ValueEnum;
use twinmill::prelude::*;
use twinmill::record::{Key, ToKey};

use crate::jobs::shown::{Shown, wrong_line};

/// Edges looked at to cut the ids into ranges of about equal weight.
const SAMPLE_EDGES: usize = 10_000;

/// The kind of a graph's node ids.
///
/// Inside the jobs an id is the bytes that it is [encoded](Ids::encode) to: they have the order of the ids, and none is
/// the beginning of another, so that ids can follow one another in a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Ids {
    /// Byte strings, in byte order
    Text,
    /// Unsigned integers below 2^64, in numeric order: 007 and 7 are one node, which is printed as 7
    Number,
}

impl Ids {
    /// Appends the encoding of an id as it stands in a line or an option.
    pub fn encode(self, id: &[u8], out: &mut Vec<u8>) -> Result<()> {
        match self {
            Ids::Text => ToKey::<Vec<u8>>::encode_part(&id, out),
            Ids::Number => {
                let number = std::str::from_utf8(id).ok().and_then(|text| text.parse::<u64>().ok());
                let number = number.ok_or_else(|| Error::wrong_input(NoNumber(id).to_string()))?;
                ToKey::<u64>::encode_part(&number, out);
            }
        }
        Ok(())
    }

    /// Decodes an id and returns it as it is printed.
    pub fn text(self, encoded: &[u8]) -> Result<Vec<u8>> {
        match self {
            Ids::Text => <Vec<u8> as Key>::decode_part(&mut &*encoded),
            Ids::Number => Ok(u64::decode(encoded)?.to_string().into_bytes()),
        }
    }

    /// Bytes of the id at the front of `encoded`.
    pub fn first_len(self) -> fn(&[u8]) -> usize {
        match self {
            // An id ends with 00 01; a 00 of its own is followed by FF.
            Ids::Text => |ids| {
                let mut ends = memchr::memmem::find_iter(ids, &[0, 1]);
                ends.next().expect("ids are encoded here") + 2
            },
            Ids::Number => |_| size_of::<u64>(),
        }
    }
}

/// An edge as its two encoded ids, one after the other.
#[derive(Clone, Debug, Default)]
pub struct Edge {
    bytes: Vec<u8>,
    source_len: usize,
}

impl Edge {
    /// Reads a line; `false` where it is empty or a comment.
    pub fn parse(&mut self, line: &[u8], ids: Ids) -> Result<bool> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() || line[0] == b'#' {
            return Ok(false);
        }
        let wrong = || no_edge(line);
        let tab = memchr::memchr(b'\t', line).ok_or_else(wrong)?;
        let (source, target) = (&line[..tab], &line[tab + 1..]);
        if source.is_empty() || target.is_empty() || memchr::memchr(b'\t', target).is_some() {
            return Err(wrong());
        }
        self.bytes.clear();
        let mut encode = |id: &[u8]| {
            ids.encode(id, &mut self.bytes).map_err(|_| wrong_line(line, NoNumber(id), ""))?;
            Ok::<_, Error>(self.bytes.len())
        };
        self.source_len = encode(source)?;
        encode(target)?;
        Ok(true)
    }

    /// The encoded id of the edge's source.
    pub fn source(&self) -> &[u8] {
        &self.bytes[..self.source_len]
    }

    /// The encoded id of the edge's target.
    pub fn target(&self) -> &[u8] {
        &self.bytes[self.source_len..]
    }
}

/// An id that is no number, for messages.
struct NoNumber<'i>(&'i [u8]);

impl fmt::Display for NoNumber<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let NoNumber(id) = self;
        let too_large = if !id.is_empty() && id.iter().all(u8::is_ascii_digit) { " of 64 bits" } else { "" };
        write!(f, "{} is no unsigned integer{too_large} (--ids number)", Shown(id))
    }
}

#[cold]
fn no_edge(line: &[u8]) -> Error {
    let hint = match line.iter().find(|byte| matches!(byte, b'\t' | b',' | b';' | b' ')) {
        Some(b'\t') if line.contains(&b'\r') => "; a CR alone ends no line",
        Some(b'\t') | None => "",
        Some(b',') => "; a comma separates no ids",
        Some(b';') => "; a semicolon separates no ids",
        Some(_) => "; a space separates no ids",
    };
    Error::wrong_input(format!("{} is no edge: two ids with a TAB between them{hint}", Shown(line)))
}

/// The encoded ids of both ends of some edges from all over the input.
pub fn sample_ids(inputs: &[PathBuf], ids: Ids, seen: &Inputs) -> Result<Vec<Box<[u8]>>> {
    let (mut edge, mut sample) = (Edge::default(), Vec::new());
    seen.sample::<Lines>(inputs, SAMPLE_EDGES, |line| {
        // The mapper refuses a line that is no edge, or skips it; here it is passed over.
        if edge.parse(&line, ids).unwrap_or(false) {
            sample.extend([edge.source().into(), edge.target().into()]);
        }
        Ok(())
    })?;
    Ok(sample)
}

/// Cuts the ids into ranges that have about equally many ends of edges.
pub fn id_ranges(inputs: &[PathBuf], ids: Ids, ranges: u32, seen: &Inputs) -> Result<TotalOrderPartitioner> {
    let sample = if ranges > 1 { sample_ids(inputs, ids, seen)? } else { Vec::new() };
    Ok(TotalOrderPartitioner::from_sample(sample, ranges))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str, ids: Ids) -> Result<Option<(Vec<u8>, Vec<u8>)>> {
        let mut edge = Edge::default();
        Ok(edge
            .parse(line.as_bytes(), ids)?
            .then(|| (ids.text(edge.source()).unwrap(), ids.text(edge.target()).unwrap())))
    }

    #[test]
    fn edges_are_two_ids_with_a_tab_between_them() {
        assert_eq!(parse("a b\tc\r", Ids::Text).unwrap(), Some((b"a b".to_vec(), b"c".to_vec())));
        assert_eq!(parse("007\t18446744073709551615", Ids::Number).unwrap().unwrap().1, b"18446744073709551615");
        for skipped in ["", "\r", "# a\tb"] {
            assert_eq!(parse(skipped, Ids::Text).unwrap(), None, "{skipped:?}");
        }
        for wrong in ["a", "a b", "a\t", "\tb", "a\tb\tc"] {
            assert!(parse(wrong, Ids::Text).is_err(), "{wrong:?}");
        }
        assert!(parse("1\t-2", Ids::Number).unwrap_err().to_string().contains("'-2' is no unsigned integer"));
    }

    #[test]
    fn what_may_be_wrong_with_an_edge_is_said() {
        let says = |line: &str, ids, what: &str| {
            let error = parse(line, ids).unwrap_err().to_string();
            assert!(error.contains(what), "{line:?}: {error}");
        };
        says("a b", Ids::Text, "a space separates no ids");
        says("a, b", Ids::Text, "a comma separates no ids");
        says("a;b", Ids::Text, "a semicolon separates no ids");
        says("a\tb\rc\td\r", Ids::Text, "a CR alone ends no line");
        says("1\t18446744073709551616", Ids::Number, "no unsigned integer of 64 bits");
        says("   ", Ids::Text, "no edge");
        says(&"x".repeat(1 << 20), Ids::Text, "… (1048576 bytes)");
    }

    #[test]
    fn ids_are_whatever_bytes_there_are() {
        for (line, source, target) in
            [("#\u{0}", "", ""), (" \t#1 ", " ", "#1 "), ("a\0b\té", "a\0b", "é"), ("\0\t\0\0", "\0", "\0\0")]
        {
            let expected = (!source.is_empty()).then(|| (source.as_bytes().to_vec(), target.as_bytes().to_vec()));
            assert_eq!(parse(line, Ids::Text).unwrap(), expected, "{line:?}");
        }
    }

    #[test]
    fn encoded_ids_have_the_order_of_the_ids_and_can_be_told_apart() {
        let encode = |id: &str, ids: Ids| {
            let mut out = Vec::new();
            ids.encode(id.as_bytes(), &mut out).unwrap();
            out
        };
        assert!(encode("9", Ids::Number) < encode("10", Ids::Number));
        assert!(encode("10", Ids::Text) < encode("9", Ids::Text));
        assert!(
            encode("a", Ids::Text) < encode("a\0", Ids::Text) && encode("a\0", Ids::Text) < encode("aa", Ids::Text)
        );
        for ids in [Ids::Text, Ids::Number] {
            let one = encode("12", ids);
            let both = [one.clone(), encode("7", ids)].concat();
            assert_eq!(ids.first_len()(&both), one.len());
        }
    }
}
