//! `-cp`, `-mv`, `-put`, `-get`, `-moveFromLocal`, `-getmerge`, `-appendToFile`: files that become other files.
//!
//! 1. Several sources need a directory as their target; a single one may also become a new file in a directory that is there.
//! 2. A directory never goes into itself.
//! 3. A file is written beside its place, as `NAME._COPYING_`, and then renamed, so that a file that is copied to itself, or a
//!    copy that fails, loses nothing.

use std::ffi::OsStr;
use std::fs::{self, File, FileTimes, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use super::complaint::{Complaint, Done};
use super::names::{Item, expand};
use super::run::Run;

/// Carries out one of the commands that have a target.
pub fn transfer(run: &mut Run<'_>) -> Done {
    let (to, from) = match run.words.paths.split_last() {
        Some((only, [])) => (OsStr::new("."), vec![*only]),
        Some((to, from)) => (*to, from.to_vec()),
        None => return Ok(()),
    };
    let of_local = matches!(run.name, "put" | "copyFromLocal" | "moveFromLocal");
    if let Some(count) = run.words.value("-t").filter(|count| count.to_string_lossy().parse::<u32>().is_err()) {
        return Err(Complaint::Usage(format!("For input string: \"{}\"", count.display())));
    }
    let target = match run.name {
        "get" | "copyToLocal" => Item::of(to)?,
        _ => match &expand(to)?[..] {
            [one] => one.clone(),
            _ => return Err(Complaint::Path(to.to_owned(), "Too many matches".into())),
        },
    };
    if of_local && from == ["-"] {
        return write(&in_target(&target, OsStr::new("-")), &mut io::stdin().lock(), run.words.has(&["-f"]));
    }
    let mut sources = Vec::new();
    for name in from {
        match if of_local { Item::of(name).map(|item| vec![item]) } else { expand(name) } {
            Ok(found) => sources.extend(found),
            Err(complaint) => run.complain(complaint)?,
        }
    }
    let replaces = run.words.has(&["-f"]);
    if sources.len() > 1 {
        if !target.exists() {
            return Err(Complaint::missing(&target.shown));
        }
        if !target.is_dir() {
            return Err(Complaint::of(&target, "Is not a directory"));
        }
    } else if target.exists() {
        if !target.is_dir() && !replaces {
            return Err(Complaint::exists(&target));
        }
    } else if target.shown.to_string_lossy().ends_with('/') || !parent_exists(&target) {
        return Err(no_place(&target));
    }
    for source in sources {
        let done = transfer_one(run, &source, &target);
        run.kept(done)?;
    }
    Ok(())
}

fn parent_exists(item: &Item) -> bool {
    item.path.parent().is_none_or(|parent| parent.as_os_str().is_empty() || parent.is_dir())
}

/// Why there is no place for a file: no directory, or a file where it should be.
fn no_place(target: &Item) -> Complaint {
    let path = std::path::absolute(&target.path).unwrap_or_else(|_| target.path.clone());
    match path.ancestors().find(|path| path.exists()) {
        Some(nearest) if !nearest.is_dir() => {
            Complaint::Plain(format!("Destination exists and is not a directory: {}", nearest.display()))
        }
        _ => target.without_parent(),
    }
}

fn in_target(target: &Item, name: &OsStr) -> Item {
    let is_dir = target.is_dir() || target.shown.to_string_lossy().ends_with('/');
    if is_dir { target.within(name) } else { target.clone() }
}

fn transfer_one(run: &mut Run<'_>, source: &Item, target: &Item) -> Done {
    if !source.exists() {
        return Err(Complaint::missing(&source.shown));
    }
    let to = in_target(target, &source.name());
    if source.is_dir() {
        refuse_within_itself(source, &to)?;
    }
    match run.name {
        "mv" => rename(run, source, &to),
        "moveFromLocal" => {
            let is_same = is_same_file(source, &to);
            let complaints = run.complaints;
            copy(run, source, &to)?;
            if is_same || run.complaints > complaints {
                return Ok(());
            }
            remove(source)
        }
        _ => copy(run, source, &to),
    }
}

/// Removes what was copied. What was not, such as a link to nothing, stays, and so do the directories above it.
fn remove(item: &Item) -> Done {
    let is_link = item.path.symlink_metadata().is_ok_and(|found| found.is_symlink());
    if is_link || !item.is_dir() {
        return fs::remove_file(&item.path).map_err(Complaint::at(item));
    }
    item.children()?.iter().try_for_each(remove)?;
    fs::remove_dir(&item.path).map_err(Complaint::at(item))
}

/// Refuses a directory whose place would be itself, or in itself.
fn refuse_within_itself(from: &Item, to: &Item) -> Done {
    let from_path = fs::canonicalize(&from.path).map_err(Complaint::at(from))?;
    let parent = to.path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(".".as_ref());
    let to_path = fs::canonicalize(&to.path)
        .or_else(|_| Ok(fs::canonicalize(parent)?.join(to.path.file_name().unwrap_or_default())));
    let to_path = to_path.map_err(Complaint::at(to))?;
    if to_path == from_path {
        return Err(Complaint::Pair(from.shown.clone(), to.in_full().into(), "are identical"));
    }
    if to_path.starts_with(&from_path) {
        return Err(Complaint::Pair(from.shown.clone(), to.shown.clone(), "is a subdirectory of itself"));
    }
    Ok(())
}

fn rename(run: &mut Run<'_>, from: &Item, to: &Item) -> Done {
    if to.path.symlink_metadata().is_ok() {
        return Err(Complaint::exists(to));
    }
    match fs::rename(&from.path, &to.path) {
        Err(error) if error.kind() == ErrorKind::CrossesDevices => {
            let complaints = run.complaints;
            copy(run, from, to)?;
            if run.complaints == complaints { remove(from) } else { Ok(()) }
        }
        done => done.map_err(Complaint::at(from)),
    }
}

/// Copies a file, or a directory with all that is in it. What cannot be copied is told, and the rest is.
fn copy(run: &mut Run<'_>, from: &Item, to: &Item) -> Done {
    if !from.is_dir() {
        let replaces = run.words.has(&["-f"]);
        if replaces && is_same_file(from, to) {
            return Ok(());
        }
        let mut content = File::open(&from.path).map_err(Complaint::at(from))?;
        write(to, &mut content, replaces)?;
        return keep(run, from, to);
    }
    if to.exists() && !to.is_dir() {
        return Err(Complaint::of(to, "Is not a directory"));
    }
    if !to.exists() {
        fs::create_dir(&to.path).map_err(Complaint::at(to))?;
    }
    for child in from.children()? {
        let done = copy(run, &child, &to.within(&child.name()));
        run.kept(done)?;
    }
    keep(run, from, to)
}

fn is_same_file(a: &Item, b: &Item) -> bool {
    let id = |item: &Item| item.path.metadata().ok().map(|found| (found.dev(), found.ino()));
    id(a).is_some() && id(a) == id(b)
}

/// Keeps times, owner and permissions, if `-p` asks for it.
fn keep(run: &Run<'_>, from: &Item, to: &Item) -> Done {
    if !run.words.flags.iter().any(|flag| flag.starts_with("-p")) {
        return Ok(());
    }
    let found = from.path.metadata().map_err(Complaint::at(from))?;
    // As a user who may not give files away, one keeps what one may.
    let _ = std::os::unix::fs::chown(&to.path, Some(found.uid()), Some(found.gid()));
    fs::set_permissions(&to.path, fs::Permissions::from_mode(found.mode())).map_err(Complaint::at(to))?;
    let (Ok(modified), Ok(accessed)) = (found.modified(), found.accessed()) else { return Ok(()) };
    let times = FileTimes::new().set_modified(modified).set_accessed(accessed);
    File::open(&to.path).and_then(|file| file.set_times(times)).map_err(Complaint::at(to))
}

/// Writes a file as a whole.
fn write(to: &Item, content: &mut dyn Read, replaces: bool) -> Done {
    if to.is_dir() || to.exists() && !replaces {
        return Err(Complaint::exists(to));
    }
    if !parent_exists(to) {
        return Err(to.without_parent());
    }
    written(to, |out| io::copy(content, out).map(drop).map_err(Complaint::at(to)))
}

/// Fills a file beside its place, and moves it there once it is whole.
fn written(to: &Item, fill: impl FnOnce(&mut File) -> Done) -> Done {
    let mut beside = to.path.clone().into_os_string();
    beside.push("._COPYING_");
    let mut out = File::create(&beside).map_err(Complaint::at(to))?;
    let done = fill(&mut out).and_then(|()| fs::rename(&beside, &to.path).map_err(Complaint::at(to)));
    if done.is_err() {
        // The cause is told; what is half is of no use.
        let _ = fs::remove_file(&beside);
    }
    done
}

/// `-getmerge`.
pub fn merge(run: &mut Run<'_>) -> Done {
    let Some((to, names)) = run.words.paths.split_last() else { return Ok(()) };
    let (to, names) = (Item::of(to)?, names.to_vec());
    let mut files = Vec::new();
    for name in names {
        let found = expand(name).and_then(|items| items.iter().map(files_of).collect::<Done<Vec<_>>>());
        match found {
            Ok(found) => files.extend(found.into_iter().flatten()),
            Err(complaint) => run.complain(complaint)?,
        }
    }
    if run.complaints > 0 {
        return Ok(());
    }
    if to.is_dir() {
        return Err(Complaint::is_dir(&to));
    }
    if let Some(parent) = to.path.parent() {
        fs::create_dir_all(parent).map_err(Complaint::at(&to))?;
    }
    let (ends_lines, skips) = (run.words.has(&["-nl"]), run.words.has(&["-skip-empty-file"]));
    written(&to, |out| {
        for file in &files {
            let bytes = File::open(&file.path).and_then(|mut content| io::copy(&mut content, out));
            let bytes = bytes.map_err(Complaint::at(file))?;
            if ends_lines && (bytes > 0 || !skips) {
                out.write_all(b"\n").map_err(Complaint::at(&to))?;
            }
        }
        Ok(())
    })
}

/// A file itself, or the files in a directory.
fn files_of(item: &Item) -> Done<Vec<Item>> {
    if !item.exists() {
        return Err(Complaint::missing(&item.shown));
    }
    if !item.is_dir() {
        return Ok(vec![item.clone()]);
    }
    Ok(item.children()?.into_iter().filter(|child| !child.is_dir()).collect())
}

/// `-appendToFile`.
pub fn append(run: &mut Run<'_>) -> Done {
    let Some((to, from)) = run.words.paths.split_last().filter(|(_, from)| !from.is_empty()) else {
        return Err(Complaint::Plain("missing destination argument".into()));
    };
    let to = Item::of(to)?;
    if to.is_dir() {
        return Err(Complaint::is_dir(&to));
    }
    if !parent_exists(&to) {
        return Err(to.without_parent());
    }
    let mut contents = Vec::new();
    for name in from {
        let content: Box<dyn Read> = match name.to_str() {
            Some("-") => Box::new(io::stdin().lock()),
            _ => {
                let from = Item::of(name)?;
                if from.is_dir() {
                    return Err(Complaint::is_dir(&from));
                }
                // As many bytes as it has now: it may be the file that grows.
                let file = File::open(&from.path).map_err(Complaint::at(&from))?;
                let bytes = file.metadata().map_err(Complaint::at(&from))?.len();
                Box::new(file.take(bytes))
            }
        };
        contents.push(content);
    }
    let mut out = OpenOptions::new().append(true).create(true).open(&to.path).map_err(Complaint::at(&to))?;
    contents.iter_mut().try_for_each(|content| io::copy(content, &mut out).map(drop).map_err(Complaint::at(&to)))
}
