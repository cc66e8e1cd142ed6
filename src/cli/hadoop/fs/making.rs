//! `-mkdir`, `-touch` and `-touchz` make files; `-rm` and `-rmdir` remove them.

use std::fs::{self, File, FileTimes, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::complaint::{Complaint, Done};
use super::names::{Item, expand};
use super::run::{Run, print_path};
use crate::cli::hadoop::times::time_of_stamp;

/// Carries out one of the commands that make something.
pub fn make(run: &mut Run<'_>) -> Done {
    let given = match run.words.value("-t").map(|stamp| stamp.to_string_lossy()) {
        None => None,
        Some(stamp) => Some(time_of_stamp(&stamp).ok_or_else(|| {
            let why = "The expected format is yyyyMMdd:HHmmss";
            Complaint::Usage(format!("Unable to parse the specified timestamp {stamp}. {why}"))
        })?),
    };
    let paths = run.words.paths.clone();
    run.each_named(&paths, |run, item| match run.name {
        "mkdir" => make_directory(item, run.words.has(&["-p"])),
        "touchz" => make_empty(item),
        _ => touch(run, item, given.unwrap_or_else(SystemTime::now)),
    })
}

/// The directory that a file lies in, or is to lie in.
fn parent(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    absolute.parent().map_or(absolute.clone(), Path::to_owned)
}

fn make_directory(item: &Item, with_parents: bool) -> Done {
    if item.exists() {
        return match (item.is_dir(), with_parents) {
            (false, _) => Err(Complaint::of(item, "Is not a directory")),
            (true, false) => Err(Complaint::exists(item)),
            (true, true) => Ok(()),
        };
    }
    let above = parent(&item.path);
    let nearest = above.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/"));
    if !nearest.is_dir() {
        return Err(Complaint::Plain(format!("Parent path is not a directory: file:{}", nearest.display())));
    }
    if with_parents {
        return fs::create_dir_all(&item.path).map_err(Complaint::at(item));
    }
    if !above.exists() {
        let full = Item { shown: above.clone().into(), path: above };
        return Err(Complaint::missing(full.in_full().as_ref()));
    }
    fs::create_dir(&item.path).map_err(Complaint::at(item))
}

fn make_empty(item: &Item) -> Done {
    match item.path.metadata() {
        Ok(found) if found.is_dir() => return Err(Complaint::is_dir(item)),
        Ok(found) if found.len() > 0 => return Err(Complaint::of(item, "Not a zero-length file")),
        Ok(_) => return set_times(item, FileTimes::new().set_modified(SystemTime::now())),
        Err(_) => {}
    }
    create(item)
}

/// Makes an empty file where there is none.
fn create(item: &Item) -> Done {
    if !parent(&item.path).is_dir() {
        return Err(item.without_parent());
    }
    OpenOptions::new().create(true).append(true).open(&item.path).map(drop).map_err(Complaint::at(item))
}

fn set_times(item: &Item, times: FileTimes) -> Done {
    File::open(&item.path).and_then(|file| file.set_times(times)).map_err(Complaint::at(item))
}

fn touch(run: &Run<'_>, item: &Item, time: SystemTime) -> Done {
    if !item.exists() {
        if run.words.has(&["-c"]) {
            return Ok(());
        }
        create(item)?;
    }
    let (accessed, modified) = (run.words.has(&["-a"]), run.words.has(&["-m"]));
    let mut times = FileTimes::new();
    if accessed || !modified {
        times = times.set_accessed(time);
    }
    if modified || !accessed {
        times = times.set_modified(time);
    }
    set_times(item, times)
}

/// Carries out `-rm` and `-rmdir`.
pub fn remove(run: &mut Run<'_>) -> Done {
    let paths = run.words.paths.clone();
    for path in paths {
        let silent = run.words.has(&["-f"]);
        match expand(path) {
            Ok(items) => {
                for item in items.iter().filter(|item| !silent || item.exists()) {
                    let done = remove_one(run, item);
                    run.kept(done)?;
                }
            }
            Err(Complaint::Path(..)) if silent => {}
            Err(complaint) => run.complain(complaint)?,
        }
    }
    Ok(())
}

fn remove_one(run: &Run<'_>, item: &Item) -> Done {
    if !item.exists() {
        return Err(Complaint::missing(&item.shown));
    }
    if run.name == "rmdir" {
        if !item.is_dir() {
            return Err(Complaint::of(item, "Is not a directory"));
        }
        let is_empty = fs::read_dir(&item.path).map_err(Complaint::at(item))?.next().is_none();
        if !is_empty {
            let ignored = run.words.has(&["--ignore-fail-on-non-empty"]);
            return if ignored { Ok(()) } else { Err(Complaint::of(item, "Directory is not empty")) };
        }
        return fs::remove_dir(&item.path).map_err(Complaint::at(item));
    }
    let is_link = item.path.symlink_metadata().is_ok_and(|found| found.is_symlink());
    let removed = match item.is_dir() {
        true if !run.words.has(&["-r", "-R"]) => return Err(Complaint::is_dir(item)),
        true if fs::canonicalize(&item.path).is_ok_and(|path| path.parent().is_none()) => {
            return Err(Complaint::of(item, "The root directory is not removed"));
        }
        true if !is_link => fs::remove_dir_all(&item.path),
        _ => fs::remove_file(&item.path),
    };
    removed.map_err(Complaint::at(item))?;
    print_path("Deleted ", &item.shown);
    Ok(())
}
