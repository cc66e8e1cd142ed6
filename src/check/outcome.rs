//! The output of a run, and what differs between two.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use walkdir::WalkDir;

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
    /// Every file.
    Files,
    /// The parts one after another.
    Joined,
    /// The lines, in any order.
    Lines,
}

/// Compares two outcomes; `None` where they agree.
pub(super) fn difference(one: &Outcome, other: &Outcome, same: Same) -> Option<Difference> {
    match (&one.files, &other.files) {
        (Ok(one), Ok(other)) => differing_files(one, other, same),
        (Ok(_), Err(error)) => Some(Difference::Fails(error.clone())),
        (Err(_), _) => None,
    }
}

fn differing_files(one: &Files, other: &Files, same: Same) -> Option<Difference> {
    if one == other {
        return None;
    }
    let joined = [one.joined(), other.joined()];
    let sorted = joined.each_ref().map(|files| files.iter().map(|(name, bytes)| (name, sorted_lines(bytes))).collect());
    let [of_one, of_other]: [BTreeMap<_, _>; 2] = sorted;
    if of_one != of_other {
        let only = |of: &BTreeMap<&String, Vec<&[u8]>>, not: &BTreeMap<&String, Vec<&[u8]>>| {
            let lines =
                of.iter().flat_map(|(name, lines)| missing(lines, not.get(name).map_or(&[][..], Vec::as_slice)));
            lines.take(SHOWN).map(|line| String::from_utf8_lossy(line).into_owned()).collect()
        };
        return Some(Difference::Lines { only_one: only(&of_one, &of_other), only_other: only(&of_other, &of_one) });
    }
    let agree = match same {
        Same::Files => false,
        Same::Joined => joined[0] == joined[1],
        Same::Lines => true,
    };
    (!agree).then(|| place(one, other))
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
        assert_eq!(difference(&one, &other, Same::Lines), None);
        assert!(matches!(difference(&one, &other, Same::Joined), Some(Difference::Places(_))));
        assert_eq!(difference(&one, &one, Same::Files), None);
        let map_only = outcome(&[("part-m", "a\nb\nc\n")]);
        assert_eq!(difference(&map_only, &one, Same::Joined), None, "a reference has as many parts as reducers");
        let page = outcome(&[("page", "a\nb\nc\n")]);
        assert!(difference(&map_only, &page, Same::Lines).is_some(), "other files have names");
    }

    #[test]
    fn a_difference_shows_the_lines_that_one_alone_has() {
        let one = outcome(&[("part-r-00000", "a\na\nb\nx\n")]);
        let other = outcome(&[("part-r-00000", "a\nb\nb\n")]);
        let Some(Difference::Lines { only_one, only_other }) = difference(&one, &other, Same::Lines) else { panic!() };
        assert_eq!((only_one, only_other), (vec!["a".to_owned(), "x".to_owned()], vec!["b".to_owned()]));
    }
}
