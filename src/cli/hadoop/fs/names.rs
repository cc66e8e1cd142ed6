//! Names on the command line as files of this machine: what a name or a pattern stands for, and how it is shown.
//!
//! | name | file | shown |
//! |---|---|---|
//! | `a/./b/` | `a/b` | `a/b`, or as it was given where there is no such file |
//! | `/a` | `/a` | `/a` |
//! | `file:/a` | `/a` | `file:///a` |
//! | `hdfs://host/a` | `a` in the directory that stands for HDFS | `hdfs:///a` |
//!
//! Patterns match hidden names too. What is written as a pattern is one, also where a file has that very name.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::complaint::{Complaint, Done, MISSING};
use crate::streaming::globs::{braces, local};

/// A file that is there, or that is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// As users read it.
    pub shown: OsString,
    pub path: PathBuf,
}

impl Item {
    /// The file of a name that is no pattern.
    pub fn of(name: &OsStr) -> Done<Self> {
        let place = Place::of(name)?;
        let found = place.item(&place.parts);
        Ok(if found.exists() { found } else { Item { shown: name.to_owned(), path: found.path } })
    }

    pub fn exists(&self) -> bool {
        self.path.metadata().is_ok()
    }

    pub fn is_dir(&self) -> bool {
        self.path.is_dir()
    }

    pub fn name(&self) -> OsString {
        let own = || fs::canonicalize(&self.path).ok()?.file_name().map(OsStr::to_owned);
        self.path.file_name().map(OsStr::to_owned).or_else(own).unwrap_or_default()
    }

    /// A file in this directory.
    pub fn within(&self, name: &OsStr) -> Self {
        let (shown, path) = match self.shown.as_bytes() {
            b"." => (name.to_owned(), PathBuf::from(name)),
            _ => (Path::new(&self.shown).join(name).into_os_string(), self.path.join(name)),
        };
        Item { shown, path }
    }

    /// What is in this directory, in order of the names, without checksum files and links to nothing.
    pub fn children(&self) -> Done<Vec<Self>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(Complaint::at(self))? {
            names.push(entry.map_err(Complaint::at(self))?.file_name());
        }
        names.sort();
        let all = names.iter().filter(|name| !is_checksum(name)).map(|name| self.within(name));
        Ok(all.filter(Item::exists).collect())
    }

    /// A complaint that there is no directory for this file.
    pub fn without_parent(&self) -> Complaint {
        Complaint::of(self, &format!("{MISSING}: `{}'", self.in_full()))
    }

    /// With its scheme, as Hadoop shows it in some messages.
    pub fn in_full(&self) -> String {
        let shown = self.shown.display().to_string();
        if shown.contains(':') {
            return shown;
        }
        let path = std::path::absolute(&self.path).unwrap_or_else(|_| self.path.clone());
        format!("file:{}", path.display())
    }
}

impl AsRef<OsStr> for Item {
    fn as_ref(&self) -> &OsStr {
        &self.shown
    }
}

/// Whether it holds the checksums of another file, as Hadoop writes them beside local files.
fn is_checksum(name: &OsStr) -> bool {
    name.as_bytes().starts_with(b".") && name.as_bytes().ends_with(b".crc")
}

/// A name, taken apart.
struct Place {
    /// What is shown before the parts.
    prefix: &'static str,
    /// The directory in which the parts lie.
    base: PathBuf,
    parts: Vec<Vec<u8>>,
}

impl Place {
    fn of(name: &OsStr) -> Done<Self> {
        let bytes = name.as_bytes();
        if bytes.is_empty() {
            return Err(Complaint::Usage("Can not create a Path from an empty string".into()));
        }
        let path = local(name);
        let (prefix, base, rest) = if bytes.starts_with(b"hdfs:") {
            let root = local(OsStr::new("hdfs:/"));
            let rest = path.strip_prefix(&root).unwrap_or(&path).as_os_str().as_bytes().to_vec();
            ("hdfs:///", root, rest)
        } else if bytes.starts_with(b"file:") {
            if !path.is_absolute() {
                let why = format!("java.net.URISyntaxException: Relative path in absolute URI: {}", name.display());
                return Err(Complaint::Usage(why));
            }
            ("file:///", PathBuf::from("/"), path.into_os_string().into_vec())
        } else if bytes.starts_with(b"/") {
            ("/", PathBuf::from("/"), bytes.to_vec())
        } else {
            ("", PathBuf::new(), bytes.to_vec())
        };
        Ok(Place { prefix, base, parts: parts(&rest) })
    }

    fn item(&self, parts: &[Vec<u8>]) -> Item {
        let joined = OsString::from_vec(parts.join(&b'/'));
        let mut shown = OsString::from(self.prefix);
        shown.push(&joined);
        let path = if parts.is_empty() { self.base.clone() } else { self.base.join(&joined) };
        match shown.is_empty() {
            true => Item { shown: ".".into(), path: ".".into() },
            false => Item { shown, path },
        }
    }
}

/// The parts of a path, without those that say nothing.
fn parts(path: &[u8]) -> Vec<Vec<u8>> {
    let mut parts: Vec<Vec<u8>> = Vec::new();
    for part in path.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." if parts.last().is_some_and(|last| last != b"..") => drop(parts.pop()),
            b".." if path.starts_with(b"/") => {}
            part => parts.push(part.to_vec()),
        }
    }
    parts
}

