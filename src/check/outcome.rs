//! The output of a run, and what differs between two.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use walkdir::WalkDir;

use crate::check::rounding;
use crate::error::{Error, Result};

/// Lines of a difference that are kept.
const SHOWN: usize = 5;

/// The files of an output, by their names below its directory, but for those whose names are hidden. The parts of a
/// map-only job are one file, since there are as many as splits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Files(BTreeMap<String, Vec<u8>>);

impl Files {
    /// Reads an output.
    pub fn read(dir: &Path) -> Result<Self> {
        let mut files = BTreeMap::<String, Vec<u8>>::new();
        let is_shown = |entry: &walkdir::DirEntry| {
            entry.depth() == 0 || !matches!(entry.file_name().as_encoded_bytes().first(), Some(b'_' | b'.'))
        };
        for entry in WalkDir::new(dir).sort_by_file_name().into_iter().filter_entry(is_shown) {
            let entry = entry.map_err(|error| Error::user(format!("cannot read the output: {error}")))?;
            if !entry.file_type().is_file() {
                continue;
            }
            let name = entry.path().strip_prefix(dir).unwrap_or(entry.path()).to_string_lossy().into_owned();
            let name = if is_part(&name, 'm') { name[..name.len() - 6].to_owned() } else { name };
            let bytes = fs::read(entry.path()).map_err(Error::at("read", entry.path()))?;
            files.entry(name).or_default().extend(bytes);
        }
        Ok(Files(files))
    }

    /// The parts one after another under one name, which is that of the directory; other files as they are.
    fn joined(&self) -> BTreeMap<String, Vec<u8>> {
        let mut joined = BTreeMap::<String, Vec<u8>>::new();
        for (name, bytes) in &self.0 {
            let is_part = is_part(name, 'r') || name.ends_with("part-m");
            let directory = name.rsplit_once('/').map_or("", |(directory, _)| directory);
            let name = if is_part { format!("{directory}/part") } else { name.clone() };
            joined.entry(name).or_default().extend(bytes);
        }
        joined
    }
}

/// Whether the last name of a path is `part-r-00000` or another of the kind.
fn is_part(path: &str, kind: char) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let number =
        name.strip_prefix("part-").and_then(|rest| rest.strip_prefix(kind)).and_then(|rest| rest.strip_prefix('-'));
    number.is_some_and(|number| number.len() == 5 && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The result of a run.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub files: Result<Files, String>,
    /// Groups that its reducers were given.
    pub groups: u64,
    /// Whether anything was combined.
    pub combined: bool,
}

impl Outcome {
    /// The output.
    ///
    /// # Errors
    /// The error with which the run failed.
    pub fn output(&self) -> Result<&Files> {
        self.files.as_ref().map_err(|error| Error::user(error.clone()))
    }
}

/// What differs between two runs.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Difference {
    /// The second run fails.
    Fails(String),
    /// Lines that only the first output has, and lines that only the second one has: the first ones of each.
    Lines {
        /// Of the first output.
        only_one: Vec<String>,
        /// Of the second output.
        only_other: Vec<String>,
    },
    /// Both have the same lines, in other files or in another order; the file, and the first line where it is so.
    Places(String),
}

impl Difference {
    /// Whether it is of the same kind: an input is not made smaller until it shows another mistake.
    pub(super) fn is_like(&self, other: &Difference) -> bool {
        matches!(self, Difference::Fails(_)) == matches!(other, Difference::Fails(_))
    }
}

/// What must be the same in two outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Same {
    /// Every byte of every file.
    Bytes,
    /// Every file, but for the rounding of numbers. So it is with those below.
    Files,
    /// The parts one after another.
    Joined,
    /// The lines, in any order.
    Lines,
}

/// What became of the comparison of two outcomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Compared {
    Same,
    /// Numbers differ by rounding alone: the first two lines with such a number.
    Rounded([String; 2]),
    Differs(Difference),
}

impl Compared {
    /// What differs, where it is more than rounding.
    pub fn difference(self) -> Option<Difference> {
        if let Compared::Differs(difference) = self { Some(difference) } else { None }
    }
}

/// Compares two outcomes.
pub(super) fn compare(one: &Outcome, other: &Outcome, same: Same) -> Compared {
    match (&one.files, &other.files) {
        (Ok(one), Ok(other)) => compare_files(one, other, same),
        (Ok(_), Err(error)) => Compared::Differs(Difference::Fails(error.clone())),
        (Err(_), _) => Compared::Same,
    }
}

fn compare_files(one: &Files, other: &Files, same: Same) -> Compared {
    if one == other {
        return Compared::Same;
    }
    let joined = [one.joined(), other.joined()];
    let sorted = joined.each_ref().map(|files| files.iter().map(|(name, bytes)| (name, sorted_lines(bytes))).collect());
    let [of_one, of_other]: [BTreeMap<_, _>; 2] = sorted;
    if of_one != of_other {
        let rounded = match same {
            Same::Bytes => None,
            Same::Files => rounded_in_place(&one.0, &other.0),
            Same::Joined => rounded_in_place(&joined[0], &joined[1]),
            Same::Lines => rounded_anywhere(&of_one, &of_other),
        };
        if let Some(lines) = rounded {
            return Compared::Rounded(lines);
        }
        let only = |of: &SortedLines<'_>, not: &SortedLines<'_>| {
            let lines =
                of.iter().flat_map(|(name, lines)| missing(lines, not.get(*name).map_or(&[][..], Vec::as_slice)));
            lines.take(SHOWN).map(|line| String::from_utf8_lossy(line).into_owned()).collect()
        };
        let (only_one, only_other) = (only(&of_one, &of_other), only(&of_other, &of_one));
        return Compared::Differs(Difference::Lines { only_one, only_other });
    }
    let agree = match same {
        Same::Bytes | Same::Files => false,
        Same::Joined => joined[0] == joined[1],
        Same::Lines => true,
    };
    if agree { Compared::Same } else { Compared::Differs(place(one, other)) }
}

