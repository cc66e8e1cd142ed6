//! `-find`: the paths at and below a path for which an expression holds.

use std::ffi::{OsStr, OsString};

use super::complaint::{Complaint, Done};
use super::names::{Item, Pattern};
use super::run::Run;
use crate::cli::hadoop::fs_words::Words;
use crate::cli::terminal::to_stdout;

/// A part of the expression: all are joined by "and".
enum Part {
    Name(Pattern),
    /// In lower case.
    NameOfAnyCase(Pattern),
    /// Print the path and this sign.
    Print(u8),
}

/// All words, since the expression comes last.
pub fn words(words: &[OsString]) -> Words<'_> {
    Words::of_paths(&words.iter().map(OsString::as_os_str).collect::<Vec<_>>())
}

/// Carries out `-find`.
pub fn carry_out(run: &mut Run<'_>) -> Done {
    let words = run.words.paths.clone();
    if words.is_empty() {
        return Err(Complaint::Usage("Not enough arguments: expected 1 but got 0".into()));
    }
    let at = words.iter().position(|word| word.as_encoded_bytes().starts_with(b"-")).unwrap_or(words.len());
    let (paths, expression) = words.split_at(at);
    let parts = parts(expression)?;
    run.words.paths = paths.to_vec();
    run.each(|run, item| walk(run, item, &parts))
}

fn parts(words: &[&OsStr]) -> Done<Vec<Part>> {
    let (mut parts, mut words) = (Vec::new(), words.iter());
    while let Some(word) = words.next() {
        let word = word.to_string_lossy();
        match &*word {
            "-name" | "-iname" => {
                let name = words.next().ok_or_else(|| Complaint::Usage(format!("{word} requires 1 argument")))?;
                let pattern = |bytes: &[u8]| Pattern::of(bytes).map_err(Complaint::Usage);
                parts.push(match &*word {
                    "-name" => Part::Name(pattern(name.as_encoded_bytes())?),
                    _ => Part::NameOfAnyCase(pattern(name.to_string_lossy().to_lowercase().as_bytes())?),
                });
            }
            "-print" => parts.push(Part::Print(b'\n')),
            "-print0" => parts.push(Part::Print(0)),
            "-a" | "-and" => {}
            _ => return Err(Complaint::Plain(format!("Unexpected argument: {word}"))),
        }
    }
    if !parts.iter().any(|part| matches!(part, Part::Print(_))) {
        parts.push(Part::Print(b'\n'));
    }
    Ok(parts)
}

fn walk(run: &mut Run<'_>, item: &Item, parts: &[Part]) -> Done {
    for part in parts {
        let name = item.name();
        let holds = match part {
            Part::Name(pattern) => pattern.matches(&name),
            Part::NameOfAnyCase(pattern) => pattern.matches(OsStr::new(&name.to_string_lossy().to_lowercase())),
            Part::Print(end) => {
                // A closed output is nothing to report.
                let _ = to_stdout(|out| {
                    out.write_all(item.shown.as_encoded_bytes())?;
                    out.write_all(&[*end])
                });
                true
            }
        };
        if !holds {
            break;
        }
    }
    let is_link = item.path.symlink_metadata().is_ok_and(|found| found.is_symlink());
    if item.is_dir() && !is_link {
        for child in item.children()? {
            let done = walk(run, &child, parts);
            run.kept(done)?;
        }
    }
    Ok(())
}