/// The files that a pattern names, in order; that of the name where it is no pattern, even if there is none.
pub fn expand(name: &OsStr) -> Done<Vec<Item>> {
    if !is_pattern(name.as_bytes()) {
        return Ok(vec![Item::of(name)?]);
    }
    let place = Place::of(name)?;
    let mut found = Vec::new();
    let whole = place.parts.join(&b'/');
    for choice in braces(&whole) {
        let mut known: Vec<Vec<Vec<u8>>> = vec![Vec::new()];
        for part in parts(&choice) {
            known = continued(&place, known, &part)?;
        }
        found.extend(known.iter().map(|parts| place.item(parts)).filter(Item::exists));
    }
    found.sort_by(|a, b| a.shown.cmp(&b.shown));
    found.dedup();
    if found.is_empty() { Err(Complaint::missing(name)) } else { Ok(found) }
}

/// Paths with one part more: the names that match it.
fn continued(place: &Place, known: Vec<Vec<Vec<u8>>>, part: &[u8]) -> Done<Vec<Vec<Vec<u8>>>> {
    let mut next = Vec::new();
    let pattern = Pattern::of(part).map_err(|why| Complaint::Plain(format!("Illegal file pattern: {why}")))?;
    for dir in known {
        let with = |name: &[u8]| [&dir[..], &[name.to_vec()]].concat();
        match &pattern {
            _ if !is_pattern(part) => next.push(with(part)),
            pattern => {
                let dir = place.item(&dir);
                if dir.is_dir() {
                    let children = dir.children()?.into_iter().map(|child| child.name());
                    next.extend(children.filter(|name| pattern.matches(name)).map(|name| with(name.as_bytes())));
                }
            }
        }
    }
    Ok(next)
}

fn is_pattern(name: &[u8]) -> bool {
    name.iter().any(|byte| b"*?[{\\".contains(byte))
}

/// A pattern of names.
pub struct Pattern(Vec<Vec<char>>);

impl Pattern {
    /// # Errors
    /// What is wrong with it, in Hadoop's words.
    pub fn of(pattern: &[u8]) -> Result<Self, String> {
        let shown = String::from_utf8_lossy(pattern);
        let (mut is_escaped, mut in_class, mut depth) = (false, false, 0);
        for sign in shown.chars() {
            match sign {
                _ if is_escaped => is_escaped = false,
                '\\' => is_escaped = true,
                '[' => in_class = true,
                ']' => in_class = false,
                '{' => depth += 1,
                '}' if depth > 0 => depth -= 1,
                _ => {}
            }
        }
        let wrong =
            |what: &str| format!("error parsing regexp: Unclosed {what} at pos {}: `{shown}`", shown.chars().count());
        if in_class {
            return Err(wrong("character class"));
        }
        if depth > 0 {
            return Err(wrong("group"));
        }
        let choices = braces(pattern).into_iter();
        Ok(Pattern(choices.map(|choice| String::from_utf8_lossy(&choice).chars().collect()).collect()))
    }

    pub fn matches(&self, name: &OsStr) -> bool {
        let name: Vec<char> = name.to_string_lossy().chars().collect();
        self.0.iter().any(|pattern| is_match(pattern, &name))
    }
}

fn is_match(pattern: &[char], name: &[char]) -> bool {
    match (pattern, name) {
        ([], []) => true,
        (['*', rest @ ..], _) => (0..=name.len()).any(|skipped| is_match(rest, &name[skipped..])),
        (['?', rest @ ..], [_, name @ ..]) => is_match(rest, name),
        (['[', rest @ ..], [sign, name @ ..]) => {
            let Some(end) = rest.iter().position(|sign| *sign == ']') else { return false };
            in_class(&rest[..end], *sign) && is_match(&rest[end + 1..], name)
        }
        (['\\', wanted, rest @ ..] | [wanted, rest @ ..], [sign, name @ ..]) => wanted == sign && is_match(rest, name),
        _ => false,
    }
}

fn in_class(class: &[char], sign: char) -> bool {
    match class {
        ['^' | '!', rest @ ..] => !rest.is_empty() && !in_class(rest, sign),
        [first, '-', last, rest @ ..] => (first..=last).contains(&&sign) || in_class(rest, sign),
        [one, rest @ ..] => *one == sign || in_class(rest, sign),
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_what_says_nothing() {
        for (path, expected) in [("./a/../b//c/", "b/c"), ("/../a", "a"), ("../a", "../a"), (".", "")] {
            assert_eq!(parts(path.as_bytes()).join(&b'/'), expected.as_bytes(), "{path}");
        }
    }

    #[test]
    fn patterns_match_hidden_names_and_refuse_what_is_open() {
        for (pattern, name, expected) in [
            ("*", ".a", true),
            ("*", "_a", true),
            ("a?", "aé", true),
            ("[^a]", "b", true),
            ("[!a-c]", "b", false),
            ("{a,b}c", "bc", true),
            ("\\*", "*", true),
            ("\\*", "a", false),
        ] {
            assert_eq!(
                Pattern::of(pattern.as_bytes()).unwrap().matches(OsStr::new(name)),
                expected,
                "{pattern} {name}"
            );
        }
        let why = |pattern: &str| Pattern::of(pattern.as_bytes()).err().unwrap();
        assert_eq!(why("[a"), "error parsing regexp: Unclosed character class at pos 2: `[a`");
        assert_eq!(why("{a"), "error parsing regexp: Unclosed group at pos 2: `{a`");
    }
}