/// The lines of files, in order, by the names of the files.
type SortedLines<'l> = BTreeMap<&'l String, Vec<&'l [u8]>>;

/// The first two lines that differ, where all lines are the same but for rounding, each in its place.
fn rounded_in_place(one: &BTreeMap<String, Vec<u8>>, other: &BTreeMap<String, Vec<u8>>) -> Option<[String; 2]> {
    let mut first = None;
    if !one.keys().eq(other.keys()) {
        return None;
    }
    for (one, other) in one.values().zip(other.values()) {
        rounding::each_pair(&mut lines(one), &mut lines(other), &mut first)?;
    }
    first
}

/// The same for lines in any order.
fn rounded_anywhere(one: &SortedLines<'_>, other: &SortedLines<'_>) -> Option<[String; 2]> {
    let mut first = None;
    if !one.keys().eq(other.keys()) {
        return None;
    }
    for (one, other) in one.values().zip(other.values()) {
        let [one, other] = [missing(one, other), missing(other, one)].map(rounding::in_order);
        rounding::each_pair(&mut one.into_iter(), &mut other.into_iter(), &mut first)?;
    }
    first
}

/// The first place at which outputs with the same lines differ.
fn place(one: &Files, other: &Files) -> Difference {
    let differing = one.0.iter().find(|(name, bytes)| other.0.get(*name) != Some(bytes));
    Difference::Places(match differing {
        None => "the second run has more files".to_owned(),
        Some((name, bytes)) => {
            let others = other.0.get(name).map_or(&[][..], Vec::as_slice);
            let line = lines(bytes).zip(lines(others)).take_while(|(line, other)| line == other).count();
            let line_of = |bytes| lines(bytes).nth(line).map_or("nothing".into(), String::from_utf8_lossy);
            format!("line {} of {name} is {:?}, and {:?}", line + 1, line_of(bytes), line_of(others))
        }
    })
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.strip_suffix(b"\n").unwrap_or(bytes).split(|byte| *byte == b'\n')
}

fn sorted_lines(bytes: &[u8]) -> Vec<&[u8]> {
    let mut lines: Vec<&[u8]> = lines(bytes).collect();
    lines.sort_unstable();
    lines
}

/// The lines that are in the first sorted list more often than in the second.
fn missing<'l>(of: &[&'l [u8]], not: &[&'l [u8]]) -> Vec<&'l [u8]> {
    let (mut missing, mut rest) = (Vec::new(), not);
    for line in of {
        rest = &rest[rest.partition_point(|other| other < line)..];
        match rest.split_first() {
            Some((first, after)) if first == line => rest = after,
            _ => missing.push(*line),
        }
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(files: &[(&str, &str)]) -> Outcome {
        let files = files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect();
        Outcome { files: Ok(Files(files)), groups: 0, combined: false }
    }

    #[test]
    fn lines_are_compared_wherever_they_lie_and_bytes_where_they_do() {
        let one = outcome(&[("part-r-00000", "a\nb\n"), ("part-r-00001", "c\n")]);
        let other = outcome(&[("part-r-00000", "b\na\nc\n")]);
        assert_eq!(compare(&one, &other, Same::Lines), Compared::Same);
        assert!(matches!(compare(&one, &other, Same::Joined), Compared::Differs(Difference::Places(_))));
        assert_eq!(compare(&one, &one, Same::Files), Compared::Same);
        let map_only = outcome(&[("part-m", "a\nb\nc\n")]);
        assert_eq!(compare(&map_only, &one, Same::Joined), Compared::Same, "a reference has as many parts as reducers");
        let page = outcome(&[("page", "a\nb\nc\n")]);
        assert!(compare(&map_only, &page, Same::Lines).difference().is_some(), "other files have names");
    }

    #[test]
    fn a_difference_shows_the_lines_that_one_alone_has() {
        let one = outcome(&[("part-r-00000", "a\na\nb\nx\n")]);
        let other = outcome(&[("part-r-00000", "a\nb\nb\n")]);
        let Compared::Differs(Difference::Lines { only_one, only_other }) = compare(&one, &other, Same::Lines) else {
            panic!()
        };
        assert_eq!((only_one, only_other), (vec!["a".to_owned(), "x".to_owned()], vec!["b".to_owned()]));
    }

    #[test]
    fn numbers_that_are_rounded_otherwise_are_told_apart_from_others() {
        let one = outcome(&[("part-r-00000", "a\t19.999999999999996\nb\t2\n")]);
        let lines = ["a\t19.999999999999996", "a\t20.0"].map(str::to_owned);
        for (other, files, any_order) in [
            ("a\t20.0\nb\t2\n", Some(&lines), Some(&lines)),
            ("b\t2\na\t20.0\n", None, Some(&lines)),
            ("a\t20.0\nb\t3\n", None, None),
            ("a\t20.1\nb\t2\n", None, None),
            ("a\t20.0\nb\t2\nb\t2\n", None, None),
        ] {
            let other = outcome(&[("part-r-00000", other)]);
            for (same, rounded) in [(Same::Bytes, None), (Same::Files, files), (Same::Lines, any_order)] {
                let got = compare(&one, &other, same);
                match rounded {
                    Some(lines) => assert_eq!(got, Compared::Rounded(lines.clone()), "{same:?}"),
                    None => assert!(got.difference().is_some(), "{same:?}"),
                }
            }
        }
    }
}
