//! Reads what a program says on standard error: counters, status, and last words.
//!
//! | line | meaning |
//! |---|---|
//! | `reporter:counter:GROUP,NAME,N` | adds N, which may be negative, to a counter |
//! | `reporter:status:TEXT` | a sign of life |
//! | any other | is passed on to this process's standard error |

use std::collections::{HashSet, VecDeque};
use std::io::Write;
use std::sync::Mutex;

use crate::observe::activity::lock;

/// Lines that are kept for an error. The last ones are shown; the cause may stand before them.
const KEPT_LINES: usize = 200;
/// Bytes that are kept of a line.
const KEPT_BYTES: usize = 4 << 10;
/// Most characters that Hadoop takes of a group's name and of a counter's.
const MOST_GROUP: usize = 128;
const MOST_NAME: usize = 64;
/// Most names that are taken of all programs of a process together.
const MOST_NAMES: usize = 100_000;

/// An addition to a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    pub group: &'static str,
    pub name: &'static str,
    pub n: i64,
}

/// The standard error of one program.
#[derive(Debug)]
pub struct Said {
    prefix: Vec<u8>,
    /// Bytes that may still be passed on.
    room: u64,
    line: Vec<u8>,
    /// Whether what follows the CR that ended a line is its LF.
    after_return: bool,
    last: VecDeque<String>,
    counts: Vec<Count>,
    warnings: Vec<String>,
}

impl Said {
    /// Reads lines that begin with `prefix` as meant for the framework, and passes on so many bytes of others.
    pub fn new(prefix: &str, most_passed_on: u64) -> Self {
        Said {
            prefix: prefix.as_bytes().to_vec(),
            room: most_passed_on,
            line: Vec::new(),
            after_return: false,
            last: VecDeque::new(),
            counts: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Takes more bytes.
    pub fn take(&mut self, mut bytes: &[u8]) {
        while let Some(end) = memchr::memchr2(b'\n', b'\r', bytes) {
            let is_rest_of_end = std::mem::take(&mut self.after_return) && end == 0 && bytes[0] == b'\n';
            if !is_rest_of_end {
                self.keep(&bytes[..end]);
                self.end_line();
            }
            self.after_return = bytes[end] == b'\r';
            bytes = &bytes[end + 1..];
        }
        if !bytes.is_empty() {
            self.after_return = false;
            self.keep(bytes);
        }
    }

    /// Takes the last line, which may lack its end.
    pub fn end(&mut self) {
        if !self.line.is_empty() {
            self.end_line();
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        // A line without end must not take all memory.
        const LONGEST: usize = 1 << 20;
        let room = LONGEST.saturating_sub(self.line.len());
        self.line.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        match line.strip_prefix(self.prefix.as_slice()) {
            Some(report) => self.report(&String::from_utf8_lossy(report), &line),
            None => {
                let bytes = line.len() as u64 + 1;
                self.room = self.room.saturating_sub(bytes);
                if self.room > 0 {
                    // Words that nobody reads any more are lost.
                    let mut stderr = std::io::stderr().lock();
                    let _ = stderr.write_all(&line).and_then(|()| stderr.write_all(b"\n"));
                }
                let kept = &line[..line.len().min(KEPT_BYTES)];
                if self.last.len() == KEPT_LINES {
                    self.last.pop_front();
                }
                self.last.push_back(String::from_utf8_lossy(kept).into_owned());
            }
        }
        self.line = line;
        self.line.clear();
    }

    fn report(&mut self, report: &str, line: &[u8]) {
        if let Some(counter) = report.strip_prefix("counter:") {
            self.count(counter.trim(), line);
        } else if !report.starts_with("status:") {
            self.warn(format!("Cannot parse reporter line: {}", line.escape_ascii()));
        }
    }

    fn count(&mut self, counter: &str, line: &[u8]) {
        // Empty parts at the end are none to Java.
        let parts: Vec<&str> = counter.trim_end_matches(',').split(',').collect();
        let &[group, name, number] = parts.as_slice() else {
            return self.warn(format!("Cannot parse counter line: {}", line.escape_ascii()));
        };
        let Ok(n) = number.parse() else {
            let line = line.escape_ascii();
            return self.warn(format!("Cannot parse counter increment '{number}' from line: {line}"));
        };
        if group.chars().count() > MOST_GROUP || name.chars().count() > MOST_NAME {
            self.warn(format!("Hadoop refuses the counter {group},{name}: its name is too long"));
        }
        let Some((group, name)) = kept_name(group).zip(kept_name(name)) else {
            return self.warn("there are too many different counters; the rest is not counted".into());
        };
        match self.counts.iter_mut().find(|count| count.group == group && count.name == name) {
            Some(count) => count.n = count.n.wrapping_add(n),
            None => self.counts.push(Count { group, name, n }),
        }
    }

    fn warn(&mut self, warning: String) {
        const MOST_WARNINGS: usize = 10;
        if self.warnings.len() < MOST_WARNINGS {
            self.warnings.push(warning);
        }
    }

    /// Takes the counts so far.
    pub fn take_counts(&mut self) -> Vec<Count> {
        std::mem::take(&mut self.counts)
    }

    /// Whether there are warnings to take.
    #[inline]
    pub fn warns(&self) -> bool {
        !self.warnings.is_empty()
    }

    /// Takes the warnings so far.
    pub fn take_warnings(&mut self) -> Vec<String> {
        std::mem::take(&mut self.warnings)
    }

    /// The last lines, without those for the framework.
    pub fn last_words(&self) -> Vec<String> {
        self.last.iter().cloned().collect()
    }
}

/// A name of a counter, kept for the life of the process: the engine's counters have names that live as long. `None` where
/// there are too many.
pub fn kept_name(name: &str) -> Option<&'static str> {
    static NAMES: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);
    let mut names = lock(&NAMES);
    let names = names.get_or_insert_default();
    match names.get(name) {
        Some(kept) => Some(*kept),
        None if names.len() >= MOST_NAMES => None,
        None => {
            let kept: &'static str = Box::leak(name.to_owned().into_boxed_str());
            names.insert(kept);
            Some(kept)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_for_the_framework_are_counted_and_others_kept() {
        for (text, counts, warnings, last) in [
            ("reporter:counter:g,n,3\n", &[("g", "n", 3)][..], 0, &[][..]),
            ("reporter:counter:g,n,3\nreporter:counter:g,n,-5\r\n", &[("g", "n", -2)], 0, &[]),
            ("reporter:counter: g,n ,1", &[("g", "n ", 1)], 0, &[]),
            ("reporter:counter:g,n, 1\n", &[], 1, &[]),
            ("reporter:counter:g,n\n", &[], 1, &[]),
            ("reporter:counter:a,b,c,1\n", &[], 1, &[]),
            ("reporter:status:well\nreporter:what\n", &[], 1, &[]),
            ("one\n reporter:counter:g,n,1\ntwo", &[], 0, &["one", " reporter:counter:g,n,1", "two"]),
        ] {
            let mut said = Said::new("reporter:", u64::MAX);
            for byte in text.bytes() {
                said.take(&[byte]);
            }
            said.end();
            let got: Vec<_> = said.take_counts().iter().map(|count| (count.group, count.name, count.n)).collect();
            assert_eq!((got.as_slice(), said.warnings.len()), (counts, warnings), "{text:?}");
            assert_eq!(said.last_words(), last, "{text:?}");
        }
    }
}
