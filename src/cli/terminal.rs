//! Writes for people: results to stdout, everything else to stderr. An output that its reader has closed is the
//! reader's choice and no error.
//!
//! What is written fits the terminal: lines are as wide as it, or 80 columns where nobody knows, and where the locale is not
//! UTF-8, ASCII stands for the signs that are not in it.

use std::env;
use std::fmt::Display;
use std::io::{self, BufWriter, ErrorKind, IsTerminal, Write};
use std::path::Path;
use std::sync::OnceLock;

use serde::Serialize;

use crate::measure::failure::Failure;

/// The name of this command, once it is known.
static NAME: OnceLock<String> = OnceLock::new();

/// Gives the command its name, for its messages.
pub fn set_name(name: &str) {
    NAME.get_or_init(|| name.to_owned());
}

/// The name of this command.
pub fn name() -> &'static str {
    NAME.get().map_or("twinmill", String::as_str)
}

/// Prints a message that begins with the command's name, on stderr.
pub fn say(line: impl Display) {
    note(format_args!("{}: {line}", name()));
}

/// Writes a line to stderr. On a terminal it is broken between words; a script that reads it finds one line.
pub fn note(line: impl Display) {
    let mut stderr = io::stderr().lock();
    let line = in_locale(&line.to_string());
    let _ =
        if stderr.is_terminal() { writeln!(stderr, "{}", wrapped(&line, width())) } else { writeln!(stderr, "{line}") };
}

/// Columns of the terminal: as `COLUMNS` says, or the terminal itself; 80 where nobody knows.
pub fn width() -> usize {
    const UNKNOWN: usize = 80;
    const LEAST: usize = 30;
    let said = env::var("COLUMNS").ok().and_then(|columns| columns.trim().parse().ok()).filter(|columns| *columns > 0);
    let seen = || {
        let size = terminal_size::terminal_size_of(io::stdout());
        size.or_else(|| terminal_size::terminal_size_of(io::stderr())).map(|(width, _)| usize::from(width.0))
    };
    said.or_else(seen).unwrap_or(UNKNOWN).max(LEAST)
}

/// Whether the locale's characters are UTF-8.
fn is_utf8() -> bool {
    let named = |name| env::var(name).ok().filter(|value| !value.is_empty());
    let locale = named("LC_ALL").or_else(|| named("LC_CTYPE")).or_else(|| named("LANG")).unwrap_or_default();
    let locale = locale.to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

/// The text, in ASCII where the locale is not UTF-8.
pub fn in_locale(text: &str) -> String {
    if is_utf8() { text.to_owned() } else { text.chars().map(|c| ascii(c).unwrap_or_else(|| c.to_string())).collect() }
}

/// ASCII for a sign of this program's own texts.
fn ascii(c: char) -> Option<String> {
    Some(
        match c {
            '×' => "x",
            '–' | '−' | '─' => "-",
            '…' => "...",
            '·' => ".",
            '±' => "+/-",
            '→' => "->",
            '├' | '┤' => "|",
            '┼' => "+",
            '█' | '▉' | '▊' | '▋' | '▌' => "#",
            '▍' | '▎' | '▏' => " ",
            '▁' | '▂' => "_",
            '▃' | '▄' => "-",
            '▅' | '▆' => "=",
            '▇' => "#",
            _ => return None,
        }
        .to_owned(),
    )
}

/// Breaks each line of a text between words, so that it is no wider than `width`. Further lines of a line are indented like
/// its first one; a number stays beside its unit, and a word that is too long stays whole.
pub fn wrapped(text: &str, width: usize) -> String {
    text.split('\n').map(|line| wrapped_line(line, width)).collect::<Vec<_>>().join("\n")
}

fn wrapped_line(line: &str, width: usize) -> String {
    hanging(line, line.chars().take_while(|c| *c == ' ').count(), width)
}

/// Breaks a line between words; the first so many columns stay as they are, and lie empty below.
pub fn hanging(line: &str, columns: usize, width: usize) -> String {
    if line.chars().count() <= width {
        return line.to_owned();
    }
    let (indent, head) = (" ".repeat(columns), line.chars().take(columns).collect::<String>());
    let rest: String = line.chars().skip(columns).collect();
    head + broken(&rest, &indent, width).trim_start()
}

fn broken(line: &str, indent: &str, width: usize) -> String {
    let (mut lines, mut current) = (Vec::new(), indent.to_owned());
    for word in words(line) {
        let is_empty = current.len() == indent.len();
        if !is_empty && current.chars().count() + 1 + word.chars().count() > width {
            lines.push(std::mem::replace(&mut current, indent.to_owned()));
        } else if !is_empty {
            current.push(' ');
        }
        current += &word;
    }
    lines.push(current);
    lines.join("\n")
}

/// The words of a line; a number and its unit are one.
fn words(line: &str) -> Vec<String> {
    const UNITS: [&str; 9] = ["s", "ms", "%", "B", "KiB", "MiB", "GiB", "TiB", "min"];
    let mut words: Vec<String> = Vec::new();
    for word in line.split(' ').filter(|word| !word.is_empty()) {
        let is_unit = UNITS.contains(&word.trim_end_matches([',', '.', ';', ':', ')', ']']));
        match words.last_mut() {
            Some(number) if is_unit && number.ends_with(|c: char| c.is_ascii_digit()) => {
                number.push(' ');
                *number += word;
            }
            _ => words.push(word.to_owned()),
        }
    }
    words
}

/// Writes to stdout. When its reader has gone, the rest is dropped.
///
/// # Errors
/// [`Failure::Library`] where stdout cannot be written for another reason.
pub fn to_stdout(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    let mut stdout = BufWriter::new(io::stdout().lock());
    match write(&mut stdout).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::at("write", Path::new("stdout"))(error)),
        _ => Ok(()),
    }
}

/// Writes JSON to stdout, as people read it.
///
/// # Errors
/// As for [`to_stdout`].
pub fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let json = serde_json::to_string_pretty(value).expect("it has nothing but text and numbers");
    to_stdout(|out| writeln!(out, "{json}"))
}

/// Writes text for people to stdout.
///
/// # Errors
/// As for [`to_stdout`].
pub fn print(text: &str) -> Result<(), Failure> {
    to_stdout(|out| out.write_all(in_locale(text).as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words_and_not_before_a_unit() {
        let text = "disk takes 1.31× as long as memory (0.920 s against 0.700 s).\n  indented and long";
        let expected = "\
disk takes 1.31×
as long as memory
(0.920 s against
0.700 s).
  indented and
  long";
        assert_eq!(wrapped(text, 17), expected);
        assert_eq!(wrapped("a_very_long_word b", 5), "a_very_long_word\nb");
        assert_eq!(wrapped("short", 80), "short");
    }

    #[test]
    fn every_sign_of_a_chart_has_ascii() {
        for c in "█▏▎▍▌▋▊▉▁▂▃▄▅▆▇├─┼┤×–−…±·→".chars() {
            assert!(ascii(c).is_some_and(|text| text.is_ascii()), "{c}");
        }
        assert_eq!(ascii('é'), None);
    }
}
