//! `-ls`: files and what is in directories, in columns as wide as the widest of a directory.

use std::cmp::Reverse;
use std::ffi::OsString;
use std::fs::Metadata;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::time::SystemTime;

use super::complaint::{Complaint, Done};
use super::names::Item;
use super::run::{Run, print, print_path};
use crate::cli::hadoop::fs_words::{Words, mode_bits, size};
use crate::cli::hadoop::times::minutes;

/// Carries out `-ls`.
pub fn carry_out(run: &mut Run<'_>) -> Done {
    if run.words.has(&["-e"]) {
        return Err(Complaint::Usage("FileSystem file:/// does not support Erasure Coding".into()));
    }
    run.each(|run, item| {
        if item.is_dir() && !run.words.has(&["-d"]) {
            return list(run, item);
        }
        print_all(&run.words, &[(item.clone(), found(item)?)]);
        Ok(())
    })
}

fn found(item: &Item) -> Done<Metadata> {
    item.path.metadata().map_err(Complaint::at(item))
}

fn list(run: &mut Run<'_>, dir: &Item) -> Done {
    let mut entries = Vec::new();
    for child in dir.children()? {
        let facts = found(&child)?;
        entries.push((child, facts));
    }
    sort(&mut entries, &run.words);
    if !run.words.has(&["-R"]) {
        if !entries.is_empty() && !run.words.has(&["-C"]) {
            print(format_args!("Found {} items", entries.len()));
        }
        print_all(&run.words, &entries);
        return Ok(());
    }
    // Widths are those of the directory, also where the lines of others come between.
    let lines = lines(&run.words, &entries);
    for ((item, facts), line) in entries.iter().zip(lines) {
        print_path(&line, &named(item, &run.words));
        let is_link = item.path.symlink_metadata().is_ok_and(|found| found.is_symlink());
        if facts.is_dir() && !is_link {
            let done = list(run, item);
            run.kept(done)?;
        }
    }
    Ok(())
}

fn time(facts: &Metadata, words: &Words<'_>) -> SystemTime {
    let time = if words.has(&["-u"]) { facts.accessed() } else { facts.modified() };
    time.unwrap_or(SystemTime::UNIX_EPOCH)
}

fn sort(entries: &mut [(Item, Metadata)], words: &Words<'_>) {
    if words.has(&["-t"]) {
        entries.sort_by_key(|(_, facts)| Reverse(time(facts, words)));
    } else if words.has(&["-S"]) {
        entries.sort_by_key(|(_, facts)| Reverse(facts.len()));
    }
    if words.has(&["-r"]) {
        entries.reverse();
    }
}

fn print_all(words: &Words<'_>, entries: &[(Item, Metadata)]) {
    for ((item, _), line) in entries.iter().zip(lines(words, entries)) {
        print_path(&line, &named(item, words));
    }
}

/// The path, with `?` for what cannot be printed where that is wanted.
fn named(item: &Item, words: &Words<'_>) -> OsString {
    if !words.has(&["-q"]) {
        return item.shown.clone();
    }
    item.shown
        .to_string_lossy()
        .chars()
        .map(|sign| if sign.is_control() { '?' } else { sign })
        .collect::<String>()
        .into()
}

/// What stands before the paths.
fn lines(words: &Words<'_>, entries: &[(Item, Metadata)]) -> Vec<String> {
    if words.has(&["-C"]) {
        return vec![String::new(); entries.len()];
    }
    let columns: Vec<_> =
        entries.iter().map(|(_, facts)| (user(facts), group(facts), size(facts.len(), words))).collect();
    let widest = |width: &dyn Fn(&(String, String, String)) -> usize| columns.iter().map(width).max().unwrap_or(0);
    let (users, groups) = (widest(&|row| row.0.chars().count()), widest(&|row| row.1.chars().count()));
    let sizes = widest(&|row| row.2.len()).max(10);
    let line = |(_, facts): &(Item, Metadata), (user, group, size): &(String, String, String)| {
        let (kind, copies) = if facts.is_dir() { ("d", "-") } else { ("-", "1") };
        let (bits, time) = (mode_bits(facts.permissions().mode()), minutes(time(facts, words)));
        format!("{kind}{bits}   {copies} {user:<users$} {group:<groups$} {size:>sizes$} {time} ")
    };
    entries.iter().zip(&columns).map(|(entry, row)| line(entry, row)).collect()
}

/// The name of a file's owner.
pub fn user(facts: &Metadata) -> String {
    let user = nix::unistd::User::from_uid(facts.uid().into()).ok().flatten();
    user.map_or_else(|| facts.uid().to_string(), |user| user.name)
}

/// The name of a file's group.
pub fn group(facts: &Metadata) -> String {
    let group = nix::unistd::Group::from_gid(facts.gid().into()).ok().flatten();
    group.map_or_else(|| facts.gid().to_string(), |group| group.name)
}
